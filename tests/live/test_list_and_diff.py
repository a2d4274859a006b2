# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors list` and `diff`: the policy that documents make together, and what a change gives and takes."""

import itertools
import json
import os
import random
import re

import pytest

from command import DATA, SHOP, assert_harmless, at_a_terminal, client, run, said, settings, write
from test_check import EVIL, plant

A, B, C = (f"https://{name}.example" for name in "abc")


def resource(path, *methods, **members):
    return {"resource_id": path, "methods": list(methods), **members}


def done(command, *arguments, status=0, cwd=None, is_large=False):
    code, lines, errors = said(command, *arguments, cwd=cwd, is_large=is_large)
    assert (code, errors) == (status, []), (code, lines, errors)
    return lines


# ---- list ------------------------------------------------------------------------------------

def test_list_is_what_is_in_force(tmp_path):
    """A54, C4: whole clients replace those of the same id, and the document is named."""
    write(tmp_path / "one.json", settings(client("x", A, response_headers={"X-A": "1"}), client("y", A, B)))
    write(tmp_path / "two.json", settings(client("y", "HTTPS://C.example:443/", resources=[
        resource("/baskets/{id}", "post", "get"), resource("/x", "put", version_range={"from": "18.1", "until": "19.2"}),
        resource("/y", "delete", version_range=[{"from": "17.1"}, {"until": "16.2"}])])))
    expected_y = [f'client "y" of two.json', f"  origin {C}", "  resource /baskets/*: GET, HEAD, POST",
                  "  resource /x from v18.1 before v19.2: PUT", "  resource /y from v17.1: DELETE", "  resource /y before v16.2: DELETE"]
    assert done("list", "one.json", "two.json", cwd=tmp_path) == ['client "x" of one.json', f"  origin {A}", "  header X-A: 1", *expected_y]
    lines = done("list", "two.json", "one.json", cwd=tmp_path)
    assert lines == ['client "x" of one.json', f"  origin {A}", "  header X-A: 1", 'client "y" of one.json', f"  origin {A}", f"  origin {B}"]
    assert done("list", "two.json", cwd=tmp_path) == expected_y


def test_list_of_a_tree(tmp_path):
    """C5: each site with a document, over the organisation's."""
    tree = plant(tmp_path / "tree", {SHOP: settings(client("org", A), client("x", A)), DATA: settings(client("d", B)),
                                     f"sites/S/{SHOP}": settings(client("x", C)), f"sites/T/{DATA}": settings(client("t", C)),
                                     "sites/none/x": ""}, {})
    org = f'client "org" of {tree}/{SHOP}'
    assert done("list", "--tree", tree) == [
        "# organisation, shop", org, f"  origin {A}", f'client "x" of {tree}/{SHOP}', f"  origin {A}",
        "# organisation, data", f'client "d" of {tree}/{DATA}', f"  origin {B}",
        '# site "S", shop', org, f"  origin {A}", f'client "x" of {tree}/sites/S/{SHOP}', f"  origin {C}",
        '# site "T", data', f'client "d" of {tree}/{DATA}', f"  origin {B}", f'client "t" of {tree}/sites/T/{DATA}', f"  origin {C}"]


@pytest.mark.parametrize("content, status", [("{}", 1), (None, 2)])
def test_list_and_diff_of_what_cannot_be_used(tmp_path, content, status):
    good = write(tmp_path / "good.json", settings(client("a", A)))
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    for arguments in (["list", good, bad], ["diff", good, bad], ["diff", "--exit-code", bad, good]):
        code, lines, errors = said(*arguments)
        assert (code, lines) == (status, []) and errors[0].startswith(f"{bad}:") and "error: " in errors[0]


@pytest.mark.parametrize("arguments, named", [
    (["list"], "FILE is missing"), (["list", "--tree", "x", "y"], "not both"), (["list", "--tree"], "--tree"), (["list", "-x"], "-x"),
    (["list", *["x"] * 17], "16 documents"), (["diff"], "NEW is missing"), (["diff", "x"], "NEW is missing"),
    (["diff", "x", "y", "z"], "too many: z"), (["diff", "--strict", "x", "y"], "--strict"), (["diff", ".", "/dev/null"], "two trees"),
    (["diff", "-", "-"], "standard input is given twice"), (["list", "-", "x", "-"], "standard input is given twice")])
def test_wrong_usage_names_what_is_wrong(arguments, named):
    code, lines, errors = said(*arguments)
    assert (code, lines) == (2, [])
    assert errors[0].startswith(f"usage: ocapi-cors {arguments[0]} ") and named in errors[-1]


