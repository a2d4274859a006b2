# SPDX-License-Identifier: Apache-2.0
"""Who asks, and what follows from it: tests/vectors/clients.json over HTTP, tokens that an attacker makes,
preflights, `response_headers`, the note for the log (C1 to C3, OcapiCorsClientId)."""

import base64
import json

import pytest

import httpd

VECTORS = httpd.REPOSITORY / "tests" / "vectors"
ROWS = json.loads((VECTORS / "clients.json").read_text())
ORIGIN_OF = {client["client_id"]: client["allowed_origins"][0] for client in json.loads(
    (VECTORS / "settings" / "tenants.json").read_text())["clients"]}
BOTH, NOBODYS = "https://both.example", "https://nobody.example"
DEFAULT_ORDER = ["bearer:iss", "query:client_id", "header:x-dw-client-id"]
ORDERS = [DEFAULT_ORDER] + sorted({tuple(row["order"]) for row in ROWS if "order" in row})
HEADER = ("x-dw-client-id", "A")
PREFLIGHT = ("Access-Control-Request-Method", "POST")

SECTION = """
<Location "/order{number}">
    OcapiCorsClientId {sources}
</Location>
"""
CONFIG = """
OcapiCorsSettings "${VECTORS}/settings/tenants.json"
<Location "/nobody">
    OcapiCorsClientId None
</Location>
<Location "/key">
    OcapiCorsClientId header:X-Key
</Location>
ProxyPassMatch "^/(?:order[0-9]+|report|off|nobody|key)/(.*)$" "${BACKEND}/$1"
LogFormat "%{x-row}i %{ocapi_cors_verdict}n %{ocapi_cors_reason}n client=%{ocapi_cors_client}n" verdicts
CustomLog "${ROOT}/access.log" verdicts
OcapiCors On
<Location "/report">
    OcapiCors ReportOnly
</Location>
<Location "/off">
    OcapiCors Off
</Location>
""" + "".join(SECTION.format(number=n, sources=" ".join(f'"{s}"' for s in order))
              for n, order in enumerate(ORDERS) if n > 0)


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, modules=["log_config"],
                              defines={"BACKEND": module_backend.url, "VECTORS": VECTORS})


def token(payload, encoding="base64url", pattern="Bearer eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"):
    """The value of Authorization: the payload is what is to be JSON, its text, or its bytes."""
    if not isinstance(payload, (str, bytes)):
        payload = json.dumps(payload)
    payload = payload if isinstance(payload, bytes) else payload.encode()
    url = encoding.startswith("base64url")
    text = (base64.urlsafe_b64encode if url else base64.b64encode)(payload).decode()
    return pattern.replace("{payload}", text if encoding.endswith("-padded") else text.rstrip("="))


def request_of(row):
    """(query, header fields) of a vector."""
    fields = []
    payload = row.get("payload", row.get("payload_text"))
    if "payload_hex" in row:
        payload = bytes.fromhex(row["payload_hex"])
    if payload is not None:
        pattern = {"pattern": row["authorization"]} if "authorization" in row else {}
        fields.append(("Authorization", token(payload, row.get("encoding", "base64url"), **pattern)))
    elif "authorization" in row:
        fields.append(("Authorization", row["authorization"]))
    if "header" in row:
        fields.append(("X-DW-Client-Id", row["header"]))
    return row.get("query", ""), fields


def expected_origins(row):
    """C2, C3: which of all the origins are allowed to this request."""
    if row["claim"] == "none":
        return set(ORIGIN_OF.values())
    return {ORIGIN_OF[row["id"]]} if row.get("id") in ORIGIN_OF else set()


