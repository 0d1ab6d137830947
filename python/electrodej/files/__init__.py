"""Files as whole things: outputs that are complete or absent, tables with their provenance."""

from electrodej.files.arrays import read_arrays
from electrodej.files.atomic import scratch_folder, whole_directory, whole_file
from electrodej.files.checksums import checksum
from electrodej.files.json_files import read_json
from electrodej.files.provenance import described, input_file, input_files, versions, write_description
from electrodej.files.sets import WholeSet, whole_set
from electrodej.files.stopped import undo_stopped
from electrodej.files.targets import check_files_in, check_folder_target, check_target

__all__ = [
    "WholeSet",
    "check_files_in",
    "check_folder_target",
    "check_target",
    "checksum",
    "described",
    "input_file",
    "input_files",
    "read_arrays",
    "read_json",
    "scratch_folder",
    "undo_stopped",
    "versions",
    "whole_directory",
    "whole_file",
    "whole_set",
    "write_description",
]
