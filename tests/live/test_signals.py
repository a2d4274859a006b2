# SPDX-License-Identifier: Apache-2.0
"""A document never stops a signal: what a bad one does to each of httpd's commands, as httpd, apachectl, logrotate,
certbot and systemd give them (A14, A24 to A28, S17)."""

import json
import re
import subprocess

import pytest

import httpd
from cors import ALLOWED, OTHER, UNKNOWN, ask, check, check_refused, granted
from inotify import Opens

SHOP, DATA = "ocapi-settings/wapi_shop_config.json", "ocapi-settings/wapi_data_config.json"

CONFIG = """
OcapiCorsReload Off
OcapiCorsCacheSize ${SIZE}
OcapiCorsBadDocument ${POLICY}
<VirtualHost *:${PORT}>
    ServerName http://example.com:${PORT}
    OcapiCors On
    ProxyPass "/" "${BACKEND}/"
    <Location "/one">
        OcapiCorsSettings "${ROOT}/one.json"
    </Location>
    <Location "/two">
        OcapiCorsSettings "${ROOT}/two.json"
    </Location>
    <Location "/both">
        OcapiCorsSettings "${ROOT}/one.json" "${ROOT}/two.json"
    </Location>
    <Location "/s">
        OcapiCorsSettingsTree "${ROOT}/tree"
    </Location>
</VirtualHost>
"""


def document(*origins, client="c", padding=0):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": client, "allowed_origins": [
        *(o[1] for o in origins), *(f"https://padding-{n:06}.example" for n in range(padding))]}]})


FILES = {"one.json": document(ALLOWED, client="one"), "two.json": document(OTHER, client="two"),
         f"tree/{SHOP}": document(ALLOWED, client="org"), f"tree/sites/A/{SHOP}": document(OTHER, client="a"),
         f"tree/sites/A/{DATA}": document(OTHER, client="a"), f"tree/sites/B/{SHOP}": document(OTHER, client="b")}
PATHS = {"one.json": ["/one/x", "/both/x"], "two.json": ["/two/x", "/both/x"]}
TWO_ERRORS = '{"clients": [{"client_id": "two", "allowed_origins": ["*", "null"]}]}'
SIZE = "256K"  # room for FILES, and none for a document with PADDING
PADDING = 5000


def remove(server, name):
    (server.root / name).unlink()


def make_folder(server, name):
    remove(server, name)
    (server.root / name).mkdir()


def dangle(server, name):
    remove(server, name)
    (server.root / name).symlink_to("nowhere")


# What can become of the document two.json: how, and how each error of it is said.
HARMS = {
    "errors": (lambda server, name: server.write(name, TWO_ERRORS),
               [rf"two\.json:1:\d+: error: clients\[0\]\.allowed_origins\[{n}\]: " for n in (0, 1)]),
    "syntax": (lambda server, name: server.write(name, '{"clients": ['), [r"two\.json:1:\d+: error: "]),
    "empty": (lambda server, name: server.write(name, ""), [r"two\.json:1:1: error: "]),
    "missing": (remove, [r"two\.json: .*No such file"]),
    "folder": (make_folder, [r"two\.json: .*not a regular file"]),
    "dangling": (dangle, [r"two\.json: .*No such file"]),
    "too large": (lambda server, name: server.write(name, document(OTHER, client="two", padding=PADDING)),
                  [r"two\.json: this document does not fit: the policies need an OcapiCorsCacheSize of \d+, and it is 262144$"]),
}


def server_of(backend, policy="Refuse", config=CONFIG, files=FILES, size=SIZE, **keywords):
    return httpd.Httpd(config, files=files, defines={"BACKEND": backend.url, "POLICY": policy, "SIZE": size}, **keywords)


def told(output, *patterns):
    """Asserts that each pattern is told by one line, with the directive that names the document first."""
    lines = output.splitlines()
    for pattern in patterns:
        found = [line for line in lines if re.search(pattern, line)]
        assert len(found) == 1, (pattern, output)
        assert re.match(r"\S*/httpd\.conf:\d+: OcapiCorsSettings(Tree)?: \S*/", found[0]), found


def conf_line(server, text):
    """CONF:LINE of the first line of the configuration that has this text."""
    path = server.root / "httpd.conf"
    number = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)
    return f"{path}:{number}: "


def expect_kept(server):
    server.expect_log(r"OCORS0001: .*two\.json")
    server.expect_log(r"OCORS0002: .*two\.json: this document cannot be used; 2 policies .* previous version$")


