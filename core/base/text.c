/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"%s failed.", "%s a échoué."},
    {"%s is in use by another process.", "%s est utilisé par un autre processus."},
    {"%s is not UTF-8, or holds a NUL.", "%s n'est pas en UTF-8, ou contient un octet nul."},
    {"%s needs a portal and a principal.", "%s demande un portail et une identité."},
    {"A call uses an id that was not announced.",
     "Un appel emploie un identifiant qui n'a pas été annoncé."},
    {"A client does not send frames of kind %u.", "Un client n'envoie pas de trames de type %u."},
    {"A frame of %zu bytes is longer than %u.", "Une trame de %zu octets dépasse %u."},
    {"A frame of kind %u cannot have the call id %u.",
     "Une trame de type %u ne peut pas avoir l'identifiant d'appel %u."},
    {"A frame of kind %u cannot have the flags %u.",
     "Une trame de type %u ne peut pas avoir les indicateurs %u."},
    {"A frame of type %s is malformed.", "Une trame de type %s est mal formée."},
    {"A host does not send frames of kind %u.", "Un hôte n'envoie pas de trames de type %u."},
    {"Cannot connect to %s: %s.", "Impossible de se connecter à %s : %s."},
    {"Cannot listen on %s: %s.", "Impossible d'écouter sur %s : %s."},
    {"Cannot listen on %s: it is neither ipc://PATH nor tcp://HOST:PORT.",
     "Impossible d'écouter sur %s : ce n'est ni ipc://CHEMIN ni tcp://HÔTE:PORT."},
    {"Cannot listen on %s: other machines need TLS, which this host does not have yet; use "
     "127.0.0.1.",
     "Impossible d'écouter sur %s : les autres machines demandent TLS, que cet hôte n'a pas encore "
     "; utilisez 127.0.0.1."},
    {"Memory is out.", "La mémoire est épuisée."},
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
    {"No host at %s: start one with `tenond --listen %s`.",
     "Aucun hôte à %s : lancez-en un avec `tenond --listen %s`."},
    {"No permission to connect to %s.", "Connexion à %s non autorisée."},
    {"No permission to listen on %s.", "Écoute sur %s non autorisée."},
    {"The URL %s is too long.", "L'URL %s est trop longue."},
    {"The answer is too large for the client.", "La réponse est trop grande pour le client."},
    {"The answer of %zu bytes is larger than %zu.", "La réponse de %zu octets dépasse %zu."},
    {"The call could not be made: too many are open, or memory is out.",
     "L'appel n'a pas pu être fait : trop d'appels sont ouverts, ou la mémoire est épuisée."},
    {"The call id %u is greater than %u.", "L'identifiant d'appel %u est supérieur à %u."},
    {"The call id %u is in use.", "L'identifiant d'appel %u est déjà pris."},
    {"The call was cancelled.", "L'appel a été annulé."},
    {"The call's time is over.", "Le délai de l'appel est dépassé."},
    {"The client was closed.", "Le client a été fermé."},
    {"The connection to the host at %s was lost.", "La connexion à l'hôte %s a été perdue."},
    {"The first frame is not HELLO.", "La première trame n'est pas HELLO."},
    {"The host at %s does not answer.", "L'hôte %s ne répond pas."},
    {"The host ended a call that was not made.", "L'hôte a terminé un appel qui n'a pas été fait."},
    {"The host ended the call without an answer.", "L'hôte a terminé l'appel sans réponse."},
    {"The host has too many connections.", "L'hôte a trop de connexions."},
    {"The host is busy: try again.", "L'hôte est occupé : réessayez."},
    {"The host is stopping.", "L'hôte s'arrête."},
    {"The host speaks version %u of the bus, the client %u to %u.",
     "L'hôte parle la version %u du bus, le client %u à %u."},
    {"The host's HELLO is not one.", "Le HELLO de l'hôte n'en est pas un."},
    {"The host's answer is not of the expected type.",
     "La réponse de l'hôte n'est pas du type attendu."},
    {"The method %s is registered already.", "La méthode %s est déjà enregistrée."},
    {"The method's name is too long.", "Le nom de la méthode est trop long."},
    {"The request has more than %u fields.", "La requête a plus de %u champs."},
    {"The request holds messages in messages, more than %u deep.",
     "La requête imbrique des messages sur plus de %u niveaux."},
    {"The request is larger than %u bytes.", "La requête dépasse %u octets."},
    {"The request is not a %s: it is malformed at \"%s\".",
     "La requête n'est pas un %s : elle est mal formée à « %s »."},
    {"The request of call %u has ended.", "La requête de l'appel %u est terminée."},
    {"There is no frame of kind %u.", "Il n'y a pas de trame de type %u."},
    {"There is no method %.*s.", "Il n'y a pas de méthode %.*s."},
    {"There is no method and no message %s.", "Il n'y a ni méthode ni message %s."},
    {"There is no service %s.", "Il n'y a pas de service %s."},
    {"These bytes are not a FileDescriptorSet.", "Ces octets ne sont pas un FileDescriptorSet."},
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
