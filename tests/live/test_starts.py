# SPDX-License-Identifier: Apache-2.0
"""What a start, or an upgrade by a restart, must not do by accident: take the organisation's list for a site's, because
of what the folders look like at the second reading or where a link leads nowhere; end with 0 and leave no
server; close every policy for one bad document (A14, A24)."""

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import httpd
from cors import ALLOWED, OTHER, ask
from everybody import for_everybody
from test_signals import AT_THE_SECOND_READING

SHOP = "ocapi-settings/wapi_shop_config.json"
CONFIG = """
OcapiCorsReload ${RELOAD}
OcapiCorsBadDocument ${POLICY}
OcapiCors On
OcapiCorsSettingsTree "${ROOT}/tree"
"""
PATH = "/s/A/dw/shop/v19_1/x"


def document(**clients):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": client, "allowed_origins": origins}
                                                 for client, origins in clients.items()]})


# At site A, nobody may do what the organisation allows.
FILES = {f"tree/{SHOP}": document(org=[ALLOWED[1]]), f"tree/sites/A/{SHOP}": document(org=[], a=[OTHER[1]])}


def server_of(policy="Refuse", reload="Off", config=CONFIG, files=FILES, **keywords):
    return httpd.Httpd(config, files=files, defines={"POLICY": policy, "RELOAD": reload}, **keywords)


def allowed(server, path=PATH):
    return {o for o in (ALLOWED, OTHER) if ask(server, "GET", path, o).one("Access-Control-Allow-Origin")}


def leads_nowhere(path):
    path.symlink_to("nowhere")


def is_a_file(path):
    path.write_text("no folder")


BROKEN = pytest.mark.parametrize("how", [leads_nowhere, is_a_file])


def break_place(server, how):
    place = server.root / "tree/sites/A/ocapi-settings"
    place.rename(server.root / "away")
    how(place)


@BROKEN
def test_a_site_whose_settings_lead_nowhere_refuses_a_start(how):
    """A dangling document does, and so does a dangling folder of it."""
    server = server_of()
    break_place(server, how)
    with pytest.raises(httpd.HttpdFailed, match=f"httpd ended with 1(?s:.)*sites/A/{SHOP}: error: the file cannot be read"):
        server.start()
    server.stop_after_failure()


@BROKEN
def test_a_site_whose_settings_lead_nowhere_is_denied(how):
    server = server_of("Deny", "100ms")
    break_place(server, how)
    with server:
        server.allow_log(r": OcapiCorsSettingsTree: |^OcapiCorsBadDocument Deny: |OCORS000[13]: ")
        assert allowed(server) == set()
        assert allowed(server, "/s/B/dw/shop/v19_1/x") == {ALLOWED}
        (server.root / "tree/sites/A/ocapi-settings").unlink()
        (server.root / "away").rename(server.root / "tree/sites/A/ocapi-settings")
        server.wait_publication(2, "timed reload")
        assert allowed(server) == {OTHER}


DATA = SHOP.replace("shop", "data")


@pytest.mark.parametrize("is_restarted", [False, True], ids=["look", "restart"])
@pytest.mark.parametrize("target", ["nowhere", "ocapi-settings"])
@pytest.mark.parametrize("folder, changed, path", [("tree", f"tree/sites/A/{SHOP}", PATH),
                                                   ("tree/sites/A", f"tree/{DATA}", PATH.replace("shop", "data"))])
def test_what_nobody_could_tell_for_a_while_is_not_missed_for_ever(folder, changed, path, target, is_restarted):
    """While a folder of documents leads nowhere, all that it may have is missed, also what it never had. When it is
    right again, that is not missed any more, and changes of the other documents are in force (A26, A29)."""
    files = {changed: document(a=[OTHER[1]]), f"tree/sites/A/{SHOP}": document(a=[OTHER[1]])}
    with server_of(reload="100ms", files=files) as server:
        server.allow_log(r"OCORS000[123]: ")
        place, away = server.root / folder / "ocapi-settings", server.root / "away"
        if place.exists():
            place.rename(away)
        place.symlink_to(target)
        if is_restarted:
            server.restart()
        server.wait_log(f"OCORS0001: .*{folder}/ocapi-settings/wapi_")
        assert allowed(server, path) == {OTHER}
        place.unlink()
        if away.exists():
            away.rename(place)
        server.write(changed, document(a=[ALLOWED[1]]))
        httpd.wait_until(lambda: allowed(server, path) == {ALLOWED}, "the changed document is in force")


