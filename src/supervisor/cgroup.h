/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Control groups of nodes, read from the hierarchy itself (cgroups(7), version 2). Paths begin below its root:
 * "/zeek.slice/…". */

#include <stdbool.h>
#include <stdint.h>

#define FIGURE_UNKNOWN UINT64_MAX

typedef struct CgroupFigures {
        uint64_t memory_current; /* bytes */
        uint64_t cpu_usage_nsec;
        uint64_t tasks_current;
} CgroupFigures;

/* The control group of a process. -ESRCH and other errors of reading. The process must not have been reaped, or the answer may be about another. */
int cgroup_of_pid(uint32_t pid, char** ret);

/* Figures that the kernel does not keep for this group are FIGURE_UNKNOWN. cgroup may be NULL. */
void cgroup_read_figures(const char* cgroup, CgroupFigures* ret);

/* The oldest process in it, which the others come from; 0: there is none. */
uint32_t cgroup_first_pid(const char* cgroup);

bool cgroup_exists(const char* cgroup);

/* The names of the groups in it, a vector of strings. */
char** cgroup_children(const char* cgroup);

/* The group of the service manager that our own group belongs to: "" for the system's, else that of the user's. */
char* cgroup_of_manager(bool user_mode);
