/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping files, what they make of rows, and how they are refused. */
#include "sdk/cli/import/mapping.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sdk/cli/import/mapped_row.h"
#include "tests/unit/check.h"

struct fixture {
    struct mapping *mapping;
    struct arena arena;
    struct mapped_row out;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    err_init(&f->err, NULL);
    arena_init(&f->arena, 1u << 24);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    mapping_destroy(f->mapping);
    arena_fini(&f->arena);
    test_free(f);
    return 0;
}

static tn_status parse(struct fixture *f, const char *text)
{
    mapping_destroy(f->mapping);
    f->mapping = NULL;
    err_clear(&f->err);
    return mapping_parse(utf8_str(text), "map.toml", &f->mapping, &f->err);
}

/* A row of cells "a|b|c". */
static struct csv_row row_of(struct fixture *f, uint64_t line, const char *joined)
{
    struct csv_row row = {.line = line, .cell_count = 1};
    struct tn_str *cells = arena_array(&f->arena, struct tn_str, 32);
    char *text = arena_copy(&f->arena, joined, strlen(joined));

    cells[0] = utf8_str(text);
    for (char *bar; (bar = strchr(text, '|'));) {
        *bar = '\0';
        cells[row.cell_count - 1] = utf8_str(text);
        text = bar + 1;
        cells[row.cell_count++] = utf8_str(text);
    }
    row.cells = cells;
    return row;
}

