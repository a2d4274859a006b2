# SPDX-License-Identifier: Apache-2.0
"""Which live tests do not run with a module that the sanitizers watch, and why: a plugin of pytest (scripts/attack). The
last lines of a run count them by reason."""

import pytest

# A reason: the tests, by "module::function", the parameters in brackets where not all of them are meant.
LEFT_OUT = {
    "scripts/demo starts a server of its own, without libasan": [
        "test_demo::test_it_stops_cleanly", "test_demo::test_a_settings_file_and_a_backend_of_ones_own",
        "test_demo::test_once_fails_when_an_exchange_is_wrong", "test_demo::test_a_settings_file_with_an_error_is_told"],
    "the sanitizer ends a process that has crashed by SIGABRT, after its report": [
        "test_stray_writes::test_a_stray_write_ends_its_worker_and_changes_nothing",
        "test_harness::test_a_crashed_child_is_seen_though_httpd_calls_it_a_notice"],
    "the sanitizer's own memory is counted too": ["test_shared_memory::test_all_workers_share_one_image"],
}


def reason_of(module, test):
    """Why a test is left out; None: it runs."""
    names = (f"{module}::{test}", f"{module}::{test.partition('[')[0]}")
    return next((reason for reason, tests in LEFT_OUT.items() if not set(names).isdisjoint(tests)), None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if (reason := reason_of(item.path.stem, item.name)) is not None:
            item.add_marker(pytest.mark.skip(reason=f"sanitized: {reason}"))
