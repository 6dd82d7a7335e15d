// The page in one file: what lies in it, and the page made of it.

import { nearest } from "./controls.js";
import { fromBase64 } from "./files.js";
import { Page } from "./page.js";
import { browserEngine } from "./start.js";

const facts = JSON.parse(document.getElementById("facts").textContent);
const root = document.getElementById("stage");
const taken = (id) => {
  const element = document.getElementById(id);
  element.remove(); // the text is not needed any more
  return fromBase64(element.textContent);
};
try {
  const engine = await browserEngine(facts.network, ["runtime", "wasm", "worker", "weights"].map(taken));
  root.page = new Page({ root, facts, engine });
  engine.grow();
} catch (error) {
  const language = facts.language ?? nearest(facts.texts, navigator.language);
  root.textContent = facts.texts[language].too_old.replace("{reason}", error.message);
}
