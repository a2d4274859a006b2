# SPDX-License-Identifier: Apache-2.0
"""The reason that is kept of a refusal: for which later requests it holds."""

import json

import pytest

from test_counting import LISTED, document, page

REASONS = """
<VirtualHost *:${PORT}>
    ServerName own.example
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
    <Location "/near">
        OcapiCors On
        OcapiCorsSettings near.json
    </Location>
    <Location "/far">
        OcapiCors On
        OcapiCorsSettings far.json
    </Location>
    <Location "/s">
        OcapiCors On
        OcapiCorsSettingsTree tree
    </Location>
</VirtualHost>
"""
APP, OWN, CROSS = ("Origin", "https://app.example"), ("Origin", "https://own.example"), ("Sec-Fetch-Site", "cross-site")
NOBODY = ("x-dw-client-id", "nobody")
REASONS_FILES = {
    "near.json": json.dumps({"_v": "19.1", "clients": [
        {"client_id": "a" * 10, "allowed_origins": [LISTED]}, {"client_id": "b" * 10, "allowed_origins": ["https://z.example"]}]}),
    "far.json": document("https://z.example").replace('"a"', json.dumps("a" * 10)),
    "tree/ocapi-settings/wapi_shop_config.json": document("https://z.example"),
    **{f"tree/sites/S{number:03}/ocapi-settings/wapi_{api}_config.json":
       document(LISTED if (number == 69) == (api == "shop") else "https://z.example")
       for number in range(70) for api in ("shop", "data")}}


@pytest.mark.parametrize("first, second", [
    (("/near/x", "own.example", (), "port-differs"), ("/far/x", "own.example", (), "not-listed")),
    (("/near/x", "own.example", (("x-dw-client-id", "a" * 10),), "port-differs"),
     ("/near/x", "own.example", (("x-dw-client-id", "b" * 10),), "not-listed")),
    (("/near/x?client_id=aaaaaaaaaa", "own.example", (), "port-differs"),
     ("/far/x?client_id=aaaaaaaaaa", "own.example", (), "not-listed")),
    (("/far/x?client_id=aaaaaaaaaa", "own.example", (), "not-listed"),
     ("/far/x?client_id=aaaaaaaaaa", "app.example", (), "own-host-unknown")),
    (("/far/x", "own.example:444", (OWN,), "own-port-differs"), ("/far/x", "own.example", (OWN, CROSS), "not-listed")),
    (("/far/x", "own.example", (), "not-listed"), ("/far/x", "app.example", (), "own-host-unknown")),
    (("/far/x", "app.example", (), "own-host-unknown"), ("/far/x", "app.example", (NOBODY,), "unknown-client")),
    (("/far/x?client_id=nobody", "own.example", (), "unknown-client"),
     ("/far/x?client_id=nobody&client_id=else", "own.example", (), "ambiguous-client")),
    (("/s/S068/dw/shop/v19_1/x", "own.example", (), "not-listed"), ("/s/S069/dw/shop/v19_1/x", "own.example", (), "port-differs")),
    (("/s/S001/dw/shop/v19_1/x", "own.example", (), "not-listed"), ("/s/S001/dw/data/v19_1/x", "own.example", (), "port-differs")),
    # The organisation and a path that is ambiguous: neither has a row of its own.
    (("/s/-/dw/shop/v19_1/x", "own.example", (NOBODY,), "unknown-client"),
     ("/s/s001/dw/shop/v19_1/x", "own.example", (NOBODY,), "path-ambiguous"))])
@pytest.mark.parametrize("is_turned", [False, True])
def test_no_request_gets_the_reason_of_another(start_httpd, first, second, is_turned):
    """A40, A41: a reason is kept for the requests of its policy, client, host, site, API and reading (R12); each has its own
    count and its own entry. One connection: its requests share one part of the memory."""
    server = start_httpd(REASONS, files=REASONS_FILES, mpm="prefork")
    for path, host, fields, _ in (second, first) if is_turned else (first, second):
        for _ in range(3):
            assert server.request("POST", path, [*([] if OWN in fields else [APP]), *fields], host=host).status == 401
    found = {}
    for row in page(server)["requests"]:
        if row["verdict"] == "refuse":
            found[row["reason"]] = found.get(row["reason"], 0) + row["count"]
    assert found == {first[3]: 3, second[3]: 3}
    assert {row["reason"]: (row["count"], row["nearest"]) for row in page(server)["refused_origins"]} == {
        reason: (3, LISTED if reason == "port-differs" else None) for reason in found}
