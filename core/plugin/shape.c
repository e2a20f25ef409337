/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.c - reading a FileDescriptorSet. First all messages are collected by name, then their
 * fields are read, since a field may be of a message that comes later.
 */
#include "core/plugin/shape.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/wire.h"

/* Field numbers of google/protobuf/descriptor.proto. */
enum {
    SET_FILE = 1,
    FILE_PACKAGE = 2,
    FILE_MESSAGE = 4,
    MESSAGE_NAME = 1,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    FIELD_NAME = 1,
    FIELD_NUMBER = 3,
    FIELD_LABEL = 4,
    FIELD_TYPE = 5,
    FIELD_TYPE_NAME = 6
};
#define LABEL_REPEATED 3u
#define FIELD_NUMBER_MAX ((1u << 29) - 1)

struct shape {
    ProtobufCMessageDescriptor type;
    struct tn_bytes source; /* its DescriptorProto */
};

struct reading {
    struct shapes *shapes;
    struct arena *arena;
};

static struct tn_str text_of(const struct wire_field *field)
{
    return (struct tn_str){(const char *)field->bytes.data, field->bytes.len};
}

/* The text of one field; empty where it is absent. The last one counts, as in protobuf. */
static tn_status find_text(struct tn_bytes message, uint32_t number, struct tn_str *ret_text)
{
    struct wire_field field;
    struct tn_str text = {"", 0};
    tn_status st;

    while ((st = wire_next(&message, &field)) == TN_OK)
        if (field.field == number && field.type == WIRE_BYTES)
            text = text_of(&field);
    if (st != TN_NOT_FOUND)
        return st;
    *ret_text = text;
    return TN_OK;
}

/* ".outer.name" */
static tn_status join(struct arena *arena, struct tn_str outer, struct tn_str name,
                      struct tn_str *ret_joined)
{
    char *joined = arena_alloc(arena, outer.len + name.len + 2);

    if (!joined)
        return TN_RESOURCE_EXHAUSTED;
    memcpy(joined, outer.data, outer.len);
    joined[outer.len] = '.';
    memcpy(joined + outer.len + 1, name.data, name.len);
    joined[outer.len + 1 + name.len] = '\0';
    *ret_joined = (struct tn_str){joined, outer.len + 1 + name.len};
    return TN_OK;
}

/* Messages */

static tn_status add_message(struct reading *r, struct tn_bytes source, struct tn_str outer,
                             uint32_t depth);

/* All messages among the fields `number` of `source`. */
static tn_status add_messages(struct reading *r, struct tn_bytes source, uint32_t number,
                              struct tn_str outer, uint32_t depth)
{
    struct wire_field field;
    tn_status st;

