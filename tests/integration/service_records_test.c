/* SPDX-License-Identifier: Apache-2.0 */
/* service_records_test.c - records over the bus: what is kept, and what is refused with which
 * field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/served.h"

#define CALL(s_, method_, request_, type_)       \
    ((Tenon__Records__V1__##type_ *)served_call( \
        (s_), "tenon.records.v1.Records/" method_, (request_), descriptor_of_##type_))
#define MUST(s_, method_, request_, type_)       \
    ((Tenon__Records__V1__##type_ *)served_must( \
        (s_), "tenon.records.v1.Records/" method_, (request_), descriptor_of_##type_))

#define descriptor_of_CreateResponse &tenon__records__v1__create_response__descriptor
#define descriptor_of_GetResponse &tenon__records__v1__get_response__descriptor
#define descriptor_of_UpdateResponse &tenon__records__v1__update_response__descriptor
#define descriptor_of_ArchiveResponse &tenon__records__v1__archive_response__descriptor
#define descriptor_of_RestoreResponse &tenon__records__v1__restore_response__descriptor
#define descriptor_of_PurgeResponse &tenon__records__v1__purge_response__descriptor
#define descriptor_of_ListResponse &tenon__records__v1__list_response__descriptor
#define descriptor_of_HistoryResponse &tenon__records__v1__history_response__descriptor
#define descriptor_of_BatchCreateResponse &tenon__records__v1__batch_create_response__descriptor
#define descriptor_of_BatchGetResponse &tenon__records__v1__batch_get_response__descriptor
#define descriptor_of_BatchUpdateResponse &tenon__records__v1__batch_update_response__descriptor
#define descriptor_of_BatchUpsertResponse &tenon__records__v1__batch_upsert_response__descriptor
#define descriptor_of_BatchArchiveResponse &tenon__records__v1__batch_archive_response__descriptor

static Tenon__Records__V1__UpdateRequest *an_update(struct served *s, uint64_t id,
                                                    const char *values)
{
    const Tenon__Records__V1__CreateRequest *parts = a_create(s, "machines", values);
    Tenon__Records__V1__UpdateRequest *request =
        arena_new(&s->arena, Tenon__Records__V1__UpdateRequest);

    assert_non_null(request);
    tenon__records__v1__update_request__init(request);
    request->type = parts->type;
    request->key = an_id(s, id);
    request->properties = parts->properties;
    request->n_properties = parts->n_properties;
    return request;
}

/* ---------------------------------------------------------------------------- single --- */

static void values_come_back_after_a_restart_by_name(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made =
        create_record(s, "machines", "serial=M-1;price=12.50;installed_on=2024-05-01");

    assert_true(made->id > 0);
    assert_int_equal(made->version, 1);
    assert_string_equal(made->type, "machines");
    assert_true(made->created_at > 0);
    assert_false(made->archived);
    served_restart(s);
    const Tenon__Records__V1__Record *record = get_record(s, "machines", made->id);
    assert_non_null(record);
    assert_string_equal(text_of(s, record, "serial"), "M-1");
    assert_string_equal(text_of(s, record, "price"), "12.5");
    assert_string_equal(text_of(s, record, "installed_on"), "2024-05-01");
    assert_string_equal(text_of(s, record, "state"), "new"); /* its fallback */
    for (size_t i = 1; i < record->n_properties; i++)
        assert_true(strcmp(record->properties[i - 1]->name, record->properties[i]->name) < 0);
}

static void a_record_is_found_by_a_unique_value_in_any_case(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__GetRequest request = TENON__RECORDS__V1__GET_REQUEST__INIT;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=Mx-1");

    request.type = a_text(s, "machines");
    request.key = a_key(s, "serial", "mX-1");
    request.properties = A_LIST(s, &request.n_properties, "price", "serial");
    const Tenon__Records__V1__GetResponse *response = MUST(s, "Get", &request, GetResponse);
    assert_int_equal(response->record->id, made->id);
    assert_int_equal(response->record->n_properties, 1); /* no price */
}

