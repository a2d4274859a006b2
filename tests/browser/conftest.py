# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the browser tests: those of the live tests with their guard of the error log, and a browser."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LIVE = HERE.parent / "live"
sys.path.insert(0, str(LIVE))

# By its file: pytest calls every conftest.py `conftest`, and this one is being loaded by that name.
_spec = importlib.util.spec_from_file_location("live_conftest", LIVE / "conftest.py")
_live = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_live)
module_under_test = _live.module_under_test
start_httpd = _live.start_httpd
module_backend = _live.module_backend
backend = _live.backend
pytest_runtest_setup = _live.pytest_runtest_setup
pytest_runtest_call = _live.pytest_runtest_call

from chromium import Chromium  # noqa: E402 (needs the path above)
from shop import Shop  # noqa: E402


def pytest_collection_modifyitems(items):
    # One browser for all of them, so one worker takes them all (--dist loadgroup).
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def shop(start_httpd, module_backend, tmp_path_factory):
    return Shop(start_httpd, module_backend, tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def module_browser(shop):
    # It ends before the servers do: a graceful stop waits for the connections that it keeps open.
    with Chromium() as browser:
        yield browser


@pytest.fixture
def browser(module_browser):
    """The browser, with no cookies and an empty console; a test opens its own page."""
    module_browser.forget()
    return module_browser
