// The search box: a label, words of a text column, or comparisons joined by "&".
const COMPARISONS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

// A decimal point or a decimal comma.
const NUMBER = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;

// Returns a test for a row, or an explanation as text where the search makes no sense.
function parseFilter(text, columns) {
  const tests = [];
  // A comma before a digit belongs to a number.
  for (const clause of text.split(/&+|\band\b|,(?!\d)/i).map((part) => part.trim()).filter(Boolean)) {
    const test = parseClause(clause, columns);
    if (typeof test === "string") return test;
    tests.push(test);
  }
  return (row) => tests.every((test) => test(row));
}

function parseClause(clause, columns) {
  const found = clause.match(/^(.*?)\s*(<=|>=|!=|<|>|=)\s*(.*)$/);
  if (!found) return plainClause(clause, columns);
  const [, name, sign, value] = found;
  const column = columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!column) return name ? `There is no column "${name}".` : "Name a column before the sign.";
  if (column.text) {
    const wanted = value.toLowerCase();
    if (sign !== "=" && sign !== "!=") return `${column.name} holds text; use = or !=.`;
    return (row) => COMPARISONS[sign](column.text[row].toLowerCase(), wanted);
  }
  if (!NUMBER.test(value)) return `Give a number after ${name} ${sign}` + (value ? `, not "${value}".` : "");
  const number = Number(value.replace(",", "."));
  // What is compared is what the table prints, or a search for a printed value would miss it.
  return (row) => {
    const cell = column.values[row];
    return Number.isFinite(cell) && COMPARISONS[sign](/=/.test(sign) ? Number(cellText(column, row)) : cell, number);
  };
}

function plainClause(clause, columns) {
  const wanted = clause.toLowerCase();
  const label = columns.find((column) => column.name === "Label");
  const texts = columns.filter((column) => column.text);
  return (row) => (label && cellText(label, row) === clause) || texts.some((column) => column.text[row].toLowerCase().includes(wanted));
}
