# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the stacks: those of the live tests, and programs beside httpd."""

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import httpd  # noqa: E402 (needs the path above)
from live_fixtures import (backend, module_backend, module_start_httpd, module_under_test,  # noqa: E402, F401
                           pytest_runtest_call, pytest_runtest_setup, start_httpd)


def listens(where):
    family = socket.AF_INET if isinstance(where, tuple) else socket.AF_UNIX
    with socket.socket(family) as client, contextlib.suppress(OSError):
        client.connect(where)
        return True
    return False


@pytest.fixture
def start_program(tmp_path):
    """start_program(command, where, **keywords) starts it, and returns when it listens there: a port of 127.0.0.1, or a
    path. It ends with the test."""
    running = []

    def start(command, where, **keywords):
        with (tmp_path / "said").open("ab") as said:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **keywords)
        running.append(process)
        place = ("127.0.0.1", where) if isinstance(where, int) else str(where)
        httpd.wait_until(lambda: listens(place) or process.poll() is not None, f"{command[0]} listens", 120)
        assert process.poll() is None, (tmp_path / "said").read_text()[-2000:]

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(60)
