/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/host-answer.h"
#include "config/node-cfg.h"
#include "config/search-path.h"
#include "ctl/ctl.h"
#include "ctl/input.h"
#include "ctl/spec-calls.h"

static void say_all(const Diagnostics* d, const char* what) {
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char* text = diagnostic_to_string(&d->items[i]);

                ctl_say("%s%s", what, text);
        }
}

/* Asks name servers for hosts, since a cluster table has addresses. */
static int expand(const NodeCfg* cfg, StaticNodes* ret, Diagnostics* errors, Diagnostics* doubts) {
        char* const* names = node_cfg_hosts(cfg);
        HostAnswer* hosts = host_answers_look_up(names, strv_length(names));
        int r = node_cfg_expand(cfg, hosts, ret, errors, doubts);

        host_answers_free(hosts, strv_length(names));
        return r;
}

/* What the file makes, by the ports and so on of supervisor.conf. Says what is wrong with it. */
static int read_nodes(const Options* o, const char* path, StaticNodes* ret) {
        _cleanup_strv_free_ char** directories = search_path_directories(o->user);
        _cleanup_diagnostics_ Diagnostics errors = {}, doubts = {}, settings_doubts = {};
        _cleanup_settings_ Settings* settings = settings_load(directories, &settings_doubts);
        _cleanup_free_ char* text = NULL;
        _cleanup_(node_cfg_freep) NodeCfg* cfg = NULL;
        size_t size;
        int r;

        r = input_read(path, &text, &size);
        if (r < 0)
                return r;
        cfg = node_cfg_parse(input_name(path), text, size, &settings->zeek_control, &errors, &doubts);
        r = cfg ? expand(cfg, ret, &errors, &doubts) : -EINVAL;
        if (r < 0)
                say_all(&errors, "");
        else if (!o->quiet)
                say_all(&doubts, "Warning: ");
        return r;
}

/* The nodes that the file has for this machine, as runtime nodes: they do not outlive the supervisor's stop, and what
 * changes in the file later does not concern them. */
Outcome verb_import(Ctl* ctl, char** arguments) {
        const Options* o = &ctl->options;
        _cleanup_static_nodes_ StaticNodes nodes = {};
        _cleanup_free_ NodeSpec** ours = NULL; /* weak */
        size_t n = 0;

        if (o->transport != TRANSPORT_LOCAL) {
                ctl_say("Which nodes of the file are for '%s', only that machine can tell. Run zsupctl import there.", o->host);
                return OUTCOME_FAILED;
        }
        if (read_nodes(o, arguments[0], &nodes) < 0)
                return OUTCOME_FAILED;

        ours = xcalloc(nodes.n + 1, sizeof(NodeSpec*));
        for (size_t i = 0; i < nodes.n; i++)
                if (nodes.items[i].ours)
                        ours[n++] = nodes.items[i].spec;
        if (n == 0) {
                ctl_say("%s has no node for this machine", arguments[0]);
                return OUTCOME_FAILED;
        }
        return spec_calls_run(ctl, ours, n);
}
