// The page: the stage with the image, what moves it, and the panel of controls. All controls change one point of the
// latent space and take their places from it. The image comes from an engine (see engine.js) and from nowhere else.

import { renderGrid } from "../grid.js";
import { Bending } from "./bending.js";
import { Controls, decimals } from "./controls.js";
import { download, fromLink, readFile, toLink, toPng, toText } from "./files.js";
import { Motion } from "./motion.js";
import { EASINGS, dot, normal, onArc, plus, scaled } from "./paths.js";
import { Film, Screen } from "./screen.js";
import { Senses } from "./senses.js";

const REACH = 4; // of sliders of directions and of the pad
const MOST_PINS = 24;
const MOST_STEPS = 200; // back
const SIZES = [1, 4, 16]; // times as large
const FILM_SIDE = 1080;
const KINDS = ["drift", "loop", "between"];

export class Page {
  // root: where it is built; facts: of export.py; engine: see engine.js.
  constructor(root, facts, engine) {
    Object.assign(this, { root, facts, engine });
    const browser = (navigator.language || "en").slice(0, 2);
    this.controls = new Controls(facts.texts, facts.language ?? (browser in facts.texts ? browser : "en"));
    this.n = facts.network.latent_dim;
    this.directions = Object.entries(facts.directions).map(([name, vector]) => ({ name, vector: Float32Array.from(vector) }));
    this.core = normal(this.n);
    this.truncation = 1;
    this.pins = [];
    this.ends = [null, null];
    this.history = [];
    this.motion = new Motion(this.n);
    this.asked = this.shown = 0;
    this.build();
    this.restore();
    this.controls.speak(this.controls.language);
    this.changed();
    requestAnimationFrame((now) => this.frame(now));
  }

  // The vector of the image.
  get z() {
    return scaled(this.core, this.truncation);
  }

  get bends() {
    return this.bending?.bends ?? [];
  }

  // Building

  build() {
    const { controls } = this;
    this.root.classList.add("s-page");
    this.message = controls.line();
    const canvas = controls.make("canvas", "s-image", { role: "img" });
    controls.spoken(() => canvas.setAttribute("aria-label", controls.say("image")));
    this.screen = new Screen(canvas, this.engine.shape);
    this.rate = controls.make("span", "s-rate");
    this.play = controls.button("play", () => this.togglePlay(), "s-primary");
    this.undoButton = controls.button("undo", () => this.undo());
    const whole = controls.button("full_screen", () => this.fullScreen());
    whole.hidden = !document.fullscreenEnabled;
    this.actions = controls.make(
      ...["div", "s-actions", {}],
      this.play,
      controls.button("random", () => this.random()),
      this.undoButton,
      controls.button("pin", () => this.addPin()),
      controls.button("save_image", () => this.saveImage(1)),
      whole,
    );
    this.frameBox = controls.make("div", "s-frame", {}, canvas);
    this.stage = controls.make("section", "s-stage", {}, this.frameBox, this.actions, this.message, this.rate);
    controls.spoken(() => this.stage.setAttribute("aria-label", controls.say("stage")));
    const panel = controls.make(
      ...["div", "s-panel", {}],
      this.head(),
      this.moving(),
      this.pinned(),
      this.steering(),
      this.numbers(),
    );
    if (this.engine.maps.length) {
      this.bending = new Bending(this);
      panel.append(this.bending.fold);
    }
    this.senses = new Senses(this);
    panel.append(this.senses.fold, this.takingHome(), controls.text("p", "keys", "s-help"));
    this.root.replaceChildren(this.stage, panel);
    this.listen();
  }

