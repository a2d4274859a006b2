# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the campaign: the harness of the live tests with their guard of the error log, and the servers
that every test here shares."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import campaign  # noqa: E402 (needs the path above)
from live_fixtures import module_under_test, pytest_runtest_call, pytest_runtest_setup  # noqa: E402, F401


@pytest.hookimpl(tryfirst=True)  # xdist reads the marker in a hook of the same name
def pytest_collection_modifyitems(items):
    # The containers serve all of them, so one worker takes them all (--dist loadgroup).
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group("servlet"))


@pytest.fixture(scope="session")
def module_campaign(module_under_test):
    with campaign.campaign() as running:
        yield running


@pytest.fixture
def running(module_campaign):
    """httpd with the module, before the containers and the readers."""
    module_campaign.allow_log()
    return module_campaign


@pytest.fixture(scope="session")
def module_unguarded(module_campaign):
    with campaign.campaign("Off", module_campaign.applications) as running:
        yield running


@pytest.fixture
def unguarded(module_unguarded):
    """The same without a policy: what the applications run when nobody refuses."""
    module_unguarded.allow_log()
    return module_unguarded
