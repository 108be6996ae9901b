/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of the supervisor that costs as little as it can.
 *
 *   client create|restart|destroy|status FIRST N [WINDOW]   for N nodes from number FIRST on, WINDOW calls at a time
 *   client ask N               Status of node 0, N times
 *   client cluster N           creates N nodes of one cluster, 16 calls at a time
 *   client ping N              calls that sd-bus answers by itself
 *   client all N               Status of all nodes, N times
 *   client crash FIRST N       kills nodes and sees what is said about them
 *   client back PID            kills the daemon and asks for the number of its nodes until it answers
 *
 * "reply" is the time from a call to its answer, "start" that from a call to the stamp of the program that it started, "all"
 * that of all calls together.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "bench/measure.h"

#define SERVICE "org.zeek.Supervisor"
#define MANAGER SERVICE, "/org/zeek/Supervisor", "org.zeek.Supervisor"
#define NODE "org.zeek.Supervisor.Node"
#define CALL_TIMEOUT_USEC (120U * 1000000U)
#define NAME_SIZE 32

typedef struct Client {
        sd_bus* bus;
        int stamps; /* -1: nobody looks at them */
        const char* verb;
        size_t cluster; /* members of the cluster of each node that is created; 0: none */
        bool same;      /* always the first node */
        size_t n_open;
} Client;

typedef struct Call {
        Client* client;
        uint64_t began;
} Call;

static const char* node_name(char* buffer, size_t number) {
        (void) snprintf(buffer, NAME_SIZE, "bench%zu", number);
        return buffer;
}

static void node_path(char* buffer, size_t size, size_t number) {
        (void) snprintf(buffer, size, "/org/zeek/Supervisor/node/bench%zu", number);
}

static void append_cluster(sd_bus_message* m, size_t n) {
        char name[NAME_SIZE];

        must(sd_bus_message_open_container(m, 'e', "sv"), "cluster");
        must(sd_bus_message_append(m, "s", "cluster"), "cluster");
        must(sd_bus_message_open_container(m, 'v', "a{sa{sv}}"), "cluster");
        must(sd_bus_message_open_container(m, 'a', "{sa{sv}}"), "cluster");
        for (size_t i = 0; i < n; i++)
                must(sd_bus_message_append(m, "{sa{sv}}", node_name(name, i), 3, "role", "s", "WORKER", "host", "s", "127.0.0.1",
                                           "p", "q", (int) (20000 + i)),
                     "cluster");
        must(sd_bus_message_close_container(m), "cluster");
        must(sd_bus_message_close_container(m), "cluster");
        must(sd_bus_message_close_container(m), "cluster");
}

static sd_bus_message* make_call(Client* c, size_t number) {
        bool create = strcmp(c->verb, "Create") == 0;
        sd_bus_message* m = NULL;
        char name[NAME_SIZE];

        must(sd_bus_message_new_method_call(c->bus, &m, MANAGER, c->verb), c->verb);
        if (create) {
                must(sd_bus_message_open_container(m, 'a', "{sv}"), c->verb);
                must(sd_bus_message_append(m, "{sv}", "name", "s", node_name(name, number)), c->verb);
                if (c->cluster > 0)
                        append_cluster(m, c->cluster);
                must(sd_bus_message_close_container(m), c->verb);
        } else
                must(sd_bus_message_append(m, "s", node_name(name, number)), c->verb);
        return m;
}

static int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Call* call = userdata;
        const sd_bus_error* error = sd_bus_message_get_error(reply);
        uint64_t answered = now_ns();
        Stamp stamp;

        if (error) {
                fprintf(stderr, "%s: %s\n", call->client->verb, error->message);
                exit(EXIT_FAILURE);
        }
        report("reply", answered - call->began);
        if (call->client->stamps >= 0 && stamps_wait(call->client->stamps, &stamp))
                report("start", stamp.at - call->began);
        call->client->n_open--;
        free(call);
        return 0;
}

static void send_call(Client* c, size_t number) {
        Call* call = malloc(sizeof *call);
        sd_bus_message* m;

        *call = (Call) { c, now_ns() };
        m = make_call(c, number);
        must(sd_bus_call_async(c->bus, NULL, m, on_reply, call, CALL_TIMEOUT_USEC), c->verb);
        sd_bus_message_unref(m);
        c->n_open++;
}

static void wait_turn(Client* c) {
        if (must(sd_bus_process(c->bus, NULL), "bus") == 0)
                must(sd_bus_wait(c->bus, UINT64_MAX), "bus");
}

