# SPDX-License-Identifier: Apache-2.0
"""scripts/demo: how it ends, and that it can say no. That it builds, and what it says then: tests/lint/test_build.py."""

import glob
import os
import re
import shutil
import signal
import subprocess

import pytest

import httpd
import processes
import wire

DEMO = str(httpd.REPOSITORY / "scripts" / "demo")
LEFT = "/tmp/ocapi-cors-demo.*"


def demo(*arguments, script=DEMO, **environment):
    return subprocess.run([script, *arguments], capture_output=True, text=True, timeout=170,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})


def start(*arguments):
    """Starts the demo; returns the process, what it said until it serves, its port and its pid."""
    process = subprocess.Popen([DEMO, "--module", httpd.module_under_test(), *arguments],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               # A background job ignores it, and what it starts could not heed it.
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    said = ""
    for line in process.stdout:
        said += line
        if "scripts/demo --settings FILE" in line or "unknown.example" in line:
            break
    match = re.search(r"http://127\.0\.0\.1:(\d+) as user (\S+), process (\d+)", said)
    assert match, said
    return process, said, int(match[1]), int(match[3])


def ended(process, number):
    process.send_signal(number)
    said, _ = process.communicate(timeout=40)
    return process.returncode, said


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(number):
    process, said, port, pid = start()
    (root,) = [path for path in glob.glob(LEFT)
               if f"-d\0{path}\0".encode() in open(f"/proc/{pid}/cmdline", "rb").read()]
    assert wire.request(port, "GET", "/dw/shop/v19_1/products/123/availability").status == 200
    if os.geteuid() == 0:
        assert os.stat(f"/proc/{pid}").st_uid != 0, "the server runs as root"
    assert ended(process, number)[0] == 0
    assert not is_alive(pid) and not os.path.exists(root)
    assert not processes.that_name(root)  # none is left to listen


def test_a_settings_file_and_a_backend_of_ones_own(backend, tmp_path):
    settings = tmp_path / "mine.json"
    settings.write_text('{"_v":"19.1","clients":[{"client_id":"mine",'
                        '"allowed_origins":["https://app.example.com"]}]}')
    process, said, port, _ = start("--settings", str(settings), "--backend", backend.url)
    try:
        response = wire.request(port, "GET", "/dw/shop/v1/x?status=404",
                                [("Origin", "https://app.example.com")])
        assert response.status == 404
        assert response.one("Access-Control-Allow-Origin") == "https://app.example.com"
        assert wire.request(port, "POST", "/dw/shop/v1/x",
                            [("Origin", "http://foo.com")]).status == 401
        assert [(r.method, r.path) for r in backend.requests] == [("GET", "/dw/shop/v1/x")]
    finally:
        code, _ = ended(process, signal.SIGTERM)
    assert code == 0


def copy_with(tmp_path, name, old, new):
    for folder in ("scripts", "conf"):
        shutil.copytree(httpd.REPOSITORY / folder, tmp_path / folder)
    path = tmp_path / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return str(tmp_path / "scripts" / "demo")


@pytest.mark.parametrize("name, old, new, wrong", [
    ("conf/examples/demo/shop.json", '"http://foo.com"', '"http://bar.com"', 4),
    ("conf/examples/demo/httpd.conf", "max-age=60,must-revalidate", "max-age=61", 2),
    ("conf/examples/demo/httpd.conf", "Header unset Accept-Ranges", "Header set X-More 1", 2),
])
def test_once_fails_when_an_exchange_is_wrong(tmp_path, name, old, new, wrong):
    script = copy_with(tmp_path, name, old, new)
    done = demo("--once", "--module", httpd.module_under_test(), script=script)
    assert done.returncode == 1
    assert f"{4 - wrong} of 4 exchanges right" in done.stdout


def test_a_settings_file_with_an_error_is_told(tmp_path):
    settings = tmp_path / "bad.json"
    settings.write_text('{"clients":[{"client_id":"a","allowed_origins":["*"]}]}')
    done = demo("--module", httpd.module_under_test(), "--settings", str(settings))
    assert done.returncode == 1
    assert "clients[0].allowed_origins[0]" in done.stderr


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--settings"], ["--backend", "ftp://x"],
                                       ["--once", "--backend", "http://x/"]])
def test_wrong_usage(arguments):
    done = demo(*arguments)
    assert done.returncode == 2 and "Usage: scripts/demo" in done.stderr


def test_help():
    done = demo("--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: scripts/demo")
