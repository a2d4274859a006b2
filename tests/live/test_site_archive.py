# SPDX-License-Identifier: Apache-2.0
"""A whole organisation by one line: which documents judge which URL, what is wrong with a tree, and its
life (A3, A29, C4, C5, S15)."""

import json
import re
import shutil

import pytest

import httpd
import wire

SHOP, DATA = "ocapi-settings/wapi_shop_config.json", "ocapi-settings/wapi_data_config.json"
PREFLIGHT = ("Access-Control-Request-Method", "POST")


def origin(name):
    return f"https://{name}.example"


def document(**clients):
    """client id = names of its origins, separated by a space."""
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": client, "allowed_origins": [origin(n) for n in names.split()]}
        for client, names in clients.items()]})


ORGANISATION = {
    f"tree/{SHOP}": document(X="x-global", G="g-shop"),
    f"tree/{DATA}": document(X="x-data", D="g-data"),
}
TREE = {
    **ORGANISATION,
    f"tree/sites/A/{SHOP}": document(X="x-a", A="a-shop"),
    f"tree/sites/B/{SHOP}": document(B="b-shop"),
    f"tree/sites/B/{DATA}": document(D="b-data"),
    f"tree/sites/-/{SHOP}": document(X="dash", G="dash"),
    "tree/sites/Empty/preferences.xml": "<x/>",
    f"tree/sites/Sample/{SHOP}.sample": document(X="sample"),
    f"tree/sites/.hidden/{SHOP}": document(H="hidden"),
    "tree/sites/file": "no folder",
    f"tree/sites/Old/{DATA}": document(nobody=""),
    f"tree/sites/Site with space/{SHOP}": document(S="space"),
    f"tree/sites/s/{SHOP}": document(S="site-s"),
    f"tree/sites/dw/{SHOP}": document(S="site-dw"),
    f"elsewhere/{SHOP}": document(L="linked"),
}
GLOBAL_SHOP, GLOBAL_DATA = {"x-global", "g-shop"}, {"x-data", "g-data"}
A_SHOP, A_DATA = {"x-a", "a-shop", "g-shop"}, GLOBAL_DATA
B_SHOP, B_DATA = {"b-shop"} | GLOBAL_SHOP, {"x-data", "b-data"}
NAMES = sorted(GLOBAL_SHOP | GLOBAL_DATA | A_SHOP | B_SHOP | B_DATA | {
    "dash", "sample", "hidden", "space", "site-s", "site-dw", "linked", "nobody"})

CONFIG = """
OcapiCors On
OcapiCorsSettingsTree "${ROOT}/tree"
MaxKeepAliveRequests 0
KeepAliveTimeout 20
<VirtualHost *:${PORT}>
    ServerName main.invalid
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName a.invalid
    OcapiCorsSite A
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName b.invalid
    <Location "/">
        OcapiCorsSite B
    </Location>
    <Location "/eu">
        OcapiCorsSite A
    </Location>
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName nowhere.invalid
    OcapiCorsSite Nowhere
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName decoded.invalid
    AllowEncodedSlashes On
    MergeSlashes Off
</VirtualHost>
"""
V = "v19_1/baskets"


def in_every_host(config):
    """What each virtual host says; the harness's own must not."""
    hosts = config.split("</VirtualHost>")
    for n, host in enumerate(hosts[:-1]):
        hosts[n] += '    ProxyPass "/" "${BACKEND}/"\n'
        if "AllowEncodedSlashes" not in host:
            hosts[n] += "    AllowEncodedSlashes NoDecode\n"
    return "</VirtualHost>".join(hosts)


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    server = httpd.Httpd(in_every_host(CONFIG), files=TREE, defines={"BACKEND": module_backend.url})
    (server.root / "tree/sites/Linked").symlink_to(server.root / "elsewhere")
    try:
        yield server.start()
    finally:
        server.stop()


def allowed(server, path, host="main.invalid", names=NAMES):
    """The names of the origins from which a POST to this path passes; each refusal is a 401."""
    found = set()
    with server.connection() as connection:
        for name in names:
            fields = [("Origin", origin(name))]
            connection.send(wire.build("POST", path, fields, host=host, close=False))
            response = connection.read("POST")
            granted = response.one("Access-Control-Allow-Origin")
            assert (response.status, granted) in ((200, origin(name)), (401, None)), response
            assert response.tokens("Vary") == ["Origin"]
            if granted:
                found.add(name)
    return found


