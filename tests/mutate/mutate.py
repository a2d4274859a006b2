# SPDX-License-Identifier: Apache-2.0
"""Mutants of the module's sources, one at a time, against the tests: those that no test notices are gaps.

A mutant changes one operator, constant, comparison, condition or return (mutants.py). One that does not compile, or
whose object is the same at -O2, does not count. The core's are run against those of its unit programs that run the function, until
one fails; the glue's (src/httpd) against the live modules of LIVE, each of which must pass without a mutant first.
tests/mutate/survivors argues those that may survive."""

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from mutants import mutants_of  # noqa: E402
from pairs import TIMES, left_out  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = REPOSITORY / "build/mutate"
SURVIVORS = REPOSITORY / "tests/mutate/survivors"
FLOOR = 90  # per cent
SANITIZERS = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

# The live modules that notice what a source of the glue does; the first are asked first. Those of a folder are asked
# after those of its source.
LIVE = {
    "src/httpd/apart.c": ["test_counted_reasons", "test_counting"],
    "src/httpd/arguments.c": ["test_directives"],
    "src/httpd/config.c": ["test_directives", "test_enforcement", "test_own_field"],
    "src/httpd/directives.c": ["test_directives"],
    "src/httpd/facts.c": ["test_own", "test_clients", "test_own_field", "test_environment", "test_counting", "test_counted_reasons",
                          "test_directives", "test_mapping", "test_path_spellings", "test_site_archive", "test_reload",
                          "test_cache", "test_quick_cache"],
    "src/httpd/fields.c": ["test_foreign_headers", "test_own_field", "test_error_documents", "test_clients"],
    "src/httpd/quick_cache.c": ["test_quick_cache", "test_cache"],
    "src/httpd/refusals.c": ["test_counting", "test_explanations", "test_own_field"],
    "src/httpd/request.c": ["test_enforcement", "test_early", "test_report_only", "test_environment", "test_phases"],
    "src/httpd/request_client.c": ["test_clients"],
    "src/httpd/request_path.c": ["test_directives", "test_path_readers", "test_path_spellings", "test_mapping", "test_early",
                                 "test_foreign_headers", "test_cache", "test_quick_cache"],
    "src/httpd/respond.c": ["test_exchanges", "test_directives", "test_explanations", "test_clients", "test_responses",
                            "test_foreign_headers", "test_connections", "test_cache"],
    "src/httpd/server.c": ["test_own", "test_own_field", "test_report_only"],
    "src/httpd/reload/": ["test_documents", "test_site_archive", "test_reload_says", "test_reload", "test_notify"],
    "src/httpd/reload/collection.c": ["test_documents", "test_shared_memory", "test_status_page"],
    "src/httpd/reload/collection_list.c": ["test_site_archive", "test_starts", "test_shared_memory"],
    "src/httpd/reload/collection_settle.c": ["test_documents", "test_notify", "test_stray_writes", "test_starts"],
    "src/httpd/reload/confine.c": ["test_confine"],
    "src/httpd/reload/counting.c": ["test_counting", "test_status"],
    "src/httpd/reload/deferral.c": ["test_notify", "test_untold"],
    "src/httpd/reload/difference.c": ["test_reload_says", "test_starts"],
    "src/httpd/reload/document.c": ["test_documents", "test_untold", "test_status_page"],
    "src/httpd/reload/look.c": ["test_notify", "test_untold", "test_shortage", "test_shared_memory"],
    "src/httpd/reload/notify.c": ["test_notify", "test_untold"],
    "src/httpd/reload/publish.c": ["test_documents", "test_reload_says", "test_shared_memory"],
    "src/httpd/reload/reload.c": ["test_starts", "test_signals"],
    "src/httpd/reload/snapshot_write.c": ["test_site_archive", "test_reload", "test_shared_memory", "test_stray_writes",
                                          "test_status", "test_status_page"],
    "src/httpd/reload/store.c": ["test_documents", "test_reload", "test_shared_memory", "test_stray_writes"],
    "src/httpd/reload/told.c": ["test_notify", "test_untold"],
    "src/httpd/reload/tree.c": ["test_site_archive", "test_reload_says", "test_starts", "test_untold"],
    "src/httpd/reload/tree_names.c": ["test_reload_says", "test_site_archive"],
    "src/httpd/reload/watch.c": ["test_notify", "test_untold", "test_confine", "test_shortage"],
    "src/httpd/reload/ways.c": ["test_notify", "test_untold"],
}


