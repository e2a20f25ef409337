/* SPDX-License-Identifier: Apache-2.0 */
/* notes.c - a method with nested messages, and one that streams, by the service that protobuf-c
 * generates. */
#include <notes.pb-c.h>
#include <notes_proto_descriptors.h>
#include <tenon_protobuf_c.h>

typedef Org__Example__Notes__V1__Note Note;
typedef Org__Example__Notes__V1__AddRequest AddRequest;
typedef Org__Example__Notes__V1__AddResponse AddResponse;
typedef Org__Example__Notes__V1__ListRequest ListRequest;
typedef Org__Example__Notes__V1__Notes_Service NotesService;

/* More in one request are refused: they are written in one transaction. */
#define NOTE_MAX 64

enum { NOTE, ADD, ADDED, LIST, LISTED };
enum { TEXT };

TN_NEEDS(core, records);

static void notes_add(NotesService *service, const AddRequest *request,
                      Org__Example__Notes__V1__AddResponse_Closure reply, void *rpc)
{
    struct tn_call *call = tn_rpc_call(rpc);
    AddResponse answer = ORG__EXAMPLE__NOTES__V1__ADD_RESPONSE__INIT;
    Note notes[NOTE_MAX];
    Note *list[NOTE_MAX];

    (void)service;
    if (request->n_notes > NOTE_MAX) {
        tn_rpc_fail(rpc,
                    tn_core->refuse(call,
                                    TN_OUT_OF_RANGE,
                                    UINT32_MAX,
                                    "too_many",
                                    "At most 64 notes are added at once."));
        return;
    }
    for (size_t i = 0; i < request->n_notes; i++) {
        struct tn_record *note = tn_create(call, NOTE);

        tn_set_text(note, TEXT, tn_str(request->notes[i]->text));
        notes[i] = *request->notes[i];
        notes[i].id = tn_id_of(note);
        list[i] = &notes[i];
    }
    answer.n_notes = request->n_notes;
    answer.notes = list;
    reply(&answer, rpc);
}

/* A text of a record ends without NUL, one of protobuf-c with it. */
static char *copy_text(struct tn_str text)
{
    char *copy = malloc(text.len + 1);

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

/* Each reply() sends one, and waits while the reader is slow. */
static void notes_list(NotesService *service, const ListRequest *request,
                       Org__Example__Notes__V1__Note_Closure reply, void *rpc)
{
    struct tn_call *call = tn_rpc_call(rpc);
    const struct tn_record *record = NULL;
    struct tn_found *found = NULL;
    Note note = ORG__EXAMPLE__NOTES__V1__NOTE__INIT;
    tn_status status = tn_records->find(call, NOTE, NULL, 0, TN_BY_ID, 0, &found);

    (void)service;
    (void)request;
    while (status == TN_OK) {
        status = tn_records->next(found, &record);
        if (status != TN_OK || !record)
            break;
        note.text = copy_text(tn_text(record, TEXT));
        note.id = tn_id_of(record);
        if (note.text)
            reply(&note, rpc);
        status = note.text ? tn_rpc_status(rpc) : TN_RESOURCE_EXHAUSTED;
        free(note.text);
    }
    if (found)
        tn_records->close(found);
    if (status != TN_OK)
        tn_rpc_fail(rpc, status);
}

static NotesService notes_service = ORG__EXAMPLE__NOTES__V1__NOTES__INIT(notes_);
TN_RPC(add, notes_service, "Add")
TN_RPC_STREAM(list, notes_service, "List")

static const struct tn_type types[] = {
    [NOTE] = {.name = "notes", .label = "Note", .plural = "Notes"},
    [ADD] = {.name = "org.example.notes.v1.AddRequest", .flags = TN_MESSAGE | TN_ENCODED},
    [ADDED] = {.name = "org.example.notes.v1.AddResponse", .flags = TN_MESSAGE | TN_ENCODED},
    [LIST] = {.name = "org.example.notes.v1.ListRequest", .flags = TN_MESSAGE | TN_ENCODED},
    [LISTED] = {.name = "org.example.notes.v1.Note", .flags = TN_MESSAGE | TN_ENCODED},
};
static const struct tn_property properties[] = {
    [TEXT] = {TN_PROPERTY(NOTE, TN_TEXT, "text", "Text", TN_REQUIRED | TN_TITLE)},
};
static const struct tn_method methods[] = {
    {"org.example.notes.v1.Notes/Add", ADD, ADDED, add, .flags = TN_JOINS},
    {"org.example.notes.v1.Notes/List", LIST, LISTED, list, .flags = TN_READS | TN_STREAMS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.notes", "1.0.0", "Notes"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
    .descriptors = TN_LIST(notes_proto_descriptors),
};
