# SPDX-License-Identifier: Apache-2.0
"""The servers that the module is compared with, nginx and haproxy: unpacked from Debian's packages below build/bench,
never installed, as an installed one is started as a service."""

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from bench import REPOSITORY, say

import httpd
import wire

PLACE = REPOSITORY / "build/bench"
PACKAGES = ("nginx", "haproxy", "nghttp2-client", "wrk")
PROGRAMS = ("nginx", "haproxy", "h2load", "wrk")
FOLDERS = ("usr/sbin", "usr/bin")
UNPACKING = threading.Lock()  # contenders are counted side by side


def apt(*arguments, folder=None):
    return subprocess.run(["apt-get", "-q", *arguments], cwd=folder, capture_output=True, text=True)


def missing_packages():
    """The packages, and what they depend on and this machine does not have."""
    done = apt("-s", "--no-install-recommends", "--reinstall", "install", *PACKAGES)
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Inst ")]


def unpack():
    """Downloads the packages and unpacks them: nothing of them runs."""
    assert shutil.which("apt-get"), f"without apt-get, {', '.join(PROGRAMS)} must be in PATH"
    say("unpacking " + ", ".join(PACKAGES))
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        if not (names := missing_packages()) or apt("download", *names, folder=folder).returncode != 0:
            subprocess.run(["bash", "-c", ". scripts/common.sh; as_root apt-get -q update"], cwd=REPOSITORY, check=True,
                           stdout=subprocess.DEVNULL)
            done = apt("download", *missing_packages(), folder=folder)
            assert done.returncode == 0, done.stderr
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, Path(folder) / "root"], check=True)
        (Path(folder) / "root").rename(PLACE / "root")


def program(name):
    """The path of one of PROGRAMS: that of this machine, or the unpacked one."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    places = [PLACE / "root" / folder / name for folder in FOLDERS]
    with UNPACKING:
        if not found and not any(path.exists() for path in places):
            unpack()
    return found or str(next(path for path in places if path.exists()))


def environment():
    """What an unpacked program needs to find its libraries."""
    libraries = [str(path) for path in (PLACE / "root/usr/lib").glob("*-linux-gnu*")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


class Peer:
    """A private nginx or haproxy, as httpd.Httpd is a private httpd. `config` may say {root}, {port} and {body};
    `files` are {name: text} below the root. The file `file` tells whether it is this server that answers."""

    def __init__(self, config, files, *arguments):
        self.root = Path(tempfile.mkdtemp(prefix="ocors-peer-"))
        self.root.chmod(0o755)
        self.config = config
        self.arguments = arguments  # the program, and what it is called with; {root} as in the configuration
        self.body = secrets.token_hex(50)
        self.prefix = []
        for name, text in {**files, "file": self.body}.items():
            (self.root / name).write_text(text)
        self.process = self.port = None

    def _names(self):
        return {"root": self.root, "port": self.port, "body": self.body}

    def _fill(self, text):
        for name, value in self._names().items():
            text = text.replace("{%s}" % name, str(value))
        return text

    def _is_this(self):
        try:
            return wire.request(self.port, "GET", "/file").body.decode() == self.body
        except (OSError, EOFError):
            return False

    def __enter__(self):
        self.port, = httpd.free_ports(1)
        (self.root / "config").write_text(self._fill(self.config))
        name, *arguments = map(self._fill, self.arguments)
        with open(self.root / "said", "wb") as output:
            self.process = subprocess.Popen([*self.prefix, program(name), *arguments], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, env=environment(), start_new_session=True)
        try:
            httpd.wait_until(lambda: self.process.poll() is not None or self._is_this(), f"{name} answers")
            assert self.process.poll() is None, (self.root / "said").read_text()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
