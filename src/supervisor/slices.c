/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/cgroup.h"
#include "supervisor/instance.h"
#include "supervisor/shutdown.h"
#include "supervisor/slices.h"
#include "util/log.h"
#include "util/strv.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* Who comes right behind the last node of a slice is to find it there. */
#define TIDY_USEC (5 * USEC_PER_SEC)
/* At the end of the daemon nobody waits longer for an answer. */
#define LAST_CALL_USEC (2 * USEC_PER_SEC)

static_assert(ROLE_SLICES_MAX >= MAX_NODES_MAX, "each node finds a slice, however few are to be in one");

/* A slice that is being stopped. A start in it would be refused meanwhile, so nobody gets a place there until its control
 * group is gone: that is when the job has run. */
typedef struct Closing {
        Slices* slices; /* weak */
        Role role;
        unsigned number;
        char* cgroup;
        sd_bus_slot* stop; /* the call; NULL: it was answered */
        TAILQ_ENTRY(Closing) entry;
} Closing;

struct Slices {
        Supervisor* s; /* weak */
        SlicePlan plan;
        sd_event_source* timer; /* NULL: there is nothing to tidy */
        bool ending;            /* with the daemon */
        TAILQ_HEAD(, Closing) closings;
};

/* ---- the hierarchy ---- */

static char* slice_cgroup(const Slices* slices, Role role, unsigned number) {
        _cleanup_free_ char *own = xasprintf("%s/zeek.slice/%s", slices->s->places.cgroup_root, role_slice(role)),
                            *name = role_slice_name(role, number);

        return number == 0 ? take_ptr(own) : xasprintf("%s/%s", own, name);
}

/* The units in one slice. Those of the role's own slice are led further. */
static void list_slice(const Slices* slices, Role role, unsigned number, slices_unit_t found) {
        _cleanup_free_ char* cgroup = slice_cgroup(slices, role, number);
        _cleanup_strv_free_ char** units = cgroup_children(cgroup);

        STRV_FOREACH(unit, units) {
                int below = number == 0 ? role_slice_number(role, *unit) : -EINVAL;
                _cleanup_free_ char* path = xasprintf("%s/%s", cgroup, *unit);

                if (below > 0)
                        list_slice(slices, role, (unsigned) below, found);
                else
                        found(slices->s, *unit, path);
        }
}

void slices_list(const Slices* slices, slices_unit_t found) {
        for (Role role = 0; role < _ROLE_MAX; role++)
                list_slice(slices, role, 0, found);
}

/* ---- slices that nobody needs ---- */

static void closing_end(Closing* closing) {
        Slices* slices = closing->slices;

        slice_plan_open(&slices->plan, closing->role, closing->number);
        TAILQ_REMOVE(&slices->closings, closing, entry);
        sd_bus_slot_unref(closing->stop);
        free(closing->cgroup);
        free(closing);
}

/* Those that are gone may come again. */
static void reopen(Slices* slices) {
        Closing *closing, *next;

        for (closing = TAILQ_FIRST(&slices->closings); closing; closing = next) {
                next = TAILQ_NEXT(closing, entry);
                if (!cgroup_exists(closing->cgroup))
                        closing_end(closing);
        }
}

static int on_stop(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Closing* closing = userdata;
        Slices* slices = closing->slices;

        closing->stop = sd_bus_slot_unref(closing->stop);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_debug("The service manager does not stop %s: %s", closing->cgroup,
                          sd_bus_message_get_error(reply)->message);
                closing_end(closing);
        }
        if (slices->ending)
                shutdown_check(slices->s);
        return 0;
}

/* "fail": what somebody is about to start in it has precedence. */
static int call_stop(Closing* closing) {
        _cleanup_free_ char* name = role_slice_name(closing->role, closing->number);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        const Slices* slices = closing->slices;
        int r;

        r = sd_bus_message_new_method_call(slices->s->bus, &call, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "StopUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", name, "fail");
        if (r >= 0)
                r = sd_bus_call_async(slices->s->bus, &closing->stop, call, on_stop, closing,
                                      slices->ending ? LAST_CALL_USEC : 0);
        return r;
}

