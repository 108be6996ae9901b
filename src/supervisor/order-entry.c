/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/order-entry.h"

int order_open_entry(sd_bus_message* m, const char* key, const char* signature) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', key);
        return r < 0 ? r : sd_bus_message_open_container(m, 'v', signature);
}

int order_close_entry(sd_bus_message* m) {
        int r = sd_bus_message_close_container(m);

        return r < 0 ? r : sd_bus_message_close_container(m);
}

int order_append_strv(sd_bus_message* m, const char* key, char** v) {
        int r = order_open_entry(m, key, "as");

        if (r >= 0)
                r = sd_bus_message_append_strv(m, v);
        return r < 0 ? r : order_close_entry(m);
}
