/* SPDX-License-Identifier: Apache-2.0 */
/* service_schema_test.c - schemas over the bus: what is declared, what a portal adds, what is
 * refused. */
#include <string.h>

#include "tenon/schema/v1/schema.pb-c.h"
#include "tests/integration/served.h"

#define METHOD(name_) "tenon.schema.v1.Schema/" name_

static Tenon__Schema__V1__PropertyType *a_property_type(struct served *s, const char *name,
                                                        const char *kind)
{
    Tenon__Schema__V1__PropertyType *property =
        arena_new(&s->arena, Tenon__Schema__V1__PropertyType);

    assert_non_null(property);
    tenon__schema__v1__property_type__init(property);
    property->name = a_text(s, name);
    property->kind = a_text(s, kind);
    property->label = a_text(s, name);
    return property;
}

static const Tenon__Schema__V1__PropertyType *
create_property(struct served *s, const char *type, Tenon__Schema__V1__PropertyType *property)
{
    Tenon__Schema__V1__CreatePropertyRequest request =
        TENON__SCHEMA__V1__CREATE_PROPERTY_REQUEST__INIT;

    request.type = a_text(s, type);
    request.property = property;
    const Tenon__Schema__V1__CreatePropertyResponse *response =
        served_call(s,
                    METHOD("CreateProperty"),
                    &request,
                    &tenon__schema__v1__create_property_response__descriptor);
    return response ? response->property : NULL;
}

static const Tenon__Schema__V1__GetTypeResponse *get_type(struct served *s, const char *name)
{
    Tenon__Schema__V1__GetTypeRequest request = TENON__SCHEMA__V1__GET_TYPE_REQUEST__INIT;

    request.name = a_text(s, name);
    return served_call(
        s, METHOD("GetType"), &request, &tenon__schema__v1__get_type_response__descriptor);
}

static const Tenon__Schema__V1__PropertyType *find_property(struct served *s, const char *type,
                                                            const char *name)
{
    const Tenon__Schema__V1__GetTypeResponse *response = get_type(s, type);

    for (size_t i = 0; response && i < response->type->n_properties; i++) {
        if (strcmp(response->type->properties[i]->name, name) == 0)
            return response->type->properties[i];
    }
    return NULL;
}

static void a_type_tells_its_properties_and_associations(void **state)
{
    struct served *s = *state;
    const Tenon__Schema__V1__GetTypeResponse *response = get_type(s, "machines");
    const Tenon__Schema__V1__PropertyType *serial = find_property(s, "machines", "serial");
    const Tenon__Schema__V1__PropertyType *states = find_property(s, "machines", "state");

    assert_non_null(response);
    assert_string_equal(response->type->label, "Machine");
    assert_string_equal(response->type->owner, "org.example.machines");
    assert_int_equal(response->n_associations, 2);
    assert_true(serial->required && serial->unique && serial->title && serial->searchable);
    assert_string_equal(serial->kind, "text");
    assert_string_equal(states->kind, "choice");
    assert_string_equal(states->fallback, "new");
    assert_int_equal(states->n_options, 3);
    assert_true(find_property(s, "machines", "hours")->read_only);
    assert_string_equal(find_property(s, "machines", "owner")->refers, "users");
    assert_null(get_type(s, "gadgets"));
    assert_true(served_refused(s, TN_NOT_FOUND, "name", "unknown_type"));
    served_is_alive(s);
}

static void all_types_are_listed(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__ListTypesRequest request = TENON__SCHEMA__V1__LIST_TYPES_REQUEST__INIT;
    const Tenon__Schema__V1__ListTypesResponse *response = served_must(
        s, METHOD("ListTypes"), &request, &tenon__schema__v1__list_types_response__descriptor);
    unsigned found = 0;

    for (size_t i = 0; i < response->n_types; i++)
        found += strcmp(response->types[i]->name, "machines") == 0 ||
                 strcmp(response->types[i]->name, "sites") == 0 ||
                 strcmp(response->types[i]->name, "users") == 0;
    assert_int_equal(found, 3);
}

static void a_property_made_at_run_time_holds_values_after_a_restart(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__PropertyType *wanted = a_property_type(s, "colour", "text");

    wanted->indexed = 1;
    const Tenon__Schema__V1__PropertyType *made = create_property(s, "machines", wanted);
    assert_non_null(made);
    assert_string_equal(made->name, "colour");
    assert_string_equal(made->owner, "");
    assert_true(made->indexed);
    const Tenon__Records__V1__Record *record =
        create_record(s, "machines", "serial=M-1;colour=red");
    served_restart(s);
    assert_string_equal(text_of(s, get_record(s, "machines", record->id), "colour"), "red");

    s->options.portal = "other"; /* it is the one portal's own */
    assert_null(find_property(s, "machines", "colour"));
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "machines", "serial=M-1;colour=red"),
                            &tenon__records__v1__create_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "colour", "unknown_property"));
}

