/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/ssh.h"

/* Parts of what was said, which points into it. */
typedef struct Target {
        const char* user; /* with the @, of user_length; so that an address may stand in brackets behind it */
        const char* address;
        const char* port; /* NULL: not said */
        const char* container;
        size_t user_length, address_length, port_length;
} Target;

static Target parse(const char* host) {
        const char* at = strchr(host, '@');
        const char* rest = at ? at + 1 : host;
        bool in_brackets = rest[0] == '[' && strchr(rest, ']');
        Target t = { .user = host, .user_length = (size_t) (rest - host) };

        t.address = rest + in_brackets;
        t.address_length = strcspn(t.address, in_brackets ? "]" : ":/");
        rest = t.address + t.address_length + in_brackets;
        if (*rest == ':') {
                size_t length = strcspn(rest + 1, "/");

                /* what is no number is a container, as it was written once */
                if (strspn(rest + 1, "0123456789") == length) {
                        t.port = rest + 1;
                        t.port_length = length;
                        rest += 1 + length;
                }
        }
        if (*rest != '\0' && rest[1] != '\0')
                t.container = rest + 1;
        return t;
}

const char* ssh_container(const char* host) {
        return parse(host).container;
}

/* As one word for the shell of whoever it is there: ssh(1) passes on a line, not words. */
static char* quote(const char* word) {
        _cleanup_strv_free_ char** pieces = NULL;
        _cleanup_free_ char* inner = NULL;
        const char* end;

        for (; (end = strchr(word, '\'')); word = end + 1)
                strv_consume(&pieces, xstrndup(word, (size_t) (end - word)));
        strv_extend(&pieces, word);
        inner = strv_join(pieces, "'\\''");
        return xasprintf("'%s'", inner);
}

char** ssh_command(const char* host, bool terminal, char* const* command) {
        const Target t = parse(host);
        _cleanup_strv_free_ char** quoted = NULL;
        char** ssh = NULL;

        STRV_FOREACH(word, command)
                strv_consume(&quoted, quote(*word));

        strv_extend(&ssh, "ssh");
        strv_extend(&ssh, "-x");
        if (terminal) {
                strv_extend(&ssh, "-t");
                strv_extend(&ssh, "-oLogLevel=ERROR"); /* not that the connection is closed, at the end */
        } else
                strv_extend(&ssh, "-nT");
        if (t.port)
                strv_extendf(&ssh, "-p%.*s", (int) t.port_length, t.port);
        strv_extend(&ssh, "--");
        strv_extendf(&ssh, "%.*s%.*s", (int) t.user_length, t.user, (int) t.address_length, t.address);
        strv_consume(&ssh, strv_join(quoted, " "));
        return ssh;
}
