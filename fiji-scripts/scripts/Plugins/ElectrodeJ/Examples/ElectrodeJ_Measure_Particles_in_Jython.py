#@ Context context
#@ ImagePlus (label="Grey image", description="The image in which particles are measured", required=false, persist=false) grey
#@ ImagePlus (label="Labels", description="Its particles: one number for each, 0 is background", required=false, persist=false) labels
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ File (label="or label file", description="Instead of an open image", required=false, persist=false) labelFile
#@ Double (label="Radius (um)", description="Of the ball that closes cracks, and of the shell for contacts", value=0.7, min=0, persistKey="electrodej.jython.radius") radius
#@ String (label="Voxel size Z,Y,X (um)", description="If the images do not say it", required=false, persist=false) voxelSize
#@ File (label="Save table as", description="A .csv or .parquet file", style="save", required=false, persist=false) table
#@ Boolean (label="Replace existing files", value=false, persist=false) replace

# Measures every particle, as the menu command does: an example of ElectrodeJ in a Jython script.

from groovy.lang import GroovyClassLoader

door = GroovyClassLoader().loadClass("electrodej.Library").door(context)


def measure():
    door.call("measure", {
        "grey": door.image(grey, greyFile, "grey image"),
        "labels": door.image(labels, labelFile, "label image"),
        "radius": radius,
        "voxelSize": voxelSize,
        "table": table and table.getPath(),
        "replace": replace,
    })
    door.tables.show(table, "Particles", labels)


door.guard(measure)
