# SPDX-License-Identifier: Apache-2.0
"""examples/monitoring, by Prometheus' own judge. tests/live/test_status.py compares its names with a running server's."""

import json
import re
import subprocess

import pytest


@pytest.fixture
def promtool(examples, tool):
    def promtool(*arguments):
        done = subprocess.run([tool("promtool"), *arguments], cwd=examples / "monitoring", capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr
    return promtool


def test_the_rules_are_rules(promtool):
    status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", "ocapi-cors.rules.yml")
    assert status == 0, said


def test_the_scrape_job_is_a_configuration(promtool):
    status, said = promtool("check", "config", "prometheus.yml")
    assert status == 0 and "1 rule files found" in said, said


def test_each_alert_fires_where_it_should(promtool):
    status, said = promtool("test", "rules", "ocapi-cors.rules.test.yml")
    assert status == 0 and "SUCCESS" in said, said


@pytest.mark.parametrize("old, new", [("ocapi_cors_unusable_documents > 0", "ocapi_cors_unusable_documents > 2"),
                                      ("> 30 * 86400", "> 20 * 86400"), ("> 0.85", "> 0.95"), ("offset 1d or", "offset 2d or"),
                                      ('verdict!="none"', 'verdict!="no"'), ("and on (job, instance) ocapi", "or ocapi")])
def test_a_wrong_threshold_is_noticed(promtool, examples, tmp_path, old, new):
    for name in ("ocapi-cors.rules.yml", "ocapi-cors.rules.test.yml"):
        text = (examples / "monitoring" / name).read_text()
        assert old in text or "test" in name
        (tmp_path / name).write_text(text if "test" in name else text.replace(old, new))
    status, said = promtool("test", "rules", str(tmp_path / "ocapi-cors.rules.test.yml"))
    assert status == 1 and "FAILED" in said, said


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_the_dashboard_asks_valid_questions(promtool, examples, tmp_path):
    """Each query with Grafana's variables filled in, as a rule."""
    dashboard = json.loads((examples / "monitoring/ocapi-cors.dashboard.json").read_text())
    queries = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    queries += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    assert len(queries) >= 20
    for name, value in (("$job", "ocapi-cors"), ("$site", "A|B"), ("$__rate_interval", "1m")):
        queries = [query.replace(name, value) for query in queries]
    assert not [query for query in queries if "$" in query]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    status, said = promtool("check", "rules", str(tmp_path / "queries.yml"))
    assert status == 0 and f"{len(queries)} rules found" in said, said


def test_the_dashboard_is_one(examples):
    """What Grafana asks of its model: numbers once, no panel over another, each title and each variable there."""
    text = (examples / "monitoring/ocapi-cors.dashboard.json").read_text()
    dashboard = json.loads(text)
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers) >= 15
    fields = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert panel["title"] and not cells & fields and place["x"] + place["w"] <= 24, panel["title"]
        fields |= cells
    for panel in panels(dashboard):
        assert panel["description"] and panel["datasource"]["uid"] == "${datasource}", panel["title"]
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", text))
    assert used == variables