@pytest.mark.parametrize("path, names", [
    (f"/dw/shop/{V}", GLOBAL_SHOP), (f"/s/-/dw/shop/{V}", GLOBAL_SHOP),
    (f"/dw/data/{V}", GLOBAL_DATA), (f"/s/-/dw/data/{V}", GLOBAL_DATA),
    (f"/s/Sites---Site/dw/shop/{V}", GLOBAL_SHOP),
    (f"/s/A/dw/shop/{V}", A_SHOP), (f"/s/Sites-A-Site/dw/shop/{V}", A_SHOP),
    (f"/s/A/dw/data/{V}", A_DATA), (f"/s/Sites-A-Site/dw/data/{V}", A_DATA),
    (f"/s/B/dw/shop/{V}", B_SHOP), (f"/s/B/dw/data/{V}", B_DATA),
    (f"/s/Linked/dw/shop/{V}", {"linked"} | GLOBAL_SHOP),
    (f"/s/Site%20with%20space/dw/shop/{V}", {"space"} | GLOBAL_SHOP),
    (f"/s/s/dw/shop/{V}", {"site-s"} | GLOBAL_SHOP), (f"/s/dw/dw/shop/{V}", {"site-dw"} | GLOBAL_SHOP),
    (f"/prefix/s/A/dw/shop/{V}", A_SHOP), (f"/prefix/dw/shop/{V}", GLOBAL_SHOP),
    ("/s/A/dw/shop", A_SHOP), ("/s/A/dw/shop/", A_SHOP), ("/s/A/dw/shop/baskets", A_SHOP),
    ("/s/A/dw/shop/v19_1", A_SHOP), ("/s/A/dw/shop/V19_1/baskets", A_SHOP)])
def test_site_and_type_come_from_the_url(front, path, names):
    """A3, C5, C4: "a client in a later document replaces the client of the same id in an earlier one" """
    assert allowed(front, path) == names


@pytest.mark.parametrize("site", ["None", "AA", "A%00B", "Empty", "Sample", ".hidden", "file",
                                  "Sites-None-Site", "Sites-A-Site-Site", "A-Site", "%C3%A4", "A:B"])
def test_a_site_without_documents_has_the_global_ones(front, site):
    """S15: "a site without documents has the global ones and never another site's" """
    path = f"/s/{site}/dw/shop/{V}"
    if "%00" in site:
        assert front.request("POST", path, [("Origin", origin("a-shop"))]).status in (400, 404)
    else:
        assert allowed(front, path) == GLOBAL_SHOP


def test_a_document_may_list_nobody(front):
    """The site's document of this type takes part, whatever it holds."""
    assert allowed(front, f"/s/Old/dw/data/{V}") == GLOBAL_DATA
    assert allowed(front, f"/s/Old/dw/shop/{V}") == GLOBAL_SHOP


@pytest.mark.parametrize("path, names", [
    ("/s/A/dw/batch", A_SHOP | A_DATA), ("/s/-/dw/batch", GLOBAL_SHOP | GLOBAL_DATA),
    ("/dw/batch", GLOBAL_SHOP | GLOBAL_DATA), ("/dw/oauth2/access_token", GLOBAL_SHOP | GLOBAL_DATA),
    ("/s/B/dw/meta/rest/shop/v1", B_SHOP | B_DATA),
    ("/s/B/dw/shopx/v19_1/x", B_SHOP | B_DATA)])
def test_what_else_is_below_dw(front, path, names):
    """S9: "judged by the site's shop and data documents together", each layered by itself: x-a replaces
    x-global, not x-data."""
    assert allowed(front, path) == names


def test_two_sites_that_there_are_not_at_a_host_of_a_site(front):
    """R12: an application that finds no site in such a path may serve the host's. The twins have no such host."""
    path = f"/s/None;x/dw/shop/{V}"
    assert allowed(front, path, "a.invalid") == set()
    assert allowed(front, path, "nowhere.invalid") == allowed(front, path) == GLOBAL_SHOP


