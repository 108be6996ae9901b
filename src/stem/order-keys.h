/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The keys of a launch order: for each its D-Bus type and the reader that checks a value and stores it. */

#include "stem/order.h"

typedef struct OrderKey {
        const char* name;
        const char* signature;
        bool of_system_calls; /* says what the process may ask of the kernel */
        /* The message is positioned at a value of this signature. 0, or negative with *error set. */
        int (*read)(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error);
} OrderKey;

/* NULL: there is no such key. */
const OrderKey* order_key_find(const char* name);
/* A small number that tells the keys apart. */
size_t order_key_index(const OrderKey* key);

/* Sets InvalidArgs; always -EINVAL. */
int order_refuse(sd_bus_error* error, const char* format, ...) _printf_(2, 3);
/* As order_refuse() for a message that ends (r is 0) or breaks (-errno) where a value of the key should be. */
int order_refuse_value(sd_bus_error* error, const char* key, int r);

/* The readers of what the process may ask of the kernel. */
int order_read_system_calls(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error);
int order_read_architectures(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error);
int order_read_address_families(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error);
