/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Whose the last few connections to the bus are that have called, so that who calls again need not be asked for again.
 *
 * That stays true for as long as the bus does: the user of a connection is that of the process which opened it, and a bus
 * gives no unique name to a second one (D-Bus Specification, "Unique Connection Name"). */

#include <stdbool.h>
#include <sys/types.h>

#define KNOWN_USERS_MAX 16U

typedef struct KnownUser {
        char* name; /* the unique name of the connection; NULL: free */
        uid_t uid;
} KnownUser;

typedef struct KnownUsers {
        KnownUser users[KNOWN_USERS_MAX];
        unsigned next; /* the place of the one that is forgotten for another */
} KnownUsers;

void known_users_add(KnownUsers* known, const char* name, uid_t uid);
bool known_users_find(const KnownUsers* known, const char* name, uid_t* ret);
/* It is another bus. */
void known_users_clear(KnownUsers* known);
