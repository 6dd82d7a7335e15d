// Files come by drop or choice, and leave as downloads.

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

  model.on("change:words", write);
  model.on("msg:custom", download);
  write();
  return () => {
    events.forEach((name) => document.removeEventListener(name, over));
    model.off("change:words", write);
    model.off("msg:custom", download);
  };
}

export default { render };
