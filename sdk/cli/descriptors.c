/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.c - from google.protobuf's own messages to linked types. */
#include "sdk/cli/descriptors.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/descriptor.pb-c.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/utf8.h"
#include "sdk/cli/say.h"

/* Types are smaller than what describes them; the factor leaves room for pointers. */
#define ARENA_BUDGET (16u * DESCRIPTORS_SIZE_MAX)
#define NAME_MAX_LEN 512

typedef Google__Protobuf__FileDescriptorSet file_set;
typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__EnumDescriptorProto enum_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;

struct descriptors {
    struct arena arena;
    struct map messages; /* full name -> struct message_type */
    struct map enums;    /* full name -> struct enum_type */
    struct map methods;  /* full name -> struct method_type */
};

static tn_status no_memory(struct err *err)
{
    return err_memory(err, "message types");
}

/*
 * protobuf-c unpacks without a bound on depth. The one recursive member is nested_type, so this
 * walks the wire along file > message_type > nested_type and no further.
 */
static tn_status check_nesting(struct tn_bytes wire, uint32_t depth)
{
    static const uint32_t way_down[] = {1, 4}; /* file, message_type; then always nested_type */
    uint32_t wanted = depth < 2 ? way_down[depth] : 3;

    if (depth > DESCRIPTORS_NESTING_MAX)
        return TN_OUT_OF_RANGE;
    while (wire.len > 0) {
        uint64_t tag = 0;
        uint64_t len = 0;

        TRY(read_varint(&wire, &tag));
        switch (tag & 7) {
        case 0:
            TRY(read_varint(&wire, &len));
            len = 0;
            break;
        case 1:
            len = 8;
            break;
        case 2:
            TRY(read_varint(&wire, &len));
            break;
        case 5:
            len = 4;
            break;
        default:
            return TN_DATA_LOSS;
        }
        if (len > wire.len)
            return TN_DATA_LOSS;
        if ((tag & 7) == 2 && tag >> 3 == wanted)
            TRY(check_nesting((struct tn_bytes){wire.data, (size_t)len}, depth + 1));
        wire.data += len;
        wire.len -= (size_t)len;
    }
    return TN_OK;
}

/* "scope.name", or "name" in the empty scope. */
static char *full_name(struct arena *arena, const char *scope, const char *name, char separator)
{
    char joined[NAME_MAX_LEN];
    int len = scope[0] != '\0' ? snprintf(joined, sizeof(joined), "%s%c%s", scope, separator, name)
                               : snprintf(joined, sizeof(joined), "%s", name);

    if (len < 0 || (size_t)len >= sizeof(joined))
        return NULL;
    return arena_copy(arena, joined, (size_t)len);
}

static tn_status declare_enum(struct descriptors *d, const char *scope, const enum_proto *proto,
                              struct err *err)
{
    struct enum_type *type = arena_new(&d->arena, struct enum_type);
    struct enum_value *values = arena_array(&d->arena, struct enum_value, proto->n_value + 1);
    char *name = full_name(&d->arena, scope, proto->name ? proto->name : "", '.');

    if (!type || !values || !name)
        return no_memory(err);
    for (size_t i = 0; i < proto->n_value; i++) {
        const char *text = proto->value[i]->name ? proto->value[i]->name : "";

        values[i].name = arena_copy(&d->arena, text, strlen(text));
        values[i].number = proto->value[i]->number;
        if (!values[i].name)
            return no_memory(err);
    }
    *type = (struct enum_type){name, values, (uint32_t)proto->n_value};
    if (map_set(&d->enums, utf8_str(name), type, NULL) != TN_OK)
        return no_memory(err);
    return TN_OK;
}

/* Enters the message and what it declares inside, all still without fields. */
static tn_status declare_message(struct descriptors *d, const char *scope,
                                 const message_proto *proto, struct err *err)
{
    struct message_type *type = arena_new(&d->arena, struct message_type);
    char *name = full_name(&d->arena, scope, proto->name ? proto->name : "", '.');

    if (!type || !name)
        return no_memory(err);
    type->name = name;
    if (map_set(&d->messages, utf8_str(name), type, NULL) != TN_OK)
        return no_memory(err);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        TRY(declare_enum(d, name, proto->enum_type[i], err));
    for (size_t i = 0; i < proto->n_nested_type; i++)
        TRY(declare_message(d, name, proto->nested_type[i], err));
    return TN_OK;
}

static bool kind_can_pack(enum field_kind kind)
{
    return kind != FIELD_STRING && kind != FIELD_BYTES && kind != FIELD_MESSAGE;
}

