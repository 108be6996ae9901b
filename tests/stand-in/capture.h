/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Packets from an interface or a file, through libpcap. Never blocks: the fd of a live one can be polled, a
 * file tells when its next packet is due. */

#include <stdbool.h>
#include <stdint.h>

#include "stand-in/decode.h"
#include "util/macro.h"

typedef struct CaptureOptions {
        const char* interface;   /* one of the two */
        const char* file;        /* "-": stdin */
        const char* filter;      /* NULL: none */
        const char* output_file; /* every packet is written to it too; NULL: none */
        double pseudo_realtime;  /* speed of the file's clock; 0: no clock */
} CaptureOptions;

typedef struct Capture Capture;
/* packet is NULL for a frame that is not IP. */
typedef void (*PacketSeen)(const Packet* packet, double timestamp, void* userdata);

/* Says what is wrong on stderr, as Zeek does, and returns a negative errno. */
int capture_open(Capture** ret, const CaptureOptions* options);
Capture* capture_free(Capture* capture);
DEFINE_CLEANUP(Capture*, capture_free)

bool capture_is_live(const Capture* capture);
/* The name of the interface or the file. */
const char* capture_source(const Capture* capture);
/* To be polled for POLLIN; -EBADF for a file. */
int capture_fd(const Capture* capture);
/* For a file: when there is something to do, in µs of CLOCK_BOOTTIME; 0: now. */
uint64_t capture_next_usec(const Capture* capture);

/* Handles a batch of packets. 1: go on, 0: the file is at its end, negative errno: said on stderr. */
int capture_run(Capture* capture, PacketSeen seen, void* userdata);

void capture_statistics(Capture* capture, uint64_t* ret_received, uint64_t* ret_dropped);
