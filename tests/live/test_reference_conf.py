# SPDX-License-Identifier: Apache-2.0
"""conf/ocapi_cors.conf, the annotated reference: unchanged, and with each directive switched on."""

import re

import pytest

import httpd

CONF = (httpd.REPOSITORY / "conf" / "ocapi_cors.conf").read_text()
DOCUMENT = '{"_v":"19.1","clients":[{"client_id":"a","allowed_origins":["https://a.example"]}]}'
SETTINGS = {"shop.json": DOCUMENT, "tree/ocapi-settings/wapi_shop_config.json": DOCUMENT}
DEFAULTS = re.findall(r"^ *#(OcapiCors\w* .*)$", CONF, re.M)


def test_as_it_stands_it_switches_nothing_on():
    assert httpd.configtest(CONF) == (0, "Syntax OK\n")
    assert not re.search(r"^\s*OcapiCors", CONF, re.M)


def test_it_has_the_directives():
    assert len(DEFAULTS) >= 7


def with_files(text):
    """The same with documents that are there."""
    text = re.sub(r"conf/ocapi/\S+\.json", "${ROOT}/shop.json", text)
    return text.replace("Tree conf/ocapi", "Tree ${ROOT}/tree")


@pytest.mark.parametrize("line", DEFAULTS, ids=lambda line: line.split()[0])
def test_each_default_can_be_written_out(line):
    assert httpd.configtest(with_files(line), files=SETTINGS) == (0, "Syntax OK\n")


@pytest.mark.parametrize("left_out", ["OcapiCorsSettingsTree ", "OcapiCorsSettings "])
def test_all_defaults_together(left_out):
    """Documents and a tree exclude each other."""
    text = "\n".join(line for line in DEFAULTS if not line.startswith(left_out))
    assert httpd.configtest(with_files(text), files=SETTINGS) == (0, "Syntax OK\n")
