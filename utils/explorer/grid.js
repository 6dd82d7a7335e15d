// The latent vector as a grid of cells to click and drag, one a number; by keyboard as well.
// The whole vector travels with each change: whatever is left out when changes come too fast, the last one is complete.

const LIMIT = 3; // the colour scale's end, and as far as hand and keys go
const PER_PIXEL = 0.02; // a drag over 150 pixels goes from -3 to 0
const STILL = 4; // pixels that a finger may move in a click

export function renderGrid({ model, el }) {
  let cells = [];
  let shown = []; // the values that the cells show: only what differs is painted
  let columns = 1;
  let focused = 0;
  let drag = null;
  let gesture = 0;

  const grid = element("div", "z-grid", { role: "grid" });
  const readout = element("div", "z-readout", { "aria-live": "polite" });
  el.append(grid, readout);

  function build() {
    const values = model.get("values");
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
    const values = model.get("values");
    if (values.length !== cells.length) return build();
    values.forEach((value, k) => value === shown[k] || paintCell(k, value));
    shown = values;
    grid.setAttribute("aria-label", model.get("words").grid);
    readOut();
  }

  function paintCell(k, value) {
    const color = colorOf(value, model.get("stops"));
    const text = value.toFixed(1).replace("-0.0", "0.0").replace("-", "−");
    const cell = cells[k];
    if (cell.textContent !== text) cell.textContent = text;
    cell.style.background = `rgb(${color})`;
    cell.style.color = luminance(color) < 0.179 ? "white" : "black"; // the one that stands out more
    cell.setAttribute("aria-label", inWords(k, text)); // its name says what it shows; the line below, more
  }

  function inWords(k, text) {
    return model
      .get("words")
      .cell.replace("{row}", Math.floor(k / columns))
      .replace("{column}", k % columns)
      .replace("{value}", text);
  }

  function readOut() {
    const text = model.get("values")[focused].toFixed(2).replace("-", "−");
    readout.textContent = `Z[${focused}] · ${inWords(focused, text)}`;
  }

  function change(k, value) {
    const values = [...model.get("values")];
    values[k] = Math.round(Math.min(LIMIT, Math.max(-LIMIT, value)) * 100) / 100;
    model.set({ values, gesture });
    model.save_changes(); // held back while the last change is on its way, then only the newest is sent
  }

  function focus(k) {
    cells[focused].tabIndex = -1;
    focused = k;
    cells[k].tabIndex = 0;
    cells[k].focus({ preventScroll: true });
    readOut();
  }

  function step(k, by) {
    const value = model.get("values")[k];
    const beyond = by > 0 ? value >= LIMIT : value <= -LIMIT;
    change(k, beyond ? -Math.sign(by) * LIMIT : value + by); // round the corner: 3, then -3
  }

  grid.addEventListener("pointerdown", (event) => {
    const k = Number(event.target.dataset.k);
    if (Number.isNaN(k) || event.button) return;
    event.preventDefault();
    grid.setPointerCapture(event.pointerId);
    gesture += 1;
    drag = { k, x: event.clientX, y: event.clientY, from: model.get("values")[k], moved: false };
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
    } else if (event.key in changes) change(k, model.get("values")[k] + changes[event.key]);
    else if (event.key === "0" || event.key === "Delete") change(k, 0);
    else if (event.key === "Enter" || event.key === " ") step(k, event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  model.on("change:values", paint);
  model.on("change:words", build);
  build();
  const stopNaming = nameControls(model, el);
  const stopUndoing = undoByKey(model, el);
  model.set("browser_language", navigator.language || "");
  model.save_changes();
  return () => {
    model.off("change:values", paint);
    model.off("change:words", build);
    stopNaming();
    stopUndoing();
  };
}

// Ctrl Z, wherever the focus is on the page.
function undoByKey(model, el) {
  const pressed = (event) => {
    const page = el.closest(".z-explorer");
    const here = page && (page.contains(event.target) || event.target === document.body);
    if (!here || event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.target.matches("input, textarea")) return;
    event.preventDefault();
    model.set("undone", (model.get("undone") ?? 0) + 1);
    model.save_changes();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
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

// ipywidgets draws sliders and images without a name for screen readers: they get the words that stand beside them.
function nameControls(model, el) {
  let waiting = 0;
  const name = () => {
    waiting = 0;
    const page = el.closest(".z-explorer");
    if (!page) return;
    const { language, title } = model.get("words");
    page.lang = language;
    if ("voila" in document.body.dataset) {
      document.documentElement.lang = language; // a page of its own
      document.title = title;
    }
    for (const select of page.querySelectorAll(".widget-dropdown select")) {
      const label = select.closest(".widget-dropdown").querySelector(".widget-label")?.textContent;
      select.setAttribute("aria-label", label?.trim() || select.title || select.closest("[title]")?.title || "");
    }
    for (const button of page.querySelectorAll(".z-languages button"))
      button.setAttribute("aria-pressed", button.classList.contains("z-on"));
    for (const slider of page.querySelectorAll(".widget-slider")) {
      const label = slider.querySelector(".widget-label");
      const words = label?.textContent || label?.title || "";
      slider.querySelector(".noUi-handle")?.setAttribute("aria-label", words);
      slider.querySelector(".widget-readout")?.setAttribute("aria-label", words);
    }
    for (const image of page.querySelectorAll("img.z-image")) image.alt = model.get("words").image;
    for (const image of page.querySelectorAll("img.z-thumb")) image.alt = ""; // its button says what it is
    for (const line of page.querySelectorAll(".z-status, .z-reading")) line.setAttribute("role", "status");
    for (const button of page.querySelectorAll("button[title]"))
      if (button.title && button.getAttribute("aria-label") !== button.title)
        button.setAttribute("aria-label", named(button));
  };
  const observer = new MutationObserver(() => (waiting ||= requestAnimationFrame(name)));
  observer.observe(document.body, { childList: true, subtree: true });
  model.on("change:words", name);
  name();
  return () => {
    observer.disconnect();
    model.off("change:words", name);
  };
}

// A button is called by its hint, and by its own words first where the hint does not hold them.
function named(button) {
  const words = button.textContent.trim();
  return words === "×" || button.title.includes(words) ? button.title : `${words}: ${button.title}`;
}

export function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export default { render: renderGrid };
