# SPDX-License-Identifier: Apache-2.0
"""What is counted, and what the log says of it at `info` and below: counters over the life of a server, the
origins that are refused most, the line of a kind, the summary of a minute."""

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

import httpd
import wire
from cors import ALLOWED, PREFLIGHT, UNKNOWN, ask, check, granted

CONFIG = """
LogLevel ocapi_cors:LEVEL
MaxKeepAliveRequests 0
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
    <Location "/on">
        OcapiCors On
        OcapiCorsSettings d.json
    </Location>
    <Location "/shop">
        OcapiCors On
        OcapiCorsSettings d.json
        OcapiCorsSite Shop
    </Location>
    <Location "/report">
        OcapiCors ReportOnly
        OcapiCorsSettings d.json
        OcapiCorsSite Shop
    </Location>
    <Location "/dw">
        OcapiCors On
        OcapiCorsSettingsTree tree
    </Location>
    <Location "/s">
        OcapiCors On
        OcapiCorsSettingsTree tree
    </Location>
</VirtualHost>
"""
LISTED = "https://app.example:8443"


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": list(origins)}]})


FILES = {"d.json": document(ALLOWED[1], LISTED), "htdocs/x": "x",
         "tree/ocapi-settings/wapi_shop_config.json": document(ALLOWED[1]),
         "tree/sites/One/ocapi-settings/wapi_shop_config.json": document(ALLOWED[1], LISTED)}
MINUTE = re.compile(r"OCORS0027: (\d+) requests? not allowed in \d+ s: (\d+) refused, (\d+) without permission, "
                    r"(\d+) ReportOnly; (about )?(\d+) origins?(.*)$")


@pytest.fixture
def start(start_httpd):
    def start(level="notice", **keywords):
        return start_httpd(CONFIG.replace("LEVEL", level), files={**FILES, **keywords.pop("files", {})}, **keywords)
    return start


def page(server):
    return json.loads(ask(server, "GET", "/status", None).body)


def counts(server):
    """{(verdict, reason, site, mode): count}; the page and Prometheus say the same."""
    found = {(row["verdict"], row["reason"], row["site"], row["mode"]): row["count"] for row in page(server)["requests"]}
    text = ask(server, "GET", "/status?format=prometheus", None).body.decode()
    samples = re.findall(r'^ocapi_cors_requests_total\{verdict="(.*?)",reason="(.*?)",site="(.*?)",mode="(.*?)"\} (\d+)$',
                         text, re.M)
    assert {tuple(sample[:4]): int(sample[4]) for sample in samples} == found
    assert len(samples) == len(found) == len(page(server)["requests"]), samples
    return found


def some(server):
    """A few requests of each kind, and what they count as."""
    ask(server, "GET", "/on/x", None)
    for method, path, origin in (("GET", "/on/x", ALLOWED), ("POST", "/shop/x", UNKNOWN), ("GET", "/shop/x", UNKNOWN),
                                 ("POST", "/report/x", UNKNOWN), ("POST", "/on/x", ("Origin", "https://app.example")),
                                 ("POST", "/s/One/dw/shop/v19_1/x", UNKNOWN), ("POST", "/s/Two/dw/shop/v19_1/x", UNKNOWN),
                                 ("POST", "/on/x", ("Origin", "null"))):
        for _ in range(2):
            ask(server, method, path, origin)
    ask(server, "OPTIONS", "/on/x", ALLOWED, PREFLIGHT)
    ask(server, "OPTIONS", "/on/x", UNKNOWN, PREFLIGHT)
    ask(server, "OPTIONS", "/on/x", ALLOWED, ("Access-Control-Request-Method", "P T"))
    return {("none", "none", "-", "on"): 1, ("allow", "none", "-", "on"): 2,
            ("refuse", "not-listed", "Shop", "on"): 2, ("withhold", "not-listed", "Shop", "on"): 2,
            ("refuse", "not-listed", "Shop", "report"): 2, ("refuse", "port-differs", "-", "on"): 2,
            ("refuse", "not-listed", "One", "on"): 2, ("refuse", "not-listed", "-", "on"): 2,
            ("refuse", "null", "-", "on"): 2, ("preflight-allow", "none", "-", "on"): 1,
            ("preflight-withhold", "not-listed", "-", "on"): 1,
            ("preflight-withhold", "method-malformed", "-", "on"): 1}


