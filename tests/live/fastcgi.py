# SPDX-License-Identifier: Apache-2.0
"""A FastCGI application that counts: what mod_authnz_fcgi and mod_proxy_fcgi ask."""

import struct

from listener import Listener


class FastCgi(Listener):
    """A FastCGI application: one request per connection, counted. An authenticator grants u:p, an
    authorizer u, and both whoever has `X-Key: right`; a responder answers what `answer` holds."""

    BEGIN, PARAMS, STDIN, STDOUT, END = 1, 4, 5, 6, 3
    AUTHORIZER = 2

    def __init__(self):
        super().__init__()
        self.requests = []
        self.answer = b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nran"

    @staticmethod
    def names_and_values(data):
        found, at = {}, 0
        while at < len(data):
            lengths = []
            for _ in range(2):
                is_long = data[at] & 0x80
                lengths.append(struct.unpack_from("!I", data, at)[0] & 0x7fffffff if is_long else data[at])
                at += 4 if is_long else 1
            name, value = data[at:at + lengths[0]], data[at + lengths[0]:at + sum(lengths)]
            found[name.decode()] = value.decode("latin-1")
            at += sum(lengths)
        return found

    def serve(self, source, sink):
        role, params, body = 0, b"", b""
        while len(head := source.read(8)) == 8:
            _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", head)
            data = source.read(length + padding)[:length]
            if kind == self.BEGIN:
                role = struct.unpack_from("!H", data)[0]
            elif kind == self.PARAMS:
                params += data
            elif kind == self.STDIN:
                body += data
            if length == 0 and kind == (self.PARAMS if role == self.AUTHORIZER else self.STDIN):
                break
        variables = self.names_and_values(params)
        self.requests.append((variables, body))
        answer = self.authorize(variables) if role == self.AUTHORIZER else self.answer
        for kind, data in ((self.STDOUT, answer), (self.STDOUT, b""), (self.END, bytes(8))):
            sink.write(struct.pack("!BBHHBB", 1, kind, 1, len(data), 0, 0) + data)

    @staticmethod
    def authorize(variables):
        is_right = variables.get("HTTP_X_KEY") == "right" or (
            variables.get("REMOTE_USER") == "u"
            and (variables.get("FCGI_APACHE_ROLE") == "AUTHORIZER" or variables.get("REMOTE_PASSWD") == "p"))
        return b"Status: 200 OK\r\n\r\n" if is_right else b"Status: 401 No\r\n\r\n"
