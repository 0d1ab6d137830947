// A small renderer of our own in WebGL 2: triangles in one colour per particle, a slice as a picture, lines.
// No library: the page needs one kind of light and one kind of camera, which are the hundred lines below.
const COLOURS_ACROSS = 1024;

const SOLID_VERTEX = `#version 300 es
in vec3 place; in vec3 normal; in float row;
uniform mat4 camera; uniform mat3 spin; uniform sampler2D colours;
flat out vec4 tone; flat out float number; out vec3 facing; out vec3 at; out float depth;
void main() {
  int own = int(row + 0.5);
  tone = texelFetch(colours, ivec2(own % ${COLOURS_ACROSS}, own / ${COLOURS_ACROSS}), 0);
  number = row; facing = spin * normal; at = place;
  gl_Position = tone.a > 0.0 ? camera * vec4(place, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  depth = gl_Position.z;
}`;
const SOLID_FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 tone; flat in float number; in vec3 facing; in vec3 at; in float depth;
uniform vec4 cut; uniform bool picking;
out vec4 colour;
void main() {
  if (dot(at, cut.xyz) > cut.w) discard;
  if (picking) {
    int code = int(number + 0.5) + 1;
    colour = vec4(float(code & 255), float((code >> 8) & 255), float((code >> 16) & 255), 255.0) / 255.0;
    return;
  }
  vec3 face = normalize(facing);
  // What is cut open shows its inside, a shade darker.
  if (!gl_FrontFacing) { colour = vec4(tone.rgb * 0.45, 1.0); return; }
  float key = max(0.0, dot(face, normalize(vec3(-0.45, 0.65, 0.7))));
  float fill = max(0.0, dot(face, normalize(vec3(0.7, -0.2, 0.5))));
  float light = (0.40 + 0.66 * key + 0.16 * fill) * (1.0 - 0.18 * (depth * 0.5 + 0.5));
  colour = vec4(tone.rgb * light + 0.10 * pow(key, 24.0), 1.0);
}`;
const PLANE_VERTEX = `#version 300 es
in vec3 place; in vec2 corner;
uniform mat4 camera; out vec2 spot;
void main() { spot = corner; gl_Position = camera * vec4(place, 1.0); }`;
const PLANE_FRAGMENT = `#version 300 es
precision highp float;
in vec2 spot; uniform sampler2D picture; uniform vec4 plain; out vec4 colour;
void main() { colour = plain.a > 0.0 ? vec4(plain.rgb, 1.0) : vec4(texture(picture, spot).rgb, 1.0); }`;

class Renderer {
  constructor(canvas) {
    this.canvas = canvas;
    // Kept after drawing, so that it prints and can be saved.
    const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("this browser has no WebGL 2");
    this.gl = gl;
    this.solid = this.program(SOLID_VERTEX, SOLID_FRAGMENT);
    this.plane = this.program(PLANE_VERTEX, PLANE_FRAGMENT);
    this.lineBuffer = gl.createBuffer();
    this.planeBuffer = gl.createBuffer();
    this.picture = this.texture(gl.LINEAR);
    this.colours = this.texture(gl.NEAREST);
    this.count = 0;
    gl.enable(gl.DEPTH_TEST);
  }

  program(vertex, fragment) {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`WebGL 2 refuses (${gl.getProgramInfoLog(program)})`);
    const places = {};
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(program, i);
      places[name] = gl.getUniformLocation(program, name);
    }
    return { program, places };
  }

  texture(filter) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, filter);
    return texture;
  }

  // Takes the triangles that Surfaces.make gives.
  load({ places, normals: normalBytes, rows, corners }) {
    const { gl } = this;
    this.triangles = gl.createVertexArray();
    gl.bindVertexArray(this.triangles);
    const attributes = [["place", places, 3, 3, gl.FLOAT], ["normal", normalBytes, 3, 4, gl.BYTE], ["row", rows, 1, 1, gl.FLOAT]];
    for (const [name, data, size, stride, type] of attributes) {
      const at = gl.getAttribLocation(this.solid.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, type, type === gl.BYTE, stride * data.BYTES_PER_ELEMENT, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.count = corners.length;
  }

  // Four bytes a row: red, green, blue, and 0 for a particle that is not shown.
  paint(bytes) {
    const { gl } = this;
    const down = Math.max(1, Math.ceil(bytes.length / 4 / COLOURS_ACROSS));
    const padded = new Uint8Array(4 * COLOURS_ACROSS * down);
    padded.set(bytes);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, COLOURS_ACROSS, down, 0, gl.RGBA, gl.UNSIGNED_BYTE, padded);
  }

  drawSolids(camera, spin, cut, picking) {
    const { gl } = this;
    const { program, places } = this.solid;
    gl.useProgram(program);
    gl.uniformMatrix4fv(places.camera, false, camera);
    gl.uniformMatrix3fv(places.spin, false, spin);
    gl.uniform4fv(places.cut, cut);
    gl.uniform1i(places.picking, picking ? 1 : 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.bindVertexArray(this.triangles);
    gl.drawElements(gl.TRIANGLES, this.count, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }

  clear(colour) {
    const { gl } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...colour);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  // Points as x, y, z and, of a picture, its two coordinates.
  drawFlat(mode, buffer, numbers, camera, plain) {
    const { gl } = this;
    const { program, places } = this.plane;
    gl.useProgram(program);
    gl.uniformMatrix4fv(places.camera, false, camera);
    gl.uniform4fv(places.plain, plain);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, Float32Array.from(numbers), gl.STREAM_DRAW);
    for (const [name, size, from] of [["place", 3, 0], ["corner", 2, 12]]) {
      const at = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, 20, from);
    }
    gl.drawArrays(mode, 0, numbers.length / 5);
  }

  drawLines(numbers, camera, colour) {
    this.drawFlat(this.gl.LINES, this.lineBuffer, numbers, camera, [...colour, 1]);
  }

  drawPicture(picture, numbers, camera) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    this.drawFlat(gl.TRIANGLE_STRIP, this.planeBuffer, numbers, camera, [0, 0, 0, 0]);
  }

  pixel(x, y) {
    const out = new Uint8Array(4);
    this.gl.readPixels(x, this.canvas.height - 1 - y, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, out);
    return out;
  }
}