# ---- diff ------------------------------------------------------------------------------------

DIFFS = {  # name: (clients before, clients after, lines)
    "nothing": ([client("a", A)], [client("a", A)], []),
    "another spelling of the same": ([client("a", A, B)], [client("a", "https://B.example:443", A)], []),
    "order, and other members": ([client("a", A), client("b", B)], [client("b", B, note=1), client("a", A)], []),
    "an origin comes": ([client("a", A)], [client("a", A, B)], [f'+ origin {B} of client "a"']),
    "an origin goes": ([client("a", A, B)], [client("a", A)], [f'- origin {B} of client "a"']),
    "from one client to another": ([client("a", A), client("b")], [client("a"), client("b", A)],
                                   [f'- origin {A} of client "a"', f'+ origin {A} of client "b"']),
    "a client comes": ([client("a", A)], [client("a", A), client("b", B)], ['+ client "b"', f'+ origin {B} of client "b"']),
    "a client goes": ([client("a", A), client("b", B)], [client("a", A)], ['- client "b"', f'- origin {B} of client "b"']),
    "a client is renamed": ([client("a", A)], [client("b", A)],
                            ['- client "a"', f'- origin {A} of client "a"', '+ client "b"', f'+ origin {A} of client "b"']),
    "a method comes": ([client("a", A, resources=[resource("/x", "get")])], [client("a", A, resources=[resource("/x", "get", "put")])],
                       ['+ method PUT of /x of client "a"']),
    "a method goes, GET with HEAD": ([client("a", A, resources=[resource("/x/{id}", "get", "put", "post")])],
                                     [client("a", A, resources=[resource("/x/*", "post")])],
                                     ['- methods GET, HEAD, PUT of /x/* of client "a"']),
    "a first resource takes the default away": ([client("a", A)], [client("a", A, resources=[resource("/x", "get")])],
                                                ['- methods POST, PUT, PATCH, DELETE of /x of client "a"']),
    "the last resource gives it back": ([client("a", A, resources=[resource("/x", "get")])], [client("a", A)],
                                        ['+ methods POST, PUT, PATCH, DELETE of /x of client "a"']),
    "another resource gives the same": ([client("a", A, resources=[resource("/x", "get"), resource("/*", "get")])],
                                        [client("a", A, resources=[resource("/*", "get")])], []),
    "a method moves": ([client("a", A, resources=[resource("/x", "put"), resource("/**", "get")])],
                       [client("a", A, resources=[resource("/x", "post"), resource("/**", "get")])],
                       ['- method PUT of /x of client "a"', '+ method POST of /x of client "a"']),
    "one that names the paths of others goes": (
        [client("a", A, resources=[resource("/**", "get", "put"), resource("/baskets", "delete"), resource("/*/items", "get")])],
        [client("a", A, resources=[resource("/baskets", "delete"), resource("/*/items", "get")])],
        ['+ methods POST, PATCH, DELETE of /** of client "a"', '- method PUT of /*/items of client "a"',
         '- methods GET, HEAD, PUT of /baskets of client "a"']),
    "one path is told once": ([client("a", A, resources=[resource("/y/*", "get"), resource("/y/**", "put")])],
                              [client("a", A, resources=[resource("/y/*", "post"), resource("/y/**", "put")])],
                              ['- methods GET, HEAD of /y/* of client "a"', '+ method POST of /y/* of client "a"']),
    "a version ends earlier": (
        [client("a", A, resources=[resource("/x", "put"), resource("/x", "get", version_range={"from": "18.1", "until": "20.0"})])],
        [client("a", A, resources=[resource("/x", "put"), resource("/x", "get", version_range={"from": "18.1", "until": "19.2"})])],
        ['- methods GET, HEAD of /x from v19.2 before v20.0 of client "a"']),
    "from a version on": (
        [client("a", A, resources=[resource("/x", "put")])],
        [client("a", A, resources=[resource("/x", "put"), resource("/x", "get", version_range={"from": "18.1"})])],
        ['+ methods GET, HEAD of /x from v18.1 of client "a"']),
}


@pytest.mark.parametrize("name", DIFFS)
def test_diff(tmp_path, name):
    """A55"""
    before, after, expected = DIFFS[name]
    old, new = write(tmp_path / "old.json", settings(*before)), write(tmp_path / "new.json", settings(*after))
    assert done("diff", old, new) == expected
    revokes = any(line.startswith("-") for line in expected)
    done("diff", "--exit-code", old, new, status=1 if revokes else 0)
    back = [{"+": "-", "-": "+"}[line[0]] + line[1:] for line in expected]
    assert sorted(done("diff", new, old)) == sorted(back), "the way back"
    assert done("diff", old, old) == done("diff", new, new) == []


