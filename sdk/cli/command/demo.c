/* SPDX-License-Identifier: Apache-2.0 */
/* demo.c - `tenon demo`: made-up data, written through the services that everybody has. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/upsert.h"
#include "sdk/cli/demo/demo.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"

#define DAY_US (24ll * 3600 * 1000000)

struct demo_options {
    uint64_t seed;
    int32_t today;
};

enum { OPTION_SEED = 1, OPTION_NOW };

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct demo_options *o = arguments->own;
    char *end = NULL;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case OPTION_SEED:
        o->seed = strtoull(argument, &end, 10);
        if (argument[0] < '0' || argument[0] > '9' || *end != '\0')
            argp_error(state, "%s", say_in(arguments->ctx->language, "--seed takes a number"));
        return 0;
    case OPTION_NOW:
        if (date_parse(utf8_str(argument), &o->today) != TN_OK)
            argp_error(state,
                       "%s",
                       say_in(arguments->ctx->language, "--now takes a day such as 2024-05-01"));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"seed", OPTION_SEED, "NUMBER", 0, "Another number makes other data", 0},
    {"now", OPTION_NOW, "DAY", 0, "The last day of the two years; today without it", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "",
    "Fill a portal with two years of a made-up French company's data: firms, people, deals."
    "\v"
    "The same seed and day give the same data, so that running it twice changes nothing. Nobody "
    "real can be reached: domains end in .example, telephone numbers are kept for fiction.\n\n"
    "Examples:\n"
    "  tenon demo\n"
    "  tenon demo --portal training --seed 7 --now 2024-06-30",
    global_options,
    context_help_filter,
    NULL};

/* What one run of the command holds. */
struct job {
    struct context *ctx;
    struct host *host;
    struct demo *demo;
    struct upsert_totals totals;
    uint64_t users[DEMO_USERS]; /* ids, in the order of the demo */
    uint64_t products[DEMO_PRODUCTS];
};

static void show_progress(const struct job *job, const char *what)
{
    if (!isatty(STDERR_FILENO))
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fputs(say_in(job->ctx->language, what), stderr);
}

/* Deals and line items have no unique property of their own: they get one. */
static tn_status create_key(struct job *job, const char *type, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;
    struct err refused;
    tn_status status;

    err_init(&refused, job->ctx->language);
    status = host_invoke_json(job->host,
                              "tenon.schema.v1.Schema/CreateProperty",
                              json_pack("{s:s, s:{s:s, s:s, s:s, s:b, s:b}}",
                                        "type",
                                        type,
                                        "property",
                                        "name",
                                        "demo_key",
                                        "kind",
                                        "text",
                                        "label",
                                        say_in(job->ctx->language, "Demo key"),
                                        "unique",
                                        1,
                                        "hidden",
                                        1),
                              &response,
                              &refused);
    if (status == TN_OK || status == TN_ALREADY_EXISTS)
        return TN_OK;
    err_copy(err, &refused);
    return status;
}

static tn_status write_users(struct job *job, struct upsert *u, struct err *err)
{
    upsert_begin(u, job->host, "users", "email");
    for (uint32_t i = 0; i < DEMO_USERS; i++) {
        const struct demo_user *user = &job->demo->users[i];

        TRY(upsert_record(u, err));
        upsert_set(u, "email", user->email);
        upsert_set(u, "firstname", user->first_name);
        upsert_set(u, "lastname", user->last_name);
        upsert_set(u, "team", user->team);
    }
    return upsert_end(u, job->users, DEMO_USERS, &job->totals, err);
}

