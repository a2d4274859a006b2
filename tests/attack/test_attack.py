# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes on sockets of a real httpd, round after round: whatever comes, nobody gets a permission that no document
gives, nothing unsafe reaches the backend, no process ends, and the next ordinary request gets its ordinary answer (R5 to
R8, R12, R13, P4, H1). scripts/attack runs it with a module that the sanitizers watch.

OCORS_ATTACK_SEED and OCORS_ATTACK_ROUNDS say what is sent. OCORS_ATTACK_ONLY=3 runs round 3 of a seed alone."""

import contextlib
import json
import os
import re
import socket
import struct
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

import frames
import hostile
import httpd
import judge
import wire
from cors import ALLOWED, GRANTED, PREFLIGHT, UNKNOWN, ask, check, check_preflight, check_refused
from metrics import parse as parse_metrics
from test_http2 import Client
from witness import Witness

SEED = os.environ.get("OCORS_ATTACK_SEED", "1")
ROUNDS = range(int(os.environ.get("OCORS_ATTACK_ROUNDS", "2")))
if "OCORS_ATTACK_ONLY" in os.environ:
    ROUNDS = [int(os.environ["OCORS_ATTACK_ONLY"])]
ATTACKS = 400  # of HTTP/1 in a round for each front
CONNECTIONS = 120  # of HTTP/2
TOGETHER = 8

CONFIG = """
OcapiCorsReload 100ms
TimeOut 10
KeepAliveTimeout 1
MaxKeepAliveRequests 0
LogFormat "%{ocapi_cors_verdict}n %{ocapi_cors_reason}n %{ocapi_cors_client}n %{ocapi_cors_site}n %{OCAPI_CORS_REASON}e" decisions
CustomLog "${ROOT}/decisions.log" decisions
ProxyPass "/ocapi-status" "!"
<Location "/ocapi-status">
    SetHandler ocapi-cors-status
    OcapiCors Off
    Require all granted
</Location>
# One policy, whatever the path.
<VirtualHost *:${PORT}>
    ServerName http://section.invalid
    Protocols h2c http/1.1
    OcapiCors On
    OcapiCorsSettings documents/d.json
    OcapiCorsSelfOrigin Off
    ProxyPass "/" "${SECTION}/" disablereuse=on
</VirtualHost>
# A tree: the path says which policy.
<VirtualHost *:${PORT2}>
    ServerName http://tree.invalid
    Protocols h2c http/1.1
    OcapiCors On
    OcapiCorsSettingsTree tree
    OcapiCorsSelfOrigin Off
    OcapiCorsExplain On
    AllowEncodedSlashes NoDecode
    ProxyPass "/" "${TREE}/" disablereuse=on
</VirtualHost>
# httpd's reading of HTTP is as loose as it can be, and its limits are eight times as high.
<VirtualHost *:${PORT3}>
    ServerName http://loose.invalid
    HttpProtocolOptions Unsafe LenientMethods Allow0.9
    LimitRequestLine 65536
    LimitRequestFieldSize 65536
    LimitRequestFields 1000
    OcapiCors On
    OcapiCorsSettings documents/d.json
    OcapiCorsSelfOrigin Off
    ProxyPass "/" "${LOOSE}/" disablereuse=on
</VirtualHost>
# Own origins, sections that are final late, and rewriting.
<VirtualHost *:${PORT4}>
    ServerName http://shop.example
    Protocols h2c http/1.1
    OcapiCors On
    OcapiCorsSettings documents/d.json
    AllowEncodedSlashes On
    RewriteEngine On
    RewriteRule "^/rewritten" "/dw/shop/v19_1/x" [PT]
    <Directory "${ROOT}/nowhere">
        OcapiCors Off
    </Directory>
    ProxyPass "/" "${OWN}/" disablereuse=on
</VirtualHost>
"""
FRONTS = {"section": None, "tree": 2, "loose": 3, "own": 4}
SHOP, DATA = "ocapi-settings/wapi_shop_config.json", "ocapi-settings/wapi_data_config.json"


def document(*more):
    clients = {"A": hostile.LISTED[:4], "B": hostile.LISTED[4:], "C": list(more)}
    return json.dumps(
        {
            "_v": "19.1",
            "clients": [
                {
                    "client_id": client,
                    "allowed_origins": origins,
                    "resources": [{"resource_id": "/products/*", "methods": ["get", "put"]}],
                }
                for client, origins in clients.items()
            ],
        }
    )


def is_of_tree(path):
    """Whether the path is one of an API, however the rest of it is spelled."""
    return re.match(rb"(/s/[^/]+)?/dw/(shop|data)/", path) is not None


def is_own(origin):
    return origin == b"null" or re.fullmatch(rb"(?i)[a-z][a-z0-9+.-]*://shop\.example\.?(:\d+)?", origin) is not None


@pytest.fixture(scope="module")
def witnesses():
    witnesses = {
        "section": Witness(),
        "tree": Witness(is_covered=is_of_tree),
        "loose": Witness(),
        "own": Witness(is_own=is_own),
    }
    yield witnesses
    for witness in witnesses.values():
        witness.stop()


@pytest.fixture(scope="module")
def server(module_start_httpd, witnesses):
    files = {
        "documents/d.json": document(),
        f"tree/{SHOP}": document(),
        f"tree/{DATA}": document(),
        f"tree/sites/Shop/{SHOP}": document(),
        f"tree/sites/Shop/{DATA}": document(),
    }
    server = module_start_httpd(
        CONFIG,
        modules=["http2", "log_config", "rewrite"],
        ports=4,
        files=files,
        defines={name.upper(): witness.url for name, witness in witnesses.items()},
    )
    server.expect_log("OCORS0029")  # OcapiCorsExplain is on
    server.check_log()
    return server


def port_of(server, name):
    return server.port if FRONTS[name] is None else server.port_number(FRONTS[name])


# ---- An attack on a socket ----


def send(port, attack, is_reset):
    """All that came back on a connection of its own. The client's end is closed behind the last byte, or the connection
    is broken off. One of HTTP/2 stays open until each stream has its answer, or nothing comes for half a second: with the
    client's end mod_http2 drops what it has not answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = b""
        try:
            for piece in attack.pieces:
                client.sendall(piece)
            if is_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return answer
            if attack.streams == 0:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it did not want to read all of it
        client.settimeout(0.5 if attack.streams > 0 else 60)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := client.recv(65536):
                answer += piece
                if 0 < attack.streams <= frames.ended(answer):
                    break
        return answer


