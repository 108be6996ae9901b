# SPDX-License-Identifier: BSD-3-Clause
"""Who may change something: what the real polkitd says about users without privileges, or does not say."""

import contextlib
import json
import subprocess
from pathlib import Path

import dbus_wire as wire
import pytest
from bus import NODE, BusError, node_path
from dbus_types import Variant
from nodes import STAY
from raw_bus import RawBus

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
POLKIT = "polkit.service"
EXAMPLE = "/usr/share/doc/zeek-supervisor/zeek-admin.rules.example"
RULES = "/etc/polkit-1/rules.d/50-zeek-admin.rules"
AGENT = Path(__file__).with_name("polkit_agent.py")

# The example is in force: Bob is in its group, Alice is not. Carol is refused by a rule, whatever she can prove.
CAROL = """
polkit.addRule(function(action, subject) {
    if (subject.user == "carol") return polkit.Result.NO;
});
"""

CHANGES = {
    "Create": ("a{sv}", {"name": "new"}),
    "Destroy": ("s", "node"),
    "Restart": ("s", "node"),
    "Reload": ("",),
    "AddHook": ("a{sv}", {"name": "new", "match": "x", "action": "pass"}),
    "RemoveHook": ("s", "none"),
}
CHANGES_OF_A_NODE = {"Destroy": ("",), "Restart": ("",), "Kill": ("i", 9)}


def prepare(lab):
    lab.write("/etc/polkit-1/rules.d/20-carol.rules", CAROL)
    # without /usr/share, as a base made by debootstrap may leave out what is documentation
    example = (Path(__file__).parents[2] / "policy/polkit/zeek-admin.rules.example").read_text()
    lab.write(RULES, example)
    lab.write("/usr/local/lib/polkit_agent.py", AGENT.read_text())


@pytest.fixture(scope="module")
def users(machine_of_module):
    for name in "alice", "bob", "carol":
        machine_of_module.lab.add_user(name)
    machine_of_module.run("gpasswd -a bob zeek-admin")


@pytest.fixture(autouse=True)
def node(machine, users):
    """One node, which every test leaves as it was."""
    if not machine.status("node"):
        machine.create("node", env=STAY)
    pid = machine.status("node")["node"]["pid"]
    yield
    for name in machine.status().keys() - {"node"}:
        machine.call("Destroy", "s", name)
    assert machine.status("node")["node"]["pid"] == pid


@pytest.fixture
def alice(machine):
    with RawBus(machine.lab, "alice") as alice:
        yield alice


@pytest.fixture
def bob(machine):
    with RawBus(machine.lab, "bob") as bob:
        yield bob


def refused(call, *arguments, **options):
    with pytest.raises(BusError) as error:
        call(*arguments, **options)
    assert error.value.name == DENIED, error.value
    return error.value.message


# Without and with the right


@pytest.mark.parametrize("member", CHANGES)
def test_who_may_not_is_told_so_and_changes_nothing(machine, alice, member):
    assert "Authentication is needed" in refused(alice.call, member, *CHANGES[member])
    assert (machine.status().keys(), machine.call("ListHooks")) == ({"node"}, [])


@pytest.mark.parametrize("member", CHANGES_OF_A_NODE)
def test_nor_may_they_at_the_object_of_a_node(alice, member):
    call = dict(path=node_path("node"), interface=NODE)
    assert "Authentication is needed" in refused(alice.call, member, *CHANGES_OF_A_NODE[member], **call)


def test_a_rule_that_forbids_is_no_challenge(machine):
    with RawBus(machine.lab, "carol") as carol:
        assert refused(carol.create, {"name": "new"}) == "polkit does not allow you to do this"


@pytest.mark.parametrize("config", [{}, {"name": "node"}, {"name": "-"}, {"name": "new", "directory": "/root/x"}])
def test_who_may_not_learns_nothing_about_the_request(alice, config):
    assert "Authentication is needed" in refused(alice.create, config)


def test_everybody_may_read(alice):
    assert alice.call("Status", "s", "")["node"]["state"] == "running"
    assert alice.call("ListHooks") == []
    assert alice.call("TestHooks", "sss", "node", "stdout", "x")["verdict"] == "pass"


