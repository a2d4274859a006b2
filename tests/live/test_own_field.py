# SPDX-License-Identifier: Apache-2.0
"""Own origins as people met them (R10); where a virtual host's names
come from; and what the log tells the administrator to do."""

import json
import re
import ssl
import subprocess

import pytest

import httpd
import wire
from cors import check_preflight, check_refused, granted

FOO = ("Origin", "http://foo.com")  # the origin that every document here lists, beside a sibling's
BACKEND_SAYS = [("Access-Control-Allow-Origin", "*"), ("X-Backend", "here")]
# {names} are ServerName and ServerAlias.
HOST = """
<VirtualHost *:${{{port}}}>
    {names}
    ProxyPass "/" "${{BACKEND}}/"
    {tls}
</VirtualHost>
"""
HOSTS = {
    "api": "ServerName api.shop.example\nServerAlias www.shop.example m.shop.example",
    "hosting": "ServerName hosting.example\nServerAlias *.hosting.example",
    "shop": "ServerName shop.example",
    "app": "ServerName app",
    "mapped": "ServerName mapped.example\nOcapiCorsSelfOrigin Asked",
}
TLS = 'SSLEngine On\nSSLCertificateFile "${ROOT}/tls.pem"\nProtocols h2 http/1.1'
CONFIG = """
OcapiCorsSettings "${ROOT}/d.json"
OcapiCors On
# mod_ssl's warnings (no session cache, OpenSSL's version) are not what is tested.
LogLevel ssl:error
LogFormat "%{x-row}i %{ocapi_cors_verdict}n %{ocapi_cors_reason}n" verdicts
CustomLog "${ROOT}/access.log" verdicts
""" + "".join(HOST.format(port=port, names=names, tls=tls) for port, tls in (("PORT", ""), ("PORT2", TLS))
              for names in HOSTS.values())


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": "spa", "allowed_origins": [FOO[1], *origins]}]})


