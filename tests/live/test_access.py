# SPDX-License-Identifier: Apache-2.0
"""Access control and authentication around the module: each guard that httpd has, with no credentials,
wrong and right ones. It never sees a preflight or a refused request, and stands for all others (R1 to R5,
P4, H1)."""

import base64
import ctypes
import hashlib
import os
import re
import struct
from collections import namedtuple

import pytest

from cors import (ALLOWED, BACKEND_SAYS, ORIGINS, SETTINGS, UNKNOWN, ask, check, check_preflight,
                  check_refused)
from fastcgi import FastCgi

# ---- Providers that count ----


class Opens:
    """Counts how often files are opened, by the kernel's word (inotify)."""

    OPEN, CLOSE = 0x20, 0x10  # the closing is watched so that two openings are never told as one

    def __init__(self, *paths):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.handle = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.handle >= 0, os.strerror(ctypes.get_errno())
        for path in paths:
            watch = self.libc.inotify_add_watch(self.handle, os.fsencode(path), self.OPEN | self.CLOSE)
            assert watch >= 0, os.strerror(ctypes.get_errno())

    def take(self):
        """The number since the last call."""
        count = 0
        try:
            while data := os.read(self.handle, 65536):
                at = 0
                while at < len(data):
                    _, mask, _, length = struct.unpack_from("iIII", data, at)
                    count += bool(mask & self.OPEN)
                    at += 16 + length
        except BlockingIOError:
            return count
        return count

    def stop(self):
        os.close(self.handle)


# ---- The table: each guard, and its answer to none, wrong and right credentials ----

BASIC = 'AuthType Basic\nAuthName test\nAuthBasicProvider {}\nAuthUserFile "${{ROOT}}/users"\n'
FILE, FCGI = BASIC.format("file"), BASIC.format("counting")
VALID = "Require valid-user\n"
FORM = """AuthType form
AuthName test
AuthFormProvider file
AuthUserFile "${ROOT}/users"
Session On
SessionCookieName session path=/
"""
DENIED = "AH01630: client denied"
OLD = "AH01797: client denied"
MISMATCH = "AH01617: user u: authentication failure"
KNOWN = {"none": 401, "wrong": 401, "right": 200}

# answers: a status for all, or one for each of CREDENTIALS; a method of its own comes first.
# log: what httpd logs of a status, for each of CREDENTIALS where that differs.
# counts: which of the providers is asked where credentials are given ("users": the file is opened).
Guard = namedtuple("Guard", "name lines answers log counts", defaults=({}, None))


def methods(answers, *names):
    return dict.fromkeys(names, answers)


SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "DELETE")
WRONG = {("wrong", 401): MISMATCH}
GUARDS = [
    # mod_auth_basic, mod_auth_digest, mod_auth_form, mod_authnz_fcgi
    Guard("basic-file", FILE + VALID, KNOWN, WRONG, "users"),
    Guard("basic-fcgi", FCGI + VALID, KNOWN, WRONG, "fcgi"),
    Guard("authz-fcgi", FILE + "Require counting-authz\n", KNOWN, WRONG, "users"),
    Guard("authnz-fcgi", "AuthType Basic\nAuthName test\nAuthBasicProvider counting-both\n"
          "Require counting-both\n", KNOWN, WRONG, "fcgi"),
    Guard("check-fcgi", "AuthType FastCGI\nAuthName test\n"
          "AuthnzFcgiCheckAuthnProvider counting RequireBasicAuth Off UserExpr \"%{REMOTE_ADDR}\"\n"
          + VALID, {"none": 401, "wrong": 401, "key": 200}, {}, "fcgi"),
    Guard("basic-group", FILE + 'AuthGroupFile "${ROOT}/groups"\nRequire group g\n', KNOWN, WRONG, "users"),
    Guard("wrong-user", FILE + "Require user another\n", 401,
          {("wrong", 401): MISMATCH, ("right", 401): "AH01631: user u: authorization failure"}, "users"),
    Guard("forbidden-on-failure", FILE + "Require user another\nAuthzSendForbiddenOnFailure On\n",
          {"none": 401, "wrong": 401, "right": 403},
          {("wrong", 401): MISMATCH, ("right", 403): "AH01631: user u: authorization failure"}, "users"),
    Guard("digest", 'AuthType Digest\nAuthName test\nAuthDigestProvider file\n'
          'AuthDigestDomain "/api/"\nAuthUserFile "${ROOT}/digests"\n' + VALID,
          {"none": 401, "digest-wrong": 401, "digest": 200},
          {("digest-wrong", 401): "AH01794: user u: password mismatch"}, "users"),
    Guard("form-page", FORM + "ErrorDocument 401 /pages/login.html\n" + VALID,
          {"none": 401, "cookie-wrong": 401, "cookie": 200},
          {("cookie-wrong", 401): "AH01807: user 'u': authentication failure"}, "users"),
    Guard("form-redirect", FORM + 'AuthFormLoginRequiredLocation "/pages/login.html"\n' + VALID,
          {"none": 302, "cookie-wrong": 302, "cookie": 200},
          {("cookie-wrong", 302): "AH01807: user 'u': authentication failure"}, "users"),
    # mod_authz_core, mod_authz_host
    Guard("denied", "Require all denied\n", 403, DENIED),
    Guard("granted", "Require all granted\n", 200),
    Guard("ip", "Require ip 192.0.2.1\n", 403, DENIED),
    Guard("ip-of-ours", "Require ip 127.0.0.1\n", 200),
    Guard("expr", "Require expr \"%{HTTP:X-Key} == 'right'\"\n",
          {"none": 403, "wrong": 403, "key": 200}, DENIED),
    Guard("env", "SetEnvIf X-Key ^right$ has_key\nRequire env has_key\n", {"none": 403, "key": 200}, DENIED),
    Guard("method", "Require method GET OPTIONS\n", {"none": 200, **methods(403, *UNSAFE)}, DENIED),
    Guard("all-of", FILE + "<RequireAll>\nRequire method GET\n" + VALID + "</RequireAll>\n",
          {**KNOWN, **methods({"none": 403, "wrong": 403, "right": 403}, "OPTIONS", *UNSAFE)},
          {**WRONG, 403: DENIED}),
    Guard("any-of", FILE + "<RequireAny>\nRequire method GET\n" + VALID + "</RequireAny>\n",
          {"none": 200, "wrong": 200, "right": 200, **methods(KNOWN, "OPTIONS", *UNSAFE)}, WRONG),
    Guard("none-of", "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire method POST\n</RequireNone>\n"
          "</RequireAll>\n", {"none": 200, "POST": 403}, DENIED),
    # What a section inherits: <Location "/api/merge-..."> denies, its /inner says AuthMerging
    Guard("merge-off/inner", "AuthMerging Off\nRequire all granted\n", 200),
    Guard("merge-and/inner", "AuthMerging And\nRequire all granted\n", 403, DENIED),
    Guard("merge-or/inner", "AuthMerging Or\nRequire all granted\n", 200),
    # mod_access_compat
    Guard("order-deny", "Order deny,allow\nDeny from all\n", 403, OLD),
    Guard("order-allow", "Order allow,deny\nAllow from 127.0.0.1\n", 200),
    Guard("order-env", "SetEnvIf X-Key ^right$ has_key\nOrder allow,deny\nAllow from env=has_key\n",
          {"none": 403, "key": 200}, OLD),
    Guard("satisfy-all", "Order deny,allow\nDeny from all\nSatisfy All\n" + FILE + VALID, 403, OLD),
    Guard("satisfy-all-ip", "Order allow,deny\nAllow from all\nSatisfy All\n" + FILE + VALID, KNOWN, WRONG,
          "users"),
    Guard("satisfy-any", "Order deny,allow\nDeny from all\nSatisfy Any\n" + FILE + VALID, KNOWN,
          {**WRONG, "always": OLD}, "users"),
    Guard("satisfy-any-ip", "Order allow,deny\nAllow from all\nSatisfy Any\n" + FILE + VALID, 200),
    # Guards of a method
    Guard("allowmethods", "AllowMethods GET\n", {"none": 200, **methods(405, "OPTIONS", *UNSAFE)},
          "AH01623: client method denied"),
    Guard("allowmethods-reset", "AllowMethods GET\nAllowMethods reset\n", 200),
    Guard("limit", "<Limit POST OPTIONS>\nRequire all denied\n</Limit>\n",
          {"none": 200, **methods(403, "POST", "OPTIONS")}, DENIED),
    Guard("limit-except", "<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n",
          {"none": 200, **methods(403, "OPTIONS", *UNSAFE)}, DENIED),
    Guard("limit-basic", FILE + "<LimitExcept GET>\n" + VALID + "</LimitExcept>\n",
          {"none": 200, "right": 200, **methods(KNOWN, "OPTIONS", *UNSAFE)}, WRONG),
    Guard("limit-old", "<Limit POST>\nOrder deny,allow\nDeny from all\n</Limit>\n",
          {"none": 200, "POST": 403}, OLD),
]
# The same, said in an .htaccess file; what they guard is a script.
IN_HTACCESS = ["basic-file", "basic-fcgi", "digest", "form-page", "denied", "ip", "expr", "method",
               "order-deny", "satisfy-any", "limit", "limit-except"]
