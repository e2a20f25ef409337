/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - checking and writing addresses. Letters past ASCII are taken as they are (RFC 6531).
 */
#include "address.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_LEN_MAX 64 /* RFC 5321 */
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

/* RFC 5322's dot-atom: no quoted strings, which nobody uses and many systems refuse. */
static bool is_local(struct tn_str text)
{
    if (text.len == 0 || text.len > LOCAL_LEN_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '.' && (i == 0 || i + 1 == text.len || text.data[i + 1] == '.'))
            return false;
        if (c == '\0' || (!is_letter_or_digit(c) && !strchr(".!#$%&'*+-/=?^_`{|}~", c)))
            return false;
    }
    return true;
}

static void copy_lower(char *out, struct tn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = lower(text.data[i]);
    out[text.len] = '\0';
}

bool address_email(struct tn_str text, char out[ADDRESS_EMAIL_SIZE], struct tn_str *ret_domain)
{
    struct tn_str all = trim(text);
    const char *at = all.len > 0 ? memchr(all.data, '@', all.len) : NULL;

    if (!at || all.len >= ADDRESS_EMAIL_SIZE)
        return false;
    struct tn_str local = {all.data, (size_t)(at - all.data)};
    struct tn_str domain = {at + 1, all.len - local.len - 1};
    if (!is_local(local) || !is_domain(domain))
        return false;
    memcpy(out, local.data, local.len + 1);
    copy_lower(out + local.len + 1, domain);
    if (ret_domain)
        *ret_domain = (struct tn_str){out + local.len + 1, domain.len};
    return true;
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
