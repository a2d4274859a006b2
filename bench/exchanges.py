# SPDX-License-Identifier: Apache-2.0
"""Exchanges: what a request must be answered, whether every contender does so, and instructions of each."""

from bench import Result, say, table
import contenders
import counted
from contenders import KNOWN, TREE_PATH, origin

import httpd
import wire

ORIGINS = 1000
ALLOWED, UNKNOWN = ("Origin", origin(KNOWN)), ("Origin", "https://elsewhere.example")
ASKED = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")]
EMPTY = ("Content-Length", "0")
# Exchange: method, header fields
EXCHANGES = {
    "GET allowed": ("GET", [ALLOWED]),
    "GET unknown": ("GET", [UNKNOWN]),
    "no Origin": ("GET", []),
    "preflight": ("OPTIONS", [ALLOWED, *ASKED]),
    "preflight unknown": ("OPTIONS", [UNKNOWN, *ASKED]),
    "POST refused": ("POST", [UNKNOWN, EMPTY]),
    "POST allowed": ("POST", [ALLOWED, EMPTY]),
}
GRANTED = {"access-control-allow-origin": ALLOWED[1], "access-control-allow-credentials": "true"}
EXPOSED = {"access-control-expose-headers": "location,x-dw-version-status"}
PREFLIGHT = {"access-control-allow-headers": "content-type", "access-control-max-age": "86400"}

# A contender: its row of the table, how it is made, the row that it is compared with.
HTTPD, NGINX, HAPROXY, SET_ENV_IF = "httpd alone", "nginx alone", "haproxy alone", "`SetEnvIf` and `Header`"
CONTENDERS = {
    HTTPD: (contenders.httpd_alone, None),
    "the module": (contenders.module, HTTPD),
    "`RewriteMap` and `Header`": (contenders.map_idiom, HTTPD),
    SET_ENV_IF: (contenders.env_idiom, HTTPD),
    NGINX: (contenders.nginx_alone, None),
    "nginx, `map`": (contenders.nginx_map, NGINX),
    HAPROXY: (contenders.haproxy_alone, None),
    "haproxy, `acl -f`": (contenders.haproxy_acl, HAPROXY),
}
ACCEPTS = {"nginx": "ngx_event_accept", "haproxy": "listener_accept"}
FEW = 10  # origins of the SetEnvIf lines in a second row: nobody has a thousand of them


def is_httpd(name):
    return not name.startswith(("nginx", "haproxy"))


def request(name, exchange):
    """(method, target, header fields): nginx answers a POST of a file with 405."""
    method, headers = EXCHANGES[exchange]
    return method, "/post" if name.startswith("nginx") and method == "POST" else "/file", headers


def make(name, is_counted, count=ORIGINS):
    """A contender that is not started yet."""
    maker = CONTENDERS[name][0]
    if is_httpd(name):
        return maker(counted.Httpd if is_counted else httpd.Httpd, count)
    peer = maker(is_counted, count)
    return counted.of_peer(peer, ACCEPTS[name.split(",")[0].split()[0]]) if is_counted else peer


# ---- Is it right? -----------------------------------------------------------------------------------


def faults(exchange, response):
    """What is wrong in an answer to this exchange, in words."""
    method, headers = EXCHANGES[exchange]
    is_allowed, is_unknown = ALLOWED in headers, UNKNOWN in headers
    is_refused = is_unknown and method == "POST"
    status = 401 if is_refused else 204 if method == "OPTIONS" else 200
    found = [] if response.status == status else [f"{response.status} for {status}"]
    fields = {}
    for name, value in response.cors():
        if name.lower() in fields:
            found.append(f"{name} twice")
        fields[name.lower()] = value
    if not is_allowed and fields:
        found.append("grants " + ", ".join(fields))
    if is_allowed:
        wanted = {**GRANTED, **(PREFLIGHT if method == "OPTIONS" else EXPOSED)}
        found += [f"{name}: {fields.get(name)} for {value}" for name, value in wanted.items()
                  if fields.get(name) != value]
    if is_allowed and method == "OPTIONS" and "POST" not in fields.get("access-control-allow-methods", ""):
        found.append("no POST in Access-Control-Allow-Methods")
    if "origin" not in [name.lower() for name in response.tokens("Vary")]:
        found.append("no Vary")
    if is_refused and (b"UnauthorizedOriginException" not in response.body
                       or not "".join(response.all("Content-Type")).startswith("application/json")):
        found.append("no fault document")
    return found


def check():
    """{contender with a policy: {exchange: what is wrong}}"""
    found = {}
    for name, (_, alone) in CONTENDERS.items():
        if alone is None:
            continue
        say(f"answers of {name}")
        with make(name, False) as server:
            found[name] = {exchange: faults(exchange, ask(server, name, exchange)) for exchange in EXCHANGES}
    return found


def ask(server, name, exchange):
    method, target, headers = request(name, exchange)
    return wire.request(server.port, method, target, headers)


def answers(_told):
    """Who answers what; an answer that is not the policy's is said."""
    wrong = check()
    rows = [[name, *("; ".join(wrong[name][exchange]) or "right" for exchange in EXCHANGES)] for name in wrong]
    return Result(table(["", *EXCHANGES], rows), {"wrong": sum(map(len, wrong["the module"].values()))})


# ---- What it costs ----------------------------------------------------------------------------------


def costs(server, name, targets=("/file",), only=tuple(EXCHANGES)):
    """{(exchange, target): instructions} of a counted contender."""
    found = {}
    with server, server.counter() as count:
        for exchange in only:
            for target in targets:
                method, own_target, headers = request(name, exchange)
                found[exchange, target], _ = count.cost(method, own_target if target == "/file" else target, headers)
    return found


def count_contender(name, count=ORIGINS, targets=("/file",), only=tuple(EXCHANGES)):
    say(f"instructions of {name}, {count:,} origins")
    return costs(make(name, True, count), name, targets, only)


def instructions(_told):
    """What each contender adds to the same server without a policy."""
    found = {name: count_contender(name, targets=("/file", TREE_PATH) if name in (HTTPD, "the module") else ("/file",))
             for name in CONTENDERS}
    rows, figures = [], {}

    def add(label, counts, alone=None, target="/file"):
        cells = [counts[exchange, target] - (found[alone][exchange, target] if alone else 0) for exchange in EXCHANGES]
        rows.append([f"... {label}" if alone else f"**{label}**",
                     *(f"{cell:{'+' if alone else ''},.0f}" for cell in cells)])
        figures[label] = dict(zip(EXCHANGES, cells))

    for name, (_, alone) in CONTENDERS.items():
        add(name, found[name], alone)
        if name == "the module":
            add(f"{name}, a path like a tree's", found[name], alone, TREE_PATH)
            say("instructions of the module in a tree, and in a <Location>")
            add(f"{name}, a tree of {contenders.SITES} sites",
                costs(contenders.module_in_tree(counted.Httpd, ORIGINS), name, (TREE_PATH,)), alone, TREE_PATH)
            found["empty"] = costs(contenders.empty_location(counted.Httpd, ORIGINS), name)
            add(f"{name} in a `<Location>`, to an empty one",
                costs(contenders.module_in_location(counted.Httpd, ORIGINS), name), "empty")
        if name == SET_ENV_IF:
            add(f"{name}, {FEW} origins", count_contender(name, FEW), alone)
    return Result(table(["instructions", *EXCHANGES], rows), figures)
