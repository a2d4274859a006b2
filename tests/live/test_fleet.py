# SPDX-License-Identifier: Apache-2.0
"""A fleet: several httpds behind a balancer, each with its own copy of the documents, to which a new version
is carried one after the other (A26, A33, A34; docs/fleet.md)."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

import httpd
import processes
from cors import ALLOWED as SHARED
from cors import OTHER, PREFLIGHT, ask, check_preflight, check_refused

GUIDE = (httpd.REPOSITORY / "docs" / "fleet.md").read_text()
NAMES = ("one", "two", "three")
OLD, NEW = ("Origin", "http://old.example"), ("Origin", "http://new.example")

# On every machine. Documents are two, so that half a version can be told from a whole one.
MACHINE = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    <Location "/x">
        OcapiCors On
        OcapiCorsSettings map/a.json map/b.json
    </Location>
    ProxyPass "/x" "${BACKEND}/x"
</VirtualHost>
<VirtualHost *:${PORT2}>
    <Location "/ocapi-cors-status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""

# In front of them, without the module.
BALANCER = """
<Proxy "balancer://fleet">
    BalancerMember "http://127.0.0.1:${ONE}" route=one disablereuse=on
    BalancerMember "http://127.0.0.1:${TWO}" route=two disablereuse=on
    BalancerMember "http://127.0.0.1:${THREE}" route=three disablereuse=on
    ProxySet lbmethod=byrequests
</Proxy>
<VirtualHost *:${PORT}>
    ProxyPass "/" "balancer://fleet/"
    Header always set X-Machine "%{BALANCER_WORKER_ROUTE}e"
