# SPDX-License-Identifier: Apache-2.0
"""Spellings of paths: a seeded generator of requests, the same for the same seed. Plain addresses are spelled
with escapes, parameters, backslashes, dots and other letters, joined by more than slashes, and led out of
themselves again."""

import itertools
import random
from collections import namedtuple

Ask = namedtuple("Ask", "method target origin")

# Who lists what; the organisation is "-". A data document stands for the organisation and for A alone.
LISTS = {
    ("A", "shop"): "http://a.example", ("B", "shop"): "http://b.example",
    ("N", "shop"): None,  # the organisation's client without origins
    ("Kiosk", "shop"): "http://kiosk.example", ("-", "shop"): "http://org.example",
    ("A", "data"): "http://a-data.example", ("-", "data"): "http://org-data.example",
}
SITES = ["A", "B", "N", "Kiosk"]
EVIL = "http://evil.example"
ABSOLUTE = "http://host.of.the.request"  # before a target in absolute form
LISTED = sorted(filter(None, LISTS.values()))


def listed(site, api):
    """The origins that may use a site's API. A site that the tree does not have, or that has no document of
    this API, is the organisation's; another API, and none, is judged by the documents of both."""
    if api in ("other", ""):
        return listed(site, "shop") | listed(site, "data")
    site = site if (site, api) in LISTS else "-"
    return {LISTS[site, api]} - {None}


# ---- The words ----

UP = ["..", "%2e%2e", ".%2E", "%2E.", "%252e%252e", ".%252e", "%25252e%25252e", "..;", "..;x", "..%3b", "..%3bx",
      "..%253b", "%2e%2e;x", "%2e%2e%3bx", ";/..", "x/../..", "./..", "..%20", "%20..", "...", "..%00",
      "%c0%ae%c0%ae", "..%09"]
SLASH = ["/", "/", "/", "//", "/./", "/%2e/", "/%252e/", "///", "\\", "/\\", "\\\\", "%5c", "/%5c", "%5C", "%255c", "%25255c",
         "%2f", "%2F", "/%2f", "%2f/", "%252f", "%252F", "%25252f", "/;/", "/;x/", "/;x=y;z/", "/%3b/", "/%3bx/",
         "/%253b/", "/.;/", "/.;x/", "/%2e;/", "/%20/", "/%09/", ";/", ";x/", ";%2f", ";%5c", ";\\", "%3b/", "%3b%2f",
         "/;%2f", "/;%5cy/", "/;\\y/", "/;x%2fy/", "/x/../", "/x/%2e%2e/", "/x;/../", "/x/..;/", "/..;/", "/%c0%af",
         "%c0%af", "%ef%bc%8f", "%e2%88%95", "%u002f", "%%32%66", "%2%66", "/%00/"]
TAIL = [";x", ";", ";x=1,2", ";jsessionid=0", "%3b", "%3bx", "%3B", "%253b", "%253bx", "%25253b", ";%5cy", ";%2fy", ";\\y",
        ";%252fy", ";%255cy", ";x%2f..", ";x%2f..%2f..", ";x%5c..", "%3b%2fy", "%253b%252fy", "%20", "%09", "%0a", "%2e", ".", "..",
        "%2520", "%252e", "%00", "%2500", "%00x", "%2500x", "%01", "%1f", "%7f", "%a0", "%c2%a0", "%5c", "\\", "%255c",
        "%2f", "%252f", "%2f.", "%5c.", "%2f..%2fx", "%3f", "%253f", "%3fx", "%23", "%2523", "%23x", "%26", "%25", "%", "%zz",
        "%2", ":", "::$DATA", "+", "*", "~1", ",x", "!x", "&x", "=x", "@x", "x", "%ff", "%e2%80%8b", "%ef%bb%bf", "%cc%81"]
LETTER = {"s": ["S", "%c5%bf", "%25c5%25bf"], "k": ["K", "%e2%84%aa", "%25e2%2584%25aa"],
          "i": ["I", "%c4%b0", "%c4%b1"], "S": ["s", "%c5%bf"], "K": ["k", "%e2%84%aa"]}


# Segments that are none to some, and some to others; with UP behind them they take back what they should not.
GHOST = [";", ";x", "%3b", "%3bx", "%253b", "%09", "%20", "%0b", "%2509", ".", ".;", ".;x", "%2e;x", ".%3b", "%252e", "%20;x", ";;",
         "", "x", "x;", "%5c", "%2f", "\\", "...", ".%20", "%00", "%2500", "%c2%a0"]


