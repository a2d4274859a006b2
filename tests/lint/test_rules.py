# SPDX-License-Identifier: Apache-2.0
"""docs/rules.md and the tests: a test cites each rule, and no test cites a rule that is not there.

What cites: the docstring of a test or a class of tests, a comment in a test file, and the member `rule` of a
vector. The docstring of a module says what the module is about, and proves nothing."""

import ast
import io
import json
import re
import tokenize
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ID = re.compile(r"(?<![\w%\\.-])[RPCMFHSDAO]\d{1,2}(?!\w)")
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.*) \|$", re.M)
SECTION = re.compile(r"\d(\.\d)?|field-\d\.\d+[a-z]?")  # of the design, and of the field cases
FLOOR = 120  # rules


def rules(root):
    """[(id, sentence)] in the order of the page."""
    return ROW.findall((root / "docs/rules.md").read_text())


def python_texts(source):
    """(what a module says of itself, what its tests and comments say)."""
    tree = ast.parse(source)
    own = [ast.get_docstring(node) or "" for node in ast.walk(tree)
           if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    comments = [token.string for token in tokenize.generate_tokens(io.StringIO(source).readline)
                if token.type == tokenize.COMMENT]
    return ast.get_docstring(tree) or "", "\n".join(own + comments)


def c_comments(source):
    """The comments of C source; a literal that looks like one is none."""
    found = re.findall(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(/\*.*?\*/)', source, re.S)
    return "\n".join(found)


def citations(root):
    """({id: {file}} of those that count, {(id, file)} of all that a test names, how many files were read)."""
    counted, named, count = {}, set(), 0

    def add(text, name, is_proof=True):
        for rule in ID.findall(text):
            named.add((rule, name))
            if is_proof:
                counted.setdefault(rule, set()).add(name)

    for path in sorted((root / "tests").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.parent.name == "lint":
            continue  # rules of the tree
        if path.match("test_*.py"):
            module, own = python_texts(path.read_text())
            add(module, name, False)
            add(own, name)
        elif path.parent.name == "unit" and path.suffix == ".c":
            add(c_comments(path.read_text()), name)
        elif path.parent.name == "vectors" and path.suffix == ".json":
            for row in json.loads(path.read_text()):
                for word in row["rule"].split():
                    if not SECTION.fullmatch(word):
                        named.add((word, name))
                        counted.setdefault(word, set()).add(name)
        else:
            continue
        count += 1
    return counted, named, count


def rules_are_cited(root):
    """(findings, how many rules were looked at)"""
    page = rules(root)
    ids = [rule for rule, _ in page]
    counted, named, _ = citations(root)
    findings = [f"docs/rules.md: {rule} is there twice" for rule in set(ids) if ids.count(rule) > 1]
    findings += [f"docs/rules.md: no test cites {rule}" for rule in ids if rule not in counted]
    findings += [f"{name}: cites {rule}, which docs/rules.md does not have"
                 for rule, name in sorted(named) if rule not in ids]
    return findings, len(page)


def rules_are_sentences(root):
    """One each, and numbers without a gap."""
    page = rules(root)
    findings = [f"{rule}: not one sentence" for rule, text in page
                if rule[0] != "O" and (not re.match(r"[A-Z`]", text) or not text.endswith(".")
                                       or re.search(r"\.\s+[A-Z]", text))]
    for letter in {rule[0] for rule, _ in page}:
        numbers = [int(rule[1:]) for rule, _ in page if rule[0] == letter]
        if numbers != list(range(1, len(numbers) + 1)):
            findings.append(f"{letter}: the numbers are {numbers}")
    return findings, len(page)


GUARDS = [rules_are_cited, rules_are_sentences]


@pytest.mark.parametrize("guard", GUARDS)
def test_the_page_and_the_tests_agree(guard):
    findings, count = guard(REPOSITORY)
    assert findings == []
    assert count >= FLOOR


def test_all_kinds_of_tests_are_read():
    counted, _, count = citations(REPOSITORY)
    files = set().union(*counted.values())
    assert count >= 60 and len(files) >= 40
    for folder, suffix in (("live", ".py"), ("browser", ".py"), ("unit", ".c"), ("vectors", ".json")):
        assert any(f"tests/{folder}/" in name and name.endswith(suffix) for name in files), folder


# ---- On small trees, good and guilty ---------------------------------------------------------------

GOOD = {
    "docs/rules.md": "| R1 | It is so. |\n| R2 | It is `so`, too. |\n| P1 | So it is. |\n",
    "tests/live/test_a.py": '"""About R1."""\ndef test_a():\n    """R1: it is so."""\n',
    "tests/unit/test_a.c": '/* R2 */\nconst char *text = "/* R9 */ %C2%A0";\n',
    "tests/vectors/a.json": '[{"name": "a", "rule": "P1 1.7 field-1.7a"}]',
}


@pytest.fixture
def tree(tmp_path):
    """tree(name=text, ...) is GOOD with these files in place of its own."""
    def make(**changes):
        for name, text in {**GOOD, **changes}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path
    return make


def test_a_good_tree_has_no_findings(tree):
    assert rules_are_cited(tree()) == ([], 3)
    assert rules_are_sentences(tree()) == ([], 3)


@pytest.mark.parametrize("name, text, finding", [
    ("docs/rules.md", GOOD["docs/rules.md"] + "| R3 | Nobody tests this. |\n", "no test cites R3"),
    ("docs/rules.md", GOOD["docs/rules.md"] + "| R1 | It is so. |\n", "R1 is there twice"),
    ("docs/rules.md", "| R1 | It is so. |\n| R2 | It is so. |\n", "a.json: cites P1, which"),
    ("tests/live/test_a.py", '"""R1: a module\'s own docstring proves nothing."""\n', "no test cites R1"),
    ("tests/live/test_a.py", 'def test_a():\n    return "R1"\n', "no test cites R1"),
    ("tests/live/test_a.py", GOOD["tests/live/test_a.py"] + "# R7: there is none\n", "test_a.py: cites R7, which"),
    ("tests/live/test_a.py", GOOD["tests/live/test_a.py"].replace("About R1", "About H9"), "test_a.py: cites H9, which"),
    ("tests/unit/test_a.c", GOOD["tests/unit/test_a.c"].replace("R2", "R20"), "test_a.c: cites R20, which"),
    ("tests/unit/test_a.c", 'const char *text = "/* R2 */";\n', "no test cites R2"),
    ("tests/vectors/a.json", '[{"name": "a", "rule": "P1 R8x"}]', "a.json: cites R8x, which"),
], ids=lambda value: value.split("\n")[0][-30:])
def test_a_guilty_tree_is_found_out(tree, name, text, finding):
    findings, _ = rules_are_cited(tree(**{name: text}))
    assert any(finding in f for f in findings), findings


@pytest.mark.parametrize("page, finding", [
    ("| R1 | It is so. It is not. |\n", "R1: not one sentence"),
    ("| R1 | No end |\n", "R1: not one sentence"),
    ("| R1 | It is so. |\n| R3 | It is so. |\n", "R: the numbers are"),
])
def test_a_guilty_page_is_found_out(tree, page, finding):
    findings, _ = rules_are_sentences(tree(**{"docs/rules.md": page}))
    assert any(finding in f for f in findings), findings


def test_an_empty_page_is_below_the_floor(tree):
    assert all(guard(tree(**{"docs/rules.md": ""}))[1] < FLOOR for guard in GUARDS)
