/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/socket.h>

#include "unit/unit.h"
#include "util/fd.h"
#include "util/strv.h"
#include "wire/spec-codec.h"

/* A bus that goes nowhere: messages need one to be made on. */
static int open_bus(void** state) {
        sd_bus* bus = NULL;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        fd_close(fds[1]);
        *state = bus;
        return 0;
}

static int close_bus(void** state) {
        sd_bus_close_unref(*state);
        return 0;
}

static sd_bus_message* new_message(sd_bus* bus) {
        sd_bus_message* m = NULL;

        assert_true(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        return m;
}

static void begin_reading(sd_bus_message* m) {
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
}

static void expect_refusal(sd_bus_message* m, const char* key, const char* part_of_reason) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = NULL;

        begin_reading(m);
        assert_int_equal(spec_read(m, &spec, &e), -EINVAL);
        assert_null(spec);
        assert_string_equal(e.key, key);
        if (!strstr(e.why, part_of_reason))
                fail_msg("\"%s\" is not in \"%s: %s\"", part_of_reason, e.key, e.why);
        sd_bus_message_unref(m);
}

static void every_malformed_configuration_names_its_key(void** state) {
        sd_bus_message* m;
        sd_bus* bus = *state;

#define REFUSE(key, reason, ...)                                                \
        do {                                                                    \
                m = new_message(bus);                                           \
                assert_true(sd_bus_message_append(m, "a{sv}", __VA_ARGS__) >= 0); \
                expect_refusal(m, key, reason);                                 \
        } while (0)

        REFUSE("name", "is missing", 0);
        REFUSE("name", "must not be an empty string", 1, "name", "s", "");
        REFUSE("name", "must not contain spaces: 'a b'", 1, "name", "s", "a b");
        REFUSE("name", "type 's', not 'i'", 1, "name", "i", 7);
        REFUSE("name", "is given twice", 2, "name", "s", "a", "name", "s", "b");
        REFUSE("colour", "not a key that is known", 2, "name", "s", "a", "colour", "s", "red");
        REFUSE("interface", "node with name 'a' has interface and pcap_file set", 3, "name", "s", "a", "interface", "s",
               "eth0", "pcap_file", "s", "/x");
        REFUSE("bare_mode", "type 'b', not 's'", 2, "name", "s", "a", "bare_mode", "s", "yes");
        REFUSE("cpu_affinity", "must be between 0 and", 2, "name", "s", "a", "cpu_affinity", "i", -1);
        REFUSE("cpu_affinity", "type 'i', not 'd'", 2, "name", "s", "a", "cpu_affinity", "d", 1.0);
        REFUSE("addl_user_scripts", "type 'as'", 2, "name", "s", "a", "addl_user_scripts", "s", "x");
        REFUSE("addl_user_scripts", "must not begin with '-'", 2, "name", "s", "a", "addl_user_scripts", "as", 1, "-e");
        REFUSE("env[LD-PRELOAD]", "is no valid name", 2, "name", "s", "a", "env", "a{ss}", 1, "LD-PRELOAD", "/evil.so");
        REFUSE("env[1X]", "no valid name", 2, "name", "s", "a", "env", "a{ss}", 1, "1X", "");
        REFUSE("directory", "must not hold '..'", 2, "name", "s", "a", "directory", "s", "../x");
        REFUSE("restart", "must be always, on-failure or never", 2, "name", "s", "a", "restart", "s", "maybe");
        REFUSE("nice", "must be between -20 and 19", 2, "name", "s", "a", "nice", "x", INT64_C(20));
        REFUSE("allowed_cpus", "list of CPU numbers", 2, "name", "s", "a", "allowed_cpus", "s", "0-");
        REFUSE("cluster", "has no entry for 'a'", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "b", 2, "role", "s",
               "WORKER", "host", "s", "::1");
        REFUSE("cluster[a].role", "must be NONE", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "a", 1, "role", "s",
               "BOSS");
        REFUSE("cluster[a].p", "must be between 0 and 65535", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "a", 1, "p",
               "u", 65536);
        REFUSE("cluster[a].host", "IPv4 or IPv6", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "a", 1, "host", "s",
               "localhost");
        REFUSE("cluster[a].host", "is missing", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "a", 1, "role", "s",
               "WORKER");
        REFUSE("cluster[a].colour", "not a key that is known", 2, "name", "s", "a", "cluster", "a{sa{sv}}", 1, "a", 1,
               "colour", "s", "red");
#undef REFUSE
}

static void what_is_too_large_is_refused_before_it_is_kept(void** state) {
        sd_bus_message* m = new_message(*state);
        _cleanup_free_ char* mebibyte = xcalloc((1U << 20) + 1, 1);

        memset(mebibyte, 'x', 1U << 20);
        assert_true(sd_bus_message_append(m, "a{sv}", 2, "name", "s", "a", "directory", "s", mebibyte) >= 0);
        expect_refusal(m, "directory", "longer than 4095 bytes");

        m = new_message(*state);
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        assert_true(sd_bus_message_append(m, "s", "cluster") >= 0);
        assert_true(sd_bus_message_open_container(m, 'v', "a{sa{sv}}") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "{sa{sv}}") >= 0);
        for (unsigned i = 0; i < 10000; i++) {
                _cleanup_free_ char* name = xasprintf("worker-%u", i);

                assert_true(sd_bus_message_append(m, "{sa{sv}}", name, 2, "role", "s", "WORKER", "host", "s",
                                                  "127.0.0.1") >= 0);
        }
        for (int i = 0; i < 4; i++)
                assert_true(sd_bus_message_close_container(m) >= 0);
        expect_refusal(m, "cluster", "more than 4096 entries");
}

static void what_is_read_is_written_again(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec *spec = NULL, *again = NULL;
        sd_bus_message* m = new_message(*state);

        assert_true(sd_bus_message_append(
                            m, "a{sv}", 9, "name", "s", "worker-1", "interface", "s", "af_packet::eth0", "bare_mode", "b", 1,
                            "addl_base_scripts", "as", 0, "addl_user_scripts", "as", 2, "x.zeek", "a=b", "env", "a{ss}", 1,
                            "TEXT", "two\nlines", "cpu_affinity", "t", UINT64_C(3), "memory_max", "t", UINT64_MAX,
                            "cluster", "a{sa{sv}}", 2, "worker-1", 2, "role", "s", "Supervisor::WORKER", "host", "s",
                            "fd00::1", "manager", 4, "role", "s", "MANAGER", "host", "s", "127.0.0.1", "p", "q", 47760,
                            "metrics_port", "i", 9991) >= 0);
        begin_reading(m);
        assert_int_equal(spec_read(m, &spec, &e), 0);
        sd_bus_message_unref(m);
        assert_int_equal(spec->role, ROLE_WORKER);
        assert_int_equal(spec->cpu_affinity, 3);
        assert_true(spec->memory_max == UINT64_MAX);
        assert_int_equal(cluster_table_find(spec->cluster, "manager")->port, 47760);
        assert_true(node_spec_has(spec, "addl_base_scripts"));
        assert_false(node_spec_has(spec, "nice"));

        m = new_message(*state);
        assert_true(spec_append(m, spec) >= 0);
        begin_reading(m);
        assert_int_equal(spec_read(m, &again, &e), 0);
        sd_bus_message_unref(m);
        assert_true(node_spec_equal(spec, again));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_malformed_configuration_names_its_key, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(what_is_too_large_is_refused_before_it_is_kept, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(what_is_read_is_written_again, open_bus, close_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