def check_allows(server, path, *origins):
    """Of the origins that the documents name, these and no other are allowed."""
    for origin in (ALLOWED, OTHER, UNKNOWN):
        response = ask(server, "POST", path, origin)
        if origin in origins:
            check(response, 200, granted(origin))
        else:
            check_refused(response)


def check_all_is_in_force(server):
    check_allows(server, "/one/x", ALLOWED)
    check_allows(server, "/two/x", OTHER)
    check_allows(server, "/both/x", ALLOWED, OTHER)
    check_allows(server, "/s/A/dw/shop/v19_1/x", ALLOWED, OTHER)


# ---- The commands ----


def debian(server, verb):
    """What apache2ctl (apachectl) of Debian 12 runs; its stop and graceful-stop test nothing first."""
    if verb in ("restart", "graceful"):
        status, output = server.run("-t")
        if status != 0:
            return status, output
    return server.run("-k", verb)


def plain(server, verb):
    """httpd itself, and apachectl as httpd's own makes it (systemd's unit of RPM systems: httpd -k graceful)."""
    return server.run("-k", verb)


# Who gives which commands, one after the other, to a server that runs.
STOPS = {
    "httpd -k stop": [(plain, "stop")],
    "httpd -k graceful-stop": [(plain, "graceful-stop")],
    "apache2ctl stop": [(debian, "stop")],
    "systemd: ExecStop=apachectl graceful-stop": [(debian, "graceful-stop")],
}
RESTARTS = {
    "httpd -k restart": [(plain, "restart")],
    "httpd -k graceful, logrotate of RPM systems": [(plain, "graceful")],
}
TESTED_RESTARTS = {
    "apache2ctl restart": [(debian, "restart")],
    "logrotate: invoke-rc.d apache2 reload, systemd: ExecReload=apachectl graceful": [(debian, "graceful")],
}


def await_restart(server, number):
    server.wait_publication(number, "restart")
    httpd.wait_until(lambda: server._identity() is not None, "the server answers")


def give(server, commands):
    for how, verb in commands:
        status, output = how(server, verb)
        if status != 0:
            break
    return status, output


@pytest.mark.parametrize("mpm", httpd.MPMS)
@pytest.mark.parametrize("who", STOPS)
def test_a_server_whose_document_is_bad_is_stopped(backend, mpm, who):
    """A25: `httpd -k stop|graceful-stop` read no document, and end the server."""
    with server_of(backend, mpm=mpm) as server:
        server.write("two.json", TWO_ERRORS)
        server.await_idle()
        with Opens(*(server.root / name for name in FILES)) as opens:
            assert give(server, STOPS[who]) == (0, "")
            server.process.wait(20)
            assert set(opens.count().values()) == {0}


@pytest.mark.parametrize("mpm, harm", [("event", harm) for harm in HARMS] + [("worker", "syntax"), ("prefork", "missing")])
@pytest.mark.parametrize("who", RESTARTS)
def test_a_server_whose_document_is_bad_is_restarted(backend, mpm, harm, who):
    """A25, A26: `httpd -k restart|graceful`: "the last good policy stays in force, whole". The command opens
    no document. The server opens the one that has changed, once."""
    with server_of(backend, mpm=mpm) as server:
        if harm == "too large":  # of what does not fit, all stays as it was, as at any restart
            server.expect_log("OCORS0008: the policies need an OcapiCorsCacheSize of")
            server.expect_log("OCORS0015: generation 1 stays in force")
        else:
            expect_kept(server)
        HARMS[harm][0](server, "two.json")
        server.await_idle()
        watched = [name for name in FILES if (server.root / name).is_file()]
        with Opens(*(server.root / name for name in watched)) as opens:
            assert give(server, RESTARTS[who]) == (0, "")
            if harm == "too large":
                server.wait_log("OCORS0015")
                httpd.wait_until(lambda: server._identity() is not None, "the server answers")
            else:
                await_restart(server, 2)
            counts = opens.count()
        assert counts == {server.root / name: int(name == "two.json") for name in watched}
        check_all_is_in_force(server)


@pytest.mark.parametrize("who", TESTED_RESTARTS)
@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_apachectl_tests_first(backend, mpm, who):
    """Debian's runs `-t` before it signals: with Refuse it says every error and signals nobody."""
    with server_of(backend, mpm=mpm) as server:
        server.write("two.json", TWO_ERRORS)
        status, output = give(server, TESTED_RESTARTS[who])
        assert status == 1
        told(output, *HARMS["errors"][1])
        check_all_is_in_force(server)
        assert "OCORS0001" not in server.log_text()  # no signal came


