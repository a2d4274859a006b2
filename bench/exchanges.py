#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench of exchanges: instructions of a whole request, with the module, without it, and with what people
use where there is none."""

import json
import os
import pwd
import re
import statistics
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from bench import arguments, say, show, surroundings  # noqa: E402

import httpd  # noqa: E402
import wire  # noqa: E402

WARM, TIMES = 5, 5  # exchanges before it is counted, and those that are
ALLOWED, UNKNOWN = ("Origin", "https://shop-00000500.example"), ("Origin", "https://elsewhere.example")
ORIGINS = [f"https://shop-{number:08}.example" for number in range(1000)]
EXCHANGES = {
    "GET, allowed": ("GET", [ALLOWED]),
    "GET, unknown": ("GET", [UNKNOWN]),
    "GET, no Origin": ("GET", []),
    "preflight": ("OPTIONS", [ALLOWED, ("Access-Control-Request-Method", "POST"),
                              ("Access-Control-Request-Headers", "content-type")]),
    "POST, unknown": ("POST", [UNKNOWN, ("Content-Length", "0")]),
    "POST, allowed": ("POST", [ALLOWED, ("Content-Length", "0")]),
}
SERVER = """
ServerLimit 1
ThreadsPerChild 1
MaxRequestWorkers 1
MaxKeepAliveRequests 0
KeepAliveTimeout 60
"""
MODULE = """
LogLevel warn ocapi_cors:warn
OcapiCorsReload Off
OcapiCors On
OcapiCorsSettings settings.json
"""
# Ten origins: each of the thousand would be one more alternative of an expression that is tried in turn.
IDIOM = """
SetEnvIf Origin "^(https://shop-0000050[0-9]\\.example)$" CORS_ORIGIN=$1
Header always set Access-Control-Allow-Origin "%{CORS_ORIGIN}e" env=CORS_ORIGIN
Header always set Access-Control-Allow-Credentials "true" env=CORS_ORIGIN
Header always set Access-Control-Expose-Headers "location,x-dw-version-status" env=CORS_ORIGIN
Header always set Access-Control-Allow-Methods "GET, POST, PUT, PATCH, DELETE" env=CORS_ORIGIN
Header always set Access-Control-Allow-Headers "content-type" env=CORS_ORIGIN
Header always merge Vary "Origin"
RewriteEngine On
RewriteCond %{REQUEST_METHOD} =OPTIONS
RewriteRule "^" "-" [R=204,L]
"""
SERVERS = {
    "httpd": {"module": False},
    "module": {"config": MODULE},
    "idiom": {"config": IDIOM, "module": False, "modules": ("headers", "setenvif", "rewrite")},
}
SETTINGS = json.dumps({"_v": "19.1", "clients": [
    {"client_id": f"client-{number:02}", "allowed_origins": ORIGINS[number * 50:number * 50 + 50],
     "resources": [{"resource_id": "/file", "methods": ["get", "post"]},
                   {"resource_id": "/baskets/*", "methods": ["get", "patch", "delete"]}]}
    for number in range(20)]})


class Counted(httpd.Httpd):
    """One process with one thread, under callgrind, which writes what each turn of a connection has cost into
    a file of its own; never root, as the process writes it."""

    MODULE_LEVEL = "info"

    def __init__(self, folder, config="", **keywords):
        super().__init__(SERVER + config, mode="-X", log_level="warn", **keywords,
                         files={"settings.json": SETTINGS, "htdocs/file": "x" * 100})
        self.counts = folder / "counts"
        self.account_change = []
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.account())
            for path in (folder, self.root):
                os.chown(path, account.pw_uid, account.pw_gid)
            self.account_change = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}",
                                   "--clear-groups"]

    def command(self, *arguments):
        return [*self.account_change, "valgrind", "-q", "--tool=callgrind", "--vgdb=no", "--collect-atstart=no",
                "--toggle-collect=ap_run_process_connection", "--dump-after=ap_run_process_connection",
                f"--callgrind-out-file={self.counts}", *super().command(*arguments)]

    def dumps(self):
        return sorted(self.counts.parent.glob("counts.*"), key=lambda dump: int(dump.suffix[1:]))


def cost(server, connection, method, target, headers):
    """(instructions of one exchange, its status): an exchange is one turn of a connection that is kept."""
    found = []
    for _ in range(WARM + TIMES):
        before = len(server.dumps())
        connection.send(wire.build(method, target, headers, close=False))
        status = connection.read(method).status
        httpd.wait_until(lambda: len(server.dumps()) > before, "callgrind writes what the exchange has cost")
        dump = server.dumps()[-1]
        total = httpd.wait_until(lambda: re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.M),
                                 "the whole of it")
        found.append(int(total[1]))
    counted = found[WARM:]
    assert max(counted) - min(counted) <= 1000 + max(counted) // 100, f"it varies: {found}"
    return statistics.median(counted), status


def measure(kind):
    """{exchange: (instructions, status)}"""
    say(kind)
    with tempfile.TemporaryDirectory(prefix="ocors-bench-") as folder:
        with Counted(Path(folder), **SERVERS[kind]) as server, wire.Connection(server.port) as connection:
            return {name: cost(server, connection, method, "/file", headers)
                    for name, (method, headers) in EXCHANGES.items()}


def table():
    found = {kind: measure(kind) for kind in SERVERS}
    lines = ["| exchange | httpd alone | the module adds | `SetEnvIf` and `Header` add |", "|---|---:|---:|---:|"]
    for exchange in EXCHANGES:
        (alone, status), *others = (found[kind][exchange] for kind in SERVERS)
        cells = [f"{alone:,.0f} ({status})"] + [f"{count - alone:+,.0f} ({status})" for count, status in others]
        lines.append(f"| {exchange} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    told = arguments(__doc__)
    show("exchanges", surroundings(), table(), told.write)


if __name__ == "__main__":
    main()
