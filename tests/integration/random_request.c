/* SPDX-License-Identifier: Apache-2.0 */
/* random_request.c - see random_request.h. */
#include "tests/integration/random_request.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/vocabulary.h"
#include "tests/unit/check.h"

#define DEPTH_MAX 6
#define REPEAT_MAX 3

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(r, array) random_text((r), (array), COUNT(array))

const char *random_text(struct requester *r, const char *const *items, size_t count)
{
    return count == 0 ? "" : items[random_below(&r->random, count)];
}

bool random_chance(struct requester *r, unsigned percent)
{
    return random_below(&r->random, 100) < percent;
}

const char *random_numbered(struct requester *r, const char *prefix, uint64_t bound,
                            const char *suffix)
{
    char text[64];
    int len = snprintf(text,
                       sizeof(text),
                       "%s%llu%s",
                       prefix,
                       (unsigned long long)random_below(&r->random, bound),
                       suffix);
    const char *copy = arena_copy(r->arena, text, (size_t)len);

    assert_in_range(len, 1, sizeof(text) - 1);
    assert_non_null(copy);
    return copy;
}

/* What names mean */

static const char *pick_name(struct requester *r, const char *message)
{
    static const char *const names[] = {"boats", "rafts", "depth", "depth", "width", "Bad name"};
    static const char *const associations[] = {"machine_to_raft", "boat_to_site", "site_to_site"};
    static const char *const labels[] = {"main", "deep", "sunken"};

    if (strstr(message, "Portal"))
        return random_chance(r, 30) ? "main" : random_text(r, r->portals.items, r->portals.count);
    if (strstr(message, "AssociationType"))
        return PICK(r, associations);
    if (strstr(message, "Option"))
        return PICK(r, labels);
    if (strstr(message, "GetType"))
        return vocabulary_type(r);
    if (strstr(message, "ObjectType") && random_chance(r, 60))
        return random_numbered(r, "hulls_", 1000, "");
    /* Many, since an archived property keeps its name. */
    if (strstr(message, "schema") && random_chance(r, 50))
        return random_numbered(r, "width_", 6, "");
    if (strstr(message, "schema"))
        return PICK(r, names);
    if (strstr(message, "records.v1.Property"))
        return r->property;
    return random_numbered(r, "name ", 9, "");
}

static const char *pick_text(struct requester *r, const char *message, const char *field)
{
    static const char *const kinds[] = {
        "text", "text", "number", "number", "number", "choice", "date", "reference", "nothing"};
    static const char *const scopes[] = {"read", "write", "schema", "admin", "all"};
    static const char *const languages[] = {"", "en", "fr", "de"};
    static const char *const labels[] = {"main", "spare", "sunken"};
    const char *of_plugin = vocabulary_of_plugin(r, message, field);

    if (of_plugin)
        return of_plugin;
    if (strcmp(field, "type") == 0)
        return r->type;
    if (strcmp(field, "refers") == 0 || strcmp(field, "from") == 0 || strcmp(field, "to") == 0)
        return vocabulary_type(r);
    if (strcmp(field, "name") == 0)
        return pick_name(r, message);
    if (strcmp(field, "property") == 0) /* of a filter mostly: its values follow */
        return r->property;
    if (strcmp(field, "properties") == 0 || strcmp(field, "sort") == 0)
        return random_chance(r, 70) ? vocabulary_property(r) : "";
    if (strcmp(field, "key_property") == 0)
        return random_chance(r, 80) ? vocabulary_required(r) : vocabulary_property(r);
    if (strcmp(field, "association") == 0 || strcmp(field, "inverse") == 0)
        return strstr(message, "ListRequest") && random_chance(r, 50) ? ""
                                                                      : vocabulary_association(r);
    if (strcmp(field, "cursor") == 0)
        return random_chance(r, 60) ? "" : random_text(r, r->cursors.items, r->cursors.count);
    if (strcmp(field, "sha256") == 0)
        return random_text(r, r->hashes.items, r->hashes.count);
    if (strcmp(field, "rollup") == 0)
        return vocabulary_rollup(r);
    if (strcmp(field, "kind") == 0)
        return PICK(r, kinds);
    if (strcmp(field, "scopes") == 0)
        return PICK(r, scopes);
    if (strcmp(field, "labels") == 0)
        return PICK(r, labels);
    if (strcmp(field, "language") == 0)
        return PICK(r, languages);
    if (strcmp(field, "literal") == 0 || strcmp(field, "text") == 0)
        return vocabulary_value(r);
    if (strcmp(field, "email") == 0)
        return random_chance(r, 50) ? "v@victim.example" : random_numbered(r, "a", 9, "");
    if (strcmp(field, "time_zone") == 0 || strcmp(field, "currency") == 0 ||
        strcmp(field, "plugin") == 0 || strcmp(field, "fallback") == 0)
        return "";
    return random_numbered(r, "text ", 9, "");
}

