/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which Zeek is played. A file beside the program, named as it with ".version" appended, says so; without
 * one it is ZEEK_DEFAULT_VERSION. An empty file makes a program that prints no Zeek version. */

#include <stdbool.h>

#define ZEEK_DEFAULT_VERSION "7.0.11"
#define ZEEK_VERSION_LENGTH_MAX 128

typedef struct Version {
        char text[ZEEK_VERSION_LENGTH_MAX];
        unsigned major, minor; /* 0.0: not known */
} Version;

/* Major and minor number in one, so that series compare. */
#define ZEEK_SERIES(major, minor) ((major) * 1000U + (minor))

/* For bounds of things that are not there yet, or still are. */
#define ZEEK_SERIES_ANY 0U
#define ZEEK_SERIES_NONE 1000000U

void version_set(Version* version, const char* text);
int version_read(Version* ret);

bool version_is_known(const Version* version);
/* Is the version in since ≤ v < until? An unknown version has only what is in every series. */
bool version_has(const Version* version, unsigned since, unsigned until);
