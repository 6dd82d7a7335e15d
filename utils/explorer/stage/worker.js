// A worker that draws: it holds the network, and answers messages with pixels.

import { Network } from "./network.js";

let network = null;

// TensorFlow.js fetches its WebAssembly by an address; here it lies in memory.
async function start({ backend, wasm, description, weights }) {
  const { tf } = self;
  tf.env().platform.fetch = async () => new Response(wasm, { headers: { "Content-Type": "application/wasm" } });
  tf.env().set("DEPRECATION_WARNINGS_ENABLED", false); // of the one call that forbids threads, which need a server
  tf.setWasmPath("here.wasm", true);
  if (!(await tf.setBackend(backend))) throw new Error(`no ${backend}`);
  await tf.ready();
  if (backend === "webgl" && !tf.env().getBool("WEBGL_RENDER_FLOAT32_CAPABLE")) throw new Error("half precision");
  network = new Network(tf, description, weights);
  return { maps: network.maps };
}

async function draw({ z, bends }) {
  const began = performance.now();
  const { tf } = network;
  const image = tf.tidy(() => network.run(z, new Map(bends)));
  const values = await image.data();
  const pixels = toPixels(values, network.shape);
  image.dispose();
  return { pixels, took: performance.now() - began };
}

// Images in [-1, 1] as RGBA, rounded as `utils.images.to_uint8` rounds.
function toPixels(values, [height, width, channels]) {
  const pixels = new Uint8ClampedArray(4 * height * width).fill(255);
  if (!values.every(Number.isFinite)) throw new Error("NaN");
  const color = channels >= 3 ? [0, 1, 2] : [0, 0, 0];
  for (let i = 0; i < height * width; i++)
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = values[i * channels + color[c]] * 127.5 + 127.5;
  return pixels;
}

// The pictures of a layer's channels, each grey from its smallest value to its largest.
async function maps({ z, bends, layer }) {
  const { tf } = network;
  const tensor = tf.tidy(() => network.run(z, new Map(bends), layer));
  const values = await tensor.data();
  const [, height, width, channels] = tensor.shape;
  tensor.dispose();
  const pixels = new Uint8ClampedArray(channels * height * width);
  for (let c = 0; c < channels; c++) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = c; i < values.length; i += channels) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    const factor = high > low ? 255 / (high - low) : 0;
    for (let i = 0; i < height * width; i++)
      pixels[c * height * width + i] = (values[i * channels + c] - low) * factor;
  }
  return { pixels, shape: [height, width, channels] };
}

// The numbers that come out of some layers.
async function outputs({ z, bends, layers }) {
  const found = [];
  for (const layer of layers) {
    const tensor = network.tf.tidy(() => network.run(z, new Map(bends), layer).clone());
    found.push({ values: await tensor.data(), shape: tensor.shape.slice(1) });
    tensor.dispose();
  }
  return { outputs: found };
}

const ANSWERS = { start, draw, maps, outputs };

self.onmessage = async ({ data }) => {
  try {
    const answer = await ANSWERS[data.what](data);
    self.postMessage({ id: data.id, ...answer }, answer.pixels ? [answer.pixels.buffer] : []);
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
};
