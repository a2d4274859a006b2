# SPDX-License-Identifier: Apache-2.0
"""What is cheap to say of examples/: names that the documentation has, too. scripts/examples-test runs the examples."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def anchors(page):
    """The anchors of a page's headings, as they are made from them."""
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", (REPOSITORY / page).read_text(), re.M)}


def test_each_alert_has_its_lines_in_the_documentation():
    rules = (REPOSITORY / "examples/monitoring/ocapi-cors.rules.yml").read_text()
    tested = (REPOSITORY / "examples/monitoring/ocapi-cors.rules.test.yml").read_text()
    alerts = re.findall(r"^ +- alert: (\w+)$", rules, re.M)
    assert len(alerts) >= 8
    assert re.findall(r"runbook: (\S+)", rules) == [f"docs/monitoring.md#{name.lower()}" for name in alerts]
    assert {name.lower() for name in alerts} == {name for name in anchors("docs/monitoring.md") if name.startswith("ocapicors")}
    assert set(re.findall(r"alertname: (\w+)", tested)) == set(alerts)
