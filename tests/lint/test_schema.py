# SPDX-License-Identifier: Apache-2.0
"""schema/ocapi-cors-settings.schema.json: a document is valid by the schema if `ocapi-cors check` accepts it. What a
schema cannot say is named in DIFFERENT, and docs/pipelines.md has each of these names."""

import json
import os
import random
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((REPOSITORY / "schema/ocapi-cors-settings.schema.json").read_text())
COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
Validator = jsonschema.Draft202012Validator

# Faults of the text, which the reader of JSON finds or passes over: no schema sees them.
TEXT = {"syntax", "trailing-comma", "comment", "ellipsis", "single-quotes", "invisible-character", "several-documents",
        "not-utf8", "lone-surrogate", "number", "duplicate-key", "too-deep", "too-large", "empty-document", "unreadable"}
# What the schema takes and `check` refuses, beside the faults of the text: rows of tests/vectors/documents.json.
DIFFERENT = {
    "two clients of one id": {
        "duplicate client_id", "duplicate client_id, written otherwise",
        "two clients that differ in what the policy does not read", "two clients that differ in one origin"},
    "a range that contains no version": {"range of no version", "range backwards"},
    "header names that differ only in case": {"headers that differ by case alone"},
    "an IPv6 address that browsers send in another form": {"origin with an IPv6 address in another form"},
}


def rows(name):
    return json.loads((REPOSITORY / "tests/vectors" / name).read_text())


def text_of(row):
    """A row's document as bytes."""
    if "hex" in row:
        return bytes.fromhex(row["hex"])
    return row.get("text", json.dumps(row.get("document"))).encode(errors="surrogatepass")



def refused(folder, documents):
    """The indexes of the documents that `check` refuses, asked in one call."""
    for number, document in enumerate(documents):
        (folder / str(number)).write_text(json.dumps(document))
    done = subprocess.run([COMMAND, "check", "--format", "json", *map(str, range(len(documents)))], cwd=folder,
                          capture_output=True, timeout=120)
    return {int(finding["file"]) for finding in json.loads(done.stdout) if finding["severity"] == "error"}


def document(origin):
    return {"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": [origin]}]}


def resource(**members):
    return {"clients": [{"client_id": "a", "resources": [{"resource_id": "/x", "methods": ["get"], **members}]}]}


def test_it_is_a_schema_of_this_draft():
    Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_documents_are_valid_as_check_accepts_them():
    different, count = set(), 0
    for row in rows("documents.json"):
        text = text_of(row).removeprefix(b"\xef\xbb\xbf")  # a reader of JSON that takes a byte order mark drops it
        if not row["loads"] and TEXT & {finding[0] for finding in row["findings"]}:
            continue
        try:
            value = json.loads(text, strict=False)
        except ValueError:  # a control character between two values
            assert not row["loads"], row
            continue
        count += 1
        if Validator(SCHEMA).is_valid(value) != row["loads"]:
            different.add(row["name"])
    assert count > 200
    assert different == set().union(*DIFFERENT.values())


def test_origins_are_valid_as_check_accepts_them(tmp_path):
    """Those of the vectors, and each of them changed at random."""
    known = [row["input"] for row in rows("origins.json") if "input" in row]
    chance = random.Random(1)
    origins = dict.fromkeys(known)
    for origin in known * 5:
        place = chance.randrange(len(origin) + 1)
        origins[origin[:place] + chance.choice("aA0.:/-[]_%*<{}$@?# éx") + origin[place + chance.randrange(3):]] = None
    origins = list(origins)
    bad = refused(tmp_path, [document(origin) for origin in origins])
    assert 200 < len(bad) < len(origins) - 200
    validator = Validator(SCHEMA)
    different = [origin for number, origin in enumerate(origins)
                 if validator.is_valid(document(origin)) == (number in bad)]
    # "an IPv6 address that browsers send in another form"
    assert [origin for origin in different if not re.search(r"://\[[0-9A-Fa-f:]+\]", origin)] == []
    assert len(different) < len(origins) / 50, different