static void set_price(struct upsert *u, const char *name, int64_t cents)
{
    upsert_setf(u, name, "%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
}

static tn_status write_products(struct job *job, struct upsert *u, struct err *err)
{
    upsert_begin(u, job->host, "products", "hs_sku");
    for (uint32_t i = 0; i < DEMO_PRODUCTS; i++) {
        const struct demo_product *product = &job->demo->products[i];

        TRY(upsert_record(u, err));
        upsert_set(u, "hs_sku", product->sku);
        upsert_set(u, "name", product->name);
        upsert_set(u, "description", product->description);
        set_price(u, "price", product->price_cents);
    }
    return upsert_end(u, job->products, DEMO_PRODUCTS, &job->totals, err);
}

static tn_status write_companies(struct job *job, struct upsert *u, struct err *err)
{
    upsert_begin(u, job->host, "companies", "domain");
    for (uint32_t i = 0; i < DEMO_COMPANIES; i++) {
        const struct demo_company *company = &job->demo->companies[i];

        TRY(upsert_record(u, err));
        upsert_set(u, "domain", company->domain);
        upsert_set(u, "name", company->name);
        upsert_set(u, "industry", company->industry);
        upsert_set(u, "address", company->address);
        upsert_set(u, "zip", company->zip);
        upsert_set(u, "city", company->city);
        upsert_set(u, "state", company->region);
        upsert_set(u, "country", "France");
        upsert_set(u, "phone", company->phone);
        upsert_set(u, "lifecyclestage", company->stage);
        upsert_setf(u, "numberofemployees", "%u", company->employees);
        upsert_setf(u, "annualrevenue", "%" PRId64, company->revenue);
        upsert_set_reference(u, "hubspot_owner_id", job->users[company->owner]);
    }
    return upsert_end(u, NULL, 0, &job->totals, err);
}

static tn_status write_contacts(struct job *job, struct upsert *u, struct err *err)
{
    upsert_begin(u, job->host, "contacts", "email");
    for (uint32_t i = 0; i < DEMO_CONTACTS; i++) {
        const struct demo_contact *contact = &job->demo->contacts[i];
        const struct demo_company *company = &job->demo->companies[contact->company];

        TRY(upsert_record(u, err));
        upsert_set(u, "email", contact->email);
        upsert_set(u, "firstname", contact->first_name);
        upsert_set(u, "lastname", contact->last_name);
        upsert_set(u, "jobtitle", contact->job);
        upsert_set(u, "company", company->name);
        upsert_set(u, "phone", contact->phone);
        upsert_set(u, "mobilephone", contact->mobile);
        upsert_set(u, "city", company->city);
        upsert_set(u, "zip", company->zip);
        upsert_set(u, "country", "France");
        upsert_set(u, "lifecyclestage", contact->stage);
        upsert_set(u, "hs_lead_status", contact->lead_status);
        upsert_set_reference(u, "hubspot_owner_id", job->users[company->owner]);
        upsert_link(u,
                    &(struct upsert_link){.association = "contact_to_company",
                                          .property = "domain",
                                          .key = company->domain,
                                          .label = contact->decides ? "decision_maker" : NULL,
                                          .primary = true});
    }
    return upsert_end(u, NULL, 0, &job->totals, err);
}

static tn_status write_deals(struct job *job, struct upsert *u, struct err *err)
{
    TRY(create_key(job, "deals", err));
    upsert_begin(u, job->host, "deals", "demo_key");
    for (uint32_t i = 0; i < DEMO_DEALS; i++) {
        const struct demo_deal *deal = &job->demo->deals[i];
        char day[DATE_TEXT_SIZE];

        TRY(upsert_record(u, err));
        (void)date_format(deal->close_day, day);
        upsert_set(u, "demo_key", deal->key);
        upsert_set(u, "dealname", deal->name);
        upsert_set(u, "pipeline", "default");
        upsert_set(u, "dealstage", deal->stage);
        upsert_set(u, "dealtype", deal->kind);
        upsert_set(u, "closedate", day);
        set_price(u, "amount", deal->amount_cents);
        upsert_set_reference(u, "hubspot_owner_id", job->users[deal->owner]);
        upsert_link(u,
                    &(struct upsert_link){.association = "deal_to_company",
                                          .property = "domain",
                                          .key = job->demo->companies[deal->company].domain,
                                          .primary = true});
        for (uint32_t k = 0; k < deal->contact_count; k++)
            upsert_link(u,
                        &(struct upsert_link){.association = "deal_to_contact",
                                              .property = "email",
                                              .key = job->demo->contacts[deal->contacts[k]].email});
    }
    return upsert_end(u, NULL, 0, &job->totals, err);
}

static tn_status write_items(struct job *job, struct upsert *u, struct err *err)
{
    TRY(create_key(job, "line_items", err));
    upsert_begin(u, job->host, "line_items", "demo_key");
    for (uint32_t i = 0; i < DEMO_DEALS; i++) {
        const struct demo_deal *deal = &job->demo->deals[i];

        for (uint32_t k = 0; k < deal->item_count; k++) {
            const struct demo_item *item = &deal->items[k];
            const struct demo_product *product = &job->demo->products[item->product];

            TRY(upsert_record(u, err));
            upsert_setf(u, "demo_key", "%s-%u", deal->key, k + 1);
            upsert_set(u, "name", product->name);
            upsert_set(u, "hs_sku", product->sku);
            upsert_set_reference(u, "hs_product_id", job->products[item->product]);
            upsert_setf(u, "quantity", "%u", item->quantity);
            set_price(u, "price", item->price_cents);
            set_price(u, "amount", item->price_cents * item->quantity);
            upsert_link(u,
                        &(struct upsert_link){.association = "line_item_to_deal",
                                              .property = "demo_key",
                                              .key = deal->key});
        }
    }
    return upsert_end(u, NULL, 0, &job->totals, err);
}

/* Hours, targets and tickets; calendars too have no unique property of their own. */
static tn_status write_desk(struct job *job, struct upsert *u, struct err *err)
{
    uint64_t calendar = 0;

    TRY(create_key(job, "business_calendars", err));
    upsert_begin(u, job->host, "business_calendars", "demo_key");
    TRY(upsert_record(u, err));
    upsert_set(u, "demo_key", "calendar-1");
    upsert_set(u, "name", "Horaires du support");
    upsert_set(u, "time_zone", "Europe/Paris");
    upsert_set(u, "hours", "lun-ven 9:00-12:30 13:30-18:00");
    upsert_set(u, "holidays", "01-01, 05-01, 05-08, 07-14, 08-15, 11-01, 11-11, 12-25");
    TRY(upsert_end(u, &calendar, 1, &job->totals, err));

    upsert_begin(u, job->host, "sla_policies", "pipeline");
    TRY(upsert_record(u, err));
    upsert_set(u, "pipeline", "*");
    upsert_set(u, "name", "Support standard");
    upsert_set_reference(u, "calendar", calendar);
    upsert_set(u, "first_response", "4h");
    upsert_set(u, "first_response_urgent", "1h");
    upsert_set(u, "resolution", "24h");
    upsert_set(u, "resolution_urgent", "8h");
    return upsert_end(u, NULL, 0, &job->totals, err);
}

static void set_instant(struct upsert *u, const char *name, int64_t time_s)
{
    int64_t of_day = time_s % 86400;
    char day[DATE_TEXT_SIZE];

    (void)date_format((int32_t)(time_s / 86400), day);
    upsert_setf(u,
                name,
                "%sT%02d:%02d:%02dZ",
                day,
                (int)(of_day / 3600),
                (int)(of_day / 60 % 60),
                (int)(of_day % 60));
}

static tn_status write_tickets(struct job *job, struct upsert *u, struct err *err)
{
    TRY(write_desk(job, u, err));
    TRY(create_key(job, "tickets", err));
    upsert_begin(u, job->host, "tickets", "demo_key");
    for (uint32_t i = 0; i < DEMO_TICKETS; i++) {
        const struct demo_ticket *ticket = &job->demo->tickets[i];
        const struct demo_contact *contact = &job->demo->contacts[ticket->contact];

        TRY(upsert_record(u, err));
        upsert_set(u, "demo_key", ticket->key);
        upsert_set(u, "subject", ticket->subject);
        upsert_set(u, "content", ticket->content);
        upsert_set(u, "hs_pipeline_stage", ticket->stage);
        upsert_set(u, "hs_ticket_category", ticket->category);
        upsert_set(u, "hs_ticket_priority", ticket->priority);
        upsert_set(u, "source_type", ticket->source);
        set_instant(u, "createdate", ticket->created_s);
        if (ticket->closed_s > 0)
            set_instant(u, "closed_date", ticket->closed_s);
        upsert_set_reference(u, "hubspot_owner_id", job->users[ticket->owner]);
        upsert_link(u,
                    &(struct upsert_link){.association = "ticket_to_contact",
                                          .property = "email",
                                          .key = contact->email});
        upsert_link(u,
                    &(struct upsert_link){.association = "ticket_to_company",
                                          .property = "domain",
                                          .key = job->demo->companies[contact->company].domain,
                                          .primary = true});
    }
    return upsert_end(u, NULL, 0, &job->totals, err);
}

/* In this order: each refers to what stands before it. */
static const struct {
    const char *label;
    tn_status (*write)(struct job *, struct upsert *, struct err *);
} parts[] = {{"writing users", write_users},
             {"writing products", write_products},
             {"writing companies", write_companies},
             {"writing contacts", write_contacts},
             {"writing deals", write_deals},
             {"writing line items", write_items},
             {"writing tickets", write_tickets}};

static void print_totals(const struct job *job)
{
    const struct upsert_totals *t = &job->totals;

    if (job->ctx->json)
        (void)printf("{\"created\": %" PRIu64 ", \"updated\": %" PRIu64 ", \"unchanged\": %" PRIu64
                     "}\n",
                     t->created,
                     t->updated,
                     t->unchanged);
    else
        say_to(stdout,
               job->ctx->language,
               "Demo data: %llu created, %llu updated, %llu unchanged\n",
               (unsigned long long)t->created,
               (unsigned long long)t->updated,
               (unsigned long long)t->unchanged);
}

static tn_status run(struct job *job, const struct demo_options *o, struct err *err)
{
    CLEANUP(upsert_destroy_p) struct upsert *upsert = NULL;
    tn_status status = TN_OK;

    TRY(demo_create(o->seed, o->today, &job->demo, err));
    TRY(host_open(job->ctx, &job->host, err));
    TRY(upsert_create(&upsert, err));
    for (size_t i = 0; status == TN_OK && i < sizeof(parts) / sizeof(parts[0]); i++) {
        show_progress(job, parts[i].label);
        status = parts[i].write(job, upsert, err);
        if (status == TN_OK && context_interrupted(job->ctx))
            status = TN_CANCELLED;
    }
    if (isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", stderr);
    if (status == TN_OK)
        print_totals(job);
    return status;
}

int command_demo(struct context *ctx, int argc, char **argv)
{
    struct demo_options o = {.seed = 1, .today = (int32_t)(clock_wall_us() / DAY_US)};
    struct job job = {.ctx = ctx};
    struct err err;
    int code;

    context_parse(ctx, &argp, argc, argv, &o);
    err_init(&err, ctx->language);
    code = context_finish(ctx, run(&job, &o, &err), &err);
    host_close(job.host);
    demo_destroy(job.demo);
    return code;
}
