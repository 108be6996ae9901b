# SPDX-License-Identifier: BSD-3-Clause
"""zeek-stem alone, against a real service manager: launches, failures of every step, exits, scopes, and peers."""

import concurrent.futures
import contextlib
import os
import re
import select
import signal
import stat
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from gi.repository import GLib
from stem_client import INTERFACE, StemClient, StemError, order, scope

CLD_EXITED, CLD_KILLED = 1, 2
CAP_NET_RAW, CAP_SYS_ADMIN = 13, 21
XML = Path(__file__).parents[2] / "dbus" / "org.zeek.Stem.xml"


def prepare(lab):
    # stopped and started here by the dozen, by systemctl and by kill
    lab.drop_in("zeek-stem.socket", "[Unit]\nStartLimitIntervalSec=0\n[Socket]\nTriggerLimitIntervalSec=0\n")


@pytest.fixture
def stem(machine):
    machine.run("systemctl start zeek-stem.socket")
    machine.run("install -d -o nobody -g nogroup /var/lib/nodes")
    client = StemClient(machine.lab)
    yield client
    if client.is_open():
        for name, node in client.list().items():
            forget(client, name, node)
        client.close()


def forget(stem, name, node=None):
    """Ends a node and everything in its scope, however it is."""
    if not (node or stem.list()[name])["emptied"]:
        stem.kill_scope(name, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while True:
        try:
            stem.release(name)
            return
        except StemError as error:
            assert error.name.endswith("Error.Busy") and time.monotonic() < deadline, error
            time.sleep(0.01)


def read_all(fd, timeout=10):
    """What comes out of a non-blocking pipe until its end."""
    data = b""
    while select.select([fd], [], [], timeout)[0]:
        piece = os.read(fd, 65536)
        if not piece:
            return data
        data += piece
    raise TimeoutError(f"no end of the pipe after {data!r}")


def run_node(stem, name, script, **more):
    """Runs a shell script as a node to its end; returns its output and how it exited."""
    node = stem.launch(order(name, "/bin/sh", "-c", script, **more))
    output, error = read_all(node.output), read_all(node.error)
    pid, *how = stem.wait_signal("Exited", name)
    assert pid == node.pid
    assert stem.wait_signal("Emptied", name) == [pid, False]
    stem.release(name)
    node.close()
    return output.decode(), error.decode(), tuple(how)


def launch_fails(stem, name, *arguments, **more):
    """The message of the failure, after which nothing is left of the launch."""
    with pytest.raises(StemError) as failure:
        stem.launch(order(name, *arguments, **more))
    assert failure.value.name == "org.zeek.Stem.Error.LaunchFailed", failure.value
    assert name not in stem.list()
    return failure.value.message.partition("LaunchFailed: ")[2]


def main_pid(machine):
    return int(machine.show("zeek-stem.service")["MainPID"])


def no_node_is_left(machine):
    return machine.scopes() == [] and children_of_the_stem(machine, main_pid(machine)) == []


def children_of_the_stem(machine, pid):
    """Those that are or will be nodes: what forks them, and the one that waits for its order, are always there."""
    children = machine.run(f"ps --ppid {pid} -o pid=,comm= || true").stdout.splitlines()
    return [int(child.split()[0]) for child in children if "zeek-forker" not in child]


@contextlib.contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def running(machine, command):
    """A command inside for as long as it is needed."""
    with machine.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


# What it says it is


def members(root):
    interface = next(i for i in root.iter("interface") if i.get("name") == INTERFACE)
    for member in interface:
        if member.tag in ("method", "signal", "property"):
            arguments = [(a.get("name"), a.get("type"), a.get("direction", "out")) for a in member.iter("arg")]
            yield member.tag, member.get("name"), member.get("type"), arguments


def test_the_interface_is_what_the_xml_says(stem):
    exported = sorted(members(ET.fromstring(stem.introspect())), key=str)
    assert exported == sorted(members(ET.parse(XML).getroot()), key=str)


def test_it_tells_who_it_is(stem, machine):
    assert re.match(r"\d+\.\d+", stem.property("Version"))
    assert stem.property("PID") == main_pid(machine)


# A launch


def test_a_node_runs_in_its_scope_with_what_was_ordered(stem, machine):
    properties = GLib.Variant(
        "a(sv)",
        [
            ("Slice", GLib.Variant("s", "zeek-workers.slice")),
            ("Description", GLib.Variant("s", "Zeek node worker-1")),
            ("MemoryMax", GLib.Variant("t", 1 << 30)),
            ("TimeoutStopUSec", GLib.Variant("t", 5_000_000)),
        ],
    )
    node = stem.launch(order("worker-1", "/bin/sleep", "1000", ScopeProperties=properties))
    shown = machine.run(
        ["systemctl", "show", scope("worker-1"), "-p", "Slice,Description,MemoryMax,CollectMode,ActiveState"]
    ).stdout.split("\n")
    assert "Slice=zeek-workers.slice" in shown
    assert "Description=Zeek node worker-1" in shown
    assert "MemoryMax=1073741824" in shown
    assert "CollectMode=inactive-or-failed" in shown
    assert "ActiveState=active" in shown
    cgroup = machine.run(f"cat /proc/{node.pid}/cgroup").stdout
    assert "/zeek.slice/zeek-workers.slice/" + scope("worker-1") in cgroup
    assert machine.run(f"cat /proc/{node.pid}/cmdline").stdout == "/bin/sleep\x001000\x00"
    node.close()


STATUS = "cat /proc/self/status; echo; cat /proc/self/limits; cat /proc/self/oom_score_adj; cut -d' ' -f6 /proc/self/stat"


def status_fields(text):
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.MULTILINE))


