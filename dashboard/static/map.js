// The map: paints areas from a geometry file the browser keeps, colours them from one packed
// message, and plays through the days without asking the server. Text only ever enters as text
// nodes. Talks back with two values: the selected area and the day.

import { Arrows } from "./arrows.js";
import { Camera, groupOf } from "./camera.js";
import { geometryOf, grow, nothing, project, tilesOf } from "./geometry.js";
import { draw, make, shown } from "./parts.js";

const STATES = { n: "not_reported", d: "not_due", s: "suppressed", a: "not_applicable", y: "not_synchronised" };
let instances = 0;

// ---- one map -----------------------------------------------------------------------------------

class AreaMap {
  constructor(root) {
    this.root = root;
    this.number = ++instances;
    this.timer = null;
    this.paths = new Map();
    this.build();
  }

  build() {
    this.svg = draw("svg", { class: "tdm-svg", tabindex: "0", role: "application", preserveAspectRatio: "xMidYMid meet" });
    this.live = make("p", { class: "td-hidden", "aria-live": "polite" });
    this.tip = make("div", { class: "tdm-tip", hidden: "" });
    this.legend = make("div", { class: "tdm-legend" });
    this.markLegend = make("div", { class: "tdm-legend", hidden: "" });
    this.stage = make("div", { class: "tdm-stage" }, this.svg, this.tip);
    this.tools = make("div", { class: "tdm-tools" });
    this.player = make("div", { class: "tdm-player" });
    this.note = make("p", { class: "tdm-note" });
    this.frame = make("div", { class: "tdm" }, this.tools, this.stage, this.player, this.legend, this.markLegend, this.note, this.live);
    this.root.append(this.frame);
    this.camera = new Camera(this);
    this.svg.addEventListener("pointermove", (event) => this.hover(event));
    this.svg.addEventListener("pointerleave", () => { this.tip.hidden = true; this.pointAt(null); });
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    // A page still being laid out may give the map another size than it had when first drawn.
    new ResizeObserver(() => this.resized()).observe(this.stage);
  }

  // Steps of a quarter: letters and marks keep their size on the screen within that.
  size() {
    const least = Math.max(Math.min(this.stage.clientWidth, this.stage.clientHeight), 1);
    return Math.round(Math.log2(least) * 3);
  }

  async resized() {
    // A map that is being taken off the page, or is hidden, has no size to be drawn at.
    if (!this.stage.clientWidth || !this.stage.clientHeight) return;
    if (!this.signature || this.drawnAt === this.size()) return;
    await this.shape();
    this.repaint();
    this.mark();
  }

  async show(message) {
    const kept = this.message;
    this.message = message;
    this.text = message.text;
    this.order = message.areas.map((area) => area.code);
    this.at = new Map(this.order.map((code, i) => [code, i]));
    this.day = kept && kept.series === message.series && this.timer ? Math.min(this.day, message.count - 1) : message.day;
    this.selected = message.selected;
    this.group = groupOf(this, message.link);
    // News comes while days are played: the other map has gone on.
    const playing = this.group.others(this).find((one) => one.timer);
    if (playing) this.day = Math.min(playing.day, message.count - 1);
    this.frame.classList.toggle("tdm-compact", message.compact);
    this.frame.dataset.ramp = message.ramp;
    this.svg.setAttribute("aria-label", this.text.alt);
    this.camera.name(this.text);
    this.frame.classList.toggle("tdm-follows", message.follows);
    this.note.textContent = message.note;
    this.tools.hidden = message.compact;
    this.player.hidden = message.compact || message.count < 2;
    if (!message.compact) { this.buildTools(); this.buildPlayer(); }
    await this.shape();
    this.repaint();
    this.mark();
    // The chart's library is large: the server sends for it once the map is there to look at.
    if (!message.compact && !this.ready) { this.ready = true; this.send("ready", "1"); }
  }

