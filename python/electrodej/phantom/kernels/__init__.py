"""What goes over voxels: noise, shapes, grey levels, the detector."""
