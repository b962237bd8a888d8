"""Opens the records of a session whose master secret is known: all that Table 2 has [note 2.2].

Called by handshake.py, which shows what is inside, and by tests, as proof that the secrets in a
capture are those of its session. It reads what somebody else has checked: MACs are not looked at.
"""

from collections.abc import Callable
from hashlib import md5, sha1
from hmac import digest

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from spwf.suites import Suite, Version

MACS = {"MD5": 16, "SHA": 20, "SHA256": 32}  # bytes
KEYS = {"RC4_128": 16, "3DES_EDE_CBC": 24, "AES_128_CBC": 16, "AES_256_CBC": 32}


def _expand(hash_name: str, secret: bytes, seed: bytes, size: int) -> bytes:
    """P_hash of RFC 5246 5."""
    out, state = b"", seed
    while len(out) < size:
        state = digest(secret, state, hash_name)
        out += digest(secret, state + seed, hash_name)
    return out[:size]


def _block_ssl3(master: bytes, randoms: bytes, size: int) -> bytes:
    """RFC 6101 6.2.2."""
    out = b""
    for i in range(1, size // 16 + 2):
        salt = bytes([0x40 + i]) * i  # A, BB, CCC
        out += md5(master + sha1(salt + master + randoms).digest()).digest()
    return out[:size]


def _block(version: Version, master: bytes, randoms: bytes, size: int) -> bytes:
    """The key block, of which all keys are cut."""
    if version is Version.SSL3:
        return _block_ssl3(master, randoms, size)
    seed = b"key expansion" + randoms
    if version is Version.TLS1_2:
        return _expand("sha256", master, seed, size)
    half = len(master) // 2  # RFC 2246 5
    parts = (_expand("md5", master[:half], seed, size), _expand("sha1", master[half:], seed, size))
    return bytes(a ^ b for a, b in zip(*parts, strict=True))


Opener = Callable[[bytes], bytes | None]
"""From a record's content to its text; None where that cannot be."""


def _stream(key: bytes, mac: int) -> Opener:
    rc4 = Cipher(ARC4(key), None).decryptor()
    return lambda content: rc4.update(content)[: max(0, len(content) - mac)]


def _blocks(cipher: type[AES | TripleDES], key: bytes, first: bytes | None, mac: int) -> Opener:
    """`first`: the IV where records continue one another; None where each begins with its own."""
    size = cipher.block_size // 8
    chained = None if first is None else Cipher(cipher(key), modes.CBC(first)).decryptor()

    def open_record(content: bytes) -> bytes | None:
        if not content or len(content) % size:
            return None
        if chained is not None:
            text = chained.update(content)
        else:
            own = Cipher(cipher(key), modes.CBC(content[:size])).decryptor()
            text = own.update(content[size:])
        end = len(text) - mac - 1 - (text[-1] if text else 0)
        return text[:end] if end >= 0 else None

    return open_record


def openers(
    version: Version, suite: Suite, master: bytes, client_random: bytes, server_random: bytes
) -> tuple[Opener, Opener]:
    """For the client's records and for the server's, each in their order from the first on."""
    _, _, rest = suite.name.partition("_WITH_")
    name, _, mac_name = rest.rpartition("_")
    key, mac, kind = KEYS[name], MACS[mac_name], AES if name.startswith("AES") else TripleDES
    stream = name.startswith("RC4")
    chained = version in (Version.SSL3, Version.TLS1) and not stream
    iv = (16 if kind is AES else 8) if chained else 0
    block = _block(version, master, server_random + client_random, 2 * (mac + key + iv))
    ends: list[Opener] = []
    for i in range(2):
        own = block[2 * mac + i * key :][:key]
        first = block[2 * (mac + key) + i * iv :][:iv] if chained else None
        ends.append(_stream(own, mac) if stream else _blocks(kind, own, first, mac))
    return ends[0], ends[1]
