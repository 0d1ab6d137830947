// What the page carries: a manifest, and packed parts that it points to.
const manifest = JSON.parse(document.getElementById("manifest").textContent);
const packedParts = document.getElementById("parts").textContent;

function partBytes([start, length]) {
  const text = atob(packedParts.slice(start, start + length));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function inflatePart(part) {
  const stream = new Blob([partBytes(part)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A column's numbers; its bytes lie grouped: all first bytes, all second bytes, ...
async function unpackNumbers(column, rows) {
  const grouped = await inflatePart(column.part);
  const bytes = new Uint8Array(rows * column.bytes);
  for (let plane = 0; plane < column.bytes; plane++) {
    for (let row = 0; row < rows; row++) bytes[row * column.bytes + plane] = grouped[plane * rows + row];
  }
  return column.bytes === 8 ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

async function loadColumns() {
  return Promise.all(manifest.columns.map(async (column) => {
    const { name, unit, definition, whole } = column;
    const numbers = await unpackNumbers(column, manifest.rows);
    if (column.words) return { name, unit, definition, text: Array.from(numbers, (place) => column.words[place]), values: null };
    return { name, unit, definition, whole, text: null, values: numbers, decimals: columnDecimals(numbers) };
  }));
}
