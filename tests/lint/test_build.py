# SPDX-License-Identifier: Apache-2.0
"""What a packager does: build out of tree, install, uninstall, distcheck, apxs. Everything happens
in a tarball that is unpacked, or a copy of the tree, and nothing in the server that this machine may run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pairs import left_out
from test_tree import REPOSITORY, files, read

APXS = os.environ.get("APXS") or shutil.which("apxs2") or shutil.which("apxs") or ""
NOT_IN_THE_TARBALL = {".gitignore", ".ci/run"}
# As scripts/check compiles, which also makes every warning an error: ccache has these objects.
CFLAGS = "-O2 -g1"


def run(command, where, **environment):
    """Runs it; returns what it said; a failure shows that."""
    done = subprocess.run(command, cwd=where, text=True, timeout=380, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "MAKEFLAGS": "", **environment})
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    """The environment in which ccache compiles with the cache that scripts/check has filled, where there is one. The demo
    and distcheck compile the same sources in two other places."""
    if "CCACHE_DIR" not in os.environ:
        return {}
    # Debian's folder has a link to ccache by the name of each compiler.
    return {"PATH": f"/usr/lib/ccache:{os.environ['PATH']}", "CCACHE_BASEDIR": str(tmp_path_factory.getbasetemp())}


def fails(command, where, **environment):
    done = subprocess.run(command, cwd=where, text=True, timeout=380, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment})
    assert done.returncode != 0, done.stdout
    return done.stdout


def apxs(name):
    return run([APXS, "-q", name], "/").strip()


def copy_of_the_tree(where):
    for name in files(REPOSITORY):
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, where / name, follow_symlinks=False)
    return where


def places():
    """Every name under the server's own places, with its time."""
    found = {}
    for top in (apxs("LIBEXECDIR"), apxs("SYSCONFDIR"), "/usr/local/bin", "/usr/local/lib"):
        for folder, _, names in os.walk(top):
            for name in [""] + names:
                path = os.path.join(folder, name)
                found[path] = os.lstat(path).st_mtime_ns
    return found


