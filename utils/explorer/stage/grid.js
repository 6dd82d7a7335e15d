// The latent vector as a grid of cells to click and drag, one a number; by keyboard as well.

import { decimals, element } from "./controls.js";

const LIMIT = 3; // the colour scale's end, and as far as hand and keys go
const PER_PIXEL = 0.02; // a drag over 150 pixels goes from -3 to 0
const STILL = 4; // pixels that a finger may move in a click

// words: () => { grid, cell }; language: () => "en" or "fr"; stops: the colours of -3, 0 and 3; change: called with the
// values and the number of the gesture that changed them. Gives the elements, and `show`, to be called with the
// vector's values.
export function makeGrid({ words, language, stops, change: changed }) {
  let values = [];
  let cells = [];
  let shown = []; // the values that the cells show: only what differs is painted
  let columns = 1;
  let focused = 0;
  let drag = null;
  let gesture = 0;

  const grid = element("div", "z-grid", { role: "grid" });
  const readout = element("div", "z-readout", { "aria-live": "polite" });

  function build() {
    if (!values.length) return;
    columns = Math.ceil(Math.sqrt(values.length));
    grid.replaceChildren();
    grid.style.setProperty("--columns", columns);
    grid.style.setProperty("--rows", Math.ceil(values.length / columns));
    grid.classList.toggle("z-fine", columns > 12);
    cells = values.map((_, k) => {
      if (k % columns === 0) grid.append(element("div", "z-row", { role: "row" }));
      const cell = element("div", "z-cell", { role: "gridcell", tabindex: k === focused ? 0 : -1 });
      cell.dataset.k = k;
      grid.lastChild.append(cell);
      return cell;
    });
    shown = [];
    paint();
  }

  function paint() {
    if (values.length !== cells.length) return build();
    values.forEach((value, k) => value === shown[k] || paintCell(k, value));
    shown = values;
    grid.setAttribute("aria-label", words().grid);
    readOut();
  }

  function paintCell(k, value) {
    const color = colorOf(value, stops);
    const text = decimals(value, 1, language());
    const cell = cells[k];
    if (cell.textContent !== text) cell.textContent = text;
    cell.style.background = `rgb(${color})`;
    cell.style.color = luminance(color) < 0.179 ? "white" : "black"; // the one that stands out more
    cell.setAttribute("aria-label", inWords(k, text)); // its name says what it shows; the line below, more
  }

  function inWords(k, text) {
    return words()
      .cell.replace("{row}", Math.floor(k / columns))
      .replace("{column}", k % columns)
      .replace("{value}", text);
  }

  function readOut() {
    const text = decimals(values[focused], 2, language());
    readout.textContent = `Z[${focused}] · ${inWords(focused, text)}`;
  }

  function change(k, value) {
    values = [...values];
    values[k] = Math.round(Math.min(LIMIT, Math.max(-LIMIT, value)) * 100) / 100;
    paint();
    changed(values, gesture);
  }

  function focus(k) {
    cells[focused].tabIndex = -1;
    focused = k;
    cells[k].tabIndex = 0;
    cells[k].focus({ preventScroll: true });
    readOut();
  }

  function step(k, by) {
    const value = values[k];
    const beyond = by > 0 ? value >= LIMIT : value <= -LIMIT;
    change(k, beyond ? -Math.sign(by) * LIMIT : value + by); // round the corner: 3, then -3
  }

  grid.addEventListener("pointerdown", (event) => {
    const k = Number(event.target.dataset.k);
    if (Number.isNaN(k) || event.button) return;
    event.preventDefault();
    grid.setPointerCapture(event.pointerId);
    gesture += 1;
    drag = { k, x: event.clientX, y: event.clientY, from: values[k], moved: false };
    focus(k);
  });
  grid.addEventListener("pointermove", (event) => {
    if (!drag) return;
    // a finger that goes up or down scrolls the page
    const way = event.clientX - drag.x + (event.pointerType === "touch" ? 0 : drag.y - event.clientY);
    drag.moved ||= Math.abs(way) > STILL;
    if (drag.moved) change(drag.k, drag.from + way * PER_PIXEL);
  });
  grid.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved) step(drag.k, event.shiftKey ? -1 : 1);
    drag = null;
  });
  grid.addEventListener("pointercancel", () => (drag = null));

  grid.addEventListener("focusin", (event) => {
    const k = Number(event.target.dataset.k);
    if (!Number.isNaN(k) && k !== focused) focus(k);
  });
  grid.addEventListener("keydown", (event) => {
    const k = focused;
    const row = k - (k % columns);
    const moves = {
      ArrowLeft: k - 1,
      ArrowRight: k + 1,
      ArrowUp: k - columns,
      ArrowDown: k + columns,
      Home: row,
      End: Math.min(row + columns, cells.length) - 1,
    };
    const changes = { "+": 0.1, "=": 0.1, "-": -0.1, PageUp: 1, PageDown: -1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.repeat) gesture += 1; // a key held down is one gesture
    if (event.key in moves) {
      if (moves[event.key] >= 0 && moves[event.key] < cells.length) focus(moves[event.key]);
    } else if (event.key in changes) change(k, values[k] + changes[event.key]);
    else if (event.key === "0" || event.key === "Delete") change(k, 0);
    else if (event.key === "Enter" || event.key === " ") step(k, event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // moving: whether the numbers change by themselves, which no screen reader is to read out.
  const show = (now, moving = false) => {
    values = now;
    readout.setAttribute("aria-live", moving ? "off" : "polite");
    paint();
  };
  return { parts: [grid, readout], show, speak: build };
}

// Blue over white to red, as in the heat maps; what lies beyond the ends takes the colour of the end.
function colorOf(value, [low, middle, high]) {
  const position = Math.min(1, Math.max(-1, value / LIMIT));
  const end = position < 0 ? low : high;
  return middle.map((channel, i) => Math.round(channel + (end[i] - channel) * Math.abs(position)));
}

// How light a colour is, from 0 to 1, as WCAG defines it.
function luminance(color) {
  const [red, green, blue] = color.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