@pytest.mark.parametrize("is_restarted", [False, True], ids=["look", "restart"])
@pytest.mark.parametrize("added, changed, path", [(f"tree/{SHOP}", f"tree/sites/A/{SHOP}", PATH),
                                                  (f"tree/sites/A/{DATA}", f"tree/{DATA}", PATH.replace("shop", "data"))])
def test_a_document_that_never_was_good_is_removed_again(added, changed, path, is_restarted):
    """It has no last good version to keep: the others are what they were before it came, and their changes are in
    force (A26, A29)."""
    files = {changed: document(a=[OTHER[1]]), f"tree/sites/A/{SHOP}": document(a=[OTHER[1]])}
    with server_of(reload="100ms", files=files) as server:
        server.allow_log(r"OCORS000[123]: ")
        server.write(added, "{")
        if is_restarted:
            server.restart()
        server.wait_log(f"OCORS0001: .*{added}:1:2: ")
        assert allowed(server, path) == {OTHER}
        (server.root / added).unlink()
        if is_restarted:
            server.restart()
        server.write(changed, document(a=[ALLOWED[1]]))
        httpd.wait_until(lambda: allowed(server, path) == {ALLOWED}, "the changed document is in force")


def test_a_site_without_settings_has_the_organisations():
    """The twin."""
    with server_of() as server:
        (server.root / "tree/sites/B").mkdir()
        server.restart()
        assert allowed(server, "/s/B/dw/shop/v19_1/x") == {ALLOWED}
        assert allowed(server) == {OTHER}


@pytest.mark.parametrize("name", [f"tree/sites/A/{SHOP}", "tree/sites/A/ocapi-settings", "tree/sites/A", "tree/sites", "tree"])
@pytest.mark.parametrize("reload", ["Off", "100ms"])
def test_a_tree_that_loses_something_between_the_two_readings(reload, name):
    """The start goes on by what was judged at the first; a site folder that is gone is gone at the first look."""
    server = server_of(reload=reload, config=CONFIG + 'LoadFile "${ROOT}/swap.so"\n')
    text = AT_THE_SECOND_READING.replace("%(root)s/two.json", "%(root)s/away").replace("next.json", name)
    source = server.write("swap.c", text % {"root": server.root})
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(server.root / "swap.so"), str(source)], check=True)
    with server:
        assert (server.root / "away").exists()
        if reload != "Off":
            server.allow_log(r"OCORS000[12]: ")
            server.wait_publication(2, "timed reload")
        assert allowed(server) == ({ALLOWED} if name == "tree/sites/A" and reload != "Off" else {OTHER})


@pytest.mark.parametrize("mode", ["-k start", "-DFOREGROUND"])
def test_a_start_without_memory_fails_where_it_is_seen(mode):
    """At the second reading, `httpd -k start` has ended with 0 already."""
    server = server_of(config=CONFIG + "OcapiCorsCacheSize 900000G\n", mode=mode)
    with pytest.raises(httpd.HttpdFailed, match="httpd ended with 1:\nOCORS0008: the system has no shared memory of 966367641600000 bytes"):
        server.start()
    server.stop_after_failure()


def test_a_site_that_becomes_a_file_keeps_its_policy():
    """Section 3: "the last good policy stays in force, whole"; a file that was never a site is none."""
    with server_of(reload="100ms") as server:
        server.expect_log(r"OCORS0001: .*sites/A: this site leads nowhere, is not a folder")
        server.expect_log(r"OCORS000[123]: .*sites/A/")
        server.write("tree/sites/README", "no site")
        site = server.root / "tree/sites/A"
        site.rename(server.root / "away")
        site.write_text("a file")
        server.wait_log(r"OCORS0001: .*sites/A: ")
        assert allowed(server) == {OTHER}
        site.unlink()
        (server.root / "away").rename(site)
        server.expect_log("OCORS0026: .*sites/A/")  # and allows nothing then
        server.write(f"tree/sites/A/{SHOP}", document(org=[]))
        httpd.wait_until(lambda: allowed(server) == set(), "the site has its new document")


