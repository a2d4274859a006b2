# SPDX-License-Identifier: Apache-2.0
"""A18: the figures of the status page, as JSON and for Prometheus, behind whatever guards its section."""

import hashlib
import json
import re
import time

import pytest

import httpd
import metrics as prometheus
import wire
from cors import ALLOWED, OTHER, PREFLIGHT, UNKNOWN, ask, check, check_preflight, check_refused, granted

CONFIG = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
    <Location "/guarded">
        SetHandler ocapi-cors-status
        Require all denied
    </Location>
    <Location "/a">
        OcapiCors On
        OcapiCorsSettings g.json a.json
    </Location>
    <Location "/b">
        OcapiCors On
        OcapiCorsSettings g.json b.json
    </Location>
    <Location "/policed">
        OcapiCors On
        OcapiCorsSettings g.json b.json
        SetHandler ocapi-cors-status
    </Location>
    <Location "/reported">
        OcapiCors ReportOnly
        OcapiCorsSettings g.json b.json
        SetHandler ocapi-cors-status
    </Location>
    ProxyPass "/proxied/status" "!"
    ProxyPass "/proxied" "${BACKEND}"
    <Location "/proxied">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""

# Each figure: its name in JSON, and the metric of Prometheus.
METRICS = {
    "generation": "ocapi_cors_generation",
    "document_count": "ocapi_cors_documents",
    "unusable_documents": "ocapi_cors_unusable_documents",
    "sites": "ocapi_cors_sites",
    "policies": "ocapi_cors_policies",
    "clients": "ocapi_cors_clients",
    "origins": "ocapi_cors_origins",
    "bytes": "ocapi_cors_bytes",
    "cache_size": "ocapi_cors_cache_bytes",
    "published": "ocapi_cors_published_timestamp_seconds",
    "duration_seconds": "ocapi_cors_load_duration_seconds",
}
LOGGED = re.compile(r"OCORS0007: generation (\d+) \([a-z ]+\): (\d+) documents, (\d+) clients, (\d+) origins"
                    r", (\d+) sites, digest ([0-9a-f]{64}); (\d+) of (\d+) bytes, in (\d+) ms")
LISTS = ["documents", "counted", "requests", "refused_origins", "refused_origins_left_out"]


def document(**clients):
    """A document of these clients: the id and the origins of each."""
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": name, "allowed_origins": [o[1] for o in origins]}
        for name, origins in clients.items()]})


G, A, B = document(g=[]), document(a=[ALLOWED, OTHER]), document(b=[ALLOWED], c=[OTHER])
FILES = {"g.json": G, "a.json": A, "b.json": B, "htdocs/plain.txt": "plain\n"}


def digest_of(*lists):
    """The digest of lists of documents, as docs/fleet.md says how it is made."""
    return hashlib.sha256(b"".join(
        b"\npolicy:" + b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
        for texts in lists)).hexdigest()


