/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "supervisor/bus-link.h"
#include "util/alloc.h"
#include "util/log.h"
#include "util/usec.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define RECONNECT_MIN_USEC (10 * USEC_PER_MSEC)
#define RECONNECT_MAX_USEC (1 * USEC_PER_SEC)
#define FLUSH_USEC (500 * USEC_PER_MSEC)
/* A bus that takes nothing any more must not cost us all memory. Some for each of thousands of nodes. */
#define QUEUE_MAX 65536U /* messages */

struct BusLink {
        sd_event* event;
        bool user_mode;
        const BusLinkHandlers* handlers;
        void* userdata;
        char* name; /* NULL: not to be taken yet */
        bool named_once;
        bool up;
        bool complained;
        sd_bus* bus;
        sd_bus_slot* naming;
        sd_event_source* reconnect;
        sd_event_source* after_turn;
        usec_t delay;
};

static void schedule_reconnect(BusLink* l) {
        l->up = false;
        (void) sd_event_source_set_time_relative(l->reconnect, l->delay);
        (void) sd_event_source_set_enabled(l->reconnect, SD_EVENT_ONESHOT);
        l->delay = min_u64(l->delay * 2, RECONNECT_MAX_USEC);
}

static void complain(BusLink* l, int error, const char* what) {
        if (!l->complained)
                (void) log_warning_errno(error, "%s, trying on; nodes are looked after meanwhile: %m", what);
        l->complained = true;
}

/* The bus object itself goes in the timer: it is being dispatched right now. */
static int on_disconnected(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        BusLink* l = userdata;

        complain(l, -ECONNRESET, "Lost the connection to the bus");
        schedule_reconnect(l);
        l->handlers->lost(l->userdata);
        return 0;
}

/* Ends the connection as if the other side had: sd-bus then fails its calls, and tells us last. */
static void break_connection(BusLink* l) {
        int fd = sd_bus_get_fd(l->bus);

        if (fd >= 0)
                (void) shutdown(fd, SHUT_RDWR);
}

static int after_turn(sd_event_source* s, void* userdata) {
        BusLink* l = userdata;
        uint64_t n;

        if (l->up && sd_bus_get_n_queued_write(l->bus, &n) >= 0 && n > QUEUE_MAX) {
                complain(l, -ENOBUFS, "The bus takes no messages");
                break_connection(l);
        }
        return 0;
}

/* ---- the name ---- */

static int check_name_reply(sd_bus_message* reply, const char** ret_why) {
        uint32_t result;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                *ret_why = sd_bus_message_get_error(reply)->message;
                return -sd_bus_message_get_errno(reply);
        }
        if (sd_bus_message_read(reply, "u", &result) < 0 || result != 1) {
                *ret_why = "another supervisor has it";
                return -EEXIST;
        }
        return 0;
}

static int on_named(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        BusLink* l = userdata;
        const char* why = NULL;
        int r = check_name_reply(reply, &why);

        l->naming = sd_bus_slot_unref(l->naming);
        if (r >= 0) {
                if (l->complained)
                        log_info("On the bus again");
                l->named_once = true;
                l->complained = false;
                l->delay = RECONNECT_MIN_USEC;
                l->handlers->named(l->userdata);
        } else if (sd_bus_is_open(l->bus) <= 0)
                ; /* the line broke: there will be another one */
        else if (!l->named_once)
                return sd_event_exit(l->event, log_error_errno(r, "Failed to take the name %s on the bus: %s", l->name, why));
        else {
                if (!l->complained)
                        (void) log_warning_errno(r, "Failed to take the name %s on the bus again, trying on: %s", l->name, why);
                l->complained = true;
                break_connection(l);
        }
        return 0;
}

static void request_name(BusLink* l) {
        int r;

        l->naming = sd_bus_slot_unref(l->naming);
        r = sd_bus_request_name_async(l->bus, &l->naming, l->name, 0, on_named, l);
        if (r < 0) {
                complain(l, r, "Failed to ask for a name on the bus");
                break_connection(l);
        }
}

/* ---- the connection ---- */

