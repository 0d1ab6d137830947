from .model import StarDistModel as StarDistModel
from .model import load_stardist as load_stardist
from .settings import StarDistSettings as StarDistSettings
from .settings import ViewSettings as ViewSettings
from .train import train_stardist as train_stardist
from .views import ViewResult as ViewResult
from .views import predict_view as predict_view
