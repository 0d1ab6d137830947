// Histograms and a scatter, as SVG so that they print sharp and follow light and dark.
const CHART_HEIGHT = 270;
const MARGIN = { left: 58, right: 14, top: 10, bottom: 46 };

function linearTicks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) * power;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    const factors = high / low > 1000 ? [1] : [1, 2, 5];
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

// All values but those far off, as one speck would squeeze all others into one bar; see within_fences.
function withinFences(sorted) {
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = 8 * (third - first);
  const inside = reach > 0 ? sorted.filter((value) => value >= first - reach && value <= third + reach) : sorted;
  return [inside[0], inside[inside.length - 1]];
}

// Maps values to pixels, and a share of the axis to a value; a logarithmic axis takes positive values only.
function makeAxis(low, high, from, to, log) {
  if (!(high > low)) {
    const room = Math.abs(low) * 0.05 || 0.5;
    [low, high] = log ? [low / 1.1, high * 1.1] : [low - room, high + room];
  }
  const f = log ? Math.log10 : (value) => value;
  const span = f(high) - f(low);
  const ticks = log ? logTicks(low, high) : linearTicks(low, high, Math.abs(to - from) > 260 ? 7 : 4);
  const value = (share) => Number((log ? 10 ** (f(low) + share * span) : low + share * span).toPrecision(7));
  return { low, high, ticks, value, at: (value) => from + ((f(value) - f(low)) / span) * (to - from) };
}