  async shape() {
    const { boundaries, islands, latitude, focus } = this.message;
    const size = this.size();
    const signature = JSON.stringify([boundaries, islands, focus, boundaries ? 0 : this.order, size]);
    if (signature === this.signature) return;
    const shapes = boundaries ? await geometryOf(boundaries, latitude) : tilesOf(this.message.areas);
    const always = islands ? await geometryOf(islands, latitude) : [];
    this.signature = signature;
    this.drawnAt = size;
    this.paths.clear();
    this.svg.replaceChildren();
    const box = nothing();
    // About eleven pixels, whatever the size of the screen.
    this.letter = Math.max(36, (11.5 * 1750) / Math.max(Math.min(this.stage.clientWidth, this.stage.clientHeight), 200));
    this.svg.append(this.land(shapes, box), this.sea(always, box), this.labels(shapes));
    const pad = (box[2] - box[0]) * 0.02;
    const [wide, high] = [this.stage.clientWidth, this.stage.clientHeight].map((n) => Math.max(n, 1));
    const unit = Math.max((box[2] - box[0]) / wide, (box[3] - box[1]) / high);
    this.unit = unit;
    this.svg.prepend(this.patterns("", unit), this.patterns("-key", 1));
    this.home = [box[0] - pad, box[1] - pad, box[2] - box[0] + 2 * pad, box[3] - box[1] + 2 * pad];
    this.seen = 0;
    this.look();
    this.frame.dataset.painted = String(this.paths.size);
  }

  // Shows what the camera of the group shows; marks keep their size on the screen.
  look() {
    if (!this.home) return;
    this.svg.setAttribute("viewBox", this.camera.box().map((n) => n.toFixed(1)).join(" "));
    this.frame.classList.toggle("tdm-closer", this.group.k > 1);
    if (this.seen && this.seen !== this.group.k) this.mark();
    this.seen = this.group.k;
  }

  pointAt(code) {
    for (const map of this.group ? this.group.others(this) : []) {
      map.pointed?.classList.remove("tdm-pointed");
      map.pointed = map.paths.get(code);
      map.pointed?.classList.add("tdm-pointed");
    }
  }

  // Another map of the group has come to a day or picked an area.
  follow(day, selected) {
    if (day === this.day && selected === this.selected) return;
    this.day = Math.min(day, this.message.count - 1);
    this.selected = selected;
    if (this.ring) this.repaint();
  }

  land(shapes, box) {
    const group = draw("g", { class: "tdm-land" });
    for (const shape of shapes) {
      const code = shape.properties.code;
      const asked = this.at.has(code);
      if (!shape.path || (this.message.focus && !asked)) continue;
      const path = draw("path", { d: shape.path, "data-code": code, class: "tdm-area" });
      group.append(path);
      if (asked) this.paths.set(code, path);
      const [a, b, c, d] = shape.box;
      grow(box, a, b); grow(box, c, d);
    }
    return group;
  }

  // Islands far out: drawn, ringed and named on every map of the nation, whatever the figures.
  sea(always, box) {
    const group = draw("g", { class: "tdm-sea" });
    if (this.message.focus) return group;
    for (const shape of always.filter((one) => one.path)) {
      group.append(draw("path", { d: shape.path, class: "tdm-island" }), ...this.ringed(shape, box));
    }
    if (this.message.sea) {
      const [x, y] = project(this.message.latitude)(this.message.sea.at);
      group.append(draw("text", { x, y, class: "tdm-water", "font-size": this.letter * 1.4, "text-anchor": "middle" }, this.message.sea.name));
    }
    return group;
  }

  ringed(shape, box) {
    const [a, b, c, d] = shape.box, pad = 22, size = this.letter, half = size * 5.2;
    const x = Math.max((a + c) / 2, a + half - pad), y = b - pad - size * 1.45;
    const label = draw("text", { x, y, class: "tdm-name", "font-size": size, "text-anchor": "middle" }, shape.properties.name || "");
    if (shape.properties.province) {
      label.append(draw("tspan", { x, dy: size * 1.05, class: "tdm-owner" }, `(${shape.properties.province})`));
    }
    grow(box, Math.min(a - pad, x - half), y - size); grow(box, Math.max(c + pad, x + half), d + pad);
    const ring = { x: a - pad, y: b - pad, width: c - a + 2 * pad, height: d - b + 2 * pad, rx: 24, class: "tdm-waters" };
    return [draw("rect", ring), label];
  }

