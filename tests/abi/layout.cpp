/* SPDX-License-Identifier: Apache-2.0 */
/* layout.cpp - layout.c, compiled as C++. */
#include "layout.c"
