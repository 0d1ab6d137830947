from .content import Figure as Figure
from .content import KeyNumber as KeyNumber
from .content import ReportContent as ReportContent
from .content import Section as Section
from .content import SliceSource as SliceSource
from .figures import write_figures as write_figures
from .html import write_report as write_report