@pytest.mark.parametrize("who", TESTED_RESTARTS)
@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_apachectl_goes_on_with_deny(backend, mpm, who):
    """The twin: logs are rotated, certificates renewed; what is in force stays."""
    with server_of(backend, "Deny", mpm=mpm) as server:
        expect_kept(server)
        server.write("two.json", TWO_ERRORS)
        server.await_idle()
        assert give(server, TESTED_RESTARTS[who]) == (0, "")
        await_restart(server, 2)
        check_all_is_in_force(server)


def test_logs_are_rotated_while_a_document_is_bad(backend):
    """As logrotate does: the file is renamed, then the server is told; what is logged afterwards is in a new file."""
    with server_of(backend) as server:
        server.write("two.json", TWO_ERRORS)
        server.await_idle()
        (server.root / "error.log").rename(server.root / "error.log.1")
        server.begin_test()
        expect_kept(server)
        assert plain(server, "graceful") == (0, "")
        await_restart(server, 1)  # of the new file
        assert "OCORS0007: generation 1 (restart): unchanged: " in (server.root / "error.log").read_text()


@pytest.mark.parametrize("tree", ["gone", "a file"])
def test_a_tree_that_is_no_folder_stops_no_signal(backend, tree):
    """ "a tree that is no directory": the same rules."""
    with server_of(backend) as server:
        server.expect_log(r"OCORS0001: .*/tree: this is not a directory")
        server.expect_log(r"OCORS000[12]: .*/tree/.*\.json")
        (server.root / "tree").rename(server.root / "away")
        if tree == "a file":
            server.write("tree", "{}")
        status, output = server.run("-t")
        assert status == 1
        told(output, "/tree: this is not a directory")
        server.await_idle()
        assert plain(server, "graceful") == (0, "")
        await_restart(server, 2)
        check_all_is_in_force(server)
        server.await_idle()
        assert plain(server, "stop") == (0, "")
        server.process.wait(20)


DUMPS = ["-S", "-M", "-V", "-L", "-t -D DUMP_VHOSTS", "-D DUMP_VHOSTS -t", "-t -D DUMP_RUN_CFG", "-t -D DUMP_MODULES",
         "-t -D DUMP_INCLUDES", "-D DUMP_MODULES", "-t -D DUMP_CERTS", "-t -D DUMP_CONFIG"]


@pytest.fixture(scope="module")
def unstarted(module_backend):
    """A server with a bad document that is not started, and its twin."""
    servers = {}
    for name, text in (("bad", TWO_ERRORS), ("good", FILES["two.json"])):
        servers[name] = server_of(module_backend, files=FILES | {"two.json": text}, modules=("ssl", "info"))
        servers[name]._write_config(httpd.free_ports(2))
    yield servers
    for server in servers.values():
        server.stop_after_failure()


@pytest.mark.parametrize("arguments", DUMPS)
def test_what_only_shows_reads_no_document(unstarted, arguments):
    """A25: "`-S`, `-M` and `-D DUMP_*` read no document and never fail for one"."""
    server = unstarted["bad"]
    with Opens(*(server.root / name for name in FILES)) as opens:
        status, output = server.run(*arguments.split())
        assert set(opens.count().values()) == {0}
    assert status == 0 and "two.json" not in output.replace("two.json\"", ""), output


@pytest.mark.parametrize("arguments", ["-t", "-t -D ANYTHING", "-D DUMP -t"])
def test_a_configuration_test_reads_each_document_once(unstarted, arguments):
    """The twin: each is judged, and a bad one fails the test."""
    for name, wanted in (("bad", 1), ("good", 0)):
        server = unstarted[name]
        with Opens(*(server.root / name for name in FILES)) as opens:
            status, output = server.run(*arguments.split())
            assert set(opens.count().values()) == {1}
        assert status == wanted, output
        if status == 1:
            told(output, *HARMS["errors"][1])
        else:
            assert output.splitlines()[-1] == "Syntax OK"


# ---- A start ----


@pytest.mark.parametrize("mode, mpm", [("-k start", mpm) for mpm in httpd.MPMS] + [("-DFOREGROUND", "event"), ("-X", "event")])
def test_a_start_judges_each_document_once(backend, mode, mpm):
    """httpd reads its configuration twice at a start, and documents once."""
    server = server_of(backend, mode=mode, mpm=mpm)
    with Opens(*(server.root / name for name in FILES)) as opens, server:
        assert opens.count() == {server.root / name: 1 for name in FILES}
        check_all_is_in_force(server)


