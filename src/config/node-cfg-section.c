/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "config/node-cfg-section.h"
#include "core/cluster-table.h"
#include "util/parse.h"
#include "util/strv.h"

#define HOST_BYTES_MAX 253U /* of a name in the DNS */
#define NODE_CFG_VALUE_MAX 4096
#define BLANKS " \t"

#define STRINGIFY_EXPANDED(x) #x
#define STRINGIFY(x) STRINGIFY_EXPANDED(x)

static const char* const node_cfg_key_table[_NODE_CFG_KEY_MAX] = {
        [NODE_CFG_TYPE] = "type",
        [NODE_CFG_HOST] = "host",
        [NODE_CFG_INTERFACE] = "interface",
        [NODE_CFG_LB_PROCS] = "lb_procs",
        [NODE_CFG_LB_METHOD] = "lb_method",
        [NODE_CFG_LB_INTERFACES] = "lb_interfaces",
        [NODE_CFG_PIN_CPUS] = "pin_cpus",
        [NODE_CFG_ENV_VARS] = "env_vars",
        [NODE_CFG_AUX_SCRIPTS] = "aux_scripts",
        [NODE_CFG_FANOUT_ID] = "af_packet_fanout_id",
        [NODE_CFG_FANOUT_MODE] = "af_packet_fanout_mode",
        [NODE_CFG_BUFFER_SIZE] = "af_packet_buffer_size",
        [NODE_CFG_ZONE_ID] = "zone_id",
        [NODE_CFG_ZEEKBASE] = "zeekbase",
        [NODE_CFG_ETHER] = "ether",
        [NODE_CFG_COUNT] = "count",
};

DEFINE_ENUM_TABLE(node_cfg_key, NodeCfgKey)

/* Why nothing is done about a key that ZeekControl knows. */
static const char* const no_meaning[_NODE_CFG_KEY_MAX] = {
        [NODE_CFG_ZONE_ID] = "addresses of a cluster are told without a zone",
        [NODE_CFG_ZEEKBASE] = "Binary= in supervisor.conf says where zeek is",
        [NODE_CFG_ETHER] = "nothing was ever done with it",
        [NODE_CFG_COUNT] = "nodes are counted in the order of the file",
};

void node_cfg_section_done(NodeCfgSection* section) {
        for (NodeCfgKey key = 0; key < _NODE_CFG_KEY_MAX; key++)
                free(section->values[key].text);
        free(section->name);
        strv_free(section->lb_interfaces);
        free(section->pin_cpus);
        strv_free(section->env);
        strv_free(section->scripts);
        *section = (NodeCfgSection) {};
}

/* configparser knows no comment behind a value, which is easily forgotten. */
static const char* comment_hint(const char* text) {
        for (; text && *text; text++)
                if (strchr(BLANKS, *text) && (text[1] == '#' || text[1] == ';'))
                        return "; a comment must be on a line of its own";
        return "";
}

void node_cfg_section_refuse(const NodeCfgSection* section, NodeCfgKey key, const NodeCfgReport* report,
                             const char* format, ...) {
        const NodeCfgValue* value = &section->values[key];
        _cleanup_free_ char* why = NULL;
        va_list ap;

        /* that it is not there is known by then */
        if (value->refused)
                return;
        va_start(ap, format);
        why = xvasprintf(format, ap);
        va_end(ap);
        diagnostics_add(report->errors, report->file, value->text ? value->line : section->line, "[%s] %s= %s%s",
                        section->name, node_cfg_key_to_string(key), why, comment_hint(value->text));
}

static void doubt(const NodeCfgSection* section, NodeCfgKey key, const NodeCfgReport* report, const char* why) {
        diagnostics_add(report->doubts, report->file, section->values[key].line, "[%s] %s= %s", section->name,
                        node_cfg_key_to_string(key), why);
}

/* ---- assignments ---- */

