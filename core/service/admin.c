/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c - tenon.admin.v1: portals, plugins and their settings, status. Users are in users.c. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "core/value/date.h"
#include "tenon/admin/v1/admin.pb-c.h"

/* Portals */

static tn_status write_portal(struct service_call *call, const struct portal *portal,
                              Tenon__Admin__V1__Portal **ret_portal)
{
    struct portal_settings settings = portal_settings(call->service->access.portals, portal);
    Tenon__Admin__V1__Portal *message = wire_message(call, &tenon__admin__v1__portal__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, utf8_str(portal->name));
    message->title = wire_text(call, utf8_str(settings.title));
    message->time_zone = wire_text(call, utf8_str(settings.time_zone));
    message->currency = wire_text(call, utf8_str(settings.currency));
    message->language = wire_text(call, utf8_str(settings.language));
    message->created_at = portal->created_us;
    if (!message->name || !message->title || !message->time_zone || !message->currency ||
        !message->language)
        return TN_RESOURCE_EXHAUSTED;
    *ret_portal = message;
    return TN_OK;
}

/* Nothing is cut: a text without room is refused with its field. */
static tn_status copy_setting(struct service_call *call, const char *field, const char *text,
                              char *out, size_t size)
{
    if (strlen(text) >= size)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "too_long",
                           "%s has more than %u bytes.",
                           field,
                           (unsigned)(size - 1));
    (void)snprintf(out, size, "%s", text);
    return TN_OK;
}

static tn_status read_settings(struct service_call *call, const Tenon__Admin__V1__Portal *wire,
                               struct portal_settings *ret_settings)
{
    struct portal_settings settings = {0};

    TRY(copy_setting(call, "title", wire->title, settings.title, sizeof(settings.title)));
    TRY(copy_setting(
        call, "time_zone", wire->time_zone, settings.time_zone, sizeof(settings.time_zone)));
    TRY(copy_setting(
        call, "currency", wire->currency, settings.currency, sizeof(settings.currency)));
    TRY(copy_setting(
        call, "language", wire->language, settings.language, sizeof(settings.language)));
    *ret_settings = settings;
    return TN_OK;
}

/* Of other portals only administrators of the host know. */
static tn_status find_portal(struct service_call *call, const char *name,
                             struct portal **ret_portal)
{
    struct portal *portal = portals_find(call->service->access.portals, utf8_str(name));

    if (!portal || (portal != call->session->portal && !call->session->principal.is_admin))
        return err_violate(
            call->err, TN_NOT_FOUND, "name", "unknown_portal", "There is no portal '%s'.", name);
    *ret_portal = portal;
    return TN_OK;
}

static tn_status no_portal(struct service_call *call)
{
    return err_violate(
        call->err, TN_INVALID_ARGUMENT, "portal", "required", "The request names no portal.");
}

static tn_status create_portal(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__CreatePortalRequest *request = message;
    Tenon__Admin__V1__CreatePortalResponse *response = answer;
    struct portal_settings settings;
    struct portal *portal = NULL;

    if (!request->portal)
        return no_portal(call);
    TRY(read_settings(call, request->portal, &settings));
    TRY(portals_create(call->service->access.portals,
                       utf8_str(request->portal->name),
                       &settings,
                       &portal,
                       call->err));
    return write_portal(call, portal, &response->portal);
}

static tn_status get_portal(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__GetPortalRequest *request = message;
    Tenon__Admin__V1__GetPortalResponse *response = answer;
    struct portal *portal = NULL;

    TRY(find_portal(call, request->name, &portal));
    return write_portal(call, portal, &response->portal);
}

static tn_status update_portal(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__UpdatePortalRequest *request = message;
    Tenon__Admin__V1__UpdatePortalResponse *response = answer;
    struct portal_settings settings;
    struct portal *portal = NULL;

    if (!request->portal)
        return no_portal(call);
    TRY(find_portal(call, request->portal->name, &portal));
    TRY(read_settings(call, request->portal, &settings));
    TRY(portals_update(call->service->access.portals, portal, &settings, call->err));
    return write_portal(call, portal, &response->portal);
}

