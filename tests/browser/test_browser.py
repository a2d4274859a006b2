# SPDX-License-Identifier: Apache-2.0
"""What a real browser makes of the module's answers: what pages of allowed, unknown and own origins can
do, what they can read, and what nothing runs for (R1 to R5, R7, R8, R10, P1 to P6, C2, C3, H1, H2, H4)."""

import base64
import json
import re

import pytest

import httpd
from shop import PAGES

GIF = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=")
JSON = {"content-type": "application/json"}
# Not one that a form could send: the browser asks first.
OCAPI = {**JSON, "authorization": "Bearer opaque", "x-dw-client-id": "storefront"}
UNKNOWN = ["bar", "blog", "neighbour"]  # another site; the API's own site; its own host, another port
KINDS = {"fetch": {}, "xhr": {"xhr": True}}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
EVERY_UNKNOWN = pytest.mark.parametrize("site", UNKNOWN)
# What Chromium's console says, as docs/frontend.md has it.
PREFLIGHT = "Response to preflight request doesn't pass access control check: "
NO_HEADER = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
NO_METHOD = "Method {} is not allowed by Access-Control-Allow-Methods in preflight response."
NO_FIELD = "Request header field {} is not allowed by Access-Control-Allow-Headers in preflight response."
NO_CREDENTIALS = ("The value of the 'Access-Control-Allow-Credentials' header in the response is '' which "
                  "must be 'true' when the request's credentials mode is 'include'.")
NOT_OK = "It does not have HTTP ok status."
REDIRECTED = "Redirect is not allowed for a preflight request."


def told_nothing(told):
    """The page knows that it failed: no status, no header, no byte of the body."""
    return told.outcome == "failed" and told[1:-1] == (None,) * 6 and told.error in (
        "TypeError: Failed to fetch", 'status 0, body ""')


def wait_blocked(browser, origin, url, why):
    """Waits until the console says it of this request; the page is not told."""
    browser.wait_console(f"at '{re.escape(url)}' from origin '{re.escape(origin)}' has been blocked by CORS "
                         f"policy: {re.escape(why)}")


def outcomes(shop, path, count=1):
    """(method, status, verdict) of the requests for a path, when there are that many."""
    return [(row.method, row.status, row.verdict) for row in shop.wait_rows(path, count)]


# ---- Reading ----

@pytest.mark.pairwise("kind", "site", strength=1)
@EVERY_KIND
@pytest.mark.parametrize("site", ["foo", "www"])
def test_an_allowed_origin_reads(shop, browser, backend, site, kind):
    """O1, R2"""
    path = shop.path()
    told = browser.ask_from(getattr(shop, site), shop.url(path), **kind)
    assert (told.outcome, told.status, told.body) == ("read", 200, "{}"), told
    assert outcomes(shop, path) == [("GET", "200", "allow")]
    assert len(backend.requests) == 1


@pytest.mark.pairwise("kind", "site", strength=1)
@EVERY_KIND
@EVERY_UNKNOWN
def test_an_unknown_origin_does_not_read(shop, browser, backend, site, kind):
    """R3, R8: the backend did run, whatever it said of the origin, and the page learns nothing of it."""
    path = shop.path()
    backend.answer(path, headers=[("Access-Control-Allow-Origin", "*")], body=b'{"secret":1}')
    assert told_nothing(browser.ask_from(getattr(shop, site), shop.url(path), **kind))
    wait_blocked(browser, getattr(shop, site), shop.url(path), NO_HEADER)
    assert outcomes(shop, path) == [("GET", "200", "withhold")]
    assert len(backend.requests) == 1


def test_the_own_origin_reads_everything(shop, browser, backend):
    """R1: no Origin header comes with it, and no header is hidden."""
    path = shop.path()
    backend.answer(path, headers=[("X-Secret", "1")], body=b"{}")
    told = browser.ask_from(shop.api, shop.url(path))
    assert (told.status, told.type, told.headers["x-secret"]) == (200, "basic", "1")
    assert shop.wait_rows(path, 1)[0].origin == "-"


