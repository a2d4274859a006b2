# SPDX-License-Identifier: Apache-2.0
"""R12: "No spelling of a path loosens the policy, whatever the application behind makes of it." Spellings
as people met them, before a backend that records what it is sent; tests/servlet has the applications that run
what they should not."""

import json
from collections import namedtuple

import pytest

import httpd
from cors import PREFLIGHT, PREFLIGHT_VARY, check, check_refused, granted

EVIL, A, B, ORG = (("Origin", f"http://{name}.example") for name in ("evil", "a", "b", "org"))
SHOP = "ocapi-settings/wapi_shop_config.json"
SAYS = "header=Access-Control-Allow-Origin:%20*&header=Access-Control-Made-Up:%201"  # the backend
X = "shop/v19_1/x"


NOBODY = ("Origin", "http://nobody.example")  # takes the organisation's client its origins, and is never asked


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": "spa", "allowed_origins": [value for _, value in origins]}]})


TREE = {f"tree/{SHOP}": document(ORG), f"tree/sites/A/{SHOP}": document(A), f"tree/sites/B/{SHOP}": document(B),
        f"tree/sites/N/{SHOP}": document(NOBODY), f"tree/sites/Kiosk/{SHOP}": document(NOBODY), "list.json": document(A)}
# Virtual hosts: how each hands a path on.
HOSTS = {
    "off": 'ProxyPass "/" "${BACKEND}/"',
    "on": 'AllowEncodedSlashes On\nProxyPass "/" "${BACKEND}/"',
    "nodecode": 'AllowEncodedSlashes NoDecode\nProxyPass "/" "${BACKEND}/"',
    "nocanon": 'AllowEncodedSlashes NoDecode\nProxyPass "/" "${BACKEND}/" nocanon',
    "servlet": 'ProxyPass "/" "${BACKEND}/" mapping=servlet',
}
CONFIG = 'OcapiCors On\nOcapiCorsSettingsTree "${ROOT}/tree"\n' + "".join(
    f"<VirtualHost *:${{PORT}}>\nServerName {name}.invalid\n{lines}\n</VirtualHost>\n" for name, lines in HOSTS.items())
# The same hosts with one policy for all paths.
LIST = CONFIG.replace('OcapiCorsSettingsTree "${ROOT}/tree"', 'OcapiCorsSettings "${ROOT}/list.json"')

