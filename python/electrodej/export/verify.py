"""The proof that a zip runs in Fiji: structure, operations, a run in TensorFlow 1.15, and seams."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.export.findings import Finding, not_done, note, ok, problem
from electrodej.export.jars import Tf115UnavailableError
from electrodej.export.operations import known_operations, unknown_to_tf115
from electrodej.export.seam import FIJI_BLOCK, FIJI_OVERLAP, Seam, measure_seam
from electrodej.export.structure import Opened, open_zip, sidecar_of
from electrodej.export.tf115 import Tf115
from electrodej.models.archive import open_archive, unpack
from electrodej.models.context import Context, RunImage, measure_context
from electrodej.models.engines.base import FloatArray
from electrodej.models.engines.choice import engine_for_onnx
from electrodej.models.engines.tensorflow_zip import TensorflowZip
from electrodej.progress import Progress, silent

TOLERANCE = 1e-5
# Of another library, which adds up in another order.
ONNX_TOLERANCE = 1e-4
# Fiji pads images to multiples of 64: odd and even ones, flat and tall.
SIZES = ((64, 64), (128, 192), (192, 64), (320, 128))
_MOST_LISTED = 8
_STAGES = 4


@dataclass(frozen=True)
class Verification:
    """Everything that was found out about a zip.

    Attributes
    ----------
    path
        The zip.
    runs_in_fiji
        True: proven by a run in TensorFlow 1.15. False: it does not. None: nothing speaks against it, but it
        could not be run here.
    findings
        What each check found.
    difference
        Largest difference between TensorFlow 1.15 and the reference, or None.
    compared_with
        "Keras", or "the same graph in TensorFlow 2", or None.
    onnx_difference
        Largest difference between the ONNX model beside the zip and TensorFlow 1.15, or None.
    context
        How far the network looks, or None.
    seam
        Error of Fiji's tiling, or None.
    """

    path: Path
    runs_in_fiji: bool | None
    findings: tuple[Finding, ...]
    difference: float | None = None
    compared_with: str | None = None
    onnx_difference: float | None = None
    context: Context | None = None
    seam: Seam | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**dataclasses.asdict(self), "path": str(self.path), "verdict": self.verdict}

    @property
    def verdict(self) -> str:
        """Return the sentence that counts."""
        if self.runs_in_fiji is None:
            return "nothing speaks against it, but it was not run in TensorFlow 1.15"
        return "runs in Fiji" if self.runs_in_fiji else "does not run in Fiji"


def verify_zip(
    path: str | os.PathLike[str],
    *,
    source: str | os.PathLike[str] | None = None,
    tf115: Tf115 | None = None,
    fetch: bool = True,
    progress: Progress = silent,
) -> Verification:
    """Check whether Fiji's StarDist and CSBDeep plugins can run a zip, made by anybody.

    Parameters
    ----------
    path
        The zip.
    source
        The model that it was made from (folder or Keras file): its results are compared with Keras's. Without
        it, with those of the same graph in TensorFlow 2.
    tf115
        A running TensorFlow 1.15; by default one is started, and ended.
    fetch
        Whether TensorFlow 1.15 may be fetched from Maven Central where it is not on this machine yet.
    progress
        Told of the stages.

    Raises
    ------
    electrodej.errors.InputError
        The file is no zip, is damaged or is unsafe to open, or ``source`` cannot be read.

    Examples
    --------
    ::

        verify_zip("my-stardist-model.zip").verdict  # 'runs in Fiji'
    """
    zip_path = Path(path)
    progress(0, _STAGES, "verifying")
    opened = open_zip(zip_path)
    findings = [*opened.findings, *_operation_findings(opened)]
    progress(1, _STAGES, "verifying")
    result = Verification(zip_path, None, tuple(findings))
    if not opened.input or _bad(findings):
        # Running it all the same shows what a person in front of Fiji would see.
        result = _told_by_tf115(result, opened, tf115, fetch)
        progress(_STAGES, _STAGES, "verifying")
        return dataclasses.replace(result, runs_in_fiji=False)
    result = _run_and_measure(result, opened, source, tf115, fetch, progress)
    progress(_STAGES, _STAGES, "verifying")
    return result


def _bad(findings: Sequence[Finding]) -> bool:
    return any(finding.status == "problem" for finding in findings)


def _operation_findings(opened: Opened) -> Iterator[Finding]:
    if opened.graph is None:
        return
    unknown = unknown_to_tf115(opened.graph)
    acting = _acting(opened)
    if acting:
        yield problem(
            "operations",
            f"running it would do more than compute ({', '.join(acting)}), so it is not run; "
            "do not use it unless you know who made it",
        )
    texts = list(dict.fromkeys(str(entry) for entry in unknown))
    for text in texts[:_MOST_LISTED]:
        yield problem("operations", text)
    if len(texts) > _MOST_LISTED:
        yield problem("operations", f"and {len(texts) - _MOST_LISTED} more of the kind")
    if not texts:
        kinds = len({node.op for node in opened.graph.node})
        yield ok(
            "operations", f"TensorFlow 1.15 knows all {kinds} kinds of operation, their attributes and types"
        )


def _acting(opened: Opened) -> list[str]:
    """Return what a graph would do beside computing; TensorFlow 1.15 does not load what it does not know."""
    known = known_operations()
    return [name for name in opened.refused if " " in name or name == "assets" or name in known]


def _told_by_tf115(result: Verification, opened: Opened, tf115: Tf115 | None, fetch: bool) -> Verification:
    """Add TensorFlow 1.15's own words on a zip that it will not load."""
    if opened.graph is None or _acting(opened):
        return result
    try:
        with _running(tf115, fetch) as engine, _unpacked(result.path) as folder:
            engine.load(folder)
    except InputError as error:
        told = problem("running", f"TensorFlow 1.15 says: {error}")
        return dataclasses.replace(result, findings=(*result.findings, told))
    except Tf115UnavailableError as error:
        return dataclasses.replace(result, findings=(*result.findings, not_done("running", str(error))))
    return result


