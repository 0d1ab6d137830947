// Particles in 3D: dragged to turn, chosen with a click, cut open at a slice. Orthographic, so that the scale
// bar holds everywhere.
const SOLID_PLAIN = [196, 168, 120];
const SOLID_DIM = [120, 126, 132];
const SOLID_CHOSEN = [79, 195, 255];
const SOLID_HOME = { turn: -0.6, tilt: 0.5, zoom: 1, shift: [0, 0] };
const NO_CUT = [0, 0, 0, 1];

class Solids {
  constructor(scene) {
    this.scene = scene;
    this.root = document.getElementById("solids");
    this.canvas = document.getElementById("solid-view");
    this.overlay = document.getElementById("solid-text");
    this.hint = document.getElementById("solid-hint");
    this.cutChoice = document.getElementById("solid-cut");
    const { volume } = scene;
    this.half = volume.shape.map((n, axis) => (n * volume.pitch[axis]) / 2);
    this.radius = Math.hypot(...this.half);
    Object.assign(this, structuredClone(SOLID_HOME));
    this.listen();
    // Made when it comes near the window: a page that is only read through costs nothing.
    this.watcher = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && this.build(), { rootMargin: "300px" });
    this.watcher.observe(this.root);
  }

  async build() {
    this.watcher.disconnect();
    try {
      this.renderer = new Renderer(this.canvas);
    } catch (error) {
      this.hint.textContent = `Particles are not shown in 3D: ${error.message}.`;
      this.root.classList.add("failed");
      this.root.dataset.ready = "failed";
      return;
    }
    this.surfaces = new Surfaces(this.scene.volume, manifest.rows);
    const made = await this.surfaces.make((share) => (this.hint.textContent = `making surfaces, ${Math.floor(100 * share)} %`));
    this.renderer.load(made);
    this.rendered = true;
    const { found, order, triangles } = this.surfaces;
    this.hint.textContent = (found > order.length ? `The ${order.length} largest of ${found} particles` : `${found} particles`)
      + ` in ${triangles.toLocaleString("en")} triangles. Drag to turn, with Shift to move, wheel to zoom; arrow keys turn, + and - zoom, 0 goes back. A click chooses a particle.`;
    this.canvas.dataset.triangles = triangles;
    this.repaint();
    this.draw();
    this.root.dataset.ready = "true";
  }

  // Colours by row: the column that the slices are coloured by, the chosen one, and 0 for what is not shown.
  repaint() {
    if (!this.rendered) return;
    const { scene } = this;
    const bytes = new Uint8Array(4 * manifest.rows);
    const byColumn = Boolean(scene.tintName);
    for (let row = 0; row < manifest.rows; row++) {
      if (!scene.shown[row + 1] && row !== state.selected) continue;
      const tint = scene.tint.subarray(4 * (row + 1), 4 * (row + 1) + 4);
      let colour = SOLID_PLAIN;
      if (byColumn) colour = tint[3] ? tint : SOLID_DIM;
      else if (state.selected >= 0) colour = SOLID_DIM;
      if (row === state.selected) colour = SOLID_CHOSEN;
      bytes.set([colour[0], colour[1], colour[2], 255], 4 * row);
    }
    this.renderer.paint(bytes);
    this.draw();
  }

  draw() {
    if (!this.rendered || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.rendered || !this.resize()) return;
    const [camera, spin] = this.camera();
    const { renderer } = this;
    renderer.clear([0.055, 0.067, 0.078, 1]);
    renderer.drawSolids(camera, spin, this.cut(), false);
    if (this.cutView()) this.drawSlice(camera);
    renderer.drawLines(this.frameLines(), camera, [0.45, 0.5, 0.55]);
    this.drawText();
    this.canvas.dataset.drawn = String(Number(this.canvas.dataset.drawn || 0) + 1);
  }

  resize() {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (width === 0) return false;
    const density = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.overlay]) {
      const wanted = [Math.round(width * density), Math.round(height * density)];
      if (canvas.width !== wanted[0]) canvas.width = wanted[0];
      if (canvas.height !== wanted[1]) canvas.height = wanted[1];
    }
    // Pixels a micrometre.
    this.scale = (this.zoom * 0.46 * Math.min(width, 1.05 * height)) / this.radius;
    this.density = density;
    return true;
  }

  // Turned about the upright axis, then tilted towards the viewer; returned column by column.
  camera() {
    const [cos, sin] = [Math.cos(this.turn), Math.sin(this.turn)];
    const [up, down] = [Math.cos(this.tilt), Math.sin(this.tilt)];
    const spin = [cos, down * sin, -up * sin, 0, up, down, sin, -down * cos, up * cos];
    const across = (2 * this.scale) / this.canvas.clientWidth;
    const upwards = (2 * this.scale) / this.canvas.clientHeight;
    const back = -1 / (1.05 * this.radius);
    const columns = [0, 3, 6].flatMap((at) => [spin[at] * across, spin[at + 1] * upwards, spin[at + 2] * back, 0]);
    return [[...columns, this.shift[0] * across, this.shift[1] * upwards, 0, 1], spin];
  }

  cutView() {
    return this.scene.views.find((view) => view.name === this.cutChoice.value);
  }

  // Where the slice of a view lies from the volume's middle, along its own axis.
  cutPlace(view) {
    const { volume, position } = this.scene;
    return (position[view.along] + 0.5) * volume.pitch[view.along] - this.half[view.along];
  }

  // Particles are left out above the xy slice, before the xz slice and right of the yz slice.
  cut() {
    const view = this.cutView();
    if (!view) return NO_CUT;
    const at = this.cutPlace(view);
    return [[0, 1, 0, at], [0, 0, 1, -at], [1, 0, 0, at]][view.along];
  }

  drawSlice(camera) {
    const view = this.cutView();
    const at = this.cutPlace(view);
    const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].flatMap(([across, down]) => {
      const place = [0, 0, 0];
      place[view.along] = at;
      place[view.across] = (2 * across - 1) * this.half[view.across];
      place[view.down] = (2 * down - 1) * this.half[view.down];
      return [place[2], place[0], -place[1], across, down];
    });
    view.draw();
    this.renderer.drawPicture(view.picture, corners, camera);
  }

  frameLines() {
    const [z, y, x] = this.half;
    const corner = (bits) => [bits & 1 ? x : -x, bits & 2 ? z : -z, bits & 4 ? y : -y, 0, 0];
    const lines = [];
    for (let from = 0; from < 8; from++) {
      for (const bit of [1, 2, 4]) if (!(from & bit)) lines.push(...corner(from), ...corner(from | bit));
    }
    return lines;
  }

  // Where a point lies on the canvas, in its own pixels.
  project([x, y, z]) {
    const [m] = this.camera();
    const across = m[0] * x + m[4] * y + m[8] * z + m[12];
    const up = m[1] * x + m[5] * y + m[9] * z + m[13];
    return [((across + 1) / 2) * this.canvas.clientWidth, ((1 - up) / 2) * this.canvas.clientHeight];
  }

  drawText() {
    const context = this.overlay.getContext("2d");
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    context.clearRect(0, 0, width, height);
    drawScaleBar(context, this.scale, width, height);
    context.fillStyle = "#dfe5ea";
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    const [z, y, x] = this.half;
    // At the middle of the edges that meet where x and z begin and y ends, or begins: the near lower ones.
    const near = Math.cos(this.turn) > 0 ? 1 : -1;
    const side = Math.sin(this.turn) > 0 ? -1 : 1;
    for (const [name, place] of [["x", [0, -1.12 * z, 1.06 * near * y]], ["y", [1.08 * side * x, -1.12 * z, 0]], ["z", [-1.08 * side * x, 0, 1.06 * near * y]]]) {
      const [left, top] = this.project(place);
      context.fillText(name, left, top + 4);
    }
    context.textAlign = "start";
  }

  pick(event) {
    if (!this.rendered) return -1;
    const box = this.canvas.getBoundingClientRect();
    const [camera, spin] = this.camera();
    this.renderer.clear([0, 0, 0, 0]);
    this.renderer.drawSolids(camera, spin, this.cut(), true);
    const [red, green, blue] = this.renderer.pixel(...[event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor(at * this.density)));
    this.drawNow();
    return red + 256 * green + 65536 * blue - 1;
  }

  listen() {
    let from = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      from = { x: event.clientX, y: event.clientY, moved: true };
      if (event.shiftKey) this.move(dx / this.scale, -dy / this.scale);
      else this.rotate(0.008 * dx, 0.008 * dy);
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (from && !from.moved) state.select(this.pick(event), "solid");
      from = null;
    });
    this.canvas.addEventListener("pointercancel", () => (from = null));
    whenAimed(this.canvas, (event) => {
      this.enlarge(1.0015 ** -(event.deltaMode === 0 ? event.deltaY : 30 * event.deltaY));
    });
    const keys = {
      ArrowLeft: () => this.rotate(-0.1, 0), ArrowRight: () => this.rotate(0.1, 0),
      ArrowUp: () => this.rotate(0, -0.1), ArrowDown: () => this.rotate(0, 0.1),
      "+": () => this.enlarge(1.2), "=": () => this.enlarge(1.2), "-": () => this.enlarge(1 / 1.2), 0: () => this.reset(),
    };
    this.canvas.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    this.cutChoice.addEventListener("change", () => this.draw());
    document.getElementById("solid-reset").addEventListener("click", () => this.reset());
    document.getElementById("solid-save").addEventListener("click", () => savePicture([this.canvas, this.overlay], "particles-3d.png"));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    window.addEventListener("beforeprint", () => this.drawNow());
  }

  rotate(turn, tilt) {
    this.turn += turn;
    this.tilt = clamp(this.tilt + tilt, -Math.PI / 2, Math.PI / 2);
    this.draw();
  }

  move(across, up) {
    this.shift = [this.shift[0] + across, this.shift[1] + up];
    this.draw();
  }

  enlarge(factor) {
    this.zoom = clamp(this.zoom * factor, 0.3, 40);
    this.draw();
  }

  reset() {
    Object.assign(this, structuredClone(SOLID_HOME));
    this.draw();
  }
}
