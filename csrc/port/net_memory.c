/*
 * net_memory.c - a network without sockets: each of the module's connections ends in this process,
 * where a test accepts or refuses it, reads what the module sent and writes what it shall receive.
 * Called by the core through the port, and by host.c on behalf of the peers. Nothing here knows
 * time, so all of it may be skipped. With `step` 1 every send() and recv() moves one byte.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

static struct net_pipe *get(void *ctx, int id) {
    return spwf_net_memory_pipe(&((struct world *)ctx)->memory, id);
}

static size_t clip(const void *ctx, size_t len) {
    const struct world *w = ctx;
    return len < w->memory.step ? len : w->memory.step;
}

static void empty(struct net_pipe *p) {
    spwf_queue_clear(&p->to_module);
    spwf_queue_clear(&p->to_peer);
    *p = (struct net_pipe){0};
}

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    struct net_memory *n = &((struct world *)ctx)->memory;
    if (kind != SPWF_NET_TCP) {
        return SPWF_E_ABSENT;
    }
    if (n->pipes == NULL) {
        n->pipes = calloc(SPWF_SOCKETS, sizeof *n->pipes);
    }
    struct net_pipe *p = get(ctx, id);
    if (p == NULL || p->phase != SPWF_NET_CLOSED) {
        return p == NULL ? SPWF_E_NO_ROOM : SPWF_E_STATE;
    }
    empty(p);
    p->phase = SPWF_NET_CONNECTING;
    p->to = *to;
    return SPWF_OK;
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    const struct net_pipe *p = get(ctx, id);
    *out = (struct spwf_net_info){0};
    if (p != NULL) {
        out->phase = p->phase;
        out->error = p->error;
        out->readable = (uint32_t)p->to_module.used;
        out->local = (struct spwf_addr){.ip = {192, 168, 0, 50}, .port = (uint16_t)(49152 + id)};
        out->peer = p->to;
    }
    return SPWF_OK;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    struct net_pipe *p = get(ctx, id);
    if (p == NULL || p->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (p->phase == SPWF_NET_FAILED) {
        return p->error;
    }
    len = clip(ctx, len);
    if (p->phase == SPWF_NET_CONNECTING || !spwf_queue_push(&p->to_peer, data, len)) {
        return 0;
    }
    return (int)len;
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    struct net_pipe *p = get(ctx, id);
    if (p == NULL || p->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    size_t len = clip(ctx, size < p->to_module.used ? size : p->to_module.used);
    if (len == 0 && size != 0 && p->phase == SPWF_NET_FAILED) {
        return p->error;
    }
    if (len == 0 && size != 0 && p->phase == SPWF_NET_ENDED) {
        return SPWF_E_CLOSED;
    }
    if (len > 0) {
        memcpy(data, spwf_queue_front(&p->to_module), len);
        spwf_queue_drop(&p->to_module, len);
    }
    return (int)len;
}

/* The peer may still read what was sent before. */
static void net_close(void *ctx, int id, bool abort) {
    struct net_pipe *p = get(ctx, id);
    if (p != NULL && p->phase != SPWF_NET_CLOSED) {
        spwf_queue_clear(&p->to_module);
        if (abort) {
            spwf_queue_clear(&p->to_peer);
        }
        p->phase = SPWF_NET_CLOSED;
        p->left = true;
    }
}

const struct spwf_net_port spwf_net_memory_port = {
    .open = net_open,
    .info = net_info,
    .send = net_send,
    .recv = net_recv,
    .close = net_close,
};

struct net_pipe *spwf_net_memory_pipe(struct net_memory *n, int id) {
    return n->pipes != NULL && id >= 0 && id < SPWF_SOCKETS ? &n->pipes[id] : NULL;
}

bool spwf_net_memory_accept(struct net_memory *n, int id, bool accept, struct spwf_addr *to) {
    struct net_pipe *p = spwf_net_memory_pipe(n, id);
    if (p == NULL || p->phase != SPWF_NET_CONNECTING) {
        return false;
    }
    p->phase = accept ? SPWF_NET_OPEN : SPWF_NET_FAILED;
    p->error = accept ? SPWF_OK : SPWF_E_REFUSED;
    *to = p->to;
    return true;
}

bool spwf_net_memory_push(struct net_memory *n, int id, const void *data, size_t len) {
    struct net_pipe *p = spwf_net_memory_pipe(n, id);
    return p != NULL && p->phase == SPWF_NET_OPEN && spwf_queue_push(&p->to_module, data, len);
}

bool spwf_net_memory_end(struct net_memory *n, int id, bool reset) {
    struct net_pipe *p = spwf_net_memory_pipe(n, id);
    if (p == NULL || p->phase != SPWF_NET_OPEN) {
        return false;
    }
    p->phase = reset ? SPWF_NET_FAILED : SPWF_NET_ENDED;
    p->error = reset ? SPWF_E_RESET : SPWF_OK;
    return true;
}

void spwf_net_memory_free(struct net_memory *n) {
    for (int i = 0; n->pipes != NULL && i < SPWF_SOCKETS; i++) {
        empty(&n->pipes[i]);
    }
    free(n->pipes);
    n->pipes = NULL;
}
