# SPDX-License-Identifier: BSD-3-Clause
"""zsupctl, as scripts use it."""

import json
import re
import signal

import pytest
from ctl import DONE, FAILED, NO_SUCH, NOT_RUNNING, USAGE, Zsupctl
from nodes import CLD_KILLED, STAY, cluster_of, is_alive, play, scope

CLUSTER = cluster_of(logger="LOGGER", manager="MANAGER", worker_1="WORKER", worker_2="WORKER", worker_10="WORKER")
NAMES = ["logger", "manager", "worker-1", "worker-2", "worker-10"]


@pytest.fixture
def ctl(machine):
    ctl = Zsupctl(machine)
    yield ctl
    ctl("destroy", "--all", "--quiet")


def config(name, **more):
    return {"name": name, "env": STAY, **more}


@pytest.fixture
def cluster(ctl):
    """Five nodes, all running."""
    configs = [config(name, cluster=CLUSTER) for name in NAMES]
    ctl("create", "-", input=json.dumps(configs))
    return ctl


# Looking


def test_nothing_is_shown_as_nothing(ctl):
    assert ctl() == "No nodes.\n"
    assert ctl("list", "--no-legend") == ""
    assert ctl.json("list") == []
    assert ctl("list", "--names") == ""
    assert ctl("status", "--state=failed") == "No nodes.\n" and ctl.json("status", "x*") == []
    assert ctl("status", "x*", "--no-legend") == ""


def test_list_is_a_table_in_the_order_of_a_cluster(cluster, machine):
    header, *rows, blank, total = cluster("list").splitlines()
    assert header.split() == ["NODE", "ROLE", "STATE", "PID", "SINCE", "RESTARTS", "MEMORY", "CPU"]
    assert [row.split()[1:4] for row in rows][0] == ["logger", "logger", "running"]
    assert [row.split()[1] for row in rows] == NAMES
    assert [int(row.split()[4]) for row in rows] == [machine.status(name)[name]["pid"] for name in NAMES]
    assert {row[0] for row in rows} == {"●"}
    assert (blank, total) == ("", "5 nodes, all running.")
    assert [row.split()[:5] for row in cluster("list", "--no-legend").splitlines()] == [row.split()[:5] for row in rows]


def test_nodes_are_chosen_by_name_pattern_role_and_state(cluster):
    assert cluster("list", "--names").split() == NAMES
    assert cluster("list", "--names", "worker-?", "logger").split() == ["logger", "worker-1", "worker-2"]
    assert cluster("list", "--names", "--role=worker,manager").split() == ["manager", "worker-1", "worker-2", "worker-10"]
    assert cluster("list", "--names", "--state=failed").split() == []
    assert cluster("list", "--names", "worker-*", "--state=running").split() == NAMES[2:]
    assert cluster.errors("list", "x", "--names", "worker-1", status=NO_SUCH) == ["There is no node 'x'"]


def test_list_as_json_has_what_status_has_but_what_is_long(cluster, machine):
    nodes = cluster.json("list")
    status = machine.status()
    assert [node["name"] for node in nodes] == NAMES
    for node in nodes:
        expected = status[node["name"]]
        assert {key: node[key] for key in ("pid", "state", "role", "scope", "since_usec")} == {
            key: expected[key] for key in ("pid", "state", "role", "scope", "since_usec")
        }
        assert "node" not in node and "last_output" not in node


def test_status_without_a_name_is_about_the_supervisor(cluster, machine):
    text = cluster("status")
    version = machine.bus.get("Version")
    assert text.startswith(f"● org.zeek.Supervisor - zeek-supervisor {version}\n")
    assert "5 nodes, all running" in text and "/opt/zeek/bin/zeek" in text
    assert f"  Main PID: {machine.main_pid('zeek-supervisor.service')}\n" in text
    assert [line.split()[1] for line in text.splitlines()[-5:]] == NAMES
    assert cluster.json("status")["Version"] == version


