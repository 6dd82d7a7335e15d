// Hands and sound: a slider follows a MIDI control, learnt by touching both, or a band of the microphone. Nothing is
// recorded, nothing leaves the machine, and the browser asks for permission when one of them is first used.

const BANDS = { level: [20, 12_000], low: [20, 250], middle: [250, 2000], high: [2000, 12_000] }; // Hz
const LOUD = 0.5; // share of a band's full scale that moves a slider to its end

export class Senses {
  constructor(page) {
    const { controls } = page;
    Object.assign(this, { page, controls });
    this.midi = new Map(); // "channel/control" -> id of a slider
    this.bands = new Map(); // band -> { id, value }
    this.smoothing = 0.7;
    this.range = 1;
    this.fold = this.build();
  }

  build() {
    const { controls } = this;
    this.message = controls.line();
    this.list = controls.make("ul", "s-list");
    const learn = controls.button("midi_learn", () => this.learn());
    this.listening = controls.toggle("microphone", (on) => (on ? this.listen() : this.deafen()));
    const nothing = () => [["", controls.say("nothing")]];
    const targets = () => [...nothing(), ...[...controls.sliders].map(([id, { label }]) => [id, label()])];
    const rows = Object.keys(BANDS).map((band) => {
      const { row, select } = controls.select(`band_${band}`, targets, (id) => this.follow(band, id), "");
      select.addEventListener("focus", () => this.fill(select, targets()));
      const meter = controls.make("meter", "s-meter", { min: 0, max: 1, value: 0, "aria-hidden": "true" });
      row.append(meter);
      return { row, meter, band };
    });
    this.meters = new Map(rows.map(({ band, meter }) => [band, meter]));
    const smoothing = controls.slider("smoothing", {
      ...{ min: 0, max: 0.98, value: this.smoothing },
      label: () => controls.say("smoothing"),
      set: (value) => (this.smoothing = value),
    });
    const range = controls.slider("range", {
      ...{ min: 0.05, max: 1, value: this.range },
      label: () => controls.say("range"),
      set: (value) => (this.range = value),
    });
    controls.speakers.push(() => this.write());
    return controls.fold(
      "senses",
      controls.text("p", "senses_help", "s-help"),
      controls.make("div", "s-buttons", {}, learn, this.listening),
      this.message,
      this.list,
      ...rows.map(({ row }) => row),
      smoothing.row,
      range.row,
    );
  }

  // Sliders that have come since are offered too.
  fill(select, options) {
    const { value } = select;
    select.replaceChildren(...options.map(([id, words]) => new Option(words, id)));
    select.value = value;
  }

  // MIDI

  async learn() {
    if (!navigator.requestMIDIAccess) return this.message.tell("no_midi", {}, true);
    try {
      this.access ??= await navigator.requestMIDIAccess();
    } catch {
      return this.message.tell("midi_refused", {}, true);
    }
    this.hear();
    this.message.tell("touch_slider");
    this.controls.touched = (id) => {
      this.learning = id;
      this.message.tell("turn_control", { name: this.controls.sliders.get(id)?.label() ?? "" });
    };
  }

  // Listen to all instruments, or to none any more.
  hear(listening = true) {
    const heard = listening ? ({ data }) => this.heard(data) : null;
    for (const input of this.access.inputs.values()) input.onmidimessage = heard;
    this.access.onstatechange = listening
      ? ({ port }) => {
          if (port.type === "input") port.onmidimessage = heard;
        }
      : null;
  }

  // The page ends; gives what the next one goes on with.
  end() {
    this.deafen();
    this.ended = true;
    if (this.access) this.hear(false);
    return { access: this.access, midi: this.midi };
  }

  // Go on with the instruments of the page before.
  takeOver({ access, midi } = {}) {
    if (!access) return;
    Object.assign(this, { access, midi });
    this.hear();
    this.write();
  }

  // A message of three bytes; control changes alone count.
  heard([status, control, value]) {
    if ((status & 0xf0) !== 0xb0) return;
    const name = `${(status & 15) + 1}/${control}`;
    if (this.learning) {
      this.midi.set(name, this.learning);
      this.learning = this.controls.touched = null;
      this.message.tell(null);
      this.write();
    }
    const slider = this.controls.sliders.get(this.midi.get(name));
    slider?.move(slider.min + (value / 127) * (slider.max - slider.min));
  }

  write() {
    const { controls } = this;
    const items = [...this.midi].map(([name, id]) => {
      const words = controls.say("midi_bound", { control: name, name: controls.sliders.get(id)?.label() ?? "" });
      const away = controls.make("button", "s-small", { type: "button", "aria-label": controls.say("unbind", { control: name }) }, "×");
      away.addEventListener("click", () => {
        this.midi.delete(name);
        this.write();
        this.listening.focus();
      });
      return controls.make("li", "", {}, words, " ", away);
    });
    this.list.replaceChildren(...items);
  }

  // The microphone

  async listen() {
    const mine = (this.asked = (this.asked ?? 0) + 1);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (mine !== this.asked || this.ended) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
    } catch {
      if (mine !== this.asked || this.ended) return;
      this.listening.setAttribute("aria-pressed", "false");
      return this.message.tell("no_microphone", {}, true);
    }
    this.audio = new AudioContext();
    this.analyser = this.audio.createAnalyser();
    this.analyser.fftSize = 1024;
    this.analyser.smoothingTimeConstant = 0;
    this.audio.createMediaStreamSource(this.stream).connect(this.analyser);
    this.message.tell(null);
  }

  deafen() {
    this.asked = (this.asked ?? 0) + 1; // a permission that comes now comes too late
    this.stream?.getTracks().forEach((track) => track.stop());
    this.audio?.close();
    this.stream = this.audio = this.analyser = null;
    this.meters.forEach((meter) => (meter.value = 0));
  }

  follow(band, id) {
    id ? this.bands.set(band, { id, value: 0 }) : this.bands.delete(band);
  }

  // Once a frame: sliders follow what is heard.
  feel() {
    if (!this.analyser) return;
    const spectrum = new Uint8Array(this.analyser.frequencyBinCount);
    this.analyser.getByteFrequencyData(spectrum);
    const width = this.audio.sampleRate / this.analyser.fftSize;
    for (const [band, [from, to]] of Object.entries(BANDS)) {
      const part = spectrum.subarray(Math.floor(from / width), Math.ceil(to / width) + 1);
      const heard = Math.min(1, part.reduce((a, b) => a + b, 0) / part.length / 255 / LOUD);
      const bound = this.bands.get(band);
      if (bound) bound.value = this.smoothing * bound.value + (1 - this.smoothing) * heard;
      this.meters.get(band).value = bound?.value ?? heard;
      const slider = bound && this.controls.sliders.get(bound.id);
      slider?.move(slider.min + bound.value * this.range * (slider.max - slider.min));
    }
  }
}
