#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench of exchanges: instructions of a whole request, with the module, without it, and with what people
use where there is none."""

import json
import os
import pwd
import re
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from bench import arguments, say, show, surroundings  # noqa: E402

import httpd  # noqa: E402
import wire  # noqa: E402

FEW, MANY = 50, 2050  # exchanges of two runs, whose difference is that of the exchanges alone
ALLOWED, UNKNOWN = ("Origin", "https://shop-00000500.example"), ("Origin", "https://elsewhere.example")
ORIGINS = [f"https://shop-{number:08}.example" for number in range(1000)]
EXCHANGES = {
    "GET, allowed": ("GET", [ALLOWED]),
    "GET, unknown": ("GET", [UNKNOWN]),
    "GET, no Origin": ("GET", []),
    "preflight": ("OPTIONS", [ALLOWED, ("Access-Control-Request-Method", "POST"),
                              ("Access-Control-Request-Headers", "content-type")]),
    "POST, unknown": ("POST", [UNKNOWN, ("Content-Length", "0")]),
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
    """One process with one thread, under callgrind; never root, as it writes its counts when it ends."""

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
        return [*self.account_change, "valgrind", "-q", "--tool=callgrind", "--vgdb=no",
                f"--callgrind-out-file={self.counts}", *super().command(*arguments)]


def count(kind, exchange, times):
    """(instructions of a server that answers so many times, the status of its answers)."""
    method, headers = EXCHANGES[exchange]
    with tempfile.TemporaryDirectory(prefix="ocors-bench-") as folder:
        with Counted(Path(folder), **SERVERS[kind]) as server:
            with wire.Connection(server.port) as connection:
                for _ in range(times):
                    connection.send(wire.build(method, "/file", headers, close=False))
                    status = connection.read(method).status
        return int(re.search(r"^(?:totals|summary): (\d+)", server.counts.read_text(), re.M)[1]), status


def measure(kind, exchange):
    """(instructions of one exchange, its status)."""
    say(f"{exchange}: {kind}")
    many, status = count(kind, exchange, MANY)
    return (many - count(kind, exchange, FEW)[0]) / (MANY - FEW), status


def table():
    lines = ["| exchange | httpd alone | the module adds | `SetEnvIf` and `Header` add |", "|---|---:|---:|---:|"]
    for exchange in EXCHANGES:
        (alone, status), *others = (measure(kind, exchange) for kind in SERVERS)
        cells = [f"{alone:,.0f} ({status})"] + [f"{found - alone:+,.0f} ({status})" for found, status in others]
        lines.append(f"| {exchange} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    told = arguments(__doc__)
    show("exchanges", surroundings(), table(), told.write)


if __name__ == "__main__":
    main()
