# SPDX-License-Identifier: Apache-2.0
"""examples/etcd: three servers follow an etcd. OCORS_ETCD_RUNS=N measures N changes, and prints how long they took."""

import json
import os
import signal
import statistics
import subprocess
import time

import pytest

import httpd
from fleet_of_etcd import COMMAND, SCRIPT, TOOLS, Etcd, Machine, Names

RUNS = int(os.environ.get("OCORS_ETCD_RUNS", "2"))
SHOP = "ocapi-settings/wapi_shop_config.json"
ALL, ONE = f"/ocapi/{SHOP}", f"/ocapi/sites/One/{SHOP}"
GENERAL = "https://general.example"


def document(client, *origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": client, "allowed_origins": list(origins)}]})


@pytest.fixture(scope="module")
def etcd(tmp_path_factory):
    etcd = Etcd(tmp_path_factory.mktemp("etcd"))
    etcd.put(**{ALL: document("general", GENERAL), ONE: document("one", "https://first.example")})
    yield etcd
    etcd.stop()


@pytest.fixture(scope="module")
def module_machines(etcd):
    machines = []
    try:
        for name, resync in (("web1", "600"), ("web2", "600"), ("web3", "5")):
            machines.append(Machine(etcd, name, resync))
        yield machines
    finally:
        failures = []
        for machine in machines:
            try:
                machine.stop()
            except AssertionError as failure:
                failures.append(str(failure))
        assert not failures, "\n".join(failures)


@pytest.fixture
def machines(etcd, module_machines):
    """All in touch with etcd, with the documents that a test begins with in force."""
    etcd.put(**{ALL: document("general", GENERAL), ONE: document("one", "https://first.example")})
    for machine in module_machines:
        machine.await_allowed("https://first.example")
        machine.await_allowed(GENERAL)
    return module_machines


def digests(machines):
    return {machine.status()["digest"] for machine in machines}


def test_a_change_is_in_force_everywhere(etcd, machines, capsys):
    """A39: from before the transaction until the last of three servers allows the origin."""
    took, watches = [], [machine.watch_of_etcd() for machine in machines[:2]]
    for run in range(RUNS):
        new, old = f"https://new{run}.example", f"https://new{run - 1}.example"
        begin = time.monotonic()
        etcd.put(**{ONE: document("one", new)})
        for machine in machines:
            machine.await_allowed(new)
        took.append(time.monotonic() - begin)
        assert not any(machine.allows(old) for machine in machines)
        assert len(digests(machines)) == 1
    assert statistics.median(took) < 10, took
    assert [machine.watch_of_etcd() for machine in machines[:2]] == watches, "one watch tells all of them"
    with capsys.disabled():
        print(f"\netcd: {RUNS} changes in force on three servers after {min(took):.2f} to {max(took):.2f} s, "
              f"median {statistics.median(took):.2f} s")


def test_documents_of_one_transaction_are_one_generation(etcd, machines):
    """A33: they come together, also a site that comes and one that goes."""
    generations = [machine.status()["generation"] for machine in machines]
    two = f"/ocapi/sites/Two/{SHOP}"
    etcd.put(**{ALL: document("general", "https://all.example"), ONE: None, two: document("two", "https://two.example")})
    for machine in machines:
        machine.await_allowed("https://all.example")
        assert not machine.allows("https://first.example")
        status = machine.status()
        assert (status["sites"], status["document_count"]) == (2, 2)
    assert [machine.status()["generation"] for machine in machines] == [number + 1 for number in generations]
    assert len(digests(machines)) == 1
    etcd.put(**{two: None})
    for machine in machines:
        httpd.wait_until(lambda: machine.status()["sites"] == 1, "the last site is gone")
        assert machine.status()["unusable_documents"] == 0


def test_the_link_is_never_gone(etcd, machines):
    """It is replaced by a rename, for each change."""
    with Names(machines[0].folder) as names:
        for number in range(3):
            etcd.put(**{ONE: document("one", f"https://link{number}.example")})
            machines[0].await_allowed(f"https://link{number}.example")
        assert names.seen("current") == ["moved to"] * 3


def test_a_watch_that_hangs_is_not_believed(etcd, machines):
    """--resync: all keys are asked for anew, and a new watch begins."""
    os.kill(machines[2].watch_of_etcd(), signal.SIGSTOP)
    etcd.put(**{ONE: document("one", "https://hangs.example")})
    machines[2].await_allowed("https://hangs.example")


def test_a_bad_document_changes_nothing_and_is_said(etcd, machines):
    """A27: it never gets to the folder that the server reads; its neighbours wait with it."""
    before = [(machine.status()["digest"], machine.status()["generation"]) for machine in machines]
    counts = [machine.count_said("[origin-wildcard]") for machine in machines]
    etcd.put(**{ALL: document("general", "https://with-it.example"), ONE: document("one", "*")})
    for machine, count in zip(machines, counts):
        machine.await_said("[origin-wildcard]", count + 1)
        machine.await_said("changes nothing: ")
        assert f"sites/One/{SHOP}:1:" in machine.said.read_text()
        assert not machine.allows("https://with-it.example") and machine.allows("https://first.example")
    etcd.put(**{"/ocapi/other": "1"})
    for machine in machines:
        machine.await_said("key b'other' is not the name of a document")
    etcd.put(**{"/ocapi/other": None})
    assert [(machine.status()["digest"], machine.status()["generation"]) for machine in machines] == before
    assert not any(machine.status()["unusable_documents"] for machine in machines)


def test_what_is_wrong_is_said_once(etcd, machines):
    """Also if all keys are asked for anew, as the watch has ended."""
    machine, count = machines[0], machines[0].count_said("[origin-null]")
    etcd.put(**{ONE: document("one", "null")})
    machine.await_said("[origin-null]", count + 1)
    before = machine.watch_of_etcd()
    os.kill(before, signal.SIGKILL)
    httpd.wait_until(lambda: machine.watch_of_etcd() != before, "another watch")
    assert machine.count_said("[origin-null]") == count + 1


@pytest.mark.parametrize("key", ["../x.json", "sites/../../x.json", "/x.json", "sites//x.json", ".x.json", "x.jsonx", "x.json/",
                                 "a\u202eb.json", "x" * 260 + ".json"])
def test_a_key_that_is_not_a_name_changes_nothing(etcd, machines, key):
    before = {path.name for path in machines[0].httpd.root.iterdir()}
    etcd.ctl("put", f"/ocapi/{key}", document("x", "https://x.example"))
    machines[0].await_said(f"key {key.encode()!r} is not the name")
    assert machines[0].allows("https://first.example")
    assert {path.name for path in machines[0].httpd.root.iterdir()} == before
    etcd.ctl("del", f"/ocapi/{key}")


def test_nothing_below_the_prefix_changes_nothing(etcd, machines):
    etcd.ctl("del", "--prefix", "/ocapi/")
    for machine in machines:
        machine.await_said("there is no document below the prefix")
        assert machine.allows("https://first.example")


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_a_server_without_etcd_keeps_what_it_has_and_catches_up(etcd, machines, how):
    """A26: also where etcd forgets the revisions between (a compaction)."""
    alone, generation = machines[2], machines[2].status()["generation"]
    silent, new = alone.count_said("does not answer"), f"https://{how}.example"
    getattr(alone.line, how)()
    try:
        for origin in ("https://between.example", new):
            etcd.put(**{ONE: document("one", origin)})
        etcd.ctl("compact", str(etcd.revision()))
        for machine in machines[:2]:
            machine.await_allowed(new)
        alone.await_said("does not answer", silent + 1)
        assert alone.allows("https://first.example") and not alone.allows(new)
        assert alone.status()["generation"] == generation
    finally:
        alone.line.heal()
    alone.await_allowed(new)
    assert len(digests(machines)) == 1


def test_a_carrier_that_is_killed_goes_on_where_it_was(etcd, machines):
    """What is in force stays; a change that came meanwhile is carried by the next one, and remains are removed."""
    machine = machines[1]
    machine.stop_carrier(9)
    remains = machine.folder / ".new-x/documents"
    remains.mkdir(parents=True)
    etcd.put(**{ONE: document("one", "https://meanwhile.example")})
    machines[0].await_allowed("https://meanwhile.example")
    assert machine.allows("https://first.example")
    machine.start_carrier()
    machine.await_allowed("https://meanwhile.example")
    machine.watch_of_etcd()
    etcd.put(**{ONE: document("one", "https://next.example")})  # the first revision that the new watch sees
    machine.await_allowed("https://next.example")
    machines[0].await_allowed("https://next.example")
    machines[2].await_allowed("https://next.example")
    assert len(digests(machines)) == 1
    machine.await_said("are in force")
    assert not remains.exists() and len([p for p in machine.folder.iterdir() if not p.name.startswith(".")]) <= 3


def test_it_ends_when_it_is_told_to(machines):
    machine = machines[0]
    assert machine.stop_carrier() == 0
    machine.start_carrier()


def test_documents_in_one_folder(etcd, tmp_path):
    """--layout files, for OcapiCorsSettings; the prefix is another one."""
    for name, text in (("global.json", document("a", GENERAL)), ("site.json", document("b"))):
        etcd.ctl("put", f"/flat/{name}", text)
    with open(tmp_path / "log", "wb") as log:
        carrier = subprocess.Popen([SCRIPT, "--prefix", "/flat/", "--into", tmp_path / "into", "--layout", "files", "--check", COMMAND],
                                   stderr=log, env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", "ETCDCTL_ENDPOINTS": etcd.url})
    try:
        httpd.wait_until(lambda: (tmp_path / "into/current/site.json").exists(), "the documents")
        assert (tmp_path / "into/current/global.json").read_text() == document("a", GENERAL)
        assert (tmp_path / "into/current/global.json").stat().st_mode & 0o777 == 0o644
        etcd.ctl("put", "/flat/sites/site.json", "x")
        httpd.wait_until(lambda: "is not the name of a document" in (tmp_path / "log").read_text(), "the wrong key")
    finally:
        carrier.terminate()
        assert carrier.wait(30) == 0


def test_the_unit_is_one(examples, tmp_path):
    """systemd's own judge; the program and the environment are where the test has them."""
    text = (examples / "etcd/ocapi-cors-etcd.service").read_text()
    unit = tmp_path / "ocapi-cors-etcd.service"
    unit.write_text(text.replace("/usr/local/bin/ocapi-cors-etcd", str(SCRIPT)).replace("/etc/default", str(tmp_path)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(text.replace("ProtectClock", "ProtectKlock"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    assert "ProtectKlock" in done.stderr
