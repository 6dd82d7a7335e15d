// Three lines, by chance.
//
// Open this file in Processing 4 (processing.org) and press Run: it draws one image a frame, saves each of
// them and stops by itself when there are enough. Everything that makes the images is in the rules below:
// change them, and you have a data set of your own.
//
// The same rules in Python, many times quicker: lines.py beside this file.

// ---- The rules ------------------------------------------------------------------------------------------

int imageCount = 10000;                     // how many images to save
String folder = "../data/lines-processing"; // where to, seen from this sketch's folder

color[] palette = {
  color(255, 255, 255), // 0 white
  color(224, 184, 7),   // 1 yellow
  color(185, 33, 19),   // 2 red
  color(54, 79, 179)    // 3 blue
};

void drawImage() {
  background(0);

  // A vertical, anywhere but at the border. int() cuts off the decimals, so x is 10, 11, ... 117.
  int x = int(random(10, 118));
  stroke(anyColor());
  line(x, 0, x, height);

  // A horizontal, anywhere but at the border. It covers the vertical where they cross.
  int y1 = int(random(10, 118));
  stroke(anyColor());
  line(0, y1, width, y1);

  // A second horizontal, always near 48: randomGaussian() is most often close to 0, 1.2 spreads it a little.
  int y2 = int(randomGaussian() * 1.2 + 48);
  stroke(anyColor());
  line(0, y2, width, y2);
}

color anyColor() {
  return palette[int(random(palette.length))];
}

// ---- The machine that applies them ----------------------------------------------------------------------

void setup() {
  size(128, 128);
  pixelDensity(1);    // 128 pixels on fine screens too
  frameRate(1000);    // as quick as the computer can, rather than 60 images a second
  strokeWeight(5);
  // randomSeed(1);   // without the slashes at the start of this line: the same images every time
}

void draw() {
  drawImage();
  // ###### becomes the number of the frame: lines-000001.jpg. Processing writes JPEG of quality 0.9; write .png instead
  // for files without any loss.
  saveFrame(folder + "/lines-######.jpg");
  if (frameCount % 500 == 0) {
    println(frameCount + " of " + imageCount + " images");
  }
  if (frameCount >= imageCount) {
    exit();
  }
}
