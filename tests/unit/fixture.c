/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c - see fixture.h. */
#include "tests/unit/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"

enum { MACHINE, SITE, USER };
enum {
    SERIAL,
    STATE,
    TAGS,
    PRICE,
    WEIGHT,
    INSTALLED_ON,
    HOURS,
    OWNER,
    AT_SITE,
    SITE_NAME,
    MANUAL,
};

static const struct tn_option states[] = {{"new", "New"}, {"used", "Used"}, {"broken", "Broken"}};
static const struct tn_option tags[] = {{"a", "A"}, {"b", "B"}, {"c", "C"}};
static const struct tn_option labels[] = {{"main", "Main"}, {"spare", "Spare"}};

static const struct tn_type types[] = {
    [MACHINE] = {.name = "machines", .label = "Machine", .plural = "Machines"},
    [SITE] = {.name = "sites", .label = "Site", .plural = "Sites"},
    [USER] = {.name = "users", .flags = TN_EXTERN},
};

static const struct tn_property properties[] = {
    [SERIAL] = {.type = MACHINE,
                .kind = TN_TEXT,
                .name = "serial",
                .flags = TN_REQUIRED | TN_UNIQUE | TN_TITLE | TN_SEARCHABLE},
    [STATE] = {.type = MACHINE,
               .kind = TN_CHOICE,
               .name = "state",
               .fallback = "new",
               .options = TN_LIST(states)},
    [TAGS] = {.type = MACHINE, .kind = TN_CHOICES, .name = "tags", .options = TN_LIST(tags)},
    [PRICE] = {.type = MACHINE, .kind = TN_NUMBER, .name = "price", .flags = TN_INDEXED},
    [WEIGHT] = {.type = MACHINE, .kind = TN_NUMBER, .name = "weight"},
    [INSTALLED_ON] = {.type = MACHINE,
                      .kind = TN_DATE,
                      .name = "installed_on",
                      .flags = TN_INDEXED},
    [HOURS] = {.type = MACHINE, .kind = TN_NUMBER, .name = "hours", .flags = TN_READONLY},
    [OWNER] = {.type = MACHINE, .kind = TN_REF, .name = "owner", .flags = TN_OWNER, .refers = USER},
    [AT_SITE] = {.type = MACHINE, .kind = TN_REF, .name = "site", .refers = SITE},
    [SITE_NAME] = {.type = SITE,
                   .kind = TN_TEXT,
                   .name = "name",
                   .flags = TN_REQUIRED | TN_SEARCHABLE | TN_INDEXED},
    [MANUAL] = {.type = MACHINE, .kind = TN_BLOB, .name = "manual"},
};

static const struct tn_association associations[] = {
    {"machine_to_site", MACHINE, SITE, .max_to = 1, .max_from = 2, .labels = TN_LIST(labels)},
    {"machine_to_machine", MACHINE, MACHINE, .max_to = 0},
};

static const uint32_t by_state[] = {STATE};
static const uint32_t price_twice[] = {PRICE, PRICE};
static const uint32_t no_and_weight[] = {UINT32_MAX, WEIGHT};
static const struct tn_rollup rollups[] = {
    {"machines_by_state", TN_LIST(by_state), TN_LIST(price_twice), TN_LIST(no_and_weight)},
};

const struct tn_plugin fixture_plugin = {
    .magic = TN_MAGIC,
    .struct_size = (uint32_t)sizeof(struct tn_plugin),
    .id = "org.example.machines",
    .version = "1.0.0",
    .summary = "Machines at sites",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
};

static void must(struct fixture *f, tn_status st)
{
    if (st != TN_OK)
        fail_msg("%s: %s", err_status_name(st), f->err.message);
}

static void open_all(struct fixture *f)
{
    struct store_options options = {.create_if_missing = true};

    err_init(&f->err, NULL);
    must(f, store_open(f->dir, &options, &f->store, &f->err));
    must(f, catalog_open(f->store, &f->catalog, &f->err));
    must(f, catalog_declare(f->catalog, &fixture_plugin, &f->declared, &f->err));
    must(f, catalog_keep(f->catalog, f->declared, &f->err));
    must(f, portals_open(f->store, &f->portals, &f->err));
    f->portal = portals_find(f->portals, utf8_str("main"));
    f->other = portals_find(f->portals, utf8_str("other"));
    if (!f->portal)
        must(f, portals_create(f->portals, utf8_str("main"), NULL, &f->portal, &f->err));
    if (!f->other)
        must(f, portals_create(f->portals, utf8_str("other"), NULL, &f->other, &f->err));
    struct records_options records = {
        .store = f->store, .catalog = f->catalog, .portals = f->portals};
    must(f, records_create(&records, &f->records, &f->err));
}