function drawAxes(svg, xAxis, yAxis, width, xTitle, yTitle) {
  const bottom = CHART_HEIGHT - MARGIN.bottom;
  for (const tick of yAxis.ticks) {
    const y = yAxis.at(tick);
    svg.append(makeSvg("path", { class: "rule", d: `M${MARGIN.left} ${y}H${width - MARGIN.right}` }));
    svg.append(makeSvg("text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, readable(tick)));
  }
  for (const tick of xAxis.ticks) {
    const x = xAxis.at(tick);
    svg.append(makeSvg("path", { class: "axis", d: `M${x} ${bottom}v4` }));
    svg.append(makeSvg("text", { x, y: bottom + 18, "text-anchor": "middle" }, readable(tick)));
  }
  svg.append(makeSvg("path", { class: "axis", d: `M${MARGIN.left} ${bottom}H${width - MARGIN.right}` }));
  const middle = (MARGIN.left + width - MARGIN.right) / 2;
  svg.append(makeSvg("text", { x: middle, y: CHART_HEIGHT - 8, "text-anchor": "middle" }, xTitle));
  const high = (MARGIN.top + bottom) / 2;
  svg.append(makeSvg("text", { x: 14, y: high, "text-anchor": "middle", transform: `rotate(-90 14 ${high})` }, yTitle));
}

class Chart {
  constructor(columns, kind, chosen) {
    this.label = columns.find((column) => column.name === "Label");
    this.columns = columns.filter((column) => column.values && column.name !== "Label");
    this.svg = makeSvg("svg", { height: CHART_HEIGHT, role: "img" });
    this.caption = make("figcaption");
    this.controls = make("div", { class: "controls" });
    this.root = make("figure", { class: `chart ${kind}` }, this.controls, this.svg, this.caption);
    this.choices = chosen.map(([title, name]) => this.addChoice(title, name));
    this.table = [[], []]; // names and rows of what is drawn
    this.root.append(make("p", { class: "saves no-print" },
      saveButton("SVG", "Save the drawing as SVG", () => saveDrawing(this.svg, `${this.fileName()}.svg`)),
      saveButton("CSV", "Save the numbers behind the drawing as CSV", () => saveTable(...this.table, `${this.fileName()}.csv`))));
    document.getElementById("chart-list").append(this.root);
    state.on("filter", () => this.draw());
    state.on("select", () => this.markChosen());
    new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width) this.draw();
    }).observe(this.root);
  }

  addChoice(title, name) {
    const select = make("select", { "aria-label": title });
    for (const column of this.columns) select.append(make("option", { value: column.name }, nameWithUnit(column)));
    select.value = name;
    const log = make("input", { type: "checkbox", "aria-label": `${title}: logarithmic axis` });
    for (const control of [select, log]) control.addEventListener("change", () => this.draw());
    this.controls.append(make("span", { class: "pair" }, make("label", {}, `${title} `, select), make("label", {}, log, " log")));
    return { select, log };
  }

  fileName() {
    return fileName(this.choices.map((choice) => choice.select.value).join(" "));
  }

  column(choice) {
    return this.columns.find((column) => column.name === choice.select.value);
  }

  // Marks the chosen particle without drawing all others anew.
  markChosen() {
    for (const mark of this.svg.querySelectorAll(".chosen")) mark.remove();
    const mark = this.chosenPlace && state.selected >= 0 ? this.chosenPlace(state.selected) : null;
    if (mark) this.svg.append(mark);
  }

  begin() {
    this.width = this.root.clientWidth;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${CHART_HEIGHT}`);
    this.svg.replaceChildren();
    this.table = [[], []];
    this.chosenPlace = () => null;
    return this.width > MARGIN.left + MARGIN.right + 40;
  }
}

class Histogram extends Chart {
  constructor(columns, name) {
    super(columns, "histogram", [["Attribute", name]]);
  }

  draw() {
    if (!this.begin()) return;
    const [choice] = this.choices;
    const column = this.column(choice);
    const log = choice.log.checked;
    const defined = Float64Array.from(state.shownRows, (row) => column.values[row]).filter(Number.isFinite);
    const values = (log ? defined.filter((value) => value > 0) : defined).sort();
    this.svg.setAttribute("aria-label", `Histogram of ${nameWithUnit(column)}`);
    if (values.length === 0) {
      this.caption.textContent = log && defined.length ? "No value above zero." : "No value is defined.";
      return;
    }
    const [low, high] = log ? [values[0], values[values.length - 1]] : withinFences(values);
    const axis = makeAxis(low, high, MARGIN.left, this.width - MARGIN.right, log);
    const counts = this.count(values, axis);
    const bottom = CHART_HEIGHT - MARGIN.bottom;
    const yAxis = makeAxis(0, 1.06 * Math.max(...counts), bottom, MARGIN.top, false);
    yAxis.ticks = yAxis.ticks.filter(Number.isInteger);
    drawAxes(this.svg, axis, yAxis, this.width, nameWithUnit(column), "Particles");
    const step = (this.width - MARGIN.left - MARGIN.right) / counts.length;
    this.table = [[`${column.name} from`, "to", "Particles"], counts.map((count, i) => [axis.value(i / counts.length), axis.value((i + 1) / counts.length), count])];
    counts.forEach((count, i) => {
      if (count === 0) return;
      const y = yAxis.at(count);
      this.svg.append(makeSvg("rect", { class: "bar", x: MARGIN.left + i * step + 0.5, y, width: Math.max(0.5, step - 1), height: bottom - y }));
    });
    const middle = quantile(values, 0.5);
    this.svg.append(makeSvg("path", { class: "middle", d: `M${axis.at(middle)} ${MARGIN.top}V${bottom}` }));
    this.chosenPlace = (row) => this.line(column.values[row], axis, log);
    this.markChosen();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
    const undefinedCount = state.shownRows.length - defined.length;
    const parts = [`n = ${values.length}`, `median ${readable(middle)} (dashed)`, `mean ${readable(mean)}`];
    if (values.length > 1) parts.push(`standard deviation ${readable(spread)}`);
    const beyond = values.filter((value) => value < low || value > high).length;
    if (beyond) parts.push(`${beyond} beyond the axis`);
    if (undefinedCount) parts.push(`${undefinedCount} undefined`);
    if (values.length < defined.length) parts.push(`${defined.length - values.length} not above zero left out`);
    this.caption.textContent = parts.join(", ");
    if (column.definition) this.caption.append(make("div", {}, column.definition));
  }

  // Width after Freedman and Diaconis, within 12 to 60 bars.
  count(values, axis) {
    const f = (value) => axis.at(value);
    const [from, to] = [f(axis.low), f(axis.high)];
    const spread = f(quantile(values, 0.75)) - f(quantile(values, 0.25));
    const wanted = spread > 0 ? ((to - from) / (2 * spread)) * Math.cbrt(values.length) : 20;
    const bars = clamp(Math.round(wanted), 12, 60);
    const counts = new Array(bars).fill(0);
    const inside = values.filter((value) => value >= axis.low && value <= axis.high);
    for (const value of inside) counts[clamp(Math.floor(((f(value) - from) / (to - from)) * bars), 0, bars - 1)]++;
    return counts;
  }

  line(value, axis, log) {
    if (!Number.isFinite(value) || (log && value <= 0) || value < axis.low || value > axis.high) return null;
    return makeSvg("path", { class: "chosen", d: `M${axis.at(value)} ${MARGIN.top}V${CHART_HEIGHT - MARGIN.bottom}` });
  }
}

class Scatter extends Chart {
  constructor(columns, xName, yName) {
    super(columns, "scatter", [["Across", xName], ["Up", yName]]);
    this.svg.addEventListener("click", (event) => this.pick(event));
  }

  draw() {
    if (!this.begin()) return;
    const [xChoice, yChoice] = this.choices;
    const [xColumn, yColumn] = [this.column(xChoice), this.column(yChoice)];
    const usable = (column, choice, row) => Number.isFinite(column.values[row]) && (!choice.log.checked || column.values[row] > 0);
    const rows = Array.from(state.shownRows).filter((row) => usable(xColumn, xChoice, row) && usable(yColumn, yChoice, row));
    this.svg.setAttribute("aria-label", `${nameWithUnit(yColumn)} over ${nameWithUnit(xColumn)}`);
    this.points = [];
    if (rows.length === 0) {
      this.caption.textContent = "No particle has both values.";
      return;
    }
    const range = (column) => {
      let [low, high] = [Infinity, -Infinity];
      for (const row of rows) [low, high] = [Math.min(low, column.values[row]), Math.max(high, column.values[row])];
      return [low, high];
    };
    const xAxis = makeAxis(...range(xColumn), MARGIN.left + 6, this.width - MARGIN.right - 6, xChoice.log.checked);
    const yAxis = makeAxis(...range(yColumn), CHART_HEIGHT - MARGIN.bottom - 6, MARGIN.top + 6, yChoice.log.checked);
    drawAxes(this.svg, xAxis, yAxis, this.width, nameWithUnit(xColumn), nameWithUnit(yColumn));
    this.points = rows.map((row) => ({ row, x: xAxis.at(xColumn.values[row]), y: yAxis.at(yColumn.values[row]) }));
    const label = this.label;
    this.table = [["Label", xColumn.name, yColumn.name], rows.map((row) => [label ? cellText(label, row) : row + 1, exactText(xColumn, row), exactText(yColumn, row)])];
    const size = rows.length > 20000 ? 1.5 : rows.length > 3000 ? 2.5 : 5;
    // A hair of length, because Firefox prints points of no length as lines.
    const path = this.points.map(({ x, y }) => `M${x.toFixed(1)} ${y.toFixed(1)}h.01`).join("");
    this.svg.append(makeSvg("path", { class: "dots", "stroke-width": size, d: path }));
    this.chosenPlace = (chosen) => {
      const point = this.points.find(({ row }) => row === chosen);
      return point ? makeSvg("circle", { class: "chosen", cx: point.x, cy: point.y, r: 6 }) : null;
    };
    this.markChosen();
    const parts = [`n = ${rows.length}`];
    if (rows.length > 2) parts.push(`rank correlation (Spearman) ${readable(spearman(rows, xColumn.values, yColumn.values), 2)}`);
    this.caption.textContent = parts.join(", ");
  }

  pick(event) {
    const box = this.svg.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, ((event.clientY - box.top) / box.height) * CHART_HEIGHT];
    let [best, least] = [null, 15 ** 2];
    for (const point of this.points || []) {
      const distance = (point.x - px) ** 2 + (point.y - py) ** 2;
      if (distance < least) [least, best] = [distance, point];
    }
    if (best) state.select(best.row, "chart");
  }
}

// Ranks of the values, equal ones share their mean rank.
function ranks(values) {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && values[order[j]] === values[order[i]]) j++;
    for (let k = i; k < j; k++) out[order[k]] = (i + j - 1) / 2;
    i = j;
  }
  return out;
}

function spearman(rows, xValues, yValues) {
  const x = ranks(rows.map((row) => xValues[row]));
  const y = ranks(rows.map((row) => yValues[row]));
  const middle = (rows.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    xy += (x[i] - middle) * (y[i] - middle);
    xx += (x[i] - middle) ** 2;
    yy += (y[i] - middle) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}