@pytest.mark.pairwise("kind", "method", strength=1)
@EVERY_KIND
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_errors(shop, browser, backend, method, kind):
    """H1: "On every status": an allowed origin reads which and why; an unknown one neither (R3, R5)."""
    paths = {status: shop.path() for status in (400, 401, 404, 409, 412, 500, 503)}
    for status, path in paths.items():
        fault = json.dumps({"fault": {"type": f"Fault{status}"}})
        backend.answer(path, status, [("Content-Type", "application/json")], fault.encode())
    browser.open(shop.foo)
    for status, path in paths.items():
        told = browser.ask(shop.url(path), method=method, **kind)
        assert (told.status, told.body) == (status, json.dumps({"fault": {"type": f"Fault{status}"}})), told
    browser.open(shop.bar)
    for status, path in paths.items():
        assert told_nothing(browser.ask(shop.url(path), method=method, **kind)), status
        last = outcomes(shop, path, 2)[1]
        assert last == ((method, str(status), "withhold") if method == "GET" else (method, "401", "refuse"))
    assert len(backend.requests) == len(paths) * (2 if method == "GET" else 1)


def test_an_error_document_is_read(shop, browser):
    """H1, H4: its own place is not the module's; what was decided for the request holds."""
    path = "/none.json"
    told = browser.ask_from(shop.foo, shop.url(path))
    assert (told.status, told.body) == (404, '{"from":"ErrorDocument"}')
    assert told_nothing(browser.ask_from(shop.bar, shop.url(path)))
    assert outcomes(shop, path, 2) == [("GET", "404", "allow"), ("GET", "404", "withhold")]


@EVERY_KIND
def test_exposed_headers(shop, browser, backend, kind):
    """R2: `location` and `x-dw-version-status` can be read; what else the backend sends cannot."""
    path = shop.path()
    backend.answer(path, 201, [("Location", "/there"), ("X-DW-Version-Status", "obsolete"),
                               ("X-Secret", "1"), ("ETag", '"e"'), ("Content-Type", "application/json"),
                               ("Access-Control-Expose-Headers", "x-secret, etag")], b"{}")
    told = browser.ask_from(shop.foo, shop.url(path), method="POST", **kind)
    # Read by fetch's rules: those two beside the safelisted ones.
    assert told.headers == {"location": "/there", "x-dw-version-status": "obsolete",
                            "content-type": "application/json", "content-length": "2"}


def test_a_redirect_within_the_api(shop, browser, backend):
    """H1: httpd's own redirect, then the backend's; each is judged, and the last answer is read."""
    first, last = shop.path(), shop.path()
    backend.answer(first, 303, [("Location", shop.url(last))])
    told = browser.ask_from(shop.foo, shop.url("/moved" + first))
    assert (told.status, told.redirected, told.url) == (200, True, shop.url(last))
    assert [r.path for r in backend.requests] == [first, last]
    assert told_nothing(browser.ask_from(shop.bar, shop.url("/moved" + first)))
    assert outcomes(shop, "/moved" + first, 2) == [("GET", "302", "allow"), ("GET", "302", "withhold")]


def test_after_a_redirect_from_elsewhere_the_origin_is_null(shop, browser, backend):
    """R7: "null ... never allowed", though the page's own origin is."""
    path = shop.path()
    elsewhere = f"{shop.secure_api}/outside/moved/s/S/dw/shop{path}"
    browser.open(shop.foo)
    assert told_nothing(browser.ask(elsewhere, method="POST", body="{}"))
    assert [(r.origin, r.status, r.reason) for r in shop.wait_rows(path, 1)] == [("null", "401", "null")]
    assert backend.requests == []
    assert browser.ask(shop.url(path), method="POST", body="{}").status == 200


@pytest.mark.parametrize("kind, content_type, body", [
    ("script", "text/javascript", b"0"), ("link", "text/css", b"b{}"), ("img", "image/gif", GIF)],
    ids=["script", "link", "img"])
def test_elements(shop, browser, backend, kind, content_type, body):
    """R2, R3: <script crossorigin>, <link crossorigin>, <img crossorigin>; without the attribute no
    Origin is sent, and anybody's page may embed it as ever (R1)."""
    path = shop.path()
    backend.answer(path, headers=[("Content-Type", content_type)], body=body)
    told = {}
    for site in ("foo", "bar"):
        for crossorigin in ("anonymous", "use-credentials", None):
            browser.open(getattr(shop, site))
            told[site, crossorigin] = browser.call("loadElement", kind, shop.url(path), crossorigin)
    assert told == {("foo", "anonymous"): "loaded", ("foo", "use-credentials"): "loaded",
                    ("foo", None): "loaded", ("bar", "anonymous"): "failed",
                    ("bar", "use-credentials"): "failed", ("bar", None): "loaded"}


