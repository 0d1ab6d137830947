"""What computes a network: one class for each library, all of the form of `base.Engine`."""
