# SPDX-License-Identifier: Apache-2.0
"""Every status from every source: a static file, a proxied backend, a CGI script and httpd's own modules, for
an allowed origin, an unknown one and none (R1 to R5, P1, P2, P4, H1, H3)."""

import itertools
import os
import pwd
import socket
from collections import namedtuple

import pytest

import httpd
from cors import (ALLOWED, BACKEND_SAYS, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)

CONFIG = httpd.SCRIPTS + """
OcapiCors On
OcapiCorsSettings "${SETTINGS}/p.json"
"""
OWN = """
ProxyPass "/own/dead/" "http://127.0.0.1:${DEAD}/" retry=0
ProxyPass "/api/" "${BACKEND}/"
DavLockDB "${ROOT}/run/locks"
Redirect 204 /own/204
Redirect 302 /own/302 http://example.com/elsewhere
Redirect 303 /own/303 http://example.com/elsewhere
Redirect 307 /own/307 http://example.com/elsewhere
Redirect 410 /own/410
Redirect 429 /own/429
Redirect 501 /own/501
<LocationMatch "^/(static|own|dav)/limited">
    LimitRequestBody 5
</LocationMatch>
<Location "/own/limited">
    Options +Indexes
</Location>
<Location "/own/slow.cgi">
    CGIDScriptTimeout 200ms
</Location>
<Location "/own/status">
    SetHandler server-status
</Location>
<Location "/own/reflect">
    SetHandler reflector
</Location>
<Location "/asis">
    SetHandler send-as-is
</Location>
<Location "/dav">
    Dav On
</Location>
<Location "/own/basic">
    AuthType Basic
    AuthName test
    AuthBasicProvider file
    AuthUserFile "${ROOT}/users"
    Require valid-user
</Location>
<Location "/own/denied">
    Require all denied
</Location>
<Location "/own/post">
    AllowMethods POST
</Location>
<Location "/own/get">
    AllowMethods GET
</Location>
"""
# One directive in a <Directory> anywhere, and nothing is decided by the path alone any more.
LATE = """
<Directory "${ROOT}/nowhere">
    OcapiCors Off
</Directory>
"""
OWN_MODULES = ["asis", "auth_basic", "authn_file", "authz_user", "allowmethods", "autoindex", "dav", "dav_fs",
               "dir", "reflector", "status"]
CGI = """#!/bin/sh
echo run >> ../../run/runs
case $QUERY_STRING in
201 | 30[1237]) location='Location: http://example.com/elsewhere\\r\\n' ;;
esac
printf "Status: $QUERY_STRING Reason\\r\\n${location}Content-Type: text/plain\\r\\n"
printf 'Access-Control-Allow-Origin: *\\r\\naccess-control-made-up: 1\\r\\n\\r\\nran'
"""
# Without a Status line, httpd itself holds the script's ETag against the request's conditions.
CONDITIONAL = """#!/bin/sh
echo run >> ../../run/runs
printf 'ETag: "1"\\r\\nContent-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n\\r\\nran'
"""
BROKEN = """#!/bin/sh
echo run >> ../../run/runs
echo 'this is no header'
"""
SLOW = """#!/bin/sh
echo run >> ../../run/runs
exec sleep 5
"""
ASIS = "Status: {0} Reason\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\n\r\nas it is"
FILES = {"users": "u:$apr1$x$x\n", "htdocs/static/file.txt": "static", "htdocs/static/unreadable.txt": "x",
         "htdocs/static/limited.txt": "x", "htdocs/dav/there": "old",
         **{f"htdocs/own/{folder}/x": "x" for folder in ("basic", "dir", "get", "limited", "post")},
         **{f"htdocs/asis/{status}": ASIS.format(status) for status in (200, 201, 409, 415)}}
SCRIPTS = {"htdocs/cgi/status.cgi": CGI, "htdocs/own/conditional.cgi": CONDITIONAL,
           "htdocs/own/broken.cgi": BROKEN, "htdocs/own/slow.cgi": SLOW}

# ---- The table ----

# A request that has `status` for its answer: `log` is what httpd itself says of it at warn or above,
# `is_mapped` that the path's translation answers it.
Ask = namedtuple("Ask", "method path fields body log is_mapped")
# `safe` is a GET, `unsafe` any other method; either may be the reason why there is none.
Cell = namedtuple("Cell", "safe unsafe")
Row = namedtuple("Row", "static proxied cgi httpd")


