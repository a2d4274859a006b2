# SPDX-License-Identifier: Apache-2.0
"""The configurations of docs/stacks.md, as the page has them, with the programs that they are for: `scripts/check stacks`
installs these. Ports and paths alone are replaced."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import httpd
from cors import (ALLOWED, GRANTED, PREFLIGHT, SETTINGS, UNKNOWN, ask, check, check_preflight, check_refused)

PAGE = (httpd.REPOSITORY / "docs/stacks.md").read_text()
HOST = "shop.example"


def block(kind, word):
    """The fenced block of the page that has this word."""
    found, = [text for text in re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.M | re.S) if word in text]
    return found


def configuration(word, **places):
    """That of the page, with places of this machine: {as the page has it: here}."""
    text = block("apache", word)
    for old, new in {"/etc/ocapi/shop.json": f"{SETTINGS}/p.json", "*:80>": "*:${PORT}>", "*:443>": "*:${PORT}>",
                     **places}.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def folder():
    """One that every user can look into, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="ocors-stack-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def check_judged(server, path, body=None, host=HOST):
    """R2 to R5, P1, P2: by a listed and by an unknown origin; what runs says its method."""
    for method in ("GET", "POST"):
        response = ask(server, method, path, ALLOWED, host=host)
        check(response, 200, GRANTED)
        assert body is None or body(method) in response.body, response
    check(ask(server, "GET", path, UNKNOWN, host=host), 200, set())
    check_refused(ask(server, "POST", path, UNKNOWN, host=host))
    check_preflight(ask(server, "OPTIONS", path, ALLOWED, PREFLIGHT, host=host), True)
    check_preflight(ask(server, "OPTIONS", path, UNKNOWN, PREFLIGHT, host=host), False)


# ---- In front ----


@pytest.fixture
def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", folder / "shop.key",
                    "-out", folder / "shop.pem", "-subj", f"/CN={HOST}"], check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "shop.pem").read_text() + (folder / "shop.key").read_text())
    return folder


def post_status(port, origin, *fields):
    """The status of a POST by https, as a page of `origin` sends it."""
    lines = [f"-HOrigin: {origin}", *[f"-H{field}" for field in fields]]
    done = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", f"{HOST}:{port}:127.0.0.1",
                           "-X", "POST", *lines, f"https://{HOST}:{port}/x"], capture_output=True, text=True, check=True)
    return done.stdout


def test_tls_in_httpd(start_httpd, module_backend, certificate):
    """R10 b): only https is own."""
    server = start_httpd(configuration("SSLEngine", **{"/etc/ssl/certs": str(certificate), "/etc/ssl/private": str(certificate),
                                                       "http://127.0.0.1:8080": module_backend.url}),
                         modules=["socache_shmcb", "ssl"], log_level="error")
    own = f"{HOST}:{server.port}"
    assert [post_status(server.port, origin) for origin in (
        ALLOWED[1], UNKNOWN[1], f"https://{own}", f"http://{own}")] == ["200", "401", "200", "401"]


def front(start_httpd, backend):
    """The httpd behind a proxy that ends TLS."""
    return start_httpd(configuration("SSLEngine").replace("SSL", "#SSL").replace("http://127.0.0.1:8080", backend.url))


NGINX = """daemon off; pid FOLDER/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path FOLDER/a; proxy_temp_path FOLDER/b; fastcgi_temp_path FOLDER/c;
       uwsgi_temp_path FOLDER/d; scgi_temp_path FOLDER/e;
       server { listen 127.0.0.1:PORT ssl; ssl_certificate FOLDER/shop.pem; ssl_certificate_key FOLDER/shop.key;
                LOCATION } }"""


