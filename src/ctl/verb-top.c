/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "ctl/usage.h"
#include "util/fd.h"

/* Between the first two looks, without which no use of CPU is known. */
#define FIRST_DELAY_USEC (USEC_PER_SEC / 2)

/* The totals, a blank line, the header, and the line that the cursor is left on. */
#define LINES_ABOVE 4U

#define ALTERNATE_SCREEN "\x1b[?1049h\x1b[?25l"
#define NORMAL_SCREEN "\x1b[?25h\x1b[?1049l"
#define SCREEN_TOP "\x1b[H"
#define REST_OF_LINE "\x1b[K"
#define REST_OF_SCREEN "\x1b[J"

static const TableColumn columns[] = {
        { "NODE", false, true },   { "ROLE", false, false },  { "STATE", false, false }, { "PID", true, false },
        { "CPU", true, false },    { "MEMORY", true, false }, { "TASKS", true, false },  { "CPU TIME", true, false },
};

typedef struct Top {
        Ctl* ctl;
        char** arguments;
        json_t *before, *now;
        usec_t when;
        int signals; /* what ends it, or changes the size of the terminal */
        bool is_screen, ended;
        struct termios normal;
} Top;

/* ---- a look ---- */

static Outcome look(Top* top) {
        json_t* nodes = NULL;
        Outcome outcome = nodes_select(top->ctl, top->arguments, &nodes);
        usec_t when = now_usec(CLOCK_MONOTONIC);

        if (outcome != OUTCOME_DONE) {
                json_decref(nodes);
                return outcome;
        }
        json_decref(top->before);
        top->before = top->now;
        top->now = nodes;
        usage_add_cpu(top->before, top->now, when - top->when);
        top->when = when;
        return OUTCOME_DONE;
}

static Table* make_table(const json_t* nodes) {
        Table* table = table_new(columns, ELEMENTSOF(columns));
        json_t* status;
        size_t i;

        json_array_foreach((json_t*) nodes, i, status) {
                const char* state = status_text(status, "state");

                table_add(table, STYLE_PLAIN, status_text(status, "name"));
                table_add(table, STYLE_PLAIN, status_text(status, "role"));
                table_add(table, state_style(state), state);
                table_take(table, STYLE_PLAIN, status_pid(status));
                table_take(table, STYLE_STRONG, usage_percent(status));
                table_take(table, STYLE_PLAIN, status_bytes(status, "memory_current"));
                table_take(table, STYLE_PLAIN, status_count(status, "tasks_current"));
                table_take(table, STYLE_PLAIN, status_cpu(status));
        }
        return table;
}

static void print_table(Top* top, const json_t* nodes, FILE* out) {
        _cleanup_table_ Table* table = make_table(nodes);
        const Terminal* terminal = &top->ctl->terminal;

        table_print(table,
                    &(TableLook) {
                            .terminal = terminal,
                            .header = top->ctl->options.legend,
                            .columns = ctl_columns(top->ctl),
                            .rows_max = top->is_screen && terminal->rows > LINES_ABOVE ? terminal->rows - LINES_ABOVE : 0,
                    },
                    out);
}

/* Drawn over what was there, line by line, so that nothing flickers. */
static void draw(Top* top, const json_t* nodes) {
        _cleanup_free_ char *summary = usage_summary(nodes), *shown = NULL, *text = NULL;
        FILE* memory;
        size_t size;

        memory = open_memstream(&text, &size);
        if (!memory)
                return;
        terminal_measure(&top->ctl->terminal, STDOUT_FILENO);
        shown = text_ellipsize(summary, top->ctl->terminal.columns, top->ctl->terminal.utf8);
        print_table(top, nodes, memory);
        fclose(memory);

        printf(SCREEN_TOP "%s" REST_OF_LINE "\n" REST_OF_LINE "\n", shown);
        for (const char *line = text, *end; *line && (end = strchr(line, '\n')); line = end + 1)
                printf("%.*s" REST_OF_LINE "\n", (int) (end - line), line);
        fputs(REST_OF_SCREEN, stdout);
}

