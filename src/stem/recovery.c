/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stem/fd-bundle.h"
#include "stem/handover.h"
#include "stem/kept-fds.h"
#include "stem/recovery.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

/* Some descriptors that were stored under one name. */
typedef struct Group {
        StoredDescriptor* items;
        size_t n;
} Group;

/* What those that belong together turned out to be. */
typedef struct Find {
        NodeRecord record;
        int record_fd;
        Process process;
        StoreSlot* slot; /* NULL: there is nothing to be made of it */
} Find;

static void find_done(Find* f) {
        node_record_done(&f->record);
        f->record_fd = fd_close(f->record_fd);
        process_release(&f->process);
}

static void add_one(StoredDescriptors* all, BundledFd found, const char* name) {
        GROW(all->items, all->n, all->allocated);
        all->items[all->n++] = (StoredDescriptor) { .fd = found.fd, .key = found.key, .name = xstrdup(name) };
}

void stored_descriptors_add(StoredDescriptors* all, int fd, const char* name) {
        BundledFd found[STORE_BUNDLE_FDS_MAX];
        int n = fd_bundle_look(fd, found, ELEMENTSOF(found));

        if (n < 0) {
                add_one(all, (BundledFd) { .fd = fd }, name);
                return;
        }
        for (int i = 0; i < n; i++)
                add_one(all, found[i], name);
        (void) fd_close(fd);
}

void stored_descriptors_done(StoredDescriptors* all) {
        for (size_t i = 0; i < all->n; i++) {
                (void) fd_close(all->items[i].fd);
                free(all->items[i].name);
        }
        free(all->items);
        *all = (StoredDescriptors) {};
}

/* Only files in memory have seals, and of all that is kept only records may be written. */
static bool is_record(int fd) {
        return fcntl(fd, F_GET_SEALS) >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

static int find_record(Group* group) {
        for (size_t i = 0; i < group->n; i++)
                if (is_record(group->items[i].fd))
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

static void sort_out(Group* group, Find* f) {
        f->process.pid = f->record.pid;
        for (size_t i = 0; i < group->n; i++) {
                int fd = group->items[i].fd;
                int place = fd < 0 ? -ENOENT : kept_fd_place(fd, f->record.pid, f->record.numbers);

                if (place >= 0 && f->process.fds[place] < 0)
                        f->process.fds[place] = take_fd(group->items[i].fd);
        }
}

static int restore(const RecoveryPlace* place, Find* f, StoreSlot** slot) {
        NodeRecord* record = &f->record;
        Process* process = &f->process;
        HeldNode* node;

        if (node_table_find(place->nodes, record->name) || resumptions_has(place->resumptions, record->name))
                return -EEXIST;
        if (process->fds[NODE_FD_PROCESS] < 0 && !record->exited)
                return -ESRCH;
        if ((!record->launched || record->failed) && process->fds[PROCESS_FD_REPORT] >= 0 &&
            process->fds[NODE_FD_PROCESS] >= 0)
                return resumption_begin(place->resumptions, record, process, slot);

        process->fds[PROCESS_FD_REPORT] = fd_close(process->fds[PROCESS_FD_REPORT]);
        handover_take(process, *slot);
        /* Now, so that the first one who asks gets the right answer. */
        if (!record->exited && process_peek(process, &record->exit) > 0) {
                record->exited = true;
                store_slot_exited(*slot, &record->exit);
        }
        return node_table_restore(place->nodes, record, process, slot, &node);
}

/* What it is, and its place in the store. 0 without a slot: it was released, and the word of it came too late. */
static int look_at_group(const RecoveryPlace* place, Group* group, Group* loose, Find* f) {
        int r;

        *f = (Find) { .record_fd = find_record(group), .process = PROCESS_NONE };
        if (f->record_fd < 0)
                return -ENOENT;
        r = read_record(f->record_fd, &f->record);
        if (r < 0 || f->record.released)
                return r;
        sort_out(group, f);
        sort_out(loose, f);
        return store_restore(place->store, group->items[0].name, take_fd(f->record_fd), &f->slot);
}

static void restore_find(const RecoveryPlace* place, Find* f) {
        int r = restore(place, f, &f->slot);

        if (r >= 0)
                return;
        (void) log_warning_errno(r, "What was stored of node '%s' (process %i) cannot be used: %m", f->record.name,
                                 (int) f->record.pid);
        store_slot_drop(f->slot);
}

/* How many of these have the key of the first. */
static size_t count_same_key(const StoredDescriptor* items, size_t n) {
        size_t i = 1;

        while (i < n && items[i].key == items[0].key)
                i++;
        return i;
}

/* All places in the store are taken before anything is made of them: the name is dropped with the last that is given back. What
 * lies in no bundle belongs to some node of those that do, or they all to one. */
static void recover_name(const RecoveryPlace* place, StoredDescriptor* items, size_t n) {
        const char* name = items[0].name;
        size_t n_loose = items[0].key == 0 ? count_same_key(items, n) : 0, n_finds = 0;
        Group loose = { items, n_loose < n ? n_loose : 0 };
        Find* finds = xcalloc(n, sizeof *finds);
        bool any = false;

        for (size_t i = loose.n, size; i < n; i += size) {
                Find* f = &finds[n_finds++];
                int r;

                size = count_same_key(items + i, n - i);
                r = look_at_group(place, &(Group) { items + i, size }, &loose, f);
                if (r < 0)
                        (void) log_warning_errno(r, "Forgetting %zu stored descriptors named '%s': %m", size, name);
                any |= f->slot != NULL;
        }
        if (!any)
                store_drop_name(place->store, name);
        for (size_t i = 0; i < n_finds; i++) {
                if (finds[i].slot)
                        restore_find(place, &finds[i]);
                find_done(&finds[i]);
        }
        free(finds);
}

static int compare(const void* a, const void* b) {
        const StoredDescriptor *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r != 0 ? r : (x->key > y->key) - (x->key < y->key);
}

void recover(const RecoveryPlace* place, StoredDescriptors* all) {
        if (all->n > 0)
                qsort(all->items, all->n, sizeof all->items[0], compare);

        for (size_t i = 0, n; i < all->n; i += n) {
                for (n = 1; i + n < all->n && strcmp(all->items[i + n].name, all->items[i].name) == 0; n++)
                        ;
                recover_name(place, all->items + i, n);
        }

        if (place->nodes->n > 0 || resumptions_count(place->resumptions) > 0)
                log_info("Took back %zu nodes, and %zu launches that were under way", place->nodes->n,
                         resumptions_count(place->resumptions));
        stored_descriptors_done(all);
}
