/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.c - FileDescriptorSets from declarations, written field by field. */
#include "core/plugin/descriptors.h"

#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/plugin/wire.h"

#define DECIMAL_FILE "tenon/records/v1/records.proto"
#define DECIMAL_NAME ".tenon.records.v1.Decimal"

/* Field numbers of google/protobuf/descriptor.proto. */
enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_SERVICE = 6,
    FILE_SYNTAX = 12,
    MESSAGE_NAME = 1,
    MESSAGE_FIELD = 2,
    FIELD_NAME = 1,
    FIELD_NUMBER = 3,
    FIELD_LABEL = 4,
    FIELD_TYPE = 5,
    FIELD_TYPE_NAME = 6,
    SERVICE_NAME = 1,
    SERVICE_METHOD = 2,
    METHOD_NAME = 1,
    METHOD_INPUT = 2,
    METHOD_OUTPUT = 3,
    METHOD_SERVER_STREAMING = 6
};
#define LABEL_OPTIONAL 1u

/* "a.b.C" to "a.b" and "C". */
static struct tn_str package_of(const char *name, size_t len)
{
    while (len > 0 && name[len - 1] != '.')
        len--;
    return (struct tn_str){name, len > 0 ? len - 1 : 0};
}

static const char *after_dot(struct tn_str package, const char *name)
{
    return package.len > 0 ? name + package.len + 1 : name;
}

static uint32_t field_type(uint32_t kind)
{
    static const uint8_t types[] = {[TN_TEXT] = 9,
                                    [TN_CHOICE] = 9,
                                    [TN_CHOICES] = 9,
                                    [TN_NUMBER] = 11,
                                    [TN_BOOL] = 8,
                                    [TN_DATE] = 17,
                                    [TN_DATETIME] = 18,
                                    [TN_DURATION] = 18,
                                    [TN_REF] = 4,
                                    [TN_BLOB] = 12};
    return types[kind];
}

/* Adds what `part` holds as one field of `out`, and empties it. */
static tn_status add_part(struct buf *out, uint32_t field, struct buf *part)
{
    tn_status st = wire_add_bytes(out, field, part->data, part->len);

    buf_fini(part);
    return st;
}

static tn_status build_field(const struct tn_property *row, uint32_t number, struct buf *out)
{
    TRY(wire_add_text(out, FIELD_NAME, row->name));
    TRY(wire_add_varint(out, FIELD_NUMBER, number));
    TRY(wire_add_varint(out, FIELD_LABEL, LABEL_OPTIONAL));
    TRY(wire_add_varint(out, FIELD_TYPE, field_type(row->kind)));
    return row->kind == TN_NUMBER ? wire_add_text(out, FIELD_TYPE_NAME, DECIMAL_NAME) : TN_OK;
}

static tn_status build_message(const struct tn_plugin *plugin, uint32_t type, const char *name,
                               struct buf *out)
{
    CLEANUP(buf_fini) struct buf field = {0};
    uint32_t number = 0;

    TRY(wire_add_text(out, MESSAGE_NAME, name));
    for (uint32_t i = 0; i < plugin->properties.count; i++) {
        if (plugin->properties.items[i].type != type)
            continue;
        TRY(build_field(&plugin->properties.items[i], ++number, &field));
        TRY(add_part(out, MESSAGE_FIELD, &field));
    }
    return TN_OK;
}

/* Appends ".NAME", as descriptors name a type in full. */
static tn_status add_type_name(struct buf *out, uint32_t field, const char *name)
{
    CLEANUP(buf_fini) struct buf full = {0};

    TRY(buf_add_u8(&full, '.'));
    TRY(buf_add(&full, name, strlen(name)));
    return wire_add_bytes(out, field, full.data, full.len);
}

/* "a.b.Service/Method" to "a.b.Service". */
static struct tn_str service_of(const struct tn_method *row)
{
    const char *slash = strchr(row->name, '/');

    return (struct tn_str){row->name, slash ? (size_t)(slash - row->name) : strlen(row->name)};
}

static tn_status build_service(const struct tn_plugin *plugin, struct tn_str service,
                               struct tn_str package, struct buf *out)
{
    CLEANUP(buf_fini) struct buf method = {0};
    size_t skip = package.len > 0 ? package.len + 1 : 0;

