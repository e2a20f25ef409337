/* SPDX-License-Identifier: Apache-2.0 */
/* letters.c - see letters.h. */
#include "core/plugin/letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/manifest_name.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define LETTER_START "dead/"
#define COUNT_START "dead-count/"
#define RECORD_DIGITS 20

_Static_assert(sizeof("dead-count/consumer/") + NAME_PATH_LEN_MAX + 1 + NAME_LEN_MAX + 1 +
                       RECORD_DIGITS <=
                   TXN_META_KEY_MAX,
               "dead/KIND/PLUGIN/NAME/RECORD fits");

struct letter_key {
    char text[TXN_META_KEY_MAX + 1];
};

/* Keys */

static const char *kind_name(enum letter_kind kind)
{
    return kind == LETTER_CHANGE ? "consumer" : "timer";
}

static struct letter_key key_of(const struct letter_list *list, tn_id record)
{
    struct letter_key key;

    (void)snprintf(key.text,
                   sizeof(key.text),
                   LETTER_START "%s/%s/%s/%0*llu",
                   kind_name(list->kind),
                   list->plugin,
                   list->name,
                   RECORD_DIGITS,
                   (unsigned long long)record);
    return key;
}

static struct letter_key key_of_count(const struct letter_list *list)
{
    struct letter_key key;

    (void)snprintf(key.text,
                   sizeof(key.text),
                   COUNT_START "%s/%s/%s",
                   kind_name(list->kind),
                   list->plugin,
                   list->name);
    return key;
}

/* Splits what lies behind LETTER_START; `text` is cut into its parts. */
static bool split_key(char *text, struct letter_list *ret_list, tn_id *ret_record)
{
    char *parts[4] = {text};
    char *end = NULL;

    for (size_t i = 1; i < 4; i++) {
        char *slash = strchr(parts[i - 1], '/');

        if (!slash)
            return false;
        *slash = '\0';
        parts[i] = slash + 1;
    }
    ret_list->kind = strcmp(parts[0], "consumer") == 0 ? LETTER_CHANGE : LETTER_FIRING;
    ret_list->plugin = parts[1];
    ret_list->name = parts[2];
    *ret_record = strtoull(parts[3], &end, 10);
    return *ret_record > 0 && *end == '\0';
}

/* The count */

static tn_status damaged(struct err *err)
{
    return err_set(err, TN_DATA_LOSS, "A stored dead letter is damaged.");
}

static tn_status read_count(struct tn_bytes value, uint32_t *ret_count, struct err *err)
{
    Tenon__Stored__V1__DeadLetterCount *stored =
        tenon__stored__v1__dead_letter_count__unpack(NULL, value.len, value.data);

    if (!stored)
        return damaged(err);
    *ret_count = stored->count;
    tenon__stored__v1__dead_letter_count__free_unpacked(stored, NULL);
    return TN_OK;
}

static tn_status get_count(struct txn *txn, const struct letter_list *list, uint32_t *ret_count,
                           struct err *err)
{
    const struct letter_key key = key_of_count(list);
    struct tn_bytes value;
    tn_status st = txn_get_meta(txn, utf8_str(key.text), &value, err);

    if (st == TN_NOT_FOUND) {
        *ret_count = 0;
        return TN_OK;
    }
    TRY(st);
    return read_count(value, ret_count, err);
}

/* None is no key at all. */
static tn_status put_count(struct txn *txn, const struct letter_list *list, uint32_t count,
                           struct err *err)
{
    Tenon__Stored__V1__DeadLetterCount stored = TENON__STORED__V1__DEAD_LETTER_COUNT__INIT;
    const struct letter_key key = key_of_count(list);
    uint8_t packed[8]; /* one number */

    stored.count = count;
    size_t len = tenon__stored__v1__dead_letter_count__pack(&stored, packed);
    return txn_put_meta(txn, utf8_str(key.text), (struct tn_bytes){packed, len}, err);
}

/* The letters of one record */

struct stack {
    Tenon__Stored__V1__DeadLetters *stored; /* owned; NULL: none */
};

static void stack_fini(struct stack *stack)
{
    if (stack->stored)
        tenon__stored__v1__dead_letters__free_unpacked(stack->stored, NULL);
}

static tn_status stack_read(struct txn *txn, const struct letter_key *key, struct stack *ret_stack,
                            struct err *err)
{
    struct tn_bytes value;
    tn_status st = txn_get_meta(txn, utf8_str(key->text), &value, err);

