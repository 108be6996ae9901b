/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stem/fd-bundle.h"
#include "stem/kept-fds.h"
#include "stem/store.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

/* What the service manager keeps under one name: a bundle in which some nodes lie, or the descriptors of one node. */
typedef struct Parcel {
        Store* store;  /* weak */
        size_t number; /* STORE_SLOTS_MAX: it has a name of another kind */
        char name[STORE_NAME_SIZE];
        int mouth;        /* of its bundle; empty: nothing can be added */
        bool sent;        /* the service manager has it */
        unsigned n_added; /* nodes, ever */
        unsigned n_slots; /* of which so many have not been forgotten */
        TAILQ_HEAD(, StoreSlot) waiting; /* for it to be sent */
        TAILQ_ENTRY(Parcel) parcels;
} Parcel;

struct Store {
        Notifier* notifier; /* weak */
        bool bundles;
        Parcel* open; /* has room for more; NULL: there is none */
        TAILQ_HEAD(, Parcel) parcels;
        bool used[STORE_SLOTS_MAX];
};

struct StoreSlot {
        Parcel* parcel;
        uint64_t key;
        int record_fd;
        notifier_sent_t sent; /* NULL: it does not wait */
        void* userdata;       /* weak */
        TAILQ_ENTRY(StoreSlot) waiting;
};

Store* store_new(Notifier* notifier, bool bundles) {
        Store* store = xnew0(Store);

        store->notifier = notifier;
        store->bundles = bundles;
        TAILQ_INIT(&store->parcels);
        return store;
}

