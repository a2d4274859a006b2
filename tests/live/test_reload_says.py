# SPDX-License-Identifier: Apache-2.0
"""What a start, a restart and a timed reload say: what came and went, nothing where nothing is new, and names of a
tree that nothing reads (A35 to A37)."""

import json
import re
import shutil

import pytest

import httpd
from cors import ALLOWED, UNKNOWN, ask
from test_notify import HOUR, NO_BACKEND, TREE_HOUR, await_allowed, by_rename, organisation
from test_reload import MORE, SHOP, await_publication, document

DATA = SHOP.replace("shop", "data")
KINDS = ["timed", "restart"]


def origins(*numbers):
    return [("Origin", f"https://o{number}.example") for number in numbers]


def clients(**listed):
    """client id = numbers of its origins"""
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": client, "allowed_origins": [o[1] for o in origins(*numbers)]}
        for client, numbers in listed.items()]})


def changes(server):
    """What OCORS0024 has said since the test began, without the server's folder."""
    return [line.text.partition("OCORS0024: ")[2].replace(f"{server.root}/", "")
            for line in server.log_lines() if "OCORS0024: " in line.text]


def await_changes(server, kind, *wanted):
    """Publishes what was written, and compares what is said of it, in whatever order."""
    if kind == "restart":
        server.restart()
    httpd.wait_until(lambda: len(changes(server)) >= len(wanted), f"{wanted}, not {changes(server)}")
    assert sorted(changes(server)) == sorted(wanted)
    assert {line.level for line in server.log_lines() if "OCORS0024: " in line.text} <= {"notice"}
    server.begin_test()


def start(kind, config, files):
    """Without a timed reload where restarts are asked; with events else."""
    return httpd.Httpd(config.replace("1h", "Off") if kind == "restart" else config, files=files,
                       defines={**NO_BACKEND, "DOCUMENTS": "d.json e.json"})


@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_is_not_said_to_be_in_force(kind):
    """A26, A35: of two documents of a list one is bad, and the other changes: the policy stays whole, and the log says
    that the change waits. When both are good, it says what came."""
    with start(kind, HOUR, {"d.json": clients(a=[1]), "e.json": clients(e=[])}) as server:
        server.expect_log("OCORS0001: .*e.json")
        server.expect_log("OCORS0002: .*e.json")
        by_rename(server.root / "e.json", b"{")
        by_rename(server.root / "d.json", clients(a=[1, 2]).encode())
        await_changes(server, kind, "d.json: this document was read, and is not in force: its policies wait for "
                      "another document")
        by_rename(server.root / "e.json", clients(e=[3]).encode())
        await_changes(server, kind, 'd.json: origins added: https://o2.example (client "a")',
                      'e.json: origins added: https://o3.example (client "e")')


@pytest.mark.parametrize("kind", KINDS)
def test_origins_and_clients_that_came_and_went(kind):
    """A35: Field case 3.4: "the line names what came and went (bounded)"; what stays is not named."""
    with start(kind, HOUR, {"d.json": clients(a=[1, 2], b=[1]), "e.json": clients(e=[])}) as server:
        assert changes(server) == []  # a start has nothing to compare
        by_rename(server.root / "d.json", clients(a=[1], b=[1]).encode())
        await_changes(server, kind, 'd.json: origins removed: https://o2.example (client "a")')
        by_rename(server.root / "d.json", clients(a=[1], b=[1, 3]).encode())
        await_changes(server, kind, 'd.json: origins added: https://o3.example (client "b")')
        by_rename(server.root / "d.json", clients(a=[1], c=[3]).encode())
        await_changes(server, kind, 'd.json: clients added: "c"; clients removed: "b"; '
                      'origins added: https://o3.example (client "c"); '
                      'origins removed: https://o1.example (client "b"), https://o3.example (client "b")')
        by_rename(server.root / "d.json", clients(c=[3], a=[1]).encode() + b"\n")  # the same in another order
        if kind == "restart":
            server.restart()
        await_publication(server, 5)
        assert changes(server) == []
        by_rename(server.root / "e.json", clients(e=range(100, 120), **{f"x{n}": [] for n in range(10, 30)}).encode())
        if kind == "restart":
            server.restart()
        await_publication(server, 6)
        line = httpd.wait_until(lambda: changes(server), "the bounded line")[0]
        match = re.fullmatch(r'e\.json: clients added: ((?:"x\d+"(?:, )?){8}) and 12 more; origins added: '
                             r'((?:https://o1\d\d\.example \(client "e"\)(?:, )?){8}) and 12 more', line)
        assert match and len(changes(server)) == 1, line


