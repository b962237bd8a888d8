"""A row's server: files in a folder, and a scenario that names them."""

from pathlib import Path

from spwf.outcome import Mode
from spwf.pki import Pki
from spwf.scenario import Expect, Scenario, ServerOptions

from .making import cert_pem, key_pem
from .row import Row


class Files(Pki):
    """A folder whose files are there already."""

    def make(self, *names: str) -> None:
        """Nothing: the row's files were written before."""


def write(row: Row, folder: Path) -> Files:
    """The files of the row's server."""
    own, *more = row.chain
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server_cert.pem").write_bytes(cert_pem(own))
    (folder / "server_key.pem").write_bytes(key_pem(own.key))
    (folder / "chain_cert.pem").write_bytes(cert_pem(*more))
    return Files(folder)


def scenario(row: Row) -> Scenario:
    """What serves them."""
    options = ServerOptions(
        chain="chain" if len(row.chain) > 1 else "",
        suites=(row.suite,) if row.suite else (),
        security_level=0,
    )
    return Scenario(row.name, row.name, "2.4.2", Expect(Mode.ONE_WAY), server=options)