Store* store_free(Store* store) {
        if (!store)
                return NULL;

        assert(TAILQ_EMPTY(&store->parcels));
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

/* ---- parcels ---- */

static Parcel* parcel_new(Store* store, size_t number, const char* name) {
        Parcel* parcel = xnew0(Parcel);

        if (number < STORE_SLOTS_MAX)
                store->used[number] = true;
        parcel->store = store;
        parcel->number = number;
        (void) snprintf(parcel->name, sizeof parcel->name, "%s", name);
        parcel->mouth = -EBADF;
        TAILQ_INIT(&parcel->waiting);
        TAILQ_INSERT_TAIL(&store->parcels, parcel, parcels);
        return parcel;
}

static void parcel_free(Parcel* parcel) {
        Store* store = parcel->store;

        if (store->open == parcel)
                store->open = NULL;
        TAILQ_REMOVE(&store->parcels, parcel, parcels);
        notifier_forget(store->notifier, parcel);
        (void) fd_close(parcel->mouth);
        free(parcel);
}

/* The service manager has nothing of it any more, or will not have it after all that it is told before it is told of
 * another one of this name: messages are sent in their order. */
static void parcel_is_unused(Parcel* parcel) {
        if (parcel->number < STORE_SLOTS_MAX)
                parcel->store->used[parcel->number] = false;
        parcel_free(parcel);
}

static Parcel* find_parcel(const Store* store, const char* name) {
        Parcel* parcel;

        TAILQ_FOREACH(parcel, &store->parcels, parcels)
                if (strcmp(parcel->name, name) == 0)
                        return parcel;
        return NULL;
}

static void on_parcel_sent(void* userdata) {
        Parcel* parcel = userdata;
        StoreSlot* slot;

        parcel->sent = true;
        while ((slot = TAILQ_FIRST(&parcel->waiting))) {
                notifier_sent_t sent = take_ptr(slot->sent);

                TAILQ_REMOVE(&parcel->waiting, slot, waiting);
                sent(slot->userdata);
        }
}

static int send_fds(Parcel* parcel, const int* fds, size_t n_fds, notifier_sent_t sent, void* userdata) {
        char text[64];

        /* A pipe whose writer has ended is not polled, and thrown away with what is left in it. */
        (void) snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", parcel->name);
        return notifier_send(parcel->store->notifier, text, fds, n_fds, sent, userdata);
}

/* A bundle with these in it, that takes more. */
static int make_bundle(Parcel* parcel, uint64_t key, const int* fds, size_t n) {
        _cleanup_close_ int bundle = fd_bundle_new(&parcel->mouth);
        int r = bundle < 0 ? bundle : fd_bundle_add(parcel->mouth, key, fds, n);

        if (r >= 0)
                return take_fd(bundle);
        parcel->mouth = fd_close(parcel->mouth);
        return log_debug_errno(r, "Failed to bundle descriptors, storing each by itself: %m");
}

static int send_parcel(Parcel* parcel, uint64_t key, const int* fds, size_t n) {
        _cleanup_close_ int bundle = parcel->store->bundles ? make_bundle(parcel, key, fds, n) : -EBADF;
        int r = bundle >= 0 ? send_fds(parcel, &bundle, 1, on_parcel_sent, parcel)
                            : send_fds(parcel, fds, n, on_parcel_sent, parcel);

        parcel->sent = r > 0;
        return r;
}

/* Into the one that is open. NULL: it has to be another one. */
static Parcel* add_to_parcel(Store* store, uint64_t key, const int* fds, size_t n) {
        Parcel* parcel = store->open;

        if (!parcel || parcel->n_added >= STORE_BUNDLE_NODES_MAX || fd_bundle_add(parcel->mouth, key, fds, n) < 0)
                return NULL;
        return parcel;
}

static int find_free_number(const Store* store, size_t* ret) {
        for (size_t i = 0; i < STORE_SLOTS_MAX; i++)
                if (!store->used[i]) {
                        *ret = i;
                        return 0;
                }
        return -ENOSPC;
}

static int add_parcel(Store* store, uint64_t key, const int* fds, size_t n, Parcel** ret) {
        char name[STORE_NAME_SIZE];
        Parcel* parcel;
        size_t number;
        int r;

        r = find_free_number(store, &number);
        if (r < 0)
                return r;
        make_name(number, name);
        parcel = parcel_new(store, number, name);
        r = send_parcel(parcel, key, fds, n);
        if (r < 0) {
                parcel_is_unused(parcel);
                return r;
        }
        if (parcel->mouth >= 0)
                store->open = parcel;
        *ret = parcel;
        return 0;
}

/* ---- slots ---- */

static StoreSlot* slot_new(Parcel* parcel, uint64_t key, int record_fd) {
        StoreSlot* slot = xnew0(StoreSlot);

        parcel->n_added++;
        parcel->n_slots++;
        slot->parcel = parcel;
        slot->key = key;
        slot->record_fd = record_fd;
        return slot;
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

static uint64_t key_of(int record_fd) {
        struct stat st;

        return fstat(record_fd, &st) < 0 ? 0 : st.st_ino;
}

int store_add(Store* store, const NodeRecord* about, const Process* process, notifier_sent_t sent, void* userdata,
              StoreSlot** ret) {
        NodeRecord record = {
                .name = about->name, .scope = about->scope, .verdicts = about->verdicts, .pid = process->pid
        };
        int fds[STORE_SLOT_FDS_MAX], n = (int) choose(process->fds, _PROCESS_FD_MAX, record.numbers, fds + 1) + 1;
        _cleanup_close_ int record_fd = make_record(&record);
        uint64_t key = key_of(record_fd);
        Parcel* parcel;
        int r;

        if (record_fd < 0)
                return record_fd;
        fds[0] = record_fd;
        parcel = add_to_parcel(store, key, fds, (size_t) n);
        if (!parcel) {
                r = add_parcel(store, key, fds, (size_t) n, &parcel);
                if (r < 0)
                        return r;
        }

        *ret = slot_new(parcel, key, take_fd(record_fd));
        if (parcel->sent)
                return 1;
        (*ret)->sent = sent;
        (*ret)->userdata = userdata;
        if (sent)
                TAILQ_INSERT_TAIL(&parcel->waiting, *ret, waiting);
        return 0;
}

int store_restore(Store* store, const char* name, int record_fd, StoreSlot** ret) {
        _cleanup_close_ int owned = record_fd;
        Parcel* parcel = find_parcel(store, name);

        if (strlen(name) >= STORE_NAME_SIZE)
                return -EINVAL;
        if (lseek(record_fd, 0, SEEK_END) < 0)
                return -errno;
        if (!parcel) {
                parcel = parcel_new(store, read_name(name), name);
                parcel->sent = true;
        }
        *ret = slot_new(parcel, 0, take_fd(owned));
        return 0;
}

/* Noted when it is there: see handover.h for what follows if it is not. */
int store_slot_extend(StoreSlot* slot, const int fds[_NODE_FD_MAX]) {
        Parcel* parcel = slot->parcel;
        uint64_t numbers[_PROCESS_FD_MAX] = {};
        int chosen[_NODE_FD_MAX], r;
        size_t n = choose(fds, _NODE_FD_MAX, numbers, chosen);

        if (parcel->mouth >= 0 && fd_bundle_add(parcel->mouth, slot->key, chosen, n) >= 0)
                r = parcel->sent;
        else
                r = send_fds(parcel, chosen, n, NULL, NULL);
        if (r > 0) {
                _cleanup_free_ char* text = node_record_fds_to_string(numbers);

                append(slot, text);
        }
        return r;
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

/* Leaves the parcel. True: it was the last. */
static bool slot_free(StoreSlot* slot) {
        Parcel* parcel = slot->parcel;

        if (slot->sent)
                TAILQ_REMOVE(&parcel->waiting, slot, waiting);
        (void) fd_close(slot->record_fd);
        free(slot);
        return --parcel->n_slots == 0;
}

/* The record is a duplicate of the service manager's: it says so even if no message ever gets there. */
StoreSlot* store_slot_drop(StoreSlot* slot) {
        if (!slot)
                return NULL;

        Parcel* parcel = slot->parcel;

        append(slot, NODE_RECORD_RELEASED);
        if (slot_free(slot)) {
                store_drop_name(parcel->store, parcel->name);
                parcel_is_unused(parcel);
        }
        return NULL;
}

StoreSlot* store_slot_keep(StoreSlot* slot) {
        if (!slot)
                return NULL;

        Parcel* parcel = slot->parcel;

        if (slot_free(slot))
                parcel_free(parcel);
        return NULL;
}

void store_drop_name(Store* store, const char* name) {
        _cleanup_free_ char* text = xasprintf("FDSTOREREMOVE=1\nFDNAME=%s", name);

        (void) notifier_send(store->notifier, text, NULL, 0, NULL, NULL);
}
