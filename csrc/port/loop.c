/*
 * loop.c - many hosts behind one epoll. Called by csrc/python; calls host.c.
 *
 * Each host has a slot. A slot is ready when something may have changed for its host: a descriptor
 * of its world, its due time (a binary heap of slots), or another thread that used it. run() takes
 * the ready slots and steps their hosts; those that have output stay ready, so they are reported
 * until they are read. What epoll carries is a tag, slot and generation, never a pointer: an event
 * that outlives its host finds nothing.
 *
 * Locks: `stepping` is held while run() has a host in hand, so a host that has left is in nobody's
 * hands; `lock` guards the slots and is innermost.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host.h"

enum { EVENTS = 256, NOWHERE = -1 };
#define WAKE_TAG UINT64_MAX /* no slot: a loop has fewer than 2^32 - 1 */
#define NOBODY UINT32_MAX

struct slot {
    struct host *host; /* NULL: free */
    void *owner;
    uint32_t generation, next; /* next: of the vacant ones */
    bool ready;
    int place; /* in the heap */
    uint64_t due;
};

struct loop {
    pthread_mutex_t stepping, lock;
    int epoll, wake;
    bool waiting;
    struct slot *slots;
    uint32_t size; /* of slots, heap, ready, batch and found alike */
    uint32_t *heap, *ready, *batch;
    int heap_used;
    uint32_t ready_used, found_used;
    uint32_t vacant; /* the first free slot; NOBODY: none */
    uint64_t *found; /* tags of the hosts that the last run() reports */
};

struct loop *spwf_loop_new(void) {
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    l->vacant = NOBODY;
    pthread_mutex_init(&l->stepping, NULL);
    pthread_mutex_init(&l->lock, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = WAKE_TAG}};
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &event) != 0) {
        int error = errno;
        spwf_loop_free(l);
        errno = error;
        return NULL;
    }
    return l;
}

void spwf_loop_free(struct loop *l) {
    if (l->epoll >= 0) {
        close(l->epoll);
    }
    if (l->wake >= 0) {
        close(l->wake);
    }
    pthread_mutex_destroy(&l->stepping);
    pthread_mutex_destroy(&l->lock);
    free(l->slots);
    free(l->heap);
    free(l->ready);
    free(l->batch);
    free(l->found);
    free(l);
}

/* ---------------------------------------------------------------- the heap of due times ------- */

static void put(struct loop *l, int place, uint32_t slot) {
    l->heap[place] = slot;
    l->slots[slot].place = place;
}

