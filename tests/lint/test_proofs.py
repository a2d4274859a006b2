# SPDX-License-Identifier: Apache-2.0
"""What scripts/prove and scripts/mutate are made of. Both take long and run by name; what they would stumble over is
seen here."""

import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests/prove"), str(REPOSITORY / "tests/mutate")]

import mutate  # noqa: E402
import prove  # noqa: E402
from mutants import mutants_of  # noqa: E402


def test_each_target_has_a_harness_and_a_fault_that_can_be_put_in():
    harnesses = {path.stem.removeprefix("prove_") for path in (REPOSITORY / "tests/prove").glob("prove_*.c")}
    assert {target.name for target in prove.TARGETS} == harnesses and len(harnesses) >= 8
    for target in prove.TARGETS:
        name, text, fault = target.plant
        source = (REPOSITORY / f"src/core/{name}.c").read_text()
        assert source.count(text) == 1 and text != fault and name in target.sources, target.name


def test_what_is_argued_is_there():
    targets = {target.name: target for target in prove.TARGETS}
    for target, function, _ in prove.argued():
        texts = [(REPOSITORY / f"src/core/{name}.c").read_text() for name in targets[target].sources]
        texts += [path.read_text() for path in (REPOSITORY / "include").glob("*.h")]
        texts.append((REPOSITORY / "tests/prove/libc.h").read_text())
        assert any(re.search(rf"\b{function}\(", text) for text in texts), function
    for source, _, before, _ in mutate.argued():
        lines = [line.strip() for line in (REPOSITORY / source).read_text().splitlines()]
        assert before in lines, f"{source}: {before}"


def test_live_modules_of_the_map_exist():
    for source, modules in mutate.LIVE.items():
        assert (REPOSITORY / source).exists(), source
        assert all((REPOSITORY / f"tests/live/{name}.py").exists() for name in modules), modules


def test_the_makefile_has_what_the_scripts_ask_for():
    makefile = (REPOSITORY / "Makefile.am").read_text()
    asked = [name for script in ("analyze", "fuzz", "mutate")
             for name in re.findall(r"(?:-- |targets=\()(lib\w+\.l?a)", (REPOSITORY / "scripts" / script).read_text())]
    assert len(asked) == 3
    for name in asked:
        assert re.search(rf"^\w+LIBRARIES = .*\b{re.escape(name)}", makefile, re.M), name
    variables = re.findall(r'sources_of\("(\w+)"\)', Path(mutate.__file__).read_text())
    assert len(variables) >= 4 and all(mutate.sources_of(name) for name in variables)


SOURCE = """#include <stdbool.h>
#define TWICE(n) ((n) * 2)
static int size[4] = { 7 };
bool f(int n, bool is_set, const char *text);
bool f(int n, bool is_set, const char *text)
{
    if (is_set && text[n - 0x10] == 'a') {
        return TWICE(n) > size[0];
    }
    n += is_set ? 1 : n;
    return is_set;
}
const char *g(const char *p)
{
    return !*p ? p : g(++p);
}
"""

CHANGED = """
static int size[4] = { 6 };
static int size[4] = { 8 };
if (!(is_set && text[n - 0x10] == 'a')) {
if (is_set || text[n - 0x10] == 'a') {
if (is_set && text[n + 0x10] == 'a') {
if (is_set && text[n - 0xf] == 'a') {
if (is_set && text[n - 0x11] == 'a') {
if (is_set && text[n - 0x10] != 'a') {
if (is_set && text[n - 0x10] == 'x') {
return TWICE(n) <= size[0];
return TWICE(n) >= size[0];
return TWICE(n) > size[1];
n -= is_set ? 1 : n;
n += !(is_set) ? 1 : n;
n += is_set ? 0 : n;
n += is_set ? 2 : n;
return !(is_set);
return NULL;
return  *p ? p : g(++p);
return !*p ? p : g(--p);
"""


def test_mutants_change_one_thing_each(tmp_path):
    (tmp_path / "source.c").write_text(SOURCE)
    folder = next(Path("/usr/lib/llvm-14/lib/clang").glob("*/include"), None)
    found = mutants_of(tmp_path, "source.c", ["-std=c11", *([f"-I{folder}"] if folder else [])])
    assert sorted(m.after for m in found) == sorted(CHANGED.strip().splitlines())
    for mutant in found:
        lines = mutant.apply(SOURCE.encode()).decode().splitlines()
        changed = [n for n, (a, b) in enumerate(zip(SOURCE.splitlines(), lines), 1) if a != b]
        assert changed == [mutant.line] and mutant.function in ("", "f", "g")


