/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "supervisor/output-stream.h"
#include "util/fd.h"
#include "util/log.h"

/* How soon a pipe with the beginning of a line in it is looked at again, and how seldom after a while; see
 * stream_look_again(). */
#define AGAIN_FIRST_USEC USEC_PER_MSEC
#define AGAIN_LAST_USEC USEC_PER_SEC

/* A byte count that no pipe has. */
#define UNFINISHED_UNKNOWN SIZE_MAX

typedef enum Step {
        STEP_ON,         /* all complete lines that were shown are sent, and there were some */
        STEP_EMPTY,      /* nothing is there */
        STEP_UNFINISHED, /* the beginning of a line is there */
        STEP_ENOUGH,     /* the turn is over */
        STEP_ASKED,      /* a hook's program has to answer first */
        STEP_FULL,       /* the journal takes no more */
        STEP_ERROR,
} Step;

static void spend(size_t* budget, size_t bytes) {
        *budget -= min_size(*budget, bytes + OUTPUT_STEP_BYTES);
}

static OutputHub* stream_hub(const OutputStream* s) {
        return s->owner->hub;
}

static void stream_close(OutputStream* s) {
        pipe_window_forget(&stream_hub(s)->window, s);
        output_hub_cancel(stream_hub(s), &s->turn);
        journal_waiter_cancel(&s->waiter);
        line_judge_done(&s->judge);

        /* The sources first: zeek-stem holds the same open file, and epoll would not notice our close(2). */
        s->again = sd_event_source_disable_unref(s->again);
        s->readable = sd_event_source_disable_unref(s->readable);
        s->fd = fd_close(s->fd);
}

static size_t stream_bytes(const OutputStream* s) {
        int n = 0;

        return ioctl(s->fd, FIONREAD, &n) < 0 || n < 0 ? 0 : (size_t) n;
}

static void stream_ready(OutputStream* s) {
        /* One that waits for the journal, or for answers, goes on when it is woken. */
        if (s->fd >= 0 && !s->waiter.writer && !line_judge_waits(&s->judge))
                output_hub_queue(stream_hub(s), &s->turn);
}

static int on_again(sd_event_source* source, uint64_t usec, void* userdata);

static int again_arm(OutputStream* s) {
        usec_t accuracy = s->again_usec / 4;
        int r;

        if (!s->again)
                return sd_event_add_time_relative(stream_hub(s)->event, &s->again, CLOCK_MONOTONIC, s->again_usec,
                                                  accuracy, on_again, s);
        r = sd_event_source_set_time_accuracy(s->again, accuracy);
        if (r >= 0)
                r = sd_event_source_set_time_relative(s->again, s->again_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->again, SD_EVENT_ONESHOT);
        return r;
}

/* With bytes left in the pipe its readiness is not the whole truth: a writer that finds the pipe not empty, fills it,
 * and sleeps until there is room wakes no reader before its whole write is done (pipe_write() in the kernel; seen on
 * 6.18). That takes a write larger than the room in the pipe, which comes right behind the others or hardly ever; so
 * the looks start soon and become rare. All other writes make the pipe readable anew. */
static void stream_look_again(OutputStream* s) {
        int r = again_arm(s);

        if (r < 0)
                (void) log_error_errno(r, "Failed to watch the %s of node '%s': %m", stream_to_string(s->kind),
                                       s->owner->node);
        s->again_usec = min_u64(s->again_usec * 2, AGAIN_LAST_USEC);
}

static int on_again(sd_event_source* source, uint64_t usec, void* userdata) {
        OutputStream* s = userdata;

        if (stream_bytes(s) == s->unfinished)
                stream_look_again(s);
        else
                stream_ready(s);
        return 0;
}

/* Shows the beginning of the pipe in the hub's window, unless it still does; with full it always looks anew. */
static Step stream_show(OutputStream* s, bool* full) {
        PipeWindow* window = &stream_hub(s)->window;
        /* A line that is too long is known by the byte behind its longest piece. */
        size_t max = (size_t) max_u64(s->splitter.line_max + 1, OUTPUT_TURN_BYTES / 2);
        ssize_t n;

        if (s->ending)
                max = min_size(max, s->left);
        if (!full && pipe_window_holds(window, s))
                return STEP_ON;

        n = full ? pipe_window_show_full(window, s, s->fd, max, full) : pipe_window_show(window, s, s->fd, max);
        if (n == 0 || n == -EAGAIN)
                return STEP_EMPTY;
        if (n > 0) {
                s->error = 0;
                return STEP_ON;
        }
        if (s->error != (int) n)
                (void) log_error_errno((int) n, "Failed to read the %s of node '%s', trying again: %m",
                                       stream_to_string(s->kind), s->owner->node);
        s->error = (int) n;
        return STEP_ERROR;
}

