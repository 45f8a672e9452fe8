"use strict";
/* Pictures of games: the one that is being played, and stored ones. */

/** A PNG in base64 onto a canvas. Pictures that come in the wrong order are left out. */
class Screen {
  constructor(canvas) {
    this.canvas = canvas;
    this.asked = 0;
    this.shown = 0;
  }

  async draw(base64) {
    const order = ++this.asked;
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    if (order < this.shown) return;
    this.shown = order;
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      this.canvas.width = picture.width;
      this.canvas.height = picture.height;
    }
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
  }
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** A bar with a number beside it. */
class Gauge {
  constructor(kind) {
    this.fill = element("div");
    this.fill.className = "fill " + kind;
    this.number = element("output");
    const track = element("div", this.fill);
    track.className = "track";
    this.box = element("div", track, this.number);
    this.box.className = "gauge";
  }

  set(part, text, isBest) {
    this.fill.style.width = 100 * Math.min(1, Math.max(0, part)) + "%";
    this.number.textContent = text;
    this.box.classList.toggle("best", Boolean(isBest));
  }
}

const SCALE_MOMENTS = 150;  // whose values the bars' scale has
const WATCHED_S = 1, WATCHED = 3600;  // seconds from a point of the live curves to the next; points kept

/** What /events says of a run that trains. */
class LiveGame {
  constructor(facts) {
    this.facts = facts;
    this.screen = new Screen(document.getElementById("live"));
    this.extremes = [];
    this.begin = performance.now();
    this.watched = [];  // [minutes, megabytes, frames a second]
    document.getElementById("live-charts").replaceChildren();
    const kinds = [["memory", "Memory of this process", "MB"], ["speed-now", "Speed lately", "frames/s"]];
    this.charts = kinds.map(([key, title, unit]) => new Chart(document.getElementById("live-charts"), key, title, unit));
    this.rows = facts.actions.map(name => {
      const row = {value: new Gauge("value"), share: new Gauge("share")};
      row.line = element("tr", element("td", name), element("td", row.value.box), element("td", row.share.box));
      return row;
    });
    document.getElementById("actions").replaceChildren(...this.rows.map(row => row.line));
    document.getElementById("now").hidden = false;
  }

  show(m) {
    document.getElementById("live-note").hidden = Boolean(m.picture);
    this.screen.canvas.hidden = !m.picture;
    if (m.picture) this.screen.draw(m.picture);
    this.showActions(m);
    this.showFacts(m);
    this.showWatched(m);
  }

  /** Memory and speed since the page was opened: logs have the speed of games alone, and no memory. */
  showWatched(m) {
    const minutes = (performance.now() - this.begin) / 60000, last = this.watched[this.watched.length - 1];
    if (last && minutes - last[0] < WATCHED_S / 60) return;
    this.watched.push([minutes, m.memory / 1e6, m.speed]);
    if (this.watched.length > WATCHED) this.watched.shift();
    if (this.watched.length < 2) return;
    const look = [{name: "", ...lookOf(0)}], range = [this.watched[0][0], minutes];
    this.charts.forEach((chart, i) =>
      chart.draw(this.watched.map(row => [row[0], row[i + 1] ? Array(3).fill(row[i + 1]) : null]), look, range, "minutes", () => {}));
  }

  showActions(m) {
    const taken = m.counts.reduce((sum, n) => sum + n, 0);
    let low = 0, high = 1, best = -1;
    if (m.values) {
      this.extremes.push([Math.min(...m.values), Math.max(...m.values)]);
      if (this.extremes.length > SCALE_MOMENTS) this.extremes.shift();
      low = Math.min(...this.extremes.map(e => e[0]));
      high = Math.max(...this.extremes.map(e => e[1]));
      best = m.values.indexOf(Math.max(...m.values));
    }
    this.rows.forEach((row, i) => {
      row.line.classList.toggle("taken", i === m.action);
      row.value.set(m.values ? (m.values[i] - low) / (high - low || 1) : 0, m.values ? show(m.values[i]) : "", i === best);
      row.share.set(m.counts[i] / (taken || 1), (100 * m.counts[i] / (taken || 1)).toFixed(1) + " %");
    });
    document.getElementById("values-note").textContent =
      (m.random ? "This action was random; the values are those of the last one that was not. " : "This action has the greatest value. ") +
      (m.values ? `Bars from ${show(low)} to ${show(high)}, the least and greatest lately.` : "No action was chosen by its value yet.");
  }

