# SPDX-License-Identifier: Apache-2.0
"""Documents and their lives: judged by `apachectl configtest`, kept while good when a server is reloaded
(sections 2 and 3)."""

import json
import os
import shutil
import signal
import threading

import pytest

import httpd
from inotify import Opens

BAD = """{
  "_v": "19.1",
  "clients": [
    {
      "client_id": "x",
      "client_id": "y",
      "allowed_origins": ["http://foo.com", "*", 1],
      "resources": { "resource_id": "/baskets" }
    }
  ]
}
"""
NO_JSON = BAD.replace("1]", "1,],").replace("{\n", "{ // a comment\n", 1)

CONFIG = """
OcapiCorsReload Off
ProxyPassMatch "^/(one|two|both|three)" "${BACKEND}/$1"
<Location "/one">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/one.json"
</Location>
<Location "/two">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/two.json"
</Location>
<Location "/both">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/one.json" "${ROOT}/two.json"
</Location>
"""


def document(client, *origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": client, "allowed_origins": origins}]})


def configtest(text):
    return httpd.configtest('OcapiCorsSettings "${ROOT}/x.json"\n', files={"x.json": text})


@pytest.mark.parametrize("text, errors", [
    (BAD, [("x.json:6:7: error: clients[0].client_id: ", "line 5"),
           ("x.json:7:45: error: clients[0].allowed_origins[1]: ", "'*'"),
           ("x.json:7:50: error: clients[0].allowed_origins[2]: ", "a number"),
           ("x.json:8:20: error: clients[0].resources: ", "array")]),
    (NO_JSON, [("x.json:1:3: error: ", "comment"), ("x.json:6:7: error: clients[0].client_id: ", "line 5"),
               ("x.json:7:51: error: ", "between two values"),
               ("x.json:7:54: error: ", "without a value")]),
], ids=["JSON", "not JSON"])
def test_every_error_of_a_document_is_said_at_configtest(text, errors):
    """D1, D2, A24: all faults of the text are reported at once; where the text is JSON (a repeated key does not stop
    it), all faults of its values with them, in the compilers' order."""
    status, output = configtest(text)
    lines = [line for line in output.splitlines() if "x.json:" in line]
    assert status != 0
    assert len(lines) == len(errors), output
    for line, (place, word) in zip(lines, errors):
        assert ": OcapiCorsSettings: /" in line and f"/{place}" in line and word in line, output


def test_a_policy_that_allows_nothing_is_warned_of():
    """A38: once its documents are layered; of ten such policies, eight are named; the twin allows something."""
    files = {"one.json": document("c", "https://a.example"), "two.json": document("c")}
    line = 'OcapiCorsSettings "${ROOT}/one.json" "${ROOT}/two.json"\n'
    status, output = httpd.configtest(line, files=files)
    assert status == 0 and output.count("OCORS0026") == 1, output
    assert "/two.json: the policy of this document, and of those before it, allows no origin" in output
    lines = "".join(f'<Location "/{n}">\nOcapiCorsSettings "${{ROOT}}/{n}.json"\n</Location>\n' for n in range(10))
    status, output = httpd.configtest(lines, files={f"{n}.json": document("c") for n in range(10)})
    assert status == 0 and output.count("OCORS0026") == 9, output
    assert "OCORS0026: more policies that allow no origin: 2" in output, output
    files["two.json"] = document("d")
    status, output = httpd.configtest(line, files=files)
    assert status == 0 and "OCORS0026" not in output, output


def test_a_good_document_is_accepted_at_configtest():
    """The twin."""
    status, output = configtest(document("x", "https://foo.com"))
    assert (status, output) == (0, "Syntax OK\n")


def test_warnings_are_shown_at_configtest():
    status, output = configtest(document("x", "HTTP://Foo.com/", "YOUR_DOMAIN_NAME"))
    assert status == 0 and output.count("OCORS0004") == 2 and "Syntax OK" in output, output


@pytest.mark.parametrize("origin, severity, totals", [
    ("https://*.a{}.example", "error", "1001 errors, 0 warnings, 0 remarks"),
    ("YOUR_DOMAIN_NAME_{}", "warning", "0 errors, 1001 warnings, 0 remarks")])
def test_findings_beyond_a_thousand_are_counted(origin, severity, totals):
    """D1: a thousand are shown, and one line says how many there are; a thousand have no such line."""
    for count in (1000, 1001):
        status, output = configtest(document("x", "https://a.example", *(origin.format(n) for n in range(count))))
        lines = [line for line in output.splitlines() if "/x.json:" in line]
        findings = [line for line in lines if f": {severity}: " in line]
        assert len(findings) == 1000 and (status == 0) == (severity == "warning"), output[-600:]
        others = [line for line in lines if line not in findings]
        assert len(others) == (count > 1000), others
        assert all(f"/x.json: {totals} in all" in line for line in others), others
        assert output.count("/x.json:") == len(lines), output[-600:]  # no line has another one in it
        assert output.count("OCORS0004") == (len(lines) if severity == "warning" else 0), output[-600:]


def test_the_number_of_findings_has_the_level_of_the_worst():
    """D1: one warning among many remarks makes it a warning."""
    for first, number in ((), "OCORS0005"), (("YOUR_DOMAIN_NAME",), "OCORS0004"):
        output = configtest(document("x", *first, *(f"http://r{n}.example" for n in range(1001))))[1]
        (line,) = [line for line in output.splitlines() if line.endswith(" in all")]
        assert f"] {number}: " in line, line


def test_a_byte_order_mark_is_taken():
    """Field case 4.13."""
    status, output = configtest("\ufeff" + document("x", "https://foo.com"))
    assert status == 0 and "x.json:1:1: remark: " in output and "Syntax OK" in output, output


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "\u00a0" + document("x"), "{" * 10000,
                                  document("x", "null"), document("x", "https://*.foo.com")])
