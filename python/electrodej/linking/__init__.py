"""From slices that were labelled one by one to 3D particle labels.

`link` takes an array; `link_volume` takes an open volume, which may be larger than the memory.
"""

from electrodej.linking.assignment import assign
from electrodej.linking.settings import LinkSettings
from electrodej.linking.stack import LinkedVolume, link, link_volume

__all__ = ["LinkSettings", "LinkedVolume", "assign", "link", "link_volume"]
