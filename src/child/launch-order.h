/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What one process is to be. How an order is read from a message, and freed, is the stem's business (stem/order.h). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "child/syscall-order.h"

typedef struct OrderLimit {
        int resource; /* RLIMIT_* */
        const char* name;
        rlim_t value;
} OrderLimit;

typedef struct LaunchOrder {
        char* name;
        char* scope;
        char* slice_group; /* the control group that its scope will be in; NULL: not told */
        struct sd_bus_message* message; /* in it are the scope's properties, and the text about system calls */
        bool has_scope_properties;
        char** arguments;
        char** environment;
        char* working_directory;
        int input_fd;      /* empty: /dev/null */
        char* output_file; /* NULL: the pipe */
        char* error_file;
        bool truncate_files;
        char* status_file; /* NULL: none */

        bool has_user; /* uid, gid and groups are to be set */
        uid_t uid;
        gid_t gid;
        gid_t* groups;
        size_t n_groups;
        uint64_t ambient_capabilities;

        unsigned long* cpu_mask; /* NULL: not changed */
        size_t cpu_mask_size;    /* bytes */
        bool has_nice;
        int nice;
        bool has_oom_score_adjust;
        int oom_score_adjust;
        bool has_umask;
        mode_t umask;
        OrderLimit limits[RLIM_NLIMITS];
        size_t n_limits;
        SyscallOrder syscalls;
} LaunchOrder;
