# SPDX-License-Identifier: Apache-2.0
"""The timed reload: what changes on disk is in force at the next request, and no edit stops the server, opens
the policy or empties it (A26 to A33)."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import threading

import pytest

import httpd
from cors import ALLOWED, PREFLIGHT, UNKNOWN, ask, check, check_preflight, check_refused, granted
from debugger import Debugger

MORE = ("Origin", "https://more.example")
PUBLISHED = r"OCORS0007: generation (\d+) \(([a-z ]+)\): .* digest ([0-9a-f]{64});"

CONFIG = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettings ${DOCUMENTS}
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
"""


def document(*origins, client="c", **more):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": client, "allowed_origins": [o[1] for o in origins], **more}]})


@pytest.fixture
def front(start_httpd, backend):
    """start(documents, files...): a server that looks every 100 ms."""
    def start(documents, files, config=CONFIG, **keywords):
        return start_httpd(config, files=files, defines={"DOCUMENTS": documents, "BACKEND": backend.url},
                           **keywords)
    return start


def await_publication(server, number):
    """Waits for the publication of this number, from 1, and returns (occasion, digest). One that says nothing new
    is of the same generation (A36)."""
    return re.search(PUBLISHED, server.wait_publication(number)).groups()[1:]


def published(server):
    return [m for m in map(re.compile(PUBLISHED).search, server.log_text().splitlines()) if m]


def publications(server):
    """How many there were; generations never go back."""
    numbers = [int(m[1]) for m in published(server)]
    assert numbers == sorted(numbers)
    return len(numbers)


def check_allowed(server, origin, is_allowed):
    check(ask(server, "GET", "/x", origin), 200, granted(origin) if is_allowed else set())
    if is_allowed:
        check(ask(server, "POST", "/x", origin), 200, granted(origin))
    else:
        check_refused(ask(server, "POST", "/x", origin))