static void close_all(struct fixture *f)
{
    records_destroy(f->records);
    portals_close(f->portals);
    catalog_declared_destroy(f->declared);
    catalog_close(f->catalog);
    store_close(f->store);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

struct fixture *fixture_open_at(const char *dir)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    assert_true(strlen(dir) < sizeof(f->dir));
    (void)snprintf(f->dir, sizeof(f->dir), "%s", dir);
    open_all(f);
    return f;
}

struct fixture *fixture_open(void)
{
    char dir[] = "/tmp/tenon-test-XXXXXX";

    assert_non_null(mkdtemp(dir));
    return fixture_open_at(dir);
}

void fixture_leave(struct fixture *f)
{
    close_all(f);
    free(f);
}

void fixture_reopen(struct fixture *f)
{
    close_all(f);
    open_all(f);
}

void fixture_suspend(struct fixture *f)
{
    close_all(f);
}

void fixture_resume(struct fixture *f)
{
    open_all(f);
}

void fixture_close(struct fixture *f)
{
    close_all(f);
    (void)nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
}

struct txn *fixture_begin(struct fixture *f)
{
    struct txn *txn = NULL;
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};

    err_init(&f->err, NULL);
    must(f, txn_begin(f->records, &options, &txn, &f->err));
    return txn;
}

const struct schema_type *fixture_type(struct txn *txn, const char *name)
{
    const struct schema_type *type = schema_type_by_name(txn_schema(txn), utf8_str(name));

    assert_non_null(type);
    return type;
}

const struct schema_property *fixture_property(struct txn *txn, const char *type, const char *name)
{
    const struct schema_property *property =
        schema_property_by_name(txn_schema(txn), fixture_type(txn, type), utf8_str(name));

    assert_non_null(property);
    return property;
}

const struct schema_association *fixture_association(struct txn *txn, const char *name)
{
    bool is_inverse;
    const struct schema_association *association =
        schema_association_by_name(txn_schema(txn), utf8_str(name), &is_inverse);

    assert_non_null(association);
    return association;
}

tn_status fixture_set(struct fixture *f, struct record *record, const char *property,
                      const char *text)
{
    struct txn *txn = record_txn(record);
    const struct schema_property *found =
        schema_property_by_name(txn_schema(txn), record_type(record), utf8_str(property));
    struct tn_value value;

    assert_non_null(found);
    err_clear(&f->err);
    TRY(value_parse(found->kind, utf8_str(text), property, &value, &f->err));
    return record_write(record, found, &value, &f->err);
}

const char *fixture_get(struct record *record, const char *property)
{
    struct txn *txn = record_txn(record);
    const struct schema_property *found =
        schema_property_by_name(txn_schema(txn), record_type(record), utf8_str(property));
    struct tn_value value;
    struct buf text = {0};

    assert_non_null(found);
    assert_int_equal(record_read(record, found, &value), TN_OK);
    assert_int_equal(value_format(&value, &text), TN_OK);
    const char *copy = arena_copy(txn_arena(txn), text.data, text.len);
    buf_fini(&text);
    assert_non_null(copy);
    return copy;
}

tn_status fixture_commit(struct fixture *f, struct txn *txn)
{
    err_clear(&f->err);
    tn_status st = txn_commit_wait(txn, &f->err);
    txn_destroy(txn);
    return st;
}

static tn_id create_one(struct fixture *f, const char *type, const char *property, const char *text)
{
    struct txn *txn = fixture_begin(f);
    struct record *record = NULL;

    must(f, txn_create(txn, fixture_type(txn, type), &record, &f->err));
    must(f, fixture_set(f, record, property, text));
    tn_id id = record_id(record);
    must(f, fixture_commit(f, txn));
    return id;
}

tn_id fixture_machine(struct fixture *f, const char *serial)
{
    return create_one(f, "machines", "serial", serial);
}

tn_id fixture_site(struct fixture *f, const char *name)
{
    return create_one(f, "sites", "name", name);
}

bool fixture_refused(const struct fixture *f, const char *field, const char *rule)
{
    for (uint32_t i = 0; i < f->err.violation_count; i++)
        if (strcmp(f->err.violations[i].field, field) == 0 &&
            strcmp(f->err.violations[i].rule, rule) == 0)
            return true;
    return false;
}
