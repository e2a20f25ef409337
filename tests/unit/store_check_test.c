/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/check.c: a torn end is forgiven, damage is named, and neither loses a write. */
#include <fcntl.h>

#include "core/store/private.h"
#include "tests/unit/store_fixture.h"

/* As long as the logs' blocks take to be several. */
#define WRITE_COUNT 120
#define VALUE_SIZE 1000
#define BLOCK_SIZE ((size_t)32768)

/* A crashed store that holds WRITE_COUNT synced writes in its write-ahead log. */
static void make_crashed(struct fixture *fixture, char *ret_log, size_t size)
{
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();

    assert_non_null(batch);
    for (unsigned i = 0; i < WRITE_COUNT; i++) {
        char key[16];
        char value[VALUE_SIZE + 1];

        (void)snprintf(key, sizeof(key), "%03u", i);
        memset(value, 'a' + (int)(i % 26), VALUE_SIZE);
        value[VALUE_SIZE] = '\0';
        store_batch_clear(batch);
        store_batch_put(batch, STORE_ROWS, 1, bytes_of(key), bytes_of(value));
        assert_int_equal(store_write(store, batch, i + 1 == WRITE_COUNT, NULL), TN_OK);
    }
    store_batch_destroy(batch);
    fixture_crash(fixture, store);
    fixture_find(fixture, ".log", ret_log, size);
}

/* How many writes are there; they must be the first ones. */
static unsigned count_writes(struct store *store)
{
    unsigned count = 0;
    char key[16];

    (void)snprintf(key, sizeof(key), "%03u", count);
    while (store_has(store, NULL, STORE_ROWS, 1, bytes_of(key), NULL) == TN_OK)
        (void)snprintf(key, sizeof(key), "%03u", ++count);
    for (unsigned i = count; i < WRITE_COUNT; i++) {
        (void)snprintf(key, sizeof(key), "%03u", i);
        fixture_expect_none(store, STORE_ROWS, 1, key);
    }
    return count;
}

static void expect_writes(struct fixture *fixture, unsigned count)
{
    struct store *store = fixture_open(fixture);

    assert_int_equal(count_writes(store), count);
    fixture_put(store, STORE_INDEX, 1, "after", "1");
    store_close(store);

    /* The torn end is gone for good: what comes after it is kept. */
    store = fixture_open(fixture);
    assert_int_equal(count_writes(store), count);
    fixture_expect(store, STORE_INDEX, 1, "after", "1");
    store_close(store);
}

static void every_synced_write_survives_a_kill(void **state)
{
    char log[64];

    make_crashed(*state, log, sizeof(log));
    expect_writes(*state, WRITE_COUNT);
}

static void a_log_cut_within_its_last_write_loses_that_one_only(void **state)
{
    char log[64];

    make_crashed(*state, log, sizeof(log));
    struct buf content = {0};
    fixture_read(*state, log, &content);
    fixture_write(*state, log, content.data, content.len - 500);
    expect_writes(*state, WRITE_COUNT - 1);
    buf_fini(&content);
}

static void a_log_cut_within_its_last_header_opens(void **state)
{
    char log[64];

    make_crashed(*state, log, sizeof(log));
    struct buf content = {0};
    fixture_read(*state, log, &content);
    fixture_write(*state, log, content.data, content.len - 1030);
    expect_writes(*state, WRITE_COUNT - 1);
    buf_fini(&content);
}

/* As a power cut may leave it: the file has its length, its last page was never written. */
static void a_log_whose_end_was_never_written_opens(void **state)
{
    char log[64];

    make_crashed(*state, log, sizeof(log));
    struct buf content = {0};
    fixture_read(*state, log, &content);
    size_t edge = (content.len - 4096) / 4096 * 4096;
    memset(content.data + edge, 0, content.len - edge);
    fixture_write(*state, log, content.data, content.len);

    struct store *store = fixture_open(*state);
    unsigned count = count_writes(store);
    assert_true(count >= WRITE_COUNT - 9);
    assert_true(count < WRITE_COUNT);
    store_close(store);
    buf_fini(&content);
}

