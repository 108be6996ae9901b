# SPDX-License-Identifier: BSD-3-Clause
"""The working directory of a node, and the files that take its output in the journal's place."""

import pytest
from nodes import DIRECTORIES, STAY, create_ready, create_seen, of_role, play, scope

pytestmark = pytest.mark.usefixtures("tidy")


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/files.conf",
        "[Logger]\nTruncateOutputFiles=no\nRestartDelaySec=50ms\n[Proxy]\nUMask=0077\nRestartDelaySec=50ms\n",
    )


def owner_and_mode(machine, *paths):
    return machine.run(["stat", "-c", "%U:%G %a", *paths]).stdout.splitlines()


def text(machine, path):
    return machine.run(["cat", path]).stdout


def working_directory(machine, name):
    return machine.run(["readlink", f"/proc/{machine.node(name)['PID']}/cwd"]).stdout.strip()


# The directory


def test_the_default_directory_is_the_nodes_own(machine):
    node = create_seen(machine, "at-home")
    assert node["cwd"] == f"{DIRECTORIES}/at-home"
    assert owner_and_mode(machine, node["cwd"]) == ["zeek:zeek 755"]


def test_a_relative_directory_lies_beside_it(machine):
    machine.create("node", directory="a/b/c", env=STAY)
    assert working_directory(machine, "node") == f"{DIRECTORIES}/a/b/c"
    made = [f"{DIRECTORIES}/{path}" for path in ("a", "a/b", "a/b/c")]
    assert owner_and_mode(machine, *made) == ["zeek:zeek 755"] * 3


def test_an_absolute_directory_is_made_where_the_nodes_user_may(machine):
    machine.run("install -d -o zeek /srv/data")
    machine.create("node", directory="/srv/data/a//b/./c/", env=STAY)
    assert working_directory(machine, "node") == "/srv/data/a/b/c"
    assert owner_and_mode(machine, "/srv/data/a", "/srv/data/a/b", "/srv/data/a/b/c") == ["zeek:zeek 755"] * 3


def test_directories_are_made_with_the_umask_of_the_role(machine):
    machine.create("node", **of_role("PROXY", "node"), env=STAY)
    assert owner_and_mode(machine, f"{DIRECTORIES}/node") == ["zeek:zeek 700"]


def test_a_directory_that_exists_stays_as_it_is(machine):
    machine.run("install -d -m 2711 -o zeek -g daemon /srv/there && touch -d 2001-01-01 /srv/there/old")
    machine.create("node", directory="/srv/there", env=STAY)
    machine.call("Destroy", "s", "node")
    assert owner_and_mode(machine, "/srv/there") == ["zeek:daemon 2711"]
    assert machine.run("ls /srv/there").stdout.split() == ["old"]


def test_a_directory_may_be_reached_by_a_link(machine):
    machine.run("install -d -o zeek /srv/real && ln -sfn /srv/real /srv/link")
    machine.create("node", directory="/srv/link/deeper", env=STAY)
    assert working_directory(machine, "node") == "/srv/real/deeper"


def test_a_directory_outlives_its_node_and_is_used_again(machine):
    create_ready(machine, "node", stdout_file="out", env=play("say=first", "stay"))
    machine.call("Destroy", "s", "node")
    assert text(machine, f"{DIRECTORIES}/node/out") == "first\n"
    machine.create("node", env=STAY)
    assert working_directory(machine, "node") == f"{DIRECTORIES}/node"
    assert text(machine, f"{DIRECTORIES}/node/out") == "first\n"


def test_two_nodes_may_share_a_directory(machine):
    for name in "one", "two":
        machine.create(name, directory="both", env=STAY)
    assert working_directory(machine, "one") == working_directory(machine, "two") == f"{DIRECTORIES}/both"


# The files


def test_files_take_what_would_be_in_the_journal(machine):
    node = create_seen_in_files(machine, "to-files", stdout_file="out", stderr_file="err")
    directory = f"{DIRECTORIES}/to-files"
    assert (node["fd.1"], node["fd.2"]) == (f"{directory}/out", f"{directory}/err")
    assert (node["fd.1.flags"], node["fd.2.flags"]) == ("wronly,append", "wronly,append") and node["fds"] == "3"
    assert text(machine, f"{directory}/err") == "to stderr\n"
    assert owner_and_mode(machine, f"{directory}/out", f"{directory}/err") == ["zeek:zeek 600"] * 2
    machine.call("Destroy", "s", "to-files")
    assert machine.output("to-files") == machine.output("to-files", "stderr") == []


