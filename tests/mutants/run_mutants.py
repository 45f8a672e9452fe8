#!/usr/bin/env python3
"""Puts small wrong changes into a copy of the code, one at a time, and sees whether the tests notice.

    run_mutants.py BUILD [NAME...] [--list FILE...] [--changed [COMMIT]] [--any N [--seed S]] [--write FILE] [--all] [--check]

Without options: the mutants of tests/mutants/*.json. NAME is a layer (agent) or a mutant's id (A13).
--changed makes mutants by the rules of mutant_rules.py in the lines that changed since before COMMIT (HEAD),
in files that git knows; --any N makes about N of them in src/ without the GPU's code, at least twelve for a
layer, the same for a seed; --write stores them. --check only says whose text is gone from the code.

A mutant that does not compile, or that is told to be the same program ("equivalent": why), does not
count. The tests that a mutant names ("tests"; else FIRST by its file's name) run first, then those of its
layer, then all others that are quick (--all: all others), fastest first, until one fails. The copy lies in
BUILD, with each test's time and result without a mutant. Status 1 when one was not noticed, or its text is
gone from the code.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import mutant_rules

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JOBS = os.cpu_count() or 1
# A test may take so long, or twenty times as long as without a mutant; the first time, so long.
SLOWEST_S, FIRST_S = 60, 1200
QUICK_S = 3
THREADS = r"net|loss|pool|trainer|threads|vector|learner|divergence|bound"  # whose leftovers vary by one or two
TRUSTED_S = 5  # longer tests that passed once in this copy are not run again without a mutant
# Of the warnings that are errors in CI, those about memory that is not an array's any more.
BEYOND = ["-Werror=aggressive-loop-optimizations", "-Werror=array-bounds"]
# What tests a layer; slow tests only run for the layers whose rows name them.
TESTS = {
    "base": r"stream|pool|rng|spelling|plain_file|stops|records|files|learner_golden",
    "atari": r"testroms|cartridges|tia|m6507|atari_state|homebrew|state_process|book_pipeline",
    "env": r"env|dialects|book_pipeline|wrappers|vector|toy|roms|state_process|observations|process_frame",
    "tabular": r"tabular|toy_text",
    "replay": r"replay|priorities|target_cache|learner|test_trainer|hyperparameters",
    "nn": r"test_(kernels|net|heads|loss|threads|learner_golden|target_cache|trainer|combinations)",
    "learn": r"target_cache|augmentation|learner|combinations|test_trainer|emulated_(kernels|trainer|divergence)|e2e_cuda",
    "agent": r"test_(learner|hyperparameters|trainer|divergence|reward_bound|policy)|e2e_stops",
    "record": r"json|tensorboard|model|config|run_folder|png|video|records|told|files|stops|e2e_memory",
    "run": r"e2e",
    "sweep": r"sweep",
    "web": r"dashboard|browser",
    "app": r"e2e",
}
# Which to try first, by the file: the program's tests take seconds each.
FIRST = [
    (r"tabular", r"tabular"),
    (r"app/(bench|cmd_bench|machine_limits)", r"e2e_bench"),
    (r"app/(cmd_(trace|inspect|roms|envs)|gzip|environment)", r"e2e_(files|command_line|models)"),
    (r"app/(cmd_(eval|play)|policy|trained_model|human_scores|window)", r"e2e_(told|play|models)"),
    (r"app/(main|options|features|interrupt)", r"e2e_(command_line|options|stops)"),
    (r"(app/(cmd_train|train|progress|chart)|run/)", r"e2e_(told|records|stops|train)"),
    (r"replay/replay", r"test_replay"),
    (r"priorities", r"test_priorities"),
    (r"nn/device_net", r"emulated_(net|learner)$"),
    (r"learn/(learner_cuda|gpu)", r"emulated_learner"),
    (r"learn/|agent/(actor|trainer)", r"test_(target_cache|learner_golden|trainer_state)"),
    (r"agent/scores", r"test_reward_bound"),
    (r"agent/policy", r"test_policy"),
    (r"nn/(objective|last_layers|networks)", r"test_(heads|loss)"),
    (r"nn/(net|graph|ref|fast|winograd|dispatch)", r"test_(net|kernels|loss)"),
    (r"book_", r"book_pipeline"),
    (r"obs_buffer|small_frame|dialect", r"test_dialects"),
]


def run(*command, **options):
    return subprocess.run(command, text=True, capture_output=True, check=False, **options)


# ------------------------------------------------------------------ the copy

class Copy:
    """The code as it is in the work tree, its build, and its tests."""

    def __init__(self, folder):
        self.tree, self.build = os.path.join(folder, "tree"), os.path.join(folder, "build")
        self.results = os.path.join(folder, "results.json")
        self.content = self.copy_files()
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        if not os.path.exists(os.path.join(self.build, "CMakeCache.txt")):
            self.must("cmake", "-S", self.tree, "-B", self.build, "-DDEEPQ_ONE_LIBRARY=ON",
                      "-DDEEPQ_CUDA=OFF", f"-DCMAKE_C_FLAGS={' '.join(BEYOND)}", *generator)
        said = self.compile()
        if said:
            sys.exit(said)
        self.find_tests()

    def must(self, *command):
        done = run(*command)
        if done.returncode != 0:
            sys.exit(f"mutants: {' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def copy_files(self):
        """What git knows; a file that is the same keeps its time, so that it is not compiled again. Returns
        a hash of all of it."""
        digest = hashlib.sha256()
        names = set(run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").stdout.split("\n")) - {""}
        for folder, _, files in os.walk(self.tree):
            for name in files:
                path = os.path.join(folder, name)
                if os.path.relpath(path, self.tree) not in names:
                    os.remove(path)
        for name in sorted(names):
            source, target = os.path.join(ROOT, name), os.path.join(self.tree, name)
            if not os.path.isfile(source):
                continue
            with open(source, "rb") as f:
                content = f.read()
            if not name.startswith("tests/mutants/"):
                digest.update(name.encode() + b"\0" + content)
            if os.path.exists(target):
                with open(target, "rb") as f:
                    if f.read() == content:
                        continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as f:
                f.write(content)
            shutil.copymode(source, target)
        return digest.hexdigest()

    def compile(self):
        """What the compiler says, None if it went well."""
        done = run("cmake", "--build", self.build, "--parallel", str(JOBS))
        return None if done.returncode == 0 else done.stdout[-2000:] + done.stderr[-2000:]

    def find_tests(self):
        """Those that pass without a mutant, and how long they take: measured when something has changed."""
        shown = json.loads(self.must("ctest", "--test-dir", self.build, "--show-only=json-v1"))
        self.tests = []
        for test in shown["tests"]:
            properties = {p["name"]: p["value"] for p in test.get("properties", [])}
            if not set(properties.get("LABELS", [])) & {"repo", "gpu"} and test["name"] != "install":
                self.tests.append(Test(test["name"], test["command"], properties))
        known = self.known_results()
        for test in self.tests:
            test.result, test.seconds, test.held = known.get(test.name, (None, FIRST_S, None))
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(Test.measure, [t for t in self.tests if t.result is None]))
        with open(self.results, "w", encoding="utf-8") as f:
            found = {t.name: (t.result, t.seconds, t.held) for t in self.tests}
            json.dump([self.content, {**known, **found}], f)
        for test in self.tests:
            if test.result == "failed":
                print(f"mutants: {test.name} fails without any: it is left out")
        self.tests = sorted((t for t in self.tests if t.result == "passed"), key=lambda t: t.seconds)

    def known_results(self):
        try:
            with open(self.results, encoding="utf-8") as f:
                content, results = json.load(f)
            return {name: found for name, found in results.items()
                    if len(found) == 3 and (content == self.content or (found[0] == "passed" and found[1] > TRUSTED_S))}
        except (OSError, ValueError):
            return {}

    def in_order(self, mutant, everything):
        """The tests to run: its own, its layer's, the rest of the quick ones."""
        first = [tests for files, tests in FIRST if re.search(files, mutant["file"])]
        named = mutant.get("tests") or first[:1] or ["$^"]

        def place(test):
            if re.search("|".join(named), test.name):
                return 0
            return 1 if re.search(TESTS.get(mutant["layer"], "$^"), test.name) else 2

        return sorted((t for t in self.tests if everything or place(t) < 2 or t.seconds < QUICK_S),
                      key=lambda t: (place(t), t.seconds))

    def first_failure(self, mutant, everything):
        """The test that notices; None. The others that run then are ended."""
        found, running = [], set()

        def notice(test):
            if found:
                return
            running.add(test)
            result = test.run()
            running.discard(test)
            if result != "passed" and not found:
                found.append(test)
                for other in list(running):
                    other.end()

        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(notice, self.in_order(mutant, everything)))
        return found[0] if found else None