@pytest.mark.parametrize("host, path, names", [
    ("a.invalid", "/dw/shop/", A_SHOP), ("a.invalid", "/dw/data/", A_DATA),
    ("a.invalid", "/dw/batch", A_SHOP | A_DATA), ("b.invalid", "/dw/shop/", B_SHOP),
    ("b.invalid", "/dw/data/", B_DATA), ("b.invalid", "/eu/dw/shop/", A_SHOP),
    ("a.invalid", "/s/B/dw/shop/", B_SHOP), ("b.invalid", "/s/A/dw/shop/", A_SHOP),
    ("a.invalid", "/s/Sites-B-Site/dw/data/", B_DATA), ("a.invalid", "/s/-/dw/shop/", GLOBAL_SHOP),
    ("a.invalid", "/s/None/dw/shop/", GLOBAL_SHOP), ("a.invalid", "/s/Empty/dw/shop/", GLOBAL_SHOP),
    ("nowhere.invalid", "/dw/shop/", GLOBAL_SHOP), ("nowhere.invalid", "/s/A/dw/shop/", A_SHOP)])
def test_a_host_of_a_site(front, host, path, names):
    """S8, A4: "the URL's site precedes `OcapiCorsSite`" """
    assert allowed(front, path + V, host) == names


@pytest.mark.parametrize("path, names", [
    (f"/s/%41/dw/shop/{V}", A_SHOP), (f"/%73/A/%64%77/%73hop/{V}", A_SHOP),
    (f"/s/B/../A/dw/shop/{V}", A_SHOP), (f"/s/B/%2e%2e/A/dw/shop/{V}", A_SHOP),
    (f"/s/./A/./dw/./shop/{V}", A_SHOP), (f"//s//A//dw//shop//{V}", A_SHOP),
    ("/s/A/x/../dw/shop/x", A_SHOP), ("/s/A/dw/shop/v19_1/x/../y", A_SHOP), ("/s/A/../dw/shop/x", GLOBAL_SHOP),
    ("/s/%2e%2e/dw/shop/x", GLOBAL_SHOP)])
def test_the_path_is_judged_as_httpd_maps_it(front, path, names):
    """C5. `/s/A/../dw/shop/x` is `/s/dw/shop/x`: its API is shop."""
    assert allowed(front, path) == names


@pytest.mark.parametrize("path, names", [
    ("/s/A/dw%2fshop/v19_1/x", A_SHOP), ("/s/A/dw%2Fshop%2Fv19_1%2Fx", A_SHOP),
    ("/s%2fA%2fdw%2fshop%2fv19_1%2fx", A_SHOP), ("/%2fs/A/dw/shop/x", A_SHOP),
    ("/s/A%2fdw/data/x", A_DATA), ("/s/B%2fdw%2fdata/x", B_DATA), ("/dw%2fbatch", GLOBAL_SHOP | GLOBAL_DATA)])
def test_encoded_slashes_hide_nothing(front, path, names):
    """R12: a slash that httpd leaves encoded is one to some applications; the twin is one that it decodes."""
    assert allowed(front, path, "decoded.invalid") == names
    assert allowed(front, path, "main.invalid") == set()


AMBIGUOUS = [  # that one reading or another takes for a path of site A, with the twin
    (f"/s/{site}/dw/shop/{V}", f"/s/A/dw/shop/{V}") for site in ("a", "A%20", "sites-A-Site", "..A", "A;x", "%20.A")
] + [("/s/B/dw/SHOP/v19_1/x", "/s/B/dw/shop/v19_1/x"), ("/s/A/dw/shop/../data/x", "/s/A/dw/data/x"),
     ("/s/A/dw/shop/v19_1/../../../../B/dw/data/x", "/s/B/dw/data/x"), ("/s/A/dw", "/s/A/dw/batch"),
     ("/dw", "/dw/batch"), ("/dw/", "/dw/batch"), ("/s/A/DW/shop/v19_1/x", "/s/A/dw/shop/v19_1/x"),
     ("/s/A/x/..%2f", "/s/A/dw/x%2f"), ("/dw/shop/../../x", "/dw/shop/x/../x")]