def no_duplicates(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def status(server, path="/status"):
    """The page's JSON, whole: every figure, no other, each a number."""
    response = ask(server, "GET", path, None)
    assert response.status == 200, response
    assert response.all("Content-Type") == ["application/json"], response
    assert response.all("Cache-Control") == ["no-store"], response
    assert response.all("X-Content-Type-Options") == ["nosniff"], response
    assert "Accept" in response.tokens("Vary"), response
    page = json.loads(response.body, object_pairs_hook=no_duplicates)
    assert list(page) == ["version", "server", "digest", *METRICS, *LISTS]
    assert re.fullmatch(r"[0-9a-f]{64}", page["digest"]), page
    assert all(type(page[name]) is int and page[name] >= 0 for name in METRICS if name != "duration_seconds"), page
    assert type(page["duration_seconds"]) is float and page["duration_seconds"] >= 0
    return page


def await_status(server, **figures):
    """Waits for a page that says so, and returns it."""
    def page_that_says_so():
        page = status(server)
        return page if figures.items() <= page.items() else None
    return httpd.wait_until(page_that_says_so, f"the status page says {figures}")


def metrics(server, path="/status"):
    """The page for Prometheus: {metric: Metric} (metrics.py)."""
    response = ask(server, "GET", path + "?format=prometheus", None)
    assert response.status == 200, response
    assert response.all("Content-Type") == ["text/plain; version=0.0.4; charset=utf-8"], response
    assert response.all("Cache-Control") == ["no-store"], response
    return prometheus.parse(response.body.decode("utf-8"))


def value(found, metric):
    """The one sample of a metric without labels."""
    (labels, number), = found[metric].samples.items()
    assert labels == (), labels
    return number


def digest_label(found):
    ((name, digest),), = found["ocapi_cors_info"].samples
    assert name == "digest"
    return digest


def logged(server, generation):
    """What the log says of a generation: (documents, clients, origins, sites, digest, bytes, of, ms)."""
    line = server.wait_log(rf"OCORS0007: generation {generation} ")
    fields = LOGGED.search(line.text).groups()[1:]
    return tuple(f if len(f) == 64 else int(f) for f in fields)


@pytest.fixture
def front(start_httpd, backend):
    def start(config=CONFIG, files=None, **keywords):
        return start_httpd(config, files={**FILES, **(files or {})}, defines={"BACKEND": backend.url},
                           **keywords)
    return start


@pytest.fixture(scope="module")
def still(module_start_httpd, module_backend):
    """A server whose documents no test changes."""
    return module_start_httpd(CONFIG, files=FILES, defines={"BACKEND": module_backend.url})


# ---- What it says ----------------------------------------------------------------------------


def test_the_figures_of_documents(front):
    """A18: what is in force, right: a document that two lists share counts once."""
    before = int(time.time())
    server = front()
    page = status(server)
    expected = {"digest": digest_of((G, A), (G, B)), "generation": 1, "document_count": 3, "unusable_documents": 0,
                "sites": 0, "policies": 2, "clients": 4, "origins": 4}
    assert expected.items() <= page.items()
    assert before <= page["published"] <= int(time.time())
    assert (page["document_count"], page["clients"], page["origins"], page["sites"], page["digest"], page["bytes"],
            page["cache_size"], int(page["duration_seconds"] * 1000)) == logged(server, 1)
    assert 0 < page["bytes"] < page["cache_size"]


TREE = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree tree
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""
SHOP, DATA = "ocapi-settings/wapi_shop_config.json", "ocapi-settings/wapi_data_config.json"


def tree_digest(sites):
    """That of one tree: {name: (shop documents, data documents)}, in byte order of names."""
    text = b"\ntree:"
    for name, lists in sorted(sites.items()):
        text += b"\nsite:" + name.encode()
        for texts in lists:
            text += b"\npolicy:" + b"".join(hashlib.sha256(t.encode()).digest() for t in texts)
    return hashlib.sha256(text).hexdigest()


def test_the_figures_of_a_tree(front):
    """DESIGN 6, C5: the organisation is a site among sites; one that comes, and one that goes, count."""
    server = front(TREE, {f"tree/{SHOP}": G, f"tree/{DATA}": A, f"tree/sites/One/{SHOP}": B})
    server.expect_log("OCORS0026: .*/tree/ocapi-settings/")  # G alone allows nothing
    sites = {"": ((G,), (A,)), "One": ((G, B), (A,))}
    page = status(server)
    assert {"digest": tree_digest(sites), "generation": 1, "document_count": 3, "unusable_documents": 0,
            "sites": 2, "policies": 4, "clients": 4, "origins": 4}.items() <= page.items()
    server.write(f"tree/sites/Eno/{DATA}", B)
    sites["Eno"] = ((G,), (A, B))
    page = await_status(server, generation=2)
    assert {"digest": tree_digest(sites), "document_count": 4, "unusable_documents": 0, "sites": 3, "policies": 6,
            "clients": 6, "origins": 6}.items() <= page.items()
    (server.root / "tree/sites/One").rename(server.root / "tree/gone")
    del sites["One"]
    page = await_status(server, generation=3)
    assert {"digest": tree_digest(sites), "document_count": 3, "unusable_documents": 0, "sites": 2, "policies": 4,
            "clients": 4, "origins": 4}.items() <= page.items()


def test_a_folder_of_a_tree_that_cannot_be_used_is_counted(front):
    """Section 3 "what cannot be used": as a document, with its path, its error and its time; and no longer when it went."""
    server = front(TREE, {f"tree/{SHOP}": A, f"tree/sites/One/{SHOP}": B})
    server.expect_log("OCORS0001: .*sites/Two: this site leads nowhere")
    before = status(server)
    (server.root / "tree/sites/Two").symlink_to("nowhere")
    page = await_status(server, unusable_documents=1, document_count=3)
    [found] = [entry for entry in page["documents"] if not entry["ok"]]
    assert found["path"] == str(server.root / "tree/sites/Two") and found["since"] > before["published"]
    assert found["error"].startswith(f"{found['path']}: this site leads nowhere, is not a folder, or cannot be read")
    server.restart()
    assert [entry for entry in status(server)["documents"] if not entry["ok"]] == [found]
    (server.root / "tree/sites/Two").unlink()
    page = await_status(server, unusable_documents=0, document_count=2)
    assert page["digest"] == before["digest"]


def test_nothing_is_asked_for(front):
    """The page answers where no section names a document: all is zero, and the digest that of nothing."""
    server = front("""<Location "/status">\nSetHandler ocapi-cors-status\n</Location>""")
    page = status(server)
    assert page["digest"] == hashlib.sha256(b"").hexdigest() and page["generation"] == 1
    assert not any(page[name] for name in ("document_count", "unusable_documents", "sites", "policies", "clients",
                                           "origins"))


def test_it_follows_a_timed_reload(front):
    """DESIGN 4: the page shows what the next decision goes by; each timed reload counts one up."""
    server = front()
    for generation in range(2, 5):
        text = document(a=[ALLOWED] if generation % 2 == 0 else [ALLOWED, OTHER])
        server.write("a.json", text)
        page = await_status(server, generation=generation)
        assert page["digest"] == digest_of((G, text), (G, B))
        assert page["origins"] == 4 - (generation % 2 == 0)
        check(ask(server, "GET", "/a", OTHER), 404, granted(OTHER) if generation % 2 else set())


def test_it_is_of_one_generation(front):
    """A33: figures and digest are taken at once, whatever is published meanwhile."""
    server = front()
    whole = {digest_of((G, A), (G, B)): 4}
    for number in range(2, 7):
        text = document(a=[("", f"https://shop{n}.example") for n in range(number * number)])
        whole[digest_of((G, text), (G, B))] = 2 + number * number
        server.write("a.json", text)

        def is_there():
            page = status(server)
            found = metrics(server)
            assert whole[page["digest"]] == page["origins"], page
            assert whole[digest_label(found)] == value(found, "ocapi_cors_origins"), found
            return page["generation"] == number
        httpd.wait_until(is_there, f"generation {number}")


def test_it_goes_on_after_a_restart(front):
    """A36: a restart that changes nothing is not a new generation; the next change counts on."""
    server = front()
    first = status(server)
    server.restart()
    server.wait_publication(2, "restart")
    page = status(server)
    assert page["generation"] == 1 and page["digest"] == first["digest"] and page["published"] == first["published"]
    server.expect_log("OCORS0026")
    server.write("a.json", G)
    assert await_status(server, generation=2)["digest"] == digest_of((G, G), (G, B))


@pytest.mark.parametrize("kind", ["bad", "gone"])
def test_it_counts_documents_that_cannot_be_used(front, kind):
    """Section 3 "a document that cannot be used": counted as long as it is so, over a restart too."""
    server = front()
    digest = status(server)["digest"]
    server.expect_log("OCORS0001: .*a.json")
    server.expect_log("OCORS0002: .*a.json")
    if kind == "bad":
        server.write("a.json", A[:-1])
    else:
        (server.root / "a.json").unlink()
    page = await_status(server, unusable_documents=1)
    assert (page["document_count"], page["generation"], page["digest"]) == (3, 1, digest)  # field case 3.3
    assert value(metrics(server), "ocapi_cors_unusable_documents") == 1
    server.restart()
    page = status(server)
    assert (page["generation"], page["unusable_documents"], page["digest"]) == (1, 1, digest)
    server.write("a.json", A)
    page = await_status(server, unusable_documents=0)
    assert (page["document_count"], page["generation"], page["digest"]) == (3, 1, digest)


def test_it_counts_what_is_in_force(front):
    """snapshot.h: clients and origins "of all images that layers show": not those of a document that waits for
    its neighbour to be fixed."""
    server = front(CONFIG.replace("g.json b.json", "b.json"), {"g.json": document(g=[ALLOWED])})
    first = status(server)
    assert (first["clients"], first["origins"]) == (4, 5)
    server.expect_log("OCORS0001: .*a.json")
    server.expect_log("OCORS0002: .*a.json")
    server.write("a.json", "{")
    page = await_status(server, generation=1, unusable_documents=1)
    assert (page["clients"], page["origins"]) == (4, 5)
    server.write("g.json", document(g=[ALLOWED, OTHER], h=[UNKNOWN]))
    server.wait_publication(3)
    page = status(server)
    assert page["digest"] == first["digest"] and page["unusable_documents"] == 1  # g.json waits
    check(ask(server, "GET", "/a?client_id=h", UNKNOWN), 404, set())
    assert (page["clients"], page["origins"]) == (4, 5)


# ---- In which form ---------------------------------------------------------------------------


def test_prometheus_says_the_same(still):
    """A18: the same figures in Prometheus' text format, the digest as a label of a constant 1."""
    page, found = status(still), metrics(still)
    assert digest_label(found) == page["digest"]
    for name, metric in METRICS.items():
        assert value(found, metric) == page[name], name
        assert found[metric].kind == "gauge"
    (labels, number), = found["ocapi_cors_build_info"].samples.items()
    assert (dict(labels), number) == ({"version": page["version"], "server": page["server"]}, 1)


@pytest.mark.parametrize("target", ["/status", "/status?format=prometheus", "/status?format=html"])
def test_head(still, target):
    """HEAD: the head of GET's response and not a byte after it."""
    with still.connection() as connection:
        connection.send(wire.build("HEAD", target, close=False))
        head = connection.read("HEAD")
        connection.send(wire.build("GET", target))
        get = connection.read("GET")
    assert (head.status, get.status) == (200, 200) and get.body
    for name in ("Content-Type", "Cache-Control"):
        assert head.all(name) == get.all(name) and head.one(name), head


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "MADEUP"])
def test_other_methods(still, method):
    """The page is read only: 405, and nothing of it comes along."""
    response = ask(still, method, "/status", None, body=b"x=1")
    assert response.status == 405, response
    assert status(still)["digest"].encode() not in response.body


