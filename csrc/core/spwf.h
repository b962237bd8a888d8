/*
 * spwf.h - the public API of the SPWF01Sx core, and the port table it runs on.
 *
 * The core is one struct and a handful of functions. Bytes of the module's UART are pushed in with
 * spwf_input() and pulled out with spwf_output(); everything else it asks of one const table of
 * callbacks, struct spwf_port, whose functions all receive the caller's `ctx`. The core has no
 * globals, never calls malloc, never blocks and never calls back upwards: any number of modules live
 * in one process, and one static instance lives in a microcontroller.
 *
 * The loop of every user, host or board:
 *
 *     spwf_input(m, bytes, n);                 when the UART received something
 *     while (spwf_poll(m) & SPWF_BUSY) {}      time passes only in here
 *     p = spwf_output(m, &n); ... spwf_output_ack(m, sent);     room for more: poll again
 *     where nothing was sent: wait for the UART, the network, or spwf_wait(m)
 */
#ifndef SPWF_H
#define SPWF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPWF_VERSION "0.1.0"
/* The firmware that the wire imitates: 3.5 [at-ref 0]. */
#define SPWF_BUILD "160129-c5bf5ce-SPWF01S"

enum { SPWF_SOCKETS = 8, SPWF_BODY_MAX = 3072, SPWF_SSID_MAX = 32, SPWF_NAME_MAX = 100 };

/* 0 is success, a count is positive, every failure is negative. */
enum spwf_error {
    SPWF_OK = 0,
    SPWF_E_SYNTAX = -1,      /* what was said is not in the language */
    SPWF_E_ARGUMENT = -2,    /* a value out of its range */
    SPWF_E_STATE = -3,       /* not now */
    SPWF_E_NO_ROOM = -4,     /* memory, flash, or a table is full */
    SPWF_E_RESOLVE = -5,     /* the name has no address */
    SPWF_E_REFUSED = -6,     /* the peer refused the connection (RST) */
    SPWF_E_TIMEOUT = -7,     /* nothing was heard in time */
    SPWF_E_UNREACHABLE = -8, /* no route, or no network */
    SPWF_E_RESET = -9,       /* the peer reset an open connection */
    SPWF_E_CLOSED = -10,     /* the peer closed the connection (FIN) */
    SPWF_E_TLS = -11,        /* the TLS layer failed; struct spwf_outcome says why */
    SPWF_E_NV = -12,         /* the non-volatile memory failed */
    SPWF_E_ABSENT = -13      /* the thing, or the port's group, does not exist */
};

/* ------------------------------------------------------------------ what a port provides ------- */

struct spwf_addr {
    uint8_t ip[4]; /* network order: 192.168.0.50 is {192, 168, 0, 50} */
    uint16_t port; /* host order */
};

enum spwf_net_kind { SPWF_NET_TCP = 1, SPWF_NET_UDP = 2 };

enum spwf_net_phase {
    SPWF_NET_CLOSED = 0,     /* not open */
    SPWF_NET_CONNECTING = 1, /* open() was called, the peer has not answered */
    SPWF_NET_OPEN = 2,       /* bytes flow */
    SPWF_NET_ENDED = 3,      /* the peer sent FIN; `readable` bytes may be left */
    SPWF_NET_FAILED = 4      /* refused, unreachable or reset: `error` says which */
};

struct spwf_net_info {
    uint8_t phase;     /* enum spwf_net_phase */
    int error;         /* enum spwf_error where phase is SPWF_NET_FAILED */
    uint32_t readable; /* bytes that recv() would return now */
    struct spwf_addr local, peer;
};

/*
 * Sockets by id: 0..SPWF_SOCKETS-1 are those of AT+S.SOCKON. No function blocks. For send() and
 * recv() a positive result counts bytes, 0 means "not now, try again" and never "closed", a negative
 * one is an error of the connection (SPWF_E_CLOSED after the last byte before a FIN, SPWF_E_RESET).
 * listen and accept are NULL where the world has no servers; no command of the core asks for one.
 */