def test_images_of_another_module_are_not_kept():
    """After an upgrade by `apachectl graceful` no image that is in force can be read. What a bad document is for
    allows nothing then; the other documents are read, and come into force."""
    config = CONFIG.replace("Tree", "") .replace("tree", "one.json") + """
        <Location "/two">
            OcapiCorsSettings "${ROOT}/two.json"
        </Location>"""
    server = server_of(config=config, files={"one.json": document(c=[ALLOWED[1]]),
                                             "two.json": document(c=[OTHER[1]])})
    new = server.module
    with open(new, "rb") as file:
        old = file.read()
    assert old.count(b"ocorsimg") > 1
    server.module = server.write("old.so", old.replace(b"ocorsimg", b"ocorsxmg"))
    with server:
        assert (allowed(server, "/one"), allowed(server, "/two")) == ({ALLOWED}, {OTHER})
        server.expect_log(r"OCORS0001: .*two\.json")
        server.expect_log(r"OCORS0003: .*two\.json")
        server.expect_log("OCORS0009: a document's image in shared memory is damaged; the document is read again")
        server.write("two.json", "{")
        server.module = new
        server.defines["RELOAD"] = "100ms"  # and not before: the old module must not see the bad document
        server.restart()
        assert (allowed(server, "/one"), allowed(server, "/two")) == ({ALLOWED}, set())
        server.write("two.json", document(c=[OTHER[1]]))
        server.wait_publication(3, "timed reload")
        assert (allowed(server, "/one"), allowed(server, "/two")) == ({ALLOWED}, {OTHER})


def test_a_restart_that_loads_the_module():
    """A24, A28: `a2enmod ocapi_cors && apachectl graceful`: the log says what is in force and each finding; a bad document
    stops nothing, and allows nothing."""
    config = CONFIG.replace("Tree", "").replace("tree", "one.json") + """
        <Location "/two">
            OcapiCorsSettings "${ROOT}/two.json"
        </Location>"""
    server = server_of(config="", module=False,
                       files={"one.json": document(c=[ALLOWED[1], "HTTPS://X.example/"]), "two.json": document(c=["*"])})
    with server:
        server.module = httpd.module_under_test()
        for line in (r"OCORS0001: .*two\.json:1:\d+: error: ", r"OCORS0003: .*two\.json: ", r"OCORS0004: .*one\.json:1:\d+: warning: ",
                     r"OCORS0007: generation 1 \(restart\): 2 documents, 1 clients, 2 origins"):
            server.expect_log(line)
        server.restart(config=config)
        assert (allowed(server, "/one"), allowed(server, "/two")) == ({ALLOWED}, set())


def test_a_restart_that_loads_the_module_and_has_no_memory():
    """A13: httpd ends and the log says why: it does not go on without the policies."""
    server = server_of(config="", module=False, files=FILES)
    with server:
        server.module = httpd.module_under_test()
        with pytest.raises(httpd.HttpdFailed, match=r"httpd ended at a restart:(?s:.)*:crit\].*OCORS0008: the system has no shared "
                                                    r"memory of 966367641600000 bytes"):
            server.restart(config=CONFIG + "OcapiCorsCacheSize 900000G\n")
        server.allow_log("OCORS0008|AH00020")


RETAINED = {"store": 0x6f637374, "counting": 0x6f636374}  # the magic numbers in src/httpd/reload


