# SPDX-License-Identifier: Apache-2.0
"""What the module may cost, beside what was found: the limits of the design, in one table."""

from bench import table
from exchanges import IN_LOCATION, NGINX_MAP, TREE
from load import AGAIN

COUNTERS = 60  # instructions: each request is counted
ADDED = {"GET allowed": 4400, "GET unknown": 2800, "no Origin": 1900, "preflight": -3500, "POST refused": -5000,
         "POST allowed": 4600}
# What a request may have more in a tree, and in a <Location> (over an httpd that has an empty one).
MORE = {TREE: {exchange: 300 if exchange == "no Origin" else 500 for exchange in ADDED},
        f"{IN_LOCATION}, to an empty one": dict.fromkeys(ADDED, 150)}
LEAST_THROUGHPUT = {"GET allowed": 0.97, "GET unknown": 0.97, "no Origin": 0.97, "preflight": 1.15, "POST refused": 1.5}


# Each gives rows: what, found, limit, how both are shown. Less is better, but for throughput, which is negative.

def of_answers(found):
    yield "answers of the module that are wrong", found["wrong"], 0, "{:,.0f}"


def of_instructions(found):
    for exchange, limit in ADDED.items():
        yield f"{exchange}: instructions", found["the module"][exchange], limit + COUNTERS, "{:+,.0f}"
    for label, more in MORE.items():
        for exchange, limit in ADDED.items():
            yield (f"{exchange}, {label}: instructions", found[label][exchange], limit + more[exchange] + COUNTERS,
                   "{:+,.0f}")
    for exchange in ADDED:
        yield (f"{exchange}: instructions, to those that nginx's `map` adds to nginx", found["the module"][exchange],
               found[NGINX_MAP][exchange], "{:+,.0f}")


def of_throughput(found):
    for exchange, least in LEAST_THROUGHPUT.items():
        if ("the module", exchange) in found:
            _, median, _ = found["the module", exchange]
            low, _, high = found[AGAIN, exchange]
            yield (f"{exchange}: throughput, to bare httpd's (which has {low:.3f} to {high:.3f} of itself)",
                   -median, -least, "{:.3f}")


def of_hostile(found):
    for bound, above in found.items():
        yield f"{bound.inputs}: instructions more", above, bound.most, "{:+,.0f}"


def of_plot(found):
    yield (f"a GET with a policy of 2 to {found['most']:,} origins: the dearest above the cheapest", found["spread"] * 100,
           3, "{:.2f} %")


def of_sizes(found):
    for kind in ("origins", "sites"):
        if kind in found:
            spread, least, most = found[kind]
            yield (f"a decision with {least:,} to {most:,} {kind}: the dearest above the cheapest", spread * 100, 3,
                   "{:.2f} %")
    if "bytes" in found:
        yield "a million origins: memory of each beside its text", found["bytes"], 64, "{:.1f} bytes"
        yield "a million origins: processor time until they are published", found["processor"], 2, "{:.2f} s"
        yield "a million origins: memory to read them", found["peak"], 250e6 / (1 << 20), "{:.0f} MiB"


def of_changes(found):
    yield "from a change until it is in force, without the time to read it", found["above reading"], 200, "{:.0f} ms"
    if "share" in found:
        yield "10,000 quiet sites: share of a core", found["share"], 0.1, "{:.3f} %"


PARTS = {"answers": of_answers, "instructions": of_instructions, "throughput": of_throughput, "hostile": of_hostile,
         "plot": of_plot, "sizes": of_sizes, "changes": of_changes}


def limits(results):
    """The table, of the parts that ran; it says which did not."""
    rows = []
    for part, rows_of in PARTS.items():
        if part not in results:
            rows.append([f"({part})", "not measured", "", ""])
            continue
        for what, found, limit, form in rows_of(results[part].figures):
            is_least = part == "throughput"
            rows.append([what, form.format(-found if is_least else found),
                         ("at least " if is_least else "") + form.format(-limit if is_least else limit),
                         "met" if found <= limit else "**not met**"])
    return table(["what", "found", "limit", ""], rows)
