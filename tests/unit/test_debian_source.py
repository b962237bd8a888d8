"""scripts/debian_source.py without a mirror: other sources, the cache, and what it complains of."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "debian_source.py"
HELP = "Mend that, or unpack wolfSSL 5.7.2 yourself and set WOLFSSL_SRC to its folder.\n"

# What a folder must hold to be taken for the sources, and the version that it tells then.
TREES = {
    "wolfssl": (
        "wolfssl/version.h",
        '#define LIBWOLFSSL_VERSION_STRING "5.9.1"\n#define LIBWOLFSSL_VERSION_HEX 0x05009001\n',
        "5.9.1",
    ),
    "lwip": (
        "src/include/lwip/init.h",
        "#define LWIP_VERSION_MAJOR      2\n#define LWIP_VERSION_MINOR      2\n"
        "#define LWIP_VERSION_REVISION   1\n#define LWIP_VERSION_RC         255\n",
        "2.2.1",
    ),
}


def run(cache: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Status, output and complaints, with a cache of its own."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"XDG_CACHE_HOME": str(cache)} | env,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("library", TREES)
def test_other_sources_are_taken_as_they_are(library: str, tmp_path: Path) -> None:
    header, text, version = TREES[library]
    file = tmp_path / "tree" / header
    file.parent.mkdir(parents=True)
    file.write_text(text)
    variable = f"{library.upper()}_SRC"
    told = run(tmp_path, library, **{variable: str(tmp_path / "tree")})
    assert told == (0, f"{tmp_path}/tree\n{version} ({variable})\n", "")
    assert not (tmp_path / "spwf").exists()  # and nothing is fetched


@pytest.mark.parametrize("text", [None, "", "#define LIBWOLFSSL_VERSION_HEX 0x05009001\n"])
def test_a_folder_without_the_sources_is_refused(text: str | None, tmp_path: Path) -> None:
    header = tmp_path / TREES["wolfssl"][0]
    if text is not None:
        header.parent.mkdir()
        header.write_text(text)
    told = run(tmp_path, "wolfssl", WOLFSSL_SRC=str(tmp_path))
    why = f"WOLFSSL_SRC={tmp_path} is no wolfSSL source tree: no {header}"
    assert told == (1, "", f"wolfSSL's sources cannot be had: {why}\n{HELP}")


def test_the_newest_of_the_cache_is_taken_and_nobody_asked(tmp_path: Path) -> None:
    for version in ("5.7.2-0.1+deb13u2", "5.7.2-0.1+deb13u10", "5.7.2-0.1~bpo12", "5.8.0-1"):
        (tmp_path / "spwf" / f"wolfssl-{version}").mkdir(parents=True)
    told = run(tmp_path, "wolfssl", WOLFSSL_SRC="")
    newest = "5.7.2-0.1+deb13u10"
    assert told == (0, f"{tmp_path}/spwf/wolfssl-{newest}\n{newest}\n", "")


def test_without_a_mirror_it_says_what_to_do_and_leaves_nothing(tmp_path: Path) -> None:
    status, said, complaints = run(
        tmp_path, "wolfssl", WOLFSSL_SRC="", PATH=str(tmp_path)
    )  # no apt
    assert (status, said) == (1, "")
    assert "wolfSSL's sources cannot be had: " in complaints
    assert complaints.endswith(HELP)
    assert [path.name for path in (tmp_path / "spwf").iterdir()] == ["lock"]


@pytest.mark.parametrize("arguments", [(), ("curl",), ("wolfssl", "lwip")])
def test_a_wrong_call_is_told_the_right_one(arguments: tuple[str, ...], tmp_path: Path) -> None:
    usage = "usage: debian_source.py wolfssl|lwip|mbedtls|openssl\n"
    assert run(tmp_path, *arguments) == (1, "", usage)
