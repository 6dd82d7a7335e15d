// The engine in the browser: the runtime, its WebAssembly, the worker's script and the weights, all as gzip.

import { BrowserEngine } from "./engine.js";
import { through } from "./files.js";

export async function browserEngine(description, packed) {
  const [runtime, wasm, script, weights] = await Promise.all(
    packed.map((bytes) => through(bytes, new DecompressionStream("gzip"))),
  );
  const address = URL.createObjectURL(new Blob([runtime, "\n", script], { type: "text/javascript" }));
  const engine = new BrowserEngine({ address, wasm: wasm.buffer, weights: weights.buffer, description });
  await engine.start();
  return engine;
}