/* Portals that the caller may know of, in order: `*at` starts with NULL. */
static struct portal *next_portal(const struct service_call *call, const struct portal *at)
{
    if (call->session->principal.is_admin)
        return portals_next(call->service->access.portals, at ? at->id : 0);
    return at ? NULL : call->session->portal;
}

static size_t count_portals(const struct service_call *call)
{
    size_t count = 0;

    for (struct portal *p = next_portal(call, NULL); p; p = next_portal(call, p))
        count++;
    return count;
}

static tn_status list_portals(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__ListPortalsResponse *response = answer;
    size_t count = count_portals(call); /* one that is created meanwhile is not listed */
    struct portal *portal = NULL;

    (void)message;
    response->portals = wire_list(call, count + 1);
    if (!response->portals)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        portal = next_portal(call, portal);
        TRY(write_portal(call, portal, &response->portals[i]));
    }
    response->n_portals = count;
    return TN_OK;
}

/* Plugins */

/* Whether the plugin rests in one of the portals that the caller may know of; `*ret_is_here`: in
 * that of the call. */
static bool find_rest(struct service_call *call, const struct plugin_routes *routes, size_t index,
                      bool *ret_is_here, struct err *err)
{
    bool rests = plugin_routes_rests(routes, index, call->schema, call->session->portal, err);
    struct portal *portal = NULL;

    *ret_is_here = rests;
    while (!rests && (portal = next_portal(call, portal))) {
        if (!catalog_has_own(call->service->catalog, portal->id))
            continue;
        struct schema *schema = catalog_schema(call->service->catalog, portal->id);

        rests = schema && plugin_routes_rests(routes, index, schema, portal, err);
        schema_unref(schema);
    }
    return rests;
}

