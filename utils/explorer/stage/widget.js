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
  let newest = 0; // the last choice wins, however long an earlier one takes

  // Says whether the page is there: a later choice may have come.
  async function build({ facts, buffers }, mine) {
    const engine =
      (facts.network && (await browserEngine(facts.network, buffers).catch(() => null))) ??
      new KernelEngine(host, facts.shape);
    if (ended || mine !== newest) {
      engine.end();
      return false;
    }
    const { language } = root.page?.controls ?? {};
    const hands = root.page?.end();
    root.page = new Page({ root, facts: { ...facts, language: language ?? facts.language }, engine, host, change });
    root.page.senses.takeOver(hands);
    engine.grow().catch(() => {}); // one worker does
    return true;
  }

  // Go on with another generator: by its name, or a visitor's own file.
  async function change(name, file) {
    const mine = ++newest;
    const answer = await (file ? host.bring(file) : host.ask("begin", { name }));
    if ((await build(answer, mine)) && alone && !file) memory((storage) => storage.setItem(CHOSEN, name));
  }

  async function begin() {
    const mine = ++newest;
    const chosen = alone ? memory((storage) => storage.getItem(CHOSEN)) : null;
    const answer = chosen && (await host.ask("begin", { name: chosen }).catch(() => null)); // it may be gone
    await build(answer || (await host.ask("begin")), mine);
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
