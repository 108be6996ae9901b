/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "link/stem-names.h"
#include "supervisor/stem-client.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/usec.h"

#define RECONNECT_USEC (100 * USEC_PER_MSEC)
/* Longer than the stem itself gives a launch or a probe. */
#define CALL_TIMEOUT_USEC (120 * USEC_PER_SEC)

struct StemClient {
        sd_event* event;
        char* socket_path;
        const StemHandlers* handlers;
        void* userdata;
        sd_bus* bus; /* NULL while there is no connection */
        sd_bus_slot* greeting;
        sd_event_source* reconnect;
        uint32_t pid;
        bool complained;
};

static int on_exited(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;
        const char* name;
        uint32_t pid;
        int code, status;
        int r;

        r = sd_bus_message_read(m, "suii", &name, &pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to read the stem's signal Exited: %m");

        c->handlers->exited(name, pid, (ExitReason) { .code = code, .status = status }, c->userdata);
        return 0;
}

static int on_emptied(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;
        const char* name;
        uint32_t pid;
        int out_of_memory;
        int r;

        r = sd_bus_message_read(m, "sub", &name, &pid, &out_of_memory);
        if (r < 0)
                return log_error_errno(r, "Failed to read the stem's signal Emptied: %m");

        c->handlers->emptied(name, pid, out_of_memory, c->userdata);
        return 0;
}

static int on_stop_requested(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;
        const char* name;
        uint32_t pid;
        int r;

        r = sd_bus_message_read(m, "su", &name, &pid);
        if (r < 0)
                return log_error_errno(r, "Failed to read the stem's signal StopRequested: %m");

        c->handlers->stop_requested(name, pid, c->userdata);
        return 0;
}

static int on_violation(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;
        Violation violation;
        const char* name;
        uint32_t pid;
        int r;

        r = sd_bus_message_read(m, "susutit", &name, &pid, &violation.call, &violation.pid, &violation.argument,
                                &violation.verdict, &violation.count);
        if (r < 0)
                return log_error_errno(r, "Failed to read the stem's signal Violation: %m");

        c->handlers->violated(name, pid, &violation, c->userdata);
        return 0;
}

static void close_bus(StemClient* c) {
        c->greeting = sd_bus_slot_unref(c->greeting);
        c->bus = sd_bus_close_unref(c->bus);
        c->pid = 0;
}

static void schedule_reconnect(StemClient* c) {
        (void) sd_event_source_set_time_relative(c->reconnect, RECONNECT_USEC);
        (void) sd_event_source_set_enabled(c->reconnect, SD_EVENT_ONESHOT);
}

static int on_disconnected(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;

        /* The bus object itself goes in the timer: it is being dispatched right now, and the errors of pending
         * calls are still to come out of it. */
        c->pid = 0;
        schedule_reconnect(c);
        return 0;
}

static int on_greeting(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        StemClient* c = userdata;
        uint32_t pid;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "u", &pid) < 0) {
                schedule_reconnect(c);
                return 0;
        }

        c->pid = pid;
        c->complained = false;
        c->handlers->connected(pid, c->userdata);
        return 0;
}

