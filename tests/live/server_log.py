# SPDX-License-Identifier: Apache-2.0
"""One log file of a server, as lines. What was read once is not read again."""

import os
import re
from collections import namedtuple

LOG_LINE = re.compile(r"^\[[^\]]*\] \[(?P<module>\w*):(?P<level>\w+)\] \[pid \d+")

LogLine = namedtuple("LogLine", "module level text")


def lines_of(text):
    """A line of another form (stderr, a sanitizer) counts as error; an empty one does not count."""
    lines = []
    for line in text.decode(errors="backslashreplace").splitlines():
        match = LOG_LINE.match(line)
        if match:
            lines.append(LogLine(match["module"], match["level"], line))
        elif line.strip():
            lines.append(LogLine("", "error", line))
    return lines


class ServerLog:
    def __init__(self, path):
        self.path = path
        self._forget()

    def _forget(self):
        self.whole = []  # the lines that have their end
        self.offset = 0  # where in the file the next one begins
        self.inode = None

    def lines(self, first=0):
        """The lines, from this number on, of the file that has the path now: another file's, where the log was
        rotated."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            self._forget()
            return []
        if status.st_ino != self.inode or status.st_size < self.offset:
            self._forget()
            self.inode = status.st_ino
        if status.st_size == self.offset:
            return self.whole[first:]
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        end = text.rfind(b"\n") + 1
        self.whole += lines_of(text[:end])
        self.offset += end
        return (self.whole + lines_of(text[end:]))[first:] if text[end:] else self.whole[first:]
