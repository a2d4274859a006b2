# SPDX-License-Identifier: Apache-2.0
"""What the module may cost, beside what was found: the limits of the design, in one table."""

from bench import table

COUNTERS = 60  # of each request, as it is counted
ADDED = {"GET allowed": 4400, "GET unknown": 2800, "no Origin": 1900, "preflight": -3500, "POST refused": -5000,
         "POST allowed": 4600}
IN_TREE = {"no Origin": 300}  # others: 500
IN_LOCATION = 150
FLAT = 0.03
NOT_MEASURED = "not measured"


def rows_of_requests(found):
    """Instructions that a request may have more than without the module."""
    for exchange, limit in ADDED.items():
        yield (f"{exchange}: adds at most {limit:+,} and {COUNTERS} for counters", found["the module"][exchange],
               limit + COUNTERS)
    for exchange, limit in ADDED.items():
        yield (f"{exchange} in a tree: adds at most {limit + IN_TREE.get(exchange, 500):+,} and {COUNTERS}",
               found["the module, a tree of 100 sites"][exchange], limit + IN_TREE.get(exchange, 500) + COUNTERS)
    for exchange, limit in ADDED.items():
        yield (f"{exchange} in a `<Location>`: adds at most {limit + IN_LOCATION:+,} and {COUNTERS}",
               found["the module in a `<Location>`, to an empty one"][exchange], limit + IN_LOCATION + COUNTERS)
    for exchange in ADDED:
        yield (f"{exchange}: adds no more than nginx's `map` to nginx", found["the module"][exchange],
               found["nginx, `map`"][exchange])


def rows_of_inputs(found):
    for name, (above, bound) in found.items():
        yield f"{name}: at most {bound:+,}", above, bound


def rows_of_throughput(found):
    for exchange, least in (("GET allowed", 0.97), ("GET unknown", 0.97), ("no Origin", 0.97), ("preflight", 1.15),
                            ("POST refused", 1.5)):
        if ("the module", exchange) in found:
            ratios = found["the module", exchange]
            yield f"{exchange}: throughput at least {least} of bare httpd's", -ratios[len(ratios) // 2], -least


def rows_of_sizes(found):
    for kind in ("origins", "sites"):
        if kind in found:
            spread, least, most = found[kind]
            yield f"a decision, {least:,} to {most:,} {kind}: the same within 3 %", spread * 100, FLAT * 100
    if "bytes" in found:
        yield "a million origins: at most 64 bytes each beside their text", found["bytes"], 64
        yield "a million origins: at most 2 s from JSON to published (processor time)", found["processor"], 2
        yield "a million origins: at most 250 MB to read them, in MiB", found["peak"], 238


def rows_of_plot(found):
    yield f"a GET, 2 to {found['most']:,} origins: the same within 3 %", found["spread"] * 100, FLAT * 100


def rows_of_changes(found):
    yield "a change is in force at most 200 ms after it, and the time to read it", found["above reading"], 200
    if "share" in found:
        yield "10,000 quiet sites: at most 0.1 % of a core", found["share"], 0.1


def rows_of_answers(found):
    yield "every answer of the module is right: at most 0 wrong", found["wrong"], 0


PARTS = {"answers": rows_of_answers, "instructions": rows_of_requests, "throughput": rows_of_throughput,
         "hostile": rows_of_inputs, "plot": rows_of_plot, "sizes": rows_of_sizes, "changes": rows_of_changes}


def number(value):
    return f"{abs(value):.3f}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}"


def limits(results):
    """The table, of the parts that ran."""
    rows = []
    for part, rows_of in PARTS.items():
        if part not in results:
            rows.append([f"({part})", NOT_MEASURED, ""])
            continue
        for text, value, limit in rows_of(results[part].figures):
            rows.append([text, number(value), "met" if value <= limit else "**not met**"])
    return table(["limit", "found", ""], rows)
