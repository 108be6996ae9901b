/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The pager between stdout and a terminal, as systemctl has it: $SYSTEMD_PAGER, $PAGER, less, more.
 *
 * A pager that runs with more rights than the user who sits before it must not be one that runs commands: then it is
 * less in its secure mode, whatever the environment wants. */

#include <stdbool.h>
#include <sys/types.h>

/* Has stdout go through it from here on. Its process; 0: there is none, and stdout is as it was. */
pid_t pager_open(void);

/* Ends stdout and waits until the user has read enough. Nothing for 0. */
void pager_close(pid_t pager);

typedef struct PagerChoice {
        const char* command; /* of the environment, for the shell; "": no pager at all; NULL: less */
        bool secure;         /* less is to be told so */
} PagerChoice;

/* From the variables SYSTEMD_PAGER, PAGER and SYSTEMD_PAGERSECURE (NULL: not set), and whether our rights are other than
 * those of who logged in. */
PagerChoice pager_choose(const char* systemd_pager, const char* pager, const char* pager_secure, bool rights_differ);
