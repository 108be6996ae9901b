/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/syscall-filter.h"
#include "stem/syscall-verdicts.h"
#include "util/fd.h"
#include "util/strv.h"

typedef struct Entry {
        char* calls; /* what the order's points to; NULL: the entry is free */
        SyscallOrder order;
        SyscallFilter filter;
        uint64_t used; /* a number that grows */
} Entry;

struct SyscallFilters {
        Entry entries[SYSCALL_FILTERS_MAX];
        uint64_t n_uses;
};

/* One of the two programs while it is made. */
typedef struct Program {
        scmp_filter_ctx context;
        const SyscallOrder* order;
        const SyscallVerdicts* verdicts; /* the order's, read */
        bool asks;
        uint32_t otherwise; /* the action where there is no rule */
        unsigned long pass;
} Program;

/* What the child does after the filter; the arguments that these have are fewer than six. */
static const char* const passed_calls[] = { "execve", "exit_group", "ftruncate", "prlimit64", "read", "sendmsg", "unlinkat", "write" };

static void release_context(scmp_filter_ctx* context) {
        if (*context)
                seccomp_release(*context);
}

static uint32_t action_of(const Program* program, int verdict) {
        if (program->asks && verdict_is_asked(verdict))
                return SCMP_ACT_NOTIFY;
        switch (verdict) {
        case VERDICT_ALLOW:
                return SCMP_ACT_ALLOW;
        case VERDICT_KILL:
                return SCMP_ACT_KILL_PROCESS;
        case VERDICT_LOG:
                return SCMP_ACT_LOG;
        default:
                return SCMP_ACT_ERRNO((uint32_t) verdict);
        }
}

/* libseccomp refuses a rule that says what is so without it. */
static int add_rule(const Program* program, uint32_t action, int call, unsigned n, const struct scmp_arg_cmp* conditions) {
        int r;

        if (action == program->otherwise)
                return 0;
        r = seccomp_rule_add_array(program->context, action, call, n, conditions);
        return r == -EEXIST ? 0 : r;
}

static int add_with_pass(const Program* program, uint32_t action, int call) {
        int r = add_rule(program, SCMP_ACT_ALLOW, call, 1,
                         &(struct scmp_arg_cmp) { .arg = 5, .op = SCMP_CMP_EQ, .datum_a = program->pass });

        return r < 0 ? r
                     : add_rule(program, action, call, 1,
                                &(struct scmp_arg_cmp) { .arg = 5, .op = SCMP_CMP_NE, .datum_a = program->pass });
}

/* Every number of a family has its rule: of two for one call libseccomp would take the one that asks for less. */
static int add_socket(const Program* program, int verdict, int call) {
        /* whoever answers cannot tell one that is reported anyway from one that is refused for its family */
        uint32_t refusal = verdict == VERDICT_LOG ? SCMP_ACT_ERRNO(EAFNOSUPPORT) : action_of(program, EAFNOSUPPORT);
        int r = 0;

        for (unsigned family = 0; r >= 0 && family < SYSCALL_ORDER_FAMILIES; family++)
                r = add_rule(program, program->order->families >> family & 1 ? action_of(program, verdict) : refusal, call, 1,
                             &(struct scmp_arg_cmp) { .arg = 0, .op = SCMP_CMP_EQ, .datum_a = family });
        return r < 0 ? r
                     : add_rule(program, refusal, call, 1,
                                &(struct scmp_arg_cmp) {
                                        .arg = 0, .op = SCMP_CMP_GE, .datum_a = SYSCALL_ORDER_FAMILIES });
}

static bool has_pass(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(passed_calls); i++)
                if (strcmp(passed_calls[i], name) == 0)
                        return true;
        return false;
}

static int add_call(const Program* program, const char* name, int verdict) {
        bool can_be_made = verdict == VERDICT_ALLOW || verdict == VERDICT_LOG;
        int call = seccomp_syscall_resolve_name(name);

        /* newer than this libseccomp, or of no machine that it knows: then it is one of the other calls */
        if (call == __NR_SCMP_ERROR)
                return 0;
        if (can_be_made && program->order->restricts_families && strcmp(name, "socket") == 0)
                return add_socket(program, verdict, call);
        if (verdict != VERDICT_ALLOW && has_pass(name))
                return add_with_pass(program, action_of(program, verdict), call);
        return add_rule(program, action_of(program, verdict), call, 0, NULL);
}

static int add_calls(const Program* program) {
        const SyscallVerdicts* verdicts = program->verdicts;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < verdicts->n_calls; i++)
                r = add_call(program, verdicts->calls[i].name, verdicts->calls[i].verdict);
        /* those with rules of their own, if the order leaves them to the others */
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(passed_calls); i++)
                r = add_call(program, passed_calls[i], syscall_verdicts_on(verdicts, passed_calls[i]));
        return r < 0 ? r : add_call(program, "socket", syscall_verdicts_on(verdicts, "socket"));
}

