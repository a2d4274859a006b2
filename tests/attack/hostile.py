# SPDX-License-Identifier: Apache-2.0
"""Malformed HTTP/1 requests, as bytes for a socket. A seed and a number make the same request each time."""

import base64
import json
import random
import re
from collections import namedtuple

LISTED = [
    "http://foo.com",
    "https://secure.foo.com:8888",
    "https://app.example.com",
    "http://[2001:db8::1]:8080",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "https://partner.example",
]
UNLISTED = [
    "http://bar.com",
    "null",
    "https://foo.com",
    "http://foo.com:80",
    "http://foo.com/",
    "HTTP://FOO.COM",
    "http://foo.com.evil.example",
    "http://evil.example/http://foo.com",
    "http://foo.com@evil.example",
    "http://foo.co",
    "http://foo.comm",
    "http://xn--bcher-kva.example",
    "http://[2001:db8:0::1]:8080",
    "file://",
    "http://",
    "://",
    "http://foo.com,http://foo.com",
    "*",
    "http://foo.com:0x50",
    "data:text/html,x",
    "",
]
PATHS = [
    "/s/Shop/dw/shop/v19_1/baskets",
    "/s/Shop/dw/shop/v19_1/products/1?expand=a",
    "/dw/data/v19_1/sites",
    "/s/Sites-Shop-Site/dw/shop/v19_1/orders/7",
    "/s/-/dw/data/v19_1/jobs",
    "/dw/shop",
    "/",
    "/x/dw/shop/v1_1/y",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OPTIONS", "POST"]
ODD_METHODS = [
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "BREW",
    "get",
    "Post",
    "OPTIONS\t",
    "P" * 300,
    "M-SEARCH",
    "GET/",
    "(",
    "\x80",
    "OPTIONSX",
    "PRI",
    "",
    "POST POST",
    "*",
    "!#$%&'*+-.^_`|~",
]
FIELDS = [
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Authorization",
    "x-dw-client-id",
    "Sec-Fetch-Site",
    "x-dw-http-method-override",
    "Host",
    "Content-Type",
    "Cookie",
]
BLANKS = [b"", b" ", b"\t", b"  ", b" \t ", b"\x0b", b"\x0c", b"\xa0", b"\xc2\xa0"]
LINE_LIMIT, FIELD_COUNT_LIMIT = 8190, 100  # LimitRequestLine and LimitRequestFieldSize; LimitRequestFields

# pieces: what is sent, one after another. grants: the origins that an answer may name. streams: how many of HTTP/2.
Attack = namedtuple("Attack", "kind pieces grants streams", defaults=[0])


def granted_by(data):
    """The listed origins that the bytes name, each a word of its own. An answer may grant no others."""
    return {
        o
        for o in LISTED
        if o.encode() in data and re.search(rb"(?:^|[\x00-\x20:])" + re.escape(o.encode()) + rb"(?=$|[\x00-\x20])", data)
    }


def field(name, value):
    value = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
    return name.encode("latin-1") + b": " + value + b"\r\n"


class Maker:
    """Requests of one random generator."""

    def __init__(self, pick):
        self.pick = pick

    def one_of(self, *values):
        return self.pick.choice(values)

    def bytes_of(self, most, usable=range(256)):
        return bytes(self.pick.choice(usable) for _ in range(self.pick.randint(0, most)))

    def origin(self):
        return self.pick.choice(LISTED if self.pick.random() < 0.4 else UNLISTED)

    def preflight_fields(self):
        return field("Access-Control-Request-Method", self.pick.choice(METHODS)) + field(
            "Access-Control-Request-Headers", self.one_of("content-type", "x-a, x-b,x-c", "authorization,,x-dw-client-id")
        )

    def whole(
        self, method=None, target=None, fields=b"", body=None, origin=None, version="HTTP/1.1", host=b"Host: example.com\r\n"
    ):
        """A well-formed request, but for what the caller gives."""
        method = self.pick.choice(METHODS) if method is None else method
        target = self.pick.choice(PATHS) if target is None else target
        target = target if isinstance(target, bytes) else target.encode("latin-1")
        origin = self.origin() if origin is None else origin
        head = method.encode("latin-1") + b" " + target + b" " + version.encode() + b"\r\n" + host
        if origin is not False:
            head += field("Origin", origin)
        if method == "OPTIONS" and self.pick.random() < 0.8:
            head += self.preflight_fields()
        if body is None and method in ("POST", "PUT", "PATCH") and self.pick.random() < 0.6:
            body = self.one_of(b"{}", b"x" * 3000)
        if body is not None:
            fields += b"Content-Length: %d\r\n" % len(body)
        return head + fields + b"\r\n" + (body or b"")

    # ---- One kind of fault each ----

    def split(self):
        """A whole request that comes byte by byte, or in two pieces."""
        data = self.whole(fields=b"Connection: close\r\n", body=self.one_of(None, b"abc"))
        if self.pick.random() < 0.3:
            return [data[n : n + 1] for n in range(len(data))]
        at = self.pick.randrange(1, len(data))
        return [data[:at], data[at:]]

    def pipelined(self):
        """Several requests in one piece, some malformed."""
        parts = [self.whole() if self.pick.random() < 0.8 else b"".join(self.mutated()) for _ in range(self.pick.randint(2, 12))]
        return [b"".join(parts)]

    def oversized(self):
        """A line, a value or a number of fields at its limit and beyond."""
        size = self.one_of(LINE_LIMIT, 65536, 20000) + self.pick.randint(-40, 2)
        filler = self.one_of(
            b"a", b"/", b"%41", b",", b" ", b".", b";", b"a,", b"\xff", b"%2F", b"[", b"&client_id=a", b"http://foo.com "
        )
        text = (filler * size)[:size]
        place = self.pick.randrange(4)
        if place == 0:
            return [self.whole(target=b"/dw/shop/v19_1/" + text.replace(b" ", b"+"))]
        if place == 1:
            return [self.whole(fields=field(self.pick.choice(FIELDS), text))]
        if place == 2:
            count = FIELD_COUNT_LIMIT + self.pick.randint(-5, 3)
            return [self.whole(fields=b"".join(field(self.pick.choice(FIELDS), text[:20]) for _ in range(count)))]
        return [self.whole(origin=text)]

    def folded(self):
        """obs-fold: a value goes on in the next line."""
        name = self.pick.choice(FIELDS)
        value = self.origin().encode()
        at = self.one_of(0, len(value), self.pick.randint(0, len(value)))
        fold = self.one_of(b"\r\n ", b"\r\n\t", b"\n ", b"\r ", b"\r\n\r ", b" \r\n \r\n ")
        return [self.whole(origin=False, fields=name.encode() + b": " + value[:at] + fold + value[at:] + b"\r\n")]

    def line_ends(self):
        """A bare CR, a bare LF, a NUL or another control character somewhere."""
        data = bytearray(self.whole())
        for _ in range(self.pick.randint(1, 3)):
            data[(at := self.pick.randint(0, len(data))) : at] = self.one_of(
                b"\r", b"\n", b"\0", b"\r\r\n", b"\n\r", b"\x0b", b"\x7f", b"\x85"
            )
        if self.pick.random() < 0.3:
            data = bytearray(bytes(data).replace(b"\r\n", self.one_of(b"\n", b"\r", b"\r\r\n")))
        return [bytes(data)]

    def high_bytes(self):
        """Bytes above 0x7f: in a value, a name, the path, the method."""
        data = bytearray(self.whole())
        for _ in range(self.pick.randint(1, 8)):
            at = self.pick.randrange(len(data))
            data[at : at + self.pick.randrange(2)] = self.one_of(
                b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xe2\x80\xae", b"\xef\xbb\xbf"
            )
        return [bytes(data)]

    def lengths(self):
        """Content-Length: absurd, repeated, or beside Transfer-Encoding."""
        values = [
            "-1",
            "+5",
            "5 5",
            "5,5",
            "5,6",
            "0x5",
            "99999999999999999999",
            "9223372036854775807",
            "9223372036854775808",
            "",
            " ",
            "5\t",
            "05",
            "1e3",
            "5;",
            "\xb2",
            "4294967296",
            "5",
        ]
        fields = b"".join(field("Content-Length", self.pick.choice(values)) for _ in range(self.pick.randint(1, 3)))
        if self.pick.random() < 0.4:
            fields += field("Transfer-Encoding", self.one_of("chunked", "identity", "chunked, chunked", "xchunked", "\x0bchunked"))
        body = self.one_of(b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n" + self.whole())
        return [self.whole(method=self.pick.choice(METHODS), fields=fields, body=None) + body]

    def half_bodies(self):
        """A body that ends before its length."""
        data = self.whole(
            method=self.one_of("POST", "PUT", "OPTIONS", "BREW"),
            body=b"y" * self.pick.randint(1, 9000),
            fields=self.one_of(b"", b"Expect: 100-continue\r\n", b"Expect: nonsense\r\n"),
        )
        return [data[: -self.pick.randint(1, len(data) // 2)]]

    def chunks(self):
        """Chunked nonsense."""
        sizes = [
            b"5",
            b"0",
            b"-1",
            b"FFFFFFFFFFFFFFFF",
            b"ffffffffffffffffff",
            b"5;a=b",
            b"5 ",
            b" 5",
            b"0x5",
            b"",
            b"g",
            b"5;" + b"e" * 9000,
        ]
        body = b""
        for _ in range(self.pick.randint(1, 6)):
            body += (
                self.pick.choice(sizes)
                + self.one_of(b"\r\n", b"\n", b"\r", b"")
                + self.bytes_of(9)
                + self.one_of(b"\r\n", b"\n", b"")
            )
        body += self.one_of(
            b"0\r\n\r\n", b"0\r\nOrigin: http://foo.com\r\n\r\n", b"0\r\n", b"", b"0\r\n" + b"T: x\r\n" * 200 + b"\r\n"
        )
        fields = field("Transfer-Encoding", self.one_of("chunked", "Chunked", "gzip, chunked", "chunked;q=1"))
        return [self.whole(method=self.one_of("POST", "PATCH", "OPTIONS", "GET"), fields=fields, body=None) + body]

    def targets(self):
        """An absolute URI, an authority, an asterisk; a Host that is missing, repeated or malformed."""
        path = self.pick.choice(PATHS)
        target = self.one_of(
            "http://foo.com" + path,
            "http://example.com:99999" + path,
            "HTTP://shop.example" + path,
            "*",
            "example.com:80",
            "http://u:p@shop.example" + path,
            "//foo.com" + path,
            "http:" + path,
            "http://[::1" + path,
            "ftp://x/",
            path + "#f",
            "http://shop.example",
            "http:///" + path,
            path.replace("/", "//"),
            "?" + path,
            "https://shop.example" + path,
        )
        hosts = [
            "example.com",
            "shop.example",
            "shop.example:80",
            "SHOP.example.",
            "[::1]",
            "[::1",
            "a b",
            "x:y",
            "shop.example:-1",
            "",
            "%41",
            "foo.com",
            "shop.example@evil",
            "shop.example,evil",
            "\xff",
            "a" * 300,
        ]
        host = b"".join(field("Host", self.pick.choice(hosts)) for _ in range(self.one_of(0, 1, 1, 1, 2)))
        return [
            self.whole(
                target=target,
                host=host,
                origin=self.one_of(None, "http://shop.example", "https://shop.example:8443", "null"),
                fields=self.one_of(b"", field("Sec-Fetch-Site", self.one_of("same-origin", "same-site", "cross-site", "x", ""))),
            )
        ]

    def methods(self):
        """A method that nobody knows."""
        return [self.whole(method=self.pick.choice(ODD_METHODS))]

    def origins(self):
        """An Origin of every malformed kind."""
        value = self.origin().encode()
        for _ in range(self.pick.randint(0, 2)):
            at = self.pick.randint(0, len(value))
            value = (
                value[:at]
                + self.one_of(
                    self.bytes_of(3, [b for b in range(256) if b not in b"\r\n\0"]),
                    b" ",
                    b"\t",
                    b",",
                    b"/",
                    b":",
                    b".",
                    b"@",
                    b"%",
                    b"]",
                    b"xn--",
                )
                + value[at + self.pick.randrange(2) :]
            )
        joined = self.one_of(b" ", b"  ", b", ", b"\t", b",").join(
            [value] + [self.origin().encode() for _ in range(self.one_of(0, 0, 1, 2, 15, 16, 17, 400))]
        )
        fields = b"".join(
            field(self.one_of("Origin", "origin", "ORIGIN"), self.origin()) for _ in range(self.one_of(0, 0, 0, 1, 3))
        )
        return [self.whole(origin=self.pick.choice(BLANKS) + joined + self.pick.choice(BLANKS), fields=fields)]

    def preflights(self):
        """Access-Control-Request-* of every malformed kind."""
        names = [
            "content-type",
            "x-a",
            "host",
            "cookie",
            "sec-x",
            "proxy-y",
            "*",
            "",
            "a b",
            "x\xe9",
            "x" * 5000,
            "(",
            "a;b",
            '"q"',
            "x:y",
            "Origin",
            "\x01",
        ]
        fields = b""
        for _ in range(self.one_of(1, 1, 2)):
            fields += field(
                "Access-Control-Request-Headers",
                self.one_of(",", ", ", ",,", " , ", ";", "\t").join(
                    self.pick.choice(names) for _ in range(self.one_of(1, 3, 63, 64, 65, 1000))
                ),
            )
        method = self.one_of("PUT", "", " ", "put", "P T", "A,B", "\xff", "X" * 4000, "POST\t", "GET\x01")
        fields += b"".join(field("Access-Control-Request-Method", method) for _ in range(self.one_of(1, 1, 1, 2)))
        return [
            self.whole(
                method=self.one_of("OPTIONS", "OPTIONS", "options", "POST"), fields=fields, body=self.one_of(None, None, b"body")
            )
        ]

    def tokens(self):
        """Authorization of every malformed kind."""
        claims = self.one_of(
            {"iss": "A"},
            {"iss": "B"},
            {"sub": "cc-slas::zzte_053::scid:A::usid:x"},
            {"iss": ["A"]},
            {"iss": None},
            {"iss": "A" * 3000},
            {},
        )
        text = json.dumps(claims).encode()
        text = self.one_of(
            text,
            text[:-1],
            text + text,
            b"[" * 4000,
            b'{"iss":' * 900,
            b"\xef\xbb\xbf" + text,
            text.replace(b"A", b"\\u0041"),
            text.replace(b"A", b"\\ud800"),
            b'{"iss":"' + self.bytes_of(40) + b'"}',
            b"{" + b'"a":1,' * 600 + b'"iss":"A"}',
            b"",
        )
        part = base64.urlsafe_b64encode(text)
        part = self.one_of(
            part.rstrip(b"="),
            part,
            base64.b64encode(text),
            part[:-1],
            part + b"!",
            part.replace(b"e", b"\xe9"),
            part[:2000] + b"=" + part[2000:],
        )
        token = self.one_of(
            b"h." + part + b".s", b"." + part + b".", part, b"h." + part, b"h.." + part, b"." * 3000, b"h." + part + b".s.t.u.v"
        )
        value = (
            self.one_of(b"Bearer ", b"bearer  ", b"BEARER\t", b"Bearer", b"Basic ", b"Bearer Bearer ", b"Bearer,", b"", b" ")
            + token[:8000]
        )
        return [self.whole(fields=field("Authorization", value.replace(b"\r", b"").replace(b"\n", b"")) * self.one_of(1, 1, 2))]

    def clients(self):
        """Client ids in the query and the field."""
        ids = [
            "A",
            "B",
            "nobody",
            "",
            "%41",
            "%",
            "%4",
            "%zz",
            "A%00",
            "A+",
            "+A",
            "%C3%A9",
            "a" * 7000,
            "A;x",
            "A&client_id=B",
            "A&client_id=A",
            "\xff",
            "[object]",
        ]
        query = self.one_of(
            "?client_id=",
            "?a=b&client_id=",
            "?CLIENT_ID=",
            "?client%5Fid=",
            "?&&&client_id=",
            "?client_id",
            "?" + "x=y&" * 900 + "client_id=",
        )
        fields = b"".join(field("x-dw-client-id", self.pick.choice(ids)[:8000]) for _ in range(self.one_of(0, 0, 1, 2)))
        return [self.whole(target="/dw/shop/v19_1/x" + query + self.pick.choice(ids), fields=fields)]

    def spellings(self):
        """A path in an odd spelling."""
        path = self.pick.choice(PATHS).encode()
        odd = [
            b"%2e%2e/",
            b"..;/",
            b"%252e",
            b"%2F",
            b"%5C",
            b"\\",
            b";x=y",
            b"%00",
            b"%",
            b"%zz",
            b"%c0%af",
            b"/./",
            b"//",
            b"%20",
            b"%09",
            b"%E2%84%AA",
            b"%25" * 300 + b"2F",
            b"/.." * 300,
            b";" * 2000,
            b"dw",
            b"/s/Shop/dw/shop/",
            b"/dw/data",
            b"S",
            b"\x7f",
            b"%C5%BF",
        ]
        for _ in range(self.pick.randint(1, 4)):
            at = self.pick.randint(1, len(path))
            path = path[:at] + self.pick.choice(odd) + path[at + self.pick.randrange(3) :]
        return [self.whole(target=path)]

    def versions(self):
        """Another protocol, or what is nearly HTTP."""
        return [
            self.one_of(
                self.whole(
                    version=self.one_of(
                        "HTTP/0.9",
                        "HTTP/1.0",
                        "HTTP/1.2",
                        "HTTP/2.0",
                        "HTTP/9.9",
                        "http/1.1",
                        "HTTP/1.1 x",
                        "",
                        "HTTP/1.1\t",
                        "HTTP/11",
                    )
                ),
                b"GET /dw/shop/v19_1/x\r\n",
                b"POST /dw/shop/v19_1/x\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.bytes_of(200),
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self.bytes_of(300),
                b"\r\n" * self.pick.randint(1, 20) + self.whole(),
                self.whole(
                    fields=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
                    + self.one_of(b"AAMAAABkAAQAAP__", b"!", b"A" * 3000, b"")
                    + b"\r\n"
                ),
                self.whole(fields=b"Connection: Origin, close\r\n"),
                self.whole(fields=b"Upgrade: websocket\r\nConnection: upgrade\r\n"),
            )
        ]

    def names(self):
        """A field name that is nearly the right one."""
        value = self.origin().encode()
        line = (
            self.one_of(
                b"Origin : ",
                b" Origin: ",
                b"Origin\t: ",
                b"Origin:",
                b"Origin\0: ",
                b"Or\xefgin: ",
                b"Origin\x0b: ",
                b": ",
                b"Origin ",
                b"Origin",
                b"\nOrigin: ",
                b"Origin:\0",
                b"X: y\rOrigin: ",
                b"(Origin): ",
                b"Origin\r\n: ",
                b"Origin;a: ",
            )
            + value
            + b"\r\n"
        )
        return [self.whole(origin=self.one_of(False, None), fields=line * self.one_of(1, 1, 3))]

    def garbage(self):
        """Bytes of chance."""
        return [self.bytes_of(3000)]

    def mutated(self):
        """Another attack with some bytes changed, repeated, taken out, or taken from a third."""
        data = bytearray(
            b"".join(self.of_kind(self.pick.choice([k for k in KINDS if k not in ("mutated", "pipelined", "garbage")])))
        )
        other = self.whole()
        for _ in range(self.pick.randint(1, 6)):
            at = self.pick.randint(0, len(data))
            end = at + self.pick.randint(0, self.one_of(1, 4, 40))
            data[at:end] = self.one_of(
                b"",
                bytes([self.pick.randrange(256)]),
                bytes(data[at:end]) * 2,
                other[at % len(other) :][: self.pick.randint(0, 60)],
                bytes(b ^ 1 << self.pick.randrange(8) for b in data[at:end]),
            )
        return [bytes(data)]

    def of_kind(self, kind):
        return getattr(self, kind)()


KINDS = [name for name, value in vars(Maker).items() if callable(value) and value.__doc__ and name not in ("whole",)]


def attack_of(seed, number):
    """The attack of this number: the kinds take turns."""
    kind = KINDS[number % len(KINDS)]
    pieces = Maker(random.Random(f"{seed} {number}")).of_kind(kind)
    return Attack(kind, pieces, granted_by(b"".join(pieces)))
