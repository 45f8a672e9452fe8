"use strict";
/* The page as a whole: which runs there are, what is new of them, their settings. */

const page = {runs: [], charts: new Charts(document.getElementById("charts")), player: new Player(), live: null};
const byId = id => document.getElementById(id);
const REDRAW_MS = 1000, AGAIN_MS = 2000;

async function getJson(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/* ---------------------------------------------------------------- the runs */

function lineSample(look) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [key, value] of Object.entries({width: 34, height: 8, "aria-hidden": true})) svg.setAttribute(key, value);
  for (const [key, value] of Object.entries({x1: 0, y1: 4, x2: 34, y2: 4, stroke: look.colour, "stroke-width": 3,
    "stroke-dasharray": look.dash.join(" ")})) line.setAttribute(key, value);
  svg.append(line);
  return svg;
}

function writeRuns() {
  byId("runs").replaceChildren(...page.runs.map((run, i) => {
    run.look = lookOf(i);
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = run.shown;
    box.addEventListener("change", () => { run.shown = box.checked; draw(); });
    run.state = element("small");
    return element("li", element("label", box, lineSample(run.look), run.name, run.state));
  }));
  writeStates();
}

function ago(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

function writeStates() {
  for (const run of page.runs) {
    const time = run.columns.time?.[run.games - 1];
    run.state.textContent = !run.exists ? "no run yet" : run.games === 0 ? "no game is over yet" :
      `${show(run.games)} games` + (time ? `, the last ${ago(Date.now() / 1000 - time)} ago` : "");
  }
}

/** Fetch the games that are new, or all where the log is another one. */
async function readOn(run, news) {
  run.news = news;
  if (run.reading) return;
  run.reading = true;
  try {
    while (run.generation !== run.news.generation || run.games < run.news.games) {
      if (run.generation !== run.news.generation) clear(run, run.news.generation);
      const part = await getJson(`/api/runs/${run.index}/games?from=${run.games}`);
      if (part.generation !== run.generation || part.from !== run.games) {
        clear(run, part.generation);
        run.news = part;
        continue;
      }
      add(run, part.columns);
      run.news = {generation: part.generation, games: Math.max(part.games, run.games)};
      draw();
    }
  } catch {
    // the connection: what is missing comes with the next news
  } finally {
    run.reading = false;
  }
}

function clear(run, generation) {
  Object.assign(run, {generation, games: 0, columns: {}});
  draw();
}

function add(run, columns) {
  const n = Math.max(0, ...Object.values(columns).map(values => values.length));
  for (const [key, values] of Object.entries(columns)) {
    run.columns[key] ||= Array(run.games).fill(null);
    for (const value of values) run.columns[key].push(value);
  }
  run.games += n;
}

/* ---------------------------------------------------------------- drawing */

/** Draw soon; not more often than once a second. */
function draw() {
  if (page.due) return;
  const wait = Math.max(0, (page.drawn || 0) + REDRAW_MS - Date.now());
  page.due = setTimeout(() => {
    page.due = null;
    page.drawn = Date.now();
    drawNow();
  }, page.drawn ? wait : 50);
}

function drawNow() {
  const runs = page.runs.filter(run => run.shown && run.games > 0);
  byId("empty").hidden = runs.some(run => run.games > 1);
  byId("all").disabled = !page.charts.window;
  page.charts.draw(runs, byId("across").value, Number(byId("points").value));
  writeStates();
}

page.charts.onWindow = drawNow;
byId("all").addEventListener("click", () => { page.charts.window = null; drawNow(); });
byId("across").addEventListener("change", () => { page.charts.window = null; drawNow(); });
byId("points").addEventListener("change", drawNow);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { writeRuns(); drawNow(); });

/* ---------------------------------------------------------------- settings */

function writeSettings() {
  const keys = [...new Set(page.runs.flatMap(run => Object.keys(run.settings)))].filter(key => key !== "events");
  const differs = key => new Set(page.runs.map(run => run.settings[key])).size > 1;
  const head = element("thead", element("tr", ...["setting", ...page.runs.map(run => run.name)].map(text => {
    const cell = element("th", text);
    cell.scope = "col";
    return cell;
  })));
  const lines = keys.filter(key => !byId("differing").checked || differs(key)).map(key => {
    const name = element("th", key);
    name.scope = "row";
    const line = element("tr", name, ...page.runs.map(run => element("td", run.settings[key] ?? "")));
    line.classList.toggle("differs", page.runs.length > 1 && differs(key));
    return line;
  });
  byId("settings-table").replaceChildren(head, element("tbody", ...lines));
}

async function fetchSettings() {
  for (const run of page.runs)
    run.settings = await getJson(`/api/runs/${run.index}/settings`).then(a => a.settings, () => run.settings);
  writeSettings();
}
byId("differing").addEventListener("change", writeSettings);

/* ---------------------------------------------------------------- the connection */

function onRuns(news) {
  let hasBegun = false;
  news.forEach((of, i) => {
    const run = page.runs[i];
    hasBegun ||= run.exists !== of.exists || (of.generation !== run.generation && run.generation !== null);
    run.exists = of.exists;
    readOn(run, of);
  });
  if (hasBegun) {
    fetchSettings();
    page.player.setRuns(page.runs);
  }
  writeStates();
}

/** The runs of the server that answers: after a pause it may be another one. */
async function meet() {
  const answer = await getJson("/api/runs");
  const names = JSON.stringify(answer.runs.map(run => run.name));
  if (names === page.names && JSON.stringify(answer.live) === page.facts) {
    for (const run of page.runs) run.generation = null;  // another server counts anew: all is fetched again
    return;
  }
  page.names = names;
  page.facts = JSON.stringify(answer.live);
  page.runs = answer.runs.map((run, index) => (
    {...run, index, shown: true, generation: null, games: 0, columns: {}, settings: {}}));
  byId("version").textContent = "deepq " + answer.version;
  document.title = "deepq: " + answer.runs.map(run => run.name).join(", ");
  byId("differing").checked = page.runs.length > 1;
  byId("now").hidden = !answer.live;
  page.live = answer.live ? new LiveGame(answer.live) : null;
  writeRuns();
  fetchSettings();
  page.player.setRuns(page.runs);
}

function say(text, isLost) {
  byId("connection").textContent = text;
  byId("connection").classList.toggle("lost", Boolean(isLost));
}

async function connect() {
  try {
    await meet();
  } catch {
    say("connection lost: deepq has ended, or does not answer; trying again", true);
    setTimeout(connect, AGAIN_MS);
    return;
  }
  const events = new EventSource("/events");
  events.addEventListener("open", () => say("connected"));
  events.addEventListener("runs", event => onRuns(JSON.parse(event.data)));
  events.addEventListener("live", event => page.live?.show(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    events.close();
    say("connection lost: deepq has ended, or does not answer; trying again", true);
    setTimeout(connect, AGAIN_MS);
  });
}

setInterval(() => page.runs.length && writeStates(), 5000);
connect();
