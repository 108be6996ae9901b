/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/eventfd.h>

#include "supervisor/output-hub.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

static void hub_watch(OutputHub* hub) {
        int r = sd_event_source_set_enabled(hub->source, TAILQ_EMPTY(&hub->turns) ? SD_EVENT_OFF : SD_EVENT_ON);

        if (r < 0)
                (void) log_error_errno(r, "Failed to schedule the output of nodes: %m");
}

static int on_turn(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        OutputHub* hub = userdata;
        OutputTurn* turn = TAILQ_FIRST(&hub->turns);

        if (turn) {
                output_hub_cancel(hub, turn);
                turn->run(turn->userdata);
        }
        hub_watch(hub);
        return 0;
}

/* A file descriptor that is always readable, where a defer source seems to be made for this: among sources of one
 * priority sd-event serves the one first that has been pending longest, and a defer source has been pending since it was
 * made. Nobody else would ever have a turn. */
static int hub_add_source(OutputHub* hub) {
        int r;

        hub->always_readable_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        if (hub->always_readable_fd < 0)
                return -errno;
        r = sd_event_add_io(hub->event, &hub->source, hub->always_readable_fd, EPOLLIN, on_turn, hub);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(hub->source, "output-turns");
        return sd_event_source_set_enabled(hub->source, SD_EVENT_OFF);
}

int output_hub_new(sd_event* event, JournalWriter* journal, OutputHub** ret) {
        OutputHub* hub = xnew0(OutputHub);
        int r;

        hub->event = sd_event_ref(event);
        hub->journal = journal;
        hub->always_readable_fd = -EBADF;
        hub->hooks_generation = 1;
        TAILQ_INIT(&hub->turns);

        r = pipe_window_init(&hub->window);
        if (r >= 0)
                r = hub_add_source(hub);
        if (r < 0) {
                output_hub_free(hub);
                return r;
        }
        *ret = hub;
        return 0;
}

OutputHub* output_hub_free(OutputHub* hub) {
        if (!hub)
                return NULL;

        assert(TAILQ_EMPTY(&hub->turns));
        sd_event_source_disable_unref(hub->source);
        (void) fd_close(hub->always_readable_fd);
        pipe_window_done(&hub->window);
        sd_event_unref(hub->event);
        free(hub);
        return NULL;
}

void output_hub_set_hooks(OutputHub* hub, HookChain* hooks, HookProgram** programs) {
        hub->hooks = hooks;
        hub->programs = programs;
        if (++hub->hooks_generation == 0) /* that is no output's */
                hub->hooks_generation = 1;
}

void output_hub_queue(OutputHub* hub, OutputTurn* turn) {
        if (turn->queued)
                return;
        turn->queued = true;
        TAILQ_INSERT_TAIL(&hub->turns, turn, link);
        hub_watch(hub);
}

void output_hub_cancel(OutputHub* hub, OutputTurn* turn) {
        if (!turn->queued)
                return;
        turn->queued = false;
        TAILQ_REMOVE(&hub->turns, turn, link);
}
