/*
 * tls_tape.h - the TLS client alone and one mutual session of it on tape [tape.h], handshake and echo,
 * for test_tls.c.
 */
#ifndef TLS_TAPE_H
#define TLS_TAPE_H

#include "fake_port.h"
#include "inner.h"
#include "tape.h"
#include "tape_server.h"

struct tape_world {
    struct fake fake; /* first: the port's ctx is the fake */
    struct spwf_net_port net;
    struct spwf module;
    struct tape_wire wire;
};

extern struct tape_world tape_world;
extern struct tape tape_recorded;

/* Makes the material, runs the server and records. How it went is in tape_world.module.outcome;
 * false: the echo was not heard. */
bool tape_record_mutual(void);

struct spwf_tls_file tape_file(const struct tape_file *file); /* NULL: absent */
struct spwf_tls_setup tape_mutual(void);                      /* of the session that is recorded */

/* A module whose wire plays what is recorded, in large pieces, to its end and a FIN. */
struct spwf *tape_power_on(void);

/* Closes the session; whether nothing stayed behind, and nothing legible. */
bool tape_power_off(void);

/* Opens and connects: SPWF_CAUSE_NONE, the cause where that failed, TIMEOUT for no end in sight, -1
 * where result and outcome contradict each other. */
int tape_connect(const struct spwf_tls_setup *setup);

bool tape_echo(void); /* sends "ping" and hears "gnip" */

#endif