def test_at_debug_each_refusal_has_a_line_with_its_reason(start):
    """A40, A41: also one whose origin has been counted before; nothing else in this server shows a reason."""
    server = start("debug", mpm="prefork")
    with server.connection() as connection:  # of prefork: another one, or another thread, may count in another stripe
        for _ in range(3):
            connection.send(wire.build("POST", "/on/x", [("Origin", "https://app.example")], close=False))
            assert connection.read("POST").status == 401
    line = r'OCORS0010: refused: port-differs: origin "https://app\.example", .* nearest listed origin "https://app\.example:8443"'
    httpd.wait_until(lambda: len(re.findall(line, server.log_text())) == 3, "three lines with the reason")


def test_a_request_that_is_led_on_counts_for_both_modes(start_httpd):
    """S14, A40: from ReportOnly to On; the way back is one decision (H4)."""
    rule = '<Directory "${{ROOT}}/htdocs/{}">\nRewriteEngine On\nRewriteRule . {} [L]\n</Directory>\n'
    server = start_httpd(CONFIG.replace("LEVEL", "notice") + rule.format("report", "/on/x") + rule.format("shop", "/report/x"),
                         modules=["rewrite"],
                         files={**FILES, "htdocs/on/x": "x", "htdocs/report/keep": "", "htdocs/shop/keep": ""})
    assert ask(server, "POST", "/report/y", UNKNOWN).status == 401
    assert ask(server, "GET", "/report/y", UNKNOWN).status == 200
    assert ask(server, "GET", "/shop/y", UNKNOWN).status == 200
    assert counts(server) == {
        ("refuse", "not-listed", "Shop", "report"): 1, ("refuse", "not-listed", "-", "on"): 1,
        ("withhold", "not-listed", "Shop", "report"): 1, ("withhold", "not-listed", "-", "on"): 1,
        ("withhold", "not-listed", "Shop", "on"): 1}


def times(found, number):
    return {name: count * number for name, count in found.items()}


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_every_request_counts_once_and_none_is_lost(start, mpm):
    """A40: by verdict, reason, site and mode; over a reload, restarts of both kinds, and a killed worker."""
    server = start(mpm=mpm)
    expected = some(server)
    assert counts(server) == expected
    server.write("d.json", document(ALLOWED[1], LISTED, "https://new.example"))
    httpd.wait_until(lambda: page(server)["generation"] == 2, "the new document is in force")
    some(server)
    assert counts(server) == times(expected, 2)
    server.restart()
    some(server)
    assert counts(server) == times(expected, 3)
    server.restart(graceful=False)
    some(server)
    assert counts(server) == times(expected, 4)
    server.allow_log("exit signal Killed")
    server.await_watcher()  # without its name it would be taken for a worker
    old = server.children()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    httpd.wait_until(lambda: server.children() and not server.children() & old, "other workers", 40)
    httpd.wait_until(lambda: ask_or_none(server) is not None, "they answer")
    some(server)
    assert counts(server) == times(expected, 5)


def ask_or_none(server):
    try:
        return ask(server, "GET", "/status", None)
    except (OSError, EOFError):
        return None


def test_sites_are_bounded(start):
    """A40: rows for 62 sites; the rest is `other`. A request counts all the same."""
    server = start(files={f"tree/sites/S{n:03}/ocapi-settings/wapi_shop_config.json": document(LISTED)
                          for n in range(70)})
    for number in range(70):
        ask(server, "POST", f"/s/S{number:03}/dw/shop/v19_1/x", UNKNOWN)
    found = counts(server)
    assert len(found) == 62 - 2 + 1, found  # One and Shop have rows, too, and no request
    assert sum(found.values()) == 70 and found[("refuse", "not-listed", "other", "on")] > 1, found


