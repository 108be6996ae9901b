/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One run of zsupctl: what was asked, whom it talks to, and how it says things.
 *
 * What is asked for goes to stdout, everything else to stderr. Nothing from elsewhere gets to a terminal uncleaned
 * (text.h). */

#include <jansson.h>
#include <systemd/sd-bus.h>

#include "ctl/options.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/verb.h"

struct Ctl {
        Options options;
        sd_bus* bus; /* NULL until ctl_connect() */
        Terminal terminal; /* what stdout was before there was a pager */

        pid_t pager, polkit_agent; /* 0: none */
        unsigned advice_given;     /* bits 1 << Advice: each is given once */
};

/* Opens the bus that was asked for, unless it is open. OUTCOME_DONE, or it has said why not. */
Outcome ctl_connect(Ctl* ctl);

/* Calls the supervisor and waits. On failure it has been said that one "Failed to DO". *ret is the caller's. */
Outcome ctl_call(Ctl* ctl, sd_bus_message* m, const char* do_what, sd_bus_message** ret);
/* A call of the manager's interface, not sent yet, that polkit may ask the user about. NULL when memory is out. */
sd_bus_message* ctl_new_call(Ctl* ctl, const char* path, const char* interface, const char* member);

/* On stderr, "Failed to DO: WHY", and the way out, once. The outcome that it makes. */
Outcome ctl_failed(Ctl* ctl, const sd_bus_error* error, const char* do_what);
/* On stderr, cleaned. */
void ctl_say(const char* format, ...) _printf_(1, 2);
/* On stdout, cleaned, unless --quiet or --json. */
void ctl_tell(const Ctl* ctl, const char* format, ...) _printf_(2, 3);

/* How wide lines on stdout may be; 0: however wide they get. */
size_t ctl_columns(const Ctl* ctl);

/* Through the pager, as wide as there is room; nothing for a table without rows. */
void ctl_print_table(Ctl* ctl, const Table* table);

/* Prints in the form of --json; takes the reference. */
void ctl_print_json(Ctl* ctl, json_t* json);

/* Has polkit ask on this terminal, if it will have to ask there. Was an agent started for it? */
bool ctl_open_polkit_agent(Ctl* ctl);

/* From here on stdout goes through a pager, if there is one and one is wanted. */
void ctl_open_pager(Ctl* ctl);

void ctl_done(Ctl* ctl);
