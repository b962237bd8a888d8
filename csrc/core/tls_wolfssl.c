/*
 * tls_wolfssl.c - the TLS client of tls.h on wolfSSL [note 2]. Called by opening.c and sockets.c. Calls
 * the files of tls_inner.h, wolfSSL and the port.
 *
 * wolfSSL asks for time and seed without saying for whom, and for memory not always rightly. So this
 * file holds the one writable static of the core: the module in whose name wolfSSL runs, set and
 * cleared around its calls. wolfSSL itself keeps nothing between sessions and needs no end: all that a
 * session allocates, it frees.
 */
#include "tls_inner.h"
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/arc4.h>

#ifdef SPWF_SINGLE_THREAD
static struct spwf *current;
#else
static _Thread_local struct spwf *current;
#endif

/* Each step may begin one record. */
static void enter(struct spwf *m) {
    current = m;
    m->tls->allowance = true;
}

static void leave(void) {
    current = NULL;
}

/* ------------------------------------------------------------------ what wolfSSL asks for ----- */

/* In front of each block of wolfSSL's. */
struct block {
    _Alignas(max_align_t) size_t size;
};

void *spwf_tls_wolfssl_alloc(size_t size) {
    struct spwf *m = current;
    struct spwf_tls *t = m->tls;
    struct block *block = size <= SIZE_MAX - sizeof *block
                              ? m->config.port->alloc(m->config.ctx, sizeof *block + size)
                              : NULL;
    if (block == NULL) {
        t->exhausted = true;
        return NULL;
    }
    block->size = size;
    t->live += size;
    if (t->live > m->outcome.peak_heap) {
        m->outcome.peak_heap = (uint32_t)t->live;
    }
    return block + 1;
}

void spwf_tls_wolfssl_free(void *memory) {
    struct spwf *m = current;
    if (memory != NULL) {
        struct block *block = (struct block *)memory - 1;
        m->tls->live -= block->size;
        spwf_wipe(block, sizeof *block + block->size);
        m->config.port->release(m->config.ctx, block);
    }
}

void *spwf_tls_wolfssl_realloc(void *memory, size_t size) {
    void *moved = spwf_tls_wolfssl_alloc(size);
    if (moved != NULL && memory != NULL) {
        size_t old = ((struct block *)memory - 1)->size;
        memcpy(moved, memory, old < size ? old : size);
        spwf_tls_wolfssl_free(memory);
    }
    return moved;
}

time_t spwf_tls_wolfssl_time(time_t *t) {
    time_t now = (time_t)current->tls->now;
    if (t != NULL) {
        *t = now;
    }
    return now;
}

/* Seeds the DRBG; once per session. With the module's generator, from RC4 [note 2.6]. */
int spwf_tls_wolfssl_seed(unsigned char *seed, unsigned int size) {
    const struct spwf_config *config = &current->config;
    uint8_t key[32];
    Arc4 rc4;
    if (!config->rc4_prng) {
        return config->port->entropy(config->ctx, seed, size) == 0 ? 0 : RNG_FAILURE_E;
    }
    int error = config->port->entropy(config->ctx, key, sizeof key) == 0 ? 0 : RNG_FAILURE_E;
    memset(seed, 0, size);
    if (error == 0 && (error = wc_Arc4Init(&rc4, NULL, INVALID_DEVID)) == 0 &&
        (error = wc_Arc4SetKey(&rc4, key, sizeof key)) == 0) {
        error = wc_Arc4Process(&rc4, seed, seed, size);
    }
    spwf_wipe(&rc4, sizeof rc4);
    spwf_wipe(key, sizeof key);
    return error;
}

/* ------------------------------------------------------------------ open and close ------------ */

static void drop_ahead(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    if (t->ahead != NULL) {
        spwf_wipe(t->ahead, t->ahead_end);
        m->config.port->release(m->config.ctx, t->ahead);
        t->ahead = NULL;
        t->ahead_at = t->ahead_end = 0;
    }
}

static void begin_outcome(struct spwf *m) {
    m->outcome = (struct spwf_outcome){
        .count = m->outcome.count + 1, .depth = -1, .alert_sent = -1, .alert_received = -1};
}

void spwf_tls_refuse(struct spwf *m, enum spwf_cause cause) {
    begin_outcome(m);
    m->outcome.cause = (uint8_t)cause;
}

