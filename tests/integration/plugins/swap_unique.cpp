/* SPDX-License-Identifier: Apache-2.0 */
/* swap_unique.cpp - what a build of the plugin of swap.c must not have: a symbol that the process
 * has once, whoever brings it; libstdc++'s <regex> has such ones. */
template <typename T> struct swap_counter {
    static int next()
    {
        static int count;

        return ++count;
    }
};

extern "C" __attribute__((used)) int swap_unique_next()
{
    return swap_counter<int>::next();
}
