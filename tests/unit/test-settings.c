/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>

#include "config/ini.h"
#include "config/setting-keys.h"
#include "config/settings.h"
#include "unit/scratch.h"
#include "util/strv.h"

static Settings* parse(const char* text, Diagnostics* d) {
        return settings_parse("test.conf", text, strlen(text), d);
}

/* Parses what must be good. */
static Settings* parse_good(const char* text) {
        _cleanup_diagnostics_ Diagnostics d = {};
        Settings* settings = parse(text, &d);

        if (d.n > 0)
                fail_msg("%s: %s", text, d.items[0].text);
        return settings;
}

static void expect_diagnostic(const char* text, const char* expected) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = parse(text, &d);
        _cleanup_free_ char* first = NULL;

        assert_non_null(settings);
        if (d.n == 0)
                fail_msg("nothing was said about '%s'", text);
        assert_int_equal(d.n, 1);
        first = diagnostic_to_string(&d.items[0]);
        if (!strstr(first, expected))
                fail_msg("'%s' should say '%s'", first, expected);
}

static void nothing_at_all_gives_the_defaults(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("");
        const NodeSettings* worker = &settings->roles[ROLE_WORKER];

        assert_int_equal(settings->supervisor.max_nodes, 1024);
        assert_int_equal(settings->supervisor.nodes_per_slice, 64);
        assert_int_equal(settings->supervisor.log_level, LOG_INFO);
        assert_int_equal(settings->supervisor.adopt_timeout_usec, 30 * USEC_PER_SEC);
        assert_null(settings->zeek.binary);
        assert_int_equal(strv_length(settings->zeek.scripts), 1);
        assert_string_equal(settings->zeek.scripts[0], "local");
        assert_int_equal(settings->zeek.backend, ZEEK_BACKEND_AUTO);
        assert_null(settings->zeek.script_path);
        assert_int_equal(strv_length(settings->zeek.arguments), 0);
        assert_int_equal(strv_length(settings->zeek.environment), 0);
        assert_string_equal(worker->user, "zeek");
        assert_null(worker->group);
        assert_int_equal(worker->restart, RESTART_ALWAYS);
        assert_int_equal(worker->restart_delay_usec, USEC_PER_SEC);
        assert_int_equal(worker->restart_delay_max_usec, 5 * USEC_PER_MINUTE);
        assert_int_equal(worker->restart_reset_usec, 30 * USEC_PER_SEC);
        assert_int_equal(worker->restart_attempts, 0);
        assert_int_equal(worker->stop_timeout_usec, 60 * USEC_PER_SEC);
        assert_int_equal(worker->ready_timeout_usec, 60 * USEC_PER_SEC);
        assert_true(worker->memory_max == UINT64_MAX && worker->memory_high == UINT64_MAX);
        assert_int_equal(worker->memory_swap_max, 0);
        assert_true(worker->tasks_max == UINT64_MAX && worker->cpu_quota_per_sec_usec == UINT64_MAX);
        assert_true(worker->cpu_weight == UINT64_MAX && worker->io_weight == UINT64_MAX);
        assert_null(worker->allowed_cpus);
        assert_false(worker->nice.set || worker->oom_score_adjust.set);
        assert_int_equal(worker->limit_nofile, 65536);
        assert_true(worker->limit_core == UINT64_MAX);
        assert_int_equal(worker->umask, 0022);
        assert_string_equal(worker->seccomp, "worker");
        assert_true(worker->truncate_output_files);
        assert_int_equal(worker->line_max, 48 * 1024);
        assert_int_equal(worker->log_rate_limit_interval_usec, 0);
        assert_int_equal(worker->log_rate_limit_burst, 10000);
}

static void only_what_captures_has_a_capability(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("");

        for (Role role = 0; role < _ROLE_MAX; role++) {
                bool captures = role == ROLE_WORKER || role == ROLE_STANDALONE;

                assert_true(settings->roles[role].ambient_capabilities == (captures ? UINT64_C(1) << 13 : 0));
        }
}

