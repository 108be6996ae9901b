# SPDX-License-Identifier: BSD-3-Clause
"""Who is not who they seem to be: nodes that give orders, roots of user namespaces, and processes with another's number."""

import json
import shlex

import faults
import pytest
from bus import NODE, BusError, node_path
from nodes import STAY, create_ready, is_alive, play, scope
from raw_bus import RawBus

ASK = "busctl --json=short call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor"
ROOT_OF_A_NAMESPACE = "unshare --user --map-root-user "
ELSEWHERE = "unshare --pid --fork --mount-proc "
RULE = "/etc/polkit-1/rules.d/30-nodes.rules"
STEM_SOCKET = "/run/zeek-stem/socket"

CHANGES = {
    "Create": "'a{sv}' 1 name s new",
    "Destroy": "s ''",
    "Restart": "s ''",
    "Reload": "",
    "AddHook": "'a{sv}' 3 name s new match s x action s pass",
    "RemoveHook": "s none",
    "Diff": "",
}

# Runs a command as the process that has this number here; it is left behind if it is one that sleeps.
BECOME = """
import ctypes, os, signal, struct, sys
number = ctypes.c_int(int(sys.argv[1]))
arguments = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(number), 1, 0)
pid = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(435), arguments, ctypes.c_size_t(len(arguments)))  # clone3
if pid < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
sleeps = sys.argv[2] == "sleep"
if pid == 0:
    for fd in range(3) if sleeps else ():
        os.dup2(os.open("/dev/null", os.O_RDWR), fd)
    os.execvp(sys.argv[2], sys.argv[2:])
if sleeps:
    sys.exit()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/impostors.conf", "[Node]\nRestartDelaySec=50ms\n")
    lab.write("/usr/local/lib/become.py", BECOME)


@pytest.fixture(scope="module", autouse=True)
def alice(machine_of_module):
    machine_of_module.lab.add_user("alice")


@pytest.fixture(autouse=True)
def no_nodes(machine):
    machine.run("systemctl start zeek-supervisor")
    yield
    machine.call("Destroy", "s", "")
    assert (machine.status(), machine.scopes(), machine.call("ListHooks")) == ({}, [], [])


def become(pid, command):
    return f"/usr/bin/python3 /usr/local/lib/become.py {pid} {command}"


def told(machine, name, *commands):
    """What these commands of a node have printed, on both streams."""
    commands = "; ".join(f"{{ {command}; }} 2>&1" for command in commands)
    machine.create(name, env=play("stay", f"exec={commands}; echo that is all"))
    lines = machine.wait_for(lambda: "that is all" in (lines := machine.output(name)) and lines)
    return lines[: lines.index("that is all")]


# A node that gives orders


def test_a_node_may_change_nothing(machine):
    machine.create("other", env=STAY)
    before = machine.status("other")["other"]["pid"]
    kill = f"busctl call org.zeek.Supervisor {node_path('other')} {NODE} Kill i 9"
    lines = told(machine, "rebel", *(f"{ASK} {member} {arguments}" for member, arguments in CHANGES.items()), kill)
    assert lines == ["Call failed: Access denied"] * (len(CHANGES) + 1)
    assert machine.status().keys() == {"other", "rebel"} and machine.call("ListHooks") == []
    assert machine.status("other")["other"]["pid"] == before


def test_unless_polkit_allows_it(machine):
    machine.lab.write(RULE, """
        polkit.addRule(function(action, subject) {
            if (action.id == "org.zeek.Supervisor.manage-nodes" && subject.user == "zeek") return polkit.Result.YES;
        });""")
    try:
        machine.run("systemctl restart polkit")
        lines = told(machine, "steward", f"{ASK} Create {CHANGES['Create']}", f"{ASK} Reload")
        assert lines == ['{"type":"s","data":[""]}', "Call failed: Access denied"]
        assert machine.status().keys() == {"steward", "new"}
    finally:
        machine.lab.path(RULE).unlink()
        machine.run("systemctl restart polkit")


def test_a_node_cannot_be_the_supervisor(machine):
    bus = "busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus"
    lines = told(machine, "usurper", f"{bus} RequestName su org.zeek.Supervisor 7", f"{ASK} IsSupervisor")
    assert "denied" in lines[0] or "refused" in lines[0] or "not allowed" in lines[0], lines
    assert lines[1] == '{"type":"b","data":[false]}'


REACH = """
import os, socket, sys
for place in "/run/zeek-stem", "/run/zeek-supervisor/state":
    try:
        print(place, os.listdir(place))
    except OSError as error:
        print(place, error.strerror)
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    print("connected")
except OSError as error:
    print("socket", error.strerror)
