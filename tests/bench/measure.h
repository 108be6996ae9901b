/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the programs of the benchmark share: a clock, a way to print figures, and stamps, by which a program that was
 * started says that it runs. All parties start the same program (node.c), so all are measured by the same stamp. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC, which is the same for all processes. */
uint64_t now_ns(void);

/* The lines that are printed and sent, with a number of 64 bits: 100 bytes with their newline. */
#define LINE_FORMAT "%08" PRIu64 " 1700000000.000000 Reporter::WARNING the fox jumps over the lazy dog, again (script 123456)."

/* Prints a line "KEY VALUE", which bench.py reads; times are in nanoseconds. */
void report(const char* key, uint64_t value);

/* Ends the program with a message unless r is 0 or more, and returns it. */
int must(int r, const char* what);

typedef struct Stamp {
        pid_t pid;
        uint64_t at; /* now_ns() of the program itself */
} Stamp;

/* Says that the calling process runs, to whoever listens. */
void stamp_send(void);
/* Listens; stamps that were sent before are forgotten. There is one listener at a time. */
int stamps_open(void);
/* The next stamp. False: none came within some seconds. */
bool stamps_wait(int fd, Stamp* ret);