def test_a_site_with_a_reserved_name_counts_in_the_reserved_row(start_httpd):
    """A40: a name is that of one row: a series of Prometheus comes once, however a site is called."""
    section = "".join(f'<Location "/{name}">\nOcapiCors On\nOcapiCorsSettings d.json\nOcapiCorsSite "{site}"\n</Location>\n'
                      for name, site in (("o", "other"), ("d", "-"), ("m", "Mine")))
    server = start_httpd(CONFIG.replace("LEVEL", "notice").replace("</VirtualHost>", section + "</VirtualHost>"), files={
        **FILES, **{f"tree/sites/{name}/ocapi-settings/wapi_shop_config.json": document(LISTED)
                    for name in ("other", "-", *(f"S{number:03}" for number in range(70)))}})
    for path in ("/o/x", "/d/x", "/m/x", "/on/x", *(f"/s/{name}/dw/shop/v19_1/x" for name in ("other", "-", "S000", "S069"))):
        assert ask(server, "POST", path, UNKNOWN).status == 401
    assert counts(server) == {("refuse", "not-listed", "other", "on"): 3, ("refuse", "not-listed", "-", "on"): 3,
                              ("refuse", "not-listed", "S000", "on"): 1, ("refuse", "not-listed", "Mine", "on"): 1}


def test_names_that_differ_in_bytes_that_are_no_text_have_labels_of_their_own(start_httpd):
    """A40: Prometheus refuses a page in which two series have the same labels."""
    names = [os.fsdecode(name) for name in (b"x\xff", b"x\xfe", b"x<FF>", "x\N{REPLACEMENT CHARACTER}".encode())]
    config = CONFIG.replace("LEVEL", "notice").replace("</VirtualHost>", "".join(
        f'<Location "/b{number}">\nOcapiCors On\nOcapiCorsSettings "{name}.json"\nOcapiCorsSite "{name}"\n</Location>\n'
        for number, name in enumerate(names)) + "</VirtualHost>")
    server = start_httpd(config, files={**FILES, **{f"{name}.json": document(LISTED) for name in names}})
    for number in range(len(names)):
        assert ask(server, "POST", f"/b{number}/x", UNKNOWN).status == 401
    text = ask(server, "GET", "/status?format=prometheus", None).body.decode()
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), series
    for label in ("x<FF>", "x<FE>", "x<U+003C>FF>", "x\N{REPLACEMENT CHARACTER}"):
        assert f'site="{label}"' in text and f'{label}.json"}}' in text, text


def test_the_most_refused_origins(start):
    """A41: the count and its bound, the reason and the nearest listed origin; found anew when lists change."""
    server = start()
    for number in range(1, 6):
        for _ in range(number):
            ask(server, "POST", "/shop/x", ("Origin", f"https://evil{number}.example"))
    for _ in range(9):
        ask(server, "GET", "/report/x", ("Origin", "https://app.example"))
    top = page(server)["refused_origins"]
    assert top[0] == {"origin": "https://app.example", "site": "Shop", "mode": "report", "verdict": "withhold",
                      "reason": "port-differs", "nearest": LISTED, "count": 9, "error": 0}
    assert top[1:] == [{"origin": f"https://evil{n}.example", "site": "Shop", "mode": "on", "verdict": "refuse",
                        "reason": "not-listed", "nearest": None, "count": n, "error": 0} for n in range(5, 0, -1)]
    server.write("d.json", document(ALLOWED[1], "https://evil1.example:1"))
    httpd.wait_until(lambda: page(server)["generation"] == 2, "the new document is in force")
    ask(server, "POST", "/shop/x", ("Origin", "https://evil1.example"))
    ask(server, "GET", "/report/x", ("Origin", "https://app.example"))
    top = {row["origin"]: row for row in page(server)["refused_origins"]}
    assert (top["https://evil1.example"]["reason"], top["https://evil1.example"]["nearest"],
            top["https://evil1.example"]["count"]) == ("port-differs", "https://evil1.example:1", 2)
    assert (top["https://app.example"]["reason"], top["https://app.example"]["count"]) == ("not-listed", 10)


