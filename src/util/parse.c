/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/parse.h"

int parse_bool(const char* s, bool* ret) {
        static const char* const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char* const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0) {
                        *ret = true;
                        return 0;
                }
                if (strcasecmp(s, no[i]) == 0) {
                        *ret = false;
                        return 0;
                }
        }
        return -EINVAL;
}

static int parse_digits(const char* s, int base, uint64_t* ret) {
        char* end;

        /* strtoull() would skip blanks and take signs */
        if (!isdigit((unsigned char) s[0]))
                return -EINVAL;

        errno = 0;
        unsigned long long value = strtoull(s, &end, base);
        if (errno == ERANGE)
                return -ERANGE;
        if (*end)
                return -EINVAL;

        *ret = value;
        return 0;
}

int parse_u64(const char* s, uint64_t* ret) {
        return parse_digits(s, 10, ret);
}

int parse_i64(const char* s, int64_t* ret) {
        bool negative = s[0] == '-';
        uint64_t value;
        int r;

        r = parse_u64(s + negative, &value);
        if (r < 0)
                return r;
        if (value > (uint64_t) INT64_MAX + negative)
                return -ERANGE;

        *ret = negative ? (int64_t) (0 - value) : (int64_t) value;
        return 0;
}

int parse_int_range(const char* s, int64_t min, int64_t max, int64_t* ret) {
        int64_t value;
        int r;

        r = parse_i64(s, &value);
        if (r < 0)
                return r;
        if (value < min || value > max)
                return -ERANGE;

        *ret = value;
        return 0;
}

int parse_mode(const char* s, unsigned max, unsigned* ret) {
        uint64_t value;
        int r;

        r = parse_digits(s, 8, &value);
        if (r < 0)
                return r;
        if (value > max)
                return -ERANGE;

        *ret = (unsigned) value;
        return 0;
}

int parse_signal_name(const char* s, int* ret) {
        const char* name = strncmp(s, "SIG", 3) == 0 ? s + 3 : s;
        int64_t number;

        if (parse_int_range(s, 1, NSIG - 1, &number) >= 0) {
                *ret = (int) number;
                return 0;
        }
        for (int i = 1; i < NSIG; i++) {
                const char* abbreviation = sigabbrev_np(i);

                if (abbreviation && strcmp(abbreviation, name) == 0) {
                        *ret = i;
                        return 0;
                }
        }
        return -EINVAL;
}

/* Reads a decimal and, where allowed, its fraction in billionths; *p moves behind it. */
static int parse_decimal(const char** p, bool fraction_allowed, uint64_t* ret_whole, uint64_t* ret_nano) {
        uint64_t whole = 0, nano = 0;
        const char* s = *p;

        if (!isdigit((unsigned char) *s))
                return -EINVAL;
        for (; isdigit((unsigned char) *s); s++)
                if (__builtin_mul_overflow(whole, UINT64_C(10), &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*s - '0'), &whole))
                        return -ERANGE;

        if (fraction_allowed && *s == '.') {
                uint64_t digit = 100000000;

                s++;
                if (!isdigit((unsigned char) *s))
                        return -EINVAL;
                for (; isdigit((unsigned char) *s); s++, digit /= 10)
                        nano += digit * (uint64_t) (*s - '0');
        }

        *ret_whole = whole;
        *ret_nano = nano;
        *p = s;
        return 0;
}

