/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "config/ini.h"
#include "config/node-cfg.h"
#include "config/settings.h"
#include "unit/unit.h"
#include "util/file.h"
#include "util/strv.h"

/* Files as operators have them lie in NODE_CFG_FILES, and beside each NAME.cfg what it makes, NAME.nodes, or what is
 * wrong with it, NAME.errors. */

/* ---- hosts ---- */

/* The machine of these tests, and those around it. */
static HostAnswer answer(const char* host) {
        static const struct {
                const char *host, *address;
                bool ours;
        } known[] = {
                { "localhost", "127.0.0.1", true },  { "127.0.0.1", "127.0.0.1", true },
                { "10.0.0.1", "10.0.0.1", true },    { "fd00::1", "fd00::1", true },
                { "10.0.0.2", "10.0.0.2", false },   { "sensor-2.example.org", "10.0.0.2", false },
                { "10.0.0.3", "10.0.0.3", false },   { "10.0.0.7", "10.0.0.7", false },
                { "10.0.0.8", "10.0.0.8", false },   { "fd00::2", "fd00::2", false },
                { "fe80::2%eth0", "fe80::2", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (strcmp(known[i].host, host) == 0)
                        return (HostAnswer) { .address = xstrdup(known[i].address), .ours = known[i].ours };
        return (HostAnswer) { .problem = xstrdup("Name or service not known") };
}

static HostAnswer* answer_all(char* const* hosts) {
        HostAnswer* answers = xcalloc(strv_length(hosts), sizeof(HostAnswer));

        for (size_t i = 0; i < strv_length(hosts); i++)
                answers[i] = answer(hosts[i]);
        return answers;
}

/* ---- what a file makes, as a text ---- */

static void print_list(FILE* f, const char* what, char* const* list) {
        STRV_FOREACH(s, list)
                (void) fprintf(f, "        %s %s\n", what, *s);
}

static void print_node(FILE* f, const StaticNode* node) {
        const NodeSpec* spec = node->spec;
        const ClusterEndpoint* own = cluster_table_find(spec->cluster, spec->name);

        (void) fprintf(f, "%s: %s, %s", spec->name, role_to_string(spec->role), node->ours ? "here" : "elsewhere");
        if (own)
                (void) fprintf(f, ", %s port %u", own->host, (unsigned) own->port);
        if (own && own->metrics_port != 0)
                (void) fprintf(f, ", metrics %u", (unsigned) own->metrics_port);
        (void) fputc('\n', f);
        if (spec->interface)
                (void) fprintf(f, "        interface %s\n", spec->interface);
        if (node_spec_has(spec, "cpu_affinity"))
                (void) fprintf(f, "        cpu %i\n", (int) spec->cpu_affinity);
        print_list(f, "env", spec->env);
        print_list(f, "base script", spec->addl_base_scripts);
        print_list(f, "script", spec->addl_user_scripts);
}

static void print_diagnostics(FILE* f, const char* before, const Diagnostics* d) {
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char* text = diagnostic_to_string(&d->items[i]);

                (void) fprintf(f, "%s%s\n", before, text);
        }
}

static void print_nodes(FILE* f, const NodeCfg* cfg, Diagnostics* errors, Diagnostics* doubts) {
        _cleanup_static_nodes_ StaticNodes nodes = {};
        HostAnswer* hosts = answer_all(node_cfg_hosts(cfg));
        int r = node_cfg_expand(cfg, hosts, &nodes, errors, doubts);

        assert_int_equal(r, errors->n == 0 ? 0 : -EINVAL);
        for (size_t i = 0; i < nodes.n; i++)
                print_node(f, &nodes.items[i]);
        host_answers_free(hosts, strv_length(node_cfg_hosts(cfg)));
}

static char* render(const char* text, const Settings* settings, bool* ret_good) {
        _cleanup_diagnostics_ Diagnostics errors = {}, doubts = {};
        _cleanup_(node_cfg_freep) NodeCfg* cfg =
                node_cfg_parse("node.cfg", text, strlen(text), &settings->zeek_control, &errors, &doubts);
        char* rendered = NULL;
        size_t size;
        FILE* f = open_memstream(&rendered, &size);

        assert_non_null(f);
        assert_true(!cfg == (errors.n > 0));
        if (cfg)
                print_nodes(f, cfg, &errors, &doubts);
        print_diagnostics(f, "", &errors);
        print_diagnostics(f, errors.n > 0 ? "(doubt) " : "doubt: ", &doubts);
        assert_int_equal(fclose(f), 0);
        *ret_good = errors.n == 0;
        return rendered;
}

/* ---- the files ---- */

static char* read_text(const char* path) {
        char* text;

        assert_int_equal(file_read(AT_FDCWD, path, INI_FILE_MAX, &text, NULL), 0);
        return text;
}

static void check_file(const char* name, const Settings* settings) {
        _cleanup_free_ char* path = xasprintf("%s/%s.cfg", NODE_CFG_FILES, name);
        _cleanup_free_ char* text = read_text(path);
        bool good;
        _cleanup_free_ char* rendered = render(text, settings, &good);
        _cleanup_free_ char* expected_path = xasprintf("%s/%s.%s", NODE_CFG_FILES, name, good ? "nodes" : "errors");
        _cleanup_free_ char* expected = NULL;

        if (file_read(AT_FDCWD, expected_path, INI_FILE_MAX, &expected, NULL) < 0 || strcmp(expected, rendered) != 0) {
                (void) puts(rendered);
                fail_msg("%s is not the above", expected_path);
        }
}

static void files_of_operators_make_the_nodes_that_zeekcontrol_makes(void** state) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = settings_parse("supervisor.conf", "", 0, &d);
        DIR* directory = opendir(NODE_CFG_FILES);
        struct dirent* entry;
        unsigned n = 0;

        assert_non_null(directory);
        while ((entry = readdir(directory))) {
                const char* suffix = strrchr(entry->d_name, '.');

                if (strcmp(suffix, ".cfg") != 0)
                        continue;
                _cleanup_free_ char* name = xstrndup(entry->d_name, (size_t) (suffix - entry->d_name));
                check_file(name, settings);
                n++;
        }
        assert_int_equal(closedir(directory), 0);
        assert_true(n >= 20);
}