def get(path, *fields, body=b"", log=(), is_mapped=False):
    return Ask("GET", path, fields, body, log, is_mapped)


def unsafe(method, path, *fields, body=b"", log=(), is_mapped=False):
    return Ask(method, path, fields, body, log, is_mapped)


def both(path, *fields, method="POST", body=b"", log=(), is_mapped=False):
    return Cell(get(path, *fields, body=body, log=log, is_mapped=is_mapped),
                unsafe(method, path, *fields, body=body, log=log, is_mapped=is_mapped))


def without(reason):
    return Cell(reason, reason)


def redirect(status):
    return both(f"/own/{status}", is_mapped=True)


def proxied(status):
    says = "&".join(f"header={n}:%20{v}" for n, v in BACKEND_SAYS)
    return both(f"/api/x?status={status}&{says}&header=Location:%20/y")


def cgi(status):
    return both(f"/cgi/status.cgi?{status}")


RANGE, BAD_RANGE = ("Range", "bytes=1-2"), ("Range", "bytes=900-")
CHUNKED, BAD_CHUNK = ("Transfer-Encoding", "chunked"), b"zz\r\n"
# It says 403, 404, 405 and 501; 304 and 412 of conditions; 400 and 413 of a body that it drops; and the
# byte range filter makes 206 and 416 of its 200.
NO_STATUS = without("the default handler has no way to this status")
SERVES_GET = "the default handler serves GET"
GET_ONLY = "a 304 answers GET and HEAD only: a POST with that condition gets 412"
FILES_ONLY = "of a POST, httpd cuts a range only out of a static file: see there"
GUESS = ("Authorization", "Basic dTp2")  # a user whose password is another
DAV_BODY = "An error occurred while reading the request body"
MATRIX = {
    200: Row(both("/static/file.txt"), proxied(200), cgi(200),
             Cell(get("/own/status"), unsafe("POST", "/own/reflect", body=b"echo"))),
    201: Row(NO_STATUS, proxied(201), cgi(201),
             Cell(get("/asis/201"), unsafe("PUT", "/dav/{new}", body=b"new"))),
    204: Row(NO_STATUS, proxied(204), cgi(204),
             Cell(get("/own/204", is_mapped=True), unsafe("PUT", "/dav/there", body=b"new"))),
    206: Row(both("/static/file.txt", RANGE), proxied(206), cgi(206),
             Cell(get("/asis/200", RANGE), FILES_ONLY)),
    301: Row(without("mod_dir's redirect stands in httpd's column"), proxied(301), cgi(301),
             both("/own/dir")),
    302: Row(NO_STATUS, proxied(302), cgi(302), redirect(302)),
    303: Row(NO_STATUS, proxied(303), cgi(303), redirect(303)),
    304: Row(Cell(get("/static/file.txt", ("If-None-Match", "*")), GET_ONLY), proxied(304), cgi(304),
             Cell(get("/own/conditional.cgi", ("If-None-Match", '"1"')), GET_ONLY)),
    307: Row(NO_STATUS, proxied(307), cgi(307), redirect(307)),
    # httpd's own 400 of a request line or header comes before any module: see test_a_path_that_is_none.
    400: Row(both("/static/file.txt", CHUNKED, body=BAD_CHUNK), proxied(400), cgi(400),
             Cell(get("/own/bad%zz", log=["AH10244: invalid URI path"]),
                  unsafe("PUT", "/dav/{new}", CHUNKED, body=BAD_CHUNK, log=[DAV_BODY]))),
    401: Row(without("authentication stands in httpd's column"), proxied(401), cgi(401),
             both("/own/basic/x", GUESS, log=["AH01617: user u: authentication failure"])),
    403: Row(both("/static/unreadable.txt", log=["AH00132: file permissions deny"]), proxied(403), cgi(403),
             both("/own/denied/x", log=["AH01630: client denied"])),
    404: Row(both("/static/none.txt"), proxied(404), cgi(404),
             Cell(get("/asis/no-file"), unsafe("DELETE", "/dav/none"))),
    405: Row(Cell(SERVES_GET, unsafe("DELETE", "/static/file.txt")), proxied(405), cgi(405),
             Cell(get("/own/post/x", log=["AH01623: client method denied"]),
                  unsafe("POST", "/own/get/x", log=["AH01623: client method denied"]))),
    409: Row(NO_STATUS, proxied(409), cgi(409),
             Cell(get("/asis/409"), unsafe("PUT", "/dav/no/where", body=b"new",
                                         log=["Unable to PUT new contents", "while opening a resource"]))),
    410: Row(NO_STATUS, proxied(410), cgi(410), redirect(410)),
    412: Row(both("/static/file.txt", ("If-Match", '"other"')), proxied(412), cgi(412),
             Cell(get("/own/conditional.cgi", ("If-Match", '"other"')),
                  unsafe("PUT", "/dav/there", ("If-Match", '"other"'), body=b"new"))),
    413: Row(both("/static/limited.txt", body=b"longer"), proxied(413), cgi(413),
             Cell(get("/own/limited/", body=b"longer"),
                  unsafe("PUT", "/dav/limited", body=b"longer", log=[DAV_BODY]))),
    415: Row(NO_STATUS, proxied(415), cgi(415),
             Cell(get("/asis/415"), unsafe("MKCOL", "/dav/{new}", body=b"new"))),
    416: Row(both("/static/file.txt", BAD_RANGE), proxied(416), cgi(416),
             Cell(get("/asis/200", BAD_RANGE), FILES_ONLY)),
    429: Row(NO_STATUS, proxied(429), cgi(429), redirect(429)),
    500: Row(without("the default handler fails only where a filter does"),
             proxied(500), cgi(500), both("/own/broken.cgi", log=["malformed header from script"])),
    501: Row(Cell(SERVES_GET, unsafe("MADEUP", "/static/file.txt", log=["AH00135: Invalid method"])),
             proxied(501), cgi(501), redirect(501)),
    502: Row(NO_STATUS, proxied(502), cgi(502),
             both("/api/x?status=none", log=["AH01102: error reading status line", "AH00898: "])),
    503: Row(NO_STATUS, proxied(503), cgi(503), both("/own/dead/x", log=["AH00957: .* failed", "AH01114: "])),
    # mod_proxy_http says 502 of a backend that takes too long; mod_cgid says 504 of a script.
    504: Row(NO_STATUS, proxied(504), cgi(504), both("/own/slow.cgi", log=["Script timed out"])),
}
STATUSES = [200, 201, 204, 206, 301, 302, 303, 304, 307,
            400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 416, 429, 500, 501, 502, 503, 504]


