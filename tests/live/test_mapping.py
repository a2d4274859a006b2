# SPDX-License-Identifier: Apache-2.0
"""What brings a URL to what answers it: rewriting, aliases, directory indexes, negotiation, actions, SSI,
DAV. Whatever the way, a refused request and a preflight run nothing, and every answer has the module's
headers, once (R1 to R5, P1, P2, P4, H1, H3, H4)."""

from collections import namedtuple

import pytest

from cors import (ALLOWED, BACKEND_SAYS, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused, granted)

# ---- The tables ----

# get, post: what an allowed origin and none get (GET: an unknown one too); 200 is an answer of a script or
# of the backend, which counts. first: httpd answers before it knows the sections.
Way = namedtuple("Way", "path get post location first log", defaults=(200, 200, None, False, None))

# Where the path alone decides what is ours ("early"), all of these come after the module.
WAYS = [
    # mod_alias
    Way("/api/alias/run.cgi"), Way("/api/matched/run.cgi"), Way("/api/cgi/run.cgi"),
    Way("/api/cgi/none.cgi", 404, 404, log="AH02811: stderr from .*: script not found"),
    Way("/api/moved/x", 301, 301, "http://example.com/elsewhere/x", True),
    Way("/api/moved-match/x", 302, 302, "http://example.com/elsewhere", True),
    Way("/api/moved-gone/x", 410, 410, first=True),
    Way("/api/moved-section/x", 302, 302, "http://example.com/elsewhere", True),
    Way("/api/moved-directory/x", 302, 302, "http://example.com/elsewhere"),
    # mod_dir
    Way("/api/slash", 301, 301, "http://example.com/api/slash/"),
    Way("/api/slash/"),
    Way("/api/index-redirect/", 302, 302, "http://example.com/api/index-redirect/run.cgi"),
    Way("/api/fallback/any/thing"), Way("/api/fallback-out/any/thing"),
    Way("/api/no-index/", 403, 404, log="AH01276: Cannot serve directory"),
    # mod_negotiation
    Way("/api/views/run"), Way("/api/map/run.var"),
    # mod_actions, mod_speling, mod_asis, mod_status, mod_lua, mod_vhost_alias (a host of its own)
    Way("/api/action/file.act"), Way("/api/action/none.act", 404, 404),
    Way("/api/spelling/flie.txt", 301, 404, "http://example.com/api/spelling/file.txt"),  # it redirects GETs
    Way("/api/lua/x"),
    # mod_rewrite in .htaccess: the fixups phase
    Way("/api/htaccess/p"), Way("/api/htaccess/r", 302, 302, "http://example.com/elsewhere"),
    Way("/api/htaccess/pt"), Way("/api/htaccess/l"), Way("/api/htaccess/f", 403, 403),
    Way("/api/htaccess/g", 410, 410), Way("/api/htaccess/end"), Way("/api/htaccess/out"),
]

# The configuration has a RewriteRule: the module waits for the last path.
REWRITES = [
    Way("/api/rw/p/x"), Way("/api/rw/pt/run.cgi"), Way("/api/rw/l/run.cgi"), Way("/api/rw/end/run.cgi"),
    Way("/api/rw/map/script"), Way("/open/rw/in/run.cgi"),
    Way("/api/rw/r/x", 302, 302, "http://example.com/elsewhere/x", True),
    Way("/api/rw/r-out/x", 307, 307, "https://other.example/x", True),
    Way("/api/rw/f/x", 403, 403, first=True), Way("/api/rw/g/x", 410, 410, first=True),
]
DIRECTORIES = [way._replace(path=way.path.replace("/htaccess/", "/directory/")) for way in WAYS
               if way.path.startswith("/api/htaccess/")]