@pytest.mark.parametrize("keeps_host", [True, False])
def test_nginx_in_front(start_httpd, start_program, module_backend, certificate, keeps_host):
    """R10: with the page's lines own origins pass; without them, by what the browser says alone."""
    server = front(start_httpd, module_backend)
    port, = httpd.free_ports(1)
    location = block("nginx", "proxy_pass").replace("8081", str(server.port))
    assert "proxy_set_header Host $http_host;" in location
    if not keeps_host:
        location = location.replace("proxy_set_header Host $http_host;", "")
    (certificate / "nginx.conf").write_text(NGINX.replace("FOLDER", str(certificate)).replace("PORT", str(port))
                                            .replace("LOCATION", location))
    start_program(["nginx", "-c", str(certificate / "nginx.conf")], port)
    own = f"https://{HOST}:{port}"
    assert post_status(port, own) == ("200" if keeps_host else "401")
    if not keeps_host:
        assert server.wait_log("OCORS0010: refused: own-host-unknown")
    assert post_status(port, own, "Sec-Fetch-Site: same-origin") == "200"
    assert [post_status(port, origin) for origin in (ALLOWED[1], UNKNOWN[1])] == ["200", "401"]


def test_haproxy_in_front(start_httpd, start_program, module_backend, certificate):
    """R10: it keeps Host."""
    server = front(start_httpd, module_backend)
    port, = httpd.free_ports(1)
    (certificate / "haproxy.cfg").write_text(f"""defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{port} ssl crt {certificate}/both.pem
    default_backend b
backend b
    server s 127.0.0.1:{server.port}
""")
    start_program(["haproxy", "-f", str(certificate / "haproxy.cfg")], port)
    assert [post_status(port, origin) for origin in (f"https://{HOST}:{port}", ALLOWED[1], UNKNOWN[1])] == ["200", "200", "401"]


# ---- Beside ----


def test_mod_cache(start_httpd, backend, folder):
    """H1, H2: one stored response, and each origin has its own headers."""
    folder.chmod(0o777)
    server = start_httpd(configuration("CacheEnable", **{"/var/cache/apache2/mod_cache_disk": str(folder),
                                                         "http://127.0.0.1:8080": backend.url}), modules=["cache", "cache_disk"])
    backend.answer("/x", 200, [("Cache-Control", "max-age=60"), ("Access-Control-Allow-Origin", "*")], b"kept")
    for origin, cors in ((ALLOWED, GRANTED), (UNKNOWN, set()), (None, set()), (ALLOWED, GRANTED)):
        check(ask(server, "GET", "/x", origin, host=HOST), 200, cors)
    assert len(backend.requests) == 1


@pytest.mark.parametrize("has_methods", [True, False])
def test_mod_security_with_the_core_rule_set(start_httpd, backend, folder, has_methods):
    """P4, H1: what the rules deny has the module's headers; preflights and refusals are the module's."""
    folder.chmod(0o777)
    server = start_httpd(f"""SecRuleEngine On
SecRequestBodyAccess On
SecDataDir "{folder}"
SecTmpDir "{folder}"
Include /etc/modsecurity/crs/crs-setup.conf
{block("apache", "900200") if has_methods else ""}
Include /usr/share/modsecurity-crs/rules/*.conf
""" + configuration("mapping=servlet", **{'"http://127.0.0.1:8080/" mapping=servlet': f'"{backend.url}/"'}),
                         modules=["unique_id", "security2"], log_level="warn security2:crit")
    attack = "/x?q=1'+OR+'1'='1"
    check(ask(server, "PUT", "/x", ALLOWED, host=HOST), 200 if has_methods else 403, GRANTED)
    check_refused(ask(server, "PUT", "/x", UNKNOWN, host=HOST))
    check_preflight(ask(server, "OPTIONS", "/x", ALLOWED, ("Access-Control-Request-Method", "PUT"), host=HOST), True)
    check(ask(server, "GET", attack, ALLOWED, host=HOST), 403, GRANTED)
    check_refused(ask(server, "POST", attack, UNKNOWN, host=HOST))
    assert [r.method for r in backend.requests] == ["PUT"] * has_methods


# ---- Behind ----


