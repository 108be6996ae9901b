/* SPDX-License-Identifier: BSD-3-Clause */

/* Profiles of system calls: whatever is in a file, there is either a problem that says where, or an order that the stem
 * takes. */

#include <errno.h>
#include <string.h>

#include "config/seccomp-profile.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void check_values(const SeccompProfile* profile) {
        assert(profile->other_calls == VERDICT_ALLOW || profile->other_calls == VERDICT_LOG || profile->other_calls == ENOSYS);
        for (size_t i = 0; i < SYSCALLS; i++)
                assert(verdict_is_valid(profile->verdicts[i]));
        STRV_FOREACH(architecture, profile->architectures)
                assert(**architecture);
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
        check_values(profile);

        second = seccomp_profile_parse("fuzz", "FILE", (const char*) data, size, &of_second);
        assert(memcmp(second->verdicts, profile->verdicts, sizeof profile->verdicts) == 0);
        assert(memcmp(second->families, profile->families, sizeof profile->families) == 0);
        return 0;
}