def test_a_405_names_the_methods(still):
    """RFC 9110, 15.5.6: "must generate an Allow header field ... containing a list of the target resource's
    currently supported methods"."""
    response = ask(still, "POST", "/status", None)
    assert response.status == 405, response
    assert {"GET", "HEAD"} <= set(response.tokens("Allow")) <= {"GET", "HEAD", "OPTIONS", "TRACE"}, response


def test_options(still):
    """RFC 9110, 10.2.1: Allow lists "the set of methods advertised as supported"; each of them is."""
    response = ask(still, "OPTIONS", "/status", None)
    assert (response.status, response.body) == (200, b""), response
    allowed = set(response.tokens("Allow"))
    assert {"GET", "HEAD", "OPTIONS"} <= allowed, response
    assert [m for m in allowed if ask(still, m, "/status", None).status == 405] == []


# ---- Behind what -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("query", ["", "?format=prometheus"])
def test_access_control_is_httpds(still, method, query):
    """DESIGN 3: a handler like any other's: `Require all denied` shuts it, and nothing leaks."""
    still.expect_log("AH01630: client denied by server configuration")
    response = ask(still, method, "/guarded" + query, None)
    assert response.status == 403, response
    assert b"digest" not in response.body and b"generation" not in response.body
    assert status(still)["document_count"] == 3  # the same, where nothing guards it