static void sift_up(struct loop *l, int place) {
    uint32_t slot = l->heap[place];
    while (place > 0 && l->slots[l->heap[(place - 1) / 2]].due > l->slots[slot].due) {
        put(l, place, l->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(l, place, slot);
}

static void sift_down(struct loop *l, int place) {
    uint32_t slot = l->heap[place];
    int child;
    while (child = 2 * place + 1, child < l->heap_used) {
        if (child + 1 < l->heap_used &&
            l->slots[l->heap[child + 1]].due < l->slots[l->heap[child]].due) {
            child++;
        }
        if (l->slots[l->heap[child]].due >= l->slots[slot].due) {
            break;
        }
        put(l, place, l->heap[child]);
        place = child;
    }
    put(l, place, slot);
}

static void schedule(struct loop *l, uint32_t slot, uint64_t due) {
    struct slot *s = &l->slots[slot];
    if (s->place == NOWHERE && due != HOST_NEVER) {
        s->place = l->heap_used++;
        l->heap[s->place] = slot;
    }
    if (s->place == NOWHERE) {
        return;
    }
    s->due = due;
    sift_up(l, s->place);
    sift_down(l, s->place);
    if (due == HOST_NEVER) { /* it has sunk to a leaf: the last one takes its place */
        int hole = s->place;
        uint32_t last = l->heap[--l->heap_used];
        s->place = NOWHERE;
        if (last != slot) {
            put(l, hole, last);
            sift_up(l, hole);
            sift_down(l, l->slots[last].place);
        }
    }
}

/* ---------------------------------------------------------------- membership ------------------ */

static bool resize(void *array, size_t count, size_t each) {
    void **p = array;
    void *bigger = realloc(*p, count * each);
    if (bigger != NULL) {
        *p = bigger;
    }
    return bigger != NULL;
}

static bool grow(struct loop *l) {
    uint32_t size = l->size != 0 ? 2 * l->size : 16;
    if (!resize(&l->slots, size, sizeof *l->slots) || !resize(&l->heap, size, sizeof *l->heap) ||
        !resize(&l->ready, size, sizeof *l->ready) || !resize(&l->batch, size, sizeof *l->batch) ||
        !resize(&l->found, size, sizeof *l->found)) {
        return false;
    }
    for (uint32_t i = l->size; i < size; i++) {
        l->slots[i] = (struct slot){.place = NOWHERE, .next = l->vacant};
        l->vacant = i;
    }
    l->size = size;
    return true;
}

/* Locked. Where the thread that runs the loop waits, the caller wakes it. */
static void mark(struct loop *l, uint32_t slot) {
    if (!l->slots[slot].ready) {
        l->slots[slot].ready = true;
        l->ready[l->ready_used++] = slot;
    }
}

static void wake(struct loop *l) {
    if (l->waiting) {
        l->waiting = false;
        eventfd_write(l->wake, 1);
    }
}

void spwf_loop_look(struct loop *l, uint32_t slot) {
    pthread_mutex_lock(&l->lock);
    mark(l, slot);
    wake(l);
    pthread_mutex_unlock(&l->lock);
}

static uint64_t tag_of(const struct loop *l, uint32_t slot) {
    return (uint64_t)l->slots[slot].generation << 32 | slot;
}

/* Locked. */
static void occupy(struct loop *l, struct host *h, void *owner) {
    h->loop = l;
    h->slot = l->vacant;
    struct slot *s = &l->slots[h->slot];
    l->vacant = s->next;
    s->host = h;
    s->owner = owner;
    mark(l, h->slot);
    wake(l);
}

static void vacate(struct loop *l, struct host *h) {
    struct slot *s = &l->slots[h->slot];
    schedule(l, h->slot, HOST_NEVER);
    s->host = NULL;
    s->owner = NULL;
    s->generation++;
    s->next = l->vacant;
    l->vacant = h->slot;
    h->loop = NULL;
}

int spwf_loop_add(struct loop *l, struct host *h, void *owner) {
    int error = 0;
    pthread_mutex_lock(&l->stepping);
    pthread_mutex_lock(&h->lock);
    pthread_mutex_lock(&l->lock);
    if (h->loop != NULL) {
        error = EEXIST;
    } else if (l->vacant == NOBODY && !grow(l)) {
        error = ENOMEM;
    } else {
        occupy(l, h, owner);
        error = spwf_watch_join(&h->world, l->epoll, tag_of(l, h->slot));
        if (error != 0) {
            vacate(l, h);
        }
    }
    pthread_mutex_unlock(&l->lock);
    pthread_mutex_unlock(&h->lock);
    pthread_mutex_unlock(&l->stepping);
    return error;
}

bool spwf_loop_discard(struct loop *l, struct host *h) {
    pthread_mutex_lock(&l->stepping);
    pthread_mutex_lock(&h->lock);
    bool here = h->loop == l;
    if (here) {
        spwf_watch_leave(&h->world);
        pthread_mutex_lock(&l->lock);
        vacate(l, h);
        pthread_mutex_unlock(&l->lock);
    }
    pthread_mutex_unlock(&h->lock);
    pthread_mutex_unlock(&l->stepping);
    return here;
}

void *spwf_loop_each(const struct loop *l, size_t *i) {
    while (*i < l->size) {
        void *owner = l->slots[(*i)++].owner;
        if (owner != NULL) {
            return owner;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- running --------------------- */

/* Waits for events unless there are slots to step at once. False: a signal came. */
static bool collect(struct loop *l, uint64_t until) {
    struct epoll_event events[EVENTS];
    pthread_mutex_lock(&l->lock);
    if (l->heap_used > 0 && l->slots[l->heap[0]].due < until) {
        until = l->slots[l->heap[0]].due;
    }
    l->waiting = l->ready_used == 0;
    int timeout = l->waiting ? spwf_host_timeout(until) : 0;
    pthread_mutex_unlock(&l->lock);
    int n = epoll_wait(l->epoll, events, EVENTS, timeout);
    bool interrupted = n < 0 && errno == EINTR;
    uint64_t now = spwf_pace_real();
    pthread_mutex_lock(&l->lock);
    l->waiting = false;
    for (int i = 0; i < n; i++) {
        uint64_t tag = events[i].data.u64;
        uint32_t slot = (uint32_t)tag;
        eventfd_t count;
        if (tag == WAKE_TAG) {
            eventfd_read(l->wake, &count);
        } else if (slot < l->size && tag_of(l, slot) == tag) {
            mark(l, slot);
        }
    }
    while (l->heap_used > 0 && l->slots[l->heap[0]].due <= now) {
        mark(l, l->heap[0]);
        schedule(l, l->heap[0], HOST_NEVER);
    }
    pthread_mutex_unlock(&l->lock);
    return !interrupted;
}

static void step(struct loop *l, uint32_t i) {
    pthread_mutex_lock(&l->stepping);
    pthread_mutex_lock(&l->lock);
    uint32_t slot = l->batch[i];
    struct host *h = l->slots[slot].host;
    l->slots[slot].ready = false; /* from here on a mark counts again */
    pthread_mutex_unlock(&l->lock);
    if (h != NULL) {
        struct host_turn turn = spwf_host_turn(h);
        pthread_mutex_lock(&l->lock);
        schedule(l, slot, turn.due);
        if (turn.more || turn.output) {
            mark(l, slot);
        }
        if (turn.output || turn.failed) {
            l->found[l->found_used++] = tag_of(l, slot);
        }
        pthread_mutex_unlock(&l->lock);
    }
    pthread_mutex_unlock(&l->stepping);
}

static void step_ready(struct loop *l) {
    pthread_mutex_lock(&l->lock);
    uint32_t *batch = l->ready, used = l->ready_used;
    l->ready = l->batch;
    l->ready_used = 0;
    l->batch = batch;
    pthread_mutex_unlock(&l->lock);
    for (uint32_t i = 0; i < used; i++) {
        step(l, i);
    }
}

enum host_end spwf_loop_run(struct loop *l, uint64_t deadline) {
    enum host_end end = HOST_INTERRUPTED;
    l->found_used = 0;
    while (end == HOST_INTERRUPTED && collect(l, deadline)) {
        step_ready(l);
        if (l->found_used > 0) {
            end = HOST_READY;
        } else if (spwf_pace_real() >= deadline) {
            end = HOST_TIMEOUT;
        }
    }
    return end;
}

bool spwf_loop_found(struct loop *l, size_t i, void **owner) {
    pthread_mutex_lock(&l->lock);
    bool more = i < l->found_used;
    if (more) {
        uint32_t slot = (uint32_t)l->found[i];
        *owner = tag_of(l, slot) == l->found[i] ? l->slots[slot].owner : NULL;
    }
    pthread_mutex_unlock(&l->lock);
    return more;
}