static int stream_send(OutputStream* s, const Line* line, const HookVerdict* verdict) {
        LineChange change = { .priority = verdict->priority };
        LineEntry entry;
        int r;

        hook_verdict_add_fields(&s->judge.view, verdict, &change.fields);
        line_entry_set(&entry, &s->prefix, line, &change);
        r = journal_writer_send(stream_hub(s)->journal, entry.iov, entry.n);
        journal_entry_done(&change.fields);
        return r;
}

/* Brings a line where it should go: STEP_ON; or says why it stays, STEP_ASKED, STEP_FULL. */
static Step stream_dispose(OutputStream* s, const Line* line, bool* ret_sent) {
        OutputOwner* owner = s->owner;
        NodeOutputState* state = owner->state;
        HookVerdict verdict;

        *ret_sent = false;
        if (!line_judge(&s->judge, 0, line, &verdict))
                return STEP_ASKED;

        if (verdict.suppress)
                state->lines_suppressed++;
        else if (!rate_limit_take(&owner->rate_limit, s->turn_began)) {
                state->lines_dropped++;
                owner->dropped(owner->dropped_userdata);
        } else if (stream_send(s, line, &verdict) < 0) {
                rate_limit_give_back(&owner->rate_limit);
                return STEP_FULL;
        } else {
                state->lines_forwarded++;
                *ret_sent = true;
        }
        if (!verdict.suppress)
                last_output_add(&state->last, s->kind, line->data, line->size);
        line_judge_commit(&s->judge, &verdict);
        return STEP_ON;
}

/* While the first line of these waits for an answer, the next ones can be asked about. */
static void stream_ask_ahead(OutputStream* s, const char* bytes, size_t size, WindowEnd end) {
        LineSplitter splitter = s->splitter;

        for (unsigned ahead = 0; ahead < JUDGE_LINES_MAX;) {
                HookVerdict verdict;
                Line line;
                bool found = line_splitter_next(&splitter, bytes, size, end, &line);

                if (!found && line.taken == 0)
                        break;
                if (found && ahead++ > 0)
                        (void) line_judge(&s->judge, ahead - 1, &line, &verdict);
                line_splitter_commit(&splitter, &line);
                bytes += line.taken;
                size -= line.taken;
        }
}

static void keep_counters(const NodeOutputState* state) {
        if (state->kept)
                line_counters_keep(state->kept, &(LineCounters) { state->lines_forwarded, state->lines_suppressed,
                                                                  state->lines_dropped });
}

/* The journal has the lines up to here: now they may leave the pipe. */
static void stream_take(OutputStream* s, size_t* size) {
        int r = pipe_window_take(&stream_hub(s)->window, s->fd, *size);

        if (r < 0)
                /* Only a node that reads its own output can cause this, and only it misses what it took. */
                (void) log_debug_errno(r, "Somebody else reads the %s of node '%s': %m", stream_to_string(s->kind),
                                       s->owner->node);
        s->left -= min_size(s->left, *size);
        *size = 0;
        keep_counters(s->owner->state);
}

/* Disposes of the lines that the window shows, as far as the budget goes. */
static Step stream_do_window(OutputStream* s, WindowEnd end, size_t* budget) {
        PipeWindow* window = &stream_hub(s)->window;
        Step step = STEP_UNFINISHED;
        size_t done = 0, sent = 0; /* bytes that may be taken; those of them that would be repeated */
        unsigned n_sent = 0;

        while (pipe_window_holds(window, s)) {
                const char* bytes = pipe_window_data(window) + done;
                size_t size = pipe_window_size(window) - done;
                Line line;
                bool found = line_splitter_next(&s->splitter, bytes, size, end, &line);
                bool was_sent = false;

                if (!found && line.taken == 0)
                        break;
                if (*budget == 0) {
                        step = STEP_ENOUGH;
                        break;
                }
                step = found ? stream_dispose(s, &line, &was_sent) : STEP_ON;
                if (step == STEP_ASKED && end != WINDOW_STUCK)
                        stream_ask_ahead(s, bytes, size, end);
                if (step != STEP_ON)
                        break;

                line_splitter_commit(&s->splitter, &line);
                done += line.taken;
                spend(budget, line.taken);
                if (end == WINDOW_STUCK)
                        end = WINDOW_OPEN; /* one piece makes room */
                if (!was_sent)
                        continue;
                sent += line.taken;
                if (++n_sent >= OUTPUT_BATCH_LINES || sent >= OUTPUT_BATCH_BYTES) {
                        stream_take(s, &done);
                        sent = 0;
                        n_sent = 0;
                }
        }
        stream_take(s, &done);
        return step;
}

/* Does the stream end with what the window shows? */
static WindowEnd stream_window_end(const OutputStream* s) {
        return s->ending && pipe_window_size(&stream_hub(s)->window) >= s->left ? WINDOW_LAST : WINDOW_OPEN;
}

/* A line that may still grow needs a pipe that holds it: the writes it comes in may leave half of each page unused, and
 * of the first page most may be taken already. */
