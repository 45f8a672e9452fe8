"""Mutants made by simple rules from lines of C: what run_mutants.py tries that nobody wrote down."""
import os
import random
import re
import subprocess

# (name, pattern, what it becomes). Applied to code alone: no comments, strings, or preprocessor.
RULES = [
    ("comparison", r" (<|>) (?!=)", lambda m: f" {m[1]}= "),
    ("comparison", r" (<|>)= ", lambda m: f" {m[1]} "),
    ("comparison", r" == ", lambda m: " != "),
    ("comparison", r" != ", lambda m: " == "),
    ("logic", r" && ", lambda m: " || "),
    ("logic", r" \|\| ", lambda m: " && "),
    ("off by one", r" ([+-]) 1(?=[\s;,)\]])", lambda m: f" {m[1]} 2"),
    ("off by one", r" ([+-]) 1(?=[\s;,)\]])", lambda m: ""),
    ("sign", r"(?<=[\w)\]]) \+ (?=[\w(])", lambda m: " - "),
    ("sign", r"(?<=[\w)\]]) - (?=[\w(])", lambda m: " + "),
    ("constant", r"(?<= = )(\d+)(?=;)", lambda m: str(int(m[1]) + 1)),
    ("constant", r"\breturn (true|false)\b", lambda m: "return " + ("false" if m[1] == "true" else "true")),
    ("constant", r" = (true|false);", lambda m: " = " + ("false" if m[1] == "true" else "true") + ";"),
    ("dropped call", r"^( +)(?!return|DQ_TRY|assert)[a-z]\w*\(.*\);$", lambda m: f"{m[1]};"),
    ("dropped assignment", r"^( +)[a-z][\w.>\[\]-]*(->|\.)[\w.>\[\]-]+ [-+|&]?= .*;$", lambda m: f"{m[1]};"),
    ("dropped check", r"^( +)DQ_TRY\((.*)\);$", lambda m: f"{m[1]}(void)!({m[2]});"),
    ("dropped check", r"^( +)if \((.*)\)( \{)?$", lambda m: f"{m[1]}if (0 && ({m[2]})){m[3] or ''}"),
]


def source_files(root):
    names = subprocess.run(["git", "-C", root, "ls-files", "src"], text=True, capture_output=True,
                           check=True).stdout.split()
    return [n for n in names if n.endswith((".c", ".h", ".inc")) and "/cuda/" not in n]


def is_code(line):
    """Whether a rule may touch it: balanced by itself, no comment, string, preprocessor or declaration."""
    stripped = line.strip()
    return (stripped and not re.search(r'["\'#]|//|/\*|^\*|\\$', stripped) and
            not stripped.startswith(("*", "static ", "const ", "typedef ", "enum ", "extern ", "assert")) and
            line.count("(") == line.count(")"))


def code_lines(text):
    """Numbers of the lines inside functions."""
    inside, comment, numbers = False, False, []
    for i, line in enumerate(text):
        if "/*" in line:
            comment = True
        if line.startswith("{"):
            inside = True
        elif line.startswith("}"):
            inside = False
        elif inside and not comment and is_code(line):
            numbers.append(i)
        if "*/" in line:
            comment = False
    return numbers


def mutants_of_line(root, name, text, i):
    """Every mutant of line i, with as many lines before it as make its text stand once in the file."""
    whole = "\n".join(text)
    made = []
    for rule, pattern, new in RULES:
        for match in re.finditer(pattern, text[i]):
            changed = text[i][:match.start()] + new(match) + text[i][match.end():]
            before = i
            while before > 0 and whole.count("\n".join(text[before:i + 1]) + "\n") > 1:
                before -= 1
            context = text[before:i]
            made.append({"layer": name.split("/")[1], "file": name, "old": "\n".join(context + [text[i]]) + "\n",
                         "new": "\n".join(context + [changed]) + "\n",
                         "what": f"{rule}: {text[i].strip()} -> {changed.strip() or 'nothing'} "
                                 f"({os.path.basename(name)}:{i + 1})"})
    return made


def number(mutants, letter):
    for i, mutant in enumerate(mutants):
        mutant["id"] = f"{letter}{i + 1}"
    return [{"id": m.pop("id"), **m} for m in mutants]


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8") as f:
        return f.read().split("\n")


def anywhere(root, n, seed):
    """About n mutants: as many from each layer as its lines are of all, but at least twelve."""
    rng, by_layer = random.Random(seed), {}
    for name in source_files(root):
        text = read(root, name)
        for i in code_lines(text):
            made = mutants_of_line(root, name, text, i)
            if made:
                by_layer.setdefault(name.split("/")[1], []).append(rng.choice(made))
    total, chosen = sum(map(len, by_layer.values())), []
    for layer in sorted(by_layer):
        share = min(max(12, round(n * len(by_layer[layer]) / total)), len(by_layer[layer]))
        chosen += rng.sample(by_layer[layer], share)
    return number(chosen, "G")


def in_changed_lines(root, commit):
    """All mutants of the lines that a commit changed or that are not committed yet."""
    diff = subprocess.run(["git", "-C", root, "diff", "-U0", f"{commit}~1", "--", "src"], text=True,
                          capture_output=True, check=True).stdout
    name, mutants = None, []
    for line in diff.split("\n"):
        if line.startswith("+++ "):
            name = line[6:] if line.startswith("+++ b/") else None
        found = re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)
        if not found or name not in source_files(root):
            continue
        text = read(root, name)
        first, count = int(found[1]) - 1, int(found[2] or 1)
        for i in set(code_lines(text)) & set(range(first, first + count)):
            mutants += mutants_of_line(root, name, text, i)
    return number(mutants, "C")
