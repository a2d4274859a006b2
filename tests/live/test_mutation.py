# SPDX-License-Identifier: Apache-2.0
"""One byte off is off: no mutation of a configured origin, client id or site id gets an allowance that the
documents do not give (R7, R8, C1, C2, C5). Generated, the same at each run."""

import base64
import json
import posixpath
import random
import re
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest

import httpd
import wire

SHOP = "ocapi-settings/wapi_shop_config.json"
EVERYWHERE = "https://everywhere.example"
# Neighbours that are a byte apart: what a mutation of one may well be another.
ORGANISATION = {
    "global": [EVERYWHERE],
    "other": ["https://other.example"],
}
SITES = {
    "RefArch": {
        "a1b2-C3.d_4": ["https://shop1.example.com", "http://127.0.0.1:8080", "https://a.example:8443"],
        "a1b2-C3.d_5": ["https://shop2.example.com", "http://[2001:db8::1]:3000"],
        "a1b2-C3.d_": ["chrome-extension://abcdefghijklmnop"],
    },
    "RefArch2": {"a1b2-C3.d_4": ["https://second.example.com"]},
    "RefArc": {"a1b2-C3.d_4": ["https://short.example.com"]},
    "refArch": {"a1b2-C3.d_4": ["https://lower.example.com"]},
    "Sites": {"a1b2-C3.d_4": ["https://sites.example.com"]},
}
PATH = "/s/RefArch/dw/shop/v20_4/x"
CLIENT, OWN = "a1b2-C3.d_4", "https://shop1.example.com"

CONFIG = """
MaxKeepAliveRequests 0
KeepAliveTimeout 20
AllowEncodedSlashes NoDecode
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree "${ROOT}/tree"
    AllowEncodedSlashes NoDecode
    AliasMatch "^/" "${ROOT}/htdocs/page"
</VirtualHost>
"""


def document(clients):
    return json.dumps({"_v": "20.4", "clients": [
        {"client_id": client, "allowed_origins": origins} for client, origins in clients.items()]})


@pytest.fixture(scope="module")
def front(module_start_httpd):
    files = {f"tree/sites/{name}/{SHOP}": document(clients) for name, clients in SITES.items()}
    server = module_start_httpd(CONFIG, files={"htdocs/page": "page", f"tree/{SHOP}": document(ORGANISATION), **files})
    server.expect_log('OCORS0021: .*"RefArch" and "refArch"')
    server.check_log()
    return server


def mutations(text, seed, rounds=3):
    """Every byte substituted, preceded by another, left out, in the other case, with its high bit set;
    then a byte behind the last. CR, LF and NUL would end the field or the request."""
    pick = random.Random(seed)
    usable = [b for b in range(1, 256) if b not in b"\r\n"]
    likely = b" ./:%&=+,;#?@*\\\"'\t-_~aA0"
    found = []
    for at, byte in enumerate(text):
        before, after = text[:at], text[at + 1:]
        news = [pick.choice(usable) for _ in range(rounds)] + [pick.choice(likely) for _ in range(rounds)]
        found += [before + bytes([new]) + after for new in news]
        found += [before + bytes([new, byte]) + after for new in news]
        found += [before + after, before + bytes([byte]).swapcase() + after,
                  before + bytes([byte ^ 0x80]) + after, before + bytes([byte, byte]) + after]
    found += [text + bytes([new]) for new in likely]
    return [f for f in dict.fromkeys(found) if f != text]


class Asker:
    """Requests on one connection, which is made anew where httpd ends it (400)."""

    def __init__(self, server):
        self.server = server
        self.connection = None
        self.count = 0

    def close(self):
        if self.connection:
            self.connection.socket.close()
        self.connection = None

    def grant(self, method, target, fields):
        """The Access-Control-Allow-Origin of the response; a POST is a 401 exactly without it."""
        self.connection = self.connection or wire.Connection(self.server.port)
        if method == "OPTIONS":
            fields = [*fields, ("Access-Control-Request-Method", "PUT")]
        line = wire.build(method, "@", fields, close=False).replace(b"@", target, 1)
        self.connection.send(line)
        response = self.connection.read(method)
        self.count += 1
        granted = response.one("Access-Control-Allow-Origin")
        if response.one("Connection") == "close":
            self.close()
        if granted is None:
            assert response.cors() == [], response
        is_judged = "Origin" in response.tokens("Vary")  # not: a path outside /dw/, httpd's own errors
        if method == "POST" and is_judged and response.status not in (400, 403, 404):
            assert (response.status == 401) == (granted is None), response
        return granted


