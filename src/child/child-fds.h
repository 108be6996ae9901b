/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The descriptors of a child, at the places where it will have them. Where there is nothing to be had it is /dev/null. */
enum {
        CHILD_FD_INPUT,
        CHILD_FD_OUTPUT,
        CHILD_FD_ERROR,
        CHILD_FD_REPORT,
        CHILD_FD_GO,
        CHILD_FD_HANDOVER,
        CHILD_FD_ORDER,
        _CHILD_FD_MAX,
};

/* Makes these the only ones, wherever they are; only the three standard ones outlive the execution of a program. Safe between
 * fork and exec. */
int child_fds_arrange(const int fds[_CHILD_FD_MAX]);
