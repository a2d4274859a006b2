# SPDX-License-Identifier: Apache-2.0
"""Each call for memory fails once, wherever a document is read and published (memory.c): a configuration test says so and
ends with an error, a restart and a look of the running server leave the last good policy, whole, and the next look, or the
next restart, has what is new. httpd ends a process whose pool gets no memory: the process that watches is started again."""

import functools
import json
import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

import httpd
from cors import ALLOWED, OTHER, PREFLIGHT, UNKNOWN, ask, check, check_refused, granted

SOURCE = Path(__file__).with_name("memory.c")
NEVER = 1 << 40  # the calls are counted, and none fails
CONFIG = """
OcapiCorsReload {interval}
<VirtualHost *:${{PORT}}>
    OcapiCors On
    OcapiCorsSettings documents/d.json
    AliasMatch "^/dw/" "${{ROOT}}/htdocs/page"
</VirtualHost>
"""
PATH = "/dw/shop/v19_1/baskets"
# OCORS0001 and 0002: a document cannot be used, and its policy stays. 0008 and 0015: no shared memory, and all stays.
SAID = r"OCORS00(01|02|08|15): "
# Also the watching process that ended: by httpd's hand, where a pool had no memory, or by json-c 0.16, which uses a copy of a
# key that it could not make. (For that reason the core asks for all the memory of a document before json-c does.)
ENDED = r"OCORS0017: |AH00052: .* exit signal (Abort|Segmentation fault) |[Mm]emory allocation failed"


@functools.lru_cache(maxsize=None)
def library():
    folder = tempfile.TemporaryDirectory(prefix="ocors-memory-")
    path = Path(folder.name) / "memory.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", path, SOURCE, "-ldl"], check=True, timeout=120
    )
    os.chmod(folder.name, 0o755)
    return folder, path  # the folder goes with the program


class Memory:
    """memory = Memory(httpd.Httpd(...)): before the server is started."""

    def __init__(self, server, is_whole=False):
        self.path = server.root / "memory"
        self.is_whole = is_whole
        self.path.write_bytes(struct.pack("4Q", 0, 0, 0, is_whole))
        server.environment |= {"LD_PRELOAD": str(library()[1]), "OCORS_TEST_MEMORY": str(self.path)}

    def fail_at(self, number):
        """From now on calls are counted, and this one fails; 0: none counts. A mapping of the file sees it."""
        with self.path.open("r+b") as file:
            file.write(struct.pack("3Q", 0, 0, 0))
            file.flush()
            file.seek(0)
            file.write(struct.pack("Q", number))

    def count(self):
        return struct.unpack("4Q", self.path.read_bytes())[1]

    def has_failed(self):
        return struct.unpack("4Q", self.path.read_bytes())[2] > 0


def document(origin, number=0):
    """A document with one of everything, and more origins than one chunk of memory has room for."""
    origins = [origin[1], *(f"https://o{n}.example" for n in range(40)), f"https://number{number}.example"]
    resources = [
        {"resource_id": f"/a{n}/{{id}}", "methods": ["get", "put"], "version_range": [{"from": "19.1"}, {"until": "18.1"}]}
        for n in range(6)
    ]
    clients = [
        {
            "client_id": "\u00e9",
            "allowed_origins": origins,
            "resources": resources,
            "response_headers": {"x-dw-content-security-policy": "a"},
        },
        {"client_id": "b", "allowed_origins": origins[:3], "resources": [{"resource_id": "/b", "methods": ["post"]}]},
    ]
    return json.dumps({"_v": "19.1", "clients": clients})


def server_of(interval="Off", is_whole=False):
    server = httpd.Httpd(
        CONFIG.format(interval=interval),
        log_level="notice",
        files={"documents/d.json": document(ALLOWED), "htdocs/page": "page"},
    )
    return server, Memory(server, is_whole)


# ---- A configuration test ----


def without_times(said):
    """The lines, without when and by whom."""
    return [line.rpartition("] ")[2] for line in said.splitlines()]


