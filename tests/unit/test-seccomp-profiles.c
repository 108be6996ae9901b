/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/seccomp-profiles.h"
#include "unit/scratch.h"
#include "util/strv.h"

#define GOOD "[Seccomp]\nSystemCallFilter=~mount\n"
#define OTHER "[Seccomp]\nSystemCallFilter=~mount ptrace\n"

static void load(const Scratch* scratch, SeccompProfiles* profiles, Diagnostics* d) {
        _cleanup_strv_free_ char** directories = NULL;

        strv_extendf(&directories, "%s/etc", scratch->path);
        strv_extendf(&directories, "%s/lib", scratch->path);
        seccomp_profiles_load(profiles, directories, d);
}

/* What the profile of this name says of ptrace, or what is said why there is none. */
static void expect(const SeccompProfiles* profiles, const char* name, int verdict, const char* why) {
        const SeccompProfile* profile = NULL;
        _cleanup_free_ char* said = NULL;
        int r = seccomp_profiles_find(profiles, name, &profile, &said);

        assert_int_equal(r, why ? -EINVAL : 0);
        if (why && !strstr(said, why))
                fail_msg("%s: %s", name, said);
        if (!why)
                assert_int_equal(profile->verdicts[syscall_find("ptrace")], verdict);
}

static void the_sites_file_takes_the_place_of_the_vendors(void** state) {
        _cleanup_(seccomp_profiles_done) SeccompProfiles profiles = {};
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_diagnostics_ Diagnostics d = {};

        scratch_write(&scratch, "lib/seccomp/vendor.conf", 0644, GOOD);
        scratch_write(&scratch, "lib/seccomp/both.conf", 0644, GOOD);
        scratch_write(&scratch, "etc/seccomp/both.conf", 0644, OTHER);
        scratch_write(&scratch, "etc/seccomp/site.conf", 0644, OTHER);
        scratch_write(&scratch, "etc/seccomp/README", 0644, "x");
        scratch_write(&scratch, "lib/seccomp/masked.conf", 0644, GOOD);
        scratch_link(&scratch, "etc/seccomp/masked.conf", "/dev/null");
        load(&scratch, &profiles, &d);

        assert_int_equal(d.n, 0);
        assert_int_equal(profiles.n, 3);
        expect(&profiles, "vendor", 0, NULL);
        expect(&profiles, "both", EPERM, NULL);
        expect(&profiles, "site", EPERM, NULL);
        expect(&profiles, "masked", 0, "there is no profile 'masked'");
        expect(&profiles, "README", 0, "there is no profile 'README'");
}

static void a_broken_file_is_nobodys_trouble_but_its_own(void** state) {
        _cleanup_(seccomp_profiles_done) SeccompProfiles profiles = {};
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char* directory = NULL;

        scratch_write(&scratch, "lib/seccomp/good.conf", 0644, GOOD);
        scratch_write(&scratch, "lib/seccomp/broken.conf", 0644, GOOD);
        scratch_write(&scratch, "etc/seccomp/broken.conf", 0644, "[Seccomp]\nSystemCallFilter=opne\n");
        scratch_write(&scratch, "lib/seccomp/special.conf", 0644, GOOD);
        directory = scratch_place(&scratch, "etc/seccomp/special.conf/x");
        load(&scratch, &profiles, &d);

        assert_true(d.n > 0);
        assert_null(d.unread);
        expect(&profiles, "good", 0, NULL);
        expect(&profiles, "broken", 0, "/etc/seccomp/broken.conf:2:18: SystemCallFilter=: there is no system call 'opne'");
        expect(&profiles, "special", 0, "/etc/seccomp/special.conf: Cannot be read: ");
}

static void none_is_a_profile_without_a_file(void** state) {
        _cleanup_(seccomp_profiles_done) SeccompProfiles profiles = {};
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_diagnostics_ Diagnostics d = {};
        const SeccompProfile* profile = (void*) state;
        _cleanup_free_ char* why = NULL;

        scratch_write(&scratch, "etc/seccomp/none.conf", 0644, GOOD);
        load(&scratch, &profiles, &d);
        assert_int_equal(d.n, 1);
        assert_int_equal(profiles.n, 0);
        assert_int_equal(seccomp_profiles_find(&profiles, "none", &profile, &why), 0);
        assert_null(profile);
}

static void there_are_not_more_than_the_limit(void** state) {
        _cleanup_(seccomp_profiles_done) SeccompProfiles profiles = {};
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_diagnostics_ Diagnostics d = {};

        for (unsigned i = 0; i < SECCOMP_PROFILES_MAX + 2; i++) {
                _cleanup_free_ char* name = xasprintf("etc/seccomp/%04u.conf", i);

                scratch_write(&scratch, name, 0644, GOOD);
        }
        load(&scratch, &profiles, &d);
        assert_int_equal(profiles.n, SECCOMP_PROFILES_MAX);
        assert_int_equal(d.n, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_sites_file_takes_the_place_of_the_vendors),
                cmocka_unit_test(a_broken_file_is_nobodys_trouble_but_its_own),
                cmocka_unit_test(none_is_a_profile_without_a_file),
                cmocka_unit_test(there_are_not_more_than_the_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