static void an_update_that_changes_nothing_writes_nothing(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1;price=3");

    const Tenon__Records__V1__UpdateResponse *same =
        MUST(s, "Update", an_update(s, made->id, "serial=M-1;price=3.0"), UpdateResponse);
    assert_false(same->changed);
    assert_int_equal(same->record->version, 1);
    const Tenon__Records__V1__UpdateResponse *other =
        MUST(s, "Update", an_update(s, made->id, "price=4"), UpdateResponse);
    assert_true(other->changed);
    assert_int_equal(other->record->version, 2);
    assert_string_equal(text_of(s, other->record, "price"), "4");
}

static void a_stale_version_is_aborted_at_once(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    Tenon__Records__V1__UpdateRequest *request = an_update(s, made->id, "price=4");

    request->expected_version = 1;
    (void)MUST(s, "Update", request, UpdateResponse);
    assert_null(CALL(s, "Update", request, UpdateResponse));
    assert_true(served_refused(s, TN_ABORTED, "expected_version", "stale"));
    assert_string_equal(text_of(s, get_record(s, "machines", made->id), "price"), "4");
    served_is_alive(s);
}

static void archived_records_are_hidden_restored_and_purged(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    Tenon__Records__V1__ArchiveRequest archive = TENON__RECORDS__V1__ARCHIVE_REQUEST__INIT;
    Tenon__Records__V1__RestoreRequest restore = TENON__RECORDS__V1__RESTORE_REQUEST__INIT;
    Tenon__Records__V1__PurgeRequest purge = TENON__RECORDS__V1__PURGE_REQUEST__INIT;
    Tenon__Records__V1__GetRequest get = TENON__RECORDS__V1__GET_REQUEST__INIT;

    archive.type = restore.type = purge.type = get.type = a_text(s, "machines");
    archive.key = get.key = an_id(s, made->id);
    restore.id = purge.id = made->id;
    assert_null(CALL(s, "Purge", &purge, PurgeResponse));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "id", "archived"));
    (void)MUST(s, "Archive", &archive, ArchiveResponse);
    assert_null(CALL(s, "Get", &get, GetResponse));
    assert_true(served_refused(s, TN_NOT_FOUND, "key", "not_found"));
    assert_true(get_record(s, "machines", made->id)->archived);

    const Tenon__Records__V1__RestoreResponse *back = MUST(s, "Restore", &restore, RestoreResponse);
    assert_false(back->record->archived);
    (void)MUST(s, "Archive", &archive, ArchiveResponse);
    (void)MUST(s, "Purge", &purge, PurgeResponse);
    assert_null(get_record(s, "machines", made->id));
    assert_true(served_refused(s, TN_NOT_FOUND, "key", "not_found"));
    served_is_alive(s);
}

static void a_restore_that_would_repeat_a_unique_value_is_refused(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    Tenon__Records__V1__ArchiveRequest archive = TENON__RECORDS__V1__ARCHIVE_REQUEST__INIT;
    Tenon__Records__V1__RestoreRequest restore = TENON__RECORDS__V1__RESTORE_REQUEST__INIT;

    archive.type = restore.type = a_text(s, "machines");
    archive.key = an_id(s, made->id);
    restore.id = made->id;
    (void)MUST(s, "Archive", &archive, ArchiveResponse);
    (void)create_record(s, "machines", "serial=m-1");
    assert_null(CALL(s, "Restore", &restore, RestoreResponse));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "serial", "unique"));
}

