# SPDX-License-Identifier: Apache-2.0
"""R12: "No spelling of a path loosens the policy, whatever the application behind makes of it." A generated
campaign, and the field's cases before the applications that fall for them. OCORS_SEED and OCORS_REQUESTS (for
each front) make another campaign than the default."""

import os

import pytest

import fronts
import readers
from campaign import REQUESTS, SEED, Report, jobs_of
from grammar import EVIL, LISTS, Ask, Grammar, systematic_asks

A, B, ORG = LISTS["A", "shop"], LISTS["B", "shop"], LISTS["-", "shop"]
A_DATA, KIOSK = LISTS["A", "data"], LISTS["Kiosk", "shop"]
APPLICATIONS = ["tomcat", "jetty", "readers"]
X = "shop/v19_1/x"


def seed():
    return int(os.environ.get("OCORS_SEED", SEED))


def requests():
    return int(os.environ.get("OCORS_REQUESTS", REQUESTS // len(fronts.FRONTS)))


# ---- The campaign ----


@pytest.mark.parametrize("front", fronts.FRONTS)
def test_no_spelling_gets_by(running, front):
    """R12"""
    report = running.run(jobs_of(front, running.applications, seed(), requests()), Report(seed()))
    assert len(report.sent) == requests()
    assert sum(s.is_refusal for s in report.sent) > requests() / 10
    assert len(report.violations) == 0, "\n".join(report.lines())


def test_it_is_at_least_20000_requests():
    assert REQUESTS // len(fronts.FRONTS) * len(fronts.FRONTS) >= 20000


def test_the_same_seed_is_the_same_campaign():
    assert list(Grammar("1 off").asks(500)) == list(Grammar("1 off").asks(500))
    assert list(Grammar("1 off").asks(500)) != list(Grammar("2 off").asks(500))
    assert list(systematic_asks()) == list(systematic_asks())


@pytest.mark.parametrize("front", fronts.FRONTS)
def test_the_campaign_can_fail(unguarded, front):
    """Where no policy is in force, each application and each reader is found guilty at each front."""
    asks = [Ask("POST", f"{before}{path}/{X}", EVIL) for path in ("/s/A/dw", "/app/dw")
            for before in ("", fronts.BEFORE.get(front, ""))]
    asks += [Ask("GET", f"/s/A/dw/{X}", EVIL), Ask("OPTIONS", f"/s/A/dw/{X}", EVIL),
             Ask("POST", f"/s/N/dw/{X}", ORG), Ask("POST", f"/dw/{X}", A)]
    for application in APPLICATIONS:
        found = unguarded.run([(front, application, ask) for ask in asks], Report(None)).violations
        assert {v.sent.ask for v in found} == set(asks)
        wanted = set(readers.READERS) if application == "readers" else {application}
        assert {v.reader for v in found if v.sent.ask.method == "POST" and v.why == "ran"} == wanted


# ---- Accepting twins: the campaign does not pass by refusing all ----

TWINS = [
    (A, f"/s/A/dw/{X}", "A", "shop"), (B, f"/s/B/dw/{X}", "B", "shop"), (KIOSK, f"/s/Kiosk/dw/{X}", "Kiosk", "shop"),
    (A, f"/s/Sites-A-Site/dw/{X}", "Sites-A-Site", "shop"), (ORG, f"/dw/{X}", "", "shop"),
    (ORG, f"/s/-/dw/{X}", "-", "shop"), (ORG, f"/s/X/dw/{X}", "X", "shop"),
    (A_DATA, "/s/A/dw/data/v19_1/x", "A", "data"), (A_DATA, "/s/A/dw/batch/x", "A", "batch"),
    (A, f"/app/s/A/dw/{X}", "A", "shop"),
    # 2.7, and what else is in a path behind the API
    (A, "/s/A/dw/shop/v19_1/baskets;jsessionid=1", "A", "shop"),
    (A, "/s/A/dw/shop/v19_1/b%20c;x=%3b,%2e", "A", "shop"),
    (A, f"/s/A/dw/{X}?next=/../s/B/dw/shop;%2f..%2f", "A", "shop"), (A, f"/s/A/dw/{X}/../y", "A", "shop"),
    (A, "/s/A/dw/shop/v19_1/s/B", "A", "shop"),
]


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("front", fronts.FRONTS)
def test_a_plain_spelling_passes(running, front, application):
    """R1: every reader runs it as the same address, and the origin may read the answer."""
    for origin, path, site, api in TWINS:
        origin = B if front == "site" and not site else origin
        sent = running.ask(front, application, "POST", path, origin)
        assert sent.status == 200 and ("Access-Control-Allow-Origin", origin) in sent.cors, sent
        assert {r.site.casefold() for r in sent.ran} == {site.casefold()}, sent
        assert {r.api for r in sent.ran} == {api}, sent
        assert len(sent.ran) == (len(readers.READERS) if application == "readers" else 1), sent


@pytest.mark.parametrize("front", fronts.FRONTS)
def test_an_encoded_slash_and_empty_segments_pass(running, front):
    """Field case 2.7. What the application makes of them is its own; httpd refuses %2F where it is told to."""
    sent = running.ask(front, "readers", "POST", "/s/A//dw/./shop/v19_1/x", A)
    assert sent.status == 200 and sent.ran, sent
    sent = running.ask(front, "readers", "POST", "/s/A/dw/shop/v19_1/products/a%2Fb", A)
    if front == "off":
        assert (sent.status, sent.is_refusal, sent.ran) == (404, False, []), sent
    else:
        assert sent.status == 200 and sent.ran, sent


def test_a_request_without_origin_passes_in_any_spelling(running):
    """R12: "Own origins and requests without Origin pass as ever." """
    for path in ("/s/A/dw;x/shop/x", "/s/N;%5cy/dw/shop/x", "/s/a/dw/shop/x", "/s/A%20/dw/shop/x"):
        sent = running.ask("nodecode", "readers", "POST", path, None)
        assert sent.status == 200 and sent.ran, sent


# ---- The field's cases, before the applications that fall for them ----

OUT = "/s/A/dw/shop%2f..%2f..%2f..%2f../s/B/dw/" + X
FIELD = [
    # number, front, application, reader, origin, path, the site that it would run
    ("2.1", "off", "tomcat", "tomcat", EVIL, f"/s/A/dw;x/{X}", "A"),
    ("2.1", "off", "jetty", "jetty", EVIL, f"/dw;x/{X}", ""),
    ("2.1", "off", "tomcat", "tomcat", EVIL, f"/s/A/dw%3bx/{X}", "A"),
    ("2.2", "off", "readers", "backslash", EVIL, "/s/A/dw%5cshop/v19_1/x", "A"),
    ("2.2", "off", "readers", "router", EVIL, f"/s/A/DW/{X}", "A"),
    ("2.2", "off", "tomcat", "tomcat", EVIL, "/s/A/dw", "A"),
    ("2.2", "off", "jetty", "jetty", EVIL, "/s/A/dw/", "A"),
    ("2.4", "off", "tomcat", "tomcat", B, f"/s/B/dw/shop/..;/..;/..;/..;/s/A/dw/{X}", "A"),
    ("2.5", "nodecode", "readers", "once", A, OUT, "B"),
    ("2.5a", "nodecode", "readers", "twice", EVIL, f"/s/A/d%2577/{X}", "A"),
    ("2.5a", "servlet", "readers", "twice", EVIL, f"/s/A/d%2577/{X}", "A"),
    ("2.5c", "off", "tomcat", "tomcat", ORG, f"/s/N;%5cy/dw/{X}", "N"),
    ("2.5c", "off", "jetty", "jetty", ORG, f"/s/N;%5cy/dw/{X}", "N"),
    ("2.5c", "off", "tomcat", "tomcat", ORG, f"/s;%5cy/N/dw/{X}", "N"),
    ("2.5c", "off", "jetty", "jetty", ORG, f"/s;%5cy/N/dw/{X}", "N"),
    ("2.5d", "servlet", "readers", "router", B, "/s/A/dw/shop/v19_1/baskets" + "/..;" * 5 + f"/B/dw/{X}", "A"),
    ("2.5e", "nocanon", "readers", "router", EVIL, f"/s/A/dw/{X}/../../../../../../y", "A"),
    ("2.5e", "nocanon", "readers", "unresolved", EVIL, f"/s/A/dw/{X}/../../../../../../y", "A"),
    ("2.6", "off", "tomcat", "tomcat", ORG, f"/s/N;x/dw/{X}", "N"),
    ("2.6", "off", "readers", "case", ORG, f"/s/n/dw/{X}", "n"),
    ("2.6", "off", "readers", "windows", ORG, f"/s/N%20/dw/{X}", "n"),
    # Found by the campaign: a segment that vanishes to some, and a step up that takes it back to others
    ("vanishing", "off", "tomcat", "tomcat", ORG, f"/s/A/%20/..;x/dw/{X}", "A"),
    ("vanishing", "encoded", "tomcat", "tomcat", ORG, f"/s/A/%3bx/..;/%3bx/..;/dw/{X}", "A"),
    ("vanishing", "nocanon", "tomcat", "tomcat", ORG, f"/s/A/x/;/../dw/{X}", "A"),
    ("vanishing", "nocanon-on", "tomcat", "tomcat", ORG, f"/s/A/x//%2E./dw/{X}", "A"),
    ("vanishing", "nocanon", "readers", "cut-first", A, f"/s/A/.;/../.;/../dw/{X}", ""),
    # two steps up that are not spelled alike: some resolve one of them
    ("steps", "nocanon", "readers", "resolved-first", ORG, f"/s/A/%2e%2e/../dw/{X}", "A"),
    ("steps", "nocanon", "readers", "url", ORG, f"/s/A//../dw/{X}", "A"),
    ("steps", "off", "tomcat", "tomcat", ORG, f"/s/A/..%20/..;/dw/{X}", "A"),
    # and what httpd takes from a site's id, or adds to it, and the application does not
    ("parameter", "servlet", "readers", "once", A, f"/s/A;x/dw/{X}", "A;x"),
    ("separator", "nocanon-on", "readers", "router", A, f"/s/A%2f/dw/{X}", "A/"),
]


@pytest.mark.parametrize("number, front, application, reader, origin, path, site", FIELD,
                         ids=[f"{r[0]}-{r[1]}-{r[3]}-{n}" for n, r in enumerate(FIELD)])
def test_a_case_of_the_field(running, unguarded, number, front, application, reader, origin, path, site):
    """R12, R5: the application would run it as the site; it runs nothing."""
    ran = {r.reader: r.site for r in unguarded.ask(front, application, "POST", path, origin).ran}
    assert ran.get(reader) == site
    sent = running.ask(front, application, "POST", path, origin)
    assert sent.is_refusal and sent.ran == [] and sent.cors == [], sent
    preflight = running.ask(front, application, "OPTIONS", path, origin)
    assert (preflight.status, preflight.ran, preflight.cors) == (204, [], []), preflight


# ---- The readers ----

READINGS = [
    ("/s/A/dw/shop/x", set(readers.READERS), ("A", "shop")), ("/dw/shop", set(readers.READERS), ("", "shop")),
    ("/s/A/dw%252fshop", {"twice", "thrice", "resolved-between", "cut-first-twice", "cut-between", "everything"}, ("A", "shop")),
    ("/s/A/dw%25252fshop", {"thrice", "everything"}, ("A", "shop")),
    ("/s/A/DW/shop", {"windows", "case", "case-unresolved", "router", "everything"}, ("A", "shop")),
    ("/%c5%bf/A/dw/shop", {"windows", "case", "case-unresolved", "everything"}, ("A", "shop")),
    ("/s/A/dw%20./shop", {"windows", "case", "case-unresolved", "everything"}, ("A", "shop")),
    ("/s/A/dw\\shop", {"backslash", "backslash-first", "backslash-cut-first", "windows", "everything"}, ("A", "shop")),
    ("/s/A/dw%5cshop", {"backslash", "backslash-cut-first", "windows", "everything"}, ("A", "shop")),
    ("/s/A/dw;/shop", {"cut-first", "cut-first-twice", "cut-after", "cut-between", "cut-resolved-first", "cut-unresolved",
                       "backslash-cut-first", "everything"}, ("A", "shop")),
    ("/s/A/dw%3bx/shop", {"cut-after", "cut-between", "everything"}, ("A", "shop")),
    ("/s/A/dw%253bx/shop", {"everything"}, ("A", "shop")),
    ("/s/A/dw;%2fx/shop", {"cut-first", "cut-first-twice", "cut-resolved-first", "cut-unresolved",
                           "backslash-cut-first"}, ("A", "shop")),
    ("/s/A/dw/shop/../../y", {"unresolved", "cut-unresolved", "case-unresolved", "router"}, ("A", "shop")),
    ("/s/A/dw/../dw/shop", {"unresolved", "cut-unresolved", "router"}, ("A", "..")),
    ("/s/A/%2e%2e/B/dw/shop", set(readers.READERS) - {
        "unresolved", "resolved-first", "cut-resolved-first", "cut-unresolved", "case-unresolved", "router",
        "backslash-first"}, ("B", "shop")),
    ("/x/dw/shop", set(), None), ("/s/A/dwx/shop", set(), None), ("/?/dw/shop", set(), None),
]


@pytest.mark.parametrize("target, names, address", READINGS, ids=[r[0] for r in READINGS])
def test_how_the_readers_read(target, names, address):
    """Exactly these readers take the target for that address."""
    found = readers.readings(target.encode("latin-1"))
    is_same = {name for name, ran in found.items()
               if address and tuple(map(str.casefold, ran)) == tuple(map(str.casefold, address))}
    assert is_same == names