def test_status_of_a_node_tells_its_story(ctl, machine):
    ctl("create", "-", input=json.dumps(config("a", env=play(*(f"say=line {n}" for n in range(12)), "stay"), memory_max=1 << 30)))
    machine.wait_for(lambda: machine.node("a")["LinesForwarded"] == 12)
    title, *facts, blank = ctl("status", "a", "--lines=0").splitlines() + [""]
    facts = dict(line.strip().split(": ", 1) for line in facts)
    assert title == "● a - standalone, runtime"
    assert re.fullmatch(r"running since \w{3} [-0-9]+ [:0-9]+ \S+; (now|\d+s ago)", facts["State"])
    assert facts["Main PID"] == str(machine.node("a")["PID"])
    assert facts["Scope"] == scope("a") and facts["Memory"].endswith("(max: 1.0G)")
    assert facts["Lines"] == "12 to the journal, 0 suppressed, 0 dropped"
    assert ctl("status", "a").splitlines()[-10:] == [f"line {n}" for n in range(2, 12)]
    assert ctl("status", "a", "-n", "2").splitlines()[-3:] == ["", "line 10", "line 11"]
    (node,) = ctl.json("status", "a")
    assert node["lines_forwarded"] == 12 and node["node"]["memory_max"] == 1 << 30


def test_status_ends_with_3_for_what_does_not_run_and_4_for_what_is_not_there(ctl):
    ctl("create", "-", input=json.dumps([config("good"), config("bad", env=play("exit=3"), restart="never")]))
    ctl.machine.wait_for(lambda: ctl.json("list", "bad")[0]["state"] == "finished")
    text = ctl("status", "*", status=NOT_RUNNING)
    assert "○ bad" in text and re.search(r"  Main PID: \d+ \(exited with status 3\)\n", text)
    assert "            ○ bad (finished)\n            ● good\n" in ctl("status")
    assert [row.split()[4] for row in ctl("list", "--no-legend", "bad").splitlines()] == ["-"]  # no process, no number
    assert "● good" in ctl("status", "good")
    assert ctl.errors("status", "good", "none", status=NO_SUCH) == ["There is no node 'none'"]


def test_what_a_node_prints_moves_no_cursor(ctl, machine):
    ctl("create", "-", input=json.dumps(config("a", env=play(r"say=\x1b[2Jevil\x07", "stay"))))
    machine.wait_for(lambda: machine.node("a")["LinesForwarded"] == 1)
    assert ctl("status", "a").splitlines()[-1] == r"\x1b[2Jevil\x07"


def test_top_is_shown_once_off_a_terminal(cluster):
    header, *rows = cluster("top", "--order=name").splitlines()
    assert header.split() == ["NODE", "ROLE", "STATE", "PID", "CPU", "MEMORY", "TASKS", "CPU", "TIME"]
    assert [row.split()[0] for row in rows] == NAMES
    assert all(re.match(r"\d+\.\d%", row.split()[4]) for row in rows)
    assert len(cluster("top", "--iterations=2", "--delay=100ms", "--no-legend").splitlines()) == 10


def test_top_has_the_greediest_first(cluster):
    cluster("create", "-", input=json.dumps(config("glutton", env=play("spin"))))
    first, *others = cluster.json("top")
    assert first["name"] == "glutton"
    assert first["cpu_permille"] > max(node["cpu_permille"] for node in others)


# Acting


def test_what_cat_prints_create_reads(ctl, machine):
    given = config(
        "a", interface="lo", env={"X": "ü\n\x1b", **STAY}, addl_user_scripts=["x.zeek"], nice=3, memory_max=1 << 40,
        cluster={"a": {"role": "Supervisor::WORKER", "host": "::1", "p": {"port": 5, "proto": "tcp"}}},
    )
    ctl("create", "-", input=json.dumps(given))
    printed = ctl("cat", "a")
    assert json.loads(printed) == given
    ctl("destroy", "a")
    ctl("create", "-", input=printed)
    assert json.loads(ctl("cat", "a")) == given
    assert json.loads(ctl("cat")) == [given]


def test_each_result_is_told(ctl, machine):
    ctl("create", "-", input=json.dumps([config("a"), config("b")]))
    result = ctl.run("restart", "a", "none", "b")
    assert sorted(result.stdout.splitlines()) == ["Restarted a.", "Restarted b."]
    assert result.stderr.splitlines() == [
        "Failed to restart none: there is no node with name 'none'",
        "To see which nodes there are: zsupctl list",
    ]
    assert result.returncode == NO_SUCH
    assert ctl("restart", "a", "-q") == ""


