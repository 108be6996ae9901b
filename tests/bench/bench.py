#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures the supervisor against what the machine can do and against its peers, in a private systemd (tests/lab).

Installs the packages that are missing and builds with optimization first. All that is compared runs in turns, round after
round, so that whatever else the machine does hits all alike. docs/performance.md explains the table.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lab")]

import bases  # noqa: E402
import peers  # noqa: E402
from figures import Table  # noqa: E402
from lab import CommandFailure, Lab  # noqa: E402
from output import Flood, Lines, Patterns  # noqa: E402
from resident import Crashes, Everything, Idle  # noqa: E402
from rig import DAEMONS, NODE, Rig, Scale  # noqa: E402
from starting import Starting, Thousand  # noqa: E402

PARTS = {part.name: part for part in (Starting, Thousand, Crashes, Idle, Everything, Lines, Patterns, Flood)}

FULL = Scale(rounds=5, repeats=30, nodes=1000, lines=200_000, seconds=35, churn=2000)
QUICK = Scale(rounds=2, repeats=10, nodes=300, lines=50_000, seconds=16, churn=200)
SMOKE = Scale(rounds=1, repeats=2, nodes=12, lines=2_000, seconds=1, churn=5)


def parse(argv):
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="fewer rounds and nodes")
    size.add_argument("--smoke", action="store_true", help="only see whether everything works; nothing is judged")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--nodes", type=int, help="how many are many")
    parser.add_argument("--churn", type=int, help="nodes that are made and destroyed to see whether memory grows")
    parser.add_argument("--base", choices=bases.NAMES, default=bases.HOST, help="the system (default: this machine's)")
    parser.add_argument("--stage", metavar="DIR", help=argparse.SUPPRESS)  # what ./bench has built
    parser.add_argument("--json", metavar="FILE", help="where all figures go (default: build/bench/figures.json)")
    return parser.parse_args(argv)


def scale_of(arguments):
    scale = QUICK if arguments.quick else SMOKE if arguments.smoke else FULL
    for name in "rounds", "nodes", "churn":
        if getattr(arguments, name) is not None:
            setattr(scale, name, getattr(arguments, name))
    return scale


def configure(lab, scale):
    settings = f"[Supervisor]\nMaxNodes={max(3000, 2 * scale.nodes)}\n[Zeek]\nBinary={NODE}\n"
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/bench.conf", settings)
    # A watchdog wants to be told something now and then; without one there is nothing to wake up for.
    for unit in DAEMONS:
        lab.drop_in(unit, "[Service]\nWatchdogSec=0\n", name="bench")
    # What is measured is not how the disk does.
    lab.write("/etc/systemd/journald.conf.d/bench.conf", "[Journal]\nStorage=volatile\nRuntimeMaxUse=256M\nRateLimitIntervalSec=0\n")


def machine(lab):
    """What a reader of the figures has to know."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?")
    systemd = lab.run(["systemctl", "--version"]).stdout.split("\n")[0]
    load = os.getloadavg()[0]
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "systemd": systemd, "load": round(load, 1)}


def run_round(parts, rig, failures):
    for part in list(parts):
        print(part.name, file=sys.stderr, flush=True)
        try:
            part.round()
            parts[part] += 1
        except (CommandFailure, RuntimeError, subprocess.TimeoutExpired) as failure:
            failures.append(f"{part.name}: {failure}")
            del parts[part]
            rig.restart_daemons()


def measure(lab, names, scale, judges):
    rig = Rig(lab, scale)
    rig.prepare(peers.ALL)
    parts = {PARTS[name](rig): 0 for name in names}  # and how many rounds each has done
    failures = []
    try:
        for number in range(scale.rounds):
            print(f"round {number + 1} of {scale.rounds}", file=sys.stderr, flush=True)
            run_round(parts, rig, failures)
    except (KeyboardInterrupt, ProcessLookupError):  # the latter for a command that was interrupted too
        failures.append("it was interrupted; this is what there is")
    table = Table(judges)
    for part, rounds in parts.items():
        if rounds > 0:
            part.table(table)
    return table, failures


def main():
    arguments = parse(sys.argv[1:])
    scale = scale_of(arguments)
    names = arguments.only or list(PARTS)
    os.nice(-20)  # whatever else this machine does has to wait: the lab inherits it
    with Lab("bench", arguments.base, stage=arguments.stage) as lab:
        configure(lab, scale)
        lab.boot()
        about = machine(lab)
        table, failures = measure(lab, names, scale, judges=not arguments.smoke)

    print("Measured on {cpu}, {cores} cores, kernel {kernel}, {systemd}; load {load} at the start.\n".format(**about))
    print(table.text())
    if table.judges:
        print(f"\n{table.missed()} targets missed.")
    for failure in failures:
        print(f"\nFAILED {failure}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": about, "scale": vars(scale), "sections": table.as_json()}, indent=1))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
