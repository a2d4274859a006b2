# SPDX-License-Identifier: Apache-2.0
"""A private httpd for tests: own root, ports that the system picks, proven identity, read log."""

import contextlib
import functools
import os
import pwd
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import processes
import sockets
import wire
from server_log import ServerLog

REPOSITORY = Path(__file__).resolve().parents[2]
CRASH = re.compile(r"AH0005[12]: child pid (?P<pid>\d+) exit signal Segmentation fault")
ENDED_BADLY = re.compile(r"exit signal|seg fault|Segmentation|Sanitizer|runtime error|assert", re.I)
NUMBER = re.compile(r"\b(OCORS\d{4}): ")  # of a message of ours
QUIET_LEVELS = {"notice", "info", "debug"} | {f"trace{n}" for n in range(1, 9)}
LOGS = ("stderr.log", "error.log")
RUNNER = os.environ.get("OCORS_RUN_UNDER", "").split()  # a program that runs each server: valgrind and its options
PATIENCE = int(os.environ.get("OCORS_PATIENCE", "1"))  # how many times longer something may take
OF_ALL = "OCORS_HTTPD_"  # begins a variable of the tests' environment that all servers get, without this
MPMS = ("event", "worker", "prefork")
WATCHER = "ocapi-cors"  # the process of the timed reload
THREADS = 25  # of each child, but for prefork's
LINE_TIMEOUT = 20  # seconds until an expected log line must have come

# What httpd 2.4.71 does by itself, with or without a module of ours: the event MPM says this of a
# connection that lingers while its child ends; and of children that take seconds to end, where the
# machine is busy. (Of one that does not end it says AH00046.)
HTTPDS_OWN = re.compile(r"AH03092: process_lingering_close: apr_pollset_add failure"
                        r"|AH00045: child process \d+ still did not exit, sending a SIGTERM")

# Configuration that runs *.cgi below htdocs; it wants the modules mime, and cgi or cgid.
SCRIPTS = """
TypesConfig /dev/null
AddHandler cgi-script .cgi
<Directory "${ROOT}/htdocs">
    Options +ExecCGI
</Directory>
"""


class HttpdFailed(AssertionError):
    """The server did not start, did not stop, or ended by itself."""


def wait_until(condition, what, timeout=20):
    """Polls until condition() is true and returns its value; never waits without a bound. What takes long is asked for
    less often: a question costs time that the server needs."""
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - begin
        if waited > timeout * PATIENCE:
            raise HttpdFailed(f"after {timeout * PATIENCE} s still not: {what}")
        time.sleep(min(0.1, 0.01 + waited / 8))


@functools.lru_cache(maxsize=None)
def documented_levels():
    """The level of each message of the module, as docs/messages.md has it and a log shows it."""
    shown = {"emergency": "emerg", "critical": "crit", "warning": "warn"}
    rows = re.findall(r"^\| (OCORS\d{4}) \| (\w+) \|", (REPOSITORY / "docs/messages.md").read_text(), re.M)
    return {number: shown.get(level, level) for number, level in rows}


def apxs_tool():
    tool = os.environ.get("APXS") or shutil.which("apxs2") or shutil.which("apxs")
    assert tool, "apxs not found"
    return tool


@functools.lru_cache(maxsize=None)
def apxs(name):
    """What apxs says about a place of this httpd; nothing is an error."""
    value = subprocess.run([apxs_tool(), "-q", name], capture_output=True, text=True).stdout.strip()
    assert value, f"apxs -q {name} says nothing"
    return value


def binary():
    return os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))


@functools.lru_cache(maxsize=None)
def built_in():
    """Names of the modules that this httpd holds statically: mod_version.c -> version."""
    output = subprocess.run([binary(), "-l"], capture_output=True, text=True, check=True).stdout
    return frozenset(re.findall(r"^\s+mod_(\w+)\.c$", output, re.M))


