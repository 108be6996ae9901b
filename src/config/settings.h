/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* supervisor.conf: what an administrator decides (supervisor.conf(5), design section 5).
 *
 * The file and its drop-ins are read one after the other; a later assignment overrides an earlier one, and one to a
 * list adds to it. [Node] speaks for all nodes; the sections of the roles speak for theirs and always win over
 * [Node], wherever they stand. An empty value takes back what was assigned to this key in this section so far. What
 * nobody assigned has the default of the table in setting-keys.c, which conf/supervisor.conf.in shows.
 *
 * Nothing in these files can keep a daemon from starting: what makes no sense is left out, with a diagnostic. */

#include <stdbool.h>
#include <sys/types.h>

#include "config/diagnostics.h"
#include "core/exit-reason.h"
#include "core/node-spec.h"
#include "util/usec.h"

/* More processes than any machine runs Zeek with, and as many as a cluster table may have. */
#define MAX_NODES_MAX 4096U

/* A crash loop at full speed would cost the service manager more than the node. */
#define RESTART_DELAY_USEC_MIN (1 * USEC_PER_MSEC)

#define LINE_MAX_MIN 64U
#define LINE_MAX_MAX (1024U * 1024U)

typedef enum ZeekBackend {
        ZEEK_BACKEND_AUTO, /* what this version of Zeek needs for a cluster */
        ZEEK_BACKEND_NONE, /* no backend script; the operator's scripts choose */
        ZEEK_BACKEND_ZEROMQ,
        ZEEK_BACKEND_BROKER,
        _ZEEK_BACKEND_MAX,
        _ZEEK_BACKEND_INVALID = -EINVAL,
} ZeekBackend;

DECLARE_ENUM_TABLE(zeek_backend, ZeekBackend);

/* Which fields of a packet decide who of those that share an interface by PF_RING gets it. */
typedef enum PfRingClusterType {
        PF_RING_2_TUPLE,
        PF_RING_4_TUPLE,
        PF_RING_5_TUPLE,
        PF_RING_TCP_5_TUPLE,
        PF_RING_6_TUPLE,
        PF_RING_INNER_2_TUPLE,
        PF_RING_INNER_4_TUPLE,
        PF_RING_INNER_5_TUPLE,
        PF_RING_INNER_TCP_5_TUPLE,
        PF_RING_INNER_6_TUPLE,
        _PF_RING_CLUSTER_TYPE_MAX,
        _PF_RING_CLUSTER_TYPE_INVALID = -EINVAL,
} PfRingClusterType;

DECLARE_ENUM_TABLE(pf_ring_cluster_type, PfRingClusterType);

typedef struct OptionalInt {
        bool set;
        int value;
} OptionalInt;

typedef struct SupervisorSettings {
        uint64_t max_nodes;
        uint64_t nodes_per_slice; /* 0: all of a role in one */
        int log_level; /* LOG_* of syslog(3) */
        usec_t adopt_timeout_usec;
} SupervisorSettings;

typedef struct ZeekSettings {
        char* binary; /* absolute; NULL: look for it */
        char** scripts;
        ZeekBackend backend;
        char* script_path; /* in the form of ZEEKPATH; NULL: the binary's own */
        char** arguments;
        char** environment; /* NAME=value, each name once */
} ZeekSettings;

/* Of zeekctl.cfg what node.cfg needs, under the same names. */
typedef struct ZeekControlSettings {
        uint64_t zeek_port;    /* the first one that is given to a node */
        uint64_t metrics_port; /* the same; 0: none are given */
        uint64_t pf_ring_cluster_id; /* 0: nothing is done for PF_RING */
        PfRingClusterType pf_ring_cluster_type;
        uint64_t pf_ring_first_app_instance;
        char* interface_prefix; /* for lb_method=custom; NULL: none */
        char* interface_suffix;
} ZeekControlSettings;

/* Of the helper that takes rotated logs out of the queue. */
typedef struct ArchiverSettings {
        bool archive;
        char* binary;              /* NULL: zeek-archiver beside zeek, if it is there */
        char** arguments;          /* before the two directories */
        char* log_queue_directory; /* NULL: below the state directory */
        char* log_directory;       /* NULL: where the system's logs are */
} ArchiverSettings;

/* For the nodes of one role. Where a number limits something, UINT64_MAX is "not set" and "infinity". */
typedef struct NodeSettings {
        char* user;  /* name or number */
        char* group; /* NULL: the user's own */
        RestartPolicy restart;
        usec_t restart_delay_usec;
        usec_t restart_delay_max_usec;
        usec_t restart_reset_usec;
        uint64_t restart_attempts; /* 0: no limit; at most UINT32_MAX */
        ExitReasonSet restart_prevent_exit_status;
        usec_t stop_timeout_usec;
        usec_t ready_timeout_usec;
        uint64_t memory_max; /* bytes */
        uint64_t memory_high;
        uint64_t memory_swap_max;
        uint64_t tasks_max;
        uint64_t cpu_quota_per_sec_usec;
        uint64_t cpu_weight;
        uint64_t io_weight;
        char* allowed_cpus; /* for parse_cpu_set(); NULL: all */
        OptionalInt nice;
        OptionalInt oom_score_adjust;
        uint64_t limit_nofile; /* soft and hard */
        uint64_t limit_core;   /* bytes; soft and hard */
        unsigned umask;
        uint64_t ambient_capabilities; /* bit n: capability n */
        char* seccomp;                 /* name of a profile, or "none" */
        bool truncate_output_files;
        uint64_t line_max;                   /* bytes */
        usec_t log_rate_limit_interval_usec; /* 0: no limit */
        uint64_t log_rate_limit_burst;       /* lines in one interval; at least 1 */
} NodeSettings;

/* Immutable. */
typedef struct Settings {
        SupervisorSettings supervisor;
        ZeekSettings zeek;
        ZeekControlSettings zeek_control;
        ArchiverSettings archiver;
        NodeSettings roles[_ROLE_MAX];
} Settings;

/* supervisor.conf and supervisor.conf.d/ of the directories, as search_path_directories() gives them. Always
 * succeeds; d gets what was wrong. Reads files and may block: call it before READY=1 or from a worker thread. */
Settings* settings_load(char* const* directories, Diagnostics* d);

/* The same from one text in memory, called `file` in diagnostics. */
Settings* settings_parse(const char* file, const char* text, size_t size, Diagnostics* d);

Settings* settings_free(Settings* settings);
DEFINE_CLEANUP(Settings*, settings_free)
#define _cleanup_settings_ _cleanup_(settings_freep)
