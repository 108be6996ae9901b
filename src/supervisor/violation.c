/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "config/address-family.h"
#include "core/verdict.h"
#include "supervisor/violation.h"
#include "util/alloc.h"

/* "ptrace", "socket(AF_VSOCK)" */
static char* describe_call(const Violation* violation) {
        const char* family;

        if (strcmp(violation->call, "") == 0)
                return xstrdup("(various)");
        if (strcmp(violation->call, "socket") != 0)
                return xstrdup(violation->call);
        family = violation->argument < ADDRESS_FAMILY_MAX ? address_family_to_string((int) violation->argument) : NULL;
        return family ? xasprintf("socket(%s)", family) : xasprintf("socket(%" PRIu64 ")", violation->argument);
}

static char* describe_outcome(const Violation* violation, const char* verdict) {
        switch (violation->verdict) {
        case VERDICT_KILL:
                return xasprintf("process %u was killed", violation->pid);
        case VERDICT_LOG:
                return xstrdup("it was let through");
        default:
                return xasprintf("it failed with %s", verdict);
        }
}

static char* describe(const Node* node, const Violation* violation, const char* profile, const char* call,
                      const char* verdict) {
        _cleanup_free_ char* outcome = describe_outcome(violation, verdict);
        _cleanup_free_ char* times = violation->count > 1 ? xasprintf(" %" PRIu64 " more times", violation->count) : NULL;

        return xasprintf("Node \"%s\" made the system call %s%s, which its profile \"%s\" does not allow: %s", node->name,
                         call, times ? times : "", profile, outcome);
}

void violation_write(JournalWriter* journal, const Node* node, const Violation* violation, const char* profile,
                     bool user_mode) {
        _cleanup_free_ char* verdict = verdict_to_string(violation->verdict);
        _cleanup_free_ char* call = describe_call(violation);
        _cleanup_free_ char* message = describe(node, violation, profile, call, verdict);
        _cleanup_free_ char* node_pid = xasprintf("%u", node->pid);
        _cleanup_free_ char* pid = xasprintf("%u", violation->pid);
        _cleanup_free_ char* count = xasprintf("%" PRIu64, violation->count);
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", "5a0752b85c7e402a8259055ffdf5cdc4" },
                { "PRIORITY", "4" },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_NODE", node->name },
                { "ZEEK_ROLE", role_to_string(node->spec->role) },
                { "ZEEK_NODE_PID", node_pid },
                { "ZEEK_SECCOMP", profile },
                { "ZEEK_SYSCALL", violation->call },
                { "ZEEK_SYSCALL_TEXT", call },
                { "ZEEK_SYSCALL_RESULT", verdict },
                { "ZEEK_SYSCALL_COUNT", count },
                /* the journal adds what this process is, if it is still there */
                { "OBJECT_PID", pid },
                { user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT", node->scope },
        };

        journal_writer_event(journal, fields, ELEMENTSOF(fields));
}
