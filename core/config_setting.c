/* SPDX-License-Identifier: Apache-2.0 */
/* config_setting.c - the table of settings, and what each accepts. */
#include "core/config_setting.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"

/* As much as the bus takes (BUS_URL_SIZE), NUL included. */
#define URL_SIZE_MAX 256
/* Calls a second; no host does more. */
#define CALLS_MAX 10000000u

enum setting_kind { SETTING_TEXT, SETTING_LIST, SETTING_WHOLE, SETTING_LEVEL };

typedef tn_status (*check_fn)(const char *place, const char *text, struct err *err);

struct config_setting {
    const char *table; /* "": at the top */
    const char *key;
    enum setting_kind kind;
    size_t offset;  /* of the member of struct config */
    check_fn check; /* of a text, or of each of a list; NULL: any */
    uint32_t min;   /* of a whole number */
    uint32_t max;
};

static tn_status check_url(const char *place, const char *text, struct err *err)
{
    static const char *const schemes[] = {"ipc://",
                                          "tcp://",
                                          "tls+tcp://",
                                          "sp+ipc://",
                                          "sp+tcp://",
                                          "sp+tls+tcp://",
                                          "sp+pub+ipc://",
                                          "sp+pub+tcp://"};

    if (strlen(text) >= URL_SIZE_MAX)
        return err_set(
            err, TN_INVALID_ARGUMENT, "%s: a URL has less than %d bytes.", place, URL_SIZE_MAX);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);

        if (strncmp(text, schemes[i], len) == 0 && text[len] != '\0')
            return TN_OK;
    }
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is.",
                   place,
                   text);
}

static tn_status check_file(const char *place, const char *text, struct err *err)
{
    int fd = open(text, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "%s: '%s' cannot be read: %s.",
                       place,
                       text,
                       strerrordesc_np(errno));
    (void)close(fd); /* nothing was read yet */
    return TN_OK;
}

static tn_status check_language(const char *place, const char *text, struct err *err)
{
    if (strcmp(text, "en") == 0 || strcmp(text, "fr") == 0)
        return TN_OK;
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: '%s' is no language known here: en, fr.", place, text);
}

static tn_status check_currency(const char *place, const char *text, struct err *err)
{
    if (strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
        return TN_OK;
    return err_set(err,
                   TN_INVALID_ARGUMENT,
                   "%s: '%s' is no currency, which is three capitals such as EUR.",
                   place,
                   text);
}

/* A name of the zone database: what may be looked up below its directory, and nothing above. */
static tn_status check_time_zone(const char *place, const char *text, struct err *err)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+-_/";

    if (text[0] != '/' && text[strspn(text, allowed)] == '\0')
        return TN_OK;
    return err_set(
        err, TN_INVALID_ARGUMENT, "%s: '%s' is no time zone, as Europe/Paris is.", place, text);
}

#define MEMBER(member) offsetof(struct config, member)

static const struct config_setting settings[] = {
    {"", "listen", SETTING_LIST, MEMBER(listen), check_url, 0, 0},
    {"", "data", SETTING_TEXT, MEMBER(data_dir), NULL, 0, 0},
    {"", "plugins", SETTING_LIST, MEMBER(plugin_dirs), NULL, 0, 0},
    {"", "log", SETTING_LEVEL, MEMBER(log_level), NULL, 0, 0},
    {"", "workers", SETTING_WHOLE, MEMBER(worker_count), NULL, 1, 256},
    {"limits", "connections", SETTING_WHOLE, MEMBER(limits.connection_max), NULL, 1, 65536},
    {"limits", "calls", SETTING_WHOLE, MEMBER(limits.call_max), NULL, 1, 65536},
    {"limits",
     "request_size",
     SETTING_WHOLE,
     MEMBER(limits.request_size_max),
     NULL,
     1024,
     256u << 20},
    {"limits",
     "portal_calls_per_second",
     SETTING_WHOLE,
     MEMBER(limits.portal.per_second),
     NULL,
     1,
     CALLS_MAX},
    {"limits",
     "portal_calls_burst",
     SETTING_WHOLE,
     MEMBER(limits.portal.burst),
     NULL,
     1,
     CALLS_MAX},
    {"limits",
     "token_calls_per_second",
     SETTING_WHOLE,
     MEMBER(limits.token.per_second),
     NULL,
     1,
     CALLS_MAX},
    {"limits", "token_calls_burst", SETTING_WHOLE, MEMBER(limits.token.burst), NULL, 1, CALLS_MAX},
    {"tls", "certificate", SETTING_TEXT, MEMBER(tls.certificate), check_file, 0, 0},
    {"tls", "key", SETTING_TEXT, MEMBER(tls.key), check_file, 0, 0},
    {"portal", "language", SETTING_TEXT, MEMBER(portal.language), check_language, 0, 0},
    {"portal", "currency", SETTING_TEXT, MEMBER(portal.currency), check_currency, 0, 0},
    {"portal", "time_zone", SETTING_TEXT, MEMBER(portal.time_zone), check_time_zone, 0, 0},
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

const struct config_setting *config_setting_find(struct tn_str table, struct tn_str key)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (utf8_is(table, settings[i].table) && utf8_is(key, settings[i].key))
            return &settings[i];
    return NULL;
}

bool config_setting_is_table(struct tn_str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (name.len > 0 && utf8_is(name, settings[i].table))
            return true;
    return false;
}

