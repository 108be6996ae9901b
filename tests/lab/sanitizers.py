# SPDX-License-Identifier: BSD-3-Clause
"""The daemons built with AddressSanitizer (and its LeakSanitizer) and UndefinedBehaviorSanitizer.

Reports of the first two go to files, one a process; a daemon's are complete when it has ended. What is undefined ends a
process, after words on its stderr: of gcc's two runtimes in one process, only the first has a file.
"""

UNITS = ["zeek-supervisor.service", "zeek-stem.service", "zeek-supervisor-metrics.service"]
LOGS = "/var/log/sanitizers"

ENVIRONMENT = {
    "ASAN_OPTIONS": f"log_path={LOGS}/asan:log_exe_name=1:handle_abort=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}

# What the sanitizers cannot live under: LeakSanitizer stops its own process from a second one, by ptrace(2), and
# reads what there is to know about it from /proc.
LOOSER = """
SystemCallFilter=
MemoryDenyWriteExecute=no
ProtectProc=default
ProcSubset=all
"""

# It waits for the SIGSTOP by which it does so. systemd sends SIGCONT right after the SIGTERM of a stop, which takes a
# SIGSTOP back that has not come yet (signal(7)); LeakSanitizer then waits for ever. So here it is a command that stops.
STOP = """
ExecStop=/bin/sh -c 'test -z "$MAINPID" || { kill -TERM $MAINPID && tail --pid=$MAINPID -s 0.02 -f /dev/null; }'
"""

# Nor can they with the profile of a node, and the stand-in is built with them too.
NODES = "[Node]\nSeccomp=none\n"


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/10-sanitizers.conf", NODES)
    logs = lab.path(LOGS)
    logs.mkdir(mode=0o1777)
    logs.chmod(0o1777)  # nodes have other users than the daemons

    environment = "".join(f"Environment={name}={value}\n" for name, value in ENVIRONMENT.items())
    settings = environment + LOOSER + STOP
    for unit in UNITS:
        lab.drop_in(unit, f"[Service]\n{settings}ReadWritePaths={LOGS}\n", name="sanitizers")
        # a user's manager would need a user namespace for a path of its own, and the log needs none
        lab.drop_in(unit, f"[Service]\n{settings}", name="sanitizers", manager="user")


def reports(lab):
    """What the sanitizers have said so far."""
    logs = lab.path(LOGS)
    return [f"{file.name}:\n{file.read_text(errors='replace')}" for file in sorted(logs.glob("*"))]