static void history_tells_each_value_and_its_source(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1;price=1");
    Tenon__Records__V1__HistoryRequest request = TENON__RECORDS__V1__HISTORY_REQUEST__INIT;

    (void)MUST(s, "Update", an_update(s, made->id, "price=2"), UpdateResponse);
    (void)MUST(s, "Update", an_update(s, made->id, "price=3"), UpdateResponse);
    request.type = a_text(s, "machines");
    request.key = an_id(s, made->id);
    request.property = a_text(s, "price");
    const Tenon__Records__V1__HistoryResponse *response =
        MUST(s, "History", &request, HistoryResponse);
    assert_int_equal(response->n_versions, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(response->versions[i]->property, "price");
        assert_int_equal(response->versions[i]->value->number->mantissa, 3 - (int)i);
        assert_string_equal(response->versions[i]->source, "api");
        assert_non_null(strstr(response->versions[i]->user, "uid:"));
    }
}

static void listing_goes_on_by_cursor_and_ends(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;
    uint64_t last = 0;
    size_t count = 0;

    for (int i = 0; i < 7; i++) {
        char values[32];

        (void)snprintf(values, sizeof(values), "serial=M-%d", i);
        (void)create_record(s, "machines", values);
    }
    request.type = a_text(s, "machines");
    request.limit = 3;
    do {
        const Tenon__Records__V1__ListResponse *page = MUST(s, "List", &request, ListResponse);

        for (size_t i = 0; i < page->n_records; i++) {
            assert_true(page->records[i]->id > last);
            last = page->records[i]->id;
            count++;
        }
        request.cursor = page->cursor;
    } while (request.cursor[0] != '\0');
    assert_int_equal(count, 7);
}

/* -------------------------------------------------------------------------- refusals --- */

static void check_create(struct served *s, const char *type, const char *values, tn_status status,
                         const char *field, const char *rule)
{
    assert_null(CALL(s, "Create", a_create(s, type, values), CreateResponse));
    assert_true(served_refused(s, status, field, rule));
    assert_true(s->result.message[0] != '\0');
    served_is_alive(s);
}

static void wrong_records_are_refused_with_field_and_rule(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=M-1");
    check_create(s, "gadgets", "serial=M-2", TN_NOT_FOUND, "type", "unknown_type");
    check_create(s, "", "serial=M-2", TN_NOT_FOUND, "type", "unknown_type");
    check_create(
        s, "machines", "serial=M-2;colour=red", TN_INVALID_ARGUMENT, "colour", "unknown_property");
    check_create(s, "machines", "price=2", TN_INVALID_ARGUMENT, "serial", "required");
    check_create(s, "machines", "serial=;price=2", TN_INVALID_ARGUMENT, "serial", "required");
    check_create(s, "machines", "serial=m-1", TN_ALREADY_EXISTS, "serial", "unique");
    check_create(s, "machines", "serial=M-2;price=much", TN_INVALID_ARGUMENT, "price", NULL);
    check_create(s, "machines", "serial=M-2;price=1e99", TN_INVALID_ARGUMENT, "price", NULL);
    check_create(s,
                 "machines",
                 "serial=M-2;installed_on=2024-02-30",
                 TN_INVALID_ARGUMENT,
                 "installed_on",
                 NULL);
    check_create(s, "machines", "serial=M-2;state=odd", TN_INVALID_ARGUMENT, "state", NULL);
    check_create(s, "machines", "serial=M-2;tags=a,z", TN_INVALID_ARGUMENT, "tags", NULL);
    check_create(s, "machines", "serial=M-2;hours=3", TN_INVALID_ARGUMENT, "hours", "read_only");
    check_create(s, "machines", "serial=M-2;site=999", TN_INVALID_ARGUMENT, "site", "not_found");
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
    struct served *s = *state;

    assert_null(CALL(s,
                     "Create",
                     a_create(s, "machines", "serial=M-2;price=x;colour=red;state=odd"),
                     CreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "price", NULL));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "colour", "unknown_property"));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "state", NULL));
}

