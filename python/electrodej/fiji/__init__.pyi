from .connection import Connection as Connection
from .connection import connect as connect
from .connection import measure as measure
