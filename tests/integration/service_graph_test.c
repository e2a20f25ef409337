/* SPDX-License-Identifier: Apache-2.0 */
/* service_graph_test.c - links over the bus: from either end, by page, and refused. */
#include <stdio.h>
#include <string.h>

#include "tenon/graph/v1/associations.pb-c.h"
#include "tests/integration/served.h"

#define METHOD(name_) "tenon.graph.v1.Associations/" name_

static Tenon__Graph__V1__LinkRequest *a_link(struct served *s, const char *association,
                                             uint64_t from, uint64_t to)
{
    Tenon__Graph__V1__LinkRequest *request = arena_new(&s->arena, Tenon__Graph__V1__LinkRequest);

    assert_non_null(request);
    tenon__graph__v1__link_request__init(request);
    request->association = a_text(s, association);
    request->from = an_id(s, from);
    request->to = an_id(s, to);
    return request;
}

static bool link_records(struct served *s, const Tenon__Graph__V1__LinkRequest *request)
{
    const Tenon__Graph__V1__LinkResponse *response =
        served_must(s, METHOD("Link"), request, &tenon__graph__v1__link_response__descriptor);

    return response->changed;
}

static void refuse_link(struct served *s, const Tenon__Graph__V1__LinkRequest *request,
                        tn_status status, const char *field, const char *rule)
{
    assert_null(
        served_call(s, METHOD("Link"), request, &tenon__graph__v1__link_response__descriptor));
    assert_true(served_refused(s, status, field, rule));
    served_is_alive(s);
}

static const Tenon__Graph__V1__ListResponse *list(struct served *s, const char *type, uint64_t at,
                                                  const char *association)
{
    Tenon__Graph__V1__ListRequest request = TENON__GRAPH__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, type);
    request.at = an_id(s, at);
    request.association = a_text(s, association);
    return served_must(s, METHOD("List"), &request, &tenon__graph__v1__list_response__descriptor);
}

static void a_link_is_seen_from_both_ends(void **state)
{
    struct served *s = *state;
    uint64_t machine = create_record(s, "machines", "serial=M-1")->id;
    uint64_t site = create_record(s, "sites", "name=Here")->id;
    Tenon__Graph__V1__LinkRequest *request = a_link(s, "machine_to_site", machine, site);

    request->labels = A_LIST(s, &request->n_labels, "main");
    request->primary = 1;
    assert_true(link_records(s, request));
    assert_false(link_records(s, request));

    const Tenon__Graph__V1__ListResponse *near = list(s, "machines", machine, "");
    assert_int_equal(near->n_links, 1);
    assert_int_equal(near->links[0]->to, site);
    assert_string_equal(near->links[0]->to_type, "sites");
    assert_string_equal(near->links[0]->association, "machine_to_site");
    assert_int_equal(near->links[0]->n_labels, 1);
    assert_string_equal(near->links[0]->labels[0], "main");
    assert_true(near->links[0]->primary);

    const Tenon__Graph__V1__ListResponse *far = list(s, "sites", site, "");
    assert_int_equal(far->n_links, 1);
    assert_int_equal(far->links[0]->to, machine);
    assert_string_equal(far->links[0]->to_type, "machines");
}

static void linking_again_replaces_labels_and_unlinking_ends_it(void **state)
{
    struct served *s = *state;
    uint64_t machine = create_record(s, "machines", "serial=M-1")->id;
    uint64_t site = create_record(s, "sites", "name=Here")->id;
    Tenon__Graph__V1__LinkRequest *request = a_link(s, "machine_to_site", machine, site);
    Tenon__Graph__V1__UnlinkRequest unlink = TENON__GRAPH__V1__UNLINK_REQUEST__INIT;

    request->labels = A_LIST(s, &request->n_labels, "main");
    assert_true(link_records(s, request));
    request->labels = A_LIST(s, &request->n_labels, "spare");
    assert_true(link_records(s, request));
    assert_string_equal(list(s, "machines", machine, "")->links[0]->labels[0], "spare");

    unlink.association = request->association;
    unlink.from = request->from;
    unlink.to = request->to;
    const Tenon__Graph__V1__UnlinkResponse *gone =
        served_must(s, METHOD("Unlink"), &unlink, &tenon__graph__v1__unlink_response__descriptor);
    assert_true(gone->changed);
    gone =
        served_must(s, METHOD("Unlink"), &unlink, &tenon__graph__v1__unlink_response__descriptor);
    assert_false(gone->changed);
    assert_int_equal(list(s, "sites", site, "")->n_links, 0);
}