@pytest.fixture
def asker(front):
    asker = Asker(front)
    yield asker
    asker.close()


def listed(site, client):
    """The documents, read the plain way; no client: the union (C3)."""
    clients = {**ORGANISATION, **SITES.get(site, {})}
    return {o for c, origins in clients.items() for o in origins if client in (None, c)}


ORIGINS = sorted({o for clients in SITES.values() for origins in clients.values() for o in origins})


def lists_of(field):
    """R6, and HTTP's own white space around a value."""
    return field.strip(b" \t").decode("latin-1").split(" ")


@pytest.mark.parametrize("origin", sorted(listed("RefArch", None) - set(ORGANISATION["other"])))
@pytest.mark.parametrize("client", [None, "own"])
def test_origins(asker, origin, client):
    """R8: "byte for byte" """
    owner = next(c for c, o in {**ORGANISATION, **SITES["RefArch"]}.items() if origin in o)
    client = owner if client else None
    target = (PATH + (f"?client_id={client}" if client else "")).encode()
    methods = ["GET", "POST", "OPTIONS"]
    for method in methods:
        assert asker.grant(method, target, [("Origin", origin)]) == origin, "the twin"
    for number, field in enumerate(mutations(origin.encode(), origin)):
        granted = asker.grant(methods[number % 3], target, [("Origin", field)])
        if set(lists_of(field)) <= listed("RefArch", client):
            assert granted == " ".join(lists_of(field)), field
        else:
            assert granted is None, field
    assert asker.count > 300


def client_of_query(query):
    """The client of `client_id=...` by the rules of forms; None: no client, "?": ambiguous."""
    pairs = parse_qsl(query.split(b"#")[0].decode("latin-1"), keep_blank_values=True, encoding="latin-1",
                      separator="&")
    values = {v for n, v in pairs if n == "client_id" and v}
    return None if not values else values.pop() if len(values) == 1 else "?"


@pytest.mark.parametrize("client", list(SITES["RefArch"]))
def test_client_ids_in_the_query(asker, client):
    """C2: "An id that no document names: no list, nothing is allowed." """
    origins = [o for o in ORIGINS if o in listed("RefArch", None)]
    for number, field in enumerate([client.encode(), *mutations(client.encode(), client, 4)]):
        if set(field) & set(b" \t") or min(field) < 0x20 or 0x7f in field:
            continue  # no request line
        query = b"client_id=" + field
        for origin in (*SITES["RefArch"][client][:1], origins[number % len(origins)]):
            granted = asker.grant(["GET", "POST"][number % 2], PATH.encode() + b"?" + query,
                                  [("Origin", origin)])
            wanted = origin in listed("RefArch", client_of_query(query))
            assert granted == (origin if wanted else None) or (wanted and granted is None and b"#" in field), (
                field, origin)
    assert asker.count > 200


@pytest.mark.parametrize("client", list(SITES["RefArch"]))
def test_client_ids_in_the_header(asker, client):
    """C2"""
    origins = [o for o in ORIGINS if o in listed("RefArch", None)]
    for number, field in enumerate([client.encode(), *mutations(client.encode(), client, 4)]):
        for origin in (*SITES["RefArch"][client][:1], origins[number % len(origins)]):
            granted = asker.grant(["GET", "POST"][number % 2], PATH.encode(),
                                  [("Origin", origin), ("x-dw-client-id", field)])
            named = field.strip(b" \t").decode("latin-1")
            if any(b < 0x20 and b != 9 or b == 0x7f for b in field):
                assert granted in (None, origin), field  # a 400, whose header was never taken in: C3
            else:
                assert granted == (origin if origin in listed("RefArch", named or None) else None), field
    assert asker.count > 200


