/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/schema: what plugins declare, what portals add, and what both may not. */
#include "core/schema/catalog.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "core/base/utf8.h"
#include "tests/unit/store_fixture.h"

#define PORTAL 1u

struct opened {
    struct fixture *dir;
    struct store *store;
    struct catalog *catalog;
    struct err err;
};

static void open_all(struct opened *o)
{
    err_init(&o->err, NULL);
    o->store = fixture_open(o->dir);
    if (catalog_open(o->store, &o->catalog, &o->err) != TN_OK)
        fail_msg("%s", o->err.message);
}

static void close_all(struct opened *o)
{
    catalog_close(o->catalog);
    store_close(o->store);
}

static int set_up(void **state)
{
    struct opened *o = mem_new(struct opened);
    void *dir = NULL;

    assert_non_null(o);
    assert_int_equal(fixture_make(&dir), 0);
    o->dir = dir;
    open_all(o);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    struct opened *o = *state;
    void *dir = o->dir;

    close_all(o);
    (void)fixture_remove(&dir);
    mem_free(o);
    return 0;
}

/* Plugins: `pumps` with a choice, `wells`, and others that use, clash or differ. */

enum { PUMP, WELL };
enum { CODE, STATE, DEPTH };
static const struct tn_option states[] = {{"on", "On"}, {"off", "Off"}};
static const struct tn_option labels[] = {{"main", "Main"}, {"spare", "Spare"}};
static const struct tn_option labels_more[] = {
    {"main", "Main"}, {"spare", "Spare"}, {"old", "Old"}};
static const struct tn_option labels_turned[] = {{"spare", "Spare"}, {"main", "Main"}};
static const struct tn_type types[] = {
    [PUMP] = {.name = "pumps", .label = "Pump", .plural = "Pumps", .flags = TN_MARK(2)},
    [WELL] = {.name = "wells", .label = "Well", .plural = "Wells"},
};
static const struct tn_property properties[] = {
    [CODE] = {.type = PUMP, .kind = TN_TEXT, .name = "code", .flags = TN_UNIQUE | TN_SEARCHABLE},
    [STATE] = {.type = PUMP,
               .kind = TN_CHOICE,
               .name = "state",
               .label = "State",
               .fallback = "on",
               .options = TN_LIST(states)},
    [DEPTH] = {.type = WELL, .kind = TN_NUMBER, .name = "depth"},
};
static const struct tn_association associations[] = {
    {"pump_to_well", PUMP, WELL, .labels = TN_LIST(labels)}};
static const uint32_t by_state[] = {STATE};
static const struct tn_rollup rollups[] = {{.name = "pumps_by_state", .group = TN_LIST(by_state)}};
static const struct tn_text texts[] = {{"fr", "Pump", "Pompe"}, {"fr", "On", "En marche"}};

#define PLUGIN(id_)                                                                    \
    .magic = TN_MAGIC, .struct_size = (uint32_t)sizeof(struct tn_plugin), .id = (id_), \
    .version = "1.0.0", .summary = "of a test", .schema = 1, .schema_oldest = 1

static const struct tn_plugin pumps = {PLUGIN("org.example.pumps"),
                                       .types = TN_LIST(types),
                                       .properties = TN_LIST(properties),
                                       .associations = TN_LIST(associations),
                                       .rollups = TN_LIST(rollups),
                                       .texts = TN_LIST(texts)};

static struct catalog_declared *must_declare(struct opened *o, const struct tn_plugin *plugin)
{
    struct catalog_declared *declared = NULL;

    err_clear(&o->err);
    if (catalog_declare(o->catalog, plugin, &declared, &o->err) != TN_OK)
        fail_msg("%s", o->err.message);
    return declared;
}

static void must_keep(struct opened *o, const struct tn_plugin *plugin)
{
    struct catalog_declared *declared = must_declare(o, plugin);

    assert_int_equal(catalog_keep(o->catalog, declared, &o->err), TN_OK);
    catalog_declared_destroy(declared);
}

static tn_status refusal(struct opened *o, const struct tn_plugin *plugin)
{
    struct catalog_declared *declared = NULL;

    err_clear(&o->err);
    tn_status st = catalog_declare(o->catalog, plugin, &declared, &o->err);
    assert_null(declared);
    assert_int_equal(o->err.status, st);
    return st;
}

static const struct schema_property *find(const struct schema *schema, const char *type,
                                          const char *name)
{
    const struct schema_type *found = schema_type_by_name(schema, utf8_str(type));

    return found ? schema_property_by_name(schema, found, utf8_str(name)) : NULL;
}

static struct schema *schema_now(struct opened *o)
{
    struct schema *schema = catalog_schema(o->catalog, PORTAL);

    assert_non_null(schema);
    return schema;
}

