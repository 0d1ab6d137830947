from .chain import Filtered as Filtered
from .chain import filter_volume as filter_volume
from .chain import filtered as filtered
from .noise import noise_level as noise_level
from .step import Step as Step
from .steps import STEPS as STEPS
from .steps import Steps as Steps
from .steps import read_steps as read_steps
