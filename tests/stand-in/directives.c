/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "stand-in/directives.h"
#include "stand-in/probe.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/parse.h"

typedef enum ValueKind {
        KIND_NONE,
        KIND_NUMBER,
        KIND_OPTIONAL_NUMBER,
        KIND_MSEC,
        KIND_OPTIONAL_MSEC,
        KIND_COUNT, /* a number or "endless" */
        KIND_SIZE,
        KIND_TEXT,
        KIND_OPTIONAL_PROBE,
        KIND_PROBE,
        KIND_HEX,
        KIND_SIGNAL,
        KIND_REST, /* all that follows, commas and backslashes too */
} ValueKind;

typedef enum Role {
        ROLE_STEP,
        ROLE_END,
        ROLE_HOW,
} Role;

typedef struct Directive {
        const char* name;
        ValueKind kind;
        Role role;
        int type; /* StepType or EndType */
        int fd;
        size_t offset; /* of ROLE_HOW in Directives */
        const char* help;
} Directive;

#define STEP(name, kind, type, fd, help) { name, kind, ROLE_STEP, type, fd, 0, help }
#define END(name, kind, type, help) { name, kind, ROLE_END, type, 0, 0, help }
#define HOW(name, kind, member, help) { name, kind, ROLE_HOW, 0, 0, offsetof(Directives, member), help }

static const Directive directives[] = {
        STEP("show", KIND_NONE, STEP_SHOW, 1,
             "print what the node has: argv.N= env.X= cwd= uid= cap.X= fd.N= and so on"),
        STEP("say", KIND_TEXT, STEP_SAY, 1, "print TEXT and a newline to stdout"),
        STEP("esay", KIND_TEXT, STEP_SAY, 2, "the same to stderr"),
        STEP("print", KIND_COUNT, STEP_PRINT, 1,
             "print N numbered lines (or \"endless\") to stdout, as fast as possible"),
        STEP("eprint", KIND_COUNT, STEP_PRINT, 2, "the same to stderr"),
        STEP("both", KIND_COUNT, STEP_PRINT_BOTH, 1, "the same to both, line by line in turn"),
        STEP("partial", KIND_TEXT, STEP_PARTIAL, 1, "print TEXT without a newline to stdout"),
        STEP("epartial", KIND_TEXT, STEP_PARTIAL, 2, "the same to stderr"),
        STEP("raw", KIND_HEX, STEP_PARTIAL, 1, "print the bytes that the hexadecimal digits say to stdout"),
        STEP("eraw", KIND_HEX, STEP_PARTIAL, 2, "the same to stderr"),
        STEP("sleep", KIND_MSEC, STEP_SLEEP, 0, "wait for MS milliseconds"),
        STEP("children", KIND_NUMBER, STEP_CHILDREN, 0, "start N child processes that sleep"),
        STEP("daemonize-child", KIND_NONE, STEP_DAEMON, 0,
             "start a process that leaves session and parent, and sleeps"),
        STEP("threads", KIND_NUMBER, STEP_THREADS, 0, "start N threads that sleep"),
        STEP("spin", KIND_OPTIONAL_MSEC, STEP_SPIN, 0, "use up a CPU for MS milliseconds, or for ever"),
        STEP("memory", KIND_SIZE, STEP_MEMORY, 0, "take SIZE (4K, 10M) of memory and use it"),
        STEP("leak", KIND_SIZE, STEP_LEAK, 0, "take SIZE of memory each second, for ever"),
        STEP("fds", KIND_NUMBER, STEP_FDS, 0, "open N file descriptors"),
        STEP("resolve", KIND_TEXT, STEP_RESOLVE, 0, "look up a host name and print its address"),
        STEP("probe", KIND_OPTIONAL_PROBE, STEP_PROBE, 1,
             "try NAME, or all that is forbidden, in a child: probe.NAME=ok|EPERM|SIGSYS"),
        STEP("call", KIND_PROBE, STEP_CALL, 1, "try NAME in the node itself"),
        STEP("close-output", KIND_NONE, STEP_CLOSE_OUTPUT, 0, "close stdout and stderr"),
        STEP("exec", KIND_REST, STEP_EXEC, 1,
             "run the rest of the variable by /bin/sh, and print exec.status=N; stands last"),

        END("exit", KIND_OPTIONAL_NUMBER, END_EXIT, "end with exit status N"),
        END("abort", KIND_NONE, END_ABORT, "end with SIGABRT, with a core where they are allowed"),
        END("signal", KIND_SIGNAL, END_SIGNAL, "end by that signal (9, SEGV, STOP)"),

        HOW("after", KIND_MSEC, after_msec,
            "the end comes MS milliseconds after the start, whatever is under way"),
        HOW("early", KIND_NONE, early, "steps and end come before scripts are read: a node that never runs"),
        HOW("rate", KIND_NUMBER, rate, "lines a second"),
        HOW("bytes", KIND_NUMBER, bytes, "length of a line without its newline"),
        HOW("from", KIND_NUMBER, from, "the first number, in the place of 1"),
        HOW("tag", KIND_TEXT, tag, "the word before the number, in the place of \"line\""),
        HOW("tally", KIND_TEXT, tally,
            "keep in the file TEXT.PID how many lines were written whole: 8 bytes, true also after SIGKILL"),
        HOW("each-line", KIND_NONE, each_line, "a write for each line, in the place of one for many"),
        HOW("slow-start", KIND_MSEC, slow_start_msec, "stay INITIALIZING for MS milliseconds"),
        HOW("stay", KIND_NONE, stay, "go on when there is nothing left to do, until a signal comes"),
        HOW("ignore-term", KIND_NONE, ignore_term, "do not end at SIGTERM or SIGINT"),
        HOW("slow-term", KIND_MSEC, slow_term_msec, "take MS milliseconds to end after SIGTERM"),
        HOW("term-exit", KIND_NUMBER, term_exit, "exit status after SIGTERM"),
        HOW("term-print", KIND_COUNT, term_print, "print N numbered lines after SIGTERM"),
        HOW("children-ignore-term", KIND_NONE, children_ignore_term, "children do not end at SIGTERM"),
        HOW("children-keep-pipes", KIND_NONE, children_keep_pipes, "children hold on to stdout and stderr"),
        HOW("status", KIND_TEXT, status, "write TEXT to the -U file in the place of RUNNING [run_loop]"),
        HOW("no-status", KIND_NONE, no_status, "write no -U file"),
        HOW("connections", KIND_NONE, connections,
            "print each new connection, as StandIn::print_connections=T does"),
};