  labels(shapes) {
    const group = draw("g", { class: "tdm-labels" });
    for (const shape of shapes) {
      if (!shape.tile || !this.at.has(shape.properties.code)) continue;
      const area = this.message.areas[this.at.get(shape.properties.code)];
      group.append(draw("text", { x: shape.tile[0], y: shape.tile[1] + 7, "font-size": 22, "text-anchor": "middle" }, area.short || area.code));
    }
    this.ring = draw("path", { class: "tdm-ring", d: "" });
    group.append(this.ring);
    return group;
  }

  // States differ by pattern, not by colour alone. Sizes are in pixels, `scale` units to a pixel.
  patterns(ending, scale) {
    const pattern = (name, size, ...marks) => draw("pattern", {
      id: `tdm${this.number}-${name}${ending}`, width: size, height: size, patternUnits: "userSpaceOnUse",
      patternTransform: `scale(${scale.toFixed(3)})`,
    }, draw("rect", { width: size, height: size, class: "tdm-ground" }), ...marks);
    const stroke = (d, width) => draw("path", { d, class: "tdm-mark", "stroke-width": width });
    return draw("defs", {},
      pattern("not_reported", 7, stroke("M-1 8L8 -1M-4.5 4.5L4.5 -4.5M2.5 11.5L11.5 2.5", 1.3)),
      pattern("not_due", 7, stroke("M0 3.5H7", 1.1)),
      pattern("suppressed", 7, draw("circle", { cx: 3.5, cy: 3.5, r: 1.7, class: "tdm-dot" })),
      pattern("not_applicable", 9, stroke("M0 0L9 9M9 0L0 9", 0.8)),
      pattern("not_synchronised", 8, stroke("M2 0V8M5 1.5V6.5", 1.1)));
  }

  // A state's fill as an inline style; empty leaves it to the style sheet's class colours.
  pattern(kind, ending = "") {
    return Object.values(STATES).includes(kind) ? `url("#tdm${this.number}-${kind}${ending}")` : "";
  }

  // Places on top of the areas: [lon, lat, turn, radius, kind, area, name, text], largest first.
  // Where geometry is tiles there is no ground to put them on.
  mark() {
    const { marks, boundaries, latitude } = this.message;
    this.svg.querySelector(".tdm-marks")?.remove();
    this.arrows?.clear();
    this.markLegend.hidden = !marks || !boundaries;
    if (this.markLegend.hidden) return;
    const place = project(latitude);
    // On a phone the country is small: so are the marks.
    const pixel = (this.unit / this.group.k) * Math.min(Math.max(this.stage.clientWidth / 640, 0.55), 1);
    const group = draw("g", { class: "tdm-marks", "aria-hidden": "true" });
    marks.points.forEach(([lon, lat, turn, radius, kind], i) => {
      const [x, y] = place([lon, lat]);
      const away = turn ? (radius + 5) * pixel : 0, angle = (turn * Math.PI) / 3;
      group.append(draw("circle", {
        cx: x + away * Math.cos(angle), cy: y + away * Math.sin(angle), r: radius * pixel,
        class: "tdm-place", "data-kind": marks.legend[kind][0], "data-mark": i,
      }));
    });
    this.svg.append(group);
    this.arrows = new Arrows(this.svg, marks, { place, pixel, select: (code) => this.select(code) });
    const rows = marks.legend.map(([kind, label], i) => {
      const swatch = draw("svg", { class: "tdm-swatch", viewBox: "0 0 28 18", "aria-hidden": "true" });
      if (marks.arrows) swatch.append(draw("path", { d: "M2 9H26", class: "tdm-arc", "stroke-width": kind }));
      else swatch.append(draw("circle", { cx: 14, cy: 9, r: 6.5, class: "tdm-place", "data-kind": kind }));
      const many = marks.points.filter((point) => point[4] === i).length;
      return make("li", {}, swatch, make("span", {}, label), ...(marks.arrows ? [] : [make("b", {}, String(many))]));
    });
    this.markLegend.replaceChildren(
      make("p", { class: "tdm-unit" }, marks.title), make("ul", { class: "tdm-keys" }, ...rows), ...this.arrows.list());
  }

