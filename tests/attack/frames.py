# SPDX-License-Identifier: Apache-2.0
"""Malformed HTTP/2 connections, as bytes for a socket, and what came back on one. A seed and a number make the same
connection each time."""

import random
import re
import struct

import hpack

import hostile
import judge
from hostile import Attack, Maker

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITISED = 1, 4, 8, 32


def frame(kind, flags, stream, payload, length=None):
    return (
        struct.pack(">I", len(payload) if length is None else length)[1:]
        + struct.pack(">BBI", kind, flags, stream)
        + payload
    )


def number(value):
    """An HPACK integer of a 7-bit prefix."""
    if value < 127:
        return bytes([value])
    text, value = b"\x7f", value - 127
    while value >= 128:
        text, value = text + bytes([value % 128 + 128]), value // 128
    return text + bytes([value])


class FrameMaker(Maker):
    """Connections of one random generator: some streams, each with one fault or none, and one fault of a connection."""

    def __init__(self, pick):
        super().__init__(pick)
        self.words = set()  # of all values that were sent, or nearly
        self.count = 0  # of streams

    def block(self, fields):
        """A header block without compression: whatever bytes."""
        text = b""
        for name, value in fields:
            text += b"\x10" + number(len(name)) + name + number(len(value)) + value
            self.words |= set(re.split(rb"[\x00-\x20]+", value))
        return text

    def pseudo(self):
        """The pseudo-header fields of a request that nothing is wrong with."""
        return [
            (b":method", self.pick.choice(hostile.METHODS).encode()),
            (b":scheme", b"http"),
            (b":authority", b"example.com"),
            (b":path", self.pick.choice(hostile.PATHS).encode()),
        ]

    def fields(self):
        fields = [*self.pseudo(), (b"origin", self.origin().encode())]
        if fields[0][1] == b"OPTIONS":
            fields += [
                (b"access-control-request-method", b"PUT"),
                (b"access-control-request-headers", b"x-a,content-type"),
            ]
        return fields

    def odd_fields(self):
        """The fields of a request with one fault in them."""
        fields = self.fields()
        at = self.pick.randrange(len(fields))
        name, value = fields[at]
        fault = self.pick.randrange(9)
        if fault == 0:
            fields.insert(self.pick.randint(0, len(fields)), (name, self.one_of(value, b"", b"x", b"http://foo.com")))
        elif fault == 1:
            del fields[at]
        elif fault == 2:
            self.pick.shuffle(fields)
        elif fault == 3:
            fields.insert(
                self.pick.randint(0, len(fields)),
                self.one_of(
                    (b":origin", b"http://foo.com"),
                    (b":", b"x"),
                    (b":status", b"200"),
                    (b":protocol", b"websocket"),
                    (b"", b"x"),
                    (b":Path", b"/"),
                    (b"connection", b"origin"),
                    (b"transfer-encoding", b"chunked"),
                    (b"te", b"x"),
                    (b"host", b"shop.example"),
                    (b"upgrade", b"h2c"),
                    (b"content-length", self.one_of(b"5", b"-1", b"9" * 30, b"")),
                    (b"Origin", b"http://foo.com"),
                    (b"expect", b"100-continue"),
                ),
            )
        elif fault == 4:
            fields[at] = (
                name,
                value[:1] + self.one_of(b"\r\n", b"\0", b"\n", b"\r", b"\xff", b"\x7f", b" ", b"\t") + value[1:],
            )
        elif fault == 5:
            fields[at] = (name[:1] + self.one_of(b"\r\n", b"\0", b"\xff", b":", b" ", b"A") + name[1:], value)
        elif fault == 6:
            fields[at] = (
                name,
                self.one_of(
                    b"", b" ", value + b" ", b" " + value, value * 600, b"*", b"http://foo.com" + value, b"//" + value
                ),
            )
        elif fault == 7:
            fields += [(self.pick.choice(hostile.FIELDS).lower().encode(), self.origin().encode())] * self.one_of(
                2, 99, 101, 400
            )
        else:
            fields[0] = (b":method", self.pick.choice(hostile.ODD_METHODS).encode("latin-1"))
        return fields

    def stream(self, identity, fields):
        """The frames of one request: whole, in pieces, padded, or with a body that may be wrong."""
        text = self.block(fields)
        has_body = fields[0][1] in (b"POST", b"PUT", b"PATCH") and self.pick.random() < 0.6
        end = 0 if has_body else END_STREAM
        if self.pick.random() < 0.3:
            at = self.pick.randint(0, len(text))
            frames = frame(HEADERS, end, identity, text[:at]) + frame(CONTINUATION, END_HEADERS, identity, text[at:])
        elif self.pick.random() < 0.1:
            frames = frame(
                HEADERS,
                end | END_HEADERS | PADDED | PRIORITISED,
                identity,
                b"\x03" + struct.pack(">IB", self.one_of(0, 0, 0, identity, 1 << 31), 9) + text + b"\0\0\0",
            )
        else:
            frames = b"".join(
                frame(
                    HEADERS if n == 0 else CONTINUATION,
                    (end if n == 0 else 0) | (END_HEADERS if n + 16384 >= len(text) else 0),
                    identity,
                    text[n : n + 16384],
                )
                for n in range(0, len(text), 16384)
            )
        if has_body:
            body = b"z" * self.one_of(0, 1, 5, 9000)
            frames += frame(DATA, self.one_of(END_STREAM, END_STREAM, END_STREAM, 0), identity, body)
        return frames

    def fault_of_connection(self, identity):
        """Frames that should not come."""
        chance = self.bytes_of(60)
        return self.one_of(
            frame(RST, 0, identity, struct.pack(">I", 8)),
            frame(RST, 0, identity + 100, struct.pack(">I", 8)),
            frame(PRIORITY, 0, identity, struct.pack(">IB", identity, 1)),
            frame(WINDOW, 0, identity, struct.pack(">I", self.one_of(0, 1, 0x7FFFFFFF))),
            frame(WINDOW, 0, 0, struct.pack(">I", 0x7FFFFFFF)),
            frame(SETTINGS, 0, 0, struct.pack(">HI", self.pick.randrange(9), self.one_of(0, 1, 0xFFFFFFFF))),
            frame(SETTINGS, 0, 0, b"12345"),
            frame(PING, 0, 0, chance[:8]),
            frame(PUSH, END_HEADERS, identity, struct.pack(">I", 2) + self.block(self.pseudo())),
            frame(CONTINUATION, END_HEADERS, identity, chance),
            frame(DATA, PADDED, identity, b"\xff" + chance),
            frame(DATA, END_STREAM, identity + 50, chance),
            frame(HEADERS, END_HEADERS | END_STREAM, identity + 2, chance),
            frame(HEADERS, END_HEADERS | END_STREAM, identity, self.block([(b"origin", b"http://foo.com")])),
            frame(HEADERS, END_HEADERS, 0, self.block(self.fields())),
            frame(HEADERS, END_HEADERS, 2, self.block(self.fields())),
            frame(self.pick.randrange(256), self.pick.randrange(256), identity, chance),
            frame(DATA, 0, identity, chance, length=16777215),
            frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0) + chance),
            b"\0" * 40,
            chance,
            b"\x3f\xff\xff\xff\xff\xff",
        )

    def streams(self, oddness=0.4):
        """Several streams, some of them odd."""
        self.count = self.pick.randint(1, 6)
        return [
            PREFACE + frame(SETTINGS, 0, 0, b""),
            *(
                self.stream(2 * n + 1, self.odd_fields() if self.pick.random() < oddness else self.fields())
                for n in range(self.count)
            ),
        ]

    def broken_streams(self):
        """The same, and frames that should not come: most of them end the connection."""
        frames = self.streams()
        frames.insert(
            self.pick.randint(2, len(frames)), self.fault_of_connection(self.pick.randrange(1, 2 * self.count, 2))
        )
        return frames

    def changed_frames(self):
        """The bytes of a connection, some of them changed."""
        data = bytearray(b"".join(self.streams()))
        for _ in range(self.pick.randint(1, 4)):
            at = self.pick.randrange(len(PREFACE) // 2, len(data))
            data[at : at + self.pick.randrange(3)] = self.bytes_of(2)
        return [bytes(data)]


KINDS = ["streams", "streams", "broken_streams", "changed_frames"]


def attack_of(seed, number):
    maker = FrameMaker(random.Random(f"h2 {seed} {number}"))
    kind = KINDS[number % len(KINDS)]
    pieces = getattr(maker, kind)()
    return Attack(kind, pieces, {o for o in hostile.LISTED if o.encode() in maker.words}, maker.count)


def ended(data):
    """How many streams these bytes of a server end; one that ends the connection ends them all."""
    at, streams = 0, set()
    while at + 9 <= len(data):
        kind, flags, stream = struct.unpack(">BBI", data[at + 3 : at + 9])
        if kind == RST or kind in (DATA, HEADERS) and flags & END_STREAM:
            streams.add(stream)
        at += 9 + int.from_bytes(data[at : at + 3], "big")
    return len(streams) if at <= len(data) else 0


def faults_of(data, grants):
    """What is wrong with all that came on a connection."""
    return [fault for status, fields, _ in answers_of(data) for fault in judge.faults_of_fields(status, fields, grants)]


def answers_of(data):
    """(status, fields, nothing) of each answer on a connection, as judge.answers_of() has them."""
    decoder, at, held = hpack.Decoder(), 0, b""
    decoder.max_allowed_table_size = 65536
    while at + 9 <= len(data):
        length = int.from_bytes(data[at : at + 3], "big")
        kind, flags = data[at + 3], data[at + 4]
        payload = data[at + 9 : at + 9 + length]
        at += 9 + length
        if len(payload) < length:
            return
        if kind == HEADERS:
            pad = payload[0] if flags & PADDED else 0
            start = (1 if flags & PADDED else 0) + (5 if flags & PRIORITISED else 0)
            held = payload[start : len(payload) - pad]
        elif kind == CONTINUATION:
            held += payload
        else:
            continue
        if flags & END_HEADERS:
            fields = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in decoder.decode(held, raw=True)]
            status = dict(fields).get(":status")
            if status is not None:  # not: trailers
                yield int(status), [(n, v) for n, v in fields if not n.startswith(":")], b""
