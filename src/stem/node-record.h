/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a new stem has to be told of a node beside its descriptors, and the text in which it is.
 *
 * The text lies in a file in memory that the service manager keeps together with the descriptors. It has one KEY=value
 * a line. What a node starts with is written first, with empty lines behind it if the page is nearly full; what happens
 * to it is appended, each time with one write within one page, which no signal divides. So the file never holds half a line, and the reader takes none: an unknown key, one
 * that is given twice, a value that makes no sense or a last line without its end is an error. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stem/process.h"
#include "stem/syscall-verdicts.h"

/* Pages are the smallest that there are. */
#define NODE_RECORD_PAGE 4096U
#define NODE_RECORD_APPENDED_MAX 1024U /* all of it */
#define NODE_RECORD_SIZE_MAX (5U * NODE_RECORD_PAGE)

typedef struct NodeRecord {
        char* name;
        char* scope;
        pid_t pid;
        char* verdicts; /* on its system calls (syscall-verdicts.h); NULL: it may make all */
        uint64_t numbers[_PROCESS_FD_MAX]; /* of its descriptors (kept-fds.h); 0: there is none */

        bool launched;   /* the program runs, or ran; before, the report pipe tells */
        bool failed;     /* it never will */
        bool terminated; /* it has been sent SIGTERM by Terminate */
        bool exited;
        ProcessExit exit;
        bool released; /* nobody wants to know of it any more */
} NodeRecord;

void node_record_done(NodeRecord* record);
#define _cleanup_node_record_ _cleanup_(node_record_done)

/* The text of what it starts with, without anything that happens later. Allocated. */
char* node_record_to_string(const NodeRecord* record);

/* Those that are not 0. Allocated. */
char* node_record_fds_to_string(const uint64_t numbers[_PROCESS_FD_MAX]);

/* What is appended. */
#define NODE_RECORD_LAUNCHED "LAUNCHED=yes\n"
#define NODE_RECORD_FAILED "FAILED=yes\n"
#define NODE_RECORD_TERMINATED "TERMINATED=yes\n"
#define NODE_RECORD_RELEASED "RELEASED=yes\n"
char* node_record_exit_to_string(const ProcessExit* e);

/* -EINVAL: it is not such a text. */
int node_record_from_string(const char* text, NodeRecord* ret);
