# SPDX-License-Identifier: Apache-2.0
"""mod_cache in front of a backend, quick handler on and off, on disk and in shared memory: what is stored is
nobody's, and what is answered is each origin's own (R1 to R5, P4, H1 to H4)."""

import base64
import itertools
import json
import re
import threading

import pytest

import httpd
from backend import Backend
from cors import (ALLOWED, BACKEND_SAYS, GRANTED, ORIGIN_IDS, ORIGINS, OTHER, PREFLIGHT, SETTINGS, UNKNOWN,
                  ask, check, check_preflight, check_refused, granted)

CACHE = """
OcapiCorsSettings "${SETTINGS}/p.json"
CacheRoot "${ROOT}/run"
CacheSocache shmcb
CacheHeader on
CacheIgnoreCacheControl On
CacheDefaultExpire 600
CacheIgnoreHeaders Set-Cookie
CacheLock On
CacheLockMaxAge 20
CacheLockPath "${ROOT}/run/locks"
<VirtualHost *:${PORT}>
    CacheQuickHandler ${QUICK}
    CacheEnable ${STORE} "/"
    ProxyPass "/c" "${BACKEND}/c"
    <Location "/c">
        OcapiCors On
    </Location>
    <Location "/c/other">
        OcapiCorsSettings "${ROOT}/other.json"
    </Location>
    <Location "/c/off">
        OcapiCors Off
    </Location>
    <Location "/c/private">
        CacheStorePrivate On
        CacheStoreNoStore On
    </Location>
</VirtualHost>
"""
MODULES = ["cache", "cache_disk", "cache_socache", "socache_shmcb"]
VARIANTS = [("on", "disk"), ("off", "disk"), ("on", "socache"), ("off", "socache")]
SECOND = ("Origin", "https://app.example.com")  # of clients A and B


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": "o", "allowed_origins": [value for _, value in origins]}]})


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def cache(request, module_start_httpd, module_backend):
    quick, store = request.param
    server = module_start_httpd(CACHE, modules=MODULES,
                                defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "QUICK": quick,
                                         "STORE": store}, files={"other.json": document(OTHER)})
    server.is_quick, server.is_on_disk = quick == "on", store == "disk"
    return server


def is_hit(response):
    return (response.one("X-Cache") or "").startswith(("HIT", "REVALIDATE"))


def cached(backend, path, *fields):
    backend.answer(path, 200, [*BACKEND_SAYS, ("ETag", '"1"'), ("Cache-Control", "max-age=600"), *fields],
                   b"body")


# ---- Hits ----

@pytest.mark.parametrize("first", ORIGINS, ids=ORIGIN_IDS)
@pytest.mark.parametrize("path, member, stranger", [("/c/k", ALLOWED, OTHER), ("/c/other/k", OTHER, ALLOWED)])
def test_a_hit_says_what_each_origin_may_hear(cache, backend, path, member, stranger, first):
    """H1, H2: whoever filled the cache, and whatever the backend said when it was filled."""
    path += f"-{first[0][1][-7:] if first[0] else 'none'}"
    cached(backend, path)
    ask(cache, "GET", path, first[0])
    asked = len(backend.requests)
    for origin, cors in [(member, granted(member)), (stranger, set()), (UNKNOWN, set()), (None, set())] * 2:
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert is_hit(response) and response.body == b"body"
    assert len(backend.requests) == asked <= 1


FOUR = {"A": (ALLOWED, GRANTED), "B": (SECOND, granted(SECOND)), "none": (None, set()),
        "evil": (UNKNOWN, set())}


@pytest.mark.parametrize("order", itertools.permutations(FOUR), ids="-".join)
def test_every_order_of_first_comers(cache, backend, order):
    """H2: all 24 of them, each with its own key; the backend is asked once."""
    path = "/c/order-" + "-".join(order)
    cached(backend, path)
    for number, who in enumerate(order * 2):
        origin, cors = FOUR[who]
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert is_hit(response) == (number > 0) and response.body == b"body"
    assert len(backend.requests) == 1


