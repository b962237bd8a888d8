/*
 * tls_policy.c - the choices of the TLS client that need no TLS: the mode [note 2.4], the suites
 * and their versions [note 2.2, 2.5], the groups, and when a name matches [note 2.3].
 * Called by tls_wolfssl.c and tls_verify.c; calls nothing.
 */
#include "inner.h"

const struct spwf_suite spwf_tls_policy_suites[27] = {
    {0xC027, SPWF_TLS1_2, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0xC023, SPWF_TLS1_2, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xC029, SPWF_TLS1_2, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256"},
    {0xC025, SPWF_TLS1_2, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xC00A, SPWF_TLS1, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xC005, SPWF_TLS1, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xC009, SPWF_TLS1, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xC004, SPWF_TLS1, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xC007, SPWF_TLS1, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
    {0xC002, SPWF_TLS1, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA"},
    {0xC008, SPWF_TLS1, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"},
    {0xC003, SPWF_TLS1, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA"},
    {0xC014, SPWF_TLS1, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xC00F, SPWF_TLS1, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA"},
    {0xC013, SPWF_TLS1, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xC00E, SPWF_TLS1, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"},
    {0xC011, SPWF_TLS1, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
    {0xC00C, SPWF_TLS1, "TLS_ECDH_RSA_WITH_RC4_128_SHA"},
    {0xC012, SPWF_TLS1, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0xC00D, SPWF_TLS1, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0x003D, SPWF_TLS1_2, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {0x003C, SPWF_TLS1_2, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
    {0x0035, SPWF_TLS1, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x002F, SPWF_TLS1, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0005, SPWF_SSL3, "SSL_RSA_WITH_RC4_128_SHA"},
    {0x0004, SPWF_SSL3, "SSL_RSA_WITH_RC4_128_MD5"},
    {0x000A, SPWF_SSL3, "SSL_RSA_WITH_3DES_EDE_CBC_SHA"},
};

/* P-256 first: servers follow the client's order, and P-521 costs eight times the work. */
const uint16_t spwf_tls_policy_groups[5] = {23, 24, 25, 21, 19};

enum spwf_mode spwf_tls_policy_mode(bool ca, bool cert, bool key) {
    if (!ca) {
        return SPWF_ANONYMOUS;
    }
    return cert && key ? SPWF_MUTUAL : SPWF_ONE_WAY;
}

/* The note promises the downgrade of AES-SHA to SSL 3.0 [2.5]; its Table 2 leaves it out. */
static bool downgrades_to_ssl3(uint16_t suite) {
    return suite == 0x0035 || suite == 0x002F;
}

enum spwf_cause spwf_tls_policy_verdict(uint16_t version, uint16_t suite, uint16_t min_version,
                                        uint32_t *notes) {
    if (version < SPWF_SSL3 || version < min_version || version > SPWF_TLS1_2) {
        return SPWF_CAUSE_VERSION;
    }
    for (size_t i = 0; i < sizeof spwf_tls_policy_suites / sizeof *spwf_tls_policy_suites; i++) {
        const struct spwf_suite *row = &spwf_tls_policy_suites[i];
        if (row->code == suite && version >= row->min_version) {
            return SPWF_CAUSE_NONE;
        }
    }
    if (version == SPWF_SSL3 && downgrades_to_ssl3(suite)) {
        *notes |= SPWF_NOTE_OUTSIDE_TABLE_2;
        return SPWF_CAUSE_NONE;
    }
    return SPWF_CAUSE_SUITE;
}

/* ------------------------------------------------------------------ names --------------------- */

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(const char *a, const char *b, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool spwf_tls_policy_is_ip(const char *name) {
    bool dotted = name[strspn(name, "0123456789.")] == '\0' && strchr(name, '.') != NULL;
    return dotted || strchr(name, ':') != NULL;
}

/* Its length without the dot that a full name may end in. */
static size_t measure(const char *domain) {
    size_t length = strlen(domain);
    return length > 0 && domain[length - 1] == '.' ? length - 1 : length;
}

bool spwf_tls_policy_is_within(const char *domain, const char *base, size_t length) {
    size_t wanted = measure(domain);
    if (length == 0 || wanted < length || !same(domain + wanted - length, base, length)) {
        return length == 0;
    }
    return wanted == length || base[0] == '.' || domain[wanted - length - 1] == '.';
}

bool spwf_tls_policy_name_matches(const char *domain, const char *presented, size_t length) {
    size_t wanted = measure(domain);
    if (wanted == 0 || spwf_tls_policy_is_ip(domain) || memchr(presented, '\0', length) != NULL) {
        return false;
    }
    if (length == wanted && same(domain, presented, length)) {
        return true;
    }
    if (length < 3 || presented[0] != '*' || presented[1] != '.') {
        return false;
    }
    const char *dot = memchr(domain, '.', wanted); /* the wildcard stands for what is before it */
    if (dot == NULL || dot == domain) {
        return false;
    }
    size_t rest = wanted - (size_t)(dot - domain);
    return rest == length - 1 && same(dot, presented + 1, rest);
}