static int hex_digit(char c) {
        const char* digits = "0123456789abcdef";
        const char* p = c ? strchr(digits, c | (c >= 'A' ? 0x20 : 0)) : NULL;

        return p ? (int) (p - digits) : -1;
}

/* Undoes \, \\ \n \t \xNN. The value ends where the directive does. */
static int unescape(const char* s, size_t size, char** ret, size_t* ret_size) {
        _cleanup_free_ char* value = xcalloc(size + 1, 1);
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                if (s[i] != '\\') {
                        value[n++] = s[i];
                        continue;
                }
                if (++i == size)
                        return -EINVAL;
                if (s[i] == 'n' || s[i] == 't')
                        value[n++] = s[i] == 'n' ? '\n' : '\t';
                else if (s[i] == ',' || s[i] == '\\')
                        value[n++] = s[i];
                else if (s[i] == 'x' && i + 2 < size && hex_digit(s[i + 1]) >= 0 &&
                         hex_digit(s[i + 2]) >= 0) {
                        value[n++] = (char) (hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]));
                        i += 2;
                } else
                        return -EINVAL;
        }
        *ret = take_ptr(value);
        *ret_size = n;
        return 0;
}

static int decode_hex(const char* s, size_t size, char** ret, size_t* ret_size) {
        _cleanup_free_ char* value = xcalloc(size / 2 + 1, 1);

        if (size % 2 != 0)
                return -EINVAL;
        for (size_t i = 0; i < size; i += 2) {
                if (hex_digit(s[i]) < 0 || hex_digit(s[i + 1]) < 0)
                        return -EINVAL;
                value[i / 2] = (char) (hex_digit(s[i]) * 16 + hex_digit(s[i + 1]));
        }
        *ret = take_ptr(value);
        *ret_size = size / 2;
        return 0;
}

