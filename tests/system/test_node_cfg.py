# SPDX-License-Identifier: BSD-3-Clause
"""node.cfg: the cluster that an administrator describes as for ZeekControl, beside the nodes that callers create."""

import pytest
from bus import BusError
from ctl import FAILED, Zsupctl
from nodes import STAY, remove_directories, scope, seen
from raw_bus import RawBus

NODE_CFG = "/etc/zeek-supervisor/node.cfg"
CONF = "/etc/zeek-supervisor/supervisor.conf.d/node-cfg.conf"
UNIT = "zeek-supervisor.service"

# lo's own address, which is not the loopback's
HOST = "10.99.0.1"
OTHER = "10.99.0.2"


def section(name, kind, host=HOST, **keys):
    lines = [f"[{name}]", f"type={kind}", f"host={host}", *(f"{key}={value}" for key, value in keys.items())]
    return "\n".join(lines) + "\n\n"


LOGGER = section("logger-1", "logger")
MANAGER = section("manager", "manager")
PROXY = section("proxy-1", "proxy")
CLUSTER = LOGGER + MANAGER + PROXY


def worker(name="worker-1", host=HOST, **keys):
    return section(name, "worker", host, **{"interface": "lo"} | keys)


def prepare(lab):
    lab.write(CONF, "[Node]\nStopTimeoutSec=2s\nRestartDelaySec=50ms\n[Zeek]\nEnvironment=ZEEK_STANDIN=stay\n")


@pytest.fixture(scope="module", autouse=True)
def address(machine_of_module):
    machine_of_module.run(f"ip link set lo up; ip address add {HOST}/32 dev lo; systemctl start {UNIT}")


@pytest.fixture(autouse=True)
def in_the_beginning(machine):
    """There is no file and no node."""
    yield
    machine.run(["rm", "-rf", NODE_CFG])
    machine.call("Destroy", "s", "")
    machine.call("Reload")
    remove_directories(machine)


def write(machine, text):
    machine.lab.write(NODE_CFG, text)


def apply(machine, text):
    write(machine, text)
    machine.call("Reload")


def diff(machine):
    return [tuple(change) for change in machine.call("Diff")]


def wait_running(machine, *names):
    def running():
        status = machine.status()
        return {n for n, s in status.items() if s["state"] == "running"} == set(names) == set(status) and status

    return machine.wait_for(running)


def pids(machine, *names):
    return {name: machine.status(name)[name]["pid"] for name in names}


def kill_daemon(machine):
    """Returns when there is another one."""
    before = machine.main_pid(UNIT)
    machine.expect("Failed with result 'signal'")
    machine.run(["systemctl", "kill", "-s", "KILL", "--kill-who=main", UNIT])
    machine.wait_for(lambda: machine.main_pid(UNIT) not in (0, before))


ALL = ["logger-1", "manager", "proxy-1", "worker-1"]


# The file that is already there


def test_a_file_becomes_a_cluster_in_the_order_of_its_roles(machine, story):
    write(machine, CLUSTER + worker("eth", lb_method="custom", lb_procs=2, pin_cpus="0,1"))
    changes = diff(machine)
    assert changes == [(name, "create") for name in ["logger-1", "manager", "proxy-1", "eth-1", "eth-2"]]
    machine.call("Reload")
    status = wait_running(machine, "logger-1", "manager", "proxy-1", "eth-1", "eth-2")
    for name in status:
        story.signals.wait_for("NodeStatus", name)
    order = [s.arguments[0] for s in story.signals.named("NodeStatus")]
    assert order[:3] == ["logger-1", "manager", "proxy-1"] and sorted(order[3:]) == ["eth-1", "eth-2"]
    assert {s["origin"] for s in status.values()} == {"static"} and machine.node("manager")["Origin"] == "static"
    assert diff(machine) == []

    config = machine.node("eth-2")["Config"]
    assert config["interface"] == "lo" and config["cpu_affinity"] == 1
    assert {name: (e["role"], e["p"]) for name, e in config["cluster"].items()} == {
        "logger-1": ("LOGGER", 27762),
        "manager": ("MANAGER", 27761),
        "proxy-1": ("PROXY", 27763),
        "eth-1": ("WORKER", 27764),
        "eth-2": ("WORKER", 27765),
    }


