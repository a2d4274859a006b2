# SPDX-License-Identifier: Apache-2.0
"""Hostile inputs: instructions that one request can cost, against what it may cost."""

import base64
import json
from typing import NamedTuple

from bench import Result, medians, say, table
import counted
from contenders import MODULE, origin, serve
from exchanges import ALLOWED

ORIGINS = [origin(number) for number in range(1000)]
ASKED = ("Access-Control-Request-Method", "POST")
V = "/dw/shop/v19_1"


def document(clients=1, resources=(), origins=(ALLOWED[1],), prefix="client"):
    return {"_v": "19.1", "clients": [
        {"client_id": f"{prefix}-{number:04}", "allowed_origins": list(origins), "resources": [
            {"resource_id": resource, "methods": ["get", "post"]} for resource in resources]}
        for number in range(clients)]}


TEN = [f"/resource-{number}/*" for number in range(10)]
# A policy by its name: its documents, in layers.
POLICIES = {
    "plain": [document(resources=["/baskets", "/baskets/*"], origins=ORIGINS[:1000])],
    "1,000 clients": [document(1000, TEN)],
    "10,000 resources": [document(resources=[f"/resource-{number}" for number in range(10000)])],
    "`/**/x`": [document(resources=["/**/x"])],
    "100 of `/**/x`": [document(resources=[f"/**/x{number}" for number in range(100)])],
    "`/**/` and 100 `a/`": [document(resources=["/**/" + "a/" * 100])],
    "`/**/` and 400 `a/`": [document(resources=["/**/" + "a/" * 400])],
    "`/**/` and 30 `a/`": [document(resources=["/**/" + "a/" * 30 + "b"])],
    "`/*` and 400 `a`": [document(resources=["/*" + "a" * 400 + "b"])],
    "`/**/a/a/b/**`": [document(resources=["/**/a/a/b/**"])],
    "a replaced layer": [document(1000, TEN), document(1000, TEN, origins=ORIGINS[:1])],
    "a replaced layer of one client": [document(1, TEN), document(1, TEN, origins=ORIGINS[:1])],
    "a replaced client": [document(1000, TEN), document(1, TEN, origins=ORIGINS[:1])],
    "a replaced client of two": [document(2, TEN), document(1, TEN, origins=ORIGINS[:1])],
}
# A large policy with layers, and a small one with the same layers, to which it is compared. The others: to "plain".
SMALL = {"a replaced layer": "a replaced layer of one client", "a replaced client": "a replaced client of two"}


