"""Prints every Python package that this tree needs, to run, to build and to be worked on.

requirements.py GROUP: instead, what that dependency group needs besides.
"""

import sys
import tomllib
from pathlib import Path

tree = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
everything = [
    *tree["build-system"]["requires"],
    *tree["project"]["dependencies"],
    *tree["project"]["optional-dependencies"]["dev"],
]
print(*(tree["dependency-groups"][sys.argv[1]] if sys.argv[1:] else everything), sep="\n")
