"""Files as whole things: outputs that are complete or absent, tables with their provenance."""

from electrodej.files.atomic import (
    check_files_in,
    check_folder_target,
    check_target,
    discard_unfinished,
    has_something_finished,
    keep_for_resume,
    kept_for_resume,
    scratch_folder,
    whole_directory,
    whole_file,
)

__all__ = [
    "check_files_in",
    "check_folder_target",
    "check_target",
    "discard_unfinished",
    "has_something_finished",
    "keep_for_resume",
    "kept_for_resume",
    "scratch_folder",
    "whole_directory",
    "whole_file",
]
