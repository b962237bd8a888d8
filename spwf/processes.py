"""Programs that run beside this process, and never longer than it: servers, and QEMU.

Called by server.py and qemu.py. Nothing that is started here outlives the process that started it,
however that ends.
"""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from spwf.errors import HarnessError

# The kernel kills a child when the thread that started it ends (PR_SET_PDEATHSIG), so all programs
# are started by one thread that lives as long as the process.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spwf-starter")


def start(argv: list[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Starts a program; `options` are Popen's. HarnessError where there is no setpriv."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise HarnessError("no program setpriv: install util-linux (apt-get install util-linux)")
    command = [setpriv, "--pdeathsig", "KILL", "--", *argv]
    options["process_group"] = 0  # so that Ctrl-C at a terminal does not end the program too
    return _starter.submit(lambda: subprocess.Popen(command, **options)).result()
