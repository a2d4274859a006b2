# SPDX-License-Identifier: Apache-2.0
"""When a decision is made (P8): before redirects, before httpd refuses a path, and late only where a later
section or rewriting of the same virtual host can change the answer."""

import json

import pytest

import foreign
from cors import ALLOWED, OTHER, PREFLIGHT, SETTINGS, UNKNOWN, ask, check_preflight, check_refused

# ---- A path that httpd itself refuses: an encoded slash under AllowEncodedSlashes Off ----

SLASHES = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCors On
<VirtualHost *:${PORT}>
    ServerName off.example
    ProxyPass "/" "${BACKEND}/"
    <Location "/closed">
        OcapiCors Off
    </Location>
    <Location "/a/b">
        OcapiCorsMaxAge 7
    </Location>
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName rewritten.example
    RewriteEngine On
    RewriteRule "^/never" "-" [F]
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName on.example
    AllowEncodedSlashes NoDecode
    ProxyPass "/" "${BACKEND}/" nocanon
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName servlet.example
    ProxyPass "/" "${BACKEND}/" mapping=servlet
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName page.example
    ErrorDocument 404 "/page"
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName tree.example
    OcapiCorsSettingsTree "${ROOT}/tree"
</VirtualHost>
"""
TREE = {"tree/sites/A/ocapi-settings/wapi_shop_config.json": json.dumps(
    {"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": [ALLOWED[1]]}]})}


@pytest.fixture(scope="module")
def slashes(module_start_httpd, module_backend):
    return module_start_httpd(SLASHES, modules=["rewrite"], files=TREE,
                              defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


@pytest.mark.parametrize("host", ["off.example", "rewritten.example"])
@pytest.mark.parametrize("path", ["/a%2Fb", "/x%2fy", "/x%20y%2fz", "//a/./b%2Fc", "/%41%2F"])
def test_a_path_that_httpd_refuses_is_answered_by_us(slashes, backend, host, path):
    """P8: a preflight and a refusal do not get httpd's 404; all else does."""
    check_preflight(ask(slashes, "OPTIONS", path, ALLOWED, PREFLIGHT, host=host), True)
    check_preflight(ask(slashes, "OPTIONS", path, UNKNOWN, PREFLIGHT, host=host), False)
    check_refused(ask(slashes, "POST", path, UNKNOWN, host=host))
    for method, origin in (("POST", ALLOWED), ("GET", UNKNOWN), ("POST", None), ("OPTIONS", ALLOWED)):
        response = ask(slashes, method, path, origin, host=host)
        assert response.status == 404 and response.tokens("Vary") == ["Origin"], response
        assert bool(response.cors()) == (origin == ALLOWED), response
    assert backend.connections == 0


def test_its_sections_are_those_of_the_decoded_path(slashes):
    """P8: "sections are looked up by the path decoded with %2F as /" """
    fields = [ALLOWED, PREFLIGHT]
    inside = slashes.request("OPTIONS", "/a%2fb/x%2Fy", fields, host="off.example")
    outside = slashes.request("OPTIONS", "/a%2fc", fields, host="off.example")
    assert inside.one("Access-Control-Max-Age") == "7"
    assert outside.one("Access-Control-Max-Age") == "86400"
    assert slashes.request("POST", "/closed%2Fx", [UNKNOWN], host="off.example").status == 404


def test_its_site_is_that_of_both_readings(slashes):
    """P8, R12: httpd refuses both paths; in one of them, a server that decodes %2F finds a site, and httpd's path has none."""
    for path, is_allowed in (("/s/A/dw/shop/v19_1/a%2Fb", True), ("/s/A%2Fdw/shop/v19_1/x", False)):
        check_preflight(ask(slashes, "OPTIONS", path, ALLOWED, PREFLIGHT, host="tree.example"), is_allowed)
        assert ask(slashes, "POST", path, ALLOWED, host="tree.example").status == (404 if is_allowed else 401)