static void an_archived_property_is_out_of_sight(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__ArchivePropertyRequest request =
        TENON__SCHEMA__V1__ARCHIVE_PROPERTY_REQUEST__INIT;

    assert_non_null(create_property(s, "machines", a_property_type(s, "colour", "text")));
    const Tenon__Records__V1__Record *record =
        create_record(s, "machines", "serial=M-1;colour=red");
    request.type = a_text(s, "machines");
    request.name = a_text(s, "colour");
    (void)served_must(s,
                      METHOD("ArchiveProperty"),
                      &request,
                      &tenon__schema__v1__archive_property_response__descriptor);
    assert_string_equal(text_of(s, get_record(s, "machines", record->id), "colour"), "");
    assert_true(find_property(s, "machines", "colour")->archived);
    assert_null(create_property(s, "machines", a_property_type(s, "colour", "text")));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "name", "unique"));
    request.name = a_text(s, "weightless");
    assert_null(served_call(s,
                            METHOD("ArchiveProperty"),
                            &request,
                            &tenon__schema__v1__archive_property_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, NULL, NULL));
    served_is_alive(s);
}

static void refuse_property(struct served *s, const char *type,
                            Tenon__Schema__V1__PropertyType *property, tn_status status,
                            const char *field)
{
    assert_null(create_property(s, type, property));
    assert_true(served_refused(s, status, field, NULL));
    served_is_alive(s);
}

static void wrong_properties_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__PropertyType *property = a_property_type(s, "colour", "text");

    refuse_property(s, "gadgets", property, TN_NOT_FOUND, "type");
    refuse_property(s, "machines", NULL, TN_INVALID_ARGUMENT, "property");
    refuse_property(s, "machines", a_property_type(s, "serial", "text"), TN_ALREADY_EXISTS, "name");
    refuse_property(
        s, "machines", a_property_type(s, "Colour", "text"), TN_INVALID_ARGUMENT, "name");
    refuse_property(s, "machines", a_property_type(s, "", "text"), TN_INVALID_ARGUMENT, "name");
    refuse_property(
        s, "machines", a_property_type(s, "9lives", "text"), TN_INVALID_ARGUMENT, "name");
    refuse_property(
        s, "machines", a_property_type(s, "colour", "paint"), TN_INVALID_ARGUMENT, "kind");
    property->read_only = 1;
    refuse_property(s, "machines", property, TN_INVALID_ARGUMENT, "read_only");
    property = a_property_type(s, "is_hot", "bool");
    property->unique = 1;
    refuse_property(s, "machines", property, TN_INVALID_ARGUMENT, NULL);
}

static void a_property_gains_options_and_a_label(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__UpdatePropertyRequest request =
        TENON__SCHEMA__V1__UPDATE_PROPERTY_REQUEST__INIT;
    Tenon__Schema__V1__PropertyType *property = a_property_type(s, "size", "choice");
    Tenon__Schema__V1__Option small = TENON__SCHEMA__V1__OPTION__INIT;
    Tenon__Schema__V1__Option large = TENON__SCHEMA__V1__OPTION__INIT;

    small.name = small.label = a_text(s, "small");
    large.name = large.label = a_text(s, "large");
    property->options = A_LIST(s, &property->n_options, &small);
    assert_non_null(create_property(s, "machines", property));
    property->options = A_LIST(s, &property->n_options, &small, &large);
    property->label = a_text(s, "How large");
    request.type = a_text(s, "machines");
    request.property = property;
    const Tenon__Schema__V1__UpdatePropertyResponse *response =
        served_must(s,
                    METHOD("UpdateProperty"),
                    &request,
                    &tenon__schema__v1__update_property_response__descriptor);
    assert_int_equal(response->property->n_options, 2);
    assert_string_equal(response->property->label, "How large");
    assert_string_equal(text_of(s, create_record(s, "machines", "serial=M-1;size=large"), "size"),
                        "large");
}

