#@ Context context
#@ ImagePlus (label="Labels", description="One number for each particle, 0 is background; for labels from selections, the image that they lie on", required=false, persist=false) labels
#@ File (label="or label file", description="Instead of an open image", required=false, persist=false) labelFile
#@ ImagePlus (label="Show on", description="The image that gets the outlines; empty for the labels themselves", required=false, persist=false) target
#@ String (label="What", description="What is shown, or made of selections", choices={"Overlay", "ROI Manager", "ROI file", "3D view in the web browser", "Labels from ROI Manager", "Labels from ROI file"}, value="Overlay", persistKey="electrodej.show.what") what
#@ File (label="ROI file", description="A .zip as ImageJ's ROI Manager reads and writes it, or a .geojson as QuPath does", style="save", required=false, persist=false) roiFile
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus drawn

import electrodej.Library

// Outlines of particles: over an image, in the ROI Manager, in a file, and back to labels.
def door = Library.door(context)
door.guard {
	def image = door.images.meant(labels, labelFile, "label image")
	switch (what) {
		case "Overlay": door.rois.overlay(image, door.images.orNull(target) ?: image); break
		case "ROI Manager": door.rois.manager(image); break
		case "ROI file": door.rois.save(image, roiFile, replace); break
		case "3D view in the web browser": door.pages.solid(door, image, door.images.orNull(target), null, null); break
		case "Labels from ROI Manager": drawn = door.rois.labels(door.rois.managed(), image); break
		default: drawn = door.rois.labels(door.rois.open(roiFile), image)
	}
}
null
