# SPDX-License-Identifier: Apache-2.0
"""The phases of a request in which httpd's own modules answer it, or put another in its place: caches,
directory indexes, early errors, rewriting, workers that die, HTTP/2 (R1 to R5, P4, H1 to H4). Regressions
that a review found."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections import namedtuple

import pytest

import httpd
from cors import (ALLOWED, BACKEND_SAYS, GRANTED, ORIGIN_IDS, ORIGINS, OTHER, PREFLIGHT, PREFLIGHT_VARY, SETTINGS,
                  UNKNOWN, ask, check, check_preflight, check_refused, granted)

# ---- mod_cache: "answers of mod_cache (quick handler on and off)" (H1, H2) ----

CACHE = """
OcapiCorsSettings "${SETTINGS}/p.json"
CacheRoot "${ROOT}/run"
CacheSocache shmcb
CacheHeader on
CacheIgnoreCacheControl On
CacheDefaultExpire 600
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
</VirtualHost>
"""
OTHER_DOCUMENT = json.dumps({"_v": "19.1", "clients": [
    {"client_id": "o", "allowed_origins": [OTHER[1]]}]})


@pytest.fixture(scope="module", params=[("on", "disk"), ("off", "disk"), ("on", "socache"), ("off", "socache")],
                ids="-".join)
def cache(request, start_httpd, module_backend):
    quick, store = request.param
    return start_httpd(CACHE, modules=["cache", "cache_disk", "cache_socache", "socache_shmcb"],
                       defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "QUICK": quick,
                                "STORE": store}, files={"other.json": OTHER_DOCUMENT})


def is_hit(response):
    return (response.one("X-Cache") or "").startswith(("HIT", "REVALIDATE"))


def cached(backend, path, *fields):
    backend.answer(path, 200, [*BACKEND_SAYS, ("ETag", '"1"'), ("Cache-Control", "max-age=600"), *fields],
                   b"body")


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


@pytest.mark.parametrize("raw", ["/%63/raw", "//c//raw", "/x/../c/raw", "/c/./raw", "/c/%72aw", "/c/x/..//raw",
                                 "/./c/raw", "/c/raw?q=1", "/c/off/../raw"])
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


# ---- mod_dir and mod_negotiation put another file in a request's place (H4, R5) ----

SCRIPT = """#!/bin/sh
echo run >> ../../run/runs
printf 'Content-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n\\r\\nran'
"""
DIRECTORIES = """
OcapiCorsSettings "${SETTINGS}/p.json"
TypesConfig /dev/null
AddHandler cgi-script .cgi
<FilesMatch "\\.cgi$">
    OcapiCors On
</FilesMatch>
<Directory "${ROOT}/htdocs">
    Options +ExecCGI +MultiViews
    MultiviewsMatch Handlers
</Directory>
<Directory "${ROOT}/htdocs/index">
    DirectoryIndex index.cgi
</Directory>
<Directory "${ROOT}/htdocs/fallback">
    FallbackResource /fallback/front.cgi
</Directory>
"""
SCRIPTS = ["index/index.cgi", "fallback/front.cgi", "views/page.cgi"]


@pytest.fixture(scope="module")
def directories(start_httpd):
    server = start_httpd(DIRECTORIES, modules=["dir", "negotiation", "mime", "cgi"],
                         defines={"SETTINGS": SETTINGS}, files={f"htdocs/{name}": SCRIPT for name in SCRIPTS})
    for name in SCRIPTS:
        (server.root / "htdocs" / name).chmod(0o755)
    return server


def runs(server):
    path = server.root / "run" / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


PLACES = ["/index/", "/index/index.cgi", "/fallback/any/thing", "/fallback/front.cgi", "/views/page",
          "/views/page.cgi"]


@pytest.mark.parametrize("place", PLACES)
def test_a_refused_request_runs_no_script(directories, place):
    """R5: "nothing runs on the server"; the sections of the file that would run judge."""
    before = runs(directories)
    for method in ("POST", "DELETE"):
        check_refused(ask(directories, method, place, UNKNOWN))
    assert runs(directories) == before


@pytest.mark.parametrize("place", PLACES)
def test_an_allowed_request_runs_the_script(directories, place):
    """The twin; R2 to R4, H1."""
    before = runs(directories)
    for count, (method, origin, cors) in enumerate([
            ("POST", ALLOWED, GRANTED), ("POST", None, set()), ("GET", ALLOWED, GRANTED),
            ("GET", UNKNOWN, set()), ("GET", None, set())], 1):
        response = ask(directories, method, place, origin)
        assert (response.status, response.body) == (200, b"ran"), response
        assert set(response.cors()) == cors and "Origin" in response.tokens("Vary")
        assert runs(directories) == before + count


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_runs_no_script(directories, place, origin, is_allowed):
    """P1, P2, P4"""
    before = runs(directories)
    response = ask(directories, "OPTIONS", place, origin, PREFLIGHT)
    assert (response.status, response.body) == (204, b"")
    assert response.one("Access-Control-Allow-Origin") == (ALLOWED[1] if is_allowed else None)
    assert runs(directories) == before


# ---- Errors from before the sections are merged, and rewriting that ends a request (H1, H4, R5, P4) ----

EARLY = """
OcapiCorsSettings "${SETTINGS}/p.json"
<Location "/loc">
    OcapiCors On
