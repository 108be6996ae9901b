/* SPDX-License-Identifier: BSD-3-Clause */

/* node.cfg: whatever is in it, there are errors, or nodes that a daemon can run. */

#include <string.h>

#include "config/node-cfg.h"
#include "config/settings.h"
#include "core/node-name.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static HostAnswer* answer_all(char* const* hosts) {
        HostAnswer* answers = xcalloc(strv_length(hosts), sizeof(HostAnswer));

        /* a host whose name is longer is another machine; one with an 'x' is not known */
        for (size_t i = 0; i < strv_length(hosts); i++)
                if (strchr(hosts[i], 'x'))
                        answers[i] = (HostAnswer) { .problem = xstrdup("fuzz") };
                else
                        answers[i] = (HostAnswer) {
                                .address = xstrdup(strlen(hosts[i]) > 9 ? "10.0.0.2" : "127.0.0.1"),
                                .ours = strlen(hosts[i]) <= 9,
                        };
        return answers;
}

static void check_node(const StaticNode* node) {
        const NodeSpec* spec = node->spec;
        _cleanup_free_ char* why = node_name_check(spec->name);

        assert(!why);
        assert((spec->role == ROLE_STANDALONE) == !spec->cluster);
        assert(!spec->cluster || cluster_table_find(spec->cluster, spec->name)->role == spec->role);
        STRV_FOREACH(script, spec->addl_user_scripts)
                assert(**script && **script != '-');
}

static void check_nodes(const NodeCfg* cfg, Diagnostics* errors, Diagnostics* doubts) {
        HostAnswer* hosts = answer_all(node_cfg_hosts(cfg));
        _cleanup_static_nodes_ StaticNodes nodes = {};
        int r = node_cfg_expand(cfg, hosts, &nodes, errors, doubts);

        assert((r == 0) == (errors->n == 0));
        assert(r < 0 ? nodes.n == 0 : nodes.n > 0 && nodes.n <= NODE_CFG_NODES_MAX);
        for (size_t i = 0; i < nodes.n; i++) {
                check_node(&nodes.items[i]);
                assert(i == 0 || nodes.items[i - 1].spec->role <= nodes.items[i].spec->role);
        }
        host_answers_free(hosts, strv_length(node_cfg_hosts(cfg)));
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_diagnostics_ Diagnostics d = {}, errors = {}, doubts = {};
        _cleanup_settings_ Settings* settings = settings_parse("fuzz", "", 0, &d);
        _cleanup_(node_cfg_freep) NodeCfg* cfg = node_cfg_parse("fuzz", (const char*) data, size, &settings->zeek_control,
                                                                &errors, &doubts);

        assert(!cfg == (errors.n > 0));
        if (cfg)
                check_nodes(cfg, &errors, &doubts);
        return 0;
}
