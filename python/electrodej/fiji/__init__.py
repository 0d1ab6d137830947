"""ElectrodeJ's doors into ImageJ and Fiji."""
