// Movements between areas as arrows: each bends to its own right, so that the way there and the way
// back lie beside each other. A list of buttons says the same to the keyboard and to a reader.

import { draw, make } from "./parts.js";

const BEND = 0.16; // of the distance
const NOTHING = [];

export class Arrows {
  constructor(svg, marks, { place, pixel, select }) {
    this.found = marks.arrows || NOTHING;
    this.select = select;
    this.group = draw("g", { class: "tdm-arcs", "aria-hidden": "true" });
    this.parts = this.found.map((arrow, i) => this.arrow(arrow, i, place, pixel));
    // The largest last: on top.
    this.group.append(...[...this.parts].reverse());
    if (this.found.length) svg.append(this.group);
  }

  arrow([lon, lat, lonTo, latTo, width], i, place, pixel) {
    const [x, y] = place([lon, lat]), [u, v] = place([lonTo, latTo]);
    const far = Math.hypot(u - x, v - y) || 1;
    const across = [-(v - y) / far, (u - x) / far];
    const middle = [(x + u) / 2 + across[0] * far * BEND, (y + v) / 2 + across[1] * far * BEND];
    const head = Math.min((5 + width * 1.5) * pixel, far * 0.45);
    const away = Math.hypot(u - middle[0], v - middle[1]) || 1;
    const into = [(u - middle[0]) / away, (v - middle[1]) / away];
    const neck = [u - into[0] * head, v - into[1] * head];
    const half = head * 0.5, side = [-into[1] * half, into[0] * half];
    const line = `M${points(x, y)}Q${points(...middle)} ${points(...neck)}`;
    const tip = `M${points(u, v)}L${points(neck[0] + side[0], neck[1] + side[1])}L${points(neck[0] - side[0], neck[1] - side[1])}Z`;
    const group = draw("g", { class: "tdm-arrow", "data-arrow": i });
    group.append(
      draw("path", { d: line, class: "tdm-halo", "stroke-width": (width + 2.4) * pixel, "data-arrow": i }),
      draw("path", { d: tip, class: "tdm-halo", "stroke-width": 2.4 * pixel, "data-arrow": i }),
      draw("path", { d: line, class: "tdm-arc", "stroke-width": width * pixel, "data-arrow": i }),
      draw("path", { d: tip, class: "tdm-head", "data-arrow": i }));
    return group;
  }

  list() {
    if (!this.found.length) return NOTHING;
    const rows = this.found.map(([, , , , , area, name, text], i) => {
      const button = make("button", { type: "button", class: "tdm-flow" }, make("b", {}, name), ` ${text}`);
      const point = (is) => () => this.parts[i].classList.toggle("tdm-on", is);
      for (const event of ["focus", "pointerenter"]) button.addEventListener(event, point(true));
      for (const event of ["blur", "pointerleave"]) button.addEventListener(event, point(false));
      button.addEventListener("click", () => this.select(area));
      return make("li", {}, button);
    });
    return [make("ol", { class: "tdm-flows" }, ...rows)];
  }

  clear() { this.group.remove(); }
}

function points(x, y) { return `${x.toFixed(1)} ${y.toFixed(1)} `; }
