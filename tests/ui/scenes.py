"""Small models and molecules as files of their formats."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["ETHANOL_MOL2", "ETHANOL_SDF", "PEPTIDE_PDB", "WATER_PDB", "model_files", "molecules"]

CUBE = [(x, y, z) for x in (0, 2) for y in (0, 3) for z in (0, 4)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]

WATER_PDB = """\
HETATM    1  O   HOH A   1       0.000   0.000   0.117  1.00  0.00           O
HETATM    2  H1  HOH A   1       0.000   0.757  -0.469  1.00  0.00           H
HETATM    3  H2  HOH A   1       0.000  -0.757  -0.469  1.00  0.00           H
END
"""

PEPTIDE_PDB = """\
ATOM      1  N   ALA A   1      -0.966   0.493   1.500  1.00  0.00
ATOM      2  CA  ALA A   1       0.257   0.418   0.692  1.00  0.00
ATOM      3  C   ALA A   1      -0.094   0.017  -0.716  1.00  0.00
ATOM      4  O   ALA A   1      -1.056  -0.682  -0.923  1.00  0.00
ATOM      5  CB  ALA A   1       1.204  -0.620   1.296  1.00  0.00
ENDMDL
ATOM      6  CB  ALA A   2       9.204  -0.620   1.296  1.00  0.00
"""

ETHANOL_SDF = """\
ethanol
  lossboard

  9  8  0  0  0  0  0  0  0  0999 V2000
   -0.8883    0.1670   -0.0273 C   0  0  0  0  0  0
    0.4658   -0.5116   -0.0368 C   0  0  0  0  0  0
    1.4311    0.3229    0.5867 O   0  0  0  0  0  0
   -0.8487    1.1175   -0.5695 H   0  0  0  0  0  0
   -1.6471   -0.4704   -0.4896 H   0  0  0  0  0  0
   -1.1964    0.3978    0.9977 H   0  0  0  0  0  0
    0.7920   -0.7224   -1.0597 H   0  0  0  0  0  0
    0.4246   -1.4559    0.5138 H   0  0  0  0  0  0
    1.4671    1.1550    0.0848 H   0  0  0  0  0  0
  1  2  1  0
  2  3  1  0
  1  4  1  0
  1  5  1  0
  1  6  1  0
  2  7  1  0
  2  8  1  0
  3  9  1  0
M  END
$$$$
"""

ETHANOL_MOL2 = """\
@<TRIPOS>MOLECULE
carbon dioxide
 3 2
SMALL
@<TRIPOS>ATOM
  1 C1  0.000 0.0 0.0 C.1
  2 O1  1.160 0.0 0.0 O.2
  3 O2 -1.160 0.0 0.0 O.2
@<TRIPOS>BOND
  1 1 2 2
  2 1 3 2
"""


def molecules(folder: Path) -> dict[str, Path]:
    """Files of molecules by their type."""
    texts = {"pdb": WATER_PDB, "sdf": ETHANOL_SDF, "mol2": ETHANOL_MOL2}
    return {
        suffix: _written(folder / f"m.{suffix}", text.encode()) for suffix, text in texts.items()
    }


def model_files(folder: Path) -> dict[str, Path]:
    """A cuboid of 2 x 3 x 4 in each format, as 12 triangles; the .glb has a picture on it."""
    contents = {"obj": _obj(), "stl": _stl(), "gltf": _gltf(), "glb": _glb(folder)}
    return {suffix: _written(folder / f"m.{suffix}", data) for suffix, data in contents.items()}


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _triangles() -> np.ndarray:
    corners = [(face[0], face[i], face[i + 1]) for face in FACES for i in (1, 2)]
    return np.array([[CUBE[i] for i in three] for three in corners], "<f4")


def _obj() -> bytes:
    lines = ["v {} {} {}".format(*corner) for corner in CUBE]
    lines += ["f " + " ".join(str(i + 1) for i in face) for face in FACES]
    return "\n".join(lines).encode()


def _stl() -> bytes:
    triangles = [struct.pack("<3f", 0, 0, 0) + t.tobytes() + b"\0\0" for t in _triangles()]
    return b"\0" * 80 + struct.pack("<I", len(triangles)) + b"".join(triangles)


def _scene(places: bytes, count: int) -> dict[str, object]:
    view = {"buffer": 0, "byteOffset": 0, "byteLength": len(places)}
    accessor = {"bufferView": 0, "componentType": 5126, "count": count, "type": "VEC3"}
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [accessor | {"min": [0, 0, 0], "max": [2, 3, 4]}],
        "bufferViews": [view],
        "buffers": [{"byteLength": len(places)}],
    }


def _gltf() -> bytes:
    places = _triangles().tobytes()
    scene = _scene(places, 36)
    uri = "data:application/octet-stream;base64," + base64.b64encode(places).decode()
    return json.dumps(scene | {"buffers": [{"byteLength": len(places), "uri": uri}]}).encode()


def _glb(folder: Path) -> bytes:
    places = _triangles().tobytes()
    spots = (_triangles()[..., :2] / [2, 3]).astype("<f4").tobytes()
    picture = folder / "checks.png"
    checks = np.kron([[1, 0] * 2, [0, 1] * 2] * 2, np.ones((8, 8)))
    Image.fromarray((checks * 255).astype(np.uint8)).convert("RGB").save(picture)
    parts = [places, spots, picture.read_bytes()]
    starts = [0, len(places), len(places) + len(spots)]
    scene = _scene(places, 36)
    scene["bufferViews"] = [
        {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
        for start, part in zip(starts, parts, strict=True)
    ]
    scene["accessors"] += [{"bufferView": 1, "componentType": 5126, "count": 36, "type": "VEC2"}]
    scene["images"] = [{"bufferView": 2, "mimeType": "image/png"}]
    scene["textures"] = [{"source": 0}]
    scene["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    attributes = {"POSITION": 0, "TEXCOORD_0": 1}
    scene["meshes"] = [{"primitives": [{"attributes": attributes, "material": 0}]}]
    binary = b"".join(parts)
    binary += b"\0" * (-len(binary) % 4)
    scene["buffers"] = [{"byteLength": len(binary)}]
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
