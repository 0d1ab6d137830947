#@ Context context
#@ String (label="Model", description="A bundled model, a folder of StarDist (2D), CSBDeep or ElectrodeJ, or a .keras or .h5 file; the one below where that is given", choices={"nmc-particles", "nmc-shapes", "nmc-phases", "nmc-cracks"}, value="nmc-particles", persistKey="electrodej.export.model") model
#@ File (label="or another model", description="A model's folder, or a zip made by electrodej export", style="both", required=false, persist=false) modelFile
#@ File (label="Save zip as", description="The zip to write (.zip)", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Name", description="Name of the model in its card", required=false, persistKey="electrodej.export.name") name
#@ String (label="Authors", description="Author for the card; may be given several times", required=false, persistKey="electrodej.export.authors") authors
#@ String (label="Licence", description="Licence for the card", value="CC-BY-4.0", required=false, persistKey="electrodej.export.licence") licence
#@ Boolean (label="Bioimage package", description="Also write a package (.bioimage.io.zip), which bioimage.io, DeepImageJ and JDLL open", value=false, persistKey="electrodej.export.bioimage_package") bioimagePackage

import electrodej.Library

// Write a trained model as a zip for Fiji's plugins. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("export", [
		model: door.model(model, modelFile),
		name: name,
		authors: authors,
		licence: licence,
		bioimagePackage: bioimagePackage,
		out: out?.path,
		replace: replace,
	]))
}
null
