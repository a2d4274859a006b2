# SPDX-License-Identifier: Apache-2.0
"""Rules of the pages for people: docs/*.md, README.md and CHANGES beside the sources. Each guard has a floor and
guilty pages on which it must fail. tests/live/test_page_examples.py asks httpd about the examples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "man"))

import pages as man  # noqa: E402 (needs the path above)

FIELDS = ["Description", "Syntax", "Default", "Context", "Status", "Module", "Compatibility"]
EVERYWHERE, SERVER = "server config, virtual host, directory", "server config"
FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```$", re.M | re.S)


class Tree:
    """The repository, with some texts in place of its own."""

    def __init__(self, **texts):
        self.texts = texts

    def read(self, name):
        return self.texts[name] if name in self.texts else (REPOSITORY / name).read_text()

    def pages(self):
        return sorted({*(p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "docs").glob("*.md")),
                       *(p.name for p in REPOSITORY.glob("*.md")),
                       *(name for name in self.texts if name.endswith(".md"))})

    def has(self, name):
        return name in self.texts or (REPOSITORY / name).exists()


def section(text, heading):
    """What is below a heading, up to the next of its level or a higher one."""
    level = heading.count("#")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def first_cells(text):
    """The names in backticks in the first column of the tables."""
    rows = re.findall(r"^\|([^|]*)\|", text, re.M)
    return [name for cell in rows for name in re.findall(r"`([^`]+)`", cell)]


def compared(page, said, there):
    """What is said and not there, and the other way round."""
    findings = [f"{page} does not have {name}" for name in sorted(set(there) - set(said))]
    findings += [f"{page} has {name}, which the source does not know" for name in sorted(set(said) - set(there))]
    return findings + [f"{page} has {name} twice" for name in sorted(set(said)) if said.count(name) > 1]


# ---- The guards: (findings, how much was looked at) ----


def directives_have_the_form(tree):
    """httpd's own form, and what the source says of context and default."""
    page = tree.read("docs/directives.md")
    source = tree.read("src/httpd/directives.c")
    lines = [line.split() for line in re.findall(r"^#(OcapiCors\w* .*)$", tree.read("conf/ocapi_cors.conf"), re.M)]
    releases = re.findall(r"^Changes with mod_ocapi_cors ([\d.]+)", tree.read("CHANGES"), re.M)
    contexts = dict(re.findall(r'AP_INIT_\w+\(\s*"(OcapiCors\w*)".*?\b(EVERY_SECTION|RSRC_CONF)\b', source, re.S))
    findings = []
    for name, context in contexts.items():
        text = section(page, f"## {name}")
        fields = re.findall(r"^- \*\*(\w+):\*\* (.+)$", text, re.M)
        if [field for field, _ in fields] != FIELDS:
            findings.append(f"{name}: its fields are {[field for field, _ in fields]}")
            continue
        says = dict(fields)
        if not says["Syntax"].startswith(f"`{name} "):
            findings.append(f"{name}: the syntax does not begin with it")
        if says["Default"] != "none" and says["Default"].strip("`").split() not in lines:
            findings.append(f"{name}: conf/ocapi_cors.conf has another default than {says['Default']}")
        if says["Context"] != (EVERYWHERE if context == "EVERY_SECTION" else SERVER):
            findings.append(f"{name}: the context is not {says['Context']}")
        if (says["Status"], says["Module"]) != ("External", "mod_ocapi_cors"):
            findings.append(f"{name}: status or module")
        if says["Compatibility"].removeprefix("since ") not in releases:
            findings.append(f"{name}: {says['Compatibility']} is not a release of CHANGES")
        if not any(re.search(rf"^\s*{name}\b", block, re.M) for _, kind, block in FENCE.findall(text) if kind == "apache"):
            findings.append(f"{name}: no example")
        if not re.search(r"^\*\*See also:\*\* \[", text, re.M):
            findings.append(f"{name}: nothing to see also")
        if not re.search(rf"^- \[`{name}`\]\(#{name.lower()}\): ", page, re.M):
            findings.append(f"{name}: the list at the top does not have it")
    return findings, len(contexts)


def reasons_and_verdicts_are_explained(tree):
    source = tree.read("include/ocors_verdict.h")
    names = {}
    for what in ("VERDICTS", "REASONS"):
        block = re.search(rf"#define OCORS_{what}\(X\)(.*?)\n\n", source, re.S)[1]
        names[what] = re.findall(r'X\(\w+, "([\w-]+)"\)', block)
    said = first_cells(section(tree.read("docs/guide.md"), "### The reasons"))
    reasons = [n for n in names["REASONS"] if n != "none"]
    findings = compared("docs/guide.md, The reasons,", said, reasons)
    if not findings and said != reasons:  # A22: the first that holds is given
        findings = [f"docs/guide.md, The reasons, has another order: {said}"]
    notes = section(tree.read("docs/directives.md"), "## Notes and environment variables")
    said = [name for name in first_cells(notes) if not name.startswith("%")]
    return (findings + compared("docs/directives.md, Notes,", said, names["VERDICTS"]),
            len(names["REASONS"]) + len(names["VERDICTS"]))


