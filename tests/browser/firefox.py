#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the console of Firefox says of refused requests, and ends with status 1 if docs/frontend.md does not have
it: a maintainer runs it when Firefox changes (Debian: firefox-esr). OCORS_MODULE=.../mod_ocapi_cors.so tests/browser/firefox.py

Speaks Firefox's own remote protocol (Marionette), as Debian has no geckodriver."""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import httpd  # noqa: E402 (needs the path above)
from backend import Backend  # noqa: E402
from shop import Shop  # noqa: E402

PREFERENCES = """
user_pref("network.dns.localDomains", "api.shop.test,www.shop.test,foo.test,bar.test,partner.test");
user_pref("network.proxy.type", 0);
user_pref("marionette.port", 0);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""
JSON = {"content-type": "application/json"}
OCAPI = {**JSON, "authorization": "Bearer opaque", "x-dw-client-id": "storefront"}
ASK = "const [url, init, done] = arguments; window.ask(url, init).then(done);"
CONSOLE = "const all = Services.console.getMessageArray().map(String); Services.console.reset(); return all;"


class Firefox:
    def __init__(self, folder):
        (folder / "user.js").write_text(PREFERENCES)
        self.process = subprocess.Popen(
            [shutil.which("firefox-esr") or "firefox", "--headless", "--no-remote", "--marionette",
             "--remote-allow-system-access", "--profile", str(folder)],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = folder / "MarionetteActivePort"
        httpd.wait_until(lambda: port.exists() and port.read_text(), "Firefox listens", 120)
        self.connection = socket.create_connection(("127.0.0.1", int(port.read_text())), 60)
        self.file = self.connection.makefile("rb")
        self.count = 0
        self._read()
        self.call("WebDriver:NewSession", {})

    def _read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.file.read(1)
        return json.loads(self.file.read(int(length[:-1])))

    def call(self, name, parameters):
        self.count += 1
        text = json.dumps([0, self.count, name, parameters]).encode()
        self.connection.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._read()
        assert error is None, error
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def messages(self):
        """What the console has of CORS since the last call."""
        self.call("Marionette:SetContext", {"value": "chrome"})
        try:
            lines = self.call("WebDriver:ExecuteScript", {"script": CONSOLE, "args": []})
        finally:
            self.call("Marionette:SetContext", {"value": "content"})
        return [re.sub(r'^\[.*?Warning: "|^\[.*?Error: "', "", line).partition('" {')[0].removesuffix('"]') for line in lines
                if "Cross-Origin Request" in line]

    def ask(self, origin, url, **init):
        self.call("WebDriver:Navigate", {"url": origin + "/page.html"})
        self.messages()
        told = self.call("WebDriver:ExecuteAsyncScript", {"script": ASK, "args": [url, init]})
        found = []
        httpd.wait_until(lambda: found.extend(self.messages()) or found, "the console says something")
        return told, found

    def stop(self):
        try:
            self.call("Marionette:Quit", {"flags": ["eForceQuit"]})
        finally:
            self.process.wait(60)


def cases(shop):
    """(title, origin, url, fetch's options) of requests that fail."""
    post = {"method": "POST", "headers": OCAPI, "body": "{}"}
    yield "GET, unknown origin", shop.bar, shop.url(shop.path()), {}
    yield "POST of JSON, unknown origin", shop.bar, shop.url(shop.path()), {**post, "headers": JSON}
    yield "another client's origin, after the preflight", shop.partner, shop.url(shop.path()), post
    yield "a method that the resource does not have", shop.foo, shop.url(shop.path("products")), {"method": "DELETE"}
    yield "a header that is not granted", shop.foo, shop.url(shop.path("baskets/few-headers")), post
    yield "credentials", shop.www, shop.url(shop.path("baskets/no-credentials")), {"credentials": "include"}
    yield "not covered: 405", shop.www, shop.api + "/idiom/x?status=405", post
    yield "not covered: a redirect", shop.www, shop.api + "/outside/moved/x", post


def main():
    servers, backend = [], Backend()
    page, missing = (httpd.REPOSITORY / "docs/frontend.md").read_text(), []

    def start(*arguments, **keywords):
        servers.append(httpd.Httpd(*arguments, **keywords))
        return servers[-1].start()

    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "profile").mkdir()
            shop = Shop(start, backend, Path(folder))
            firefox = Firefox(Path(folder) / "profile")
            try:
                for title, origin, url, init in cases(shop):
                    told, found = firefox.ask(origin, url, **init)
                    print(f"{title}: the page gets {told.get('error', told['outcome'])}")
                    for line in found:
                        print(f"    {line}")
                        reason = re.search(r"\(Reason: (.*?)\)[.]", line)[1]
                        if f"`{reason}`" not in page:
                            missing.append(reason)
            finally:
                firefox.stop()
    finally:
        for server in reversed(servers):
            server.stop()
        backend.stop()
    for reason in missing:
        print(f"docs/frontend.md does not have: {reason}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
