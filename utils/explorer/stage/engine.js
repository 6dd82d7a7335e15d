// The browser's engine: workers that draw. What a page asks of an engine, this one or Python's (host.js):
//   shape       [height, width, channels] of its images
//   maps        [{ index, name, shape }] of the layers that can be seen and bent; empty where there are none
//   draw(z, bends)            a promise of { pixels: RGBA, took: milliseconds }
//   drawMaps(z, bends, layer) a promise of { pixels: grey, shape }
//   outputs(z, bends, layers) a promise of [{ values, shape }]; the browser's alone
//   idle        whether a picture asked for now is begun at once
//   name        "WASM", "WebGL" or "Python"
//   grow()      make the most of this machine, once the first picture is there
//   end()       the page is gone

const SLOW = 12; // milliseconds a picture, above which a second worker, and the graphics processor, are worth a try
const MOST_WORKERS = 4;
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

// Whether WebGL is drawn by a graphics processor, not by software in its place.
function hasGraphicsProcessor() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const facts = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl?.getParameter(facts ? facts.UNMASKED_RENDERER_WEBGL : gl.RENDERER) ?? "software");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(name);
}

class Hand {
  constructor(address) {
    this.worker = new Worker(address);
    this.waiting = new Map();
    this.count = 0;
    this.worker.onmessage = ({ data }) => {
      const { done, failed } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      data.error ? failed(new Error(data.error)) : done(data);
    };
    this.worker.onerror = (event) => {
      for (const { failed } of this.waiting.values()) failed(new Error(event.message));
      this.waiting.clear();
    };
  }

  ask(what, message = {}) {
    const id = ++this.count;
    const answer = new Promise((done, failed) => this.waiting.set(id, { done, failed }));
    this.waiting.get(id).answer = answer;
    this.worker.postMessage({ what, id, ...message });
    return answer;
  }

  // Until everything asked for is answered.
  async quiet() {
    while (this.waiting.size) await Promise.allSettled([...this.waiting.values()].map(({ answer }) => answer));
  }

  end() {
    this.worker.terminate();
  }
}

export class BrowserEngine {
  // address: of the worker's script; wasm, weights: ArrayBuffers; description: of network.py.
  constructor({ address, wasm, description, weights, processors = navigator.hardwareConcurrency || 2 }) {
    Object.assign(this, { address, wasm, description, weights, processors });
    this.shape = description.shape;
    this.maps = [];
    this.hands = [];
    this.name = "WASM";
  }

  async start() {
    this.hands = [await this.hand("wasm")];
  }

  async hand(backend) {
    const hand = new Hand(this.address);
    const { wasm, description, weights } = this;
    try {
      this.maps = (await hand.ask("start", { backend, wasm, description, weights })).maps;
      if (this.ended) hand.end();
      return hand;
    } catch (error) {
      hand.end();
      throw error;
    }
  }

  // More workers where a picture takes long, then the graphics processor, if it is one, draws the same and is faster.
  async grow() {
    const z = Float32Array.from({ length: this.description.latent_dim }, (_, i) => Math.sin(7 * i + 1));
    const [first] = this.hands;
    await first.ask("draw", { z, bends: [] });
    const reference = await first.ask("draw", { z, bends: [] });
    if (reference.took < SLOW || this.ended) return;
    const more = Math.min(this.processors, MOST_WORKERS) - 1;
    for (let i = 0; i < more && !this.ended; i++) this.hands.push(await this.hand("wasm"));
    const graphics = hasGraphicsProcessor() && (await this.hand("webgl").catch(() => null));
    if (!graphics) return;
    const better = await this.isBetter(graphics, z, reference).catch(() => false);
    const dismissed = better ? this.hands : [graphics];
    if (better) {
      this.hands = [graphics];
      this.name = "WebGL";
      await Promise.all(dismissed.map((hand) => hand.quiet()));
    }
    dismissed.forEach((hand) => hand.end());
  }

  async isBetter(hand, z, reference) {
    let picture;
    for (let i = 0; i < 4; i++) picture = await hand.ask("draw", { z, bends: [] }); // the first ones compile
    const same = picture.pixels.every((value, i) => Math.abs(value - reference.pixels[i]) <= 1);
    return same && picture.took < reference.took / this.hands.length;
  }

  get idle() {
    return this.hands.some((hand) => !hand.waiting.size);
  }

  draw(z, bends = []) {
    return this.least().ask("draw", { z, bends });
  }

  drawMaps(z, bends, layer) {
    return this.least().ask("maps", { z, bends, layer });
  }

  // The numbers that come out of layers: [{ values, shape }].
  async outputs(z, bends, layers) {
    return (await this.least().ask("outputs", { z, bends, layers })).outputs;
  }

  end() {
    this.ended = true;
    this.hands.forEach((hand) => hand.end());
    URL.revokeObjectURL(this.address);
  }

  least() {
    return this.hands.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
  }
}
