# SPDX-License-Identifier: Apache-2.0
"""What a decision shows to other modules: environment variables and notes (A19 to A21)."""

import pytest

import httpd
from cors import ALLOWED, PREFLIGHT, SETTINGS, UNKNOWN, ask

SHOW = """
Header always set X-Verdict "%{OCAPI_CORS_VERDICT}e"
Header always set X-Reason "%{OCAPI_CORS_REASON}e"
Header always set X-Client "%{OCAPI_CORS_CLIENT}e"
Header always set X-Site "%{OCAPI_CORS_SITE}e"
"""
CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCorsSite Shop
<Location "/api">
    OcapiCors On
</Location>
<Location "/api/one">
    OcapiCorsSite S
</Location>
<Location "/report">
    OcapiCors ReportOnly
</Location>
<VirtualHost *:${PORT}>
    ServerName shown.example
""" + SHOW + """
    # The next two lines are those of docs/deployment.md.
    Header always set Timing-Allow-Origin "expr=%{HTTP:Origin}" "expr=reqenv('OCAPI_CORS_VERDICT') == 'allow'"
    CustomLog "${ROOT}/refused.log" "%h %{Origin}i %U %{ocapi_cors_reason}n" "expr=reqenv('OCAPI_CORS_VERDICT') == 'refuse'"
    RequestHeader set X-Told "%{OCAPI_CORS_VERDICT}e %{OCAPI_CORS_SITE}e"
    ProxyPass "/api/backend" "${BACKEND}/api/backend"
    ProxyPass "/report/backend" "${BACKEND}/report/backend"
    ErrorDocument 404 /api/file
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName rewritten.example
""" + SHOW + """
    RewriteEngine On
    RewriteRule "^/api/old" "/api/file" [PT]
    <Directory "${ROOT}/htdocs/api">
        RewriteEngine On
        RewriteRule "^redirected$" "/other/file"
    </Directory>
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName denied.example
    CustomLog "${ROOT}/denied.log" "%{ocapi_cors_verdict}n %{OCAPI_CORS_VERDICT}e %{Origin}i"
    ErrorDocument 404 /denied/link
    <Directory "${ROOT}/htdocs/denied">
        Options None
    </Directory>
