/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_check_test.c - each rule for declarations, broken alone in a plugin that is right. */
#include "core/plugin/manifest_check.h"

#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"
#include "tests/unit/gadgets.h"

static void a_plugin_that_is_right_is_accepted(void **state)
{
    struct gadgets f;
    struct err err;

    (void)state;
    gadgets_init(&f);
    err_init(&err, NULL);
    if (manifest_check(&f.plugin, &err) != TN_OK)
        fail_msg("%s", err.message);
    assert_int_equal(err.violation_count, 0);
}

/* Ends a test: the plugin is refused for `field` by `rule`, and for nothing else. */
static void expect(struct gadgets *f, const char *field, const char *rule)
{
    struct err err;

    err_init(&err, NULL);
    tn_status status = manifest_check(&f->plugin, &err);
    assert_int_equal(status, err.status);
    assert_int_equal(manifest_check(&f->plugin, NULL), status);
    if (err.violation_count != 1 || strcmp(err.violations[0].field, field) != 0 ||
        strcmp(err.violations[0].rule, rule) != 0)
        fail_msg("wanted %s %s, got %u: %s %s: %s",
                 field,
                 rule,
                 (unsigned)err.violation_count,
                 err.violations[0].field,
                 err.violations[0].rule,
                 err.message);
    if (strncmp(err.message, field, strlen(field)) != 0)
        fail_msg("does not say where: %s", err.message);
    gadgets_init(f);
}

static void the_head_is_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.plugin.id = "gadgets";
    expect(&f, "id", "name");
    f.plugin.id = NULL;
    expect(&f, "id", "required");
    f.plugin.version = "1.0";
    expect(&f, "version", "name");
    f.plugin.summary = "";
    expect(&f, "summary", "required");
    f.plugin.tier = 4;
    expect(&f, "tier", "unknown_tier");
    f.plugin.flags = 4;
    expect(&f, "flags", "unknown_flag");
    f.plugin.schema_oldest = 3;
    expect(&f, "schema", "range");
    f.plugin.schema_oldest = 0;
    expect(&f, "schema", "range");
    f.plugin.descriptors.count = 0;
    expect(&f, "descriptors", "required");
}

static void the_hub_is_a_plain_name_or_none(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.plugin.hub = "Service";
    expect(&f, "hub", "name");
    f.plugin.hub = "";
    expect(&f, "hub", "name");
    f.plugin.hub = NULL;
    assert_int_equal(manifest_check(&f.plugin, NULL), TN_OK);
}

static void capabilities_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.capabilities[0].kind = 0;
    expect(&f, "capabilities[0].kind", "unknown_kind");
    f.capabilities[0].kind = TN_PROGRAM + 1;
    expect(&f, "capabilities[0].kind", "unknown_kind");
    f.capabilities[0].value = "api.example.org";
    expect(&f, "capabilities[0].value", "name");
    f.capabilities[1].value = "share/gadgets";
    expect(&f, "capabilities[1].value", "name");
    f.capabilities[2].value = NULL;
    expect(&f, "capabilities[2].value", "required");
    f.capabilities[2].reason = NULL;
    expect(&f, "capabilities[2].reason", "required");
    f.capabilities[2].reserved = 1;
    expect(&f, "capabilities[2].reserved", "reserved");
    f.capabilities[2] = f.capabilities[1];
    expect(&f, "capabilities[2].value", "unique");
    f.capabilities[2].value = f.capabilities[1].value; /* read and run are two things */
    assert_int_equal(manifest_check(&f.plugin, NULL), TN_OK);
}

static void needs_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.needs[0].id = "core";
    expect(&f, "needs[0].id", "name");
    f.needs[0].slot = NULL;
    expect(&f, "needs[0].slot", "required");
    f.needs[0].min_size = 12;
    expect(&f, "needs[0].min_size", "size");
    f.needs[0].flags = 2;
    expect(&f, "needs[0].flags", "unknown_flag");
}

static void types_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.types[GADGET].name = "Gadgets";
    expect(&f, "types[0].name", "name");
    f.types[SITE].name = "gadgets";
    expect(&f, "types[1].name", "unique");
    f.types[ASK].name = "Ask";
    expect(&f, "types[3].name", "name");
    f.types[GADGET].label = NULL;
    expect(&f, "types[0].label", "required");
    f.types[GADGET].flags = 1u << 30;
    expect(&f, "types[0].flags", "unknown_flag");
    f.types[GADGET].flags = TN_WRITES;
    expect(&f, "types[0].flags", "needs_extern");
    f.types[GADGET].flags = TN_ENCODED;
    expect(&f, "types[0].flags", "needs_message");
    f.types[SITE].flags |= TN_MARK(7);
    expect(&f, "types[1].flags", "mark");
    f.types[ANSWER].flags |= TN_MARK(0);
    expect(&f, "types[4].flags", "mark");
    f.types[ANSWER].flags |= TN_WRITES;
    expect(&f, "types[4].flags", "message");
    f.types[USER].flags |= TN_WRITES;
    expect(&f, "types[2].flags", "host_type");
    f.types[GADGET].tier = 9;
    expect(&f, "types[0].tier", "unknown_tier");
}

