# SPDX-License-Identifier: BSD-3-Clause
"""Completion, in shells at work: what is there when somebody has typed something and pressed the key."""

import json

import pytest
from bases import HOST
from ctl import UNREACHABLE, Terminal, Zsupctl
from nodes import STAY

# The prompt is empty; it completes as far as it goes, and at the same time shows what there is.
SET_UP = {
    "bash": "PS1= PS2=; bind 'set show-all-if-ambiguous on' 'set bell-style none' 'set enable-bracketed-paste off';"
    " source /usr/share/bash-completion/completions/zsupctl",
    "zsh": "PS1= PS2=; bindkey -e; unsetopt prompt_sp beep; autoload -Uz compinit; compinit -u -D",
}
COMMANDS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}

TO_BEGINNING, TO_END = "\x01", "\x05"

# the host that the supervisor is asked on, as if it were another one
SSH = """#!/bin/sh
echo "$@" >>/tmp/ssh.log
exec systemd-stdio-bridge
"""


def prepare(lab):
    lab.write("/usr/local/bin/ssh", SSH, mode=0o755)


class Shell(Terminal):
    def __init__(self, machine, shell):
        super().__init__(machine, COMMANDS[shell], columns=200, HISTFILE="")
        self.type(SET_UP[shell] + "; echo re''ady\n")
        self.wait_for(r"[\r\n]ready\n")

    def complete(self, line):
        """What becomes of the line, and the words that were offered. The shell itself prints the former, by and by."""
        self.forget()
        self.type(f"{line}\t{TO_BEGINNING}echo '[{TO_END}]'\n")
        printed = self.wait_for(r"(?m)^\[(.*)\]$")
        return printed[1].rstrip(), set(self.plain()[: printed.start()].split())


@pytest.fixture(params=["bash", "zsh"])
def shell(request, machine, base):
    if request.param == "zsh" and base != HOST:
        pytest.skip("only this machine has a zsh")
    with Shell(machine, request.param) as shell:
        yield shell


@pytest.fixture
def ctl(machine):
    ctl = Zsupctl(machine)
    ctl("create", "-", input=json.dumps([{"name": name, "env": STAY} for name in ("worker-1", "worker-2", "logger")]))
    ctl("hooks", "add", "quiet", "Action=pass")
    yield ctl
    ctl("hooks", "remove", "quiet")
    ctl("destroy", "--all", "--quiet")


def test_what_is_begun_is_completed(ctl, shell):
    for line, expected in [
        ("zsupctl des", "zsupctl destroy"),
        ("zsupctl --us", "zsupctl --user"),
        ("zsupctl list --na", "zsupctl list --names"),
        ("zsupctl log --fol", "zsupctl log --follow"),
        ("zsupctl list --json=p", "zsupctl list --json=pretty"),
        ("zsupctl list --state=fa", "zsupctl list --state=failed"),
        ("zsupctl top --order=mem", "zsupctl top --order=memory"),
        ("zsupctl status lo", "zsupctl status logger"),
        ("zsupctl status logger w", "zsupctl status logger worker-"),
        ("zsupctl -M .host destroy -a logger work", "zsupctl -M .host destroy -a logger worker-"),
        ("zsupctl --machine=.host log -n 5 lo", "zsupctl --machine=.host log -n 5 logger"),
        ("zsupctl log lo", "zsupctl log logger"),
        ("zsupctl hooks rem", "zsupctl hooks remove"),
        ("zsupctl hooks remove q", "zsupctl hooks remove quiet"),
        ("zsupctl hooks test lo", "zsupctl hooks test logger"),
        ("zsupctl hooks test logger stde", "zsupctl hooks test logger stderr"),
        ("zsupctl create /etc/machine-i", "zsupctl create /etc/machine-id"),
    ]:
        # zsh goes on with the "," of a list
        assert shell.complete(line)[0].rstrip(",") == expected, line


def test_what_makes_no_sense_is_not_completed(ctl, shell):
    for line in "zsupctl destroy --fol", "zsupctl list --sig", "zsupctl reload lo", "zsupctl hooks list lo", "zsupctl status none":
        assert shell.complete(line)[0] == line


def test_what_there_is_is_shown(ctl, shell):
    for line, expected, others in [
        ("zsupctl re", {"reload", "restart"}, {"list"}),
        ("zsupctl status ", {"worker-1", "worker-2", "logger"}, set()),
        ("zsupctl kill worker-", {"worker-1", "worker-2"}, {"logger"}),
        ("zsupctl hooks ", {"list", "add", "remove", "test"}, {"logger"}),
        ("zsupctl kill -", {"--signal", "--all"}, {"--follow", "--names"}),
        ("zsupctl kill -s ", {"SIGUSR1"}, {"logger"}),
        ("zsupctl list --state=st", {"starting", "stopped", "stopping"}, {"running"}),
    ]:
        offered = {word.removeprefix("SIG") for word in shell.complete(line)[1]}
        assert {word.removeprefix("SIG") for word in expected} <= offered and not others & offered, (line, offered)


def test_another_host_is_asked_for_its_nodes(ctl, shell, machine):
    for whom in "-H ids2", "--host=ids2", "-H root@ids2", "--host=root@ids2:2222":
        assert shell.complete(f"zsupctl {whom} status lo")[0] == f"zsupctl {whom} status logger"
        name = whom.removeprefix("-H ").removeprefix("--host=").partition(":")[0]
        assert f"-- {name} systemd-stdio-bridge" in machine.lab.path("/tmp/ssh.log").read_text()
        machine.lab.path("/tmp/ssh.log").unlink()


def test_no_supervisor_is_started_for_it(shell, machine):
    machine.run("systemctl stop zeek-supervisor")
    assert shell.complete("zsupctl status w")[0] == "zsupctl status w"
    assert machine.show("zeek-supervisor.service")["ActiveState"] == "inactive"
    assert Zsupctl(machine).run("list", "--names").returncode == UNREACHABLE