@pytest.mark.parametrize("path, twin", AMBIGUOUS)
def test_an_ambiguous_path_allows_nothing(front, backend, path, twin):
    """R12: nobody is allowed, nothing of the backend's goes out, and requests without Origin pass."""
    assert allowed(front, path) == set() and backend.connections == 0
    assert allowed(front, twin) != set()
    backend.find = lambda _: type(backend).find(backend, "/?header=Access-Control-Allow-Origin:%20*")
    try:
        for fields in ([], [("Origin", origin("a-shop"))]):
            response = front.request("GET", path, fields, host="main.invalid")
            assert (response.status, response.cors(), response.tokens("Vary")) == (200, [], ["Origin"]), response
    finally:
        del backend.find
    preflight = front.request("OPTIONS", path, [("Origin", origin("a-shop")), PREFLIGHT], host="main.invalid")
    assert (preflight.status, preflight.cors()) == (204, [])


@pytest.mark.parametrize("path", ["/", "/x", "/s/A/", "/dwx/shop/x", "/xdw/shop/x",
                                  "/s/A/x/%2f", "/on/demandware.store/Sites-A-Site/x;y", "/a/../x", "/?/dw/shop/x", "/x?a=/s/A/dw/shop/x"])
@pytest.mark.parametrize("method, fields", [("GET", []), ("GET", ["a-shop"]), ("GET", ["nobody"]),
                                            ("POST", ["nobody"]), ("OPTIONS", ["nobody"]),
                                            ("OPTIONS", ["g-shop"])])
def test_a_path_outside_dw_has_no_policy(front, backend, path, method, fields):
    """S9: "passes as if the module were off" """
    says = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Made-Up", "1")]
    backend.find = lambda _: type(backend).find(backend, "/?" + "&".join(
        f"header={n}:%20{v}" for n, v in says))
    try:
        response = front.request(method, path, [("Origin", origin(n)) for n in fields] + [PREFLIGHT],
                                 host="main.invalid")
    finally:
        del backend.find
    assert (response.status, response.cors(), response.one("Vary")) == (200, says, None)
    assert [r.method for r in backend.requests] == [method]


def test_the_twin_below_dw_is_judged(front, backend):
    """S1, H1, R1: what the backend says is taken away below /dw/, Origin or not."""
    path = "/dw/shop/x?header=Access-Control-Allow-Origin:%20*"
    response = front.request("GET", path, host="main.invalid")
    assert (response.cors(), response.tokens("Vary")) == ([], ["Origin"])
    response = front.request("OPTIONS", path, [("Origin", origin("a-shop")), PREFLIGHT], host="main.invalid")
    assert (response.status, response.cors()) == (204, [])


def test_the_site_can_be_logged(start_httpd, backend):
    """A19: `%{ocapi_cors_site}n` """
    server = start_httpd(LIFE.replace("</VirtualHost>", """
        OcapiCorsSite B
        LogFormat "%U=%{ocapi_cors_site}n" sites
        CustomLog "${ROOT}/access.log" sites
        </VirtualHost>"""), modules=["log_config"], files=TREE, defines={"BACKEND": backend.url})
    for path in ("/s/A/dw/shop/1", "/s/Sites-A-Site/dw/shop/2", "/dw/shop/3", "/s/-/dw/shop/4", "/x"):
        server.request("GET", path, [("Origin", origin("nobody"))])
    wanted = ["/s/A/dw/shop/1=A", "/s/Sites-A-Site/dw/shop/2=A", "/dw/shop/3=B", "/s/-/dw/shop/4=-", "/x=-"]

    def logged():
        lines = (server.root / "access.log").read_text().split("\n")[:-1]
        return lines if len(lines) == len(wanted) else None

    # In any order: the line of one connection may come after that of the next.
    assert sorted(httpd.wait_until(logged, "a line for every request")) == sorted(wanted)


