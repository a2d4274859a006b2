# SPDX-License-Identifier: Apache-2.0
"""The guard of the attack, shown a module that is guilty: a sanitizer's report and a worker that ends are noticed."""

import os
import re
import subprocess

import pytest

import httpd
from test_attack import OF_HTTPD

CONFIG = """
<Location "/guilty">
    SetHandler guilty
</Location>
"""


@pytest.fixture(scope="module")
def guilty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guilty")
    flags = subprocess.run(
        ["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True, check=True
    ).stdout.split()
    subprocess.run(
        [
            "gcc",
            "-O1",
            "-g",
            "-shared",
            "-fPIC",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            f"-I{httpd.apxs('INCLUDEDIR')}",
            *flags,
            "-o",
            folder / "guilty.so",
            os.path.join(os.path.dirname(__file__), "guilty.c"),
        ],
        check=True,
    )
    folder.chmod(0o755)
    return folder / "guilty.so"


@pytest.mark.parametrize(
    "fault, report",
    [
        ("heap", "heap-buffer-overflow"),
        ("overflow", "runtime error: signed integer overflow"),
        ("end", None),
        ("none", None),
    ],
)
def test_a_fault_is_noticed(guilty, fault, report):
    server = httpd.Httpd(CONFIG, module=guilty)
    server.start()
    try:
        before = server.children()
        server.allow_log(OF_HTTPD)
        try:
            server.request("GET", f"/guilty?{fault}")
        except (EOFError, OSError):
            assert fault != "none"
            httpd.wait_until(lambda: not before <= server.children(), "the worker is gone")
        assert (before <= server.children()) == (fault == "none")
        if report is None:
            server.check_log()
        else:
            with pytest.raises(httpd.HttpdFailed, match=f"(?s)unexpected lines.*{re.escape(report)}"):
                server.wait_log(re.escape(report))
                server.check_log()
    finally:
        httpd.Httpd.live.remove(server)
        server.stop_after_failure()
