# SPDX-License-Identifier: Apache-2.0
"""Rules of the tree. Each guard has a floor (it must have looked at something) and a broken copy on
which it must fail."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATED = {"aclocal.m4", "autom4te.cache", "build", "build-aux", "config.h.in", "config.h.in~",
             "configure", "configure~", "m4", "Makefile.in", ".git"}
IGNORED = {"__pycache__", ".pytest_cache", ".hypothesis", ".deps", ".libs"}
C_LIBRARY = {f"{name}.h" for name in (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal "
    "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath "
    "threads time uchar wchar wctype").split()}
# Libc beyond C11 that the core may use: no I/O, no state.
C_LIBRARY |= {"arpa/inet.h",  # inet_pton, inet_ntop: the serialised form of IP addresses
              "emmintrin.h",  # a compiler's own: sixteen bytes at a time (SSE2, which each x86-64 has)
              "sys/auxv.h"}  # getauxval(AT_RANDOM): the seed of the hash tables
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)


def files(root, suffixes=None, under=""):
    """Relative paths of what a developer wrote, as strings."""
    found = []
    for folder, folders, names in os.walk(root / under):
        here = Path(folder).relative_to(root)
        top = here == Path(".")
        folders[:] = [f for f in folders if f not in IGNORED and not (top and f in GENERATED)]
        for name in names:
            if not (top and name in GENERATED) and (suffixes is None or name.endswith(suffixes)):
                found.append((here / name).as_posix())
    return sorted(found)


def read(root, name):
    return (root / name).read_text(errors="surrogateescape")


def without_comments(source):
    """C source with comments and literals emptied."""
    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: "" if m[0].startswith("/*") else m[0][0] * 2, source,
                  flags=re.S)


# ---- The guards: (findings, how much was looked at) ------------------------------------------


def core_is_pure(root):
    """The core knows C11 and libc, and json-c in one file; no httpd.h, no apr*.h. What its own headers
    include counts too."""
    findings = []
    todo = [(name, name) for name in files(root, ".c", "src/core")]
    count = len(todo)
    seen = set()
    while todo:
        source, name = todo.pop()
        for header in INCLUDE.findall(read(root, name)):
            own = f"include/{header}"
            if (root / own).exists():
                if (source, own) not in seen:
                    seen.add((source, own))
                    todo.append((source, own))
            elif header not in C_LIBRARY and not (name == "src/core/settings/json_tree.c"
                                                  and header.startswith("json-c/")):
                findings.append(f"{source}: {name} includes {header}")
    return findings, count


def noun_of(name):
    """A source and its header have one noun: "src/core/own.c" and "include/ocors_own.h" are "own"."""
    return Path(name).stem.removeprefix("ocors_")


def include_graph(root):
    """Noun -> the nouns whose headers its source or its header includes."""
    graph = {}
    for name in files(root, (".c", ".h"), "src") + files(root, ".h", "include") + ["mod_ocapi_cors.c"]:
        nouns = graph.setdefault(noun_of(name), set())
        nouns |= {noun_of(header) for header in INCLUDE.findall(read(root, name))
                  if header.startswith("ocors_") and noun_of(header) != noun_of(name)}
    return graph


def includes_make_no_circle(root):
    """house 1: "one direction": who includes a header is not included by it, however far away."""
    graph = include_graph(root)
    findings, done = [], set()

    def walk(noun, way):
        if noun in way:
            findings.append("a circle of includes: " + " -> ".join([*way[way.index(noun):], noun]))
        elif noun not in done:
            for other in sorted(graph.get(noun, ())):
                walk(other, [*way, noun])
            done.add(noun)

    for noun in sorted(graph):
        walk(noun, [])
    return findings, sum(len(nouns) for nouns in graph.values())


# Who may include whom: a room itself, and those behind it. The command line knows the core alone.
ROOMS = ["mod_ocapi_cors.c", "src/httpd", "src/httpd/reload", "src/core/settings", "src/core"]
ROOMS_OF_CLI = ["src/cli", "src/core/settings", "src/core"]


def rooms_of(root):
    """Noun -> its room: that of its source; of a header without a source, the first room that may know all that the
    header includes."""
    rooms = {noun_of(name): str(Path(name).parent) for name in files(root, ".c", "src")}
    rooms["mod_ocapi_cors"] = "mod_ocapi_cors.c"
    for name in files(root, ".h", "include"):
        if noun_of(name) not in rooms:
            of_httpd = any(re.match("(apr|ap|http|util|mod)_|httpd", other) for other in INCLUDE.findall(read(root, name)))
            rooms[noun_of(name)] = "src/httpd/reload" if of_httpd else "src/core"
    return rooms


def rooms_point_inwards(root):
    """A room includes headers of its own and of the rooms behind it."""
    rooms = rooms_of(root)
    findings, count = [], 0
    for noun, others in include_graph(root).items():
        order = ROOMS_OF_CLI if rooms.get(noun, "src/cli") == "src/cli" else ROOMS
        allowed = order[order.index(rooms.get(noun, "src/cli")):]
        for other in sorted(others):
            count += 1
            if rooms.get(other) not in allowed:
                findings.append(f"{noun} ({rooms.get(noun)}) includes {other} ({rooms.get(other)})")
    return findings, count


def one_file_knows_json_c(root):
    findings = []
    names = files(root, (".c", ".h"), "src") + files(root, ".h", "include") + ["mod_ocapi_cors.c"]
    for name in names:
        knows = re.search(r"\bjson_(object|tokener)_|include.*json(-c|\.h)", without_comments(
            read(root, name)).replace('""', "")) or any(
                "json-c" in header or header == "json.h"
                for header in INCLUDE.findall(read(root, name)))
        if bool(knows) != (name == "src/core/settings/json_tree.c"):
            findings.append(f"{name}: {'knows' if knows else 'does not know'} json-c")
    return findings, len(names)


def sizes_are_bounded(root):
    """conventions 3.2: "a core file under 500 lines, glue under 400, a test file under 600"."""
    bounds = [(500, files(root, (".c", ".h"), "src/core")),
              (500, files(root, ".h", "include")),
              (400, files(root, (".c", ".h"), "src/httpd") + ["mod_ocapi_cors.c"]),
              (400, files(root, (".c", ".h"), "src/cli")),
              (600, files(root, (".c", ".h", ".py"), "tests"))]
    findings, count = [], 0
    for bound, names in bounds:
        for name in names:
            count += 1
            lines = read(root, name).count("\n")
            if lines >= bound:
                findings.append(f"{name}: {lines} lines, {bound} is the bound")
    return findings, count


def makefile_lists_the_tree(root):
    """Makefile.am names every source, header, unit test and fuzz target there is, and no other."""
    text = read(root, "Makefile.am")
    listed = set(re.findall(r"(?:src|include|tests/unit|tests/fuzz)/[\w/]+\.[ch]\b", text))
    listed |= set(re.findall(r"\bmod_ocapi_cors\.c\b", text))
    listed |= {f"{name}.c" for name in re.findall(r"tests/unit/test_\w+(?![\w.])", text)}
    there = set(files(root, (".c", ".h"), "src") + files(root, (".c", ".h"), "include")
                + files(root, (".c", ".h"), "tests/unit") + files(root, (".c", ".h"), "tests/fuzz") + ["mod_ocapi_cors.c"])
    findings = [f"Makefile.am does not list {name}" for name in sorted(there - listed)]
    findings += [f"Makefile.am lists {name}, which is not there" for name in sorted(listed - there)]
    return findings, len(there)


def licence_is_named(root):
    names = [n for n in files(root, (".c", ".h", ".java", ".py", ".sh", ".am", ".ac", ".cgi"))]
    names += files(root, (".yml", ".yaml", ".pp"), "examples") + files(root, under="examples/shell")
    names += files(root, under="scripts") + files(root, under=".ci")
    findings = [f"{name}: no SPDX line in its first three"
                for name in dict.fromkeys(names)
                if "SPDX-License-Identifier: Apache-2.0"
                not in "\n".join(read(root, name).split("\n")[:3])]
    return findings, len(names)


def comments_are_blocks(root):
    """conventions 3.3: "`/* */` only"."""
    names = files(root, (".c", ".h"))
    return [f"{name}: a // comment" for name in names
            if "//" in without_comments(read(root, name))], len(names)


MACHINE = re.compile("|".join((
    "/wor" "k/", "/hom" "e/[a-z]", "/Use" "rs/[a-z]", r"\bfar" r"m-[a-z]", r"\bissue" r"s show\b",
    r"deb\.debia" r"n\.org", r"snapshot\.debia" r"n", r"pyp" r"i\.org", r"registr" r"y\.npmjs",
    "/tmp/helpe" "r", "brief[AB]\\.md")))


def no_machine_is_named(root):
    """What stands in the repository is true on any machine."""
    findings = []
    names = files(root)
    for name in names:
        path = root / name
        if path.is_symlink() and os.path.isabs(os.readlink(path)):
            findings.append(f"{name}: an absolute symbolic link")
        for number, line in enumerate(read(root, name).split("\n"), 1):
            match = MACHINE.search(line)
            if match:
                findings.append(f"{name}:{number}: {match[0]}")
    return findings, len(names)


def directives_agree(root):
    """conventions 3.6: directive table == conf/ocapi_cors.conf == docs/directives.md == README's list of links."""
    config = re.findall(r'AP_INIT_\w+\(\s*"(OcapiCors\w*)"', read(root, "src/httpd/directives.c"))
    tables = {
        "conf/ocapi_cors.conf": re.findall(r"^\s*#?\s*(OcapiCors\w*)(?=\s)",
                                           read(root, "conf/ocapi_cors.conf"), re.M),
        "docs/directives.md": re.findall(r"^## (OcapiCors\w*)$", read(root, "docs/directives.md"), re.M),
        "README.md": re.findall(r"\[`(OcapiCors\w*)`\]\(docs/directives\.md#", read(root, "README.md")),
    }
    findings = [f"src/httpd/directives.c: {n} stands there twice" for n in config if config.count(n) > 1]
    for where, names in tables.items():
        findings += [f"{where} does not have {n}" for n in sorted(set(config) - set(names))]
        findings += [f"{where} has {n}, which httpd does not know"
                     for n in sorted(set(names) - set(config))]
    return findings, len(config)


