/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - what a client is told about records, searches, links and the schema. */
#include <stdlib.h>
#include <string.h>

#include "tests/golden/areas.h"
#include "tests/golden/rpc.h"
#include "tests/integration/vendor.h"

static const struct rpc_case schema[] = {
    {NULL, "Schema/CreateType", "{'type': {'name': 'sites', 'label': 'Site', 'plural': 'Sites'}}"},
    {NULL,
     "Schema/CreateProperty",
     "{'type': 'sites', 'property': {'name': 'name', 'kind': 'text', 'required': true}}"},
    {NULL,
     "Schema/CreateType",
     "{'type': {'name': 'machines', 'label': 'Machine', 'plural': 'Machines', 'properties': ["
     "{'name': 'serial', 'kind': 'text', 'required': true, 'unique': true, 'searchable': true},"
     "{'name': 'state', 'kind': 'choice', 'options': [{'name': 'new'}, {'name': 'used'}]},"
     "{'name': 'price', 'kind': 'number', 'indexed': true},"
     "{'name': 'weight', 'kind': 'number'},"
     "{'name': 'installed_on', 'kind': 'date', 'indexed': true},"
     "{'name': 'works', 'kind': 'bool'},"
     "{'name': 'site', 'kind': 'reference', 'refers': 'sites'}]}}"},
    {NULL,
     "Schema/CreateAssociation",
     "{'association': {'name': 'machine_to_site', 'inverse': 'site_to_machine', 'from': "
     "'machines', 'to': 'sites', 'label': 'Site', 'inverse_label': 'Machines', 'max_to': 1, "
     "'labels': [{'name': 'main'}]}}"},
    {NULL,
     "Schema/CreateAssociation",
     "{'association': {'name': 'machine_to_machine', 'inverse': 'part_of', 'from': 'machines', "
     "'to': 'machines', 'label': 'Part', 'inverse_label': 'Whole'}}"},

    {"a type without a name's form",
     "Schema/CreateType",
     "{'type': {'name': 'My type', 'label': 'T', 'plural': 'Ts'}}"},
    {"no type at all", "Schema/CreateType", "{}"},
    {"a type that is there",
     "Schema/CreateType",
     "{'type': {'name': 'machines', 'label': 'T', 'plural': 'Ts'}}"},
    {"a type with the name of a plugin's",
     "Schema/CreateType",
     "{'type': {'name': 'deals', 'label': 'T', 'plural': 'Ts'}}"},
    {"two properties of one name",
     "Schema/CreateType",
     "{'type': {'name': 'gears', 'label': 'T', 'plural': 'Ts', 'properties': [{'name': 'a', "
     "'kind': 'text'}, {'name': 'a', 'kind': 'text'}]}}"},
    {"too many properties",
     "Schema/CreateType",
     "{'type': {'name': 'tools', 'label': 'T', 'plural': 'Ts', 'properties': "
     "[<1001 x {'name': 'p#', 'kind': 'text'}>]}}"},
    {"several wrong properties",
     "Schema/CreateType",
     "{'type': {'name': 'tools', 'label': 'T', 'plural': 'Ts', 'properties': [{'name': 'A', "
     "'kind': 'text'}, {'name': 'b', 'kind': 'txt'}, {'name': 'c'}]}}"},
    {NULL,
     "Schema/CreateType",
     "{'type': {'name': 'tools', 'label': 'T', 'plural': 'Ts', 'properties': "
     "[<32 x {'name': 'p#', 'kind': 'text', 'searchable': true}>]}}"},
    {"a searchable property more than there may be",
     "Schema/CreateProperty",
     "{'type': 'tools', 'property': {'name': 'x', 'kind': 'text', 'searchable': true}}"},
    {"a label that is too long",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'text', 'label': '<long>'}}"},
    {"a type that is not there, by name", "Schema/GetType", "{'name': 'gadgets'}"},
    {"a property of no type",
     "Schema/CreateProperty",
     "{'type': 'gadgets', 'property': {'name': 'x', 'kind': 'text'}}"},
    {"no property at all", "Schema/CreateProperty", "{'type': 'machines'}"},
    {"a property without a kind",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x'}}"},
    {"a kind that is none",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'money'}}"},
    {"a property that is there",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'price', 'kind': 'text'}}"},
    {"a property that nobody can write",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'text', 'read_only': true}}"},
    {"a unique choice",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'choice', 'unique': true, 'options': "
     "[{'name': 'a'}]}}"},
    {"a searchable number",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'number', 'searchable': true}}"},
    {"an indexed blob",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'blob', 'indexed': true}}"},
    {"options of a text",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'text', 'options': [{'name': 'a'}]}}"},
    {"too many options",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'choice', 'options': "
     "[<5001 x {'name': 'o#'}>]}}"},
    {"an option with a semicolon",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'choice', 'options': [{'name': "
     "'a;b'}]}}"},
    {"an option twice",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'choice', 'options': [{'name': 'a'}, "
     "{'name': 'a'}]}}"},
    {"a fallback that is no option",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'choice', 'fallback': 'c', "
     "'options': [{'name': 'a'}]}}"},
    {"a fallback that is no number",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'number', 'fallback': 'c'}}"},
    {"a reference with a fallback",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'reference', 'refers': 'sites', "
     "'fallback': '1'}}"},
    {"a reference to no type",
     "Schema/CreateProperty",
     "{'type': 'machines', 'property': {'name': 'x', 'kind': 'reference', 'refers': 'gadgets'}}"},
    {"a change of what a plugin declares",
     "Schema/UpdateProperty",
     "{'type': 'deals', 'property': {'name': 'amount', 'label': 'Sum'}}"},
    {"a change of a property that is not there",
     "Schema/UpdateProperty",
     "{'type': 'machines', 'property': {'name': 'colour', 'label': 'Colour'}}"},
    {"another kind",
     "Schema/UpdateProperty",
     "{'type': 'machines', 'property': {'name': 'price', 'kind': 'text'}}"},
    {"a property that becomes unique",
     "Schema/UpdateProperty",
     "{'type': 'machines', 'property': {'name': 'weight', 'unique': true}}"},
    {"an option less",
     "Schema/UpdateProperty",
     "{'type': 'machines', 'property': {'name': 'state', 'options': [{'name': 'new'}]}}"},
    {"an association that is there",
     "Schema/CreateAssociation",
     "{'association': {'name': 'machine_to_site', 'inverse': 'x_to_y', 'from': 'machines', 'to': "
     "'sites'}}"},
    {"no association at all", "Schema/CreateAssociation", "{}"},
    {"an association with too many labels",
     "Schema/CreateAssociation",
     "{'association': {'name': 'a_to_b', 'inverse': 'b_to_a', 'from': 'machines', 'to': 'sites', "
     "'labels': [<65 x {'name': 'l#'}>]}}"},
};

static const struct rpc_case records[] = {
    {NULL, "Records/Create", "{'type': 'sites', 'properties': {'name': 'North yard'}}"},
    {NULL, "Records/Create", "{'type': 'sites', 'properties': {'name': 'South yard'}}"},
    {NULL, "Records/Create", "{'type': 'machines', 'properties': {'serial': 'M-1'}}"},
    {NULL, "Records/Create", "{'type': 'machines', 'properties': {'serial': 'M-2'}}"},
    {NULL, "Records/Archive", "{'type': 'machines', 'key': {'id': $4}}"},

    {"a type that is not there",
     "Records/Create",
     "{'type': 'gadgets', 'properties': {'serial': 'G-1'}}"},
    {"a property that is not there",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-3', 'colour': 'red'}}"},
    {"a required value is missing", "Records/Create", "{'type': 'machines'}"},
    {"a value that another record has",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'm-1'}}"},
    {"an option that there is none of",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-3', 'state': 'odd'}}"},
    {"a reference to no record",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-3', 'site': '999'}}"},
    {"a reference to a record of another type",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-3', 'site': '$3'}}"},
    {"a number in another form",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-3', 'price': '12,50'}}"},
    {"a number that is too fine",
     "Records/Create",
     "{'type': 'machines', 'properties': [{'name': 'serial', 'value': 'M-3'}, {'name': 'price', "
     "'value': {'number': {'mantissa': 1, 'exponent': -99}}}]}"},
    {"a date that is typed as a number",
     "Records/Create",
     "{'type': 'machines', 'properties': [{'name': 'serial', 'value': 'M-3'}, {'name': "
     "'installed_on', 'value': {'number': {'mantissa': 20240531}}}]}"},
    {"a text that is too long",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': '<long>'}}"},
    {"what the host keeps",
     "Records/Create",
     "{'type': 'deals', 'properties': {'dealname': 'Big', 'hs_is_closed': true}}"},
    {"all that is wrong at once",
     "Records/Create",
     "{'type': 'machines', 'properties': {'price': 'much', 'state': 'odd', 'works': 'perhaps', "
     "'installed_on': '2024-02-30', 'colour': 'red'}}"},
    {"more that is wrong than is listed",
     "Records/Create",
     "{'type': 'machines', 'properties': [<20 x {'name': 'x#', 'value': 'y'}>]}"},
    {"an id that is none", "Records/Get", "{'type': 'machines', 'key': {'id': 999}}"},
    {"an id of another type", "Records/Get", "{'type': 'machines', 'key': {'id': $1}}"},
    {"an archived record", "Records/Get", "{'type': 'machines', 'key': {'id': $4}}"},
    {"no key", "Records/Get", "{'type': 'machines'}"},
    {"a key that is not unique",
     "Records/Get",
     "{'type': 'machines', 'key': {'property': 'price', 'value': '3'}}"},
    {"a key without its value",
     "Records/Get",
     "{'type': 'machines', 'key': {'property': 'serial'}}"},
    {"a value that no record has",
     "Records/Get",
     "{'type': 'machines', 'key': {'property': 'serial', 'value': 'M-9'}}"},
    {"too many properties to read",
     "Records/Get",
     "{'type': 'machines', 'key': {'id': $3}, 'properties': [<1001 x 'serial'>]}"},
    {"an older version than there is",
     "Records/Update",
     "{'type': 'machines', 'key': {'id': $3}, 'expected_version': 7, 'properties': {'price': 3}}"},
    {"a change of an archived record",
     "Records/Update",
     "{'type': 'machines', 'key': {'id': $4}, 'properties': {'price': 3}}"},
    {"a required value taken away",
     "Records/Update",
     "{'type': 'machines', 'key': {'id': $3}, 'properties': {'serial': null}}"},
    {"a purge of what is in use", "Records/Purge", "{'type': 'machines', 'id': $3}"},
    {NULL, "Records/Create", "{'type': 'machines', 'properties': {'serial': 'm-2'}}"},
    {"a restore that would repeat a unique value",
     "Records/Restore",
     "{'type': 'machines', 'id': $4}"},
    {"a page that is too long", "Records/List", "{'type': 'machines', 'limit': 1001}"},
    {"a cursor that is none", "Records/List", "{'type': 'machines', 'cursor': 'abc'}"},
    {"a history of a property that is not there",
     "Records/History",
     "{'type': 'machines', 'key': {'id': $3}, 'property': 'colour'}"},
    {"a batch that is too long",
     "Records/BatchGet",
     "{'type': 'machines', 'keys': [<1001 x {'id': $3}>]}"},
    {"a batch with wrong items",
     "Records/BatchCreate",
     "{'records': [{'type': 'machines', 'properties': {'serial': 'M-1'}}, {'type': 'gadgets'}]}"},
    {"an upsert by what is not unique",
     "Records/BatchUpsert",
     "{'type': 'machines', 'key_property': 'price', 'records': [{}]}"},
    {"an upsert without its key",
     "Records/BatchUpsert",
     "{'type': 'machines', 'key_property': 'serial', 'records': [{'properties': {'price': 3}}]}"},
};

static const struct rpc_case searches[] = {
    {"a search for nothing known",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'colour', 'op': 'EQ', 'values': "
     "['red']}]}]}"},
    {"a filter without its operator",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'values': ['3']}]}]}"},
    {"a filter without its value",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'op': 'EQ'}]}]}"},
    {"a filter with an empty value",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'op': 'EQ', 'values': "
     "['']}]}]}"},
    {"a filter with too many values",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'op': 'IN', 'values': "
     "[<101 x '#'>]}]}]}"},
    {"an order of what has none",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'works', 'op': 'LT', 'values': "
     "['true']}]}]}"},
    {"a filter with a word for a number",
     "Search/Count",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'op': 'GT', 'values': "
     "['cheap']}]}]}"},
    {"too many groups", "Search/Count", "{'type': 'machines', 'groups': [<6 x {}>]}"},
    {"a sort by what has no order", "Search/Search", "{'type': 'machines', 'sort': 'weight'}"},
    {"the cursor of another search",
     "Search/Search",
     "{'type': 'machines', 'sort': 'price', 'cursor': 'AAAA'}"},
    {"words of what has none",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'price', 'op': 'WORD', 'values': "
     "['3']}]}]}"},
    {"too many words",
     "Search/Search",
     "{'type': 'machines', 'groups': [{'filters': [{'property': 'serial', 'op': 'WORD', 'values': "
     "['<65 x w#>']}]}]}"},
    {"a roll-up that is not there", "Search/Aggregate", "{'rollup': 'machines_by_state'}"},
    {"a group that the roll-up has not",
     "Search/Aggregate",
     "{'rollup': 'deals_by_stage', 'group': {'dealname': 'Big'}}"},
};