/* Undoes what configparser calls interpolation. NULL with why not. */
static char* interpolate(const char* value, const char** ret_why) {
        _cleanup_free_ char* text = xstrdup(value);
        char* to = text;

        for (const char* from = text; *from; from++) {
                if (*from == '%' && *++from != '%') {
                        *ret_why = *from == '(' ? "holds a reference to another key, which is not supported; give the value itself"
                                                : "holds a '%', which must be written '%%'";
                        return NULL;
                }
                *to++ = *from;
        }
        *to = 0;
        return take_ptr(text);
}

static NodeCfgKey find_key(const char* name) {
        _cleanup_free_ char* key = xstrdup(name);

        for (char* c = key; *c; c++)
                *c = *c == '.' ? '_' : (char) tolower((unsigned char) *c);
        return node_cfg_key_from_string(key);
}

static bool is_list(NodeCfgKey key) {
        return key == NODE_CFG_LB_INTERFACES || key == NODE_CFG_PIN_CPUS || key == NODE_CFG_ENV_VARS ||
                key == NODE_CFG_AUX_SCRIPTS;
}

/* Why the value cannot be taken; NULL: it can, and *ret is what it says. */
static const char* read_value(NodeCfgKey key, const IniItem* item, char** ret) {
        const char* why = NULL;

        if (item->is_continued && !is_list(key))
                return "goes on with the lines below, because they stand further to the right, and is no list";
        if (strlen(item->value) > NODE_CFG_VALUE_MAX)
                return "is longer than " STRINGIFY(NODE_CFG_VALUE_MAX) " bytes";
        *ret = interpolate(item->value, &why);
        return why;
}

void node_cfg_section_assign(NodeCfgSection* section, const IniItem* item, const NodeCfgReport* report) {
        NodeCfgKey key = find_key(item->key);
        NodeCfgValue* at;
        const char* why;

        if (key < 0) {
                diagnostics_add(report->doubts, report->file, item->line,
                                "[%s] %s= is not known, ignoring it; it is a plugin's of ZeekControl, or misspelt",
                                section->name, item->key);
                return;
        }
        at = &section->values[key];
        if (at->line != 0) {
                diagnostics_add(report->errors, report->file, item->line, "[%s] %s= is there twice, first in line %u",
                                section->name, node_cfg_key_to_string(key), at->line);
                return;
        }

        at->line = item->line;
        why = read_value(key, item, &at->text);
        if (why) {
                at->refused = true;
                diagnostics_add(report->errors, report->file, item->line, "[%s] %s= %s", section->name,
                                node_cfg_key_to_string(key), why);
        } else if (!*at->text)
                free(take_ptr(at->text));
        else if (no_meaning[key])
                diagnostics_add(report->doubts, report->file, item->line, "[%s] %s= has no meaning here: %s",
                                section->name, node_cfg_key_to_string(key), no_meaning[key]);
}

void node_cfg_section_inherit(NodeCfgSection* section, const NodeCfgSection* defaults) {
        for (NodeCfgKey key = 0; key < _NODE_CFG_KEY_MAX; key++)
                if (section->values[key].line == 0)
                        section->values[key] = (NodeCfgValue) {
                                .text = xstrdup_or_null(defaults->values[key].text),
                                .line = defaults->values[key].line,
                                .refused = defaults->values[key].refused,
                        };
}

/* ---- what they say ---- */

/* The pieces between commas without the blanks around them; also empty ones. */
static char** split_at_commas(const char* text) {
        char** pieces = NULL;

        for (;;) {
                size_t size = strcspn(text, ","), end;
                const char* begin = text + strspn(text, BLANKS);

                if (begin > text + size)
                        begin = text + size;
                for (end = (size_t) (text + size - begin); end > 0 && strchr(BLANKS, begin[end - 1]); end--)
                        ;
                strv_consume(&pieces, xstrndup(begin, end));
                if (!text[size])
                        return pieces;
                text += size + 1;
        }
}

static void interpret_type(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* type = section->values[NODE_CFG_TYPE].text;

        section->role = type ? role_from_string(type) : _ROLE_INVALID;
        if (!type)
                node_cfg_section_refuse(section, NODE_CFG_TYPE, report,
                                        "is missing; it is logger, manager, proxy, worker or standalone");
        else if (section->role < 0)
                node_cfg_section_refuse(section, NODE_CFG_TYPE, report,
                                        "must be logger, manager, proxy, worker or standalone, not '%s'", type);
}

