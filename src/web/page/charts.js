"use strict";
/* Curves: games in slices of the axis, of each slice the median and the quartiles, drawn by dygraphs. */

const TITLES = {  // key of log.jsonl: title, unit
  reward: ["Reward of a game", "points"],
  reward_100: ["Mean reward of the last 100 games", "points"],
  length: ["Length of a game", "steps"],
  max_q: ["Value of the greedy actions", "points to come"],
  td_error: ["TD error", "points"],
  mean_loss: ["Loss of the updates", "mean loss"],
  epsilon: ["Epsilon: how often an action is random", "probability"],
  speed: ["Speed", "frames a second"],
  learning_rate: ["Learning rate", ""],
  gradient_norm: ["Norm of the gradient, before it is limited", "norm"],
  play_ms: ["Time of a step: stepping environments", "milliseconds"],
  act_ms: ["Time of a step: choosing actions", "milliseconds"],
  sample_ms: ["Time of a step: drawing batches", "milliseconds"],
  target_ms: ["Time of a step: targets", "milliseconds"],
  update_ms: ["Time of a step: the rest of the updates", "milliseconds"],
  clipped_reward: ["Return of an episode, as it is learned from", "points"],
};
const NO_CURVES = new Set(["frame", "game", "time", "updates", "loss", "episodes"]);
const ACROSS = {frame: "frames", game: "games", hours: "hours since the first game"};
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const N_COLOURS = 6;

// The page has a legend of its own; that of dygraphs writes styles, which the page's security policy forbids.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter(plugin => plugin !== Dygraph.Plugins.Legend);

/** The look of run number i: colours repeat later than dashes do, so that no two are the same. */
function lookOf(i) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--run" + i % N_COLOURS).trim();
  return {colour, dash: DASHES[i % DASHES.length]};
}

function show(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return "none";
  const size = Math.abs(number);
  if (size !== 0 && size < 1e-3) return number.toExponential(2);
  return number.toLocaleString("en", {maximumFractionDigits: size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4});
}

/** A number beside an axis: 25k, 1.2M. */
function short(number) {
  if (number === 0) return "0";
  if (Math.abs(number) < 1e-3) return number.toExponential(2).replace(/\.?0+e/, "e");
  return number.toLocaleString("en", {notation: "compact", maximumSignificantDigits: 4}).replace("K", "k");
}

/** Where a game of a run lies on the axis. */
function placeOf(run, across, k) {
  return across === "hours" ? (run.columns.time[k] - run.columns.time[0]) / 3600 : run.columns[across][k];
}

