"""Input cut at every byte: the module answers the same [design 8.4]."""

import pytest

import spwf

pytestmark = pytest.mark.emulated

OK = b"\r\nOK\r\n"

# Commands without a network, good and bad, with and without data. Repeating it changes nothing.
SCRIPT = (
    b"AT\r\n"
    b"AT+S.SCFG=localecho1,0\r"
    b"AT+S.GCFG=console1_speed\r"
    b"at+s.sts=version\r"
    b"AT+S.TLSCERT2=clean,all\r"
    b"AT+S.TLSCERT=f_ca,12\rAT\rAT\r\nPEM\r\n"
    b"\n-AAT+S.TLSDOMAIN=f_domain,server domain\r"
    b"AT+S.TLSCERT=f_content,0\r"
    b"AT+S.SSIDTXT=a, b\r\r"
    b"AT+S.SSIDTXT\r"
    b"AT+S.SOCKW=00,5\rAT\rATA"
    b"TI\rAT&W\r"
    b"AT+S.SOCKQ=00\r"
)


def run(module: spwf.Module, pieces: list[bytes], size: int) -> bytes:
    """What `size` bytes the module says to these pieces; it runs after each."""
    port = module.port
    port.timeout = 0
    said = b""
    for piece in pieces:
        port.write(piece)
        said += port.read(4096)
    port.timeout = 20
    said += port.read(size - len(said))
    port.timeout = 0
    return said + port.read(4096)  # there must be none


@pytest.fixture
def answer(module: spwf.Module) -> bytes:
    """What the module says to the script in one piece."""
    module.port.write(SCRIPT)
    said = b""
    while not said.endswith(b"Illegal Socket ID\r\n") or said.count(b"Illegal") < 2:
        said += module.port.read(1)
    return said


def test_a_cut_at_any_byte_gives_the_same_answer(module: spwf.Module, answer: bytes) -> None:
    for at in range(1, len(SCRIPT)):
        assert run(module, [SCRIPT[:at], SCRIPT[at:]], len(answer)) == answer


def test_single_bytes_give_the_same_answer(module: spwf.Module, answer: bytes) -> None:
    assert run(module, [bytes([byte]) for byte in SCRIPT], len(answer)) == answer
