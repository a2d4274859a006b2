# SPDX-License-Identifier: Apache-2.0
"""A worker that somebody has got hold of, and that goes on rewriting what it shares with the parent (seized.c) while
documents change and httpd restarts: neither the parent nor the watching process ends, and what they publish is right as soon
as the worker is gone (A40, R13). A read that a compiler may make twice is made twice at -O0: scripts/attack seized."""

import json
import os
import subprocess

import pytest

import httpd
from cors import ALLOWED, UNKNOWN, ask, check, check_refused, granted

CONFIG = """
LoadModule seized_module ${SEIZED}
OcapiCorsReload 100ms
OcapiCorsCacheSize 2M
StartServers 2
LogLevel ocapi_cors:info
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettings global.json d.json
    OcapiCorsSite SeizedSite
    <Location "/tree">
        OcapiCorsSettingsTree tree
    </Location>
</VirtualHost>
<VirtualHost *:${PORT2}>
    <Location "/seized">
        SetHandler seized
    </Location>
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""
CHANGES = 12


def document(origin, number=0):
    clients = [{"client_id": name, "allowed_origins": [origin[1], *(f"https://{name}{n}.example" for n in range(40))],
                "resources": [{"resource_id": f"/r{n}/*", "methods": ["get"]} for n in range(12)],
                "response_headers": {"x-a": "1"}} for name in ("aa", "bb", f"n{number}")]
    return json.dumps({"_v": "19.1", "clients": clients})


@pytest.fixture(scope="module")
def seized_module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seized")
    flags = subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", f"-I{httpd.apxs('INCLUDEDIR')}", *flags, "-o",
                    folder / "mod_seized.so", os.path.join(os.path.dirname(__file__), "seized.c")], check=True)
    folder.chmod(0o755)
    return folder / "mod_seized.so"


def seize(server, how, size=0):
    """One of the workers. Returns the size of the memory of what is counted."""
    query = f"{how}&size={size}" if size else how
    pieces, size = server.request("GET", f"/seized?{query}", port=server.port_number(2)).body.split()
    assert int(pieces) == (3 if "readers" in how else 2)
    return int(size)


def disturb(server):
    """Requests of all kinds, whatever the answers: they are the workers', one of which is not ours any more."""
    for target in ("/x", "/tree/s/SeizedSite/dw/shop/v19_1/r1/x", "/tree/dw/shop/v19_1/x"):
        for method in ("POST", "GET"):
            try:
                ask(server, method, target, UNKNOWN)
            except (EOFError, OSError):
                pass
    try:
        server.request("GET", "/status?format=json", port=server.port_number(2))
    except (EOFError, OSError):
        pass


@pytest.mark.parametrize("how", ["flicker", "noise", "flicker-readers", "noise-readers"])
def test_a_worker_that_rewrites_all_it_can_moves_nobody_else(start_httpd, seized_module, how):
    files = {"global.json": document(UNKNOWN), "d.json": document(ALLOWED),
             **{f"tree/sites/{site}/ocapi-settings/wapi_shop_config.json": document(ALLOWED) for site in ("SeizedSite", "Other")}}
    server = start_httpd(CONFIG, ports=2, files=files, defines={"SEIZED": seized_module})
    # What is damaged is said, read again, or has to wait.
    server.allow_log("OCORS00(09|16|08|15): ")
    # A worker may end by what it does to itself; httpd starts another one.
    server.allow_log(r"AH0005[12]: child pid \d+ exit signal ")
    watcher = server.await_watcher()
    disturb(server)
    size = seize(server, how)
    for number in range(1, CHANGES + 1):
        if number % 4 == 0:
            assert server.watcher() == watcher, "the watching process ended"
            server.restart()  # gracefully: the seized worker ends
            watcher = server.await_watcher(watcher)
            assert seize(server, how, size) == size
            continue
        before = server.log_text().count("OCORS0007")
        server.write("d.json", document(ALLOWED, number))
        disturb(server)
        if "readers" not in how:  # their counts may say that every area is read: the change waits for a restart
            server.wait_publication(before + 1)
    assert server.watcher() == watcher, "the watching process ended"
    server.restart()
    check(ask(server, "POST", "/x", ALLOWED), 404, granted(ALLOWED))
    check_refused(ask(server, "POST", "/x", ("Origin", "https://none.example")))
    for site in ("SeizedSite", "Other"):
        check_refused(ask(server, "POST", f"/tree/s/{site}/dw/shop/v19_1/x", UNKNOWN))
    assert "OCORS0017" not in server.log_text() and server.process.poll() is None