"""


def test_a_node_does_not_reach_the_stem(machine):
    machine.lab.write("/usr/local/lib/reach.py", REACH)
    lines = told(machine, "climber", f"/usr/bin/python3 /usr/local/lib/reach.py {STEM_SOCKET}")
    assert lines == [f"{place} Permission denied" for place in ("/run/zeek-stem", "/run/zeek-supervisor/state", "socket")]


ANNOUNCE = """
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/run/systemd/notify")
s.send(b"STOPPING=1\\nSTATUS=taken over\\nMAINPID=%i" % __import__("os").getpid())
"""


def test_a_node_says_nothing_to_the_service_manager_in_the_name_of_a_daemon(machine):
    machine.lab.write("/usr/local/lib/announce.py", ANNOUNCE)
    units = ["zeek-supervisor.service", "zeek-stem.service"]
    before = [machine.show(unit)["MainPID"] for unit in units]
    assert told(machine, "herald", "/usr/bin/python3 /usr/local/lib/announce.py", "echo sent") == ["sent"]
    for unit, pid in zip(units, before):
        shown = machine.show(unit)
        assert (shown["MainPID"], shown["ActiveState"], "taken over" in shown["StatusText"]) == (pid, "active", False)


# Root, but of a user namespace


@pytest.mark.parametrize("member", CHANGES)
def test_root_of_a_user_namespace_is_who_made_it(machine, member):
    command = f"id -u; SYSTEMD_LOG_LEVEL=debug {ASK} {member} {CHANGES[member]}"
    result = machine.run(["sh", "-c", f"{ROOT_OF_A_NAMESPACE} sh -c {shlex.quote(command)}"], user="alice", check=False)
    assert result.stdout == "0\n", result.stderr
    assert "error-name=org.freedesktop.DBus.Error.AccessDenied" in result.stderr
    assert (machine.status(), machine.call("ListHooks")) == ({}, [])


def test_nor_is_it_root_to_the_stem(machine):
    """Whom the socket's mode would let through."""
    uid = machine.lab.uid("alice")
    machine.run(f"chmod 755 /run/zeek-stem; chmod 666 {STEM_SOCKET}")
    try:
        script = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({STEM_SOCKET!r}); print(s.recv(1))"
        command = f"{ROOT_OF_A_NAMESPACE} /usr/bin/python3 -c {shlex.quote(script)}"
        assert machine.run(["sh", "-c", command], user="alice").stdout == "b''\n"
    finally:
        machine.run(f"chmod 700 /run/zeek-stem; chmod 600 {STEM_SOCKET}")
    assert f"of user {uid}\n" in machine.run("journalctl -o cat -u zeek-stem -g 'Refused a connection'").stdout


# Processes with a number of another namespace


def test_a_caller_with_a_nodes_number_elsewhere_is_not_that_node(machine):
    machine.create("number", env=STAY)
    pid = machine.status("number")["number"]["pid"]
    command = become(pid, f"sh -c {shlex.quote(f'echo $$; {ASK} IsSupervised')}")
    assert machine.run(ELSEWHERE + command).stdout == f'{pid}\n{{"type":"b","data":[false]}}\n'


def test_a_node_in_a_namespace_of_its_own_is_still_one(machine):
    machine.create("nested", env=STAY)
    group = "/sys/fs/cgroup" + machine.show(scope("nested"))["ControlGroup"]
    command = f"sh -c {shlex.quote(f'echo $$; {ASK} Node')}"
    number, answer = machine.run(f"echo $$ >{shlex.quote(group)}/cgroup.procs && exec {ELSEWHERE}{command}").stdout.splitlines()
    assert number == "1" and json.loads(answer)["data"][0]["name"]["data"] == "nested"


def test_a_caller_who_has_no_number_here_is_no_node(machine):
    machine.create("node", env=STAY)
    with RawBus(machine.lab, outside=True) as bus:
        assert [bus.call(member) for member in ("IsSupervised", "IsSupervisor")] == [False, False]
        with pytest.raises(BusError, match="NotSupervised: process 0 does not belong to a supervised node"):
            bus.call("Node")


# A number that has passed on to somebody else


def take_number(machine, pid):
    """A process that has nothing to do with the node whose number it has got."""
    machine.wait_for(lambda: not is_alive(machine, pid), what=f"process {pid} to be gone")
    machine.run(become(pid, "sleep 1000"))
    machine.wait_for(lambda: name_of(machine, pid) == "sleep")


def name_of(machine, pid):
    return machine.run(["cat", f"/proc/{pid}/comm"]).stdout.strip()


@pytest.fixture
def innocent(machine):
    pids = []
    yield pids.append
    for pid in pids:
        assert name_of(machine, pid) == "sleep"
        machine.run(["kill", "-KILL", str(pid)])


@pytest.mark.parametrize("member, signature, value", [("Destroy", "s", "late"), ("Restart", "s", "late"), ("Kill", "i", 9)])
def test_who_has_got_the_number_of_a_node_is_not_hit_by_what_was_meant_for_it(machine, innocent, member, signature, value):
    """The stem is not its parent any more, and so does not keep the number."""
    create_ready(machine, "late", env=STAY)
    pid = machine.status("late")["late"]["pid"]
    lose_stem(machine)
    place = dict(path=node_path("late"), interface=NODE) if member == "Kill" else {}
    with RawBus(machine.lab) as bus:
        with faults.frozen(machine, faults.STEM):
            machine.run(["kill", "-KILL", str(pid)])
            take_number(machine, pid)
            innocent(pid)
            asked = bus.send(member, signature, value, **place)
            bus.call("Status", "s", "")  # what was asked is on its way to the stem, which does not know yet
        bus.reply(asked)
    if member == "Destroy":
        assert machine.status() == {}
    else:
        machine.wait_for(lambda: (node := machine.node("late"))["State"] == "running" and node["PID"] != pid)


def lose_stem(machine):
    before = machine.main_pid(faults.STEM)
    machine.expect(f"{faults.STEM}: Failed with result")
    machine.run(["kill", "-KILL", str(before)])
    machine.wait_for(lambda: machine.bus.get("StemPID") not in (0, before))


def test_what_is_remembered_of_a_node_is_no_claim_to_its_number(machine, innocent):
    """Both daemons were killed and all descriptors lost; what is left is a number in a file."""
    create_ready(machine, "remembered", env=STAY)
    pid = machine.status("remembered")["remembered"]["pid"]
    with faults.all_descriptors_lost(machine):
        assert f"PID={pid}\n" in machine.lab.path("/run/zeek-supervisor/state/remembered.life").read_text()
        machine.run(["kill", "-KILL", str(pid)])
        take_number(machine, pid)
        innocent(pid)
    node = machine.wait_for(lambda: (node := machine.node("remembered"))["State"] == "running" and node["PID"] != pid and node)
    assert node["NRestarts"] == 1