# Left out: `AllowMethods` in .htaccess, where httpd itself forbids it (Context: directory).


def place_of(guard):
    return f"/api/{guard.name}/x"


def in_htaccess(guard):
    return guard._replace(name=f"htaccess/{guard.name}")


BY_NAME = {guard.name: guard for guard in GUARDS}
TABLE = GUARDS + [in_htaccess(BY_NAME[name]) for name in IN_HTACCESS]

SCRIPT = """#!/bin/sh
echo run >> "$OCORS_RUNS"
printf 'Content-Type: text/plain\\r\\nAccess-Control-Allow-Origin: *\\r\\n'
printf 'Access-Control-Made-Up: 1\\r\\n\\r\\nran'
"""
CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
AuthnzFcgiDefineProvider authn counting fcgi://127.0.0.1:${FCGI}/
AuthnzFcgiDefineProvider authz counting-authz fcgi://127.0.0.1:${FCGI}/
AuthnzFcgiDefineProvider authnz counting-both fcgi://127.0.0.1:${FCGI}/
LogLevel auth_digest:error
<Directory "${ROOT}/htdocs/api/htaccess">
    AllowOverride All
    Options ExecCGI
    SetHandler cgi-script
    SetEnv OCORS_RUNS "${ROOT}/run/runs"
</Directory>
<VirtualHost *:${PORT}>
    ProxyPass "/api/htaccess" "!"
    ProxyPass "/api/page" "!"
    ProxyPass "/api/" "${BACKEND}/api/"
    <Location "/login">
        OcapiCors On
        SetHandler form-login-handler
""" + FORM + """
        AuthFormLoginSuccessLocation "/pages/in.html"
        AuthFormLoginRequiredLocation "/pages/login.html"
    </Location>
    <Location "/api/page">
""" + FORM + VALID + """
        ErrorDocument 401 /pages/login.html
    </Location>
    <LocationMatch "^/api/merge-(off|and|or)">
        Require all denied
    </LocationMatch>