static void parse_and_bind(struct fixture *f, const char *toml, const char *header)
{
    struct csv_row row = row_of(f, 1, header);

    if (parse(f, toml) != TN_OK || mapping_bind(f->mapping, &row, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
}

static void map_row(struct fixture *f, const char *cells)
{
    struct csv_row row = row_of(f, 7, cells);

    assert_int_equal(mapped_row_make(f->mapping, &row, "en", &f->arena, &f->out), TN_OK);
}

static void expect_refusal(const struct fixture *f, const char *column, const char *value,
                           const char *rule)
{
    assert_null(f->out.row);
    assert_int_equal(f->out.refusal_count, 1);
    assert_true(utf8_is(f->out.refusals[0].column, column));
    assert_true(utf8_is(f->out.refusals[0].value, value));
    assert_string_equal(f->out.refusals[0].rule, rule);
}

/* The value that one property comes to by `steps`. */
static const char *value_by(struct fixture *f, const char *steps, const char *cell)
{
    char toml[512];

    (void)snprintf(
        toml, sizeof(toml), "[[properties]]\nto = \"p\"\nfrom = \"c\"\nsteps = [%s]\n", steps);
    parse_and_bind(f, toml, "c");
    map_row(f, cell);
    if (!f->out.row)
        return f->out.refusals[0].rule;
    return f->out.row->n_properties > 0 ? f->out.row->properties[0]->value->literal : "(none)";
}

static void a_row_becomes_properties_links_and_references(void **state)
{
    struct fixture *f = *state;

    parse_and_bind(f,
                   "type = 'sites'\n"
                   "key = 'code'\n"
                   "[[properties]]\nto = 'code'\nfrom = 'id'\n"
                   "[[properties]]\nto = 'source'\nvalue = 'file'\n"
                   "[[properties]]\nto = 'name'\ntemplate = '{id} in {town}'\n"
                   "[[associations]]\nassociation = 'site_to_town'\nkey = 'zip'\nfrom = 'town'\n"
                   "labels = ['home']\nprimary = true\n"
                   "[[references]]\nto = 'keeper'\nkey = 'email'\n"
                   "template = '{who}@example.com'\n"
                   "steps = ['lower', { replace = ' ', with = '.' }]\n",
                   "id|town|who");
    map_row(f, "17|Sens|Ada Byron");
    assert_non_null(f->out.row);
    assert_int_equal(f->out.row->line, 7);
    assert_int_equal(f->out.row->n_properties, 3);
    assert_string_equal(f->out.row->properties[1]->value->literal, "file");
    assert_string_equal(f->out.row->properties[2]->value->literal, "17 in Sens");
    assert_int_equal(f->out.row->n_links, 1);
    assert_string_equal(f->out.row->links[0]->association, "site_to_town");
    assert_string_equal(f->out.row->links[0]->to->property, "zip");
    assert_string_equal(f->out.row->links[0]->to->value->literal, "Sens");
    assert_string_equal(f->out.row->links[0]->labels[0], "home");
    assert_true(f->out.row->links[0]->primary);
    assert_string_equal(f->out.row->references[0]->property, "keeper");
    assert_string_equal(f->out.row->references[0]->key->value->literal, "ada.byron@example.com");
}

static void what_is_empty_is_skipped_cleared_or_refused(void **state)
{
    struct fixture *f = *state;

    parse_and_bind(f,
                   "[[properties]]\nto = 'a'\nfrom = 'x'\n"
                   "[[properties]]\nto = 'b'\nfrom = 'x'\nwhen_empty = 'clear'\n"
                   "[[associations]]\nassociation = 'l'\nkey = 'k'\nfrom = 'x'\n"
                   "[[references]]\nto = 'r'\nkey = 'k'\ntemplate = '{x}@y'\n",
                   "x|z");
    map_row(f, "|1");
    assert_int_equal(f->out.row->n_properties, 1);
    assert_string_equal(f->out.row->properties[0]->name, "b");
    assert_null(f->out.row->properties[0]->value);
    assert_int_equal(f->out.row->n_links, 0);
    assert_int_equal(f->out.row->n_references, 0);

    parse_and_bind(
        f, "[[properties]]\nto = 'a'\nfrom = 'x'\nsteps = ['trim']\nwhen_empty = 'refuse'\n", "x");
    map_row(f, "  ");
    expect_refusal(f, "x", "  ", "required");
}

static void steps_change_the_text_in_order(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(value_by(f, "'trim'", " \tx y\xc2\xa0 "), "x y");
    assert_string_equal(value_by(f, "'lower'", "\xc3\x89T\xc3\x89 X"), "\xc3\xa9t\xc3\xa9 x");
    assert_string_equal(value_by(f, "'upper'", "\xc3\xa9t\xc3\xa9"), "\xc3\x89T\xc3\x89");
    assert_string_equal(value_by(f, "{date='DD-MM-YY'}", "20-10-16"), "2016-10-20");
    assert_string_equal(value_by(f, "{decimal=',', group=' '}", "1 234,50"), "1234.50");
    assert_string_equal(value_by(f,
                                 "{decimal=',', group=' '}",
                                 "1\xe2\x80\xaf"
                                 "234,5"),
                        "1234.5");
    assert_string_equal(value_by(f, "{decimal='.', group=','}", "-1,234.5"), "-1234.5");
    assert_string_equal(value_by(f, "{split=' '}", "Ada B C"), "Ada");
    assert_string_equal(value_by(f, "{split=' ', part=-1}", "Ada B C"), "C");
    assert_string_equal(value_by(f, "{split=' ', part=1, rest=true}", "Ada B C"), "B C");
    assert_string_equal(value_by(f, "{split=' ', part=9}", "Ada B C"), "(none)");
    assert_string_equal(value_by(f, "{replace='aa', with='b'}", "aaaac"), "bbc");
    assert_string_equal(value_by(f, "{replace='-'}", "1-2-3"), "123");
    assert_string_equal(value_by(f, "{lookup={a='b'}}", "a"), "b");
    assert_string_equal(value_by(f, "{lookup={a='b'}, otherwise='keep'}", "c"), "c");
    assert_string_equal(value_by(f, "{lookup={a='b'}, otherwise='empty'}", "c"), "(none)");
    assert_string_equal(value_by(f, "{lookup={a='b'}, default='z'}", "c"), "z");
    assert_string_equal(value_by(f, "'trim', {lookup={A='b'}, default='z'}, 'upper'", " A "), "B");
}

static void steps_refuse_by_rule(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(value_by(f, "{date='DD-MM-YY'}", "2016-10-20"), "date");
    expect_refusal(f, "c", "2016-10-20", "date");
    assert_string_equal(value_by(f, "{date='DD-MM-YY'}", "31-02-16"), "date");
    assert_string_equal(value_by(f, "{decimal=','}", "1.234,5"), "number");
    assert_string_equal(value_by(f, "{decimal=','}", "12 \xe2\x82\xac"), "number");
    assert_string_equal(value_by(f, "{decimal=',', group='.'}", ","), "number");
    assert_string_equal(value_by(f, "{lookup={a='b'}}", "c"), "lookup");
    assert_string_equal(value_by(f, "{lookup={a='b'}}", "A"), "lookup");
}

static void every_bad_cell_of_a_row_is_told(void **state)
{
    struct fixture *f = *state;

    parse_and_bind(f,
                   "[[properties]]\nto = 'a'\nfrom = 'x'\nsteps = [{ date = 'DD-MM-YY' }]\n"
                   "[[properties]]\nto = 'b'\nfrom = 'y'\nsteps = [{ decimal = ',' }]\n",
                   "x|y");
    map_row(f, "today|much");
    assert_null(f->out.row);
    assert_int_equal(f->out.refusal_count, 2);
    assert_string_equal(f->out.refusals[1].message, "'much' is no number.");
}

static void ragged_and_broken_rows_are_refused(void **state)
{
    struct fixture *f = *state;
    struct csv_row broken = row_of(f, 9, "1|2");

    parse_and_bind(f, "[[properties]]\nto = 'a'\nfrom = 'x'\n", "x|y");
    map_row(f, "1");
    expect_refusal(f, "", "", "columns");
    map_row(f, "1|2|3");
    expect_refusal(f, "", "", "columns");
    broken.fault = "nul";
    assert_int_equal(mapped_row_make(f->mapping, &broken, "fr", &f->arena, &f->out), TN_OK);
    expect_refusal(f, "", "", "nul");
}

static void several_keys_share_a_cell(void **state)
{
    struct fixture *f = *state;

    parse_and_bind(f, "[[associations]]\nassociation='l'\nkey='k'\nfrom='x'\nseparator=';'\n", "x");
    map_row(f, "a;;b\\;c;d\\\\");
    assert_int_equal(f->out.row->n_links, 3);
    assert_string_equal(f->out.row->links[0]->to->value->literal, "a");
    assert_string_equal(f->out.row->links[1]->to->value->literal, "b;c");
    assert_string_equal(f->out.row->links[2]->to->value->literal, "d\\");
}

static void braces_are_doubled_in_templates(void **state)
{
    struct fixture *f = *state;

    parse_and_bind(f, "[[properties]]\nto = 'a'\ntemplate = '{{{x}}}'\n", "x");
    map_row(f, "1");
    assert_string_equal(f->out.row->properties[0]->value->literal, "{1}");
}

static void refusals_of_a_file_name_line_and_key(void **state)
{
    static const struct {
        const char *toml;
        const char *start;
        const char *word;
    } bad[] = {
        {"a = \n", "map.toml:1: ", ""},
        {"type = 'x'\n[&]\n", "map.toml:2: ", "unexpected character"},
        {"type = 'x'\nkey = ééé\n", "map.toml:2: ", "value"},
        {"\n\nkey = 5\n", "map.toml:3: ", "'key'"},
        {"type = 'x'\nkye = 'y'\n", "map.toml:2: ", "'kye'"},
        {"type = 'x'\n", "map.toml:1: ", "[[properties]]"},
        {"[[properties]]\nfrom = 'x'\n", "map.toml:1: ", "'to'"},
        {"[[properties]]\nto = 'x'\n", "map.toml:1: ", "'from'"},
        {"[[properties]]\nto = 'x'\nfrom = 'a'\nvalue = 'b'\n", "map.toml:1: ", "'value'"},
        {"[[properties]]\nto = 'x'\nfrom = ''\n", "map.toml:3: ", "'from'"},
        {"[[properties]]\nto = 'x'\ntemplate = '{a'\n", "map.toml:3: ", "'template'"},
        {"[[properties]]\nto = 'x'\ntemplate = 'a}'\n", "map.toml:3: ", "'template'"},
        {"[[properties]]\nto = 'x'\ntemplate = '{}'\n", "map.toml:3: ", "'template'"},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=['trim',\n'title']\n",
         "map.toml:5: ",
         "\"trim\""},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=[{date='DD'}]\n", "map.toml:4: ", "'date'"},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=[{lookup='no'}]\n", "map.toml:4: ", "lookups.no"},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=[{split=''}]\n", "map.toml:4: ", "'split'"},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=[{replace=''}]\n", "map.toml:4: ", "'replace'"},
        {"[[properties]]\nto='x'\nfrom='a'\nsteps=[{decimal=',,'}]\n", "map.toml:4: ", "'decimal'"},
        {"[[properties]]\nto='x'\nfrom='a'\nwhen_empty='no'\n", "map.toml:4: ", "'when_empty'"},
        {"[[associations]]\nassociation='x'\nfrom='a'\n", "map.toml:1: ", "'key'"},
        {"[[references]]\nto='x'\nkey='k'\nfrom='a'\nwhen_empty='clear'\n", "map.toml:5: ", "skip"},
        {"delimiter = ',,'\n", "map.toml:1: ", "'delimiter'"},
        {"encoding = 'ebcdic'\n", "map.toml:1: ", "'encoding'"},
        {"lookups = 5\n", "map.toml:1: ", "'lookups'"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(f, bad[i].toml), TN_INVALID_ARGUMENT);
        assert_null(f->mapping);
        if (strncmp(f->err.message, bad[i].start, strlen(bad[i].start)) != 0 ||
            !strstr(f->err.message, bad[i].word))
            fail_msg("%s: %s", bad[i].toml, f->err.message);
    }
}

