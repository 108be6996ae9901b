/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <syslog.h>

#include "core/backoff.h"
#include "supervisor/archiver.h"
#include "supervisor/helper-lines.h"
#include "supervisor/order-entry.h"
#include "supervisor/supervisor.h"
#include "util/fd.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/strv.h"

#define NAME "helper:archiver"
#define IDENTIFIER "zeek-archiver"
#define SUPERVISOR_UNIT "zeek-supervisor.service"
#define SCOPE_STOP_USEC (10 * USEC_PER_SEC)

/* Explained in catalog/zeek-supervisor.catalog. */
#define STARTED_ID "76037bbbd93f4a5da114baf09c884443"
#define ENDED_ID "713d2b24510246adb17f2d0b1330eadb"

static const BackoffPolicy policy = {
        .delay = USEC_PER_SEC, .delay_max = USEC_PER_MINUTE, .reset_after = 30 * USEC_PER_SEC
};

struct Archiver {
        Supervisor* s; /* weak */
        HelperProcess* process; /* NULL: there is none, or it is not ours any more */
        HelperLines* lines;     /* what it prints on its standard output */
        uint64_t order_hash;    /* of how it was started */
        Backoff backoff;
        bool runs;
        usec_t started;
        sd_event_source* timer;
};

bool archiver_scope_name_is_one(const char* scope) {
        return strcmp(scope, ARCHIVER_SCOPE) == 0;
}

/* ---- the order ---- */

static char** make_arguments(const Supervisor* s) {
        const Configuration* c = s->configuration;
        const ArchiverSettings* settings = &c->settings->archiver;
        char** arguments = NULL;

        strv_extend(&arguments, c->archiver);
        strv_extend_strv(&arguments, settings->arguments);
        strv_extend(&arguments, places_log_queue(&s->places, settings));
        strv_extend(&arguments, places_log_directory(&s->places, settings));
        return arguments;
}

static char** make_environment(const Configuration* c, const Account* account) {
        char** environment = NULL;

        strv_extendf(&environment, "PATH=%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", c->binary_directory);
        strv_extend(&environment, "LANG=C.UTF-8");
        strv_extendf(&environment, "HOME=%s", account->home);
        strv_extendf(&environment, "USER=%s", account->name);
        strv_extendf(&environment, "LOGNAME=%s", account->name);
        return environment;
}

static int append_order(const void* subject, sd_bus_message* m, const Supervisor* s, const SeccompProfile* seccomp,
                        int input) {
        const Account* account = &s->configuration->accounts[ROLE_LOGGER];
        _cleanup_strv_free_ char** arguments = make_arguments(s);
        _cleanup_strv_free_ char** environment = make_environment(s->configuration, account);
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0) /* its directory is the queue, so that it is there */
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "Name", "s", NAME, "Scope", "s", ARCHIVER_SCOPE, "UMask", "u",
                                          s->configuration->settings->roles[ROLE_LOGGER].umask, "WorkingDirectory", "s",
                                          places_log_queue(&s->places, &s->configuration->settings->archiver));
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "ScopeProperties", "a(sv)", 4, "Description", "s", "Zeek Log Archiver",
                                          "Slice", "s", "zeek.slice", "Before", "as", 1, SUPERVISOR_UNIT, "TimeoutStopUSec",
                                          "t", SCOPE_STOP_USEC);
        if (r >= 0)
                r = order_append_strv(m, "Arguments", arguments);
        if (r >= 0)
                r = order_append_strv(m, "Environment", environment);
        if (r >= 0 && !s->places.user_mode)
                r = sd_bus_message_append(m, "{sv}{sv}", "UID", "u", (uint32_t) account->uid, "GID", "u",
                                          (uint32_t) account->gid);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static const char* find_problem(const void* subject, const Configuration* c) {
        return c->accounts[ROLE_LOGGER].problem;
}

static void release(void* subject) {
}

static const HelperType type = {
        .stop_usec = ARCHIVER_STOP_USEC,
        .problem = find_problem,
        .append_order = append_order,
        .release = release,
};

static uint64_t hash_order(const Supervisor* s) {
        const Account* account = &s->configuration->accounts[ROLE_LOGGER];
        _cleanup_strv_free_ char** arguments = make_arguments(s);
        const uint32_t ids[] = { account->uid, account->gid };

        return hash_bytes(hash_strv(HASH_BASIS, arguments), ids, sizeof ids);
}

/* ---- its story ---- */

