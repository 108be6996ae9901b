/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node.h"
#include "ctl/look.h"
#include "ctl/summary.h"
#include "util/strv.h"

char* summary_text(const json_t* nodes) {
        size_t n = json_array_size(nodes), in_state[_NODE_STATE_MAX] = {}, n_unknown = 0, i;
        _cleanup_strv_free_ char** parts = NULL;
        _cleanup_free_ char* list = NULL;
        json_t* status;

        json_array_foreach((json_t*) nodes, i, status) {
                NodeState state = node_state_from_string(status_text(status, "state"));

                if (state >= 0)
                        in_state[state]++;
                else
                        n_unknown++;
        }
        for (NodeState state = 0; state < _NODE_STATE_MAX; state++)
                if (in_state[state] > 0)
                        strv_extendf(&parts, "%zu %s", in_state[state], node_state_to_string(state));
        if (n_unknown > 0)
                strv_extendf(&parts, "%zu in a state unknown here", n_unknown);

        if (n == 0)
                return xstrdup("No nodes");
        list = strv_join(parts, ", ");
        if (strv_length(parts) > 1)
                return xasprintf("%zu nodes, %s", n, list);
        /* the number is the same twice */
        return n == 1 ? xasprintf("1 node, %s", strchr(list, ' ') + 1) :
                        xasprintf("%zu nodes, all %s", n, strchr(list, ' ') + 1);
}