static void wrong_links_are_refused(void **state)
{
    struct served *s = *state;
    uint64_t machine = create_record(s, "machines", "serial=M-1")->id;
    uint64_t other = create_record(s, "machines", "serial=M-2")->id;
    uint64_t third = create_record(s, "machines", "serial=M-3")->id;
    uint64_t site = create_record(s, "sites", "name=Here")->id;
    Tenon__Graph__V1__LinkRequest *request = a_link(s, "machine_to_site", machine, site);

    refuse_link(s,
                a_link(s, "machine_to_moon", machine, site),
                TN_INVALID_ARGUMENT,
                "association",
                "unknown_association");
    refuse_link(s, a_link(s, "machine_to_site", machine, 999), TN_NOT_FOUND, "to", "not_found");
    refuse_link(s, a_link(s, "machine_to_site", 999, site), TN_NOT_FOUND, "from", "not_found");
    refuse_link(s, a_link(s, "machine_to_site", 0, site), TN_INVALID_ARGUMENT, "from", "required");
    refuse_link(
        s, a_link(s, "machine_to_machine", machine, machine), TN_INVALID_ARGUMENT, NULL, NULL);
    request->labels = A_LIST(s, &request->n_labels, "best");
    refuse_link(s, request, TN_INVALID_ARGUMENT, "labels", "unknown_label");

    assert_true(link_records(s, a_link(s, "machine_to_site", machine, site)));
    assert_true(link_records(s, a_link(s, "machine_to_site", other, site)));
    refuse_link(s,
                a_link(s, "machine_to_site", third, site),
                TN_FAILED_PRECONDITION,
                "machine_to_site",
                "limit");
}

static void a_batch_of_links_is_all_or_nothing(void **state)
{
    struct served *s = *state;
    uint64_t machine = create_record(s, "machines", "serial=M-1")->id;
    uint64_t other = create_record(s, "machines", "serial=M-2")->id;
    Tenon__Graph__V1__BatchLinkRequest request = TENON__GRAPH__V1__BATCH_LINK_REQUEST__INIT;
    const ProtobufCMessageDescriptor *answer = &tenon__graph__v1__batch_link_response__descriptor;

    request.links = A_LIST(s,
                           &request.n_links,
                           a_link(s, "machine_to_machine", machine, other),
                           a_link(s, "machine_to_machine", machine, 999),
                           a_link(s, "machine_to_moon", machine, other));
    assert_null(served_call(s, METHOD("BatchLink"), &request, answer));
    assert_true(served_refused(s, s->result.status, "links[1].to", "not_found"));
    assert_true(served_refused(s, s->result.status, "links[2].association", "unknown_association"));
    assert_int_equal(list(s, "machines", machine, "")->n_links, 0);
    request.n_links = 1;
    const Tenon__Graph__V1__BatchLinkResponse *response =
        served_must(s, METHOD("BatchLink"), &request, answer);
    assert_int_equal(response->changed, 1);
    assert_int_equal(list(s, "machines", machine, "machine_to_machine")->n_links, 1);
}

static void many_links_come_by_page(void **state)
{
    struct served *s = *state;
    uint64_t hub = create_record(s, "machines", "serial=Hub")->id;
    uint64_t site = create_record(s, "sites", "name=Here")->id;
    Tenon__Graph__V1__ListRequest request = TENON__GRAPH__V1__LIST_REQUEST__INIT;
    size_t count = 0;
    size_t sites = 0;

    assert_true(link_records(s, a_link(s, "machine_to_site", hub, site)));
    for (int i = 0; i < 10; i++) {
        char values[32];

        (void)snprintf(values, sizeof(values), "serial=M-%d", i);
        uint64_t machine = create_record(s, "machines", values)->id;
        assert_true(link_records(s, a_link(s, "machine_to_machine", hub, machine)));
    }
    request.type = a_text(s, "machines");
    request.at = an_id(s, hub);
    request.limit = 3;
    do {
        const Tenon__Graph__V1__ListResponse *page =
            served_must(s, METHOD("List"), &request, &tenon__graph__v1__list_response__descriptor);

        assert_true(page->n_links <= 3);
        for (size_t i = 0; i < page->n_links; i++)
            sites += strcmp(page->links[i]->to_type, "sites") == 0;
        count += page->n_links;
        assert_true(count <= 11);
        request.cursor = page->cursor;
    } while (request.cursor[0] != '\0');
    assert_int_equal(count, 11);
    assert_int_equal(sites, 1);
}