def test_sites_that_differ_in_case_only(start_httpd, backend):
    """R12: "Two sites of a tree that are equal but for case are a warning at load", and each is itself (2.5b)."""
    twins = {**TREE, f"tree/sites/RefArch/{SHOP}": document(R="upper"), f"tree/sites/refarch/{SHOP}": document(R="lower")}
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE, files=twins)
    assert status == 0 and output.count("OCORS0021") == 1 and '"RefArch" and "refarch"' in output, output
    pair = {path: text for path, text in twins.items() if "/sites/" not in path or "/refarch/" in path.lower()}
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE, files=pair)  # the first of all sites, too
    assert status == 0 and output.count("OCORS0021") == 1 and '"RefArch" and "refarch"' in output, output
    silent = {path: text for path, text in TREE.items() if "/Old/" not in path}  # an empty list is a remark
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE, files=silent)
    assert (status, output) == (0, "Syntax OK\n")
    server = httpd.Httpd(LIFE, files=twins, defines={"BACKEND": backend.url})
    server.expect_log("OCORS0021")
    with server:
        names = ["upper", "lower", "x-global"]
        assert allowed(server, f"/s/RefArch/dw/shop/{V}", names=names) == {"upper", "x-global"}
        assert allowed(server, f"/s/refarch/dw/shop/{V}", names=names) == {"lower", "x-global"}
        assert allowed(server, f"/s/REFARCH/dw/shop/{V}", names=names) == set()
        server.check_log()
        server.restart()  # which says nothing of two sites that are in force
        server.check_log()


# ---- What is wrong with a tree ----

TREE_LINE = 'OcapiCorsSettingsTree "${ROOT}/tree"\n'


def test_every_error_of_a_tree_is_said_once():
    """A24: "refused, with every error"; the organisation's documents are part of every site's policy."""
    files = {**TREE, f"tree/{SHOP}": '{"_v": "19.1", "clients": [{"client_id": 1, "allowed_origins": ["*"]}]}',
             f"tree/sites/A/{SHOP}": '{"clients": [{}]}', f"tree/sites/B/{DATA}": '{"clients":\n[,]}'}
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE, files=files)
    lines = output.splitlines()
    assert status != 0
    for place in (rf"tree/{SHOP}:1:\d+: error: clients\[0\]\.client_id: ",
                  rf"tree/{SHOP}:1:\d+: error: clients\[0\]\.allowed_origins\[0\]: ",
                  rf"sites/A/{SHOP}:1:\d+: error: clients\[0\]: ", rf"sites/B/{DATA}:2:2: error: "):
        assert len([line for line in lines if re.search(place, line)]) == 1, (place, output)
    assert len([line for line in lines if "_config.json" in line]) == 4, output


def test_a_single_error_of_a_tree_is_said():
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE,
                                      files={**TREE, f"tree/sites/A/{SHOP}": "{"})
    assert status != 0 and output.count(f"sites/A/{SHOP}:1:2: ") == 1, output


@pytest.mark.parametrize("config, said", [
    ('OcapiCorsSettingsTree "${ROOT}/none"', "none"), ('OcapiCorsSettingsTree "${ROOT}/tree/sites/file"', "not a directory"),
    ('OcapiCorsSettingsTree "${ROOT}/tree/sites/Empty"', "there is no document below it"),
    ('OcapiCorsSettingsTree "${ROOT}/htdocs"', "there is no document below it"),
    ("OcapiCorsSettingsTree", "takes one argument"),
    (TREE_LINE + TREE_LINE, "already has documents"),
    (TREE_LINE + f'OcapiCorsSettings "${{ROOT}}/tree/{SHOP}"', "already has documents"),
    (f'OcapiCorsSettings "${{ROOT}}/tree/{SHOP}"\n' + TREE_LINE, "already has documents"),
    ('OcapiCorsSite ""', "takes one argument"), ("OcapiCorsSite ../x", "is not a valid site id"),
    ("OcapiCorsSite a/b", "is not a valid site id"), ("OcapiCorsSite a b", "takes one argument")])
def test_refused_at_configtest(config, said):
    """A17: "`OcapiCorsSettings` beside `OcapiCorsSettingsTree` in one section" """
    status, output = httpd.configtest(config, files=TREE)
    assert status != 0 and said in output, output


@pytest.mark.parametrize("config", [
    TREE_LINE, "OcapiCors On\n" + TREE_LINE, "OcapiCorsSite A\n" + TREE_LINE, "OcapiCorsSettingsTree tree",
    'OcapiCorsSettingsTree "${ROOT}/tree/"', 'OcapiCorsSettingsTree "${ROOT}/tree/sites/A"',
    TREE_LINE + '<Location "/x">\n' + TREE_LINE + "</Location>",
    TREE_LINE + f'<Location "/x">\nOcapiCorsSettings "${{ROOT}}/tree/{SHOP}"\n</Location>',
    f'OcapiCorsSettings "${{ROOT}}/tree/{SHOP}"\n<Location "/x">\nOcapiCors On\n' + TREE_LINE + "</Location>"])