def test_results_are_json_too(ctl):
    ctl("create", "-", input=json.dumps(config("a")))
    results = {result["node"]: result for result in ctl.json("destroy", "a", "none", status=NO_SUCH)}
    assert results["a"] == {"node": "a", "done": True}
    assert results["none"]["error"] == "org.zeek.Supervisor.Error.NoSuchNode" and not results["none"]["done"]


def test_nodes_are_restarted_together(cluster, machine):
    before = {name: status["pid"] for name, status in machine.status().items()}
    assert cluster("restart", "--role=worker").count("Restarted worker-") == 3
    after = {name: status["pid"] for name, status in machine.status().items()}
    assert {name for name in NAMES if before[name] != after[name]} == set(NAMES[2:])
    assert cluster("restart", "--all") == "Restarted all nodes.\n"
    assert not set(after.values()) & {status["pid"] for status in machine.status().values()}


def test_destroy_has_no_process_left_when_it_returns(cluster, machine):
    pids = [status["pid"] for status in machine.status().values()]
    cluster("destroy", "worker-*")
    assert cluster("list", "--names").split() == NAMES[:2]
    assert cluster("destroy", "-a") == "Destroyed all nodes.\n"
    assert not any(is_alive(machine, pid) for pid in pids)


def test_an_action_wants_to_know_on_whom(cluster):
    for verb in "restart", "destroy", "kill":
        assert "--all" in cluster.errors(verb, status=USAGE)[0]
        assert cluster.errors(verb, "--all", "manager", status=USAGE) == ["Either --all or names of nodes, not both"]
        assert cluster.errors(verb, "x*", status=NO_SUCH) == [f"No node matches, nothing to {verb}"]
        assert cluster.errors(verb, "--state=failed", status=NO_SUCH) == [f"No node matches, nothing to {verb}"]
    assert cluster("list").endswith("5 nodes, all running.\n")


def test_kill_sends_the_signal_that_it_is_told(ctl, story):
    ctl("create", "-", input=json.dumps([config("a"), config("b")]))
    assert sorted(ctl("kill", "-s", "USR1", "a", "b").splitlines()) == ["Signalled a.", "Signalled b."]
    for name in "a", "b":
        story.wait(name, ExitCode=CLD_KILLED, ExitStatus=signal.SIGUSR1)
        story.wait(name, State="running", NRestarts=1)
    assert ctl.errors("kill", "-s", "NOSUCH", "a", status=USAGE) == ["--signal 'NOSUCH' is not a signal. See zsupctl --help."]
    assert ctl.errors("kill", "none", status=NO_SUCH)[0].startswith("Failed to kill none: ")
    ctl("destroy", "b")
    ctl("create", "-", input=json.dumps(config("ended", env=play("exit=0"), restart="never")))
    ctl.machine.wait_for(lambda: ctl.json("list", "ended")[0]["state"] == "finished")
    assert ctl("kill", "--all", "-s", "CONT") == "Signalled a.\n"  # who else has a process


def test_a_cluster_is_created_role_by_role(ctl, story):
    configs = [config(name, cluster=CLUSTER) for name in reversed(NAMES)]
    ctl("create", "-", input=json.dumps(configs))

    def all_started():
        starts = [s.arguments[0] for s in story.signals.named("NodeStatus")]
        return len(starts) == len(NAMES) and starts

    starts = story.signals.wait_until(all_started, 20, "all nodes to have started")
    assert starts[:2] == ["logger", "manager"] and set(starts[2:]) == set(NAMES[2:])


def test_nothing_is_created_unless_all_makes_sense(ctl, machine):
    machine.lab.write("/tmp/good.json", json.dumps(config("good")))
    machine.lab.write("/tmp/bad.json", json.dumps([config("a"), config("b", interfaze="lo")]))
    machine.lab.write("/tmp/torn.json", '[{"name": "a"},\n {"name": }]')
    assert ctl.errors("create", "/tmp/good.json", "/tmp/bad.json", status=FAILED) == [
        "/tmp/bad.json[1]: interfaze: is not a key that is known here"
    ]
    assert ctl.errors("create", "/tmp/good.json", "/tmp/torn.json", status=FAILED)[0].startswith("/tmp/torn.json:2:")
    assert ctl.errors("create", "/tmp/none.json", status=FAILED) == ["Failed to read /tmp/none.json: No such file or directory"]
    assert ctl.errors("create", "-", status=FAILED, input="[]") == ["There is no node to create"]
    assert ctl("list", "--names") == ""


