# SPDX-License-Identifier: Apache-2.0
"""The official resources with their methods: a document that grants each gives exactly its methods back,
path by path (M1 to M3)."""

import functools
import json
import os
import re
from pathlib import Path

import pytest

import httpd
import wire

REFERENCE = Path(os.environ.get("OCORS_REFERENCE") or httpd.REPOSITORY.parent / "shared" / "reference")
FILES = {"shop": "shop-20.4-resource-methods.json", "data": "data-25.6-resource-methods.json"}
ORIGIN, OTHER, STRANGER = "https://app.example", "https://other.example", "https://stranger.example"
FALLBACK = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

# What there is where the reference is not: every form that it has, and paths that several patterns name.
OWN = {
    "/baskets": ["POST"], "/baskets/reference": ["POST"],
    "/baskets/{basket_id}": ["DELETE", "GET", "PATCH"], "/baskets/{basket_id}/items": ["POST"],
    "/baskets/{basket_id}/items/{item_id}": ["DELETE", "PATCH"], "/baskets/{basket_id}/agent": ["PUT"],
    "/categories/{id}": ["GET"], "/categories/({ids})": ["GET"],
    "/products/{id}": ["GET"], "/products/({ids})": ["GET"], "/products/{id}/images": ["GET"],
    "/customers": ["POST"], "/customers/auth": ["DELETE", "POST"], "/customers/{customer_id}": ["GET", "PATCH"],
    "/sites/{site_id}/coupons/{coupon_id}": ["DELETE", "GET", "PATCH", "PUT"],
    "/sites/{site_id}/coupons/redemption": ["POST"], "/site": ["GET"],
}
PRESENT = {api: json.loads((REFERENCE / name).read_text())["methods"]
           for api, name in FILES.items() if (REFERENCE / name).is_file()}
LISTS = {"own": OWN, **PRESENT}


def settings(name):
    resources = [{"resource_id": path, "methods": [m.lower() for m in methods]}
                 for path, methods in LISTS[name].items()]
    return json.dumps({"_v": "20.4", "clients": [
        {"client_id": "c", "allowed_origins": [ORIGIN], "resources": resources},
        {"client_id": "d", "allowed_origins": [OTHER], "resources": [
            {"resource_id": "/baskets", "methods": ["put"]}]}]})


@pytest.fixture(scope="module")
def front(module_start_httpd):
    sections = [f"""
<Location "/{name}">
    OcapiCors On
    OcapiCorsSettings "${{ROOT}}/{name}.json"
</Location>""" for name in LISTS]
    return module_start_httpd("MaxKeepAliveRequests 0\nKeepAliveTimeout 20" + "".join(sections),
                              files={f"{name}.json": settings(name) for name in LISTS})


@functools.lru_cache(maxsize=None)
def segments(path):
    return path.strip("/").split("/")


@functools.lru_cache(maxsize=None)
def is_variable(segment):
    return re.fullmatch(r"\{\w+\}|\(\{\w+\}\)", segment) is not None


def fillings(resources):
    """Concrete paths for every resource: ids that are nothing else, ids in parentheses, and ids that are
    spelled like another resource."""
    found = set()
    literals = {s for path in resources for s in segments(path) if not is_variable(s)}
    for path in resources:
        parts = segments(path)
        found.add("/" + "/".join("id-1" if is_variable(p) else p for p in parts))
        found.add("/" + "/".join("(id-1,id-2)" if is_variable(p) else p for p in parts))
        for at, part in enumerate(parts):
            for literal in sorted(literals) if is_variable(part) else ():
                found.add("/" + "/".join(literal if n == at else "id-1" if is_variable(p) else p
                                         for n, p in enumerate(parts)))
    return sorted(found)


@functools.lru_cache(maxsize=None)
def comparable(name, count, first):
    """[(segments, methods)] of the resources of a list that have so many segments, the first of them equal to this or
    variable; None in place of each that is variable."""
    found = [([None if is_variable(s) else s for s in segments(resource)], listed)
             for resource, listed in LISTS[name].items() if len(segments(resource)) == count]
    return [(wanted, listed) for wanted, listed in found if wanted[0] in (None, first)]


def expected(name, path):
    """The union of what matches, by segments, one at a time; GET brings HEAD; none: the fallback."""
    asked, methods = segments(path), set()
    for wanted, listed in comparable(name, len(asked), asked[0]):
        if all(w is None or w == a for w, a in zip(wanted, asked)):
            methods |= set(listed)
    return (methods | {"HEAD"} if "GET" in methods else methods) or FALLBACK


def preflight(connection, path, origin):
    connection.send(wire.build("OPTIONS", path, [("Origin", origin), ("Access-Control-Request-Method", "GET")],
                               close=False))
    response = connection.read("OPTIONS")
    assert (response.status, response.body) == (204, b""), response
    methods = response.one("Allow").split(", ")
    assert len(methods) == len(set(methods)), response
    granted = response.one("Access-Control-Allow-Methods")
    assert granted == (response.one("Allow") if response.one("Access-Control-Allow-Origin") else None)
    return set(methods)


@pytest.mark.parametrize("name", LISTS)
def test_every_resource_gives_exactly_its_methods_back(front, name):
    """M1, M2. A concrete path may be one that several patterns name."""
    paths = fillings(LISTS[name])
    prefix = f"/{name}/dw/{name if name != 'own' else 'shop'}/v20_4"
    wrong = []
    with front.connection() as connection:
        for path in paths:
            methods = preflight(connection, f"{prefix}{path}?client_id=c", ORIGIN)
            if methods != expected(name, path):
                wrong.append((path, sorted(methods), sorted(expected(name, path))))
    assert not wrong, wrong[:10]
    assert len(paths) >= len(LISTS[name])


@pytest.mark.parametrize("path, origin, query, methods", [
    ("/baskets", ORIGIN, "", {"POST"}), ("/baskets", ORIGIN, "?client_id=c", {"POST"}),
    ("/baskets", OTHER, "", {"PUT"}), ("/baskets", OTHER, "?client_id=d", {"PUT"}),
    ("/baskets", STRANGER, "", {"POST", "PUT"}), ("/baskets", STRANGER, "?client_id=c", {"POST"}),
    ("/baskets/", ORIGIN, "", {"POST"}), ("/baskets", ORIGIN, "?client_id=d", {"PUT"}),
    ("/BASKETS", ORIGIN, "", FALLBACK), ("/baskets/a/b/c/d/e", ORIGIN, "", FALLBACK), ("/", ORIGIN, "", FALLBACK),
    ("", ORIGIN, "", FALLBACK), ("/basket", ORIGIN, "", FALLBACK), ("/none", STRANGER, "", FALLBACK),
    ("/baskets/reference", ORIGIN, "", {"POST", "GET", "HEAD", "PATCH", "DELETE"}),
    ("/baskets/x", ORIGIN, "", {"GET", "HEAD", "PATCH", "DELETE"}), ("/products/(a,b)", ORIGIN, "", {"GET", "HEAD"}),
    ("/baskets/a%20b/agent", ORIGIN, "", {"PUT"}), ("/%62askets", ORIGIN, "", {"POST"})])
def test_whose_resources(front, path, origin, query, methods):
    """M1: "of the client(s) that C2/C3 give (for a refused origin: of the site's clients)"; M3."""
    with front.connection() as connection:
        assert preflight(connection, f"/own/dw/shop/v20_4{path}{query}", origin) == methods
