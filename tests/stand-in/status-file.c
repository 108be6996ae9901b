/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "stand-in/reporter.h"
#include "stand-in/status-file.h"
#include "util/alloc.h"
#include "util/fd.h"

void status_file_set(const StatusFile* file, const char* status, const char* reason) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char* line = NULL;

        if (!file->path || file->muted)
                return;

        fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);
        if (fd < 0) {
                /* Zeek goes on, and prints the number of the error */
                write_line(STDERR_FILENO, "Failed to open process status file '%s': %d [%s]", file->path,
                           errno, status);
                return;
        }

        if (file->override && strcmp(status, "RUNNING") == 0)
                line = xasprintf("%s\n", file->override);
        else
                line = xasprintf("%s [%s]\n", status, reason);
        (void) fd_write_all(fd, line, strlen(line));
}
