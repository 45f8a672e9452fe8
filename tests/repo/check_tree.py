"""The tree itself: names, lengths, words that say unfinished, machine paths, files that are spoken of
and not there, no foreign ROM."""

import collections
import gzip
import hashlib
import json
import re

from repo_files import ROOT, finish, read, tracked

SOURCE = {".c", ".h", ".cu", ".inc", ".py", ".sh", ".cmake"}
MAX_LINES = 900
# Written in pieces, so that this file passes its own check.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w"),
    "a registry's address": re.compile("pypi" + r"\.org|python" + r"hosted|deb\." + "debian"),
    "unfinished work": re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b"),
}


def is_data(path):
    return "data" in path.parts


def check_names(paths):
    by_name = collections.defaultdict(list)
    for path in paths:
        if path.suffix in SOURCE and not is_data(path):
            by_name[path.name].append(str(path))
    for name, where in by_name.items():
        if len(where) > 1:
            yield f"{name}: more than one file has this name: {', '.join(where)}"


def check_text(paths):
    for path in paths:
        if is_data(path) or not (path.suffix in SOURCE | {".md", ".txt"} or "." not in path.name):
            continue
        lines = read(path).splitlines()
        if len(lines) > MAX_LINES and path.suffix in SOURCE:
            yield f"{path}: {len(lines)} lines: split it before {MAX_LINES}"
        for number, line in enumerate(lines, 1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line):
                    yield f"{path}:{number}: {what}"


FOLDERS = {path.parts[0] for path in tracked() if len(path.parts) > 1}
NAMED = re.compile(r"(?<![\w/.*$}-])(?:%s)/[\w./-]*[^\W_](?!\.?[\w/*{])"
                   % "|".join(map(re.escape, sorted(FOLDERS))))


def check_named(paths):
    """What tells or does how to work here names files that there are."""
    for path in paths:
        if path.suffix == ".md" or path.name == "Makefile" or path.suffix == ".sh" and not is_data(path):
            for number, line in enumerate(read(path).splitlines(), 1):
                for name in NAMED.findall(line):
                    folders = (ROOT, ROOT / path.parent)
                    if "NAME" not in name and not any((f / name).exists() for f in folders):
                        yield f"{path}:{number}: {name}: no such file"


def commercial_md5s():
    found = [p for p in (ROOT / "data/atari/games.json", ROOT / "tests/data/games.json")
             if p.is_file()]
    if not found:
        return set()
    games = json.loads(found[0].read_text())["games"]
    games = games.values() if isinstance(games, dict) else games
    return {md5 for game in games
            for md5 in ([game["md5"]] if isinstance(game["md5"], str) else game["md5"])}


def check_roms(paths):
    md5s = commercial_md5s()
    for path in paths:
        contents = [(ROOT / path).read_bytes()]
        if path.suffix == ".gz":
            contents.append(gzip.decompress(contents[0]))
        if any(hashlib.md5(c).hexdigest() in md5s for c in contents):
            yield f"{path}: a commercial ROM: it must not be committed"


paths = tracked()
finish([*check_names(paths), *check_text(paths), *check_named(paths), *check_roms(paths)])