def test_php_fpm(start_httpd, start_program, folder):
    """H1, A20: a script's own header is removed, and it reads the verdict."""
    account = httpd.Httpd.account()
    (folder / "fpm.conf").write_text(f"""[global]
error_log = {folder}/log
[www]
user = {account}
listen = {folder}/sock
listen.owner = {account}
pm = static
pm.max_children = 2
""")
    start_program([sorted(glob.glob("/usr/sbin/php-fpm*"))[-1], "-F", "-y", str(folder / "fpm.conf")], folder / "sock")
    script = "<?php header('Access-Control-Allow-Origin: *'); echo $_SERVER['REQUEST_METHOD'], ' ', $_SERVER['OCAPI_CORS_VERDICT'];"
    server = start_httpd(configuration("FilesMatch", **{"/srv/shop": "${ROOT}/shop", "/run/php/php8.2-fpm.sock": f"{folder}/sock"}),
                         modules=["proxy_fcgi"], files={"shop/x.php": script})
    check_judged(server, "/x.php", lambda method: f"{method} allow".encode())


TOMCAT = """<Server port="-1"><Service name="Catalina"><Connector port="PORT" address="127.0.0.1"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>"""
FILTER = """<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
<filter><filter-name>C</filter-name><filter-class>org.apache.catalina.filters.CorsFilter</filter-class>
<init-param><param-name>cors.allowed.origins</param-name><param-value>ORIGIN</param-value></init-param></filter>
<filter-mapping><filter-name>C</filter-name><url-pattern>/filtered.jsp</url-pattern></filter-mapping></web-app>"""


def test_tomcat(start_httpd, start_program, folder):
    """H1: a page's own header is removed. docs/migrate.md: Tomcat's filter refuses what the module lets through."""
    port, = httpd.free_ports(1)
    page = '<% response.setHeader("Access-Control-Allow-Origin", "*"); %>jsp <%= request.getMethod() %>'
    for name, text in {"conf/server.xml": TOMCAT.replace("PORT", str(port)), "temp/keep": "", "logs/keep": "", "work/keep": "",
                       "webapps/ROOT/x.jsp": page, "webapps/ROOT/filtered.jsp": page,
                       "webapps/ROOT/WEB-INF/web.xml": FILTER.replace("ORIGIN", ALLOWED[1])}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy("/etc/tomcat10/web.xml", folder / "conf/web.xml")
    start_program(["/usr/share/tomcat10/bin/catalina.sh", "run"], port, start_new_session=True,
                  env={**os.environ, "CATALINA_BASE": str(folder), "CATALINA_HOME": "/usr/share/tomcat10"})
    for name in ("x.jsp", "filtered.jsp"):  # each is compiled now: httpd does not wait as long
        subprocess.run(["curl", "-sf", "--max-time", "120", f"http://127.0.0.1:{port}/{name}"], check=True, capture_output=True)
    server = start_httpd(configuration("mapping=servlet", **{"127.0.0.1:8080": f"127.0.0.1:{port}"}))
    check_judged(server, "/x.jsp", lambda method: f"jsp {method}".encode())
    check(ask(server, "GET", "/filtered.jsp", ALLOWED, host=HOST), 200, GRANTED)
    check(ask(server, "GET", "/filtered.jsp", UNKNOWN, host=HOST), 403, set())


def test_webdav(start_httpd, folder):
    """R5: nothing is read by PROPFIND, written or made for an unknown origin."""
    folder.chmod(0o777)
    (folder / "file").write_text("content")
    server = start_httpd(configuration("DavLockDB", **{"/var/lib/dav/lock": "${ROOT}/run/lock", "/srv/dav": str(folder)}),
                         modules=["dav", "dav_fs"])
    for method, path, status in (("PROPFIND", "/file", 207), ("MKCOL", "/new", 201), ("PUT", "/other", 201)):
        check_refused(ask(server, method, path, UNKNOWN, ("Depth", "0"), host="dav.example"))
        assert method == "PROPFIND" or not (folder / path[1:]).exists()
        check(ask(server, method, path, ALLOWED, ("Depth", "0"), host="dav.example"), status, GRANTED)
    response = ask(server, "OPTIONS", "/file", ALLOWED, PREFLIGHT, host="dav.example")
    assert response.one("Access-Control-Allow-Methods") == "GET, HEAD, PUT, DELETE, PROPFIND, MKCOL"
