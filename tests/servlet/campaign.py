# SPDX-License-Identifier: Apache-2.0
"""The campaign of R12: "No spelling of a path loosens the policy, whatever the application behind makes of it."
Requests of grammar.py through the fronts of fronts.py, judged by what the applications behind ran. By itself:

    /usr/bin/python3 tests/servlet/campaign.py [--seed N] [--requests N] [--front NAME]... [--first N]

takes the module that OCORS_MODULE names, else the one that scripts/check has built; it ends with 1 where it
found something.
"""

import argparse
import os
import random
import sys
import threading
from collections import Counter, namedtuple
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live"))

import container  # noqa: E402 (needs the path above)
import fronts  # noqa: E402
import httpd  # noqa: E402
import wire  # noqa: E402
from grammar import ABSOLUTE, EVIL, SITES, Ask, Grammar, listed, systematic_asks  # noqa: E402

SEED, REQUESTS = 9, 26000
THREADS = 6
FAULT = b"UnauthorizedOriginException"
READS = ("GET", "HEAD", "OPTIONS")

Sent = namedtuple("Sent", "front application ask status cors is_refusal ran")
Violation = namedtuple("Violation", "why reader served sent")


# ---- The judge ----


def site_of(front, name, is_folded=False):
    """The site of the tree that an application serves for an id that it has read, or the organisation."""
    if not name:
        return fronts.SITE.get(front, "-")
    for site in SITES:
        for form in (site, f"Sites-{site}-Site"):
            if name == form or is_folded and name == form.casefold():
                return site
    return "-"


def api_of(name):
    return name if name in ("shop", "data") else "other"


def violations(sent):
    """What is wrong with this outcome. An application that ran an unsafe request did so for an origin that
    the address which it served lists; a foreign script reads no answer of an address that does not list its
    origin; and a preflight is never run."""
    ask = sent.ask
    if ask.origin is None:
        if sent.is_refusal:
            yield Violation("no Origin, and refused", "", "", sent)
        return
    for ran in sent.ran:
        is_folded = ran.reader.startswith(("case", "windows", "everything"))
        site, api = site_of(sent.front, ran.site, is_folded), api_of(ran.api)
        if ask.origin in listed(site, api) and ask.method != "OPTIONS":
            continue
        if ask.method not in READS:
            yield Violation("ran", ran.reader, f"{site} {api}", sent)
        elif ask.method == "OPTIONS":
            yield Violation("the preflight was run", ran.reader, f"{site} {api}", sent)
        elif sent.cors:
            yield Violation(f"readable ({sent.cors[0][1]})", ran.reader, f"{site} {api}", sent)
    if ask.origin == EVIL and sent.cors:
        yield Violation(f"{sent.cors[0][0]}: {sent.cors[0][1]}", "", "", sent)


# ---- The sender ----


def fields_of(number, ask):
    fields = [("X-Request", str(number))]
    if ask.origin is not None:
        fields.append(("Origin", ask.origin))
    if ask.method == "OPTIONS":
        fields.append(("Access-Control-Request-Method", "POST"))
    elif ask.method not in READS:
        fields.append(("Content-Length", "0"))
    return fields


