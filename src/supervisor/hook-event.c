/* SPDX-License-Identifier: BSD-3-Clause */
#include <syslog.h>

#include "supervisor/hook-event.h"
#include "supervisor/hook-order.h"

/* Explained in catalog/zeek-supervisor.catalog. */
#define STARTED_ID "04b279e03ec54ace92276ba5e490dedd"
#define FAILED_ID "2f2f1013f71c4d70a5bcefcb64fc7e9a"

static void write_event(const HelperHostPlace* place, const Hook* hook, const char* id, int priority, const char* message) {
        _cleanup_free_ char* scope = hook_scope_name(hook->name);
        _cleanup_free_ char* priority_text = xasprintf("%i", priority);
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", id },
                { "PRIORITY", priority_text },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_HOOK", hook->name },
                { "ZEEK_HOOK_PROGRAM", hook->exec[0] },
                { "ZEEK_HOOK_SOURCE", hook->source },
                { place->user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT", scope },
        };

        journal_writer_event(place->journal, fields, ELEMENTSOF(fields));
}

void hook_event_started(const HelperHostPlace* place, const Hook* hook) {
        _cleanup_free_ char* message = xasprintf("The program of hook \"%s\", %s, runs", hook->name, hook->exec[0]);

        write_event(place, hook, STARTED_ID, LOG_INFO, message);
}

void hook_event_failed(const HelperHostPlace* place, const Hook* hook, const char* why, unsigned n_lines, usec_t delay) {
        _cleanup_free_ char* message =
                xasprintf("The program of hook \"%s\", %s, %s; %u lines that it was asked about pass, as all do until it is "
                          "started again in %.3g s",
                          hook->name, hook->exec[0], why, n_lines, (double) delay / (double) USEC_PER_SEC);

        write_event(place, hook, FAILED_ID, LOG_WARNING, message);
}
