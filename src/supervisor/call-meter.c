/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/queue.h>

#include "supervisor/call-meter.h"
#include "util/alloc.h"

#define BUCKETS 256U

/* Whatever a caller calls a method, there are no more names than these. */
static const char* const methods[] = {
        "AddHook",   "Create",  "Destroy", "Diff",   "IsSupervised", "IsSupervisor", "Kill",      "ListHooks",
        "Metrics",   "Node",    "Reload",  "RemoveHook", "Restart",  "Status",       "TestHooks", "other",
};

const usec_t call_bounds[CALL_BOUNDS] = {
        USEC_PER_MSEC, 10 * USEC_PER_MSEC, 100 * USEC_PER_MSEC, USEC_PER_SEC, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC,
};

/* A call that was not answered yet. */
typedef struct Call {
        const void* key;
        CallTimes* times;
        usec_t arrived;
        unsigned n_keepers;
        LIST_ENTRY(Call) calls;
} Call;

struct CallMeter {
        usec_t (*now)(void);
        const void* of_turn; /* the call that arrived in this one */
        CallTimes times[ELEMENTSOF(methods)];
        LIST_HEAD(, Call) buckets[BUCKETS];
};

CallMeter* call_meter_new(usec_t (*now)(void)) {
        CallMeter* meter = xnew0(CallMeter);

        meter->now = now;
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                meter->times[i].method = methods[i];
        return meter;
}

static void call_free(Call* call) {
        LIST_REMOVE(call, calls);
        free(call);
}

CallMeter* call_meter_free(CallMeter* meter) {
        if (!meter)
                return NULL;

        for (size_t i = 0; i < BUCKETS; i++)
                while (!LIST_EMPTY(&meter->buckets[i]))
                        call_free(LIST_FIRST(&meter->buckets[i]));
        free(meter);
        return NULL;
}

/* What memory is handed out at differs in the middle bits. */
static size_t bucket_of(const void* key) {
        return (uintptr_t) key / 64 % BUCKETS;
}

static Call* find(const CallMeter* meter, const void* key) {
        Call* call;

        LIST_FOREACH(call, &meter->buckets[bucket_of(key)], calls)
                if (call->key == key)
                        return call;
        return NULL;
}

static CallTimes* find_times(CallMeter* meter, const char* member) {
        size_t i = 0;

        while (i < ELEMENTSOF(methods) - 1 && strcmp(methods[i], member) != 0)
                i++;
        return &meter->times[i];
}

void call_meter_arrived(CallMeter* meter, const void* key, const char* member) {
        Call* call = xnew0(Call);

        call_meter_turn_ended(meter);
        *call = (Call) { .key = key, .times = find_times(meter, member), .arrived = meter->now(), .n_keepers = 1 };
        LIST_INSERT_HEAD(&meter->buckets[bucket_of(key)], call, calls);
        meter->of_turn = key;
}

void call_meter_turn_ended(CallMeter* meter) {
        if (meter->of_turn)
                call_meter_release(meter, meter->of_turn);
        meter->of_turn = NULL;
}

void call_meter_keep(CallMeter* meter, const void* key) {
        Call* call = find(meter, key);

        if (call)
                call->n_keepers++;
}

void call_meter_release(CallMeter* meter, const void* key) {
        Call* call = find(meter, key);
        CallTimes* times;
        usec_t time;

        if (!call || --call->n_keepers > 0)
                return;

        times = call->times;
        time = meter->now() - call->arrived;
        times->n++;
        times->total += time;
        for (size_t i = 0; i < CALL_BOUNDS; i++)
                if (time <= call_bounds[i])
                        times->within[i]++;
        call_free(call);
}

const CallTimes* call_meter_times(const CallMeter* meter, size_t* ret_n) {
        *ret_n = ELEMENTSOF(methods);
        return meter->times;
}
