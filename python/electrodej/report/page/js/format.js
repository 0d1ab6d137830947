// Numbers as people read them, and small helpers for building the page.
function readable(value, digits = 4) {
  if (!Number.isFinite(value)) return "";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  if (Math.abs(value) >= 10 ** digits && Math.abs(value) < 1e9) return String(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}

function cellText(column, row) {
  if (column.text) return column.text[row];
  return column.whole && Number.isFinite(column.values[row]) ? String(column.values[row]) : readable(column.values[row]);
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
