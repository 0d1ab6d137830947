"""From the table to an explanation: what drives the damage, and how it spreads in the contact network.

`make_table` checks the columns of a table, `explain_damage` fits the forest, explains it and judges it,
`compare_damage` sets two or more electrodes against each other. `analyse_network` looks at damage on the
graph of touching particles, `evolve` lets damage grow on it. All take and give arrays; files are read and
written by the verb ``electrodej damage``.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
