#!/usr/bin/env python3
"""Turns data/atari/games.json and the palettes into C tables (see src/atari/games.h).

    make_games.py games.json palette_ntsc.csv palette_pal.csv OUT.c

Expressions and mode selections become programs for src/atari/rules.c. Their grammar: C expressions on
32-bit signed integers, `ram[0x80]`, `cram[0]`, and the functions that FUNCTIONS below names.
"""
import csv
import json
import re
import sys

TOKEN = re.compile(r"\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>?:()\[\],=]))")
LEVELS = [  # binary operators, loosest first; all associate to the left
    {"||": None}, {"&&": None}, {"|": "OR"}, {"^": "XOR"}, {"&": "AND"}, {"==": "EQ", "!=": "NE"},
    {"<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}, {"<<": "SHL", ">>": "SHR"},
    {"+": "ADD", "-": "SUB"}, {"*": "MUL", "/": "DIV", "%": "MOD"},
]
UNARY = {"-": "NEG", "~": "NOT", "!": "LNOT"}
FIXED_VARIABLES = ["reward", "terminal", "mode"]
MAX_VARIABLES = 32
MAX_STACK = 16


class Program:
    """Instructions as a list of words: names of operations and numbers."""

    def __init__(self, variables):
        self.variables, self.words = variables, []

    def variable(self, name):
        if name not in self.variables:
            self.variables.append(name)
        return self.variables.index(name)

    def emit(self, *words):
        self.words += words

    def jump(self, op):
        """A jump forward; returns where its distance belongs."""
        self.emit(op, 0)
        return len(self.words) - 1

    def land(self, place):
        self.words[place] = len(self.words) - place - 1

    def jump_back(self, to):
        self.emit("JUMP", to - len(self.words) - 2)


class Expression:
    """Compiles one expression onto the end of a program."""

    def __init__(self, text, program):
        self.text, self.program, self.at, self.tokens = text, program, 0, []
        position = 0
        while position < len(text.rstrip()):
            match = TOKEN.match(text, position)
            if not match:
                raise SyntaxError(f"bad character in {text!r} at {position}")
            self.tokens.append(match.group(match.lastindex))
            position = match.end()
        self.ternary()
        if self.at != len(self.tokens):
            raise SyntaxError(f"left over {self.tokens[self.at]!r} in {text!r}")

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, wanted=None):
        token = self.peek()
        if token is None or wanted not in (None, token):
            raise SyntaxError(f"expected {wanted!r}, got {token!r} in {self.text!r}")
        self.at += 1
        return token

    def ternary(self):
        self.binary(0)
        if self.peek() == "?":
            self.take()
            otherwise = self.program.jump("JUMP_ZERO")
            self.ternary()
            end = self.program.jump("JUMP")
            self.program.land(otherwise)
            self.take(":")
            self.ternary()
            self.program.land(end)

    def binary(self, level):
        if level == len(LEVELS):
            return self.unary()
        self.binary(level + 1)
        while self.peek() in LEVELS[level]:
            op = self.take()
            if op in ("&&", "||"):
                self.logic(op, level)
            else:
                self.binary(level + 1)
                self.program.emit(LEVELS[level][op])

    def logic(self, op, level):
        p = self.program
        if op == "||":
            p.emit("LNOT")
        short = p.jump("JUMP_ZERO")
        self.binary(level + 1)
        p.emit("BOOL")
        end = p.jump("JUMP")
        p.land(short)
        p.emit("CONST", int(op == "||"))
        p.land(end)

    def unary(self):
        if self.peek() in UNARY:
            op = UNARY[self.take()]
            self.unary()
            self.program.emit(op)
        else:
            self.primary()

    def number(self):
        return int(self.take(), 0)

    def primary(self):
        p, token = self.program, self.take()
        if token == "(":
            self.ternary()
            self.take(")")
        elif token[0].isdigit():
            p.emit("CONST", int(token, 0))
        elif token in ("ram", "cram"):
            self.take("[")
            p.emit(token.upper(), self.number())
            self.take("]")
        elif self.peek() == "(":
            self.take()
            FUNCTIONS[token](self, token.upper())
            self.take(")")
        else:
            p.emit("LOAD", p.variable(token))

    def digits(self, op):
        """bcd(lo, mid, hi): hundreds by Horner's rule, from the highest byte down."""
        places = [self.number()]
        while self.peek() == ",":
            self.take()
            places.append(self.number())
        for n, place in enumerate(reversed(places)):
            if n:
                self.program.emit("CONST", 100, "MUL")
            self.program.emit(op, place)
            if n:
                self.program.emit("ADD")

    def byte(self, op):
        self.program.emit(op, self.number())

    def value(self, op):
        self.ternary()
        self.program.emit(op)

    def two_values(self, op):
        self.ternary()
        self.take(",")
        self.ternary()
        self.program.emit(op)

    def byte_range(self, op):
        first = self.number()
        self.take(",")
        last = self.number()
        if op == "COUNT_EQ":
            self.take(",")
            self.ternary()
        self.program.emit(op, first, last)

    def nothing(self, op):
        self.program.emit(op)


