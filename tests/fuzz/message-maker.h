/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Dictionaries a{sv} in real messages of sd-bus, made of the bytes of a fuzzer: for each entry a letter for the key, one for
 * the type of its value, and what the value is made of. (The bytes of a D-Bus message are sd-bus' to check; what we get
 * from it has a type, and any value.) A letter that is none of a key is followed by the key itself, up to a newline. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/fd.h"

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

#define ENTRIES_MAX 40U
#define ELEMENTS_MAX 64U

typedef struct Input {
        const uint8_t* data;
        size_t size;
} Input;

/* What dictionaries of one kind are made of. */
typedef struct Vocabulary {
        const char* const* keys; /* 'a' is the first */
        size_t n_keys;
        const char* const* signatures;
        size_t n_signatures;
} Vocabulary;

static inline sd_bus* make_bus(void) {
        sd_bus* bus = NULL;
        int fds[2];

        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) >= 0);
        check(sd_bus_new(&bus) >= 0);
        check(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        check(sd_bus_start(bus) >= 0);
        fd_close(fds[1]);
        return bus;
}

static inline uint8_t take_byte(Input* in) {
        if (in->size == 0)
                return 0;
        in->size--;
        return *in->data++;
}

static inline uint64_t take_number(Input* in, size_t n_bytes) {
        uint64_t value = 0;

        for (size_t i = 0; i < n_bytes; i++)
                value |= (uint64_t) take_byte(in) << (8 * i);
        return value;
}

/* Up to the next newline. sd-bus lets no string pass that is not UTF-8. */
static inline char* take_string(Input* in) {
        char* s = xcalloc(in->size + 1, 1);
        size_t n = 0;

        while (in->size > 0) {
                char c = (char) (take_byte(in) & 0x7f);

                if (c == '\n')
                        break;
                s[n++] = c ? c : '.';
        }
        return s;
}

static inline void append_string(sd_bus_message* m, Input* in) {
        _cleanup_free_ char* s = take_string(in);

        check(sd_bus_message_append_basic(m, 's', s) >= 0);
}

static inline void append_value(sd_bus_message* m, const char* signature, Input* in);

/* A capital letter says of which type; without one it is a word. */
static inline void append_variant(sd_bus_message* m, Input* in) {
        static const char* const signatures[] = { "s", "q", "u", "t", "b", "as", "a{ss}" };
        size_t index = in->size > 0 ? (size_t) (uint8_t) (*in->data - 'A') : SIZE_MAX;

        if (index >= ELEMENTSOF(signatures)) {
                check(sd_bus_message_append(m, "v", "s", "x") >= 0);
                return;
        }
        (void) take_byte(in);
        check(sd_bus_message_open_container(m, 'v', signatures[index]) >= 0);
        append_value(m, signatures[index], in);
        check(sd_bus_message_close_container(m) >= 0);
}

/* "{sT}", for whatever T. */
static inline void append_pair(sd_bus_message* m, const char* signature, Input* in) {
        _cleanup_free_ char* contents = xstrndup(signature + 1, strlen(signature) - 2);

        check(sd_bus_message_open_container(m, 'e', contents) >= 0);
        append_string(m, in);
        append_value(m, contents + 1, in);
        check(sd_bus_message_close_container(m) >= 0);
}

static inline void append_array(sd_bus_message* m, const char* contents, Input* in) {
        size_t n = take_byte(in) % ELEMENTS_MAX;

        check(sd_bus_message_open_container(m, 'a', contents) >= 0);
        for (size_t i = 0; i < n && in->size > 0; i++)
                append_value(m, contents, in);
        check(sd_bus_message_close_container(m) >= 0);
}

static inline void append_value(sd_bus_message* m, const char* signature, Input* in) {
        switch (signature[0]) {
        case 's':
                append_string(m, in);
                break;
        case 'y':
                check(sd_bus_message_append(m, "y", take_byte(in)) >= 0);
                break;
        case 'b':
                check(sd_bus_message_append(m, "b", take_byte(in) & 1) >= 0);
                break;
        case 'u':
        case 'i':
                check(sd_bus_message_append_basic(m, signature[0], &(uint32_t) { (uint32_t) take_number(in, 4) }) >= 0);
                break;
        case 't':
                check(sd_bus_message_append(m, "t", take_number(in, 8)) >= 0);
                break;
        case 'v':
                append_variant(m, in);
                break;
        case 'q':
                check(sd_bus_message_append(m, "q", (unsigned) take_number(in, 2)) >= 0);
                break;
        case 'h':
                check(sd_bus_message_append(m, "h", STDERR_FILENO) >= 0);
                break;
        case 'a':
                append_array(m, signature + 1, in);
                break;
        case '(':
                check(sd_bus_message_open_container(m, 'r', "sv") >= 0);
                append_string(m, in);
                append_value(m, "v", in);
                check(sd_bus_message_close_container(m) >= 0);
                break;
        case '{':
                append_pair(m, signature, in);
                break;
        default:
                abort();
        }
}

static inline void append_entry(sd_bus_message* m, const Vocabulary* words, Input* in) {
        size_t index = (size_t) (uint8_t) (take_byte(in) - 'a');
        _cleanup_free_ char* other = index < words->n_keys ? NULL : take_string(in);
        const char* signature = words->signatures[(uint8_t) (take_byte(in) - 'a') % words->n_signatures];

        check(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        check(sd_bus_message_append_basic(m, 's', other ? other : words->keys[index]) >= 0);
        check(sd_bus_message_open_container(m, 'v', signature) >= 0);
        append_value(m, signature, in);
        check(sd_bus_message_close_container(m) >= 0);
        check(sd_bus_message_close_container(m) >= 0);
}

/* A sealed message with a dictionary, from all of the input. */
static inline sd_bus_message* make_message(sd_bus* bus, const Vocabulary* words, Input* in) {
        sd_bus_message* m = NULL;

        check(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        check(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (unsigned i = 0; i < ENTRIES_MAX && in->size > 0; i++)
                append_entry(m, words, in);
        check(sd_bus_message_close_container(m) >= 0);
        check(sd_bus_message_seal(m, 1, 0) >= 0);
        check(sd_bus_message_rewind(m, true) >= 0);
        return m;
}
