/* SPDX-License-Identifier: Apache-2.0 */
/* service_admin_test.c - portals, users, plugins and status over the bus. */
#include <string.h>

#include "tenon/admin/v1/admin.pb-c.h"
#include "tests/integration/served.h"

#define METHOD(name_) "tenon.admin.v1." name_

static const Tenon__Admin__V1__Portal *create_portal(struct served *s, const char *name,
                                                     const char *currency)
{
    Tenon__Admin__V1__CreatePortalRequest request = TENON__ADMIN__V1__CREATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__Portal portal = TENON__ADMIN__V1__PORTAL__INIT;

    portal.name = a_text(s, name);
    portal.currency = a_text(s, currency);
    portal.time_zone = a_text(s, "Europe/Paris");
    portal.language = a_text(s, "fr");
    request.portal = &portal;
    const Tenon__Admin__V1__CreatePortalResponse *response =
        served_call(s,
                    METHOD("Portals/Create"),
                    &request,
                    &tenon__admin__v1__create_portal_response__descriptor);
    return response ? response->portal : NULL;
}

static void a_new_portal_is_usable_at_once_and_after_a_restart(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__GetPortalRequest request = TENON__ADMIN__V1__GET_PORTAL_REQUEST__INIT;
    const Tenon__Admin__V1__Portal *made = create_portal(s, "third", "CHF");

    assert_non_null(made);
    assert_string_equal(made->currency, "CHF");
    assert_true(made->created_at > 0);
    s->options.portal = "third";
    const Tenon__Records__V1__Record *record = create_record(s, "machines", "serial=M-1");
    served_restart(s);
    assert_non_null(get_record(s, "machines", record->id));
    request.name = a_text(s, "third");
    const Tenon__Admin__V1__GetPortalResponse *got = served_must(
        s, METHOD("Portals/Get"), &request, &tenon__admin__v1__get_portal_response__descriptor);
    assert_string_equal(got->portal->time_zone, "Europe/Paris");
}

static void wrong_portals_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__GetPortalRequest get = TENON__ADMIN__V1__GET_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__CreatePortalRequest none = TENON__ADMIN__V1__CREATE_PORTAL_REQUEST__INIT;

    assert_null(create_portal(s, "main", "EUR"));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, NULL, NULL));
    assert_null(create_portal(s, "Not A Name", "EUR"));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "name", NULL));
    assert_null(create_portal(s, "third", "EURO"));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "currency", "too_long"));
    assert_null(served_call(
        s, METHOD("Portals/Create"), &none, &tenon__admin__v1__create_portal_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "portal", "required"));
    get.name = a_text(s, "nowhere");
    assert_null(served_call(
        s, METHOD("Portals/Get"), &get, &tenon__admin__v1__get_portal_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "name", "unknown_portal"));
    served_is_alive(s);
}

static void an_update_keeps_what_it_does_not_name(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__UpdatePortalRequest request = TENON__ADMIN__V1__UPDATE_PORTAL_REQUEST__INIT;
    Tenon__Admin__V1__Portal portal = TENON__ADMIN__V1__PORTAL__INIT;
    Tenon__Admin__V1__ListPortalsRequest all = TENON__ADMIN__V1__LIST_PORTALS_REQUEST__INIT;

    portal.name = a_text(s, "other");
    portal.title = a_text(s, "The other one");
    request.portal = &portal;
    const Tenon__Admin__V1__UpdatePortalResponse *response =
        served_must(s,
                    METHOD("Portals/Update"),
                    &request,
                    &tenon__admin__v1__update_portal_response__descriptor);
    assert_string_equal(response->portal->title, "The other one");
    assert_string_equal(response->portal->currency, "EUR");
    const Tenon__Admin__V1__ListPortalsResponse *list = served_must(
        s, METHOD("Portals/List"), &all, &tenon__admin__v1__list_portals_response__descriptor);
    assert_int_equal(list->n_portals, 2);
    assert_string_equal(list->portals[0]->name, "main");
    assert_string_equal(list->portals[1]->title, "The other one");
}

