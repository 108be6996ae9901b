# SPDX-License-Identifier: BSD-3-Clause
"""zsupctl, as somebody at a terminal sees it."""

import json
import re
import time

import pytest
from ctl import DENIED, DONE, FAILED, Terminal, Zsupctl
from nodes import STAY, play

USER, PASSWORD = "joe", "open sesame"
COLOR = "\x1b[0;1;32m"
PROGRESS_DUE = 1  # what must not come cannot be waited for; it would have come by then
NO_PAGER = {"SYSTEMD_PAGER": ""}


@pytest.fixture
def ctl(machine):
    ctl = Zsupctl(machine)
    yield ctl
    ctl("destroy", "--all", "--quiet")


@pytest.fixture
def terminal(ctl):
    """Runs zsupctl on a terminal."""
    return lambda *arguments, **options: Terminal(ctl.machine, ctl.command(*arguments), **options)


@pytest.fixture(scope="module")
def user(machine_of_module):
    """Somebody who may look, and knows root's password."""
    machine_of_module.lab.add_user(USER)
    machine_of_module.run(["chpasswd"], input=f"root:{PASSWORD}\n")
    # newer polkits check passwords in a service of its own
    machine_of_module.run(["systemctl", "start", "polkit-agent-helper.socket"], check=False)
    return USER


def create(ctl, **nodes):
    """Nodes by keyword, with "_" for "-"; what each of them plays."""
    configs = [{"name": name.replace("_", "-"), "env": env, "stop_timeout_usec": 2_000_000} for name, env in nodes.items()]
    ctl("create", "-", input=json.dumps(configs))


def test_colours_are_on_a_terminal_unless_they_are_not_wanted(ctl, terminal):
    create(ctl, a=STAY)
    ctl.machine.wait_for(lambda: ctl.machine.node("a")["Ready"])  # until then it is in the colour of what is on its way
    for environment, expected in [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"SYSTEMD_COLORS": "0"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "SYSTEMD_COLORS": "1"}, True),
    ]:
        with terminal("list", **NO_PAGER, **environment) as t:
            assert t.end() == DONE
            assert (COLOR + "running" in t.text) == expected, environment
    assert "\x1b" not in ctl("list")
    assert COLOR in ctl.machine.run("SYSTEMD_COLORS=1 zsupctl list").stdout


def test_no_line_is_wider_than_the_terminal(ctl, terminal):
    create(ctl, a_node_with_a_very_long_name=play("say=" + "x" * 200, "stay"))
    ctl.machine.wait_for(lambda: ctl.machine.node("a-node-with-a-very-long-name")["LinesForwarded"] == 1)
    for verb in ["list"], ["status", "*"], ["top", "--iterations=1"], ["status"]:
        with terminal(*verb, columns=70, **NO_PAGER) as t:
            t.end()
            assert max(map(len, t.lines())) <= 70, t.text
    with terminal("list", columns=70, **NO_PAGER) as t:
        t.end()
        assert re.search(r"a-node-with-a\S*… ", t.plain())
    with terminal("list", "--full", columns=70, **NO_PAGER) as t:
        t.end()
        assert "a-node-with-a-very-long-name" in t.plain()


def test_what_is_longer_than_the_terminal_goes_through_a_pager(ctl, terminal):
    create(ctl, **{f"n{n}": STAY for n in range(12)})
    with terminal("list", rows=10) as t:
        t.wait_for(r"n0 ")
        assert "nodes, all running" not in t.plain()
        t.type("G")
        t.wait_for(r"12 nodes, all running")
        t.type("q")
        assert t.end() == DONE
    with terminal("list", "--no-pager", rows=10) as t:
        assert t.end() == DONE
        assert "12 nodes, all running" in t.plain()


def test_a_pager_with_the_rights_of_root_runs_no_commands(ctl, terminal):
    create(ctl, **{f"n{n}": STAY for n in range(12)})
    # we have no session, so root's rights are nobody's own
    with terminal("list", rows=10, PAGER="touch /tmp/run-by-a-pager; cat") as t:
        t.wait_for(r"n0 ")
        t.type("!")
        t.wait_for(r"Command not available")
        t.type("\n")
        t.forget()
        t.type("q")
        t.end()
    assert not ctl.machine.lab.path("/tmp/run-by-a-pager").exists()
    assert not ctl.machine.lab.path("/tmp/run-by-less").exists()
    with terminal("list", rows=10, PAGER="tr a-z A-Z", SYSTEMD_PAGERSECURE="0") as t:
        t.end()
        assert "12 NODES, ALL RUNNING" in t.plain()


