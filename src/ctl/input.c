/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/input.h"
#include "util/alloc.h"
#include "util/fd.h"

#define STEP (64U * 1024)

static int read_all(const char* path, char** ret, size_t* ret_size) {
        _cleanup_close_ int own = -EBADF;
        _cleanup_free_ char* text = NULL;
        size_t size = 0;
        int fd = STDIN_FILENO;

        if (strcmp(path, "-") != 0) {
                fd = own = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
                if (fd < 0)
                        return -errno;
        }
        for (;;) {
                ssize_t n;

                if (size % STEP == 0)
                        text = xreallocarray(text, size + STEP + 1, 1);
                n = read(fd, text + size, STEP - size % STEP);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > INPUT_SIZE_MAX)
                        return -EFBIG;
        }
        text[size] = '\0';
        *ret = take_ptr(text);
        *ret_size = size;
        return 0;
}

const char* input_name(const char* path) {
        return strcmp(path, "-") == 0 ? "(standard input)" : path;
}

int input_read(const char* path, char** ret, size_t* ret_size) {
        int r = read_all(path, ret, ret_size);

        if (r < 0)
                ctl_say("Failed to read %s: %s", input_name(path), strerror(-r));
        return r;
}
