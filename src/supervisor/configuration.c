/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/search-path.h"
#include "supervisor/configuration.h"
#include "util/parse.h"
#include "util/strv.h"
#include "zeek/binary.h"

/* Records of the user database; sysconf(3) may have no opinion. */
#define ACCOUNT_BUFFER_SIZE 65536U

static void account_done(Account* a) {
        free(a->problem);
        free(a->name);
        free(a->home);
        free(a->shell);
        *a = (Account) {};
}

static int find_passwd(const char* name, struct passwd* buffer, char* strings, struct passwd** ret) {
        uint64_t uid;
        int r;

        if (!name)
                r = getpwuid_r(getuid(), buffer, strings, ACCOUNT_BUFFER_SIZE, ret);
        else if (parse_u64(name, &uid) >= 0 && uid < UINT32_MAX)
                r = getpwuid_r((uid_t) uid, buffer, strings, ACCOUNT_BUFFER_SIZE, ret);
        else
                r = getpwnam_r(name, buffer, strings, ACCOUNT_BUFFER_SIZE, ret);
        return -r;
}

static int find_gid(const char* name, gid_t* ret) {
        _cleanup_free_ char* strings = xcalloc(ACCOUNT_BUFFER_SIZE, 1);
        struct group buffer, *group = NULL;
        uint64_t gid;
        int r;

        if (parse_u64(name, &gid) >= 0 && gid < UINT32_MAX) {
                *ret = (gid_t) gid;
                return 0;
        }
        r = -getgrnam_r(name, &buffer, strings, ACCOUNT_BUFFER_SIZE, &group);
        if (r < 0)
                return r;
        if (!group)
                return -ESRCH;
        *ret = group->gr_gid;
        return 0;
}

/* In user mode: who we are, whatever the settings say. */
static void account_find(Account* a, const char* user, const char* group, bool user_mode) {
        _cleanup_free_ char* strings = xcalloc(ACCOUNT_BUFFER_SIZE, 1);
        const char* name = user_mode ? NULL : user;
        struct passwd buffer, *passwd = NULL;
        int r = find_passwd(name, &buffer, strings, &passwd);

        if (r < 0 || !passwd) {
                a->problem = xasprintf("look up user %s: %s", name ? name : "of this session",
                                       r < 0 ? strerror(-r) : "there is no such user (systemd-sysusers makes it)");
                return;
        }
        a->uid = passwd->pw_uid;
        a->gid = passwd->pw_gid;
        a->name = xstrdup(passwd->pw_name);
        a->home = xstrdup(passwd->pw_dir);
        a->shell = xstrdup(passwd->pw_shell);

        if (!user_mode && group && find_gid(group, &a->gid) < 0)
                a->problem = xasprintf("look up group %s: there is no such group", group);
}

static void find_binary(Configuration* c) {
        const char* configured = c->settings->zeek.binary;
        int r = zeek_binary_find(configured, getenv("PATH"), &c->binary);

        if (r < 0)
                c->binary_problem =
                        configured ? xasprintf("find program %s: %s", configured, strerror(-r)) :
                                     xstrdup("find program zeek: it is neither in PATH nor in the usual places; "
                                             "Binary= in supervisor.conf says where it is");
        else {
                c->binary_directory = zeek_binary_directory(c->binary);
                c->stamp = zeek_binary_stamp(c->binary);
        }
}

/* Beside zeek there may be none, and that is all right; not so where the administrator says that there is. */
static void find_archiver(Configuration* c) {
        const char* configured = c->settings->archiver.binary;
        _cleanup_free_ char* path = NULL;

        if (configured)
                path = xstrdup(configured);
        else if (c->binary_directory)
                path = xasprintf("%s/zeek-archiver", c->binary_directory);
        if (configured || (path && access(path, X_OK) >= 0))
                c->archiver = take_ptr(path);
}

Configuration* configuration_read_files(bool user_mode) {
        char** directories = search_path_directories(user_mode);
        Configuration* c = xnew0(Configuration);

        c->settings = settings_load(directories, &c->warnings);
        seccomp_profiles_load(&c->profiles, directories, &c->warnings);
        for (Role role = 0; role < _ROLE_MAX; role++)
                account_find(&c->accounts[role], c->settings->roles[role].user, c->settings->roles[role].group, user_mode);
        account_find(&c->hook_account, HOOK_USER, NULL, user_mode);
        find_binary(c);
        find_archiver(c);
        node_file_read(&c->node_file, user_mode, &c->settings->zeek_control, &c->warnings);

        strv_free(directories);
        return c;
}

Configuration* configuration_free(Configuration* c) {
        if (!c)
                return NULL;

        for (Role role = 0; role < _ROLE_MAX; role++)
                account_done(&c->accounts[role]);
        account_done(&c->hook_account);
        diagnostics_done(&c->warnings);
        node_file_done(&c->node_file);
        seccomp_profiles_done(&c->profiles);
        settings_free(c->settings);
        free(c->binary);
        free(c->binary_problem);
        free(c->binary_directory);
        free(c->archiver);
        free(c->zeek_path);
        free(c);
        return NULL;
}

void configuration_inherit(Configuration* c, const Configuration* former) {
        if (!c->binary || !former->binary || strcmp(c->binary, former->binary) != 0)
                return;

        if (c->version_unanswered)
                c->version = former->version;
        if (c->version_unanswered || c->zeek_path_unanswered)
                free_and_replace(c->zeek_path, xstrdup_or_null(former->zeek_path));
}

char* configuration_problem(const Configuration* c) {
        return c->warnings.unread ? xstrdup(c->warnings.unread) : node_file_problem(&c->node_file);
}

const char* configuration_seccomp(const Configuration* c, const NodeSpec* spec) {
        return spec->seccomp ? spec->seccomp : c->settings->roles[spec->role].seccomp;
}

NodePolicy configuration_policy(const Configuration* c, const NodeSpec* spec) {
        const NodeSettings* settings = &c->settings->roles[spec->role];

        return (NodePolicy) {
                .restart = node_spec_has(spec, "restart") ? spec->restart : settings->restart,
                .backoff = {
                        .delay = settings->restart_delay_usec,
                        .delay_max = settings->restart_delay_max_usec,
                        .reset_after = settings->restart_reset_usec,
                        .attempts_max = (unsigned) settings->restart_attempts,
                },
                .prevent_restart = settings->restart_prevent_exit_status,
                .stop_timeout = node_spec_has(spec, "stop_timeout_usec") ? spec->stop_timeout_usec :
                                                                           settings->stop_timeout_usec,
        };
}