@pytest.mark.parametrize("mode, mpm", [("-k start", mpm) for mpm in httpd.MPMS] + [("-DFOREGROUND", "event"), ("-X", "event")])
def test_a_start_is_refused_with_every_error(backend, mode, mpm):
    """A24, D2: Status 1, and every error on the terminal, not in a log: without -DFOREGROUND too."""
    server = server_of(backend, mode=mode, mpm=mpm, files=FILES | {
        "two.json": TWO_ERRORS, f"tree/sites/A/{DATA}": "[", f"tree/{SHOP}": ""})
    try:
        with pytest.raises(httpd.HttpdFailed, match="httpd ended with 1"):
            server.start()
        output = (server.root / "stderr.log").read_text()
        told(output, *HARMS["errors"][1], rf"/tree/sites/A/{DATA}:1:\d+: error: ", rf"/tree/{SHOP}:1:1: error: ")
        assert f'{conf_line(server, "two.json")}OcapiCorsSettings: {server.root}/two.json:1:' in output
        assert f'{conf_line(server, "SettingsTree")}OcapiCorsSettingsTree: {server.root}/tree/{SHOP}:1:1: ' in output
        assert "OcapiCorsBadDocument Refuse: 4 errors, named above; the configuration is refused" in output
        assert not (server.root / "run" / "httpd.pid").exists()
    finally:
        server.stop_after_failure()


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_cannot_be_used_refuses_a_start_and_a_test(backend, harm):
    how, patterns = HARMS[harm]
    server = server_of(backend, mode="-k start")
    try:
        how(server, "two.json")
        status, output = server.configtest()
        assert status == 1 and "Syntax OK" not in output, output
        told(output, *patterns)
        with pytest.raises(httpd.HttpdFailed, match="httpd ended with 1"):
            server.start()
        told((server.root / "stderr.log").read_text(), *patterns)
        for verb in ("restart", "graceful"):  # where no server runs, they start one
            status, output = server.run("-k", verb)
            assert status == 1 and "httpd not running, trying to start" in output
            told(output, *patterns)
    finally:
        server.stop_after_failure()


def test_errors_are_told_whatever_the_log_level(backend):
    """A configuration that logs emergencies alone has not asked for a silent end."""
    server = server_of(backend, mode="-k start", config=CONFIG + "LogLevel emerg ocapi_cors:emerg\n",
                       files=FILES | {"two.json": TWO_ERRORS})
    try:
        with pytest.raises(httpd.HttpdFailed, match="httpd ended with 1"):
            server.start()
        told((server.root / "stderr.log").read_text(), *HARMS["errors"][1])
    finally:
        server.stop_after_failure()


AT_THE_SECOND_READING = r"""
#include <stdio.h>
#include <unistd.h>
/* Loaded at each reading of the configuration: at the second, another document comes into place. */
__attribute__((constructor)) static void swap(void)
{
    if (access("%(root)s/seen", F_OK) == 0) {
        rename("%(root)s/next.json", "%(root)s/two.json");
    }
    else {
        fclose(fopen("%(root)s/seen", "w"));
    }
}
"""


@pytest.mark.parametrize("text", [TWO_ERRORS, document(UNKNOWN, client="two")], ids=["bad", "good"])
def test_a_document_that_changes_between_the_two_readings(backend, text):
    """The start has been accepted: it goes on by what was judged, and what came since is found as any change."""
    server = server_of(backend, mode="-k start", config=CONFIG.replace("Reload Off", "Reload 100ms")
                       + 'LoadFile "${ROOT}/swap.so"\n', files=FILES | {"next.json": text})
    source = server.write("swap.c", AT_THE_SECOND_READING % {"root": server.root})
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(server.root / "swap.so"), str(source)], check=True)
    with server:
        assert not (server.root / "next.json").exists()
        if text == TWO_ERRORS:
            expect_kept(server)
        server.wait_publication(1, "start")
        server.wait_publication(2, "timed reload")
        check_allows(server, "/two/x", OTHER if text == TWO_ERRORS else UNKNOWN)
        check_allows(server, "/one/x", ALLOWED)


# ---- OcapiCorsBadDocument Deny ----


