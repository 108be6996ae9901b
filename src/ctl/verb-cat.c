/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/nodes.h"

/* One node is an object, several are an array; `create` reads both. */
Outcome verb_cat(Ctl* ctl, char** arguments) {
        json_auto_t* nodes = NULL;
        Outcome outcome = nodes_select(ctl, arguments, &nodes);
        json_t *status, *configs = json_array();
        size_t i;

        json_array_foreach(nodes, i, status)
                json_array_append(configs, json_object_get(status, "node"));
        if (json_array_size(configs) > 0) {
                bool single = json_array_size(configs) == 1 && arguments[0];

                if (ctl->options.json == JSON_MODE_OFF)
                        ctl->options.json = JSON_MODE_PRETTY;
                ctl_open_pager(ctl);
                ctl_print_json(ctl, json_incref(single ? json_array_get(configs, 0) : configs));
        }
        json_decref(configs);
        return outcome;
}
