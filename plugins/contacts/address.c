/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - domains: cut out of what people type, and told apart. Letters past ASCII are taken as
 * they are (RFC 6531). */
#include "address.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_LEN_MAX 63 /* RFC 1035 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct tn_str trim(struct tn_str text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_with(struct tn_str text, const char *start)
{
    size_t len = strlen(start);

    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text.data[i]) != start[i])
            return false;
    return true;
}

static void skip(struct tn_str *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

/* Dot-separated labels of letters, digits and inner hyphens; at least two, the last no number. */
static bool is_domain(struct tn_str text)
{
    size_t label_len = 0;
    size_t label_count = 1;
    bool has_letter = false;

    if (text.len == 0 || text.len >= ADDRESS_DOMAIN_SIZE)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_end = i + 1 == text.len || text.data[i + 1] == '.';

        if (c == '.') {
            if (label_len == 0)
                return false;
            label_len = 0;
            label_count++;
            has_letter = false;
            continue;
        }
        if (!is_letter_or_digit(c) && (c != '-' || label_len == 0 || is_end))
            return false;
        has_letter = has_letter || c < '0' || c > '9';
        if (++label_len > LABEL_LEN_MAX)
            return false;
    }
    return label_len > 0 && label_count > 1 && has_letter;
}

static void copy_lower(char *out, struct tn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = lower(text.data[i]);
    out[text.len] = '\0';
}

struct tn_str address_domain_of(struct tn_str email)
{
    const char *at = email.len > 0 ? memchr(email.data, '@', email.len) : NULL;

    if (!at)
        return (struct tn_str){"", 0};
    return (struct tn_str){at + 1, email.len - (size_t)(at + 1 - email.data)};
}

bool address_domain(struct tn_str text, char out[ADDRESS_DOMAIN_SIZE])
{
    struct tn_str domain = trim(text);

    if (starts_with(domain, "https://"))
        skip(&domain, strlen("https://"));
    else if (starts_with(domain, "http://"))
        skip(&domain, strlen("http://"));
    if (starts_with(domain, "www."))
        skip(&domain, strlen("www."));
    for (size_t i = 0; i < domain.len; i++)
        if (strchr("/:?#", domain.data[i]))
            domain.len = i;
    if (domain.len > 0 && domain.data[domain.len - 1] == '.')
        domain.len--;
    if (!is_domain(domain))
        return false;
    copy_lower(out, domain);
    return true;
}

/* Sorted by strcmp: bsearch. */
static const char *const free_mail[] = {
    "aliceadsl.fr", "aol.com",       "bbox.fr",        "bluewin.ch",    "club-internet.fr",
    "fastmail.com", "free.fr",       "gmail.com",      "gmx.com",       "gmx.de",
    "gmx.fr",       "gmx.net",       "googlemail.com", "hotmail.co.uk", "hotmail.com",
    "hotmail.fr",   "hushmail.com",  "icloud.com",     "laposte.net",   "libero.it",
    "live.be",      "live.com",      "live.fr",        "mac.com",       "mail.com",
    "mail.ru",      "me.com",        "msn.com",        "neuf.fr",       "numericable.fr",
    "orange.fr",    "outlook.be",    "outlook.com",    "outlook.fr",    "pm.me",
    "proton.me",    "protonmail.ch", "protonmail.com", "qq.com",        "rocketmail.com",
    "sfr.fr",       "skynet.be",     "telenet.be",     "tutanota.com",  "voila.fr",
    "wanadoo.fr",   "web.de",        "yahoo.ca",       "yahoo.co.uk",   "yahoo.com",
    "yahoo.de",     "yahoo.es",      "yahoo.fr",       "yandex.com",    "yandex.ru",
    "ymail.com",    "zoho.com",
};

static int compare_domain(const void *key, const void *item)
{
    const struct tn_str *domain = key;
    const char *const *name = item;
    int order = strncmp(domain->data, *name, domain->len);

    return order != 0 ? order : (*name)[domain->len] == '\0' ? 0 : -1;
}

bool address_is_free_mail(struct tn_str domain)
{
    return bsearch(&domain,
                   free_mail,
                   sizeof(free_mail) / sizeof(free_mail[0]),
                   sizeof(free_mail[0]),
                   compare_domain) != NULL;
}