class Test:
    def __init__(self, name, command, properties):
        self.name, self.command = name, command
        self.folder = properties.get("WORKING_DIRECTORY")
        self.skip = properties.get("SKIP_RETURN_CODE", 77)
        self.env = dict(os.environ, **dict(e.split("=", 1) for e in properties.get("ENVIRONMENT", [])))
        self.seconds, self.result, self.said, self.process, self.held = FIRST_S, None, "", None, None

    def measure(self):
        """Its result, time, and how many blocks it holds at its end (tests/counted_malloc.c)."""
        start, report = time.monotonic(), tempfile.NamedTemporaryFile()
        with report:
            self.env.update(MAY_HOLD="1000000", FAIL_REPORT=report.name)
            result = self.run()
            words = report.read().split()
        self.held = int(words[1]) if len(words) == 2 else None
        self.result, self.seconds = result, time.monotonic() - start

    def run(self):
        """Alone in a session of its own, so that nothing of it is left behind."""
        env = dict(self.env)
        if self.held is not None:
            env["MAY_HOLD"] = str(self.held + 2 * bool(re.search(THREADS, self.name)))
        process = self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=env, text=True, errors="replace", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            limit = FIRST_S if self.result is None else max(SLOWEST_S, 20 * self.seconds)
            self.said = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            self.said = "[  FAILED  ] it does not end"
        self.end()
        process.wait()
        code = process.returncode
        return "passed" if code == 0 else "skipped" if code == self.skip else "failed"

    def end(self):
        """Whatever is left of it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def case(self):
        """The first test case of the program that failed."""
        for pattern in (r"^\[  FAILED  \] (\w.*)$", r"^(?:FAIL|ERROR): (\w+)", r"^LEAK: .*", r"Assertion .*", r"SUMMARY: .*"):
            found = re.search(pattern, self.said, re.M)
            if found:
                return found.group(found.lastindex or 0)
        return "it crashes"


# ------------------------------------------------------------------ one mutant

def text_around(root, mutant):
    """Its file's text, None where the mutant's does not stand in it once."""
    path = os.path.join(root, mutant["file"])
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return text if text.count(mutant["old"]) == 1 else None


def apply(copy, mutant):
    """Puts the mutant in; returns what undoes it, or None where its text does not stand once."""
    path, text = os.path.join(copy.tree, mutant["file"]), text_around(copy.tree, mutant)
    if text is None:
        return None
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(mutant["old"], mutant["new"]))

    def undo():
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return undo


def try_one(copy, mutant, everything):
    """'noticed', 'NOT NOTICED', 'equivalent', 'does not compile' or 'GONE', and by what."""
    if "equivalent" in mutant:
        return "equivalent", mutant["equivalent"]
    undo = apply(copy, mutant)
    if undo is None:
        return "GONE", "its text does not stand once in its file: move it with the code"
    try:
        said = copy.compile()
        if said:
            return ("noticed", "the compiler") if any(f"[{w}" in said for w in BEYOND) else ("does not compile", "")
        test = copy.first_failure(mutant, everything)
        return ("noticed", f"{test.name}: {test.case()}") if test else ("NOT NOTICED", "")
    finally:
        undo()


def table(results):
    counts = collections.defaultdict(collections.Counter)
    for mutant, (outcome, _) in results:
        for layer in (mutant["layer"], "all"):
            counts[layer][outcome] += 1
    print(f"\n{'layer':<10}{'noticed':>8}{'of':>5}{'%':>7}  equivalent")
    for layer in sorted(counts, key=lambda name: (name == "all", name)):
        c = counts[layer]
        of = c["noticed"] + c["NOT NOTICED"] + c["GONE"]
        print(f"{layer:<10}{c['noticed']:>8}{of:>5}{100 * c['noticed'] / max(of, 1):>7.0f}  {c['equivalent']}")


# ------------------------------------------------------------------ which

def listed(files):
    mutants = []
    for path in files:
        with open(path, encoding="utf-8") as f:
            mutants += json.load(f)
    return mutants


def chosen(args):
    here = os.path.dirname(os.path.abspath(__file__))
    if args.changed:
        mutants = mutant_rules.in_changed_lines(ROOT, args.changed)
    elif args.any:
        mutants = mutant_rules.anywhere(ROOT, args.any, args.seed)
    else:
        mutants = listed(args.list or sorted(os.path.join(here, n) for n in os.listdir(here)
                                             if n.endswith(".json")))
    return [m for m in mutants if not args.names or m["layer"] in args.names or m["id"] in args.names]


def say_which_are_gone(mutants):
    gone = [m["id"] for m in mutants if "equivalent" not in m and text_around(ROOT, m) is None]
    print(f"mutants: {len(mutants)}, gone: {' '.join(gone) or 'none'}")
    return bool(gone)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", nargs="+", metavar="FILE")
    parser.add_argument("--changed", nargs="?", const="HEAD", metavar="COMMIT")
    parser.add_argument("--any", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", metavar="FILE")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    mutants = chosen(args)
    if args.write:
        with open(args.write, "w", encoding="utf-8") as f:
            f.write("[\n" + ",\n".join(json.dumps(m) for m in mutants) + "\n]\n")
    if not mutants:
        sys.exit("mutants: there is none of that name")
    if args.check:
        sys.exit(say_which_are_gone(mutants))
    copy = Copy(args.build)
    print(f"{len(mutants)} mutants, {len(copy.tests)} tests", flush=True)
    results = []
    for mutant in mutants:
        results.append((mutant, try_one(copy, mutant, args.all)))
        outcome, why = results[-1][1]
        print(f"{mutant['id']:<8}{outcome:<13}{mutant['what']}" + (f"  [{why}]" if why else ""), flush=True)
    copy.compile()
    table(results)
    sys.exit(any(outcome in ("NOT NOTICED", "GONE") for _, (outcome, _) in results))


if __name__ == "__main__":
    main()