PER_DIRECTORY = """
RewriteEngine On
RewriteRule "^p$" "{backend}/x" [P]
RewriteRule "^r$" "/elsewhere" [R=302,L]
RewriteRule "^pt$" "/api/cgi/run.cgi" [PT]
RewriteRule "^l$" "/api/cgi/run.cgi" [L]
RewriteRule "^f$" "-" [F]
RewriteRule "^g$" "-" [G]
RewriteRule "^end$" "/api/cgi/run.cgi" [END]
RewriteRule "^out$" "/open/run.cgi" [L]
"""
REWRITING = """
RewriteEngine On
RewriteMap scripts "txt:${ROOT}/scripts.txt"
RewriteRule "^/api/rw/p/(.*)" "${BACKEND}/$1" [P]
RewriteRule "^/api/rw/pt/(.*)" "/api/cgi/$1" [PT]
RewriteRule "^/api/rw/l/(.*)" "${ROOT}/scripts/$1" [L,H=cgi-script]
RewriteRule "^/api/rw/end/(.*)" "/api/cgi/$1" [PT,END]
RewriteRule "^/api/rw/map/(.*)" "/api/cgi/${scripts:$1}" [PT]
RewriteRule "^/open/rw/in/(.*)" "/api/cgi/$1" [PT]
RewriteRule "^/api/rw/out/(.*)" "/open/$1" [PT]
RewriteRule "^/api/rw/r/(.*)" "/elsewhere/$1" [R=302,L]
RewriteRule "^/api/rw/r-out/(.*)" "https://other.example/$1" [R=307,L]
RewriteRule "^/api/rw/f/" "-" [F]
RewriteRule "^/api/rw/g/" "-" [G]
"""
CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
TypesConfig /dev/null
AddHandler cgi-script .cgi
AddHandler send-as-is asis
AddHandler type-map .var
AddOutputFilter INCLUDES .shtml
AddType text/html .shtml
AddType text/plain .txt
SetEnv OCORS_RUNS "${ROOT}/run/runs"
<Location "/api">
    OcapiCors On
</Location>
<Directory "${ROOT}/scripts">
    Require all granted
    Options ExecCGI
</Directory>
<Directory "${ROOT}/htdocs">
    Options ExecCGI Includes FollowSymLinks
    AllowOverride FileInfo
    DirectoryIndex run.cgi
    MultiviewsMatch Handlers
</Directory>
Alias "/api/alias/" "${ROOT}/scripts/"
AliasMatch "^/api/matched/(.*)" "${ROOT}/scripts/$1"
ScriptAlias "/api/cgi/" "${ROOT}/scripts/"
Redirect permanent "/api/moved" "/elsewhere"
RedirectMatch "^/api/moved-match/" "/elsewhere"
Redirect gone "/api/moved-gone"
<Location "/api/moved-section">
    Redirect "/elsewhere"
</Location>
<Directory "${ROOT}/htdocs/api/moved-directory">
    RedirectMatch "." "/elsewhere"
</Directory>
<Directory "${ROOT}/htdocs/api/index-redirect">
    DirectoryIndexRedirect On
</Directory>
<Directory "${ROOT}/htdocs/api/fallback">
    FallbackResource /api/cgi/run.cgi
</Directory>
<Directory "${ROOT}/htdocs/api/fallback-out">
    FallbackResource /open/run.cgi
</Directory>
<Directory "${ROOT}/htdocs/api/no-index">
    DirectoryIndex disabled
</Directory>
<Directory "${ROOT}/htdocs/api/views">
    Options +MultiViews
    MultiviewsMatch Any
    AddLanguage de .de
    AddLanguage fr .fr
    ForceLanguagePriority None
</Directory>
<Directory "${ROOT}/htdocs/api/action">
    AddHandler run-it .act
    Action run-it /api/cgi/run.cgi
    Script PUT /api/cgi/run.cgi
</Directory>
<Directory "${ROOT}/htdocs/api/spelling">
    CheckSpelling On
</Directory>
<Location "/api/status">
    SetHandler server-status
</Location>
<Location "/api/early">
    Header set Access-Control-Allow-Origin "*" early
</Location>
LuaMapHandler "^/api/lua/" "${ROOT}/handler.lua"
DavLockDB "${ROOT}/run/locks"
<LocationMatch "^/(api|open)/dav(/|$)">
    Dav On
    DirectorySlash Off
    DirectoryIndex disabled
