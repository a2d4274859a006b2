# SPDX-License-Identifier: Apache-2.0
"""What others say in Access-Control-*, Vary and Origin: backends, scripts and mod_headers (R1 to R5, P1, P2,
P4, R9, H1, H3, H4)."""

import json
from collections import namedtuple

import pytest

import httpd
from cors import (ALLOWED, GRANTED, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)

ACAO, ACAC = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"

# ---- What backends and scripts send ----

FOREIGN = {
    "star": [(ACAO, "*")],
    "the-allowed-one": [(ACAO, ALLOWED[1])],
    "the-unknown-one": [(ACAO, UNKNOWN[1]), (ACAC, "true")],
    "several-lines": [(ACAO, "*"), (ACAO, ALLOWED[1]), (ACAO, UNKNOWN[1])],
    "lines-apart": [(ACAO, "*"), ("X-Between", "1"), (ACAO, "*"), ("X-Between", "2"), (ACAC, "true"),
                    (ACAO, "*")],
    "several-names": [(ACAO, "*"), (ACAC, "false"), ("Access-Control-Expose-Headers", "x-secret"),
                      ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", "*"),
                      ("Access-Control-Max-Age", "5"), ("Access-Control-Allow-Private-Network", "true")],
    "odd-case": [("aCCess-control-ALLOW-origin", "*"), ("ACCESS-CONTROL-ALLOW-CREDENTIALS", "true"),
                 ("access-control-expose-headers", "*")],
    "odd-case-lines": [("access-control-allow-origin", "*"), ("ACCESS-CONTROL-ALLOW-ORIGIN", "*")],
    "made-up": [("Access-Control-Made-Up", "1"), ("access-control-", "1")],
    "empty": [(ACAO, ""), (ACAC, "")],
    "many": [(f"Access-Control-X-{n}", str(n)) for n in range(60)],
}
# What only begins or ends like ours is not ours.
NEIGHBOURS = [("X-Access-Control-Allow-Origin", "1"), ("Access-Controls", "2"), ("Timing-Allow-Origin", "*"),
              ("Access", "3"), ("Variants", "Origin")]

# The lines of Vary, and the tokens that come of them.
VARY = {
    "absent": ([], ["Origin"]),
    "empty": ([""], ["Origin"]),
    "other": (["Accept"], ["Accept", "Origin"]),
    "lower-case": (["origin"], ["origin"]),
    "star": (["*"], ["*"]),
    "among-others": (["Accept, ORIGIN"], ["Accept", "ORIGIN"]),
    "star-among-others": (["Accept, *"], ["Accept", "*"]),
    "longer-name": (["X-Origin, Origins"], ["X-Origin", "Origins", "Origin"]),
    "several-lines": (["Accept", "Accept-Encoding"], ["Accept", "Accept-Encoding", "Origin"]),
    "on-the-second-line": (["Accept", "orIGin"], ["Accept", "orIGin"]),
    "star-on-the-second-line": (["Accept", "*"], ["Accept", "*"]),
}
SENT = {**{f"cors-{name}": (fields + NEIGHBOURS, ["Origin"]) for name, fields in FOREIGN.items()},
        **{f"vary-{name}": ([(ACAO, "*")] + [("Vary", line) for line in lines], tokens)
           for name, (lines, tokens) in VARY.items()}}


def script(name):
    lines = "".join(f"{n}: {v}\\r\\n" for n, v in SENT[name][0])
    return (f"#!/bin/sh\necho run >> ../../run/runs\n"
            f"printf 'Status: '$QUERY_STRING' Reason\\r\\nContent-Type: text/plain\\r\\n{lines}\\r\\nran'\n")


# ---- What mod_headers says ----

