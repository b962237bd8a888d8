/*
 * tls_tape.h - the TLS client alone, on a network in memory, for test_tls.c. One mutual handshake and
 * one echo with a real `openssl s_server` are recorded, both directions. Since entropy and clock are
 * the test's, the client repeats its part byte by byte: so the record can be played to it again and
 * again, cut, changed, or with an allocation that fails.
 */
#ifndef TLS_TAPE_H
#define TLS_TAPE_H

#include "fake_port.h"
#include "inner.h"

enum { TAPE_SIZE = 16384, TAPE_FILE = 4096 };

struct tape { /* what went over the wire */
    uint8_t server[TAPE_SIZE], client[TAPE_SIZE];
    size_t said, sent;
};

struct tape_world {
    struct fake fake; /* first: the port's ctx is the fake */
    struct spwf_net_port net;
    struct spwf module;
    struct tape *tape;
    int live;         /* the socket to record from; -1: play */
    size_t at, until; /* of the server's bytes: read so far, there at all (then FIN) */
    size_t sent;      /* of the client's bytes */
    size_t grain;     /* bytes per recv() and send() */
    size_t change;    /* the server's byte that is not as recorded; SIZE_MAX: none */
    bool differs;     /* the client did not repeat itself */
};

struct tape_file {
    char bytes[TAPE_FILE];
    size_t size;
};

struct tape_material {
    struct tape_file ca, cert, key; /* of the session that is recorded */
    struct tape_file other_key, locked_key;
    struct tape_file brief_ca; /* ca for one day */
    uint64_t now;
};

extern struct tape_world tape_world;
extern struct tape_material tape_material;
extern struct tape tape_recorded;

/* Makes the material in a folder of its own, runs the server and records. How it went is in
 * tape_world.module.outcome; false: the echo was not heard. */
bool tape_record(void);
void tape_remove(void); /* the folder */

struct spwf_tls_file tape_file(const struct tape_file *file); /* NULL: absent */
struct spwf_tls_setup tape_mutual(void);                      /* of the session that is recorded */

/* A module whose wire plays what is recorded, in large pieces, to its end. */
struct spwf *tape_power_on(void);

/* Closes the session; whether nothing stayed behind, and nothing legible. */
bool tape_power_off(void);

/* Opens and connects: SPWF_CAUSE_NONE, the cause where that failed, TIMEOUT for no end in sight, -1
 * where result and outcome contradict each other. */
int tape_connect(const struct spwf_tls_setup *setup);

bool tape_echo(void); /* sends "ping" and hears "gnip" */

/* The beginning of the last recorded record that begins before `end`, and how many do. */
size_t tape_last_record(size_t end, int *count);

#endif