static tn_status write_plugin(struct service_call *call, const struct plugin_info *info,
                              Tenon__Admin__V1__Plugin **ret_plugin)
{
    Tenon__Admin__V1__Plugin *message = wire_message(call, &tenon__admin__v1__plugin__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->id = wire_text(call, utf8_str(info->id));
    message->version = wire_text(call, utf8_str(info->version));
    message->summary = wire_text(call, utf8_str(info->summary));
    message->state = wire_text(call, utf8_str(plugin_state_name(info->state)));
    message->reason = wire_text(call, utf8_str(info->reason));
    message->file = wire_text(call, utf8_str(info->file));
    message->signer = wire_text(call, utf8_str(info->signer));
    message->isolation =
        wire_text(call, utf8_str(info->isolation == PLUGIN_IN_RUNNER ? "process" : "none"));
    if (!message->id || !message->version || !message->summary || !message->state ||
        !message->reason || !message->file || !message->signer || !message->isolation)
        return TN_RESOURCE_EXHAUSTED;
    *ret_plugin = message;
    return TN_OK;
}

static tn_status list_plugins(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__ListPluginsResponse *response = answer;
    struct plugin_info info;

    (void)message;
    response->plugins = wire_list(call, PLUGIN_MAX);
    if (!response->plugins)
        return TN_RESOURCE_EXHAUSTED;
    if (!call->service->plugins)
        return TN_OK;
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes = plugin_routes_take(call->service->plugins);
    while (response->n_plugins < PLUGIN_MAX &&
           plugin_routes_info(routes, response->n_plugins, &info)) {
        bool is_here = false;
        uint32_t left = 0;
        uint64_t steps = 0;
        struct err why;

        err_init(&why, call->language);
        if (find_rest(call, routes, response->n_plugins, &is_here, &why)) {
            info.state = is_here ? PLUGIN_REFUSED : info.state;
            (void)snprintf(info.reason, sizeof(info.reason), "%s", why.message);
        } else if (plugin_routes_migration(routes, response->n_plugins, &left, &steps, &why)) {
            (void)snprintf(info.reason, sizeof(info.reason), "%s", why.message);
        }
        TRY(write_plugin(call, &info, &response->plugins[response->n_plugins]));
        response->n_plugins++;
    }
    return TN_OK;
}

/* Changing them */

static tn_status need_plugins(struct service_call *call)
{
    if (call->service->plugins)
        return TN_OK;
    return err_set(call->err, TN_FAILED_PRECONDITION, "This host has no plugins.");
}

static tn_status replace_plugin(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__ReplacePluginRequest *request = message;
    Tenon__Admin__V1__ReplacePluginResponse *response = answer;
    uint32_t flags =
        (request->allow_downgrade ? PLUGIN_DOWNGRADE : 0) | (request->consent ? PLUGIN_CONSENT : 0);
    struct plugin_replaced replaced;

    TRY(need_plugins(call));
    TRY(plugin_host_replace(call->service->plugins, request->file, flags, &replaced, call->err));
    response->id = wire_text(call, utf8_str(replaced.id));
    response->from = wire_text(call, utf8_str(replaced.from));
    response->to = wire_text(call, utf8_str(replaced.to));
    response->left = replaced.is_left;
    return response->id && response->from && response->to ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status disable_plugin(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__DisablePluginRequest *request = message;

    (void)answer;
    TRY(need_plugins(call));
    return plugin_host_disable(call->service->plugins, request->id, call->err);
}

static tn_status enable_plugin(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__EnablePluginRequest *request = message;

    (void)answer;
    TRY(need_plugins(call));
    return plugin_host_enable(call->service->plugins, request->id, call->err);
}

/* Settings */

/* A secret is listed without its value. */
static tn_status write_setting_value(struct service_call *call,
                                     const struct plugin_setting *setting,
                                     Tenon__Admin__V1__SettingValue **ret_value)
{
    Tenon__Admin__V1__SettingValue *message =
        wire_message(call, &tenon__admin__v1__setting_value__descriptor);
    struct buf text = {0};
    bool is_default = false;
    tn_status st = TN_OK;

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    if (!(setting->flags & TN_SECRET))
        st = plugin_setting_get(call->txn,
                                utf8_str(setting->plugin),
                                utf8_str(setting->name),
                                &text,
                                &is_default,
                                call->err);
    if (st == TN_OK) {
        message->text = wire_text(call, (struct tn_str){(const char *)text.data, text.len});
        message->is_default = is_default;
        st = message->text ? TN_OK : TN_RESOURCE_EXHAUSTED;
    }
    buf_fini(&text);
    if (st == TN_OK)
        *ret_value = message;
    return st;
}

static tn_status write_setting(struct service_call *call, const struct plugin_setting *setting,
                               Tenon__Admin__V1__Setting **ret_setting)
{
    Tenon__Admin__V1__Setting *message = wire_message(call, &tenon__admin__v1__setting__descriptor);
    struct tn_str doc = schema_text(call->schema, call->language, utf8_str(setting->doc));

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->plugin = wire_text(call, utf8_str(setting->plugin));
    message->name = wire_text(call, utf8_str(setting->name));
    message->doc = wire_text(call, doc);
    if (!message->plugin || !message->name || !message->doc)
        return TN_RESOURCE_EXHAUSTED;
    TRY(write_setting_value(call, setting, &message->value));
    *ret_setting = message;
    return TN_OK;
}

/* One of the plugins that run in the call's transaction. */
static bool has_setting(const struct service_call *call, size_t index,
                        struct plugin_setting *ret_setting)
{
    const struct plugin_routes *routes = txn_routes(call->txn);

    return routes && plugin_routes_setting(routes, index, ret_setting);
}

static size_t count_settings(const struct service_call *call)
{
    struct plugin_setting setting;
    size_t count = 0;

    while (has_setting(call, count, &setting))
        count++;
    return count;
}

static bool has_plugin(const struct service_call *call, const char *id)
{
    const struct plugin_routes *routes = txn_routes(call->txn);
    struct plugin_info info;

    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        if (strcmp(info.id, id) == 0)
            return true;
    }
    return false;
}

static tn_status get_settings(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__GetSettingsRequest *request = message;
    Tenon__Admin__V1__GetSettingsResponse *response = answer;
    size_t count = count_settings(call);
    struct plugin_setting setting;

    if (request->plugin[0] != '\0' && !has_plugin(call, request->plugin))
        return err_violate(call->err,
                           TN_NOT_FOUND,
                           "plugin",
                           "unknown_plugin",
                           "There is no plugin '%s': list them with Plugins/List.",
                           request->plugin);
    response->settings = wire_list(call, count + 1);
    if (!response->settings)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        if (!has_setting(call, i, &setting) ||
            (request->plugin[0] != '\0' && strcmp(setting.plugin, request->plugin) != 0))
            continue;
        TRY(write_setting(call, &setting, &response->settings[response->n_settings]));
        response->n_settings++;
    }
    return TN_OK;
}

