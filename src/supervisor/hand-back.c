/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "link/node-fds.h"
#include "supervisor/cgroup.h"
#include "supervisor/hand-back.h"
#include "supervisor/seccomp-order.h"
#include "supervisor/violation.h"

/* As they came from a stem. */
static int append_descriptors(sd_bus_message* call, const Instance* instance) {
        int fds[_NODE_FD_MAX];

        node_fds_init(fds);
        fds[NODE_FD_PROCESS] = instance->pidfd;
        fds[NODE_FD_SYSCALLS] = instance->syscalls_fd;
        if (instance->output) {
                fds[NODE_FD_OUTPUT] = node_output_fd(instance->output, STREAM_STDOUT);
                fds[NODE_FD_ERROR] = node_output_fd(instance->output, STREAM_STDERR);
        }
        if (instance->status)
                fds[NODE_FD_STATUS] = status_watch_fd(instance->status);
        return node_fds_append(call, fds);
}

/* The one that the node was launched with: with another it would have been started again. NULL: it has none, or none that
 * can be read any more. */
static const SeccompProfile* find_profile(const Instance* instance) {
        const Configuration* c = instance->supervisor->configuration;
        const SeccompProfile* seccomp = NULL;
        _cleanup_free_ char* why = NULL;

        (void) seccomp_profiles_find(&c->profiles, configuration_seccomp(c, instance->node->spec), &seccomp, &why);
        return seccomp;
}

static int append_system_calls(sd_bus_message* call, const Instance* instance, const SeccompProfile* seccomp) {
        int r = sd_bus_message_open_container(call, 'a', "{sv}");

        /* without a listener there is nothing to be answered */
        if (r >= 0 && seccomp && instance->syscalls_fd >= 0)
                r = seccomp_order_append(call, seccomp);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static bool is_in_its_scope(const Node* node) {
        _cleanup_free_ char* cgroup = NULL;
        const char* last;

        if (cgroup_of_pid(node->pid, &cgroup) < 0)
                return false;
        last = strrchr(cgroup, '/');
        return last && strcmp(last + 1, node->scope) == 0;
}

/* The kernel has no second listener for a program that runs already. Of whom we have descriptors we would have this one
 * too, had there ever been one. */
static void tell_if_unwatched(Instance* instance, const SeccompProfile* seccomp) {
        const Supervisor* s = instance->supervisor;
        const Node* node = instance->node;

        if (!seccomp || instance->pidfd >= 0 || instance->unwatched || !is_in_its_scope(node))
                return;
        instance->unwatched = true;
        violation_write_unwatched(s->journal, node, seccomp->name, s->places.user_mode);
}

int hand_back_append(Instance* instance, sd_bus_message* call) {
        const SeccompProfile* seccomp = find_profile(instance);
        const Node* node = instance->node;
        int r;

        tell_if_unwatched(instance, seccomp);
        r = sd_bus_message_append(call, "ssu", node->name, node->scope, node->pid);
        if (r >= 0)
                r = append_descriptors(call, instance);
        return r < 0 ? r : append_system_calls(call, instance, seccomp);
}
