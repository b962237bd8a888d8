/*
 * host.h - a module at work on the host: struct spwf, its world, and unlimited queues on both sides
 * of its UART. host.c runs one; loop.c runs thousands. csrc/python and the C tests call both;
 * neither knows Python.
 *
 * Locking. A host's lock is held while the module is polled and bytes are copied, never while
 * anybody waits. Functions that say "locked" want it held; the others take it themselves. Order of
 * locks: the loop's `stepping`, a host's `lock`, the loop's `lock`.
 */
#ifndef SPWF_HOST_H
#define SPWF_HOST_H

#include <pthread.h>
#include <semaphore.h>

#include "world.h"

#define HOST_NEVER UINT64_MAX

struct loop;

struct host_waiter { /* a thread that waits without the epoll: on its stack, in the host's list */
    sem_t wake;
    struct host_waiter *next;
};

struct host {
    pthread_mutex_t lock;
    struct spwf *module; /* NULL: no power */
    struct spwf_config config;
    struct world world;
    struct queue input, output; /* towards the module, from the module */
    bool virtual_pace;
    bool closed, unplugged;  /* unplugged: see spwf_host_plug() */
    unsigned cancels, heard; /* cancels ever, and those of them that have ended a read */
    bool leading;            /* a thread waits on world.watch.own */
    struct host_waiter *waiters;
    uint64_t due;             /* real ns: when the module must be polled though nothing happened */
    int fileno, timer, ready; /* pollable.c; -1: never asked for */
    struct loop *loop;        /* NULL: none */
    uint32_t slot;            /* in the loop */
};

/* On zeroed memory, config.port and ctx are filled in. 0 or an errno, see spwf_world_open(). */
int spwf_host_open(struct host *h, const struct spwf_config *config, const char *nv,
                   enum world_network network, struct lookup_pool *pool);
/* Power off, descriptors closed; waiting threads return first. Harmless when repeated. */
void spwf_host_close(struct host *h);
/* The last act, when no thread can be inside. `silent`: in a copy of the process after fork(),
 * where the module's connections belong to the original. */
void spwf_host_free(struct host *h, bool silent);

int spwf_host_power(struct host *h, bool on); /* 0, or enum spwf_error; runs the boot sequence */
bool spwf_host_write(struct host *h, const void *data, size_t len); /* false: no memory */
void spwf_host_skip(struct host *h, uint64_t ns);
void spwf_host_link(struct host *h, bool up);

/* Ends every read that waits; where it ends none, the next that would wait. */
void spwf_host_cancel(struct host *h);
/* Pulls the cable of the UART, or puts it in again. Either ends every read that waits, and leaves no
 * cancel for the next; without the cable those to come end, too. */
void spwf_host_plug(struct host *h, bool in);

void spwf_host_enter(struct host *h);
void spwf_host_leave(
    struct host *h); /* unlocks; tells other waiting threads and the loop to look */
void spwf_host_run(
    struct host *h); /* locked; polls until nothing is left to do; may unlock between */

enum host_end { HOST_READY, HOST_TIMEOUT, HOST_CANCELLED, HOST_INTERRUPTED, HOST_FAILED };

/* Begins or ends the records of tap.c; whether that was news. */
bool spwf_host_tap(struct host *h, bool on);
/* Waits until records can be taken (READY), or the tap is off, or this is closed (CANCELLED). */
enum host_end spwf_host_tapped(struct host *h, uint64_t deadline);

/* Runs the module until `size` bytes of output are there, or until `deadline` (real ns).
 * CANCELLED: this is closed or, for who is `reading`, was cancelled or has no cable. INTERRUPTED: a
 * signal came, call again. FAILED: world.error says why waiting is impossible. */
enum host_end spwf_host_until(struct host *h, size_t size, uint64_t deadline, bool reading);

int spwf_host_timeout(
    uint64_t until); /* real ns to what epoll_wait() takes: ms from now, rounded up */

/* What a loop does with a host whose turn it is. */
struct host_turn {
    bool more, output, failed; /* step again at once; bytes wait; world.error is set */
    uint64_t due;
};
struct host_turn spwf_host_turn(struct host *h);

/* ---------------------------------------------------------------- pollable.c ------------------ */

/* A descriptor that is readable while spwf_host_until(h, 1, 0, false) has something to
 * do; -1 with errno. */
int spwf_pollable_fileno(struct host *h);  /* locked */
void spwf_pollable_drain(struct host *h);  /* locked; before every run of the module */
void spwf_pollable_update(struct host *h); /* locked; after it */
void spwf_pollable_close(struct host *h);

/* ---------------------------------------------------------------- loop.c ---------------------- */

struct loop *spwf_loop_new(void);    /* NULL with errno */
void spwf_loop_free(struct loop *l); /* its hosts leave it first */

/* `owner` is whatever stands for the host outside. 0, EEXIST where it is in a loop, or an errno. */
int spwf_loop_add(struct loop *l, struct host *h, void *owner);
bool spwf_loop_discard(struct loop *l, struct host *h); /* false: not in this loop */
void *spwf_loop_each(const struct loop *l, size_t *i);  /* owners in turn from *i = 0; NULL: end */

/* Runs the hosts until one has output or trouble (world.error), or until `deadline` (real ns). One
 * thread at a time, which has taken what was found before the next runs the loop. */
enum host_end spwf_loop_run(struct loop *l, uint64_t deadline);

/* Owner number i (from 0) that the last run found; NULL where it has left since. False: no more. */
bool spwf_loop_found(struct loop *l, size_t i, void **owner);

void spwf_loop_look(struct loop *l, uint32_t slot); /* this host wants to be run; from any thread */

#endif
