/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/ini.h"
#include "config/node-cfg-draft.h"
#include "config/node-cfg.h"
#include "util/strv.h"

/* configparser's; what it says holds for all others. */
#define DEFAULT_SECTION "DEFAULT"

struct NodeCfg {
        char* file;
        NodeCfgSection* sections;
        size_t n, allocated;
        NodeCfgSection defaults;
        NodeDrafts drafts;
        char** hosts;
        bool is_partial; /* some section could not be read */
};

NodeCfg* node_cfg_free(NodeCfg* cfg) {
        if (!cfg)
                return NULL;

        node_drafts_done(&cfg->drafts);
        for (size_t i = 0; i < cfg->n; i++)
                node_cfg_section_done(&cfg->sections[i]);
        free(cfg->sections);
        node_cfg_section_done(&cfg->defaults);
        strv_free(cfg->hosts);
        free(cfg->file);
        free(cfg);
        return NULL;
}

void static_nodes_done(StaticNodes* nodes) {
        for (size_t i = 0; i < nodes->n; i++)
                node_spec_unref(nodes->items[i].spec);
        free(nodes->items);
        *nodes = (StaticNodes) {};
}

/* ---- reading ---- */

static NodeCfgSection* begin_section(NodeCfg* cfg, const char* name, unsigned line, const NodeCfgReport* report) {
        NodeCfgSection* section;

        if (strcmp(name, DEFAULT_SECTION) == 0) {
                section = &cfg->defaults;
                if (!section->name)
                        *section = (NodeCfgSection) { .name = xstrdup(name), .line = line };
                return section;
        }

        for (size_t i = 0; i < cfg->n; i++)
                if (strcmp(cfg->sections[i].name, name) == 0) {
                        diagnostics_add(report->errors, report->file, line, "[%s] is there twice, first in line %u", name,
                                        cfg->sections[i].line);
                        cfg->is_partial = true;
                        return NULL;
                }
        if (cfg->n >= NODE_CFG_NODES_MAX)
                return NULL;

        GROW(cfg->sections, cfg->n, cfg->allocated);
        section = &cfg->sections[cfg->n++];
        *section = (NodeCfgSection) { .name = xstrdup(name), .line = line };
        return section;
}

/* False: there is more of it than anybody needs. */
static bool read_sections(NodeCfg* cfg, IniReader* reader, const NodeCfgReport* report) {
        NodeCfgSection* section = NULL;
        IniItem item;

        while (ini_reader_next(reader, &item))
                switch (item.kind) {
                case INI_SECTION:
                        section = begin_section(cfg, item.section, item.line, report);
                        if (!section && cfg->n >= NODE_CFG_NODES_MAX) {
                                diagnostics_add(report->errors, report->file, item.line, "There are more than %u sections",
                                                NODE_CFG_NODES_MAX);
                                return false;
                        }
                        break;
                case INI_ASSIGNMENT:
                        if (section)
                                node_cfg_section_assign(section, &item, report);
                        break;
                case INI_PROBLEM:
                        diagnostics_add(report->errors, report->file, item.line, "%s", item.problem);
                        cfg->is_partial = true;
                        break;
                }
        return true;
}

static void find_hosts(NodeCfg* cfg, const NodeCfgReport* report) {
        for (size_t i = 0; i < cfg->n; i++) {
                NodeCfgSection* section = &cfg->sections[i];
                const char* host = section->values[NODE_CFG_HOST].text;

                for (section->host = 0; host && cfg->hosts && cfg->hosts[section->host]; section->host++)
                        if (strcmp(cfg->hosts[section->host], host) == 0)
                                break;
                if (!host || (cfg->hosts && cfg->hosts[section->host]))
                        continue;
                if (section->host >= HOSTS_MAX) {
                        diagnostics_add(report->errors, report->file, section->values[NODE_CFG_HOST].line,
                                        "There are more than %u different hosts", HOSTS_MAX);
                        return;
                }
                strv_extend(&cfg->hosts, host);
        }
}

