/*
 * tap.c - what passes over the module's connections, and the secrets of its TLS sessions, for a
 * capture. While nobody asks it costs nothing: the port's table leads past it, and has no report().
 *
 * Called by the core through the port; host.c hands the records out. Where nobody takes them for
 * long, send() and recv() move nothing until somebody does: so memory is bounded and nothing lost.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "world.h"

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void push(struct world *w, struct tap_record *record, const void *data, size_t size) {
    record->time = now();
    record->size = (uint32_t)size;
    if (!spwf_queue_push(&w->tap.records, record, sizeof *record) ||
        !spwf_queue_push(&w->tap.records, data, size)) {
        w->error = ENOMEM;
    }
}

static void tell(struct world *w, int id, enum tap_kind kind, const void *data, size_t size) {
    const struct spwf_net_info *info = &w->tap.known[id];
    struct spwf_link_info link;
    struct tap_record record = {.kind = (uint8_t)kind,
                                .id = (uint8_t)id,
                                .local_port = info->local.port,
                                .peer_port = info->peer.port,
                                .error = info->error};
    w->port.link->info(w, &link);
    memcpy(record.local_ip, link.ip, sizeof record.local_ip);
    memcpy(record.peer_ip, info->peer.ip, sizeof record.peer_ip);
    push(w, &record, data, size);
}

/* ---------------------------------------------------------------- what a connection goes through */

static void tell_phase(struct world *w, int id, uint8_t before, uint8_t phase) {
    static const uint8_t kinds[] = {[SPWF_NET_OPEN] = TAP_CONNECTED,
                                    [SPWF_NET_ENDED] = TAP_ENDED,
                                    [SPWF_NET_FAILED] = TAP_FAILED};
    if (before == SPWF_NET_CONNECTING && phase == SPWF_NET_ENDED) {
        tell(w, id, TAP_CONNECTED, NULL, 0);
    }
    tell(w, id, (enum tap_kind)kinds[phase], NULL, 0);
    w->tap.known[id].phase = phase;
}

/* The peer's end is told behind its last byte: `rest` says that there is none left. */
static void look(struct world *w, int id, bool rest) {
    struct spwf_net_info *known = &w->tap.known[id], info;
    uint8_t before = known->phase;
    if (before == SPWF_NET_CLOSED || w->net->info(w, id, &info) != SPWF_OK) {
        return;
    }
    *known = info;
    known->phase = before;
    if (!w->tap.opened[id] && (info.local.port != 0 || info.phase != SPWF_NET_CONNECTING)) {
        w->tap.opened[id] = true; /* where a name had to be looked up first, this is later */
        tell(w, id, TAP_OPENED, NULL, 0);
    }
    if (info.phase == SPWF_NET_ENDED && info.readable > 0 && !rest) {
        info.phase = SPWF_NET_OPEN;
    }
    if (info.phase != before && info.phase > SPWF_NET_CONNECTING) {
        tell_phase(w, id, before, info.phase);
    }
}

static int tap_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    struct world *w = ctx;
    int result = w->net->open(w, id, kind, to);
    if (result == SPWF_E_STATE || result == SPWF_E_ABSENT) {
        return result;
    }
    w->tap.known[id] = (struct spwf_net_info){.phase = SPWF_NET_CONNECTING, .peer = *to};
    w->tap.opened[id] = result < 0;
    if (result < 0) {
        tell(w, id, TAP_OPENED, NULL, 0);
        w->tap.known[id].error = result;
        tell(w, id, TAP_FAILED, NULL, 0);
        w->tap.known[id].phase = SPWF_NET_CLOSED;
    } else {
        look(w, id, false);
    }
    return result;
}

static int tap_info(void *ctx, int id, struct spwf_net_info *out) {
    struct world *w = ctx;
    look(w, id, false);
    return w->net->info(w, id, out);
}

static int tap_send(void *ctx, int id, const void *data, size_t len) {
    struct world *w = ctx;
    if (w->tap.records.used >= TAP_LIMIT) {
        return 0;
    }
    int n = w->net->send(w, id, data, len);
    if (n > 0) {
        tell(w, id, TAP_SENT, data, (size_t)n);
    }
    look(w, id, false);
    return n;
}

static int tap_recv(void *ctx, int id, void *data, size_t size) {
    struct world *w = ctx;
    if (w->tap.records.used >= TAP_LIMIT) {
        return 0;
    }
    int n = w->net->recv(w, id, data, size);
    if (n > 0) {
        tell(w, id, TAP_RECEIVED, data, (size_t)n);
    }
    look(w, id, n < 0);
    return n;
}

static void tap_close(void *ctx, int id, bool abort) {
    struct world *w = ctx;
    look(w, id, true);
    if (w->tap.known[id].phase != SPWF_NET_CLOSED) {
        tell(w, id, abort ? TAP_ABORTED : TAP_CLOSED, NULL, 0);
        w->tap.known[id].phase = SPWF_NET_CLOSED;
    }
    w->net->close(w, id, abort);
}

static const struct spwf_net_port net = {
    .open = tap_open,
    .info = tap_info,
    .send = tap_send,
    .recv = tap_recv,
    .close = tap_close,
};

static void report(void *ctx, int kind, const void *data, size_t len) {
    struct tap_record record = {.kind = TAP_SECRETS};
    if (kind == SPWF_REPORT_KEYLOG) {
        push(ctx, &record, data, len);
    }
}

/* ---------------------------------------------------------------- on and off ------------------ */

/* A connection that is open already is told from its next byte on, as if it had just begun. */
void spwf_tap_start(struct world *w) {
    struct spwf_net_info info;
    w->tap.on = true;
    w->port.net = &net;
    w->port.report = report;
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        w->tap.opened[id] = false;
        w->tap.known[id].phase = SPWF_NET_CLOSED;
        if (w->net->info(w, id, &info) == SPWF_OK && info.phase != SPWF_NET_CLOSED) {
            w->tap.known[id].phase = SPWF_NET_CONNECTING;
            look(w, id, false);
        }
    }
}

void spwf_tap_stop(struct world *w) {
    w->tap.on = false;
    w->port.net = w->net;
    w->port.report = NULL;
}
