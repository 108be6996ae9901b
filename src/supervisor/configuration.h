/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files say, together with what has to be found out about the machine for it: the zeek binary, its version
 * and script path, the accounts that nodes run as. Immutable; a reload makes a new one.
 *
 * Reading it may take long (a slow disk, a directory service behind getpwnam(3), a zeek that hangs), so files and
 * accounts are read in a thread and the binary is asked by the stem; the loop never waits. */

#include <sys/types.h>

#include "config/seccomp-profiles.h"
#include "config/settings.h"
#include "core/node.h"
#include "supervisor/node-file.h"
#include "supervisor/places.h"
#include "supervisor/stem-client.h"
#include "zeek/binary.h"
#include "zeek/version.h"

/* Who programs of hooks run as (units/zeek-supervisor.sysusers.in). */
#define HOOK_USER "zeek-hook"

typedef struct Account {
        char* problem; /* why there is no such account; NULL: there is one */
        uid_t uid;
        gid_t gid;
        char* name;
        char* home;
        char* shell;
} Account;

typedef struct Configuration {
        Settings* settings;
        SeccompProfiles profiles;
        Diagnostics warnings;
        NodeFile node_file;
        Account accounts[_ROLE_MAX];
        Account hook_account; /* of the programs of hooks */
        char* binary;           /* what nodes run; NULL: there is none, because of */
        char* binary_problem;
        char* binary_directory; /* where it really lies */
        ZeekBinaryStamp stamp;  /* of the binary when it was asked for the following */
        ZeekVersion version;
        char* archiver;         /* the program; NULL: there is none */
        char* zeek_path;        /* what `zeek-config --zeekpath` printed; NULL: not known */
        bool version_unanswered, zeek_path_unanswered; /* asked for, in vain */
} Configuration;

Configuration* configuration_free(Configuration* c);
DEFINE_CLEANUP(Configuration*, configuration_free)

/* Files and accounts only, node.cfg without its hosts; blocks. For the thread and for --check-config. */
Configuration* configuration_read_files(bool user_mode);

/* The same binary was there before, and what it did not answer this time is taken to be as it was: it may be in the middle
 * of an upgrade, and of a zeek of which nothing is known all nodes would be started anew. */
void configuration_inherit(Configuration* c, const Configuration* former);

/* Why it cannot be taken instead of another one: a file that cannot be read, errors in node.cfg. Allocated; NULL: it can. */
char* configuration_problem(const Configuration* c);

/* The name of the profile of system calls that a node lives under. */
const char* configuration_seccomp(const Configuration* c, const NodeSpec* spec);

/* How a node of this configuration is treated. */
NodePolicy configuration_policy(const Configuration* c, const NodeSpec* spec);

typedef struct ConfigurationLoader ConfigurationLoader;

/* Reads everything and calls back once with a new configuration, which the callback owns. */
typedef void (*configuration_loaded_t)(Configuration* c, void* userdata);

int configuration_loader_new(sd_event* event, StemClient* stem, bool user_mode, configuration_loaded_t callback,
                             void* userdata, ConfigurationLoader** ret);
ConfigurationLoader* configuration_loader_free(ConfigurationLoader* l);
/* Begins to read. While it is reading this makes it read once more afterwards, and the callback comes once for both:
 * with what was read last. */
int configuration_loader_start(ConfigurationLoader* l);
/* Looks, in the thread, whether the binary is still the one that was asked; if not, asks it anew, and puts the answers into
 * this configuration. Then, from the loop, refreshed() is called. -EBUSY: a configuration is being read, and that will be the
 * answer. */
typedef void (*configuration_refreshed_t)(bool changed, void* userdata);
int configuration_loader_refresh(ConfigurationLoader* l, Configuration* c, configuration_refreshed_t refreshed);
/* Goes on now, if the thread is through, rather than in a later turn of the loop. */
void configuration_loader_poll(ConfigurationLoader* l);
/* The line to the stem is up again: asks anew what it was asked in vain. True: a configuration is being read. */
bool configuration_loader_resume(ConfigurationLoader* l);
