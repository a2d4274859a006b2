# SPDX-License-Identifier: Apache-2.0
"""Which live tests do not run with a module that the sanitizers watch, and why: a plugin of pytest (scripts/attack). The
last lines of a run count them by reason."""

import re

import pytest

# A reason: the tests, by "module::function", the parameters in brackets where not all of them are meant.
LEFT_OUT = {
}


def reason_of(nodeid):
    """Why a test is left out; None: it runs."""
    name = nodeid.rpartition("/")[2].replace(".py::", "::")
    return next((reason for reason, tests in LEFT_OUT.items() if name in tests or re.sub(r"\[.*", "", name) in tests), None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if (reason := reason_of(item.nodeid)) is not None:
            item.add_marker(pytest.mark.skip(reason=f"sanitized: {reason}"))