FUNCTIONS = {
    "bcd": Expression.digits, "cbcd": Expression.digits, "dig": Expression.byte, "dig8": Expression.byte,
    "s8": Expression.value, "popcount": Expression.value, "min": Expression.two_values,
    "max": Expression.two_values, "count_eq": Expression.byte_range, "all_eq": Expression.byte_range,
    "sum_pos": Expression.byte_range, "sum_neg": Expression.byte_range, "rnd": Expression.nothing,
}


def assign(text, program):
    name, _, expression = text.partition("=")
    Expression(expression, program)
    program.emit("STORE", program.variable(name.strip()))


def selection(operations, program, actions):
    """The program that brings a game into a mode."""
    for operation in operations:
        if "while" in operation:
            start = len(program.words)
            Expression(operation["while"], program)
            end = program.jump("JUMP_ZERO")
            selection(operation["do"], program, actions)
            program.jump_back(start)
            program.land(end)
        elif "if" in operation:
            Expression(operation["if"], program)
            otherwise = program.jump("JUMP_ZERO")
            selection(operation["do"], program, actions)
            end = program.jump("JUMP")
            program.land(otherwise)
            selection(operation.get("else", []), program, actions)
            program.land(end)
        elif "select" in operation:
            Expression(str(operation["select"]), program)
            program.emit("SELECT")
        elif "act" in operation:
            program.emit("ACT", actions.index(operation["act"]), operation["times"])
        elif "set" in operation:
            assign(operation["set"], program)
        elif "soft_reset" in operation:
            program.emit("SOFT_RESET")
        else:
            raise SyntaxError(f"unknown operation {operation}")


def programs(game, actions):
    """The four programs of a game, by name, and how many variables they use."""
    variables = list(FIXED_VARIABLES)
    rule = game["rule"]
    made = {name: Program(variables) for name in ("load", "begin", "select", "step", "lives")}
    for part, values in (("load", rule.get("persistent", {})), ("begin", rule["state"])):
        for name, value in values.items():
            made[part].emit("CONST", value, "STORE", made[part].variable(name))
    made["begin"].emit("CONST", 0, "STORE", variables.index("terminal"))
    selection(game["modes"]["set"], made["select"], actions)
    for line in rule["step"]:
        assign(line, made["step"])
    assign("terminal = " + rule["terminal"], made["step"])
    Expression(rule["lives"], made["lives"])
    if rule["reward"] != "reward" or len(variables) > MAX_VARIABLES:
        raise SyntaxError(f"{game['id']}: reward {rule['reward']!r}, {len(variables)} variables")
    for program in made.values():
        program.emit("END")
        if deepest(program.words) > MAX_STACK:
            raise SyntaxError(f"{game['id']}: expression too deep")
    return made


ARGUMENTS = {"CONST": 1, "LOAD": 1, "STORE": 1, "RAM": 1, "CRAM": 1, "BCD": 1, "CBCD": 1, "DIG": 1, "DIG8": 1,
             "COUNT_EQ": 2, "ALL_EQ": 2, "SUM_POS": 2, "SUM_NEG": 2, "JUMP": 1, "JUMP_ZERO": 1, "ACT": 2}
PUSHES = {"CONST", "LOAD", "RAM", "CRAM", "BCD", "CBCD", "DIG", "DIG8", "ALL_EQ", "SUM_POS", "SUM_NEG", "RND"}


def deepest(words):
    """A bound on the stack: as if no jump was ever taken and only whole statements emptied it."""
    depth = most = at = 0
    while at < len(words):
        op = words[at]
        if op in ("STORE", "SELECT"):
            depth = 0
        elif op in PUSHES:
            depth += 1
        elif op in {o for level in LEVELS for o in level.values()} | {"MIN", "MAX", "JUMP_ZERO"}:
            depth = max(depth - 1, 0)
        most = max(most, depth)
        at += 1 + ARGUMENTS.get(op, 0)
    return most


# ---------------------------------------------------------------- C


def c_words(words):
    return ", ".join(w if isinstance(w, int) and False else f"DQ_OP_{w}" if isinstance(w, str) else str(w) for w in words)


def c_array(kind, name, items):
    text = ", ".join(str(i) for i in items) or "0"
    return f"static const {kind} {name}[] = {{{text}}};\n"


