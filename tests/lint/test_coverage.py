# SPDX-License-Identifier: Apache-2.0
"""Who reads the figures of scripts/coverage fails under each floor, and where figures are missing."""

import importlib.util
import json
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("floors", TESTS / "coverage" / "floors.py")
floors = importlib.util.module_from_spec(spec)
spec.loader.exec_module(floors)

SOURCES = {"src/core/a.c", "src/core/settings/b.c", "src/httpd/c.c", "mod_ocapi_cors.c", "src/cli/d.c"}


def summary(without=(), **changed):
    """Figures of a tree that is over every floor; a keyword is a file's stem, and its covered lines and branches of 100."""
    files = []
    for name in sorted(SOURCES - set(without)):
        lines, branches = changed.get(Path(name).stem, (100, 95))
        files.append(
            {"filename": name, "line_total": 100, "line_covered": lines, "branch_total": 100, "branch_covered": branches}
        )
    return {"files": files}


def test_over_the_floors_there_is_no_fault():
    rooms, faults = floors.read(summary(a=(97, 90), b=(97, 90), c=(90, 75), mod_ocapi_cors=(90, 75), d=(0, 0)), SOURCES)
    assert faults == []
    assert [(room.name, room.lines, room.branches, len(room.files)) for room in rooms] == [
        ("core", 97, 90, 2),
        ("glue", 90, 75, 2),
        ("cli", 0, 0, 1),
    ]


@pytest.mark.parametrize(
    "changed, fault",
    [
        ({"a": (93, 95)}, "core: 96.5 % of its lines"),
        ({"b": (100, 84)}, "core: 89.5 % of its branches"),
        ({"c": (79, 95)}, "glue: 89.5 % of its lines"),
        ({"mod_ocapi_cors": (100, 50)}, "glue: 72.5 % of its branches"),
    ],
)
def test_under_a_floor_it_fails(changed, fault, tmp_path, capsys, monkeypatch):
    assert [said.partition(", and")[0] for said in floors.read(summary(**changed), SOURCES)[1]] == [fault]
    monkeypatch.setattr(floors, "sources_of", lambda tree: SOURCES)
    for figures, status in ((summary(**changed), 1), (summary(), 0)):
        (tmp_path / "summary.json").write_text(json.dumps(figures))
        assert floors.main(tmp_path / "summary.json") == status
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_file_without_figures_is_missed(name):
    assert f"{name}: no figures" in floors.read(summary(without={name}), SOURCES)[1]


def test_the_worst_file_comes_first():
    rooms, _ = floors.read(summary(b=(98, 60)), SOURCES)
    assert rooms[0].worst()[0]["filename"] == "src/core/settings/b.c"


def test_each_source_is_asked_for():
    sources = floors.sources_of(floors.TREE)
    assert len(sources) >= 100 and "mod_ocapi_cors.c" in sources and "src/httpd/reload/look.c" in sources
    assert all(any(floors.re.match(pattern, name) for pattern, _, _ in floors.ROOMS.values()) for name in sources)
