/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/rollout.h"
#include "unit/specs.h"
#include "util/strv.h"

#define _cleanup_registry_ _cleanup_(registry_done)

static const Instant now = { .realtime = 1, .boottime = 1 };

static void create(Registry* registry, const char* name, Role role) {
        _cleanup_effects_ Effects effects = {};
        Job* job = job_new(JOB_CREATE, NULL);

        job->spec = spec_with(name, role);
        Node* node = registry_obtain(registry, name);
        node_submit(node, job);
        assert_true(node_advance(node, now, &effects));
}

/* All waves in words: names with blanks between, waves with bars. */
static char* waves_in_words(const Registry* registry, RolloutDirection direction) {
        _cleanup_strv_free_ char** waves = NULL;
        Rollout* rollout = rollout_new(registry, direction);

        for (;;) {
                _cleanup_strv_free_ char** wave = NULL;
                size_t n = 77;
                char* const* names = rollout_next_wave(rollout, &n);

                if (n == 0) {
                        assert_null(names);
                        break;
                }
                for (size_t i = 0; i < n; i++)
                        strv_extend(&wave, names[i]);
                strv_consume(&waves, strv_join(wave, " "));
        }
        rollout_free(rollout);
        return strv_join(waves, " | ");
}

static void assert_waves(const Registry* registry, const char* starting, const char* stopping) {
        _cleanup_free_ char *start = waves_in_words(registry, ROLLOUT_START), *stop = waves_in_words(registry, ROLLOUT_STOP);

        assert_string_equal(start, starting);
        assert_string_equal(stop, stopping);
}

static void a_cluster_starts_from_loggers_to_workers_and_stops_the_other_way(void** state) {
        _cleanup_registry_ Registry registry = {};

        create(&registry, "w-2", ROLE_WORKER);
        create(&registry, "alone", ROLE_STANDALONE);
        create(&registry, "proxy", ROLE_PROXY);
        create(&registry, "w-1", ROLE_WORKER);
        create(&registry, "manager", ROLE_MANAGER);
        create(&registry, "log-b", ROLE_LOGGER);
        create(&registry, "log-a", ROLE_LOGGER);
        assert_waves(&registry, "log-a log-b | manager | proxy | w-1 w-2 | alone",
                     "alone | w-1 w-2 | proxy | manager | log-a log-b");
}

static void roles_that_nobody_has_make_no_waves(void** state) {
        _cleanup_registry_ Registry registry = {};

        assert_waves(&registry, "", "");
        create(&registry, "w", ROLE_WORKER);
        assert_waves(&registry, "w", "w");
        create(&registry, "log", ROLE_LOGGER);
        assert_waves(&registry, "log | w", "w | log");
}

static void names_without_a_node_are_not_concerned(void** state) {
        _cleanup_registry_ Registry registry = {};

        (void) registry_obtain(&registry, "void");
        create(&registry, "w", ROLE_WORKER);
        assert_waves(&registry, "w", "w");
}

static void a_rollout_remembers_names_and_not_nodes(void** state) {
        Registry registry = {};
        Rollout* rollout;
        char* const* names;
        size_t n;

        create(&registry, "log", ROLE_LOGGER);
        create(&registry, "w", ROLE_WORKER);
        rollout = rollout_new(&registry, ROLLOUT_START);
        create(&registry, "late", ROLE_WORKER);
        registry_done(&registry);

        names = rollout_next_wave(rollout, &n);
        assert_int_equal(n, 1);
        assert_string_equal(names[0], "log");
        names = rollout_next_wave(rollout, &n);
        assert_int_equal(n, 1);
        assert_string_equal(names[0], "w");

        /* what is over stays over */
        for (unsigned i = 0; i < 3; i++) {
                assert_null(rollout_next_wave(rollout, &n));
                assert_int_equal(n, 0);
        }
        assert_null(rollout_free(rollout));
        assert_null(rollout_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cluster_starts_from_loggers_to_workers_and_stops_the_other_way),
                cmocka_unit_test(roles_that_nobody_has_make_no_waves),
                cmocka_unit_test(names_without_a_node_are_not_concerned),
                cmocka_unit_test(a_rollout_remembers_names_and_not_nodes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
