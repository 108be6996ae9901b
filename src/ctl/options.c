/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "core/role.h"
#include "ctl/options.h"
#include "util/parse.h"

#define LINES_MAX 1000000
#define ITERATIONS_MAX 1000000
#define TOP_DELAY_DEFAULT (2 * USEC_PER_SEC)
#define TOP_DELAY_MIN (100 * USEC_PER_MSEC)
#define HELP_COLUMN 30

static const char* const top_order_table[_TOP_ORDER_MAX] = {
        [TOP_ORDER_CPU] = "cpu",
        [TOP_ORDER_MEMORY] = "memory",
        [TOP_ORDER_TASKS] = "tasks",
        [TOP_ORDER_NAME] = "name",
};
DEFINE_ENUM_TABLE(top_order, TopOrder)

void options_init(Options* o) {
        *o = (Options) {
                .ask_password = true,
                .legend = true,
                .pager = true,
                .signal = SIGTERM,
                .lines = -1,
                .delay = TOP_DELAY_DEFAULT,
        };
}

void options_done(Options* o) {
        strv_free(o->journal);
}

/* ---- what each does: NULL, or why its value is refused (allocated) ---- */

static char* take_help(Options* o, const char* value) {
        o->help = true;
        return NULL;
}

static char* take_version(Options* o, const char* value) {
        o->version = true;
        return NULL;
}

static char* take_system(Options* o, const char* value) {
        o->user = false;
        return NULL;
}

static char* take_user(Options* o, const char* value) {
        o->user = true;
        return NULL;
}

static char* take_host(Options* o, const char* value) {
        o->transport = TRANSPORT_REMOTE;
        o->host = value;
        return NULL;
}

static char* take_machine(Options* o, const char* value) {
        o->transport = TRANSPORT_MACHINE;
        o->host = value;
        return NULL;
}

static char* take_no_ask_password(Options* o, const char* value) {
        o->ask_password = false;
        return NULL;
}

static char* take_json(Options* o, const char* value) {
        static const char* const words[] = {
                [JSON_MODE_OFF] = "off",
                [JSON_MODE_PRETTY] = "pretty",
                [JSON_MODE_SHORT] = "short",
        };

        if (!value) {
                o->json = JSON_MODE_AUTO;
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(words[i], value) == 0) {
                        o->json = (JsonMode) i;
                        return NULL;
                }
        return xasprintf("must be pretty, short or off, not '%s'", value);
}

static char* take_quiet(Options* o, const char* value) {
        o->quiet = true;
        return NULL;
}

static char* take_no_legend(Options* o, const char* value) {
        o->legend = false;
        return NULL;
}

static char* take_no_pager(Options* o, const char* value) {
        o->pager = false;
        return NULL;
}

static char* take_full(Options* o, const char* value) {
        o->full = true;
        return NULL;
}

static char* take_all(Options* o, const char* value) {
        o->all = true;
        return NULL;
}

static char* take_state(Options* o, const char* value) {
        _cleanup_strv_free_ char** words = strv_split(value, ",");

        STRV_FOREACH(word, words) {
                NodeState state = node_state_from_string(*word);

                if (state < 0)
                        return xasprintf("'%s' is not a state of nodes", *word);
                o->states |= 1U << state;
        }
        return NULL;
}

static char* take_role(Options* o, const char* value) {
        _cleanup_strv_free_ char** words = strv_split(value, ",");

        STRV_FOREACH(word, words) {
                Role role = role_from_string(*word);

                if (role < 0)
                        return xasprintf("'%s' is not a role of nodes", *word);
                o->roles |= 1U << role;
        }
        return NULL;
}

static char* take_names(Options* o, const char* value) {
        o->names = true;
        return NULL;
}

static char* take_signal(Options* o, const char* value) {
        if (parse_signal_name(value, &o->signal) < 0)
                return xasprintf("'%s' is not a signal", value);
        return NULL;
}

static char* take_lines(Options* o, const char* value) {
        int64_t n;

        if (parse_int_range(value, 0, LINES_MAX, &n) < 0)
                return xasprintf("must be a number up to %d, not '%s'", LINES_MAX, value);
        o->lines = (int) n;
        return NULL;
}

static char* take_follow(Options* o, const char* value) {
        o->follow = true;
        strv_extend(&o->journal, "--follow");
        return NULL;
}

#define DEFINE_JOURNAL_OPTION(name, option)                             \
        static char* take_##name(Options* o, const char* value) {       \
                strv_extendf(&o->journal, "--" option "=%s", value);    \
                return NULL;                                            \
        }
