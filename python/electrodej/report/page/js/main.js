// Puts the page together.
function firstOf(columns, names, other) {
  const numeric = columns.filter((column) => column.values && column.name !== "Label");
  const wanted = names.find((name) => numeric.some((column) => column.name === name));
  return wanted || (numeric[other % numeric.length] || {}).name;
}

function buildCharts(columns) {
  if (!columns.some((column) => column.values && column.name !== "Label")) {
    document.getElementById("charts").hidden = true;
    return;
  }
  const size = firstOf(columns, ["EqDiameter", "Volume"], 0);
  new Histogram(columns, size);
  new Histogram(columns, firstOf(columns, ["Damage", "Sphericity"], 1));
  new Histogram(columns, firstOf(columns, ["Contact", "Elongation"], 2));
  new Scatter(columns, size, firstOf(columns, ["Damage", "Sphericity"], 1));
}

function tell(text) {
  const note = document.getElementById("browser-note");
  note.textContent = text;
  note.hidden = false;
}

async function loadSlices(scene) {
  try {
    const honest = await scene.volume.loadGreys(scene.position[0], (k) => {
      if (k === scene.position[0] || k % 64 === 0) scene.redraw();
      for (const view of scene.views) view.tellLoading();
    });
    if (!honest) tell("This browser changes pictures that a page reads back (a privacy setting), so the grey slices below are not right.");
  } finally {
    scene.redraw();
  }
}

async function start() {
  document.body.classList.add("scripted");
  offerPictures();
  const columns = await loadColumns();
  let scene = null;
  // Before the slices, which take longer: whoever prints at once has the charts.
  if (manifest.rows) {
    buildCharts(columns);
    new ParticleTable(columns);
  }
  if (manifest.volume) {
    const volume = new CoarseVolume(manifest.volume);
    await volume.loadLabels();
    scene = new Scene(volume, columns);
  }
  if (scene) {
    await loadSlices(scene);
  }
  document.body.dataset.ready = "true";
}

// Paper cannot be unfolded.
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll(".notes details, #definitions details")].filter((folded) => !folded.open);
  for (const folded of unfolded) folded.open = true;
});
window.addEventListener("afterprint", () => {
  for (const folded of unfolded) folded.open = false;
});

start().catch((error) => {
  tell(`This browser cannot show the page in full (${error.message}); a current Firefox or Chromium can.`);
  throw error;
});