def _run_and_measure(
    result: Verification,
    opened: Opened,
    source: str | os.PathLike[str] | None,
    tf115: Tf115 | None,
    fetch: bool,
    progress: Progress,
) -> Verification:
    with contextlib.ExitStack() as stack:
        try:
            engine = stack.enter_context(_running(tf115, fetch))
        except Tf115UnavailableError as error:
            findings = (
                *result.findings,
                not_done("running", f"{error}"),
                not_done("context", "it needs a run"),
            )
            return dataclasses.replace(result, findings=findings)
        folder = stack.enter_context(_unpacked(result.path))
        try:
            engine.load(folder)
        except InputError as error:
            return _failed(result, f"TensorFlow 1.15 does not load it: {error}")
        progress(2, _STAGES, "verifying")

        def run(image: FloatArray) -> FloatArray:
            return engine.run(image, input=opened.input, output=opened.output)

        reference, name = _reference(result.path, source, stack)
        result = _compared(result, opened, run, reference, name)
        progress(3, _STAGES, "verifying")
        if _bad(result.findings):
            return dataclasses.replace(result, runs_in_fiji=False)
        result = _with_onnx(result, opened, run)
        if _bad(result.findings):
            return dataclasses.replace(result, runs_in_fiji=False)
        return dataclasses.replace(_with_context(result, opened, run), runs_in_fiji=True)


def _compared(
    result: Verification, opened: Opened, run: RunImage, reference: RunImage, name: str
) -> Verification:
    random = np.random.default_rng(0)
    worst, share = 0.0, 0.0
    for height, width in SIZES:
        image = random.uniform(0, 1, (1, height, width, opened.channels_in or 1)).astype(np.float32)
        try:
            output = run(image)
        except InputError as error:
            return _failed(
                result, f"TensorFlow 1.15 does not run it on an image of {height}x{width}: {error}"
            )
        if output.shape[:3] != image.shape[:3]:
            sizes = "x".join(str(length) for length in output.shape[1:3])
            return _failed(
                result,
                f"for an image of {height}x{width} the output is {sizes}, and Fiji needs them to be the same",
            )
        wanted = reference(image)
        if wanted.shape != output.shape:
            return _failed(
                result,
                f"its output has the shape {output.shape}, and that of {name} {wanted.shape}: was it "
                "exported from another model?",
            )
        difference = float(np.max(np.abs(output - wanted), initial=0.0))
        # A NaN is no number, and stays one in NumPy's maximum.
        worst = float(np.maximum(worst, difference))
        share = float(np.maximum(share, difference / max(1.0, float(np.abs(wanted).max()))))
    result = dataclasses.replace(result, difference=worst, compared_with=name)
    sizes = ", ".join(f"{height}x{width}" for height, width in SIZES)
    if not share <= TOLERANCE:
        return _failed(result, f"TensorFlow 1.15 and {name} differ by {worst:.2g} (allowed: {TOLERANCE:g})")
    done = ok(
        "running", f"TensorFlow 1.15.0 runs it on {sizes}; it differs from {name} by {worst:.1e} at most"
    )
    return dataclasses.replace(result, findings=(*result.findings, done))


