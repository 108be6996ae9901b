/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Journal entries about nodes that wait for a full journal, oldest first, in a file: who kills the daemon leaves them to
 * the next one. The file is there while something waits, and only then. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

/* Beyond these nothing is taken. */
#define EVENT_QUEUE_MAX 1024U
#define EVENT_QUEUE_BYTES_MAX (1024U * 1024)

typedef struct EventQueue EventQueue;

/* With what an earlier daemon has left in the file, if there is one. A path of NULL is a file that ends with us. -errno:
 * what is there cannot be used. */
int event_queue_new(const char* path, EventQueue** ret);
/* What waits stays in the file. */
EventQueue* event_queue_free(EventQueue* q);
DEFINE_CLEANUP(EventQueue*, event_queue_free)

bool event_queue_is_empty(const EventQueue* q);

/* -ENOBUFS: there are too many already. Any other -errno: the file cannot be written. */
int event_queue_append(EventQueue* q, const void* data, size_t size);

/* The oldest one: valid until the queue is touched again. False: there is none. */
bool event_queue_first(EventQueue* q, const void** ret_data, size_t* ret_size);
void event_queue_drop_first(EventQueue* q);