static void interpret_host(const NodeCfgSection* section, const NodeCfgReport* report) {
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:%";
        const char* host = section->values[NODE_CFG_HOST].text;

        if (!host)
                node_cfg_section_refuse(section, NODE_CFG_HOST, report,
                                        "is missing; it is the name or the address of a machine, or localhost");
        else if (host[0] == '-' || host[strspn(host, allowed)] || strlen(host) > HOST_BYTES_MAX)
                node_cfg_section_refuse(section, NODE_CFG_HOST, report,
                                        "must be the name or the address of a machine, not '%s'", host);
}

static void interpret_lb_procs(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* procs = section->values[NODE_CFG_LB_PROCS].text;
        int64_t n;

        section->n_nodes = 1;
        if (!procs)
                return;
        if (section->role >= 0 && section->role != ROLE_WORKER)
                node_cfg_section_refuse(section, NODE_CFG_LB_PROCS, report, "is for type=worker only");
        else if (parse_int_range(procs, 1, CLUSTER_ENDPOINTS_MAX, &n) < 0)
                node_cfg_section_refuse(section, NODE_CFG_LB_PROCS, report, "must be a number between 1 and %u, not '%s'",
                                        CLUSTER_ENDPOINTS_MAX, procs);
        else
                section->n_nodes = (unsigned) n;
}

static void interpret_lb_interfaces(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* interfaces = section->values[NODE_CFG_LB_INTERFACES].text;
        _cleanup_strv_free_ char** list = interfaces ? split_at_commas(interfaces) : NULL;

        if (!interfaces)
                node_cfg_section_refuse(section, NODE_CFG_LB_INTERFACES, report,
                                        "is missing; with lb_method=interfaces it lists one for each of lb_procs=");
        else if (strv_contains(list, ""))
                node_cfg_section_refuse(section, NODE_CFG_LB_INTERFACES, report, "has an entry without a name: '%s'",
                                        interfaces);
        else if (strv_length(list) != section->n_nodes)
                node_cfg_section_refuse(section, NODE_CFG_LB_INTERFACES, report,
                                        "lists %zu, and lb_procs= says %u; there must be one for each", strv_length(list),
                                        section->n_nodes);
        else
                section->lb_interfaces = take_ptr(list);
}

static void interpret_interface(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* interface = section->values[NODE_CFG_INTERFACE].text;
        bool shares = section->lb_method == LB_METHOD_AF_PACKET || section->lb_method == LB_METHOD_PF_RING ||
                section->lb_method == LB_METHOD_MYRICOM;

        if (shares && !interface)
                node_cfg_section_refuse(section, NODE_CFG_INTERFACE, report, "is missing; lb_method=%s shares it out",
                                        lb_method_to_string(section->lb_method));
        else if (section->lb_method == LB_METHOD_AF_PACKET && strncmp(interface, "af_packet::", 11) == 0)
                node_cfg_section_refuse(section, NODE_CFG_INTERFACE, report,
                                        "must not begin with af_packet:: when lb_method=af_packet puts it there: '%s'",
                                        interface);
        else if (section->lb_method == LB_METHOD_INTERFACES && interface)
                doubt(section, NODE_CFG_INTERFACE, report, "has no meaning with lb_method=interfaces");
        else if (!interface && section->role == ROLE_WORKER && section->lb_method < 0)
                diagnostics_add(report->doubts, report->file, section->line,
                                "[%s] is a worker without interface=, and will see no packets", section->name);
}

