/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/verb.h"

/* Where the second column of --help begins. */
#define HELP_COLUMN 30

const Verb* verb_find(const char* name) {
        for (size_t i = 0; i < n_verbs; i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        return NULL;
}

/* What comes to mind to who is used to systemctl, machinectl, journalctl, zeekctl or docker. */
static const struct {
        const char *word, *verb;
} words_of_others[] = {
        { "add", "create" },       { "start", "create" },   { "run", "create" },      { "deploy", "reload" },
        { "stop", "destroy" },     { "remove", "destroy" }, { "rm", "destroy" },      { "delete", "destroy" },
        { "terminate", "destroy" }, { "signal", "kill" },    { "show", "status" },     { "info", "status" },
        { "ls", "list" },          { "ps", "list" },        { "list-units", "list" }, { "nodes", "list" },
        { "logs", "log" },         { "journal", "log" },    { "monitor", "watch" },   { "events", "watch" },
        { "hook", "hooks" },       { "config", "cat" },     { "daemon-reload", "reload" },
};

const char* verb_suggest(const char* name) {
        const char* found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(words_of_others); i++)
                if (strcmp(words_of_others[i].word, name) == 0)
                        return words_of_others[i].verb;
        for (size_t i = 0; i < n_verbs; i++)
                if (name[0] && strncmp(verbs[i].name, name, strlen(name)) == 0) {
                        if (found)
                                return NULL;
                        found = verbs[i].name;
                }
        return found;
}

void verbs_print_help(FILE* out) {
        for (size_t i = 0; i < n_verbs; i++) {
                const char* arguments = verbs[i].arguments ? verbs[i].arguments : "";
                int used = fprintf(out, "  %s %s", verbs[i].name, arguments);

                fprintf(out, "%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", verbs[i].help);
        }
}

const Verb verbs[] = {
        { "list", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER | OPTIONS_NAMES, "List nodes", verb_list },
        { "status", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER | OPTIONS_LINES,
          "Show the supervisor, or nodes in full", verb_status },
        { "top", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER | OPTIONS_TOP, "Show what nodes take, and again",
          verb_top },
        { "log", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER | OPTIONS_LINES | OPTIONS_JOURNAL,
          "Show what nodes printed and what became of them", verb_log },
        { "watch", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER, "Show what happens as it happens", verb_watch },
        { "cat", "[NODE...]", 0, ARGUMENTS_MAX, OPTIONS_FILTER, "Show configurations as create reads them", verb_cat },
        { "create", "FILE...", 1, ARGUMENTS_MAX, OPTIONS_COMMON, "Create nodes from JSON (-: standard input)",
          verb_create },
        { "import", "FILE", 1, 1, OPTIONS_COMMON, "Create this machine's nodes of a node.cfg", verb_import },
        { "restart", "NODE...", 0, ARGUMENTS_MAX, OPTIONS_ALL | OPTIONS_FILTER, "Stop nodes and start them again",
          verb_restart },
        { "destroy", "NODE...", 0, ARGUMENTS_MAX, OPTIONS_ALL | OPTIONS_FILTER, "Stop nodes and forget them",
          verb_destroy },
        { "kill", "NODE...", 0, ARGUMENTS_MAX, OPTIONS_ALL | OPTIONS_FILTER | OPTIONS_SIGNAL,
          "Send a signal to main processes of nodes", verb_kill },
        { "hooks", "[add|remove|test ...]", 0, ARGUMENTS_MAX, OPTIONS_COMMON,
          "List, add, remove or try hooks on output", verb_hooks },
        { "diff", NULL, 0, 0, OPTIONS_COMMON, "Show what reload would change", verb_diff },
        { "reload", NULL, 0, 0, OPTIONS_COMMON, "Have all configuration read again", verb_reload },
};
const size_t n_verbs = ELEMENTSOF(verbs);
