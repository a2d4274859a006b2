# SPDX-License-Identifier: Apache-2.0
"""docs/cli.md is true: its examples give what it shows, and it has every command and option of `help`."""

import os
import re
import subprocess

import pytest

import httpd
from command import COMMAND, run

PAGE = (httpd.REPOSITORY / "docs/cli.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S)
EXAMPLES = [(number, *example) for number, block in enumerate(BLOCKS)
            for example in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)]


def one_line(text):
    return re.sub(r"\s+", " ", text.replace("`", ""))


@pytest.fixture
def folder(tmp_path):
    documents = re.findall(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)
    for name, text in zip(("global.json", "site.json"), documents, strict=True):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_examples(folder):
    """All in the page's order, as a reader types them."""
    assert len(EXAMPLES) >= 9
    for _, command, expected in EXAMPLES:
        done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"})
        assert (done.stdout + done.stderr, done.returncode) == (expected, 0), command


@pytest.mark.parametrize("command", re.findall(r"^  (\w+) +\S", run("help").stdout.decode(), re.M))
def test_the_page_has_every_command_and_option(command):
    text = run("help", command).stdout.decode()
    synopsis = one_line(text.partition("\n\n")[0]).removeprefix("usage: ")
    assert synopsis.removeprefix("ocapi-cors ") in one_line(PAGE), synopsis
    for option in re.findall(r"--[\w-]+", text.partition("\n\n")[0]):
        assert f"`{option}" in PAGE or option == "--client", option
    assert run(command, "--help").stdout.decode() == text
