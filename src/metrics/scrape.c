/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/scrape.h"
#include "util/alloc.h"
#include "util/log.h"
#include "util/usec.h"
#include "wire/names.h"

#define TIMEOUT_USEC (5 * USEC_PER_SEC)

/* The supervisor has far fewer; what is beyond is left out. */
#define LABELS_MAX 16U

int scrape_start(sd_bus* bus, sd_bus_slot** ret_slot, sd_bus_message_handler_t done, void* userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, SUPERVISOR_BUS_NAME, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "Metrics");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, false);
        if (r >= 0)
                r = sd_bus_call_async(bus, ret_slot, call, done, userdata, TIMEOUT_USEC);
        return r;
}

static int write_sample(sd_bus_message* m, Exposition* e) {
        Label labels[LABELS_MAX];
        const char* suffix;
        size_t n = 0;
        double value;
        int r;

        r = sd_bus_message_read_basic(m, 's', &suffix);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{ss}");
        if (r < 0)
                return r;
        while (n < LABELS_MAX && (r = sd_bus_message_read(m, "{ss}", &labels[n].name, &labels[n].value)) > 0)
                n++;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_read_basic(m, 'd', &value);
        if (r >= 0)
                exposition_sample(e, suffix, labels, n, value);
        return r;
}

static int write_family(sd_bus_message* m, Exposition* e) {
        const char *name, *type, *unit, *help;
        int r;

        r = sd_bus_message_read(m, "ssss", &name, &type, &unit, &help);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(sa{ss}d)");
        if (r < 0)
                return r;

        exposition_family(e, name, type, unit, help);
        while ((r = sd_bus_message_enter_container(m, 'r', "sa{ss}d")) > 0) {
                r = write_sample(m, e);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int write_families(sd_bus_message* m, Exposition* e) {
        int r;

        r = sd_bus_message_rewind(m, true);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(ssssa(sa{ss}d))");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(m, 'r', "ssssa(sa{ss}d)")) > 0) {
                r = write_family(m, e);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

void scrape_write(sd_bus_message* reply, Exposition* e) {
        bool up = sd_bus_message_is_method_error(reply, NULL) == 0;
        int r;

        exposition_family(e, "zeek_supervisor_up", "gauge", "", "Whether the supervisor answers.");
        exposition_sample(e, "", NULL, 0, up);
        if (up) {
                r = write_families(reply, e);
                if (r < 0)
                        (void) log_warning_errno(r, "Failed to read what the supervisor counts: %m");
        }
        exposition_end(e);
}