/* What would go wrong with the nodes whatever their addresses are. */
static void try_nodes(const NodeCfg* cfg, const NodeCfgReport* report) {
        for (size_t i = 0; i < cfg->drafts.n; i++)
                node_spec_unref(node_draft_to_spec(&cfg->drafts.items[i], NULL, report));
}

NodeCfg* node_cfg_parse(const char* file, const char* text, size_t size, const ZeekControlSettings* settings,
                        Diagnostics* errors, Diagnostics* doubts) {
        const NodeCfgReport report = { file, errors, doubts };
        _cleanup_(node_cfg_freep) NodeCfg* cfg = xnew0(NodeCfg);
        _cleanup_ini_reader_ IniReader reader = {};
        size_t n_errors = errors->n;

        cfg->file = xstrdup(file);
        if (ini_reader_init(&reader, INI_SYNTAX_PYTHON, text, size) < 0) {
                diagnostics_add(errors, file, 0, "Is larger than %u bytes", INI_FILE_MAX);
                return NULL;
        }
        if (!read_sections(cfg, &reader, &report))
                return NULL;
        if (cfg->n == 0 && errors->n == n_errors)
                diagnostics_add(errors, file, 0, "There are no nodes in it; remove it if none are meant");

        for (size_t i = 0; i < cfg->n; i++) {
                node_cfg_section_inherit(&cfg->sections[i], &cfg->defaults);
                node_cfg_section_interpret(&cfg->sections[i], &report);
                if (cfg->sections[i].role < 0)
                        cfg->is_partial = true;
        }
        find_hosts(cfg, &report);
        if (cfg->n > 0) {
                node_drafts_make(&cfg->drafts, cfg->sections, cfg->n, settings, &report);
                if (!cfg->is_partial)
                        node_drafts_check_roles(&cfg->drafts, &report);
                try_nodes(cfg, &report);
        }
        diagnostics_sort(errors);
        diagnostics_sort(doubts);
        return errors->n > n_errors ? NULL : take_ptr(cfg);
}

char* const* node_cfg_hosts(const NodeCfg* cfg) {
        return cfg->hosts;
}

/* ---- the nodes ---- */

