# SPDX-License-Identifier: Apache-2.0
"""The directives: what each does, what it refuses, how sections merge (A1 to A17)."""

import json

import pytest

import httpd
import wire
from cors import ALLOWED, PREFLIGHT, SETTINGS, UNKNOWN


CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCorsMaxAge 600
OcapiCorsMethods GET PropFind post
<Location "/api">
    OcapiCors On
</Location>
<Location "/api/inherits">
</Location>
<Location "/api/age">
    OcapiCorsMaxAge 0
</Location>
<Location "/api/methods">
    OcapiCorsMethods PUT
</Location>
<Location "/api/methods/none">
    OcapiCorsMethods none
</Location>
<Location "/api/expose">
    OcapiCorsExposeHeaders etag X-Total
</Location>
<Location "/api/expose-none">
    OcapiCorsExposeHeaders None
</Location>
<Location "/api/expose-more">
    OcapiCorsExposeHeaders etag Backend X-Total
</Location>
<Location "/api/expose-backend">
    OcapiCorsExposeHeaders backend
</Location>
<Location "/api/no-credentials">
    OcapiCorsCredentials Off
</Location>
<Location "/api/no-credentials/again">
    OcapiCorsCredentials On
</Location>
<Location "/api/headers">
    OcapiCorsAllowHeaders Content-Type x-dw-client-id
</Location>
<Location "/api/headers/none">
    OcapiCorsAllowHeaders None
</Location>
<Location "/api/headers/requested">
    OcapiCorsAllowHeaders Requested
</Location>
<Location "/api/off">
    OcapiCors Off
</Location>
<Location "/api/report">
    OcapiCors ReportOnly
</Location>
<Location "/api/closed">
    OcapiCorsSettings "${SETTINGS}/closed.json"
</Location>
<Location "/own">
    OcapiCors On
    OcapiCorsSettings "${SETTINGS}/p.json"
</Location>
<Location "/own-slash/">
    OcapiCors On
    OcapiCorsSettings "${SETTINGS}/p.json"
</Location>
<LocationMatch "^/match/">
    OcapiCors On
    OcapiCorsSettings "${SETTINGS}/p.json"
</LocationMatch>
<Directory "${ROOT}/htdocs/dir">
    OcapiCors On
    OcapiCorsSettings "${SETTINGS}/p.json"
</Directory>
<Files "*.guarded">
    OcapiCors On
</Files>
<Location "/if">
    <If "%{HTTP:X-Switch} == 'on'">
        OcapiCors On
    </If>
