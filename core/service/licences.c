/* SPDX-License-Identifier: Apache-2.0 */
/* licences.c - tenon.admin.v1.Licences: those of the call's portal. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/service/licensing.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/admin/v1/licences.pb-c.h"

static tn_status write_hubs(struct service_call *call, const struct licence *licence,
                            Tenon__Admin__V1__Licence *message)
{
    message->hubs = wire_list(call, licence->hub_count + (size_t)1);
    if (!message->hubs)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < licence->hub_count; i++) {
        Tenon__Admin__V1__LicenceHub *hub =
            wire_message(call, &tenon__admin__v1__licence_hub__descriptor);

        if (!hub)
            return TN_RESOURCE_EXHAUSTED;
        hub->hub = wire_text(call, utf8_str(licence->hubs[i].name));
        hub->tier = wire_text(call, utf8_str(licence_tier_name(licence->hubs[i].tier)));
        if (!hub->hub || !hub->tier)
            return TN_RESOURCE_EXHAUSTED;
        message->hubs[message->n_hubs++] = hub;
    }
    return TN_OK;
}

static tn_status write_modules(struct service_call *call, const struct licence *licence,
                               Tenon__Admin__V1__Licence *message)
{
    message->modules = wire_list(call, licence->module_count + (size_t)1);
    if (!message->modules)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < licence->module_count; i++) {
        char *module = wire_text(call, utf8_str(licence->modules[i]));

        if (!module)
            return TN_RESOURCE_EXHAUSTED;
        message->modules[message->n_modules++] = module;
    }
    return TN_OK;
}

static tn_status write_limits(struct service_call *call, const struct licence *licence,
                              Tenon__Admin__V1__Licence *message)
{
    message->limits = wire_list(call, licence->limit_count + (size_t)1);
    if (!message->limits)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < licence->limit_count; i++) {
        Tenon__Admin__V1__LicenceLimit *limit =
            wire_message(call, &tenon__admin__v1__licence_limit__descriptor);

        if (!limit)
            return TN_RESOURCE_EXHAUSTED;
        limit->name = wire_text(call, utf8_str(licence->limits[i].name));
        limit->count = licence->limits[i].count;
        if (!limit->name)
            return TN_RESOURCE_EXHAUSTED;
        message->limits[message->n_limits++] = limit;
    }
    return TN_OK;
}

static tn_status write_texts(struct service_call *call, const struct entitle_licence *from,
                             Tenon__Admin__V1__Licence *message)
{
    const struct licence *licence = &from->licence;

    message->serial = wire_text(call, utf8_str(licence->serial));
    message->customer = wire_text(call, utf8_str(licence->customer));
    message->portal = wire_text(call, utf8_str(licence->portal));
    message->tier = wire_text(call, utf8_str(licence_tier_name(licence->tier)));
    message->key = wire_text(call, utf8_str(licence->key));
    message->standing = wire_text(call, utf8_str(entitle_standing_name(from->standing)));
    message->reason = wire_text(call, utf8_str(from->reason));
    message->installed_by = wire_text(call, utf8_str(from->installed_by));
    return message->serial && message->customer && message->portal && message->tier &&
                   message->key && message->standing && message->reason && message->installed_by
               ? TN_OK
               : TN_RESOURCE_EXHAUSTED;
}

static tn_status write_licence(struct service_call *call, const struct entitle_licence *from,
                               Tenon__Admin__V1__Licence **ret_licence)
{
    const struct licence *licence = &from->licence;
    Tenon__Admin__V1__Licence *message = wire_message(call, &tenon__admin__v1__licence__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    TRY(write_texts(call, from, message));
    TRY(write_hubs(call, licence, message));
    TRY(write_modules(call, licence, message));
    TRY(write_limits(call, licence, message));
    message->from = licence->from_us;
    message->until = licence->until_us == INT64_MAX ? 0 : licence->until_us;
    message->grace_days = licence->grace_days;
    message->issued_at = licence->issued_us;
    message->installed_at = from->installed_us;
    *ret_licence = message;
    return TN_OK;
}

static struct entitle_licence *new_licence(struct service_call *call)
{
    struct entitle_licence *licence = arena_new(call->arena, struct entitle_licence);

    if (!licence)
        (void)err_memory(call->err, "a licence");
    return licence;
}

static tn_status find(struct service_call *call, const char *serial,
                      Tenon__Admin__V1__Licence **ret_licence)
{
    struct entitle_licence *licence = new_licence(call);

    if (!licence)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0;
         entitle_get(call->service->entitle, call->session->portal, i, call->now_us, licence);
         i++)
        if (strcmp(licence->licence.serial, serial) == 0)
            return write_licence(call, licence, ret_licence);
    return err_violate(call->err,
                       TN_NOT_FOUND,
                       "serial",
                       "unknown_licence",
                       "There is no licence %s in this portal.",
                       serial);
}

static tn_status check_kept(struct service_call *call)
{
    if (call->service->entitle)
        return TN_OK;
    return err_set(call->err, TN_UNIMPLEMENTED, "This host keeps no licences.");
}

static tn_status install(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__InstallLicenceRequest *request = message;
    Tenon__Admin__V1__InstallLicenceResponse *response = answer;
    const struct txn_options options = dispatch_txn_options(call);
    struct licence *licence = arena_new(call->arena, struct licence);

    TRY(check_kept(call));
    if (!licence)
        return err_memory(call->err, "a licence");
    TRY(licensing_install(
        call->service, &options, utf8_str(request->text), false, licence, call->err));
    return find(call, licence->serial, &response->licence);
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__ListLicencesResponse *response = answer;
    struct entitle_licence *licence = new_licence(call);

    (void)message;
    response->licences = wire_list(call, ENTITLE_LICENCE_MAX);
    if (!licence || !response->licences)
        return TN_RESOURCE_EXHAUSTED;
    while (response->n_licences < ENTITLE_LICENCE_MAX && entitle_get(call->service->entitle,
                                                                     call->session->portal,
                                                                     response->n_licences,
                                                                     call->now_us,
                                                                     licence)) {
        TRY(write_licence(call, licence, &response->licences[response->n_licences]));
        response->n_licences++;
    }
    return TN_OK;
}

static tn_status get(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__GetLicenceRequest *request = message;
    Tenon__Admin__V1__GetLicenceResponse *response = answer;

    return find(call, request->serial, &response->licence);
}

static tn_status remove_licence(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__RemoveLicenceRequest *request = message;
    const struct txn_options options = dispatch_txn_options(call);

    (void)answer;
    TRY(check_kept(call));
    return licensing_remove(call->service, &options, utf8_str(request->serial), call->err);
}

#define METHOD(method_, type_, flags_, run_)                              \
    {                                                                     \
        .name = "tenon.admin.v1.Licences/" method_,                       \
        .request = &tenon__admin__v1__##type_##_request__descriptor,      \
        .response = &tenon__admin__v1__##type_##_response__descriptor,    \
        .flags = (flags_) | DISPATCH_BARE | DISPATCH_ADMIN, .run = (run_) \
    }

struct service_methods service_licences(void)
{
    static const struct dispatch_method methods[] = {
        METHOD("Install", install_licence, 0, install),
        METHOD("List", list_licences, DISPATCH_READS, list),
        METHOD("Get", get_licence, DISPATCH_READS, get),
        METHOD("Remove", remove_licence, 0, remove_licence),
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
