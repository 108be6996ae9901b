/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The system calls that the supervisor makes, and an end to all others.
 *
 * The filter is the daemon's own and stays with it wherever it runs: with the sandbox of its unit, in a session, by
 * hand. It is in force before the daemon has heard from anybody. What is in it is what the daemon, its libraries and
 * the modules of the user database need. Beyond the list of names: sockets are UNIX sockets; memory is never both
 * writable and executable; no process is made, none is executed, and no other one gets a signal.
 *
 * What is not in it fails with ENOSYS, as on a kernel that does not know it: libraries have an answer to that, and one
 * that tries a new system call first goes on with the old one. What belongs to another architecture ends the
 * process. */

#include <stdint.h>

/* For this process and its threads to come, without a way back; no_new_privs is set too. */
int system_calls_confine(void);

/* The filter for one architecture (SCMP_ARCH_*), as a libseccomp filter that is not loaded; for tests. */
int system_calls_filter_new(uint32_t architecture, void** ret);
