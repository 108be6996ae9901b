# SPDX-License-Identifier: BSD-3-Clause
"""IsSupervisor, IsSupervised and Node: what the supervisor tells the processes of a node about themselves."""

import json
import shlex

import dbus_types
import pytest
from bus import BusError
from nodes import STAY, cluster_of, play, scope

pytestmark = pytest.mark.usefixtures("tidy")

ASK = "busctl --json=short call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor"
# of a name that looks like a node's; each call has its own, for systemd may need a moment to forget the last
IN_A_SCOPE = "systemd-run --quiet --scope --unit=zeek-node-x.$$.$(date +%N) "
ASK_ALL = f"for member in IsSupervisor IsSupervised Node; do {ASK} $member 2>&1; done; echo that is all"


def answers(machine, name):
    """What a node has printed that ran ASK_ALL."""
    lines = machine.wait_for(lambda: "that is all" in (output := machine.output(name)) and output)
    return [dbus_types.all_from_json(json.loads(line)) for line in lines if line.startswith("{")]


def test_a_node_is_supervised_and_is_told_its_configuration(machine):
    config = dict(
        interface="lo",
        cluster=cluster_of(asker="WORKER", manager="MANAGER"),
        env={"ZEEK_STANDIN": f"stay,exec={ASK_ALL}"},
        nice=1,
    )
    machine.create("asker", **config)
    assert answers(machine, "asker") == [[False], [True], [{"name": "asker", **config}]]


def test_so_is_a_descendant_that_has_left_its_parents_and_its_session(machine):
    daemon = f"setsid sh -c 'sleep 0.1; {ASK_ALL}' & exit"
    machine.create("daemons", env={"ZEEK_STANDIN": f"stay,exec={daemon}"})
    supervisor, supervised, (config,) = answers(machine, "daemons")
    assert (supervisor, supervised, config["name"]) == ([False], [True], "daemons")


def test_each_node_is_told_about_itself(machine):
    names = ["a", "a.b", "a-b"]
    for name in names:
        machine.create(name, env={"ZEEK_STANDIN": f"stay,exec={ASK_ALL}"})
    assert [answers(machine, name)[2][0]["name"] for name in names] == names


def test_a_started_again_node_is_still_known(machine):
    machine.create("again", restart="always", env={"ZEEK_STANDIN": f"stay,exec={ASK} IsSupervised; echo that is all"})
    machine.wait_for(lambda: machine.output("again").count("that is all") == 1)
    machine.call("Restart", "s", "again")
    machine.wait_for(lambda: machine.output("again").count("that is all") == 2)
    assert [line for line in machine.output("again") if line.startswith("{")] == ['{"type":"b","data":[true]}'] * 2


@pytest.mark.parametrize("who", ["", "setpriv --reuid=nobody --clear-groups ", IN_A_SCOPE])
def test_nobody_else_is_supervised(machine, who):
    machine.create("node", env=STAY)
    assert machine.run(f"{who}{ASK} IsSupervised").stdout == '{"type":"b","data":[false]}\n'
    assert machine.run(f"{who}{ASK} IsSupervisor").stdout == '{"type":"b","data":[false]}\n'
    result = machine.run(f"SYSTEMD_LOG_LEVEL=debug {who}{ASK} Node", check=False)
    assert result.returncode != 0 and "error-name=org.zeek.Supervisor.Error.NotSupervised " in result.stderr


def test_the_error_names_the_process(machine):
    with pytest.raises(BusError, match=r"process \d+ does not belong to a supervised node"):
        machine.call("Node")


def test_a_process_in_the_scope_of_a_node_belongs_to_it_wherever_it_comes_from(machine):
    machine.create("host-1", env=STAY)
    group = "/sys/fs/cgroup" + machine.show(scope("host-1"))["ControlGroup"]
    answer = machine.run(f"echo $$ >{shlex.quote(group)}/cgroup.procs && exec {ASK} Node")
    assert json.loads(answer.stdout)["data"][0]["name"]["data"] == "host-1"


def test_a_process_below_the_scope_of_a_node_belongs_to_it(machine):
    machine.create("node", env=play("stay"))
    group = "/sys/fs/cgroup" + machine.show(scope("node"))["ControlGroup"]
    machine.run(["mkdir", f"{group}/below"])
    answer = machine.run(f"echo $$ >{group}/below/cgroup.procs && exec {ASK} IsSupervised")
    assert answer.stdout == '{"type":"b","data":[true]}\n'
