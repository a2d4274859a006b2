# SPDX-License-Identifier: Apache-2.0
"""`ocapi-cors check`: what it says of documents and trees, in each format."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

import httpd
from command import COMMAND, DATA, SHOP, assert_harmless, at_a_terminal, client, records, run, said, settings, write
from everybody import for_everybody

GOOD = settings(client("a", "https://a.example"))


def check(document):
    """Exit status, lines but the last, the last one without the file's name."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    done = subprocess.run([COMMAND, "check", "-"], input=text.encode(), capture_output=True, timeout=60)
    *lines, last = done.stdout.decode().splitlines()
    assert done.stderr == b"" and last.startswith("-: ")
    return done.returncode, lines, last[3:]


@pytest.mark.parametrize("document, status, last", [
    (settings(client("a", "https://a.example")), 0, "good: 0 errors, 0 warnings, 0 remarks; 1 client, 1 usable origin"),
    (settings(client("a", "https://a.example", "https://b.example"), client("b")), 0,
     "good: 0 errors, 0 warnings, 1 remark; 2 clients, 2 usable origins"),
    (settings(client("a", "YOUR_DOMAIN")), 0, "good: 0 errors, 2 warnings, 0 remarks; 1 client, 0 usable origins"),
    (settings(), 0, "good: 0 errors, 1 warning, 0 remarks; 0 clients, 0 usable origins"),
    (settings(client("a", "*")), 1, "refused: 1 error, 0 warnings, 0 remarks"),
    (settings(client("a", "*", "null", "foo.example")), 1, "refused: 2 errors, 1 warning, 0 remarks")])
def test_the_last_line_counts_what_is_usable(document, status, last):
    """Field cases 4.8 and 4.14."""
    assert check(document)[::2] == (status, last)


def test_one_cause_is_one_line():
    """Field case 4.9: the same unknown key in 71 resources."""
    resources = [{"resource_id": f"/r{n}", "methods": ["get"], "note": n} for n in range(71)]
    status, lines, last = check(settings(client("a", "https://a.example", resources=resources)))
    assert status == 0 and len(lines) == 1 and lines[0].endswith(" (and 70 more places) [unknown-key]"), lines
    assert last == "good: 0 errors, 0 warnings, 71 remarks; 1 client, 1 usable origin"


def test_seven_comments_are_one_line():
    status, lines, last = check("# a comment\n" * 7 + json.dumps(settings(client("a", "https://a.example"))))
    assert status == 1 and len(lines) == 1 and "(and 6 more places)" in lines[0], lines
    assert last == "refused: 7 errors, 0 warnings, 0 remarks"


def test_a_name_beyond_ascii_is_shown_as_it_is():
    """Field cases 4.15 and 4.6."""
    status, lines, _ = check(settings(client("a", "https://shöp.example", "https://a.example\u200b")))
    assert status == 1
    assert '"https://shöp.example": ' in lines[0] and '"https://xn--shp-tna.example"' in lines[0]
    assert '"https://a.example<U+200B>": this holds U+200B (ZERO WIDTH SPACE)' in lines[1]


# ---- Formats ---------------------------------------------------------------------------------

# One finding of each severity; the columns are bytes from 1, also behind a letter of two bytes.
MIXED = '{"_v": "19.1", "clients": [\n {"client_id": "\u00e9", "allowed_origins": ["https://A.example", "*"], "note": 1}]}\n'
FOUND = [(2, 42, "warning", "clients[0].allowed_origins[0]", "A.example"),
         (2, 63, "error", "clients[0].allowed_origins[1]", "'*'"), (2, 69, "remark", "clients[0].note", "not known")]


@pytest.fixture
def mixed(tmp_path):
    return write(tmp_path / "mixed.json", MIXED)


def lines_of(document, name):
    status, lines, errors = said("check", "--format", name, document)
    assert (status, errors) == (1, [])
    return lines


