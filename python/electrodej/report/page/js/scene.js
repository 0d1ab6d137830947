// The views together with what is drawn over them, and the card that tells of the chosen particle.
const GAP = 16;
const CARD_WIDTH_LEAST = 240;
const ROW_HEIGHT_MOST = 560;
const CORNER_HEIGHT_MOST = 760;
const FACTS_AT_ONCE = 12;

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
    for (const row of state.shownRows || []) this.shown[row + 1] = 1;
    this.frame = document.getElementById("views");
    this.card = document.getElementById("card");
    const flat = volume.shape[0] === 1;
    if (flat) document.querySelector("#view-xy input").hidden = true;
    this.views = (flat ? ["xy"] : ["xy", "xz", "yz"]).map((name) => new SliceView(name, this));
    this.layers = volume.layers;
    this.veil = { on: false, colours: new Uint8ClampedArray(4 * 256) };
    this.buildControls();
    this.buildLayers();
    this.solids = document.getElementById("solids") ? new Solids(this) : null;
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
      if (this.solids && this.solids.cutView()) this.solids.draw();
    });
  }

  // One scale for all views. They stand side by side, or with z beside and below xy where that shows them
  // larger, as it does a flat volume; where the window is narrow they stand below each other.
  layOut() {
    const section = getComputedStyle(this.frame.parentElement);
    const room = this.frame.parentElement.clientWidth - parseFloat(section.paddingLeft) - parseFloat(section.paddingRight);
    if (room <= 0 || room === this.room) return;
    this.room = room;
    const [width, height] = this.views[0].extent();
    const depth = this.views.length > 1 ? this.views[2].extent()[0] : 0;
    const stacked = room < 700;
    const row = Math.min((room - 2 * GAP) / (2 * width + depth), ROW_HEIGHT_MOST / Math.max(height, depth));
    const corner = Math.min((room - GAP) / (width + depth), CORNER_HEIGHT_MOST / (height + depth));
    let scale = Math.max(row, corner);
    if (depth === 0) scale = Math.min((room - CARD_WIDTH_LEAST - GAP) / width, CORNER_HEIGHT_MOST / height);
    if (stacked) scale = Math.min(room / Math.max(width, depth), CORNER_HEIGHT_MOST / height);
    const beside = !stacked && (depth === 0 || corner > row);
    this.frame.classList.toggle("stacked", stacked);
    this.frame.classList.toggle("corner", beside);
    for (const view of this.views) view.resize(scale);
    const free = [room - GAP - width * scale, (depth || height) * scale];
    const below = !beside || free[0] < CARD_WIDTH_LEAST || free[1] < 120;
    this.card.classList.toggle("below", below);
    this.card.style.maxHeight = below ? "320px" : `${free[1]}px`;
    // At once, as a resized canvas is empty.
    for (const view of this.views) view.draw();
  }

  showParticle(row, from) {
    this.paint();
    this.showCard(row);
    if (this.solids) this.solids.repaint();
    if (row >= 0 && from !== "view") {
      const place = this.volume.placeOf(row + 1);
      if (place) this.position = place;
      if (!place) this.card.append(make("p", {}, "No voxel of this particle lies in the slices shown here."));
    }
    this.redraw();
    if (row >= 0 && (from === "table" || from === "chart")) this.bringIntoSight();
  }

  // Whoever clicks a row wants to see the particle.
  bringIntoSight() {
    const { top, bottom } = this.views[0].canvas.getBoundingClientRect();
    const seen = Math.min(bottom, window.innerHeight) - Math.max(top, 0);
    if (seen < 0.5 * (bottom - top)) this.frame.scrollIntoView({ block: "start" });
  }

  showRows(rows) {
    this.shown.fill(0);
    for (const row of rows) this.shown[row + 1] = 1;
    if (this.solids) this.solids.repaint();
    this.redraw();
  }

  showCard(row) {
    this.card.replaceChildren();
    this.card.classList.toggle("none", row < 0);
    if (row < 0) {
      this.card.append(make("h3", {}, "No particle chosen"), make("p", {}, "Click a particle in a view, a row of the table or a point of a chart."));
      return;
    }
    const facts = this.columns.filter((column) => column.name !== "Label").map((column) => this.fact(column, row));
    this.card.append(make("h3", {}, particleName(this.columns, row)), make("dl", {}, ...facts.slice(0, FACTS_AT_ONCE)));
    if (facts.length <= FACTS_AT_ONCE) return;
    const others = make("details", {}, make("summary", {}, `${facts.length - FACTS_AT_ONCE} more`), make("dl", {}, ...facts.slice(FACTS_AT_ONCE)));
    others.open = this.unfolded === true;
    others.addEventListener("toggle", () => (this.unfolded = others.open));
    this.card.append(others);
  }

  fact(column, row) {
    const text = cellText(column, row);
    const value = text === "" ? "undefined" : column.unit ? `${text} ${column.unit}` : text;
    return make("div", { title: column.definition }, make("dt", {}, column.name), make("dd", {}, value));
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
      if (this.solids) this.solids.repaint();
    });
    document.getElementById("save-views").addEventListener("click", () => savePicture(this.views.map((view) => view.canvas), "slices.png", true));
  }

  // A box for the phases with what their colours mean, and one for the cracks.
  buildLayers() {
    if (!this.layers) return;
    const { phases, cracks } = this.layers;
    const boxes = document.getElementById("layer-controls");
    const box = (name, id, swatches) => {
      const tick = make("input", { type: "checkbox", id });
      tick.addEventListener("change", () => this.paintLayers());
      boxes.append(make("label", {}, tick, ` ${name}`), ...swatches);
      return tick;
    };
    const swatch = (colour, name) => {
      const square = makeSvg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
      square.append(makeSvg("rect", { width: 10, height: 10, fill: colour }));
      return make("span", { class: "swatch" }, square, name);
    };
    if (phases.length) this.phaseTick = box("Phases", "show-phases", phases.map(({ name, colour }) => swatch(colour, name)));
    if (cracks) this.crackTick = box("Cracks", "show-cracks", [swatch(cracks, "crack")]);
    boxes.hidden = false;
  }

  paintLayers() {
    const { colours } = this.veil;
    colours.fill(0);
    const set = (code, colour, alpha) => {
      const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
      colours.set([...rgb, alpha], 4 * code);
    };
    if (this.phaseTick && this.phaseTick.checked) {
      for (const { value, colour } of this.layers.phases) for (const code of [value, value + 128]) set(code, colour, 110);
    }
    if (this.crackTick && this.crackTick.checked) for (let code = 128; code < 256; code++) set(code, this.layers.cracks, 235);
    this.veil.on = colours.some((value) => value > 0);
    this.redraw();
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
