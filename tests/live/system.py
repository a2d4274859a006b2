# SPDX-License-Identifier: Apache-2.0
"""A system for a server under test: it does not tell of all changes, has no process left, a clock that jumps, or files
whose times are whole seconds, and counts what the watcher asks (system.c)."""

import functools
import os
import struct
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

SOURCE = Path(__file__).with_name("system.c")
Counts = namedtuple("Counts", "stats folders opens watches ways")


@functools.lru_cache(maxsize=None)
def library():
    folder = tempfile.TemporaryDirectory(prefix="ocors-system-")
    path = Path(folder.name) / "system.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", path, SOURCE, "-ldl"], check=True,
                   timeout=60)
    os.chmod(folder.name, 0o755)
    return folder, path  # the folder goes with the program


class System:
    """system = System(httpd.Httpd(...), silent="tree"): before the server is started."""

    def __init__(self, server, silent=None, watches=None, is_deaf=False, broken=None, forkless=None, clock=None,
                 is_coarse=False, types=None):
        self.path = server.root / "counts"
        self.path.write_bytes(bytes(8 * len(Counts._fields)))
        server.environment |= {"LD_PRELOAD": str(library()[1]), "OCORS_TEST_COUNTS": str(self.path)}
        if silent is not None:
            server.environment["OCORS_TEST_SILENT"] = str(server.root / silent)
        if types is not None:
            server.environment["OCORS_TEST_TYPES"] = f"{server.root / types}/"
        if watches is not None:
            server.environment["OCORS_TEST_WATCHES"] = str(watches)
        if broken is not None:
            server.environment["OCORS_TEST_BROKEN"] = str(server.root / broken)
        if forkless is not None:
            server.environment["OCORS_TEST_FORKLESS"] = str(server.root / forkless)
        if clock is not None:
            server.environment["OCORS_TEST_CLOCK"] = str(server.root / clock)
        if is_deaf:
            server.environment["OCORS_TEST_DEAF"] = "1"
        if is_coarse:
            server.environment["OCORS_TEST_COARSE"] = "1"

    def counts(self):
        """What the server's watchers have asked of the system so far."""
        return Counts(*struct.unpack(f"{len(Counts._fields)}Q", self.path.read_bytes()))
