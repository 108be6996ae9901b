#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the stand-in as a supervisor would: test-program.py ZEEK CAPTURES-DIRECTORY"""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ZEEK = None
CAPTURES = None
TIMEOUT = 60

LAYOUT = """redef Cluster::manager_is_logger = F;
redef Cluster::nodes = {
\t["manager"]  = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp],
\t["logger-1"] = [$node_type=Cluster::LOGGER,  $ip=127.0.0.1, $p=27761/tcp, $manager="manager"],
\t["worker-1"] = [$node_type=Cluster::WORKER,  $ip=127.0.0.1, $manager="manager"],
};
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="stand-in-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.binary = ZEEK

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def read(self, name):
        with open(os.path.join(self.directory, name), encoding="utf-8") as f:
            return f.read()

    def play(self, version):
        """From here on the program is a Zeek of that version."""
        directory = tempfile.mkdtemp(prefix="stand-in-")
        self.addCleanup(shutil.rmtree, directory)
        self.binary = os.path.join(directory, "zeek")
        shutil.copy(ZEEK, self.binary)
        with open(self.binary + ".version", "w", encoding="utf-8") as f:
            f.write(version)

    def start(self, *arguments, directives=None, env=None, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ZEEK", "CLUSTER_NODE"))}
        environment.update(env or {})
        if directives is not None:
            environment["ZEEK_STANDIN"] = directives
        process = subprocess.Popen([self.binary, *arguments], cwd=self.directory, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(self.reap, process)
        return process

    @staticmethod
    def reap(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()

    def run_zeek(self, *arguments, **more):
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def start_node(self, name, *arguments, layout=LAYOUT, **more):
        """A node of a cluster that has come to RUNNING."""
        self.write("cluster-layout.zeek", layout)
        env = {"CLUSTER_NODE": name, **more.pop("env", {})}
        process = self.start("-U", ".status", *arguments, env=env, **more)
        self.wait_for_status("RUNNING [run_loop]\n")
        return process

    def wait_for_status(self, text):
        self.wait_until(lambda: os.path.exists(os.path.join(self.directory, ".status")) and
                        self.read(".status") == text)

    def wait_until(self, condition):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, "waited in vain")
            time.sleep(0.005)

    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


class CommandLine(Case):
    def test_the_version_is_that_of_the_file_beside_the_program(self):
        self.assertEqual(self.run_zeek("--version"), (0, f"{ZEEK} version 7.0.11\n", ""))
        self.play("8.1.0-dev.5\n")
        self.assertEqual(self.run_zeek("-v"), (0, f"{self.binary} version 8.1.0-dev.5\n", ""))
        self.play("")
        status, out, _ = self.run_zeek("-v")
        self.assertEqual(status, 0)
        self.assertNotRegex(out, r"version\s+[0-9]")

    def test_an_unknown_option_is_answered_with_the_usage(self):
        for arguments in (["--no-such-option"], ["-i"], ["-r", "a", "-i", "b"], ["-i", "a", "-i", "b"], ["-j"],
                          ["--pseudo-realtime=x", "-r", "a"]):
            with self.subTest(arguments):
                status, out, err = self.run_zeek(*arguments)
                self.assertEqual((status, out), (1, ""))
                self.assertIn("usage: ", err)

    def test_every_option_of_zeek_is_taken(self):
        self.write("rules.sig", "")
        status, _, err = self.run_zeek(
            "-b", "-C", "-D", "-p", "prefix", "-s", "rules", "-t", "trace", "-w", "out.pcap", "-H", "seeds", "-Q",
            "-f", "tcp or udp", "-e", "redef x = T;", "--pseudo-realtime=100000", "-U", ".status", "-W", "-T", "4",
            "-r", f"{CAPTURES}/mixed.pcap", "local", "Log::default_rotation_interval=0sec")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(len(self.read("seeds").split()), 21)
        status, _, err = self.run_zeek("-G", "seeds", "-r", "out.pcap")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(self.run_zeek("-G", "nothing", "-e", "")[0], 1)

    def test_scripts_and_redefs_may_stand_anywhere(self):
        status, out, err = self.run_zeek("local", "-b", "StandIn::print_connections=T", "-r",
                                         f"{CAPTURES}/mixed.pcap", "base/protocols/conn")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(len(out.splitlines()), 10)

    def test_questions_after_parsing_are_answered_without_a_run(self):
        self.assertEqual(self.run_zeek("-a", "local"), (0, "", ""))
        self.assertEqual(self.run_zeek("-N"), (0, "Zeek::StandIn - A stand-in that counts connections (built-in)\n", ""))
        self.assertEqual(self.run_zeek("-I", "some_id", "some_id=5"), (0, "5\n", ""))
        self.assertEqual(self.run_zeek("-I", "some_id"), (1, "", "fatal error: No such ID: some_id\n"))
        self.assertEqual(self.run_zeek("Some::Plugin"), (1, "", "fatal error: plugin Some::Plugin is not available\n"))

    def test_help_names_every_directive(self):
        status, out, _ = self.run_zeek("--help")
        self.assertEqual(status, 0)
        for word in ("print=N", "exec=COMMAND", "children-keep-pipes", "probe[=NAME]"):
            self.assertIn(word, out)


class Scripts(Case):
    def test_scripts_are_found_along_zeekpath(self):
        self.write("a/one.zeek", "redef id_one = 1;\n")
        self.write("b/two/__load__.zeek", "@load ./inner\n")
        self.write("b/two/inner.zeek", "redef id_two = 2;\n")
        self.write("here.zeek", "redef id_here = 3;\n")
        path = {"ZEEKPATH": f"{self.directory}/a:{self.directory}/b"}
        for identifier, value, script in (("id_one", "1", "one"), ("id_one", "1", "one.zeek"), ("id_two", "2", "two"),
                                          ("id_here", "3", "./here"), ("id_here", "3", f"{self.directory}/here.zeek")):
            with self.subTest(script):
                self.assertEqual(self.run_zeek("-I", identifier, script, env=path), (0, f"{value}\n", ""))
        self.assertEqual(self.run_zeek("here", env=path), (1, "", "fatal error: can't find here\n"))
        self.assertEqual(self.run_zeek("-I", "id_here", "here")[:2], (0, "3\n"))

    def test_a_script_that_is_not_there_is_fatal(self):
        self.assertEqual(self.run_zeek("-U", ".status", "nowhere"), (1, "", "fatal error: can't find nowhere\n"))
        self.assertEqual(self.read(".status"), "TERMINATED [fatal_error]\n")
        self.write("loader.zeek", "# first\n@load ./nowhere\n")
        self.assertEqual(self.run_zeek("loader")[2], "fatal error in ./loader.zeek, line 2: can't find ./nowhere\n")

    def test_a_syntax_error_names_file_and_line(self):
        self.write("bad.zeek", "event zeek_init()\n\t{\n\tprint \"x\";\n\t]\n")
        self.assertEqual(self.run_zeek("-U", ".status", "bad"),
                         (1, "", "error in ./bad.zeek, line 4: syntax error, at or near \"]\"\n"))
        self.assertEqual(self.read(".status"), "TERMINATED [atexit]\n")
        self.assertEqual(self.run_zeek("-e", "print (1;")[0], 1)

    def test_scripts_that_load_each_other_are_read_once(self):
        self.write("a.zeek", "@load ./b\nredef done = T;\n")
        self.write("b.zeek", "@load ./a\n")
        self.assertEqual(self.run_zeek("-I", "done", "a"), (0, "T\n", ""))

    def test_a_script_may_come_from_stdin(self):
        self.assertEqual(self.run_zeek()[0], 0)


class Cluster(Case):
    def test_a_node_runs_until_it_is_stopped(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start_node("worker-1", "local")
            status, out, err = self.stop(process, number)
            self.assertEqual((status, out, err), (0, "", "received termination signal\n"))
            self.assertEqual(self.read(".status"), "TERMINATED [atexit]\n")
            os.unlink(os.path.join(self.directory, ".status"))

    def test_a_node_without_work_uses_no_cpu(self):
        process = self.start_node("manager", "local")

        def ticks():
            with open(f"/proc/{process.pid}/stat", encoding="utf-8") as f:
                stat = f.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as f:
                switches = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1]
            return stat[11], stat[12], switches

        # RUNNING is written right before the loop: let it fall asleep
        time.sleep(0.2)
        before = ticks()
        time.sleep(0.5)
        self.assertEqual(ticks(), before)

    def test_the_layout_has_to_be_there_and_to_have_the_node(self):
        self.assertEqual(self.run_zeek("local", env={"CLUSTER_NODE": "worker-1"}),
                         (1, "", "fatal error: can't find cluster-layout\n"))
        self.write("cluster-layout.zeek", LAYOUT)
        status, _, err = self.run_zeek("-U", ".status", "local", env={"CLUSTER_NODE": "worker-2"})
        self.assertEqual(status, 1)
        self.assertIn("'worker-2' is not a valid node in the Cluster::nodes configuration\n", err)
        self.assertEqual(self.read(".status"), "TERMINATED [fatal_error]\n")

    def test_the_layout_is_found_along_zeekpath(self):
        self.write("layout/cluster-layout.zeek", LAYOUT)
        process = self.start("-U", ".status", "local", env={"CLUSTER_NODE": "manager", "ZEEKPATH": "/nowhere:layout"})
        self.wait_for_status("RUNNING [run_loop]\n")
        self.assertEqual(self.stop(process)[0], 0)

    def test_a_slip_in_the_layout_is_an_error_with_its_line(self):
        self.write("cluster-layout.zeek", LAYOUT.replace("$ip=127.0.0.1, $manager", "$ip=127.0.0.1 $manager"))
        self.assertEqual(self.run_zeek("local", env={"CLUSTER_NODE": "worker-1"}),
                         (1, "", "error in ./cluster-layout.zeek, line 5: syntax error, at or near \"$\"\n"))

    def test_a_field_of_another_series_is_an_error(self):
        self.write("cluster-layout.zeek", LAYOUT.replace("27760/tcp", "27760/tcp, $metrics_port=9991/tcp"))
        self.play("6.2.1")
        status, _, err = self.run_zeek("local", env={"CLUSTER_NODE": "worker-1"})
        self.assertEqual(status, 1)
        self.assertIn("error in ./cluster-layout.zeek, line 3: ", err)
        self.assertIn("metrics_port", err)

    def test_the_backend_has_to_fit_the_series(self):
        self.write("cluster-layout.zeek", LAYOUT)
        backend = "policy/frameworks/cluster/backend/zeromq"
        for version, scripts, message in (
                ("7.0.11", [], None), ("8.0.4", [], None), ("8.1.0", [], "please select a cluster backend"),
                ("9.1.0-dev.3", [], "please select a cluster backend"), ("8.1.0", [backend], None),
                ("8.0.4", [backend], None), ("7.0.11", [backend], f"can't find {backend}"),
                ("8.1.0", ["Cluster::backend=Cluster::CLUSTER_BACKEND_BROKER"], None), ("", [], None),
                ("", [backend], f"can't find {backend}")):
            with self.subTest(version=version, scripts=scripts):
                self.play(version)
                status, _, err = self.run_zeek(*scripts, "local", env={"CLUSTER_NODE": "worker-1"}, directives="exit=5")
                self.assertEqual(status, 1 if message else 5)
                self.assertIn(message or "", err)

    def test_a_cluster_node_stays_after_its_trace(self):
        process = self.start_node("worker-1", "-r", f"{CAPTURES}/mixed.pcap", "StandIn::print_connections=T")
        for _ in range(10):
            self.assertTrue(process.stdout.readline())
        status, _, err = self.stop(process)
        self.assertEqual((status, err.split()[1:]), (0, ["received", "termination", "signal"]))
        self.assertEqual(len([line for line in self.read("conn.log").splitlines() if line[0] != "#"]), 10)


class Packets(Case):
    def test_connections_of_a_trace_are_counted_and_logged(self):
        status, out, err = self.run_zeek("-U", ".status", "-r", f"{CAPTURES}/mixed.pcap", "local",
                                         directives="connections")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(self.read(".status"), "TERMINATED [atexit]\n")
        lines = out.splitlines()
        self.assertEqual([sum(f" {p} " in line for line in lines) for p in ("tcp", "udp", "icmp")], [5, 3, 2])

        log = self.read("conn.log").splitlines()
        fields = next(line for line in log if line.startswith("#fields")).split("\t")[1:]
        rows = [dict(zip(fields, line.split("\t"))) for line in log if not line.startswith("#")]
        large = next(row for row in rows if row["id.orig_p"] == "50002")
        self.assertEqual((large["id.resp_h"], large["id.resp_p"], large["proto"]), ("198.51.100.80", "80", "tcp"))
        self.assertEqual((large["orig_pkts"], large["resp_pkts"]), ("8", "6"))
        self.assertTrue(log[-1].startswith("#close\t"))

    def test_a_filter_leaves_packets_out(self):
        status, out, _ = self.run_zeek("-f", "udp port 53", "-r", f"{CAPTURES}/mixed.pcap", directives="connections")
        self.assertEqual((status, len(out.splitlines())), (0, 3))
        self.assertEqual(self.run_zeek("-f", "not a filter", "-r", f"{CAPTURES}/mixed.pcap")[0], 1)

    def test_a_trace_that_cannot_be_read_is_fatal(self):
        status, _, err = self.run_zeek("-r", "nothing.pcap", "local")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"^fatal error: problem with trace file nothing\.pcap \(.*\)\n$")
        self.write("text.pcap", "this is no capture, but it is long enough for a header")
        self.assertEqual(self.run_zeek("-r", "text.pcap", "local")[0], 1)
        shutil.copy(f"{CAPTURES}/mixed.pcap", os.path.join(self.directory, "cut.pcap"))
        os.truncate(os.path.join(self.directory, "cut.pcap"), 10000)
        status, _, err = self.run_zeek("-r", "cut.pcap", "local")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"^fatal error: failed to read a packet from cut\.pcap: .*\n$")

    def test_an_interface_that_is_not_there_is_fatal(self):
        status, _, err = self.run_zeek("-i", "no-such-if", "local")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"^fatal error: problem with interface no-such-if \(.*\)\n$")

    def test_a_packet_source_that_zeek_does_not_have_is_fatal(self):
        self.assertEqual(self.run_zeek("-i", "odd::eth0"),
                         (1, "", "fatal error: type of packet source 'odd' not recognized, or mode not supported\n"))

    def test_live_packets_are_counted(self):
        try:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        except OSError as error:
            self.skipTest(f"no right to capture: {error}")
        process = self.start("-U", ".status", "-i", "af_packet::lo", "-f", "udp port 50999", directives="connections")
        self.assertEqual(process.stderr.readline(), b"listening on lo\n")
        self.wait_for_status("RUNNING [run_loop]\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"hello", ("127.0.0.1", 50999))
        self.assertIn(b"udp 127.0.0.1:", process.stdout.readline())
        status, _, err = self.stop(process)
        self.assertEqual(status, 0)
        self.assertRegex(err, r"^[0-9.]+ received termination signal\n"
                              r"[0-9.]+ 1 packets received on interface lo, 0 \(0\.00%\) dropped\n$")

    def test_a_trace_can_be_read_in_its_own_time(self):
        start = time.monotonic()
        self.assertEqual(self.run_zeek("--pseudo-realtime", "-r", f"{CAPTURES}/mixed.pcap")[0], 0)
        self.assertGreater(time.monotonic() - start, 0.4)

    def test_the_capture_is_what_its_script_makes(self):
        made = os.path.join(self.directory, "made.pcap")
        subprocess.run([sys.executable, f"{CAPTURES}/make-capture.py", made], check=True)
        with open(made, "rb") as a, open(f"{CAPTURES}/mixed.pcap", "rb") as b:
            self.assertEqual(a.read(), b.read())


class Logs(Case):
    ARCHIVER = ["Log::default_rotation_dir=../log-queue", "Log::rotation_format_func=archiver_rotation_format_func",
                "LogAscii::enable_leftover_log_rotation=T", "Log::default_rotation_postprocessor_cmd=\"\"",
                "Log::default_rotation_interval=1hr"]

    def setUp(self):
        super().setUp()
        self.queue = os.path.join(self.directory, "log-queue")
        self.directory = os.path.join(self.directory, "node")
        os.mkdir(self.directory)

    def test_a_logger_without_settings_misses_its_helper(self):
        process = self.start_node("logger-1", "local", env={"PATH": "/usr/bin:/bin"})
        status, _, err = self.stop(process)
        self.assertEqual(status, 0)
        self.assertRegex(err, r"archive-log: (command )?not found\n")
        self.assertTrue([name for name in os.listdir(self.directory) if re.fullmatch(r"cluster-[-0-9_.]+\.log", name)])

    def test_rotated_logs_go_where_the_settings_say(self):
        self.write("rotation.zeek", """
