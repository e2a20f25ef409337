/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.c - reading and storing definitions, and building portals' schemas of them. */
#include "core/schema/catalog.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/schema/catalog_parts.h"
#include "core/store/meta.h"
#include "core/value/value.h"

/* All definitions of all portals of a host. */
#define CATALOG_SIZE_MAX ((size_t)256 << 20)

/* protobuf-c tells nothing apart from a damaged message but by this. */
struct unpacking {
    struct arena *arena;
    bool is_exhausted;
};

/* protobuf-c's allocator on the catalog's arena. */
static void *arena_allocate(void *data, size_t size)
{
    struct unpacking *unpacking = data;
    void *p = arena_alloc(unpacking->arena, size);

    unpacking->is_exhausted |= !p;
    return p;
}

static void arena_release(void *data, void *p)
{
    (void)data;
    (void)p; /* freed with the arena */
}

char *catalog_copy_str(struct catalog *catalog, struct tn_str text)
{
    return arena_copy(&catalog->arena, text.data ? text.data : "", text.len);
}

char *catalog_copy(struct catalog *catalog, const char *text)
{
    return catalog_copy_str(catalog, utf8_str(text ? text : ""));
}

/* Storing */

tn_status catalog_put(struct store_batch *batch, uint32_t portal, enum definition_kind kind,
                      uint32_t id, const ProtobufCMessage *message)
{
    uint8_t key[6] = {STORE_META_SCHEMA, (uint8_t)kind};
    struct buf value = {0};

    write_u32(key + 2, id);
    tn_status st = buf_reserve(&value, protobuf_c_message_get_packed_size(message));
    if (st == TN_OK) {
        value.len = protobuf_c_message_pack(message, value.data);
        store_batch_put(
            batch, STORE_META, portal, (struct tn_bytes){key, sizeof(key)}, buf_bytes(&value));
    }
    buf_fini(&value);
    return st;
}

tn_status catalog_put_next_id(struct store_batch *batch, uint32_t portal, uint32_t next_id)
{
    const uint8_t key[2] = {STORE_META_SCHEMA, DEFINITION_NEXT_ID};
    uint8_t value[4];

    write_u32(value, next_id);
    store_batch_put(batch,
                    STORE_META,
                    portal,
                    (struct tn_bytes){key, sizeof(key)},
                    (struct tn_bytes){value, sizeof(value)});
    return TN_OK;
}

/* Reading */

/* Where the definitions of a portal go. */
struct reading {
    struct catalog *catalog;
    uint32_t portal;
    struct definitions *defs;
    uint32_t *next_id;
};

static tn_status unpack_definition(const struct reading *reading, enum definition_kind kind,
                                   struct tn_bytes value)
{
    struct definitions *defs = reading->defs;
    struct unpacking unpacking = {.arena = &reading->catalog->arena};
    ProtobufCAllocator allocator = {arena_allocate, arena_release, &unpacking};
    void *message = NULL;

    switch (kind) {
    case DEFINITION_NEXT_ID:
        if (value.len != 4)
            return TN_DATA_LOSS;
        *reading->next_id = read_u32(value.data);
        return TN_OK;
    case DEFINITION_TYPE:
        message = tenon__stored__v1__type__unpack(&allocator, value.len, value.data);
        if (message)
            return definitions_add_type(defs, message);
        break;
    case DEFINITION_PROPERTY:
        message = tenon__stored__v1__property__unpack(&allocator, value.len, value.data);
        if (message)
            return definitions_add_property(defs, message);
        break;
    case DEFINITION_ASSOCIATION:
        message = tenon__stored__v1__association__unpack(&allocator, value.len, value.data);
        if (message)
            return definitions_add_association(defs, message);
        break;
    case DEFINITION_ROLLUP:
        message = tenon__stored__v1__rollup__unpack(&allocator, value.len, value.data);
        if (message)
            return definitions_add_rollup(defs, message);
        break;
    }
    return unpacking.is_exhausted ? TN_RESOURCE_EXHAUSTED : TN_DATA_LOSS;
}

