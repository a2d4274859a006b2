# SPDX-License-Identifier: Apache-2.0
"""What the live tests ask and expect under policy P (tests/vectors/settings/p.json): who asks, what is
granted, and the checks of a whole outcome."""

import json

import httpd

SETTINGS = httpd.REPOSITORY / "tests" / "vectors" / "settings"
ALLOWED, UNKNOWN = ("Origin", "http://foo.com"), ("Origin", "http://bar.com")
OTHER = ("Origin", "https://other.example")  # on no list of policy P; a test's own document may have it
PREFLIGHT = ("Access-Control-Request-Method", "POST")
PREFLIGHT_VARY = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]

# What a backend says that knows no better; nothing of it may come through.
BACKEND_SAYS = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Made-Up", "1")]


def granted(origin):
    """The Access-Control-* lines of a response to an allowed origin (R2)."""
    return {("Access-Control-Allow-Origin", origin[1]), ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Expose-Headers", "location,x-dw-version-status")}


GRANTED = granted(ALLOWED)
ORIGINS = [(ALLOWED, GRANTED), (UNKNOWN, set()), (None, set())]
ORIGIN_IDS = ["allowed", "unknown", "none"]


def ask(server, method, path, origin, *fields, **keywords):
    """One request; `origin` None sends none."""
    return server.request(method, path, [f for f in (origin, *fields) if f], **keywords)


def check(response, status, cors, vary=("Origin",)):
    """The status, exactly these Access-Control-* lines, each once, and this Vary."""
    assert response.status == status, response
    assert set(response.cors()) == cors and len(response.cors()) == len(cors), response
    assert response.tokens("Vary") == list(vary), response


def check_refused(response):
    """R5, F1, F2"""
    check(response, 401, set())
    assert json.loads(response.body)["fault"]["type"] == "UnauthorizedOriginException"
    assert response.all("WWW-Authenticate") == ['Bearer realm="OCAPI"'], response


def check_preflight(response, is_allowed):
    """P1, P2, P3"""
    assert (response.status, response.body) == (204, b""), response
    assert response.one("Access-Control-Allow-Origin") == (ALLOWED[1] if is_allowed else None), response
    if not is_allowed:
        assert response.cors() == [], response
    assert response.one("Allow"), response
    assert response.tokens("Vary") == PREFLIGHT_VARY, response
