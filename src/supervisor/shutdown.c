/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "supervisor/request.h"
#include "supervisor/shutdown.h"
#include "util/log.h"

#define OWN_UNIT "zeek-supervisor.service"
#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"

/* A bus that is being restarted comes back, and so does the stem. Neither is waited for longer than this. */
#define PATIENCE_USEC (5 * USEC_PER_SEC)
#define ASK_AGAIN_USEC (100 * USEC_PER_MSEC)
#define LOOK_AGAIN_USEC (1 * USEC_PER_SEC)

struct Shutdown {
        Supervisor* s; /* weak */
        sd_bus_slot* question;
        sd_event_source* timer; /* to ask again; while the nodes are stopped, to look after the stem */
        usec_t give_up;         /* CLOCK_MONOTONIC */
};

static void ask(Shutdown* shutdown);

static void set_timer(Shutdown* shutdown, usec_t delay) {
        (void) sd_event_source_set_time_relative(shutdown->timer, delay);
        (void) sd_event_source_set_enabled(shutdown->timer, SD_EVENT_ONESHOT);
}

static bool is_out_of_patience(const Shutdown* shutdown) {
        return now_usec(CLOCK_MONOTONIC) >= shutdown->give_up;
}

static void renew_patience(Shutdown* shutdown) {
        shutdown->give_up = now_usec(CLOCK_MONOTONIC) + PATIENCE_USEC;
}

void shutdown_check(Supervisor* s) {
        /* Programs of hooks last: what the nodes had to say was still for them to judge. */
        if (s->stopping && s->adopted && s->registry.n == 0 && helper_host_stop(s->helper_host) && slices_stop(s->slices))
                (void) sd_event_exit(s->event, 0);
}

void shutdown_go_on(Supervisor* s) {
        if (!s->stopping || !s->adopted)
                return;
        request_all(s, NULL, JOB_DESTROY);
        shutdown_check(s);
}

static void stop_nodes(Shutdown* shutdown) {
        Supervisor* s = shutdown->s;

        s->stopping = true;
        log_info("Stopping all nodes");
        (void) notifier_send(s->notifier, "STOPPING=1\nSTATUS=Stopping all nodes", NULL, 0, NULL, NULL);
        renew_patience(shutdown);
        set_timer(shutdown, LOOK_AGAIN_USEC);
        shutdown_go_on(s);
}

static void leave_nodes(Shutdown* shutdown) {
        log_info("Ending, nodes run on");
        (void) sd_event_exit(shutdown->s->event, 0);
}

/* The service manager starts no stem while the machine goes down. */
static void look_after_stem(Shutdown* shutdown) {
        Supervisor* s = shutdown->s;

        if (stem_client_pid(s->stem) != 0)
                renew_patience(shutdown);
        else if (is_out_of_patience(shutdown)) {
                log_error("Leaving %zu nodes to the service manager: zeek-stem, which could stop them, does not come back",
                          registry_count(&s->registry));
                (void) sd_event_exit(s->event, 0);
                return;
        }
        set_timer(shutdown, LOOK_AGAIN_USEC);
}

/* ---- what is meant? ---- */

static void ask_again(Shutdown* shutdown, int error) {
        shutdown->question = sd_bus_slot_unref(shutdown->question);
        if (!is_out_of_patience(shutdown)) {
                set_timer(shutdown, ASK_AGAIN_USEC);
                return;
        }
        (void) log_warning_errno(error, "Failed to learn whether the nodes are to be stopped too: %m");
        leave_nodes(shutdown);
}

static int on_job_type(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Shutdown* shutdown = userdata;
        const char* type;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "s", &type) < 0)
                ask_again(shutdown, -sd_bus_message_get_errno(reply));
        else if (strcmp(type, "stop") == 0)
                stop_nodes(shutdown);
        else
                leave_nodes(shutdown);
        return 0;
}

static int on_job(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Shutdown* shutdown = userdata;
        const char* path;
        uint32_t id;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_enter_container(reply, 'v', "(uo)") < 0 ||
            sd_bus_message_read(reply, "(uo)", &id, &path) < 0) {
                ask_again(shutdown, -sd_bus_message_get_errno(reply));
                return 0;
        }
        if (id == 0) {
                leave_nodes(shutdown);
                return 0;
        }

        shutdown->question = sd_bus_slot_unref(shutdown->question);
        r = sd_bus_call_method_async(shutdown->s->bus, &shutdown->question, SYSTEMD_NAME, path,
                                     "org.freedesktop.DBus.Properties", "Get", on_job_type, shutdown, "ss",
                                     SYSTEMD_NAME ".Job", "JobType");
        if (r < 0)
                ask_again(shutdown, r);
        return 0;
}

static void ask(Shutdown* shutdown) {
        _cleanup_free_ char* path = NULL;
        int r;

        r = sd_bus_path_encode(UNIT_PATH_PREFIX, OWN_UNIT, &path);
        if (r >= 0)
                r = sd_bus_call_method_async(shutdown->s->bus, &shutdown->question, SYSTEMD_NAME, path,
                                             "org.freedesktop.DBus.Properties", "Get", on_job, shutdown, "ss",
                                             SYSTEMD_NAME ".Unit", "Job");
        if (r < 0)
                ask_again(shutdown, r);
}

static int on_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        Shutdown* shutdown = userdata;

        if (shutdown->s->stopping)
                look_after_stem(shutdown);
        else
                ask(shutdown);
        return 0;
}

/* ---- signals ---- */

static int on_signal(sd_event_source* source, const struct signalfd_siginfo* si, void* userdata) {
        Supervisor* s = userdata;
        Shutdown* shutdown;
        int r;

        if (s->shutdown)
                return 0;

        s->shutdown = shutdown = xnew0(Shutdown);
        shutdown->s = s;
        renew_patience(shutdown);
        r = sd_event_add_time_relative(s->event, &shutdown->timer, CLOCK_MONOTONIC, 0, 0, on_timer, shutdown);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to ask whether the nodes are to be stopped too: %m");
                leave_nodes(shutdown);
        }
        return 0;
}

int shutdown_watch_signals(Supervisor* s) {
        static const int signals[] = { SIGTERM, SIGINT };
        sigset_t mask;
        int r;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return log_error_errno(-errno, "Failed to block signals: %m");

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                r = sd_event_add_signal(s->event, NULL, signals[i], on_signal, s);
                if (r < 0)
                        return log_error_errno(r, "Failed to watch signals: %m");
        }
        return 0;
}

Shutdown* shutdown_free(Shutdown* shutdown) {
        if (!shutdown)
                return NULL;

        sd_bus_slot_unref(shutdown->question);
        (void) sd_event_source_disable_unref(shutdown->timer);
        free(shutdown);
        return NULL;
}
