# SPDX-License-Identifier: Apache-2.0
"""Whole organisations: what a large tree allows is what its documents say, site by site (C2 to C5)."""

import base64
import json
import os
import random
import re
import shutil
import signal
import time

import pytest

import httpd
import wire

SHOP = "ocapi-settings/wapi_shop_config.json"
SITES, CLIENTS, SAMPLE = 1000, 20, 400
PATHS = ["/s/{}/dw/shop/v20_4/x", "/s/Sites-{}-Site/dw/shop/v20_4/x"]

CONFIG = """
MaxKeepAliveRequests 0
KeepAliveTimeout 20
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree "${TREE}"
    OcapiCorsSelfOrigin Off
    AliasMatch "^/" "${ROOT}/htdocs/page"
</VirtualHost>
"""


def site_name(site):
    return f"Site-{site:05}"


def write_tree(root, organisation, sites):
    """organisation, and each of sites: {client: [origin]}"""
    for folder, clients in [("", organisation)] + [(f"sites/{name}", c) for name, c in sites.items()]:
        path = os.path.join(root, folder, SHOP)
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="ascii") as file:
            file.write(json.dumps({"_v": "20.4", "clients": [
                {"client_id": client, "allowed_origins": origins} for client, origins in clients.items()]}))


@pytest.fixture(scope="module")
def organisation():
    """Client ids are the same in every site, origins are not, but for those of two neighbours; c00 is the
    organisation's too (C4), and so is everywhere."""
    everywhere = {"c00": ["https://c00.example"], "everywhere": ["https://everywhere.example"]}
    sites = {site_name(s): {f"c{c:02}": [f"https://c{c:02}.site{s}.example", f"https://pair{c}-{s // 2}.example:8443"]
                            for c in range(CLIENTS)} for s in range(SITES)}
    return everywhere, sites


@pytest.fixture(scope="module")
def tree(organisation, tmp_path_factory):
    path = tmp_path_factory.mktemp("tree")
    write_tree(path, *organisation)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def front(tree, module_start_httpd):  # in this order: the server, which looks at the tree, goes first
    return module_start_httpd(CONFIG, defines={"TREE": tree}, files={"htdocs/page": "page"})


def listed(organisation, site, client):
    """What the documents say, read the plain way: a set of origins; no client: all of the site's (C3)."""
    clients = {**organisation[0], **organisation[1].get(site, {})}
    if client is None:
        return {o for origins in clients.values() for o in origins}
    return set(clients.get(client, ()))


def naming(client, how):
    """C1: (query, fields) that name a client."""
    if how == "query":
        return f"?client_id={client}", []
    if how == "header":
        return "", [("x-dw-client-id", client)]
    claims = base64.urlsafe_b64encode(json.dumps({"iss": client}).encode()).decode().rstrip("=")
    return "", [("Authorization", f"Bearer eyJhbGciOiJSUzI1NiJ9.{claims}.c2ln")]


def grants(connection, site, client, origin, how, form):
    """Whether POST, GET and a preflight are granted, asked one after the other: a change may come into force between."""
    query, fields = naming(client, how) if client else ("", [])
    path, fields = PATHS[form].format(site) + query, [("Origin", origin), *fields]
    answers = []
    for method, more in (("POST", []), ("GET", []), ("OPTIONS", [("Access-Control-Request-Method", "PUT")])):
        connection.send(wire.build(method, path, fields + more, close=False))
        response = connection.read(method)
        granted = response.one("Access-Control-Allow-Origin")
        assert granted in (None, origin), response
        if method == "POST":
            assert (response.status == 401) == (granted is None), response
        else:
            assert response.status == (200 if method == "GET" else 204), response
        answers.append(granted is not None)
    return answers


def is_allowed(connection, *row):
    """Asked as POST, as GET and as a preflight, which must agree (R2 to R5, P1, P2)."""
    answers = grants(connection, *row)
    assert len(set(answers)) == 1, (row, answers)
    return answers[0]


