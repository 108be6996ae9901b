/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/syscall-watch.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/log.h"
#include "util/parse.h"

/* After everything else: who makes calls that are not allowed has time. */
#define PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

#define STATUS_SIZE_MAX 8192U /* of /proc/PID/status */
#define LISTENER_LINK "anon_inode:seccomp notify"

/* A call that was not allowed, and what is to be told of it. */
typedef struct Kind {
        char* call;
        uint64_t argument;
        pid_t pid;
        int verdict;
        uint64_t count; /* since it was told last */
} Kind;

struct SyscallWatch {
        sd_event* event;
        int listener; /* weak */
        SyscallVerdicts verdicts;
        syscall_told_t told;
        void* userdata;
        sd_event_source* source;
        sd_event_source* timer; /* made when it is needed; on as long as there are kinds */
        Kind* kinds; /* at most SYSCALL_KINDS_MAX, and one for all others; most nodes never have any */
        size_t n_kinds, n_allocated;
        struct seccomp_notif* request;
        struct seccomp_notif_resp* response;
};

/* The process of a thread, from its status; 0: it has ended. */
static pid_t process_of_thread(pid_t thread) {
        _cleanup_free_ char* path = xasprintf("/proc/%i/status", (int) thread);
        _cleanup_free_ char* text = NULL;
        const char* line;
        int64_t pid;

        if (file_read_virtual(AT_FDCWD, path, STATUS_SIZE_MAX, &text) < 0)
                return 0;
        /* the name of the process is in the line before, and the kernel lets no newline through */
        line = strstr(text, "\nTgid:\t");
        if (!line)
                return 0;
        line += strlen("\nTgid:\t");
        _cleanup_free_ char* number = xstrndup(line, strcspn(line, "\n"));
        return parse_int_range(number, 1, INT32_MAX, &pid) < 0 ? 0 : (pid_t) pid;
}

/* ---- what is told ---- */

static void tell(SyscallWatch* watch, Kind* kind) {
        const SyscallReport report = {
                .call = kind->call,
                .argument = kind->argument,
                .pid = kind->pid,
                .verdict = kind->verdict,
                .count = kind->count,
        };

        if (kind->count > 0 && watch->told(&report, watch->userdata))
                kind->count = 0;
}

/* What was not made again is forgotten, and told at once if it is. */
static void forget_quiet_kinds(SyscallWatch* watch) {
        size_t n = 0;

        for (size_t i = 0; i < watch->n_kinds; i++)
                if (watch->kinds[i].count > 0)
                        watch->kinds[n++] = watch->kinds[i];
                else
                        free(watch->kinds[i].call);
        watch->n_kinds = n;
}

static void arm_timer(SyscallWatch* watch);

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        SyscallWatch* watch = userdata;

        forget_quiet_kinds(watch);
        syscall_watch_tell(watch);
        if (watch->n_kinds > 0)
                arm_timer(watch);
        return 0;
}

