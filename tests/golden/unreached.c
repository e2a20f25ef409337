/* SPDX-License-Identifier: Apache-2.0 */
/* unreached.c - texts that no case provokes, and where else they are shown or why not. */
#include "tests/golden/areas.h"

#define BOUND "a bound that takes long to reach; no test does"
#define TOKENS "a bound: tests/unit/access_token_test.c reaches it"
#define DISK "a disk that fails: tests/unit/store_reopen_test.c provokes it"
#define LOW "a disk that is nearly full: tests/integration/tenond_limits_test.c"
#define CHECK "a file that is damaged: tests/unit/store_check_test.c"
#define FULL "a host that stops or is full: tests/integration/bus_life_test.c, door_test.c"
#define WRITE "a neighbour that fails: tests/unit/record_failure_test.c"
#define REOPEN "a read while the store is opened again: tests/unit/store_reopen_test.c provokes it"
#define LOGGED "only logged, in English"
#define MACHINE "a machine that lacks it; no test"
#define PROTOCOL "a host that breaks the protocol; no test"
#define PLUGIN "a plugin with a mistake that none of the tests' plugins has"
#define DOOR "a request socket: tests/integration/door_test.c"
#define DAMAGED "a store that is damaged so; no test looks at these words"
#define EARLIER "another rule refuses it before"
#define MEMORY "memory runs out: mem_fail_at() in the unit tests"
#define IMPORT "told with a row of an import, not by a refusal; no test"
#define SANDBOX "a sandbox: tests/integration/sandbox_test.c"
#define KERNEL "a kernel that refuses a step into the sandbox; no test"
#define BLOBS "ids of uploads are random: tests/unit/blob_blobs_test.c, service_blobs_test.c"
#define PAPERS "tests/integration/plugins/plugin_blobs_test.c provokes it with the plugin papers.c"
#define NO_TEST "hard to provoke; no test"

