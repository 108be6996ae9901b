# SPDX-License-Identifier: BSD-3-Clause
"""What a scraper gets, read by the parsers of Prometheus's own library, and what becomes of clients that are none."""

import socket
import threading

import pytest
from nodes import CLD_EXITED, STAY, create_ready, play
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_older

SERVICE, SOCKET = "zeek-supervisor-metrics.service", "zeek-supervisor-metrics.socket"
ADDRESS = "/run/zeek-supervisor-metrics/socket"
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

LAB = {"bus": "daemon"}  # the stricter one about who may come

pytestmark = pytest.mark.usefixtures("service", "cleared")


@pytest.fixture(scope="module")
def service(machine_of_module):
    machine = machine_of_module
    machine.run(["systemctl", "start", SOCKET])
    yield
    machine.run(["systemctl", "stop", SOCKET, SERVICE])
    errors = [f"PRIORITY={priority}" for priority in range(4)]
    assert machine.journal(f"_SYSTEMD_UNIT={SERVICE}", *errors) == machine.journal(f"UNIT={SERVICE}", *errors) == []


def connect(machine):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(str(machine.lab.path(ADDRESS)))
    return client


def read_all(client):
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


def exchange(machine, *pieces):
    """Sends a request; returns the status, the fields and the body of the answer."""
    with connect(machine) as client:
        for piece in pieces:
            client.sendall(piece)
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    return int(status.split()[1]), dict(field.split(": ", 1) for field in fields), body


def get(machine, path="/metrics", accept="*/*"):
    return exchange(machine, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())


