/* SPDX-License-Identifier: Apache-2.0 */
/* licensing.c - what changes the licences of a portal, each in a transaction with its audit. */
#include "core/service/licensing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/service/audit.h"
#include "core/value/date.h"

#define SUFFIX ".licence"
#define FILE_SOURCE "licences"

/* One change of a portal's licences. */
struct licensing {
    const struct service *service;
    const struct txn_options *options;
    struct tn_str text; /* to be installed */
    bool is_file;
    const char *serial; /* to be removed or noted */
    enum entitle_standing noted;
    struct licence *licence;
    bool is_done; /* already: nothing is to be written */
};

typedef tn_status (*licensing_fn)(struct licensing *l, struct txn *txn, struct err *err);

static tn_status run_once(struct licensing *l, licensing_fn run, struct txn_options *options,
                          struct err *err)
{
    struct txn *txn = NULL;

    l->is_done = false;
    TRY(txn_begin(l->service->records, options, &txn, err));
    tn_status st = run(l, txn, err);
    if (st == TN_OK && !l->is_done)
        st = txn_commit_wait(txn, err);
    txn_destroy(txn);
    return st;
}

/* Of a portal, or of all if it is NULL. What rested looks again, since nothing else may tell it. */
static tn_status take_effect(const struct service *service, struct portal *portal, struct err *err)
{
    TRY(entitle_reread(service->entitle, portal, err));
    if (service->plugins)
        plugin_host_wake(service->plugins);
    return TN_OK;
}

/* Runs the change until it does not lose, the last time alone in its portal; then it is in effect.
 */
static tn_status run_licensing(struct licensing *l, licensing_fn run, struct err *err)
{
    struct txn_options options = *l->options;
    tn_status st = TN_ABORTED;

    for (unsigned losses = 0; st == TN_ABORTED && losses <= DISPATCH_LOSS_MAX; losses++) {
        err_clear(err);
        options.takes_turn = losses == DISPATCH_LOSS_MAX;
        st = run_once(l, run, &options, err);
    }
    TRY(st);
    return l->is_done ? TN_OK : take_effect(l->service, options.portal, err);
}

/* What the portal has of that serial: TN_NOT_FOUND: nothing. `*ret_owner` lends the texts. */
static tn_status read_stored(struct txn *txn, const char *serial, struct entitle_stored *ret_stored,
                             char **ret_owner, struct err *err)
{
    char key[ENTITLE_KEY_SIZE];
    struct tn_bytes value;

    entitle_key(serial, key);
    TRY(txn_get_meta(txn, utf8_str(key), &value, err));
    return entitle_unpack(value, ret_stored, ret_owner, err);
}

static tn_status write_stored(struct txn *txn, const char *serial,
                              const struct entitle_stored *stored, struct err *err)
{
    char key[ENTITLE_KEY_SIZE];
    struct buf value = {0};

    entitle_key(serial, key);
    tn_status st = entitle_pack(stored, &value);
    st = st == TN_OK ? txn_put_meta(txn, utf8_str(key), buf_bytes(&value), err)
                     : err_memory(err, "a licence");
    buf_fini(&value);
    return st;
}

static tn_status enter(const struct licensing *l, struct txn *txn, const char *action,
                       const char *serial, const char *detail, struct err *err)
{
    return audit_add(txn,
                     &(struct audit_entry){.user = l->options->user,
                                           .action = utf8_str(action),
                                           .subject = utf8_str(serial),
                                           .detail = utf8_str(detail)},
                     err);
}

/* Installing */

static tn_status check_fit(const struct licensing *l, const struct licence *licence,
                           struct err *err)
{
    tn_time now_us = entitle_now(l->service->entitle, clock_wall_us());
    char day[DATETIME_TEXT_SIZE];

    if (strcmp(licence->portal, l->options->portal->name) != 0)
        return err_violate(err,
                           TN_PERMISSION_DENIED,
                           "portal",
                           "other_portal",
                           "The licence %s is for the portal %s, not for %s.",
                           licence->serial,
                           licence->portal,
                           l->options->portal->name);
    if (now_us < licence_end_us(licence))
        return TN_OK;
    (void)datetime_format(licence_end_us(licence), day);
    return err_violate(err,
                       TN_FAILED_PRECONDITION,
                       "until",
                       "ended",
                       "The licence %s ended on %.10s: ask for a new one.",
                       licence->serial,
                       day);
}

/* An earlier issue does not replace a later one, not even one that was removed. */
static tn_status check_issue(struct licensing *l, const struct entitle_stored *stored,
                             struct err *err)
{
    CLEANUP(mem_free_p) struct licence *known = mem_new(struct licence);
    char issued[DATETIME_TEXT_SIZE];

    if (!known)
        return err_memory(err, "a licence");
    if (utf8_equal(stored->text, l->text)) {
        l->is_done = !stored->is_removed || l->is_file;
        return TN_OK;
    }
    if (licence_parse(stored->text, known, NULL) != TN_OK ||
        known->issued_us < l->licence->issued_us)
        return TN_OK;
    (void)datetime_format(known->issued_us, issued);
    return err_violate(err,
                       TN_FAILED_PRECONDITION,
                       "issued",
                       "downgrade",
                       "The licence %s was installed as issued on %s, and no earlier issue of it "
                       "replaces that.",
                       l->licence->serial,
                       issued);
}