    if (st == TN_NOT_FOUND)
        return TN_OK;
    TRY(st);
    ret_stack->stored = tenon__stored__v1__dead_letters__unpack(NULL, value.len, value.data);
    return ret_stack->stored ? TN_OK : damaged(err);
}

static tn_status stack_write(struct txn *txn, const struct letter_key *key,
                             Tenon__Stored__V1__DeadLetter **letters, size_t count, struct err *err)
{
    Tenon__Stored__V1__DeadLetters stored = TENON__STORED__V1__DEAD_LETTERS__INIT;

    stored.letters = letters;
    stored.n_letters = count;
    size_t len = tenon__stored__v1__dead_letters__get_packed_size(&stored);
    uint8_t *packed = arena_alloc(txn_arena(txn), len + 1);
    if (!packed)
        return err_memory(err, "a dead letter");
    (void)tenon__stored__v1__dead_letters__pack(&stored, packed);
    return txn_put_meta(txn, utf8_str(key->text), (struct tn_bytes){packed, len}, err);
}

/* Lends the letter's reason, which pack() only reads. */
static Tenon__Stored__V1__DeadLetter encode(const struct letter *letter)
{
    Tenon__Stored__V1__DeadLetter stored = TENON__STORED__V1__DEAD_LETTER__INIT;

    stored.type = letter->type;
    stored.change = letter->change;
    stored.due_us = letter->due_us;
    stored.failed_count = letter->failed_count;
    stored.at_us = letter->at_us;
    stored.status = (uint32_t)letter->status;
    stored.reason = (char *)(uintptr_t)letter->reason;
    return stored;
}

static struct letter decode(const Tenon__Stored__V1__DeadLetter *stored, tn_id record)
{
    return (struct letter){.record = record,
                           .type = stored->type,
                           .change = stored->change,
                           .due_us = stored->due_us,
                           .failed_count = stored->failed_count,
                           .at_us = stored->at_us,
                           .status = (tn_status)stored->status,
                           .reason = stored->reason};
}

/* SIZE_MAX: it is not there. */
static size_t find(const struct stack *stack, const struct letter *letter)
{
    for (size_t i = 0; stack->stored && i < stack->stored->n_letters; i++)
        if (stack->stored->letters[i]->change == letter->change &&
            stack->stored->letters[i]->due_us == letter->due_us)
            return i;
    return SIZE_MAX;
}

tn_status letters_has(struct txn *txn, const struct letter_list *list, tn_id record, bool *ret_has,
                      struct err *err)
{
    const struct letter_key key = key_of(list, record);
    struct tn_bytes value;
    tn_status st = txn_get_meta(txn, utf8_str(key.text), &value, err);

    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    *ret_has = st == TN_OK;
    return TN_OK;
}

tn_status letters_add(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                      uint32_t max, bool *ret_is_full, struct err *err)
{
    const struct letter_key key = key_of(list, letter->record);
    CLEANUP(stack_fini) struct stack stack = {0};
    Tenon__Stored__V1__DeadLetter added = encode(letter);
    uint32_t count;

    TRY(get_count(txn, list, &count, err));
    if (count >= max) {
        *ret_is_full = true;
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "%s of the plugin %s has %u dead letters, which is as many as it may have: "
                       "replay or drop some.",
                       list->name,
                       list->plugin,
                       count);
    }
    TRY(stack_read(txn, &key, &stack, err));
    size_t before = stack.stored ? stack.stored->n_letters : 0;
    Tenon__Stored__V1__DeadLetter **letters =
        arena_array(txn_arena(txn), Tenon__Stored__V1__DeadLetter *, before + 1);
    if (!letters)
        return err_memory(err, "a dead letter");
    if (before)
        memcpy(letters, stack.stored->letters, before * sizeof(letters[0]));
    letters[before] = &added;
    TRY(stack_write(txn, &key, letters, before + 1, err));
    return put_count(txn, list, count + 1, err);
}

tn_status letters_take(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                       struct err *err)
{
    const struct letter_key key = key_of(list, letter->record);
    CLEANUP(stack_fini) struct stack stack = {0};
    uint32_t count;

    TRY(stack_read(txn, &key, &stack, err));
    size_t at = find(&stack, letter);
    if (at == SIZE_MAX)
        return TN_NOT_FOUND;
    size_t left = stack.stored->n_letters - 1;
    Tenon__Stored__V1__DeadLetter **letters =
        arena_array(txn_arena(txn), Tenon__Stored__V1__DeadLetter *, left + 1);
    if (!letters)
        return err_memory(err, "a dead letter");
    memcpy(letters, stack.stored->letters, at * sizeof(letters[0]));
    memcpy(letters + at, stack.stored->letters + at + 1, (left - at) * sizeof(letters[0]));
    TRY(get_count(txn, list, &count, err));
    if (count == 0)
        return damaged(err);
    TRY(put_count(txn, list, count - 1, err));
    return stack_write(txn, &key, letters, left, err);
}

