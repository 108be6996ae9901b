/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>

#include "stem/limits.h"
#include "stem/scope-kill.h"
#include "util/alloc.h"

typedef struct ScopeKill ScopeKill;

struct ScopeKills {
        sd_event* event;
        ServiceManager* manager;
        ManagerListener listener;
        scope_killed_t done;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, ScopeKill) all;
};

struct ScopeKill {
        ScopeKills* kills; /* weak */
        char* scope;
        int sig;
        sd_bus_message* request;
        sd_bus_slot* call; /* NULL: waits for the line */
        sd_event_source* timer;
        TAILQ_ENTRY(ScopeKill) entry;
};

static ScopeKill* scope_kill_free(ScopeKill* k) {
        if (!k)
                return NULL;

        sd_bus_slot_unref(k->call);
        (void) sd_event_source_disable_unref(k->timer);
        sd_bus_message_unref(k->request);
        free(k->scope);
        free(k);
        return NULL;
}
DEFINE_CLEANUP(ScopeKill*, scope_kill_free)

static void finish(ScopeKill* k, const sd_bus_error* e) {
        ScopeKills* kills = k->kills;

        TAILQ_REMOVE(&kills->all, k, entry);
        kills->n--;
        kills->done(k->request, e, kills->userdata);
        scope_kill_free(k);
}

static bool means_nobody_there(const sd_bus_error* e) {
        return sd_bus_error_has_name(e, "org.freedesktop.systemd1.NoSuchUnit") ||
               sd_bus_error_has_name(e, "org.freedesktop.systemd1.NoSuchProcess") ||
               sd_bus_error_get_errno(e) == ESRCH;
}

static int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeKill* k = userdata;
        const sd_bus_error* e = sd_bus_message_get_error(reply);

        k->call = sd_bus_slot_unref(k->call);
        if (!e || means_nobody_there(e))
                finish(k, NULL);
        else if (service_manager_error_is_passing(e) || (k->sig == SIGKILL && service_manager_error_is_unsure(e)))
                ; /* again when the line is ready */
        else
                finish(k, e);
        return 0;
}

static int send_kill(ScopeKill* k) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = service_manager_new_call(k->kills->manager, "KillUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ssi", k->scope, "all", (int32_t) k->sig);
        if (r >= 0)
                r = service_manager_send(k->kills->manager, call, MANAGER_CALL_TIMEOUT_USEC, &k->call, on_reply, k);
        return r;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        static const sd_bus_error timeout =
                SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_TIMEOUT, "The service manager does not answer");

        finish(userdata, &timeout);
        return 0;
}

static void on_ready(ManagerListener* l) {
        ScopeKills* kills = l->userdata;
        ScopeKill *k, *next;

        for (k = TAILQ_FIRST(&kills->all); k; k = next) {
                next = TAILQ_NEXT(k, entry);
                if (!k->call)
                        (void) send_kill(k); /* or later, or never: the timer runs */
        }
}

ScopeKills* scope_kills_new(sd_event* event, ServiceManager* manager, scope_killed_t done, void* userdata) {
        ScopeKills* kills = xnew0(ScopeKills);

        kills->event = sd_event_ref(event);
        kills->manager = manager;
        kills->done = done;
        kills->userdata = userdata;
        TAILQ_INIT(&kills->all);
        kills->listener.userdata = kills;
        kills->listener.ready = on_ready;
        service_manager_listen(manager, &kills->listener);
        return kills;
}

ScopeKills* scope_kills_free(ScopeKills* kills) {
        ScopeKill* k;

        if (!kills)
                return NULL;

        while ((k = TAILQ_FIRST(&kills->all))) {
                TAILQ_REMOVE(&kills->all, k, entry);
                scope_kill_free(k);
        }
        service_manager_unlisten(kills->manager, &kills->listener);
        sd_event_unref(kills->event);
        free(kills);
        return NULL;
}

size_t scope_kills_count(const ScopeKills* kills) {
        return kills->n;
}

int scope_kills_begin(ScopeKills* kills, const char* scope, int sig, sd_bus_message* request) {
        _cleanup_(scope_kill_freep) ScopeKill* k = xnew0(ScopeKill);
        int r;

        k->kills = kills;
        k->scope = xstrdup(scope);
        k->sig = sig;
        k->request = sd_bus_message_ref(request);

        r = sd_event_add_time_relative(kills->event, &k->timer, CLOCK_MONOTONIC, MANAGER_CALL_TIMEOUT_USEC, 0,
                                       on_timer, k);
        if (r >= 0)
                r = send_kill(k);
        if (r < 0 && r != -ENOTCONN)
                return r;
        (void) sd_event_source_set_description(k->timer, "kill-timeout");

        TAILQ_INSERT_TAIL(&kills->all, k, entry);
        kills->n++;
        take_ptr(k);
        return 0;
}
