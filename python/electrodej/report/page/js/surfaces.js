// Surfaces of particles, made in the browser from the labels that the page holds anyway: they take no room in
// the file, and always agree with the slices. Each particle is drawn on a grid of its own, coarser the larger
// it is, so that all have about as many triangles ("surface nets": a vertex in each cell that the surface
// crosses, a quadrilateral at each edge that it cuts).
const QUADS_WANTED = 240000;
const CELLS_LEAST = 5;
const CELLS_MOST = 22;
const MOST_SURFACES = 20000;
const SMOOTHINGS = 2;

// The corners of a cell, and the edges between them, as offsets in z, y, x.
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => [corner >> 2, (corner >> 1) & 1, corner & 1]);
const EDGES = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]];

// The box of each row's voxels: six numbers, lowest and highest z, y, x; and how many voxels it has.
function labelBoxes(volume, rows) {
  const [nz, ny, nx] = volume.shape;
  const { codes } = volume;
  const boxes = new Int32Array(6 * rows);
  const counts = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) boxes.set([nz, ny, nx, -1, -1, -1], 6 * row);
  let at = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const end = at + nx;
      for (let i = at; i < end; ) {
        const code = codes[i];
        const from = i;
        while (i < end && codes[i] === code) i++;
        if (code === 0 || code > rows) continue;
        const box = 6 * (code - 1);
        counts[code - 1] += i - from;
        if (z < boxes[box]) boxes[box] = z;
        if (y < boxes[box + 1]) boxes[box + 1] = y;
        if (from - at < boxes[box + 2]) boxes[box + 2] = from - at;
        if (z > boxes[box + 3]) boxes[box + 3] = z;
        if (y > boxes[box + 4]) boxes[box + 4] = y;
        if (i - 1 - at > boxes[box + 5]) boxes[box + 5] = i - 1 - at;
      }
      at = end;
    }
  }
  return { boxes, counts };
}

// How full each block of voxels is of one label, with an empty border around.
function fullness(volume, row, box, steps) {
  const { codes, strides } = volume;
  const size = [0, 1, 2].map((axis) => Math.ceil((box[axis + 3] - box[axis] + 1) / steps[axis]) + 2);
  const full = new Float32Array(size[0] * size[1] * size[2]);
  const share = 1 / (steps[0] * steps[1] * steps[2]);
  for (let z = box[0]; z <= box[3]; z++) {
    const plane = (Math.floor((z - box[0]) / steps[0]) + 1) * size[1];
    for (let y = box[1]; y <= box[4]; y++) {
      const line = (plane + Math.floor((y - box[1]) / steps[1]) + 1) * size[2] + 1;
      const source = z * strides[0] + y * strides[1];
      for (let x = box[2]; x <= box[5]; x++) {
        if (codes[source + x] === row + 1) full[line + Math.floor((x - box[2]) / steps[2])] += share;
      }
    }
  }
  return { full, size };
}

// The surface of one particle: vertices as z, y, x in blocks of its own grid, and four vertices a quad.
function surfaceNet({ full, size }) {
  const [nz, ny, nx] = size;
  const vertices = [];
  const quads = [];
  const vertexOf = new Int32Array(full.length).fill(-1);
  const jump = CORNERS.map(([z, y, x]) => (z * ny + y) * nx + x);
  // A particle thinner than half a block would vanish at one half.
  const level = Math.min(0.5, 0.5 * full.reduce((most, value) => Math.max(most, value), 0));
  for (let z = 0; z + 1 < nz; z++) {
    for (let y = 0; y + 1 < ny; y++) {
      for (let x = 0, at = (z * ny + y) * nx; x + 1 < nx; x++, at++) {
        let inside = 0;
        for (let corner = 0; corner < 8; corner++) if (full[at + jump[corner]] > level) inside |= 1 << corner;
        if (inside === 0 || inside === 255) continue;
        let [sumZ, sumY, sumX, cut] = [0, 0, 0, 0];
        for (const [a, b] of EDGES) {
          if (((inside >> a) & 1) === ((inside >> b) & 1)) continue;
          const [here, there] = [full[at + jump[a]], full[at + jump[b]]];
          const share = (level - here) / (there - here);
          sumZ += CORNERS[a][0] + share * (CORNERS[b][0] - CORNERS[a][0]);
          sumY += CORNERS[a][1] + share * (CORNERS[b][1] - CORNERS[a][1]);
          sumX += CORNERS[a][2] + share * (CORNERS[b][2] - CORNERS[a][2]);
          cut++;
        }
        vertexOf[at] = vertices.length / 3;
        vertices.push(z + sumZ / cut, y + sumY / cut, x + sumX / cut);
        // Around the three edges from this cell's first corner lie cells that are done already.
        const first = inside & 1;
        const around = (corner, u, v) => {
          if (((inside >> corner) & 1) === first) return;
          const ring = [vertexOf[at], vertexOf[at - u], vertexOf[at - u - v], vertexOf[at - v]];
          quads.push(...(first ? ring.reverse() : ring));
        };
        around(4, nx, 1);
        around(2, 1, ny * nx);
        around(1, ny * nx, nx);
      }
    }
  }
  return { vertices, quads };
}