# `vary` is what comes of the backend's `Vary: Accept`; `own_vary` is httpd's own error's, where `Header` acts
# with `always` only.
Said = namedtuple("Said", "directives vary own_vary", defaults=[("Accept", "Origin"), ("Origin",)])
HEADERS = {
    "set": Said(f'Header set {ACAO} "*"'),
    "set-twice": Said(f'Header set {ACAO} "*"\nHeader always set {ACAO} "*"'),
    "always-set": Said(f'Header always set {ACAO} "*"'),
    "onsuccess-set": Said(f'Header onsuccess set {ACAO} "*"'),
    "set-odd-case": Said('Header always set aCCess-control-ALLOW-origin "*"'),
    "add": Said(f'Header add {ACAO} "*"\nHeader add {ACAO} "http://bar.com"'),
    "always-add": Said(f'Header always add {ACAO} "*"\nHeader always add {ACAO} "http://bar.com"'),
    "append": Said(f'Header append {ACAO} "http://bar.com"'),
    "merge": Said('Header always merge Access-Control-Expose-Headers "x-secret"'),
    "setifempty": Said(f'Header always setifempty {ACAC} "false"'),
    "edit": Said(f'Header edit {ACAO} "^.*$" "http://bar.com"\nHeader always edit* {ACAO} "o" "a"'),
    "unset": Said(f"Header unset {ACAO}\nHeader always unset {ACAO}"),  # of ours, there is nothing yet
    "echo": Said('Header echo "^(Origin|Access-Control-.*)$"'),
    "idiom": Said('SetEnvIf Origin "^(.*)$" ORIGIN=$1\n'
                  f'Header always set {ACAO} "%{{ORIGIN}}e" env=ORIGIN\nHeader always set {ACAC} "true"'),
    "expression": Said(f'Header always set {ACAO} "expr=%{{HTTP:Origin}}"'),
    "early": Said(f'Header always set {ACAO} "*" early\n'
                  "RequestHeader unset Origin early"),  # in a section, `early` has no effect
    "always-allow": Said('Header always set Allow "PROPFIND"'),  # of a preflight's, ours is the one
    "merge-vary": Said('Header merge Vary "Accept-Language"', ("Accept", "Accept-Language", "Origin")),
    "merge-vary-origin": Said('Header merge Vary "Origin"'),
    "always-merge-vary": Said('Header always merge Vary "Accept-Language"',
                              ("Accept-Language", "Accept", "Origin"), ("Accept-Language", "Origin")),
    "append-vary": Said('Header append Vary "ORIGIN"', ("Accept", "ORIGIN")),
    "add-vary": Said('Header add Vary "Accept-Language"', ("Accept", "Accept-Language", "Origin")),
    "set-vary": Said('Header set Vary "*"', ("*",)),
    "always-set-vary": Said('Header always set Vary "*"', ("*", "Accept"), ("*",)),
    "unset-vary": Said("Header unset Vary\nHeader always unset Vary", ("Origin",)),
    "edit-vary": Said('Header edit Vary "Accept" "User-Agent"', ("User-Agent", "Origin")),
    "edit-vary-origin": Said('Header edit Vary "Origin" "User-Agent"\n'
                             'Header always edit Vary "Origin" "User-Agent"'),
}
# What the backend sees of an origin, where mod_headers changes the request once it is judged.
REQUEST_HEADERS = {
    "request-unset": ("RequestHeader unset Origin", lambda origin: None),
    "request-set-allowed": ('RequestHeader set Origin "http://foo.com"', lambda origin: "http://foo.com"),
    "request-set-unknown": ('RequestHeader set Origin "http://bar.com"', lambda origin: "http://bar.com"),
    "request-setifempty": ('RequestHeader setifempty Origin "http://foo.com"',
                           lambda origin: origin or "http://foo.com"),
    "request-append": ('RequestHeader append Origin "http://foo.com"',
                       lambda origin: f"{origin}, http://foo.com" if origin else "http://foo.com"),
    "request-edit": ('RequestHeader edit Origin "bar" "foo"',
                     lambda origin: origin and origin.replace("bar", "foo")),
}
# `early` acts before any module looks at the request: it changes what is judged. Its vhosts, and whom they
# then take the client for.
EARLY = {"early-unset": ("RequestHeader unset Origin early", None),
         "early-set-allowed": ('RequestHeader set Origin "http://foo.com" early', ALLOWED),
         "early-set-unknown": ('RequestHeader set Origin "http://bar.com" early', UNKNOWN)}