def granted(front, path, fields, method="GET"):
    """Those of all the origins that the response allows."""
    found = set()
    for origin in [*ORIGIN_OF.values(), NOBODYS]:
        response = front.request(method, path, [("Origin", origin), *fields])
        allowed = response.one("Access-Control-Allow-Origin")
        assert response.status == 200 and allowed in (None, origin), response
        found |= {allowed} - {None}
    return found


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row["name"] for row in ROWS])
def test_vector(front, backend, number):
    """O3"""
    row = ROWS[number]
    query, fields = request_of(row)
    order = ORDERS.index(tuple(row["order"])) if "order" in row else 0
    path = f"/order{order}/x" + ("?" + query if query else "")
    expected = expected_origins(row)
    assert granted(front, path, fields) == expected
    # R4, R5: and so is what writes.
    for origin, other in ((ORIGIN_OF["A"], ORIGIN_OF["B"]), (ORIGIN_OF["B"], ORIGIN_OF["A"])):
        status = front.request("POST", path, [("Origin", origin), *fields]).status
        assert status == (200 if origin in expected else 401)


def test_there_are_vectors():
    assert len(ROWS) >= 250
    assert {row["claim"] for row in ROWS} == {"none", "named", "ambiguous"}
    assert len(ORDERS) >= 8