def token(payload, size=None):
    """A bearer token with this payload; `size`: (of the token, a part of the payload that is repeated)."""
    def encode(text):
        return base64.urlsafe_b64encode(text.encode("latin-1")).rstrip(b"=").decode()

    head, signature = encode('{"alg":"RS256","typ":"JWT"}'), "c2lnbmF0dXJl"
    if size is not None:
        size, repeated = size
        room = (size - len(head) - len(signature) - 2) * 3 // 4 - len(payload.replace("REPEATED", ""))
        payload = payload.replace("REPEATED", repeated * (room // len(repeated)))
    return [ALLOWED, ("Authorization", f"Bearer {head}.{encode(payload)}.{signature}")]


def members(count):
    return [ALLOWED, ("Authorization", "Bearer e30." + base64.urlsafe_b64encode(json.dumps(
        {f"n{number}": number for number in range(count)}).encode()).rstrip(b"=").decode() + ".c2ln")]


REAL = json.dumps({"iss": "client-0000", "sub": "cc-slas::zzte_053::scid:client-0000::usid:0f3a", "aud": "ocapi",
                   **{f"claim{number:02}": f"v{number}" for number in range(18)}, "exp": 1700000000,
                   "iat": 1700000000, "roles": ["a"]}, separators=(",", ":"))
LONG = 7900


class Bound(NamedTuple):
    """What the worst of some inputs may cost above the ordinary request."""

    inputs: str
    most: int


TOKEN = Bound("a bearer token of 600 bytes", 5000)
HOSTILE_TOKEN = Bound("a bearer token of 7,900 hostile bytes", 60000)
MEMBERS = Bound("16 members in an Origin", 6000)
FLAT = Bound("up to 1,000 clients that list the origin, 10,000 resources, a replaced layer: 3 % of a request", 900)
FLAT_MEMBERS = Bound("the same, with 16 members", 6900)
PATH = Bound("a preflight of a path of 8,000 bytes, or of 64 segments", 60000)
NAMES = Bound("4,000 bytes of Access-Control-Request-Headers", 40000)
QUERY = Bound("`client_id` in the query", 900)
PARAMETERS = Bound("`client_id` behind 100 parameters", 6000)
HEADER = Bound("`x-dw-client-id`", 900)


def preflight(*headers):
    return ("OPTIONS", V + "/baskets", [ALLOWED, ASKED, *headers])


def names(value):
    return preflight(("Access-Control-Request-Headers", value))


def path(rest):
    return ("OPTIONS", V + rest, [ALLOWED, ASKED])


def get(headers=(ALLOWED,), query=""):
    return ("GET", "/file" + query, list(headers))


def parameters(count, last=""):
    return "?" + "&".join([f"par{number:04}=1" for number in range(count)] + [last] * bool(last))


A, A8 = "/a" * 64, "/" + "a/" * 3990
DEEP = "/" + "a/" * 60 + "b"
SAME = [("Origin", " ".join([ALLOWED[1]] * 16)), ASKED]
ORDINARY = {"GET": get(), "OPTIONS": preflight()}

# (input, policy, request, its bound; None: there is none)
INPUTS = [
    ("bearer token of 600 bytes", "plain", get(token(REAL)), TOKEN),
    ("bearer token of 7,900 bytes: one string", "plain", get(token('{"a":"REPEATED"}', (LONG, "a"))), HOSTILE_TOKEN),
    ("... an array of numbers", "plain", get(token('{"a":[REPEATED1]}', (LONG, "1,"))), HOSTILE_TOKEN),
    ("... objects in an array", "plain", get(token('{"a":[REPEATED{}]}', (LONG, '{"b":{}},'))), HOSTILE_TOKEN),
    ("... members", "plain", get(token('{REPEATED"a":1}', (LONG, '"sub":"a",'))), HOSTILE_TOKEN),
    ("... 250 members in 5,000 bytes", "plain", get(members(250)), HOSTILE_TOKEN),
    ("... UTF-8, two bytes a character", "plain", get(token('{"a":"REPEATED"}', (LONG, "\xc3\xa9"))), HOSTILE_TOKEN),
    ("... UTF-8, three bytes", "plain", get(token('{"a":"REPEATED"}', (LONG, "\xe2\x82\xac"))), HOSTILE_TOKEN),
    ("... UTF-8 and ASCII by turns", "plain", get(token('{"a":"REPEATED"}', (LONG, "\xc3\xa9a"))), HOSTILE_TOKEN),
    ("... escapes", "plain", get(token('{"a":"REPEATED"}', (LONG, "\\n"))), HOSTILE_TOKEN),
    ("... escapes and letters by turns", "plain", get(token('{"a":"REPEATED"}', (LONG, "aaaa\\n"))), HOSTILE_TOKEN),
    ("... a long `iss`", "plain", get(token('{"iss":"REPEATED"}', (LONG, "a"))), HOSTILE_TOKEN),
    ("... a long `iss` of escapes", "plain", get(token('{"iss":"REPEATED"}', (LONG, "\\u0061"))), HOSTILE_TOKEN),
    ("... a long `sub` of colons", "plain", get(token('{"sub":"REPEATED"}', (LONG, "::"))), HOSTILE_TOKEN),
    ("... a long number", "plain", get(token('{"a":REPEATED}', (LONG, "1"))), HOSTILE_TOKEN),
    ("... blanks", "plain", get(token('{REPEATED}', (LONG, " "))), HOSTILE_TOKEN),
    ("... a long name of escapes", "plain", get(token('{"REPEATED":1}', (LONG, "\\u0069"))), HOSTILE_TOKEN),
    ("... names of escapes", "plain", get(token('{REPEATED"a":1}', (LONG, '"\\u0069\\u0073\\u0068":0,'))), HOSTILE_TOKEN),
    ("... 63 names of escapes, and a string", "plain", get(token('{' + '"\\u0069\\u0073\\u0068":0,' * 63 + '"a":"REPEATED"}', (
        LONG, "a"))), HOSTILE_TOKEN),
    ("... 126 members with blanks, and a string", "plain", get(token('{' + '"iss" : {} ,' * 126 + '"a":"REPEATED"}', (LONG, "a"))),
     HOSTILE_TOKEN),
    ("... 250 members, and UTF-8", "plain", get(token('{' + '"sub":"a",' * 250 + '"a":"REPEATED"}', (LONG, "\xc3\xa9"))),
     HOSTILE_TOKEN),
    ("... fractions", "plain", get(token('{"a":[REPEATED1]}', (LONG, "-1.1e-1,"))), HOSTILE_TOKEN),
    ("... strings of 82 bytes with escapes", "plain", get(token('{"a":[REPEATED1]}', (LONG, '"' + "a" * 16 + "\\u0069aa" * 7 + '",'))),
     HOSTILE_TOKEN),
    ("... numbers between 33 blanks each", "plain", get(token('{"a":[REPEATED1]}', (LONG, " " * 33 + "-1" + " " * 33 + ","))),
     HOSTILE_TOKEN),
    ("... no JSON", "plain", get(token("REPEATED", (LONG, "a"))), HOSTILE_TOKEN),
    ("16 equal members of Origin", "plain", get([("Origin", " ".join([ALLOWED[1]] * 16))]), MEMBERS),
    ("16 different members of Origin", "plain", get([("Origin", " ".join(ORIGINS[500:516]))]), MEMBERS),
    ("16 different members, preflight", "plain", ("OPTIONS", V + "/baskets", [
        ("Origin", " ".join(ORIGINS[500:516])), ASKED]), None),
    ("1,000 clients with 10 resources", "1,000 clients", preflight(), FLAT),
    ("... and 16 equal members", "1,000 clients", ("OPTIONS", V + "/baskets", SAME), FLAT_MEMBERS),
    ("10,000 resources", "10,000 resources", preflight(), FLAT),
    *[(f"{policy}, a path of {kind}", policy, path(rest), PATH)
      for policy in ("`/**/x`", "100 of `/**/x`", "`/**/` and 100 `a/`", "`/**/` and 400 `a/`")
      for kind, rest in (("8,000 bytes", A8), ("64 segments", A))],
    ("`/**/` and 30 `a/`, a path of 61 segments", "`/**/` and 30 `a/`", path(DEEP), PATH),
    ("`/**/a/a/b/**`, a path of 64 segments", "`/**/a/a/b/**`", path(A), PATH),
    *[(f"`/*` and 400 `a`, a path of {kind}", "`/*` and 400 `a`", path(rest), PATH)
      for kind, rest in (("8,000 bytes", "/" + "a" * 7980), ("2,048 bytes", "/" + "a" * 2047))],
    ("Access-Control-Request-Headers: 4,000 commas", "plain", names("," * 4000), NAMES),
    ("... 64 commas", "plain", names("," * 63 + "a"), NAMES),
    ("... 62 names of 7 bytes", "plain", names(",".join(["x-abcde"] * 62)), NAMES),
    ("... 62 names like forbidden ones", "plain", names(",".join(["uxgrade"] * 62)), NAMES),
    ("... 64 names of 61 bytes", "plain", names(",".join(["x" * 61] * 64)), NAMES),
    ("... a name of 4,000 bytes", "plain", names("x" * 4000), NAMES),
    ("`client_id` in the query", "plain", get(query=parameters(0, "client_id=client-0000")), QUERY),
    ("... behind 100 parameters", "plain", get(query=parameters(100, "client_id=client-0000")), PARAMETERS),
    ("... behind 500", "plain", get(query=parameters(500, "client_id=client-0000")), None),
    ("`x-dw-client-id`", "plain", get([ALLOWED, ("x-dw-client-id", "client-0000")]), HEADER),
    ("GET, 1,000 clients replaced by a layer", "a replaced layer", get(), FLAT),
    ("preflight, the same", "a replaced layer", preflight(), FLAT),
    ("GET, 1,000 clients, one of them replaced", "a replaced client", get(), FLAT),
    ("preflight, the same", "a replaced client", preflight(), FLAT),
    ("GET, a path of 8,000 bytes", "plain", ("GET", A8, [ALLOWED]), None),
]


def small_of(policy):
    return SMALL.get(policy, "plain")


def measure(policy, requests):
    """{request: instructions}, with a policy or without the module, of one start."""
    layers = POLICIES[policy] if policy else []
    files = {f"layer-{number}.json": json.dumps(layer) for number, layer in enumerate(layers)}
    config = MODULE + "OcapiCorsSettings " + " ".join(files) if policy else ""
    server = serve(counted.Httpd, config, files, module=bool(policy))
    server.allow_log("AH00127: Cannot map ")  # a path that no file system has
    with counted.counting(server) as count:
        return {str(request): count.cost(*request)[0] for request in requests}


def hostile(told):
    """What one request can make the module do."""
    inputs = [row for row in INPUTS if not told.quick or row[3]]
    requests = {None: [request for _, _, request, _ in inputs] + list(ORDINARY.values())}
    for _, policy, request, _ in inputs:
        for name, asked in ((policy, request), (small_of(policy), ORDINARY[request[0]])):
            if asked not in requests.setdefault(name, []):
                requests[name].append(asked)
    say(f"hostile inputs: {len(requests)} servers")
    found = medians(lambda policy: measure(policy, requests[policy]), requests, bool, told)
    alone = found[None]

    def added(policy, request):
        return found[policy][str(request)] - alone[str(request)]

    rows, figures = [], {}
    for name, policy, request, bound in inputs:
        above = added(policy, request) - added(small_of(policy), ORDINARY[request[0]])
        if bound:
            figures[bound] = max(figures.get(bound, above), above)
        rows.append([name, f"{alone[str(request)]:,.0f}", f"{added(policy, request):+,.0f}", f"{above:+,.0f}",
                     f"{bound.most:+,}" + (" **no**" if above > bound.most else "") if bound else "-"])
    return Result(table(["input", "httpd alone", "the module adds", "above the ordinary one", "it may"], rows), figures)
