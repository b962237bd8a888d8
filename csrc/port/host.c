/*
 * host.c - runs one module. Called by csrc/python, loop.c and the C tests; the only file of
 * csrc/port that calls the core.
 *
 * Waiting. One thread at a time, the leader, waits on the world's epoll; where no descriptor is
 * open, or another thread leads, a thread waits on a semaphore of its own. Whoever has run the
 * module wakes all others, which look again and may lead. Both kinds of wait end on a signal, so
 * Ctrl-C works.
 */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    BURST = 64, /* polls while the lock is held once */
    SKIPS =
        256 /* delays skipped in a row without a byte of input: more than any boot or join has */
};

int spwf_host_open(struct host *h, const struct spwf_config *config, const char *nv,
                   enum world_network network, struct lookup_pool *pool) {
    pthread_mutex_init(&h->lock, NULL);
    h->fileno = h->timer = h->ready = -1;
    h->due = HOST_NEVER;
    int error = spwf_world_open(&h->world, nv, network, pool);
    h->config = *config;
    h->config.port = &h->world.port;
    h->config.ctx = &h->world;
    return error;
}

/* ---------------------------------------------------------------- running --------------------- */

static size_t feed(struct host *h) {
    size_t n = 0;
    if (h->input.used > 0) {
        n = spwf_input(h->module, spwf_queue_front(&h->input), h->input.used);
        spwf_queue_drop(&h->input, n);
    }
    return n;
}

/* Takes the module's output; where memory is short the module keeps the rest. */
static bool drain(struct host *h) {
    size_t len;
    const void *bytes;
    while (bytes = spwf_output(h->module, &len), len > 0) {
        if (!spwf_queue_push(&h->output, bytes, len)) {
            return false;
        }
        spwf_output_ack(h->module, len);
    }
    return true;
}

static uint64_t soonest(const struct spwf_wait *wait) {
    uint32_t ms = wait->pace_ms < wait->world_ms ? wait->pace_ms : wait->world_ms;
    return ms == SPWF_NEVER ? HOST_NEVER : spwf_pace_real() + (uint64_t)ms * 1000000u;
}

/* Nothing is left to do now. Skips the module's own delay, or notes how long it lasts. */
static bool rest(struct host *h, int *skips) {
    struct spwf_wait wait = spwf_wait(h->module);
    if (h->virtual_pace && wait.pace_ms != SPWF_NEVER && wait.pace_ms <= wait.world_ms &&
        *skips > 0) {
        h->world.pace.skipped += (uint64_t)wait.pace_ms * 1000000u;
        --*skips;
        return true;
    }
    h->due = soonest(&wait);
    return false;
}

static bool step(struct host *h, int *skips) {
    h->world.turn++;
    for (int i = 0; h->module != NULL && i < BURST; i++) {
        if (feed(h) > 0) {
            *skips = SKIPS;
        }
        unsigned flags = spwf_poll(h->module);
        bool delivered = drain(h);
        if ((flags & SPWF_WANTS_RESET) != 0 && delivered) {
            spwf_restart(h->module, SPWF_BOOT_SOFT);
        } else if ((flags & SPWF_BUSY) == 0 &&
                   ((flags & SPWF_HAS_ROOM) == 0 || h->input.used == 0) && !rest(h, skips)) {
            return false;
        }
    }
    return h->module != NULL;
}

void spwf_host_run(struct host *h) {
    int skips = SKIPS;
    spwf_pollable_drain(h); /* before the module looks: an event after its look is not lost */
    while (step(h, &skips)) {
        pthread_mutex_unlock(&h->lock); /* let others have a turn */
        pthread_mutex_lock(&h->lock);
    }
}

/* ---------------------------------------------------------------- waiting --------------------- */

static void wake_others(struct host *h) {
    for (struct host_waiter *w = h->waiters; w != NULL; w = w->next) {
        sem_post(&w->wake);
    }
    if (h->leading) {
        eventfd_write(h->world.watch.wake, 1);
    }
}