</VirtualHost>
"""
FILES = {"htdocs/api/file": "x", "htdocs/denied/file": "x", "htdocs/other/file": "x", "htdocs/index": "x"}


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, modules=["headers", "log_config", "rewrite"], files=FILES,
                              defines={"SETTINGS": SETTINGS, "BACKEND": module_backend.url})


def shown(response):
    """The variables as the response has them; httpd writes (null) for one that is not set."""
    return tuple(response.one(f"X-{name}") for name in ("Verdict", "Reason", "Client", "Site"))


NOTHING = "(null)"
ROWS = [
    ("GET", "/api/file", ALLOWED, [], ("allow", NOTHING, NOTHING, "Shop")),
    ("GET", "/api/file", UNKNOWN, [], ("withhold", "not-listed", NOTHING, "Shop")),
    ("POST", "/api/file", UNKNOWN, [], ("refuse", "not-listed", NOTHING, "Shop")),
    ("OPTIONS", "/api/file", ALLOWED, [PREFLIGHT], ("preflight-allow", NOTHING, NOTHING, "Shop")),
    ("OPTIONS", "/api/file", UNKNOWN, [PREFLIGHT], ("preflight-withhold", "not-listed", NOTHING, "Shop")),
    ("GET", "/api/file", None, [], ("none", NOTHING, NOTHING, NOTHING)),
    ("GET", "/api/file", UNKNOWN, [("x-dw-client-id", "nobody")], ("withhold", "unknown-client", "nobody", "Shop")),
    ("GET", "/api/file?client_id=a%0d%0aX-Evil:%201", UNKNOWN, [],
     ("withhold", "unknown-client", "a??X-Evil: 1", "Shop")),
    ("GET", "/api/file?client_id=%01%1f%7f%20%7e", UNKNOWN, [], ("withhold", "unknown-client", "??? ~", "Shop")),
    ("GET", "/report/file", UNKNOWN, [], ("withhold", "not-listed", NOTHING, "Shop")),
    ("GET", "/api/one/file", UNKNOWN, [], ("withhold", "not-listed", NOTHING, "S")),
    ("GET", "/other/file", UNKNOWN, [], (NOTHING, NOTHING, NOTHING, NOTHING)),
]


@pytest.mark.parametrize("host", ["shown.example", "rewritten.example"])
@pytest.mark.parametrize("method, path, origin, fields, expected", ROWS)
def test_header_lines_see_the_decision(front, host, method, path, origin, fields, expected):
    """A20: "from the moment of the decision", early or late; no text of a client ends a line."""
    response = ask(front, method, path, origin, *fields, host=host)
    assert shown(response) == expected
    assert not response.all("X-Evil")


@pytest.mark.parametrize("path, origin, expected", [
    ("/api/backend/x", ALLOWED, "allow Shop"), ("/api/backend/x", UNKNOWN, "withhold Shop"),
    ("/report/backend/x", UNKNOWN, "withhold Shop"), ("/api/backend/x", None, "none (null)")])
def test_the_backend_can_be_told(front, backend, path, origin, expected):
    """Field case 5.2: "a header for the backend, by verdict" """
    ask(front, "GET", path, origin, host="shown.example")
    assert [dict(r.headers)["X-Told"] for r in backend.requests] == [expected]


def test_a_field_can_depend_on_the_verdict(front):
    """Field case 5.2: `Timing-Allow-Origin` """
    allowed = ask(front, "GET", "/api/file", ALLOWED, host="shown.example")
    assert allowed.one("Timing-Allow-Origin") == ALLOWED[1]
    assert not ask(front, "GET", "/api/file", UNKNOWN, host="shown.example").all("Timing-Allow-Origin")


def test_a_log_of_refusals(front):
    """Section 6: "reads who would be refused and why" """
    def lines():
        return [l for l in (front.root / "refused.log").read_text().splitlines() if "/logged" in l]

    for method, origin in (("GET", UNKNOWN), ("POST", ALLOWED), ("POST", UNKNOWN)):
        ask(front, method, "/api/file/logged", origin, host="shown.example")
    assert httpd.wait_until(lines, "the line of the refusal") == [
        "127.0.0.1 http://bar.com /api/file/logged not-listed"]


@pytest.mark.parametrize("host, path, status", [("shown.example", "/api/none", 404),
                                                ("rewritten.example", "/api/old", 200),
                                                ("rewritten.example", "/api/redirected", 200)])
@pytest.mark.parametrize("origin, verdict", [(ALLOWED, "allow"), (UNKNOWN, "withhold")])
def test_the_decision_is_shown_again_after_an_internal_redirect(front, host, path, status, origin, verdict):
    """A20: "again after each internal redirect", whose environment httpd renames."""
    response = ask(front, "GET", path, origin, host=host)
    assert (response.status, response.one("X-Verdict")) == (status, verdict)


def test_the_decision_is_shown_where_the_request_that_replaces_it_is_refused(front):
    """A20: httpd refuses the page of ErrorDocument, a link, before the module's turn; the log is told nevertheless."""
    front.expect_log("AH00037: Symbolic link not allowed")
    (front.root / "htdocs/denied/link").symlink_to("file")
    for origin, verdict in ((ALLOWED, "allow"), (UNKNOWN, "withhold")):
        response = ask(front, "GET", "/api/none", origin, host="denied.example")
        assert response.status == 404 and bool(response.cors()) == (origin == ALLOWED)
        line = f"{verdict} {verdict} {origin[1]}"
        httpd.wait_until(lambda: line in (front.root / "denied.log").read_text().splitlines(), line)


