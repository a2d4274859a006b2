# SPDX-License-Identifier: Apache-2.0
"""What is shipped: the oldest httpd, the protections of the binaries. Nothing is compiled but one file."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from test_tools import REPOSITORY, flags_of

BUILD = Path(os.environ.get("OCORS_BUILD", "."))


def run(*command, cwd=REPOSITORY):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def read(name):
    return (REPOSITORY / name).read_text()


# ---- The oldest httpd and json-c -------------------------------------------------------------


def compile_front_door(minor):
    """With the headers of this httpd, and the number that another one has for the interface of modules."""
    text = ("#include <httpd.h>\n#undef MODULE_MAGIC_NUMBER_MINOR\n"
            f'#define MODULE_MAGIC_NUMBER_MINOR {minor}\n#include "mod_ocapi_cors.c"\n')
    return subprocess.run(["gcc", "-fsyntax-only", *flags_of("mod_ocapi_cors.c"), "-I.", "-x", "c", "-"], cwd=REPOSITORY,
                          input=text, capture_output=True, text=True)


@pytest.mark.parametrize("minor, message", [(118, "httpd 2.4.52 or newer is needed"), (121, "")],
                         ids=["2.4.51", "2.4.52"])
def test_the_sources_refuse_an_httpd_that_is_too_old(minor, message):
    """ap_mmn.h: 20120211.118 is 2.4.51, .121 is 2.4.52. A build by plain apxs asks no configure."""
    done = compile_front_door(minor)
    assert message in done.stderr
    assert (done.returncode != 0) == bool(message), done.stderr


def test_one_floor_is_told_everywhere():
    floors = {"configure.ac": set(re.findall(r"2\.4\.\d+", read("configure.ac"))),
              "mod_ocapi_cors.c": set(re.findall(r"httpd (2\.4\.\d+) or newer", read("mod_ocapi_cors.c"))),
              "README.md": set(re.findall(r"httpd (2\.4\.\d+) or later", read("README.md")))}
    assert floors == dict.fromkeys(floors, {"2.4.52"})


# ---- What protects the binaries --------------------------------------------------------------


BINARIES = [".libs/mod_ocapi_cors.so", "ocapi-cors"]


def is_ibt(path):
    """Whether the file says that each indirect branch in it has a target (CET)."""
    return bool(re.search(r"x86 feature:.*IBT.*SHSTK", run("readelf", "-nW", str(path)).stdout))


def weaknesses(binary):
    """What an attacker would be glad to find in a program or a shared object."""
    segments = run("readelf", "-lW", binary).stdout
    dynamic = run("readelf", "-dW", binary).stdout
    symbols = run("readelf", "--dyn-syms", "-W", binary).stdout
    found = []
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|Flags:.*NOW", dynamic):
        found.append("relocations can be written")
    if not re.search(r"GNU_STACK .*RW +0x", segments):
        found.append("the stack can be executed")
    if re.search(r"LOAD .* RWE ", segments):
        found.append("a segment can be written and executed")
    if re.search(r"\(TEXTREL\)|\((RPATH|RUNPATH)\)", dynamic):
        found.append("text relocations, or a path of the builder")
    if not re.search(r"Type: +DYN", run("readelf", "-hW", binary).stdout):
        found.append("a fixed address")
    if "__stack_chk_fail" not in symbols:
        found.append("no stack protector")
    if not re.search(r"__\w+_chk@", symbols.replace("__stack_chk_fail", "")):
        found.append("no _FORTIFY_SOURCE")
    return found


@pytest.mark.parametrize("name", BINARIES)
def test_a_binary_has_every_protection(name):
    assert weaknesses(str(BUILD / "gcc" / name)) == []


def test_a_weak_binary_would_be_seen(tmp_path):
    (tmp_path / "weak.c").write_text("int main(void) { return 0; }\n")
    done = run("gcc", "-O0", "-no-pie", "-fno-stack-protector", "-z", "execstack", "-z", "norelro", "-Wl,-rpath,/opt",
               "-o", "weak", "weak.c", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(weaknesses(str(tmp_path / "weak"))) >= 6


def test_the_highest_level_that_the_compiler_has_is_taken(tmp_path):
    """_FORTIFY_SOURCE 3 where <features.h> does not call it too high, else 2; CET where gcc compiles for it."""
    flags = re.search(r"^HARDEN_CFLAGS = (.*)$", (BUILD / "gcc/Makefile").read_text(), re.M)[1].split()
    (tmp_path / "empty.c").write_text("#include <string.h>\n")
    for choices in (["-D_FORTIFY_SOURCE=3", "-D_FORTIFY_SOURCE=2"], ["-fstack-protector-strong"],
                    ["-fstack-clash-protection"], ["-fcf-protection=full"]):
        taken = [flag for flag in choices
                 if run("gcc", "-O2", "-Werror", flag, "-c", "empty.c", cwd=tmp_path).returncode == 0]
        assert taken[:1] == [flag for flag in choices if flag in flags]
    if "-fcf-protection=full" in flags:
        objects = [*BUILD.glob("gcc/src/httpd/.libs/*.o"), *BUILD.glob("gcc/src/core/.libs/*.o")]
        assert len(objects) > 20 and [str(path) for path in objects if not is_ibt(path)] == []
