/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "supervisor/hooks-face.h"
#include "supervisor/incarnation.h"
#include "supervisor/instance.h"
#include "supervisor/manager-face.h"
#include "supervisor/metrics-face.h"
#include "supervisor/node-face.h"
#include "supervisor/reload.h"
#include "supervisor/request.h"
#include "supervisor/shutdown.h"
#include "supervisor/stop-requests.h"
#include "util/file.h"
#include "util/log.h"
#include "util/strv.h"
#include "wire/names.h"

/* ---- nodes: events in, effects out ---- */

static void carry_out(Supervisor* s, Node* node, const Effect* effect) {
        Instance* instance = node_instance(node);

        switch (effect->type) {
        case EFFECT_ADDED:
                instance_keep_lines(instance, true);
                state_files_write_config(s->state, node->spec);
                notices_node_added(s->notices, node);
                break;
        case EFFECT_LAUNCH:
                break; /* carry_out_all() */
        case EFFECT_TERMINATE:
                incarnation_terminate(instance);
                break;
        case EFFECT_KILL_SCOPE:
                incarnation_kill_scope(instance, effect->number);
                break;
        case EFFECT_ANNOUNCE:
                notices_announce(s->notices, node);
                break;
        case EFFECT_MILESTONE:
                if (effect->number == MILESTONE_EXITED)
                        instance->exits[exit_reason_kind(&node->exit)]++;
                milestone_write(s->journal, node, effect->number, effect->text, &instance->output_state.last,
                                s->places.user_mode);
                break;
        case EFFECT_JOB_DONE:
                request_job_done(effect->job->userdata, effect->number, node->name, effect->text);
                job_free(effect->job);
                break;
        case EFFECT_FORGET:
                notices_node_removed(s->notices, node);
                instance_forget(instance);
                break;
        case _EFFECT_TYPE_MAX:
                assert(!"effect type");
        }
}

static void carry_out_all(Supervisor* s, Node* node, const Effects* effects) {
        /* It looks at what will be started, in a thread, while we write files, and starts nothing before. */
        for (size_t i = 0; i < effects->n; i++)
                if (effects->items[i].type == EFFECT_LAUNCH)
                        start_queue_add(s->starts, node_instance(node));
        /* Remembered before it is done: a daemon that dies in between leaves something to finish, not something that
         * nobody knows of. */
        if (node->phase != PHASE_VOID)
                instance_remember(node_instance(node));

        for (size_t i = 0; i < effects->n; i++)
                carry_out(s, node, &effects->items[i]);

        if (node->phase != PHASE_VOID)
                notices_mark(s->notices, node, NOTICE_LIFE);
}

void supervisor_advance(Supervisor* s, Node* node) {
        for (;;) {
                _cleanup_effects_ Effects effects = {};

                if (!node_advance(node, now_instant(), &effects))
                        break;
                carry_out_all(s, node, &effects);
        }

        if (node->phase == PHASE_RUNNING)
                reload_node_runs(s, node);
        start_queue_kick(s->starts);
        instance_arm_timer(node_instance(node));
        if (node_is_unused(node)) {
                instance_free(node_instance(node));
                registry_release(&s->registry, node);
                shutdown_check(s);
        }
}

void supervisor_dispatch(Supervisor* s, Node* node, const NodeEvent* event) {
        _cleanup_effects_ Effects effects = {};

        node_dispatch(node, event, now_instant(), &effects);
        carry_out_all(s, node, &effects);
        supervisor_advance(s, node);
}

void supervisor_submit(Supervisor* s, const char* name, Job* job) {
        Node* node = registry_obtain(&s->registry, name);

        if (!node_instance(node))
                (void) instance_new(s, node);
        node_submit(node, job);
        supervisor_advance(s, node);
}

/* ---- the stem ---- */

static void on_exited(const char* name, uint32_t pid, ExitReason reason, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (helper_host_owns(name))
                helper_host_exited(s->helper_host, name, pid, reason);
        else if (!adoption_note_exited(s->adoption, name, pid, reason) && node)
                incarnation_exited(node_instance(node), pid, reason);
}

static void on_emptied(const char* name, uint32_t pid, bool out_of_memory, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (helper_host_owns(name))
                helper_host_emptied(s->helper_host, name, pid);
        else if (!adoption_note_emptied(s->adoption, name, pid, out_of_memory) && node)
                incarnation_emptied(node_instance(node), pid, out_of_memory);
}

/* Where the service manager knows a controller of the scope it asks that too (stop-requests.h); once is enough. */
static void on_stop_requested(const char* name, uint32_t pid, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (node && node->pid == pid)
                supervisor_dispatch(s, node, &(NodeEvent) { .type = NODE_EVENT_STOP_REQUEST });
}

