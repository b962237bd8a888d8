"""DER by hand: what certificates are made of, and how they can be wrong (ITU-T X.690).

Called by making.py and the table. No library does, for each would refuse to make what a module
must refuse to take.
"""

from datetime import UTC, datetime


def tlv(tag: int, *content: bytes) -> bytes:
    """One element: tag, length and content."""
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*items: bytes) -> bytes:
    return tlv(0x30, *items)


def set_of(*items: bytes) -> bytes:
    return tlv(0x31, *items)


def explicit(number: int, *items: bytes) -> bytes:
    """[number] around whole elements, and a sequence with the implicit tag [number]."""
    return tlv(0xA0 + number, *items)


def implicit(number: int, content: bytes) -> bytes:
    """[number] in place of the tag of a string."""
    return tlv(0x80 + number, content)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def boolean(value: bool) -> bytes:
    return tlv(0x01, b"\xff" if value else b"\0")


def null() -> bytes:
    return tlv(0x05)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray()
    for number in (first * 40 + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        body += bytes(reversed(digits))
    return tlv(0x06, bytes(body))


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), content)


def flags(*numbers: int) -> bytes:
    """A BIT STRING with these bits set, and no zero behind the last one."""
    value = sum(0x8000 >> number for number in numbers).to_bytes(2, "big").rstrip(b"\0")
    return bits(value, 7 - max(numbers) % 8 if numbers else 0)


def utf8(text: str | bytes) -> bytes:
    return tlv(0x0C, text.encode() if isinstance(text, str) else text)


def bmp(text: str) -> bytes:
    return tlv(0x1E, text.encode("utf-16-be"))


def utc_time(text: str) -> bytes:
    return tlv(0x17, text.encode())


def generalized(text: str) -> bytes:
    return tlv(0x18, text.encode())


def time(moment: str) -> bytes:
    """`2050-01-01 00:00:00`, in the form that RFC 5280 4.1.2.5 wants for its year."""
    when = moment_of(moment)
    if 1950 <= when.year < 2050:
        return utc_time(f"{when:%y%m%d%H%M%SZ}")
    return generalized(f"{when.year:04}{when:%m%d%H%M%SZ}")


def moment_of(moment: str) -> datetime:
    """The same as a number to set a clock by; midnight where no time is given."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)