def test_a_member_of_the_group_of_the_example_may(machine, bob):
    assert bob.create({"name": "new", "env": STAY}) == ""
    assert machine.status("new")["new"]["state"] == "running"
    assert bob.call("Kill", "i", 1, path=node_path("new"), interface=NODE) is None
    assert bob.call("Destroy", "s", "new") is True
    assert bob.call("AddHook", *CHANGES["AddHook"]) == "new"
    assert bob.call("RemoveHook", "s", "new") is True
    bob.call("Reload")


# A person is asked


@contextlib.contextmanager
def asking(machine, user, member, arguments):
    """A caller with an agent of polkit, which may be asked: a function for the next that it tells, one to tell it."""
    command = ["/usr/bin/python3", "/usr/local/lib/polkit_agent.py", member, arguments]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with machine.lab.popen(command, user, **pipes) as process:

        def told():
            return json.loads(process.stdout.readline())

        def tell(what):
            process.stdin.write(what + "\n")
            process.stdin.flush()

        yield told, tell
        process.kill()


NEW = "({'name': <'new'>},)"


def test_who_proves_to_be_an_administrator_may(machine):
    with asking(machine, "alice", "Create", NEW) as (told, tell):
        action, message, cookie, uid = told()["asked"]
        assert action == "org.zeek.Supervisor.manage-nodes"
        assert message == "Authentication is required to create, restart, stop or remove Zeek nodes."
        assert machine.status("new") == {}, "nothing takes effect before the answer"

        # what polkit's helper says, which is set-user-id root, when the password was right
        machine.call("AuthenticationAgentResponse2", "us(sa{sv})", machine.lab.uid("alice"), cookie,
                     ("unix-user", {"uid": Variant("u", uid)}), service="org.freedesktop.PolicyKit1",
                     path="/org/freedesktop/PolicyKit1/Authority", interface="org.freedesktop.PolicyKit1.Authority")
        tell("answered")
        assert told() == {"reply": [""]}
    assert machine.status("new")["new"]["state"] != "failed"


def test_who_does_not_prove_it_may_not(machine):
    with asking(machine, "alice", "Create", NEW) as (told, tell):
        assert "asked" in told()
        tell("dismissed")
        name, text = told()["error"]
    assert name == DENIED and text.endswith("The authentication for this was dismissed")
    assert machine.status("new") == {}


def test_who_does_not_want_to_be_asked_is_not(alice):
    # the flag of the message decides; a RawBus sets none
    assert "no agent could ask" in refused(alice.create, {"name": "new"})


# polkit is late, dead, or not there


@contextlib.contextmanager
def stopped_polkit(machine):
    """polkitd does not answer until the function that this gives is called, or the context ends."""
    machine.run(["systemctl", "start", POLKIT])
    pid = machine.main_pid(POLKIT)
    machine.run(["kill", "-STOP", str(pid)])
    try:
        yield lambda: machine.run(["kill", "-CONT", str(pid)])
    finally:
        machine.run(["kill", "-CONT", str(pid)], check=False)


def test_nothing_takes_effect_before_the_answer_and_nobody_else_waits(machine, bob):
    with stopped_polkit(machine) as go_on:
        asked = bob.send("Create", "a{sv}", {"name": "new", "env": STAY})
        for _ in range(3):
            assert machine.status("new") == {}
            machine.create("meanwhile", env=STAY)
            machine.call("Destroy", "s", "meanwhile")
        go_on()
        assert bob.reply(asked) == ""
    assert machine.status("new")["new"]["state"] == "running"


def test_an_answer_does_not_make_true_what_was_true_when_it_was_asked(machine, bob):
    with stopped_polkit(machine) as go_on:
        asked = [bob.send("Create", "a{sv}", {"name": "new", "env": STAY}), bob.send("Destroy", "s", "other")]
        machine.create("new", env=STAY)
        go_on()
        with pytest.raises(BusError, match="NodeExists"):
            bob.reply(asked[0])
        with pytest.raises(BusError, match="NoSuchNode"):
            bob.reply(asked[1])


