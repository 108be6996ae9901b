/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "wire/message-size.h"

/* Of a value that is neither text nor array: its alignment, at most. */
#define VALUE_BYTES 8U

/* What sd-bus gives as a whole, however long it is. */
static bool is_plain_array(char type, const char* contents) {
        return type == 'a' && contents[0] && !contents[1] && strchr("ynqiuxtd", contents[0]);
}

static int add_array(sd_bus_message* m, char element, size_t* size) {
        const void* data;
        size_t n;
        int r = sd_bus_message_read_array(m, element, &data, &n);

        if (r >= 0)
                *size += n;
        return r;
}

static int add_basic(sd_bus_message* m, char type, size_t* size) {
        union {
                const char* text;
                uint64_t number;
        } value;
        int r = sd_bus_message_read_basic(m, type, &value);

        if (r >= 0)
                *size += VALUE_BYTES + (strchr("sog", type) ? strlen(value.text) : 0);
        return r;
}

/* All that is left of the container; D-Bus bounds how deep they nest. 1: beyond the limit. */
static int add_values(sd_bus_message* m, size_t limit, size_t* size) {
        const char* contents;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                if (is_plain_array(type, contents))
                        r = add_array(m, contents[0], size);
                else if (contents) {
                        *size += VALUE_BYTES;
                        r = sd_bus_message_enter_container(m, type, contents);
                        if (r >= 0)
                                r = add_values(m, limit, size);
                        if (r == 0)
                                r = sd_bus_message_exit_container(m);
                        else if (r > 0)
                                return r;
                } else
                        r = add_basic(m, type, size);
                if (r < 0)
                        return r;
                if (*size > limit)
                        return 1;
        }
        return r;
}

size_t message_size(sd_bus_message* m, size_t limit) {
        size_t size = 0;

        (void) add_values(m, limit, &size);
        (void) sd_bus_message_rewind(m, true);
        return size;
}