def test_a_node_inherits_nothing_that_is_the_stems_own(stem):
    output, _, how = run_node(stem, "plain", STATUS + "; ls -l /proc/self/fd; env; umask")
    fields = status_fields(output)
    assert how == (CLD_EXITED, 0)
    assert fields["Uid"].split() == ["65534"] * 4
    assert fields["Gid"].split() == ["65534"] * 4
    assert fields["Groups"].strip() == ""
    for kind in "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
        assert int(fields[kind], 16) == 0, kind
    assert fields["NoNewPrivs"] == "1"
    assert re.search(r"Max open files +1024 ", output)
    assert re.search(r"^0$", output, re.MULTILINE), "the OOM score adjustment"
    links = dict(re.findall(r" (\d+) -> (\S+)$", output, re.MULTILINE))
    assert set(links) == {"0", "1", "2", "3"}  # 3 is ls' own
    assert links["0"] == "/dev/null"
    environment = set(re.findall(r"^(\w+)=", output, re.MULTILINE))
    assert environment <= {"PATH", "PWD", "OLDPWD", "SHLVL", "_"}


def test_the_whole_order_is_carried_out(stem):
    output, _, _ = run_node(
        stem,
        "full",
        STATUS + "; nice; umask; pwd; id -G; id -u; id -g; echo $COLOUR",
        UID=GLib.Variant("u", 1),
        GID=GLib.Variant("u", 2),
        Groups=GLib.Variant("au", [3, 4]),
        Environment=GLib.Variant("as", ["PATH=/usr/bin:/bin", "COLOUR=rather green"]),
        WorkingDirectory="/usr/share",
        AmbientCapabilities=GLib.Variant("t", 1 << CAP_NET_RAW),
        CPUAffinity=GLib.Variant("ay", b"\x01"),
        Nice=GLib.Variant("i", -5),
        OOMScoreAdjust=GLib.Variant("i", 123),
        UMask=GLib.Variant("u", 0o027),
        ResourceLimits=GLib.Variant("a{st}", {"NOFILE": 4321, "CORE": 2**64 - 1, "MEMLOCK": 65536}),
    )
    fields = status_fields(output)
    assert fields["Groups"].split() == ["3", "4"]
    assert fields["Cpus_allowed_list"] == "0"
    for kind in "CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb":
        assert int(fields[kind], 16) == 1 << CAP_NET_RAW, kind
    assert re.search(r"Max open files +4321 +4321 ", output)
    assert re.search(r"Max core file size +unlimited +unlimited", output)
    assert output.endswith("\n-5\n0027\n/usr/share\n2 3 4\n1\n2\nrather green\n")


def test_a_limit_that_cannot_be_had_becomes_the_closest_one(stem, machine):
    limits = GLib.Variant("a{st}", {"NOFILE": 1 << 40})
    output, _, _ = run_node(stem, "greedy", "ulimit -Sn; ulimit -Hn", ResourceLimits=limits)
    hard = machine.run(f"prlimit --pid {main_pid(machine)} --nofile --noheadings --output HARD").stdout.strip()
    assert output.split() == [hard, hard]


def test_a_node_may_be_root_without_rights(stem):
    output, _, _ = run_node(stem, "root", STATUS, UID=GLib.Variant("u", 0), GID=GLib.Variant("u", 0))
    fields = status_fields(output)
    assert fields["Uid"].split() == ["0"] * 4
    for kind in "CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb":
        assert int(fields[kind], 16) == 0, kind


UNDER_WAY = """
import signal, socket
ends = socket.socketpair()
socket.send_fds(ends[0], [b"!"], [0] * 200)
print("sent", flush=True)
signal.pause()
"""


def test_what_others_have_under_way_does_not_keep_a_root_node_from_handing_over(stem, machine):
    more = {
        "UID": GLib.Variant("u", 0),
        "GID": GLib.Variant("u", 0),
        "ResourceLimits": GLib.Variant("a{st}", {"NOFILE": 100}),
        "WorkingDirectory": "/run",
        "StatusFile": "passing.status",
    }
    with running(machine, ["/usr/bin/python3", "-c", UNDER_WAY]) as other:
        assert other.stdout.readline() == "sent\n"
        node = stem.launch(order("passing", "/bin/sh", "-c", "ulimit -Sn; ulimit -Hn", **more))
    assert read_all(node.output) == b"100\n100\n"
    assert stat.S_ISREG(os.fstat(node.status).st_mode)
    node.close()


def test_a_node_has_a_session_of_its_own(stem):
    output, _, _ = run_node(stem, "session", "echo $$ $(cut -d' ' -f5,6 /proc/$$/stat)")
    pid, group, session = output.split()
    assert pid == group == session


def test_an_affinity_that_cannot_be_set_is_a_warning_of_the_node(stem):
    _, error, how = run_node(stem, "far", "true", CPUAffinity=GLib.Variant("ay", b"\x00" * 100 + b"\x01"))
    assert error == "node 'far' failed to set CPU affinity: Invalid argument\n"
    assert how == (CLD_EXITED, 0)