# ---- Asking first ----

@pytest.mark.pairwise("kind", "site", strength=1)
@EVERY_KIND
@pytest.mark.parametrize("site", ["foo", "www"])
def test_a_preflighted_request(shop, browser, backend, site, kind):
    """O1, O9, O10, O11, P1, R4: each method, custom headers and a JSON body arrive, and the answer is read."""
    browser.open(getattr(shop, site))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        path = shop.path()
        backend.reset()
        body = None if method in ("GET", "DELETE") else '{"product_id":"p"}'
        told = browser.ask(shop.url(path), method=method, headers=OCAPI, body=body, **kind)
        assert (told.outcome, told.status) == ("read", 200), (method, told)
        assert outcomes(shop, path, 2) == [("OPTIONS", "204", "preflight-allow"), (method, "200", "allow")]
        request, = backend.requests
        assert (request.method, request.body) == (method, (body or "").encode())
        fields = {name.lower(): value for name, value in request.headers}
        assert {name: fields[name] for name in OCAPI} == OCAPI


@pytest.mark.pairwise("kind", "site", strength=1)
@EVERY_KIND
@EVERY_UNKNOWN
def test_a_preflight_of_an_unknown_origin(shop, browser, backend, site, kind):
    """P2: the browser sends nothing after it; a GET with custom headers neither."""
    browser.open(getattr(shop, site))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        path = shop.path()
        assert told_nothing(browser.ask(shop.url(path), method=method, headers=OCAPI, **kind)), method
        wait_blocked(browser, getattr(shop, site), shop.url(path), PREFLIGHT + NO_HEADER)
        assert outcomes(shop, path) == [("OPTIONS", "204", "preflight-withhold")]
    assert (backend.requests, backend.connections) == ([], 0)


@pytest.mark.parametrize("resource, method", [("products", "DELETE"), ("products", "PUT"),
                                              ("baskets", "patch")])
def test_a_method_that_the_resource_does_not_have(shop, browser, backend, resource, method):
    """P6: "the browser's own message names the true cause"; a method's case counts."""
    path = shop.path(resource)
    assert told_nothing(browser.ask_from(shop.foo, shop.url(path), method=method))
    wait_blocked(browser, shop.foo, shop.url(path), NO_METHOD.format(method))
    assert outcomes(shop, path) == [("OPTIONS", "204", "preflight-allow")]
    assert backend.requests == []
    if method == method.upper():
        told = browser.ask(shop.url(shop.path()), method=method)
        assert told.status == 200, "the twin: a resource that has it"


def test_a_header_that_is_not_granted(shop, browser, backend):
    """P1: OcapiCorsAllowHeaders; the browser names the header."""
    path = shop.path("baskets/few-headers")
    browser.open(shop.foo)
    assert told_nothing(browser.ask(shop.url(path), method="POST", headers=OCAPI))
    wait_blocked(browser, shop.foo, shop.url(path), NO_FIELD.format("authorization"))
    assert backend.requests == []
    assert browser.ask(shop.url(path), method="POST", headers=JSON).status == 200


@pytest.mark.parametrize("target, why", [("/idiom/x?status=405", NOT_OK), ("/idiom/x?status=401", NOT_OK),
                                         ("/outside/moved/x", REDIRECTED)])
def test_a_preflight_that_others_answer(shop, browser, target, why):
    """P4 the other way round: outside a section of the module's, where the guide says so of the message."""
    browser.open(shop.www)
    assert told_nothing(browser.ask(shop.api + target, method="POST", headers=JSON))
    wait_blocked(browser, shop.www, shop.api + target, PREFLIGHT + why)


def test_a_preflight_is_kept(shop, browser):
    """P1: within Access-Control-Max-Age no second one comes."""
    path = shop.path()
    browser.open(shop.foo)
    for _ in range(3):
        assert browser.ask(shop.url(path), method="POST", headers=OCAPI).status == 200
    assert [row.method for row in shop.wait_rows(path, 4)] == ["OPTIONS", "POST", "POST", "POST"]