def test_the_table_is_complete():
    """Every status from every source, or the reason why not."""
    assert list(MATRIX) == STATUSES
    for row in MATRIX.values():
        for cell in row:
            assert all(isinstance(part, Ask) or (isinstance(part, str) and part) for part in cell), cell
        assert all(isinstance(part, Ask) for cell in (row.proxied, row.cgi) for part in cell), row
        assert all(isinstance(part, Ask) or part in (GET_ONLY, FILES_ONLY) for part in row.httpd), row


# ---- The servers ----

# mod_cgid goes with threads, mod_cgi without.
SERVERS = {"event": ("event", "cgid", OWN), "late": ("event", "cgid", OWN + LATE),
           "worker": ("worker", "cgid", ""), "prefork": ("prefork", "cgi", "")}


@pytest.fixture(scope="module")
def servers(module_backend):
    """servers(name) starts that server when it is first asked for."""
    started = {}
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # held, and never listened on: whoever connects is refused

        def start(name):
            mpm, module, more = SERVERS[name]
            modules = ["mime", module] + (OWN_MODULES if more else [])
            server = httpd.Httpd(CONFIG + more, mpm=mpm, modules=modules,
                                 defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS,
                                          "DEAD": dead.getsockname()[1]}, files={**FILES, **SCRIPTS})
            for script in SCRIPTS:
                (server.root / script).chmod(0o755)
            (server.root / "htdocs/static/unreadable.txt").chmod(0)
            if os.geteuid() == 0:
                account = pwd.getpwnam(server.account())
                for path in (server.root / "htdocs/dav", server.root / "htdocs/dav/there"):
                    os.chown(path, account.pw_uid, account.pw_gid)
            return server.start()

        def find(name):
            if name not in started:
                started[name] = start(name)
            return started[name]

        try:
            yield find
        finally:
            for server in started.values():
                server.stop()


@pytest.fixture
def counts(servers, backend):
    """counts(name): how often the backend was connected to and a script run, and what mod_dav holds."""
    def count(name):
        root = servers(name).root
        runs = root / "run" / "runs"
        return (backend.connections, runs.read_text().count("run\n") if runs.exists() else 0,
                {path.name: path.read_bytes() for path in (root / "htdocs/dav").iterdir() if path.is_file()})
    return count


