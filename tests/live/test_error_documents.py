# SPDX-License-Identifier: Apache-2.0
"""ErrorDocument in each of its forms, over httpd's own errors and a backend's: it carries our headers, it
never replaces the fault, and no page is fetched for a refused request (R1 to R5, P4, H1, H4, F4)."""

import socket
from collections import namedtuple

import pytest

import httpd
from cors import (ALLOWED, BACKEND_SAYS, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)

# The error that httpd comes to on a path, and what it logs. `is_mapped`: from the path's translation.
Error = namedtuple("Error", "status path fields log is_mapped", defaults=[(), (), False])
ERRORS = {
    "401": Error(401, "/api/basic/x", [("Authorization", "Basic dTp2")],
                 ["AH01617: user u: authentication failure"]),
    "403": Error(403, "/api/denied/x", log=["AH01630: client denied"]),
    "404": Error(404, "/api-files/none"),
    "405": Error(405, "/api/none-allowed/x", log=["AH01623: client method denied"]),
    "410": Error(410, "/api-files/gone", is_mapped=True),
    "416": Error(416, "/api-files/file.txt", [("Range", "bytes=900-")]),
    "500": Error(500, "/api-files/broken.cgi", log=["malformed header from script"]),
    "502": Error(502, "/api/x?status=none", log=["AH01102: error reading", "AH00898: "]),
    "503": Error(503, "/api/dead/x", log=["AH00957: .* failed", "AH01114: "]),
    "backend-401": Error(401, "/api/override/x?status=401"),
    "backend-404": Error(404, "/api/override/x?status=404"),
    "backend-500": Error(500, "/api/override/x?status=500"),
}

# The text of the directive, and the body that comes of it (None: httpd's canned one). No page is in a
# section that is on but for "strict", which allows nobody.
Form = namedtuple("Form", "argument body")
FORMS = {
    "text": Form('"text of our own"', b"text of our own"),
    "file": Form("/pages/page.txt", b"page"),
    "strict": Form("/strict/page.txt", b"strict page"),
    "script": Form("/pages/page.cgi", b"script page"),
    "proxied": Form("/proxied/page", b"proxied page"),
    "missing": Form("/pages/none.txt", None),
    "external": Form("http://example.com/elsewhere", None),
}
CONFIG = httpd.SCRIPTS + """
OcapiCorsSettings "${SETTINGS}/p.json"
<LocationMatch "^/api">
    OcapiCors On
</LocationMatch>
<Location "/strict">
    OcapiCors On
    OcapiCorsSettings "${SETTINGS}/closed.json"
</Location>
ProxyPass "/api/dead/" "http://127.0.0.1:${DEAD}/" retry=0
ProxyPass "/api/" "${BACKEND}/"
ProxyPass "/proxied/" "${BACKEND}/"
Redirect gone /api-files/gone
<Location "/api/basic">
    AuthType Basic
    AuthName test
    AuthBasicProvider file
    AuthUserFile "${ROOT}/users"
    Require valid-user
</Location>
<Location "/api/denied">
    Require all denied
</Location>
<Location "/api/none-allowed">
    AllowMethods PUT
</Location>
<Location "/api/override">
    ProxyErrorOverride On
</Location>
<Location "/pages">
    Header always add Access-Control-Allow-Origin "*"
    Header always set X-Page 1
</Location>
"""
LATE = """
<Directory "${ROOT}/nowhere">
    OcapiCors Off
</Directory>
"""
SCRIPTS = {
    "htdocs/pages/page.cgi": """#!/bin/sh
echo run >> ../../run/runs
printf 'Content-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n\\r\\nscript page'
""",
    "htdocs/api-files/broken.cgi": """#!/bin/sh
echo run >> ../../run/runs
echo 'this is no header'
"""}


def site(form):
    lines = [f"    ErrorDocument {status} {FORMS[form].argument}"
             for status in sorted({error.status for error in ERRORS.values()})]
    return "\n".join(["<VirtualHost *:${PORT}>", f"ServerName {form}.invalid", *lines, "</VirtualHost>\n"])


