# SPDX-License-Identifier: Apache-2.0
"""The files of examples/, by the judges of their own formats; and the schema's patterns, by the regular expressions of editors."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
YAML = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "examples").rglob("*.y*ml"))
YAML.append(".pre-commit-hooks.yaml")
YAMLLINT = "{extends: default, rules: {line-length: {max: 140}}}"


def run(*command, cwd=REPOSITORY, **keywords):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, **keywords)
    return done.returncode, done.stdout + done.stderr


def test_yamllint_has_nothing_to_say():
    assert len(YAML) >= 6
    assert run("yamllint", "--strict", "-d", YAMLLINT, *YAML) == (0, "")


def test_yamllint_would_have_something_to_say(tmp_path):
    (tmp_path / "a.yml").write_text("---\na: 1\na:  2\n")
    assert run("yamllint", "--strict", "-d", YAMLLINT, tmp_path / "a.yml")[0] == 1


def test_ansible_lint_has_nothing_to_say(tmp_path):
    status, said = run("ansible-lint", "--offline", "--strict", "--nocolor", "ocapi-cors.yml", cwd=REPOSITORY / "examples/ansible")
    assert status == 0, said
    (tmp_path / "a.yml").write_text("- hosts: all\n  tasks:\n    - shell: rm x\n")
    assert run("ansible-lint", "--offline", "--nocolor", "a.yml", cwd=tmp_path)[0] != 0


def test_puppet_has_nothing_to_say(tmp_path):
    manifest = REPOSITORY / "examples/puppet/ocapi_cors/manifests/documents.pp"
    assert run("puppet", "parser", "validate", manifest) == (0, "")
    (tmp_path / "a.pp").write_text("class a { file { '/x' ensure => file } }\n")
    assert run("puppet", "parser", "validate", tmp_path / "a.pp")[0] != 0


# ---- The schema ------------------------------------------------------------------------------

SCHEMA = REPOSITORY / "schema/ocapi-cors-settings.schema.json"
# For each pattern of the schema, and each text: whether it matches, as an editor that is written in JavaScript finds it.
SCRIPT = """
const [schema, texts] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const found = {};
const walk = value => {
    if (value === null || typeof value !== 'object') return;
    if (typeof value.pattern === 'string') {
        const pattern = new RegExp(value.pattern, 'u');
        found[value.pattern] = texts.map(text => pattern.test(text));
    }
    Object.values(value).forEach(walk);
};
walk(schema);
console.log(JSON.stringify(found));
"""


def strings(value):
    """All strings in a document, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from strings(part)


def test_patterns_match_in_javascript_as_they_do_here():
    vectors = REPOSITORY / "tests/vectors"
    texts = {row["input"] for row in json.loads((vectors / "origins.json").read_text()) if "input" in row}
    texts |= {row["resource_id"] for row in json.loads((vectors / "resources.json").read_text()) if "resource_id" in row}
    for row in json.loads((vectors / "documents.json").read_text()):
        texts |= set(strings(row.get("document")))
    texts = sorted(text for text in texts if len(text) < 3000 and not text.endswith("\n"))  # Python's $ is before a last line end
    schema = json.loads(SCHEMA.read_text())
    status, said = run("node", "-e", SCRIPT, input=json.dumps([schema, texts]))
    assert status == 0, said
    found = json.loads(said)
    assert len(texts) > 300 and len(found) >= 10
    for pattern, matches in found.items():
        validator = jsonschema.Draft202012Validator({"pattern": pattern})
        assert [validator.is_valid(text) for text in texts] == matches, pattern
