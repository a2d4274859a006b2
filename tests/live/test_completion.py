# SPDX-License-Identifier: Apache-2.0
"""Completion in bash and zsh: it runs in the shell itself, and knows every command and option of `help`."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import httpd
from command import COMMAND, client, run, settings, write

COMPLETIONS = httpd.REPOSITORY / "completions"
COMMANDS = ["allow", "check", "diff", "explain", "help", "list", "revoke"]
# What bash hands to a completion, and what a user would see.
BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_ocapi_cors
printf '%s\\n' "${COMPREPLY[@]}"
"""
# A zsh of its own, which types at a terminal: what is offered is written between two marks.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
feed() { zpty -w shell "$1" }
feed 'fpath=('${(q)1:h}' $fpath); autoload -Uz compinit; compinit -C -u -d '${(q)4}
feed 'LISTMAX=10000; setopt no_beep; stty columns 200 rows 200'
feed 'compadd() { local -a found; builtin compadd -O found "$@"; print -r -- "<<${(F)found}>>" >>'${(q)2}'; builtin compadd "$@" }'
feed 'finish() { zle list-choices; print -r -- END >>'${(q)2}'; exit }; zle -N finish; bindkey "^X" finish'
zpty -w -n shell "$3"$'\\x18'
while zpty -r shell line; do :; done
"""


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "one.json", settings(client("shop", "https://a.example"), client("app two")))
    (tmp_path / "tree").mkdir()
    (tmp_path / "a file").write_text("")
    return tmp_path


def environment():
    return {**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}", "TERM": "dumb"}


def in_bash(folder, *words):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "-", COMPLETIONS / "bash/ocapi-cors", "ocapi-cors", *words],
                          cwd=folder, capture_output=True, text=True, timeout=60, env=environment())
    assert (done.returncode, done.stderr) == (0, ""), done
    return sorted(line for line in done.stdout.splitlines() if line)


@functools.lru_cache(maxsize=None)
def dump():
    """What zsh found in all of its functions and ours, once: a start of its completion reads a thousand files else."""
    path = Path(tempfile.mkdtemp(prefix="ocors-zsh-")) / "dump"
    atexit.register(shutil.rmtree, path.parent)
    subprocess.run(["zsh", "-f", "-c", 'fpath=("$1" $fpath); autoload -Uz compinit; compinit -u -d "$2"', "-",
                    COMPLETIONS / "zsh", path], check=True, timeout=60, env=environment())
    assert "ocapi-cors" in path.read_text()
    return path


def in_zsh(folder, *words):
    offered = folder / ".offered"
    offered.unlink(missing_ok=True)
    done = subprocess.run(["zsh", "-f", "-c", ZSH, "-", COMPLETIONS / "zsh/_ocapi-cors", offered, " ".join(("ocapi-cors", *words)), dump()],
                          cwd=folder, capture_output=True, text=True, timeout=60, env=environment())
    text = offered.read_text() if offered.exists() else ""
    assert text.endswith("END\n"), (done, text)
    return sorted({word for found in re.findall(r"<<(.*?)>>", text, re.S) for word in found.splitlines() if word})


SHELLS = pytest.mark.parametrize("complete", [in_bash, in_zsh], ids=["bash", "zsh"])


def options_of(command):
    return sorted(set(re.findall(r"--[\w-]+", run("help", command).stdout.decode().partition("\n\n")[0])))


@SHELLS
def test_every_command(folder, complete):
    said = re.findall(r"^  (\w+) +\S", run("help").stdout.decode(), re.M)
    assert sorted(said) == COMMANDS
    assert [word for word in complete(folder, "") if not word.startswith("-")] == COMMANDS
    assert complete(folder, "help", "") == COMMANDS
    assert set(complete(folder, "l")) >= {"list"}


@SHELLS
@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "help"])
def test_every_option(folder, complete, command):
    assert [word.rstrip("=") for word in complete(folder, command, "--") if word != "--help"] == options_of(command)


@SHELLS
def test_values(folder, complete):
    assert complete(folder, "check", "--format", "") == ["gcc", "github", "json", "text"]
    assert "PATCH" in complete(folder, "explain", "--method", "")
    assert [word.rstrip("/") for word in complete(folder, "list", "--tree", "t")] == ["tree"]
    assert complete(folder, "explain", "--origin", "") == []


@SHELLS
def test_the_clients_of_the_document(folder, complete):
    found = complete(folder, "allow", "one.json", "--client", "")
    assert [word.replace("\\", "") for word in found] == ["app two", "shop"]
    assert complete(folder, "allow", "missing.json", "--client", "") == []


@SHELLS
def test_files(folder, complete):
    assert "one.json" in complete(folder, "check", "o")


@pytest.mark.parametrize("words", [
    ["allow", "one.json", "https", ":"], ["allow", "one.json", "https", ":", "o"], ["allow", "one.json", "http", ":", "//localhost", ":", "o"],
    ["explain", "--origin", "https", ":", "o"], ["explain", "--url", "=", "https", ":", "o"], ["check", "https:o"], ["check", "a", "::", "o"]])
def test_bash_offers_no_file_in_an_origin(folder, words):
    """A colon ends a word."""
    assert in_bash(folder, *words) == []
    assert in_bash(folder, words[0], "o") == ["one.json"]


def test_bash_takes_an_equals_sign_for_a_word(folder):
    assert in_bash(folder, "check", "--format", "=", "g") == ["gcc", "github"]
    assert in_bash(folder, "check", "--format", "=") == ["gcc", "github", "json", "text"]