def test_a_caller_who_leaves_before_the_answer_is_refused(machine, alice):
    with stopped_polkit(machine) as go_on:
        with RawBus(machine.lab, "bob") as bob:
            bob.send("Create", "a{sv}", {"name": "new", "env": STAY})
            bob.call("Status", "s", "")  # the call before has arrived
        go_on()
        refused(alice.create, {"name": "other"})  # polkit has answered what came before
    assert machine.status().keys() == {"node"}


def test_a_caller_who_wants_no_reply_is_served_if_they_may(machine, alice, bob, story):
    alice.send("Create", "a{sv}", {"name": "new", "env": STAY}, flags=wire.NO_REPLY_EXPECTED)
    assert "Authentication is needed" in refused(alice.create, {"name": "new"})  # so the one before was answered too
    assert machine.status().keys() == {"node"}
    bob.send("Create", "a{sv}", {"name": "new", "env": STAY}, flags=wire.NO_REPLY_EXPECTED)
    story.wait("new", State="running")


def test_a_polkit_that_dies_over_it_is_no_consent(machine, bob):
    with stopped_polkit(machine):
        asked = bob.send("Create", "a{sv}", {"name": "new", "env": STAY})
        bob.call("Status", "s", "")
        machine.run(["kill", "-KILL", str(machine.main_pid(POLKIT))])
        assert refused(bob.reply, asked) == "Only root may do this for now, because polkit does not answer"
    machine.run("systemctl reset-failed polkit.service; systemctl start polkit.service")


def test_without_polkit_only_root_may(machine, bob):
    machine.run("systemctl mask --runtime --now polkit.service")
    try:
        why = refused(bob.create, {"name": "new"})
        assert why == "Only root may do this, because polkit is not there to allow it to others"
        machine.create("by-root", env=STAY)
        machine.call("Destroy", "s", "by-root")
    finally:
        machine.run("systemctl unmask --runtime polkit.service && systemctl start polkit.service")


# Who has much waiting


def test_who_has_too_much_waiting_is_the_one_who_is_refused(machine, alice, bob):
    mebibyte = {"name": "new", "interface": "x" * (1 << 20)}
    with stopped_polkit(machine) as go_on:
        asked = [alice.send("Create", "a{sv}", mebibyte) for _ in range(40)]
        others = bob.send("Create", "a{sv}", {"name": "of-bob", "env": STAY})
        with pytest.raises(BusError, match="LimitsExceeded: Too much of yours waits for polkit"):
            alice.reply(asked[20])  # 16 MiB: PENDING_BYTES_PER_USER_MAX
        machine.create("of-root", env=STAY)
        go_on()
        assert bob.reply(others) == ""
        names = [error_name(alice, serial) for serial in asked if serial != asked[20]]
    assert {name.rpartition(".")[2] for name in names} == {"AccessDenied", "LimitsExceeded"}
    assert names.count(DENIED) == 15


def test_many_calls_of_one_user_are_too_many_on_however_many_connections(machine, bob):
    with stopped_polkit(machine), contextlib.ExitStack() as stack:
        callers = [stack.enter_context(RawBus(machine.lab, "alice")) for _ in range(3)]
        asked = [(caller, [caller.send("Destroy", "s", "node") for _ in range(1000)]) for caller in callers]
        others = bob.send("Create", "a{sv}", {"name": "of-bob", "env": STAY})
        machine.create("of-root", env=STAY)
        machine.run(["kill", "-KILL", str(machine.main_pid(POLKIT))])  # for it would take its time for all of them
        names = [error_name(caller, serial) for caller, serials in asked for serial in serials]
        assert error_name(bob, others) == DENIED
    assert names.count(DENIED) == 2048 and len(names) == 3000  # PENDING_PER_USER_MAX
    machine.run("systemctl reset-failed polkit.service; systemctl start polkit.service")


def error_name(caller, serial):
    with pytest.raises(BusError) as error:
        caller.reply(serial)
    return error.value.name


def test_calls_of_one_connection_are_handled_in_their_order(machine):
    """Those that still wait for the bus to say who they are from, and those for which that is known by then."""
    with RawBus(machine.lab) as bus:
        serials = [bus.send("Destroy", "s", f"nobody-{i}") for i in range(1000)]
        with pytest.raises(BusError, match="there is no node"):
            bus.reply(serials[-1])
        assert list(bus.replies) == serials[:-1]  # all that came before