static tn_status check_count(const struct licensing *l, struct err *err)
{
    CLEANUP(mem_free_p) struct entitle_licence *last = mem_new(struct entitle_licence);

    if (!last)
        return err_memory(err, "a licence");
    if (!entitle_get(l->service->entitle, l->options->portal, ENTITLE_LICENCE_MAX - 1, 0, last))
        return TN_OK;
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "A portal has at most %u licences, removed ones included.",
                   ENTITLE_LICENCE_MAX);
}

static tn_status install(struct licensing *l, struct txn *txn, struct err *err)
{
    CLEANUP(mem_free_p) struct key_ring *ring = mem_new(struct key_ring);
    CLEANUP(mem_free_p) char *owner = NULL;
    struct entitle_stored stored = {0};

    if (!ring)
        return err_memory(err, "a licence");
    entitle_ring(l->service->entitle, ring);
    TRY(licence_read(l->text, ring, l->licence, err));
    TRY(check_fit(l, l->licence, err));
    tn_status st = read_stored(txn, l->licence->serial, &stored, &owner, err);
    if (st == TN_OK)
        TRY(check_issue(l, &stored, err));
    else if (st == TN_NOT_FOUND)
        TRY(check_count(l, err));
    else
        return st;
    if (l->is_done)
        return TN_OK;
    stored = (struct entitle_stored){.text = l->text,
                                     .installed_by = l->options->user,
                                     .installed_us = txn_now(txn),
                                     .noted = ENTITLE_ACTIVE};
    if (txn_now(txn) < l->licence->from_us)
        stored.noted = ENTITLE_PENDING;
    TRY(write_stored(txn, l->licence->serial, &stored, err));
    return enter(
        l, txn, "licence.install", l->licence->serial, licence_tier_name(l->licence->tier), err);
}

tn_status licensing_install(const struct service *service, const struct txn_options *options,
                            struct tn_str text, bool is_file, struct licence *ret_licence,
                            struct err *err)
{
    struct licensing l = {.service = service,
                          .options = options,
                          .text = text,
                          .is_file = is_file,
                          .licence = ret_licence};

    return run_licensing(&l, install, err);
}

/* Removing */

static tn_status no_licence(const char *serial, struct err *err)
{
    return err_violate(err,
                       TN_NOT_FOUND,
                       "serial",
                       "unknown_licence",
                       "There is no licence %s in this portal.",
                       serial);
}

static tn_status remove_stored(struct licensing *l, struct txn *txn, struct err *err)
{
    CLEANUP(mem_free_p) char *owner = NULL;
    struct entitle_stored stored = {0};
    tn_status st = read_stored(txn, l->serial, &stored, &owner, err);

    if (st == TN_NOT_FOUND || (st == TN_OK && stored.is_removed))
        return no_licence(l->serial, err);
    TRY(st);
    stored.is_removed = true;
    stored.noted = ENTITLE_REMOVED;
    TRY(write_stored(txn, l->serial, &stored, err));
    return enter(l, txn, "licence.remove", l->serial, "", err);
}

tn_status licensing_remove(const struct service *service, const struct txn_options *options,
                           struct tn_str serial, struct err *err)
{
    char text[LICENCE_NAME_SIZE];
    struct licensing l = {.service = service, .options = options, .serial = text};

    if (serial.len == 0 || serial.len >= sizeof(text))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           "serial",
                           "required",
                           "A licence is named by its serial, of at most %u bytes.",
                           (unsigned)sizeof(text) - 1);
    memcpy(text, serial.data, serial.len);
    text[serial.len] = '\0';
    return run_licensing(&l, remove_stored, err);
}

/* Files */

static void report_file(const struct service *service, const char *path, const char *serial,
                        tn_status st, const struct err *err)
{
    if (st == TN_OK)
        LOG(service->log,
            LOG_INFO,
            "licence read",
            LOG_STR("file", path),
            LOG_STR("serial", serial));
    else
        LOG(service->log,
            LOG_ERROR,
            "licence refused",
            LOG_STR("file", path),
            LOG_STR("reason", err->message));
}

static tn_status read_text(const char *path, char *text, size_t *ret_len, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, text, SHEET_SIZE_MAX + 1);
    int number = errno;

    if (fd >= 0)
        (void)close(fd); /* it was only read */
    if (len < 0)
        return err_set(
            err, TN_UNAVAILABLE, "%s: cannot be read: %s.", path, strerrordesc_np(number));
    *ret_len = (size_t)len;
    return TN_OK;
}

static tn_status install_text(const struct service *service, struct tn_str text,
                              struct licence *licence, struct err *err)
{
    struct txn_options options = {
        .source = utf8_str(FILE_SOURCE), .user = utf8_str(FILE_SOURCE), .deadline_us = INT64_MAX};

