# SPDX-License-Identifier: BSD-3-Clause
"""What the daemons cost by being there: memory, wake-ups, and answers about everything."""

import time
from collections import defaultdict

from figures import Bound
from rig import DAEMONS, STEM, SUPERVISOR

KIB, MIB = 1024, 1024 * 1024


class Idle:
    """Memory with no node and with many, and what happens when nothing happens."""

    name = "idle"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)

    def round(self):
        n = self.rig.scale.nodes
        self.rig.restart_daemons()
        idle = self.memory("idle")
        self.rig.client("create", 0, n, n)
        self.rig.settle()
        many = self.memory("many")
        self.seen["per node"].append((many - idle) / n / KIB)
        self.watch()
        self.rig.client("destroy", 0, n, n)
        self.rig.settle()
        self.churn()

    def memory(self, key):
        each = [self.rig.memory(unit) / MIB for unit in DAEMONS]
        for unit, amount in zip(DAEMONS, each):
            self.seen[f"{key} {unit}"].append(amount)
        self.seen[key].append(sum(each))
        return sum(each) * MIB

    def watch(self):
        time.sleep(6)  # what was just done has its echo, and slices are looked after some seconds later
        before = {unit: self.rig.wakeups(unit) for unit in DAEMONS}
        time.sleep(self.rig.scale.seconds)
        for unit in DAEMONS:
            self.seen[f"wakeups {unit}"].append((self.rig.wakeups(unit) - before[unit]) * 60 / self.rig.scale.seconds)

    def churn(self):
        """Growth counts from the second time on: the first one finds the daemons small."""
        n = self.rig.scale.churn
        self.make_and_destroy(n)
        before = sum(self.rig.memory(unit, "Pss_Anon") for unit in DAEMONS)
        self.make_and_destroy(n)
        self.seen["growth"].append((sum(self.rig.memory(unit, "Pss_Anon") for unit in DAEMONS) - before) / KIB)

    def make_and_destroy(self, n):
        for done in range(0, n, 100):
            few = min(100, n - done)
            self.rig.client("create", 0, few, 10)
            self.rig.client("destroy", 0, few, 10)
        self.rig.settle()

    def table(self, table):
        n = self.rig.scale.nodes
        table.section("Memory (PSS)")
        table.row("both daemons, no node", self.seen["idle"], "MiB", bounds=[Bound("median", 6)])
        for unit in DAEMONS:
            table.row(f"  {unit}", self.seen[f"idle {unit}"], "MiB")
        table.row(f"both daemons, {n} nodes", self.seen["many"], "MiB")
        for unit in DAEMONS:
            table.row(f"  {unit}", self.seen[f"many {unit}"], "MiB")
        table.row("each further node", self.seen["per node"], "KiB", bounds=[Bound("median", 8)])
        table.row(f"growth over {self.rig.scale.churn} more nodes made and destroyed", self.seen["growth"], "KiB", bounds=[Bound("median", 64)])
        for peer in self.rig.peers:
            if peer.service:
                table.row(peer.brings_back, [peer.memory() / MIB], "MiB")
        table.section(f"Wake-ups a minute with {n} nodes that do nothing, without a watchdog")
        table.row(SUPERVISOR, self.seen[f"wakeups {SUPERVISOR}"], "", bounds=[Bound("median", 0)])
        table.row(STEM, self.seen[f"wakeups {STEM}"], "", bounds=[Bound("median", 0)])


class Everything:
    """Status of all nodes of one large cluster, while somebody else wants an answer too."""

    name = "everything"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)

    def round(self):
        n = self.rig.scale.nodes
        times = self.rig.scale.repeats
        self.rig.restart_daemons()
        self.seen["create"].append(self.rig.client("cluster", n)["all"][0] / n)
        self.rig.settle()
        self.seen["memory before"].append(self.rig.memory(SUPERVISOR) / MIB)
        self.seen["ping alone"] += self.rig.client("ping", 100 * times)["reply"]

        busy = self.rig.start("client", "ping", 200 * times)
        before = self.rig.cpu(SUPERVISOR)
        self.seen["reply"] += self.rig.client("all", times)["reply"]
        busy_pings = self.rig.finish(busy)["reply"]
        self.seen["ping busy"] += busy_pings
        self.seen["longest"].append(max(busy_pings))

        before = self.rig.cpu(SUPERVISOR)
        self.rig.client("all", times)
        self.seen["cpu"].append((self.rig.cpu(SUPERVISOR) - before) / times)
        self.seen["memory"].append(self.rig.peak(SUPERVISOR) / MIB)
        self.rig.destroy_all()

    def table(self, table):
        n = self.rig.scale.nodes
        table.section(f"Status of all nodes of a cluster of {n}")
        table.row("CPU of the supervisor for one answer", self.seen["cpu"], bounds=[Bound("median", 100)])
        table.row("until it is read by the caller", self.seen["reply"])
        table.row("another caller's ping meanwhile", self.seen["ping busy"])
        table.row("  the longest of a round", self.seen["longest"], bounds=[Bound("median", 10)])
        table.row("  without anything else", self.seen["ping alone"])
        table.row("memory of the supervisor before", self.seen["memory before"], "MiB")
        table.row("its peak", self.seen["memory"], "MiB", bounds=[Bound("median", 64)])
        table.row("Create of such a node", self.seen["create"])


class Crashes:
    """Who brings back what has ended, and how soon."""

    name = "crash"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)
        self.peers = [peer for peer in rig.peers if peer.brings_back]

    def round(self):
        n = min(3, self.rig.scale.repeats)
        self.rig.client("create", 0, n)
        time.sleep(1.3)
        self.seen["ours"] += self.rig.client("crash", 0, n)["start"]
        self.rig.destroy_all()
        for peer in self.peers:
            self.seen[peer.name] += peer.crashes(n)

    def table(self, table):
        table.section("From a crash to the next program that runs, after more than a second of health")
        ours = table.row("zeek-supervisor", self.seen["ours"])
        for peer in self.peers:
            table.row(peer.brings_back, self.seen[peer.name], against=ours)