@pytest.mark.parametrize("raw", ["/%63/raw", "//c//raw", "/x/../c/raw", "/c/./raw", "/c/%72aw",
                                 "/c/x/..//raw", "/./c/raw", "//%63/raw", "/c/raw?q=1", "/c/off/../raw"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_hit_by_any_form_of_the_path(cache, backend, raw, origin, cors):
    """H1: the quick handler comes before httpd brings the path to its form."""
    for path in ("/c/raw", "/c/x/..//raw"):
        cached(backend, path)
    for _ in range(2):
        response = ask(cache, "GET", raw, origin)
        check(response, 200, cors)
    assert is_hit(response)


@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_304_of_the_cache(cache, backend, origin, cors):
    """H1: "304" """
    cached(backend, "/c/etag")
    ask(cache, "GET", "/c/etag", None)
    response = ask(cache, "GET", "/c/etag", origin, ("If-None-Match", '"1"'))
    check(response, 304, cors)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_cache_does_not_open_what_is_refused(cache, backend, method):
    """R5, P4: and its twins."""
    path = f"/c/unsafe-{method}"  # what an earlier test made invalid, mod_cache_disk complains of
    cached(backend, path)
    ask(cache, "GET", path, ALLOWED)
    asked = len(backend.requests)
    check_refused(ask(cache, method, path, UNKNOWN))
    check_preflight(ask(cache, "OPTIONS", path, UNKNOWN, PREFLIGHT), False)
    check_preflight(ask(cache, "OPTIONS", path, ALLOWED, PREFLIGHT), True)
    assert len(backend.requests) == asked
    response = ask(cache, "GET", path, ALLOWED)
    assert is_hit(response), "a refused request does not even make a cached object invalid"
    check(ask(cache, method, path, ALLOWED), 200, GRANTED)


@pytest.mark.parametrize("origin, _", ORIGINS, ids=ORIGIN_IDS)
def test_a_hit_in_a_section_that_is_off(cache, backend, origin, _):
    """Section 3, `OcapiCors Off`: the twin; nothing is touched."""
    cached(backend, "/c/off/k")
    for _ in range(2):
        response = ask(cache, "GET", "/c/off/k", origin)
        assert (response.status, response.cors(), response.one("Vary")) == (200, BACKEND_SAYS, None)
    assert is_hit(response)


@pytest.mark.parametrize("vary", ["Accept", "Origin"])
def test_vary_of_what_is_cached_is_merged(cache, backend, vary):
    """H3"""
    cached(backend, f"/c/vary-{vary}", ("Vary", vary))
    for origin, cors in ORIGINS * 2:
        response = ask(cache, "GET", f"/c/vary-{vary}", origin)
        check(response, 200, cors, ["Accept", "Origin"] if vary == "Accept" else ["Origin"])


@pytest.mark.parametrize("first", FOUR)
def test_a_backend_that_varies_by_origin(cache, backend, first):
    """H2, H3: such a backend has one object for each origin, and none gets another's."""
    path = f"/c/varies-{first}"
    for who in [first, *(who for who in FOUR if who != first)]:
        origin, cors = FOUR[who]
        says = origin[1] if origin else "*"
        backend.answer(path, 200, [("Vary", "Origin"), ("Cache-Control", "max-age=600"),
                                   ("Access-Control-Allow-Origin", says)], who.encode())
        for _ in range(2):
            response = ask(cache, "GET", path, origin)
            check(response, 200, cors)
            assert response.body == who.encode()
        assert is_hit(response)
    for who, (origin, cors) in FOUR.items():
        check(ask(cache, "GET", path, origin), 200, cors)


# ---- Parts and kinds of answers ----

@pytest.mark.parametrize("who", FOUR)
def test_head_from_the_cache(cache, backend, who):
    """R2, R3, H1"""
    origin, cors = FOUR[who]
    cached(backend, f"/c/head-{who}")
    ask(cache, "GET", f"/c/head-{who}", UNKNOWN)
    response = ask(cache, "HEAD", f"/c/head-{who}", origin)
    check(response, 200, cors)
    assert is_hit(response) and response.one("Content-Length") == "4" and len(backend.requests) == 1


# The last: mod_cache asks the backend when it does not have what If-Range names.
@pytest.mark.parametrize("fields, status, body, asks", [
    ([("Range", "bytes=1-2")], 206, b"od", 0), ([("Range", "bytes=0-0,2-3")], 206, None, 0),
    ([("Range", "bytes=1-2"), ("If-Range", '"1"')], 206, b"od", 0), ([("Range", "bytes=9-")], 416, None, 0),
    ([("Range", "bytes=1-2"), ("If-Range", '"2"')], 200, b"body", 1)],
    ids=["one", "two", "if-range", "unsatisfiable", "if-range-other"])
@pytest.mark.parametrize("who", FOUR)
def test_a_range_of_what_is_cached(cache, backend, who, fields, status, body, asks):
    """H1: "206", "416" """
    origin, cors = FOUR[who]
    cached(backend, f"/c/range-{who}")
    ask(cache, "GET", f"/c/range-{who}", SECOND)
    asked = len(backend.requests)
    response = ask(cache, "GET", f"/c/range-{who}", origin, *fields)
    check(response, status, cors)
    assert body is None or response.body == body
    assert len(backend.requests) - asked == asks


FAR = ("Expires", "Fri, 01 Jan 2100 00:00:00 GMT")


@pytest.mark.parametrize("status", [203, 300, 301, 404, 410])
@pytest.mark.parametrize("first", FOUR)
def test_a_cached_answer_of_another_status(cache, backend, status, first):
    """H1, H2: negative caching, permanent redirects."""
    path = f"/c/status-{status}-{first}"
    location = [("Location", "http://example.com/elsewhere")] if status in (300, 301) else []
    backend.answer(path, status, [*BACKEND_SAYS, FAR, *location], b"body")
    ask(cache, "GET", path, FOUR[first][0])
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", path, origin)
        check(response, status, cors)
        assert is_hit(response) and response.body == b"body"
        assert response.one("Location") == (location[0][1] if location else None)
    assert len(backend.requests) == 1


@pytest.mark.parametrize("who", FOUR)
def test_headers_that_the_cache_ignores(cache, backend, who):
    """H1 beside `CacheIgnoreHeaders`: a hit lacks them, and has its own origin's."""
    origin, cors = FOUR[who]
    cached(backend, f"/c/ignored-{who}", ("Set-Cookie", "a=b"))
    check(ask(cache, "GET", f"/c/ignored-{who}", None), 200, set())
    response = ask(cache, "GET", f"/c/ignored-{who}", origin)
    check(response, 200, cors)
    assert is_hit(response) and response.one("Set-Cookie") is None


# ---- Credentials, and clients that are named ----

def bearer(issuer):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return "Authorization", f"Bearer {part({'alg': 'none'})}.{part({'iss': issuer})}."


@pytest.mark.parametrize("control", ["public, max-age=600", "private, max-age=600", "no-store, max-age=600"])
@pytest.mark.parametrize("first", FOUR)
def test_what_was_asked_for_with_credentials(cache, backend, control, first):
    """H2: even where private answers are stored (`CacheStorePrivate`, `CacheStoreNoStore`)."""
    path = f"/c/private/{control.split(',')[0]}-{first}"
    backend.answer(path, 200, [*BACKEND_SAYS, ("Cache-Control", control)], b"body")
    fields = [bearer("A")] if control.startswith("public") else []
    is_passed_by = cache.is_quick and bool(fields)  # the quick handler leaves requests with credentials alone
    ask(cache, "GET", path, FOUR[first][0], *fields)
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", path, origin, *fields)
        check(response, 200, cors, ("Origin", "Authorization") if fields and origin == UNKNOWN else ("Origin",))
        assert is_hit(response) != is_passed_by
    ask(cache, "GET", path, FOUR[first][0])
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert is_hit(response)


@pytest.mark.parametrize("name", [lambda client: ("x-dw-client-id", client), bearer],
                         ids=["header", "bearer"])
def test_a_hit_is_judged_by_the_client_that_is_named(cache, backend, name, request):
    """C1, C2, S20 with H2: one object, and each client's own list."""
    path = f"/c/client-{request.node.callspec.id[-6:]}"
    backend.answer(path, 200, [*BACKEND_SAYS, ("Cache-Control", "public, max-age=600")], b"body")
    ask(cache, "GET", path, None)
    partner = ("Origin", "https://partner.example")  # of client B
    for client, allowed in {"A": {ALLOWED, SECOND}, "B": {SECOND, partner}, "D": set()}.items():
        for origin in (ALLOWED, SECOND, partner, UNKNOWN):
            response = ask(cache, "GET", path, origin, name(client))
            if origin in allowed:
                check(response, 200, granted(origin))
            else:
                check(response, 200, set(), ("Origin", name(client)[0]))
            assert is_hit(response) != (cache.is_quick and name is bearer)  # as above


# ---- A cache in front, which knows what Vary says, and nothing else ----

FRONT = """
<VirtualHost *:${PORT}>
    CacheRoot "${ROOT}/run"
    CacheEnable disk "/"
    CacheHeader on
    ProxyPass "/" "${API}/"
    ProxyPreserveHost On
</VirtualHost>
"""
API = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCorsClientId query:client_id header:x-dw-client-id header:X-Key
OcapiCors On
<Location "/tiers">
    OcapiCorsSettings "${ROOT}/tiers.json"
</Location>
ProxyPass "/" "${BACKEND}/"
"""


@pytest.fixture(scope="module")
def in_front(module_start_httpd, module_backend):
    clients = [{"client_id": name, "allowed_origins": [ALLOWED[1]], "response_headers": {"X-Tier": name} if name != "C" else {}}
               for name in "ABC"]
    api = module_start_httpd(f"<VirtualHost *:${{PORT}}>\nServerName example.com\n{API}</VirtualHost>",
                             defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS},
                             files={"tiers.json": json.dumps({"_v": "19.1", "clients": clients})})
    return module_start_httpd(FRONT, modules=["cache", "cache_disk"], module=False, defines={"API": api.url})


@pytest.mark.parametrize("field", ["x-dw-client-id", "X-Key"])
@pytest.mark.parametrize("client", ["nobody", "B"])
def test_who_names_another_client_spoils_no_cache_in_front(in_front, backend, field, client):
    """S20: anybody can send an Origin and name a client that does not list it; what a cache keeps of that is not for the
    origin's own pages."""
    path = f"/spoilt-{field}-{client}"
    cached(backend, path)
    check(ask(in_front, "GET", path, ALLOWED, (field, client)), 200, set(), ("Origin", field))
    for _ in range(2):
        check(ask(in_front, "GET", path, ALLOWED), 200, GRANTED)
        check(ask(in_front, "GET", path, ALLOWED, (field, "A")), 200, GRANTED)
        check(ask(in_front, "GET", path, UNKNOWN), 200, set())
    assert len(backend.requests) == 3  # those of the second round are hits, and so is the first one's A


@pytest.mark.parametrize("field", ["x-dw-client-id", "X-Key"])
@pytest.mark.parametrize("origin", [ALLOWED, UNKNOWN, None], ids=ORIGIN_IDS)
def test_the_response_headers_of_a_client_are_nobody_elses_in_a_cache_in_front(in_front, backend, field, origin):
    """S22, D26: each response varies by the fields that may name a client, also if none did."""
    path = f"/tiers/{field}-{(origin or ['', 'none'])[1][-7:]}"
    cached(backend, path)
    for client in ("A", "B", "C", None, "B", "A"):
        response = ask(in_front, "GET", path, origin, *([(field, client)] if client else []))
        check(response, 200, GRANTED if origin == ALLOWED else set(), ("Origin", "x-dw-client-id", "X-Key"))
        assert response.one("X-Tier") == (client if client in ("A", "B") else None), response
    assert len(backend.requests) == 4


# ---- Revalidation, stale answers ----

STALE = [*BACKEND_SAYS, ("ETag", '"1"'), ("Cache-Control", "max-age=0")]


@pytest.mark.parametrize("first", FOUR)
def test_revalidation(cache, backend, first):
    """H1, H2: the backend's 304, with its own Access-Control-*, refreshes what is stored."""
    path = f"/c/stale-{first}"
    backend.answer(path, 200, STALE, b"body")
    ask(cache, "GET", path, FOUR[first][0])
    backend.answer(path, 304, STALE)
    for number, (origin, cors) in enumerate([*FOUR.values()] * 2, 2):
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert response.one("X-Cache").startswith("REVALIDATE")
        # mod_cache_socache loses the body when it stores what is revalidated, without a module of ours too.
        assert response.body == (b"body" if cache.is_on_disk or number == 2 else b"")
        assert len(backend.requests) == number and ("If-None-Match", '"1"') in backend.requests[-1].headers


@pytest.mark.parametrize("who", FOUR)
def test_revalidation_of_what_the_client_has(cache, backend, who):
    """H1: a 304 that went through the cache."""
    origin, cors = FOUR[who]
    backend.answer(f"/c/both-{who}", 200, STALE, b"body")
    ask(cache, "GET", f"/c/both-{who}", SECOND)
    backend.answer(f"/c/both-{who}", 304, STALE)
    check(ask(cache, "GET", f"/c/both-{who}", origin, ("If-None-Match", '"1"')), 304, cors)


@pytest.mark.parametrize("first", FOUR)
def test_what_replaces_a_stale_object(cache, backend, first):
    """H1, H2: the backend answers 200 to the revalidation; whoever asked, the next hear their own."""
    path = f"/c/replaced-{first}"
    backend.answer(path, 200, STALE, b"old")
    ask(cache, "GET", path, UNKNOWN)
    cached(backend, path, ("ETag", '"2"'))
    ask(cache, "GET", path, FOUR[first][0])
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert is_hit(response) and response.body == b"body"
    assert len(backend.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("first", FOUR)
def test_a_stale_answer_in_an_errors_place(cache, backend, status, first):
    """H1, H2: `CacheStaleOnError`, which is on by default."""
    path = f"/c/on-error-{status}-{first}"
    backend.answer(path, 200, STALE, b"body")
    ask(cache, "GET", path, FOUR[first][0])
    backend.answer(path, status, BACKEND_SAYS, b"broken")
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
        assert response.body == b"body" and response.one("Warning").startswith("111")


@pytest.mark.parametrize("quick, store", VARIANTS)
def test_a_stale_answer_while_the_backend_is_down(quick, store):
    """H1, H2; what is not cached gets httpd's 503, with its headers too."""
    down = Backend()
    defines = {"BACKEND": down.url, "SETTINGS": SETTINGS, "QUICK": quick, "STORE": store}
    config = CACHE.replace('${BACKEND}/c"', '${BACKEND}/c" disablereuse=on retry=0')
    files = {"other.json": document(OTHER)}
    with httpd.Httpd(config, modules=MODULES, defines=defines, files=files) as server:
        down.answer("/c/x", 200, STALE, b"body")
        check(ask(server, "GET", "/c/x", ALLOWED), 200, GRANTED)
        down.stop()
        server.expect_log("AH00957: |AH01114: ")
        for origin, cors in FOUR.values():
            response = ask(server, "GET", "/c/x", origin)
            check(response, 200, cors)
            assert response.body == b"body" and response.one("Warning").startswith("111")
            check(ask(server, "GET", "/c/never", origin), 503, cors)


def test_a_stale_answer_while_another_client_revalidates(cache, backend, monkeypatch):
    """H1, H2: `CacheLock`: the others do not wait, and none hears what the first may."""
    target = ("/c/locked?body=body&header=ETag:%20%221%22&header=Cache-Control:%20max-age=0"
              "&header=Access-Control-Allow-Origin:%20*")
    check(ask(cache, "GET", target, UNKNOWN), 200, set())
    first, go, find = [], threading.Event(), backend.find
    monkeypatch.setattr(backend, "find", lambda path: go.wait(15) and find(path))
    thread = threading.Thread(target=lambda: first.append(ask(cache, "GET", target, ALLOWED)), daemon=True)
    thread.start()
    httpd.wait_until(lambda: len(backend.requests) == 2, "the first revalidates")
    for origin, cors in FOUR.values():
        response = ask(cache, "GET", target, origin)
        check(response, 200, cors)
        assert response.body == b"body" and response.one("Warning").startswith("110")
    assert len(backend.requests) == 2 and not first
    go.set()
    thread.join(20)
    check(first[0], 200, GRANTED)


# ---- What is stored ----

def stored(server, path):
    """The header files of the disk store that hold `path`, as text."""
    texts = [file.read_bytes().decode("latin-1") for file in server.root.glob("run/**/*.header")]
    return [text for text in texts if path in text]


@pytest.mark.parametrize("says", [BACKEND_SAYS, []], ids=["backend-speaks", "backend-silent"])
@pytest.mark.parametrize("who", FOUR)
def test_nothing_of_ours_is_stored(cache, backend, who, says):
    """H2: what a store holds is the backend's; by a Vary of ours, every origin would have its own object."""
    origin, cors = FOUR[who]
    path = f"/c/stored-{who}-{'speaks' if says else 'silent'}"
    backend.answer(path, 200, [*says, ("Cache-Control", "max-age=600")], b"body")
    for _ in range(2):
        response = ask(cache, "GET", path, origin)
        check(response, 200, cors)
    assert is_hit(response)
    if cache.is_on_disk:  # shared memory has no files to look into: every hit above speaks for it
        texts = stored(cache, path)
        assert len(texts) == 1 and "Cache-Control: max-age=600" in texts[0]
        assert re.findall(r"(Access-Control-[\w-]+|Vary): ([^\r]*)", texts[0], re.I) == says


# ---- The policy changes, what is stored stays ----

@pytest.mark.parametrize("quick, store", VARIANTS)
def test_a_new_policy_holds_for_what_is_cached(backend, quick, store):
    """H1, H2: an origin that is new gets its headers on a hit, and one that is gone loses them."""
    files = {"other.json": document(ALLOWED, OTHER)}
    defines = {"BACKEND": backend.url, "SETTINGS": SETTINGS, "QUICK": quick, "STORE": store}
    with httpd.Httpd(CACHE, modules=MODULES, defines=defines, files=files) as server:
        for who in FOUR:
            cached(backend, f"/c/other/{who}")
            check(ask(server, "GET", f"/c/other/{who}", FOUR[who][0]), 200, GRANTED if who == "A" else set())
        server.write("other.json", document(SECOND, OTHER))
        server.restart()
        asked = len(backend.requests)
        for who in FOUR:
            for origin in (ALLOWED, SECOND, OTHER, UNKNOWN, None):
                response = ask(server, "GET", f"/c/other/{who}", origin)
                check(response, 200, granted(origin) if origin in (SECOND, OTHER) else set())
                # Shared memory is made anew by a restart: there, only the first who asks misses.
                assert is_hit(response) or (store == "socache" and origin == ALLOWED)
        assert len(backend.requests) - asked == (0 if store == "disk" else len(FOUR))
        check_refused(ask(server, "POST", "/c/other/A", ALLOWED))
        check(ask(server, "POST", "/c/other/A", SECOND), 200, granted(SECOND))
