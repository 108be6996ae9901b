/* SPDX-License-Identifier: BSD-3-Clause */
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "version.h"

static void print_help(Ctl* ctl) {
        ctl_open_pager(ctl);
        printf("%szsupctl [OPTIONS...] VERB [ARGUMENTS...]%s\n\n"
               "Talk to zeek-supervisor about the nodes of a Zeek cluster.\n\n"
               "%sVerbs:%s\n",
               style_on(&ctl->terminal, STYLE_STRONG), style_off(&ctl->terminal, STYLE_STRONG),
               style_on(&ctl->terminal, STYLE_HEADER), style_off(&ctl->terminal, STYLE_HEADER));
        verbs_print_help(stdout);
        printf("\n%sOptions:%s\n", style_on(&ctl->terminal, STYLE_HEADER), style_off(&ctl->terminal, STYLE_HEADER));
        options_print_help(stdout);
        printf("\nNODE may be a pattern, as worker-*. Without a verb it is list. See zsupctl(1).\n");
}

static Outcome misuse(char* why) {
        ctl_say("%s. See zsupctl --help.", why);
        free(why);
        return OUTCOME_USAGE;
}

static Outcome run_verb(Ctl* ctl, const Verb* verb, char** arguments) {
        size_t n = strv_length(arguments);

        if (n < verb->min)
                return misuse(xasprintf("'%s' wants an argument, as in 'zsupctl %s %s'", verb->name, verb->name, verb->arguments));
        if (n > verb->max)
                return misuse(xasprintf("Too many arguments of '%s'", verb->name));
        return verb->run(ctl, arguments);
}

static char* no_such_verb(const char* name) {
        const char* suggestion = verb_suggest(name);

        return suggestion ? xasprintf("There is no verb '%s'; '%s' may be meant", name, suggestion) :
                            xasprintf("There is no verb '%s'", name);
}

static Outcome run(Ctl* ctl, int argc, char** argv) {
        const char* name;
        const Verb* verb;
        char* why = NULL;
        int first;

        first = options_parse(&ctl->options, argc, argv, &why);
        if (first < 0)
                return misuse(why);
        if (ctl->options.help) {
                print_help(ctl);
                return OUTCOME_DONE;
        }
        if (ctl->options.version) {
                puts("zsupctl " PROJECT_VERSION);
                return OUTCOME_DONE;
        }

        name = first < argc ? argv[first] : "list";
        verb = verb_find(name);
        if (!verb)
                return misuse(no_such_verb(name));
        if (options_check(argc, argv, verb, &why) < 0)
                return misuse(why);
        return run_verb(ctl, verb, argv + (first < argc ? first + 1 : argc));
}

int main(int argc, char** argv) {
        Ctl ctl = { .terminal = {} };
        Outcome outcome;

        (void) setlocale(LC_ALL, "");
        ctl.terminal = terminal_look(STDOUT_FILENO);
        options_init(&ctl.options);

        outcome = run(&ctl, argc, argv);

        /* what could not be written was not said */
        if ((fflush(stdout) != 0 || ferror(stdout)) && ctl.pager == 0 && outcome == OUTCOME_DONE)
                outcome = OUTCOME_FAILED;
        ctl_done(&ctl);
        return outcome;
}