def test_diff_reads_standard_input(tmp_path):
    old = write(tmp_path / "old.json", settings(client("a", A)))
    got = run("diff", old, "-", input=json.dumps(settings(client("a"))).encode())
    assert (got.returncode, got.stdout.decode()) == (0, f'- origin {A} of client "a"\n')


TREE = {SHOP: settings(client("org", A)), f"sites/S/{SHOP}": settings(client("s", B)), f"sites/T/{SHOP}": settings(client("org", C)),
        f"sites/U/{DATA}": settings(client("u", B))}
TREES = {  # name: (what is written, what is removed, lines)
    "nothing": ({}, [], []),
    "the organisation, for all but whom it does not reach": ({SHOP: settings(client("org", A, B))}, [],
                                                             [
        f'+ origin {B} of client "org", organisation, shop', '= client "org" does not change, site "T", shop']),
    "the organisation takes, and a site keeps": ({SHOP: settings(client("x", A))}, [], [
        '- client "org", organisation, shop', f'- origin {A} of client "org", organisation, shop',
        '+ client "x", organisation, shop', f'+ origin {A} of client "x", organisation, shop',
        '= client "org" does not change, site "T", shop']),
    "a site loses the same of its own, and the rest stays": (
        {SHOP: settings(client("org", B)), f"sites/T/{SHOP}": settings(client("org"))}, [], [
            f'- origin {A} of client "org", organisation, shop', f'+ origin {B} of client "org", organisation, shop',
            f'- origin {C} of client "org", site "T", shop']),
    "what a site says of a client is all of it": (
        {SHOP: settings(client("org", B, C)), f"sites/T/{SHOP}": settings(client("org", B, C))}, [], [
            f'- origin {A} of client "org", organisation, shop', f'+ origin {B} of client "org", organisation, shop',
            f'+ origin {C} of client "org", organisation, shop', f'+ origin {B} of client "org", site "T", shop']),
    "a site's own": ({f"sites/S/{SHOP}": settings(client("s", C))}, [],
                     [f'- origin {B} of client "s", site "S", shop', f'+ origin {C} of client "s", site "S", shop']),
    "a site goes, and the organisation is back": ({}, [f"sites/T/{SHOP}"], [
        '- site "T"', f'- origin {C} of client "org", site "T", shop', f'+ origin {A} of client "org", site "T", shop']),
    "a site comes and takes": ({f"sites/V/{SHOP}": settings(client("org"))}, [], [
        '+ site "V"', f'- origin {A} of client "org", site "V", shop']),
    "a site between": ({f"sites/SS/{SHOP}": settings(client("v", A))}, [], [
        '+ site "SS"', '+ client "v", site "SS", shop', f'+ origin {A} of client "v", site "SS", shop']),
    "an API comes": ({DATA: settings(client("d", A))}, [], [
        '+ client "d", organisation, data', f'+ origin {A} of client "d", organisation, data']),
    "the site says the same as the organisation did": ({SHOP: settings(client("z", A)), f"sites/S/{SHOP}": settings(client("s", B), client("org", A))},
                                                       [], ['- client "org", organisation, shop', f'- origin {A} of client "org", organisation, shop',
                                                            '+ client "z", organisation, shop', f'+ origin {A} of client "z", organisation, shop',
                                                            '= client "org" does not change, site "S", shop',
                                                            '= client "org" does not change, site "T", shop']),
}


@pytest.mark.parametrize("name", TREES)
def test_diff_of_trees(tmp_path, name):
    """A55, C5"""
    written, removed, expected = TREES[name]
    old = plant(tmp_path / "old", TREE, {})
    new = plant(tmp_path / "new", {path: text for path, text in {**TREE, **written}.items() if path not in removed}, {})
    assert done("diff", old, new) == expected
    done("diff", "--exit-code", old, new, status=1 if any(line[0] == "-" for line in expected) else 0)


def test_a_bad_document_of_a_tree_is_told(tmp_path):
    old = plant(tmp_path / "old", TREE, {})
    new = plant(tmp_path / "new", {**TREE, f"sites/S/{SHOP}": "{}"}, {})
    for arguments in (["diff", old, new], ["list", "--tree", new]):
        code, _, errors = said(*arguments)
        assert code == 1 and errors[0].startswith(f"{new}/sites/S/{SHOP}:1:1: error: ")
    assert said("diff", old, tmp_path / "missing")[0] == 2