def test_one_node_may_stand_alone(machine):
    apply(machine, section("zeek", "standalone", "localhost", interface="lo", aux_scripts="local frameworks/files/hash-all-files"))
    status = wait_running(machine, "zeek")["zeek"]
    assert status["role"] == "standalone" and status["node"]["addl_user_scripts"] == ["local", "frameworks/files/hash-all-files"]


def test_a_node_gets_the_variables_that_only_files_may_set(machine):
    apply(machine, section("zeek", "standalone", "localhost", env_vars="LD_LIBRARY_PATH=/opt/snf/lib,ZEEK_STANDIN=show"))
    assert seen(machine, "zeek").environment["LD_LIBRARY_PATH"] == "/opt/snf/lib"


# The difference


def test_a_change_touches_only_who_is_concerned(machine):
    apply(machine, CLUSTER + worker() + worker("worker-2"))
    wait_running(machine, *ALL, "worker-2")
    before = pids(machine, *ALL, "worker-2")
    write(machine, CLUSTER + worker() + worker("worker-2", env_vars="A=1"))
    assert diff(machine) == [("worker-2", "restart")]
    machine.call("Reload")
    machine.wait_for(lambda: machine.status("worker-2")["worker-2"]["pid"] != before["worker-2"])
    wait_running(machine, *ALL, "worker-2")
    assert pids(machine, *ALL) == {name: before[name] for name in ALL}
    assert machine.node("worker-2")["Config"]["env"] == {"A": "1"}


def test_who_comes_is_told_to_others_at_their_next_start(machine):
    apply(machine, CLUSTER + worker())
    wait_running(machine, *ALL)
    before = pids(machine, *ALL)
    write(machine, CLUSTER + worker() + worker("worker-2"))
    expected = [(name, "layout") for name in ALL]
    assert diff(machine) == [*expected, ("worker-2", "create")]
    machine.call("Reload")
    wait_running(machine, *ALL, "worker-2")
    assert pids(machine, *ALL) == before
    assert diff(machine) == expected  # they run on with what they have
    advice = "4 nodes with an older layout. To give them the new one: zsupctl reload, then zsupctl restart NODE"
    assert Zsupctl(machine)("diff").splitlines()[-2:] == ["", advice]

    machine.run(["systemctl", "restart", UNIT])
    assert diff(machine) == expected
    assert machine.call("Restart", "s", "manager") is True
    assert diff(machine) == [change for change in expected if change[0] != "manager"]


def test_who_goes_is_destroyed_before_others_come(machine, story):
    apply(machine, CLUSTER + worker() + worker("worker-2"))
    wait_running(machine, *ALL, "worker-2")
    write(machine, CLUSTER + worker("worker-2"))
    changes = diff(machine)
    assert changes[0] == ("worker-1", "destroy") and ("worker-2", "restart") in changes  # it has another port now
    machine.call("Reload")
    machine.wait_for(lambda: diff(machine) == [(name, "layout") for name in ALL[:3]])
    wait_running(machine, *ALL[:3], "worker-2")
    gone = story.wait_gone("worker-1")
    restarted = [s for s in story.signals.named("NodeStatus") if s.arguments[0] == "worker-2"][-1]
    assert story.signals.seen.index(gone) < story.signals.seen.index(restarted)


def test_a_node_in_another_role_is_made_anew(machine):
    apply(machine, CLUSTER + worker("more"))
    wait_running(machine, *ALL[:3], "more")
    write(machine, CLUSTER + section("more", "proxy"))
    assert [change for change in diff(machine) if change[0] == "more"] == [("more", "destroy"), ("more", "create")]
    machine.call("Reload")
    machine.wait_for(lambda: machine.status("more").get("more", {}).get("role") == "proxy")
    wait_running(machine, *ALL[:3], "more")
    assert machine.show(scope("more"))["Slice"] == "zeek-proxies.slice"