/* Takes cgroup. */
static void stop_slice(Slices* slices, Role role, unsigned number, char* cgroup) {
        Closing* closing = xnew0(Closing);
        int r;

        *closing = (Closing) { .slices = slices, .role = role, .number = number, .cgroup = cgroup };
        TAILQ_INSERT_TAIL(&slices->closings, closing, entry);
        slice_plan_close(&slices->plan, role, number);
        r = call_stop(closing);
        if (r < 0) {
                (void) log_debug_errno(r, "Failed to have %s stopped: %m", cgroup);
                closing_end(closing);
        }
}

static void tidy_role(Slices* slices, Role role) {
        _cleanup_free_ char* own = slice_cgroup(slices, role, 0);
        _cleanup_strv_free_ char** units = cgroup_children(own);

        STRV_FOREACH(unit, units) {
                int number = role_slice_number(role, *unit);
                _cleanup_strv_free_ char** others = NULL;
                _cleanup_free_ char* cgroup = NULL;

                if (number <= 0 || slice_plan_count(&slices->plan, role, (unsigned) number) > 0 ||
                    slice_plan_is_closed(&slices->plan, role, (unsigned) number))
                        continue;
                cgroup = slice_cgroup(slices, role, (unsigned) number);
                others = cgroup_children(cgroup);
                if (strv_length(others) == 0)
                        stop_slice(slices, role, (unsigned) number, take_ptr(cgroup));
        }
}

static void tidy(Slices* slices) {
        reopen(slices);
        for (Role role = 0; role < _ROLE_MAX; role++)
                tidy_role(slices, role);
}

static int on_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        Slices* slices = userdata;

        slices->timer = sd_event_source_disable_unref(slices->timer);
        tidy(slices);
        return 0;
}

void slices_tidy_later(Slices* slices) {
        if (!slices->timer)
                (void) sd_event_add_time_relative(slices->s->event, &slices->timer, CLOCK_MONOTONIC, TIDY_USEC, 0, on_timer,
                                                  slices);
}

bool slices_stop(Slices* slices) {
        Closing* closing;

        /* a bus is not waited for: a slice that stays does no harm */
        if (!bus_link_is_up(slices->s->link))
                return true;
        if (!slices->ending) {
                slices->ending = true;
                tidy(slices);
        }
        /* The answers are, because the service manager refuses a caller who is gone when it asks the bus who that was. */
        TAILQ_FOREACH(closing, &slices->closings, entry)
                if (closing->stop)
                        return false;
        return true;
}

/* ---- places ---- */

static void look_after(Slices* slices, SlicePlace left) {
        if (left.held && left.number > 0 && slice_plan_count(&slices->plan, left.role, left.number) == 0)
                slices_tidy_later(slices);
}

char* slices_take(Slices* slices, Instance* instance) {
        const Supervisor* s = slices->s;
        SlicePlace before = instance->place;

        reopen(slices);
        slice_plan_take(&slices->plan, &instance->place, instance->node->spec->role,
                        s->configuration->settings->supervisor.nodes_per_slice);
        look_after(slices, before);
        return role_slice_name(instance->place.role, instance->place.number);
}

char* slices_group(const Slices* slices, const Instance* instance) {
        return slice_cgroup(slices, instance->place.role, instance->place.number);
}

void slices_found(Slices* slices, Instance* instance, const char* cgroup) {
        size_t root = strlen(slices->s->places.cgroup_root);
        SlicePlace before = instance->place;
        Role role = instance->node->spec->role;
        unsigned number = 0;
        bool is_ours = strncmp(cgroup, slices->s->places.cgroup_root, root) == 0 &&
                       slice_of_cgroup(cgroup + root, &role, &number);

        if (!is_ours && before.held)
                return;
        slice_plan_join(&slices->plan, &instance->place, role, number);
        look_after(slices, before);
}

void slices_leave(Slices* slices, Instance* instance) {
        SlicePlace before = instance->place;

        slice_plan_leave(&slices->plan, &instance->place);
        look_after(slices, before);
}

/* ---- life ---- */

Slices* slices_new(Supervisor* s) {
        Slices* slices = xnew0(Slices);

        slices->s = s;
        TAILQ_INIT(&slices->closings);
        return slices;
}

Slices* slices_free(Slices* slices) {
        Closing* closing;

        if (!slices)
                return NULL;

        while ((closing = TAILQ_FIRST(&slices->closings)))
                closing_end(closing);
        sd_event_source_disable_unref(slices->timer);
        slice_plan_done(&slices->plan);
        free(slices);
        return NULL;
}