</VirtualHost>
"""


def version(origin, name, methods):
    """The two documents of a version. What a response says of `origin`, X-Policy and methods comes from both:
    client a's is the first, b's the second."""
    return {f"{letter}.json": json.dumps({"_v": "19.1", "clients": [
        {"client_id": letter, "allowed_origins": [SHARED[1], origin[1]],
         "response_headers": {"x-policy": f"{name}-{letter}"},
         "resources": [{"resource_id": "/", "methods": [method], "read_attributes": "(**)"}]}]})
        for letter, method in zip("ab", methods)}


FIRST, SECOND = version(OLD, "first", ("get", "post")), version(NEW, "second", ("put", "delete"))
HALF = {**SECOND, "b.json": SECOND["b.json"][:-7]}  # what a transfer leaves that broke off

# What a machine answers that has this version, by `outcome`.
WHOLE = {"first": (True, False, "first-a", "first-b", ("GET", "HEAD", "POST")),
         "second": (False, True, "second-a", "second-b", ("PUT", "DELETE"))}


def digest_of(files):
    """docs/fleet.md: how the digest is made."""
    return hashlib.sha256(b"\npolicy:" + b"".join(
        hashlib.sha256(files[n].encode()).digest() for n in sorted(files))).hexdigest()


class Machine:
    """One httpd and its copy of the documents, as a kubelet keeps it: files are links to ..data/, which is a
    link to the folder of a version; the folder before is removed."""

    counter = itertools.count(1)

    def __init__(self, name, backend, files, config=MACHINE):
        self.name = name
        self.httpd = httpd.Httpd(config, defines={"BACKEND": backend.url}, ports=2)
        self.map = self.httpd.root / "map"
        self.carry(files)
        for name in {Path(path).parts[0] for path in files}:
            (self.map / name).symlink_to(f"..data/{name}")

    def carry(self, files):
        data = self.map / "..data"
        before = os.readlink(data) if data.is_symlink() else None
        folder = f"..{next(Machine.counter):06}"
        for path, text in files.items():
            file = self.map / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (self.map / "..data_tmp").symlink_to(folder)
        (self.map / "..data_tmp").rename(data)
        if before is not None:
            shutil.rmtree(self.map / before)

    @property
    def status_address(self):
        return f"127.0.0.1:{self.httpd.port_number(2)}"

    def page(self, query=""):
        response = self.httpd.request("GET", "/ocapi-cors-status" + query, port=self.httpd.port_number(2))
        assert response.status == 200, response
        return response.body.decode()

    def status(self):
        return json.loads(self.page())

    def metric(self, name):
        """The label and the value of a metric, as Prometheus reads them."""
        sample = re.compile(rf'^{name}(?:\{{digest="(\w+)"\}})? (\d+)$', re.M)
        return sample.search(self.page("?format=prometheus")).groups()

    def digest(self):
        """The digest, which both forms of the page and the log agree on."""
        status = self.status()
        assert self.metric("ocapi_cors_info") == (status["digest"], "1")
        said = re.compile(rf"OCORS0007: generation {status['generation']} .* digest {status['digest']};")
        httpd.wait_until(lambda: said.search(self.httpd.log_text()), "the log says it, too")
        return status["digest"]

    def await_digest(self, wanted):
        httpd.wait_until(lambda: self.status()["digest"] == wanted, f"{self.name} has {wanted}")

    def await_unusable(self, count):
        """Waits until so many documents cannot be used; what is in force is unchanged, and so is its generation."""
        generation = self.status()["generation"]
        httpd.wait_until(lambda: self.status()["unusable_documents"] == count, f"{self.name} has {count} of them")
        assert self.status()["generation"] == generation

    def await_generation(self, number):
        httpd.wait_until(lambda: self.status()["generation"] == number,
                         f"{self.name} has generation {number}")


class Fleet:
    def __init__(self, machines, balancer):
        self.machines = machines
        self.balancer = balancer

    def __getitem__(self, name):
        return next(m for m in self.machines if m.name == name)

    def digests(self):
        return {m.name: m.digest() for m in self.machines}

    def count_by_digest(self):
        """PromQL: count by (digest) (ocapi_cors_info)."""
        return Counter(m.metric("ocapi_cors_info")[0] for m in self.machines)

    def unusable(self):
        """PromQL: ocapi_cors_unusable_documents > 0."""
        return {m.name for m in self.machines if int(m.metric("ocapi_cors_unusable_documents")[1]) > 0}

    def ask(self, method, path, origin, *fields):
        """(which machine, its response), through the balancer."""
        response = ask(self.balancer, method, path, origin, *fields)
        assert response.status in (200, 204, 401), response
        assert response.one("X-Machine") in NAMES, response
        return response.one("X-Machine"), response

    def ask_each(self, *request):
        """{machine: response}, when each machine has answered."""
        found = {}
        for _ in range(10 * len(NAMES)):
            name, response = self.ask(*request)
            found[name] = response
            if len(found) == len(NAMES):
                return found
        raise AssertionError(f"the balancer asks {set(found)} only")

    def outcomes(self):
        """{machine: what it answers}, as WHOLE has it, through the balancer."""
        found = {}
        for name, preflight in self.ask_each("OPTIONS", "/x", SHARED, PREFLIGHT).items():
            check_preflight(preflight, True)
            found[name] = (tuple(preflight.tokens("Access-Control-Allow-Methods")),)
        for letter in "ba":
            for name, response in self.ask_each("GET", f"/x?client_id={letter}", SHARED).items():
                assert response.one("Access-Control-Allow-Origin") == SHARED[1], response
                found[name] = (response.one("X-Policy"), *found[name])
        for origin in (NEW, OLD):
            for name, response in self.ask_each("POST", "/x", origin).items():
                is_allowed = response.status == 200
                if is_allowed:
                    assert response.one("Access-Control-Allow-Origin") == origin[1], response
                else:
                    check_refused(response)
                found[name] = (is_allowed, *found[name])
        for name, response in self.ask_each("POST", "/x", OTHER).items():
            check_refused(response)
        return found

    @contextlib.contextmanager
    def under_requests(self):
        """While it lasts, requests go through the balancer; each response is whole. Yields a Counter of the
        versions seen."""
        seen, failures, is_over = Counter(), [], threading.Event()
        methods = {WHOLE[name][4]: name for name in WHOLE}

        def run():
            try:
                while not is_over.is_set():
                    _, preflight = self.ask("OPTIONS", "/x", SHARED, PREFLIGHT)
                    seen[methods[tuple(preflight.tokens("Access-Control-Allow-Methods"))]] += 1
                    for letter, origin in itertools.product("ab", (OLD, NEW)):
                        _, response = self.ask("GET", f"/x?client_id={letter}", origin)
                        name = response.one("X-Policy").removesuffix(f"-{letter}")
                        is_listed = (name, origin) in (("first", OLD), ("second", NEW))
                        wanted = origin[1] if is_listed else None
                        assert response.one("Access-Control-Allow-Origin") == wanted, response
                        seen[name] += 1
            except BaseException as failure:  # of any kind: the test's own thread says it
                failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield seen
        finally:
            is_over.set()
            thread.join()
        assert not failures, failures


@pytest.fixture(scope="module")
def servers(module_start_httpd, module_backend):
    """Three machines that have the first version, and the balancer."""
    machines = [Machine(name, module_backend, FIRST) for name in NAMES]
    with contextlib.ExitStack() as stack:
        for machine in machines:
            stack.enter_context(machine.httpd)
        balancer = module_start_httpd(BALANCER, module=False,
                                      modules=("headers", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm"),
                                      defines={m.name.upper(): m.httpd.port for m in machines})
        yield Fleet(machines, balancer)


@pytest.fixture
def fleet(servers):
    """The same, each machine back at the first version, whatever a test before left."""
    for machine in servers.machines:
        if machine.status()["digest"] != digest_of(FIRST) or machine.status()["unusable_documents"]:
            machine.carry(FIRST)
    for machine in servers.machines:
        machine.await_digest(digest_of(FIRST))
        httpd.wait_until(lambda m=machine: m.status()["unusable_documents"] == 0, f"{machine.name} is mended")
    return servers


# ---- A version is carried --------------------------------------------------------------------


def test_the_same_documents_are_the_same_digest(fleet):
    """A34: the digest is equal on all, wherever the files lie; a machine says which one answers."""
    assert fleet.digests() == dict.fromkeys(NAMES, digest_of(FIRST))
    assert fleet.count_by_digest() == {digest_of(FIRST): 3}
    assert fleet.outcomes() == dict.fromkeys(NAMES, WHOLE["first"])


def test_a_version_is_carried_and_rolled_back(fleet):
    """A34, R5, P1: while machines differ each response is of one version, whole; then all digests are
    equal and another; rolled back, the first again."""
    for files, before, after in ((SECOND, "first", "second"), (FIRST, "second", "first")):
        there = dict.fromkeys(NAMES, WHOLE[before])
        digests = dict.fromkeys(NAMES, digest_of(FIRST if before == "first" else SECOND))
        with fleet.under_requests() as seen:
            httpd.wait_until(lambda b=before: seen[b], "a response of the version before")
            for number, machine in enumerate(fleet.machines, 1):
                machine.carry(files)
                machine.await_digest(digest_of(files))
                there[machine.name], digests[machine.name] = WHOLE[after], digest_of(files)
                assert fleet.digests() == digests
                assert len(fleet.count_by_digest()) == (1 if number == len(NAMES) else 2)
                assert fleet.unusable() == set()
            httpd.wait_until(lambda a=after: seen[a], "a response of the version after")
        assert fleet.outcomes() == there == dict.fromkeys(NAMES, WHOLE[after])
    assert digest_of(FIRST) != digest_of(SECOND)


def test_while_machines_differ(fleet):
    """docs/fleet.md "not atomic": each machine answers by its own version, and by nothing else."""
    for name, wanted in (("two", "second"), ("one", "second"), ("two", "first")):
        files = {"first": FIRST, "second": SECOND}[wanted]
        fleet[name].carry(files)
        fleet[name].await_digest(digest_of(files))
        names = {digest_of(FIRST): "first", digest_of(SECOND): "second"}
        assert fleet.outcomes() == {n: WHOLE[names[d]] for n, d in fleet.digests().items()}
        assert len(fleet.count_by_digest()) == 2


def test_all_at_once(fleet):
    """A version that comes to all machines within a moment, twice in a row."""
    with fleet.under_requests():
        for files in (SECOND, FIRST):
            for machine in fleet.machines:
                machine.carry(files)
            for machine in fleet.machines:
                machine.await_digest(digest_of(files))
    assert fleet.count_by_digest() == {digest_of(FIRST): 3}
    assert fleet.outcomes() == dict.fromkeys(NAMES, WHOLE["first"])


# ---- A version that cannot be used -----------------------------------------------------------


@pytest.mark.parametrize("kind", ["half", "gone"])
def test_one_machine_gets_a_bad_version(fleet, kind):
    """Section 3: it keeps its last good policy, whole, and says so; the others go on; the digests tell which
    one it is. Fixed, it is like the others."""
    bad = fleet["two"]
    wrong = HALF if kind == "half" else {"a.json": SECOND["a.json"]}
    bad.httpd.expect_log(r"OCORS0001: .*b\.json")
    bad.httpd.expect_log(r"OCORS0002: .*b\.json: this document cannot be used; .* previous version")
    with fleet.under_requests():
        for machine in fleet.machines:
            machine.carry(SECOND if machine is not bad else wrong)
        for name in ("one", "three"):
            fleet[name].await_digest(digest_of(SECOND))
        bad.await_unusable(1)
        assert fleet.digests() == {**dict.fromkeys(NAMES, digest_of(SECOND)), "two": digest_of(FIRST)}
        assert fleet.unusable() == {"two"}
        assert bad.status()["unusable_documents"] == 1
    (most, _), (odd, how_many) = fleet.count_by_digest().most_common()
    assert (most, odd, how_many) == (digest_of(SECOND), digest_of(FIRST), 1)
    assert [n for n, d in fleet.digests().items() if d == odd] == ["two"]
    assert fleet.outcomes() == {**dict.fromkeys(NAMES, WHOLE["second"]), "two": WHOLE["first"]}
    assert len([l for l in bad.httpd.log_lines() if "OCORS0002" in l.text]) == 1
    bad.carry(SECOND)
    bad.await_digest(digest_of(SECOND))
    assert fleet.unusable() == set() and fleet.count_by_digest() == {digest_of(SECOND): 3}
    assert fleet.outcomes() == dict.fromkeys(NAMES, WHOLE["second"])


def test_a_bad_version_is_rolled_back(fleet):
    """Section 3: a version that is bad everywhere changes nothing anywhere; rolled back, none is unusable."""
    for machine in fleet.machines:
        machine.httpd.expect_log(r"OCORS0001: .*b\.json")
        machine.httpd.expect_log(r"OCORS0002: .*b\.json")
    generations = [m.status()["generation"] for m in fleet.machines]
    for machine in fleet.machines:
        machine.carry(HALF)
    for machine in fleet.machines:
        machine.await_unusable(1)
    assert fleet.unusable() == set(NAMES)  # one digest: that alone tells nothing here
    assert fleet.count_by_digest() == {digest_of(FIRST): 3}
    assert fleet.outcomes() == dict.fromkeys(NAMES, WHOLE["first"])
    for machine in fleet.machines:
        machine.carry(FIRST)
    for machine in fleet.machines:
        machine.await_unusable(0)
    assert [m.status()["generation"] for m in fleet.machines] == generations
    assert fleet.unusable() == set() and fleet.count_by_digest() == {digest_of(FIRST): 3}


def test_a_restart_amid_it(fleet):
    """Section 3, 4: a graceful restart of a machine with a bad version keeps what it has; one of a machine
    with a good version gives the same digest."""
    bad = fleet["three"]
    bad.httpd.expect_log(r"OCORS0001: .*b\.json")
    bad.httpd.expect_log(r"OCORS0002: .*b\.json")
    bad.carry(HALF)
    bad.await_unusable(1)
    for machine in fleet.machines:
        machine.httpd.restart()
    assert fleet.digests() == dict.fromkeys(NAMES, digest_of(FIRST))
    assert fleet.unusable() == {"three"}
    assert fleet.outcomes() == dict.fromkeys(NAMES, WHOLE["first"])


def test_a_version_that_comes_while_another_is_read(module_backend):
    """A26, A33: what was seen unchanged is what is published. Documents of two versions, the one
    read before a swap and the other after it, are never in force together."""
    others = [f"https://shop-{n:06}.example" for n in range(200_000)]
    large = json.dumps({"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": others}]})
    second = {**SECOND, "a.json": large}  # whose reading takes a while
    third = version(OTHER, "third", ("patch", "get"))
    machine = Machine("alone", module_backend, FIRST, "OcapiCorsCacheSize 64M\n" + MACHINE)
    with machine.httpd:
        spent = watcher_time(machine)
        machine.carry(second)
        httpd.wait_until(lambda: watcher_time(machine) > spent + 3, "the large document is being read")
        machine.carry(third)
        machine.await_digest(digest_of(third))
        names = {digest_of(FIRST): "first", digest_of(second): "second", digest_of(third): "third",
                 digest_of({**second, "b.json": third["b.json"]}): "half second, half third"}
        published = re.findall(r"OCORS0007: .* digest (\w+);", machine.httpd.log_text())
        assert {names[digest] for digest in published} <= {"first", "second", "third"}


def test_a_tree_is_carried(module_backend):
    """docs/fleet.md, C5: a ConfigMap whose keys have places, as a tree: a site comes, and is rolled back."""
    config = replace(MACHINE, ('Location "/x"', 'Location "/s"'),
                     ("Settings map/a.json map/b.json", "SettingsTree map"))
    shop = "ocapi-settings/wapi_shop_config.json"
    first = {shop: FIRST["a.json"], f"sites/One/{shop}": FIRST["b.json"]}
    second = {shop: SECOND["a.json"], f"sites/One/{shop}": SECOND["b.json"],
              f"sites/Two/{shop}": SECOND["b.json"]}
    machine = Machine("alone", module_backend, first, config)
    with machine.httpd:
        digests = [machine.digest()]
        for number, (files, sites) in enumerate([(second, 3), (first, 2)], 2):
            machine.carry(files)
            machine.await_generation(number)
            digests.append(machine.digest())
            status = machine.status()
            assert (status["sites"], status["document_count"], status["unusable_documents"]) == (sites, sites, 0)
            listed, unlisted = (NEW, OLD) if files == second else (OLD, NEW)
            path = "/s/Two/dw/shop/v19_1/x"  # a site, or without its folder the organisation
            assert ask(machine.httpd, "POST", path, listed).status == 404
            check_refused(ask(machine.httpd, "POST", path, unlisted))
        assert digests[0] == digests[2] != digests[1]


def watcher_time(machine):
    """What its watcher has computed for, in ticks of 10 ms."""
    fields = processes.stat_fields(machine.httpd.await_watcher())
    return int(fields[11]) + int(fields[12])


# ---- What the guide says ---------------------------------------------------------------------


def snippets(language):
    """The blocks of docs/fleet.md in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)


