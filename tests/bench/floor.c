/* SPDX-License-Identifier: BSD-3-Clause */
/* What nobody can undercut who starts programs this way: the calls and nothing around them.
 *
 *   floor fork N NODE                     fork and exec
 *   floor scope N WINDOW SIBLINGS NODE [PER_SLICE]    fork, StartTransientUnit of a scope, wait for its job, exec
 *   floor service N WINDOW SIBLINGS NODE [PER_SLICE]  StartTransientUnit of a service
 *
 * WINDOW are under way at a time; SIBLINGS are started before, as fast as it goes, and stay. All are in one slice, or, laid out as
 * the supervisor does it, the first PER_SLICE of them, and the others in slices below it, as many in each. "start" is the time
 * from the beginning to the program's own stamp, "end" that from its SIGKILL to the removal of its unit, "all" that of all together.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "bench/measure.h"

#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define SLICE "zeekbench-floor"
#define SIBLINGS_WINDOW 16

typedef struct Unit {
        char name[48];
        pid_t pid;
        int go; /* a byte: the child may execute its program; 0: it was told */
        uint64_t began; /* to start, and then to end */
        bool runs, gone;
} Unit;

typedef struct Floor {
        sd_bus* bus;
        int stamps;
        const char* node;
        bool is_scope;
        size_t per_slice; /* 0: one for all */
        Unit* units;
        size_t n_begun, n_run, n_gone;
        bool tells_end;
} Floor;

static pid_t fork_node(const char* node, int* ret_go) {
        int go[2] = { -1, -1 };
        pid_t pid;
        char byte;

        if (ret_go && pipe2(go, O_CLOEXEC) < 0)
                return must(-errno, "pipe");
        pid = fork();
        if (pid < 0)
                return must(-errno, "fork");
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) read(go[0], &byte, 1);
                (void) execl(node, node, NULL);
                _exit(EXIT_FAILURE);
        }
        (void) close(go[0]);
        if (ret_go)
                *ret_go = go[1];
        return pid;
}

static void begin(Floor* f) {
        sd_bus_message* m = NULL;
        Unit* u = &f->units[f->n_begun];
        char slice[48] = SLICE ".slice";

        (void) snprintf(u->name, sizeof u->name, "zeekbench-%zu.%s", f->n_begun, f->is_scope ? "scope" : "service");
        if (f->per_slice > 0 && f->n_begun >= f->per_slice)
                (void) snprintf(slice, sizeof slice, SLICE "-%zu.slice", f->n_begun / f->per_slice);
        f->n_begun++;
        u->began = now_ns();
        if (f->is_scope)
                u->pid = fork_node(f->node, &u->go);

        must(sd_bus_message_new_method_call(f->bus, &m, MANAGER, "StartTransientUnit"), "call");
        must(sd_bus_message_append(m, "ss", u->name, "fail"), "call");
        must(sd_bus_message_open_container(m, 'a', "(sv)"), "call");
        must(sd_bus_message_append(m, "(sv)(sv)", "Slice", "s", slice, "CollectMode", "s", "inactive-or-failed"), "call");
        if (f->is_scope)
                must(sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t) u->pid), "call");
        else
                must(sd_bus_message_append(m, "(sv)", "ExecStart", "a(sasb)", 1, f->node, 1, f->node, 0), "call");
        must(sd_bus_message_close_container(m), "call");
        must(sd_bus_message_append(m, "a(sa(sv))", 0), "call");
        must(sd_bus_send(f->bus, m, NULL), "send");
        sd_bus_message_unref(m);
}

static Unit* find(Floor* f, const char* name) {
        unsigned long number = strncmp(name, "zeekbench-", 10) == 0 ? strtoul(name + 10, NULL, 10) : f->n_begun;

        return number < f->n_begun ? &f->units[number] : NULL;
}

static int on_job_removed(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        const char *job, *name, *result;
        uint32_t id;
        Unit* u;

        must(sd_bus_message_read(m, "uoss", &id, &job, &name, &result), "JobRemoved");
        u = find(userdata, name);
        if (u && u->go > 0) {
                must(write(u->go, "!", 1) < 0 ? -errno : 0, "go");
                u->go = close(u->go);
        }
        return 0;
}