# httpd takes 8,190 bytes of a field.
TOO_MUCH = 5900
HOSTILE = {
    "deep arrays": "[" * TOO_MUCH, "deep objects": '{"a":' * (TOO_MUCH // 5),
    "objects named iss": '{"iss":' * (TOO_MUCH // 7), "closed deep arrays": "[" * 2900 + "]" * 2900,
    "deep in a member": '{"a":' + "[" * TOO_MUCH, "closing brackets": '{"a":' + "]" * TOO_MUCH,
    "a long iss": '{"iss":"' + "A" * TOO_MUCH + '"}', "a long iss of escapes": '{"iss":"' + "\\u0041" * 980 + '"}',
    "a long sub": '{"sub":"' + "::scid:" * 800 + '"}', "colons": '{"sub":"' + ":" * TOO_MUCH + '"}',
    "members": "{" + '"iss":"X",' * 580 + '"a":1}', "quotes": '"' * TOO_MUCH, "backslashes": '{"iss":"' + "\\" * TOO_MUCH,
    "blanks": " " * TOO_MUCH, "no end": '{"iss":"A', "NUL": "\0", "NULs": "\0" * TOO_MUCH, "NUL in an array": '{"a":[\0',
    "NUL as a value": '{"a":\0,"iss":"X"}', "NUL after a bracket": "[\0]", "NUL in a number": '{"a":[1\0]}',
    "NUL in a string": '{"a":"\0"}', "NUL between": '{"a":1\0,\0"b":2}', "line feeds": "\n" * TOO_MUCH,
    "a half escape": '{"iss":"\\u00', "a backslash at the end": '{"iss":"\\', "a half pair": '{"iss":"\\ud83d"}',
    "all bytes": bytes(range(256)), "all bytes in an object": b'{"a":"' + bytes(range(256)) + b'"}',
    "bad UTF-8": b'{"iss":"\xff\xfe"}', "a number": "1e999999999", "a format": '{"iss":"%s%n%n%n"}',
    "an array of names": '["iss","A"]', "a script": "<script>", "line breaks": '{"iss":"X\r\nSet-Cookie: a=b"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_token_is_never_a_refusal(front, backend, name):
    """C1: passed over, "never a refusal because a token could not be read": the next source is asked."""
    bearer = ("Authorization", token(HOSTILE[name]))
    assert len(bearer[1]) < 8100
    for origin, status in ((ORIGIN_OF["A"], 200), (ORIGIN_OF["B"], 401)):
        response = front.request("POST", "/order0/x", [("Origin", origin), bearer, HEADER])
        assert response.status == status
    assert front.request("POST", "/order0/x", [("Origin", ORIGIN_OF["B"]), bearer]).status == 200
    assert front.request("POST", "/order0/x", [bearer]).status == 200
    assert [dict(r.headers)["Authorization"] for r in backend.requests] == [bearer[1]] * 3


@pytest.mark.parametrize("fields, allowed", [
    ([("Authorization", "Basic QTpi"), ("Authorization", "Bearer x")], {"A", "B"}),
    ([("Authorization", token({"iss": "A"})), ("Authorization", token({"iss": "B"}))], {"A"}),
    ([("x-dw-client-id", "A"), ("x-dw-client-id", "B")], set()),
    ([("X-DW-CLIENT-ID", "B")], {"B"}), ([("x-dw-client-id", "  B  ")], {"B"}),
    ([("x-dw-client-idx", "B")], {"A", "B"}), ([("x_dw_client_id", "B")], {"A", "B"}),
    ([("Cookie", "client_id=B")], {"A", "B"}), ([("Proxy-Authorization", token({"iss": "A"}))], {"A", "B"})])
def test_lines_and_names_of_headers(front, fields, allowed):
    """C1"""
    origins = {ORIGIN_OF["A"], ORIGIN_OF["B"]}
    assert granted(front, "/order0/x", fields) & origins == {ORIGIN_OF[c] for c in allowed}


def test_another_header_field(front):
    """A5, C1: the field of the section names the client, and not the usual one."""
    for client in ("A", "B"):
        found = granted(front, "/key/x", [("X-Key", client), ("x-dw-client-id", "nobody")])
        assert found & {ORIGIN_OF["A"], ORIGIN_OF["B"]} == {ORIGIN_OF[client]}


@pytest.mark.parametrize("query, fields", [("?client_id=B", []), ("?client_id=nobody", []), ("?client_id=A&client_id=B", []),
                                           ("", [HEADER]), ("", [("Authorization", token({"iss": "B"}))])])
def test_nobody_is_ever_named_where_no_source_is(front, query, fields):
    """A5, C1: "`OcapiCorsClientId None`: nobody is ever named"; the twin is the section beside it."""
    def statuses(path):
        return [front.request("POST", f"/{path}/x{query}", [("Origin", origin), *fields]).status
                for origin in (ORIGIN_OF["A"], ORIGIN_OF["B"], "http://evil.example")]

    assert statuses("nobody") == [200, 200, 401]
    assert statuses("order0") != [200, 200, 401]


def test_a_body_names_nobody(front, backend):
    """C1 knows three sources: a form's fields are none, and are not read."""
    form = ("Content-Type", "application/x-www-form-urlencoded")
    for body in (b"client_id=B", b"client_id=X"):
        response = front.request("POST", "/order0/x", [("Origin", ORIGIN_OF["A"]), form], body)
        assert response.status == 200 and backend.requests[-1].body == body


@pytest.mark.parametrize("query, allowed, methods", [
    ("", {"A", "B"}, None), ("?client_id=A", {"A"}, "POST"), ("?client_id=B", {"B"}, "GET, HEAD"),
    ("?client%5Fid=B&x=1", {"B"}, "GET, HEAD"), ("?client_id=", {"A", "B"}, None), ("?client_id=X", set(), None),
    ("?client_id=A&client_id=B", set(), None), ("?client_id=A&client_id=A", {"A"}, "POST")])
def test_preflight(front, backend, query, allowed, methods):
    """C2, C3, P1, P2: a preflight has no token and no header of its own, but the URL."""
    for client in ("A", "B"):
        response = front.request("OPTIONS", "/order0/dw/shop/v19_1/baskets" + query,
                                 [("Origin", ORIGIN_OF[client]), PREFLIGHT])
        assert response.status == 204
        origin = ORIGIN_OF[client] if client in allowed else None
        assert response.one("Access-Control-Allow-Origin") == origin
        assert response.one("Access-Control-Allow-Methods") == (
            None if origin is None else methods or {"A": "POST", "B": "GET, HEAD"}[client])
        if origin is None:
            assert response.cors() == [] and response.one("Allow")
    assert backend.connections == 0


def test_the_sites_union_for_an_origin_that_both_have(front):
    """S5, C3, M1: the methods of those that list it."""
    for query, methods in (("", "GET, HEAD, POST"), ("?client_id=A", "POST")):
        response = front.request("OPTIONS", "/order0/dw/shop/v19_1/baskets" + query,
                                 [("Origin", BOTH), PREFLIGHT])
        assert response.one("Access-Control-Allow-Methods") == methods


def test_vary_names_the_field_that_named_the_client(start_httpd):
    """S20: that one, and nothing where no field did; F2: a refusal, which no cache stores, says Origin alone."""
    server = start_httpd('OcapiCors On\nOcapiCorsSettings "${ROOT}/d.json"', files={
        "d.json": json.dumps({"_v": "19.1", "clients": [{"client_id": HEADER[1], "allowed_origins": ["https://a.example"]}]})})
    for method, fields, vary in (("GET", [], ["Origin"]), ("GET", [HEADER], ["Origin", HEADER[0]]), ("POST", [HEADER], ["Origin"])):
        response = server.request(method, "/x", [("Origin", NOBODYS), *fields])
        assert response.cors() == [] and response.tokens("Vary") == vary, response


# ---- response_headers ------------------------------------------------------------------------

BACKEND_SAYS = [("X-Tenant", "backend"), ("Cache-Control", "max-age=60"), ("Vary", "Accept")]
OF_BACKEND = (["backend"], None, "max-age=60", {"Accept", "Origin"})
OF_A = (["a"], 'CP="NOI ADM"', "max-age=60", {"Accept", "Origin", "X-A"})
OF_B = (["b"], None, "no-store", {"Accept", "Origin"})


def tenant_headers(response):
    return (response.all("X-Tenant"), response.one("P3P"), response.one("Cache-Control"),
            set(response.tokens("Vary")))


@pytest.mark.parametrize("origin", [None, ORIGIN_OF["A"], ORIGIN_OF["B"], NOBODYS])
@pytest.mark.parametrize("query, fields, expected", [
    ("", [], OF_BACKEND), ("?client_id=A", [], OF_A), ("?client_id=B", [], OF_B), ("", [HEADER], OF_A),
    ("", [("Authorization", token({"iss": "B"}))], OF_B), ("?client_id=X", [], OF_BACKEND),
    ("?client_id=A&client_id=B", [], OF_BACKEND), ("?client_id=odd+id/%2B%25%26=", [], OF_BACKEND)])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_response_headers(front, backend, origin, query, fields, expected, status):
    """D26: Sent with responses to that client's requests, and to nobody else's (H3: `Vary` is merged; S22)."""
    backend.answer("/x", status, BACKEND_SAYS, b"{}")
    response = front.request("GET", "/order0/x" + query, fields + ([("Origin", origin)] if origin else []))
    assert response.status == status
    assert tenant_headers(response) == (*expected[:3], expected[3] | {"Authorization", "x-dw-client-id"})


def test_response_headers_of_either_document(start_httpd):
    """D26, S9: a path of neither API is judged by the documents of both."""
    client = {"client_id": "a", "allowed_origins": ["https://a.example"]}
    server = start_httpd('OcapiCors On\nOcapiCorsSettingsTree "${ROOT}/tree"', files={
        f"tree/ocapi-settings/wapi_{api}_config.json": json.dumps({"_v": "19.1", "clients": [{**client, **more}]})
        for api, more in (("shop", {}), ("data", {"response_headers": {"X-Tenant": "a"}}))})
    for path, values in (("/dw/batch", ["a"]), ("/dw/data/v19_1/x", ["a"]), ("/dw/shop/v19_1/x", [])):
        assert server.request("GET", f"{path}?client_id=a").all("X-Tenant") == values, path


def test_response_headers_of_httpds_own_errors(front):
    response = front.request("GET", "/none?client_id=A")
    assert (response.status, response.all("X-Tenant")) == (404, ["a"])
    assert front.request("GET", "/none?client_id=X").all("X-Tenant") == []


def test_response_headers_where_the_module_is_off_or_reports(front, backend):
    backend.answer("/x", 200, BACKEND_SAYS, b"{}")
    for place in ("off", "report"):
        response = front.request("GET", f"/{place}/x?client_id=A", [("Origin", ORIGIN_OF["A"])])
        assert response.all("X-Tenant") == ["backend"] and response.tokens("Vary") == ["Accept"]


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-allow-credentials",
                                  "Access-Control-Made-Up", "Transfer-Encoding", "Content-Length",
                                  "Connection", "keep-alive", "Upgrade", "TE", "Trailer", "X A", "", "X:A"])
def test_response_headers_that_a_document_may_not_have(name):
    """D26: "names that are not header names, `Access-Control-*`, hop-by-hop and framing headers are errors" """
    text = json.dumps({"clients": [{"client_id": "A", "response_headers": {name: "1"}}]})
    status, output = httpd.configtest('OcapiCorsSettings "${ROOT}/x.json"\n', files={"x.json": text})
    assert status != 0 and "clients[0].response_headers" in output, output


@pytest.mark.parametrize("name", ["X-A", "P3P", "Vary", "Cache-Control", "x-access-control"])
def test_response_headers_that_a_document_may_have(name):
    """The twins."""
    text = json.dumps({"_v": "19.1", "clients": [{"client_id": "A", "response_headers": {name: "1"}}]})
    status, output = httpd.configtest('OcapiCorsSettings "${ROOT}/x.json"\n', files={"x.json": text})
    assert status == 0, output


# ---- The log ---------------------------------------------------------------------------------


@pytest.mark.parametrize("query, fields, verdict, reason, client", [
    ("", [], "allow", "-", "-"), ("?client_id=A", [], "allow", "-", "A"), ("?client_id=B", [], "withhold", "other-client", "B"),
    ("?client_id=X", [], "withhold", "unknown-client", "X"), ("?client_id=A&client_id=B", [], "withhold", "ambiguous-client", "-"),
    ("?client_id=A%0A%22", [], "withhold", "unknown-client", 'A?\\"'), ("?client_id=A%00B", [], "withhold", "unknown-client", None),
    ("?client_id=" + "y" * 4000, [], "withhold", "unknown-client", "y" * 256),
    ("", [HEADER], "allow", "-", "A"), ("", [("Authorization", token({"iss": "B"}))], "withhold", "other-client", "B")])
def test_the_note(front, request, query, fields, verdict, reason, client):
    """A19: `%{ocapi_cors_client}n`; a control character of an id is shown as a question mark."""
    label = str(abs(hash(request.node.name)))
    front.request("GET", "/order0/x" + query, [("Origin", ORIGIN_OF["A"]), ("X-Row", label), *fields])
    lines = httpd.wait_until(lambda: [l for l in (front.root / "access.log").read_text().split("\n")[:-1]
                                      if l.startswith(label + " ")], "the line of the request")
    _, *words, shown = lines[0].split(" ", 3)
    assert words == [verdict, reason]
    assert shown == f"client={client}" if client is not None else shown != "client=A"


@pytest.mark.parametrize("line, said", [
    ("OcapiCorsClientId", "needs 1 to 8 sources"), ("OcapiCorsClientId" + " bearer:iss" * 9, "needs 1 to 8 sources"),
    ("OcapiCorsClientId iss", "not 'iss'"), ("OcapiCorsClientId bearer:iss None", "not 'None'"), ("OcapiCorsClientId bearer:", "not 'bearer:'"),
    ("OcapiCorsClientId cookie:a", "not 'cookie:a'"), ("OcapiCorsClientId header:a:b", "is not a valid header name"),
    ('OcapiCorsClientId "header:a b"', "is not a valid header name"), ("OcapiCorsClientId bearer:iss query", "not 'query'")])
def test_refused_at_configtest(line, said):
    status, output = httpd.configtest(line)
    assert status != 0 and said in output, output


@pytest.mark.parametrize("line", ["OcapiCorsClientId bearer:iss", "OcapiCorsClientId" + " bearer:iss" * 8,
                                  "OcapiCorsClientId HEADER:x-tenant Query:tenant", "OcapiCorsClientId none"])
def test_accepted_at_configtest(line):
    """The twins."""
    status, output = httpd.configtest(line)
    assert status == 0, output
