/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Several descriptors as one: a socket in which they lie as messages that nobody takes out. They stay open as long as
 * the bundle does, whoever has it.
 *
 * The service manager compares each descriptor that it is given with each that it keeps: with a bundle for a node instead of
 * its seven descriptors that is a fiftieth of the work. Nor has it any with what is added to a bundle that it has. */

#include <stddef.h>

/* The bundle, or -errno. The descriptors remain the caller's. *ret_mouth: the other end of it, by which more can be put in
 * wherever the bundle is meanwhile; it need not stay open. NULL: nothing more comes. */
int fd_bundle_new(const int* fds, size_t n, int* ret_mouth);

/* Puts more in. 0 or -errno. */
int fd_bundle_add(int mouth, const int* fds, size_t n);

/* Copies of what is in it, at most max; how many they are. -ENOTSOCK, -EAGAIN, -EBADMSG: it is no bundle. */
int fd_bundle_look(int bundle, int* ret_fds, size_t max);