def test_a_sample_of_a_large_organisation(front, organisation):
    """C2 to C5: each row of the sample with its own origin, and with those of its neighbours."""
    pick = random.Random(20201)
    expected = {True: 0, False: 0}
    with front.connection() as connection:
        for number in range(SAMPLE):
            site, c = pick.randrange(SITES), pick.randrange(CLIENTS)
            name, client = site_name(site), f"c{c:02}"
            own, pair = organisation[1][name][client]
            other_site, other_client = (site + pick.randrange(1, SITES)) % SITES, (c + 1) % CLIENTS
            rows = [(name, client, own), (name, client, pair), (name, None, own),
                    (name, client, f"https://c{c:02}.site{other_site}.example"),
                    (name, client, f"https://c{other_client:02}.site{site}.example"),
                    (name, None, f"https://c{c:02}.site{other_site}.example"),
                    (site_name(site ^ 1), client, pair), (site_name((site + 2) % SITES), client, pair),
                    (name, f"c{CLIENTS}", own), (name, "everywhere", "https://everywhere.example"),
                    (name, "c00", "https://c00.example"), ("Site-none", "c00", "https://c00.example"),
                    ("Site-none", client, own)]
            for at in range(4):
                row = rows[0] if at == 0 else pick.choice(rows[1:])
                wanted = row[2] in listed(organisation, *row[:2])
                how = pick.choice(["query", "header", "bearer"])
                if row[1] == f"c{CLIENTS}" and how == "bearer":
                    how = "query"  # C1: a token that names no known client is passed over
                assert is_allowed(connection, *row, how, number % 2) == wanted, (row, how)
                expected[wanted] += 1
    assert min(expected.values()) >= SAMPLE


