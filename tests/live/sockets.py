# SPDX-License-Identifier: Apache-2.0
"""Which TCP connections somebody holds. The kernel is asked for these alone: /proc/net/tcp lists thousands of past
ones (TIME_WAIT), at 0.1 s a reading."""

import socket
import struct
from pathlib import Path

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, NLM_F_DUMP = 4, 20, 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
HEADER = struct.Struct("=IHHII")  # of each message: length, type, flags, sequence, pid
REQUEST = struct.Struct("=BBBBI48x")  # struct inet_diag_req_v2: family, protocol, -, -, states, no address
ANSWER = struct.Struct("=BBBB2s66xI")  # struct inet_diag_msg: family, state, -, -, local port, ..., inode
TIME_WAIT, LISTEN = 6, 10  # numbers of states


def _from_kernel():
    """The ports by sock_diag; None where this kernel has none for TCP."""
    states = 0xFFF & ~(1 << TIME_WAIT | 1 << LISTEN)
    ports = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as asked:
        asked.sendto(HEADER.pack(HEADER.size + REQUEST.size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
                     + REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, states), (0, 0))
        while True:
            text = asked.recv(1 << 17)
            while text:
                length, kind, *_ = HEADER.unpack_from(text)
                if kind == NLMSG_DONE:
                    return ports
                if kind == NLMSG_ERROR:
                    return None
                *_, port, inode = ANSWER.unpack_from(text, HEADER.size)
                if inode:
                    ports.add(int.from_bytes(port, "big"))
                text = text[length + 3 & ~3:]


def _from_proc():
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] != f"{LISTEN:02X}" and fields[9] != "0":
            ports.add(int(fields[1].split(":")[1], 16))
    return ports


def held_ports():
    """The local ports of the connections that a process holds: not of those that listen, and not of those that are
    past, which have no inode."""
    ports = _from_kernel()
    return _from_proc() if ports is None else ports
