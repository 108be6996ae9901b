/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/order-entry.h"
#include "supervisor/seccomp-order.h"
#include "util/hash.h"
#include "util/strv.h"

static_assert(ADDRESS_FAMILY_MAX == 64, "families are bits of the stem's mask");

static uint64_t family_mask(const SeccompProfile* profile) {
        uint64_t mask = 0;

        for (unsigned family = 0; family < ADDRESS_FAMILY_MAX; family++)
                if (profile->families[family])
                        mask |= UINT64_C(1) << family;
        return mask;
}

int seccomp_order_append(sd_bus_message* m, const SeccompProfile* profile) {
        int r = sd_bus_message_append(m, "{sv}", "SystemCalls", "s", profile->calls);

        if (r >= 0 && profile->architectures)
                r = order_append_strv(m, "SystemCallArchitectures", profile->architectures);
        if (r >= 0 && profile->restricts_families)
                r = sd_bus_message_append(m, "{sv}", "AddressFamilies", "t", family_mask(profile));
        return r;
}

uint64_t seccomp_order_hash(uint64_t hash, const SeccompProfile* profile) {
        const uint64_t families = profile->restricts_families ? family_mask(profile) : UINT64_MAX;

        STRV_FOREACH(architecture, profile->architectures)
                hash = hash_bytes(hash, *architecture, strlen(*architecture) + 1);
        hash = hash_bytes(hash, profile->verdicts, sizeof profile->verdicts);
        hash = hash_bytes(hash, &profile->other_calls, sizeof profile->other_calls);
        return hash_bytes(hash, &families, sizeof families);
}