def test_a_share_below_the_floor_fails(capsys):
    row = {"source": "src/core/a.c", "line": 1, "function": "f", "before": "a", "after": "b"}
    rows = [{**row, "verdict": "caught"} for _ in range(mutate.FLOOR)]
    survivors = [{**row, "verdict": "survived"} for _ in range(100 - mutate.FLOOR)]
    not_counted = [{**row, "verdict": "same"}, {**row, "verdict": "broken"}]
    assert mutate.report(rows + survivors + not_counted)
    assert not mutate.report(rows[1:] + survivors + not_counted)
    assert not mutate.report(not_counted)
    assert "89 of 99 mutants caught" in capsys.readouterr().out


def test_a_mutant_that_is_argued_to_be_equal_is_not_counted(capsys, monkeypatch):
    row = {"source": "src/core/a.c", "line": 1, "function": "f", "before": "a", "verdict": "caught"}
    rows = [{**row, "after": "b"} for _ in range(mutate.FLOOR)]
    rows += [{**row, "after": str(number), "verdict": "survived"} for number in range(100 - mutate.FLOOR + 2)]
    reasons = {("src/core/a.c", "f", "a", "0"): "Equal: it is.", ("src/core/a.c", "f", "a", "1"): "Costs nobody anything."}
    monkeypatch.setattr(mutate, "argued", lambda: reasons)
    assert not mutate.report(rows)
    assert "90 of 101 mutants caught, 89.1 %; 11 survived, 10 of them not argued" in capsys.readouterr().out
    reasons["src/core/a.c", "f", "a", "1"] = "Equal: it is."
    assert mutate.report(rows)
    assert "90 of 100 mutants caught, 90.0 %; 10 survived" in capsys.readouterr().out


def test_files_and_lines_that_are_named():
    assert mutate.files(["src/core/glob.c:3", "src/core/glob.c:5", "src/core/index.c"]) == {
        "src/core/glob.c": {3, 5}, "src/core/index.c": set()}
    with pytest.raises(SystemExit):
        mutate.files(["src/core/none.c"])
    named = mutate.files([])
    assert len(named) > 60 and not any(named.values())


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """A bench whose live tests fail as the list `failures` says, one run each; then they pass."""
    found = object.__new__(mutate.Bench)
    found.house, found.asked, found.failures = mutate.argparse.Namespace(programs=[], core=[], glue=[]), [], []
    monkeypatch.setattr(mutate, "WORK", tmp_path)
    monkeypatch.setattr(mutate, "LIVE", {"src/httpd/apart.c": ["test_counting"],
                                         "src/httpd/refusals.c": ["test_counting", "test_explanations"]})
    monkeypatch.setattr(found, "link_module", lambda *_: True)
    monkeypatch.setattr(found, "live_failure", lambda tests: (
        found.asked.append(tests) or (found.failures.pop(0) if found.failures else "")))
    return found


def test_live_modules_must_pass_without_a_mutant(bench, monkeypatch):
    """A module that fails as it is would catch each mutant."""
    sources = ["src/core/glob.c", "src/httpd/apart.c", "src/httpd/refusals.c"]
    bench.measure_live(sources)
    assert bench.asked == ["tests/live/test_counting.py", "tests/live/test_explanations.py"]
    bench.measure_live(sources)
    assert len(bench.asked) == 2  # that they pass is known
    monkeypatch.setattr(mutate, "digest_of_all", lambda _: "another")
    bench.failures = ["tests/live/test_counting.py::test_x", "", *2 * ["tests/live/test_explanations.py::test_x"]]
    with pytest.raises(SystemExit, match="test_explanations.py::test_x fails without a mutant"):
        bench.measure_live(sources)


def test_a_live_test_that_fails_once_catches_no_mutant(bench):
    test = "tests/live/test_counting.py::test_x"
    bench.failures = [test]
    assert bench.judge_glue("src/httpd/apart.c", None) == ("survived", "")
    assert bench.asked == ["tests/live/test_counting.py", test]
    bench.failures = [test, test]
    assert bench.judge_glue("src/httpd/apart.c", None) == ("caught", "test_counting")