def memory_of_counting(pid):
    """(address, size) of the counters in a worker: memory that it may write to, with the name of a site."""
    found = []
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end = (int(number, 16) for number in line.split()[0].split("-"))
            if line.split()[1] == "rw-s":
                memory.seek(begin)
                if b"Shop" in memory.read(end - begin):
                    found.append((begin, end - begin))
    assert len(found) == 1, found
    return found[0]


@pytest.mark.pairwise("seed", keep=lambda row: row.seed != 2)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_seized_worker_misleads_and_crashes_nobody(start, seed):
    """A40, R13: whatever a worker writes to the memory of the counters, the server goes on, and its parent
    summarises it; answers are right."""
    server = start("info")
    ask(server, "POST", "/shop/x", UNKNOWN)
    worker = min(server.children())
    begin, size = memory_of_counting(worker)
    text = b"\xff" * size if seed is None else random.Random(seed).randbytes(size)
    with open(f"/proc/{worker}/mem", "r+b", buffering=0) as memory:
        memory.seek(begin)
        memory.write(text)
    for _ in range(3):
        assert isinstance(page(server)["requests"], list)
        assert ask(server, "GET", "/status?format=prometheus", None).status == 200
        for number in range(20):
            assert ask(server, "POST", "/shop/x", ("Origin", f"https://evil{number}.example")).status == 401
            assert ask(server, "POST", "/dw/shop/v19_1/x", UNKNOWN).status == 401
        check(ask(server, "GET", "/shop/x", ALLOWED), 404, granted(ALLOWED))
        server.restart()
    assert server.wait_log("OCORS0027")


def test_hostile_origins_are_shown_as_text(start):
    """A41, R13: whatever bytes an Origin has, the page is JSON, and cut."""
    server = start()
    for text in ("https://a.x https://b.x", "https://a.x https://c.x", 'https://"\\.example', "https://\xff\xfe.example", "x\ty",
                 "https://" + "a" * 3000, "", "é" * 200):
        ask(server, "POST", "/on/x", ("Origin", text))
    rows = page(server)["refused_origins"]
    assert len(rows) == 8
    assert all(len(row["origin"].encode()) <= 3 * 160 for row in rows), rows
    assert 'https://"\\.example' in {row["origin"] for row in rows}


def kinds(server):
    return [line.text for line in server.log_lines() if re.search(r"OCORS001[012]", line.text)]


def test_a_kind_has_one_line_in_a_minute(start):
    """A43: the first of its kind at once, with all that explains it; ReportOnly apart."""
    server = start("info")
    for _ in range(3):
        ask(server, "POST", "/shop/x", ("Origin", "https://app.example"))
        ask(server, "GET", "/shop/x", ("Origin", "https://app.example"))
        ask(server, "POST", "/report/x", ("Origin", "https://app.example"))
        ask(server, "POST", "/on/x", ("Origin", "https://app.example"))
        ask(server, "POST", "/on/x", UNKNOWN)
        ask(server, "POST", "/s/Two/dw/shop/v19_1/x", UNKNOWN)  # the tree has no such site: the figures are the organisation's
    near = f'; nearest listed origin "{LISTED}"'
    assert [text.split("] ")[-1] for text in kinds(server)] == [
        f'OCORS0010: refused: port-differs: origin "https://app.example", client "", POST "/shop/x"; site "Shop"; answer: 401{near}',
        f'OCORS0012: report only: port-differs: origin "https://app.example", client "", POST "/report/x"; site "Shop"; answer if On: 401{near}',
        f'OCORS0010: refused: port-differs: origin "https://app.example", client "", POST "/on/x"; site "-"; answer: 401{near}',
        f'OCORS0010: refused: not-listed: origin "{UNKNOWN[1]}", client "", POST "/on/x"; site "-"; answer: 401',
        f'OCORS0010: refused: not-listed: origin "{UNKNOWN[1]}", client "", POST "/s/Two/dw/shop/v19_1/x"; site "-"; answer: 401']
    assert sum(counts(server).values()) == 18