def test_accepted_at_configtest(config):
    """The twins."""
    status, output = httpd.configtest(config, files=TREE)
    assert status == 0 and output.splitlines()[-1] == "Syntax OK", output


@pytest.mark.parametrize("name, kind", [(f"tree/{SHOP}", "folder"), (f"tree/sites/A/{SHOP}", "folder"),
                                        (f"tree/sites/A/{SHOP}", "dangling"), (f"tree/{DATA}", "dangling")])
def test_what_stands_in_a_documents_place_is_read_or_refused(name, kind):
    """Section 3: nothing that is there is passed over in silence."""
    server = httpd.Httpd("OcapiCors On\n" + TREE_LINE, files=TREE)
    try:
        assert server.configtest()[0] == 0
        (server.root / name).unlink()
        if kind == "folder":
            (server.root / name).mkdir()
        else:
            (server.root / name).symlink_to("nowhere")
        status, output = server.configtest()
        assert status != 0 and output.count(f"{name}:") == 1, output
    finally:
        shutil.rmtree(server.root)


def test_sites_that_cannot_be_listed_are_an_error():
    """`sites` exists and is not a directory: without an error, its sites would have the global documents."""
    status, output = httpd.configtest("OcapiCors On\n" + TREE_LINE,
                                      files={**ORGANISATION, "tree/sites": "no folder"})
    assert status != 0 and "tree/sites" in output, output


def test_a_site_link_that_leads_nowhere_is_an_error():
    """A24: Likewise a site: a folder that was meant is not passed over, and its error is counted with those of others."""
    server = httpd.Httpd("OcapiCors On\n" + TREE_LINE, files=TREE)
    try:
        (server.root / "tree/sites/Linked").symlink_to("nowhere")
        status, output = server.configtest()
        assert status != 0 and "sites/Linked" in output and "Refuse: 1 error, named above" in output, output
        server.write(f"tree/sites/A/{SHOP}", "{")
        status, output = server.configtest()
        assert status != 0 and "sites/Linked" in output and "Refuse: 2 errors, named above" in output, output
    finally:
        shutil.rmtree(server.root)


# ---- Its life ----

LIFE = """
OcapiCors On
OcapiCorsReload Off
OcapiCorsSettingsTree "${ROOT}/tree"
MaxKeepAliveRequests 0
KeepAliveTimeout 20
<VirtualHost *:${PORT}>
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
"""
SITES_ONLY = {name: text for name, text in TREE.items() if name not in ORGANISATION}


@pytest.fixture
def live(backend):
    with httpd.Httpd(LIFE, files=TREE, defines={"BACKEND": backend.url}) as server:
        yield server


def shop(server, site, *names):
    return allowed(server, f"/s/{site}/dw/shop/{V}", names=[*NAMES, *names])


def said(server):
    return len([l for l in server.log_lines() if "OCORS000" in l.text and l.level == "error"])


@pytest.mark.parametrize("graceful", [True, False])
def test_changed_new_and_removed_sites(live, graceful):
    """A29: "a site folder that is gone is a removed site (the global documents apply)" """
    live.write(f"tree/sites/A/{SHOP}", document(A="changed"))
    live.write(f"tree/sites/New/{SHOP}", document(N="new"))
    shutil.rmtree(live.root / "tree/sites/B")
    assert shop(live, "A", "changed", "new") == A_SHOP
    assert shop(live, "New", "changed", "new") == GLOBAL_SHOP
    live.restart(graceful=graceful)
    assert shop(live, "A", "changed", "new") == {"changed"} | GLOBAL_SHOP
    assert shop(live, "New", "changed", "new") == {"new"} | GLOBAL_SHOP
    assert shop(live, "B", "changed", "new") == GLOBAL_SHOP
    assert allowed(live, f"/s/B/dw/data/{V}") == GLOBAL_DATA
    shutil.rmtree(live.root / "tree/sites/New")
    live.write(f"tree/sites/B/{SHOP}", document(B="again"))
    live.restart(graceful=graceful)
    assert shop(live, "New", "again", "new") == GLOBAL_SHOP
    assert shop(live, "B", "again", "new") == {"again"} | GLOBAL_SHOP