def test_a_section_without_the_handler(still):
    """DESIGN 3: what no SetHandler names is not the page."""
    for target in ("/plain.txt", "/plain.txt?format=prometheus"):
        response = ask(still, "GET", target, None)
        assert (response.status, response.body) == (200, b"plain\n"), response
        assert response.all("Cache-Control") == [] == response.all("Vary"), response
    assert ask(still, "GET", "/ocapi-cors-status", None).status == 404


def test_a_proxied_path_has_to_be_left_out(still, backend):
    """docs/fleet.md: mod_proxy takes a path first; `ProxyPass ... "!"` leaves it to the page."""
    assert ask(still, "GET", "/proxied/other", None).body == b"{}"
    assert [r.path for r in backend.requests] == ["/other"]
    assert status(still, "/proxied/status")["document_count"] == 3
    assert len(backend.requests) == 1


def test_the_policy_holds_for_the_page(still):
    """R1 to R5, P1, P2: a status page under `OcapiCors On` is judged as anything else."""
    path, vary = "/policed", ("Accept", "Origin")
    check(ask(still, "GET", path, None), 200, set(), vary)
    check(ask(still, "GET", path, ALLOWED), 200, granted(ALLOWED), vary)
    check(ask(still, "GET", path, UNKNOWN), 200, set(), vary)
    check(ask(still, "GET", path + "?format=prometheus", ALLOWED), 200, granted(ALLOWED), vary)
    check(ask(still, "POST", path, ALLOWED), 405, granted(ALLOWED))
    check_refused(ask(still, "POST", path, UNKNOWN))
    check_preflight(ask(still, "OPTIONS", path, ALLOWED, PREFLIGHT), True)
    check_preflight(ask(still, "OPTIONS", path, UNKNOWN, PREFLIGHT), False)
    check(ask(still, "OPTIONS", path, ALLOWED), 200, granted(ALLOWED))
    assert status(still, path)["digest"] == status(still)["digest"]