static void properties_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.properties[SITE_NAME].type = TYPE_COUNT;
    expect(&f, "properties[4].type", "no_such_row");
    f.properties[SITE_NAME].type = TN_MARKED(0);
    expect(&f, "properties[4].type", "no_such_row");
    f.properties[NAME].name = NULL;
    expect(&f, "properties[0].name", "required");
    f.properties[NAME].name = "count";
    expect(&f, "properties[2].name", "unique");
    f.properties[NAME].kind = TN_NONE;
    expect(&f, "properties[0].kind", "unknown_kind");
    f.properties[NAME].kind = TN_DURATION + 1;
    expect(&f, "properties[0].kind", "unknown_kind");
    f.properties[NAME].flags = TN_TRAVELS;
    expect(&f, "properties[0].flags", "unknown_flag");
    f.properties[NAME].flags = TN_WRITES;
    expect(&f, "properties[0].flags", "needs_extern");
    f.properties[SITE_NAME].flags |= TN_UNIQUE;
    expect(&f, "properties[4].flags", "unknown_flag");
    f.properties[NAME].label = NULL;
    expect(&f, "properties[0].label", "required");
    f.properties[COUNT].flags = TN_SEARCHABLE;
    expect(&f, "properties[2].flags", "kind");
}

static void references_and_owners_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.properties[ASK_GADGET].refers = ASK;
    expect(&f, "properties[5].refers", "no_such_row");
    f.properties[COUNT].refers = 1;
    expect(&f, "properties[2].refers", "kind");
    f.properties[OWNER].refers = SITE;
    expect(&f, "properties[3].flags", "owner");
    f.properties[COUNT].flags = TN_OWNER;
    f.properties[OWNER].flags = 0;
    expect(&f, "properties[2].flags", "owner");
    f.properties[COUNT] = f.properties[OWNER];
    f.properties[COUNT].name = "second_owner";
    f.plugin.rollups.count = 0;
    expect(&f, "properties[3].flags", "unique");
}

static void choices_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.properties[NAME].options = f.properties[STATE].options;
    expect(&f, "properties[0].options", "kind");
    f.properties[STATE].fallback = "old";
    expect(&f, "properties[1].fallback", "option");
    f.options[1].name = "a;b";
    f.associations[0].labels.count = 0;
    expect(&f, "properties[1].options", "name");
    f.options[1].name = "new";
    f.associations[0].labels.count = 0;
    expect(&f, "properties[1].options", "unique");
}

static void fields_of_messages_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.properties[ASK_GADGET].type = PACKED;
    expect(&f, "properties[5].type", "encoded");
    f.properties[ASK_GADGET].type = ANSWER;
    expect(&f, "properties[5].flags", "message");
    f.properties[ASK_GADGET].flags = TN_EXTERN;
    expect(&f, "properties[5].flags", "message");
    f.properties[ASK_GADGET].flags = TN_INDEXED;
    expect(&f, "properties[5].flags", "unknown_flag");
}

static void marked_types_are_accepted_where_they_belong(void **state)
{
    struct gadgets f;
    struct err err;

    (void)state;
    gadgets_init(&f);
    f.properties[NAME].type = TN_MARKED(TN_STAGED);
    f.hooks[0].type = TN_MARKED(TN_MARK(7) | TN_MARK(1));
    err_init(&err, NULL);
    assert_int_equal(manifest_check(&f.plugin, &err), TN_OK);
    f.timers[0].type = TN_MARKED(TN_STAGED);
    f.properties[NAME].type = GADGET;
    expect(&f, "timers[0].type", "no_such_row");
    f.associations[1].to = TN_ANY_TYPE;
    expect(&f, "associations[1].to", "no_such_row");
}

static void associations_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.associations[1].name = "gadget_to_site";
    expect(&f, "associations[1].name", "unique");
    f.associations[1].from = ASK;
    expect(&f, "associations[1].from", "no_such_row");
    f.associations[1].reserved = 1;
    expect(&f, "associations[1].reserved", "reserved");
    f.associations[1].flags = 1;
    expect(&f, "associations[1].flags", "unknown_flag");
    f.associations[1].inverse = NULL;
    expect(&f, "associations[1].inverse", "required");
}

static void rollups_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.group[0] = SITE_NAME;
    expect(&f, "rollups[0].sum", "no_such_row");
    f.group[0] = ASK_GADGET;
    expect(&f, "rollups[0].group", "no_such_row");
    f.group[0] = PROPERTY_COUNT;
    expect(&f, "rollups[0].group", "no_such_row");
    f.sum[0] = NAME;
    expect(&f, "rollups[0].sum", "kind");
    f.plugin.rollups.items = f.rollups;
    f.rollups[0].sum.count = 0;
    f.rollups[0].by = (struct tn_index_list){(uint32_t[]){COUNT}, 1, 4};
    expect(&f, "rollups[0].by", "length");
}

