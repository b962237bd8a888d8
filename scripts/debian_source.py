#!/usr/bin/env python3
"""Prints where the sources of a library are and their revision: a directory, a line each.

    debian_source.py wolfssl|lwip|mbedtls|openssl

Called by the build descriptions, the Makefile and build_servers.py. The sources are Debian's source
package, security patches applied, from the machine's own apt mirror. A private apt state leaves the
system's lists alone and needs no root. apt verifies the signatures; upstream's tarball is pinned
besides, where the version is. What was fetched stays in the cache, so a second call asks nobody.

WOLFSSL_SRC=DIR, LWIP_SRC=DIR and so on name other sources (wolfSSL 5.5.4 to 5.9.2 are known to
build). There is no other fallback.
"""

import fcntl
import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "spwf"


@dataclass(frozen=True)
class Library:
    """One of the libraries: its Debian package, and how to tell that a folder holds it."""

    name: str
    package: str
    release: str  # of Debian, which maintains the version
    version: str  # or its beginning
    tarball: str
    sha256: str  # of the tarball; "": any that Debian has signed
    megabytes: int  # of all that is fetched
    header: str
    pattern: str  # of the version in the header

    @property
    def variable(self) -> str:
        """What names other sources in the environment."""
        return f"{self.package.upper()}_SRC"


LIBRARIES = {
    "wolfssl": Library(
        "wolfSSL",
        "wolfssl",
        "trixie",
        "5.7.2",
        "wolfssl_5.7.2.orig.tar.gz",
        "0f2ed82e345b833242705bbc4b08a2a2037a33f7bf9c610efae6464f6b10e305",
        24,
        "wolfssl/version.h",
        r'LIBWOLFSSL_VERSION_STRING "(.+)"',
    ),
    "lwip": Library(
        "lwIP",
        "lwip",
        "trixie",
        "2.2.1+dfsg1",
        "lwip_2.2.1+dfsg1.orig.tar.xz",
        "83729c274c499d3348e9fbbe043a3113f3fa8953e7efddc7c21c7fcbb1f2b7b1",
        1,
        "src/include/lwip/init.h",
        r"#define LWIP_VERSION_(?:MAJOR|MINOR|REVISION) +(\d+)",
    ),
    "mbedtls": Library(
        "Mbed TLS",
        "mbedtls",
        "bookworm",
        "2.28.3",
        "mbedtls_2.28.3.orig.tar.gz",
        "3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d",
        4,
        "include/mbedtls/version.h",
        r'#define MBEDTLS_VERSION_STRING +"(.+)"',
    ),
    "openssl": Library(  # its patches come as new versions, and Debian drops the old ones
        "OpenSSL",
        "openssl",
        "bookworm",
        "3.0",
        "",
        "",
        15,
        "VERSION.dat",
        r"^(?:MAJOR|MINOR|PATCH)=(\d+)",
    ),
}


class Unobtainable(Exception):
    """The sources cannot be had this way; the text says why."""


def run(*command: str | Path, cwd: Path, complaints: list[str]) -> str | None:
    """What the command printed; None where it failed. Its complaints are added to the list."""
    try:
        done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        raise Unobtainable(f"{command[0]} is not installed") from None
    if done.stderr:
        complaints.append(done.stderr.strip())
    return None if done.returncode else done.stdout


def stanzas(path: Path) -> Iterator[dict[str, str]]:
    """The enabled entries of one apt source file, in either of its formats, as deb822 fields."""
    text = "".join(
        line for line in path.read_text(errors="replace").splitlines(True) if line[0] != "#"
    )
    if path.suffix == ".sources":
        for block in re.split(r"\n\s*\n", text):
            fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.MULTILINE)
            stanza = {name.title(): value for name, value in fields}
            if stanza.get("Enabled", "yes").strip() not in ("no", "false", "0"):
                yield stanza
    else:
        entry = r"^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.*)$"
        for options, uri, suite, components in re.findall(entry, text, re.MULTILINE):
            signed = re.search(r"signed-by=(\S+)", options)
            yield {
                "Types": "deb",
                "Uris": uri,
                "Suites": suite,
                "Components": components,
                **({"Signed-By": signed[1]} if signed else {}),
            }


def own_release() -> set[str]:
    """The names by which this machine's sources may call its Debian release."""
    text = Path("/etc/os-release").read_text()
    if not re.search(r"^ID=debian$", text, re.MULTILINE):
        raise Unobtainable("this is not a Debian machine")
    return {*re.findall(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE), "stable", "oldstable"}


