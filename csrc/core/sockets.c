/*
 * sockets.c - the eight sockets of AT+S.SOCKON: plain TCP and, one at a time, TLS [note 3.3].
 * Called by cmd_sockets.c, module.c and status.c; works through the port's net and resolve groups,
 * tls.h, certs.c and clock.c; posts indications 55 and 58 to wind.c.
 *
 * Opening:  RESOLVING --address--> CONNECTING --TCP open--> [HANDSHAKING] --> open
 * The files of a secure socket are parsed and checked before anything is sent.
 */
#include "inner.h"

enum { IDLE, RESOLVING, CONNECTING, HANDSHAKING };
enum { RESOLVE_MS = 5000, CONNECT_MS = 5000, HANDSHAKE_S = 10 }; /* [design 10] */
enum { OUTSTANDING = 4 }; /* WIND 55 of a secure socket without SOCKR [note 3.3] */

static const struct spwf_net_port *net(const struct spwf *m) {
    return m->config.port->net;
}

static int info(struct spwf *m, int id, struct spwf_net_info *out) {
    memset(out, 0, sizeof *out);
    return net(m)->info(m->config.ctx, id, out);
}

/* ------------------------------------------------------------------ opening ------------------ */

static int free_id(const struct spwf *m, bool secure) {
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

/* What a TLS failure is called on the wire: files that do not parse have texts of their own. */
static int tls_error(const struct spwf *m) {
    switch ((enum spwf_cause)m->outcome.cause) {
    case SPWF_CAUSE_CA_FILE:
        return SPWF_R_CA_FILE;
    case SPWF_CAUSE_CERT_FILE:
        return SPWF_R_CERT_FILE;
    case SPWF_CAUSE_KEY_FILE:
        return SPWF_R_KEY_FILE;
    default:
        return SPWF_E_TLS;
    }
}

static int open_tls(struct spwf *m, int id, const char *host) {
    uint8_t *files[SPWF_SLOTS] = {NULL};
    int sizes[SPWF_SLOTS] = {0};
    int error = SPWF_OK;
    for (int slot = 0; slot < SPWF_SLOTS && error == SPWF_OK; slot++) {
        sizes[slot] = spwf_certs_get(m, (enum spwf_slot)slot, &files[slot]);
        error = sizes[slot] < 0 ? sizes[slot] : SPWF_OK;
    }
    if (error == SPWF_OK) {
        struct spwf_tls_setup setup = {
            .ca = {files[SPWF_SLOT_CA], (size_t)sizes[SPWF_SLOT_CA]},
            .cert = {files[SPWF_SLOT_CERT], (size_t)sizes[SPWF_SLOT_CERT]},
            .key = {files[SPWF_SLOT_KEY], (size_t)sizes[SPWF_SLOT_KEY]},
            .domain = (const char *)files[SPWF_SLOT_DOMAIN],
            .host = host,
            .clock_set = m->clock.set,
            .clock_lost = m->clock.lost,
            .now = spwf_clock_now(m),
        };
        error = spwf_tls_open(m, id, &setup);
        if (error == SPWF_E_TLS) {
            error = tls_error(m);
        }
    } else {
        spwf_tls_refuse(m, error == SPWF_E_NO_ROOM ? SPWF_CAUSE_MEMORY : SPWF_CAUSE_PROTOCOL);
    }
    for (int slot = 0; slot < SPWF_SLOTS; slot++) {
        if (files[slot] != NULL) {
            spwf_certs_release(m, files[slot], (size_t)sizes[slot]);
        }
    }
    return error;
}

static int start_connect(struct spwf *m) {
    m->opening.phase = CONNECTING;
    m->opening.deadline = spwf_module_now(m) + CONNECT_MS;
    return net(m)->open(m->config.ctx, m->opening.id, SPWF_NET_TCP, &m->opening.to);
}

/* Ends the SOCKON in hand without a socket. */
static int give_up(struct spwf *m, enum spwf_cause cause, int error) {
    struct spwf_opening *o = &m->opening;
    if (m->sockets[o->id].kind == 's') {
        if (cause != SPWF_CAUSE_NONE) {
            spwf_tls_abandon(m, cause);
        }
        spwf_tls_close(m);
    }
    if (o->phase == RESOLVING) {
        m->config.port->resolve->cancel(m->config.ctx);
    } else if (o->phase != IDLE) { /* FIN, not RST, behind an alert that the server is to read */
        net(m)->close(m->config.ctx, o->id, o->phase != HANDSHAKING);
    }
    memset(&m->sockets[o->id], 0, sizeof m->sockets[o->id]);
    o->phase = IDLE;
    return error;
}

static int connect_failed(struct spwf *m, int error) {
    enum spwf_cause cause = error == SPWF_E_TIMEOUT       ? SPWF_CAUSE_CONNECT_TIMEOUT
                            : error == SPWF_E_UNREACHABLE ? SPWF_CAUSE_UNREACHABLE
                            : error == SPWF_E_NO_ROOM     ? SPWF_CAUSE_MEMORY
                                                          : SPWF_CAUSE_REFUSED;
    return give_up(m, cause, SPWF_R_CONNECT);
}

int spwf_sockets_open(struct spwf *m, const char *host, uint16_t port, bool secure, bool indicate) {
    struct spwf_opening *o = &m->opening;
    if (!spwf_wifi_up(m) || net(m) == NULL) {
        return SPWF_R_NO_IP;
    }
    int id = free_id(m, secure);
    if (id < 0) {
        return id;
    }
    if (strlen(host) > SPWF_NAME_MAX) {
        if (secure) {
            spwf_tls_refuse(m, SPWF_CAUSE_RESOLVE);
        }
        return SPWF_E_RESOLVE;
    }
    int error = secure ? open_tls(m, id, host) : SPWF_OK;
    if (error != SPWF_OK) {
        return error;
    }
    m->sockets[id] = (struct spwf_socket){.kind = secure ? 's' : 't', .indicate = indicate};
    memset(o, 0, sizeof *o);
    o->id = (uint8_t)id;
    o->to.port = port;
    memcpy(o->host, host, strlen(host));
    if (spwf_text_ip(host, o->to.ip)) {
        error = start_connect(m);
        return error == SPWF_OK ? SPWF_OK : connect_failed(m, error);
    }
    const struct spwf_resolve_port *resolve = m->config.port->resolve;
    if (resolve == NULL || resolve->start(m->config.ctx, o->host) != SPWF_OK) {
        return give_up(m, SPWF_CAUSE_RESOLVE, SPWF_E_RESOLVE);
    }
    o->phase = RESOLVING;
    o->deadline = spwf_module_now(m) + RESOLVE_MS;
    return SPWF_OK;
}

static int resolving(struct spwf *m) {
    int done = m->config.port->resolve->result(m->config.ctx, m->opening.to.ip);
    if (done < 0 || (done == 0 && spwf_module_now(m) >= m->opening.deadline)) {
        return give_up(m, SPWF_CAUSE_RESOLVE, SPWF_E_RESOLVE);
    }
    if (done > 0) {
        int error = start_connect(m);
        return error == SPWF_OK ? SPWF_AGAIN : connect_failed(m, error);
    }
    return SPWF_LATER;
}

static int finish(struct spwf *m) {
    m->sockets[m->opening.id].open = true;
    m->opening.phase = IDLE;
    return SPWF_OK;
}

static int connecting(struct spwf *m) {
    struct spwf_net_info at;
    int error = info(m, m->opening.id, &at);
    bool late = spwf_module_now(m) >= m->opening.deadline;
    if (error != SPWF_OK || at.phase == SPWF_NET_FAILED || at.phase == SPWF_NET_CLOSED) {
        return connect_failed(m, error != SPWF_OK ? error : at.error);
    }
    if (at.phase == SPWF_NET_CONNECTING) {
        return late ? connect_failed(m, SPWF_E_TIMEOUT) : SPWF_LATER;
    }
    if (m->sockets[m->opening.id].kind == 't') {
        return finish(m);
    }
    uint64_t limit = m->config.tls_timeout_s != 0 ? m->config.tls_timeout_s : HANDSHAKE_S;
    m->opening.phase = HANDSHAKING;
    m->opening.deadline = spwf_module_now(m) + limit * 1000;
    return SPWF_AGAIN;
}

static int handshaking(struct spwf *m) {
    uint32_t moved = m->outcome.sent + m->outcome.received;
    int done = spwf_tls_handshake(m);
    if (done < 0) {
        return give_up(m, SPWF_CAUSE_NONE, SPWF_E_TLS);
    }
    if (done == 0 && spwf_module_now(m) >= m->opening.deadline) {
        return give_up(m, SPWF_CAUSE_TIMEOUT, SPWF_E_TLS);
    }
    if (done > 0) {
        return finish(m);
    }
    return moved != m->outcome.sent + m->outcome.received ? SPWF_AGAIN : SPWF_LATER;
}

int spwf_sockets_opening(struct spwf *m) {
    switch (m->opening.phase) {
    case RESOLVING:
        return resolving(m);
    case CONNECTING:
        return connecting(m);
    default:
        return handshaking(m);
    }
}

uint64_t spwf_sockets_deadline(const struct spwf *m) {
    return m->opening.phase != IDLE ? m->opening.deadline : UINT64_MAX;
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
    bool failed = info(m, id, &at) != SPWF_OK || at.phase == SPWF_NET_FAILED;
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
    if (info(m, id, &at) != SPWF_OK) {
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
    memset(&m->sockets[id], 0, sizeof m->sockets[id]);
}

int spwf_sockets_close(struct spwf *m, int id) {
    if (spwf_sockets_readable(m, id) > 0) {
        return SPWF_R_PENDING;
    }
    drop(m, id, false);
    return SPWF_OK;
}

void spwf_sockets_abort(struct spwf *m) {
    if (m->opening.phase != IDLE) {
        (void)give_up(m, SPWF_CAUSE_NONE, SPWF_OK);
    }
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        if (m->sockets[id].kind != 0) {
            drop(m, id, true);
        }
    }
}
