# SPDX-License-Identifier: Apache-2.0
"""What a change may add: instructions of single calls and of requests, against those in tests/unit/cost.json.

Instructions depend on the compiler, libc, httpd, and on what the processor makes libc choose: the *place* of the figures.
In the same place, a figure may grow by SAME_PLACE. Elsewhere it is scaled by the instructions of what is not ours (a
function of calls.c, a request without the module), and may grow by OTHER_PLACE.
"""

import json
import os
import platform
import re
from pathlib import Path

from bench import COMPILER, REPOSITORY, first_line, server_version
import calls
import counted
from contenders import origin, settings
from exchanges import EXCHANGES, KNOWN

FILE = REPOSITORY / "tests/unit/cost.json"
RENEW = "bench/run --renew"
SAME_PLACE, OTHER_PLACE, CHEAPER = 0.03, 0.25, 0.10
LEAST = 5  # instructions that are nothing, of a call
REFERENCE = "reference (no call of the module)"
# By these glibc picks its string functions; those of SSE2 need other instructions for other addresses.
FEATURES = ("avx2", "bmi2", "erms", "fsrm", "rtm")
# One host is bare httpd, as far as a server with the module can be. One origin: no neighbour in a hash table, whose
# seed is random.
CONFIG = """
MaxKeepAliveRequests 0
KeepAliveTimeout 60
LogLevel warn ocapi_cors:warn
OcapiCorsReload Off
<VirtualHost *:${PORT}>
    ServerName off.example
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName on.example
    OcapiCors On
    OcapiCorsSettings settings.json
</VirtualHost>
"""


def features():
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return [feature for feature in FEATURES if flags and feature in flags[1].split()]


def place():
    return {"compiler": first_line(COMPILER, "--version"), "libc": os.confstr("CS_GNU_LIBC_VERSION"),
            "httpd": server_version(), "machine": platform.machine(),
            "processor": features()}


def requests():
    """({exchange: what the module adds}, instructions of a GET without it)"""
    files = {"settings.json": settings([origin(KNOWN)], 1), "htdocs/file": "x" * 100}
    with counted.counting(counted.Httpd(CONFIG, files=files)) as count:
        found = {host: {exchange: count.cost(method, "/file", headers, host)[0]
                        for exchange, (method, headers) in EXCHANGES.items()}
                 for host in ("off.example", "on.example")}
    bare, module = found.values()
    return {exchange: round(module[exchange] - bare[exchange]) for exchange in EXCHANGES}, round(bare["no Origin"])


def measure():
    found = calls.count_calls()
    added, bare = requests()
    return {"place": place(), "bare request": bare, "requests": added, "calls": found}


def compare(found, committed):
    """What a developer has to know: one line for each figure that is out of its bounds."""
    is_same = found["place"] == committed["place"]
    lines = []
    for kind, unit in (("calls", found["calls"][REFERENCE] / committed["calls"][REFERENCE]),
                       ("requests", found["bare request"] / committed["bare request"])):
        assert set(found[kind]) == set(committed[kind]), f"other {kind} than in {FILE.name}: {RENEW}"
        for name, count in found[kind].items():
            if name == REFERENCE:
                continue
            was = committed[kind][name] * (1 if is_same else unit)
            more = count - was
            may = max(abs(was) * (SAME_PLACE if is_same else OTHER_PLACE), LEAST)
            if more > may:
                lines.append(f"{name}: {count:,} instructions, {more:+,.0f} to the {was:,.0f} of {FILE.name}; "
                             f"{may:,.0f} more are allowed")
            elif is_same and -more > max(abs(was) * CHEAPER, LEAST):
                lines.append(f"{name}: {count:,} instructions, cheaper than the {was:,.0f} of {FILE.name}, by which later "
                             "changes would be measured")
    if lines:
        lines.append(f"If that is meant: {RENEW} writes {FILE.relative_to(REPOSITORY)} anew.")
        if not is_same:
            lines.append(f"(Figures of {committed['place']}, scaled to {found['place']}.)")
    return lines


def committed():
    return json.loads(FILE.read_text())


def renew():
    FILE.write_text(json.dumps(measure(), indent=4) + "\n")
