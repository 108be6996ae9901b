/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>

#include "ctl/format.h"

#define TIME_TEXT_MAX 64U

char* format_bytes(uint64_t bytes) {
        static const char suffixes[] = "BKMGTPE";
        double value = (double) bytes;
        size_t i = 0;

        if (bytes < 1024)
                return xasprintf("%uB", (unsigned) bytes);
        /* the limit is what would be printed as 1024.0 */
        for (; value >= 1023.95 && suffixes[i + 1]; i++)
                value /= 1024;
        return xasprintf("%.1f%c", value, suffixes[i]);
}

char* format_span(usec_t span) {
        static const struct {
                const char *one, *many;
                usec_t usec;
        } units[] = {
                { " year", " years", 31557600 * USEC_PER_SEC },
                { " month", " months", 2629800 * USEC_PER_SEC },
                { " week", " weeks", 7 * 24 * USEC_PER_HOUR },
                { " day", " days", 24 * USEC_PER_HOUR },
                { "h", "h", USEC_PER_HOUR },
                { "min", "min", USEC_PER_MINUTE },
                { "s", "s", USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                uint64_t n = span / units[i].usec, m = 0;

                if (n == 0)
                        continue;
                if (i + 1 < ELEMENTSOF(units))
                        m = span % units[i].usec / units[i + 1].usec;
                if (m == 0)
                        return xasprintf("%llu%s", (unsigned long long) n, n == 1 ? units[i].one : units[i].many);
                return xasprintf("%llu%s %llu%s", (unsigned long long) n, n == 1 ? units[i].one : units[i].many,
                                 (unsigned long long) m, m == 1 ? units[i + 1].one : units[i + 1].many);
        }
        return xstrdup("0s");
}

char* format_relative(usec_t time, usec_t now) {
        _cleanup_free_ char* span = format_span(time > now ? time - now : now - time);

        if ((time > now ? time - now : now - time) < USEC_PER_SEC)
                return xstrdup("now");
        return time > now ? xasprintf("in %s", span) : xasprintf("%s ago", span);
}

char* format_cpu_time(uint64_t nsec) {
        usec_t usec = nsec / 1000;

        /* tenths are cut, not rounded: 59.99 s is not "60.0s" */
        if (usec < USEC_PER_MINUTE)
                return xasprintf("%u.%us", (unsigned) (usec / USEC_PER_SEC), (unsigned) (usec / (USEC_PER_SEC / 10) % 10));
        return format_span(usec);
}

/* false: beyond what a calendar has, from a daemon that is not ours. */
static bool to_local(usec_t time, struct tm* ret) {
        time_t seconds = (time_t) (time / USEC_PER_SEC);

        return localtime_r(&seconds, ret) != NULL;
}

char* format_timestamp(usec_t time) {
        char text[TIME_TEXT_MAX];
        struct tm tm;

        if (!to_local(time, &tm) || strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                return xstrdup("n/a");
        return xstrdup(text);
}

char* format_moment(usec_t time) {
        char text[TIME_TEXT_MAX];
        struct tm tm;

        if (!to_local(time, &tm) || strftime(text, sizeof(text), "%b %d %H:%M:%S", &tm) == 0)
                return xstrdup("n/a");
        return xasprintf("%s.%03u", text, (unsigned) (time % USEC_PER_SEC / USEC_PER_MSEC));
}