def test_a_target_that_is_no_path_is_httpds(slashes):
    """S11, P8: also where the whole server is covered."""
    response = ask(slashes, "OPTIONS", "*", ALLOWED, PREFLIGHT, host="off.example")
    assert (response.status, response.cors(), response.all("Vary")) == (200, [], [])


@pytest.mark.parametrize("path", ["/a%2Fb%00", "/%00%2f"])
def test_an_encoded_nul_stays_httpds(slashes, backend, path):
    """P8: "`%00` stays httpd's"; the twin is above."""
    assert slashes.request("POST", path, [UNKNOWN], host="off.example").status == 404
    assert slashes.request("OPTIONS", path, [ALLOWED, PREFLIGHT], host="off.example").status == 404
    assert backend.connections == 0


@pytest.mark.parametrize("method, path, status, why", [
    ("POST", "/a%2Fb%00", 404, "refused: not-listed"), ("POST", "/%zz", 400, "refused: not-listed"),
    ("OPTIONS", "/%zz", 400, "nothing granted: not-listed"), ("POST", "/a%2Fb", 401, "refused: not-listed"),
    ("OPTIONS", "/a%2Fb", 204, "nothing granted: not-listed")])
def test_a_line_has_the_answer_that_the_client_got(slashes, method, path, status, why):
    """A43: also if httpd has refused the request before the module could; the last two are the twins."""
    slashes.allow_log("AH10244: invalid URI path")
    fields = (PREFLIGHT,) if method == "OPTIONS" else ()
    origin = ("Origin", f"https://{status}.{method.lower()}{path.count('%')}.example")  # a line of its own
    assert ask(slashes, method, path, origin, *fields, host="off.example").status == status
    answer = {401: "401", 204: "204 without permission"}.get(status, f"{status}, by httpd")
    slashes.wait_log(rf'OCORS001[01]: {why}: origin "{origin[1]}".*; answer: {answer}$')


@pytest.mark.parametrize("method, status, why, answer", [
    ("POST", 401, "refused", "401"), ("OPTIONS", 204, "nothing granted", "204 without permission")])
def test_a_line_of_an_error_document(slashes, method, status, why, answer):
    """R11, A43: the method of the request line, and the answer of the module, which takes the error document's place."""
    slashes.allow_log("AH10244: invalid URI path")
    origin = ("Origin", f"https://page.{method.lower()}.example")
    assert ask(slashes, method, "/a%2Fb%00", origin, *([PREFLIGHT] if method == "OPTIONS" else []), host="page.example").status == status
    slashes.wait_log(rf'OCORS001[01]: {why}: not-listed: origin "{origin[1]}", client "", {method} "/a/b"; .*; answer: {answer}$')


@pytest.mark.parametrize("path, version", [("/dw/data/v18_8/a%2Fb", "18.8"), ("/a%2Fb", "19.1")])
@pytest.mark.parametrize("method", ["TRACE", "POST"])
def test_the_fault_has_the_version_of_the_path_that_is_refused(slashes, method, path, version):
    """F3: httpd's error page for TRACE has the method GET, and brings the refusal of what was asked."""
    response = ask(slashes, method, path, UNKNOWN, host="page.example")
    check_refused(response)
    assert json.loads(response.body)["_v"] == version


@pytest.mark.parametrize("host", ["on.example", "servlet.example"])
def test_a_path_that_httpd_maps_is_judged_when_it_is_mapped(slashes, backend, host):
    """The twin: the same paths under NoDecode, and under mapping=servlet, reach the backend."""
    check_preflight(ask(slashes, "OPTIONS", "/a%2Fb", ALLOWED, PREFLIGHT, host=host), True)
    check_refused(ask(slashes, "POST", "/a%2Fb", UNKNOWN, host=host))
    assert backend.connections == 0
    assert ask(slashes, "POST", "/a%2Fb", ALLOWED, host=host).status == 200
    assert [r.target.lower() for r in backend.requests] == ["/a%2fb"]


PARAMETERS = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCors On
<VirtualHost *:${PORT}>
    ServerName servlet.example
    ProxyPass "/" "${BACKEND}/" mapping=servlet
    <Location "/open">
        OcapiCors Off
    </Location>
    <Location "/closed">
        OcapiCorsSettings "${SETTINGS}/closed.json"
    </Location>
    <Location "/other">
        OcapiCorsSettings "${ROOT}/other.json"
    </Location>
