/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "supervisor/request.h"
#include "supervisor/shutdown.h"
#include "util/log.h"

#define OWN_UNIT "zeek-supervisor.service"
#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"

void shutdown_check(Supervisor* s) {
        /* Programs of hooks last: what the nodes had to say was still for them to judge. */
        if (s->stopping && s->registry.n == 0 && hook_host_stop(s->hook_host))
                (void) sd_event_exit(s->event, 0);
}

static void stop_nodes(Supervisor* s) {
        s->stopping = true;
        log_info("Stopping all nodes");
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Stopping all nodes");
        request_all(s, NULL, JOB_DESTROY);
        shutdown_check(s);
}

static void leave_nodes(Supervisor* s) {
        log_info("Ending, nodes run on");
        (void) sd_event_exit(s->event, 0);
}

static int on_job_type(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        const char* type = NULL;

        /* When nobody can tell, leaving the nodes alone can be made good, stopping them cannot. */
        if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "s", &type) >= 0 &&
            strcmp(type, "stop") == 0)
                stop_nodes(userdata);
        else
                leave_nodes(userdata);
        return 0;
}

static int on_job(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Supervisor* s = userdata;
        const char* path;
        uint32_t id;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_enter_container(reply, 'v', "(uo)") < 0 ||
            sd_bus_message_read(reply, "(uo)", &id, &path) < 0 || id == 0) {
                leave_nodes(s);
                return 0;
        }

        r = sd_bus_call_method_async(s->bus, NULL, SYSTEMD_NAME, path, "org.freedesktop.DBus.Properties", "Get", on_job_type,
                                     s, "ss", SYSTEMD_NAME ".Job", "JobType");
        if (r < 0)
                leave_nodes(s);
        return 0;
}

static int on_signal(sd_event_source* source, const struct signalfd_siginfo* si, void* userdata) {
        _cleanup_free_ char* path = NULL;
        Supervisor* s = userdata;
        int r;

        if (s->stopping)
                return 0;

        r = sd_bus_path_encode(UNIT_PATH_PREFIX, OWN_UNIT, &path);
        if (r >= 0)
                r = sd_bus_call_method_async(s->bus, NULL, SYSTEMD_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                                             on_job, s, "ss", SYSTEMD_NAME ".Unit", "Job");
        if (r < 0)
                leave_nodes(s);
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
