/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests how much a contact writes: the entries of the commit that creates or changes one, as the
 * store has them before and after, by family. Writing costs by the entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/map.h"
#include "core/check/check.h"
#include "tests/bench/person.h"
#include "tests/integration/plugins/bench.h"

/* Of a typical contact, its part of what the commit writes once included. */
#define KEYS_MAX 16
#define ENTRY_MAX 4096
#define PEOPLE 200

/* What the store holds of the portal, as hashes of keys and of values. */
struct image {
    uint64_t keys[ENTRY_MAX];
    uint64_t values[ENTRY_MAX];
    unsigned families[ENTRY_MAX];
    size_t count;
};

/* Entries that came, went or changed, by family. */
struct written {
    unsigned of[STORE_FAMILY_MAX + 1];
    unsigned all;
};

static void add_family(struct bench *b, unsigned family, struct image *image)
{
    struct tn_bytes key;
    struct tn_bytes value;
    struct store_cursor *cursor = store_cursor_open(b->store,
                                                    NULL,
                                                    (enum store_family)family,
                                                    b->portal->id,
                                                    (struct tn_bytes){0},
                                                    (struct tn_bytes){0},
                                                    false);

    assert_non_null(cursor);
    while (store_cursor_next(cursor, &key, &value, NULL) == TN_OK) {
        assert_true(image->count < ENTRY_MAX);
        image->families[image->count] = family;
        image->keys[image->count] = hash_bytes(key.data, key.len) + family;
        image->values[image->count++] = value.len ? hash_bytes(value.data, value.len) : 0;
    }
    store_cursor_close(cursor);
}

static void take_image(struct bench *b, struct image *image)
{
    image->count = 0;
    for (unsigned family = 1; family <= STORE_FAMILY_MAX; family++)
        add_family(b, family, image);
}

static bool has(const struct image *image, uint64_t key, uint64_t value, bool any_value)
{
    for (size_t i = 0; i < image->count; i++)
        if (image->keys[i] == key && (any_value || image->values[i] == value))
            return true;
    return false;
}

static struct written compare(const struct image *before, const struct image *after)
{
    struct written written = {.all = 0};

    for (size_t i = 0; i < after->count; i++)
        if (!has(before, after->keys[i], after->values[i], false)) {
            written.of[after->families[i]]++;
            written.all++;
        }
    for (size_t i = 0; i < before->count; i++)
        if (!has(after, before->keys[i], 0, true)) {
            written.of[before->families[i]]++;
            written.all++;
        }
    return written;
}

static void print(const char *what, const struct written *written)
{
    (void)printf("%s: %u keys:", what, written->all);
    for (unsigned family = 1; family <= STORE_FAMILY_MAX; family++)
        if (written->of[family])
            (void)printf(" %s %u", check_family_name(family), written->of[family]);
    (void)printf("\n");
}

/* What one commit writes, as the store shows it and as the committer counts it. */
static struct written write_one(struct bench *b, tn_id id, const char *const *values)
{
    static struct image before;
    static struct image after;
    uint64_t keys = records_stats(b->records).keys;

    take_image(b, &before);
    tn_status st =
        id ? bench_update(b, "contacts", id, values) : bench_create(b, "contacts", values, NULL);
    if (st != TN_OK)
        fail_msg("%s", b->err.message);
    take_image(b, &after);
    struct written written = compare(&before, &after);
    assert_int_equal(records_stats(b->records).keys - keys, written.all);
    return written;
}

static struct bench *open_contacts(void)
{
    struct bench *b = bench_open((const char *const[]){PLUGINS "contacts.so", NULL}, NULL);

    bench_all_run(b);
    return b;
}

static void values_of(const struct person *person, const char *values[2 * PERSON_TYPICAL + 1])
{
    for (size_t i = 0; i < PERSON_TYPICAL; i++) {
        values[2 * i] = person_properties[i];
        values[2 * i + 1] = person->texts[i];
    }
    values[2 * PERSON_TYPICAL] = NULL;
}

static void a_typical_contact_has_at_most_16_keys(void **state)
{
    struct bench *b = open_contacts();
    const char *values[2 * PERSON_TYPICAL + 1];
    struct person person;
    unsigned most = 0;
    unsigned sum = 0;

    (void)state;
    for (uint64_t number = 0; number < PEOPLE; number++) {
        person_make(&person, number);
        values_of(&person, values);
        struct written written = write_one(b, 0, values);
        if (number == 0)
            print("a contact", &written);
        assert_int_equal(written.of[STORE_ROWS], 1);
        assert_int_equal(written.of[STORE_LOG], 1);
        assert_int_equal(written.of[STORE_HISTORY], 0); /* the row is the first version */
        sum += written.all;
        most = written.all > most ? written.all : most;
    }
    (void)printf("%d contacts: %.1f keys, %u at most\n", PEOPLE, (double)sum / PEOPLE, most);
    assert_in_range(most, 1, KEYS_MAX);
    bench_close(b);
}

static void another_phone_number_has_few_keys(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = 0;

    (void)state;
    assert_int_equal(bench_create(b, "contacts", BENCH_VALUES("email", "ada@example.com"), &id),
                     TN_OK);
    struct written first = write_one(b, id, BENCH_VALUES("phone", "+33 4 78 12 34 56"));
    print("a phone number", &first);
    assert_int_equal(first.of[STORE_WORDS], 1);
    struct written same = write_one(b, id, BENCH_VALUES("phone", "0033.4.78.12.34.56"));
    print("the same, written otherwise", &same);
    assert_int_equal(same.of[STORE_WORDS], 0);
    struct written other = write_one(b, id, BENCH_VALUES("phone", "+33 4 78 12 34 57"));
    print("another", &other);
    assert_int_equal(other.of[STORE_WORDS], 2);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typical_contact_has_at_most_16_keys),
        cmocka_unit_test(another_phone_number_has_few_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
