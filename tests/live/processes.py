# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of processes."""

import os
import signal
import subprocess
import time
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


class Detached:
    """A process that is not our child, with what subprocess.Popen has of one; its status stays unknown."""

    def __init__(self, pid):
        self.pid = pid
        self.started = stat_fields(pid)[19]
        self.returncode = None

    def poll(self):
        try:
            fields = stat_fields(self.pid)
        except OSError:
            fields = None
        if fields is None or fields[0] in "ZX" or fields[19] != self.started:
            self.returncode = "unknown"
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout):
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return self.returncode