static void on_violated(const char* name, uint32_t pid, const Violation* violation, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (helper_host_owns(name))
                helper_host_violated(s->helper_host, name, pid, violation);
        else if (node && node->pid == pid)
                violation_write(s->journal, node, violation, configuration_seccomp(s->configuration, node->spec),
                                s->places.user_mode);
}

static void on_stem_connected(uint32_t stem_pid, void* userdata) {
        Supervisor* s = userdata;
        int r;

        (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "StemPID", NULL);
        if (s->remembers)
                adoption_start(s->adoption);
        differ_resume(s->differ);
        if (configuration_loader_resume(s->loader) || s->configuration)
                return;

        r = configuration_loader_start(s->loader);
        if (r < 0)
                (void) sd_event_exit(s->event, log_error_errno(r, "Failed to read the configuration: %m"));
}

static const StemHandlers stem_handlers = {
        .exited = on_exited,
        .emptied = on_emptied,
        .stop_requested = on_stop_requested,
        .violated = on_violated,
        .connected = on_stem_connected,
};

/* ---- the bus ---- */

/* Without a bus we are late rather than not there. */
static void tell_ready(Supervisor* s, const char* status) {
        _cleanup_free_ char* text = xasprintf("%sSTATUS=%s", s->ready ? "" : "READY=1\n", status);

        s->ready = true;
        (void) notifier_send(s->notifier, text, NULL, 0, NULL, NULL);
}

void supervisor_tell_status(Supervisor* s) {
        const char* problem = s->refused;
        size_t first = problem ? strcspn(problem, "\n") : 0;
        _cleanup_free_ char* status = NULL;

        if (!bus_link_is_up(s->link))
                status = xstrdup("Waiting for the bus");
        else if (problem)
                status = xasprintf("Ready, but not as the files say: %.*s%s", (int) first, problem,
                                   problem[first] ? " (and more, see the journal)" : "");
        else
                status = xstrdup("Ready");
        tell_ready(s, status);
}

static int on_bus(sd_bus* bus, void* userdata) {
        Supervisor* s = userdata;
        sd_bus* before = s->bus;
        int r;

        s->bus = bus;
        r = manager_face_register(s);
        if (r >= 0)
                r = hooks_face_register(s);
        if (r >= 0)
                r = node_face_register(s);
        if (r >= 0)
                r = metrics_face_register(s);
        if (r >= 0)
                r = stop_requests_watch(s);
        if (r < 0) {
                s->bus = before;
                return log_error_errno(r, "Failed to set up the objects on the bus: %m");
        }

        authorizer_set_bus(s->authorizer, bus);
        notices_set_bus(s->notices, bus);
        return 0;
}

static void on_bus_lost(void* userdata) {
        Supervisor* s = userdata;

        requests_forget_callers(s);
        if (s->adopted)
                tell_ready(s, "Waiting for the bus");
}

static void on_named(void* userdata) {
        supervisor_tell_status(userdata);
}

static const BusLinkHandlers bus_handlers = {
        .set_up = on_bus,
        .lost = on_bus_lost,
        .named = on_named,
};

/* Last of all: nobody can call a daemon that is not whole. */
static void on_first_adoption(Supervisor* s) {
        s->adopted = true;
        reload_apply_first(s);
        bus_link_take_name(s->link, SUPERVISOR_BUS_NAME);
        if (!bus_link_is_up(s->link))
                tell_ready(s, "Waiting for the bus");
        shutdown_go_on(s);
}

/* ---- life of the daemon ---- */

static int make_directories(const Supervisor* s) {
        _cleanup_free_ char* nodes = xasprintf("%s/nodes", s->places.state_directory);
        int r;

        r = directory_make(s->places.runtime_directory, 0755);
        if (r < 0)
                return log_error_errno(r, "Failed to make the directory %s: %m", s->places.runtime_directory);
        if (!s->places.user_mode)
                /* made by tmpfiles.d: it belongs to the user that nodes run as */
                return 0;
        r = directory_make(nodes, 0700);
        if (r < 0)
                return log_error_errno(r, "Failed to make the directory %s: %m", nodes);
        return 0;
}

static void on_hooks_changed(void* userdata) {
        Supervisor* s = userdata;

        (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "NHooks", NULL);
}

static int open_journal(Supervisor* s) {
        _cleanup_free_ char* events = xasprintf("%s/events", s->places.runtime_directory);
        int r;

        r = journal_writer_new(s->event, JOURNAL_SOCKET_PATH, &s->journal);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the way to the journal: %m");
        r = journal_writer_keep_events(s->journal, events);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to open %s; what waits for the journal is lost if the daemon is killed: %m",
                                         events);
        return 0;
}