int parse_sec(const char* s, usec_t* ret) {
        static const struct {
                const char* suffix;
                usec_t usec;
        } units[] = {
                /* longer words first, so that "min" is not read as "m" */
                { "seconds", USEC_PER_SEC }, { "second", USEC_PER_SEC },   { "sec", USEC_PER_SEC },
                { "minutes", USEC_PER_MINUTE }, { "minute", USEC_PER_MINUTE }, { "min", USEC_PER_MINUTE },
                { "msec", USEC_PER_MSEC },   { "ms", USEC_PER_MSEC },      { "m", USEC_PER_MINUTE },
                { "hours", USEC_PER_HOUR },  { "hour", USEC_PER_HOUR },    { "hr", USEC_PER_HOUR },
                { "h", USEC_PER_HOUR },      { "days", 24 * USEC_PER_HOUR }, { "day", 24 * USEC_PER_HOUR },
                { "d", 24 * USEC_PER_HOUR }, { "usec", 1 },                { "us", 1 },
                { "s", USEC_PER_SEC },       { "", USEC_PER_SEC },
        };
        usec_t total = 0;
        bool something = false;

        if (strcmp(s, "infinity") == 0) {
                *ret = USEC_INFINITY;
                return 0;
        }

        for (;;) {
                uint64_t whole, nano;
                usec_t unit = 0, part;
                int r;

                s += strspn(s, " \t");
                if (!*s)
                        break;

                r = parse_decimal(&s, true, &whole, &nano);
                if (r < 0)
                        return r;
                s += strspn(s, " \t");

                size_t length = strspn(s, "abcdefghijklmnopqrstuvwxyz");
                for (size_t i = 0; i < ELEMENTSOF(units) && unit == 0; i++)
                        if (strlen(units[i].suffix) == length && strncmp(s, units[i].suffix, length) == 0)
                                unit = units[i].usec;
                if (unit == 0)
                        return -EINVAL;
                s += length;

                if (__builtin_mul_overflow(whole, unit, &part) ||
                    __builtin_add_overflow(total, part, &total) ||
                    __builtin_add_overflow(total, (usec_t) ((unsigned __int128) nano * unit / 1000000000), &total))
                        return -ERANGE;
                something = true;
        }
        if (!something)
                return -EINVAL;

        *ret = total;
        return 0;
}

int parse_size(const char* s, uint64_t* ret) {
        static const char suffixes[] = "BKMGTPE";
        uint64_t whole, nano, unit = 1, value;
        int r;

        if (strcmp(s, "infinity") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }

        r = parse_decimal(&s, true, &whole, &nano);
        if (r < 0)
                return r;

        if (*s) {
                const char* suffix = strchr(suffixes, *s);

                if (!suffix || s[1])
                        return -EINVAL;
                unit = UINT64_C(1) << (10 * (suffix - suffixes));
        }

        if (__builtin_mul_overflow(whole, unit, &value) ||
            __builtin_add_overflow(value, (uint64_t) ((unsigned __int128) nano * unit / 1000000000), &value))
                return -ERANGE;

        *ret = value;
        return 0;
}

int parse_cpu_quota(const char* s, uint64_t* ret) {
        uint64_t whole, nano, value;
        int r;

        if (!*s || strcmp(s, "infinity") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }

        r = parse_decimal(&s, true, &whole, &nano);
        if (r < 0)
                return r;
        if (strcmp(s, "%") != 0)
                return -EINVAL;
        if (__builtin_mul_overflow(whole, USEC_PER_SEC / 100, &value) ||
            __builtin_add_overflow(value, nano / 100000, &value) || value == 0)
                return -ERANGE;

        *ret = value;
        return 0;
}

static int parse_cpu_number(const char** p, unsigned max, unsigned* ret) {
        uint64_t whole, nano;
        int r;

        r = parse_decimal(p, false, &whole, &nano);
        if (r < 0)
                return r;
        if (whole > max)
                return -ERANGE;

        *ret = (unsigned) whole;
        return 0;
}

int parse_cpu_set(const char* s, unsigned max, uint8_t** ret_mask, size_t* ret_size) {
        _cleanup_free_ uint8_t* mask = xcalloc(max / 8 + 1, 1);
        size_t size = 0;

        for (;;) {
                unsigned first, last;
                int r;

                s += strspn(s, ", \t");
                if (!*s)
                        break;

                r = parse_cpu_number(&s, max, &first);
                if (r < 0)
                        return r;
                last = first;
                if (*s == '-') {
                        s++;
                        r = parse_cpu_number(&s, max, &last);
                        if (r < 0)
                                return r;
                        if (last < first)
                                return -EINVAL;
                }
                if (*s && !strchr(", \t", *s))
                        return -EINVAL;

                for (unsigned cpu = first; cpu <= last; cpu++)
                        mask[cpu / 8] |= (uint8_t) (1U << cpu % 8);
                size = max_u64(size, last / 8 + 1);
        }
        if (size == 0)
                return -EINVAL;

        if (ret_mask) {
                *ret_mask = take_ptr(mask);
                *ret_size = size;
        }
        return 0;
}
