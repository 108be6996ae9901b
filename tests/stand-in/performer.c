/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stand-in/performer.h"
#include "stand-in/probe.h"
#include "stand-in/process.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/usec.h"

#define BUFFER_SIZE (64U * 1024)
#define NUMBER_DIGITS_MAX 20
#define THREAD_STACK_SIZE (256U * 1024)

static void sleep_until(usec_t deadline) {
        struct timespec ts = {
                .tv_sec = (time_t) (deadline / USEC_PER_SEC),
                .tv_nsec = (long) (deadline % USEC_PER_SEC * 1000),
        };

        while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &ts, NULL) == EINTR)
                ;
}

void performer_sleep(uint64_t msec) {
        usec_t now = now_usec(CLOCK_BOOTTIME);

        sleep_until(msec > (UINT64_MAX / 2) / USEC_PER_MSEC ? UINT64_MAX / 2 : now + msec * USEC_PER_MSEC);
}

/* What is to be written to one or two descriptors, gathered to larger writes. */
typedef struct Output {
        const int* fds;
        size_t n_fds;
        uint64_t* tally; /* NULL: nobody counts */
        uint64_t n_gathered; /* lines whose end is in the buffer */
        size_t filled;
        bool failed;
        char buffer[BUFFER_SIZE];
} Output;

static void output_flush(Output* output) {
        for (size_t i = 0; i < output->n_fds && !output->failed; i++)
                output->failed = fd_write_all(output->fds[i], output->buffer, output->filled) < 0;
        output->filled = 0;
        if (output->tally && !output->failed)
                *output->tally += output->n_gathered;
        output->n_gathered = 0;
}

/* text may be NULL: dots. */
static void output_append(Output* output, const char* text, uint64_t size) {
        while (size > 0 && !output->failed) {
                size_t n = (size_t) min_u64(size, BUFFER_SIZE - output->filled);

                if (text) {
                        memcpy(output->buffer + output->filled, text, n);
                        text += n;
                } else
                        memset(output->buffer + output->filled, '.', n);
                output->filled += n;
                size -= n;
                if (output->filled == BUFFER_SIZE)
                        output_flush(output);
        }
}

/* "TAG NUMBER", filled up to the wished length, and a newline. */
static void output_append_line(Output* output, const Directives* directives, uint64_t number) {
        char digits[NUMBER_DIGITS_MAX + 1];
        size_t tag_length = strlen(directives->tag), n = sizeof digits;
        uint64_t length;

        do
                digits[--n] = (char) ('0' + number % 10);
        while ((number /= 10) > 0);
        digits[--n] = ' ';

        length = tag_length + sizeof digits - n;
        output_append(output, directives->tag, tag_length);
        output_append(output, digits + n, sizeof digits - n);
        if (length < directives->bytes) {
                output_append(output, " ", 1);
                output_append(output, NULL, directives->bytes - length - 1);
        }
        output->n_gathered++;
        output_append(output, "\n", 1);
}

static void print_lines(const Directives* directives, const int* fds, size_t n_fds, uint64_t count, uint64_t* tally) {
        bool each_line = directives->each_line || directives->rate > 0 || n_fds > 1;
        _cleanup_free_ Output* output = xnew0(Output);
        usec_t start = now_usec(CLOCK_BOOTTIME);

        output->fds = fds;
        output->n_fds = n_fds;
        output->tally = tally;
        for (uint64_t i = 0; i < count && !output->failed; i++) {
                if (directives->rate > 0)
                        sleep_until(start + (usec_t) ((double) i * 1e6 / (double) directives->rate));
                output_append_line(output, directives, directives->from + i);
                if (each_line)
                        output_flush(output);
        }
        output_flush(output);
}

void performer_print_lines(const Directives* directives, const int* fds, size_t n_fds, uint64_t count) {
        print_lines(directives, fds, n_fds, count, NULL);
}

static void do_children(const Directives* directives, uint64_t n) {
        DescendantOptions options = { directives->children_ignore_term, directives->children_keep_pipes };

        for (uint64_t i = 0; i < n; i++) {
                pid_t pid = process_start_sleeper(&options);

                if (pid < 0) {
                        write_line(STDERR_FILENO, "fork of child %llu: %s", (unsigned long long) i + 1,
                                   strerror(-pid));
                        return;
                }
        }
}

static void do_daemon(const Directives* directives) {
        DescendantOptions options = { directives->children_ignore_term, directives->children_keep_pipes };
        int r = process_start_daemon(&options);

        if (r < 0)
                write_line(STDERR_FILENO, "fork: %s", strerror(-r));
}

static void* sleep_for_ever(void* unused) {
        for (;;)
                (void) pause();
        return NULL;
}

static void do_threads(uint64_t n) {
        pthread_attr_t attributes;
        int error = pthread_attr_init(&attributes);

        if (error == 0)
                error = pthread_attr_setstacksize(&attributes, THREAD_STACK_SIZE);
        for (uint64_t i = 0; i < n && error == 0; i++) {
                pthread_t thread;

                error = pthread_create(&thread, &attributes, sleep_for_ever, NULL);
                if (error == 0)
                        (void) pthread_detach(thread);
        }
        if (error != 0)
                write_line(STDERR_FILENO, "pthread_create: %s", strerror(error));
        (void) pthread_attr_destroy(&attributes);
}

