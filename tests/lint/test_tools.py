# SPDX-License-Identifier: Apache-2.0
"""What the tools that read C sources say of ours: nothing. Each tool is shown a guilty source too, so that a
tool that reads nothing, or has lost a check, is noticed.

clang-format reads every source. The other tools read what is installed: the module's front door, the core, the
glue and the command line. What they are not asked, and why, is said in .clang-tidy and at CPPCHECK below."""

import os
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FORMATTED = sorted(p.relative_to(REPOSITORY).as_posix()
                   for folder in ("bench", "include", "src", "tests") for p in (REPOSITORY / folder).rglob("*.[ch]"))
FORMATTED.append("mod_ocapi_cors.c")
SOURCES = [name for name in FORMATTED if re.match(r"src/.*\.c$|mod_ocapi_cors\.c$", name)]
PARTS = ("core", "cli", "httpd")  # each has flags of its own


def part_of(source):
    """The front door is compiled as the glue is."""
    return source.split("/")[1] if "/" in source else "httpd"


def makefile_variable(name):
    """What configure found, as the build has it."""
    text = (Path(os.environ["OCORS_BUILD"]) / "gcc/Makefile").read_text()
    return re.search(rf"^{name} = (.*)$", text, re.M)[1].split()


def flags_of(source):
    """As Makefile.am compiles it; headers that are not ours are the system's."""
    flags = ["-std=c11", f"-I{REPOSITORY}/include"]
    if source.startswith("src/cli/"):
        return [*flags, "-D_XOPEN_SOURCE=700"]
    if source.startswith("src/core/"):
        return flags + [f.replace("-I", "-isystem", 1) for f in makefile_variable("JSONC_CFLAGS")]
    return [*flags, *makefile_variable("APACHE_EXTRA_CPPFLAGS"), "-isystem", *makefile_variable("APACHE_INCLUDEDIR"),
            *makefile_variable("APR_CFLAGS")]


def warnings_of(source):
    flags = [flag for flag in makefile_variable("WARN_CFLAGS") if flag != "-Werror"]
    return flags if source.startswith(("src/core/", "src/cli/")) else [*flags, "-Wno-cast-qual"]


def run(*command, cwd=REPOSITORY):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


# ---- The tools: (returncode, what it said) ---------------------------------------------------


def clang_format(*names, cwd=REPOSITORY):
    done = run("clang-format", "--dry-run", "-Werror", f"--style=file:{REPOSITORY}/.clang-format", *names, cwd=cwd)
    return done.returncode, done.stderr


# clang's analyzer walks at most so many states of a function. Its own limit, 225,000, takes six times as long on this
# tree and finds nothing more. A fault that is planted before the last return of a function is found as often as with
# 50,000 in the dozen longest sources; with 20,000 it is missed in two functions.
# By default no analyzer walks: it takes two thirds of clang-tidy's time. `scripts/check lint` has both walk, clang's and
# gcc's.
MAX_NODES = ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=30000")
# By default the tables of a byte's properties have one byte of each kind. clang-tidy takes seven seconds for the 1,024
# equal expressions of base64.c.
SHORT_TABLES = ("-DOCORS_TABLE_ENTRIES(VALUE)=VALUE(0x00), VALUE(0x22), VALUE(0x30), VALUE(0x41), VALUE(0xff)",)


def clang_tidy(*names, cwd=REPOSITORY, checks=("--checks=-clang-analyzer-*",), macros=SHORT_TABLES):
    """clang's own warnings, too: those that the build has, so that it is not built by clang as well. All sources are of
    one part."""
    done = run("clang-tidy", "--quiet", f"--config-file={REPOSITORY}/.clang-tidy", *checks, *names, "--",
               *flags_of(names[0]), *warnings_of(names[0]), *macros, *MAX_NODES, cwd=cwd)
    return done.returncode, done.stdout


def clang_tidy_deeply(*names, cwd=REPOSITORY):
    return clang_tidy(*names, cwd=cwd, checks=(), macros=())


# In grow_slots(), gcc loses sight of memory->origin_slots, and says that the slots which are put there leak, however the
# function is written. clang's analyzer, which looks for leaks, too, says nothing of them.
GCC_LEAVES_OUT = {"src/core/settings/settings.c": ("-Wno-analyzer-malloc-leak",)}


# At -O0 the analyzer reads the functions as they are written. Inlined ones (-O1 and -O2) give it paths that no
# caller takes: 12 false findings on this tree.
def gcc_analyzer(name, cwd=REPOSITORY, more=()):
    done = run("gcc", "-O0", "-fanalyzer", "-Werror", *more, *GCC_LEAVES_OUT.get(name, ()), *flags_of(name), "-c", name,
               "-o", os.devnull, cwd=cwd)
    return done.returncode, done.stderr


# Left out, and why:
#   information, unusedFunction     need the whole program, with httpd's headers
#   variableScope                   declarations open a block here, by httpd's custom
#   shadowVariable, shadowFunction  gcc's -Wshadow (--enable-werror) does it, and knows which file includes which
CPPCHECK = ("cppcheck", "--std=c11", "--quiet", "--error-exitcode=1", "--enable=warning,style,performance,portability",
            *(f"--suppress={check}" for check in ("variableScope", "shadowVariable", "shadowFunction")))