def test_a_host_that_is_another_machine_takes_its_nodes_with_it(machine):
    apply(machine, CLUSTER + worker())
    wait_running(machine, *ALL)
    apply(machine, CLUSTER + worker(host=OTHER))
    wait_running(machine, *ALL[:3])
    cluster = machine.node("manager")["Config"]["cluster"]
    assert cluster["worker-1"]["host"] == OTHER


def test_without_the_file_its_nodes_go(machine):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    machine.run(["rm", NODE_CFG])
    assert sorted(diff(machine)) == [(name, "destroy") for name in ALL[:3]]
    machine.call("Reload")
    machine.wait_for(lambda: machine.status() == {})


def test_reloads_at_once_end_with_the_last_file(machine):
    for n in range(1, 6):
        apply(machine, CLUSTER + "".join(worker(f"worker-{i}") for i in range(n)))
    apply(machine, CLUSTER + worker())
    wait_running(machine, *ALL)


# Nodes of callers


def test_runtime_nodes_are_left_alone(machine):
    machine.create("mine", env=STAY)
    before = pids(machine, "mine")
    apply(machine, CLUSTER)
    status = wait_running(machine, "mine", *ALL[:3])
    assert status["mine"]["origin"] == "runtime" and pids(machine, "mine") == before


def test_a_runtime_node_of_the_same_name_is_in_the_way(machine):
    machine.create("manager", env=STAY)
    write(machine, CLUSTER)
    with pytest.raises(BusError, match=f"InvalidConfig: {NODE_CFG}:5: There is a runtime node 'manager'"):
        machine.call("Diff")
    machine.expect("There is a runtime node 'manager'")
    with pytest.raises(BusError, match=f"{NODE_CFG}:5: "):
        machine.call("Reload")
    assert set(machine.status()) == {"manager"}
    machine.call("Destroy", "s", "manager")
    machine.call("Reload")
    wait_running(machine, *ALL[:3])


def test_a_runtime_node_as_it_is_wanted_becomes_static(machine):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    config = machine.node("proxy-1")["Config"]
    machine.call("Destroy", "s", "proxy-1")
    machine.call("Create", "a{sv}", config)
    before = pids(machine, "proxy-1")
    assert machine.node("proxy-1")["Origin"] == "runtime" and diff(machine) == [("proxy-1", "origin")]
    with machine.signals() as signals:
        machine.call("Reload")
        machine.wait_for(
            lambda: any(s.arguments[1].get("Origin") == "static" for s in signals.named("PropertiesChanged"))
        )
    assert pids(machine, "proxy-1") == before and diff(machine) == []


def test_a_static_node_that_was_destroyed_comes_back_with_the_file(machine):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    assert machine.call("Destroy", "s", "proxy-1") is True
    assert diff(machine) == [("proxy-1", "create")]
    machine.call("Reload")
    wait_running(machine, *ALL[:3])


def test_all_nodes_count(machine):
    machine.create("mine", env=STAY)
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/limit.conf", "[Supervisor]\nMaxNodes=3\n")
    try:
        write(machine, CLUSTER)
        machine.expect("There would be 4 nodes")
        with pytest.raises(BusError, match="There would be 4 nodes on this machine, more than MaxNodes="):
            machine.call("Reload")
        assert set(machine.status()) == {"mine"}
    finally:
        machine.run("rm /etc/zeek-supervisor/supervisor.conf.d/limit.conf")


def test_only_who_may_reload_may_ask_what_it_would_do(machine):
    with pytest.raises(BusError, match="AccessDenied"):
        machine.as_user("daemon").call("Diff")


def test_many_questions_have_one_answer_and_too_many_none(machine):
    write(machine, CLUSTER)
    with RawBus(machine.lab) as client:
        calls = [client.send("Diff") for _ in range(80)]
        answers = [client.reply(call) for call in calls[:60]]
        assert all(len(answer) == 3 for answer in answers)
        with pytest.raises(BusError, match="LimitsExceeded"):
            for call in calls[60:]:
                client.reply(call)


# What is wrong


