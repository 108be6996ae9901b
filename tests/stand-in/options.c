/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "stand-in/options.h"
#include "util/strv.h"

enum {
        OPTION_PSEUDO_REALTIME = 0x100,
        OPTION_TEST,
        OPTION_IGNORED,
};

static const char short_options[] = "0:B:E:G:H:I:O:T:U:X:c:e:f:i:j::n:o:p:r:s:t:w:CDFMNPQSVWabdhmuv";

static const struct option long_options[] = {
        { "bare-mode", no_argument, NULL, 'b' },
        { "build-info", no_argument, NULL, 'V' },
        { "capture-unprocessed", required_argument, NULL, 'c' },
        { "debug", required_argument, NULL, 'B' },
        { "debug-rules", no_argument, NULL, 'S' },
        { "debug-script", no_argument, NULL, 'd' },
        { "deterministic", no_argument, NULL, 'D' },
        { "event-trace", required_argument, NULL, 'E' },
        { "exec", required_argument, NULL, 'e' },
        { "filter", required_argument, NULL, 'f' },
        { "force-dns", no_argument, NULL, 'F' },
        { "help", no_argument, NULL, 'h' },
        { "iface", required_argument, NULL, 'i' },
        { "jobs", optional_argument, NULL, 'j' },
        { "load-seeds", required_argument, NULL, 'G' },
        { "mem-leaks", no_argument, NULL, 'm' },
        { "mem-profile", no_argument, NULL, 'M' },
        { "no-checksums", no_argument, NULL, 'C' },
        { "no-unused-warnings", no_argument, NULL, OPTION_IGNORED },
        { "optimize", required_argument, NULL, 'O' },
        { "optimize-file", required_argument, NULL, '0' },
        { "optimize-files", required_argument, NULL, '0' },
        { "optimize-func", required_argument, NULL, 'o' },
        { "optimize-funcs", required_argument, NULL, 'o' },
        { "parse-only", no_argument, NULL, 'a' },
        { "prefix", required_argument, NULL, 'p' },
        { "prime-dns", no_argument, NULL, 'P' },
        { "print-id", required_argument, NULL, 'I' },
        { "print-plugins", no_argument, NULL, 'N' },
        { "profile-script-call-stacks", no_argument, NULL, OPTION_IGNORED },
        { "profile-scripts", optional_argument, NULL, OPTION_IGNORED },
        { "pseudo-realtime", optional_argument, NULL, OPTION_PSEUDO_REALTIME },
        { "re-level", required_argument, NULL, 'T' },
        { "readfile", required_argument, NULL, 'r' },
        { "rulefile", required_argument, NULL, 's' },
        { "save-seeds", required_argument, NULL, 'H' },
        { "status-file", required_argument, NULL, 'U' },
        { "test", no_argument, NULL, OPTION_TEST },
        { "time", no_argument, NULL, 'Q' },
        { "tracefile", required_argument, NULL, 't' },
        { "usage-issues", no_argument, NULL, 'u' },
        { "version", no_argument, NULL, 'v' },
        { "watchdog", no_argument, NULL, 'W' },
        { "writefile", required_argument, NULL, 'w' },
        { "zeekygen", required_argument, NULL, 'X' },
        {},
};

static int set_source(Options* options, int option, const char* value) {
        const char* complaint = NULL;

        if (option == 'i' && options->interface)
                complaint = "ERROR: Only a single interface option (-i) is allowed.";
        else if (option == 'i' && options->pcap_file)
                complaint = "ERROR: Using -i is not allowed when reading a pcap file.";
        else if (option == 'r' && options->pcap_file)
                complaint = "ERROR: Only a single readfile option (-r) is allowed.";
        else if (option == 'r' && options->interface)
                complaint = "ERROR: Using -r is not allowed when reading a live interface.";

        if (complaint) {
                (void) fprintf(stderr, "%s\n", complaint);
                return -EINVAL;
        }
        *(option == 'i' ? &options->interface : &options->pcap_file) = value;
        return 0;
}

static int set_pseudo_realtime(Options* options, const char* value) {
        char* end = NULL;

        options->pseudo_realtime = value ? strtod(value, &end) : 1;
        if ((end && *end) || !(options->pseudo_realtime > 0))
                return -EINVAL;
        return 0;
}

/* 1: not an option of this kind. */
static int set_string(Options* options, int option, const char* value) {
        const char** strings[] = {
                ['G'] = &options->seeds_in,   ['H'] = &options->seeds_out,    ['I'] = &options->identifier,
                ['U'] = &options->status_file, ['e'] = &options->code,        ['f'] = &options->filter,
                ['t'] = &options->trace_file, ['w'] = &options->pcap_output_file,
        };

        if (option < 0 || (size_t) option >= ELEMENTSOF(strings) || !strings[option])
                return 1;
        *strings[option] = value;
        return 0;
}

