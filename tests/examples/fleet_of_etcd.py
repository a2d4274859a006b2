# SPDX-License-Identifier: Apache-2.0
"""An etcd, and servers that follow it by examples/etcd/ocapi-cors-etcd: each an httpd with its own copy of the documents,
and a line to etcd that can be cut."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import httpd
from conftest import EXAMPLES

SCRIPT = EXAMPLES / "etcd/ocapi-cors-etcd"
COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
TOOLS = Path(os.environ["OCORS_TOOLS"])
CONFIG = """
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree ocapi/current
    <Location "/ocapi-cors-status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""


class Etcd:
    def __init__(self, folder):
        self.port, peer = httpd.free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        with open(folder / "etcd.log", "wb") as log:
            self.process = subprocess.Popen(
                [TOOLS / "etcd", "--data-dir", folder / "data", "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                 "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--unsafe-no-fsync"], stdout=log, stderr=log)
        httpd.wait_until(lambda: self.ctl("endpoint", "health", check=False).returncode == 0, "etcd is healthy")

    def ctl(self, *arguments, text="", check=True):
        environment = {**os.environ, "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": self.url}
        done = subprocess.run([TOOLS / "etcdctl", *arguments], input=text, capture_output=True, text=True, timeout=60, env=environment)
        assert done.returncode == 0 or not check, done
        return done

    def put(self, **documents):
        """Several documents in one transaction; None removes one."""
        lines = [f"del {key}" if text is None else f"put {key} {json.dumps(text)}" for key, text in documents.items()]
        self.ctl("txn", text="\n" + "\n".join(lines) + "\n\n\n")

    def revision(self):
        return json.loads(self.ctl("get", "none", "-w", "json").stdout)["header"]["revision"]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Line:
    """A port that leads to another one, until it is cut: connections end and new ones are refused; or frozen: nothing is
    heard any more."""

    def __init__(self, port):
        self.to = port
        self.is_open = threading.Event()
        self.is_open.set()
        self.is_cut = False
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.to))
            self.sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source, target):
        try:
            while piece := source.recv(65536):
                self.is_open.wait()
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True
        for end in self.sockets:
            end.close()
        self.sockets = []

    def freeze(self):
        self.is_open.clear()

    def heal(self):
        self.is_cut = False
        self.is_open.set()

    def close(self):
        self.listener.close()
        self.heal()
        self.cut()


class Machine:
    def __init__(self, etcd, name):
        self.name = name
        self.line = Line(etcd.port)
        self.httpd = httpd.Httpd(CONFIG)
        self.folder = self.httpd.root / "ocapi"
        self.said = self.httpd.root / "carrier.log"
        self.start_carrier()
        httpd.wait_until(lambda: (self.folder / "current").exists(), f"documents of {name}")
        self.httpd.start()

    def start_carrier(self):
        environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", "ETCDCTL_ENDPOINTS": f"http://127.0.0.1:{self.line.port}"}
        with open(self.said, "ab") as log:
            self.carrier = subprocess.Popen([SCRIPT, "--prefix", "/ocapi/", "--into", self.folder, "--check", COMMAND, "--resync", "5"],
                                            stdout=log, stderr=log, env=environment, start_new_session=True)

    def stop_carrier(self, number=signal.SIGTERM):
        self.carrier.send_signal(number)
        status = self.carrier.wait(30)
        try:
            os.killpg(self.carrier.pid, signal.SIGKILL)  # its etcdctl, where it could not end it
        except ProcessLookupError:
            pass
        return status

    def count_said(self, text):
        return self.said.read_text().count(text)

    def await_said(self, text, count=1):
        httpd.wait_until(lambda: self.count_said(text) >= count, f"{self.name} says {text}: {self.said.read_text()}", 60)

    def status(self):
        return json.loads(self.httpd.request("GET", "/ocapi-cors-status").body)

    def allows(self, origin):
        """The answer to a POST from another origin: 401, or that of a server that has nothing there."""
        answer = self.httpd.request("POST", "/s/One/dw/shop/v19_1/x", [("Origin", origin)])
        assert answer.status in (401, 404), answer
        return answer.status == 404

    def await_allowed(self, origin):
        httpd.wait_until(lambda: self.allows(origin), f"{self.name} allows {origin}: {self.said.read_text()}", 60)

    def stop(self):
        try:
            self.stop_carrier(signal.SIGKILL)
        finally:
            self.line.close()
            if self.httpd.process is not None:
                self.httpd.stop()
            else:
                shutil.rmtree(self.httpd.root)
