/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"'%s' holds files but no store of this program; give an empty directory.",
     "« %s » contient des fichiers, mais aucun entrepôt de ce programme ; indiquez un répertoire "
     "vide."},
    {"'%s' is not a directory.", "« %s » n’est pas un répertoire."},
    {"A stored key is longer than %u bytes.", "Une clé dépasse %u octets."},
    {"A write is larger than %u MiB, or than the memory that is left.",
     "Une écriture dépasse %u Mio, ou la mémoire qui reste."},
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
    {"The directory that '%s' is to be in is not there.",
     "Le répertoire qui doit contenir « %s » n’existe pas."},
    {"The disk of the store in '%s' has less than %u MiB left.",
     "Le disque de l’entrepôt « %s » a moins de %u Mio libres."},
    {"The disk of the store in '%s' is full.", "Le disque de l’entrepôt « %s » est plein."},
    {"The store in '%s' cannot be read: %s", "L’entrepôt « %s » est illisible : %s"},
    {"The store in '%s' failed, and whether it wrote is unknown: %s",
     "L’entrepôt « %s » est en panne, et l’on ignore s’il a écrit : %s"},
    {"The store in '%s' has format %llu; this program reads up to %u. Use the newer one.",
     "L’entrepôt « %s » est au format %llu ; ce programme lit jusqu’au format %u. Utilisez le plus "
     "récent."},
    {"The store in '%s' is damaged: %s", "L’entrepôt « %s » est endommagé : %s"},
    {"The store in '%s' is damaged: %s is missing.",
     "L’entrepôt « %s » est endommagé : %s manque."},
    {"The store in '%s' is damaged: %s is unreadable at byte %llu.",
     "L’entrepôt « %s » est endommagé : %s est illisible à l’octet %llu."},
    {"The store in '%s' is damaged: its own entry says format %u, FORMAT %u.",
     "L’entrepôt « %s » est endommagé : son entrée indique le format %u, FORMAT %u."},
    {"The store in '%s' is damaged: the end of %s is missing.",
     "L’entrepôt « %s » est endommagé : la fin de %s manque."},
    {"The store in '%s' is in use by another process.",
     "L’entrepôt « %s » est utilisé par un autre processus."},
    {"The store in '%s' may not be opened: %s", "L’entrepôt « %s » ne peut être ouvert : %s"},
    {"There is no store in '%s'.", "Il n’y a pas d’entrepôt dans « %s »."},
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