static const struct rpc_case links[] = {
    {NULL,
     "Associations/Link",
     "{'association': 'machine_to_site', 'from': {'id': $3}, 'to': {'id': $1}}"},
    {"an association that is not there",
     "Associations/Link",
     "{'association': 'machine_to_moon', 'from': {'id': $3}, 'to': {'id': $1}}"},
    {"an end that is not there",
     "Associations/Link",
     "{'association': 'machine_to_site', 'from': {'id': $3}, 'to': {'id': 999}}"},
    {"an end of another type",
     "Associations/Link",
     "{'association': 'machine_to_site', 'from': {'id': $1}, 'to': {'id': $2}}"},
    {"more links than there may be",
     "Associations/Link",
     "{'association': 'machine_to_site', 'from': {'id': $3}, 'to': {'id': $2}}"},
    {"a label that is not there",
     "Associations/Link",
     "{'association': 'machine_to_site', 'from': {'id': $3}, 'to': {'id': $1}, 'labels': ['odd']}"},
    {"a record and itself",
     "Associations/Link",
     "{'association': 'machine_to_machine', 'from': {'id': $3}, 'to': {'id': $3}}"},
    {"an archived end",
     "Associations/Link",
     "{'association': 'machine_to_machine', 'from': {'id': $3}, 'to': {'id': $4}}"},
    {"links of another type",
     "Associations/List",
     "{'type': 'deals', 'at': {'id': $3}, 'association': 'machine_to_site'}"},
    {"links that are made together",
     "Associations/BatchLink",
     "{'links': [{'association': 'machine_to_site', 'from': {'id': $3}, 'to': {'id': $2}}, "
     "{'association': 'machine_to_moon'}]}"},
    {"a link within a new record",
     "Records/Create",
     "{'type': 'machines', 'properties': {'serial': 'M-7'}, 'links': [{'association': "
     "'machine_to_site', 'to': {'id': 999}}]}"},
};

