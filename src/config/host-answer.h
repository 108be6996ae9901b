/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What has to be found out about the hosts that a file names: their addresses, and which of them is this machine. The
 * program zeek-hosts finds it out for a daemon that has no network, and prints one line for each name that it was given,
 * in their order:
 *
 *   ours ADDRESS
 *   other ADDRESS
 *   unknown why */

#include <stdbool.h>
#include <stddef.h>

/* So many lines fit into what the stem hands on of a program's output. */
#define HOSTS_MAX 1024U
#define HOST_ANSWER_BYTES_MAX 63U

typedef struct HostAnswer {
        char* address; /* IPv4 or IPv6, without a zone; NULL: not known, because of */
        char* problem;
        bool ours;
} HostAnswer;

/* Of n of them, as xcalloc() made the array. */
HostAnswer* host_answers_free(HostAnswer* answers, size_t n);

/* A line without its end. */
char* host_answer_to_string(const HostAnswer* answer);

/* Exactly n lines. -EBADMSG for anything else; nothing of it is taken on trust. */
int host_answers_parse(const char* text, size_t n, HostAnswer** ret);

/* Finds it out, for all names at once. An IPv4 address is preferred, as ZeekControl does it. Blocks, for as long as name
 * servers take. */
HostAnswer* host_answers_look_up(char* const* names, size_t n);
