/*
 * tls_setup.c - everything of a session that is settled before its first byte: the stored files are
 * read and checked [note 2.4], and wolfSSL learns what it may offer.
 * Called by tls_wolfssl.c; calls tls_pair.c, tls_policy.c, tls_outcome.c and wolfSSL.
 */
#include "tls_inner.h"

/* ------------------------------------------------------------------ the files ----------------- */

static bool present(const struct spwf_tls_file *file) {
    return file->data != NULL && file->size > 0;
}

/* wolfSSL's verdict on a stored file: the cause where it cannot be used. */
static enum spwf_cause file_cause(struct spwf *m, int result, enum spwf_cause unreadable) {
    if (result == WOLFSSL_SUCCESS) {
        return SPWF_CAUSE_NONE;
    }
    m->outcome.detail = result;
    switch (spwf_tls_outcome_meaning(result)) {
    case SPWF_CAUSE_EXPIRED:
        return SPWF_CAUSE_CA_EXPIRED;
    case SPWF_CAUSE_NOT_YET_VALID:
        return SPWF_CAUSE_CA_NOT_YET_VALID;
    case SPWF_CAUSE_KEY_SIZE:
        return SPWF_CAUSE_KEY_SIZE;
    default:
        return unreadable;
    }
}

/* wolfSSL has read them, and keeps less of each than there is to heed. */
static void heed(struct spwf *m, const struct spwf_tls_file *cas) {
    const uint8_t *at = cas->data;
    long left = (long)cas->size;
    EncryptedInfo info = {0};
    DerBuffer *der = NULL;
    while (left > 0 && wc_PemToDer(at, left, CERT_TYPE, &der, NULL, &info, NULL) == 0) {
        spwf_tls_verify_loaded(m, der->buffer, der->length);
        wc_FreeDer(&der);
        at += info.consumed;
        left -= info.consumed;
    }
}

/* Its own dates are checked as it is loaded, so that needs a clock [note 2.4.2]. */
static enum spwf_cause load_ca(struct spwf *m, const struct spwf_tls_setup *setup) {
    int result = wolfSSL_CTX_load_verify_buffer(m->tls->ctx, setup->ca.data, (long)setup->ca.size,
                                                WOLFSSL_FILETYPE_PEM);
    enum spwf_cause cause = file_cause(m, result, SPWF_CAUSE_CA_FILE);
    if (cause == SPWF_CAUSE_NONE) {
        heed(m, &setup->ca);
    }
    bool readable = cause != SPWF_CAUSE_CA_FILE && cause != SPWF_CAUSE_KEY_SIZE;
    if (readable && !setup->clock_set) {
        return setup->clock_lost ? SPWF_CAUSE_CLOCK_LOST : SPWF_CAUSE_CLOCK;
    }
    return cause;
}

/* wolfSSL would find out only when a server asks, so the pair is checked here. */
static enum spwf_cause load_pair(struct spwf *m, const struct spwf_tls_setup *setup) {
    WOLFSSL_CTX *ctx = m->tls->ctx;
    int result =
        wolfSSL_CTX_use_certificate_chain_buffer(ctx, setup->cert.data, (long)setup->cert.size);
    enum spwf_cause cause = file_cause(m, result, SPWF_CAUSE_CERT_FILE);
    if (cause == SPWF_CAUSE_NONE) {
        result = wolfSSL_CTX_use_PrivateKey_buffer(ctx, setup->key.data, (long)setup->key.size,
                                                   WOLFSSL_FILETYPE_PEM);
        cause = file_cause(m, result, SPWF_CAUSE_KEY_FILE);
    }
    if (cause == SPWF_CAUSE_NONE && !spwf_tls_pair_matches(ctx)) {
        cause = SPWF_CAUSE_PAIR;
    }
    return cause;
}

static enum spwf_cause load_files(struct spwf *m, const struct spwf_tls_setup *setup) {
    bool ca = present(&setup->ca), cert = present(&setup->cert), key = present(&setup->key);
    enum spwf_cause cause = ca ? load_ca(m, setup) : SPWF_CAUSE_NONE;
    if (cause == SPWF_CAUSE_NONE && cert && key) {
        cause = load_pair(m, setup);
    }
    m->outcome.mode = (uint8_t)spwf_tls_policy_mode(ca, cert, key);
    m->outcome.notes |= cert && !key ? SPWF_NOTE_CERT_WITHOUT_KEY : 0;
    m->outcome.notes |= key && !cert ? SPWF_NOTE_KEY_WITHOUT_CERT : 0;
    m->outcome.notes |= ca && m->tls->domain[0] == '\0' ? SPWF_NOTE_NAME_UNCHECKED : 0;
    return cause;
}

/* ------------------------------------------------------------------ wolfSSL ------------------- */

/* What the hello says and how the handshake behaves; the suites are those of user_settings.h. */
static bool make_context(struct spwf *m) {
    WOLFSSL_CTX *ctx =
        wolfSSL_CTX_new(wolfSSLv23_client_method()); /* owns the method in any case */
    int lowest = m->config.min_version != 0 ? m->config.min_version - SPWF_SSL3 : 0;
    m->tls->ctx = ctx;
    if (ctx == NULL || wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_SSLV3 + lowest) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_group_messages(ctx) != WOLFSSL_SUCCESS) {
        return false;
    }
    for (size_t i = 0; i < sizeof spwf_tls_policy_groups / sizeof *spwf_tls_policy_groups; i++) {
        if (wolfSSL_CTX_UseSupportedCurve(ctx, spwf_tls_policy_groups[i]) != WOLFSSL_SUCCESS) {
            return false;
        }
    }
    wolfSSL_CTX_SetIORecv(ctx, spwf_tls_io_receive);
    wolfSSL_CTX_SetIOSend(ctx, spwf_tls_io_send);
    return true;
}

/* RFC 6066 3: an address is no server_name. */
static bool name_server(struct spwf *m, const char *host) {
    return !m->config.sni || host == NULL || spwf_tls_policy_is_ip(host) ||
           wolfSSL_CTX_UseSNI(m->tls->ctx, WOLFSSL_SNI_HOST_NAME, host, (uint16_t)strlen(host)) ==
               WOLFSSL_SUCCESS;
}

enum spwf_cause spwf_tls_setup_context(struct spwf *m, const struct spwf_tls_setup *setup) {
    enum spwf_cause cause = SPWF_CAUSE_PROTOCOL;
    if (make_context(m) && name_server(m, setup->host)) {
        cause = load_files(m, setup);
    }
    return m->tls->exhausted ? SPWF_CAUSE_MEMORY : cause;
}

enum spwf_cause spwf_tls_setup_session(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    bool anonymous = m->outcome.mode == SPWF_ANONYMOUS;
    wolfSSL_CTX_set_verify(t->ctx, anonymous ? WOLFSSL_VERIFY_NONE : WOLFSSL_VERIFY_PEER,
                           spwf_tls_verify_chain);
    t->ssl = wolfSSL_new(t->ctx);
    if (t->ssl == NULL) {
        return t->exhausted ? SPWF_CAUSE_MEMORY : SPWF_CAUSE_PROTOCOL;
    }
    wolfSSL_SetCertCbCtx(t->ssl, m);
    wolfSSL_SetIOReadCtx(t->ssl, m);
    wolfSSL_SetIOWriteCtx(t->ssl, m);
    return SPWF_CAUSE_NONE;
}
