/* SPDX-License-Identifier: Apache-2.0 */
/* email.c - checking addresses. Letters past ASCII are taken as they are (RFC 6531). */
#include "core/value/email.h"

#include <string.h>

#define LOCAL_LEN_MAX 64   /* RFC 5321 */
#define LABEL_LEN_MAX 63   /* RFC 1035 */
#define DOMAIN_LEN_MAX 253 /* RFC 1035 */

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

/* Dot-separated labels of letters, digits and inner hyphens; at least two, the last no number. */
static bool is_domain(struct tn_str text)
{
    size_t label_len = 0;
    size_t label_count = 1;
    bool has_letter = false;

    if (text.len == 0 || text.len > DOMAIN_LEN_MAX)
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

bool email_normalise(struct tn_str text, char out[EMAIL_SIZE], size_t *ret_len)
{
    struct tn_str all = trim(text);
    const char *at = all.len > 0 ? memchr(all.data, '@', all.len) : NULL;

    if (!at || all.len >= EMAIL_SIZE)
        return false;
    struct tn_str local = {all.data, (size_t)(at - all.data)};
    struct tn_str domain = {at + 1, all.len - local.len - 1};
    if (!is_local(local) || !is_domain(domain))
        return false;
    memcpy(out, local.data, local.len + 1);
    for (size_t i = 0; i < domain.len; i++)
        out[local.len + 1 + i] = lower(domain.data[i]);
    out[all.len] = '\0';
    *ret_len = all.len;
    return true;
}
