# SPDX-License-Identifier: Apache-2.0
"""Where the system does not tell of changes, a look every `OcapiCorsReload` finds them; where it tells, nothing is
looked at while nobody edits (A12, A39)."""

import errno
import os
import re
import signal
import subprocess
import time

import pytest

import httpd
import processes
from cors import ALLOWED, UNKNOWN, ask
from system import System
from test_notify import HOUR, OTHER, TREE_HOUR, await_allowed, by_rename
from test_reload import (CONFIG, MORE, SHOP, TREE, await_publication, by_overwriting, check_allowed, document,
                         publications)

BACKEND = {"BACKEND": "http://127.0.0.1:1"}
LOOKS = 20


def tree(sites):
    """An organisation of so many sites, each with one document."""
    return {f"tree/{SHOP}": document(ALLOWED, client="org"),
            **{f"tree/sites/Site{n:04}/{SHOP}": document(MORE, client="one") for n in range(sites)}}


def organisation(sites, config=TREE, **system):
    """(server, system) of a tree, not started."""
    server = httpd.Httpd(config, files=tree(sites), defines=BACKEND)
    return server, System(server, **system)


def await_quiet(system, server):
    """The first look is over: the last thing it does is to sleep."""
    pid = server.await_watcher()

    def sleeps():
        before = system.counts()
        return before.stats > 0 and processes.stat_fields(pid)[0] == "S" and system.counts() == before

    httpd.wait_until(sleeps, "the watcher sleeps")


def await_looks(system, count=LOOKS):
    """So many looks of a tree that is not told of, each of which lists the sites once. What they asked, a look."""
    before = system.counts()
    httpd.wait_until(lambda: system.counts().folders >= before.folders + count, f"{count} looks")
    after = system.counts()
    return [(b - a) / (after.folders - before.folders) for a, b in zip(before, after)]


@pytest.mark.parametrize("sites", [50, 1000])
def test_a_look_costs_two_stats_a_site(sites):
    """ "elsewhere ... looks every OcapiCorsReload (two stats a site, not five)", and opens nothing."""
    server, system = organisation(sites, silent="tree")
    with server:
        await_allowed(server, "Site0000", MORE)
        await_looks(system, 3)  # the first looks watch
        stats, folders, opens, watches, ways = await_looks(system)
        assert 1.8 * sites < stats < 2.2 * sites + 10, stats  # the last look may not be over
        assert (folders, opens, watches, ways) == (1, 0, 0, 0)
        assert publications(server) == 1 and len(re.findall("OCORS0022", server.log_text())) == 1


def test_a_quiet_tree_is_not_looked_at():
    """ "10,000 sites that nobody edits cost less than 0.1 % of a core to watch": nothing is asked of the system, while
    a server beside it, whose file system does not tell, looks twenty times."""
    quiet, asked = organisation(1000)
    beside, clock = organisation(2, silent="tree")
    with quiet, beside:
        await_quiet(asked, quiet)
        await_looks(clock, 2)
        before = asked.counts()
        assert before.watches < 2.2 * 1000, before  # two folders of each site, each once
        await_looks(clock)
        assert asked.counts() == before
        # The twin: an edit is looked at, that alone.
        by_rename(quiet.root / f"tree/sites/Site0500/{SHOP}", document(UNKNOWN, client="one").encode())
        await_allowed(quiet, "Site0500", UNKNOWN)
        after = asked.counts()
        assert 0 < after.stats - before.stats < 10 and after.opens - before.opens == 1
        assert after.folders == before.folders  # the names of the sites are those in force
        # So is a folder whose owner, mode or time is another (rsync sets them), with what is below it.
        os.utime(quiet.root / "tree/sites/Site0400")
        httpd.wait_until(lambda: asked.counts().stats > after.stats, "the folder is looked at")
        by_rename(quiet.root / f"tree/sites/Site0500/{SHOP}", document(MORE, client="one").encode())
        await_allowed(quiet, "Site0500", MORE)
        after, before = asked.counts(), after
        assert after.stats - before.stats < 30
        # Of a new site with all its documents, nothing is listed but the folder of the sites.
        new = quiet.write(f"new/{SHOP}", document(OTHER, client="two"))
        quiet.write(f"new/{SHOP.replace('shop', 'data')}", document(OTHER, client="two"))
        new.parents[1].rename(quiet.root / "tree/sites/Two")
        await_allowed(quiet, "Two", OTHER)
        assert asked.counts().folders == after.folders + 1
        assert "OCORS0022" not in quiet.log_text()


NO_WATCH, NO_INOTIFY = (f"({number}){os.strerror(number)}: " for number in (errno.ENOSPC, errno.EMFILE))


@pytest.mark.parametrize("system, refusal", [
    ({"silent": "tree"}, None), ({"silent": "tree/sites/Site0001/ocapi-settings"}, None), ({"watches": 12}, NO_WATCH),
    ({"watches": 0}, NO_WATCH), ({"is_deaf": True}, NO_INOTIFY)], ids=["silent", "silent site", "watches", "no watch", "no inotify"])
