"""Prints every Python package that this tree needs, to run, to build and to be worked on."""

import tomllib
from pathlib import Path

tree = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
print(
    *tree["build-system"]["requires"],
    *tree["project"]["dependencies"],
    *tree["project"]["optional-dependencies"]["dev"],
    sep="\n",
)
