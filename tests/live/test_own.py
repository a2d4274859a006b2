# SPDX-License-Identifier: Apache-2.0
"""The server's own origins over HTTP (R10): what httpd makes of ServerName, ServerAlias, UseCanonicalName
and TLS, whatever the Host header says. tests/vectors/own.json has the rule itself."""

import ssl
import subprocess

import pytest

import httpd
import wire

SETTINGS = httpd.REPOSITORY / "tests" / "vectors" / "settings" / "p.json"
LISTED, FOREIGN = "http://foo.com", "http://bar.com"  # of p.json, and of nobody
PREFLIGHT = ("Access-Control-Request-Method", "POST")

# Every virtual host answers on each of the three ports, the third by TLS. Tests find it by its
# ServerAlias LABEL.test, which so is an own name too.
HOST = """
<VirtualHost *:${{PORT}} *:${{PORT2}}>
    ServerName {name}
    ServerAlias {label}.test
    {lines}
</VirtualHost>
<VirtualHost *:${{PORT3}}>
    ServerName {name}
    ServerAlias {label}.test
    {lines}
    SSLEngine On
    SSLCertificateFile "${{ROOT}}/tls.pem"
</VirtualHost>
"""
HOSTS = {
    "default": ("default.example", ""),
    "plain": ("plain.example", "ServerAlias www.plain.example"),
    "upper": ("Upper.EXAMPLE", "ServerAlias WWW.Upper.Example"),
    "port": ("port.example:8888", ""),
    "http": ("http://http.example", ""),
    "https": ("https://https.example", "ServerAlias *.https.example"),
    "both": ("https://both.example:8443", ""),
    "wild": ("wild.example", "ServerAlias *.wild.example shop-?.the.example"),
    "tail": ("tail.example", "ServerAlias www.tail.*"),
    "address": ("192.0.2.1", "ServerAlias 192.0.2.*"),
    "canonical-on": ("canonical-on.example", "UseCanonicalName On\nUseCanonicalPhysicalPort On"),
    "canonical-off": ("canonical-off.example", "UseCanonicalName Off"),
    "canonical-dns": ("canonical-dns.example", "UseCanonicalName DNS"),
    "self-off": ("self-off.example", "OcapiCorsSelfOrigin Off"),
    "self-on": ("self-on.example", "OcapiCorsSelfOrigin On"),
    "self-list": ("self-list.example", "OcapiCorsSelfOrigin HTTPS://Shop.example:443/ https://m.example:8443\n"
                  '<Location "/off">\nOcapiCorsSelfOrigin Off\n</Location>\n'
                  '<Location "/other">\nOcapiCorsSelfOrigin https://other.example\n</Location>'),
    "any": ("any.example", "ServerAlias *"),  # the last: it takes every name that is left
}
CONFIG = """
OcapiCorsSettings "${SETTINGS}"
OcapiCors On
# mod_ssl's warnings (no session cache, OpenSSL's version) are not what is tested.
LogLevel ssl:error
LogFormat "%{x-row}i %{ocapi_cors_verdict}n %{ocapi_cors_reason}n" verdicts
CustomLog "${ROOT}/access.log" verdicts
""" + "".join(HOST.format(label=label, name=name, lines=lines + '\nProxyPass "/" "${BACKEND}/"')
              for label, (name, lines) in HOSTS.items())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate that it signed itself, in one file's text."""
    folder = tmp_path_factory.mktemp("tls")
    names = ",".join(f"DNS:{name}" for label, (full, _) in HOSTS.items()
                     for name in (full.split("//")[-1].split(":")[0].lower(), f"{label}.test"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=default.example",
                    "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"],
                   check=True, capture_output=True)
    return (folder / "key.pem").read_text() + (folder / "cert.pem").read_text()


