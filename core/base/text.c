/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"%s and the sums name no property of one type that has records.",
     "%s et les sommes ne nomment aucune propriété d'un même type à enregistrements."},
    {"%s are given, but the property is no choice.",
     "%s sont données, mais la propriété n'est pas un choix."},
    {"%s are more than %u.", "%s sont plus de %u."},
    {"%s comes from another library ('%s'); it must be the plugin's own.",
     "%s vient d'une autre bibliothèque (« %s ») ; ce doit être celui du module."},
    {"%s does not point to a variable of this file.",
     "%s ne désigne pas une variable de ce fichier."},
    {"%s does not point to code of this file.", "%s ne désigne pas du code de ce fichier."},
    {"%s has TN_ENCODED without TN_MESSAGE.", "%s a TN_ENCODED sans TN_MESSAGE."},
    {"%s has TN_JOINS, which a method that streams or reaches outside cannot.",
     "%s a TN_JOINS, ce qu'une méthode qui diffuse ou agit au-dehors ne peut avoir."},
    {"%s has TN_OWNER, but the property is no TN_REF to '%s'.",
     "%s a TN_OWNER, mais la propriété n'est pas un TN_REF vers « %s »."},
    {"%s has TN_SEARCHABLE, but the property has no words.",
     "%s a TN_SEARCHABLE, mais la propriété n'a pas de mots."},
    {"%s has TN_WRITES without TN_EXTERN: one's own is written anyway.",
     "%s a TN_WRITES sans TN_EXTERN : on écrit toujours ce qui est à soi."},
    {"%s has TN_WRITES, but messages are not stored.",
     "%s a TN_WRITES, mais les messages ne sont pas enregistrés."},
    {"%s has a row without a name, or with ';' in it: row %u.",
     "%s a une ligne sans nom, ou dont le nom contient « ; » : ligne %u."},
    {"%s has flags that this host does not know or that do not belong here: 0x%x.",
     "%s a des drapeaux inconnus de cet hôte ou déplacés ici : 0x%x."},
    {"%s has marks: messages have none, and others' types are marked by their owner.",
     "%s a des marques : un message n'en a pas, et le type d'un autre est marqué par celui-ci."},
    {"%s is %u, and the oldest that can be read is %u: both start at 1.",
     "%s vaut %u, et le plus ancien lisible %u : tous deux commencent à 1."},
    {"%s is a message that has TN_ENCODED, and so no rows.",
     "%s est un message qui a TN_ENCODED, donc sans lignes."},
    {"%s is an absolute address, not one in the file.",
     "%s est une adresse absolue, hors du fichier."},
    {"%s is given twice: '%s'.", "%s est donné deux fois : « %s »."},
    {"%s is missing, but there are TN_ENCODED messages.",
     "%s manque, mais il y a des messages TN_ENCODED."},
    {"%s is missing.", "%s manque."},
    {"%s is neither empty nor as long as the sums.",
     "%s n'est ni vide ni aussi long que les sommes."},
    {"%s is no kind of values: %u.", "%s n'est pas un genre de valeurs : %u."},
    {"%s is no list that a plugin can have: %u rows of %u bytes.",
     "%s n'est pas une liste qu'un module peut avoir : %u lignes de %u octets."},
    {"%s is no row of types that has records.",
     "%s n'est pas une ligne des types à enregistrements."},
    {"%s is no row of types that is a message.",
     "%s n'est pas une ligne des types qui soit un message."},
    {"%s is no row of types.", "%s n'est pas une ligne des types."},
    {"%s is no size of a table: %u.", "%s n'est pas la taille d'une table : %u."},
    {"%s is no string of this file, or is longer than %u bytes.",
     "%s n'est pas une chaîne de ce fichier, ou dépasse %u octets."},
    {"%s is no tier: %u.", "%s n'est pas un niveau d'offre : %u."},
    {"%s is none of the options: '%s'.", "%s n'est pas une des options : « %s »."},
    {"%s is not 0.", "%s n'est pas 0."},
    {"%s is not UTF-8, or has control characters.",
     "%s n'est pas en UTF-8, ou contient des caractères de contrôle."},
    {"%s is not constant: declare it const, in C++ constexpr, and link with -z relro.",
     "%s n'est pas constant : déclarez-le const, en C++ constexpr, et liez avec -z relro."},
    {"%s is outside the file.", "%s est hors du fichier."},
    {"%s is set, but the method is another plugin's.",
     "%s est donné, mais la méthode est celle d'un autre module."},
    {"%s is set, but the property is no TN_REF.",
     "%s est donné, mais la propriété n'est pas un TN_REF."},
    {"%s is to be written as in %s, and not '%s'.",
     "%s doit s'écrire comme dans %s, et non « %s »."},
    {"%s names row %u, which is no TN_NUMBER.",
     "%s nomme la ligne %u, qui n'est pas un TN_NUMBER."},
    {"%s names row %u, which is no association of its type.",
     "%s nomme la ligne %u, qui n'est pas une association de son type."},
    {"%s names row %u, which is no property of its type.",
     "%s nomme la ligne %u, qui n'est pas une propriété de son type."},
    {"%s says something that this host does not know; it needs a newer one.",
     "%s dit quelque chose que cet hôte ignore ; il en faut un plus récent."},
    {"%s: '%s' is the host's; use it with TN_EXTERN.",
     "%s : « %s » est à l'hôte ; utilisez-le avec TN_EXTERN."},
    {"%s: a message's fields have TN_EXTERN if the message has it, and only then.",
     "%s : les champs d'un message ont TN_EXTERN si le message l'a, et alors seulement."},
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
    {"Symbol '%s' is unique in the process and would outlive its plugin; compile with "
     "-fno-gnu-unique.",
     "Le symbole « %s » est unique dans le processus et survivrait à son module ; compilez avec "
     "-fno-gnu-unique."},
    {"The file asks for an executable stack.", "Le fichier demande une pile exécutable."},
    {"The file exports no tenon_plugin_v1.", "Le fichier n'exporte pas tenon_plugin_v1."},
    {"The file has IFUNC symbols, whose resolvers run while it is loaded.",
     "Le fichier a des symboles IFUNC, dont le code s'exécute pendant le chargement."},
    {"The file has a %s entry, which plugins must not have.",
     "Le fichier a une entrée %s, interdite aux modules."},
    {"The file has a segment that is writable and executable.",
     "Le fichier a un segment à la fois inscriptible et exécutable."},
    {"The file has more than %u relocations.", "Le fichier a plus de %u relocations."},
    {"The file has relocations in its code; compile all of it with -fPIC.",
     "Le fichier a des relocations dans son code ; compilez-le tout entier avec -fPIC."},
    {"The file has relocations of a kind that plugins do not use (%u).",
     "Le fichier a des relocations d'un genre que les modules n'emploient pas (%u)."},
    {"The file is a program, not a plugin.", "Le fichier est un programme, non un module."},
    {"The file is damaged: %s is outside it or malformed.",
     "Le fichier est abîmé : %s est hors de lui ou mal formé."},
    {"The file is damaged: its segments overlap or are not in order.",
     "Le fichier est abîmé : ses segments se chevauchent ou sont en désordre."},
    {"The file is damaged: two relocations overlap.",
     "Le fichier est abîmé : deux relocations se chevauchent."},
    {"The file is made for a machine that is not supported (number %u).",
     "Le fichier est fait pour une machine non prise en charge (numéro %u)."},
    {"The file is not an ELF shared object.", "Le fichier n'est pas un objet partagé ELF."},
    {"The file needs more than %u libraries.", "Le fichier demande plus de %u bibliothèques."},
    {"The file uses static thread-local storage, of which a process has little; compile with -fPIC "
     "and without -ftls-model.",
     "Le fichier utilise du stockage local statique par fil, dont un processus a peu ; compilez "
     "avec -fPIC et sans -ftls-model."},
    {"The plugin calls itself '%s', as a library does.",
     "Le module se nomme « %s », comme une bibliothèque."},
    {"The plugin exports '%s' besides tenon_plugin_v1; compile with -fvisibility=hidden.",
     "Le module exporte « %s » outre tenon_plugin_v1 ; compilez avec -fvisibility=hidden."},
    {"The plugin is linked with '%s', which is not among the libraries that plugins may use.",
     "Le module est lié à « %s », qui n'est pas une des bibliothèques permises aux modules."},
    {"The plugin needs minor version %u of the plugin ABI; this host has %u.",
     "Le module demande la version mineure %u de l'ABI des modules ; cet hôte a la %u."},
    {"tenon_plugin_v1 is filled in at run time; make it a constant expression.",
     "tenon_plugin_v1 n'est rempli qu'à l'exécution ; faites-en une expression constante."},
    {"tenon_plugin_v1 is no struct tn_plugin: it has %u bytes.",
     "tenon_plugin_v1 n'est pas une struct tn_plugin : il a %u octets."},
    {"tenon_plugin_v1 is not one constant.", "tenon_plugin_v1 n'est pas une seule constante."},
    {"tenon_plugin_v1 is of another plugin ABI.",
     "tenon_plugin_v1 est d'une autre ABI de modules."},
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