# Each makes somebody see the variables; the last of each pair does not.
SEEN = [
    ('Header set X-Verdict "%{OCAPI_CORS_VERDICT}e"', [], True),
    ('LogFormat "%{ocapi_cors_verdict}n" words', [], True),
    ('Header set X-Other "%{OTHER}e"', [], False),
    ('<Directory "${ROOT}/htdocs">\nAllowOverride FileInfo\n</Directory>', [], True),
    ('<Directory "${ROOT}/htdocs">\nAllowOverrideList Header\n</Directory>', [], True),
    ('<Directory "${ROOT}/htdocs">\nAllowOverride None\nAllowOverrideList None\n</Directory>', [], False),
    ("", ["cgi"], True), ("", ["cgid"], True), ("", ["proxy_fcgi"], True), ("", ["lua"], True), ("", [], False),
]


@pytest.mark.parametrize("lines, modules, is_seen", SEEN)
def test_what_makes_the_variables_be_written(start_httpd, lines, modules, is_seen):
    """A21: "Both are written where the configuration contains ... anywhere"; whether they are is shown by
    an expression that puts their name together, and so does not contain it."""
    # 'OCAPI_' . 'CORS_VERDICT' is no name that a search of the configuration finds.
    config = f"""
OcapiCorsSettings "${{SETTINGS}}/p.json"
OcapiCors On
{lines}
Header always set X-Seen "expr=%{{reqenv:OCAPI_%{{env:CORS_WORD}}}}"
"""
    server = start_httpd(config, modules=["headers", "log_config", *modules], files=FILES,
                         environment={"CORS_WORD": "CORS_VERDICT"}, defines={"SETTINGS": SETTINGS})
    response = ask(server, "GET", "/index", ALLOWED)
    seen = response.one("X-Seen") or ""
    assert ("allow" in seen) == is_seen, response


def test_a_script_gets_the_variables(start_httpd):
    """Section 3: "a module that hands an environment on"; the twin's policy is off."""
    script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv | grep ^OCAPI_CORS_ | sort\n"
    config = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCorsSite Shop
OcapiCors On
<Location "/off">
    OcapiCors Off
</Location>
""" + httpd.SCRIPTS
    server = httpd.Httpd(config, modules=["cgi", "mime"], defines={"SETTINGS": SETTINGS},
                         files={"htdocs/on/x.cgi": script, "htdocs/off/x.cgi": script})
    for name in ("on", "off"):
        (server.root / f"htdocs/{name}/x.cgi").chmod(0o755)
    with server:
        assert ask(server, "GET", "/on/x.cgi", UNKNOWN).body.decode().split() == [
            "OCAPI_CORS_REASON=not-listed", "OCAPI_CORS_SITE=Shop", "OCAPI_CORS_VERDICT=withhold"]
        assert ask(server, "GET", "/off/x.cgi", UNKNOWN).body == b""
        server.check_log()


@pytest.mark.parametrize("quick", ["On", "Off"])
@pytest.mark.parametrize("line, is_kept_apart", [("Header merge Vary Origin", True), ("", False)])
def test_a_field_by_verdict_under_mod_cache(start_httpd, backend, quick, line, is_kept_apart):
    """H2: docs/deployment.md asks for `Header merge Vary Origin`; without it the cache sends one origin's to all."""
    server = start_httpd(f"""
OcapiCorsSettings "${{SETTINGS}}/p.json"
OcapiCors On
CacheRoot "${{ROOT}}/run"
CacheEnable disk "/"
CacheQuickHandler {quick}
CacheIgnoreNoLastMod On
{line}
Header always set Timing-Allow-Origin "expr=%{{HTTP:Origin}}" "expr=reqenv('OCAPI_CORS_VERDICT') == 'allow'"
<VirtualHost *:${{PORT}}>
    ServerName cached.example
    ProxyPass "/" "${{BACKEND}}/"
</VirtualHost>""", modules=["cache", "cache_disk", "headers"], defines={"SETTINGS": SETTINGS, "BACKEND": backend.url})
    backend.answer("/x", 200, [("Cache-Control", "max-age=100")], b"{}")
    for origin in (ALLOWED, UNKNOWN, None):
        response = ask(server, "GET", "/x", origin, host="cached.example")
        assert bool(response.cors()) == (origin == ALLOWED)
        assert response.all("Timing-Allow-Origin") == (
            [ALLOWED[1]] if origin == ALLOWED or not is_kept_apart else [])
