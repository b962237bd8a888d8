/*
 * net_posix.c - the module's TCP as real sockets. Called by the core through the port. Nothing
 * blocks; watch.c wakes whoever runs the module. Where a route names a host by name, the socket
 * stays CONNECTING while lookup.c works, and its descriptor is the lookup's.
 *
 * Only TCP, and no listening: listen() and accept() are NULL.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

enum { DRAIN_ROUNDS = 16 }; /* of 4 KB: see net_close() */

static struct net_socket *get(void *ctx, int id) {
    struct world *w = ctx;
    return id >= 0 && id < SPWF_SOCKETS ? &w->sockets[id] : NULL;
}

static int map_error(int error) {
    switch (error) {
    case ECONNREFUSED:
        return SPWF_E_REFUSED;
    case ETIMEDOUT:
        return SPWF_E_TIMEOUT;
    case EPIPE:
        return SPWF_E_CLOSED;
    case ECONNRESET:
    case ECONNABORTED:
        return SPWF_E_RESET;
    default:
        return SPWF_E_UNREACHABLE;
    }
}

static struct sockaddr_in to_posix(const struct spwf_addr *a) {
    struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&out.sin_addr, a->ip, 4);
    return out;
}

static struct spwf_addr from_posix(const struct sockaddr_in *a) {
    struct spwf_addr out = {.port = ntohs(a->sin_port)};
    memcpy(out.ip, &a->sin_addr, 4);
    return out;
}

static void forget(struct net_socket *s) {
    if (s->lookup != NULL) {
        spwf_lookup_drop(s->lookup);
    } else if (s->fd >= 0) {
        close(s->fd);
    }
    *s = (struct net_socket){.fd = -1};
}

static int fail(struct net_socket *s, int error) {
    s->phase = SPWF_NET_FAILED;
    s->error = error;
    return error;
}

static int connect_to(struct world *w, struct net_socket *s, const struct spwf_addr *to) {
    struct sockaddr_in address = to_posix(to);
    int on = 1;
    s->phase = SPWF_NET_CONNECTING;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        w->error = errno;
        return fail(s, SPWF_E_NO_ROOM);
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(s->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        return fail(s, map_error(errno));
    }
    socklen_t size = sizeof address;
    if (getsockname(s->fd, (struct sockaddr *)&address, &size) == 0) {
        s->local = from_posix(&address);
    }
    return spwf_watch_add(w, s->fd) ? SPWF_OK : fail(s, SPWF_E_NO_ROOM);
}

static int look_up(struct world *w, struct net_socket *s, const struct route *route) {
    s->phase = SPWF_NET_CONNECTING;
    s->port = route->port;
    s->lookup = spwf_lookup_start(w->pool, route->host);
    if (s->lookup == NULL) {
        w->error = errno;
        return fail(s, SPWF_E_NO_ROOM);
    }
    s->fd = spwf_lookup_fd(s->lookup);
    return spwf_watch_add(w, s->fd) ? SPWF_OK : fail(s, SPWF_E_NO_ROOM);
}

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    struct world *w = ctx;
    struct net_socket *s = get(ctx, id);
    struct spwf_addr real = *to;
    if (s == NULL || s->phase != SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (kind != SPWF_NET_TCP) {
        return SPWF_E_ABSENT;
    }
    const struct route *route = spwf_routes_find(&w->routes, to);
    if (route == NULL && spwf_routes_synthetic(to->ip)) {
        return SPWF_E_UNREACHABLE; /* a routed name on a port that is not routed */
    }
    s->peer = *to;
    int result;
    if (route != NULL && !spwf_routes_literal(route->host, real.ip)) {
        result = look_up(w, s, route);
    } else {
        real.port = route != NULL ? route->port : to->port;
        result = connect_to(w, s, &real);
    }
    if (result < 0) {
        forget(s);
    }
    return result;
}

static void finish_lookup(struct world *w, struct net_socket *s) {
    struct spwf_addr real = {.port = s->port};
    int answer = spwf_lookup_result(s->lookup, real.ip);
    if (answer == 0) {
        return;
    }
    spwf_lookup_drop(s->lookup);
    s->lookup = NULL;
    s->fd = -1;
    if (answer < 0) {
        fail(s, SPWF_E_UNREACHABLE);
    } else {
        connect_to(w, s, &real);
    }
}