def test_a_file_that_replaces_another(front):
    """A12: "an edit is found, parsed and published": `mv` over the file; back and forth."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    assert publications(server) == 1
    for number in range(2, 6):
        origins = [ALLOWED, MORE] if number % 2 == 0 else [ALLOWED]
        server.write("d.json", document(*origins))
        assert await_publication(server, number)[0] == "timed reload"
        check_allowed(server, ALLOWED, True)
        check_allowed(server, MORE, MORE in origins)
    assert publications(server) == 5


def test_nothing_is_read_where_nothing_changes(front):
    """An unchanged file is not parsed again, and gives no new generation."""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    server.write("other.json", "{")
    server.write("e.json", document(MORE, UNKNOWN, client="e"))
    await_publication(server, 2)  # by now there were looks that found nothing
    assert publications(server) == 2
    check_allowed(server, UNKNOWN, True)


def test_the_digest_tells_what_is_loaded(front):
    """A34: Fleet: the same documents give the same digest, wherever they lie and whenever they were written."""
    one, two = document(ALLOWED), document(ALLOWED, MORE)
    first = front("d.json", {"d.json": one})
    second = front("other/place.json", {"other/place.json": two})
    digest = await_publication(first, 1)[1]
    other = await_publication(second, 1)[1]
    assert digest != other
    second.write("other/place.json", one)
    assert await_publication(second, 2) == ("timed reload", digest)
    second.write("other/place.json", two)
    assert await_publication(second, 3) == ("timed reload", other)
    assert digest == hashlib.sha256(b"\npolicy:" + hashlib.sha256(one.encode()).digest()).hexdigest()


BAD = {
    "syntax": (b'{"clients": [', r"d\.json:1:\d+"),
    "wildcard": (document(("", "*")).encode(), r"wildcard"),
    "empty": (b"", r"d\.json"),
    "nul": (b"\0" * 64, r"d\.json"),
}


# No document changes for 500 ms before any is read: the first step alone is not seen.
TWO_STEPS = ("directory", "unreadable link")


@pytest.mark.parametrize("kind", [*BAD, "gone", *TWO_STEPS])
@pytest.mark.parametrize("is_graceful", [False, True], ids=["timed", "graceful"])
def test_a_bad_edit_keeps_the_last_good_policy(front, kind, is_graceful):
    """A26: "the last good policy stays in force, whole, and the error is logged once per change"."""
    config = CONFIG.replace("100ms", "Off" if is_graceful else "500ms" if kind in TWO_STEPS else "100ms")
    server = front("g.json d.json", {"g.json": document(MORE, client="g"), "d.json": document(ALLOWED)}, config)
    path = server.root / "d.json"
    content, pattern = BAD.get(kind, (None, "cannot be read|not a regular file"))
    server.expect_log(pattern)
    server.expect_log("OCORS0002: .*d.json: this document cannot be used; .* previous version")
    if content is not None:
        server.write("d.json", content)
    else:
        path.unlink()
        if kind == "directory":
            path.mkdir()
        elif kind == "unreadable link":
            path.symlink_to(server.root / "nowhere")
    if is_graceful:
        server.restart()
    await_publication(server, 2)
    for origin, is_allowed in ((ALLOWED, True), (MORE, True), (UNKNOWN, False)):
        check_allowed(server, origin, is_allowed)
    # The other document changes: the policy stays whole, and the error has been said.
    server.write("g.json", document(client="g"))
    if is_graceful:
        server.restart()
    await_publication(server, 3)
    for origin, is_allowed in ((ALLOWED, True), (MORE, True), (UNKNOWN, False)):
        check_allowed(server, origin, is_allowed)
    assert len(re.findall("OCORS0002", server.log_text())) == 1
    # The fixed documents are in force, both of them.
    if kind == "directory":
        path.rmdir()
    server.write("d.json", document(ALLOWED, UNKNOWN))
    if is_graceful:
        server.restart()
    await_publication(server, 4)
    for origin, is_allowed in ((ALLOWED, True), (MORE, False), (UNKNOWN, True)):
        check_allowed(server, origin, is_allowed)


def by_tool(*command):
    """A way to replace a file by a command that is given the new file and the old one."""
    def replace(path, content):
        new = path.with_name("new-" + path.name)
        new.write_bytes(content)
        subprocess.run([*command, new, path], check=True, timeout=20)
    return replace


def by_overwriting(path, content):
    """In place, without a moment at which the file is empty; as some editors and tools do."""
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()


def by_removal(path, content):
    path.unlink()
    path.write_bytes(content)


# rsync would take files of one size and second for the same; --checksum looks.
AT_ONCE = {"mv": by_tool("mv"), "rsync": by_tool("rsync", "--checksum")}
IN_STEPS = {"cp": by_tool("cp"), "rsync in place": by_tool("rsync", "--checksum", "--inplace"),
            "ln -s": by_tool("ln", "-sf"), "overwriting": by_overwriting, "removal": by_removal}
WAYS = AT_ONCE | IN_STEPS


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_replace_a_file(front, way):
    """Each gives the old or the new policy, nothing between, and no error."""
    interval = "100ms" if way in AT_ONCE else "500ms"  # so long it is still before it is read
    server = front("d.json", {"d.json": document(ALLOWED)}, CONFIG.replace("100ms", interval))
    for number in range(2, 5):
        origins = [MORE] if number % 2 == 0 else [ALLOWED]
        # Trailing space, so that sizes differ.
        WAYS[way](server.root / "d.json", (document(*origins) + " " * (number * 7 % 20)).encode())
        await_publication(server, number)
        check_allowed(server, MORE, MORE in origins)
        check_allowed(server, ALLOWED, ALLOWED in origins)


def test_a_file_of_the_same_size_and_age(front):
    """The inode and the change time tell, where size and modification time do not."""
    server = front("d.json", {"d.json": document(("Origin", "http://aaa.com"))})
    path = server.root / "d.json"
    before = path.stat()
    beside = path.with_name("beside")
    beside.write_text(document(("Origin", "http://bbb.com")))
    os.utime(beside, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert beside.stat().st_size == before.st_size
    beside.rename(path)
    await_publication(server, 2)
    check_allowed(server, ("Origin", "http://bbb.com"), True)
    check_allowed(server, ("Origin", "http://aaa.com"), False)


def configmap(server, version, files):
    """As the kubelet publishes a ConfigMap: a new folder, then `..data` renamed over."""
    folder = server.root / "map" / f"..{version}"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    link = server.root / "map" / "..data_tmp"
    link.symlink_to(f"..{version}")
    link.rename(server.root / "map" / "..data")


def test_a_configmap_is_swapped(front):
    """Symlink swaps: both documents change at once, in one generation."""
    server = httpd.Httpd(CONFIG, defines={"DOCUMENTS": "map/a.json map/b.json", "BACKEND": "http://127.0.0.1:1"})
    configmap(server, "1", {"a.json": document(ALLOWED, client="a"), "b.json": document(MORE, client="b")})
    for name in ("a.json", "b.json"):
        (server.root / "map" / name).symlink_to(f"..data/{name}")
    with server:
        configmap(server, "2", {"a.json": document(client="a"), "b.json": document(UNKNOWN, client="b")})
        await_publication(server, 2)
        assert publications(server) == 2
        for origin in (ALLOWED, MORE):
            check_refused(ask(server, "POST", "/x", origin))
        check_preflight(ask(server, "OPTIONS", "/x", ALLOWED, PREFLIGHT), False)
        assert ask(server, "OPTIONS", "/x", UNKNOWN, PREFLIGHT).one("Access-Control-Allow-Origin") == UNKNOWN[1]


TREE = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree tree
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
"""
SHOP = "ocapi-settings/wapi_shop_config.json"