static tn_status read_definition(void *ctx, struct tn_bytes key, struct tn_bytes value,
                                 struct err *err)
{
    const struct reading *reading = ctx;
    tn_status st = key.len < 2
                       ? TN_DATA_LOSS
                       : unpack_definition(reading, (enum definition_kind)key.data[1], value);

    if (st == TN_DATA_LOSS)
        return err_set(err, st, "A stored definition of portal %u is damaged.", reading->portal);
    return st == TN_OK ? TN_OK : err_memory(err, "reading the schema");
}

static tn_status read_definitions(struct catalog *catalog, uint32_t portal,
                                  struct definitions *defs, uint32_t *next_id, struct err *err)
{
    const uint8_t prefix = STORE_META_SCHEMA;
    struct reading reading = {
        .catalog = catalog, .portal = portal, .defs = defs, .next_id = next_id};

    return store_each(catalog->store,
                      STORE_META,
                      portal,
                      (struct tn_bytes){&prefix, 1},
                      read_definition,
                      &reading,
                      err);
}

static void destroy_portal(struct portal_schema *portal)
{
    schema_unref(portal->current);
    definitions_fini(&portal->own);
    mem_free(portal);
}

/* Plugins may have come since the portal made its types. */
static tn_status reach_stored(struct catalog *catalog, struct portal_schema *portal,
                              struct err *err)
{
    if (portal->own.type_count == 0 || catalog->plugin_count == 0)
        return TN_OK;
    struct store_batch *batch = store_batch_create();
    if (!batch)
        return err_memory(err, "a portal's schema");
    tn_status st = catalog_reach(catalog, portal, batch, err);
    if (st == TN_OK && store_batch_count(batch) > 0)
        st = store_write(catalog->store, batch, true, err);
    store_batch_destroy(batch);
    return st;
}

static tn_status read_portal(struct catalog *catalog, struct portal_schema *portal, struct err *err)
{
    TRY(read_definitions(catalog, (uint32_t)portal->id, &portal->own, &portal->next_id, err));
    TRY(reach_stored(catalog, portal, err));
    return map_set_u64(&catalog->portals, &portal->id, portal, NULL) == TN_OK
               ? TN_OK
               : err_memory(err, "a portal's schema");
}

tn_status catalog_find_portal(struct catalog *catalog, uint32_t portal,
                              struct portal_schema **ret_portal, struct err *err)
{
    uint64_t id = portal;
    struct portal_schema *found = map_get_u64(&catalog->portals, &id);

    if (!found) {
        found = mem_new(struct portal_schema);
        if (!found)
            return err_memory(err, "a portal's schema");
        found->id = id;
        found->next_id = SCHEMA_PORTAL_ID;
        tn_status st = read_portal(catalog, found, err);
        if (st != TN_OK) {
            destroy_portal(found);
            return st;
        }
    }
    *ret_portal = found;
    return TN_OK;
}

tn_status catalog_build(struct catalog *catalog, struct portal_schema *portal,
                        struct schema **ret_schema, struct err *err)
{
    return schema_build(
        &catalog->host, &portal->own, catalog->texts, ++catalog->version, ret_schema, err);
}

void catalog_forget_built(struct catalog *catalog)
{
    struct portal_schema *portal;

    for (size_t at = 0; (portal = map_next(&catalog->portals, &at, NULL));) {
        schema_unref(portal->current);
        portal->current = NULL;
    }
    catalog->forgotten = catalog->version;
}

void catalog_forget_portals(struct catalog *catalog)
{
    struct portal_schema *portal;

    for (size_t at = 0; (portal = map_next(&catalog->portals, &at, NULL));)
        destroy_portal(portal);
    map_clear(&catalog->portals);
    catalog->forgotten = catalog->version;
}

