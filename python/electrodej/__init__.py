"""ElectrodeJ measures battery electrodes imaged by X-ray nano-tomography."""

__version__ = "0.1.0"