def source_entries(release: str) -> str:
    """The machine's own Debian sources turned into sources of the release's source packages."""
    names, entries = own_release(), []
    apt = Path("/etc/apt")
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        for stanza in stanzas(path):
            suites = [suite.partition("-") for suite in stanza.get("Suites", "").split()]
            if not {name for name, _, _ in suites} & names:
                continue
            if "main" not in stanza.get("Components", "").split():
                continue
            wanted = [f"{release}{dash}{rest}" for name, dash, rest in suites if name in names]
            signed = stanza.get("Signed-By")
            entries.append(
                f"Types: deb-src\nURIs: {stanza['Uris']}\nSuites: {' '.join(wanted)}\n"
                f"Components: main\n" + (f"Signed-By: {signed}\n" if signed else "")
            )
    if not entries:
        raise Unobtainable("no Debian mirror in /etc/apt/sources.list and /etc/apt/sources.list.d")
    return "\n".join(entries)


def newest_first(versions: set[str]) -> list[str]:
    """In Debian's order of versions."""

    def compare(a: str, b: str) -> int:
        older = subprocess.run(["dpkg", "--compare-versions", a, "lt", b], check=False)
        return -1 if older.returncode == 0 else 1

    return sorted(versions, key=functools.cmp_to_key(compare), reverse=True)


def fetch(library: Library, place: Path) -> str:
    """Puts the patched sources into place/source; their Debian revision. All in `place`."""
    for folder in ("sources", "lists/partial", "archives/partial"):
        (place / folder).mkdir(parents=True)
    (place / "sources/debian.sources").write_text(source_entries(library.release))
    settings = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": place / "sources",
        "Dir::State::Lists": place / "lists",
        "Dir::Cache": place,
        "APT::Sandbox::User": "root",  # _apt may not write here; the checks are the same
    }
    apt = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    complaints: list[str] = []
    ask = functools.partial(run, cwd=place, complaints=complaints)

    package, wanted = library.package, library.version
    print(
        f"fetching the sources of {library.name} {wanted} ({library.megabytes} MB)",
        file=sys.stderr,
    )
    ask("apt-get", *apt, "-q", "update")  # a mirror may lack one of the suites: see what is there
    index = ask("apt-cache", *apt, "showsrc", "--only-source", package) or ""
    known = re.findall(rf"^Version: ({re.escape(wanted)}(?:\.\d+)*-\S+)$", index, re.MULTILINE)
    for version in newest_first(set(known)):
        # An index may be ahead of the pool; then the next one is to be had.
        if ask("apt-get", *apt, "-q", "source", "--download-only", f"{package}={version}") is None:
            continue
        tarball = place / library.tarball
        if library.sha256 and hashlib.sha256(tarball.read_bytes()).hexdigest() != library.sha256:
            raise Unobtainable(
                f"{tarball.name} is not the {library.name} {wanted} that this tree knows"
            )
        if ask("dpkg-source", "-x", f"{package}_{version}.dsc", "source") is not None:
            return version  # Debian's patches are applied
    raise Unobtainable(
        "\n".join([f"no {wanted} from this mirror's {library.release}", *complaints])
    )


def cached(library: Library) -> tuple[Path, str]:
    """The sources in the cache and their revision, fetched first where there are none."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once fetch once
        prefix = f"{library.package}-"
        wanted = CACHE.glob(f"{prefix}{library.version}[.-]*")
        found = {path.name.removeprefix(prefix) for path in wanted}
        if found:
            version = newest_first(found)[0]
        else:
            with tempfile.TemporaryDirectory(dir=CACHE) as place:
                version = fetch(library, Path(place))
                (Path(place) / "source").rename(CACHE / f"{prefix}{version}")
    return CACHE / f"{prefix}{version}", version


def override(library: Library, folder: Path) -> tuple[Path, str]:
    """The environment's own sources and their version."""
    header = folder / library.header
    text = header.read_text() if header.is_file() else ""
    version = ".".join(re.findall(library.pattern, text, re.MULTILINE))
    if not version:
        raise Unobtainable(
            f"{library.variable}={folder} is no {library.name} source tree: no {header}"
        )
    return folder.resolve(), f"{version} ({library.variable})"


def main() -> None:
    """Prints the two lines, or why not and exits with status 1."""
    if len(sys.argv) != 2 or sys.argv[1] not in LIBRARIES:
        sys.exit(f"usage: {Path(__file__).name} {'|'.join(LIBRARIES)}")
    library = LIBRARIES[sys.argv[1]]
    folder = os.environ.get(library.variable)
    try:
        where, version = override(library, Path(folder)) if folder else cached(library)
    except Unobtainable as reason:
        sys.exit(
            f"{library.name}'s sources cannot be had: {reason}\n"
            f"Mend that, or unpack {library.name} {library.version} yourself "
            f"and set {library.variable} to its folder."
        )
    print(where, version, sep="\n")


if __name__ == "__main__":
    main()