def test_the_first_and_the_last_of_everything(front, organisation):
    """Where a search by halves would err."""
    with front.connection() as connection:
        for site in (0, 1, SITES // 2, SITES - 2, SITES - 1):
            for client in (0, 1, CLIENTS - 1):
                own = f"https://c{client:02}.site{site}.example"
                row = (site_name(site), f"c{client:02}", own)
                assert is_allowed(connection, *row, "query", 0)
                assert not is_allowed(connection, site_name((site + 1) % SITES), *row[1:], "query", 0)


@pytest.mark.pairwise("count", keep=lambda row: row.count == 2000)
@pytest.mark.parametrize("count", [2000, 10000])
def test_thousands_of_sites_start_and_serve(tmp_path_factory, count):
    """Issue 3: "Ten thousand sites are one directive and start in seconds" (the time is printed)."""
    tree = tmp_path_factory.mktemp("thousands")
    sites = {site_name(s): {"client": [f"https://site{s}.example"]} for s in range(count)}
    write_tree(tree, {"global": ["https://everywhere.example"]}, sites)
    began = time.monotonic()
    with httpd.Httpd(CONFIG, defines={"TREE": tree}, files={"htdocs/page": "page"}) as server:
        print(f"\n{count} sites: serving after {time.monotonic() - began:.1f} s")
        with server.connection() as connection:
            for site in (0, 1, count // 2 - 1, count - 2, count - 1):
                name, own = site_name(site), f"https://site{site}.example"
                assert is_allowed(connection, name, "client", own, "query", 0)
                assert is_allowed(connection, name, None, "https://everywhere.example", "query", 1)
                assert not is_allowed(connection, site_name((site + 1) % count), "client", own, "query", 0)
        began = time.monotonic()
        server.restart()
        print(f"{count} sites: again after {time.monotonic() - began:.1f} s")
        with server.connection() as connection:
            assert is_allowed(connection, site_name(7), "client", "https://site7.example", "query", 0)
            assert not is_allowed(connection, site_name(8), "client", "https://site7.example", "query", 0)
    shutil.rmtree(tree)  # when nobody watches it any more


def swap(server, tree, organisation, sites):
    """Another version of the tree, which the watcher finds at once."""
    pid = server.await_watcher()
    os.kill(pid, signal.SIGSTOP)
    shutil.rmtree(tree)
    write_tree(tree, organisation, sites)
    os.kill(pid, signal.SIGCONT)


def test_a_tree_that_outgrows_its_memory(tmp_path_factory):
    """Section 3, 4: most documents of a thousand sites have grown together, beyond what an area holds. Those that have
    grown most wait, and are named as far as a reader can take it; all others are in force, first of all a revocation
    in what is the largest document still."""
    tree = tmp_path_factory.mktemp("growing") / "tree"
    large = {"large": [f"https://large{n}.example" for n in range(2000)]}
    small = {site_name(s): {"client": [f"https://site{s}.example"]} for s in range(SITES)}
    grown = {name: {"client": [f"https://{name.lower()}-{n}.example" for n in range(40)]} for name in small}
    grown[site_name(0)]["client"] = ["https://new.example"]
    write_tree(tree, large, small)
    with httpd.Httpd(CONFIG, defines={"TREE": tree}, files={"htdocs/page": "page"}) as server:
        server.expect_log("OCORS0016: .*: the changed document does not fit into an area")
        server.expect_log(r"OCORS0016: more changed documents that do not fit: \d+")
        swap(server, tree, {"large": large["large"][:1900]}, grown)
        server.wait_log("more changed documents that do not fit")
        with server.connection() as connection:
            new = (site_name(0), "client", "https://new.example", "query", 0)
            httpd.wait_until(lambda: all(grants(connection, *new)), "what is small is in force")
            assert not is_allowed(connection, site_name(0), "client", "https://site0.example", "query", 0)
            assert is_allowed(connection, site_name(0), "large", large["large"][0], "query", 0)
            assert not is_allowed(connection, site_name(0), "large", large["large"][-1], "query", 0)
        assert server.log_text().count("OCORS0016") <= 3 * 11  # of three looks at most
        assert len(re.findall("OCORS0007", server.log_text())) < 5
    shutil.rmtree(tree)


def test_sites_that_come_may_fill_an_area(tmp_path_factory):
    """OcapiCorsCacheSize is room for whatever comes: a tree of one site gets thousands."""
    tree = tmp_path_factory.mktemp("coming") / "tree"
    sites = {site_name(s): {"client": [f"https://site{s}.example"]} for s in range(5000)}
    write_tree(tree, {"global": ["https://everywhere.example"]}, {})
    with httpd.Httpd(CONFIG + "OcapiCorsCacheSize 64M", defines={"TREE": tree}, files={"htdocs/page": "page"}) as server:
        swap(server, tree, {"global": ["https://everywhere.example"]}, sites)
        server.wait_log("OCORS0007: generation 2 .* 5001 sites")
        with server.connection() as connection:
            assert is_allowed(connection, site_name(4999), "client", "https://site4999.example", "query", 0)
    shutil.rmtree(tree)


def test_sites_that_have_no_room_hold_up_nothing(tmp_path_factory):
    """The tables of thousands of new sites without documents outgrow an area: the sites wait, and nothing waits for
    them, first of all a revocation, now and later. With more memory they are there."""
    tree = tmp_path_factory.mktemp("full") / "tree"
    first, second, third = (f"https://{name}.example" for name in ("first", "second", "third"))
    write_tree(tree, {"global": [first, second, third]}, {site_name(0): {"client": ["https://site0.example"]}})
    config = CONFIG + "OcapiCorsReload 100ms\nOcapiCorsCacheSize 256K\n"

    def is_granted(server, site, origin):
        with server.connection() as connection:
            return all(grants(connection, site, "global", origin, "query", 0))

    with httpd.Httpd(config, defines={"TREE": tree}, files={"htdocs/page": "page"}) as server:
        server.expect_log("OCORS0016: new sites and documents do not fit into an area; they wait until there are fewer")
        os.kill(server.await_watcher(), signal.SIGSTOP)
        for site in range(1, 3000):
            (tree / "sites" / site_name(site)).mkdir()
        (tree / SHOP).write_text((tree / SHOP).read_text().replace(first, "https://new.example"))
        os.kill(server.await_watcher(), signal.SIGCONT)
        httpd.wait_until(lambda: is_granted(server, site_name(0), "https://new.example"), "the change is in force")
        assert not is_granted(server, site_name(0), first)
        (tree / SHOP).write_text((tree / SHOP).read_text().replace(second, "https://newer.example"))
        httpd.wait_until(lambda: is_granted(server, site_name(0), "https://newer.example"), "a later change is in force")
        assert not is_granted(server, site_name(0), second)
        assert is_granted(server, site_name(0), third)
        assert server.log_text().count("OCORS0016") == 1
        assert not re.search("OCORS0007: .* 3001 sites", server.log_text())
        server.restart(config=config.replace("256K", "4M"))
        server.wait_log("OCORS0007: generation [0-9]+ .restart.: .* 3001 sites")
        assert is_granted(server, site_name(2999), third)
    shutil.rmtree(tree)