static int parse_signal(const char* s, uint64_t* ret) {
        if (strncmp(s, "SIG", 3) == 0)
                s += 3;
        for (int i = 1; i < NSIG; i++) {
                const char* name = sigabbrev_np(i);

                if (name && strcmp(name, s) == 0) {
                        *ret = (uint64_t) i;
                        return 0;
                }
        }
        return parse_u64(s, ret) < 0 || *ret == 0 || *ret >= NSIG ? -EINVAL : 0;
}

/* The value of a directive, as number or as text; s is NULL if there is no value. */
static int parse_value(ValueKind kind, const char* s, size_t size, Step* ret) {
        _cleanup_free_ char* word = s ? xstrndup(s, size) : NULL;

        if (!s) {
                if (kind == KIND_OPTIONAL_MSEC)
                        ret->number = ENDLESS;
                return kind == KIND_NONE || kind == KIND_OPTIONAL_NUMBER || kind == KIND_OPTIONAL_MSEC ||
                       kind == KIND_OPTIONAL_PROBE ? 0 : -EINVAL;
        }

        switch (kind) {
        case KIND_COUNT:
                if (strcmp(word, "endless") == 0) {
                        ret->number = ENDLESS;
                        return 0;
                }
                return parse_u64(word, &ret->number);
        case KIND_NUMBER:
        case KIND_OPTIONAL_NUMBER:
        case KIND_MSEC:
        case KIND_OPTIONAL_MSEC:
                return parse_u64(word, &ret->number);
        case KIND_SIZE:
                return parse_size(word, &ret->number);
        case KIND_SIGNAL:
                return parse_signal(word, &ret->number);
        case KIND_HEX:
                return decode_hex(s, size, &ret->text, &ret->size);
        case KIND_TEXT:
                return unescape(s, size, &ret->text, &ret->size);
        case KIND_OPTIONAL_PROBE:
        case KIND_PROBE:
                if (!probe_exists(word))
                        return -EINVAL;
                __attribute__((fallthrough));
        case KIND_REST:
                ret->text = take_ptr(word);
                ret->size = size;
                return 0;
        default:
                return -EINVAL;
        }
}

static int set_end(Directives* d, const Directive* directive, const Step* value) {
        if (d->end != END_NONE)
                return -EEXIST;
        d->end = (EndType) directive->type;
        d->end_value = value->number;
        return d->end == END_EXIT && d->end_value > 255 ? -ERANGE : 0;
}

static void set_how(Directives* d, const Directive* directive, Step* value) {
        char* place = (char*) d + directive->offset;

        if (directive->kind == KIND_NONE)
                *(bool*) place = true;
        else if (directive->kind == KIND_TEXT)
                free_and_replace(*(char**) (void*) place, take_ptr(value->text));
        else
                *(uint64_t*) (void*) place = value->number;
        if (directive->offset == offsetof(Directives, after_msec))
                d->have_after = true;
}

static int set_directive(Directives* d, const Directive* directive, const char* value_text,
                         size_t value_size) {
        Step value = { .type = (StepType) directive->type, .fd = directive->fd };
        int r = parse_value(directive->kind, value_text, value_size, &value);

        if (r >= 0)
                switch (directive->role) {
                case ROLE_STEP:
                        GROW(d->steps, d->n_steps, d->allocated);
                        d->steps[d->n_steps++] = value;
                        return 0;
                case ROLE_END:
                        r = set_end(d, directive, &value);
                        break;
                case ROLE_HOW:
                        set_how(d, directive, &value);
                        break;
                }
        free(value.text);
        return r;
}

