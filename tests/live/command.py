# SPDX-License-Identifier: Apache-2.0
"""The command line under test, run as a pipeline or a person at a terminal runs it."""

import json
import os
import pty
import select
import subprocess
from collections import Counter
from pathlib import Path

COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
SANITIZED = Path(os.environ["OCORS_BUILD"]) / "sanitize" / "ocapi-cors"
TIMEOUT = 60


def run(*arguments, **keywords):
    """Bytes in, bytes out: what is printed of hostile names need not be UTF-8."""
    return subprocess.run([COMMAND, *arguments], capture_output=True, timeout=TIMEOUT, **keywords)


calls = Counter()


def is_sanitized_turn():
    """The first call of a test is due, and each fourth after it; its rows count together."""
    test = os.environ["PYTEST_CURRENT_TEST"].partition("[")[0]
    calls[test] += 1
    return calls[test] % 4 == 1


def said(*arguments, is_large=False, **keywords):
    """(exit status, lines of standard output, lines of standard error). The sanitized build, which takes ten times as
    long, is run by turns, and must say the same. What is large, it reads with --exhaustive alone."""
    done = run(*arguments, **keywords)
    if "OCORS_EXHAUSTIVE" in os.environ or (is_sanitized_turn() and not is_large):
        other = subprocess.run([SANITIZED, *arguments], capture_output=True, timeout=TIMEOUT, **keywords)
        assert (other.returncode, other.stdout, other.stderr) == (done.returncode, done.stdout, done.stderr)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode().splitlines()


def records(*arguments, **keywords):
    """(exit status, what the JSON on standard output says)"""
    done = run(*arguments, **keywords)
    return done.returncode, json.loads(done.stdout)


def assert_harmless(output):
    """Nothing in it acts on a terminal: UTF-8, no control character but line ends, nothing invisible."""
    text = output.decode()
    bad = [c for c in text if not c.isprintable() and c != "\n"]
    assert bad == [], (bad, text)
    return text


def at_a_terminal(*arguments, environment=None, **keywords):
    """(exit status, all that a terminal got). Standard output and standard error are the terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm", **(environment or {})}, **keywords)
    os.close(slave)
    got = b""
    try:
        while True:
            ready, _, _ = select.select([master], [], [], TIMEOUT)
            assert ready, "nothing came from the command"
            try:
                piece = os.read(master, 65536)
            except OSError:  # the last one closed its end
                break
            if not piece:
                break
            got += piece
        return process.wait(TIMEOUT), got.decode()
    finally:
        os.close(master)
        process.kill()
        process.wait()


def settings(*clients):
    return {"_v": "19.1", "clients": list(clients)}


def client(name, *origins, **members):
    return {"client_id": name, "allowed_origins": list(origins), **members}


def write(path, document):
    """Puts a document (a value, or its text) where it belongs, with the folders above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


SHOP, DATA = "ocapi-settings/wapi_shop_config.json", "ocapi-settings/wapi_data_config.json"
