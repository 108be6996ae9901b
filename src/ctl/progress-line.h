/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* progress.h's line, kept up to date at the bottom of a terminal: from the signals of the nodes it knows how far they
 * are. It shows up only when things take longer than a moment. */

#include <systemd/sd-event.h>

#include "ctl/ctl.h"

typedef struct ProgressLine ProgressLine;

/* Is there somebody to show it to? */
bool progress_line_is_wanted(const Ctl* ctl);

/* Makes it, and has the event loop of the bus draw it. The words stay the caller's. On failure it has been said why. */
Outcome progress_line_new(Ctl* ctl, sd_event* event, const char* doing, const char* settled, ProgressLine** ret);
ProgressLine* progress_line_free(ProgressLine* p);

/* A node that one waits for; "" is all that there are, which count as settled when they are in the state for it. */
void progress_line_add(ProgressLine* p, const char* name);
/* Its call was answered. */
void progress_line_settle(ProgressLine* p, const char* name);

/* Not before something happens to one of the nodes: until then the terminal may be needed for a password. */
void progress_line_hold(ProgressLine* p);

/* Away with it, for something else to be said; it comes back by itself. NULL: nothing. */
void progress_line_hide(ProgressLine* p);
