/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/peers.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/usec.h"

#define LOCAL_PATH "/org/freedesktop/DBus/Local"
#define LOCAL_INTERFACE "org.freedesktop.DBus.Local"
#define LEFTOVER_MESSAGES_MAX 32U /* what fits behind the authentication in sd-bus' buffer */

typedef struct Peer Peer;

struct Peers {
        sd_event* event;
        int listen_fd;
        sd_event_source* listen_source;
        peer_export_t export;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, Peer) all;
};

struct Peer {
        Peers* peers; /* weak */
        pid_t pid;    /* for messages only */
        sd_bus* bus;
        bool is_informed;
        sd_event_source* leftover;
        TAILQ_ENTRY(Peer) entry;
};

static Peer* peer_free(Peer* peer) {
        if (!peer)
                return NULL;

        (void) sd_event_source_disable_unref(peer->leftover);
        /* Not flushed: who has not read by now must not hold us up. */
        peer->bus = sd_bus_close_unref(peer->bus);
        free(peer);
        return NULL;
}
DEFINE_CLEANUP(Peer*, peer_free)

static void peer_drop(Peer* peer) {
        TAILQ_REMOVE(&peer->peers->all, peer, entry);
        peer->peers->n--;
        peer_free(peer);
}

/* Whether the peer lets its messages pile up; it is gone then. */
static bool drop_if_stuck(Peer* peer) {
        uint64_t n;

        if (sd_bus_get_n_queued_write(peer->bus, &n) >= 0 && n <= STEM_PEER_QUEUE_MAX)
                return false;
        log_warning("Process %i does not read its messages, disconnecting it", (int) peer->pid);
        peer_drop(peer);
        return true;
}

static int on_message(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        /* A flood of calls is a flood of replies. Positive: the message goes no further. */
        return drop_if_stuck(userdata) ? 1 : 0;
}

static int on_disconnected(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        Peer* peer = userdata;

        log_debug("Process %i has disconnected", (int) peer->pid);
        peer_drop(peer);
        return 0;
}

/* A client may send its first calls together with the end of the authentication. sd-bus has read them then, and goes
 * to sleep over them until more comes (seen with 252). So it is woken once when the connection is up. */
static int on_connected(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        Peer* peer = userdata;

        return sd_event_source_set_enabled(peer->leftover, SD_EVENT_ONESHOT);
}

static int on_leftover(sd_event_source* s, void* userdata) {
        Peer* peer = userdata;
        _cleanup_(sd_bus_unrefp) sd_bus* bus = sd_bus_ref(peer->bus); /* processing may end the peer */

        for (unsigned i = 0; i < LEFTOVER_MESSAGES_MAX; i++)
                if (sd_bus_process(bus, NULL) <= 0)
                        break;
        return 0;
}

static int add_leftover(Peer* peer) {
        int r = sd_event_add_defer(peer->peers->event, &peer->leftover, on_leftover, peer);

        if (r < 0)
                return r;
        (void) sd_event_source_set_description(peer->leftover, "peer-leftover");
        return sd_event_source_set_enabled(peer->leftover, SD_EVENT_OFF);
}

