/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Answers when the kernel asks about a system call that a node may not make (seccomp_unotify(2)), and tells of it.
 *
 * The thread that made the call waits for the answer and for nothing else; while there is no stem it waits for the next
 * one, which gets the listener from the service manager. What is answered was decided when the node was launched
 * (syscall-verdicts.h). Each kind of call is told at once and then at most once in an interval with how often it was
 * made; a node that does nothing else is answered at a bounded rate. */

#include <systemd/sd-event.h>

#include "stem/syscall-verdicts.h"

typedef struct SyscallWatch SyscallWatch;

typedef struct SyscallReport {
        const char* call;  /* its name, or its number; "": various others */
        uint64_t argument; /* the first one of socket, which is the address family; else 0 */
        pid_t pid;         /* the process that made the first of them */
        int verdict;       /* what became of it */
        uint64_t count;    /* how often, since it was told last */
} SyscallReport;

/* False: nobody has heard it, and it is to be told later. */
typedef bool (*syscall_told_t)(const SyscallReport* report, void* userdata);

/* Begins to listen. The listener must outlive the watch; verdicts is copied, and may be NULL: then nobody knows them any
 * more, and all is refused. */
int syscall_watch_new(sd_event* event, int listener, const char* verdicts, syscall_told_t told, void* userdata,
                      SyscallWatch** ret);
SyscallWatch* syscall_watch_free(SyscallWatch* watch);

/* There is somebody who hears what was not told yet. */
void syscall_watch_tell(SyscallWatch* watch);

/* Whether the descriptor is a listener. */
bool is_syscall_listener(int fd);