VERDICTS = {ALLOWED: GRANTED, UNKNOWN: set(), None: set()}

CONFIG = httpd.SCRIPTS + """
OcapiCorsSettings "${SETTINGS}/p.json"
ProxyPass "/api/" "${BACKEND}/"
<Location "/">
    OcapiCors On
</Location>
"""
LATE = """
<Directory "${ROOT}/nowhere">
    OcapiCors Off
</Directory>
"""
DENIED = """
<LocationMatch "^/api/[^/]+/denied">
    Require all denied
</LocationMatch>
"""


def sections():
    said = {**{name: said.directives for name, said in HEADERS.items()},
            **{name: directive for name, (directive, _) in REQUEST_HEADERS.items()}}
    lines = [f'<Location "/api/{name}/">\n{directives}\n</Location>' for name, directives in said.items()]
    lines += [DENIED, '<VirtualHost *:${PORT}>\nServerName first.invalid\n</VirtualHost>']
    for name, (directive, _) in EARLY.items():
        lines.append(f"<VirtualHost *:${{PORT}}>\nServerName {name}.invalid\n{directive}\n"
                     f'Header always set {ACAO} "*" early\n</VirtualHost>')
    return "\n".join(lines)


def start(backend, more=""):
    scripts = {f"htdocs/cgi/{name}.cgi": script(name) for name in SENT}
    server = httpd.Httpd(CONFIG + more + sections(), modules=["mime", "cgid", "headers", "setenvif"],
                         defines={"BACKEND": backend.url, "SETTINGS": SETTINGS}, files=scripts)
    for name in scripts:
        (server.root / name).chmod(0o755)
    return server


@pytest.fixture(scope="module")
def front(module_backend):
    with start(module_backend) as server:
        yield server


@pytest.fixture(scope="module")
def late(module_backend):
    with start(module_backend, LATE) as server:
        yield server


@pytest.fixture(params=["front", "late"])
def either(request):
    return request.getfixturevalue(request.param)


def runs(server):
    path = server.root / "run" / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


EVERYONE = pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)


# ---- Backends and scripts ----

def is_refusal(row):
    return row.method == "POST" and row.origin == UNKNOWN


@pytest.mark.pairwise("name", "source", "method", "status", "origin",
                      keep=lambda row: row.method == "GET" and row.origin == ALLOWED and row.status == 200)