  showFacts(m) {
    const all = Object.values(m.seconds).reduce((sum, s) => sum + s, 0);
    const times = Object.entries(m.seconds).map(([name, s]) => `${name} ${Math.round(100 * s / (all || 1))} %`);
    const facts = {
      "frame": show(m.frame) + (this.facts.max_steps ? " of " + show(this.facts.max_steps) : ""),
      "games": show(m.games),
      "last game": show(m.reward) + " points",
      "mean of 100": show(m.reward_100) + " points",
      "best mean": show(m.best) + " points",
      "epsilon": show(m.epsilon),
      "loss": show(m.loss),
      "learning rate": show(m.learning_rate),
      "updates": show(m.updates),
      "speed": show(m.speed) + " frames/s",
      "memory": show(m.memory / 1e6) + " MB",
    };
    if (this.facts.replay_size)
      facts["replay buffer"] = Math.round(100 * Math.min(1, m.frame / this.facts.replay_size)) + " % full";
    if (all > 0) facts["time goes to"] = times.join(", ");
    document.getElementById("facts").replaceChildren(
      ...Object.entries(facts).flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  }
}

const PART = 60, AHEAD = 90, LISTED = 300;

/** A stored game that is played again. */
class Player {
  constructor() {
    const of = id => document.getElementById(id);
    Object.assign(this, {runSelect: of("episode-run"), order: of("episode-order"), list: of("episode-list"),
      button: of("play"), pace: of("pace"), position: of("position"), text: of("position-text"),
      title: of("episode-title"), note: of("episode-note"), screen: new Screen(of("replay"))});
    this.game = null;
    this.episodes = null;
    this.runSelect.addEventListener("change", () => this.fetchList());
    of("episode-reload").addEventListener("click", () => this.fetchList());
    this.order.addEventListener("change", () => this.writeList());
    this.list.addEventListener("change", () => this.choose());
    this.button.addEventListener("click", () => this.setPlaying(!this.playing));
    this.position.addEventListener("input", () => this.goTo(Number(this.position.value)));
    this.pace.addEventListener("change", () => this.setPlaying(this.playing));
  }

  setRuns(runs) {
    const chosen = this.runSelect.value;
    this.runSelect.replaceChildren(...runs.map((run, i) => new Option(run.name, i)));
    if (chosen) this.runSelect.value = chosen;
    this.fetchList();
  }

  async fetchList() {
    this.episodes = null;
    const answer = await fetch(`/api/runs/${this.runSelect.value}/episodes`).catch(() => null);
    this.note.textContent = answer?.ok ? "" : "No stored games: " + (answer ? await answer.text() : "no connection");
    if (answer?.ok) this.episodes = await answer.json();
    this.writeList();
  }

  /** The games in the chosen order, cut to a list that can still be read. */
  writeList() {
    const e = this.episodes, n = e ? e.number.length : 0, by = {
      newest: (a, b) => b - a,
      most: (a, b) => e.points[b] - e.points[a] || b - a,
      least: (a, b) => e.points[a] - e.points[b] || b - a,
      longest: (a, b) => e.steps[b] - e.steps[a] || b - a,
    };
    const order = [...Array(n).keys()].sort(by[this.order.value]).slice(0, LISTED);
    this.list.replaceChildren(new Option(n ? `choose one of ${show(e.episodes)}` : "none yet", ""),
      ...order.map(i => new Option(`${e.number[i]}: ${show(e.points[i])} points, ${show(e.steps[i])} steps`, i)));
  }

  choose() {
    if (this.list.value === "") return;
    const e = this.episodes, i = Number(this.list.value);
    this.game = {run: this.runSelect.value, number: e.number[i], steps: e.steps[i], pictures: [], actions: [], names: []};
    this.title.textContent = `Game ${show(e.number[i])} of ${this.runSelect.selectedOptions[0].text}: ` +
      `${show(e.points[i])} points in ${show(e.steps[i])} steps, over at frame ${show(e.frame[i])}` +
      (e.env.some(lane => lane > 0) ? ` of environment ${e.env[i]}` : "");
    this.note.textContent = "";
    this.position.max = e.steps[i];
    document.getElementById("stage").hidden = false;
    this.goTo(0);
    this.setPlaying(true);
  }

  setPlaying(playing) {
    clearInterval(this.timer);
    if (playing && this.game && this.at >= this.game.steps) this.goTo(0);
    this.playing = playing;
    this.button.textContent = playing ? "pause" : "play";
    if (playing) this.timer = setInterval(() => this.tick(), 1000 / Number(this.pace.value));
  }

  tick() {
    if (this.at >= this.game.steps) this.setPlaying(false);
    else if (this.game.pictures[this.at + 1] !== undefined) this.goTo(this.at + 1);
    else this.fetchPart(this.at + 1);
  }

  goTo(at) {
    this.at = at;
    this.position.value = at;
    this.draw();
    let next = at;
    while (next <= this.game.steps && next < at + AHEAD && this.game.pictures[next] !== undefined) next++;
    if (next < at + AHEAD && next <= this.game.steps) this.fetchPart(next);
  }

  draw() {
    const game = this.game, picture = game.pictures[this.at], action = game.actions[this.at];
    const name = action === null || action === undefined ? "" : "action " + (game.names[action] ?? action);
    this.text.textContent = `step ${show(this.at)} of ${show(game.steps)}${name && ": " + name}`;
    if (picture) this.screen.draw(picture);
    this.screen.canvas.hidden = picture === null;
    if (picture === null) this.note.textContent = "This environment has no pictures: its actions are shown.";
  }

  async fetchPart(from) {
    const game = this.game;
    if (game.loading) return;
    game.loading = true;
    const answer = await fetch(`/api/runs/${game.run}/episodes/${game.number}?from=${from}&n=${PART}`).catch(() => null);
    if (answer?.ok) {
      const part = await answer.json();
      game.names = part.names;
      part.pictures.forEach((picture, i) => {
        game.pictures[part.from + i] = picture;
        game.actions[part.from + i] = part.actions[i];
      });
      if (part.same === false) this.note.textContent = "It did not show what it did in training: the log or the emulator is not the run's.";
    } else if (game === this.game) {
      this.setPlaying(false);
      this.note.textContent = answer ? await answer.text() : "no connection";
    }
    game.loading = false;
    if (answer?.ok && game === this.game) this.goTo(this.at);
  }
}
