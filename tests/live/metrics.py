# SPDX-License-Identifier: Apache-2.0
"""Prometheus' text format, version 0.0.4, read strictly: what `promtool check metrics` asks for, and what is asked of
names, types and units (https://prometheus.io/docs/practices/naming)."""

import re

NAME = r"[a-z_][a-z0-9_]*"
LABEL = rf'({NAME})="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? ([0-9]+(?:\.[0-9]+)?)")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
BASE_UNITS = {"seconds", "bytes"}
OTHER_UNITS = {"milliseconds", "microseconds", "minutes", "hours", "days", "kilobytes", "megabytes", "ms"}


class Metric:
    def __init__(self, name, kind, about):
        self.name, self.kind, self.about, self.samples = name, kind, about, {}


def unescape(text):
    return re.sub(r'\\[\\"n]', lambda m: ESCAPES[m[0]], text)


def lint(metric):
    """Names, types and units by the conventions."""
    parts = metric.name.split("_")
    assert (parts[-1] == "total") == (metric.kind == "counter"), metric.name
    assert not OTHER_UNITS & set(parts), metric.name
    assert not {"count", "sum", "bucket"} & {parts[-1]}, metric.name
    for unit in BASE_UNITS & set(parts):
        assert parts[-1] == unit or parts[-2:] == [unit, "total"], metric.name
    assert re.fullmatch(r"[A-Z][^\n\\]*\.", metric.about), metric.about
    for labels in metric.samples:
        names = [name for name, _ in labels]
        assert len(set(names)) == len(names) and not {"le", "quantile", "__name__"} & set(names), names
        assert not any(name in parts for name in names), names
        assert {name for name, _ in labels} == {name for name, _ in next(iter(metric.samples))}, metric.name


def parse(text):
    """{name: Metric}; each metric's samples are {((label, value), ...): number}."""
    found, current = {}, None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        about = re.fullmatch(rf"# HELP ({NAME}) (.+)", line)
        kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line)
        if about:
            assert about[1] not in found, line
            current = found[about[1]] = Metric(about[1], None, about[2])
        elif kind:
            assert current is not None and kind[1] == current.name and current.kind is None and not current.samples, line
            current.kind = kind[2]
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample and sample[1] == current.name and current.kind, line
            labels = tuple((name, unescape(value)) for name, value in re.findall(LABEL, sample[2] or ""))
            assert labels not in current.samples, line
            current.samples[labels] = float(sample[sample.re.groups])
    for metric in found.values():
        assert metric.name.startswith("ocapi_cors_"), metric.name
        lint(metric)
    return found


# ---- What others ask of them ----

SELECTOR = re.compile(rf"(?<![\w:])(ocapi_cors_\w+)(?:\{{([^}}]*)\}})?(?!\w)")
MATCHER = re.compile(rf"({NAME})\s*(?:=~|!=|!~|=)\s*[\"']([^\"']*)[\"']")
GROUPED = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SHOWN = re.compile(r"\$labels\.(\w+)|\{\{(\w+)\}\}|label_values\([^)]*,\s*(\w+)\)")


def queries(text):
    """What a text of rules, or of a dashboard, asks for: ({metric: {label: {value}}}, {label of a grouping or a legend})."""
    text = text.replace('\\"', '"')
    asked = {}
    for metric, matchers in SELECTOR.findall(text):
        labels = asked.setdefault(metric, {})
        for label, value in MATCHER.findall(matchers):
            labels.setdefault(label, set()).update(value.split("|"))
    shown = {label.strip() for group in GROUPED.findall(text) for label in group.split(",") if label.strip()}
    return asked, shown | {label for found in SHOWN.findall(text) for label in found if label}
