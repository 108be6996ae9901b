/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/polkit-agent.h"
#include "ctl/text.h"
#include "util/strv.h"
#include "wire/names.h"

#define JSON_INDENT_COLUMNS 2

static _printf_(1, 0) char* clean_format(const char* format, va_list ap) {
        _cleanup_free_ char* text = xvasprintf(format, ap);

        return text_clean(text);
}

void ctl_say(const char* format, ...) {
        _cleanup_free_ char* text = NULL;
        va_list ap;

        va_start(ap, format);
        text = clean_format(format, ap);
        va_end(ap);
        fflush(stdout); /* in the order in which it was said */
        fprintf(stderr, "%s\n", text);
}

void ctl_tell(const Ctl* ctl, const char* format, ...) {
        _cleanup_free_ char* text = NULL;
        va_list ap;

        if (ctl->options.quiet || ctl->options.json != JSON_MODE_OFF)
                return;
        va_start(ap, format);
        text = clean_format(format, ap);
        va_end(ap);
        printf("%s\n", text);
}

/* ---- the bus ---- */

static int open_bus(const Options* o, sd_bus** ret) {
        switch (o->transport) {
        case TRANSPORT_LOCAL:
                return o->user ? sd_bus_open_user(ret) : sd_bus_open_system(ret);
        case TRANSPORT_REMOTE:
                return sd_bus_open_system_remote(ret, o->host);
        case TRANSPORT_MACHINE:
                return o->user ? sd_bus_open_user_machine(ret, o->host) : sd_bus_open_system_machine(ret, o->host);
        }
        return -EINVAL;
}

Outcome ctl_connect(Ctl* ctl) {
        const Options* o = &ctl->options;
        _cleanup_free_ char* advice = NULL;
        int r;

        if (ctl->bus)
                return OUTCOME_DONE;
        r = open_bus(o, &ctl->bus);
        if (r >= 0)
                return OUTCOME_DONE;
        if (o->names)
                return OUTCOME_UNREACHABLE; /* for completion, which nobody reads errors of */

        ctl_say("Failed to connect to the bus: %s", strerror(-r));
        advice = failure_to_connect(r, o);
        if (advice)
                ctl_say("%s", advice);
        return OUTCOME_UNREACHABLE;
}

sd_bus_message* ctl_new_call(Ctl* ctl, const char* path, const char* interface, const char* member) {
        sd_bus_message* m = NULL;

        if (sd_bus_message_new_method_call(ctl->bus, &m, SUPERVISOR_BUS_NAME, path, interface, member) < 0)
                return NULL;
        (void) sd_bus_message_set_allow_interactive_authorization(m, ctl->options.ask_password);
        return m;
}

static void advise(Ctl* ctl, const Failure* failure) {
        const Options* o = &ctl->options;
        _cleanup_free_ char* advice = failure_advice(failure, o->user, o->host);

        if (!advice && failure->outcome == OUTCOME_UNREACHABLE)
                advice = failure_to_connect(-ENOTCONN, o);
        if (!advice || ctl->advice_given & 1U << failure->outcome)
                return;
        ctl->advice_given |= 1U << failure->outcome;
        ctl_say("%s", advice);
}

/* All that is wrong with a file is one error of several lines, each of which is cleaned by itself. */
static void say_why(const char* do_what, const char* why) {
        _cleanup_strv_free_ char** lines = strv_split(why, "\n");

        if (strv_length(lines) <= 1) {
                ctl_say("Failed to %s: %s", do_what, why);
                return;
        }
        ctl_say("Failed to %s:", do_what);
        STRV_FOREACH(line, lines)
                ctl_say("%s", *line);
}

Outcome ctl_failed(Ctl* ctl, const sd_bus_error* error, const char* do_what) {
        Failure failure = failure_of(error->name);

        say_why(do_what, error->message && error->message[0] ? error->message : error->name);
        advise(ctl, &failure);
        return failure.outcome;
}

Outcome ctl_call(Ctl* ctl, sd_bus_message* m, const char* do_what, sd_bus_message** ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(ctl->bus, m, 0, &error, ret);
        if (r >= 0)
                return OUTCOME_DONE;
        if (!sd_bus_error_is_set(&error))
                (void) sd_bus_error_set_errno(&error, r);
        return ctl_failed(ctl, &error, do_what);
}

/* ---- output ---- */

size_t ctl_columns(const Ctl* ctl) {
        return ctl->terminal.is_terminal && !ctl->options.full ? ctl->terminal.columns : 0;
}

void ctl_print_table(Ctl* ctl, const Table* table) {
        TableLook look = {
                .terminal = &ctl->terminal,
                .header = ctl->options.legend,
                .columns = ctl_columns(ctl),
        };

        ctl_open_pager(ctl);
        if (table_rows(table) > 0)
                table_print(table, &look, stdout);
}

void ctl_print_json(Ctl* ctl, json_t* json) {
        bool pretty = ctl->options.json == JSON_MODE_PRETTY ||
                (ctl->options.json == JSON_MODE_AUTO && ctl->terminal.is_terminal);
        size_t flags = pretty ? JSON_INDENT(JSON_INDENT_COLUMNS) : JSON_COMPACT;

        /* JSON has the controls of ASCII escaped, but not those above it */
        if (ctl->terminal.is_terminal)
                flags |= JSON_ENSURE_ASCII;
        (void) json_dumpf(json, stdout, flags | JSON_ENCODE_ANY);
        putchar('\n');
        json_decref(json);
}

void ctl_open_pager(Ctl* ctl) {
        if (ctl->options.pager && ctl->terminal.is_terminal && ctl->pager == 0)
                ctl->pager = pager_open();
}

bool ctl_open_polkit_agent(Ctl* ctl) {
        const Options* o = &ctl->options;

        if (o->ask_password && !o->user && o->transport == TRANSPORT_LOCAL && ctl->polkit_agent == 0)
                ctl->polkit_agent = polkit_agent_open();
        return ctl->polkit_agent > 0;
}

void ctl_done(Ctl* ctl) {
        pager_close(ctl->pager);
        polkit_agent_close(ctl->polkit_agent);
        sd_bus_flush_close_unref(ctl->bus);
        options_done(&ctl->options);
}
