// Files that the page hands out: tables as CSV, drawings as SVG, pictures as PNG.
function saveFile(parts, type, name) {
  const link = make("a", { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A cell that no spreadsheet takes for a formula, see plain_cell in tables.py.
function csvCell(text) {
  const formula = /^[=+\-@\t\r\n]/.test(text) && !NUMBER.test(text);
  const plain = formula ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function saveTable(names, rows, name) {
  const lines = [names, ...rows].map((cells) => cells.map((cell) => csvCell(String(cell))).join(",") + "\n");
  saveFile(lines, "text/csv", name);
}

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-dasharray", "font-size", "font-family", "text-anchor"];

// The page's style is written into each element, as the file has none of it.
function saveDrawing(svg, name) {
  const copy = svg.cloneNode(true);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  for (const [key, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) copy.setAttribute(key, value);
  const [here, there] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  here.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const key of DRAWN) if (style.getPropertyValue(key)) there[i].setAttribute(key, style.getPropertyValue(key));
  });
  copy.prepend(makeSvg("rect", { width, height, fill: getComputedStyle(svg.closest("section")).backgroundColor }));
  saveFile([new XMLSerializer().serializeToString(copy)], "image/svg+xml", name);
}

// Canvases over one another, or beside one another, as one picture.
function savePicture(canvases, name, beside = false) {
  const gap = beside ? 12 : 0;
  const width = beside ? canvases.reduce((sum, each) => sum + each.width + gap, -gap) : canvases[0].width;
  const sheet = make("canvas", { width, height: Math.max(...canvases.map((each) => each.height)) });
  let left = 0;
  for (const canvas of canvases) {
    sheet.getContext("2d").drawImage(canvas, left, 0);
    if (beside) left += canvas.width + gap;
  }
  sheet.toBlob((blob) => saveFile([blob], "image/png", name), "image/png");
}

function fileName(title) {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
}

function saveButton(text, title, work) {
  const button = make("button", { type: "button", class: "save", title }, text);
  button.addEventListener("click", work);
  return button;
}

// Below each picture of a section: the drawing itself, and the numbers that it draws.
function offerPictures() {
  for (const figure of document.querySelectorAll("figure.picture")) {
    const picture = figure.querySelector("img");
    const name = fileName(picture.alt);
    const form = picture.src.startsWith("data:image/svg") ? "SVG" : "PNG";
    const bar = make("p", { class: "saves no-print" });
    bar.append(saveButton(form, `Save the drawing as ${form}`, async () => {
      const bytes = Uint8Array.from(atob(picture.src.split(",")[1]), (letter) => letter.charCodeAt(0));
      saveFile([bytes], form === "SVG" ? "image/svg+xml" : "image/png", `${name}.${form.toLowerCase()}`);
    }));
    if (figure.dataset.numbers) {
      bar.append(saveButton("CSV", "Save the numbers behind the drawing as CSV", async () => {
        saveFile([await inflatePart(manifest.numbers[Number(figure.dataset.numbers)])], "text/csv", `${name}.csv`);
      }));
    }
    figure.append(bar);
  }
}