static int pending_error(const struct net_socket *s) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/* Asks the kernel how the connection is, without taking a byte of it. Once in a turn is enough: the
 * module asks at every poll, and what happens after the look leads to another turn. */
static void look(struct net_socket *s) {
    struct pollfd p = {.fd = s->fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    int readable = 0;
    s->readable = 0;
    if (poll(&p, 1, 0) <= 0) {
        return;
    }
    if ((p.revents & POLLIN) != 0 && ioctl(s->fd, FIONREAD, &readable) == 0 && readable > 0) {
        s->readable = (uint32_t)readable;
    }
    int error = (p.revents & (POLLERR | POLLHUP)) != 0 ? pending_error(s) : 0;
    if (error != 0) {
        fail(s, map_error(error));
    } else if (s->phase == SPWF_NET_CONNECTING && (p.revents & POLLOUT) != 0) {
        s->phase = SPWF_NET_OPEN;
    }
    if (s->phase == SPWF_NET_OPEN && (p.revents & POLLRDHUP) != 0) {
        s->phase = SPWF_NET_ENDED;
    }
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    struct world *w = ctx;
    struct net_socket *s = get(ctx, id);
    if (s == NULL) {
        return SPWF_E_ARGUMENT;
    }
    if (s->lookup != NULL) {
        finish_lookup(w, s);
    }
    if (s->fd >= 0 && s->lookup == NULL && s->seen != w->turn) {
        s->seen = w->turn;
        look(s);
    }
    *out = (struct spwf_net_info){
        .phase = s->phase,
        .error = s->error,
        .readable = s->readable,
        .local = s->local,
        .peer = s->peer,
    };
    return SPWF_OK;
}

/* What a negative result of send() or recv() means. */
static int trouble(struct net_socket *s) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return 0;
    }
    return fail(s, map_error(errno));
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    struct net_socket *s = get(ctx, id);
    if (s == NULL || s->fd < 0 || s->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (s->phase == SPWF_NET_FAILED) {
        return s->error;
    }
    if (s->phase == SPWF_NET_CONNECTING || len == 0) {
        return 0;
    }
    ssize_t n = send(s->fd, data, len < INT32_MAX ? len : INT32_MAX, MSG_NOSIGNAL);
    return n >= 0 ? (int)n : trouble(s);
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    struct net_socket *s = get(ctx, id);
    if (s == NULL || s->fd < 0 || s->phase == SPWF_NET_CLOSED) {
        return SPWF_E_STATE;
    }
    if (s->phase == SPWF_NET_CONNECTING || size == 0) {
        return 0;
    }
    ssize_t n = recv(s->fd, data, size < INT32_MAX ? size : INT32_MAX, 0);
    if (n > 0) {
        s->readable -= n < s->readable ? (uint32_t)n : s->readable;
        return (int)n;
    }
    if (n == 0 && s->phase != SPWF_NET_FAILED) { /* a RST gives its bytes first, then 0 as well */
        s->phase = SPWF_NET_ENDED;
    }
    if (n == 0) {
        return s->phase == SPWF_NET_FAILED ? s->error : SPWF_E_CLOSED;
    }
    return trouble(s);
}

static void net_close(void *ctx, int id, bool abort) {
    struct net_socket *s = get(ctx, id);
    if (s == NULL) {
        return;
    }
    if (s->fd >= 0 && s->lookup == NULL) {
        if (abort) {
            struct linger now = {.l_onoff = 1, .l_linger = 0};
            setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else {
            /* Linux sends RST where unread bytes are closed upon, and the peer may lose our last
             * ones. */
            char bytes[4096];
            for (int i = 0; i < DRAIN_ROUNDS && recv(s->fd, bytes, sizeof bytes, 0) > 0; i++) {
            }
        }
    }
    forget(s);
}

void spwf_net_posix_close_all(struct net_socket *sockets) {
    for (int i = 0; i < SPWF_SOCKETS; i++) {
        forget(&sockets[i]);
    }
}

const struct spwf_net_port spwf_net_posix_port = {
    .open = net_open,
    .info = net_info,
    .send = net_send,
    .recv = net_recv,
    .close = net_close,
};