def run(port, attack, number, answers_of, faults_of):
    """The faults of one attack, and what its answers were."""
    data = send(port, attack, is_reset=number % 23 == 22)
    answers = [
        str(status) + ("+" if any(n.lower() == "access-control-allow-origin" for n, _ in fields) else "")
        for status, fields, _ in answers_of(data)
    ]
    return [f"attack {number} ({attack.kind}): {fault}" for fault in faults_of(data, attack.grants)], answers or ["none"]


# ---- What is true after each round ----


def check_ordinary(server, name, witnesses):
    """A permission where there is one to give, a refusal where there is none, over either protocol."""
    port, path = port_of(server, name), "/s/Shop/dw/shop/v19_1/products/1"
    witness = witnesses[name]
    before = witness.count
    check(ask(server, "GET", path, ALLOWED, port=port), 200, GRANTED)
    check(ask(server, "POST", path, ALLOWED, port=port, body=b"{}"), 200, GRANTED)
    check(ask(server, "GET", path, UNKNOWN, port=port), 200, set())
    assert witness.count == before + 3
    check_refused(ask(server, "POST", path, UNKNOWN, port=port, body=b"{}"))
    check_preflight(ask(server, "OPTIONS", path, ALLOWED, PREFLIGHT, port=port), True)
    check_preflight(ask(server, "OPTIONS", path, UNKNOWN, PREFLIGHT, port=port), False)
    if name != "loose":
        with Client(port) as client:
            check(client.ask("GET", path, ALLOWED), 200, GRANTED)
            check_refused(client.ask("POST", path, UNKNOWN))
    assert witness.count == before + (3 if name == "loose" else 4)


def check_figures(server):
    """The status page holds what was refused: as JSON and for Prometheus it is still of its form."""
    page = json.loads(server.request("GET", "/ocapi-status?format=json").body)
    assert page["generation"] >= 1
    parse_metrics(server.request("GET", "/ocapi-status?format=prometheus").body.decode())
    assert b"<script" not in server.request("GET", "/ocapi-status").body.replace(b"<script>\n", b"")


# httpd says of a malformed request what is wrong with it; mod_proxy, of a client or a backend that went away.
OF_HTTPD = (
    r"^\[[^\]]*\] \[(?!ocapi_cors)\w+:(error|warn|crit)\] \[pid \d+[^\]]*\] (?!.*(?:exit signal|Sanitizer|runtime error))"
)


# mod_http2 of 2.4.71 ends a worker by an assertion of its own, also in a server without the module.
ASSERTION_OF_HTTP2 = re.compile(r"\[core:crit\] \[pid (\d+)[^\]]*\] AH00102: .* file h2_\w+\.c, line \d+, assertion")


def ended_by_http2(server):
    """The pids of such workers, whose ends the error log may tell: also of one that ends after the round that ended it."""
    found = {match[1] for line in server.log_text().splitlines() if (match := ASSERTION_OF_HTTP2.search(line))}
    for pid in found:
        print(f"mod_http2 ended its process {pid} by an assertion")
        server.allow_log(rf"AH00052: child pid {pid} exit signal Abort")
    return set(map(int, found))


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("number", ROUNDS)
def test_round(server, witnesses, name, number):
    server.allow_log(OF_HTTPD)
    if number % 2 == len(name) % 2:  # a publication on the way
        server.write("documents/d.json", document(f"https://round{number}.example"))
    before = server.children()
    port, seed = port_of(server, name), f"{SEED} {name} {number}"
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = list(
            pool.map(
                lambda n: run(port, hostile.attack_of(seed, n), n, judge.answers_of, judge.faults_of), range(ATTACKS)
            )
        )
        if name != "loose":
            found += pool.map(
                lambda n: run(port, frames.attack_of(seed, n), n, frames.answers_of, frames.faults_of), range(CONNECTIONS)
            )
    tally = Counter(answer for _, answers in found for answer in answers)
    print(
        f"seed {SEED}, round {number}, {name}: {len(found)} connections, answers: "
        + ", ".join(f"{count} {answer}" for answer, count in tally.most_common())
    )
    faults = [fault for faults, _ in found for fault in faults] + witnesses[name].take_faults()
    assert faults == [], f"seed {SEED}, round {number}, {name}: " + "\n".join(faults[:20])
    # Answers of each kind: a permission, a preflight, a refusal (+: with a permission).
    assert {"200", "200+", "204", "204+", "401"} <= set(tally) and tally["none"] < len(found) // 4
    check_ordinary(server, name, witnesses)
    check_figures(server)
    ended = before - ended_by_http2(server) - server.children()
    assert not ended, "\n".join(line for line in server.log_text().splitlines() if any(f"pid {pid}" in line for pid in ended))