    if (depth == SHAPE_DEPTH_MAX)
        return TN_INVALID_ARGUMENT;
    while ((st = wire_next(&source, &field)) == TN_OK)
        if (field.field == number && field.type == WIRE_BYTES)
            TRY(add_message(r, field.bytes, outer, depth));
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status add_message(struct reading *r, struct tn_bytes source, struct tn_str outer,
                             uint32_t depth)
{
    struct shape *shape = arena_new(r->arena, struct shape);
    struct tn_str short_name;
    struct tn_str name;

    if (!shape)
        return TN_RESOURCE_EXHAUSTED;
    TRY(find_text(source, MESSAGE_NAME, &short_name));
    TRY(join(r->arena, outer, short_name, &name));
    if (short_name.len == 0 || map_get(&r->shapes->by_name, name))
        return TN_INVALID_ARGUMENT;
    shape->source = source;
    shape->type.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC;
    shape->type.name = name.data + 1; /* without the first dot */
    TRY(map_set(&r->shapes->by_name, name, shape, NULL));
    return add_messages(r, source, MESSAGE_NESTED, name, depth + 1);
}

static tn_status add_file(struct reading *r, struct tn_bytes file)
{
    struct tn_str package;
    struct tn_str outer = {"", 0};

    TRY(find_text(file, FILE_PACKAGE, &package));
    if (package.len > 0)
        TRY(join(r->arena, outer, package, &outer));
    return add_messages(r, file, FILE_MESSAGE, outer, 0);
}

static tn_status add_files(struct reading *r, struct tn_bytes set)
{
    struct wire_field field;
    tn_status st;

    while ((st = wire_next(&set, &field)) == TN_OK)
        if (field.field == SET_FILE && field.type == WIRE_BYTES)
            TRY(add_file(r, field.bytes));
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Fields */

/* Of FieldDescriptorProto.Type; groups, which proto3 does not have, are left out. */
static bool type_of(uint64_t number, ProtobufCType *ret_type)
{
    static const struct {
        bool is_known;
        ProtobufCType type;
    } types[] = {
        [1] = {true, PROTOBUF_C_TYPE_DOUBLE},
        [2] = {true, PROTOBUF_C_TYPE_FLOAT},
        [3] = {true, PROTOBUF_C_TYPE_INT64},
        [4] = {true, PROTOBUF_C_TYPE_UINT64},
        [5] = {true, PROTOBUF_C_TYPE_INT32},
        [6] = {true, PROTOBUF_C_TYPE_FIXED64},
        [7] = {true, PROTOBUF_C_TYPE_FIXED32},
        [8] = {true, PROTOBUF_C_TYPE_BOOL},
        [9] = {true, PROTOBUF_C_TYPE_STRING},
        [11] = {true, PROTOBUF_C_TYPE_MESSAGE},
        [12] = {true, PROTOBUF_C_TYPE_BYTES},
        [13] = {true, PROTOBUF_C_TYPE_UINT32},
        [14] = {true, PROTOBUF_C_TYPE_ENUM},
        [15] = {true, PROTOBUF_C_TYPE_SFIXED32},
        [16] = {true, PROTOBUF_C_TYPE_SFIXED64},
        [17] = {true, PROTOBUF_C_TYPE_SINT32},
        [18] = {true, PROTOBUF_C_TYPE_SINT64},
    };

    if (number >= sizeof(types) / sizeof(types[0]) || !types[number].is_known)
        return false;
    *ret_type = types[number].type;
    return true;
}

static tn_status read_field(const struct reading *r, struct tn_bytes source,
                            ProtobufCFieldDescriptor *ret_field)
{
    ProtobufCFieldDescriptor made = {.label = PROTOBUF_C_LABEL_NONE};
    struct tn_str type_name = {"", 0};
    struct tn_str name = {"", 0};
    uint64_t type = 0;
    struct wire_field field;
    tn_status st;

    while ((st = wire_next(&source, &field)) == TN_OK) {
        if (field.field == FIELD_NAME && field.type == WIRE_BYTES)
            name = text_of(&field);
        else if (field.field == FIELD_TYPE_NAME && field.type == WIRE_BYTES)
            type_name = text_of(&field);
        else if (field.field == FIELD_NUMBER && field.number <= FIELD_NUMBER_MAX)
            made.id = (uint32_t)field.number;
        else if (field.field == FIELD_LABEL && field.number == LABEL_REPEATED)
            made.label = PROTOBUF_C_LABEL_REPEATED;
        else if (field.field == FIELD_TYPE)
            type = field.number;
    }
    if (st != TN_NOT_FOUND || made.id == 0 || !type_of(type, &made.type))
        return TN_INVALID_ARGUMENT;
    if (made.type == PROTOBUF_C_TYPE_MESSAGE) {
        const struct shape *of = map_get(&r->shapes->by_name, type_name);

        if (!of)
            return TN_INVALID_ARGUMENT;
        made.descriptor = &of->type;
    }
    made.name = arena_copy(r->arena, name.data, name.len);
    if (!made.name)
        return TN_RESOURCE_EXHAUSTED;
    *ret_field = made;
    return TN_OK;
}

static int compare_fields(const void *a, const void *b)
{
    uint32_t x = ((const ProtobufCFieldDescriptor *)a)->id;
    uint32_t y = ((const ProtobufCFieldDescriptor *)b)->id;

    return (x > y) - (x < y);
}

static size_t count_fields(struct tn_bytes source)
{
    struct wire_field field;
    size_t count = 0;

    while (wire_next(&source, &field) == TN_OK)
        count += field.field == MESSAGE_FIELD && field.type == WIRE_BYTES;
    return count;
}

/* protobuf-c finds a field by ranges of numbers without gaps; here each field is one. */
static tn_status set_ranges(struct arena *arena, ProtobufCMessageDescriptor *type)
{
    ProtobufCIntRange *ranges = arena_array(arena, ProtobufCIntRange, (size_t)type->n_fields + 1);

    if (!ranges)
        return TN_RESOURCE_EXHAUSTED;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (i > 0 && type->fields[i].id == type->fields[i - 1].id)
            return TN_INVALID_ARGUMENT;
        ranges[i] = (ProtobufCIntRange){(int)type->fields[i].id, i};
    }
    ranges[type->n_fields] = (ProtobufCIntRange){0, type->n_fields};
    type->field_ranges = ranges;
    type->n_field_ranges = type->n_fields;
    return TN_OK;
}

static tn_status read_fields(const struct reading *r, struct shape *shape)
{
    struct tn_bytes source = shape->source;
    size_t count = count_fields(source);
    ProtobufCFieldDescriptor *fields = arena_array(r->arena, ProtobufCFieldDescriptor, count + 1);
    struct wire_field field;
    size_t at = 0;

    if (!fields)
        return TN_RESOURCE_EXHAUSTED;
    while (wire_next(&source, &field) == TN_OK)
        if (field.field == MESSAGE_FIELD && field.type == WIRE_BYTES)
            TRY(read_field(r, field.bytes, &fields[at++]));
    qsort(fields, count, sizeof(*fields), compare_fields);
    shape->type.fields = fields;
    shape->type.n_fields = (unsigned)count;
    return set_ranges(r->arena, &shape->type);
}

tn_status shapes_read(struct shapes *shapes, struct tn_bytes set, struct arena *arena,
                      struct err *err)
{
    struct reading r = {.shapes = shapes, .arena = arena};
    tn_status st = add_files(&r, set);
    struct shape *shape;

    for (size_t at = 0; st == TN_OK && (shape = map_next(&shapes->by_name, &at, NULL));)
        st = read_fields(&r, shape);
    if (st == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "descriptors");
    if (st != TN_OK)
        return err_set(err, TN_INVALID_ARGUMENT, "Its descriptors cannot be read.");
    return TN_OK;
}

void shapes_fini(struct shapes *shapes)
{
    map_fini(&shapes->by_name);
}

const ProtobufCMessageDescriptor *shapes_find(const struct shapes *shapes, const char *name)
{
    struct tn_str text = utf8_str(name);
    struct tn_str key;
    const struct shape *shape = NULL;
    struct arena arena;

    arena_init(&arena, SIZE_MAX);
    if (join(&arena, (struct tn_str){"", 0}, text, &key) == TN_OK)
        shape = map_get(&shapes->by_name, key);
    arena_fini(&arena);
    return shape ? &shape->type : NULL;
}