def test_what_is_not_told_is_found_by_a_look(system, refusal):
    """A file system of the network, a single folder of one, the system's limits: said once, at level info, with the error
    of a system that refuses."""
    server, system = organisation(10, **system)
    with server:
        for origin in (UNKNOWN, OTHER):
            by_rename(server.root / f"tree/sites/Site0001/{SHOP}", document(origin, client="one").encode())
            await_allowed(server, "Site0001", origin)
        (server.root / "tree/sites/Site0001").rename(server.root / "tree/sites/Moved")
        await_allowed(server, "Moved", OTHER)
        await_allowed(server, "Site0009", MORE)
        (line,) = [line for line in server.log_lines() if "OCORS0022" in line.text]
        error = re.search(r"\] (\(\d+\)[\w ]+: )?OCORS0022", line.text)[1]
        assert (line.level, error) == ("info", refusal)


def test_what_is_told_beside_what_is_not():
    """Of one tree, whose looks are an hour apart, all is told of but one site."""
    server, _ = organisation(1, TREE_HOUR, silent="tree/sites/Site0000/ocapi-settings")
    with server:
        by_rename(server.root / f"tree/{SHOP}", document(UNKNOWN, client="org").encode())
        await_allowed(server, "-", UNKNOWN)


def test_why_a_document_is_not_told_of():
    """A14, A39: the log has the error of a name that the system cannot ask for."""
    server = httpd.Httpd(f"OcapiCorsBadDocument Deny\n{HOUR}", defines={**BACKEND, "DOCUMENTS": "n" * 256})
    with server:
        server.allow_log(": OcapiCorsSettings: |^OcapiCorsBadDocument Deny: |OCORS000[13]: ")
        line = server.wait_log("OCORS0022").text
        assert f"({errno.ENAMETOOLONG}){os.strerror(errno.ENAMETOOLONG)}: OCORS0022: " in line


TELLING = [0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x01021994, 0x794c7630]  # ext, xfs, btrfs, zfs, tmpfs, overlay


@pytest.mark.parametrize("types, is_said", [(TELLING, False), ([0x65735546], True)], ids=["all that tell", "fuse"])
def test_file_systems_that_tell(types, is_said):
    """A39: those of docs/fleet.md, where the folders of the documents are; another one does not."""
    names = [f"types/{number:x}/d.json" for number in types]
    server = httpd.Httpd(HOUR, files={name: document(ALLOWED, client=name) for name in names},
                         defines={**BACKEND, "DOCUMENTS": " ".join(names)})
    system = System(server, types="types")
    with server:
        await_quiet(system, server)
        assert ("OCORS0022" in server.log_text()) == is_said


class Mounted(httpd.Httpd):
    """A server in a mount namespace of its own, with a file that is mounted over its document, as of a container."""

    def command(self, *arguments):
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0/real.json" "$0/d.json" && exec "$@"', str(self.root),
                *super().command(*arguments)]


