/*
 * tls.h - the TLS client as a handful of functions. No type of the TLS library is visible here.
 * Implemented by tls_wolfssl.c and the files of tls_inner.h; the pure choices are in tls_policy.c.
 * Called by opening.c (up to the handshake) and sockets.c (from there on).
 *
 * None of the functions blocks or loops over the network: each does one bounded step. All memory
 * comes from m->config.port->alloc and is wiped before it is released. Bytes travel through
 * m->config.port->net with the socket's id. What happened is written to m->outcome as it happens.
 */
#ifndef SPWF_TLS_H
#define SPWF_TLS_H

#include "spwf.h"

/* The files of one session, as stored: PEM text, size bytes, not NUL-terminated; data NULL: absent. */
struct spwf_tls_file {
    const uint8_t *data;
    size_t size;
};

struct spwf_tls_setup {
    struct spwf_tls_file ca, cert, key;
    const char *domain; /* f_domain, NUL-terminated; NULL or "": no name check */
    const char *host;   /* as SOCKON gave it, for server_name where config.sni; NUL-terminated */
    bool clock_set;     /* SETTIME was given since the reset */
    bool clock_lost;    /* it was not, but before the reset */
    uint64_t now;       /* seconds since 1970 UTC; used for dates where clock_set */
};

/*
 * Makes m->tls from the files, before any byte is sent: chooses the mode, parses the files, checks
 * the CA's own dates and that certificate and key are a pair. The caller may free the files
 * afterwards. Resets m->outcome (count is kept and incremented). 0, or SPWF_E_TLS with
 * m->outcome.cause set (m->tls is NULL then).
 */
int spwf_tls_open(struct spwf *m, int id, const struct spwf_tls_setup *setup);

/* In place of spwf_tls_open() where the files cannot be had: resets m->outcome, records the cause. */
void spwf_tls_refuse(struct spwf *m, enum spwf_cause cause);

/*
 * One step of the handshake: at most about one record. 0: not yet; 1: connected, verified and
 * allowed by policy; negative: refused, m->outcome.cause says why, a fatal alert was sent where RFC
 * 5246 wants one. The caller then closes the socket and calls spwf_tls_close().
 * m->outcome.version, suite, group, subject are filled as far as they are known.
 */
int spwf_tls_handshake(struct spwf *m);

/*
 * What the caller ends from outside: a handshake (deadline, link lost), whose cause is recorded, or,
 * with SPWF_CAUSE_NONE, a write that stalled. Nothing more is sent: part of a record may be out. What
 * the peer sent can still be read.
 */
void spwf_tls_abandon(struct spwf *m, enum spwf_cause cause);

enum spwf_tls_event { SPWF_TLS_NOTHING = 0, SPWF_TLS_RECORD = 1, SPWF_TLS_ENDED = 2 };

/*
 * Takes in at most one record of the connected session. RECORD: one application-data record with
 * content was decrypted and waits; NOTHING: none is there, or it must stay in TCP because
 * SPWF_BODY_MAX bytes wait already or memory is short; ENDED: close_notify, FIN, RST or a fatal error,
 * told once per call for ever after; what waits stays readable (notes say which end it was).
 */
enum spwf_tls_event spwf_tls_pump(struct spwf *m);

/* Decrypted bytes that wait, 0..SPWF_BODY_MAX. Changes nothing. */
size_t spwf_tls_readable(const struct spwf *m);

/* Takes up to `size` of them; returns how many (never more than spwf_tls_readable() said). */
size_t spwf_tls_read(struct spwf *m, void *data, size_t size);

/*
 * Encrypts and sends `len` bytes (1..SPWF_BODY_MAX) as one record. 0: not all is out yet, call
 * again with the same arguments; 1: done; negative: the session is dead.
 */
int spwf_tls_write(struct spwf *m, const void *data, size_t len);

/* Sends close_notify where the session is alive, wipes and frees everything; m->tls = NULL. The TCP
 * connection is the caller's. Harmless where m->tls is NULL. */
void spwf_tls_close(struct spwf *m);

/* The TLS library's name and version, e.g. "wolfSSL 5.7.2"; never NULL. */
const char *spwf_tls_version(void);

/* ------------------------------------------------------------- tls_policy.c: pure choices ------ */

struct spwf_suite {
    uint16_t code;        /* as in Table 2 */
    uint16_t min_version; /* enum spwf_version: Table 2's column */
    const char *name;     /* as the note prints it */
};
/* Table 2, 27 rows in its order [note 2.2]. */
extern const struct spwf_suite spwf_tls_policy_suites[27];

enum spwf_mode spwf_tls_policy_mode(bool ca, bool cert, bool key);

/* Whether a negotiated pair may stand: SPWF_CAUSE_NONE, _VERSION (below min_version) or _SUITE (outside
 * Table 2, by code or by version); *notes gains SPWF_NOTE_OUTSIDE_TABLE_2 for AES-SHA in SSL 3.0. */
enum spwf_cause spwf_tls_policy_verdict(uint16_t version, uint16_t suite, uint16_t min_version,
                                        uint32_t *notes);

/* RFC 6125 6.4 for one presented name: case-insensitive; a wildcard only as the whole left-most
 * label, for exactly one label; a trailing dot of `domain` is ignored. An embedded NUL in `presented`
 * never matches, and no name does where `domain` is an address (RFC 2818 3.1). */
bool spwf_tls_policy_name_matches(const char *domain, const char *presented, size_t length);

/* RFC 5280 4.2.1.10: whether `domain` is, or is below, the DNS name of a name constraint; everything
 * is below an empty one, and a leading dot leaves out the name itself. */
bool spwf_tls_policy_is_within(const char *domain, const char *base, size_t length);

/* Whether a name is written as an IP address: digits and dots, or with a colon. */
bool spwf_tls_policy_is_ip(const char *name);

/* The order in which groups are offered: P-256, P-384, P-521, P-224, P-192 (RFC 8422 numbers). */
extern const uint16_t spwf_tls_policy_groups[5];

#endif