def certificate(folder):
    """A key and a certificate that it signed itself, in one text."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=shop.example"],
                   check=True, capture_output=True)
    return (folder / "key.pem").read_text() + (folder / "cert.pem").read_text()


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend, tmp_path_factory):
    return module_start_httpd(CONFIG, modules=["log_config", "socache_shmcb", "ssl", "http2"], ports=2,
                              files={"tls.pem": certificate(tmp_path_factory.mktemp("tls")),
                                     "d.json": document("http://www.shop.example", "http://www.shop.example:8080")},
                              defines={"BACKEND": module_backend.url})


def send(front, host, origin, *fields, method="POST", secure=False, body=b""):
    fields = [("Origin", origin), *fields]
    with front.connection(front.port_number(2 if secure else 1)) as connection:
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection.socket = context.wrap_socket(connection.socket, server_hostname=host.split(":")[0])
        connection.send(wire.build(method, "/x", fields, body, host=host))
        return connection.read(method)


def reason_of(front, host, origin, *fields, **keywords):
    """The reason of a request that is refused, as the access log has it."""
    log = front.root / "access.log"
    row = f"row{len(log.read_text().splitlines()) if log.exists() else 0}"
    check_refused(send(front, host, origin, *fields, ("X-Row", row), **keywords))
    lines = httpd.wait_until(lambda: [line for line in log.read_text().splitlines() if line.startswith(row + " ")],
                             f"the line of {row}")
    return lines[-1].split()[2]


def check_passes(front, backend, host, origin, *fields, **keywords):
    """As R1: it runs, and nothing of it is cross-origin."""
    backend.answer("/x", 200, BACKEND_SAYS, b"{}")
    before = len(backend.requests)
    response = send(front, host, origin, *fields, **keywords)
    assert (response.status, response.cors(), response.one("X-Backend")) == (200, [], "here"), response
    assert response.tokens("Vary") == ["Origin"]
    assert len(backend.requests) == before + 1


def check_runs_nothing(backend):
    assert backend.connections == 0


SAME_ORIGIN = ("Sec-Fetch-Site", "same-origin")
PREFLIGHT = ("Access-Control-Request-Method", "POST")
JSON, TEXT = ("Content-Type", "application/json"), ("Content-Type", "text/plain")

# ---- The rows ----


@pytest.mark.parametrize("method, field", [("GET", None), ("POST", JSON), ("POST", TEXT)])
def test_1_1_a_listed_sibling_is_decorated(front, backend, method, field):
    """R10: "The list goes first: what is listed is decorated, own or not"."""
    backend.answer("/x", 200, BACKEND_SAYS, b"{}")
    for host in ("api.shop.example", "www.shop.example"):
        for port in ("", ":8080"):
            sibling = ("Origin", f"http://www.shop.example{port}")
            response = send(front, host + port, sibling[1], *filter(None, [field]), method=method,
                            body=b"1" if field else b"")
            assert (response.status, set(response.cors())) == (200, granted(sibling)), host
    assert len(backend.requests) == 4


def test_1_1_its_preflight_is_answered(front, backend):
    for port in ("", ":8080"):
        sibling = f"http://www.shop.example{port}"
        response = send(front, f"api.shop.example{port}", sibling, PREFLIGHT, method="OPTIONS")
        assert (response.status, response.one("Access-Control-Allow-Origin")) == (204, sibling)
    check_preflight(send(front, "api.shop.example:81", "http://www.shop.example:81", PREFLIGHT, method="OPTIONS"),
                    False)
    check_runs_nothing(backend)


def test_1_2_a_tenant_of_a_wildcard_does_not_post_to_another(front, backend):
    host = "victim.hosting.example:8080"
    for fields in ([], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "none")]):
        assert reason_of(front, host, "http://evil.hosting.example:8080", *fields) == "not-listed"
    check_runs_nothing(backend)
    check_passes(front, backend, host, "http://victim.hosting.example:8080")
    check_passes(front, backend, "evil.hosting.example:8080", "http://evil.hosting.example:8080")


@pytest.mark.parametrize("host, other", [("api.shop.example:81", "m.shop.example:81"),
                                         ("m.shop.example:81", "api.shop.example:81"),
                                         ("hosting.example", "a.hosting.example"),
                                         ("a.hosting.example", "hosting.example")])
def test_1_3_one_name_is_another_origin_for_another_name(front, backend, host, other):
    assert reason_of(front, host, f"http://{other}") == "not-listed"
    check_runs_nothing(backend)
    check_passes(front, backend, host, f"http://{host}")


@pytest.mark.parametrize("site", [None, "cross-site", "none"])
def test_1_4_http_is_not_own_where_https_is_served(front, backend, site):
    fields = [("Sec-Fetch-Site", site)] if site else []
    assert reason_of(front, "shop.example", "http://shop.example", *fields, secure=True) == "own-scheme-differs"
    check_runs_nothing(backend)
    check_passes(front, backend, "shop.example", "https://shop.example", secure=True)


@pytest.mark.parametrize("secure", [False, True])
def test_1_5_own_page_with_no_referrer(front, backend, secure):
    """A page with `Referrer-Policy: no-referrer` sends `Origin: null`; without the browser's word: R7."""
    for fields in ([], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
                   [("Sec-Fetch-Site", "none")], [SAME_ORIGIN, SAME_ORIGIN]):
        assert reason_of(front, "shop.example", "null", *fields, secure=secure) == "null"
    assert reason_of(front, "rebound.example", "null", SAME_ORIGIN, secure=secure) == "null"
    check_runs_nothing(backend)
    check_passes(front, backend, "shop.example", "null", SAME_ORIGIN, secure=secure)


def test_1_6_tls_ends_in_front(front, backend):
    check_passes(front, backend, "shop.example", "https://shop.example")
    assert reason_of(front, "shop.example", "https://shop.example:8443") == "own-port-differs"
    assert reason_of(front, "shop.example", "ftp://shop.example") == "own-scheme-differs"


def test_1_7_a_published_port(front, backend):
    check_passes(front, backend, "app:8443", "https://app:8443")
    assert reason_of(front, "app:8443", "https://app") == "own-port-differs"


def test_1_7a_a_proxy_in_front_replaces_host(front, backend):
    """The log says what to do, and of whom it speaks. (Here any name is the first virtual host's.)"""
    host, own = "backend.internal", "http://api.shop.example"
    assert reason_of(front, host, own) == "own-host-unknown"
    line = front.wait_log("OCORS0010: refused: own-host-unknown").text
    assert f'origin "{own}"' in line and f'asked host "{host}"' in line
    for said in ("ServerAlias", "ProxyPreserveHost On", "OcapiCorsSelfOrigin"):
        assert said in line
    assert reason_of(front, host, "https://api.shop.example") == "own-host-unknown"
    assert reason_of(front, host, "http://evil.example") == "not-listed"
    assert reason_of(front, "api.shop.example", "https://public.example", SAME_ORIGIN) == "own-host-unknown"
    check_runs_nothing(backend)
    check_passes(front, backend, host, "https://api.shop.example", SAME_ORIGIN)
    check_passes(front, backend, host, own, SAME_ORIGIN)


