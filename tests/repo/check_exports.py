"""libdeepq.so exports what the public headers declare, and nothing else.

Usage: check_exports.py LIBRARY
"""

import re
import subprocess
import sys

from repo_files import ROOT, finish, without_comments


def declared():
    """Functions that the headers declare, and those among them without DQ_API."""
    names, unmarked = set(), set()
    for header in (ROOT / "include/deepq").glob("*.h"):
        text = re.sub(r"^\s*#[^\n]*", "", without_comments(header.read_text()), flags=re.M)
        text = re.sub(r"\{[^{}]*\}", "{}", re.sub(r"\{[^{}]*\}", "{}", text.replace(
            'extern "C" {', "")))
        for statement in re.split(r"[;}]", text):
            function = re.search(r"\b(dq_\w+)\s*\((?!\s*\*)", statement)
            if function and not re.search(r"\b(?:typedef|static)\b", statement):
                names.add(function[1])
                if "DQ_API" not in statement:
                    unmarked.add(function[1])
    return names, unmarked


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, check=True,
                         text=True).stdout
    # The compiler's own helpers (coverage, sanitizers) begin with two underscores or another word.
    return {line.split()[-1] for line in out.splitlines() if line.split()[-1].startswith("dq_")}


names, unmarked = declared()
assert len(names) > 20, "the headers were not understood"
have = exported(sys.argv[1])
finish([f"{n}: declared without DQ_API" for n in sorted(unmarked)]
       + [f"{n}: declared in a public header but not in the library" for n in sorted(names - have)]
       + [f"{n}: exported but in no public header" for n in sorted(have - names)])