static void each_role_has_the_profile_of_its_name_unless_it_is_told_another(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("");
        _cleanup_settings_ Settings* without = parse_good("[Node]\nSeccomp=none\n[Worker]\nSeccomp=site\n");

        for (Role role = 0; role < _ROLE_MAX; role++) {
                assert_string_equal(settings->roles[role].seccomp, role_to_string(role));
                assert_string_equal(without->roles[role].seccomp, role == ROLE_WORKER ? "site" : "none");
        }
}

static bool prevents_restart(const NodeSettings* node, int code, int status) {
        return exit_reason_set_contains(&node->restart_prevent_exit_status, &(ExitReason) { code, status });
}

static void every_key_is_read(void** state) {
        _cleanup_settings_ Settings* settings = parse_good(
                "[Supervisor]\nMaxNodes=7\nNodesPerSlice=0\nLogLevel=debug\nAdoptTimeoutSec=1min\n"
                "[Zeek]\nBinary=/opt/zeek/bin/zeek\nScripts=a 'b c'\nBackend=zeromq\nScriptPath=.:/x\n"
                "Arguments=-C -f \"tcp port 80\"\nEnvironment=A=1 \"B=2 3\" C=\n"
                "[Archiver]\nArchive=no\nBinary=/opt/z/archive\nArguments=-v 'a b'\nLogQueueDirectory=/q\nLogDirectory=/l\n"
                "[Node]\nUser=1000\nGroup=adm\nRestart=on-failure\nRestartDelaySec=100ms\nRestartDelayMaxSec=infinity\n"
                "RestartResetSec=2min\nRestartAttempts=9\nRestartPreventExitStatus=3 SIGKILL ABRT\n"
                "StopTimeoutSec=infinity\nReadyTimeoutSec=0\nMemoryMax=2G\nMemoryHigh=1.5G\nMemorySwapMax=infinity\n"
                "TasksMax=100\nCPUQuota=150%\nCPUWeight=10000\nIOWeight=1\nAllowedCPUs=0-3,8\nNice=-20\n"
                "OOMScoreAdjust=-1000\nLimitNOFILE=infinity\nLimitCORE=0\nUMask=077\n"
                "AmbientCapabilities=CAP_NET_RAW cap_sys_nice\nSeccomp=ours\nTruncateOutputFiles=no\nLineMax=1K\n"
                "LogRateLimitIntervalSec=30s\nLogRateLimitBurst=5\n");
        const NodeSettings* node = &settings->roles[ROLE_LOGGER];

        assert_int_equal(settings->supervisor.max_nodes, 7);
        assert_int_equal(settings->supervisor.nodes_per_slice, 0);
        assert_int_equal(settings->supervisor.log_level, LOG_DEBUG);
        assert_int_equal(settings->supervisor.adopt_timeout_usec, USEC_PER_MINUTE);
        assert_string_equal(settings->zeek.binary, "/opt/zeek/bin/zeek");
        assert_string_equal(settings->zeek.scripts[1], "b c");
        assert_int_equal(settings->zeek.backend, ZEEK_BACKEND_ZEROMQ);
        assert_string_equal(settings->zeek.script_path, ".:/x");
        assert_string_equal(settings->zeek.arguments[2], "tcp port 80");
        assert_string_equal(strv_env_get(settings->zeek.environment, "B"), "2 3");
        assert_string_equal(strv_env_get(settings->zeek.environment, "C"), "");
        assert_false(settings->archiver.archive);
        assert_string_equal(settings->archiver.binary, "/opt/z/archive");
        assert_string_equal(settings->archiver.arguments[1], "a b");
        assert_string_equal(settings->archiver.log_queue_directory, "/q");
        assert_string_equal(settings->archiver.log_directory, "/l");
        assert_string_equal(node->user, "1000");
        assert_string_equal(node->group, "adm");
        assert_int_equal(node->restart, RESTART_ON_FAILURE);
        assert_int_equal(node->restart_delay_usec, 100 * USEC_PER_MSEC);
        assert_true(node->restart_delay_max_usec == USEC_INFINITY && node->stop_timeout_usec == USEC_INFINITY);
        assert_int_equal(node->restart_reset_usec, 2 * USEC_PER_MINUTE);
        assert_int_equal(node->restart_attempts, 9);
        assert_true(prevents_restart(node, CLD_EXITED, 3));
        assert_true(prevents_restart(node, CLD_KILLED, SIGKILL));
        assert_true(prevents_restart(node, CLD_DUMPED, SIGABRT));
        assert_false(prevents_restart(node, CLD_EXITED, SIGKILL));
        assert_int_equal(node->ready_timeout_usec, 0);
        assert_true(node->memory_max == UINT64_C(2) << 30 && node->memory_high == UINT64_C(3) << 29);
        assert_true(node->memory_swap_max == UINT64_MAX);
        assert_int_equal(node->tasks_max, 100);
        assert_int_equal(node->cpu_quota_per_sec_usec, 1500000);
        assert_int_equal(node->cpu_weight, 10000);
        assert_int_equal(node->io_weight, 1);
        assert_string_equal(node->allowed_cpus, "0-3,8");
        assert_true(node->nice.set && node->nice.value == -20);
        assert_true(node->oom_score_adjust.set && node->oom_score_adjust.value == -1000);
        assert_true(node->limit_nofile == UINT64_MAX && node->limit_core == 0);
        assert_int_equal(node->umask, 0077);
        assert_true(node->ambient_capabilities == (UINT64_C(1) << 13 | UINT64_C(1) << 23));
        assert_string_equal(node->seccomp, "ours");
        assert_false(node->truncate_output_files);
        assert_int_equal(node->line_max, 1024);
        assert_int_equal(node->log_rate_limit_interval_usec, 30 * USEC_PER_SEC);
        assert_int_equal(node->log_rate_limit_burst, 5);
}

