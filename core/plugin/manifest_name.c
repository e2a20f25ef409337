/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_name.c - see manifest_name.h; ASCII by hand, since <ctype.h> asks the locale. */
#include "core/plugin/manifest_name.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_plain(char c)
{
    return is_lower(c) || is_digit(c) || c == '_';
}

static bool is_id(char c)
{
    return is_lower(c) || is_digit(c) || c == '-';
}

static bool is_identifier(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_version_part(char c)
{
    return is_letter(c) || is_digit(c) || c == '-';
}

/* Characters of `text` that `is` accepts, up to the first that it does not. */
static size_t span(const char *text, bool (*is)(char))
{
    size_t len = 0;
    while (text[len] && is(text[len]))
        len++;
    return len;
}

bool name_is_plain(const char *name)
{
    size_t len = span(name, is_plain);
    return is_lower(name[0]) && name[len] == '\0' && len <= NAME_LEN_MAX;
}

bool name_is_plugin_id(const char *name)
{
    const char *part = name;
    unsigned part_count = 1;

    if (strlen(name) > NAME_PATH_LEN_MAX)
        return false;
    for (;; part_count++) {
        size_t len = span(part, is_id);
        if (!is_lower(part[0]) || part[len - 1] == '-')
            return false;
        if (part[len] == '\0')
            return part_count >= 2;
        if (part[len] != '.')
            return false;
        part += len + 1;
    }
}

/* The dotted name that `name` starts with; 0 if there is none of two parts at least. */
static size_t span_dotted(const char *name)
{
    const char *part = name;
    unsigned part_count = 1;

    for (;; part_count++) {
        size_t len = span(part, is_identifier);
        if (!is_letter(part[0]))
            return 0;
        part += len;
        if (*part != '.')
            return part_count >= 2 ? (size_t)(part - name) : 0;
        part++;
    }
}

bool name_is_message(const char *name)
{
    size_t len = span_dotted(name);
    return len > 0 && name[len] == '\0' && len <= NAME_PATH_LEN_MAX;
}

bool name_is_method(const char *name)
{
    size_t len = span_dotted(name);
    if (len == 0 || name[len] != '/' || strlen(name) > NAME_PATH_LEN_MAX)
        return false;
    const char *method = name + len + 1;
    return is_letter(method[0]) && method[span(method, is_identifier)] == '\0';
}

bool name_is_need(const char *name)
{
    const char *slash = strchr(name, '/');
    if (!slash || strlen(name) > NAME_PATH_LEN_MAX || slash[1] < '1' || slash[1] > '9' ||
        slash[1 + span(slash + 1, is_digit)] != '\0')
        return false;
    for (const char *part = name; part < slash; part++) {
        size_t len = span(part, is_plain);
        if (!is_lower(part[0]))
            return false;
        part += len;
        if (part != slash && (*part != '.' || part + 1 == slash))
            return false;
    }
    return slash != name;
}

/* A number without leading zeros. */
static const char *skip_number(const char *text)
{
    size_t len = span(text, is_digit);
    return len == 0 || (len > 1 && text[0] == '0') ? NULL : text + len;
}

/* Parts joined by dots; with `is_strict`, numbers among them have no leading zeros. */
static const char *skip_parts(const char *text, bool is_strict)
{
    for (;; text++) {
        size_t len = span(text, is_version_part);
        bool is_number = span(text, is_digit) == len;

        if (len == 0 || (is_strict && is_number && !skip_number(text)))
            return NULL;
        text += len;
        if (*text != '.')
            return text;
    }
}

bool name_is_version(const char *name)
{
    const char *at = name;

    if (strlen(name) > NAME_PATH_LEN_MAX)
        return false;
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0 && *at++ != '.')
            return false;
        at = skip_number(at);
        if (!at)
            return false;
    }
    if (*at == '-')
        at = skip_parts(at + 1, true);
    if (at && *at == '+')
        at = skip_parts(at + 1, false);
    return at && *at == '\0';
}

bool name_is_language(const char *name)
{
    size_t len = span(name, is_lower);
    if (len < 2 || len > 3 || strlen(name) > NAME_LEN_MAX)
        return false;
    while (name[len] == '-') {
        size_t part = 0;
        while (is_letter(name[len + 1 + part]) || is_digit(name[len + 1 + part]))
            part++;
        if (part == 0 || part > 8)
            return false;
        len += 1 + part;
    }
    return name[len] == '\0';
}

/* The host that `name` starts with, which ':' ends; 0 if there is none. */
static size_t span_host(const char *name)
{
    const char *part = name;

    if (name[0] == '[') {
        char address[INET6_ADDRSTRLEN] = "";
        struct in6_addr parsed;
        size_t len = strcspn(name, "]");

        if (name[len] == '\0' || len >= sizeof(address))
            return 0;
        memcpy(address, name + 1, len - 1);
        return inet_pton(AF_INET6, address, &parsed) == 1 ? len + 1 : 0;
    }
    for (;; part++) {
        size_t len = span(part, is_id);
        if (len == 0 || len > NAME_LEN_MAX || part[0] == '-' || part[len - 1] == '-')
            return 0;
        part += len;
        if (*part != '.')
            return (size_t)(part - name);
    }
}

bool name_is_endpoint(const char *name)
{
    size_t len = span_host(name);
    unsigned port = 0;

    if (len == 0 || name[len] != ':' || strlen(name) > NAME_PATH_LEN_MAX)
        return false;
    const char *digits = name + len + 1;
    size_t digit_count = span(digits, is_digit);
    if (digit_count == 0 || digit_count > 5 || digits[digit_count] != '\0' || digits[0] == '0')
        return false;
    for (size_t i = 0; i < digit_count; i++)
        port = port * 10 + (unsigned)(digits[i] - '0');
    return port <= 65535;
}

bool name_is_path(const char *name)
{
    const char *at = name;

    if (strlen(name) > NAME_PATH_LEN_MAX || *at != '/')
        return false;
    while (*at == '/') {
        const char *part = at + 1;
        size_t len = strcspn(part, "/");

        if (len == 0 || (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.'))))
            return false;
        at = part + len;
    }
    return true;
}

bool name_is_option(const char *name)
{
    return name[0] != '\0' && strlen(name) <= NAME_PATH_LEN_MAX && !strchr(name, ';');
}
