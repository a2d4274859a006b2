# SPDX-License-Identifier: Apache-2.0
"""Spellings that frameworks and front controllers read in ways of their own (R12), each with an accepting twin."""

import json

import pytest

from cors import PREFLIGHT, check, check_refused, granted

EVIL, A, ORG = (("Origin", f"http://{name}.example") for name in ("evil", "a", "org"))
SHOP = "ocapi-settings/wapi_shop_config.json"
X = "shop/v19_1/x"


NOBODY = ("Origin", "http://nobody.example")  # takes the organisation's client its origins, and is never asked


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": "spa", "allowed_origins": [value for _, value in origins]}]})


TREE = {f"tree/{SHOP}": document(ORG), f"tree/sites/A/{SHOP}": document(A), f"tree/sites/N/{SHOP}": document(NOBODY)}
CONFIG = """
<VirtualHost *:${PORT}>
    ServerName plain.invalid
    OcapiCors On
    OcapiCorsSettingsTree "${ROOT}/tree"
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName controller.invalid
    OcapiCors On
    OcapiCorsSettingsTree "${ROOT}/tree"
    RewriteEngine On
    RewriteRule "^/s/" "/front" [PT,L]
    RewriteRule "^/short/(.*)" "/s/A/dw/shop/v19_1/$1" [PT,L]
    ProxyPass "/front" "${BACKEND}/front"
    ProxyPass "/s/" "${BACKEND}/s/"
</VirtualHost>
"""


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, modules=["rewrite"], files=TREE, defines={"BACKEND": module_backend.url})


def ask(front, method, path, *fields, host="plain.invalid"):
    return front.request(method, path, list(fields), host=host)


def test_a_front_controller_behind_a_rewrite(front, backend):
    """R12, R5: [PT] makes the path "/front", which is outside; the application routes by the request line
    (REQUEST_URI), as PHP's front controllers do."""
    check_refused(ask(front, "POST", f"/s/A/dw/{X}", EVIL, host="controller.invalid"))
    check(ask(front, "OPTIONS", f"/s/A/dw/{X}", EVIL, PREFLIGHT, host="controller.invalid"), 204, set(),
          ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"])
    assert backend.requests == []
    check(ask(front, "POST", f"/s/A/dw/{X}", A, host="controller.invalid"), 200, granted(A))


def test_an_address_behind_a_rewrite(front, backend):
    """R12, R5, the other way round: [PT] makes an address of a path that is outside, and the address decides."""
    check_refused(ask(front, "POST", "/short/x", EVIL, host="controller.invalid"))
    assert backend.requests == []
    check(ask(front, "POST", "/short/x", A, host="controller.invalid"), 200, granted(A))


@pytest.mark.parametrize("origin, path", [
    (ORG, f"/s/N/(S(x))/dw/{X}"),          # is /s/N/dw/...
    (EVIL, f"/s/A/d/(S(x))w/{X}"),         # is /s/A/dw/... where it is unpatched (CVE-2023-36899)
    (ORG, f"/s/(S(x))/N/dw/{X}"),
    (ORG, f"/s/N/(A(x)F(y))/dw/{X}"),
], ids=["site", "name", "before", "ticket"])
def test_segments_that_asp_net_takes_out(front, backend, origin, path):
    """R12: System.Web takes "/(S(...))" of sessions without cookies out of the path."""
    check_refused(ask(front, "POST", path, origin))
    assert backend.requests == []
    check(ask(front, "POST", "/s/A/dw/shop/v19_1/products/(a,b)", A), 200, granted(A))


@pytest.mark.parametrize("origin, path", [
    (ORG, f"/s/N%C2%A0/dw/{X}"),           # strip() of Python, trim() of JavaScript
    (ORG, f"/s/N%E2%80%83/dw/{X}"),        # strip() of Java, too
    (EVIL, f"/s/A/d%09w/{X}"),             # decoded, then new URL() or urlsplit(): tabs and ends of
    (EVIL, f"/s/A/d%0Aw/{X}"),             # lines are taken out wherever they are
    (ORG, f"/s/%09N/dw/{X}"),
], ids=["no-break space", "em space", "tab", "end of line", "known: tab before"])
def test_blanks_that_applications_drop(front, backend, origin, path):
    """R12: trim(), strip() and the URL standard drop what is not in a name."""
    check_refused(ask(front, "POST", path, origin))
    assert backend.requests == []
    check(ask(front, "POST", f"/s/M/dw/{X}", ORG), 200, granted(ORG))
