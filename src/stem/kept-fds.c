/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <sys/stat.h>

#include "stem/kept-fds.h"
#include "stem/pidfd.h"
#include "stem/syscall-watch.h"

static bool is_pipe(int fd, const struct stat* st) {
        return S_ISFIFO(st->st_mode);
}

static bool is_socket(int fd, const struct stat* st) {
        return S_ISSOCK(st->st_mode);
}

/* A file may be a node's, and in memory: only that we cannot write to it tells it from a record of ours. */
static bool is_file_for_reading(int fd, const struct stat* st) {
        return S_ISREG(st->st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

static bool is_listener(int fd, const struct stat* st) {
        return is_syscall_listener(fd);
}

static const struct {
        const char* key;
        bool (*fits)(int fd, const struct stat* st);
        bool required;
} places[_PROCESS_FD_MAX] = {
        [NODE_FD_OUTPUT] = { "OUTPUT", is_pipe, true },
        [NODE_FD_ERROR] = { "ERROR", is_pipe, true },
        [NODE_FD_STATUS] = { "STATUSFILE", is_file_for_reading, false },
        [NODE_FD_SYSCALLS] = { "SYSCALLS", is_listener, false },
        [PROCESS_FD_REPORT] = { "REPORT", is_pipe, true },
        [PROCESS_FD_HANDOVER] = { "HANDOVER", is_socket, false },
};

const char* kept_fd_key(unsigned place) {
        return places[place].key;
}

bool kept_fd_is_required(unsigned place) {
        return places[place].required;
}

uint64_t kept_fd_number(unsigned place, int fd) {
        struct stat st;

        if (!places[place].key || fd < 0 || fstat(fd, &st) < 0)
                return 0;
        return places[place].fits(fd, &st) ? st.st_ino : 0;
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
