// The three views: slices with outlines, one position for all of them.
const AXIS_NAMES = ["z", "y", "x"];
const VIEW_AXES = { xy: { along: 0, down: 1, across: 2 }, xz: { along: 1, down: 0, across: 2 }, yz: { along: 2, down: 1, across: 0 } };
const OUTLINE = "#ffb000";
const OUTLINE_FAINT = "rgba(255, 255, 255, 0.45)";
const CHOSEN = "#4fc3ff";
const CROSS = "rgba(255, 255, 255, 0.5)";

class SliceView {
  constructor(name, scene) {
    this.name = name;
    this.scene = scene;
    Object.assign(this, VIEW_AXES[name]);
    this.root = document.getElementById(`view-${name}`);
    this.canvas = this.root.querySelector("canvas");
    this.slider = this.root.querySelector("input");
    this.output = this.root.querySelector("output");
    const { shape } = scene.volume;
    this.columns = shape[this.across];
    this.rows = shape[this.down];
    this.slider.max = shape[this.along] - 1;
    this.picture = make("canvas", { width: this.columns, height: this.rows });
    this.base = make("canvas"); // slice and outlines, kept while only the crosshair moves
    this.pixels = new ImageData(this.columns, this.rows);
    this.hint = make("p", { class: "loading no-print" });
    this.canvas.after(this.hint);
    this.wheel = 0;
    this.listen();
  }

  extent() {
    return [this.columns * this.scene.volume.pitch[this.across], this.rows * this.scene.volume.pitch[this.down]];
  }

  resize(scale) {
    const [width, height] = this.extent();
    this.scale = scale;
    const density = window.devicePixelRatio || 1;
    this.width = Math.max(1, Math.round(width * scale));
    this.height = Math.max(1, Math.round(height * scale));
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(this.width * density);
    this.canvas.height = Math.round(this.height * density);
    this.base.width = this.canvas.width;
    this.base.height = this.canvas.height;
    this.drawn = "";
    this.root.style.width = `${Math.max(this.width, 150)}px`;
    this.root.style.flex = `${this.width} 0 auto`; // their shares of a line on paper
    this.density = density;
  }