@pytest.mark.parametrize("kind", KINDS)
def test_sites_that_came_and_went(kind):
    """Field case 3.4: a site renamed is one that went and one that came; at an event's look, one after the other."""
    files = {f"tree/{SHOP}": clients(org=[1]), **{f"tree/sites/{site}/{SHOP}": clients(s=[2]) for site in "AB"}}
    with start(kind, TREE_HOUR, files) as server:
        sites = server.root / "tree/sites"
        (sites / "A").rename(sites / "C")
        now = f"tree/sites/C/{SHOP}: this document is now in force: clients: 1; origins: 1"
        if kind == "restart":
            await_changes(server, kind, "tree: sites added: C; sites removed: A", now)
        else:  # what is found by the first look is said in one line
            for said in ("sites added: C", "sites removed: A", now):
                httpd.wait_until(lambda text=said: text in "\n".join(changes(server)), said)
            server.begin_test()
        shutil.rmtree(sites / "C")
        await_changes(server, kind, "tree: sites removed: C")
        (server.root / "new").mkdir()
        for number in range(10, 50):
            path = server.root / f"new/N{number}/{SHOP}"
            path.parent.mkdir(parents=True)
            path.write_text(clients(s=[2]))
        (sites / "B").rename(server.root / "new/B")
        sites.rename(server.root / "old")
        (server.root / "new").rename(sites)
        if kind == "restart":
            server.restart()
        await_allowed(server, "N49", origins(2)[0])
        httpd.wait_until(lambda: any("documents were read" in line for line in changes(server)), "the last line")
        said = changes(server)
        assert "tree: sites added: " + ", ".join(f"N{n}" for n in range(10, 18)) + " and 32 more" in said
        assert "more documents were read: 9" in said  # a line of sites, 31 of documents, and this one
        assert len(said) == 33 and not any("removed" in line for line in said)


def test_sites_of_a_removed_site_are_bounded():
    """Sites that went, more than a line holds."""
    names = [f"S{number}" for number in range(10, 40)]
    with organisation(*names) as server:
        (server.root / "away").mkdir()
        for name in names[5:]:
            (server.root / f"tree/sites/{name}").rename(server.root / f"away/{name}")
        await_allowed(server, "S39", MORE, False)
        said = " ".join(httpd.wait_until(lambda: changes(server), "what went"))
        assert "tree: sites removed: S15, " in said and re.search(r" and \d+ more", said)


def test_the_last_of_many_sites_goes():
    """A29, A35: 64 are left, for which an array has room."""
    names = [f"S{number:02}" for number in range(65)]
    with organisation(*names) as server:
        (server.root / "tree/sites/S64").rename(server.root / "away")
        await_changes(server, "timed", "tree: sites removed: S64")


@pytest.mark.parametrize("kind", KINDS)
def test_a_reload_that_failed_is_no_new_generation(kind):
    """A36: Field case 3.3: "no new generation; `unchanged`". The mended document gives the next one."""
    with start(kind, HOUR, {"d.json": clients(a=[1]), "e.json": clients(e=[2])}) as server:
        server.expect_log("OCORS0001: .*d.json:1:")
        server.expect_log("OCORS0002: .*d.json: this document cannot be used; 1 policy uses it and keeps its previous "
                          "version")
        by_rename(server.root / "d.json", b"{")
        if kind == "restart":
            server.restart()
        assert re.search(r"generation 1 \([a-z ]+\): unchanged: ", server.wait_publication(2))
        digest = await_publication(server, 1)[1]
        assert await_publication(server, 2)[1] == digest and changes(server) == []
        by_rename(server.root / "d.json", clients(a=[3]).encode())
        await_changes(server, kind, 'd.json: origins added: https://o3.example (client "a"); '
                      'origins removed: https://o1.example (client "a")')
        line = server.wait_publication(3)
        assert "generation 2 (" in line and "unchanged" not in line


def test_a_restart_that_changed_nothing_is_no_new_generation():
    """ "a reload that changed nothing does not call itself a new generation": graceful or not, and twice."""
    with start("restart", HOUR, {"d.json": clients(a=[1]), "e.json": clients(e=[2])}) as server:
        for number, graceful in ((2, True), (3, False), (4, True)):
            server.restart(graceful=graceful)
            assert "generation 1 (restart): unchanged: " in server.wait_publication(number)
        by_rename(server.root / "e.json", clients(e=[3]).encode())
        server.restart()
        assert "generation 2 (restart): 2 documents" in server.wait_publication(5)


# ---- Names that nothing reads ----

GOOD = {f"tree/{SHOP}": clients(org=[1]), f"tree/sites/A/{SHOP}": clients(a=[2])}
MISPLACED = {  # path below the tree, and what was meant
    "sites/New/ocapi-settings/wapi_shop_config.JSON": "wapi_shop_config.json",
    "sites/New/wapi_data_config.json": "ocapi-settings/wapi_data_config.json",
    "sites/New/ocapi_settings/wapi_shop_config.json": "ocapi-settings",
}


def misplaced(text):
    return re.findall(r"OCORS0025: (\S+): nothing reads this name; was (\S+) meant\?", text)