</Location>
Alias "/aliased" "${ROOT}/htdocs/dir"
ProxyPass "/api" "${BACKEND}/"
ProxyPass "/own" "${BACKEND}/"
ProxyPass "/match" "${BACKEND}/"
ProxyPass "/if" "${BACKEND}/"
"""


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS},
                              files={"htdocs/dir/baskets": "b", "htdocs/x.guarded": "g", "htdocs/x": "x"})


def preflight(front, path, *fields):
    response = front.request("OPTIONS", path, [ALLOWED, PREFLIGHT, *fields])
    assert response.status == 204, response
    return response


@pytest.mark.parametrize("path, age", [("/api/x", "600"), ("/api/inherits/x", "600"),
                                       ("/api/age/x", "0"), ("/api/methods/x", "600")])
def test_max_age(front, path, age):
    """A11, A16"""
    assert preflight(front, path).one("Access-Control-Max-Age") == age


@pytest.mark.parametrize("path, methods", [("/api/x", "GET, POST, PROPFIND"),
                                           ("/api/methods/x", "PUT"), ("/api/methods/none/x", ""),
                                           ("/api/dw/shop/v19_1/baskets", "POST")])
def test_methods(front, path, methods):
    """A7, M3; `OcapiCorsMethods GET` implies no HEAD; methods are written in upper case; None is no method."""
    response = preflight(front, path)
    assert response.one("Access-Control-Allow-Methods") == methods
    assert response.one("Allow") == methods


@pytest.mark.parametrize("path, expose", [("/api/x", "location,x-dw-version-status"),
                                          ("/api/expose/x", "etag,X-Total"),
                                          ("/api/expose-none/x", None)])
def test_expose_headers(front, backend, path, expose):
    """A9"""
    assert front.request("GET", path, [ALLOWED]).one("Access-Control-Expose-Headers") == expose
    backend.answer("/" + path.split("/", 2)[2], 200, [("Access-Control-Expose-Headers", "X-Own")])
    assert front.request("GET", path, [ALLOWED]).one("Access-Control-Expose-Headers") == expose


# With "etag,X-Total" they have 248 bytes, and their end is one more: APR gives a buffer that is short by one no byte more.
LINES = [*(f"n{n}" for n in range(59)), "x" * 9]


@pytest.mark.parametrize("says, more, alone", [
    ([], "etag,X-Total", None), (["Upload-Offset"], "etag,X-Total,Upload-Offset", "Upload-Offset"),
    (["ETag, x-total , Upload-Offset,Upload-Offset"], "etag,X-Total,Upload-Offset", "ETag,x-total,Upload-Offset"),
    (["a", "b,a"], "etag,X-Total,a,b", "a,b"), (["*"], "etag,X-Total", None), (["a,*,b c,\u00e9,,d"], "etag,X-Total,a,d", "a,d"),
    (["Backend"], "etag,X-Total,Backend", "Backend"),
    (LINES, "etag,X-Total," + ",".join(LINES), ",".join(LINES)),
    ([",".join(f"n{n}" for n in range(100))], "etag,X-Total," + ",".join(f"n{n}" for n in range(62)),
     ",".join(f"n{n}" for n in range(64)))])
def test_the_backend_may_name_headers_too(front, backend, says, more, alone):
    """A9: "`Backend` ... adds the backend's ... only where the verdict is allow"."""
    fields = [("Access-Control-Expose-Headers", value) for value in says]
    for place, expose in (("expose-more", more), ("expose-backend", alone)):
        backend.answer(f"/{place}/x", 404, fields)
        response = front.request("GET", f"/api/{place}/x", [ALLOWED])
        assert (response.status, response.one("Access-Control-Expose-Headers")) == (404, expose)
        for origin in ([UNKNOWN], []):
            assert front.request("GET", f"/api/{place}/x", origin).cors() == []
        preflight = front.request("OPTIONS", f"/api/{place}/x", [ALLOWED, PREFLIGHT])
        assert preflight.one("Access-Control-Expose-Headers") is None


@pytest.mark.parametrize("path, credentials", [("/api/x", "true"), ("/api/no-credentials/x", None),
                                               ("/api/no-credentials/again/x", "true")])
def test_credentials(front, backend, path, credentials):
    """A10"""
    name = "Access-Control-Allow-Credentials"
    assert front.request("GET", path, [ALLOWED]).one(name) == credentials
    assert preflight(front, path).one(name) == credentials


@pytest.mark.parametrize("path, granted", [
    ("/api/x", ["X-A", "content-type"]), ("/api/headers/x", ["content-type"]),
    ("/api/headers/requested/x", ["X-A", "content-type"]), ("/api/headers/none/x", [])])
def test_allow_headers(front, path, granted):
    """A8, P5: a forbidden name is never granted; None is no header."""
    asked = ("Access-Control-Request-Headers", "X-A, content-type, cookie")
    assert preflight(front, path, asked).tokens("Access-Control-Allow-Headers") == granted


def test_off(front, backend):
    backend.answer("/off/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = front.request("POST", "/api/off/x", [UNKNOWN])
    assert response.status == 200 and response.cors() == [("Access-Control-Allow-Origin", "*")]


def test_report_only(front, backend):
    """A1: Judges and logs, touches nothing."""
    backend.answer("/report/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = front.request("POST", "/api/report/x", [UNKNOWN])
    assert response.status == 200 and response.cors() == [("Access-Control-Allow-Origin", "*")]
    assert response.one("Vary") is None
    front.wait_log(r'OCORS0012: report only: not-listed: origin "http://bar.com", client "", POST "/api/report/x"; '
                   r'site "-"; answer if On: 401$')


def test_a_refusal_is_logged_with_its_reason(front):
    front.request("PUT", "/api/x", [("Origin", "https://foo.com")])
    front.wait_log(r'OCORS0010: refused: scheme-differs: origin "https://foo.com", client "", PUT "/api/x"; site "-"; '
                   r'answer: 401; nearest listed origin "http://foo.com"$')
    front.request("GET", "/api/dw/x", [("Origin", "http://foo.com:80")])
    front.wait_log(r'OCORS0011: nothing granted: port-differs: origin "http://foo.com:80", client "", GET "/api/dw/x"; site "-"; '
                   r'answer: passes without permission; nearest listed origin "http://foo.com"$')


def test_what_is_logged_cannot_forge_lines(front):
    """The closed words come first, what was sent is cut and has no quote of its own."""
    front.request("GET", "/api/" + "y" * 5000, [("Origin", 'http://x\t": not-listed "' + "z" * 2000)])
    line = front.wait_log("OCORS0011: .*zzz").text
    assert r"""granted: list-member: origin "http://x\t': not-listed 'zzz""" in line, line
    assert line.count("z") < 260 and line.count("y") < 260


