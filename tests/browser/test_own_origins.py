# SPDX-License-Identifier: Apache-2.0
"""Own origins in a real browser (R10): what it says of its own pages' requests, over http, https and HTTP/2, and
what a sibling's page can do: read where it is listed, and nothing where it is not. Chromium sends Sec-Fetch-Site
to https alone (and to localhost), and rightly says same-site of a sibling."""

import json

import pytest

import httpd
from shop import PAGES, certificate

COOKIE = "session=1; Path=/; Domain=hosting.test; SameSite=Lax"
FORMAT = ("%m\\t%U\\t%>s\\t%{ocapi_cors_verdict}n\\t%{ocapi_cors_reason}n\\t%H\\t%{Origin}i\\t%{Sec-Fetch-Site}i\\t"
          "%{Cookie}i")
HOST = """
<VirtualHost 127.0.0.1:${{{port}}}>
    ServerName hosting.test
    ServerAlias *.hosting.test localhost
    {tls}
</VirtualHost>
"""
CONFIG = """
TypesConfig /dev/null
AddType text/html .html
AddType text/javascript .js
# mod_ssl's warnings (no session cache, OpenSSL's version) are not what is tested.
LogLevel ssl:error
LogFormat "FORMAT" rows
CustomLog "${ROOT}/access.log" rows
Header always set Referrer-Policy no-referrer "expr=%{REQUEST_URI} == '/login.html'"
ProxyPass "/api" "${BACKEND}/api"
<Location "/api">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/settings.json"
</Location>
""".replace("FORMAT", FORMAT) + HOST.format(port="PORT", tls="") + HOST.format(
    port="PORT2", tls='SSLEngine On\nSSLCertificateFile "${ROOT}/tls.pem"\nProtocols h2 http/1.1') + HOST.format(
    port="PORT3", tls='SSLEngine On\nSSLCertificateFile "${ROOT}/tls.pem"\nProtocols http/1.1')
PORTS = {"http": ("http", 1, "HTTP/1.1"), "h2": ("https", 2, "HTTP/2.0"), "https": ("https", 3, "HTTP/1.1")}
EVERY_PORT = pytest.mark.parametrize("port", PORTS)
EVERY_TLS = pytest.mark.parametrize("port", ["h2", "https"])


class Hosting:
    """One virtual host with many names, of tenants that do not trust each other; `listed` is on the list."""

    def __init__(self, start, backend, folder):
        self.number = 0
        files = {f"htdocs/{path.name}": path.read_text() for path in PAGES.iterdir()}
        files["htdocs/login.html"] = files["htdocs/page.html"]
        files["tls.pem"] = certificate(folder)
        files["settings.json"] = json.dumps({"_v": "19.1", "clients": [
            {"client_id": "spa", "allowed_origins": ["https://nobody.test"]}]})
        self.server = start(CONFIG, ports=3, files=files, defines={"BACKEND": backend.url},
                            modules=["headers", "http2", "log_config", "mime", "socache_shmcb", "ssl"])
        origins = [self.origin("listed", port) for port in PORTS]
        self.server.write("settings.json", json.dumps({"_v": "19.1", "clients": [
            {"client_id": "spa", "allowed_origins": origins}]}))
        self.server.restart()

    def origin(self, tenant, port, suffix=".hosting.test"):
        scheme, number, _ = PORTS[port]
        return f"{scheme}://{tenant}{suffix}:{self.server.port_number(number)}"

    def path(self):
        self.number += 1
        return f"/api/{self.number}"

    def row(self, path):
        """(method, status, verdict, reason, protocol, Origin, Sec-Fetch-Site, Cookie) of the one request."""
        def find():
            lines = (self.server.root / "access.log").read_text().split("\n")[:-1]
            return [line.split("\t") for line in lines if line.split("\t")[1] == path]

        row, = httpd.wait_until(find, f"the line of {path}")
        return [row[0], *row[2:]]


@pytest.fixture(scope="module")
def hosting(module_start_httpd, module_backend, tmp_path_factory):
    return Hosting(module_start_httpd, module_backend, tmp_path_factory.mktemp("own-tls"))


@pytest.fixture
def chromium(hosting, module_browser):
    """The module's browser: it ends before the servers do."""
    module_browser.forget()
    return module_browser


def by_form(browser, url):
    browser.call("submitForm", url, "application/x-www-form-urlencoded", False)