static void write_event(const Archiver* a, const char* id, int priority, const char* message) {
        _cleanup_free_ char* priority_text = xasprintf("%i", priority);
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", id },
                { "PRIORITY", priority_text },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { a->s->places.user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT", ARCHIVER_SCOPE },
        };

        journal_writer_event(a->s->journal, fields, ELEMENTSOF(fields));
}

static void start(Archiver* a);

static int on_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        Archiver* a = userdata;

        backoff_attempt(&a->backoff, &policy, now_usec(CLOCK_MONOTONIC));
        start(a);
        return 0;
}

static void forget(Archiver* a) {
        a->lines = helper_lines_free(a->lines);
        a->process = NULL;
        a->runs = false;
}

static void start_later(Archiver* a, const char* why) {
        usec_t now = now_usec(CLOCK_MONOTONIC), when = now;

        (void) backoff_next(&a->backoff, &policy, a->runs ? now - a->started : 0, &when);
        forget(a);
        when = max_u64(when, now);
        (void) sd_event_source_set_time(a->timer, when);
        (void) sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);

        _cleanup_free_ char* message = xasprintf("zeek-archiver %s; it is started again in %.3g s", why,
                                                 (double) (when - now) / (double) USEC_PER_SEC);
        write_event(a, ENDED_ID, LOG_WARNING, message);
}

static void on_started(void* userdata, int input, int output) {
        Archiver* a = userdata;
        const HelperLinesOrigin origin = { .identifier = IDENTIFIER,
                                           .scope = ARCHIVER_SCOPE,
                                           .priority = LOG_INFO,
                                           .user_mode = a->s->places.user_mode };
        _cleanup_free_ char* message = xasprintf("zeek-archiver runs, from %s to %s",
                                                 places_log_queue(&a->s->places, &a->s->configuration->settings->archiver),
                                                 places_log_directory(&a->s->places, &a->s->configuration->settings->archiver));
        int r = helper_lines_new(a->s->event, a->s->journal, &origin, output, &a->lines);

        if (r < 0)
                (void) log_error_errno(r, "Failed to read what zeek-archiver prints: %m");
        (void) fd_close(input);
        a->runs = true;
        a->started = now_usec(CLOCK_MONOTONIC);
        write_event(a, STARTED_ID, LOG_INFO, message);
}

static void on_ended(void* userdata, const char* how) {
        Archiver* a = userdata;

        (void) helper_process_end(a->process, true); /* with what it has left behind */
        start_later(a, how);
}

static void on_failed(void* userdata, const char* why) {
        _cleanup_free_ char* text = xasprintf("could not be started: %s", why);

        start_later(userdata, text);
}

static void on_stopped(void* userdata) {
        forget(userdata);
}

static void start(Archiver* a) {
        static const HelperProcessHandlers handlers = {
                .started = on_started,
                .ended = on_ended,
                .failed = on_failed,
                .stopped = on_stopped,
        };
        Helper helper = { .type = &type,
                          .name = xstrdup(NAME),
                          .scope = xstrdup(ARCHIVER_SCOPE),
                          .identifier = xstrdup(IDENTIFIER) };

        a->order_hash = hash_order(a->s);
        if (helper_process_start(a->s->helper_host, &helper, &handlers, a, &a->process) < 0)
                a->process = NULL; /* the daemon ends */
}

static void stop(Archiver* a) {
        (void) sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
        (void) helper_process_end(a->process, false);
        forget(a);
}

void archiver_adapt(Archiver* a) {
        const Configuration* c = a->s->configuration;
        bool wanted = c->archiver && c->settings->archiver.archive;

        if (wanted && a->process && a->order_hash == hash_order(a->s))
                return;
        stop(a);
        if (!wanted)
                return;
        backoff_reset(&a->backoff, now_usec(CLOCK_MONOTONIC));
        start(a);
}

int archiver_new(Supervisor* s, Archiver** ret) {
        Archiver* a = xnew0(Archiver);
        int r;

        a->s = s;
        r = sd_event_add_time(s->event, &a->timer, CLOCK_MONOTONIC, 0, 0, on_timer, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
        if (r < 0) {
                archiver_free(a);
                return r;
        }
        (void) sd_event_source_set_description(a->timer, "archiver");
        *ret = a;
        return 0;
}

Archiver* archiver_free(Archiver* a) {
        if (!a)
                return NULL;
        a->lines = helper_lines_free(a->lines);
        sd_event_source_disable_unref(a->timer);
        free(a);
        return NULL;
}