tn_status letters_note(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                       struct err *err)
{
    const struct letter_key key = key_of(list, letter->record);
    CLEANUP(stack_fini) struct stack stack = {0};
    Tenon__Stored__V1__DeadLetter noted = encode(letter);

    TRY(stack_read(txn, &key, &stack, err));
    size_t at = find(&stack, letter);
    if (at == SIZE_MAX)
        return TN_OK;
    Tenon__Stored__V1__DeadLetter *before = stack.stored->letters[at];
    stack.stored->letters[at] = &noted;
    tn_status st = stack_write(txn, &key, stack.stored->letters, stack.stored->n_letters, err);
    stack.stored->letters[at] = before; /* which is freed with the others */
    return st;
}

/* Reading what is stored */

tn_status letters_count(struct records *records, const struct portal *portal,
                        const struct letter_list *list, uint32_t *ret_count, struct err *err)
{
    const struct letter_key name = key_of_count(list);
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf value = {0};

    if (buf_add_u8(&key, STORE_META_VALUE) != TN_OK ||
        buf_add(&key, name.text, strlen(name.text)) != TN_OK)
        return err_memory(err, "a dead letter");
    tn_status st = store_get(
        records_store(records), NULL, STORE_META, portal->id, buf_bytes(&key), &value, err);
    if (st == TN_NOT_FOUND) {
        *ret_count = 0;
        return TN_OK;
    }
    TRY(st);
    return read_count(buf_bytes(&value), ret_count, err);
}

static tn_status visit_record(struct tn_bytes key, struct tn_bytes value, letters_visit_fn visit,
                              void *ctx, struct err *err)
{
    const size_t start = 1 + strlen(LETTER_START);
    struct letter_key text;
    struct letter_list list;
    tn_id record;

    if (key.len <= start || key.len - start >= sizeof(text.text))
        return damaged(err);
    memcpy(text.text, key.data + start, key.len - start);
    text.text[key.len - start] = '\0';
    CLEANUP(stack_fini)
    struct stack stack = {
        tenon__stored__v1__dead_letters__unpack(NULL, value.len, value.data),
    };
    if (!stack.stored || !split_key(text.text, &list, &record))
        return damaged(err);
    for (size_t i = 0; i < stack.stored->n_letters; i++) {
        const struct letter letter = decode(stack.stored->letters[i], record);

        TRY(visit(ctx, &list, &letter, err));
    }
    return TN_OK;
}

static tn_status make_prefix(const struct letter_list *list, struct buf *out)
{
    const char *const parts[] = {list ? kind_name(list->kind) : NULL,
                                 list ? list->plugin : NULL,
                                 list && list->plugin ? list->name : NULL};

    TRY(buf_add_u8(out, STORE_META_VALUE));
    TRY(buf_add(out, LETTER_START, strlen(LETTER_START)));
    for (size_t i = 0; i < 3 && parts[i]; i++) {
        TRY(buf_add(out, parts[i], strlen(parts[i])));
        TRY(buf_add_u8(out, '/'));
    }
    return TN_OK;
}

tn_status letters_walk(struct records *records, const struct portal *portal,
                       const struct letter_list *list, letters_visit_fn visit, void *ctx,
                       struct err *err)
{
    CLEANUP(buf_fini) struct buf prefix = {0};
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status st = TN_OK;

    if (make_prefix(list, &prefix) != TN_OK)
        return err_memory(err, "a dead letter");
    struct store_cursor *walk = store_cursor_open(records_store(records),
                                                  NULL,
                                                  STORE_META,
                                                  portal->id,
                                                  buf_bytes(&prefix),
                                                  (struct tn_bytes){0},
                                                  false);
    if (!walk)
        return err_memory(err, "a dead letter");
    while (st == TN_OK) {
        st = store_cursor_next(walk, &key, &value, err);
        if (st == TN_OK)
            st = visit_record(key, value, visit, ctx, err);
        else
            break;
    }
    store_cursor_close(walk);
    return st == TN_NOT_FOUND ? TN_OK : st;
}
