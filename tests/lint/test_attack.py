# SPDX-License-Identifier: Apache-2.0
"""What scripts/attack goes by: who judges the answers to hostile requests sees each fault, and no other; the same seed makes
the same bytes; each test that does not run under the sanitizers is one that exists. The attack itself runs by its script."""

import json
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import hpack
import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "attack"))

import frames  # noqa: E402 (needs the path above)
import hostile  # noqa: E402
import judge  # noqa: E402
import sanitized  # noqa: E402
import witness  # noqa: E402

GRANTED = [
    ("Access-Control-Allow-Origin", "http://foo.com"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "location,x-dw-version-status"),
]
PREFLIGHT = GRANTED[:2] + [
    ("Access-Control-Allow-Methods", "GET, HEAD"),
    ("Access-Control-Max-Age", "86400"),
    ("Access-Control-Allow-Headers", "x-a, x-b"),
]
OTHER = ("Access-Control-Allow-Origin", "http://bar.com")


@pytest.mark.parametrize(
    "status, fields, grants",
    [
        (200, GRANTED, {"http://foo.com"}),
        (
            200,
            [("Access-Control-Allow-Origin", "http://foo.com https://partner.example"), *GRANTED[1:]],
            {"http://foo.com", "https://partner.example"},
        ),
        (401, [], set()),
        (204, PREFLIGHT, {"http://foo.com"}),
        (400, PREFLIGHT, {"http://foo.com"}),
        (200, [("X", "\xff\t")], set()),
    ],
)
def test_an_answer_that_is_right_has_no_fault(status, fields, grants):
    assert judge.faults_of_fields(status, fields, grants) == []


@pytest.mark.parametrize(
    "status, fields, grants, fault",
    [
        (200, GRANTED, set(), "a permission for"),
        (200, GRANTED, {"https://partner.example"}, "a permission for"),
        (200, [OTHER, *GRANTED[1:]], {"http://bar.com"}, "a permission for"),  # no document lists it
        (
            200,
            [("Access-Control-Allow-Origin", "http://foo.com http://bar.com"), *GRANTED[1:]],
            {"http://foo.com"},
            "a permission for",
        ),
        (200, GRANTED[1:], {"http://foo.com"}, "a permission for"),
        (200, [*GRANTED, GRANTED[0]], {"http://foo.com"}, "comes twice"),
        (200, [GRANTED[0], *GRANTED[2:]], {"http://foo.com"}, "credentials"),
        (200, GRANTED[:2], {"http://foo.com"}, "exposed"),
        (200, [*GRANTED, ("access-control-made-up", "1")], {"http://foo.com"}, "does not write"),
        (200, [("X", "a\rb")], set(), "control character"),
        (200, PREFLIGHT, {"http://foo.com"}, "half a preflight"),
        (204, PREFLIGHT[:3] + PREFLIGHT[4:], {"http://foo.com"}, "half a preflight"),
        (204, [*PREFLIGHT[:4], ("Access-Control-Allow-Headers", "x-a, a b")], {"http://foo.com"}, "field names"),
        (
            204,
            [*PREFLIGHT[:4], ("Access-Control-Allow-Headers", "x-a,Sec-Fetch-Site")],
            {"http://foo.com"},
            "field names",
        ),
        (204, [*PREFLIGHT[:4], ("Access-Control-Allow-Headers", ",".join("x" * 65))], {"http://foo.com"}, "field names"),
    ],
)
def test_each_fault_of_an_answer_is_seen(status, fields, grants, fault):
    assert any(fault in said for said in judge.faults_of_fields(status, fields, grants))


def refusal(origin):
    body = json.dumps({"_v": "19.1", "fault": {"arguments": {"origin": origin}}}).encode()
    return b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="OCAPI"\r\nContent-Length: %d\r\n\r\n%b' % (
        len(body),
        body,
    )


GRANT = b"".join(f"{n}: {v}\r\n".encode() for n, v in GRANTED)


@pytest.mark.parametrize(
    "data, fault",
    [
        (b"", None),
        (b"<html>", None),
        (refusal("x") * 3, None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + GRANT + b"\r\n{}", None),
        (refusal("x" * 257), "its origin"),
        (refusal("x").replace(b'"x"', b'"\\q"'), "a refusal's document"),
        (b"HTTP/1.1 200", "without a head"),
        (b"HTTP/1.1 200 OK\r\n\r\n\r\n" + GRANT, "outside an answer's head"),
        (b"HTTP/1.1 200 OK\r\nX: a\n" + GRANT + b"\r\n", "outside an answer's head"),
        (refusal("x") + b"HTTP/1.1 200 OK\r\n" + GRANT.replace(b"foo", b"bar") + b"\r\n", "a permission for"),
    ],
)
def test_answers_on_a_connection(data, fault):
    faults = judge.faults_of(data, {"http://foo.com"})
    assert faults == [] if fault is None else any(fault in said for said in faults), faults


