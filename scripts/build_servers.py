#!/usr/bin/env python3
"""Builds the servers that Debian does not have as the tests need them, into the cache.

Called by `make servers`. Mbed TLS's ssl_server2 knows static ECDH, SSL 3.0, RC4 and 3DES; its
lawless sister has suites in versions that they are not for; an OpenSSL has SSL 3.0 and the weak
ciphers. What is built once stays: it is known by Debian's revision and by its recipe here. Sources
come from debian_source.py; spwf/programs finds what was built under the names below.
[tls-facts 2] [tls-facts 3]
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "spwf"
SERVERS = CACHE / "servers"
JOBS = os.cpu_count() or 1


MBEDTLS_OPTIONS = """
#define MBEDTLS_SSL_PROTO_SSL3
#undef MBEDTLS_REMOVE_ARC4_CIPHERSUITES
#undef MBEDTLS_REMOVE_3DES_CIPHERSUITES
"""
SSL_SERVER2 = (  # beside the whole library
    "programs/ssl/ssl_server2.c",
    "programs/ssl/ssl_test_lib.c",
    "programs/test/query_config.c",
    "tests/src/helpers.c",
    "tests/src/random.c",
)


@dataclass(frozen=True)
class Recipe(ABC):
    """One program: where its sources come from, and what it is made with."""

    name: str
    library: str
    """As debian_source.py calls it."""
    binary: str
    seconds: int
    """Of a processor, about."""

    def key(self, revision: str) -> str:
        """What tells this build from others."""
        return f"{self.name}-{revision}-{hashlib.sha256(repr(self).encode()).hexdigest()[:12]}"

    @abstractmethod
    def build(self, source: Path, place: Path) -> Iterator[tuple[int, int]]:
        """Makes place/binary, and tells how many of how many pieces are done."""


@dataclass(frozen=True)
class MbedTls(Recipe):
    """ssl_server2: one call of the compiler for each file."""

    patches: tuple[tuple[str, str, str], ...] = ()
    """File, what is in it (a regular expression), and what takes its place."""
    options: str = MBEDTLS_OPTIONS

    def build(self, source: Path, place: Path) -> Iterator[tuple[int, int]]:
        """One file after the other, as many at once as there are processors."""
        (place / "options.h").write_text(self.options)
        patched = {}
        for file, old, new in self.patches:
            text, count = re.subn(old, new, (source / file).read_text())
            if not count:
                sys.exit(f"{source / file} has no {old!r}: mend the recipe of {self.name}")
            patched[file] = place / Path(file).name
            patched[file].write_text(text)
        files = [str(path.relative_to(source)) for path in sorted(source.glob("library/*.c"))]
        files += SSL_SERVER2
        compiler = ["cc", "-O1", "-w", '-DMBEDTLS_USER_CONFIG_FILE="options.h"', f"-I{place}"]
        compiler += [f"-I{source / folder}" for folder in ("include", "library", "tests/include")]
        compiler += [f"-I{source / 'programs/ssl'}"]

        def compile_one(file: str) -> str:
            made = str(place / Path(file).with_suffix(".o").name)
            run(*compiler, "-c", str(patched.get(file, source / file)), "-o", made)
            return made

        with ThreadPoolExecutor(JOBS) as pool:
            objects = []
            for made in pool.map(compile_one, files):
                objects.append(made)
                yield len(objects), len(files) + 1
        run("cc", "-o", str(place / self.binary), *objects)
        yield len(files) + 1, len(files) + 1


@dataclass(frozen=True)
class OpenSsl(Recipe):
    """apps/openssl, with all that it needs inside it."""

    options: tuple[str, ...] = ()

    def build(self, source: Path, place: Path) -> Iterator[tuple[int, int]]:
        """Its own make does it; the commands that make prints are the progress."""
        run(str(source / "config"), f"--prefix={place}/none", *self.options, cwd=place)
        make = ["make", f"-j{JOBS}"]
        run(*make, "build_generated", cwd=place)
        wanted = "apps/openssl"
        count = run("make", "-n", wanted, cwd=place).count(" -c -o ")
        with (place / "log").open("w+") as errors:
            command = [*make, wanted]
            with subprocess.Popen(
                command, cwd=place, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process:
                done = 0
                for line in process.stdout or ():
                    done += " -c -o " in line
                    yield done, count
            if process.returncode:
                errors.seek(0)
                sys.exit(f"{' '.join(command)}\n{errors.read()}")
        shutil.copy(place / wanted, place / self.binary)


WEAK_KEYS = ("library/x509_crt.c", r"\b2048,", "1024,")
EXTENSIONS = (  # in SSL 3.0 it would not look at those of the hello, and so know of no curve
    "library/ssl_srv.c",
    r"(?s)(Do not parse the extensions.{,80}?\n    if )\(\(ssl->major.{,60}?\)\) \{",
    r"\g<1>(1) {",
)
UNLAWFUL = (  # the column of the table of suites that says from which version on each is for
    "library/ssl_ciphersuites.c",
    r"(MBEDTLS_SSL_MINOR_VERSION_)\d(,\s+MBEDTLS_SSL_MAJOR_VERSION_3,)",
    r"\g<1>0\2",
)
LEFT_OUT = """
aria bf blake2 camellia cast chacha poly1305 cms cmp ct dh dsa dtls ec2m gost idea md4 mdc2 ocb ocsp
rc2 rmd160 scrypt seed siphash siv sm2 sm3 sm4 srp srtp ts whirlpool rfc3779 comp psk async engine
tests shared module
"""
RECIPES = (
    MbedTls("mbedtls", "mbedtls", "ssl_server2", 12, (WEAK_KEYS,)),
    MbedTls("mbedtls-lawless", "mbedtls", "ssl_server2", 12, (WEAK_KEYS, UNLAWFUL, EXTENSIONS)),
    OpenSsl(
        *("openssl-weak", "openssl", "openssl", 110),
        (
            *("enable-ssl3", "enable-ssl3-method", "enable-weak-ssl-ciphers", "-O1"),
            *(f"no-{part}" for part in LEFT_OUT.split()),
        ),
    ),
)


def run(*command: str, cwd: Path | None = None) -> str:
    """What the command printed; the end of this program, with its words, where it fails."""
    try:
        return subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(command)}\n{error.stdout[-2000:]}{error.stderr[-4000:]}")


def sources(library: str) -> tuple[Path, str]:
    """Where they are, and their revision."""
    script = Path(__file__).with_name("debian_source.py")
    done = subprocess.run(
        [sys.executable, script, library], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    folder, revision = done.stdout.splitlines()
    return Path(folder), revision


def make(recipe: Recipe) -> None:
    """Builds one, unless it is there, and lets its name point to it."""
    source, revision = sources(recipe.library)
    home = SERVERS / recipe.key(revision)
    if not home.exists():
        wall = recipe.seconds / JOBS
        print(f"{recipe.name}: {revision}, about {wall:.0f} s on {JOBS} processors", flush=True)
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(dir=SERVERS, prefix=".") as scratch:
            place, ready = Path(scratch) / "build", Path(scratch) / "ready"
            place.mkdir()
            ready.mkdir()
            for done, count in recipe.build(source, place):
                show(recipe.name, done, count)
            run("strip", "-o", str(ready / recipe.binary), str(place / recipe.binary))
            ready.rename(home)
        print(f"{recipe.name}: built in {time.monotonic() - begin:.0f} s", flush=True)
    link = SERVERS / recipe.name
    if not link.exists() or link.resolve() != home:
        new = SERVERS / f".{recipe.name}"
        new.unlink(missing_ok=True)
        new.symlink_to(home.name)
        new.replace(link)


def show(name: str, done: int, count: int) -> None:
    """A line that grows, at a terminal."""
    if sys.stdout.isatty():
        end = "\n" if done == count else ""
        print(f"\r{name}: {done} of {count} files", end=end, flush=True)


def main() -> None:
    """Builds what is not there yet."""
    SERVERS.mkdir(parents=True, exist_ok=True)
    with (SERVERS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once build once
        for recipe in RECIPES:
            make(recipe)


if __name__ == "__main__":
    main()