def by_fetch(browser, url):
    browser.ask(url, method="POST", body="a=1", headers={"content-type": "text/plain"}, credentials="include")


EVERY_WAY = pytest.mark.parametrize("way", [by_form, by_fetch])


@pytest.mark.pairwise("port", "way", strength=1)
@EVERY_PORT
@EVERY_WAY
def test_an_own_page_posts(hosting, chromium, backend, port, way):
    """R10: its host is the one that it asks, whichever of the names."""
    path, own = hosting.path(), hosting.origin("a", port)
    chromium.open(own)
    way(chromium, own + path)
    row = hosting.row(path)
    site = "same-origin" if port != "http" else "-"
    assert row[:7] == ["POST", "200", "none", "-", PORTS[port][2], own, site]
    assert [request.method for request in backend.requests] == ["POST"]


@EVERY_TLS
def test_an_own_login_page_with_no_referrer_posts(hosting, chromium, backend, port):
    """R10 a): the form's Origin is null, and the browser says same-origin."""
    path, own = hosting.path(), hosting.origin("a", port)
    chromium.open(own, "/login.html")
    by_form(chromium, own + path)
    assert hosting.row(path)[:7] == ["POST", "200", "none", "-", PORTS[port][2], "null", "same-origin"]
    assert len(backend.requests) == 1


@EVERY_PORT
def test_a_siblings_login_page_with_no_referrer_does_not(hosting, chromium, backend, port):
    """R7, the twin: null from another tenant; and over http nobody can tell."""
    chromium.open(hosting.origin("evil", port), "/login.html")
    path = hosting.path()
    by_form(chromium, hosting.origin("a", port) + path)
    site = "same-site" if port != "http" else "-"
    assert hosting.row(path)[:7] == ["POST", "401", "refuse", "null", PORTS[port][2], "null", site]
    assert (backend.requests, backend.connections) == ([], 0)


def test_localhost(hosting, chromium, backend):
    """R10 a): Chromium trusts it over http, too: a developer's own page."""
    own = hosting.origin("localhost", "http", "")
    path = hosting.path()
    chromium.open(own, "/login.html")
    by_form(chromium, own + path)
    assert hosting.row(path)[:7] == ["POST", "200", "none", "-", "HTTP/1.1", "null", "same-origin"]
    assert len(backend.requests) == 1


@pytest.mark.pairwise("port", "way", strength=1)
@EVERY_PORT
@EVERY_WAY
def test_a_sibling_that_is_not_listed_does_not_post(hosting, chromium, backend, port, way):
    """R10: the victim's cookie goes along, and nothing runs."""
    victim, evil, path = hosting.origin("victim", port), hosting.origin("evil", port), hosting.path()
    chromium.open(victim)
    chromium.driver.execute_script("document.cookie = arguments[0]", COOKIE)
    chromium.open(evil)
    way(chromium, victim + path)
    method, status, verdict, reason, _, origin, site, cookie = hosting.row(path)
    assert (method, status, verdict, reason, origin) == ("POST", "401", "refuse", "not-listed", evil)
    assert (site, cookie) == ("same-site" if port != "http" else "-", "session=1")
    assert (backend.requests, backend.connections) == ([], 0)


@pytest.mark.pairwise("port", "method", strength=1)
@EVERY_PORT
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_listed_sibling_reads(hosting, chromium, backend, port, method):
    """R2, R4, P1: the list goes first, also for a name of the same virtual host."""
    asked, path = hosting.origin("a", port), hosting.path()
    backend.answer(path, headers=[("Content-Type", "application/json")], body=b'{"read":1}')
    for sibling, told in (("listed", ("read", 200, '{"read":1}')), ("evil", ("failed", None, None))):
        answer = chromium.ask_from(hosting.origin(sibling, port), asked + path, method=method)
        assert (answer.outcome, answer.status, answer.body) == told, sibling
    assert len(backend.requests) == (2 if method == "GET" else 1)


def test_http_is_not_own_to_https(hosting, chromium, backend):
    """R10: the same name; the browser calls it cross-site."""
    path, own = hosting.path(), hosting.origin("a", "http")
    chromium.open(own)
    by_form(chromium, hosting.origin("a", "h2") + path)
    row = hosting.row(path)
    assert (row[1:4], row[5:7]) == (["401", "refuse", "own-scheme-differs"], [own, "cross-site"])
    assert backend.requests == []
