/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <string.h>

#include "core/exit-reason.h"
#include "util/alloc.h"

static const char* const exit_kind_table[_EXIT_KIND_MAX] = {
        [EXIT_KIND_SUCCESS] = "success",
        [EXIT_KIND_EXIT_CODE] = "exit-code",
        [EXIT_KIND_SIGNAL] = "signal",
        [EXIT_KIND_CORE_DUMP] = "core-dump",
        [EXIT_KIND_UNKNOWN] = "unknown",
};

DEFINE_ENUM_TABLE(exit_kind, ExitKind)

void exit_reason_set_add_status(ExitReasonSet* set, unsigned status) {
        assert(status < 256);
        set->statuses[status / 64] |= UINT64_C(1) << status % 64;
}

void exit_reason_set_add_signal(ExitReasonSet* set, unsigned signal) {
        assert(signal < 128);
        set->signals[signal / 64] |= UINT64_C(1) << signal % 64;
}

bool exit_reason_set_contains(const ExitReasonSet* set, const ExitReason* reason) {
        unsigned n = (unsigned) reason->status;

        if (reason->code == CLD_EXITED)
                return n < 256 && (set->statuses[n / 64] >> n % 64 & 1);
        if (reason->code == CLD_KILLED || reason->code == CLD_DUMPED)
                return n < 128 && (set->signals[n / 64] >> n % 64 & 1);
        return false;
}

ExitKind exit_reason_kind(const ExitReason* reason) {
        switch (reason->code) {
        case CLD_EXITED:
                return reason->status == 0 ? EXIT_KIND_SUCCESS : EXIT_KIND_EXIT_CODE;
        case CLD_KILLED:
                return EXIT_KIND_SIGNAL;
        case CLD_DUMPED:
                return EXIT_KIND_CORE_DUMP;
        default:
                return EXIT_KIND_UNKNOWN;
        }
}

bool exit_reason_is_clean(const ExitReason* reason) {
        if (reason->code == CLD_EXITED)
                return reason->status == 0;
        return reason->code == CLD_KILLED && (reason->status == SIGHUP || reason->status == SIGINT ||
                                              reason->status == SIGTERM || reason->status == SIGPIPE);
}

bool exit_reason_fits_out_of_memory(const ExitReason* reason) {
        bool killed = reason->code == CLD_KILLED && reason->status == SIGKILL;

        return killed || reason->code == 0;
}

char* exit_reason_describe(const ExitReason* reason) {
        const char* why = reason->code == CLD_DUMPED    ? " and dumped core" :
                          reason->out_of_memory ? " because memory ran out" :
                                                  "";
        const char* name;

        switch (reason->code) {
        case CLD_EXITED:
                return xasprintf("exited with status %i", reason->status);
        case CLD_KILLED:
        case CLD_DUMPED:
                name = sigabbrev_np(reason->status);
                if (!name) /* a real-time signal */
                        return xasprintf("was killed by signal %i%s", reason->status, why);
                return xasprintf("was killed by signal SIG%s%s", name, why);
        default:
                return xstrdup(reason->out_of_memory ? "was killed because memory ran out" : "ended, it is not known how");
        }
}
