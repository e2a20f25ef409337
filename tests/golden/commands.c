/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - what the command `tenon` says when it cannot do what it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/golden/areas.h"
#include "tests/integration/host.h"
#include "tests/unit/check.h"

#define OUTPUT_SIZE 4096

/* Of `tenon`, where URL is the running host's; files are those that area_commands() writes. */
static const struct {
    const char *title;
    const char *arguments;
} commands[] = {
    {"no host there", "--url ipc://none.sock status"},
    {"a URL of nothing", "--url http://127.0.0.1 status"},
    {"authorities that are not there", "--url tls+tcp://127.0.0.1:1 --ca none.pem status"},
    {"a method that is not there", "call moon"},
    {"a message as a method", "call tenon.records.v1.Record"},
    {"a request that is no JSON", "call tenon.records.v1.Records/List '{'"},
    {"a request with a field that is not there",
     "call tenon.records.v1.Records/List '{\"typ\": \"users\"}'"},
    {"a request with a text for a number",
     "call tenon.records.v1.Records/List '{\"type\": \"users\", \"limit\": \"many\"}'"},
    {"a request with a number that is too large",
     "call tenon.records.v1.Records/List '{\"type\": \"users\", \"limit\": 5000000000}'"},
    {"a request with an operator that is not there",
     "call tenon.records.v1.Search/Count '{\"type\": \"users\", \"groups\": [{\"filters\": "
     "[{\"property\": \"email\", \"op\": \"LIKE\"}]}]}'"},
    {"a request in a file that is not there", "call tenon.records.v1.Records/List @none.json"},
    {"an export of no type", "export moons"},
    {"an export with a filter that is none", "export users --filter '=x'"},
    {"an export of a property that is not there", "export users --filter colour=red"},
    {"an import of a file that is not there", "import none.csv --type users --key email"},
    {"an import without its type", "import good.csv"},
    {"an import of an empty file", "import empty.csv --type users"},
    {"an import with two columns of one name", "import twice.csv --type users"},
    {"an import by a key that is not unique", "import good.csv --type users --key last_name"},
    {"an import with a mapping that is no TOML", "import good.csv --map bad.toml"},
    {"an import with a mapping of an unknown key", "import good.csv --map column.toml"},
    {"a plugin that is no file", "plugin inspect none.so"},
    {"a store that is not there", "check --data none"},
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What it prints, all of it; fails the test if it succeeds. */
static void run(const char *url, const char *language, const char *arguments, char out[OUTPUT_SIZE])
{
    char line[2048];

    (void)snprintf(line,
                   sizeof(line),
                   "LC_ALL=%s TENON_URL='%s' '%s' %s 2>&1",
                   language,
                   url,
                   TENON,
                   arguments);
    FILE *pipe = popen(line, "re"); /* NOLINT: constant commands, quoted for the shell */
    assert_non_null(pipe);
    size_t len = fread(out, 1, OUTPUT_SIZE - 1, pipe);
    out[len] = '\0';
    int status = pclose(pipe);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        fail_msg("tenon %s succeeds", arguments);
}

void area_commands(struct golden *g)
{
    struct tenond *host = tenond_create();
    static char english[OUTPUT_SIZE];
    static char french[OUTPUT_SIZE];

    golden_area(g, "The command tenon");
    write_file("good.csv", "email,last_name\nada@example.com,Lovelace\n");
    write_file("empty.csv", "");
    write_file("twice.csv", "email,email\na,b\n");
    write_file("bad.toml", "type = ");
    write_file("column.toml",
               "type = \"users\"\n[[properties]]\nproperty = \"email\"\nfrom = \"mail\"\n");
    tenond_start(host);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        char how[1024];

        run(host->url, "C", commands[i].arguments, english);
        run(host->url, "fr_FR.UTF-8", commands[i].arguments, french);
        (void)snprintf(how, sizeof(how), "tenon %s", commands[i].arguments);
        golden_show(g, commands[i].title, how, english, french);
    }
    tenond_stop(host);
    tenond_destroy(host);
}
