/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/known-users.h"
#include "util/alloc.h"

void known_users_add(KnownUsers* known, const char* name, uid_t uid) {
        KnownUser* user = &known->users[known->next];
        uid_t present;

        if (known_users_find(known, name, &present))
                return;
        free_and_replace(user->name, xstrdup(name));
        user->uid = uid;
        known->next = (known->next + 1) % KNOWN_USERS_MAX;
}

bool known_users_find(const KnownUsers* known, const char* name, uid_t* ret) {
        for (size_t i = 0; i < KNOWN_USERS_MAX && known->users[i].name; i++)
                if (strcmp(known->users[i].name, name) == 0) {
                        *ret = known->users[i].uid;
                        return true;
                }
        return false;
}

void known_users_clear(KnownUsers* known) {
        for (size_t i = 0; i < KNOWN_USERS_MAX; i++)
                free(known->users[i].name);
        *known = (KnownUsers) {};
}