def answer_of_frames(fields):
    text = hpack.Encoder().encode(fields)
    return (
        frames.frame(frames.SETTINGS, 0, 0, b"")
        + frames.frame(frames.HEADERS, 0, 1, text[:5])
        + frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, text[5:])
        + frames.frame(frames.DATA, frames.END_STREAM, 1, b"{}")
    )


def test_answers_in_frames():
    data = answer_of_frames([(":status", "200"), *((n.lower(), v) for n, v in GRANTED)])
    assert [(status, len(fields)) for status, fields, _ in frames.answers_of(data)] == [(200, 3)]
    assert frames.faults_of(data, {"http://foo.com"}) == [] and frames.ended(data) == 1 and frames.ended(data[:-11]) == 0
    assert "a permission for" in frames.faults_of(data, set())[0]


@pytest.mark.parametrize(
    "line, fields, fault",
    [
        (b"POST /x HTTP/1.1", [], None),
        (b"GET /x HTTP/1.1", [(b"origin", b"http://bar.com")], None),
        (b"OPTIONS /x HTTP/1.1", [(b"origin", b"x")], None),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://foo.com")], None),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://foo.com https://partner.example")], None),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://own.example")], None),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://bar.com")], "unsafe"),
        (b"BREW /x HTTP/1.1", [(b"origin", b"")], "unsafe"),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://foo.com http://bar.com")], "unsafe"),
        (b"POST /x HTTP/1.1", [(b"origin", b"http://foo.com")] * 2, "unsafe"),
        (
            b"OPTIONS /x HTTP/1.1",
            [(b"origin", b"http://foo.com"), (b"access-control-request-method", b"PUT")],
            "preflight",
        ),
    ],
)
def test_what_should_not_have_come_to_the_backend(line, fields, fault):
    said = witness.fault_of(line, fields, is_own=lambda origin: origin == b"http://own.example")
    assert said is None if fault is None else fault in said


@pytest.mark.parametrize(
    "data, grants",
    [
        (b"Origin: http://foo.com\r\n", {"http://foo.com"}),
        (b"Origin:http://foo.com", {"http://foo.com"}),
        (b"Origin: http://bar.com http://foo.com\t\n", {"http://foo.com"}),
        (b"Origin: http://foo.com.evil.example\r\n", set()),
        (b"Origin: http://evil.example/http://foo.com\r\n", set()),
        (b"Origin: http://foo.com, x\r\n", set()),
    ],
)
def test_who_may_be_granted(data, grants):
    assert hostile.granted_by(data) == grants


@pytest.mark.parametrize("module", [hostile, frames])
def test_a_seed_makes_the_same_bytes_each_time(module):
    attacks = [module.attack_of("1 tree 0", n) for n in range(120)]
    assert attacks == [module.attack_of("1 tree 0", n) for n in range(120)]
    assert attacks != [module.attack_of("2 tree 0", n) for n in range(120)]
    assert {attack.kind for attack in attacks} == set(module.KINDS)
    assert len({attack.pieces[-1] for attack in attacks}) > 100
    assert any(attack.grants for attack in attacks) and any(not attack.grants for attack in attacks)


def test_each_kind_is_bytes():
    for kind in hostile.KINDS:
        for seed in range(4):
            assert all(isinstance(piece, bytes) for piece in hostile.Maker(random.Random(seed)).of_kind(kind)), kind
    assert len(hostile.KINDS) >= 20


def test_what_the_sanitizers_leave_out_is_there():
    for reason, tests in sanitized.LEFT_OUT.items():
        assert reason and tests
        for test in tests:
            module, function = re.sub(r"\[.*", "", test).split("::")
            assert re.search(rf"^def {function}\(", (TESTS / "live" / f"{module}.py").read_text(), re.M), test


def test_a_left_out_test_is_told_from_its_neighbour(monkeypatch):
    """Whatever is in its parameters; what xdist puts behind the name of an item (`nodeid`) does not count."""
    monkeypatch.setattr(sanitized, "LEFT_OUT", {"why": ["test_a::test_b", "test_a::test_c[x]"]})
    marked = []
    for name in ("test_b", "test_b[1-2]", "test_b[conf/shop.json::1]", "test_bb", "test_c[x]", "test_c[y]"):
        sanitized.pytest_collection_modifyitems([SimpleNamespace(
            nodeid=f"tests/live/test_a.py::{name}@test_a.py", path=Path("tests/live/test_a.py"), name=name,
            add_marker=lambda marker, name=name: marked.append((name, marker.kwargs["reason"])))])
    assert marked == [(name, "sanitized: why") for name in ("test_b", "test_b[1-2]", "test_b[conf/shop.json::1]", "test_c[x]")]
