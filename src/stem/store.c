/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stem/store.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

struct Store {
        Notifier* notifier; /* weak */
        bool used[STORE_SLOTS_MAX];
};

struct StoreSlot {
        Store* store; /* weak */
        unsigned number;
        int record_fd;
        const void* waits; /* who is told when it was sent; weak */
};

Store* store_new(Notifier* notifier) {
        Store* store = xnew0(Store);

        store->notifier = notifier;
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

static StoreSlot* slot_new(Store* store, unsigned number, int record_fd) {
        StoreSlot* slot = xnew0(StoreSlot);

        store->used[number] = true;
        slot->store = store;
        slot->number = number;
        slot->record_fd = record_fd;
        return slot;
}

static int find_free_number(const Store* store, unsigned* ret) {
        for (unsigned i = 0; i < STORE_SLOTS_MAX; i++)
                if (!store->used[i]) {
                        *ret = i;
                        return 0;
                }
        return -ENOSPC;
}

/* 0 for what is no pipe: there is nothing to be kept of it. */
static uint64_t pipe_number(int fd) {
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISFIFO(st.st_mode) ? st.st_ino : 0;
}

static int send_slot(const StoreSlot* slot, const NodeRecord* record, const Process* process, notifier_sent_t sent,
                     void* userdata) {
        char text[64];
        int fds[5];
        size_t n = 0;

        fds[n++] = slot->record_fd;
        if (process->pidfd >= 0)
                fds[n++] = process->pidfd;
        if (record->output != 0)
                fds[n++] = process->output;
        if (record->error != 0)
                fds[n++] = process->error;
        if (record->report != 0)
                fds[n++] = process->report;

        /* A pipe whose writer has ended is not polled, and thrown away with what is left in it. */
        (void) snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%u", slot->number);
        return notifier_send(slot->store->notifier, text, fds, n, sent, userdata);
}

int store_add(Store* store, const char* name, const char* scope, const Process* process, notifier_sent_t sent,
              void* userdata, StoreSlot** ret) {
        const NodeRecord record = {
                .name = (char*) name,
                .scope = (char*) scope,
                .pid = process->pid,
                .output = pipe_number(process->output),
                .error = pipe_number(process->error),
                .report = pipe_number(process->report),
        };
        _cleanup_close_ int record_fd = make_record(&record);
        StoreSlot* slot;
        unsigned number;
        int r;

        if (record_fd < 0)
                return record_fd;
        r = find_free_number(store, &number);
        if (r < 0)
                return r;

        slot = slot_new(store, number, take_fd(record_fd));
        slot->waits = userdata;
        r = send_slot(slot, &record, process, sent, userdata);
        if (r < 0) {
                store_slot_keep(slot);
                store->used[number] = false;
                return r;
        }
        *ret = slot;
        return r;
}

int store_restore(Store* store, unsigned number, int record_fd, StoreSlot** ret) {
        _cleanup_close_ int owned = record_fd;

        if (number >= STORE_SLOTS_MAX)
                return -ERANGE;
        if (store->used[number])
                return -EEXIST;
        if (lseek(record_fd, 0, SEEK_END) < 0)
                return -errno;
        *ret = slot_new(store, number, take_fd(owned));
        return 0;
}

void store_slot_launched(StoreSlot* slot) {
        append(slot, NODE_RECORD_LAUNCHED);
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
        char name[16];

        if (!slot)
                return NULL;

        append(slot, NODE_RECORD_RELEASED);
        (void) snprintf(name, sizeof name, "%u", slot->number);
        store_drop_name(slot->store, name);
        /* Free for the next at once: messages are sent in their order. */
        slot->store->used[slot->number] = false;
        return store_slot_keep(slot);
}

StoreSlot* store_slot_keep(StoreSlot* slot) {
        if (!slot)
                return NULL;

        notifier_forget(slot->store->notifier, slot->waits);
        (void) fd_close(slot->record_fd);
        free(slot);
        return NULL;
}

void store_drop_name(Store* store, const char* name) {
        _cleanup_free_ char* text = xasprintf("FDSTOREREMOVE=1\nFDNAME=%s", name);

        (void) notifier_send(store->notifier, text, NULL, 0, NULL, NULL);
}
