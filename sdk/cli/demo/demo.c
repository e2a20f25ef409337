/* SPDX-License-Identifier: Apache-2.0 */
/* demo.c - making up firms, people and deals that hang together. */
#include "sdk/cli/demo/demo.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "core/base/map.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "sdk/cli/demo/names.h"

#define ARENA_BUDGET (16u << 20)
#define TEXT_MAX 160
#define TICKET_DAYS 90
#define SELLER_DOMAIN "vega-capteurs.example"

/* What is needed while the data is made. */
struct maker {
    struct demo *demo;
    uint64_t random;
    int32_t today;
    struct map domains;                      /* taken */
    struct map emails;                       /* taken */
    uint32_t contacts_of[DEMO_COMPANIES][2]; /* first contact and how many */
    bool is_memory_out;
};

/* splitmix64: short, and the same everywhere. */
static uint64_t next_random(struct maker *m)
{
    uint64_t z = (m->random += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(struct maker *m, size_t bound)
{
    return (uint32_t)(next_random(m) % bound);
}

static uint32_t between(struct maker *m, uint32_t low, uint32_t high)
{
    return low + below(m, high - low + 1);
}

static bool chance(struct maker *m, uint32_t percent)
{
    return below(m, 100) < percent;
}

static const char *pick(struct maker *m, const struct demo_words *words)
{
    return words->items[below(m, words->count)];
}

__attribute__((format(printf, 2, 3))) static const char *text(struct maker *m, const char *format,
                                                              ...)
{
    char out[TEXT_MAX];
    char *copy;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out, sizeof(out), format, args);
    va_end(args);
    copy = arena_copy(&m->demo->arena, out, strlen(out));
    if (!copy)
        m->is_memory_out = true;
    return copy ? copy : "";
}

/* "Lefèvre & Fils" to "lefevre-fils": what domains and addresses are made of. */
static void slug(const char *from, char *out, size_t size)
{
    utf8proc_uint8_t *bare = NULL;
    size_t len = 0;

    (void)utf8proc_map((const utf8proc_uint8_t *)from,
                       0,
                       &bare,
                       UTF8PROC_NULLTERM | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK |
                           UTF8PROC_CASEFOLD);
    for (const utf8proc_uint8_t *p = bare; p && *p != '\0' && len + 1 < size; p++) {
        if (isalnum(*p))
            out[len++] = (char)*p;
        else if (len > 0 && out[len - 1] != '-')
            out[len++] = '-';
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = '\0';
    free(bare);
}

/* The stem and the tail, between them the lowest number that makes it nobody else's. */
static const char *unique(struct maker *m, struct map *taken, const char *stem, const char *tail)
{
    const char *name = text(m, "%s%s", stem, tail);

    for (unsigned n = 2; map_get(taken, utf8_str(name)) && !m->is_memory_out; n++)
        name = text(m, "%s%u%s", stem, n, tail);
    if (map_set(taken, utf8_str(name), m->demo, NULL) != TN_OK)
        m->is_memory_out = true;
    return name;
}

static void make_users(struct maker *m)
{
    for (uint32_t i = 0; i < DEMO_USERS; i++) {
        struct demo_user *user = &m->demo->users[i];
        char first[64];
        char last[64];
        char stem[TEXT_MAX];

        user->first_name = pick(m, &demo_first_names);
        user->last_name = pick(m, &demo_last_names);
        user->team = demo_teams.items[i % demo_teams.count];
        slug(user->first_name, first, sizeof(first));
        slug(user->last_name, last, sizeof(last));
        (void)snprintf(stem, sizeof(stem), "%s.%s", first, last);
        user->email = unique(m, &m->emails, stem, "@" SELLER_DOMAIN);
    }
}

static const char *company_name(struct maker *m, const struct demo_trade *trade)
{
    const char *last = pick(m, &demo_last_names);
    const struct demo_city *city = &demo_cities[below(m, demo_city_count)];

    switch (below(m, 6)) {
    case 0:
        return text(m, "%s %s & Fils", trade->name, last);
    case 1:
        return text(m, "%s de %s", trade->name, city->name);
    case 2:
        return text(m, "Groupe %s", last);
    case 3:
        return text(m, "%s %s %s", trade->name, last, pick(m, &demo_last_names));
    default:
        return text(m, "%s %s", trade->name, last);
    }
}

static void make_company(struct maker *m, struct demo_company *company)
{
    const struct demo_trade *trade = &demo_trades[below(m, demo_trade_count)];
    const struct demo_city *city = &demo_cities[below(m, demo_city_count)];
    const char *name = company_name(m, trade);
    char stem[64];
    uint32_t most = trade->employees_max;

    slug(name, stem, sizeof(stem));
    company->domain = unique(m, &m->domains, stem, ".example");
    company->name = text(m, "%s %s", name, pick(m, &demo_legal_forms));
    company->industry = trade->industry;
    company->address = text(m, "%u %s", between(m, 1, 180), pick(m, &demo_streets));
    company->zip = city->zip;
    company->city = city->name;
    company->region = city->region;
    company->phone =
        text(m, "+33 %s %02u %02u", city->phone_prefix + 1, below(m, 100), below(m, 100));
    /* Most firms are small: the least of two draws. */
    company->employees = between(m, 6, most);
    most = between(m, 6, most);
    company->employees = most < company->employees ? most : company->employees;
    company->revenue =
        (int64_t)company->employees * trade->revenue_per_head / 1000 * between(m, 70, 140) / 100;
    company->revenue *= 1000;
    company->owner = below(m, DEMO_USERS);
    company->stage = chance(m, 60) ? "lead" : "marketingqualifiedlead";
}

static void make_contact(struct maker *m, struct demo_contact *contact, uint32_t company)
{
    static const char *const statuses[] = {"NEW", "OPEN", "ATTEMPTED_TO_CONTACT", "CONNECTED"};
    const struct demo_company *firm = &m->demo->companies[company];
    size_t job = below(m, demo_jobs.count);
    char first[64];
    char last[64];
    char stem[TEXT_MAX];
    char tail[TEXT_MAX];

    contact->first_name = pick(m, &demo_first_names);
    contact->last_name = pick(m, &demo_last_names);
    contact->job = demo_jobs.items[job];
    contact->decides = job < DEMO_DECIDING_JOBS;
    contact->company = company;
    slug(contact->first_name, first, sizeof(first));
    slug(contact->last_name, last, sizeof(last));
    /* Each firm has its own way to write addresses. */
    if (company % 3 == 0)
        (void)snprintf(stem, sizeof(stem), "%c.%s", first[0], last);
    else
        (void)snprintf(stem, sizeof(stem), "%s.%s", first, last);
    (void)snprintf(tail, sizeof(tail), "@%s", firm->domain);
    contact->email = unique(m, &m->emails, stem, tail);
    contact->phone = firm->phone;
    contact->mobile = text(m, "+33 6 39 98 %02u %02u", below(m, 100), below(m, 100));
    contact->stage = "lead";
    contact->lead_status = statuses[below(m, 4)];
}

/* Everybody has one contact, the rest fall to firms by chance. */
static void make_contacts(struct maker *m)
{
    uint32_t counts[DEMO_COMPANIES];
    uint32_t at = 0;

    for (uint32_t i = 0; i < DEMO_COMPANIES; i++)
        counts[i] = 1;
    for (uint32_t i = DEMO_COMPANIES; i < DEMO_CONTACTS; i++)
        counts[below(m, DEMO_COMPANIES)]++;
    for (uint32_t i = 0; i < DEMO_COMPANIES; i++) {
        m->contacts_of[i][0] = at;
        m->contacts_of[i][1] = counts[i];
        for (uint32_t k = 0; k < counts[i]; k++)
            make_contact(m, &m->demo->contacts[at++], i);
    }
}

static void make_items(struct maker *m, struct demo_deal *deal, const struct demo_company *firm)
{
    deal->item_count = between(m, 1, DEMO_ITEMS_PER_DEAL_MAX);
    deal->amount_cents = 0;
    for (uint32_t i = 0; i < deal->item_count; i++) {
        struct demo_item *item = &deal->items[i];
        int64_t list_price;

        item->product = below(m, DEMO_PRODUCTS);
        list_price = m->demo->products[item->product].price_cents;
        /* Hardware by the dozen, more in large firms; licences and days by the few. */
        item->quantity =
            list_price < 100000 ? between(m, 2, 6 + firm->employees / 12) : between(m, 1, 3);
        /* A rebate of 0, 5, 10 or 15 %: prices stay whole euros and cents. */
        item->price_cents = list_price * (100 - 5 * (int64_t)below(m, 4)) / 100;
        deal->amount_cents += item->price_cents * item->quantity;
    }
}

/* France closes in August: what would be signed then is signed in September. */
static int32_t working_month(int32_t day)
{
    int year;
    int month;
    int day_of_month;

    date_to_civil(day, &year, &month, &day_of_month);
    return month == 8 ? day + 31 : day;
}

/* A deal that should have closed by today has; of the others, the older the further. */
static void place_deal(struct maker *m, struct demo_deal *deal, int32_t opened)
{
    static const char *const open[] = {"appointmentscheduled",
                                       "qualifiedtobuy",
                                       "presentationscheduled",
                                       "decisionmakerboughtin",
                                       "contractsent"};
    int32_t length = (int32_t)between(m, 20, 140);
    int32_t age = m->today - opened;

    deal->close_day = working_month(opened + length);
    if (deal->close_day <= m->today) {
        deal->stage = chance(m, 44) ? "closedwon" : "closedlost";
        return;
    }
    deal->stage = open[age < 0 ? 0 : age * 5 / (deal->close_day - opened)];
}

static void make_deal(struct maker *m, uint32_t index)
{
    struct demo_deal *deal = &m->demo->deals[index];
    /* In order of opening, evenly over the time, give or take some days. */
    int32_t opened = m->today - (int32_t)(DEMO_DAYS * (DEMO_DEALS - index) / DEMO_DEALS) +
                     (int32_t)below(m, 7) - 6;
    const struct demo_company *firm;
    uint32_t contacts;

    deal->company = below(m, DEMO_COMPANIES * 3 / 4); /* the others never bought */
    firm = &m->demo->companies[deal->company];
    deal->key = text(m, "demo-%04u", index + 1);
    deal->name = text(m, "%s – %s", pick(m, &demo_projects), firm->name);
    deal->owner = firm->owner;
    make_items(m, deal, firm);
    place_deal(m, deal, opened);
    contacts = m->contacts_of[deal->company][1];
    deal->contact_count = contacts > 1 && chance(m, 50) ? 2 : 1;
    deal->contacts[0] = m->contacts_of[deal->company][0] + below(m, contacts);
    deal->contacts[1] = m->contacts_of[deal->company][0] +
                        (deal->contacts[0] - m->contacts_of[deal->company][0] + 1) % contacts;
}

/* Of the last three months; customers write in office hours, and most get an answer within days. */
static void make_ticket(struct maker *m, uint32_t index)
{
    static const char *const priorities[] = {"LOW", "MEDIUM", "MEDIUM", "HIGH", "URGENT"};
    static const char *const sources[] = {"EMAIL", "EMAIL", "FORM", "PHONE", "CHAT"};
    static const char *const open[] = {"1", "2", "3"};
    struct demo_ticket *ticket = &m->demo->tickets[index];
    const struct demo_request *request = &demo_requests[below(m, demo_request_count)];
    int32_t day = m->today - (int32_t)((DEMO_TICKETS - index) * TICKET_DAYS / DEMO_TICKETS) - 1;

    ticket->key = text(m, "ticket-%03u", index + 1);
    ticket->subject = request->subject;
    ticket->content = request->content;
    ticket->category = request->category;
    ticket->priority = priorities[below(m, 5)];
    ticket->source = sources[below(m, 5)];
    ticket->contact = below(m, DEMO_CONTACTS);
    ticket->owner = m->demo->companies[m->demo->contacts[ticket->contact].company].owner;
    ticket->created_s = (int64_t)day * 86400 + between(m, 8 * 3600, 17 * 3600);
    ticket->closed_s = ticket->created_s + between(m, 600, 5 * 86400);
    if (ticket->closed_s >= (int64_t)m->today * 86400 || chance(m, 8))
        ticket->closed_s = 0;
    ticket->stage = ticket->closed_s > 0 ? "4" : open[below(m, 3)];
}

/* Firms and their people are as far as the module of lifecycles moves them by these deals: loading
 * the data again moves nobody back. */
static void advance(struct maker *m)
{
    bool bought[DEMO_COMPANIES] = {false};
    bool talks[DEMO_COMPANIES] = {false};

    for (uint32_t i = 0; i < DEMO_DEALS; i++) {
        struct demo_deal *deal = &m->demo->deals[i];

        deal->kind = bought[deal->company] ? "existingbusiness" : "newbusiness";
        talks[deal->company] = true;
        if (strcmp(deal->stage, "closedwon") == 0)
            bought[deal->company] = true;
        for (uint32_t k = 0; k < deal->contact_count; k++)
            m->demo->contacts[deal->contacts[k]].lead_status = "OPEN_DEAL";
    }
    for (uint32_t i = 0; i < DEMO_COMPANIES; i++) {
        struct demo_company *company = &m->demo->companies[i];

        if (talks[i])
            company->stage = bought[i] ? "customer" : "opportunity";
        for (uint32_t k = 0; k < m->contacts_of[i][1]; k++)
            m->demo->contacts[m->contacts_of[i][0] + k].stage = company->stage;
    }
}

tn_status demo_create(uint64_t seed, int32_t today, struct demo **ret_demo, struct err *err)
{
    CLEANUP(demo_destroy_p) struct demo *demo = mem_new(struct demo);
    CLEANUP(mem_free_p) struct maker *m = mem_new(struct maker);

    if (!demo || !m)
        return err_memory(err, "demo data");
    arena_init(&demo->arena, ARENA_BUDGET);
    m->demo = demo;
    m->random = seed;
    m->today = today;
    memcpy(demo->products, demo_product_list, sizeof(demo->products));
    make_users(m);
    for (uint32_t i = 0; i < DEMO_COMPANIES; i++)
        make_company(m, &demo->companies[i]);
    make_contacts(m);
    for (uint32_t i = 0; i < DEMO_DEALS; i++)
        make_deal(m, i);
    advance(m);
    for (uint32_t i = 0; i < DEMO_TICKETS; i++)
        make_ticket(m, i);
    map_fini(&m->domains);
    map_fini(&m->emails);
    if (m->is_memory_out)
        return err_memory(err, "demo data");
    *ret_demo = TAKE(demo);
    return TN_OK;
}

void demo_destroy(struct demo *demo)
{
    if (!demo)
        return;
    arena_fini(&demo->arena);
    mem_free(demo);
}