def test_a_pipe_blocks_its_node_and_holds_256_kib(stem):
    node = stem.launch(order("loud", "/bin/sh", "-c", "head -c 300000 /dev/zero; exit 3"))
    time.sleep(0.3)
    assert not stem.list()["loud"]["exited"]
    assert os.get_blocking(node.output) is False
    assert len(read_all(node.output)) == 300000
    assert stem.wait_signal("Exited", "loud") == [node.pid, CLD_EXITED, 3]
    node.close()


# Directories and files


def test_the_working_directory_is_made_by_the_nodes_user(stem, machine):
    output, _, _ = run_node(stem, "made", "stat -c '%a %U %n' /var/lib/nodes/a //var/lib/nodes/a//b/; pwd",
                            WorkingDirectory="//var/lib/nodes/a//b/")
    assert output == "755 nobody /var/lib/nodes/a\n755 nobody //var/lib/nodes/a//b/\n/var/lib/nodes/a/b\n"
    machine.run("rm -r /var/lib/nodes/a")


def test_output_goes_to_files_that_are_private_and_truncated(stem, machine):
    more = dict(WorkingDirectory="/var/lib/nodes/files", StandardOutputFile="out.log", StandardErrorFile="err.log")
    directory = machine.lab.path("/var/lib/nodes/files")
    for text in "one", "two":
        assert run_node(stem, "files", f"echo {text}; echo e-{text} >&2", **more)[:2] == ("", "")
        assert (directory / "out.log").read_text() == text + "\n"
        assert (directory / "err.log").read_text() == f"e-{text}\n"
    mode = (directory / "out.log").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    run_node(stem, "files", "echo three", TruncateOutputFiles=GLib.Variant("b", False), **more)
    assert (directory / "out.log").read_text() == "two\nthree\n"
    machine.run("rm -r /var/lib/nodes/files")


def test_the_affinity_warning_goes_to_the_error_file(stem, machine):
    run_node(stem, "warn", "true", StandardErrorFile="/var/lib/nodes/warn",
             CPUAffinity=GLib.Variant("ay", b"\x00" * 100 + b"\x01"))
    assert "failed to set CPU affinity" in machine.lab.path("/var/lib/nodes/warn").read_text()
    machine.run("rm /var/lib/nodes/warn")


@pytest.mark.parametrize(
    "prepare, reason",
    [
        ("mkfifo -m 666 x", "Not a regular file"),
        ("ln -s /etc/passwd x", "Too many levels of symbolic links"),
        ("ln -s nowhere x", "Too many levels of symbolic links"),
        ("mkdir x", "Is a directory"),
        ("ln -s /dev/null x", "Too many levels of symbolic links"),
        ("touch x; chmod 400 x; chown root x", "Permission denied"),
    ],
)
def test_an_output_file_must_be_a_plain_file(stem, machine, prepare, reason):
    machine.run(f"cd /var/lib/nodes && {prepare}")
    try:
        message = launch_fails(stem, "file", "/bin/true", WorkingDirectory="/var/lib/nodes", StandardOutputFile="x")
        assert message == f"open standard output file x: {reason}"
    finally:
        machine.run("rm -rf /var/lib/nodes/x")


def test_output_may_go_to_dev_null_but_to_no_other_device(stem):
    assert run_node(stem, "null", "echo x; echo x >&2", StandardOutputFile="/dev/null",
                    StandardErrorFile="/dev/null") == ("", "", (CLD_EXITED, 0))
    message = launch_fails(stem, "zero", "/bin/true", StandardOutputFile="/dev/zero")
    assert message == "open standard output file /dev/zero: Not a regular file"


def test_a_fifo_with_a_reader_is_no_output_file(stem, machine):
    machine.run("mkfifo -m 666 /var/lib/nodes/x")
    with running(machine, "exec 3<>/var/lib/nodes/x; echo; sleep 1000") as reader:
        reader.stdout.readline()
        message = launch_fails(stem, "fifo", "/bin/true", StandardErrorFile="/var/lib/nodes/x")
        assert message == "open standard error file /var/lib/nodes/x: Not a regular file"
    machine.run("rm /var/lib/nodes/x")


# Launches that fail


@pytest.mark.parametrize(
    "message, arguments, more",
    [
        ("execute /nowhere/zeek: No such file or directory", ["/nowhere/zeek"], {}),
        ("execute /etc/passwd: Permission denied", ["/etc/passwd"], {}),
        ("create working directory /etc/a/b: Permission denied", ["/bin/true"], {"WorkingDirectory": "/etc/a/b"}),
        ("create working directory /proc/a: No such file or directory", ["/bin/true"],
         {"WorkingDirectory": "/proc/a"}),
        ("change to working directory /etc/passwd: Not a directory", ["/bin/true"],
         {"WorkingDirectory": "/etc/passwd"}),
        ("change to working directory /root: Permission denied", ["/bin/true"], {"WorkingDirectory": "/root"}),
        ("open standard error file a/b: No such file or directory", ["/bin/true"], {"StandardErrorFile": "a/b"}),
        (f"raise ambient capability {CAP_SYS_ADMIN}: Operation not permitted", ["/bin/true"],
         {"AmbientCapabilities": GLib.Variant("t", 1 << CAP_SYS_ADMIN)}),
    ],
)
def test_a_failed_step_is_named(stem, machine, message, arguments, more):
    assert launch_fails(stem, "failing", *arguments, **more) == message
    machine.wait_for(lambda: no_node_is_left(machine))