static void memory_may_be_a_share_of_the_machines(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("[Node]\nMemoryMax=50%\nMemoryHigh=25%\n");
        const NodeSettings* node = &settings->roles[ROLE_WORKER];
        uint64_t all = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);

        assert_true(node->memory_max == all / 2);
        assert_true(node->memory_high == all / 4);
}

static void a_roles_section_wins_wherever_it_stands(void** state) {
        _cleanup_settings_ Settings* settings =
                parse_good("[Worker]\nNice=5\nUser=capture\n[Node]\nNice=1\nUser=zeek2\nMemoryMax=1G\n[Logger]\nNice=9\n");

        assert_int_equal(settings->roles[ROLE_WORKER].nice.value, 5);
        assert_string_equal(settings->roles[ROLE_WORKER].user, "capture");
        assert_int_equal(settings->roles[ROLE_LOGGER].nice.value, 9);
        assert_string_equal(settings->roles[ROLE_LOGGER].user, "zeek2");
        assert_int_equal(settings->roles[ROLE_STANDALONE].nice.value, 1);
        assert_true(settings->roles[ROLE_WORKER].memory_max == UINT64_C(1) << 30);
}

static void what_a_node_section_says_replaces_the_default_of_a_role(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("[Node]\nAmbientCapabilities=\"\"\n");

        assert_true(settings->roles[ROLE_WORKER].ambient_capabilities == 0);
}

static void an_empty_value_takes_back_what_its_section_said(void** state) {
        _cleanup_settings_ Settings* settings =
                parse_good("[Node]\nNice=1\nUser=a\nUser=\n[Worker]\nNice=5\nNice=\n[Zeek]\nScripts=x\nScripts=\n"
                           "[Standalone]\nAmbientCapabilities=CAP_KILL\nAmbientCapabilities=\n");

        assert_int_equal(settings->roles[ROLE_WORKER].nice.value, 1);
        assert_string_equal(settings->roles[ROLE_WORKER].user, "zeek");
        assert_string_equal(settings->zeek.scripts[0], "local");
        assert_true(settings->roles[ROLE_STANDALONE].ambient_capabilities == UINT64_C(1) << 13);
}

