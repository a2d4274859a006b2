# SPDX-License-Identifier: Apache-2.0
"""The phases of a request in which httpd's own modules answer it, or put another in its place: directory
indexes, early errors, rewriting, workers that die (R1 to R5, P4, H1 to H4). Regressions that a review found."""

import json
import os
import signal
from collections import namedtuple

import pytest

import httpd
from cors import (ALLOWED, BACKEND_SAYS, GRANTED, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)

# ---- mod_dir, mod_negotiation and rewriting put another file in a request's place (H4, S14, S19, R5) ----

SCRIPT = """#!/bin/sh
echo run >> ../../run/runs
printf 'Content-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n\\r\\nran'
"""
DIRECTORIES = """
OcapiCorsSettings "${SETTINGS}/p.json"
TypesConfig /dev/null
AddHandler cgi-script .cgi
<FilesMatch "\\.cgi$">
    OcapiCors On
</FilesMatch>
<Directory "${ROOT}/htdocs">
    Options +ExecCGI +MultiViews
    MultiviewsMatch Handlers
    AllowOverride FileInfo
</Directory>
<Directory "${ROOT}/htdocs/index">
    DirectoryIndex index.cgi
</Directory>
<Directory "${ROOT}/htdocs/fallback">
    FallbackResource /fallback/front.cgi
</Directory>
"""
SCRIPTS = ["index/index.cgi", "fallback/front.cgi", "views/page.cgi"]
RULES = "RewriteEngine On\nRewriteRule . /views/page.cgi [L]\n"
# What precedes the sections that are On: nothing; the report of others; and what changes the request's fields on the
# way to them. The field that names a client is one of these (C1).
CHANGES = """
RequestHeader unset Origin
RequestHeader set Host "bar.com"
RequestHeader set x-dw-client-id "nobody"
"""
BEFORE = {"off": "", "report": "OcapiCors ReportOnly", "changed": CHANGES,
          "changed-report": CHANGES + "OcapiCors ReportOnly"}


@pytest.fixture(scope="module", params=BEFORE.values(), ids=BEFORE)
def directories(request, module_start_httpd):
    server = module_start_httpd(request.param + DIRECTORIES,
                                modules=["dir", "negotiation", "mime", "cgi", "headers", "rewrite"],
                                defines={"SETTINGS": SETTINGS},
                                files={**{f"htdocs/{name}": SCRIPT for name in SCRIPTS}, "htdocs/rules/.htaccess": RULES})
    for name in SCRIPTS:
        (server.root / "htdocs" / name).chmod(0o755)
    return server


def runs(server):
    path = server.root / "run" / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


PLACES = ["/index/", "/index/index.cgi", "/fallback/any/thing", "/fallback/front.cgi", "/views/page",
          "/views/page.cgi", "/rules/x"]


@pytest.mark.parametrize("place", PLACES)
def test_a_refused_request_runs_no_script(directories, place):
    """R5, S14, S19: "nothing runs on the server"; the sections of the file that would run judge what was sent, also
    after others that are ReportOnly."""
    before = runs(directories)
    for method in ("POST", "DELETE"):
        check_refused(ask(directories, method, place, UNKNOWN))
    assert runs(directories) == before


@pytest.mark.parametrize("place", PLACES)
def test_an_allowed_request_runs_the_script(directories, place):
    """The twin; R2 to R4, H1, S14, S19."""
    before = runs(directories)
    for count, (method, origin, cors) in enumerate([
            ("POST", ALLOWED, GRANTED), ("POST", None, set()), ("GET", ALLOWED, GRANTED),
            ("GET", UNKNOWN, set()), ("GET", None, set())], 1):
        response = ask(directories, method, place, origin)
        assert (response.status, response.body) == (200, b"ran"), response
        assert set(response.cors()) == cors and "Origin" in response.tokens("Vary")
        assert runs(directories) == before + count


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_runs_no_script(directories, place, origin, is_allowed):
    """P1, P2, P4"""
    before = runs(directories)
    response = ask(directories, "OPTIONS", place, origin, PREFLIGHT)
    assert (response.status, response.body) == (204, b"")
    assert response.one("Access-Control-Allow-Origin") == (ALLOWED[1] if is_allowed else None)
    assert runs(directories) == before


def test_the_first_covered_section_decides_where_an_action_leads_on():
    """S14: the script's own section has another list."""
    server = httpd.Httpd("""
        OcapiCors On
        Action run-it /cgi/run.cgi
        <Location "/list">
            OcapiCorsSettings list.json
            SetHandler run-it
        </Location>
        <Location "/cgi">
            OcapiCorsSettings cgi.json
        </Location>
        """ + httpd.SCRIPTS, modules=["actions", "cgi", "mime"], files={
            "htdocs/list/page": "x", "htdocs/cgi/run.cgi": SCRIPT,
            **{f"{name}.json": json.dumps({"_v": "19.1", "clients": [{"client_id": name, "allowed_origins": [origin[1]]}]})
               for name, origin in (("list", ALLOWED), ("cgi", UNKNOWN))}})
    (server.root / "htdocs/cgi/run.cgi").chmod(0o755)
    with server:
        for path, origin, status in (("/list/page", ALLOWED, 200), ("/list/page", UNKNOWN, 401),
                                     ("/cgi/run.cgi", ALLOWED, 401), ("/cgi/run.cgi", UNKNOWN, 200)):
            response = ask(server, "POST", path, origin)
            assert response.status == status, (path, origin)
            assert response.one("Access-Control-Allow-Origin") == (origin[1] if status == 200 else None)


