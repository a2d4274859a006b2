# SPDX-License-Identifier: Apache-2.0
"""Runs the core's unit tests (cmocka programs): each program in each mode is a test.

gcc        the product's own compiler and flags, so that times are the product's (the tests' own sources have -O1)
sanitize   clang with ASan and UBSan: bad accesses and undefined behaviour, by another compiler (the core alone)
valgrind   gcc's programs: values that were never set. By default, the programs that reach what no other run under
           valgrind does
clang      clang with -O2 and no sanitizer: with --exhaustive

What a mode leaves out by default is in tests/pairs.py; gcc's leaves out nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from pairs import BYTES, LIMITS, ORDERS, SAMPLES, TIMES, WALKED, left_out

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted(path.stem for path in HERE.glob("test_*.c"))
MODES = ("gcc", "sanitize", "valgrind")
MODES_OF_EXHAUSTIVE = (*MODES, "clang")
# Nobody attaches a debugger, and a line is found without the names of inlined functions: its start is half as long.
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=all", "--show-leak-kinds=all", "--track-origins=no",
            "--vgdb=no", "--read-inline-info=no"]


def pytest_generate_tests(metafunc):
    if "mode" in metafunc.fixturenames:
        is_exhaustive = metafunc.config.getoption("exhaustive")
        metafunc.parametrize("mode, program", [
            pytest.param(mode, program, marks=[pytest.mark.deep] if mode == "valgrind" and program in WALKED else [])
            for program in PROGRAMS for mode in (MODES_OF_EXHAUSTIVE if is_exhaustive else MODES)])


def test_there_are_unit_tests():
    assert len(PROGRAMS) >= 8 and {*BYTES, *LIMITS, *ORDERS, *SAMPLES, *TIMES, *WALKED} <= set(PROGRAMS)


def test_unit(program, mode, pytestconfig):
    build = Path(os.environ["OCORS_BUILD"]) / ("gcc" if mode == "valgrind" else mode)
    command = [str(build / "tests" / "unit" / program)]
    environment = {
        **os.environ,
        "OCORS_VECTORS": str(HERE.parent / "vectors"),
        "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:strict_string_checks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    names = left_out(program, mode, pytestconfig.getoption("exhaustive"), pytestconfig.getoption("deep"))
    if names:
        environment["OCORS_LEAVE_OUT"] = " ".join(names)
    if mode == "valgrind":
        command = VALGRIND + command
    done = subprocess.run(command, env=environment, capture_output=True, text=True,
                          errors="backslashreplace", timeout=380)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    # cmocka's own words: a program that ran no test at all must not pass.
    assert "[  PASSED  ]" in said and "[==========] 0 test" not in said, said
    assert "[  SKIPPED ]" not in said, said
    # What one mode leaves out exists, and the others run it.
    assert said.count("left out: ") == len(names)
    for name in left_out(program, "valgrind", False):
        assert (f"left out: {name}\n" if name in names else f"[       OK ] {name}\n") in said, name
