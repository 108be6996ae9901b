# SPDX-License-Identifier: BSD-3-Clause
"""How many lines a node may print: what is too much is dropped, counted, and told."""

from nodes import create_ready, of_role, play

DROPPED = "13151d4b10574fbc8d4b7a755b7238f0"


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/limits.conf", """
[Worker]
LogRateLimitIntervalSec=1h
LogRateLimitBurst=100
[Proxy]
LogRateLimitIntervalSec=100ms
LogRateLimitBurst=10
""")
    lab.write("/etc/zeek-supervisor/hooks.d/odd.hook", "[Hook]\nMatch=[13579]$\nAction=suppress\n")


def counters(machine, name):
    node = machine.node(name)
    return node["LinesForwarded"], node["LinesSuppressed"], node["LinesDropped"]


def test_there_is_no_limit_by_default(machine):
    create_ready(machine, "free", env=play("print=20000", "stay"))
    machine.wait_for(lambda: counters(machine, "free") == (10000, 10000, 0))


def test_lines_beyond_the_limit_are_dropped_and_every_line_is_counted_once(machine):
    machine.create("loud", **of_role("WORKER", "loud"), restart="never", env=play("both=5000", "signal=KILL"))
    machine.wait_for(lambda: counters(machine, "loud") == (100, 5000, 4900))
    assert len(machine.output("loud")) + len(machine.output("loud", "stderr")) == 100
    (entry,) = machine.wait_for(lambda: machine.journal("ZEEK_NODE=loud", f"MESSAGE_ID={DROPPED}"))
    assert entry["ZEEK_LINES_DROPPED"] == "4900" and "4900 lines were dropped" in entry["MESSAGE"]


def test_one_node_uses_up_nobody_elses_limit(machine):
    for name in "one", "two":
        create_ready(machine, name, **of_role("WORKER", name), env=play("print=400", "stay"))
        machine.wait_for(lambda: counters(machine, name) == (100, 200, 100))


def test_each_interval_has_its_entry(machine):
    create_ready(machine, "steady", **of_role("PROXY", "steady"), env=play("print=endless", "rate=2000"))
    entries = machine.wait_for(lambda: len(found := machine.journal("ZEEK_NODE=steady", f"MESSAGE_ID={DROPPED}")) >= 3 and found)
    machine.call("Destroy", "s", "steady")
    entries = machine.wait_for(lambda: machine.journal("ZEEK_NODE=steady", f"MESSAGE_ID={DROPPED}"))
    assert all(int(entry["ZEEK_LINES_DROPPED"]) > 0 for entry in entries)


def test_the_last_lines_are_known_also_when_they_were_dropped(machine):
    create_ready(machine, "known", **of_role("WORKER", "known"), env=play("print=1000", "stay"))
    machine.wait_for(lambda: machine.status("known")["known"]["last_output"][-1:] == ["line 1000"])
