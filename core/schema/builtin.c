/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.c - the one type that the host declares itself: users, who own records. */
#include "core/schema/catalog_parts.h"

enum { USER };

static const struct tn_type types[] = {
    [USER] = {.name = "users", .label = "User", .plural = "Users"},
};

static const struct tn_property properties[] = {
    {.type = USER,
     .kind = TN_TEXT,
     .name = "email",
     .label = "E-mail",
     .flags = TN_REQUIRED | TN_UNIQUE | TN_INDEXED | TN_SEARCHABLE | TN_TITLE | TN_EMAIL},
    {.type = USER,
     .kind = TN_TEXT,
     .name = "firstname",
     .label = "First name",
     .flags = TN_SEARCHABLE},
    {.type = USER,
     .kind = TN_TEXT,
     .name = "lastname",
     .label = "Last name",
     .flags = TN_SEARCHABLE},
    {.type = USER, .kind = TN_TEXT, .name = "team", .label = "Team", .flags = TN_INDEXED},
};

static const struct tn_text texts[] = {
    {"fr", "User", "Utilisateur"},
    {"fr", "Users", "Utilisateurs"},
    {"fr", "E-mail", "E-mail"},
    {"fr", "First name", "Prénom"},
    {"fr", "Last name", "Nom"},
    {"fr", "Team", "Équipe"},
};

const struct tn_plugin catalog_builtin = {
    .magic = TN_MAGIC,
    .struct_size = (uint32_t)sizeof(struct tn_plugin),
    .minor = TN_MINOR,
    .id = "tenon.host",
    .version = "1.0.0",
    .summary = "Users, who own records",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .texts = TN_LIST(texts),
};