static void interpret_lb_method(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* method = section->values[NODE_CFG_LB_METHOD].text;
        const char* procs = section->values[NODE_CFG_LB_PROCS].text;

        section->lb_method = method ? lb_method_from_string(method) : _LB_METHOD_INVALID;
        if (method && section->lb_method < 0)
                node_cfg_section_refuse(section, NODE_CFG_LB_METHOD, report,
                                        "must be af_packet, pf_ring, myricom, interfaces or custom, not '%s'", method);
        else if (method && !procs)
                node_cfg_section_refuse(section, NODE_CFG_LB_PROCS, report,
                                        "is missing; lb_method= needs the number of processes");
        else if (procs && !method && (section->role < 0 || section->role == ROLE_WORKER))
                node_cfg_section_refuse(section, NODE_CFG_LB_METHOD, report,
                                        "is missing; with lb_procs= it says how they share the packets: af_packet, pf_ring, "
                                        "myricom, interfaces or custom");

        if (section->lb_method == LB_METHOD_INTERFACES)
                interpret_lb_interfaces(section, report);
        else if (section->values[NODE_CFG_LB_INTERFACES].text)
                doubt(section, NODE_CFG_LB_INTERFACES, report, "has no meaning without lb_method=interfaces");
}

static void interpret_pin_cpus(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* cpus = section->values[NODE_CFG_PIN_CPUS].text;
        _cleanup_strv_free_ char** list = cpus ? split_at_commas(cpus) : NULL;
        size_t n = strv_length(list);

        section->pin_cpus = n > 0 ? xcalloc(n, sizeof(int64_t)) : NULL;
        for (size_t i = 0; i < n; i++)
                if (parse_int_range(list[i], 0, INT32_MAX, &section->pin_cpus[i]) < 0) {
                        node_cfg_section_refuse(section, NODE_CFG_PIN_CPUS, report,
                                                "must be numbers of CPUs with commas between them, such as '2,3,4', not '%s'",
                                                cpus);
                        return;
                }
        section->n_pin_cpus = n;
}

static void interpret_env_vars(NodeCfgSection* section, const NodeCfgReport* report) {
        const char* text = section->values[NODE_CFG_ENV_VARS].text;
        _cleanup_strv_free_ char** list = text ? split_at_commas(text) : NULL;

        STRV_FOREACH(assignment, list) {
                const char* equals = strchr(*assignment, '=');
                size_t size = equals ? (size_t) (equals - *assignment) : 0;

                while (size > 0 && strchr(BLANKS, (*assignment)[size - 1]))
                        size--;
                if (size == 0) {
                        node_cfg_section_refuse(section, NODE_CFG_ENV_VARS, report,
                                                "must be NAME=value with commas between them; '%s' is not", *assignment);
                        return;
                }
                if (strchr(equals, '$'))
                        doubt(section, NODE_CFG_ENV_VARS, report, "holds a '$', and there is no shell that would replace it");
                _cleanup_free_ char* name = xstrndup(*assignment, size);
                strv_env_set(&section->env, name, equals + 1 + strspn(equals + 1, BLANKS));
        }
}

static void interpret_scripts(NodeCfgSection* section, const NodeCfgReport* report) {
        static const struct {
                NodeCfgKey key;
                const char* variable;
        } options[] = {
                { NODE_CFG_FANOUT_ID, "AF_Packet::fanout_id" },
                { NODE_CFG_FANOUT_MODE, "AF_Packet::fanout_mode" },
                { NODE_CFG_BUFFER_SIZE, "AF_Packet::buffer_size" },
        };
        const char* scripts = section->values[NODE_CFG_AUX_SCRIPTS].text;

        if (scripts)
                section->scripts = strv_split(scripts, BLANKS);

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const char* value = section->values[options[i].key].text;

                if (value && !section->values[NODE_CFG_LB_PROCS].text)
                        doubt(section, options[i].key, report, "has no meaning without lb_procs=");
                else if (value)
                        strv_extendf(&section->scripts, "%s=%s", options[i].variable, value);
        }
}

void node_cfg_section_interpret(NodeCfgSection* section, const NodeCfgReport* report) {
        interpret_type(section, report);
        interpret_host(section, report);
        interpret_lb_procs(section, report);
        interpret_lb_method(section, report);
        interpret_interface(section, report);
        interpret_pin_cpus(section, report);
        interpret_env_vars(section, report);
        interpret_scripts(section, report);
}