static bool stream_enlarge_pipe(OutputStream* s) {
        size_t wanted = 2 * (s->splitter.line_max + 1) + 2 * (size_t) sysconf(_SC_PAGESIZE);
        int size = fcntl(s->fd, F_GETPIPE_SZ);

        return size > 0 && (size_t) size < wanted && fcntl(s->fd, F_SETPIPE_SZ, 2 * size) > size;
}

/* There is no complete line, so the writer must be able to go on, or both would wait for ever: a pipe that is full is
 * made larger, and where that is not allowed the line is cut. */
static Step stream_do_unfinished(OutputStream* s, size_t* budget) {
        bool full = false;
        Step step = stream_show(s, &full);

        if (step != STEP_ON)
                return step;
        if (full && stream_enlarge_pipe(s))
                full = false;
        step = stream_do_window(s, full ? WINDOW_STUCK : stream_window_end(s), budget);
        if (step == STEP_UNFINISHED) {
                s->unfinished = pipe_window_size(&stream_hub(s)->window);
                pipe_window_forget(&stream_hub(s)->window, s);
        }
        return step;
}

static Step stream_step(OutputStream* s, size_t* budget) {
        Step step = stream_show(s, NULL);

        spend(budget, 0);
        if (step == STEP_ON)
                step = stream_do_window(s, stream_window_end(s), budget);
        if (step == STEP_UNFINISHED)
                step = stream_do_unfinished(s, budget);
        return step;
}

static void stream_run(void* userdata) {
        OutputStream* s = userdata;
        const NodeOutputState* state = s->owner->state;
        uint64_t before = state->lines_forwarded + state->lines_suppressed + state->lines_dropped;
        size_t budget = OUTPUT_TURN_BYTES;
        Step step;

        s->turn_began = now_usec(CLOCK_MONOTONIC);
        line_judge_refresh(&s->judge);

        do {
                step = s->ending && s->left == 0 ? STEP_EMPTY : stream_step(s, &budget);
                if (step == STEP_ON)
                        s->again_usec = AGAIN_FIRST_USEC;
        } while (step == STEP_ON);
        if (state->lines_forwarded + state->lines_suppressed + state->lines_dropped != before && s->owner->changed)
                s->owner->changed(s->owner->changed_userdata);

        if (s->ending && (step == STEP_EMPTY || step == STEP_ERROR)) {
                stream_close(s);
                s->owner->ended(s->owner->ended_userdata);
                return;
        }

        if (step == STEP_ENOUGH)
                output_hub_queue(stream_hub(s), &s->turn);
        else if (step == STEP_FULL) {
                s->waiter.floods = s->behind;
                journal_writer_wait(stream_hub(s)->journal, &s->waiter);
        } else if (step == STEP_UNFINISHED || step == STEP_ERROR) {
                if (step == STEP_ERROR)
                        s->unfinished = UNFINISHED_UNKNOWN;
                stream_look_again(s);
        }
        if (step != STEP_ASKED)
                s->behind = step == STEP_ENOUGH || step == STEP_FULL;
}

static void on_judge_woken(void* userdata) {
        stream_ready(userdata);
}

static int on_readable(sd_event_source* source, int fd, uint32_t revents, void* userdata) {
        OutputStream* s = userdata;

        if (revents & EPOLLHUP)
                output_stream_end(s);
        else
                stream_ready(s);
        return 0;
}

void output_stream_end(OutputStream* s) {
        if (s->fd < 0)
                return;
        s->ending = true;
        s->left = stream_bytes(s);
        stream_ready(s);
}

int output_stream_init(OutputStream* s, OutputOwner* owner, Stream kind, const LineOrigin* origin, size_t line_max,
                       int fd) {
        _cleanup_close_ int owned = fd;
        int r;

        *s = (OutputStream) {
                .owner = owner,
                .kind = kind,
                .fd = -EBADF,
                .again_usec = AGAIN_FIRST_USEC,
                .turn = { .run = stream_run, .userdata = s },
                .waiter = { .ready = stream_run, .userdata = s },
                .splitter.line_max = line_max,
                .judge = {
                        .hub = owner->hub,
                        .node = owner->node,
                        .role = owner->role,
                        .stream = kind,
                        .wake = on_judge_woken,
                        .userdata = s,
                },
        };
        line_judge_init(&s->judge);
        if (fd < 0)
                return 0;
        if (fcntl(fd, F_GETPIPE_SZ) < 0)
                return -errno;

        /* Edge-triggered: the beginning of a line may lie in the pipe for hours, and is no reason to wake. */
        r = sd_event_add_io(owner->hub->event, &s->readable, fd, EPOLLIN | EPOLLET, on_readable, s);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(s->readable, stream_to_string(kind));

        line_prefix_init(&s->prefix, origin, kind);
        s->fd = take_fd(owned);
        return 0;
}

void output_stream_done(OutputStream* s) {
        if (s->fd >= 0)
                stream_close(s);
        journal_entry_done(&s->prefix);
}