    TRY(wire_add_bytes(out, SERVICE_NAME, service.data + skip, service.len - skip));
    for (uint32_t i = 0; i < plugin->methods.count; i++) {
        const struct tn_method *row = &plugin->methods.items[i];

        if (row->flags & TN_EXTERN || !utf8_equal(service_of(row), service))
            continue;
        TRY(wire_add_text(&method, METHOD_NAME, row->name + service.len + 1));
        TRY(add_type_name(&method, METHOD_INPUT, plugin->types.items[row->request].name));
        TRY(add_type_name(&method, METHOD_OUTPUT, plugin->types.items[row->response].name));
        if (row->flags & TN_STREAMS)
            TRY(wire_add_varint(&method, METHOD_SERVER_STREAMING, 1));
        TRY(add_part(out, SERVICE_METHOD, &method));
    }
    return TN_OK;
}

static bool is_own_message(const struct tn_type *row)
{
    return (row->flags & (TN_MESSAGE | TN_EXTERN)) == TN_MESSAGE;
}

/* The package that row `i` of the types, and behind them of the methods, has something of its own
 * in; empty data: nothing. */
static struct tn_str package_at(const struct tn_plugin *plugin, uint32_t i)
{
    if (i < plugin->types.count) {
        const struct tn_type *type = &plugin->types.items[i];

        return is_own_message(type) ? package_of(type->name, strlen(type->name))
                                    : (struct tn_str){0};
    }
    const struct tn_method *method = &plugin->methods.items[i - plugin->types.count];
    struct tn_str service = service_of(method);
    return method->flags & TN_EXTERN ? (struct tn_str){0} : package_of(service.data, service.len);
}

static tn_status build_services(const struct tn_plugin *plugin, struct tn_str package,
                                struct buf *out)
{
    CLEANUP(buf_fini) struct buf part = {0};

    for (uint32_t i = 0; i < plugin->methods.count; i++) {
        const struct tn_method *row = &plugin->methods.items[i];
        struct tn_str service = service_of(row);
        bool is_first = !(row->flags & TN_EXTERN);

        for (uint32_t j = 0; j < i && is_first; j++)
            is_first = plugin->methods.items[j].flags & TN_EXTERN ||
                       !utf8_equal(service_of(&plugin->methods.items[j]), service);
        if (!is_first || !utf8_equal(package_of(service.data, service.len), package))
            continue;
        TRY(build_service(plugin, service, package, &part));
        TRY(add_part(out, FILE_SERVICE, &part));
    }
    return TN_OK;
}

/* One file for the package, named so that no .proto file has its name. */
static tn_status build_file(const struct tn_plugin *plugin, struct tn_str package, struct buf *out)
{
    CLEANUP(buf_fini) struct buf part = {0};

    TRY(buf_add(&part, "declared/", strlen("declared/")));
    TRY(buf_add(&part, package.data, package.len));
    TRY(buf_add(&part, ".proto", strlen(".proto")));
    TRY(add_part(out, FILE_NAME, &part));
    TRY(wire_add_bytes(out, FILE_PACKAGE, package.data, package.len));
    TRY(wire_add_text(out, FILE_DEPENDENCY, DECIMAL_FILE));
    for (uint32_t i = 0; i < plugin->types.count; i++) {
        const struct tn_type *row = &plugin->types.items[i];

        if (!is_own_message(row) || !utf8_equal(package_at(plugin, i), package))
            continue;
        TRY(build_message(plugin, i, after_dot(package, row->name), &part));
        TRY(add_part(out, FILE_MESSAGE, &part));
    }
    TRY(build_services(plugin, package, out));
    return wire_add_text(out, FILE_SYNTAX, "proto3");
}

tn_status descriptors_build(const struct tn_plugin *plugin, struct buf *out)
{
    CLEANUP(buf_fini) struct buf file = {0};

    for (uint32_t i = 0; i < plugin->types.count + plugin->methods.count; i++) {
        struct tn_str package = package_at(plugin, i);
        bool is_first = package.data != NULL;

        for (uint32_t j = 0; j < i && is_first; j++)
            is_first = !package_at(plugin, j).data || !utf8_equal(package_at(plugin, j), package);
        if (!is_first)
            continue;
        TRY(build_file(plugin, package, &file));
        TRY(add_part(out, SET_FILE, &file));
    }
    return TN_OK;
}
