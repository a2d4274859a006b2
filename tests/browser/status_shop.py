# SPDX-License-Identifier: Apache-2.0
"""A server whose status page has something of everything: good and bad documents, and requests of many kinds."""

import json

import httpd

SHOP = "ocapi-settings/wapi_shop_config.json"
CONFIG = """
OcapiCorsReload 100ms
<VirtualHost *:${PORT}>
    OcapiCorsSettingsTree conf/ocapi
    <Location "/s/">
        OcapiCors On
    </Location>
    <Location "/s/RefArch/">
        OcapiCors ReportOnly
    </Location>
    <Location "/ocapi-cors-status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""
LISTED = {"SiteGenesis": ["https://www.sitegenesis.example", "http://localhost:3000"],
          "RefArch": ["https://www.refarch.example", "https://m.refarch.example"]}
REQUESTS = [  # how often, site, method, origin
    (40, "SiteGenesis", "GET", "https://www.sitegenesis.example"), (12, "SiteGenesis", "GET", None),
    (9, "SiteGenesis", "POST", "http://localhost:5173"), (5, "SiteGenesis", "POST", "http://www.sitegenesis.example"),
    (3, "SiteGenesis", "GET", "https://partner.example"), (2, "SiteGenesis", "POST", "<script>alert(1)</script>"),
    (7, "RefArch", "POST", "https://www.refarch.example/"), (4, "RefArch", "GET", "https://shop.refarch.example"),
]


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": "storefront", "allowed_origins": list(origins),
         "resources": [{"resource_id": "/baskets/*", "methods": ["get", "post"], "read_attributes": "(**)"}]}]})


def start(start_httpd):
    """Starts it; the document of RefArch becomes bad, and each of REQUESTS is sent."""
    server = start_httpd(CONFIG, files={
        f"conf/ocapi/{SHOP}": document("https://apps.example"),
        **{f"conf/ocapi/sites/{site}/{SHOP}": document(*origins) for site, origins in LISTED.items()}})
    server.expect_log("OCORS000[12]")
    server.write(f"conf/ocapi/sites/RefArch/{SHOP}", document("https://www.refarch.example", "*"))
    httpd.wait_until(lambda: b'"unusable_documents": 1' in server.request("GET", "/ocapi-cors-status").body,
                     "the bad document")
    for count, site, method, origin in REQUESTS:
        for _ in range(count):
            server.request(method, f"/s/{site}/dw/shop/v19_1/baskets/1", [("Origin", origin)] if origin else [])
    return server
