"""``electrodej segment``: find particles, phases or cracks in a grey volume."""

from electrodej.verb import Group

GROUP = Group(
    name="segment",
    summary="find particles, phases or cracks in a grey volume",
    help="Find the particles, the phases or the cracks of a grey image with a trained network.",
    example="electrodej segment particles grey.tif --model nmc-particles --view xz --out outlines.tif",
    members=("particles", "phases"),
    title="what to find",
)