def promises_have_their_tests(tree):
    """Each row of docs/security.md names a test, and the test is there."""
    rows = re.findall(r"^\| (?!-|promise)(.*) \| (.*) \|$", section(tree.read("docs/security.md"), "## What it promises"), re.M)
    findings = []
    for promise, tests in rows:
        named = re.findall(r"`(tests/[\w/]+\.(?:py|c))(?:::(\w+))?`", tests)
        if not named:
            findings.append(f"no test: {promise}")
        for name, function in named:
            if not tree.has(name):
                findings.append(f"there is no {name}: {promise}")
            elif function and not re.search(rf"\b{function}\(", tree.read(name)):
                findings.append(f"{name} has no {function}: {promise}")
    return findings, len(rows)


def known_messages_are_cited(tree):
    numbers = set(re.findall(r'"(OCORS\d{4}): "', tree.read("include/ocors_messages.h")))
    cited = [(name, number) for name in tree.pages() for number in re.findall(r"OCORS\d{4}", tree.read(name))]
    return [f"{name}: {number} is not a message" for name, number in cited if number not in numbers], len(cited)


def configurations_are_fenced(tree):
    """tests/live/test_page_examples.py sees what is fenced as apache."""
    findings, count = [], 0
    for page in tree.pages():
        text = tree.read(page)
        count += sum(kind == "apache" for _, kind, _ in FENCE.findall(text))
        for line in re.findall(r"^ {4,}((?:<(?:Location|Directory|VirtualHost)|OcapiCors|SetHandler|LoadModule) ?.*)$",
                               FENCE.sub("", text), re.M):
            findings.append(f"{page}: not fenced: {line}")
    return findings, count


def anchors(text):
    """The anchors that the headings of a page get."""
    headings = re.findall(r"^#{1,6} (.*)$", FENCE.sub("", text), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "") for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def links_resolve(tree):
    """Files and anchors; what is on the web is not asked for."""
    findings, count = [], 0
    for page in tree.pages():
        text = re.sub(r"`[^`\n]*`", lambda m: "`" + re.sub(r"[][]", "", m[0]) + "`", FENCE.sub("", tree.read(page)))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"\w+:", target):
                continue
            count += 1
            path, _, anchor = target.partition("#")
            name = page if path == "" else (Path(page).parent / path).as_posix()
            name = re.sub(r"[^/]+/\.\./", "", name)
            if not tree.has(name):
                findings.append(f"{page}: {target}: there is no {name}")
            elif anchor and anchor not in anchors(tree.read(name)):
                findings.append(f"{page}: {target}: {name} has no such heading")
    return findings, count


def sections_are_reachable(tree):
    """README leads to every page of docs/, itself or by one page between."""
    def targets(page):
        return {re.sub(r"[^/]+/\.\./", "", (Path(page).parent / target).as_posix())
                for target in re.findall(r"\]\(([^)#\s]+\.md)", tree.read(page))}
    first = targets("README.md")
    reached = first | {name for page in first if tree.has(page) for name in targets(page)}
    pages = [name for name in tree.pages() if name.startswith("docs/")]
    return [f"{page}: no page leads there" for page in pages if page not in reached], len(pages)


GUARDS = [(directives_have_the_form, 15), (reasons_and_verdicts_are_explained, 20), 
          (promises_have_their_tests, 20), (known_messages_are_cited, 60), (configurations_are_fenced, 30), (links_resolve, 60), (sections_are_reachable, 10)]


@pytest.mark.parametrize("guard, floor", GUARDS, ids=[g.__name__ for g, _ in GUARDS])
def test_the_pages_keep_the_rule(guard, floor):
    findings, count = guard(Tree())
    assert findings == []
    assert count >= floor, f"it looked at {count} things only"


# ---- Guilty pages ----


def changed(name, old, new):
    text = Tree().read(name)
    assert old in text, f"{name} has no {old}"
    return {name: text.replace(old, new, 1)}


