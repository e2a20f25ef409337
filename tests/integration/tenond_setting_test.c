/* SPDX-License-Identifier: Apache-2.0 */
/* tenond_setting_test.c - settings of the whole host: whom they are for, and where they count. */
#include <stdio.h>
#include <string.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

static const char configuration[] = "[plugin.\"org.example.machines\"]\n"
                                    "isolation = \"process\"\n";

/* A client of that portal with a token of its own: an administrator of the portal. */
static struct tenon_client *connect_as_portal(const struct tenond *host, char *portal)
{
    struct tenon_client *client = tenond_connect(host, portal);
    Tenon__Admin__V1__CreateTokenRequest request = TENON__ADMIN__V1__CREATE_TOKEN_REQUEST__INIT;
    char *scopes[] = {(char[]){"read"}, (char[]){"write"}, (char[]){"admin"}};

    request.name = (char[]){"Website"};
    request.scopes = scopes;
    request.n_scopes = sizeof(scopes) / sizeof(scopes[0]);
    Tenon__Admin__V1__CreateTokenResponse *made =
        call(client, METHOD(admin, Tokens, Create, create_token), &request.base);
    const struct tenon_options options = {.url = host->url,
                                          .portal = portal,
                                          .token = made->secret,
                                          .timeout_us = TENOND_PATIENCE_US};
    tenon_client_destroy(client);
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    assert_int_equal(tenon_client_connect(client, TENOND_PATIENCE_US), TN_OK);
    answer_free(made);
    return client;
}

static void create_portal(struct tenon_client *client, char *name)
{
    Tenon__Admin__V1__CreatePortalRequest request = TENON__ADMIN__V1__CREATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__Portal portal = TENON__ADMIN__V1__PORTAL__INIT;

    portal.name = name;
    request.portal = &portal;
    answer_free(call(client, METHOD(admin, Portals, Create, create_portal), &request.base));
}

static Tenon__Admin__V1__SetSettingRequest set_request(char *name, char *value)
{
    static char plugin[] = "org.example.machines";
    Tenon__Admin__V1__SetSettingRequest request = TENON__ADMIN__V1__SET_SETTING_REQUEST__INIT;

    request.plugin = plugin;
    request.name = name;
    request.value = value;
    return request;
}

static void set_cap(struct tenon_client *client, char *value)
{
    Tenon__Admin__V1__SetSettingRequest request = set_request((char[]){"hours_cap"}, value);
    Tenon__Admin__V1__SetSettingResponse *response =
        call(client, METHOD(admin, Plugins, SetSetting, set_setting), &request.base);

    assert_true(response->setting->global);
    assert_string_equal(response->setting->value->text, value[0] ? value : "200000");
    answer_free(response);
}

/* Whether the setting is listed; whether as one of the host in `ret_is_global`. */
static bool lists(struct tenon_client *client, const char *name, bool *ret_is_global)
{
    Tenon__Admin__V1__GetSettingsRequest request = TENON__ADMIN__V1__GET_SETTINGS_REQUEST__INIT;
    Tenon__Admin__V1__GetSettingsResponse *response =
        call(client, METHOD(admin, Plugins, GetSettings, get_settings), &request.base);
    bool is_there = false;

    for (size_t i = 0; i < response->n_settings; i++) {
        if (strcmp(response->settings[i]->name, name) != 0)
            continue;
        is_there = true;
        *ret_is_global = response->settings[i]->global;
    }
    answer_free(response);
    return is_there;
}

static tn_status create_machine(struct tenon_client *client, const char *serial)
{
    struct fields fields = {.count = 0};

    fields_add(&fields, (char[]){"serial"}, serial);
    fields_add(&fields, (char[]){"hours"}, "11");
    Tenon__Records__V1__CreateRequest request = create_request((char[]){"machines"}, &fields);
    return call_status(client, METHOD(records, Records, Create, create), &request.base, NULL);
}

static void restart(struct tenond *host, const char *path)
{
    tenond_spawn_usual(host, (const char *const[]){"--config", path, NULL});
    tenond_await_ready(host);
}

static void a_setting_of_the_host_is_its_administrators_and_counts_everywhere(void **state)
{
    struct tenond *host = tenond_create();
    Tenon__Admin__V1__SetSettingRequest request = set_request((char[]){"hours_cap"}, (char[]){"1"});
    char path[TENOND_PATH_SIZE * 2];
    bool is_global = false;

    (void)state;
    tenond_add_plugin(host, MACHINES);
    tenond_write_file(host, "tenond.toml", configuration, strlen(configuration), path);
    restart(host, path);
    struct tenon_client *client = tenond_connect(host, NULL);
    create_portal(client, (char[]){"other"});
    struct tenon_client *other = connect_as_portal(host, (char[]){"other"});

    assert_true(lists(client, "hours_cap", &is_global));
    assert_true(is_global);
    assert_true(lists(client, "hours_max", &is_global));
    assert_false(is_global);
    assert_true(lists(other, "hours_max", &is_global));
    assert_false(lists(other, "hours_cap", &is_global));
    call_refused(other,
                 METHOD(admin, Plugins, SetSetting, set_setting),
                 &request.base,
                 TN_PERMISSION_DENIED,
                 "Only administrators of the host");
    assert_int_equal(create_machine(other, "M1"), TN_OK);

    set_cap(client, (char[]){"10"});
    assert_int_equal(create_machine(client, "M2"), TN_OUT_OF_RANGE);
    assert_int_equal(create_machine(other, "M2"), TN_OUT_OF_RANGE);
    tenond_kill(host);
    restart(host, path);
    tenon_client_destroy(client);
    client = tenond_connect(host, NULL);
    assert_int_equal(create_machine(client, "M2"), TN_OUT_OF_RANGE);
    set_cap(client, (char[]){""});
    assert_int_equal(create_machine(client, "M2"), TN_OK);
    tenon_client_destroy(other);
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_of_the_host_is_its_administrators_and_counts_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