static void a_value_of_another_kind_is_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__CreateRequest *request = a_create(s, "machines", "serial=M-1;price=1");
    Tenon__Records__V1__Value *value = request->properties[1]->value;

    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_BOOLEAN;
    value->boolean = 1;
    assert_null(CALL(s, "Create", request, CreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "price", "kind"));
    value->kind_case = TENON__RECORDS__V1__VALUE__KIND_TEXT;
    value->text = a_text(s, "1");
    assert_null(CALL(s, "Create", request, CreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "price", "kind"));
    served_is_alive(s);
}

static void a_text_past_its_bound_is_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__CreateRequest *request = a_create(s, "machines", "serial=M-1");
    char *text = arena_alloc(&s->arena, TXN_TEXT_SIZE_MAX + 2);

    assert_non_null(text);
    memset(text, 'x', TXN_TEXT_SIZE_MAX + 1);
    request->properties[0]->value->literal = text;
    assert_null(CALL(s, "Create", request, CreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "serial", "too_long"));
    text[TXN_TEXT_SIZE_MAX] = '\0';
    const Tenon__Records__V1__CreateResponse *response = MUST(s, "Create", request, CreateResponse);
    assert_int_equal(strlen(text_of(s, response->record, "serial")), TXN_TEXT_SIZE_MAX);
    served_is_alive(s);
}

/* Sends bytes that no message would give. */
static tn_status call_bytes(struct served *s, const char *method, const void *bytes, size_t len)
{
    uint8_t *answer = NULL;
    size_t answer_len = 0;

    tenon_result_fini(&s->result);
    tn_status st = tenon_invoke_bytes(s->client,
                                      method,
                                      (struct tn_bytes){bytes, len},
                                      &s->options,
                                      &answer,
                                      &answer_len,
                                      &s->result);
    free(answer);
    return st;
}

static void bytes_that_are_no_request_are_refused(void **state)
{
    struct served *s = *state;
    static const char method[] = "tenon.records.v1.Records/Create";
    static const uint8_t not_utf8[] = {0x0a, 0x02, 0xc3, 0x28};
    static const uint8_t with_nul[] = {0x0a, 0x03, 'a', 0x00, 'b'};
    static const uint8_t cut[] = {0x0a, 0x10, 'm'};
    size_t size = (size_t)5 * 1024 * 1024;
    uint8_t *large = calloc(1, size);

    assert_non_null(large);
    assert_int_equal(call_bytes(s, method, not_utf8, sizeof(not_utf8)), TN_INVALID_ARGUMENT);
    served_is_alive(s);
    assert_int_equal(call_bytes(s, method, with_nul, sizeof(with_nul)), TN_INVALID_ARGUMENT);
    served_is_alive(s);
    assert_int_equal(call_bytes(s, method, cut, sizeof(cut)), TN_INVALID_ARGUMENT);
    served_is_alive(s);
    assert_int_not_equal(call_bytes(s, method, large, size), TN_OK);
    served_is_alive(s);
    free(large);
}

static void an_unknown_method_is_unimplemented(void **state)
{
    struct served *s = *state;

    assert_int_equal(call_bytes(s, "tenon.records.v1.Records/Explode", "", 0), TN_UNIMPLEMENTED);
    served_is_alive(s);
}

static void keys_that_name_no_record_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__GetRequest request = TENON__RECORDS__V1__GET_REQUEST__INIT;

    request.type = a_text(s, "machines");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key", "required"));
    request.key = an_id(s, 0);
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key", "required"));
    request.key = an_id(s, 4711);
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_NOT_FOUND, "key", "not_found"));
    request.key = a_key(s, "serial", "none");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_NOT_FOUND, "key", "not_found"));
    request.key = a_key(s, "price", "3");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key", "not_unique"));
    request.key = a_key(s, "colour", "3");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key", "unknown_property"));
    request.key = a_key(s, "serial", "");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key", "required"));
    request.key = an_id(s, 1);
    request.properties = A_LIST(s, &request.n_properties, "colour");
    assert_null(CALL(s, "Get", &request, GetResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "properties", "unknown_property"));
    served_is_alive(s);
}