def test_a_preflight_is_not_kept_at_all(shop, browser):
    """P1, the twin: OcapiCorsMaxAge 0."""
    path = shop.path("baskets/not-kept")
    browser.open(shop.foo)
    for _ in range(2):
        assert browser.ask(shop.url(path), method="POST", headers=OCAPI).status == 200
    assert [row.method for row in shop.wait_rows(path, 4)] == ["OPTIONS", "POST"] * 2


def test_the_request_is_judged_by_its_client(shop, browser, backend):
    """C3, C2: a preflight does not name the client, so it is granted; the request names it, and fails."""
    path = shop.path()
    browser.open(shop.partner)
    assert told_nothing(browser.ask(shop.url(path), method="POST", headers=OCAPI))
    wait_blocked(browser, shop.partner, shop.url(path), NO_HEADER)
    assert outcomes(shop, path, 2) == [("OPTIONS", "204", "preflight-allow"), ("POST", "401", "refuse")]
    assert shop.rows(path)[1].reason == "other-client"
    assert backend.requests == []
    told = browser.ask(shop.url(path), method="POST", headers={**OCAPI, "x-dw-client-id": "partner"})
    assert told.status == 200


# ---- Without asking first ----

def post_simply(browser, url):
    return browser.ask(url, method="POST", headers={"content-type": "text/plain"}, body="{}")


def post_by_xhr(browser, url):
    return browser.ask(url, method="POST", body="{}", xhr=True)


def post_without_cors(browser, url):
    return browser.ask(url, method="POST", body="{}", mode="no-cors", credentials="include")


def post_by_beacon(browser, url):
    assert browser.call("sendBeacon", url) is True


def submit_form(browser, *values):
    browser.driver.execute_script("submitForm(...arguments)", *values)  # the page may be left before it can answer


def post_by_form(browser, url):
    submit_form(browser, url, "text/plain", False)


def post_by_encoded_form(browser, url):
    submit_form(browser, url, "application/x-www-form-urlencoded", False)


def post_by_form_in_a_frame(browser, url):
    submit_form(browser, url, "multipart/form-data", True)


WAYS = [post_simply, post_by_xhr, post_without_cors, post_by_beacon, post_by_form, post_by_encoded_form,
        post_by_form_in_a_frame]
EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
LEAVING = {post_by_form, post_by_encoded_form}  # the window goes to the answer


def post_in_every_way(shop, browser, backend, site):
    """(way, row of the access log, requests that arrived) of each way, one after the other. A page is opened once for
    all ways that stay on it: opening one takes the browser longer than all they do."""
    is_there = False
    for way in WAYS:
        path = shop.path()
        backend.reset()
        if not is_there:
            browser.open(getattr(shop, site))
        way(browser, shop.url(path))
        row, = shop.wait_rows(path, 1)
        if way in LEAVING:
            httpd.wait_until(lambda url=shop.url(path): browser.driver.current_url == url, "the answer is shown")
        is_there = way not in LEAVING
        yield way.__name__, row, backend


@EVERY_UNKNOWN
def test_a_post_that_nothing_announces_is_refused(shop, browser, backend, site):
    """R5: CSRF as browsers let it out, without a preflight; nothing runs."""
    count = 0
    for way, row, seen in post_in_every_way(shop, browser, backend, site):
        assert (row.method, row.status, row.verdict) == ("POST", "401", "refuse"), way
        assert row.origin == getattr(shop, site), way
        assert (seen.requests, seen.connections) == ([], 0), way
        count += 1
    assert count == 7


@pytest.mark.parametrize("site", ["foo", "www", "api"])
def test_a_post_that_nothing_announces_arrives(shop, browser, backend, site):
    """R4, R10: the same from allowed origins, and from the API's own pages."""
    count = 0
    for way, row, seen in post_in_every_way(shop, browser, backend, site):
        assert (row.method, row.status, row.origin) == ("POST", "200", getattr(shop, site)), way
        assert row.verdict == ("none" if site == "api" else "allow"), way
        assert [r.method for r in seen.requests] == ["POST"], way
        count += 1
    assert count == 7