static bool is_loopback(const char* address) {
        return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static const HostAnswer* host_of(const NodeDraft* draft, const HostAnswer* hosts) {
        return &hosts[draft->section->host];
}

static void check_addresses(const NodeCfg* cfg, const HostAnswer* hosts, const NodeCfgReport* report) {
        for (size_t i = 0; i < cfg->n; i++) {
                const HostAnswer* host = &hosts[cfg->sections[i].host];

                if (!host->address)
                        node_cfg_section_refuse(&cfg->sections[i], NODE_CFG_HOST, report, "cannot be resolved, '%s': %s",
                                                cfg->sections[i].values[NODE_CFG_HOST].text, host->problem);
        }
}

/* An address that means another machine wherever the file is read may not be mixed with others. */
static void check_loopback(const NodeCfg* cfg, const HostAnswer* hosts, const NodeCfgReport* report) {
        const NodeCfgSection *distant = NULL, *manager = NULL;

        for (size_t i = 0; i < cfg->n; i++) {
                const NodeCfgSection* section = &cfg->sections[i];

                if (!is_loopback(hosts[section->host].address) && !hosts[section->host].ours)
                        distant = section;
                else if (section->role == ROLE_MANAGER && is_loopback(hosts[section->host].address))
                        manager = section;
        }
        for (size_t i = 0; i < cfg->n; i++) {
                const NodeCfgSection* section = &cfg->sections[i];
                const char* address = hosts[section->host].address;

                if (distant && !is_loopback(address))
                        continue;
                if (distant)
                        node_cfg_section_refuse(section, NODE_CFG_HOST, report,
                                                "is %s, which is every machine that reads this file, and [%s] is on another "
                                                "one; give an address that others can reach",
                                                address, distant->name);
                else if (manager && !is_loopback(address))
                        node_cfg_section_refuse(section, NODE_CFG_HOST, report,
                                                "is %s, where [%s] cannot be reached; with a manager on %s all nodes must be",
                                                address, manager->name, hosts[manager->host].address);
        }
}

static void check_hosts(const NodeCfg* cfg, const HostAnswer* hosts, const NodeCfgReport* report) {
        size_t n_errors = report->errors->n;

        check_addresses(cfg, hosts, report);
        if (report->errors->n > n_errors)
                return;
        check_loopback(cfg, hosts, report);
        for (size_t i = 0; i < strv_length(cfg->hosts); i++)
                if (hosts[i].ours)
                        return;
        diagnostics_add(report->doubts, report->file, 0, "None of its hosts is this machine, which will run none of its nodes");
}

static int add_endpoint(ClusterTable* table, const NodeDraft* draft, const HostAnswer* host, ConfigError* e) {
        const RecordType* type = &cluster_endpoint_type;
        ClusterEndpoint* endpoint;
        int r;

        r = cluster_table_add(table, draft->name, &endpoint, e);
        if (r < 0)
                return r;
        r = record_set_string(type, &endpoint->record, record_find_field(type, "role"),
                              role_to_zeek_string(draft->section->role), e);
        if (r >= 0)
                r = record_set_string(type, &endpoint->record, record_find_field(type, "host"), host->address, e);
        if (r >= 0)
                r = record_set_number(type, &endpoint->record, record_find_field(type, "p"), draft->port, e);
        if (r >= 0 && draft->member.interface)
                r = record_set_string(type, &endpoint->record, record_find_field(type, "interface"),
                                      draft->member.interface, e);
        if (r >= 0 && draft->metrics_port != 0)
                r = record_set_number(type, &endpoint->record, record_find_field(type, "metrics_port"),
                                      draft->metrics_port, e);
        return r < 0 ? r : cluster_endpoint_finish(endpoint, e);
}

/* NULL with errors. */
static ClusterTable* make_table(const NodeDrafts* drafts, const HostAnswer* hosts, const NodeCfgReport* report) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < drafts->n; i++)
                r = add_endpoint(table, &drafts->items[i], host_of(&drafts->items[i], hosts), &e);
        if (r >= 0)
                r = cluster_table_finish(table, &e);
        if (r < 0) {
                diagnostics_add(report->errors, report->file, 0, "The table of the cluster: %s %s", e.key, e.why);
                return NULL;
        }
        return take_ptr(table);
}

int node_cfg_expand(const NodeCfg* cfg, const HostAnswer* hosts, StaticNodes* ret, Diagnostics* errors,
                    Diagnostics* doubts) {
        const NodeCfgReport report = { cfg->file, errors, doubts };
        _cleanup_cluster_table_ ClusterTable* table = NULL;
        _cleanup_static_nodes_ StaticNodes nodes = {};
        bool alone = cfg->drafts.items[0].section->role == ROLE_STANDALONE;
        size_t n_errors = errors->n;

        check_hosts(cfg, hosts, &report);
        if (errors->n == n_errors && !alone)
                table = make_table(&cfg->drafts, hosts, &report);
        if (errors->n > n_errors)
                return -EINVAL;

        nodes.items = xcalloc(cfg->drafts.n, sizeof(StaticNode));
        for (; nodes.n < cfg->drafts.n; nodes.n++) {
                const NodeDraft* draft = &cfg->drafts.items[nodes.n];
                NodeSpec* spec = node_draft_to_spec(draft, table, &report);

                if (!spec)
                        return -EINVAL;
                nodes.items[nodes.n] = (StaticNode) {
                        .spec = spec,
                        .line = draft->section->line,
                        .ours = host_of(draft, hosts)->ours,
                };
        }
        *ret = nodes;
        nodes = (StaticNodes) {};
        return 0;
}