static void calls(Client* c, const char* verb, size_t first, size_t n, size_t window) {
        uint64_t began = now_ns();

        c->verb = verb;
        if (window == 1 && (strcmp(verb, "Create") == 0 || strcmp(verb, "Restart") == 0))
                c->stamps = stamps_open();
        for (size_t begun = 0; begun < n || c->n_open > 0;) {
                while (begun < n && c->n_open < window)
                        send_call(c, first + (c->same ? 0 : begun)), begun++;
                wait_turn(c);
        }
        report("all", now_ns() - began);
}

static void pings(Client* c, size_t n) {
        for (size_t i = 0; i < n; i++) {
                uint64_t began = now_ns();

                must(sd_bus_call_method(c->bus, SERVICE, "/org/zeek/Supervisor", "org.freedesktop.DBus.Peer", "Ping", NULL,
                                        NULL, NULL),
                     "Ping");
                report("reply", now_ns() - began);
        }
}

static void status_of_all(Client* c, size_t n) {
        for (size_t i = 0; i < n; i++) {
                sd_bus_message* reply = NULL;
                uint64_t began = now_ns();

                must(sd_bus_call_method(c->bus, MANAGER, "Status", NULL, &reply, "s", ""), "Status");
                report("reply", now_ns() - began);
                sd_bus_message_unref(reply);
        }
}

/* ---- a crash ---- */

typedef struct Crash {
        char path[96];
        uint64_t known, announced; /* when it was said that it has ended, that it runs again */
} Crash;

static int on_properties_changed(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Crash* crash = userdata;

        if (crash->known == 0 && strcmp(sd_bus_message_get_path(m), crash->path) == 0)
                crash->known = now_ns();
        return 0;
}

static int on_node_status(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Crash* crash = userdata;

        crash->announced = now_ns();
        return 0;
}

static void crash_one(Client* c, Crash* crash, size_t number) {
        uint64_t began;
        uint32_t pid;
        Stamp stamp;

        node_path(crash->path, sizeof crash->path, number);
        must(sd_bus_get_property_trivial(c->bus, SERVICE, crash->path, NODE, "PID", NULL, 'u', &pid), "PID");
        crash->known = crash->announced = 0;
        began = now_ns();
        must(kill((pid_t) pid, SIGKILL), "kill");
        while (crash->known == 0 || crash->announced == 0)
                wait_turn(c);
        report("known", crash->known - began);
        report("announced", crash->announced - began);
        if (stamps_wait(c->stamps, &stamp))
                report("start", stamp.at - began);
}

static void crashes(Client* c, size_t first, size_t n) {
        Crash crash = {};

        c->stamps = stamps_open();
        must(sd_bus_match_signal(c->bus, NULL, SERVICE, NULL, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                 on_properties_changed, &crash),
             "match");
        must(sd_bus_match_signal(c->bus, NULL, MANAGER, "NodeStatus", on_node_status, &crash), "match");
        for (size_t i = 0; i < n; i++)
                crash_one(c, &crash, first + i);
}

/* ---- the end of the daemon ---- */

static void back(Client* c, pid_t pid) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t began = now_ns();
        uint32_t n = 0;

        must(kill(pid, SIGKILL), "kill");
        /* What is asked while the daemon ends is answered with an error. */
        while (sd_bus_get_property_trivial(c->bus, MANAGER, "NNodes", &error, 'u', &n) < 0) {
                if (now_ns() - began > CALL_TIMEOUT_USEC * 1000ULL)
                        must(-ETIMEDOUT, "NNodes");
                sd_bus_error_free(&error);
                (void) usleep(2000);
        }
        report("back", now_ns() - began);
        report("nodes", n);
}

static size_t number(char* argv[], int argc, int i, size_t otherwise) {
        return i < argc ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char* argv[]) {
        static const char* const verbs[][2] = {
                { "create", "Create" }, { "restart", "Restart" }, { "destroy", "Destroy" }, { "status", "Status" },
        };
        Client c = { .stamps = -1 };
        const char* word = argc > 2 ? argv[1] : "";
        size_t first = number(argv, argc, 2, 0), second = number(argv, argc, 3, 1);

        must(sd_bus_open_system(&c.bus), "bus");
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
                if (strcmp(word, verbs[i][0]) == 0)
                        calls(&c, verbs[i][1], first, second, number(argv, argc, 4, 1));
        if (strcmp(word, "ask") == 0) {
                c.same = true;
                calls(&c, "Status", 0, first, 1);
        } else if (strcmp(word, "cluster") == 0) {
                c.cluster = first;
                calls(&c, "Create", 0, first, 16);
        } else if (strcmp(word, "ping") == 0)
                pings(&c, first);
        else if (strcmp(word, "all") == 0)
                status_of_all(&c, first);
        else if (strcmp(word, "crash") == 0)
                crashes(&c, first, second);
        else if (strcmp(word, "back") == 0)
                back(&c, (pid_t) first);
        sd_bus_flush_close_unref(c.bus);
        return EXIT_SUCCESS;
}
