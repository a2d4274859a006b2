# SPDX-License-Identifier: Apache-2.0
"""Single calls of the core, in instructions (calls.c)."""

import subprocess
import tempfile
from pathlib import Path

from bench import Result, compile_core, say, table
import counted

COUNTED = ["--collect-atstart=no", "--toggle-collect=call_*", "--dump-after=done"]


def count_calls():
    """{label: instructions}, in the order of calls.c."""
    with tempfile.TemporaryDirectory(prefix="ocors-bench-") as folder:
        program = compile_core("calls.c", Path(folder) / "calls")
        counts = Path(folder) / "part"
        done = subprocess.run([*counted.callgrind(counts, *COUNTED), program], check=True, capture_output=True, text=True)
        labels = done.stdout.splitlines()
        found = counted.Parts(counts).new()
    found = found[1:2 * len(labels):2]  # the second of each two
    assert len(found) == len(labels) > 10, (labels, found)
    return dict(zip(labels, found))


def calls(_told):
    """Instructions of single calls."""
    say("single calls")
    found = count_calls()
    return Result(table(["call", "instructions"], [[label, f"{count:,}"] for label, count in found.items()]), found)
