#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/images/console-refused.png: the console of a real browser, shown by its own DevTools, on a page
of an origin that is refused. OCORS_MODULE=.../mod_ocapi_cors.so tests/browser/picture.py [FILE]"""

import base64
import json
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import httpd  # noqa: E402 (needs the path above)
from backend import Backend  # noqa: E402
from chromium import Chromium  # noqa: E402
from shop import Shop  # noqa: E402

SIZE = {"width": 940, "height": 286, "deviceScaleFactor": 1.5, "mobile": False}
API, SITE = "http://api.shop.test", "http://bar.test"
BASKETS = f"{API}/s/S/dw/shop/v19_1/baskets/1"
# What the page does, in the order of the console.
REQUESTS = [{}, {"method": "POST", "headers": {"content-type": "application/json"}, "body": "{}"},
            {"method": "POST", "body": "{}"}]
# DevTools is made of shadow trees.
TEXT = """
const text = node => [...node.childNodes].map(text).join(" ") + (node.shadowRoot ? text(node.shadowRoot) : "")
    + (node.nodeType === Node.TEXT_NODE ? node.data : "");
return text(document.body);
"""


def debugged(browser):
    """The address of the browser's debugger, and the id of the page that is open in it."""
    address = browser.driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
    with urllib.request.urlopen(f"http://{address}/json", timeout=20) as answer:
        page, = [t for t in json.load(answer) if t["type"] == "page" and t["url"].startswith(SITE)]
    return address, page["id"]


def make_picture(shop, path):
    # Without port numbers, so that the picture is the same each time.
    names = f"MAP api.shop.test 127.0.0.1:{shop.server.port}, MAP bar.test 127.0.0.1:{shop.sites.port}"
    with Chromium("--remote-allow-origins=*", f"--host-resolver-rules={names}, MAP * 127.0.0.1") as browser, \
            Chromium() as viewer:
        browser.open(SITE)
        for init in REQUESTS:
            told = browser.ask(BASKETS, **init)
            assert told.outcome == "failed", told
        address, page = debugged(browser)
        front = f"http://{address}/devtools/inspector.html"
        viewer.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
        viewer.driver.get(front)
        viewer.driver.execute_script("localStorage.clear(); localStorage['screencast-enabled'] = 'false';")
        viewer.driver.get(f"{front}?ws={address}/devtools/page/{page}&panel=console")
        httpd.wait_until(lambda: viewer.driver.execute_script(TEXT).count("blocked by CORS policy") >= 3,
                         "the console shows what happened")
        shot = viewer.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else httpd.REPOSITORY / "docs/images/console-refused.png"
    servers, backend = [], Backend()

    def start(*arguments, **keywords):
        servers.append(httpd.Httpd(*arguments, **keywords))
        return servers[-1].start()

    try:
        with tempfile.TemporaryDirectory() as folder:
            make_picture(Shop(start, backend, Path(folder)), path)
        for line in servers[1].log_lines():
            if "OCORS001" in line.text:
                print(line.text)
    finally:
        for server in reversed(servers):
            server.stop()
        backend.stop()


if __name__ == "__main__":
    main()