def messages_are_numbered_once(root):
    """conventions 3.5: own numbers, unique, documented."""
    numbers = re.findall(r'"(OCORS\d{4}): "', read(root, "include/ocors_messages.h"))
    documented = re.findall(r"OCORS\d{4}", read(root, "docs/messages.md"))
    findings = [f"{n} is used twice" for n in set(numbers) if numbers.count(n) > 1]
    findings += [f"docs/messages.md does not have {n}" for n in sorted(set(numbers) - set(documented))]
    findings += [f"docs/messages.md has {n}, which nothing logs"
                 for n in sorted(set(documented) - set(numbers))]
    for name in files(root, (".c", ".h"), "src") + ["mod_ocapi_cors.c"]:
        if name != "include/ocors_messages.h" and re.search(r'"OCORS\d', read(root, name)):
            findings.append(f"{name}: a number outside messages.h")
    return findings, len(numbers)


def vectors_are_used(root):
    """conventions 3.6: "every test vector is used": a test, or another vector, names the file."""
    names = files(root, ".json", "tests/vectors")
    users = files(root, (".c", ".h", ".py"), "tests") + names
    findings = []
    for name in names:
        others = "".join(read(root, n) for n in users if n != name)
        if Path(name).name not in others and f'"{Path(name).stem}"' not in others:
            findings.append(f"{name}: nothing names it")
    return findings, len(names)


