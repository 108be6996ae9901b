/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A socket that stands where journald's would: takes datagrams, and memory files, and gives their bytes. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/journal-decode.h"
#include "unit/unit.h"
#include "util/alloc.h"
#include "util/fd.h"

#define DATAGRAM_MAX (2U * 1024 * 1024)

typedef struct FakeJournal {
        char directory[64];
        char path[80];
        int fd;
        char* buffer;
        char* file; /* the last datagram, if it was a memory file */
        const char* data; /* of the last datagram */
        size_t size;
        Decoded entry;
} FakeJournal;

static inline void fake_journal_init(FakeJournal* j) {
        *j = (FakeJournal) { .directory = "/tmp/fake-journal.XXXXXX", .fd = -EBADF };
        j->buffer = xcalloc(DATAGRAM_MAX, 1);
        assert_non_null(mkdtemp(j->directory));
        (void) snprintf(j->path, sizeof j->path, "%s/socket", j->directory);
}

static inline void fake_journal_start(FakeJournal* j) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void) stpcpy(address.sun_path, j->path);
        j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(j->fd >= 0);
        assert_int_equal(bind(j->fd, (struct sockaddr*) &address, sizeof address), 0);
}

static inline void fake_journal_stop(FakeJournal* j) {
        j->fd = fd_close(j->fd);
        (void) unlink(j->path);
}

static inline void fake_journal_done(FakeJournal* j) {
        fake_journal_stop(j);
        (void) rmdir(j->directory);
        free(j->buffer);
        free(j->file);
}

static inline void fake_journal_read_file(FakeJournal* j, int fd) {
        struct stat st;

        assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
        assert_int_equal(fstat(fd, &st), 0);
        j->file = xcalloc((size_t) st.st_size, 1);
        assert_int_equal(pread(fd, j->file, (size_t) st.st_size, 0), st.st_size);
        j->data = j->file;
        j->size = (size_t) st.st_size;
        (void) close(fd);
}

/* Takes the next datagram; false: there is none. Its fields are those of exactly one entry. */
static inline bool fake_journal_receive(FakeJournal* j) {
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec iov = { .iov_base = j->buffer, .iov_len = DATAGRAM_MAX };
        struct msghdr message = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        ssize_t n = recvmsg(j->fd, &message, MSG_CMSG_CLOEXEC);

        free_and_replace(j->file, NULL);
        if (n < 0) {
                assert_int_equal(errno, EAGAIN);
                return false;
        }
        j->data = j->buffer;
        j->size = (size_t) n;
        if (CMSG_FIRSTHDR(&message)) {
                int fd;

                assert_int_equal(n, 0);
                memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
                fake_journal_read_file(j, fd);
        }
        assert_true(journal_decode(j->data, j->size, &j->entry));
        return true;
}