</LocationMatch>
"""
# One directive of ours in a <Directory> anywhere, and nothing is decided by the path alone any more.
LATE = '<Directory "${ROOT}/nowhere">\nOcapiCors Off\n</Directory>\n'
MODULES = ["actions", "asis", "autoindex", "cgi", "dav", "dav_fs", "dir", "env", "headers", "include", "lua",
           "mime", "negotiation", "rewrite", "speling", "status", "vhost_alias"]
SCRIPT = """#!/bin/sh
echo run >> "$OCORS_RUNS"
printf 'Content-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n'
printf 'Access-Control-Made-Up: 1\\r\\n\\r\\nran'
"""
LUA = """
function handle(r)
    local runs = io.open(r.subprocess_env["OCORS_RUNS"] or "", "a")
    if runs then runs:write("run\\n") runs:close() end
    r.headers_out["Access-Control-Allow-Origin"] = "*"
    r.err_headers_out["Access-Control-Made-Up"] = "1"
    r.content_type = "text/plain"
    r:puts("ran")
    return apache2.OK
end
function translate(r)
    if r.uri == "/api/translated" then
        r.uri = "/api/cgi/run.cgi"
    elseif r.uri == "/api/forbidden" then
        return 403
    end
    return apache2.DECLINED
end
"""
SCRIPTS = ["scripts/run.cgi"] + [f"htdocs/{name}/run.cgi" for name in (
    "open", "api/slash", "api/index-redirect", "api/views", "api/map",
    "virtual/one.example/api")]
FILES = dict.fromkeys(SCRIPTS, SCRIPT) | {
    "handler.lua": LUA, "scripts.txt": "script run.cgi\n",
    "htdocs/api/map/run.var": "URI: run\n\nURI: run.cgi\nContent-Type: application/x-httpd-cgi\n",
    "htdocs/api/views/language.txt.de": "de", "htdocs/api/views/language.txt.fr": "fr",
    "htdocs/api/action/file.act": "act", "htdocs/api/action/plain.txt": "plain",
    "htdocs/api/asis/x.asis": "Status: 203 As Is\nContent-Type: text/plain\nAccess-Control-Allow-Origin: *\n"
                              "Vary: Accept\n\nas is",
    "htdocs/api/early/x": "x", "htdocs/api/spelling/file.txt": "file",
    "htdocs/api/page.shtml": 'in:<!--#include virtual="/api/cgi/run.cgi" -->,'
                             '<!--#include virtual="/open/run.cgi" -->',
    "htdocs/open/page.shtml": 'out:<!--#include virtual="/api/cgi/run.cgi" -->',
    "htdocs/open/broken.shtml": '<!--#include virtual="/api/moved/x" -->',
} | {f"htdocs/api/{name}/keep": "" for name in ("fallback", "fallback-out", "no-index", "moved-directory",
                                                 "directory", "dav")} | {"htdocs/open/dav/keep": "open"}


def start(start_httpd, backend, config):
    text = PER_DIRECTORY.format(backend=backend.url)
    server = start_httpd(config, modules=MODULES, defines={"BACKEND": backend.url, "SETTINGS": SETTINGS},
                         files={**FILES, "htdocs/api/htaccess/.htaccess": text})
    for name in SCRIPTS:
        (server.root / name).chmod(0o755)
    for name in ("api", "open"):
        (server.root / f"htdocs/{name}/dav").chmod(0o777)
    return server


@pytest.fixture(scope="module", params=["", LATE], ids=["early", "late"])
def front(request, module_start_httpd, module_backend):
    server = start(module_start_httpd, module_backend, CONFIG + request.param + """
        <VirtualHost *:${PORT}>
            ServerName http://example.com
        </VirtualHost>
        <VirtualHost *:${PORT}>
            ServerName virtual.example
            ServerAlias *.example
            VirtualDocumentRoot "${ROOT}/htdocs/virtual/%0"
        </VirtualHost>""")
    server.is_late = bool(request.param)
    return server


@pytest.fixture(scope="module", params=["server", "vhost", "lua"])
def rewriting(request, module_start_httpd, module_backend):
    per_directory = PER_DIRECTORY.format(backend=module_backend.url)
    config = CONFIG + f'<Directory "${{ROOT}}/htdocs/api/directory">{per_directory}</Directory>\n'
    if request.param == "vhost":
        config += f"<VirtualHost *:${{PORT}}>\nServerName http://example.com\n{REWRITING}</VirtualHost>\n"
    else:
        config += REWRITING
    if request.param == "lua":
        config += 'LuaHookTranslateName "${ROOT}/handler.lua" translate early\n'
    server = start(module_start_httpd, module_backend, config)
    server.is_late = True
    server.has_lua = request.param == "lua"
    return server


class Runs:
    """How often a script or the backend ran."""

    def __init__(self, server, backend):
        self.file, self.backend = server.root / "run" / "runs", backend

    def take(self):
        """Since the last call."""
        count = len(self.file.read_text().splitlines()) if self.file.exists() else 0
        self.file.unlink(missing_ok=True)
        count += len(self.backend.requests)
        self.backend.reset()
        self.backend.answer("/x", 200, BACKEND_SAYS)
        return count


# ---- The checks of a way ----

def way_is_answered(server, way, method, origin, cors, runs, **keywords):
    status = way.get if method == "GET" else way.post
    if way.log and status == way.get:
        server.expect_log(way.log)
    runs.take()
    response = ask(server, method, way.path, origin, **keywords)
    vary = [t for t in response.tokens("Vary") if not t.lower().startswith(("negotiate", "accept"))]
    assert (response.status, vary) == (status, ["Origin"]), response
    assert set(response.cors()) == cors and len(response.cors()) == len(cors), response
    assert response.one("Location") == (way.location if status == way.get else None), response
    assert runs.take() == (1 if status == 200 else 0), response


def check_way(server, way, runs, **keywords):
    """The twins: R1 to R4, H1"""
    for method in ("GET", "POST"):
        for origin, cors in ORIGINS:
            if method == "GET" or origin != UNKNOWN:
                way_is_answered(server, way, method, origin, cors, runs, **keywords)


def check_way_is_shut(server, way, runs, **keywords):
    """R5, P1, P2, P4. Where httpd answers first nothing is opened either: no script and no backend runs,
    and its answer has the headers of the origin that asks (H1); docs/guide.md says how to fix it."""
    is_first = way.first and server.is_late
    runs.take()
    for method in ("POST", "DELETE"):
        response = ask(server, method, way.path, UNKNOWN, **keywords)
        check(response, way.post, set()) if is_first else check_refused(response)
    for origin, cors in ORIGINS[:2]:
        response = ask(server, "OPTIONS", way.path, origin, PREFLIGHT, **keywords)
        if not is_first:
            check_preflight(response, origin == ALLOWED)
        else:
            assert response.status == way.post, response
            assert response.one("Access-Control-Allow-Origin") == (ALLOWED[1] if cors else None), response
    assert runs.take() == 0


def way_id(way):
    return way.path


@pytest.mark.parametrize("way", WAYS, ids=way_id)
def test_a_way_is_shut(front, backend, way):
    """R5, P1, P2, P4"""
    check_way_is_shut(front, way, Runs(front, backend))


@pytest.mark.parametrize("way", WAYS, ids=way_id)
def test_a_way_is_open(front, backend, way):
    """The twin; R1 to R4, H1"""
    check_way(front, way, Runs(front, backend))


@pytest.mark.parametrize("way", REWRITES + DIRECTORIES + WAYS[:4], ids=way_id)
def test_a_rewritten_way_is_shut(rewriting, backend, way):
    """R5, P1, P2, P4"""
    check_way_is_shut(rewriting, way, Runs(rewriting, backend))


@pytest.mark.parametrize("way", REWRITES + DIRECTORIES + WAYS[:4], ids=way_id)
def test_a_rewritten_way_is_open(rewriting, backend, way):
    """The twin; R1 to R4, H1"""
    check_way(rewriting, way, Runs(rewriting, backend))


def test_a_way_out_of_the_section_is_judged_where_it_ends(rewriting, backend):
    """Section 5: [PT] from a covered path to one that is not; what answers there says what it likes."""
    runs = Runs(rewriting, backend)
    runs.take()
    for method in ("GET", "POST"):
        response = ask(rewriting, method, "/api/rw/out/run.cgi", UNKNOWN)
        assert (response.status, response.body, response.cors()) == (200, b"ran", BACKEND_SAYS)
    assert runs.take() == 2


def test_a_way_by_a_hook_of_lua(start_httpd, rewriting, backend):
    """R1 to R5, P4: LuaHookTranslateName gives another path, or answers itself."""
    runs = Runs(rewriting, backend)
    if not rewriting.has_lua:
        check_way(rewriting, Way("/api/translated", 404, 404), runs)  # the twin: without it, no such file
        return
    check_way_is_shut(rewriting, Way("/api/translated"), runs)
    check_way(rewriting, Way("/api/translated"), runs)
    check_way_is_shut(rewriting, Way("/api/forbidden", 403, 403, first=True), runs)
    check_way(rewriting, Way("/api/forbidden", 403, 403), runs)


def test_a_host_of_mod_vhost_alias(front, backend):
    """R1 to R5, P4"""
    runs = Runs(front, backend)
    check_way_is_shut(front, Way("/api/run.cgi"), runs, host="one.example")
    check_way(front, Way("/api/run.cgi"), runs, host="one.example")
    check_way(front, Way("/api/run.cgi", 404, 404), runs, host="two.example")


def test_script_put(front, backend):
    """R4, R5: mod_actions' `Script PUT` makes a PUT of a file a run of the script."""
    runs = Runs(front, backend)
    runs.take()
    check_refused(ask(front, "PUT", "/api/action/plain.txt", UNKNOWN))
    assert runs.take() == 0
    for origin, cors in (ORIGINS[0], ORIGINS[2]):
        check(ask(front, "PUT", "/api/action/plain.txt", origin), 200, cors)
        assert runs.take() == 1


