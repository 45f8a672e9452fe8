"""What the checks of the repository share: its files, and C text without comments."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked():
    """Paths of all files under version control, relative to ROOT."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z",
               "--cached", "--others", "--exclude-standard"]
    try:
        out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        print("SKIP: no git checkout, so no list of files to look at")
        raise SystemExit(77)
    return [pathlib.Path(p) for p in sorted(set(out.split("\0")) - {""}) if (ROOT / p).is_file()]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def without_comments(text):
    """C text with comments blanked out, line numbers kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] == "/" else m.group()
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def finish(problems):
    """Print the problems, one a line, and end with the status that CTest expects."""
    for problem in problems:
        print(problem)
    raise SystemExit(1 if problems else 0)