@pytest.mark.pairwise("kind", "site", strength=1)
@EVERY_KIND
@EVERY_UNKNOWN
def test_the_fault_is_hidden_from_the_page(shop, browser, backend, site, kind):
    """R5, R9: only the person at the console, and the administrator's log, learn of it."""
    path = shop.path()
    browser.open(getattr(shop, site))
    assert told_nothing(browser.ask(shop.url(path), method="POST", body="{}", **kind))
    wait_blocked(browser, getattr(shop, site), shop.url(path), NO_HEADER)
    reason = "own-port-differs" if site == "neighbour" else "not-listed"
    shop.server.wait_log(rf"OCORS0010: refused: {reason}: .*{path}\b")
    assert backend.requests == []


def test_a_form_shows_the_fault_to_the_person(shop, browser, backend):
    """R5: the window goes to the answer: JSON, and no dialog that asks for a password."""
    path = shop.path()
    browser.open(shop.bar)
    post_by_form(browser, shop.url(path))
    httpd.wait_until(lambda: browser.driver.current_url == shop.url(path), "the answer is shown")
    shown = httpd.wait_until(lambda: browser.driver.execute_script("return document.body?.innerText"), "text")
    fault = json.loads(shown)["fault"]
    assert fault["type"] == "UnauthorizedOriginException"
    assert fault["arguments"] == {"origin": shop.bar}
    assert browser.driver.execute_script("return document.contentType") == "application/json"
    assert backend.requests == []


@pytest.mark.parametrize("site, method, count, verdict", [
    ("bar", "GET", 1, "none"), ("bar", "POST", 0, "refuse"), ("foo", "POST", 1, "allow")])
def test_no_cors(shop, browser, backend, site, method, count, verdict):
    """R1, R5: a GET comes without Origin and runs; a POST has one; the page learns nothing of either."""
    path = shop.path()
    told = browser.ask_from(getattr(shop, site), shop.url(path), method=method, mode="no-cors")
    assert (told.type, told.status, told.headers, told.body) == ("opaque", 0, {}, "")
    assert [row.verdict for row in shop.wait_rows(path, 1)] == [verdict]
    assert len(backend.requests) == count


# ---- Frames, and the API's own pages ----

@pytest.mark.parametrize("site", ["foo", "api"])
def test_a_sandboxed_frame_has_no_origin(shop, browser, backend, site):
    """R7: Origin: null, be the page around it allowed or the API's own; an ordinary frame is as its page."""
    for init, row in (({}, ("GET", "200", "withhold")),
                      ({"method": "POST", "body": "{}"}, ("POST", "401", "refuse")),
                      ({"method": "PUT"}, ("OPTIONS", "204", "preflight-withhold"))):
        path = shop.path()
        backend.reset()
        browser.open(getattr(shop, site))
        assert browser.call("askFromFrame", "allow-scripts", shop.url(path), init)["outcome"] == "failed"
        assert outcomes(shop, path) == [row]
        assert (shop.rows(path)[0].origin, shop.rows(path)[0].reason) == ("null", "null")
        assert len(backend.requests) == (row[0] == "GET")
        told = browser.call("askFromFrame", None, shop.url(shop.path()), init)
        assert (told["outcome"], told["status"]) == ("read", 200)


def test_a_local_file_has_no_origin(shop, browser, backend):
    """R7"""
    path = shop.path()
    browser.driver.get((PAGES / "page.html").as_uri())
    browser.driver.execute_script((PAGES / "ask.js").read_text() + "window.ask = ask;")
    assert told_nothing(browser.ask(shop.url(path), method="POST", body="{}"))
    wait_blocked(browser, "null", shop.url(path), NO_HEADER)
    row, = shop.wait_rows(path, 1)
    assert (row.origin, row.status, row.reason) == ("null", "401", "null")
    assert (backend.requests, backend.connections) == ([], 0)


