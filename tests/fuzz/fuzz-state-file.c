/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: the file in which one daemon tells the next where a node stands. What makes sense is written as it was read; what
 * does not leaves a node of which nothing is known, and nothing of which is believed. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/node.h"
#include "supervisor/state-files.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static char directory[] = "/tmp/fuzz-state-file-XXXXXX";
static StateFiles* files;
static int state_fd;

static void remove_directory(void) {
        state_files_remove(files, "node");
        files = state_files_free(files);
        (void) unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
}

static void set_up(void) {
        _cleanup_free_ char* state = NULL;

        log_set_max_level(LOG_EMERG);
        assert(mkdtemp(directory));
        files = state_files_new(directory);
        state = xasprintf("%s/state", directory);
        state_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(state_fd >= 0);
        (void) atexit(remove_directory);
}

static Node* read_node(Registry* registry, uint64_t* hash, int* ret) {
        Node* node = registry_obtain(registry, "node");
        bool knows_launch;

        *ret = state_files_read_life(files, node, hash, &knows_launch);
        return node;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_(registry_done) Registry registry = {}, second = {};
        uint64_t hash = 0, read_hash = 0;
        Node *node, *again;
        int r;

        if (!files)
                set_up();
        assert(file_write_atomic(state_fd, "node.life", (const char*) data, size, 0600) >= 0);
        node = read_node(&registry, &hash, &r);
        assert(node->phase > PHASE_VOID && node->outcome >= 0);
        if (r < 0)
                return 0;

        state_files_write_life(files, node, &hash);
        again = read_node(&second, &read_hash, &r);
        assert(read_hash == hash);
        assert(r >= 0 && again->phase == node->phase && again->outcome == node->outcome && again->pid == node->pid);
        return 0;
}
