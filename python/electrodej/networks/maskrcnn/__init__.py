"""Mask R-CNN: boxes around particles and a mask in each, the method of LIBNet.

Needs Keras to be imported; its modules are imported one by one, where they are used.
"""
