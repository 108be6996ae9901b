/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "core/node-name.h"
#include "ctl/journal.h"
#include "ctl/ssh.h"

/* "USER@CONTAINER" in its parts; either may be empty. */
static void split_machine(const char* s, char** ret_user, char** ret_machine) {
        const char* at = strrchr(s, '@');

        *ret_user = at ? xstrndup(s, (size_t) (at - s)) : xstrdup("");
        *ret_machine = xstrdup(at ? at + 1 : s);
}

static bool is_here(const char* machine) {
        return machine[0] == '\0' || strcmp(machine, ".host") == 0;
}

int journal_scope(const Options* o, JournalScope* ret, char** ret_why) {
        _cleanup_free_ char *user = NULL, *machine = NULL;
        const struct passwd* entry;

        *ret = (JournalScope) { .user = o->user, .uid = -1 };
        if (o->transport == TRANSPORT_LOCAL)
                return 0;
        if (o->transport == TRANSPORT_REMOTE) {
                ret->machine = ssh_container(o->host);
                return 0;
        }

        split_machine(o->host, &user, &machine);
        if (!is_here(machine)) {
                if (o->user) {
                        *ret_why = xasprintf("journalctl does not know the users of '%s'. Run it there: machinectl shell %s "
                                             "/usr/bin/zsupctl --user log", machine, o->host);
                        return -EOPNOTSUPP;
                }
                ret->machine = strrchr(o->host, '@') ? strrchr(o->host, '@') + 1 : o->host;
                return 0;
        }
        if (!o->user || !user[0])
                return 0;
        entry = getpwnam(user);
        if (!entry) {
                *ret_why = xasprintf("There is no user '%s'", user);
                return -EOPNOTSUPP;
        }
        ret->uid = (long) entry->pw_uid;
        return 0;
}

/* By unit, journalctl also finds what systemd and the kernel say of a scope, and core dumps. */
static void add_units(char*** command, bool user, char* const* names) {
        const char* option = user ? "--user-unit" : "--unit";

        STRV_FOREACH(name, names) {
                _cleanup_free_ char* scope = node_scope_name(*name);

                strv_extendf(command, "%s=%s", option, scope);
        }
        if (strv_length(names) > 0)
                return;
        strv_extendf(command, "%s=zeek-supervisor.service", option);
        strv_extendf(command, "%s=zeek-stem.service", option);
}

/* Units of users are those of who calls journalctl; for another user there are only fields. */
static void add_fields(char*** command, long uid, char* const* names) {
        strv_extendf(command, "_UID=%ld", uid);
        STRV_FOREACH(name, names)
                strv_extendf(command, "ZEEK_NODE=%s", *name);
        if (strv_length(names) > 0)
                return;
        strv_extend(command, "_SYSTEMD_USER_UNIT=zeek-supervisor.service");
        strv_extend(command, "_SYSTEMD_USER_UNIT=zeek-stem.service");
}

char** journal_command(const Options* o, const JournalScope* scope, char* const* names) {
        char** command = NULL;

        strv_extend(&command, "journalctl");
        if (scope->machine)
                strv_extendf(&command, "--machine=%s", scope->machine);
        if (!o->pager)
                strv_extend(&command, "--no-pager");
        if (o->quiet)
                strv_extend(&command, "--quiet");
        if (o->full)
                strv_extend(&command, "--full");
        if (o->lines >= 0)
                strv_extendf(&command, "--lines=%d", o->lines);
        if (o->json != JSON_MODE_OFF)
                strv_extend(&command, o->json == JSON_MODE_PRETTY ? "--output=json-pretty" : "--output=json");
        strv_extend_strv(&command, o->journal);
        if (scope->uid >= 0)
                add_fields(&command, scope->uid, names);
        else
                add_units(&command, scope->user, names);
        return command;
}
