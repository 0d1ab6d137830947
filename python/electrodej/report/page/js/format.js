// Numbers as people read them, and small helpers for building the page.
function readable(value, digits = 4) {
  if (!Number.isFinite(value)) return "";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  if (Math.abs(value) >= 10 ** digits && Math.abs(value) < 1e9) return String(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}

// As many decimals for all values of a column: those that give the middle one three digits, one at least
// below 1000, and no more than the values have; null where no number of them suits all. As column_texts in
// numbers.py. Of a long column every n-th value is looked at.
function columnDecimals(values) {
  const step = Math.max(1, Math.floor(values.length / 2000));
  const sizes = [];
  for (let row = 0; row < values.length; row += step) {
    if (Number.isFinite(values[row]) && values[row] !== 0) sizes.push(Math.abs(values[row]));
  }
  if (sizes.length === 0) return 0;
  sizes.sort((a, b) => a - b);
  const middle = sizes[sizes.length >> 1];
  if (middle < 1e-6 || sizes[sizes.length - 1] >= 1e9) return null;
  const wanted = Math.max(2 - Math.floor(Math.log10(middle)), middle < 1000 ? 1 : 0);
  return Math.min(wanted, Math.max(...sizes.map(ownDecimals)));
}

// How many decimals a value has, at seven digits.
function ownDecimals(value) {
  const [digits, power] = value.toExponential(6).split("e");
  const own = (digits.replace(/0+$/, "").split(".")[1] || "").length;
  return Math.max(0, own - Number(power));
}

// A value that would vanish keeps a digit, and 0 stays 0.
function cellText(column, row) {
  if (column.text) return column.text[row];
  const value = column.values[row];
  if (!Number.isFinite(value)) return "";
  if (column.whole) return String(value);
  if (column.decimals === null || value === 0) return readable(value);
  const text = value.toFixed(column.decimals);
  return Number(text) === 0 ? readable(value, 1) : text;
}

function nameWithUnit(column) {
  return column.unit ? `${column.name} (${column.unit})` : column.name;
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function makeSvg(tag, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// The q-th quantile of ascending values, between them linearly.
function quantile(sorted, q) {
  if (sorted.length === 0) return NaN;
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

// Viridis in nine stops; its lightness rises evenly, so it reads without colour too.
const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

function viridis(share) {
  const place = clamp(share, 0, 1) * (VIRIDIS.length - 1);
  const stop = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[stop].map((value, i) => Math.round(value + (place - stop) * (VIRIDIS[stop + 1][i] - value)));
}
