# SPDX-License-Identifier: BSD-3-Clause
"""A node that cannot be started: the error names the step and what the system said, and nothing is left behind."""

import pytest
from bus import BusError
from nodes import STAY
from traces import Traces

CONF = "/etc/zeek-supervisor/supervisor.conf.d/50-test.conf"
ZEEK = "/opt/zeek/bin/zeek"

# What nodes are given to fail at; "yes" is root's.
PLACE = """
set -e
rm -rf /srv/place
install -d -o zeek -g zeek /srv/place /srv/place/there
install -d /srv/place/roots
install -d -m 0700 /srv/place/closed
cd /srv/place
echo yes >file; echo yes >hidden; chmod 0600 hidden
install -o zeek /dev/null own; echo keep >own
ln -s /srv/place/own link
ln -s /srv/place/nothing dangling
ln -s loop loop
ln -s / up
mkfifo fifo; chown zeek fifo
mknod device c 1 7; chmod 0666 device
printf 'no program' >text; chmod 0755 text
printf '#!/no/such/interpreter\\n' >script; chmod 0755 script
cp /bin/sleep for-root; chmod 0700 for-root
cp /bin/sleep plain; chmod 0644 plain
"""

# Where a failing node might leave something, besides the directories of the supervisor.
LOOK = """
{ find /srv /tmp -xdev -printf '%p %y %s %u %m %l\\n'; ls -lAn --time-style=+ /root /proc/sys; } | sort
cat /srv/place/own
"""


@pytest.fixture(scope="module")
def place(machine_of_module):
    machine_of_module.run(PLACE)
    machine_of_module.create("first", directory="/tmp", env=STAY)
    machine_of_module.call("Destroy", "s", "first")
    return machine_of_module


@pytest.fixture(scope="module")
def clean(place):
    return Traces(place)


@pytest.fixture(autouse=True)
def nothing_is_left(machine, clean):
    before = machine.run(LOOK).stdout
    yield
    assert machine.run(LOOK).stdout == before
    clean.expect_none_since()
    assert machine.create("good", directory="/tmp", env=STAY) == ""
    assert machine.call("Destroy", "s", "good") is True


@pytest.fixture
def configure(machine):
    """Puts a supervisor.conf into force, for the present test."""

    def configure(text):
        machine.lab.write(CONF, text)
        machine.call("Reload")

    yield configure
    machine.lab.path(CONF).unlink()
    machine.call("Reload")


def why_not(machine, **config):
    """What stands in the way: step and reason."""
    with pytest.raises(BusError) as error:
        machine.create("node", env=STAY, **config)
    assert error.value.name == "org.zeek.Supervisor.Error.LaunchFailed", error.value
    prefix, _, why = error.value.message.partition(": ")
    assert prefix == "node 'node'"
    return why


# The program


def test_a_program_that_is_not_there(machine, configure):
    configure("[Zeek]\nBinary=/srv/place/no-zeek\n")
    assert why_not(machine) == "find program /srv/place/no-zeek: No such file or directory"


@pytest.mark.parametrize("name", ["plain", "roots"])
def test_a_program_that_nobody_may_execute(machine, configure, name):
    configure(f"[Zeek]\nBinary=/srv/place/{name}\n")
    assert why_not(machine) == f"find program /srv/place/{name}: Permission denied"


@pytest.mark.parametrize(
    "name, reason",
    [
        ("for-root", "Permission denied"),
        ("text", "Exec format error"),
        ("script", "No such file or directory"),
    ],
)
def test_a_program_that_the_node_cannot_execute(machine, configure, name, reason):
    machine.expect(rf"Failed to ask /srv/place/{name}")
    configure(f"[Zeek]\nBinary=/srv/place/{name}\n")
    assert why_not(machine) == f"execute /srv/place/{name}: {reason}"


def test_files_that_were_made_for_a_program_that_does_not_run_go_with_it(machine, configure):
    configure("[Zeek]\nBinary=/srv/place/text\n")
    config = dict(directory="/srv/place/there/a/b", stdout_file="out", stderr_file="err")
    assert why_not(machine, **config).startswith("execute /srv/place/text")


# The user


@pytest.mark.parametrize("key, value, reason", [
    ("User", "nosuch", "look up user nosuch: there is no such user"),
    ("User", "54321", "look up user 54321: there is no such user"),
    ("Group", "nosuch", "look up group nosuch: there is no such group"),
])
def test_a_user_or_group_that_does_not_exist(machine, configure, key, value, reason):
    configure(f"[Node]\n{key}={value}\n")
    assert why_not(machine).startswith(reason)


