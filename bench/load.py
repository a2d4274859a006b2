# SPDX-License-Identifier: Apache-2.0
"""Throughput and latency of running servers, on one machine with what asks them: figures for comparison, for which it
must be idle. All servers run side by side and are asked in turn; there are two of bare httpd, which tell the noise."""

import math
import os
import random
import re
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import Result, say, table
import contenders
import exchanges
import peers
from exchanges import EXCHANGES, FEW, FIELDS, GETS, HTTPD, ORIGINS

CONNECTIONS = 32
AGAIN = "httpd alone, again"
# Of a row of the table: who, and its origins. Nobody has a thousand lines of SetEnvIf.
ROWS = {HTTPD: (HTTPD, ORIGINS), "the module": ("the module", ORIGINS), AGAIN: (HTTPD, ORIGINS),
        "`RewriteMap` and `Header`": ("`RewriteMap` and `Header`", ORIGINS),
        f"`SetEnvIf` and `Header`, {FEW} origins": ("`SetEnvIf` and `Header`", FEW),
        "nginx alone": ("nginx alone", ORIGINS), "nginx, `map`": ("nginx, `map`", ORIGINS),
        "haproxy alone": ("haproxy alone", ORIGINS), "haproxy, `acl -f`": ("haproxy, `acl -f`", ORIGINS)}
QUICK_EXCHANGES = ("GET allowed", "preflight", "POST refused")
# Rounds of those exchanges that cost the module little, and of the others, which are far from their limit.
QUICK_ROUNDS, ROUNDS, ROUNDS_OF_A_GET = 6, 24, 72
EVERY = {True: 3, False: 6}  # in how many rounds the other contenders are asked once, if --quick, and if not
RATE, CLIENTS = 1000, 20  # requests a second of all clients together


def start(stack, told):
    """{row: (who, server)} of running servers; and, if --other names one, another build of the module."""
    found = {name: (who, stack.enter_context(exchanges.make(who, False, count)))
             for name, (who, count) in ROWS.items()}
    found[FIELDS] = (HTTPD, stack.enter_context(contenders.fields_alone(contenders.Httpd, ORIGINS)))
    if told.other:
        class Other(contenders.Httpd):
            """The other build."""

            def __init__(self, config, **keywords):
                super().__init__(config, **{**keywords, "module": os.path.abspath(told.other)})

        found["another build"] = ("the module", stack.enter_context(contenders.module(Other, ORIGINS)))
    return found


# ---- Throughput -------------------------------------------------------------------------------------


def requests_a_second(who, server, exchange):
    method, target, headers = exchanges.request(who, exchange)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "{method}"\n'
                     + "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers))
        script.flush()
        said = subprocess.run([peers.program("wrk"), "-t1", f"-c{CONNECTIONS}", "-d1s", "-s", script.name,
                               f"http://127.0.0.1:{server.port}{target}"], capture_output=True, text=True, check=True,
                              env=peers.environment()).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def median_of(values):
    """(least, median, greatest): between the least and the greatest the median of all rounds that could be is, with a
    certainty of 95 %. Fewer than six rounds cannot say so; it is their whole range then."""
    values, rank, outside = sorted(values), 0, 0.0
    while (outside := outside + math.comb(len(values), rank) / 2 ** len(values)) <= 0.025:
        rank += 1
    rank = max(rank, 1)
    return values[rank - 1], statistics.median(values), values[-rank]


def throughput(told):
    """Requests a second, as ratios to bare httpd in the same round: to the mean of the two servers of it. The order of a
    round is random, so that each server follows each other one equally often: one that was asked just before is still in
    the caches. What a machine does that becomes slower meanwhile is noise, which many rounds make small. The other
    contenders are asked in few rounds, as what they show is far from noise."""
    asked = QUICK_EXCHANGES if told.quick else [exchange for exchange in EXCHANGES if exchange != "preflight unknown"]
    rows, figures = {}, {}
    with ExitStack() as stack:
        servers = start(stack, told)
        near = [name for name in (HTTPD, "the module", "another build", AGAIN, FIELDS) if name in servers]
        for exchange in asked:
            left_out = () if exchange in GETS else (FIELDS,)
            rounds = QUICK_ROUNDS if told.quick else ROUNDS_OF_A_GET if exchange in GETS else ROUNDS
            say(f"throughput: {exchange}")
            found = []
            for number in range(rounds):
                names = [name for name in (servers if number % EVERY[told.quick] == 0 else near) if name not in left_out]
                found.append({name: requests_a_second(*servers[name], exchange)
                              for name in random.sample(names, len(names))})
            for name in servers:
                if name in left_out:
                    cell = "-"
                elif name == HTTPD:
                    cell = f"{statistics.median(each[name] for each in found):,.0f} a second"
                else:
                    ratios = [each[name] / (each[HTTPD] if name == AGAIN else (each[HTTPD] + each[AGAIN]) / 2)
                              for each in found if name in each]
                    figures[name, exchange] = low, median, high = median_of(ratios)
                    cell = f"{median:.3f} ({low:.3f} to {high:.3f})"
                rows.setdefault(name, []).append(cell)
    return Result(table(["", *asked], [[name, *cells] for name, cells in rows.items()]), figures)


# ---- Latency ----------------------------------------------------------------------------------------


def latencies(who, server, seconds):
    """Milliseconds of each GET at the fixed rate: a client asks every CLIENTS / RATE seconds, and late only where the
    answer before took longer."""
    method, target, headers = exchanges.request(who, "GET allowed")
    fields = [part for name, value in headers for part in ("-H", f"{name}: {value}")]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        subprocess.run([peers.program("h2load"), "--h1", f"-c{CLIENTS}", f"--rps={RATE // CLIENTS}", f"-D{seconds}",
                        f"--log-file={log}", *fields, f"http://127.0.0.1:{server.port}{target}"],
                       capture_output=True, check=True, env=peers.environment())
        lines = [line.split() for line in log.read_text().splitlines()]
    assert {status for _, status, _ in lines} == {"200"}, f"{who}: not only 200"
    return [int(microseconds) / 1000 for _, _, microseconds in lines]


def latency(told):
    """p50 and p99 at a fixed rate."""
    rounds, seconds = (1, 3) if told.quick else (3, 10)
    say(f"latency at {RATE:,} requests a second")
    found = {}
    with ExitStack() as stack:
        servers = start(stack, told)
        for _ in range(rounds):
            for name, (who, server) in servers.items():
                found.setdefault(name, []).append(latencies(who, server, seconds))
    rows = []
    for name, each in found.items():
        points = [statistics.quantiles(values, n=100) for values in each]
        sent = sum(map(len, each)) / (rounds * seconds)
        rows.append([name, f"{sent:,.0f}", *(f"{statistics.median(point[at - 1] for point in points):.2f}"
                                             for at in (50, 99))])
    return Result(table(["GET allowed", "requests a second", "p50, ms", "p99, ms"], rows), {})