static void do_spin(uint64_t msec) {
        usec_t start = now_usec(CLOCK_BOOTTIME);

        while (msec == ENDLESS || (now_usec(CLOCK_BOOTTIME) - start) / USEC_PER_MSEC < msec)
                ;
}

/* Takes memory and writes to every page of it. Nobody gives it back. */
static bool take_memory(uint64_t size) {
        void* p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED) {
                write_line(STDERR_FILENO, "mmap of %llu bytes: %s", (unsigned long long) size,
                           strerror(errno));
                return false;
        }
        memset(p, 1, size);
        return true;
}

static void do_leak(uint64_t size_per_second) {
        uint64_t piece = size_per_second / 10 > 4096 ? size_per_second / 10 : 4096;

        while (take_memory(piece))
                performer_sleep(piece * 1000 / max_u64(size_per_second, 1));
}

static void do_fds(uint64_t n) {
        for (uint64_t i = 0; i < n; i++)
                if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
                        write_line(STDERR_FILENO, "open of descriptor %llu: %s", (unsigned long long) i + 1,
                                   strerror(errno));
                        return;
                }
}

static void do_resolve(const char* name) {
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addresses = NULL;
        char text[NI_MAXHOST];
        int r = getaddrinfo(name, NULL, &hints, &addresses);

        if (r == 0)
                r = getnameinfo(addresses->ai_addr, addresses->ai_addrlen, text, sizeof text, NULL, 0,
                                NI_NUMERICHOST);
        write_line(STDOUT_FILENO, "resolve.%s=%s", name, r == 0 ? text : gai_strerror(r));
        if (addresses)
                freeaddrinfo(addresses);
}

static void do_exec(const char* command) {
        int status = process_run_shell(command);

        if (status < 0)
                write_line(STDOUT_FILENO, "exec.status=%s", strerror(-status));
        else if (WIFSIGNALED(status))
                write_line(STDOUT_FILENO, "exec.signal=%d", WTERMSIG(status));
        else
                write_line(STDOUT_FILENO, "exec.status=%d", WEXITSTATUS(status));
}

/* Something else takes the two numbers, so that nothing opened later gets what is meant for them. */
static void do_close_output(void) {
        _cleanup_close_ int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                write_line(STDERR_FILENO, "/dev/null: %s", strerror(errno));
}

/* In memory that is the file's, so that what is in it does not depend on how the process ends. */
static uint64_t* open_tally(const char* name) {
        _cleanup_free_ char* path = xasprintf("%s.%i", name, (int) getpid());
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        void* p = MAP_FAILED;

        if (fd >= 0 && ftruncate(fd, sizeof(uint64_t)) >= 0)
                p = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED) {
                write_line(STDERR_FILENO, "%s: %s", path, strerror(errno));
                return NULL;
        }
        return p;
}

static void do_print(const Directives* directives, const Step* step) {
        static const int both[] = { STDOUT_FILENO, STDERR_FILENO };
        uint64_t* tally = directives->tally ? open_tally(directives->tally) : NULL;

        if (step->type == STEP_PRINT_BOTH)
                print_lines(directives, both, ELEMENTSOF(both), step->number, tally);
        else
                print_lines(directives, &step->fd, 1, step->number, tally);
        if (tally)
                (void) munmap(tally, sizeof *tally);
}

static void do_say(const Step* step) {
        _cleanup_free_ char* line = xcalloc(step->size + 1, 1);

        memcpy(line, step->text, step->size);
        line[step->size] = '\n';
        (void) fd_write_all(step->fd, line, step->size + 1);
}

static void do_step(const Performer* performer, const Step* step) {
        const Directives* directives = performer->directives;

        switch (step->type) {
        case STEP_SHOW:
                (void) fd_write_all(step->fd, performer->inherited, strlen(performer->inherited));
                return;
        case STEP_SAY:
                return do_say(step);
        case STEP_PRINT:
        case STEP_PRINT_BOTH:
                return do_print(directives, step);
        case STEP_PARTIAL:
                (void) fd_write_all(step->fd, step->text, step->size);
                return;
        case STEP_SLEEP:
                return performer_sleep(step->number);
        case STEP_CHILDREN:
                return do_children(directives, step->number);
        case STEP_DAEMON:
                return do_daemon(directives);
        case STEP_THREADS:
                return do_threads(step->number);
        case STEP_SPIN:
                return do_spin(step->number);
        case STEP_MEMORY:
                (void) take_memory(step->number);
                return;
        case STEP_LEAK:
                return do_leak(step->number);
        case STEP_FDS:
                return do_fds(step->number);
        case STEP_RESOLVE:
                return do_resolve(step->text);
        case STEP_PROBE:
                return probe_run(step->fd, step->text);
        case STEP_CALL:
                return probe_call(step->fd, step->text);
        case STEP_CLOSE_OUTPUT:
                return do_close_output();
        case STEP_EXEC:
                return do_exec(step->text);
        }
}

void performer_run(const Performer* performer) {
        for (size_t i = 0; i < performer->directives->n_steps; i++)
                do_step(performer, &performer->directives->steps[i]);
        if (performer->done_fd >= 0)
                (void) eventfd_write(performer->done_fd, 1);
}

static void* run_in_thread(void* userdata) {
        performer_run(userdata);
        return NULL;
}

int performer_start(Performer* performer) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, run_in_thread, performer);

        if (error != 0)
                return -error;
        (void) pthread_detach(thread);
        return 0;
}
