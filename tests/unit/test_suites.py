"""Table 2 as data [note 2.2]."""

import pytest

from spwf.suites import BY_CODE, SUITES, Auth, KeyExchange, Version, find


def test_table_has_27_rows_in_the_order_of_the_note() -> None:
    codes = " ".join(f"{suite.code:04X}" for suite in SUITES)
    assert codes == (
        "C027 C023 C029 C025 C00A C005 C009 C004 C007 C002 C008 C003 C014 C00F C013 C00E C011 C00C "
        "C012 C00D 003D 003C 0035 002F 0005 0004 000A"
    )
    assert len(BY_CODE) == 27


def test_72_cells_of_suite_and_version_are_allowed() -> None:
    assert sum(len(suite.versions) for suite in SUITES) == 72


def test_only_three_suites_reach_down_to_ssl3() -> None:
    assert [s.openssl for s in SUITES if Version.SSL3 in s.versions] == [
        "RC4-SHA",
        "RC4-MD5",
        "DES-CBC3-SHA",
    ]


def test_sha256_suites_need_tls_1_2() -> None:
    for suite in SUITES:
        assert (suite.versions == (Version.TLS1_2,)) == suite.name.endswith("SHA256"), suite


def test_ten_suites_are_static_ecdh() -> None:
    assert len([s for s in SUITES if s.key_exchange is KeyExchange.ECDH]) == 10


def test_key_exchange_and_auth_agree_with_both_names() -> None:
    for suite in SUITES:
        words = suite.openssl.split("-")
        if suite.key_exchange is KeyExchange.RSA:
            assert suite.auth is Auth.RSA
            assert words[0] not in ("ECDH", "ECDHE")
        else:
            assert [suite.key_exchange, suite.auth] == words[:2]


def test_iana_and_the_note_differ_in_the_prefix_of_three_names() -> None:
    differing = [suite for suite in SUITES if suite.name != suite.iana]
    assert [f"{suite.code:04X}" for suite in differing] == ["0005", "0004", "000A"]
    assert all(suite.iana.startswith("TLS_RSA_") for suite in differing)


@pytest.mark.parametrize(
    "name", ["SSL_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_RC4_128_MD5", "rc4-md5", "0004"]
)
def test_suite_is_found_by_each_of_its_names(name: str) -> None:
    assert find(name).code == 0x0004


def test_unknown_suite_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="TLS_AES_128_GCM_SHA256"):
        find("TLS_AES_128_GCM_SHA256")


def test_version_codes_are_those_of_the_wire() -> None:
    assert [version.code for version in Version] == [0x0300, 0x0301, 0x0302, 0x0303]
