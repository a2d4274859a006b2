# SPDX-License-Identifier: Apache-2.0
"""Rows of one test follow each other in one process, as their module is one worker's. They are one item then: what pytest
and xdist do for an item, in two processes, takes longer than most rows do. Each row has its own fixtures, setup and
teardown as before, and each row that fails is reported by its name. With -v each row is an item of its own."""

import os
import time

import pytest
from _pytest.runner import runtestprotocol

ROWS, WITHIN = pytest.StashKey(), pytest.StashKey()
# Of one item: the time limit is the item's, and a server under valgrind takes OCORS_PATIENCE times as long.
MOST = max(1, 50 // int(os.environ.get("OCORS_PATIENCE", "1")))


def belong_together(item, other):
    return (hasattr(item, "callspec") and hasattr(other, "callspec") and item.parent is other.parent
            and item.originalname == other.originalname and item.get_closest_marker("xdist_group") is not None
            and item.get_closest_marker("timeout") is None)


def merged(items):
    """The items that are run, in order: the first of rows that belong together has all of them."""
    runs = []
    for item in items:
        if runs and len(runs[-1]) < MOST and belong_together(runs[-1][-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    for rows in runs:
        if len(rows) > 1:
            first = rows[0]
            first.stash[ROWS] = rows
            # As xdist itself does, which has put its group after the name.
            before, name, after = first.nodeid.partition(f"[{first.callspec.id}]")
            first._nodeid = f"{before}{name[:-1]} and {len(rows) - 1} more{name[-1:]}{after}"
    return [rows[0] for rows in runs]


@pytest.hookimpl(trylast=True)  # of what -k, a test's id and pairs.py chose
def pytest_collection_modifyitems(config, items):
    count = len(items)
    if config.option.verbose <= 0:
        items[:] = merged(items)
    config.stash[WITHIN] = count - len(items)


def reports_of(rows, nextitem):
    """(row, reports) of each row, until the item's limit of time has ended one: no timer is left for those behind it."""
    last = time.monotonic() + float(rows[0].config.getini("timeout") or "inf")
    for row, following in zip(rows, [*rows[1:], nextitem]):
        yield runtestprotocol(row, log=False, nextitem=following)
        if time.monotonic() > last and following is not nextitem:
            row.session._setupstate.teardown_exact(nextitem)  # of the fixtures that rows share
            return


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Reports each row that fails as soon as it has, or, if none does, the last one."""
    rows = item.stash.get(ROWS, None)
    if rows is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)

    def tell(reports):
        for report in reports:
            report.nodeid = item.nodeid  # the headline, which comes from `location`, names the row
            item.ihook.pytest_runtest_logreport(report=report)

    reports, is_told = [], False
    for reports in reports_of(rows, nextitem):
        seen = [report for report in reports if not report.passed]
        tell(seen)
        is_told = is_told or bool(seen)
    if not is_told:
        tell(reports)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


# ---- A worker of xdist tells how many rows it merged, and the last lines say it ----

def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["within"] = session.config.stash.get(WITHIN, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[WITHIN] = getattr(node, "workeroutput", {}).get("within", node.config.stash.get(WITHIN, 0))


def pytest_terminal_summary(terminalreporter, config):
    if config.stash.get(WITHIN, 0):
        terminalreporter.line(f"{config.stash[WITHIN]} more rows were run within these tests; -- -v shows each")