static void lists_grow_and_other_values_are_replaced(void** state) {
        _cleanup_settings_ Settings* settings =
                parse_good("[Zeek]\nScripts=a\nScripts=b c\nEnvironment=A=1 B=1\nEnvironment=A=2\nBackend=none\n"
                           "Backend=broker\n[Worker]\nAllowedCPUs=0\nAllowedCPUs=2-3\nRestartPreventExitStatus=1\n"
                           "RestartPreventExitStatus=2\nAmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=CAP_CHOWN\n");
        _cleanup_free_ char* scripts = strv_join(settings->zeek.scripts, " ");
        _cleanup_free_ char* environment = strv_join(settings->zeek.environment, " ");
        const NodeSettings* worker = &settings->roles[ROLE_WORKER];

        assert_string_equal(scripts, "a b c");
        assert_string_equal(environment, "A=2 B=1");
        assert_int_equal(settings->zeek.backend, ZEEK_BACKEND_BROKER);
        assert_string_equal(worker->allowed_cpus, "0 2-3");
        assert_int_equal(worker->restart_prevent_exit_status.statuses[0], 6);
        assert_true(worker->ambient_capabilities == (UINT64_C(1) << 13 | 1));
}

static void two_quotes_are_the_list_without_entries(void** state) {
        _cleanup_settings_ Settings* settings =
                parse_good("[Zeek]\nScripts=\"\"\n[Node]\nRestartPreventExitStatus=1\n[Worker]\n"
                           "RestartPreventExitStatus=\"\"\nAmbientCapabilities=''\n");

        assert_int_equal(strv_length(settings->zeek.scripts), 0);
        assert_int_equal(settings->roles[ROLE_WORKER].restart_prevent_exit_status.statuses[0], 0);
        assert_int_equal(settings->roles[ROLE_LOGGER].restart_prevent_exit_status.statuses[0], 2);
        assert_true(settings->roles[ROLE_WORKER].ambient_capabilities == 0);
}