@pytest.mark.pairwise("kind", "secure", strength=1)
@EVERY_KIND
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_the_own_pages_of_the_api(shop, browser, backend, secure, kind):
    """R10: "Browsers send Origin on same-origin POSTs"; no preflight, and nothing about origins."""
    own = shop.secure_api if secure else shop.api
    browser.open(own)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        path = shop.path()
        told = browser.ask(shop.url(path, secure), method=method, headers=OCAPI, **kind)
        assert (told.outcome, told.status) == ("read", 200), (method, told)
        assert not [name for name in told.headers if name.startswith("access-control-")]
        row, = shop.wait_rows(path, 1)
        assert (row.method, row.status, row.verdict, row.origin) == (method, "200", "none", own)


@EVERY_WAY
def test_the_other_scheme_is_not_the_own_origin(shop, browser, backend, way):
    """R8, R10: one name by http and by https is two origins, and one does not speak for the other. (The
    other way round no browser asks: http from a page by https is mixed content.)"""
    path = shop.path()
    browser.open(shop.api)
    way(browser, shop.url(path, True))
    row, = shop.wait_rows(path, 1)
    assert (row.status, row.verdict, row.origin) == ("401", "refuse", shop.api)
    assert backend.requests == []


# ---- Cookies ----
# Over http the browser keeps and sends a SameSite=Lax cookie only between hosts of one site: www.shop.test,
# blog.shop.test and api.shop.test. Over https SameSite=None; Secure goes to any site that asks: the case of
# a storefront whose API has another name.
COOKIES = {
    "one site": ("www", "blog", False, "session=1; Path=/; HttpOnly; SameSite=Lax"),
    "cross-site": ("secure_foo", "secure_bar", True, "session=1; Path=/; HttpOnly; Secure; SameSite=None"),
}
EVERY_COOKIE = pytest.mark.parametrize("allowed, unknown, secure, cookie", COOKIES.values(), ids=COOKIES)


def cookies(backend):
    """What each request brought, in order; HTTP/2 writes the name in lower case."""
    fields = [{name.lower(): value for name, value in request.headers} for request in backend.requests]
    return [field.get("cookie") for field in fields]


@pytest.mark.pairwise("kind", "allowed", strength=1)
@EVERY_KIND
@EVERY_COOKIE
def test_a_cookie_is_kept_and_sent(shop, browser, backend, allowed, unknown, secure, cookie, kind):
    """R2, R4, P1: Access-Control-Allow-Credentials, on GET, on a preflight, and on what follows it."""
    login, path = shop.path(), shop.path()
    backend.answer(login, headers=[("Set-Cookie", cookie)], body=b"{}")
    browser.open(getattr(shop, allowed))
    # XMLHttpRequest always sends them to its own origin only.
    omit = {"credentials": "omit"} if not kind else {"credentials": "same-origin"}
    assert browser.ask(shop.url(login, secure), credentials="include", **kind).status == 200
    for method in ("GET", "POST"):
        asked = {"method": method, "headers": OCAPI, **kind}
        told = browser.ask(shop.url(path, secure), credentials="include", **asked)
        assert (told.outcome, told.status) == ("read", 200), told
        assert browser.ask(shop.url(path, secure), **omit, **asked).status == 200
    assert cookies(backend) == [None, "session=1", None, "session=1", None]
    if secure:
        assert {row.protocol for row in shop.rows(path)} == {"HTTP/2.0"}


@EVERY_COOKIE
def test_an_unknown_origin_with_the_cookie(shop, browser, backend, allowed, unknown, secure, cookie):
    """R3, R5: the browser sends the visitor's cookie along; a GET runs with it and stays unread, a POST
    does not run."""
    login, path = shop.path(), shop.path()
    backend.answer(login, headers=[("Set-Cookie", cookie)], body=b"{}")
    told = browser.ask_from(getattr(shop, allowed), shop.url(login, secure), credentials="include")
    assert told.status == 200
    browser.open(getattr(shop, unknown))
    assert told_nothing(browser.ask(shop.url(path, secure), credentials="include"))
    assert cookies(backend) == [None, "session=1"]
    backend.reset()
    told = browser.ask(shop.url(path, secure), credentials="include", method="POST", body="{}")
    assert told_nothing(told)
    row = shop.wait_rows(path, 2)[1]
    assert (row.method, row.status, row.cookie) == ("POST", "401", "session=1"), "it came with the cookie"
    assert (backend.requests, backend.connections) == ([], 0)


