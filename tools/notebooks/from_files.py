# %% [markdown]
# # From files to the page
#
# The commands of the shell are functions too: `do("measure", ...)` is `electrodej measure ...`. Here two synthetic
# samples are taken from their grey image to a page that compares them; put your own files in their place.

# %%
import tempfile
from pathlib import Path

from electrodej.verbs import do

folder = Path(tempfile.mkdtemp())
for name, seed in (("fresh", 3), ("cycled", 4)):
    made = do("phantom", folder / name, shape=(64, 128, 128), spacing=(0.16, 0.16, 0.16), seed=seed)
    print(name, made.text.replace(str(folder), "..."))

# %% [markdown]
# ## One image, the whole chain
#
# Every stage says the command that does the same. Without `model`, the bundled networks find particles, phases and
# cracks; the watershed is used here because it takes seconds.

# %%
grey = folder / "fresh" / "grey.tif"
done = do("run", str(grey), model="watershed", only=("particles", "table", "report"), out=folder / "one")
print(done.text.replace(str(folder), "..."))
sorted(path.name for path in (folder / "one").iterdir())

# %% [markdown]
# ## What the files hold
#
# Every reader of CSV opens the table; its description lies beside it.

# %%
import csv
import json

rows = list(csv.DictReader((folder / "one" / "particles.csv").read_text(encoding="utf-8").splitlines()))
described = json.loads((folder / "one" / "particles.json").read_text())
len(rows), rows[0]["Volume"], described["columns"]["Volume"]

# %%
from electrodej.volume import open_volume

with open_volume(folder / "one" / "particles.tif") as labels:
    print(labels.shape, labels.dtype, labels.spacing)

# %% [markdown]
# ## Many images
#
# A folder, a pattern or several names: a folder each, a summary over all, and a page that compares them. An image
# that fails is listed and does not stop the others.

# %%
images = [str(folder / name / "grey.tif") for name in ("fresh", "cycled")]
many = do("run", *images, model="watershed", only=("particles", "table"), out=folder / "many")
print(many.text.replace(str(folder), "..."))

# %%
print((folder / "many" / "summary.csv").read_text()[:400])
