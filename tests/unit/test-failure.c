/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/failure.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void expect(const char* error, bool user, const char* host, Outcome outcome, const char* advice) {
        Failure failure = failure_of(error);
        _cleanup_free_ char* text = failure_advice(&failure, user, host);

        assert_int_equal(failure.outcome, outcome);
        if (advice)
                assert_string_equal(text, advice);
        else
                assert_null(text);
}

static void each_error_has_its_exit_status_and_its_way_out(void** state) {
        expect("org.freedesktop.DBus.Error.AccessDenied", false, NULL, OUTCOME_DENIED,
               "Run it as root, or see zsupctl(1) for how polkit can allow it to others.");
        expect("org.freedesktop.DBus.Error.ServiceUnknown", false, NULL, OUTCOME_UNREACHABLE,
               "It does not run. Start it: systemctl start zeek-supervisor");
        expect("org.freedesktop.DBus.Error.ServiceUnknown", true, NULL, OUTCOME_UNREACHABLE,
               "It does not run. Start it: systemctl --user start zeek-supervisor");
        expect("org.freedesktop.DBus.Error.Spawn.ChildExited", false, "ids2", OUTCOME_UNREACHABLE,
               "See why: systemctl status zeek-supervisor, there");
        expect("org.freedesktop.systemd1.NoSuchUnit", false, NULL, OUTCOME_UNREACHABLE,
               "See why: systemctl status zeek-supervisor");
        expect("org.zeek.Supervisor.Error.NoSuchNode", false, NULL, OUTCOME_NO_SUCH,
               "To see which nodes there are: zsupctl list");
        expect("org.zeek.Supervisor.Error.InvalidConfig", false, NULL, OUTCOME_FAILED, NULL);
        expect("com.example.Unheard", false, NULL, OUTCOME_FAILED, NULL);
        expect(NULL, false, NULL, OUTCOME_FAILED, NULL);
}

static void who_cannot_connect_is_told_what_is_missing(void** state) {
        const Options system = {}, user = { .user = true }, host = { .transport = TRANSPORT_REMOTE, .host = "ids2" },
                      box = { .transport = TRANSPORT_MACHINE, .host = "box" };
        _cleanup_free_ char *nothing = failure_to_connect(-EIO, &system), *no_session = failure_to_connect(-ENOMEDIUM, &user),
                            *no_bus = failure_to_connect(-ENOENT, &system), *far = failure_to_connect(-ENOTCONN, &host),
                            *inside = failure_to_connect(-EHOSTDOWN, &box);

        assert_null(nothing);
        assert_non_null(strstr(no_session, "--machine=USER@.host"));
        assert_non_null(strstr(no_bus, "no system bus"));
        assert_non_null(strstr(far, "'ids2'"));
        assert_non_null(strstr(inside, "'box'"));
        assert_non_null(strstr(inside, "machinectl"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_error_has_its_exit_status_and_its_way_out),
                cmocka_unit_test(who_cannot_connect_is_told_what_is_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