def test_a_section_replaces_the_documents(front):
    response = front.request("POST", "/api/closed/x", [ALLOWED])
    assert response.status == 401 and b'"_v":"21.10"' in response.body


def test_an_origin_of_any_length(start_httpd):
    """R2, R9: the response has the configured text, whole and alone, whatever room it takes."""
    origins = [f"https://{'a' * length}.example" for length in range(1, 17)]
    server = start_httpd('OcapiCors On\nOcapiCorsSettings "${ROOT}/d.json"', files={
        "d.json": json.dumps({"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": origins}]})})
    for origin in (*origins, " ".join(origins[:8])):
        assert server.request("GET", "/x", [("Origin", origin)]).all("Access-Control-Allow-Origin") == [origin]


@pytest.mark.parametrize("path, methods", [
    ("/own/baskets", "POST"), ("/own/products/1", "GET, HEAD"), ("/own/products%2F1", "GET, HEAD"), ("/own", "GET, POST, PROPFIND"),
    ("/own/v19_1/baskets", "GET, POST, PROPFIND"), ("/own/dw/shop/v19_1/baskets", "POST"),
    ("/own-slash/baskets", "POST"), ("/own-slash/products/1", "GET, HEAD"),
    ("/own-slash/products/" + "x" * 2038, "GET, HEAD"), ("/own-slash/products/" + "x" * 2039, "GET, POST, PROPFIND"),
    ("/match/baskets", "GET, POST, PROPFIND"), ("/dir/baskets", "POST"),
    ("/aliased/baskets", "POST"), ("/dir/dw/shop/v18_1/ranged", "GET, HEAD, DELETE")])
def test_the_sections_own_path(front, path, methods):
    """M1: "without such a prefix: after the section's own path"; M2: of which 2,048 bytes are looked at."""
    response = preflight(front, path)
    assert response.one("Allow") == methods


def test_files_and_if_sections(front, backend):
    assert front.request("POST", "/x.guarded", [UNKNOWN]).status == 401
    assert front.request("GET", "/x.guarded", [ALLOWED]).one("Access-Control-Allow-Origin")
    assert front.request("GET", "/x", [ALLOWED]).cors() == []
    assert front.request("POST", "/if/x", [UNKNOWN, ("X-Switch", "on")]).status == 401
    assert front.request("POST", "/if/x", [UNKNOWN]).status == 200


BASE = 'OcapiCorsSettings "${SETTINGS}/p.json"\n'