def test_a_failed_launch_leaves_no_file_and_no_directory_behind(stem, machine):
    machine.run("install -d -o nobody /var/lib/nodes/kept")
    machine.run("echo old | install -m 666 /dev/stdin /var/lib/nodes/kept/err.log")
    launch_fails(stem, "clean", "/nowhere", WorkingDirectory="/var/lib/nodes/kept/a/b/c",
                 StandardErrorFile="err.log", StandardOutputFile="../../../out.log")
    launch_fails(stem, "clean", "/bin/true", WorkingDirectory="/var/lib/nodes/kept",
                 StandardErrorFile="err.log", StandardOutputFile="no/out.log")
    assert machine.run("find /var/lib/nodes/kept").stdout.split() == [
        "/var/lib/nodes/kept", "/var/lib/nodes/kept/err.log"]
    assert machine.lab.path("/var/lib/nodes/kept/err.log").read_text() == "old\n"  # not truncated in vain
    machine.run("rm -r /var/lib/nodes/kept")


def test_a_scope_property_that_systemd_refuses_fails_the_launch(stem, machine):
    """The child had everything prepared."""
    machine.run("install -d -o nobody /var/lib/nodes/kept")
    machine.run("echo old | install -m 666 /dev/stdin /var/lib/nodes/kept/out.log")
    properties = GLib.Variant("a(sv)", [("MemoryMaximum", GLib.Variant("t", 1))])
    message = launch_fails(stem, "property", "/bin/true", ScopeProperties=properties, StatusFile=".status",
                           WorkingDirectory="/var/lib/nodes/kept/a/b", StandardOutputFile="../../out.log", StandardErrorFile="err.log")
    assert message.startswith("start scope: ") and "MemoryMaximum" in message
    machine.wait_for(lambda: no_node_is_left(machine))
    assert machine.run("find /var/lib/nodes/kept").stdout.split() == ["/var/lib/nodes/kept", "/var/lib/nodes/kept/out.log"]
    assert machine.lab.path("/var/lib/nodes/kept/out.log").read_text() == "old\n"
    machine.run("rm -r /var/lib/nodes/kept")


def test_a_scope_that_has_started_is_not_asked_after(stem, machine):
    """The service manager has enough to do with starting it."""
    with machine.bus.calls("type='method_call',interface='org.freedesktop.systemd1.Manager'") as calls:
        nodes = [stem.launch(order(f"quiet{i}", "/bin/sleep", "1000")) for i in range(5)]
        calls.wait_until(lambda: len({call.arguments[0] for call in calls.named("StartTransientUnit")}) == 5)
        machine.bus.call("GetUnit", "s", scope("quiet4"), service="org.freedesktop.systemd1", path="/org/freedesktop/systemd1",
                         interface="org.freedesktop.systemd1.Manager")
        calls.wait_for("GetUnit", scope("quiet4"))  # ours, and whatever the stem asks about the first ones came before
        assert [call.arguments for call in calls.named("GetUnit")] == [[scope("quiet4")]]
    for node in nodes:
        node.close()


def test_a_scope_of_somebody_else_is_left_alone(stem, machine):
    with running(machine, ["systemd-run", "--scope", f"--unit={scope('taken')}", "--", "sleep", "1000"]):
        machine.wait_for(lambda: scope("taken") in machine.scopes())
        message = launch_fails(stem, "taken", "/bin/true")
        assert message.startswith("start scope: ") and "already" in message
        assert machine.show(scope("taken"))["ActiveState"] == "active"
        machine.run(["systemctl", "kill", "--signal=KILL", scope("taken")])


@pytest.mark.parametrize(
    "message, more",
    [
        ("Colour: there is no such key", {"Colour": "green"}),
        ("Nice: has the type s instead of i", {"Nice": "3"}),
        ("Scope: is missing", {"Scope": None}),
        ("UID: is missing", {"UID": None}),
        ("ScopeProperties: PIDs is not the caller's to set",
         {"ScopeProperties": GLib.Variant("a(sv)", [("PIDs", GLib.Variant("au", [1]))])}),
        ("WorkingDirectory: must not contain \"..\"", {"WorkingDirectory": "/a/../b"}),
    ],
)
def test_a_senseless_order_is_refused(stem, message, more):
    with pytest.raises(StemError) as failure:
        stem.launch(order("bad", "/bin/true", **more))
    assert failure.value.name == "org.freedesktop.DBus.Error.InvalidArgs"
    assert message in failure.value.message


# Life and end


def test_a_held_name_is_taken(stem):
    stem.launch(order("twin", "/bin/sleep", "1000")).close()
    with pytest.raises(StemError, match="Error.Exists"):
        stem.launch(order("twin", "/bin/sleep", "1000"))


def test_unknown_names_and_bad_signals_are_errors(stem):
    for call in (lambda: stem.signal("ghost", 15), lambda: stem.kill_scope("ghost", 15),
                 lambda: stem.release("ghost"), lambda: stem.attach("ghost")):
        with pytest.raises(StemError, match="Error.NoSuchNode"):
            call()
    stem.launch(order("real", "/bin/sleep", "1000")).close()
    for number in 0, -1, 65, 1000:
        with pytest.raises(StemError, match="InvalidArgs"):
            stem.signal("real", number)
        with pytest.raises(StemError, match="InvalidArgs"):
            stem.kill_scope("real", number)
    with pytest.raises(StemError, match="Error.Busy"):
        stem.release("real")


