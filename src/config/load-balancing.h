/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How several workers share one interface (ZeekControl's lb_method): what each of them has to know for it. */

#include "config/settings.h"
#include "util/enum-table.h"

typedef enum LbMethod {
        LB_METHOD_AF_PACKET,
        LB_METHOD_PF_RING,
        LB_METHOD_MYRICOM,
        LB_METHOD_INTERFACES, /* each has one of its own */
        LB_METHOD_CUSTOM,     /* a packet source of the operator's does it */
        _LB_METHOD_MAX,
        _LB_METHOD_INVALID = -EINVAL,
} LbMethod;

DECLARE_ENUM_TABLE(lb_method, LbMethod);

/* One worker. */
typedef struct LbMember {
        LbMethod method;            /* _LB_METHOD_INVALID: it shares nothing */
        const char* host;           /* as the file names it */
        const char* base_interface; /* as given; "" without one */
        unsigned n_procs;           /* among how many it was shared out */

        char* interface; /* what Zeek listens on; may be changed. NULL: nothing */
        char** env;      /* NAME=value; may be added to, what is there wins */

        unsigned pf_ring_cluster;
} LbMember;

/* All workers of a cluster, in their order, which PF_RING's numbers follow. */
void load_balancing_apply(LbMember* const* members, size_t n, const ZeekControlSettings* settings);
