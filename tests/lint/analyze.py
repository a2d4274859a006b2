# SPDX-License-Identifier: Apache-2.0
"""What analyzers say of the module and the command line when they may take their time. tests/lint/test_tools.py has
the same tools with short walks; each tool here walks as deeply as it can.

  scan-build   clang's analyzer with the checkers of CHECKERS too
  clang-tidy   the checks of .clang-tidy, the analyzer in it without the bound of test_tools.py
  gcc          -fanalyzer, with longer paths than it takes by itself
  cppcheck     all configurations of a source, and what it is not certain of
  shellcheck   the scripts, each other file that is read, and all levels"""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_tools  # noqa: E402
from test_tools import CPPCHECK, REPOSITORY, SHORT_TABLES, SOURCES, flags_of, run  # noqa: E402

test_tools.MAX_NODES = ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=225000")  # clang's own

# Beyond those that are on. Six are left out, as each takes right code for wrong:
#   alpha.security.ArrayBoundV2     a length that a caller gives for one that is too long
#   alpha.security.ReturnPtrRange  a place that is below a count for one behind the end of what was allocated
#   alpha.core.PointerArithm        each pointer to bytes for one to a single byte
#   alpha.core.SizeofPtr            a key of a hash that is a pointer
#   alpha.core.FixedAddr            a place in an area, counted from where its copy begins
#   alpha.deadcode.UnreachableCode  a line that only some texts reach, where it gives up before it has tried one
CHECKERS = ("security.insecureAPI.bcmp,security.insecureAPI.bcopy,security.insecureAPI.bzero,security.insecureAPI.rand,"
            "security.insecureAPI.strcpy,security.FloatLoopCounter,nullability.NullableDereferenced,"
            "alpha.core.BoolAssignment,alpha.core.IdenticalExpr,alpha.core.TestAfterDivZero,"
            "alpha.core.PointerSub,alpha.security.MallocOverflow,"
            "alpha.unix.Chroot,alpha.unix.PthreadLock,alpha.unix.cstring.BufferOverlap,"
            "alpha.unix.cstring.NotNullTerminated,alpha.unix.SimpleStream").split(",")


def scan_build(name):
    with tempfile.TemporaryDirectory() as folder:
        done = run("scan-build", "--status-bugs", "-o", folder, "-maxloop", "16",
                   *(word for checker in CHECKERS for word in ("-enable-checker", checker)),
                   "gcc", *flags_of(name), "-c", name, "-o", os.devnull)
    said = "".join(line + "\n" for line in (done.stdout + done.stderr).split("\n") if not line.startswith("scan-build: "))
    return done.returncode, said


def tidy(name):
    return test_tools.clang_tidy_deeply(name)


def gcc(name):
    return test_tools.gcc_analyzer(name, more=("--param=analyzer-max-enodes-per-program-point=32",
                                               "--param=analyzer-bb-explosion-factor=20",
                                               "--param=analyzer-max-recursion-depth=4"))


# What cppcheck's deep walk says of right code.
CPPCHECK_LEAVES_OUT = ("readdirCalled",  # it advises readdir_r(), which glibc has deprecated
                       "bitwiseOnBoolean:*/json_text.c",  # eight bytes are looked up without a branch between them
                       "invalidFunctionArg:*/store.c",  # memory that no file has: mmap() asks for the descriptor -1
                       "leakReturnValNotUsed:*/store.c")  # MAP_FIXED: the address is known


def cppcheck(name):
    # With short tables: for one source's 2,816 entries, it took longer than for all others.
    done = run(*CPPCHECK, *(f"--suppress={check}" for check in CPPCHECK_LEAVES_OUT), "--force", "--inconclusive",
               "--library=posix", "--max-ctu-depth=10", *SHORT_TABLES, f"-I{REPOSITORY}/include", name)
    return done.returncode, done.stderr


TOOLS = {"scan-build": scan_build, "clang-tidy": tidy, "gcc": gcc, "cppcheck": cppcheck}


def shellcheck():
    """(files, what it says of them)"""
    names = [str(p) for p in sorted((REPOSITORY / "scripts").iterdir()) if p.is_file() and "bash" in p.read_text()[:80]]
    done = run("shellcheck", "-x", "-P", "SCRIPTDIR", "-S", "style", *names)
    return len(names), done.stdout


def main():
    parser = argparse.ArgumentParser(prog="scripts/analyze", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", choices=[*TOOLS, "shellcheck"], action="append", help="this tool (all)")
    parser.add_argument("files", nargs="*", metavar="FILE", help="of the sources (all)")
    arguments = parser.parse_args()
    unknown = set(arguments.files) - set(SOURCES)
    if unknown:
        parser.error(f"there is no source {sorted(unknown)[0]}")
    passed = failed = 0
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    for tool in arguments.tool or [*TOOLS, "shellcheck"]:
        if tool == "shellcheck":
            count, said = shellcheck()
            results = [(f"{count} scripts", said)]
        else:
            names = arguments.files or SOURCES
            results = ((name, said if code != 0 or said.strip() else "")
                       for name, (code, said) in zip(names, pool.map(TOOLS[tool], names)))
        for name, said in results:
            failed, passed = failed + bool(said), passed + (not said)
            if said:
                print(f"{tool}: {name}\n{said}", flush=True)
        print(f"{tool}: done", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
