"""Molecules."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from lossboard.media.base import Media, MediaHome, forgiving, optional_module, store

__all__ = ["Molecule"]

FILE_TYPES = ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf")


class Molecule(Media):
    """One molecule: the path of a file, or an open stream with its `file_type`.

    Raises ValueError for types not in FILE_TYPES.
    """

    kind: ClassVar[str] = "molecule-file"
    batch_kind: ClassVar[str] = "molecule"

    @forgiving
    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None
    ) -> None:
        self._caption = caption
        if hasattr(data_or_path, "read"):
            data = data_or_path.read()
            self._content = data if isinstance(data, bytes) else str(data).encode()
        else:
            path = Path(data_or_path)
            file_type = file_type or path.suffix.lstrip(".").lower()
            self._content = path.read_bytes()
        if file_type not in FILE_TYPES:
            raise ValueError(
                f"Molecule takes the file types {', '.join(FILE_TYPES)}, not {file_type!r}"
            )
        self._file_type = file_type

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """From an RDKit molecule or a file that RDKit reads."""
        chem = optional_module("rdkit.Chem", package="rdkit", purpose="Molecule.from_rdkit")
        molecule = data_or_path
        if not isinstance(data_or_path, chem.rdchem.Mol):
            molecule = chem.MolFromMolFile(str(data_or_path))
        if convert_to_3d_and_optimize:
            all_chem = optional_module(
                "rdkit.Chem.AllChem", package="rdkit", purpose="Molecule.from_rdkit"
            )
            molecule = chem.AddHs(molecule)
            all_chem.EmbedMolecule(molecule)
            all_chem.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        block = chem.MolToPDBBlock(molecule)
        return cls(io.StringIO(block), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """From a SMILES string. Raises ValueError where RDKit can't parse it."""
        chem = optional_module("rdkit.Chem", package="rdkit", purpose="Molecule.from_smiles")
        molecule = chem.MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise ValueError(f"RDKit can't parse the SMILES string {data!r}")
        return cls.from_rdkit(
            molecule,
            caption,
            convert_to_3d_and_optimize,
            mmff_optimize_molecule_max_iterations,
        )

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="molecule",
            key=key,
            step=step,
            suffix=f".{self._file_type}",
            mime_type="chemical/x-" + self._file_type,
        )
        return self._described(stored)

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `molecule`."""
        each = [item.bind(home, key, step) for item in items]
        captions = [one.get("caption", "") for one in each]
        return {
            "_type": cls.batch_kind,
            "filenames": [one["path"] for one in each],
            "count": len(each),
            "captions": captions if any(captions) else False,
        }
