/* SPDX-License-Identifier: Apache-2.0 */
/*
 * templates.c - the stages of pipelines to begin with: the field's own, an agency's, those of a
 * customer's journey, and those in which leads are qualified. The probabilities of the last three
 * are a start, for the portal to tune.
 */
#include "templates.h"

#include <string.h>

#include "rows.h"

static const struct template_stage native[] = {
    {"appointmentscheduled", "Appointment scheduled", "Rendez-vous planifié", STATE_OPEN, 2},
    {"qualifiedtobuy", "Qualified to buy", "Achat qualifié", STATE_OPEN, 4},
    {"presentationscheduled", "Presentation scheduled", "Présentation planifiée", STATE_OPEN, 6},
    {"decisionmakerboughtin", "Decision maker bought-in", "Décideur convaincu", STATE_OPEN, 8},
    {"contractsent", "Contract sent", "Contrat envoyé", STATE_OPEN, 9},
    {"closedwon", "Closed won", "Gagnée", STATE_WON, 10},
    {"closedlost", "Closed lost", "Perdue", STATE_LOST, 0},
};

static const struct template_stage agency[] = {
    {"meetingplanned", "Meeting planned", "Rendez-vous planifié", STATE_OPEN, 1},
    {"meetingheld", "Meeting held", "Rendez-vous effectué", STATE_OPEN, 3},
    {"quotetosend", "Quote to send", "Devis à envoyer", STATE_OPEN, 5},
    {"quotesent", "Quote sent", "Devis envoyé", STATE_OPEN, 7},
    {"quotesigned", "Quote signed", "Devis signé", STATE_WON, 10},
    {"lost", "Lost", "Perdue", STATE_LOST, 0},
};

static const struct template_stage journey[] = {
    {"newdeal", "New deal", "Nouvelle transaction", STATE_OPEN, 2},
    {"quotesent", "Quote sent", "Devis envoyé", STATE_OPEN, 5},
    {"negotiation", "Negotiation", "Négociation", STATE_OPEN, 8},
    {"closedwon", "Closed won", "Gagnée", STATE_WON, 10},
    {"closedlost", "Closed lost", "Perdue", STATE_LOST, 0},
};

static const struct template_stage leads[] = {
    {"new", "New", "Nouveau", STATE_OPEN, 1},
    {"attempting", "Attempting", "Tentative de contact", STATE_OPEN, 2},
    {"connected", "Connected", "Joint", STATE_OPEN, 4},
    {"qualified", "Qualified", "Qualifié", STATE_WON, 10},
    {"disqualified", "Disqualified", "Disqualifié", STATE_LOST, 0},
};

#define COUNT(stages) (uint32_t)(sizeof(stages) / sizeof((stages)[0]))

static const struct template templates[] = {
    {"native", "Sales pipeline", "Pipeline de vente", native, COUNT(native)},
    {"agency", "Agency pipeline", "Pipeline d'agence", agency, COUNT(agency)},
    {"journey", "Customer journey", "Parcours client", journey, COUNT(journey)},
    {"leads", "Lead pipeline", "Pipeline de leads", leads, COUNT(leads)},
};

const struct template *template_find(struct tn_str name)
{
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        if (strlen(templates[i].name) == name.len &&
            memcmp(templates[i].name, name.data, name.len) == 0)
            return &templates[i];
    return NULL;
}

const char *template_text(struct tn_str language, const char *english, const char *french)
{
    int is_french = language.len >= 2 && memcmp(language.data, "fr", 2) == 0 &&
                    (language.len == 2 || language.data[2] == '-');

    return is_french ? french : english;
}
