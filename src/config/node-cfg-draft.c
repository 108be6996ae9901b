/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/node-cfg-draft.h"
#include "config/node-cfg.h"
#include "core/node-name.h"
#include "util/strv.h"

void node_drafts_done(NodeDrafts* drafts) {
        for (size_t i = 0; i < drafts->n; i++) {
                free(drafts->items[i].name);
                free(drafts->items[i].member.interface);
                strv_free(drafts->items[i].member.env);
        }
        free(drafts->items);
        *drafts = (NodeDrafts) {};
}

/* ---- one after the other ---- */

/* ZeekControl hands the list out from its end. */
static const char* own_interface(const NodeCfgSection* section, unsigned index) {
        if (section->lb_interfaces)
                return section->lb_interfaces[section->n_nodes - 1 - index];
        return section->values[NODE_CFG_INTERFACE].text;
}

static void add(NodeDrafts* drafts, const NodeCfgSection* section, unsigned index) {
        const char* interface = own_interface(section, index);
        const char* host = section->values[NODE_CFG_HOST].text;
        bool numbered = section->values[NODE_CFG_LB_PROCS].text;

        GROW(drafts->items, drafts->n, drafts->allocated);
        drafts->items[drafts->n++] = (NodeDraft) {
                .section = section,
                .index = index,
                .name = numbered ? xasprintf("%s-%u", section->name, index + 1) : xstrdup(section->name),
                .member = {
                        .method = section->lb_method,
                        .host = host ? host : "",
                        .base_interface = interface ? interface : "",
                        .n_procs = section->n_nodes,
                        .interface = xstrdup_or_null(interface),
                        .env = strv_copy(section->env),
                },
        };
}

static void add_all(NodeDrafts* drafts, const NodeCfgSection* sections, size_t n, const NodeCfgReport* report) {
        for (Role role = 0; role < _ROLE_MAX; role++)
                for (size_t i = 0; i < n; i++) {
                        if (sections[i].role != role)
                                continue;
                        if (drafts->n + sections[i].n_nodes > NODE_CFG_NODES_MAX) {
                                diagnostics_add(report->errors, report->file, sections[i].line,
                                                "[%s] makes more than %u nodes of the file", sections[i].name,
                                                NODE_CFG_NODES_MAX);
                                return;
                        }
                        for (unsigned index = 0; index < sections[i].n_nodes; index++)
                                add(drafts, &sections[i], index);
                }
}

static void balance_load(NodeDrafts* drafts, const ZeekControlSettings* settings) {
        _cleanup_free_ LbMember** members = xcalloc(drafts->n, sizeof(LbMember*));
        size_t n = 0;

        for (size_t i = 0; i < drafts->n; i++)
                if (drafts->items[i].section->role == ROLE_WORKER)
                        members[n++] = &drafts->items[i].member;
        load_balancing_apply(members, n, settings);
}

/* ---- ports ---- */

typedef struct Ports {
        uint64_t next;
        const char* setting;
} Ports;

static bool take_port(Ports* ports, uint64_t* ret, const NodeCfgReport* report) {
        if (ports->next > UINT16_MAX) {
                diagnostics_add(report->errors, report->file, 0,
                                "There are more nodes than ports from %s= in supervisor.conf on; begin with a smaller one",
                                ports->setting);
                return false;
        }
        *ret = ports->next++;
        return true;
}

static void number_ports(NodeDrafts* drafts, const ZeekControlSettings* settings, const NodeCfgReport* report) {
        static const Role order[] = { ROLE_MANAGER, ROLE_LOGGER, ROLE_PROXY, ROLE_WORKER };
        /* the first one is for `zeekctl` itself to listen on */
        Ports ports = { settings->zeek_port + 1, "ZeekPort" };
        Ports metrics_ports = { settings->metrics_port, "MetricsPort" };

        for (size_t r = 0; r < ELEMENTSOF(order); r++)
                for (size_t i = 0; i < drafts->n; i++) {
                        NodeDraft* draft = &drafts->items[i];

                        if (draft->section->role != order[r])
                                continue;
                        if (!take_port(&ports, &draft->port, report))
                                return;
                        if (settings->metrics_port != 0 && !take_port(&metrics_ports, &draft->metrics_port, report))
                                return;
                }
}

