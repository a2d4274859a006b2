# SPDX-License-Identifier: Apache-2.0
"""Real threads read snapshots while a publisher replaces them, under ThreadSanitizer."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [REPOSITORY / name for name in ("tests/unit/race_epoch.c", "src/core/epoch.c")]
COMPILERS = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]


def run_race(compiler, folder, *options):
    """Compiles the program, and runs it to its end."""
    program = folder / "race_epoch"
    subprocess.run([compiler, "-std=c11", "-D_DEFAULT_SOURCE", "-O1", "-g", "-pthread",
                    "-Wall", "-Wextra", "-Werror", "-fsanitize=thread",
                    f"-I{REPOSITORY / 'include'}", *options, *map(str, SOURCES), "-o", str(program)],
                   check=True, timeout=150)
    # Where addresses are random in more bits than ThreadSanitizer knows of, it does not start.
    without_random_addresses = ["setarch", "-R"] if shutil.which("setarch") else []
    return subprocess.run([*without_random_addresses, str(program)], capture_output=True, text=True,
                          env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1 exitcode=66"},
                          errors="backslashreplace", timeout=150)


def test_there_is_a_compiler():
    assert "gcc" in COMPILERS


@pytest.mark.parametrize("compiler", COMPILERS)
def test_readers_see_whole_snapshots(compiler, tmp_path):
    """No race, no mixture of two snapshots, no area written to while somebody reads it."""
    done = run_race(compiler, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING: ThreadSanitizer" not in done.stdout + done.stderr
    assert done.stdout.startswith("20000 publications, "), done.stdout


@pytest.mark.parametrize("compiler", COMPILERS)
def test_readers_that_do_not_announce_themselves_are_noticed(compiler, tmp_path):
    """The same program without the protocol: what is above can fail."""
    done = run_race(compiler, tmp_path, "-DBREAK_PROTOCOL")
    assert done.returncode in (1, 66), done.stdout + done.stderr
    assert ("WARNING: ThreadSanitizer: data race" in done.stderr or "snapshot" in done.stderr
            or "checksum" in done.stderr), done.stderr
