/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/reflect.c, with descriptors written by hand. */
#include "core/bus/reflect.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/bus/wire.h"
#include "tests/unit/check.h"

static void add_field(struct buf *out, uint32_t number, const void *data, size_t len)
{
    assert_int_equal(buf_add_varint(out, number << 3 | 2), TN_OK);
    assert_int_equal(buf_add_varint(out, len), TN_OK);
    assert_int_equal(buf_add(out, data, len), TN_OK);
}

/* Adds a file of package "p" that imports `import` (may be NULL) and declares message `name`. */
static void add_file(struct buf *set, const char *file_name, const char *import, const char *name)
{
    struct buf message = {0};
    struct buf file = {0};

    add_field(&file, 1, file_name, strlen(file_name));
    add_field(&file, 2, "p", 1);
    if (import)
        add_field(&file, 3, import, strlen(import));
    add_field(&message, 1, name, strlen(name));
    add_field(&file, 4, message.data, message.len);
    add_field(set, 1, file.data, file.len);
    buf_fini(&message);
    buf_fini(&file);
}

static int set_up(void **state)
{
    static struct bus_reflect reflect;
    struct buf set = {0};

    bus_reflect_init(&reflect);
    add_file(&set, "top.proto", "middle.proto", "Top");
    add_file(&set, "middle.proto", "bottom.proto", "Middle");
    add_file(&set, "bottom.proto", NULL, "Bottom");
    add_file(&set, "round.proto", "trip.proto", "Round");
    add_file(&set, "trip.proto", "round.proto", "Trip");
    assert_int_equal(bus_reflect_add(&reflect, "", buf_bytes(&set), NULL), TN_OK);
    buf_fini(&set);
    *state = &reflect;
    return 0;
}

static int tear_down(void **state)
{
    bus_reflect_fini(*state);
    return 0;
}

/* The names of the files of a set, joined by spaces. */
static void name_files(struct tn_bytes set, char *names)
{
    struct bus_wire_field file;
    struct bus_wire_field name;

    while (set.len > 0) {
        assert_true(bus_wire_next(&set, &file));
        assert_true(bus_wire_next(&file.content, &name));
        memcpy(names, name.content.data, name.content.len);
        names += name.content.len;
        *names++ = ' ';
    }
    *names = '\0';
}

static void check_find(struct bus_reflect *reflect, const char *symbol, size_t expected_found,
                       const char *expected_files)
{
    struct tn_str symbols[] = {utf8_str(symbol)};
    struct tn_bytes set = {0};
    struct arena arena;
    char names[200];
    size_t found = 99;

    arena_init(&arena, 1 << 20);
    assert_int_equal(bus_reflect_find(reflect, symbols, 1, &arena, &set, &found), TN_OK);
    name_files(set, names);
    assert_int_equal(found, expected_found);
    assert_string_equal(names, expected_files);
    arena_fini(&arena);
}

static void files_come_after_what_they_import(void **state)
{
    check_find(*state, "p.Top", 1, "bottom.proto middle.proto top.proto ");
    check_find(*state, "p.Bottom", 1, "bottom.proto ");
    check_find(*state, "p.Top.Nested", 1, "bottom.proto middle.proto top.proto ");
}

static void imports_in_a_circle_come_once(void **state)
{
    check_find(*state, "p.Round", 1, "trip.proto round.proto ");
}

static void unknown_symbols_are_not_found(void **state)
{
    check_find(*state, "p.Nothing", 0, "");
    check_find(*state, "q.Top", 0, "");
    check_find(*state, "Top", 0, "");
    check_find(*state, "p.", 0, "");
    check_find(*state, "", 0, "");
}

static void file_that_is_there_stays_as_it_is(void **state)
{
    struct buf set = {0};

    add_file(&set, "bottom.proto", NULL, "Replaced");
    assert_int_equal(bus_reflect_add(*state, "", buf_bytes(&set), NULL), TN_OK);
    check_find(*state, "p.Bottom", 1, "bottom.proto ");
    check_find(*state, "p.Replaced", 0, "");
    buf_fini(&set);
}

static void broken_set_adds_nothing(void **state)
{
    struct buf set = {0};

    add_file(&set, "new.proto", NULL, "New");
    assert_int_equal(buf_add(&set, "\x0a\x7f", 2), TN_OK); /* a file that is cut short */
    assert_int_equal(bus_reflect_add(*state, "", buf_bytes(&set), NULL), TN_INVALID_ARGUMENT);
    check_find(*state, "p.New", 0, "");
    buf_fini(&set);
    add_field(&set, 1, "", 0); /* a file without a name */
    assert_int_equal(bus_reflect_add(*state, "", buf_bytes(&set), NULL), TN_INVALID_ARGUMENT);
    buf_fini(&set);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(files_come_after_what_they_import),
        TEST(imports_in_a_circle_come_once),
        TEST(unknown_symbols_are_not_found),
        TEST(file_that_is_there_stays_as_it_is),
        TEST(broken_set_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