tn_status config_copy_text(struct config *config, const char *place, struct tn_str text,
                           const char **ret_copy, struct err *err)
{
    if (text.len == 0)
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must not be empty.", place);
    if (memchr(text.data, '\0', text.len))
        return err_set(err, TN_INVALID_ARGUMENT, "%s: must not contain a NUL.", place);
    const char *copy = arena_copy(&config->arena, text.data, text.len);
    if (!copy)
        return err_memory(err, "the configuration");
    *ret_copy = copy;
    return TN_OK;
}

static tn_status list_add(struct config *config, const struct config_setting *setting,
                          const char *place, struct tn_str text, struct err *err)
{
    struct config_list *list = (struct config_list *)((char *)config + setting->offset);
    const char *copy;

    TRY(config_copy_text(config, place, text, &copy, err));
    if (setting->check)
        TRY(setting->check(place, copy, err));
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], copy) == 0)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: '%s' is there twice.", place, copy);
    if (list->count == CONFIG_LIST_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "%s: holds more than %d.", place, CONFIG_LIST_MAX);
    if (!list->items)
        list->items = arena_array(&config->arena, const char *, CONFIG_LIST_MAX);
    if (!list->items)
        return err_memory(err, "the configuration");
    list->items[list->count++] = copy;
    return TN_OK;
}

static tn_status set_text(struct config *config, const struct config_setting *setting,
                          const char *place, struct tn_str text, struct err *err)
{
    const char *copy;

    TRY(config_copy_text(config, place, text, &copy, err));
    if (setting->check)
        TRY(setting->check(place, copy, err));
    *(const char **)((char *)config + setting->offset) = copy;
    return TN_OK;
}

static tn_status set_level(struct config *config, const char *place, struct tn_str text,
                           struct err *err)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

    for (size_t i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (utf8_is(text, names[i])) {
            config->log_level = (enum log_level)i;
            return TN_OK;
        }
    }
    return err_set(err, TN_INVALID_ARGUMENT, "%s: must be one of error, warn, info, debug.", place);
}

static tn_status set_whole(struct config *config, const struct config_setting *setting,
                           const char *place, int64_t whole, struct err *err)
{
    if (whole < setting->min || whole > setting->max)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "%s: must be a whole number from %u to %u.",
                       place,
                       setting->min,
                       setting->max);
    *(uint32_t *)((char *)config + setting->offset) = (uint32_t)whole;
    return TN_OK;
}

static tn_status check_kind(const struct config_setting *setting, const char *place,
                            const struct config_entry *entry, struct err *err)
{
    bool is_list = entry->kind == CONFIG_LIST || entry->is_in_list;

    switch (setting->kind) {
    case SETTING_LIST:
        if (entry->kind != CONFIG_LIST && !(entry->is_in_list && entry->kind == CONFIG_TEXT))
            return err_set(err,
                           TN_INVALID_ARGUMENT,
                           "%s: must be a list of texts such as [\"a\", \"b\"].",
                           place);
        break;
    case SETTING_WHOLE:
        if (is_list || entry->kind != CONFIG_WHOLE)
            return err_set(err,
                           TN_INVALID_ARGUMENT,
                           "%s: must be a whole number from %u to %u.",
                           place,
                           setting->min,
                           setting->max);
        break;
    case SETTING_TEXT:
    case SETTING_LEVEL:
        if (is_list || entry->kind != CONFIG_TEXT)
            return err_set(err, TN_INVALID_ARGUMENT, "%s: must be a text such as \"a\".", place);
        break;
    }
    return TN_OK;
}

tn_status config_setting_set(struct config *config, const struct config_setting *setting,
                             const char *place, const struct config_entry *entry, struct err *err)
{
    TRY(check_kind(setting, place, entry, err));
    switch (setting->kind) {
    case SETTING_TEXT:
        return set_text(config, setting, place, entry->text, err);
    case SETTING_LEVEL:
        return set_level(config, place, entry->text, err);
    case SETTING_WHOLE:
        return set_whole(config, setting, place, entry->whole, err);
    case SETTING_LIST:
        /* The list itself is visited before its elements. */
        return entry->is_in_list ? list_add(config, setting, place, entry->text, err) : TN_OK;
    }
    return TN_INTERNAL;
}

tn_status config_setting_set_text(struct config *config, const char *name, const char *place,
                                  const char *value, struct err *err)
{
    const struct config_setting *setting = config_setting_find(utf8_str(""), utf8_str(name));
    struct config_entry entry = {.kind = CONFIG_TEXT, .text = utf8_str(value)};

    assert(setting);
    entry.is_in_list = setting->kind == SETTING_LIST;
    return config_setting_set(config, setting, place, &entry, err);
}

tn_status config_overlay(struct config *config, const struct config *given, struct err *err)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct config_setting *setting = &settings[i];
        const void *member = (const char *)given + setting->offset;

        if (setting->kind == SETTING_LIST) {
            const struct config_list *list = member;

            if (list->count > 0)
                ((struct config_list *)((char *)config + setting->offset))->count = 0;
            for (uint32_t n = 0; n < list->count; n++)
                TRY(list_add(config, setting, setting->key, utf8_str(list->items[n]), err));
        } else if (setting->kind == SETTING_TEXT) {
            const char *text = *(const char *const *)member;

            if (text)
                TRY(set_text(config, setting, setting->key, utf8_str(text), err));
        }
    }
    if (given->log_level)
        config->log_level = given->log_level;
    return TN_OK;
}