NUMBERS = itertools.count()


def send(server, case, origin, method=None, is_logged=True):
    for pattern in case.log if is_logged else ():
        server.expect_log(pattern)
    path = case.path.replace("{new}", f"new-{next(NUMBERS)}")
    return ask(server, method or case.method, path, origin, *case.fields, body=case.body)


# ---- Its cells ----

def cells(part, names):
    """(server, status, source, request) of each cell; the other servers than event have what differs there."""
    found = []
    for name in names:
        for status, row in MATRIX.items():
            for source, cell in row._asdict().items():
                case = getattr(cell, part)
                if isinstance(case, Ask) and (source == "cgi" or SERVERS[name][2]):
                    found.append(pytest.param(name, status, source, case, id=f"{name}-{status}-{source}"))
    return found


def is_plain(param):
    """A GET whose HEAD has the same status: no condition, range or body."""
    case = param.values[3]
    return not case.fields and not case.body


SAFE = cells("safe", ["event", "worker", "prefork"])
UNSAFE = cells("unsafe", SERVERS)


def by_pairs(test):
    """Every recipe is followed for an allowed origin, whose headers show most: and where the decision is late,
    if the path's translation answers."""
    def is_kept(row):
        return row.origin == ALLOWED and (row.name == "event" or row.name == "late" and row.case.is_mapped)
    return pytest.mark.pairwise("name", "status", "source", "origin", keep=is_kept)(test)


@by_pairs
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
@pytest.mark.parametrize("name, status, source, case", SAFE)
def test_a_get(servers, backend, name, status, source, case, origin, cors):
    """R1 to R3, H1, H3: "On every status"."""
    check(send(servers(name), case, origin), status, cors)


@by_pairs
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
@pytest.mark.parametrize("name, status, source, case", filter(is_plain, SAFE))
def test_a_head(servers, backend, name, status, source, case, origin, cors):
    """R1 to R3, H1, H3"""
    response = send(servers(name), case, origin, method="HEAD")
    check(response, status, cors)
    assert response.body == b""


@by_pairs
@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
@pytest.mark.parametrize("name, status, source, case", UNSAFE)
def test_an_unsafe_method(servers, backend, name, status, source, case, origin, cors):
    """R1, R4, H1, H3; the twin of the next."""
    check(send(servers(name), case, origin), status, cors)


@pytest.mark.parametrize("name, status, source, case", UNSAFE)
def test_an_unsafe_method_of_an_unknown_origin(servers, counts, name, status, source, case):
    """R5: "nothing runs on the server": no backend, no script, no mod_dav; and no authentication, which
    would have logged."""
    before = counts(name)
    response = send(servers(name), case, UNKNOWN, is_logged=False)
    if case.is_mapped and name == "late":
        check(response, status, set())  # docs/guide.md: where something is decided late, a redirect comes first
    else:
        check_refused(response)
    assert counts(name) == before


@pytest.mark.pairwise("name", "status", "source",
                      keep=lambda row: row.name == "event" or row.name == "late" and row.case.is_mapped)
@pytest.mark.parametrize("name, status, source, case", UNSAFE)
def test_a_preflight(servers, counts, name, status, source, case):
    """P1, P2, P4: and nothing runs."""
    before = counts(name)
    for origin, is_allowed in ((ALLOWED, True), (UNKNOWN, False)):
        response = ask(servers(name), "OPTIONS", case.path, origin, PREFLIGHT)
        if case.is_mapped and name == "late":
            assert (response.status, response.one("Access-Control-Allow-Origin")) == (
                status, ALLOWED[1] if is_allowed else None), response
        else:
            check_preflight(response, is_allowed)
    assert counts(name) == before


@pytest.mark.parametrize("name", ["event", "late"])
@pytest.mark.parametrize("method, origin, cors", [
    ("GET", *ORIGINS[0]), ("POST", *ORIGINS[0]), ("POST", *ORIGINS[1]), ("OPTIONS", *ORIGINS[1])])
def test_a_path_that_is_none(servers, counts, name, method, origin, cors):
    """1.7: httpd's own 400 comes before any module is asked: no fault, but nothing runs, and H1 holds."""
    servers(name).expect_log("AH10244: invalid URI path")
    before = counts(name)
    check(ask(servers(name), method, "/own/bad%zz", origin), 400, cors)
    assert counts(name) == before
