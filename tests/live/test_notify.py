# SPDX-License-Identifier: Apache-2.0
"""A change that the system tells of is in force without a look at the clock: here the clock's looks are an hour
apart (A39)."""

import datetime
import functools
import itertools
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

import httpd
from cors import ALLOWED, PREFLIGHT, UNKNOWN, ask
from inotify import Opens
from test_reload import (CONFIG, MORE, SHOP, TREE, await_publication, by_overwriting, check_allowed, configmap,
                         document, front as start_documents, publications, site_allows)

HOUR = CONFIG.replace("100ms", "1h")
DEFAULT = CONFIG.replace("OcapiCorsReload 100ms\n", "")
TREE_HOUR = TREE.replace("100ms", "1h")
OTHER = ("Origin", "https://other.example")
NO_BACKEND = {"BACKEND": "http://127.0.0.1:1"}


@pytest.fixture
def front(start_documents):
    """start_documents() with looks by the clock that are an hour apart."""
    return functools.partial(start_documents, config=HOUR)


def by_rename(path, content):
    beside = path.with_name("beside-" + path.name)
    beside.write_bytes(content)
    beside.rename(path)


def by_link(path, content):
    """The document becomes a link to a file of another folder."""
    place = path.with_name("elsewhere") / f"{content.count(b' ')}.json"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(content)
    link = path.with_name("link")
    link.symlink_to(place)
    link.rename(path)


def by_editor(path, content):
    """As vim does: the old file becomes a backup, the new one is written in its place."""
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_bytes(content)
    backup.unlink()


def by_hard_link(path, content):
    """A file that was made elsewhere gets this name as well, and loses the other."""
    beside = path.with_name("beside-" + path.name)
    beside.write_bytes(content)
    path.unlink()
    os.link(beside, path)
    beside.unlink()


def by_steps(path, content):
    """Removed, made again, written in two goes and closed each time but the first."""
    path.unlink()
    with open(path, "wb", buffering=0) as file:
        file.write(content[:9])
        file.write(content[9:])


def by_rsync(path, content):
    new = path.parent.with_name("new") / path.name
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(content)
    subprocess.run(["rsync", "--archive", "--checksum", f"{new.parent}/", f"{path.parent}/"], check=True, timeout=60)


def by_folder(path, content):
    """The folder of the document is replaced by another."""
    folder = path.parent.with_name("next")
    folder.mkdir()
    (folder / path.name).write_bytes(content)
    path.parent.rename(path.parent.with_name(f"old{content.count(b' ')}"))
    folder.rename(path.parent)


@pytest.mark.parametrize("config", [HOUR, DEFAULT], ids=["hour", "default"])
@pytest.mark.parametrize("way", [by_rename, by_overwriting, by_link, by_folder, by_editor, by_hard_link, by_steps,
                                 by_rsync])
def test_a_document_is_replaced(front, way, config):
    """A39: again and again: what took a document's place is watched as well."""
    server = front("place/d.json", {"place/d.json": document(ALLOWED)}, config=config)
    for number in range(2, 6):
        origins = [MORE] if number % 2 == 0 else [ALLOWED]
        way(server.root / "place/d.json", (document(*origins) + " " * number).encode())
        await_publication(server, number)
        check_allowed(server, MORE, MORE in origins)
        check_allowed(server, ALLOWED, ALLOWED in origins)


def test_the_target_of_links_is_written_to():
    """A link to a link: the file at the end is closed by its writer."""
    server = httpd.Httpd(HOUR, defines={"DOCUMENTS": "d.json", "BACKEND": "http://127.0.0.1:1"},
                         files={"far/away/d.json": document(ALLOWED)})
    (server.root / "d.json").symlink_to("near")
    (server.root / "near").symlink_to(server.root / "far/../far/away/d.json")
    with server:
        by_overwriting(server.root / "far/away/d.json", document(MORE).encode())
        await_publication(server, 2)
        response = ask(server, "OPTIONS", "/x", MORE, PREFLIGHT)
        assert response.one("Access-Control-Allow-Origin") == MORE[1]


