// The engine of a page in one file: everything lies in the page itself, packed.

import { BrowserEngine } from "./engine.js";
import { fromBase64, through } from "./files.js";

const unpack = async (id) => {
  const element = document.getElementById(id);
  const bytes = await through(fromBase64(element.textContent), new DecompressionStream("gzip"));
  element.remove(); // the text is not needed any more
  return bytes.buffer;
};

export async function engineInside(facts) {
  const [runtime, wasm, weights] = await Promise.all(["runtime", "wasm", "weights"].map(unpack));
  const script = document.getElementById("worker").textContent;
  const address = URL.createObjectURL(new Blob([runtime, "\n", script], { type: "text/javascript" }));
  const engine = new BrowserEngine({ address, wasm, weights, description: facts.network });
  await engine.start();
  return engine;
}