struct spwf_net_port {
    int (*open)(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to);
    int (*info)(void *ctx, int id, struct spwf_net_info *out);
    int (*send)(void *ctx, int id, const void *data, size_t len);
    int (*recv)(void *ctx, int id, void *data, size_t size); /* UDP keeps a datagram's tail */
    void (*close)(void *ctx, int id, bool abort);            /* abort: RST instead of FIN */
    int (*listen)(void *ctx, int id, enum spwf_net_kind kind, uint16_t port);
    int (*accept)(void *ctx, int listener, int id);
};

/* One lookup at a time. result(): 0 while it runs, 1 with ip filled, negative where it failed. */
struct spwf_resolve_port {
    int (*start)(void *ctx, const char *name);
    int (*result)(void *ctx, uint8_t ip[4]);
    void (*cancel)(void *ctx);
};

enum spwf_link_state {
    SPWF_LINK_IDLE = 0,      /* not asked to join */
    SPWF_LINK_SEARCHING = 1, /* looking for the network */
    SPWF_LINK_ABSENT = 2,    /* no such network in reach; the port goes on looking */
    SPWF_LINK_REFUSED = 3,   /* found, and `reason` (an IEEE 802.11 reason code) says why not */
    SPWF_LINK_JOINED = 4,    /* associated and keyed; no address yet */
    SPWF_LINK_UP = 5,        /* the address is valid */
    SPWF_LINK_LOST = 6       /* was up, is gone; the port goes on looking */
};

struct spwf_link_info {
    uint8_t state; /* enum spwf_link_state */
    uint8_t reason, channel;
    int8_t rssi; /* dBm */
    uint8_t bssid[6], ip[4], mask[4], gw[4], dns[4];
};

struct spwf_link_request {
    char ssid[SPWF_SSID_MAX + 1];
    char passphrase[65]; /* "" where privacy is 0 */
    uint8_t privacy;     /* wifi_priv_mode: 0 none, 1 WEP, 2 WPA-PSK */
    bool dhcp;           /* false: the four addresses below are static */
    uint8_t ip[4], mask[4], gw[4], dns[4];
};

struct spwf_link_port {
    int (*join)(void *ctx, const struct spwf_link_request *request);
    void (*leave)(void *ctx);
    int (*info)(void *ctx, struct spwf_link_info *out);
    int (*scan)(void *ctx, bool active);
    int (*network)(void *ctx, int i, struct spwf_link_info *out, char ssid[SPWF_SSID_MAX + 1]);
    int (*ap_start)(void *ctx, const struct spwf_link_request *request);
    int (*station)(void *ctx, int i, struct spwf_link_info *out);
};

/*
 * Raw flash. A page is the unit of erase (to 0xFF); `unit` bytes are programmed at a time, each unit
 * once per erase, bits 1 -> 0 only. offset and len are multiples of `unit` for program(). Power may
 * fail inside any program() or erase(); what they had reached then is undefined but stable.
 * `pages` is even, pages/2 * page_size is at least 8 KB, page_size is a multiple of 32.
 */
struct spwf_nv_port {
    uint32_t page_size, pages, unit; /* bytes, count, bytes (at most 16, a power of two) */
    int (*read)(void *ctx, uint32_t offset, void *data, size_t len);
    int (*program)(void *ctx, uint32_t offset, const void *data, size_t len);
    int (*erase)(void *ctx, uint32_t page);
};

struct spwf_stage_port { /* a firmware image on its way in; NULL: no room for one */
    int (*begin)(void *ctx, uint32_t size);
    int (*write)(void *ctx, uint32_t offset, const void *data, size_t len);
    int (*read)(void *ctx, uint32_t offset, void *data, size_t len);
    int (*commit)(void *ctx);
};

