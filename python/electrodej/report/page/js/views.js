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
    this.density = density;
  }

  draw() {
    const { volume, position } = this.scene;
    const index = position[this.along];
    this.slider.value = index;
    const slice = volume.wholeIndex(this.along, index) + 1;
    const place = `${AXIS_NAMES[this.along]} = ${volume.micrometres(this.along, index).toFixed(2)} µm`;
    this.output.textContent = `${place}, slice ${slice} of ${volume.whole[this.along]}`;
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    this.canvas.dataset.slice = slice;
    const wanted = `${index} ${this.scene.look}`;
    if (this.drawn !== wanted) this.drawBase(index);
    this.drawn = wanted;
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.base, 0, 0);
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    if (this.scene.showCross) this.drawCross(context);
    this.drawScaleBar(context);
  }

  drawBase(index) {
    this.fillPixels(index);
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

  drawScaleBar(context) {
    const length = niceBelow((this.width * 0.35) / this.scale);
    const width = length * this.scale;
    if (width < 20 || this.height < 40) return;
    const label = `${readable(length)} µm`;
    context.font = "600 13px system-ui, sans-serif";
    const box = Math.max(width, context.measureText(label).width) + 16;
    context.fillStyle = "rgba(0, 0, 0, 0.6)";
    context.fillRect(8, this.height - 40, box, 32);
    context.fillStyle = "#fff";
    context.fillRect(16, this.height - 17, width, 4);
    context.textBaseline = "alphabetic";
    context.fillText(label, 16, this.height - 23);
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
    // A page that scrolls a view under a resting pointer goes on scrolling the page.
    this.canvas.addEventListener("pointermove", () => (this.aimed = true));
    this.canvas.addEventListener("pointerleave", () => (this.aimed = false));
    window.addEventListener("scroll", () => (this.aimed = false), { passive: true });
    this.canvas.addEventListener("wheel", (event) => {
      if (!this.aimed || event.ctrlKey) return;
      this.wheel += event.deltaMode === 0 ? event.deltaY / 30 : event.deltaY;
      const steps = Math.trunc(this.wheel);
      this.wheel -= steps;
      event.preventDefault();
      if (steps !== 0) this.scroll(clamp(steps, -5, 5));
    }, { passive: false });
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

// The views together with what is drawn over them.
class Scene {
  constructor(volume, columns) {
    this.volume = volume;
    this.columns = columns;
    this.position = volume.shape.map((n) => Math.floor(n / 2));
    this.look = 0;
    this.showOutlines = true;
    this.showCross = true;
    const codes = manifest.rows + 252;
    this.tint = new Uint8ClampedArray(4 * (codes + 1));
    this.shown = new Uint8Array(codes + 1);
    this.shown.fill(1, 1, manifest.rows + 1);
    this.frame = document.getElementById("views");
    this.card = document.getElementById("card");
    const flat = volume.shape[0] === 1;
    if (flat) for (const name of ["xz", "yz"]) document.getElementById(`view-${name}`).hidden = true;
    if (flat) document.querySelector("#view-xy input").hidden = true;
    this.views = (flat ? ["xy"] : ["xy", "yz", "xz"]).map((name) => new SliceView(name, this));
    this.buildControls();
    state.on("select", (row, from) => this.showParticle(row, from));
    state.on("filter", (rows) => this.showRows(rows));
    new ResizeObserver(() => this.layOut()).observe(this.frame.parentElement);
    this.showCard(-1);
    this.layOut();
  }

  moveTo(position) {
    this.position = position;
    this.draw();
  }

  // To be called when anything but the position has changed.
  redraw() {
    this.look++;
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const view of this.views) view.draw();
    });
  }

  // One scale for all views; where the window is narrow they stand below each other.
  layOut() {
    const section = getComputedStyle(this.frame.parentElement);
    const room = this.frame.parentElement.clientWidth - parseFloat(section.paddingLeft) - parseFloat(section.paddingRight);
    if (room <= 0 || room === this.room) return;
    this.room = room;
    const [width, height] = this.views[0].extent();
    const depth = this.views.length > 1 ? this.views[1].extent()[0] : 0;
    const stacked = room < 700 && depth > 0;
    const side = Math.max(depth, 0);
    let scale = stacked ? room / Math.max(width, depth) : (room - (depth ? 16 : 296)) / (width + side);
    const tallest = 980;
    scale = Math.min(scale, (stacked ? tallest : tallest / (height + side)) || Infinity);
    scale = Math.min(scale, 640 / height);
    this.frame.classList.toggle("stacked", stacked || (depth === 0 && room < 700));
    if (depth === 0 && room < 700) scale = Math.min(room / width, 640 / height);
    for (const view of this.views) view.resize(scale);
    const free = [room - 16 - width * scale, depth === 0 ? height * scale : depth * scale];
    const below = stacked || free[0] < 240 || free[1] < 200;
    this.card.classList.toggle("below", below);
    this.card.style.maxHeight = below ? "320px" : `${Math.max(200, free[1])}px`;
    // At once, as a resized canvas is empty.
    for (const view of this.views) view.draw();
  }

  showParticle(row, from) {
    this.paint();
    this.showCard(row);
    if (row >= 0 && from !== "view") {
      const place = this.volume.placeOf(row + 1);
      if (place) this.position = place;
      if (!place) this.card.append(make("p", {}, "No voxel of this particle lies in the slices shown here."));
    }
    this.redraw();
  }

  showRows(rows) {
    this.shown.fill(0);
    for (const row of rows) this.shown[row + 1] = 1;
    this.redraw();
  }

  showCard(row) {
    this.card.replaceChildren();
    if (row < 0) {
      this.card.append(make("h3", {}, "No particle chosen"), make("p", {}, "Click a particle in a view, a row of the table or a point of a chart."));
      return;
    }
    const facts = make("dl");
    for (const column of this.columns) {
      if (column.name === "Label") continue;
      const text = cellText(column, row);
      const value = text === "" ? "undefined" : column.unit ? `${text} ${column.unit}` : text;
      facts.append(make("div", { title: column.definition }, make("dt", {}, column.name), make("dd", {}, value)));
    }
    this.card.append(make("h3", {}, particleName(this.columns, row)), facts);
  }

  // Colours by code: the column's value, or blue for the chosen particle alone.
  paint() {
    this.tint.fill(0);
    const column = this.columns.find((candidate) => candidate.name === this.tintName && candidate.values);
    if (column) {
      const [low, high] = this.tintRange(column);
      for (let row = 0; row < manifest.rows; row++) {
        const value = column.values[row];
        if (!Number.isFinite(value)) continue;
        this.tint.set([...viridis(high > low ? (value - low) / (high - low) : 0.5), 165], 4 * (row + 1));
      }
    } else if (state.selected >= 0) {
      this.tint.set([79, 195, 255, 70], 4 * (state.selected + 1));
    }
  }

  tintRange(column) {
    const sorted = column.values.filter(Number.isFinite).sort();
    return [quantile(sorted, 0.02), quantile(sorted, 0.98)];
  }

  buildControls() {
    const outlines = document.getElementById("show-outlines");
    const cross = document.getElementById("show-cross");
    outlines.addEventListener("change", () => { this.showOutlines = outlines.checked; this.redraw(); });
    cross.addEventListener("change", () => { this.showCross = cross.checked; this.draw(); });
    this.showOutlines = outlines.checked;
    this.showCross = cross.checked;
    const choice = document.getElementById("tint-column");
    for (const column of this.columns) {
      if (column.values && column.name !== "Label") choice.append(make("option", { value: column.name }, nameWithUnit(column)));
    }
    choice.addEventListener("change", () => {
      this.tintName = choice.value;
      this.paint();
      this.showLegend();
      this.redraw();
    });
  }

  showLegend() {
    const column = this.columns.find((candidate) => candidate.name === this.tintName);
    document.getElementById("tint-legend").hidden = !column;
    if (!column) return;
    const [low, high] = this.tintRange(column);
    document.getElementById("tint-low").textContent = readable(low, 3);
    document.getElementById("tint-high").textContent = `${readable(high, 3)} ${column.unit}`;
    const bar = document.getElementById("tint-bar");
    const context = bar.getContext("2d");
    for (let x = 0; x < bar.width; x++) {
      context.fillStyle = `rgb(${viridis(x / (bar.width - 1)).join(" ")})`;
      context.fillRect(x, 0, 1, bar.height);
    }
  }
}

function particleName(columns, row) {
  const label = columns.find((column) => column.name === "Label");
  return `Particle ${label ? cellText(label, row) : row + 1}`;
}
