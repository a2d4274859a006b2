# SPDX-License-Identifier: Apache-2.0
"""Ansible, Puppet and the shell carry documents to real servers; a bad one is refused and leaves what is in force."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import httpd

COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
SHOP = "ocapi-settings/wapi_shop_config.json"
DATA = "ocapi-settings/wapi_data_config.json"
CONFIG = """
<VirtualHost *:${PORT}>
    OcapiCors On
    %s
    <Location "/ocapi-cors-status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""


def document(*origins):
    return json.dumps({"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": list(origins)}]})


FIRST, SECOND, BAD = document("https://first.example"), document("https://second.example"), document("*")


def run(*command, **keywords):
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL, **keywords)
    return done.returncode, done.stdout + done.stderr


def allows(server, origin):
    answer = server.request("POST", "/s/One/dw/shop/v19_1/x", [("Origin", origin)])
    assert answer.status in (401, 404), answer
    return answer.status == 404


# ---- Ansible and Puppet: two documents, layered ----------------------------------------------

NAMES = ("global.json", "SiteGenesis.json")


@pytest.fixture(scope="module")
def listed(module_start_httpd):
    """A server with two documents in a list."""
    return module_start_httpd(CONFIG % "OcapiCorsSettings ocapi/global.json ocapi/SiteGenesis.json",
                              files={f"ocapi/{name}": document("https://old.example") for name in NAMES})


def ansible(server, examples, folder):
    values = {"ocapi_cors_command": str(COMMAND), "ocapi_cors_from": str(folder), "ocapi_cors_into": str(server.root / "ocapi"),
              "ocapi_cors_status": server.url + "/ocapi-cors-status", "ansible_python_interpreter": "/usr/bin/python3"}
    return run("ansible-playbook", "-i", "localhost,", "-c", "local", "-e", "ansible_host=localhost", "-e", json.dumps(values),
               folder / "playbook.yml", env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
                                             "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"})


def test_ansible(listed, examples, tmp_path):
    playbook = (examples / "ansible/ocapi-cors.yml").read_text()
    assert "hosts: ocapi\n" in playbook
    (tmp_path / "playbook.yml").write_text(playbook.replace("hosts: ocapi\n", "hosts: all\n"))
    for name in NAMES:
        (tmp_path / name).write_text(FIRST)
    status, said = ansible(listed, examples, tmp_path)
    assert status == 0 and "changed=1" in said, said
    assert allows(listed, "https://first.example"), "the playbook has waited for it"
    (tmp_path / NAMES[1]).write_text(BAD)
    status, said = ansible(listed, examples, tmp_path)
    assert status != 0 and "the '*' wildcard is not supported" in said, said
    assert (listed.root / "ocapi" / NAMES[1]).read_text() == FIRST
    assert allows(listed, "https://first.example")


def test_puppet(listed, examples, tmp_path):
    def puppet():
        text = "class { 'ocapi_cors::documents': into => '%s', command => '%s', documents => { %s } }" % (
            listed.root / "ocapi", COMMAND, ", ".join(f"'{name}' => '{tmp_path / name}'" for name in NAMES))
        return run("puppet", "apply", "--detailed-exitcodes", "--color=false", "--confdir", tmp_path / "conf", "--vardir", tmp_path / "var",
                   "--modulepath", examples / "puppet", "-e", text)

    for name in NAMES:
        (tmp_path / name).write_text(SECOND)
    status, said = puppet()
    assert status == 2, said  # something was changed
    httpd.wait_until(lambda: allows(listed, "https://second.example"), "the second version")
    (tmp_path / NAMES[0]).write_text(BAD)
    status, said = puppet()
    assert status == 4 and "the '*' wildcard is not supported" in said, said  # something failed
    assert (listed.root / "ocapi" / NAMES[0]).read_text() == SECOND


def test_the_documents_of_the_playbook_are_good(examples):
    status, said = run(COMMAND, "check", "--strict", *(examples / "ansible/documents").iterdir())
    assert status == 0 and said.count(": good: ") == 2, said


# ---- The shell: a tree, on two servers -------------------------------------------------------


