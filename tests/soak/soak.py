#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long run of one server: mixed load, a reload every second, graceful restarts, workers and watchers that are killed.
No request fails but those that a killed worker took along, and nothing grows. See scripts/soak."""

import argparse
import contextlib
import csv
import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(REPOSITORY / "tests/live"))

import matplotlib  # noqa: E402
import httpd  # noqa: E402
import processes  # noqa: E402
from cors import granted  # noqa: E402
from test_endurance import CONFIG, KINDS, LEAK, POLICIES, Load, Log, document, own  # noqa: E402

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

DRAWING = REPOSITORY / "docs/images/soak.svg"
RELOAD, RESTART, SAMPLE = 1, 15, 2  # seconds from one to the next
KILLS = 0.5, 4  # seconds from one killed process to the next, at least and at most
WATCHER_KILLS = 0.1  # the share of them that a watcher gets
WARM = 0.1  # the share of the run in which memory may grow: arenas of malloc, tables that are filled for the first time
CHILDREN_SAY = ("AH1039[0-9]: children are killed successively|OCORS0017|AH00052: child pid [0-9]+ exit signal Killed|"
                "AH00161: server reached MaxRequestWorkers|AH00046: child process [0-9]+ still did not exit")
NAMES = {"parent": "parent", "watcher": "process that watches", "worker": "largest worker"}


class Sample(NamedTuple):
    """What one look at the processes of the server found: memory in bytes, descriptors, and areas of shared memory that
    the parent has mapped."""

    second: float
    parent: int
    watcher: int
    worker: int
    parent_descriptors: int
    watcher_descriptors: int
    areas: int
    answers: int


def memory(pid):
    """Bytes of it that are no file's and no area's, shared with a forked process or not."""
    found = re.search(r"^Anonymous:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    if not found:
        raise ProcessLookupError(pid)  # it has ended
    return 1024 * int(found[1])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def look(server, started, load):
    """A sample; None while a process that was killed has no successor, or has just come."""
    with contextlib.suppress(OSError):
        parent, watcher, workers = server.process.pid, server.watcher(), server.children()
        if not watcher or not workers or any(processes.stat_fields(pid)[0] == "Z" for pid in workers):
            return None
        areas = Path(f"/proc/{parent}/maps").read_text().count("/dev/zero")
        found = Sample(time.monotonic() - started, memory(parent), memory(watcher),
                       max(map(memory, workers)), descriptors(parent), descriptors(watcher), areas, load.answers)
        return found if all(found) and server.watcher() == watcher else None  # nothing is left of one that has ended
    return None


def kill_now_and_then(server, is_over, killed, seed):
    """A worker, whatever it is doing; sometimes the process that watches."""
    choose = random.Random(seed)
    while not is_over.wait(choose.uniform(*KILLS)):
        watcher, workers = server.watcher(), sorted(server.children())
        kind, pid = ("watcher", watcher) if choose.random() < WATCHER_KILLS else ("worker", choose.choice(workers or [None]))
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed[kind] += 1


def in_force(server, policy):
    """Whether a connection of its own gets this policy."""
    with contextlib.suppress(EOFError, OSError):
        origin = own(policy)
        return set(server.request("GET", KINDS[0][1], [origin]).cors()) == granted(origin)
    return False


def run(server, told, load, samples, counts):
    """Reloads and restarts until the time is over. Returns how many reloads came into force."""
    started = time.monotonic()
    reloads = 0
    while time.monotonic() - started < told.seconds and not load.failures:
        due = started + (reloads + 1) * RELOAD
        policy = POLICIES[(reloads + 1) % 2]
        server.write("d.json", document(policy))
        httpd.wait_until(lambda: in_force(server, policy) or server.process.poll() is not None or load.failures,
                         f"policy {policy} is in force", 60)
        assert server.process.poll() is None, "httpd ended"
        reloads += 1
        if reloads % RESTART == 0:
            server.process.send_signal(signal.SIGUSR1)
            counts["restarts"] += 1
        if reloads % SAMPLE == 0 and (found := look(server, started, load)):
            samples.append(found)
        time.sleep(max(0, due - time.monotonic()))
    return reloads


def judge(samples, reloads, load):
    """{what must hold: whether it does}, over the samples behind the warm part."""
    late = [sample for sample in samples if sample.second > samples[-1].second * WARM]
    half = len(late) // 2
    found = {"no request failed": not load.failures, "requests were answered": load.answers > 10 * reloads,
             "the parent's descriptors are as many": len({sample.parent_descriptors for sample in late}) == 1,
             "the watcher's descriptors are as many": len({sample.watcher_descriptors for sample in late}) == 1,
             "the areas are as many": len({sample.areas for sample in late}) == 1}
    for who in NAMES:
        first, second = (sorted(getattr(sample, who) for sample in part) for part in (late[:half], late[half:]))
        growth = second[len(second) // 2] - first[len(first) // 2]  # of the medians
        found[f"memory of the {NAMES[who]} grows by less than {LEAK} bytes a reload ({growth:+,} bytes from half to half)"] = \
            growth < LEAK * reloads / 2
    return found


def draw(samples, headline):
    matplotlib.rcParams |= {"svg.hashsalt": "soak", "svg.fonttype": "none"}  # the same samples give the same file
    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    for who, style in zip(NAMES, ("-", "--", ":")):
        axes.plot([sample.second / 60 for sample in samples], [getattr(sample, who) / 1048576 for sample in samples],
                  style, label=NAMES[who])
    axes.set(title=headline, xlabel="minutes", ylabel="MiB")
    axes.set_ylim(bottom=0)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(DRAWING, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int)
    parser.add_argument("--mpm", choices=httpd.MPMS, default="event")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"draw {DRAWING.relative_to(REPOSITORY)}")
    told = parser.parse_args()
    server = httpd.Httpd(CONFIG, mpm=told.mpm, modules=["headers"],
                         files={"d.json": document(POLICIES[0]), "htdocs/x": "content"})
    samples, counts, killed = [], {"restarts": 0}, {"worker": 0, "watcher": 0}
    with server:
        server.allow_log(CHILDREN_SAY)
        Log(server).await_publication(server, "generation 1 (start)")
        is_over, load = threading.Event(), Load(server.port, True, 0.002)
        killer = threading.Thread(target=kill_now_and_then, args=(server, is_over, killed, told.seed))
        killer.start()
        try:
            reloads = run(server, told, load, samples, counts)
        finally:
            is_over.set()
            killer.join()
            load.stop()
    folder = REPOSITORY / "build/soak"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{told.mpm}.csv", "w", encoding="ascii", newline="") as file:
        csv.writer(file).writerows([Sample._fields, *samples])
    headline = (f"{told.mpm}: {load.answers:,} requests, {reloads:,} reloads, {counts['restarts']} graceful restarts, "
                f"{killed['worker']} workers and {killed['watcher']} watchers killed")
    print(f"{headline}; {load.broken} connections of killed workers broke")
    for failure in load.failures:
        print(f"  {failure}")
    if told.write:
        draw(samples, headline.replace(" graceful restarts, ", " graceful restarts,\n"))
    verdicts = judge(samples, reloads, load)
    for what, holds in verdicts.items():
        print(f"{'passed' if holds else 'FAILED'}: {what}")
    failed = sum(not holds for holds in verdicts.values())
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