def test_signals_reach_the_main_process_and_its_end_is_kept(stem, machine):
    node = stem.launch(order("short", "/bin/sleep", "1000"))
    stem.signal("short", signal.SIGTERM)
    assert stem.wait_signal("Exited", "short") == [node.pid, CLD_KILLED, signal.SIGTERM]
    assert stem.wait_signal("Emptied", "short") == [node.pid, False]
    stem.signal("short", signal.SIGTERM)  # to a zombie: nothing happens
    stem.kill_scope("short", signal.SIGKILL)
    assert machine.run(f"ps -o stat= -p {node.pid}").stdout.startswith("Z")
    assert stem.list()["short"] == {"scope": scope("short"), "pid": node.pid, "exited": True, "code": CLD_KILLED,
                                    "status": signal.SIGTERM, "emptied": True, "out_of_memory": False}
    stem.release("short")
    assert machine.run(f"ps -o stat= -p {node.pid}", check=False).stdout == ""
    assert "short" not in stem.list()
    node.close()


def test_leftovers_keep_the_scope_until_they_are_killed(stem):
    node = stem.launch(order("parent", "/bin/sh", "-c", "setsid sh -c 'trap \"\" TERM; sleep 1000' & sleep .2; exit 7"))
    assert stem.wait_signal("Exited", "parent") == [node.pid, CLD_EXITED, 7]
    time.sleep(0.2)
    assert not stem.list()["parent"]["emptied"]
    with pytest.raises(StemError, match="Error.Busy"):
        stem.release("parent")
    stem.kill_scope("parent", signal.SIGTERM)
    time.sleep(0.2)
    assert not stem.list()["parent"]["emptied"]
    stem.kill_scope("parent", signal.SIGKILL)
    assert stem.wait_signal("Emptied", "parent") == [node.pid, False]
    node.close()


def test_a_name_can_be_used_again_at_once(stem):
    for i in range(30):
        assert run_node(stem, "again", f"echo {i}") == (f"{i}\n", "", (CLD_EXITED, 0))


def test_a_reload_of_the_service_manager_empties_nothing(stem, machine):
    stem.launch(order("reloaded", "/bin/sleep", "1000")).close()
    machine.run("systemctl daemon-reload")
    time.sleep(0.3)
    assert not stem.list()["reloaded"]["emptied"]
    stem.signal("reloaded", signal.SIGKILL)
    stem.wait_signal("Emptied", "reloaded")
    stem.release("reloaded")


def test_a_scope_that_another_unit_names_is_emptied_but_its_name_is_not_free(stem, machine):
    """systemd keeps what is left of a transient unit in memory as long as a running unit refers to it."""
    machine.lab.write("/etc/systemd/system/friend.service",
                      f"[Unit]\nAfter={scope('pinned').replace(chr(92), chr(92) * 2)}\n[Service]\nExecStart=/bin/sleep 1000\n")
    machine.run("systemctl daemon-reload; systemctl start friend")
    try:
        run_node(stem, "pinned", "true")
        assert "already loaded" in launch_fails(stem, "pinned", "/bin/true")
    finally:
        machine.run("systemctl stop friend; rm /etc/systemd/system/friend.service; systemctl daemon-reload")
    run_node(stem, "pinned", "true")


def test_attach_gives_the_same_pipes(stem):
    node = stem.launch(order("attached", "/bin/sh", "-c", "echo one; exec sleep 1000"))
    other = stem.attach("attached")
    assert other.pid == node.pid
    assert os.stat(other.output).st_ino == os.stat(node.output).st_ino
    node.close()
    assert select.select([other.output], [], [], 5)[0]
    assert os.read(other.output, 100) == b"one\n"
    other.close()


# Many, and trouble


def test_two_hundred_launches_at_once(stem, machine):
    names = [f"n{i}" for i in range(200)]
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        nodes = list(pool.map(lambda name: stem.launch(order(name, "/bin/sleep", "1000")), names))
    print(f"200 launches: {time.monotonic() - begin:.2f} s")
    assert len({node.pid for node in nodes}) == 200
    listed = stem.list()
    assert all(listed[name]["pid"] == node.pid for name, node in zip(names, nodes))
    begin = time.monotonic()
    for name, node in zip(names, nodes):
        stem.signal(name, signal.SIGKILL)
        node.close()
    for name in names:
        stem.wait_signal("Emptied", name)
        stem.release(name)
    print(f"200 ends: {time.monotonic() - begin:.2f} s")
    machine.wait_for(lambda: no_node_is_left(machine))


def test_the_first_launches_of_a_fresh_stem_may_be_many(machine):
    """All of them learn at once what the service manager can do."""
    machine.run("systemctl stop zeek-stem.service; systemctl start zeek-stem.socket")
    fresh = StemClient(machine.lab)
    names = [f"first{i}" for i in range(30)]
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        for node in pool.map(lambda name: fresh.launch(order(name, "/bin/sleep", "1000")), names):
            node.close()
    for name in names:
        forget(fresh, name)
    fresh.close()


