/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - what a portal of the fixture holds, kept in plain arrays: the same operations as a
 * transaction, done in the simplest way that can be right, to compare with. What an operation says
 * is a status and a line of text, which both sides write alike.
 */
#ifndef TESTS_UNIT_MODEL_H
#define TESTS_UNIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

#define MODEL_RECORD_MAX 160
#define MODEL_LINK_MAX 200
#define MODEL_META_MAX 3
#define MODEL_MARK_MAX 4
#define MODEL_TEXT_SIZE 24
#define MODEL_SEEN_SIZE 2048

enum model_type { MODEL_MACHINE, MODEL_SITE, MODEL_TYPE_COUNT };
enum model_property {
    MODEL_SERIAL,
    MODEL_STATE,
    MODEL_TAGS,
    MODEL_PRICE,
    MODEL_WEIGHT,
    MODEL_INSTALLED_ON,
    MODEL_HOURS,
    MODEL_AT_SITE,
    MODEL_NAME, /* from here on, of sites */
    MODEL_PROPERTY_COUNT
};
enum model_association { MODEL_TO_SITE, MODEL_TO_MACHINE, MODEL_ASSOCIATION_COUNT };

extern const char *const model_type_names[MODEL_TYPE_COUNT];
extern const char *const model_property_names[MODEL_PROPERTY_COUNT];
extern const char *const model_association_names[MODEL_ASSOCIATION_COUNT];

/* A value to write: as a person writes it, and as it is kept; NULL: it is refused. */
struct model_value {
    enum model_property property;
    const char *text;
    const char *kept;
};
extern const struct model_value model_values[];
extern const size_t model_value_count;

struct model_record {
    tn_id id;
    enum model_type type;
    bool is_archived;
    uint64_t version; /* as committed */
    char values[MODEL_PROPERTY_COUNT][MODEL_TEXT_SIZE];
};

struct model_link {
    enum model_association association;
    tn_id ends[2]; /* from, to */
    uint64_t labels;
    bool is_primary[2];
    tn_time created_us;
};

struct model {
    struct model_record records[MODEL_RECORD_MAX]; /* purged ones are not there */
    size_t record_count;
    struct model_link links[MODEL_LINK_MAX];
    size_t link_count;
    char metas[MODEL_META_MAX][MODEL_TEXT_SIZE];
};

enum op_kind {
    OP_CREATE,
    OP_GET,
    OP_GET_ANY,
    OP_GET_BY,
    OP_WRITE,
    OP_REFER, /* writes the reference `other` */
    OP_ARCHIVE,
    OP_RESTORE,
    OP_PURGE,
    OP_LINK,
    OP_UNLINK,
    OP_LINKED,
    OP_PUT_META,
    OP_GET_META,
    OP_MARK,
    OP_ROLLBACK,
    OP_PREPARE,
    OP_KIND_COUNT
};

struct op {
    enum op_kind kind;
    enum model_type type;
    tn_id id;
    tn_id other;
    size_t value; /* in model_values */
    enum model_association association;
    bool is_all; /* of linked: every association */
    bool is_inverse;
    bool is_primary;
    uint64_t labels;
    size_t limit;
    size_t meta;
    int mark;
};

struct outcome {
    tn_status status;
    char seen[MODEL_SEEN_SIZE];
};

/* A transaction on the model. */
struct model_run {
    struct model base;
    struct model now;
    struct model marks[MODEL_MARK_MAX];
    int mark_count;
    tn_time now_us;
};

void model_begin(struct model_run *run, const struct model *base, tn_time now_us);
void model_apply(struct model_run *run, const struct op *op, struct outcome *ret_outcome);
/* A record whose required or unique value is not right; NULL: it may be committed. */
const struct model_record *model_find_invalid(const struct model *model);
/* Whether it changes anything; one that does not has read a snapshot and is done with that. */
bool model_has_effect(const struct model_run *run);
/* What the store holds after it. */
void model_commit(const struct model_run *run, struct model *ret_model);

const struct model_record *model_find(const struct model *model, tn_id id);
/* Its type, state, version and values in a line. */
void model_show(const struct model_run *run, const struct model_record *record, char *out,
                size_t size);

/* What was done and what came of it, in one line. */
void model_print_op(const struct op *op, const struct outcome *out);

#endif /* TESTS_UNIT_MODEL_H */
