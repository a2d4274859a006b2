# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors allow` and `revoke`: one origin comes or goes, and nothing else."""

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from debugger import GDB
from everybody import for_everybody

COMMAND = Path(os.environ["OCORS_BUILD"]) / "gcc" / "ocapi-cors"
TEXT = """{
  "_v": "19.1",
  "clients": [
    {
      "client_id": "shop",
      "allowed_origins": [
        "https:\\/\\/www.example"
      ]
    },
    {"client_id": "bare"},
    {"client_id": "none", "allowed_origins": []}
  ]
}
"""
NEW = "https://pr-7.example"
BOTH = pytest.mark.parametrize("action", ["allow", "revoke"])


def run(*arguments, **keywords):
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, **keywords)


def edit(action, path, origin=NEW, client="shop"):
    return run(action, path, "--client", client, origin)


def origins(path, client="shop"):
    return [c["allowed_origins"] for c in json.loads(path.read_text())["clients"]
            if c["client_id"] == client][0]


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "ocapi.json"
    path.write_text(TEXT)
    yield path
    left = {p.name for p in tmp_path.iterdir()} - {"ocapi.json", "link", "folder"}
    assert not left, "a file stays beside the document"


def assert_left_alone(path, before, text=TEXT):
    now = path.stat()
    assert path.read_text() == text
    assert (now.st_ino, now.st_mtime_ns, now.st_ctime_ns) == \
        (before.st_ino, before.st_mtime_ns, before.st_ctime_ns)


def test_an_origin_comes_and_goes(document):
    done = edit("allow", document)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{document}: {NEW} allowed\n"
    with_new = TEXT.replace('www.example"\n', f'www.example",\n        "{NEW}"\n')
    assert document.read_text() == with_new
    done = edit("revoke", document)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{document}: {NEW} revoked\n", "")
    assert document.read_text() == TEXT


@pytest.mark.parametrize("client, after", [
    ("bare", f'{{"client_id": "bare", "allowed_origins": ["{NEW}"]}}'),
    ("none", f'{{"client_id": "none", "allowed_origins": ["{NEW}"]}}')])
def test_a_client_without_origins_gets_one(document, client, after):
    assert edit("allow", document, client=client).returncode == 0
    assert after in document.read_text()
    assert origins(document, client) == [NEW]
    assert len(document.read_text()) == len(TEXT) + len(after) - len(
        {"bare": '{"client_id": "bare"}', "none": '{"client_id": "none", "allowed_origins": []}'}[client])


@pytest.mark.parametrize("action, client, origin, said", [
    ("allow", "shop", "https://www.example", "https://www.example was already allowed"),
    ("allow", "shop", "HTTPS://www.example:443/", "https://www.example was already allowed"),
    ("revoke", "shop", NEW, f"{NEW} was not allowed"),
    ("revoke", "bare", NEW, f"{NEW} was not allowed"),
    ("revoke", "none", NEW, f"{NEW} was not allowed")])
def test_a_file_that_says_so_already_is_left_alone(document, action, client, origin, said):
    before = document.stat()
    done = edit(action, document, origin, client)
    assert (done.returncode, done.stdout) == (0, f"{document}: {said}\n")
    assert_left_alone(document, before)


def test_the_form_that_browsers_send_is_written(document):
    done = edit("allow", document, "HTTPS://PR-7.example:443/")
    assert done.returncode == 0
    assert origins(document)[1] == NEW
    assert f'"HTTPS://PR-7.example:443/" is taken as "{NEW}"' in done.stderr


@BOTH
@pytest.mark.parametrize("origin, why", [
    ("*", "'*'"), ("https://*.example", "'*'"), ("null", "null"), ("", ""), ("pr-7.example", "://"),
    ("https://pr-7.example/cart", "path"), ("https://b\u00fccher.example", "punycode"),
    ("https://pr-7.example:0", "port"), ("https://a b.example", "space"),
    ('https://a","https://b.example', "")])
def test_what_is_no_origin_is_refused(document, action, origin, why):
    before = document.stat()
    done = edit(action, document, origin)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ocapi-cors: {document}: ") and why in done.stderr
    assert done.stderr[:-1].isprintable() and done.stderr[-1] == "\n"
    assert_left_alone(document, before)


@BOTH
def test_an_unknown_client_is_refused(document, action):
    before = document.stat()
    done = edit(action, document, client="sho")
    assert done.returncode == 1
    assert 'no client has the id "sho"' in done.stderr and "left as it is" in done.stderr
    assert_left_alone(document, before)


@BOTH
@pytest.mark.parametrize("old, new, finding", [
    ('"bare"', '"shop"', "[duplicate-client]"),
    ("[]", "[],", "[trailing-comma]"),
    ("[]", '["*"]', "[origin-wildcard]"),
    ('"allowed_origins": []', '"client_id": "shop"', "[duplicate-key]")])