def test_sites_without_a_row_have_kinds_of_their_own(start_httpd):
    """A43: more sites than rows, with one list of documents, and in a tree: each site has its line, which names it."""
    sites = [f"L{number:03}" for number in range(70)]
    section = "".join(f'<Location "/{site}">\nOcapiCors On\nOcapiCorsSettings d.json\nOcapiCorsSite {site}\n</Location>\n'
                      for site in sites)
    server = start_httpd(CONFIG.replace("LEVEL", "info").replace("</VirtualHost>", section + "</VirtualHost>"), files=FILES)
    paths = {**{site: f"/{site}/x" for site in sites[-4:]}, "One": "/s/One/dw/shop/v19_1/x"}
    for _ in range(2):
        for path in paths.values():
            assert ask(server, "POST", path, UNKNOWN).status == 401
    assert [re.search('; site "(.*?)"', text)[1] for text in kinds(server)] == list(paths)
    assert counts(server) == {("refuse", "not-listed", "other", "on"): 10}


def test_the_summary_has_the_answer_that_the_client_got(start):
    """A42: also if httpd has answered before the module could."""
    server = start()
    server.allow_log("AH10244: invalid URI path")
    assert ask(server, "POST", "/on/%zz", UNKNOWN).status == 400
    server.restart()
    line = server.wait_log("OCORS0027").text
    assert line.endswith(f'; the first: not-listed: origin "{UNKNOWN[1]}", site "-"; answer: 400, by httpd'), line


def test_at_most_64_kinds_have_a_line(start):
    """A43: an attacker cannot fill a disk; the summary says how many kinds had no line, and counts all."""
    server = start("info")
    for number in range(300):
        assert ask(server, "POST", "/on/x", ("Origin", f"https://evil{number}.example")).status == 401
    assert len(kinds(server)) == 64
    server.restart()
    line = server.wait_log("OCORS0027").text
    assert MINUTE.search(line).groups()[:4] == ("300", "300", "0", "0") and int(MINUTE.search(line)[6]) == 300, line
    assert line.endswith("; at info, 236 further kinds had no line"), line
    ask(server, "POST", "/on/x", ("Origin", "https://evil0.example"))
    assert len(kinds(server)) == 65  # of the next minute


def test_the_summary_of_a_minute(start):
    """A42: the parent writes it, at httpd's default level too, without being asked."""
    server = start("warn")
    for _ in range(2):
        ask(server, "POST", "/shop/x", ("Origin", "https://app.example"))
        ask(server, "GET", "/shop/x", UNKNOWN)
        ask(server, "POST", "/report/x", UNKNOWN)
    ask(server, "POST", "/shop/x", ALLOWED)
    assert kinds(server) == []
    line = server.wait_log("OCORS0027", 90)
    found = MINUTE.search(line.text)
    assert int(re.search(r"in (\d+) s", found[0])[1]) >= 60, line.text
    assert found.groups() == ("6", "2", "2", "2", None, "2", '; the first: port-differs: origin "https://app.example", '
                              f'site "Shop"; answer: 401; nearest listed origin "{LISTED}"'), line.text
    assert f"pid {server.process.pid}" in line.text


@pytest.mark.parametrize("graceful", [True, False])
def test_a_restart_has_its_summary_and_silence_has_none(start, graceful):
    """A42: what was refused before a restart is said at once; nothing refused: no line."""
    server = start()
    check(ask(server, "GET", "/on/x", ALLOWED), 404, granted(ALLOWED))
    server.restart(graceful)
    assert "OCORS0027" not in server.log_text()
    ask(server, "GET", "/on/x", ("Origin", 'https://"x".example'))
    server.restart(graceful)
    line = server.wait_log("OCORS0027").text
    assert MINUTE.search(line).groups()[:6] == ("1", "0", "1", "0", None, "1")
    assert "the first: malformed: origin \"https://'x'.example\", site \"-\"; answer: passes without permission" in line
    server.restart(graceful)
    assert server.log_text().count("OCORS0027") == 1
    for _ in range(3):
        ask(server, "POST", "/on/x", UNKNOWN)
    server.restart(graceful)
    summaries = [m for m in map(MINUTE.search, server.log_text().splitlines()) if m]
    assert len(summaries) == 2 and summaries[1].groups()[:6] == ("3", "3", "0", "0", None, "1")  # the others are of before