static int on_unit_removed(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Floor* f = userdata;
        const char *name, *path;
        Unit* u;

        must(sd_bus_message_read(m, "so", &name, &path), "UnitRemoved");
        u = find(f, name);
        if (u && !u->gone) {
                u->gone = true;
                f->n_gone++;
                if (f->tells_end)
                        report("end", now_ns() - u->began);
        }
        return 0;
}

/* One wait for whatever comes next. */
static void turn(Floor* f, bool tell) {
        struct pollfd fds[] = { { .fd = sd_bus_get_fd(f->bus), .events = POLLIN }, { .fd = f->stamps, .events = POLLIN } };
        int timeout = 20000;
        Stamp stamp;

        while (must(sd_bus_process(f->bus, NULL), "bus") > 0)
                timeout = 0;
        if (must(poll(fds, 2, timeout), "poll") == 0 && timeout > 0)
                must(-ETIMEDOUT, "floor");
        if (!fds[1].revents || !stamps_wait(f->stamps, &stamp))
                return;
        for (size_t i = f->n_begun; i-- > 0;) {
                Unit* u = &f->units[i];

                if (u->runs || (f->is_scope && u->pid != stamp.pid))
                        continue;
                u->pid = stamp.pid;
                u->runs = true;
                f->n_run++;
                if (tell)
                        report("start", stamp.at - u->began);
                break;
        }
}

static void run(Floor* f, size_t n, size_t window, bool tell) {
        size_t until = f->n_run + n;

        while (f->n_run < until) {
                while (f->n_begun < until && f->n_begun - f->n_run < window)
                        begin(f);
                turn(f, tell);
        }
}

/* Ends the last n, window at a time. */
static void end(Floor* f, size_t n, size_t window, bool tell) {
        size_t before = f->n_gone, killed = 0;

        f->tells_end = tell;
        while (f->n_gone - before < n) {
                for (; killed < n && killed - (f->n_gone - before) < window; killed++) {
                        Unit* u = &f->units[f->n_begun - 1 - killed];

                        u->began = now_ns();
                        (void) kill(u->pid, SIGKILL);
                }
                turn(f, false);
                while (waitpid(-1, NULL, WNOHANG) > 0)
                        ;
        }
        f->n_begun -= n;
        f->n_run -= n;
}

static void units(bool is_scope, size_t n, size_t window, size_t siblings, const char* node, size_t per_slice) {
        Floor f = { .stamps = stamps_open(), .node = node, .is_scope = is_scope, .per_slice = per_slice };
        uint64_t began;

        f.units = calloc(n + siblings, sizeof(*f.units));
        must(sd_bus_open_system(&f.bus), "bus");
        must(sd_bus_match_signal(f.bus, NULL, MANAGER, "JobRemoved", on_job_removed, &f), "match");
        must(sd_bus_match_signal(f.bus, NULL, MANAGER, "UnitRemoved", on_unit_removed, &f), "match");
        must(sd_bus_call_method(f.bus, MANAGER, "Subscribe", NULL, NULL, NULL), "Subscribe");

        run(&f, siblings, SIBLINGS_WINDOW, false);
        began = now_ns();
        run(&f, n, window, true);
        report("all", now_ns() - began);
        end(&f, n, window, window == 1);
        end(&f, siblings, SIBLINGS_WINDOW, false);
        sd_bus_flush_close_unref(f.bus);
        free(f.units);
}

static void forks(size_t n, const char* node) {
        int stamps = stamps_open();
        Stamp stamp;

        for (size_t i = 0; i < n; i++) {
                uint64_t began = now_ns();
                pid_t pid = fork_node(node, NULL);

                if (!stamps_wait(stamps, &stamp))
                        must(-ETIMEDOUT, node);
                report("start", stamp.at - began);
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
        }
}

int main(int argc, char* argv[]) {
        if (argc == 4 && strcmp(argv[1], "fork") == 0)
                forks(strtoul(argv[2], NULL, 10), argv[3]);
        else if (argc == 6 || argc == 7)
                units(strcmp(argv[1], "scope") == 0, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10),
                      strtoul(argv[4], NULL, 10), argv[5], argc == 7 ? strtoul(argv[6], NULL, 10) : 0);
        else
                return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
