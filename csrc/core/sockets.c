/*
 * sockets.c - the eight sockets of AT+S.SOCKON: plain TCP and, one at a time, TLS [note 3.3]. How one is
 * opened is in opening.c. Called by cmd_sockets.c, opening.c, module.c and status.c; works through the
 * port's net group and tls.h; posts indications 55 and 58 to wind.c.
 */
#include "inner.h"

enum { OUTSTANDING = 4 }; /* WIND 55 of a secure socket without SOCKR [note 3.3] */

static const struct spwf_net_port *net(const struct spwf *m) {
    return m->config.port->net;
}

int spwf_sockets_info(struct spwf *m, int id, struct spwf_net_info *out) {
    memset(out, 0, sizeof *out);
    return net(m)->info(m->config.ctx, id, out);
}

/* ------------------------------------------------------------------ their places -------------- */

int spwf_sockets_find_free(const struct spwf *m, bool secure) {
    int found = SPWF_R_SOCKETS;
    for (int id = SPWF_SOCKETS - 1; id >= 0; id--) {
        if (m->sockets[id].kind == 0) {
            found = id;
        } else if (secure && m->sockets[id].kind == 's') {
            return SPWF_R_SOCKETS; /* one secure socket at a time [note 3.2] */
        }
    }
    return found;
}

void spwf_sockets_take(struct spwf *m, int id, bool secure, bool indicate) {
    m->sockets[id] = (struct spwf_socket){.kind = secure ? 's' : 't', .indicate = indicate};
}

void spwf_sockets_opened(struct spwf *m, int id) {
    m->sockets[id].open = true;
}

void spwf_sockets_release(struct spwf *m, int id) {
    memset(&m->sockets[id], 0, sizeof m->sockets[id]);
}

/* ------------------------------------------------------------------ open sockets -------------- */

bool spwf_sockets_exists(const struct spwf *m, uint64_t id) {
    return id < SPWF_SOCKETS && m->sockets[id].open;
}

bool spwf_sockets_secure(const struct spwf *m, int id) {
    return m->sockets[id].kind == 's';
}

uint32_t spwf_sockets_open_mask(const struct spwf *m) {
    uint32_t mask = 0;
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        mask |= (uint32_t)m->sockets[id].open << id;
    }
    return mask;
}

static void tell_closed(struct spwf *m, int id) {
    spwf_wind_post_value(m, 58, 0, (uint32_t)id);
    m->sockets[id].told_closed = true;
}

static void tell_record(struct spwf *m, int id) {
    struct spwf_socket *s = &m->sockets[id];
    if (!s->indicate) {
        return;
    }
    if (s->outstanding == OUTSTANDING) {
        if (s->unannounced < UINT16_MAX) {
            s->unannounced++;
        }
        return;
    }
    s->outstanding++;
    spwf_wind_post_value(m, 55, id, 0);
}

static bool pump_plain(struct spwf *m, int id) {
    struct spwf_socket *s = &m->sockets[id];
    struct spwf_net_info at;
    bool failed = spwf_sockets_info(m, id, &at) != SPWF_OK || at.phase == SPWF_NET_FAILED;
    uint32_t readable = at.readable < SPWF_BODY_MAX ? at.readable : SPWF_BODY_MAX;
    if (s->indicate && readable > s->announced) {
        s->announced = readable; /* cumulative until read [at-ref 5] */
        spwf_wind_post_value(m, 55, id, readable);
        return true;
    }
    if ((failed || at.phase == SPWF_NET_ENDED) && !s->told_closed) {
        tell_closed(m, id);
        return true;
    }
    return false;
}

static bool pump_secure(struct spwf *m, int id) {
    uint32_t before = m->outcome.received;
    switch (spwf_tls_pump(m)) {
    case SPWF_TLS_RECORD:
        tell_record(m, id);
        return true;
    case SPWF_TLS_ENDED:
        if (!m->sockets[id].told_closed) {
            tell_closed(m, id);
            return true;
        }
        return false;
    case SPWF_TLS_NOTHING: /* or a record without content, and there may be more behind it */
        break;
    }
    return m->outcome.received != before;
}