static void declared_names_get_ids_that_stay(void **state)
{
    struct opened *o = *state;
    struct catalog_declared *declared = must_declare(o, &pumps);
    const struct catalog_binding *binding = catalog_binding(declared);
    const uint32_t pump = binding->types[PUMP];
    const uint32_t depth = binding->properties[DEPTH];
    const uint32_t link = binding->associations[0];
    const uint32_t rollup = binding->rollups[0];

    assert_true(pump >= SCHEMA_ID_MIN);
    assert_int_equal(catalog_keep(o->catalog, declared, &o->err), TN_OK);
    catalog_declared_destroy(declared);
    for (int i = 0; i < 2; i++) {
        struct schema *schema = schema_now(o);

        assert_int_equal(schema_type_by_name(schema, utf8_str("pumps"))->id, pump);
        assert_int_equal(find(schema, "wells", "depth")->id, depth);
        assert_int_equal(schema_association_by_id(schema, link)->max_to, 0);
        assert_int_equal(schema_rollup_by_name(schema, utf8_str("pumps_by_state"))->id, rollup);
        schema_unref(schema);
        close_all(o);
        open_all(o);
        must_keep(o, &pumps); /* as it was: nothing new */
    }
}

static void declaring_again_changes_texts_and_adds(void **state)
{
    struct opened *o = *state;
    static const struct tn_type renamed[] = {
        [PUMP] = {.name = "pumps", .label = "Water pump", .flags = TN_MARK(2)},
        [WELL] = {.name = "wells"},
    };
    static const struct tn_association more[] = {
        {"pump_to_well", PUMP, WELL, .max_to = 3, .labels = TN_LIST(labels_more)}};
    struct tn_plugin next = pumps;

    next.types = (struct tn_type_list)TN_LIST(renamed);
    next.associations = (struct tn_association_list)TN_LIST(more);
    must_keep(o, &pumps);
    close_all(o);
    open_all(o);
    must_keep(o, &next);
    close_all(o);
    open_all(o); /* without the plugin: what is stored is the newer */
    struct schema *schema = schema_now(o);
    bool is_inverse;
    const struct schema_association *association =
        schema_association_by_name(schema, utf8_str("well_to_pump"), &is_inverse);
    assert_true(is_inverse);
    assert_int_equal(association->label_count, 3);
    assert_int_equal(association->max_to, 3);
    assert_true(utf8_is(schema_type_by_name(schema, utf8_str("pumps"))->label, "Water pump"));
    schema_unref(schema);
}

static void names_of_others_are_refused(void **state)
{
    struct opened *o = *state;
    static const struct tn_type same[] = {{.name = "pumps"}};
    static const struct tn_type uses[] = {{.name = "pumps", .flags = TN_EXTERN}};
    static const struct tn_property code[] = {{.type = 0, .kind = TN_TEXT, .name = "code"}};
    static const struct tn_association link[] = {{"pump_to_well", 0, 0, .label = NULL}};
    static const struct tn_plugin type = {PLUGIN("org.example.other"), .types = TN_LIST(same)};
    static const struct tn_plugin property = {
        PLUGIN("org.example.other"), .types = TN_LIST(uses), .properties = TN_LIST(code)};
    static const struct tn_plugin association = {
        PLUGIN("org.example.other"), .types = TN_LIST(uses), .associations = TN_LIST(link)};

    must_keep(o, &pumps);
    assert_int_equal(refusal(o, &type), TN_ALREADY_EXISTS);
    assert_int_equal(refusal(o, &property), TN_ALREADY_EXISTS);
    assert_int_equal(refusal(o, &association), TN_ALREADY_EXISTS);
}

static void inverse_name_of_an_association_is_taken_too(void **state)
{
    struct opened *o = *state;
    static const struct tn_type own[] = {{.name = "pumps", .flags = TN_EXTERN}, {.name = "parts"}};
    static const struct tn_association both[] = {{"pump_to_part", 0, 1, .label = NULL},
                                                 {"part_to_pump", 1, 0, .label = NULL}};
    static const struct tn_association self[] = {{"upper_to_lower", 1, 1, .label = NULL},
                                                 {"lower_to_upper", 1, 1, .label = NULL}};
    static const struct tn_plugin twice = {
        PLUGIN("org.example.parts"), .types = TN_LIST(own), .associations = TN_LIST(both)};
    static const struct tn_plugin turned = {
        PLUGIN("org.example.parts"), .types = TN_LIST(own), .associations = TN_LIST(self)};

    must_keep(o, &pumps);
    assert_int_equal(refusal(o, &twice), TN_ALREADY_EXISTS);
    assert_int_equal(refusal(o, &turned), TN_ALREADY_EXISTS);
}

