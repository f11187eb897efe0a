"""The two parts of an ONNX file as two files, without a pool."""

import shutil
from pathlib import Path

from af_client.models.adding import separated
from af_client.models.onnxfiles import read_model
from af_client.models.pool import TOPOLOGY_FILE
from af_client.models.split import WEIGHTS_FILE, compressed


def split_file(file: Path, out: Path) -> dict[str, int]:
    """Write `topology.onnx` and `weights.bin` into a new folder; return their sizes in bytes.

    Raises ModelRefused, and OSError: FileExistsError where the folder holds something already.
    Nothing is left of it then.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; name a new folder")
    parts = separated(read_model(file))
    draft = out.with_name(f".draft-{out.name}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        (draft / TOPOLOGY_FILE).write_bytes(parts.topology)
        (draft / WEIGHTS_FILE).write_bytes(parts.weights)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {
        "topology_bytes": len(parts.topology),
        "topology_compressed_bytes": len(compressed(parts.topology)),
        "weights_bytes": len(parts.weights),
    }
