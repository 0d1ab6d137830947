from .conduction import Conduction as Conduction
from .conduction import memory_needed as memory_needed
from .conduction import solve_conduction as solve_conduction
from .electrode import ElectrodeConduction as ElectrodeConduction
from .electrode import solve_electrode as solve_electrode
from .measures import check_phase_names as check_phase_names
from .measures import measure_transport as measure_transport
from .settings import TransportSettings as TransportSettings
