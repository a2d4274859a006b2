# SPDX-License-Identifier: Apache-2.0
"""tests/vectors/exchanges.json over HTTP: the rows that the unit tests decide, through a real httpd in
front of a real backend that says its own Access-Control-* on every answer (H1)."""

import json

import pytest

import httpd
from cors import PREFLIGHT_VARY

VECTORS = httpd.REPOSITORY / "tests" / "vectors"
ROWS = json.loads((VECTORS / "exchanges.json").read_text())
BACKEND_SAYS = [("Access-Control-Allow-Origin", "*"), ("access-control-allow-CREDENTIALS", "true"),
                ("Access-Control-Expose-Headers", "x-secret"), ("Access-Control-Made-Up", "1"),
                ("Access-Control-Allow-Origin", "http://bar.com"), ("X-Backend", "here"),
                ("Content-Type", "application/json")]


def settings_of(row):
    return tuple(row["settings"])


POLICIES = sorted({settings_of(row) for row in ROWS})

# A policy is a virtual host of its own, found by its Host header.
HOST = """
<VirtualHost *:${{PORT}}>
    ServerName policy{number}.example
    ProxyPass "/" "${{BACKEND}}/"
    LogFormat "%{{ocapi_cors_verdict}}n %{{ocapi_cors_reason}}n %{{x-row}}i" verdicts
    CustomLog "${{ROOT}}/access.log" verdicts
    <Location "/">
        OcapiCors         On
        OcapiCorsSettings {documents}
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    hosts = [HOST.format(number=n, documents=" ".join(f'"{VECTORS}/settings/{name}"' for name in p))
             for n, p in enumerate(POLICIES)]
    return module_start_httpd("\n".join(hosts), modules=["log_config"],
                              defines={"BACKEND": module_backend.url})


def fields_of(row, number):
    fields = [("X-Row", str(number))] + list(row.get("request_fields", {}).items())
    if "origin_hex" in row:
        fields.append(("Origin", bytes.fromhex(row["origin_hex"])))
    elif "origin" in row:
        fields.append(("Origin", row["origin"]))
    for key, name in (("request_method", "Access-Control-Request-Method"),
                      ("request_headers", "Access-Control-Request-Headers")):
        if key in row:
            fields.append((name, row[key]))
    return fields


def expected_cors(row):
    """Every Access-Control-* line of the response, and no other."""
    if row["verdict"] == "allow":
        return {("Access-Control-Allow-Origin", row["allowed"]),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "location,x-dw-version-status")}
    if row["verdict"] != "preflight-allow":
        return set()
    lines = {("Access-Control-Allow-Origin", row["allowed"]),
             ("Access-Control-Allow-Credentials", "true"),
             ("Access-Control-Max-Age", "86400"),
             ("Access-Control-Allow-Methods", row["methods"])}
    if "granted_headers" in row:
        lines.add(("Access-Control-Allow-Headers", row["granted_headers"]))
    return lines


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row["name"] for row in ROWS])
def test_exchange(front, backend, number):
    """A2, O2, O12"""
    row = ROWS[number]
    backend.answer(row["path"], 200, BACKEND_SAYS, b"{}")
    target = row["path"] + ("?" + row["query"] if "query" in row else "")
    host = f"policy{POLICIES.index(settings_of(row))}.example"
    response = front.request(row["method"], target, fields_of(row, number), host=host)

    assert set(response.cors()) == expected_cors(row)
    assert len(response.cors()) == len(expected_cors(row))
    if row["verdict"].startswith("preflight"):
        assert (response.status, response.body) == (204, b"")
        assert response.one("Allow") == row["methods"]
        assert response.one("Content-Type") is None
        assert response.tokens("Vary") == PREFLIGHT_VARY
        assert backend.connections == 0
    elif row["verdict"] == "refuse":
        assert response.status == 401
        fault = json.loads(response.body)
        assert fault["fault"]["type"] == "UnauthorizedOriginException"
        assert response.tokens("Vary") == ["Origin"]
        assert backend.connections == 0
    else:
        assert response.status == 200
        assert response.one("X-Backend") == "here"
        assert response.tokens("Vary") == ["Origin"]
        assert [r.method for r in backend.requests] == [row["method"]]


def test_verdicts_and_reasons_are_what_the_vectors_say(front):
    """A22: LogFormat shows them; every row's line is there, whichever row ran where."""
    sent = {}
    for number, row in enumerate(ROWS):
        host = f"policy{POLICIES.index(settings_of(row))}.example"
        front.request(row["method"], row["path"], fields_of(row, number), host=host)
        sent[str(number)] = (row["verdict"], "-" if row["reason"] == "none" else row["reason"])

    def logged():
        lines = (front.root / "access.log").read_text().split("\n")[:-1]
        found = {line.split()[2]: tuple(line.split()[:2]) for line in lines}
        return found if len(found) == len(sent) else None

    assert httpd.wait_until(logged, "a line for every row") == sent


def test_there_are_vectors():
    assert len(ROWS) >= 250
