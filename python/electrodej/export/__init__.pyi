from .card import Authorship as Authorship
from .exporter import Export as Export
from .exporter import export_model as export_model
from .findings import Finding as Finding
from .verify import Verification as Verification
from .verify import verify_zip as verify_zip
