# SPDX-License-Identifier: BSD-3-Clause
"""Profiles of system calls: what a node may ask of the kernel, what becomes of the rest, and what is told of it."""

import signal

import faults
import pytest
from bus import BusError
from faults import STEM, SUPERVISOR
from nodes import STAY, create_seen, of_role, play, scope, seen, tree

VIOLATION = "5a0752b85c7e402a8259055ffdf5cdc4"
UNWATCHED = "3b0a95158aac4c08ab436440c187f241"
SITE = "/etc/zeek-supervisor/seccomp"
VENDOR = "/usr/lib/zeek-supervisor/seccomp"
CONF = "/etc/zeek-supervisor/supervisor.conf.d/seccomp.conf"
ROLES = ["logger", "manager", "proxy", "worker", "standalone"]

# What somebody tries first who has got into a node: probes of the stand-in, and the calls that they make.
FIRST_ATTEMPTS = {"ptrace": "ptrace", "chroot": "chroot", "mount": "fsopen", "reboot": "reboot"}

# Errors that the kernel itself has no reason for tell the profile's verdict from its own.
PROFILES = {
    "refusing": "SystemCallFilter=~ptrace chroot:EXDEV\nSystemCallErrorNumber=EUCLEAN\nRestrictAddressFamilies=~AF_VSOCK\n",
    "logging": "SystemCallFilter=~setpriority chroot:EXDEV\nSystemCallErrorNumber=log\nSystemCallLog=sethostname\n",
    "killing": "SystemCallFilter=~ptrace chroot\nSystemCallErrorNumber=kill\n",
    "shut": "SystemCallFilter=~@debug:EUCLEAN @mount:EUCLEAN @reboot:EUCLEAN @module:kill unshare:log\n",
    "silent": "SystemCallFilter=~ptrace:ENOSYS\n",
    "sealed": "SystemCallFilter=~write:EUCLEAN prlimit64:kill sendmsg:kill unlinkat:kill execve:kill exit_group:kill\n",
    "broken": "SystemCallFilter=~ptrace\nSystemCallErrorNumber=ENOPE\n",
}


def prepare(lab):
    for name, text in PROFILES.items():
        write_profile(lab, name, text)
    conf = "[Node]\nSeccomp=\nRestartDelaySec=50ms\n"
    if lab.sanitizers:
        conf += "[Zeek]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/20-lab.conf", conf)


def write_profile(lab, name, text):
    lab.write(f"{SITE}/{name}.conf", f"[Seccomp]\n{text}")


@pytest.fixture
def reload(machine):
    """Puts a change of files into force, and takes it back after the test."""

    def change(path, text):
        machine.lab.write(path, text)
        changed.append(path)
        machine.call("Reload")

    changed = []
    yield change
    machine.run(["rm", "-f", *changed])
    for name, text in PROFILES.items():
        write_profile(machine.lab, name, text)
    machine.call("Reload")


def violations(machine, name):
    return machine.journal(f"MESSAGE_ID={VIOLATION}", f"ZEEK_NODE={name}")


def unwatched(machine, name):
    return machine.journal(f"MESSAGE_ID={UNWATCHED}", f"ZEEK_NODE={name}")


def violation(machine, name):
    """The first entry about the node, once there is one."""
    return machine.wait_for(lambda: violations(machine, name))[0]


def when_told(name, *commands):
    """A node that runs these commands in a shell when tell() says so."""
    return play("stay", f"exec=until test -e /tmp/go-{name}; do sleep 0.02; done; {'; '.join(commands)}")


def tell(machine, name):
    machine.run(["touch", f"/tmp/go-{name}"])


@pytest.fixture(autouse=True)
def no_nodes(machine):
    yield
    machine.call("Destroy", "s", "")


# The shipped profiles

BUSY = "threads=4,resolve=localhost,exec=echo one >file; mv file other; cat other; kill -0 $$; sleep 0.01; date >/dev/null"