  markOf(event) {
    const { mark: number, arrow } = event.target.dataset || {};
    if (arrow !== undefined) return this.message.marks?.arrows?.[Number(arrow)]?.slice(-3) || null;
    return number === undefined ? null : this.message.marks?.points[Number(number)]?.slice(-3) || null;
  }

  // ---- state of an area -----------------------------------------------------------------------

  state(index, day = this.day) {
    const mark = this.message.states[index][day];
    const value = this.message.values[index][day];
    if (mark !== "v" || value === null) return { kind: STATES[mark] || "not_reported", value: null };
    if (value === 0) return { kind: "zero", value };
    let level = this.message.breaks.findIndex((limit) => value <= limit);
    if (level < 0) level = this.message.breaks.length;
    return { kind: `c${level}`, value };
  }

  say(index) {
    const { kind, value } = this.state(index);
    return value === null ? this.text.states[kind] : this.written(value);
  }

  written(value) {
    if (this.message.names) return this.message.names[value] || String(value);
    const { percent, decimals, unit, horizon } = this.message;
    const beyond = horizon !== null && value > horizon;
    if (beyond) return `> ${new Intl.NumberFormat(this.message.locale).format(horizon)} ${unit}`.trim();
    const shown = new Intl.NumberFormat(this.message.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    const text = shown.format(percent ? value * 100 : value);
    return percent ? `${text}${this.message.percentSign}` : unit ? `${text} ${unit}` : text;
  }

  date(day = this.day) {
    const moment = new Date(Date.parse(`${this.message.start}T00:00:00Z`) + day * 86400000);
    return new Intl.DateTimeFormat(this.message.locale, { day: "2-digit", month: this.message.month, year: "numeric", timeZone: "UTC" }).format(moment);
  }

  iso(day = this.day) {
    return new Date(Date.parse(`${this.message.start}T00:00:00Z`) + day * 86400000).toISOString().slice(0, 10);
  }

  paint() {
    this.repaint();
    for (const map of this.group.others(this)) map.follow(this.day, this.selected);
  }

  repaint() {
    for (const [code, path] of this.paths) {
      const { kind } = this.state(this.at.get(code));
      if (path.dataset.state === kind) continue;
      path.dataset.state = kind;
      path.style.fill = this.pattern(kind);
    }
    const chosen = this.paths.get(this.selected);
    this.ring.setAttribute("d", chosen ? chosen.getAttribute("d") : "");
    this.frame.dataset.day = this.iso();
    this.frame.dataset.selected = this.selected || "";
    if (this.slider) {
      this.slider.value = String(this.day);
      this.slider.setAttribute("aria-valuetext", this.date());
      this.dayLabel.textContent = this.date();
    }
    this.figures();
    this.paintLegend();
  }

  // A level written on its area, so that nothing hangs on colour alone.
  figures() {
    this.svg.querySelector(".tdm-figures")?.remove();
    const { labels, boundaries, latitude } = this.message;
    if (!labels || !boundaries) return;
    const place = project(latitude), size = 12 * this.unit;
    const group = draw("g", { class: "tdm-figures", "aria-hidden": "true" });
    this.order.forEach((code, i) => {
      if (!labels[i] || !this.paths.has(code)) return;
      const [x, y] = place(labels[i]);
      group.append(draw("text", { x, y: y + size * 0.35, "font-size": size, "text-anchor": "middle" }, labels[i][2]));
    });
    this.svg.append(group);
  }

  paintLegend() {
    const counts = {};
    this.order.forEach((code, i) => { const { kind } = this.state(i); counts[kind] = (counts[kind] || 0) + 1; });
    const rows = this.message.legend.filter((row) => !row.rare || counts[row.kind]);
    const list = make("ul", { class: "tdm-keys" });
    for (const row of rows) {
      const swatch = draw("svg", { class: "tdm-swatch", viewBox: "0 0 28 18", "aria-hidden": "true" });
      swatch.append(draw("rect", {
        x: 0.75, y: 0.75, width: 26.5, height: 16.5, class: "tdm-area", "data-state": row.kind,
      }));
      swatch.firstChild.style.fill = this.pattern(row.kind, "-key");
      list.append(make("li", { "data-state": row.kind }, swatch, make("span", {}, row.label), make("b", {}, String(counts[row.kind] || 0))));
    }
    this.legend.replaceChildren(make("p", { class: "tdm-unit" }, this.message.legendTitle), list);
  }

  // ---- what a person does ---------------------------------------------------------------------

  areaOf(event) {
    const code = this.markOf(event)?.[0] ?? event.target.closest?.("path[data-code]")?.dataset.code;
    return code !== undefined && this.at.has(code) ? code : null;
  }

  hover(event) {
    const code = this.areaOf(event);
    this.pointAt(code);
    if (!code || event.pointerType === "touch") { this.tip.hidden = true; return; }
    const index = this.at.get(code);
    const mark = this.markOf(event);
    const [name, text] = mark ? [mark[1], mark[2]] : [this.message.areas[index].name, this.say(index)];
    this.tip.replaceChildren(make("b", {}, name), make("span", {}, text), make("small", {}, this.date()));
    this.tip.hidden = false;
    const edge = this.stage.getBoundingClientRect();
    const left = event.clientX - edge.left, top = event.clientY - edge.top;
    this.tip.style.left = `${Math.min(left + 14, edge.width - this.tip.offsetWidth - 4)}px`;
    this.tip.style.top = `${Math.max(top - this.tip.offsetHeight - 10, 2)}px`;
  }

  click(event) {
    const code = this.camera.moved ? null : this.areaOf(event);
    if (code) this.select(code);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined && event.key !== "Enter") return;
    event.preventDefault();
    if (event.key === "Enter") { if (this.selected) this.send("selected", this.selected); return; }
    const here = this.at.has(this.selected) ? this.at.get(this.selected) : step > 0 ? -1 : 0;
    this.selected = this.order[(here + step + this.order.length) % this.order.length];
    this.paint();
    this.announce();
  }

