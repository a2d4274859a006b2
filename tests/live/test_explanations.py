# SPDX-License-Identifier: Apache-2.0
"""OcapiCorsExplain: each covered response says what was decided, and why (A49)."""

import pytest

from cors import ALLOWED, BACKEND_SAYS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check

CONFIG = f"""
<VirtualHost *:${{PORT}}>
    ServerName own.example
    OcapiCorsSettings {SETTINGS}/p.json
    LogLevel ocapi_cors:warn
    ProxyPass "/api" "${{BACKEND}}"
    <Location "/">
        OcapiCors On
        OcapiCorsExplain On
    </Location>
    <Location "/off">
        OcapiCorsExplain Off
    </Location>
    <Location "/report">
        OcapiCors ReportOnly
    </Location>
    <Location "/plain-report">
        OcapiCors ReportOnly
        OcapiCorsExplain Off
    </Location>
    <Location "/none">
        OcapiCors Off
    </Location>
</VirtualHost>
"""
FILES = {f"htdocs/{name}page": "page\n" for name in ("", "off/", "report/", "plain-report/", "none/")}
NAME = "OCAPI-CORS-Explain"
NULL, EMPTY, SLASH = ("Origin", "null"), ("Origin", ""), ("Origin", "http://foo.com/")
PORT, SCHEME = ("Origin", "http://foo.com:8080"), ("Origin", "https://foo.com")


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    server = module_start_httpd(CONFIG, files=FILES, defines={"BACKEND": module_backend.url})
    server.expect_log("OCORS0029")
    return server


ROWS = [
    ("GET", None, (), "none; reason=none"), ("GET", ALLOWED, (), "allow; reason=none"),
    ("HEAD", ALLOWED, (), "allow; reason=none"), ("GET", UNKNOWN, (), "withhold; reason=not-listed"),
    ("POST", UNKNOWN, (), "refuse; reason=not-listed"), ("POST", NULL, (), "refuse; reason=null"),
    ("GET", EMPTY, (), "withhold; reason=empty"), ("POST", SLASH, (), "refuse; reason=trailing-slash"),
    ("POST", PORT, (), "refuse; reason=port-differs"), ("GET", SCHEME, (), "withhold; reason=scheme-differs"),
    ("OPTIONS", ALLOWED, (PREFLIGHT,), "preflight-allow; reason=none"),
    ("OPTIONS", UNKNOWN, (PREFLIGHT,), "preflight-withhold; reason=not-listed"),
]


@pytest.mark.parametrize("method, origin, fields, expected", ROWS)
def test_what_a_response_says(front, method, origin, fields, expected):
    """A49: the verdict and the reason, for whatever is answered; the reason also where no log line and no note asks."""
    for path in ("/page", "/missing", "/api/x"):
        assert ask(front, method, path, origin, *fields).all(NAME) == [expected], path


def test_not_modified(front):
    first = ask(front, "GET", "/page", ALLOWED)
    again = ask(front, "GET", "/page", UNKNOWN, ("If-None-Match", first.one("ETag")))
    assert again.status == 304 and again.all(NAME) in ([], ["withhold; reason=not-listed"]), again


@pytest.mark.parametrize("method, origin, fields, expected", ROWS)
def test_where_it_is_off(front, method, origin, fields, expected):
    """A49, its twin: a section that says Off, and one without a policy, say nothing."""
    for path in ("/off/page", "/none/page", "/plain-report/page"):
        assert ask(front, method, path, origin, *fields).all(NAME) == [], path


@pytest.mark.parametrize("method, origin, fields, expected", ROWS)
def test_report_only(front, method, origin, fields, expected):
    """A49: with ReportOnly it is what On would decide, and the only change of a response."""
    told = ask(front, method, "/report/page", origin, *fields)
    plain = ask(front, method, "/plain-report/page", origin, *fields)
    assert told.all(NAME) == [expected] and told.status == plain.status and told.body == plain.body
    assert [f for f in told.headers if f[0] not in (NAME, "Date", "ETag", "Last-Modified")] == [
        f for f in plain.headers if f[0] not in ("Date", "ETag", "Last-Modified")]


def test_a_backend_says_it_too(front, module_backend):
    """A49, H1: one header, ours, whatever a backend says."""
    module_backend.answer("/x", headers=[*BACKEND_SAYS, (NAME, "allow; reason=none"), (NAME.lower(), "x")])
    response = ask(front, "GET", "/api/x", UNKNOWN)
    check(response, 200, set())
    assert response.all(NAME) == ["withhold; reason=not-listed"], response


def test_a_start_warns(start_httpd):
    """OCORS0029: each line that says On, with its place; Off and no line say nothing."""
    config = CONFIG.replace("${BACKEND}", "http://127.0.0.1:9")
    server = start_httpd(config, files=FILES)
    server.expect_log("OCORS0029")
    lines = [line for line in server.log_text().splitlines() if "OCORS0029" in line]
    number = next(n for n, line in enumerate((server.root / "httpd.conf").read_text().splitlines(), 1)
                  if "OcapiCorsExplain On" in line)
    assert len(lines) == 1 and f"httpd.conf:{number}: OcapiCorsExplain is on" in lines[0]
