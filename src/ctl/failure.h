/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What an error of the bus means for who reads it: which exit status it makes, and what to do next. */

#include <stdbool.h>

#include "ctl/options.h"

typedef struct Failure {
        Outcome outcome;
        /* A sentence or two; NULL: the error says it all. "%s" in it stands for the systemctl of the supervisor's manager. */
        const char* advice;
} Failure;

/* By the name of the error. remote: on another host, or in a machine. */
Failure failure_of(const char* error_name);

/* The advice, with the commands as whoever reads it has to type them, or NULL. user: of a user's manager; host: on which
 * this has to be done, NULL: here. Allocated. */
char* failure_advice(const Failure* failure, bool user, const char* host);

/* Why the bus that is meant cannot be reached, by errno. Allocated; NULL: there is nothing to add to what errno says. */
char* failure_to_connect(int error, const Options* o);