GUARDS = [
    (core_is_pure, 12),
    (includes_make_no_circle, 100),
    (rooms_point_inwards, 100),
    (one_file_knows_json_c, 20),
    (sizes_are_bounded, 40),
    (makefile_lists_the_tree, 30),
    (licence_is_named, 40),
    (comments_are_blocks, 30),
    (no_machine_is_named, 60),
    (directives_agree, 7),
    (messages_are_numbered_once, 10),
    (vectors_are_used, 2),
]


@pytest.mark.parametrize("guard, floor", GUARDS, ids=[g.__name__ for g, _ in GUARDS])
def test_the_tree_keeps_the_rule(guard, floor):
    findings, count = guard(REPOSITORY)
    assert findings == []
    assert count >= floor, f"it looked at {count} things only"


# ---- The guards are guarded ------------------------------------------------------------------


def append(name, text):
    return lambda root: (root / name).open("a").write(text)


def replace(name, old, new):
    def edit(root):
        text = read(root, name)
        assert re.search(old, text), f"{name} has no {old}"
        (root / name).write_text(re.sub(old, new, text, count=1))
    return edit


BREAKS = [
    (core_is_pure, append("src/core/origin.c", "#include <apr_strings.h>\n"), "apr_strings.h"),
    (core_is_pure, append("include/ocors_span.h", '#  include "httpd.h"\n'), "httpd.h"),
    (core_is_pure, append("src/core/fault.c", "#include <json-c/json.h>\n"), "json-c"),
    (core_is_pure, append("src/core/fault.c", "#include <unistd.h>\n"), "unistd.h"),
    (includes_make_no_circle, append("include/ocors_span.h", '#include "ocors_policy.h"\n'),
     "span -> policy -> "),
    (includes_make_no_circle, append("src/core/glob.c", '#include "ocors_own.h"\n'), "glob -> own -> glob"),
    (rooms_point_inwards, append("src/core/policy.c", '#include "ocors_survey.h"\n'),
     "policy (src/core) includes survey (src/httpd)"),
    (rooms_point_inwards, append("include/ocors_glob.h", '#include "ocors_config.h"\n'),
     "glob (src/core) includes config (src/httpd)"),
    (rooms_point_inwards, append("src/core/glob.c", '#include "ocors_report.h"\n'),
     "glob (src/core) includes report (src/core/settings)"),
    (rooms_point_inwards, append("src/httpd/reload/tree.c", '#include "ocors_config.h"\n'),
     "tree (src/httpd/reload) includes config (src/httpd)"),
    (rooms_point_inwards, append("src/cli/main.c", '#include "ocors_tree.h"\n'),
     "main (src/cli) includes tree (src/httpd/reload)"),
    (one_file_knows_json_c, append("src/httpd/reload/publish.c", "#include <json-c/json.h>\n"), "publish.c"),
    (one_file_knows_json_c, append("src/core/settings/settings.c", "void *o = json_object_new();\n"),
     "settings.c"),
    (sizes_are_bounded, append("src/core/origin.c", "\n" * 500), "origin.c"),
    (sizes_are_bounded, append("src/httpd/reload/publish.c", "\n" * 400), "publish.c"),
    (sizes_are_bounded, append("tests/live/wire.py", "\n" * 600), "wire.py"),
    (makefile_lists_the_tree, append("src/core/new.c", ""), "does not list src/core/new.c"),
    (makefile_lists_the_tree, append("include/ocors_new.h", ""), "ocors_new.h"),
    (makefile_lists_the_tree, append("tests/unit/test_new.c", ""), "test_new.c"),
    (makefile_lists_the_tree, append("tests/fuzz/fuzz_new.c", ""), "fuzz_new.c"),
    (makefile_lists_the_tree, lambda root: (root / "src/core/fault.c").unlink(), "fault.c"),
    (licence_is_named, append("src/core/new.c", "int x;\n"), "new.c"),
    (licence_is_named, append("scripts/new", "#!/bin/sh\n"), "scripts/new"),
    (comments_are_blocks, append("src/core/fault.c", "int x; // no\n"), "fault.c"),
    (no_machine_is_named, append("README.md", "see /hom" "e/someone/tree\n"), "README.md"),
    (no_machine_is_named, lambda root: (root / "link").symlink_to("/etc/hosts"), "link"),
    (directives_agree, append("conf/ocapi_cors.conf", "\n#OcapiCorsNew On\n"), "OcapiCorsNew"),
    (directives_agree, append("README.md", "\n[`OcapiCorsNew`](docs/directives.md#x)\n"), "README.md has OcapiCorsNew"),
    (directives_agree, replace("docs/directives.md", r"## OcapiCorsSite\n", "## OcapiCorsPlace\n"),
     "docs/directives.md does not have OcapiCorsSite"),
    (directives_agree, replace("src/httpd/directives.c", r'"OcapiCorsMaxAge"', '"OcapiCorsOther"'),
     "does not have OcapiCorsOther"),
    (messages_are_numbered_once, append("include/ocors_messages.h", '#define A "OCORS0001: "\n'),
     "OCORS0001 is used twice"),
    (messages_are_numbered_once, append("include/ocors_messages.h", '#define A "OCORS9999: "\n'),
     "does not have OCORS9999"),
    (messages_are_numbered_once, append("src/httpd/reload/publish.c", 'char *a = "OCORS0001: ";\n'),
     "outside messages.h"),
    (vectors_are_used, append("tests/vectors/unnam" "ed.json", "[]\n"), "unnam" "ed.json"),
]


