"""`spwf pki`: the folders Example1 and Example2 of the note, with its file names [note 3.3, 3.4].

Called by cli.py. The files are those of a Pki, made with the keys of the scenario of that name.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spwf.pki import Pki
from spwf.scenario import Scenario

EXAMPLES = {"Example1": "example1", "Example2": "example2"}  # folder: scenario
MADE = ("ca", "server", "client", "root_ca_of_client")
WHAT = {
    "ca_cert.pem": "CA certificate: load it as f_ca",
    "ca_key.pem": "the CA's key",
    "client_cert.pem": "client certificate: load it as f_cert",
    "client_cert_req.pem": "its request",
    "client_key.pem": "its key: load it as f_key",
    "root_ca_of_client.pem": "CA that the server trusts",
    "server_cert.pem": "server certificate, for `server domain`",
    "server_cert_req.pem": "its request",
    "server_key.pem": "its key",
}


def write(directory: Path, *, force: bool) -> Iterator[Path]:
    """Make both folders below `directory`; give each file when it is there.

    FileExistsError, before anything is written, where a file is there already and not `force`.
    """
    taken = [
        path for folder in EXAMPLES for name in WHAT if (path := directory / folder / name).exists()
    ]
    if taken and not force:
        raise FileExistsError(f"{taken[0]} exists already: --force overwrites it")
    for folder, scenario in EXAMPLES.items():
        target = directory / folder
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".") as private:
            Pki(private, Scenario.load(scenario).pki).make(*MADE)
            for name in WHAT:
                os.replace(Path(private) / name, target / name)
                yield target / name
