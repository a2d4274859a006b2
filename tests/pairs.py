# SPDX-License-Identifier: Apache-2.0
"""Which rows of a full product of dimensions are run by default: as few as hold each pair of values of two
dimensions that any row holds, and each row that the test names (`keep`). `--exhaustive` runs all of them.

    @pytest.mark.pairwise("form", "error", "front", "origin", keep=lambda row: row.error.is_mapped)

Where no pair means more than its two values, `strength=1` runs as few rows as hold each value.

Debian's python3-allpairspy makes rows of its own from the dimensions. Where some combinations do not exist, it
leaves pairs of others out: 43 of 270 for the table of test_responses.py."""

from heapq import heapify, heappop, heapreplace
from itertools import combinations
from types import SimpleNamespace

# Unit tests that not every mode of tests/unit/test_programs.py runs by default; --exhaustive leaves none out.
# TIMES: how long something takes. Only the optimised program has a time that means anything.
TIMES = {
    "test_json_scan": ("time_is_linear", "different_keys_take_linear_time"),
    "test_origin": ("very_long_entries",),
    "test_url_path": ("long_paths_are_linear",),
}
# ORDERS: the model of the protocol walks every order of its steps, some 100,000 of them by the same few lines. gcc's
# program says whether the protocol holds in each. What valgrind and the sanitizers can see of these lines, they see
# where one reader is there, and where one is killed.
ORDERS = {
    "test_epoch": ("two_readers_in_every_order", "two_threads_of_one_process_in_every_order", "all_areas_in_every_order",
                   "a_reader_is_stopped_at_every_step"),
}
# SAMPLES: answers to random questions, compared with those of a slow and simple way: gcc's program says whether they are
# equal. The sanitizers reach no further line or branch there than in the other tests, but for three.
SAMPLES = {
    "test_path_methods": ("who_is_warned_has_such_a_path",),
    "test_resource": ("agrees_with_trying_everything",),
    "test_sketch": ("test_it_is_right_about_the_top",),
}
# BYTES: each byte of a text or an image is changed in turn, or a table is grown to its end. Whatever a byte is, it was
# set: what valgrind alone sees, it sees in what is read first. Where a read goes, the sanitizers see.
BYTES = {
    "test_client": ("every_byte_of_a_payload", "every_byte_of_a_value", "long_queries"),
    "test_image": ("test_every_damaged_byte_is_noticed_and_harmless", "test_size_for_each_of_two_ports"),
    "test_json_scan": ("texts_of_chance",),
    "test_near_miss": ("test_the_nearest_of_many_ports",),
    "test_origin": ("every_byte_everywhere",),
    "test_settings_edit": ("bad_texts_are_survived",),
    "test_snapshot_damage": ("every_damaged_word_is_harmless", "several_damaged_words_are_harmless"),
    "test_sketch": ("test_any_bytes_are_harmless",),
    "test_url_path": ("a_plain_path_is_read_alike", "any_bytes_are_read_safely"),
}
# LIMITS: megabytes of one byte, or one step some 100,000 times, by lines that small inputs reach, too. gcc's program runs
# them. The sanitizers run them by `scripts/check unit`; valgrind and distcheck do not.
LIMITS = {
    "test_client": ("hostile_payloads",),
    "test_image": ("test_size_for_each_origin",),
    "test_json_scan": ("memory_is_limited",),
    "test_nomem": ("large_document",),
    "test_settings": ("size_is_limited", "many_of_everything"),
}

# WALKED: programs that valgrind runs by `scripts/check unit` and --exhaustive alone. Of the 10,014 lines and branches of
# the core that any program reaches under valgrind, the other programs and the seeds of the fuzz targets
# (tests/fuzz/test_replay.py) reach all but some 380. Every program runs in all other modes.
WALKED = ("test_accept", "test_digest", "test_escape", "test_fault", "test_headers", "test_image", "test_index",
          "test_json_scan", "test_layers", "test_method", "test_near_miss", "test_origin", "test_own", "test_path_methods",
          "test_policy", "test_report", "test_resource", "test_settings_edit", "test_slots", "test_snapshot",
          "test_snapshot_damage")


def left_out(program, mode, is_exhaustive, is_deep=False):
    """The names of the tests that a run of this unit program leaves out."""
    most = (TIMES, LIMITS, ORDERS, SAMPLES, BYTES)
    sanitized = (TIMES, ORDERS, SAMPLES) if is_deep else (TIMES, LIMITS, ORDERS, SAMPLES)
    tables = {"sanitize": sanitized, "valgrind": most, "distcheck": most}.get(mode, ())
    return () if is_exhaustive else tuple(name for table in tables for name in table.get(program, ()))


def pairs_of(row, strength=2):
    """The pairs of values that a row holds, or the values, each value with its dimension."""
    return set(combinations(enumerate(row), strength))


def select(rows, kept=(), strength=2):
    """The positions, in order, of the rows that are run. A row is a tuple of hashable values, one of each
    dimension; `kept` are the positions of those that are run in any case. With a strength of 1, each value is there."""
    pairs = [pairs_of(row, strength) for row in rows]
    chosen = set(kept)
    missing = set().union(*pairs).difference(*(pairs[n] for n in chosen))
    # What a row brings never grows: a row that still brings what it brought when it was looked at last, and comes first,
    # is the first of those that bring the most. The same rows are chosen each time.
    candidates = [(-len(held & missing), n) for n, held in enumerate(pairs)]
    heapify(candidates)
    while missing:
        best = candidates[0][1]
        brought = (-len(pairs[best] & missing), best)
        if brought == candidates[0]:
            heappop(candidates)
            chosen.add(best)
            missing -= pairs[best]
        else:
            heapreplace(candidates, brought)
    return sorted(chosen)


def in_turn(number, first, second, is_exhaustive=False):
    """Of the product of two dimensions that one test walks: rows that hold each value of both. The test of the next
    number has other rows; as many tests as the shorter dimension has values hold the whole product."""
    turns = min(len(first), len(second))
    return [(a, b) for i, a in enumerate(first) for j, b in enumerate(second)
            if is_exhaustive or (i + j + number) % turns == 0]


def values_of(item):
    """What a collected test is parametrized with, the parameters of its fixtures too: by name."""
    return {**getattr(item.callspec, "funcargs", {}), **item.callspec.params}


def numbered(values):
    """The same as numbers: equal ones for equal values, hashable or not."""
    different = []
    numbers = []
    for value in values:
        if value not in different:
            different.append(value)
        numbers.append(different.index(value))
    return numbers


def select_items(items):
    """(those that are run, those that are left out) of the collected tests, both in order."""
    products = {}
    for item in items:
        if item.get_closest_marker("pairwise"):
            products.setdefault((item.path, item.originalname), []).append(item)
    left_out = set()
    for product in products.values():
        marker = product[0].get_closest_marker("pairwise")
        values = [values_of(item) for item in product]
        rows = list(zip(*(numbered([v[name] for v in values]) for name in marker.args)))
        assert len(set(rows)) == len(rows), f"{product[0].originalname}: rows differ in more than {marker.args}"
        keep = marker.kwargs.get("keep", lambda row: False)
        chosen = select(rows, [n for n, v in enumerate(values) if keep(SimpleNamespace(**v))],
                        marker.kwargs.get("strength", 2))
        left_out |= set(product) - {product[n] for n in chosen}
    return [i for i in items if i not in left_out], [i for i in items if i in left_out]
