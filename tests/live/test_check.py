# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors check`: what it says of a document, and its last line."""

import json
import os
import subprocess
from pathlib import Path

import pytest

COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"


def check(document):
    """Exit status, lines but the last, the last one without the file's name."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    done = subprocess.run([COMMAND, "check", "-"], input=text.encode(), capture_output=True, timeout=60)
    *lines, last = done.stdout.decode().splitlines()
    assert done.stderr == b"" and last.startswith("-: ")
    return done.returncode, lines, last[3:]


def settings(*clients):
    return {"_v": "19.1", "clients": list(clients)}


def client(name, *origins, **members):
    return {"client_id": name, "allowed_origins": list(origins), **members}


@pytest.mark.parametrize("document, status, last", [
    (settings(client("a", "https://a.example")), 0, "good: 0 errors, 0 warnings, 0 remarks; 1 client, 1 usable origin"),
    (settings(client("a", "https://a.example", "https://b.example"), client("b")), 0,
     "good: 0 errors, 0 warnings, 1 remark; 2 clients, 2 usable origins"),
    (settings(client("a", "YOUR_DOMAIN")), 0, "good: 0 errors, 2 warnings, 0 remarks; 1 client, 0 usable origins"),
    (settings(), 0, "good: 0 errors, 1 warning, 0 remarks; 0 clients, 0 usable origins"),
    (settings(client("a", "*")), 1, "refused: 1 error, 0 warnings, 0 remarks"),
    (settings(client("a", "*", "null", "foo.example")), 1, "refused: 2 errors, 1 warning, 0 remarks")])
def test_the_last_line_counts_what_is_usable(document, status, last):
    """Field cases 4.8 and 4.14."""
    assert check(document)[::2] == (status, last)


def test_one_cause_is_one_line():
    """Field case 4.9: the same unknown key in 71 resources."""
    resources = [{"resource_id": f"/r{n}", "methods": ["get"], "note": n} for n in range(71)]
    status, lines, last = check(settings(client("a", "https://a.example", resources=resources)))
    assert status == 0 and len(lines) == 1 and lines[0].endswith(" (and 70 more places) [unknown-key]"), lines
    assert last == "good: 0 errors, 0 warnings, 71 remarks; 1 client, 1 usable origin"


def test_seven_comments_are_one_line():
    status, lines, last = check("# a comment\n" * 7 + json.dumps(settings(client("a", "https://a.example"))))
    assert status == 1 and len(lines) == 1 and "(and 6 more places)" in lines[0], lines
    assert last == "refused: 7 errors, 0 warnings, 0 remarks"


def test_a_name_beyond_ascii_is_shown_as_it_is():
    """Field cases 4.15 and 4.6."""
    status, lines, _ = check(settings(client("a", "https://shöp.example", "https://a.example\u200b")))
    assert status == 1
    assert '"https://shöp.example": ' in lines[0] and '"https://xn--shp-tna.example"' in lines[0]
    assert '"https://a.example<U+200B>": this holds U+200B (ZERO WIDTH SPACE)' in lines[1]
