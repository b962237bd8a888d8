/*
 * fuzz_input.c - fuzz target: bytes on the UART of a whole module, beside what happens in its world.
 *
 * The data is what a host sends. ESC (0x1B) is not sent: it and the byte behind it are what the
 * world does, with one byte `n` more where it says so; the module runs before.
 *
 *     a r   the peer accepts, refuses          f x   the peer ends with FIN, with RST
 *     p n   the next n bytes come from the peer, and P n: the next 256 * n
 *     k n   from now on "the peer" is that of socket n
 *     w     the host waits for the module to rest
 *     t n   n tenths of a second pass          u d   the access point is there, has vanished
 *     c n   from now on n bytes arrive at a time, and o n: the host takes n bytes after each poll;
 *           0: all that there are
 *     m n   the module has 64 * n bytes of memory left (0: any number)
 *
 * It must not crash, come to rest after bounded polls, and answer AT afterwards, whatever was begun.
 */
#include <string.h>

#include "fuzz.h"

enum { ESC = 0x1B };

struct script {
    const uint8_t *at, *end;
    size_t chunk; /* bytes that arrive at once */
    int peer;     /* the socket that the world's next act is about */
};

static uint8_t next(struct script *s) {
    return s->at < s->end ? *s->at++ : 0;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void peer_sends(struct script *s, size_t len) {
    len = least(len, (size_t)(s->end - s->at));
    (void)spwf_net_memory_push(&fuzz.world.memory, s->peer, s->at, len);
    s->at += len;
}

static void act(struct script *s) {
    struct world *w = &fuzz.world;
    struct spwf_addr to;
    uint8_t n;
    switch (next(s)) {
    case 'a':
        (void)spwf_net_memory_accept(&w->memory, s->peer, true, &to);
        break;
    case 'r':
        (void)spwf_net_memory_accept(&w->memory, s->peer, false, &to);
        break;
    case 'f':
        (void)spwf_net_memory_end(&w->memory, s->peer, false);
        break;
    case 'x':
        (void)spwf_net_memory_end(&w->memory, s->peer, true);
        break;
    case 'p':
        n = next(s);
        peer_sends(s, n);
        break;
    case 'P':
        n = next(s);
        peer_sends(s, (size_t)n << 8);
        break;
    case 'k':
        s->peer = next(s) % SPWF_SOCKETS;
        break;
    case 't':
        w->pace.skipped += next(s) * 100000000ull;
        break;
    case 'u':
        w->air.down = false;
        break;
    case 'd':
        w->air.down = true;
        break;
    case 'c':
        n = next(s);
        s->chunk = n > 0 ? n : SIZE_MAX;
        break;
    case 'o':
        n = next(s);
        fuzz.grain = n > 0 ? n : SIZE_MAX;
        break;
    case 'm':
        n = next(s);
        w->heap.limit = n > 0 ? w->heap.live + 64u * n : SIZE_MAX;
        break;
    default: /* w */
        break;
    }
    fuzz_run(false);
}

/* Bytes up to the next act, as many as arrive at once. A module that waits for a peer may take no
 * more: then so much time passes as it needs to give up. */
static void arrive(struct script *s) {
    const uint8_t *act_at = memchr(s->at, ESC, (size_t)(s->end - s->at));
    size_t len = least((size_t)((act_at != NULL ? act_at : s->end) - s->at), s->chunk);
    size_t taken = fuzz_input(s->at, len);
    if (taken == 0) {
        fuzz_run(true);
        taken = fuzz_input(s->at, len);
        fuzz_require(taken > 0, "a module that rests has room for input");
    }
    fuzz_run(false);
    s->at += taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct script s = {.at = data, .end = data + size, .chunk = SIZE_MAX};
    fuzz_open();
    fuzz_power_on();
    fuzz_run(false);
    while (s.at < s.end) {
        if (*s.at == ESC) {
            s.at++;
            act(&s);
        } else {
            arrive(&s);
        }
    }
    fuzz_require_usable();
    fuzz_close();
    return 0;
}