/* lowerCamelCase, as protoc derives it where the set does not say. */
static char *json_name_of(struct arena *arena, const field_proto *proto)
{
    char out[NAME_MAX_LEN];
    size_t len = 0;
    bool raise = false;

    if (proto->json_name && proto->json_name[0] != '\0')
        return arena_copy(arena, proto->json_name, strlen(proto->json_name));
    for (const char *p = proto->name; *p != '\0' && len < sizeof(out) - 1; p++) {
        if (*p == '_') {
            raise = true;
            continue;
        }
        out[len++] = raise && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        raise = false;
    }
    return arena_copy(arena, out, len);
}

static tn_status link_type(const struct descriptors *d, const field_proto *proto,
                           struct field_type *field, struct err *err)
{
    const char *name = proto->type_name ? proto->type_name : "";
    struct tn_str key;

    if (field->kind != FIELD_MESSAGE && field->kind != FIELD_ENUM)
        return TN_OK;
    key = utf8_str(name[0] == '.' ? name + 1 : name);
    if (field->kind == FIELD_MESSAGE)
        field->message = map_get(&d->messages, key);
    else
        field->enumeration = map_get(&d->enums, key);
    if (field->message || field->enumeration)
        return TN_OK;
    return say_fail(
        err, TN_DATA_LOSS, "The host's descriptors name the type '%s' and do not hold it.", name);
}

static tn_status build_field(struct descriptors *d, const field_proto *proto, bool packs,
                             uint32_t oneof_count, struct field_type *field, struct err *err)
{
    if (!proto->name || !proto->has_type || !proto->has_number || proto->number <= 0 ||
        (int)proto->type < FIELD_DOUBLE || (int)proto->type > FIELD_SINT64 ||
        (int)proto->type == FIELD_GROUP)
        return say_fail(err, TN_DATA_LOSS, "The host's descriptors cannot be read.");
    field->name = arena_copy(&d->arena, proto->name, strlen(proto->name));
    field->json_name = json_name_of(&d->arena, proto);
    if (!field->name || !field->json_name)
        return no_memory(err);
    field->number = (uint32_t)proto->number;
    field->kind = (enum field_kind)proto->type;
    field->is_repeated =
        proto->has_label &&
        proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    if (proto->options && proto->options->has_packed)
        packs = proto->options->packed;
    field->is_packed = field->is_repeated && packs && kind_can_pack(field->kind);
    field->oneof = -1;
    if (proto->has_oneof_index) {
        if (proto->oneof_index < 0 || (uint32_t)proto->oneof_index >= oneof_count)
            return say_fail(err, TN_DATA_LOSS, "The host's descriptors cannot be read.");
        field->oneof = proto->oneof_index;
    }
    return link_type(d, proto, field, err);
}

static tn_status build_oneofs(struct descriptors *d, const message_proto *proto,
                              struct message_type *type, struct err *err)
{
    const char **oneofs = arena_array(&d->arena, const char *, proto->n_oneof_decl + 1);

    if (proto->n_oneof_decl > DESCRIPTORS_ONEOF_MAX)
        return say_fail(err,
                        TN_OUT_OF_RANGE,
                        "The host's descriptors go past a bound of this program: %s.",
                        type->name);
    if (!oneofs)
        return no_memory(err);
    for (size_t i = 0; i < proto->n_oneof_decl; i++) {
        const char *name = proto->oneof_decl[i]->name ? proto->oneof_decl[i]->name : "";

        oneofs[i] = arena_copy(&d->arena, name, strlen(name));
        if (!oneofs[i])
            return no_memory(err);
    }
    type->oneofs = oneofs;
    type->oneof_count = (uint32_t)proto->n_oneof_decl;
    return TN_OK;
}

static tn_status build_message(struct descriptors *d, const char *scope, const message_proto *proto,
                               bool packs, struct err *err)
{
    char *name = full_name(&d->arena, scope, proto->name ? proto->name : "", '.');
    struct field_type *fields = arena_array(&d->arena, struct field_type, proto->n_field + 1);
    struct message_type *type;

    if (!name || !fields)
        return no_memory(err);
    type = map_get(&d->messages, utf8_str(name)); /* declared before */
    TRY(build_oneofs(d, proto, type, err));
    for (size_t i = 0; i < proto->n_field; i++)
        TRY(build_field(d, proto->field[i], packs, type->oneof_count, &fields[i], err));
    type->fields = fields;
    type->field_count = (uint32_t)proto->n_field;
    for (size_t i = 0; i < proto->n_nested_type; i++)
        TRY(build_message(d, name, proto->nested_type[i], packs, err));
    return TN_OK;
}

static const struct message_type *named_message(const struct descriptors *d, const char *name)
{
    if (!name)
        return NULL;
    return map_get(&d->messages, utf8_str(name[0] == '.' ? name + 1 : name));
}

static tn_status build_service(struct descriptors *d, const char *scope, const service_proto *proto,
                               struct err *err)
{
    char *service = full_name(&d->arena, scope, proto->name ? proto->name : "", '.');