def live_modules_of(source):
    return list(dict.fromkeys([*LIVE.get(source, []), *LIVE.get(str(Path(source).parent) + "/", [])]))


def makefile_variable(name):
    text = (WORK / "gcc/Makefile").read_text()
    return re.search(rf"^{name} = (.*)$", text, re.M)[1].split()


def sources_of(name):
    """Of a program or library of Makefile.am."""
    text = (REPOSITORY / "Makefile.am").read_text()
    found = re.search(rf"^{name}_SOURCES = \\?\n?((?:.*\\\n)*.*)$", text, re.M)[1]
    return [word for word in found.replace("\\\n", " ").split() if word.endswith(".c")]


def flags_of(source):
    """As Makefile.am compiles it."""
    flags = ["-std=c11", f"-I{REPOSITORY}/include"]
    if source.startswith("src/core/"):
        return flags + makefile_variable("JSONC_CFLAGS")
    if source.startswith("tests/"):
        return [*flags, *makefile_variable("JSONC_CFLAGS"), *makefile_variable("CMOCKA_CFLAGS"), "-D_DEFAULT_SOURCE",
                *makefile_variable("APR_CFLAGS")]
    return [*flags, *makefile_variable("APACHE_EXTRA_CPPFLAGS"), f"-I{''.join(makefile_variable('APACHE_INCLUDEDIR'))}",
            *makefile_variable("APR_CFLAGS")]


def compiled(folder, source, to, *flags):
    """Whether folder/source compiles. Without a path of the machine in the object: two equal ones are equal files."""
    to.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["gcc", *(flags or ["-O2"]), "-fPIC", "-w", *flags_of(source), "-c", source, "-o", str(to)],
                          cwd=folder, capture_output=True).returncode == 0


def compiled_all(folder, sources, *flags):
    """Those that changed since the last time."""
    for source in sorted(sources):
        to = folder / f"{source}.o"
        stamp, now = to.with_suffix(".stamp"), digest_of(source)
        if not stamp.exists() or stamp.read_text() != now:
            if not compiled(REPOSITORY, source, to, *flags):
                sys.exit(f"{source} does not compile")
            stamp.write_text(now)


def linked(to, objects, *flags):
    done = subprocess.run(["gcc", "-o", str(to), *map(str, objects), *flags], capture_output=True, text=True)
    return done.returncode == 0 or done.stderr


class Program:
    """A unit program: it runs against the shared library of the core, or, if it needs the objects, is linked anew."""

    def __init__(self, name, sources, flags=(), is_static=False, holds=""):
        self.name, self.sources, self.flags, self.is_static, self.holds = name, sources, list(flags), is_static, holds
        self.seconds = 0
        self.reaches = None  # "SOURCE FUNCTION" of each function of the core that it runs; None: not known

    def can_notice(self, mutant):
        return (self.reaches is None or self.holds == mutant.source or f"{mutant.source} {mutant.function}" in self.reaches
                or (not mutant.function and any(f.startswith(f"{mutant.source} ") for f in self.reaches)))

    def objects(self, folder=None):
        return [(folder or WORK / "objects") / f"{source}.o" for source in self.sources]


def programs():
    unit = sources_of("libunit_a")
    found = []
    for path in sorted((REPOSITORY / "tests/unit").glob("test_*.c")):
        name, sources = path.stem, [f"tests/unit/{path.name}", *unit]
        flags = makefile_variable("CMOCKA_LIBS")
        if name == "test_nomem":
            flags = [*flags, "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc"]
        if name == "test_digest":
            sources.append("src/httpd/reload/digest.c")
            flags = [*flags, *makefile_variable("APR_LIBS")]
        if name == "test_epoch":
            sources.append("tests/unit/epoch_model.c")
        found.append(Program(name, sources, flags, name == "test_nomem", "src/core/epoch.c" if name == "test_epoch" else ""))
    found.append(Program("replay", sources_of("tests_fuzz_replay")))
    return found


class House:
    """What is compiled once: the core, its programs, and the glue if a source of it is asked for."""

    def __init__(self, with_glue):
        self.core = sources_of("libocors_la")
        self.glue = sources_of("mod_ocapi_cors_la") if with_glue else []
        self.programs = programs()
        compiled_all(WORK / "objects", {*self.core, *self.glue, *(s for p in self.programs for s in p.sources)})
        self.lock = threading.Lock()

    def objects(self, sources, but=None, instead=None, folder=None):
        return [instead if source == but else (folder or WORK / "objects") / f"{source}.o" for source in sources]

    def sanitized(self):
        """Where the objects for the sanitizers are: of the core and of the programs, whose arrays tell of an access
        beyond them, too."""
        with self.lock:
            compiled_all(WORK / "sanitized", {*self.core, *(s for p in self.programs for s in p.sources)}, *SANITIZERS)
        return WORK / "sanitized"


