/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "supervisor/bus-names.h"
#include "supervisor/hooks-face.h"
#include "supervisor/incarnation.h"
#include "supervisor/instance.h"
#include "supervisor/manager-face.h"
#include "supervisor/node-face.h"
#include "supervisor/reload.h"
#include "supervisor/request.h"
#include "supervisor/shutdown.h"
#include "supervisor/stop-requests.h"
#include "util/file.h"
#include "util/log.h"
#include "util/strv.h"

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
                start_queue_add(s->starts, instance);
                break;
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

        if (hook_host_owns(name))
                hook_host_exited(s->hook_host, name, pid, reason);
        else if (!adoption_note_exited(s->adoption, name, pid, reason) && node)
                incarnation_exited(node_instance(node), pid, reason);
}

static void on_emptied(const char* name, uint32_t pid, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (hook_host_owns(name))
                hook_host_emptied(s->hook_host, name, pid);
        else if (!adoption_note_emptied(s->adoption, name, pid) && node)
                incarnation_emptied(node_instance(node), pid);
}

/* Where the service manager knows a controller of the scope it asks that too (stop-requests.h); once is enough. */
static void on_stop_requested(const char* name, uint32_t pid, void* userdata) {
        Supervisor* s = userdata;
        Node* node = registry_find(&s->registry, name);

        if (node && node->pid == pid)
                supervisor_dispatch(s, node, &(NodeEvent) { .type = NODE_EVENT_STOP_REQUEST });
}

static void on_stem_connected(uint32_t stem_pid, void* userdata) {
        Supervisor* s = userdata;
        int r;

        (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "StemPID", NULL);
        if (s->remembers)
                adoption_start(s->adoption);
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
        .connected = on_stem_connected,
};

/* ---- the name on the bus ---- */

static int on_name(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Supervisor* s = userdata;
        uint32_t result;

        if (sd_bus_message_is_method_error(reply, NULL))
                return sd_event_exit(s->event, log_error_errno(-sd_bus_message_get_errno(reply),
                                                               "Failed to take the name " SUPERVISOR_BUS_NAME " on the bus: %s",
                                                               sd_bus_message_get_error(reply)->message));
        if (sd_bus_message_read(reply, "u", &result) >= 0 && result != 1)
                return sd_event_exit(s->event, log_error_errno(-EEXIST, "Failed to take the name " SUPERVISOR_BUS_NAME
                                                                        " on the bus: another supervisor has it"));

        (void) sd_notify(false, "READY=1\nSTATUS=Ready");
        return 0;
}

/* Last of all: nobody can call a daemon that is not whole. */
static void on_first_adoption(Supervisor* s) {
        int r = sd_bus_request_name_async(s->bus, NULL, SUPERVISOR_BUS_NAME, 0, on_name, s);

        if (r < 0)
                (void) sd_event_exit(s->event, log_error_errno(r, "Failed to ask for a name on the bus: %m"));
}

const char* const* supervisor_features(const Supervisor* s) {
        static const char* const system_features[] = { "polkit", NULL };
        static const char* const user_features[] = { "user-mode", NULL };

        return s->places.user_mode ? user_features : system_features;
}

/* ---- life of the daemon ---- */

static int on_bus_lost(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        Supervisor* s = userdata;

        return sd_event_exit(s->event, log_error_errno(-ECONNRESET, "The connection to the bus is lost, starting again"));
}

static int open_bus(Supervisor* s) {
        int r;

        if (s->places.user_mode)
                r = sd_bus_open_user_with_description(&s->bus, "supervisor");
        else
                r = sd_bus_open_system_with_description(&s->bus, "supervisor");
        if (r < 0)
                return log_error_errno(r, "Failed to connect to the bus: %m");

        r = sd_bus_attach_event(s->bus, s->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal(s->bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                        "Disconnected", on_bus_lost, s);
        if (r >= 0)
                r = manager_face_register(s);
        if (r >= 0)
                r = hooks_face_register(s);
        if (r >= 0)
                r = node_face_register(s);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the objects on the bus: %m");
        return 0;
}

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

static int start_parts(Supervisor* s) {
        int r;

        r = open_journal(s);
        if (r < 0)
                return r;
        r = hook_host_new(s, &s->hook_host);
        if (r >= 0)
                r = output_hub_new(s->event, s->journal, &s->output);
        if (r >= 0)
                r = hooks_new(&(HooksPlace) {
                                      .event = s->event,
                                      .places = &s->places,
                                      .output = s->output,
                                      .programs = s->hook_host,
                                      .changed = on_hooks_changed,
                                      .userdata = s,
                              },
                              &s->hooks);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the way of the output: %m");
        r = open_bus(s);
        if (r < 0)
                return r;
        s->state = state_files_new(s->places.runtime_directory);
        s->adoption = adoption_new(s, on_first_adoption);
        s->authorizer = authorizer_new(s->bus, s->places.user_mode);
        r = notices_new(s->event, s->bus, &s->notices);
        if (r >= 0)
                r = start_queue_new(s, &s->starts);
        if (r >= 0)
                r = stop_requests_watch(s);
        if (r >= 0)
                r = stem_client_new(s->event, s->places.stem_socket, &stem_handlers, s, &s->stem);
        if (r >= 0)
                r = configuration_loader_new(s->event, s->stem, s->places.user_mode, reload_on_configuration, s, &s->loader);
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
                r = sd_event_set_watchdog(s->event, true);
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
        state_files_free(s->state);
        configuration_loader_free(s->loader);
        configuration_free(s->configuration);
        hooks_free(s->hooks);
        hook_host_free(s->hook_host);
        stem_client_free(s->stem);
        notices_free(s->notices);
        authorizer_free(s->authorizer);
        output_hub_free(s->output);
        journal_writer_free(s->journal);
        sd_bus_flush_close_unref(s->bus);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

int supervisor_run(Supervisor* s) {
        int r = sd_event_loop(s->event);

        (void) sd_notify(false, "STOPPING=1\nSTATUS=Ending");
        return r;
}