@pytest.mark.parametrize("line, said", [
    ("OcapiCors Maybe", "must be On, Off or ReportOnly, not 'Maybe'"),
    ("OcapiCorsMethods", "needs methods, or 'None'"),
    ("OcapiCorsMethods GET *", "the '*' wildcard is not supported"),
    ("OcapiCorsMethods GET,POST", "'GET,POST' is not a valid method"),
    ("OcapiCorsMethods TRACE", "cannot be listed"),
    ("OcapiCorsMethods connect", "CONNECT cannot be listed"),
    ("OcapiCorsExposeHeaders", "needs header names"),
    ("OcapiCorsExposeHeaders *", "the '*' wildcard is not supported"),
    ("OcapiCorsExposeHeaders etag location,x", "is not a valid header name"),
    ('OcapiCorsExposeHeaders "a b"', "is not a valid header name"),
    ("OcapiCorsExposeHeaders etag None", "'None' cannot be combined with other arguments"),
    ("OcapiCorsExposeHeaders Backend None", "'None' cannot be combined with other arguments"),
    ("OcapiCorsAllowHeaders Requested x-a", "'Requested' cannot be combined with other arguments"),
    ("OcapiCorsClientId", "needs 1 to 8 sources"),
    ("OcapiCorsClientId cookie:id", "must be bearer:CLAIM, query:PARAMETER or header:NAME, not 'cookie:id'"),
    ("OcapiCorsClientId query:", "not 'query:'"),
    ("OcapiCorsClientId header:a:b", "'a:b' is not a valid header name"),
    ("OcapiCorsSelfOrigin", "needs On, Off, Asked, or origins"),
    ("OcapiCorsSelfOrigin shop.example", "'shop.example': an origin begins with a scheme and \"://\", and this matches "
     "nothing; did you mean \"https://shop.example\"?"),
    ("OcapiCorsSelfOrigin https://*.example", "'https://*.example': "),
    ("OcapiCorsSite a/b", "'a/b' is not a valid site id"),
    ("OcapiCorsSite ..", "'..' is not a valid site id"),
    ("OcapiCorsAllowHeaders", "needs header names, 'Requested', or 'None'"),
    ("OcapiCorsAllowHeaders *", "the '*' wildcard is not supported"),
    ("OcapiCorsAllowHeaders x:y", "is not a valid header name"),
    # Field case 6.1: what can never work is refused, with the reason.
    *[(f"OcapiCorsAllowHeaders {name}", f"'{name.split()[-1]}' cannot be granted; the browser sets this header itself")
      for name in ("Connection", "Sec-Foo", "proxy-foo", "Origin", "x-a Cookie", "HOST", "Access-Control-Request-Method")],
    *[(f"OcapiCorsExposeHeaders {name}", f"'{name.split()[-1]}' cannot be exposed; browsers show it to no script")
      for name in ("Set-Cookie", "etag set-cookie2")],
    # 6.3: None is one word in every list.
    ("OcapiCorsMethods GET None", "'None' cannot be combined with other arguments"),
    ("OcapiCorsAllowHeaders none x-a", "'none' cannot be combined with other arguments"),
    ("OcapiCorsCredentials Maybe", "must be On or Off"),
    ("OcapiCorsReload soon", "must be Off or a time from 100ms to 24h, such as 5s, not 'soon'"),
    ("OcapiCorsCacheSize 1T", "must be Auto or a number of bytes, optionally with K, M or G after it, not '1T'"),
    ("OcapiCorsCacheSize 1KB", "must be Auto or a number of bytes, optionally with K, M or G after it, not '1KB'"),
    ("OcapiCorsCacheSize 0", "must be Auto or a number of bytes, optionally with K, M or G after it, not '0'"),
    *[(f"OcapiCorsCacheSize {size}", f"must be Auto or a number of bytes, optionally with K, M or G after it, not '{size}'")
      for size in ("9007199254740992K", "8796093022208m", "8589934592G")],  # 2^63
    ("OcapiCorsMaxAge -1", "must be a number of seconds from 0 to 86400, not '-1'"),
    ("OcapiCorsMaxAge 86401", "must be a number of seconds from 0 to 86400, not '86401'"),
    ("OcapiCorsMaxAge 5s", "must be a number of seconds from 0 to 86400, not '5s'"),
    ("OcapiCorsMaxAge 99999999999999999999", "must be a number of seconds from 0 to 86400, not '99999999999999999999'"),
    ("OcapiCorsSettings", "needs 1 to 16 documents"),
    ("OcapiCorsSettings /" + "x" * 5000, "x' is not a valid path of a file"),
    ("OcapiCorsSettingsTree /" + "x" * 5000, "x' is not a valid path of a directory"),
    ("OcapiCorsSettings" + ' "${SETTINGS}/p.json"' * 17, "needs 1 to 16 documents"),
    (BASE + BASE, "already has documents"),
    ("OcapiCorsBadDocument", "takes one argument"),
    ("OcapiCorsBadDocument Off", "must be Refuse or Deny, not 'Off'"),
    *[(f"<VirtualHost *:1>\n{line}\n</VirtualHost>", f"{line.split()[0]} cannot occur within <VirtualHost> section")
      for line in ("OcapiCorsBadDocument Deny", "OcapiCorsReload 1s", "OcapiCorsCacheSize 1M")],
])
def test_refused_at_configtest(line, said):
    status, output = httpd.configtest(line, defines={"SETTINGS": SETTINGS})
    assert status != 0 and said in output, output


@pytest.mark.parametrize("line", [
    "OcapiCorsClientId query:id HEADER:X-Id bearer:sub", "OcapiCorsSelfOrigin off",
    "OcapiCorsSelfOrigin https://shop.example http://localhost:3000", "OcapiCorsSite Site-1",
    "OcapiCorsBadDocument deny", "OcapiCorsBadDocument Refuse",
    "OcapiCors off", "OcapiCorsMethods GET M-SEARCH", "OcapiCorsExposeHeaders etag", "OcapiCorsExposeHeaders Backend", "OcapiCorsExposeHeaders backend ETag", "OcapiCorsExposeHeaders none",
    "OcapiCorsAllowHeaders requested", "OcapiCorsAllowHeaders none", "OcapiCorsMethods none", "OcapiCorsClientId None",
    "OcapiCorsAllowHeaders X-Sec-Foo content-type", "OcapiCorsExposeHeaders cookie", "OcapiCorsCredentials off", "OcapiCorsMaxAge 0",
    "OcapiCorsCacheSize auto", "OcapiCorsCacheSize 67108864", "OcapiCorsCacheSize 1g",
    "OcapiCorsMaxAge 86400", "OcapiCorsSettings" + ' "${SETTINGS}/p.json"' * 16, BASE,
    BASE + '<Location "/x">\n' + BASE + '</Location>',
    "OcapiCors On\n" + BASE, BASE + '<Location "/x">\nOcapiCors On\n</Location>',
    '<Location "/x">\n' + BASE + 'OcapiCors ReportOnly\n</Location>'])
