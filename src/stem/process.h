/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A child of ours as its parent sees it: pid, and the descriptors by which it is known and heard.
 *
 * A process is not reaped until somebody asks for it, so its pid means this process and no other as long as this
 * object lives. One that was taken over from the stem before is reaped by the service manager, and only its pidfd
 * means it. */

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "child/child-order.h"
#include "child/child-report.h"
#include "child/launch-directories.h"
#include "link/node-fds.h"
#include "stem/forker.h"
#include "stem/order.h"
#include "stem/syscall-filter.h"

/* Beside those that the supervisor gets too: those of the launch. None of them blocks. */
enum {
        PROCESS_FD_REPORT = _NODE_FD_MAX, /* read end of the pipe of its reports */
        PROCESS_FD_HANDOVER,              /* socket for what it makes itself (handover.h); empty: nothing */
        _PROCESS_FD_MAX,
};

typedef struct Process {
        pid_t pid; /* 0: none */
        int fds[_PROCESS_FD_MAX];
        int go; /* write end; closing it instead of writing ends a child that waits */
        int told; /* what it is to be told goes there (child-order.h); empty: it has its order */
        DirectoryUse directory_use; /* of a child that is being launched */
} Process;

#define PROCESS_NONE ((Process) { .fds = { [0 ... _PROCESS_FD_MAX - 1] = -EBADF }, .go = -EBADF, .told = -EBADF })

/* What was ours and is restored in every child. */
typedef struct SpawnSettings {
        int null_fd;
        struct rlimit nofile; /* before we raised it */
        bool reset_oom_score;
        LaunchDirectories* directories;
        SyscallFilters* filters;
        Forker* forker;
} SpawnSettings;

/* How an ended process ended: CLD_EXITED, CLD_KILLED or CLD_DUMPED, and the exit status or signal. */
typedef struct ProcessExit {
        int code;
        int status;
} ProcessExit;

/* Looks at what we inherited, raises our limit of descriptors, and starts the forker; the path of that program is kept. */
int spawn_settings_init(SpawnSettings* settings, const char* forker);
void spawn_settings_done(SpawnSettings* settings);

typedef enum SpawnKind {
        SPAWN_NODE,  /* pipes for output and error, and a socket for what it makes */
        SPAWN_PROBE, /* a pipe for output */
} SpawnKind;

/* Forks a child that waits for its order. input_fd remains the caller's; empty: /dev/null. *ret is PROCESS_NONE or released
 * before. */
int process_make(const SpawnSettings* settings, SpawnKind kind, int input_fd, Process* ret);

/* Tells a child what to do; its directory_use is there if it is to have one. It prepares all that can be undone again. -errno: it
 * is to be aborted. */
int process_instruct(Process* p, const SpawnSettings* settings, const LaunchOrder* order);

/* Lets it go. */
int process_go(Process* p);

/* Kills it, and for a probe its process group; no error when it has ended. */
void process_kill(const Process* p);
void process_kill_group(const Process* p);

/* 0 while it runs, 1 when it has ended; it can be asked again. A process that is no child of ours, because it was taken
 * over from the stem before, is asked by its pidfd: then also -EAGAIN, see pidfd_get_exit(). Without a pidfd it has
 * ended. */
int process_peek(const Process* p, ProcessExit* ret);

/* Reaps it if it has ended, and closes what is open of it. */
void process_release(Process* p);

/* Kills and reaps a child that has not been let go: this is short. */
void process_abort(Process* p);

typedef enum SpawnProgress {
        SPAWN_UNDER_WAY,
        SPAWN_EXECUTED,
        SPAWN_FAILED, /* *ret_report says where; its error is 0 if the child ended before it could say why */
} SpawnProgress;

/* Looks at what the child has reported, and leaves it in its pipe: a stem that dies before it has done anything about
 * it has taken nothing from the next. To be called when the report pipe hangs up or the process ended. *last is kept by
 * the caller between calls, and starts with the step _CHILD_STEP_INVALID. */
SpawnProgress process_read_report(const Process* p, ChildReport* last);

/* "killed by signal 9 (KILL)", "exited with status 3". */
char* process_exit_describe(const ProcessExit* e);
