/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_name.h - how the names that plugins give are written. All functions are [any]. */
#ifndef CORE_PLUGIN_MANIFEST_NAME_H
#define CORE_PLUGIN_MANIFEST_NAME_H

#include <stdbool.h>

/* Bytes of a plain name, and of one made of several. They end up in keys and in URLs. */
#define NAME_LEN_MAX 63u
#define NAME_PATH_LEN_MAX 255u

/* [a-z][a-z0-9_]*: record types, properties, associations, settings... */
bool name_is_plain(const char *name);

/* Reverse DNS, two parts at least: "org.example.machines". */
bool name_is_plugin_id(const char *name);

/* Semantic versioning 2.0.0: "1.0.0-rc.1+build.5". */
bool name_is_version(const char *name);

/* A protobuf message with its package: "org.example.visits.v1.PlanRequest". */
bool name_is_message(const char *name);

/* "org.example.visits.v1.Visits/Plan". */
bool name_is_method(const char *name);

/* An interface and its major version: "tenon.records/1". */
bool name_is_need(const char *name);

/* A language tag, BCP 47 without extensions: "fr", "pt-BR". */
bool name_is_language(const char *name);

/*
 * Where connections go to: "api.example.org:443", "192.0.2.1:80", "[2001:db8::1]:443", in
 * lower case.
 */
bool name_is_endpoint(const char *name);

/* An absolute path without empty parts, "." and "..": "/usr/bin/gs"; not "/". */
bool name_is_path(const char *name);

/* One of a property's options: not empty, and without ';', which joins them. */
bool name_is_option(const char *name);

#endif /* CORE_PLUGIN_MANIFEST_NAME_H */
