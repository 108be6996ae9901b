/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <syslog.h>

#include "supervisor/core-dump.h"
#include "supervisor/milestones.h"
#include "util/file.h"
#include "util/strv.h"

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"
#define CORE_PATTERN_MAX 256U

typedef struct Milestone {
        const char* message_id; /* explained in catalog/zeek-supervisor.catalog */
        int priority;
} Milestone;

static const Milestone milestones[_MILESTONE_MAX] = {
        [MILESTONE_STARTED] = { "4d89145b89214912a933a035118c1faa", LOG_INFO },
        [MILESTONE_EXITED] = { "ced6e487fe1c459489d82fb2bf50c70c", LOG_NOTICE },
        [MILESTONE_WAITING] = { "a9a29792bb584af38821bac74a716c10", LOG_NOTICE },
        [MILESTONE_FAILED] = { "465daec9765e41f98d943e3be9015cdb", LOG_ERR },
        [MILESTONE_FINISHED] = { "5417e42d8d0f4e46b57a1610c319818b", LOG_INFO },
        [MILESTONE_STOPPED] = { "d6adfe99e60241a1bc0bdb0f64d51bfe", LOG_INFO },
        [MILESTONE_LAUNCH_FAILED] = { "b1bf182ccaa14e4eadd5c4eac05b59a1", LOG_WARNING },
        [MILESTONE_KILLED] = { "fb7455fa539d4fb39915bf3e53385fb3", LOG_WARNING },
        [MILESTONE_DESTROYED] = { "731118d568a94a02b0eb21570c18aadd", LOG_INFO },
};

/* What the node said on stderr before it ended; NULL if that was nothing. */
static char* last_words(const LastOutput* last) {
        _cleanup_strv_free_ char** lines = last_output_lines_of(last, STREAM_STDERR);
        size_t n = strv_length(lines);

        if (n == 0)
                return NULL;
        return strv_join(n > MILESTONE_LAST_LINES_MAX ? lines + n - MILESTONE_LAST_LINES_MAX : lines, "\n");
}

/* Of what the node ended by last, if it dumped one. */
static CoreDump find_core(const Node* node, NodeMilestone milestone) {
        _cleanup_free_ char* pattern = NULL;

        if ((milestone != MILESTONE_EXITED && milestone != MILESTONE_FAILED) || !node->has_exited ||
            node->exit.code != CLD_DUMPED || file_read_virtual(AT_FDCWD, CORE_PATTERN, CORE_PATTERN_MAX, &pattern) < 0)
                return (CoreDump) {};
        return core_dump_find(pattern, node->pid);
}

static char* describe_failure(const Node* node, const char* end) {
        if (!node->has_exited)
                return xasprintf("Node \"%s\" is given up: it could not be started in %u attempts", node->name,
                                 node->backoff.attempts);
        if (exit_reason_set_contains(&node->policy.prevent_restart, &node->exit))
                return xasprintf("Node \"%s\" is given up: it %s, after which it is not to be started again", node->name, end);
        return xasprintf("Node \"%s\" is given up: it %s, after %u attempts to start it again", node->name, end,
                         node->backoff.attempts);
}

static char* describe(const Node* node, NodeMilestone milestone, const char* text) {
        _cleanup_free_ char* end = exit_reason_describe(&node->exit);
        double seconds;

        switch (milestone) {
        case MILESTONE_STARTED:
                return xasprintf("Node \"%s\" runs as process %u", node->name, node->pid);
        case MILESTONE_EXITED:
                return xasprintf("Node \"%s\" (process %u) %s", node->name, node->pid, end);
        case MILESTONE_WAITING:
                seconds = (double) (node->next_restart - min_u64(node->next_restart, now_usec(CLOCK_REALTIME))) /
                          USEC_PER_SEC;
                return xasprintf("Node \"%s\" is started again in %.1f s", node->name, seconds);
        case MILESTONE_FAILED:
                return describe_failure(node, end);
        case MILESTONE_FINISHED:
                return xasprintf("Node \"%s\" is finished: it %s", node->name, end);
        case MILESTONE_STOPPED:
                return xasprintf("Node \"%s\" was stopped through its scope and stays down until it is restarted",
                                 node->name);
        case MILESTONE_LAUNCH_FAILED:
                return xasprintf("Node \"%s\" could not be started: %s", node->name, text ? text : "unknown");
        case MILESTONE_KILLED:
                return xasprintf("Node \"%s\" did not end in time and is killed", node->name);
        case MILESTONE_DESTROYED:
                return xasprintf("Node \"%s\" was destroyed", node->name);
        case _MILESTONE_MAX:
                break;
        }
        assert(!"milestone");
        return NULL;
}

/* Where its core is, if it left one, and what it said last, if that is known. */
static char* add_traces(const char* what, const CoreDump* core, const char* words) {
        return xasprintf("%s%s%s%s%s", what, core->hint ? "; " : "", core->hint ? core->hint : "",
                         words ? "; it said last:\n" : "", words ? words : "");
}

/* As systemd's own entries about units spell it. */
static const char* exit_code_word(int code) {
        return code == CLD_EXITED ? "exited" : code == CLD_KILLED ? "killed" : code == CLD_DUMPED ? "dumped" : "unknown";
}

void milestone_write(JournalWriter* journal, const Node* node, NodeMilestone milestone, const char* text,
                     const LastOutput* last, bool user_mode) {
        _cleanup_free_ char* words = milestone == MILESTONE_FAILED ? last_words(last) : NULL;
        _cleanup_core_dump_ CoreDump core = find_core(node, milestone);
        _cleanup_free_ char* what = describe(node, milestone, text);
        _cleanup_free_ char* message = add_traces(what, &core, words);
        _cleanup_free_ char* pid = xasprintf("%u", node->pid);
        _cleanup_free_ char* priority = xasprintf("%i", milestones[milestone].priority);
        _cleanup_free_ char* status = xasprintf("%i", node->exit.status);
        const char* state = node->phase == PHASE_VOID ? "destroyed" : node_state_to_string(node_state(node));
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", milestones[milestone].message_id },
                { "PRIORITY", priority },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_NODE", node->name },
                { "ZEEK_ROLE", role_to_string(node->spec->role) },
                { "ZEEK_STATE", state },
                { "ZEEK_NODE_PID", pid },
                { user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT", node->scope },
                { "ZEEK_LAST_OUTPUT", words },
                { "COREDUMP_PID", core.in_journal ? pid : NULL }, /* as the entry about the core has it */
                { "ZEEK_OUT_OF_MEMORY", node->exit.out_of_memory ? "yes" : NULL },
                /* the last two only where a process has ended */
                { "EXIT_CODE", exit_code_word(node->exit.code) },
                { "EXIT_STATUS", status },
        };

        journal_writer_event(journal, fields, ELEMENTSOF(fields) - (node->has_exited ? 0 : 2));
}