def denied(server, *names):
    """Their errors are in the error log of a server that has started all the same."""
    for name in names:
        server.expect_log(rf"OCORS0001: .*{name}")
        server.expect_log(rf"OCORS0003: .*{name}: this document cannot be used; .* allows? nothing")


def check_allows_nothing(server, path):
    check_allows(server, path)
    check(ask(server, "GET", path, OTHER), 200, set())
    assert ask(server, "OPTIONS", path, OTHER, ("Access-Control-Request-Method", "POST")).cors() == []
    assert server.wait_log(rf'OCORS0010: refused: no-policy: origin "{OTHER[1]}", client "", POST "{path}"')
    check(ask(server, "POST", path, None), 200, set())
    host = f"example.com:{server.port}"
    check(ask(server, "POST", path, ("Origin", f"http://{host}"), host=host), 200, set())


@pytest.mark.parametrize("harm, mode, mpm", [(harm, "-k start", "event") for harm in HARMS]
                         + [("errors", "-k start", "worker"), ("syntax", "-k start", "prefork"),
                            ("too large", "-DFOREGROUND", "event"), ("missing", "-X", "event")])
def test_a_start_that_denies(backend, harm, mode, mpm):
    """A14: A reboot: "they tell every error and go on, and that policy allows nothing, reason `no-policy`; own
    requests pass"; the others are as ever."""
    how, patterns = HARMS[harm]
    server = server_of(backend, "Deny", mode=mode, mpm=mpm)
    how(server, "two.json")
    status, output = server.configtest()
    assert status == 0 and output.splitlines()[-1] == "Syntax OK", output
    told(output, *patterns)
    with server:
        denied(server, r"two\.json")
        output = (server.root / "stderr.log").read_text()
        told(output, *patterns)
        assert f"OcapiCorsBadDocument Deny: {len(patterns)} error" in output
        server.allow_log(r"^\S*/httpd\.conf:\d+: OcapiCorsSettings: |^OcapiCorsBadDocument Deny: ")
        for path in ("/two/x", "/both/x"):
            check_allows_nothing(server, path)
        check_allows(server, "/one/x", ALLOWED)
        check_allows(server, "/s/A/dw/shop/v19_1/x", ALLOWED, OTHER)


def mend(server, name, text):
    path = server.root / name
    if path.is_dir():
        path.rmdir()
    server.write(name, text)


@pytest.mark.parametrize("how_it_comes", ["timed reload", "restart"])
@pytest.mark.parametrize("harm", HARMS)
def test_a_later_good_document_comes_into_force(backend, harm, how_it_comes):
    """A14: "as at a reload"; and from then on it is the last good one."""
    config = CONFIG.replace("Reload Off", "Reload 500ms") if how_it_comes == "timed reload" else CONFIG
    server = server_of(backend, "Deny", config)
    HARMS[harm][0](server, "two.json")
    with server:
        denied(server, r"two\.json")
        server.allow_log(r"^\S*/httpd\.conf:\d+: OcapiCorsSettings: |^OcapiCorsBadDocument Deny: |OCORS0016: .*two\.json")
        check_allows(server, "/both/x")
        mend(server, "two.json", FILES["two.json"])
        if how_it_comes == "restart":
            server.restart()
        server.wait_publication(2, how_it_comes)
        check_all_is_in_force(server)
        server.expect_log(r"OCORS0002: .*two\.json: this document cannot be used; 2 policies .* previous version$")
        server.write("two.json", TWO_ERRORS)
        if how_it_comes == "restart":
            server.restart()
        server.wait_publication(3, how_it_comes)
        check_all_is_in_force(server)


def test_more_room_lets_a_document_in_that_was_too_large(backend):
    """At a restart with another OcapiCorsCacheSize, though its file is the same."""
    server = server_of(backend, "Deny", CONFIG.replace("${SIZE}", SIZE))
    HARMS["too large"][0](server, "two.json")
    with server:
        denied(server, r"two\.json")
        server.allow_log(r"^\S*/httpd\.conf:\d+: OcapiCorsSettings: |^OcapiCorsBadDocument Deny: ")
        check_allows(server, "/both/x")
        server.restart(config=server.config.replace(SIZE, "4M"))
        check_all_is_in_force(server)


def test_no_room_at_all_denies_all(backend):
    """Even what says that nothing is allowed has some size."""
    with server_of(backend, "Deny", size="1K", mode="-k start") as server:
        denied(server, r"one\.json", r"two\.json", r"tree/.*\.json")
        server.allow_log(r"^\S*/httpd\.conf:\d+: OcapiCorsSettings|^OcapiCorsBadDocument Deny: 6 errors|OCORS000[13]: ")
        for path in ("/one/x", "/two/x", "/both/x", "/s/A/dw/shop/v19_1/x"):
            check_allows(server, path)