tn_status catalog_collect_texts(struct catalog *catalog, const struct tn_plugin *plugin,
                                size_t place, struct schema_texts **ret_texts, struct err *err)
{
    size_t count = catalog->plugin_count + (plugin && place == catalog->plugin_count);
    const struct tn_text_list **lists =
        (const struct tn_text_list **)mem_alloc_zeroed(count, sizeof(*lists));
    struct schema_texts *texts = NULL;

    if (lists) {
        for (size_t i = 0; i < count; i++)
            lists[i] = plugin && i == place ? &plugin->texts : &catalog->plugins[i]->texts;
        texts = schema_texts_create(lists, count);
    }
    mem_free((void *)lists);
    if (!texts)
        return err_memory(err, "the texts of plugins");
    *ret_texts = texts;
    return TN_OK;
}

bool catalog_is_changing(const struct catalog *catalog)
{
    const struct portal_schema *portal;

    for (size_t at = 0; (portal = map_next(&catalog->portals, &at, NULL));)
        if (portal->is_changing)
            return true;
    return false;
}

bool catalog_knows(struct catalog *catalog, const char *plugin)
{
    bool is_known = false;

    (void)pthread_mutex_lock(&catalog->mu);
    for (size_t i = 0; !is_known && i < catalog->host.type_count; i++)
        is_known = strcmp(catalog->host.types[i]->owner, plugin) == 0;
    for (size_t i = 0; !is_known && i < catalog->host.property_count; i++)
        is_known = strcmp(catalog->host.properties[i]->owner, plugin) == 0;
    (void)pthread_mutex_unlock(&catalog->mu);
    return is_known;
}

struct schema *catalog_schema(struct catalog *catalog, uint32_t portal)
{
    struct portal_schema *found = NULL;
    struct schema *schema = NULL;

    (void)pthread_mutex_lock(&catalog->mu);
    if (catalog_find_portal(catalog, portal, &found, NULL) == TN_OK) {
        if (!found->current)
            (void)catalog_build(catalog, found, &found->current, NULL);
        schema = found->current ? schema_ref(found->current) : NULL;
    }
    (void)pthread_mutex_unlock(&catalog->mu);
    return schema;
}

bool catalog_has_own(struct catalog *catalog, uint32_t portal)
{
    struct portal_schema *found = NULL;

    (void)pthread_mutex_lock(&catalog->mu);
    bool has = catalog_find_portal(catalog, portal, &found, NULL) != TN_OK ||
               found->own.type_count > 0 || found->own.property_count > 0 ||
               found->own.association_count > 0;
    (void)pthread_mutex_unlock(&catalog->mu);
    return has;
}

void catalog_adopt(struct catalog *catalog, uint32_t portal, struct schema *schema)
{
    uint64_t id = portal;

    (void)pthread_mutex_lock(&catalog->mu);
    struct portal_schema *found = map_get_u64(&catalog->portals, &id);
    if (!found || schema_version(schema) <= catalog->forgotten) {
        schema_unref(schema); /* a plugin was declared meanwhile: it is built anew */
        schema = NULL;
    }
    if (found) {
        schema_unref(found->current);
        found->current = schema;
        found->is_changing = false;
    }
    (void)pthread_cond_broadcast(&catalog->changed);
    (void)pthread_mutex_unlock(&catalog->mu);
}

void catalog_reread(struct catalog *catalog, uint32_t portal)
{
    uint64_t id = portal;

    (void)pthread_mutex_lock(&catalog->mu);
    struct portal_schema *found = map_remove_u64(&catalog->portals, &id);
    if (found) {
        destroy_portal(found);
        /* Now, while others wait: the store may be open to this thread alone. What fails is read
         * when it is asked for. */
        if (catalog_find_portal(catalog, portal, &found, NULL) == TN_OK)
            (void)catalog_build(catalog, found, &found->current, NULL);
    }
    (void)pthread_cond_broadcast(&catalog->changed);
    (void)pthread_mutex_unlock(&catalog->mu);
}

/* Opening */

static tn_status declare_builtin(struct catalog *catalog, struct err *err)
{
    struct catalog_declared *declared = NULL;

    TRY(catalog_declare(catalog, &catalog_builtin, &declared, err));
    tn_status st = catalog_keep(catalog, declared, err);
    catalog_declared_destroy(declared);
    return st;
}