const struct golden_unreached unreached[] = {
    {"A portal has at most %u object types of its own.", BOUND},
    {"A portal has at most %u tokens: revoke one.", TOKENS},
    {"More than %u users: list them with Records/List.", BOUND},
    {"More than %u watches at once.", BOUND},
    {"Record %llu has more than %u links; unlink some first.", BOUND},
    {"The answer is too large for the client.", BOUND},
    {"The answer of %zu bytes is larger than %zu.", BOUND},
    {"The call could not be made: too many are open, or memory is out.", BOUND},
    {"The file has more than %u relocations.", BOUND},
    {"The file needs more than %u libraries.", BOUND},
    {"The method's name is too long.", BOUND},
    {"The record has more than %u timers.", BOUND},
    {"The record has more than %u versions of values; ask for one property.", BOUND},
    {"The records that are archived at once have more than %u links; split it.", BOUND},
    {"The roll-up has more than %u groups; restrict it.", BOUND},
    {"The values by which records of type %.*s are counted are too long.", BOUND},
    {"%s became shorter while it was read.", NO_TEST},
    {"%s holds other bytes than were written.", NO_TEST},
    {"The disk of the store in '%s' has less than %u MiB left.", LOW},
    {"The disk of the store in '%s' is full.", DISK},
    {"The store in '%s' cannot be read: %s", NO_TEST},
    {"The store in '%s' failed, and whether it wrote is unknown: %s", DISK},
    {"The store in '%s' is damaged: %s", CHECK},
    {"The store in '%s' is damaged: its own entry says format %u, FORMAT %u.", NO_TEST},
    {"The store in '%s' is damaged: the end of %s is missing.", CHECK},
    {"%s failed.", NO_TEST},
    {"The host is busy: try again.", FULL},
    {"The host is stopping.", FULL},
    {"The schema changed meanwhile.", NO_TEST},
    {"The library of cryptography does not start.", MACHINE},
    {"The nng library of this machine has no TLS.", MACHINE},
    {"A host does not send frames of kind %u.", PROTOCOL},
    {"The host ended a call that was not made.", PROTOCOL},
    {"The host ended the call without an answer.", PROTOCOL},
    {"The host's HELLO is not one.", PROTOCOL},
    {"It cannot be mapped: %s.", PLUGIN},
    {"It declares fields of the message %s, which is encoded.", PLUGIN},
    {"The message of plugin %s is larger than %zu bytes.", PLUGIN},
    {"The name of the setting %s is too long.", PLUGIN},
    {"There are more than %u plugins.", PLUGIN},
    {"timers that come again", PLUGIN},
    {"it archives a record of a type that is not declared", PLUGIN},
    {"%s answers with a stream, which a request socket cannot take: call it at one of the host's "
     "ipc:// or tcp:// URLs, with libtenon or `tenon call`.",
     DOOR},
    {"The host has too many connections.", DOOR},
    {"A stored definition refers to one that is not there.", DAMAGED},
    {"A stored link has no association type.", DAMAGED},
    {"A stored link is damaged.", DAMAGED},
    {"A stored outcome is damaged.", DAMAGED},
    {"A stored record is damaged.", DAMAGED},
    {"A stored roll-up is damaged.", DAMAGED},
    {"A stored timer is damaged.", DAMAGED},
    {"A stored unique value is damaged.", DAMAGED},
    {"An index entry is damaged.", DAMAGED},
    {"Another definition has its id.", DAMAGED},
    {"It was purged, and the change log still has values of it.", DAMAGED},
    {"Its part has no room in the sums of its roll-up.", DAMAGED},
    {"Record %llu cannot be read.", DAMAGED},
    {"Record %llu is damaged in the store.", DAMAGED},
    {"The change log could not be read for the purge.", DAMAGED},
    {"The change log has no entry %llu.", DAMAGED},
    {"The imports of the portal cannot be read.", DAMAGED},
    {"The record with this key cannot be read.", DAMAGED},
    {"The roll-ups could not be counted.", DAMAGED},
    {"The stored cursor of a consumer is damaged.", DAMAGED},
    {"The stored history of a record is damaged.", DAMAGED},
    {"Who created it is no text.", DAMAGED},
    {"A commit beside this one failed: try again.", WRITE},
    {"A write beside the portals' records failed.", LOGGED},
    {"A write error left unknown what is stored of the plugins before: start the host again.",
     NO_TEST},
    {"Portal %u has lost changes: it had %llu, the disk has %llu.", NO_TEST},
    {"The store in '%s' is on its way from format %u to %u: start the host, which finishes it.",
     NO_TEST},
    {"The store is opened again after a write error: try again soon.", REOPEN},
    {"The path of the work folder is too long.", BOUND},
    {"%s is not valid UTF-8.", EARLIER},
    {"%s: more than %u options.", EARLIER},
    {"'%.*s' is not an option of %s.", EARLIER},
    {"A host has at most %u portals.", EARLIER},
    {"A request about pipelines has at most 1 MiB.", EARLIER},
    {"A type that was just declared is not there.", EARLIER},
    {"The amount is too large.", EARLIER},
    {"The request is not an encoded message of its type.", EARLIER},
    {"The title is not valid UTF-8.", EARLIER},
    {"Memory is out for pipelines.", MEMORY},
    {"Memory is out.", MEMORY},
    {"Memory is out: no room for %s.", MEMORY},
    {"'%s' does not refer to records of one type.", IMPORT},
    {"No record of '%.*s' has this key.", IMPORT},
    {"All of the %u users for plugins are taken (sandbox.users).", SANDBOX},
    {"It needed more than %llu MiB of memory.", SANDBOX},
    {"It used more than %u %% of a processor, and was ended.", SANDBOX},
    {"Its scratch folder held more than %llu MiB, and it was ended.", SANDBOX},
    {"This machine cannot give sandboxes '%s', which the configuration requires (sandbox.require).",
     SANDBOX},
    {"A path has less than %u bytes.", BOUND},
    {"More than %u paths to read.", BOUND},
    {"More than %u sandboxes at once.", BOUND},
    {"A runner told what it never should.", KERNEL},
    {"No socket can be made for a process: %s.", KERNEL},
    {"The sandbox cannot be entered: %s: %s.", KERNEL},
    {"The sandbox must be entered before threads are started.", EARLIER},
    {"Nobody of this build has said which limits apply: only the host starts this.", EARLIER},
    {"%u uploads of the portal are open: seal one, or wait until they are over.", BLOBS},
    {"A blob has at most %llu bytes.", BLOBS},
    {"Other bytes were appended at this offset before.", BLOBS},
    {"The bytes of the upload have another SHA-256.", BLOBS},
    {"The upload has %llu bytes, not %llu.", BLOBS},
    {"The upload has %llu bytes: go on there.", BLOBS},
    {"The upload is sealed: begin another.", BLOBS},
    {"The file of a blob is missing or damaged; `tenon check` names it.", BLOBS},
    {"Its file is damaged.", BLOBS},
    {"Its file is missing.", BLOBS},
    {"Its file cannot be read.", NO_TEST},
    {"A stored entry of a blob is damaged.", DAMAGED},
    {"The disk of the blobs is full.", NO_TEST},
    {"The files of blobs cannot be read or written: %s", NO_TEST},
    {"The files of blobs may not be opened: %s", NO_TEST},
    {"it has too many blobs open", PAPERS},
    {"it opens what is no blob", PAPERS},
    {"it reads a blob that is not open for reading", PAPERS},
    {"it writes a blob that is not open for writing", PAPERS},
};
const size_t unreached_count = COUNT_OF(unreached);
