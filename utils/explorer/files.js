// Files come by drop or choice, and leave as downloads. What the visitor found is kept in the browser's memory, over a
// reload and a server that went away; that it went away is said.

const BEAT = 5000; // milliseconds between two questions whether the server is there
const PATIENCE = 20_000; // milliseconds without an answer

function render({ model, el }) {
  const zone = document.createElement("label");
  zone.className = "z-drop";
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".png,.txt,.npy,.json";
  const words = document.createElement("span");
  const hint = document.createElement("small");
  zone.append(input, words, hint);
  el.append(zone);

  function write() {
    words.textContent = model.get("words").drop;
    hint.textContent = model.get("words").drop_hint;
  }

  async function send(file) {
    if (!file) return;
    // what is too large stays here: only its name and size go out, and the page says no
    const content = file.size > model.get("limit") ? [] : [await file.arrayBuffer()];
    model.send({ name: file.name, size: file.size }, undefined, content);
  }

  function heard(message, buffers) {
    if (message.pong) beat = performance.now();
    else download(message, buffers);
  }

  function download(message, buffers) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: message.type }));
    link.download = message.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  input.addEventListener("change", async () => {
    await send(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });

  // the whole page takes a drop; without this the browser would leave the page and show the file instead
  const over = (event) => {
    const page = el.closest(".z-explorer");
    if (!page?.contains(event.target) || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("z-over", event.type === "dragover");
    if (event.type === "drop") send(event.dataTransfer.files[0]);
  };
  const events = ["dragover", "dragleave", "drop"];
  events.forEach((name) => document.addEventListener(name, over));

  // Memory and heartbeat of a page of its own; a notebook keeps its own state.
  const alone = "voila" in document.body.dataset;
  const gone = document.createElement("p");
  gone.className = "z-gone";
  gone.setAttribute("role", "alert");
  el.append(gone);
  let beat = performance.now();
  const name = () => `trois-lignes page ${model.get("generator")}`;
  const keep = () => {
    try {
      if (alone && model.get("kept")) localStorage.setItem(name(), model.get("kept"));
    } catch {
      // no memory here
    }
  };
  const ask = () => {
    try {
      model.send({ ping: true });
    } catch {
      // the connection is closed: no answer comes
    }
    const silent = performance.now() - beat > PATIENCE && !model.get("busy");
    gone.textContent = silent ? model.get("words").gone : "";
  };
  const asking = alone && setInterval(ask, BEAT);
  try {
    const kept = alone && localStorage.getItem(name());
    if (kept) model.send({ restore: kept });
  } catch {
    // no memory here
  }

  model.on("change:kept", keep);
  model.on("change:words", write);
  model.on("msg:custom", heard);
  write();
  return () => {
    events.forEach((name) => document.removeEventListener(name, over));
    clearInterval(asking);
    model.off("change:kept", keep);
    model.off("change:words", write);
    model.off("msg:custom", heard);
  };
}

export default { render };
