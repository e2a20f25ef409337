/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"%s: '%s' is no URL to listen at, as ipc://PATH or tcp://HOST:PORT is.",
     "%s : « %s » n'est pas une URL d'écoute comme ipc://CHEMIN ou tcp://HÔTE:PORT."},
    {"%s: '%s' is no currency, which is three capitals such as EUR.",
     "%s : « %s » n'est pas une devise, soit trois capitales comme EUR."},
    {"%s: '%s' is no language known here: en, fr.",
     "%s : « %s » n'est pas une langue connue ici : en, fr."},
    {"%s: '%s' is no time zone, as Europe/Paris is.",
     "%s : « %s » n'est pas un fuseau horaire comme Europe/Paris."},
    {"%s: '%s' is there twice.", "%s : « %s » y est deux fois."},
    {"%s: a URL has less than %d bytes.", "%s : une URL a moins de %d octets."},
    {"%s: a configuration has at most %d bytes.", "%s : une configuration a au plus %d octets."},
    {"%s: cannot be read: %s.", "%s : lecture impossible : %s."},
    {"%s: holds more than %d.", "%s : il y en a plus de %d."},
    {"%s: must be a list of texts such as [\"a\", \"b\"].",
     "%s : une liste de textes comme [\"a\", \"b\"] est attendue."},
    {"%s: must be a table of settings.", "%s : une table de réglages est attendue."},
    {"%s: must be a text such as \"a\".", "%s : un texte comme \"a\" est attendu."},
    {"%s: must be a whole number from %u to %u.", "%s : un nombre entier de %u à %u est attendu."},
    {"%s: must be one of error, warn, info, debug.",
     "%s : error, warn, info ou debug est attendu."},
    {"%s: must be true or false.", "%s : true ou false est attendu."},
    {"%s: must not be empty.", "%s : ne peut pas être vide."},
    {"%s: must not contain a NUL.", "%s : ne peut pas contenir d'octet nul."},
    {"%s: the default is too long a path.", "%s : le chemin par défaut est trop long."},
    {"%s: there is no such setting.", "%s : ce réglage n'existe pas."},
    {"%s:%u: a line has at most %d bytes.", "%s:%u : une ligne a au plus %d octets."},
    {"%s:%u: this is no TOML: %s.", "%s:%u : ce n'est pas du TOML : %s."},
    {"'%s' is no option; see tenond --help.", "« %s » n'est pas une option ; voir tenond --help."},
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
    {"Option '%s' is not known or lacks its value; see tenond --help.",
     "L'option « %s » est inconnue ou sans valeur ; voir tenond --help."},
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
