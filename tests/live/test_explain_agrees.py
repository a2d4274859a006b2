# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors explain` and a live httpd, asked the same: every row of the vectors and of the live tables that the
command line can say gets the same verdict, reason, status, headers and fault (A52). Where a row is asked with several
origins and methods, each of them is asked, and --exhaustive asks all combinations (pairs.in_turn)."""

import json
import re
from collections import Counter
from urllib.parse import quote

import pytest

import httpd
import test_clients
import test_exchanges
import test_path_spellings
import test_resources
import test_site_archive
from command import SHOP, client, run, settings
from cors import PREFLIGHT
from pairs import in_turn

VECTORS = httpd.REPOSITORY / "tests/vectors"
DOCUMENTS = VECTORS / "settings"
URL_PATHS, OWN = (json.loads((VECTORS / f"{name}.json").read_text()) for name in ("url_paths", "own"))
ORG, NOBODY = "https://org.example", "https://nobody.example"
SITES = sorted({row["site"] for row in URL_PATHS if row.get("site") and not re.search(r"[/\0]|^[.-]", row["site"])})


def path_document(name):
    return json.dumps(settings(client("spa", f"https://{name}.example")))


FILES = {
    "paths/" + SHOP: json.dumps(settings(client("org", ORG))),
    **{f"paths/sites/{site}/{SHOP}": path_document(f"s{n}") for n, site in enumerate(SITES)},
    **{f"archive{name.removeprefix('tree')}": text for name, text in test_site_archive.TREE.items()
       if name.startswith("tree/")},
    **{f"spellings{name.removeprefix('tree')}": text for name, text in test_path_spellings.TREE.items()
       if name.startswith("tree/")},
    **{f"{name}.json": test_resources.settings(name) for name in test_resources.LISTS},
}
# Virtual hosts: how httpd and `explain` are told of the documents.
LISTED = {f"policy{n}.example": [DOCUMENTS / name for name in names] for n, names in enumerate(test_exchanges.POLICIES)}
LISTED |= {"tenants.example": [DOCUMENTS / "tenants.json"], "test.example": [DOCUMENTS / "p.json"]}
LISTED |= {f"{name}.resources.example": [f"{name}.json"] for name in test_resources.LISTS}
TREES = {f"{name}.tree.example": name for name in ("paths", "archive", "spellings")}
SINGLE = [name for row in OWN for name in row.get("names", ["example.com"])[:1] if len(row.get("names", " ")) == 1
          and name not in ("", "example.com", "shop.example")]
LISTED |= {name: [DOCUMENTS / "p.json"] for name in SINGLE}


def host(address, name, line):
    if name.startswith("["):  # httpd takes an IPv6 address as an alias alone
        name, line = "six.example", f"ServerAlias {name.strip('[]')}\n    {line}"
    return f"""
<VirtualHost {address}>
    ServerName {name}
    Header always set X-Verdict "%{{OCAPI_CORS_VERDICT}}e"
    Header always set X-Reason "%{{OCAPI_CORS_REASON}}e"
    {line}
    OcapiCors On
    MaxKeepAliveRequests 0
    AllowEncodedSlashes NoDecode