ORG = "/dw/shop/v19_1/x"


def break_sites(server):
    (server.root / "tree/sites").rename(server.root / "away")
    server.write("tree/sites", "no folder")


def break_site(server):
    (server.root / "tree/sites/B").rename(server.root / "away")
    (server.root / "tree/sites/B").symlink_to("nowhere")


def mend_by_rename(name):
    def mend_it(server):
        (server.root / name).unlink(missing_ok=True)
        (server.root / "away").rename(server.root / name)
    return mend_it


def remove_tree(server):
    (server.root / "tree").rename(server.root / "away")


def bad_document(name):
    return lambda server: server.write(name, "["), lambda server: server.write(name, FILES[name])


A_ALL, B_ALL, ORG_ALL = {ALLOWED, OTHER}, {ALLOWED, OTHER}, {ALLOWED}
# What is wrong with the tree, how it is fixed, the error; who is allowed meanwhile for A shop, A data, B shop, the
# organisation's shop and that of a site without a folder.
TREE_HARMS = {
    "a site's document": (*bad_document(f"tree/sites/A/{SHOP}"), rf"sites/A/{SHOP}:1:\d+: ", [set(), {OTHER}, B_ALL, ORG_ALL, ORG_ALL]),
    "the organisation's document": (*bad_document(f"tree/{SHOP}"), rf"tree/{SHOP}:1:\d+: ", [set(), {OTHER}, set(), set(), set()]),
    "a site that leads nowhere": (break_site, mend_by_rename("tree/sites/B"), "sites/B: this site leads nowhere",
                                  [A_ALL, {OTHER}, set(), ORG_ALL, ORG_ALL]),
    "sites that cannot be listed": (break_sites, mend_by_rename("tree/sites"), "tree/sites: the sites cannot be listed",
                                    [set()] * 5),
    "no tree": (remove_tree, mend_by_rename("tree"), "/tree: this is not a directory", [set()] * 5),
}
TREE_PATHS = ["/s/A/dw/shop/v19_1/x", "/s/A/dw/data/v19_1/x", "/s/B/dw/shop/v19_1/x", "/s/-/dw/shop/v19_1/x",
              "/s/None/dw/shop/v19_1/x"]


@pytest.mark.parametrize("how_it_comes", ["timed reload", "restart"])
@pytest.mark.parametrize("harm", TREE_HARMS)
def test_a_tree_that_is_denied(backend, harm, how_it_comes):
    """ "(a site's API in a tree) allows nothing": never the organisation's list instead of a site's that cannot be
    read. A restart and a look that find the same open nothing; a fixed document comes into force."""
    do, mend_it, pattern, meanwhile = TREE_HARMS[harm]
    config = CONFIG.replace("Reload Off", "Reload 100ms") if how_it_comes == "timed reload" else CONFIG
    server = server_of(backend, "Deny", config)
    do(server)
    with server:
        told((server.root / "stderr.log").read_text(), pattern)
        server.expect_log(f"OCORS0001: .*{pattern}")
        server.allow_log(r"^\S*/httpd\.conf:\d+: OcapiCorsSettingsTree: |^OcapiCorsBadDocument Deny: 1 error,|OCORS0003: ")
        for number in (1, 2):
            for path, origins in zip(TREE_PATHS, meanwhile):
                check_allows(server, path, *origins)
            check_allows(server, "/both/x", ALLOWED, OTHER)
            if number == 1:  # another document changes: the tree is looked at, and stays as it was
                server.write("two.json", FILES["two.json"] + " ")
                if how_it_comes == "restart":
                    server.restart()
                server.wait_publication(2, how_it_comes)
        assert len(re.findall(f"OCORS0001: .*{pattern}", server.log_text())) == 1
        mend_it(server)
        if how_it_comes == "restart":
            server.restart()
        server.wait_publication(3, how_it_comes)

        def is_mended():  # a tree that is built up step by step comes into force in steps
            try:
                for path, origins in zip(TREE_PATHS, [A_ALL, {OTHER}, B_ALL, ORG_ALL, ORG_ALL]):
                    check_allows(server, path, *origins)
            except AssertionError:
                if how_it_comes == "restart":
                    raise
                return False
            return True

        httpd.wait_until(is_mended, "what is mended is in force")