@pytest.fixture(scope="module")
def module_copy(tmp_path_factory):
    """A copy of the tree, and what each of its files is: (inode, size, time)."""
    root = tmp_path_factory.mktemp("copy")
    for name in files(REPOSITORY):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name, follow_symlinks=False)
    return root, what_is_there(root)


def what_is_there(root):
    stats = {name: os.lstat(root / name) for name in files(root)}
    return {name: (s.st_ino, s.st_size, s.st_mtime_ns) for name, s in stats.items()}


@pytest.fixture
def copy(module_copy):
    """The copy, whole; what a test does to it is undone."""
    root, whole = module_copy
    yield root
    now = what_is_there(root)
    for name in now.keys() - whole.keys():
        (root / name).unlink()
    for name in whole:
        if now.get(name) != whole[name]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).unlink(missing_ok=True)
            shutil.copy(REPOSITORY / name, root / name, follow_symlinks=False)
            s = os.lstat(root / name)
            whole[name] = (s.st_ino, s.st_size, s.st_mtime_ns)


@pytest.mark.parametrize("guard, harm, finding", BREAKS,
                         ids=[f"{g.__name__}-{f.split()[-1]}" for g, _, f in BREAKS])
def test_the_guard_fails_on_a_broken_copy(copy, guard, harm, finding):
    harm(copy)
    findings, _ = guard(copy)
    assert any(finding in f for f in findings), findings


