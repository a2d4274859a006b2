# SPDX-License-Identifier: Apache-2.0
"""Frama-C's Eva over what reads bytes of a request: no byte, up to a length, makes it do what C11 leaves undefined.

A target is a harness (prove_NAME.c), the sources that it reads, and a bound: the harness calls them with any bytes of
each length up to it, and with longer texts in which some bytes are given and some are any ("/s/?/dw/?"). An alarm fails the target unless tests/prove/argued has it, with a reason. `--planted` puts a fault
into a copy of each target's source, one that reads or writes a byte too many, and fails if Eva does not notice it."""

import argparse
import csv
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = REPOSITORY / "build/prove"
ARGUED = REPOSITORY / "tests/prove/argued"


@dataclass
class Target:
    name: str
    sources: list
    bound: int
    slevel: int  # so many states of a function are told apart
    plant: tuple  # (source, text, the same with a fault)
    apart: tuple = ()  # functions whose results are told apart, each with what it did to memory
    results: tuple = ()  # "NAME:N:M": likewise, but only by these values
    coarse: tuple = ()  # functions in which states are joined where branches meet


# What Eva does not join: of these functions each result stays with the state of memory that it comes with. In those of
# COARSE it joins at once: a letter in lower case is any letter.
APART = ("prove_memchr", "prove_memcmp", "prove_part")
COARSE = ("ocors_ascii_lower", "ocors_ascii_upper", "ocors_ascii_is_digit", "ocors_ascii_is_alpha",
          "ocors_ascii_hex_value")

TARGETS = [
    Target("base64", ["base64"], 12, 200,
           ("base64", "left >= 4;", "left >= 3;"),
           apart=("ocors_base64_decode",)),
    Target("client", ["client"], 3, 1000,
           ("client", "text.length - i > 2 &&", "text.length - i > 1 &&"),
           apart=("ocors_jwt_read", "slas_client", "form_decode", "query_identify", "bearer_identify", "ocors_client_identify")),
    Target("escape", ["escape", "utf8"], 4, 500,
           ("escape", "text.length - done);", "text.length - done + 1);"),
           apart=("ocors_utf8_length_at", "ocors_utf8_length")),
    Target("glob", ["glob"], 4, 2000,
           ("glob", "at + length < text.length", "at + length <= text.length"),
           apart=("character_length", "character_length_before", "take_run", "take_tail")),
    Target("headers", ["headers", "method"], 2, 5000,
           ("headers", "rest->length -= element->length + 1;", "rest->length -= element->length;"),
           apart=("ocors_span_trim", "element_next", "write_granted", "write_methods", "ocors_headers_make", "ocors_name_list_add")),
    Target("json_text", ["json_text", "utf8"], 2, 1000,
           ("json_text", "if (text.length < 2 || text.bytes[0]", "if (text.bytes[0]"),
           apart=("ocors_json_plain_end", "quote_of", "skip_digits", "ocors_json_word_end", "ocors_json_run_end",
                  "ocors_json_characters_end", "ocors_json_blanks_end", "ocors_json_escape_length", "ocors_utf8_write", "ocors_json_decode")),
    Target("jwt", ["jwt", "json_text", "utf8"], 1, 10000,
           ("jwt", "memset(buffer + payload.length, 0, OCORS_JSON_PADDING);", "memset(buffer + payload.length, 0, OCORS_JSON_PADDING + 2);"),
           apart=("ocors_json_padded_end", "ocors_json_plain_end", "quote_of", "skip_digits", "ocors_json_word_end",
                  "ocors_json_run_end", "ocors_json_characters_end", "ocors_json_blanks_end", "ocors_json_escape_length",
                  "ocors_json_value_end", "ocors_utf8_write", "take_name", "take_value", "read_object", "decode", "ocors_json_decode")),
    Target("origin", ["origin"], 5, 2000,
           ("origin", "i + 3 <= text.length", "i + 2 <= text.length"),
           apart=("find", "find_end", "find_separator", "split", "split_authority", "ocors_origin_canonicalise"), coarse=("write_ipv6",)),
    Target("url_loose", ["url_loose", "url_name"], 2, 1000,
           ("url_loose", "ocors_escape_value(to + length - 3)", "ocors_escape_value(to + length - 2)"),
           apart=("ocors_url_name_trim", "fold_next", "cut", "decode_segment", "decode", "behind_session", "last_segment",
                  "ocors_url_loosen", "resolve", "segment_take", "name_take", "step_take", "session_take"),
           results=("trimmed_length:0:1:2:3",)),
    Target("url_name", ["url_name"], 4, 1000,
           ("url_name", "length <= 3 && length <= name.length", "length <= 3"),
           apart=("ocors_url_name_trim", "ocors_site_key", "fold_next"), results=("trimmed_length:0:1:2:3",)),
    Target("url_path", ["url_path", "resource"], 2, 1000,
           ("url_path", "return segment.length >= 4 && segment.length", "return segment.length"),
           apart=("segment_next", "ocors_segment_next", "ocors_url_name_trim", "ocors_url_name_prefix", "ocors_url_loosen",
                  "suffix_length", "site_unwrap", "segment_before", "read_loosely", "ocors_url_path_decode_slashes", "address_find",
                  "skip_plain", "skip_segment", "skip_segments", "skip_site", "skip_api", "unwrap_plain", "ocors_url_path_read_plain",
                  "ocors_url_path_parse", "ocors_url_path_read", "ocors_url_path_split")),
    Target("utf8", ["utf8"], 5, 500,
           ("utf8", "while (length > 0 &&", "while ("),
           apart=("ocors_utf8_length_at", "ocors_utf8_length", "ocors_utf8_write", "ocors_utf8_cut")),
]