HEADERS = {}


def digest_of(source):
    """Of a source and of all headers."""
    if not HEADERS:
        parts = sorted([*(REPOSITORY / "include").glob("*.h"), *(REPOSITORY / "tests").glob("*/*.h")])
        HEADERS["all"] = b"".join(p.read_bytes() for p in parts)
    return hashlib.sha256((REPOSITORY / source).read_bytes() + HEADERS["all"]).hexdigest()


def digest_of_all(sources):
    return hashlib.sha256("".join(map(digest_of, sources)).encode()).hexdigest()


def functions_run(cover):
    """"SOURCE FUNCTION" of each that ran since the counters below `cover` were removed."""
    counters = [str(p) for p in cover.rglob("*.gcda")]
    done = subprocess.run(["gcov", "--json-format", "--stdout", *counters], cwd=cover, capture_output=True, text=True)
    return {f"{file['file']} {function['name']}" for line in done.stdout.splitlines()
            for file in json.loads(line)["files"] for function in file["functions"] if function["execution_count"]}


class Bench:
    """Where one mutant at a time is built and run."""

    def __init__(self, house, number):
        self.house, self.folder = house, WORK / f"bench{number}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.sanitized = None  # the digest of the source whose object for the sanitizers is linked
        self.killers = {}  # by source: the programs that caught its mutants, the latest first
        self.environment = {**os.environ, "LD_LIBRARY_PATH": str(self.folder),
                            "OCORS_VECTORS": str(REPOSITORY / "tests/vectors"),
                            "OCORS_SEEDS": str(REPOSITORY / "tests/fuzz/seeds")}
        self.link_core()
        for program in house.programs:
            if not program.is_static:
                self.link(program, program.objects())

    def link_core(self, source=None, mutant=None, folder=None, flags=(), to=None):
        objects = self.house.objects(self.house.core, source, mutant, folder)
        said = linked((to or folder or self.folder) / "libocors.so", objects, "-shared", *flags, *makefile_variable("JSONC_LIBS"))
        if said is not True:
            sys.exit(said)

    def link(self, program, objects, folder=None, flags=()):
        folder = folder or self.folder
        shared = [] if program.is_static else [f"-L{folder}", "-locors"]
        said = linked(folder / program.name, objects, *flags, *shared, *makefile_variable("JSONC_LIBS"), *program.flags)
        if said is not True:
            sys.exit(said)

    def passes(self, program, source=None, mutant=None, library=None, is_sanitized=False):
        if program.is_static:
            self.link(program, [*program.objects(), *self.house.objects(self.house.core, source, mutant)])
        limit = int(10 * program.seconds + 3) * (3 if is_sanitized else 1)  # of CPU time: the machine may be busy

        def bounded():
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if not is_sanitized:  # a sanitizer reserves terabytes
                resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            os.setsid()

        # How long something takes means nothing beside other work.
        environment = {**self.environment, "OCORS_LEAVE_OUT": " ".join(
            left_out(program.name, "sanitize", False) if is_sanitized else TIMES.get(program.name, ()))}
        if library is not None:
            environment["LD_LIBRARY_PATH"] = str(library)
        path = (library if is_sanitized else self.folder) / program.name
        run = subprocess.Popen([str(path)], env=environment, cwd=self.folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=bounded)
        try:
            return run.wait(timeout=30 * limit) == 0
        except subprocess.TimeoutExpired:  # it waits
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            return False

    def measure(self):
        """Each program must pass as it is. What it reaches of the core is counted on the way, and known until a source
        of either changes."""
        cover, path = WORK / "cover", WORK / "reaches.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        found = {p.name: known.get(p.name) for p in self.house.programs}
        now = {p.name: digest_of_all([*self.house.core, *p.sources]) for p in self.house.programs}
        todo = [p for p in self.house.programs if not found[p.name] or found[p.name]["digest"] != now[p.name]]
        if todo:
            compiled_all(cover, self.house.core, "-O0", "--coverage")
            self.link_core(folder=cover, flags=["--coverage"])
        for program in todo:
            for old in cover.rglob("*.gcda"):
                old.unlink()
            before = cpu_seconds()
            program.seconds = 60
            is_good = self.passes(program, library=cover)
            found[program.name] = {"digest": now[program.name], "seconds": cpu_seconds() - before,
                                   "reaches": None if program.is_static else sorted(functions_run(cover))}
            if not is_good:
                sys.exit(f"{program.name} fails without a mutant")
        path.write_text(json.dumps(found))
        for program in self.house.programs:
            program.seconds = found[program.name]["seconds"]
            program.reaches = found[program.name]["reaches"] and set(found[program.name]["reaches"])

    def order(self, mutant):
        """Of those that run the function: those that caught a mutant of this source, those of its name, the quick ones."""
        killers, stem = self.killers.setdefault(mutant.source, []), Path(mutant.source).stem
        able = [p for p in self.house.programs if p.can_notice(mutant)]
        return sorted(able if any(p.reaches is not None for p in able) else self.house.programs, key=lambda p: (
            killers.index(p.name) if p.name in killers else 99, p.name != f"test_{stem}", p.is_static, p.seconds))

    def judge(self, mutant):
        """"same", "broken", or ("caught", by whom), ("survived", "")."""
        source = self.folder / mutant.source
        source.parent.mkdir(parents=True, exist_ok=True)
        text = (REPOSITORY / mutant.source).read_bytes()
        changed, whole = self.folder / "changed.o", WORK / "objects" / f"{mutant.source}.o"
        source.write_bytes(mutant.apply(text))
        if not compiled(self.folder, mutant.source, changed):
            return "broken", ""
        if changed.read_bytes() == whole.read_bytes():
            return "same", ""
        if mutant.source.startswith("src/core/"):
            return self.judge_core(mutant, changed)
        return self.judge_glue(mutant.source, changed)

    def judge_core(self, mutant, changed):
        source = mutant.source
        self.link_core(source, changed)
        for program in self.order(mutant):
            if program.holds == source:  # its own copy of the source
                model = self.folder / "tests/unit/epoch_model.c"
                model.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / "tests/unit/epoch_model.c", model)
                shutil.copy(REPOSITORY / "tests/unit/epoch_model.h", model.parent)
                if not compiled(self.folder, "tests/unit/epoch_model.c", self.folder / "model.o"):
                    return "caught", program.name
                self.link(program, [self.folder / "model.o" if "epoch_model.c" in str(o) else o for o in program.objects()])
            if not self.passes(program, source, changed):
                killers = self.killers[source]
                if program.name in killers:
                    killers.remove(program.name)
                killers.insert(0, program.name)
                return "caught", program.name
        return self.judge_sanitized(mutant)

    def judge_sanitized(self, mutant):
        """A mutant that reads or writes too far, or loses memory, is seen as scripts/check sees it."""
        for program in self.order(mutant):
            if (not program.is_static and not self.passes_sanitized(program, self.folder, mutant.source)
                    and self.passes_sanitized(program, REPOSITORY, mutant.source)):
                return "caught", f"{program.name} (sanitized)"
        return "survived", ""

    def passes_sanitized(self, program, folder, source):
        """With folder/source compiled for the sanitizers; one that does not compile so passes."""
        library, objects = self.folder / "sanitized", self.house.sanitized()
        now = hashlib.sha256((folder / source).read_bytes()).hexdigest()
        if self.sanitized != now:
            if not compiled(folder, source, library / "changed.o", *SANITIZERS):
                return True
            self.link_core(source, library / "changed.o", folder=objects, flags=SANITIZERS[1:], to=library)
            self.sanitized = now
        if not (library / program.name).exists():
            self.link(program, program.objects(objects), library, SANITIZERS[1:])
        return self.passes(program, library=library, is_sanitized=True)

    def judge_glue(self, source, changed):
        for program in self.house.programs:
            if source in program.sources:
                self.link_core()
                self.link(program, [changed if o.name == f"{Path(source).name}.o" else o for o in program.objects()])
                if not self.passes(program):
                    return "caught", program.name
        if not self.link_module(source, changed):
            return "broken", ""
        for name in live_modules_of(source):
            if self.live_test_that_fails(name):
                return "caught", name
        return "survived", ""

    def link_module(self, source=None, changed=None):
        objects = self.house.objects(self.house.glue, source, changed) + self.house.objects(self.house.core)
        return linked(self.folder / "mod_ocapi_cors.so", objects, "-shared", *makefile_variable("JSONC_LIBS")) is True

    def live_failure(self, tests):
        """The first of these tests that fails with the module as it is linked; "": none."""
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-c", str(REPOSITORY / "tests/pytest.ini"), "-n", "0", "-x", "-v", tests],
            cwd=REPOSITORY, capture_output=True, text=True,
            env={**os.environ, "OCORS_BUILD": str(WORK), "OCORS_MODULE": str(self.folder / "mod_ocapi_cors.so"),
                 "PYTHONDONTWRITEBYTECODE": "1"})
        if done.returncode == 0:
            return ""
        # There may be no summary: what a fixture says at the end of a run that -x cut short ends pytest itself.
        failed = re.search(r"(?m)^(tests/live/.*?) (?:FAILED|ERROR)", done.stdout)
        if not failed:
            sys.exit(f"{tests}: pytest failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return failed[1]

    def live_test_that_fails(self, module):
        """The first test of a live module that fails twice, with some of its parameters; "": none. The load of the machine
        fails a test, too."""
        failed = self.live_failure(f"tests/live/{module}.py")
        return failed and self.live_failure(failed.partition("[")[0])  # pytest finds no parameter with "//" in it

    def measure_live(self, sources):
        """The live modules that mutants of these sources are run against must pass as they are; that they do is known
        until a source or a live test changes."""
        names = list(dict.fromkeys(name for source in sources for name in live_modules_of(source)))
        path, tests = WORK / "passes.json", sorted((REPOSITORY / "tests/live").glob("*.py"))
        now = digest_of_all([*self.house.core, *self.house.glue, *(p.relative_to(REPOSITORY) for p in tests)])
        known = json.loads(path.read_text()) if path.exists() else {}
        todo = [name for name in names if known.get(name) != now]
        if todo and not self.link_module():
            sys.exit("the module does not link")
        for name in todo:
            failed = self.live_test_that_fails(name)
            if failed:
                sys.exit(f"{failed} fails without a mutant")
            known[name] = now
            path.write_text(json.dumps(known))


# ---- What is known ---------------------------------------------------------------------------


def key_of(mutant):
    return f"{digest_of(mutant.source)[:16]}:{mutant.source}:{mutant.offset}:{mutant.old}:{mutant.new}"


def known(with_survivors):
    """What earlier runs found of sources that have not changed. A survivor may have a new test by now."""
    found = {}
    path = WORK / "results.jsonl"
    if path.exists():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found[row["key"]] = row
    return {key: row for key, row in found.items() if with_survivors or row["verdict"] != "survived"}


def argued():
    """{(source, function, the line, what it becomes): reason}."""
    blocks = {}
    if SURVIVORS.exists():
        for block in re.split(r"\n\n+", re.sub(r"(?m)^#.*\n?", "", SURVIVORS.read_text()).strip()):
            if block:
                place, before, after, *reason = [line.strip() for line in block.split("\n")]
                assert reason, f"tests/mutate/survivors: no reason for {after}"
                source, function = place.split(": ")
                blocks[source, function, before.removeprefix("- "), after.removeprefix("+ ")] = " ".join(reason)
    return blocks


def report(rows):
    reasons = argued()
    count = {verdict: sum(row["verdict"] == verdict for row in rows)
             for verdict in ("caught", "survived", "same", "broken")}
    survivors = [row for row in rows if row["verdict"] == "survived"]
    unargued = equal = 0
    for row in sorted(survivors, key=lambda r: (r["source"], r["line"])):
        reason = reasons.get((row["source"], row["function"], row["before"], row["after"]))
        unargued += reason is None
        equal += reason is not None and reason.startswith("Equal:")
        print(f"{row['source']}:{row['line']}: {row['function']}{'' if reason is None else ' (argued: ' + reason + ')'}")
        print(f"    - {row['before']}\n    + {row['after']}")
    by_source = {}
    for row in rows:
        if row["verdict"] in ("caught", "survived"):
            by_source.setdefault(row["source"], []).append(row["verdict"] == "caught")
    for source, caught in sorted(by_source.items()):
        print(f"{source:<42} {sum(caught):>4} of {len(caught):>4} caught")
    whole = count["caught"] + count["survived"] - equal
    share = 100 * count["caught"] / whole if whole else 0
    print(f"{count['caught']} of {whole} mutants caught, {share:.1f} %; {count['survived'] - equal} survived, {unargued} of them "
          f"not argued; not counted: {equal} that are argued to be equal, {count['same']} with the same object, "
          f"{count['broken']} that do not compile")
    return whole > 0 and share >= FLOOR


def files(names):
    """The sources, and the lines that are named; no lines: all."""
    if names:
        lines = {}
        for name in names:
            source, _, line = name.partition(":")
            if not re.match(r"src/(core|httpd)/.*\.c$", source) or not (REPOSITORY / source).exists():
                sys.exit(f"{name}: not a source of src/core or src/httpd")
            lines.setdefault(source, set()).update([int(line)] if line else [])
        return lines
    found = sorted(p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "src").rglob("*.c"))
    return {name: set() for name in found if name.startswith("src/core/") or live_modules_of(name)}