static void expect_damage_at(struct fixture *fixture, const char *name, struct buf *content,
                             size_t offset, uint8_t flip)
{
    content->data[offset] ^= flip;
    fixture_write(fixture, name, content->data, content->len);
    fixture_refuses(fixture, true, TN_DATA_LOSS);
    assert_non_null(strstr(fixture->err.message, name));
    content->data[offset] ^= flip;
}

/* Where no record lies: a block's last bytes, when no header fits. */
static bool is_filler(const struct buf *log, size_t offset)
{
    size_t position = 0;
    size_t block = offset / BLOCK_SIZE * BLOCK_SIZE;

    while (BLOCK_SIZE - position >= 7 && block + position + 7 <= log->len) {
        const uint8_t *header = log->data + block + position;

        position += 7u + header[4] + 256u * header[5];
    }
    return offset - block >= position;
}

static void any_changed_byte_of_a_log_refuses_to_open(void **state)
{
    char log[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, log, &content);
    for (size_t offset = 0; offset < content.len; offset += 997) {
        if (!is_filler(&content, offset))
            expect_damage_at(*state, log, &content, offset, 0x40);
    }
    /* All of the last write: its header, its batch's header, the start of its value. */
    for (size_t back = 1; back <= 1040; back += back > 960 ? 1 : 79)
        expect_damage_at(*state, log, &content, content.len - back, 0x80);
    fixture_write(*state, log, content.data, content.len);
    expect_writes(*state, WRITE_COUNT);
    buf_fini(&content);
}

static void a_blanked_page_in_the_middle_of_a_log_refuses_to_open(void **state)
{
    char log[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, log, &content);
    for (size_t page = 0; page + 8192 < content.len; page += 4096) {
        uint8_t kept[4096];

        memcpy(kept, content.data + page, sizeof(kept));
        memset(content.data + page, 0, sizeof(kept));
        fixture_write(*state, log, content.data, content.len);
        fixture_refuses(*state, true, TN_DATA_LOSS);
        memcpy(content.data + page, kept, sizeof(kept));
    }
    buf_fini(&content);
}

static void bytes_missing_in_the_middle_of_a_log_refuse_to_open(void **state)
{
    char log[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, log, &content);
    memmove(content.data + 5000, content.data + 6000, content.len - 6000);
    fixture_write(*state, log, content.data, content.len - 1000);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    buf_fini(&content);
}

static void a_torn_log_before_another_refuses_to_open(void **state)
{
    char log[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, log, &content);
    fixture_write(*state, "000001.log", content.data, content.len - 500);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, "000001.log"));
    buf_fini(&content);
}

/* Recovers a store with a torn log, crashes again, and puts the log back, which it had removed. */
static void recover_and_put_back(struct fixture *fixture, size_t len_back)
{
    char log[64];
    char dir[sizeof(fixture->dir)];
    struct buf content = {0};

    make_crashed(fixture, log, sizeof(log));
    fixture_read(fixture, log, &content);
    fixture_write(fixture, log, content.data, content.len - 500);
    (void)snprintf(dir, sizeof(dir), "%s/again", fixture->root);
    assert_int_equal(rename(fixture->dir, dir), 0);
    memcpy(fixture->dir, dir, sizeof(dir));
    struct store *store = fixture_open(fixture);
    fixture_put(store, STORE_INDEX, 1, "more", "1");
    fixture_crash(fixture, store);
    fixture_write(fixture, log, content.data, content.len - len_back);
    buf_fini(&content);
}

/* A power cut can undo the removal of what was recovered from. */
static void a_torn_log_that_a_recovery_went_on_from_opens(void **state)
{
    recover_and_put_back(*state, 500);
    struct store *store = fixture_open(*state);
    fixture_expect(store, STORE_INDEX, 1, "more", "1");
    store_close(store);
    expect_writes(*state, WRITE_COUNT - 1);
}