def claimed(token):
    """The `iss` of a token, or None: RFC 7519 read by a second implementation. A text that is not strict JSON names nobody."""
    try:
        payload = token.split(b".")[1].replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")
        claims = json.loads(base64.b64decode(payload + b"=" * (-len(payload) % 4), b"-_", validate=True))
        return claims["iss"] if isinstance(claims["iss"], str) else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def token_of(claims):
    return b"eyJhbGciOiJSUzI1NiJ9." + base64.urlsafe_b64encode(claims).rstrip(b"=") + b".c2ln"


@pytest.mark.parametrize("where", ["id", "token"])
@pytest.mark.parametrize("client", list(SITES["RefArch"]))
def test_client_ids_in_a_token(asker, where, client):
    """C1: a token that names no known client is passed over; then the query's client is asked, which does
    not list the origin."""
    claims = b'{"iss":"' + client.encode() + b'","exp":2000000000}'
    origin = SITES["RefArch"][client][0]
    target = PATH.encode() + b"?client_id=other"
    fields = [("Origin", origin)]
    for method in ("GET", "POST"):
        named = [("Authorization", b"Bearer " + token_of(claims))]
        assert asker.grant(method, target, fields + named) == origin, "the twin"
        assert asker.grant(method, target, fields) is None, "nothing but the token allows it"
    if where == "id":
        tokens = [token_of(claims.replace(client.encode(), m)) for m in mutations(client.encode(), client)]
    else:
        tokens = mutations(token_of(claims), client, 2)
        tokens = [t for t in tokens if not any(b < 0x21 or b == 0x7f for b in t)]
    for number, token in enumerate(tokens):
        granted = asker.grant(["GET", "POST"][number % 2], target,
                              fields + [("Authorization", b"Bearer " + token)])
        wanted = origin in listed("RefArch", claimed(token)) if claimed(token) in SITES["RefArch"] else False
        if granted is not None:
            assert wanted and granted == origin, (token, claimed(token))
        if where == "id" and wanted:
            assert granted == origin, token
    assert asker.count > 100


def site_of(target):
    """C5, by another hand: the site whose list judges; None: no path below /dw/."""
    path = unquote_to_bytes(re.split(rb"[?#]", target)[0]).decode("latin-1")
    found = re.search(r"(?:^|/)s/([^/]+)/dw/shop(?:/|$)", posixpath.normpath("/" + path.lstrip("/")))
    if not found:
        return ""
    wrapped = re.fullmatch(r"Sites-(.+)-Site", found[1])
    return wrapped[1] if wrapped else found[1]


@pytest.mark.parametrize("form", ["RefArch", "Sites-RefArch-Site", "RefArch2"])
def test_site_ids(asker, form):
    """C5, S15: "never another site's" """
    asker.server.expect_log("AH10244: invalid URI path")  # "%" and no digits: httpd's 400
    for number, field in enumerate([form.encode(), *mutations(form.encode(), form, 5)]):
        if set(field) & set(b" \t") or min(field, default=0) < 0x20 or 0x7f in field:
            continue
        target = b"/s/" + field + b"/dw/shop/v20_4/x"
        for origin in [o for o in ORIGINS if number % 2 or o in (OWN, "https://second.example.com")]:
            granted = asker.grant(["GET", "POST"][number % 4 // 2], target, [("Origin", origin)])
            wanted = origin in listed(site_of(target), None)
            assert granted in ((origin, None) if wanted else (None,)), (target, origin)
            if number == 0 and wanted:
                assert granted == origin, "the twin"
    assert asker.count > 500


def test_unmutated_twins(asker):
    """Everything that is configured is granted, by every way of naming its client, and nowhere else."""
    for site, clients in SITES.items():
        path = f"/s/{site}/dw/shop/v20_4/x".encode()
        for client in clients:
            ways = [(path + f"?client_id={client}".encode(), []), (path, [("x-dw-client-id", client)]),
                    (path, [("Authorization", b"Bearer " + token_of(json.dumps({"iss": client}).encode()))])]
            for target, fields in ways:
                for origin in ORIGINS:
                    granted = asker.grant("POST", target, [("Origin", origin), *fields])
                    assert granted == (origin if origin in listed(site, client) else None), (target, origin)
