/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "stem/limits.h"
#include "stem/syscall-watch.h"
#include "unit/seccomp-fixture.h"
#include "util/fd.h"
#include "util/strv.h"

/* A child under an asking program, its listener, and what was told of it. */
typedef struct Story {
        sd_event* event;
        pid_t pid;
        int listener;
        char* verdicts;
        bool is_deaf;
        char** told;
} Story;

/* Parent and child have their descriptors in common, so that the listener does not have to be sent. */
static Story start(const char* calls, uint64_t families, int (*call)(void)) {
        int* listener = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        SyscallFilters* filters = syscall_filters_new();
        _cleanup_free_ char* text = xasprintf("allow %s", calls);
        SyscallOrder order = { .calls = text, .restricts_families = families != 0, .families = families };
        const SyscallFilter* filter;
        Story story = {};

        assert_true(listener != MAP_FAILED);
        assert_true(sd_event_new(&story.event) >= 0);
        assert_int_equal(syscall_filters_get(filters, &order, &filter), 0);
        story.verdicts = xstrdup(filter->verdicts);

        story.pid = (pid_t) syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
        assert_true(story.pid >= 0);
        if (story.pid == 0) {
                int fd = enter_filter(&filter->asking, true);

                __atomic_store_n(listener, fd, __ATOMIC_SEQ_CST);
                _exit(fd < 0 ? 255 : call() < 0 ? errno : 0);
        }
        while ((story.listener = __atomic_load_n(listener, __ATOMIC_SEQ_CST)) == 0)
                (void) sched_yield();
        assert_true(story.listener > 0);
        (void) munmap(listener, 4096);
        syscall_filters_free(filters);
        return story;
}

static bool on_told(const SyscallReport* report, void* userdata) {
        _cleanup_free_ char* verdict = verdict_to_string(report->verdict);
        Story* story = userdata;

        if (story->is_deaf)
                return false;
        assert_int_equal(report->pid, story->pid);
        strv_extendf(&story->told, "%s(%llu)=%s*%llu", report->call, (unsigned long long) report->argument, verdict,
                     (unsigned long long) report->count);
        return true;
}

static int on_ended(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        return sd_event_exit(sd_event_source_get_event(s), 0);
}

/* Until the child has ended: how. */
static int run(Story* story) {
        _cleanup_close_ int pidfd = pidfd_open(story->pid, 0);
        sd_event_source* ended = NULL;

        assert_true(sd_event_add_io(story->event, &ended, pidfd, EPOLLIN, on_ended, NULL) >= 0);
        assert_true(sd_event_loop(story->event) >= 0);
        (void) sd_event_source_disable_unref(ended);
        return wait_for_child(story->pid);
}

static void end(Story* story) {
        (void) fd_close(story->listener);
        strv_free(story->told);
        free(story->verdicts);
        sd_event_unref(story->event);
}

/* What is told of a child that makes the call, and how it ends. */
static void expect(const char* calls, uint64_t families, int (*call)(void), int result, const char* told) {
        Story story = start(calls, families, call);
        _cleanup_free_ char* joined = NULL;
        SyscallWatch* watch = NULL;
        int r;

        assert_int_equal(syscall_watch_new(story.event, story.listener, story.verdicts, on_told, &story, &watch), 0);
        r = run(&story);
        if (r != result)
                fail_msg("%s: %i instead of %i", calls, r, result);
        joined = strv_join(story.told, " ");
        assert_string_equal(joined, told);
        syscall_watch_free(watch);
        end(&story);
}

static int call_ptrace(void) {
        return (int) syscall(SYS_ptrace, -1, -1, 0, 0);
}

static int call_inet(void) {
        return (int) syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
}

static int call_ptrace_and_inet(void) {
        (void) call_ptrace();
        return call_inet();
}

static int call_ptrace_often(void) {
        for (int i = 0; i < 100; i++)
                (void) call_ptrace();
        return call_ptrace();
}

static int call_many_families(void) {
        int r = 0;

        for (int family = 100; family < 200; family++)
                r = (int) syscall(SYS_socket, family, SOCK_DGRAM, 0);
        return r;
}

