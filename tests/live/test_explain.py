# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors explain`: what it says, of whom, and with which exit status (A52). That it is right is for
test_explain_agrees.py."""

import json
import os
import re

import pytest

import httpd
from command import DATA, SHOP, assert_harmless, at_a_terminal, client, run, said, settings, write
from test_check import EVIL, plant

A, B, NOBODY = "https://a.example", "https://b.example", "https://nobody.example"
PREFLIGHT = ["--method", "OPTIONS", "--header", "Access-Control-Request-Method: PUT"]


@pytest.fixture
def documents(tmp_path):
    """Two layers: the second replaces the client "two" of the first (C4)."""
    write(tmp_path / "global.json", settings(client("one", A), client("two", A, "https://old.example")))
    write(tmp_path / "site.json", settings(client("two", B, response_headers={"X-Two": "2"}), client("three", B)))
    return tmp_path


def explain(*arguments, cwd=None, status=0):
    code, lines, errors = said("explain", *arguments, cwd=cwd)
    assert (code, errors) == (status, []), (code, lines, errors)
    return lines


def told(lines, label):
    return [line[10:] for line in lines if line.startswith(f"{label + ':':9} ")]


def test_layers_are_in_order(documents):
    """C4: the document that decides is named, and the client."""
    both = ["global.json", "site.json"]
    lines = explain(*both, "--origin", B, cwd=documents)
    assert told(lines, "verdict") == ["allow"] and told(lines, "reason") == []
    assert told(lines, "decided") == [f'client "two" of site.json lists {B}', f'client "three" of site.json lists {B}']
    lines = explain(*both, "--origin", A, cwd=documents)
    assert told(lines, "decided") == [f'client "one" of global.json lists {A}']
    lines = explain(*reversed(both), "--origin", A, cwd=documents)
    assert told(lines, "decided") == [f'client "one" of global.json lists {A}', f'client "two" of global.json lists {A}']
    lines = explain(*both, "--origin", "https://old.example", cwd=documents)
    assert told(lines, "reason") == ["not-listed: no list that counts has the origin"]
    assert told(lines, "decided") == ["no client in force of global.json, site.json lists it"]


def test_the_client_decides(documents):
    """C1, C2"""
    both = ["global.json", "site.json", "--origin", B]
    lines = explain(*both, "--client", "two", cwd=documents)
    assert told(lines, "client") == ['"two": its own list counts']
    assert told(lines, "decided") == [f'client "two" of site.json lists {B}'] and "  X-Two: 2" in lines
    lines = explain(*both, "--client", "one", cwd=documents)
    assert told(lines, "reason")[0].startswith("other-client: ")
    assert told(lines, "decided") == ['client "one" of global.json does not list it',
                                      f'client "two" of site.json lists {B}', f'client "three" of site.json lists {B}']
    lines = explain(*both, "--client", "none", cwd=documents)
    assert told(lines, "client") == ['"none": no document has it'] and told(lines, "reason")[0].startswith("unknown-client: ")
    lines = explain(*both, "--url", "/x?client_id=one&client_id=two", cwd=documents)
    assert told(lines, "client") == ["two are named: no list counts"] and told(lines, "decided") == []
    # The query is asked before the header.
    assert told(explain(*both, "--url", "/x?client_id=two", "--client", "one", cwd=documents), "client")[0].startswith('"two"')


@pytest.mark.parametrize("origin, reason, nearest", [
    ("https://app.example:9443", "port-differs", "https://app.example:8443"), ("http://app.example:8443", "scheme-differs", "https://app.example:8443"),
    ("https://Shop.example", "case-differs", "https://shop.example"), ("http://localhost:3001", "port-differs", "http://localhost:3000"),
    ("http://localhost:5000", "port-differs", "http://localhost:5173"), (NOBODY, "not-listed", None)])
def test_the_nearest_listed_origin(origin, reason, nearest):
    """A22"""
    lines = explain(httpd.REPOSITORY / "tests/vectors/settings/ports.json", "--client", "A", "--origin", origin)
    assert told(lines, "reason")[0].startswith(f"{reason}: ") and told(lines, "nearest") == ([nearest] if nearest else [])


def test_many_clients_are_counted(tmp_path):
    path = write(tmp_path / "d.json", settings(*(client(f"c{n}", A) for n in range(11))))
    decided = told(explain(path, "--origin", A), "decided")
    assert len(decided) == 9 and decided[-1] == f"3 more clients list {A}"


def test_own_origins_need_a_host(documents):
    """R10: the host of --url counts as a configured name; without one, the output says that R10 is left out."""
    note = ["own origins (R10) are left out: --url names no host"]
    own = ["global.json", "--method", "POST", "--origin", "https://shop.example"]
    for url in ([], ["--url", "/x"], ["--url", "/x", "--header", "Host: shop.example"]):
        lines = explain(*own, *url, cwd=documents)
        assert told(lines, "note") == note and told(lines, "verdict") == ["refuse"]
    lines = explain(*own, "--url", "https://shop.example/x", cwd=documents)
    assert told(lines, "note") == [] and told(lines, "verdict") == ["none"]
    assert told(lines, "decided") == ["the origin is the server's own, and no list has it (R10)"]
    lines = explain(*own, "--url", "https://Shop.Example:8443/x", cwd=documents)
    assert told(lines, "reason")[0].startswith("own-port-differs: ")
    lines = explain(*own, "--url", "https://u:p@shop.example:", cwd=documents)
    assert told(lines, "verdict") == ["none"] and told(lines, "request") == ["POST /, host shop.example"]
    lines = explain(*own, "--url", "https://u:p@shop.example:443", cwd=documents)
    assert told(lines, "verdict") == ["none"] and told(lines, "request") == ["POST /, host shop.example"]
    lines = explain(*own, "--url", "https://shop.example/x", "--header", "Host: backend.internal", cwd=documents)
    assert told(lines, "reason")[0].startswith("own-host-unknown: ")


def test_fields_of_one_name_are_joined(documents):
    """P5: two lines of requested names are one list, as for httpd; a lone one is as it came."""
    preflight = ["global.json", "--origin", A, *PREFLIGHT, "--header", "Access-Control-Request-Headers: X-A"]
    for more, granted in (([], "X-A"), (["--header", "access-control-request-headers:X-B"], "X-A, X-B")):
        assert f"  Access-Control-Allow-Headers: {granted}" in explain(*preflight, *more, cwd=documents)


def test_a_list_of_origins(documents):
    """R6: each member is told of, an own one too."""
    lines = explain("global.json", "--origin", f"{A} https://shop.example", "--url", "https://shop.example/x", cwd=documents)
    assert told(lines, "verdict") == ["allow"]
    assert told(lines, "decided") == [f'client "one" of global.json lists {A}', f'client "two" of global.json lists {A}',
                                      "https://shop.example is the server's own origin (R10)"]
    lines = explain("global.json", "--origin", f"{A} {NOBODY}", cwd=documents)
    assert told(lines, "reason")[0].startswith("list-member: ") and told(lines, "decided") == []


GATE = ["explain", "global.json", "--origin", "https://nobody.example", "--method", "PUT", "--exit-code"]


@pytest.mark.parametrize("help_", ["-h", "--help"])
@pytest.mark.parametrize("option", ["--origin", "--client", "--tree", "--url", "--header", "--method"])
def test_help_is_not_asked_for_by_a_value(documents, option, help_):
    """A gate that hands on a value from outside must not see 0."""
    arguments = [a for a in GATE if a not in ("--origin", "https://nobody.example")] if option == "--origin" else GATE
    code, lines, errors = said(*arguments, option, help_, cwd=documents)
    assert code != 0 and not any(line.startswith("usage") for line in lines), (code, lines)


@pytest.mark.parametrize("help_", ["-h", "--help"])
@pytest.mark.parametrize("command", [["explain", "global.json"], ["diff", "--exit-code", "global.json"], ["check", "global.json"],
                                     ["list", "global.json"], ["allow", "global.json", "--client", "one"],
                                     ["revoke", "global.json", "--client", "one"]], ids=lambda c: c[0])
def test_help_is_asked_for_by_the_first_argument_only(documents, command, help_):
    before = (documents / "global.json").read_bytes()
    code, lines, errors = said(*command, help_, cwd=documents)
    assert (code, lines) == (2, []) and f"{help_} must be the first argument" in errors[-1]
    assert said(*command[:1], help_, *command[1:], cwd=documents) == said(*command[:1], help_) == said("help", command[0])
    code, lines, errors = said(*command, "--", help_, cwd=documents)
    assert code != 0
    assert (documents / "global.json").read_bytes() == before


@pytest.mark.parametrize("url", ["/", "/dw/shop/v19_1/x", "/s/S/dw/shop/v19_1/x"])
@pytest.mark.parametrize("tree", ["missing", "global.json", ""])
def test_a_tree_that_is_not_there(documents, tree, url):
    """Whatever the path: also one outside /dw/."""
    code, lines, errors = said("explain", "--tree", tree, "--url", url, "--origin", A, cwd=documents)
    assert (code, lines) == (2, []) and errors, errors
    plant(documents / "tree", {SHOP: settings(client("one", A))}, {})
    assert said("explain", "--tree", "tree", "--url", url, "--origin", A, cwd=documents)[0] == 0


def test_the_answers(documents):
    """R5, P1, 1.5"""
    lines = explain("global.json", "--origin", NOBODY, "--method", "POST", "--url", "/dw/shop/v20_2/x", cwd=documents)
    assert told(lines, "answer") == ["401, by the module; nothing else runs"]
    assert json.loads(lines[-1])["_v"] == "20.2" and lines[-2] == ""
    lines = explain("global.json", "--origin", A, *PREFLIGHT, "--header", "access-control-request-headers: X-A , x-b", cwd=documents)
    assert told(lines, "answer") == ["204, by the module; nothing else runs"]
    assert "  Access-Control-Allow-Headers: X-A, x-b" in lines and "  Access-Control-Allow-Origin: " + A in lines
    lines = explain("global.json", "--origin", A, cwd=documents)
    assert told(lines, "answer")[0].startswith("that of the server, ")
    lines = explain("global.json", "--origin", A, "--method", "OPTIONS", "--header", "Access-Control-Request-Method: a b", cwd=documents)
    assert told(lines, "reason")[0].startswith("method-malformed: ") and told(lines, "decided") == []


@pytest.mark.parametrize("arguments, status", [
    (["--origin", A], 0), (["--origin", A, *PREFLIGHT], 0), (["--origin", NOBODY], 1), (["--origin", NOBODY, *PREFLIGHT], 1),
    (["--origin", NOBODY, "--method", "POST"], 1), ([], 0), (["--method", "POST"], 0), (["--origin", ""], 1),
    (["--origin", "https://s.example", "--url", "https://s.example/"], 0),
    (["--origin", "https://s.example", "--url", "https://t.example/"], 1), (["--header", f"Origin: {NOBODY}"], 1)])
def test_the_exit_status_is_the_verdict_only_if_asked(documents, arguments, status):
    """allowed, own, or without an Origin: 0"""
    explain("global.json", *arguments, cwd=documents)
    explain("global.json", "--exit-code", *arguments, cwd=documents, status=status)


# ---- A tree ----------------------------------------------------------------------------------

@pytest.fixture
def tree(tmp_path):
    return plant(tmp_path / "tree", {
        SHOP: settings(client("org", "https://org.example")), DATA: settings(client("org", "https://data.example")),
        f"sites/S/{SHOP}": settings(client("s", "https://s.example")), f"sites/N/{SHOP}": settings(client("org", "https://n.example")),
        "sites/bad/x": ""}, {})


@pytest.mark.parametrize("url, origin, site, verdict", [
    ("/s/S/dw/shop/v1_1/x", "s", "S", "allow"), ("/s/S/dw/shop/v1_1/x", "org", "S", "allow"), ("/s/S/dw/shop/v1_1/x", "n", "S", "withhold"),
    ("/s/N/dw/shop/v1_1/x", "org", "N", "withhold"), ("/s/N/dw/data/v1_1/x", "data", "N", "allow"), ("/s/N/dw/batch", "data", "N", "allow"),
    ("/s/Sites-S-Site/dw/shop", "s", "S", "allow"), ("/dw/shop/x", "org", "none of the tree: the organisation's documents", "allow"),
    ("/s/none/dw/shop/x", "org", "none of the tree: the organisation's documents", "allow"),
    ("/s/s/dw/shop/x", "org", "the path does not name one for certain", "withhold"),
    ("/s/S/dw;x/shop/x", "s", "the path does not name one for certain", "withhold")])
def test_a_tree_and_a_url(tree, url, origin, site, verdict):
    """C5, R12"""
    lines = explain("--tree", tree, "--url", url, "--origin", f"https://{origin}.example")
    assert told(lines, "site") == [site] and told(lines, "verdict") == [verdict]


def test_a_path_outside_has_no_policy(tree):
    lines = explain("--tree", tree, "--url", "/x", "--origin", A)
    assert told(lines, "verdict") == ["none"] and told(lines, "answer") == ["that of the server, as if the module were off"]
    explain("--tree", tree, "--url", "/x", "--origin", A, "--exit-code", status=1)
    explain("--tree", tree, "--url", "/x", "--exit-code")


def test_only_the_documents_that_decide_are_read(tree):
    write(tree / "sites/bad" / SHOP, "{")
    ask = ["--tree", tree, "--origin", "https://s.example", "--url"]
    explain(*ask, "/s/S/dw/shop/x")
    status, lines, errors = said("explain", *ask, "/s/bad/dw/shop/x")
    assert (status, lines) == (1, []) and errors[0].startswith(f"{tree}/sites/bad/{SHOP}:1:2: error: ")


def test_a_tree_that_the_server_refuses_explains_nothing(tree, tmp_path):
    (tree / "sites/gone").symlink_to("nowhere")
    status, lines, errors = said("explain", "--tree", tree, "--url", "/dw/shop/x")
    assert (status, lines) == (2, []) and errors == [f"{tree}/sites/gone: error: this site leads nowhere, is not a folder, or cannot be read"]
    (tmp_path / "empty").mkdir()
    assert said("explain", "--tree", tmp_path / "empty", "--url", "/dw/shop/x")[0] == 1
    assert said("explain", "--tree", tmp_path / "missing", "--url", "/dw/shop/x")[0] == 2


# ---- Usage, and what is hostile --------------------------------------------------------------

@pytest.mark.parametrize("arguments, named", [
    ([], "FILE is missing"), (["--origin", A], "FILE is missing"), (["x", "--tree", "y", "--url", "/"], "not both"),
    (["--tree", "y"], "--url"), (["x"] * 17, "16 documents"), (["x", "--url", "ftp://h/x"], "--url"), (["x", "--url", "x"], "--url"),
    (["x", "--url", ""], "--url"), (["x", "--url", "http:///x"], "--url"), (["x", "--url", "http://h:x/"], "--url"),
    (["x", "--url", "http://h:80:80/"], "--url"), (["x", "--url", "/a b"], "--url"), (["x", "--url", "/a\x1b"], "--url"),
    (["x", "--url", "/.."], "--url"), (["x", "--url", "/a/%2e%2E/.."], "--url"), (["x", "--url", "/%"], "--url"), (["x", "--url", "/%4"], "--url"),
    (["x", "--url", "/%zz"], "--url"), (["x", "--url", "/%00"], "--url"), (["x", "--method", "A B"], "--method"), (["x", "--method", ""], "--method"),
    (["x", "--method", "TRACE"], "--method"), (["x", "--header", "x"], "--header"), (["x", "--header", ": x"], "--header"),
    (["x", "--header", "a b: x"], "--header"), (["x", "--header", "a: x\r\nb: y"], "--header"), (["x", "--origin", "a\nb"], "--origin"),
    (["x", "--origin", A, "--origin", A], "--origin"), (["x", "--client"], "--client"), (["x", "--exit-code=1"], "--exit-code"), (["x", "--verbose"], "--verbose")])
def test_wrong_usage_names_what_is_wrong(arguments, named):
    status, lines, errors = said("explain", *arguments)
    assert (status, lines) == (2, [])
    assert errors[0].startswith("usage: ocapi-cors explain ") and errors[-1].startswith("ocapi-cors explain: ") and named in errors[-1]


@pytest.mark.parametrize("content, status, part", [
    ("{}", 1, "clients"), ("\x7fELF\0\1", 1, "error: "), (None, 2, "No such file"), ("", 1, "error: ")])
def test_a_bad_document_is_1_and_an_unreadable_one_2(tmp_path, content, status, part):
    good = write(tmp_path / "good.json", settings(client("a", A)))
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    code, lines, errors = said("explain", good, path, "--origin", A)
    assert (code, lines) == (status, []) and errors[0].startswith(f"{path}:") and part in errors[0]


def test_standard_input_is_a_document(tmp_path):
    done = run("explain", "-", "--origin", A, input=json.dumps(settings(client("a", A))).encode())
    assert done.returncode == 0 and b'client "a" of - lists' in done.stdout
    write(tmp_path / "--tree", settings(client("a", A)))
    assert told(explain("--origin", A, "--", "--tree", cwd=tmp_path), "verdict") == ["allow"]


def test_nothing_acts_on_a_terminal(tmp_path):
    """A53: document, arguments and names may hold anything."""
    path = write(tmp_path / f"{EVIL}.json", settings(client(EVIL[1:4] + "\u202e", A, response_headers={"X-A": "\u202e"})))
    evil = "\u202e\u009b2J"
    for arguments in ([path, "--origin", A, "--client", EVIL[1:4] + "\u202e"], [path, "--origin", A + evil, "--method", "POST"],
                      [path, "--origin", A, "--url", f"/{evil}?{evil}"], [path, "--origin", A, "--client", evil],
                      [path, "--origin", EVIL], [path, "--url", EVIL], [EVIL], [path, f"--{EVIL}"], [path, "--header", f"X: {evil}"]):
        done = run("explain", *map(os.fsencode, arguments))
        assert_harmless(done.stdout + done.stderr)
        assert done.stdout + done.stderr


def test_colours_are_for_terminals(documents):
    for origin, code in ((A, "32"), (NOBODY, "1;31")):
        status, got = at_a_terminal("explain", documents / "global.json", "--origin", origin)
        assert status == 0 and re.search(rf"verdict:  \x1b\[{code}m\w+\x1b\[0m\r\n", got), got
        assert "\x1b" not in at_a_terminal("explain", documents / "global.json", "--origin", origin, environment={"NO_COLOR": "1"})[1]


@pytest.mark.pairwise("count", keep=lambda row: row.count == 2000)
@pytest.mark.parametrize("count", [2000, 10000])
def test_thousands_of_sites_are_not_read(tmp_path, count):
    """Names are listed, and two documents read."""
    tree = plant(tmp_path / "tree", {SHOP: settings(client("org", A)), "sites/x": ""}, {})
    for number in range(count):
        (tree / f"sites/S{number}").mkdir()
    plant(tree, {f"sites/S7/{SHOP}": settings(client("s", B))}, {})
    assert told(explain("--tree", tree, "--url", "/s/S7/dw/shop/x", "--origin", B), "decided") == [
        f'client "s" of {tree}/sites/S7/{SHOP} lists {B}']