def test_a_node_that_cannot_be_created_is_an_error_with_a_way_out(ctl):
    ctl("create", "-", input=json.dumps(config("a")))
    why, advice = ctl.errors("create", "-", status=FAILED, input=json.dumps(config("a")))
    assert why == "Failed to create a: node with name 'a' already exists" and "zsupctl destroy" in advice


def test_node_cfg_is_imported(ctl, machine):
    text = "[manager]\ntype=manager\nhost=localhost\n[proxy]\ntype=proxy\nhost=localhost\n" + (
        "[worker]\ntype=worker\nhost=localhost\ninterface=lo\nlb_method=custom\nlb_procs=2\n"
    )
    machine.lab.write("/tmp/node.cfg", text)
    assert len(ctl("import", "/tmp/node.cfg").splitlines()) == 4
    assert ctl("list", "--names").split() == ["manager", "proxy", "worker-1", "worker-2"]
    assert set(ctl.json("status", "worker-1")[0]["node"]["cluster"]) == {"manager", "proxy", "worker-1", "worker-2"}

    machine.lab.write("/tmp/node.cfg", text + "[bad]\ntype=worker\n")
    assert ctl.errors("import", "/tmp/node.cfg", status=FAILED)[0].startswith("/tmp/node.cfg:13: [bad] host= is missing")


def test_diff_tells_before_what_reload_does(ctl, machine):
    assert ctl("diff") == "A reload would change nothing.\n"
    machine.lab.write("/etc/zeek-supervisor/node.cfg", "[alone]\ntype=standalone\nhost=localhost\ninterface=lo\n")
    header, change, blank, total = ctl("diff").splitlines()
    assert (header, change) == ("NODE  CHANGE WHICH MEANS", "alone create it is new in node.cfg")
    assert total == "1 change. To make it: zsupctl reload"
    assert ctl.json("diff") == [{"node": "alone", "change": "create"}]

    ctl("reload")
    machine.wait_for(lambda: ctl("list", "--names") == "alone\n")
    assert "● alone - standalone, static" in ctl("status", "alone")
    machine.lab.path("/etc/zeek-supervisor/node.cfg").unlink()
    assert ctl.json("diff") == [{"node": "alone", "change": "destroy"}]
    ctl("reload")
    machine.wait_for(lambda: ctl("list", "--names") == "")


# Hooks


def test_hooks_are_added_listed_tried_and_removed(ctl, machine):
    assert ctl("hooks") == "No hooks.\n"
    assert ctl("hooks", "add", "quiet", "Stream=stderr", "Match=packet filter", "Action=suppress") == "Added quiet.\n"
    machine.lab.write("/tmp/loud.hook", "[Hook]\nRole=worker\nPriority=warning\nSetField=KIND=x\n")
    ctl("hooks", "add", "/tmp/loud.hook")
    header, loud, quiet, blank, total = ctl("hooks").splitlines()
    assert loud.split()[:5] == ["loud", "both", "role", "worker", "mark"]
    assert re.match(r"quiet +stderr +all +suppress /packet filter/ +0 +0 +0 +runtime$", quiet)
    assert total == "2 hooks, in the order in which they apply."
    assert [hook["name"] for hook in ctl.json("hooks", "list")] == ["loud", "quiet"]

    assert ctl("hooks", "test", "a", "stderr", "a packet filter") == "suppressed by quiet\n"
    assert ctl("hooks", "test", "a", "stdout", "a packet filter") == "passes, priority 6\n"
    assert ctl.json("hooks", "test", "a", "stderr", "-", input="one\na packet filter\n")[1]["verdict"] == "suppress"

    assert ctl.errors("hooks", "remove", "quiet", "none", "loud", status=NO_SUCH)[0] == (
        "Failed to remove none: there is no hook 'none'"
    )
    assert ctl("hooks", "list", "--no-legend") == ""