int spwf_tls_open(struct spwf *m, int id, const struct spwf_tls_setup *setup) {
    const char *domain = setup->domain != NULL ? setup->domain : "";
    size_t length = strlen(domain) + 1;
    enum spwf_cause cause = SPWF_CAUSE_MEMORY;
    begin_outcome(m);
    m->tls = m->config.port->alloc(m->config.ctx, sizeof *m->tls + length);
    if (m->tls != NULL) {
        *m->tls = (struct spwf_tls){.id = id,
                                    .clock_set = setup->clock_set,
                                    .now = setup->clock_set ? setup->now : 0,
                                    .below = UINT8_MAX};
        memcpy(m->tls->domain, domain, length);
        enter(m);
        cause = spwf_tls_setup_context(m, setup);
        leave();
    }
    m->outcome.cause = (uint8_t)cause;
    if (cause != SPWF_CAUSE_NONE) {
        spwf_tls_close(m);
        return SPWF_E_TLS;
    }
    return SPWF_OK;
}

void spwf_tls_close(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    if (t == NULL) {
        return;
    }
    enter(m);
    if (t->connected && !t->dead) {
        (void)wolfSSL_shutdown(t->ssl); /* our close_notify; the peer's is not waited for */
    }
    wolfSSL_free(t->ssl);
    wolfSSL_CTX_free(t->ctx);
    leave();
    drop_ahead(m);
    spwf_wipe(t, sizeof *t + strlen(t->domain) + 1);
    m->config.port->release(m->config.ctx, t);
    m->tls = NULL;
}

const char *spwf_tls_version(void) {
    return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}

/* ------------------------------------------------------------------ handshake ----------------- */

/* What remains to be asked of a handshake that wolfSSL completed. */
static enum spwf_cause review(struct spwf *m) {
    struct spwf_outcome *o = &m->outcome;
    if (m->tls->exhausted) {
        return SPWF_CAUSE_MEMORY; /* something was left out for want of it */
    }
    if (o->mode != SPWF_ANONYMOUS && !m->tls->vouched) {
        return SPWF_CAUSE_CHAIN;
    }
    return spwf_tls_policy_verdict(o->version, o->suite, m->config.min_version, &o->notes);
}

/* Why wolfSSL gave up. It takes each suite in each version, and may stumble over what they cannot
 * be together: then the pair is why. */
static enum spwf_cause reason(struct spwf *m, int error) {
    struct spwf_outcome *o = &m->outcome;
    if (o->suite != 0 && !m->tls->exhausted &&
        spwf_tls_policy_verdict(o->version, o->suite, m->config.min_version, &o->notes) ==
            SPWF_CAUSE_SUITE) {
        return SPWF_CAUSE_SUITE;
    }
    return spwf_tls_outcome_cause(m, error);
}

/* wolfSSL has sent an alert for most of what it refuses; the rest, and our own refusals, get one. */
static void warn_peer(struct spwf *m, int error) {
    WOLFSSL *ssl = m->tls->ssl;
    WOLFSSL_ALERT_HISTORY alerts;
    bool peer_left = m->tls->end != SPWF_CAUSE_NONE || error == FATAL_ERROR ||
                     error == WOLFSSL_ERROR_ZERO_RETURN;
    if (!peer_left && wolfSSL_get_alert_history(ssl, &alerts) == WOLFSSL_SUCCESS &&
        alerts.last_tx.level != alert_fatal) {
        (void)SendAlert(ssl, alert_fatal, m->tls->exhausted ? internal_error : handshake_failure);
    }
}

/* One call of wolfSSL: NONE with *done or without, or why the handshake is over. */
static enum spwf_cause step(struct spwf *m, bool *done) {
    int result = wolfSSL_connect(m->tls->ssl);
    int error = wolfSSL_get_error(m->tls->ssl, result);
    enum spwf_cause cause = SPWF_CAUSE_NONE;
    spwf_tls_outcome_update(m);
    if (result == WOLFSSL_SUCCESS) {
        *done = true;
        error = 0;
        cause = review(m);
    } else if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
        cause = reason(m, error);
    }
    if (cause != SPWF_CAUSE_NONE) {
        warn_peer(m, error);
        spwf_tls_outcome_update(m);
        m->outcome.detail = error;
    }
    return cause;
}

int spwf_tls_handshake(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    bool done = t->connected;
    if (!t->connected && !t->dead) {
        enter(m);
        enum spwf_cause cause = t->ssl == NULL ? spwf_tls_setup_session(m) : SPWF_CAUSE_NONE;
        if (cause == SPWF_CAUSE_NONE) {
            cause = step(m, &done);
        }
        leave();
        t->dead = cause != SPWF_CAUSE_NONE;
        t->connected = done && !t->dead;
        m->outcome.connected = t->connected;
        m->outcome.cause = (uint8_t)cause;
    }
    return t->dead ? SPWF_E_TLS : t->connected;
}