def verdicts(path, pairs):
    return {pair: run("explain", "--exit-code", path, "--client", pair[0], "--origin", pair[1]).returncode for pair in pairs}


def methods(path, client_id, origin, target):
    lines = said("explain", path, "--client", client_id, "--origin", origin, "--method", "OPTIONS", "--url", target,
                 "--header", "Access-Control-Request-Method: GET")[1]
    return {m for line in lines if line.startswith("  Allow: ") for m in line[9:].split(", ")}


def resources_of(path, name):
    """The resources of a client; None: the document does not have it."""
    return next(({r["resource_id"] for r in c["resources"]} for c in json.loads(path.read_text())["clients"]
                 if c["client_id"] == name), None)


@pytest.mark.parametrize("seed", range(12))
def test_diff_says_what_a_request_sees(tmp_path, seed):
    """What `explain` answers otherwise, `diff` says, and nothing else: clients, origins, methods of paths."""
    chance = random.Random(seed)
    ids, origins, paths = "abc", [A, B, C], ["/x", "/y/*", "/y/z", "/**"]

    def document():
        return settings(*(client(name, *chance.sample(origins, chance.randrange(4)), resources=[
            resource(p, *chance.sample(["get", "put", "post"], chance.randrange(1, 3))) for p in chance.sample(paths, chance.randrange(3))])
            for name in chance.sample(ids, chance.randrange(1, 4))))

    old, new = write(tmp_path / "old.json", document()), write(tmp_path / "new.json", document())
    lines = done("diff", old, new)
    pairs = list(itertools.product(ids, origins))
    before, after = verdicts(old, pairs), verdicts(new, pairs)
    expected = {f'{"-" if after[p] else "+"} origin {p[1]} of client "{p[0]}"' for p in pairs if before[p] != after[p]}
    assert {line for line in lines if " origin " in line} == expected
    for line in lines:
        match = re.fullmatch(r'([+-]) methods? (.*) of (\S+) of client "(.)"', line)
        if match:
            sign, names, pattern, name = match.groups()
            target = "/dw/shop/v19_1" + pattern.replace("**", "x").replace("*", "x")
            was, now = (methods(path, name, A, target) for path in (old, new))
            assert set(names.split(", ")) == (was - now if sign == "-" else now - was), (line, was, now)
    for name in ids:
        before, after = (resources_of(path, name) for path in (old, new))
        for pattern in before | after if None not in (before, after) else ():
            target = "/dw/shop/v19_1" + pattern.replace("**", "x").replace("*", "x")
            if methods(old, name, A, target) - methods(new, name, A, target):
                assert any(re.match(rf'- methods? .* of client "{name}"$', line) for line in lines), (name, pattern, lines)


def told_of(lines, site):
    """client: the origins that come and go, as a reader understands it: a site's own lines of a client are all there is."""
    found = {"": {}, site: {}}
    for line in lines:
        match = re.fullmatch(r'([+=-]) (?:origin (\S+) of )?client "(\w+)"(?: does not change)?, (?:organisation|site "(\w+)"), shop', line)
        if match and (match[4] or "") in found:
            changes = found[match[4] or ""].setdefault(match[3], set())
            changes |= {(match[1], match[2])} if match[2] else set()
        else:
            assert match or re.fullmatch(r'[+-] site "\w+"', line), line
    return {**found[""], **found[site]}


@pytest.mark.parametrize("seed", range(16))
def test_diff_of_trees_says_what_a_request_to_a_site_sees(tmp_path, seed):
    """Of each site, with and without documents, there before or after: what `explain` answers otherwise, and nothing else."""
    chance = random.Random(seed)
    ids, origins, sites = "ab", [A, B, C], ["S", "T", "U"]

    def document():
        return settings(*(client(name, *chance.sample(origins, chance.randrange(4)))
                          for name in chance.sample(ids, chance.randrange(3))))

    def tree():
        return {SHOP: document(), **{f"sites/{site}/{SHOP}": document() for site in chance.sample(sites, chance.randrange(4))}}

    before = tree()
    after = {**before, SHOP: document()} if seed % 4 == 0 else tree()
    trees = [plant(tmp_path / name, {**files, "sites/none/x": ""}, {}) for name, files in (("old", before), ("new", after))]
    lines = done("diff", *trees)
    pairs = list(itertools.product(ids, origins))
    for site in ["", "none", *sites]:
        url = f"/s/{site}/dw/shop/v19_1/x" if site else "/dw/shop/v19_1/x"
        was, now = ({pair: run("explain", "--exit-code", "--tree", tree, "--url", url, "--client", pair[0], "--origin", pair[1]).returncode
                     for pair in pairs} for tree in trees)
        expected = {(pair[0], "-" if now[pair] else "+", pair[1]) for pair in pairs if was[pair] != now[pair]}
        assert {(name, *change) for name, changes in told_of(lines, site).items() for change in changes} == expected, (site, lines)


