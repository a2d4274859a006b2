# SPDX-License-Identifier: Apache-2.0
"""The rows of full products that are run by default: each pair of values is there, and a left out one is seen."""

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import pairs

TESTS = Path(__file__).resolve().parents[1]
WHOLE = list(product("abcd", "efg", "hi", "jk"))
# As in test_responses.py: some combinations do not exist.
TABLE = [row for row in product("abcd", "efg", "hij", "kl") if (row[1] == "e" or row[0] != "b") and row[2] != "j"
         or row == ("b", "e", "j", "l")]


def missing_pairs(rows, chosen):
    """An oracle of its own: two values in two dimensions that a row holds and none of the chosen does."""
    def held(rows_):
        return {(i, row[i], j, row[j]) for row in rows_ for i in range(len(row)) for j in range(i)}
    return held(rows) - held(chosen)


@pytest.mark.parametrize("rows, most", [(WHOLE, 14), (TABLE, 20)], ids=["whole", "table"])
def test_each_pair_is_there(rows, most):
    chosen = [rows[n] for n in pairs.select(rows)]
    assert missing_pairs(rows, chosen) == set()
    assert len(chosen) <= most < len(rows) and len(set(chosen)) == len(chosen)


@pytest.mark.parametrize("rows", [WHOLE, TABLE], ids=["whole", "table"])
def test_a_selection_that_is_one_short_is_seen(rows):
    chosen = [rows[n] for n in pairs.select(rows)]
    seen = [row for row in chosen if missing_pairs(rows, [other for other in chosen if other != row])]
    assert seen and chosen[0] in seen
    pair = next(iter(missing_pairs(rows, chosen[1:])))
    assert pair[1] in chosen[0] and pair[3] in chosen[0]


def test_two_dimensions_are_run_whole():
    rows = list(product(range(5), range(7)))
    assert pairs.select(rows) == list(range(35))


@pytest.mark.parametrize("first, second", [("abc", "de"), ("abc", "def"), ("ab", "cdef")])
def test_what_comes_in_turn_holds_each_value_and_all_in_the_end(first, second):
    turns = [pairs.in_turn(number, first, second) for number in range(8)]
    for rows in turns:
        assert {a for a, _ in rows} == set(first) and {b for _, b in rows} == set(second)
        assert len(rows) == max(len(first), len(second))
    assert set().union(*turns[5:5 + min(len(first), len(second))]) == set(product(first, second))
    assert pairs.in_turn(3, first, second, is_exhaustive=True) == list(product(first, second))


def test_rows_that_are_kept_are_run_and_count():
    kept = [0, 5, 17, 40]
    chosen = pairs.select(WHOLE, kept)
    assert set(kept) <= set(chosen)
    assert missing_pairs(WHOLE, [WHOLE[n] for n in chosen]) == set()
    assert pairs.select(WHOLE, range(48)) == list(range(48))
    assert len(chosen) < 4 + len(pairs.select(WHOLE))  # what they hold is not sought again


def test_values_are_equal_by_themselves_hashable_or_not():
    assert pairs.numbered([[1], "a", [1], None, {"a"}, "a"]) == [0, 1, 0, 2, 3, 1]


# ---- In pytest ----

INNER = """
import pytest

@pytest.fixture(params=["x", "y"])
def server(request):
    return request.param

@pytest.mark.pairwise("number", "letter", "server", keep=lambda row: row.number == 1 and row.letter == ["b"])
@pytest.mark.parametrize("letter, upper", [(["a"], "A"), (["b"], "B"), (["c"], "C")])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_marked(server, number, letter, upper):
    pass

@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("letter", "abc")
def test_whole(letter, number):
    pass
"""
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]