static uint64_t pick_number(struct requester *r, const char *message, const char *field)
{
    /* Times of two hosts differ: what would depend on them is left out. */
    if (strcmp(field, "expires_at") == 0)
        return random_chance(r, 50) ? 0 : 1;
    if (strcmp(field, "expected_version") == 0)
        return random_below(&r->random, 3);
    if (strcmp(field, "limit") == 0)
        return random_chance(r, 95) ? random_below(&r->random, 6) : 1001;
    if (strcmp(field, "first_row") == 0)
        return random_chance(r, 70) ? 0 : random_below(&r->random, 6);
    if (strcmp(field, "import_id") == 0)
        return random_below(&r->random, strstr(message, "Finish") ? 5 : 40);
    if (strncmp(field, "max_", 4) == 0)
        return random_below(&r->random, 6);
    if (strstr(message, "RevokeToken")) /* 1 is the attacker's own */
        return 2 + random_below(&r->random, 20);
    /* The first ones are sites and machines in turn. */
    if (strstr(message, "RecordKey") && random_chance(r, 50))
        return 1 + 2 * random_below(&r->random, 30) + (strcmp(r->type, "machines") == 0);
    /* Old ones have links and histories, new ones come; and rarely any number at all. */
    if (random_chance(r, 60))
        return 1 + random_below(&r->random, r->number_max < 64 ? r->number_max : 64);
    return random_chance(r, 90) ? 1 + random_below(&r->random, r->number_max)
                                : random_next(&r->random) >> random_below(&r->random, 64);
}

/* Filling in */

static ProtobufCMessage *build(struct requester *r, const ProtobufCMessageDescriptor *type,
                               unsigned depth);

static void write_number(void *at, ProtobufCType type, uint64_t number)
{
    if (type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_SINT64 ||
        type == PROTOBUF_C_TYPE_UINT64)
        memcpy(at, &number, sizeof(number));
    else
        memcpy(at, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
}

/* A type with a property of the attacker's that is required would refuse all further records. */
static unsigned chance_of(const char *flag)
{
    if (strcmp(flag, "required") == 0)
        return 0;
    return strcmp(flag, "read_only") == 0 ? 2 : 20;
}

static void write_one(struct requester *r, const char *message,
                      const ProtobufCFieldDescriptor *field, void *at, unsigned depth)
{
    const char *text;
    char *copy;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = pick_text(r, message, field->name);
        copy = arena_copy(r->arena, text, strlen(text));
        assert_non_null(copy);
        memcpy(at, &copy, sizeof(copy));
        break;
    case PROTOBUF_C_TYPE_MESSAGE: {
        const char *type = r->type;

        if (strcmp(field->name, "to") == 0 && random_chance(r, 60))
            r->type = "sites"; /* which machines are linked to */
        ProtobufCMessage *inner = build(r, field->descriptor, depth + 1);
        r->type = type;
        memcpy(at, &inner, sizeof(inner));
        break;
    }
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = random_chance(r, chance_of(field->name));
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_number(at, field->type, random_below(&r->random, 12));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        break; /* empty */
    default:
        write_number(at, field->type, pick_number(r, message, field->name));
        break;
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
        return 8;
    default:
        return 4;
    }
}

