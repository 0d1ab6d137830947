// The coarse volume: grey bytes and label codes, cut along any axis. Axes are z, y, x.
class CoarseVolume {
  constructor(description) {
    Object.assign(this, description);
    const [nz, ny, nx] = this.shape;
    this.strides = [ny * nx, nx, 1];
    this.greys = new Uint8Array(nz * ny * nx);
    this.codes = null;
    this.decoded = new Uint8Array(nz);
    this.loading = true;
  }

  async loadLabels() {
    const bytes = await inflatePart(this.labels);
    this.codes = this.labelBytes === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
    if (this.layers) this.layers.codes = await inflatePart(this.layers.part);
  }

  // Whether a slice along an axis is there as a whole.
  holds(axis, index) {
    return !this.loading || (axis === 0 && this.decoded[index] === 1);
  }

  // Decodes the pictures, `first` before the others; false if the browser falsifies what is read back.
  async loadGreys(first, decoded) {
    const [nz, ny, nx] = this.shape;
    const canvas = make("canvas", { width: nx, height: ny });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const load = async (k) => {
      const picture = await createImageBitmap(new Blob([partBytes(this.slices[k])], { type: "image/jpeg" }));
      context.drawImage(picture, 0, 0);
      picture.close();
      const pixels = context.getImageData(0, 0, nx, ny).data;
      const start = k * ny * nx;
      for (let i = 0; i < ny * nx; i++) this.greys[start + i] = pixels[4 * i];
      this.decoded[k] = 1;
      decoded(k);
    };
    try {
      await load(0);
      const mean = this.greys.subarray(0, ny * nx).reduce((sum, value) => sum + value, 0) / (ny * nx);
      await load(first);
      for (let k = 1; k < nz; k++) if (k !== first) await load(k);
      return Math.abs(mean - this.meanGrey) < 6;
    } finally {
      this.loading = false;
    }
  }

  codeAt(position) {
    return this.codes[position[0] * this.strides[0] + position[1] * this.strides[1] + position[2]];
  }

  // The voxel of a particle that is nearest to its middle, or null where no shown voxel is its own.
  placeOf(code) {
    const { codes, strides, pitch } = this;
    const split = (i) => {
      const z = Math.floor(i / strides[0]);
      const y = Math.floor((i - z * strides[0]) / strides[1]);
      return [z, y, i - z * strides[0] - y * strides[1]];
    };
    const own = [];
    const middle = [0, 0, 0];
    for (let i = codes.indexOf(code); i >= 0 && i < codes.length; i++) {
      if (codes[i] !== code) continue;
      own.push(i);
      split(i).forEach((value, axis) => (middle[axis] += value));
    }
    if (own.length === 0) return null;
    let best = null;
    let least = Infinity;
    for (const i of own) {
      const voxel = split(i);
      const distance = voxel.reduce((sum, v, axis) => sum + ((v - middle[axis] / own.length) * pitch[axis]) ** 2, 0);
      if (distance < least) [least, best] = [distance, voxel];
    }
    return best;
  }

  // Position in micrometres (index x voxel size), and the whole volume's slice, counted from 1 as Fiji does.
  micrometres(axis, index) {
    return this.origin[axis] + index * this.pitch[axis];
  }

  wholeIndex(axis, index) {
    return Math.min(index * this.steps[axis] + Math.floor(this.steps[axis] / 2), this.whole[axis] - 1);
  }
}