DEFINE_JOURNAL_OPTION(grep, "grep")
DEFINE_JOURNAL_OPTION(output, "output")
DEFINE_JOURNAL_OPTION(priority, "priority")
DEFINE_JOURNAL_OPTION(since, "since")
DEFINE_JOURNAL_OPTION(until, "until")

static char* take_reverse(Options* o, const char* value) {
        strv_extend(&o->journal, "--reverse");
        return NULL;
}

static char* take_delay(Options* o, const char* value) {
        usec_t delay;

        if (parse_sec(value, &delay) < 0 || delay < TOP_DELAY_MIN)
                return xasprintf("must be a time span of at least 100ms, not '%s'", value);
        o->delay = delay;
        return NULL;
}

static char* take_iterations(Options* o, const char* value) {
        int64_t n;

        if (parse_int_range(value, 1, ITERATIONS_MAX, &n) < 0)
                return xasprintf("must be a number from 1 to %d, not '%s'", ITERATIONS_MAX, value);
        o->iterations = (unsigned) n;
        return NULL;
}

static char* take_order(Options* o, const char* value) {
        TopOrder order = top_order_from_string(value);

        if (order < 0)
                return xasprintf("must be cpu, memory, tasks or name, not '%s'", value);
        o->order = order;
        return NULL;
}

/* ---- the table ---- */

typedef struct Option {
        const char* name;
        char letter;
        const char* value; /* what --help calls it; NULL: it has none; "[=…]": it may be left out */
        OptionGroup group;
        const char* help;
        char* (*take)(Options* o, const char* value);
} Option;

static const Option options[] = {
        { "help", 'h', NULL, OPTIONS_COMMON, "Show this help", take_help },
        { "version", 0, NULL, OPTIONS_COMMON, "Show the version of zsupctl", take_version },
        { "system", 0, NULL, OPTIONS_COMMON, "Talk to the supervisor of the system", take_system },
        { "user", 0, NULL, OPTIONS_COMMON, "Talk to that of the calling user", take_user },
        { "host", 'H', "[USER@]HOST", OPTIONS_COMMON, "Talk to that of another host", take_host },
        { "machine", 'M', "[USER@]CONTAINER", OPTIONS_COMMON, "Talk to that of a local container", take_machine },
        { "no-ask-password", 0, NULL, OPTIONS_COMMON, "Let polkit not ask for a password", take_no_ask_password },
        { "json", 'j', "[=pretty|short|off]", OPTIONS_COMMON, "Print JSON", take_json },
        { "quiet", 'q', NULL, OPTIONS_COMMON, "Say nothing about what went well", take_quiet },
        { "no-legend", 0, NULL, OPTIONS_COMMON, "Print no column headers and no totals", take_no_legend },
        { "no-pager", 0, NULL, OPTIONS_COMMON, "Do not pipe output into a pager", take_no_pager },
        { "full", 'l', NULL, OPTIONS_COMMON, "Do not shorten anything to the terminal's width", take_full },
        { "all", 'a', NULL, OPTIONS_ALL, "All nodes", take_all },
        { "role", 0, "ROLE[,ROLE...]", OPTIONS_FILTER, "Only nodes with such a role", take_role },
        { "state", 0, "STATE[,STATE...]", OPTIONS_FILTER, "Only nodes in such a state", take_state },
        { "names", 0, NULL, OPTIONS_NAMES, "Print names alone, and start no supervisor", take_names },
        { "signal", 's', "SIGNAL", OPTIONS_SIGNAL, "Which signal to send (default: SIGTERM)", take_signal },
        { "lines", 'n', "N", OPTIONS_LINES, "How many lines to show", take_lines },
        { "follow", 'f', NULL, OPTIONS_JOURNAL, "Go on with what comes", take_follow },
        { "grep", 'g', "PATTERN", OPTIONS_JOURNAL, "Only lines that match", take_grep },
        { "output", 'o', "MODE", OPTIONS_JOURNAL, "In which form; see journalctl(1)", take_output },
        { "priority", 'p', "RANGE", OPTIONS_JOURNAL, "Only with such a priority", take_priority },
        { "since", 'S', "TIME", OPTIONS_JOURNAL, "Only from then on", take_since },
        { "until", 'U', "TIME", OPTIONS_JOURNAL, "Only until then", take_until },
        { "reverse", 'r', NULL, OPTIONS_JOURNAL, "Newest first", take_reverse },
        { "delay", 'd', "SPAN", OPTIONS_TOP, "How long from one look to the next", take_delay },
        { "iterations", 0, "N", OPTIONS_TOP, "How often to look before ending", take_iterations },
        { "order", 0, "FIGURE", OPTIONS_TOP, "By cpu, memory, tasks or name", take_order },
};

