# SPDX-License-Identifier: Apache-2.0
"""What a GET of an allowed origin costs, by the number of origins: a table, and a drawing of it."""

from math import log10

from bench import REPOSITORY, Result, side_by_side, table
import exchanges
from exchanges import CONTENDERS

DRAWING = REPOSITORY / "docs/images/cost.svg"
EXCHANGE = "GET allowed"
COUNTS = (2, 10, 100, 1_000, 10_000, 100_000)
QUICK_COUNTS = (2, 100)
# The longest list, and how a line looks: colours for light and dark, and dashes, as not everybody tells colours apart.
LINES = {
    "the module": (100_000, "#0b5fad", "#6db3ff", "none"),
    "`RewriteMap` and `Header`": (100_000, "#b3470d", "#ff9d63", "9 4"),
    "`SetEnvIf` and `Header`": (10_000, "#a01c4b", "#ff86ae", "2 4"),
    "nginx, `map`": (100_000, "#2b7a2f", "#79cf7d", "14 4 2 4"),
    "haproxy, `acl -f`": (100_000, "#6a3fa0", "#c3a1f5", "4 4"),
}
WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 100, 200, 50, 60


def plot(told):
    """Instructions that each adds to the same server without a policy."""
    counts = QUICK_COUNTS if told.quick else COUNTS
    wanted = {(CONTENDERS[name][1], 2) for name in LINES}
    wanted = sorted(wanted | {(name, count) for name, (most, *_) in LINES.items() for count in counts if count <= most})
    costs = dict(zip(wanted, side_by_side(
        lambda each: exchanges.count_contender(*each, only=[EXCHANGE])[EXCHANGE, "/file"], wanted)))
    found = {(name, count): cost - costs[CONTENDERS[name][1], 2] for (name, count), cost in costs.items() if name in LINES}
    if told.write:
        DRAWING.write_text(draw(found, counts))
    rows = [[name, *(f"{found[name, count]:+,.0f}" if (name, count) in found else "-" for count in counts)]
            for name in LINES]
    module = [found["the module", count] for count in counts]
    return Result(table(["origins", *(f"{count:,}" for count in counts)], rows),
                  {"spread": (max(module) - min(module)) / (costs[exchanges.HTTPD, 2] + min(module)), "most": max(counts)})


# ---- The drawing ------------------------------------------------------------------------------------


class Axes:
    """Numbers -> places of the drawing; both axes are logarithmic."""

    def __init__(self, found, counts):
        self.first, self.last = log10(min(counts)), log10(max(counts))
        self.low = int(log10(min(found.values())))
        self.high = int(log10(max(found.values()))) + 1

    def x(self, count):
        return LEFT + (log10(count) - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, cost):
        share = (log10(cost) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def styles():
    """Light, and dark where the reader's system asks for it."""
    lines = [".ground{fill:#fff}text{fill:#1b1b1b;font:13px sans-serif}.title{font-size:15px;font-weight:bold}",
             ".grid{stroke:#d5d5d5}", *(f".l{at}{{stroke:{light}}}.t{at}{{fill:{light}}}"
                                        for at, (_, light, _, _) in enumerate(LINES.values())),
             "@media (prefers-color-scheme: dark){.ground{fill:#14171c}text{fill:#e8e8e8}.grid{stroke:#3a3f47}",
             *(f".l{at}{{stroke:{dark}}}.t{at}{{fill:{dark}}}" for at, (_, _, dark, _) in enumerate(LINES.values())), "}"]
    return "<style>" + "".join(lines) + "</style>"


def spread_labels(places):
    """Places of labels, top down, no two nearer than a line of text."""
    placed = []
    for place in places:
        placed.append(max(place, placed[-1] + 17) if placed else place)
    return placed


def draw(found, counts):
    """The drawing as SVG: one line for each contender, with its name at its end."""
    axes = Axes(found, counts)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="what">',
             '<title id="what">Instructions that a policy adds to a GET of an allowed origin, by the number of origins'
             "</title>", styles(), f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
             f'<text class="title" x="{LEFT}" y="26">Instructions that a policy adds to a GET of an allowed origin</text>']
    for power in range(axes.low, axes.high + 1):
        y = axes.y(10 ** power)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                     f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10 ** power:,}</text>')
    for count in counts:
        parts.append(f'<text x="{axes.x(count):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{count:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 14}" text-anchor="middle">origins</text>')
    ends = []
    for at, (name, (_, _, _, dashes)) in enumerate(LINES.items()):
        points = [(axes.x(count), axes.y(found[name, count])) for count in counts if (name, count) in found]
        parts.append(f'<polyline class="l{at}" fill="none" stroke-width="2.5" stroke-dasharray="{dashes}" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')
        ends.append((points[-1][1], points[-1][0], at, name.replace("`", "")))
    ends.sort()
    for place, (_, x, at, name) in zip(spread_labels([y for y, *_ in ends]), ends):
        parts.append(f'<text class="t{at}" x="{x + 8:.1f}" y="{place + 4:.1f}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
