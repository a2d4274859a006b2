# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of examples/: the harness of the live tests with their guard of the error log. The last line says
how many passed and failed."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
sys.path.insert(0, str(HERE.parent / "live"))

from live_fixtures import (backend, module_backend, module_start_httpd, module_under_test,  # noqa: E402, F401
                           pytest_runtest_call, pytest_runtest_setup, start_httpd)


@pytest.hookimpl(tryfirst=True)  # xdist reads the marker in a hook of the same name
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    passed, failed = (sum(len(terminalreporter.stats.get(kind, ())) for kind in kinds)
                      for kinds in (("passed",), ("failed", "error")))
    terminalreporter.line(f"examples: {passed} passed, {failed} failed")


@pytest.fixture(scope="session")
def examples():
    return EXAMPLES


@pytest.fixture(scope="session")
def tool():
    """tool("etcd") is the path of a program that scripts/examples-test has unpacked."""
    return lambda name: str(Path(os.environ["OCORS_TOOLS"]) / name)