def ranges(count, path, *methods, first=0):
    return [resource(path, *methods, version_range={"from": f"{first + n + 1}.1", "until": f"{first + n + 1}.2"}) for n in range(count)]


def test_diff_of_many_versions(tmp_path):
    """The cost is not the product of paths, resources and versions: that is 2,000 to the third."""
    def document(method):
        return settings(client("a", A, resources=[r for n in range(900) for r in ranges(1, f"/x{n}", method, first=n)]))
    old, new = write(tmp_path / "old.json", document("put")), write(tmp_path / "new.json", document("post"))
    lines = done("diff", old, new, is_large=True)
    assert len(lines) == 2 * 900
    assert lines[:2] == ['- method PUT of /x0 from v1.1 before v1.2 of client "a"', '+ method POST of /x0 from v1.1 before v1.2 of client "a"']


def test_diff_of_too_many_resources(tmp_path):
    """A gate does not see 0 for what is not compared."""
    def document(method):
        return settings(client("a", A, resources=ranges(6000, "/x", "get") + [resource(f"/x{n}", method) for n in range(6000)]),
                        client("b", A, resources=[resource("/x", method)]))
    old, new = write(tmp_path / "old.json", document("put")), write(tmp_path / "new.json", document("post"))
    lines = ['? methods of client "a" are too many to compare', '- method PUT of /x of client "b"', '+ method POST of /x of client "b"']
    assert done("diff", old, new) == lines
    new.write_text(new.read_text().replace('"/x", "methods": ["post"]', '"/x", "methods": ["put", "post"]'))
    lines[1:] = ['+ method POST of /x of client "b"']
    assert done("diff", "--exit-code", old, new, status=1) == lines


def test_nothing_acts_on_a_terminal(tmp_path):
    """A53"""
    name = "x\u202e\u009b"
    document = settings(client(name, A, response_headers={"X-A": "\u202e"}, resources=[resource("/\u202e", "put")]))
    old = write(tmp_path / f"{EVIL}.json", settings(client(name)))
    new = write(tmp_path / "new.json", document)
    tree = plant(tmp_path / "tree", {f"sites/{EVIL}/{SHOP}": document}, {})
    other = plant(tmp_path / "other", {f"sites/S/{SHOP}": document}, {})
    for arguments in (["list", old, new], ["diff", old, new], ["list", "--tree", tree], ["diff", tree, other], ["diff", EVIL, old],
                      ["list", EVIL], ["list", f"--{EVIL}"]):
        got = run(*map(os.fsencode, arguments))
        assert_harmless(got.stdout + got.stderr)
        assert got.stdout + got.stderr


def test_colours_are_for_terminals(tmp_path):
    old, new = write(tmp_path / "old.json", settings(client("a", A))), write(tmp_path / "new.json", settings(client("a", B)))
    status, got = at_a_terminal("diff", old, new)
    assert status == 0 and "\x1b[1;31m-\x1b[0m origin" in got and "\x1b[32m+\x1b[0m origin" in got
    assert "\x1b" not in at_a_terminal("diff", old, new, environment={"NO_COLOR": "1"})[1]


@pytest.mark.pairwise("count", keep=lambda row: row.count == 1000)
@pytest.mark.parametrize("count", [1000, 5000])
def test_thousands_of_sites(tmp_path, count):
    """One change of the organisation is said once, and one site's own beside it."""
    text = json.dumps(settings(*(client(f"c{n}", A) for n in range(20))))
    trees = [tmp_path / "old", tmp_path / "new"]
    for number, tree in itertools.product(range(count), trees):
        path = tree / f"sites/S{number}" / SHOP
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for tree, origins in zip(trees, ([A], [A, B])):
        plant(tree, {SHOP: settings(client("org", *origins))}, {})
    write(trees[1] / "sites/S7" / SHOP, settings(client("c0", A)))
    lines = done("diff", *trees, is_large=True)
    assert lines[0] == f'+ origin {B} of client "org", organisation, shop'
    assert len(lines) == 1 + 2 * 19 and all('site "S7", shop' in line for line in lines[1:])
    status, got = at_a_terminal("diff", trees[0], trees[0])
    assert status == 0 and all(re.fullmatch(rf"ocapi-cors: \d+ of ({count} names|{2 * count + 2} sites)", p) for p in re.split(r"\r\x1b\[K", got) if p), got