static void limits_and_cursors_from_elsewhere_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, "machines");
    request.limit = 1001;
    assert_null(CALL(s, "List", &request, ListResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "limit", "too_many"));
    request.limit = 1;
    request.cursor = a_text(s, "not a cursor");
    assert_null(CALL(s, "List", &request, ListResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    request.cursor = a_text(s, "");
    (void)create_record(s, "machines", "serial=M-1");
    (void)create_record(s, "machines", "serial=M-2");
    request.cursor = MUST(s, "List", &request, ListResponse)->cursor;
    assert_true(request.cursor[0] != '\0');
    request.type = a_text(s, "sites");
    assert_null(CALL(s, "List", &request, ListResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    served_is_alive(s);
}

static void refusals_come_in_the_language_of_the_call(void **state)
{
    struct served *s = *state;
    struct tenon_metadata french = {"language", "fr"};

    s->options.metadata = &french;
    s->options.metadata_count = 1;
    assert_null(CALL(s, "Create", a_create(s, "gadgets", "serial=M-2"), CreateResponse));
    assert_true(served_refused(s, TN_NOT_FOUND, "type", "unknown_type"));
    assert_non_null(strstr(s->result.message, "Il n"));
}

static void portals_do_not_see_each_other(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");

    s->options.portal = "other";
    assert_null(get_record(s, "machines", made->id));
    assert_true(served_refused(s, TN_NOT_FOUND, "key", "not_found"));
    (void)create_record(s, "machines", "serial=M-1");
    s->options.portal = "nowhere";
    assert_null(get_record(s, "machines", made->id));
    assert_true(served_refused(s, TN_NOT_FOUND, NULL, NULL));
}

/* --------------------------------------------------------------------------- batches --- */

static void a_batch_is_all_or_nothing_and_tells_positions(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__BatchCreateRequest request = TENON__RECORDS__V1__BATCH_CREATE_REQUEST__INIT;
    Tenon__Records__V1__ListRequest list = TENON__RECORDS__V1__LIST_REQUEST__INIT;

    request.records = A_LIST(s,
                             &request.n_records,
                             a_create(s, "machines", "serial=M-1"),
                             a_create(s, "machines", "serial=M-2;price=x"),
                             a_create(s, "gadgets", "serial=M-3"),
                             a_create(s, "machines", "price=3"),
                             a_create(s, "machines", "serial=m-1"));
    assert_null(CALL(s, "BatchCreate", &request, BatchCreateResponse));
    assert_true(served_refused(s, s->result.status, "records[1].price", NULL));
    assert_true(served_refused(s, s->result.status, "records[2].type", "unknown_type"));
    assert_true(served_refused(s, s->result.status, "records[3].serial", "required"));
    assert_true(served_refused(s, s->result.status, "records[4].serial", "unique"));
    list.type = a_text(s, "machines");
    assert_int_equal(MUST(s, "List", &list, ListResponse)->n_records, 0);
    request.n_records = 1;
    const Tenon__Records__V1__BatchCreateResponse *made =
        MUST(s, "BatchCreate", &request, BatchCreateResponse);
    assert_int_equal(made->n_records, 1);
    assert_string_equal(text_of(s, made->records[0], "serial"), "M-1");
    served_is_alive(s);
}

static void each_repeated_value_of_a_batch_is_told_once(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__BatchCreateRequest request = TENON__RECORDS__V1__BATCH_CREATE_REQUEST__INIT;

    request.records = A_LIST(s,
                             &request.n_records,
                             a_create(s, "machines", "serial=M-1"),
                             a_create(s, "machines", "serial=M-1"),
                             a_create(s, "machines", "serial=M-2"),
                             a_create(s, "machines", "serial=m-1"));
    assert_null(CALL(s, "BatchCreate", &request, BatchCreateResponse));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "records[1].serial", "unique"));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "records[3].serial", "unique"));
    assert_int_equal(s->result.violation_count, 2);
}