def test_what_is_wrong_for_one_role_does_not_concern_the_others(machine, configure):
    configure("[Worker]\nUser=nosuch\n")
    cluster = {"node": {"role": "WORKER", "host": "127.0.0.1"}}
    assert why_not(machine, cluster=cluster).startswith("look up user nosuch")


# The working directory


DIRECTORIES = {
    "/srv/place/file/x": "Not a directory",
    "/srv/place/file": "Not a directory",
    "/srv/place/roots/x": "Permission denied",
    "/srv/place/roots/x/y/z": "Permission denied",
    "/srv/place/closed/x": "Permission denied",
    "/srv/place/fifo": "Not a directory",
    "/srv/place/fifo/x": "Not a directory",
    "/root/x": "Permission denied",
    "/proc/x": "No such file or directory",
    "/srv/place/dangling": "No such file or directory",
    "/srv/place/dangling/x": "No such file or directory",
    "/srv/place/loop/x": "Too many levels of symbolic links",
    "/srv/place/there/" + "x" * 256: "File name too long",
    "/srv/place/there/a/b/" + "x" * 256 + "/c": "File name too long",
}


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda d: d[:40])
def test_a_directory_that_cannot_be_made(machine, directory):
    why = why_not(machine, directory=directory)
    step, _, reason = why.rpartition(": ")
    assert reason == DIRECTORIES[directory] and "working directory " + directory in step


def test_a_directory_that_cannot_be_entered(machine):
    assert why_not(machine, directory="/srv/place/closed") == "change to working directory /srv/place/closed: Permission denied"


# Output files


FILES = {
    "link": "Too many levels of symbolic links",
    "dangling": "Too many levels of symbolic links",
    "loop": "Too many levels of symbolic links",
    "fifo": "Not a regular file",
    "device": "Not a regular file",
    "there": "Is a directory",
    ".": "Is a directory",
    "file": "Permission denied",
    "hidden": "Permission denied",
    "roots/x": "Permission denied",
    "missing/x": "No such file or directory",
    "file/x": "Not a directory",
    "/root/x": "Permission denied",
    "/etc/passwd": "Permission denied",
    "/dev/zero": "Not a regular file",
    "x" * 256: "File name too long",
}
STREAMS = {"stdout_file": "standard output", "stderr_file": "standard error"}


@pytest.mark.parametrize("key", STREAMS)
@pytest.mark.parametrize("name", FILES, ids=lambda name: name[:20])
def test_a_file_for_output_that_cannot_be_used(machine, key, name):
    why = why_not(machine, directory="/srv/place", **{key: name})
    assert why == f"open {STREAMS[key]} file {name}: {FILES[name]}"


def test_a_fifo_that_somebody_reads_is_no_file_either(machine):
    with machine.popen("exec cat /srv/place/fifo") as reader:
        why = why_not(machine, directory="/srv/place", stdout_file="fifo")
        reader.kill()
    assert why == "open standard output file fifo: Not a regular file"


def test_what_was_made_goes_when_a_later_step_fails(machine):
    why = why_not(machine, directory="/srv/place/there/a/b/c", stderr_file="err", stdout_file="/root/x")
    assert why == "open standard output file /root/x: Permission denied"


def test_files_that_were_there_keep_their_content_when_a_later_step_fails(machine):
    why = why_not(machine, directory="/srv/place", stderr_file="own", stdout_file="file")
    assert why == "open standard output file file: Permission denied"


def test_the_default_directory_goes_too(machine):
    assert why_not(machine, stdout_file="/root/x").startswith("open standard output file")
    assert why_not(machine, directory="deep/er/still", stdout_file="/root/x").startswith("open standard output file")


# What the journal has of it


def test_the_journal_tells_of_it_at_the_scope_that_never_was(machine):
    why_not(machine, directory="/root/y")
    entry = machine.journal("ZEEK_NODE=node", "MESSAGE_ID=b1bf182ccaa14e4eadd5c4eac05b59a1")[-1]
    assert entry["MESSAGE"] == 'Node "node" could not be started: create working directory /root/y: Permission denied'
    assert entry["OBJECT_SYSTEMD_UNIT"] == "zeek-node-node.scope" and entry["PRIORITY"] == "4"