@pytest.mark.parametrize("role", ROLES)
def test_a_node_lives_under_the_profile_of_its_role(machine, role):
    name = f"role-{role}"
    part = of_role(role.upper(), name) if role != "standalone" else {}
    captures = role in ("worker", "standalone")
    if captures:
        part["interface"] = "lo"
    machine.create(name, **part, env=play("show", "connections", "stay", *BUSY.split(",")))
    machine.wait_for(lambda: "exec.status=0" in machine.output(name))
    assert "one" in machine.output(name)
    facts = seen(machine, name)
    assert facts["seccomp"] == "2" and facts["no_new_privs"] == "1"
    if captures:
        machine.run(["python3", "-c", "import socket; socket.socket(type=2).sendto(b'x', ('127.0.0.1', 4711))"])
        machine.wait_for(lambda: any("4711" in line for line in machine.output(name)))
    if not machine.lab.sanitizers:
        assert violations(machine, name) == []


@pytest.mark.parametrize("role, allowed", [("LOGGER", False), ("WORKER", True)])
def test_only_what_captures_may_make_the_sockets_for_it(machine, role, allowed):
    name = f"sockets-{role.lower()}"
    probes = "call=packet-socket", "call=vsock-socket", "call=netlink-socket", "call=unix-socket", "call=inet-socket"
    machine.create(name, **of_role(role, name), env=play(*probes, "show", "stay"))
    results = seen(machine, name)
    assert results["call.packet-socket"] == ("ok" if allowed else "EAFNOSUPPORT")
    assert results["call.vsock-socket"] == "EAFNOSUPPORT"
    assert {results[f"call.{kind}-socket"] for kind in ("netlink", "unix", "inet")} == {"ok"}
    told = {entry["ZEEK_SYSCALL_TEXT"] for entry in violations(machine, name) if entry["ZEEK_SYSCALL"] == "socket"}
    assert told == {"socket(AF_VSOCK)"} | (set() if allowed else {"socket(AF_PACKET)"})


REFUSED = {
    "EPERM": "ptrace chroot mount unshare unshare-user bpf keyctl module reboot swapon sethostname perf userfaultfd "
    "setuid setgroups kill-init",
    "EACCES": "nice write-etc write-usr read-home",
    "EAFNOSUPPORT": "vsock-socket packet-socket",
    "ENOSYS": "io-uring",
    "ok": "inet-socket unix-socket netlink-socket wx-memory",
}


def test_a_node_cannot_do_what_is_not_its_business(machine):
    """A proxy, which does not capture either."""
    facts = create_seen(machine, "probing", **of_role("PROXY", "probing"), env=play("probe", "show", "stay"))
    expected = {f"probe.{probe}": result for result, probes in REFUSED.items() for probe in probes.split()}
    expected["probe.raw-socket"] = "EPERM"
    assert {key: value for key, value in facts.items() if key.startswith("probe.")} == expected


def test_without_a_profile_nothing_is_filtered(machine):
    filters = [int(create_seen(machine, f"filters-{profile}", seccomp=profile)["seccomp_filters"]) for profile in ("none", "silent")]
    assert filters[1] == filters[0] + 1
    assert machine.status("filters-none")["filters-none"]["node"]["seccomp"] == "none"


# What is told


