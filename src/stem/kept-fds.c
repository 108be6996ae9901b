/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <sys/stat.h>

#include "stem/kept-fds.h"
#include "stem/pidfd.h"

static const struct {
        const char* key;
        mode_t type;
        bool required;
} places[_PROCESS_FD_MAX] = {
        [NODE_FD_OUTPUT] = { "OUTPUT", S_IFIFO, true },
        [NODE_FD_ERROR] = { "ERROR", S_IFIFO, true },
        [NODE_FD_STATUS] = { "STATUSFILE", S_IFREG, false },
        [PROCESS_FD_REPORT] = { "REPORT", S_IFIFO, true },
        [PROCESS_FD_HANDOVER] = { "HANDOVER", S_IFSOCK, false },
};

const char* kept_fd_key(unsigned place) {
        return places[place].key;
}

bool kept_fd_is_required(unsigned place) {
        return places[place].required;
}

/* A file may be a node's, and in memory: only that we cannot write to it tells it from a record of ours. */
static bool is_writable_file(int fd, const struct stat* st) {
        return S_ISREG(st->st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

uint64_t kept_fd_number(unsigned place, int fd) {
        struct stat st;

        if (!places[place].key || fd < 0 || fstat(fd, &st) < 0)
                return 0;
        return (st.st_mode & S_IFMT) == places[place].type && !is_writable_file(fd, &st) ? st.st_ino : 0;
}

int kept_fd_place(int fd, pid_t pid, const uint64_t numbers[_PROCESS_FD_MAX]) {
        pid_t pid_of_fd;

        if (pidfd_get_pid(fd, &pid_of_fd) >= 0)
                return pid_of_fd == 0 || pid_of_fd == pid ? NODE_FD_PROCESS : -ENOENT;
        for (unsigned i = 0; i < _PROCESS_FD_MAX; i++)
                if (numbers[i] != 0 && kept_fd_number(i, fd) == numbers[i])
                        return (int) i;
        return -ENOENT;
}
