/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/epoll.h>

#include "stem/spare-child.h"
#include "util/alloc.h"
#include "util/log.h"

struct SpareChild {
        const SpawnSettings* settings;
        Process process; /* its pid is 0 when there is none */
        sd_event* event;
        sd_event_source* maker; /* enabled while one is wanted */
        sd_event_source* exit_source;
};

static bool is_there(const SpareChild* spare) {
        return spare->process.pid > 0;
}

/* Somebody has killed it. Not made again at once: whoever kills each would keep us busy. */
static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        SpareChild* spare = userdata;

        spare->exit_source = sd_event_source_disable_unref(spare->exit_source);
        process_release(&spare->process);
        return 0;
}

/* Without one the next launch takes longer, and that is all. */
static int on_idle(sd_event_source* s, void* userdata) {
        SpareChild* spare = userdata;
        int r;

        if (is_there(spare))
                return 0;
        r = process_make(spare->settings, SPAWN_NODE, -EBADF, &spare->process);
        if (r >= 0)
                r = sd_event_add_io(spare->event, &spare->exit_source, spare->process.fds[NODE_FD_PROCESS], EPOLLIN,
                                    on_exit_event, spare);
        if (r < 0) {
                (void) log_debug_errno(r, "Failed to make a child ahead: %m");
                process_abort(&spare->process);
                return 0;
        }
        (void) sd_event_source_set_description(spare->exit_source, "spare-child-exit");
        return 0;
}

int spare_child_new(sd_event* event, const SpawnSettings* settings, SpareChild** ret) {
        _cleanup_(spare_child_freep) SpareChild* spare = xnew0(SpareChild);
        int r;

        spare->settings = settings;
        spare->process = PROCESS_NONE;
        spare->event = sd_event_ref(event);
        r = sd_event_add_defer(event, &spare->maker, on_idle, spare);
        if (r >= 0)
                r = sd_event_source_set_enabled(spare->maker, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(spare->maker, SD_EVENT_PRIORITY_IDLE);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(spare->maker, "spare-child");
        *ret = take_ptr(spare);
        return 0;
}

SpareChild* spare_child_free(SpareChild* spare) {
        if (!spare)
                return NULL;

        (void) sd_event_source_disable_unref(spare->maker);
        (void) sd_event_source_disable_unref(spare->exit_source);
        process_abort(&spare->process);
        sd_event_unref(spare->event);
        free(spare);
        return NULL;
}

void spare_child_want(SpareChild* spare) {
        if (!is_there(spare))
                (void) sd_event_source_set_enabled(spare->maker, SD_EVENT_ONESHOT);
}

int spare_child_obtain(SpareChild* spare, int input_fd, Process* ret) {
        /* One that has ended is left to its event. */
        if (input_fd >= 0 || !is_there(spare) || process_peek(&spare->process, NULL) != 0)
                return process_make(spare->settings, SPAWN_NODE, input_fd, ret);

        spare->exit_source = sd_event_source_disable_unref(spare->exit_source);
        *ret = spare->process;
        spare->process = PROCESS_NONE;
        return 0;
}
