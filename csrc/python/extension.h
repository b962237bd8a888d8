/*
 * extension.h - what the files of spwf._core share. module.c makes the module; core.c (with peers.c
 * and tap.c) and loop.c have one type each; options.c turns the arguments of Core() into a host. All
 * that the module owns is in struct state; nothing that changes is static. Limited API of Python 3.11.
 *
 * Whoever holds a lock of csrc/port never needs the GIL, and whoever may wait for long gives the GIL
 * away first. spwf/_core.pyi documents what Python sees.
 */
#ifndef SPWF_EXTENSION_H
#define SPWF_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sys/types.h>

#include "host.h"

struct state {
    PyTypeObject *core_type, *loop_type;
    struct lookup_pool *pool;
};

struct core {
    PyObject_HEAD struct host host;
    pid_t process; /* that made it; 0: it was never opened */
};

extern PyType_Spec spwf_core_spec, spwf_loop_spec;

/* core.c: first in every method but close(): the host, or NULL with an exception where the Core is
 * closed or belongs to another process. */
struct host *spwf_core_open(PyObject *self);

/* core.c: the host's lock. Waits for it without the GIL where it is not free at once. */
void spwf_core_enter(struct host *h);
void spwf_core_leave(struct host *h);

/* core.c: the descriptor-related trouble of a world, once, as OSError. 0, or -1 with the error set.
 */
int spwf_core_check(struct core *self);

/* peers.c: methods of Core. */
PyObject *spwf_peers_accept(PyObject *self, PyObject *args);
PyObject *spwf_peers_write(PyObject *self, PyObject *args);
PyObject *spwf_peers_read(PyObject *self, PyObject *args);
PyObject *spwf_peers_close(PyObject *self, PyObject *args);

/* tap.c: methods of Core. */
PyObject *spwf_tap_switch(PyObject *self, PyObject *argument);
PyObject *spwf_tap_take(PyObject *self, PyObject *timeout);

/* options.c: opens self->host from the arguments of Core(). 0, or -1 with an exception set. */
int spwf_options_open(struct core *self, struct lookup_pool *pool, PyObject *args,
                      PyObject *kwargs);

/* options.c: an OSError; `text` is taken over (NULL: an exception is set already), `path` may be
 * NULL. */
void spwf_options_raise(int error, PyObject *text, PyObject *path);

/* options.c: a timeout in seconds or None to a deadline in real ns. 0, or -1 with ValueError. */
int spwf_options_deadline(PyObject *timeout, uint64_t *deadline);
/* options.c: seconds, finite and not negative, to ns. 0, or -1 with ValueError. */
int spwf_options_seconds(PyObject *seconds, uint64_t *ns);

#endif
