# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of processes."""

import os
from pathlib import Path


def stat_fields(process):
    """The fields of /proc/PROCESS/stat that follow the name, the state first; also of PID/task/ID."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def that_name(path):
    """The pids of the processes that have the path in their command line, as the kernel has them."""
    name, found = os.fsencode(path), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if name in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass  # ended meanwhile
    return found
