/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the rows of the plugins against their .proto files, and against themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/descriptor.pb-c.h>
#include <tenon_contacts_proto_descriptors.h>
#include <tenon_leads_proto_descriptors.h>
#include <tenon_lifecycle_proto_descriptors.h>
#include <tenon_pipelines_proto_descriptors.h>
#include <tenon_tickets_proto_descriptors.h>

#include "core/base/buf.h"
#include "core/plugin/descriptors.h"
#include "core/plugin/manifest.h"
#include "tests/unit/check.h"

typedef Google__Protobuf__FileDescriptorSet Set;
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__ServiceDescriptorProto Service;

static const char *const names[] = {
    "contacts", "pipelines", "products", "lifecycle", "leads", "tickets"};

static struct manifest *read_plugin(const char *name)
{
    char path[512];
    struct manifest *manifest = NULL;
    struct buf bytes = {0};
    struct err err;
    char block[4096];
    size_t got;

    (void)snprintf(path, sizeof(path), PLUGINS "%s.so", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while ((got = fread(block, 1, sizeof(block), file)) > 0)
        assert_int_equal(buf_add(&bytes, block, got), TN_OK);
    (void)fclose(file);
    err_init(&err, NULL);
    if (manifest_read(buf_bytes(&bytes), NULL, &manifest, &err) != TN_OK)
        fail_msg("%s: %s", name, err.message);
    buf_fini(&bytes);
    return manifest;
}

/* Texts */

static bool has_text(const struct tn_plugin *plugin, const char *source)
{
    for (uint32_t i = 0; i < plugin->texts.count; i++)
        if (strcmp(plugin->texts.items[i].language, "fr") == 0 &&
            strcmp(plugin->texts.items[i].source, source) == 0)
            return true;
    return false;
}

static void want_text(const struct tn_plugin *plugin, const char *source)
{
    if (source && !has_text(plugin, source))
        fail_msg("%s: no French for '%s'", plugin->id, source);
}

static void want_options(const struct tn_plugin *plugin, const struct tn_option_list *options)
{
    for (uint32_t i = 0; i < options->count; i++)
        want_text(plugin, options->items[i].label);
}

static void every_label_option_and_doc_has_its_french(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        struct manifest *manifest = read_plugin(names[n]);
        const struct tn_plugin *plugin = &manifest->plugin;

        for (uint32_t i = 0; i < plugin->types.count; i++) {
            want_text(plugin, plugin->types.items[i].label);
            want_text(plugin, plugin->types.items[i].plural);
        }
        for (uint32_t i = 0; i < plugin->properties.count; i++) {
            want_text(plugin, plugin->properties.items[i].label);
            want_options(plugin, &plugin->properties.items[i].options);
        }
        for (uint32_t i = 0; i < plugin->associations.count; i++) {
            want_text(plugin, plugin->associations.items[i].label);
            want_text(plugin, plugin->associations.items[i].inverse);
            want_options(plugin, &plugin->associations.items[i].labels);
        }
        for (uint32_t i = 0; i < plugin->settings.count; i++)
            want_text(plugin, plugin->settings.items[i].doc);
        manifest_destroy(manifest);
    }
}

static void products_are_data_alone(void **state)
{
    struct manifest *manifest = read_plugin("products");

    (void)state;
    assert_false(manifest_has_code(manifest));
    manifest_destroy(manifest);
}

/* .proto files */

static Set *unpack(const void *data, size_t len)
{
    Set *set = google__protobuf__file_descriptor_set__unpack(NULL, len, data);

    assert_non_null(set);
    return set;
}

static const File *package_of(const Set *set, const char *package)
{
    for (size_t i = 0; i < set->n_file; i++)
        if (set->file[i]->package && strcmp(set->file[i]->package, package) == 0)
            return set->file[i];
    fail_msg("no file of package %s", package);
    return NULL;
}

static const Message *message_of(const File *file, const char *name)
{
    for (size_t i = 0; i < file->n_message_type; i++)
        if (strcmp(file->message_type[i]->name, name) == 0)
            return file->message_type[i];
    fail_msg("no message %s", name);
    return NULL;
}

static void same_message(const Message *rows, const Message *proto)
{
    if (rows->n_field != proto->n_field)
        fail_msg("%s has %zu fields and %zu rows", proto->name, proto->n_field, rows->n_field);
    for (size_t i = 0; i < proto->n_field; i++) {
        const Google__Protobuf__FieldDescriptorProto *a = rows->field[i];
        const Google__Protobuf__FieldDescriptorProto *b = proto->field[i];

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->number, b->number);
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->label, b->label);
        assert_string_equal(a->type_name ? a->type_name : "", b->type_name ? b->type_name : "");
    }
}

