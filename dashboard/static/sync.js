// The reporting matrix: one line per province (or platform), one cell per day. Each state has a
// shape as well as a colour. Arrow keys walk, Enter picks. Text only ever enters as text nodes.

import { make, shown } from "./parts.js";

const KEYS = ["o", "l", "p", "s", "n", "d", "e"];

class Matrix {
  constructor(parent) {
    this.frame = make("div", { class: "tds" });
    parent.append(this.frame);
    this.report = () => {};
    this.at = [0, 0];
  }

  show(message) {
    this.message = message;
    this.cells = message.lines.map((line, row) => this.line(line, row));
    const head = make("div", { role: "row", class: "tds-row tds-head" },
      make("span", { role: "columnheader", class: "tds-name" }, message.corner),
      ...message.heads.map((text, column) => make("span", {
        role: "columnheader", class: "tds-day", "aria-label": message.dates[column],
        "data-month": message.months[column] || null,
      }, text)));
    const rows = message.lines.map((line, row) => make("div", { role: "row", class: "tds-row" },
      make("span", { role: "rowheader", class: "tds-name", title: line.name }, line.name),
      ...this.cells[row]));
    this.grid = make("div", {
      role: "grid", "aria-label": message.title, class: "tds-grid",
      style: `--days: ${message.days.length}`,
    }, head, ...rows);
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("click", (event) => this.click(event));
    this.grid.addEventListener("pointerover", (event) => this.hover(event));
    this.said = make("p", { class: "tds-said", "aria-live": "polite" });
    const scroll = make("div", { class: "tds-scroll" }, this.grid);
    this.frame.replaceChildren(this.legend(), scroll, this.said);
    this.choose(message.picked);
    scroll.scrollLeft = scroll.scrollWidth; // the newest days first
    this.frame.dataset.painted = String(message.lines.length);
  }

  line(line, row) {
    return [...line.cells].map((letter, column) => make("span", {
      role: "gridcell", class: "tds-cell", "data-s": letter, "data-at": `${row},${column}`,
      "data-key": `${line.key}.${this.message.days[column]}`, tabindex: "-1",
      "aria-label": this.text(row, column),
    }));
  }

  text(row, column) {
    const { lines, dates, words } = this.message;
    const note = lines[row].notes[column];
    return `${lines[row].name}, ${dates[column]}: ${words[lines[row].cells[column]]}`
      + (note ? ` (${note})` : "");
  }

  legend() {
    const used = new Set(this.message.lines.flatMap((line) => [...line.cells]));
    return make("ul", { class: "tds-legend" }, ...KEYS.filter((key) => used.has(key)).map((key) =>
      make("li", {}, make("i", { class: "tds-cell", "data-s": key, "aria-hidden": "true" }),
        this.message.words[key])));
  }

  choose(key) {
    const found = this.cells.flat().find((cell) => cell.dataset.key === key);
    for (const cell of this.cells.flat()) {
      cell.setAttribute("aria-selected", String(cell === found));
    }
    const start = found || this.cells[0]?.at(-1);
    if (start) this.move(...start.dataset.at.split(",").map(Number), false);
    this.said.textContent = found ? found.getAttribute("aria-label") : "";
  }

  move(row, column, focus) {
    const line = this.cells[row];
    const next = line && line[column];
    if (!next) return;
    const [oldRow, oldColumn] = this.at;
    const old = this.cells[oldRow] && this.cells[oldRow][oldColumn];
    if (old) old.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    this.at = [row, column];
    if (focus) { next.focus(); this.said.textContent = next.getAttribute("aria-label"); }
  }

  key(event) {
    const [row, column] = this.at;
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    if (steps[event.key]) this.move(row + steps[event.key][0], column + steps[event.key][1], true);
    else if (event.key === "Home") this.move(row, 0, true);
    else if (event.key === "End") this.move(row, this.message.days.length - 1, true);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.cells[row][column]);
    else return;
    event.preventDefault();
  }

  click(event) {
    const cell = event.target.closest("[data-at]");
    if (!cell) return;
    this.move(...cell.dataset.at.split(",").map(Number), true);
    this.pick(cell);
  }

  hover(event) {
    const cell = event.target.closest("[data-at]");
    if (cell) this.said.textContent = cell.getAttribute("aria-label");
  }

  pick(cell) {
    for (const other of this.grid.querySelectorAll("[aria-selected=true]")) {
      other.setAttribute("aria-selected", "false");
    }
    cell.setAttribute("aria-selected", "true");
    this.report("picked", cell.dataset.key);
  }
}

export default function (component) {
  shown(component, Matrix);
}