def test_1_7b_mapped_domains(front, backend, start_httpd, module_backend):
    """`ServerAlias *` does not configure a name; with `OcapiCorsSelfOrigin Asked` any host counts as configured."""
    host, own = "customer.example", "https://customer.example"
    config = ('OcapiCorsSettings "${ROOT}/d.json"\nOcapiCors On\n<VirtualHost *:${PORT}>\nServerAlias *\n'
              'ServerName mapped.example\nProxyPass "/" "${BACKEND}/"\n%s\n</VirtualHost>')
    for line, passes in (("", False), ("OcapiCorsSelfOrigin On", False), ("OcapiCorsSelfOrigin Asked", True)):
        server = start_httpd(config % line, files={"d.json": document()}, defines={"BACKEND": module_backend.url})
        response = server.request("POST", "/x", [("Origin", own)], host=host)
        assert response.status == (200 if passes else 401), line
        if not passes:
            server.wait_log('own-host-unknown: origin "https://customer.example"')
        assert server.request("POST", "/x", [("Origin", own)], host="other.example").status == 401
    assert len(backend.requests) == 1


def test_1_8_asked_by_address(front, backend, start_httpd, module_backend):
    """Neither the address of <VirtualHost> nor what httpd knows of it is a name; `ServerAlias 127.0.0.1` is."""
    host = f"127.0.0.1:{front.port}"
    assert reason_of(front, host, f"http://{host}") == "own-host-unknown"
    check_runs_nothing(backend)
    config = ('OcapiCorsSettings "${ROOT}/d.json"\nOcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n'
              'ServerName a.example\n%s\nProxyPass "/" "${BACKEND}/"\n</VirtualHost>')
    for line, status in (("", 401), ("ServerAlias 127.0.0.1", 200)):
        server = start_httpd(config % line, files={"d.json": document()}, defines={"BACKEND": module_backend.url})
        host = f"127.0.0.1:{server.port}"
        assert server.request("POST", "/x", [("Origin", f"http://{host}")], host=host).status == status


def test_1_9_a_rebound_host(front, backend):
    for fields in ([SAME_ORIGIN], []):
        for secure in (False, True):
            scheme = "https" if secure else "http"
            assert reason_of(front, "rebound.example", f"{scheme}://rebound.example", *fields,
                             secure=secure) == "own-host-unknown"
    check_runs_nothing(backend)
    check_passes(front, backend, "shop.example", "http://shop.example", SAME_ORIGIN)


# ---- What the log says ----

def test_the_advice_comes_with_that_reason_alone(front):
    """Section 3: in few words; what a client sent is cut, and cannot end the quotes."""
    reason_of(front, "api.shop.example", "http://evil.example")
    assert "ServerAlias" not in front.wait_log("not-listed").text
    send(front, "api.shop.example", "http://api.shop.example:81")
    assert "ServerAlias" not in front.wait_log("own-port-differs").text
    send(front, "a" * 300 + ".example", "http://api.shop.example")
    line = front.wait_log('asked host "a{256}"').text
    assert len(line) < 1000


def test_report_only_and_withheld_say_it_too(start_httpd):
    config = ('OcapiCorsSettings "${ROOT}/d.json"\nOcapiCors On\n<Location "/report">\nOcapiCors ReportOnly\n'
              '</Location>')
    server = start_httpd(config, files={"d.json": document(), "htdocs/x": "x", "htdocs/report/x": "x"})
    for path, number in (("/x", 11), ("/report/x", 12)):
        server.request("GET", path, [("Origin", "http://example.com")], host="unknown.example")
        assert "ProxyPreserveHost On" in server.wait_log(f"OCORS00{number}: .*own-host-unknown").text


# ---- Where names come from ----

