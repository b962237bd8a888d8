/*
 * tls_verify.c - what the module says of the server's certificates [note 2.3, 2.4]: wolfSSL checks
 * signatures, dates and extensions; the name, what anonymous mode only notes, and what wolfSSL leaves
 * open of the way to the root, is checked here. docs/verdicts.md has what comes of it.
 * Called by wolfSSL from inside the handshake. Calls tls_policy.c, tls_outcome.c and wolfSSL's
 * certificate parser, so that all see the same names.
 */
#include "tls_inner.h"
#include <wolfssl/wolfcrypt/asn.h>

enum { RSA_MAX = 256 + 32 }; /* bytes of a public key: its modulus, exponent and their heads */

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
    struct der set, pair, oid, value;
    m->outcome.subject[0] = '\0';
    if (cert->subjectRaw == NULL) {
        return; /* it does not parse so far */
    }
    struct der names = {cert->subjectRaw, cert->subjectRaw + cert->subjectRawLen};
    while (take(&names, &set)) {
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

/* Whether a list of names has one that is neither DNS nor e-mail nor a directory's: an address, a URI, a
 * service... wolfSSL reads name constraints of those three only. */
static bool has_others(struct der names) {
    struct der name;
    while (left(&names) > 0) {
        uint8_t kind = names.at[0];
        bool read = kind == (ASN_CONTEXT_SPECIFIC | ASN_DNS_TYPE) ||
                    kind == (ASN_CONTEXT_SPECIFIC | ASN_RFC822_TYPE) ||
                    kind == (ASN_CONTEXT_SPECIFIC | ASN_CONSTRUCTED | ASN_DIR_TYPE);
        if (!read || !take(&names, &name)) {
            return true;
        }
    }
    return false;
}

/* The same of a certificate's alternative names, which wolfSSL keeps some kinds of only. */
static bool has_other_names(const DecodedCert *cert) {
    static const uint8_t alternative_names[] = {0x55, 0x1D, 0x11}; /* RFC 5280 4.2.1.6 */
    struct der tagged = {cert->extensions, cert->extensions + cert->extensionsSz};
    struct der extensions, list, extension, oid, names;
    if (cert->extensions == NULL || !take(&tagged, &extensions) || !take(&extensions, &list)) {
        return false;
    }
    while (take(&list, &extension) && take(&extension, &oid)) {
        struct der value = extension;
        while (take(&extension, &value)) {
            /* the last one; "critical" may be before it */
        }
        if (left(&oid) == sizeof alternative_names &&
            memcmp(oid.at, alternative_names, sizeof alternative_names) == 0 &&
            (!take(&value, &names) || has_others(names))) {
            return true;
        }
    }
    return false;
}

/* RFC 6125 6.4: the common name counts only where there is no name of a better kind. */
static bool name_matches(struct spwf *m, const DecodedCert *cert) {
    const char *domain = m->tls->domain;
    bool alternative = has_other_names(cert), matched = false;
    for (const DNS_entry *san = cert->altNames; san != NULL; san = san->next) {
        if (san->type == ASN_DNS_TYPE) {
            alternative = true;
            matched |= spwf_tls_policy_name_matches(domain, san->name, (size_t)san->len);
        } else if (san->type == ASN_IP_TYPE) {
            matched |= san->ipString != NULL && strcmp(domain, san->ipString) == 0;
        }
    }
    bool common = cert->subjectCN != NULL &&
                  spwf_tls_policy_name_matches(domain, cert->subjectCN, (size_t)cert->subjectCNLen);
    if (alternative && common) {
        m->outcome.notes |= SPWF_NOTE_CN_IGNORED;
    }
    return alternative ? matched : common;
}

/* ------------------------------------------------------------------ the dates ----------------- */

/* RFC 5280 4.1.2.5: YYMMDDhhmmssZ, or four digits of the year. wolfSSL only compares them. */
static bool is_time(const uint8_t *element, int size) {
    static const uint8_t least[] = {0, 0, 1, 1, 0, 0, 0}, most[] = {99, 99, 12, 31, 23, 59, 59};
    size_t i = element[0] == ASN_UTC_TIME ? 1 : 0;
    const uint8_t *digit = element + 2; /* behind tag and length */
    if ((size_t)size != 2 + 2 * (sizeof most - i) + 1 || element[size - 1] != 'Z') {
        return false;
    }
    for (; i < sizeof most; i++, digit += 2) {
        int tens = digit[0] - '0', ones = digit[1] - '0', value = tens * 10 + ones;
        if (tens < 0 || ones < 0 || ones > 9 || value < least[i] || value > most[i]) {
            return false;
        }
    }
    return true;
}

static bool is_dated(const DecodedCert *cert) {
    return is_time(cert->beforeDate, cert->beforeDateLen) &&
           is_time(cert->afterDate, cert->afterDateLen);
}

/* ------------------------------------------------------------------ what CAs limit ------------ */

/* Whether there are other names than the server's own, which is_permitted() compares. */
static bool limits_more(const Base_entry *name) {
    while (name != NULL && name->type == ASN_DNS_TYPE) {
        name = name->next;
    }
    return name != NULL;
}

static void heed(struct spwf_tls *t, const DecodedCert *ca) {
    t->limited |= ca->extNameConstraintSet;
    t->special |= limits_more(ca->permittedNames) || limits_more(ca->excludedNames);
}

void spwf_tls_verify_loaded(struct spwf *m, const uint8_t *der, size_t size) {
    DecodedCert *cert = spwf_tls_wolfssl_alloc(sizeof *cert);
    if (cert == NULL) {
        return; /* the allocator has noted it */
    }
    wc_InitDecodedCert(cert, der, (word32)size, NULL);
    if (wc_ParseCert(cert, CERT_TYPE, NO_VERIFY, NULL) == 0) {
        heed(m->tls, cert);
    }
    wc_FreeDecodedCert(cert);
    spwf_tls_wolfssl_free(cert);
}

/* ------------------------------------------------------------------ the usage ----------------- */

static bool may_serve(const DecodedCert *cert) {
    return !cert->extExtKeyUsageSet ||
           (cert->extExtKeyUsage & (EXTKEYUSE_ANY | EXTKEYUSE_SERVER_AUTH)) != 0;
}

/* RFC 5280 4.2.1.3, RFC 5246 7.4.2, RFC 4492 2: what the key exchange does with the server's key. */
static bool fits_exchange(const CipherSpecs *suite, const DecodedCert *cert) {
    word16 use = suite->kea == rsa_kea ? KEYUSE_KEY_ENCIPHER
                 : suite->static_ecdh  ? KEYUSE_KEY_AGREE
                                       : KEYUSE_DIGITAL_SIG;
    return !cert->extKeyUsageSet || (cert->extKeyUsage & use) != 0;
}

/* ------------------------------------------------------------------ the way to the root ------- */

/*
 * RFC 5280 6.1.4 (l) to (n) for a CA between the loaded one and the server's certificate. wolfSSL
 * counts the path only through CAs that have a keyUsage, and then only where names differ.
 */
static enum spwf_cause judge_authority(struct spwf_tls *t, const DecodedCert *cert, int depth) {
    t->unheeded |= t->special;
    heed(t, cert);
    if (!cert->isCA) { /* wolfSSL lets it vouch for nothing */
        t->outsider = (int8_t)depth;
        return SPWF_CAUSE_NONE;
    }
    t->below = cert->ca->maxPathLen < t->below ? cert->ca->maxPathLen : t->below;
    if ((cert->extKeyUsageSet && (cert->extKeyUsage & KEYUSE_KEY_CERT_SIGN) == 0) ||
        !may_serve(cert) || (!cert->selfSigned && t->below == 0)) {
        return SPWF_CAUSE_USAGE;
    }
    t->below = cert->selfSigned ? t->below : (uint8_t)(t->below - 1);
    t->below = cert->pathLengthSet && cert->pathLength < t->below ? cert->pathLength : t->below;
    return SPWF_CAUSE_NONE;
}

/*
 * RFC 5280 4.2.1.10 for the name that the server is known by. wolfSSL compares all names of a
 * certificate, but with the nearest CA only, and not label by label.
 */
static bool is_permitted(const Signer *ca, const char *domain) {
    bool limited = false, permitted = false;
    for (const Base_entry *name = ca->permittedNames; name != NULL; name = name->next) {
        limited |= name->type == ASN_DNS_TYPE;
        permitted |= name->type == ASN_DNS_TYPE &&
                     spwf_tls_policy_is_within(domain, name->name, (size_t)name->nameSz);
    }
    for (const Base_entry *name = ca->excludedNames; name != NULL; name = name->next) {
        if (name->type == ASN_DNS_TYPE &&
            spwf_tls_policy_is_within(domain, name->name, (size_t)name->nameSz)) {
            return false;
        }
    }
    return permitted || !limited;
}

/* What nobody can check must be refused: RFC 5280 4.2. */
static bool is_beyond_us(const struct spwf_tls *t, const DecodedCert *cert) {
    return cert->extPolicyConstRxpSet || t->unheeded || (t->limited && has_other_names(cert));
}

/* ------------------------------------------------------------------ the verdict --------------- */

/* A certificate of which wolfSSL has nothing bad to say. */
static enum spwf_cause judge(struct spwf *m, const DecodedCert *cert, int depth) {
    struct spwf_tls *t = m->tls;
    bool own = depth == 0;
    if (own && !(may_serve(cert) && fits_exchange(&t->ssl->specs, cert))) {
        return SPWF_CAUSE_USAGE; /* in each mode, as wolfSSL has it */
    }
    if (m->outcome.mode == SPWF_ANONYMOUS) { /* without a CA nothing vouches for it */
        m->outcome.notes |= SPWF_NOTE_CHAIN;
        m->outcome.notes |= t->clock_set && cert->badDate != 0 ? SPWF_NOTE_DATE : 0;
        m->outcome.notes |=
            own && t->domain[0] != '\0' && !name_matches(m, cert) ? SPWF_NOTE_NAME : 0;
        return SPWF_CAUSE_NONE;
    }
    if (cert->ca == NULL) { /* passed over: something that the server need not have sent */
        return own ? SPWF_CAUSE_CHAIN : SPWF_CAUSE_NONE;
    }
    if (!is_dated(cert)) {
        return SPWF_CAUSE_CERTIFICATE;
    }
    enum spwf_cause cause = own ? SPWF_CAUSE_NONE : judge_authority(t, cert, depth);
    if (cause == SPWF_CAUSE_NONE && is_beyond_us(t, cert)) {
        cause = SPWF_CAUSE_EXTENSION;
    }
    if (cause != SPWF_CAUSE_NONE || t->domain[0] == '\0') {
        return cause;
    }
    if (!is_permitted(cert->ca, t->domain)) {
        return SPWF_CAUSE_CHAIN;
    }
    return !own || name_matches(m, cert) ? SPWF_CAUSE_NONE : SPWF_CAUSE_DOMAIN;
}

/* Reads the next of the certificates that were sent in the place of the last one, whose issuer it
 * should be; false where it is not, or there is none. */
static bool climb(const WOLFSSL_X509_STORE_CTX *store, int *depth, DecodedCert *cert) {
    byte issuer[KEYID_SIZE];
    if (++*depth >= store->totalCerts) {
        return false;
    }
    const WOLFSSL_BUFFER_INFO *next = &store->certs[*depth];
    memcpy(issuer, cert->issuerHash, sizeof issuer);
    wc_FreeDecodedCert(cert);
    wc_InitDecodedCert(cert, next->buffer, next->length, NULL);
    return wc_ParseCert(cert, CERT_TYPE, NO_VERIFY, NULL) == 0 &&
           memcmp(cert->subjectHash, issuer, sizeof issuer) == 0;
}

/*
 * Why a certificate has no signer. Another CA may bear its issuer's name. Else what was sent tells:
 * whether it goes on to a root, which is not loaded then, or to somebody who is no CA, or whether a
 * link is missing.
 */
static enum spwf_cause judge_gap(struct spwf *m, const WOLFSSL_X509_STORE_CTX *store, int *depth,
                                 DecodedCert *cert) {
    bool known = GetCAByName(wolfSSL_CTX_GetCertManager(m->tls->ctx), cert->issuerHash) != NULL;
    int at = *depth;
    bool root;
    do {
        root = cert->selfSigned;
        if (!climb(store, &at, cert)) {
            return known || root ? SPWF_CAUSE_CHAIN : SPWF_CAUSE_ISSUER;
        }
    } while (at != m->tls->outsider);
    describe_subject(m, cert);
    *depth = at;
    return SPWF_CAUSE_USAGE;
}

/* wolfSSL's error, made plainer by what reading the certificate gave; *depth: whose fault it is. */
static enum spwf_cause cause_of(struct spwf *m, const WOLFSSL_X509_STORE_CTX *store, int read,
                                int *depth, DecodedCert *cert) {
    enum spwf_cause cause = spwf_tls_outcome_meaning(store->error);
    if (spwf_tls_outcome_meaning(read) == SPWF_CAUSE_CERTIFICATE) {
        return SPWF_CAUSE_CERTIFICATE; /* wolfSSL goes on with what it could not read */
    }
    switch (cause) {
    case SPWF_CAUSE_CHAIN:
        return store->error == ASN_NO_SIGNER_E ? judge_gap(m, store, depth, cert) : cause;
    case SPWF_CAUSE_SIGNATURE:
        if (cert->ca != NULL && cert->ca->keyOID == RSAk && cert->ca->pubKeySize > RSA_MAX) {
            return SPWF_CAUSE_KEY_SIZE; /* its arithmetic ends below */
        }
        /* The CA is known only by its name: another one of that name made the signature. */
        return cert->extAuthKeyIdSet ? cause : SPWF_CAUSE_CHAIN;
    case SPWF_CAUSE_PROTOCOL:
        return SPWF_CAUSE_CERTIFICATE;
    default:
        return cause;
    }
}

/* Never turns a refusal of wolfSSL's into consent. */
int spwf_tls_verify_chain(int good, WOLFSSL_X509_STORE_CTX *store) {
    struct spwf *m = store->userCtx;
    struct spwf_tls *t = m->tls;
    int depth = store->error_depth;
    const WOLFSSL_BUFFER_INFO *der = &store->certs[depth];
    DecodedCert *cert = spwf_tls_wolfssl_alloc(sizeof *cert);
    if (cert == NULL) {
        return 0; /* the allocator has noted it */
    }
    wc_InitDecodedCert(cert, der->buffer, der->length, NULL);
    /* That no signer is found does not matter here: names and dates are read before it. */
    int read = wc_ParseCert(cert, CERT_TYPE, VERIFY_NAME, wolfSSL_CTX_GetCertManager(t->ctx));
    describe_subject(m, cert);
    enum spwf_cause fault = good ? judge(m, cert, depth) : cause_of(m, store, read, &depth, cert);
    wc_FreeDecodedCert(cert);
    spwf_tls_wolfssl_free(cert);
    t->vouched = fault == SPWF_CAUSE_NONE;
    t->fault = (uint8_t)fault;
    m->outcome.depth = (int8_t)(t->vouched ? -1 : depth);
    return t->vouched;
}
