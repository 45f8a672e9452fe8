#!/usr/bin/env python3
"""A picture of a program on a terminal: tools/terminal_picture.py COLUMNSxLINES SECONDS OUT.png COMMAND...

Runs the command in tmux at that size, takes the screen with its colours after so many seconds, ends the program, and
has headless Chromium draw the screen. Needs tmux and chromium; docs/terminal-*.png are made with it (docs/seeing.md).
"""

import html
import pathlib
import re
import subprocess
import sys
import tempfile
import time

CELL = 8, 18  # pixels of a character
BASIC = ["#1e1e1e", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
         "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"]


def colour_of(number):
    """One of xterm's 256."""
    if number < 16:
        return BASIC[number]
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return f"rgb({grey},{grey},{grey})"
    steps = [0, 95, 135, 175, 215, 255]
    number -= 16
    return f"rgb({steps[number // 36]},{steps[number // 6 % 6]},{steps[number % 6]})"


def styled(style, codes):
    """What is drawn with after the codes of an escape sequence `CSI ... m`."""
    codes = [int(code or 0) for code in re.split("[;:]", codes)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2):
            style = {**style, "font-weight": "bold"} if code == 1 else {**style, "opacity": ".6"}
        elif code in (38, 48):
            which = "color" if code == 38 else "background"
            if codes.pop(0) == 2:
                value = "rgb({},{},{})".format(*codes[:3])
                codes = codes[3:]
            else:
                value = colour_of(codes.pop(0))
            style = {**style, which: value}
        elif code in (39, 49):
            style = {key: value for key, value in style.items() if key != ("color" if code == 39 else "background")}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = {**style, "color": BASIC[code - 30 if code < 90 else code - 82]}
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = {**style, "background": BASIC[code - 40 if code < 100 else code - 92]}
    return style


def cells(screen):
    """HTML: each character where its cell is, since a half block must fill it whatever the font."""
    parts, style = [], {}
    for y, line in enumerate(screen.split("\n")):
        x = 0
        for codes, text in re.findall(r"\x1b\[([\d;:]*)m|([^\x1b])", line):
            if not text:
                style = styled(style, codes)
                continue
            look = dict(style)
            if text in "▀▄█":
                ends = {"▀": (0, 50), "▄": (50, 100), "█": (0, 100)}[text]
                fore, back = look.get("color", "#e5e5e5"), look.get("background", "transparent")
                look["background"] = (f"linear-gradient({back} {ends[0]}%,{fore} {ends[0]}%,{fore} {ends[1]}%,"
                                      f"{back} {ends[1]}%)")
                text = " "
            if text != " " or "background" in look:
                css = ";".join(f"{key}:{value}" for key, value in look.items())
                parts.append(f'<i style="left:{x * CELL[0]}px;top:{y * CELL[1]}px;{css}">{html.escape(text)}</i>')
            x += 1
    return "".join(parts)


def capture(size, seconds, command, folder):
    tmux = ["tmux", "-S", f"{folder}/socket", "-f", "/dev/null"]
    columns, lines = size.split("x")
    subprocess.run([*tmux, "new-session", "-d", "-x", columns, "-y", lines, "env", "COLORTERM=truecolor", *command],
                   check=True)
    try:
        time.sleep(float(seconds))
        return subprocess.run([*tmux, "capture-pane", "-e", "-p", "-N"], check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    size, seconds, out, *command = sys.argv[1:]
    columns, lines = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        screen = capture(size, seconds, command, folder)
        page = pathlib.Path(folder, "page.html")
        width, height = columns * CELL[0] + 16, lines * CELL[1] + 16
        page.write_text(f"""<!DOCTYPE html><meta charset="utf-8"><style>
            body {{ margin: 0; width: {width}px; height: {height}px; overflow: hidden; background: #1e1e1e }}
            div {{ position: absolute; left: 8px; top: 8px }}
            i {{ position: absolute; width: {CELL[0]}px; height: {CELL[1]}px; color: #e5e5e5; white-space: pre;
                 font: normal 13px/{CELL[1]}px "DejaVu Sans Mono", monospace }}
            </style><div>{cells(screen)}</div>""")
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
                        f"--window-size={width},{height}", f"--screenshot={pathlib.Path(out).resolve()}", page.as_uri()],
                       check=True, stderr=subprocess.DEVNULL)


main()
