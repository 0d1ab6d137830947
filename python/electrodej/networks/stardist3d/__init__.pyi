from .model import SolidModel as SolidModel
from .model import load_solid as load_solid
from .predict import find_solids as find_solids
from .settings import SolidSettings as SolidSettings
from .train import train_solid as train_solid
