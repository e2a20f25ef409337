/* SPDX-License-Identifier: Apache-2.0 */
/* sound.h - core/check on the store of a host that is gone. */
#ifndef TESTS_CRASH_SOUND_H
#define TESTS_CRASH_SOUND_H

#include "core/check/check.h"
#include "tests/integration/host.h"

/* Opens it for reading, as the kill left it, and reads all blobs; fails the test on any finding,
 * which are printed. What was counted. */
struct check_counts must_be_sound(const struct tenond *host);

#endif /* TESTS_CRASH_SOUND_H */