/* ---- parsing ---- */

#define N_OPTIONS ELEMENTSOF(options)
/* What getopt_long() returns for option n. */
#define OPTION_BASE 256

static int argument_kind(const Option* option) {
        if (!option->value)
                return no_argument;
        return option->value[0] == '[' && option->value[1] == '=' ? optional_argument : required_argument;
}

/* In getopt's own terms: ret_long has room for one more than there are options, ret_short for three letters each. */
static void describe(struct option* ret_long, char* ret_short) {
        *ret_short++ = ':'; /* tell a missing value from an unknown option */

        for (size_t i = 0; i < N_OPTIONS; i++) {
                ret_long[i] = (struct option) { options[i].name, argument_kind(&options[i]), NULL, OPTION_BASE + (int) i };
                if (!options[i].letter)
                        continue;
                *ret_short++ = options[i].letter;
                if (argument_kind(&options[i]) == required_argument)
                        *ret_short++ = ':';
        }
        ret_long[N_OPTIONS] = (struct option) {};
        *ret_short = '\0';
}

static const Option* find_option(int c) {
        for (size_t i = 0; i < N_OPTIONS; i++)
                if (c == OPTION_BASE + (int) i || (options[i].letter && c == options[i].letter))
                        return &options[i];
        return NULL;
}

/* "--s=1" begins several. */
static bool is_ambiguous(const char* word) {
        size_t length = strcspn(word, "="), n = 0;

        for (size_t i = 0; i < N_OPTIONS; i++)
                n += length > 2 && strncmp(options[i].name, word + 2, length - 2) == 0;
        return n > 1;
}

/* What getopt could not make sense of. */
static char* complain(int c, char** argv) {
        const Option* option = optopt ? find_option(optopt) : NULL;
        const char* word = argv[optind - 1];

        if (c == ':')
                return xasprintf("Option --%s wants a value", option ? option->name : "?");
        if (option)
                return xasprintf("Option --%s takes no value", option->name);
        if (optopt)
                return xasprintf("There is no option -%c", optopt);
        return xasprintf(is_ambiguous(word) ? "Option %s may be one of several" : "There is no option %s", word);
}

typedef char* (*option_visitor_t)(const Option* option, const char* value, void* userdata);

/* Every option that was given, in order. */
static int visit(int argc, char** argv, option_visitor_t visitor, void* userdata, char** ret_why) {
        struct option long_options[N_OPTIONS + 1];
        char letters[2 * N_OPTIONS + 2];
        int c;

        describe(long_options, letters);
        optind = 0; /* from the beginning, whoever used it before */
        opterr = 0;
        while ((c = getopt_long(argc, argv, letters, long_options, NULL)) >= 0) {
                const Option* option = c == '?' || c == ':' ? NULL : find_option(c);
                char* why = option ? visitor(option, optarg, userdata) : complain(c, argv);

                if (why) {
                        *ret_why = why;
                        return -EINVAL;
                }
        }
        return optind;
}

static char* take(const Option* option, const char* value, void* userdata) {
        _cleanup_free_ char* why = option->take(userdata, value);

        return why ? xasprintf("--%s %s", option->name, why) : NULL;
}

int options_parse(Options* o, int argc, char** argv, char** ret_why) {
        int first = visit(argc, argv, take, o, ret_why);

        /* ssh leads to the bus of a system */
        if (first >= 0 && o->user && o->transport == TRANSPORT_REMOTE) {
                *ret_why = xasprintf("--host has no --user: the supervisor of a user is reached there, by ssh -t %s zsupctl --user",
                                     o->host);
                return -EINVAL;
        }
        return first;
}

static char* check(const Option* option, const char* value, void* userdata) {
        const Verb* verb = userdata;

        if (option->group == OPTIONS_COMMON || verb->options & option->group)
                return NULL;
        return xasprintf("'%s' has no option --%s", verb->name, option->name);
}

int options_check(int argc, char** argv, const Verb* verb, char** ret_why) {
        int r = visit(argc, argv, check, (void*) verb, ret_why);

        return r < 0 ? r : 0;
}

void options_print_help(FILE* out) {
        for (size_t i = 0; i < N_OPTIONS; i++) {
                const Option* option = &options[i];
                bool optional = argument_kind(option) == optional_argument;
                int used;

                used = option->letter ? fprintf(out, "  -%c ", option->letter) : fprintf(out, "     ");
                used += fprintf(out, "--%s%s%s", option->name, option->value && !optional ? "=" : "",
                                option->value ? option->value : "");
                if (used >= HELP_COLUMN) {
                        putc('\n', out);
                        used = 0;
                }
                fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", option->help);
        }
}