  head() {
    const { controls } = this;
    const names = { en: "English", fr: "Français" };
    const buttons = Object.entries(names).map(([code, name]) => {
      const button = controls.make("button", "s-small", { type: "button", lang: code, title: name }, code.toUpperCase());
      button.setAttribute("aria-label", `${code.toUpperCase()}: ${name}`);
      button.addEventListener("click", () => controls.speak(code));
      controls.spoken(() => button.setAttribute("aria-pressed", controls.language === code));
      return button;
    });
    const name = controls.make("p", "s-name", {}, this.facts.name);
    const title = controls.make("div", "", {}, controls.text("h1", "title"), name);
    return controls.make("header", "s-head", {}, title, controls.make("div", "s-buttons", {}, ...buttons));
  }

  moving() {
    const { controls, motion } = this;
    this.moveMessage = controls.line();
    this.kinds = KINDS.map((kind) => controls.button(`move_${kind}`, () => this.move(kind), "s-choice"));
    const speed = controls.slider("speed", {
      ...{ min: -2, max: 2, value: 0, show: (v) => `× ${decimals(2 ** v)}` },
      label: () => controls.say("speed"),
      set: (value) => (motion.speed = 2 ** value),
    });
    const radius = controls.slider("radius", {
      ...{ min: 0.05, max: 1, value: motion.radius },
      label: () => controls.say("radius"),
      set: (value) => (motion.radius = value),
    });
    const seconds = controls.slider("leg", {
      ...{ min: 0.5, max: 10, step: 0.5, value: motion.seconds, show: (v) => `${decimals(v, 1)} s` },
      label: () => controls.say("leg"),
      set: (value) => (motion.seconds = value),
    });
    const easings = () => Object.keys(EASINGS).map((name) => [name, controls.say(`ease_${name}`)]);
    const easing = controls.select("easing", easings, (value) => (motion.easing = value), motion.easing);
    this.easing = easing.select;
    const choice = controls.make("div", "s-buttons", {}, ...this.kinds);
    return controls.section("moving", choice, this.moveMessage, speed.row, radius.row, seconds.row, easing.row);
  }

  pinned() {
    const { controls } = this;
    this.pinBox = controls.make("div", "s-pins");
    this.pinMessage = controls.line();
    const letters = ["A", "B"];
    this.endButtons = letters.map((letter, i) => {
      const canvas = this.small();
      const go = controls.make("button", "s-pin s-empty", { type: "button" }, canvas, controls.make("span", "", {}, letter));
      go.addEventListener("click", () => (this.ends[i] ? this.goTo(this.ends[i]) : this.setEnd(i)));
      const set = controls.make("button", "s-small", { type: "button" });
      set.addEventListener("click", () => this.setEnd(i));
      controls.spoken(() => {
        set.textContent = controls.say("set_end", { i: letter });
        set.title = controls.say(`set_${letter.toLowerCase()}`);
      });
      const name = () => go.setAttribute("aria-label", controls.say(this.ends[i] ? "go_end" : `set_${letter.toLowerCase()}`, { i: letter }));
      controls.spoken(name);
      return { go, canvas, name, box: controls.make("div", "s-end", {}, go, set) };
    });
    this.between = controls.slider("between", {
      ...{ min: 0, max: 1, value: 0, show: (v) => `${decimals(100 * v, 0)} %` },
      label: () => controls.say("between_slider"),
      set: (value) => {
        const [a, b] = this.ends;
        if (!a || !b) return this.pinMessage.tell("no_ends", {}, true);
        this.remember("between");
        this.setCore(onArc(a, b, value));
        this.onWay = this.core;
      },
    });
    const ends = controls.make("div", "s-ends", {}, ...this.endButtons.map(({ box }) => box));
    return controls.section("timeline", this.pinBox, this.pinMessage, ends, this.between.row);
  }

