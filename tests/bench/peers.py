# SPDX-License-Identifier: BSD-3-Clause
"""Others who start programs and bring them back. Those that a machine has are measured."""

from rig import NODE

DIRECTORY = "/run/zeek-bench"


class Peer:
    """name, what: of a start; command: what has to be there; brings_back: what it is called, who starts what ends."""

    brings_back = None
    service = None

    def __init__(self, rig):
        self.rig = rig

    def prepare(self):
        pass

    def starts(self, n):
        return self.rig.measure("stopwatch", "starts", n, *self.start)["start"]

    def crashes(self, n):
        values = self.rig.measure("stopwatch", "crashes", n, *self.start_to_stay)["crash"]
        self.rig.lab.run(self.stop)
        return values

    def memory(self):
        return self.rig.memory(self.service)


class ScopeCommand(Peer):
    name, what, command = "systemd-run scope", "systemd-run --scope", "systemd-run"
    start = ["systemd-run", "--quiet", "--scope", "--collect", NODE]


class ServiceCommand(Peer):
    name, what, command = "systemd-run service", "systemd-run, a service", "systemd-run"
    start = ["systemd-run", "--quiet", "--collect", NODE]


class Service(Peer):
    """With Restart=always and no delay."""

    name, what, command = "service", None, "systemd-run"
    start_to_stay = ["systemctl", "start", "zeek-bench-kept"]
    stop = ["systemctl", "stop", "zeek-bench-kept"]
    brings_back = "a service, RestartSec=0"

    def prepare(self):
        unit = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=0\nExecStart={NODE}\n"
        self.rig.lab.write("/etc/systemd/system/zeek-bench-kept.service", unit)


class Supervisord(Peer):
    name, what, command = "supervisord", "supervisorctl start", "supervisord"
    brings_back = "supervisord"
    service = "zeek-bench-supervisord.service"
    config = "/etc/zeek-bench-supervisord.conf"
    control = ["supervisorctl", "-c", config]
    start = [*control, "start", "once"]
    start_to_stay = [*control, "start", "kept"]
    stop = [*control, "stop", "kept"]

    def prepare(self):
        text = f"""[unix_http_server]
file=/run/zeek-bench-supervisord
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix:///run/zeek-bench-supervisord
[program:once]
command={NODE}
autostart=false
autorestart=false
startsecs=0
startretries=0
[program:kept]
command={NODE}
autostart=false
autorestart=true
startsecs=1
"""
        self.rig.lab.write(self.config, text)
        unit = f"[Service]\nExecStart=supervisord -c {self.config}\n"
        self.rig.lab.write(f"/etc/systemd/system/{self.service}", unit)


class S6(Peer):
    name, what, command = "s6", "s6-svc -o", "s6-supervise"
    brings_back = "s6-supervise"
    service = "zeek-bench-s6.service"
    directory = "/var/lib/zeek-bench-s6"
    start = ["s6-svc", "-o", directory]
    start_to_stay = ["s6-svc", "-u", directory]
    stop = ["s6-svc", "-d", directory]

    def prepare(self):
        self.rig.lab.write(f"{self.directory}/run", f"#!/bin/sh\nexec {NODE}\n", 0o755)
        self.rig.lab.write(f"{self.directory}/down", "")
        unit = f"[Service]\nExecStart=s6-supervise {self.directory}\n"
        self.rig.lab.write(f"/etc/systemd/system/{self.service}", unit)


ALL = [ScopeCommand, ServiceCommand, Service, Supervisord, S6]