def frama_c(root, target, bound, report, said):
    # One translation unit: of each inline function there is one.
    read_first = " ".join(f"-include {name}" for name in ["tests/prove/libc.h"] + [
        f"src/core/{name}.c" for name in target.sources])
    return subprocess.run(
        ["frama-c", f"-cpp-extra-args=-U__SIZEOF_INT128__ -U__SSE2__ -Iinclude -Itests/prove {read_first} -DBOUND={bound}",
         f"tests/prove/prove_{target.name}.c", "-eva",
         # malloc() gives an object of exactly so many bytes, each call a new one.
         "-eva-no-alloc-returns-null", "-eva-alloc-builtin", "fresh", "-eva-mlevel", "100000",
         # Each turn of a loop is walked by itself; what a function returned is told apart where it decides.
         "-eva-min-loop-unroll", "10000", "-eva-slevel", str(target.slevel), "-eva-split-limit", "1000",
         "-eva-split-return", "auto",
         "-eva-split-return-function", ",".join([*(f"{name}:full" for name in (*APART, *target.apart)), *target.results]),
         "-eva-slevel-function", ",".join(f"{name}:0" for name in (*COARSE, *target.coarse)),
         "-eva-no-show-progress", "-eva-msg-key=-final-states,-initial-state",
         "-metrics-eva-cover", "-then", "-report-csv", str(report)],
        cwd=root, stdout=said, stderr=subprocess.STDOUT).returncode


def alarms_of(report):
    """[(function, what must hold, where)] of what Eva cannot prove."""
    with open(report, newline="") as rows:
        return [(row["function"], row["property"].strip(), f"{row['file']}:{row['line']}")
                for row in csv.DictReader(rows, delimiter="\t")
                if row["status"] not in ("Valid", "Considered valid", "Dead")]


def statements_of(said):
    """(reached, all) statements of the functions that are ours and that the harness calls."""
    reached = there = 0
    for name, part, whole in re.findall(r"^ +(\w+): (\d+) stmts out of (\d+)", said, re.M):
        if name != "main" and not name.startswith(("prove", "Frama_C_")):
            reached += int(part)
            there += int(whole)
    return reached, there