static void write_list(struct requester *r, const char *message,
                       const ProtobufCFieldDescriptor *field, uint8_t *base, unsigned depth)
{
    size_t count = depth > DEPTH_MAX ? 0 : random_below(&r->random, REPEAT_MAX + 1);
    uint8_t *list = arena_alloc(r->arena, REPEAT_MAX * sizeof(uint64_t));

    assert_non_null(list);
    if (strcmp(field->name, "properties") == 0 && count == 0)
        count = 1;
    for (size_t i = 0; i < count; i++) {
        r->is_first_property = i == 0;
        write_one(r, message, field, list + i * size_of(field), depth);
    }
    memcpy(base + field->offset, &list, sizeof(list));
    memcpy(base + field->quantifier_offset, &count, sizeof(count));
}

static void write_field(struct requester *r, const ProtobufCMessageDescriptor *type,
                        const ProtobufCFieldDescriptor *field, uint8_t *base, unsigned depth)
{
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        write_list(r, type->name, field, base, depth);
    else if (!is_message || (depth <= DEPTH_MAX && random_chance(r, 97)))
        write_one(r, type->name, field, base + field->offset, depth);
}

/* One of a group that excludes each other: mostly the text that stands for any kind. */
static void write_oneof(struct requester *r, const ProtobufCMessageDescriptor *type, uint8_t *base,
                        unsigned depth)
{
    const ProtobufCFieldDescriptor *literal =
        protobuf_c_message_descriptor_get_field_by_name(type, "literal");
    const ProtobufCFieldDescriptor *field =
        literal && random_chance(r, 90) ? literal
                                        : &type->fields[random_below(&r->random, type->n_fields)];

    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return;
    write_one(r, type->name, field, base + field->offset, depth);
    write_number(base + field->quantifier_offset, PROTOBUF_C_TYPE_UINT32, field->id);
}

/* A record's key is its id, or a property and its value, and rarely both. */
static bool is_left_out(struct requester *r, const ProtobufCMessageDescriptor *type,
                        const ProtobufCFieldDescriptor *field, bool by_id)
{
    if (strcmp(type->name, "tenon.records.v1.RecordKey") == 0)
        return (strcmp(field->name, "id") == 0) != by_id && random_chance(r, 97);
    if (strstr(type->name, "HistoryRequest") && strcmp(field->name, "property") == 0)
        return random_chance(r, 60);
    if (strstr(type->name, "PropertyType") && strcmp(field->name, "name") != 0)
        return random_chance(r, strcmp(field->name, "kind") == 0 ? 30 : 90); /* most never change */
    if (strstr(type->name, "GetUser"))
        return (strcmp(field->name, "id") == 0) != by_id;
    if (strcmp(field->name, "properties") == 0 && field->type == PROTOBUF_C_TYPE_STRING)
        return random_chance(r, 80);
    if (strcmp(field->name, "expected_version") == 0 || strcmp(field->name, "inverse") == 0 ||
        strcmp(field->name, "probability") == 0)
        return random_chance(r, 80);
    if (strcmp(field->name, "links") == 0 || strcmp(field->name, "references") == 0 ||
        strcmp(field->name, "stages") == 0 || strcmp(field->name, "options") == 0 ||
        strcmp(field->name, "groups") == 0)
        return random_chance(r, 60) &&
               strcmp(type->name, "tenon.schema.v1.CreatePropertyRequest") != 0;
    return false;
}

static ProtobufCMessage *build(struct requester *r, const ProtobufCMessageDescriptor *type,
                               unsigned depth)
{
    ProtobufCMessage *message = arena_alloc(r->arena, type->sizeof_message);
    uint8_t *base = (uint8_t *)message;
    bool by_id = random_chance(r, 70);
    bool has_oneof = false;

    assert_non_null(message);
    protobuf_c_message_init(type, message);
    if (strstr(type->name, "RecordKey") || (strcmp(type->name, "tenon.records.v1.Property") == 0 &&
                                            r->is_first_property && random_chance(r, 85)))
        r->property = vocabulary_required(r);
    else
        r->property = vocabulary_property(r);
    r->is_first_property = false;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
            has_oneof = true;
        else if (!is_left_out(r, type, field, by_id))
            write_field(r, type, field, base, depth);
    }
    if (has_oneof)
        write_oneof(r, type, base, depth);
    return message;
}

ProtobufCMessage *random_request(struct requester *r, const ProtobufCMessageDescriptor *type)
{
    r->type = vocabulary_type(r);
    return build(r, type, 0);
}