@pytest.mark.parametrize("graceful", [True, False])
def test_a_bad_document_keeps_its_sites_last_good_policy(live, graceful):
    """A26: "keeps its last good whole; other policies go on" """
    live.expect_log(rf"OCORS0001: .*sites/A/{SHOP}:1:2: ")
    live.expect_log(rf"OCORS0002: .*sites/A/{SHOP}: ")
    live.write(f"tree/sites/A/{SHOP}", "{")
    live.write(f"tree/sites/B/{SHOP}", document(B="changed"))
    live.restart(graceful=graceful)
    assert shop(live, "A", "changed") == A_SHOP
    assert shop(live, "B", "changed") == {"changed"} | GLOBAL_SHOP
    count = said(live)
    live.restart(graceful=graceful)
    assert said(live) == count, "once per change of the file"
    assert shop(live, "A") == A_SHOP
    live.write(f"tree/sites/A/{SHOP}", document(A="mended"))
    live.restart(graceful=graceful)
    assert shop(live, "A", "mended") == {"mended"} | GLOBAL_SHOP


def test_a_bad_organisation_document_keeps_every_site_whole(live):
    live.expect_log(rf"OCORS0001: .*tree/{SHOP}:1:1: ")
    live.expect_log(rf"OCORS0002: .*tree/{SHOP}: ")
    live.write(f"tree/{SHOP}", "")
    live.write(f"tree/sites/A/{SHOP}", document(A="changed"))
    live.write(f"tree/{DATA}", document(D="changed"))
    live.restart()
    assert shop(live, "A", "changed") == A_SHOP
    assert shop(live, "B", "changed") == B_SHOP
    assert shop(live, "-", "changed") == shop(live, "None", "changed") == GLOBAL_SHOP
    assert allowed(live, f"/dw/data/{V}", names=NAMES + ["changed"]) == {"changed"}
    assert len([l for l in live.log_lines() if "OCORS0001" in l.text]) == 1


@pytest.mark.parametrize("name, site, names", [(f"tree/sites/A/{SHOP}", "A", A_SHOP),
                                               (f"tree/{SHOP}", "A", A_SHOP), (f"tree/{SHOP}", "-", GLOBAL_SHOP)])
def test_a_document_that_vanished_keeps_the_last_good_one(live, name, site, names):
    """A29: "a folder that stands without the document it had keeps the last good one" """
    live.expect_log(rf"OCORS0001: .*{name}: ")
    live.expect_log(rf"OCORS0002: .*{name}: ")
    (live.root / name).unlink()
    live.restart()
    assert shop(live, site) == names
    count = said(live)
    live.restart()
    assert (shop(live, site), said(live)) == (names, count)


def test_a_settings_folder_that_vanished_from_a_site_keeps_the_last_good_documents(live):
    """1.7: the site's folder exists."""
    for name in (SHOP, DATA):
        live.expect_log(rf"OCORS0001: .*sites/B/{name}: ")
        live.expect_log(rf"OCORS0002: .*sites/B/{name}: ")
    shutil.rmtree(live.root / "tree/sites/B/ocapi-settings")
    live.restart()
    assert shop(live, "B") == B_SHOP
    assert allowed(live, f"/s/B/dw/data/{V}") == B_DATA


def test_a_new_site_with_a_bad_document_allows_nothing_there(live):
    """A28: "nothing is allowed there, logged as an error; it never stops the server" """
    live.expect_log(rf"OCORS0001: .*sites/New/{SHOP}:1:2: ")
    live.expect_log(rf"OCORS0003: .*sites/New/{SHOP}: ")
    live.write(f"tree/sites/New/{SHOP}", "{")
    live.restart()
    assert shop(live, "New") == set()
    assert allowed(live, f"/s/New/dw/data/{V}") == GLOBAL_DATA
    assert shop(live, "A") == A_SHOP


def test_a_tree_that_vanished_stops_nothing_and_empties_nothing(live):
    """A27: "No edit of a JSON file may ever stop a running server, open the policy, or empty it.
    Likewise a document that vanished." """
    live.expect_log(r"OCORS0001: .*/tree: this is not a directory")
    live.expect_log(r"OCORS0001: .*tree/.*\.json: ")
    live.expect_log(r"OCORS0002: .*tree/.*\.json: ")
    (live.root / "tree").rename(live.root / "away")
    live.restart()
    assert shop(live, "-") == shop(live, "None") == GLOBAL_SHOP
    assert shop(live, "A") == A_SHOP
    (live.root / "away").rename(live.root / "tree")
    live.restart()
    assert (shop(live, "A"), shop(live, "-")) == (A_SHOP, GLOBAL_SHOP)


