/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One client, from its request to the end of its answer. It may be slow, silent, or never come to an end: it has
 * CONNECTION_USEC for all of it, and never more memory than a request and its answer. */

#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "metrics/http-request.h"
#include "util/macro.h"
#include "util/usec.h"

#define CONNECTION_USEC (15 * USEC_PER_SEC)
/* What is read of a client, and thrown away, after it was answered: it would not see the answer if more was left. */
#define CONNECTION_DRAIN_MAX (256U * 1024)

typedef struct Connection Connection;

typedef struct ConnectionHandlers {
        void (*wants_metrics)(Connection* c, void* userdata); /* connection_answer() is to follow */
        void (*ended)(Connection* c, void* userdata);         /* it is to be freed */
} ConnectionHandlers;

struct Connection {
        const ConnectionHandlers* handlers;
        void* userdata;
        int fd;
        sd_event_source *io, *deadline;
        HttpRequest request;
        bool waits; /* for metrics */
        char* answer; /* NULL: not yet */
        size_t size, sent, drained;
        TAILQ_ENTRY(Connection) connections; /* whoever has it */
};

/* Takes the descriptor, also on failure. */
int connection_new(sd_event* event, int fd, const ConnectionHandlers* handlers, void* userdata, Connection** ret);
Connection* connection_free(Connection* c);
DEFINE_CLEANUP(Connection*, connection_free)

/* The body may be NULL if its size is 0. */
void connection_answer(Connection* c, unsigned status, const char* content_type, const char* body, size_t size);