BREAKS = [
    (directives_have_the_form, "docs/directives.md", "- **Default:** `OcapiCors Off`\n", "", "OcapiCors: its fields are"),
    (directives_have_the_form, "docs/directives.md", "`OcapiCorsMaxAge 86400`", "`OcapiCorsMaxAge 600`", "another default"),
    (directives_have_the_form, "docs/directives.md", "since 1.0.0", "since 9.9.9", "is not a release"),
    (directives_have_the_form, "docs/directives.md", "```apache\nOcapiCorsReload", "```apache\n# OcapiCorsReload", "no example"),
    (directives_have_the_form, "src/httpd/directives.c", "set_site, NULL, EVERY_SECTION", "set_site, NULL, RSRC_CONF",
     "OcapiCorsSite: the context"),
    (directives_have_the_form, "docs/directives.md", "- [`OcapiCors`](#ocapicors)", "- `OcapiCors`", "the list at the top"),
    (reasons_and_verdicts_are_explained, "docs/guide.md", "| `no-policy` |", "| `no-polices` |", "does not have no-policy"),
    (reasons_and_verdicts_are_explained, "docs/guide.md", "| `case-differs`, `trailing-slash` |",
     "| `trailing-slash`, `case-differs` |", "has another order"),
    (reasons_and_verdicts_are_explained, "include/ocors_verdict.h", '"not-listed"', '"unlisted"', "does not have unlisted"),
    (reasons_and_verdicts_are_explained, "docs/directives.md", "| `withhold` |", "| `hold` |", "does not have withhold"),
    (promises_have_their_tests, "tests/live/test_enforcement.py", "def test_the_fault(", "def test_a_fault(",
     "test_enforcement.py has no test_the_fault"),
    (promises_have_their_tests, "docs/security.md", "tests/live/test_phases.py", "tests/live/test_faces.py",
     "there is no tests/live/test_faces.py"),
    (promises_have_their_tests, "docs/security.md", "\n## What it does not see", "| It shines. | trust us |\n\n## What it does not see",
     "no test: It shines."),
    (known_messages_are_cited, "docs/guide.md", "OCORS0017", "OCORS0717", "OCORS0717 is not"),
    (configurations_are_fenced, "docs/guide.md", "## Every day\n", "## Every day\n\n    OcapiCors On\n", "not fenced: OcapiCors On"),
    (links_resolve, "docs/guide.md", "](#the-reasons)", "](#reasons)", "#reasons: docs/guide.md has no"),
    (links_resolve, "README.md", "](docs/guide.md)", "](docs/guides.md)", "there is no docs/guides.md"),
    (links_resolve, "docs/guide.md", "](security.md)", "](secure.md)", "there is no docs/secure.md"),
    (links_resolve, "docs/policy.md", "## Own origins", "## Origins", "policy.md#own-origins"),
    (sections_are_reachable, "docs/new.md", None, "# New\n", "docs/new.md: no page leads there"),
]


@pytest.mark.parametrize("guard, name, old, new, finding", BREAKS, ids=[f"{b[0].__name__}-{b[4]}" for b in BREAKS])
def test_a_guilty_page_is_found_out(guard, name, old, new, finding):
    findings, _ = guard(Tree(**(changed(name, old, new) if old is not None else {name: new})))
    assert any(finding in f for f in findings), findings


# ---- Man pages ----


@pytest.mark.parametrize("name", ["ocapi-cors.1", "mod_ocapi_cors.8"])
def test_a_man_page_is_that_of_its_source(name):
    """man/pages.py writes it; mandoc has nothing to say of it; all that its source explains is in it."""
    text = man.pages(REPOSITORY)[name]
    assert (REPOSITORY / "man" / name).read_text() == text, "run man/pages.py"
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(REPOSITORY / "man" / name)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    source = Tree().read("docs/cli.md" if name.endswith("1") else "docs/directives.md")
    for heading in re.findall(r"^## (.*)$", source, re.M):
        assert re.search(rf'^\.S[SH] "?{re.escape(heading)}"?$', text, re.M | re.I), heading


def test_mandoc_would_have_something_to_say(tmp_path):
    (tmp_path / "bad.1").write_text(man.pages(REPOSITORY)["ocapi-cors.1"].replace(".SH NAME", ".SX NAME"))
    assert subprocess.run(["mandoc", "-Tlint", "-Wwarning", "bad.1"], cwd=tmp_path, capture_output=True).returncode != 0


def test_what_markdown_says_in_roff():
    """The inline marks, and what roff would read as its own."""
    assert man.inline("`a-b` **c** *d* [e](x.md#y) [f](#g) [x.md](x.md)") == (
        "\\fBa\\-b\\fR \\fBc\\fR \\fId\\fR e (docs/x.md) f docs/x.md")
    assert man.lines_of(".a. B") == ["\\&.a.", "B"]
    assert man.blocks("    .x\n    y\n") == [".PP", ".RS 4", ".nf", "\\&.x", "y", ".fi", ".RE"]