static void what_is_fixed_of_a_property_is_not_changed_in_silence(void **state)
{
    struct served *s = *state;
    const ProtobufCMessageDescriptor *answer =
        &tenon__schema__v1__update_property_response__descriptor;
    Tenon__Schema__V1__UpdatePropertyRequest request =
        TENON__SCHEMA__V1__UPDATE_PROPERTY_REQUEST__INIT;
    Tenon__Schema__V1__PropertyType *property = a_property_type(s, "height", "number");
    const char *fields[] = {"required", "unique", "indexed", "searchable", "title"};
    protobuf_c_boolean *flags[] = {&property->required,
                                   &property->unique,
                                   &property->indexed,
                                   &property->searchable,
                                   &property->title};

    assert_non_null(create_property(s, "machines", property));
    request.type = a_text(s, "machines");
    request.property = property;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        *flags[i] = 1;
        assert_null(served_call(s, METHOD("UpdateProperty"), &request, answer));
        assert_true(served_refused(s, TN_FAILED_PRECONDITION, fields[i], "fixed"));
        *flags[i] = 0;
    }
    property->fallback = a_text(s, "3");
    assert_null(served_call(s, METHOD("UpdateProperty"), &request, answer));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "fallback", "fixed"));
    property->fallback = a_text(s, "");
    property->refers = a_text(s, "sites");
    assert_null(served_call(s, METHOD("UpdateProperty"), &request, answer));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "refers", "fixed"));
    property->refers = a_text(s, "");
    (void)served_must(s, METHOD("UpdateProperty"), &request, answer);
    served_is_alive(s);
}

static void a_type_with_wrong_properties_is_not_made(void **state)
{
    struct served *s = *state;
    const ProtobufCMessageDescriptor *answer = &tenon__schema__v1__create_type_response__descriptor;
    Tenon__Schema__V1__CreateTypeRequest request = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;
    Tenon__Schema__V1__GetTypeRequest get = TENON__SCHEMA__V1__GET_TYPE_REQUEST__INIT;

    type.name = a_text(s, "tools");
    type.label = a_text(s, "Tool");
    type.plural = a_text(s, "Tools");
    type.properties = A_LIST(s,
                             &type.n_properties,
                             a_property_type(s, "name", "text"),
                             a_property_type(s, "name", "number"),
                             a_property_type(s, "mass", "weight"),
                             a_property_type(s, "size", ""));
    request.type = &type;
    assert_null(served_call(s, METHOD("CreateType"), &request, answer));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "type.properties[1].name", "unique"));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "type.properties[2].kind", "kind"));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "type.properties[3].kind", "required"));
    get.name = type.name;
    assert_null(
        served_call(s, METHOD("GetType"), &get, &tenon__schema__v1__get_type_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "name", "unknown_type"));
    served_is_alive(s);
}

/* What is wrong with its last property comes out when the others are made already. */
static void a_type_is_made_with_all_its_properties_or_not_at_all(void **state)
{
    struct served *s = *state;
    const ProtobufCMessageDescriptor *answer = &tenon__schema__v1__create_type_response__descriptor;
    Tenon__Schema__V1__CreateTypeRequest request = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;
    Tenon__Schema__V1__GetTypeRequest get = TENON__SCHEMA__V1__GET_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__PropertyType *last = a_property_type(s, "kept_in", "reference");
    uint64_t head = records_head(s->f->records, s->f->portal);

    type.name = a_text(s, "tools");
    type.properties = A_LIST(s, &type.n_properties, a_property_type(s, "name", "text"), last);
    request.type = &type;
    last->refers = a_text(s, "drawers");
    assert_null(served_call(s, METHOD("CreateType"), &request, answer));
    assert_true(served_refused(s, TN_NOT_FOUND, "type.properties[1].refers", "unknown_type"));
    get.name = type.name;
    assert_null(
        served_call(s, METHOD("GetType"), &get, &tenon__schema__v1__get_type_response__descriptor));
    assert_int_equal(records_head(s->f->records, s->f->portal), head);

    last->refers = a_text(s, "tools"); /* itself */
    const Tenon__Schema__V1__CreateTypeResponse *made =
        served_must(s, METHOD("CreateType"), &request, answer);
    assert_int_equal(made->type->n_properties, 2);
    assert_int_equal(records_head(s->f->records, s->f->portal), head + 1); /* one commit */
    served_restart(s);
    (void)create_record(s, "tools", "name=Saw");
}

static tn_status set_archived(struct served *s, const char *name, bool is_archived)
{
    Tenon__Schema__V1__ArchiveTypeRequest archive = TENON__SCHEMA__V1__ARCHIVE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__RestoreTypeRequest restore = TENON__SCHEMA__V1__RESTORE_TYPE_REQUEST__INIT;

    archive.name = restore.name = a_text(s, name);
    if (is_archived)
        (void)served_call(s,
                          METHOD("ArchiveType"),
                          &archive,
                          &tenon__schema__v1__archive_type_response__descriptor);
    else
        (void)served_call(s,
                          METHOD("RestoreType"),
                          &restore,
                          &tenon__schema__v1__restore_type_response__descriptor);
    return s->result.status;
}

