/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Answers about all nodes (Status ""). One is made at a time, a few nodes in each turn that it has with the outputs of nodes
 * (output-hub.h), so that however many nodes there are nobody else waits for it. Each node is told as it is when its turn
 * comes.
 *
 * A cluster of a thousand nodes has a thousand entries in each of a thousand tables, more than a message can hold. Beyond
 * STATUS_ENDPOINTS_MAX of them in all, the tables are left out. */

#include <systemd/sd-bus.h>

typedef struct Supervisor Supervisor;
typedef struct StatusAnswers StatusAnswers;

/* Entries of cluster tables in one answer: some four MiB of them. */
#define STATUS_ENDPOINTS_MAX 32768U
/* Calls that wait for their answer. */
#define STATUS_CALLS_PER_SENDER_MAX 64U
#define STATUS_CALLS_MAX 1024U

StatusAnswers* status_answers_new(Supervisor* s);
/* What waits gets no answer. */
StatusAnswers* status_answers_free(StatusAnswers* a);

/* Answers the call later. LimitsExceeded. */
int status_answers_add(StatusAnswers* a, sd_bus_message* call, sd_bus_error* error);