/* ---- settings ---- */

static const char cluster[] = "[manager]\ntype=manager\nhost=localhost\n[proxy]\ntype=proxy\nhost=localhost\n"
                              "[w]\ntype=worker\nhost=localhost\nlb_procs=1\ninterface=eth0\n";

static char* render_with(const char* conf, const char* text, bool* ret_good) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = settings_parse("supervisor.conf", conf, strlen(conf), &d);

        assert_int_equal(d.n, 0);
        return render(text, settings, ret_good);
}

static void expect_with(const char* conf, const char* method, const char* expected) {
        _cleanup_free_ char* text = xasprintf("%slb_method=%s\n", cluster, method);
        bool good;
        _cleanup_free_ char* rendered = render_with(conf, text, &good);

        if (!strstr(rendered, expected))
                fail_msg("'%s' is not in\n%s", expected, rendered);
}

static void settings_decide_where_ports_begin(void** state) {
        expect_with("[ZeekControl]\nZeekPort=47760\nMetricsPort=0\n", "af_packet",
                    "manager: manager, here, 127.0.0.1 port 47761\nproxy: proxy, here, 127.0.0.1 port 47762\n"
                    "w-1: worker, here, 127.0.0.1 port 47763\n");
        expect_with("[ZeekControl]\nZeekPort=65533\n", "af_packet",
                    "node.cfg: There are more nodes than ports from ZeekPort= in supervisor.conf on");
        expect_with("[ZeekControl]\nMetricsPort=65534\n", "af_packet",
                    "node.cfg: There are more nodes than ports from MetricsPort= in supervisor.conf on");
}