def test_refused_documents(text):
    status, output = configtest(text)
    assert status != 0 and "x.json:1:" in output, output


@pytest.mark.parametrize("more", [0, 1])
def test_a_document_may_have_64_mib(more):
    """S16: a file of one byte more is not read; one of as many bytes is, and has the findings of its text."""
    server = httpd.Httpd('OcapiCorsSettings "${ROOT}/x.json"\n', files={"x.json": ""})
    try:
        os.truncate(server.root / "x.json", (64 << 20) + more)
        status, output = server.configtest()
    finally:
        shutil.rmtree(server.root)
    said = "x.json: error: the file has 67108865 bytes; a document may have 67108864" if more else "x.json:1:1: error: a control"
    assert status != 0 and said in output and ("bytes; a document may" in output) == bool(more), output


def test_what_is_no_file_is_refused():
    for config, said in [('"${ROOT}/none.json"', "No such file"), ('"${ROOT}"', "not a regular file"),
                         ('"/dev/zero"', "not a regular file")]:
        status, output = httpd.configtest(f"OcapiCorsSettings {config}\n")
        assert status != 0 and said in output, output


def test_a_bad_document_keeps_the_server_from_starting():
    server = httpd.Httpd(CONFIG, files={"one.json": BAD, "two.json": document("t")},
                         defines={"BACKEND": "http://127.0.0.1:9"})
    with pytest.raises(httpd.HttpdFailed, match="clients\\[0\\].allowed_origins\\[1\\]"):
        server.start()
    server.stop_after_failure()


@pytest.fixture
def front(start_httpd, backend):
    server = start_httpd(CONFIG, defines={"BACKEND": backend.url},
                         files={"one.json": document("a", "http://one.example"),
                                "two.json": document("b", "http://two.example")})
    yield server


def allowed(front, path, *origins):
    """Which of the origins a POST to this path may come from."""
    return {o for o in origins if front.request("POST", path, [("Origin", o)]).status == 200}


ONE, TWO, NEW = "http://one.example", "http://two.example", "http://new.example"


@pytest.mark.parametrize("graceful", [True, False])
def test_a_good_change_takes_effect(front, graceful):
    """S17"""
    front.write("one.json", document("a", NEW))
    assert allowed(front, "/one", ONE, NEW) == {ONE}
    front.restart(graceful=graceful)
    assert allowed(front, "/one", ONE, NEW) == {NEW}
    assert allowed(front, "/both", ONE, TWO, NEW) == {NEW, TWO}


@pytest.mark.parametrize("graceful", [True, False])
def test_a_bad_change_keeps_the_last_good_policy_whole(front, graceful):
    """S17, A26: "the last good policy stays in force, whole" """
    front.expect_log(r"OCORS0001: .*two\.json:7:45: error: clients\[0\].allowed_origins\[1\]: ")
    front.expect_log(r"OCORS0001: .*two\.json:6:7: error: clients\[0\].client_id: ")
    front.expect_log(r"OCORS0001: .*two\.json:7:50: error: clients\[0\].allowed_origins\[2\]: ")
    front.expect_log(r"OCORS0001: .*two\.json:8:20: error: clients\[0\].resources: ")
    front.expect_log(r"OCORS0002: .*two\.json: .* 2 policies .* previous version$")
    front.write("two.json", BAD)
    front.write("one.json", document("a", NEW))
    front.restart(graceful=graceful)
    assert allowed(front, "/two", ONE, TWO, NEW) == {TWO}
    assert allowed(front, "/both", ONE, TWO, NEW) == {ONE, TWO}
    assert allowed(front, "/one", ONE, TWO, NEW) == {NEW}
    said = len([l for l in front.log_lines() if "OCORS0001" in l.text])
    front.restart(graceful=graceful)
    assert len([l for l in front.log_lines() if "OCORS0001" in l.text]) == said, "once per change"
    assert allowed(front, "/both", ONE, TWO, NEW) == {ONE, TWO}
    front.write("two.json", document("b", TWO, "http://mended.example"))
    front.restart(graceful=graceful)
    assert allowed(front, "/both", ONE, TWO, NEW, "http://mended.example") == {
        NEW, TWO, "http://mended.example"}


