/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/json.h"

static json_t* from_unsigned(uint64_t n) {
        if (n == UINT64_MAX)
                return json_string("infinity");
        return n > INT64_MAX ? json_sprintf("%llu", (unsigned long long) n) : json_integer((json_int_t) n);
}

static int read_basic(sd_bus_message* m, char type, json_t** ret) {
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char* s;
        } value = {};
        int r;

        if (type == 'h') {
                r = sd_bus_message_skip(m, "h");
                *ret = r < 0 ? NULL : json_null();
                return r < 0 ? r : 0;
        }
        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;

        switch (type) {
        case 'y': *ret = json_integer(value.y); break;
        case 'b': *ret = json_boolean(value.b); break;
        case 'n': *ret = json_integer(value.n); break;
        case 'q': *ret = json_integer(value.q); break;
        case 'i': *ret = json_integer(value.i); break;
        case 'u': *ret = json_integer(value.u); break;
        case 'x': *ret = json_integer(value.x); break;
        case 't': *ret = from_unsigned(value.t); break;
        case 'd': *ret = json_real(value.d); break;
        default:  *ret = json_string(value.s); break;
        }
        return *ret ? 0 : -EBADMSG; /* infinite, or not UTF-8 */
}

/* An entry of a dictionary, whose keys JSON has as strings. */
static int read_entry(sd_bus_message* m, json_t* object) {
        json_auto_t *key = NULL, *value = NULL;
        int r;

        r = json_read_message(m, &key);
        if (r >= 0)
                r = json_read_message(m, &value);
        if (r < 0)
                return r;
        if (!json_is_string(key)) {
                char* text = json_dumps(key, JSON_ENCODE_ANY);

                json_decref(key);
                key = json_string(text);
                free(text);
        }
        return key && json_object_set(object, json_string_value(key), value) == 0 ? 0 : -EBADMSG;
}

static int read_object(sd_bus_message* m, json_t* object) {
        int r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = sd_bus_message_enter_container(m, 'e', NULL);
                if (r >= 0)
                        r = read_entry(m, object);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_array(sd_bus_message* m, json_t* array) {
        int r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                json_t* element = NULL;

                r = json_read_message(m, &element);
                if (r < 0)
                        return r;
                json_array_append_new(array, element);
        }
        return r;
}

static int read_container(sd_bus_message* m, char type, const char* contents, json_t** ret) {
        bool is_object = type == 'a' && contents[0] == '{';
        json_auto_t* container = is_object ? json_object() : json_array();
        int r;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r >= 0)
                r = is_object ? read_object(m, container) : read_array(m, container);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = take_ptr(container);
        return 0;
}

static int read_variant(sd_bus_message* m, const char* contents, json_t** ret) {
        json_auto_t* value = NULL;
        int r;

        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r >= 0)
                r = json_read_message(m, &value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = take_ptr(value);
        return 0;
}

int json_read_message(sd_bus_message* m, json_t** ret) {
        const char* contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -ENXIO;
        if (type == 'v')
                return read_variant(m, contents, ret);
        if (type == 'a' || type == 'r')
                return read_container(m, type, contents, ret);
        return read_basic(m, type, ret);
}

void json_make_ports(json_t* config) {
        static const char* const ports[] = { "p", "metrics_port" };
        json_t* endpoint;
        const char* name;

        json_object_foreach(json_object_get(config, "cluster"), name, endpoint) {
                for (size_t i = 0; i < ELEMENTSOF(ports); i++) {
                        json_t* port = json_object_get(endpoint, ports[i]);

                        if (json_is_integer(port))
                                json_object_set_new(endpoint, ports[i],
                                                    json_pack("{s:I, s:s}", "port", json_integer_value(port), "proto", "tcp"));
                }
        }
}
