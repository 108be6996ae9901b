# SPDX-License-Identifier: BSD-3-Clause
"""Several machines that read the same node.cfg: each runs its own part of the cluster and knows all of it."""

import pytest

import cable
from machine import Machine
from test_layout import layout_of

ADDRESSES = {"head.site": "10.99.0.1", "sensor.site": "10.99.0.2"}

# as an administrator copies it to both
NODE_CFG = f"""\
[logger-1]
type=logger
host=head.site

[manager]
type=manager
host=head.site

[proxy-1]
type=proxy
host=head.site

[sensor]
type=worker
host=sensor.site
interface={cable.INTERFACE}
lb_method=custom
lb_procs=2
"""

CONF = "[Zeek]\nEnvironment=ZEEK_STANDIN=connections,stay\n"


def set_up(machine):
    hosts = "".join(f"{address} {name}\n" for name, address in ADDRESSES.items())
    machine.lab.write("/etc/hosts", f"127.0.0.1 localhost\n{hosts}")
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/machines.conf", CONF)
    machine.lab.write("/etc/zeek-supervisor/node.cfg", NODE_CFG)


@pytest.fixture
def machines(machine, lab_with):
    """The head, and a sensor at the other end of a cable."""
    machines = machine, Machine(lab_with())
    head, sensor = ADDRESSES.values()
    cable.connect(machines[0].lab, f"{head}/24", machines[1].lab, f"{sensor}/24")
    for each in machines:
        set_up(each)
        each.run("systemctl start zeek-supervisor")
    yield machines
    for each in machines:
        each.stop_daemons()
    assert machines[1].problems() == []
    machine.run(["ip", "link", "delete", cable.INTERFACE])


def running(machine, count):
    def all_run():
        status = machine.status()
        return len(status) == count and {s["state"] for s in status.values()} == {"running"} and sorted(status)

    return machine.wait_for(all_run)


def sees(machine, *words):
    return any(all(word in line for word in words) for line in machine.output("sensor-1"))


def test_each_machine_starts_its_part_and_knows_the_whole(machines):
    head, sensor = machines
    assert running(head, 3) == ["logger-1", "manager", "proxy-1"]
    assert running(sensor, 2) == ["sensor-1", "sensor-2"]

    layout = layout_of(head, "manager")
    assert layout == layout_of(sensor, "sensor-1")
    members = dict(line.strip().split(" = ", 1) for line in layout if line.startswith("\t"))
    assert set(members) == {f'["{name}"]' for name in ("logger-1", "manager", "proxy-1", "sensor-1", "sensor-2")}
    assert "$ip=10.99.0.1, $p=27761/tcp" in members['["manager"]']
    assert "$ip=10.99.0.2, $p=27764/tcp" in members['["sensor-1"]']

    # the head calls where the layout says that the sensor is, and is seen there
    call = ["bash", "-c", "echo >/dev/tcp/10.99.0.2/27764"]
    sensor.wait_for(lambda: head.run(call, check=False) and sees(sensor, "10.99.0.1", "27764"))


def test_a_worker_can_move(machines):
    head, sensor = machines
    running(head, 3)
    running(sensor, 2)
    for each in machines:
        each.lab.write("/etc/zeek-supervisor/node.cfg", NODE_CFG.replace("host=sensor.site", "host=head.site"))
        each.call("Reload")
    assert running(head, 5) == ["logger-1", "manager", "proxy-1", "sensor-1", "sensor-2"]
    sensor.wait_for(lambda: sensor.status() == {})
