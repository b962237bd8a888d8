/* tape.c - see tape.h. */
#include "tape.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 20000 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

void tape_play(struct tape_wire *w, struct tape *tape) {
    *w = (struct tape_wire){.tape = tape,
                            .live = -1,
                            .until = SIZE_MAX,
                            .grain = TAPE_SIZE,
                            .change = SIZE_MAX,
                            .bits = 0x10};
}

void tape_record(struct tape_wire *w, struct tape *tape, int live) {
    memset(tape, 0, sizeof *tape);
    tape_play(w, tape);
    w->live = live;
}

void tape_wait(const struct tape_wire *w) {
    struct pollfd live = {.fd = w->live, .events = POLLIN};
    if (w->live >= 0) {
        poll(&live, 1, PATIENCE_MS);
    }
}

/* How many of the server's bytes are there, after what the module has sent. */
static size_t offered(const struct tape_wire *w) {
    size_t said = 0;
    for (size_t i = 0; i < w->tape->count && w->tape->turns[i].sent <= w->sent; i++) {
        said = w->tape->turns[i].said;
    }
    return least(said, w->until);
}

int tape_info(struct tape_wire *w, struct spwf_net_info *out) {
    struct pollfd live = {.fd = w->live, .events = POLLIN};
    *out = (struct spwf_net_info){.phase = SPWF_NET_OPEN};
    if (w->live >= 0) {
        out->readable = (uint32_t)poll(&live, 1, 0);
    } else {
        out->readable = (uint32_t)(offered(w) - w->at);
        out->phase = w->at == w->until ? SPWF_NET_ENDED : SPWF_NET_OPEN;
    }
    return SPWF_OK;
}

static int recv_live(struct tape_wire *w, void *data, size_t size) {
    struct tape *t = w->tape;
    ssize_t n = recv(w->live, t->server + t->said, least(size, TAPE_SIZE - t->said), MSG_DONTWAIT);
    if (n <= 0) {
        return n < 0 && errno == EAGAIN ? 0 : SPWF_E_CLOSED;
    }
    memcpy(data, t->server + t->said, (size_t)n);
    t->said += (size_t)n;
    if (t->count == 0 || t->turns[t->count - 1].sent != t->sent) {
        if (t->count == TAPE_TURNS) {
            return SPWF_E_RESET; /* a longer conversation than any test has */
        }
        t->turns[t->count++].sent = t->sent;
    }
    t->turns[t->count - 1].said = t->said;
    return (int)n;
}

int tape_recv(struct tape_wire *w, void *data, size_t size) {
    if (w->live >= 0) {
        return recv_live(w, data, size);
    }
    if (w->at == w->until) {
        return SPWF_E_CLOSED;
    }
    size_t n = least(least(size, w->grain), offered(w) - w->at);
    memcpy(data, w->tape->server + w->at, n);
    if (w->change - w->at < n) {
        ((uint8_t *)data)[w->change - w->at] ^= w->bits;
    }
    w->at += n;
    return (int)n;
}

int tape_send(struct tape_wire *w, const void *data, size_t len) {
    struct tape *t = w->tape;
    if (w->live >= 0) {
        ssize_t n = send(w->live, data, least(len, TAPE_SIZE - t->sent), MSG_NOSIGNAL);
        memcpy(t->client + t->sent, data, n > 0 ? (size_t)n : 0);
        t->sent += n > 0 ? (size_t)n : 0;
        return n > 0 ? (int)n : SPWF_E_RESET;
    }
    size_t n = least(len, w->grain);
    w->differs |= w->sent + n > t->sent || memcmp(t->client + w->sent, data, n) != 0;
    w->sent += n;
    return (int)n;
}

size_t tape_last_record(const struct tape *tape, size_t end, int *count) {
    size_t at = 0, last = 0;
    for (*count = 0; at < end; (*count)++) {
        last = at;
        at += 5 + (size_t)(tape->server[at + 3] << 8 | tape->server[at + 4]);
    }
    return last;
}

bool tape_in_record_version(const struct tape *tape, size_t at) {
    int count;
    size_t into = at - tape_last_record(tape, at + 1, &count);
    return into == 1 || into == 2;
}
