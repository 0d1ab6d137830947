// nmc-phases: written by electrodej export. Needs Fiji with the update site(s) CSBDeep.
// Open an image, then run this macro. Keep it beside the model's zip.
folder = File.getParent(getInfo("macro.filepath"));
model = folder + File.separator + "model.zip";
if (!File.exists(model))
    model = File.openDialog("Where is model.zip?");
model = replace(model, "\\", "/");
if (indexOf(model, "'") >= 0 || indexOf(model, "]") >= 0)
    exit("Put the model into a folder without ' or ] in its name: " + model);
// The plugins find an image by its title, in which ' [ ] and , would break the command.
title = getTitle();
rename("electrodej-input");
run("Run your network", "input=electrodej-input normalizeinput=true percentilebottom=1.0 percentiletop=99.8 clip=false ntiles=1 blockmultiple=64 overlap=128 batchsize=1 showprogressdialog=false modelfile=[" + model + "]");
result = getImageID();
selectWindow("electrodej-input");
rename(title);
selectImage(result);