# ---- Errors from before the sections are merged, and rewriting that ends a request (H1, H4, R5, P4) ----

EARLY = """
OcapiCorsSettings "${SETTINGS}/p.json"
<Location "/loc">
    OcapiCors On
</Location>
<Directory "${ROOT}/htdocs">
    Options None
    AllowOverride None
</Directory>
<Directory "${ROOT}/htdocs/loc/htaccess">
    AllowOverride All
</Directory>
<VirtualHost *:${PORT}>
    ServerName example.com
    RewriteEngine On
    RewriteRule "^/loc/gone" "-" [G]
    RewriteRule "^/loc/forbidden" "-" [F]
    RewriteRule "^/free/gone" "-" [G]
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName pages.invalid
    RewriteEngine On
    RewriteRule "^/loc/gone" "-" [G]
    RewriteRule "^/loc/forbidden" "-" [F]
    RewriteRule "^/free/gone" "-" [G]
    ProxyPass "/pages" "${BACKEND}/pages"
    ErrorDocument 403 /pages/page
    ErrorDocument 404 /pages/page
    ErrorDocument 410 /pages/page
    ErrorDocument 500 /pages/page
</VirtualHost>
"""

Early = namedtuple("Early", "path status log")
EARLIES = [
    Early("/loc/a%2fb", 404, None),
    Early("/loc/link/x", 403, "AH00037: Symbolic link not allowed"),
    Early("/loc/htaccess/x", 500, r"\.htaccess: Invalid command"),
    Early("/loc/" + "n" * 300, 403, "AH00036: access to .* failed|File name too long"),
    Early("/loc/gone", 410, None),
    Early("/loc/forbidden", 403, None),
]
EARLY_IDS = ["slash", "link", "htaccess", "long", "gone", "forbidden"]


@pytest.fixture(scope="module")
def early(module_start_httpd, module_backend):
    server = httpd.Httpd(EARLY, modules=["rewrite"],
                         defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS},
                         files={"htdocs/loc/htaccess/.htaccess": "Nonsense\n", "htdocs/loc/htaccess/x": "x",
                                "elsewhere/x": "x"})
    (server.root / "htdocs/loc/link").symlink_to(server.root / "elsewhere")
    try:
        yield server.start()
    finally:
        server.stop()


def ask_early(server, host, case, method, origin, *fields):
    """The configuration has a RewriteRule, so httpd looks for the file, and complains, before the
    module answers anything."""
    if case.log:
        server.expect_log(case.log)
    return server.request(method, case.path, [f for f in (origin, *fields) if f], host=host)


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("host", ["example.com", "pages.invalid"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_an_early_error_has_its_headers(early, backend, case, host, origin, cors):
    """H1: "On every status: ... ErrorDocument redirects, proxied answers"; R1 to R3."""
    backend.answer("/pages/page", case.status, BACKEND_SAYS, b"page")  # a proxied page has its own
    response = ask_early(early, host, case, "GET", origin)
    check(response, case.status, cors)
    assert (response.body == b"page") == (host == "pages.invalid")


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
def test_a_refused_request_does_not_fetch_the_error_page(early, backend, case):
    """R5, H4: 401, and no backend connection."""
    check_refused(ask_early(early, "pages.invalid", case, "POST", UNKNOWN))
    assert backend.connections == 0


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_does_not_fetch_the_error_page(early, backend, case, origin, is_allowed):
    """P1, P2, P4"""
    check_preflight(ask_early(early, "pages.invalid", case, "OPTIONS", origin, PREFLIGHT), is_allowed)
    assert backend.connections == 0


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_an_unrefused_request_does_fetch_the_error_page(early, backend, case, origin, cors):
    """The twin: R1, R4."""
    backend.answer("/pages/page", case.status, BACKEND_SAYS, b"page")  # a proxied page has its own
    response = ask_early(early, "pages.invalid", case, "POST", origin)
    check(response, case.status, cors)
    assert response.body == b"page" and len(backend.requests) == 1


def test_an_error_outside_the_section_is_left_alone(early, backend):
    """The twin of them all."""
    for path, status in (("/free/gone", 410), ("/free/a%2fb", 404)):
        backend.answer("/pages/page", status, BACKEND_SAYS, b"page")
        response = early.request("POST", path, [UNKNOWN], host="pages.invalid")
        assert (response.status, response.cors(), response.one("Vary")) == (status, BACKEND_SAYS, None)


# ---- Workers that are killed ----

@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_killed_workers_are_replaced_and_judge(backend, mpm):
    """Section 4: "One copy serves all workers"; those that are born later too."""
    config = """
        OcapiCorsSettings "${SETTINGS}/p.json"
        <VirtualHost *:${PORT}>
            OcapiCors On
            ProxyPass "/" "${BACKEND}/"
        </VirtualHost>"""
    with httpd.Httpd(config, mpm=mpm, defines={"BACKEND": backend.url, "SETTINGS": SETTINGS}) as server:
        server.await_watcher()  # from now on it is told from a worker
        for _ in range(3):
            server.await_idle()
            old = server.children()
            assert old
            for pid in old:
                os.kill(pid, signal.SIGKILL)
            httpd.wait_until(lambda o=old: (new := server.children()) and not new & o, "new children serve")
            check(ask(server, "POST", "/x", ALLOWED), 200, GRANTED)
            check_refused(ask(server, "POST", "/x", UNKNOWN))
            check_preflight(ask(server, "OPTIONS", "/x", ALLOWED, PREFLIGHT), True)
