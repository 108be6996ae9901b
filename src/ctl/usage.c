/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/look.h"
#include "ctl/summary.h"
#include "ctl/usage.h"

#define CPU "cpu_permille"

long usage_cpu_permille(const json_t* before, const json_t* now, usec_t elapsed) {
        uint64_t a = status_number(before, "cpu_usage_nsec"), b = status_number(now, "cpu_usage_nsec");

        if (!status_has(before, "cpu_usage_nsec") || !status_has(now, "cpu_usage_nsec") || elapsed == 0 || b < a)
                return -1;
        /* its scope is another one, which has counted from 0 */
        if (status_number(before, "pid") != status_number(now, "pid"))
                return -1;
        return (long) ((b - a) / elapsed); /* nanoseconds a microsecond are thousandths */
}

static const json_t* find(const json_t* nodes, const char* name) {
        json_t* status;
        size_t i;

        json_array_foreach((json_t*) nodes, i, status)
                if (strcmp(status_text(status, "name"), name) == 0)
                        return status;
        return NULL;
}

void usage_add_cpu(const json_t* before, json_t* now, usec_t elapsed) {
        json_t* status;
        size_t i;

        json_array_foreach(now, i, status) {
                long permille = usage_cpu_permille(find(before, status_text(status, "name")), status, elapsed);

                if (permille >= 0)
                        json_object_set_new(status, CPU, json_integer(permille));
        }
}

static const char* const order_keys[_TOP_ORDER_MAX] = {
        [TOP_ORDER_CPU] = CPU,
        [TOP_ORDER_MEMORY] = "memory_current",
        [TOP_ORDER_TASKS] = "tasks_current",
};

/* What sorts before what: what is not known is less than nothing. Equals stay as they are, so that lines do not jump. */
typedef struct Rank {
        json_t* status;
        int64_t figure;
        size_t place;
} Rank;

static int compare(const void* a, const void* b) {
        const Rank *x = a, *y = b;

        if (x->figure != y->figure)
                return x->figure > y->figure ? -1 : 1;
        return x->place < y->place ? -1 : 1;
}

json_t* usage_sort(const json_t* nodes, TopOrder order) {
        size_t n = json_array_size(nodes);
        _cleanup_free_ Rank* ranks = xcalloc(n + 1, sizeof(Rank));
        json_t* sorted = json_array();

        for (size_t i = 0; i < n; i++) {
                json_t* status = json_array_get(nodes, i);
                bool is_known = order_keys[order] && status_has(status, order_keys[order]);

                ranks[i] = (Rank) { status, is_known ? (int64_t) status_number(status, order_keys[order]) : -1, i };
        }
        qsort(ranks, n, sizeof(Rank), compare);
        for (size_t i = 0; i < n; i++)
                json_array_append(sorted, ranks[i].status);
        return sorted;
}

static char* format_permille(uint64_t permille) {
        return xasprintf("%llu.%llu%%", (unsigned long long) permille / 10, (unsigned long long) permille % 10);
}

char* usage_percent(const json_t* status) {
        return status_has(status, CPU) ? format_permille(status_number(status, CPU)) : NULL;
}

char* usage_summary(const json_t* nodes) {
        _cleanup_free_ char *nodes_text = summary_text(nodes), *cpu_text = NULL, *memory_text = NULL;
        uint64_t cpu = 0, memory = 0;
        json_t* status;
        size_t i;

        json_array_foreach((json_t*) nodes, i, status) {
                cpu = saturating_add_u64(cpu, status_number(status, CPU));
                memory = saturating_add_u64(memory, status_number(status, "memory_current"));
        }
        cpu_text = format_permille(cpu);
        memory_text = format_bytes(memory);
        return memory > 0 ? xasprintf("%s; CPU %s, memory %s", nodes_text, cpu_text, memory_text) :
                            xasprintf("%s; CPU %s", nodes_text, cpu_text);
}