def test_text_and_gcc_are_in_the_compilers_order(mixed):
    text, gcc = lines_of(mixed, "text"), lines_of(mixed, "gcc")
    assert text[:-1] == lines_of(mixed, "text")[:-1] and text[-1].startswith(f"{mixed}: refused: 1 error, ")
    assert len(gcc) == len(FOUND) == len(text) - 1, "gcc has no last line: a line is a finding"
    for line, column, severity, path, part in FOUND:
        place = f"{mixed}:{line}:{column}: "
        assert [l for l in text if l.startswith(f"{place}{severity}: {path}: ") and part in l and l.endswith("]")], text
        severity = {"remark": "note"}.get(severity, severity)
        assert [l for l in gcc if l.startswith(f"{place}{severity}: {path}: ") and part in l and "[" not in l[-20:]], gcc


def test_json_is_a_list_of_records(mixed):
    status, found = records("check", "--format=json", mixed)
    assert status == 1 and len(found) == len(FOUND)
    for line, column, severity, path, part in FOUND:
        [one] = [r for r in found if (r["line"], r["column"], r["severity"], r["path"]) == (line, column, severity, path)]
        assert list(one) == ["file", "line", "column", "severity", "path", "message"]
        assert one["file"] == str(mixed) and part in one["message"] and not one["message"].startswith("clients")


def test_github_has_an_annotation_for_each(mixed):
    lines = lines_of(mixed, "github")
    assert len(lines) == len(FOUND)
    for line, column, severity, path, part in FOUND:
        command = {"remark": "notice"}.get(severity, severity)
        start = f"::{command} file={mixed},line={line},col={column}::{path}: "
        assert [l for l in lines if l.startswith(start) and part in l], lines


def test_nothing_to_say_is_an_empty_list_or_nothing(tmp_path):
    good = write(tmp_path / "good.json", GOOD)
    assert records("check", "--format", "json", good) == (0, [])
    assert [said("check", "--format", name, good) for name in ("gcc", "github")] == [(0, [], [])] * 2


def test_more_than_is_held_is_counted_in_each_format(tmp_path):
    origins = [f"https://{n}.example/{n}" for n in range(1100)]
    document = write(tmp_path / "many.json", settings(client("a", *origins)))
    status, found = records("check", "--format", "json", document)
    assert status == 1 and len(found) == 1001
    assert found[-1]["severity"] == "error" and found[-1]["message"].startswith("1100 errors, "), found[-1]


@pytest.mark.parametrize("document, strict", [
    (GOOD, 0), (settings(client("a", "http://a.example")), 0), (settings(client("a", "https://A.example")), 1),
    (settings(client("a", "*")), 1)], ids=["good", "remark", "warning", "error"])
def test_strict_counts_warnings(tmp_path, document, strict):
    path = write(tmp_path / "d.json", document)
    loose = 1 if "*" in path.read_text() else 0
    for name in ("text", "gcc", "json", "github"):
        assert run("check", "--format", name, path).returncode == loose
        assert run("check", "--strict", "--format", name, path).returncode == strict
    last = said("check", "--strict", path)[1][-1]
    assert last.startswith(f"{path}: " + {(0, 0): "good: ", (0, 1): "refused (--strict): ", (1, 1): "refused: "}[loose, strict])


# ---- Usage -----------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, named", [
    ([], "FILE"), (["--strict"], "FILE"), (["--format", "xml", "x"], "--format"), (["--format"], "--format"),
    (["--format", "json", "--format", "gcc", "x"], "--format"), (["--stric", "x"], "--stric"), (["-s", "x"], "-s"),
    (["--strict=yes", "x"], "--strict"), (["--strict", "--strict", "x"], "--strict"), (["--\x1b[31m", "x"], "--\\x1b[31m"),
    (["-", "-"], "standard input is given twice"), (["-", "x", "--", "-"], "standard input is given twice")])
def test_wrong_usage_names_what_is_wrong(arguments, named):
    status, lines, errors = said("check", *arguments)
    assert (status, lines) == (2, [])
    assert errors[0].startswith("usage: ocapi-cors check ") and errors[-1].startswith("ocapi-cors check: ")
    assert named in errors[-1]


