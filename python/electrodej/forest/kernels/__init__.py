"""Compiled parts of the forest: filters, what is measured at each voxel, and the trees."""