static int peer_start(Peer* peer, int fd) {
        Peers* peers = peer->peers;
        sd_id128_t id;
        int r;

        r = sd_id128_randomize(&id);
        if (r >= 0)
                r = sd_bus_new(&peer->bus);
        if (r >= 0)
                r = sd_bus_set_fd(peer->bus, fd, fd);
        if (r < 0)
                (void) fd_close(fd);
        if (r >= 0)
                r = sd_bus_set_description(peer->bus, "peer");
        if (r >= 0)
                r = sd_bus_set_server(peer->bus, true, id);
        if (r >= 0)
                r = sd_bus_set_trusted(peer->bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(peer->bus, true);
        /* When the loop ends, sd-bus would wait until the peer has read everything. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(peer->bus, false);
        if (r >= 0)
                r = sd_bus_add_filter(peer->bus, NULL, on_message, peer);
        if (r >= 0)
                r = peers->export(peer->bus, peers->userdata);
        if (r >= 0)
                r = sd_bus_match_signal(peer->bus, NULL, NULL, LOCAL_PATH, LOCAL_INTERFACE, "Disconnected",
                                        on_disconnected, peer);
        if (r >= 0)
                r = sd_bus_match_signal(peer->bus, NULL, NULL, LOCAL_PATH, LOCAL_INTERFACE, "Connected",
                                        on_connected, peer);
        if (r >= 0)
                r = sd_bus_set_connected_signal(peer->bus, true);
        if (r >= 0)
                r = add_leftover(peer);
        if (r >= 0)
                r = sd_bus_start(peer->bus);
        if (r >= 0)
                r = sd_bus_attach_event(peer->bus, peers->event, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

static int admit(Peers* peers, int fd) {
        _cleanup_close_ int owned = fd;
        _cleanup_(peer_freep) Peer* peer = NULL;
        struct ucred ucred;
        socklen_t size = sizeof ucred;
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
                return -errno;
        if (ucred.uid != getuid()) {
                log_warning("Refused a connection from process %i of user %u", (int) ucred.pid, ucred.uid);
                return 0;
        }
        if (peers->n >= STEM_PEERS_MAX) {
                log_warning("Refused a connection from process %i: there are %zu already", (int) ucred.pid, peers->n);
                return 0;
        }

        peer = xnew0(Peer);
        peer->peers = peers;
        peer->pid = ucred.pid;
        r = peer_start(peer, take_fd(owned));
        if (r < 0)
                return r;

        log_debug("Process %i has connected", (int) peer->pid);
        TAILQ_INSERT_TAIL(&peers->all, peer, entry);
        peers->n++;
        take_ptr(peer);
        return 0;
}

static int on_connection(sd_event_source* s, int listen_fd, uint32_t revents, void* userdata) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        int r = fd < 0 ? -errno : admit(userdata, fd);

        if (r < 0 && r != -EAGAIN && r != -EINTR && r != -ECONNABORTED)
                (void) log_warning_errno(r, "Failed to accept a connection: %m");
        return 0;
}

int peers_new(sd_event* event, int listen_fd, peer_export_t export, void* userdata, Peers** ret) {
        _cleanup_(peers_freep) Peers* peers = xnew0(Peers);
        int r;

        peers->event = sd_event_ref(event);
        peers->listen_fd = listen_fd;
        peers->export = export;
        peers->userdata = userdata;
        TAILQ_INIT(&peers->all);

        r = fd_set_nonblocking(listen_fd, true);
        if (r >= 0)
                r = sd_event_add_io(event, &peers->listen_source, listen_fd, EPOLLIN, on_connection, peers);
        /* When accepting fails, say for want of descriptors, the socket stays readable. */
        if (r >= 0)
                r = sd_event_source_set_ratelimit(peers->listen_source, USEC_PER_SEC, STEM_ACCEPTS_PER_SEC);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(peers->listen_source, "listen");

        *ret = take_ptr(peers);
        return 0;
}

Peers* peers_free(Peers* peers) {
        Peer* peer;

        if (!peers)
                return NULL;

        while ((peer = TAILQ_FIRST(&peers->all)))
                peer_drop(peer);
        (void) sd_event_source_disable_unref(peers->listen_source);
        peers->listen_fd = fd_close(peers->listen_fd);
        sd_event_unref(peers->event);
        free(peers);
        return NULL;
}

static int emit_to(Peer* peer, const char* path, const char* interface, const char* member, const char* types,
                   va_list ap) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;
        int r;

        r = sd_bus_message_new_signal(peer->bus, &m, path, interface, member);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, ap);
        return r < 0 ? r : sd_bus_send(peer->bus, m, NULL);
}

bool peers_emit(Peers* peers, const char* path, const char* interface, const char* member, const char* types, ...) {
        Peer *peer, *next;
        bool informed = false;

        for (peer = TAILQ_FIRST(&peers->all); peer; peer = next) {
                va_list ap;
                int r;

                next = TAILQ_NEXT(peer, entry);
                va_start(ap, types);
                r = emit_to(peer, path, interface, member, types, ap);
                va_end(ap);
                informed = informed || (r >= 0 && peer->is_informed);
                if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
                        (void) log_warning_errno(r, "Failed to send %s to process %i: %m", member, (int) peer->pid);
                (void) drop_if_stuck(peer);
        }
        return informed;
}

void peers_note_informed(Peers* peers, sd_bus_message* m) {
        Peer* peer;

        TAILQ_FOREACH(peer, &peers->all, entry)
                if (peer->bus == sd_bus_message_get_bus(m))
                        peer->is_informed = true;
}

bool peer_has_left(sd_bus_message* m) {
        sd_bus* bus = sd_bus_message_get_bus(m);
        struct pollfd p = { .fd = sd_bus_get_fd(bus) };

        return p.fd < 0 || !sd_bus_is_open(bus) || (poll(&p, 1, 0) > 0 && (p.revents & POLLHUP));
}