static void tables_nested_too_deep_are_refused(void **state)
{
    char toml[512] = "type = ";
    size_t len = strlen(toml);

    memset(toml + len, '[', 100);
    memset(toml + len + 100, ']', 100);
    assert_int_equal(parse(*state, toml), TN_INVALID_ARGUMENT);
}

static void a_column_that_the_file_lacks_is_refused(void **state)
{
    struct fixture *f = *state;
    struct csv_row header = row_of(f, 1, "a|b");
    struct csv_row twice = row_of(f, 1, "a|b|a");

    assert_int_equal(parse(f, "\n[[properties]]\nto = 'x'\ntemplate = '{a}{c}'\n"), TN_OK);
    assert_int_equal(mapping_bind(f->mapping, &header, &f->err), TN_INVALID_ARGUMENT);
    assert_string_equal(f->err.message, "map.toml:2: the file has no column 'c'.");
    err_clear(&f->err);
    assert_int_equal(mapping_bind(f->mapping, &twice, &f->err), TN_INVALID_ARGUMENT);
    assert_string_equal(f->err.message, "The file has two columns 'a'.");
}

/* A type with: code (unique), name labelled "Nom", made (read-only), keeper (reference). */
struct sample_type {
    Tenon__Schema__V1__PropertyType properties[4];
    Tenon__Schema__V1__PropertyType *property_list[4];
    Tenon__Schema__V1__AssociationType association;
    Tenon__Schema__V1__AssociationType *association_list[1];
    Tenon__Schema__V1__ObjectType type;
    Tenon__Schema__V1__GetTypeResponse response;
};