static void a_batch_past_its_bound_is_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__BatchCreateRequest request = TENON__RECORDS__V1__BATCH_CREATE_REQUEST__INIT;

    request.n_records = 1001;
    request.records = arena_array(&s->arena, Tenon__Records__V1__CreateRequest *, 1001);
    assert_non_null(request.records);
    for (size_t i = 0; i < 1001; i++)
        request.records[i] = a_create(s, "machines", "");
    assert_null(CALL(s, "BatchCreate", &request, BatchCreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "records", "too_many"));
    served_is_alive(s);
}

static Tenon__Records__V1__UpsertRecord *an_upsert(struct served *s, const char *values)
{
    const Tenon__Records__V1__CreateRequest *parts = a_create(s, "machines", values);
    Tenon__Records__V1__UpsertRecord *record =
        arena_new(&s->arena, Tenon__Records__V1__UpsertRecord);

    assert_non_null(record);
    tenon__records__v1__upsert_record__init(record);
    record->properties = parts->properties;
    record->n_properties = parts->n_properties;
    return record;
}

static void an_upsert_tells_what_became_of_each(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__BatchUpsertRequest request = TENON__RECORDS__V1__BATCH_UPSERT_REQUEST__INIT;

    (void)create_record(s, "machines", "serial=M-1;price=1");
    (void)create_record(s, "machines", "serial=M-2;price=2");
    request.type = a_text(s, "machines");
    request.key_property = a_text(s, "serial");
    request.records = A_LIST(s,
                             &request.n_records,
                             an_upsert(s, "serial=M-1;price=1"),
                             an_upsert(s, "serial=m-2;price=3"),
                             an_upsert(s, "serial=M-3;price=3"),
                             an_upsert(s, "serial=M-3;price=3"));
    const Tenon__Records__V1__BatchUpsertResponse *response =
        MUST(s, "BatchUpsert", &request, BatchUpsertResponse);
    assert_int_equal(response->n_outcomes, 4);
    assert_int_equal(response->outcomes[0],
                     TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UNCHANGED);
    assert_int_equal(response->outcomes[1],
                     TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UPDATED);
    assert_int_equal(response->outcomes[2],
                     TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__CREATED);
    assert_int_equal(response->outcomes[3],
                     TENON__RECORDS__V1__BATCH_UPSERT_RESPONSE__OUTCOME__UNCHANGED);
    assert_int_equal(response->records[2]->id, response->records[3]->id);

    request.records = A_LIST(s, &request.n_records, an_upsert(s, "price=3"));
    assert_null(CALL(s, "BatchUpsert", &request, BatchUpsertResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "records[0].serial", "required"));
    request.key_property = a_text(s, "price");
    assert_null(CALL(s, "BatchUpsert", &request, BatchUpsertResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key_property", "not_unique"));
    served_is_alive(s);
}

static void batches_update_get_and_archive(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *one = create_record(s, "machines", "serial=M-1");
    const Tenon__Records__V1__Record *two = create_record(s, "machines", "serial=M-2");
    Tenon__Records__V1__BatchUpdateRequest update = TENON__RECORDS__V1__BATCH_UPDATE_REQUEST__INIT;
    Tenon__Records__V1__BatchGetRequest get = TENON__RECORDS__V1__BATCH_GET_REQUEST__INIT;
    Tenon__Records__V1__BatchArchiveRequest archive =
        TENON__RECORDS__V1__BATCH_ARCHIVE_REQUEST__INIT;

    update.records = A_LIST(
        s, &update.n_records, an_update(s, one->id, "price=1"), an_update(s, two->id, "price=2"));
    assert_int_equal(MUST(s, "BatchUpdate", &update, BatchUpdateResponse)->n_records, 2);
    update.records[1]->expected_version = 1;
    assert_null(CALL(s, "BatchUpdate", &update, BatchUpdateResponse));
    assert_true(served_refused(s, TN_ABORTED, "records[1].expected_version", "stale"));

    get.type = archive.type = a_text(s, "machines");
    get.keys = A_LIST(s,
                      &get.n_keys,
                      an_id(s, two->id),
                      a_key(s, "serial", "none"),
                      a_key(s, "serial", "m-1"),
                      an_id(s, 4711));
    const Tenon__Records__V1__BatchGetResponse *got = MUST(s, "BatchGet", &get, BatchGetResponse);
    assert_int_equal(got->n_records, 2);
    assert_int_equal(got->records[0]->id, two->id);
    assert_int_equal(got->records[1]->id, one->id);
    assert_int_equal(got->n_missing, 2);
    assert_int_equal(got->missing[0], 1);
    assert_int_equal(got->missing[1], 3);

    archive.keys = get.keys;
    archive.n_keys = get.n_keys;
    assert_null(CALL(s, "BatchArchive", &archive, BatchArchiveResponse));
    assert_true(served_refused(s, TN_NOT_FOUND, "keys[1]", NULL));
    assert_true(served_refused(s, TN_NOT_FOUND, "keys[3]", NULL));
    archive.n_keys = 1;
    (void)MUST(s, "BatchArchive", &archive, BatchArchiveResponse);
    assert_true(get_record(s, "machines", two->id)->archived);
    assert_false(get_record(s, "machines", one->id)->archived);
    served_is_alive(s);
}

/* ----------------------------------------------------------------------- idempotency --- */

static void a_repeated_key_returns_the_first_result(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__CreateRequest *request = a_create(s, "machines", "serial=M-1");
    char too_long[200];

    s->options.idempotency_key = "once";
    const Tenon__Records__V1__CreateResponse *first = MUST(s, "Create", request, CreateResponse);
    served_restart(s);
    const Tenon__Records__V1__CreateResponse *second = MUST(s, "Create", request, CreateResponse);
    assert_int_equal(first->record->id, second->record->id);
    assert_int_equal(first->record->created_at, second->record->created_at);

    assert_null(CALL(s, "Create", a_create(s, "machines", "serial=M-2"), CreateResponse));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, NULL, NULL));
    memset(too_long, 'k', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    s->options.idempotency_key = too_long;
    assert_null(CALL(s, "Create", request, CreateResponse));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "idempotency-key", "too_long"));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_come_back_after_a_restart_by_name),
        TEST(a_record_is_found_by_a_unique_value_in_any_case),
        TEST(an_update_that_changes_nothing_writes_nothing),
        TEST(a_stale_version_is_aborted_at_once),
        TEST(archived_records_are_hidden_restored_and_purged),
        TEST(a_restore_that_would_repeat_a_unique_value_is_refused),
        TEST(history_tells_each_value_and_its_source),
        TEST(listing_goes_on_by_cursor_and_ends),
        TEST(wrong_records_are_refused_with_field_and_rule),
        TEST(all_that_is_wrong_is_told_at_once),
        TEST(a_value_of_another_kind_is_refused),
        TEST(a_text_past_its_bound_is_refused),
        TEST(bytes_that_are_no_request_are_refused),
        TEST(an_unknown_method_is_unimplemented),
        TEST(keys_that_name_no_record_are_refused),
        TEST(limits_and_cursors_from_elsewhere_are_refused),
        TEST(refusals_come_in_the_language_of_the_call),
        TEST(portals_do_not_see_each_other),
        TEST(a_batch_is_all_or_nothing_and_tells_positions),
        TEST(each_repeated_value_of_a_batch_is_told_once),
        TEST(a_batch_past_its_bound_is_refused),
        TEST(an_upsert_tells_what_became_of_each),
        TEST(batches_update_get_and_archive),
        TEST(a_repeated_key_returns_the_first_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
