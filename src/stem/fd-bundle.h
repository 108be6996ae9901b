/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Several descriptors as one: a socket in which they lie as a message that nobody takes out. They stay open as long as
 * the bundle does, whoever has it.
 *
 * The service manager compares each descriptor that it is given with each that it keeps: with a bundle for a node instead of
 * its seven descriptors that is a fiftieth of the work. */

#include <stddef.h>

/* The bundle, or -errno. The descriptors remain the caller's. */
int fd_bundle_new(const int* fds, size_t n);

/* Copies of what is in it, at most max; how many they are. -ENOTSOCK, -EAGAIN, -EBADMSG: it is no bundle. */
int fd_bundle_look(int bundle, int* ret_fds, size_t max);