@pytest.fixture
def inner(tmp_path):
    """inner(argument, ...) runs pytest on INNER with the hooks of conftest.py, and returns what it printed."""
    for name in ("conftest.py", "pairs.py"):
        shutil.copy(TESTS / name, tmp_path)
    (tmp_path / "test_inner.py").write_text(INNER)

    def run(*arguments, seed="0", inner=None):
        (tmp_path / "test_inner.py").write_text(inner or INNER)
        done = subprocess.run([*PYTEST, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=100,
                              env={**os.environ, "PYTHONHASHSEED": seed})
        return done.stdout
    return run


def test_marked_tests_are_run_by_pairs_and_others_whole(inner):
    output = inner("-p", "no:xdist", "-v", ".")
    ran = [line for line in output.splitlines() if " PASSED" in line]
    assert len([line for line in ran if "test_whole" in line]) == 9
    assert len([line for line in ran if "test_marked" in line]) == 10  # 9 pairs, and one more that is kept
    assert len([line for line in ran if "-1-letter1-B" in line]) == 2
    assert "8 rows left out" in output and "19 passed, 8 deselected" in output


def test_exhaustive_runs_all_rows(inner):
    output = inner("-p", "no:xdist", "--exhaustive", ".")
    assert "27 passed" in output and "left out" not in output and "deselected" not in output


def test_workers_tell_what_they_left_out(inner):
    """Two processes with hash seeds of their own choose alike, or xdist refuses to run."""
    output = inner("-n", "2", ".", seed="random")
    assert "19 passed" in output and "8 rows left out" in output


def test_a_row_that_is_asked_for_is_run(inner):
    row = "test_inner.py::test_marked[y-3-letter2-C]"
    assert row not in inner("-p", "no:xdist", "--collect-only", "-q", ".")
    assert "1 passed" in inner("-p", "no:xdist", row)


def test_a_dimension_that_is_forgotten_is_seen(inner):
    """Else rows that differ would pass for the same."""
    output = inner("-p", "no:xdist", ".", inner=INNER.replace('"letter", "server"', '"letter"'))
    assert "rows differ in more than ('number', 'letter')" in output and "passed" not in output


# Prints, of each marked test, all rows and the positions of those that are run.
LISTING = """
import json, sys
from pathlib import Path
import pytest
import pairs

class Listing:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        self.items = [item for item in items if item.get_closest_marker("pairwise")]
        self.left_out = []

    def pytest_deselected(self, items):
        self.left_out = items

    def pytest_collection_finish(self, session):
        tests = {}
        for item in self.items:
            tests.setdefault(f"{item.path.name}::{item.originalname}", []).append(item)
        found = {}
        for name, items in tests.items():
            columns = [pairs.numbered([pairs.values_of(item)[dimension] for item in items])
                       for dimension in items[0].get_closest_marker("pairwise").args]
            found[name] = [list(zip(*columns)), [item not in self.left_out for item in items]]
        with open(sys.argv[1], "w") as output:
            json.dump(found, output)

marked = [str(path) for path in Path("live").glob("test_*.py") if "pairwise(" in path.read_text()]
sys.exit(pytest.main(["-c", "pytest.ini", "--collect-only", "-q", *marked], plugins=[Listing()]))
"""


def test_the_live_tests_lack_no_pair(tmp_path):
    script = tmp_path / "listing.py"
    script.write_text(LISTING)
    subprocess.run([sys.executable, script, tmp_path / "found"], cwd=TESTS, check=True, capture_output=True,
                   timeout=100, env={**os.environ, "PYTHONPATH": str(TESTS)})
    found = json.loads((tmp_path / "found").read_text())
    assert len(found) >= 12
    for name, (rows, is_run) in found.items():
        chosen = [row for row, is_chosen in zip(rows, is_run) if is_chosen]
        assert missing_pairs(rows, chosen) == set(), name
        assert len(chosen) < len(rows), f"{name}: the marker leaves nothing out"


# ---- What else --exhaustive adds: it is left out by default, and nothing is left out of it --------

EVERYTHING = """
import sys
sys.path[:0] = ["live", "unit"]
import pairs
import test_endurance
import test_programs
short, long = test_endurance.PLANS[False], test_endurance.PLANS[True]
assert long.reloads == 200 and long.restarts == 50, long
assert short.reloads * 5 > long.reloads and short.restarts * 5 > long.restarts, short
modes = test_programs.MODES_OF_EXHAUSTIVE
assert set(modes) - set(test_programs.MODES) == {"clang"}
for program in test_programs.PROGRAMS:
    assert pairs.left_out(program, "gcc", False) == () == pairs.left_out(program, "clang", False)
    for mode in (*modes, "distcheck"):
        assert pairs.left_out(program, mode, True) == ()
    limits = {*pairs.left_out(program, "sanitize", False)} - {*pairs.left_out(program, "sanitize", False, is_deep=True)}
    assert limits == {*pairs.LIMITS.get(program, ())}
names = [name for program in test_programs.PROGRAMS for name in pairs.left_out(program, "valgrind", False)]
assert 4 <= len(names) <= 32, names
"""


def test_exhaustive_leaves_out_no_unit_test_and_no_reload():
    subprocess.run([sys.executable, "-c", EVERYTHING], cwd=TESTS, check=True, timeout=100)


def test_deep_has_valgrind_run_all_programs_and_exhaustive_those_of_a_further_build():
    def collected(*arguments):
        done = subprocess.run([*PYTEST, "-c", "pytest.ini", "--collect-only", "-q", *arguments, "unit/test_programs.py"],
                              cwd=TESTS, check=True, capture_output=True, text=True, timeout=100)
        return {line for line in done.stdout.splitlines() if "::" in line}

    default, deep, whole = collected(), collected("--deep"), collected("--exhaustive")
    assert default < deep < whole and len(whole - deep) >= 15
    assert all("[clang-" in name for name in whole - deep)
    assert {name.partition("[")[2] for name in deep - default} == {f"valgrind-{name}]" for name in pairs.WALKED}


def test_exhaustive_makes_that_build():
    """scripts/check builds each mode of the unit programs, the further one if it is asked for."""
    script = (TESTS.parent / "scripts/check").read_text()
    always, _, asked = script.partition("*' --exhaustive '*)")
    assert re.findall(r"^(?:PATH=\S+ )?strictly (\w+)", always, re.M) == ["gcc", "sanitize"]
    assert re.findall(r"^\s+strictly (\w+)", asked, re.M) == ["clang"]


def test_the_modules_that_are_run_first_are_there():
    names = re.findall(r'"(test_\w+\.py)"', (TESTS / "conftest.py").read_text())
    assert len(names) >= 5 and [name for name in names if not any(TESTS.glob(f"*/{name}"))] == []