static int set_option(Options* options, int option, const char* value) {
        int r = set_string(options, option, value);

        if (r <= 0)
                return r;

        switch (option) {
        case 'N':
                options->print_plugins++;
                return 0;
        case 'V':
                options->print_build_info = true;
                return 0;
        case 'a':
                options->parse_only = true;
                return 0;
        case 'h':
                options->print_help = true;
                return 0;
        case 'v':
                options->print_version = true;
                return 0;
        case 'i':
        case 'r':
                return set_source(options, option, value);
        case 's':
                strv_extend(&options->signatures, value);
                return 0;
        case OPTION_PSEUDO_REALTIME:
                return set_pseudo_realtime(options, value);
        case 'j':
                (void) fprintf(stderr, "ERROR: the stand-in has no supervisor of its own.\n");
                return -EINVAL;
        case OPTION_TEST:
                (void) fprintf(stderr, "ERROR: C++ unit tests are disabled for this build.\n");
                return -EINVAL;
        case '?':
                return -EINVAL;
        default:
                /* the rest, -b and -C among it, is about analysis that is not done here, or debugging */
                return 0;
        }
}

/* A copy of argv up to the first "--": what follows is a script and its own arguments. */
static char** cut_argv(int argc, char** argv, int* ret_n, const char** ret_script) {
        char** copy = xcalloc((size_t) argc + 1, sizeof(char*));
        int n;

        for (n = 0; n < argc && (n == 0 || strcmp(argv[n], "--") != 0); n++)
                copy[n] = argv[n];

        *ret_n = n;
        *ret_script = n + 1 < argc ? argv[n + 1] : NULL;
        return copy;
}

int options_parse(Options* ret, int argc, char** argv) {
        const char* script_after_dashes = NULL;
        Options options = {};
        int n, r = 0, option;

        _cleanup_free_ char** words = cut_argv(argc, argv, &n, &script_after_dashes);

        opterr = 0;
        optind = 0;
        while (r >= 0 && (option = getopt_long(n, words, short_options, long_options, NULL)) >= 0)
                r = set_option(&options, option, optarg);
        if (r < 0) {
                options_done(&options);
                return r;
        }

        for (int i = optind; i < n; i++)
                if (strchr(words[i], '='))
                        strv_extend(&options.redefs, words[i]);
                else if (strstr(words[i], "::"))
                        strv_extend(&options.plugins, words[i]);
                else
                        strv_extend(&options.scripts, words[i]);
        if (script_after_dashes)
                strv_extend(&options.scripts, script_after_dashes);

        *ret = options;
        return 0;
}

void options_done(Options* options) {
        options->scripts = strv_free(options->scripts);
        options->redefs = strv_free(options->redefs);
        options->plugins = strv_free(options->plugins);
        options->signatures = strv_free(options->signatures);
}

void options_print_usage(FILE* f, const char* program, const char* version) {
        static const char* const lines[] = {
                "    <file>                         | Zeek script file, or read stdin",
                "    -a|--parse-only                | exit immediately after parsing scripts",
                "    -b|--bare-mode                 | don't load scripts from the base/ directory",
                "    -e|--exec <zeek code>          | augment loaded scripts by given code",
                "    -f|--filter <filter>           | tcpdump filter",
                "    -h|--help                      | command line help",
                "    -i|--iface <interface>         | read from given interface (only one allowed)",
                "    -p|--prefix <prefix>           | add given prefix to Zeek script file resolution",
                "    -r|--readfile <readfile>       | read from given tcpdump file (only one, '-' is stdin)",
                "    -s|--rulefile <rulefile>       | read rules from given file",
                "    -t|--tracefile <tracefile>     | activate execution tracing",
                "    -v|--version                   | print version and exit",
                "    -w|--writefile <writefile>     | write to given tcpdump file",
                "    -C|--no-checksums              | ignore checksums",
                "    -G|--load-seeds <file>         | load seeds from given file",
                "    -H|--save-seeds <file>         | save seeds to given file",
                "    -I|--print-id <ID name>        | print out given ID",
                "    -N|--print-plugins             | print available plugins and exit (-NN for verbose)",
                "    -Q|--time                      | print execution time summary to stderr",
                "    -U|--status-file <file>        | Record process status in file",
                "    --pseudo-realtime[=<speedup>]  | read a file in its own time (default 1)",
        };

        (void) fprintf(f, "zeek version %s\n", version);
        (void) fprintf(f, "usage: %s [options] [file ...]\n", program);
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                (void) fprintf(f, "%s\n", lines[i]);
        (void) fprintf(f, "    $ZEEKPATH                      | file search path (%s)\n",
                       getenv("ZEEKPATH") ? getenv("ZEEKPATH") : ".");
        (void) fprintf(f, "\n");
}
