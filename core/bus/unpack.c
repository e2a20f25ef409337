/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - a walk over the wire format beside the descriptor, then libprotobuf-c. */
#include "core/bus/unpack.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/bus/wire.h"

/* A message that is being walked; `at` is the field under inspection. */
struct level {
    const ProtobufCMessageDescriptor *type;
    struct tn_bytes whole; /* of the message */
    struct tn_bytes rest;  /* behind `at` */
    const ProtobufCFieldDescriptor *at;
};

struct walk {
    struct level levels[BUS_UNPACK_DEPTH_MAX];
    uint32_t depth;
    uint32_t field_count;
};

static uint32_t wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

/* Whether `content` is a packed list of whole scalars. */
static bool packed_is_valid(struct tn_bytes content, uint32_t wire)
{
    uint64_t value = 0;

    if (wire != PROTOBUF_C_WIRE_TYPE_VARINT)
        return content.len % (wire == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8) == 0;
    while (content.len > 0)
        if (read_varint(&content, &value) != TN_OK)
            return false;
    return true;
}

/* How often the field under inspection stood in its message before. */
static uint32_t count_before(const struct level *level)
{
    struct tn_bytes bytes = {level->whole.data, level->whole.len - level->rest.len};
    struct bus_wire_field field;
    uint32_t count = 0;

    while (bytes.len > 0 && bus_wire_next(&bytes, &field))
        count += field.number == level->at->id;
    return count ? count - 1 : 0;
}

/* "properties[3].name", cut where it is too long. */
static void write_path(const struct walk *walk, char *path, size_t size)
{
    size_t len = 0;

    path[0] = '\0';
    for (uint32_t i = 0; i < walk->depth && walk->levels[i].at; i++) {
        const struct level *level = &walk->levels[i];
        const char *dot = len ? "." : "";
        int added;

        if (level->at->label == PROTOBUF_C_LABEL_REPEATED)
            added = snprintf(
                path + len, size - len, "%s%s[%u]", dot, level->at->name, count_before(level));
        else
            added = snprintf(path + len, size - len, "%s%s", dot, level->at->name);
        if (added < 0 || (size_t)added >= size - len)
            return;
        len += (size_t)added;
    }
}

static tn_status refuse_malformed(const struct walk *walk, struct err *err)
{
    char path[ERR_FIELD_SIZE];

    write_path(walk, path, sizeof(path));
    if (path[0] == '\0')
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           NULL,
                           "malformed",
                           "The request is not an encoded message of type %s.",
                           walk->levels[0].type->name);
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       path,
                       "malformed",
                       "The request is not a %s: it is malformed at \"%s\".",
                       walk->levels[0].type->name,
                       path);
}

static tn_status check_text(const struct walk *walk, struct tn_bytes text, struct err *err)
{
    char path[ERR_FIELD_SIZE];

    if (utf8_is_valid((const char *)text.data, text.len, NULL))
        return TN_OK;
    write_path(walk, path, sizeof(path));
    return err_violate(
        err, TN_INVALID_ARGUMENT, path, "utf8", "%s is not UTF-8, or holds a NUL.", path);
}

static tn_status enter(struct walk *walk, struct tn_bytes content, struct err *err)
{
    const struct level *outer = &walk->levels[walk->depth - 1];

    if (walk->depth == BUS_UNPACK_DEPTH_MAX)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The request holds messages in messages, more than %u deep.",
                       BUS_UNPACK_DEPTH_MAX);
    walk->levels[walk->depth++] =
        (struct level){.type = outer->at->descriptor, .whole = content, .rest = content};
    return TN_OK;
}

static tn_status check_known(struct walk *walk, const struct bus_wire_field *field, struct err *err)
{
    const ProtobufCFieldDescriptor *at = walk->levels[walk->depth - 1].at;
    uint32_t wire = wire_of(at->type);

    if (field->wire != wire) {
        /* Scalars of a list may come packed, whatever the descriptor says. */
        bool is_packed = at->label == PROTOBUF_C_LABEL_REPEATED &&
                         field->wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
                         packed_is_valid(field->content, wire);
        return is_packed ? TN_OK : refuse_malformed(walk, err);
    }
    if (at->type == PROTOBUF_C_TYPE_STRING)
        return check_text(walk, field->content, err);
    if (at->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(walk, field->content, err);
    return TN_OK;
}

static tn_status check_next(struct walk *walk, struct err *err)
{
    struct level *level = &walk->levels[walk->depth - 1];
    struct bus_wire_field field;

    level->at = NULL;
    if (level->rest.len == 0) {
        walk->depth--;
        return TN_OK;
    }
    if (!bus_wire_next(&level->rest, &field))
        return refuse_malformed(walk, err);
    if (++walk->field_count > BUS_UNPACK_FIELD_MAX)
        return err_set(
            err, TN_INVALID_ARGUMENT, "The request has more than %u fields.", BUS_UNPACK_FIELD_MAX);
    level->at = protobuf_c_message_descriptor_get_field(level->type, field.number);
    return level->at ? check_known(walk, &field, err) : TN_OK;
}

tn_status bus_unpack_check(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type,
                           struct err *err)
{
    struct walk walk;

    walk.depth = 1;
    walk.field_count = 0;
    walk.levels[0] = (struct level){.type = type, .whole = bytes, .rest = bytes};
    while (walk.depth > 0)
        TRY(check_next(&walk, err));
    return TN_OK;
}

static void *alloc_in_arena(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void free_in_arena(void *arena, void *p)
{
    (void)arena;
    (void)p; /* all of it ends with the arena */
}

ProtobufCMessage *bus_unpack(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type,
                             struct arena *arena, struct err *err)
{
    ProtobufCAllocator allocator = {
        .alloc = alloc_in_arena, .free = free_in_arena, .allocator_data = arena};
    static const uint8_t nothing[1] = {0};

    if (bus_unpack_check(bytes, type, err) != TN_OK)
        return NULL;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data ? bytes.data : nothing);
    if (!message)
        (void)err_memory(err, "the request");
    return message;
}