bool spwf_sockets_pump(struct spwf *m, int id) {
    if (!spwf_wind_has_room(m)) {
        return false;
    }
    return spwf_sockets_secure(m, id) ? pump_secure(m, id) : pump_plain(m, id);
}

bool spwf_sockets_poll(struct spwf *m) {
    bool moved = false;
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        const struct spwf_socket *s = &m->sockets[id];
        /* With four indications out, more stays in TCP until SOCKR: slowed down, not lost. */
        if (s->open && s->outstanding < OUTSTANDING) {
            moved |= spwf_sockets_pump(m, id);
        }
    }
    return moved;
}

size_t spwf_sockets_readable(struct spwf *m, int id) {
    struct spwf_net_info at;
    if (spwf_sockets_secure(m, id)) {
        return spwf_tls_readable(m);
    }
    if (spwf_sockets_info(m, id, &at) != SPWF_OK) {
        return 0;
    }
    return at.readable < SPWF_BODY_MAX ? at.readable : SPWF_BODY_MAX;
}

/* After a SOCKR: indications may come again, also for what arrived meanwhile. */
static void reopen_indications(struct spwf *m, int id, size_t taken) {
    struct spwf_socket *s = &m->sockets[id];
    if (!spwf_sockets_secure(m, id)) {
        s->announced -= (uint32_t)taken < s->announced ? (uint32_t)taken : s->announced;
        return;
    }
    uint16_t missed = spwf_tls_readable(m) > 0 ? s->unannounced : 0;
    s->outstanding = 0;
    s->unannounced = 0;
    for (; missed > 0; missed--) {
        tell_record(m, id);
    }
}

int spwf_sockets_read(struct spwf *m, int id, void *data, size_t size) {
    size_t taken = 0;
    if (spwf_sockets_readable(m, id) < size) {
        return SPWF_R_NOT_ENOUGH;
    }
    while (taken < size) {
        int n;
        if (spwf_sockets_secure(m, id)) {
            n = (int)spwf_tls_read(m, (uint8_t *)data + taken, size - taken);
        } else {
            n = net(m)->recv(m->config.ctx, id, (uint8_t *)data + taken, size - taken);
        }
        if (n <= 0) { /* a reset between the count and now took the bytes away */
            return SPWF_R_NOT_ENOUGH;
        }
        taken += (size_t)n;
    }
    reopen_indications(m, id, taken);
    return SPWF_OK;
}

int spwf_sockets_write(struct spwf *m, int id, const void *data, size_t len) {
    if (m->sockets[id].told_closed) {
        return SPWF_R_NOT_CONNECTED;
    }
    int done = spwf_sockets_secure(m, id) ? spwf_tls_write(m, data, len)
                                          : net(m)->send(m->config.ctx, id, data, len);
    if (done < 0) {
        return SPWF_R_WRITE;
    }
    return done > 0 && spwf_sockets_secure(m, id) ? (int)len : done;
}

int spwf_sockets_stalled(struct spwf *m, int id) {
    if (spwf_sockets_secure(m, id)) {
        spwf_tls_abandon(m, SPWF_CAUSE_NONE);
    }
    return SPWF_R_WRITE;
}

static void drop(struct spwf *m, int id, bool abort) {
    if (spwf_sockets_secure(m, id)) {
        spwf_tls_close(m);
    }
    net(m)->close(m->config.ctx, id, abort);
    spwf_sockets_release(m, id);
}

int spwf_sockets_close(struct spwf *m, int id) {
    if (spwf_sockets_readable(m, id) > 0) {
        return SPWF_R_PENDING;
    }
    drop(m, id, false);
    return SPWF_OK;
}

void spwf_sockets_abort(struct spwf *m) {
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        if (m->sockets[id].kind != 0) {
            drop(m, id, true);
        }
    }
}
