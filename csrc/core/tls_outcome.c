/*
 * tls_outcome.c - what happened in a handshake, told in the words of struct spwf_outcome: version,
 * suite, group, alerts, and the one cause that wolfSSL's error number stands for.
 * Called by tls_wolfssl.c and tls_verify.c; only reads wolfSSL [tls-facts 5].
 */
#include "tls_inner.h"
#include <wolfssl/error-ssl.h>

enum { PROTOCOL_VERSION = 70, INSUFFICIENT_SECURITY = 71 }; /* RFC 5246 7.2 */

struct meaning {
    int16_t error;
    uint8_t cause;
};

static const struct meaning meanings[] = {
    {ASN_NO_SIGNER_E, SPWF_CAUSE_CHAIN},
    {ASN_SELF_SIGNED_E, SPWF_CAUSE_CHAIN},
    {ASN_NAME_INVALID_E, SPWF_CAUSE_CHAIN}, /* outside the CA's name constraints */
    {NO_PEER_CERT, SPWF_CAUSE_CHAIN},
    {MAX_CHAIN_ERROR, SPWF_CAUSE_CHAIN}, /* more than nine certificates */
    {ASN_SIG_CONFIRM_E, SPWF_CAUSE_SIGNATURE},
    {SIG_VERIFY_E, SPWF_CAUSE_SIGNATURE},
    {VERIFY_SIGN_ERROR, SPWF_CAUSE_SIGNATURE},
    {HASH_TYPE_E, SPWF_CAUSE_DIGEST},
    {ASN_SIG_HASH_E, SPWF_CAUSE_DIGEST},
    {ASN_AFTER_DATE_E, SPWF_CAUSE_EXPIRED},
    {ASN_BEFORE_DATE_E, SPWF_CAUSE_NOT_YET_VALID},
    {KEYUSE_SIGNATURE_E, SPWF_CAUSE_USAGE},
    {KEYUSE_ENCIPHER_E, SPWF_CAUSE_USAGE},
    {EXTKEYUSE_AUTH_E, SPWF_CAUSE_USAGE},
    {KEYUSAGE_E, SPWF_CAUSE_USAGE},
    {EXTKEYUSAGE_E, SPWF_CAUSE_USAGE},
    {NOT_CA_ERROR, SPWF_CAUSE_USAGE},
    {ASN_PATHLEN_SIZE_E, SPWF_CAUSE_USAGE},
    {ASN_PATHLEN_INV_E, SPWF_CAUSE_USAGE},
    {ASN_CRIT_EXT_E, SPWF_CAUSE_EXTENSION},
    {RSA_KEY_SIZE_E, SPWF_CAUSE_KEY_SIZE},
    {ECC_KEY_SIZE_E, SPWF_CAUSE_KEY_SIZE},
    {WC_KEY_SIZE_E, SPWF_CAUSE_KEY_SIZE},
    {ASN_UNKNOWN_OID_E, SPWF_CAUSE_KEY_SIZE},
    {ECC_CURVE_OID_E, SPWF_CAUSE_KEY_SIZE},
    {ECC_CURVE_ERROR, SPWF_CAUSE_KEY_SIZE},
    {PEER_KEY_ERROR, SPWF_CAUSE_KEY_SIZE},
    {NO_PEER_KEY, SPWF_CAUSE_KEY_SIZE},
    {MP_INIT_E, SPWF_CAUSE_KEY_SIZE}, /* how arithmetic for 2048 bits meets an RSA-4096 key */
    {RSA_BUFFER_E, SPWF_CAUSE_KEY_SIZE},
    {MP_READ_E, SPWF_CAUSE_KEY_SIZE},
    {MP_EXPTMOD_E, SPWF_CAUSE_KEY_SIZE},
    {VERSION_ERROR, SPWF_CAUSE_VERSION},
    {UNSUPPORTED_PROTO_VERSION, SPWF_CAUSE_VERSION},
    {MATCH_SUITE_ERROR, SPWF_CAUSE_SUITE},
    {UNSUPPORTED_SUITE, SPWF_CAUSE_SUITE},
    {WOLFSSL_ERROR_ZERO_RETURN, SPWF_CAUSE_CLOSED},
    {MEMORY_E, SPWF_CAUSE_MEMORY},
    {MEMORY_ERROR, SPWF_CAUSE_MEMORY},
};