def test_where_the_policy_is_off_or_reports(still):
    """Section 3: there, the page says nothing about origins and refuses nobody."""
    for path in ("/status", "/reported"):
        for origin in (ALLOWED, UNKNOWN):
            check(ask(still, "GET", path, origin), 200, set(), vary=("Accept",))
            check(ask(still, "POST", path, origin), 405, set(), vary=())


# ---- Alerts and dashboard --------------------------------------------------------------------

MONITORING = httpd.REPOSITORY / "examples/monitoring"
OF_PROMETHEUS = {"job", "instance"}


def unserved(text, served):
    """What a text asks for, and the page does not have."""
    names = set(re.findall(r'\(\w+, "([a-z-]+)"\)', (httpd.REPOSITORY / "include/ocors_verdict.h").read_text()))
    values = {"verdict": names, "reason": names, "mode": {"on", "report"}}
    all_labels = OF_PROMETHEUS.union(*served.values())
    asked, shown = prometheus.queries(text)
    missing = sorted(shown - all_labels)
    for metric, matchers in asked.items():
        missing += [metric] if metric not in served else []
        for label, given in matchers.items():
            missing += [f"{metric}{{{label}}}"] if label not in served.get(metric, set()) | OF_PROMETHEUS else []
            missing += sorted(given - values.get(label, given))
    return missing, set(asked)


@pytest.fixture(scope="module")
def served(still):
    """{metric: {label}} of a page that has counted a refusal."""
    check_refused(ask(still, "POST", "/a", UNKNOWN))
    return {name: {label for labels in metric.samples for label, _ in labels} for name, metric in metrics(still).items()}


def test_alerts_and_dashboard_ask_for_what_is_served(served):
    """A18, A40: the files for Prometheus and Grafana; and no metric is asked for by nobody."""
    asked = set()
    for name in ("ocapi-cors.rules.yml", "ocapi-cors.rules.test.yml", "ocapi-cors.dashboard.json"):
        missing, metrics_asked = unserved((MONITORING / name).read_text(), served)
        assert missing == [], name
        asked |= metrics_asked
    assert asked == set(served)


@pytest.mark.parametrize("text, missing", [
    ("ocapi_cors_documents_bad > 0", ["ocapi_cors_documents_bad"]),
    ('rate(ocapi_cors_requests_total{mode="on", host="x"}[5m])', ["ocapi_cors_requests_total{host}"]),
    ('ocapi_cors_requests_total{verdict=~"refuse|refused"}', ["refused"]),
    ('sum by (job, sites) (ocapi_cors_info{job=\\"$job\\"})', ["sites"]), ("{{ $labels.origin }}", ["origin"]),
    ('sum by (site) (rate(ocapi_cors_requests_total{reason!="null"}[5m])) / job_site:ocapi_cors_x:rate5m', [])])
def test_what_is_not_served_is_noticed(served, text, missing):
    assert unserved(text, served)[0] == missing
