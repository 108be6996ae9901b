/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>

#include "stem/recovery.h"
#include "stem/store.h"
#include "unit/notify-socket.h"
#include "unit/scratch.h"

#define SLOTS (STORE_BUNDLE_NODES_MAX + 1)
#define STEPS 2000

typedef struct Fixture {
        Scratch scratch;
        int manager; /* the service manager's end */
        sd_event* event;
        Notifier* notifier;
        Store* store;
        Process process;
        StoreSlot* slots[SLOTS];
        unsigned n_sent;
        /* what the service manager has, by the second character of the name: a descriptor of each */
        int kept[128];
        size_t n_kept;
} Fixture;

static int read_end(void) {
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        (void) close(fds[1]);
        return fds[0];
}

static Fixture fixture_new(bool bundles) {
        Fixture f = { .scratch = scratch_new(), .process = PROCESS_NONE };
        _cleanup_free_ char* path = scratch_place(&f.scratch, "notify");

        f.manager = listen_at(path);
        assert_true(sd_event_new(&f.event) >= 0);
        assert_int_equal(notifier_new(f.event, &f.notifier), 0);
        f.store = store_new(f.notifier, bundles);
        for (size_t i = 0; i < ELEMENTSOF(f.kept); i++)
                f.kept[i] = -EBADF;
        f.process.pid = getpid();
        f.process.fds[NODE_FD_PROCESS] = pidfd_open(getpid(), 0);
        f.process.fds[NODE_FD_OUTPUT] = read_end();
        f.process.fds[NODE_FD_ERROR] = read_end();
        f.process.fds[PROCESS_FD_REPORT] = read_end();
        return f;
}

