// The page in one file: what lies in it, and the page made of it.

import { Page } from "./page.js";
import { engineInside } from "./start.js";

const facts = JSON.parse(document.getElementById("facts").textContent);
const root = document.getElementById("stage");
try {
  const engine = await engineInside(facts);
  root.page = new Page(root, facts, engine);
  engine.grow();
} catch (error) {
  const language = facts.language ?? ((navigator.language || "en").startsWith("fr") ? "fr" : "en");
  root.textContent = facts.texts[language].too_old.replace("{reason}", error.message);
}