</Location>
<Directory "${ROOT}/htdocs">
    Options None
    AllowOverride None
</Directory>
<Directory "${ROOT}/htdocs/loc/htaccess">
    AllowOverride All
</Directory>
<VirtualHost *:${PORT}>
    ServerName example.com
    RewriteEngine On
    RewriteRule "^/loc/gone" "-" [G]
    RewriteRule "^/loc/forbidden" "-" [F]
    RewriteRule "^/free/gone" "-" [G]
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName pages.invalid
    RewriteEngine On
    RewriteRule "^/loc/gone" "-" [G]
    RewriteRule "^/loc/forbidden" "-" [F]
    RewriteRule "^/free/gone" "-" [G]
    ProxyPass "/pages" "${BACKEND}/pages"
    ErrorDocument 403 /pages/page
    ErrorDocument 404 /pages/page
    ErrorDocument 410 /pages/page
    ErrorDocument 500 /pages/page
</VirtualHost>
"""

Early = namedtuple("Early", "path status log")
EARLIES = [
    Early("/loc/a%2fb", 404, None),
    Early("/loc/link/x", 403, "AH00037: Symbolic link not allowed"),
    Early("/loc/htaccess/x", 500, r"\.htaccess: Invalid command"),
    Early("/loc/" + "n" * 300, 403, "AH00036: access to .* failed|File name too long"),
    Early("/loc/gone", 410, None),
    Early("/loc/forbidden", 403, None),
]
EARLY_IDS = ["slash", "link", "htaccess", "long", "gone", "forbidden"]


@pytest.fixture(scope="module")
def early(start_httpd, module_backend):
    server = httpd.Httpd(EARLY, modules=["rewrite"],
                         defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS},
                         files={"htdocs/loc/htaccess/.htaccess": "Nonsense\n", "htdocs/loc/htaccess/x": "x",
                                "elsewhere/x": "x"})
    (server.root / "htdocs/loc/link").symlink_to(server.root / "elsewhere")
    try:
        yield server.start()
    finally:
        server.stop()


def ask_early(server, host, case, method, origin, *fields):
    """A RewriteRule stands in the configuration, so httpd looks for the file, and complains, before the
    module answers anything."""
    if case.log:
        server.expect_log(case.log)
    return server.request(method, case.path, [f for f in (origin, *fields) if f], host=host)


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("host", ["example.com", "pages.invalid"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_an_early_error_has_its_headers(early, backend, case, host, origin, cors):
    """H1: "On every status: ... ErrorDocument redirects, proxied answers"; R1 to R3."""
    backend.answer("/pages/page", case.status, BACKEND_SAYS, b"page")  # a proxied page has its own
    response = ask_early(early, host, case, "GET", origin)
    check(response, case.status, cors)
    assert (response.body == b"page") == (host == "pages.invalid")


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
def test_a_refused_request_does_not_fetch_the_error_page(early, backend, case):
    """R5, H4: 401, and no backend connection."""
    check_refused(ask_early(early, "pages.invalid", case, "POST", UNKNOWN))
    assert backend.connections == 0


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_a_preflight_does_not_fetch_the_error_page(early, backend, case, origin, is_allowed):
    """P1, P2, P4"""
    check_preflight(ask_early(early, "pages.invalid", case, "OPTIONS", origin, PREFLIGHT), is_allowed)
    assert backend.connections == 0


@pytest.mark.parametrize("case", EARLIES, ids=EARLY_IDS)
@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_an_unrefused_request_does_fetch_the_error_page(early, backend, case, origin, cors):
    """The twin: R1, R4."""
    backend.answer("/pages/page", case.status, BACKEND_SAYS, b"page")  # a proxied page has its own
    response = ask_early(early, "pages.invalid", case, "POST", origin)
    check(response, case.status, cors)
    assert response.body == b"page" and len(backend.requests) == 1


def test_an_error_outside_the_section_is_left_alone(early, backend):
    """The twin of them all."""
    for path, status in (("/free/gone", 410), ("/free/a%2fb", 404)):
        backend.answer("/pages/page", status, BACKEND_SAYS, b"page")
        response = early.request("POST", path, [UNKNOWN], host="pages.invalid")
        assert (response.status, response.cors(), response.one("Vary")) == (status, BACKEND_SAYS, None)


# ---- Workers that are killed ----

@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_killed_workers_are_replaced_and_judge(backend, mpm):
    """Section 4: "One copy serves all workers"; those that are born later too."""
    config = """
        OcapiCorsSettings "${SETTINGS}/p.json"
        <VirtualHost *:${PORT}>
            OcapiCors On
            ProxyPass "/" "${BACKEND}/"
        </VirtualHost>"""
    with httpd.Httpd(config, mpm=mpm, defines={"BACKEND": backend.url, "SETTINGS": SETTINGS}) as server:
        for _ in range(3):
            server.await_idle()
            old = server.children()
            assert old
            for pid in old:
                os.kill(pid, signal.SIGKILL)
            httpd.wait_until(lambda o=old: (new := server.children()) and not new & o, "new children serve")
            check(ask(server, "POST", "/x", ALLOWED), 200, GRANTED)
            check_refused(ask(server, "POST", "/x", UNKNOWN))
            check_preflight(ask(server, "OPTIONS", "/x", ALLOWED, PREFLIGHT), True)


# ---- HTTP/2: "HTTP/1.1 and HTTP/2" (H1) ----

@pytest.fixture(scope="module")
def http2(start_httpd, module_backend):
    return start_httpd("""
        OcapiCorsSettings "${SETTINGS}/p.json"
        <VirtualHost *:${PORT}>
            Protocols h2c http/1.1
            ProxyPass "/api" "${BACKEND}/"
            <Location "/api">
                OcapiCors On
            </Location>
            <Location "/api/guarded">
                Require all denied
            </Location>
        </VirtualHost>""", modules=["http2"], defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


def curl(server, method, path, *fields, body=None):
    """(status, [(name, value)], body) over HTTP/2 without TLS."""
    tool = shutil.which("curl")
    assert tool, "curl not found"
    command = [tool, "-s", "-i", "--max-time", "20", "--http2-prior-knowledge", "-X", method]
    for name, value in fields:
        command += ["-H", f"{name}: {value}"]
    if body is not None:
        command += ["--data-binary", body]
    # curl 7.88 now and then drops an answer that comes while it still uploads (16, 92), httpd's own
    # too: asked again, for as long as that is all that is wrong.
    for _ in range(20):
        done = subprocess.run([*command, server.url + path], capture_output=True, timeout=60)
        if done.returncode not in (16, 92):
            break
    assert done.returncode == 0, done
    output = done.stdout
    head, _, content = output.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    assert re.match(r"HTTP/2 \d+", lines[0]), lines[0]
    return int(lines[0].split()[1]), [tuple(l.split(": ", 1)) for l in lines[1:]], content


def lower(cors):
    return {(n.lower(), v) for n, v in cors}


def cors_of(fields):
    return {(n, v) for n, v in fields if n.startswith("access-control-")}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_http2_requests(http2, backend, method, origin, cors):
    """R1 to R5"""
    backend.answer("/x", 200, BACKEND_SAYS, b"{}")
    status, fields, body = curl(http2, method, "/api/x", *([origin] if origin else []),
                                body="{}" if method == "POST" else None)
    is_refused = (method, origin) == ("POST", UNKNOWN)
    assert status == (401 if is_refused else 200)
    assert cors_of(fields) == lower(cors)
    assert [v for n, v in fields if n == "vary"] == ["Origin"]
    assert len(backend.requests) == (0 if is_refused else 1)
    if is_refused:
        assert json.loads(body)["fault"]["type"] == "UnauthorizedOriginException"
    else:
        assert body == b"{}"


@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
def test_http2_preflights(http2, backend, origin, is_allowed):
    """P1, P2, P4"""
    status, fields, body = curl(http2, "OPTIONS", "/api/guarded/x", origin, PREFLIGHT,
                                ("Access-Control-Request-Headers", "content-type"))
    assert (status, body, backend.requests) == (204, b"", [])
    assert dict(fields).get("access-control-allow-origin") == (ALLOWED[1] if is_allowed else None)
    assert dict(fields).get("access-control-allow-headers") == ("content-type" if is_allowed else None)
    assert [v.strip() for v in dict(fields)["vary"].split(",")] == PREFLIGHT_VARY
