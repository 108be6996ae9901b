/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* All profiles that there are: vendor's and site's, by the rules of config/search-path.h. */

#include "config/seccomp-profile.h"

/* More than anybody has roles. */
#define SECCOMP_PROFILES_MAX 256U

/* The profile that is none, and needs no file. */
#define SECCOMP_NONE "none"

typedef struct SeccompProfiles {
        SeccompProfile** items;
        size_t n, allocated;
} SeccompProfiles;

/* Those of the directories, as search_path_directories() gives them. What is wrong with a file, also that it cannot be
 * read, is a diagnostic and a problem of the profile, and of nothing else. Reads files and may block: for a thread. */
void seccomp_profiles_load(SeccompProfiles* profiles, char* const* directories, Diagnostics* d);
void seccomp_profiles_done(SeccompProfiles* profiles);

/* Finds the profile of this name: NULL in *ret for SECCOMP_NONE. -EINVAL with an allocated reason if there is none, or
 * none that can be used. */
int seccomp_profiles_find(const SeccompProfiles* profiles, const char* name, const SeccompProfile** ret, char** ret_why);
