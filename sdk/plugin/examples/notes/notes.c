/* SPDX-License-Identifier: Apache-2.0 */
/* notes.c - a method with nested messages, by the service that protobuf-c generates. */
#include <notes.pb-c.h>
#include <notes_proto_descriptors.h>
#include <tenon_protobuf_c.h>

typedef Org__Example__Notes__V1__Note Note;
typedef Org__Example__Notes__V1__AddRequest AddRequest;
typedef Org__Example__Notes__V1__AddResponse AddResponse;
typedef Org__Example__Notes__V1__Notes_Service NotesService;

/* More in one request are refused: they are written in one transaction. */
#define NOTE_MAX 64

enum { NOTE, ADD, ADDED };
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

static NotesService notes_service = ORG__EXAMPLE__NOTES__V1__NOTES__INIT(notes_);
TN_RPC(add, notes_service, "Add")

static const struct tn_type types[] = {
    [NOTE] = {.name = "notes", .label = "Note", .plural = "Notes"},
    [ADD] = {.name = "org.example.notes.v1.AddRequest", .flags = TN_MESSAGE | TN_ENCODED},
    [ADDED] = {.name = "org.example.notes.v1.AddResponse", .flags = TN_MESSAGE | TN_ENCODED},
};
static const struct tn_property properties[] = {
    [TEXT] = {TN_PROPERTY(NOTE, TN_TEXT, "text", "Text", TN_REQUIRED | TN_TITLE)},
};
static const struct tn_method methods[] = {
    {"org.example.notes.v1.Notes/Add", ADD, ADDED, add, .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.notes", "1.0.0", "Notes"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
    .descriptors = TN_LIST(notes_proto_descriptors),
};