  announce() {
    const index = this.at.get(this.selected);
    if (index !== undefined) this.live.textContent = `${this.message.areas[index].name}: ${this.say(index)}, ${this.date()}`;
  }

  select(code) {
    this.selected = code;
    this.paint();
    this.announce();
    this.send("selected", code);
  }

  send(name, value) { this.report(name, value); }

  buildTools() {
    if (this.search) { this.search.placeholder = this.text.search; this.search.setAttribute("aria-label", this.text.search); return; }
    const list = make("ul", { class: "tdm-found", role: "listbox", id: `tdm${this.number}-found`, hidden: "" });
    const field = make("input", {
      type: "search", class: "tdm-search", placeholder: this.text.search, "aria-label": this.text.search, role: "combobox",
      "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off",
    });
    this.search = field;
    field.addEventListener("input", () => this.find(field, list));
    field.addEventListener("keydown", (event) => this.searchKey(event, field, list));
    field.addEventListener("blur", () => setTimeout(() => { list.hidden = true; }, 150));
    this.tools.append(make("div", { class: "tdm-finder" }, field, list));
  }

  find(field, list) {
    const asked = fold(field.value);
    const hits = asked ? this.message.areas
      .map((area) => ({ area, rank: rankOf(area.keys, asked) })).filter((hit) => hit.rank < 3)
      .sort((a, b) => a.rank - b.rank).slice(0, 8) : [];
    list.replaceChildren(...hits.map(({ area }, i) => {
      const row = make("li", { role: "option", "data-code": area.code, "aria-selected": i === 0 ? "true" : "false" }, area.name);
      row.addEventListener("pointerdown", (event) => { event.preventDefault(); this.choose(area.code, field, list); });
      return row;
    }));
    if (asked && !hits.length) list.append(make("li", { class: "tdm-none" }, this.text.nothing));
    list.hidden = !asked;
    field.setAttribute("aria-expanded", String(!list.hidden));
  }

