/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A thread for what may take long: it works on what it is given and touches nothing else of the daemon, and the loop
 * goes on meanwhile. One piece of work at a time. The thread waits for the next piece: to make a new one for each would
 * take longer than most pieces do, on a machine with much to do a hundred times as long. */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "util/macro.h"

typedef struct Worker Worker;

/* done: called from the loop, with the worker idle again. The name is for the loop's description of itself. */
int worker_new(sd_event* event, const char* name, void (*done)(void* userdata), void* userdata, Worker** ret);
/* done() is not called any more. False: it is at work, which may take long, and is left to it: whatever it was given has to
 * stay until the process ends, which worker_exit() does then. */
bool worker_free(Worker* w);

/* Ends the process: with all that is due at an exit, unless a worker was left to its work. */
_noreturn_ void worker_exit(int status);

bool worker_is_busy(const Worker* w);

/* Calls done() now, if the work is done, rather than in a later turn of the loop. */
void worker_poll(Worker* w);

/* Runs work(userdata) in the thread. The worker is idle. */
int worker_start(Worker* w, void (*work)(void* userdata), void* userdata);
