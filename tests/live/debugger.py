# SPDX-License-Identifier: Apache-2.0
"""A debugger that holds a process for as long as a test wants it held."""

import os
import subprocess

import httpd


# gdb reads the symbols of the module alone: those of httpd's forty libraries, and libc's debug information, take longer
# than all else that it does.
GDB = ["gdb", "-q", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debug-file-directory /nonexistent"]
OURS_ALONE = ["-iex", "set auto-solib-add off"]


class Debugger:
    """gdb on a process of a server: held at once, or where it comes to `place`, a function."""

    def __init__(self, server, pid, place=None):
        self.pid = pid
        self._attached, self._held, self._go = (server.root / f"{name}-{pid}" for name in ("attached", "held", "go"))
        os.mkfifo(self._go)
        way = ["sharedlibrary mod_ocapi_cors", f"break {place}", f"shell touch {self._attached}", "continue"] if place else []
        commands = [*way, f"shell touch {self._held}; cat {self._go}", "delete", "detach"]
        self.gdb = subprocess.Popen([*GDB, *OURS_ALONE, "-p", str(pid), *(x for c in commands for x in ("-ex", c))],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True)
        httpd.wait_until((self._attached if place else self._held).exists, "the debugger has the process", 60)

    def await_held(self):
        httpd.wait_until(self._held.exists, "the process is held", 60)

    def release(self):
        """Lets it go on, or go; what gdb said."""
        if self.gdb.poll() is None:
            self._go.write_text("\n")
        return self.gdb.communicate(timeout=60)[0]
