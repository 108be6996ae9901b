/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "child/child-fds.h"

#define PARKING_FD 16 /* above the places of all, so that moving one never hits another */

static_assert(_CHILD_FD_MAX <= PARKING_FD, "nobody parks in another one's place");

int child_fds_arrange(const int fds[_CHILD_FD_MAX]) {
        int parked[_CHILD_FD_MAX];

        for (size_t i = 0; i < _CHILD_FD_MAX; i++) {
                parked[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, PARKING_FD);
                if (parked[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < _CHILD_FD_MAX; i++)
                if (dup3(parked[i], (int) i, i > STDERR_FILENO ? O_CLOEXEC : 0) < 0)
                        return -errno;
        return close_range(_CHILD_FD_MAX, ~0U, 0) < 0 ? -errno : 0;
}
