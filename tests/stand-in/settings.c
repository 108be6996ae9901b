/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stand-in/settings.h"
#include "util/alloc.h"

void settings_done(Settings* settings) {
        for (size_t i = 0; i < settings->n; i++) {
                free(settings->settings[i].name);
                free(settings->settings[i].value);
        }
        free(settings->settings);
        *settings = (Settings) {};
}

static Setting* find(const Settings* settings, const char* name) {
        for (size_t i = 0; i < settings->n; i++)
                if (strcmp(settings->settings[i].name, name) == 0)
                        return &settings->settings[i];
        return NULL;
}

void settings_put(Settings* settings, const char* name, const char* value) {
        Setting* setting = find(settings, name);

        if (!setting) {
                GROW(settings->settings, settings->n, settings->allocated);
                setting = &settings->settings[settings->n++];
                *setting = (Setting) { .name = xstrdup(name) };
        }
        free_and_replace(setting->value, xstrdup_or_null(value));
}

const char* settings_get(const Settings* settings, const char* name) {
        const Setting* setting = find(settings, name);

        return setting ? setting->value : NULL;
}

const char* settings_get_string(const Settings* settings, const char* name, const char* otherwise) {
        const char* value = settings_get(settings, name);

        return value ? value : otherwise;
}

bool settings_get_bool(const Settings* settings, const char* name, bool otherwise) {
        const char* value = settings_get(settings, name);

        return value ? strcmp(value, "T") == 0 : otherwise;
}

int interval_parse(const char* s, double* ret) {
        static const struct {
                const char* unit;
                double seconds;
        } units[] = {
                { "day", 86400 }, { "hr", 3600 },   { "min", 60 },
                { "sec", 1 },     { "msec", 1e-3 }, { "usec", 1e-6 },
        };
        char* end;

        double number = strtod(s, &end);
        if (end == s || !(number >= 0))
                return -EINVAL;
        end += strspn(end, " \t");

        size_t length = strlen(end);
        if (length > 1 && end[length - 1] == 's')
                length--;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].unit) == length && strncmp(end, units[i].unit, length) == 0) {
                        *ret = number * units[i].seconds;
                        return 0;
                }
        return -EINVAL;
}

double settings_get_interval(const Settings* settings, const char* name, double otherwise) {
        const char* value = settings_get(settings, name);
        double interval;

        return value && interval_parse(value, &interval) >= 0 ? interval : otherwise;
}