def test_a_link_of_all_sites_that_leads_nowhere_keeps_every_site(live):
    """As while a release is switched: the organisation has not lost its sites."""
    live.expect_log(r"OCORS0001: .*tree/sites: the sites cannot be listed")
    live.expect_log(r"OCORS0001: .*tree/sites/.*\.json: ")
    live.expect_log(r"OCORS0002: .*tree/sites/.*\.json: ")
    (live.root / "tree/sites").rename(live.root / "real")
    (live.root / "tree/sites").symlink_to("../real")
    live.restart()
    assert shop(live, "A") == A_SHOP
    (live.root / "real").rename(live.root / "away")
    live.restart()
    assert shop(live, "A") == A_SHOP


def test_a_new_site_under_a_document_that_was_bad_before_is_told(live):
    """1.7: "nothing is allowed there, logged as an error"; though the document is no news."""
    live.expect_log(rf"OCORS0001: .*tree/{SHOP}:")
    live.expect_log(rf"OCORS0002: .*tree/{SHOP}: ")
    live.expect_log(rf"OCORS0003: .*tree/{SHOP}: .* 1 policy .* allows nothing$")
    live.write(f"tree/{SHOP}", "{")
    live.restart()
    assert not [l for l in live.log_lines() if "OCORS0003" in l.text]
    live.write(f"tree/sites/Newcomer/{SHOP}", '{"_v":"19.1","clients":[{"client_id":"n","allowed_origins":[]}]}')
    live.restart()
    assert shop(live, "Newcomer") == set()
    assert shop(live, "A") == A_SHOP


def test_without_an_organisation_document_nothing_is_allowed_beside_the_sites(backend):
    """C5: never another site's."""
    server = httpd.Httpd(LIFE, files=SITES_ONLY, defines={"BACKEND": backend.url})
    server.expect_log("OCORS0026: .*sites/Old/")  # a list of its own that is empty, and none of the organisation's
    with server:
        assert shop(server, "A") == {"x-a", "a-shop"}
        assert shop(server, "None") == shop(server, "-") == set()
        assert server.request("GET", "/dw/shop/x", [("Origin", origin("a-shop"))]).cors() == []


def test_a_new_organisation_document_does_not_empty_a_site_that_is_kept(backend):
    """Section 3: the site's own document was good once, and that policy stays until the document is fixed."""
    server = httpd.Httpd(LIFE, files=SITES_ONLY, defines={"BACKEND": backend.url})
    server.expect_log("OCORS0026: .*sites/Old/")  # a list of its own that is empty, and none of the organisation's
    with server:
        server.expect_log(rf"OCORS0001: .*sites/A/{SHOP}:1:2: ")
        server.expect_log(rf"OCORS0002: .*sites/A/{SHOP}: ")
        server.write(f"tree/sites/A/{SHOP}", "{")
        server.restart()
        assert shop(server, "A") == {"x-a", "a-shop"}
        server.write(f"tree/{SHOP}", TREE[f"tree/{SHOP}"])
        server.restart()
        assert shop(server, "B") == B_SHOP
        assert shop(server, "A") == {"x-a", "a-shop"}


def test_a_link_to_another_release_takes_effect(backend):
    """What a deployment does: `tree` is a link that is turned to the next release."""
    releases = {f"one/{SHOP}": document(X="one"), f"one/sites/A/{SHOP}": document(A="one-a"),
                    f"two/{SHOP}": document(X="two"), f"two/sites/B/{SHOP}": document(B="two-b")}
    server = httpd.Httpd(LIFE, files=releases, defines={"BACKEND": backend.url})
    (server.root / "tree").symlink_to("one")
    with server:
        names = ("one", "one-a", "two", "two-b")
        assert (shop(server, "A", *names), shop(server, "B", *names)) == ({"one", "one-a"}, {"one"})
        (server.root / "tree").unlink()
        (server.root / "tree").symlink_to("two")
        server.restart()
        assert (shop(server, "A", *names), shop(server, "B", *names)) == ({"two"}, {"two", "two-b"})
