// The page: the stage with the image, what moves it, and the panel of controls. All controls change one point of the
// latent space and take their places from it. The image comes from an engine (see engine.js) and from nowhere else; what
// needs Python comes from a host (see host.js), without which its controls are not there.

import { Bending } from "./bending.js";
import { Controls, decimals, nearest } from "./controls.js";
import { makeGrid } from "./grid.js";
import { Home } from "./home.js";
import { MOST_PINS, presetOf, takePreset } from "./memory.js";
import { KINDS, Motion } from "./motion.js";
import { EASINGS, dot, normal, onArc, plus, scaled } from "./paths.js";
import { Reading } from "./reading.js";
import { Screen } from "./screen.js";
import { Senses } from "./senses.js";

const MACHINE = "machine"; // the gesture of all that other programs, MIDI and sound move: one step back
const REACH = 4; // of sliders of directions and of the pad
const MOST_STEPS = 200; // back
const LEAST = 0.1; // truncation by which a point is divided: near 0 its numbers would go beyond all bounds
const SETTLED = 250; // milliseconds without a change, after which the page remembers, reads and looks around
const SHOWN = "a link of this page's own, to be copied by hand"; // the state of the address
const WIDE = 860; // pixels, from which on the numbers are open; as in stage.css

export class Page {
  // root: where it is built; facts: of page_facts in one_file.py, and what the page's maker adds; engine: see engine.js;
  // host: Python, or null; change: to go on with another generator, or null.
  constructor({ root, facts, engine, host = null, change = null }) {
    Object.assign(this, { root, facts, engine, host, change });
    const alone = root.classList.contains("s-alone");
    const language = facts.language ?? nearest(facts.texts, navigator.language);
    this.controls = new Controls({ texts: facts.texts, language, root, alone });
    this.n = facts.latent_dim;
    this.setDirections(facts.directions);
    this.core = facts.start ? Float32Array.from(facts.start) : normal(this.n);
    this.truncation = 1;
    this.pins = [];
    this.ends = [null, null];
    this.history = [];
    this.motion = new Motion(this.n);
    this.asked = this.shown = 0;
    this.gone = new AbortController(); // ends what the page listens to outside itself
    this.build();
    this.restore();
    this.controls.speak(this.controls.language);
    this.changed();
    requestAnimationFrame((now) => this.frame(now));
  }

  // Another page takes this one's place; gives what that goes on with.
  end() {
    this.keep();
    this.home.finish();
    this.gone.abort();
    clearTimeout(this.settling);
    this.bending?.end();
    this.engine.end();
    this.controls.alone = false;
    if (this.host) this.host.gone = null;
    delete this.root.dataset.drawn;
    return this.senses.end();
  }

  setDirections(directions) {
    this.directions = Object.entries(directions).map(([name, vector]) => ({ name, vector: Float32Array.from(vector) }));
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
    const { controls, host } = this;
    this.message = controls.line();
    const canvas = controls.make("canvas", "s-image", { role: "img" });
    controls.spoken(() => canvas.setAttribute("aria-label", controls.say("image")));
    this.screen = new Screen(canvas, this.engine.shape);
    this.rate = controls.make("span", "s-rate");
    this.play = controls.button("play", () => this.togglePlay(), "s-primary");
    this.undoButton = controls.button("undo", () => this.undo());
    this.home = new Home(this);
    const whole = controls.button("full_screen", () => this.fullScreen());
    whole.hidden = !document.fullscreenEnabled;
    this.actions = controls.make(
      ...["div", "s-actions", {}],
      this.play,
      controls.button("random", () => this.random()),
      this.undoButton,
      controls.button("mirror", () => this.goTo(scaled(this.core, -1))),
      controls.button("pin", () => this.addPin()),
      controls.button("save_image", () => this.home.saveImage(1)),
      whole,
    );
    this.frameBox = controls.make("div", "s-frame", {}, canvas);
    this.stage = controls.make("section", "s-stage", {}, this.frameBox, this.actions, this.message, this.rate);
    this.root.classList.toggle("s-reads", Boolean(this.facts.reads));
    if (this.facts.reads) {
      this.reading = new Reading(this);
      this.frameBox.append(this.reading.outlines);
      this.rate.before(this.reading.line);
    }
    controls.spoken(() => this.stage.setAttribute("aria-label", controls.say("stage")));
    this.steered = this.steering();
    const panel = controls.make(
      ...["div", "s-panel", {}],
      this.head(),
      this.moving(),
      this.pinned(),
      this.steered,
      this.numbers(),
    );
    if (this.engine.maps.length) {
      this.bending = new Bending(this);
      panel.append(this.bending.fold);
    }
    this.senses = new Senses(this);
    panel.append(this.senses.fold, this.home.section, controls.text("p", "keys", "s-help"));
    const banner = controls.line();
    banner.className = "s-gone";
    banner.setAttribute("role", "alert");
    if (host) this.listenTo(host, banner);
    this.root.replaceChildren(banner, controls.make("div", "s-page", {}, this.stage, panel));
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
    const title = controls.make("div", "", {}, controls.text("h1", "title"), this.menu());
    const head = controls.make("header", "s-head", {}, title, controls.make("div", "s-buttons", {}, ...buttons));
    this.headMessage = controls.line();
    head.append(this.headMessage);
    if (this.facts.drawn_here) controls.spoken(() => this.headMessage.tell("drawn_here", { reason: this.facts.drawn_here }));
    return head;
  }