def test_a_stop_has_its_summary(tmp_path):
    """A42: at a stop, too; the log is read after the server has ended."""
    server = httpd.Httpd(CONFIG.replace("LEVEL", "notice"), files=FILES)
    log = tmp_path / "error.log"
    os.link(server.write("error.log", ""), log)
    server.start()
    ask(server, "POST", "/on/x", UNKNOWN)
    server.stop()
    assert len(re.findall("OCORS0027: 1 request not allowed", log.read_text())) == 1


PIPED = "#!/bin/sh\ntrap '' TERM HUP USR1 WINCH\nexec cat >> \"$(dirname \"$0\")/piped.log\"\n"


@pytest.mark.parametrize("mpm", httpd.MPMS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGWINCH])
def test_a_stop_has_its_summary_in_a_pipe(tmp_path, mpm, number):
    """A42: a program that takes the log and does not end at a signal gets the summary of a stop, and of the restarts
    before it, once each."""
    server = httpd.Httpd('ErrorLog "|${ROOT}/piped.sh"\n' + CONFIG.replace("LEVEL", "notice"), files=FILES, mpm=mpm)
    log = tmp_path / "piped.log"
    server.write("piped.sh", PIPED).chmod(0o755)
    os.link(server.write("piped.log", ""), log)
    server.start()

    def is_begun(times):
        """The program writes later than httpd does: a start that is not in its file yet is no restart."""
        httpd.wait_until(lambda: log.read_text().count("resuming normal operations") == times, f"start {times}", 20)

    is_begun(1)
    for restarts, restart in enumerate((signal.SIGUSR1, signal.SIGHUP), start=1):
        ask(server, "POST", "/on/x", UNKNOWN)
        server.process.send_signal(restart)
        is_begun(restarts + 1)
    ask(server, "POST", "/on/x", UNKNOWN)
    server.is_told_to_end = True
    server.process.send_signal(number)
    server.process.wait(30)
    server.stop()
    httpd.wait_until(lambda: "shutting down" in log.read_text(), "the pipe is read", 10)
    httpd.wait_until(lambda: log.read_text().count("OCORS0027: 1 request not allowed") == 3, "three summaries", 10)
    assert log.read_text().count("OCORS0027") == 3, log.read_text()


SYSTEM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    int (*next)(struct timeval *, void *) = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int result = next(time, zone);

    time->tv_sec -= access(getenv("CLOCK_IS_BACK"), F_OK) == 0 ? 3600 : 0;
    return result;
}