# A spelling that is refused to its origin, and its twin: a plain spelling that passes.
Row = namedtuple("Row", "number host origin path twin_origin twin_path")
REFUSED = [
    Row("2.1", "off", EVIL, "/s/A/dw;x/shop/v19_1/baskets", A, "/s/A/dw/shop/v19_1/baskets"),
    Row("2.1", "off", EVIL, f"/dw;x/{X}", ORG, f"/dw/{X}"),
    Row("2.1", "off", EVIL, f"/s/A/dw%3bx/{X}", A, f"/s/A/%64w/{X}"),
    Row("2.1", "servlet", EVIL, f"/s/A/dw;x/{X}", A, f"/s/A/dw/{X}"),
    Row("2.2", "off", EVIL, "/s/A/dw%5cshop/v19_1/x", A, f"/s/A/dw/{X}%5cy"),
    Row("2.2", "off", EVIL, f"/s/A/DW/{X}", A, f"/s/A/dw/{X.replace('x', 'X')}"),
    Row("2.2", "off", EVIL, "/s/A/dw", A, "/s/A/dw/shop"),
    Row("2.2", "off", EVIL, "/s/A/dw/", A, "/s/A/dw/shop/"),
    Row("2.4", "off", B, f"/s/B/dw/shop/..;/..;/..;/..;/s/A/dw/{X}", B, "/s/B/dw/shop/v19_1/x/..;/y"),
    Row("2.5", "nodecode", A, f"/s/A/dw/shop%2f..%2f..%2f..%2f../s/B/dw/{X}", A, f"/s/A/dw/{X}%2fs%2fB%2fy"),
    Row("2.5a", "off", EVIL, f"/s/A/d%2577/{X}", A, f"/s/A/dw/{X}%2577"),
    Row("2.5a", "servlet", EVIL, f"/s/A/d%2577/{X}", A, f"/s/A/dw/{X}%2577"),
    Row("2.5c", "off", ORG, f"/s/N;%5cy/dw/{X}", ORG, f"/s/M/dw/{X};%5cy"),
    Row("2.5c", "off", ORG, f"/s;%5cy/N/dw/{X}", ORG, f"/s/M/dw/{X};%2577"),
    Row("2.5d", "servlet", B, f"/s/A/dw/shop/v19_1/baskets/..;/..;/..;/..;/..;/B/dw/{X}", B,
        f"/s/B/dw/shop/v19_1/baskets/..;/x"),
    Row("2.5e", "nocanon", EVIL, f"/s/A/dw/{X}/../../../../../../y", A, f"/s/A/dw/{X}/../y"),
    Row("2.6", "off", ORG, f"/s/N;x/dw/{X}", ORG, f"/s/M/dw/{X};x"),
    Row("2.6", "off", ORG, f"/s/n/dw/{X}", ORG, f"/s/m/dw/{X}"),
    Row("2.6", "off", ORG, f"/s/N%20/dw/{X}", ORG, f"/s/M%20/dw/{X}"),
    # What R12 says beside the field's cases
    Row("above", "off", ORG, f"/%252e%252e/dw/{X}", ORG, f"/x/../dw/{X}"),
    Row("address", "off", ORG, f"/dw/shop/s/A/dw/{X}", ORG, f"/dw/shop/s/A/x"),
    Row("below", "off", A, f"/dw/app/s/A/dw/{X}", A, f"/app/s/A/dw/{X}"),
    Row("api", "off", ORG, "/dw/shop/v19_1/dw/data/y", ORG, "/dw/shop/v19_1/data/y"),
    Row("vanishing", "off", ORG, f"/s/A/%20/..;x/dw/{X}", ORG, f"/s/M/dw/{X}/%20/y"),
    Row("vanishing", "nocanon", ORG, f"/s/A/x/;/../dw/{X}", ORG, f"/s/M/dw/{X}/;/y"),
    Row("steps", "nocanon", ORG, f"/s/A/%2e%2e/../dw/{X}", ORG, f"/s/M/dw/{X}/y/../../z"),
    Row("steps", "off", A, "/s/A/dw/shop/../shop", A, "/s/A/dw/shop/x/../y"),
    Row("steps", "off", A, f"http://off.invalid:PORT/s/A/dw/shop/../{X}", A, f"http://off.invalid:PORT/s/A/dw/{X}/../y"),
    Row("parameter", "servlet", A, f"/s/A;x/dw/{X}", A, f"/s/A/dw/{X};x"),
    Row("letter", "off", ORG, f"/s/K%c4%b1osk/dw/{X}", ORG, f"/s/K%c4%b2osk/dw/{X}"),
    Row("letter", "off", ORG, f"/s/K%c4%b0osk/dw/{X}", ORG, f"/s/K%c3%b1osk/dw/{X}"),
    Row("letter", "off", ORG, f"/s/Sites-N-%c5%bf%c4%b1te/dw/{X}", ORG, f"/s/Sites-M-%c5%bf%c4%b1te/dw/{X}"),
    Row("letter", "off", EVIL, f"/%c5%bf/A/dw/{X}", A, f"/s/A/dw/{X}%c5%bf"),
]
IDS = [f"{row.number}-{row.host}-{n}" for n, row in enumerate(REFUSED)]


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, files=TREE, defines={"BACKEND": module_backend.url})


@pytest.fixture(scope="module")
def one_list(module_start_httpd, module_backend):
    return module_start_httpd(LIST, files=TREE, defines={"BACKEND": module_backend.url})


def ask(server, row, method, path, *fields):
    return server.request(method, f"{path.replace('PORT', str(server.port))}?{SAYS}", [f for f in fields if f],
                          host=f"{row.host}.invalid:{server.port}")


