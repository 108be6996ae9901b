/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node uses, read from its control group (cgroups(7), version 2). */

#include <stdint.h>

#define FIGURE_UNKNOWN UINT64_MAX

typedef struct CgroupFigures {
        uint64_t memory_current; /* bytes */
        uint64_t cpu_usage_nsec;
        uint64_t tasks_current;
} CgroupFigures;

/* The path of a process's control group below the root of the hierarchy, "/zeek.slice/…". -ESRCH and other errors of
 * reading. The process must not have been reaped, or the answer may be about another. */
int cgroup_of_pid(uint32_t pid, char** ret);

/* Figures that the kernel does not keep for this group are FIGURE_UNKNOWN. cgroup may be NULL. */
void cgroup_read_figures(const char* cgroup, CgroupFigures* ret);