    if (!service)
        return no_memory(err);
    for (size_t i = 0; i < proto->n_method; i++) {
        const Google__Protobuf__MethodDescriptorProto *from = proto->method[i];
        struct method_type *method = arena_new(&d->arena, struct method_type);

        if (!method)
            return no_memory(err);
        method->name = full_name(&d->arena, service, from->name ? from->name : "", '/');
        method->request = named_message(d, from->input_type);
        method->response = named_message(d, from->output_type);
        method->streams = from->has_server_streaming && from->server_streaming;
        if (!method->name)
            return no_memory(err);
        if (!method->request || !method->response)
            return say_fail(err,
                            TN_DATA_LOSS,
                            "The host's descriptors name the type '%s' and do not hold it.",
                            method->name);
        if (map_set(&d->methods, utf8_str(method->name), method, NULL) != TN_OK)
            return no_memory(err);
    }
    return TN_OK;
}

static tn_status build_files(struct descriptors *d, const file_set *set, struct err *err)
{
    for (size_t i = 0; i < set->n_file; i++) {
        const file_proto *file = set->file[i];
        const char *package = file->package ? file->package : "";

        for (size_t k = 0; k < file->n_enum_type; k++)
            TRY(declare_enum(d, package, file->enum_type[k], err));
        for (size_t k = 0; k < file->n_message_type; k++)
            TRY(declare_message(d, package, file->message_type[k], err));
    }
    for (size_t i = 0; i < set->n_file; i++) {
        const file_proto *file = set->file[i];
        const char *package = file->package ? file->package : "";
        bool packs = file->syntax && strcmp(file->syntax, "proto3") == 0;

        for (size_t k = 0; k < file->n_message_type; k++)
            TRY(build_message(d, package, file->message_type[k], packs, err));
        for (size_t k = 0; k < file->n_service; k++)
            TRY(build_service(d, package, file->service[k], err));
    }
    return TN_OK;
}

tn_status descriptors_create(struct tn_bytes bytes, struct descriptors **ret_descriptors,
                             struct err *err)
{
    CLEANUP(descriptors_destroy_p) struct descriptors *d = NULL;
    tn_status status;
    file_set *set;

    if (bytes.len > DESCRIPTORS_SIZE_MAX)
        return say_fail(err, TN_OUT_OF_RANGE, "The host's descriptors cannot be read.");
    status = check_nesting(bytes, 0);
    if (status != TN_OK)
        return say_fail(err, status, "The host's descriptors cannot be read.");
    d = mem_new(struct descriptors);
    if (!d)
        return no_memory(err);
    arena_init(&d->arena, ARENA_BUDGET);
    set = google__protobuf__file_descriptor_set__unpack(NULL, bytes.len, bytes.data);
    if (!set)
        return say_fail(err, TN_DATA_LOSS, "The host's descriptors cannot be read.");
    status = build_files(d, set, err);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    TRY(status);
    *ret_descriptors = TAKE(d);
    return TN_OK;
}

void descriptors_destroy(struct descriptors *d)
{
    if (!d)
        return;
    map_fini(&d->methods);
    map_fini(&d->enums);
    map_fini(&d->messages);
    arena_fini(&d->arena);
    mem_free(d);
}

const struct message_type *descriptors_message(const struct descriptors *d, const char *name)
{
    return named_message(d, name);
}

const struct method_type *descriptors_method(const struct descriptors *d, const char *name)
{
    return map_get(&d->methods, utf8_str(name));
}

const struct field_type *message_field(const struct message_type *type, uint32_t number)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].number == number)
            return &type->fields[i];
    return NULL;
}

const struct field_type *message_field_named(const struct message_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0 || strcmp(type->fields[i].json_name, name) == 0)
            return &type->fields[i];
    return NULL;
}

const char *field_kind_name(const struct field_type *field)
{
    static const char *const names[] = {
        [FIELD_DOUBLE] = "double",
        [FIELD_FLOAT] = "float",
        [FIELD_INT64] = "int64",
        [FIELD_UINT64] = "uint64",
        [FIELD_INT32] = "int32",
        [FIELD_FIXED64] = "fixed64",
        [FIELD_FIXED32] = "fixed32",
        [FIELD_BOOL] = "bool",
        [FIELD_STRING] = "string",
        [FIELD_BYTES] = "bytes",
        [FIELD_UINT32] = "uint32",
        [FIELD_SFIXED32] = "sfixed32",
        [FIELD_SFIXED64] = "sfixed64",
        [FIELD_SINT32] = "sint32",
        [FIELD_SINT64] = "sint64",
    };

    if (field->kind == FIELD_MESSAGE)
        return field->message->name;
    if (field->kind == FIELD_ENUM)
        return field->enumeration->name;
    return names[field->kind];
}