# ---- 2.1 to 2.6 ----


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_a_spelling_is_refused(front, backend, row):
    """R12, R5, A22: the reason is path-ambiguous."""
    response = ask(front, row, "POST", row.path, row.origin)
    check_refused(response)
    assert backend.requests == []
    front.wait_log(rf'OCORS0010: refused: path-ambiguous: origin "{row.origin[1]}"')


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_its_preflight_grants_nothing(front, backend, row):
    """2.3: "204, nothing granted"; P2, P3. The backend does not answer it."""
    response = ask(front, row, "OPTIONS", row.path, row.origin, PREFLIGHT)
    check(response, 204, set(), PREFLIGHT_VARY)
    assert response.one("Allow") and backend.requests == [], response


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_its_answer_is_not_readable(front, backend, row):
    """R3, H1: a GET is run, and nothing of the backend's permission goes out."""
    check(ask(front, row, "GET", row.path, row.origin), 200, set())
    assert len(backend.requests) == 1


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_its_twin_passes(front, backend, row):
    """R1, R2: a plain spelling, from the origin that its address lists."""
    check(ask(front, row, "POST", row.twin_path, row.twin_origin), 200, granted(row.twin_origin))
    assert len(backend.requests) == 1


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_own_origins_and_none_pass_in_the_same_spelling(front, backend, row):
    """R12: "Own origins and requests without Origin pass as ever." """
    own = ("Origin", f"http://{row.host}.invalid:{front.port}")
    assert ask(front, row, "POST", row.path, None).status == 200
    assert ask(front, row, "POST", row.path, own).status == 200
    assert len(backend.requests) == 2


@pytest.mark.parametrize("row", REFUSED, ids=IDS)
def test_one_policy_for_all_paths_has_no_ambiguous_one(one_list, backend, row):
    """R12: "a section with OcapiCorsSettings has one policy whatever the path, and refuses for no spelling" """
    check(ask(one_list, row, "POST", row.path, A), 200, granted(A))
    assert len(backend.requests) == 1
    check_refused(ask(one_list, row, "POST", row.path, EVIL))
    assert len(backend.requests) == 1
    one_list.wait_log('OCORS0010: refused: not-listed: origin "http://evil.example"')


# ---- 2.5b: letters of both cases ----


def test_two_sites_that_differ_by_case(start_httpd, backend):
    """2.5b: "each is its own site; a warning at load". A third spelling is ambiguous."""
    files = dict(TREE, **{f"tree/sites/RefArch/{SHOP}": document(A), f"tree/sites/refarch/{SHOP}": document(B)})
    server = start_httpd(CONFIG, files=files, defines={"BACKEND": backend.url})
    server.expect_log(r"\[ocapi_cors:warn\].*(RefArch.*refarch|refarch.*RefArch)")
    row = Row("2.5b", "off", *[None] * 4)
    for site, listed, other in (("RefArch", A, B), ("refarch", B, A)):
        check(ask(server, row, "POST", f"/s/{site}/dw/{X}", listed), 200, granted(listed))
        check_refused(ask(server, row, "POST", f"/s/{site}/dw/{X}", other))
        check_refused(ask(server, row, "POST", f"/s/{site}/dw/{X}", ORG))
    for origin in (A, B, ORG):
        check_refused(ask(server, row, "POST", f"/s/REFARCH/dw/{X}", origin))
    assert len(backend.requests) == 2


# ---- 2.7, 2.8 ----

PASSES = [
    ("off", "/s/A/dw/shop/v19_1/baskets;jsessionid=1"), ("servlet", "/s/A/dw/shop/v19_1/baskets;jsessionid=1"),
    ("off", "/s/A//dw/./shop/v19_1/x"), ("nodecode", "/s/A//dw/./shop/v19_1/x"),
    ("on", "/s/A/dw/shop/v19_1/products/a%2Fb"), ("nodecode", "/s/A/dw/shop/v19_1/products/a%2Fb"),
]


@pytest.mark.parametrize("host, path", PASSES, ids=[f"{h}-{n}" for n, (h, _) in enumerate(PASSES)])
def test_what_applications_use_passes(front, backend, host, path):
    """2.7, and its refusing twin: the origin of another site."""
    row = Row("2.7", host, *[None] * 4)
    check(ask(front, row, "POST", path, A), 200, granted(A))
    check_refused(ask(front, row, "POST", path, B))
    assert len(backend.requests) == 1


@pytest.mark.parametrize("version, said", [("v20_", "19.1"), ("v20_1", "20.1"), ("v20_10", "20.10"), ("v20", "19.1")])
def test_a_version_has_two_numbers(front, version, said):
    """2.8: "no version: the document's `_v`" """
    response = ask(front, Row("2.8", "off", *[None] * 4), "POST", f"/dw/shop/{version}/x", EVIL)
    check_refused(response)
    assert json.loads(response.body)["_v"] == said
