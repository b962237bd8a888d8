"""The options of spwf://, in a URL and as arguments of spwf.open()."""

import re
from pathlib import Path
from typing import Any

import pytest
import serial

import spwf
from spwf.ports import protocol_spwf

CONSOLE = b"+WIND:0:Console active\r\n"
DEADLINE = 20.0  # s, for every wait

URLS = {
    "spwf://": {},
    "SPWF://?": {},
    "spwf://?nv=a%26b.nv": {"nv": "a&b.nv"},
    "spwf://?pace=real&limits=off": {"pace": "real", "limits": "off"},
    "spwf://?seed=00ff&sni=1&echo=0": {"seed": b"\x00\xff", "sni": True, "echo": False},
    "spwf://?prng=rc4&min_version=tls1.1": {"prng": "rc4", "min_version": "tls1.1"},
    "spwf://?timeout=2.5&settime=lenient": {"timeout": 2.5, "settime": "lenient"},
    "spwf://?heap=8192": {"heap": 8192},
    "spwf://?route=my.st.com:443=127.0.0.1:4433&route=10.0.0.1:1=127.0.0.2:2": {
        "routes": [("my.st.com", 443, "127.0.0.1", 4433), ("10.0.0.1", 1, "127.0.0.2", 2)]
    },
    "spwf://?ap=lab:pass+word:2&ap=a%3Ab:&ap=open": {
        "aps": [("lab", "pass+word:2"), ("a:b", ""), ("open", "")]
    },
}

BAD_URLS = {
    "loop://": "spwf://[?OPTION=VALUE",
    "spwf://host": "spwf://[?OPTION=VALUE",
    "spwf://?nV=x": "has no option 'nV'; there are nv=FILE, pace=real|virtual, seed=HEX",
    "spwf://?pace": "pace=real|virtual",
    "spwf://?pace=fast": "not one of real, virtual",
    "spwf://?nv=": "file name",
    "spwf://?nv=a&nv=b": "nv is given twice",
    "spwf://?seed=abc": "seed=HEX",
    "spwf://?sni=yes": "not one of 0, 1",
    "spwf://?min_version=tls1.3": "not one of ssl3, tls1, tls1.1, tls1.2",
    "spwf://?timeout=never": "timeout=SECONDS",
    "spwf://?timeout=0": "above 0",
    "spwf://?heap=0": "1 or more",
    "spwf://?heap=8K": "heap=BYTES",
    "spwf://?timeout=nan": "above 0",
    "spwf://?route=a:1=b": "NAME:PORT=HOST:PORT",
    "spwf://?route=a:1": "NAME:PORT=HOST:PORT",
    "spwf://?route=a:0=b:1": "not a port",
    "spwf://?route=a:1=b:65536": "not a port",
    "spwf://?ap=": "SSID",
}


@pytest.mark.parametrize("url", URLS)
def test_url_gives_the_arguments_of_the_core(url: str) -> None:
    assert protocol_spwf.parse(url) == URLS[url]


@pytest.mark.parametrize("url", BAD_URLS)
def test_bad_url_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(BAD_URLS[url])):
        protocol_spwf.parse(url)


def test_url_of_options_says_the_same_when_parsed() -> None:
    options: dict[str, Any] = {
        "nv": Path("/tmp/100% nv&x"),
        "seed": b"\x01\x02",
        "route": [("my.st.com", 443, "127.0.0.1", 4433)],
        "ap": [("a:b=c", "p&ss:#+ %"), ("open", "")],
        "sni": True,
        "timeout": 3,
    }
    assert protocol_spwf.parse(protocol_spwf.url(**options)) == {
        "nv": "/tmp/100% nv&x",
        "seed": b"\x01\x02",
        "routes": options["route"],
        "aps": options["ap"],
        "sni": True,
        "timeout": 3.0,
    }


@pytest.mark.parametrize("url", URLS)
def test_url_makes_a_module(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serial.serial_for_url(url, timeout=DEADLINE) as port:
        assert port.read_until(CONSOLE).endswith(CONSOLE)


@pytest.mark.parametrize(
    ("option", "value"), [("route", [("a", 1)]), ("route", 5), ("seed", "zz"), ("nv", 5)]
)
def test_python_value_that_no_option_takes_is_named(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^spwf:// option {option}=[A-Z:=]+ cannot be .+Query"):
        spwf.open(**{option: value})


def test_options_of_spwf_open_become_the_url(tmp_path: Path) -> None:
    with spwf.open(nv=tmp_path / "module.nv") as module:
        module.config["user_desc"] = "kept, with a comma"
        module.save()
    with spwf.open(f"spwf://?nv={tmp_path / 'module.nv'}", echo=True) as module:
        assert module.config["user_desc"] == "kept, with a comma"
        assert module.command("AT").raw == b"AT\r\r\nOK\r\n"