def test_accepted_at_configtest(line):
    """The twins."""
    status, output = httpd.configtest(line, defines={"SETTINGS": SETTINGS})
    assert status == 0 and output.splitlines()[-1] == "Syntax OK", output


LOCATION = '<Location "%s">\n%s\n</Location>\n'


@pytest.mark.parametrize("config", [
    "OcapiCors On", LOCATION % ("/x", "OcapiCors ReportOnly"),
    LOCATION % ("/a", BASE) + LOCATION % ("/b", "OcapiCors On"),
    LOCATION % ("/a", BASE) + LOCATION % ("/ab", "OcapiCors On"),
    "<VirtualHost *:1>\n" + BASE + "</VirtualHost>\n<VirtualHost *:1>\nServerName b\n"
    "OcapiCors On\n</VirtualHost>"])
def test_on_without_documents_is_refused(config):
    """A17"""
    status, output = httpd.configtest(config, defines={"SETTINGS": SETTINGS})
    assert status != 0 and "OCORS0006" in output and "httpd.conf:" in output, output


@pytest.mark.parametrize("config", [
    LOCATION % ("/a", BASE) + LOCATION % ("/a/b", "OcapiCors On"),
    LOCATION % ("/", BASE) + LOCATION % ("/b", "OcapiCors On"),
    "OcapiCors On\n<VirtualHost *:1>\n" + BASE + "</VirtualHost>"])
def test_on_with_documents_from_elsewhere_is_accepted(config):
    status, output = httpd.configtest(config, defines={"SETTINGS": SETTINGS})
    assert status == 0, output


@pytest.mark.parametrize("limit", ["<Limit GET>", "<LimitExcept GET>"])
def test_refused_in_limit(limit):
    """A15: It would switch the policy for every method."""
    end = limit.split()[0].replace("<", "</") + ">"
    status, output = httpd.configtest(BASE + LOCATION % ("/x", f"{limit}\nOcapiCors Off\n{end}"),
                                      defines={"SETTINGS": SETTINGS})
    assert status != 0 and "OCORS0013" in output and "httpd.conf:" in output, output


def test_not_in_htaccess(start_httpd):
    """A15: A document named there would be read by workers at request time."""
    server = start_httpd('<Directory "${ROOT}/htdocs">\nAllowOverride All\n</Directory>',
                         files={"htdocs/.htaccess": "OcapiCors On\n", "htdocs/x": "x"})
    server.expect_log("OcapiCors not allowed here")
    assert server.request("GET", "/x").status == 500


def test_the_reason_is_looked_for_where_it_is_shown(start_httpd):
    """A19, section 3, reasons: a LogFormat that names it has it, whatever the log level; also of an origin that has been
    counted before. One connection of prefork: its requests share one part of the memory."""
    server = start_httpd("""
        LogLevel ocapi_cors:warn
        LogFormat "%{ocapi_cors_verdict}n %{ocapi_cors_reason}n" verdicts
        <VirtualHost *:${PORT}>
            CustomLog "${ROOT}/verdicts.log" verdicts
            OcapiCors On
            OcapiCorsSettings "${SETTINGS}/p.json"
        </VirtualHost>""", modules=["log_config"], defines={"SETTINGS": SETTINGS}, mpm="prefork")
    with server.connection() as connection:
        for origin in (("Origin", "https://foo.com"), ("Origin", "https://foo.com"), ALLOWED):
            connection.send(wire.build("GET", "/x", [origin], close=False))
            assert connection.read("GET").status == 404
    path = server.root / "verdicts.log"
    httpd.wait_until(lambda: path.exists() and path.read_text().count("\n") == 3, "all are logged")
    assert sorted(path.read_text().splitlines()) == ["allow -", "withhold scheme-differs", "withhold scheme-differs"]
    assert "OCORS0011" not in server.log_text()