static int set_up(const Program* program) {
        /* what comes in the dress of another architecture is asked about too */
        uint32_t foreign = action_of(program, EPERM);
        int r;

        r = seccomp_attr_set(program->context, SCMP_FLTATR_ACT_BADARCH, foreign);
        if (r >= 0)
                r = seccomp_attr_set(program->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        STRV_FOREACH(name, program->order->architectures)
                if (r >= 0) {
                        r = seccomp_arch_add(program->context, seccomp_arch_resolve_name(*name));
                        if (r == -EEXIST)
                                r = 0;
                }
        return r;
}

static int export(const Program* program, struct sock_fprog* ret) {
        _cleanup_close_ int fd = memfd_create("zeek-stem-filter", MFD_CLOEXEC);
        _cleanup_free_ struct sock_filter* instructions = NULL;
        off_t size;
        int r;

        if (fd < 0)
                return -errno;
        r = seccomp_export_bpf(program->context, fd);
        if (r < 0)
                return r;
        size = lseek(fd, 0, SEEK_END);
        if (size <= 0 || (size_t) size % sizeof(struct sock_filter) != 0 ||
            (size_t) size > BPF_MAXINSNS * sizeof(struct sock_filter))
                return -E2BIG;
        instructions = xcalloc((size_t) size / sizeof(struct sock_filter), sizeof(struct sock_filter));
        if (pread(fd, instructions, (size_t) size, 0) != (ssize_t) size)
                return -EIO;
        *ret = (struct sock_fprog) { .len = (unsigned short) ((size_t) size / sizeof(struct sock_filter)),
                                     .filter = take_ptr(instructions) };
        return 0;
}

static int compile_program(const SyscallOrder* order, const SyscallVerdicts* verdicts, bool asks, unsigned long pass,
                           struct sock_fprog* ret) {
        Program program = { .order = order, .verdicts = verdicts, .asks = asks, .pass = pass };
        _cleanup_(release_context) scmp_filter_ctx context = NULL;
        int r;

        program.otherwise = action_of(&program, verdicts->others);
        program.context = context = seccomp_init(program.otherwise);
        if (!context)
                return -EINVAL;
        r = set_up(&program);
        if (r >= 0)
                r = add_calls(&program);
        return r < 0 ? r : export(&program, ret);
}

static void filter_done(SyscallFilter* filter) {
        free(filter->asking.filter);
        free(filter->silent.filter);
        free(filter->verdicts);
        *filter = (SyscallFilter) {};
}

static int compile(const SyscallOrder* order, SyscallFilter* ret) {
        _cleanup_(filter_done) SyscallFilter filter = {};
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        int r = syscall_verdicts_from_string(order->calls, &verdicts);

        if (r < 0)
                return r;
        if (getrandom(&filter.pass, sizeof filter.pass, GRND_NONBLOCK) != (ssize_t) sizeof filter.pass)
                return -errno;
        r = compile_program(order, &verdicts, false, filter.pass, &filter.silent);
        if (r < 0)
                return r;
        /* libseccomp asks the kernel whether it can */
        (void) compile_program(order, &verdicts, true, filter.pass, &filter.asking);
        filter.verdicts = syscall_verdicts_asked(&verdicts, order->restricts_families);
        *ret = filter;
        filter = (SyscallFilter) {};
        return 0;
}

SyscallFilters* syscall_filters_new(void) {
        return xnew0(SyscallFilters);
}

static void entry_done(Entry* entry) {
        filter_done(&entry->filter);
        syscall_order_done(&entry->order);
        free(entry->calls);
        *entry = (Entry) {};
}

SyscallFilters* syscall_filters_free(SyscallFilters* filters) {
        if (!filters)
                return NULL;
        for (size_t i = 0; i < SYSCALL_FILTERS_MAX; i++)
                entry_done(&filters->entries[i]);
        free(filters);
        return NULL;
}

static bool is_of(const Entry* entry, const SyscallOrder* order) {
        return entry->calls && syscall_order_equal(&entry->order, order);
}

static size_t find_entry(const SyscallFilters* filters, const SyscallOrder* order) {
        size_t i = 0;

        while (i < SYSCALL_FILTERS_MAX && !is_of(&filters->entries[i], order))
                i++;
        return i;
}

/* The one that was wanted least recently. */
static Entry* find_oldest(SyscallFilters* filters) {
        Entry* oldest = &filters->entries[0];

        for (size_t i = 1; i < SYSCALL_FILTERS_MAX; i++)
                if (filters->entries[i].used < oldest->used)
                        oldest = &filters->entries[i];
        return oldest;
}

bool syscall_filters_have(const SyscallFilters* filters, const SyscallOrder* order) {
        return !order->calls || find_entry(filters, order) < SYSCALL_FILTERS_MAX;
}

static int fill(Entry* entry, const SyscallOrder* order) {
        SyscallFilter filter;
        int r = compile(order, &filter);

        if (r < 0)
                return r;
        entry_done(entry);
        entry->calls = xstrdup(order->calls);
        entry->order = syscall_order_copy(order);
        entry->order.calls = entry->calls;
        entry->filter = filter;
        return 0;
}

int syscall_filters_get(SyscallFilters* filters, const SyscallOrder* order, const SyscallFilter** ret) {
        Entry* entry;
        size_t i;
        int r;

        *ret = NULL;
        if (!order->calls)
                return 0;
        i = find_entry(filters, order);
        entry = i < SYSCALL_FILTERS_MAX ? &filters->entries[i] : find_oldest(filters);
        r = i < SYSCALL_FILTERS_MAX ? 0 : fill(entry, order);
        if (r < 0)
                return r;
        entry->used = ++filters->n_uses;
        *ret = &entry->filter;
        return 0;
}
