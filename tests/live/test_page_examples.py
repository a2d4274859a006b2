# SPDX-License-Identifier: Apache-2.0
"""What a reader copies from the pages works. Each configuration passes `httpd -t`: all fenced blocks of apache in one run,
each in a virtual host of its own, with documents and files where the block says that they are. Each command of ocapi-cors
in README and the guide does what the page says, with the page's own document."""

import re
import shlex
import shutil

import pytest

import httpd
from command import run

BLOCK = re.compile(r"^([ ]*)```apache\n(.*?)^\1```$", re.M | re.S)
DOCUMENT = '{"_v":"19.1","clients":[{"client_id":"a","allowed_origins":["https://a.example"]}]}'
TREE = "ocapi-settings/wapi_shop_config.json"
MODULES = ["authz_host", "cache", "cache_disk", "dav", "dav_fs", "headers", "proxy_fcgi", "rewrite", "security2",
           "setenvif", "socache_shmcb", "ssl", "unique_id"]
SERVERS = re.compile(r"(Listen|DavLockDB|OcapiCors(Reload|CacheSize|BadDocument))\b")
ABSOLUTE = re.compile(r'(?<=[\s":])/(?:etc|srv|var|run)/[\w./-]+')
FLOOR = 30  # blocks


def blocks():
    """[(page, number of the block in it, text)]"""
    pages = [httpd.REPOSITORY / "README.md", *sorted((httpd.REPOSITORY / "docs").glob("*.md"))]
    return [(path.name, number, re.sub(rf"^{indent}", "", text, flags=re.M))
            for path in pages for number, (indent, text) in enumerate(BLOCK.findall(path.read_text()), 1)]


def pieces(text):
    """(what belongs to the server, what may be in a virtual host): whole sections, and lines outside of them."""
    servers, others, section = [], [], None
    for line in text.splitlines():
        name = re.match(r"<(/?)(\w+)", line)  # of the outermost sections: their lines are not indented
        if section is None and name:
            section = (servers if name[2] == "VirtualHost" else others), name[2]
        if section is None and line.startswith("LoadModule"):
            continue
        target = section[0] if section else servers if SERVERS.match(line) else others
        target.append(line)
        if section and name and name[1] and name[2] == section[1]:
            section = None
    return servers, others


def whole(parts):
    """(one configuration of all of them, the files that it needs)"""
    lines = ['OcapiCorsSettings "${ROOT}/shop.json"', "SecRuleEngine Off"]
    files = {"shop.json": DOCUMENT, "logs/keep": ""}
    for count, (page, number, text) in enumerate(parts):
        for path in ABSOLUTE.findall(text):
            files[f"absolute{path}" + ("" if re.search(r"\.\w+$", path) else "/keep")] = DOCUMENT
        for path in re.findall(r"(?<=\s)conf/\S+\.json", text):
            files[path] = DOCUMENT
        for path in re.findall(r"OcapiCorsSettingsTree +(conf/\S+)", text):
            files[f"{path}/{TREE}"] = DOCUMENT
        servers, others = pieces(ABSOLUTE.sub(lambda match: "${ROOT}/absolute" + match[0], text))
        lines += [f"# {page}, block {number}", *servers, f"<VirtualHost *:{10000 + count}>",
                  f"ServerName page{count}.example", *others, "</VirtualHost>"]
    return "\n".join(lines), files


def judged(parts):
    """What `httpd -t` says: (its status, the block that it complains of and all it said)."""
    config, files = whole(parts)
    server = httpd.Httpd(config, modules=MODULES, files=files)
    try:
        status, said = server.configtest()
        line = re.search(r"httpd\.conf:(\d+)|line (\d+) of", said)
        above = (server.root / "httpd.conf").read_text().splitlines()[:int(line[1] or line[2])] if line else []
        where = next((text for text in reversed(above) if text.startswith("# ")), "")
        return status, f"{where}\n{said}"
    finally:
        shutil.rmtree(server.root, ignore_errors=True)


def test_every_example_is_taken():
    """A24: what a reader copies is a configuration that httpd takes, and says nothing of (but OCORS0029 of the example of
    OcapiCorsExplain)."""
    parts = blocks()
    assert len(parts) >= FLOOR
    status, said = judged(parts)
    lines = [line for line in said.splitlines()[1:] if "OCORS0029" not in line]
    assert (status, lines) == (0, ["Syntax OK"]), said


@pytest.mark.parametrize("text, finding", [
    ("OcapiCorsMaxAge 86401\n", "must be a number of seconds"),
    ("<VirtualHost *:80>\n    OcapiCorsMethod GET\n</VirtualHost>\n", "Invalid command 'OcapiCorsMethod'"),
    ("OcapiCorsReload 5\nOcapiCorsSettings shop.jsn\n", "shop.jsn"),
    ("<Location \"/\">\n    OcapiCors On\n", "Expected </Location>"),
])
def test_a_wrong_example_is_found(text, finding):
    status, said = judged([("good.md", 1, "OcapiCors On\n"), ("wrong.md", 7, text), ("good.md", 2, "OcapiCors Off\n")])
    assert status == 1 and finding in said, said
    assert "# wrong.md, block 7" in said


# ---- Commands ----


@pytest.mark.parametrize("page, least", [("README.md", 3), ("docs/guide.md", 5)])
def test_the_commands_of_a_page(tmp_path, page, least):
    """A51, A52, A54, A55: in the page's order; what the page shows of the output is what comes."""
    text = (httpd.REPOSITORY / page).read_text()
    document = re.search(r"^[ ]*```json\n(.*?)^[ ]*```$", text, re.M | re.S)[1]
    for name in ("etc.json", "shop.json"):
        (tmp_path / name).write_text(document)
    commands = re.findall(r"^ {4,}(?:\$ )?(ocapi-cors .*)\n(?: {4}(/etc/ocapi/shop.json: .*)\n)?|`(ocapi-cors \w+ (?:--strict )?/etc/[^`]*)`",
                          text, re.M)
    assert len(commands) >= least
    for shown, output, inline in commands:
        done = run(*shlex.split((shown or inline).replace("/etc/ocapi/shop.json", "etc.json"))[1:], cwd=tmp_path)
        assert done.returncode == 0 and done.stderr == b"", (shown or inline, done)
        said = done.stdout.decode().replace("etc.json", "/etc/ocapi/shop.json")
        assert not output or output in said, said
        if "explain" in shown:
            assert "verdict:  refuse" in said, said
    assert document == (tmp_path / "shop.json").read_text()


def test_readme_explains_what_it_says(tmp_path):
    """A52: the reason and the nearest listed origin that README names."""
    text = (httpd.REPOSITORY / "README.md").read_text()
    (tmp_path / "shop.json").write_text(re.search(r"```json\n(.*?)```", text, re.S)[1])
    command = re.search(r"^ {4}ocapi-cors (explain .*)$", text, re.M)[1].replace("/etc/ocapi/shop.json", "shop.json")
    said = run(*shlex.split(command), cwd=tmp_path).stdout.decode()
    assert "reason:   scheme-differs" in said and "nearest:  https://www.example" in said, said
    assert "the reason (`scheme-differs`), the nearest listed origin" in text