@pytest.fixture(scope="module")
def front(start_httpd, module_backend, certificate):
    return start_httpd(CONFIG, modules=["log_config", "socache_shmcb", "ssl"], ports=3,
                       files={"tls.pem": certificate},
                       defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


def send(front, label, origin, method="POST", port=1, path="/x", fields=(), host=None):
    """A request to a virtual host; `port` is 1, 2, or 3: TLS."""
    host = f"{label}.test" if host is None else host
    fields = [*fields] if origin is None else [("Origin", origin.replace(
        "PORT2", str(front.port_number(2))).replace("PORT3", str(front.port_number(3))).replace(
        "PORT", str(front.port)))] + [*fields]
    with front.connection(front.port_number(port)) as connection:
        if port == 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection.socket = context.wrap_socket(connection.socket,
                                                    server_hostname=host.split(":")[0] or None)
        connection.send(wire.build(method, path, fields, host=host))
        return connection.read(method)


OWN = [  # virtual host, port, origin, and one that is not own for each
    ("plain", 1, "http://plain.example", "https://plain.example"),
    ("plain", 1, "http://plain.example:PORT", "http://plain.example:PORT2"),
    ("plain", 2, "http://plain.example:PORT2", "http://plain.example:PORT"),
    ("plain", 1, "http://www.plain.example:PORT", "http://m.plain.example:PORT"),
    ("plain", 1, "http://plain.test:PORT", "http://default.test:PORT"),
    ("plain", 1, "http://plain.example", "http://plain.example:80"),
    ("plain", 1, "http://plain.example", "http://plain.example."),
    ("plain", 1, "http://plain.example", "http://Plain.example"),
    ("plain", 1, "http://plain.example", "http://plain.example/"),
    ("plain", 1, "http://plain.example", "http://plain.example@bar.com"),
    ("plain", 1, "http://plain.example", "http://plain.example.bar.com"),
    ("plain", 1, "http://plain.example", "http://wild.example"),
    ("plain", 1, "http://plain.example", "http://127.0.0.1:PORT"),
    ("plain", 1, "http://plain.example", "null"),
    ("plain", 3, "https://plain.example", "wss://plain.example"),
    ("plain", 3, "https://plain.example:PORT3", "https://plain.example:PORT"),
    ("plain", 3, "http://plain.example", "https://plain.example:443"),
    ("upper", 1, "http://upper.example", "http://Upper.EXAMPLE"),
    ("upper", 1, "http://www.upper.example:PORT", "http://WWW.Upper.Example:PORT"),
    ("port", 1, "http://port.example:8888", "http://port.example"),
    ("port", 1, "http://port.test:8888", "http://port.example:PORT"),
    ("port", 3, "https://port.example:8888", "https://port.example"),
    ("http", 1, "http://http.example", "https://http.example"),
    ("http", 1, "http://http.test", "http://http.example:PORT"),
    ("http", 3, "http://http.example", "https://http.example"),
    ("https", 1, "https://https.example", "http://https.example"),
    ("https", 1, "https://a.b.https.example", "http://a.b.https.example"),
    ("https", 1, "https://https.test", "https://https.example:PORT"),
    ("https", 3, "https://https.example", "https://https.example:PORT3"),
    ("both", 1, "https://both.example:8443", "https://both.example"),
    ("both", 3, "https://both.example:8443", "https://both.example:PORT3"),
    ("wild", 1, "http://www.wild.example", "http://wwwwild.example"),
    ("wild", 1, "http://a.b.wild.example:PORT", "http://a.b.wild.example:PORT2"),
    ("wild", 1, "http://shop-1.the.example", "http://shop-12.the.example"),
    ("wild", 1, "http://www.wild.example", "http://www.wild.example.bar.com"),
    ("wild", 1, "http://www.wild.example", "http://bar.com#.wild.example"),
    ("wild", 1, "http://www.wild.example", "http://bar.com:80.wild.example"),
    ("any", 1, "http://any.example", "http://bar.com"),
    ("any", 1, "http://any.example", "http://any.example.bar.com"),
    ("tail", 1, "http://tail.example", "http://www.tail.bar.com"),
    ("address", 1, "http://192.0.2.1", "http://192.0.2.2"),
    ("address", 1, "http://192.0.2.1:PORT", "http://[2001:db8::1]:PORT"),
    ("self-on", 1, "http://self-on.example", "https://self-on.example"),
    ("self-list", 1, "http://self-list.example:PORT", "https://self-list.example"),
    ("self-list", 1, "https://shop.example", "http://shop.example"),
    ("self-list", 1, "https://m.example:8443", "https://m.example"),
] + [row for label in ("canonical-on", "canonical-off", "canonical-dns") for row in (
    (label, 1, f"http://{label}.example", f"https://{label}.example"),
    (label, 1, f"http://{label}.example:PORT", f"http://{label}.example:PORT2"),
    (label, 3, f"https://{label}.example:PORT3", "https://localhost:PORT3"))]


@pytest.mark.parametrize("label, port, own, other", OWN)
def test_own_and_not(front, backend, label, port, own, other):
    """R10: "the request passes as R1"; the twin is refused and reaches nobody (R5)."""
    backend.answer("/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = send(front, label, own, port=port)
    assert (response.status, response.cors()) == (200, [])
    assert response.tokens("Vary") == ["Origin"]
    assert len(backend.requests) == 1
    response = send(front, label, other, port=port)
    assert (response.status, response.cors()) == (401, [])
    assert len(backend.requests) == 1


@pytest.mark.parametrize("label", ["plain", "any", "wild", "self-off", "self-list", "canonical-off"])
def test_what_a_document_lists_is_allowed_all_the_same(front, backend, label):
    """R4"""
    response = send(front, label, LISTED)
    assert response.one("Access-Control-Allow-Origin") == LISTED and len(response.cors()) == 3


@pytest.mark.parametrize("origin", ["http://self-off.example", "http://self-off.example:PORT", "http://self-off.test"])
def test_self_origin_off(front, backend, origin):
    """`OcapiCorsSelfOrigin Off`; its twin is self-on above."""
    assert send(front, "self-off", origin).status == 401
    assert send(front, "self-off", origin, "GET").cors() == []
    assert len(backend.requests) == 1


def test_self_origin_merges_as_a_whole(front, backend):
    """Section 3: a section that names it replaces what it would inherit."""
    for path, own, other in (("/other/x", "https://other.example", "https://shop.example"),
                             ("/other/x", "http://self-list.example", "https://m.example:8443"),
                             ("/x", "https://shop.example", "https://other.example")):
        assert send(front, "self-list", own, path=path).status == 200
        assert send(front, "self-list", other, path=path).status == 401
    for origin in ("http://self-list.example", "https://shop.example"):
        assert send(front, "self-list", origin, path="/off/x").status == 401


@pytest.mark.parametrize("label, host, origin", [
    ("any", "bar.com", "http://bar.com"), ("any", "bar.com:PORT", "http://bar.com:PORT"),
    ("canonical-off", "canonical-off.test:81", "http://canonical-off.test:81"),
    ("canonical-off", "canonical-off.test:81", "http://canonical-off.example:81"),
    ("canonical-on", "canonical-on.test:81", "http://canonical-on.test:81"),
    ("wild", "evil.wild.example:81", "http://evil.wild.example:81")])
def test_the_host_header_decides_nothing(front, backend, label, host, origin):
    """R10: "The Host header is never what decides." The twin: the same Host, the virtual host's own origin."""
    host = host.replace("PORT", str(front.port))
    forwarded = [("X-Forwarded-Host", "bar.com"), ("Forwarded", "host=bar.com"), ("X-Forwarded-Proto", "https")]
    assert send(front, label, origin, host=host).status == 401
    assert send(front, label, origin, host=host, fields=forwarded).status == 401
    assert send(front, label, "http://bar.com", fields=forwarded).status == 401
    assert backend.connections == 0
    assert send(front, label, f"http://{label}.example", host=host, fields=forwarded).status == 200


def test_no_virtual_host_has_the_names_of_another(front, backend):
    """R10: "its own (ServerName, ServerAlias, ...)", and the main server's are not its own either."""
    labels = ("default", "plain", "port", "self-on", "canonical-on", "any")
    for label in labels:
        own = f"http://{label}.example" + (":8888" if label == "port" else "")
        assert send(front, label, own).status == 200
        for other in labels:
            assert other == label or send(front, other, own).status == 401, (label, other)
        for name in ("example.com", "identity.invalid"):
            assert send(front, label, f"http://{name}").status == 401, (label, name)


def test_an_absolute_target_decides_nothing(front, backend):
    """R10: httpd takes its host for the Host header."""
    path = f"http://bar.com:{front.port}/x"
    assert send(front, "plain", "http://bar.com", path=path).status == 401
    assert send(front, "plain", f"http://bar.com:{front.port}", path=path).status == 401


def test_own_methods_and_preflights_pass(front, backend):
    """R10, P7: whatever it is, it goes to the backend, which answers it."""
    own = "http://plain.example"
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND", "OPTIONS"):
        backend.answer("/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
        fields = [PREFLIGHT] if method == "OPTIONS" else []
        response = send(front, "plain", own, method, fields=fields)
        assert (response.status, response.cors()) == (200, [])
    assert [r.method for r in backend.requests][-1] == "OPTIONS" and len(backend.requests) == 7


@pytest.mark.parametrize("origin, allowed", [
    ("http://plain.example http://foo.com", True), ("http://foo.com http://plain.example:PORT", True),
    ("http://foo.com http://www.plain.example https://app.example.com", True),
    ("http://plain.example http://bar.com", False), ("http://bar.com http://plain.example", False),
    ("http://plain.example https://plain.example", False), ("http://plain.example,http://plain.example", False),
    ("http://plain.example  http://foo.com", False), ("http://foo.com Http://plain.example", False)])
def test_lists_with_an_own_member(front, backend, origin, allowed):
    """R6, 1.7: "own origins count as allowed inside one", and it is named as it came."""
    response = send(front, "plain", origin)
    assert response.status == (200 if allowed else 401)
    assert response.one("Access-Control-Allow-Origin") == (
        origin.replace("PORT", str(front.port)) if allowed else None)
    preflight = send(front, "plain", origin, "OPTIONS", fields=[PREFLIGHT])
    assert (preflight.status, bool(preflight.cors())) == (204, allowed)


def test_a_list_has_no_own_member_where_that_is_off(front):
    """The twin of the first above."""
    assert send(front, "self-off", "http://self-off.example http://foo.com").status == 401
    assert send(front, "self-off", "http://foo.com http://foo.com").status == 200


def test_any_changed_byte_is_not_own(front, backend):
    """R8, R10: every byte of an own origin, changed to each of a few others."""
    own = f"http://plain.example:{front.port}"
    ports = (front.port, 80)
    for at in range(len(own)):
        for byte in {"a", "0", ".", ":", "/", "%", "-", chr(ord(own[at]) ^ 1), chr(ord(own[at]) ^ 32)} - {own[at], "\x7f"}:
            if not byte.isprintable() or byte == " ":
                continue
            changed = own[:at] + byte + own[at + 1:]
            assert send(front, "plain", changed).status == 401, (changed, ports)
    assert backend.connections == 0
    assert send(front, "plain", own).status == 200


def test_the_verdict_is_none(front):
    """Logged as R1 is: nothing was refused, and nothing allowed."""
    for label, origin in (("own", "http://plain.example"), ("listed", LISTED), ("foreign", FOREIGN)):
        send(front, "plain", origin, fields=[("X-Row", label)])
    wanted = ["own none -", "listed allow -", "foreign refuse not-listed"]
    httpd.wait_until(lambda: all(line in (front.root / "access.log").read_text().splitlines()
                                 for line in wanted), "the three lines")


@pytest.mark.parametrize("line, said", [
    ("OcapiCorsSelfOrigin", "needs On, Off, or origins"), ("OcapiCorsSelfOrigin *", "'*'"),
    ("OcapiCorsSelfOrigin https://*.shop.example", "'https://*.shop.example'"), ("OcapiCorsSelfOrigin null", "'null'"),
    ("OcapiCorsSelfOrigin shop.example", "'shop.example'"), ("OcapiCorsSelfOrigin On https://shop.example", "'On'"),
    ("OcapiCorsSelfOrigin https://shop.example/x", "'https://shop.example/x'"),
    ("OcapiCorsSelfOrigin https://shop.example Maybe", "'Maybe'")])
def test_refused_at_configtest(line, said):
    status, output = httpd.configtest(line)
    assert status != 0 and said in output, output


@pytest.mark.parametrize("line", ["OcapiCorsSelfOrigin on", "OcapiCorsSelfOrigin OFF", "OcapiCorsSelfOrigin https://shop.example",
                                  "OcapiCorsSelfOrigin https://a.example http://localhost:3000 capacitor://localhost"])
def test_accepted_at_configtest(line):
    """The twins."""
    status, output = httpd.configtest(line)
    assert status == 0, output
