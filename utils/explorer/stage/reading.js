// What Python reads in the image: how many lines it has, which rules it breaks, and, while the pointer is on the image,
// where its lines are and where the rules want them.

const CANVAS = 128; // pixels that lines are read on, whatever the image's size

export class Reading {
  constructor(page) {
    const { controls } = page;
    Object.assign(this, { page, controls });
    this.line = controls.line();
    this.line.classList.add("s-reading");
    this.outlines = controls.make("div", "s-outlines", { "aria-hidden": "true" });
    this.asked = 0;
    controls.speakers.push(() => this.write());
  }

  // Read the image that is shown, and forget what was read of an earlier one.
  async read() {
    const asked = ++this.asked;
    const { pixels } = this.page.screen.picture;
    const found = await this.page.host.ask("read", {}, [colors(pixels).buffer]).catch(() => null);
    if (asked !== this.asked) return;
    this.found = found;
    this.write();
  }

  clear() {
    this.asked += 1;
    this.found = null;
    this.write();
  }

  write() {
    const { controls, found } = this;
    if (!found) {
      this.line.textContent = "";
      this.outlines.replaceChildren();
      return;
    }
    const { verticals, horizontals, rules, broken } = found;
    const kept = controls.say(broken.length ? "rules" : "all_rules", { n: rules, kept: rules - broken.length });
    const words = [controls.say("lines", { verticals, horizontals }), kept, ...broken.map((rule) => controls.say(`broken_${rule}`))];
    this.line.textContent = words.join(" · ");
    const rect = (name) => ([x, y, width, height]) =>
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" class="${name}"/>`;
    const shapes = [
      ...found.ranges.map((box, i) => rect(i ? "s-range s-second" : "s-range")(box)),
      ...found.boxes.map(rect("s-read")),
    ];
    this.outlines.innerHTML = `<svg viewBox="0 0 ${CANVAS} ${CANVAS}">${shapes.join("")}</svg>`; // numbers alone
  }
}

// RGB of RGBA.
export function colors(pixels) {
  const found = new Uint8Array((pixels.length / 4) * 3);
  for (let i = 0, at = 0; i < pixels.length; i++) if (i % 4 < 3) found[at++] = pixels[i];
  return found;
}
