# SPDX-License-Identifier: Apache-2.0
"""Exchanges: what a request must be answered, whether every contender does so, and instructions of each."""

from bench import Result, medians, say, table
import contenders
import counted
from contenders import KNOWN, TREE_PATH, origin

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
NGINX_MAP = "nginx, `map`"
HTTPD, NGINX, HAPROXY, SET_ENV_IF = "httpd alone", "nginx alone", "haproxy alone", "`SetEnvIf` and `Header`"
CONTENDERS = {
    HTTPD: (contenders.httpd_alone, None),
    "the module": (contenders.module, HTTPD),
    "`RewriteMap` and `Header`": (contenders.map_idiom, HTTPD),
    SET_ENV_IF: (contenders.env_idiom, HTTPD),
    NGINX: (contenders.nginx_alone, None),
    NGINX_MAP: (contenders.nginx_map, NGINX),
    HAPROXY: (contenders.haproxy_alone, None),
    "haproxy, `acl -f`": (contenders.haproxy_acl, HAPROXY),
}
ACCEPTS = {"nginx": "ngx_event_accept", "haproxy": "listener_accept"}
GETS = tuple(name for name, (method, _) in EXCHANGES.items() if method == "GET")
FEW = 10  # origins of the SetEnvIf lines in a second row: nobody has a thousand of them


def is_ours(name):
    return name.startswith("the module")


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
        return maker(counted.Httpd if is_counted else contenders.Httpd, count)
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
    with counted.counting(server) as count:
        for exchange in only:
            for target in targets:
                method, own_target, headers = request(name, exchange)
                found[exchange, target], _ = count.cost(method, own_target if target == "/file" else target, headers)
    return found


def count_contender(name, count=ORIGINS, targets=("/file",), only=tuple(EXCHANGES)):
    say(f"instructions of {name}, {count:,} origins")
    return costs(make(name, True, count), name, targets, only)


# Rows that are no contenders by themselves: servers that are asked with TREE_PATH, or have sections, or fewer origins, or
# no policy but the fields of an answer to a GET.
FIELDS = "the fields alone"
TREE, IN_LOCATION, EMPTY_LOCATION, FEW_LINES = (f"the module, a tree of {contenders.SITES} sites", "the module in a `<Location>`",
                                                "httpd with an empty `<Location>`", f"{SET_ENV_IF}, {FEW} origins")
VARIANTS = {
    TREE: lambda: contenders.module_in_tree(counted.Httpd, ORIGINS),
    IN_LOCATION: lambda: contenders.module_in_location(counted.Httpd, ORIGINS),
    EMPTY_LOCATION: lambda: contenders.empty_location(counted.Httpd, ORIGINS),
    FEW_LINES: lambda: make(SET_ENV_IF, True, FEW),
    FIELDS: lambda: contenders.fields_alone(counted.Httpd, ORIGINS),
}
# Label: server, the one that it is compared with, target
ROWS = [
    *((name, name, alone, "/file") for name, (_, alone) in CONTENDERS.items()),
    (FIELDS, FIELDS, HTTPD, "/file"),
    (FEW_LINES, FEW_LINES, HTTPD, "/file"),
    ("the module, a path like a tree's", "the module", HTTPD, TREE_PATH),
    (TREE, TREE, HTTPD, TREE_PATH),
    (EMPTY_LOCATION, EMPTY_LOCATION, HTTPD, "/file"),
    (f"{IN_LOCATION}, to an empty one", IN_LOCATION, EMPTY_LOCATION, "/file"),
]


def instructions(told):
    """What each contender adds to the same server without a policy."""
    targets = {name: sorted({target for _, server, alone, target in ROWS if name in (server, alone)})
               for name in (*CONTENDERS, *VARIANTS)}

    def count(name):
        if name not in VARIANTS:
            return count_contender(name, targets=targets[name])
        say(f"instructions of {name}")
        return costs(VARIANTS[name](), name, targets[name], GETS if name == FIELDS else tuple(EXCHANGES))

    found = medians(count, targets, is_ours, told)
    rows, figures = [], {}
    for label, server, alone, target in ROWS:
        figures[label] = {exchange: found[server][exchange, target] - (found[alone][exchange, target] if alone else 0)
                          for exchange in EXCHANGES if (exchange, target) in found[server]}
        rows.append([f"... {label}" if alone else f"**{label}**",
                     *(f"{figures[label][exchange]:{'+' if alone else ''},.0f}" if exchange in figures[label] else "-"
                       for exchange in EXCHANGES)])
    return Result(table(["instructions", *EXCHANGES], rows), figures)
