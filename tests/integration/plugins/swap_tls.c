/* SPDX-License-Identifier: Apache-2.0 */
/* swap_tls.c - what a build of the plugin of swap.c must not have: thread data at a fixed place. */
#include <tenon_sdk.h>

int swap_thread_calls(void);

static _Thread_local int thread_calls;

__attribute__((used)) int swap_thread_calls(void)
{
    return ++thread_calls;
}
