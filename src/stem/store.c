/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stem/fd-bundle.h"
#include "stem/kept-fds.h"
#include "stem/store.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

struct Store {
        Notifier* notifier; /* weak */
        bool bundles;
        bool used[STORE_SLOTS_MAX];
};

struct StoreSlot {
        Store* store; /* weak */
        size_t number; /* STORE_SLOTS_MAX: it has a name of another kind */
        char name[STORE_NAME_SIZE];
        int record_fd;
        int mouth; /* of its bundle, while its process is being launched; empty: nothing can be added */
        const void* waits; /* who is told when it was sent; weak */
};

Store* store_new(Notifier* notifier, bool bundles) {
        Store* store = xnew0(Store);

        store->notifier = notifier;
        store->bundles = bundles;
        return store;
}

Store* store_free(Store* store) {
        free(store);
        return NULL;
}

/* Behind what is there already. One write: see node-record.h. */
static void append(const StoreSlot* slot, const char* text) {
        size_t size = strlen(text);
        ssize_t n = write(slot->record_fd, text, size);

        if (n != (ssize_t) size)
                (void) log_warning_errno(n < 0 ? -errno : -EIO, "Failed to remember what happened to a node: %m");
}

static int make_record(const NodeRecord* record) {
        _cleanup_free_ char* text = node_record_to_string(record);
        _cleanup_close_ int fd = memfd_create("zeek-stem-node", MFD_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, text, strlen(text));
        return r < 0 ? r : take_fd(fd);
}

static StoreSlot* slot_new(Store* store, size_t number, const char* name, int record_fd) {
        StoreSlot* slot = xnew0(StoreSlot);

        if (number < STORE_SLOTS_MAX)
                store->used[number] = true;
        slot->store = store;
        slot->number = number;
        (void) snprintf(slot->name, sizeof slot->name, "%s", name);
        slot->record_fd = record_fd;
        slot->mouth = -EBADF;
        return slot;
}

static int find_free_number(const Store* store, size_t* ret) {
        for (size_t i = 0; i < STORE_SLOTS_MAX; i++)
                if (!store->used[i]) {
                        *ret = i;
                        return 0;
                }
        return -ENOSPC;
}

static void make_name(size_t number, char ret[STORE_NAME_SIZE]) {
        const char first[] = STORE_NAME_FIRST, second[] = STORE_NAME_SECOND;
        const size_t n_second = sizeof second - 1;

        ret[0] = first[number / n_second];
        ret[1] = second[number % n_second];
        ret[2] = 0;
}

/* STORE_SLOTS_MAX: it is no name of ours. */
static size_t read_name(const char* name) {
        const char first[] = STORE_NAME_FIRST, second[] = STORE_NAME_SECOND;
        const char *a = strchr(first, name[0]), *b = name[0] ? strchr(second, name[1]) : NULL;

        if (!a || !b || name[1] == 0 || name[2] != 0)
                return STORE_SLOTS_MAX;
        return (size_t) (a - first) * (sizeof second - 1) + (size_t) (b - second);
}

static int send_slot(StoreSlot* slot, const int* fds, size_t n_fds, notifier_sent_t sent, void* userdata) {
        _cleanup_close_ int mouth = -EBADF, bundle = slot->store->bundles ? fd_bundle_new(fds, n_fds, &mouth) : -EBADF;
        char text[64];

        if (bundle >= 0) {
                fds = &bundle;
                n_fds = 1;
                (void) fd_close(slot->mouth);
                slot->mouth = take_fd(mouth);
        } else if (slot->store->bundles)
                (void) log_debug_errno(bundle, "Failed to bundle descriptors, storing each by itself: %m");

        /* A pipe whose writer has ended is not polled, and thrown away with what is left in it. */
        (void) snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", slot->name);
        return notifier_send(slot->store->notifier, text, fds, n_fds, sent, userdata);
}

/* What is to be kept of these: those that have a number, and the pidfd. */
static size_t choose(const int* from, unsigned n_from, uint64_t* ret_numbers, int* ret_fds) {
        size_t n = 0;

        for (unsigned i = 0; i < n_from; i++) {
                ret_numbers[i] = kept_fd_number(i, from[i]);
                if (ret_numbers[i] != 0 || (i == NODE_FD_PROCESS && from[i] >= 0))
                        ret_fds[n++] = from[i];
        }
        return n;
}

