"""Molecule, where programs look for the class."""

from lossboard.data_types import Molecule

__all__ = ["Molecule"]