struct spwf_pins_port {
    int (*setup)(void *ctx, int pin, int mode);
    int (*read)(void *ctx, int pin);
    int (*write)(void *ctx, int pin, int level);
    uint32_t (*edges)(void *ctx); /* pins whose interrupt came since the last call */
    int (*adc)(void *ctx, int pin);
    int (*pwm)(void *ctx, int pin, uint32_t hertz, uint8_t duty);
};

enum spwf_report_kind { SPWF_REPORT_OUTCOME = 1, SPWF_REPORT_KEYLOG = 2 };

/* What SPWF_REPORT_KEYLOG hands over, once per handshake, before the first byte that these secrets
 * protect is sent. Whoever has it reads all of the session: it is wiped when report() returns. */
struct spwf_keylog {
    uint8_t client_random[32], master_secret[48];
};

/*
 * The table. It is const and outlives every module; a group that a world lacks is NULL, and the
 * commands that need it answer their error. No function blocks; none may call spwf_*.
 */
struct spwf_port {
    uint64_t (*millis)(void *ctx);                     /* monotonic, any epoch */
    int (*entropy)(void *ctx, void *data, size_t len); /* 0, or negative: none to be had */
    void *(*alloc)(void *ctx, size_t size);            /* aligned; NULL: no room */
    void (*release)(void *ctx, void *memory);          /* NULL is allowed */
    int (*console)(void *ctx, uint32_t baud, bool flow_control);       /* at boot; may be NULL */
    void (*report)(void *ctx, int kind, const void *data, size_t len); /* may be NULL */
    const struct spwf_net_port *net;
    const struct spwf_resolve_port *resolve;
    const struct spwf_link_port *link;
    const struct spwf_nv_port *nv;
    const struct spwf_stage_port *stage;
    const struct spwf_pins_port *pins;
};

/* ------------------------------------------------------------------ what a caller chooses ------ */

/* As on the TLS wire (RFC 5246 6.2.1). */
enum spwf_version {
    SPWF_SSL3 = 0x0300,
    SPWF_TLS1 = 0x0301,
    SPWF_TLS1_1 = 0x0302,
    SPWF_TLS1_2 = 0x0303
};

/* Zeroes are the module as ST ships it. The struct is copied by spwf_init(). */
struct spwf_config {
    const struct spwf_port *port;
    void *ctx;
    uint8_t mac[6];         /* nv_wifi_macaddr; all zero: 00:80:E1:00:00:01 */
    uint16_t min_version;   /* enum spwf_version; 0: SPWF_SSL3 [note 2.5] */
    uint16_t tls_timeout_s; /* limit of one handshake; 0: 10 s */
    bool echo;              /* factory value of localecho1 [at-ref 2.4] */
    bool limits_off;        /* TLS files up to 6144 bytes together instead of 3072 */
    bool sni;               /* send the server_name extension */
    bool rc4_prng;          /* the module's RC4-based generator [note 2.6] seeds the DRBG */
    bool settime_lenient;   /* a second SETTIME answers OK */
};

enum spwf_boot {
    SPWF_BOOT_POWER = 0,
    SPWF_BOOT_SOFT = 1,
    SPWF_BOOT_WATCHDOG = 2,
    SPWF_BOOT_FAULT = 3 /* a hard fault: told with WIND 8 first [at-ref 5] */
};

/* ------------------------------------------------------------------ what happened -------------- */

enum spwf_mode { SPWF_ANONYMOUS = 0, SPWF_ONE_WAY = 1, SPWF_MUTUAL = 2 };