def test_a_call_that_is_not_allowed_fails_and_is_told_with_its_name(machine):
    facts = create_seen(machine, "refused", seccomp="refusing", env=play("call=ptrace", "call=chroot", "show", "stay"))
    assert (facts["call.ptrace"], facts["call.chroot"]) == ("EUCLEAN", "EXDEV")

    entry = violation(machine, "refused")
    assert entry["MESSAGE"] == (
        'Node "refused" made the system call ptrace, which its profile "refusing" does not allow: it failed with EUCLEAN'
    )
    pid = str(machine.status("refused")["refused"]["pid"])
    expected = dict(
        ZEEK_SYSCALL="ptrace",
        ZEEK_SYSCALL_RESULT="EUCLEAN",
        ZEEK_SYSCALL_COUNT="1",
        ZEEK_SECCOMP="refusing",
        ZEEK_ROLE="standalone",
        ZEEK_NODE_PID=pid,
        OBJECT_PID=pid,
        OBJECT_COMM="zeek",
        PRIORITY="4",
    )
    assert {field: entry.get(field) for field in expected} == expected
    assert [e["ZEEK_SYSCALL"] for e in violations(machine, "refused")] == ["ptrace", "chroot"]
    assert "made the system call ptrace" in machine.run(["journalctl", "--unit", scope("refused")]).stdout


def test_a_program_that_a_node_runs_is_under_its_profile_too(machine):
    machine.create("helper", seccomp="refusing", env=play("stay", "exec=chroot / true"))
    entry = violation(machine, "helper")
    assert entry["ZEEK_SYSCALL"] == "chroot" and entry["OBJECT_PID"] != entry["ZEEK_NODE_PID"]
    machine.wait_for(lambda: any("Invalid cross-device link" in line for line in machine.output("helper", "stderr")))


def test_a_call_can_be_let_through_and_told(machine):
    calls = "call=nice", "call=chroot", "call=sethostname"
    facts = create_seen(machine, "logged", seccomp="logging", env=play(*calls, "show", "stay"))
    # the kernel itself has said no to the first and the last
    assert (facts["call.nice"], facts["call.chroot"], facts["call.sethostname"]) == ("EACCES", "EXDEV", "EPERM")
    told = [(entry["ZEEK_SYSCALL"], entry["ZEEK_SYSCALL_RESULT"]) for entry in violations(machine, "logged")]
    assert told == [("setpriority", "log"), ("chroot", "EXDEV"), ("sethostname", "log")]


def test_a_call_can_end_the_process(machine):
    machine.create("killed", seccomp="killing", restart="never", env=play("call=ptrace", "say=survived", "stay"))
    entry = violation(machine, "killed")
    assert (entry["ZEEK_SYSCALL"], entry["ZEEK_SYSCALL_RESULT"]) == ("ptrace", "kill")
    machine.wait_for(lambda: machine.node("killed")["State"] == "finished")
    assert (machine.node("killed")["ExitCode"], machine.node("killed")["ExitStatus"]) == (2, signal.SIGKILL)
    assert "survived" not in machine.output("killed")


def test_what_the_unit_of_the_stem_refuses_is_not_for_a_profile_to_say(machine):
    calls = [f"call={call}" for call in ("module", "unshare-user", *FIRST_ATTEMPTS)]
    facts = create_seen(machine, "shut", seccomp="shut", env=play(*calls, "show", "stay"))
    # the profile's are to kill it and to let it through
    assert (facts["call.module"], facts["call.unshare-user"]) == ("EPERM", "EPERM")
    assert {facts[f"call.{call}"] for call in FIRST_ATTEMPTS} == {"EUCLEAN"}
    assert [entry["ZEEK_SYSCALL"] for entry in violations(machine, "shut")] == [*FIRST_ATTEMPTS.values()]


def test_a_call_that_does_not_exist_is_no_news(machine):
    facts = create_seen(machine, "silent", seccomp="silent", env=play("call=ptrace", "show", "stay"))
    assert facts["call.ptrace"] == "ENOSYS"
    assert violations(machine, "silent") == []


def test_a_node_that_does_nothing_else_is_told_of_once_and_disturbs_nobody(machine):
    flood = "import os\nwhile True:\n try: os.chroot('/')\n except OSError: pass"
    machine.create("flood", seccomp="refusing", env=play("stay", f'exec=exec python3 -c "{flood}"'), stop_timeout_usec=100_000)
    violation(machine, "flood")
    for i in range(5):
        machine.create(f"calm-{i}", env=STAY)
    assert len(violations(machine, "flood")) <= 2
    machine.call("Destroy", "s", "flood")