/* The end of a directive: a comma that has no backslash before it. */
static size_t directive_length(const char* text) {
        size_t n = 0;

        while (text[n] && text[n] != ',')
                n += text[n] == '\\' && text[n + 1] ? 2 : 1;
        return n;
}

static int parse_directive(Directives* d, const char* text, size_t* ret_length) {
        size_t name_length = strcspn(text, ",="), length = directive_length(text);
        const char* value = text[name_length] == '=' ? text + name_length + 1 : NULL;
        int r = -EINVAL;

        for (size_t i = 0; i < ELEMENTSOF(directives); i++) {
                if (strlen(directives[i].name) != name_length ||
                    strncmp(directives[i].name, text, name_length) != 0)
                        continue;
                if (directives[i].kind == KIND_REST)
                        length = strlen(text);
                r = set_directive(d, &directives[i], value, value ? (size_t) (text + length - value) : 0);
                if (r < 0)
                        break;
                *ret_length = length;
                return 0;
        }
        write_line(STDERR_FILENO, "%s: bad directive '%.*s' (zeek --help lists them)", DIRECTIVES_VARIABLE,
                   (int) length, text);
        return -EINVAL;
}

int directives_parse(Directives* ret, const char* text) {
        Directives d = { .from = 1, .tag = xstrdup("line") };
        size_t length = 0;

        for (; text && *text; text += length) {
                if (*text == ',') {
                        length = 1;
                        continue;
                }
                int r = parse_directive(&d, text, &length);

                if (r < 0) {
                        directives_done(&d);
                        return r;
                }
        }
        *ret = d;
        return 0;
}

void directives_done(Directives* d) {
        for (size_t i = 0; i < d->n_steps; i++)
                free(d->steps[i].text);
        free(d->steps);
        free(d->tag);
        free(d->tally);
        free(d->status);
        *d = (Directives) {};
}

void directives_end_by_signal(const Directives* d) {
        int signo = d->end == END_ABORT ? SIGABRT : (int) d->end_value;
        sigset_t set;

        (void) signal(signo, SIG_DFL);
        (void) sigemptyset(&set);
        (void) sigaddset(&set, signo);
        (void) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        (void) kill(getpid(), signo);
}

static const char* const placeholders[] = {
        [KIND_NONE] = "",           [KIND_NUMBER] = "=N",    [KIND_OPTIONAL_NUMBER] = "[=N]",
        [KIND_MSEC] = "=MS",        [KIND_OPTIONAL_MSEC] = "[=MS]", [KIND_COUNT] = "=N",
        [KIND_SIZE] = "=SIZE",      [KIND_TEXT] = "=TEXT",   [KIND_OPTIONAL_PROBE] = "[=NAME]",
        [KIND_PROBE] = "=NAME",     [KIND_HEX] = "=HEX",     [KIND_SIGNAL] = "=SIGNAL",
        [KIND_REST] = "=COMMAND",
};

void directives_print_help(FILE* f) {
        static const char* const titles[] = {
                [ROLE_STEP] = "Steps, done in the order in which they stand when the node runs:",
                [ROLE_END] = "The end, after all steps or at after=MS:",
                [ROLE_HOW] = "How, in any order:",
        };

        (void) fprintf(f, "Directives of %s, with commas between them (in TEXT: \\, \\\\ \\n \\t \\xNN).\n",
                       DIRECTIVES_VARIABLE);
        for (size_t i = 0; i < ELEMENTSOF(directives); i++) {
                _cleanup_free_ char* left =
                        xasprintf("%s%s", directives[i].name, placeholders[directives[i].kind]);

                if (i == 0 || directives[i].role != directives[i - 1].role)
                        (void) fprintf(f, "%s\n", titles[directives[i].role]);
                (void) fprintf(f, "    %-26s %s\n", left, directives[i].help);
        }
        (void) fprintf(f, "Probes:");
        probe_print_names(f);
        (void) fprintf(f, "\n");
}
