# SPDX-License-Identifier: Apache-2.0
"""How applications read a path. A reader maps the target of a request line to (site, API) of an OCAPI
application, or to None. Run as a program it is a server that reads each target in every way, and prints what
each reader would have run."""

import asyncio
import re
import sys
from urllib.parse import quote_plus

ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
PREFIX = "app"  # where the application may be mounted, beside the root


def decode(path):
    """Every valid percent-escape, once."""
    return ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), path)


def decode_fully(path):
    while (decoded := decode(path)) != path:
        path = decoded
    return path


def cut(path):
    """Without the parameters of each segment."""
    return re.sub(rb";[^/]*", b"", path)


def turn(path):
    """Backslashes are slashes."""
    return path.replace(b"\\", b"/")


def resolve(path):
    """Without empty segments, "." and ".."; what climbs above the root stays there."""
    segments = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del segments[-1:]
        elif segment not in (b"", b"."):
            segments.append(segment)
    return b"/" + b"/".join(segments)


def resolve_url(path):
    """As the URL standard does: encoded dots are dots, and an empty segment is a segment."""
    segments = []
    for segment in path.split(b"/")[1:]:
        dots = re.sub(rb"(?i)%2e", b".", segment)
        if dots == b"..":
            del segments[-1:]
        elif dots != b".":
            segments.append(segment)
    return b"/" + b"/".join(segments)


def text(segment):
    return segment.decode("utf-8", "surrogateescape")


def plain(name):
    return name


def fold(name):
    """Without case (U+017F is an s, U+212A a k), and without what Windows drops around a name."""
    return name.casefold().strip("." + "".join(map(chr, range(0x21))))


def route(segments, same=plain, names=plain):
    """The address that the segments name: (site, API); "" where there is none. `same` compares the words,
    `names` reads an id."""
    words = [same(s) for s in segments[:5]]
    if words[:1] == [PREFIX]:
        words, segments = words[1:], segments[1:]
    if words[:1] == ["dw"]:
        site, api = "", segments[1:2]
    elif words[:1] == ["s"] and words[2:3] == ["dw"]:
        site, api = segments[1], segments[3:4]
    else:
        return None
    return names(site), names(api[0]) if api else ""


def reader(*steps, same=plain):
    """Steps on the whole path, then a split at each slash."""
    def read(path):
        for step in steps:
            path = step(path)
        return route([text(s) for s in path.split(b"/")[1:]], same, same)
    return read


def router(path):
    """Express, Koa: routes match the raw path without regard to ASCII case; parameters are decoded then.
    Neither resolves dots."""
    segments = [text(s) for s in path.split(b"/")[1:]]
    return route(segments, str.lower, lambda name: text(decode(name.encode("utf-8", "surrogateescape"))))


READERS = {
    "once": reader(decode, resolve),
    "twice": reader(decode, decode, resolve),
    "thrice": reader(decode, decode, decode, resolve),
    "unresolved": reader(decode),  # Django
    "resolved-first": reader(resolve, decode),
    "resolved-between": reader(decode, resolve, decode, resolve),
    "cut-first": reader(cut, decode, resolve),  # as servlet containers do
    "cut-first-twice": reader(cut, decode, decode, resolve),
    "cut-after": reader(decode, cut, resolve),
    "cut-between": reader(decode, cut, decode, resolve),
    "cut-resolved-first": reader(cut, resolve, decode),
    "cut-unresolved": reader(cut, decode),
    "backslash": reader(decode, turn, resolve),
    "backslash-first": reader(turn, resolve, decode),
    "backslash-cut-first": reader(cut, decode, turn, resolve),
    "windows": reader(decode, turn, resolve, same=fold),  # IIS
    "case": reader(decode, resolve, same=fold),
    "case-unresolved": reader(decode, same=fold),
    "router": router,
    "url": reader(resolve_url, decode),  # new URL() of JavaScript
    "url-after": reader(decode, resolve_url),
    "everything": reader(decode_fully, turn, cut, resolve, same=fold),
}


def path_of(target):
    """The path of a target, which may be in absolute form; without query and fragment."""
    absolute = re.match(rb"(?i)https?://[^/?#]*", target)
    path = target[absolute.end():] if absolute else target
    return re.split(rb"[?#]", path, maxsplit=1)[0]


def readings(target):
    """{reader: (site, API)} of those who would run it."""
    path = path_of(target)
    found = {}
    for name, read in READERS.items():
        ran = read(path)
        if ran is not None:
            found[name] = ran
    return found


class Server(asyncio.Protocol):
    """HTTP/1.1 without bodies, which is what the campaign sends."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            self.answer(head)

    def answer(self, head):
        line, *fields = head.split(b"\r\n")
        method, _, rest = line.partition(b" ")
        ran = readings(rest.rpartition(b" ")[0])
        number = next((f[11:].strip().decode() for f in fields if f[:10].lower() == b"x-request:"), "0")
        for name, (site, api) in ran.items():
            print(number, name, quote_plus(site, errors="surrogateescape"),
                  quote_plus(api, errors="surrogateescape"))
        sys.stdout.flush()
        said = b"Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n" if ran else b""
        body = b"" if method == b"HEAD" else b"{}"
        self.transport.write(b"HTTP/1.1 %s\r\n%sContent-Length: 2\r\n\r\n%s" % (
            b"200 OK" if ran else b"404 Not Found", said, body))


async def serve():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