def test_launches_that_fail_do_not_hold_up_others(stem):
    def one(i):
        if i % 2:
            return launch_fails(stem, f"m{i}", "/nowhere", WorkingDirectory=f"/var/lib/nodes/shared/m{i}")
        return run_node_quietly(stem, f"m{i}", WorkingDirectory=f"/var/lib/nodes/shared/m{i}")

    def run_node_quietly(stem, name, **more):
        stem.launch(order(name, "/bin/true", **more)).close()

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        results = list(pool.map(one, range(60)))
    assert results[1::2] == ["execute /nowhere: No such file or directory"] * 30


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("EPERM ptrace:never", "SystemCalls: not verdicts on system calls"),
        ("EPERM write:allow read:allow", "SystemCalls: read is not in its place in the alphabet"),
    ],
)
def test_words_about_system_calls_that_make_no_sense_are_refused(stem, machine, words, message):
    run_node(stem, "good", "true", SystemCalls="allow ptrace:EPERM")  # those of one order say nothing about another's
    for _ in range(2):
        with pytest.raises(StemError) as failure:
            stem.launch(order("bad", "/bin/true", SystemCalls=words))
        assert failure.value.name.endswith("Error.InvalidArgs") and message in failure.value.message
    assert stem.list() == {}
    machine.wait_for(lambda: no_node_is_left(machine))


def test_a_child_that_is_killed_while_it_waits_for_its_scope(stem, machine):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pid = main_pid(machine)
    for round in range(5):
        with frozen(machine.lab.container.leader):
            future = pool.submit(launch_fails, stem, "doomed", "/bin/sleep", "1000")
            (child,) = machine.wait_for(lambda: children_of_the_stem(machine, pid))
            machine.run(f"kill -KILL {child}")
            time.sleep(0.05 * round)
        assert future.result(20) == "start scope: the process was killed by signal 9 (SIGKILL)"
        machine.wait_for(lambda: no_node_is_left(machine))
    run_node(stem, "doomed", "true")


def test_nobody_looks_into_a_child_that_waits_as_the_nodes_user(stem, machine):
    """It is a copy of the stem, and has the rights of a node."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    old = main_pid(machine)
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    with frozen(machine.lab.container.leader):
        launch = pool.submit(stem.launch, order("waits", "/bin/sleep", "1000"))
        [pid] = machine.wait_for(lambda: children_of_the_stem(machine, old))
        machine.wait_for(lambda: "Uid:\t65534\t" in machine.run(["cat", f"/proc/{pid}/status"]).stdout)
        for file in "mem", "environ", "maps":
            assert "Permission denied" in machine.run([*as_nobody, "cat", f"/proc/{pid}/{file}"], check=False).stderr
    launch.result(10).close()


def test_children_that_are_killed_at_any_moment_leave_nothing_behind(stem, machine):
    hunt = f"while :; do pkill -KILL -P {main_pid(machine)}; done"
    with running(machine, hunt):
        for _ in range(60):
            with contextlib.suppress(StemError):
                stem.launch(order("hunted", "/bin/sleep", "1000")).close()
                stem.wait_signal("Emptied", "hunted")
                stem.release("hunted")
    machine.wait_for(lambda: no_node_is_left(machine))


def test_a_slow_service_manager_costs_time_only(stem, machine):
    pool = concurrent.futures.ThreadPoolExecutor(20)
    pid = main_pid(machine)
    with frozen(machine.lab.container.leader):
        futures = [pool.submit(stem.launch, order(f"slow{i}", "/bin/sleep", "1000")) for i in range(20)]
        time.sleep(1.5)
        assert len(children_of_the_stem(machine, pid)) == 8  # SCOPE_STARTS_MAX
        assert stem.list() == {}
    for future in futures:
        future.result(20).close()


@pytest.mark.parametrize("trouble", ["systemctl daemon-reexec", "systemctl daemon-reload", "systemctl restart dbus"])
def test_launches_through_trouble_with_the_service_manager(stem, machine, trouble):
    def one(i):
        stem.launch(order(f"t{i}", "/bin/sleep", "1000")).close()

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        futures = [pool.submit(one, i) for i in range(80)]
        machine.run(trouble, check=False)
        for future in futures:
            future.result(60)
    for i in range(80):
        stem.signal(f"t{i}", signal.SIGKILL)
    for i in range(80):
        stem.wait_signal("Emptied", f"t{i}", timeout=30)
        stem.release(f"t{i}")
    machine.wait_for(lambda: no_node_is_left(machine))


def test_a_requester_that_leaves_does_not_abort_its_launch(stem, machine):
    other = StemClient(machine.lab)
    pid = main_pid(machine)
    with frozen(machine.lab.container.leader):
        pool = concurrent.futures.ThreadPoolExecutor(1)
        future = pool.submit(other.launch, order("orphan", "/bin/sleep", "1000"))
        machine.wait_for(lambda: children_of_the_stem(machine, pid))
        other.close()
        with pytest.raises(Exception):
            future.result(10)
    machine.wait_for(lambda: "orphan" in stem.list())


def test_no_descriptor_is_lost(stem, machine):
    def count():
        return int(machine.run(f"ls /proc/{main_pid(machine)}/fd | wc -l").stdout)

    run_node(stem, "warm", "true")
    before = count()
    for _ in range(10):
        run_node(stem, "fds", "true")
        launch_fails(stem, "fds", "/nowhere")
        stem.probe(["/bin/true"])
    machine.wait_for(lambda: count() == before, what="the stem to close what it opened")


# Peers


def test_other_users_are_not_let_in(stem, machine):
    machine.lab.add_user("mallory")
    machine.run("chmod 755 /run/zeek-stem; chmod 666 /run/zeek-stem/socket")
    try:
        with pytest.raises(Exception):
            StemClient(machine.lab, user="mallory").list()
    finally:
        machine.run("chmod 700 /run/zeek-stem; chmod 600 /run/zeek-stem/socket")
    assert "Refused a connection from process" in machine.run("journalctl -u zeek-stem -n 5").stdout


def test_there_is_a_limit_of_peers(stem, machine):
    others = [StemClient(machine.lab) for _ in range(15)]
    with pytest.raises(Exception):
        StemClient(machine.lab)
    for other in others:
        other.close()
    machine.wait_for(lambda: can_connect(machine))


def can_connect(machine):
    try:
        StemClient(machine.lab).close()
        return True
    except Exception:
        return False


def test_signals_go_to_all_peers(stem, machine):
    other = StemClient(machine.lab)
    run_node(stem, "public", "exit 4")
    assert other.wait_signal("Exited", "public")[1:] == [CLD_EXITED, 4]
    other.wait_signal("Emptied", "public")
    other.close()


FLOOD = """
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect("/run/zeek-stem/socket")
s.sendall(b"\\0AUTH EXTERNAL 30\\r\\nNEGOTIATE_UNIX_FD\\r\\nBEGIN\\r\\n")
def call(serial):
    def field(code, type, value):
        v = value.encode()
        return bytes([code, 1]) + type + b"\\0" + len(v).to_bytes(4, "little") + v + b"\\0"
    fields = b""
    for f in (1, b"o", "/org/zeek/Stem"), (2, b"s", "org.zeek.Stem"), (3, b"s", "List"):
        fields += b"\\0" * (-len(fields) % 8) + field(*f)
    head = b"l\\1\\0\\1" + (0).to_bytes(4, "little") + serial.to_bytes(4, "little") + len(fields).to_bytes(4, "little")
    m = head + fields
    return m + b"\\0" * (-len(m) % 8)
