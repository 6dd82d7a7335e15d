// Bending: for each of the network's layers, look at its pictures, choose some, and turn, scale, shift, mirror, erode or
// silence them while the image moves (Broad, Leymarie, Grierson, "Network Bending", 2021).

import { decimals } from "./controls.js";

const AMOUNTS = {
  turn: { min: -180, max: 180, step: 1, value: 0, show: (v) => `${decimals(v, 0)}°` },
  scale: { min: 0.25, max: 4, step: 0.01, value: 1, show: (v, spoken) => `× ${decimals(v, 2, spoken)}` },
  shift_x: { min: -1, max: 1, step: 0.01, value: 0 },
  shift_y: { min: -1, max: 1, step: 0.01, value: 0 },
  erode: { min: 0, max: 8, step: 1, value: 0, show: (v) => decimals(v, 0) },
};
const LOOK_AGAIN = 400; // milliseconds between two looks at a layer

const untouched = () => ({ turn: 0, scale: 1, shift_x: 0, shift_y: 0, erode: 0, mirror: false, silence: false });

export class Bending {
  // page: what it is part of; changed: called when an image is to be drawn again.
  constructor(page) {
    const { controls, engine } = page;
    Object.assign(this, { page, controls, engine });
    this.layers = engine.maps.map(({ shape: [, , channels] }) => ({
      ...untouched(),
      channels: new Set(Array(channels).keys()),
    }));
    // the first whose pictures look like pictures
    const large = engine.maps.findIndex(({ shape: [height, width] }) => Math.min(height, width) >= 8);
    this.at = Math.max(0, large);
    this.fold = this.build();
  }

  // What `engine.draw` takes: of the layers that are bent alone.
  get bends() {
    return this.layers.flatMap((layer, i) => (isBent(layer) ? [[this.engine.maps[i].index, forEngine(layer)]] : []));
  }

  build() {
    const { controls } = this;
    const options = () =>
      this.engine.maps.map(({ shape: [height, width, channels] }, i) => [
        i,
        controls.say("layer_option", { i: i + 1, width, height, channels }),
      ]);
    const chosen = controls.select("layer", options, (value) => this.choose(Number(value)), String(this.at));
    chosen.row.classList.add("s-wide");
    this.pictures = controls.make("div", "s-maps", { role: "group" });
    controls.spoken(() => this.pictures.setAttribute("aria-label", controls.say("channels")));
    const all = controls.button("all_channels", () => this.pick(() => true));
    const none = controls.button("no_channels", () => this.pick(() => false));
    const half = controls.button("half_channels", () => this.pick(() => Math.random() < 0.5));
    this.sliders = Object.entries(AMOUNTS).map(([key, settings]) =>
      controls.slider(`bend_${key}`, {
        ...settings,
        label: () => controls.say(key),
        set: (value) => {
          this.layers[this.at][key] = value;
          this.page.changed();
        },
      }),
    );
    this.toggles = ["mirror_channels", "silence"].map((key) =>
      controls.toggle(key, (pressed) => {
        this.layers[this.at][key === "silence" ? "silence" : "mirror"] = pressed;
        this.page.changed();
      }),
    );
    const straighten = controls.button("straighten", () => this.straighten());
    const fold = controls.fold(
      "bending",
      controls.text("p", "bending_help", "s-help"),
      chosen.row,
      this.pictures,
      controls.make("div", "s-buttons", {}, all, none, half),
      ...this.sliders.map(({ row }) => row),
      controls.make("div", "s-buttons", {}, ...this.toggles, straighten),
    );
    this.choose(this.at);
    fold.addEventListener("toggle", () => this.look());
    return fold;
  }

  choose(i) {
    this.at = i;
    const { shape } = this.engine.maps[i];
    const [height, width, channels] = shape;
    this.canvases = Array.from({ length: channels }, (_, channel) => {
      const canvas = this.controls.make("canvas", "", { width, height });
      const button = this.controls.make("button", "s-map", { type: "button" }, canvas);
      button.setAttribute("aria-label", this.controls.say("channel", { i: channel + 1 }));
      button.addEventListener("click", () => this.pick((c, on) => (c === channel ? !on : on)));
      return canvas;
    });
    this.pictures.replaceChildren(...this.canvases.map((canvas) => canvas.parentElement));
    this.place();
    this.look();
  }

  pick(wanted) {
    const layer = this.layers[this.at];
    const before = layer.channels;
    layer.channels = new Set(this.canvases.flatMap((_, c) => (wanted(c, before.has(c)) ? [c] : [])));
    this.place();
    this.page.changed();
  }

  straighten() {
    this.layers.forEach((layer) => Object.assign(layer, untouched()));
    this.place();
    this.page.changed();
  }

  // Controls show what the layer has.
  place() {
    const layer = this.layers[this.at];
    Object.keys(AMOUNTS).forEach((key, i) => this.sliders[i].place(layer[key]));
    this.toggles[0].setAttribute("aria-pressed", layer.mirror);
    this.toggles[1].setAttribute("aria-pressed", layer.silence);
    this.canvases.forEach((canvas, c) => canvas.parentElement.setAttribute("aria-pressed", layer.channels.has(c)));
  }

  // Draw the pictures of the layer, again and again while the fold is open.
  async look() {
    if (!this.fold?.open || this.looking) return;
    this.looking = true;
    while (this.fold.open && !this.ended) {
      const { at } = this;
      const { index } = this.engine.maps[at];
      const { pixels, shape } = await this.engine.drawMaps(this.page.z, this.bends, index);
      if (at === this.at) this.paint(pixels, shape);
      await new Promise((done) => setTimeout(done, LOOK_AGAIN));
    }
    this.looking = false;
  }

  end() {
    this.ended = true;
  }

  paint(pixels, [height, width]) {
    const size = height * width;
    this.canvases.forEach((canvas, channel) => {
      const image = new ImageData(width, height);
      for (let i = 0; i < size; i++) {
        const grey = pixels[channel * size + i];
        image.data.set([grey, grey, grey, 255], 4 * i);
      }
      canvas.getContext("2d").putImageData(image, 0, 0);
    });
  }

  // What an image that comes back says of how the network was bent; undefined of a vector, which says nothing of it.
  take(bent) {
    if (!bent) return;
    this.layers.forEach((layer) => Object.assign(layer, untouched()));
    this.state = bent;
    this.page.changed();
  }

  // For links and the browser's memory.
  get state() {
    return this.layers.flatMap((layer, i) => (isBent(layer) ? [[i, { ...layer, channels: [...layer.channels] }]] : []));
  }

  set state(saved) {
    if (!Array.isArray(saved)) return;
    for (const pair of saved) {
      const [i, given] = Array.isArray(pair) ? pair : [];
      const layer = this.layers[i];
      if (!layer || typeof given !== "object" || !given) continue;
      for (const [key, { min, max }] of Object.entries(AMOUNTS))
        if (Number.isFinite(given[key])) layer[key] = Math.min(max, Math.max(min, given[key]));
      [layer.mirror, layer.silence] = [given.mirror === true, given.silence === true];
      if (Array.isArray(given.channels)) layer.channels = new Set(given.channels.filter(Number.isInteger));
    }
    this.place();
  }
}

function isBent(layer) {
  const rest = untouched();
  return layer.channels.size > 0 && Object.keys(rest).some((key) => layer[key] !== rest[key]);
}

function forEngine({ channels, turn, scale, shift_x: x, shift_y: y, erode, mirror, silence }) {
  return { channels: [...channels], turn, scale, x, y, erode, mirror, silence };
}