    TRY(licence_parse(text, licence, err)); /* for its portal; who signed it is asked there */
    options.portal = portals_find(service->access.portals, utf8_str(licence->portal));
    if (!options.portal)
        return err_set(err,
                       TN_NOT_FOUND,
                       "The licence %s is for the portal %s, which this host does not have.",
                       licence->serial,
                       licence->portal);
    return licensing_install(service, &options, text, true, licence, err);
}

static tn_status install_file(const struct service *service, const char *path, struct err *err)
{
    CLEANUP(mem_free_p) char *text = mem_alloc(SHEET_SIZE_MAX + 1);
    CLEANUP(mem_free_p) struct licence *licence = mem_new(struct licence);
    struct err why;
    size_t len = 0;

    if (!text || !licence)
        return err_memory(err, "a licence");
    err_init(&why, NULL);
    tn_status st = read_text(path, text, &len, &why);
    if (st == TN_OK)
        st = install_text(service, (struct tn_str){text, len}, licence, &why);
    report_file(service, path, licence->serial, st, &why);
    return TN_OK;
}

static int select_licence(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

tn_status licensing_read_folder(const struct service *service, const char *folder, struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, select_licence, compare_names);
    tn_status st = TN_OK;

    if (count < 0)
        return err_set(err,
                       errno == ENOENT ? TN_NOT_FOUND : TN_UNAVAILABLE,
                       "%s: cannot be read: %s.",
                       folder,
                       strerrordesc_np(errno));
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);

        if (st == TN_OK && i < (int)LICENSING_FILE_MAX && len > 0 && (size_t)len < sizeof(path))
            st = install_file(service, path, err);
        free(entries[i]); /* scandir's own allocation */
    }
    free(entries); /* scandir's */
    if (count > (int)LICENSING_FILE_MAX)
        LOG(service->log,
            LOG_ERROR,
            "too many licence files: the rest was not read",
            LOG_STR("folder", folder));
    return st;
}

tn_status licensing_trust(const struct service *service, const struct key_ring *ring,
                          struct err *err)
{
    entitle_set_ring(service->entitle, ring);
    return take_effect(service, NULL, err);
}

/* Time */

static tn_status note(struct licensing *l, struct txn *txn, struct err *err)
{
    CLEANUP(mem_free_p) char *owner = NULL;
    struct entitle_stored stored = {0};
    char action[64];

    TRY(read_stored(txn, l->serial, &stored, &owner, err));
    l->is_done = stored.is_removed || stored.noted == l->noted;
    if (l->is_done)
        return TN_OK;
    stored.noted = l->noted;
    (void)snprintf(action, sizeof(action), "licence.%s", entitle_standing_name(l->noted));
    TRY(write_stored(txn, l->serial, &stored, err));
    return enter(l, txn, action, l->serial, "", err);
}

static void report_standing(const struct service *service, const struct portal *portal,
                            const struct entitle_licence *licence)
{
    bool is_fine = licence->standing == ENTITLE_ACTIVE || licence->standing == ENTITLE_PENDING;
    char until[DATETIME_TEXT_SIZE] = "";
    char end[DATETIME_TEXT_SIZE] = "";

    if (licence->licence.until_us != INT64_MAX) {
        (void)datetime_format(licence->licence.until_us, until);
        (void)datetime_format(licence_end_us(&licence->licence), end);
    }
    LOG(service->log,
        is_fine ? LOG_INFO : LOG_WARN,
        "licence",
        LOG_STR("portal", portal->name),
        LOG_STR("serial", licence->licence.serial),
        LOG_STR("standing", entitle_standing_name(licence->standing)),
        LOG_STR("until", until),
        LOG_STR("grace_until", end),
        LOG_STR("reason", licence->standing == ENTITLE_UNTRUSTED ? licence->reason : ""));
}

static void note_standing(const struct service *service, struct portal *portal,
                          const struct entitle_licence *licence)
{
    const struct txn_options options = {
        .portal = portal, .source = utf8_str(FILE_SOURCE), .deadline_us = INT64_MAX};
    struct licensing l = {.service = service,
                          .options = &options,
                          .serial = licence->licence.serial,
                          .noted = licence->standing};
    struct err err;

    err_init(&err, NULL);
    report_standing(service, portal, licence);
    if (licence->licence.serial[0] && run_licensing(&l, note, &err) != TN_OK)
        LOG(service->log,
            LOG_WARN,
            "the standing of a licence is not in the audit yet",
            LOG_STR("portal", portal->name),
            LOG_STR("reason", err.message));
}

void licensing_tick(const struct service *service)
{
    CLEANUP(mem_free_p) struct entitle_licence *licence = mem_new(struct entitle_licence);
    tn_time now_us = clock_wall_us();

    if (!service->entitle || !licence)
        return;
    entitle_tick(service->entitle, now_us);
    for (struct portal *p = portals_next(service->access.portals, 0); p;
         p = portals_next(service->access.portals, p->id))
        for (size_t i = 0; entitle_get(service->entitle, p, i, now_us, licence); i++)
            if (licence->standing != licence->noted)
                note_standing(service, p, licence);
}
