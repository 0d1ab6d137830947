#@ Context context
#@ File (label="Zip of the model", description="The zip to check", style="open", required=false, persist=false) zip
#@ File (label="Source", description="The model that it was made from, to compare the numbers with Keras", style="both", required=false, persist=false) source
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Boolean (label="Offline", description="Never fetch TensorFlow 1.15; use it only where it is already", value=false, persistKey="electrodej.verify.offline") offline

import electrodej.Library

// Prove that a zip runs in Fiji. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("verify", [
		zip: zip?.path,
		source: source?.path,
		offline: offline,
	]))
}
null