// Moves each vertex to the mean of its neighbours, a few times: labels are steps, particles are round.
function smoothed(vertices, quads) {
  let here = Float32Array.from(vertices);
  const count = new Float32Array(here.length / 3);
  for (let round = 0; round < SMOOTHINGS; round++) {
    const sum = new Float32Array(here.length);
    count.fill(0);
    for (let i = 0; i < quads.length; i += 4) {
      for (let side = 0; side < 4; side++) {
        const [a, b] = [quads[i + side], quads[i + ((side + 1) & 3)]];
        count[a]++;
        for (let axis = 0; axis < 3; axis++) sum[3 * a + axis] += here[3 * b + axis];
      }
    }
    for (let a = 0; a < count.length; a++) {
      for (let axis = 0; axis < 3; axis++) sum[3 * a + axis] = 0.5 * (here[3 * a + axis] + sum[3 * a + axis] / count[a]);
    }
    here = sum;
  }
  return here;
}

// Triangles of all particles: x, z, -y of each vertex in micrometres from the volume's middle (so that z
// stands up and nothing is mirrored), its normal in bytes, and its row.
class Surfaces {
  constructor(volume, rows) {
    this.volume = volume;
    const { boxes, counts } = labelBoxes(volume, rows);
    this.boxes = boxes;
    this.order = Array.from(counts.keys()).filter((row) => counts[row] > 0);
    this.found = this.order.length;
    if (this.found > MOST_SURFACES) {
      this.order.sort((a, b) => counts[b] - counts[a]);
      this.order.length = MOST_SURFACES;
    }
    this.cells = clamp(Math.sqrt(QUADS_WANTED / (5 * Math.max(1, this.order.length))), CELLS_LEAST, CELLS_MOST);
    this.middle = volume.shape.map((n, axis) => volume.micrometres(axis, (n - 1) / 2));
    this.chunks = [];
    this.triangles = 0;
    this.vertices = 0;
  }

  // Makes all surfaces, a short while at a time, so that the page stays alive.
  async make(progress) {
    let paused = performance.now();
    for (let done = 0; done < this.order.length; done++) {
      this.add(this.order[done]);
      if (performance.now() - paused < 40) continue;
      progress((done + 1) / this.order.length);
      await new Promise((go) => setTimeout(go));
      paused = performance.now();
    }
    return this.joined();
  }

  add(row) {
    const { pitch } = this.volume;
    const box = this.boxes.subarray(6 * row, 6 * row + 6);
    const lengths = [0, 1, 2].map((axis) => (box[axis + 3] - box[axis] + 1) * pitch[axis]);
    const block = Math.cbrt(lengths[0] * lengths[1] * lengths[2]) / this.cells;
    const steps = pitch.map((size) => Math.max(1, Math.round(block / size)));
    const { vertices, quads } = surfaceNet(fullness(this.volume, row, box, steps));
    const grid = smoothed(vertices, quads);
    const places = new Float32Array(grid.length);
    for (let i = 0; i < grid.length; i += 3) {
      // A block of the grid lies one further, as it has a border, and its middle in the middle of its voxels.
      const [z, y, x] = [0, 1, 2].map((axis) => {
        const index = box[axis] + (grid[i + axis] - 0.5) * steps[axis] - 0.5;
        return this.volume.micrometres(axis, index) - this.middle[axis];
      });
      places.set([x, z, -y], i);
    }
    this.chunks.push({ row, places, normals: normals(places, quads), quads, first: this.vertices });
    this.vertices += places.length / 3;
    this.triangles += quads.length / 2;
  }

  joined() {
    const places = new Float32Array(3 * this.vertices);
    const normalBytes = new Int8Array(4 * this.vertices);
    const rows = new Float32Array(this.vertices);
    const corners = new Uint32Array(3 * this.triangles);
    let at = 0;
    for (const chunk of this.chunks) {
      places.set(chunk.places, 3 * chunk.first);
      normalBytes.set(chunk.normals, 4 * chunk.first);
      rows.fill(chunk.row, chunk.first, chunk.first + chunk.places.length / 3);
      const { quads, first } = chunk;
      for (let i = 0; i < quads.length; i += 4) {
        const [a, b, c, d] = [quads[i] + first, quads[i + 1] + first, quads[i + 2] + first, quads[i + 3] + first];
        corners[at++] = a; corners[at++] = b; corners[at++] = c;
        corners[at++] = a; corners[at++] = c; corners[at++] = d;
      }
    }
    this.chunks = [];
    return { places, normals: normalBytes, rows, corners };
  }
}

// Mean of the faces around each vertex, as bytes, four a vertex.
function normals(places, quads) {
  const sum = new Float32Array(places.length);
  const edge = (a, b, axis) => places[3 * b + axis] - places[3 * a + axis];
  for (let i = 0; i < quads.length; i += 4) {
    const [a, b, c, d] = [quads[i], quads[i + 1], quads[i + 2], quads[i + 3]];
    const u = [0, 1, 2].map((axis) => edge(a, c, axis));
    const v = [0, 1, 2].map((axis) => edge(b, d, axis));
    const face = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const corner of [a, b, c, d]) for (let axis = 0; axis < 3; axis++) sum[3 * corner + axis] += face[axis];
  }
  const bytes = new Int8Array((places.length / 3) * 4);
  for (let vertex = 0; vertex < places.length / 3; vertex++) {
    const length = Math.hypot(sum[3 * vertex], sum[3 * vertex + 1], sum[3 * vertex + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) bytes[4 * vertex + axis] = Math.round((127 * sum[3 * vertex + axis]) / length);
  }
  return bytes;
}