static void a_log_with_less_than_a_recovery_went_on_from_refuses_to_open(void **state)
{
    recover_and_put_back(*state, 5000);
    fixture_refuses(*state, true, TN_DATA_LOSS);
}

static void a_missing_log_refuses_to_open(void **state)
{
    char log[64];

    make_crashed(*state, log, sizeof(log));
    assert_int_equal(unlink(fixture_path(*state, log)), 0);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, ".log"));
}

static void any_changed_byte_of_the_manifest_refuses_to_open(void **state)
{
    char log[64];
    char current[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, "CURRENT", &content);
    (void)snprintf(
        current, sizeof(current), "%.*s", (int)content.len - 1, (const char *)content.data);
    fixture_read(*state, current, &content);
    for (size_t offset = 0; offset < content.len; offset++)
        expect_damage_at(*state, current, &content, offset, 0x11);
    fixture_write(*state, current, content.data, content.len);
    expect_writes(*state, WRITE_COUNT);
    buf_fini(&content);
}

static void a_missing_or_empty_manifest_refuses_to_open(void **state)
{
    char log[64];
    char current[64];
    struct buf content = {0};

    make_crashed(*state, log, sizeof(log));
    fixture_read(*state, "CURRENT", &content);
    (void)snprintf(
        current, sizeof(current), "%.*s", (int)content.len - 1, (const char *)content.data);
    fixture_write(*state, current, "", 0);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    assert_int_equal(unlink(fixture_path(*state, current)), 0);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, current));
    buf_fini(&content);
}

static void a_changed_current_refuses_to_open(void **state)
{
    static const char *const texts[] = {
        "", "\n", "MANIFEST-000005", "MANIFEST-999999\n", "MANIFEST-/etc/passwd\n", "else\n"};
    char log[64];

    make_crashed(*state, log, sizeof(log));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fixture_write(*state, "CURRENT", texts[i], strlen(texts[i]));
        fixture_refuses(*state, true, TN_DATA_LOSS);
    }
    assert_int_equal(unlink(fixture_path(*state, "CURRENT")), 0);
    fixture_refuses(*state, true, TN_DATA_LOSS);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, "CURRENT"));
}

static void a_missing_table_refuses_to_open(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    char table[64];

    fixture_put(store, STORE_ROWS, 1, "a", "1");
    store_close(store); /* writes the table */
    fixture_find(fixture, ".sst", table, sizeof(table));
    assert_int_equal(unlink(fixture_path(fixture, table)), 0);
    fixture_refuses(fixture, true, TN_DATA_LOSS);
    /* RocksDB names it by its number, with the ending that tables once had. */
    table[strlen(table) - strlen(".sst")] = '\0';
    assert_non_null(strstr(fixture->err.message, table));
}

static void a_shortened_table_refuses_to_open(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct buf content = {0};
    char table[64];

    fixture_put(store, STORE_ROWS, 1, "a", "1");
    store_close(store);
    fixture_find(fixture, ".sst", table, sizeof(table));
    fixture_read(fixture, table, &content);
    fixture_write(fixture, table, content.data, content.len - 1);
    fixture_refuses(fixture, true, TN_DATA_LOSS);
    buf_fini(&content);
}

static void a_changed_byte_in_a_table_is_never_read_as_data(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct buf content = {0};
    struct buf value = {0};
    char table[64];

    fixture_put(store, STORE_ROWS, 1, "a", "first");
    store_close(store);
    fixture_find(fixture, ".sst", table, sizeof(table));
    fixture_read(fixture, table, &content);
    content.data[20] ^= 1; /* in the only block of data, which comes first */
    fixture_write(fixture, table, content.data, content.len);

    tn_status status = fixture_try_open(fixture, false, &store);
    if (status == TN_OK) {
        status = store_get(store, NULL, STORE_ROWS, 1, bytes_of("a"), &value, &fixture->err);
        store_close(store);
    }
    assert_int_equal(status, TN_DATA_LOSS);
    assert_int_equal(fixture->err.status, TN_DATA_LOSS);
    buf_fini(&content);
    buf_fini(&value);
}

