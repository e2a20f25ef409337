/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entitled.c - what licences do not grant is not written, whoever writes and by whatever way:
 * every transaction and every change of a schema comes through here. Reading asks nobody, and
 * purging what was archived neither: to erase is nobody's privilege.
 */
#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/record/state.h"

/* What makes types of records at run time, in place of a module. */
#define CUSTOM_TYPES "Schema/CreateType"

static tn_status check_type(struct records *records, const struct portal *portal, tn_time now_us,
                            const struct schema_type *type, struct err *err)
{
    const struct entitle_need need = {type->owner, type->hub, type->tier};

    return entitle_check(records->entitle, portal, &need, now_us, false, err);
}

tn_status txn_check_type(const struct txn *txn, const struct schema_type *type, struct err *err)
{
    return check_type(txn->records, txn->portal, txn->now_us, type, err);
}

static tn_status check_type_id(const struct txn *txn, uint32_t id, struct err *err)
{
    const struct schema_type *type = schema_type_by_id(txn->schema, id);

    return type ? txn_check_type(txn, type, err) : TN_OK;
}

/* What a module adds to another's type; its own types are asked for as such. */
tn_status record_check_property(const struct record *record, const struct schema_property *property,
                                struct err *err)
{
    const struct entitle_need need = {property->owner, property->hub, property->tier};
    const struct txn *txn = record->txn;

    if (property->tier == 0 || utf8_equal(property->owner, record->type->owner))
        return TN_OK;
    return entitle_check(txn->records->entitle, txn->portal, &need, txn->now_us, false, err);
}

tn_status txn_check_association(const struct txn *txn, const struct schema_association *association,
                                struct err *err)
{
    const struct entitle_need need = {association->owner, association->hub, association->tier};

    TRY(check_type_id(txn, association->from, err));
    TRY(check_type_id(txn, association->to, err));
    return entitle_check(txn->records->entitle, txn->portal, &need, txn->now_us, false, err);
}

/* Changes of the schema */

struct asking {
    struct records *records;
    const struct txn_options *options;
    tn_time now_us;
    const struct schema *schema;
    struct err *err;
};

/* Of a type that is there; one that is not is refused where the change is made. */
static tn_status check_named(const struct asking *a, struct tn_str name)
{
    const struct schema_type *type = schema_type_by_name(a->schema, name);

    return type ? check_type(a->records, a->options->portal, a->now_us, type, a->err) : TN_OK;
}

static tn_status check_change(const struct asking *a, const struct catalog_change *change)
{
    const struct catalog_property_request *property = change->add_property;

    if (!property)
        property = change->update_property ? change->update_property : change->archive_property;
    if (change->add_type || change->restore_type) {
        const struct entitle_need need = {utf8_str(CUSTOM_TYPES), utf8_str(""), TN_ENTERPRISE};

        TRY(entitle_check(
            a->records->entitle, a->options->portal, &need, a->now_us, false, a->err));
    }
    if (property)
        TRY(check_named(a, property->type));
    if (change->add_association) {
        TRY(check_named(a, change->add_association->from));
        TRY(check_named(a, change->add_association->to));
    }
    return TN_OK;
}

tn_status records_check_change(struct records *records, const struct txn_options *options,
                               const struct catalog_change *change, struct err *err)
{
    struct asking asking = {.records = records, .options = options, .err = err};

    if (!records->entitle)
        return TN_OK;
    asking.now_us = options->now_us ? options->now_us : clock_wall_us();
    struct schema *schema = catalog_schema(records->catalog, options->portal->id);
    if (!schema)
        return err_memory(err, "a schema");
    asking.schema = schema;
    tn_status st = check_change(&asking, change);
    schema_unref(schema);
    return st;
}