static void sample_type_init(struct sample_type *s)
{
    static const char *const names[] = {"code", "name", "made", "keeper"};

    for (size_t i = 0; i < 4; i++) {
        tenon__schema__v1__property_type__init(&s->properties[i]);
        s->properties[i].name = (char *)(uintptr_t)names[i];
        s->properties[i].kind = (char *)(uintptr_t)(i == 3 ? "reference" : "text");
        s->property_list[i] = &s->properties[i];
    }
    s->properties[0].unique = 1;
    s->properties[1].label = (char *)(uintptr_t) "Nom";
    s->properties[2].read_only = 1;
    tenon__schema__v1__association_type__init(&s->association);
    s->association.name = (char *)(uintptr_t) "town_to_site";
    s->association.inverse = (char *)(uintptr_t) "site_to_town";
    s->association.from = (char *)(uintptr_t) "towns";
    s->association.to = (char *)(uintptr_t) "sites";
    s->association_list[0] = &s->association;
    tenon__schema__v1__object_type__init(&s->type);
    s->type.name = (char *)(uintptr_t) "sites";
    s->type.properties = s->property_list;
    s->type.n_properties = 4;
    tenon__schema__v1__get_type_response__init(&s->response);
    s->response.type = &s->type;
    s->response.associations = s->association_list;
    s->response.n_associations = 1;
}

