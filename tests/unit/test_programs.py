# SPDX-License-Identifier: Apache-2.0
"""Runs the core's unit tests (cmocka programs): each program in each mode is a test."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted(path.stem for path in HERE.glob("test_*.c"))
MODES = ("gcc", "clang", "sanitize", "valgrind")
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=all", "--show-leak-kinds=all", "--track-origins=no"]


def test_there_are_unit_tests():
    assert len(PROGRAMS) >= 8


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_unit(program, mode):
    build = Path(os.environ["OCORS_BUILD"]) / ("gcc" if mode == "valgrind" else mode)
    command = [str(build / "tests" / "unit" / program)]
    if mode == "valgrind":
        command = VALGRIND + command
    environment = {
        **os.environ,
        "OCORS_VECTORS": str(HERE.parent / "vectors"),
        "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:strict_string_checks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True,
                          errors="backslashreplace", timeout=380)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    # cmocka's own words: a program that ran no test at all must not pass.
    assert "[  PASSED  ]" in said and "[==========] 0 test" not in said, said
    assert "[  SKIPPED ]" not in said, said