@pytest.mark.parametrize("path, status, body, vary", [
    ("/api/asis/x.asis", 203, b"as is", ["Accept", "Origin"]), ("/api/early/x", 200, b"x", ["Origin"]),
    ("/api/status", 200, None, ["Origin"]), ("/api/status?auto", 200, None, ["Origin"])])
def test_an_answer_of_httpds_own(front, path, status, body, vary):
    """R1 to R3, R5, P4, H1, H3: mod_asis with its own fields, mod_headers' early ones, mod_status."""
    for origin, cors in ORIGINS:
        response = ask(front, "GET", path, origin)
        check(response, status, cors, vary)
        assert body in (None, response.body)
    check_refused(ask(front, "POST", path, UNKNOWN))
    for origin, is_allowed in ((ALLOWED, True), (UNKNOWN, False)):
        check_preflight(ask(front, "OPTIONS", path, origin, PREFLIGHT), is_allowed)


@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_what_cannot_be_negotiated(front, origin, cors):
    """H1, H3: 406, with mod_negotiation's own Vary and Alternates."""
    front.expect_log("AH00690: no acceptable variant")
    response = ask(front, "GET", "/api/views/language", origin, ("Accept-Language", "en"))
    check(response, 406, cors, ["negotiate", "accept-language", "Origin"])
    response = ask(front, "GET", "/api/views/language", origin, ("Accept-Language", "de"))
    check(response, 200, cors, ["negotiate", "accept-language", "Origin"])


