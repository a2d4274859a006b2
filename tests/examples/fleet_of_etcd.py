# SPDX-License-Identifier: Apache-2.0
"""An etcd, and servers that follow it by examples/etcd/ocapi-cors-etcd: each an httpd with its own copy of the documents,
and a line to etcd that can be cut."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path

import httpd
from conftest import EXAMPLES
from inotify import LIBC

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


class Names:
    """with Names(folder) as names: ...; names.seen(name) says what became of a name in the folder, as the kernel tells it."""

    KINDS = {0x40: "moved from", 0x80: "moved to", 0x100: "made", 0x200: "removed"}

    def __init__(self, folder):
        self.descriptor = LIBC.inotify_init1(os.O_NONBLOCK)
        assert self.descriptor >= 0 and LIBC.inotify_add_watch(self.descriptor, os.fsencode(folder), sum(self.KINDS)) >= 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)

    def seen(self, name):
        found = []
        while True:
            try:
                events = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return found
            while events:
                _, mask, _, length = struct.unpack_from("iIII", events)
                if events[16:16 + length].rstrip(b"\0") == os.fsencode(name):
                    found.append(self.KINDS[mask & sum(self.KINDS)])
                events = events[16 + length:]


class Machine:
    def __init__(self, etcd, name, resync):
        self.name, self.resync = name, resync
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
            self.carrier = subprocess.Popen([SCRIPT, "--prefix", "/ocapi/", "--into", self.folder, "--check", COMMAND,
                                             "--resync", self.resync], stdout=log, stderr=log, env=environment, start_new_session=True)

    def watch_of_etcd(self):
        """The pid of its `etcdctl watch`."""
        def pid():
            children = Path(f"/proc/{self.carrier.pid}/task/{self.carrier.pid}/children").read_text().split()
            try:
                return next((int(child) for child in children if b"watch" in Path(f"/proc/{child}/cmdline").read_bytes()), None)
            except OSError:  # it has just ended
                return None
        return httpd.wait_until(pid, "an etcdctl that watches")

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