tn_status catalog_open_stored(struct store *store, struct catalog **ret_catalog, struct err *err)
{
    struct catalog *catalog = mem_new(struct catalog);

    if (!catalog)
        return err_memory(err, "the schemas");
    catalog->store = store;
    catalog->next_id = SCHEMA_ID_MIN;
    arena_init(&catalog->arena, CATALOG_SIZE_MAX);
    (void)pthread_mutex_init(&catalog->mu, NULL);
    (void)pthread_cond_init(&catalog->changed, NULL);
    tn_status st = read_definitions(catalog, 0, &catalog->host, &catalog->next_id, err);
    if (st != TN_OK) {
        catalog_close(catalog);
        return st;
    }
    *ret_catalog = catalog;
    return TN_OK;
}

tn_status catalog_open(struct store *store, struct catalog **ret_catalog, struct err *err)
{
    struct catalog *catalog = NULL;

    TRY(catalog_open_stored(store, &catalog, err));
    tn_status st = declare_builtin(catalog, err);
    if (st != TN_OK) {
        catalog_close(catalog);
        return st;
    }
    *ret_catalog = catalog;
    return TN_OK;
}

void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    catalog_forget_portals(catalog);
    map_fini(&catalog->portals);
    schema_texts_unref(catalog->texts);
    definitions_fini(&catalog->host);
    mem_free((void *)catalog->plugins);
    arena_fini(&catalog->arena);
    (void)pthread_cond_destroy(&catalog->changed);
    (void)pthread_mutex_destroy(&catalog->mu);
    mem_free(catalog);
}

/* Rules */

#define NAME_SIZE_MAX 64u
/* Of a text that new records begin with. */
#define FALLBACK_SIZE_MAX ((size_t)4096)

tn_status catalog_check_name(struct tn_str name, const char *field, struct err *err)
{
    bool ok =
        name.len > 0 && name.len <= NAME_SIZE_MAX && name.data[0] >= 'a' && name.data[0] <= 'z';

    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.data[i];

        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (ok)
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       field,
                       "name",
                       "\"%.*s\" is no name: a small letter, then at most 63 of a-z, 0-9 and _.",
                       name.len > 80 ? 80 : (int)name.len,
                       name.data);
}

static tn_status check_flags(const Tenon__Stored__V1__Property *p, struct err *err)
{
    bool is_plain =
        p->kind == TN_TEXT || p->kind == TN_NUMBER || p->kind == TN_DATE || p->kind == TN_DATETIME;

    if ((p->flags & TN_UNIQUE) && !is_plain)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "kind",
                           "%s: only a text, number, date or datetime can be unique.",
                           p->name);
    if ((p->flags & TN_SEARCHABLE) && p->kind != TN_TEXT)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "kind",
                           "%s: only a text can be searchable.",
                           p->name);
    if ((p->flags & TN_INDEXED) && (p->kind == TN_BLOB || p->kind == TN_CHOICES))
        return err_violate(
            err, TN_INVALID_ARGUMENT, p->name, "kind", "%s: this kind cannot be indexed.", p->name);
    if ((p->flags & TN_OWNER) && p->kind != TN_REF)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "kind",
                           "%s: an owner is a reference to users.",
                           p->name);
    return TN_OK;
}

static tn_status check_options(const Tenon__Stored__V1__Property *p, struct err *err)
{
    bool is_choice = p->kind == TN_CHOICE || p->kind == TN_CHOICES;

    if (!is_choice && p->n_options > 0)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "options",
                           "%s: only a choice has options.",
                           p->name);
    if (p->n_options > SCHEMA_OPTION_MAX)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "options",
                           "%s: more than %u options.",
                           p->name,
                           SCHEMA_OPTION_MAX);
    for (size_t i = 0; i < p->n_options; i++) {
        const char *name = p->options[i]->name;

        if (name[0] == '\0' || strchr(name, ';'))
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               p->name,
                               "options",
                               "%s: an option's name is not empty and has no ';'.",
                               p->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(name, p->options[j]->name) == 0)
                return err_violate(err,
                                   TN_INVALID_ARGUMENT,
                                   p->name,
                                   "options",
                                   "%s: option \"%.60s\" is there twice.",
                                   p->name,
                                   name);
    }
    return TN_OK;
}