@pytest.mark.parametrize("value, accepted", [
    (resource(resource_id="/" + "x" * 1023), True), (resource(resource_id="/" + "x" * 1024), False),
    (resource(resource_id="/{a{b{c}}}"), True), (resource(resource_id="/{a}}"), True), (resource(resource_id="/{a/b"), False),
    (resource(version_range={"from": "018.01", "q": {"a": [1, {"b": "c"}]}}), True),
    (resource(version_range={"from": "18.1", "q": {"a": [1, {"b": "\x01"}]}}), False),
    (resource(version_range={"from": "18.1", "q\x7f": 1}), False), (resource(**{"z\x01": 1}), False),
    (resource(read_attributes=1, write_attributes=[], cache_time="x", config=3, personalized_caching_enabled=0), True),
    (resource(note="\x01"), True), (resource(methods=["GET", "Patch"]), True), (resource(methods=["get\n"]), False),
    (document("https://a.example\n"), False), (document("a\n"), False), (document(""), True),
    ({**document("https://a.example"), "$schema": "x", "y": "\x01"}, True), ({"clients": [], "x\x01": 1}, False),
    ({"clients": [{"client_id": "a\n"}]}, False), ({"clients": [{"client_id": "a", "k\x01": 1}]}, False),
    ({"clients": [{"client_id": "a", "response_headers": {"x": "a\tb"}}]}, False),
    (resource(resource_id="/x\n"), False), (resource(version_range={"until": "18.1\n"}), False),
    (resource(version_range={"from": "18.1", "q": [{"a\x01": 1}]}), False),
    (document("https://<x>" + "a" * 2030), True), (document("https://<x>" + "a" * 2040), False),
    ({"clients": [{"client_id": "a", "response_headers": {"te": "x"}}]}, False),
    ({"clients": [{"client_id": "a", "response_headers": {"x\n": "x"}}]}, False),
    ({"clients": [{"client_id": "a", "response_headers": {"tea": "x"}}]}, True),
], ids=lambda value: json.dumps(value)[:60])
def test_edges_are_valid_as_check_accepts_them(tmp_path, value, accepted):
    assert (refused(tmp_path, [value]) == set()) == accepted
    assert Validator(SCHEMA).is_valid(value) == accepted


@pytest.mark.parametrize("value, difference", [
    (resource(resource_id="/" + "é" * 1000), "a path of more than 1024 bytes"),
    (resource(resource_id="/{a{b{c{d}}}}"), "braces within braces within braces within braces"),
])
def test_edges_that_are_different(tmp_path, value, difference):
    assert (refused(tmp_path, [value]) == set()) != Validator(SCHEMA).is_valid(value)
    assert difference in (REPOSITORY / "docs/pipelines.md").read_text()


def test_the_page_has_each_difference():
    page = (REPOSITORY / "docs/pipelines.md").read_text()
    assert [name for name in DIFFERENT if name not in page] == []


# ---- What an editor shows --------------------------------------------------------------------


def parts(schema):
    """The schemas in a schema, itself first."""
    yield schema
    for word, value in schema.items():
        below = (value.values() if word in ("properties", "$defs") else value if isinstance(value, list) else [value])
        for part in below:
            if isinstance(part, dict) and word not in ("examples", "enum"):
                yield from parts(part)


def test_each_key_that_is_read_is_described():
    """The keys are those of the reader's own tables."""
    source = (REPOSITORY / "src/core/settings/settings_read.c").read_text()
    known = set(re.findall(r'^ {4}\{ [A-Z]+, "(\w+)", OCORS_JSON_', source, re.M))
    described = {name: part for schema in parts(SCHEMA) for name, part in schema.get("properties", {}).items()}
    assert set(described) == known and len(known) >= 15
    assert [name for name, part in described.items() if len(part.get("description", "")) < 18] == []


def test_each_word_is_of_the_draft_but_one():
    """Editors show `errorMessage` instead of a pattern; other readers pass it over."""
    known = {name for vocabulary in Validator.META_SCHEMA["allOf"]
             for name in jsonschema.RefResolver.from_schema(Validator.META_SCHEMA).resolve(
                 f"https://json-schema.org/draft/2020-12/{vocabulary['$ref']}")[1]["properties"]}
    used = {word for schema in parts(SCHEMA) for word in schema}
    assert used - known == {"errorMessage"}


def test_examples_are_valid():
    """Each of them where it belongs."""
    count = 0
    for schema in parts(SCHEMA):
        for example in schema.get("examples", ()):
            Validator({**schema, "$defs": SCHEMA["$defs"]}).validate(example)
            count += 1
    assert count >= 10
