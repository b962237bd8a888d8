/*
 * tape.h - a connection on tape: what a real server and the module said to each other once, recorded
 * from a socket and played again in memory, cut, changed, or in single bytes. Since entropy and clock
 * are the tests', the module repeats its part byte by byte, and so the server's part fits again.
 * Used by tls_tape.c and rig.c.
 */
#ifndef TAPE_H
#define TAPE_H

#include "spwf.h"

enum { TAPE_SIZE = 16384, TAPE_TURNS = 64 };

struct tape {
    uint8_t server[TAPE_SIZE], client[TAPE_SIZE];
    size_t said, sent; /* bytes of them */
    /* The server's bytes as they came: up to `said`, when the module had sent `sent`. */
    struct {
        size_t said, sent;
    } turns[TAPE_TURNS];
    size_t count; /* of turns */
};

struct tape_wire {
    struct tape *tape;
    int live;         /* the socket to record from; -1: play */
    size_t at, until; /* of the server's bytes: read so far; where FIN comes, SIZE_MAX: never */
    size_t sent;      /* of the module's bytes */
    size_t grain;     /* bytes per recv() and send() */
    size_t change;    /* the server's byte that is not as recorded; SIZE_MAX: none */
    uint8_t bits;     /* of it that are inverted */
    bool differs;     /* the module did not repeat itself */
};

/* From the beginning, in large pieces, without FIN. */
void tape_play(struct tape_wire *w, struct tape *tape);

/* What passes over the socket `live` from now on. */
void tape_record(struct tape_wire *w, struct tape *tape, int live);

/* Where it is live, until the server has said something; bounded. */
void tape_wait(const struct tape_wire *w);

/* As those of struct spwf_net_port, of an open connection. */
int tape_info(struct tape_wire *w, struct spwf_net_info *out);
int tape_recv(struct tape_wire *w, void *data, size_t size);
int tape_send(struct tape_wire *w, const void *data, size_t len);

/* The beginning of the last record that the server began before `end`, and how many it did. */
size_t tape_last_record(const struct tape *tape, size_t end, int *count);

/* Whether this byte of the server's is the version in a record's header, which TLS does not protect;
 * wolfSSL checks what it must of it. */
bool tape_in_record_version(const struct tape *tape, size_t at);

#endif