def loads(module, tmp_path):
    """A stock httpd takes the module, and says what is wrong else."""
    libexec = apxs("LIBEXECDIR")
    httpd = os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))
    conf = tmp_path / "load.conf"
    conf.write_text(f'ServerRoot "{tmp_path}"\nServerName x\nDefaultRuntimeDir "{tmp_path}"\n'
                    f'ErrorLog "{tmp_path}/error.log"\n'
                    f"LoadModule mpm_event_module {libexec}/mod_mpm_event.so\n"
                    f"LoadModule authz_core_module {libexec}/mod_authz_core.so\n"
                    f"LoadModule ocapi_cors_module {module}\nOcapiCors Off\n")
    return run([httpd, "-t", "-f", str(conf)], tmp_path)


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The tarball that `make dist` makes, unpacked."""
    where = tmp_path_factory.mktemp("source")
    build = Path(os.environ["OCORS_BUILD"]) / "gcc"
    run(["make", "dist", "GZIP_ENV=-1"], build)
    (tarball,) = build.glob("mod_ocapi_cors-*.tar.gz")
    run(["tar", "-xzf", str(tarball)], where)
    tarball.unlink()
    (folder,) = where.iterdir()
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory, unpacked, site, cached):
    """(the demo's build, what the demo said), where a newcomer has run it in the tarball. There is no cmocka. The build is
    out of tree, with every place at its default."""
    before = files(unpacked)
    real = shutil.which("pkg-config")
    fake = script(tmp_path_factory.mktemp("tools") / "pkg-config",
                  f'case "$*" in *cmocka*) exit 1 ;; esac\nexec {real} "$@"\n')
    said = run([str(unpacked / "scripts/demo"), "--once"], unpacked, APXS=APXS, PKG_CONFIG=fake, CFLAGS=CFLAGS,
               CONFIG_SITE=site, **cached)
    assert "cmocka not found" in read(unpacked, "build/demo/configure.log")
    assert files(unpacked) == before, "the build wrote into the source tree"
    return unpacked / "build/demo", said


@pytest.fixture(scope="module")
def built(demo):
    """The demo's build."""
    return demo[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """What configure found out of this machine's compiler and shell, from the build that all tests share: a file for
    CONFIG_SITE. What it asked apxs and pkg-config is not among that."""
    log = read(Path(os.environ["OCORS_BUILD"]), "gcc/config.log")
    found = re.findall(r"^(?:ac|am|lt)_cv_(?!env_|path_)\w+=.*$", log, re.M)
    assert len(found) > 40
    path = tmp_path_factory.mktemp("site") / "config.site"
    path.write_text("\n".join(found) + "\n")
    return str(path)


def installed(root):
    return {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}


@pytest.mark.xdist_group("configured")
def test_the_tarball_has_each_file(unpacked):
    """But for what is Debian's: a package of the distribution has its own debian/."""
    version = re.search(r'OCORS_VERSION "(.*)"', read(REPOSITORY, "include/ocors_version.h"))[1]
    assert unpacked.name == f"mod_ocapi_cors-{version}"
    held = installed(unpacked)
    assert {name for name in files(REPOSITORY) if not name.startswith("debian/")} - held - NOT_IN_THE_TARBALL == set()
    assert not any(name.startswith("debian/") for name in held)


@pytest.mark.xdist_group("configured")
def test_the_demo_shows_the_examples_and_succeeds(demo):
    """The newcomer's command, build and all."""
    said = demo[1]
    assert "4 of 4 exchanges right" in said
    assert "WRONG" not in said
    assert said.count("  < HTTP/1.1 ") == 5  # example 4 has two requests
    (pid,) = re.findall(r"process (\d+)", said)
    assert not os.path.exists(f"/proc/{pid}")


@pytest.mark.xdist_group("configured")
def test_install_places_nine_files_and_uninstall_leaves_none(built, tmp_path):
    before = places()
    root = tmp_path / "root"
    run(["make", "install", f"DESTDIR={root}"], built)
    conf = apxs("SYSCONFDIR")
    if os.path.isdir(f"{conf}/mods-available"):
        conf += "/mods-available"
    module = f'{apxs("LIBEXECDIR")}/mod_ocapi_cors.so'
    # "make install enables nothing": no link, no line in a file that httpd reads by itself.
    assert installed(root) == {
        name.lstrip("/") for name in (module, f"{conf}/ocapi_cors.load", f"{conf}/ocapi_cors.conf",
                                      "/usr/local/bin/ocapi-cors",
                                      "/usr/local/share/mod_ocapi_cors/ocapi-cors-settings.schema.json",
                                      "/usr/local/share/bash-completion/completions/ocapi-cors",
                                      "/usr/local/share/zsh/site-functions/_ocapi-cors",
                                      "/usr/local/share/man/man1/ocapi-cors.1",
                                      "/usr/local/share/man/man8/mod_ocapi_cors.8")}
    load = (root / conf.lstrip("/") / "ocapi_cors.load").read_text()
    assert load == f"LoadModule ocapi_cors_module {module}\n"
    assert "Syntax OK" in loads(root / module.lstrip("/"), tmp_path)
    run(["make", "uninstall", f"DESTDIR={root}"], built)
    assert installed(root) == set()
    assert places() == before


@pytest.mark.xdist_group("configured")
def test_apxs_installs_what_make_built(built, tmp_path):
    # libtool installs only into a directory that ends as the one it was linked for.
    target = tmp_path / apxs("LIBEXECDIR").lstrip("/")
    target.mkdir(parents=True)
    before = places()
    run([APXS, "-S", f"LIBEXECDIR={target}", "-i", "-n", "ocapi_cors", "mod_ocapi_cors.la"], built)
    assert "Syntax OK" in loads(target / "mod_ocapi_cors.so", tmp_path)
    assert places() == before


# The unit programs that distcheck makes and runs: each that Makefile.am makes in a way of its own, and one that reads
# vectors. All of them are compiled out of tree, and run, by scripts/check; that the tarball holds each of their sources is
# asserted. --exhaustive leaves out none.
OF_EACH_KIND = ("test_digest", "test_epoch", "test_nomem", "test_client")


# By default the tests above show that the tarball is complete, is configured and made out of tree, installed and uninstalled.
@pytest.mark.deep
@pytest.mark.xdist_group("configured")
def test_distcheck_passes_and_touches_no_live_server(built, site, cached, pytestconfig):
    """distcheck configures its own build: with cmocka, so that it runs unit tests."""
    before = places()
    is_exhaustive = pytestconfig.getoption("exhaustive")
    programs = [path.stem for path in (REPOSITORY / "tests/unit").glob("test_*.c")
                if is_exhaustive or path.stem in OF_EACH_KIND]
    names = [name for program in programs for name in left_out(program, "distcheck", is_exhaustive)]
    listed = " ".join(f"tests/unit/{program}" for program in programs)
    said = run(["make", "-j2", "distcheck", f"DISTCHECK_CONFIGURE_FLAGS=APXS={APXS} CFLAGS='{CFLAGS}'",
                f"check_PROGRAMS={listed}", f"TESTS={listed}", "GZIP_ENV=-1"], built, OCORS_LEAVE_OUT=" ".join(names),
               CONFIG_SITE=site, **cached)
    assert re.search(rf"^# PASS: +{len(programs)}$", said, re.M) and re.search(r"^# SKIP: +0$", said, re.M)
    assert places() == before


def apxs_line(text):
    """The shell command of the guide that calls apxs -c."""
    joined = text.replace("\\\n", " ")
    lines = [l.strip() for l in joined.splitlines() if re.match(r"\s*(\S+=\S+ )?apxs2? -c\b", l)]
    assert len(lines) == 1, f"docs/guide.md has {len(lines)} lines that call apxs -c"
    return lines[0]


def with_each_header(names):
    """As few of the sources as include each header that is not ours."""
    chosen, seen = [], set()
    headers = {name: set(re.findall(r"^#include <(.*)>", read(REPOSITORY, name), re.M)) for name in names}
    for name in sorted(names, key=lambda name: (-len(headers[name]), name)):
        if headers[name] - seen:
            chosen.append(name)
            seen |= headers[name]
    return chosen


def test_the_plain_apxs_line_names_each_source_which_needs_no_other_flags(tmp_path):
    """apxs's compiler reads, without code, a source with each header that is not ours; of the same headers, the others
    need no other flags. `apxs -c` compiles each source (below)."""
    for name in ("apxs", "apxs2"):
        script(tmp_path / name, 'printf "%s\\n" "$@"\n')
    line = apxs_line(read(REPOSITORY, "docs/guide.md"))
    given = run(["bash", "-euo", "pipefail", "-c", line], REPOSITORY, PATH=f"{tmp_path}:{os.environ['PATH']}").split()
    listed = [re.search(rf"^{name}_SOURCES = \\\n((?:.*\\\n)*.*)$", read(REPOSITORY, "Makefile.am"), re.M)[1]
              for name in ("libocors_la", "mod_ocapi_cors_la")]
    sources = [name for name in given if name.endswith(".c")]
    assert sorted(sources) == sorted(" ".join(listed).replace("\\", "").split())
    assert given[:2] == ["-c", "-I"] and given.count("-o") == 1
    module = given.index("-o")
    del given[module:module + 2]
    chosen = with_each_header(sources)
    assert len(chosen) >= 10
    said = run([*apxs("CC").split(), "-fsyntax-only", *apxs("CFLAGS").split(), *apxs("EXTRA_CPPFLAGS").split(),
                f"-I{apxs('INCLUDEDIR')}", f"-I{apxs('APR_INCLUDEDIR')}",
                *(a for a in given[1:] if a not in sources or a in chosen)], REPOSITORY)
    assert said == ""


@pytest.mark.deep
@pytest.mark.xdist_group("apxs-c")
def test_the_plain_apxs_line_of_the_guide(tmp_path):
    source = copy_of_the_tree(tmp_path / "source")
    line = apxs_line(read(source, "docs/guide.md"))
    # apxs's own compiler, quickly.
    compiler = apxs("CC").split()[0]
    (tmp_path / "tools").mkdir()
    script(tmp_path / "tools" / Path(compiler).name, f'exec {shutil.which(compiler)} "$@" -O0 -g0\n')
    said = run(["bash", "-euo", "pipefail", "-c", line], source, PATH=f"{tmp_path / 'tools'}:{os.environ['PATH']}")
    assert "warning:" not in said, said
    assert "Syntax OK" in loads(source / ".libs" / "mod_ocapi_cors.so", tmp_path)


def dynamic_symbols(module):
    said = run(["nm", "-D", "--defined-only", "--format=posix", str(module)], "/")
    return {line.split()[0] for line in said.splitlines()}


def test_one_symbol_is_exported_and_only_json_c_is_linked():
    module = os.environ["OCORS_MODULE"]
    assert dynamic_symbols(module) == {"ocapi_cors_module"}
    dynamic = run(["readelf", "-dW", module], "/")
    needed = {re.sub(r"\.so.*", "", n) for n in re.findall(r"NEEDED.*\[(.*)\]", dynamic)}
    loader = {name for name in needed if name.startswith("ld-")}  # of thread-local variables
    assert needed - loader <= {"libjson-c", "libc"} and "libjson-c" in needed
    assert "BIND_NOW" in dynamic or "NOW" in dynamic


def test_a_second_symbol_would_be_seen(tmp_path):
    (tmp_path / "two.c").write_text("int ocapi_cors_module; int ocors_other;\n")
    run(["gcc", "-shared", "-fPIC", "-o", "two.so", "two.c"], tmp_path)
    assert dynamic_symbols(tmp_path / "two.so") == {"ocapi_cors_module", "ocors_other"}


@pytest.mark.xdist_group("configured")
def test_without_cmocka_the_unit_tests_skip_visibly(built):
    said = run(["make", "check"], built)
    assert re.search(r"^# SKIP: +1$", said, re.M) and re.search(r"^# PASS: +0$", said, re.M)


@pytest.mark.xdist_group("configured")
@pytest.mark.parametrize("version, message", [
    ("2.4.51", "httpd 2.4.51 is too old"),
    ("", "-q HTTPD_VERSION says nothing"),
])
def test_configure_refuses_an_httpd_that_is_too_old(unpacked, site, tmp_path, version, message):
    fake = script(tmp_path / "apxs",
                  f'if [ "$2" = HTTPD_VERSION ]; then echo "{version}"; else exec {APXS} "$@"; fi\n')
    assert message in fails([str(unpacked / "configure"), f"APXS={fake}"], tmp_path, CONFIG_SITE=site)


@pytest.mark.xdist_group("configured")
def test_configure_takes_the_oldest_httpd_it_promises_and_other_places(unpacked, site, tmp_path):
    fake = script(tmp_path / "apxs",
                  f'if [ "$2" = HTTPD_VERSION ]; then echo 2.4.52; else exec {APXS} "$@"; fi\n')
    run([str(unpacked / "configure"), "--no-create", f"--with-apxs={fake}", f"--with-apache-moduledir={tmp_path}/m",
         f"--with-apache-confdir={tmp_path}/c"], tmp_path, CONFIG_SITE=site)
    run(["./config.status", "Makefile", "conf/ocapi_cors.load"], tmp_path)  # not libtool and 200 files of dependencies
    assert (tmp_path / "Makefile").exists()
    load = (tmp_path / "conf/ocapi_cors.load").read_text()
    assert load == f"LoadModule ocapi_cors_module {tmp_path}/m/mod_ocapi_cors.so\n"
