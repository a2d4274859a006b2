# SPDX-License-Identifier: Apache-2.0
"""A module of somebody else, which does what no module of httpd does."""

import subprocess

import httpd


def build(folder, name, source):
    """Compiles the source of mod_NAME as apxs does; its path."""
    text, module = folder / f"mod_{name}.c", folder / f"mod_{name}.so"
    text.write_text(source)
    flags = subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["gcc", "-Wall", "-Werror", "-shared", "-fPIC", f"-I{httpd.apxs('INCLUDEDIR')}", *flags, "-o", module, text], check=True)
    return module
