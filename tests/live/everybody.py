# SPDX-License-Identifier: Apache-2.0
"""Files for another user, who may not come to the place that the tree is in: a home, or what mktemp has made."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path


@functools.cache
def for_everybody(path):
    """The file, if everybody can come to it; else a copy of it that everybody can come to, until Python ends."""
    path = Path(path).resolve()
    if all(folder.stat().st_mode & 0o1 for folder in path.parents):
        return path
    folder = Path(tempfile.mkdtemp(prefix="ocors-everybody-"))
    atexit.register(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    return Path(shutil.copy(path, folder))
