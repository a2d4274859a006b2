# SPDX-License-Identifier: Apache-2.0
"""R13: no change makes a call of the core, or a request, dearer unseen. Instructions, which callgrind counts; no time."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import bench  # noqa: E402
import contenders  # noqa: E402
import guard  # noqa: E402


def test_a_change_adds_no_instructions():
    assert not (lines := guard.compare(guard.measure(), guard.committed())), "\n" + "\n".join(lines)


def changed(kind, factor):
    """The committed figures, with one changed by so much of its size."""
    found = copy.deepcopy(guard.committed())
    name = next(name for name, count in found[kind].items() if name != guard.REFERENCE and abs(count) > 1000)
    found[kind][name] += round(abs(found[kind][name]) * factor)
    return found


@pytest.mark.parametrize("kind", ["calls", "requests"])
def test_the_guard_fails_where_a_figure_grows(kind):
    for factor, is_told in ((0.025, False), (0.035, True), (-0.05, False), (-0.12, True)):
        lines = guard.compare(changed(kind, factor), guard.committed())
        assert bool(lines) == is_told and (not lines or guard.RENEW in lines[-1]), (factor, lines)


@pytest.mark.parametrize("kind", ["calls", "requests"])
def test_another_compiler_has_wider_bounds(kind):
    """Scaled by what is not ours, and still bounded."""
    for factor, is_told in ((0.035, False), (0.2, False), (0.3, True)):
        found = changed(kind, factor)
        found["place"]["compiler"] = "another one"
        lines = guard.compare(found, guard.committed())
        assert bool(lines) == is_told, (factor, lines)
        found["calls"][guard.REFERENCE] *= 2
        found["bare request"] *= 2
        assert not [line for line in guard.compare(found, guard.committed()) if "more are allowed" in line
                    and not line.startswith("preflight") and not line.startswith("POST refused")], factor


def test_the_program_of_sizes_follows_the_core(tmp_path):
    """bench/lookup.c: nobody else compiles it. It ends with a fault where a decision is wrong."""
    program = bench.compile_core("lookup.c", tmp_path / "lookup")
    documents = [tmp_path / f"{number}.json" for number in range(8)]
    for document in documents:
        document.write_text(contenders.settings(contenders.origins(100)))
    for count in (1, 8):
        done = subprocess.run([program, "100", *documents[:count]], capture_output=True, text=True)
        assert done.returncode == 0 and f"origins {100 * count} count" in done.stdout, done.stderr
