"""The shape of csrc/core, read from its object files: who calls whom, what is writable, what leaks.

The files are compiled here one by one, each alone, as a board would: no sanitizer, no assertions.
"""

import fcntl
import functools
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "csrc/core"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]

# The files that include wolfSSL [tls_inner.h].
OF_WOLFSSL = {"tls_wolfssl", "tls_setup", "tls_pair", "tls_verify", "tls_outcome", "tls_io"}

# Calls go from left to right [inner.h]. The services stand in the order in which they may use one
# another; the sinks come last.
ORDER = [
    *("module", "line", "at", "commands", "cmd_general", "cmd_sockets", "cmd_tls", "cmd_wifi"),
    *(
        "status",
        "opening",
        "sockets",
        "tls_wolfssl",
        "tls_setup",
        "tls_pair",
        "tls_verify",
        "tls_outcome",
    ),
    *(
        "tls_io",
        "tls_policy",
        "certs",
        "config",
        "wifi",
        "clock",
        "store",
        "flash",
        "wind",
        "reply",
        "text",
    ),
    "arena",  # a board's port calls it, the core does not
]

# Tools that may be used from anywhere: they read their arguments or the port and change no module.
TOOLS = {
    *("spwf_module_now", "spwf_wipe"),
    *("spwf_tls_wolfssl_alloc", "spwf_tls_wolfssl_free"),  # wolfSSL's allocator, for its callbacks
}

# A handler may pull the bytes of its command's body.
BODY = "spwf_module_take"

# What a freestanding C library has: bytes and text in memory. The last is the linker's.
LIBC = {
    *("memchr", "memcmp", "memcpy", "memmove", "memset"),
    *("strchr", "strcmp", "strlen", "strncmp", "strspn"),
}


@dataclass(frozen=True)
class Object:
    """What nm says of one object file."""

    functions: frozenset[str]  # defined, visible to other files
    data: frozenset[str]  # constant, likewise
    writable: tuple[str, ...]  # of any visibility
    wanted: frozenset[str]  # defined elsewhere


@functools.cache
def wolfssl() -> list[str]:
    """The arguments with which the files that include wolfSSL compile."""
    found = subprocess.run(
        [sys.executable, ROOT / "scripts/debian_source.py", "wolfssl"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    return [
        "-DWOLFSSL_USER_SETTINGS",
        '-DSPWF_WOLFSSL_PLATFORM="wolfssl_host.h"',
        f"-I{ROOT / 'csrc/port'}",
        f"-isystem{found[0]}",
    ]


def compile_alone(source: Path, folder: Path) -> Object:
    """Compiles one file of the core, which sees no other folder than csrc/core."""
    output = folder / f"{source.stem}.o"
    if not output.exists():
        extra = wolfssl() if source.stem in OF_WOLFSSL else []
        compiler = ["cc", *STRICT, "-O1", "-DNDEBUG", "-fno-pie", f"-I{CORE}", *extra]
        subprocess.run([*compiler, "-c", source, "-o", output], check=True)
    rows = subprocess.run(["nm", "-P", output], capture_output=True, check=True, text=True).stdout
    symbols = [line.split()[:2] for line in rows.splitlines()]

    def of_type(letters: str) -> Iterator[str]:
        return (name for name, letter in symbols if letter in letters)

    return Object(
        functions=frozenset(of_type("TW")),
        data=frozenset(of_type("R")),
        writable=tuple(of_type("BbDdGgSsC")),
        wanted=frozenset(of_type("Uwv")),
    )


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Object]:
    """Each file of the core by its name without suffix. xdist's workers compile it once for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "core"
    folder.mkdir(exist_ok=True)
    sources = sorted(CORE.glob("*.c"))
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor(os.cpu_count()) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        compiled = pool.map(lambda source: compile_alone(source, folder), sources)
        return dict(zip((source.stem for source in sources), compiled, strict=True))


def test_the_order_names_every_file(objects: dict[str, Object]) -> None:
    assert sorted(objects) == sorted(ORDER)


def test_nothing_is_writable_but_the_current_module_of_tls(objects: dict[str, Object]) -> None:
    writable = {name: it.writable for name, it in objects.items() if it.writable}
    assert list(writable) == ["tls_wolfssl"]
    assert len(writable["tls_wolfssl"]) == 1


def test_names_that_leave_a_file_carry_its_name(objects: dict[str, Object]) -> None:
    public = (CORE / "spwf.h").read_text()
    for file, it in objects.items():
        prefix = "spwf_tls_" if file == "tls_wolfssl" else f"spwf_{file}_"
        for name in it.functions | it.data:
            in_public_api = file == "module" and f"{name}(" in public
            assert name.startswith(prefix) or in_public_api or name in TOOLS, f"{file}.c: {name}"


def test_no_file_calls_to_its_left(objects: dict[str, Object]) -> None:
    home = {name: file for file, it in objects.items() for name in it.functions}
    for file, it in objects.items():
        for name in (it.wanted & home.keys()) - TOOLS:
            allowed = file.startswith("cmd_") and name == BODY
            right = ORDER.index(home[name]) > ORDER.index(file)
            assert right or allowed, f"{file}.c calls {name}"


def test_the_core_needs_nothing_of_an_operating_system(objects: dict[str, Object]) -> None:
    ours = {name for it in objects.values() for name in it.functions | it.data}
    ours.add("_GLOBAL_OFFSET_TABLE_")  # so the assembler marks the use of a thread-local
    for file, it in objects.items():
        for name in it.wanted - ours - LIBC:
            of_tls = (
                name.startswith(("wolfSSL", "wc_", "SendAlert", "GetCAByName"))
                and file in OF_WOLFSSL
            )
            assert of_tls, f"{file}.c needs {name}"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="its compiler has no 32-bit target")
def test_a_module_fits_in_10_kb_on_32_bits(tmp_path: Path) -> None:
    probe = tmp_path / "size.c"
    probe.write_text(
        '#include "spwf.h"\n_Static_assert(sizeof(struct spwf) <= 10240, "struct spwf");\n'
    )
    subprocess.run(
        ["cc", *STRICT, "-m32", "-ffreestanding", "-fsyntax-only", f"-I{CORE}", probe], check=True
    )


@pytest.mark.parametrize(
    ("description", "folder"),
    [
        ("csrc/meson.build", "csrc/core"),
        ("csrc/meson.build", "csrc/port"),
        ("csrc/meson.build", "csrc/python"),
        ("firmware/meson.build", "firmware"),
        ("tests/c/meson.build", "tests/c"),
    ],
)
def test_the_build_knows_every_c_file(description: str, folder: str) -> None:
    """A file that no build description names would be dead, or a test that never runs."""
    built = (ROOT / description).read_text().replace(".c'", "'")
    names = {source.stem for source in (ROOT / folder).glob("*.c")}
    assert names
    assert {name for name in names if f"'{name}'" not in built} == set()
