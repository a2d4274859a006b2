# SPDX-License-Identifier: Apache-2.0
"""An API that the module guards, and the web sites whose pages ask it: two httpds, many origins."""

import itertools
import json
import subprocess
from collections import namedtuple
from pathlib import Path

import httpd

PAGES = Path(__file__).resolve().parent / "pages"
API_PATH = "/s/S/dw/shop/v19_1"
# One line of the API's access log.
Row = namedtuple("Row", "began method path status verdict reason protocol origin cookie")
FORMAT = ("%{begin:usec}t\\t%m\\t%U\\t%>s\\t%{ocapi_cors_verdict}n\\t%{ocapi_cors_reason}n\\t%H\\t%{Origin}i\\t"
          "%{Cookie}i")

TYPES = """
TypesConfig /dev/null
AddType text/html .html
AddType text/javascript .js
AddType application/json .json
"""
# The sites' pages: plain files of a server that has not even loaded the module.
SITES_CONFIG = TYPES + """
# mod_ssl's warnings (no session cache, OpenSSL's version) are not what is tested.
LogLevel ssl:error
<VirtualHost 127.0.0.1:${PORT2}>
    SSLEngine On
    SSLCertificateFile "${ROOT}/tls.pem"
</VirtualHost>
"""
API_HOST = """
<VirtualHost 127.0.0.1:${{{port}}}>
    ServerName {scheme}://api.shop.test:${{{port}}}
    {lines}
</VirtualHost>
"""
API_CONFIG = TYPES + """
LogLevel ssl:error
LogFormat "FORMAT" rows
CustomLog "${ROOT}/access.log" rows
ErrorDocument 404 /outside/404.json
ProxyPass "/s/S/dw/shop/v19_1/" "${BACKEND}/v19_1/"
ProxyPass "/idiom/" "${BACKEND}/"
<Location "/s/S/dw/shop">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/settings.json"
</Location>
<Location "/s/S/dw/shop/v19_1/baskets/not-kept">
    OcapiCorsMaxAge 0
</Location>
<Location "/s/S/dw/shop/v19_1/baskets/no-credentials">
    OcapiCorsCredentials Off
</Location>
<Location "/s/S/dw/shop/v19_1/baskets/few-headers">
    OcapiCorsAllowHeaders content-type
</Location>
# Not the module's: what is often written instead of it, and says nothing of Vary.
<Location "/idiom">
    SetEnvIf Origin "^(http://.*[.]shop[.]test:[0-9]+)$" ORIGIN=$1
    Header always set Access-Control-Allow-Origin "%{ORIGIN}e" env=ORIGIN
</Location>
# Not the module's: lets anybody's request through to the other scheme.
<Location "/outside/moved">
    Header always set Access-Control-Allow-Origin "*"
</Location>
RedirectMatch 307 "^/outside/moved(/.*)$" "http://api.shop.test:${PORT}$1"
RedirectMatch 302 "^/s/S/dw/shop/moved(/.*)$" "/s/S/dw/shop$1"
""".replace("FORMAT", FORMAT) + API_HOST.format(port="PORT", scheme="http", lines="") + API_HOST.format(
    port="PORT2", scheme="https", lines="""Protocols h2 http/1.1
    SSLEngine On
    SSLCertificateFile "${ROOT}/tls.pem" """)


def certificate(folder):
    """A key and a certificate that it signed itself, in one text."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=shop.test",
                    "-addext", "subjectAltName=DNS:shop.test,DNS:*.shop.test,DNS:foo.test,DNS:bar.test"],
                   check=True, capture_output=True)
    return (folder / "key.pem").read_text() + (folder / "cert.pem").read_text()


class Shop:
    """
    start(config, ...) starts a server, as the fixture start_httpd does. Origins, each an attribute:
      api        the API's own: its pages are same-origin
      www, m     allowed, and of the API's own site (shop.test): share cookies and a browser cache
      blog       unknown, and of the API's own site: the browser sends it the shop's cookies too
      foo        allowed, another site
      bar        unknown, another site
      partner    allowed for another client application than `foo`
      neighbour  unknown: the API's host name, another port
      secure_api, secure_foo, secure_bar: the same by https
    """

    def __init__(self, start, backend, folder):
        files = {f"htdocs/{path.name}": path.read_text() for path in PAGES.iterdir()}
        files["tls.pem"] = certificate(folder)
        self.sites = start(SITES_CONFIG, modules=["socache_shmcb", "ssl", "mime"], ports=2,
                           module=False, files=files)
        port, secure_port = self.sites.port, self.sites.port_number(2)
        for name in ("www", "m", "blog"):
            setattr(self, name, f"http://{name}.shop.test:{port}")
        for name in ("foo", "bar", "partner"):
            setattr(self, name, f"http://{name}.test:{port}")
        self.neighbour = f"http://api.shop.test:{port}"
        self.secure_foo, self.secure_bar = (f"https://{name}.test:{secure_port}" for name in ("foo", "bar"))
        files["settings.json"] = json.dumps(self.settings())
        files["htdocs/outside/404.json"] = '{"from":"ErrorDocument"}'
        self.server = start(API_CONFIG, ports=2, files=files, defines={"BACKEND": backend.url}, modules=[
            "headers", "http2", "log_config", "mime", "setenvif", "socache_shmcb", "ssl"])
        self.api = f"http://api.shop.test:{self.server.port}"
        self.secure_api = f"https://api.shop.test:{self.server.port_number(2)}"
        self.numbers = itertools.count(1)

    def settings(self):
        """The document of this API; the ports are the ones that the system picked."""
        resources = [{"resource_id": "/baskets/**", "methods": ["get", "post", "put", "patch", "delete"]},
                     {"resource_id": "/products/*", "methods": ["get"]}]
        return {"_v": "19.1", "clients": [
            {"client_id": "storefront", "resources": resources,
             "allowed_origins": [self.www, self.m, self.foo, self.secure_foo]},
            {"client_id": "partner", "resources": resources, "allowed_origins": [self.partner]}]}

    def path(self, resource="baskets"):
        """A path that no test has used: nothing of it is in any cache of the browser."""
        return f"/v19_1/{resource}/{next(self.numbers)}"

    def url(self, path, secure=False):
        """A path of the backend, as the pages ask for it."""
        return (self.secure_api if secure else self.api) + "/s/S/dw/shop" + path

    def rows(self, path):
        """What the API's access log has of a path, in the order in which the requests began: the line of one
        connection may come after that of the next."""
        log = self.server.root / "access.log"
        rows = [Row(*line.split("\t")) for line in (log.read_text() if log.exists() else "").split("\n")[:-1]]
        return sorted((row for row in rows if row.path == "/s/S/dw/shop" + path), key=lambda row: int(row.began))

    def wait_rows(self, path, count):
        """The rows of a path, when there are that many: httpd logs after it has answered."""
        httpd.wait_until(lambda: len(self.rows(path)) >= count, f"{count} requests for {path}")
        rows = self.rows(path)
        assert len(rows) == count, rows
        return rows
