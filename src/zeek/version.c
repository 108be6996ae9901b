/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "util/alloc.h"
#include "zeek/version.h"

#define DIGITS "0123456789"
#define BLANKS " \t\r"
#define WORD " version "

/* Zeek before 3.0 was called Bro and had no supervisor. */
#define MAJOR_MIN 3
/* Four digits, so that no number here overflows. */
#define NUMBER_DIGITS_MAX 4U

static bool take_number(const char** p, unsigned* ret) {
        size_t length = strspn(*p, DIGITS);
        unsigned number = 0;

        if (length == 0 || length > NUMBER_DIGITS_MAX)
                return false;
        for (size_t i = 0; i < length; i++)
                number = number * 10 + (unsigned) ((*p)[i] - '0');

        *p += length;
        *ret = number;
        return true;
}

static bool parse_line(const char* line, const char* end, ZeekVersion* ret) {
        ZeekVersion version = { .known = true };
        const char* p = line + strcspn(line, BLANKS "\n");

        if (p == line || strncmp(p, WORD, strlen(WORD)) != 0)
                return false;
        p += strlen(WORD);

        if (!take_number(&p, &version.major) || *p++ != '.' || !take_number(&p, &version.minor))
                return false;
        if (p[0] == '.' && p[1] >= '0' && p[1] <= '9') {
                p++;
                if (!take_number(&p, &version.patch))
                        return false;
        }

        /* a suffix such as -dev.3 or -rc1 */
        p += strcspn(p, BLANKS "\n");
        p += strspn(p, BLANKS);
        if (p != end || version.major < MAJOR_MIN)
                return false;

        *ret = version;
        return true;
}

ZeekVersion zeek_version_parse(const char* output) {
        ZeekVersion version = {};

        for (const char* line = output;;) {
                const char* end = strchrnul(line, '\n');

                if (parse_line(line, end, &version) || !*end)
                        return version;
                line = end + 1;
        }
}

bool zeek_version_at_least(ZeekVersion version, unsigned major, unsigned minor) {
        return version.known && (version.major > major || (version.major == major && version.minor >= minor));
}

char* zeek_version_to_string(ZeekVersion version) {
        if (!version.known)
                return xstrdup("unknown");
        return xasprintf("%u.%u.%u", version.major, version.minor, version.patch);
}
