/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "config/address-family.h"
#include "core/verdict.h"
#include "supervisor/violation.h"
#include "util/alloc.h"

/* Explained in catalog/zeek-supervisor.catalog. */
#define OF_NODE_ID "5a0752b85c7e402a8259055ffdf5cdc4"
#define OF_HOOK_ID "f162c8c259284f0ea142030ef5a9e131"

#define UNWATCHED_ID "3b0a95158aac4c08ab436440c187f241"

#define OWN_FIELDS 4

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

/* who: "Node \"x\"" */
static char* describe(const char* who, const Violation* violation, const char* profile, const char* call, const char* verdict) {
        _cleanup_free_ char* outcome = describe_outcome(violation, verdict);
        _cleanup_free_ char* times = violation->count > 1 ? xasprintf(" %" PRIu64 " more times", violation->count) : NULL;

        return xasprintf("%s made the system call %s%s, which its profile \"%s\" does not allow: %s", who, call,
                         times ? times : "", profile, outcome);
}

/* own: what the entry says of who it was. */
static void write_entry(JournalWriter* journal, const char* id, const char* who, const JournalField own[OWN_FIELDS],
                        const Violation* violation, const char* profile) {
        _cleanup_free_ char* verdict = verdict_to_string(violation->verdict);
        _cleanup_free_ char* call = describe_call(violation);
        _cleanup_free_ char* message = describe(who, violation, profile, call, verdict);
        _cleanup_free_ char* pid = xasprintf("%u", violation->pid);
        _cleanup_free_ char* count = xasprintf("%" PRIu64, violation->count);
        JournalField fields[OWN_FIELDS + 10] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", id },
                { "PRIORITY", "4" },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_SECCOMP", profile },
                { "ZEEK_SYSCALL", violation->call },
                { "ZEEK_SYSCALL_TEXT", call },
                { "ZEEK_SYSCALL_RESULT", verdict },
                { "ZEEK_SYSCALL_COUNT", count },
                /* the journal adds what this process is, if it is still there */
                { "OBJECT_PID", pid },
        };
        size_t n = ELEMENTSOF(fields) - OWN_FIELDS;

        for (size_t i = 0; i < OWN_FIELDS && own[i].name; i++)
                fields[n++] = own[i];
        journal_writer_event(journal, fields, n);
}

static const char* unit_field(bool user_mode) {
        return user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT";
}

void violation_write(JournalWriter* journal, const Node* node, const Violation* violation, const char* profile,
                     bool user_mode) {
        _cleanup_free_ char* who = xasprintf("Node \"%s\"", node->name);
        _cleanup_free_ char* node_pid = xasprintf("%u", node->pid);
        const JournalField own[OWN_FIELDS] = {
                { "ZEEK_NODE", node->name },
                { "ZEEK_ROLE", role_to_string(node->spec->role) },
                { "ZEEK_NODE_PID", node_pid },
                { unit_field(user_mode), node->scope },
        };

        write_entry(journal, OF_NODE_ID, who, own, violation, profile);
}

void violation_write_unwatched(JournalWriter* journal, const Node* node, const char* profile, bool user_mode) {
        _cleanup_free_ char* message =
                xasprintf("Nobody is told any more what system calls node \"%s\" makes: those that its profile \"%s\" refuses "
                          "or reports fail with ENOSYS until it is started again",
                          node->name, profile);
        _cleanup_free_ char* pid = xasprintf("%u", node->pid);
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", UNWATCHED_ID },
                { "PRIORITY", "4" },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_NODE", node->name },
                { "ZEEK_ROLE", role_to_string(node->spec->role) },
                { "ZEEK_NODE_PID", pid },
                { "ZEEK_SECCOMP", profile },
                { "OBJECT_PID", pid },
                { unit_field(user_mode), node->scope },
        };

        journal_writer_event(journal, fields, ELEMENTSOF(fields));
}

void violation_write_of_hook(JournalWriter* journal, const char* hook, const char* scope, const Violation* violation,
                             const char* profile, bool user_mode) {
        _cleanup_free_ char* who = xasprintf("The program of hook \"%s\"", hook);
        const JournalField own[OWN_FIELDS] = {
                { "ZEEK_HOOK", hook },
                { unit_field(user_mode), scope },
        };

        write_entry(journal, OF_HOOK_ID, who, own, violation, profile);
}