</VirtualHost>
"""
OTHER_LISTS = json.dumps({"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": [OTHER[1]]}]})


def test_parameters_that_httpd_takes_away_are_no_part_of_the_path(start_httpd, backend):
    """P8: under mapping=servlet the sections of "/open;x" are those of "/open", for what is answered early,
    too. The twins are the same paths without a parameter."""
    server = start_httpd(PARAMETERS, files={"other.json": OTHER_LISTS},
                         defines={"BACKEND": backend.url, "SETTINGS": SETTINGS})
    for parameter in ("", ";jsessionid=1"):
        def asked(method, path, *fields):
            return ask(server, method, path.replace("*", parameter), *fields, host="servlet.example")

        assert asked("POST", "/open*/x", UNKNOWN).status == 200
        assert asked("POST", "/other*/x", OTHER).status == 200
        check_refused(asked("POST", "/other*/x", ALLOWED))
        check_preflight(asked("OPTIONS", "/closed*/x", ALLOWED, PREFLIGHT), False)
        check_preflight(asked("OPTIONS", "/x*/x", ALLOWED, PREFLIGHT), True)
        check_refused(asked("POST", "/x*/x", UNKNOWN))
    assert len(backend.requests) == 4


# ---- Redirects, and what makes a virtual host's decisions late ----

REDIRECTS = """
OcapiCorsSettings "${SETTINGS}/p.json"
OcapiCors On
"""
HOST = """
<VirtualHost *:${{PORT}}>
    ServerName {name}.example
    Redirect "/" "https://elsewhere.example/"
    {lines}