def test_options_stand_anywhere_and_end_at_two_dashes(tmp_path):
    write(tmp_path / "--strict", settings(client("a", "https://A.example")))
    assert run("check", "./--strict", "--format", "json", cwd=tmp_path).returncode == 0
    status, found = records("check", "--format=json", "--", "--strict", cwd=tmp_path)
    assert status == 0 and [r["file"] for r in found] == ["--strict"]


@pytest.mark.parametrize("name", ["text", "gcc", "json", "github"])
def test_what_cannot_be_read_is_2_and_the_others_are_judged(tmp_path, name):
    good, missing = write(tmp_path / "good.json", settings(client("a", "http://a.example"))), tmp_path / "missing.json"
    done = run("check", "--format", name, missing, good)
    assert done.returncode == 2
    where = done.stderr if name == "text" else done.stdout
    assert b"missing.json" in where and b"No such file or directory" in where and b"http://a.example" in done.stdout
    assert (done.stderr == b"") == (name != "text")


def test_each_file_is_judged_alone(tmp_path):
    """A51, C4: layers are not for `check`: the second document would replace the client of the first."""
    one, two = (write(tmp_path / f"{n}.json", settings(client("a", f"https://{n}.example"))) for n in "12")
    assert said("check", one, two)[1] == [
        f"{p}: good: 0 errors, 0 warnings, 0 remarks; 1 client, 1 usable origin" for p in (one, two)]


# ---- Trees -----------------------------------------------------------------------------------

NOBODY = settings(client("a"))
ROOT_WARNS = "nothing reads this name; was "
TREES = {  # name: (documents, links, [(path below the tree, severity, part of the message)], exit status)
    "good": ({SHOP: GOOD, f"sites/S/{DATA}": GOOD}, {}, [], 0),
    "no site": ({SHOP: GOOD}, {}, [], 0),
    "misplaced": ({SHOP: GOOD, f"site/S/{SHOP}": GOOD}, {}, [("site", "warning", f"{ROOT_WARNS}sites meant?")], 0),
    "other names": ({"sites/S/wapi_shop_config.json": GOOD, "sites/S/ocapi-settings/wapi_data_config.JSON": GOOD, SHOP: GOOD},
                    {}, [("sites/S/wapi_shop_config.json", "warning", f"{ROOT_WARNS}ocapi-settings/wapi_shop_config.json meant?"),
                         ("sites/S/ocapi-settings/wapi_data_config.JSON", "warning", f"{ROOT_WARNS}wapi_data_config.json meant?")], 0),
    "twins": ({f"sites/S/{SHOP}": GOOD, f"sites/s/{SHOP}": GOOD}, {},
              [("", "warning", 'the sites "S" and "s" differ in case, blanks or dots only')], 0),
    "three twins": ({f"sites/{n}/{SHOP}": GOOD for n in ("S", "s", " s.")}, {},
                    [("", "warning", '" s." and "S"'), ("", "warning", '"S" and "s"')], 0),
    "empty": ({"sites/S/preferences.xml": ""}, {}, [("", "error", "there is no document below it")], 1),
    "hidden and dash": ({f"sites/.s/{SHOP}": "bad", f"sites/-/{SHOP}": "bad", "sites/file": "", SHOP: GOOD}, {}, [], 0),
    "a bad one": ({SHOP: GOOD, f"sites/S/{SHOP}": "{}"}, {}, [(f"sites/S/{SHOP}", "error", "clients")], 1),
    "a dangling document": ({DATA: GOOD}, {SHOP: "nowhere"}, [(SHOP, "error", "the file cannot be read: ")], 2),
    "a dangling site": ({SHOP: GOOD, "sites/file": ""}, {"sites/S": "nowhere"}, [("sites/S", "error", "this site leads nowhere")], 2),
    "a site that is a loop": ({SHOP: GOOD, "sites/file": ""}, {"sites/S": "S"},
                              [(f"sites/S/{SHOP}", "error", "the file cannot be read: "), (f"sites/S/{DATA}", "error", "the file cannot be read: ")], 2),
    "a site that is the tree": ({SHOP: GOOD, "sites/file": ""}, {"sites/S": ".."}, [], 0),
    "sites that are a loop": ({SHOP: GOOD}, {"sites": "sites"}, [("sites", "error", "the sites cannot be listed: ")], 2),
    "sites that are a file": ({SHOP: GOOD, "sites": ""}, {}, [("sites", "error", "the sites cannot be listed: ")], 2),
    "documents that are a file": ({SHOP: GOOD, "sites/S/ocapi-settings": ""}, {},
                                  [(f"sites/S/{SHOP}", "error", "the file cannot be read: "),
                                   (f"sites/S/{DATA}", "error", "the file cannot be read: ")], 2),
    "a document that is a folder": ({SHOP: GOOD, f"{DATA}/x": ""}, {}, [(DATA, "error", "")], 2),
    "nobody": ({SHOP: GOOD, f"sites/S/{SHOP}": NOBODY}, {},
               [(f"sites/S/{SHOP}", "warning", "and of those before it, allows no origin")], 0),
    "nobody, but the organisation": ({SHOP: settings(client("b", "https://b.example")), f"sites/S/{SHOP}": NOBODY}, {}, [], 0),
}


