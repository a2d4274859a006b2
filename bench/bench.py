# SPDX-License-Identifier: Apache-2.0
"""What every bench has: what it is told, where it runs, and its place in docs/performance.md."""

import argparse
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests/live"))

import httpd  # noqa: E402

PAGE = REPOSITORY / "docs/performance.md"
COMPILER = os.environ.get("CC", "gcc")
CFLAGS = ["-O2", "-std=c11"]


def json_c(*what):
    return subprocess.run(["pkg-config", *what, "json-c"], capture_output=True, text=True,
                          check=True).stdout.split()


def surroundings():
    """What it was measured on; nothing that names the machine."""
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def found(pattern, path, otherwise):
        match = re.search(pattern, Path(path).read_text(), re.M)
        return match[1] if match else otherwise

    memory = int(found(r"^MemTotal:\s+(\d+)", "/proc/meminfo", "0")) / (1 << 20)
    model = found(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo", "unknown")
    cache = int(first_line("getconf", "LEVEL3_CACHE_SIZE")) >> 20
    server = re.search(r"Apache/(\S+)", first_line(httpd.binary(), "-v"))[1]
    return (f"Measured on {len(os.sched_getaffinity(0))} cores ({model}, {cache} MiB of level 3 cache), "
            f"{memory:.1f} GiB of memory; httpd {server}, event MPM; json-c {json_c('--modversion')[0]}; "
            f"{first_line(COMPILER, '--version')}, {' '.join(CFLAGS)}; load average "
            f"{os.getloadavg()[0]:.2f} at the start.")


def arguments(doc, *more):
    """What every bench is told, and (option, keywords) of its own; and it measures what scripts/check has built,
    where OCORS_MODULE names no other."""
    parser = argparse.ArgumentParser(description=doc)
    for option, keywords in more:
        parser.add_argument(option, **keywords)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    os.environ.setdefault("OCORS_MODULE", str(REPOSITORY / "build/check/gcc/.libs/mod_ocapi_cors.so"))
    return parser.parse_args()


def show(bench, place, table, is_to_write):
    """Prints the surroundings and the table of bench/NAME.py, and puts them between its marks of the page."""
    text = f"{textwrap.fill(place, 118)}\n\n{table}"
    print(text)
    if not is_to_write:
        return
    begin, end = (f"<!-- bench/{bench}.py --write: {where} here -->" for where in ("from", "to"))
    before, rest = PAGE.read_text().split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
