/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/search-path.h"
#include "config/seccomp-profiles.h"
#include "util/strv.h"

#define SUBDIRECTORY "seccomp"
#define SUFFIX ".conf"

/* The more important file counts also if it cannot be read: to fall back to another would be to confine differently from
 * what somebody wanted. */
static void load(SeccompProfiles* profiles, char* const* directories, const char* file_name, Diagnostics* d) {
        _cleanup_free_ char* name = xstrndup(file_name, strlen(file_name) - strlen(SUFFIX));
        _cleanup_free_ char* relative = xasprintf(SUBDIRECTORY "/%s", file_name);
        _cleanup_free_ char* path = search_path_find(directories, relative);

        if (!path)
                return;
        if (strcmp(name, SECCOMP_NONE) == 0) {
                diagnostics_add(d, path, 0, "The profile '%s' is the one that allows everything, and has no file", name);
                return;
        }
        if (profiles->n >= SECCOMP_PROFILES_MAX) {
                diagnostics_add(d, path, 0, "There are %u profiles already, this one is ignored", SECCOMP_PROFILES_MAX);
                return;
        }
        GROW(profiles->items, profiles->n, profiles->allocated);
        profiles->items[profiles->n++] = seccomp_profile_load(name, path, d);
}

void seccomp_profiles_load(SeccompProfiles* profiles, char* const* directories, Diagnostics* d) {
        _cleanup_diagnostics_ Diagnostics own = {};
        _cleanup_strv_free_ char** files = search_path_list(directories, SUBDIRECTORY, SUFFIX, &own);

        STRV_FOREACH(file, files)
                load(profiles, directories, strrchr(*file, '/') + 1, &own);
        /* What could not be read concerns the nodes that want it, and not the configuration as a whole. */
        for (size_t i = 0; i < own.n; i++)
                diagnostics_add_at(d, own.items[i].file, own.items[i].line, own.items[i].column, "%s", own.items[i].text);
}

void seccomp_profiles_done(SeccompProfiles* profiles) {
        for (size_t i = 0; i < profiles->n; i++)
                seccomp_profile_free(profiles->items[i]);
        free(profiles->items);
        *profiles = (SeccompProfiles) {};
}

int seccomp_profiles_find(const SeccompProfiles* profiles, const char* name, const SeccompProfile** ret, char** ret_why) {
        if (strcmp(name, SECCOMP_NONE) == 0) {
                *ret = NULL;
                return 0;
        }
        for (size_t i = 0; i < profiles->n; i++) {
                const SeccompProfile* profile = profiles->items[i];

                if (strcmp(profile->name, name) != 0)
                        continue;
                if (profile->problem) {
                        *ret_why = xstrdup(profile->problem);
                        return -EINVAL;
                }
                *ret = profile;
                return 0;
        }
        *ret_why = xasprintf("there is no profile '%s' (" SUBDIRECTORY "/%s" SUFFIX " below /etc/zeek-supervisor)", name, name);
        return -EINVAL;
}