  choose(code, field, list) {
    list.hidden = true;
    field.value = this.message.areas[this.at.get(code)].name;
    this.select(code);
  }

  searchKey(event, field, list) {
    const rows = [...list.querySelectorAll("[role=option]")];
    const here = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") { list.hidden = true; return; }
    if (event.key === "Enter" && rows[here]) { event.preventDefault(); this.choose(rows[here].dataset.code, field, list); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !rows.length) return;
    event.preventDefault();
    rows[here]?.setAttribute("aria-selected", "false");
    rows[(here + step + rows.length) % rows.length].setAttribute("aria-selected", "true");
  }

  buildPlayer() {
    if (!this.slider) this.assemblePlayer();
    this.slider.max = String(this.message.count - 1);
    this.slider.setAttribute("aria-label", this.text.day);
    this.ends[0].textContent = this.date(0);
    this.ends[1].textContent = this.date(this.message.count - 1);
    this.speed.setAttribute("aria-label", this.text.speed);
    this.showPlaying();
  }

  assemblePlayer() {
    this.button = make("button", { type: "button", class: "tdm-play" });
    this.slider = make("input", { type: "range", min: "0", step: "1", class: "tdm-slider" });
    this.speed = make("select", { class: "tdm-speed" }, ...[2, 4, 8, 16].map((rate) => make("option", { value: rate }, `${rate / 4}×`.replace("0.5", "½"))));
    this.speed.value = "4";
    this.dayLabel = make("output", { class: "tdm-day" });
    this.ends = [make("small"), make("small")];
    this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.slider.addEventListener("input", () => { this.day = Number(this.slider.value); this.paint(); });
    this.slider.addEventListener("change", () => this.settle());
    this.speed.addEventListener("change", () => { if (this.timer) { this.halt(); this.start(); } });
    this.player.append(this.button, this.dayLabel, make("div", { class: "tdm-track" }, this.slider, make("div", { class: "tdm-ends" }, ...this.ends)), this.speed);
  }

  showPlaying() {
    const playing = Boolean(this.timer);
    this.button.textContent = playing ? "❚❚" : "►";
    this.button.setAttribute("aria-label", playing ? this.text.pause : this.text.play);
    this.frame.dataset.playing = String(playing);
  }

  play() {
    if (this.day >= this.message.count - 1) this.day = 0;
    this.paint();
    this.start();
    this.showPlaying();
  }

  start() {
    this.timer = setInterval(() => {
      if (this.day >= this.message.count - 1) { this.pause(); return; }
      this.day += 1;
      this.paint();
    }, 1000 / Number(this.speed.value));
  }

  halt() { clearInterval(this.timer); this.timer = null; }

  pause() { this.halt(); this.showPlaying(); this.settle(); }

  settle() { this.send("day", this.iso()); }
}

function fold(text) {
  return text.normalize("NFKD").toLowerCase().replace(/đ/g, "d").replace(/[^\p{L}\p{N}]/gu, "");
}

function rankOf(keys, asked) {
  let best = 3;
  for (const key of keys) {
    const found = key === asked ? 0 : key.startsWith(asked) ? 1 : key.includes(asked) ? 2 : 3;
    best = Math.min(best, found);
  }
  return best;
}

export default function (component) {
  const map = shown(component, AreaMap);
  return map && (() => map.halt());
}