static int connect_socket(const char* path) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (fd < 0)
                return -errno;
        if (strlen(path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        if (connect(fd, (struct sockaddr*) &address, sizeof address) < 0)
                return -errno;
        return take_fd(fd);
}

static int open_bus(StemClient* c) {
        _cleanup_close_ int fd = connect_socket(c->socket_path);
        int r;

        if (fd < 0)
                return fd;

        r = sd_bus_new(&c->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_fd(c->bus, fd, fd);
        if (r < 0)
                return r;
        take_fd(fd);

        (void) sd_bus_set_description(c->bus, "stem");
        /* the end of the loop would wait for a stem that does not read */
        (void) sd_bus_set_close_on_exit(c->bus, false);
        r = sd_bus_negotiate_fds(c->bus, true);
        if (r >= 0)
                r = sd_bus_start(c->bus);
        if (r >= 0)
                r = sd_bus_attach_event(c->bus, c->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, NULL, STEM_PATH, STEM_INTERFACE, "Exited", on_exited, c);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, NULL, STEM_PATH, STEM_INTERFACE, "Emptied", on_emptied, c);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, NULL, STEM_PATH, STEM_INTERFACE, "StopRequested", on_stop_requested,
                                        c);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, NULL, STEM_PATH, STEM_INTERFACE, "Violation", on_violation, c);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, c);
        if (r >= 0)
                r = sd_bus_call_method_async(c->bus, &c->greeting, NULL, STEM_PATH, "org.freedesktop.DBus.Properties",
                                             "Get", on_greeting, c, "ss", STEM_INTERFACE, "PID");
        return r;
}

static int on_reconnect(sd_event_source* s, uint64_t usec, void* userdata) {
        StemClient* c = userdata;
        int r;

        close_bus(c);
        r = open_bus(c);
        if (r < 0) {
                close_bus(c);
                schedule_reconnect(c);
                if (!c->complained)
                        (void) log_warning_errno(r, "Failed to connect to the stem at %s, trying on: %m", c->socket_path);
                c->complained = true;
        }
        return 0;
}

int stem_client_new(sd_event* event, const char* socket_path, const StemHandlers* handlers, void* userdata,
                    StemClient** ret) {
        StemClient* c = xnew0(StemClient);
        int r;

        c->event = sd_event_ref(event);
        c->socket_path = xstrdup(socket_path);
        c->handlers = handlers;
        c->userdata = userdata;

        r = sd_event_add_time_relative(event, &c->reconnect, CLOCK_MONOTONIC, 0, 0, on_reconnect, c);
        if (r < 0) {
                stem_client_free(c);
                return r;
        }
        (void) sd_event_source_set_description(c->reconnect, "stem-reconnect");

        *ret = c;
        return 0;
}

StemClient* stem_client_free(StemClient* c) {
        if (!c)
                return NULL;

        close_bus(c);
        sd_event_source_disable_unref(c->reconnect);
        sd_event_unref(c->event);
        free(c->socket_path);
        free(c);
        return NULL;
}

uint32_t stem_client_pid(const StemClient* c) {
        return c->pid;
}

int stem_client_new_call(StemClient* c, const char* member, sd_bus_message** ret) {
        if (c->pid == 0)
                return -ENOTCONN;
        return sd_bus_message_new_method_call(c->bus, ret, NULL, STEM_PATH, STEM_INTERFACE, member);
}

/* A stem that has just died may be noticed here first. The connection is made again as soon as sd-bus says that it
 * is gone; until then there is none. */
static int lost_or(int r) {
        return r == -ECONNRESET || r == -EPIPE ? -ENOTCONN : r;
}

int stem_client_send(StemClient* c, sd_bus_message* call, sd_bus_slot** slot, sd_bus_message_handler_t callback,
                     void* userdata) {
        if (c->pid == 0)
                return -ENOTCONN;
        return lost_or(sd_bus_call_async(c->bus, slot, call, callback, userdata, CALL_TIMEOUT_USEC));
}

bool stem_answer_is_lost(sd_bus_message* reply) {
        /* the name of this error differs from one libsystemd to the other, its errno less */
        int error = sd_bus_message_is_method_error(reply, NULL) ? sd_bus_message_get_errno(reply) : 0;

        return error == ETIMEDOUT || error == ECONNRESET || error == EPIPE || error == ENOTCONN;
}

int stem_client_post(StemClient* c, sd_bus_message* call) {
        int r;

        if (c->pid == 0)
                return -ENOTCONN;
        r = sd_bus_message_set_expect_reply(call, false);
        return r < 0 ? r : lost_or(sd_bus_send(c->bus, call, NULL));
}
