# SPDX-License-Identifier: Apache-2.0
"""Hooks and the workflow, in a real git repository: what is committed is judged, and no name of a file is a command."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
SHOP = "ocapi-settings/wapi_shop_config.json"
GOOD = {"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": ["https://a.example"]}]}
BAD = {"_v": "19.1", "clients": [{"client_id": "a", "allowed_origins": ["*"]}]}


class Work:
    """A repository of git, and programs that find ocapi-cors."""

    def __init__(self, folder):
        self.folder = folder
        tools = folder.parent / f"{folder.name}-tools"
        tools.mkdir()
        (tools / "ocapi-cors").symlink_to(COMMAND)
        self.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tools), "XDG_CACHE_HOME": str(tools),
                            "PRE_COMMIT_HOME": str(tools / "pre-commit"), "GIT_CONFIG_NOSYSTEM": "1",
                            **{f"GIT_{who}_{what}": "x@y.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def run(self, *command, check=True, **environment):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                              env={**self.environment, **environment})
        assert done.returncode == 0 or not check, done
        return done

    def git(self, *arguments, **keywords):
        return self.run("git", *arguments, **keywords)

    def write(self, name, value):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def commit(self, **keywords):
        return self.git("commit", "-q", "-m", "x", **keywords)


@pytest.fixture
def work(tmp_path):
    return Work(tmp_path / "work")


@pytest.fixture(params=["git", "pre-commit"])
def hooked(request, work, examples):
    """A repository whose commits are judged by the one hook or the other."""
    if request.param == "git":
        shutil.copy(examples / "pre-commit/pre-commit", work.folder / ".git/hooks/pre-commit")
        work.git("config", "--add", "ocapi-cors.documents", "ocapi/*.json")
    else:
        work.write(".pre-commit-config.yaml", (examples / "pre-commit/pre-commit-config.yaml").read_text())
        work.git("add", ".pre-commit-config.yaml")
        work.run("pre-commit", "install")
    return work


def test_a_bad_document_is_not_committed(hooked):
    hooked.write("ocapi/a.json", GOOD)
    hooked.write("ocapi/deep/b.json", BAD)
    hooked.git("add", ".")
    done = hooked.commit(check=False)
    assert done.returncode == 1
    assert re.search(r"ocapi/deep/b\.json:1:\d+: error: clients\[0\]", done.stdout + done.stderr), done
    hooked.write("ocapi/deep/b.json", GOOD)
    hooked.git("add", ".")
    hooked.commit()


def test_what_is_staged_is_judged(hooked):
    """Not the work tree; other files are not looked at, and a document that is removed is not."""
    hooked.write("ocapi/a.json", BAD)
    hooked.git("add", ".")
    hooked.write("ocapi/a.json", GOOD)
    assert hooked.commit(check=False).returncode == 1
    hooked.git("add", ".")
    hooked.write("ocapi/a.json", BAD)
    hooked.write("other/a.json", BAD)
    hooked.git("add", "other")
    hooked.commit()
    hooked.git("checkout", "-q", "ocapi/a.json")
    hooked.git("rm", "-q", "ocapi/a.json")
    hooked.commit()


@pytest.mark.parametrize("name", ["ocapi/-x.json", "ocapi/--strict.json", "ocapi/a b\n'$(touch x)`touch x`.json", "ocapi/é\"\\.json"])
def test_any_name_is_a_name(hooked, name):
    for value, status in ((BAD, 1), (GOOD, 0)):
        hooked.write(name, value)
        hooked.git("add", "ocapi")
        assert hooked.commit(check=False).returncode == status
    assert not (hooked.folder / "x").exists()


def test_without_the_program_nothing_is_committed(hooked):
    hooked.write("ocapi/a.json", GOOD)
    hooked.git("add", ".")
    assert hooked.commit(check=False, PATH=os.environ["PATH"]).returncode == 1


def test_the_hooks_of_this_repository(work, tmp_path):
    """.pre-commit-hooks.yaml, from a repository that has it."""
    ours = Work(tmp_path / "ours")
    ours.write(".pre-commit-hooks.yaml", (REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    ours.git("add", ".")
    ours.commit()
    ours.run("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
    for name, value, hooks in ((SHOP, GOOD, {"": 0, "-tree": 0}), (f"sites/A/{SHOP}", BAD, {"": 1, "-tree": 1}),
                               (f"site/A/{SHOP}", GOOD, {"": 0, "-tree": 1})):
        work.write(name, value)
        work.git("add", ".")
        for hook, status in hooks.items():
            done = work.run("pre-commit", "try-repo", str(ours.folder), f"ocapi-cors-check{hook}", "--all-files", check=False)
            assert done.returncode == status, done
        work.git("rm", "-q", "-f", "--cached", name)
        (work.folder / name).unlink()


# ---- The workflow ----------------------------------------------------------------------------

COMMAND_LINE = re.compile(r"::(error|warning|notice) file=[^:]*::.*")


@pytest.fixture(scope="module")
def workflow():
    return yaml.load((REPOSITORY / "examples/github/ocapi-cors.yml").read_text(), yaml.BaseLoader)


def steps(workflow):
    return {step["name"]: step for step in workflow["jobs"]["settings"]["steps"]}


def run_step(work, workflow, name):
    """As the runner does it: (status, what the runner reads, the summary)."""
    for folder in ("temp", "home"):
        (work.folder.parent / folder).mkdir(exist_ok=True)
    summary = work.folder.parent / "summary"
    done = work.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps(workflow)[name]["run"], check=False,
                    RUNNER_TEMP=str(work.folder.parent / "temp"), GITHUB_STEP_SUMMARY=str(summary), SETTINGS=workflow["env"]["SETTINGS"])
    return done.returncode, done.stdout + done.stderr, summary.read_text() if summary.exists() else ""


def pull_request(work, change):
    """The merge of a branch, as it is checked out."""
    work.write("README", "x")
    if change.get("base"):
        work.write(f"ocapi/{SHOP}", change["base"])
    work.git("add", ".")
    work.commit()
    work.git("checkout", "-q", "-b", "branch")
    for name, value in change["files"].items():
        work.write(name, value)
    work.git("add", ".")
    work.commit()
    work.git("checkout", "-q", "main")
    work.git("merge", "-q", "--no-ff", "-m", "merge", "branch")
    work.git("checkout", "-q", "--detach")


def test_findings_are_annotations_and_changes_are_shown(work, workflow):
    pull_request(work, {"base": GOOD, "files": {f"ocapi/{SHOP}": {**GOOD, "clients": [
        {"client_id": "a", "allowed_origins": ["https://B.example"]}]}}})
    status, said, _ = run_step(work, workflow, "Annotate what is wrong")
    assert status == 0 and said.startswith(f"::warning file=ocapi/{SHOP},line=1,col="), said
    status, said, summary = run_step(work, workflow, "Say what changes")
    assert status == 0 and "+ origin https://b.example" in said
    assert summary.startswith("### What the pull request changes\n\n    - origin https://a.example"), summary


def test_a_bad_document_fails_the_run(work, workflow):
    pull_request(work, {"files": {f"ocapi/{SHOP}": BAD}})
    status, said, _ = run_step(work, workflow, "Annotate what is wrong")
    assert status == 1 and said.startswith(f"::error file=ocapi/{SHOP},line=1,"), said
    assert run_step(work, workflow, "Say what changes")[0] != 0


HOSTILE = "a\n::add-mask::x\r\n##[add-path]x\n```\n%0A::error::x"


def test_hostile_names_and_texts_are_harmless(work, workflow):
    """Names of folders and files, ids and origins that look like commands of the runner, of the shell, or like Markdown."""
    client = {"client_id": "##[add-path]/x ``` $(touch pwned) <img>", "allowed_origins": ["https://a.example", "::add-mask::y"]}
    pull_request(work, {"base": GOOD, "files": {
        f"ocapi/{SHOP}": {"_v": "19.1", "clients": [client]}, f"ocapi/sites/{HOSTILE}/{SHOP}": {"_v": "19.1", "clients": [client]},
        f"ocapi/sites/$(touch pwned)`touch pwned`/{SHOP}": GOOD, "ocapi/sites/--help/x": "x", "ocapi/-rf": "x"}})
    status, said, _ = run_step(work, workflow, "Annotate what is wrong")
    assert said and [line for line in said.splitlines() if not COMMAND_LINE.fullmatch(line)] == [], said
    assert "%0A" in said and "\r" not in said
    status, said, summary = run_step(work, workflow, "Say what changes")
    begin, *shown, end = said.splitlines()
    token = re.fullmatch(r"::stop-commands::([0-9a-f]{40})", begin)[1]
    assert end == f"::{token}::" and not any(line.startswith("::") for line in shown) and "##[add-path]" in "".join(shown)
    title, empty, *block = summary.splitlines()
    assert title.startswith("### ") and empty == "" and block and all(line.startswith("    ") for line in block)
    assert not (work.folder / "pwned").exists()


def test_a_link_leads_nowhere_new(work, workflow):
    """A document that is a link to a file of the runner is read, and nothing of a text that is not JSON is shown."""
    secret = work.folder.parent / "secret"
    secret.write_text("s3cret token")
    (work.folder / "ocapi").mkdir()
    (work.folder / "ocapi/ocapi-settings").mkdir()
    (work.folder / f"ocapi/{SHOP}").symlink_to(secret)
    pull_request(work, {"files": {"x": "x"}})
    status, said, _ = run_step(work, workflow, "Annotate what is wrong")
    assert status == 1 and said.startswith("::error file=") and "s3cret" not in said, said


def test_the_workflow_asks_for_little(workflow):
    assert list(workflow["on"]) == ["pull_request"] and workflow["permissions"] == {"contents": "read"}
    checkout = next(iter(steps(workflow).values()))
    assert checkout["with"] == {"fetch-depth": "2", "persist-credentials": "false"}
    text = "\n".join(step.get("run", "") for step in steps(workflow).values())
    assert "${{" not in text and "secrets." not in str(workflow)