static usec_t now_monotonic(void) {
        return now_usec(CLOCK_MONOTONIC);
}

static int after_turn(sd_event_source* source, void* userdata) {
        Supervisor* s = userdata;

        call_meter_turn_ended(s->calls);
        return 0;
}

static int start_parts(Supervisor* s) {
        int r;

        s->calls = call_meter_new(now_monotonic);
        r = sd_event_add_post(s->event, &s->after_turn, after_turn, s);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the event loop: %m");
        r = open_journal(s);
        if (r < 0)
                return r;
        r = helper_host_new(s, &s->helper_host);
        if (r >= 0)
                r = archiver_new(s, &s->archiver);
        if (r >= 0)
                r = output_hub_new(s->event, s->journal, &s->output);
        if (r >= 0)
                r = status_watches_new(s->event, &s->statuses);
        if (r >= 0)
                r = hooks_new(&(HooksPlace) {
                                      .event = s->event,
                                      .places = &s->places,
                                      .output = s->output,
                                      .programs = s->helper_host,
                                      .changed = on_hooks_changed,
                                      .userdata = s,
                              },
                              &s->hooks);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the way of the output: %m");
        r = bus_link_new(s->event, s->places.user_mode, &bus_handlers, s, &s->link);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the way to the bus: %m");
        s->bus = bus_link_bus(s->link);
        s->answers = status_answers_new(s);
        s->state = state_files_new(s->places.runtime_directory);
        s->adoption = adoption_new(s, on_first_adoption);
        s->limits = scope_limits_new(s);
        s->slices = slices_new(s);
        r = static_cluster_new(s, &s->static_cluster);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the event loop: %m");
        s->authorizer = authorizer_new(s->bus, s->places.user_mode, s->calls);
        r = notices_new(s->event, s->bus, &s->notices);
        if (r >= 0)
                r = start_queue_new(s, &s->starts);
        if (r >= 0)
                r = stem_client_new(s->event, s->places.stem_socket, &stem_handlers, s, &s->stem);
        if (r >= 0)
                r = configuration_loader_new(s->event, s->stem, s->places.user_mode, reload_on_configuration, s, &s->loader);
        if (r >= 0)
                r = differ_new(s, &s->differ);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the event loop: %m");
        return shutdown_watch_signals(s);
}

int supervisor_new(const Places* places, Supervisor** ret) {
        _cleanup_(supervisor_freep) Supervisor* s = xnew0(Supervisor);
        int r;

        s->places = *places;
        TAILQ_INIT(&s->requests);
        TAILQ_INIT(&s->reload_waiters);
        TAILQ_INIT(&s->hook_tests);

        r = sd_event_new(&s->event);
        if (r >= 0)
                r = notifier_new(s->event, &s->notifier);
        if (r >= 0)
                r = watchdog_new(s->event, s->notifier, &s->watchdog);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = make_directories(s);
        if (r < 0)
                return r;
        r = start_parts(s);
        if (r < 0)
                return r;

        *ret = take_ptr(s);
        return 0;
}

Supervisor* supervisor_free(Supervisor* s) {
        Request* request;

        if (!s)
                return NULL;

        while ((request = TAILQ_FIRST(&s->requests)))
                request_free(request);
        reload_done(s);
        hooks_face_done(s);
        for (size_t i = 0; i < s->registry.n; i++) {
                Instance* instance = node_instance(s->registry.nodes[i]);

                instance->notices = 0;
                instance_free(instance);
        }
        registry_done(&s->registry);
        adoption_free(s->adoption);
        start_queue_free(s->starts);
        scope_limits_free(s->limits);
        slices_free(s->slices);
        state_files_free(s->state);
        differ_free(s->differ);
        static_cluster_free(s->static_cluster);
        configuration_loader_free(s->loader);
        free(s->refused);
        layout_memo_done(&s->layout_memo);
        configuration_free(s->configuration);
        hooks_free(s->hooks);
        helper_host_free(s->helper_host);
        archiver_free(s->archiver);
        stem_client_free(s->stem);
        notices_free(s->notices);
        authorizer_free(s->authorizer);
        sd_event_source_disable_unref(s->after_turn);
        call_meter_free(s->calls);
        status_answers_free(s->answers);
        status_watches_free(s->statuses);
        output_hub_free(s->output);
        journal_writer_free(s->journal);
        shutdown_free(s->shutdown);
        bus_link_free(s->link);
        watchdog_free(s->watchdog);
        notifier_free(s->notifier);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

int supervisor_run(Supervisor* s) {
        int r = sd_event_loop(s->event);

        (void) notifier_try(s->notifier, "STOPPING=1\nSTATUS=Ending");
        bus_link_flush(s->link);
        return r;
}