/* ---- what concerns more than one ---- */

static void check_names(const NodeDrafts* drafts, const NodeCfgReport* report) {
        for (size_t i = 0; i < drafts->n; i++) {
                const NodeDraft* draft = &drafts->items[i];
                _cleanup_free_ char* why = node_name_check(draft->name);

                /* once for all nodes of a section: the last has the longest name */
                if (why && draft->index + 1 == draft->section->n_nodes)
                        diagnostics_add(report->errors, report->file, draft->section->line, "%s", why);
        }
}

static int compare_names(const void* a, const void* b) {
        const NodeDraft *x = *(const NodeDraft* const*) a, *y = *(const NodeDraft* const*) b;
        int c = strcasecmp(x->name, y->name);

        return c != 0 ? c : (x->section->line > y->section->line) - (x->section->line < y->section->line);
}

/* As ZeekControl has it, which calls directories and states by these names: upper and lower case are the same. */
static void check_uniqueness(const NodeDrafts* drafts, const NodeCfgReport* report) {
        _cleanup_free_ const NodeDraft** sorted = xcalloc(drafts->n, sizeof(NodeDraft*));

        for (size_t i = 0; i < drafts->n; i++)
                sorted[i] = &drafts->items[i];
        qsort(sorted, drafts->n, sizeof(NodeDraft*), compare_names);
        for (size_t i = 1; i < drafts->n; i++)
                if (strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0)
                        diagnostics_add(report->errors, report->file, sorted[i]->section->line,
                                        "[%s] makes a node '%s', and so does [%s] in line %u", sorted[i]->section->name,
                                        sorted[i]->name, sorted[i - 1]->section->name, sorted[i - 1]->section->line);
}

void node_drafts_make(NodeDrafts* drafts, const NodeCfgSection* sections, size_t n,
                      const ZeekControlSettings* settings, const NodeCfgReport* report) {
        add_all(drafts, sections, n, report);
        balance_load(drafts, settings);
        number_ports(drafts, settings, report);
        check_names(drafts, report);
        check_uniqueness(drafts, report);
}

void node_drafts_check_roles(const NodeDrafts* drafts, const NodeCfgReport* report) {
        const NodeDraft* first[_ROLE_MAX] = {};
        const NodeDraft* standalone;

        for (size_t i = 0; i < drafts->n; i++) {
                const NodeDraft* draft = &drafts->items[i];
                Role role = draft->section->role;

                if (role == ROLE_MANAGER && first[role])
                        diagnostics_add(report->errors, report->file, draft->section->line,
                                        "[%s] is a second manager, and [%s] in line %u is one; a cluster has one",
                                        draft->name, first[role]->name, first[role]->section->line);
                if (!first[role])
                        first[role] = draft;
        }

        standalone = first[ROLE_STANDALONE];
        if (standalone && drafts->n > 1)
                diagnostics_add(report->errors, report->file, standalone->section->line,
                                "[%s] has type=standalone, and is not alone in the file; without it, or without all others, "
                                "it would do",
                                standalone->name);
        else if (!standalone && !first[ROLE_MANAGER])
                diagnostics_add(report->errors, report->file, 0,
                                "There is no section with type=manager; a cluster needs one, and a single node has "
                                "type=standalone");
        else if (!standalone && !first[ROLE_PROXY])
                diagnostics_add(report->errors, report->file, 0, "There is no section with type=proxy; a cluster needs one");
}

/* ---- as a node ---- */

static const Field* field(const char* name) {
        return record_find_field(&node_spec_type, name);
}

