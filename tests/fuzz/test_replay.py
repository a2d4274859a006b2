# SPDX-License-Identifier: Apache-2.0
"""Runs every seed of the fuzz targets through every target: by gcc, with a page behind each input that nobody may touch
(guard.c), by clang with ASan and UBSan, and under valgrind. scripts/fuzz looks for inputs that no seed has."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SEEDS = HERE / "seeds"
TARGETS = re.findall(r"^    X\((\w+), ", (HERE / "fuzz.h").read_text(), re.M)


# What a target makes once it has at the end.
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--vgdb=no", "--read-inline-info=no"]


def replay(mode, *arguments):
    build = "gcc" if mode == "valgrind" else mode
    program = os.environ["OCORS_BUILD"] + f"/{build}/tests/fuzz/replay"
    return subprocess.run([*(VALGRIND if mode == "valgrind" else []), program, *map(str, arguments)],
                          env={**os.environ, **({"OCORS_GUARD": "1"} if mode == "gcc" else {}), "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
                               "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"},
                          capture_output=True, text=True, errors="backslashreplace", timeout=380)


def test_each_target_has_a_source_and_seeds():
    assert len(TARGETS) >= 12
    assert {path.stem for path in HERE.glob("fuzz_*.c")} - {"fuzz_documents", "fuzz_json"} == {
        f"fuzz_{name}" for name in TARGETS}
    assert {path.name for path in SEEDS.iterdir()} == set(TARGETS)
    assert all(len(list((SEEDS / name).iterdir())) >= 5 for name in TARGETS)


@pytest.mark.parametrize("mode", ["gcc", "sanitize", "valgrind"])
def test_every_seed_runs_through_every_target(mode):
    done = replay(mode, SEEDS)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-500:] + done.stderr
    count = sum(1 for path in SEEDS.rglob("*") if path.is_file())
    assert done.stdout.endswith(f"{count} seeds, each through {len(TARGETS)} targets\n")


def test_a_target_without_seeds_is_noticed(tmp_path):
    for name in TARGETS:
        (tmp_path / name).mkdir()
    assert "it has no seed" in replay("gcc", tmp_path).stderr


@pytest.mark.parametrize("mode", ["gcc", "sanitize"])
@pytest.mark.parametrize("size", [1, 7, 4096, 5000])
def test_a_byte_beyond_the_memory_ends_the_replay(mode, size):
    assert replay(mode, "--beyond", size).returncode == (-signal.SIGSEGV if mode == "gcc" else 1)


def test_a_byte_before_the_memory_is_noticed():
    done = replay("gcc", "--before", 7)
    assert done.returncode == -signal.SIGABRT and "this does not hold" in done.stderr
    # The memory begins with its page, and so does what nobody may touch.
    assert replay("gcc", "--before", 4096).returncode == -signal.SIGSEGV