static void what_makes_no_sense_is_said_with_file_and_line(void** state) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                { "[Nodes]\nNice=1\nUser=x\n", "test.conf:1: Unknown section [Nodes], ignoring it" },
                { "[Node]\nNice=1\nMice=1\n", "test.conf:3: Unknown key 'Mice=' in section [Node], ignoring it" },
                { "[Zeek]\nUser=x\n", "test.conf:2: Key 'User=' belongs in section [Node], not in [Zeek], ignoring it" },
                { "[Worker]\nBinary=/x\n", "Key 'Binary=' belongs in section [Zeek], not in [Worker]" },
                { "[Node]\nuser=x\n", "Unknown key 'user='" },
                { "Nice=1\n", "test.conf:1: Assignment outside of a section" },
                { "[Node]\nNice\n", "test.conf:2: Missing '='" },
                { "[Node\nNice=1\n", "test.conf:1: Invalid section header" },
                { "[Supervisor]\nMaxNodes=0\n", "MaxNodes= must be a number between 1 and 4096, ignoring '0'" },
                { "[Supervisor]\nMaxNodes=4097\n", "MaxNodes= must be a number between 1 and 4096" },
                { "[Supervisor]\nMaxNodes=infinity\n", "MaxNodes= must be a number between 1 and 4096" },
                { "[Supervisor]\nNodesPerSlice=4097\n", "NodesPerSlice= must be a number between 0 and 4096" },
                { "[Supervisor]\nLogLevel=loud\n", "LogLevel= must be emerg" },
                { "[Supervisor]\nAdoptTimeoutSec=soon\n", "AdoptTimeoutSec= must be a time span" },
                { "[ZeekControl]\nZeekPort=0\n", "ZeekPort= must be a number between 1 and 65535, ignoring '0'" },
                { "[ZeekControl]\nPFRINGClusterType=round-robin\n", "PFRINGClusterType= must be 2-tuple, 4-tuple, " },
                { "[ZeekControl]\nInterfacePrefix=0123456789012345678901234567890123456789012345678901234567890123456789\n",
                  "InterfacePrefix= must be at most 64 bytes" },
                { "[Zeek]\nBinary=zeek\n", "Binary= must be an absolute path, ignoring 'zeek'" },
                { "[Zeek]\nScripts=ok -x\n", "Scripts= holds '-x', which Zeek would take for an option" },
                { "[Zeek]\nScripts=\"open\n", "Scripts= has a quote that is not closed" },
                { "[Zeek]\nScripts=\"a\\nb\"\n", "Scripts= must not hold control characters" },
                { "[Zeek]\nBackend=nats\n", "Backend= must be auto, none, zeromq or broker" },
                { "[Zeek]\nEnvironment=A\n", "Environment= must be a list of NAME=value; 'A' is none" },
                { "[Zeek]\nEnvironment=1A=1\n", "Environment= must be a list of NAME=value" },
                { "[Zeek]\nEnvironment=A=1 =2\n", "Environment= must be a list of NAME=value; '=2' is none" },
                { "[Zeek]\nEnvironment=\"A\\n\"\n", "'A\\x0a' is none" },
                { "[Node]\nUser=a/b\n", "User= must be a name or a number" },
                { "[Node]\nGroup=-a\n", "Group= must be a name or a number" },
                { "[Node]\nRestart=sometimes\n", "Restart= must be always, on-failure or never" },
                { "[Node]\nRestartDelaySec=0\n", "RestartDelaySec= must be a time span from 1000us" },
                { "[Node]\nRestartDelaySec=infinity\n", "RestartDelaySec= must be a time span from 1000us" },
                { "[Node]\nRestartAttempts=-1\n", "RestartAttempts= must be a number between 0 and 4294967295" },
                { "[Node]\nRestartPreventExitStatus=1 256\n", "'256' is neither" },
                { "[Node]\nRestartPreventExitStatus=SIGFOO\n", "'SIGFOO' is neither" },
                { "[Node]\nMemoryMax=0\n", "MemoryMax= must be a number of bytes" },
                { "[Node]\nMemoryMax=101%\n", "MemoryMax= must be a number of bytes" },
                { "[Node]\nMemoryMax=4Q\n", "MemoryMax= must be a number of bytes" },
                { "[Node]\nTasksMax=0\n", "TasksMax= must be a number of at least 1, or 'infinity'" },
                { "[Node]\nCPUQuota=50\n", "CPUQuota= must be a percentage" },
                { "[Node]\nCPUWeight=10001\n", "CPUWeight= must be a number between 1 and 10000" },
                { "[Node]\nAllowedCPUs=3-1\n", "AllowedCPUs= must be a list of CPU numbers" },
                { "[Node]\nNice=20\n", "Nice= must be a number between -20 and 19" },
                { "[Node]\nOOMScoreAdjust=-1001\n", "OOMScoreAdjust= must be a number between -1000 and 1000" },
                { "[Node]\nLimitNOFILE=1K\n", "LimitNOFILE= must be a number of at least 64, or 'infinity'" },
                { "[Node]\nLimitCORE=lots\n", "LimitCORE= must be a number of bytes" },
                { "[Node]\nUMask=1000\n", "UMask= must be an octal mode" },
                { "[Node]\nUMask=8\n", "UMask= must be an octal mode" },
                { "[Node]\nAmbientCapabilities=NET_RAW\n", "must be a list of capabilities; 'NET_RAW' is none" },
                { "[Node]\nSeccomp=../x\n", "Seccomp= must be the name of a profile" },
                { "[Node]\nTruncateOutputFiles=perhaps\n", "TruncateOutputFiles= must be yes or no" },
                { "[Node]\nLineMax=63\n", "LineMax= must be a number of bytes, such as '48K' or '2G', between 64 and" },
                { "[Node]\nLogRateLimitBurst=0\n", "LogRateLimitBurst= must be a number between 1 and" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                expect_diagnostic(table[i].text, table[i].expected);
}

static void a_bad_value_leaves_what_was_there(void** state) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings =
                parse("[Node]\nNice=3\nNice=x\nRestartPreventExitStatus=1\nRestartPreventExitStatus=2 x\n[Zeek]\n"
                      "Scripts=a\nScripts=b -c\nEnvironment=A=1\nEnvironment=A=2 x\n",
                      &d);
        const NodeSettings* node = &settings->roles[ROLE_PROXY];

        assert_int_equal(d.n, 4);
        assert_int_equal(node->nice.value, 3);
        assert_int_equal(node->restart_prevent_exit_status.statuses[0], 2);
        assert_int_equal(strv_length(settings->zeek.scripts), 1);
        assert_string_equal(settings->zeek.environment[0], "A=1");
}

