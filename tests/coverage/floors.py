#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what gcovr found (--json-summary), and fails under a floor, or where it finds fewer files than the tree has.
floors.py SUMMARY [TREE]; scripts/coverage calls it."""

import json
import re
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
# A room: its files, and its floors in percent of the lines and of the branches; the command line has none.
ROOMS = {"core": (r"src/core/", 97, 90), "glue": (r"src/httpd/|mod_ocapi_cors\.c$", 90, 75), "cli": (r"src/cli/", 0, 0)}
WORST = 12  # files of each room that are printed


def has_code(path):
    """Whether a source has a function: one of tables alone has no line that could run."""
    return re.search(r"^\{", path.read_text(), re.M) is not None


def sources_of(tree):
    paths = [*(tree / "src").rglob("*.c"), tree / "mod_ocapi_cors.c"]
    return {path.relative_to(tree).as_posix() for path in paths if has_code(path)}


def percent(covered, total):
    return 100 * covered / total if total else 100.0


class Room:
    """The files of a room, and what their tests reach."""

    def __init__(self, name, files):
        self.name, self.files = name, files
        self.lines = percent(sum(f["line_covered"] for f in files), sum(f["line_total"] for f in files))
        self.branches = percent(sum(f["branch_covered"] for f in files), sum(f["branch_total"] for f in files))

    def worst(self):
        """Those with the most lines and branches that nothing reaches."""
        return sorted(
            self.files, key=lambda f: f["line_covered"] - f["line_total"] + f["branch_covered"] - f["branch_total"]
        )[:WORST]


def read(summary, sources):
    """(the rooms, what is wrong)"""
    found = {f["filename"]: f for f in summary["files"]}
    faults = [f"{name}: no figures" for name in sorted(sources - set(found))]
    rooms = []
    for name, (pattern, lines, branches) in ROOMS.items():
        room = Room(name, [f for path, f in sorted(found.items()) if re.match(pattern, path)])
        rooms.append(room)
        for what, figure, floor in (("lines", room.lines, lines), ("branches", room.branches, branches)):
            if figure < floor:
                faults.append(f"{name}: {figure:.1f} % of its {what}, and {floor} % is the floor")
    return rooms, faults


def main(path, tree=TREE):
    rooms, faults = read(json.loads(Path(path).read_text()), sources_of(Path(tree)))
    for room in rooms:
        print(
            f"{room.name}: {room.lines:.1f} % of the lines, {room.branches:.1f} % of the branches, {len(room.files)} files; most is left in"
        )
        for f in room.worst():
            print(
                f"    {f['filename']:44} lines {f['line_covered']:4} of {f['line_total']:4}   branches {f['branch_covered']:4} of {f['branch_total']:4}"
            )
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
