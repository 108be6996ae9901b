/* SPDX-License-Identifier: BSD-3-Clause */

/* Profiles of system calls: whatever is in a file, there is either a problem that says where, or an order that the stem
 * takes. */

#include <string.h>

#include "config/address-family.h"
#include "config/seccomp-profile.h"
#include "config/syscall-table.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void check_rules(const SeccompProfile* profile) {
        assert(verdict_is_valid(profile->other_calls));
        assert(profile->n_rules <= SYSCALLS);
        for (size_t i = 0; i < profile->n_rules; i++) {
                const SyscallRule* rule = &profile->rules[i];

                assert(syscall_find(rule->name) != SIZE_MAX);
                assert(verdict_is_valid(rule->verdict) && rule->verdict != profile->other_calls);
                assert(i == 0 || strcmp(rule[-1].name, rule->name) < 0);
        }
}

static void check_families(const SeccompProfile* profile) {
        assert(profile->n_families < ADDRESS_FAMILY_MAX);
        assert(profile->restricts_families || profile->n_families == 0);
        for (size_t i = 0; i < profile->n_families; i++) {
                assert(address_family_to_string(profile->families[i]));
                assert(i == 0 || profile->families[i - 1] < profile->families[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_diagnostics_ Diagnostics d = {}, of_second = {};
        _cleanup_seccomp_profile_ SeccompProfile* profile =
                seccomp_profile_parse("fuzz", "FILE", (const char*) data, size, &d);
        _cleanup_seccomp_profile_ SeccompProfile* second = NULL;

        assert(!profile->problem == (d.n == 0));
        if (profile->problem) {
                assert(strncmp(profile->problem, "FILE:", 5) == 0);
                return 0;
        }
        check_rules(profile);
        check_families(profile);

        second = seccomp_profile_parse("fuzz", "FILE", (const char*) data, size, &of_second);
        assert(second->n_rules == profile->n_rules && strv_equal(second->architectures, profile->architectures));
        return 0;
}
