# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the attack: those of the live tests."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

from live_fixtures import (module_start_httpd, module_under_test, pytest_runtest_call,  # noqa: E402, F401
                           pytest_runtest_setup, start_httpd)
