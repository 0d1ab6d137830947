// What is chosen, shared by views, charts and table: one particle, and the rows that the filter leaves.
const state = {
  selected: -1,
  shownRows: null, // ascending row numbers
  listeners: { select: [], filter: [] },
  on(event, listener) {
    this.listeners[event].push(listener);
  },
  select(row, from) {
    this.selected = row;
    document.body.dataset.selected = row < 0 ? "" : String(row);
    for (const listener of this.listeners.select) listener(row, from);
  },
  filter(rows) {
    this.shownRows = rows;
    for (const listener of this.listeners.filter) listener(rows);
  },
};