# ---- mod_include: subrequests ----

@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_subrequests_are_not_judged(front, backend, origin, cors):
    """H4: "Decided once for a request"; what a page includes says nothing in the page's headers."""
    runs = Runs(front, backend)
    runs.take()
    response = ask(front, "GET", "/api/page.shtml", origin)
    check(response, 200, cors)
    assert response.body == b"in:ran,ran" and runs.take() == 2
    response = ask(front, "GET", "/open/page.shtml", origin)
    assert (response.status, response.body, response.cors()) == (200, b"out:ran", [])
    assert response.one("Vary") is None and runs.take() == 1


def test_a_refused_page_includes_nothing(front, backend):
    """R5, and its twins; in a page outside, which passes, the covered part is not refused (H4)."""
    runs = Runs(front, backend)
    runs.take()
    check_refused(ask(front, "POST", "/api/page.shtml", UNKNOWN))
    assert runs.take() == 0
    for origin, cors in (ORIGINS[0], ORIGINS[2]):
        check(ask(front, "POST", "/api/page.shtml", origin), 200, cors)
        assert runs.take() == 2
    response = ask(front, "POST", "/open/page.shtml", UNKNOWN)
    assert (response.status, response.body) == (200, b"out:ran")


# ---- mod_dav ----

LOCK = (b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        b"<locktype><write/></locktype></lockinfo>")
PROPFIND = b'<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>'
DAV = "http://example.com/api/dav/"