class Client:
    """A kept connection, opened anew where httpd has closed it."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def ask(self, data, method):
        for _ in range(2):
            is_new = self.connection is None
            if is_new:
                self.connection = wire.Connection(self.port)
            try:
                self.connection.send(data)
                response = self.connection.read(method)
            except (EOFError, ConnectionError):
                self.close()
                if is_new:
                    raise
                continue
            if "close" in response.tokens("Connection"):
                self.close()
            return response
        raise EOFError("closed twice")

    def close(self):
        if self.connection:
            self.connection.socket.close()
        self.connection = None


def send(port, jobs):
    """[(number, front, application, ask)] -> {number: (response)}; several connections at a time."""
    answers, failures = {}, []

    def work(mine):
        client = Client(port)
        try:
            for number, front, application, ask in mine:
                host = fronts.host_of(front, application)
                target = ask.target.replace(ABSOLUTE, f"http://{host}", 1)
                data = wire.build(ask.method, target, fields_of(number, ask), host=host, close=False)
                answers[number] = client.ask(data, ask.method)
        except Exception as failure:  # shown by the caller
            failures.append((failure, front, application, ask))
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(jobs[n::THREADS],)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return answers


class Report:
    """What a campaign has found."""

    def __init__(self, seed):
        self.seed = seed
        self.sent = []
        self.violations = []

    def add(self, sent):
        self.sent.append(sent)
        self.violations.extend(violations(sent))

    def lines(self, first=20):
        """The summary, for people."""
        sent, ran = self.sent, Counter()
        for one in self.sent:
            for served in {(site_of(one.front, r.site), api_of(r.api)) for r in one.ran}:
                ran[served] += 1
        guilty = {id(v.sent) for v in self.violations}
        yield (f"seed {self.seed}: {len(sent)} requests; {sum(s.is_refusal for s in sent)} refused, "
               f"{sum(s.status == 204 for s in sent)} preflights answered, "
               f"{sum(bool(s.ran) for s in sent)} run, "
               f"{sum(s.status == 400 or s.status == 404 and not s.is_refusal for s in sent)} answered 400 or 404")
        yield "run as: " + ", ".join(f"{s} {a} {n}" for (s, a), n in sorted(ran.items()))
        yield f"violations: {len(guilty)} requests, {len(self.violations)} with all readers"
        if self.violations:
            for what in ("front", "reader"):
                count = Counter(v.sent.front if what == "front" else v.reader for v in self.violations)
                yield f"  by {what}: " + ", ".join(f"{n} {c}" for n, c in count.most_common())
        shown = set()
        for v in self.violations:
            if id(v.sent) in shown or len(shown) == first:
                continue
            shown.add(id(v.sent))
            readers = [w.reader for w in self.violations if w.sent is v.sent and w.reader]
            yield (f"  {v.sent.ask.method} {v.sent.ask.target}\n    Origin: {v.sent.ask.origin}; "
                   f"{v.sent.front} before {v.sent.application}; status {v.sent.status}; {v.why} as "
                   f"{v.served} ({', '.join(readers)})")


class Campaign:
    """An httpd before the applications. `enforce` is what OcapiCors says."""

    def __init__(self, server, applications):
        self.server = server
        self.applications = applications
        self.number = 0

    def allow_log(self):
        """httpd's own lines about requests that it refuses do not fail a test."""
        self.server.allow_log(r"\[(core|proxy|proxy_http|rewrite):(error|warn)\]")
        self.server.allow_log(r"OCORS0026: .*/sites/N/")  # its list is empty

    def run(self, jobs, report):
        """Sends [(front, application, ask)] and judges each outcome."""
        numbered = [(self.number + n, *job) for n, job in enumerate(jobs)]
        self.number += len(jobs)
        answers = send(self.server.port, numbered)
        ran = {}
        for application in self.applications:
            ran.update(application.records())
        for number, front, application, ask in numbered:
            answer = answers[number]
            report.add(Sent(front, application, ask, answer.status, answer.cors(),
                            answer.status == 401 and FAULT in answer.body, ran.get(number, [])))
        return report

    def ask(self, front, application, *ask):
        """One request; its outcome."""
        return self.run([(front, application, Ask(*ask))], Report(None)).sent[0]


@contextmanager
def campaign(enforce="On", applications=None):
    """A campaign before these applications, or before applications of its own."""
    with ExitStack() as stack:
        if applications is None:
            applications = []
            for start in container.STARTS:
                applications.append(start())
                stack.callback(applications[-1].stop)
        server = fronts.start(applications, enforce)
        stack.callback(server.stop)
        yield Campaign(server, applications)


def jobs_of(front, applications, seed, requests):
    """The requests of one front: the systematic ones, of which each front and application has its part,
    then those of the grammar. The readers have one half, as they are many."""
    names = [a.name for a in applications]
    shuffled = random.Random(f"{seed} {front}")
    systematic = [(front, name, ask) for ask in systematic_asks() for name in names]
    jobs = shuffled.sample(systematic, requests // 4)
    grammar = Grammar(f"{seed} {front}")
    weights = [2 if name == "readers" else 1 for name in names]
    for ask in grammar.asks(requests - len(jobs)):
        if front in fronts.BEFORE and shuffled.random() < 0.5 and not ask.target.startswith(ABSOLUTE):
            ask = ask._replace(target=fronts.BEFORE[front] + ask.target)
        jobs.append((front, shuffled.choices(names, weights)[0], ask))
    return jobs


def main():
    parser = argparse.ArgumentParser(description="The campaign of R12.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--front", action="append", choices=fronts.FRONTS)
    parser.add_argument("--enforce", default="On", help="what OcapiCors says")
    parser.add_argument("--first", type=int, default=20, help="so many violations are printed")
    options = parser.parse_args()
    os.environ.setdefault("OCORS_MODULE", str(httpd.REPOSITORY / "build/gcc/.libs/mod_ocapi_cors.so"))
    names = options.front or list(fronts.FRONTS)
    report = Report(options.seed)
    with campaign(options.enforce) as running:
        for front in names:
            running.run(jobs_of(front, running.applications, options.seed, options.requests // len(names)), report)
        running.allow_log()
    print("\n".join(report.lines(options.first)))
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