enum spwf_cause spwf_tls_outcome_meaning(int error) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].error == error) {
            return (enum spwf_cause)meanings[i].cause;
        }
    }
    bool of_asn = error <= ASN_PARSE_E && error >= ALT_NAME_E; /* wolfSSL keeps them together */
    return of_asn ? SPWF_CAUSE_CERTIFICATE : SPWF_CAUSE_PROTOCOL;
}

/* RFC 8422 5.1.1; wolfSSL keeps the curve as the sum of its object identifier. */
static uint16_t group_of(const WOLFSSL *ssl) {
    if (ssl->specs.kea != ecc_diffie_hellman_kea || ssl->specs.static_ecdh) {
        return 0;
    }
    switch (ssl->ecdhCurveOID) {
    case ECC_SECP192R1_OID:
        return 19;
    case ECC_SECP224R1_OID:
        return 21;
    case ECC_SECP256R1_OID:
        return 23;
    case ECC_SECP384R1_OID:
        return 24;
    case ECC_SECP521R1_OID:
        return 25;
    default:
        return 0;
    }
}

void spwf_tls_outcome_update(struct spwf *m) {
    WOLFSSL *ssl = m->tls->ssl;
    struct spwf_outcome *o = &m->outcome;
    WOLFSSL_ALERT_HISTORY alerts;
    if (wolfSSL_get_alert_history(ssl, &alerts) == WOLFSSL_SUCCESS) {
        o->alert_sent = (int16_t)alerts.last_tx.code;
        o->alert_received = (int16_t)alerts.last_rx.code;
    }
    if (ssl->options.cipherSuite != 0) { /* the server's hello was accepted */
        o->version = (uint16_t)(ssl->version.major << 8 | ssl->version.minor);
        o->suite = (uint16_t)(ssl->options.cipherSuite0 << 8 | ssl->options.cipherSuite);
    }
    if (ssl->msgsReceived.got_server_key_exchange) {
        o->group = group_of(ssl);
    }
    if (ssl->msgsReceived.got_certificate_request) {
        o->notes |= SPWF_NOTE_CERT_REQUESTED;
        if (ssl->options.sendVerify == SEND_CERT && ssl->options.connectState > FIRST_REPLY_DONE) {
            o->notes |= SPWF_NOTE_CERT_SENT;
        }
    }
}

/* By which a server refuses a certificate that it was sent; SPWF_CAUSE_ALERT: it has another reason. */
static enum spwf_cause cause_of_refusal(int alert) {
    switch (alert) {
    case unknown_ca:
        return SPWF_CAUSE_CLIENT_UNKNOWN;
    case certificate_expired:
        return SPWF_CAUSE_CLIENT_EXPIRED;
    default:
        return alert >= handshake_failure && alert <= decrypt_error ? SPWF_CAUSE_CLIENT_REFUSED
                                                                    : SPWF_CAUSE_ALERT;
    }
}

static enum spwf_cause cause_of_alert(const struct spwf *m) {
    const struct spwf_outcome *o = &m->outcome;
    if (o->alert_received == PROTOCOL_VERSION) {
        return SPWF_CAUSE_VERSION;
    }
    if (o->alert_received == INSUFFICIENT_SECURITY ||
        (o->alert_received == handshake_failure && o->version == 0)) {
        return SPWF_CAUSE_SUITE; /* the answer to our hello */
    }
    if ((o->notes & SPWF_NOTE_CERT_SENT) != 0) {
        return cause_of_refusal(o->alert_received);
    }
    if ((o->notes & SPWF_NOTE_CERT_REQUESTED) != 0) {
        return SPWF_CAUSE_CLIENT_CERTIFICATE;
    }
    return SPWF_CAUSE_ALERT;
}

enum spwf_cause spwf_tls_outcome_cause(struct spwf *m, int error) {
    const struct spwf_tls *t = m->tls;
    if (t->exhausted) {
        return SPWF_CAUSE_MEMORY;
    }
    if (t->fault != SPWF_CAUSE_NONE) {
        return (enum spwf_cause)t->fault;
    }
    if (t->end != SPWF_CAUSE_NONE) {
        return (enum spwf_cause)t->end;
    }
    return error == FATAL_ERROR ? cause_of_alert(m) : spwf_tls_outcome_meaning(error);
}