def escape(character, depth):
    """%41, %2541, %252541..."""
    return "%" + "25" * (depth - 1) + f"{ord(character):02x}"


class Grammar:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def origin(self, *addresses):
        choice = self.random.random()
        if choice < 0.35:
            return EVIL
        if choice < 0.75:
            origins = sorted(listed(*self.random.choice(addresses)))
            return self.random.choice(origins or ["http://org.example"])
        return self.random.choice(LISTED) if choice < 0.96 else None

    def method(self):
        return self.random.choices(["POST", "GET", "OPTIONS", "PUT", "DELETE", "PATCH", "HEAD"],
                                   [76, 7, 8, 3, 2, 2, 2])[0]

    def site(self):
        return self.random.choice(SITES + ["-", "-", "X"])

    def address(self, site, api):
        """The segments of a plain address, up to the API."""
        chance = self.random.random()
        if site == "-" and chance < 0.7:
            segments = ["dw", api]
        else:
            name = f"Sites-{site}-Site" if chance > 0.85 else site
            segments = ["s", name, "dw", api]
        return ["app"] + segments if self.random.random() < 0.08 else segments

    def spell(self, segment):
        """Another spelling of a segment."""
        r = self.random
        choice = r.random()
        if not segment or choice < 0.4:
            return segment + r.choice(TAIL)
        if choice < 0.48:
            return r.choice(TAIL) + segment
        if choice < 0.75:
            depth, at = r.choice([1, 1, 2, 2, 3, 4]), r.randrange(len(segment))
            if r.random() < 0.3:
                return "".join(escape(c, depth) for c in segment)
            return segment[:at] + escape(segment[at], depth) + segment[at + 1:]
        if choice < 0.85:
            return r.choice([str.upper, str.lower, str.swapcase, str.capitalize])(segment)
        at = [n for n, c in enumerate(segment) if c in LETTER]
        if not at:
            return segment.swapcase()
        n = r.choice(at)
        return segment[:n] + r.choice(LETTER[segment[n]]) + segment[n + 1:]

    def join(self, segments, faults):
        """The path, with this many other spellings of segments or slashes."""
        spelled, slashes = list(segments), ["/"] * len(segments)
        for _ in range(faults):
            n = self.random.randrange(len(segments))
            if self.random.random() < 0.6:
                spelled[n] = self.spell(spelled[n])
            else:
                slashes[n] = self.random.choice(SLASH)
        path = "".join(map("".join, zip(slashes, spelled)))
        # httpd wants a slash first; a backslash there is no request line at all.
        return path if path.startswith("/") else "/" + path

    def faults(self):
        return self.random.choices([0, 1, 2, 3, 6], [10, 45, 25, 12, 8])[0]

    def api(self):
        return self.random.choices(["shop", "data", "other", ""], [75, 15, 6, 4])[0]

    def rest(self):
        return self.random.choice([["v19_1", "baskets"], ["v19_1", "x"], ["v19_1"], [], ["x", ""], [""],
                                   ["v19_1", "products", "a%2Fb"], ["v19_1", "baskets;jsessionid=1"]])

    def ups(self, count):
        """So many steps up, all of one kind or mixed, with slashes before them."""
        r = self.random
        one, slash = r.choice(UP), r.choice(SLASH) if r.random() < 0.4 else "/"
        mixed = r.random() < 0.25
        return "".join((r.choice(SLASH) if mixed else slash) + (r.choice(UP) if mixed else one)
                       for _ in range(count))

    def ghosts(self):
        """Some segments, and about as many steps up; one kind of each, or mixed."""
        r = self.random
        count = r.choice([1, 1, 2, 3])
        ghost, up, words = r.choice(GHOST), r.choice(UP), []
        for _ in range(count):
            words.append(ghost if r.random() < 0.8 else r.choice(GHOST))
        for _ in range(count + r.choice([0, 0, 0, -1, 1])):
            words.insert(r.randrange(1, len(words) + 1) if r.random() < 0.5 else len(words),
                         up if r.random() < 0.8 else r.choice(UP))
        return words

    def target(self):
        """(target, the addresses in it)."""
        r = self.random
        first, second = (self.site(), self.api()), (self.site(), self.api())
        here, there = self.address(*first), self.address(*second)
        rest = self.rest()
        shape = r.choices(["one", "two", "out", "before", "nested", "ghosts"], [36, 22, 8, 8, 10, 16])[0]
        if shape == "one":
            return self.join(here + rest, self.faults()), (first,)
        if shape == "ghosts":
            segments = here + rest
            for _ in range(r.choice([1, 1, 2])):
                n = r.randrange(len(segments) + 1)
                segments[n:n] = self.ghosts()
            return self.join(segments, r.choice([0, 0, 0, 1])), (first, second)
        if shape == "nested":
            around = r.choice([["dw"], ["s"], ["s", "dw"], ["dw", "shop"], ["s", "s"], ["dw", "s"], ["x"],
                               ["s", "A", "x"], ["s", "A", "dw"], ["s", ""], ["x", "s", "B"], [""]])
            return self.join(around + here + rest, r.choice([0, 0, 1, 2])), (first, (self.site(), "shop"))
        depth = len(here) + len(rest)
        if shape == "two":
            up = self.ups(r.choice([depth, depth, depth, depth - 1, depth + 1, len(here), len(here) - 1, 1, 2]))
            there = there if r.random() < 0.75 else there[1:]
            return (self.join(here + rest, r.choice([0, 0, 1, 2])) + up
                    + self.join(there + self.rest(), r.choice([0, 0, 0, 1]))), (first, second)
        if shape == "out":
            up = self.ups(r.choice([depth, depth + 1, depth + 3, depth - 1]))
            return self.join(here + rest, r.choice([0, 0, 1])) + up + r.choice(["", "/", "/y", "/x/y"]), (first,)
        up = r.choice(["/x" + self.ups(1), self.ups(1), self.ups(2), "/x/y" + self.ups(2), "/;/..", "/s/A" + self.ups(2),
                       "/dw" + self.ups(1)])
        path = up + self.join(here + rest, r.choice([0, 0, 1]))
        return path if path.startswith("/") else "/" + path, (first,)

    def asks(self, count):
        for _ in range(count):
            target, addresses = self.target()
            if self.random.random() < 0.03:
                target = ABSOLUTE + target
            if self.random.random() < 0.05:
                target += self.random.choice(["?a=b", "?/../s/A/dw/shop", "?"])
            yield Ask(self.method(), target, self.origin(*addresses))