  // The generator's name; where there are others, the menu of them.
  menu() {
    const { controls } = this;
    const { name, generators = [] } = this.facts;
    if (generators.length < 2) return controls.make("p", "s-name", {}, name);
    const select = controls.make("select", "s-generators");
    controls.spoken(() => {
      select.setAttribute("aria-label", controls.say("generator"));
      const options = generators.map((one) => new Option(one || controls.say("this_generator"), one, false, one === name));
      select.replaceChildren(...options);
    });
    select.addEventListener("change", async () => {
      this.headMessage.tell("opening", { name: select.value });
      try {
        await this.change(select.value);
        this.root.querySelector(".s-generators").focus();
      } catch (error) {
        select.value = name;
        this.home.refuse(error, this.headMessage);
      }
    });
    return select;
  }

  moving() {
    const { controls, motion } = this;
    this.moveMessage = controls.line();
    this.kinds = KINDS.map((kind) => controls.button(`move_${kind}`, () => this.move(kind), "s-choice"));
    const speed = controls.slider("speed", {
      ...{ min: -2, max: 2, value: 0, show: (v, spoken) => `× ${decimals(2 ** v, 2, spoken)}` },
      label: () => controls.say("speed"),
      set: (value) => (motion.speed = 2 ** value),
    });
    const radius = controls.slider("radius", {
      ...{ min: 0.05, max: 1, value: motion.radius },
      label: () => controls.say("radius"),
      set: (value) => (motion.radius = value),
    });
    const seconds = controls.slider("leg", {
      ...{ min: 0.5, max: 10, step: 0.5, value: motion.seconds, show: (v, spoken) => `${decimals(v, 1, spoken)} s` },
      label: () => controls.say("leg"),
      set: (value) => (motion.seconds = value),
    });
    const easings = () => Object.keys(EASINGS).map((name) => [name, controls.say(`ease_${name}`)]);
    const easing = controls.select("easing", easings, (value) => {
      motion.easing = value;
      this.rejoin("loop", "between");
    }, motion.easing);
    this.easing = easing.select;
    const choice = controls.make("div", "s-buttons", {}, ...this.kinds);
    return controls.section("moving", choice, this.moveMessage, speed.row, radius.row, seconds.row, easing.row);
  }