@contextlib.contextmanager
def core_files():
    """What is started meanwhile may leave a core file. A function for the child (preexec_fn) would make Python copy
    itself for each start."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def module_under_test():
    """The path of mod_ocapi_cors.so. No silent skip: without it nothing may pass."""
    path = os.environ.get("OCORS_MODULE", "")
    if not path:
        raise HttpdFailed("OCORS_MODULE must name mod_ocapi_cors.so (scripts/check sets it)")
    if not os.path.isfile(path):
        raise HttpdFailed(f"OCORS_MODULE names {path}, which is not there")
    return os.path.abspath(path)


def load_modules(names):
    """LoadModule lines for those of `names` that are not built in."""
    lines = []
    for name in dict.fromkeys(names):
        if name not in built_in():
            path = os.path.join(apxs("LIBEXECDIR"), f"mod_{name}.so")
            assert os.path.isfile(path), f"this httpd has no {path}"
            lines.append(f"LoadModule {name}_module {path}")
    return "\n".join(lines)


def free_ports(count):
    """Ports that were free just now; the server's own bind is what decides."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Httpd:
    """
    config   appended to the base configuration (see _base). It may use ${ROOT} (the server's own
             directory), ${PORT} (and ${PORT2}... with ports=2...), and every name of `defines`.
             Without a <VirtualHost> of its own it configures what answers on ${PORT}.
    modules  beyond the base: "headers", "rewrite", "auth_basic", ...
    files    {relative path: text or bytes} put under ${ROOT} before the start.
    module   False leaves the module under test out; a path takes that one instead.
    mode     "-X": one process, which a debugger sees whole; it is ended by SIGTERM or SIGINT alone.
             "-k start": in the background, as administrators start it.
    """

    BASE_MODULES = ("unixd", "authn_core", "authz_core", "alias", "proxy", "proxy_http")
    MODULE_LEVEL = "debug"  # each refusal has its line, not the first of its kind alone
    live = []  # the servers that run in this process; the log guard asks them all

    def __init__(self, config="", mpm="event", modules=(), files=None, defines=None, module=True,
                 ports=1, log_level="notice", environment=None, mode="-DFOREGROUND"):
        assert mpm in MPMS
        self.config = config
        self.mpm = mpm
        self.modules = modules
        self.defines = dict(defines or {})
        self.module = module_under_test() if module is True else module
        self.port_count = ports
        self.log_level = log_level
        self.environment = dict(environment or {})
        self.mode = mode
        self.process = None
        self.is_told_to_end = False
        self.port = None
        self.generation = 0
        self.answered = dict.fromkeys(LOGS, 0)  # log lines that earlier tests answered for
        self.expected, self.allowed, self.allowed_at_end = [], [], []
        self.last_stack = []
        self.root = Path(tempfile.mkdtemp(prefix="ocors-httpd-"))
        self.logs = {name: ServerLog(self.root / name) for name in LOGS}
        self.root.chmod(0o755)
        for name in ("run", "htdocs", "identity", "staging"):
            (self.root / name).mkdir()
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.account())
            os.chown(self.root / "run", account.pw_uid, account.pw_gid)
        for name, content in (files or {}).items():
            self.write(name, content)

    # ---- Its files ----

    @staticmethod
    def account():
        """The unprivileged user of the children when we are root."""
        for name in ("www-data", "apache", "nobody"):
            try:
                return pwd.getpwnam(name).pw_name
            except KeyError:
                pass
        raise HttpdFailed("no unprivileged user to run httpd as")

    def write(self, name, content):
        """Puts a file under the root, whole and with the folders that are missing, by one rename;
        readable by the children."""
        path = self.root / name
        place = path  # what is put in place: the file, or the topmost folder that is missing
        while not place.parent.exists():
            place = place.parent
        beside = self.root / "staging" / secrets.token_hex(8)  # tests write from several threads, too
        file = beside / path.relative_to(place)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogateescape"))
        file.chmod(0o644)
        beside.rename(place)
        return path

    def _base(self, nonce, ports):
        names = {"ROOT": self.root, "IDENTITY_PORT": ports[0], "PORT": ports[1]}
        names.update({f"PORT{n}": p for n, p in enumerate(ports[2:], 2)})
        names.update(self.defines)
        lines = [f'Define {n} "{v}"' for n, v in names.items()]
        lines.append(load_modules((f"mpm_{self.mpm}",) + self.BASE_MODULES + tuple(self.modules)))
        level = self.log_level
        if self.module:
            lines.append(f"LoadModule ocapi_cors_module {self.module}")
            level += f" ocapi_cors:{self.MODULE_LEVEL}"
        if os.geteuid() == 0:
            group = pwd.getpwnam(self.account()).pw_gid
            lines.append(f"User {self.account()}\nGroup #{group}")
        lines += [f"Listen 127.0.0.1:{port}" for port in ports]
        threads = ("" if self.mpm == "prefork"
                   else f"ThreadsPerChild {THREADS}\nMinSpareThreads 1\n")
        lines.append(f"""\
ServerRoot "${{ROOT}}"
ServerName http://example.com
DefaultRuntimeDir "${{ROOT}}/run"
CoreDumpDirectory "${{ROOT}}/run"
PidFile "${{ROOT}}/run/httpd.pid"
ErrorLog "${{ROOT}}/error.log"
LogLevel {level}
StartServers 1
{threads}MaxRequestWorkers {25 if self.mpm == "prefork" else 50}
GracefulShutdownTimeout 5
KeepAliveTimeout 2
TimeOut 20
DocumentRoot "${{ROOT}}/htdocs"
<Directory />
    Require all denied
</Directory>
<Directory "${{ROOT}}/htdocs">
    Require all granted
</Directory>
<VirtualHost 127.0.0.1:${{IDENTITY_PORT}}>
    ServerName identity.invalid
    DocumentRoot "${{ROOT}}/identity/{nonce}"
    <Directory "${{ROOT}}/identity">
        Require all granted
    </Directory>
    <Location "/">
        Require all granted
    </Location>
</VirtualHost>
""")
        return "\n".join(lines)

    def _write_config(self, ports):
        nonce = secrets.token_hex(16)
        self.write(f"identity/{nonce}/nonce", nonce)
        (self.root / "identity" / nonce).chmod(0o755)
        self.write("httpd.conf", self._base(nonce, ports) + "\n" + self.config + "\n")
        return nonce

    def command(self, *arguments):
        return [binary(), "-d", str(self.root), "-f", str(self.root / "httpd.conf"), *arguments]

    def _environment(self):
        """OCORS_HTTPD_X=y in the environment of the tests is X=y in the server's. A library that a test preloads comes
        after those of all servers: the sanitizers' must be the first."""
        given = {name.removeprefix(OF_ALL): value for name, value in os.environ.items() if name.startswith(OF_ALL)}
        libraries = [e["LD_PRELOAD"] for e in (given, self.environment) if "LD_PRELOAD" in e]
        return {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C", **given,
                **self.environment, **({"LD_PRELOAD": ":".join(libraries)} if libraries else {})}

    def configtest(self):
        """What `apachectl configtest` does: (return code, all it printed)."""
        self._write_config(free_ports(1 + self.port_count))
        return self.run("-t")

    def run(self, *arguments):
        """What the program does when it is called with these: (return code, all it printed)."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60,
                              env=self._environment())
        return done.returncode, done.stdout + done.stderr

    # ---- Its life ----

    def start(self):
        """Starts it, and returns when its own nonce was read from it: another process's server on
        that port cannot pass. A port that somebody took meanwhile is tried again."""
        for _ in range(5):
            self._ports = free_ports(1 + self.port_count)
            nonce = self._write_config(self._ports)
            with open(self.root / "stderr.log", "ab") as output, core_files():
                self.process = subprocess.Popen(
                    [*RUNNER, *self.command(*self.mode.split())], stdin=subprocess.DEVNULL, stdout=output,
                    stderr=output, env=self._environment(), start_new_session=True)
            try:
                if self.mode == "-k start" and self.process.wait(60) == 0:
                    self.process = processes.Detached(self._read_pid())
                wait_until(lambda: self.process.poll() is not None or self._identity() == nonce,
                           "httpd answers with its nonce")
            except HttpdFailed:
                self._kill()
                raise
            if self.process.poll() is None:
                self.port = self._ports[1]
                self.url = f"http://127.0.0.1:{self.port}"
                self.generation = 1
                Httpd.live.append(self)
                return self
            said = self.log_text()
            if "could not bind to address" not in said:
                break
            for name in LOGS:
                (self.root / name).unlink(missing_ok=True)
        raise HttpdFailed(f"httpd ended with {self.process.returncode}:\n{said}")

    def _read_pid(self):
        """The pid that the server has written down."""
        path = self.root / "run" / "httpd.pid"
        return int(wait_until(lambda: path.exists() and path.read_text().strip(), "a pid file"))

    def _identity(self):
        try:
            return wire.request(self._ports[0], "GET", "/nonce").body.decode("latin-1")
        except (OSError, EOFError):
            return None

    def port_number(self, number):
        """The port that the configuration calls ${PORTn}."""
        return self._ports[number]

    def _children(self):
        """(pid, the kernel's name of the process) of the parent's children."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return  # the parent has ended
        for child in children:
            try:
                yield int(child), Path(f"/proc/{child}/comm").read_text().strip()
            except OSError:
                pass  # this one has just ended

    def children(self):
        """The pids of the workers."""
        return {pid for pid, name in self._children() if name != WATCHER}

    def watcher(self):
        """The pid of the process that watches the documents, or None. One that was forked just now has
        its name in a moment."""
        return next((pid for pid, name in self._children() if name == WATCHER), None)

    def await_watcher(self, old=None):
        """Waits for a watcher, for another than `old`, and returns its pid."""
        return wait_until(lambda: (pid := self.watcher()) != old and pid, f"a watcher that is not {old}")

    def is_idle(self):
        """Whether every child has all its threads and no connection."""
        wanted = 1 if self.mpm == "prefork" else THREADS + 2  # the workers, the listener, the main
        try:
            threads = [len(os.listdir(f"/proc/{pid}/task")) for pid in self.children()]
        except OSError:
            return False  # a child that has just ended
        return all(n >= wanted for n in threads) and sockets.held_ports().isdisjoint(self._ports)

    def await_idle(self):
        """Returns when that is so. httpd 2.4.71's event MPM crashes now and then, with or without a
        module of ours, when a child is told to end at once and one of its threads is just closing a
        connection (apr_os_sock_get in mod_mpm_event)."""
        wait_until(lambda: self.process.poll() is not None or self.is_idle(), "the children are idle")

    def restart(self, graceful=True, config=None):
        """Reloads, and returns when the new generation serves and no child of the old one is left.
        The configuration may be replaced on the way."""
        self.await_idle()
        old = self.children()
        if config is not None:
            self.config = config
        nonce = self._write_config(self._ports)
        self.process.send_signal(signal.SIGUSR1 if graceful else signal.SIGHUP)
        if not graceful:  # nothing is asked of children that are told to end at once
            wait_until(lambda: self.process.poll() is not None or not old & self.children(),
                       "the old children are gone", 40)
        wait_until(lambda: self.process.poll() is not None or self._identity() == nonce,
                   "the new generation answers")
        if self.process.poll() is not None:
            raise HttpdFailed(f"httpd ended at a restart:\n{self.log_text()}")
        wait_until(lambda: not old & self.children(), "the old generation's children are gone", 40)
        self.generation += 1

    def stop(self):
        """Ends it by its pid, removes its directory, and answers for what the log still says."""
        try:
            self._kill()
            self.allowed += self.allowed_at_end
            self.check_log()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def tell_to_end(self, may_be_at_once=True):
        """Returns soon: several can end at the same time; stop() waits for it, and answers for the rest of its log."""
        if self in Httpd.live:
            Httpd.live.remove(self)
        if not self.is_told_to_end and self.process is not None and self.process.poll() is None:
            # Gracefully takes httpd a second. A second SIGWINCH would mean at once.
            is_at_once = self.mode == "-X" or (may_be_at_once and self._may_end_at_once() and self._comes_to_rest(0.1))
            self.process.send_signal(signal.SIGTERM if is_at_once else signal.SIGWINCH)
            self.is_told_to_end = True

    def _may_end_at_once(self):
        """A child of event or worker is told by a byte in a pipe, and the parent writes as many as
        MaxRequestWorkers allows children. Where more are left, after kills or restarts, one may get none,
        and is killed after ten seconds (AH00046)."""
        return self.mpm == "prefork" or len(self.children()) == 1

    def _comes_to_rest(self, seconds):
        """Whether it is idle within that time."""
        end = time.monotonic() + seconds
        while not self.is_idle():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def _kill(self):
        if self.process is None:
            return
        self.tell_to_end()
        try:
            self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
            raise HttpdFailed(f"httpd did not stop within {20 * PATIENCE} s") from None

    def crash_stack(self):
        """The innermost frames of the last crash, innermost first; "" without a core file."""
        core = self.root / "run" / "core"
        for path in (core, *self.root.glob("run/core.*")):
            if path.exists():
                done = subprocess.run(["gdb", "-batch", "-ex", "bt", binary(), str(path)],
                                      capture_output=True, text=True, timeout=60)
                path.unlink()
                frames = [line for line in done.stdout.splitlines() if line.startswith("#")]
                while len(frames) > 1 and frames[1].startswith("#0 "):  # said as the file is opened
                    frames.pop(0)
                return "\n".join(frames)
        return ""

    def is_httpds_own(self, text):
        """Whether a log line is one that httpd 2.4.71 causes by itself; a crash is told by its stack."""
        if not CRASH.search(text):
            return bool(HTTPDS_OWN.search(text))
        # The kernel may name every core file alike: of two crashes at a time the later one's is left.
        frames = self.last_stack = self.crash_stack().splitlines() or self.last_stack
        return len(frames) > 1 and "apr_os_sock_get" in frames[0] and "mod_mpm_event" in frames[1]

    def stop_after_failure(self):
        """For a test whose server was meant not to start: removes its directory."""
        self._kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop_after_failure()
            raise

    def __exit__(self, *_):
        self.stop()

    # ---- Requests ----

    def request(self, method, target, headers=(), body=b"", host="example.com", port=None):
        return wire.request(port or self.port, method, target, headers, body, host)

    def connection(self, port=None):
        return wire.Connection(port or self.port)

    # ---- Its log ----

    def log_text(self):
        text = ""
        for name in LOGS:
            path = self.root / name
            if path.exists():
                text += path.read_text(errors="backslashreplace")
        return text

    def log_lines(self):
        """The lines since this test began."""
        return [line for name in LOGS for line in self.logs[name].lines(self.answered[name])]

    def expect_log(self, pattern):
        """This test will cause a line that matches; else such a line fails it, and without one it
        fails as well. Patterns are searched in the whole line."""
        self.expected.append(re.compile(pattern))

    def allow_log(self, pattern):
        """Such a line may come in this test, or not: for what httpd says now and then."""
        self.allowed.append(re.compile(pattern))

    def allow_log_at_end(self, pattern):
        """The same when the server ends, after its last test."""
        self.allowed_at_end.append(re.compile(pattern))

    def wait_log(self, pattern, timeout=20):
        """Waits for a line of this test that matches, and returns it."""
        regex = re.compile(pattern)
        return wait_until(lambda: next((l for l in self.log_lines() if regex.search(l.text)), None),
                          f"a log line that matches {pattern!r}", timeout)

    def wait_publication(self, number, occasion="[a-z ]+"):
        """Waits for the publication of this number, from 1, in the life of the server, and returns its line. One that
        says nothing new is of the same generation."""
        regex = re.compile(r"OCORS0007: generation \d+ \(")
        lines = wait_until(lambda: (found if len(found := [t for t in self.log_text().splitlines() if regex.search(t)])
                                    >= number else None), f"publication {number}", LINE_TIMEOUT)
        assert re.search(rf"generation \d+ \({occasion}\)", lines[number - 1]), lines[number - 1]
        return lines[number - 1]

    def begin_test(self):
        self.answered = {name: len(self.logs[name].lines()) for name in LOGS}
        self.expected, self.allowed = [], []

    def check_log(self):
        """Fails on a line of level warn or above that nobody expected, on any trace of a crash, on
        an expected line that did not come, on a message of ours at another level than the documented
        one, and when the server is gone."""
        expected, self.expected = self.expected, []
        allowed, self.allowed = self.allowed, []
        for regex in expected:
            wait_until(lambda r=regex: any(r.search(l.text) for l in self.log_lines()),
                       f"the expected log line {regex.pattern!r}", LINE_TIMEOUT)
        new = {name: self.logs[name].lines(self.answered[name]) for name in LOGS}
        lines = [line for name in LOGS for line in new[name]]
        for name in LOGS:
            self.answered[name] += len(new[name])
        bad = [l.text for l in lines
               if (l.level not in QUIET_LEVELS or ENDED_BADLY.search(l.text))
               and not any(r.search(l.text) for r in expected + allowed)
               and not self.is_httpds_own(l.text)]
        if bad:
            raise HttpdFailed("unexpected lines in the error log:\n" + "\n".join(bad))
        numbers = [(match[1], l) for l in lines if (match := NUMBER.search(l.text)) and l.module]
        bad = [l.text for number, l in numbers if l.level != documented_levels().get(number)]
        if bad:
            raise HttpdFailed("levels that docs/messages.md does not have:\n" + "\n".join(bad))
        if self in Httpd.live and self.process.poll() is not None:
            Httpd.live.remove(self)
            raise HttpdFailed(f"httpd is gone (status {self.process.returncode})")


def configtest(config, **keywords):
    """`apachectl configtest` on the base configuration and this: (return code, output)."""
    server = Httpd(config, **keywords)
    try:
        return server.configtest()
    finally:
        shutil.rmtree(server.root, ignore_errors=True)
