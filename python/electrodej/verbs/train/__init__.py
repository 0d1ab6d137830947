"""``electrodej train``: train a network on annotated images."""

from electrodej.verb import Group

GROUP = Group(
    name="train",
    summary="train a network or a forest on annotated images",
    help="""Train on images that a person annotated: stardist outlines particles, maskrcnn finds boxes with
masks, lrcs tells phases apart, unet finds cracks; forest tells phases apart from few labels, in seconds. A
network's training that is stopped leaves MODEL.run beside the model, and --resume goes on from there. The
model's folder holds the network, its history and a picture of the curves; `electrodej export` turns it into a
zip for Fiji, but for a Mask R-CNN.""",
    example="electrodej train stardist annotated/ --out my-particles --init nmc-particles --epochs 30",
    members=("stardist", "maskrcnn", "lrcs", "unet", "forest"),
)