# Whoever ends


@pytest.mark.parametrize("units", [[STEM], [SUPERVISOR], [STEM, SUPERVISOR]], ids=lambda units: "+".join(units))
def test_a_daemon_that_is_killed_changes_no_verdict(machine, units):
    name = "survivor-" + "-".join(unit.split(".")[0] for unit in units)
    machine.create(name, seccomp="refusing", env=when_told(name, "chroot / true"))
    machine.expect("Failed with result")
    pid = machine.status(name)[name]["pid"]
    before = {unit: machine.main_pid(unit) for unit in units}
    machine.run(["systemctl", "kill", "--kill-whom=main", "--signal=KILL", *units])
    # a report that is under way to a daemon when that is killed is lost with it
    machine.wait_for(lambda: all(machine.main_pid(unit) != pid for unit, pid in before.items()))
    tell(machine, name)
    entry = violation(machine, name)
    assert (entry["ZEEK_SYSCALL"], entry["ZEEK_SYSCALL_RESULT"]) == ("chroot", "EXDEV")
    machine.wait_for(lambda: any("Invalid cross-device link" in line for line in machine.output(name, "stderr")))
    assert machine.status(name)[name]["pid"] == pid


def lose_the_store(machine):
    """As a stop of the stem does it where systemd does not know FileDescriptorStorePreserve= (before 254)."""

    def taken_back():
        return machine.run(f"journalctl -o cat -u {STEM}").stdout.count("back from the supervisor")

    before = taken_back()
    machine.lab.drop_in(STEM, "[Service]\nFileDescriptorStorePreserve=no\n", name="forgetful")
    machine.run(f"systemctl daemon-reload; systemctl stop {STEM}; rm /etc/systemd/system/{STEM}.d/forgetful.conf")
    machine.run("systemctl daemon-reload")
    machine.wait_for(lambda: taken_back() > before)


def test_a_stem_that_has_lost_its_descriptors_gives_the_same_answers(machine):
    """The supervisor still has the listener, and knows what the profile says."""
    machine.create("retold", seccomp="logging", env=when_told("retold", "nice -n -5 true", "chroot / true"))
    lose_the_store(machine)
    tell(machine, "retold")
    machine.wait_for(lambda: any("Invalid cross-device link" in line for line in machine.output("retold", "stderr")))
    told = [(entry["ZEEK_SYSCALL"], entry["ZEEK_SYSCALL_RESULT"]) for entry in violations(machine, "retold")]
    assert told == [("setpriority", "log"), ("chroot", "EXDEV")]
    assert unwatched(machine, "retold") == []


def test_a_listener_that_nobody_has_any_more_is_told_of_once(machine):
    machine.create("unheard", seccomp="logging", env=when_told("unheard", "chroot / true"))
    machine.create("free", seccomp="none", env=STAY)
    pid = machine.status("unheard")["unheard"]["pid"]
    with faults.all_descriptors_lost(machine):
        pass
    (entry,) = machine.wait_for(lambda: unwatched(machine, "unheard"))
    assert entry["MESSAGE"] == (
        'Nobody is told any more what system calls node "unheard" makes: those that its profile "logging" refuses or reports '
        "fail with ENOSYS until it is started again"
    )
    assert (entry["ZEEK_SECCOMP"], entry["ZEEK_NODE_PID"], entry["PRIORITY"]) == ("logging", str(pid), "4")
    tell(machine, "unheard")
    # its pipes are lost too
    machine.wait_for(lambda: len(tree(machine, "unheard")) == 1, what="the command to have ended")
    lose_the_store(machine)
    assert machine.status("unheard")["unheard"]["pid"] == pid
    assert machine.call("Restart", "s", "unheard") is True
    assert [len(unwatched(machine, name)) for name in ("unheard", "free")] == [1, 0]
    machine.wait_for(lambda: [entry["ZEEK_SYSCALL_RESULT"] for entry in violations(machine, "unheard")] == ["EXDEV"])


