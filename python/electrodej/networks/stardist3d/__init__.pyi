from .settings import SolidSettings as SolidSettings
