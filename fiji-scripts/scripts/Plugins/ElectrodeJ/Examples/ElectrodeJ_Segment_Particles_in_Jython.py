#@ Context context
#@ ImagePlus (label="Grey image", description="The image in which particles are sought", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ String (label="Model", description="watershed, a bundled model's name, a StarDist model's folder or a zip", value="nmc-particles", persistKey="electrodej.jython.model") model
#@ String (label="View", description="Which sections a StarDist model sees: along z, y or x", choices={"xy", "xz", "yz"}, value="xy", persistKey="electrodej.jython.view") view
#@ String (label="Voxel size Z,Y,X (um)", description="If the image does not say it", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus labels

# Finds the particles of a grey image in Python, as the menu command does: an example of ElectrodeJ in Jython.

from groovy.lang import GroovyClassLoader

door = GroovyClassLoader().loadClass("electrodej.Library").door(context)


def segment():
    door.call("segment", {
        "image": door.image(grey, greyFile, "grey image"),
        "model": model,
        "view": view,
        "voxelSize": voxelSize,
        "out": out and out.getPath(),
        "replace": replace,
    })
    return door.images.openLabels(out)


labels = door.guard(segment)
