#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/images/status-light.png and status-dark.png: the status page in a real browser, as a server shows it.
OCORS_MODULE=.../mod_ocapi_cors.so tests/browser/status_pictures.py [FOLDER]"""

import base64
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import httpd  # noqa: E402 (needs the path above)
import status_shop  # noqa: E402
from chromium import Chromium  # noqa: E402

WIDTH = 1180
# The server of a test has a folder of its own; a reader's is in /etc.
RENAME = """
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data.replaceAll(...arguments);
"""


def make_picture(browser, server, scheme, path):
    command = browser.driver.execute_cdp_cmd
    command("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    command("Emulation.setDeviceMetricsOverride", {"width": WIDTH, "height": 800, "deviceScaleFactor": 1, "mobile": False})
    browser.driver.get(f"http://127.0.0.1:{server.port}/ocapi-cors-status")
    browser.driver.execute_script(RENAME, str(server.root), "/etc/apache2")
    height = browser.driver.execute_script("return document.documentElement.scrollHeight")
    command("Emulation.setDeviceMetricsOverride",
            {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False})
    shot = command("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(shot["data"]))


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else httpd.REPOSITORY / "docs/images"
    servers = []

    def start(*arguments, **keywords):
        servers.append(httpd.Httpd(*arguments, **keywords))
        return servers[-1].start()

    try:
        server = status_shop.start(start)
        with Chromium() as browser:
            for scheme in ("light", "dark"):
                make_picture(browser, server, scheme, folder / f"status-{scheme}.png")
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