static void same_services(const File *rows, const File *proto)
{
    assert_int_equal(rows->n_service, proto->n_service);
    for (size_t i = 0; i < proto->n_service; i++) {
        const Service *a = rows->service[i];
        const Service *b = proto->service[i];

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->n_method, b->n_method);
        for (size_t j = 0; j < b->n_method; j++) {
            assert_string_equal(a->method[j]->name, b->method[j]->name);
            assert_string_equal(a->method[j]->input_type, b->method[j]->input_type);
            assert_string_equal(a->method[j]->output_type, b->method[j]->output_type);
        }
    }
}

static const struct flat {
    const char *plugin;
    const char *package;
    const unsigned char *descriptors;
    const size_t *len;
} flats[] = {
    {"contacts",
     "tenon.contacts.v1",
     tenon_contacts_proto_descriptors,
     &tenon_contacts_proto_descriptors_len},
    {"leads", "tenon.leads.v1", tenon_leads_proto_descriptors, &tenon_leads_proto_descriptors_len},
    {"lifecycle",
     "tenon.lifecycle.v1",
     tenon_lifecycle_proto_descriptors,
     &tenon_lifecycle_proto_descriptors_len},
    {"pipelines",
     "tenon.deals.v1",
     tenon_pipelines_proto_descriptors,
     &tenon_pipelines_proto_descriptors_len},
    {"tickets",
     "tenon.tickets.v1",
     tenon_tickets_proto_descriptors,
     &tenon_tickets_proto_descriptors_len},
};

static void same_package(const struct flat *flat)
{
    struct manifest *manifest = read_plugin(flat->plugin);
    struct buf built = {0};

    assert_int_equal(descriptors_build(&manifest->plugin, &built), TN_OK);
    Set *rows = unpack(built.data, built.len);
    Set *proto = unpack(flat->descriptors, *flat->len);
    const File *a = package_of(rows, flat->package);
    const File *b = package_of(proto, flat->package);
    assert_int_equal(a->n_message_type, b->n_message_type);
    for (size_t i = 0; i < b->n_message_type; i++)
        same_message(message_of(a, b->message_type[i]->name), b->message_type[i]);
    same_services(a, b);
    google__protobuf__file_descriptor_set__free_unpacked(rows, NULL);
    google__protobuf__file_descriptor_set__free_unpacked(proto, NULL);
    buf_fini(&built);
    manifest_destroy(manifest);
}

static void flat_messages_and_their_services_are_those_of_the_protos(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(flats) / sizeof(flats[0]); i++)
        same_package(&flats[i]);
}

/* "tenon.a.v1.S/M" against the services of a file. */
static bool serves(const File *file, const char *method)
{
    char name[256];

    for (size_t i = 0; i < file->n_service; i++)
        for (size_t j = 0; j < file->service[i]->n_method; j++) {
            (void)snprintf(name,
                           sizeof(name),
                           "%s.%s/%s",
                           file->package,
                           file->service[i]->name,
                           file->service[i]->method[j]->name);
            if (strcmp(name, method) == 0)
                return true;
        }
    return false;
}

static void the_methods_of_pipelines_are_those_of_its_proto(void **state)
{
    struct manifest *manifest = read_plugin("pipelines");
    const struct tn_plugin *plugin = &manifest->plugin;
    Set *proto = unpack(plugin->descriptors.items, plugin->descriptors.count);
    const File *file = package_of(proto, "tenon.pipelines.v1");

    (void)state;
    assert_int_equal(plugin->descriptors.count, tenon_pipelines_proto_descriptors_len);
    assert_memory_equal(
        plugin->descriptors.items, tenon_pipelines_proto_descriptors, plugin->descriptors.count);
    assert_int_equal(file->n_service, 1);
    size_t served = 0;
    for (uint32_t i = 0; i < plugin->methods.count; i++) {
        const struct tn_method *row = &plugin->methods.items[i];
        if (strncmp(row->name, "tenon.pipelines.v1.", strlen("tenon.pipelines.v1.")) != 0)
            continue;
        served++;
        const char *request = plugin->types.items[row->request].name;
        const char *response = plugin->types.items[row->response].name;

        assert_true(serves(file, row->name));
        (void)message_of(file, strrchr(request, '.') + 1);
        (void)message_of(file, strrchr(response, '.') + 1);
    }
    assert_int_equal(served, file->service[0]->n_method);
    google__protobuf__file_descriptor_set__free_unpacked(proto, NULL);
    manifest_destroy(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_option_and_doc_has_its_french),
        cmocka_unit_test(products_are_data_alone),
        cmocka_unit_test(flat_messages_and_their_services_are_those_of_the_protos),
        cmocka_unit_test(the_methods_of_pipelines_are_those_of_its_proto),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