def plant(folder, documents, links):
    folder.mkdir(parents=True, exist_ok=True)
    for path, document in documents.items():
        write(folder / path, document)
    for path, target in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(target)
    return folder


@pytest.mark.parametrize("name", TREES)
def test_a_tree(tmp_path, name):
    documents, links, expected, status = TREES[name]
    tree = plant(tmp_path / "tree", documents, links)
    got, found = records("check", "--format", "json", tree)
    found = [r for r in found if r["severity"] != "remark"]
    assert got == status
    assert len(found) == len(expected), found
    for path, severity, part in expected:
        where = f"{tree}/{path}" if path else str(tree)
        assert [r for r in found if (r["file"], r["severity"]) == (where, severity) and part in r["message"]], found
    assert run("check", tree).returncode == status
    assert run("check", "--strict", tree).returncode == max(status, 1 if expected else 0)
    with_slash = records("check", "--format", "json", f"{tree}/")[1]
    assert [{**r, "file": r["file"].rstrip("/")} for r in with_slash] == records("check", "--format", "json", tree)[1]


@pytest.mark.parametrize("name", TREES)
def test_the_server_says_the_same_of_a_tree(tmp_path, name):
    """A51. What configtest refuses, `check` calls an error, at the same path; and what it warns of, a warning."""
    documents, links, _, _ = TREES[name]
    tree = plant(tmp_path / "tree", documents, links)
    code, output = httpd.configtest(f'OcapiCors On\nOcapiCorsSettingsTree "{tree}"')
    found = records("check", "--format", "json", tree)[1]
    errors = {r["file"] for r in found if r["severity"] == "error"}
    assert (code != 0) == bool(errors), output
    told = set(re.findall(rf"OcapiCorsSettingsTree: ({re.escape(str(tree))}[^:]*)(?::\d+:\d+)?: ", output))
    assert told == errors, output
    if code == 0:
        warned = set(re.findall(rf"OCORS\d+: ({re.escape(str(tree))}[^:]*)(?::\d+:\d+)?: ", output))
        assert warned == {r["file"] for r in found if r["severity"] != "error"}, output


def test_the_last_line_of_a_tree_counts_all_of_it(tmp_path):
    tree = plant(tmp_path / "tree", {SHOP: settings(client("a", "http://a.example"), client("b")),
                                     f"sites/S/{SHOP}": GOOD, f"sites/T/{DATA}": GOOD, "sites/U/x": ""}, {})
    status, lines, errors = said("check", tree)
    assert (status, errors) == (0, [])
    assert lines[-1] == f"{tree}: good: 0 errors, 0 warnings, 2 remarks; 3 sites, 3 documents, 4 clients, 3 usable origins"
    assert lines[:-1] == [l for l in lines if l.startswith(f"{tree}/{SHOP}:1:")]