def site_allows(server, site, origin):
    return bool(ask(server, "GET", f"/s/{site}/dw/shop/v19_1/x", origin).cors())


def test_a_tree_grows_and_shrinks(front):
    """Directories of a tree too, new and removed sites included."""
    server = front("", {f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one")}, TREE)
    assert not site_allows(server, "Two", MORE) and site_allows(server, "One", MORE)
    server.write(f"tree/sites/Two/{SHOP}", document(MORE, client="two"))
    await_publication(server, 2)
    assert site_allows(server, "Two", MORE) and site_allows(server, "One", MORE)
    (server.root / "tree/sites/One").rename(server.root / "tree/elsewhere")
    await_publication(server, 3)
    assert site_allows(server, "Two", MORE) and not site_allows(server, "One", MORE)
    assert site_allows(server, "One", ALLOWED)  # the organisation's
    (server.root / "tree/elsewhere").rename(server.root / "tree/sites/Three")
    await_publication(server, 4)
    assert site_allows(server, "Three", MORE) and not site_allows(server, "One", MORE)
    server.write(f"tree/{SHOP}", document(UNKNOWN, client="org"))
    await_publication(server, 5)
    for site in ("One", "Two", "Three", "-"):
        assert site_allows(server, site, UNKNOWN) and not site_allows(server, site, ALLOWED)


def test_a_tree_that_is_swapped_whole(front):
    """A deployment that renames a new tree into the place of the old one."""
    server = httpd.Httpd(TREE.replace("SettingsTree tree", "SettingsTree now"),
                         defines={"BACKEND": "http://127.0.0.1:1"},
                         files={f"v1/{SHOP}": document(ALLOWED), f"v2/{SHOP}": document(MORE),
                                f"v2/sites/New/{SHOP}": document(UNKNOWN, client="new")})
    (server.root / "now").symlink_to("v1")
    with server:
        (server.root / "next").symlink_to("v2")
        (server.root / "next").rename(server.root / "now")
        await_publication(server, 2)
        for site, origin, is_allowed in (("-", ALLOWED, False), ("-", MORE, True), ("New", UNKNOWN, True)):
            response = ask(server, "OPTIONS", f"/s/{site}/dw/shop/v19_1/x", origin, PREFLIGHT)
            assert bool(response.one("Access-Control-Allow-Origin")) == is_allowed


def test_a_file_that_never_rests_holds_up_no_other(front):
    """A revocation does not wait for a neighbour's file; that is judged when it is still. (What is said of such a
    file, and how often: test_promises.py.)"""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    server.allow_log("OCORS0019: .*/e.json: the file changes all the time")
    is_over, churn = threading.Event(), 0

    def write():
        nonlocal churn
        while not is_over.wait(0.01):
            server.write("e.json", document(MORE, UNKNOWN, client="e") + " " * (churn % 9))
            churn += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        server.write("d.json", document())
        httpd.wait_until(lambda: ask(server, "POST", "/x", ALLOWED).status == 401, "the revocation is in force", 60)
        check_allowed(server, MORE, True)
    finally:
        is_over.set()
        writer.join()
    httpd.wait_until(lambda: ask(server, "POST", "/x", UNKNOWN).status == 200, "the other is in force, too", 60)


def test_two_versions_are_never_mixed(front):
    """A swap that comes while documents are read, at a restart: all are of one version. The first document is so
    large that the swap comes while it is parsed."""
    server = httpd.Httpd(CONFIG.replace("100ms", "Off"), defines={"DOCUMENTS": "map/a.json map/b.json",
                                                                 "BACKEND": "http://127.0.0.1:1"})
    def version(number):
        origins = [("Origin", f"https://{n}.v{number}.example") for n in range(60000)]
        configmap(server, number, {"a.json": document(*origins, client="a"),
                                   "b.json": document(("Origin", f"https://b.v{number}.example"), client="b")})
    version(1)
    for name in ("a.json", "b.json"):
        (server.root / "map" / name).symlink_to(f"..data/{name}")
    with server:
        for number in range(2, 6):
            version(number)
            swap = threading.Timer(0.03 * number, version, [number + 10])
            swap.start()
            server.restart()
            swap.join()
            allowed = [(doc, v) for doc in ("0", "b") for v in (number, number + 10)
                       if ask(server, "OPTIONS", "/x", ("Origin", f"https://{doc}.v{v}.example"),
                              PREFLIGHT).one("Access-Control-Allow-Origin")]
            assert [doc for doc, _ in allowed] == ["0", "b"] and len({v for _, v in allowed}) == 1, allowed


def test_the_same_tree_in_two_sections(front):
    """One tree, whoever names it; sites that cannot be listed do not become more."""
    config = TREE + """
        <VirtualHost *:${PORT2}>
            OcapiCors On
            OcapiCorsSettingsTree tree
        </VirtualHost>"""
    server = front("", {f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one")}, config, ports=2)
    assert ", 2 sites," in server.wait_publication(1)
    server.expect_log("OCORS0001: .*the sites cannot be listed")
    server.expect_log("OCORS0001: .*the file cannot be read")
    server.expect_log("OCORS0002: ")
    (server.root / "tree/sites").rename(server.root / "tree/hidden")
    assert ", 2 sites," in server.wait_publication(2)
    server.write(f"tree/{SHOP}", document(UNKNOWN, client="org"))
    assert ", 2 sites," in server.wait_publication(3)
    assert site_allows(server, "One", MORE) and not site_allows(server, "One", UNKNOWN)  # kept, whole
    assert len(re.findall("the sites cannot be listed", server.log_text())) == 1


def test_a_start_is_followed_by_no_generation(front):
    """What the configuration names in whatever order is what the first looks find."""
    config = TREE.replace("OcapiCors On", """OcapiCors On
        <Location "/z">
            OcapiCorsSettings z.json
        </Location>""").replace("    OcapiCorsSettingsTree tree\n", "") + """
        <Location "/s">
            OcapiCorsSettingsTree tree
        </Location>"""
    server = front("", {"z.json": document(MORE, client="z"), f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one")}, config)
    server.write(f"tree/sites/One/{SHOP}", document(UNKNOWN, client="one"))
    await_publication(server, 2)
    assert publications(server) == 2 and site_allows(server, "One", UNKNOWN)


def test_no_documents_no_watcher(start_httpd):
    """A module that is loaded and not used has no process."""
    server = start_httpd("")
    assert server.watcher() is None and len(server.children()) == 1


def test_a_folder_of_sites_that_cannot_be_listed(front):
    """No reason to forget a site; said once."""
    server = front("", {f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one")}, TREE)
    sites = server.root / "tree/sites"
    server.expect_log("OCORS0001: .*the sites cannot be listed")
    server.expect_log("OCORS0001: .*the file cannot be read")
    server.expect_log("OCORS0002: ")
    sites.rename(server.root / "tree/hidden")
    sites.symlink_to(server.root / "nowhere")
    await_publication(server, 2)
    assert site_allows(server, "One", MORE)
    for number in range(2, 6):  # told beside it: at once, and, of a file that is kept open, at the look after
        server.write(f"tree/{SHOP}", document(ALLOWED, client=f"org{number}"))
        await_publication(server, 2 * number - 1)
        with open(server.root / f"tree/{SHOP}", "r+b", buffering=0) as file:
            file.write(document(UNKNOWN, client=f"org{number}").encode())
            await_publication(server, 2 * number)
    sites.unlink()
    (server.root / "tree/hidden").rename(sites)
    await_publication(server, 11)
    assert site_allows(server, "One", MORE)
    assert len(re.findall("the sites cannot be listed", server.log_text())) == 1


def test_an_error_of_a_tree_is_said_once(front):
    """A26: whatever other errors come and go meanwhile, and again after it was put right."""
    server = front("", {f"tree/{SHOP}": document(ALLOWED, client="org"),
                        f"tree/sites/One/{SHOP}": document(MORE, client="one")}, TREE)
    for pattern in ("sites/A: this site leads nowhere", "sites/B: this site leads nowhere"):
        server.expect_log(pattern)
    sites = server.root / "tree/sites"

    def await_said(*wanted):
        def said():
            return [len(re.findall(f"sites/{name}: this site leads nowhere", server.log_text())) for name in "AB"]
        httpd.wait_until(lambda: sum(said()) >= sum(wanted), f"{wanted}")
        assert said() == [*wanted]

    (sites / "A").symlink_to("nowhere")
    await_said(1, 0)
    (sites / "B").symlink_to("nowhere")
    await_said(1, 1)
    (sites / "A").unlink()
    server.wait_log("OCORS0024: .*sites removed: A")
    await_said(1, 1)
    (sites / "A").symlink_to("nowhere")
    await_said(2, 1)


def test_off_means_at_restarts_only(front):
    """A12: `OcapiCorsReload Off`: no process looks; a restart does."""
    server = front("d.json", {"d.json": document(ALLOWED)}, CONFIG.replace("100ms", "Off"))
    assert server.watcher() is None and len(server.children()) == 1
    server.write("d.json", document(MORE))
    check_allowed(server, MORE, False)
    server.restart()
    check_allowed(server, MORE, True)
    assert await_publication(server, 2)[0] == "restart"


def test_the_watcher_that_dies_is_replaced(front):
    """ "no edit can stop the server": its successor goes on from what is in force."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    for number in range(2, 5):
        old = server.await_watcher()
        server.expect_log("OCORS0017: the process that watches the documents ended")
        os.kill(old, signal.SIGKILL)
        server.await_watcher(old)
        origins = [MORE] if number % 2 == 0 else [ALLOWED]
        server.write("d.json", document(*origins))
        await_publication(server, number)
        check_allowed(server, MORE, MORE in origins)
        check_allowed(server, ALLOWED, ALLOWED in origins)


def test_a_file_that_is_being_written(front):
    """Half a document, for as long as it takes: the old policy, and no error; it is judged when it is still."""
    server = front("d.json", {"d.json": document(ALLOWED)}, CONFIG.replace("100ms", "1s"))  # still for 500 ms
    server.allow_log("OCORS0019")  # where it takes long
    is_over, answers = threading.Event(), []

    def write():
        with open(server.root / "d.json", "wb", buffering=0) as file:
            for byte in document(MORE).encode():
                file.write(bytes([byte]))
                if is_over.wait(0.03):
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while writer.is_alive():
            answers.append(ask(server, "POST", "/x", ALLOWED))
    finally:
        is_over.set()
        writer.join()
    for response in answers[:-1]:
        check(response, 200, granted(ALLOWED))
    await_publication(server, 2)
    check_allowed(server, MORE, True)
    assert publications(server) == 2


@pytest.mark.parametrize("mode, how", [("-DFOREGROUND", signal.SIGWINCH), ("-DFOREGROUND", signal.SIGTERM),
                                       ("-DFOREGROUND", signal.SIGKILL), ("-X", signal.SIGTERM),
                                       ("-X", signal.SIGINT)])
@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_the_watcher_ends_with_its_parent(mpm, mode, how, backend):
    """A server that stops, or is killed, leaves nothing behind, and is not held up; neither is one that is a
    single process, which gives up its rights, and with them that to end the watcher."""
    with httpd.Httpd(CONFIG, mpm=mpm, mode=mode, files={"d.json": document(ALLOWED)},
                     defines={"DOCUMENTS": "d.json", "BACKEND": backend.url}) as server:
        server.write("d.json", document(MORE))
        await_publication(server, 2)
        check_allowed(server, MORE, True)
        watcher = server.await_watcher()
        server.await_idle()
        workers = server.children()
        server.process.send_signal(how)
        server.process.wait(20)
        httpd.wait_until(lambda: not os.path.exists(f"/proc/{watcher}"), "the watcher has ended")
        for pid in workers:  # httpd's own outlive a parent that is killed
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def held_watcher(server):
    """The pid of a watcher that is not gone when it is killed, as one that waits for a file system that does not
    answer: a debugger holds what is left of it."""
    debugger = Debugger(server, server.await_watcher())
    try:
        yield debugger.pid
    finally:
        debugger.release()


def test_a_watcher_that_cannot_be_ended_holds_up_nothing(backend):
    """ "no edit of a JSON file can stop the server", and no disk that hangs: a restart and a stop go on without
    the old watcher, and a new one is at work."""
    with httpd.Httpd(CONFIG, files={"d.json": document(ALLOWED)},
                     defines={"DOCUMENTS": "d.json", "BACKEND": backend.url}) as server:
        server.allow_log("long lost child came home")
        with held_watcher(server) as old:
            server.restart()
            server.write("d.json", document(MORE))
            await_publication(server, 3)
            check_allowed(server, MORE, True)
        server.await_watcher(old)
        server.await_idle()
        with held_watcher(server):
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(20)


def test_a_stopped_watcher_is_ended_too(front):
    """Else it would publish again what has been replaced, once it goes on."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    old = server.await_watcher()
    os.kill(old, signal.SIGSTOP)
    server.restart()
    server.await_watcher(old)
    assert not os.path.exists(f"/proc/{old}")


def test_a_restart_takes_what_a_timed_reload_published(front):
    """Unchanged documents are not read again at a restart either, and publications count on."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    server.write("d.json", document(MORE))
    await_publication(server, 2)
    server.restart()
    assert await_publication(server, 3)[0] == "restart"
    check_allowed(server, MORE, True)
    server.write("d.json", document(UNKNOWN))
    await_publication(server, 4)
    check_allowed(server, UNKNOWN, True)
    check_allowed(server, MORE, False)


def test_response_headers_come_and_go(front):
    """What a request without Origin gets changes too."""
    server = front("d.json", {"d.json": document(ALLOWED)})
    ask_named = lambda: server.request("GET", "/x?client_id=c").one("X-Policy")
    assert ask_named() is None
    server.write("d.json", document(ALLOWED, response_headers={"x-policy": "two"}))
    await_publication(server, 2)
    assert ask_named() == "two"
    server.write("d.json", document(ALLOWED))
    await_publication(server, 3)
    assert ask_named() is None
