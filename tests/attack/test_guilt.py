# SPDX-License-Identifier: Apache-2.0
"""The guard of the attack, shown a module that is guilty (guilty.c): what a sanitizer or valgrind reports, and a worker that
ends, is noticed. Which of them watches is what scripts/attack has said in the environment."""

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
IS_SANITIZED = "asan" in os.environ.get("OCORS_HTTPD_LD_PRELOAD", "")
REPORTS = (
    {"heap": "heap-buffer-overflow", "overflow": "runtime error: signed integer overflow"}
    if IS_SANITIZED
    else {"heap": "Invalid read of size 1"}
    if httpd.RUNNER
    else {}
)


@pytest.fixture(scope="module")
def guilty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guilty")
    flags = subprocess.run(
        ["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True, check=True
    ).stdout.split()
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"] if IS_SANITIZED else []
    subprocess.run(
        [
            "gcc",
            "-O1",
            "-g",
            "-shared",
            "-fPIC",
            *sanitizers,
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


@pytest.mark.parametrize("fault", [*REPORTS, "end", "none"])
def test_a_fault_is_noticed(guilty, fault):
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
        assert (before <= server.children()) == (fault == "none" or not IS_SANITIZED and fault in REPORTS)
        if fault in REPORTS:
            report = re.escape(REPORTS[fault])
            server.wait_log(report)
            with pytest.raises(httpd.HttpdFailed, match=f"(?s)unexpected lines.*{report}"):
                server.check_log()
        else:
            server.check_log()
    finally:
        httpd.Httpd.live.remove(server)
        server.stop_after_failure()