static void settings_decide_what_load_balancing_adds(void** state) {
        expect_with("[ZeekControl]\nInterfacePrefix=netmap::\nInterfaceSuffix=/R\n", "custom", "interface netmap::eth0/R\n");
        expect_with("[ZeekControl]\nPFRINGClusterType=inner-5-tuple\nPFRINGClusterID=7\n", "pf_ring",
                    "        env PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_5_TUPLE=1\n        env PCAP_PF_RING_CLUSTER_ID=7\n");
        expect_with("[ZeekControl]\nPFRINGClusterID=0\n", "pf_ring", "interface eth0\n");
}

/* ---- limits ---- */

static void expect_refused(const char* text, const char* expected) {
        bool good;
        _cleanup_free_ char* rendered = render_with("", text, &good);

        assert_false(good);
        if (!strstr(rendered, expected))
                fail_msg("'%s' is not in\n%.1000s", expected, rendered);
}

/* count texts of the format with their number in it, behind the start. */
static char* many(const char* start, const char* format, unsigned count) {
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert_non_null(f);
        (void) fputs(start, f);
        for (unsigned i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                (void) fprintf(f, format, i);
#pragma GCC diagnostic pop
        }
        assert_int_equal(fclose(f), 0);
        return text;
}

static void a_file_makes_no_more_nodes_than_a_cluster_can_have(void** state) {
        _cleanup_free_ char* just = xasprintf("%s[m]\ntype=worker\nhost=localhost\ninterface=x\nlb_method=custom\nlb_procs=%u\n",
                                              cluster, NODE_CFG_NODES_MAX - 2);
        _cleanup_free_ char* sections = many("", "[a%u]\n", NODE_CFG_NODES_MAX + 1);

        expect_refused(just, "[m] makes more than 4096 nodes of the file");
        expect_refused(sections, "node.cfg:4097: There are more than 4096 sections");
        expect_refused("[w]\ntype=worker\nhost=localhost\nlb_procs=4097\n", "lb_procs= must be a number between 1 and 4096");
}

static void doubts_about_other_files_stay_where_they_are(void** state) {
        static const char text[] = "[zeek]\ntype=standalone\nhost=localhost\nshape=round\ncolour=red\n";
        _cleanup_diagnostics_ Diagnostics errors = {}, doubts = {};
        _cleanup_settings_ Settings* settings = settings_parse("test", "", 0, &errors);
        static const struct {
                const char* file;
                unsigned line;
        } expected[] = { { "first.conf", 7 }, { "second.conf", 2 }, { "node.cfg", 4 }, { "node.cfg", 5 } };

        diagnostics_add(&doubts, expected[0].file, expected[0].line, "A doubt");
        diagnostics_add(&doubts, expected[1].file, expected[1].line, "A doubt");
        node_cfg_free(node_cfg_parse("node.cfg", text, strlen(text), &settings->zeek_control, &errors, &doubts));

        assert_int_equal(doubts.n, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                assert_string_equal(doubts.items[i].file, expected[i].file);
                assert_int_equal(doubts.items[i].line, expected[i].line);
        }
}

static void hosts_values_and_the_file_have_limits(void** state) {
        _cleanup_free_ char* hosts = many("", "[w%1$u]\ntype=worker\nhost=h%1$u\n", HOSTS_MAX + 1);
        _cleanup_free_ char *value = many("[w]\naux_scripts=", "%08u", 513), *file = many("", "%08u", INI_FILE_MAX / 8 + 1);

        expect_refused(hosts, "There are more than 1024 different hosts");
        expect_refused(value, "[w] aux_scripts= is longer than 4096 bytes");
        expect_refused(file, "node.cfg: Is larger than 1048576 bytes");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_of_operators_make_the_nodes_that_zeekcontrol_makes),
                cmocka_unit_test(settings_decide_where_ports_begin),
                cmocka_unit_test(settings_decide_what_load_balancing_adds),
                cmocka_unit_test(a_file_makes_no_more_nodes_than_a_cluster_can_have),
                cmocka_unit_test(doubts_about_other_files_stay_where_they_are),
                cmocka_unit_test(hosts_values_and_the_file_have_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
