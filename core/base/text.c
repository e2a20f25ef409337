/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"A blob is named by the %d bytes of its SHA-256.",
     "Un blob est désigné par les %d octets de son SHA-256."},
    {"A duration is at most 10,000 years of 366 days.",
     "Une durée est d'au plus 10 000 ans de 366 jours."},
    {"A record's id is 1 or more.", "L'identifiant d'une fiche vaut 1 ou plus."},
    {"A value of this kind cannot be written as text.",
     "Une valeur de ce genre ne s'écrit pas comme texte."},
    {"A yes or no is held as 1 or 0.", "Un oui ou non se note 1 ou 0."},
    {"Dates are in years 1 to 9999.", "Les dates vont de l'an 1 à l'an 9999."},
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
    {"Only numbers have an exponent.", "Seuls les nombres ont un exposant."},
    {"The number is too large or too fine to be exact.",
     "Le nombre est trop grand ou trop fin pour être exact."},
    {"The text has %zu bytes; at most %zu are kept.",
     "Le texte a %zu octets ; %zu au plus sont admis."},
    {"The text is not valid UTF-8 without NUL, from byte %zu on.",
     "Le texte n'est pas de l'UTF-8 valide sans NUL, à partir de l'octet %zu."},
    {"There is no kind of value %u.", "Il n'y a pas de genre de valeur %u."},
    {"There is no such day or time.", "Ce jour ou cette heure n'existe pas."},
    {"This is neither yes nor no; write true or false.",
     "Ce n'est ni oui ni non ; écrivez true ou false."},
    {"This is not a date; write it as in 2024-05-31.",
     "Ce n'est pas une date ; écrivez-la comme 2024-05-31."},
    {"This is not a duration; write it as in 1h30m or 2d.",
     "Ce n'est pas une durée ; écrivez-la comme 1h30m ou 2d."},
    {"This is not a number; write it as in -1234.5, without separators.",
     "Ce n'est pas un nombre ; écrivez-le comme -1234.5, sans séparateurs."},
    {"This is not a record's id, a number from 1 on.",
     "Ce n'est pas l'identifiant d'une fiche, un nombre à partir de 1."},
    {"This is not a time; write it as in 2024-05-31T09:30:00Z.",
     "Ce n'est pas une heure ; écrivez-la comme 2024-05-31T09:30:00Z."},
};

static int compare_english(const void *key, const void *pair)
{
    return strcmp(key, ((const struct text_pair *)pair)->english);
}

const char *text_in(const char *language, const char *english)
{
    if (strncmp(language, "fr", 2) != 0)
        return english;
    const struct text_pair *pair = bsearch(
        english, pairs, sizeof(pairs) / sizeof(pairs[0]), sizeof(pairs[0]), compare_english);
    return pair ? pair->french : english;
}

const struct text_pair *text_pairs(size_t *ret_count)
{
    *ret_count = sizeof(pairs) / sizeof(pairs[0]);
    return pairs;
}
