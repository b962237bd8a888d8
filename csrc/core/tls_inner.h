/*
 * tls_inner.h - what the files behind tls.h share: one session, and what they offer each other.
 * The only header of the core that shows types of wolfSSL.
 *
 *     tls_wolfssl -> tls_setup -> tls_pair -> tls_verify -> tls_outcome -> tls_io -> tls_policy
 */
#ifndef SPWF_TLS_INNER_H
#define SPWF_TLS_INNER_H

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/internal.h> /* what a handshake negotiated and heard has no other way out */
#include <wolfssl/ssl.h>

#include "inner.h"

struct spwf_tls { /* from port->alloc; m->tls while a secure socket lives */
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl; /* NULL before the first step of the handshake */
    int id;       /* of the socket, for port->net */
    bool clock_set;
    uint64_t now; /* seconds since 1970, as at SOCKON */

    size_t live;    /* bytes that wolfSSL holds */
    bool exhausted; /* an allocation failed: wolfSSL may call that a bad signature */

    uint8_t header[5];   /* tls_io.c: of the record on its way in */
    uint8_t have, given; /* bytes of it: received, handed to wolfSSL */
    uint16_t body;       /* bytes of the record behind the header that wolfSSL has not taken */
    bool allowance;      /* this step may still begin a record */
    bool spoken;         /* the server's first bytes were a TLS record */
    bool broken;         /* a send failed */
    bool told;           /* the secrets of the session went to port->report */
    uint8_t end;         /* enum spwf_cause of the connection's end, 0 while there is none */

    uint8_t fault; /* tls_verify.c: enum spwf_cause of the certificate that was refused */
    bool vouched;  /* the server's certificate was seen and nothing was found against it */
    uint8_t below; /* how many CAs may still follow on the way down to it */
    bool limited;  /* a CA on the way, or a loaded one, has name constraints */
    bool
        special; /* of other names than DNS: wolfSSL compares them with its next certificate alone */
    bool unheeded;   /* and that was another CA's */
    int8_t outsider; /* depth of a good certificate on the way that is no CA's; 0: none */

    bool connected, ended;
    bool dead;      /* nothing more can be sent */
    uint8_t *ahead; /* decrypted text that made room for the next record; NULL: none */
    size_t ahead_at, ahead_end;

    char domain[]; /* f_domain; "": no name check */
};

/* ---- tls_setup.c ---- */
/* Makes m->tls's context of wolfSSL from the files. NONE, or why not; what was made is the caller's. */
enum spwf_cause spwf_tls_setup_context(struct spwf *m, const struct spwf_tls_setup *setup);
/* Makes its session, when the files are out of memory again: so its long-lived parts take their
 * place, and what is free stays in one piece, for a record of 16 KB. */
enum spwf_cause spwf_tls_setup_session(struct spwf *m);

/* ---- tls_pair.c ---- */
/* Whether the certificate and the private key that were loaded into `ctx` belong together. */
bool spwf_tls_pair_matches(const WOLFSSL_CTX *ctx);

/* ---- tls_io.c: the two callbacks that carry wolfSSL's bytes; context: struct spwf * ---- */
int spwf_tls_io_receive(WOLFSSL *ssl, char *data, int size, void *context);
int spwf_tls_io_send(WOLFSSL *ssl, char *data, int size, void *context);
/* Whether the next step would find bytes, or the end, of the connection. */
bool spwf_tls_io_ready(struct spwf *m);

/* ---- tls_verify.c ---- */
/* Takes note of what a loaded CA (DER) limits: it is heeded as if the server had sent that CA. */
void spwf_tls_verify_loaded(struct spwf *m, const uint8_t *der, size_t size);
/* wolfSSL calls it for each certificate, from the one next to the root to, last, the server's. */
int spwf_tls_verify_chain(int good, WOLFSSL_X509_STORE_CTX *store);

/* ---- tls_outcome.c ---- */
/* What wolfSSL's error number about a certificate or a handshake means; never NONE. */
enum spwf_cause spwf_tls_outcome_meaning(int error);
/* Writes what is known of the handshake by now to m->outcome. */
void spwf_tls_outcome_update(struct spwf *m);
/* Why a handshake that ended with wolfSSL's `error` did so. After spwf_tls_outcome_update(). */
enum spwf_cause spwf_tls_outcome_cause(struct spwf *m, int error);

#endif