static void what_others_must_declare_has_to_be_there(void **state)
{
    struct opened *o = *state;
    static const struct tn_type uses[] = {{.name = "pumps", .flags = TN_EXTERN}};
    static const struct tn_property none[] = {
        {.type = 0, .kind = TN_TEXT, .name = "colour", .flags = TN_EXTERN}};
    static const struct tn_property kind[] = {
        {.type = 0, .kind = TN_NUMBER, .name = "code", .flags = TN_EXTERN}};
    static const struct tn_property code[] = {
        {.type = 0, .kind = TN_TEXT, .name = "code", .flags = TN_EXTERN}};
    static const struct tn_association link[] = {{"pump_to_moon", 0, 0, .flags = TN_EXTERN}};
    static const struct tn_plugin type = {PLUGIN("org.example.user"), .types = TN_LIST(uses)};
    struct tn_plugin user = type;

    assert_int_equal(refusal(o, &type), TN_NOT_FOUND);
    must_keep(o, &pumps);
    user.properties = (struct tn_property_list)TN_LIST(none);
    assert_int_equal(refusal(o, &user), TN_NOT_FOUND);
    user.properties = (struct tn_property_list)TN_LIST(kind);
    assert_int_equal(refusal(o, &user), TN_FAILED_PRECONDITION);
    user.properties = (struct tn_property_list)TN_LIST(code);
    user.associations = (struct tn_association_list)TN_LIST(link);
    assert_int_equal(refusal(o, &user), TN_NOT_FOUND);
    user.associations.count = 0;
    struct catalog_declared *declared = must_declare(o, &user);
    struct schema *schema = schema_now(o);
    assert_int_equal(catalog_binding(declared)->properties[0], find(schema, "pumps", "code")->id);
    schema_unref(schema);
    catalog_declared_destroy(declared);
}

static void what_stored_values_do_not_allow_is_refused(void **state)
{
    struct opened *o = *state;
    struct tn_property changed[3];
    static const struct tn_association turned[] = {
        {"pump_to_well", PUMP, WELL, .labels = TN_LIST(labels_turned)}};
    static const struct tn_association fewer[] = {{"pump_to_well", PUMP, WELL, .label = NULL}};
    static const struct tn_association ends[] = {
        {"pump_to_well", WELL, PUMP, .labels = TN_LIST(labels)}};
    static const uint32_t by_code[] = {CODE};
    static const struct tn_rollup other[] = {{.name = "pumps_by_state", .group = TN_LIST(by_code)}};
    struct tn_plugin next = pumps;

    must_keep(o, &pumps);
    memcpy(changed, properties, sizeof(changed));
    next.properties = (struct tn_property_list)TN_LIST(changed);
    changed[DEPTH].kind = TN_TEXT;
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
    changed[DEPTH].kind = TN_NUMBER;
    changed[CODE].flags = TN_SEARCHABLE;
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
    next.properties = pumps.properties;
    next.associations = (struct tn_association_list)TN_LIST(turned);
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
    next.associations = (struct tn_association_list)TN_LIST(fewer);
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
    next.associations = (struct tn_association_list)TN_LIST(ends);
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
    next.associations = pumps.associations;
    next.rollups = (struct tn_rollup_list)TN_LIST(other);
    assert_int_equal(refusal(o, &next), TN_FAILED_PRECONDITION);
}

static void a_declaration_that_is_not_kept_leaves_nothing_behind(void **state)
{
    struct opened *o = *state;
    static const struct tn_type mills[] = {{.name = "mills"}};
    static const struct tn_property everywhere[] = {
        {.type = TN_ANY_TYPE, .kind = TN_TEXT, .name = "remark"}};
    static const struct tn_plugin second = {PLUGIN("org.example.mills"),
                                            .types = TN_LIST(mills),
                                            .properties = TN_LIST(everywhere),
                                            .texts = TN_LIST(texts)};

    struct catalog_declared *declared = must_declare(o, &second);
    uint32_t id = catalog_binding(declared)->types[0];
    struct schema *schema = schema_now(o);
    assert_null(schema_type_by_name(schema, utf8_str("mills")));
    assert_null(find(schema, "users", "remark"));
    assert_true(utf8_is(schema_text(schema, "fr", utf8_str("Pump")), "Pump"));
    schema_unref(schema);
    catalog_declared_destroy(declared);
    declared = must_declare(o, &pumps); /* its templates are gone too */
    assert_int_equal(catalog_binding(declared)->types[PUMP], id);
    catalog_declared_destroy(declared);
    close_all(o);
    open_all(o);
    schema = schema_now(o);
    assert_null(schema_type_by_name(schema, utf8_str("pumps")));
    schema_unref(schema);
}

static void templates_reach_types_declared_before_and_later(void **state)
{
    struct opened *o = *state;
    static const struct tn_type mills[] = {{.name = "mills", .flags = TN_MARK(2)}};
    static const struct tn_property rows[] = {
        {.type = TN_ANY_TYPE, .kind = TN_TEXT, .name = "remark"},
        {.type = TN_MARKED(TN_MARK(2) | TN_MARK(3)), .kind = TN_NUMBER, .name = "power"},
    };
    static const struct tn_plugin templates = {PLUGIN("org.example.templates"),
                                               .properties = TN_LIST(rows)};
    static const struct tn_plugin later = {PLUGIN("org.example.mills"), .types = TN_LIST(mills)};
    uint32_t id = 0;

    must_keep(o, &pumps);
    must_keep(o, &templates);
    must_keep(o, &later);
    for (int i = 0; i < 2; i++) {
        struct schema *schema = schema_now(o);

        assert_non_null(find(schema, "pumps", "power"));
        assert_non_null(find(schema, "wells", "remark"));
        assert_null(find(schema, "wells", "power"));
        assert_non_null(find(schema, "users", "remark"));
        assert_non_null(find(schema, "mills", "remark"));
        const struct schema_property *power = find(schema, "mills", "power");
        assert_non_null(power);
        assert_true(utf8_is(power->owner, "org.example.templates"));
        assert_true(id == 0 || id == power->id);
        id = power->id;
        schema_unref(schema);
        close_all(o);
        open_all(o);
        must_keep(o, &later); /* in another order */
        must_keep(o, &pumps);
        must_keep(o, &templates);
    }
}

