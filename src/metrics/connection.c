/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "metrics/connection.h"
#include "util/alloc.h"
#include "util/fd.h"

static void end(Connection* c) {
        c->handlers->ended(c, c->userdata);
}

static void refuse(Connection* c, unsigned status) {
        _cleanup_free_ char* text = xasprintf("%s%s\n", http_status_text(status), status == 404 ? ": see /metrics" : "");

        connection_answer(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

static bool is_for_later(int error) {
        return error == EAGAIN || error == EINTR;
}

static void read_request(Connection* c) {
        char buffer[4096];
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        unsigned status;

        if (n < 0 && is_for_later(errno))
                return;
        if (n <= 0) {
                end(c);
                return;
        }

        status = http_request_feed(&c->request, buffer, (size_t) n);
        if (status == 0)
                return;
        if (status != 200) {
                refuse(c, status);
                return;
        }
        c->waits = true;
        (void) sd_event_source_set_io_events(c->io, 0); /* but for its hanging up */
        c->handlers->wants_metrics(c, c->userdata);
}

static void write_answer(Connection* c) {
        ssize_t n = send(c->fd, c->answer + c->sent, c->size - c->sent, MSG_NOSIGNAL);

        if (n < 0 && !is_for_later(errno)) {
                end(c);
                return;
        }
        if (n > 0)
                c->sent += (size_t) n;
        if (c->sent == c->size) {
                (void) shutdown(c->fd, SHUT_WR);
                (void) sd_event_source_set_io_events(c->io, EPOLLIN);
        }
}

static void drain(Connection* c) {
        char buffer[4096];
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);

        if (n < 0 && is_for_later(errno))
                return;
        if (n > 0)
                c->drained += (size_t) n;
        if (n <= 0 || c->drained > CONNECTION_DRAIN_MAX)
                end(c);
}

static int on_io(sd_event_source* s, int fd, uint32_t events, void* userdata) {
        Connection* c = userdata;

        if (events & (EPOLLHUP | EPOLLERR))
                end(c);
        else if (!c->answer)
                read_request(c);
        else if (c->sent < c->size)
                write_answer(c);
        else
                drain(c);
        return 0;
}

static int on_deadline(sd_event_source* s, uint64_t usec, void* userdata) {
        end(userdata);
        return 0;
}

int connection_new(sd_event* event, int fd, const ConnectionHandlers* handlers, void* userdata, Connection** ret) {
        _cleanup_(connection_freep) Connection* c = xnew0(Connection);
        int r;

        c->handlers = handlers;
        c->userdata = userdata;
        c->fd = fd;
        r = sd_event_add_io(event, &c->io, fd, EPOLLIN, on_io, c);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &c->deadline, CLOCK_MONOTONIC, CONNECTION_USEC, 0, on_deadline, c);
        if (r < 0)
                return r;

        *ret = take_ptr(c);
        return 0;
}

Connection* connection_free(Connection* c) {
        if (!c)
                return NULL;

        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->deadline);
        (void) fd_close(c->fd);
        free(c->answer);
        free(c);
        return NULL;
}

void connection_answer(Connection* c, unsigned status, const char* content_type, const char* body, size_t size) {
        _cleanup_free_ char* head = xasprintf("HTTP/1.1 %u %s\r\n"
                                              "Content-Type: %s\r\n"
                                              "Content-Length: %zu\r\n"
                                              "%s"
                                              "Connection: close\r\n\r\n",
                                              status, http_status_text(status), content_type, size,
                                              status == 405 ? "Allow: GET, HEAD\r\n" : "");
        size_t head_size = strlen(head), body_size = c->request.only_head ? 0 : size;

        assert(!c->answer);
        c->waits = false;
        c->size = head_size + body_size;
        c->answer = xcalloc(c->size, 1);
        memcpy(c->answer, head, head_size);
        if (body_size > 0)
                memcpy(c->answer + head_size, body, body_size);
        (void) sd_event_source_set_io_events(c->io, EPOLLOUT);
}