@if ( Cluster::local_node_type() == Cluster::LOGGER )
redef Log::default_rotation_interval = 1 hr;
redef Log::default_rotation_dir = "../log-queue";
redef Log::rotation_format_func = archiver_rotation_format_func;
redef Log::default_rotation_postprocessor_cmd = "";
@endif
""")
        process = self.start_node("logger-1", "rotation")
        self.assertEqual(self.stop(process)[2], "received termination signal\n")
        names = os.listdir(self.queue)
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^cluster__[-0-9]{19}__[-0-9]{19}__\.log$")

        process = self.start_node("worker-1", "rotation")
        self.assertEqual(self.stop(process)[2], "received termination signal\n")
        self.assertEqual(os.listdir(self.queue), names)

    def test_one_of_several_loggers_puts_its_name_on_its_logs(self):
        layout = LAYOUT.replace('["worker-1"]', '["logger-2"]').replace("WORKER", "LOGGER")
        process = self.start_node("logger-2", *self.ARCHIVER, layout=layout)
        self.stop(process)
        self.assertRegex(os.listdir(self.queue)[0], r"__log_suffix=logger-2__\.log$")

    def test_logs_of_a_run_that_crashed_are_rotated_by_the_next(self):
        process = self.start_node("logger-1", *self.ARCHIVER)
        process.kill()
        process.wait()
        self.assertIn("cluster.log", os.listdir(self.directory))
        self.assertIn(".shadow.cluster.log", os.listdir(self.directory))
        os.unlink(os.path.join(self.directory, ".status"))
        process = self.start_node("logger-1", *self.ARCHIVER)
        self.assertEqual(len(os.listdir(self.queue)), 1)
        time.sleep(1.1)
        self.stop(process)
        self.assertEqual(len(os.listdir(self.queue)), 2)
        self.assertNotIn(".shadow.cluster.log", os.listdir(self.directory))

    def test_logs_are_rotated_while_the_node_runs(self):
        settings = [s.replace("1hr", "1sec") for s in self.ARCHIVER]
        process = self.start_node("logger-1", *settings)
        self.wait_until(lambda: os.path.isdir(self.queue) and os.listdir(self.queue))
        self.assertEqual(self.stop(process)[0], 0)


class ShippedScripts(Case):
    """Those that zeek-supervisor brings along, as far as a program can check them that does not run scripts."""

    SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts")
    SERIES = "4.0.9", "4.2.2", "5.0.10", "5.2.2", "6.0.5", "6.2.1", "7.0.11", "7.1.1", "8.0.0", "8.1.0", "9.0.0"

    def start_logger(self, version, *arguments, **env):
        self.play(version)
        backend = ["policy/frameworks/cluster/backend/zeromq"] if version >= "8.1" else []
        env = {"ZEEKPATH": f".:{self.SCRIPTS}", "PATH": "/usr/bin:/bin", **env}
        return self.start_node("logger-1", *backend, "zeek-supervisor/logger", *arguments, env=env)

    def test_a_logger_of_any_series_needs_no_helper_and_rotates_into_the_queue(self):
        for version in self.SERIES:
            with self.subTest(version):
                queue = os.path.join(self.directory, "queue", version)
                process = self.start_logger(version, "local", ZEEK_SUPERVISOR_LOG_QUEUE=queue)
                self.assertEqual(self.stop(process)[::2], (0, "received termination signal\n"))
                self.assertRegex(" ".join(os.listdir(queue)), r"^cluster__[-0-9]{19}__[-0-9]{19}__\.log$")

    def test_without_a_word_about_the_queue_it_is_beside_the_logs(self):
        self.stop(self.start_logger("7.0.11"))
        self.assertEqual(len(os.listdir(os.path.join(self.directory, "log-queue"))), 1)

    def test_what_is_loaded_later_wins(self):
        self.write("mine.zeek", 'redef Log::default_rotation_dir = "mine";\n')
        self.stop(self.start_logger("7.0.11", "mine"))
        self.assertEqual(len(os.listdir(os.path.join(self.directory, "mine"))), 1)

    def test_any_node_of_any_series_can_load_the_script_about_itself(self):
        for version in self.SERIES:
            with self.subTest(version):
                self.play(version)
                env = {"ZEEKPATH": f".:{self.SCRIPTS}"}
                self.assertEqual(self.run_zeek("zeek-supervisor/node", directives="exit", env=env)[::2], (0, ""))


class Directives(Case):
    def test_lines_are_numbered_without_a_gap(self):
        for directives in ("print=100000,bytes=100", "print=50,rate=1000", "print=1000,each-line"):
            with self.subTest(directives):
                status, out, err = self.run_zeek("local", directives=directives)
                self.assertEqual((status, err), (0, ""))
                numbers = [int(line.split()[1]) for line in out.splitlines()]
                self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(self.run_zeek("local", directives="print=100000,bytes=100")[1][:101],
                         "line 1 " + 93 * "." + "\n")
        self.assertEqual(self.run_zeek("local", directives="both=2,tag=x,from=7"), (0, "x 7\nx 8\n", "x 7\nx 8\n"))

    def test_lines_that_were_written_are_known_whatever_ended_the_node(self):
        process = self.start("local", directives="print=endless,each-line,tally=written")
        path = os.path.join(self.directory, f"written.{process.pid}")

        def tally():
            with open(path, "rb") as f:
                return int.from_bytes(f.read(), sys.byteorder)

        self.wait_until(lambda: os.path.exists(path) and tally() > 100)
        out = self.stop(process, signal.SIGKILL)[1]
        self.assertIn(len(out.splitlines()) - tally(), (0, 1))

    def test_a_line_may_be_longer_than_any_buffer(self):
        status, out, _ = self.run_zeek("local", directives="print=2,bytes=1000000")
        self.assertEqual((status, [len(line) for line in out.splitlines()]), (0, [1000000, 1000000]))

    def test_steps_come_in_their_order(self):
        self.assertEqual(self.run_zeek("local", directives="say=a,raw=620a,partial=c,esay=e,exit=3,sleep=1,say=d"),
                         (3, "a\nb\ncd\n", "e\n"))

    def test_a_node_ends_as_it_is_told(self):
        for directives, status in (("exit", 0), ("exit=78", 78), ("abort", -signal.SIGABRT), ("signal=9", -9),
                                   ("signal=SEGV", -signal.SIGSEGV), ("signal=TERM", -15), ("early,exit=2", 2),
                                   ("early,signal=SIGBUS", -signal.SIGBUS), ("after=50,exit=4,print=endless", 4)):
            with self.subTest(directives):
                process = self.start("local", directives=directives + ",stay")
                process.communicate(timeout=TIMEOUT)
                self.assertEqual(process.returncode, status)

    def test_a_crash_leaves_the_status_as_it_was(self):
        self.run_zeek("-U", ".status", "local", directives="signal=KILL")
        self.assertEqual(self.read(".status"), "RUNNING [run_loop]\n")
        self.run_zeek("-U", ".status", "local", directives="early,signal=KILL")
        self.assertEqual(self.read(".status"), "INITIALIZING [main]\n")

    def test_the_status_can_be_another_or_none(self):
        self.run_zeek("-U", ".status", "local", directives="status=GARBAGE\\, I say,signal=KILL")
        self.assertEqual(self.read(".status"), "GARBAGE, I say\n")
        os.unlink(os.path.join(self.directory, ".status"))
        self.run_zeek("-U", ".status", "local", directives="no-status")
        self.assertFalse(os.path.exists(os.path.join(self.directory, ".status")))

    def test_a_start_can_be_slow(self):
        process = self.start("-U", ".status", "local", directives="slow-start=600000,stay")
        self.wait_for_status("INITIALIZING [main]\n")
        process.terminate()
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_sigterm_can_be_ignored_answered_late_or_with_another_status(self):
        process = self.start_node("worker-1", directives="ignore-term")
        process.terminate()
        self.assertEqual(process.stderr.readline(), b"ignoring signal 15 (TERM), number 1\n")
        process.terminate()
        self.assertEqual(process.stderr.readline(), b"ignoring signal 15 (TERM), number 2\n")
        self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        os.unlink(os.path.join(self.directory, ".status"))

        start = time.monotonic()
        process = self.start_node("worker-1", directives="slow-term=300,term-exit=9,term-print=2")
        status, out, _ = self.stop(process)
        self.assertEqual((status, out), (9, "line 1\nline 2\n"))
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_a_node_that_nobody_reads_from_still_ends(self):
        process = self.start_node("worker-1", directives="print=endless")
        # the pipe is full now, or soon
        time.sleep(0.2)
        process.terminate()
        self.assertEqual(process.wait(timeout=TIMEOUT), 0)

    def test_descendants_outlive_the_node(self):
        def descendants():
            found = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    if os.path.realpath(f"/proc/{pid}/cwd") == os.path.realpath(self.directory):
                        found.append(int(pid))
                except OSError:
                    pass
            return found

        def kill_all():
            for pid in descendants():
                os.kill(pid, signal.SIGKILL)

        self.addCleanup(kill_all)
        status, _, _ = self.run_zeek("local", directives="children=2,daemonize-child")
        self.assertEqual((status, len(descendants())), (0, 3))
        for pid in descendants():
            os.kill(pid, signal.SIGTERM)
        self.wait_until(lambda: not descendants())

        process = self.start("local", directives="children=1,children-ignore-term,children-keep-pipes,say=x")
        self.assertEqual(process.wait(timeout=TIMEOUT), 0)
        child = descendants()
        self.assertEqual(len(child), 1)
        os.kill(child[0], signal.SIGTERM)
        self.assertEqual(os.read(process.stdout.fileno(), 10), b"x\n")
        time.sleep(0.1)
        self.assertEqual(descendants(), child)
        os.kill(child[0], signal.SIGKILL)
        self.assertEqual(process.stdout.read(), b"")

    def test_show_tells_what_the_node_was_given(self):
        def prepare():
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
            os.umask(0o27)
            os.nice(3)
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            os.setsid()

        with open("/dev/null", encoding="utf-8") as extra:
            status, out, _ = self.run_zeek("local", directives="show", preexec_fn=prepare, pass_fds=[extra.fileno()],
                                           env={"WITH_LINES": "a\nb\\"})
            shown = dict(line.split("=", 1) for line in out.splitlines())
            self.assertEqual(shown[f"fd.{extra.fileno()}"], "/dev/null")
        self.assertEqual(status, 0)
        self.assertEqual((shown["argv.0"], shown["argv.1"], shown["argc"]), (ZEEK, "local", "2"))
        self.assertEqual(shown["env.WITH_LINES"], "a\\x0ab\\x5c")
        self.assertEqual(shown["cwd"], os.path.realpath(self.directory))
        self.assertEqual(shown["uid"], str(os.getuid()))
        self.assertEqual(shown["rlimit.nofile"], "100:200")
        self.assertEqual(shown["umask"], "0027")
        self.assertEqual(int(shown["nice"]), os.nice(0) + 3)
        self.assertIn("USR1", shown["signals.ignored"].split(","))
        self.assertEqual(shown["sid"], shown["pid"])
        self.assertEqual(shown["fds"], "4")
        self.assertEqual((shown["fd.0"], shown["fd.1.flags"]), ("/dev/null", "wronly"))
        for key in ("cap.effective", "cap.ambient", "no_new_privs", "seccomp", "cpus", "oom_score_adj", "groups"):
            self.assertIn(key, shown)

    def test_a_command_runs_in_the_node(self):
        status, out, _ = self.run_zeek("local", directives="exec=echo a,b; cat /proc/self/status | grep SigBlk; exit 4")
        self.assertEqual(status, 0)
        self.assertEqual(out.splitlines(), ["a,b", "SigBlk:\t0000000000000000", "exec.status=4"])

    def test_resources_can_be_used_up(self):
        status, out, err = self.run_zeek("local", directives="memory=10M,threads=3,fds=1000,spin=20,say=done",
                                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)))
        self.assertEqual((status, out), (0, "done\n"))
        self.assertRegex(err, r"^open of descriptor [0-9]+: Too many open files\n$")

    def test_probes_answer_one_by_one(self):
        status, out, _ = self.run_zeek("local", directives="probe,call=inet-socket")
        self.assertEqual(status, 0)
        lines = out.splitlines()
        self.assertGreater(len(lines), 20)
        for line in lines[:-1]:
            self.assertRegex(line, r"^probe\.[a-z-]+=(ok|E[A-Z0-9]+|SIG[A-Z]+)$")
        self.assertIn("probe.inet-socket=ok", lines)
        self.assertEqual(lines[-1], "call.inet-socket=ok")

    def test_a_name_is_resolved(self):
        self.assertIn(self.run_zeek("local", directives="resolve=127.0.0.1")[1], "resolve.127.0.0.1=127.0.0.1\n")

    def test_a_closed_output_is_seen_by_the_reader(self):
        process = self.start("local", directives="say=x,close-output,stay")
        self.assertEqual(process.stdout.read(), b"x\n")
        self.assertEqual(process.stderr.read(), b"")
        self.assertIsNone(process.poll())

    def test_a_bad_directive_is_refused(self):
        status, out, err = self.run_zeek("-U", ".status", "local", directives="print=1,nonsense=2")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("bad directive 'nonsense=2'", err)
        self.assertFalse(os.path.exists(os.path.join(self.directory, ".status")))

    def test_a_node_without_a_cluster_ends_unless_it_is_to_stay(self):
        self.assertEqual(self.run_zeek("local"), (0, "", ""))
        for arguments, directives in ((["exit_only_after_terminate=T"], None), ([], "stay")):
            process = self.start("-U", ".status", "local", *arguments, directives=directives)
            self.wait_for_status("RUNNING [run_loop]\n")
            self.assertEqual(self.stop(process)[0], 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    CAPTURES = os.path.realpath(sys.argv.pop(2))
    ZEEK = os.path.realpath(sys.argv.pop(1))
    unittest.main()