  pinned() {
    const { controls } = this;
    this.pinBox = controls.make("div", "s-pins");
    this.pinMessage = controls.line();
    const film = this.host ? this.home.filming() : [];
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
      set: (value, byHand) => {
        const [a, b] = this.ends;
        if (!a || !b) return this.pinMessage.tell("no_ends", {}, true);
        this.remember(byHand ? "between" : MACHINE);
        this.setCore(onArc(a, b, value));
        this.onWay = this.core;
      },
    });
    const ends = controls.make("div", "s-ends", {}, ...this.endButtons.map(({ box }) => box));
    return controls.section("timeline", this.pinBox, this.pinMessage, ends, this.between.row, ...film);
  }

  steering() {
    const { controls } = this;
    this.directionSliders = this.directions.map((direction, i) => {
      const [low, high] = [this.small(), this.small()];
      const slider = controls.slider(`direction_${i}`, {
        ...{ min: -REACH, max: REACH, step: 0.05, before: low, after: high },
        label: () => this.directionName(direction.name),
        set: (value, byHand) => {
          this.remember(byHand ? `direction ${i}` : MACHINE);
          this.along(direction, value);
        },
      });
      slider.row.classList.add("s-tall");
      return { ...slider, direction, low, high };
    });
    const truncation = controls.slider("truncation", {
      ...{ min: 0, max: 2, value: 1 },
      label: () => controls.say("truncation"),
      set: (value, byHand) => {
        this.remember(byHand ? "truncation" : MACHINE);
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
        move: (value) => {
          this.remember(MACHINE);
          this.along(this.directions[this.axes[axis]], value);
        },
      });
    return [this.field, ...selects.map(({ row }) => row)];
  }

  padPlace() {
    return this.axes.map((axis) => dot(this.z, this.directions[axis].vector));
  }

  movePad(values) {
    this.remember("pad");
    const [x, y] = this.axes.map((axis) => this.directions[axis].vector);
    const [ahead, up] = [x, y].map((vector, axis) => this.lies(values[axis]) - dot(this.core, vector));
    const alike = dot(x, y); // directions need not be at right angles: each moves the image along the other too
    if (1 - alike ** 2 < 1e-6) return this.steer(plus(this.core, x, ahead));
    const [right, high] = [(ahead - alike * up) / (1 - alike ** 2), (up - alike * ahead) / (1 - alike ** 2)];
    this.steer(plus(plus(this.core, x, right), y, high));
  }

  // The vector as a grid of cells.
  numbers() {
    const { controls } = this;
    const grid = makeGrid({
      language: () => controls.language,
      words: () => ({ grid: controls.say("grid", { n: this.n }), cell: controls.texts[controls.language].cell }),
      stops: this.facts.stops,
      change: (values, gesture) => {
        this.remember(`grid ${gesture}`);
        this.setNumbers([...values.entries()].filter(([i, value]) => value !== this.readable[i]));
      },
    });
    const box = controls.make("div", "s-grid", {}, ...grid.parts);
    const fold = controls.fold("numbers", box, controls.text("p", "help", "s-help"));
    fold.open = this.root.clientWidth > WIDE;
    controls.speakers.push(grid.speak);
    let seen = false;
    this.readable = []; // the numbers as the grid shows them
    this.showNumbers = () => {
      if (!fold.open || (this.motion.playing && !seen)) return;
      this.readable = Array.from(this.z);
      grid.show(this.readable, this.motion.playing);
    };
    const watch = new IntersectionObserver(([{ isIntersecting }]) => {
      seen = isIntersecting;
      this.showNumbers();
    });
    watch.observe(box); // while the image moves, numbers that nobody sees cost nothing
    this.gone.signal.addEventListener("abort", () => watch.disconnect());
    fold.addEventListener("toggle", () => this.showNumbers());
    return fold;
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

  // Where the point lies along a direction that the image is to show at `value`.
  lies(value) {
    return value / Math.max(LEAST, this.truncation);
  }

  // Go to a point that was found by what the image is to show; at truncation 0 it shows nothing of it, and controls go
  // back to where they were.
  steer(core) {
    this.truncation ? this.setCore(core) : this.place();
  }

  along({ vector }, value) {
    this.steer(plus(this.core, vector, this.lies(value) - dot(this.core, vector)));
  }

  // Other numbers of the vector: [[which, value], ...]; those that are not named stay.
  setNumbers(changed) {
    const core = Float32Array.from(this.core);
    for (const [i, value] of changed) core[i] = this.lies(value);
    this.steer(core);
  }

  goTo(core, gesture) {
    this.remember(gesture);
    this.stop();
    this.core = core;
    this.changed();
  }

  // Vectors that a file brought: the first is shown, and of several the first two become A and B.
  take(vectors) {
    this.remember();
    this.stop();
    this.truncation = 1;
    this.core = vectors[0];
    if (vectors.length > 1) {
      this.ends = vectors.slice(0, 2);
      this.showPins();
    }
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

  // What these kinds of motion follow changes: the image glides on from where it is.
  rejoin(...kinds) {
    if (kinds.includes(this.motion.kind)) this.motion.rejoin(this.core, this.pins.length);
  }

  // Pins

  setEnd(i) {
    this.remember();
    this.ends[i] = this.core;
    this.rejoin("between");
    this.pinMessage.tell(null);
    this.showPins();
    this.onWay = this.core;
    this.between.place(i);
  }

  addPin() {
    if (this.pins.length >= MOST_PINS) return this.pinMessage.tell("too_many_pins", { n: MOST_PINS }, true);
    this.remember();
    this.rejoin("loop");
    this.pins.push(this.core);
    this.pinMessage.tell(null);
    this.showPins();
  }

  removePin(i) {
    this.remember();
    this.rejoin("loop");
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
    this.reading?.clear();
    this.settle();
    if (!this.placing) this.placing = requestAnimationFrame(() => this.place());
  }

  // Once nothing has been touched for a while, the page remembers, and looks around.
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      if (this.reading && (this.busy || this.version !== this.drawn) && !this.motion.playing) return this.settle();
      this.keep();
      if (this.reading) this.motion.playing ? this.reading.clear() : this.reading.read();
      this.lookAround();
    }, SETTLED);
  }

  // Put all controls where the point is.
  place() {
    this.placing = 0;
    const { controls, motion } = this;
    const z = this.z;
    for (const { place, direction } of this.directionSliders) place(clipped(dot(z, direction.vector), 0.05));
    this.truncationSlider.place(this.truncation);
    const end = this.ends.indexOf(this.core);
    if (end >= 0 || this.core !== this.onWay) this.between.place(Math.max(end, 0)); // it has left the way, or is at an end
    if (this.dot) {
      const shares = this.padPlace().map((value) => (clipped(value, 0.01) / REACH + 1) / 2);
      [this.dot.style.left, this.dot.style.top] = [`${100 * shares[0]}%`, `${100 * (1 - shares[1])}%`];
      const [x, y] = this.padPlace().map((value) => decimals(value, 2, controls.language));
      this.dot.setAttribute("aria-label", controls.say("pad_place", { x, y }));
    }
    this.undoButton.disabled = !this.history.length;
    this.play.textContent = controls.say(motion.playing ? "pause" : "play");
    this.play.dataset.playing = motion.playing;
    this.kinds.forEach((button, i) => button.setAttribute("aria-pressed", motion.playing && KINDS[i] === motion.kind));
    this.showNumbers();
  }

  frame(now) {
    if (this.gone.signal.aborted) return;
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
    this.busy = (this.busy ?? 0) + 1;
    const number = ++this.asked;
    const { z, bends } = this;
    try {
      const { pixels } = await this.engine.draw(z, bends);
      if (number < this.shown || this.gone.signal.aborted) return; // a later one was quicker, or the page is gone
      this.shown = number;
      this.screen.take({ pixels, z, bent: bends.length > 0 }, performance.now());
      this.root.dataset.drawn = number;
      if (this.failed) this.message.tell((this.failed = null));
    } catch (error) {
      this.failed = error;
      this.message.tell("not_drawn_here", { reason: error.message }, true);
    } finally {
      this.busy -= 1;
    }
  }

  count(now) {
    this.counted = now;
    const n = this.screen.rate(now);
    this.rate.textContent = n > 1 ? this.controls.say("rate", { n, name: this.engine.name }) : "";
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.frameBox.requestFullscreen?.();
  }

  // Where the page begins: at what its link says, else where it was left, else anywhere, moving. A notebook has no link
  // and no memory: it begins where its cell says, and stands still.
  restore() {
    const read = (text) => {
      try {
        return takePreset(this, JSON.parse(text()));
      } catch {
        return false; // no preset, or no memory here
      }
    };
    const remembered = this.controls.alone && read(() => localStorage.getItem(this.memory));
    this.kept = remembered ? this.written() : null;
    const known = (this.controls.alone && this.follow()) || remembered;
    const moves = this.controls.alone && this.engine.name !== "Python"; // Python's pictures are for those who ask
    if (!known && moves && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.motion.start(this.core);
    this.controls.speakers.push(() => {
      this.showPins();
      this.place();
    });
  }

  get memory() {
    return `trois-lignes ${this.facts.fingerprint}`;
  }

  // Go to what the address says behind its #, and take it out of there: what is done from now on counts. One step back
  // is what was there before.
  follow() {
    let given = null;
    try {
      given = history.state === SHOWN ? null : JSON.parse(decodeURIComponent(location.hash.slice(1)));
    } catch {
      // no preset
    }
    if (!given) return false;
    this.remember();
    const known = takePreset(this, given);
    if (!known) this.history.pop();
    else if (given.f && given.f !== this.facts.fingerprint)
      this.home.message.tell("opened_stranger", { name: this.controls.say("the_link") });
    writeFragment("", null);
    return known;
  }

  // What the memory is to hold.
  written() {
    return JSON.stringify(presetOf(this));
  }

  // Remember what has changed here; pins that stayed as they were are left to another tab, which may have more.
  keep() {
    if (!this.controls.alone) return;
    const now = this.written();
    if (now === this.kept) return;
    try {
      const preset = JSON.parse(now);
      const before = JSON.parse(this.kept ?? "{}");
      const there = JSON.parse(localStorage.getItem(this.memory) ?? "{}");
      for (const name of ["pins", "ends"])
        if (there?.[name] && JSON.stringify(preset[name]) === JSON.stringify(before[name])) preset[name] = there[name];
      localStorage.setItem(this.memory, JSON.stringify(preset));
      this.kept = now;
    } catch {
      // no memory here, or none left
    }
  }

  async copyLink() {
    const link = `#${encodeURIComponent(this.written())}`;
    try {
      await navigator.clipboard.writeText(location.href.split("#")[0] + link);
      this.home.message.tell("link_copied");
    } catch {
      writeFragment(link, SHOWN);
      this.home.message.tell("link_shown");
    }
  }

  // Python and other programs

  listenTo(host, banner) {
    host.on("moves", (moves) => this.obey(moves));
    host.on("directions", (directions) => this.steerBy(directions));
    host.gone = (silent) => banner.textContent || silent ? banner.tell(silent ? "gone" : null) : null;
  }

  // Directions that were found meanwhile take their place.
  steerBy(directions) {
    const held = this.steered.contains(document.activeElement);
    const before = this.steered;
    this.setDirections(directions);
    for (const id of [...this.controls.sliders.keys()]) if (/^direction_/.test(id)) this.controls.sliders.delete(id);
    this.steered = this.steering();
    before.replaceWith(this.steered);
    if (held) this.steered.querySelector("input").focus();
    this.place();
    this.settle();
    this.headMessage.tell("directions_found");
  }

  // What other programs sent: address without its first stroke -> value, see osc.py.
  obey(moves) {
    const heard = Object.entries(moves);
    const numbers = heard.filter(([address]) => address.startsWith("z/") && Number(address.slice(2)) < this.n);
    if (numbers.length) {
      this.remember(MACHINE);
      this.setNumbers(numbers.map(([address, value]) => [Number(address.slice(2)), value]));
    }
    for (const { direction, move } of this.directionSliders) {
      const value = moves[`direction/${direction.name.split(/\s+/).join("_")}`];
      if (value !== undefined) move(value);
    }
    if (moves.truncation !== undefined) this.truncationSlider.move(moves.truncation);
    if (moves.between !== undefined) this.between.move(moves.between);
    if (moves.play !== undefined && moves.play >= 0.5 !== this.motion.playing) this.togglePlay();
  }

  // Keys and files from anywhere on the page

  listen() {
    const keys = {
      " ": () => this.togglePlay(),
      r: () => this.random(),
      m: () => this.goTo(scaled(this.core, -1)),
      p: () => this.addPin(),
      s: () => this.home.saveImage(1),
      f: () => this.fullScreen(),
      a: () => (this.ends[0] ? this.goTo(this.ends[0]) : this.setEnd(0)),
      b: () => (this.ends[1] ? this.goTo(this.ends[1]) : this.setEnd(1)),
    };
    const place = this.controls.alone ? document : this.root; // in a notebook there are other cells
    const { signal } = this.gone;
    const pressed = (event) => {
      if (event.defaultPrevented) return;
      const { target } = event;
      if ((event.ctrlKey || event.metaKey) && event.key === "z") {
        if (target.matches?.("textarea, input:not([type=range])")) return;
        event.preventDefault();
        return this.undo();
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const types = target.matches?.("select, textarea, input:not([type=range])");
      const presses = event.key === " " && target.matches?.("button, summary");
      if (types || presses || !(event.key.toLowerCase() in keys)) return;
      event.preventDefault();
      keys[event.key.toLowerCase()]();
    };
    place.addEventListener("keydown", pressed, { signal });
    // without this the browser would leave the page and show the file instead
    const over = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.root.classList.toggle("s-over", event.type === "dragover");
      if (event.type === "drop") this.home.open(event.dataTransfer.files[0]);
    };
    for (const name of ["dragover", "dragleave", "drop"]) place.addEventListener(name, over, { signal });
    this.root.addEventListener("change", () => (this.gesture = null), { signal }); // a control is let go
    addEventListener("pagehide", () => this.keep(), { signal });
    const followed = () => {
      if (!this.follow()) return;
      this.showPins();
      this.changed();
    };
    if (this.controls.alone) addEventListener("hashchange", followed, { signal });
  }
}

// Write into the address, behind its #; `state` stays with it when the page is loaded again.
function writeFragment(fragment, state) {
  try {
    history.replaceState(state, "", location.href.split("#")[0] + fragment);
  } catch {
    // a frame that may not
  }
}

function clipped(value, step) {
  return Math.min(REACH, Math.max(-REACH, Math.round(value / step) * step));
}
