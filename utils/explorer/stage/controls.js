// Buttons, sliders and folds, with names for all of them in the page's language, and values as a person says them.

let pages = 0;

export class Controls {
  // texts: of texts.py, by language; language: "en" or "fr"; root: of the page; alone: whether it has the window.
  constructor({ texts, language, root, alone }) {
    Object.assign(this, { texts, language, root, alone });
    this.mark = `s${++pages}`; // begins the ids of this page's controls, of which a notebook may hold several
    this.speakers = []; // called at each change of language
    this.sliders = new Map(); // by their id: what hands and sound may move
    this.touched = null; // called with the id of a slider that is moved by hand
  }

  say(key, values = {}) {
    const plural = (name) => (name.startsWith("s_") ? (values[name.slice(2)] > 1 ? "s" : "") : "");
    return this.texts[this.language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? plural(name));
  }

  speak(language) {
    this.language = language;
    this.root.lang = language;
    if (this.alone) {
      document.documentElement.lang = language;
      document.title = this.say("title");
    }
    this.speakers.forEach((speaker) => speaker());
  }

  // Call `speaker` now, and whenever the language changes.
  spoken(speaker) {
    this.speakers.push(speaker);
    speaker();
  }

  make(tag, className = "", attributes = {}, ...children) {
    const made = element(tag, className, attributes);
    made.append(...children);
    return made;
  }

  text(tag, key, className = "") {
    const made = element(tag, className);
    this.spoken(() => (made.textContent = this.say(key)));
    return made;
  }

  button(key, act, className = "") {
    const button = element("button", className, { type: "button" });
    button.dataset.key = key;
    this.spoken(() => {
      button.textContent = this.say(key);
      if (this.texts[this.language][`${key}_hint`]) button.title = this.say(`${key}_hint`);
    });
    button.addEventListener("click", act);
    return button;
  }

  // A button that is pressed or not.
  toggle(key, act, pressed = false) {
    const button = this.button(key, () => {
      const now = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", now);
      act(now);
    });
    button.setAttribute("aria-pressed", pressed);
    return button;
  }

  // A slider in a row of its own. label: () => words; set: called with the value; show: (value, language) => words.
  slider(id, { label, min, max, step = 0.01, value = 0, set, show = (v, spoken) => decimals(v, 2, spoken), before, after }) {
    const input = element("input", "", { type: "range", min, max, step, value, id: `${this.mark}-${id}` });
    const name = element("label", "s-label", { for: `${this.mark}-${id}` });
    const output = element("output", "s-value", { for: `${this.mark}-${id}` });
    const read = () => {
      output.textContent = show(Number(input.value), this.language);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const row = this.make("div", "s-row", {}, name, ...(before ? [before] : []), input, ...(after ? [after] : []), output);
    const slider = {
      row,
      input,
      label,
      min,
      max,
      // the value that the page has, without an action
      place(now) {
        if (Number(input.value) !== now) input.value = now;
        read();
      },
      // as if moved by hand
      move(now) {
        input.value = now;
        read();
        set(Number(input.value), false);
      },
    };
    input.addEventListener("pointerdown", () => this.touched?.(id));
    input.addEventListener("input", () => {
      read();
      set(Number(input.value), true);
    });
    this.spoken(() => {
      name.textContent = label();
      read();
    });
    this.sliders.set(id, slider);
    return slider;
  }

  select(key, options, act, value) {
    const select = element("select", "", { id: `${this.mark}-${key}` });
    const name = element("label", "s-label", { for: `${this.mark}-${key}` });
    this.spoken(() => {
      const chosen = select.options.length ? select.value : value;
      name.textContent = this.say(key);
      select.replaceChildren(
        ...options().map(([code, words]) => {
          const option = element("option", "", { value: code });
          option.textContent = words;
          return option;
        }),
      );
      if (chosen !== undefined) select.value = chosen;
    });
    select.addEventListener("change", () => act(select.value));
    return { row: this.make("div", "s-row", {}, name, select), select };
  }

  section(key, ...children) {
    const heading = this.text("h2", key);
    return this.make("section", "s-section", {}, heading, ...children);
  }

  fold(key, ...children) {
    const summary = this.text("summary", key);
    return this.make("details", "s-section", {}, summary, ...children);
  }

  // A line for messages beside the control that caused them.
  line() {
    const line = element("p", "s-message", { role: "status" });
    line.tell = (key, values = {}, refused = false) => {
      line.said = key && [key, values];
      line.textContent = key ? this.say(key, values) : "";
      line.classList.toggle("s-refused", Boolean(key) && refused);
    };
    this.speakers.push(() => line.said && (line.textContent = this.say(...line.said)));
    return line;
  }
}

export function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// The page's language for a browser's ("fr-CA" -> "fr"); English for any other.
export function nearest(texts, wanted) {
  const short = (wanted || "en").slice(0, 2).toLowerCase();
  return short in texts ? short : "en";
}

// A number as people write it: a true minus sign, and a comma in French.
export function decimals(value, digits = 2, language = "en") {
  const text = value.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "−");
  return language === "fr" ? text.replace(".", ",") : text;
}