def argued():
    """{(target, function, property): reason}; a block of four lines and more for each, a blank line between two."""
    blocks = {}
    if ARGUED.exists():
        for block in re.split(r"\n\n+", re.sub(r"(?m)^#.*\n?", "", ARGUED.read_text()).strip()):
            if block:
                target, function, condition, *reason = block.split("\n")
                assert reason, f"tests/prove/argued: no reason for {condition}"
                blocks[target, function, condition] = " ".join(reason)
    return blocks


def run(root, target, bound):
    """(alarms, statements reached, all statements, CPU seconds). What Frama-C said is in build/prove/NAME.log."""
    started = children_seconds()  # CPU time: the machine may be busy
    WORK.mkdir(parents=True, exist_ok=True)
    log, report = WORK / f"{target.name}.log", WORK / f"{target.name}.csv"
    report.unlink(missing_ok=True)
    with open(log, "w") as said:
        code = frama_c(root, target, bound, report, said)
    text = log.read_text()
    if code != 0 or not report.exists():
        sys.exit(f"{target.name}: Frama-C failed\n{text[-3000:]}")
    return alarms_of(report), *statements_of(text), children_seconds() - started


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def prove(targets, bound):
    reasons, failed, seen = argued(), 0, set()
    print(f"{'target':<10} {'bound':>5} {'alarms':>6} {'argued':>6} {'statements':>11} {'seconds':>7}", flush=True)
    for target in targets:
        alarms, reached, there, seconds = run(REPOSITORY, target, bound or target.bound)
        new = [alarm for alarm in alarms if (target.name, *alarm[:2]) not in reasons]
        seen |= {(target.name, *alarm[:2]) for alarm in alarms}
        print(f"{target.name:<10} {bound or target.bound:>5} {len(alarms):>6} {len(alarms) - len(new):>6} "
              f"{f'{reached}/{there}':>11} {seconds:>7.0f}", flush=True)
        for function, condition, where in new:
            print(f"    {where}: {function}: {condition}")
        gone = [key for key in reasons if key[0] == target.name and key not in seen]
        for _, function, condition in gone:
            print(f"    tests/prove/argued: {function}: {condition}: Eva says nothing of it")
        failed += bool(new or gone or reached == 0)
    return failed


def plant(targets):
    failed = 0
    print(f"{'target':<10} {'alarms':>6} {'seconds':>7}  the first alarm of the fault that was put in", flush=True)
    for target in targets:
        name, text, fault = target.plant
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for part in ("include", "src/core", "tests/prove"):
                shutil.copytree(REPOSITORY / part, root / part)
            source = root / f"src/core/{name}.c"
            whole = source.read_text()
            assert whole.count(text) == 1, f"src/core/{name}.c: {whole.count(text)} times: {text}"
            source.write_text(whole.replace(text, fault))
            alarms, _, _, seconds = run(root, target, target.bound)
        new = [alarm for alarm in alarms if (target.name, *alarm[:2]) not in argued()]
        print(f"{target.name:<10} {len(new):>6} {seconds:>7.0f}  "
              + (f"{new[0][2]}: {new[0][1]}" if new else "NOT NOTICED"), flush=True)
        failed += not new
    return failed


def main():
    parser = argparse.ArgumentParser(prog="scripts/prove", description=__doc__.split("\n\n")[0], epilog=__doc__.split(
        "\n\n", 1)[1], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bound", type=int, help="any bytes up to this length, in place of each target's own")
    parser.add_argument("--planted", action="store_true", help="put a fault into each target's source; Eva must notice it")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="of " + ", ".join(t.name for t in TARGETS))
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - {target.name for target in TARGETS}
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    targets = [target for target in TARGETS if not arguments.targets or target.name in arguments.targets]
    failed = plant(targets) if arguments.planted else prove(targets, arguments.bound)
    print(f"{len(targets) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
