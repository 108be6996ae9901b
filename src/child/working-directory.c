/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "child/passed-calls.h"
#include "child/working-directory.h"

#define ATTEMPTS_MAX 8U /* against another launch that failed and removes its directories */

typedef struct State {
        LaunchDirectories* directories;
        DirectoryUse use;
        /* The working directory, and at which lengths of it there is a directory that we made. */
        char path[PATH_MAX];
        bool made[PATH_MAX];
} State;

/* Static: it is large, and there is one in a process. */
static State state;

void working_directory_init(LaunchDirectories* directories, DirectoryUse use) {
        state.directories = directories;
        state.use = use;
}

/* One pass of `mkdir -p`. -ENOENT: a parent that was there has gone. */
static int make_all(void) {
        char* path = state.path;

        for (size_t i = 1;; i++) {
                char saved = path[i];

                if (saved != '/' && saved != 0)
                        continue;
                if (path[i - 1] != '/') {
                        path[i] = 0;
                        int r = mkdir(path, 0755) < 0 ? -errno : 0;
                        path[i] = saved;

                        if (r >= 0)
                                state.made[i] = true;
                        else if (r != -EEXIST)
                                return r;
                }
                if (saved == 0)
                        return 0;
        }
}

int working_directory_make(const char* path) {
        int r = -ENOENT;

        (void) stpcpy(state.path, path);
        for (size_t i = 0; r == -ENOENT && i < ATTEMPTS_MAX; i++)
                r = make_all();
        return r;
}

/* From below: what we made, and what others made who failed and found us in it. A note comes before the look whether it
 * can be removed: of two who fail at the same time the later one then either finds the note, or leaves the other what he
 * can remove. */
void working_directory_remove(void) {
        LaunchDirectories* directories = state.directories;
        char* path = state.path;
        NoteNumber last;

        launch_directories_leave(directories, state.use);
        for (size_t length = strlen(path); length > 0; length--) {
                if (path[length - 1] == '/' || (path[length] != '/' && path[length] != 0))
                        continue;
                if (!state.made[length] && !launch_directories_has_note(directories, path, length))
                        continue;

                launch_directories_note(directories, path, length);
                path[length] = 0;
                if (launch_directories_in_use(directories, path, length))
                        continue;
                last = launch_directories_last_note(directories);
                if (passed_rmdir(path) >= 0 || (errno != ENOTEMPTY && errno != EEXIST))
                        launch_directories_strike(directories, path, length, last);
        }
}