static void names_of_other_programs_are_passed_over(void** state) {
        _cleanup_settings_ Settings* settings = parse_good("[X-Site]\nAnything=1\n[Node]\nX-Ticket=77\nNice=1\n");

        assert_int_equal(settings->roles[ROLE_WORKER].nice.value, 1);
}

static void rubbish_is_complained_about_within_bounds(void** state) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char* text = xcalloc(2 * 1000 + 1, 1);
        _cleanup_settings_ Settings* settings = NULL;

        for (size_t i = 0; i < 1000; i++)
                memcpy(text + 2 * i, "x\n", 2);
        settings = parse(text, &d);
        assert_int_equal(d.n, DIAGNOSTICS_MAX);
        assert_int_equal(d.items[DIAGNOSTICS_MAX - 2].line, DIAGNOSTICS_MAX - 1);
        assert_string_equal(d.items[DIAGNOSTICS_MAX - 1].text, "745 more doubts are not listed");
}

static void a_list_has_a_limit_over_all_its_lines(void** state) {
        _cleanup_free_ char* text = xstrdup("[Zeek]\n");

        for (unsigned i = 0; i < 129; i++)
                free_and_replace(text, xasprintf("%sArguments=a b c d\n", text));
        expect_diagnostic(text, "test.conf:130: Arguments= has more than 512 entries");
}

static void drop_ins_override_the_file_and_vendors_are_overridden_by_it(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_strv_free_ char** directories = NULL;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = NULL;
        _cleanup_free_ char *first = NULL, *expected = NULL;

        strv_extendf(&directories, "%s/etc", scratch.path);
        strv_extendf(&directories, "%s/lib", scratch.path);
        scratch_write(&scratch, "lib/supervisor.conf", 0644, "[Node]\nNice=1\nUser=vendor\n");
        scratch_write(&scratch, "etc/supervisor.conf", 0644, "[Node]\nNice=2\nMemoryMax=1G\n[Zeek]\nScripts=a\n");
        scratch_write(&scratch, "lib/supervisor.conf.d/20-x.conf", 0644, "[Zeek]\nScripts=vendor\n");
        scratch_write(&scratch, "etc/supervisor.conf.d/20-x.conf", 0644, "[Zeek]\nScripts=b\n");
        scratch_write(&scratch, "lib/supervisor.conf.d/10-y.conf", 0644, "[Node]\nNice=3\nRubbish=1\n");

        settings = settings_load(directories, &d);
        assert_int_equal(settings->roles[ROLE_WORKER].nice.value, 3);
        assert_string_equal(settings->roles[ROLE_WORKER].user, "zeek");
        assert_true(settings->roles[ROLE_WORKER].memory_max == UINT64_C(1) << 30);
        assert_string_equal(settings->zeek.scripts[1], "b");
        assert_int_equal(d.n, 1);
        first = diagnostic_to_string(&d.items[0]);
        expected = xasprintf("%s/lib/supervisor.conf.d/10-y.conf:3: Unknown key 'Rubbish=' in section [Node], ignoring it",
                             scratch.path);
        assert_string_equal(first, expected);
}

static void a_missing_file_is_no_news_and_a_bad_one_is(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_strv_free_ char** directories = NULL;
        _cleanup_diagnostics_ Diagnostics none = {}, one = {};
        _cleanup_settings_ Settings *first = NULL, *second = NULL;

        strv_extend(&directories, scratch.path);
        first = settings_load(directories, &none);
        assert_true(first && none.n == 0);

        scratch_write(&scratch, "supervisor.conf/inside", 0644, "a directory");
        second = settings_load(directories, &one);
        assert_non_null(second);
        assert_true(one.n == 1 && one.items[0].line == 0);
}