def test_a_bad_document_is_refused(document, action, old, new, finding):
    text = TEXT.replace(old, new)
    document.write_text(text)
    before = document.stat()
    done = edit(action, document)
    assert done.returncode == 1
    assert "error: " in done.stdout and finding in done.stdout
    assert "left as it is" in done.stderr
    assert_left_alone(document, before, text)


def test_a_document_that_would_be_too_large_is_refused(document):
    text = TEXT + " " * (64 * 1024 * 1024 - len(TEXT))
    document.write_text(text)
    before = document.stat()
    assert edit("allow", document, "https://www.example").returncode == 0
    done = edit("allow", document)
    assert done.returncode == 1 and "[too-large]" in done.stdout
    assert_left_alone(document, before, text)


@pytest.mark.parametrize("arguments", [
    ["allow"], ["allow", "FILE", NEW], ["allow", "FILE", "--client", "shop"],
    ["allow", "--client", "shop", NEW], ["allow", "FILE", "--client"],
    ["allow", "FILE", "--client", "", NEW], ["allow", "FILE", "--client", "shop", NEW, NEW],
    ["allow", "FILE", "--client", "shop", "--client", "shop", NEW],
    ["allow", "FILE", "--force", "--client", "shop", NEW], ["allow", "-", "--client", "shop", NEW],
    ["revoke", "FILE", NEW], ["permit", "FILE", "--client", "shop", NEW]])
def test_wrong_usage_is_2(document, arguments):
    before = document.stat()
    done = run(*[str(document) if a == "FILE" else a for a in arguments])
    assert done.returncode == 2 and done.stderr.startswith("usage: ") and done.stdout == ""
    assert_left_alone(document, before)


def test_options_stand_anywhere(document):
    assert run("allow", "--client", "shop", document, NEW).returncode == 0
    assert run("revoke", document, NEW, "--client", "shop").returncode == 0
    assert document.read_text() == TEXT


def test_what_is_no_file_is_2(document, tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "fifo")
    for name in ("missing", "folder", "folder/fifo", "ocapi.json/x"):
        done = edit("allow", tmp_path / name)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(tmp_path / name) in done.stderr


@pytest.mark.parametrize("mode", [0o640, 0o664, 0o400])
def test_mode_stays(document, mode):
    document.chmod(mode)
    inode = document.stat().st_ino
    done = subprocess.run([COMMAND, "allow", document, "--client", "shop", NEW], umask=0o077,
                          capture_output=True, timeout=60)
    assert done.returncode == 0
    assert document.stat().st_mode & 0o7777 == mode
    assert document.stat().st_ino != inode, "the file is replaced, not written over"


def test_owner_stays(document):
    """Only root gives files away; for everybody else it is the same user's before and after."""
    owner = (1234, 2345) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(document, *owner)
    document.chmod(0o640)
    assert edit("allow", document).returncode == 0
    now = document.stat()
    assert (now.st_uid, now.st_gid, now.st_mode & 0o7777) == (*owner, 0o640)


def test_a_link_stays(document, tmp_path):
    (tmp_path / "folder").mkdir()
    real = tmp_path / "folder" / "real.json"
    document.rename(real)
    document.symlink_to("folder/real.json")
    (tmp_path / "link").symlink_to("ocapi.json")
    assert edit("allow", tmp_path / "link").returncode == 0
    assert os.readlink(tmp_path / "link") == "ocapi.json"
    assert os.readlink(document) == "folder/real.json"
    assert NEW in origins(real)
    assert [p.name for p in real.parent.iterdir()] == ["real.json"]


def test_a_path_without_a_folder(document):
    assert run("allow", document.name, "--client", "shop", NEW, cwd=document.parent).returncode == 0
    assert NEW in origins(document)


def start(path, number):
    return subprocess.Popen([COMMAND, "allow", path, "--client", "shop",
                             f"https://pr-{number}.example"], stdout=subprocess.DEVNULL)


def test_those_at_once_all_take_effect(document):
    """They wait for the lock together, on the file that the first one replaces."""
    with document.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        running = [start(document, number) for number in range(8)]
        waiting = set()
        while len(waiting) < len(running):
            assert all(process.poll() is None for process in running), "a lock is not heeded"
            locks = Path("/proc/locks").read_text().splitlines()
            waiting = {line.split()[5] for line in locks if "-> FLOCK" in line} & {
                str(process.pid) for process in running}
        assert document.read_text() == TEXT
    assert [process.wait(60) for process in running] == [0] * 8
    assert sorted(origins(document)[1:]) == [f"https://pr-{number}.example" for number in range(8)]


REPLACEMENTS = {
    "renamed": "mv folder/new ocapi.json",
    "written to": "cp folder/new ocapi.json",
    "a link": "ln -s folder/new link && mv -T link ocapi.json",
    "removed": "rm ocapi.json",
}


