#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench of throughput: requests a second of 32 connections, as a ratio to another build of the module, such as one
that does not count. Each round asks this build, the other, and the other once more: the last two tell the noise. wrk
(Debian: wrk) asks, on the same machine."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from bench import arguments, say, show, surroundings  # noqa: E402

import httpd  # noqa: E402

ROUNDS, SECONDS, CONNECTIONS = 9, 3, 32
CONFIG = """
OcapiCorsReload Off
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettings settings.json
</VirtualHost>
"""
ORIGINS = [f"https://shop-{number:08}.example" for number in range(1000)]
SETTINGS = json.dumps({"_v": "19.1", "clients": [{"client_id": "shop", "allowed_origins": ORIGINS}]})
REQUESTS = {"GET, allowed": ("GET", ORIGINS[500]), "GET, no Origin": ("GET", None),
            "POST, unknown": ("POST", "https://elsewhere.example")}


def ask(server, method, origin):
    """Requests a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        fields = f'wrk.headers["Origin"] = "{origin}"\n' if origin else ""
        script.write(f'wrk.method = "{method}"\n{fields}')
        script.flush()
        said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name,
                               f"http://127.0.0.1:{server.port}/page"], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def start(module):
    os.environ["OCORS_MODULE"] = module
    server = httpd.Httpd(CONFIG, files={"settings.json": SETTINGS, "htdocs/page": "page"})
    return server.start()


def table(this, other):
    servers = [start(this), start(other)]
    lines = ["| request | this build, requests a second | ratio to the other | the other to itself |", "|---|---:|---:|---:|"]
    try:
        for name, request in REQUESTS.items():
            say(name)
            rounds = [(ask(servers[0], *request), ask(servers[1], *request), ask(servers[1], *request))
                      for _ in range(ROUNDS)]
            ratios = sorted(a / b for a, b, _ in rounds)
            noise = sorted(c / b for _, b, c in rounds)
            lines.append(f"| {name} | {statistics.median(a for a, _, _ in rounds):,.0f} | {statistics.median(ratios):.3f} "
                         f"({ratios[0]:.3f} to {ratios[-1]:.3f}) | {statistics.median(noise):.3f} "
                         f"({noise[0]:.3f} to {noise[-1]:.3f}) |")
    finally:
        for server in servers:
            server.stop()
    return "\n".join(lines)


def main():
    told = arguments(__doc__, ("other", {"metavar": "OTHER.so", "help": "the other build"}))
    show("throughput", surroundings(), table(os.environ["OCORS_MODULE"], told.other), told.write)


if __name__ == "__main__":
    main()
