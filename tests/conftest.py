"""For all tests: they are of the installed package, never of the folder spwf/ beside them.

pytest itself keeps to that (no rootdir in sys.path); the programs that tests start in whatever
folder do because of the variable. Only the wheel has spwf._core, so a mistake is loud.
"""

import os

os.environ["PYTHONSAFEPATH"] = "1"

pytest_plugins = ["pytester"]  # pytest takes this in the topmost conftest only
