/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "metrics/connection.h"
#include "metrics/scrape.h"
#include "metrics/server.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

#define IDLE_USEC (30 * USEC_PER_SEC)

/* A list in systemd's manner of what is to be listened on. */
#define LISTENERS_MAX 32U

struct Server {
        sd_event* event;
        sd_bus* bus;
        sd_event_source* listeners[LISTENERS_MAX]; /* own their descriptors */
        size_t n_listeners;
        TAILQ_HEAD(, Connection) connections;
        size_t n_connections;
        sd_bus_slot* call; /* under way for all connections that wait */
        sd_event_source* idle;
};

Server* server_new(sd_event* event, sd_bus* bus) {
        Server* s = xnew0(Server);

        s->event = sd_event_ref(event);
        s->bus = sd_bus_ref(bus);
        TAILQ_INIT(&s->connections);
        return s;
}

static void listen_if(Server* s, bool enabled) {
        for (size_t i = 0; i < s->n_listeners; i++)
                (void) sd_event_source_set_enabled(s->listeners[i], enabled ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void arm_idle(Server* s) {
        (void) sd_event_source_set_time_relative(s->idle, IDLE_USEC);
        (void) sd_event_source_set_enabled(s->idle, s->n_connections > 0 ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void drop(Server* s, Connection* c) {
        TAILQ_REMOVE(&s->connections, c, connections);
        s->n_connections--;
        connection_free(c);
}

Server* server_free(Server* s) {
        Connection* c;

        if (!s)
                return NULL;

        while ((c = TAILQ_FIRST(&s->connections)))
                drop(s, c);
        for (size_t i = 0; i < s->n_listeners; i++)
                sd_event_source_disable_unref(s->listeners[i]);
        sd_bus_slot_unref(s->call);
        sd_event_source_disable_unref(s->idle);
        sd_bus_unref(s->bus);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

static void on_connection_ended(Connection* c, void* userdata) {
        Server* s = userdata;

        drop(s, c);
        listen_if(s, true);
        arm_idle(s);
}

static int on_metrics(sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        Server* s = userdata;
        _cleanup_exposition_ Exposition older = {}, openmetrics = { .openmetrics = true };
        Connection* c;

        s->call = sd_bus_slot_unref(s->call);
        TAILQ_FOREACH(c, &s->connections, connections) {
                Exposition* e = c->request.takes_openmetrics ? &openmetrics : &older;

                if (!c->waits)
                        continue;
                if (e->size == 0)
                        scrape_write(reply, e);
                connection_answer(c, 200, exposition_content_type(e->openmetrics), e->text, e->size);
        }
        return 0;
}

static void on_metrics_wanted(Connection* c, void* userdata) {
        Server* s = userdata;
        int r;

        if (s->call)
                return;
        r = scrape_start(s->bus, &s->call, on_metrics, s);
        if (r < 0) {
                (void) log_warning_errno(r, "Failed to ask the supervisor: %m");
                connection_answer(c, 503, exposition_content_type(false), NULL, 0);
        }
}

static const ConnectionHandlers connection_handlers = {
        .wants_metrics = on_metrics_wanted,
        .ended = on_connection_ended,
};

static int on_client(sd_event_source* source, int fd, uint32_t events, void* userdata) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        Server* s = userdata;
        Connection* c;
        int r;

        if (client < 0) {
                if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                        (void) log_warning_errno(-errno, "Failed to accept a client: %m");
                return 0;
        }
        r = connection_new(s->event, client, &connection_handlers, s, &c);
        if (r < 0) {
                (void) log_warning_errno(r, "Failed to serve a client: %m");
                return 0;
        }
        TAILQ_INSERT_TAIL(&s->connections, c, connections);
        s->n_connections++;
        arm_idle(s);
        if (s->n_connections >= CONNECTIONS_MAX)
                listen_if(s, false);
        return 0;
}

int server_listen(Server* s, int fd_taken) {
        _cleanup_close_ int fd = fd_taken;
        int r;

        if (s->n_listeners >= LISTENERS_MAX)
                return -E2BIG;
        r = fd_set_nonblocking(fd, true);
        if (r >= 0)
                r = sd_event_add_io(s->event, &s->listeners[s->n_listeners], fd, EPOLLIN, on_client, s);
        if (r >= 0)
                r = sd_event_source_set_io_fd_own(s->listeners[s->n_listeners++], true);
        if (r < 0)
                return r;
        (void) take_fd(fd);
        return 0;
}

static int on_idle(sd_event_source* source, uint64_t usec, void* userdata) {
        Server* s = userdata;

        return sd_event_exit(s->event, 0);
}

int server_start(Server* s) {
        return sd_event_add_time_relative(s->event, &s->idle, CLOCK_MONOTONIC, IDLE_USEC, 0, on_idle, s);
}