@pytest.mark.parametrize("how", REPLACEMENTS)
def test_a_document_that_is_replaced_meanwhile_is_not_put_back(document, how):
    """Others do not lock: what they put in place while the new text is written is edited, and stays. An origin that
    they took out does not come back."""
    folder = document.parent / "folder"
    folder.mkdir()
    (folder / "new").write_text(TEXT.replace("www.example", "new.example"))
    (folder / "gdb").write_text(f"set pagination off\nset breakpoint pending on\nbreak fsync\nrun\n"
                                f"shell {REPLACEMENTS[how]}\ndelete\ncontinue\nquit $_exitcode\n")
    done = subprocess.run([*GDB, "-x", folder / "gdb", "--args", COMMAND, "allow", document, "--client", "shop", NEW],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, cwd=document.parent,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # which gdb would keep from working
    assert "Breakpoint 1, " in done.stdout, done
    if how == "removed":
        assert not document.exists() and "No such file" in done.stdout + done.stderr and done.returncode == 2, done
    else:
        assert origins(document) == ["https://new.example", NEW] and done.returncode == 0, done
    assert [path.name for path in document.parent.glob(".ocapi-cors*")] == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@BOTH
def test_closed_streams_stay_out_of_the_document(document, action, closed):
    """The descriptor of a stream is not the document's: a warning is not written into it."""
    origin = "HTTPS://WWW.example:443/" if action == "revoke" else "HTTPS://PR-7.example:443/"
    done = subprocess.run(["bash", "-c", f'exec "$@" {closed}', "-", COMMAND, action, document, "--client", "shop", origin],
                          timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert done.returncode == (2 if " >&-" in f" {closed}" else 0), "what was done was not said"
    assert origins(document) == ([] if action == "revoke" else ["https://www.example", NEW])
    left = json.loads(document.read_text())
    assert [c["client_id"] for c in left["clients"]] == ["shop", "bare", "none"]


def test_a_closed_standard_error_and_an_owner_that_changes(document, tmp_path):
    """Another user's edit warns that the owner changes, while the new text is open."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o777)
    for parent in [tmp_path, *tmp_path.parents]:
        if not parent.stat().st_mode & 0o1:
            parent.chmod(parent.stat().st_mode | 0o11)
    path = folder / "ocapi.json"
    path.write_text(TEXT)
    path.chmod(0o644)
    done = subprocess.run(["bash", "-c", 'exec "$@" <&- 2>&-', "-", for_everybody(COMMAND), "allow", path, "--client", "shop", NEW],
                          timeout=60, stdout=subprocess.PIPE, user=1234, group=2345, extra_groups=[])
    assert (done.returncode, done.stdout.decode()) == (0, f"{path}: {NEW} allowed\n")
    assert path.read_text() == TEXT.replace('www.example"\n', f'www.example",\n        "{NEW}"\n')
    assert path.stat().st_uid == 1234


def test_an_origin_that_is_repeated_goes_in_one_scan(document):
    """The cost is linear: 50,000 scans of this text last minutes."""
    spellings = ["https://pr-7.example", "HTTPS://pr-7.example", "https://PR-7.example:443/"]
    listed = [spelling for n in range(25000) for spelling in (spellings[n % 3], spellings[n % 2], f"https://{n}.example")]
    document.write_text(json.dumps({"_v": "19.1", "clients": [{"client_id": "shop", "allowed_origins": listed}]}))
    done = edit("revoke", document)
    assert (done.returncode, done.stdout) == (0, f"{document}: {NEW} revoked\n")
    assert origins(document) == [f"https://{n}.example" for n in range(25000)]


SIGNALS = ["HUP", "INT", "QUIT", "TERM", "PIPE", "XFSZ", "XCPU", "ALRM", "USR1", "USR2"]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_leaves_no_file_beside(document, name):
    """The signal waits from before the file beside is made until it is renamed: a tracer sees both calls."""
    script = r"""
set pagination off
set breakpoint pending on
handle SIG%s nostop noprint pass
break mkstemp
run
call (int)kill((int)getpid(), %d)
delete
continue
""" % (name, getattr(signal, f"SIG{name}"))
    (document.parent / "folder").mkdir()
    commands = document.parent / "folder" / "gdb"
    commands.write_text(script)
    done = subprocess.run([*GDB, "-x", commands, "--args", COMMAND, "allow", document, "--client", "shop", NEW],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert "Breakpoint 1, " in done.stdout, done
    assert NEW in origins(document), done


def test_a_limit_on_files_ends_after_the_file_beside(document):
    """SIGXFSZ has its default action here."""
    before = document.stat()
    done = subprocess.run(["bash", "-c", 'ulimit -f 0; exec "$@"', "-", COMMAND, "allow", document, "--client", "shop", NEW],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode in (2, -signal.SIGXFSZ)
    assert_left_alone(document, before)


def test_a_disk_that_is_full_changes_nothing(document):
    """A limit on the size of files has the same effect."""
    before = document.stat()
    done = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "-", COMMAND, "allow",
                           document, "--client", "shop", NEW], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and "File too large" in done.stderr
    assert_left_alone(document, before)
