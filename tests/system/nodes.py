# SPDX-License-Identifier: BSD-3-Clause
"""Nodes in a test: configurations of the stand-in that plays zeek, and the story that signals tell of a node."""

import shutil

from bus import NODE, node_path

CLD_EXITED, CLD_KILLED, CLD_DUMPED = 1, 2, 3
DIRECTORIES = "/var/lib/zeek-supervisor/nodes"
LOG_QUEUE = "/var/lib/zeek-supervisor/log-queue"

# of the supervisor's own entries in the journal; see catalog/zeek-supervisor.catalog
STARTED = "4d89145b89214912a933a035118c1faa"
DESTROYED = "731118d568a94a02b0eb21570c18aadd"
EXITED = "ced6e487fe1c459489d82fb2bf50c70c"
GIVEN_UP = "465daec9765e41f98d943e3be9015cdb"
KILLED = "fb7455fa539d4fb39915bf3e53385fb3"


def play(*directives):
    """An environment in which the stand-in does this; `zeek --help` of it says what there is."""
    return {"ZEEK_STANDIN": ",".join(directives)}


STAY = play("stay")
SHOW = play("show", "stay")


def member(role, **more):
    return {"role": role, "host": "127.0.0.1", **more}


def cluster_of(**roles):
    """A cluster table: names with "_" for "-", as keywords."""
    return {name.replace("_", "-"): member(role) for name, role in roles.items()}


def of_role(role, name):
    """The part of a configuration that makes a node one of a role."""
    return {"cluster": {name: member(role)}}


def scope(name):
    return "zeek-node-{}.scope".format(name.replace("-", r"\x2d"))


def create_ready(machine, name, **config):
    """Creates a node and returns when it has set up all that it does about signals."""
    status = machine.lab.path(f"{DIRECTORIES}/{name}/.status")
    machine.create(name, **config)
    machine.wait_for(lambda: status.exists() and status.read_text().startswith("RUNNING"))


def is_alive(machine, pid):
    return machine.lab.path(f"/proc/{pid}").exists()


def tree(machine, name):
    """The processes of a node."""
    return machine.processes(machine.show(scope(name))["ControlGroup"].lstrip("/"))


def remove_directories(machine):
    """A node's working directory outlives it, and so do rotated logs; what a test has left of them is to go."""
    for directory in machine.lab.path(DIRECTORIES).iterdir():
        shutil.rmtree(directory)
    for log in machine.lab.path(LOG_QUEUE).iterdir():
        log.unlink()


class Seen(dict):
    """What a node has printed of itself: the last `show` of the stand-in."""

    def __init__(self, name, facts):
        super().__init__(facts)
        self.name = name

    @property
    def argv(self):
        return [self[f"argv.{n}"] for n in range(1, int(self["argc"]))]

    @property
    def environment(self):
        return {key.removeprefix("env."): value for key, value in self.items() if key.startswith("env.")}

    def capabilities(self):
        """Those of all sets but the one of what nobody can have."""
        return {self[f"cap.{which}"] for which in ("permitted", "effective", "inheritable", "bounding", "ambient")}


def seen(machine, name, times=1):
    """What a node sees of itself, once it has printed that so many times in the journal."""
    last = "ns.uts="

    def shown():
        lines = machine.output(name)
        return sum(line.startswith(last) for line in lines) >= times and lines

    return Seen(name, dict(line.split("=", 1) for line in machine.wait_for(shown) if "=" in line))


def create_seen(machine, name="node", **config):
    """Creates a node and returns what it sees of itself. No other node of the module may have had that name."""
    machine.create(name, **{"env": SHOW} | config)
    return seen(machine, name)


class Snapshot(dict):
    """The properties of a node as a signal left them; at: which one it was."""

    def __init__(self, properties, at):
        super().__init__(properties)
        self.at = at


class Story:
    """The signals of the supervisor from here on."""

    def __init__(self, machine):
        self.signals = machine.signals()

    def __enter__(self):
        self.signals.__enter__()
        return self

    def __exit__(self, *reason):
        self.signals.__exit__(*reason)

    def starts(self, name):
        """The process of each NodeStatus."""
        return [s.arguments[1] for s in self.signals.named("NodeStatus") if s.arguments[0] == name]

    def snapshots(self, name):
        path, now, all = node_path(name), {}, []
        for at, signal in enumerate(list(self.signals.seen)):
            match signal.member, signal.arguments:
                case "InterfacesAdded", [added, interfaces] if added == path:
                    now = interfaces[NODE]
                case "PropertiesChanged", [interface, changed, _] if (signal.path, interface) == (path, NODE):
                    now = now | changed
                case _:
                    continue
            all.append(Snapshot(now, at))
        return all

    def wait(self, name, after=None, timeout=20, **wanted):
        """The first snapshot, after another one, that has these values; a value may be a predicate."""

        def fits(snapshot):
            return all(
                key in snapshot and (value(snapshot[key]) if callable(value) else snapshot[key] == value)
                for key, value in wanted.items()
            )

        def found():
            late = (s for s in self.snapshots(name) if after is None or s.at > after.at)
            return next(filter(fits, late), None)

        return self.signals.wait_until(found, timeout, f"{name} to have {wanted}")

    def states(self, name):
        """The states that it went through, each as often as it was entered."""
        states = [s["State"] for s in self.snapshots(name) if "State" in s]
        return [state for state, before in zip(states, [None, *states]) if state != before]

    def wait_gone(self, name, timeout=20):
        return self.signals.wait_for("InterfacesRemoved", node_path(name), timeout=timeout)
