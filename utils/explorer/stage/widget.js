// The page as a widget: in JupyterLab, Colab and Voilà. Its images come from the network in the browser, or from Python
// where the browser does not know a layer or cannot run it.

import { element } from "./controls.js";
import { Host, KernelEngine } from "./host.js";
import { Page } from "./page.js";
import { browserEngine } from "./start.js";

const CHOSEN = "trois-lignes generator"; // in the browser's memory of a page that is alone

export function render({ model, el }) {
  const alone = "voila" in document.body.dataset;
  const root = element("div", `s-root ${alone ? "s-alone" : "s-inside"}`);
  if (!alone) root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's, whose letters are the page's too
  const wait = element("p", "s-wait");
  wait.textContent = "…";
  root.append(wait);
  el.append(root);
  const host = new Host(model, alone);
  let ended = false;

  async function build({ facts, buffers }) {
    const engine =
      (facts.network && (await browserEngine(facts.network, buffers).catch(() => null))) ??
      new KernelEngine(host, facts.shape);
    if (ended) return engine.end();
    const { language } = root.page?.controls ?? {};
    root.page?.end();
    root.page = new Page({ root, facts: { ...facts, language: language ?? facts.language }, engine, host, change });
    engine.grow().catch(() => {}); // one worker does
  }

  // Go on with another generator: by its name, or a visitor's own file.
  async function change(name, file) {
    await build(await (file ? host.bring(file) : host.ask("begin", { name })));
    if (alone && !file) memory((storage) => storage.setItem(CHOSEN, name));
  }

  async function begin() {
    const chosen = alone ? memory((storage) => storage.getItem(CHOSEN)) : null;
    const answer = chosen && (await host.ask("begin", { name: chosen }).catch(() => null)); // it may be gone
    await build(answer || (await host.ask("begin")));
  }

  begin().catch((error) => {
    wait.textContent = error.message;
  });
  return () => {
    ended = true;
    root.page?.end();
    host.end();
  };
}

function memory(act) {
  try {
    return act(localStorage);
  } catch {
    return null; // no memory here
  }
}