NAMES = [  # lines before the virtual host, its address, its lines, values of Host and whether those are names of it
    ("", "*", "ServerName a.example\nServerAlias b.example c", "a.example b.example c", True),
    ("", "*", "", "example.com", True),  # the main server's, which it inherits
    ("", "*", "ServerAlias b.example", "example.com", True),
    ("", "*", "ServerName a.example", "example.com", False),
    ("", "127.0.0.1", "ServerAlias b.example", "b.example", True),
    ("", "127.0.0.1", "ServerAlias b.example", "example.com", False),  # httpd asks the name server instead
    ("", "127.0.0.1", "ServerAlias b.example", "localhost", False),
    ("", "127.0.0.1", "ServerAlias b.example", "127.0.0.1", False),
    ("", "*", "<IfModule ocapi_cors_module>\nServerName a.example\n</IfModule>", "a.example", True),
    ("", "*", "<IfDefine PORT>\nServerName a.example\n</IfDefine>", "a.example", True),
    ("", "*", '<IfVersion >= 2.4>\nServerName a.example\n</IfVersion>', "a.example", True),
    ("", "*", 'Include "${ROOT}/names.conf"', "included.example", True),
    ("", "*", "servername A.Example:81", "a.example", True),
    ("", "*", "ServerName a.example.", "a.example", True),
    ("", "*", "ServerName a.example", "a.example.", True),
    ("", "*", "ServerName a.example\nServerName b.example", "b.example", True),
    ("", "*", "ServerName a.example\nServerName b.example", "a.example", False),
    ("", "*", "ServerName a.example\nServerAlias b.example c.example\nServerAlias *.d.example", "x.d.example", True),
    ("", "*", "ServerName a.example\nServerAlias [::1]", "[::1]", True),
    ("", "*", "ServerName a.example\nServerAlias ::1", "[::1]", True),
    ("", "*", "ServerName a.example\nServerAlias *.example", "x.example", False),
    ("", "*", "ServerName a.example\nServerAlias b.example:8080", "b.example", True),
    ("<Macro M $n>\n<VirtualHost *:${PORT}>\nServerName $n\nServerAlias *\n</VirtualHost>\n</Macro>\n"
     "Use M a.example\nUse M b.example", "*", "ServerName c.example", "a.example", True),
    ("<Macro M $n $l>\n<VirtualHost 127.0.0.1:${PORT}>\nServerAlias x.$n\n$l\n</VirtualHost>\n</Macro>\n"
     'Use M a.example "ServerName a.example"\nUse M b.example "TimeOut 20"', "*", "", "localhost", False),
    ("<Macro M $n $l>\n<VirtualHost 127.0.0.1:${PORT}>\nServerAlias x.$n\n$l\n</VirtualHost>\n</Macro>\n"
     'Use M a.example "TimeOut 20"\nUse M b.example "ServerName b.example"', "*", "", "b.example", True),
]


@pytest.mark.parametrize("before, address, lines, hosts, is_name", NAMES)
def test_names(start_httpd, before, address, lines, hosts, is_name):
    """R10: "ServerName (or the main server's, where it inherits one that is configured) and ServerAlias"."""
    config = (f'OcapiCorsSettings "${{ROOT}}/d.json"\nOcapiCors On\n{before}\n'
              f'<VirtualHost {address}:${{PORT}}>\n{lines}\n</VirtualHost>')
    server = start_httpd(config, modules=["macro"], files={
        "d.json": document(), "htdocs/x": "x", "names.conf": "ServerName included.example"})
    for host in hosts.split():
        response = server.request("POST", "/x", [("Origin", f"http://{host}:81")], host=f"{host}:81")
        assert (response.status != 401) == is_name, response


# ---- The warning ----