def c_bool(value):
    return "true" if value else "false"


def port_b(switches):
    """The switches before the first input: bit 7 right A, 6 left A, 3 colour, SELECT and RESET released."""
    return 0x3F | (0x80 if switches["right"] == "A" else 0) | (0x40 if switches["left"] == "A" else 0)


def game_source(game, actions):
    name, display, controllers = game["id"], game["display"], game["controllers"]
    out = f"\n/* {name} */\n"
    for part, program in programs(game, actions).items():
        out += c_array("int32_t", f"{name}_{part}", [f"DQ_OP_{w}" if isinstance(w, str) else w for w in program.words])
    md5 = ", ".join(f'"{m}"' for m in game["md5"])
    out += f"static const char *const {name}_md5[] = {{{md5}, NULL}};\n"
    out += c_array("uint8_t", f"{name}_minimal", game["actions"]["minimal"])
    out += c_array("int", f"{name}_modes", game["modes"]["available"])
    out += c_array("int", f"{name}_difficulties", game["difficulties"]["available"])
    starts = [(40 if a == "RESET" else actions.index(a), n) for a, n in game["starting_actions"]]
    out += c_array("uint16_t", f"{name}_starts", [v for pair in starts for v in pair])
    legal = sum(1 << a for a in game["actions"]["legal"])
    legacy = any("NoFrameskip" in i for i in game["gym_ids"])
    paddle_max = game.get("paddle", {}).get("max", 0)
    out += f"""static const dq_game {name}_game = {{
    .info = {{.id = "{name}", .gym_name = "{game['gym']}", .md5 = {name}_md5, .rom_bytes = {game['cart']['size']},
             .height = {display['height']}, .is_pal = {c_bool(display['format'] == 'PAL')},
             .n_minimal = {len(game['actions']['minimal'])}, .minimal = {name}_minimal,
             .modes = {name}_modes, .n_modes = {len(game['modes']['available'])},
             .difficulties = {name}_difficulties, .n_difficulties = {len(game['difficulties']['available'])},
             .has_lives = {c_bool(game['rule']['lives_reported'])}, .has_legacy_ids = {c_bool(legacy)}}},
    .y_start = {display['ystart']}, .ntsc_height = {210 if display['height'] == 250 else display['height']}, .hmove_blanks = {c_bool(display['hmove_blanks'])},
    .left_paddles = {c_bool(controllers['left'] == 'paddles')}, .right_paddles = {c_bool(controllers['right'] == 'paddles')},
    .swap_ports = {c_bool(controllers['swap_ports'])}, .swap_paddles = {c_bool(controllers['swap_paddles'])},
    .paddle_max = {paddle_max}, .first_port_b = 0x{port_b(game['switches_before_first_input']):02X}, .legal = 0x{legal:05X},
    .starts = {name}_starts, .n_starts = {len(starts)}, .default_mode = {game['modes']['default']},
    .load = {name}_load, .begin = {name}_begin, .select = {name}_select, .step = {name}_step, .lives = {name}_lives}};
"""
    return out


def palette_source(path, name):
    """All 256 indices; where a palette has only even ones, odd ones look like the even one below."""
    with open(path, newline="") as f:
        rows = {int(r["index"]): r for r in csv.DictReader(f)}
    full = [rows[i] if i in rows else rows[i & ~1] for i in range(256)]
    rgb = [r[c] for r in full for c in ("red", "green", "blue")]
    out = c_array("uint8_t", f"{name}_rgb", rgb) + c_array("uint8_t", f"{name}_grey", [r["grey"] for r in full])
    return out + f"const dq_palette dq_palette_{name} = {{{name}_rgb, {name}_grey}};\n"


def main():
    source, ntsc, pal, target = sys.argv[1:]
    with open(source) as f:
        data = json.load(f)
    games = [data["games"][name] for name in sorted(data["games"])]
    out = '/* Made by tools/make_games.py from data/atari. */\n#include "atari/games.h"\n\n'
    out += palette_source(ntsc, "ntsc") + palette_source(pal, "pal")
    out += "".join(game_source(game, data["actions"]) for game in games)
    out += f"\nconst size_t dq_game_count = {len(games)};\n"
    out += "const dq_game *const dq_game_table[] = {" + ", ".join(f"&{g['id']}_game" for g in games) + "};\n"
    out += "const dq_atari_game *const dq_game_infos[] = {" + ", ".join(f"&{g['id']}_game.info" for g in games) + "};\n"
    out += "const char *const dq_action_names[] = {" + ", ".join(f'"{a}"' for a in data["actions"]) + "};\n"
    with open(target, "w") as f:
        f.write(out)


if __name__ == "__main__":
    main()
