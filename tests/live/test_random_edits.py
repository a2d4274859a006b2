# SPDX-License-Identifier: Apache-2.0
"""Random edits of a tree under a running server: after each batch it has what a server that starts now would have
(A34, A39). A site always has all its documents: a folder that lacks one keeps its last good one by rule."""

import json
import random
import shutil

import pytest

import httpd
from cors import ask

CONFIG = """
OcapiCorsReload 200ms
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettingsTree "${TREE}"
    <Location "/status">
        OcapiCors Off
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""
ROUNDS = 25
SITES = [*"ABCDEFGH"]


def documents(folder):
    return [folder / "ocapi-settings" / f"wapi_{api}_config.json" for api in ("shop", "data")]


def remove(path):
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


class Editor:
    """Edits as people and programs make them; `aside` is the folder of what is put in place by a rename or a link."""

    def __init__(self, folder, seed):
        self.pick = random.Random(seed)
        self.tree, self.aside, self.number = folder / "tree", folder / "aside", 0
        self.aside.mkdir()
        self.fill(self.tree)
        for site in SITES[:4]:
            self.fill(self.tree / "sites" / site)
        self.edits = [self.write, self.write, self.replace, self.replace, self.write_organisation, self.new_site,
                      self.remove_site, self.move_site, self.link_site, self.link_document, self.write_linked,
                      self.swap_tree, self.add_file]

    def text(self):
        self.number += 1
        return json.dumps({"_v": "19.1", "clients": [
            {"client_id": "c", "allowed_origins": [f"https://o{self.number}.example"]}]})

    def put(self, path):
        beside = path.parent / ".new"
        beside.write_text(self.text())
        beside.rename(path)

    def fill(self, folder):
        documents(folder)[0].parent.mkdir(parents=True)
        for path in documents(folder):
            self.put(path)

    def site(self):
        return self.tree / "sites" / self.pick.choice(SITES)

    def document(self):
        return self.pick.choice(documents(self.site()))

    def write(self):
        path = self.document()
        if path.exists():
            path.write_text(self.text())

    def replace(self):
        path = self.document()
        if path.exists():
            self.put(path)

    def write_organisation(self):
        self.put(self.pick.choice(documents(self.tree)))

    def new_site(self):
        site, new = self.site(), self.aside / "new"
        remove(site)
        self.fill(new)
        new.rename(site)

    def remove_site(self):
        remove(self.site())

    def move_site(self):
        site, target = self.site(), self.site()
        if site.exists() and site != target:
            remove(target)
            site.rename(target)

    def link_site(self):
        site, target = self.site(), self.aside / f"site{self.pick.randrange(3)}"
        if not target.exists():
            self.fill(target)
        remove(site)
        site.symlink_to(target)

    def link_document(self):
        path, target = self.document(), self.aside / f"document{self.pick.randrange(3)}.json"
        if not path.exists():
            return
        if not target.exists():
            target.write_text(self.text())
        link = path.parent / ".link"
        link.symlink_to(target)
        link.rename(path)

    def write_linked(self):
        for path in self.aside.glob("document*.json"):
            path.write_text(self.text())

    def swap_tree(self):
        copy, old = self.tree.with_name("copy"), self.tree.with_name("old")
        shutil.copytree(self.tree, copy, symlinks=True)
        self.tree.rename(old)
        copy.rename(self.tree)
        shutil.rmtree(old)

    def add_file(self):
        (self.tree / "sites" / "README").write_text(self.text())

    def batch(self):
        edits = [self.pick.choice(self.edits) for _ in range(self.pick.randrange(1, 6))]
        for edit in edits:
            edit()
        return [edit.__name__ for edit in edits]


def in_force(server):
    page = json.loads(ask(server, "GET", "/status", None).body)
    return page["digest"], {d["path"]: (d["ok"], d.get("sha256")) for d in page["documents"]}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_running_server_has_what_a_start_has(tmp_path, seed):
    editor = Editor(tmp_path, seed)
    with httpd.Httpd(CONFIG, defines={"TREE": editor.tree}) as server:
        for number in range(ROUNDS):
            edits = editor.batch()
            with httpd.Httpd(CONFIG, defines={"TREE": editor.tree}) as fresh:
                wanted = in_force(fresh)
            server.allow_log("OCORS00")  # what a batch leaves for a moment: a site that leads nowhere
            httpd.wait_until(lambda w=wanted: in_force(server) == w, f"round {number}: {edits}")
        server.allow_log("OCORS00")
