/*
 * driver.h - a module on fake_port.h, driven by bytes: what the C tests of line, at, reply and module
 * share. Time is virtual: the module's own delays are skipped, nothing else moves the clock.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_port.h"

enum { DRIVER_OUTPUT = 65536 };

struct driver {
    struct fake fake;
    struct spwf_link_port link;
    struct spwf_link_info air;        /* what the link group answers */
    struct spwf_link_request request; /* of the last join() */
    struct spwf module;
    char output[DRIVER_OUTPUT]; /* all that the module said since driver_forget(), NUL-terminated */
    size_t length;
};

void driver_init(struct driver *d); /* powered on, booted, joined to no network */
void driver_free(struct driver *d);
void driver_run(struct driver *d); /* until only the host or the world could move it */

/* driver_init() in its two parts, for who has a port of his own in between. */
void driver_place(struct driver *d);
void driver_power_on(struct driver *d, const struct spwf_config *config);

void driver_forget(struct driver *d);
void driver_send(struct driver *d, const void *data, size_t len);
/* Sends a text, runs, and returns what the module said to it. */
const char *driver_say(struct driver *d, const char *text);
/* Saves ssid "lab" and joins it: the air then says UP with 192.168.1.5. */
void driver_join(struct driver *d);

#endif