int store_add(Store* store, const NodeRecord* about, const Process* process, notifier_sent_t sent, void* userdata,
              StoreSlot** ret) {
        NodeRecord record = {
                .name = about->name, .scope = about->scope, .verdicts = about->verdicts, .pid = process->pid
        };
        int fds[STORE_SLOT_FDS_MAX], n = (int) choose(process->fds, _PROCESS_FD_MAX, record.numbers, fds + 1) + 1;
        _cleanup_close_ int record_fd = make_record(&record);
        char slot_name[STORE_NAME_SIZE];
        StoreSlot* slot;
        size_t number;
        int r;

        if (record_fd < 0)
                return record_fd;
        r = find_free_number(store, &number);
        if (r < 0)
                return r;

        make_name(number, slot_name);
        fds[0] = record_fd;
        slot = slot_new(store, number, slot_name, take_fd(record_fd));
        slot->waits = userdata;
        r = send_slot(slot, fds, (size_t) n, sent, userdata);
        if (r < 0) {
                store_slot_keep(slot);
                store->used[number] = false;
                return r;
        }
        *ret = slot;
        return r;
}

int store_restore(Store* store, const char* name, int record_fd, StoreSlot** ret) {
        _cleanup_close_ int owned = record_fd;
        size_t number = read_name(name);

        if (strlen(name) >= STORE_NAME_SIZE)
                return -EINVAL;
        if (number < STORE_SLOTS_MAX && store->used[number])
                return -EEXIST;
        if (lseek(record_fd, 0, SEEK_END) < 0)
                return -errno;
        *ret = slot_new(store, number, name, take_fd(owned));
        return 0;
}

/* Noted when it is there: see handover.h for what follows if it is not. */
int store_slot_extend(StoreSlot* slot, const int fds[_NODE_FD_MAX]) {
        uint64_t numbers[_PROCESS_FD_MAX] = {};
        int chosen[_NODE_FD_MAX], r;
        size_t n = choose(fds, _NODE_FD_MAX, numbers, chosen);

        if (slot->mouth >= 0 && fd_bundle_add(slot->mouth, chosen, n) >= 0)
                r = 1;
        else
                r = send_slot(slot, chosen, n, NULL, NULL);
        if (r > 0) {
                _cleanup_free_ char* text = node_record_fds_to_string(numbers);

                append(slot, text);
        }
        return r;
}

void store_slot_launched(StoreSlot* slot) {
        append(slot, NODE_RECORD_LAUNCHED);
        slot->mouth = fd_close(slot->mouth); /* nothing more comes */
}

void store_slot_failed(StoreSlot* slot) {
        append(slot, NODE_RECORD_FAILED);
}

void store_slot_terminated(StoreSlot* slot) {
        append(slot, NODE_RECORD_TERMINATED);
}

void store_slot_exited(StoreSlot* slot, const ProcessExit* e) {
        _cleanup_free_ char* text = node_record_exit_to_string(e);

        append(slot, text);
}

/* The record is a duplicate of the service manager's: it says so even if the message never gets there. */
StoreSlot* store_slot_drop(StoreSlot* slot) {
        if (!slot)
                return NULL;

        append(slot, NODE_RECORD_RELEASED);
        store_drop_name(slot->store, slot->name);
        /* Free for the next at once: messages are sent in their order. */
        if (slot->number < STORE_SLOTS_MAX)
                slot->store->used[slot->number] = false;
        return store_slot_keep(slot);
}

StoreSlot* store_slot_keep(StoreSlot* slot) {
        if (!slot)
                return NULL;

        notifier_forget(slot->store->notifier, slot->waits);
        (void) fd_close(slot->record_fd);
        (void) fd_close(slot->mouth);
        free(slot);
        return NULL;
}

void store_drop_name(Store* store, const char* name) {
        _cleanup_free_ char* text = xasprintf("FDSTOREREMOVE=1\nFDNAME=%s", name);

        (void) notifier_send(store->notifier, text, NULL, 0, NULL, NULL);
}