  draw() {
    const { volume, position } = this.scene;
    const index = position[this.along];
    this.slider.value = index;
    const slice = volume.wholeIndex(this.along, index) + 1;
    const place = `${AXIS_NAMES[this.along]} = ${volume.micrometres(this.along, index).toFixed(2)} µm`;
    const count = volume.whole[this.along];
    this.output.textContent = count > 1 ? `${place}, slice ${slice} of ${count}` : "";
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    this.canvas.dataset.slice = slice;
    this.tellLoading();
    const wanted = `${index} ${this.scene.look}`;
    if (this.drawn !== wanted) this.drawBase(index);
    this.drawn = wanted;
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.base, 0, 0);
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    if (this.scene.showCross) this.drawCross(context);
    drawScaleBar(context, this.scale, this.width, this.height);
  }

  // Tells how far the slices are decoded, as long as this view lacks some of its own.
  tellLoading() {
    const { volume, position } = this.scene;
    this.hint.hidden = volume.holds(this.along, position[this.along]);
    const share = volume.decoded.reduce((sum, one) => sum + one, 0) / volume.shape[0];
    this.hint.textContent = `loading slices, ${Math.floor(100 * share)} %`;
  }

  drawBase(index) {
    this.fillPixels(index);
    this.veil();
    this.picture.getContext("2d").putImageData(this.pixels, 0, 0);
    const context = this.base.getContext("2d");
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    context.imageSmoothingEnabled = this.width / this.columns < 4 || this.height / this.rows < 4;
    context.drawImage(this.picture, 0, 0, this.width, this.height);
    this.drawOutlines(context, index);
  }

  fillPixels(index) {
    const { volume, tint } = this.scene;
    const { greys, codes, strides } = volume;
    const data = this.pixels.data;
    const [alongStride, downStride, acrossStride] = [strides[this.along], strides[this.down], strides[this.across]];
    let out = 0;
    for (let j = 0; j < this.rows; j++) {
      let source = index * alongStride + j * downStride;
      for (let i = 0; i < this.columns; i++, source += acrossStride, out += 4) {
        const grey = greys[source];
        const code = codes[source] * 4;
        const alpha = tint[code + 3] / 255;
        data[out] = grey + (tint[code] - grey) * alpha;
        data[out + 1] = grey + (tint[code + 1] - grey) * alpha;
        data[out + 2] = grey + (tint[code + 2] - grey) * alpha;
        data[out + 3] = 255;
      }
    }
  }

  // Phases and cracks, as far as they are switched on, over the grey.
  veil() {
    const { layers, veil } = this.scene;
    if (!layers || !veil.on) return;
    const { step, codes } = layers;
    const [, ny, nx] = layers.shape;
    const strides = [ny * nx, nx, 1];
    const data = this.pixels.data;
    const part = (axis, index) => Math.floor(index / step) * strides[axis];
    const start = part(this.along, this.scene.position[this.along]);
    let out = 0;
    for (let j = 0; j < this.rows; j++) {
      const line = start + part(this.down, j);
      for (let i = 0; i < this.columns; i++, out += 4) {
        const colour = 4 * codes[line + part(this.across, i)];
        const alpha = veil.colours[colour + 3] / 255;
        if (alpha === 0) continue;
        for (let c = 0; c < 3; c++) data[out + c] += (veil.colours[colour + c] - data[out + c]) * alpha;
      }
    }
  }

  // Lines between voxels of different labels, in three paths: shown rows, all others, the chosen one.
  outlinePaths(index) {
    const { volume, shown } = this.scene;
    const { codes, strides } = volume;
    const chosen = state.selected + 1;
    const [downStride, acrossStride] = [strides[this.down], strides[this.across]];
    const start = index * strides[this.along];
    const [sx, sy] = [this.width / this.columns, this.height / this.rows];
    const paths = [new Path2D(), new Path2D(), new Path2D()];
    const kind = (a, b) => {
      if (a === b) return -1;
      if (chosen > 0 && (a === chosen || b === chosen)) return 2;
      return shown[a] || shown[b] ? 0 : 1;
    };
    // Runs of the same kind along one line become one stroke.
    const trace = (lines, length, lineStride, stepStride, add) => {
      for (let line = 0; line + 1 < lines; line++) {
        let from = 0;
        let current = -1;
        for (let step = 0; step <= length; step++) {
          const here = start + line * lineStride + step * stepStride;
          const next = step < length ? kind(codes[here], codes[here + lineStride]) : -1;
          if (next === current) continue;
          if (current >= 0) add(paths[current], line + 1, from, step);
          [current, from] = [next, step];
        }
      }
    };
    trace(this.columns, this.rows, acrossStride, downStride, (path, line, from, to) => {
      path.moveTo(line * sx, from * sy);
      path.lineTo(line * sx, to * sy);
    });
    trace(this.rows, this.columns, downStride, acrossStride, (path, line, from, to) => {
      path.moveTo(from * sx, line * sy);
      path.lineTo(to * sx, line * sy);
    });
    return paths;
  }

  drawOutlines(context, index) {
    const [shown, others, chosen] = this.outlinePaths(index);
    context.lineCap = "square";
    if (this.scene.showOutlines) {
      context.lineWidth = 1;
      context.strokeStyle = OUTLINE_FAINT;
      context.stroke(others);
      context.lineWidth = 1.3;
      context.strokeStyle = OUTLINE;
      context.stroke(shown);
    }
    context.lineWidth = 2.6;
    context.strokeStyle = CHOSEN;
    context.stroke(chosen);
  }

  drawCross(context) {
    const { position } = this.scene;
    const x = ((position[this.across] + 0.5) * this.width) / this.columns;
    const y = ((position[this.down] + 0.5) * this.height) / this.rows;
    context.lineWidth = 1;
    context.strokeStyle = CROSS;
    context.setLineDash([5, 5]);
    context.beginPath();
    if (this.rows > 1) { context.moveTo(0, y); context.lineTo(this.width, y); }
    if (this.columns > 1) { context.moveTo(x, 0); context.lineTo(x, this.height); }
    context.stroke();
    context.setLineDash([]);
  }

  voxelAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const position = this.scene.position.slice();
    position[this.across] = clamp(Math.floor(((event.clientX - box.left) / box.width) * this.columns), 0, this.columns - 1);
    position[this.down] = clamp(Math.floor(((event.clientY - box.top) / box.height) * this.rows), 0, this.rows - 1);
    return position;
  }

  scroll(steps) {
    const position = this.scene.position.slice();
    const last = this.scene.volume.shape[this.along] - 1;
    position[this.along] = clamp(position[this.along] + steps, 0, last);
    if (position[this.along] === this.scene.position[this.along]) return false;
    this.scene.moveTo(position);
    return true;
  }

  listen() {
    this.slider.addEventListener("input", () => this.scroll(Number(this.slider.value) - this.scene.position[this.along]));
    this.canvas.addEventListener("click", (event) => {
      const position = this.voxelAt(event);
      this.scene.moveTo(position);
      const code = this.scene.volume.codeAt(position);
      state.select(code > 0 && code <= manifest.rows ? code - 1 : -1, "view");
    });
    whenAimed(this.canvas, (event) => {
      this.wheel += event.deltaMode === 0 ? event.deltaY / 30 : event.deltaY;
      const steps = Math.trunc(this.wheel);
      this.wheel -= steps;
      if (steps !== 0) this.scroll(clamp(steps, -5, 5));
    });
    const keys = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };
    this.canvas.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.scroll(keys[event.key]);
    });
  }
}

function niceBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].find((step) => step * power <= value) * power;
}

// A bar of a round length at the lower left, of a picture of so many pixels a micrometre.
function drawScaleBar(context, scale, width, height) {
  const length = niceBelow((width * 0.35) / scale);
  const bar = length * scale;
  if (bar < 20 || height < 40) return;
  const label = `${readable(length)} µm`;
  context.font = "600 13px system-ui, sans-serif";
  const box = Math.max(bar, context.measureText(label).width) + 16;
  context.fillStyle = "rgba(0, 0, 0, 0.6)";
  context.fillRect(8, height - 40, box, 32);
  context.fillStyle = "#fff";
  context.fillRect(16, height - 17, bar, 4);
  context.textBaseline = "alphabetic";
  context.fillText(label, 16, height - 23);
}

// Hears the wheel only after the pointer was moved over a canvas: a page that scrolls a canvas under a resting
// pointer goes on scrolling the page.
function whenAimed(canvas, turned) {
  let aimed = false;
  canvas.addEventListener("pointermove", () => (aimed = true));
  canvas.addEventListener("pointerleave", () => (aimed = false));
  window.addEventListener("scroll", () => (aimed = false), { passive: true });
  canvas.addEventListener("wheel", (event) => {
    if (!aimed || event.ctrlKey) return;
    event.preventDefault();
    turned(event);
  }, { passive: false });
}
