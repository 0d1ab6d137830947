# %% [markdown]
# # An electrode in memory
#
# From arrays to numbers without a file: a synthetic electrode, its particles, their table. Put your own arrays in
# the place of `grey` and `labels`; all that is asked of them is the order of their axes, z, y, x, and the voxel size.

# %%
import numpy as np

from electrodej.phantom import PhantomConfig, make_phantom

phantom = make_phantom(PhantomConfig(shape=(64, 128, 128), spacing=(0.16, 0.16, 0.16), seed=3))
grey, spacing = phantom.grey, phantom.spacing
grey.shape, grey.dtype, spacing

# %% [markdown]
# ## Find the particles
#
# The plain method needs no network: a threshold, and a watershed of the distance to the surface. `fuse` and
# `predict_view` take arrays as well.

# %%
from electrodej.fusion import segment_classic

labels = segment_classic(grey, spacing=spacing)
int(labels.max()), int(phantom.labels.max())

# %% [markdown]
# How many of the true particles were found?

# %%
from electrodej.score import score_instances

score = score_instances(labels, phantom.labels)
{f"F1 at IoU {each.threshold:g}": round(each.f1, 2) for each in score.thresholds}

# %% [markdown]
# ## Measure them
#
# One row for each particle, every column with its unit and its meaning.

# %%
from electrodej.features import features

table = features(grey, labels, spacing=spacing)
table

# %%
table.units["Volume"], table.definitions["Damage"]

# %% [markdown]
# ## Look
#
# Grey from the surface of the particles to their middle, and damage over size.

# %%
from matplotlib.figure import Figure

figure = Figure(figsize=(9, 3), layout="constrained")
left, right = figure.subplots(1, 2)
depths = np.stack([table[f"GreyDepth{k}"] for k in range(1, 6)])
left.plot([10, 30, 50, 70, 90], np.nanmedian(depths, axis=1), "-o")
left.set(xlabel="Depth (%)", ylabel="Grey, median of the particles")
right.plot(table["EqDiameter"], table["Damage"], "o")
right.set(xlabel="Equivalent diameter (µm)", ylabel="Damage")
figure

# %% [markdown]
# ## Slices
#
# A single slice is measured as 2D: areas and perimeters instead of volumes and surfaces.

# %%
from electrodej.features.flat import flat_features

flat = flat_features(grey[32:33], labels[32:33], spacing=spacing)
{name: round(float(np.median(flat[name])), 3) for name in ("Area", "Circularity", "Damage")}
