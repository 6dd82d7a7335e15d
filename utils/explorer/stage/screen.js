// The screen: the image, crisp; where pictures come slowly, each fades into the next, so that motion stays smooth.

const SMOOTH = 34; // milliseconds between pictures, up to which nothing is faded

export class Screen {
  constructor(canvas, [height, width]) {
    this.canvas = canvas;
    [canvas.width, canvas.height] = [width, height];
    this.context = canvas.getContext("2d");
    this.before = layer(width, height);
    this.newest = layer(width, height);
    this.picture = null; // the newest picture: { pixels, z }
    this.arrived = 0;
    this.interval = 0; // milliseconds between pictures while they come one after the other
    this.arrivals = [];
  }

  // A new picture has come.
  take(picture, now) {
    [this.before, this.newest] = [this.newest, this.before];
    this.newest.getContext("2d").putImageData(new ImageData(picture.pixels, this.canvas.width), 0, 0);
    const since = now - this.arrived;
    this.interval = since > 1000 ? 0 : this.interval ? 0.7 * this.interval + 0.3 * since : since;
    this.arrived = now;
    this.fading = this.picture !== null && this.interval > SMOOTH;
    this.picture = picture;
    this.arrivals.push(now);
    this.fresh = true;
  }

  // Pictures in the last second.
  rate(now) {
    this.arrivals = this.arrivals.filter((time) => now - time < 1000);
    return this.arrivals.length;
  }

  // Show what is to be seen now; says whether it differs from what was shown last.
  paint(now) {
    if (!this.fresh) return false;
    const share = this.fading ? Math.min(1, (now - this.arrived) / this.interval) : 1;
    this.context.globalAlpha = 1;
    this.context.drawImage(share < 1 ? this.before : this.newest, 0, 0);
    if (share < 1) {
      this.context.globalAlpha = share;
      this.context.drawImage(this.newest, 0, 0);
    }
    this.fresh = share < 1;
    return true;
  }
}

function layer(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

// A film of the screen: MediaRecorder on a larger canvas of exact pixels.
export class Film {
  static kinds = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

  static kind() {
    return Film.kinds.find((kind) => globalThis.MediaRecorder?.isTypeSupported(kind));
  }

  constructor(screen, side) {
    const { width, height } = screen;
    const factor = Math.max(1, Math.floor(side / Math.max(width, height)));
    this.canvas = layer(width * factor, height * factor);
    this.context = this.canvas.getContext("2d");
    this.context.imageSmoothingEnabled = false;
    this.screen = screen;
    this.parts = [];
    this.draw();
    this.recorder = new MediaRecorder(this.canvas.captureStream(30), {
      mimeType: Film.kind(),
      videoBitsPerSecond: 12_000_000,
    });
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.recorder.start(1000);
  }

  draw() {
    this.context.drawImage(this.screen, 0, 0, this.canvas.width, this.canvas.height);
  }

  // The film, as a Blob.
  end() {
    return new Promise((done) => {
      this.recorder.onstop = () => done(new Blob(this.parts, { type: this.recorder.mimeType }));
      this.recorder.stop();
    });
  }
}
