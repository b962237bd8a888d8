"""`spwf provision` and `spwf files`: TLS files and a network into a module's flash [note 3.2, 3.3].

Called by cli.py; calls the module's verbs. All checks come before the first byte is sent.
"""

from rich import box
from rich.console import Console
from rich.table import Column, Table

from spwf.board import listing, stored
from spwf.certificates import CAP, FileError, Material
from spwf.cli_module import join
from spwf.module import Module, Slot

SLOTS = {"ca": Slot.CA, "cert": Slot.CERT, "key": Slot.KEY, "domain": Slot.DOMAIN}


def check(material: Material, flash: dict[str, int]) -> None:
    """FileError where the files, and what stays in `flash` beside them, need more than CAP."""
    new = {SLOTS[name].value: size for name, size in material.sizes.items()}
    after = flash | new
    if sum(after.values()) <= CAP:
        return
    each = ", ".join(f"{name} {size}" for name, size in after.items())
    kept = [name for name in after if name not in new]
    hint = (
        f"remove what is not needed of {', '.join(kept)}: AT+S.TLSCERT2=clean,NAME"
        if kept
        else "use EC P-256 keys, and leave out all text in front of the PEM blocks"
    )
    raise FileError(
        f"the flash would hold {sum(after.values())} bytes ({each}), and has room for {CAP} "
        f"together; {hint}"
    )


def run(module: Module, material: Material, ssid: str, psk: str) -> None:
    """Store the files in flash, join the network where `ssid` names one; say what was done.

    Files that are not given stay as they are. FileError, before anything is changed, where there
    is no room.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    check(material, stored(listing(module)))
    with console.status("Asking the module") as status:
        if material.sizes:  # the old files may leave too little room for the first new one
            module.clean(*(SLOTS[name] for name in material.sizes))
        for name, size in material.sizes.items():
            status.update(f"Writing {SLOTS[name]}")
            if name == "domain":
                module.set_domain(material.domain)
            else:
                module.load(SLOTS[name], getattr(material, name))
            console.print(f"{SLOTS[name]}: {size} bytes")
        if ssid:
            status.stop()
            console.print(f"joined {ssid}: {join(module, ssid, psk)}")


def show(module: Module) -> None:
    """Print what is in flash, with sizes."""
    console = Console(highlight=False, markup=False)
    lines = listing(module)
    sizes = stored(lines)
    if len(sizes) < len(lines):  # a firmware that writes it otherwise
        console.print("\n".join(lines))
        return
    file, size = Column("File", no_wrap=True), Column("Bytes", justify="right")
    table = Table(file, size, box=box.SIMPLE_HEAD, show_edge=False)
    for name, count in sizes.items():
        table.add_row(name, str(count))
    if sizes:
        console.print(table)
    console.print(f"{sum(sizes.values())} of {CAP} bytes in use")
