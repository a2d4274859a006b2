# SPDX-License-Identifier: Apache-2.0
"""Counts how often files are opened, by whichever process: what the kernel tells (inotify)."""

import ctypes
import os
import select
import struct

IN_CLOSE = 0x18
IN_OPEN = 0x20
LIBC = ctypes.CDLL(None, use_errno=True)


class Opens:
    """with Opens(path, ...) as opens: ...; opens.count() says {path: times} since it was asked last."""

    def __init__(self, *paths):
        self.descriptor = LIBC.inotify_init1(os.O_NONBLOCK)
        assert self.descriptor >= 0, os.strerror(ctypes.get_errno())
        # The kernel merges equal events that follow each other, so closing is watched as well.
        self.paths = {LIBC.inotify_add_watch(self.descriptor, os.fsencode(path), IN_OPEN | IN_CLOSE): path
                      for path in paths}
        assert min(self.paths) >= 0, os.strerror(ctypes.get_errno())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)

    def wait(self, seconds=60):
        """Returns at once when one of the files is opened: a look now and then may come when it has been read."""
        assert select.select([self.descriptor], [], [], seconds)[0], "nobody opens it"

    def count(self):
        counts = dict.fromkeys(self.paths.values(), 0)
        while True:
            try:
                events = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return counts
            while events:
                watch, mask, _, length = struct.unpack_from("iIII", events)
                events = events[16 + length:]
                counts[self.paths[watch]] += bool(mask & IN_OPEN)
