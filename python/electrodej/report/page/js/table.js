// The table: only the rows in sight are in the document, so that 100,000 stay quick.
const ROW_HEIGHT = 28;
const ROWS_AROUND = 12;

class ParticleTable {
  constructor(columns) {
    this.columns = columns;
    this.frame = document.getElementById("grid-frame");
    this.table = document.getElementById("grid");
    this.body = this.table.tBodies[0];
    this.search = document.getElementById("search");
    this.count = document.getElementById("count");
    this.sortBy = { column: null, falling: false };
    this.order = Uint32Array.from({ length: manifest.rows }, (_, row) => row);
    this.buildHead();
    this.listen();
    this.refresh();
  }

  buildHead() {
    const row = make("tr");
    let total = 0;
    this.heads = this.columns.map((column) => {
      const button = make("button", { type: "button", title: column.definition || `Sort by ${column.name}` }, column.name, make("small", {}, column.unit));
      const head = make("th", { scope: "col" }, button);
      if (column.text) head.classList.add("text");
      button.addEventListener("click", () => this.sort(column));
      row.append(head);
      const width = column.text ? 190 : clamp(column.name.length * 8 + 44, 98, 200);
      head.style.width = `${width}px`;
      total += width;
      return head;
    });
    this.table.tHead.append(row);
    this.table.style.width = `${total}px`;
    this.table.setAttribute("aria-rowcount", manifest.rows + 1);
  }

  listen() {
    this.frame.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.frame);
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest("tr[data-row]");
      if (line) state.select(Number(line.dataset.row), "table");
    });
    this.frame.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.target !== this.frame || this.order.length === 0) return;
      event.preventDefault();
      const place = this.order.indexOf(state.selected);
      state.select(this.order[place < 0 ? 0 : clamp(place + step, 0, this.order.length - 1)], "keys");
    });
    let pause = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.refresh(), 120);
    });
    state.on("select", (row, from) => {
      if (from !== "table") this.reveal(row);
      this.draw();
    });
    document.getElementById("save-table").addEventListener("click", () => this.save());
  }

  // A first click sorts falling, because the largest are looked for; undefined cells come last both ways.
  sort(column) {
    const again = this.sortBy.column === column;
    this.sortBy = { column, falling: again ? !this.sortBy.falling : !column.text && column.name !== "Label" };
    this.heads.forEach((head, i) => {
      if (this.columns[i] === column) head.setAttribute("aria-sort", this.sortBy.falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.arrange();
    this.frame.scrollTop = 0;
    this.draw();
  }

  arrange() {
    this.order = state.shownRows.slice();
    const { column, falling } = this.sortBy;
    if (!column) return;
    const sign = falling ? -1 : 1;
    if (column.text) {
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      this.order.sort((a, b) => sign * compare(column.text[a], column.text[b]) || a - b);
      return;
    }
    const { values } = column;
    this.order.sort((a, b) => {
      const [x, y] = [values[a], values[b]];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a - b;
      return sign * (x - y) || a - b;
    });
  }

  refresh() {
    const test = parseFilter(this.search.value, this.columns);
    const wrong = typeof test === "string";
    this.search.classList.toggle("wrong", wrong);
    if (wrong) {
      this.count.textContent = test;
      return;
    }
    const rows = [];
    for (let row = 0; row < manifest.rows; row++) if (test(row)) rows.push(row);
    state.filter(Uint32Array.from(rows));
    this.count.textContent = rows.length === manifest.rows ? `${rows.length} particles` : `${rows.length} of ${manifest.rows} particles`;
    document.getElementById("chart-scope").textContent =
      rows.length === manifest.rows ? "" : `Of the ${rows.length} particles that the search leaves, of ${manifest.rows}.`;
    this.arrange();
    this.frame.scrollTop = 0;
    this.draw();
  }

  reveal(row) {
    const place = this.order.indexOf(row);
    if (row < 0 || place < 0) return;
    const room = this.frame.clientHeight - this.table.tHead.offsetHeight;
    const top = place * ROW_HEIGHT;
    if (top < this.frame.scrollTop || top + ROW_HEIGHT > this.frame.scrollTop + room) {
      this.frame.scrollTop = Math.max(0, top - room / 2);
    }
  }

  draw() {
    const first = clamp(Math.floor(this.frame.scrollTop / ROW_HEIGHT) - ROWS_AROUND, 0, Math.max(0, this.order.length - 1));
    const last = Math.min(this.order.length, first + Math.ceil(this.frame.clientHeight / ROW_HEIGHT) + 2 * ROWS_AROUND);
    const lines = [this.spacer(first)];
    for (let place = first; place < last; place++) lines.push(this.line(place));
    lines.push(this.spacer(this.order.length - last));
    this.body.replaceChildren(...lines);
  }

  line(place) {
    const row = this.order[place];
    const line = make("tr", { "data-row": row, "aria-rowindex": place + 2, "aria-selected": row === state.selected });
    for (const column of this.columns) {
      const cell = make("td", {}, cellText(column, row));
      if (column.text) cell.className = "text";
      line.append(cell);
    }
    return line;
  }

  spacer(rows) {
    const line = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td", { colspan: this.columns.length }));
    line.firstChild.style.height = `${rows * ROW_HEIGHT}px`;
    return line;
  }

  save() {
    const rows = Array.from(this.order, (row) => this.columns.map((column) => exactText(column, row)));
    saveTable(this.columns.map((column) => column.name), rows, "particles.csv");
  }
}

// As many digits as the page holds.
function exactText(column, row) {
  if (column.text) return column.text[row];
  return Number.isFinite(column.values[row]) ? String(Number(column.values[row].toPrecision(column.whole ? 16 : 7))) : "";
}