static void fixture_done(Fixture* f) {
        for (size_t i = 0; i < SLOTS; i++)
                store_slot_keep(f->slots[i]);
        store_free(f->store);
        notifier_free(f->notifier);
        sd_event_unref(f->event);
        for (size_t i = 0; i < _PROCESS_FD_MAX; i++)
                (void) fd_close(f->process.fds[i]);
        for (size_t i = 0; i < ELEMENTSOF(f->kept); i++)
                (void) fd_close(f->kept[i]);
        (void) fd_close(f->manager);
        scratch_done(&f->scratch);
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static void on_sent(void* userdata) {
        ((Fixture*) userdata)->n_sent++;
}

static int add(Fixture* f, size_t i) {
        char name[16];

        (void) snprintf(name, sizeof name, "node-%zu", i);
        return store_add(f->store, &(NodeRecord) { .name = name, .scope = (char*) "zeek-node-x.scope" }, &f->process, on_sent, f,
                         &f->slots[i]);
}

/* The service manager takes a message, and keeps or drops what it is about. */
static char* take(Fixture* f, size_t* ret_n_fds) {
        int fds[NOTIFY_FDS_MAX];
        char *text = receive_fds(f->manager, fds, ret_n_fds), *name = text ? strstr(text, "FDNAME=A") : NULL;

        for (size_t i = 1; i < *ret_n_fds; i++)
                (void) fd_close(fds[i]);
        if (!name)
                return text;

        int* kept = &f->kept[(size_t) name[strlen("FDNAME=A")]];
        assert_true((*kept < 0) == (*ret_n_fds > 0));
        f->n_kept += *ret_n_fds > 0 ? 1 : (size_t) -1;
        (void) fd_close(*kept);
        *kept = *ret_n_fds > 0 ? fds[0] : -EBADF;
        return text;
}

static void expect(Fixture* f, const char* text, size_t n_fds) {
        size_t n;
        _cleanup_free_ char* said = take(f, &n);

        if (!text) {
                if (said)
                        fail_msg("said: %s", said);
                return;
        }
        assert_non_null(said);
        assert_string_equal(said, text);
        assert_int_equal(n, n_fds);
}

static void take_all(Fixture* f) {
        size_t n;
        char* text;

        while ((text = take(f, &n)))
                free(text);
}

static void some_nodes_are_one_message(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);

        for (size_t i = 0; i < SLOTS; i++)
                assert_int_equal(add(&f, i), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AB", 1);
        expect(&f, NULL, 0);
}

static void without_bundles_each_is_one(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(false);

        for (size_t i = 0; i < 2; i++)
                assert_int_equal(add(&f, i), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 5);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AB", 5);
        f.slots[0] = store_slot_drop(f.slots[0]);
        expect(&f, "FDSTOREREMOVE=1\nFDNAME=AA", 0);
}

static void a_bundle_goes_with_its_last_node(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);

        for (size_t i = 0; i < 3; i++)
                assert_int_equal(add(&f, i), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
        f.slots[1] = store_slot_drop(f.slots[1]);
        f.slots[0] = store_slot_drop(f.slots[0]);
        expect(&f, NULL, 0);
        f.slots[2] = store_slot_drop(f.slots[2]);
        expect(&f, "FDSTOREREMOVE=1\nFDNAME=AA", 0);
        assert_int_equal(add(&f, 0), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
}

static void one_that_is_started_again_and_again_fills_a_bundle(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);

        assert_int_equal(add(&f, 0), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
        for (size_t i = 1; i < STORE_BUNDLE_NODES_MAX; i++) {
                assert_int_equal(add(&f, 1), 1);
                f.slots[1] = store_slot_drop(f.slots[1]);
        }
        expect(&f, NULL, 0);
        assert_int_equal(add(&f, 1), 1);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AB", 1);
}

static void what_belongs_together_is_found_together(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);
        _cleanup_(stored_descriptors_done) StoredDescriptors all = {};
        int more[_NODE_FD_MAX];

        for (size_t i = 0; i < 2; i++)
                assert_int_equal(add(&f, i), 1);
        for (size_t i = 0; i < _NODE_FD_MAX; i++)
                more[i] = -EBADF;
        more[NODE_FD_STATUS] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        assert_int_equal(store_slot_extend(f.slots[0], more), 1);
        (void) close(more[NODE_FD_STATUS]);

        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
        stored_descriptors_add(&all, take_fd(f.kept['A']), "AA");
        assert_int_equal(all.n, 11);
        for (size_t i = 0; i < all.n; i++) {
                assert_true(all.items[i].key != 0);
                assert_true((all.items[i].key == all.items[0].key) == (i < 5 || i == 10));
        }
}

static void stuff(const Fixture* f) {
        while (notifier_try(f->notifier, "STATUS=x") >= 0)
                ;
}

static void all_who_lie_in_a_bundle_wait_for_it(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);
        stuff(&f);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(add(&f, i), 0);
        f.slots[1] = store_slot_drop(f.slots[1]);
        take_all(&f);
        while (f.n_sent < 2)
                assert_true(sd_event_run(f.event, UINT64_MAX) >= 0);
        expect(&f, "FDSTORE=1\nFDPOLL=0\nFDNAME=AA", 1);
        expect(&f, NULL, 0);
        assert_int_equal(f.n_sent, 2);
        assert_int_equal(add(&f, 1), 1);
}

static void nothing_is_left_whatever_the_order(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(true);

        srandom(8);
        for (size_t step = 0; step < STEPS; step++) {
                size_t i = (size_t) random() % SLOTS, n = 0;

                if (f.slots[i])
                        f.slots[i] = store_slot_drop(f.slots[i]);
                else
                        assert_int_equal(add(&f, i), 1);
                take_all(&f);
                for (size_t k = 0; k < SLOTS; k++)
                        n += f.slots[k] != NULL;
                assert_true(f.n_kept <= n && (n == 0) == (f.n_kept == 0));
        }
        for (size_t i = 0; i < SLOTS; i++)
                f.slots[i] = store_slot_drop(f.slots[i]);
        take_all(&f);
        assert_int_equal(f.n_kept, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(some_nodes_are_one_message),
                cmocka_unit_test(without_bundles_each_is_one),
                cmocka_unit_test(a_bundle_goes_with_its_last_node),
                cmocka_unit_test(one_that_is_started_again_and_again_fills_a_bundle),
                cmocka_unit_test(what_belongs_together_is_found_together),
                cmocka_unit_test(all_who_lie_in_a_bundle_wait_for_it),
                cmocka_unit_test(nothing_is_left_whatever_the_order),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
