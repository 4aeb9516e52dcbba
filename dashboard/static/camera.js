// One camera for maps that stand beside each other: what one shows closer, the others show closer;
// the day that one plays, the others play; the area that one picks or points at, the others mark.

import { make } from "./parts.js";

const CLOSEST = 12, STEP = 1.6;
const groups = new Map();

class Group {
  constructor() { this.maps = new Set(); this.k = 1; this.x = 0.5; this.y = 0.5; }

  others(map) {
    for (const one of this.maps) if (!one.root.isConnected) this.maps.delete(one);
    return [...this.maps].filter((one) => one !== map);
  }

  // Keeps what is seen inside the map: at k = 1 all of it.
  move(k, x, y) {
    this.k = Math.min(Math.max(k, 1), CLOSEST);
    const half = 0.5 / this.k;
    this.x = Math.min(Math.max(x, half), 1 - half);
    this.y = Math.min(Math.max(y, half), 1 - half);
    for (const map of this.others(null)) map.look();
  }
}

export function groupOf(map, name) {
  const wanted = name || map;
  if (!groups.has(wanted)) groups.set(wanted, new Group());
  const group = groups.get(wanted);
  for (const [key, one] of groups) {
    if (one !== group) one.maps.delete(map);
    if (!one.maps.size && one !== group) groups.delete(key);
  }
  group.maps.add(map);
  return group;
}

export class Camera {
  constructor(map) {
    this.map = map;
    this.from = null;
    this.moved = false;
    this.buttons = ["+", "\u2212", "\u2302"].map((sign, i) => {
      const button = make("button", { type: "button" }, sign);
      button.addEventListener("click", () => this.press(i));
      return button;
    });
    map.stage.append(make("div", { class: "tdm-zoom" }, ...this.buttons));
    map.svg.addEventListener("pointerdown", (event) => this.grab(event));
    map.svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) map.svg.addEventListener(name, () => { this.from = null; });
  }

  name(text) {
    [text.closer, text.farther, text.whole].forEach((label, i) => {
      this.buttons[i].setAttribute("aria-label", label);
      this.buttons[i].title = label;
    });
  }

  press(i) {
    const { k, x, y } = this.map.group;
    this.map.group.move(i === 2 ? 1 : i ? k / STEP : k * STEP, ...(i === 2 ? [0.5, 0.5] : this.aim(k, x, y)));
  }

  // From afar the first step goes to what is picked.
  aim(k, x, y) {
    const path = this.map.paths.get(this.map.selected);
    if (!path || k > 1) return [x, y];
    const box = path.getBBox(), [left, top, wide, high] = this.map.home;
    return [(box.x + box.width / 2 - left) / wide, (box.y + box.height / 2 - top) / high];
  }

  grab(event) {
    this.moved = false;
    if (this.map.group.k > 1) this.from = [event.clientX, event.clientY];
  }

  drag(event) {
    if (!this.from) return;
    const { k, x, y } = this.map.group;
    const [left, top] = this.from, scale = this.map.unit / k;
    const across = (event.clientX - left) * scale, down = (event.clientY - top) * scale;
    if (Math.abs(event.clientX - left) + Math.abs(event.clientY - top) > 3) this.moved = true;
    this.from = [event.clientX, event.clientY];
    this.map.group.move(k, x - across / this.map.home[2], y - down / this.map.home[3]);
  }

  // The part of the map's own box that is seen.
  box() {
    const [left, top, wide, high] = this.map.home, { k, x, y } = this.map.group;
    return [left + wide * (x - 0.5 / k), top + high * (y - 0.5 / k), wide / k, high / k];
  }
}
