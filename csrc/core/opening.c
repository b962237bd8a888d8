/*
 * opening.c - the SOCKON in hand, from a name to an open socket [note 3.3]. Called by cmd_sockets.c and
 * module.c; works through the port's net and resolve groups, sockets.c, tls.h, certs.c and clock.c.
 *
 *     RESOLVING --address--> CONNECTING --TCP open--> [HANDSHAKING] --> open
 *
 * The files of a secure socket are parsed and checked before anything is sent.
 */
#include "inner.h"

enum { IDLE, RESOLVING, CONNECTING, HANDSHAKING };
enum { RESOLVE_MS = 5000, CONNECT_MS = 5000, HANDSHAKE_S = 10 }; /* [design 10] */

static const struct spwf_net_port *net(const struct spwf *m) {
    return m->config.port->net;
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
    if (spwf_sockets_secure(m, o->id)) {
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
    spwf_sockets_release(m, o->id);
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

int spwf_opening_start(struct spwf *m, const char *host, uint16_t port, bool secure,
                       bool indicate) {
    struct spwf_opening *o = &m->opening;
    if (!spwf_wifi_up(m) || net(m) == NULL) {
        return SPWF_R_NO_IP;
    }
    int id = spwf_sockets_find_free(m, secure);
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
    spwf_sockets_take(m, id, secure, indicate);
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
    spwf_sockets_opened(m, m->opening.id);
    m->opening.phase = IDLE;
    return SPWF_OK;
}

static int connecting(struct spwf *m) {
    struct spwf_net_info at;
    int error = spwf_sockets_info(m, m->opening.id, &at);
    bool late = spwf_module_now(m) >= m->opening.deadline;
    if (error != SPWF_OK || at.phase == SPWF_NET_FAILED || at.phase == SPWF_NET_CLOSED) {
        return connect_failed(m, error != SPWF_OK ? error : at.error);
    }
    if (at.phase == SPWF_NET_CONNECTING) {
        return late ? connect_failed(m, SPWF_E_TIMEOUT) : SPWF_LATER;
    }
    if (!spwf_sockets_secure(m, m->opening.id)) {
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

int spwf_opening_advance(struct spwf *m) {
    switch (m->opening.phase) {
    case RESOLVING:
        return resolving(m);
    case CONNECTING:
        return connecting(m);
    default:
        return handshaking(m);
    }
}

uint64_t spwf_opening_deadline(const struct spwf *m) {
    return m->opening.phase != IDLE ? m->opening.deadline : UINT64_MAX;
}

void spwf_opening_abort(struct spwf *m) {
    if (m->opening.phase != IDLE) {
        (void)give_up(m, SPWF_CAUSE_NONE, SPWF_OK);
    }
}