def test_a_hook_with_a_doubt_about_it_is_not_added(ctl):
    assert ctl.errors("hooks", "add", "x", "Mach=foo", "Action=suppress", status=FAILED)[0].startswith("(command line):2: ")
    assert ctl.errors("hooks", "add", "x", "Match=(", "Action=suppress", status=FAILED)[0].startswith("Failed to add x: ")
    assert ctl.errors("hooks", "add", "x", "Match", status=FAILED) == ["'Match' is not KEY=VALUE on one line"]
    assert ctl.errors("hooks", "add", "x", status=FAILED) == ["'x' is neither FILE.hook nor a name that KEY=VALUE follows"]
    assert ctl.errors("hooks", "dance", status=USAGE)[0].startswith("'hooks' is followed by ")
    assert ctl("hooks", "list", "--no-legend") == ""


# The rest


def test_log_shows_what_nodes_said_and_what_became_of_them(ctl, machine):
    ctl("create", "-", input=json.dumps([config("a", env=play("say=I am a", "stay")), config("b", env=play("say=I am b", "stay"))]))
    machine.wait_for(lambda: machine.output("a") and machine.output("b"))
    text = ctl("log", "a")
    assert "I am a" in text and 'Node "a" runs' in text and "I am b" not in text
    everything = ctl("log")
    assert "I am a" in everything and "I am b" in everything
    assert ctl("log", "[ab]", "--output=cat", "--grep=^I am", "--lines=1", "--quiet").strip() in ("I am a", "I am b")
    assert json.loads(ctl("log", "b", "--json=short", "--grep=I am", "-q"))["ZEEK_NODE"] == "b"
    ctl("destroy", "a")
    assert "I am a" in ctl("log", "a")
    assert ctl.errors("log", "no/such", status=NO_SUCH)[0].startswith("There can be no node 'no/such': ")


def test_watch_shows_what_happens_until_it_is_interrupted(ctl, machine):
    with machine.popen(ctl.command("watch", "a*", "--json=short"), stdout=-1) as watch:
        machine.wait_for(lambda: "zsupctl" in machine.run("busctl list --no-legend").stdout)
        ctl("create", "-", input=json.dumps([config("a1"), config("b")]))
        ctl("kill", "-s", "KILL", "a1")
        machine.wait_for(lambda: machine.node("a1")["NRestarts"] == 1 and machine.node("a1")["State"] == "running")
        ctl("destroy", "a1", "b")
        machine.run(["pkill", "--signal=INT", "--exact", "zsupctl"])
        lines = watch.stdout.read().splitlines()
        assert watch.wait(10) == DONE
    events = [json.loads(line) for line in lines]
    assert {event.get("node") for event in events} <= {"a1", None}
    mine = [event for event in events if event.get("node") == "a1"]
    assert mine[0]["event"] == "created" and mine[-1]["event"] == "destroyed"
    states = [event["state"] for event in mine]
    assert states[:2] == ["starting", "running"] and "waiting" in states
    assert any(event.get("exit_status") == signal.SIGKILL for event in mine)


def test_reload_reloads(ctl, machine):
    machine.lab.write("/run/zeek-supervisor/hooks.d/x.hook", "[Hook]\nAction=pass\n")
    assert ctl("reload") == "Reloaded the configuration of all nodes.\n"
    assert [hook["name"] for hook in ctl.json("hooks")] == ["x"]
    machine.lab.path("/run/zeek-supervisor/hooks.d/x.hook").unlink()
    ctl("reload", "--quiet")


def test_a_command_line_without_sense_does_nothing(ctl):
    for line, why in [
        (["dance"], "There is no verb 'dance'"),
        (["create"], "'create' wants an argument, as in 'zsupctl create FILE...'"),
        (["reload", "now"], "Too many arguments of 'reload'"),
        (["stop", "x"], "There is no verb 'stop'; 'destroy' may be meant"),
        (["list", "--bogus"], "There is no option --bogus"),
        (["destroy", "--follow", "x"], "'destroy' has no option --follow"),
    ]:
        assert ctl.errors(*line, status=USAGE) == [f"{why}. See zsupctl --help."]


def test_what_cannot_be_written_was_not_said(ctl, machine):
    assert machine.run("zsupctl list >/dev/full", check=False).returncode == FAILED


def test_help_and_version_need_no_supervisor(ctl, machine):
    assert "Verbs:" in ctl("--help")
    assert ctl("--version") == f"zsupctl {machine.bus.get('Version')}\n"
