/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Zeek's command line: the options of all series from 4.0 to 9.x, then scripts, NAME=VALUE redefs and
 * NAME::NAME plugins anywhere among them. */

#include <stdbool.h>
#include <stdio.h>

typedef struct Options {
        /* borrowed from argv; NULL: not given */
        const char* interface;
        const char* pcap_file;
        const char* pcap_output_file;
        const char* filter;
        const char* status_file;
        const char* code;
        const char* seeds_in;
        const char* seeds_out;
        const char* trace_file;
        const char* identifier;

        char** scripts;
        char** redefs;
        char** plugins;
        char** signatures;

        double pseudo_realtime; /* 0: as fast as the file can be read */
        unsigned print_plugins;
        bool parse_only;
        bool print_help;
        bool print_version;
        bool print_build_info;
} Options;

/* -EINVAL when it is no command line of Zeek's, after saying so on stderr. */
int options_parse(Options* ret, int argc, char** argv);
void options_done(Options* options);

void options_print_usage(FILE* f, const char* program, const char* version);