# Profiles that are not there, or are not good


def test_a_broken_profile_is_an_error_of_the_node_that_names_it_and_of_no_other(machine):
    with pytest.raises(BusError) as error:
        machine.create("broken", seccomp="broken", env=STAY)
    assert error.value.name == "org.zeek.Supervisor.Error.InvalidConfig"
    assert f"seccomp: {SITE}/broken.conf:3:23: SystemCallErrorNumber= must be" in error.value.message
    machine.create("other", seccomp="refusing", env=STAY)
    with pytest.raises(BusError) as error:
        machine.create("missing", seccomp="missing", env=STAY)
    assert "seccomp: there is no profile 'missing'" in error.value.message
    assert "broken.conf:3:23:" in machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config", check=False).stdout


def test_a_role_with_a_broken_profile_starts_no_node(machine, reload):
    machine.create("running", env=STAY)
    pid = machine.status("running")["running"]["pid"]
    reload(CONF, "[Standalone]\nSeccomp=broken\n")
    with pytest.raises(BusError) as error:
        machine.create("unborn", env=STAY)
    assert error.value.name == "org.zeek.Supervisor.Error.LaunchFailed"
    assert f"load seccomp profile 'broken': {SITE}/broken.conf:3:23:" in error.value.message
    # what runs goes on, and comes to grief when it has to be started again
    assert machine.status("running")["running"]["pid"] == pid
    machine.run(["kill", "-KILL", str(pid)])
    machine.wait_for(lambda: machine.node("running")["State"] == "waiting")
    machine.run(["rm", CONF])
    machine.call("Reload")
    machine.wait_for(lambda: machine.node("running")["State"] == "running")


def test_a_program_that_cannot_be_executed_leaves_nothing_behind_whatever_its_profile_forbids(machine, reload):
    reload(CONF, "[Zeek]\nBinary=/etc/passwd\n")
    with pytest.raises(BusError) as error:
        machine.create("stillborn", seccomp="sealed", directory="/var/lib/zeek-supervisor/nodes/new", stdout_file="out")
    assert "Permission denied" in error.value.message
    assert not machine.lab.path("/var/lib/zeek-supervisor/nodes/new").exists()


# Files


def test_the_sites_profile_takes_the_place_of_the_vendors(machine, reload):
    machine.create("sited", env=STAY)
    before = machine.status("sited")["sited"]["pid"]
    reload(f"{SITE}/standalone.conf", "[Seccomp]\nSystemCallFilter=~chroot:EXDEV\n")
    machine.wait_for(lambda: machine.status("sited")["sited"]["pid"] != before)
    facts = create_seen(machine, "sited-2", env=play("call=chroot", "call=vsock-socket", "show", "stay"))
    assert facts["call.chroot"] == "EXDEV" and facts["call.vsock-socket"] != "EAFNOSUPPORT"


def test_a_masked_profile_is_none(machine, reload):
    reload(f"{SITE}/proxy.conf", "")
    with pytest.raises(BusError) as error:
        machine.create("masked", seccomp="proxy", env=STAY)
    assert "there is no profile 'proxy'" in error.value.message


def test_a_reload_starts_those_nodes_again_whose_profile_changed(machine, reload):
    for profile in "refusing", "silent":
        machine.create(f"under-{profile}", seccomp=profile, env=STAY)
    before = {name: node["pid"] for name, node in machine.status().items()}
    reload(f"{SITE}/silent.conf", "[Seccomp]\nSystemCallFilter=~ptrace:ENOSYS chroot:ENOSYS\n")
    machine.wait_for(lambda: machine.status("under-silent")["under-silent"]["pid"] != before["under-silent"])
    assert machine.status("under-refusing")["under-refusing"]["pid"] == before["under-refusing"]