def create_seen_in_files(machine, name, **config):
    create_ready(machine, name, env=play("show", "esay=to stderr", "stay"), **config)
    out = machine.wait_for(lambda: "ns.uts=" in (lines := text(machine, f"{DIRECTORIES}/{name}/out")) and lines)
    machine.wait_for(lambda: "to stderr" in text(machine, f"{DIRECTORIES}/{name}/err"))
    return dict(line.split("=", 1) for line in out.splitlines())


@pytest.mark.parametrize("file, stream, other", [("stdout_file", "stdout", "stderr"), ("stderr_file", "stderr", "stdout")])
def test_one_stream_may_go_to_a_file_and_the_other_to_the_journal(machine, file, stream, other):
    name = f"half-{stream}"
    machine.create(name, **{file: "file"}, env=play("say=to stdout", "esay=to stderr", "stay"))
    machine.wait_for(lambda: machine.output(name, other) == [f"to {other}"])
    machine.wait_for(lambda: text(machine, f"{DIRECTORIES}/{name}/file") == f"to {stream}\n")
    assert machine.output(name, stream) == []
    assert machine.status(name)[name]["last_output"] == [f"to {other}"]


def test_a_file_may_lie_anywhere_that_the_node_may_write(machine):
    machine.run("install -d -o zeek /srv/logs")
    machine.create("node", stdout_file="/srv/logs/out", stderr_file="./err", env=play("say=hello", "esay=oops", "stay"))
    machine.wait_for(lambda: machine.run("cat /srv/logs/out", check=False).stdout == "hello\n")
    machine.wait_for(lambda: text(machine, f"{DIRECTORIES}/node/err") == "oops\n")


def test_one_file_may_take_both(machine):
    machine.create("node", stdout_file="both", stderr_file="both", env=play("both=3", "stay"))
    lines = [f"line {n}\n" for n in (1, 1, 2, 2, 3, 3)]
    machine.wait_for(lambda: text(machine, f"{DIRECTORIES}/node/both") == "".join(lines))


def test_an_existing_file_keeps_its_owner_and_mode(machine):
    machine.run("install -d -o zeek /srv/kept && install -o zeek -g daemon -m 640 /dev/null /srv/kept/out && echo old >/srv/kept/out")
    machine.create("node", directory="/srv/kept", stdout_file="out", env=play("say=new", "stay"))
    machine.wait_for(lambda: text(machine, "/srv/kept/out") == "new\n")
    assert owner_and_mode(machine, "/srv/kept/out") == ["zeek:daemon 640"]


def test_files_are_emptied_at_each_start(machine, story):
    machine.create("node", **of_role("PROXY", "node"), stdout_file="out", stderr_file="err", env=play("both=2", "stay"))
    files = [f"{DIRECTORIES}/node/{name}" for name in ("out", "err")]
    lines = "line 1\nline 2\n"
    machine.wait_for(lambda: [text(machine, file) for file in files] == [lines] * 2)
    machine.run(["kill", "-KILL", str(machine.node("node")["PID"])])
    story.wait("node", NRestarts=1, State="running")
    machine.wait_for(lambda: [text(machine, file) for file in files] == [lines] * 2)
    machine.call("Restart", "s", "node")
    machine.wait_for(lambda: [text(machine, file) for file in files] == [lines] * 2)


def test_files_can_be_kept_and_grow_then(machine, story):
    create_ready(machine, "node", **of_role("LOGGER", "node"), stdout_file="out", env=play("say=one", "stay"))
    file = f"{DIRECTORIES}/node/out"
    machine.wait_for(lambda: text(machine, file) == "one\n")
    machine.call("Restart", "s", "node")
    machine.wait_for(lambda: text(machine, file) == "one\none\n")


def test_a_file_that_was_moved_away_is_made_anew_at_the_next_start(machine):
    machine.create("node", **of_role("LOGGER", "node"), stdout_file="out", env=play("say=one", "stay"))
    file = f"{DIRECTORIES}/node/out"
    machine.wait_for(lambda: text(machine, file) == "one\n")
    machine.run(["mv", file, file + ".old"])
    machine.call("Restart", "s", "node")
    machine.wait_for(lambda: machine.run(["cat", file], check=False).stdout == "one\n")
    assert text(machine, file + ".old") == "one\n"


def test_the_null_device_is_a_file_too(machine):
    create_ready(machine, "silent", stdout_file="/dev/null", stderr_file="/dev/null", env=play("both=100", "stay"))
    machine.call("Destroy", "s", "silent")
    assert machine.output("silent") == machine.output("silent", "stderr") == []


def test_what_systemd_says_of_the_scope_has_the_nodes_lines_only_without_files(machine):
    machine.create("shown", env=play("say=in the status", "stay"))
    machine.wait_for(lambda: machine.output("shown"))
    assert "in the status" in machine.run(["systemctl", "status", "--no-pager", scope("shown")]).stdout