/* Why the last secure SOCKON ended as it did. The AT wire says "SSL/TLS unable to connect" to most. */
enum spwf_cause {
    SPWF_CAUSE_NONE = 0,        /* connected, or nothing was tried yet */
    SPWF_CAUSE_RESOLVE,         /* the server's name has no address */
    SPWF_CAUSE_REFUSED,         /* TCP: connection refused */
    SPWF_CAUSE_CONNECT_TIMEOUT, /* TCP: no answer */
    SPWF_CAUSE_UNREACHABLE,     /* TCP: no route */
    SPWF_CAUSE_CA_FILE,         /* the stored CA does not parse */
    SPWF_CAUSE_CERT_FILE,       /* the stored client certificate does not parse */
    SPWF_CAUSE_KEY_FILE,        /* the stored client key does not parse */
    SPWF_CAUSE_PAIR,            /* certificate and key do not belong together */
    SPWF_CAUSE_CLOCK,           /* a CA is loaded and SETTIME was not given since the reset */
    SPWF_CAUSE_CLOCK_LOST,      /* likewise; it was given before, and lost by the reset */
    SPWF_CAUSE_CA_EXPIRED,      /* the loaded CA certificate itself */
    SPWF_CAUSE_CA_NOT_YET_VALID,
    SPWF_CAUSE_CHAIN,     /* no loaded CA signed the chain */
    SPWF_CAUSE_ISSUER,    /* a link of it is missing: neither loaded nor sent where it belongs */
    SPWF_CAUSE_SIGNATURE, /* a signature in the chain or the key exchange is wrong */
    SPWF_CAUSE_DIGEST,    /* signed with a digest other than MD5, SHA-1, SHA-256 */
    SPWF_CAUSE_EXPIRED,   /* a certificate of the chain */
    SPWF_CAUSE_NOT_YET_VALID,
    SPWF_CAUSE_DOMAIN,             /* no name of the certificate matches f_domain */
    SPWF_CAUSE_USAGE,              /* keyUsage, extendedKeyUsage or basicConstraints forbid it */
    SPWF_CAUSE_EXTENSION,          /* an unknown critical extension */
    SPWF_CAUSE_CERTIFICATE,        /* a certificate of the chain does not parse */
    SPWF_CAUSE_KEY_SIZE,           /* a key type or size that the module cannot use */
    SPWF_CAUSE_VERSION,            /* the server speaks no version that is allowed */
    SPWF_CAUSE_SUITE,              /* no common suite, or one outside Table 2 for its version */
    SPWF_CAUSE_CLIENT_CERTIFICATE, /* the server wants a client certificate and none is loaded */
    SPWF_CAUSE_CLIENT_UNKNOWN,     /* the server does not know who signed the client certificate */
    SPWF_CAUSE_CLIENT_EXPIRED,     /* to the server, the client certificate has expired */
    SPWF_CAUSE_CLIENT_REFUSED,     /* the server refused the client certificate otherwise */
    SPWF_CAUSE_ALERT,              /* another fatal alert: see alert_received */
    SPWF_CAUSE_CLOSED,             /* the server closed in the middle of the handshake */
    SPWF_CAUSE_RESET,              /* the server reset in the middle of the handshake */
    SPWF_CAUSE_NOT_TLS,            /* what the server sent is no TLS record */
    SPWF_CAUSE_TIMEOUT,            /* the handshake took too long */
    SPWF_CAUSE_MEMORY,             /* the module's memory was exhausted */
    SPWF_CAUSE_PROTOCOL            /* anything else: `detail` is the TLS library's own number */
};

/* Bits of struct spwf_outcome.notes: true, and not fatal. */
enum spwf_note {
    SPWF_NOTE_NAME_UNCHECKED = 1 << 0,   /* a CA and no domain: the name was not checked */
    SPWF_NOTE_CN_IGNORED = 1 << 1,       /* the certificate has a SAN, so its CN did not count */
    SPWF_NOTE_OUTSIDE_TABLE_2 = 1 << 2,  /* an AES-SHA suite in SSL 3.0 [note 2.5] */
    SPWF_NOTE_CHAIN = 1 << 3,            /* anonymous mode: the chain was not trusted */
    SPWF_NOTE_DATE = 1 << 4,             /* anonymous mode: a certificate was out of its dates */
    SPWF_NOTE_NAME = 1 << 5,             /* anonymous mode: the name did not match */
    SPWF_NOTE_CERT_WITHOUT_KEY = 1 << 6, /* neither was used */
    SPWF_NOTE_KEY_WITHOUT_CERT = 1 << 7, /* neither was used */
    SPWF_NOTE_CERT_REQUESTED = 1 << 8,   /* the server asked for a client certificate */
    SPWF_NOTE_CERT_SENT = 1 << 9,        /* and one was sent */
    SPWF_NOTE_CLOSE_NOTIFY = 1 << 10,    /* the peer ended the session with close_notify */
    SPWF_NOTE_FIN = 1 << 11              /* the peer ended the connection without close_notify */
};

