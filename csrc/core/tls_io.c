/*
 * tls_io.c - bytes between wolfSSL and port->net, record by record: a step of the session begins
 * one record at most, and what is not TLS is noticed at its first byte.
 * Called by wolfSSL and tls_wolfssl.c; calls port->net, and port->report for a key log.
 */
#include "tls_inner.h"

static int end(struct spwf *m, enum spwf_cause cause) {
    m->tls->end = (uint8_t)cause;
    return cause == SPWF_CAUSE_NOT_TLS  ? WOLFSSL_CBIO_ERR_GENERAL
           : cause == SPWF_CAUSE_CLOSED ? WOLFSSL_CBIO_ERR_CONN_CLOSE
                                        : WOLFSSL_CBIO_ERR_CONN_RST;
}

/* Bytes, or what wolfSSL wants to hear where there are none. */
static int receive(struct spwf *m, void *data, size_t size) {
    int n = m->config.port->net->recv(m->config.ctx, m->tls->id, data, size);
    if (n > 0) {
        m->outcome.received += (uint32_t)n;
        return n;
    }
    if (n == 0 && !m->tls->broken) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    return end(m, n == SPWF_E_CLOSED ? SPWF_CAUSE_CLOSED : SPWF_CAUSE_RESET);
}

static bool looks_like_tls(const uint8_t *header, size_t have) {
    return header[0] >= change_cipher_spec && header[0] <= application_data &&
           (have < 2 || header[1] == SPWF_SSL3 >> 8);
}

static int receive_header(struct spwf *m) {
    struct spwf_tls *t = m->tls;
    if (t->have == 0 && !t->allowance) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    while (t->have < sizeof t->header) {
        int n = receive(m, t->header + t->have, sizeof t->header - t->have);
        if (n < 0) {
            return n;
        }
        t->have = (uint8_t)(t->have + n);
        if (!t->spoken && !looks_like_tls(t->header, t->have)) {
            return end(m, SPWF_CAUSE_NOT_TLS);
        }
    }
    t->spoken = true;
    t->allowance = false;
    t->body = (uint16_t)(t->header[3] << 8 | t->header[4]);
    return 0;
}

static void finish_record(struct spwf_tls *t) {
    if (t->given == sizeof t->header && t->body == 0) {
        t->have = 0;
        t->given = 0;
    }
}

int spwf_tls_io_receive(WOLFSSL *ssl, char *data, int size, void *context) {
    struct spwf *m = context;
    struct spwf_tls *t = m->tls;
    size_t room = (size_t)size;
    int n = 0;
    (void)ssl;
    if (t->given == sizeof t->header) {
        n = receive(m, data, room < t->body ? room : t->body);
        t->body = (uint16_t)(t->body - (n > 0 ? n : 0));
    } else {
        n = t->have < sizeof t->header ? receive_header(m) : 0;
        if (n == 0) {
            size_t left = sizeof t->header - t->given;
            n = (int)(room < left ? room : left);
            memcpy(data, t->header + t->given, (size_t)n);
            t->given = (uint8_t)(t->given + n);
        }
    }
    finish_record(t);
    return n;
}

/* Before the flight that they protect: what is captured can be read from its first byte on. */
static void tell_secrets(struct spwf *m, const WOLFSSL *ssl) {
    const struct spwf_port *port = m->config.port;
    if (port->report == NULL || m->tls->told || ssl->arrays == NULL ||
        ssl->options.clientState < CLIENT_KEYEXCHANGE_COMPLETE) {
        return;
    }
    struct spwf_keylog secrets;
    memcpy(secrets.client_random, ssl->arrays->clientRandom, sizeof secrets.client_random);
    memcpy(secrets.master_secret, ssl->arrays->masterSecret, sizeof secrets.master_secret);
    port->report(m->config.ctx, SPWF_REPORT_KEYLOG, &secrets, sizeof secrets);
    spwf_wipe(&secrets, sizeof secrets);
    m->tls->told = true;
}

/* A failed send is not told here: the server's last alert may wait to be read. The end is found
 * by receive(), behind it. */
int spwf_tls_io_send(WOLFSSL *ssl, char *data, int size, void *context) {
    struct spwf *m = context;
    tell_secrets(m, ssl);
    int n = m->tls->broken
                ? SPWF_E_RESET
                : m->config.port->net->send(m->config.ctx, m->tls->id, data, (size_t)size);
    if (n < 0) {
        m->tls->broken = true;
        return size;
    }
    m->outcome.sent += (uint32_t)n;
    return n > 0 ? n : WOLFSSL_CBIO_ERR_WANT_WRITE;
}

bool spwf_tls_io_ready(struct spwf *m) {
    struct spwf_net_info info;
    int error = m->config.port->net->info(m->config.ctx, m->tls->id, &info);
    return m->tls->broken || error != SPWF_OK || info.readable > 0 || info.phase != SPWF_NET_OPEN;
}