static const struct rpc_case archiving[] = {
    {"archiving a type that has records", "Schema/ArchiveType", "{'name': 'machines'}"},
    {"archiving a plugin's type", "Schema/ArchiveType", "{'name': 'deals'}"},
    {"archiving a type that is not there", "Schema/ArchiveType", "{'name': 'moons'}"},
    {"restoring a plugin's type", "Schema/RestoreType", "{'name': 'deals'}"},
    {"restoring a type that is not there", "Schema/RestoreType", "{'name': 'moons'}"},
    {NULL, "Schema/ArchiveType", "{'name': 'tools'}"},
    {"a record of a type that is archived", "Records/Create", "{'type': 'tools'}"},
    {"a type with the name of one that is archived",
     "Schema/CreateType",
     "{'type': {'name': 'tools', 'label': 'T', 'plural': 'Ts'}}"},
    {"archiving a plugin's property",
     "Schema/ArchiveProperty",
     "{'type': 'deals', 'name': 'amount'}"},
};

static const struct rpc_case sales[] = {
    {"an e-mail address that is none",
     "Records/Create",
     "{'type': 'contacts', 'properties': {'email': 'ada at home'}}"},
    {"a contact without a name",
     "Records/Create",
     "{'type': 'contacts', 'properties': {'city': 'Lyon'}}"},
    {"a domain that is none",
     "Records/Create",
     "{'type': 'companies', 'properties': {'domain': 'Acme Ltd'}}"},
    {"a company without a name",
     "Records/Create",
     "{'type': 'companies', 'properties': {'city': 'Lyon'}}"},
    {NULL,
     "Records/Create",
     "{'type': 'contacts', 'properties': {'firstname': 'Ada', 'lifecyclestage': 'customer'}}"},
    {NULL, "Records/Create", "{'type': 'contacts', 'properties': {'email': 'bob@gmail.com'}}"},
    {"an e-mail address that another contact has",
     "Records/Create",
     "{'type': 'contacts', 'properties': {'email': 'BOB@gmail.com'}}"},
    {"a stage of life that was passed",
     "Records/Update",
     "{'type': 'contacts', 'key': {'id': $6}, 'properties': {'lifecyclestage': 'lead'}}"},
    {"a company for a contact without an address", "Contacts/EnsureCompany", "{'contact': $6}"},
    {"a company for an address at a provider", "Contacts/EnsureCompany", "{'contact': $7}"},
    {"a company for no contact", "Contacts/EnsureCompany", "{'contact': 999}"},
    {"a company without saying for whom", "Contacts/EnsureCompany", "{}"},
    {NULL,
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p1', 'label': 'P', "
     "'purpose': 'sales', 'stages': [{'name': 's1', 'label': 'S', 'state': 'OPEN', 'probability': "
     "{'mantissa': 123456789, 'exponent': -9}}]}}"},
    {NULL,
     "Records/Create",
     "{'type': 'deals', 'properties': {'dealname': 'Big', 'pipeline': 'p1'}}"},
    {"a deal without a name", "Records/Create", "{'type': 'deals'}"},
    {"a pipeline that is not there",
     "Records/Create",
     "{'type': 'deals', 'properties': {'dealname': 'D', 'pipeline': 'moon'}}"},
    {"a stage that is not there",
     "Records/Create",
     "{'type': 'deals', 'properties': {'dealname': 'D', 'dealstage': 'moon'}}"},
    {"a stage of another pipeline",
     "Records/Create",
     "{'type': 'deals', 'properties': {'dealname': 'D', 'pipeline': 'default', 'dealstage': "
     "'s1'}}"},
    {"a deal without a stage",
     "Records/Update",
     "{'type': 'deals', 'key': {'id': $8}, 'properties': {'dealstage': null}}"},
    {"a pipeline by hand", "Records/Create", "{'type': 'pipelines', 'properties': {'label': 'P'}}"},
    {"a pipeline taken away",
     "Records/Archive",
     "{'type': 'pipelines', 'key': {'property': 'key', 'value': 'deals/p1'}}"},
    {"a link that only a plugin makes",
     "Associations/Link",
     "{'association': 'pipeline_to_pipeline_stage', 'from': {'property': 'key', 'value': "
     "'deals/p1'}, 'to': {'property': 'key', 'value': 'deals/s1'}}"},
    {"a pipeline of no name", "Pipelines/Get", "{'type': 'deals', 'name': 'moon'}"},
    {"a board of contacts", "Pipelines/Board", "{'type': 'contacts', 'name': 'p1'}"},
    {"no pipeline at all", "Pipelines/Create", "{}"},
    {"a pipeline with a space in its name",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'a b', 'label': 'P'}, 'template': 'native'}"},
    {"a pipeline of no type",
     "Pipelines/Create",
     "{'pipeline': {'type': 'A type', 'name': 'p2', 'label': 'P'}, 'template': 'native'}"},
    {"a pipeline that is there",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p1', 'label': 'P'}, 'template': 'native'}"},
    {"a template that is not there",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P'}, 'template': 'moon'}"},
    {"a purpose that is none",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'purpose': 'fun', 'stages': "
     "[{'name': 's2', 'label': 'S', 'state': 'OPEN'}]}}"},
    {"neither stages nor a template",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P'}}"},
    {"both stages and a template",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [{'name': 's2', "
     "'label': 'S', 'state': 'OPEN'}]}, 'template': 'native'}"},
    {"too many stages",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [<101 x {'name': "
     "'s2#', 'label': 'S', 'state': 'OPEN'}>]}}"},
    {"two stages of one name",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [<2 x {'name': 's2', "
     "'label': 'S', 'state': 'OPEN'}>]}}"},
    {"a stage of another pipeline's name",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [{'name': 's1', "
     "'label': 'S', 'state': 'OPEN'}]}}"},
    {"a state that is none",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [{'name': 's2', "
     "'label': 'S', 'state': 'MAYBE'}]}}"},
    {"a probability above 1",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [{'name': 's2', "
     "'label': 'S', 'state': 'OPEN', 'probability': {'mantissa': 2}}]}}"},
    {"a deal that is won with half a chance",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'p2', 'label': 'P', 'stages': [{'name': 's2', "
     "'label': 'S', 'state': 'WON', 'probability': {'mantissa': 5, 'exponent': -1}}]}}"},
    {"a name too long for its stages",
     "Pipelines/Create",
     "{'pipeline': {'type': 'deals', 'name': 'a234567890b234567890c234567890d234567890e234567890"
     "f234567890g234567890h234567890i234567890j234567890', 'label': 'P'}, 'template': 'native'}"},
};

#define NOBODYS "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct rpc_case blobs[] = {
    {NULL, "Schema/CreateType", "{'type': {'name': 'papers', 'label': 'P', 'plural': 'Ps'}}"},
    {NULL,
     "Schema/CreateProperty",
     "{'type': 'papers', 'property': {'name': 'body', 'kind': 'blob'}}"},
    {"an upload that nobody began", "Blobs/Append", "{'upload': 1, 'offset': 0}"},
    {"the seal of an upload that nobody began", "Blobs/Seal", "{'upload': 1, 'size': 0}"},
    {"a blob by half a hash", "Blobs/Get", "{'sha256': 'cafe'}"},
    {"a blob that nobody has", "Blobs/Get", "{'sha256': '" NOBODYS "'}"},
    {"a record that names half a hash",
     "Records/Create",
     "{'type': 'papers', 'properties': [{'name': 'body', 'value': {'text': 'cafe'}}]}"},
    {"a record that names a blob that nobody has",
     "Records/Create",
     "{'type': 'papers', 'properties': [{'name': 'body', 'value': {'text': '" NOBODYS "'}}]}"},
    {"a record that names a blob by a number",
     "Records/Create",
     "{'type': 'papers', 'properties': [{'name': 'body', 'value': {'date': 1}}]}"},
};

void area_records(struct golden *g)
{
    struct tenond *host = tenond_create();

    tenond_add_plugin(host, PLUGINS "contacts.so");
    tenond_add_plugin(host, PLUGINS "pipelines.so");
    tenond_add_plugin(host, PLUGINS "products.so");
    vendor_start_granted(host);
    struct rpc *rpc = rpc_open(g, host->url, NULL, NULL);
    golden_area(g, "Calls: the schema");
    rpc_run(rpc, schema, COUNT_OF(schema));
    golden_area(g, "Calls: records");
    rpc_run(rpc, records, COUNT_OF(records));
    golden_area(g, "Calls: blobs");
    rpc_run(rpc, blobs, COUNT_OF(blobs));
    golden_area(g, "Calls: searches");
    rpc_run(rpc, searches, COUNT_OF(searches));
    golden_area(g, "Calls: links");
    rpc_run(rpc, links, COUNT_OF(links));
    golden_area(g, "Calls: types and properties that are taken away");
    rpc_run(rpc, archiving, COUNT_OF(archiving));
    golden_area(g, "Calls: contacts, companies, deals and pipelines");
    rpc_run(rpc, sales, COUNT_OF(sales));
    rpc_close(rpc);
    tenond_stop(host);
    tenond_destroy(host);
}