void spwf_tls_abandon(struct spwf *m, enum spwf_cause cause) {
    m->outcome.cause = (uint8_t)cause;
    if (m->tls != NULL) {
        m->tls->dead = true;
    }
}

/* ------------------------------------------------------------------ the session --------------- */

static size_t ahead(const struct spwf_tls *t) {
    return t->ahead_end - t->ahead_at;
}

static size_t inside(const struct spwf_tls *t) { /* wolfSSL, of the last record */
    return t->connected ? (size_t)wolfSSL_pending(t->ssl) : 0;
}

/* Takes text that is there: no byte of the connection is touched. */
static size_t take_inside(struct spwf_tls *t, void *data, size_t size) {
    if (t->dead) {
        t->ssl->error = 0; /* after an error wolfSSL would not give out even what it holds */
    }
    int n = wolfSSL_read(t->ssl, data, (int)size);
    return n > 0 ? (size_t)n : 0;
}

/* wolfSSL reads no further record while text waits in it: so that moves, where memory allows. */
static bool make_room(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    size_t kept = ahead(t), more = inside(t);
    if (kept + more >= SPWF_BODY_MAX) {
        return false;
    }
    if (more == 0) {
        return true;
    }
    uint8_t *grown = m->config.port->alloc(m->config.ctx, kept + more);
    if (grown == NULL) {
        return false;
    }
    if (kept > 0) {
        memcpy(grown, t->ahead + t->ahead_at, kept);
    }
    drop_ahead(m);
    t->ahead = grown;
    t->ahead_end = kept + take_inside(t, grown + kept, more);
    return true;
}

/* How the session ended. A close_notify may be answered with one; after all else nothing is sent. */
static void end_session(struct spwf *m, int error) {
    struct spwf_tls *t = m->tls;
    t->ended = true;
    spwf_tls_outcome_update(m);
    if (error == WOLFSSL_ERROR_ZERO_RETURN) {
        m->outcome.notes |= SPWF_NOTE_CLOSE_NOTIFY;
        return;
    }
    t->dead = true;
    m->outcome.notes |= t->end == SPWF_CAUSE_CLOSED ? SPWF_NOTE_FIN : 0;
    m->outcome.detail = t->end == SPWF_CAUSE_NONE ? error : 0;
}

static enum spwf_tls_event pump(struct spwf *m) {
    char first;
    if (!make_room(m)) {
        return SPWF_TLS_NOTHING;
    }
    int n = wolfSSL_peek(m->tls->ssl, &first, 1);
    if (n > 0) {
        return SPWF_TLS_RECORD;
    }
    int error = wolfSSL_get_error(m->tls->ssl, n);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) {
        return SPWF_TLS_NOTHING;
    }
    end_session(m, error);
    return SPWF_TLS_ENDED;
}

enum spwf_tls_event spwf_tls_pump(struct spwf *m) {
    if (m->tls->ended) {
        return SPWF_TLS_ENDED;
    }
    if (!spwf_tls_io_ready(m)) {
        return SPWF_TLS_NOTHING;
    }
    enter(m);
    enum spwf_tls_event event = pump(m);
    leave();
    return event;
}

size_t spwf_tls_readable(const struct spwf *m) {
    size_t waiting = ahead(m->tls) + inside(m->tls);
    return waiting < SPWF_BODY_MAX ? waiting : SPWF_BODY_MAX;
}

size_t spwf_tls_read(struct spwf *m, void *data, size_t size) {
    struct spwf_tls *t = m->tls;
    size_t taken = size < ahead(t) ? size : ahead(t);
    if (taken > 0) {
        memcpy(data, t->ahead + t->ahead_at, taken);
        t->ahead_at += taken;
        if (ahead(t) == 0) {
            drop_ahead(m);
        }
    }
    size_t more = size - taken < inside(t) ? size - taken : inside(t);
    if (more > 0) {
        enter(m);
        taken += take_inside(t, (uint8_t *)data + taken, more);
        leave();
    }
    return taken;
}

int spwf_tls_write(struct spwf *m, const void *data, size_t len) {
    struct spwf_tls *t = m->tls;
    if (t->dead) {
        return SPWF_E_TLS;
    }
    enter(m);
    int n = wolfSSL_write(t->ssl, data, (int)len);
    int error = n < 1 ? wolfSSL_get_error(t->ssl, n) : 0;
    leave();
    if (t->broken) {
        t->dead = true;
        return SPWF_E_RESET;
    }
    if (n > 0) {
        return 1;
    }
    if (error == WOLFSSL_ERROR_WANT_WRITE) {
        return 0;
    }
    t->dead = true;
    m->outcome.detail = error;
    return SPWF_E_TLS;
}