static void a_header_maps_itself_by_name_label_and_dots(void **state)
{
    struct fixture *f = *state;
    struct csv_row header =
        row_of(f, 1, "code|Nom|made|keeper.email|site_to_town.zip|town_to_site.zip|x.y|id|");
    struct sample_type sample;
    const struct tn_str *unused = NULL;
    uint32_t unused_count = 0;

    sample_type_init(&sample);
    assert_int_equal(mapping_create(&f->mapping, NULL), TN_OK);
    assert_int_equal(
        mapping_from_header(f->mapping, &header, &sample.response, &unused, &unused_count, &f->err),
        TN_OK);
    assert_int_equal(f->mapping->target_count, 4);
    assert_string_equal(f->mapping->targets[0].name, "code");
    assert_string_equal(f->mapping->targets[1].name, "name");
    assert_int_equal(f->mapping->targets[2].kind, MAPPING_REFERENCE);
    assert_string_equal(f->mapping->targets[2].key, "email");
    assert_int_equal(f->mapping->targets[3].kind, MAPPING_ASSOCIATION);
    assert_string_equal(f->mapping->targets[3].name, "site_to_town");
    assert_int_equal(unused_count, 5);
    assert_true(utf8_is(unused[0], "made"));
    assert_true(utf8_is(mapping_column_of(f->mapping, "name"), "Nom"));
}

static void targets_are_held_against_the_type(void **state)
{
    struct fixture *f = *state;
    struct sample_type sample;

    sample_type_init(&sample);
    assert_int_equal(parse(f,
                           "key = 'name'\n"
                           "[[properties]]\nto = 'nope'\nfrom = 'a'\n"
                           "[[properties]]\nto = 'made'\nfrom = 'a'\n"
                           "[[associations]]\nassociation = 'town_to_site'\nkey='zip'\nfrom = 'a'\n"
                           "[[references]]\nto = 'name'\nkey = 'email'\nfrom = 'a'\n"
                           "[[properties]]\nto = 'code'\nfrom = 'a'\n"
                           "[[properties]]\nto = 'code'\nfrom = 'b'\n"),
                     TN_OK);
    assert_int_equal(mapping_check(f->mapping, &sample.response, &f->err), TN_INVALID_ARGUMENT);
    assert_int_equal(f->err.violation_count, 6);
    assert_string_equal(f->err.violations[0].text, "map.toml:2: sites has no property 'nope'.");
    assert_string_equal(f->err.violations[1].rule, "read_only");
    assert_string_equal(f->err.violations[2].rule, "twice");
    assert_string_equal(f->err.violations[3].rule, "unknown");
    assert_string_equal(f->err.violations[4].rule, "type");
    assert_string_equal(f->err.violations[5].rule, "unique");
}

static void a_key_that_no_column_gives_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sample_type sample;

    sample_type_init(&sample);
    assert_int_equal(parse(f, "key = 'code'\n[[properties]]\nto = 'name'\nfrom = 'a'\n"), TN_OK);
    assert_int_equal(mapping_check(f->mapping, &sample.response, &f->err), TN_INVALID_ARGUMENT);
    assert_string_equal(f->err.violations[0].rule, "required");
}

static void associations_of_the_command_line_are_read(void **state)
{
    static const char *const bad[] = {"", "a", "a=b", "=b:c", "a=:c", "a=b:", "a:b=c"};
    struct fixture *f = *state;

    assert_int_equal(mapping_create(&f->mapping, NULL), TN_OK);
    assert_int_equal(mapping_add_association(f->mapping, "l=Col: umn:k", &f->err), TN_OK);
    assert_string_equal(f->mapping->targets[0].name, "l");
    assert_string_equal(f->mapping->targets[0].key, "k");
    assert_true(utf8_is(mapping_column(&f->mapping->targets[0]), "Col: umn"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err_clear(&f->err);
        assert_int_equal(mapping_add_association(f->mapping, bad[i], &f->err), TN_INVALID_ARGUMENT);
    }
    assert_int_equal(f->mapping->target_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_becomes_properties_links_and_references),
        TEST(what_is_empty_is_skipped_cleared_or_refused),
        TEST(steps_change_the_text_in_order),
        TEST(steps_refuse_by_rule),
        TEST(every_bad_cell_of_a_row_is_told),
        TEST(ragged_and_broken_rows_are_refused),
        TEST(several_keys_share_a_cell),
        TEST(braces_are_doubled_in_templates),
        TEST(refusals_of_a_file_name_line_and_key),
        TEST(tables_nested_too_deep_are_refused),
        TEST(a_column_that_the_file_lacks_is_refused),
        TEST(a_header_maps_itself_by_name_label_and_dots),
        TEST(targets_are_held_against_the_type),
        TEST(a_key_that_no_column_gives_is_refused),
        TEST(associations_of_the_command_line_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