static int set_env(NodeSpec* spec, char* const* env, ConfigError* e) {
        const Field* f = field("env");

        if (!env || !*env)
                return 0;
        record_touch(&node_spec_type, &spec->record, f);
        STRV_FOREACH(assignment, env) {
                const char* equals = strchr(*assignment, '=');
                _cleanup_free_ char* name = xstrndup(*assignment, (size_t) (equals - *assignment));

                if (record_add_env(&node_spec_type, &spec->record, f, name, equals + 1, e) < 0)
                        return -EINVAL;
        }
        return 0;
}

static int set_scripts(NodeSpec* spec, const char* when, char* const* scripts, ConfigError* e) {
        const Field* f = field(when);

        if (!scripts || !*scripts)
                return 0;
        record_touch(&node_spec_type, &spec->record, f);
        STRV_FOREACH(script, scripts)
                if (record_add_string(&node_spec_type, &spec->record, f, *script, e) < 0)
                        return -EINVAL;
        return 0;
}

static int fill(NodeSpec* spec, const NodeDraft* draft, ConfigError* e) {
        static char* const writes_logs[] = { (char*) LOGGER_SCRIPT, NULL };
        const NodeCfgSection* section = draft->section;
        int r;

        r = record_set_string(&node_spec_type, &spec->record, field("name"), draft->name, e);
        if (r >= 0 && draft->member.interface)
                r = record_set_string(&node_spec_type, &spec->record, field("interface"), draft->member.interface, e);
        if (r >= 0 && section->n_pin_cpus > 0)
                r = record_set_number(&node_spec_type, &spec->record, field("cpu_affinity"),
                                      section->pin_cpus[draft->index % section->n_pin_cpus], e);
        if (r >= 0)
                r = set_env(spec, draft->member.env, e);
        if (r >= 0)
                r = set_scripts(spec, "addl_user_scripts", section->scripts, e);
        if (r >= 0 && section->role == ROLE_STANDALONE)
                r = set_scripts(spec, "addl_base_scripts", writes_logs, e);
        return r;
}

/* What a NodeConfig calls otherwise. */
static NodeCfgKey key_of(const char* field_name) {
        static const struct {
                const char* field;
                NodeCfgKey key;
        } names[] = {
                { "interface", NODE_CFG_INTERFACE },
                { "cpu_affinity", NODE_CFG_PIN_CPUS },
                { "env", NODE_CFG_ENV_VARS },
                { "addl_user_scripts", NODE_CFG_AUX_SCRIPTS },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strncmp(names[i].field, field_name, strlen(names[i].field)) == 0)
                        return names[i].key;
        return _NODE_CFG_KEY_INVALID;
}

static void complain(const NodeDraft* draft, const ConfigError* e, const NodeCfgReport* report) {
        const char* part = strchr(e->key, '[');
        NodeCfgKey key = key_of(e->key);

        /* what is wrong with one is wrong with all of the section, and names were looked at before */
        if (draft->index > 0 || strcmp(e->key, "name") == 0)
                return;
        if (key < 0)
                diagnostics_add(report->errors, report->file, draft->section->line, "[%s] %s %s", draft->section->name,
                                e->key, e->why);
        else
                node_cfg_section_refuse(draft->section, key, report, "%s%s%s", part ? part : "", part ? " " : "", e->why);
}

NodeSpec* node_draft_to_spec(const NodeDraft* draft, ClusterTable* table, const NodeCfgReport* report) {
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
        _cleanup_config_error_ ConfigError e = {};
        int r = fill(spec, draft, &e);

        if (r >= 0 && table) {
                record_touch(&node_spec_type, &spec->record, field("cluster"));
                spec->cluster = cluster_table_ref(table);
        }
        if (r >= 0)
                r = node_spec_finish(spec, &e);
        if (r < 0) {
                complain(draft, &e, report);
                return NULL;
        }
        return take_ptr(spec);
}
