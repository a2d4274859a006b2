# SPDX-License-Identifier: Apache-2.0
"""What all tests share: full products are run by pairs of values (pairs.py), or whole with --exhaustive."""

import gc
import os

import pytest

import pairs

LEFT_OUT = pytest.StashKey()
# A worker of xdist takes a module whole (--dist loadgroup), in this order: the longest do not come last, while
# another worker has nothing left to do. Last come those of which each test is taken by itself.
LONGEST = ["test_build.py", "test_browser.py", "test_own_origins.py", "test_shared_memory.py", "test_counting.py",
           "test_endurance.py", "test_reload.py", "test_notify.py", "test_scale.py", "test_signals.py", "test_access.py",
           "test_resources.py", "test_explain_agrees.py", "test_untold.py", "test_connections.py", "test_harness.py",
           "test_clients.py", "test_list_and_diff.py", "test_site_archive.py", "test_http2.py", "test_cache.py",
           "test_responses.py"]
SINGLE = ["test_programs.py", "test_tools.py"]


def pytest_addoption(parser):
    parser.addoption("--exhaustive", action="store_true",
                     help="run every row of the tests that are marked `pairwise`, and what --deep runs")
    parser.addoption("--deep", action="store_true",
                     help="run the tests that are marked `deep`: the walks of analyzers, distcheck, apxs -c, all unit "
                          "programs under valgrind, and large inputs by the sanitizers")


def pytest_configure(config):
    config.addinivalue_line("markers", "pairwise(dimension, ..., keep=row -> bool): see tests/pairs.py")
    if config.getoption("exhaustive"):
        os.environ["OCORS_EXHAUSTIVE"] = "1"  # for helpers that see no configuration
    config.addinivalue_line("markers", "deep: run by `scripts/check unit`, `lint` or `build`, and by --exhaustive")
    config.stash[LEFT_OUT] = 0
    # What is collected lives to the end: to look for garbage among it, again and again, is in vain.
    gc.disable()


def place_of(name):
    """Where a module comes, of all."""
    return (LONGEST.index(name) if name in LONGEST
            else len(LONGEST) + 1 + SINGLE.index(name) if name in SINGLE else len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    # The last: of what -k or a test's id chose. One row that is asked for by its id is run.
    if not config.getoption("exhaustive"):
        items[:], left_out = pairs.select_items(items)
        if not config.getoption("deep"):
            left_out += [item for item in items if item.get_closest_marker("deep")]
            items[:] = [item for item in items if not item.get_closest_marker("deep")]
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: place_of(item.path.name))


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


# ---- A worker of xdist tells what it left out, and the last lines say it ----

def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    output = getattr(node, "workeroutput", {})  # absent where the worker crashed
    node.config.stash[LEFT_OUT] = output.get("left_out", node.config.stash[LEFT_OUT])


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[LEFT_OUT]:
        terminalreporter.line(f"{config.stash[LEFT_OUT]} rows left out; -- --exhaustive runs them")