/* A sequence that is the same in every run: xorshift. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Cut, overwritten, blanked or copied within, at random places and lengths. */
static void mangle(struct buf *content, uint64_t *seed)
{
    size_t from = next_random(seed) % content->len;
    size_t to = next_random(seed) % content->len;
    size_t room = content->len - (from > to ? from : to);
    size_t len = next_random(seed) % (room < 5000 ? room : 5000);

    switch (next_random(seed) % 4) {
    case 0:
        content->len = 1 + from;
        break;
    case 1:
        for (size_t i = 0; i < len; i++)
            content->data[from + i] = (uint8_t)next_random(seed);
        break;
    case 2:
        memset(content->data + from, 0, len);
        break;
    default:
        memmove(content->data + to, content->data + from, len);
    }
}

static void whatever_a_log_holds_it_is_good_or_damaged(void **state)
{
    enum { ROUND_COUNT = 1000 };
    struct fixture *fixture = *state;
    struct buf content = {0};
    uint64_t seed = 88172645463325252u;
    unsigned damaged_count = 0;
    char log[64];

    make_crashed(fixture, log, sizeof(log));
    fixture_read(fixture, log, &content);
    size_t len = content.len;
    uint8_t *original = mem_alloc(len);
    int dir_fd = open(fixture->dir, O_RDONLY | O_DIRECTORY);
    assert_non_null(original);
    assert_true(dir_fd >= 0);
    memcpy(original, content.data, len);

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        content.len = len;
        memcpy(content.data, original, len);
        for (uint64_t n = 1 + next_random(&seed) % 3; n > 0; n--)
            mangle(&content, &seed);
        fixture_write(fixture, log, content.data, content.len);
        tn_status status = check_logs(dir_fd, fixture->dir, NULL);
        assert_true(status == TN_OK || status == TN_DATA_LOSS);
        damaged_count += status == TN_DATA_LOSS;
    }
    assert_true(damaged_count > ROUND_COUNT / 2);
    assert_true(damaged_count < ROUND_COUNT);
    (void)close(dir_fd);
    mem_free(original);
    buf_fini(&content);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(every_synced_write_survives_a_kill),
        WITH_FIXTURE(a_log_cut_within_its_last_write_loses_that_one_only),
        WITH_FIXTURE(a_log_cut_within_its_last_header_opens),
        WITH_FIXTURE(a_log_whose_end_was_never_written_opens),
        WITH_FIXTURE(any_changed_byte_of_a_log_refuses_to_open),
        WITH_FIXTURE(a_blanked_page_in_the_middle_of_a_log_refuses_to_open),
        WITH_FIXTURE(bytes_missing_in_the_middle_of_a_log_refuse_to_open),
        WITH_FIXTURE(a_torn_log_before_another_refuses_to_open),
        WITH_FIXTURE(a_torn_log_that_a_recovery_went_on_from_opens),
        WITH_FIXTURE(a_log_with_less_than_a_recovery_went_on_from_refuses_to_open),
        WITH_FIXTURE(a_missing_log_refuses_to_open),
        WITH_FIXTURE(any_changed_byte_of_the_manifest_refuses_to_open),
        WITH_FIXTURE(a_missing_or_empty_manifest_refuses_to_open),
        WITH_FIXTURE(a_changed_current_refuses_to_open),
        WITH_FIXTURE(whatever_a_log_holds_it_is_good_or_damaged),
        WITH_FIXTURE(a_missing_table_refuses_to_open),
        WITH_FIXTURE(a_shortened_table_refuses_to_open),
        WITH_FIXTURE(a_changed_byte_in_a_table_is_never_read_as_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
