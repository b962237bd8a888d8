/*
 * tls_pair.c - whether a certificate and a private key belong together [design 10]. Called by
 * tls_setup.c; calls wolfSSL.
 *
 * The public key is computed from the private one and looked for in the certificate, which holds it
 * byte for byte. wolfSSL's own check also proves that the point has the curve's order: of use for
 * a stranger's key, but this one is the owner's, and on a board that is a tenth of a handshake.
 */
#include "tls_inner.h"
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/rsa.h>

enum { INTEGER = 0x02, POINT_MAX = 2 * MAX_ECC_BYTES + 1, MODULUS_MAX = 256, EXPONENT_MAX = 8 };

static bool holds(const DerBuffer *certificate, const uint8_t *wanted, size_t size) {
    for (size_t at = 0; at + size <= certificate->length; at++) {
        if (memcmp(certificate->buffer + at, wanted, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Fills `out`; the bytes, 0 where the key is none of this kind. */
static size_t ecc_public(const DerBuffer *key, ecc_key *k, uint8_t out[POINT_MAX]) {
    word32 at = 0, size = POINT_MAX;
    bool good = wc_EccPrivateKeyDecode(key->buffer, &at, k, key->length) == 0 &&
                wc_ecc_make_pub(k, NULL) == 0 && wc_ecc_export_x963(k, out, &size) == 0;
    return good ? size : 0;
}

/* The modulus and, as in a certificate's RSAPublicKey behind it, the exponent. */
static size_t rsa_public(const DerBuffer *key, RsaKey *k, uint8_t *out) {
    uint8_t exponent[EXPONENT_MAX];
    word32 at = 0, e_size = sizeof exponent, n_size = MODULUS_MAX;
    if (wc_RsaPrivateKeyDecode(key->buffer, &at, k, key->length) != 0 ||
        wc_RsaFlattenPublicKey(k, exponent, &e_size, out, &n_size) != 0) {
        return 0;
    }
    out[n_size] = INTEGER;
    out[n_size + 1] = (uint8_t)e_size;
    memcpy(out + n_size + 2, exponent, e_size);
    return n_size + 2 + e_size;
}

static bool ecc_matches(const DerBuffer *certificate, const DerBuffer *key) {
    uint8_t public[POINT_MAX];
    ecc_key *k = wc_ecc_key_new(NULL);
    size_t size = k != NULL ? ecc_public(key, k, public) : 0;
    wc_ecc_key_free(k);
    return size > 0 && holds(certificate, public, size);
}

static bool rsa_matches(const DerBuffer *certificate, const DerBuffer *key) {
    uint8_t public[MODULUS_MAX + 2 + EXPONENT_MAX];
    RsaKey *k = spwf_tls_wolfssl_alloc(sizeof *k);
    size_t size = 0;
    if (k != NULL && wc_InitRsaKey(k, NULL) == 0) {
        size = rsa_public(key, k, public);
        (void)wc_FreeRsaKey(k);
    }
    spwf_tls_wolfssl_free(k);
    return size > 0 && holds(certificate, public, size);
}

bool spwf_tls_pair_matches(const WOLFSSL_CTX *ctx) {
    return ecc_matches(ctx->certificate, ctx->privateKey) ||
           rsa_matches(ctx->certificate, ctx->privateKey);
}
