/*
 * cmd_sockets.c - SOCKON, SOCKW, SOCKQ, SOCKR, SOCKC [note 3.3, at-ref 3.2]. Rows of commands.c
 * point here; calls sockets and reply. What waits for the network or for the host's bytes is a
 * continuation in m->job.
 */
#include "inner.h"

enum { STALLED_MS = 10000 }; /* a peer that takes nothing for so long has gone */

static int opening(struct spwf *m) {
    int error = spwf_opening_advance(m);
    if (error == SPWF_OK) {
        spwf_reply_text(m, "\r\n ID: "); /* one space [at-ref 1.1] */
        spwf_reply_decimal(m, m->opening.id, 2);
        spwf_reply_text(m, "\r\n");
    }
    return error;
}

int spwf_cmd_sockets_on(struct spwf *m, const struct spwf_request *request) {
    const struct spwf_argument *args = request->args;
    bool secure = spwf_text_is(&args[2], "s");
    uint64_t port;
    if (spwf_text_number(&args[1], false, UINT16_MAX, &port) != SPWF_OK || port == 0 ||
        (!secure && !spwf_text_is(&args[2], "t"))) {
        return SPWF_E_ARGUMENT;
    }
    /* Anything but "ind" means no indications: a driver sends 0 there. */
    bool indicate = request->count > 3 && spwf_text_is(&args[3], "ind");
    int error = spwf_opening_start(m, args[0].text, (uint16_t)port, secure, indicate);
    m->job.await = opening;
    return error == SPWF_OK ? SPWF_LATER : error;
}

/* The socket that the first argument names becomes the job's subject. */
static int choose(struct spwf *m, const struct spwf_request *request) {
    uint64_t id;
    if (spwf_text_number(&request->args[0], false, UINT32_MAX, &id) != SPWF_OK ||
        !spwf_sockets_exists(m, id)) {
        return SPWF_R_SOCKET_ID;
    }
    m->job.subject = (uint8_t)id;
    return SPWF_OK;
}

static int stalled(struct spwf *m) {
    if (m->job.deadline == UINT64_MAX) {
        m->job.deadline = spwf_module_now(m) + STALLED_MS;
    }
    return spwf_module_now(m) < m->job.deadline ? SPWF_LATER
                                                : spwf_sockets_stalled(m, m->job.subject);
}

/* Hands what is staged in m->body to the socket, and takes more from the host: in pieces for a
 * plain socket, all of it as one record for a secure one. */
static int writing(struct spwf *m) {
    struct spwf_job *job = &m->job;
    bool whole = spwf_sockets_secure(m, job->subject);
    if (job->sent == job->staged) {
        job->sent = job->staged = 0;
    }
    if (job->sent == 0 && job->taken < job->wanted) {
        size_t n = spwf_module_take(m, m->body + job->staged, sizeof m->body - job->staged);
        job->staged = (uint16_t)(job->staged + n);
        if (n == 0 && (whole || job->staged == 0)) {
            return SPWF_LATER; /* for the host, as long as it takes */
        }
    }
    if (whole && job->taken < job->wanted) {
        return SPWF_AGAIN;
    }
    int n =
        spwf_sockets_write(m, job->subject, m->body + job->sent, (size_t)(job->staged - job->sent));
    if (n <= 0) {
        return n < 0 ? n : stalled(m);
    }
    job->sent = (uint16_t)(job->sent + n);
    job->deadline = UINT64_MAX;
    return job->sent == job->staged && job->taken == job->wanted ? SPWF_OK : SPWF_AGAIN;
}

int spwf_cmd_sockets_write(struct spwf *m, const struct spwf_request *request) {
    int error = choose(m, request);
    if (error != SPWF_OK) {
        return error;
    }
    if (request->body == 0) {
        return SPWF_R_ZERO;
    }
    if (spwf_sockets_secure(m, m->job.subject) && request->body > SPWF_BODY_MAX) {
        return SPWF_R_SIZE;
    }
    m->job.await = writing;
    return SPWF_LATER;
}

/* Decrypts what has come, a record at a step, then counts [design 10]. */
static int counting(struct spwf *m) {
    int id = m->job.subject;
    if (spwf_sockets_secure(m, id) && spwf_sockets_pump(m, id)) {
        return SPWF_AGAIN;
    }
    spwf_reply_text(m, "\r\n DATALEN: ");
    spwf_reply_decimal(m, spwf_sockets_readable(m, id), 1);
    spwf_reply_text(m, "\r\n");
    return SPWF_OK;
}

int spwf_cmd_sockets_query(struct spwf *m, const struct spwf_request *request) {
    int error = choose(m, request);
    m->job.await = counting;
    return error == SPWF_OK ? SPWF_LATER : error;
}

/* The bytes come at once, without a CRLF before them [at-ref 1.8]. */
static int reading(struct spwf *m) {
    enum { FOR_OK = 64 };
    struct spwf_job *job = &m->job;
    size_t n = spwf_reply_room(m) - FOR_OK;
    size_t left = (size_t)(job->staged - job->sent);
    n = n < left ? n : left;
    spwf_reply_bytes(m, m->body + job->sent, n);
    job->sent = (uint16_t)(job->sent + n);
    return job->sent == job->staged ? SPWF_OK : SPWF_AGAIN;
}

int spwf_cmd_sockets_read(struct spwf *m, const struct spwf_request *request) {
    uint64_t len;
    int error = choose(m, request);
    if (error != SPWF_OK) {
        return error;
    }
    if (spwf_text_number(&request->args[1], false, UINT32_MAX, &len) != SPWF_OK) {
        return SPWF_E_ARGUMENT;
    }
    if (len == 0) {
        return SPWF_R_ZERO;
    }
    if (len > SPWF_BODY_MAX) { /* never more than SOCKQ says */
        return SPWF_R_NOT_ENOUGH;
    }
    error = spwf_sockets_read(m, m->job.subject, m->body, (size_t)len);
    m->job.staged = (uint16_t)len;
    m->job.await = reading;
    return error == SPWF_OK ? SPWF_LATER : error;
}

int spwf_cmd_sockets_close(struct spwf *m, const struct spwf_request *request) {
    int error = choose(m, request);
    return error == SPWF_OK ? spwf_sockets_close(m, m->job.subject) : error;
}
