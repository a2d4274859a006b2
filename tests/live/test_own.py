# SPDX-License-Identifier: Apache-2.0
"""The server's own origins over HTTP (R10): what httpd makes of ServerName, ServerAlias, UseCanonicalName,
TLS and the Host field. tests/vectors/own.json has the rule itself, test_own_field.py the cases from the field."""

import ssl
import subprocess

import pytest

import httpd
import wire

SETTINGS = httpd.REPOSITORY / "tests" / "vectors" / "settings" / "p.json"
LISTED, FOREIGN = "http://foo.com", "http://bar.com"  # of p.json, and of nobody
PREFLIGHT = ("Access-Control-Request-Method", "POST")

# Every virtual host answers on each of the three ports, the third by TLS; each has the ServerAlias LABEL.test.
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
    "address": ("192.0.2.1", "ServerAlias 192.0.2.* 2001:DB8::6"),
    "canonical-on": ("canonical-on.example", "UseCanonicalName On\nUseCanonicalPhysicalPort On"),
    "canonical-off": ("canonical-off.example", "UseCanonicalName Off"),
    "canonical-dns": ("canonical-dns.example", "UseCanonicalName DNS"),
    "self-off": ("self-off.example", "OcapiCorsSelfOrigin Off"),
    "self-on": ("self-on.example", "OcapiCorsSelfOrigin On"),
    "self-list": ("self-list.example", "OcapiCorsSelfOrigin HTTPS://Shop.example:443/ https://m.example:8443\n"
                  '<Location "/off">\nOcapiCorsSelfOrigin Off\n</Location>\n'
                  '<Location "/other">\nOcapiCorsSelfOrigin https://other.example\n</Location>'),
    "asked": ("asked.example", "ServerAlias *.mapped\nOcapiCorsSelfOrigin Asked\n"
              '<Location "/on">\nOcapiCorsSelfOrigin On\n</Location>'),
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
def front(module_start_httpd, module_backend, certificate):
    return module_start_httpd(CONFIG, modules=["log_config", "socache_shmcb", "ssl"], ports=3,
                              files={"tls.pem": certificate},
                              defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


def with_ports(front, text):
    return text.replace("PORT2", str(front.port_number(2))).replace(
        "PORT3", str(front.port_number(3))).replace("PORT", str(front.port))


def send(front, host, origin, method="POST", port=1, path="/x", fields=()):
    """A request for a host, a label's is LABEL.test; `port` is 1, 2, or 3: TLS."""
    if host is not None:
        host = with_ports(front, host if not host or set(host) & set(".:") else f"{host}.test")
    fields = [*fields] if origin is None else [("Origin", with_ports(front, origin))] + [*fields]
    with front.connection(front.port_number(port)) as connection:
        if port == 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection.socket = context.wrap_socket(connection.socket,
                                                    server_hostname=(host or "").split(":")[0] or None)
        connection.send(wire.build(method, path, fields, host=host))
        return connection.read(method)


OWN = [  # port, Host, origin, and others that are not own for it
    (1, "plain.example", "http://plain.example", "http://plain.example:PORT http://plain.example:80 "
     "http://plain.example. http://Plain.example http://plain.example/ http://plain.example@bar.com "
     "http://plain.example.bar.com http://wild.example http://127.0.0.1:PORT null wss://plain.example "
     "http://www.plain.example http://plain.test http://default.test https://plain.example:80"),
    (1, "plain.example", "https://plain.example", "https://plain.example:443 https://www.plain.example"),
    (1, "plain.example:PORT", "http://plain.example:PORT", "http://plain.example http://plain.example:PORT2 "
     "http://www.plain.example:PORT http://plain.test:PORT"),
    (1, "plain.example:PORT", "https://plain.example:PORT", "https://plain.example"),
    (2, "plain.example:PORT", "http://plain.example:PORT", "http://plain.example:PORT2"),  # a published port
    (1, "www.plain.example", "http://www.plain.example", "http://plain.example"),
    (1, "plain.test:81", "http://plain.test:81", "http://plain.example:81 http://plain.test"),
    (1, "PLAIN.example", "http://plain.example", "http://PLAIN.example"),
    (1, "plain.example.", "http://plain.example.", "http://plain.example"),
    (1, "plain.example:80", "http://plain.example", "http://plain.example:80 https://plain.example"),
    (1, "plain.example:443", "https://plain.example", "https://plain.example:443 http://plain.example"),
    (3, "plain.example", "https://plain.example", "http://plain.example wss://plain.example"),
    (3, "plain.example:PORT3", "https://plain.example:PORT3", "http://plain.example:PORT3 https://plain.example"),
    (1, "upper.example", "http://upper.example", "http://Upper.EXAMPLE http://www.upper.example"),
    (1, "WWW.upper.example:PORT", "http://www.upper.example:PORT", "http://WWW.Upper.Example:PORT"),
    # ServerName's own port and the scheme http decide nothing.
    (1, "port.example", "http://port.example", "http://port.example:8888"),
    (1, "port.example:8888", "http://port.example:8888", "http://port.example"),
    (3, "port.example:8888", "https://port.example:8888", "https://port.example"),
    (1, "http.example", "http://http.example", "http://http.test"),
    (1, "http.example", "https://http.example", "https://http.test"),
    (3, "http.example", "https://http.example", "http://http.example"),
    # Its scheme https does.
    (1, "https.example", "https://https.example", "http://https.example"),
    (1, "https.test:PORT", "https://https.test:PORT", "http://https.test:PORT"),
    (1, "a.b.https.example", "https://a.b.https.example", "http://a.b.https.example https://https.example"),
    (3, "https.example", "https://https.example", "http://https.example"),
    (1, "both.example:8443", "https://both.example:8443", "http://both.example:8443 https://both.example"),
    (1, "both.example", "https://both.example", "https://both.example:8443"),
    (1, "www.wild.example", "http://www.wild.example", "http://wwwwild.example http://wild.example "
     "http://m.wild.example http://www.wild.example.bar.com http://bar.com#.wild.example "
     "http://bar.com:80.wild.example"),
    (1, "a.b.wild.example:PORT", "http://a.b.wild.example:PORT", "http://a.b.wild.example:PORT2"),
    (1, "shop-1.the.example", "http://shop-1.the.example", "http://shop-12.the.example http://shop-2.the.example"),
    (1, "any.example", "http://any.example", "http://bar.com http://any.example.bar.com"),
    (1, "tail.example", "http://tail.example", "http://www.tail.bar.com"),
    (1, "192.0.2.1", "http://192.0.2.1", "http://192.0.2.2"),
    (1, "192.0.2.1:PORT", "http://192.0.2.1:PORT", "http://[2001:db8::1]:PORT"),
    (1, "[2001:db8::6]:PORT", "http://[2001:db8::6]:PORT", "http://[2001:db8::1]:PORT http://[2001:db8::6]"),
    (1, "[2001:DB8::6]", "http://[2001:db8::6]", "http://[2001:db8::5]"),
    (1, "self-on.example", "http://self-on.example", "http://self-on.test"),
    (1, "self-list.example", "http://self-list.example", "http://self-list.test"),
    (1, "self-list", "https://shop.example", "http://shop.example"),
    (1, "self-list", "https://m.example:8443", "https://m.example"),
] + [row for label in ("canonical-on", "canonical-off", "canonical-dns") for row in (
    (1, f"{label}.example", f"http://{label}.example", f"http://{label}.test http://{label}.example:PORT"),
    (3, f"{label}.example:PORT3", f"https://{label}.example:PORT3", "https://localhost:PORT3"))]


@pytest.mark.parametrize("port, host, own, others", OWN)
def test_own_and_not(front, backend, port, host, own, others):
    """R10: "the request passes as R1"; the twins are refused and reach nobody (R5)."""
    backend.answer("/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = send(front, host, own, port=port)
    assert (response.status, response.cors()) == (200, []), response
    assert response.tokens("Vary") == ["Origin"]
    assert len(backend.requests) == 1
    for other in others.split():
        response = send(front, host, other, port=port)
        assert (response.status, response.cors()) == (401, []), other
    assert len(backend.requests) == 1


UNKNOWN_HOSTS = [  # Host, which httpd gives to the last virtual host or to the first, and the origin of it
    ("bar.com", "http://bar.com"), ("bar.com:PORT", "http://bar.com:PORT"),
    ("www.tail.bar.com", "http://www.tail.bar.com"), ("192.0.2.77", "http://192.0.2.77"),
    ("127.0.0.1:PORT", "http://127.0.0.1:PORT"), ("[::1]", "http://[::1]"), ("any", "http://bar.com")]


@pytest.mark.parametrize("host, origin", UNKNOWN_HOSTS)
@pytest.mark.parametrize("site", [None, "same-origin"])
def test_an_unknown_host_makes_nothing_own(front, backend, host, origin, site):
    """R10: "a host that nobody configured makes nothing own", whatever else is sent; the twin is a known host."""
    fields = [("Sec-Fetch-Site", site)] if site else []
    forwarded = [("X-Forwarded-Host", "any.example"), ("Forwarded", "host=any.example"), ("X-Forwarded-Proto", "https")]
    assert send(front, host, origin, fields=fields).status == 401
    assert send(front, host, origin, fields=fields + forwarded).status == 401
    assert send(front, "any.example", "http://bar.com", fields=[("X-Forwarded-Host", "bar.com")]).status == 401
    assert backend.connections == 0
    assert send(front, "any.example", "http://any.example", fields=fields + forwarded).status == 200


def test_asked(front, backend):
    """A6, `Asked`: any asked host counts as configured, and no other. A section that says `On` again does not
    inherit it."""
    for host in ("shop.mapped:PORT", "b.shop.mapped", "asked.example"):
        assert send(front, host, f"http://{host}").status == 200, host
        assert send(front, host, "http://other.mapped").status == 401, host
    assert send(front, "shop.mapped", "null", fields=[("Sec-Fetch-Site", "same-origin")]).status == 200
    assert send(front, "shop.mapped", "null").status == 401
    assert len(backend.requests) == 4
    assert send(front, "shop.mapped", "http://shop.mapped", path="/on/x").status == 401
    assert send(front, "asked.example", "http://asked.example", path="/on/x").status == 200


@pytest.mark.parametrize("label", ["plain", "any", "wild", "self-off", "self-list", "canonical-off"])
def test_what_a_document_lists_is_allowed_all_the_same(front, backend, label):
    """R4"""
    response = send(front, label, LISTED)
    assert response.one("Access-Control-Allow-Origin") == LISTED and len(response.cors()) == 3


@pytest.mark.parametrize("origin", ["http://self-off.example", "https://self-off.example"])
@pytest.mark.parametrize("fields", [[], [("Sec-Fetch-Site", "same-origin")]], ids=["unsaid", "same-origin"])
def test_self_origin_off(front, backend, origin, fields):
    """A6: `OcapiCorsSelfOrigin Off`: neither a) nor b); the twin is self-on."""
    assert send(front, "self-off.example", origin, fields=fields).status == 401
    assert send(front, "self-off.example", origin, "GET", fields=fields).cors() == []
    assert len(backend.requests) == 1
    assert send(front, "self-on.example", origin.replace("off", "on"), fields=fields).status == 200


def test_self_origin_merges_as_a_whole(front, backend):
    """A16: a section that names it replaces what it would inherit."""
    for path, own, other in (("/other/x", "https://other.example", "https://shop.example"),
                             ("/other/x", "http://self-list.test", "https://m.example:8443"),
                             ("/x", "https://shop.example", "https://other.example")):
        assert send(front, "self-list", own, path=path).status == 200
        assert send(front, "self-list", other, path=path).status == 401
    for origin in ("http://self-list.test", "https://shop.example"):
        assert send(front, "self-list", origin, path="/off/x").status == 401


def test_no_virtual_host_has_the_names_of_another(front, backend):
    """R10: "the virtual host's ServerName and ServerAlias", and the main server's are not its own either."""
    same = [("Sec-Fetch-Site", "same-origin")]
    labels = ("default", "plain", "port", "self-on", "canonical-on", "any")
    for label in labels:
        assert send(front, label, f"http://{label}.example", fields=same).status == 200
        for other in labels:
            assert other == label or send(front, other, f"http://{label}.example", fields=same).status == 401
        for name in ("example.com", "identity.invalid"):
            assert send(front, label, f"http://{name}", fields=same).status == 401, (label, name)


@pytest.mark.parametrize("target, host, origin, other", [
    ("http://plain.example/x", "any.example", "http://plain.example", "http://any.example"),
    ("http://plain.example:81/x", "any.example", "http://plain.example:81", "http://plain.example"),
    ("http://www.plain.example:PORT/x", "", "http://www.plain.example:PORT", "http://plain.example"),
    ("http://www.wild.example/x", "m.wild.example", "http://www.wild.example", "http://m.wild.example")])
def test_an_absolute_target_is_what_is_asked(front, backend, target, host, origin, other):
    """R10: httpd puts its host and port into the Host field."""
    target = with_ports(front, target)
    assert send(front, host, origin, path=target).status == 200
    assert send(front, host, other, path=target).status == 401
    assert send(front, host, "http://bar.com", path="http://bar.com/x").status == 401
    assert len(backend.requests) == 1


@pytest.mark.parametrize("line", ["POST /x HTTP/1.0", "POST http://plain.example/x HTTP/1.0"])
def test_no_host(front, backend, line):
    """R10: "No Host: nothing is own but by c)"; the twin has one."""
    def ask(*fields):
        data = "\r\n".join([line, "Content-Length: 0", *fields, "", ""]).encode()
        return wire.send_raw(front.port, data, "POST").status

    label = "plain" if "plain" in line else "default"
    for site in ([], ["Sec-Fetch-Site: none"]):
        assert ask(f"Origin: http://{label}.example", *site) == 401
        assert ask(f"Origin: http://{label}.example", *site, f"Host: {label}.example") == 200
    assert ask("Origin: null", "Sec-Fetch-Site: same-origin") == 401
    assert ask("Origin: null", "Sec-Fetch-Site: same-origin", f"Host: {label}.example") == 200


def test_own_methods_and_preflights_pass(front, backend):
    """R10, P7: whatever it is, it goes to the backend, which answers it."""
    own = "http://plain.example"
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND", "OPTIONS"):
        backend.answer("/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
        fields = [PREFLIGHT] if method == "OPTIONS" else []
        response = send(front, "plain.example", own, method, fields=fields)
        assert (response.status, response.cors()) == (200, [])
    assert [r.method for r in backend.requests][-1] == "OPTIONS" and len(backend.requests) == 7


@pytest.mark.parametrize("origin, allowed", [
    ("http://plain.example:PORT http://foo.com", True), ("http://foo.com http://plain.example:PORT", True),
    ("http://foo.com https://plain.example:PORT https://app.example.com", True),
    ("http://plain.example:PORT http://plain.example:PORT", True),
    ("http://plain.example http://foo.com", False), ("http://foo.com http://www.plain.example:PORT", False),
    ("http://plain.example:PORT http://bar.com", False), ("http://bar.com http://plain.example:PORT", False),
    ("http://plain.example:PORT ftp://plain.example:PORT", False), ("http://plain.example:PORT null", False),
    ("http://plain.example:PORT,http://plain.example:PORT", False),
    ("http://plain.example:PORT  http://foo.com", False), ("http://foo.com Http://plain.example:PORT", False)])
def test_lists_with_an_own_member(front, backend, origin, allowed):
    """S2, R6: "inside one, an origin that is own by R10 b) ... counts as allowed", and is named as it came."""
    host = "plain.example:PORT"
    response = send(front, host, origin)
    assert response.status == (200 if allowed else 401)
    assert response.one("Access-Control-Allow-Origin") == (with_ports(front, origin) if allowed else None)
    preflight = send(front, host, origin, "OPTIONS", fields=[PREFLIGHT])
    assert (preflight.status, bool(preflight.cors())) == (204, allowed)


@pytest.mark.parametrize("origin", ["http://plain.example:PORT http://foo.com",
                                    "https://m.example:8443 http://foo.com"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_a_list_and_what_a_browser_says(front, origin, site):
    """S2, R6: by b) where it holds; by OcapiCorsSelfOrigin always; by a) never."""
    fields = [("Sec-Fetch-Site", site)]
    is_listed = "m.example" in origin
    host = "self-list" if is_listed else "plain.example:PORT"
    holds = is_listed or site in ("same-origin", "none")
    assert send(front, host, origin, fields=fields).status == (200 if holds else 401)
    assert send(front, "www.plain.example", origin, fields=fields).status == 401


def test_a_list_has_no_own_member_where_that_is_off(front):
    """The twin of the first above."""
    assert send(front, "self-off.example", "http://self-off.example http://foo.com").status == 401
    assert send(front, "self-on.example", "http://self-on.example http://foo.com").status == 200
    assert send(front, "self-off", "http://foo.com http://foo.com").status == 200


def test_any_changed_byte_is_not_own(front, backend):
    """R8, R10: every byte of an own origin, changed to each of a few others."""
    own, host = f"http://plain.example:{front.port}", f"plain.example:{front.port}"
    for at in range(len(own)):
        others = {"a", "0", ".", ":", "/", "%", "-", chr(ord(own[at]) ^ 1), chr(ord(own[at]) ^ 32)}
        for byte in others - {own[at], "\x7f"}:
            if byte.isprintable() and byte != " ":
                changed = own[:at] + byte + own[at + 1:]
                assert send(front, host, changed).status == 401, changed
    assert backend.connections == 0
    assert send(front, host, own).status == 200


def test_what_is_logged(front):
    """A22, R10 as R1: nothing was refused, and nothing allowed. The list goes first; then each reason."""
    asked = (("own", "plain.example", "http://plain.example", "none -"),
             ("listed", "plain.example", LISTED, "allow -"), ("foreign", "plain.example", FOREIGN, "refuse not-listed"),
             ("sibling", "plain.example", "http://www.plain.example", "refuse not-listed"),
             ("host", "bar.com", "http://bar.com", "refuse own-host-unknown"),
             ("scheme", "https.example", "http://https.example:81", "refuse own-scheme-differs"),
             ("port", "plain.example", "http://plain.example:81", "refuse own-port-differs"))
    for label, host, origin, _ in asked:
        send(front, host, origin, fields=[("X-Row", label)])
    wanted = [f"{label} {said}" for label, _, _, said in asked]
    httpd.wait_until(lambda: all(line in (front.root / "access.log").read_text().splitlines()
                                 for line in wanted), "the lines")


@pytest.mark.parametrize("line, said", [
    ("OcapiCorsSelfOrigin", "needs On, Off, Asked, or origins"), ("OcapiCorsSelfOrigin Asked On", "'Asked'"),
    ("OcapiCorsSelfOrigin *", "'*'"),
    ("OcapiCorsSelfOrigin https://*.shop.example", "'https://*.shop.example'"), ("OcapiCorsSelfOrigin null", "'null'"),
    ("OcapiCorsSelfOrigin shop.example", "'shop.example'"), ("OcapiCorsSelfOrigin On https://shop.example", "'On'"),
    ("OcapiCorsSelfOrigin https://shop.example/x", "'https://shop.example/x'"),
    ("OcapiCorsSelfOrigin https://shop.example Maybe", "'Maybe'")])
def test_refused_at_configtest(line, said):
    status, output = httpd.configtest(line)
    assert status != 0 and said in output, output


@pytest.mark.parametrize("line", ["OcapiCorsSelfOrigin on", "OcapiCorsSelfOrigin OFF", "OcapiCorsSelfOrigin asked",
                                  "OcapiCorsSelfOrigin https://shop.example",
                                  "OcapiCorsSelfOrigin https://a.example http://localhost:3000 capacitor://localhost"])
def test_accepted_at_configtest(line):
    """The twins."""
    status, output = httpd.configtest(line)
    assert status == 0, output
