# SPDX-License-Identifier: Apache-2.0
"""Processes of the test's own that answer behind httpd and record what they ran: Tomcat and Jetty, from
Debian's jars (a JRE is enough: the compiler is Eclipse's, which Debian's Tomcat brings), and the readers of
readers.py. Each prints its port first, then a line for each request that it ran."""

import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path
from urllib.parse import unquote_plus

from httpd import HttpdFailed, wait_until

HERE = Path(__file__).resolve().parent
JARS = Path("/usr/share/java")
COMPILER = JARS / "eclipse-jdt-core.jar"

Kind = namedtuple("Kind", "main jars servlet_package")
KINDS = {
    "tomcat": Kind("TomcatServer", [f"tomcat10-{name}" for name in (
        "annotations-api api catalina coyote jaspic-api juli servlet-api util util-scan jni").split()],
        "jakarta.servlet"),
    "jetty": Kind("JettyServer", ["servlet-api"] + [f"jetty9-{name}" for name in (
        "http io security server servlet util util-ajax").split()], "javax.servlet"),
}


class Ran(namedtuple("Ran", "reader site api")):
    """What an application took a request for: which one, and the address that it served."""


class Application:
    """A process that answers. `command` is started in a directory of its own, which goes with it."""

    def __init__(self, name, command, root):
        self.name = name
        self.root = root
        self.taken = 0  # bytes of the output that were read
        with open(root / "output", "wb") as output, open(root / "errors", "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=errors, cwd=root, start_new_session=True)
        try:
            wait_until(lambda: b"\n" in self.output() or self.process.poll() is not None,
                       f"{name} prints its port", 60)
            if self.process.poll() is not None:
                raise HttpdFailed(f"{name} ended:\n" + (root / "errors").read_text())
        except HttpdFailed:
            self.stop()
            raise
        line, _, _ = self.output().partition(b"\n")
        self.taken = len(line) + 1
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def output(self):
        return (self.root / "output").read_bytes()

    def records(self):
        """{request number: [Ran]} of what it ran since the last call. A record is written before its
        request is answered."""
        data = self.output()[self.taken:]
        data = data[:data.rfind(b"\n") + 1]
        self.taken += len(data)
        found = {}
        for line in data.decode().splitlines():
            number, *fields = line.split(" ")
            reader = fields.pop(0) if len(fields) == 3 else self.name
            found.setdefault(int(number), []).append(Ran(reader, *map(unquote_plus, fields)))
        return found

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        shutil.rmtree(self.root, ignore_errors=True)


def directory(name):
    return Path(tempfile.mkdtemp(prefix=f"ocors-{name}-"))


def start_servlet_container(name):
    """Tomcat or Jetty in its default configuration, with the servlet on /s/* and /dw/*, and again in a
    context /app."""
    kind = KINDS[name]
    jars = [JARS / f"{jar}.jar" for jar in kind.jars]
    missing = [str(jar) for jar in [*jars, COMPILER] if not jar.exists()]
    if missing:
        raise HttpdFailed(f"{name}: {missing} not there (scripts/check servlet installs the packages)")
    root = directory(name)
    for source in ("Ocapi", kind.main):
        text = (HERE / f"{source}.java").read_text()
        (root / f"{source}.java").write_text(text.replace("jakarta.servlet", kind.servlet_package))
    path = ":".join(map(str, jars))
    compiled = subprocess.run(
        ["java", "-cp", str(COMPILER), "org.eclipse.jdt.internal.compiler.batch.Main", "-17",
         "-proc:none", "-cp", path, "-d", str(root), f"{root}/Ocapi.java", f"{root}/{kind.main}.java"],
        capture_output=True, text=True, timeout=120)
    if compiled.returncode:
        raise HttpdFailed(compiled.stdout + compiled.stderr)
    command = ["java", "-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{root}:{path}",
               kind.main, str(root)]
    return Application(name, command, root)


def start_readers():
    """The application that reads each path in every way of readers.py."""
    return Application("readers", [sys.executable, str(HERE / "readers.py")], directory("readers"))


STARTS = (lambda: start_servlet_container("tomcat"), lambda: start_servlet_container("jetty"), start_readers)
