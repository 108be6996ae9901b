/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Many descriptors as one: a socket in which they lie as messages that nobody takes out. They stay open as long as the
 * bundle does, whoever has it. What is put in together has a key, by which it is found together.
 *
 * The service manager compares each descriptor that it is given with each that it keeps; a bundle is one, whatever is in it, and
 * what is added to a bundle that it has is no work for it at all. */

#include <stddef.h>
#include <stdint.h>

typedef struct BundledFd {
        int fd;
        uint64_t key; /* 0: it has none; so it was when all that was in a bundle belonged together */
} BundledFd;

/* An empty bundle, or -errno. *ret_mouth: the other end of it, by which descriptors are put in wherever the bundle is
 * meanwhile. */
int fd_bundle_new(int* ret_mouth);

/* Puts some in. They remain the caller's. 0 or -errno; -EAGAIN: it is full. */
int fd_bundle_add(int mouth, uint64_t key, const int* fds, size_t n);

/* Copies of what is in it, at most max; how many they are. -ENOTSOCK, -EAGAIN, -EBADMSG: it is no bundle, or empty. */
int fd_bundle_look(int bundle, BundledFd* ret, size_t max);