def cppcheck(*names, cwd=REPOSITORY):
    """It walks a source once for each combination of what its #if lines ask for, other machines' too."""
    done = run(*CPPCHECK, f"-I{REPOSITORY}/include", *names, cwd=cwd)
    return done.returncode, done.stderr


# ---- On our sources --------------------------------------------------------------------------

@pytest.fixture(scope="module")
def is_deep(pytestconfig):
    return pytestconfig.getoption("deep") or pytestconfig.getoption("exhaustive")


def test_there_are_sources_to_read():
    assert len(SOURCES) >= 50 and len(FORMATTED) >= 130
    assert {name.split("/")[1] for name in SOURCES if "/" in name} == set(PARTS)
    assert sorted(name for names in SOME for name in names) == sorted(SOURCES)


def test_clang_format_would_change_nothing():
    assert clang_format(*FORMATTED) == (0, "")


@pytest.mark.deep
@pytest.mark.parametrize("part", ["src/core/", "src/httpd/", "src/cli/", "mod_ocapi_cors.c"])
def test_cppcheck_finds_nothing(part):
    assert cppcheck(*(name for name in SOURCES if name.startswith(part))) == (0, "")


# Some of a part at a time: a start of clang-tidy costs as much as half a source.
SOME = [names[n:n + 18] for part in PARTS for names in [[name for name in SOURCES if part_of(name) == part]]
        for n in range(0, len(names), 18)]


# By default it reads what no build by clang compiles: clang's own warnings are errors in the others.
@pytest.mark.parametrize("names", [
    pytest.param(names, id=f"from-{names[0]}", marks=[] if part_of(names[0]) == "httpd" else [pytest.mark.deep]) for names in SOME])
def test_clang_tidy_finds_nothing(names, is_deep):
    assert (clang_tidy_deeply if is_deep else clang_tidy)(*names) == (0, "")


@pytest.mark.deep
@pytest.mark.parametrize("name", SOURCES)
def test_gcc_analyzer_finds_nothing(name):
    assert gcc_analyzer(name) == (0, "")


# ---- On guilty ones --------------------------------------------------------------------------

GUILTY = [
    (clang_format, "int  two_blanks;\n", "clang-format-violations"),
    (cppcheck, "int f(int n)\n{\n    int a[2] = { 1, 2 };\n    return a[n] + (n < 2 ? 1 : 0) + a[2];\n}\n",
     "arrayIndexOutOfBounds"),
    (cppcheck, "int f(const char *p, unsigned n)\n{\n    if (p[n] == 'x' && n < 4) {\n        return 1;\n    }\n"
               "    return 0;\n}\n", "arrayIndexThenCheck"),
    (clang_tidy, "int f(int n)\n{\n    if (n == 1) {\n        return 1;\n    }\n    else {\n        return 1;\n    }\n}\n",
     "bugprone-branch-clone"),
    (clang_tidy_deeply, "int f(int n)\n{\n    int *p = 0;\n    return n == 7 ? *p : n;\n}\n", "clang-analyzer-core.NullDereference"),
    (clang_tidy, "int f(int n)\n{\n    return n == n;\n}\n", "misc-redundant-expression"),
    (clang_tidy, "int f(int given);\nint f(int taken)\n{\n    return taken;\n}\n",
     "readability-inconsistent-declaration-parameter-name"),
    (clang_tidy, "int f(long n)\n{\n    return n;\n}\n", "clang-diagnostic-shorten-64-to-32"),
    (gcc_analyzer, "#include <stdlib.h>\nvoid f(void)\n{\n    char *p = malloc(4);\n    free(p);\n    free(p);\n}\n",
     "-Werror=analyzer-double-free"),
    (gcc_analyzer, "#include <stdlib.h>\nint f(void)\n{\n    int *p = malloc(sizeof(*p));\n    *p = 1;\n"
                   "    int value = *p;\n    free(p);\n    return value;\n}\n", "-Werror=analyzer-"),
]

DEEP = (clang_tidy_deeply, cppcheck, gcc_analyzer)  # nothing but `scripts/check lint` runs them


def each_part_and_each_finding():
    """Each tool in each part, each of its findings in one at least."""
    rows = []
    for tool in dict.fromkeys(tool for tool, _, _ in GUILTY):
        guilty = [row for row in GUILTY if row[0] is tool]
        for n in range(max(len(guilty), len(PARTS))):
            rows.append((PARTS[n % len(PARTS)], *guilty[n % len(guilty)]))
    return rows


@pytest.mark.parametrize("part, tool, source, finding", [
    pytest.param(*row, id=f"{row[0]}-{row[1].__name__}-{row[3]}", marks=[pytest.mark.deep] if row[1] in DEEP else [])
    for row in each_part_and_each_finding()])
def test_the_tool_finds_the_fault(tmp_path, part, tool, source, finding):
    name = f"src/{part}/guilty.c"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(source)
    returncode, said = tool(name, cwd=tmp_path)
    assert returncode != 0 and finding in said, said