static tn_status set_setting(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__SetSettingRequest *request = message;
    Tenon__Admin__V1__SetSettingResponse *response = answer;
    size_t count = count_settings(call);
    struct plugin_setting setting;

    for (size_t i = 0; i < count; i++) {
        if (!has_setting(call, i, &setting) || strcmp(setting.plugin, request->plugin) != 0 ||
            strcmp(setting.name, request->name) != 0)
            continue;
        TRY(plugin_setting_set(call->txn,
                               utf8_str(request->plugin),
                               utf8_str(request->name),
                               utf8_str(request->value),
                               call->err));
        return write_setting(call, &setting, &response->setting);
    }
    return err_violate(call->err,
                       TN_NOT_FOUND,
                       "name",
                       "unknown_setting",
                       "There is no setting '%s' of a plugin '%s': see Plugins/GetSettings.",
                       request->name,
                       request->plugin);
}

/* Status */

uint64_t service_resident_bytes(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return 0;
    if (fscanf(file, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    (void)fclose(file); /* it was only read */
    return resident * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static void count_plugins(const struct service_call *call,
                          Tenon__Admin__V1__GetStatusResponse *response)
{
    struct plugin_info info;

    if (!call->service->plugins)
        return;
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes = plugin_routes_take(call->service->plugins);
    for (size_t i = 0; plugin_routes_info(routes, i, &info); i++) {
        struct err why;

        err_init(&why, NULL);
        bool rests = plugin_routes_rests(routes, i, call->schema, call->session->portal, &why);
        if (why.status == TN_PERMISSION_DENIED)
            continue; /* not granted is no failure */
        response->plugins_running += info.state == PLUGIN_RUNNING && !rests;
        response->plugins_failed +=
            rests || info.state == PLUGIN_REFUSED || info.state == PLUGIN_FAILED;
    }
}

/* What is to be said of a licence, in the language of the call; false: nothing. */
static bool warn(const struct service_call *call, const struct entitle_licence *licence,
                 struct err *ret_said)
{
    char until[DATETIME_TEXT_SIZE];
    char end[DATETIME_TEXT_SIZE];
    const char *serial = licence->licence.serial;

    (void)datetime_format(licence->licence.until_us, until);
    (void)datetime_format(licence_end_us(&licence->licence), end);
    err_init(ret_said, call->language);
    switch (licence->standing) {
    case ENTITLE_SOON:
        (void)err_set(
            ret_said, TN_FAILED_PRECONDITION, "The licence %s ends on %.10s.", serial, until);
        return true;
    case ENTITLE_GRACE:
        (void)err_set(ret_said,
                      TN_FAILED_PRECONDITION,
                      "The licence %s ended on %.10s; what it grants can be written until %.10s.",
                      serial,
                      until,
                      end);
        return true;
    case ENTITLE_ENDED:
        (void)err_set(ret_said,
                      TN_FAILED_PRECONDITION,
                      "The licence %s ended on %.10s: what it granted can only be read.",
                      serial,
                      end);
        return true;
    case ENTITLE_UNTRUSTED:
        (void)err_set(ret_said,
                      TN_FAILED_PRECONDITION,
                      "The licence %s grants nothing: %s",
                      serial,
                      licence->reason);
        return true;
    default:
        return false;
    }
}

static tn_status write_warnings(struct service_call *call, const struct portal *portal,
                                Tenon__Admin__V1__PortalStatus *message)
{
    struct entitle_licence *licence = arena_new(call->arena, struct entitle_licence);
    struct err said;

    message->warnings = wire_list(call, ENTITLE_LICENCE_MAX);
    if (!message->warnings || !licence)
        return err_memory(call->err, "a status");
    for (size_t i = 0; i < ENTITLE_LICENCE_MAX &&
                       entitle_get(call->service->entitle, portal, i, call->now_us, licence);
         i++) {
        if (!warn(call, licence, &said))
            continue;
        char *text = wire_text(call, utf8_str(said.message));
        if (!text)
            return TN_RESOURCE_EXHAUSTED;
        message->warnings[message->n_warnings++] = text;
    }
    return TN_OK;
}

static tn_status write_portal_status(struct service_call *call, const struct portal *portal,
                                     Tenon__Admin__V1__PortalStatus **ret_status)
{
    Tenon__Admin__V1__PortalStatus *message =
        wire_message(call, &tenon__admin__v1__portal_status__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->name = wire_text(call, utf8_str(portal->name));
    message->head = records_head(call->service->records, portal);
    message->frozen = records_is_frozen(call->service->records);
    if (!message->name)
        return TN_RESOURCE_EXHAUSTED;
    TRY(write_warnings(call, portal, message));
    *ret_status = message;
    return TN_OK;
}

static tn_status write_portals(struct service_call *call,
                               Tenon__Admin__V1__GetStatusResponse *response)
{
    size_t count = count_portals(call);
    struct portal *portal = NULL;

    response->portals = wire_list(call, count + 1);
    if (!response->portals)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        portal = next_portal(call, portal);
        TRY(write_portal_status(call, portal, &response->portals[i]));
    }
    response->n_portals = count;
    return TN_OK;
}

/* What is of the host and not of a portal. */
static tn_status write_machine(struct service_call *call,
                               Tenon__Admin__V1__GetStatusResponse *response)
{
    const struct service *service = call->service;
    /* acquire: what is counted is there, pairs with service_host_set_urls(). */
    size_t url_count = atomic_load_explicit(&service->url_count, memory_order_acquire);

    response->data_dir = wire_text(call, utf8_str(service->data_dir));
    response->urls = wire_list(call, url_count + 1);
    if (!response->data_dir || !response->urls)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < url_count; i++) {
        response->urls[i] = wire_text(call, utf8_str(service->urls[i]));
        if (!response->urls[i])
            return TN_RESOURCE_EXHAUSTED;
    }
    response->n_urls = url_count;
    response->resident_bytes = service_resident_bytes();
    return TN_OK;
}

static tn_status get_status(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__GetStatusResponse *response = answer;

    (void)message;
    response->version = wire_text(call, utf8_str(call->service->version));
    if (!response->version)
        return TN_RESOURCE_EXHAUSTED;
    response->started_at = call->service->started_us;
    count_plugins(call, response);
    if (call->session->principal.is_admin)
        TRY(write_machine(call, response));
    return write_portals(call, response);
}

#define METHOD(method_, type_, flags_, run_)                                              \
    {                                                                                     \
        .name = "tenon.admin.v1." method_,                                                \
        .request = &tenon__admin__v1__##type_##_request__descriptor,                      \
        .response = &tenon__admin__v1__##type_##_response__descriptor, .flags = (flags_), \
        .run = (run_)                                                                     \
    }

#define PLUGIN_CHANGE (DISPATCH_BARE | DISPATCH_HOST | DISPATCH_BLOCKS)

struct service_methods service_admin(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Portals/Create", create_portal, DISPATCH_BARE | DISPATCH_HOST, create_portal),
        METHOD("Portals/Get", get_portal, DISPATCH_BARE | DISPATCH_READS, get_portal),
        METHOD("Portals/Update", update_portal, DISPATCH_BARE | DISPATCH_ADMIN, update_portal),
        METHOD("Portals/List", list_portals, DISPATCH_BARE | DISPATCH_READS, list_portals),
        METHOD("Plugins/List", list_plugins, DISPATCH_BARE | DISPATCH_READS, list_plugins),
        METHOD("Plugins/GetSettings", get_settings, DISPATCH_READS, get_settings),
        METHOD("Plugins/SetSetting", set_setting, DISPATCH_ADMIN, set_setting),
        METHOD("Plugins/Replace", replace_plugin, PLUGIN_CHANGE, replace_plugin),
        METHOD("Plugins/Disable", disable_plugin, PLUGIN_CHANGE, disable_plugin),
        METHOD("Plugins/Enable", enable_plugin, PLUGIN_CHANGE, enable_plugin),
        METHOD("Status/Get", get_status, DISPATCH_BARE | DISPATCH_READS, get_status),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