void spwf_host_enter(struct host *h) {
    pthread_mutex_lock(&h->lock);
}

void spwf_host_leave(struct host *h) {
    wake_others(h);
    spwf_pollable_update(h);
    if (h->loop != NULL) {
        spwf_loop_look(h->loop, h->slot);
    }
    pthread_mutex_unlock(&h->lock);
}

struct host_turn spwf_host_turn(struct host *h) {
    int skips = SKIPS;
    spwf_host_enter(h);
    spwf_pollable_drain(h);
    struct host_turn turn = {.more = step(h, &skips)};
    turn.output = h->output.used > 0;
    turn.failed = h->world.error != 0;
    turn.due = h->due;
    wake_others(h);
    spwf_pollable_update(h);
    pthread_mutex_unlock(&h->lock);
    return turn;
}

/* Locked at both ends. False: a signal came. */
static bool wait_aside(struct host *h, uint64_t until) {
    struct host_waiter self = {.next = h->waiters}, **link = &h->waiters;
    struct timespec t = {.tv_sec = (time_t)(until / 1000000000u),
                         .tv_nsec = (long)(until % 1000000000u)};
    sem_init(&self.wake, 0, 0);
    h->waiters = &self;
    pthread_mutex_unlock(&h->lock);
    int result =
        until == HOST_NEVER ? sem_wait(&self.wake) : sem_clockwait(&self.wake, CLOCK_MONOTONIC, &t);
    int error = result == 0 ? 0 : errno;
    pthread_mutex_lock(&h->lock);
    while (*link != &self) {
        link = &(*link)->next;
    }
    *link = self.next;
    sem_destroy(&self.wake);
    return error != EINTR;
}

int spwf_host_timeout(uint64_t until) {
    uint64_t now = spwf_pace_real();
    uint64_t ms = until <= now ? 0 : (until - now + 999999u) / 1000000u;
    return until == HOST_NEVER ? -1 : ms < INT32_MAX ? (int)ms : INT32_MAX;
}

/* Locked at both ends. False: a signal came. */
static bool wait_leading(struct host *h, uint64_t until) {
    struct epoll_event events[SPWF_SOCKETS + 2];
    int timeout = spwf_host_timeout(until);
    h->leading = true;
    pthread_mutex_unlock(&h->lock);
    int n = epoll_wait(h->world.watch.own, events, SPWF_SOCKETS + 2, timeout);
    int error = n >= 0 ? 0 : errno;
    pthread_mutex_lock(&h->lock);
    eventfd_t count;
    eventfd_read(h->world.watch.wake, &count);
    h->leading = false;
    wake_others(h); /* one of them leads now */
    return error != EINTR;
}

static enum host_end wait_for(struct host *h, uint64_t until) {
    if (h->leading || !spwf_watch_needed(&h->world)) {
        return wait_aside(h, until) ? HOST_READY : HOST_INTERRUPTED;
    }
    h->world.error = spwf_watch_open(&h->world);
    if (h->world.error != 0) {
        return HOST_FAILED;
    }
    return wait_leading(h, until) ? HOST_READY : HOST_INTERRUPTED;
}

enum host_end spwf_host_until(struct host *h, size_t size, uint64_t deadline, bool reading) {
    enum host_end end = HOST_READY;
    spwf_host_enter(h);
    unsigned heard = h->heard;
    while (end == HOST_READY) {
        spwf_host_run(h);
        if (h->output.used >= size && size > 0) {
            break;
        }
        if (h->world.error != 0) {
            end = HOST_FAILED;
        } else if (h->closed) {
            end = HOST_CANCELLED;
        } else if (reading && (h->unplugged || h->cancels != heard)) {
            h->heard = h->cancels;
            end = HOST_CANCELLED;
        } else if (spwf_pace_real() >= deadline) {
            end = HOST_TIMEOUT;
        } else {
            end = wait_for(h, h->due < deadline ? h->due : deadline);
        }
    }
    spwf_host_leave(h);
    return end;
}

