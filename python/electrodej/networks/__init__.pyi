from .semantic.model import network_from_zip as network_from_zip
from .training.history import History as History
from .training.run import RunSettings as RunSettings
from .training.run import TrainingRun as TrainingRun