</VirtualHost>
"""


def documents_line(paths):
    return "OcapiCorsSettings " + " ".join(f'"{p}"' if str(p).startswith("/") else f'"${{ROOT}}/{p}"' for p in paths)


CONFIG = "".join(host("*:${PORT}", name, documents_line(paths)) for name, paths in LISTED.items())
CONFIG += "".join(host("*:${PORT}", name, f'OcapiCorsSettingsTree "${{ROOT}}/{tree}"') for name, tree in TREES.items())
CONFIG += host("*:${PORT2}", "http://example.com", documents_line([DOCUMENTS / "p.json"]))
CONFIG += host("*:${PORT3}", "https://example.com", documents_line([DOCUMENTS / "p.json"]))
CONFIG += host("*:${PORT4}", "shop.example", documents_line([DOCUMENTS / "p.json"]))


@pytest.fixture(scope="module")
def front(module_start_httpd):
    server = module_start_httpd(CONFIG, modules=["headers"], files=FILES, ports=4)
    server.expect_log("OCORS0021")  # the paths' sites differ in case only
    return server


# ---- Both are asked --------------------------------------------------------------------------

def explained(server, documents, method, url, fields):
    """What `explain` says: verdict, reason, status (None: the server's), the header fields, the body."""
    arguments = ["explain", *documents, f"--method={method}", b"--url=" + as_bytes(url)]
    for name, value in fields:
        arguments += ["--header", name.encode() + b": " + as_bytes(value)]
    done = run(*arguments, cwd=server.root)
    assert (done.returncode, done.stderr) == (0, b""), done
    lines, _, body = done.stdout.decode().partition("\n\n")
    said = dict(re.findall(r"^(\w+): +(.*)$", lines, re.M))
    status = re.match(r"\d+", said["answer"])
    found = re.findall(r"^  ([\w-]+): (.*)$", lines, re.M)
    vary = sorted(token for field, value in found if field == "Vary" for token in value.split(", "))
    return (said["verdict"], said.get("reason", "none").partition(":")[0], int(status[0]) if status else None,
            sorted(f for f in found if f[0] != "Vary"), vary, body.strip())


def shown(text):
    """As the command line shows what nobody can see."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def answered(server, method, target, fields, name, port, wanted):
    """The same of a live httpd, of the fields that `explain` names, and of every Access-Control-* and Allow."""
    response = server.request(method, target, fields, host=name, port=port)
    verdict, reason = response.one("X-Verdict"), response.one("X-Reason")
    is_ours = verdict in ("refuse", "preflight-allow", "preflight-withhold")
    known = {field.lower() for field, _ in wanted}
    found = [(field, value) for field, value in response.headers
             if field.lower() in known or field.lower().startswith("access-control-")
             or (field == "Allow" and is_ours)]
    return (verdict, "none" if reason == "(null)" else reason, response.status if is_ours else None, sorted(found),
            sorted(response.tokens("Vary")), shown(response.body.decode()) if verdict == "refuse" else "")


def assert_agrees(server, name, method, target, fields, url=None, port=None, field_host=None):
    """Returns the verdict, for a test that counts them."""
    documents = ["--tree", TREES[name]] if name in TREES else LISTED.get(name, [DOCUMENTS / "p.json"])
    said = explained(server, documents, method, url or f"http://{name}{target}", fields)
    lived = answered(server, method, target, [f for f in fields if f[0] != "Host"], field_host or name,
                     port or server.port, said[3])
    if lived[0] == "(null)":  # the module is not asked: outside /dw/
        assert said == ("none", "none", None, [], [], ""), (said, lived)
        return "outside"
    assert said == lived
    return said[0]


@pytest.mark.parametrize("number", range(len(test_exchanges.ROWS)), ids=[r["name"] for r in test_exchanges.ROWS])
def test_exchange(front, number):
    """A52"""
    row = test_exchanges.ROWS[number]
    name = f"policy{test_exchanges.POLICIES.index(test_exchanges.settings_of(row))}.example"
    fields = test_exchanges.fields_of(row, number)
    target = row["path"] + ("?" + row["query"] if "query" in row else "")
    assert assert_agrees(front, name, row["method"], target, fields) == row["verdict"]


CLIENT_ROWS = [row for row in test_clients.ROWS if "order" not in row]


def has_control(fields):
    return any(re.search(rb"[\0-\x08\x0a-\x1f\x7f]", as_bytes(value)) for _, value in fields)


@pytest.fixture(scope="module")
def is_exhaustive(pytestconfig):
    return pytestconfig.getoption("exhaustive")


@pytest.mark.parametrize("number", range(len(CLIENT_ROWS)), ids=[row["name"] for row in CLIENT_ROWS])
def test_client(front, number, is_exhaustive):
    query, fields = test_clients.request_of(CLIENT_ROWS[number])
    origins = (test_clients.ORIGIN_OF["A"], test_clients.ORIGIN_OF["B"], NOBODY)
    for origin, method in in_turn(number, origins, ("GET", "POST"), is_exhaustive):
        assert_agrees(front, "tenants.example", method, "/x" + ("?" + query if query else ""),
                      [("Origin", origin), *fields])


def origin_of(row):
    return bytes.fromhex(row["hex"]) if "hex" in row else row["origin"].encode()


def has_outer_blank(row):
    """httpd takes the blanks around a value away."""
    asked = row.get("host", "example.com")
    return origin_of(row) != origin_of(row).strip() or asked != asked.strip()


OWN_ROWS = [row for row in OWN if "pattern" not in row and not has_outer_blank(row) and not row.get("patterns") and not row.get("asked")
            and not row.get("listed") and row.get("host") != "" and len(row.get("names", ["example.com"])) == 1
            and row.get("names") != [""]]


@pytest.mark.parametrize("number", range(len(OWN_ROWS)), ids=[row["name"] for row in OWN_ROWS])
def test_own(front, number):
    """R10: the virtual host of port 2 has one name, and that of port 3 says https."""
    row = OWN_ROWS[number]
    origin = origin_of(row)
    secure = row.get("https") or row.get("tls") or False
    name = row.get("names", ["example.com"])[0]
    asked = row.get("host", "example.com")
    fields = [("Origin", origin), ("Host", asked)]
    fields += [("Sec-Fetch-Site", row["fetch_site"])] if "fetch_site" in row else []
    port = front.port if name in SINGLE else front.port_number(4 if name == "shop.example" else 3 if secure else 2)
    if has_control(fields) or front.request("GET", "/x", host=asked, port=port).status == 400:
        assert front.request("POST", "/x", fields[:1], host=asked, port=port).status == 400  # by httpd, before the module
        return
    for method in ("POST", "GET"):
        verdict = assert_agrees(front, name, method, "/x", fields, url=f"http{'s' if secure else ''}://{name}/x",
                                port=port, field_host=asked)
        assert (verdict == "none") == row["own"]


def target_of(row):
    return "".join(c if c.isascii() else quote(c) for c in row.get("line", row["path"]))


# Those that a request line can have.
URL_ROWS = [row for row in URL_PATHS if re.fullmatch(r"/[^\0-\x20\x7f#?]*", target_of(row))]


@pytest.mark.parametrize("number", range(len(URL_ROWS)), ids=[row["name"] for row in URL_ROWS])
def test_url_path(front, number, is_exhaustive):
    row = URL_ROWS[number]
    target = target_of(row)
    site = f"https://s{SITES.index(row['site'])}.example" if row.get("site") in SITES else ORG
    if run("explain", "--tree", "paths", "--url", target, cwd=front.root).returncode == 2:
        front.allow_log("AH10244: invalid URI path")
        assert front.request("GET", target, host="paths.tree.example").status in (400, 404)
        return
    methods = (("GET", []), ("POST", []), ("OPTIONS", [PREFLIGHT]))
    for origin, (method, fields) in in_turn(number, (ORG, site, NOBODY), methods, is_exhaustive):
        assert_agrees(front, "paths.tree.example", method, target, [("Origin", origin), *fields])


# mapping=servlet changes the path before the module sees it; a request line in the absolute form names a host of its own.
SPELLINGS = [(row, name) for row, name in zip(test_path_spellings.REFUSED, test_path_spellings.IDS)
             if row.host != "servlet" and row.path.startswith("/")]


@pytest.mark.parametrize("row", [row for row, _ in SPELLINGS], ids=[name for _, name in SPELLINGS])
def test_spelling(front, row):
    """R12"""
    seen = Counter()
    for origin in (row.origin, row.twin_origin):
        for path in (row.path, row.twin_path):
            seen[assert_agrees(front, "spellings.tree.example", "POST", path, [origin])] += 1
    assert seen["refuse"] and seen["allow"], seen


SITE_PREFIXES = ("", "/s/A", "/s/B", "/s/-", "/s/a", "/s/Sites-A-Site", "/s/None", "/s/Old", "/s/Site%20with%20space", "/s/s", "/s/dw", "/x")
API_PATHS = ("/dw/shop/v19_1/x", "/dw/data/v19_1/x", "/dw/batch", "/dw/meta/rest", "/dw", "/x/dw/shop", "/dwx/shop", "//dw/./shop/../shop/x",
             "/%64w/shop")
ASKED = [(name, fields) for name in test_site_archive.NAMES for fields in ([], [("x-dw-client-id", "X")], [("x-dw-client-id", "nobody")])
         if not fields or name in ("x-a", "x-global", "b-data")]


@pytest.mark.parametrize("path", API_PATHS)
@pytest.mark.parametrize("prefix", SITE_PREFIXES)
def test_site(front, prefix, path, is_exhaustive):
    """C5: each site and each of its two documents with all that is asked; of the other paths, one is asked what its
    neighbour is not, and each of them is asked all of it somewhere."""
    asked = ASKED
    if path not in API_PATHS[:2] and not is_exhaustive:
        number = SITE_PREFIXES.index(prefix) + API_PATHS.index(path)
        asked = ASKED[number % len(API_PATHS)::len(API_PATHS)]
    for name, fields in asked:
        assert_agrees(front, "archive.tree.example", "POST", prefix + path, [("Origin", test_site_archive.origin(name)), *fields])
    assert_agrees(front, "archive.tree.example", "GET", prefix + path, [])


@pytest.mark.parametrize("name", test_resources.LISTS)
def test_resources_of(front, name):
    """M1, M2"""
    seen = set()
    paths = test_resources.fillings(test_resources.LISTS[name])
    prefix = f"/dw/{name if name != 'own' else 'shop'}/v20_4"
    for path in [*paths[::max(1, len(paths) // 60)], "", "/", "/baskets/", "/BASKETS", "/a/b/c/d", "/%62askets", "/baskets%2Fx"]:
        for origin, query in ((test_resources.ORIGIN, ""), (test_resources.OTHER, "?client_id=d"), (test_resources.STRANGER, "")):
            seen.add(assert_agrees(front, f"{name}.resources.example", "OPTIONS", f"{prefix}{path}{query}",
                                   [("Origin", origin), ("Access-Control-Request-Method", "GET")]))
    assert seen == {"preflight-allow", "preflight-withhold"}


HOSTS = ["", "example.com", "EXAMPLE.com", "example.com.", "a-b_c.example", "a..example", ".example", "example.com..", "a b", "a,b", "a/b", "a\\b",
         "a@b", "a%41.example", "a.1", "a.1b", "a.b1", "1a", "1.a", "-", "_", "127.0.0.1", "127.0.0.1.", "127.0.0", "1", "127.0.0.01", "0.0.0.0",
         "127.0.0.256", "1.2.3.4.5", ".1.2.3", "1..2.3", "1.2.3.04", "1.02.3.4", "00.1.2.3", "1.2.3.4a", "1.2.3.a", "..", "a.-", "a._b", ".", "[::1]", "[::1", "::1", "[::g]", "[]", "[127.0.0.1]", "[::1%lo]", "[::ffff:1.2.3.4]", "a*.example", "*",
         "example.com:", "example.com:1", "example.com:80", "example.com:65535", "example.com:0", "example.com:00", "example.com:65536",
         "example.com:99999", "example.com:18446744073709551617", "example.com:080", "example.com:8x", "example.com:-1", "[::1]:80",
         "[::1]:0", "[::1]x", "b\u00fccher.example"]


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_that_httpd_refuses_is_wrong_usage(front, name):
    """`explain` decides no request that the module never sees."""
    front.allow_log("AH")
    document = DOCUMENTS / "p.json"
    is_refused = b" 400 " in raw(front, f"GET /x HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")
    assert run("explain", document, "--header", f"Host: {name}").returncode == (2 if is_refused else 0)
    if not re.search(r"[/@\\s]|:$", name):  # those that a URL reads in another way
        assert run("explain", document, "--url", f"http://{name}/x").returncode == (2 if is_refused else 0)


def raw(front, text):
    """The status line."""
    with front.connection() as connection:
        connection.send(text.encode())
        return connection._until(b"\r\n") + b" "


@pytest.mark.parametrize("more", [0, 1])
def test_a_line_that_is_too_long_is_wrong_usage(front, more):
    """httpd takes 8,191 bytes of a request line, and of a field, whose limits are 8190."""
    front.allow_log("AH")
    document = DOCUMENTS / "p.json"
    target = "/x?" + "x" * (8191 - len("GET /x? HTTP/1.1") + more)
    status = raw(front, f"GET {target} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
    assert (b" 414 " in status) == (run("explain", document, "--url", target).returncode == 2) == bool(more), status
    value = "x" * (8191 - len("X-Long: ") + more)
    status = raw(front, f"GET /x HTTP/1.1\r\nHost: example.com\r\nX-Long: {value}\r\nConnection: close\r\n\r\n")
    assert (b" 400 " in status) == (run("explain", document, "--header", f"X-Long: {value}").returncode == 2) == bool(more), status


def test_two_hosts_and_connect_are_wrong_usage(front):
    front.allow_log("AH")
    document = DOCUMENTS / "p.json"
    assert b" 400 " in raw(front, "GET /x HTTP/1.1\r\nHost: example.com\r\nHost: example.com\r\nConnection: close\r\n\r\n")
    for arguments in (["--header", "Host: a.example", "--header", "host: a.example"], ["--method", "CONNECT"]):
        assert run("explain", document, *arguments).returncode == 2
        assert run("explain", document, *arguments[:2]).returncode == (0 if arguments[0] == "--header" else 2)
    assert run("explain", document, "--header", "Host: a.example", "--url", "http://b.example/").returncode == 0