static void arm_timer(SyscallWatch* watch) {
        int r = 0;

        if (!watch->timer)
                r = sd_event_add_time_relative(watch->event, &watch->timer, CLOCK_MONOTONIC, 0, 0, on_timer, watch);
        if (r >= 0)
                r = sd_event_source_set_time_relative(watch->timer, SYSCALL_REPORT_INTERVAL_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_error_errno(r, "Failed to set a timer for reports about system calls: %m");
}

void syscall_watch_tell(SyscallWatch* watch) {
        for (size_t i = 0; i < watch->n_kinds; i++)
                tell(watch, &watch->kinds[i]);
}

static Kind* find_kind(SyscallWatch* watch, const char* call, uint64_t argument) {
        size_t i = 0;

        while (i < watch->n_kinds && (strcmp(watch->kinds[i].call, call) != 0 || watch->kinds[i].argument != argument))
                i++;
        if (i >= SYSCALL_KINDS_MAX) {
                i = SYSCALL_KINDS_MAX;
                call = "";
                argument = 0;
        }
        if (i == watch->n_kinds) {
                if (watch->n_kinds == 0)
                        arm_timer(watch);
                GROW(watch->kinds, watch->n_kinds, watch->n_allocated);
                watch->kinds[watch->n_kinds++] = (Kind) { .call = xstrdup(call), .argument = argument };
                return &watch->kinds[i];
        }
        return &watch->kinds[i];
}

static pid_t pid_of_caller(const SyscallWatch* watch) {
        pid_t thread = (pid_t) watch->request->pid, process = process_of_thread(thread);

        return process > 0 ? process : thread;
}

/* Before it is answered: as long as it waits, it can be seen who it is. */
static void count(SyscallWatch* watch, const char* call, int verdict) {
        bool has_family = strcmp(call, "socket") == 0;
        size_t n = watch->n_kinds;
        Kind* kind = find_kind(watch, call, has_family ? (uint32_t) watch->request->data.args[0] : 0);

        if (kind->count++ == 0)
                kind->pid = pid_of_caller(watch);
        kind->verdict = verdict;
        if (watch->n_kinds > n)
                tell(watch, kind);
}

/* ---- what is answered ---- */

static char* name_of_call(const struct seccomp_data* data) {
        uint32_t architecture = data->arch;
        char* name;

#ifdef SCMP_ARCH_X32
        if (architecture == SCMP_ARCH_X86_64 && data->nr & 0x40000000)
                architecture = SCMP_ARCH_X32;
#endif
        name = seccomp_syscall_resolve_num_arch(architecture, data->nr);
        return name ? name : xasprintf("%i", data->nr);
}

/* The question stays open: the call never returns. */
static void kill_caller(SyscallWatch* watch) {
        pid_t pid = process_of_thread((pid_t) watch->request->pid);
        _cleanup_close_ int pidfd = pid > 0 ? pidfd_open(pid, 0) : -ESRCH;

        /* It was this process that was opened if its thread still waits. */
        if (pidfd >= 0 && seccomp_notify_id_valid(watch->listener, watch->request->id) == 0)
                (void) pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
}

static void respond(SyscallWatch* watch, int verdict) {
        struct seccomp_notif_resp* response = watch->response;

        memset(response, 0, sizeof *response);
        response->id = watch->request->id;
        if (verdict == VERDICT_LOG || verdict == VERDICT_ALLOW)
                response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        else
                response->error = -verdict;
        /* it may have been interrupted meanwhile, or killed */
        (void) seccomp_notify_respond(watch->listener, response);
}

static void answer(SyscallWatch* watch) {
        _cleanup_free_ char* call = name_of_call(&watch->request->data);
        int verdict = syscall_verdicts_on(&watch->verdicts, call);

        count(watch, call, verdict);
        if (verdict == VERDICT_KILL)
                kill_caller(watch);
        else
                respond(watch, verdict);
}

static int on_question(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        SyscallWatch* watch = userdata;

        if (revents & EPOLLIN) {
                memset(watch->request, 0, sizeof *watch->request);
                /* who asked may be gone already */
                if (seccomp_notify_receive(fd, watch->request) == 0)
                        answer(watch);
        } else if (revents & (EPOLLHUP | EPOLLERR))
                /* nobody is left who could ask */
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

/* ---- the watch ---- */

static int listen(SyscallWatch* watch) {
        int r = sd_event_add_io(watch->event, &watch->source, watch->listener, EPOLLIN, on_question, watch);

        if (r >= 0)
                r = sd_event_source_set_priority(watch->source, PRIORITY);
        if (r >= 0)
                r = sd_event_source_set_ratelimit(watch->source, SYSCALL_ANSWERS_INTERVAL_USEC, SYSCALL_ANSWERS_BURST);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(watch->source, "system-calls");
        return 0;
}

int syscall_watch_new(sd_event* event, int listener, const char* verdicts, syscall_told_t told, void* userdata,
                      SyscallWatch** ret) {
        SyscallWatch* watch = xnew0(SyscallWatch);
        int r = 0;

        *watch = (SyscallWatch) {
                .event = sd_event_ref(event),
                .listener = listener,
                .verdicts = { .others = EPERM },
                .told = told,
                .userdata = userdata,
        };
        if (verdicts)
                r = syscall_verdicts_from_string(verdicts, &watch->verdicts);
        if (r >= 0)
                r = seccomp_notify_alloc(&watch->request, &watch->response);
        if (r >= 0)
                r = listen(watch);
        if (r < 0) {
                syscall_watch_free(watch);
                return r;
        }
        *ret = watch;
        return 0;
}

SyscallWatch* syscall_watch_free(SyscallWatch* watch) {
        if (!watch)
                return NULL;

        (void) sd_event_source_disable_unref(watch->source);
        (void) sd_event_source_disable_unref(watch->timer);
        seccomp_notify_free(watch->request, watch->response);
        for (size_t i = 0; i < watch->n_kinds; i++)
                free(watch->kinds[i].call);
        free(watch->kinds);
        syscall_verdicts_done(&watch->verdicts);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

bool is_syscall_listener(int fd) {
        _cleanup_free_ char* path = xasprintf("/proc/self/fd/%i", fd);
        char link[sizeof LISTENER_LINK + 1];
        ssize_t n = readlink(path, link, sizeof link);

        return n == (ssize_t) strlen(LISTENER_LINK) && memcmp(link, LISTENER_LINK, (size_t) n) == 0;
}
