# SPDX-License-Identifier: Apache-2.0
"""What the answers to hostile requests may say: no permission but for listed origins, and no line that is not a line."""

import json
import re

from hostile import LISTED

HEAD = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FORBIDDEN = re.compile(r"(?i)(host|cookie|origin|sec-.*|proxy-.*)")
NAMES = {"access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
         "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"}
EXPOSED = "location,x-dw-version-status"


def faults_of_fields(status, fields, grants):
    """What is wrong with the fields of one answer, as texts; `grants` are the origins that it may name."""
    cors = [(n.lower(), v) for n, v in fields if n.lower().startswith("access-control-")]
    given = dict(cors)
    faults = [f"{n}: a control character in {v!r}" for n, v in fields if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", n + v)]
    if len(given) != len(cors):
        faults.append(f"a name comes twice: {cors}")
    if set(given) - NAMES:
        faults.append(f"a name that the module does not write: {sorted(set(given) - NAMES)}")
    if not cors:
        return faults
    origins = given.get("access-control-allow-origin", "").split(" ")
    if not set(origins) <= set(grants) & set(LISTED):
        faults.append(f"a permission for {origins}, the request names {sorted(grants)}")
    if given.get("access-control-allow-credentials") != "true":
        faults.append(f"credentials: {given}")
    is_preflight = "access-control-allow-methods" in given
    if is_preflight != (given.get("access-control-max-age") == "86400") or is_preflight and status != 204 and status < 400:
        faults.append(f"half a preflight, status {status}: {given}")
    if not is_preflight and given.get("access-control-expose-headers") != EXPOSED:
        faults.append(f"exposed: {given}")
    requested = [n.strip() for n in given.get("access-control-allow-headers", "x").split(",")]
    bad = [n for n in requested if not TOKEN.fullmatch(n) or FORBIDDEN.fullmatch(n)]
    if bad or len(requested) > 64:
        faults.append(f"granted field names: {requested[:70]}")
    return faults


def faults_of_fault(body):
    """What is wrong with the document of a refusal (R9): it is strict JSON, and says at most 256 bytes of the origin."""
    try:
        document = json.loads(body, parse_constant=lambda name: 1 / 0)
        origin = document["fault"]["arguments"]["origin"]
        return [] if isinstance(origin, str) and len(origin) <= 256 else [f"its origin: {origin!r}"]
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        return [f"a refusal's document: {error!r}: {body[:300]!r}"]


def answers_of(data):
    """(status, fields, the bytes behind the head) of each HTTP/1 answer among these bytes. Which request each is for, and
    so whether it has a body, is not known: a head is what looks like one."""
    found = list(HEAD.finditer(data))
    ends = [match.start() for match in found[1:]] + [len(data)]
    for match, end in zip(found, ends):
        lines = match[2].decode("latin-1").split("\r\n")[:-1]
        yield (int(match[1]), [tuple(part.strip(" \t") for part in line.partition(":")[::2]) for line in lines],
               data[match.end():end])


def faults_of(data, grants):
    """What is wrong with all that came on a connection."""
    faults, heads, permissions = [], 0, 0
    for status, fields, behind in answers_of(data):
        heads += 1
        faults += faults_of_fields(status, fields, grants)
        permissions += sum(n.lower() == "access-control-allow-origin" for n, _ in fields)
        if status == 401 and ("WWW-Authenticate", 'Bearer realm="OCAPI"') in fields and behind:
            length = next((int(v) for n, v in fields if n.lower() == "content-length"), len(behind))
            faults += faults_of_fault(behind[:length])
    if len(re.findall(rb"(?i)\naccess-control-allow-origin[ \t]*:", data)) != permissions:
        faults.append(f"a permission outside an answer's head: {data[:600]!r}")
    if data.startswith(b"HTTP/") and heads == 0:
        faults.append(f"an answer without a head: {data[:600]!r}")
    return faults