def test_a_document_that_is_mounted(backend):
    """`docker run -v real.json:/d.json`: what is written to the file by its other name is told to nobody."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("mounting wants rights that this user does not have")
    with Mounted(CONFIG, files={"real.json": document(ALLOWED), "d.json": ""},
                 defines={"DOCUMENTS": "d.json", "BACKEND": backend.url}) as server:
        by_overwriting(server.root / "real.json", document(MORE).encode())
        await_publication(server, 2)
        check_allowed(server, MORE, True)


def test_a_document_that_has_another_name(backend):
    """A hard link that is written to elsewhere. A file that takes its place has one name, and is told of."""
    server = httpd.Httpd(CONFIG, files={"d.json": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    other = server.root / "other"
    other.mkdir()
    os.link(server.root / "d.json", other / "name.json")
    system = System(server)
    with server:
        by_overwriting(other / "name.json", document(MORE).encode())
        await_publication(server, 2)
        check_allowed(server, MORE, True)
        before = system.counts()
        httpd.wait_until(lambda: system.counts().stats > before.stats + 10, "looks")
        by_rename(server.root / "d.json", document(UNKNOWN).encode())
        await_publication(server, 3)
        check_allowed(server, UNKNOWN, True)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["look", "restart"])
def test_a_file_system_of_whole_seconds(backend, is_restarted):
    """ext3, and ext4 with small inodes: a file that is written to twice in a second, in the same length, is the same
    file by all that the system says of it. The second text is in force all the same, and the first is not (A27, A39)."""
    server = httpd.Httpd(HOUR, files={"d.json": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    System(server, is_coarse=True)
    path, first, second = server.root / "d.json", ("Origin", "https://first.example"), ("Origin", "https://after.example")
    with server:
        time.sleep(1.1 - time.time() % 1)
        by_overwriting(path, document(first).encode())
        if is_restarted:
            server.process.send_signal(signal.SIGUSR1)
        begin = time.monotonic()
        while time.monotonic() < begin + 0.5 and not ask(server, "GET", "/x", first).cors():
            time.sleep(0.01)
        by_overwriting(path, document(second).encode())
        httpd.wait_until(lambda: ask(server, "GET", "/x", second).cors(), "the second text is in force")
        check_allowed(server, first, False)


def stop_reading(server, path, why):
    """No document can be read while the path of System(broken=...) is there."""
    server.expect_log(f"OCORS0001: .*d.json: .*the file cannot be read: {why}")
    server.expect_log("OCORS0002: ")
    (server.root / path).touch()


def test_what_failed_for_the_moment_is_tried_again(backend):
    """A disk that does not answer well tells nobody when it does again: looks are an hour apart, and no hour passes. What
    fails again is no news: nothing is published, and nothing is logged (A26, A36)."""
    server = httpd.Httpd(HOUR, files={"d.json": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    system = System(server, broken="hidden/broken")
    (server.root / "hidden").mkdir()
    with server:
        stop_reading(server, "hidden/broken", "Input/output error")
        by_rename(server.root / "d.json", document(MORE).encode())
        await_publication(server, 2)
        check_allowed(server, ALLOWED, True)
        opens = system.counts().opens
        httpd.wait_until(lambda: system.counts().opens >= opens + 2, "it was tried twice more")
        assert server.log_text().count("OCORS0007") == 2
        (server.root / "hidden/broken").unlink()
        httpd.wait_until(lambda: ask(server, "GET", "/x", MORE).cors(), "what can be read is in force")
        assert len(re.findall("OCORS0001", server.log_text())) == 1


@pytest.mark.parametrize("how", ["a look", "graceful", "restart"])
def test_what_was_denied_is_tried_again(backend, how):
    """SELinux, AppArmor and the server of a network's file system may permit a file that they denied, and the file does not
    change: it is read by the next try, and by every restart."""
    server = httpd.Httpd(CONFIG if how == "a look" else CONFIG.replace("100ms", "Off"), files={"d.json": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    System(server, broken="hidden/denied")
    (server.root / "hidden").mkdir()
    with server:
        stop_reading(server, "hidden/denied", "Permission denied")
        by_rename(server.root / "d.json", document(MORE).encode())
        if how != "a look":
            server.restart(how == "graceful")
        await_publication(server, 2)
        check_allowed(server, ALLOWED, True)
        (server.root / "hidden/denied").unlink()
        if how != "a look":
            server.restart(how == "graceful")
        httpd.wait_until(lambda: ask(server, "GET", "/x", MORE).cors(), "what may be read is in force")
        check_allowed(server, ALLOWED, False)


def test_what_stays_denied_is_told_once(backend):
    """A26: not again when another document changes."""
    config = CONFIG + '<Location "/other">\nOcapiCorsSettings other.txt\n</Location>\n'
    server = httpd.Httpd(config, files={"d.json": document(ALLOWED), "other.txt": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    System(server, broken="hidden/denied")
    (server.root / "hidden").mkdir()
    with server:
        stop_reading(server, "hidden/denied", "Permission denied")
        by_rename(server.root / "d.json", document(MORE).encode())
        await_publication(server, 2)
        by_rename(server.root / "other.txt", document(MORE).encode())
        await_publication(server, 3)
        server.restart()
        assert len(re.findall("OCORS000[12]", server.log_text())) == 2


def test_what_can_be_read_again_and_does_not_fit_is_tried_once(backend):
    """A36: it waits as any document that does not fit, and is neither read nor published again and again."""
    server = httpd.Httpd(CONFIG + "OcapiCorsCacheSize 128K\n", files={"d.json": document(ALLOWED)},
                         defines={"DOCUMENTS": "d.json", "BACKEND": backend.url})
    system = System(server, silent=".", broken="hidden/broken")
    (server.root / "hidden").mkdir()
    with server:
        stop_reading(server, "hidden/broken", "Input/output error")
        by_rename(server.root / "d.json", document(MORE, *[("Origin", f"https://{n}.example") for n in range(5000)]).encode())
        await_publication(server, 2)
        server.expect_log("OCORS0016: .*d.json: the changed document does not fit")
        (server.root / "hidden/broken").unlink()
        await_publication(server, 3)
        before = system.counts()
        httpd.wait_until(lambda: system.counts().stats >= before.stats + 2 * LOOKS, "it was looked at often")
        assert (system.counts().opens, server.log_text().count("OCORS0007")) == (before.opens, 3)
        check_allowed(server, ALLOWED, True)
        by_rename(server.root / "d.json", document(MORE).encode())
        httpd.wait_until(lambda: ask(server, "GET", "/x", MORE).cors(), "what fits is in force")
