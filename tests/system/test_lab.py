# SPDX-License-Identifier: BSD-3-Clause
"""The lab itself: is it a machine like others?"""

import pytest

import journal
from bus import Bus, BusError

SYSTEMD = dict(service="org.freedesktop.systemd1", path="/org/freedesktop/systemd1")
MANAGER = "org.freedesktop.systemd1.Manager"
VERSIONS = {"host": "252", "trixie": "257", "forky": "262"}


@pytest.fixture(scope="module")
def user(lab):
    lab.add_user("alice")
    lab.start_user_manager("alice")
    return "alice"


def test_boots_without_a_failed_unit(lab):
    assert lab.run("systemctl is-system-running").stdout == "running\n"
    assert lab.run("systemctl list-jobs --no-legend").stdout == ""


def test_has_the_systemd_of_its_base(lab, base):
    version = Bus(lab).get("Version", interface=MANAGER, **SYSTEMD)
    assert version.startswith(VERSIONS[base])


def test_starts_nothing_of_the_machine_below(lab):
    services = lab.run("systemctl list-units --plain --no-legend --type=service").stdout.splitlines()
    surprises = [s for s in services if not s.startswith(("systemd-", "dbus", "user@", "user-runtime-dir@", "polkit"))]
    assert surprises == []


def test_bus_answers_with_values(lab):
    unit = Bus(lab).call("GetUnit", "s", "init.scope", interface=MANAGER, **SYSTEMD)
    assert unit == "/org/freedesktop/systemd1/unit/init_2escope"


def test_bus_answers_with_errors(lab):
    with pytest.raises(BusError) as error:
        Bus(lab).call("GetUnit", "s", "no-such.service", interface=MANAGER, **SYSTEMD)
    assert error.value.name == "org.freedesktop.systemd1.NoSuchUnit"
    assert error.value.message == "Unit no-such.service not loaded."


def test_signals_are_seen(lab):
    rule = "type='signal',interface='org.freedesktop.systemd1.Manager'"
    with Bus(lab).signals(rule) as signals:
        Bus(lab).call("Subscribe", interface=MANAGER, **SYSTEMD)
        lab.run("systemd-run --scope --unit=signalled.scope true")
        signals.wait_for("UnitNew", "signalled.scope")
        signals.wait_for("UnitRemoved", "signalled.scope")


def test_journal_keeps_fields_and_bytes(lab):
    lab.run("logger --journald", input="MESSAGE=one\nLAB_TEST=fields\n")
    lab.run("logger --journald", input="MESSAGE=caf\u00e9\x01\nLAB_TEST=fields\n")
    messages = [entry["MESSAGE"] for entry in journal.entries(lab, "LAB_TEST=fields")]
    assert messages == ["one", "caf\u00e9\x01".encode()]


def test_root_may_attribute_a_line_to_a_scope(lab):
    lab.run("logger --journald", input="MESSAGE=attributed\nOBJECT_SYSTEMD_UNIT=some.scope\n")
    assert "attributed" in lab.run("journalctl --sync; journalctl -u some.scope").stdout


def test_lo_is_up(lab):
    assert "LOOPBACK,UP" in lab.run("ip link show lo").stdout


def test_commands_come_from_no_unit(lab):
    assert lab.run("cat /proc/self/cgroup").stdout.splitlines()[-1] == "0::/lab.scope"


def test_user_has_a_manager_and_a_bus(lab, user):
    assert lab.run("systemctl --user is-system-running", user=user).stdout == "running\n"
    assert Bus(lab, user, of_user=True).get("Version", interface=MANAGER, **SYSTEMD)


def test_user_has_no_privileges(lab, user):
    with pytest.raises(BusError) as error:
        Bus(lab, user).call("StopUnit", "ss", "systemd-logind.service", "fail", interface=MANAGER, **SYSTEMD)
    assert error.value.name == "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"


def test_user_reads_an_own_journal(lab, user):
    lab.run("systemd-run --user --wait --quiet echo hello", user=user)
    lab.run("journalctl --sync")
    assert any(entry["MESSAGE"] == "hello" for entry in journal.entries(lab, "--user", user=user))


@pytest.mark.parametrize("bus", ["broker", "daemon"])
def test_either_bus_can_be_had(lab_with, bus):
    lab = lab_with(bus=bus)
    assert lab.run("systemctl show --property=Id --value dbus.service").stdout == {
        "broker": "dbus-broker.service\n",
        "daemon": "dbus.service\n",
    }[bus]
    assert lab.run("systemctl is-system-running").stdout == "running\n"