""" + "".join(f'<Location "/api/{g.name}">\n{g.lines}</Location>\n' for g in GUARDS) + "</VirtualHost>\n"
# Where the path alone decides; where one <Directory> of ours makes the module wait for it; and where
# <Directory> is what switches it on.
EARLY = '<Location "/api">\nOcapiCors On\n</Location>\n'
LATE = EARLY + '<Directory "${ROOT}/nowhere">\nOcapiCors Off\n</Directory>\n'
DIRECTORY = ('<LocationMatch "^/api/(?!htaccess|page)">\nOcapiCors On\n</LocationMatch>\n'
             '<Directory "${ROOT}/htdocs/api">\nOcapiCors On\n</Directory>\n')
MODULES = ["access_compat", "allowmethods", "auth_basic", "auth_digest", "auth_form", "authn_file",
           "authnz_fcgi", "authz_groupfile", "authz_host", "authz_user", "cgi", "env", "request", "session",
           "session_cookie", "setenvif"]


def sha1(password):
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


FILES = {"users": f"u:{sha1('p')}\n", "digests": f"u:test:{md5('u', 'test', 'p')}\n", "groups": "g: u\n",
         "htdocs/pages/login.html": "log in", "htdocs/pages/in.html": "in",
         "htdocs/api/page/x": "page"}
for _name in IN_HTACCESS:
    FILES[f"htdocs/api/htaccess/{_name}/.htaccess"] = BY_NAME[_name].lines
    FILES[f"htdocs/api/htaccess/{_name}/x"] = SCRIPT


@pytest.fixture(scope="module")
def fcgi():
    application = FastCgi()
    yield application
    application.stop()


@pytest.fixture(scope="module", params=[EARLY, LATE, DIRECTORY], ids=["early", "late", "directory"])
def front(request, module_start_httpd, module_backend, fcgi):
    server = module_start_httpd(CONFIG + request.param, modules=MODULES, files=FILES,
                                defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "FCGI": fcgi.port})
    for name in IN_HTACCESS:
        (server.root / f"htdocs/api/htaccess/{name}/x").chmod(0o755)
    return server


class Witness:
    """What ran: the backend's and the script's requests, and the calls of the providers."""

    def __init__(self, server, backend, fcgi):
        self.runs = server.root / "run" / "runs"
        self.backend, self.fcgi = backend, fcgi
        self.opens = Opens(server.root / "users", server.root / "digests", server.root / "groups")

    def take(self):
        """(backend and scripts, providers) since the last call."""
        scripts = len(self.runs.read_text().splitlines()) if self.runs.exists() else 0
        self.runs.unlink(missing_ok=True)
        handled = self.backend.connections + len(self.backend.requests) + scripts
        asked = {"fcgi": len(self.fcgi.requests), "users": self.opens.take()}
        self.backend.reset()
        self.fcgi.requests.clear()
        return handled, {name for name, count in asked.items() if count}


@pytest.fixture
def witness(front, backend, fcgi):
    found = Witness(front, backend, fcgi)
    found.take()
    yield found
    found.opens.stop()


# ---- Credentials ----

def basic(password):
    return [("Authorization", "Basic " + base64.b64encode(f"u:{password}".encode()).decode())]


def form(password):
    return f"httpd_username=u&httpd_password={password}".encode()


FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")


def digest(server, method, path, password):
    """RFC 7616 without qop, against a nonce of the server's."""
    challenge = ask(server, "GET", path, None).one("WWW-Authenticate")
    nonce = re.search(r'nonce="([^"]+)"', challenge)[1]
    proof = md5(md5("u", "test", password), nonce, "00000001", "c", "auth", md5(method, path))
    return [("Authorization", f'Digest username="u", realm="test", nonce="{nonce}", uri="{path}", '
             f'algorithm=MD5, qop=auth, nc=00000001, cnonce="c", response="{proof}"')]


def cookie(_server, password):
    """The session that mod_session_cookie keeps: the realm's user and password."""
    return [("Cookie", f"session=test-user=u&test-pw={password}")]


def credentials(server, kind, method, path):
    return {"none": lambda: [], "right": lambda: basic("p"),
            "wrong": lambda: [*basic("q"), ("X-Key", "wrong")],
            "key": lambda: [("X-Key", "right")],
            "digest": lambda: digest(server, method, path, "p"),
            "digest-wrong": lambda: digest(server, method, path, "q"),
            "cookie": lambda: cookie(server, "p"), "cookie-wrong": lambda: cookie(server, "q")}[kind]()


def answers_of(guard, method):
    """{kind of credentials: status}"""
    answers = guard.answers
    if isinstance(answers, dict):
        own = answers.get(method)
        kinds = {k: v for k, v in answers.items() if k not in SAFE + UNSAFE}
        answers = kinds if own is None else own
        if isinstance(answers, int):
            return dict.fromkeys(kinds, answers)
        return answers
    return dict.fromkeys(("none", "wrong", "right"), answers)


def logs_of(guard, kind, status):
    if isinstance(guard.log, str):
        return [guard.log] if status in (403, 405) else []
    return [guard.log[key] for key in ((kind, status), status, "always") if key in guard.log]


every_guard = pytest.mark.parametrize("guard", TABLE, ids=lambda guard: guard.name)


@every_guard
def test_a_preflight_meets_no_guard(front, witness, guard):
    """P1, P2, P4: "answered before any access control, authentication, method filter or handler"; nobody
    is asked, whatever credentials it has."""
    path = place_of(guard)
    for kind in answers_of(guard, "OPTIONS"):
        given = credentials(front, kind, "OPTIONS", path)
        witness.take()
        for origin, is_allowed in ((ALLOWED, True), (UNKNOWN, False)):
            for asked in ("POST", "GET"):
                wanted = ("Access-Control-Request-Method", asked)
                response = ask(front, "OPTIONS", path, origin, wanted, *given)
                check_preflight(response, is_allowed)
                assert response.one("WWW-Authenticate") is None
        assert witness.take() == (0, set())


