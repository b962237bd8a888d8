/*
 * options.h - what the semihosting command line says: the options of spwf:// in the same words, for
 * a module that QEMU runs. A board by itself has none, and every value is the module's as ST ships it.
 *
 *     seed=HEX nv=FILE route=NAME:PORT=ADDRESS:PORT ap=SSID:PASSPHRASE pace=real|fast
 *     limits=note|off sni=0|1 prng=drbg|rc4 min_version=ssl3|tls1|tls1.1|tls1.2 timeout=SECONDS
 *     echo=0|1 settime=once|lenient heap=BYTES cut=N keylog=0|1
 *
 * Blanks separate; a blank, `%`, `:` or `=` inside a value is written %20, %25, %3A, %3D. `route` and
 * `ap` may be repeated. keylog=1 lets side.c tell the secrets of TLS sessions. A word without `=` is
 * the program's name and means nothing. What is not understood ends the program with a word on the
 * debugger's console and status 2.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "points.h"
#include "sequence.h"

enum { OPTION_ROUTES = 8, OPTION_POINTS = 2 };

struct option_route {
    const char *name;
    struct spwf_addr from; /* what the module connects to */
    struct spwf_addr to;   /* what stands for it on the real network */
};

struct options {
    struct spwf_config config; /* without port and ctx */
    bool seeded, fast, keylog;
    struct sequence sequence; /* where seeded */
    const char *nv;           /* NULL: none */
    uint32_t cut;             /* the power fails at this flash operation; 0: it does not */
    uint32_t heap;            /* the most of it in use, bytes; 0: all that there is */
    size_t routes, points;
    struct option_route route[OPTION_ROUTES];
    struct access_point point[OPTION_POINTS];
};

extern struct options options;

void options_read(void);

/* A dotted quad. */
bool options_address(const char *text, uint8_t ip[4]);

#endif
