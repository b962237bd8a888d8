/*
 * port_tcp.c - the net group: the module's sockets as TCP connections of lwIP. Called by the core
 * through the port, and by lwIP, which runs only inside port_lwip_poll().
 *
 * What a connection received goes at once into its queue of blocks. Where the pool has no room lwIP
 * is told so, keeps that one segment, and offers it again; the window closes meanwhile.
 *
 * Only TCP, and no listening: listen() and accept() are NULL.
 */
#include <lwip/tcp.h>
#include <string.h>

#include "blocks.h"
#include "port.h"

struct socket {
    struct tcp_pcb *pcb; /* NULL: closed, or lwIP has given it up */
    uint8_t phase;       /* enum spwf_net_phase */
    int error;           /* enum spwf_error where FAILED */
    uint16_t local_port;
    struct spwf_addr peer;
    struct blocks received;
};

static struct socket sockets[SPWF_SOCKETS];

static struct socket *get(int id) {
    return id >= 0 && id < SPWF_SOCKETS ? &sockets[id] : NULL;
}

static int map_error(err_t error, bool connecting) {
    switch (error) {
    case ERR_RST:
        return connecting ? SPWF_E_REFUSED : SPWF_E_RESET;
    case ERR_ABRT: /* lwIP has sent the same too often */
        return SPWF_E_TIMEOUT;
    case ERR_CLSD:
        return SPWF_E_CLOSED;
    case ERR_MEM:
    case ERR_BUF:
        return SPWF_E_NO_ROOM;
    default:
        return SPWF_E_UNREACHABLE;
    }
}

/* ------------------------------------------------------------------ lwIP calls ---------------- */

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error) {
    struct socket *s = arg;
    (void)error;
    s->phase = SPWF_NET_OPEN;
    s->local_port = pcb->local_port;
    return ERR_OK;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error) {
    struct socket *s = arg;
    (void)pcb, (void)error;
    if (p == NULL) {
        s->phase = SPWF_NET_ENDED;
        return ERR_OK;
    }
    if (!blocks_room(&s->received, p->tot_len)) {
        return ERR_MEM;
    }
    for (const struct pbuf *part = p; part != NULL; part = part->next) {
        blocks_push(&s->received, part->payload, part->len);
    }
    (void)pbuf_free(p);
    return ERR_OK;
}

static void failed(void *arg, err_t error) {
    struct socket *s = arg;
    s->pcb = NULL; /* freed already */
    s->error = map_error(error, s->phase == SPWF_NET_CONNECTING);
    s->phase = SPWF_NET_FAILED;
}

/* ------------------------------------------------------------------ the core calls ------------ */

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    struct socket *s = get(id);
    struct spwf_addr real;
    ip_addr_t address;
    (void)ctx;
    if (s == NULL || s->phase != SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (kind != SPWF_NET_TCP) {
        return SPWF_E_ABSENT;
    }
    int error = port_lwip_route(to, &real);
    if (error != SPWF_OK) {
        return error;
    }
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL) {
        return SPWF_E_NO_ROOM;
    }
    *s = (struct socket){.pcb = pcb, .phase = SPWF_NET_CONNECTING, .peer = *to};
    tcp_arg(pcb, s);
    tcp_recv(pcb, received);
    tcp_err(pcb, failed);
    tcp_nagle_disable(pcb);
    IP_ADDR4(&address, real.ip[0], real.ip[1], real.ip[2], real.ip[3]);
    err_t result = tcp_connect(pcb, &address, real.port, connected);
    if (result != ERR_OK) {
        tcp_arg(pcb, NULL);
        tcp_err(pcb, NULL);
        tcp_abort(pcb);
        *s = (struct socket){0};
        return map_error(result, true);
    }
    return SPWF_OK;
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    const struct socket *s = get(id);
    struct spwf_link_info link;
    if (s == NULL) {
        return SPWF_E_ARGUMENT;
    }
    *out = (struct spwf_net_info){.phase = s->phase,
                                  .error = s->error,
                                  .readable = s->received.used,
                                  .local = {.port = s->local_port},
                                  .peer = s->peer};
    (void)port_link.info(ctx, &link);
    memcpy(out->local.ip, link.ip, sizeof out->local.ip);
    return SPWF_OK;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    struct socket *s = get(id);
    (void)ctx;
    if (s == NULL || s->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (s->phase == SPWF_NET_FAILED) {
        return s->error;
    }
    if (s->phase == SPWF_NET_CONNECTING) {
        return 0;
    }
    size_t room = tcp_sndbuf(s->pcb);
    size_t n = len < room ? len : room;
    if (n == 0 || tcp_write(s->pcb, data, (u16_t)n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
        return 0;
    }
    (void)tcp_output(s->pcb);
    return (int)n;
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    struct socket *s = get(id);
    (void)ctx;
    if (s == NULL || s->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    size_t n = blocks_take(&s->received, data, size);
    if (n > 0) {
        if (s->pcb != NULL) {
            tcp_recved(s->pcb, (u16_t)n);
        }
        return (int)n;
    }
    if (s->phase == SPWF_NET_FAILED && size > 0) {
        return s->error;
    }
    return s->phase == SPWF_NET_ENDED && size > 0 ? SPWF_E_CLOSED : 0;
}

/* lwIP sends RST where unread bytes are closed upon, and the peer may lose our last ones. */
static void net_close(void *ctx, int id, bool abort) {
    struct socket *s = get(id);
    (void)ctx;
    if (s == NULL) {
        return;
    }
    size_t unread = blocks_take(&s->received, NULL, SIZE_MAX);
    struct tcp_pcb *pcb = s->pcb;
    *s = (struct socket){0};
    if (pcb == NULL) {
        return;
    }
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    if (!abort) {
        tcp_recved(pcb, (u16_t)unread);
        abort = tcp_close(pcb) != ERR_OK;
    }
    if (abort) {
        tcp_abort(pcb);
    }
}

const struct spwf_net_port port_net = {
    .open = net_open,
    .info = net_info,
    .send = net_send,
    .recv = net_recv,
    .close = net_close,
};
