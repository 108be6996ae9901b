/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Script variables that were redefined, on the command line or in a script. The last one wins. */

#include <stdbool.h>
#include <stddef.h>

typedef struct Setting {
        char* name;
        char* value; /* the text of a string, else the word: T, 1hr, Cluster::X; NULL: some expression */
} Setting;

typedef struct Settings {
        Setting* settings;
        size_t n, allocated;
} Settings;

void settings_done(Settings* settings);

void settings_put(Settings* settings, const char* name, const char* value);
/* NULL if nobody redefined it, or by an expression that the stand-in cannot work out. */
const char* settings_get(const Settings* settings, const char* name);
const char* settings_get_string(const Settings* settings, const char* name, const char* otherwise);
bool settings_get_bool(const Settings* settings, const char* name, bool otherwise);
/* "1hr", "10 secs", "0.5 min" in seconds. */
double settings_get_interval(const Settings* settings, const char* name, double otherwise);

/* -EINVAL if it is no interval as Zeek writes it. */
int interval_parse(const char* s, double* ret);