static void texts_are_told_in_french(void **state)
{
    struct opened *o = *state;

    must_keep(o, &pumps);
    struct schema *schema = schema_now(o);
    const struct schema_property *property = find(schema, "pumps", "state");
    assert_true(utf8_is(schema_text(schema, "fr-CA", utf8_str("Pump")), "Pompe"));
    assert_true(utf8_is(schema_text(schema, "fr", property->options[0].label), "En marche"));
    assert_true(utf8_is(schema_text(schema, "fr", property->options[1].label), "Off"));
    assert_true(utf8_is(schema_text(schema, "en", utf8_str("Pump")), "Pump"));
    assert_true(utf8_is(schema_text(schema, "de", utf8_str("Pump")), "Pump"));
    assert_true(utf8_is(schema_text(schema, "fr", utf8_str("First name")), "Prénom"));
    schema_unref(schema);
}

/* Fails the 1st, 2nd, ... allocation until the declaration gets through. */
static void declaration_survives_any_failed_allocation(void **state)
{
    struct opened *o = *state;

    for (unsigned nth = 1; nth < 2000; nth++) {
        struct catalog_declared *declared = NULL;

        err_clear(&o->err);
        mem_fail_at(nth);
        tn_status st = catalog_declare(o->catalog, &pumps, &declared, &o->err);
        mem_fail_never();
        struct schema *schema = schema_now(o);
        assert_null(schema_type_by_name(schema, utf8_str("pumps")));
        schema_unref(schema);
        if (st == TN_OK) {
            assert_int_equal(catalog_keep(o->catalog, declared, &o->err), TN_OK);
            catalog_declared_destroy(declared);
            return;
        }
        assert_null(declared);
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("a declaration needs more than 2000 allocations");
}

/* Portals' own */

static tn_status evolve(struct opened *o, tn_status st, struct store_batch *batch,
                        struct schema *schema)
{
    if (st == TN_OK) {
        assert_int_equal(store_write(o->store, batch, true, &o->err), TN_OK);
        catalog_adopt(o->catalog, PORTAL, schema);
    }
    store_batch_destroy(batch);
    return st;
}

static tn_status change(struct opened *o, const struct catalog_change *change)
{
    struct store_batch *batch = store_batch_create();
    struct schema *schema = NULL;

    err_clear(&o->err);
    tn_status st = catalog_change(o->catalog, PORTAL, change, batch, &schema, &o->err);
    return evolve(o, st, batch, schema);
}

static tn_status add_type(struct opened *o, const char *name)
{
    const struct catalog_type_request request = {.name = utf8_str(name)};

    return change(o, &(struct catalog_change){.add_type = &request});
}

static tn_status add_property(struct opened *o, const struct catalog_property_request *request)
{
    return change(o, &(struct catalog_change){.add_property = request});
}

static tn_status update_property(struct opened *o, const struct catalog_property_request *request)
{
    return change(o, &(struct catalog_change){.update_property = request});
}

static tn_status archive_property(struct opened *o, const char *type, const char *name)
{
    const struct catalog_property_request request = {.type = utf8_str(type),
                                                     .name = utf8_str(name)};

    return change(o, &(struct catalog_change){.archive_property = &request});
}

static tn_status archive_type(struct opened *o, const char *type, bool is_archived)
{
    struct tn_str name = utf8_str(type);
    struct catalog_change wanted = {0};

    if (is_archived)
        wanted.archive_type = &name;
    else
        wanted.restore_type = &name;
    return change(o, &wanted);
}

static tn_status add_association(struct opened *o,
                                 const struct catalog_association_request *request)
{
    return change(o, &(struct catalog_change){.add_association = request});
}

static void portal_adds_what_no_other_portal_sees(void **state)
{
    struct opened *o = *state;
    struct catalog_property_request colour = {
        .type = utf8_str("lorries"), .name = utf8_str("colour"), .kind = TN_TEXT};
    struct catalog_association_request drives = {
        .name = utf8_str("lorry_to_pump"), .from = utf8_str("lorries"), .to = utf8_str("pumps")};

    must_keep(o, &pumps);
    assert_int_equal(add_type(o, "lorries"), TN_OK);
    assert_int_equal(add_property(o, &colour), TN_OK);
    assert_int_equal(add_association(o, &drives), TN_OK);
    for (int i = 0; i < 2; i++) {
        struct schema *schema = schema_now(o);
        struct schema *other = catalog_schema(o->catalog, PORTAL + 1);
        bool is_inverse;

        assert_true(find(schema, "lorries", "colour")->id >= SCHEMA_PORTAL_ID);
        assert_non_null(schema_association_by_name(schema, utf8_str("pump_to_lorry"), &is_inverse));
        assert_null(schema_type_by_name(other, utf8_str("lorries")));
        assert_null(schema_association_by_name(other, utf8_str("lorry_to_pump"), &is_inverse));
        schema_unref(schema);
        schema_unref(other);
        close_all(o);
        open_all(o);
    }
}

static void portal_is_refused_what_clashes(void **state)
{
    struct opened *o = *state;
    struct catalog_property_request code = {
        .type = utf8_str("pumps"), .name = utf8_str("code"), .kind = TN_TEXT};
    struct catalog_association_request link = {
        .name = utf8_str("well_to_pump"), .from = utf8_str("pumps"), .to = utf8_str("wells")};

    must_keep(o, &pumps);
    assert_int_equal(add_type(o, "pumps"), TN_ALREADY_EXISTS);
    assert_int_equal(add_type(o, "users"), TN_ALREADY_EXISTS);
    assert_int_equal(add_type(o, "Pumps"), TN_INVALID_ARGUMENT);
    assert_int_equal(add_type(o, ""), TN_INVALID_ARGUMENT);
    assert_int_equal(add_property(o, &code), TN_ALREADY_EXISTS);
    code.type = utf8_str("moons");
    assert_int_equal(add_property(o, &code), TN_NOT_FOUND);
    assert_int_equal(add_association(o, &link), TN_ALREADY_EXISTS);
    link.name = utf8_str("pump_to_moon");
    link.to = utf8_str("moons");
    assert_int_equal(add_association(o, &link), TN_NOT_FOUND);
}

static void property_of_a_portal_is_updated_within_bounds(void **state)
{
    struct opened *o = *state;
    struct schema_option sizes[] = {{utf8_str("s"), utf8_str("Small")},
                                    {utf8_str("l"), utf8_str("Large")},
                                    {utf8_str("m"), utf8_str("Medium")}};
    struct catalog_property_request size = {.type = utf8_str("pumps"),
                                            .name = utf8_str("size"),
                                            .kind = TN_CHOICE,
                                            .options = sizes,
                                            .option_count = 2};

    must_keep(o, &pumps);
    assert_int_equal(add_property(o, &size), TN_OK);
    struct schema *before = schema_now(o);
    uint32_t id = find(before, "pumps", "size")->id;
    size.option_count = 3;
    size.label = utf8_str("How large");
    size.flags = TN_HIDDEN;
    assert_int_equal(update_property(o, &size), TN_OK);
    assert_int_equal(find(before, "pumps", "size")->option_count, 2); /* who reads it still may */
    schema_unref(before);
    size.option_count = 1;
    assert_int_equal(update_property(o, &size), TN_FAILED_PRECONDITION);
    size.option_count = 0;
    size.kind = TN_TEXT;
    assert_int_equal(update_property(o, &size), TN_FAILED_PRECONDITION);
    size.name = utf8_str("code");
    size.kind = TN_NONE;
    assert_int_equal(update_property(o, &size), TN_FAILED_PRECONDITION);
    size.name = utf8_str("shape");
    assert_int_equal(update_property(o, &size), TN_NOT_FOUND);
    close_all(o);
    open_all(o);
    struct schema *schema = schema_now(o);
    const struct schema_property *found = find(schema, "pumps", "size");
    assert_int_equal(found->id, id);
    assert_int_equal(found->option_count, 3);
    assert_true(utf8_is(found->label, "How large"));
    assert_true(found->flags & TN_HIDDEN);
    schema_unref(schema);
}

static void archived_property_is_out_of_sight_and_keeps_its_name(void **state)
{
    struct opened *o = *state;
    struct catalog_property_request size = {
        .type = utf8_str("pumps"), .name = utf8_str("size"), .kind = TN_NUMBER};

    must_keep(o, &pumps);
    assert_int_equal(add_property(o, &size), TN_OK);
    assert_int_equal(archive_property(o, "pumps", "size"), TN_OK);
    assert_int_equal(archive_property(o, "pumps", "size"), TN_NOT_FOUND);
    assert_int_equal(archive_property(o, "pumps", "code"), TN_FAILED_PRECONDITION);
    assert_int_equal(add_property(o, &size), TN_ALREADY_EXISTS);
    close_all(o);
    open_all(o);
    struct schema *schema = schema_now(o);
    assert_true(find(schema, "pumps", "size")->is_archived);
    schema_unref(schema);
}

/* What would make every new record be refused is refused when it is made. */
static void fallback_that_is_no_value_is_refused(void **state)
{
    struct opened *o = *state;
    struct schema_option sizes[] = {{utf8_str("s"), utf8_str("Small")}};
    struct catalog_property_request request = {.type = utf8_str("pumps"),
                                               .name = utf8_str("sizes"),
                                               .kind = TN_CHOICES,
                                               .options = sizes,
                                               .option_count = 1};

    must_keep(o, &pumps);
    request.fallback = utf8_str("s;xl");
    assert_int_equal(add_property(o, &request), TN_INVALID_ARGUMENT);
    request.fallback = utf8_str("s");
    assert_int_equal(add_property(o, &request), TN_OK);
    request.option_count = 0;
    request.name = utf8_str("next");
    request.kind = TN_NUMBER;
    request.fallback = utf8_str("many");
    assert_int_equal(add_property(o, &request), TN_INVALID_ARGUMENT);
    request.kind = TN_REF;
    request.fallback = utf8_str("7");
    assert_int_equal(add_property(o, &request), TN_INVALID_ARGUMENT);
    request.kind = TN_TEXT;
    request.fallback = utf8_str("\xff\xfe");
    assert_int_equal(add_property(o, &request), TN_INVALID_ARGUMENT);
}

static void texts_of_a_portal_are_valid_and_bounded(void **state)
{
    struct opened *o = *state;
    char text[5000];
    struct catalog_type_request type = {.name = utf8_str("lorries"), .label = utf8_str("\xff")};
    struct schema_option options[] = {{utf8_str("a\xc3"), utf8_str("A")}};
    struct catalog_property_request property = {
        .type = utf8_str("pumps"), .name = utf8_str("size"), .kind = TN_TEXT};
    struct store_batch *batch = store_batch_create();
    struct schema *schema = NULL;

    must_keep(o, &pumps);
    assert_int_equal(catalog_change(o->catalog,
                                    PORTAL,
                                    &(struct catalog_change){.add_type = &type},
                                    batch,
                                    &schema,
                                    &o->err),
                     TN_INVALID_ARGUMENT);
    store_batch_destroy(batch);
    memset(text, 'x', sizeof(text));
    property.label = (struct tn_str){text, sizeof(text)};
    assert_int_equal(add_property(o, &property), TN_INVALID_ARGUMENT);
    property.label = (struct tn_str){"a\0b", 3};
    assert_int_equal(add_property(o, &property), TN_INVALID_ARGUMENT);
    property.label = utf8_str("Size");
    property.kind = TN_CHOICE;
    property.options = options;
    property.option_count = 1;
    assert_int_equal(add_property(o, &property), TN_INVALID_ARGUMENT);
}

/* A plugin is declared while a portal's change is on its way to the disk. */
static void schema_adopted_late_has_what_was_declared_meanwhile(void **state)
{
    struct opened *o = *state;
    struct catalog_type_request request = {.name = utf8_str("lorries")};
    struct store_batch *batch = store_batch_create();
    struct schema *schema = NULL;

    tn_status st = catalog_change(o->catalog,
                                  PORTAL,
                                  &(struct catalog_change){.add_type = &request},
                                  batch,
                                  &schema,
                                  &o->err);
    must_keep(o, &pumps);
    assert_int_equal(evolve(o, st, batch, schema), TN_OK);
    schema = schema_now(o);
    assert_non_null(schema_type_by_name(schema, utf8_str("lorries")));
    assert_non_null(schema_type_by_name(schema, utf8_str("pumps")));
    schema_unref(schema);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* What plugins declare for every type */

static const struct tn_type places[] = {{.name = "places"}};
static const struct tn_property everywhere[] = {
    {.type = TN_ANY_TYPE,
     .kind = TN_TEXT,
     .name = "remark",
     .flags = TN_SEARCHABLE,
     .fallback = "none"},
    {.type = TN_ANY_TYPE, .kind = TN_REF, .name = "place", .refers = 0},
    {.type = TN_MARKED(TN_MARK(2)), .kind = TN_NUMBER, .name = "power"},
};
static const struct tn_plugin everywhere_plugin = {
    PLUGIN("org.example.everywhere"), .types = TN_LIST(places), .properties = TN_LIST(everywhere)};

static uint32_t id_of_remark(struct opened *o, const char *type)
{
    struct schema *schema = schema_now(o);
    const struct schema_property *remark = find(schema, type, "remark");
    const struct schema_property *place = find(schema, type, "place");

    assert_non_null(remark);
    assert_non_null(place);
    assert_null(find(schema, type, "power"));
    assert_true(utf8_is(remark->owner, "org.example.everywhere"));
    assert_int_equal(place->refers, schema_type_by_name(schema, utf8_str("places"))->id);
    uint32_t id = remark->id;
    schema_unref(schema);
    return id;
}

static void templates_reach_types_that_a_portal_makes(void **state)
{
    struct opened *o = *state;

    must_keep(o, &everywhere_plugin);
    assert_int_equal(add_type(o, "boats"), TN_OK);
    uint32_t id = id_of_remark(o, "boats");
    assert_true(id >= SCHEMA_PORTAL_ID);
    for (int i = 0; i < 2; i++) {
        close_all(o);
        open_all(o);
        must_keep(o, &everywhere_plugin);
        assert_int_equal(id_of_remark(o, "boats"), id);
    }
    assert_int_equal(archive_property(o, "boats", "remark"), TN_FAILED_PRECONDITION);
}

static void templates_reach_types_that_a_portal_made_before(void **state)
{
    struct opened *o = *state;

    assert_int_equal(add_type(o, "boats"), TN_OK);
    close_all(o);
    open_all(o);
    must_keep(o, &everywhere_plugin);
    uint32_t id = id_of_remark(o, "boats");
    assert_int_equal(add_type(o, "rafts"), TN_OK); /* with an id of its own behind those */
    assert_true(id_of_remark(o, "rafts") > id);
    close_all(o);
    open_all(o);
    struct schema *schema = schema_now(o); /* stored, so there without the plugin too */
    assert_int_equal(find(schema, "boats", "remark")->id, id);
    schema_unref(schema);
    must_keep(o, &everywhere_plugin);
    assert_int_equal(id_of_remark(o, "boats"), id);
}

static void a_template_leaves_a_portals_own_property_alone(void **state)
{
    struct opened *o = *state;
    struct catalog_property_request own = {
        .type = utf8_str("boats"), .name = utf8_str("remark"), .kind = TN_NUMBER};

    assert_int_equal(add_type(o, "boats"), TN_OK);
    assert_int_equal(add_property(o, &own), TN_OK);
    must_keep(o, &everywhere_plugin);
    struct schema *schema = schema_now(o);
    const struct schema_property *remark = find(schema, "boats", "remark");
    assert_int_equal(remark->kind, TN_NUMBER);
    assert_true(utf8_is(remark->owner, ""));
    schema_unref(schema);
    assert_int_equal(add_type(o, "rafts"), TN_OK);
    own.type = utf8_str("rafts");
    assert_int_equal(add_property(o, &own), TN_ALREADY_EXISTS); /* the plugin's name now */
}

static void a_template_that_was_not_kept_reaches_no_portal(void **state)
{
    struct opened *o = *state;

    assert_int_equal(add_type(o, "boats"), TN_OK);
    struct catalog_declared *declared = must_declare(o, &everywhere_plugin);
    struct schema *schema = schema_now(o);
    assert_null(find(schema, "boats", "remark"));
    schema_unref(schema);
    catalog_declared_destroy(declared);
    close_all(o);
    open_all(o);
    schema = schema_now(o);
    assert_null(find(schema, "boats", "remark"));
    schema_unref(schema);
}

/* Keeps what has templates, on a thread of its own. */
struct keeper {
    struct opened *o;
    struct catalog_declared *declared;
    sem_t begins;
    tn_status status;
};

static void *keep_templates(void *ctx)
{
    struct keeper *keeper = ctx;

    (void)sem_post(&keeper->begins);
    keeper->status = catalog_keep(keeper->o->catalog, keeper->declared, NULL);
    return NULL;
}

/* A portal's types are read again for the templates: those not yet on the disk would be lost, and
 * their ids given twice. */
static void templates_wait_for_a_portals_change_under_way(void **state)
{
    struct opened *o = *state;
    const struct timespec chance = {.tv_nsec = 20 * 1000000};
    struct catalog_type_request request = {.name = utf8_str("boats")};
    struct keeper keeper = {.o = o, .declared = must_declare(o, &everywhere_plugin)};
    struct store_batch *batch = store_batch_create();
    struct schema *schema = NULL;
    pthread_t thread;

    (void)sem_init(&keeper.begins, 0, 0);
    const struct catalog_change change = {.add_type = &request};
    tn_status st = catalog_change(o->catalog, PORTAL, &change, batch, &schema, &o->err);
    assert_int_equal(pthread_create(&thread, NULL, keep_templates, &keeper), 0);
    (void)sem_wait(&keeper.begins);
    (void)nanosleep(&chance, NULL); /* to go wrong: it holds however long it takes */
    assert_int_equal(evolve(o, st, batch, schema), TN_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)sem_destroy(&keeper.begins);
    assert_int_equal(keeper.status, TN_OK);
    catalog_declared_destroy(keeper.declared);
    schema = schema_now(o);
    const struct schema_type *boats = schema_type_by_name(schema, utf8_str("boats"));
    const struct schema_property *remark = find(schema, "boats", "remark");
    assert_non_null(remark);
    assert_true(remark->id > boats->id); /* both of the portal's own numbers, none twice */
    schema_unref(schema);
}

static void a_later_version_takes_the_place_of_the_one_before(void **state)
{
    struct opened *o = *state;
    static const struct tn_text renamed[] = {{"fr", "Pump", "Pompe neuve"}};
    static const struct tn_property later[] = {
        {.type = PUMP, .kind = TN_TEXT, .name = "maker", .label = "Maker"}};
    struct tn_plugin next = pumps;

    must_keep(o, &pumps);
    next.texts = (struct tn_text_list)TN_LIST(renamed);
    next.properties = (struct tn_property_list)TN_LIST(later);
    next.rollups.count = 0;
    must_keep(o, &next);
    struct schema *schema = schema_now(o);
    assert_non_null(find(schema, "pumps", "maker"));
    assert_non_null(find(schema, "pumps", "code")); /* what was stored stays readable */
    assert_true(utf8_is(schema_text(schema, "fr", utf8_str("Pump")), "Pompe neuve"));
    schema_unref(schema);
    catalog_leave(o->catalog, &pumps); /* was replaced: nothing to do */
    schema = schema_now(o);
    assert_true(utf8_is(schema_text(schema, "fr", utf8_str("Pump")), "Pompe neuve"));
    schema_unref(schema);
    catalog_leave(o->catalog, &next);
    schema = schema_now(o);
    assert_true(utf8_is(schema_text(schema, "fr", utf8_str("Pump")), "Pump"));
    assert_non_null(find(schema, "pumps", "maker"));
    schema_unref(schema);
}

/* Names that a portal gave before a plugin declared them */

static void a_portals_type_keeps_its_name_from_a_later_plugin(void **state)
{
    struct opened *o = *state;
    struct catalog_property_request state_of = {
        .type = utf8_str("pumps"), .name = utf8_str("state"), .kind = TN_NUMBER};

    assert_int_equal(add_type(o, "pumps"), TN_OK);
    assert_int_equal(add_property(o, &state_of), TN_OK);
    struct schema *schema = schema_now(o);
    assert_false(schema_is_crossed(schema));
    uint32_t id = schema_type_by_name(schema, utf8_str("pumps"))->id;
    schema_unref(schema);
    for (int i = 0; i < 2; i++) {
        uint32_t count = 0;

        must_keep(o, &pumps);
        schema = schema_now(o);
        assert_true(schema_is_crossed(schema));
        assert_int_equal(schema_type_by_name(schema, utf8_str("pumps"))->id, id);
        assert_int_equal(find(schema, "pumps", "state")->kind, TN_NUMBER);
        for (uint32_t at = 0; at < (schema_types(schema, &count), count); at++)
            assert_true(schema_types(schema, &count)[at]->id == id ||
                        !utf8_is(schema_types(schema, &count)[at]->name, "pumps"));
        schema_unref(schema);
        close_all(o);
        open_all(o);
    }
    schema = catalog_schema(o->catalog, PORTAL + 1); /* others have the plugin's */
    assert_false(schema_is_crossed(schema));
    assert_true(schema_type_by_name(schema, utf8_str("pumps"))->id != id);
    schema_unref(schema);
    struct catalog_property_request mass = {
        .type = utf8_str("pumps"), .name = utf8_str("mass"), .kind = TN_NUMBER};
    assert_int_equal(add_property(o, &mass), TN_OK);
    schema = schema_now(o);
    assert_int_equal(find(schema, "pumps", "mass")->type, id); /* of the portal's */
    schema_unref(schema);
    assert_int_equal(archive_type(o, "pumps", true), TN_OK);
    schema = schema_now(o);
    assert_false(schema_is_crossed(schema));
    assert_true(schema_type_by_name(schema, utf8_str("pumps"))->id != id);
    schema_unref(schema);
    assert_int_equal(archive_type(o, "pumps", false), TN_FAILED_PRECONDITION);
}

static void a_portals_property_keeps_its_name_until_it_is_archived(void **state)
{
    struct opened *o = *state;
    static const struct tn_type later_types[] = {{.name = "pumps", .flags = TN_EXTERN}};
    static const struct tn_property later_properties[] = {
        {.type = 0, .kind = TN_TEXT, .name = "colour"}};
    static const struct tn_plugin later = {PLUGIN("org.example.colours"),
                                           .types = TN_LIST(later_types),
                                           .properties = TN_LIST(later_properties)};
    struct catalog_property_request colour = {
        .type = utf8_str("pumps"), .name = utf8_str("colour"), .kind = TN_NUMBER};

    must_keep(o, &pumps);
    assert_int_equal(add_property(o, &colour), TN_OK);
    must_keep(o, &later);
    struct schema *schema = schema_now(o);
    assert_true(schema_is_crossed(schema));
    assert_int_equal(find(schema, "pumps", "colour")->kind, TN_NUMBER);
    schema_unref(schema);
    assert_int_equal(archive_property(o, "pumps", "colour"), TN_OK);
    schema = schema_now(o);
    assert_false(schema_is_crossed(schema));
    assert_int_equal(find(schema, "pumps", "colour")->kind, TN_TEXT);
    schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(declared_names_get_ids_that_stay),
        CASE(declaring_again_changes_texts_and_adds),
        CASE(names_of_others_are_refused),
        CASE(inverse_name_of_an_association_is_taken_too),
        CASE(what_others_must_declare_has_to_be_there),
        CASE(what_stored_values_do_not_allow_is_refused),
        CASE(a_declaration_that_is_not_kept_leaves_nothing_behind),
        CASE(templates_reach_types_declared_before_and_later),
        CASE(a_portals_type_keeps_its_name_from_a_later_plugin),
        CASE(a_portals_property_keeps_its_name_until_it_is_archived),
        CASE(templates_reach_types_that_a_portal_makes),
        CASE(templates_reach_types_that_a_portal_made_before),
        CASE(a_template_leaves_a_portals_own_property_alone),
        CASE(a_template_that_was_not_kept_reaches_no_portal),
        CASE(texts_are_told_in_french),
        CASE(declaration_survives_any_failed_allocation),
        CASE(portal_adds_what_no_other_portal_sees),
        CASE(portal_is_refused_what_clashes),
        CASE(property_of_a_portal_is_updated_within_bounds),
        CASE(archived_property_is_out_of_sight_and_keeps_its_name),
        CASE(fallback_that_is_no_value_is_refused),
        CASE(texts_of_a_portal_are_valid_and_bounded),
        CASE(schema_adopted_late_has_what_was_declared_meanwhile),
        CASE(templates_wait_for_a_portals_change_under_way),
        CASE(a_later_version_takes_the_place_of_the_one_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