def test_a_fifo_in_a_tree_is_not_waited_for(tmp_path):
    tree = plant(tmp_path / "tree", {SHOP: GOOD, "sites/S/ocapi-settings/x": ""}, {})
    os.mkfifo(tree / "sites/S" / SHOP)
    status, _, errors = said("check", tree)
    assert status == 2 and [f"{tree}/sites/S/{SHOP}" in e and "not a regular file" in e for e in errors] == [True]


def as_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


@pytest.fixture
def public():
    """A folder that everybody may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.parametrize("closed, file, expected", [
    (".", "", "the file cannot be read: Permission denied"),
    ("sites", "sites", "the sites cannot be listed: Permission denied"),
    ("sites/S", f"sites/S/{SHOP}", "the file cannot be read: Permission denied"),
    ("sites/S/ocapi-settings", f"sites/S/{SHOP}", "the file cannot be read: Permission denied"),
    (f"sites/S/{SHOP}", f"sites/S/{SHOP}", "the file cannot be read: Permission denied")])
def test_a_place_that_cannot_be_read_is_2(public, closed, file, expected):
    """Never as if there were nothing: what cannot be read could say anything."""
    tree = plant(public / "above/tree", {SHOP: GOOD, f"sites/S/{SHOP}": GOOD}, {})
    check = [for_everybody(COMMAND), "check", "--format", "json", tree]
    assert subprocess.run(check, capture_output=True, timeout=60, preexec_fn=as_nobody).stdout == b"[]\n", "the twin"
    place = tree.parent if closed == "." else tree / closed
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        done = subprocess.run(check, capture_output=True, timeout=60, preexec_fn=as_nobody)
    finally:
        place.chmod(mode)
    found = [r for r in json.loads(done.stdout) if r["severity"] == "error"]
    assert done.returncode == 2
    assert [r for r in found if r["file"] == f"{tree}/{file}".rstrip("/") and r["message"] == expected], found


# ---- Hostile names and values ----------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\x1b[31m\u202e\u009b2J"


def evil_document():
    return settings(client(f"a{EVIL}", f"https://a.example{EVIL}", **{f"key{EVIL}": 1}), client(f"a{EVIL}"))


@pytest.mark.parametrize("name", ["text", "gcc", "json", "github"])
def test_nothing_in_a_document_acts_on_a_terminal(tmp_path, name):
    """A53"""
    for text in (json.dumps(evil_document()), json.dumps(evil_document(), ensure_ascii=False),
                 f"{{\"{EVIL}\": {EVIL}"):
        path = write(tmp_path / "evil.json", text)
        done = run("check", "--format", name, path)
        assert done.returncode == 1 and done.stdout
        assert_harmless(done.stdout + done.stderr)


NAMES = ["line\nend.json", "::error::x\r\n::stop-commands::x.json", f"{EVIL}.json", "100%25,line=1:x.json", "-n.json", "\udcff\udc80.json",
         'quote".json', "back\\slash.json", "shöp.json"]


@pytest.mark.parametrize("file", NAMES, ids=[ascii(n) for n in NAMES])
def test_a_file_of_any_name_is_one_record(tmp_path, file):
    """A line end in a name would be a second annotation, a second record, or a second line."""
    write(tmp_path / file, settings(client("a", "*")))
    arguments = ["--", os.fsencode(file)]
    outputs = {name: run("check", "--format", name, *arguments, cwd=tmp_path) for name in ("text", "gcc", "json", "github")}
    for name, done in outputs.items():
        assert done.returncode == 1
        assert_harmless(done.stdout + done.stderr)
    assert [len(outputs[n].stdout.splitlines()) for n in ("text", "gcc", "github")] == [2, 1, 1]
    [record] = json.loads(outputs["json"].stdout)
    assert record["file"] == re.sub("[\udc80-\udcff]", "\ufffd", file)
    line = outputs["github"].stdout.decode()
    assert re.fullmatch(r"::error file=[^,:]*,line=1,col=\d+::.*\n", line), line
    properties = line[len("::error file="):].partition(",")[0]
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        properties = properties.replace(escape, character)
    assert properties == file or EVIL in file or "\udcff" in file, "GitHub finds the file by its name"


def test_a_site_of_any_name_is_one_record(tmp_path):
    names = ["line\nend", "LINE\nend", EVIL, "100%"]
    tree = plant(tmp_path / "tree", {f"sites/{n}/{SHOP}": settings(client("a", "*")) for n in names}, {})
    found = records("check", "--format", "json", tree)[1]
    assert {r["file"] for r in found if r["severity"] == "error"} == {f"{tree}/sites/{n}/{SHOP}" for n in names}
    for name in ("text", "gcc", "github"):
        done = run("check", "--format", name, tree)
        assert_harmless(done.stdout + done.stderr)
        assert len(done.stdout.splitlines()) == len(found) + (name == "text") == 5 + (name == "text")


# ---- A terminal ------------------------------------------------------------------------------

def test_colours_are_for_terminals(mixed):
    status, got = at_a_terminal("check", mixed)
    assert status == 1 and "\x1b[1;31merror\x1b[0m: " in got and "\x1b[1;33mwarning\x1b[0m: " in got
    plain = run("check", mixed).stdout.decode()
    assert re.sub("\x1b\\[[0-9;]*m", "", got).replace("\r\n", "\n") == plain and "\x1b" not in plain


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_declined(mixed, environment):
    assert "\x1b" not in at_a_terminal("check", mixed, environment=environment)[1]
    assert "\x1b" in at_a_terminal("check", mixed, environment={"NO_COLOR": ""})[1], "empty is not set"


@pytest.mark.parametrize("name", ["gcc", "json", "github"])
def test_what_programs_read_has_no_colours(mixed, name):
    assert "\x1b" not in at_a_terminal("check", "--format", name, mixed)[1]


@pytest.mark.pairwise("count", keep=lambda row: row.count == 2000)
@pytest.mark.parametrize("count", [2000, 10000])
def test_thousands_of_sites(tmp_path, count):
    """A line of progress comes at a terminal only, and goes again. One that is dumb cannot clear it."""
    tree = tmp_path / "tree"
    text = json.dumps(settings(client("a", *(f"https://a{n}.example" for n in range(20)))))
    for number in range(count):
        folder = tree / "sites" / f"S{number}" / "ocapi-settings"
        folder.mkdir(parents=True)
        (folder / "wapi_shop_config.json").write_text(text)
    status, lines, errors = said("check", tree, is_large=True)
    assert (status, errors) == (0, [])
    assert lines == [f"{tree}: good: 0 errors, 0 warnings, 0 remarks; {count} sites, {count} documents, {count} clients, {20 * count} usable origins"]
    assert at_a_terminal("check", tree, environment={"TERM": "dumb"})[1].splitlines() == lines
    status, got = at_a_terminal("check", tree)
    parts = re.split(r"\r\x1b\[K", got)
    assert status == 0 and parts[-1].startswith(f"{tree}: ")
    assert all(re.fullmatch(rf"ocapi-cors: \d+ of ({count} names|{count + 1} sites)", p) for p in parts[1:-1] if p), parts


def test_standard_output_that_is_full_is_2(tmp_path):
    """The reader of a verdict that was not written must not see 0."""
    good = write(tmp_path / "good.json", GOOD)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "check", good], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2 and b"standard output" in done.stderr


def test_standard_input_may_be_a_pipe_and_a_document_a_process(tmp_path):
    done = subprocess.run(["bash", "-c", '"$1" check - <<<"$2" && "$1" check <(echo "$2")', "-", COMMAND, json.dumps(GOOD)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.count(": good: ") == 2, done


def test_a_pipe_that_nobody_writes_to_is_2(tmp_path):
    """A named pipe is not waited for without end; one with a writer is read."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run("check", pipe)
    assert done.returncode == 2 and b"nobody writes to this pipe" in done.stderr
    script = '(printf "{"; exec 3>&-; printf "%s" "$3") >"$2" & "$1" check "$2"'
    done = subprocess.run(["bash", "-c", script, "-", COMMAND, pipe, json.dumps(GOOD)[1:]], capture_output=True, timeout=60)
    assert done.returncode == 0 and b": good: " in done.stdout, done
