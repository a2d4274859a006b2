#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the man pages: ocapi-cors(1) from docs/cli.md and mod_ocapi_cors(8) from docs/directives.md, which stay the only
sources. A maintainer runs it after a change of these pages or of the version; a test compares, and `make install` needs
nothing but the result. man/pages.py [FOLDER] writes to another folder."""

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DATE = "2026-11-27"  # of these pages; a release changes it
CHARACTERS = {"…": "...", "‘": "\\(oq", "’": "\\(cq", "·": "\\(bu", "–": "\\(en"}
ROW = re.compile(r"(?<!\\)\|")

PROGRAM = {
    "page": "docs/cli.md", "name": "ocapi-cors", "number": 1, "body": "COMMANDS",
    "purpose": "judges, explains, compares and edits settings documents of OCAPI",
    "end": [("SEE ALSO", ["mod_ocapi_cors(8)"])],
}
MODULE = {
    "page": "docs/directives.md", "name": "mod_ocapi_cors", "number": 8, "body": "DIRECTIVES",
    "purpose": "the cross-origin policy of OCAPI for the Apache HTTP Server",
    "synopsis": ["LoadModule ocapi_cors_module modules/mod_ocapi_cors.so"],
    "end": [("SEE ALSO", ["ocapi-cors(1), apachectl(8)"])],
}


def plain(text):
    """Text as roff takes it."""
    text = text.replace("\\", "\\e")
    return "".join(CHARACTERS.get(c, c) for c in text)


def code(text):
    return plain(text).replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def inline(text):
    """`code`, **bold**, *emphasis* and [links](...) of one paragraph."""
    def link(match):
        label, (file, _, _) = match[1], match[2].partition("#")
        place = f"docs/{file}" if "/" not in file else file.replace("../", "")
        return label if file == "" else place if label in (file, place) else f"{label} ({place})"

    pieces = re.split(r"(`[^`]+`)", re.sub(r"\[((?:`[^`]*`|[^]`])+)\]\(([^)\s]+)\)", link, text))
    for number, piece in enumerate(pieces):
        if number % 2:
            pieces[number] = f"\\fB{code(piece[1:-1])}\\fR"
        else:
            piece = re.sub(r"\*\*([^*]+)\*\*", "\x01B\\1\x01R", piece)
            piece = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*", "\x01I\\1\x01R", piece)
            pieces[number] = plain(piece).replace("\x01", "\\f")
    return "".join(pieces)


def lines_of(text):
    """Lines of text: none begins with a control character, and each sentence has its own."""
    text = re.sub(r"([.:?!])(\\fR)? (?=[A-Z\\`])", r"\1\2\n", re.sub(r"\s+", " ", text).strip())
    return [("\\&" + line if line[:1] in ".'" else line) for line in text.split("\n")]


def verbatim(lines):
    return [".PP", ".RS 4", ".nf", *[("\\&" + code(l) if l[:1] in (".", "'") else code(l)) for l in lines], ".fi", ".RE"]


def table(rows):
    """A list of its first cells, with the other cells as the text."""
    cells = [[cell.strip() for cell in ROW.split(row.strip().strip("|"))] for row in rows]
    out = []
    for row in cells[2:]:
        first, *rest = [inline(cell.replace("\\|", "|")) for cell in row]
        out += [".TP", "\n".join(lines_of(first)) if first else "\\&", *lines_of("; ".join(cell for cell in rest if cell) or "\\&")]
    return out + [".PP"]


def item(mark, text):
    field = re.match(r"\*\*(\w+):\*\* (.*)", text, re.S)
    if field:
        return [".TP", f"\\fB{field[1]}\\fR", *lines_of(inline(field[2]))]
    return [f".IP {mark} 4", *lines_of(inline(text))]


def blocks(text):
    """The roff of what is below a heading."""
    out, lines = [], text.split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("```"):
            end = lines.index("```")
            out += verbatim(lines[:end])
            lines = lines[end + 1:]
        elif line.startswith("    ") and line.strip():
            block = [line[4:]]
            while lines and (lines[0].startswith("    ") or not lines[0].strip() and len(lines) > 1 and lines[1].startswith("    ")):
                block.append(lines.pop(0)[4:])
            out += verbatim(block)
        elif line.startswith("|"):
            rows = [line]
            while lines and lines[0].startswith("|"):
                rows.append(lines.pop(0))
            out += table(rows)
        elif re.match(r"- |\d+\. ", line):
            mark, text = ("\\(bu", line[2:]) if line[0] == "-" else (line.split()[0], line.partition(" ")[2])
            while lines and lines[0].startswith("  ") and lines[0].strip():
                text += " " + lines.pop(0).strip()
            out += item(mark, text)
            if not lines or not re.match(r"- |\d+\. |$", lines[0]):
                out.append(".PP")
        elif line.strip():
            paragraph = [line]
            while lines and lines[0].strip() and not re.match(r"```|\||- |\d+\. |    ", lines[0]):
                paragraph.append(lines.pop(0))
            out += [".PP", *lines_of(inline(" ".join(paragraph)))]
    return out


def tidy(lines):
    """No empty paragraphs: mandoc and groff say so."""
    out = []
    for line in lines:
        starts = line in (".PP",) or line.startswith((".SH", ".SS", ".TP", ".IP"))
        if starts and out and out[-1] == ".PP":
            out.pop()
        if line == ".PP" and out and out[-1].startswith((".SH", ".SS")):
            continue
        out.append(line)
    return out[:-1] if out[-1] == ".PP" else out


def page(root, about):
    text = (root / about["page"]).read_text()
    version = re.search(r'OCORS_VERSION "(.*)"', (root / "include/ocors_version.h").read_text())[1]
    intro, *sections = re.split(r"^## ", text.partition("\n")[2], flags=re.M)
    # The list of links at the top is for browsers.
    intro = re.sub(r"^- \[`\w+`\]\(#.*\n", "", intro, flags=re.M)
    synopsis = about.get("synopsis") or [*re.findall(r"^    (ocapi-cors \w.*)$", text, re.M), "ocapi-cors help [COMMAND]", "ocapi-cors --version"]
    out = [f".\\\" Made by man/pages.py from {about['page']}. SPDX-License-Identifier: Apache-2.0",
           f".TH {about['name'].upper()} {about['number']} {DATE} \"mod_ocapi_cors {version}\" \"mod_ocapi_cors\"",
           ".nh", ".ad l", ".SH NAME", f"{about['name'].replace('-', chr(92) + '-')} \\- {about['purpose']}", ".SH SYNOPSIS"]
    for number, line in enumerate(synopsis):
        out += [".br"] * (number > 0) + [f"\\fB{code(line.partition(' ')[0])}\\fR {code(line.partition(' ')[2])}"]
    out += [".SH DESCRIPTION", *blocks(intro), f".SH {about['body']}"]
    for section in sections:
        title, _, body = section.partition("\n")
        names_a_thing = title.startswith("Ocapi") or about["number"] == 1
        out += [f".SS {code(title)}" if names_a_thing else f".SH \"{title.upper()}\"", *blocks(body)]
    for title, lines in about["end"]:
        out += [f".SH {title}" if " " not in title else f".SH \"{title}\"", *lines]
    return "\n".join(tidy(out)) + "\n"


def pages(root):
    """{file: text}"""
    return {f"{about['name']}.{about['number']}": page(root, about) for about in (PROGRAM, MODULE)}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "man"
    for name, text in pages(REPOSITORY).items():
        (folder / name).write_text(text)