static void cursors_of_other_lists_and_damaged_ones_are_refused(void **state)
{
    struct served *s = *state;
    uint64_t one = create_record(s, "machines", "serial=M-1")->id;
    uint64_t other = create_record(s, "machines", "serial=M-2")->id;
    const ProtobufCMessageDescriptor *answer = &tenon__graph__v1__list_response__descriptor;
    Tenon__Graph__V1__ListRequest request = TENON__GRAPH__V1__LIST_REQUEST__INIT;

    for (int i = 0; i < 3; i++) {
        char values[32];

        (void)snprintf(values, sizeof(values), "serial=L-%d", i);
        uint64_t machine = create_record(s, "machines", values)->id;
        assert_true(link_records(s, a_link(s, "machine_to_machine", one, machine)));
        assert_true(link_records(s, a_link(s, "machine_to_machine", other, machine)));
    }
    request.type = a_text(s, "machines");
    request.at = an_id(s, one);
    request.limit = 1;
    const Tenon__Graph__V1__ListResponse *page = served_must(s, METHOD("List"), &request, answer);
    request.cursor = a_text(s, page->cursor);
    page = served_must(s, METHOD("List"), &request, answer);
    assert_int_equal(page->n_links, 1);

    request.at = an_id(s, other);
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    request.at = an_id(s, one);
    request.association = a_text(s, "machine_to_machine");
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    request.association = a_text(s, "");
    request.cursor[strlen(request.cursor) / 2] ^= 1;
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    served_is_alive(s);
}

static void wrong_lists_are_refused(void **state)
{
    struct served *s = *state;
    uint64_t machine = create_record(s, "machines", "serial=M-1")->id;
    Tenon__Graph__V1__ListRequest request = TENON__GRAPH__V1__LIST_REQUEST__INIT;
    const ProtobufCMessageDescriptor *answer = &tenon__graph__v1__list_response__descriptor;

    request.type = a_text(s, "sites");
    request.at = an_id(s, machine);
    request.association = a_text(s, "machine_to_site");
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "association", "other_type"));
    request.association = a_text(s, "");
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_NOT_FOUND, "at", "not_found"));
    request.type = a_text(s, "machines");
    request.cursor = a_text(s, "AAAA");
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "cursor", "cursor"));
    request.cursor = a_text(s, "");
    request.limit = 5000;
    assert_null(served_call(s, METHOD("List"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "limit", "too_many"));
    served_is_alive(s);
}

static void links_are_made_with_the_record_and_go_with_it(void **state)
{
    struct served *s = *state;
    uint64_t site = create_record(s, "sites", "name=Here")->id;
    Tenon__Records__V1__CreateRequest *request = a_create(s, "machines", "serial=M-1");
    Tenon__Records__V1__LinkTo link = TENON__RECORDS__V1__LINK_TO__INIT;
    Tenon__Records__V1__ArchiveRequest archive = TENON__RECORDS__V1__ARCHIVE_REQUEST__INIT;

    link.association = a_text(s, "machine_to_site");
    link.to = an_id(s, site);
    request->links = A_LIST(s, &request->n_links, &link);
    const Tenon__Records__V1__CreateResponse *made =
        served_must(s,
                    "tenon.records.v1.Records/Create",
                    request,
                    &tenon__records__v1__create_response__descriptor);
    assert_int_equal(list(s, "sites", site, "")->n_links, 1);

    request = a_create(s, "machines", "serial=M-2");
    link.association = a_text(s, "machine_to_moon");
    request->links = A_LIST(s, &request->n_links, &link);
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            request,
                            &tenon__records__v1__create_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "links[0]", "unknown_association"));

    archive.type = a_text(s, "machines");
    archive.key = an_id(s, made->record->id);
    (void)served_must(s,
                      "tenon.records.v1.Records/Archive",
                      &archive,
                      &tenon__records__v1__archive_response__descriptor);
    assert_int_equal(list(s, "sites", site, "")->n_links, 0);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_is_seen_from_both_ends),
        TEST(linking_again_replaces_labels_and_unlinking_ends_it),
        TEST(wrong_links_are_refused),
        TEST(a_batch_of_links_is_all_or_nothing),
        TEST(many_links_come_by_page),
        TEST(wrong_lists_are_refused),
        TEST(cursors_of_other_lists_and_damaged_ones_are_refused),
        TEST(links_are_made_with_the_record_and_go_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
