/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h - who keeps what in family meta: the first byte of a key. Stored: never reuse one. */
#ifndef CORE_STORE_META_H
#define CORE_STORE_META_H

enum store_meta {
    STORE_META_BLOB = 'b',     /* blobs by their hash, and who names them: record/blob.h */
    STORE_META_CLOCK = 'n',    /* portal 0: the newest time that the host has seen */
    STORE_META_CONSUMER = 'c', /* portal 0: consumers that are known, by plugin and name */
    STORE_META_FORMAT = 'f',   /* portal 0: the store's format */
    STORE_META_HEAD = 'h',     /* where the portal's log stands */
    STORE_META_OUTCOME = 'o',  /* first results by idempotency key */
    STORE_META_PLUGIN = 'g',   /* portal 0: what the host keeps of plugins, by id */
    STORE_META_PORTAL = 'p',   /* portal 0: portals by name */
    STORE_META_ROLLUP = 'r',   /* of what shape the totals of a roll-up are */
    STORE_META_SCHEMA = 's',   /* definitions */
    STORE_META_TIMER = 'd',    /* when something is due, by record */
    STORE_META_TOKEN = 't',    /* portal 0: tokens of all portals by their hash */
    STORE_META_VALUE = 'v'     /* what services and plugins keep: settings, imports */
};

#endif /* CORE_STORE_META_H */