class Fleet:
    """Two servers that are reached by a `ssh` that runs on this machine; a server's own programs are found there."""

    def __init__(self, examples, folder):
        self.folder, self.servers = folder, {}
        self.tools = folder / "tools"
        self.tools.mkdir()
        (self.tools / "ocapi-cors").symlink_to(COMMAND)
        (self.tools / "ocapi-cors-install").symlink_to(examples / "shell/ocapi-cors-install")
        self.carry_command = examples / "shell/ocapi-cors-carry"
        (self.tools / "ssh").write_text('#!/bin/sh\n[ "$1" = -- ] && cd "$FLEET/$2" && exec sh -c "$3"\n')
        (self.tools / "ssh").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "FLEET": str(folder), "CURL_HOME": str(folder),
                            "OCAPI_CORS_INTO": "ocapi"}
        for name in ("web1", "web2"):
            server = httpd.Httpd(CONFIG % "OcapiCorsSettingsTree ocapi/current")
            self.servers[name] = server
            (folder / name).symlink_to(server.root)

    def tree(self, **documents):
        tree = self.folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        for name, text in documents.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tree

    def install(self, name, tree):
        tar = subprocess.run(["tar", "-c", "-C", tree, "."], capture_output=True, check=True).stdout
        done = subprocess.run(["sh", "-c", "ocapi-cors-install ocapi"], cwd=self.folder / name, input=tar, capture_output=True,
                              env=self.environment, timeout=60)
        return done.returncode, (done.stdout + done.stderr).decode()

    def carry(self, tree, **environment):
        lines = [f'connect-to = "{name}:8081:127.0.0.1:{server.port}"' for name, server in self.servers.items()]
        (self.folder / ".curlrc").write_text("\n".join(lines) + "\n")
        return run(self.carry_command, tree, *self.servers, env={**self.environment, **environment})

    def versions(self, name):
        return [path for path in (self.folder / name / "ocapi").iterdir() if path.is_dir() and not path.is_symlink()]


@pytest.fixture(scope="module")
def fleet(examples, tmp_path_factory):
    fleet = Fleet(examples, tmp_path_factory.mktemp("fleet"))
    try:
        for name, server in fleet.servers.items():
            status, said = fleet.install(name, fleet.tree(**{SHOP: FIRST}))
            assert status == 0 and "in force: " in said, said
            server.start()
        yield fleet
    finally:
        for server in fleet.servers.values():
            server.stop()


def test_a_tree_is_carried_to_all_servers(fleet):
    other = FIRST.replace('"a"', '"b"')
    status, said = fleet.carry(fleet.tree(**{SHOP: SECOND, f"sites/One/{SHOP}": other, f"sites/a b/{DATA}": other,
                                             f"sites/One/{DATA}": SECOND, "sites/Zwei/README": "no documents"}))
    assert status == 0 and "in force on all servers: " in said, said
    assert "+ origin https://second.example" in said, said
    assert all(allows(server, "https://second.example") for server in fleet.servers.values())
    assert all(len(fleet.versions(name)) == 2 for name in fleet.servers), "the version before, and this one"
    for server in fleet.servers.values():
        assert json.loads(server.request("GET", "/ocapi-cors-status").body)["sites"] == 4, "with the organisation"


def test_a_tree_that_does_not_come_into_force(fleet):
    status, said = fleet.carry(fleet.tree(**{SHOP: document("https://elsewhere.example")}), OCAPI_CORS_INTO="elsewhere")
    assert status == 1 and "Not all servers have this tree in force" in said and "on all servers" not in said, said
    assert said.count("in force: ") == 2, "each server has installed it, in a folder that its configuration does not name"


def test_a_bad_tree_is_carried_nowhere(fleet):
    before = {name: os.readlink(fleet.folder / name / "ocapi/current") for name in fleet.servers}
    for tree in (fleet.tree(**{SHOP: FIRST, f"sites/One/{SHOP}": BAD}), fleet.tree(x="x")):
        status, said = fleet.carry(tree)
        assert status == 1 and "in force" not in said, said
        status, said = fleet.install("web1", tree)
        assert status == 1 and "in force" not in said, said
    assert {name: os.readlink(fleet.folder / name / "ocapi/current") for name in fleet.servers} == before


def test_a_transfer_that_breaks_off_changes_nothing(fleet):
    before = os.readlink(fleet.folder / "web1/ocapi/current")
    tar = subprocess.run(["tar", "-c", "-C", fleet.tree(**{SHOP: document(*(f"https://{n}.example" for n in range(9999)))}), "."],
                         capture_output=True, check=True).stdout
    done = subprocess.run(["sh", "-c", "ocapi-cors-install ocapi"], cwd=fleet.folder / "web1", input=tar[:len(tar) // 2],
                          capture_output=True, env=fleet.environment, timeout=60)
    assert done.returncode != 0
    assert os.readlink(fleet.folder / "web1/ocapi/current") == before
    assert not list((fleet.folder / "web1/ocapi").glob(".new-*"))


def test_a_server_that_fails_is_named(fleet):
    (fleet.folder / "web2").rename(fleet.folder / "gone")
    try:
        status, said = fleet.carry(fleet.tree(**{SHOP: document("https://third.example")}))
    finally:
        (fleet.folder / "gone").rename(fleet.folder / "web2")
    assert status == 1 and "Nothing was put in force on: web2" in said, said
    reached = fleet.servers["web1"]
    httpd.wait_until(lambda: allows(reached, "https://third.example"), "the server that was reached")
    assert json.loads(reached.request("GET", "/ocapi-cors-status").body)["sites"] == 1, "the last site is gone"
    assert not allows(fleet.servers["web2"], "https://third.example")


@pytest.mark.parametrize("arguments", [("ocapi-cors-carry",), ("ocapi-cors-carry", "tree"), ("ocapi-cors-install",)])
def test_wrong_usage(examples, arguments):
    status, said = run(examples / "shell" / arguments[0], *arguments[1:])
    assert status == 2 and said.startswith("Usage: "), said
