// Python behind the page: questions and answers as messages of the widget's, and what Python says unasked. The page in
// one file has no host, and does without.

const BEAT = 5000; // milliseconds between two questions whether the server is there
const PATIENCE = 20_000; // milliseconds without a word from it
const LONG = new Set(["begin", "bring", "enlarge", "film", "page"]); // Python is busy, and hears no other question
const LOST = 30_000; // milliseconds after which an image that was asked for is given up
const PART = 2 ** 20; // bytes of a large file in one message

// A question that Python refused: the key of a text, and what fills it in.
export class Refusal extends Error {
  constructor(key, values) {
    super(values.reason ?? key);
    Object.assign(this, { key, values });
  }
}

export class Host {
  // model: of anywidget; alone: whether the page has the window for itself, as in Voilà.
  constructor(model, alone) {
    Object.assign(this, { model, alone });
    this.mine = `${Math.random().toString(36).slice(2)} `; // another view of the same widget asks questions too
    this.count = 0;
    this.waiting = new Map();
    this.heard = new Map(); // what Python says unasked: "moves", "directions" -> what to do
    this.listen = (message, buffers) => this.hear(message, buffers ?? []);
    model.on("msg:custom", this.listen);
    this.beat = performance.now();
    if (alone) this.beating = setInterval(() => this.look(), BEAT);
  }

  // progress: called with what comes on the way. Gives the answer, with its `buffers` as arrays of bytes.
  ask(what, values = {}, buffers = [], progress = null) {
    const id = `${this.mine}${++this.count}`;
    const answer = new Promise((done, failed) => this.waiting.set(id, { what, done, failed, progress }));
    try {
      this.model.send({ id, ask: what, ...values }, undefined, buffers);
    } catch {
      // the connection is closed: no answer comes
    }
    return answer;
  }

  // Send a large file in parts; gives the answer to the last.
  async bring(file) {
    const content = await file.arrayBuffer();
    const facts = { name: file.name, size: content.byteLength };
    let answer;
    for (let at = 0; at === 0 || at < content.byteLength; at += PART)
      answer = await this.ask("bring", { ...facts, first: at === 0 }, [content.slice(at, at + PART)]);
    return answer;
  }

  hear(message, buffers) {
    this.beat = performance.now();
    this.gone?.(false);
    for (const [what, act] of this.heard) if (what in message) act(message[what]);
    const question = this.waiting.get(message.id);
    if (!question) return;
    if (message.progress) return question.progress?.(message.progress);
    this.waiting.delete(message.id);
    if (message.refused) return question.failed(new Refusal(message.refused, message.values));
    question.done({ ...message, buffers: buffers.map(bytesOf) });
  }

  on(what, act) {
    this.heard.set(what, act);
  }

  // Whether the server is there: ask, and give the alarm once nothing has been heard for long after the question. A tab
  // in the background looks seldom: what counts is when it asked.
  look() {
    const now = performance.now();
    const busy = [...this.waiting.values()].some(({ what }) => LONG.has(what));
    if (this.pinged && !busy && now - Math.max(this.pinged, this.beat) > PATIENCE) {
      this.gone?.(true);
      this.pinged = 0; // and ask again
    }
    if (this.pinged) return;
    const mine = (this.pinged = now);
    const answered = () => this.pinged === mine && (this.pinged = 0);
    this.ask("ping").then(answered, answered);
  }

  end() {
    clearInterval(this.beating);
    this.model.off("msg:custom", this.listen);
  }
}

// Python's engine, for networks that the browser does not know; see engine.js for what a page asks of it.
export class KernelEngine {
  constructor(host, shape) {
    Object.assign(this, { host, shape });
    this.maps = [];
    this.name = "Python";
    this.underway = new Set(); // when each image was asked for that is not there yet
  }

  get idle() {
    const now = performance.now();
    return [...this.underway].filter(({ since }) => now - since < LOST).length < 2;
  }

  async draw(z) {
    const question = { since: performance.now() };
    this.underway.add(question);
    try {
      const { buffers } = await this.host.ask("draw", {}, [Float32Array.from(z).buffer]);
      return { pixels: await pixelsOf(buffers[0]), took: 0 };
    } finally {
      this.underway.delete(question);
    }
  }

  async grow() {}

  end() {}
}

// The pixels of a PNG, RGBA.
async function pixelsOf(png) {
  const image = await createImageBitmap(new Blob([png], { type: "image/png" }), { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  image.close();
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
}

// Widgets give a buffer as a DataView, as bytes or bare.
function bytesOf(buffer) {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