def run(script, **keywords):
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, timeout=60, **keywords)
    assert done.returncode == 0, done
    return done.stdout


def replace(text, *pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_the_guide_has_what_is_run_here():
    assert (len(snippets("apache")), len(snippets("sh"))) == (2, 2)


def test_the_configuration_of_a_machine(start_httpd):
    """docs/fleet.md "One machine": it starts, has a page on a port of its own, and follows its documents."""
    text = replace(snippets("apache")[0], ("Listen 8081\n", ""), ("*:8081", "*:${PORT2}"),
                   ("OcapiCorsReload 5s", "OcapiCorsReload 100ms"))
    names = ("conf/ocapi/global.json", "conf/ocapi/SiteGenesis.json")
    server = start_httpd(text, ports=2, modules=("authz_host",),
                         files=dict(zip(names, (FIRST["a.json"], FIRST["b.json"]))))
    target, port = "/ocapi-cors-status", server.port_number(2)
    assert json.loads(server.request("GET", target, port=port).body)["digest"] == digest_of(FIRST)
    for name, text in zip(names, (SECOND["a.json"], SECOND["b.json"])):
        server.write(name, text)
    httpd.wait_until(lambda: json.loads(server.request("GET", target, port=port).body)["digest"]
                     == digest_of(SECOND), "the second version")
    assert server.request("GET", target).status == 404
    check_refused(ask(server, "POST", "/s/SiteGenesis/dw/shop/v19_1/baskets", OLD))


def test_the_page_beside_a_proxy(start_httpd, backend):
    """docs/fleet.md "One machine": a path that is left out of the proxy."""
    text = replace(snippets("apache")[1], ("*:80>", "*:${PORT}>"),
                   ("http://backend.internal:8080", backend.url))
    server = start_httpd(text, modules=("authz_host",))
    assert "digest" in json.loads(server.request("GET", "/ocapi-cors-status").body)
    assert backend.requests == []
    assert server.request("GET", "/other").body == b"{}"


def test_the_loop_that_asks_each_machine(fleet):
    """docs/fleet.md "Seeing that it arrived": one digest, two, and a machine that does not answer."""
    loop = snippets("sh")[0]
    machines = {m.status_address: m for m in fleet.machines}

    def ask_all(*more):
        lines = run(loop, env={**os.environ, "MACHINES": " ".join([*machines, *more])}).splitlines()
        return sorted(lines[:-1]), int(lines[-1])

    def line(machine, files, unusable=0):
        return f"{digest_of(files)} {machine.status_address} unusable={unusable}"

    assert ask_all() == (sorted(line(m, FIRST) for m in fleet.machines), 1)
    fleet["one"].carry(SECOND)
    fleet["one"].await_digest(digest_of(SECOND))
    bad = fleet["three"]
    bad.httpd.expect_log("OCORS000[12]: .*b.json")
    bad.carry(HALF)
    httpd.wait_until(lambda: bad.status()["unusable_documents"], "the bad version is seen")
    nobody = f"127.0.0.1:{httpd.free_ports(1)[0]}"
    lines = [line(fleet["one"], SECOND), line(fleet["two"], FIRST), line(bad, FIRST, 1)]
    assert ask_all(nobody) == (sorted([*lines, f"no-answer {nobody} unusable=?"]), 3)


def test_the_digest_is_known_before(fleet, tmp_path):
    """docs/fleet.md "Seeing that it arrived": what is computed of the files is what the machines show."""
    script = replace(snippets("sh")[1], ("global.json SiteGenesis.json", "a.json b.json"))
    for name, text in FIRST.items():
        (tmp_path / name).write_text(text)
    assert set(fleet.digests().values()) == {run(script, cwd=tmp_path).strip()}
    assert run(script.replace("a.json b.json", "b.json a.json"), cwd=tmp_path).strip() != digest_of(FIRST)
