// Take home, bring back: images, drawings, vectors, sheets, films, links, the page itself; and files that come.

import { download, readFile, toPng, toText } from "./files.js";
import { decimals } from "./controls.js";
import { colors } from "./reading.js";
import { Film } from "./screen.js";
import { scaled } from "./paths.js";
import { strokesIn, toSvg } from "./svg.js";

const SIZES = [1, 4, 16]; // times as large
const MOST_BYTES = 4 * 2 ** 20; // of an image or vector
const KEPT_BYTES = 8 * 2 ** 20; // of what goes to Python's folder too
const FILM_SIDE = 1080;
const FILM_SIDES = [384, 768, 1080];
const ENDINGS = { image: ["image_", "png"], drawing: ["image_", "svg"], vector: ["Vec_", "txt"], sheet: ["sheet_", "png"] };
const GENERATOR = /\.(h5|keras)$/i;

export class Home {
  constructor(page) {
    const { controls, host } = page;
    Object.assign(this, { page, controls, host });
    this.saved = 0;
    this.message = controls.line();
    this.section = this.build();
  }

  build() {
    const { controls, host, page } = this;
    const { facts } = page;
    const [height, width] = page.engine.shape;
    const sizes = SIZES.map((factor) => {
      const button = controls.make("button", "", { type: "button" }, `PNG ${width * factor} × ${height * factor}`);
      button.addEventListener("click", () => this.saveImage(factor));
      return button;
    });
    this.smooth = controls.toggle("smooth", () => {});
    this.smooth.hidden = !host || facts.shape[2] !== 3 || height > 256;
    const drawing = controls.button("save_drawing", () => this.saveDrawing());
    drawing.hidden = !facts.network || !page.engine.outputs || !strokesIn(facts.network);
    this.recordButton = controls.button("record", () => this.record());
    this.recordButton.hidden = !Film.kind();
    controls.speakers.push(() => this.showRecording());
    const link = controls.button("copy_link", () => page.copyLink());
    link.hidden = !controls.alone; // of a notebook there is no link
    const file = controls.button("one_file", () => this.saveFile());
    file.hidden = !host || !facts.network;
    const kinds = ".png,.txt,.json,.npy" + (host ? ",.h5,.keras" : "");
    const input = controls.make("input", "s-hidden", { type: "file", accept: kinds, id: `${controls.mark}-file` });
    const words = controls.text("label", "open_file", "s-file");
    words.setAttribute("for", input.id);
    input.addEventListener("change", async () => {
      await this.open(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    const buttons = [
      ...sizes,
      this.smooth,
      drawing,
      controls.button("save_vector", () => this.deliver("vector", new Blob([toText([page.z]), "\n"]))),
      controls.button("sheet", () => this.saveSheet()),
      this.recordButton,
      link,
      file,
    ];
    const box = controls.make("div", "s-buttons", {}, ...buttons, controls.make("span", "", {}, input, words));
    const hint = controls.make("p", "s-help");
    controls.spoken(() => (hint.textContent = controls.say(host ? "drop_hint_python" : "drop_hint")));
    return controls.section("home", box, this.message, hint);
  }

  // Hand a file over, and to Python's folder where there is one.
  async deliver(kind, blob) {
    const [stem, ending] = ENDINGS[kind] ?? ["film_", kind];
    let name = `${stem}${String(this.saved++).padStart(2, "0")}.${ending}`;
    try {
      if (this.page.facts.saves && blob.size < KEPT_BYTES)
        ({ name } = await this.host.ask("keep", { kind }, [await blob.arrayBuffer()]));
      this.message.tell("saved", { name });
    } catch (error) {
      this.refuse(error); // the folder; the browser has the file all the same
    }
    download(name.split("/").pop(), blob);
  }

  // What Python made and keeps already.
  handOver({ name, buffers }, line = this.message, key = "saved", values = {}) {
    download(name.split("/").pop(), new Blob(buffers));
    line.tell(key, { name, ...values });
  }

  refuse(error, line = this.message) {
    line.tell(error.key ?? "not_done", error.values ?? { reason: error.message }, true);
  }

  async saveImage(factor) {
    const { page } = this;
    const { pixels, z, bent } = page.screen.picture;
    if (factor > 1 && this.smooth.getAttribute("aria-pressed") === "true") return this.enlarge(factor);
    const [height, width] = page.engine.shape;
    const texts = { Z: toText([z]), Generator: page.facts.fingerprint };
    if (bent) texts.Bent = JSON.stringify(page.bending.state);
    await this.deliver("image", await toPng({ pixels, width, height, factor, texts }));
  }

  async enlarge(factor) {
    const { pixels, z } = this.page.screen.picture;
    this.message.tell("waiting");
    try {
      this.handOver(await this.host.ask("enlarge", { factor, z: Array.from(z) }, [colors(pixels).buffer]));
    } catch (error) {
      this.refuse(error);
    }
  }

  async saveDrawing() {
    const { page } = this;
    const { z, bends, facts } = page;
    const text = await toSvg(page.engine, z, bends, { Z: toText([z]), Generator: facts.fingerprint });
    await this.deliver("drawing", new Blob([text], { type: "image/svg+xml" }));
  }

  // All pins on one sheet, each in its frame.
  async saveSheet() {
    const { page, controls } = this;
    const points = page.pins.length ? page.pins : [page.core];
    const [height, width] = page.engine.shape;
    const columns = Math.ceil(Math.sqrt(points.length));
    const gap = Math.round(width / 16);
    const canvas = controls.make("canvas", "", {
      width: columns * (width + gap) + gap,
      height: Math.ceil(points.length / columns) * (height + gap) + gap,
    });
    const context = canvas.getContext("2d");
    const style = getComputedStyle(page.root);
    context.fillStyle = style.getPropertyValue("--stage");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = style.getPropertyValue("--frame");
    for (const [i, point] of points.entries()) {
      const [x, y] = [gap + (i % columns) * (width + gap), gap + Math.floor(i / columns) * (height + gap)];
      const { pixels } = await page.engine.draw(scaled(point, page.truncation), page.bends);
      context.fillRect(x - 1, y - 1, width + 2, height + 2);
      context.putImageData(new ImageData(pixels, width), x, y);
    }
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    await this.deliver("sheet", await toPng({ pixels: data, width: canvas.width, height: canvas.height, factor: 2 }));
  }

  // A film of what the stage shows.
  async record() {
    const { page } = this;
    if (page.film) return this.finish();
    if (!page.motion.playing) page.togglePlay();
    page.film = new Film(page.screen.canvas, FILM_SIDE);
    this.showRecording();
    this.message.tell("recording");
  }

  // End the film that is recorded, if any, and hand it over.
  async finish() {
    const { page } = this;
    if (!page.film) return;
    const { film } = page;
    page.film = null;
    this.showRecording();
    const blob = await film.end();
    await this.deliver(blob.type.includes("mp4") ? "mp4" : "webm", blob);
  }

  showRecording() {
    const { page, controls, recordButton } = this;
    recordButton.textContent = controls.say(page.film ? "record_end" : "record");
    recordButton.classList.toggle("s-recording", Boolean(page.film));
  }

  // The film of the pins that Python makes: its row, for the section of the pins.
  filming() {
    const { controls, page } = this;
    const formats = () => [".gif", ".mp4"].map((suffix) => [suffix, suffix.slice(1).toUpperCase()]);
    const sides = () => FILM_SIDES.map((side) => [side, `${side} pixels`]);
    const format = controls.select("format", formats, () => {}, ".gif");
    const side = controls.select("film_side", sides, () => {}, "384");
    const line = controls.line();
    const button = controls.button("film", async () => {
      const { seconds, easing } = page.motion;
      const pins = page.pins.map((pin) => scaled(pin, page.truncation));
      const joined = Float32Array.from(pins.flatMap((pin) => Array.from(pin)));
      button.disabled = true;
      button.textContent = controls.say("waiting");
      line.tell(null);
      const values = { suffix: format.select.value, side: Number(side.select.value), seconds, easing };
      const progress = ([done, n]) => line.tell("filming", { n: `${done} / ${n}` });
      try {
        const film = await this.host.ask("film", values, [joined.buffer], progress);
        const lasts = decimals(seconds * pins.length, 1, controls.language).replace(/[.,]0$/, "");
        this.handOver(film, line, page.bends.length ? "filmed_unbent" : "filmed", { n: film.n, seconds: lasts });
      } catch (error) {
        this.refuse(error, line);
      }
      button.disabled = false;
      button.textContent = controls.say("film");
    });
    return [controls.make("div", "s-filming", {}, format.row, side.row, button), line];
  }

  async saveFile() {
    this.message.tell("waiting");
    try {
      this.handOver(await this.host.ask("page", { language: this.controls.language }));
    } catch (error) {
      this.refuse(error);
    }
  }

  // A file that is dropped or chosen: an image or vector to go on from, or a generator.
  async open(file) {
    if (!file) return;
    const { page, message } = this;
    const name = short(file.name);
    if (GENERATOR.test(file.name)) return this.openGenerator(file, name);
    if (file.size > MOST_BYTES) return message.tell("too_large", { name, limit: MOST_BYTES / 2 ** 20 }, true);
    const { vectors, generator, length, bent } = await readFile(file, page.n).catch(() => ({}));
    if (!vectors && length) return message.tell("wrong_length", { name, n: length, latent_dim: page.n }, true);
    if (!vectors) return message.tell("no_vector", { name }, true);
    try {
      for (const z of vectors.slice(0, 2)) await page.engine.draw(z);
    } catch {
      return message.tell("not_drawn", { name }, true);
    }
    page.take(vectors);
    page.bending?.take(bent);
    const stranger = generator && generator !== page.facts.fingerprint;
    message.tell(stranger ? "opened_stranger" : vectors.length > 1 ? "opened_pair" : "opened", { name, n: vectors.length });
  }

  async openGenerator(file, name) {
    if (!this.host) return this.message.tell("no_python", { name }, true);
    this.message.tell("opening", { name });
    try {
      await this.page.change(null, file);
    } catch (error) {
      this.refuse(error);
    }
  }
}

// A file's name for display: at most 40 characters.
function short(name) {
  return name.length <= 40 ? name : `${name.slice(0, 24)}…${name.slice(-15)}`;
}
