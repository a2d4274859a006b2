# SPDX-License-Identifier: Apache-2.0
"""conf/ocapi_cors.conf, the annotated reference: as it stands, and with each directive switched on."""

import re

import pytest

import httpd

CONF = (httpd.REPOSITORY / "conf" / "ocapi_cors.conf").read_text()
SETTINGS = {"shop.json": '{"_v":"19.1","clients":[]}'}
DEFAULTS = re.findall(r"^ *#(OcapiCors\w* .*)$", CONF, re.M)


def test_as_it_stands_it_switches_nothing_on():
    assert httpd.configtest(CONF) == (0, "Syntax OK\n")
    assert not re.search(r"^\s*OcapiCors", CONF, re.M)


def test_it_has_the_directives():
    assert len(DEFAULTS) >= 7


@pytest.mark.parametrize("line", DEFAULTS, ids=lambda line: line.split()[0])
def test_each_default_can_be_written_out(line):
    line = re.sub(r"conf/ocapi/\S+\.json", "${ROOT}/shop.json", line)
    assert httpd.configtest(line, files=SETTINGS) == (0, "Syntax OK\n")


def test_all_defaults_together():
    text = re.sub(r"conf/ocapi/\S+\.json", "${ROOT}/shop.json", "\n".join(DEFAULTS))
    assert httpd.configtest(text, files=SETTINGS) == (0, "Syntax OK\n")
