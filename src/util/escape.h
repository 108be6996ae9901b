/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The escapings that names and bytes from outside need before they go somewhere else. */

#include <stdbool.h>
#include <stddef.h>

/* As `systemd-escape`: what a unit name cannot hold, and '-', becomes \xNN (systemd.unit(5)). */
char* unit_name_escape(const char* s);
/* The other way, but for '/', which no name of ours holds; NULL for what is no escaped name. */
char* unit_name_unescape(const char* s);

/* Bytes that a D-Bus string or a terminal cannot hold as they are (control characters, C1 too, but tab; invalid UTF-8)
 * become \xNN. At most max_bytes of output, never cut within a character or an escape. */
char* escape_bytes(const void* data, size_t size, size_t max_bytes);

/* The length of the valid UTF-8 sequence at data, or 0. */
size_t utf8_sequence_length(const void* data, size_t size);
bool utf8_is_valid(const char* s);

/* No control character (C0, DEL, C1) in it, so that it fits on one line of any file and moves no cursor. */
bool string_has_no_control(const char* s);