static void a_call_gets_its_verdict_and_is_told(void** state) {
        const uint64_t unix_only = UINT64_C(1) << AF_UNIX;

        expect("ptrace:EACCES", 0, call_ptrace, EACCES, "ptrace(0)=EACCES*1");
        expect("ptrace:log", 0, call_ptrace, ESRCH, "ptrace(0)=log*1");
        expect("ptrace:kill", 0, call_ptrace, -SIGKILL, "ptrace(0)=kill*1");
        expect("ptrace:EACCES", unix_only, call_ptrace_and_inet, EAFNOSUPPORT,
               "ptrace(0)=EACCES*1 socket(2)=EAFNOSUPPORT*1");
        expect("mount:EPERM", 0, call_ptrace, ESRCH, "");
}

static void what_is_made_again_and_again_is_told_once(void** state) {
        Story story = start("ptrace:EPERM", 0, call_ptrace_often);
        SyscallWatch* watch = NULL;

        assert_int_equal(syscall_watch_new(story.event, story.listener, story.verdicts, on_told, &story, &watch), 0);
        assert_int_equal(run(&story), EPERM);
        assert_int_equal(strv_length(story.told), 1);
        assert_string_equal(story.told[0], "ptrace(0)=EPERM*1");
        /* the rest when it is time */
        syscall_watch_tell(watch);
        syscall_watch_tell(watch);
        assert_int_equal(strv_length(story.told), 2);
        assert_string_equal(story.told[1], "ptrace(0)=EPERM*100");
        syscall_watch_free(watch);
        end(&story);
}

static void kinds_beyond_the_limit_count_together(void** state) {
        Story story = start("", UINT64_C(1) << AF_UNIX, call_many_families);
        _cleanup_free_ char* last = xasprintf("(0)=EAFNOSUPPORT*%u", 100 - SYSCALL_KINDS_MAX - 1);
        SyscallWatch* watch = NULL;

        assert_int_equal(syscall_watch_new(story.event, story.listener, story.verdicts, on_told, &story, &watch), 0);
        assert_int_equal(run(&story), EAFNOSUPPORT);
        syscall_watch_tell(watch);
        assert_int_equal(strv_length(story.told), SYSCALL_KINDS_MAX + 2);
        assert_string_equal(story.told[SYSCALL_KINDS_MAX], "(0)=EAFNOSUPPORT*1");
        assert_string_equal(story.told[SYSCALL_KINDS_MAX + 1], last);
        syscall_watch_free(watch);
        end(&story);
}

static void what_nobody_hears_is_kept(void** state) {
        Story story = start("ptrace:EPERM", 0, call_ptrace);
        SyscallWatch* watch = NULL;

        story.is_deaf = true;
        assert_int_equal(syscall_watch_new(story.event, story.listener, story.verdicts, on_told, &story, &watch), 0);
        assert_int_equal(run(&story), EPERM);
        assert_null(story.told);
        story.is_deaf = false;
        syscall_watch_tell(watch);
        assert_string_equal(story.told[0], "ptrace(0)=EPERM*1");
        syscall_watch_free(watch);
        end(&story);
}

/* As when the stem is killed: the next one has the listener, and the question is still there. */
static void another_watch_answers_what_the_first_one_did_not(void** state) {
        Story story = start("ptrace:EACCES", 0, call_ptrace);
        SyscallWatch* watch = NULL;

        assert_int_equal(syscall_watch_new(story.event, story.listener, story.verdicts, on_told, &story, &watch), 0);
        watch = syscall_watch_free(watch);
        assert_int_equal(syscall_watch_new(story.event, story.listener, NULL, on_told, &story, &watch), 0);
        assert_int_equal(run(&story), EPERM);
        assert_string_equal(story.told[0], "ptrace(0)=EPERM*1");
        syscall_watch_free(watch);
        end(&story);
}

static void a_listener_is_told_from_other_descriptors(void** state) {
        Story story = start("ptrace:EACCES", 0, call_inet);

        assert_true(is_syscall_listener(story.listener));
        assert_false(is_syscall_listener(STDERR_FILENO) || is_syscall_listener(-1));
        assert_int_equal(wait_for_child(story.pid), 0);
        end(&story);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_call_gets_its_verdict_and_is_told),
                cmocka_unit_test(what_is_made_again_and_again_is_told_once),
                cmocka_unit_test(kinds_beyond_the_limit_count_together),
                cmocka_unit_test(what_nobody_hears_is_kept),
                cmocka_unit_test(another_watch_answers_what_the_first_one_did_not),
                cmocka_unit_test(a_listener_is_told_from_other_descriptors),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