def test_who_waits_sees_what_for(ctl, terminal):
    create(ctl, quick=STAY, slow_1=play("ignore-term", "stay"), slow_2=play("ignore-term", "stay"))
    with terminal("restart", "quick", "slow-1", "slow-2") as t:
        t.wait_for(r"Restarted quick\.")
        t.wait_for(r"Restarting 3 nodes: 1 up, slow-1 stopping, slow-2 stopping \(\ds\)")
        assert t.end() == DONE
        assert set(re.findall(r"Restarted (\S+)\.", t.plain())) == {"quick", "slow-1", "slow-2"}
    with terminal("destroy", "--all") as t:
        t.wait_for(r"Destroying 3 nodes: 1 gone, slow-1 stopping, slow-2 stopping \(\ds\)")
        assert t.end() == DONE
        assert t.text.endswith("\r\x1b[KDestroyed all nodes.\r\n")


def test_who_interrupts_leaves_it_to_the_supervisor(ctl, terminal):
    create(ctl, slow=play("ignore-term", "stay"))
    with terminal("destroy", "slow") as t:
        t.wait_for(r"slow stopping")
        t.type("\x03")
        t.wait_for(r"Interrupted\. What it was asked, the supervisor goes on with\.")
        assert t.end() == FAILED
    ctl.machine.wait_for(lambda: ctl("list", "--names") == "")


def test_watch_shows_events_as_lines(ctl, terminal):
    with terminal("watch") as t:
        t.wait_for(r"Watching 0 nodes, Ctrl-C ends\.")
        create(ctl, a=STAY)
        t.wait_for(r"\w{3} \d\d \d\d:\d\d:\d\d\.\d{3} a +created, starting\n")
        t.wait_for(r" a +running, PID \d+\n")
        ctl("kill", "-s", "KILL", "a")
        t.wait_for(r" a +waiting, was killed by signal SIGKILL, starts again in ")
        ctl.machine.run("systemctl restart zeek-supervisor")
        t.wait_for(r" supervisor +left the bus\n")
        t.wait_for(r" supervisor +is on the bus\n")
        t.type("\x03")
        assert t.end() == DONE


def test_watch_says_how_many_it_watches(ctl, terminal):
    create(ctl, a1=STAY, b=STAY)
    with terminal("watch", "a*") as t:
        t.wait_for(r"Watching 1 node, Ctrl-C ends\.")
        ctl("destroy", "b", "a1")
        t.wait_for(r" a1 +destroyed")
        t.type("\x03")
        t.end()
        assert " b " not in t.plain()


def test_top_redraws_and_obeys_keys(ctl, terminal):
    create(ctl, idle=STAY, spinning=play("spin"))
    with terminal("top", "--delay=200ms") as t:
        t.wait_for(r"2 nodes, all running; CPU [\d.]+%")
        t.wait_for(r"spinning +standalone[^\n]*\n *idle ")
        t.type("n")
        t.wait_for(r"idle +standalone[^\n]*\n *spinning ")
        create(ctl, later=STAY)
        t.wait_for(r"3 nodes, all running")
        t.resize(40)
        t.forget()
        t.wait_for(r"idle +standal")
        t.type("q")
        assert t.end() == DONE
        # the screen is given back as it was
        assert t.text.endswith("\x1b[?25h\x1b[?1049l")


def test_polkit_asks_on_the_terminal(ctl, user):
    create(ctl, a=play("ignore-term", "stay"))
    # polkit asks in sessions only
    session = ["systemd-run", "--quiet", "--pty", "--wait", "--property=PAMName=login", f"--property=User={user}"]
    with Terminal(ctl.machine, [*session, *ctl.command("destroy", "a")]) as t:
        t.wait_for(r"org\.zeek\.Supervisor\.manage-nodes")
        t.wait_for(r"Password: ")
        time.sleep(PROGRESS_DUE)
        assert t.plain().endswith("Password: ")  # nothing was written over it
        t.type(PASSWORD + "\n")
        t.wait_for(r"Destroying 1 node: 0 gone, a stopping")
        t.wait_for(r"Destroyed a\.")
        assert t.end() == DONE


def test_polkit_does_not_ask_who_does_not_want_to_be_asked(ctl, terminal, user):
    create(ctl, a=STAY)
    with terminal("destroy", "a", "--no-ask-password", user=user) as t:
        assert t.end() == DENIED
        assert "Password" not in t.plain()
        assert "Failed to destroy a: " in t.plain() and "Run it as root" in t.plain()
    assert ctl("list", "--names") == "a\n"
