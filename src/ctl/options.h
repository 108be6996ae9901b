/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The command line: a verb, its arguments, and options that may stand anywhere.
 *
 * Each option is one line in a table, which parsing, --help and the test of the completion go through. One that a verb does
 * not know is refused: who writes `destroy --follow` meant something else. */

#include <stdbool.h>
#include <stdio.h>

#include "ctl/verb.h"
#include "util/enum-table.h"
#include "util/strv.h"
#include "util/usec.h"

typedef enum Transport {
        TRANSPORT_LOCAL,
        TRANSPORT_REMOTE,  /* --host */
        TRANSPORT_MACHINE, /* --machine */
} Transport;

typedef enum JsonMode {
        JSON_MODE_OFF,
        JSON_MODE_PRETTY,
        JSON_MODE_SHORT,
        JSON_MODE_AUTO, /* pretty on a terminal */
} JsonMode;

typedef enum TopOrder {
        TOP_ORDER_CPU,
        TOP_ORDER_MEMORY,
        TOP_ORDER_TASKS,
        TOP_ORDER_NAME,
        _TOP_ORDER_MAX,
        _TOP_ORDER_INVALID = -EINVAL,
} TopOrder;

DECLARE_ENUM_TABLE(top_order, TopOrder);

typedef struct Options {
        bool help, version;

        /* whom to talk to */
        Transport transport;
        const char* host; /* of either kind; points into the command line, as do all other texts here */
        bool user;
        bool ask_password;

        /* how to say it */
        JsonMode json;
        bool legend, quiet, pager, full;

        /* which nodes */
        bool all;
        unsigned states; /* bits 1 << NodeState; 0: any */
        unsigned roles;  /* bits 1 << Role; 0: any */
        bool names;      /* say nothing but these */

        int signal;
        int lines; /* -1: not said */

        /* journalctl's own */
        char** journal;
        bool follow;

        usec_t delay;
        unsigned iterations; /* 0: until it is ended */
        TopOrder order;
} Options;

void options_init(Options* o);
void options_done(Options* o);

/* Reads a command line, whose arguments that are no options are moved to its end. Returns where these begin, the
 * verb first; or -EINVAL with *ret_why (allocated). */
int options_parse(Options* o, int argc, char** argv, char** ret_why);

/* Refuses an option that was given and that the verb does not have: -EINVAL with *ret_why. */
int options_check(int argc, char** argv, const Verb* verb, char** ret_why);

/* The lines of --help. */
void options_print_help(FILE* out);
