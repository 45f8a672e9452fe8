#!/usr/bin/env python3
"""Turns data/published into C tables (see src/app/published_tables.h).

    make_published.py games.json scores.csv dopamine_curves.csv atari100k_runs.csv OUT.c

Scores become an array. Curves become lines `AGENT,GAME,STEPS,RUN,RUN,...` with the games' ROM ids and
agent steps, compressed by zlib.
"""
import json
import sys
import zlib

STEPS_OF_ITERATION = 250_000  # Dopamine's, of four console frames
STEPS_OF_100K = 100_000


def rows_of(path):
    with open(path) as f:
        return [line.rstrip("\n").split(",") for line in f if not line.startswith("#")]


def scores_source(path):
    (_, *columns), *games = rows_of(path)
    out = "static const char *const columns[] = {" + ", ".join(f'"{c}"' for c in columns) + "};\n"
    for game, *scores in games:
        if len(scores) != len(columns):
            raise SystemExit(f"{path}: {game} has {len(scores)} scores and not {len(columns)}")
        out += f"static const double {game}[] = {{{', '.join(repr(float(s)) if s else 'NAN' for s in scores)}}};\n"
    out += "static const published_row rows[] = {" + ", ".join(f'{{"{game}", {game}}}' for game, *_ in games) + "};\n"
    return out


def curve_lines(games, curves, ends):
    """The spellings of the two files: ROM ids without underscores, in capitals and small letters."""
    ids = {name.replace("_", ""): name for name in games}
    for game, agent, iteration, *runs in rows_of(curves):
        yield [agent, ids[game.lower()], str(int(iteration) * STEPS_OF_ITERATION), *runs]
    for game, agent, *runs in rows_of(ends):
        yield [agent, ids[game.lower()], str(STEPS_OF_100K), *runs]


def main():
    games, scores, curves, ends, target = sys.argv[1:]
    with open(games) as f:
        names = json.load(f)["games"]
    text = "".join(",".join(line) + "\n" for line in curve_lines(names, curves, ends)).encode()
    packed = zlib.compress(text, 9)
    out = '/* Made by tools/make_published.py from data/published. */\n#include <math.h>\n\n#include "app/published_tables.h"\n\n'
    out += scores_source(scores)
    out += "static const unsigned char curves[] = {\n"
    for at in range(0, len(packed), 32):
        out += ",".join(map(str, packed[at:at + 32])) + ",\n"
    out += f"""}};
const published_tables published_data = {{
    columns, sizeof(columns) / sizeof(columns[0]), rows, sizeof(rows) / sizeof(rows[0]),
    curves, sizeof(curves), {len(text)}}};
"""
    with open(target, "w") as f:
        f.write(out)


if __name__ == "__main__":
    main()
