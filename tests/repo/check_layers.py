"""No layer includes one above it; public headers know only libc and each other.

The table is STYLE's: what the files of a folder of src/ may include besides libc and their own.
A public header counts as part of the layer that implements it.
"""

import re

from repo_files import finish, read, tracked, without_comments

ALLOWED = {
    "base": set(),
    "stats": {"base"},
    "atari": {"base"},
    "env": {"atari", "base"},
    "tabular": {"env", "base"},
    "nn": {"base"},
    "replay": {"base"},
    "record": {"base"},
    "export": {"record", "nn", "env", "atari", "base"},
    "learn": {"nn", "replay", "base"},
    "agent": {"learn", "record", "env", "nn", "replay", "base"},
    "run": {"agent", "record", "nn", "env", "atari", "stats", "base"},
    "sweep": {"run", "agent", "record", "env", "base"},
    "web": {"run", "agent", "export", "record", "env", "base"},
    "app": {"web", "sweep", "stats", "run", "agent", "learn", "export", "record", "replay", "nn", "tabular", "env", "atari", "base"},
}
LAYER_OF_HEADER = {
    "status": "base", "stream": "base", "rng": "base", "version": "base", "tensor": "base",
    "atari": "atari", "roms": "atari", "env": "env", "atari_env": "env", "vector": "env",
    "toy_text": "env", "tabular": "tabular", "net": "nn", "replay": "replay",
    "priorities": "replay", "model": "record", "train": "agent", "policy": "agent", "deepq": "app",
}
LIBC = set("""assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp
    signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath
    threads time uchar wchar wctype""".split())
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    """The layer that a tracked file belongs to, or None."""
    parts = path.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "deepq"):
        return LAYER_OF_HEADER.get(path.stem)
    return None


def included_layer(name):
    """The layer that an #include "name" reaches into; None for a file of the same folder."""
    folder, _, rest = name.partition("/")
    if folder == "deepq":
        return LAYER_OF_HEADER.get(rest.removesuffix(".h"), rest)
    return folder if folder in ALLOWED else None


def problems():
    for path in tracked():
        if path.suffix not in (".c", ".h", ".cu", ".inc"):
            continue
        public = path.parts[:2] == ("include", "deepq")
        layer = layer_of(path)
        if layer not in ALLOWED:
            if layer or public:
                yield f"{path}: layer not in the table of {__file__}"
            continue
        for kind, name in INCLUDE.findall(without_comments(read(path))):
            if kind == "<":
                if public and name.removesuffix(".h") not in LIBC:
                    yield f"{path}: <{name}> in a public header, where only libc may be"
                continue
            if public and not name.startswith("deepq/"):
                yield f'{path}: "{name}" in a public header: include "deepq/..." or libc'
            target = included_layer(name)
            if target and target != layer and target not in ALLOWED[layer]:
                yield f'{path}: {layer} includes "{name}" of {target}, which is not below it'


finish(list(problems()))
