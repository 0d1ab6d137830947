// nmc-particles: written by electrodej export. Needs Fiji with the update sites StarDist and CSBDeep.
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
run("Command From Macro", "command=[de.csbdresden.stardist.StarDist2D], args=['input':'electrodej-input', 'modelChoice':'Model (.zip) from File', 'normalizeInput':'true', 'percentileBottom':'1.0', 'percentileTop':'99.8', 'probThresh':'0.55', 'nmsThresh':'0.5', 'outputType':'Label Image', 'nTiles':'1', 'excludeBoundary':'4', 'roiPosition':'Automatic', 'verbose':'false', 'showCsbdeepProgress':'false', 'showProbAndDist':'false', 'modelFile':'" + model + "'], process=[false]");
result = getImageID();
selectWindow("electrodej-input");
rename(title);
selectImage(result);