def scrape(machine):
    status, fields, body = get(machine, accept=OPENMETRICS)
    assert status == 200 and fields["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert int(fields["Content-Length"]) == len(body)
    return {family.name: family for family in parse_openmetrics(body.decode())}


def value(families, name, **labels):
    """Of the one sample that has these labels, and perhaps others."""
    (found,) = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return found


# What is counted


def test_a_scraper_reads_it(machine):
    machine.create("node", env=STAY)
    families = scrape(machine)
    assert value(families, "zeek_supervisor_up") == 1
    assert value(families, "zeek_supervisor_info", version=machine.bus.get("Version"), zeek_version="7.0.11") == 1
    assert all(family.documentation for family in families.values())
    assert families["zeek_node_cpu_seconds"].unit == "seconds"


def test_the_older_format_says_the_same(machine):
    machine.create("node", env=STAY)
    status, fields, body = get(machine)
    assert status == 200 and fields["Content-Type"].startswith("text/plain; version=0.0.4")
    older = {family.name: family for family in parse_older(body.decode())}
    assert value(older, "zeek_node_state", node="node", zeek_node_state="running") == 1
    assert older["zeek_node_restarts"].type == "counter"

    def samples(families):
        return {(s.name, *sorted(s.labels.items())) for f in families.values() for s in f.samples}

    assert samples(older) == samples(scrape(machine))


def test_the_life_of_a_node_is_counted(machine, story):
    machine.create("fails", env=play("exit=3"), restart="never")
    machine.create("stays", env=STAY)
    story.wait("fails", State="finished", ExitCode=CLD_EXITED)
    families = scrape(machine)
    assert value(families, "zeek_node_state", node="fails", zeek_node_state="finished") == 1
    assert value(families, "zeek_node_state", node="fails", zeek_node_state="running") == 0
    assert value(families, "zeek_node_exits_total", node="fails", reason="exit-code") == 1
    assert value(families, "zeek_node_exits_total", node="stays", reason="exit-code") == 0
    assert value(families, "zeek_supervisor_nodes", state="running") == 1
    assert value(families, "zeek_node_info", node="stays", role="standalone") == 1
    started = value(families, "zeek_node_start_time_seconds", node="stays")
    assert started == pytest.approx(machine.node("stays")["StartedUSec"] / 1e6)
    restarted = machine.call("Restart", "s", "stays")
    assert restarted and value(scrape(machine), "zeek_node_exits_total", node="stays", reason="success") == 1


def test_lines_and_verdicts_are_counted(machine):
    machine.call("AddHook", "a{sv}", {"name": "noise", "match": ["^noise"], "action": "suppress"})
    machine.create("talks", env=play("say=noise", "say=news", "say=noise again", "stay"))
    machine.wait_for(lambda: machine.output("talks") == ["news"])
    machine.wait_for(lambda: machine.node("talks")["LinesSuppressed"] == 2)
    families = scrape(machine)
    assert value(families, "zeek_node_lines_total", node="talks", fate="suppressed") == 2
    assert value(families, "zeek_node_lines_total", node="talks", fate="dropped") == 0
    forwarded = value(families, "zeek_node_lines_total", node="talks", fate="forwarded")
    assert forwarded == machine.node("talks")["LinesForwarded"]
    assert value(families, "zeek_hook_matched_lines_total", hook="noise") == 2
    assert value(families, "zeek_hook_suppressed_lines_total", hook="noise") == 2
    machine.call("RemoveHook", "s", "noise")


def test_calls_are_measured_up_to_their_answer(machine):
    def histogram():
        families = scrape(machine)
        names = [sample.labels["method"] for sample in families["zeek_supervisor_call_duration_seconds"].samples]
        return {method: value(families, "zeek_supervisor_call_duration_seconds_count", method=method) for method in set(names)}

    machine.call("Status", "s", "")
    before = histogram()
    machine.call("Status", "s", "")
    # it leaves its end to the stop timeout
    create_ready(machine, "slow", env=play("ignore-term", "stay"), stop_timeout_usec=1_200_000)
    machine.call("Destroy", "s", "slow")
    after = histogram()
    assert after["Status"] == before["Status"] + 1 and after["Create"] == before.get("Create", 0) + 1
    families = scrape(machine)
    slow = value(families, "zeek_supervisor_call_duration_seconds_count", method="Destroy")
    within = value(families, "zeek_supervisor_call_duration_seconds_bucket", method="Destroy", le="1.0")
    assert slow - within >= 1
    assert value(families, "zeek_supervisor_call_duration_seconds_sum", method="Destroy") >= 1.2


def test_without_a_supervisor_it_says_so_and_starts_none(machine):
    machine.run("systemctl stop zeek-supervisor")
    families = scrape(machine)
    assert value(families, "zeek_supervisor_up") == 0 and list(families) == ["zeek_supervisor_up"]
    assert machine.show("zeek-supervisor.service")["ActiveState"] == "inactive"
    machine.run("systemctl start zeek-supervisor")


# Who asks


@pytest.mark.parametrize("request_line, status", [
    ("GET / HTTP/1.1", 404),
    ("GET /metrics/../../etc/passwd HTTP/1.1", 404),
    ("POST /metrics HTTP/1.1", 405),
    ("GET /metrics HTTP/2.0", 505),
    ("GET /metrics", 400),
    ("\x16\x03\x01", 400),
])
def test_what_is_no_scrape_gets_an_error(machine, request_line, status):
    assert exchange(machine, request_line.encode(), b"\r\n\r\n")[0] == status


def test_a_query_and_a_proxys_form_do_not_matter(machine):
    assert get(machine, "/metrics?x=y")[0] == get(machine, "http://localhost/metrics")[0] == 200


def test_head_has_no_body(machine):
    status, fields, body = exchange(machine, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert status == 200 and int(fields["Content-Length"]) > 0 and body == b""


def test_a_request_may_come_in_pieces(machine):
    assert exchange(machine, b"GET /met", b"rics HT", b"TP/1.1\r", b"\n\r", b"\n")[0] == 200


def test_a_head_that_has_no_end_is_refused(machine):
    assert exchange(machine, b"GET /metrics HTTP/1.1\r\n", b"X: " + b"x" * 8192)[0] == 431


def test_many_clients_are_served_while_others_say_nothing(machine):
    silent = [connect(machine) for _ in range(40)]
    statuses = []
    readers = [threading.Thread(target=lambda: statuses.append(get(machine)[0])) for _ in range(40)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert statuses == [200] * 40
    for client in silent:
        client.close()
    assert get(machine)[0] == 200


def test_silent_clients_keep_nobody_out_for_ever(machine):
    silent = [connect(machine) for _ in range(70)]
    assert get(machine)[0] == 200
    assert read_all(silent[0]) == b""
    for client in silent:
        client.close()


def test_a_client_that_goes_does_no_harm(machine):
    for request in b"", b"GET /metrics HTTP/1.1\r\n", b"GET /metrics HTTP/1.1\r\n\r\n":
        with connect(machine) as client:
            client.sendall(request)
    assert get(machine)[0] == 200


# Where it runs


def test_it_is_on_loopback_too_when_the_administrator_says_so(machine):
    machine.lab.drop_in(SOCKET, "[Socket]\nListenStream=127.0.0.1:9740\n")
    machine.run(f"systemctl daemon-reload; systemctl stop {SERVICE}; systemctl restart {SOCKET}")
    body = machine.run("curl --silent --show-error --fail http://127.0.0.1:9740/metrics").stdout
    assert value({f.name: f for f in parse_older(body)}, "zeek_supervisor_up") == 1
    assert get(machine)[0] == 200


def test_it_has_no_rights(machine):
    get(machine)
    status = machine.run(["cat", f"/proc/{machine.show(SERVICE)['MainPID']}/status"]).stdout
    assert "Uid:\t0" not in status and "CapBnd:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
    if not machine.lab.sanitizers:
        output = machine.run(f"systemd-analyze security --no-pager {SERVICE}").stdout
        assert float(output.split("exposure level for")[1].split(":")[1].split()[0]) < 1.5


def test_it_comes_back_after_it_has_ended(machine):
    get(machine)
    before = machine.show(SERVICE)["MainPID"]
    machine.run(["systemctl", "kill", "--signal=TERM", SERVICE])
    machine.wait_for(lambda: machine.show(SERVICE)["MainPID"] == "0")
    assert get(machine)[0] == 200 and machine.show(SERVICE)["MainPID"] != before