def main():
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__.split("\n\n")[0],
                                     epilog=__doc__.split("\n\n", 1)[1], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1, help="so many mutants at a time (1)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no mutant later; the next run goes on")
    parser.add_argument("--sample", type=int, help="so many mutants of all, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1, help="of the sample, and of the order (1)")
    parser.add_argument("--core", action="store_true", help="the core alone, whose unit programs are quick")
    parser.add_argument("--new", action="store_true", help="run no survivor of earlier runs again; it is reported as it was")
    parser.add_argument("--list", action="store_true", help="print the mutants, and run nothing")
    parser.add_argument("files", nargs="*", metavar="FILE[:LINE]",
                        help="sources, or lines of them; without: the core, and what LIVE has")
    arguments = parser.parse_args()

    names = {name: lines for name, lines in files(arguments.files).items()
             if not arguments.core or name.startswith("src/core/")}
    resource_folder = subprocess.run(["clang", "-print-resource-dir"], capture_output=True, text=True).stdout.strip()
    mutants = [m for name, lines in names.items() for m in mutants_of(
        REPOSITORY, name, [*flags_of(name), f"-I{resource_folder}/include"]) if not lines or m.line in lines]
    random.Random(arguments.seed).shuffle(mutants)
    if arguments.sample is not None:
        mutants = mutants[:arguments.sample]
    if arguments.list:
        for m in mutants:
            print(f"{m.source}:{m.line}: {m.function}\n    - {m.before}\n    + {m.after}")
        print(f"{len(mutants)} mutants")
        return

    found = known(arguments.new)
    rows, todo = [found[key_of(m)] for m in mutants if key_of(m) in found], [
        m for m in mutants if key_of(m) not in found]
    print(f"{len(mutants)} mutants of {len(names)} sources; {len(rows)} are known from earlier runs", flush=True)
    if todo:
        rows += run(todo, any(not name.startswith("src/core/") for name in names), arguments)
    sys.exit(0 if report(rows) else 1)


def cpu_seconds():
    """Of all processes that ended. With several jobs a mutant's share has those of the others, too."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(todo, with_glue, arguments):
    started = cpu_seconds()
    house = House(with_glue)
    benches = [Bench(house, n) for n in range(arguments.jobs)]
    benches[0].measure()
    benches[0].measure_live(sorted({mutant.source for mutant in todo}))
    errors, prepared = [], cpu_seconds()
    lock, rows, until = threading.Lock(), [], time.monotonic() + arguments.seconds
    todo = list(reversed(todo))

    def work(bench):
        while time.monotonic() < until:
            with lock:
                if not todo:
                    return
                mutant = todo.pop()
            before = cpu_seconds()
            try:
                verdict, by = bench.judge(mutant)
            except (Exception, SystemExit) as error:  # a source that changed meanwhile, or pytest itself failed
                errors.append(f"{mutant.source}:{mutant.line}: {error}")
                return
            row = {"key": key_of(mutant), "verdict": verdict, "by": by, "source": mutant.source, "line": mutant.line,
                   "function": mutant.function, "before": mutant.before, "after": mutant.after,
                   "seconds": round(cpu_seconds() - before, 2)}
            with lock:
                rows.append(row)
                with open(WORK / "results.jsonl", "a") as out:
                    out.write(json.dumps(row) + "\n")

    threads = [threading.Thread(target=work, args=(bench,)) for bench in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        sys.exit(errors[0])
    if todo:
        print(f"{len(todo)} mutants are left: the time is over")
    print(f"CPU seconds: {prepared - started:.0f} to prepare, {(cpu_seconds() - prepared) / max(1, len(rows)):.1f} a mutant")
    return rows


if __name__ == "__main__":
    main()