/** A quantile of sorted numbers, between neighbours. */
function quantile(sorted, q) {
  const at = (sorted.length - 1) * q, below = Math.floor(at), above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** [low, high] of the axis over these runs; null where there is no game. */
function extentOf(runs, across) {
  let low = Infinity, high = -Infinity;
  for (const run of runs) {
    if (run.games === 0 || (across === "hours" && !run.columns.time)) continue;
    low = Math.min(low, placeOf(run, across, 0));
    high = Math.max(high, placeOf(run, across, run.games - 1));
  }
  return low < high ? [low, high] : null;
}

/** Rows for dygraphs: [x, of each run [lower quartile, median, upper quartile] or null]. */
function slices(runs, key, across, range, points) {
  const [low, high] = range, width = (high - low) / points, games = runs.map(() => []);
  runs.forEach((run, r) => {
    const values = run.columns[key];
    for (let k = 0; values && k < run.games; k++) {
      const x = placeOf(run, across, k);
      if (values[k] === null || !(x >= low && x <= high)) continue;
      const slice = Math.min(points - 1, Math.floor((x - low) / width));
      (games[r][slice] ||= []).push(values[k]);
    }
  });
  const rows = [];
  for (let slice = 0; slice < points; slice++) {
    const row = [low + (slice + 0.5) * width];
    for (const of_run of games) {
      const here = of_run[slice]?.sort((a, b) => a - b);
      row.push(here ? [quantile(here, 0.25), quantile(here, 0.5), quantile(here, 0.75)] : null);
    }
    if (row.some((value, i) => i > 0 && value)) rows.push(row);
  }
  return rows;
}

/** A chart in its own element: title, plot, and a line that says what the pointer is at. */
class Chart {
  constructor(parent, key, title, unit) {
    this.key = key;
    this.unit = unit;
    this.box = document.createElement("div");
    this.box.className = "chart";
    this.box.dataset.key = key;
    this.box.innerHTML = "<h3></h3><div class='plot'></div><p class='reading'></p>";
    [this.title, this.plot, this.reading] = this.box.children;
    this.title.textContent = title;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", this.title.textContent);
    parent.append(this.box);
  }

  /** @param rows as slices() gives them, @param looks of the runs: {name, colour, dash} */
  draw(rows, looks, range, xTitle, onWindow) {
    this.rows = rows;
    this.looks = looks;
    this.xTitle = xTitle;
    const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const series = {};
    looks.forEach((look, i) => { series["run " + i] = {color: look.colour, strokePattern: look.dash}; });
    const options = {
      file: rows, labels: ["x", ...looks.map((_, i) => "run " + i)], series,
      colors: looks.map(look => look.colour), dateWindow: range, includeZero: this.key === "memory",
      axisLineColor: css("--line"), gridLineColor: css("--grid"), xlabel: xTitle,
    };
    if (this.graph && this.n === looks.length) {
      this.graph.updateOptions(options);
    } else {
      this.graph?.destroy();
      this.graph = new Dygraph(this.plot, rows, {
        ...options, file: undefined, customBars: true, connectSeparatedPoints: true, legend: "never", strokeWidth: 1.8,
        fillAlpha: 0.16, ylabel: this.unit, xRangePad: 0, yRangePad: 8, highlightCircleSize: 3,
        xLabelHeight: 17, yLabelWidth: 16,
        axes: {
          y: {axisLabelWidth: 64, pixelsPerLabel: 22, axisLabelFormatter: short},
          x: {pixelsPerLabel: 60, axisLabelFormatter: short},
        },
        interactionModel: {
          willDestroyContextMyself: true,  // as the next line does
          mousedown: Dygraph.defaultInteractionModel.mousedown,
          dblclick: () => onWindow(null),
        },
        zoomCallback: (low, high) => onWindow([low, high]),
        highlightCallback: (event, x, points, row) => this.read(row),
        unhighlightCallback: () => this.read(this.rows.length - 1),
      });
    }
    this.n = looks.length;
    this.read(rows.length - 1);
  }

  /** Say the values of a row. */
  read(number) {
    const row = this.rows[number];
    if (!row) return;
    const x = /^(hours|minutes)/.test(this.xTitle) ? row[0] : Math.round(row[0]);
    this.reading.replaceChildren(`${show(x)} ${this.xTitle.split(" ")[0]}: `);
    this.looks.forEach((look, i) => {
      const value = row[i + 1];
      if (!value) return;
      const bold = document.createElement("b");
      bold.textContent = show(value[1]);
      const band = value[0] < value[2] ? ` (${show(value[0])} to ${show(value[2])})` : "";
      if (this.reading.childNodes.length > 1) this.reading.append("; ");
      this.reading.append(this.looks.length > 1 ? look.name + " " : "", bold, band);
    });
  }

  remove() {
    this.graph?.destroy();
    this.box.remove();
  }
}

/** All curves of some runs. */
class Charts {
  constructor(parent) {
    this.parent = parent;
    this.charts = new Map();
    this.window = null;  // [low, high] of the axis; null: all
    this.onWindow = () => {};
  }

  /** The keys that have a curve: the known ones first, and those in which something changes. */
  keysOf(runs) {
    const keys = new Set(Object.keys(TITLES));
    for (const run of runs) for (const key of Object.keys(run.columns)) keys.add(key);
    return [...keys].filter(key => !NO_CURVES.has(key) && runs.some(run => {
      const values = run.columns[key];
      if (!values) return false;
      return key === "learning_rate" ? values[0] !== values[values.length - 1] : values.some(v => v !== null);
    }));
  }

  draw(runs, across, points) {
    const extent = extentOf(runs, across), range = this.window || extent;
    const keys = range ? this.keysOf(runs) : [];
    for (const [key, chart] of this.charts)
      if (!keys.includes(key)) {
        chart.remove();
        this.charts.delete(key);
      }
    const most = Math.max(0, ...runs.map(run => run.games));
    const n = Math.max(2, Math.min(points, Math.ceil(most / 3)));
    for (const key of keys) {
      if (!this.charts.has(key)) {
        const [title, unit] = TITLES[key] || [key, ""];
        this.charts.set(key, new Chart(this.parent, key, title, unit));
      }
      const chart = this.charts.get(key);
      const setWindow = w => { this.window = w; this.onWindow(); };
      chart.draw(slices(runs, key, across, range, n), runs.map(run => ({name: run.name, ...run.look})), range,
        ACROSS[across], setWindow);
      this.parent.append(chart.box);  // in the order of the keys
    }
  }
}