def systematic():
    """Each word at each place of one address, asked by an unknown origin and by the organisation's: the same
    for every seed."""
    for site in ("A", "N", "-"):
        address = ["dw", "shop"] if site == "-" else ["s", site, "dw", "shop"]
        for n, tail in itertools.product(range(len(address)), TAIL):
            words = address[:n] + [address[n] + tail] + address[n + 1:]
            yield "/" + "/".join(words) + "/v19_1/x"
        for n, slash in itertools.product(range(len(address) + 1), SLASH):
            yield (("/" + "/".join(address[:n]) if n else "") + slash + "/".join(address[n:] + ["v19_1", "x"]))
    for up in UP:
        for ghost in GHOST:
            for target in (f"/s/A/{ghost}/{up}/dw/shop/x", f"/s/A/x/{ghost}/{up}/dw/shop/x",
                           f"/s/A/{ghost}/{up}/{ghost}/{up}/dw/shop/x", f"/s/A/B/{ghost}/{up}/dw/shop/x",
                           f"/s/x/{ghost}/{up}/B/dw/shop/x", f"/s/A/dw/{ghost}/{up}/shop/x",
                           f"/s/A/dw/data/{ghost}/{up}/shop/x"):
                yield target
        for target in ("/s/A/dw/shop/v19_1/x" + f"/{up}" * 6 + "/s/B/dw/shop/v19_1/x",
                       "/s/A/dw/shop/v19_1/x" + f"/{up}" * 5 + "/B/dw/shop/v19_1/x",
                       "/s/A/dw/shop" + f"%2f{up}" * 4 + "/s/B/dw/shop/v19_1/x",
                       "/s/A/dw/shop" + f"%5c{up}" * 4 + "/s/B/dw/shop/v19_1/x",
                       "/s/A/dw/shop/v19_1/x" + f"/{up}" * 7 + "/y",
                       f"/x/{up}/s/A/dw/shop/x", f"/s/A/x/{up}/dw/shop/x", f"/s/x/{up}/B/dw/shop/x",
                       f"/dw/data/{up}/shop/x"):
            yield target


def systematic_asks():
    for target in systematic():
        target = target if target.startswith("/") else "/" + target
        for origin in (EVIL, "http://org.example", "http://a.example"):
            yield Ask("POST", target, origin)
