# SPDX-License-Identifier: Apache-2.0
"""A private headless Chromium: own empty profile, every host name is loopback, and it ends whole."""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

import httpd
import processes

# What a page gets to know of an answer; outcome: "read", or "failed" with nothing but `error`.
Told = namedtuple("Told", "outcome type status url redirected headers body error",
                  defaults=(None,) * 7)

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--no-proxy-server", "--ignore-certificate-errors",
         # Little is painted. Pages of one site share a process; those of different sites have one each, as for a visitor.
         "--window-size=100,100", "--process-per-site",
         # No process is started for a page that may come, and none is left for one that was there.
         "--disable-features=SpareRendererForSitePerProcess,BackForwardCache",
         # No name is ever looked up, and nothing leaves the machine.
         "--host-resolver-rules=MAP * 127.0.0.1")
CALL = """
const [name, values, done] = arguments;
Promise.resolve(window[name](...values)).then(done, error => done({outcome: "failed", error: String(error)}));
"""


def tool(name):
    path = shutil.which(name)
    assert path, f"{name} not found (Debian: chromium, chromium-driver)"
    return path


class Chromium:
    """Use it with `with`, or call stop()."""

    def __init__(self, *flags):
        # The environment puts every file of the browser there too, and its name into the command
        # line of each of its processes: that is how stop() knows them.
        self.folder = Path(tempfile.mkdtemp(prefix="ocors-chromium-"))
        self.driver = None
        options = Options()
        options.binary_location = tool("chromium")
        for flag in (*FLAGS, *flags, f"--user-data-dir={self.folder / 'profile'}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Debian's build blocks third-party cookies; most visitors' browsers do not.
        options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8",
                       "HOME": str(self.folder), "TMPDIR": str(self.folder),
                       "XDG_CONFIG_HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}
        try:
            self.driver = webdriver.Chrome(service=Service(tool("chromedriver"), env=environment),
                                           options=options)
            self.driver.set_page_load_timeout(20)
            self.driver.set_script_timeout(20)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def processes(self):
        """The pids of its processes."""
        return processes.that_name(self.folder)

    def stop(self):
        """Ends it, and answers for every process that it started, and for its files."""
        try:
            if self.driver is not None:
                driver, self.driver = self.driver, None
                driver.quit()
            httpd.wait_until(lambda: not self.processes(), "every process of Chromium is gone", 60)
        finally:
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            # A process that is just ending may write once more.
            for _ in range(100):
                shutil.rmtree(self.folder, ignore_errors=True)
                if not self.folder.exists():
                    break
                time.sleep(0.01)
        assert not self.folder.exists()

    # ---- What it does ----

    def forget(self):
        """No cookies, an empty console. Its caches stay: see Shop.path()."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.get_log("browser")

    def open(self, origin, page="/page.html"):
        self.driver.get(origin + page)
        assert self.driver.execute_script("return location.origin") == origin

    def call(self, function, *values):
        """What a function of ask.js gives, in the page that is open."""
        return self.driver.execute_async_script(CALL, function, values)

    def ask(self, url, **init):
        """One request of the page that is open: fetch's options, or xhr=True."""
        return Told(**self.call("ask", url, init))

    def ask_from(self, origin, url, **init):
        self.open(origin)
        return self.ask(url, **init)

    def wait_console(self, pattern):
        """The first line of the page's console that matches. What is read is forgotten."""
        lines = []

        def find():
            lines.extend(entry["message"] for entry in self.driver.get_log("browser"))
            return next((line for line in lines if re.search(pattern, line)), None)

        try:
            return httpd.wait_until(find, "the line")
        except httpd.HttpdFailed:
            raise AssertionError(f"no line matches {pattern!r} in {lines}") from None