@pytest.fixture(scope="module", params=["", LATE], ids=["early", "late"])
def front(request, module_backend):
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # held, and never listened on: whoever connects is refused
        server = httpd.Httpd(
            CONFIG + request.param + "".join(map(site, FORMS)),
            modules=["mime", "cgid", "headers", "auth_basic", "authn_file", "authz_user", "allowmethods"],
            defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "DEAD": dead.getsockname()[1]},
            files={"users": "u:$apr1$x$x\n", "htdocs/pages/page.txt": "page",
                   "htdocs/strict/page.txt": "strict page", "htdocs/api-files/file.txt": "text", **SCRIPTS})
        for script in SCRIPTS:
            (server.root / script).chmod(0o755)
        try:
            yield server.start()
        finally:
            server.stop()


def runs(server):
    path = server.root / "run" / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


def send(server, backend, method, error, form, origin, is_logged=True):
    # Of a page that mod_proxy fetches, httpd takes the status too.
    backend.answer("/page", error.status, BACKEND_SAYS, b"proxied page")
    for pattern in error.log if is_logged else ():
        server.expect_log(pattern)
    return ask(server, method, error.path, origin, *error.fields, host=f"{form}.invalid")


def check_page(response, error, form, cors):
    # httpd refuses a full URL in an ErrorDocument 401, and says so at its start.
    is_redirect = form == "external" and error.status != 401
    check(response, 302 if is_redirect else error.status, cors)
    assert response.one("Location") == (FORMS[form].argument if is_redirect else None), response
    if FORMS[form].body is not None:
        assert response.body == FORMS[form].body, response
    else:
        assert b"<!DOCTYPE HTML" in response.body, response
    if error.path.startswith("/api/basic"):
        assert response.all("WWW-Authenticate") == ['Basic realm="test"'], response
    if form in ("file", "script"):
        assert response.one("X-Page") == "1", response  # what mod_headers says there is kept, but for ours


def every_error_document(test):
    test = pytest.mark.parametrize("form", FORMS)(test)
    return pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)(test)


def by_pairs(test):
    """Each page over each error is asked for by an allowed origin, whose headers show most. Redirects of the
    configuration and full URLs over a 401 stay whole."""
    def is_kept(row):
        return (row.error.is_mapped or (row.form == "external" and row.error.status == 401)
                or (row.origin == ALLOWED and row.front != LATE))
    return pytest.mark.pairwise("form", "error", "front", "origin", keep=is_kept)(test)


@by_pairs
@every_error_document
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_get_that_ends_in_an_error_document(front, backend, form, error, origin, cors):
    """R1 to R3, H1, H4: "ErrorDocument redirects", httpd's own 401 too; the page's section has no say."""
    check_page(send(front, backend, "GET", error, form, origin), error, form, cors)


@by_pairs
@every_error_document
@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_a_post_that_ends_in_an_error_document(front, backend, form, error, origin, cors):
    """R1, R4, H1, H4; the twin of the next."""
    check_page(send(front, backend, "POST", error, form, origin), error, form, cors)


@every_error_document
def test_a_refused_post_has_the_fault(front, backend, form, error):
    """F4, R5: "An ErrorDocument 401 does not replace it", and nothing runs, no error page either."""
    before = runs(front)
    response = send(front, backend, "POST", error, form, UNKNOWN, is_logged=False)
    if error.is_mapped and "nowhere" in front.config and form in ("text", "external"):
        # docs/guide.md: where something is decided late, a redirect comes first.
        check_page(response, error, form, set())
    else:
        check_refused(response)
    assert (backend.connections, runs(front)) == (0, before)


@by_pairs
@every_error_document
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_has_no_error_document(front, backend, form, error, origin, is_allowed):
    """P1, P2, P4"""
    before = runs(front)
    response = ask(front, "OPTIONS", error.path, origin, PREFLIGHT, host=f"{form}.invalid")
    if error.is_mapped and "nowhere" in front.config and form in ("text", "external"):
        assert response.status == (410 if form == "text" else 302), response
        assert response.one("Access-Control-Allow-Origin") == (ALLOWED[1] if is_allowed else None)
    else:
        check_preflight(response, is_allowed)
    assert (backend.connections, runs(front)) == (0, before)


@pytest.mark.parametrize("form", ["file", "script", "proxied"])
def test_the_pages_themselves_are_left_alone(front, backend, form):
    """The twin of them all: asked for directly, a page is in no section that is on."""
    backend.answer("/page", 200, BACKEND_SAYS, b"proxied page")
    response = ask(front, "POST", FORMS[form].argument, UNKNOWN)
    assert (response.status, response.body, response.one("Vary")) == (200, FORMS[form].body, None)
    assert ("Access-Control-Allow-Origin", "*") in response.cors()