bool spwf_host_tap(struct host *h, bool on) {
    spwf_host_enter(h);
    bool changed = h->world.tap.on != on;
    if (changed && on) {
        spwf_tap_start(&h->world);
    } else if (changed) {
        spwf_tap_stop(&h->world);
    }
    spwf_host_leave(h);
    return changed;
}

enum host_end spwf_host_tapped(struct host *h, uint64_t deadline) {
    enum host_end end = HOST_READY;
    spwf_host_enter(h);
    while (h->world.tap.records.used == 0 && end == HOST_READY) {
        if (!h->world.tap.on || h->closed) {
            end = HOST_CANCELLED;
        } else if (spwf_pace_real() >= deadline) {
            end = HOST_TIMEOUT;
        } else {
            end = wait_aside(h, deadline) ? HOST_READY : HOST_INTERRUPTED;
        }
    }
    pthread_mutex_unlock(&h->lock);
    return end;
}

void spwf_host_cancel(struct host *h) {
    spwf_host_enter(h);
    h->cancels++;
    spwf_host_leave(h);
}

void spwf_host_plug(struct host *h, bool in) {
    spwf_host_enter(h);
    h->unplugged = !in;
    h->heard = ++h->cancels; /* ends those that wait, and none that comes */
    spwf_host_leave(h);
}

/* ---------------------------------------------------------------- acting ---------------------- */

static void power_off(struct host *h) {
    if (h->module != NULL) {
        spwf_deinit(h->module);
        explicit_bzero(h->module, sizeof *h->module);
        free(h->module);
        h->module = NULL;
        h->due = HOST_NEVER;
        spwf_queue_clear(&h->input);
    }
}

static int power_on(struct host *h) {
    if (h->module != NULL || h->closed) {
        return SPWF_OK;
    }
    h->module = calloc(1, sizeof *h->module);
    if (h->module == NULL) {
        return SPWF_E_NO_ROOM;
    }
    h->world.heap.peak = 0;
    int error = spwf_init(h->module, &h->config);
    if (error != SPWF_OK) {
        free(h->module);
        h->module = NULL;
    }
    return error;
}

int spwf_host_power(struct host *h, bool on) {
    int error = SPWF_OK;
    spwf_host_enter(h);
    if (on) {
        error = power_on(h);
        spwf_host_run(h);
    } else {
        power_off(h);
    }
    spwf_host_leave(h);
    return error;
}

bool spwf_host_write(struct host *h, const void *data, size_t len) {
    spwf_host_enter(h);
    bool done =
        h->module == NULL || spwf_queue_push(&h->input, data, len); /* off: nobody listens */
    spwf_host_run(h);
    spwf_host_leave(h);
    return done;
}

void spwf_host_skip(struct host *h, uint64_t ns) {
    spwf_host_enter(h);
    h->world.pace.skipped += ns;
    spwf_host_run(h);
    spwf_host_leave(h);
}

void spwf_host_link(struct host *h, bool up) {
    spwf_host_enter(h);
    h->world.air.down = !up;
    spwf_host_run(h);
    spwf_host_leave(h);
}

void spwf_host_close(struct host *h) {
    spwf_host_enter(h);
    h->closed = true;
    while (h->leading) { /* its epoll must outlive its wait */
        wake_others(h);
        wait_aside(h, HOST_NEVER);
    }
    power_off(h);
    spwf_pollable_close(h);
    spwf_world_close(&h->world);
    spwf_queue_clear(&h->output);
    spwf_host_leave(h);
}

void spwf_host_free(struct host *h, bool silent) {
    if (silent) {
        pthread_mutex_init(&h->lock, NULL); /* it may be held by a thread of the original */
        h->leading = false;
        h->waiters = NULL;
        h->loop = NULL;
        spwf_net_posix_close_all(h->world.sockets);
    }
    spwf_host_close(h);
    spwf_queue_clear(&h->world.tap.records);
    pthread_mutex_destroy(&h->lock);
}
