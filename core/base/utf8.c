/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - see utf8.h. */
#include "core/base/utf8.h"

#include <stdint.h>

static bool is_tail(const uint8_t *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* Length of the character at `p`, of which `left` bytes are there; 0 if it is none. */
static size_t char_len(const uint8_t *p, size_t left)
{
    uint8_t first = p[0];

    if (first == 0)
        return 0;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return left >= 2 && is_tail(p + 1, 1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (left < 3 || !is_tail(p + 1, 2) || (first == 0xe0 && p[1] < 0xa0) ||
            (first == 0xed && p[1] > 0x9f))
            return 0;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (left < 4 || !is_tail(p + 1, 3) || (first == 0xf0 && p[1] < 0x90) ||
            (first == 0xf4 && p[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

bool utf8_is_valid(const char *data, size_t len, size_t *ret_bad)
{
    const uint8_t *p = (const uint8_t *)data;

    for (size_t i = 0; i < len;) {
        /* Eight ASCII bytes at a time: no high bit and no zero byte. */
        while (len - i >= 8) {
            uint64_t word;

            memcpy(&word, p + i, 8);
            if ((word & 0x8080808080808080u) ||
                ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u))
                break;
            i += 8;
        }
        if (i == len)
            break;
        size_t n = char_len(p + i, len - i);
        if (n == 0) {
            if (ret_bad)
                *ret_bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

size_t utf8_cut(const char *data, size_t max)
{
    while (max > 0 && ((uint8_t)data[max] & 0xc0) == 0x80)
        max--;
    return max;
}

size_t utf8_count(struct tn_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((uint8_t)text.data[i] & 0xc0) != 0x80;
    return count;
}
