/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stem/pidfd.h"
#include "stem/recovery.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/parse.h"

/* All that was stored under one name. */
typedef struct Group {
        StoredDescriptor* items;
        size_t n;
} Group;

/* What a group turned out to be. */
typedef struct Find {
        NodeRecord record;
        int record_fd;
        Process process;
} Find;

static void find_done(Find* f) {
        node_record_done(&f->record);
        f->record_fd = fd_close(f->record_fd);
        process_release(&f->process);
}

void stored_descriptors_add(StoredDescriptors* all, int fd, const char* name) {
        GROW(all->items, all->n, all->allocated);
        all->items[all->n++] = (StoredDescriptor) { .fd = fd, .name = xstrdup(name) };
}

void stored_descriptors_done(StoredDescriptors* all) {
        for (size_t i = 0; i < all->n; i++) {
                (void) fd_close(all->items[i].fd);
                free(all->items[i].name);
        }
        free(all->items);
        *all = (StoredDescriptors) {};
}

/* Only files in memory have seals. */
static int find_record(Group* group) {
        for (size_t i = 0; i < group->n; i++)
                if (fcntl(group->items[i].fd, F_GET_SEALS) >= 0)
                        return take_fd(group->items[i].fd);
        return -EBADF;
}

static int read_record(int fd, NodeRecord* ret) {
        char text[NODE_RECORD_SIZE_MAX + 1];
        ssize_t n = pread(fd, text, sizeof text, 0);

        if (n < 0)
                return -errno;
        if ((size_t) n >= sizeof text || memchr(text, 0, (size_t) n))
                return -EINVAL;
        text[n] = 0;
        return node_record_from_string(text, ret);
}

/* Where in the process a descriptor belongs; NULL: nowhere. */
static int* find_place(Find* f, int fd) {
        struct stat st;
        pid_t pid;

        if (pidfd_get_pid(fd, &pid) >= 0)
                return pid == 0 || pid == f->record.pid ? &f->process.pidfd : NULL;
        if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
                return NULL;
        if (st.st_ino == f->record.output)
                return &f->process.output;
        if (st.st_ino == f->record.error)
                return &f->process.error;
        return st.st_ino == f->record.report ? &f->process.report : NULL;
}

static void sort_out(Group* group, Find* f) {
        f->process.pid = f->record.pid;
        for (size_t i = 0; i < group->n; i++) {
                int fd = group->items[i].fd;
                int* place = fd < 0 ? NULL : find_place(f, fd);

                if (place && *place < 0)
                        *place = take_fd(group->items[i].fd);
        }
}

/* Something of a stream must be there to be handed out; what was no pipe has ended. */
static int replace_missing(int* fd) {
        if (*fd < 0)
                *fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *fd < 0 ? -errno : fd_set_nonblocking(*fd, true);
}

static int restore(const RecoveryPlace* place, Find* f, StoreSlot** slot) {
        NodeRecord* record = &f->record;
        Process* process = &f->process;
        HeldNode* node;
        int r;

        if (node_table_find(place->nodes, record->name) || resumptions_has(place->resumptions, record->name))
                return -EEXIST;
        if (process->pidfd < 0 && !record->exited)
                return -ESRCH;
        r = replace_missing(&process->output);
        if (r >= 0)
                r = replace_missing(&process->error);
        if (r < 0)
                return r;

        if ((!record->launched || record->failed) && process->report >= 0 && process->pidfd >= 0)
                return resumption_begin(place->resumptions, record, process, slot);

        process->report = fd_close(process->report);
        /* Now, so that the first one who asks gets the right answer. */
        if (!record->exited && process_peek(process, &record->exit) > 0) {
                record->exited = true;
                store_slot_exited(*slot, &record->exit);
        }
        return node_table_restore(place->nodes, record, process, slot, &node);
}

static int recover_group(const RecoveryPlace* place, Group* group) {
        _cleanup_(find_done) Find f = { .record_fd = find_record(group), .process = PROCESS_NONE };
        StoreSlot* slot = NULL;
        uint64_t number;
        int r;

        if (f.record_fd < 0)
                return -ENOENT;
        r = read_record(f.record_fd, &f.record);
        if (r >= 0)
                r = parse_u64(group->items[0].name, &number);
        if (r < 0)
                return r;
        if (f.record.released) { /* and the word of it came too late */
                store_drop_name(place->store, group->items[0].name);
                return 0;
        }
        sort_out(group, &f);
        r = store_restore(place->store, number < STORE_SLOTS_MAX ? (unsigned) number : STORE_SLOTS_MAX,
                          take_fd(f.record_fd), &slot);
        if (r < 0)
                return r;

        r = restore(place, &f, &slot);
        if (r < 0) {
                log_warning("What was stored of node '%s' (process %i) cannot be used", f.record.name,
                            (int) f.record.pid);
                store_slot_drop(slot);
        }
        return r;
}

static int compare_names(const void* a, const void* b) {
        const StoredDescriptor *x = a, *y = b;

        return strcmp(x->name, y->name);
}

void recover(const RecoveryPlace* place, StoredDescriptors* all) {
        if (all->n > 0)
                qsort(all->items, all->n, sizeof all->items[0], compare_names);

        for (size_t i = 0, n; i < all->n; i += n) {
                Group group = { .items = all->items + i };
                const char* name = group.items[0].name;
                int r;

                for (n = 1; i + n < all->n && strcmp(all->items[i + n].name, name) == 0; n++)
                        ;
                group.n = n;
                r = recover_group(place, &group);
                if (r < 0) {
                        (void) log_warning_errno(r, "Forgetting %zu stored descriptors named '%s': %m", n, name);
                        store_drop_name(place->store, name);
                }
        }

        if (place->nodes->n > 0 || resumptions_count(place->resumptions) > 0)
                log_info("Took back %zu nodes, and %zu launches that were under way", place->nodes->n,
                         resumptions_count(place->resumptions));
        stored_descriptors_done(all);
}