WRONG = {
    "a value": (CLUSTER + worker(lb_procs="many", lb_method="custom"), ":17: .worker-1. lb_procs= must be a number"),
    "a host": (CLUSTER + worker(host="no.such.host.invalid"), ":15: .worker-1. host= cannot be resolved"),
    "no manager": (LOGGER + PROXY, ": There is no section with type=manager"),
    "nothing": ("", ": There are no nodes in it"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_with_an_error_everything_stays_as_it_is(machine, kind):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    before = pids(machine, *ALL[:3])
    text, error = WRONG[kind]
    write(machine, text)
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/more.conf", "[Zeek]\nEnvironment=COLOUR=red\n")
    try:
        machine.expect(NODE_CFG + error)
        machine.expect("busctl: Call failed")
        for call in "Diff", "Reload":
            with pytest.raises(BusError, match=f"InvalidConfig: {NODE_CFG}{error}"):
                machine.call(call)
        assert machine.run(["systemctl", "reload", UNIT], check=False).returncode != 0
        assert pids(machine, *ALL[:3]) == before and set(machine.status()) == set(before)
        machine.wait_for(lambda: "not as the files say" in machine.show(UNIT)["StatusText"])
        check = machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config", check=False)
        assert check.returncode == 1 and NODE_CFG in check.stdout
    finally:
        machine.run("rm /etc/zeek-supervisor/supervisor.conf.d/more.conf")
    apply(machine, CLUSTER)
    machine.wait_for(lambda: machine.show(UNIT)["StatusText"] == "Ready")
    assert machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config").stdout == ""


def test_all_errors_are_told_at_once(machine):
    write(machine, "[a]\ntype=none\n\n[b]\nhost=/\n\n[c\n")
    with pytest.raises(BusError) as failure:
        machine.call("Diff")
    text = str(failure.value)
    assert [f"{NODE_CFG}:{line}: " in text for line in (1, 2, 4, 5, 7)] == [True] * 5


WRONG_IN_THREE_LINES = "[manager]\ntype=manager\nhost=/\n" + section("proxy-1", "prxy") + worker(lb_procs="many", lb_method="custom")
THREE_ERRORS = [
    f"{NODE_CFG}:3: [manager] host= must be the name or the address of a machine, not '/'",
    f"{NODE_CFG}:5: [proxy-1] type= must be logger, manager, proxy, worker or standalone, not 'prxy'",
    f"{NODE_CFG}:12: [worker-1] lb_procs= must be a number between 1 and 4096, not 'many'",
]


def test_each_of_several_errors_has_a_line_of_its_own(machine):
    write(machine, WRONG_IN_THREE_LINES)
    machine.expect(NODE_CFG)
    ctl = Zsupctl(machine)
    assert ctl.errors("reload", status=FAILED) == ["Failed to reload the configuration of all nodes:", *THREE_ERRORS]
    assert ctl.errors("diff", status=FAILED) == ["Failed to compare the configuration with what runs:", *THREE_ERRORS]
    call = "busctl call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor Reload"
    assert machine.run(call, check=False).stderr.splitlines() == ["Call failed: " + THREE_ERRORS[0], *THREE_ERRORS[1:]]
    check = machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config", check=False)
    assert check.stdout.splitlines() == THREE_ERRORS
    machine.wait_for(
        lambda: machine.show(UNIT)["StatusText"]
        == f"Ready, but not as the files say: {THREE_ERRORS[0]} (and more, see the journal)"
    )


def test_whoever_is_sent_to_the_journal_by_systemctl_finds_the_errors_there_each_time(machine):
    write(machine, WRONG_IN_THREE_LINES)
    machine.expect(NODE_CFG)
    of_daemon = f"_SYSTEMD_UNIT={UNIT}", "SYSLOG_IDENTIFIER=zeek-supervisord"
    for _ in range(2):
        before = len(machine.journal(*of_daemon))
        assert machine.run(["systemctl", "reload", UNIT], check=False).returncode != 0
        said = [entry["MESSAGE"] for entry in machine.journal(*of_daemon)[before:]]
        assert said == [*THREE_ERRORS, "The configuration stays as it is"]


def test_keys_without_a_meaning_are_warnings(machine):
    apply(machine, CLUSTER + worker(zone_id="7", colour="red"))
    wait_running(machine, *ALL)
    lines = [entry["MESSAGE"] for entry in machine.journal(f"_SYSTEMD_UNIT={UNIT}", "PRIORITY=4")]
    for text in f"{NODE_CFG}:17: [worker-1] zone_id= has no meaning here", f"{NODE_CFG}:18: [worker-1] colour= is not known":
        assert any(text in line for line in lines), lines


def test_a_static_node_that_cannot_be_started_is_tried_again(machine):
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/user.conf", "[Node]\nUser=nobody-knows-me\n")
    try:
        write(machine, section("zeek", "standalone", "localhost"))
        machine.run(["systemctl", "reload", UNIT], check=False)
        machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/user.conf", "[Zeek]\nBinary=/no/such/zeek\n")
        machine.expect("zeek")
        machine.call("Reload")
        machine.wait_for(lambda: machine.status("zeek").get("zeek", {}).get("state") == "waiting")
    finally:
        machine.run("rm /etc/zeek-supervisor/supervisor.conf.d/user.conf")
    machine.call("Reload")
    wait_running(machine, "zeek")


# The daemon comes and goes


def test_static_nodes_outlive_the_daemon_and_stay_static(machine):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    before = pids(machine, *ALL[:3])
    kill_daemon(machine)
    status = wait_running(machine, *ALL[:3])
    assert {s["origin"] for s in status.values()} == {"static"} and pids(machine, *ALL[:3]) == before
    assert diff(machine) == []


def test_a_start_applies_what_changed_meanwhile(machine):
    apply(machine, CLUSTER + worker())
    wait_running(machine, *ALL)
    before = pids(machine, *ALL)
    write(machine, CLUSTER + worker(env_vars="A=1") + worker("worker-2"))
    machine.run(["systemctl", "restart", UNIT])
    machine.wait_for(lambda: machine.status("worker-1")["worker-1"].get("pid") != before["worker-1"])
    wait_running(machine, *ALL, "worker-2")
    assert pids(machine, *ALL[:3]) == {name: before[name] for name in ALL[:3]}


def test_restarts_that_a_killed_daemon_owed_are_done_by_the_next(machine, story):
    deaf = section("logger-1", "logger", env_vars="ZEEK_STANDIN=ignore-term")
    apply(machine, deaf + MANAGER + PROXY + worker())
    before = pids(machine, *wait_running(machine, *ALL))
    deaf_file = machine.lab.path("/var/lib/zeek-supervisor/nodes/logger-1/.status")
    machine.wait_for(lambda: deaf_file.exists() and deaf_file.read_text().startswith("RUNNING"))
    apply(machine, (deaf.strip() + ",A=1\n\n") + MANAGER + PROXY + worker(env_vars="A=1"))
    machine.wait_for(lambda: machine.status("logger-1")["logger-1"]["state"] == "stopping")
    kill_daemon(machine)
    machine.wait_for(lambda: machine.status("worker-1")["worker-1"]["pid"] != before["worker-1"])
    wait_running(machine, *ALL)
    assert pids(machine, "manager", "proxy-1") == {name: before[name] for name in ("manager", "proxy-1")}
    assert diff(machine) == []


def test_a_wrong_file_at_the_start_touches_nobody_and_is_said(machine):
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    before = pids(machine, *ALL[:3])
    write(machine, CLUSTER + "[x]\n")
    machine.expect(f"{NODE_CFG}:13: ")
    machine.run(["systemctl", "restart", UNIT])
    assert pids(machine, *ALL[:3]) == before
    assert f"{NODE_CFG}:13: " in machine.show(UNIT)["StatusText"]
    apply(machine, CLUSTER + worker())
    wait_running(machine, *ALL)


def test_a_machine_that_starts_before_its_name_server_tries_again(machine):
    write(machine, section("zeek", "standalone", "later.site"))
    machine.expect("host= cannot be resolved, 'later.site'")
    machine.run(["systemctl", "restart", UNIT])
    assert machine.status() == {} and "later.site" in machine.show(UNIT)["StatusText"]
    machine.run(f"cp /etc/hosts /etc/hosts.before; echo '{HOST} later.site' >>/etc/hosts")
    try:
        wait_running(machine, "zeek")
    finally:
        machine.run("mv /etc/hosts.before /etc/hosts")
    machine.wait_for(lambda: machine.show(UNIT)["StatusText"] == "Ready")


def test_localhost_needs_nobody_who_knows_it(machine):
    machine.run("mv /etc/hosts /etc/hosts.before")
    try:
        apply(machine, section("zeek", "standalone", "localhost"))
    finally:
        machine.run("mv /etc/hosts.before /etc/hosts")
    wait_running(machine, "zeek")


def test_a_machine_that_starts_before_its_addresses_tries_again(machine):
    address = "10.99.0.3"
    write(machine, section("manager", "manager", address) + section("proxy-1", "proxy", address))
    machine.run(["systemctl", "restart", UNIT])
    assert machine.status() == {}
    machine.run(f"ip address add {address}/32 dev lo")
    wait_running(machine, "manager", "proxy-1")

    before = pids(machine, "manager", "proxy-1")
    machine.run(f"ip address delete {address}/32 dev lo")
    machine.expect("is no address of this machine any more")
    with pytest.raises(BusError, match=f"{NODE_CFG}:1: Node 'manager' belongs here, but its host {address} is no address"):
        machine.call("Reload")
    assert pids(machine, "manager", "proxy-1") == before


def test_a_stop_forgets_callers_nodes_and_the_next_start_brings_those_of_the_file(machine):
    apply(machine, CLUSTER)
    machine.create("mine", env=STAY)
    wait_running(machine, *ALL[:3], "mine")
    machine.run(["systemctl", "stop", UNIT])
    assert machine.scopes() == []
    machine.run(["systemctl", "start", UNIT])
    wait_running(machine, *ALL[:3])


def make_older(machine, *changes):
    """What the next daemon finds was written by one of an older version."""
    changes = " ".join(f"-e '{change}'" for change in ("/^$/d", *changes))
    machine.lab.write("/usr/local/bin/older", f"sed -i {changes} /run/zeek-supervisor/state/*.life\n")
    machine.lab.drop_in(UNIT, "[Service]\nExecStartPre=/bin/sh /usr/local/bin/older\n", name="older")
    machine.run("systemctl daemon-reload")
    try:
        machine.run(["systemctl", "restart", UNIT])
    finally:
        machine.run(f"rm /etc/systemd/system/{UNIT}.d/older.conf; systemctl daemon-reload")
    assert "Failed to make sense" not in machine.run(["journalctl", "-b", "-u", UNIT]).stdout


def test_the_life_of_an_older_version_is_read(machine):
    """It was as long as what it said."""
    apply(machine, CLUSTER)
    wait_running(machine, *ALL[:3])
    before = pids(machine, *ALL[:3])
    make_older(machine, "s/VERSION=4/VERSION=3/")
    status = wait_running(machine, *ALL[:3])
    assert {s["origin"] for s in status.values()} == {"static"}
    assert pids(machine, *ALL[:3]) == before


def test_nodes_of_a_daemon_that_knew_no_node_cfg_are_runtime_nodes(machine):
    """The state of an older version: it says neither whose a node is nor what it was launched with."""
    apply(machine, CLUSTER)
    machine.create("mine", env=STAY)
    wait_running(machine, *ALL[:3], "mine")
    before = pids(machine, *ALL[:3], "mine")
    machine.run(["rm", NODE_CFG])
    make_older(machine, "s/VERSION=4/VERSION=2/", "/^ORIGIN=/d", "/^LAYOUT=/d", "/^OUTDATED=/d", "/^EXIT_OUT_OF_MEMORY=/d",
               "s/^ORDER_HASH=.*/ORDER_HASH=7/")
    status = wait_running(machine, *ALL[:3], "mine")
    assert {s["origin"] for s in status.values()} == {"runtime"}
    machine.call("Reload")
    assert pids(machine, *ALL[:3], "mine") == before