def test_what_changes_while_a_restart_reads_is_read_again(front):
    """A26: "whole". Nothing finds it later here. The parent is stopped while it reads the second document of a policy; if it
    has read it by then, the next round shows it."""
    for origin in 3 * [NEW, ONE]:
        beside = front.write("beside", document("b", TWO) + " " * 40_000_000)
        front.write("next", document("a", origin))
        with Opens(beside) as opens:
            beside.rename(front.root / "two.json")
            restart = threading.Thread(target=front.restart)
            restart.start()
            opens.wait()
            os.kill(front.process.pid, signal.SIGSTOP)
        (front.root / "next").rename(front.root / "one.json")
        os.kill(front.process.pid, signal.SIGCONT)
        restart.join()
        if allowed(front, "/both", ONE, TWO, NEW) == {origin, TWO}:
            return
    raise AssertionError("the document of before is in force")


def test_a_vanished_document_keeps_the_last_good_policy(front):
    """A26"""
    front.expect_log(r"OCORS0001: .*one\.json: .*No such file")
    front.expect_log(r"OCORS0002: .*one\.json")
    (front.root / "one.json").unlink()
    front.restart()
    assert allowed(front, "/one", ONE, TWO) == {ONE}
    said = len([l for l in front.log_lines() if "OCORS000" in l.text and l.level == "error"])
    front.restart()
    assert allowed(front, "/one", ONE, TWO) == {ONE}
    assert len([l for l in front.log_lines()
                if "OCORS000" in l.text and l.level == "error"]) == said, "once, not at each reload"


def test_a_bad_document_of_a_new_section_allows_nothing_and_stops_nothing(front):
    """A28"""
    front.expect_log(r"OCORS0001: .*three\.json")
    front.expect_log(r"OCORS0003: .*three\.json")
    front.write("three.json", "{")
    front.restart(config=front.config + """
        <Location "/three">
            OcapiCors On
            OcapiCorsSettings "${ROOT}/three.json"
        </Location>""")
    assert allowed(front, "/three", ONE, TWO) == set()
    assert allowed(front, "/one", ONE, TWO) == {ONE}
    assert front.request("GET", "/three", [("Origin", ONE)]).cors() == []


@pytest.mark.parametrize("mpm", ["worker", "prefork"])
def test_other_mpms(start_httpd, backend, mpm):
    server = start_httpd(CONFIG, mpm=mpm, defines={"BACKEND": backend.url},
                         files={"one.json": document("a", ONE), "two.json": document("b", TWO)})
    for _ in range(3):
        assert allowed(server, "/one", ONE, TWO) == {ONE}
        assert allowed(server, "/both", ONE, TWO, NEW) == {ONE, TWO}
        server.restart()


def test_beside_mod_md(start_httpd, backend):
    """mod_md brings jansson, which shares two function names with json-c, into the same process."""
    server = start_httpd(CONFIG, modules=["watchdog", "md"],
                         defines={"BACKEND": backend.url},
                         files={"one.json": document("a", ONE), "two.json": document("b", TWO)})
    server.restart()
    assert allowed(server, "/both", ONE, TWO, NEW) == {ONE, TWO}


def test_a_good_document_outlives_a_generation_that_shows_nothing_of_it(front):
    """The one policy that names it has a bad document and no last good state; then the document is fixed."""
    front.expect_log(r"OCORS0001: .*three\.json")
    front.expect_log(r"OCORS0003: .*three\.json")
    front.write("three.json", "{")
    front.restart(config="""
        ProxyPassMatch "^/(three)" "${BACKEND}/$1"
        <Location "/three">
            OcapiCors On
            OcapiCorsSettings "${ROOT}/one.json" "${ROOT}/three.json"
        </Location>""")
    assert allowed(front, "/three", ONE, NEW) == set()
    front.write("three.json", document("c", NEW))
    for _ in range(2):
        front.restart()
        assert allowed(front, "/three", ONE, NEW) == {ONE, NEW}