HEAD = 'OcapiCorsSettings "${ROOT}/d.json"\n'
ON = '<Location "/x">\nOcapiCors On\n</Location>\n'
WARNED = [  # configuration, and whether the virtual host at its end is warned of
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "</VirtualHost>", True),
    (HEAD + "<VirtualHost 127.0.0.1:${PORT}>\n", "OcapiCors On\n</VirtualHost>", True),
    (HEAD + "<VirtualHost 127.0.0.1:${PORT}>\n", ON + "</VirtualHost>", True),
    (HEAD + ON + "<VirtualHost 127.0.0.1:${PORT}>\n", "</VirtualHost>", True),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "ServerAlias *\n</VirtualHost>", True),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "ServerName a.example\n</VirtualHost>", False),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "ServerAlias a.example\n</VirtualHost>", False),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "ServerAlias *.a.example\n</VirtualHost>", False),
    (HEAD + "OcapiCors On\n<VirtualHost *:${PORT}>\n", "</VirtualHost>", False),  # it inherits one
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "OcapiCors Off\n</VirtualHost>", False),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "OcapiCorsSelfOrigin Asked\n</VirtualHost>", False),
    (HEAD + "OcapiCors On\n<VirtualHost 127.0.0.1:${PORT}>\n", "OcapiCorsSelfOrigin Off\n</VirtualHost>", False),
    (HEAD + "OcapiCors ReportOnly\n<VirtualHost 127.0.0.1:${PORT}>\n", "</VirtualHost>", False),
    (HEAD + "<VirtualHost 127.0.0.1:${PORT}>\n", "</VirtualHost>\n" + "<VirtualHost *:${PORT}>\nServerName a.example\n"
     + "OcapiCors On\n</VirtualHost>", False),
    (HEAD + "<VirtualHost 127.0.0.1:${PORT}>\n", "</VirtualHost>\n<VirtualHost *:${PORT}>\nServerName a.example\n" + ON
     + "</VirtualHost>", False),  # a section of another virtual host
    (HEAD + "<VirtualHost 127.0.0.1:${PORT}>\n", ON.replace("On", "ReportOnly") + "</VirtualHost>", False),
]


class NamelessServer(httpd.Httpd):
    """The main server has no ServerName: httpd finds a name for itself, and says so."""

    def _base(self, nonce, ports):
        base = super()._base(nonce, ports)
        assert "\nServerName http://example.com\n" in base
        return base.replace("\nServerName http://example.com\n", "\n")


@pytest.mark.parametrize("lines, is_warned", [
    ("OcapiCors On", True), ('<Location "/x">\nOcapiCors On\n</Location>', True),
    ("OcapiCors ReportOnly", False), ("OcapiCors On\nOcapiCorsSelfOrigin Asked", False),
    # Here virtual hosts take what comes to all ports, and to all but one.
    ("OcapiCors On\n<VirtualHost *>\nServerName a.example\n</VirtualHost>", False),
    ("OcapiCors On\n<VirtualHost *:${PORT} *:${PORT2}>\nServerName a.example\n</VirtualHost>", False),
    ("OcapiCors On\n<VirtualHost *:${PORT}>\nServerName a.example\n</VirtualHost>", True)])
def test_a_main_server_without_a_name(lines, is_warned):
    """R10: "not what httpd worked out itself"; the twin is the server of any other test here."""
    server = NamelessServer(HEAD + lines, files={"d.json": document(), "htdocs/x": "x"}, ports=2)
    server.allow_log("AH00558")
    if is_warned:
        server.expect_log("OCORS0020: the server enforces")
    with server:
        said = [line.text for line in server.log_lines() if "OCORS0020" in line.text]
        assert len(said) == is_warned
        found = next(line.text for line in server.log_lines() if "AH00558" in line.text)
        host = "a.example" if "a.example" in lines and not is_warned else re.search(r"using (\S+)[.] Set", found)[1]
        response = server.request("POST", "/x", [("Origin", f"http://{host}")], host=host, port=server.port_number(2))
        assert (response.status == 401) == is_warned, (host, response)
        server.check_log()


@pytest.mark.parametrize("before, after, is_warned", WARNED)
def test_a_virtual_host_without_a_name_is_warned_of(start_httpd, before, after, is_warned):
    """R10: at a start, at each restart, and at configtest; once each, and with its place."""
    server = start_httpd(before + after, files={"d.json": document(), "htdocs/x": "x"})
    line = (server.root / "httpd.conf").read_text().split(before)[0].count("\n") + before.count("\n")
    place = f"OCORS0020: the virtual host at .*httpd.conf:{line} "
    if is_warned:
        server.expect_log(place)
    for generation in range(2):
        said = [entry for entry in server.log_lines() if "OCORS0020" in entry.text]
        assert len(said) == (generation + 1 if is_warned else 0), said
        if generation == 0:
            server.restart()
    code, output = server.run("-t")
    assert code == 0 and output.count("OCORS0020") == (1 if is_warned else 0), output