def test_links_that_lead_in_a_circle(front):
    """A26, A39: nothing can be read there, and the last good policy stays; the watching process goes on, and a document
    that takes the place of one of the links is in force."""
    server = front("place/d.json", {"place/d.json": document(ALLOWED)})
    server.expect_log("OCORS0001: .*the file cannot be read")
    server.expect_log("OCORS0002: ")
    (server.root / "other.json").symlink_to("place/d.json")
    (server.root / "link").symlink_to("../other.json")
    (server.root / "link").rename(server.root / "place/d.json")
    await_publication(server, 2)
    check_allowed(server, ALLOWED, True)
    by_rename(server.root / "other.json", document(MORE).encode())
    await_publication(server, 3)
    check_allowed(server, MORE, True)


def test_a_configmap_is_swapped_twice():
    """The second swap is told by the folder that the first one led to."""
    server = httpd.Httpd(HOUR, defines={"DOCUMENTS": "map/a.json map/b.json", "BACKEND": "http://127.0.0.1:1"})
    configmap(server, "1", {"a.json": document(ALLOWED, client="a"), "b.json": document(client="b")})
    for name in ("a.json", "b.json"):
        (server.root / "map" / name).symlink_to(f"..data/{name}")
    with server:
        for number in (2, 3):
            configmap(server, str(number), {"a.json": document(client="a"),
                                            "b.json": document(MORE, client=f"b{number}")})
            await_publication(server, number)
        assert publications(server) == 3


def test_a_configmap_whose_old_folder_is_removed_at_once():
    """As a kubelet does. What goes with the old folder defers nothing: the swap is in force before what a writer keeps
    open since then."""
    server = httpd.Httpd(HOUR, defines={"DOCUMENTS": "open.json map/a.json map/deep/b.json", **NO_BACKEND},
                         files={"open.json": document(ALLOWED, client="open")})
    configmap(server, "1", {"a.json": document(ALLOWED, client="a"), "deep/b.json": document(ALLOWED, client="b")})
    (server.root / "map/a.json").symlink_to("..data/a.json")
    (server.root / "map/deep").symlink_to("..data/deep")
    with server, open(server.root / "open.json", "r+b", buffering=0) as file:
        for number, origin in ((2, MORE), (4, OTHER)):
            configmap(server, str(number), {"a.json": document(origin, client="a"),
                                            "deep/b.json": document(origin, client="b")})
            shutil.rmtree(server.root / f"map/..{max(1, number - 2)}")
            file.seek(0)
            file.write(document(UNKNOWN, client=f"open{number}").encode())
            file.truncate()
            await_publication(server, number)
            httpd.wait_until(lambda n=number: f'clients added: "open{n}"' in server.log_text(), "what is kept open")
            assert publications(server) == number + 1


def test_many_documents_by_one_link_are_swapped_at_once():
    """More than are named one by one (64), each a link by way of `..data`: one generation has all of them."""
    names = [f"d{number:02}.json" for number in range(80)]
    lists = "".join(f'<Location "/p{n}">\nOcapiCorsSettings {" ".join("map/" + name for name in names[n:n + 16])}\n'
                    "</Location>\n" for n in range(0, 80, 16))
    server = httpd.Httpd(HOUR.replace("    OcapiCorsSettings ${DOCUMENTS}\n", lists), defines=NO_BACKEND)
    configmap(server, "1", {name: document(ALLOWED, client=name) for name in names})
    for name in names:
        (server.root / "map" / name).symlink_to(f"..data/{name}")
    with server:
        configmap(server, "2", {name: document(MORE, client=name) for name in names})
        await_publication(server, 2)
        server.wait_log(f"OCORS0024: more documents were read: {80 - 32}$")  # 32 have lines of their own


