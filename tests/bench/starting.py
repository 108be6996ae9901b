# SPDX-License-Identifier: BSD-3-Clause
"""Starting a program: one after the other, a thousand at once, and with a thousand there."""

from collections import defaultdict

from figures import Bound

FEW = 10
SLICE = 64  # nodes: the default of NodesPerSlice=
FLOOR = 1.3  # ms: what a start cost at least where the targets for a crash were set


class Starting:
    """One after the other, on a machine on which nothing else runs."""

    name = "start"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)
        self.peers = [peer for peer in rig.peers if peer.what]

    def round(self):
        n = self.rig.scale.repeats
        self.seen["fork"] += self.rig.floor("fork", n)["start"]
        self.seen["scope"] += self.rig.floor("scope", n, 1, 0)["start"]
        self.seen["service"] += self.rig.floor("service", n, 1, 0)["start"]
        created = self.rig.client("create", 0, n)
        self.seen["start"] += created["start"]
        self.seen["reply"] += created["reply"]
        self.rig.destroy_all()
        self.seen["ping"] += self.rig.client("ping", 10 * n)["reply"]
        for peer in self.peers:
            self.seen[peer.name] += peer.starts(n)
        return self

    def table(self, table):
        table.section("One program at a time, until it runs")
        table.row("fork and exec", self.seen["fork"])
        floor = table.row("fork, scope, exec: the floor", self.seen["scope"])
        table.row("Create, until the program runs", self.seen["start"], against=floor, bounds=[Bound("ratio", 1.5)])
        table.row("Create, until it is answered", self.seen["reply"], against=floor)
        table.row("a transient service", self.seen["service"], against=floor)
        for peer in self.peers:
            table.row(peer.what, self.seen[peer.name], against=floor)
        table.row("a call of the supervisor that sd-bus answers", self.seen["ping"])


class Thousand:
    """Many at once, and then one more or less."""

    name = "thousand"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)

    def round(self):
        self.few()
        n = self.rig.scale.nodes
        repeats = self.rig.scale.repeats

        for key, per_slice in ("floor at once", 0), ("floor at once spread", SLICE):
            self.seen[key].append(self.rig.floor("scope", n, 16, 0, per_slice=per_slice)["all"][0] / n)
        values = self.rig.floor("scope", repeats, 1, n)
        self.seen["floor at many"] += values["start"]
        self.seen["floor end at many"] += values["end"]
        values = self.rig.floor("scope", repeats, 1, n, per_slice=SLICE)
        self.seen["floor spread"] += values["start"]
        self.seen["floor end spread"] += values["end"]

        self.seen["at once"].append(self.rig.client("create", 0, n, n)["all"][0] / n)
        self.one_more("many", n)
        crash = self.rig.client("crash", 0, min(n, 5 * repeats))
        for key in "known", "start":
            self.seen[f"crash {key}"] += crash[key]
        self.back(n)
        self.seen["destroy at once"].append(self.rig.client("destroy", 0, n, n)["all"][0] / n)
        self.rig.settle()

    def few(self):
        values = self.rig.floor("scope", self.rig.scale.repeats, 1, FEW)
        self.seen["floor at few"] += values["start"]
        self.seen["floor end at few"] += values["end"]
        self.rig.client("create", 0, FEW, FEW)
        self.one_more("few", FEW)
        self.rig.destroy_all()

    def one_more(self, key, n):
        repeats = self.rig.scale.repeats
        for verb in "create", "status", "restart", "destroy":
            self.seen[f"{verb} at {key}"] += self.rig.client(verb, n, repeats)["reply"]
        self.rig.settle()

    def back(self, n):
        values = self.rig.client("back", self.rig.pid("zeek-supervisor.service"))
        if values["nodes"] != [n]:
            raise RuntimeError(f"the daemon came back with {values['nodes']} nodes of {n}")
        self.seen["back"] += values["back"]

    def table(self, table):
        n = self.rig.scale.nodes
        seen = self.seen
        table.section(f"{n} at once, each")
        floor = table.row("fork, scope, exec: the floor", seen["floor at once"])
        spread = table.row(f"  in slices of {SLICE}, as ours", seen["floor at once spread"], against=floor)
        table.row("Create", seen["at once"], against=floor, bounds=[Bound("ratio", 1.3)])
        table.row("  against the floor in such slices", seen["at once"], against=spread)
        table.row("Destroy", seen["destroy at once"])

        table.section(f"One of {n}, against one of {FEW}")
        few = table.row(f"floor: start with {FEW} siblings", seen["floor at few"])
        table.row(f"floor: start with {n} siblings", seen["floor at many"], against=few)
        grown = floor_spread = table.row(f"  in slices of {SLICE}, as ours", seen["floor spread"], against=few)
        few_ends = table.row(f"floor: end with {FEW} siblings", seen["floor end at few"])
        table.row(f"floor: end with {n} siblings", seen["floor end at many"], against=few_ends)
        ends = table.row(f"  in slices of {SLICE}, as ours", seen["floor end spread"], against=few_ends)
        growth = {
            "create": grown.median / few.median,
            "status": 1,
            "restart": (grown.median + ends.median) / (few.median + few_ends.median),
            "destroy": ends.median / few_ends.median,
        }
        for verb, of_floor in growth.items():
            bound = round(1.2 * max(1, of_floor), 2)
            few = table.row(f"{verb} with {FEW}", seen[f"{verb} at few"])
            table.row(f"{verb} with {n}", seen[f"{verb} at many"], against=few, bounds=[Bound("ratio", bound)])

        table.section(f"A crash among {n}")
        table.row("its end is known", seen["crash known"], bounds=[Bound("median", 2)])
        bounds = [Bound("ratio", round(5 / FLOOR, 1)), Bound("p99", round(20 / FLOOR * floor_spread.median))]
        table.row("the new program runs", seen["crash start"], against=floor_spread, bounds=bounds)
        table.row(f"kill -9 of the daemon, until it has adopted {n}", seen["back"], bounds=[Bound("median", 500)])
