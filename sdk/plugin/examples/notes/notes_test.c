/* SPDX-License-Identifier: Apache-2.0 */
/* notes_test.c - the same service, called through its generated stub. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <notes.pb-c.h>
#include <tenon/harness.h>

typedef Org__Example__Notes__V1__Note Note;
typedef Org__Example__Notes__V1__AddRequest AddRequest;
typedef Org__Example__Notes__V1__AddResponse AddResponse;

#define NOTE_COUNT 65

/* `response` is lent for the call; NULL: the host refused. */
static void on_added(const AddResponse *response, void *ctx)
{
    uint64_t *ids = ctx;

    for (size_t i = 0; response && i < response->n_notes; i++)
        ids[i] = response->notes[i]->id;
}

static void expect(int is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "FAIL: %s\n", what);
    exit(1);
}

int main(int argc, char **argv)
{
    struct tenon_harness *host = tenon_test_begin(argc, argv);
    ProtobufCService *notes =
        tenon_service(tenon_harness_client(host), &org__example__notes__v1__notes__descriptor);
    static char text[] = "A note";
    Note note = ORG__EXAMPLE__NOTES__V1__NOTE__INIT;
    Note *list[NOTE_COUNT];
    AddRequest request = ORG__EXAMPLE__NOTES__V1__ADD_REQUEST__INIT;
    uint64_t ids[NOTE_COUNT] = {0};

    note.text = text;
    for (size_t i = 0; i < NOTE_COUNT; i++)
        list[i] = &note;
    request.notes = list;
    request.n_notes = 2;
    org__example__notes__v1__notes__add(notes, &request, on_added, ids);
    expect(tenon_service_result(notes)->status == TN_OK, "two notes are added");
    expect(ids[0] != 0 && ids[1] != 0 && ids[0] != ids[1], "each has an id");
    tenon_test_record(host, "notes", ids[1], "{'text': 'A note'}");

    request.n_notes = NOTE_COUNT;
    ids[0] = 0;
    org__example__notes__v1__notes__add(notes, &request, on_added, ids);
    expect(tenon_service_result(notes)->status == TN_OUT_OF_RANGE && ids[0] == 0,
           "too many are refused");
    expect(strcmp(tenon_service_result(notes)->message, "At most 64 notes are added at once.") == 0,
           "and the reason is told");
    protobuf_c_service_destroy(notes);
    return tenon_test_end(host);
}
