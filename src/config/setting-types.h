/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Types of values in supervisor.conf: how a value is read into its place, copied and released. Internal to
 * settings.c and its table of keys. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SettingType SettingType;

typedef struct SettingKey {
        const char* name;
        const SettingType* type;
        size_t offset;             /* in the struct of its group */
        const char* default_value; /* as the file would write it; NULL: not set */
        uint64_t min, max;         /* of numbers, in the unit of the struct */
} SettingKey;

struct SettingType {
        size_t size;
        bool unset_is_max; /* not set is all ones, else all zeros */

        /* Reads the value into the place; a list is added to, everything else replaced. NULL when it could, else why
         * not, for a sentence that begins with "Key= "; allocated, and the place is as it was. */
        char* (*parse)(const SettingKey* key, const char* value, void* at);
        void (*copy)(void* to, const void* from); /* NULL: the bytes are the value */
        void (*clear)(void* at);                  /* releases what the place owns; NULL: nothing */
};

extern const SettingType setting_bool;         /* bool */
extern const SettingType setting_count;        /* uint64_t; with max == UINT64_MAX also "infinity" */
extern const SettingType setting_limit;        /* the same, not set is UINT64_MAX */
extern const SettingType setting_size;         /* uint64_t bytes; "infinity" as above */
extern const SettingType setting_memory;       /* the same, also as a percentage of the machine's memory */
extern const SettingType setting_span;         /* usec_t; "infinity" as above */
extern const SettingType setting_cpu_quota;    /* uint64_t µs a second */
extern const SettingType setting_mode;         /* unsigned */
extern const SettingType setting_nice;         /* OptionalInt */
extern const SettingType setting_oom_score;    /* OptionalInt */
extern const SettingType setting_log_level;    /* int */
extern const SettingType setting_restart;      /* RestartPolicy */
extern const SettingType setting_backend;      /* ZeekBackend */
extern const SettingType setting_pf_ring_type; /* PfRingClusterType */
extern const SettingType setting_exit_reasons; /* ExitReasonSet, a list */
extern const SettingType setting_capabilities; /* uint64_t, a list */

extern const SettingType setting_account;     /* char*, a user or group */
extern const SettingType setting_profile;     /* char*, a seccomp profile */
extern const SettingType setting_path;        /* char*, absolute */
extern const SettingType setting_path_list;   /* char*, with ':' between */
extern const SettingType setting_affix;       /* char*, of a name */
extern const SettingType setting_cpus;        /* char*, a list */
extern const SettingType setting_scripts;     /* char**, a list */
extern const SettingType setting_arguments;   /* char**, a list */
extern const SettingType setting_environment; /* char**, a list */

/* What NULL means: puts the key's place into the state "not set", releasing nothing. */
void setting_unset(const SettingKey* key, void* at);