static bool same_value(const SettingKey* key, const void* x, const void* y) {
        if (key->type == &setting_nice || key->type == &setting_oom_score) {
                const OptionalInt *a = x, *b = y;

                return a->set == b->set && (!a->set || a->value == b->value);
        }
        if (!key->type->copy)
                return memcmp(x, y, key->type->size) == 0;
        if (key->type == &setting_scripts || key->type == &setting_arguments || key->type == &setting_environment)
                return strv_equal(*(char** const*) x, *(char** const*) y);

        const char *a = *(char* const*) x, *b = *(char* const*) y;
        return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same_group(const SettingGroup* group, const void* x, const void* y) {
        for (size_t i = 0; i < group->n_keys; i++) {
                const SettingKey* key = &group->keys[i];

                if (!same_value(key, (const char*) x + key->offset, (const char*) y + key->offset))
                        fail_msg("%s= is not what the shipped file shows", key->name);
        }
}

/* The shipped file with its assignments as they are behind the '#'. */
static char* read_shipped(void) {
        _cleanup_free_ char* text = NULL;
        size_t size;
        char* to;

        assert_int_equal(file_read(AT_FDCWD, SHIPPED_CONF, INI_FILE_MAX, &text, &size), 0);
        to = text;
        for (const char* from = text; *from; from++)
                if (!(*from == '#' && from[1] != ' ' && from[1] != '\n'))
                        *to++ = *from;
        *to = 0;
        return take_ptr(text);
}

static void the_shipped_file_shows_the_defaults(void** state) {
        _cleanup_settings_ Settings* defaults = parse_good("");
        _cleanup_free_ char* shipped = read_shipped();
        _cleanup_settings_ Settings* settings = parse_good(shipped);

        assert_same_group(&supervisor_setting_group, &defaults->supervisor, &settings->supervisor);
        assert_same_group(&zeek_setting_group, &defaults->zeek, &settings->zeek);
        assert_same_group(&zeek_control_setting_group, &defaults->zeek_control, &settings->zeek_control);
        assert_same_group(&archiver_setting_group, &defaults->archiver, &settings->archiver);
        for (Role role = 0; role < _ROLE_MAX; role++)
                assert_same_group(&node_setting_group, &defaults->roles[role], &settings->roles[role]);
}

static void the_shipped_file_names_every_key(void** state) {
        static const SettingGroup* const groups[] = {
                &supervisor_setting_group, &zeek_setting_group, &zeek_control_setting_group, &archiver_setting_group,
                &node_setting_group
        };
        _cleanup_free_ char* shipped = read_shipped();

        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                for (size_t j = 0; j < groups[i]->n_keys; j++) {
                        const SettingKey* key = &groups[i]->keys[j];
                        _cleanup_free_ char* assignment =
                                xasprintf("\n%s=%s", key->name, key->default_value ? key->default_value : "");

                        if (!strstr(shipped, assignment))
                                fail_msg("%s is not in the shipped file", assignment + 1);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_at_all_gives_the_defaults),
                cmocka_unit_test(only_what_captures_has_a_capability),
                cmocka_unit_test(each_role_has_the_profile_of_its_name_unless_it_is_told_another),
                cmocka_unit_test(every_key_is_read),
                cmocka_unit_test(memory_may_be_a_share_of_the_machines),
                cmocka_unit_test(a_roles_section_wins_wherever_it_stands),
                cmocka_unit_test(what_a_node_section_says_replaces_the_default_of_a_role),
                cmocka_unit_test(an_empty_value_takes_back_what_its_section_said),
                cmocka_unit_test(lists_grow_and_other_values_are_replaced),
                cmocka_unit_test(two_quotes_are_the_list_without_entries),
                cmocka_unit_test(what_makes_no_sense_is_said_with_file_and_line),
                cmocka_unit_test(a_bad_value_leaves_what_was_there),
                cmocka_unit_test(names_of_other_programs_are_passed_over),
                cmocka_unit_test(rubbish_is_complained_about_within_bounds),
                cmocka_unit_test(a_list_has_a_limit_over_all_its_lines),
                cmocka_unit_test(drop_ins_override_the_file_and_vendors_are_overridden_by_it),
                cmocka_unit_test(a_missing_file_is_no_news_and_a_bad_one_is),
                cmocka_unit_test(the_shipped_file_shows_the_defaults),
                cmocka_unit_test(the_shipped_file_names_every_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