/* As sd_bus_open_system(3), which leaves no moment to say that we take no descriptors: no call of ours has any, and those
 * of calls that wait for polkit would be held for whoever sends them. */
static int open_system_bus(sd_bus** ret) {
        const char* address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
        _cleanup_(sd_bus_unrefp) sd_bus* bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_description(bus, "supervisor");
        if (r >= 0)
                r = sd_bus_set_address(bus, address ? address : SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(bus, false);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;

        *ret = take_ptr(bus);
        return 0;
}

static int open_bus(BusLink* l) {
        _cleanup_(sd_bus_close_unrefp) sd_bus* bus = NULL;
        int r;

        r = l->user_mode ? sd_bus_open_user_with_description(&bus, "supervisor") : open_system_bus(&bus);
        if (r >= 0) /* for it would wait for a bus that hangs; see bus_link_flush() */
                r = sd_bus_set_close_on_exit(bus, false);
        if (r >= 0)
                r = sd_bus_attach_event(bus, l->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                        "Disconnected", on_disconnected, l);
        if (r >= 0)
                r = l->handlers->set_up(bus, l->userdata);
        if (r < 0)
                return r;

        l->naming = sd_bus_slot_unref(l->naming);
        sd_bus_close_unref(l->bus);
        l->bus = take_ptr(bus);
        l->up = true;
        if (l->name)
                request_name(l);
        return 0;
}

static int on_reconnect(sd_event_source* s, uint64_t usec, void* userdata) {
        BusLink* l = userdata;
        int r = open_bus(l);

        if (r < 0) {
                complain(l, r, "Failed to connect to the bus");
                schedule_reconnect(l);
        }
        return 0;
}

int bus_link_new(sd_event* event, bool user_mode, const BusLinkHandlers* handlers, void* userdata, BusLink** ret) {
        _cleanup_(bus_link_freep) BusLink* l = xnew0(BusLink);
        int r;

        l->event = sd_event_ref(event);
        l->user_mode = user_mode;
        l->handlers = handlers;
        l->userdata = userdata;
        l->delay = RECONNECT_MIN_USEC;

        r = sd_bus_new(&l->bus); /* until there is one that is connected */
        if (r >= 0)
                r = sd_event_add_time_relative(event, &l->reconnect, CLOCK_MONOTONIC, 0, 0, on_reconnect, l);
        if (r >= 0)
                r = sd_event_add_post(event, &l->after_turn, after_turn, l);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(l->reconnect, "bus-reconnect");
        (void) sd_event_source_set_description(l->after_turn, "bus-queue");

        *ret = take_ptr(l);
        return 0;
}

BusLink* bus_link_free(BusLink* l) {
        if (!l)
                return NULL;

        sd_bus_slot_unref(l->naming);
        sd_bus_close_unref(l->bus);
        (void) sd_event_source_disable_unref(l->reconnect);
        (void) sd_event_source_disable_unref(l->after_turn);
        sd_event_unref(l->event);
        free(l->name);
        free(l);
        return NULL;
}

sd_bus* bus_link_bus(const BusLink* l) {
        return l->bus;
}

bool bus_link_is_up(const BusLink* l) {
        return l->up;
}

void bus_link_take_name(BusLink* l, const char* name) {
        assert(!l->name);
        l->name = xstrdup(name);
        if (l->up)
                request_name(l);
}

/* sd_bus_flush() would wait for ever. */
void bus_link_flush(BusLink* l) {
        usec_t end = now_usec(CLOCK_MONOTONIC) + FLUSH_USEC, now;
        uint64_t n;

        while (sd_bus_get_n_queued_write(l->bus, &n) >= 0 && n > 0) {
                struct pollfd p = { .fd = sd_bus_get_fd(l->bus), .events = POLLOUT };

                now = now_usec(CLOCK_MONOTONIC);
                if (now >= end || p.fd < 0 || poll(&p, 1, (int) ((end - now) / USEC_PER_MSEC) + 1) <= 0 || sd_bus_process(l->bus, NULL) < 0)
                        break;
        }
}