static void users_are_made_found_and_listed(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__CreateUserRequest create = TENON__ADMIN__V1__CREATE_USER_REQUEST__INIT;
    Tenon__Admin__V1__GetUserRequest get = TENON__ADMIN__V1__GET_USER_REQUEST__INIT;
    Tenon__Admin__V1__ListUsersRequest all = TENON__ADMIN__V1__LIST_USERS_REQUEST__INIT;
    Tenon__Admin__V1__User user = TENON__ADMIN__V1__USER__INIT;
    const ProtobufCMessageDescriptor *made_type =
        &tenon__admin__v1__create_user_response__descriptor;
    const ProtobufCMessageDescriptor *got_type = &tenon__admin__v1__get_user_response__descriptor;

    user.email = a_text(s, "ann@example.org");
    user.first_name = a_text(s, "Ann");
    user.team = a_text(s, "North");
    create.user = &user;
    const Tenon__Admin__V1__CreateUserResponse *made =
        served_must(s, METHOD("Users/Create"), &create, made_type);
    assert_true(made->user->id > 0);
    get.email = a_text(s, "Ann@Example.org");
    const Tenon__Admin__V1__GetUserResponse *got =
        served_must(s, METHOD("Users/Get"), &get, got_type);
    assert_int_equal(got->user->id, made->user->id);
    assert_string_equal(got->user->first_name, "Ann");
    assert_string_equal(got->user->last_name, "");
    const Tenon__Admin__V1__ListUsersResponse *list = served_must(
        s, METHOD("Users/List"), &all, &tenon__admin__v1__list_users_response__descriptor);
    assert_int_equal(list->n_users, 1);
    assert_string_equal(list->users[0]->team, "North");

    assert_null(served_call(s, METHOD("Users/Create"), &create, made_type));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "email", "unique"));
    user.email = a_text(s, "");
    assert_null(served_call(s, METHOD("Users/Create"), &create, made_type));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "email", "required"));
    user.email = a_text(s, "ann at home");
    assert_null(served_call(s, METHOD("Users/Create"), &create, made_type));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "email", "email"));
    get.email = a_text(s, "bob@example.org");
    assert_null(served_call(s, METHOD("Users/Get"), &get, got_type));
    assert_true(served_refused(s, TN_NOT_FOUND, NULL, NULL));
    get.email = a_text(s, "");
    assert_null(served_call(s, METHOD("Users/Get"), &get, got_type));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "id", "required"));
    served_is_alive(s);
}

static void status_tells_of_the_host(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__GetStatusRequest request = TENON__ADMIN__V1__GET_STATUS_REQUEST__INIT;
    const char *urls[] = {s->url};

    service_host_set_urls(s->host, urls, 1);
    (void)create_record(s, "machines", "serial=M-1");
    const Tenon__Admin__V1__GetStatusResponse *status = served_must(
        s, METHOD("Status/Get"), &request, &tenon__admin__v1__get_status_response__descriptor);
    assert_string_equal(status->version, "1.2.3");
    assert_string_equal(status->data_dir, s->f->dir);
    assert_int_equal(status->n_urls, 1);
    assert_string_equal(status->urls[0], s->url);
    assert_true(status->resident_bytes > 0);
    assert_int_equal(status->n_portals, 2);
    assert_string_equal(status->portals[0]->name, "main");
    assert_true(status->portals[0]->head > 0);
    assert_false(status->portals[0]->frozen);
}

static void a_host_without_plugins_lists_none_and_sets_nothing(void **state)
{
    struct served *s = *state;
    Tenon__Admin__V1__ListPluginsRequest list = TENON__ADMIN__V1__LIST_PLUGINS_REQUEST__INIT;
    Tenon__Admin__V1__GetSettingsRequest get = TENON__ADMIN__V1__GET_SETTINGS_REQUEST__INIT;
    Tenon__Admin__V1__SetSettingRequest set = TENON__ADMIN__V1__SET_SETTING_REQUEST__INIT;
    const Tenon__Admin__V1__ListPluginsResponse *plugins = served_must(
        s, METHOD("Plugins/List"), &list, &tenon__admin__v1__list_plugins_response__descriptor);

    assert_int_equal(plugins->n_plugins, 0);
    get.plugin = set.plugin = a_text(s, "org.example.moon");
    set.name = a_text(s, "phase");
    assert_null(served_call(s,
                            METHOD("Plugins/GetSettings"),
                            &get,
                            &tenon__admin__v1__get_settings_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "plugin", "unknown_plugin"));
    assert_null(served_call(s,
                            METHOD("Plugins/SetSetting"),
                            &set,
                            &tenon__admin__v1__set_setting_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "name", "unknown_setting"));
    served_is_alive(s);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_portal_is_usable_at_once_and_after_a_restart),
        TEST(wrong_portals_are_refused),
        TEST(an_update_keeps_what_it_does_not_name),
        TEST(users_are_made_found_and_listed),
        TEST(status_tells_of_the_host),
        TEST(a_host_without_plugins_lists_none_and_sets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