#ifdef NO_MEMORY
void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t) =
        (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");

    if ((flags & MAP_SHARED) != 0 && size > 1250000 && size < 1600000) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return next(at, size, protection, flags, file, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return mmap(at, size, protection, flags, file, offset);
}
#endif
"""


@pytest.fixture
def system(tmp_path):
    """An environment of httpd in which the clock goes back an hour when a file comes, or memory is missing."""
    def system(*flags):
        (tmp_path / "system.c").write_text(SYSTEM)
        subprocess.run(["gcc", "-shared", "-fPIC", *flags, "-o", tmp_path / "system.so", tmp_path / "system.c"], check=True)
        return {"LD_PRELOAD": str(tmp_path / "system.so"), "CLOCK_IS_BACK": str(tmp_path / "back")}
    return system


def test_a_clock_that_is_set_back_loses_no_summary(start, system):
    """A42: a minute is one, whatever the clock says."""
    environment = system()
    server = start(environment=environment)
    ask(server, "POST", "/on/x", UNKNOWN)
    Path(environment["CLOCK_IS_BACK"]).touch()
    ask(server, "POST", "/on/x", UNKNOWN)
    server.restart()
    line = server.wait_log("OCORS0027").text
    assert 0 <= int(re.search(r"OCORS0027: 2 requests not allowed in (\d+) s:", line)[1]) < 60, line


def test_without_memory_the_log_is_bounded_too(start, system):
    """A43: there is no memory that knows kinds: 64 lines of each process in a minute, and one warning at a start."""
    server = start("info", environment=system("-DNO_MEMORY"), mpm="prefork")
    server.allow_log("OCORS0028")
    begin = time.time() // 60
    with server.connection() as connection:
        for number in range(150):
            connection.send(wire.build("POST", "/on/x", [("Origin", f"https://evil{number}.example")], close=False))
            assert connection.read("POST").status == 401
    lines = [int(re.search(r"https://evil(\d+)\.", text)[1]) for text in kinds(server)]
    assert lines == list(range(64)) if time.time() // 60 == begin else 64 <= len(lines) <= 128  # of two minutes
    assert page(server)["counted"] is False
    assert b"Requests are not counted: there was no memory for it." in ask(server, "GET", "/status?format=html", None).body
    assert server.log_text().count("OCORS0028") == 1


def test_one_further_kind_is_one(start):
    """A43: a kind that comes over many connections and after changed lists is one kind."""
    server = start("info")
    origins = [f"https://evil{number}.example" for number in range(64)]
    for origin in origins:
        ask(server, "POST", "/on/x", ("Origin", origin))
    for generation in (2, 3):
        for _ in range(20):
            ask(server, "POST", "/on/x", ("Origin", "https://one.more.example"))
        server.write("d.json", document(ALLOWED[1], f"https://new{generation}.example"))
        httpd.wait_until(lambda: page(server)["generation"] == generation, "the new document is in force")
    ask(server, "POST", "/on/x", ("Origin", "https://one.more.example"))
    assert len(kinds(server)) == 64
    server.restart()
    line = server.wait_log("OCORS0027").text
    assert line.endswith("; at info, 1 further kind had no line"), line


def test_origins_are_counted_once_each(start):
    """A41, A42: "about" so many origins, of more than the memory holds: each once, however often it comes; the page says
    from what to what an origin's count may be."""
    server = start()
    names = [f"https://evil{number}.example" for number in range(3000)]
    for _ in range(3):
        with server.connection() as connection:
            for first in range(0, len(names), 50):  # as many at a time: most of the time is the test's own
                some_names = names[first:first + 50]
                connection.send(b"".join(wire.build("POST", "/on/x", [("Origin", n)], close=False) for n in some_names))
                assert [connection.read("POST").status for _ in some_names] == [401] * len(some_names)
    (first, count, error), *_ = [(row["origin"], row["count"], row["error"]) for row in page(server)["refused_origins"]]
    assert error > 0 and re.search(rf"<code>{first}</code></th>.*<td class=\"number\">{count - error} to {count}</td>",
                                   ask(server, "GET", "/status?format=html", None).body.decode())
    server.restart()
    found = MINUTE.search(server.wait_log("OCORS0027").text)
    assert found[1] == "9000" and found[5] == "about ", found[0]
    assert 2940 <= int(found[6]) <= 3060, found[0]


def test_an_origin_with_and_without_a_policy_is_one(start_httpd):
    """A42: what is refused by different policies, and by none, is counted as one origin."""
    server = start_httpd(CONFIG.replace("LEVEL", "notice"), files=FILES)
    for path in ("/on/x", "/shop/x", "/s/One/dw/shop/v19_1/x", "/dw/data/v19_1/x"):
        assert ask(server, "POST", path, UNKNOWN).status == 401
    assert {row[1] for row in counts(server)} == {"not-listed", "no-policy"}
    server.restart()
    assert MINUTE.search(server.wait_log("OCORS0027").text)[6] == "1"
