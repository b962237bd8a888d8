/*
 * user_settings.h - the options of wolfSSL that are policy: what the module offers on the wire and how
 * it uses memory. One file for host and board; read by every file of wolfSSL and by tls_wolfssl.c.
 * What differs between machines (assembly, threads) is in the header that the build names in
 * SPWF_WOLFSSL_PLATFORM. Compiles with wolfSSL 5.5.4 to 5.9.2.
 *
 * Together the options leave exactly the 27 suites of Table 2, in its order [note 2.2]; the reason
 * for each that is not obvious stands beside it. [tls-facts 1] tells what was measured.
 */
#ifndef SPWF_USER_SETTINGS_H
#define SPWF_USER_SETTINGS_H

#include SPWF_WOLFSSL_PLATFORM

/* ---- versions: SSL 3.0 to TLS 1.2 [note 2.5]; TLS 1.3 and DTLS are off unless asked for ---- */
#define WOLFSSL_ALLOW_SSLV3
#define WOLFSSL_ALLOW_TLSV10

/* ---- suites: Table 2 and nothing else [note 2.2] ---- */
#define WOLFSSL_STATIC_RSA
#define WOLFSSL_STATIC_DH /* with ECC it means the ten static ECDH suites, not DH */
#define WOLFSSL_ALLOW_RC4
#define NO_DH
#define NO_PSK
#define NO_AES_192

/* ---- the hello: groups and point formats; server_name only where an instance asks ---- */
#define HAVE_TLS_EXTENSIONS
#define HAVE_SUPPORTED_CURVES
#define HAVE_SNI

/* ---- keys: RSA to 2048 bits, the five curves over prime fields [note table 3] ---- */
#define HAVE_ECC
#define ECC_USER_CURVES
#define HAVE_ECC192
#define HAVE_ECC224
#define HAVE_ECC384
#define HAVE_ECC521
#define ECC_MIN_KEY_SZ 192
#define WOLFSSL_MIN_ECC_BITS 192
#define WOLFSSL_MIN_RSA_BITS 1024
#define WOLFSSL_SP_MATH_ALL
#define SP_INT_BITS 2048
#define WOLFSSL_SP_384
#define WOLFSSL_SP_521
#define WOLFSSL_SP_NO_3072
#define ECC_TIMING_RESISTANT
#define TFM_TIMING_RESISTANT
#define WC_RSA_BLINDING

/* ---- hashes: MD5, SHA-1, SHA-256 as the module; no SHA-384/512 [note table 3] ---- */
#define WOLFSSL_ALLOW_MD5_CERT_SIGS /* wolfSSL 5.9 refuses them otherwise */

/* ---- memory: small stack, small ECC temporaries, everything from the module's own heap ---- */
#define WOLFSSL_SMALL_STACK
#define ALT_ECC_SIZE
#define XMALLOC_OVERRIDE
#define XMALLOC(size, heap, type) ((void)(heap), (void)(type), spwf_tls_wolfssl_alloc(size))
#define XREALLOC(p, size, heap, type) \
    ((void)(heap), (void)(type), spwf_tls_wolfssl_realloc((p), (size)))
#define XFREE(p, heap, type) ((void)(heap), (void)(type), spwf_tls_wolfssl_free(p))

/* ---- the server's certificate: our own look at it, and an alert for whatever is refused ---- */
#define WOLFSSL_ALWAYS_VERIFY_CB
#define WOLFSSL_VERIFY_CB_ALL_CERTS
#define WOLFSSL_ALT_CERT_CHAINS /* what no loaded CA signed is passed over, and vouches for nothing */
#define WOLFSSL_PYTHON          /* what remains of it here: a serial number may be 0 */
#define ALLOW_INVALID_CERTSIGN /* tls_verify.c asks for keyCertSign, where there is a keyUsage, */
#define IGNORE_KEY_EXTENSIONS  /* and what the server's key may do: wolfSSL errs on static ECDH */
#define WOLFSSL_IP_ALT_NAME
#define WOLFSSL_EXTRA_ALERTS

/* ---- the world: time, seed and bytes come through tls_wolfssl.c ---- */
#define XTIME(t) spwf_tls_wolfssl_time(t)
#define CUSTOM_RAND_GENERATE_SEED spwf_tls_wolfssl_seed
#define WOLFSSL_USER_IO
#define NO_FILESYSTEM
#define NO_WRITEV

/* ---- parts that a client of this kind does not need ---- */
#define NO_WOLFSSL_SERVER
#define NO_SESSION_CACHE
#define NO_ERROR_STRINGS
#define NO_DSA
#define NO_MD4
#define NO_PWDBASED
#define WOLFSSL_IGNORE_FILE_WARN

#ifndef __ASSEMBLER__ /* wolfSSL's assembly reads this file too */
#include <stddef.h>
#include <stdio.h> /* wolfSSL 5.5 uses snprintf() without it */
#include <time.h>
void *spwf_tls_wolfssl_alloc(size_t size);
void *spwf_tls_wolfssl_realloc(void *memory, size_t size);
void spwf_tls_wolfssl_free(void *memory);
time_t spwf_tls_wolfssl_time(time_t *t);
int spwf_tls_wolfssl_seed(unsigned char *seed, unsigned int size);
#endif

#endif
