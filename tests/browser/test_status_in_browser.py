# SPDX-License-Identifier: Apache-2.0
"""The status page in a real browser, in light and in dark colours (A45)."""

import json

import pytest

import status_shop
from chromium import Chromium

# Each text of the page with its colour and the colour behind it, as the browser computes them.
COLOURS = r"""
const numbers = text => text.match(/[\d.]+/g).map(Number);
const behind = node => {
    for (; node; node = node.parentElement) {
        const colour = numbers(getComputedStyle(node).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
};
return [...document.querySelectorAll("main *")].filter(node => [...node.childNodes].some(
    child => child.nodeType === Node.TEXT_NODE && child.data.trim())).map(
    node => [node.textContent.trim(), numbers(getComputedStyle(node).color), behind(node)]);
"""


@pytest.fixture(scope="module")
def server(module_start_httpd):
    return status_shop.start(module_start_httpd)


@pytest.fixture(scope="module")
def viewer(server):
    with Chromium("--window-size=800,600") as browser:
        yield browser


def luminance(colour):
    parts = [c / 255 for c in colour[:3]]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    """WCAG 2.1, "contrast ratio"."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def show(viewer, server, scheme):
    viewer.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                  {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    viewer.driver.get(f"http://127.0.0.1:{server.port}/ocapi-cors-status")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page(viewer, server, scheme):
    """A45: a browser gets HTML; it asks for nothing else, runs nothing, and reports nothing at its console."""
    show(viewer, server, scheme)
    driver = viewer.driver
    assert driver.title == "Cross-origin policy: documents cannot be used"
    assert driver.get_log("browser") == []
    asked = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in asked if not name.endswith("/favicon.ico")] == []
    assert driver.execute_script("return document.scripts.length") == 0
    texts = driver.execute_script(COLOURS)
    assert len(texts) > 60
    for text, colour, behind in texts:
        assert contrast(colour, behind) >= 4.5, (text, colour, behind)
    wide = driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert wide, "the page is as wide as its window"


def test_what_it_shows(viewer, server):
    """A45: what clients sent is text; each refused origin stands with its reason and the nearest listed origin."""
    show(viewer, server, "light")
    rows = viewer.driver.execute_script(
        "return [...document.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    by_first = {row[0]: row[1:] for row in rows}
    assert by_first["<script>alert(1)</script>"][0] == "malformed"
    assert by_first["http://localhost:5173"] == ["port-differs", "http://localhost:3000", "SiteGenesis", "9"]
    assert by_first["http://www.sitegenesis.example"][:2] == ["scheme-differs", "https://www.sitegenesis.example"]
    assert by_first["https://www.refarch.example/"] == ["trailing-slash", "https://www.refarch.example", "RefArch", "7"]
    assert json.loads(server.request("GET", "/ocapi-cors-status").body)["counted"] is True