def said_of(server):
    return [(path.replace(f"{server.root}/tree/", ""), meant)
            for line in server.log_lines() if line.level == "warn" for path, meant in misplaced(line.text)]


def named(name):
    """What the warning names: the first wrong part of a path."""
    return name if "ocapi_settings" not in name else name.rpartition("/")[0]


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_name_is_told_at_configtest_and_at_a_start(name):
    """A37: Field case 3.5: "a warning with the path", once; a restart does not say it again."""
    files = {**GOOD, f"tree/{name}": clients(n=[3])}
    status, output = httpd.configtest(TREE_HOUR, files=files, defines=NO_BACKEND)
    assert status == 0, output
    wanted = [(named(name), MISPLACED[name])]
    assert [(path.partition("/tree/")[2], meant) for path, meant in misplaced(output)] == wanted
    server = httpd.Httpd(TREE_HOUR, files=files, defines=NO_BACKEND)
    server.expect_log("OCORS0025: ")
    with server:
        assert said_of(server) == wanted
        server.check_log()
        server.begin_test()
        server.restart()
        by_rename(server.root / f"tree/sites/A/{SHOP}", clients(a=[4]).encode())
        await_publication(server, 3)
        assert said_of(server) == []


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_name_is_told_while_the_server_runs(name):
    """Once, though other sites change; put right, it is in force."""
    with httpd.Httpd(TREE_HOUR, files=GOOD, defines=NO_BACKEND) as server:
        server.wait_log("OCORS0007: generation 1")
        by_rename(server.root / f"tree/sites/A/{SHOP}", clients(a=[5]).encode())
        await_publication(server, 2)  # a first look is over
        server.expect_log("OCORS0025: ")
        path = server.write(f"tree/{name}", clients(n=[3]))
        httpd.wait_until(lambda: said_of(server), "it is told")
        for number in (6, 7):
            by_rename(server.root / f"tree/sites/A/{SHOP}", clients(a=[number]).encode())
            await_allowed(server, "A", origins(number)[0])
        assert said_of(server) == [(named(name), MISPLACED[name])]
        right = server.root / "tree/sites/New/ocapi-settings" / path.name.lower()
        right.parent.mkdir(exist_ok=True)
        path.rename(right)
        if "data" in name:
            shutil.copy(right, right.with_name("wapi_shop_config.json"))
        await_allowed(server, "New", origins(3)[0])


def test_a_misplaced_name_in_a_site_that_is_in_force():
    """A37: it is told of a site that has no document at all. One that has a document was judged when it came."""
    files = {**GOOD, "tree/sites/Empty/version.txt": ""}
    with httpd.Httpd(TREE_HOUR, files=files, defines=NO_BACKEND) as server:
        server.wait_log("OCORS0007: generation 1")
        by_rename(server.root / f"tree/sites/A/{SHOP}", clients(a=[5]).encode())
        await_publication(server, 2)  # a first look is over
        server.expect_log("OCORS0025: ")
        server.write("tree/sites/A/wapi_data_config.json", clients(n=[3]))
        server.write("tree/sites/Empty/wapi_shop_config.json", clients(n=[3]))
        httpd.wait_until(lambda: said_of(server), "it is told")
        by_rename(server.root / f"tree/sites/A/{SHOP}", clients(a=[6]).encode())
        await_allowed(server, "A", origins(6)[0])
        assert said_of(server) == [("sites/Empty/wapi_shop_config.json", "ocapi-settings/wapi_shop_config.json")]


def test_the_folder_of_the_sites_has_another_name():
    """`site/` for `sites/`: the organisation's lists apply, and it is told."""
    files = {f"tree/{SHOP}": clients(org=[1]), f"tree/site/A/{SHOP}": clients(a=[2])}
    status, output = httpd.configtest(TREE_HOUR, files=files, defines=NO_BACKEND)
    assert status == 0 and [m for _, m in misplaced(output)] == ["sites"] and "/tree/site: " in output, output


@pytest.mark.parametrize("files", [
    {f"tree/sites/A/{SHOP}~": "{"}, {f"tree/sites/A/ocapi-settings/.wapi_shop_config.json": "{"},
    {f"tree/{SHOP}.sample": "{"}, {"tree/sites/A/ocapi-settings/wapi_meta_config.json": "{}"},
    {"tree/sites/A/preferences.xml": "<x/>", "tree/version.txt": "1"}, {f"tree/{DATA}": clients(d=[1])}],
    ids=["backup", "hidden", "sample", "other", "archive", "both"])
def test_no_misplaced_name(files):
    """The twins: beside a document, another version of it is nothing that was meant."""
    status, output = httpd.configtest(TREE_HOUR, files={**GOOD, **files}, defines=NO_BACKEND)
    assert status == 0 and misplaced(output) == [], output