struct spwf_outcome {
    uint32_t count;          /* secure SOCKONs since power-on, this one included */
    uint8_t cause;           /* enum spwf_cause */
    uint8_t mode;            /* enum spwf_mode */
    bool connected;          /* the handshake completed and was accepted */
    int8_t depth;            /* of the offending certificate, 0 is the server's; -1: none */
    uint16_t version;        /* enum spwf_version, 0: not negotiated */
    uint16_t suite;          /* as in Table 2, 0: not negotiated */
    uint16_t group;          /* RFC 8422 NamedCurve of ECDHE, 0: none */
    int16_t alert_sent;      /* RFC 5246 7.2 AlertDescription, -1: none */
    int16_t alert_received;  /* likewise */
    int32_t detail;          /* the TLS library's error number, for bug reports */
    uint32_t notes;          /* bits of enum spwf_note */
    uint32_t peak_heap;      /* bytes, high-water mark of the TLS library's allocations */
    uint32_t sent, received; /* bytes on the TCP connection so far */
    char subject[128];       /* DN of the offending (or else the server's) certificate */
};

/* ------------------------------------------------------------------ the functions -------------- */

#include "state.h" /* struct spwf: complete, so that the caller can place it; not the caller's to read */

/*
 * Makes *m a module that has just been powered on. `config` is copied; config->port outlives m.
 * 0, or SPWF_E_ARGUMENT where the port lacks millis, alloc, release or entropy.
 */
int spwf_init(struct spwf *m, const struct spwf_config *config);

/* Resets as `why` says: sockets abort, RAM files and unsaved settings go, the boot sequence runs. */
void spwf_restart(struct spwf *m, enum spwf_boot why);

/* Power off: closes what is open, wipes every secret, returns all memory. m may be init'ed again. */
void spwf_deinit(struct spwf *m);

/* Takes bytes from the host's UART; returns how many there was room for (0..len). Only stores. */
size_t spwf_input(struct spwf *m, const void *data, size_t len);

/* What spwf_poll() returns. */
enum {
    SPWF_HAS_OUTPUT = 1 << 0,  /* spwf_output() has bytes */
    SPWF_HAS_ROOM = 1 << 1,    /* spwf_input() would take bytes */
    SPWF_BUSY = 1 << 2,        /* there is more to do at once: call again */
    SPWF_WAITS_WORLD = 1 << 3, /* a command in hand waits for the network */
    SPWF_WANTS_RESET = 1 << 4  /* AT+CFUN: send the output, then reset the board */
};

/* One bounded step. The only function in which time passes and the port is used. */
unsigned spwf_poll(struct spwf *m);

/* The bytes for the host's UART that lie in one piece; *len may be 0. Valid until a non-const call. */
const void *spwf_output(const struct spwf *m, size_t *len);

/* Says that `len` of them were sent. */
void spwf_output_ack(struct spwf *m, size_t len);

enum { SPWF_NEVER = 0xFFFFFFFFu };

struct spwf_wait {
    uint32_t pace_ms;  /* until the module's own next delay ends (boot, reply pace); SPWF_NEVER */
    uint32_t world_ms; /* until the module stops waiting for a peer; SPWF_NEVER */
};
struct spwf_wait spwf_wait(const struct spwf *m);

/* How the last secure SOCKON went; never NULL. Valid until the next poll. */
const struct spwf_outcome *spwf_outcome(const struct spwf *m);

/* A short lower-case text for an enum spwf_error, for logs; never NULL. */
const char *spwf_strerror(int error);

#endif