static void a_type_goes_out_of_sight_and_comes_back(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__CreateTypeRequest request = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;
    Tenon__Records__V1__ArchiveRequest archive = TENON__RECORDS__V1__ARCHIVE_REQUEST__INIT;

    type.name = a_text(s, "tools");
    type.properties = A_LIST(s, &type.n_properties, a_property_type(s, "name", "text"));
    request.type = &type;
    (void)served_must(
        s, METHOD("CreateType"), &request, &tenon__schema__v1__create_type_response__descriptor);
    const Tenon__Records__V1__Record *saw = create_record(s, "tools", "name=Saw");
    assert_int_equal(set_archived(s, "tools", true), TN_FAILED_PRECONDITION);
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "name", "in_use"));
    archive.type = type.name;
    archive.key = an_id(s, saw->id);
    (void)served_must(s,
                      "tenon.records.v1.Records/Archive",
                      &archive,
                      &tenon__records__v1__archive_response__descriptor);
    assert_int_equal(set_archived(s, "tools", true), TN_OK);
    served_restart(s);
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "tools", "name=Axe"),
                            &tenon__records__v1__create_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "type", "unknown_type"));
    assert_null(create_property(s, "tools", a_property_type(s, "mass", "number")));
    assert_true(served_refused(s, TN_NOT_FOUND, "type", "unknown_type"));
    assert_null(served_call(
        s, METHOD("CreateType"), &request, &tenon__schema__v1__create_type_response__descriptor));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, "name", "unique"));

    assert_int_equal(set_archived(s, "tools", false), TN_OK);
    (void)create_record(s, "tools", "name=Axe");
    assert_int_equal(set_archived(s, "machines", true), TN_FAILED_PRECONDITION);
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "name", "declared"));
    assert_int_equal(set_archived(s, "moons", true), TN_NOT_FOUND);
    assert_int_equal(set_archived(s, "moons", false), TN_NOT_FOUND);
    served_is_alive(s);
}

static void a_type_and_an_association_are_made_at_run_time(void **state)
{
    struct served *s = *state;
    Tenon__Schema__V1__CreateTypeRequest request = TENON__SCHEMA__V1__CREATE_TYPE_REQUEST__INIT;
    Tenon__Schema__V1__ObjectType type = TENON__SCHEMA__V1__OBJECT_TYPE__INIT;
    Tenon__Schema__V1__CreateAssociationRequest link =
        TENON__SCHEMA__V1__CREATE_ASSOCIATION_REQUEST__INIT;
    Tenon__Schema__V1__AssociationType association = TENON__SCHEMA__V1__ASSOCIATION_TYPE__INIT;

    type.name = a_text(s, "tools");
    type.label = a_text(s, "Tool");
    type.plural = a_text(s, "Tools");
    type.properties = A_LIST(s,
                             &type.n_properties,
                             a_property_type(s, "name", "text"),
                             a_property_type(s, "mass", "number"));
    request.type = &type;
    const Tenon__Schema__V1__CreateTypeResponse *made = served_must(
        s, METHOD("CreateType"), &request, &tenon__schema__v1__create_type_response__descriptor);
    assert_string_equal(made->type->name, "tools");
    assert_int_equal(made->type->n_properties, 2);
    assert_string_equal(text_of(s, create_record(s, "tools", "name=Saw;mass=2"), "mass"), "2");
    assert_null(served_call(
        s, METHOD("CreateType"), &request, &tenon__schema__v1__create_type_response__descriptor));
    assert_true(served_refused(s, TN_ALREADY_EXISTS, NULL, NULL));

    association.name = a_text(s, "tool_to_machine");
    association.inverse = a_text(s, "machine_to_tool");
    association.from = a_text(s, "tools");
    association.to = a_text(s, "machines");
    association.max_to = 1;
    link.association = &association;
    const Tenon__Schema__V1__CreateAssociationResponse *linked =
        served_must(s,
                    METHOD("CreateAssociation"),
                    &link,
                    &tenon__schema__v1__create_association_response__descriptor);
    assert_string_equal(linked->association->inverse, "machine_to_tool");
    assert_int_equal(linked->association->max_to, 1);
    association.name = a_text(s, "tool_to_moon");
    association.inverse = a_text(s, "moon_to_tool");
    association.to = a_text(s, "moons");
    assert_null(served_call(s,
                            METHOD("CreateAssociation"),
                            &link,
                            &tenon__schema__v1__create_association_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "to", NULL));
    served_is_alive(s);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_type_tells_its_properties_and_associations),
        TEST(all_types_are_listed),
        TEST(a_property_made_at_run_time_holds_values_after_a_restart),
        TEST(an_archived_property_is_out_of_sight),
        TEST(wrong_properties_are_refused),
        TEST(a_property_gains_options_and_a_label),
        TEST(a_type_is_made_with_all_its_properties_or_not_at_all),
        TEST(a_type_goes_out_of_sight_and_comes_back),
        TEST(a_type_and_an_association_are_made_at_run_time),
        TEST(what_is_fixed_of_a_property_is_not_changed_in_silence),
        TEST(a_type_with_wrong_properties_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
