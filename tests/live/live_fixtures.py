# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that start a real httpd, and the guard that reads the error log after each of them.
The conftest.py of each folder of such tests imports what the folder uses."""

import pytest

import httpd
from backend import Backend


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
def module_start_httpd():
    """module_start_httpd(config, ...) starts a server (arguments of httpd.Httpd) that lives until the
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


@pytest.fixture
def start_httpd(module_start_httpd):
    """start_httpd(config, ...) does the same for one test. A server that has no further test would go on looking for
    changes, and each later test would read its logs. The module's end waits for it."""
    servers = []

    def start(*arguments, **keywords):
        servers.append(module_start_httpd(*arguments, **keywords))
        return servers[-1]

    yield start
    for server in servers:
        server.tell_to_end(may_be_at_once=False)  # that it takes a second costs nobody any


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
