/* SPDX-License-Identifier: Apache-2.0 */
/* isolation_compare.c - two answers that have to be alike, but for clocks and chance. */
#include <string.h>

#include "tenon/admin/v1/admin.pb-c.h"
#include "tests/integration/isolation.h"

static bool is_of_clock(const char *field)
{
    static const char *const fields[] = {"at",
                                         "created_at",
                                         "updated_at",
                                         "archived_at",
                                         "started_at",
                                         "datetime",
                                         "used_at",
                                         "revoked_at",
                                         "secret"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(field, fields[i]) == 0)
            return true;
    return false;
}

static void blank(ProtobufCMessage *message);

static void blank_inner(uint8_t *base, const ProtobufCFieldDescriptor *field)
{
    ProtobufCMessage *inner = NULL;
    ProtobufCMessage **list = NULL;
    size_t count = 0;
    uint32_t chosen = field->id;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&list, base + field->offset, sizeof(list));
        memcpy(&count, base + field->quantifier_offset, sizeof(count));
        for (size_t i = 0; i < count; i++)
            blank(list[i]);
        return;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        memcpy(&chosen, base + field->quantifier_offset, sizeof(chosen));
    memcpy(&inner, base + field->offset, sizeof(inner));
    if (chosen == field->id && inner)
        blank(inner);
}

/* Of a value of any kind only the time is one; and those of a group lie in one place. */
static void blank_time(uint8_t *base, const ProtobufCFieldDescriptor *field)
{
    uint32_t chosen = field->id;

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        memcpy(&chosen, base + field->quantifier_offset, sizeof(chosen));
    if (chosen == field->id)
        memset(base + field->offset, 0, sizeof(int64_t));
}

/* Takes out what two hosts cannot have alike: times, secrets of new tokens, ids of uploads. */
/* How far consumers have come is the clock's too. */
static void blank_consumer(ProtobufCMessage *message)
{
    static char empty[] = "";
    Tenon__Admin__V1__Consumer *consumer = (Tenon__Admin__V1__Consumer *)(void *)message;

    if (message->descriptor != &tenon__admin__v1__consumer__descriptor)
        return;
    consumer->position = 0;
    consumer->lag = 0;
    consumer->state = empty;
    consumer->reason = empty;
}

static void blank(ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;
    const char *const empty = "";

    blank_consumer(message);

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            blank_inner(base, field);
        else if (field->type == PROTOBUF_C_TYPE_STRING && is_of_clock(field->name))
            memcpy(base + field->offset, &empty, sizeof(empty));
        else if (field->type == PROTOBUF_C_TYPE_UINT64 && strcmp(field->name, "upload") == 0)
            memset(base + field->offset, 0, sizeof(uint64_t)); /* chance */
        else if (field->type == PROTOBUF_C_TYPE_SINT64 && is_of_clock(field->name))
            blank_time(base, field);
    }
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

struct tn_bytes message_pack(struct twins *t, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(&t->arena, len + 1);

    assert_non_null(bytes);
    (void)protobuf_c_message_pack(message, bytes);
    return (struct tn_bytes){bytes, len};
}

struct tn_bytes answer_normalise(struct twins *t, struct tn_bytes answer,
                                 const ProtobufCMessageDescriptor *type)
{
    ProtobufCAllocator allocator = {
        .alloc = allocate, .free = release, .allocator_data = &t->arena};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, answer.len, answer.data);

    assert_non_null(message);
    blank(message);
    return message_pack(t, message);
}

void check_silent(const char *method, const char *what, const void *bytes, size_t len)
{
    if (len > 0 && memmem(bytes, len, SECRET, strlen(SECRET)))
        fail_msg("%s tells a secret in its %s", method, what);
}

void answers_compare(struct twins *t, const struct dispatch_method *method)
{
    const struct tenon_result *a = &t->with.result;
    const struct tenon_result *b = &t->without.result;

    check_silent(method->name, "message", a->message, strlen(a->message));
    check_silent(method->name, "answer", t->with.answer, t->with.answer_len);
    if (a->status != b->status || strcmp(a->message, b->message) != 0)
        fail_msg("%s: \"%s: %s\" with the victim, \"%s: %s\" without",
                 method->name,
                 tenon_status_name(a->status),
                 a->message,
                 tenon_status_name(b->status),
                 b->message);
    assert_int_equal(a->violation_count, b->violation_count);
    for (uint32_t i = 0; i < a->violation_count; i++) {
        const char *text = a->violations[i].message;

        check_silent(method->name, "violations", text, strlen(text));
        assert_string_equal(a->violations[i].field, b->violations[i].field);
        assert_string_equal(a->violations[i].rule, b->violations[i].rule);
        assert_string_equal(text, b->violations[i].message);
    }
    if (a->status != TN_OK)
        return;
    struct tn_bytes x = answer_normalise(
        t, (struct tn_bytes){t->with.answer, t->with.answer_len}, method->response);
    struct tn_bytes y = answer_normalise(
        t, (struct tn_bytes){t->without.answer, t->without.answer_len}, method->response);
    if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
        fail_msg("%s answers otherwise with the victim than without", method->name);
}
