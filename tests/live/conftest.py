# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the live tests, and the guard that reads the error log after each of them."""

from pathlib import Path

import pytest

import httpd
from backend import Backend

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    # A module's tests share servers, so one worker takes them all (--dist loadgroup).
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    # What an earlier, failed test left in a log is not this test's doing.
    for server in httpd.Httpd.live:
        server.begin_test()


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item):
    # After the test's own body, and only if that passed.
    for server in list(httpd.Httpd.live):
        server.check_log()


@pytest.fixture(scope="session", autouse=True)
def module_under_test():
    """Nothing here passes without the module: the path of mod_ocapi_cors.so."""
    return httpd.module_under_test()


@pytest.fixture(scope="module")
def start_httpd():
    """start_httpd(config, ...) starts a server (arguments of httpd.Httpd) that lives until the
    module's last test is done."""
    servers = []

    def start(*arguments, **keywords):
        server = httpd.Httpd(*arguments, **keywords)
        servers.append(server)
        return server.start()

    yield start
    failures = []
    for server in servers:
        server.tell_to_end()
    for server in reversed(servers):
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="module")
def module_backend():
    backend = Backend()
    yield backend
    backend.stop()


@pytest.fixture
def backend(module_backend):
    """The module's backend, with nothing seen and nothing told."""
    module_backend.reset()
    return module_backend