def test_an_empty_tree_is_below_every_floor(tmp_path):
    for guard, floor in GUARDS:
        try:
            _, count = guard(tmp_path)
        except FileNotFoundError:
            continue
        assert count < floor, guard.__name__


# ---- Guards that need a tool -----------------------------------------------------------------


def test_shellcheck_has_nothing_to_say():
    names = files(REPOSITORY, under="scripts") + files(REPOSITORY, under=".ci")
    names += files(REPOSITORY, (".cgi", ".sh", ".postinst", ".postrm", ".prerm")) + ["completions/bash/ocapi-cors", "tests/skip-without-cmocka"]
    names += files(REPOSITORY, under="examples/shell") + ["examples/pre-commit/pre-commit"]
    assert len(names) >= 6
    done = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *dict.fromkeys(names)],
                          cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck_would_have_something_to_say(tmp_path):
    (tmp_path / "bad").write_text("#!/bin/sh\nrm -rf $1/*\n")
    assert subprocess.run(["shellcheck", "bad"], cwd=tmp_path, capture_output=True).returncode == 1


@pytest.mark.parametrize("name", [*(n for n in files(REPOSITORY, under="scripts") if not n.endswith(".sh")), "packaging/sbom.py",
                                  "tests/coverage/floors.py", ".ci/run",
                                  "conf/examples/demo/backend/baskets.cgi", "examples/etcd/ocapi-cors-etcd",
                                  "examples/pre-commit/pre-commit", "examples/shell/ocapi-cors-carry",
                                  "examples/shell/ocapi-cors-install"])
def test_it_can_be_run(name):
    assert os.access(REPOSITORY / name, os.X_OK)


def test_ci_runs_the_check_and_nothing_else():
    lines = [l for l in read(REPOSITORY, ".ci/run").splitlines() if l and not l.startswith("#")]
    assert lines == ['exec "$(dirname "$0")/../scripts/check"']


def test_a_run_without_arguments_leaves_out_what_has_a_script_of_its_own_and_servlet_and_stacks_alone():
    default = re.search(r"paths=\((tests/[^)]*)\)", read(REPOSITORY, "scripts/check"))[1].split()
    there = {str(Path(n).parent) for n in files(REPOSITORY, ".py", "tests") if Path(n).name.startswith("test_")}
    assert there - set(default) == {"tests/attack", "tests/examples", "tests/servlet", "tests/stacks"} and set(default) < there


def test_the_examples_are_as_long_as_the_document_says():
    """Examples 1 and 2: "Content-Length: 67"."""
    assert (REPOSITORY / "conf/examples/demo/backend/availability.json").stat().st_size == 67


def test_readme_is_a_link():
    assert os.readlink(REPOSITORY / "README") == "README.md"
