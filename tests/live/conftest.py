# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the live tests: all of live_fixtures."""

from pathlib import Path

import pytest

import together
from live_fixtures import (backend, module_backend, module_start_httpd, module_under_test,  # noqa: F401
                           pytest_runtest_call, pytest_runtest_setup, start_httpd)

HERE = Path(__file__).resolve().parent


def pytest_configure(config):
    config.pluginmanager.register(together)


@pytest.hookimpl(tryfirst=True)  # xdist reads the marker in a hook of the same name
def pytest_collection_modifyitems(items):
    # A module's tests share servers, so one worker takes them all (--dist loadgroup).
    for module in {item.getparent(pytest.Module) for item in items if item.path.parent == HERE}:
        module.add_marker(pytest.mark.xdist_group(module.path.name))
