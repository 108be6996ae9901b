/* SPDX-License-Identifier: BSD-3-Clause */

/* Runs a fuzz target over the files of its corpus, where libFuzzer is not: every input that once meant trouble is a test. */

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "util/file.h"

#define INPUT_MAX (16U * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static int run_input(int directory_fd, const char* name) {
        _cleanup_free_ char* text = NULL;
        size_t size;
        int r = file_read(directory_fd, name, INPUT_MAX, &text, &size);

        if (r < 0) {
                fprintf(stderr, "%s: %s\n", name, strerror(-r));
                return r;
        }

        /* memory of the exact size, so that a byte read beyond it is noticed */
        _cleanup_free_ uint8_t* data = xmemdup(text, size);
        printf("%s\n", name);
        return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char** argv) {
        struct dirent* entry;
        unsigned n = 0;
        DIR* corpus;

        if (argc != 2 || !(corpus = opendir(argv[1]))) {
                fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
                return 2;
        }

        while ((entry = readdir(corpus)))
                if (entry->d_name[0] != '.') {
                        if (run_input(dirfd(corpus), entry->d_name) < 0)
                                return 1;
                        n++;
                }
        (void) closedir(corpus);

        /* a corpus that went missing must not look like a success */
        return n > 0 ? 0 : 1;
}