static bool has_option(const Tenon__Stored__V1__Property *p, struct tn_str name)
{
    for (size_t i = 0; i < p->n_options; i++)
        if (utf8_is(name, p->options[i]->name))
            return true;
    return false;
}

/* One option, or several joined by ';'. */
static bool are_options(const Tenon__Stored__V1__Property *p, struct tn_str rest)
{
    while (rest.len > 0) {
        const char *end = p->kind == TN_CHOICES ? memchr(rest.data, ';', rest.len) : NULL;
        struct tn_str name = {rest.data, end ? (size_t)(end - rest.data) : rest.len};

        rest = end ? (struct tn_str){end + 1, rest.len - name.len - 1} : (struct tn_str){0};
        if (!has_option(p, name))
            return false;
    }
    return true;
}

/* What new records begin with must be what they may have. */
static tn_status check_fallback(const Tenon__Stored__V1__Property *p, struct err *err)
{
    struct tn_value initial;

    TRY(value_parse(p->kind, utf8_str(p->fallback), p->name, &initial, err));
    if (initial.kind == TN_NONE)
        return TN_OK;
    TRY(value_check(&initial, FALLBACK_SIZE_MAX, p->name, err));
    if (p->kind == TN_REF)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "fallback",
                           "%s: a reference has no fallback, for its record may go.",
                           p->name);
    if ((p->kind == TN_CHOICE || p->kind == TN_CHOICES) && !are_options(p, initial.as.text))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           p->name,
                           "fallback",
                           "%s: the fallback is none of its options.",
                           p->name);
    return TN_OK;
}

tn_status catalog_check_property(const Tenon__Stored__V1__Property *p, struct err *err)
{
    TRY(catalog_check_name(utf8_str(p->name), "name", err));
    if (p->kind == TN_NONE || !value_kind_name(p->kind))
        return err_violate(
            err, TN_INVALID_ARGUMENT, p->name, "kind", "%s: no such kind of value.", p->name);
    TRY(check_flags(p, err));
    TRY(check_options(p, err));
    return check_fallback(p, err);
}

static uint64_t used_bits(const struct definitions *defs, uint32_t type)
{
    uint64_t used = 0;

    for (size_t i = 0; i < defs->property_count; i++)
        if (defs->properties[i]->type == type && (defs->properties[i]->flags & TN_SEARCHABLE))
            used |= 1ull << defs->properties[i]->word_bit;
    return used;
}

tn_status catalog_word_bit(const struct definitions *host, const struct definitions *portal,
                           uint32_t type, bool of_portal, uint32_t *ret_bit, struct err *err)
{
    uint64_t used = used_bits(host, type) | (portal ? used_bits(portal, type) : 0);

    for (uint32_t i = 0; i < 32; i++) {
        uint32_t bit = of_portal ? 63 - i : i;

        if (!(used & 1ull << bit)) {
            *ret_bit = bit;
            return TN_OK;
        }
    }
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "A type has at most 32 searchable properties by plugins and 32 by its portal.");
}

char *catalog_inverse_name(struct catalog *catalog, const char *name)
{
    const char *middle = strstr(name, "_to_");

    if (!middle)
        return catalog_copy(catalog, name);
    struct tn_str left = {name, (size_t)(middle - name)};
    struct tn_str right = utf8_str(middle + 4);
    char *inverse = arena_alloc(&catalog->arena, left.len + right.len + 5);
    if (!inverse)
        return NULL;
    memcpy(inverse, right.data, right.len);
    memcpy(inverse + right.len, "_to_", 4);
    memcpy(inverse + right.len + 4, left.data, left.len);
    return inverse;
}
