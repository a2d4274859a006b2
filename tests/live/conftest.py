# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the live tests: all of live_fixtures."""

from pathlib import Path

import pytest

from live_fixtures import (backend, module_backend, module_under_test, pytest_runtest_call,  # noqa: F401
                           pytest_runtest_setup, start_httpd)

HERE = Path(__file__).resolve().parent


@pytest.hookimpl(tryfirst=True)  # xdist reads the marker in a hook of the same name
def pytest_collection_modifyitems(items):
    # A module's tests share servers, so one worker takes them all (--dist loadgroup).
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