calls = b"".join(call(i + 1) for i in range(1000))
try:
    while True:
        s.sendall(calls)
except (BrokenPipeError, ConnectionResetError):
    print("disconnected")
"""


def test_a_peer_that_floods_and_never_reads_is_disconnected(stem, machine):
    with running(machine, ["/usr/bin/python3", "-c", FLOOD]) as flood:
        begin = time.monotonic()
        run_node(stem, "meanwhile", "true")
        assert time.monotonic() - begin < 5
        assert flood.communicate(timeout=60)[0] == "disconnected\n"
    assert "does not read its messages" in machine.run("journalctl -u zeek-stem -n 5").stdout


HALF_OPEN = """
import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect("/run/zeek-stem/socket")
s.sendall(b"\\0AUTH\\r\\n")
print(s.recv(100), flush=True)
time.sleep(1000)
"""


def test_peers_do_not_hold_up_its_end(stem, machine):
    """Neither one that has not even authenticated, nor one that has stopped reading."""
    with running(machine, ["/usr/bin/python3", "-c", HALF_OPEN]) as half:
        assert half.stdout.readline().startswith("b'REJECTED")
        with running(machine, ["/usr/bin/python3", "-c", FLOOD]):
            time.sleep(0.2)
            begin = time.monotonic()
            machine.run("systemctl stop zeek-stem.service")
            assert time.monotonic() - begin < 5
    assert machine.show("zeek-stem.service")["Result"] == "success"


# Probes


def test_a_probe_replies_with_the_output(stem):
    assert stem.probe(["/bin/sh", "-c", "echo $A; id -u; id -g; grep -h ^Cap /proc/self/status | cut -f2 | uniq"],
                      ["A=ä", "PATH=/usr/bin:/bin"]) == "ä\n65534\n65534\n0000000000000000\n"


@pytest.mark.parametrize(
    "script, why",
    [
        ("exit 3", "exited with status 3"),
        ("kill -SEGV $$", "killed by signal 11 (SIGSEGV)"),
        ("head -c 65537 /dev/zero | tr '\\0' x", "printed more than 65536 bytes"),
        ("printf '\\377'", "printed something that is not text"),
        ("printf 'a\\0b'", "printed something that is not text"),
        ("sleep 1000 & exec sleep 1000", "timed out"),
    ],
)
def test_a_probe_that_fails_says_why(stem, machine, script, why):
    with pytest.raises(StemError) as failure:
        stem.probe(["/bin/sh", "-c", script], ["PATH=/usr/bin:/bin"], timeout=1)
    assert failure.value.name == "org.zeek.Stem.Error.ProbeFailed"
    assert failure.value.message.endswith(why)
    machine.wait_for(lambda: no_node_is_left(machine))
    assert machine.run("pgrep -x sleep || true").stdout == ""


def test_a_probe_that_cannot_be_executed(stem):
    with pytest.raises(StemError, match="LaunchFailed.*execute /nowhere: No such file or directory"):
        stem.probe(["/nowhere"])
    with pytest.raises(StemError, match="InvalidArgs"):
        stem.probe(["true"])
    with pytest.raises(StemError, match="InvalidArgs"):
        stem.probe(["/bin/true"], uid=2**32 - 1)
    with pytest.raises(StemError, match="InvalidArgs"):
        stem.probe(["/bin/true"], timeout=3600)


def test_a_descendant_that_keeps_the_pipe_does_not_hold_up_a_probe(stem, machine):
    begin = time.monotonic()
    assert stem.probe(["/bin/sh", "-c", "echo 7.0; sleep 1000 &"], ["PATH=/usr/bin:/bin"]) == "7.0\n"
    assert time.monotonic() - begin < 2
    assert machine.run("pgrep -x sleep || true").stdout == ""


# In user mode

NOBODY = {"UID": None, "GID": None}


@pytest.fixture
def user_stem(machine):
    if "alice" not in machine.lab.path("/etc/passwd").read_text():
        machine.lab.add_user("alice")
        machine.lab.start_user_manager("alice")
    machine.run("systemctl --user start zeek-stem.socket", user="alice")
    client = StemClient(machine.lab, f"/run/user/{machine.lab.uid('alice')}/zeek-stem/socket", user="alice")
    yield client
    for name, node in client.list().items():
        forget(client, name, node)
    client.close()


def test_a_user_has_nodes_of_ones_own(user_stem, machine):
    properties = GLib.Variant("a(sv)", [("Slice", GLib.Variant("s", "zeek-workers.slice"))])
    output, _, how = run_node(user_stem, "mine", "id -un; cat /proc/self/cgroup; cat /proc/self/status",
                              ScopeProperties=properties, WorkingDirectory="/home/alice/zeek/mine", **NOBODY)
    assert output.startswith("alice\n")
    assert f"/zeek.slice/zeek-workers.slice/{scope('mine')}\n" in output
    assert status_fields(output)["NoNewPrivs"] == "1"
    assert how == (CLD_EXITED, 0)
    for _ in range(10):
        run_node(user_stem, "mine", "true", **NOBODY)
    machine.wait_for(lambda: machine.scopes(user="alice") == [])


@pytest.mark.parametrize(
    "message, more",
    [
        ("set nice level -5: Permission denied", {"Nice": GLib.Variant("i", -5)}),
        ("set OOM score adjustment -900: Permission denied", {"OOMScoreAdjust": GLib.Variant("i", -900)}),
        (f"raise ambient capability {CAP_NET_RAW}: Operation not permitted",
         {"AmbientCapabilities": GLib.Variant("t", 1 << CAP_NET_RAW)}),
        ("create working directory /var/x: Permission denied", {"WorkingDirectory": "/var/x"}),
    ],
)
def test_what_a_user_may_not_do_fails_the_launch(user_stem, message, more):
    assert launch_fails(user_stem, "ambitious", "/bin/true", **NOBODY, **more) == message


def test_a_user_cannot_become_another(user_stem):
    with pytest.raises(StemError, match="UID: users cannot be changed in user mode"):
        user_stem.launch(order("other", "/bin/true"))
    with pytest.raises(StemError, match="Users cannot be changed in user mode"):
        user_stem.probe(["/bin/true"])
    assert user_stem.probe(["/usr/bin/id", "-un"], uid=2**32 - 1, gid=2**32 - 1) == "alice\n"


def test_a_users_nodes_are_killed_with_their_scope(user_stem):
    node = user_stem.launch(order("family", "/bin/sh", "-c", "sleep 1000 & exec sleep 1000", **NOBODY))
    user_stem.signal("family", signal.SIGTERM)
    assert user_stem.wait_signal("Exited", "family") == [node.pid, CLD_KILLED, signal.SIGTERM]
    assert not user_stem.list()["family"]["emptied"]
    user_stem.kill_scope("family", signal.SIGKILL)
    assert user_stem.wait_signal("Emptied", "family") == [node.pid, False]
    node.close()


# The stem's own life; last, for it forgets the nodes


def test_it_cannot_be_started_by_hand(machine):
    result = machine.run(["/usr/lib/zeek-supervisor/zeek-stem"], check=False)
    assert result.returncode != 0
    assert "start zeek-stem.socket instead" in result.stderr


def test_children_that_wait_end_with_it_and_leave_no_scope_in_the_way(stem, machine):
    """The service manager gets to the calls when stem and children are dead; it may make empty scopes then, which
    nobody ends before the names are wanted again."""
    machine.expect("zeek-stem")
    old = main_pid(machine)
    pool = concurrent.futures.ThreadPoolExecutor(20)
    with frozen(machine.lab.container.leader):
        futures = [pool.submit(stem.launch, order(f"late{i}", "/bin/sleep", "1000")) for i in range(20)]
        machine.wait_for(lambda: len(children_of_the_stem(machine, old)) == 8)
        machine.run(f"kill -TERM {old}")
        for future in futures:
            with pytest.raises(Exception):
                future.result(10)
    machine.wait_for(lambda: main_pid(machine) not in (0, old))
    print("left:", machine.scopes())
    again = StemClient(machine.lab)
    for i in range(20):
        run_node(again, f"late{i}", "true")
    again.close()
    machine.wait_for(lambda: no_node_is_left(machine))


def test_nodes_outlive_it(stem, machine):
    node = stem.launch(order("survivor", "/bin/sleep", "1000"))
    old = stem.property("PID")
    machine.run("systemctl kill --signal=KILL --kill-who=main zeek-stem")
    machine.wait_for(lambda: main_pid(machine) not in (0, old))
    machine.expect("Failed with result 'signal'")
    assert machine.run(["systemctl", "is-active", scope("survivor")]).stdout == "active\n"
    machine.run(["systemctl", "kill", "--signal=KILL", scope("survivor")])
    node.close()
    StemClient(machine.lab).close()
    machine.run("systemctl stop zeek-stem.service")
    assert machine.show("zeek-stem.service")["Result"] == "success"
