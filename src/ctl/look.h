/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What is known of a node, as it looks: states by colour and dot, figures in their units. The status is the daemon's
 * (org.zeek.Supervisor(5)) as JSON, and any part of it may be missing or not what it should be. */

#include <jansson.h>

#include "ctl/terminal.h"
#include "util/alloc.h"

/* For a word that is no state too, from a daemon that is newer. */
Style state_style(const char* state);
const char* state_dot(const char* state, bool utf8);

/* A member of a status. "" and 0 and -1 for what is not there. */
const char* status_text(const json_t* status, const char* key);
uint64_t status_number(const json_t* status, const char* key);
bool status_has(const json_t* status, const char* key);

/* For a cell of a table; NULL when it is not known. Allocated. */
char* status_bytes(const json_t* status, const char* key);
char* status_cpu(const json_t* status);
char* status_count(const json_t* status, const char* key);

/* Does it have a main process? Else the pid of a status is that of the last one, or of none yet. */
bool status_lives(const json_t* status);
/* That process, for a cell of a table; NULL when there is none. Allocated. */
char* status_pid(const json_t* status);

/* "exited with status 3", …, of the last end; NULL when there was none. Allocated. */
char* status_exit(const json_t* status);

/* What it reads: "eth0", "/pcaps/a.pcap"; NULL when it is nothing. Points into status. */
const char* status_input(const json_t* status);
