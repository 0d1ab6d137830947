"""Files as whole things: outputs that are complete or absent, tables with their provenance."""

from electrodej.files.atomic import scratch_folder, whole_directory, whole_file
from electrodej.files.checksums import checksum
from electrodej.files.json_files import read_json
from electrodej.files.parts import discard_unfinished
from electrodej.files.provenance import described, input_file, input_files, versions, write_description
from electrodej.files.resume import has_something_finished, keep_for_resume, kept_for_resume
from electrodej.files.sets import WholeSet, whole_set
from electrodej.files.targets import check_files_in, check_folder_target, check_target

__all__ = [
    "WholeSet",
    "check_files_in",
    "check_folder_target",
    "check_target",
    "checksum",
    "described",
    "discard_unfinished",
    "has_something_finished",
    "input_file",
    "input_files",
    "keep_for_resume",
    "kept_for_resume",
    "read_json",
    "scratch_folder",
    "versions",
    "whole_directory",
    "whole_file",
    "whole_set",
    "write_description",
]