static void callbacks_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.hooks[0].run = NULL;
    expect(&f, "hooks[0].run", "required");
    f.hooks[0].type = ASK;
    f.plugin.associations.count = 2;
    f.hooks[0].on.count = 0;
    f.hooks[0].with.count = 0;
    expect(&f, "hooks[0].type", "no_such_row");
    f.hooks[0].flags = 2;
    expect(&f, "hooks[0].flags", "unknown_flag");
    f.on[0] = SITE_NAME;
    f.consumers[0].on.count = 0;
    expect(&f, "hooks[0].on", "no_such_row");
    f.with[0] = 2;
    expect(&f, "hooks[0].with", "no_such_row");
    f.with[0] = 0 | TN_INVERSE; /* between two types: the direction is plain */
    expect(&f, "hooks[0].with", "no_such_row");
    f.consumers[0].name = "Copy";
    expect(&f, "consumers[0].name", "name");
    f.timers[0].run = NULL;
    expect(&f, "timers[0].run", "required");
    f.timers[0].flags = 2;
    expect(&f, "timers[0].flags", "unknown_flag");
}

static void methods_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.methods[0].name = "Ask";
    expect(&f, "methods[0].name", "name");
    f.methods[1].name = f.methods[0].name;
    expect(&f, "methods[1].name", "unique");
    f.methods[0].request = GADGET;
    expect(&f, "methods[0].request", "no_such_row");
    f.methods[0].response = TYPE_COUNT;
    expect(&f, "methods[0].response", "no_such_row");
    f.methods[0].run = NULL;
    expect(&f, "methods[0].run", "required");
    f.methods[1].run = f.methods[0].run;
    expect(&f, "methods[1].run", "extern");
    f.methods[1].flags |= TN_JOINS;
    expect(&f, "methods[1].flags", "unknown_flag");
    f.methods[0].flags = TN_JOINS | TN_OUTSIDE;
    expect(&f, "methods[0].flags", "joins");
}

static void settings_features_and_texts_are_checked(void **state)
{
    struct gadgets f;
    (void)state;
    gadgets_init(&f);
    f.settings[0].doc = NULL;
    expect(&f, "settings[0].doc", "required");
    f.settings[0].kind = 99;
    expect(&f, "settings[0].kind", "unknown_kind");
    f.settings[0].flags = 4;
    expect(&f, "settings[0].flags", "unknown_flag");
    f.features[0].name = "More";
    expect(&f, "features[0].name", "name");
    f.texts[0].language = "french";
    expect(&f, "texts[0].language", "name");
    f.texts[0].text = NULL;
    expect(&f, "texts[0].text", "required");
}

static void every_mistake_is_told_at_once(void **state)
{
    struct gadgets f;
    struct err err;

    (void)state;
    gadgets_init(&f);
    f.plugin.id = NULL;
    f.types[GADGET].label = NULL;
    f.methods[0].run = NULL;
    err_init(&err, NULL);
    assert_int_equal(manifest_check(&f.plugin, &err), TN_INVALID_ARGUMENT);
    assert_int_equal(err.violation_count, 3);
    assert_string_equal(err.violations[0].field, "id");
    assert_string_equal(err.violations[1].field, "types[0].label");
    assert_string_equal(err.violations[2].field, "methods[0].run");
}

static void a_failed_allocation_is_reported_and_leaks_nothing(void **state)
{
    struct gadgets f;
    struct err err;

    (void)state;
    gadgets_init(&f);
    for (unsigned nth = 1; nth < 100; nth++) {
        err_init(&err, NULL);
        mem_fail_at(nth);
        tn_status status = manifest_check(&f.plugin, &err);
        mem_fail_never();
        if (status == TN_OK) {
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(status, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("checking takes more than 99 allocations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_that_is_right_is_accepted),
        cmocka_unit_test(the_head_is_checked),
        cmocka_unit_test(the_hub_is_a_plain_name_or_none),
        cmocka_unit_test(capabilities_are_checked),
        cmocka_unit_test(needs_are_checked),
        cmocka_unit_test(types_are_checked),
        cmocka_unit_test(properties_are_checked),
        cmocka_unit_test(references_and_owners_are_checked),
        cmocka_unit_test(choices_are_checked),
        cmocka_unit_test(fields_of_messages_are_checked),
        cmocka_unit_test(marked_types_are_accepted_where_they_belong),
        cmocka_unit_test(associations_are_checked),
        cmocka_unit_test(rollups_are_checked),
        cmocka_unit_test(callbacks_are_checked),
        cmocka_unit_test(methods_are_checked),
        cmocka_unit_test(settings_features_and_texts_are_checked),
        cmocka_unit_test(every_mistake_is_told_at_once),
        cmocka_unit_test(a_failed_allocation_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
