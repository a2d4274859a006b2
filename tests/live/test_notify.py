# SPDX-License-Identifier: Apache-2.0
"""A change that the system tells of is in force without a look at the clock: here the clock's looks are an hour
apart (DESIGN 5 "a changed file ... where the system tells of changes", field case 5.3)."""

import functools
import re
import shutil
import threading

import pytest

import httpd
from cors import ALLOWED, PREFLIGHT, UNKNOWN, ask
from test_reload import (CONFIG, MORE, SHOP, TREE, await_generation, by_overwriting, check_allowed, configmap,
                         document, front as start_documents, generations, site_allows)

HOUR = CONFIG.replace("100ms", "1h")
DEFAULT = CONFIG.replace("OcapiCorsReload 100ms\n", "")
TREE_HOUR = TREE.replace("100ms", "1h")


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


def by_folder(path, content):
    """The folder of the document is replaced by another."""
    folder = path.parent.with_name("next")
    folder.mkdir()
    (folder / path.name).write_bytes(content)
    path.parent.rename(path.parent.with_name(f"old{content.count(b' ')}"))
    folder.rename(path.parent)


@pytest.mark.parametrize("config", [HOUR, DEFAULT], ids=["hour", "default"])
@pytest.mark.parametrize("way", [by_rename, by_overwriting, by_link, by_folder])
def test_a_document_is_replaced(front, way, config):
    """Again and again: what took a document's place is watched as well."""
    server = front("place/d.json", {"place/d.json": document(ALLOWED)}, config=config)
    for number in range(2, 6):
        origins = [MORE] if number % 2 == 0 else [ALLOWED]
        way(server.root / "place/d.json", (document(*origins) + " " * number).encode())
        await_generation(server, number)
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
        await_generation(server, 2)
        response = ask(server, "OPTIONS", "/x", MORE, PREFLIGHT)
        assert response.one("Access-Control-Allow-Origin") == MORE[1]


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
            await_generation(server, number)
        assert generations(server) == [1, 2, 3]


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
    await_generation(server, 2)
    check_allowed(server, MORE, True)  # the last good
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(UNKNOWN, client="e"))
    await_generation(server, 3)
    check_allowed(server, MORE, False)
    check_allowed(server, UNKNOWN, True)
    assert len(re.findall("OCORS0002", server.log_text())) == 1


def test_a_bad_document_is_said_once(front):
    """The last good policy stays; what is mended is in force."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.expect_log(r"OCORS0001: .*d\.json:1:\d+")
    server.expect_log("OCORS0002: ")
    by_rename(server.root / "d.json", b'{"clients": [')
    await_generation(server, 2)
    check_allowed(server, ALLOWED, True)
    by_rename(server.root / "d.json", document(MORE).encode())
    await_generation(server, 3)
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
            await_generation(server, number)


def test_other_files_of_the_folder_wake_nobody(front):
    """A neighbour's file gives no generation; the document's own, written after it, does."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    by_rename(server.root / "other.json", b"{")
    by_rename(server.root / "d.json", document(MORE).encode())
    await_generation(server, 2)
    assert generations(server) == [1, 2]


def test_the_successor_of_a_watcher_is_told_too(front):
    """A restart's watcher, with what was changed before it watched."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.restart()
    by_rename(server.root / "d.json", document(MORE).encode())
    assert await_generation(server, 3)[0] == "timed reload"
    check_allowed(server, MORE, True)


def test_off_is_told_nothing(front):
    """ `OcapiCorsReload Off`: at a restart only; a server beside it shows that the change was to be told."""
    off = front("d.json", {"d.json": document(ALLOWED)}, config=CONFIG.replace("100ms", "Off"))
    beside = front(str(off.root / "d.json"), {})
    by_rename(off.root / "d.json", document(MORE).encode())
    await_generation(beside, 2)
    check_allowed(off, MORE, False)
    assert generations(off) == [1] and off.watcher() is None
    off.restart()
    assert await_generation(off, 2)[0] == "restart"
    check_allowed(off, MORE, True)