@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("source", ["proxied", "cgi"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [200, 503])
@EVERYONE
def test_what_a_backend_or_a_script_says(front, backend, name, source, method, status, origin, cors):
    """R1 to R5, H1: ours once, theirs never, their neighbours untouched; H3: Vary merged, `*` stays."""
    fields, vary = SENT[name]
    backend.answer("/x", status, fields, b"ran")
    before = runs(front)
    response = ask(front, method, "/api/x" if source == "proxied" else f"/cgi/{name}.cgi?{status}", origin)
    if (method, origin) == ("POST", UNKNOWN):
        check_refused(response)
        assert (backend.connections, runs(front)) == (0, before)
        return
    check(response, status, cors, vary)
    assert response.body == b"ran" and len(backend.requests) + runs(front) - before == 1
    for neighbour, value in NEIGHBOURS if name.startswith("cors-") else ():
        assert response.all(neighbour) == [value], response


# ---- mod_headers on the response ----

@pytest.mark.pairwise("name", "method", "place", "origin",
                      keep=lambda row: is_refusal(row) and row.place == "200"
                      or row.method == "GET" and row.origin == ALLOWED)
@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("place", ["200", "404", "denied"])
@EVERYONE
def test_what_mod_headers_says(front, backend, name, method, place, origin, cors):
    """R1 to R5, H1, H3: on a backend's answer, its error, and httpd's own error."""
    path = f"/{name}/{place}"
    if place != "denied":
        backend.answer(path, int(place), [(ACAO, "*"), ("Vary", "Accept")])
    asked_for = ("Access-Control-Request-Headers", "x-a")  # what `Header echo` would send back
    is_refused = (method, origin) == ("POST", UNKNOWN)
    if place == "denied" and not is_refused:
        front.expect_log("AH01630: client denied")
    response = ask(front, method, f"/api{path}", origin, asked_for)
    if is_refused:
        assert (response.status, response.cors(), backend.connections) == (401, [], 0), response
        assert json.loads(response.body)["fault"]["type"] == "UnauthorizedOriginException"
        assert {"Origin", "ORIGIN", "*"} & set(response.tokens("Vary")), response
        return
    said = HEADERS[name]
    check(response, 403 if place == "denied" else int(place), cors,
          said.own_vary if place == "denied" else said.vary)


@pytest.mark.parametrize("name", [name for name in HEADERS if "vary" not in name])
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_mod_headers_on_a_preflight(front, backend, name, origin, is_allowed):
    """P1, P2, P4, H1"""
    response = ask(front, "OPTIONS", f"/api/{name}/denied", origin, PREFLIGHT)
    check_preflight(response, is_allowed)
    assert len(response.cors()) == (4 if is_allowed else 0), response
    assert backend.connections == 0


DECODED_ONCE = """
OcapiCorsSettings "${SETTINGS}/p.json"
<LocationMatch "^/(api/|%61pi-too)">
    OcapiCors On
</LocationMatch>
Header always set Access-Control-Allow-Origin "*"
RedirectMatch "moved$" "/elsewhere"
"""


@pytest.mark.parametrize("path", ["/api/moved", "/%61pi/moved", "//%61pi/moved", "/api/%252e%252e/off/moved", "/%2561pi-too/moved"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_redirect_of_a_path_that_could_be_decoded_twice(once, path, origin, cors):
    """H1, H3: the sections are those of the path as httpd reads it."""
    check(ask(once, "GET", path, origin), 302, cors)


@pytest.fixture(scope="module")
def once(module_start_httpd):
    return module_start_httpd(DECODED_ONCE, modules=["headers"], defines={"SETTINGS": SETTINGS})


# ---- mod_headers on the request ----

@pytest.mark.pairwise("name", "method", "status", "either", "origin",
                      keep=lambda row: is_refusal(row) and row.status == 200)
@pytest.mark.parametrize("name", REQUEST_HEADERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [200, 404])
@EVERYONE
def test_an_origin_that_is_changed_later_was_judged(either, backend, name, method, status, origin, cors):
    """R1 to R5, R9: neither the verdict nor the header follows what the backend is shown."""
    backend.answer(f"/{name}/x", status, [(ACAO, "*")])
    response = ask(either, method, f"/api/{name}/x", origin)
    if (method, origin) == ("POST", UNKNOWN):
        check_refused(response)
        assert json.loads(response.body)["fault"]["arguments"]["origin"] == UNKNOWN[1]
        assert backend.connections == 0
        return
    check(response, status, cors)
    shown = [value for field, value in backend.requests[0].headers if field.lower() == "origin"]
    expected = REQUEST_HEADERS[name][1](origin and origin[1])
    assert shown == ([expected] if expected else [])


@pytest.mark.parametrize("name", REQUEST_HEADERS)
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_whose_origin_would_be_changed(either, backend, name, origin, is_allowed):
    """P1, P2, P4"""
    check_preflight(ask(either, "OPTIONS", f"/api/{name}/x", origin, PREFLIGHT), is_allowed)
    assert backend.connections == 0


@pytest.mark.parametrize("name", EARLY)
@pytest.mark.parametrize("method", ["GET", "POST"])
@EVERYONE
def test_an_origin_that_is_changed_early_is_what_is_judged(either, backend, name, method, origin, cors):
    """`RequestHeader ... early`, "for testing" by mod_headers' own word: no module sees what came. The rules
    hold for what it leaves (R1 to R5), and H1 for `Header ... early`."""
    seen = EARLY[name][1]
    response = ask(either, method, "/api/x", origin, host=f"{name}.invalid")
    if (method, seen) == ("POST", UNKNOWN):
        check_refused(response)
        assert backend.connections == 0
    else:
        check(response, 200, VERDICTS[seen])
        assert len(backend.requests) == 1