def dav_files(server):
    return sorted(str(p.relative_to(server.root)) for p in (server.root / "htdocs/api/dav").rglob("*"))


@pytest.mark.parametrize("method, name, fields, body", [
    ("PUT", "new", [], b"new"), ("MKCOL", "folder", [], b""), ("DELETE", "keep", [], b""),
    ("COPY", "keep", [("Destination", DAV + "copy")], b""), ("LOCK", "keep", [], LOCK),
    ("MOVE", "keep", [("Destination", DAV + "moved")], b""), ("PROPFIND", "", [("Depth", "1")], PROPFIND),
    ("PROPPATCH", "keep", [], PROPFIND), ("REPORT", "keep", [], PROPFIND), ("MKACTIVITY", "a", [], b"")])
def test_dav_does_nothing_for_an_unknown_origin(front, method, name, fields, body):
    """R5: "any method httpd or the module does not know"; no file comes, goes or is told of."""
    before = dav_files(front)
    check_refused(ask(front, method, f"/api/dav/{name}", UNKNOWN, *fields, body=body))
    assert dav_files(front) == before
    for origin, is_allowed in ((ALLOWED, True), (UNKNOWN, False)):
        wanted = ("Access-Control-Request-Method", method)
        check_preflight(ask(front, "OPTIONS", f"/api/dav/{name}", origin, wanted), is_allowed)
    assert dav_files(front) == before


@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_dav_works_for_others(front, origin, cors):
    """The twin; R1, R4, H1: 201, 204, 207, 405, 412, 423 have the headers."""
    before = dav_files(front)
    steps = [("PUT", "/f", [], b"f", 201), ("PUT", "/f", [], b"g", 204), ("MKCOL", "/c", [], b"", 201),
             ("MKCOL", "/c", [], b"", 405), ("PROPFIND", "/c", [("Depth", "1")], PROPFIND, 207),
             ("COPY", "/f", [("Destination", DAV + "c/f")], b"", 201),
             ("COPY", "/f", [("Destination", DAV + "c/f"), ("Overwrite", "F")], b"", 412),
             ("LOCK", "/f", [], LOCK, 200), ("DELETE", "/f", [], b"", 423)]
    token = None
    for method, name, fields, body, status in steps:
        if status in (405, 412, 423):
            front.expect_log(r"\[dav:error\]")
        response = ask(front, method, f"/api/dav{name}", origin, *fields, body=body)
        check(response, status, cors)
        token = response.one("Lock-Token") or token
    check(ask(front, "UNLOCK", "/api/dav/f", origin, ("Lock-Token", token)), 204, cors)
    for name in ("f", "c"):
        check(ask(front, "DELETE", f"/api/dav/{name}", origin), 204, cors)
    assert dav_files(front) == before


@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_dav_options_are_davs(front, origin, cors):
    """P7, R2, R3: OPTIONS without a preflight's headers."""
    response = ask(front, "OPTIONS", "/api/dav/", origin)
    check(response, 200, cors)
    assert response.tokens("DAV")[:2] == ["1", "2"] and "PROPFIND" in response.tokens("Allow")


def test_a_copy_is_judged_by_the_place_that_is_asked(front):
    """H4: a Destination is looked up by a subrequest, which is not judged; the section has to cover both."""
    destination = ("Destination", DAV + "copied")
    check_refused(ask(front, "COPY", "/api/dav/keep", UNKNOWN, destination))
    response = ask(front, "COPY", "/open/dav/keep", UNKNOWN, destination)
    assert (response.status, response.cors()) == (201, []), response
    check(ask(front, "DELETE", "/api/dav/copied", ALLOWED), 204, granted(ALLOWED))