@every_guard
def test_a_refusal_meets_no_guard(front, witness, guard):
    """R5: "no authentication, no handler, no backend connection"; right credentials do not open it."""
    path = place_of(guard)
    for method in ("POST", "DELETE", "PATCH", "MADE-UP"):
        for kind in answers_of(guard, method):
            given = credentials(front, kind, method, path)
            witness.take()
            check_refused(ask(front, method, path, UNKNOWN, *given))
            assert witness.take() == (0, set())


@every_guard
def test_the_guard_stands_for_all_others(front, backend, witness, guard):
    """The twin; R1 to R4, H1: its own answer has our headers, too: a script can read why."""
    path = place_of(guard)
    for method in ("GET", "OPTIONS", "POST", "DELETE"):
        for origin, cors in ORIGINS:
            if origin == UNKNOWN and method in UNSAFE:
                continue  # refused: the test above
            for kind, status in answers_of(guard, method).items():
                for log in logs_of(guard, kind, status):
                    front.expect_log(log)
                given = credentials(front, kind, method, path)
                witness.take()
                backend.answer(path, 200, BACKEND_SAYS)
                response = ask(front, method, path, origin, *given)
                vary = [token for token in response.tokens("Vary") if token != "X-Key"]  # an expression's own
                assert (response.status, vary) == (status, ["Origin"]), response
                assert set(response.cors()) == cors and len(response.cors()) == len(cors), response
                handled, asked = witness.take()
                assert bool(handled) == (status == 200), (method, kind, response)
                assert asked >= ({guard.counts} if guard.counts and kind != "none" else set()), (method, kind)


# ---- What only form authentication does ----

@pytest.mark.parametrize("body", [form("p"), form("q"), form("p") + b"&httpd_method=GET",
                                  form("p") + b"&httpd_location=/pages/in.html", b""])
@pytest.mark.parametrize("path", ["/login", "/api/page/x", "/api/form-page/x", "/api/form-redirect/x",
                                  "/api/htaccess/form-page/x"])
def test_a_login_from_an_unknown_origin_is_refused(front, witness, path, body):
    """R5, R11: the form is not read; no session is made."""
    witness.take()
    for method in ("POST", "PUT"):
        response = ask(front, method, path, UNKNOWN, FORM_TYPE, body=body)
        check_refused(response)
        assert response.all("Set-Cookie") == []
    assert witness.take() == (0, set())


@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
@pytest.mark.parametrize("path, body, status, location", [
    ("/login", form("p"), 302, "/pages/in.html"),
    ("/login", form("q"), 302, "/pages/login.html"),
    ("/login", form("p") + b"&httpd_location=/pages/other.html", 302, "/pages/other.html"),
    ("/api/form-page/x", form("q"), 401, None),
    ("/api/form-page/x", form("p") + b"&httpd_location=/pages/in.html", 302, "/pages/in.html"),
    ("/api/form-redirect/x", form("q"), 302, "/pages/login.html"),
    ("/api/htaccess/form-page/x", form("p") + b"&httpd_location=/pages/in.html", 302, "/pages/in.html")])
def test_a_login_from_elsewhere_is_one(front, witness, path, body, status, location, origin, cors):
    """The twin; R1, R4, H1: the redirect, and the form that an ErrorDocument shows, have our headers."""
    if b"=q" in body:
        front.expect_log("AH01807: user 'u': authentication failure")
    response = ask(front, "POST", path, origin, FORM_TYPE, body=body)
    check(response, status, cors)
    assert response.one("Location") == location
    assert witness.take() == (0, {"users"})
    if status == 401:
        assert response.body == b"log in"
    elif b"=p" in body:
        assert "test-user=u&test-pw=p" in response.one("Set-Cookie")


@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_a_login_in_place_shows_the_page(front, origin, cors):
    """R4, H4: a POST of the form becomes a GET of the same place inside httpd; headers once."""
    again = b"&httpd_method=GET&httpd_mimetype=text%2Fplain&httpd_body=x"
    for body, status in ((form("p") + again, 200), (b"", 401)):
        response = ask(front, "POST", "/api/page/x", origin, FORM_TYPE, body=body)
        check(response, status, cors)
        assert response.body == (b"page" if status == 200 else b"log in")
