/* SPDX-License-Identifier: Apache-2.0 */
/* boats_test.c - Boats, in a real host. */
#include <inttypes.h>

#include <tenon/harness.h>

#define MOOR "org.example.boats.v1.Boats/Moor"

int main(int argc, char **argv)
{
    struct tenon_harness *host = tenon_test_begin(argc, argv);
    uint64_t boat = tenon_test_create(host, "boats", "{'name': 'Ada', 'length': '9.5'}");
    uint64_t brest = tenon_test_create(host, "harbours", "{'name': 'Brest'}");

    tenon_test_record(host, "boats", boat, "{'state': 'afloat', 'since': null}");
    (void)tenon_test_call(
        host, "{}", MOOR, "{'boat': %" PRIu64 ", 'harbour': %" PRIu64 "}", boat, brest);
    tenon_test_record(host, "boats", boat, "{'state': 'moored', 'length': '9.5'}");
    (void)tenon_test_call(host,
                          "{'links': [{'to_type': 'harbours'}]}",
                          "tenon.graph.v1.Associations/List",
                          "{'type': 'boats', 'at': {'id': %" PRIu64
                          "}, 'association': 'boat_to_harbour'}",
                          boat);
    tenon_test_refuses(host,
                       TN_INVALID_ARGUMENT,
                       "a metre long",
                       "tenon.records.v1.Records/Create",
                       "{'type': 'boats', 'properties': {'name': 'Toy', 'length': '0.2'}}");
    return tenon_test_end(host);
}
