"""The server of a row: files in a folder, and a scenario that names them."""

from pathlib import Path

from spwf.outcome import Mode
from spwf.pki import Pki
from spwf.scenario import Expect, Scenario, ServerOptions, Verify

from .files import CLIENT_CA
from .making import cert_pem, key_pem
from .row import Row


class Files(Pki):
    """A folder whose files are there already."""

    def make(self, *names: str) -> None:
        """Nothing: they were written before."""


def write(row: Row, folder: Path) -> Files:
    """The files of the row's server."""
    own, *more = row.chain
    (folder / "server_cert.pem").write_bytes(cert_pem(own))
    (folder / "server_key.pem").write_bytes(key_pem(own.key))
    (folder / "chain_cert.pem").write_bytes(cert_pem(*more))
    (folder / "root_ca_of_client.pem").write_bytes(cert_pem(CLIENT_CA))
    return Files(folder)


def scenario(row: Row, verify: Verify = Verify.NONE) -> Scenario:
    """What serves them."""
    options = ServerOptions(
        chain="chain" if len(row.chain) > 1 else "",
        verify=verify,
        suites=(row.suite,) if row.suite else (),
        security_level=0,
    )
    return Scenario(row.name, row.name, "2.4.2", Expect(Mode.ONE_WAY), server=options)