static void show(Top* top) {
        json_auto_t* sorted = usage_sort(top->now, top->ctl->options.order);

        if (top->ctl->options.json != JSON_MODE_OFF) {
                nodes_shorten(sorted);
                ctl_print_json(top->ctl, json_incref(sorted));
        } else if (top->is_screen)
                draw(top, sorted);
        else
                print_table(top, sorted, stdout);
        fflush(stdout);
}

/* ---- between two looks ---- */

static void take_key(Top* top, char key) {
        static const char keys[_TOP_ORDER_MAX] = {
                [TOP_ORDER_CPU] = 'c', [TOP_ORDER_MEMORY] = 'm', [TOP_ORDER_TASKS] = 't', [TOP_ORDER_NAME] = 'n',
        };

        if (key == 'q')
                top->ended = true;
        for (TopOrder order = 0; order < _TOP_ORDER_MAX; order++)
                if (key == keys[order])
                        top->ctl->options.order = order;
}

static void take_signal(Top* top) {
        struct signalfd_siginfo si;

        if (read(top->signals, &si, sizeof(si)) == sizeof(si) && si.ssi_signo != SIGWINCH)
                top->ended = true;
}

/* Until the next look is due, or it is to end. Keys and a new size are answered with what was seen last. */
static void wait_for_next(Top* top, usec_t delay) {
        usec_t due = top->when + delay, now;

        while (!top->ended && (now = now_usec(CLOCK_MONOTONIC)) < due) {
                struct pollfd fds[] = {
                        { .fd = top->signals, .events = POLLIN },
                        { .fd = top->is_screen ? STDIN_FILENO : -1, .events = POLLIN },
                };
                char key;

                if (poll(fds, ELEMENTSOF(fds), (int) ((due - now) / USEC_PER_MSEC) + 1) <= 0)
                        continue;
                if (fds[0].revents)
                        take_signal(top);
                if (fds[1].revents) {
                        if (read(STDIN_FILENO, &key, 1) == 1)
                                take_key(top, key);
                        else
                                top->ended = true; /* the terminal is gone */
                }
                if (top->is_screen && !top->ended)
                        show(top);
        }
}

static int take_signals(Top* top) {
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGINT);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGWINCH);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        top->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        return top->signals < 0 ? -errno : 0;
}

static void enter_screen(Top* top) {
        struct termios raw;

        if (!top->ctl->terminal.is_terminal || top->ctl->options.json != JSON_MODE_OFF ||
            tcgetattr(STDIN_FILENO, &top->normal) < 0)
                return;
        raw = top->normal;
        raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        fputs(ALTERNATE_SCREEN, stdout);
        top->is_screen = true;
}

static void leave_screen(Top* top) {
        if (!top->is_screen)
                return;
        fputs(NORMAL_SCREEN, stdout);
        fflush(stdout);
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &top->normal);
        top->is_screen = false;
}

/* Off a terminal it looks once, unless it is told how often. */
Outcome verb_top(Ctl* ctl, char** arguments) {
        Top top = { .ctl = ctl, .arguments = arguments, .signals = -EBADF };
        unsigned rounds = ctl->options.iterations;
        Outcome outcome = look(&top);

        if (outcome == OUTCOME_DONE && take_signals(&top) < 0)
                outcome = OUTCOME_FAILED;
        if (outcome == OUTCOME_DONE) {
                enter_screen(&top);
                if (rounds == 0 && !top.is_screen)
                        rounds = 1;
                wait_for_next(&top, FIRST_DELAY_USEC);
        }
        for (unsigned i = 0; outcome == OUTCOME_DONE && !top.ended && (rounds == 0 || i < rounds); i++) {
                if (i > 0)
                        wait_for_next(&top, ctl->options.delay);
                if (top.ended)
                        break;
                outcome = look(&top);
                if (outcome == OUTCOME_DONE)
                        show(&top);
        }
        leave_screen(&top);
        json_decref(top.before);
        json_decref(top.now);
        fd_close(top.signals);
        return outcome;
}
