/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Watches for the end of scopes.
 *
 * UnitRemoved alone proves nothing: daemon-reload sends it for every unit there is, and while the line was down it
 * was not heard at all. So a signal (also that a scope has changed), a new line, and a timer are only reasons to ask, and a scope is gone when the
 * manager says that it has no such unit, or that it is at rest without a job. As the manager answers in the order in
 * which it was asked, this also settles every earlier call about the scope. */

#include <sys/queue.h>

#include "stem/service-manager.h"
#include "util/usec.h"

typedef struct ScopeWatches ScopeWatches; /* all of them; they share a bound of questions in flight */
typedef struct ScopeWatch ScopeWatch;

/* The scope is gone. Comes once; the watch may be freed in it. out_of_memory: its processes were killed because memory
 * ran out, by the kernel or by systemd-oomd. */
typedef void (*scope_gone_t)(bool out_of_memory, void* userdata);

ScopeWatches* scope_watches_new(sd_event* event, ServiceManager* manager);
ScopeWatches* scope_watches_free(ScopeWatches* watches);
DEFINE_CLEANUP(ScopeWatches*, scope_watches_free)

ScopeWatch* scope_watch_new(ScopeWatches* watches, const char* scope, scope_gone_t gone, void* userdata);
ScopeWatch* scope_watch_free(ScopeWatch* w);

/* The scope was stopped by a job, that is by an administrator or at shutdown, and not by its processes having ended.
 * signalled: the service manager sent SIGTERM to its processes, because the scope has no controller whom it could ask to
 * end them. Comes at most once, and before gone(). The watch may not be freed in it. */
typedef void (*scope_stopped_t)(bool signalled, void* userdata);

/* Has that told too, with the userdata of gone(). */
void scope_watch_tell_stop(ScopeWatch* w, scope_stopped_t stopped);
/* The job that started it has just ended well. The manager tells of that once more, as of any change, and that is no reason
 * to ask what it was. */
void scope_watch_has_started(ScopeWatch* w);

/* Ask now: it may be gone since long. */
void scope_watch_ask(ScopeWatch* w);

/* Nothing of ours keeps the scope alive any more: ask after this time, and every now and then. A scope that is found
 * active without any process is stopped, without asking its controller: systemd waits for ever for the end of one that
 * was given a process which was dying at that moment. */
void scope_watch_expect(ScopeWatch* w, usec_t delay);

/* As scope_watch_expect(), at once, for a process that is dead and may never have had a scope: one that has processes is
 * somebody else's, and ours counts as gone. */
void scope_watch_expect_unless_used(ScopeWatch* w);