</VirtualHost>
"""
OURS = "OcapiCorsMaxAge 5"
REWRITE = 'RewriteEngine On\nRewriteRule "^/never" "-" [F]'
EARLY_HOSTS = {
    "plain": "",
    "location": f'<Location "/">\n{OURS}\n</Location>\n<LocationMatch "x">\n{OURS}\n</LocationMatch>',
    "directory": '<Directory "${ROOT}/htdocs">\nOptions None\n</Directory>\n<If "true">\nOptions None\n</If>',
    "rules-in-location": f'<Location "/">\n{REWRITE}\n</Location>',
    "rules-in-directory": f'<Directory "${{ROOT}}/htdocs">\n{REWRITE}\n</Directory>',
    "engine": 'RewriteEngine On\nRewriteCond "%{REQUEST_URI}" "x"',
}
LATE_HOSTS = {
    "rules": REWRITE,
    "ours-in-directory": f'<Directory "${{ROOT}}/htdocs">\n{OURS}\n</Directory>',
    "ours-in-files": f'<Files "x">\n{OURS}\n</Files>',
    "ours-in-if": f'<If "false">\n{OURS}\n</If>',
    "ours-in-if-in-location": f'<Location "/">\n<If "false">\n{OURS}\n</If>\n</Location>',
    "ours-in-proxy": f'<Proxy "*">\n{OURS}\n</Proxy>',
}
PATHS = ["/x", "/x%20y", "//x", "/x/./y", "/.x", "/x/../y", "/%78"]


def hosts_of(names):
    return "".join(HOST.format(name=name, lines=lines) for name, lines in names.items())


@pytest.fixture(scope="module")
def redirecting(module_start_httpd):
    return module_start_httpd(REDIRECTS + hosts_of({**EARLY_HOSTS, **LATE_HOSTS}), modules=["rewrite"],
                              defines={"SETTINGS": SETTINGS})


def is_early(server, host, path="/x"):
    """Whether preflights and refusals come before the redirect; all else is redirected."""
    preflights = [ask(server, "OPTIONS", path, origin, (PREFLIGHT[0], asked), host=f"{host}.example").status
                  for origin, asked in ((ALLOWED, "POST"), (UNKNOWN, "POST"), (ALLOWED, "x"))]
    refusal = ask(server, "POST", path, UNKNOWN, host=f"{host}.example").status
    for method, origin in (("POST", ALLOWED), ("GET", UNKNOWN), ("POST", None)):
        assert ask(server, method, path, origin, host=f"{host}.example").status == 302
    assert (preflights, refusal) in (([204] * 3, 401), ([302] * 3, 302))
    return refusal == 401


@pytest.mark.parametrize("path", PATHS)
def test_before_redirects_whatever_the_spelling(redirecting, path):
    """P8; the twin has a RewriteRule."""
    assert is_early(redirecting, "plain", path)
    assert not is_early(redirecting, "rules", path)


@pytest.mark.parametrize("host", ["plain", "rules"])
def test_before_redirects_of_a_path_that_httpd_refuses(redirecting, host):
    """P8: also where a decision is late otherwise, as no rewriting is reached."""
    check_preflight(ask(redirecting, "OPTIONS", "/x%2Fy", ALLOWED, PREFLIGHT, host=f"{host}.example"), True)
    check_refused(ask(redirecting, "POST", "/x%2Fy", UNKNOWN, host=f"{host}.example"))


@pytest.mark.parametrize("host", [*EARLY_HOSTS])
def test_what_does_not_make_a_host_late(redirecting, host):
    """P8: "early decisions are given up only for ... the same virtual host" """
    assert is_early(redirecting, host)


@pytest.mark.parametrize("host", [*LATE_HOSTS])
def test_what_makes_a_host_late(redirecting, host):
    """The twins."""
    assert not is_early(redirecting, host)


def test_a_line_of_a_redirect(redirecting):
    """A43: the same where the decision is late (P8)."""
    for host, answer in (("plain", "401"), ("rules", "302, by httpd")):
        assert ask(redirecting, "POST", "/x", OTHER, host=f"{host}.example").status == int(answer[:3])
        redirecting.wait_log(rf'OCORS0010: refused: not-listed: origin "{OTHER[1]}".*; answer: {answer}$')


def test_a_report_of_a_redirect(start_httpd):
    """A50: ReportOnly decides late, and says what On would have answered: the redirect would not have come first."""
    front = start_httpd(REDIRECTS + HOST.format(name="report", lines="OcapiCors ReportOnly"), defines={"SETTINGS": SETTINGS})
    assert ask(front, "POST", "/x", OTHER, host="report.example").status == 302
    front.wait_log(rf'OCORS0012: report only: not-listed: origin "{OTHER[1]}".*; answer if On: 401$')


@pytest.mark.parametrize("server, host, early", [
    (REWRITE, "", True), (REWRITE + "\nRewriteOptions AllowAnyURI", "", True),
    (REWRITE + "\nRewriteOptions InheritDown", "", False), (REWRITE + "\nRewriteOptions AllowAnyURI InheritDownBefore", "", False),
    (REWRITE, "RewriteEngine On\nRewriteOptions inherit", False), (REWRITE, "RewriteOptions InheritBefore", False),
    ("RewriteOptions InheritDown", "", True), ("", "RewriteOptions Inherit", True),
    (f'<Location "/">\n{REWRITE}\n</Location>\nRewriteOptions InheritDown', "", True),
    (f'<Directory "${{ROOT}}/htdocs">\n{OURS}\n</Directory>', "", False), (f'<If "false">\n{OURS}\n</If>', "", False)])
def test_what_a_host_inherits(start_httpd, server, host, early):
    """P8: "a RewriteRule in it outside sections, or one so in the main server with any `RewriteOptions
    Inherit...` in either"; sections of the main server are every host's."""
    front = start_httpd(REDIRECTS + server + hosts_of({"plain": host, "other": ""}), modules=["rewrite"],
                        defines={"SETTINGS": SETTINGS})
    assert is_early(front, "plain") == early


def test_a_script_that_may_rewrite_counts_for_every_host(start_httpd):
    """P8: "A LuaHook counts for every host." """
    front = start_httpd(REDIRECTS + hosts_of({
        "plain": "", "scripted": 'LuaHookTranslateName "${ROOT}/hook.lua" translate early'}), modules=["lua"],
        files={"hook.lua": "function translate(r)\n  return apache2.DECLINED\nend\n"},
        defines={"SETTINGS": SETTINGS})
    assert not is_early(front, "plain") and not is_early(front, "scripted")


# Nothing in the configuration tells of it, so that the server decides early.
MOVING = r"""
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>
#include <apr_strings.h>
static int move(request_rec *r)
{
    const char *path = apr_table_get(r->headers_in, "X-Path");

    if (path != NULL) {
        r->uri = apr_pstrdup(r->pool, path);
    }
    return DECLINED;
}
static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_translate_name(move, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
AP_DECLARE_MODULE(moving) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0 };
"""


def test_a_path_that_another_module_replaces_is_judged_anew(start_httpd, backend, tmp_path):
    """P8, C5: what was decided early holds as long as the path is the same: sites A and B are of one section, and each
    has its own origins."""
    server = start_httpd("""
LoadModule moving_module "${MOVING}"
<VirtualHost *:${PORT}>
    OcapiCorsSettingsTree tree
    OcapiCors On
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
""", defines={"MOVING": foreign.build(tmp_path, "moving", MOVING), "BACKEND": backend.url}, files={
        f"tree/sites/{site}/ocapi-settings/wapi_shop_config.json": json.dumps(
            {"_v": "19.1", "clients": [{"client_id": site, "allowed_origins": [origin[1]]}]})
        for site, origin in (("A", ALLOWED), ("B", OTHER))})
    at_a, at_b = "/s/A/dw/shop/v19_1/x", "/s/B/dw/shop/v19_1/x"
    # What B refuses is answered before any other module has its turn.
    for path, moved, status in ((at_a, at_a, 200), (at_a, at_b, 401), (at_a, at_a + "y", 200), (at_b, at_a, 401)):
        before = len(backend.requests)
        assert ask(server, "POST", path, ALLOWED, ("X-Path", moved)).status == status, (path, moved)
        assert len(backend.requests) == before + (status == 200)


def test_two_hosts_of_one_line_count_as_one(start_httpd):
    """P8: "a tie counts for both": a macro's virtual hosts begin at the same line."""
    macro = """
<Macro Pair $name $line>
<VirtualHost *:${PORT}>
    ServerName $name.example
    Redirect "/" "https://elsewhere.example/"
    $line
</VirtualHost>
</Macro>
Use Pair one "RewriteEngine On"
Use Pair two "RewriteRule ^/never - [F]"
"""
    front = start_httpd(REDIRECTS + macro, modules=["rewrite", "macro"], defines={"SETTINGS": SETTINGS})
    assert not is_early(front, "two")


def test_the_main_server_is_a_host_too(start_httpd):
    """Requests that no virtual host takes; the twin has no RewriteRule."""
    for lines, early in (("", True), (REWRITE, False)):
        front = start_httpd(REDIRECTS + f'Redirect "/x" "https://elsewhere.example/"\n{lines}\n',
                            modules=["rewrite"], defines={"SETTINGS": SETTINGS})
        assert is_early(front, "main") == early


def test_a_report_is_one_line(start_httpd, backend):
    """Section 3: ReportOnly judges and logs once, wherever a decision could have been made early."""
    server = start_httpd("""
        <VirtualHost *:${PORT}>
            ServerName report.example
            OcapiCors ReportOnly
            OcapiCorsSettings "${SETTINGS}/p.json"
            ProxyPass "/" "${BACKEND}/"
        </VirtualHost>""", defines={"BACKEND": backend.url, "SETTINGS": SETTINGS})
    for method, path, fields, status in (("POST", "/x", (), 200), ("OPTIONS", "/y", (PREFLIGHT,), 200),
                                         ("POST", "/x%2Fz", (), 404)):
        assert ask(server, method, path, UNKNOWN, *fields, host="report.example").status == status
        lines = [line.text for line in server.log_lines() if "OCORS0012" in line.text]
        assert len([line for line in lines if f'{method} "{path.replace("%2F", "/")}"' in line
                    or f'{method} "{path}"' in line]) == 1, lines