def retained_by_another_version(server, member):
    """Makes what the parent retains that of another version of the module. The magic number, the version, the size and
    the pool come first in every version; what follows is overwritten."""
    pid = server.process.pid
    regions = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ 00:00 0 +(?:\[heap\])?$", Path(f"/proc/{pid}/maps").read_text(), re.M)
    found = dict.fromkeys(RETAINED, 0)
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        for begin, end in ((int(begin, 16), int(end, 16)) for begin, end in regions):
            if end - begin > 1 << 28:
                continue  # a sanitizer's own
            memory.seek(begin)
            content = memory.read(end - begin)
            for name, magic in RETAINED.items():
                for at in (match.start() for match in re.finditer(re.escape(struct.pack("=I", magic)), content)):
                    version, size = struct.unpack_from("=IQ", content, at + 4)
                    changed = struct.pack("=IQ", version + (member == "version"), size + (member == "size"))
                    for offset, text in ((4, changed), (24, b"\x5a" * 8)):
                        memory.seek(begin + at + offset)
                        memory.write(text)
                    found[name] += 1
    assert found == dict.fromkeys(RETAINED, 1)


@pytest.mark.parametrize("member", ["version", "size"])
def test_what_another_version_retained_is_given_up(member):
    """A28: after an upgrade by `apachectl graceful` from a version whose memory cannot be read, the log says so, every
    document is read, a bad one allows nothing, and requests are counted from 0. The next restart finds its own memory."""
    config = CONFIG.replace("Tree", "").replace("tree", "one.json") + """
        <Location "/two">
            OcapiCorsSettings "${ROOT}/two.json"
        </Location>
        <Location "/status">
            OcapiCors Off
            SetHandler ocapi-cors-status
        </Location>"""
    server = server_of(config=config, files={"one.json": document(c=[ALLOWED[1]]), "two.json": document(c=[OTHER[1]])})

    def counted():
        rows = json.loads(ask(server, "GET", "/status", None).body)["requests"]
        return sum(row["count"] for row in rows if row["verdict"] != "none")

    with server:
        assert (allowed(server, "/one"), allowed(server, "/two"), counted()) == ({ALLOWED}, {OTHER}, 4)
        server.write("two.json", "{")
        retained_by_another_version(server, member)
        server.expect_log("OCORS0023: the policies in memory are of another version of this module")
        server.expect_log(r"OCORS0007: generation 1 \(restart\): ")
        server.expect_log(r"OCORS0001: .*two\.json")
        server.expect_log(r"OCORS0003: .*two\.json")
        server.restart()
        assert (allowed(server, "/one"), allowed(server, "/two"), counted()) == ({ALLOWED}, set(), 4)
        server.write("two.json", document(c=[OTHER[1]]))
        server.restart()
        assert (allowed(server, "/one"), allowed(server, "/two"), counted()) == ({ALLOWED}, {OTHER}, 8)
        assert server.log_text().count("OCORS0023") == 1


def test_the_number_of_errors_is_that_of_the_errors():
    """Of very many, some are shown, and all are counted."""
    config = 'OcapiCorsSettings "${ROOT}/one.json"\n'
    status, output = httpd.configtest(config, files={"one.json": document(**{f"c{n}": ["*"] for n in range(5000)})})
    assert status == 1 and 0 < output.count("error: clients[") < 5000
    assert "OcapiCorsBadDocument Refuse: 5000 errors, named above" in output, output[-500:]


@pytest.mark.parametrize("folder", ["tree/sites/A/ocapi-settings", "tree/sites/A", "tree/ocapi-settings"])
def test_a_folder_that_nobody_may_look_into_is_no_reason_to_take_it_for_empty(folder):
    """A24: documents that cannot be looked at are missed, and never taken for documents that are not there: the
    organisation's list would open a site that has another one. The twin may be looked into."""
    server = server_of()
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    server.module = for_everybody(server.module)
    command = server.command
    server.command = lambda *arguments: [*nobody, *command(*arguments)]
    try:
        for path, folders, names in os.walk(server.root):
            os.chmod(path, 0o755)
            for name in names:
                os.chmod(os.path.join(path, name), 0o644)
        status, output = server.configtest()
        assert status == 0, output
        os.chmod(server.root / folder, 0)
        status, output = server.configtest()
        assert status != 0 and f"{folder}" in output and "Permission denied" in output, output
    finally:
        os.chmod(server.root / folder, 0o755)
        shutil.rmtree(server.root)