@pytest.mark.parametrize("name", ["new.json", "deep/er/new.json"])
def test_a_document_that_comes_back(front, name):
    """With its folders, made one by one: each is watched for while it is missing. The error is said once."""
    server = front(f"d.json {name}", {"d.json": document(ALLOWED), name: document(MORE, client="e")})
    path = server.root / name
    server.expect_log("OCORS0001: .*the file cannot be read")
    server.expect_log("OCORS0002: ")
    if path.parent == server.root:
        path.unlink()
    else:
        shutil.rmtree(server.root / "deep")
    await_publication(server, 2)
    check_allowed(server, MORE, True)  # the last good
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(UNKNOWN, client="e"))
    await_publication(server, 3)
    check_allowed(server, MORE, False)
    check_allowed(server, UNKNOWN, True)
    assert len(re.findall("OCORS0002", server.log_text())) == 1


def test_a_bad_document_is_said_once(front):
    """The last good policy stays; the fixed document comes into force."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.expect_log(r"OCORS0001: .*d\.json:1:\d+")
    server.expect_log("OCORS0002: ")
    by_rename(server.root / "d.json", b'{"clients": [')
    await_publication(server, 2)
    check_allowed(server, ALLOWED, True)
    by_rename(server.root / "d.json", document(MORE).encode())
    await_publication(server, 3)
    check_allowed(server, MORE, True)
    assert len(re.findall("OCORS0001", server.log_text())) == 1


def test_half_a_document_beside_a_whole_one(front):
    """What a writer keeps open is not read for the sake of another that is complete: no error, and both in the end."""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    server.allow_log("OCORS0019")  # where it takes long
    whole = document(MORE, UNKNOWN, client="e").encode()
    pause = threading.Event()  # never set
    with open(server.root / "e.json", "wb", buffering=0) as file:
        for at, byte in enumerate(whole):
            file.write(bytes([byte]))
            if at == 10:
                by_rename(server.root / "d.json", document().encode())
            pause.wait(0.02)
    httpd.wait_until(lambda: ask(server, "POST", "/x", UNKNOWN).status == 200, "the slow document is in force")
    check_allowed(server, ALLOWED, False)
    check_allowed(server, MORE, True)


@pytest.mark.parametrize("names", ["d.json e.json", "e.json d.json"])
def test_the_documents_of_a_policy_are_of_one_time(front, names):
    """A26: what changes while another document of the policy is read comes into force with it, in one generation. The
    watcher is stopped while it reads; if it has read everything by then, the next round shows it."""
    server = front(names, {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    watcher, rounds = server.await_watcher(), 0
    for first, second in 3 * [(OTHER, UNKNOWN), (ALLOWED, MORE)]:
        before, rounds = publications(server), rounds + 1
        beside = server.write("beside", document(second, client="e") + " " * 40_000_000)
        with Opens(beside) as opens:
            beside.rename(server.root / "e.json")
            opens.wait()
            os.kill(watcher, signal.SIGSTOP)
        by_rename(server.root / "d.json", document(first).encode())
        os.kill(watcher, signal.SIGCONT)
        for origin in (first, second):
            httpd.wait_until(lambda o=origin: ask(server, "GET", "/x", o).cors(), "both are in force")
        if publications(server) == before + 1:
            return
    raise AssertionError(f"two generations for one policy, {rounds} times")


def test_a_tree(front):
    """A site that is moved in, one that grows in place, a document that is replaced, a folder that goes and
    comes back."""
    server = front("", {f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one"),
                        f"ready/{SHOP}": document(MORE, client="two")}, config=TREE_HOUR)
    tree = server.root / "tree"

    def await_allowed(site, origin, is_allowed=True):
        httpd.wait_until(lambda: site_allows(server, site, origin) == is_allowed, f"{site} {origin} {is_allowed}")

    assert not site_allows(server, "Two", MORE)
    (server.root / "ready").rename(tree / "sites/Two")
    await_allowed("Two", MORE)
    by_rename(tree / "sites/Two" / SHOP, document(UNKNOWN, client="two").encode())
    await_allowed("Two", UNKNOWN)
    by_overwriting(tree / "sites/One" / SHOP, document(UNKNOWN, client="one").encode())
    await_allowed("One", UNKNOWN)
    (tree / "sites/Three" / SHOP).parent.mkdir(parents=True)
    (tree / "sites/Three" / SHOP).write_text(document(MORE, client="three"))
    await_allowed("Three", MORE)
    (tree / "sites/One").rename(server.root / "away")
    await_allowed("One", UNKNOWN, False)
    (server.root / "away").rename(tree / "sites/One")
    await_allowed("One", UNKNOWN)
    by_rename(tree / "sites/One" / SHOP, document(MORE, client="one").encode())
    await_allowed("One", MORE)
    by_rename(tree / SHOP, document(UNKNOWN, client="org").encode())
    await_allowed("-", UNKNOWN)


def test_a_tree_that_is_swapped_again():
    """A deployment by a link in the path of the tree."""
    server = httpd.Httpd(TREE_HOUR.replace("SettingsTree tree", "SettingsTree now"),
                         defines={"BACKEND": "http://127.0.0.1:1"},
                         files={f"v{n}/{SHOP}": document(ALLOWED, client=f"c{n}") for n in range(1, 4)})
    (server.root / "now").symlink_to("v1")
    with server:
        for number in (2, 3):
            (server.root / "next").symlink_to(f"v{number}")
            (server.root / "next").rename(server.root / "now")
            await_publication(server, number)


def test_other_files_of_the_folder_wake_nobody(front):
    """A neighbour's file gives no generation; the document's own, written after it, does."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    by_rename(server.root / "other.json", b"{")
    by_rename(server.root / "d.json", document(MORE).encode())
    await_publication(server, 2)
    assert publications(server) == 2


def test_changes_wait_for_no_settle_time(front):
    """A39: by the log's own times, two are in force within less than half a second: of many, for a busy machine."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    numbers = itertools.count(2)

    def is_quick():
        number = next(numbers)
        by_rename(server.root / "d.json", document(MORE, client=f"c{number}").encode())
        first, second = (datetime.datetime.strptime(re.match(r"\[(.*?)\]", server.wait_publication(n))[1],
                                                    "%a %b %d %H:%M:%S.%f %Y") for n in (number - 1, number))
        return (second - first).total_seconds() < 0.45

    httpd.wait_until(is_quick, "two changes that are quick")


def test_the_successor_of_a_watcher_is_told_too(front):
    """A restart's watcher, with what was changed before it watched."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.restart()
    by_rename(server.root / "d.json", document(MORE).encode())
    assert await_publication(server, 3)[0] == "timed reload"
    check_allowed(server, MORE, True)


def test_off_is_told_nothing(front):
    """ `OcapiCorsReload Off`: at a restart only; a server beside it shows that the change was to be told."""
    off = front("d.json", {"d.json": document(ALLOWED)}, config=CONFIG.replace("100ms", "Off"))
    beside = front(str(off.root / "d.json"), {})
    by_rename(off.root / "d.json", document(MORE).encode())
    await_publication(beside, 2)
    check_allowed(off, MORE, False)
    assert publications(off) == 1 and off.watcher() is None
    off.restart()
    assert await_publication(off, 2)[0] == "restart"
    check_allowed(off, MORE, True)


# ---- Folders ----

def await_allowed(server, site, origin, is_allowed=True):
    """A preflight, which needs no backend."""
    httpd.wait_until(lambda: bool(ask(server, "OPTIONS", f"/s/{site}/dw/shop/v19_1/x", origin, PREFLIGHT).cors())
                     == is_allowed, f"{site} {origin} {is_allowed}")


def organisation(*sites, config=TREE_HOUR, at="tree", **files):
    """A server, not started, of a tree with these sites, each of which lists MORE."""
    return httpd.Httpd(config, defines=NO_BACKEND, files={
        f"{at}/{SHOP}": document(ALLOWED, client="org"), **files,
        **{f"{at}/sites/{site}/{SHOP}": document(MORE, client=site) for site in sites}})


@pytest.mark.parametrize("ancestor", ["a", "a/b", "a/b/c"])
def test_an_ancestor_is_renamed_away_and_another_put_in_its_place(front, ancestor):
    """Each folder on the way of a document is watched, and again what took its place."""
    server = front("a/b/c/d.json", {"a/b/c/d.json": document(ALLOWED)})
    for number, origin in ((2, MORE), (3, UNKNOWN), (4, ALLOWED)):
        place = server.root / ancestor
        new = server.root / "new" / (server.root / "a/b/c/d.json").relative_to(place)
        new.parent.mkdir(parents=True)
        new.write_text(document(origin))
        place.rename(server.root / f"old{number}")
        (server.root / "new").rename(place)
        await_publication(server, number)
        check_allowed(server, origin, True)
    by_rename(server.root / "a/b/c/d.json", document(MORE).encode())
    await_publication(server, 5)
    check_allowed(server, MORE, True)


def test_an_ancestor_of_a_tree_is_swapped():
    """With all that is below it; and it is the new one's documents that are watched then."""
    with organisation("One", config=TREE_HOUR.replace("tree", "x/y/tree"), at="x/y/tree") as server:
        new = server.root / f"new/y/tree/sites/Two/{SHOP}"
        new.parent.mkdir(parents=True)
        new.write_text(document(UNKNOWN, client="two"))
        (server.root / f"x/y/tree/{SHOP}").parent.rename(server.root / "new/y/tree/ocapi-settings")
        (server.root / "x").rename(server.root / "old")
        (server.root / "new").rename(server.root / "x")
        await_allowed(server, "Two", UNKNOWN)
        await_allowed(server, "One", MORE, False)
        by_rename(server.root / f"x/y/tree/sites/Two/{SHOP}", document(MORE, client="two").encode())
        await_allowed(server, "Two", MORE)


@pytest.mark.parametrize("way", ["ln", "mv", "rename"])
def test_a_tree_behind_a_link_is_swapped(way):
    """`ln -sfn`, `mv -T`, rename(2): a deployment, twice; a site of the release in use is edited after each."""
    server = organisation("One", config=TREE_HOUR.replace("SettingsTree tree", "SettingsTree now"), at="v1")
    for release in ("v2", "v3"):
        shutil.copytree(server.root / "v1", server.root / release)
        (server.root / release / f"sites/One/{SHOP}").write_text(document(UNKNOWN, client=release))
        (server.root / release / "sites/One").rename(server.root / release / f"sites/{release}")
    now = server.root / "now"
    now.symlink_to("v1")
    with server:
        for release in ("v2", "v3"):
            if way == "ln":
                subprocess.run(["ln", "-sfn", release, now], check=True, timeout=20)
            else:
                (server.root / "next").symlink_to(release)
                if way == "mv":
                    subprocess.run(["mv", "-T", server.root / "next", now], check=True, timeout=20)
                else:
                    (server.root / "next").rename(now)
            await_allowed(server, release, UNKNOWN)
            await_allowed(server, "One", MORE, False)
            by_rename(now / f"sites/{release}/{SHOP}", document(OTHER, client=release).encode())
            await_allowed(server, release, OTHER)


@pytest.mark.parametrize("is_linked", [False, True], ids=["plain", "linked"])
def test_a_site_is_renamed_in_and_out(is_linked):
    """And to another name, and exchanged with another: what is watched goes with the name, not with the folder."""
    server = organisation("One", "Two", at="real" if is_linked else "tree")
    if is_linked:
        (server.root / "tree").symlink_to("real")
    sites = server.root / "tree/sites"
    with server:
        for turn in range(2):
            (sites / "One").rename(server.root / "away")
            await_allowed(server, "One", MORE, False)
            (server.root / "away").rename(sites / "One")
            await_allowed(server, "One", MORE)
        (sites / "One").rename(sites / "Three")
        await_allowed(server, "Three", MORE)
        await_allowed(server, "One", MORE, False)
        by_rename(sites / f"Three/{SHOP}", document(UNKNOWN, client="three").encode())
        await_allowed(server, "Three", UNKNOWN)
        (sites / "Two").rename(server.root / "away")
        (sites / "Three").rename(sites / "Two")
        (server.root / "away").rename(sites / "Three")
        await_allowed(server, "Two", UNKNOWN)
        await_allowed(server, "Three", MORE)
        for name, origin in (("Two", OTHER), ("Three", OTHER)):
            by_rename(sites / name / SHOP, document(origin, client="new").encode())
            await_allowed(server, name, origin)


def test_a_site_that_was_listed_is_renamed():
    """The names in a folder of a site without documents are watched; they are by its new name as well."""
    with organisation("One", **{"tree/sites/Empty/notes.txt": "x"}) as server:
        sites = server.root / "tree/sites"
        for name, last in (("First", "Empty"), ("Second", "First"), ("Third", "Second")):
            (sites / last).rename(sites / name)
            (sites / name / "ocapi-settings").mkdir()
            (sites / name / SHOP).write_text(document(UNKNOWN, client="late"))
            await_allowed(server, name, UNKNOWN)
            shutil.rmtree(sites / name)
            await_allowed(server, name, UNKNOWN, False)
            (sites / name).mkdir()
        server.check_log()


def test_a_site_that_is_written_and_moved_at_once():
    """A document that was complete and is gone again is none that is missed: no error is said."""
    with organisation("One") as server:
        old, new = server.root / "tree/sites/One", server.root / "tree/sites/Two"
        for _ in range(5):
            by_rename(old / SHOP, document(UNKNOWN, client="c").encode())
            old.rename(new)
            await_allowed(server, new.name, UNKNOWN)
            await_allowed(server, old.name, UNKNOWN, False)
            old, new = new, old


def test_the_folders_of_a_site_come_and_go():
    """`ocapi-settings`, `sites` and the tree: what is missed is said, and what comes back is in force."""
    with organisation("One") as server:
        for number, name in enumerate(("tree/sites/One/ocapi-settings", "tree/sites", "tree")):
            server.expect_log("OCORS0001: .*(cannot be read|cannot be listed|not a directory)")
            server.expect_log("OCORS0002: ")
            (server.root / name).rename(server.root / "away")
            httpd.wait_until(lambda: any("OCORS0002" in line.text for line in server.log_lines()), "it is missed")
            await_allowed(server, "One", MORE)
            (server.root / "away").rename(server.root / name)
            by_rename(server.root / f"tree/sites/One/{SHOP}", document(MORE, UNKNOWN, client=f"c{number}").encode())
            await_allowed(server, "One", UNKNOWN)
            by_rename(server.root / f"tree/sites/One/{SHOP}", document(MORE, client=f"c{number}").encode())
            await_allowed(server, "One", UNKNOWN, False)
            server.check_log()


def test_an_empty_folder_of_sites_is_replaced():
    """Empty, it has no sites, and no error is said (its twin, that it is gone, is above); what took its place is
    watched."""
    with organisation("One") as server:
        sites = server.root / "tree/sites"
        by_rename(sites / f"One/{SHOP}", document(UNKNOWN, client="one").encode())
        await_allowed(server, "One", UNKNOWN)  # all is watched
        for number in range(3):
            (server.root / "new").mkdir()
            sites.rename(server.root / f"old{number}")
            (server.root / "new").rename(sites)
            await_allowed(server, "One", UNKNOWN, False)
            site = server.root / "ready" / SHOP
            site.parent.mkdir(parents=True)
            site.write_text(document(UNKNOWN, client=f"one{number}"))
            (server.root / "ready").rename(sites / "One")
            await_allowed(server, "One", UNKNOWN)


def test_a_tree_by_rsync():
    """Thrice as many sites as are named one by one: changed, new and removed, and no error."""
    names = [f"Site{n}" for n in range(200)]
    with organisation(*names) as server:
        next_tree = server.root / "next"
        shutil.copytree(server.root / "tree", next_tree)
        for name in names[:150]:
            (next_tree / f"sites/{name}/{SHOP}").write_text(document(UNKNOWN, client="new"))
        for name in names[150:]:
            (next_tree / f"sites/{name}").rename(next_tree / f"sites/New{name}")
        subprocess.run(["rsync", "--archive", "--delete", f"{next_tree}/", f"{server.root}/tree/"], check=True,
                       timeout=60)
        for name in (*names[0:150:30], names[149]):
            await_allowed(server, name, UNKNOWN)
        for name in names[150::10]:
            await_allowed(server, "New" + name, MORE)
            await_allowed(server, name, MORE, False)


# ---- Writers ----

def test_a_file_that_its_writer_keeps_open(front):
    """ "a file that a writer keeps open needs two equal looks": a neighbour's change does not read it as it is."""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    beside = server.root / "beside-d.json"
    beside.write_bytes(document(OTHER).encode())
    with open(server.root / "e.json", "r+b", buffering=0) as file:
        file.write(b"[")
        beside.rename(server.root / "d.json")
        # Written to again and again, it is not equal at two looks.
        httpd.wait_until(lambda: file.write(b" ") and ask(server, "GET", "/x", OTHER).cors(), "the neighbour is in force")
        file.seek(0)
        file.write(document(UNKNOWN, client="e").encode())
        file.truncate()
    httpd.wait_until(lambda: ask(server, "GET", "/x", UNKNOWN).cors(), "what was closed is in force")


def test_a_touched_document_gives_no_generation(front):
    """Its change time is another: it is read, and nothing is new (A36)."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    for number in (2, 3):
        os.utime(server.root / "d.json")
        assert "generation 1 (timed reload): unchanged: " in server.wait_publication(number)


def test_a_queue_that_overflows(front):
    """More happens than the kernel remembers, while the watcher stands still: nothing is lost, and it goes on."""
    server = front("", {f"tree/sites/{site}/{SHOP}": document(ALLOWED, client=site) for site in ("One", "Two")}, config=TREE_HOUR)
    limit = int(open("/proc/sys/fs/inotify/max_queued_events").read())
    one, two = (server.root / f"tree/sites/{site}" / SHOP for site in ("One", "Two"))
    by_rename(one, document(OTHER, client="One").encode())
    await_publication(server, 2)  # it is watched
    watcher = server.await_watcher()
    os.kill(watcher, signal.SIGSTOP)
    try:
        for number in range(limit // 2 + 2):  # two events each
            path = two.with_name(f"filler{number % 2}")
            path.touch()
            path.unlink()
        by_rename(two, document(UNKNOWN, client="Two").encode())
    finally:
        os.kill(watcher, signal.SIGCONT)
    await_publication(server, 3)
    assert site_allows(server, "Two", UNKNOWN)
    by_rename(one, document(MORE, client="One").encode())
    await_publication(server, 4)
    assert site_allows(server, "One", MORE)


def test_what_changes_while_nobody_watches(front):
    """The watcher that comes after one that died finds it at its first look."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.expect_log("OCORS0017: the process that watches the documents ended")
    old = server.await_watcher()
    os.kill(old, signal.SIGSTOP)
    by_rename(server.root / "d.json", document(MORE).encode())
    os.kill(old, signal.SIGKILL)
    await_publication(server, 2)
    check_allowed(server, MORE, True)
