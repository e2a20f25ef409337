/* SPDX-License-Identifier: Apache-2.0 */
/* person.c - people put together from lists of words. */
#include "tests/bench/person.h"

#include <stdio.h>

#define PICK(list, random) ((list)[(random) % (sizeof(list) / sizeof((list)[0]))])

const char *const person_properties[PERSON_FULL] = {
    "email",
    "firstname",
    "lastname",
    "phone",
    "company",
    "jobtitle",
    "hs_lead_status",
    "city",
    /* of a full record only */
    "salutation",
    "country",
    "address",
    "zip",
    "state",
    "website",
    "hs_language",
    "hs_timezone",
};

static const char *const firsts[] = {
    "Ada",   "Alan",  "Barbara", "Claude", "Dennis", "Edsger",   "Frances", "Grace",
    "Hedy",  "Ivan",  "Jean",    "Ken",    "Leslie", "Margaret", "Niklaus", "Ole",
    "Peter", "Radia", "Sophie",  "Tony",   "Ursula", "Vint",     "Wendy",   "Yukihiro"};
static const char *const starts[] = {"Ber",
                                     "Cor",
                                     "Dal",
                                     "Fer",
                                     "Gar",
                                     "Hol",
                                     "Lam",
                                     "Mar",
                                     "Nor",
                                     "Per",
                                     "Ros",
                                     "Sal",
                                     "Tor",
                                     "Val",
                                     "Wil",
                                     "Zim"};
static const char *const middles[] = {
    "an", "be", "ci", "do", "en", "fa", "gi", "he", "il", "ko", "la", "me", "ni", "or", "pe", "ro"};
static const char *const ends[] = {"bert",
                                   "court",
                                   "dez",
                                   "ger",
                                   "lin",
                                   "man",
                                   "net",
                                   "quist",
                                   "ric",
                                   "sen",
                                   "son",
                                   "tier",
                                   "veau",
                                   "wick",
                                   "y",
                                   "zki"};
static const char *const jobs[] = {
    "Buyer", "Head of purchasing", "Managing director", "Engineer", "Accountant", "Architect"};
static const char *const cities[] = {"Lyon", "Gent", "Turin", "Porto", "Graz", "Lund", "Cork"};
static const char *const countries[] = {"France", "Belgium", "Italy", "Portugal", "Austria"};
static const char *const statuses[] = {"NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "BAD_TIMING"};

/* splitmix64 */
uint64_t person_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void person_make(struct person *person, uint64_t number)
{
    uint64_t state = number;
    uint64_t r = person_random(&state);
    uint64_t q = person_random(&state);
    const char *first = PICK(firsts, r);
    char last[32];
    char firm[32];
    unsigned long long n = number;

    (void)snprintf(last,
                   sizeof(last),
                   "%s%s%s",
                   PICK(starts, r >> 8),
                   PICK(middles, r >> 16),
                   PICK(ends, r >> 24));
    (void)snprintf(firm, sizeof(firm), "%s%s", PICK(starts, r >> 32), PICK(ends, r >> 40));

#define SET(index, ...) \
    (void)snprintf(person->texts[index], sizeof(person->texts[index]), __VA_ARGS__)
    SET(0, "%s.%s@%s%llu.example", first, last, firm, n);
    SET(1, "%s", first);
    SET(2, "%s", last);
    SET(3,
        "+33 4 %02u %02u %02u",
        (unsigned)(q % 100),
        (unsigned)(q >> 8) % 100,
        (unsigned)(q >> 16) % 100);
    SET(4, "%s %s", firm, PICK(ends, r >> 48));
    SET(5, "%s", PICK(jobs, q >> 24));
    SET(6, "%s", PICK(statuses, q >> 28));
    SET(7, "%s", PICK(cities, q >> 32));
    SET(8, "%s", r & 1 ? "Ms" : "Mr");
    SET(9, "%s", PICK(countries, q >> 36));
    SET(10, "%u %s street", 1 + (unsigned)(q >> 40) % 180, PICK(starts, q >> 44));
    SET(11, "%05u", (unsigned)(q >> 20) % 100000);
    SET(12, "%s%s", PICK(starts, q >> 48), PICK(middles, q >> 52));
    SET(13, "https://www.%s%llu.example/", firm, n);
    SET(14, "%s", r & 2 ? "fr" : "en");
    SET(15, "Europe/%s", r & 2 ? "Paris" : "Dublin");
#undef SET
}
