/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How long the calls of clients take, from their arrival to their answer.
 *
 * sd-bus does not tell when a call was answered. So whoever keeps a call to answer it later says so here too: a call was
 * answered when the turn of the loop in which it came is over, and nobody keeps it any more. A call is known by its
 * address, which nobody else has for as long. */

#include <stddef.h>

#include "util/macro.h"
#include "util/usec.h"

#define CALL_BOUNDS 6U

/* Of one method of ours; what else there is, that of the standard interfaces, goes by the name "other". */
typedef struct CallTimes {
        const char* method;
        uint64_t n; /* answers */
        usec_t total;
        uint64_t within[CALL_BOUNDS]; /* those that took no longer than the bound of this index */
} CallTimes;

extern const usec_t call_bounds[CALL_BOUNDS];

typedef struct CallMeter CallMeter;

CallMeter* call_meter_new(usec_t (*now)(void));
CallMeter* call_meter_free(CallMeter* meter);
DEFINE_CLEANUP(CallMeter*, call_meter_free)

void call_meter_arrived(CallMeter* meter, const void* call, const char* member);
void call_meter_turn_ended(CallMeter* meter);

/* Of what did not arrive here, nothing is kept: NULL too. */
void call_meter_keep(CallMeter* meter, const void* call);
void call_meter_release(CallMeter* meter, const void* call);

const CallTimes* call_meter_times(const CallMeter* meter, size_t* ret_n);