  steering() {
    const { controls } = this;
    this.directionSliders = this.directions.map((direction, i) => {
      const [low, high] = [this.small(), this.small()];
      const slider = controls.slider(`direction_${i}`, {
        ...{ min: -REACH, max: REACH, step: 0.05, before: low, after: high },
        label: () => this.directionName(direction.name),
        set: (value) => {
          this.remember(`direction ${i}`);
          this.along(direction, value);
        },
      });
      slider.row.classList.add("s-tall");
      return { ...slider, direction, low, high };
    });
    const truncation = controls.slider("truncation", {
      ...{ min: 0, max: 2, value: 1 },
      label: () => controls.say("truncation"),
      set: (value) => {
        this.remember("truncation");
        this.truncation = value;
        this.changed();
      },
    });
    this.truncationSlider = truncation;
    const rows = this.directionSliders.map(({ row }) => row);
    return controls.section("directions", ...rows, truncation.row, ...(this.directions.length > 1 ? this.pad() : []));
  }

  // Two directions at once, under one finger.
  pad() {
    const { controls } = this;
    this.axes = [0, 1];
    const options = () => this.directions.map(({ name }, i) => [i, this.directionName(name)]);
    const selects = ["pad_x", "pad_y"].map((key, axis) =>
      controls.select(key, options, (value) => ((this.axes[axis] = Number(value)), this.place()), String(axis)),
    );
    this.dot = controls.make("button", "s-dot", { type: "button" });
    this.field = controls.make("div", "s-pad", {}, this.dot);
    const move = (event) => {
      const box = this.field.getBoundingClientRect();
      const share = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
      this.movePad(share.map((s) => (2 * Math.min(1, Math.max(0, s)) - 1) * REACH));
    };
    this.field.addEventListener("pointerdown", (event) => {
      this.field.setPointerCapture(event.pointerId);
      this.gesture = null;
      move(event);
    });
    this.field.addEventListener("pointermove", (event) => event.buttons && move(event));
    this.dot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.movePad(this.padPlace().map((value, axis) => Math.min(REACH, Math.max(-REACH, value + step[axis]))));
    });
    for (const [axis, key] of ["pad_x", "pad_y"].entries())
      controls.sliders.set(key, {
        ...{ min: -REACH, max: REACH, label: () => controls.say(key) },
        move: (value) => this.along(this.directions[this.axes[axis]], value),
      });
    return [this.field, ...selects.map(({ row }) => row)];
  }

  padPlace() {
    return this.axes.map((axis) => dot(this.z, this.directions[axis].vector));
  }

  movePad(values) {
    this.remember("pad");
    values.forEach((value, axis) => this.along(this.directions[this.axes[axis]], value));
  }

  // The vector as a grid of cells: grid.js, as in a notebook, with this page for its model.
  numbers() {
    const { controls } = this;
    const box = controls.make("div", "s-grid");
    const fold = controls.fold("numbers", box, controls.text("p", "help", "s-help"));
    const heard = new Map();
    const state = { values: Array.from(this.z), gesture: 0, stops: this.facts.stops };
    const model = {
      get: (key) => (key === "words" ? this.gridWords() : state[key]),
      set: (changes) => Object.assign(state, changes),
      save_changes: () => {
        if (!this.root.isConnected) return;
        this.remember(`grid ${state.gesture}`);
        this.setCore(scaled(Float32Array.from(state.values), 1 / (this.truncation || 1)));
      },
      on: (name, act) => heard.set(name, act),
      off: (name) => heard.delete(name),
    };
    renderGrid({ model, el: box });
    controls.speakers.push(() => heard.get("change:words")());
    this.showNumbers = () => {
      if (!fold.open) return;
      state.values = Array.from(this.z);
      heard.get("change:values")();
    };
    fold.addEventListener("toggle", this.showNumbers);
    return fold;
  }

  gridWords() {
    const { controls } = this;
    const { cell } = controls.texts[controls.language];
    return { language: controls.language, grid: controls.say("grid", { n: this.n }), cell, image: controls.say("image") };
  }

  takingHome() {
    const { controls } = this;
    this.homeMessage = controls.line();
    const [height, width] = this.engine.shape;
    const sizes = SIZES.map((factor) => {
      const button = controls.make("button", "", { type: "button" }, `PNG ${width * factor} × ${height * factor}`);
      button.addEventListener("click", () => this.saveImage(factor));
      return button;
    });
    const film = controls.button("record", () => this.record());
    film.hidden = !Film.kind();
    this.recordButton = film;
    const input = controls.make("input", "s-hidden", { type: "file", accept: ".png,.txt,.json", id: "s-file" });
    const words = controls.text("label", "open_file", "s-file");
    words.setAttribute("for", "s-file");
    input.addEventListener("change", async () => {
      await this.open(input.files[0]);
      input.value = "";
    });
    const buttons = [
      ...sizes,
      controls.button("save_vector", () => download("Vec.txt", new Blob([toText([this.z]), "\n"]))),
      controls.button("sheet", () => this.saveSheet()),
      film,
      controls.button("copy_link", () => this.copyLink()),
    ];
    const box = controls.make("div", "s-buttons", {}, ...buttons, controls.make("span", "", {}, input, words));
    return controls.section("home", box, this.homeMessage);
  }

  small() {
    const [height, width] = this.engine.shape;
    return this.controls.make("canvas", "s-thumb", { width, height, "aria-hidden": "true" });
  }

  directionName(name) {
    const { controls } = this;
    const ends = this.facts.direction_ends[name]?.[controls.language === "fr" ? 1 : 0];
    return ends ? controls.say("ends", { low: ends[0], high: ends[1] }) : (/^\d+$/.test(name) ? controls.say("direction", { name }) : name);
  }

  // Moving the point

  setCore(core) {
    if (this.motion.playing) this.motion.offset = plus(this.motion.offset, plus(core, this.core, -1));
    this.core = core;
    this.changed();
  }

  along({ vector }, value) {
    const z = this.z;
    const moved = plus(z, vector, value - dot(z, vector));
    this.setCore(scaled(moved, 1 / (this.truncation || 1)));
  }

  goTo(core, gesture) {
    this.remember(gesture);
    this.stop();
    this.core = Float32Array.from(core);
    this.changed();
  }

  random() {
    this.remember();
    const core = normal(this.n);
    if (this.motion.playing) this.motion.start(core);
    this.core = core;
    this.changed();
  }

  // Keep what is there, for undo; moves of one gesture are one.
  remember(gesture = null) {
    if (gesture !== null && gesture === this.gesture) return;
    this.gesture = gesture;
    const { core, truncation, ends, pins } = this;
    this.history.push({ core, truncation, ends: [...ends], pins: [...pins] });
    if (this.history.length > MOST_STEPS) this.history.shift();
  }

  undo() {
    const before = this.history.pop();
    if (!before) return;
    this.stop();
    this.gesture = null;
    Object.assign(this, before);
    this.showPins();
    this.changed();
  }

  move(kind) {
    this.motion.kind = kind;
    this.stop();
    this.togglePlay();
  }

  togglePlay() {
    const { motion } = this;
    if (motion.playing) return this.stop();
    const refusal = motion.refusal(this.pins, this.ends);
    this.moveMessage.tell(refusal, {}, true);
    if (!refusal) {
      this.remember();
      motion.start(this.core);
    }
    this.place();
  }

  stop() {
    this.motion.stop();
    this.settle();
    this.place();
  }

  // Pins

  setEnd(i) {
    this.remember();
    this.ends[i] = this.core;
    this.pinMessage.tell(null);
    this.showPins();
    this.onWay = this.core;
    this.between.place(i);
  }

  addPin() {
    if (this.pins.length >= MOST_PINS) return this.pinMessage.tell("too_many_pins", { n: MOST_PINS }, true);
    this.remember();
    this.pins.push(this.core);
    this.pinMessage.tell(null);
    this.showPins();
  }

  removePin(i) {
    this.remember();
    this.pins.splice(i, 1);
    if (this.motion.kind === "loop" && this.pins.length < 2) this.stop();
    this.showPins();
    (this.pinBox.querySelectorAll(".s-pin")[Math.min(i, this.pins.length - 1)] ?? this.play).focus();
  }

  showPins() {
    const { controls } = this;
    const pins = this.pins.map((pin, i) => {
      const canvas = this.small();
      this.paintSmall(canvas, pin);
      const go = controls.make("button", "s-pin", { type: "button" }, canvas, controls.make("span", "", {}, `${i + 1}`));
      go.setAttribute("aria-label", controls.say("go", { i: i + 1 }));
      go.addEventListener("click", () => this.goTo(pin));
      const away = controls.make("button", "s-away", { type: "button" }, "×");
      away.setAttribute("aria-label", controls.say("unpin", { i: i + 1 }));
      away.addEventListener("click", () => this.removePin(i));
      return controls.make("div", "s-end", {}, go, away);
    });
    if (!pins.length) pins.push(controls.make("p", "s-help", {}, controls.say("no_pins")));
    this.pinBox.replaceChildren(...pins);
    this.endButtons.forEach(({ go, canvas, name }, i) => {
      go.classList.toggle("s-empty", !this.ends[i]);
      if (this.ends[i]) this.paintSmall(canvas, this.ends[i]);
      else canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      name();
    });
    this.keep();
  }

  async paintSmall(canvas, core) {
    const { pixels } = await this.engine.draw(scaled(core, this.truncation), []);
    canvas.getContext("2d").putImageData(new ImageData(pixels, canvas.width), 0, 0);
  }

  // What both ends of each direction look like from here, drawn while nothing else is to be drawn.
  async lookAround() {
    const look = (this.looks = (this.looks ?? 0) + 1);
    const { z } = this;
    for (const { direction, low, high } of this.directionSliders) {
      for (const [canvas, end] of [[low, -REACH], [high, REACH]]) {
        if (look !== this.looks) return;
        const { pixels } = await this.engine.draw(plus(z, direction.vector, end - dot(z, direction.vector)), []);
        canvas.getContext("2d").putImageData(new ImageData(pixels, canvas.width), 0, 0);
      }
    }
  }

  // Drawing

  // Something that the image follows has changed.
  changed() {
    this.version = (this.version ?? 0) + 1;
    this.settle();
    if (!this.placing) this.placing = requestAnimationFrame(() => this.place());
  }

  // Once nothing has been touched for a while, the page remembers, and looks around.
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.keep();
      this.lookAround();
    }, 400);
  }

  // Put all controls where the point is.
  place() {
    this.placing = 0;
    const { controls, motion } = this;
    const z = this.z;
    for (const { place, direction } of this.directionSliders) place(clipped(dot(z, direction.vector), 0.05));
    this.truncationSlider.place(this.truncation);
    if (this.core !== this.onWay) this.between.place(0); // the image has left the way from A to B
    if (this.dot) {
      const shares = this.padPlace().map((value) => (clipped(value, 0.01) / REACH + 1) / 2);
      [this.dot.style.left, this.dot.style.top] = [`${100 * shares[0]}%`, `${100 * (1 - shares[1])}%`];
      const [x, y] = this.padPlace().map((value) => decimals(value));
      this.dot.setAttribute("aria-label", controls.say("pad_place", { x, y }));
    }
    this.undoButton.disabled = !this.history.length;
    this.play.textContent = controls.say(motion.playing ? "pause" : "play");
    this.play.dataset.playing = motion.playing;
    this.kinds.forEach((button, i) => button.setAttribute("aria-pressed", motion.playing && KINDS[i] === motion.kind));
    this.showNumbers();
  }

  frame(now) {
    requestAnimationFrame((next) => this.frame(next));
    const dt = Math.min(0.1, (now - (this.last ?? now)) / 1000);
    this.last = now;
    this.senses.feel();
    if (this.motion.playing) {
      this.core = this.motion.next(dt, this.pins, this.ends);
      this.moved = true;
      this.version += 1;
      if (now - (this.placed ?? 0) > 100) {
        this.placed = now;
        this.place();
      }
    }
    if (this.version !== this.drawn && this.engine.idle) this.ask();
    if (this.screen.paint(now)) this.film?.draw();
    if (now - (this.counted ?? 0) > 500) this.count(now);
  }

  async ask() {
    this.drawn = this.version;
    const number = ++this.asked;
    const { z, bends } = this;
    try {
      const { pixels } = await this.engine.draw(z, bends);
      if (number < this.shown) return; // another worker was quicker with a later one
      this.shown = number;
      this.screen.take({ pixels, z, bent: bends.length > 0 }, performance.now());
      document.documentElement.dataset.drawn = number;
    } catch (error) {
      this.message.tell("not_drawn_here", { reason: error.message }, true);
    }
  }

  count(now) {
    this.counted = now;
    const n = this.screen.rate(now);
    this.rate.textContent = n > 1 ? this.controls.say("rate", { n, name: this.engine.name }) : "";
  }

  // Taking home

  async saveImage(factor) {
    const { pixels, z, bent } = this.screen.picture;
    const [height, width] = this.engine.shape;
    const texts = { Z: toText([z]), Generator: this.facts.fingerprint };
    if (bent) texts.Bent = JSON.stringify(this.bending.state);
    const name = `image_${String(this.saved = (this.saved ?? -1) + 1).padStart(2, "0")}.png`;
    download(name, await toPng({ pixels, width, height, factor, texts }));
    this.homeMessage.tell("saved", { name });
  }

  // All pins on one sheet, each in its frame.
  async saveSheet() {
    const points = this.pins.length ? this.pins : [this.core];
    const [height, width] = this.engine.shape;
    const columns = Math.ceil(Math.sqrt(points.length));
    const gap = Math.round(width / 16);
    const canvas = this.controls.make("canvas", "", {
      width: columns * (width + gap) + gap,
      height: Math.ceil(points.length / columns) * (height + gap) + gap,
    });
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    context.fillStyle = style.getPropertyValue("--stage");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = style.getPropertyValue("--frame");
    for (const [i, point] of points.entries()) {
      const [x, y] = [gap + (i % columns) * (width + gap), gap + Math.floor(i / columns) * (height + gap)];
      const { pixels } = await this.engine.draw(scaled(point, this.truncation), this.bends);
      context.fillRect(x - 1, y - 1, width + 2, height + 2);
      context.putImageData(new ImageData(pixels, width), x, y);
    }
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    download("sheet.png", await toPng({ pixels: data, width: canvas.width, height: canvas.height, factor: 2 }));
    this.homeMessage.tell("saved", { name: "sheet.png" });
  }

  async record() {
    const { controls, recordButton } = this;
    if (this.film) {
      const film = this.film;
      this.film = null;
      recordButton.textContent = controls.say("record");
      recordButton.classList.remove("s-recording");
      const blob = await film.end();
      const name = blob.type.includes("mp4") ? "film.mp4" : "film.webm";
      download(name, blob);
      return this.homeMessage.tell("saved", { name });
    }
    if (!this.motion.playing) this.togglePlay();
    this.film = new Film(this.screen.canvas, FILM_SIDE);
    recordButton.textContent = controls.say("record_end");
    recordButton.classList.add("s-recording");
    this.homeMessage.tell("recording");
  }

  async open(file) {
    if (!file) return;
    const { vectors, generator } = await readFile(file, this.n).catch(() => ({}));
    const name = file.name;
    if (!vectors) return this.homeMessage.tell("no_vector_here", { name, n: this.n }, true);
    this.truncation = 1;
    this.goTo(vectors[0]);
    if (vectors.length > 1) {
      this.ends = vectors.slice(0, 2);
      this.showPins();
    }
    const stranger = generator && generator !== this.facts.fingerprint;
    const key = stranger ? "opened_stranger" : vectors.length > 1 ? "opened_pair" : "opened";
    this.homeMessage.tell(key, { name, n: vectors.length });
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.frameBox.requestFullscreen?.();
  }

  // Presets: in the link, and in the browser's memory

  get preset() {
    const { motion } = this;
    const { kind, speed, radius, seconds, easing } = motion;
    return {
      z: toLink(this.core),
      t: this.truncation,
      ends: this.ends.map((z) => z && toLink(z)),
      pins: this.pins.map(toLink),
      move: { kind, speed, radius, seconds, easing, playing: motion.playing },
      bends: this.bending?.state ?? [],
    };
  }

  // Takes what is sound of a preset, and leaves the rest.
  set preset(given) {
    const vector = (text) => fromLink(text, this.n);
    const core = vector(given.z);
    if (!core) return;
    this.core = core;
    if (Number.isFinite(given.t)) this.truncation = Math.min(2, Math.max(0, given.t));
    if (Array.isArray(given.ends)) this.ends = [0, 1].map((i) => given.ends[i] && vector(given.ends[i]));
    if (Array.isArray(given.pins)) this.pins = given.pins.slice(0, MOST_PINS).map(vector).filter(Boolean);
    const { kind, speed, radius, seconds, easing, playing } = given.move ?? {};
    const { motion, controls } = this;
    if (KINDS.includes(kind)) motion.kind = kind;
    if (easing in EASINGS) this.easing.value = motion.easing = easing;
    for (const [id, value] of [["speed", Math.log2(speed)], ["radius", radius], ["leg", seconds]])
      if (Number.isFinite(value)) controls.sliders.get(id).move(value);
    [motion.speed, motion.radius, motion.seconds] = ["speed", "radius", "leg"].map((id) => Number(controls.sliders.get(id).input.value));
    motion.speed = 2 ** motion.speed;
    if (this.bending) this.bending.state = given.bends;
    if (playing === true && !motion.refusal(this.pins, this.ends)) motion.start(this.core);
  }

  // Where the page begins: at what its link says, else where it was left, else anywhere, moving.
  restore() {
    let given = null;
    try {
      given = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    } catch {
      // no preset in the link
    }
    try {
      given ??= JSON.parse(localStorage.getItem(this.memory));
    } catch {
      // no memory here
    }
    if (given && typeof given === "object") this.preset = given;
    else if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.motion.start(this.core);
    this.controls.speakers.push(() => {
      this.showPins();
      this.place();
    });
  }

  get memory() {
    return `trois-lignes ${this.facts.fingerprint}`;
  }

  keep() {
    try {
      localStorage.setItem(this.memory, JSON.stringify(this.preset));
    } catch {
      // no memory here, or none left
    }
  }

  async copyLink() {
    location.hash = encodeURIComponent(JSON.stringify(this.preset));
    try {
      await navigator.clipboard.writeText(location.href);
      this.homeMessage.tell("link_copied");
    } catch {
      this.homeMessage.tell("link_shown");
    }
  }

  // Keys and files from anywhere on the page

  listen() {
    const keys = {
      " ": () => this.togglePlay(),
      r: () => this.random(),
      m: () => this.goTo(scaled(this.core, -1)),
      p: () => this.addPin(),
      s: () => this.saveImage(1),
      f: () => this.fullScreen(),
      a: () => (this.ends[0] ? this.goTo(this.ends[0]) : this.setEnd(0)),
      b: () => (this.ends[1] ? this.goTo(this.ends[1]) : this.setEnd(1)),
    };
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") {
        event.preventDefault();
        return this.undo();
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      const types = target.matches("select, input, textarea, summary, .z-cell");
      const presses = event.key === " " && target.matches("button");
      if (types || presses || !(event.key.toLowerCase() in keys)) return;
      event.preventDefault();
      keys[event.key.toLowerCase()]();
    });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
    this.root.addEventListener("change", () => (this.gesture = null)); // a gesture ends when a control is let go
    addEventListener("pagehide", () => this.keep());
  }
}

function clipped(value, step) {
  return Math.min(REACH, Math.max(-REACH, Math.round(value / step) * step));
}