def test_each_failure_ends_a_configuration_test():
    server, memory = server_of()
    try:
        memory.fail_at(NEVER)
        code, accepted = server.configtest()
        assert code == 0 and accepted.endswith("Syntax OK\n"), accepted
        total = memory.count()
        assert total > 30
        harmless = 0
        for number in range(1, total + 1):
            memory.fail_at(number)
            code, said = server.run("-t")
            assert memory.has_failed(), number
            if code == 0:  # json-c could not give memory back that a list does not need
                assert without_times(said) == without_times(accepted), (number, said)
                harmless += 1
            else:
                assert code == 1, (number, code, said)
                assert re.search(r"d\.json: error: (there is not enough memory|.*: Cannot allocate memory)", said), (
                    number,
                    said,
                )
                assert "warning" not in said.replace("0 warnings", ""), (number, said)
        memory.fail_at(total + 1)
        assert server.run("-t")[0] == 0 and not memory.has_failed()
    finally:
        server.stop_after_failure()
    assert harmless < total // 10
    print(f"configuration test: {total} calls, {harmless} of them harmless")


# ---- A running server ----


def check_policy(server, wanted):
    """One policy is in force, whole: that of this origin."""
    for origin in (ALLOWED, OTHER, UNKNOWN):
        is_allowed = origin == wanted
        # A client has response_headers (S22).
        vary = ("Origin", "Authorization", "x-dw-client-id")
        check(ask(server, "GET", PATH, origin), 200, granted(origin) if is_allowed else set(), vary)
        response = ask(server, "OPTIONS", PATH, origin, PREFLIGHT)
        assert (response.status, response.one("Access-Control-Allow-Origin")) == (
            204,
            origin[1] if is_allowed else None,
        ), response
        if not is_allowed:
            check_refused(ask(server, "POST", PATH, origin))


def has(server, origin):
    return ask(server, "GET", PATH, origin).cors() != []


def test_each_failure_of_a_restart_leaves_a_whole_policy():
    server, memory = server_of()
    kept = failed = 0
    with server:
        memory.fail_at(NEVER)
        server.write("documents/d.json", document(OTHER))
        server.restart()
        total = memory.count()
        check_policy(server, OTHER)
        assert total > 30
        in_force = OTHER
        server.allow_log(SAID)
        for number in range(1, total + 1):
            new = ALLOWED if in_force == OTHER else OTHER
            server.write("documents/d.json", document(new, number))
            memory.fail_at(number)
            server.restart()
            failed += memory.has_failed()
            memory.fail_at(0)
            is_kept = has(server, in_force)
            assert has(server, new) != is_kept, (number, in_force)
            kept += is_kept
            in_force = in_force if is_kept else new
            if number % 10 == 0:
                check_policy(server, in_force)
        server.write("documents/d.json", document(UNKNOWN))
        server.restart()  # the twin: nothing fails any more
        check_policy(server, UNKNOWN)
        assert failed == total and kept > total // 2
    print(f"restart: {total} calls, {kept} times the policy before stayed")


@pytest.mark.parametrize("is_whole", [False, True], ids=["module", "process"])
def test_each_failure_of_a_look_leaves_a_whole_policy(is_whole):
    server, memory = server_of("100ms", is_whole)
    failed = total = 0
    with server:
        server.await_watcher()
        in_force = ALLOWED
        server.allow_log(SAID + ("|" + ENDED if is_whole else ""))
        number = 0
        while number == 0 or number <= total:
            new = ALLOWED if in_force == OTHER else OTHER
            memory.fail_at(number or NEVER)
            server.write("documents/d.json", document(new, number))
            # Whatever failed, the next look has it; before, it is the other one that is in force.
            httpd.wait_until(lambda: has(server, new), f"what is new is in force, call {number}", 60)
            check_refused(ask(server, "POST", PATH, in_force))
            failed += memory.has_failed()
            total = total or memory.count()
            in_force = new
            number += 1
        memory.fail_at(0)
        check_policy(server, in_force)
        assert total > 30 and failed >= total // 2
    print(f"look, {'process' if is_whole else 'module'}: {total} calls, {failed} failed")