def _with_onnx(result: Verification, opened: Opened, run: RunImage) -> Verification:
    """Add what the ONNX model beside the zip gives, where there is one."""
    path = result.path.with_suffix(".onnx")
    if not path.is_file():
        return result
    try:
        engine = engine_for_onnx(path, opened.channels_out or 1)
    except InputError as error:
        return dataclasses.replace(result, findings=(*result.findings, problem("onnx", str(error))))
    if engine is None:
        missing = not_done("onnx", "neither OpenVINO nor ONNX Runtime is installed, which run it")
        return dataclasses.replace(result, findings=(*result.findings, missing))
    random = np.random.default_rng(0)
    worst, share = 0.0, 0.0
    for height, width in SIZES:
        image = random.uniform(0, 1, (1, height, width, opened.channels_in or 1)).astype(np.float32)
        try:
            wanted, found = run(image), engine.run(image)
        except InputError as error:
            return dataclasses.replace(result, findings=(*result.findings, problem("onnx", str(error))))
        if wanted.shape != found.shape:
            text = f"its output has the shape {found.shape}, and that of the zip {wanted.shape}"
            return dataclasses.replace(result, findings=(*result.findings, problem("onnx", text)))
        difference = float(np.max(np.abs(found - wanted), initial=0.0))
        # A NaN is no number, and stays one in NumPy's maximum.
        worst = float(np.maximum(worst, difference))
        share = float(np.maximum(share, difference / max(1.0, float(np.abs(wanted).max()))))
    if not share <= ONNX_TOLERANCE:
        text = f"{path.name} and the zip differ by {worst:.2g} (allowed: {ONNX_TOLERANCE:g})"
        return dataclasses.replace(result, findings=(*result.findings, problem("onnx", text)))
    done = ok(
        "onnx", f"{engine.name} runs {path.name}; it differs from TensorFlow 1.15 by {worst:.1e} at most"
    )
    return dataclasses.replace(result, findings=(*result.findings, done), onnx_difference=worst)


def _reference(
    path: Path, source: str | os.PathLike[str] | None, stack: contextlib.ExitStack
) -> tuple[RunImage, str]:
    if source is None:
        tf2 = stack.enter_context(TensorflowZip(path))
        return tf2.run, "the same graph in TensorFlow 2"
    from electrodej.export.sources import load_source

    model = load_source(source).model

    def predict(image: FloatArray) -> FloatArray:
        return np.asarray(model(image, training=False))

    return predict, "Keras"


def _with_context(result: Verification, opened: Opened, run: RunImage) -> Verification:
    channels = opened.channels_in or 1
    info = sidecar_of(result.path)
    # Fiji's tiles are multiples of 64, so a smaller step need not work.
    divisor = info.size_divisor if info is not None else FIJI_BLOCK
    context = measure_context(run, channels=channels, divisor=divisor)
    seam = measure_seam(run, channels=channels, divisor=divisor)
    finding = _context_finding(context, seam)
    return dataclasses.replace(result, findings=(*result.findings, finding), context=context, seam=seam)


def _context_finding(context: Context, seam: Seam) -> Finding:
    far = f"at least {context.pixels}" if context.whole_image else str(context.pixels)
    looks = f"a result depends on the image up to {far} pixels away"
    if context.pixels <= FIJI_OVERLAP and not context.whole_image:
        return ok("context", f"{looks}; Fiji's tiles overlap by {FIJI_OVERLAP}, so they leave no seams")
    share = 100 * seam.error / seam.output_range if seam.output_range else 0.0
    return note(
        "context",
        f"{looks}, and Fiji's tiles overlap by {FIJI_OVERLAP}: with more than one tile, results within "
        f"{seam.width} pixels of a seam are off by up to {seam.error:.2g} ({share:.2g} % of their range). "
        'Keep "Number of Tiles" at 1 in Fiji, or let electrodej segment do the tiling',
    )


def _failed(result: Verification, text: str) -> Verification:
    return dataclasses.replace(
        result, runs_in_fiji=False, findings=(*result.findings, problem("running", text))
    )


@contextlib.contextmanager
def _running(tf115: Tf115 | None, fetch: bool) -> Iterator[Tf115]:
    if tf115 is not None:
        yield tf115
        return
    with Tf115(fetch=fetch) as started:
        yield started


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="electrodej-verify-", ignore_cleanup_errors=True) as folder:
        with open_archive(path) as archive:
            unpack(archive, Path(folder))
        yield Path(folder)