@EVERY_KIND
def test_without_allow_credentials(shop, browser, kind):
    """OcapiCorsCredentials Off: the browser keeps the answer from a page that sent cookies along."""
    url = shop.url(shop.path("baskets/no-credentials"))
    browser.open(shop.www)
    assert told_nothing(browser.ask(url, credentials="include", **kind))
    wait_blocked(browser, shop.www, url, NO_CREDENTIALS)
    assert browser.ask(url, **kind).status == 200


# ---- The browser's cache ----
# It is split by the site of the window, so it is hosts of one site that can poison each other's.
CACHEABLE = [("Cache-Control", "max-age=3600"), ("Content-Type", "application/json")]


@pytest.mark.pairwise("mode", "first", "second", strength=1)
@pytest.mark.parametrize("mode", ["default", "force-cache"])
@pytest.mark.parametrize("first, second", [("www", "m"), ("m", "www"), ("blog", "www"), ("api", "m")])
def test_the_browsers_cache_is_not_poisoned(shop, browser, backend, first, second, mode):
    """H2, H3, R1 to R3: "Vary: Origin", on every response; each origin has its own answer."""
    path = shop.path()
    backend.answer(path, headers=CACHEABLE, body=b"{}")
    told = browser.ask_from(getattr(shop, first), shop.url(path), cache=mode)
    assert told.outcome == ("failed" if first == "blog" else "read")
    told = browser.ask_from(getattr(shop, second), shop.url(path), cache=mode)
    assert (told.outcome, told.status) == ("read", 200), told
    assert len(backend.requests) == 2


@pytest.mark.parametrize("mode", ["default", "force-cache"])
def test_an_embedded_answer_does_not_poison_the_cache(shop, browser, backend, mode):
    """R1, H2: <img> without crossorigin asks without Origin; that answer, kept, is not what fetch gets."""
    path = shop.path()
    backend.answer(path, headers=[CACHEABLE[0], ("Content-Type", "image/gif")], body=GIF)
    browser.open(shop.www)
    assert browser.call("loadElement", "img", shop.url(path), None) == "loaded"
    told = browser.ask(shop.url(path), cache=mode)
    assert (told.outcome, told.status) == ("read", 200), told
    assert [row.verdict for row in shop.wait_rows(path, 2)] == ["none", "allow"]


def test_the_cache_does_keep(shop, browser, backend):
    """H2, the twin: the same origin's second request is answered by the cache, so it was in force above."""
    path = shop.path()
    backend.answer(path, headers=CACHEABLE, body=b"{}")
    for _ in range(3):
        assert browser.ask_from(shop.www, shop.url(path)).status == 200
    assert len(backend.requests) == 1


def test_without_vary_the_cache_is_poisoned(shop, browser, backend):
    """H2, H3: on the usual lines of mod_headers the test above fails: it can tell."""
    path = shop.path()
    backend.answer(path, headers=CACHEABLE, body=b"{}")
    url = f"{shop.api}/idiom{path}"
    assert browser.ask_from(shop.www, url).status == 200
    assert told_nothing(browser.ask_from(shop.m, url))
    wait_blocked(browser, shop.m, url, "The 'Access-Control-Allow-Origin' header has a value "
                 f"'{shop.www}' that is not equal to the supplied origin.")
    assert len(backend.requests) == 1


# ---- The guide, and the browser itself ----

def test_the_guide_has_each_message():
    """P1, P2, P6, R3, R5: what the tests above saw is what an administrator can look up."""
    guide = (httpd.REPOSITORY / "docs/frontend.md").read_text()
    for message in (NO_HEADER, PREFLIGHT + NO_HEADER, NO_METHOD.format("DELETE"), NO_CREDENTIALS,
                    NO_FIELD.format("authorization"), PREFLIGHT + NOT_OK, PREFLIGHT + REDIRECTED):
        assert f"`{message}`" in guide
    picture, = re.findall(r"!\[.*\]\((.*)\)", guide)
    assert 10_000 < (httpd.REPOSITORY / "docs" / picture).stat().st_size < 150_000


def test_the_harness_finds_what_chromium_leaves(browser):
    """The harness knows its processes and its folder: at the end it answers for both (chromium.py)."""
    assert len(browser.processes()) > 2 and browser.folder.exists()
