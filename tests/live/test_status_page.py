# SPDX-License-Identifier: Apache-2.0
"""The status page for people, which format who gets, and what it says of each document (A18)."""

import hashlib
import html.parser
import json
import re
import shutil
import time

import pytest

import httpd
import metrics
from cors import ask
from system import System

SHOP = "ocapi-settings/wapi_shop_config.json"
DAY = 86400
CONFIG = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree tree
    <Location "/status">
        OcapiCors Off
        SetHandler ocapi-cors-status
    </Location>
    <Location "/server-status">
        OcapiCors Off
        SetHandler server-status
    </Location>
</VirtualHost>
"""
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PROMETHEUS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
TYPES = {"html": "text/html; charset=utf-8", "json": "application/json",
         "prometheus": "text/plain; version=0.0.4; charset=utf-8"}


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": "spa", "allowed_origins": list(origins)}]})


BAD = '{"clients": [{"client_id": "spa", "allowed_origins": ["*"]}]}'
FILES = {f"tree/{SHOP}": document("https://everywhere.example"),
         f"tree/sites/One/{SHOP}": document("https://one.example", "https://two.example")}


@pytest.fixture
def front(start_httpd):
    def start(config=CONFIG, files=None, **keywords):
        return start_httpd(config, files={**FILES, **(files or {})}, **keywords)
    return start


@pytest.fixture(scope="module")
def still(module_start_httpd):
    """A server whose documents no test changes."""
    return module_start_httpd(CONFIG, files=FILES)


def get(server, query="", accept=None, path="/status"):
    return ask(server, "GET", path + query, None, ("Accept", accept) if accept is not None else None)


def page(server):
    return json.loads(get(server).body)


def documents(server):
    """By the end of its path, which names the site."""
    return {d["path"].split("/tree/")[1]: d for d in page(server)["documents"]}


# ---- Which format ----------------------------------------------------------------------------

NEGOTIATED = [
    ("", None, "json"), ("", "*/*", "json"), ("", "", "json"), ("", BROWSER, "html"), ("", "text/html", "html"),
    ("", PROMETHEUS, "json"), ("", "application/json", "json"), ("", "text/html;q=0.5,application/json", "json"),
    ("", "text/html,application/json", "json"), ("", "text/*", "html"), ("", "image/png", "json"),
    ("?", BROWSER, "html"), ("?x=1", BROWSER, "html"), ("?x=1", None, "json"), ("?FORMAT=html", None, "json"),
    ("?format=json", BROWSER, "json"), ("?format=html", "application/json", "html"),
    ("?format=prometheus", BROWSER, "prometheus"), ("?x=1&format=html&y", None, "html"),
    ("?format=html&format=html", None, "html"),
    ("?format=", None, None), ("?format=xml", None, None), ("?format=HTML", BROWSER, None),
    ("?format=html&format=json", None, None), ("?format=json&format=xml", None, None), ("?format=html%00", None, None),
]


@pytest.mark.parametrize("query, accept, expected", NEGOTIATED)
def test_the_format(still, query, accept, expected):
    """A44: the query first, and what it does not know is a 400; else HTML where Accept prefers it; else JSON."""
    response = get(still, query, accept)
    if expected is None:
        assert response.status == 400 and b"digest" not in response.body, response
        return
    assert (response.status, response.one("Content-Type")) == (200, TYPES[expected]), response
    assert response.tokens("Vary") == ["Accept"], response
    assert response.one("X-Content-Type-Options") == "nosniff" and response.one("Cache-Control") == "no-store"


# ---- What people read ------------------------------------------------------------------------

PLAIN = {"a", "body", "br", "code", "div", "h1", "h2", "head", "html", "link", "main", "meta", "p", "span", "style",
         "table", "tbody", "td", "th", "thead", "title", "tr"}
ATTRIBUTES = {"aria-label", "charset", "class", "content", "href", "lang", "name", "role", "scope", "tabindex"}
EMPTY = {"br", "meta"}


class Reader(html.parser.HTMLParser):
    """Tables as lists of rows of cells; asserts that the page has no element and no attribute of anybody else."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tables, self.links, self.text = [], {}, [], ""
        self.title = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in PLAIN and {name for name, _ in attrs} <= ATTRIBUTES, (tag, attrs)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "h2":
            self.title = ""
        elif tag == "table":
            self.rows = self.tables.setdefault(self.title, [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if self.open and self.open[-1] == "h2":
            self.title += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def read_html(server):
    response = get(server, "?format=html")
    policy = response.one("Content-Security-Policy")
    assert response.status == 200 and "default-src 'none'" in policy and "script-src" not in policy, response
    reader = Reader(response.body.decode("utf-8"))
    assert reader.links == ["?format=json", "?format=prometheus"]
    return reader


def test_people_read_what_is_in_force(still):
    """A45: documents, sites and figures in tables, without scripts, styles or pictures of elsewhere."""
    reader = read_html(still)
    assert reader.text.count("All documents are in force.") == 1
    shown = {row[0].split("/tree/")[1]: row[1:] for row in reader.tables["Documents"][1:]}
    assert set(shown) == {SHOP, f"sites/One/{SHOP}"}
    assert shown[f"sites/One/{SHOP}"][0] == "in force" and shown[f"sites/One/{SHOP}"][2:4] == ["1", "2"]
    assert reader.tables["Sites"][1:] == [["One", "shop "]]
    figures = dict(reader.tables["Figures"][1:])
    assert figures["Origins, each counted once in a document."] == "3"
    assert page(still)["digest"] in reader.text and page(still)["version"] in reader.text


HOSTILE = ['<script>alert(1)</script>', 'a"b\'c&lt;', "\u202etxt.evil", "caf\u00e9", "tab\there", "\\x", "{x}"]


def test_what_others_wrote_is_text(front):
    """A45: names of folders and texts of errors act on nobody: not on a browser, a terminal or a parser."""
    files = {f"tree/sites/{name.replace('/', '_')}/{SHOP}": document("https://a.example") for name in HOSTILE}
    server = front(files=files)
    server.expect_log("OCORS0001")
    server.expect_log("OCORS0002")
    server.write(f"tree/sites/One/{SHOP}", '{"clients": "<img src=x onerror=alert(1)>\\u202e"}')
    httpd.wait_until(lambda: page(server)["unusable_documents"] == 1, "the bad document")
    reader = read_html(server)
    names = [row[0] for row in reader.tables["Sites"][1:]]
    assert set(names) == {"One", '<script>alert(1)<_script>', 'a"b\'c&lt;', "<U+202E>txt.evil", "caf\u00e9",
                          "tab<U+0009>here", "\\x", "{x}"}
    assert sorted(d["path"].split("/sites/")[1].split("/")[0] for d in page(server)["documents"]
                  if "/sites/" in d["path"]) == sorted(["One", *(n.replace("/", "_") for n in HOSTILE)])
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae", get(server, "?format=json").body)
    found = metrics.parse(get(server, "?format=prometheus").body.decode("utf-8"))
    paths = [dict(labels)["path"] for labels in found["ocapi_cors_document_ok"].samples]
    assert len(paths) == len(set(paths)) == len(HOSTILE) + 2


# ---- What it says of documents ---------------------------------------------------------------


def test_since_when_a_document_is_in_force(front):
    """A46: an unchanged document keeps its time over changes of others and over restarts."""
    began = time.time()
    server = front()
    one, everywhere = f"sites/One/{SHOP}", SHOP
    first = documents(server)
    for name, text in ((one, FILES[f"tree/sites/One/{SHOP}"]), (everywhere, FILES[f"tree/{SHOP}"])):
        assert first[name]["ok"] is True and began <= first[name]["since"] <= time.time()
        assert first[name]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert first[name]["clients"] == 1 and "error" not in first[name]
    assert [first[one]["origins"], first[everywhere]["origins"]] == [2, 1]
    server.write(f"tree/{one}", document("https://new.example"))
    httpd.wait_until(lambda: documents(server)[one]["origins"] == 1, "the new document")
    second = documents(server)
    assert second[one]["since"] > first[one]["since"] and second[everywhere] == first[everywhere]
    server.restart()
    assert documents(server) == second


def test_a_bad_document(front):
    """A46: the first error, as the log has it, and since when; what was in force is not said to be the document's."""
    server = front()
    one = f"sites/One/{SHOP}"
    before = documents(server)
    server.expect_log("OCORS0002: .*sites/One")
    server.expect_log(r"OCORS0001: .*sites/One.*: error: ")
    server.write(f"tree/{one}", BAD)
    httpd.wait_until(lambda: not documents(server)[one]["ok"], "the bad document")
    bad = documents(server)[one]
    logged = re.search(r"OCORS0001: (.*)", server.log_text())[1]
    assert bad["error"] == logged and ":1:55: error: " in logged
    assert bad["since"] > before[one]["since"] and not {"sha256", "clients", "origins"} & set(bad)
    assert page(server)["documents"][0] == bad  # those that cannot be used come first
    reader = read_html(server)
    assert "1 document cannot be used" in reader.text
    assert reader.tables["Documents"][1][1] == "cannot be used" + logged
    found = metrics.parse(get(server, "?format=prometheus").body.decode("utf-8"))
    by_path = {dict(labels)["path"]: number for labels, number in found["ocapi_cors_document_ok"].samples.items()}
    assert {path.split("/tree/")[1]: number for path, number in by_path.items()} == {SHOP: 1, one: 0}
    since = found["ocapi_cors_document_since_seconds"].samples
    assert since[(("path", bad["path"]),)] == pytest.approx(bad["since"], abs=1e-3)
    server.restart()
    assert documents(server)[one] == bad
    server.write(f"tree/{one}", FILES[f"tree/{one}"])
    httpd.wait_until(lambda: documents(server)[one]["ok"], "the good document")
    good = documents(server)[one]
    assert good["since"] > bad["since"] and good["sha256"] == before[one]["sha256"]


def test_an_error_that_stays_is_not_a_new_one(front):
    """A46: a file that cannot be read is tried again and again; the time is that of the first error."""
    server = front()
    one = f"sites/One/{SHOP}"
    server.expect_log("OCORS000[12]")
    (server.root / "tree" / one).unlink()
    (server.root / "tree" / one).symlink_to("nowhere")
    httpd.wait_until(lambda: not documents(server)[one]["ok"], "the missing document")
    first = documents(server)[one]
    server.write(f"tree/{SHOP}", document("https://other.example"))
    httpd.wait_until(lambda: documents(server)[SHOP]["since"] > first["since"], "another publication")
    assert documents(server)[one] == first


AGES = [(-DAY, "0 s"), (100, r"1\d\d s"), (600, "10 min"), (7000, r"11[67] min"), (7300, "2 h"), (2 * DAY - 900, "47 h"),
        (2 * DAY + 60, "2 days"), (400 * DAY, "400 days")]


def test_an_age_has_the_unit_that_people_count_in():
    """A46: seconds up to two minutes, minutes up to two hours, hours up to two days; a clock that was set back gives 0."""
    server = httpd.Httpd(CONFIG.replace("100ms", "Off"), files=FILES)
    System(server, clock="clock")
    with server:
        for ahead, age in AGES:
            server.write("clock", f"{ahead}\n")
            reader = read_html(server)
            shown = [row[2] for row in reader.tables["Documents"][1:]] + re.findall(r"In force since (.*?)\. Digest", reader.text)
            assert len(shown) == 3 and all(re.search(rf" UTC \({age} ago\)$", text) for text in shown), (ahead, shown)


def test_many_bad_documents(front):
    """A47: the page has the first errors of 32 documents; the log has them all."""
    server = front(files={f"tree/sites/S{n:02}/{SHOP}": document("https://a.example") for n in range(40)})
    size = page(server)["bytes"]
    server.expect_log("OCORS000[12]")
    for n in range(40):
        server.write(f"tree/sites/S{n:02}/{SHOP}", BAD)
    httpd.wait_until(lambda: page(server)["unusable_documents"] == 40, "all are bad")
    errors = [d["error"] for d in page(server)["documents"] if not d["ok"]]
    assert (len(errors), sum(map(bool, errors))) == (40, 32)
    assert read_html(server).text.count("The error log says why") == 8
    assert page(server)["bytes"] == size


def test_a_changed_document_that_does_not_fit(front):
    """A18: the page for people does not say that it is in force."""
    name = f"tree/sites/One/{SHOP}"
    server = front(CONFIG + "OcapiCorsCacheSize 128K\n")
    server.expect_log("OCORS0016: .*/One/.*: the changed document does not fit")
    server.write(name, document("https://one.example", *(f"https://{n}.example" for n in range(4000))))
    server.wait_log("OCORS0016")
    server.wait_publication(2)
    reader = read_html(server)
    states = {row[0].split("/tree/")[1]: row[1] for row in reader.tables["Documents"][1:]}
    assert states == {SHOP: "in force", name.removeprefix("tree/"): "the version before is in force, as the changed file "
                      "does not fit into the shared memory (OCORS0016)"}
    assert "1 changed document does not fit into the shared memory" in reader.text
    assert "All documents are in force." not in reader.text
    shown = documents(server)[name.removeprefix("tree/")]
    assert (shown["ok"], shown["origins"], page(server)["unusable_documents"]) == (True, 2, 0)
    server.write(name, document("https://one.example"))
    server.wait_publication(3)
    assert "All documents are in force." in read_html(server).text


def test_a_new_document_that_does_not_fit(front):
    """A28, A46: nothing is in force of it, which the log says, and the page has why."""
    name = f"tree/sites/New/{SHOP}"
    server = front(CONFIG + "OcapiCorsCacheSize 128K\n")
    server.expect_log(r"OCORS0016: .*/New/.*: the new document does not fit into an area of \d+ bytes; its policies allow nothing "
                      "until `apachectl graceful`, or a larger OcapiCorsCacheSize$")
    server.expect_log("OCORS0003: .*/New/")
    server.write(name, document("https://new.example", *(f"https://{n}.example" for n in range(4000))))
    httpd.wait_until(lambda: page(server)["unusable_documents"] == 1, "the new document")
    assert "this document does not fit: the policies need" in documents(server)[name.removeprefix("tree/")]["error"]
    shutil.rmtree(server.root / "tree/sites/New")
    httpd.wait_until(lambda: page(server)["unusable_documents"] == 0, "the site is gone")


def test_more_documents_than_are_shown(front):
    """A47: 1,000 documents and sites; the figures count the others, and what cannot be used is among those shown."""
    server = front(files={f"tree/sites/S{n:04}/{SHOP}": document(f"https://s{n}.example") for n in range(1100)})
    server.expect_log("OCORS000[12]")
    server.write(f"tree/sites/S1099/{SHOP}", BAD)
    httpd.wait_until(lambda: page(server)["unusable_documents"] == 1, "the bad document")
    shown = page(server)
    assert (len(shown["documents"]), shown["document_count"], shown["documents"][0]["ok"]) == (1000, 1102, False)
    reader = read_html(server)
    assert (len(reader.tables["Documents"]), len(reader.tables["Sites"])) == (1001, 1001)
    assert "102 more are not shown." in reader.text and "101 more are not shown." in reader.text
    found = metrics.parse(get(server, "?format=prometheus").body.decode("utf-8"))
    assert len(found["ocapi_cors_document_ok"].samples) == 1000
    shutil.rmtree(server.root / "tree" / "sites" / "S0000")


def test_each_key_and_each_metric_is_documented(still):
    """A47: docs/status.md has every key of JSON and every metric, with its labels."""
    text = (httpd.REPOSITORY / "docs/status.md").read_text()
    named = set(re.findall(r"`(\w+)(?:\[\])?`", text))
    shown = page(still)
    assert set(shown) <= named and set(shown["documents"][0]) <= named
    found = metrics.parse(get(still, "?format=prometheus").body.decode("utf-8"))
    described = dict(re.findall(r"`(ocapi_cors_\w+)(?:\{([\w,]+)\})?`", text))
    for name, metric in found.items():
        assert name in described, name
        for labels in metric.samples:
            assert ",".join(label for label, _ in labels) == described[name], name


# ---- Beside mod_status -----------------------------------------------------------------------


def test_the_page_of_mod_status_has_a_block(front):
    """A48: the digest and the documents that cannot be used; `?auto` has them for programs."""
    server = front(modules=["status"])
    digest = page(server)["digest"]
    shown = get(server, path="/server-status").body.decode()
    assert shown.count("Cross-origin policy (mod_ocapi_cors") == 1 and digest in shown
    assert shown.rstrip().endswith("</body></html>")
    auto = get(server, "?auto", path="/server-status").body.decode().splitlines()
    assert [line for line in auto if line.startswith("OcapiCors")] == [
        f"OcapiCorsDigest: {digest}", "OcapiCorsUnusableDocuments: 0"]


# ---- Whom On would lock out ------------------------------------------------------------------


MODES = """
<VirtualHost *:${PORT}>
    OcapiCorsSettings d.json
    <Location "/on">
        OcapiCors On
    </Location>
    <Location "/report">
        OcapiCors ReportOnly
    </Location>
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""


def test_nobody_can_push_an_origin_of_report_only_out_of_sight(front):
    """A47: each mode has its own 50 origins, and says how many more there are."""
    server = front(MODES, {"d.json": document("https://a.example"), "htdocs/x": "x"})
    for _ in range(3):
        ask(server, "GET", "/report/x", ("Origin", "https://partner.example"))
    for number in range(60):
        for _ in range(4):
            ask(server, "HEAD", "/on/x", ("Origin", f"https://noise{number}.example"))
    shown = page(server)
    assert [o["origin"] for o in shown["refused_origins"] if o["mode"] == "report"] == ["https://partner.example"]
    assert (len(shown["refused_origins"]), shown["refused_origins_left_out"]) == (51, 10)
    reader = read_html(server)
    assert [row[0] for row in reader.tables["Whom OcapiCors On would lock out"][1:]] == ["https://partner.example"]
    assert len(reader.tables["Origins that got no grant, most frequent first"]) == 51
    assert "10 more are not shown." in reader.text
