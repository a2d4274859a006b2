# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the browser tests: those of the live tests with their guard of the error log, and a browser."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

from chromium import Chromium  # noqa: E402 (needs the path above)
from live_fixtures import (backend, module_backend, module_start_httpd, module_under_test,  # noqa: E402, F401
                           pytest_runtest_call, pytest_runtest_setup, start_httpd)
from shop import Shop  # noqa: E402


@pytest.hookimpl(tryfirst=True)  # xdist reads the marker in a hook of the same name
def pytest_collection_modifyitems(items):
    # One browser for all of them, so one worker takes them all (--dist loadgroup).
    for module in {item.getparent(pytest.Module) for item in items if item.path.parent == HERE}:
        module.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def shop(module_start_httpd, module_backend, tmp_path_factory):
    return Shop(module_start_httpd, module_backend, tmp_path_factory.mktemp("tls"))


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
