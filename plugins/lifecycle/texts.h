/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h - labels, options, settings and refusals in French. Included by plugin.c alone. */
#ifndef PLUGINS_LIFECYCLE_TEXTS_H
#define PLUGINS_LIFECYCLE_TEXTS_H

#include <tenon_sdk.h>

#define STAGE_TEXT(what, french)                                        \
    {                                                                   \
        "fr", "The lifecycle stage after " what "; empty: none",        \
            "La phase du cycle de vie après " french " ; vide : aucune" \
    }

static const struct tn_text texts[] = {
    {"fr", "Event", "Événement"},
    {"fr", "Contact", "Contact"},
    {"fr", "Company", "Entreprise"},
    {"fr", "The contact moved", "Le contact a avancé"},
    {"fr", "The company moved", "L'entreprise a avancé"},
    {"fr", "Lead created", "Lead créé"},
    {"fr", "Lead attempted", "Tentative de contact du lead"},
    {"fr", "Lead connected", "Lead joint"},
    {"fr", "Lead qualified", "Lead qualifié"},
    {"fr", "Lead disqualified", "Lead disqualifié"},
    {"fr", "Deal created", "Transaction créée"},
    {"fr", "Deal won", "Transaction gagnée"},
    STAGE_TEXT("a lead was created", "la création d'un lead"),
    STAGE_TEXT("a first try to reach a lead", "une première tentative de joindre un lead"),
    STAGE_TEXT("a lead answered", "la réponse d'un lead"),
    STAGE_TEXT("a lead was qualified", "la qualification d'un lead"),
    STAGE_TEXT("a lead was disqualified", "la disqualification d'un lead"),
    STAGE_TEXT("a deal was created", "la création d'une transaction"),
    STAGE_TEXT("a deal was won", "le gain d'une transaction"),
    {"fr",
     "Whether contacts move on to the stage that their company enters",
     "Si les contacts avancent à la phase où entre leur entreprise"},
    {"fr",
     "Whether a company moves on to the stage that one of its contacts enters",
     "Si une entreprise avance à la phase où entre l'un de ses contacts"},
    {"fr",
     "Whether a contact's lead status is set by what happens to its leads and deals",
     "Si le statut du lead d'un contact suit ce qui arrive à ses leads et à ses transactions"},
    {"fr",
     "An event happens to a contact or to a company.",
     "Un événement arrive à un contact ou à une entreprise."},
};

#endif /* PLUGINS_LIFECYCLE_TEXTS_H */
