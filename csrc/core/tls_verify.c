/*
 * tls_verify.c - what the module says of the server's certificates [note 2.3, 2.4]: wolfSSL checks
 * signatures, dates and extensions; the name, and what anonymous mode only notes, is checked here.
 * Called by wolfSSL from inside the handshake. Calls tls_policy.c, tls_outcome.c and wolfSSL's
 * certificate parser, so that all see the same names.
 */
#include "tls_inner.h"
#include <wolfssl/wolfcrypt/asn.h>

/* ------------------------------------------------------------------ the subject --------------- */

struct der {
    const uint8_t *at, *end;
};

static size_t left(const struct der *der) {
    return (size_t)(der->end - der->at);
}

/* Takes the next element and gives its content. Lengths over 65535 have no place in a name. */
static bool take(struct der *der, struct der *content) {
    if (left(der) < 2) {
        return false;
    }
    size_t length = der->at[1];
    der->at += 2;
    if (length >= 0x80) {
        size_t bytes = length - 0x80;
        if (bytes < 1 || bytes > 2 || left(der) < bytes) {
            return false;
        }
        for (length = 0; bytes > 0; bytes--) {
            length = length << 8 | *der->at++;
        }
    }
    if (left(der) < length) {
        return false;
    }
    *content = (struct der){der->at, der->at + length};
    der->at += length;
    return true;
}

/* X.520 attributes are 2.5.4.n; these are the ones that the note lists, and what openssl adds. */
static const char *attribute_name(const struct der *oid) {
    static const char email[] = {0x2A, (char)0x86, 0x48, (char)0x86, (char)0xF7, 0x0D, 1, 9, 1};
    static const char *const names[] = {[3] = "CN", [4] = "SN",  [5] = "serialNumber",
                                        [6] = "C",  [7] = "L",   [8] = "ST",
                                        [10] = "O", [11] = "OU", [12] = "T"};
    if (left(oid) == 3 && oid->at[0] == 0x55 && oid->at[1] == 4 &&
        oid->at[2] < sizeof names / sizeof *names && names[oid->at[2]] != NULL) {
        return names[oid->at[2]];
    }
    if (left(oid) == sizeof email && memcmp(oid->at, email, sizeof email) == 0) {
        return "emailAddress";
    }
    return "?";
}

/* Appends to m->outcome.subject while there is room; what a terminal might obey becomes '?'. */
static void say(struct spwf *m, const void *text, size_t length) {
    char *subject = m->outcome.subject;
    size_t used = strlen(subject);
    for (size_t i = 0; i < length && used < sizeof m->outcome.subject - 1; i++) {
        char c = ((const char *)text)[i];
        subject[used++] = c >= ' ' && c <= '~' ? c : '?';
    }
    subject[used] = '\0';
}

/* "C=IT, O=STM, CN=server domain": the order of the certificate. */
static void describe_subject(struct spwf *m, const DecodedCert *cert) {
    struct der names = {cert->subjectRaw, cert->subjectRaw + cert->subjectRawLen};
    struct der set, pair, oid, value;
    m->outcome.subject[0] = '\0';
    while (cert->subjectRaw != NULL && take(&names, &set)) {
        while (take(&set, &pair) && take(&pair, &oid) && take(&pair, &value)) {
            const char *name = attribute_name(&oid);
            say(m, ", ", m->outcome.subject[0] != '\0' ? 2 : 0);
            say(m, name, strlen(name));
            say(m, "=", 1);
            say(m, value.at, left(&value));
        }
    }
}

/* ------------------------------------------------------------------ the name ------------------ */

/* RFC 6125 6.4: the common name counts only where there is no name of a better kind. */
static bool name_matches(struct spwf *m, const DecodedCert *cert) {
    const char *domain = m->tls->domain;
    bool alternative = false, matched = false;
    for (const DNS_entry *san = cert->altNames; san != NULL; san = san->next) {
        if (san->type == ASN_DNS_TYPE) {
            alternative = true;
            matched |= spwf_tls_policy_name_matches(domain, san->name, (size_t)san->len);
        } else if (san->type == ASN_IP_TYPE) { /* equal to a name only if that is an address */
            alternative = true;
            matched |= san->ipString != NULL &&
                       spwf_tls_policy_name_matches(domain, san->ipString, strlen(san->ipString));
        }
    }
    bool common = cert->subjectCN != NULL &&
                  spwf_tls_policy_name_matches(domain, cert->subjectCN, (size_t)cert->subjectCNLen);
    if (alternative && common) {
        m->outcome.notes |= SPWF_NOTE_CN_IGNORED;
    }
    return alternative ? matched : common;
}

/* ------------------------------------------------------------------ the verdict --------------- */

/* The server's certificate, of which wolfSSL has nothing bad to say. */
static enum spwf_cause judge(struct spwf *m, const DecodedCert *cert) {
    bool named = m->tls->domain[0] == '\0' || name_matches(m, cert);
    if (m->outcome.mode != SPWF_ANONYMOUS) {
        return named ? SPWF_CAUSE_NONE : SPWF_CAUSE_DOMAIN;
    }
    m->outcome.notes |= SPWF_NOTE_CHAIN; /* without a CA nothing vouches for it */
    m->outcome.notes |= m->tls->clock_set && cert->badDate != 0 ? SPWF_NOTE_DATE : 0;
    m->outcome.notes |= named ? 0 : SPWF_NOTE_NAME;
    return SPWF_CAUSE_NONE;
}

/* A signature that fails under a CA known only by its name: another CA of that name made it. */
static enum spwf_cause cause_of(int error, const DecodedCert *cert) {
    enum spwf_cause cause = spwf_tls_outcome_meaning(error);
    if (cause == SPWF_CAUSE_SIGNATURE && !cert->extAuthKeyIdSet) {
        return SPWF_CAUSE_CHAIN;
    }
    return cause == SPWF_CAUSE_PROTOCOL ? SPWF_CAUSE_CERTIFICATE : cause;
}

/* Never turns a refusal of wolfSSL's into consent. */
int spwf_tls_verify_chain(int good, WOLFSSL_X509_STORE_CTX *store) {
    struct spwf *m = store->userCtx;
    struct spwf_tls *t = m->tls;
    const WOLFSSL_BUFFER_INFO *der = &store->certs[store->error_depth];
    DecodedCert *cert = spwf_tls_wolfssl_alloc(sizeof *cert);
    if (cert == NULL) {
        return 0; /* the allocator has noted it */
    }
    wc_InitDecodedCert(cert, der->buffer, der->length, NULL);
    /* That no signer is found does not matter here: names and dates are read before it. */
    (void)wc_ParseCert(cert, CERT_TYPE, VERIFY_NAME, wolfSSL_CTX_GetCertManager(t->ctx));
    describe_subject(m, cert);
    enum spwf_cause fault = good ? judge(m, cert) : cause_of(store->error, cert);
    wc_FreeDecodedCert(cert);
    spwf_tls_wolfssl_free(cert);
    t->vouched = fault == SPWF_CAUSE_NONE;
    t->fault = (uint8_t)fault;
    m->outcome.depth = (int8_t)(t->vouched ? -1 : store->error_depth);
    return t->vouched;
}
