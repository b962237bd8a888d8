/*
 * cmd_tls.c - the commands about the files of TLS [note 3.3, at-ref 3.3]: TLSCERT, TLSCERT2,
 * TLSDOMAIN. Rows of commands.c point here; calls certs and reply.
 */
#include "inner.h"

static const struct {
    const char *name;
    uint8_t slot; /* enum spwf_slot */
    bool flash;
} places[] = {
    {"f_ca", SPWF_SLOT_CA, true},   {"f_cert", SPWF_SLOT_CERT, true},
    {"f_key", SPWF_SLOT_KEY, true}, {"f_domain", SPWF_SLOT_DOMAIN, true},
    {"ca", SPWF_SLOT_CA, false},    {"cert", SPWF_SLOT_CERT, false},
    {"key", SPWF_SLOT_KEY, false},  {"domain", SPWF_SLOT_DOMAIN, false},
};

enum { PLACES = sizeof places / sizeof places[0] };
enum { ALL_FLASH_FILES = (1 << SPWF_SLOTS) - 1 };

static int find(const struct spwf_argument *name) {
    for (int i = 0; i < PLACES; i++) {
        if (spwf_text_is(name, places[i].name)) {
            return i;
        }
    }
    return SPWF_E_ARGUMENT;
}

/* The list that a driver asks for before it connects: what is in flash, and how long. */
static int content_row(struct spwf *m) {
    int i = m->job.row++;
    int size = spwf_certs_size(m, (enum spwf_slot)places[i].slot, true);
    if (size > 0) {
        spwf_reply_text(m, "#  ");
        spwf_reply_text(m, places[i].name);
        spwf_reply_text(m, " = ");
        spwf_reply_decimal(m, (uint64_t)size, 1);
        spwf_reply_text(m, "\r\n");
    }
    return m->job.row < SPWF_SLOTS ? SPWF_AGAIN : SPWF_OK;
}

static int gather(struct spwf *m) {
    struct spwf_job *job = &m->job;
    size_t n = spwf_module_take(m, m->body + job->taken, job->wanted - job->taken);
    if (job->taken < job->wanted) {
        return n > 0 ? SPWF_AGAIN : SPWF_LATER;
    }
    int error = spwf_certs_put(m, (enum spwf_slot)job->subject, job->flash, m->body, job->wanted);
    spwf_wipe(m->body, job->wanted); /* it may have been a private key */
    return error;
}

int spwf_cmd_tls_cert(struct spwf *m, const struct spwf_request *request) {
    if (spwf_text_is(&request->args[0], "f_content")) {
        spwf_reply_text(m, request->body == 0 ? "\r\n" : "");
        m->job.await = content_row;
        return request->body == 0 ? SPWF_LATER : SPWF_E_ARGUMENT;
    }
    int i = find(&request->args[0]);
    if (i < 0 || places[i].slot == SPWF_SLOT_DOMAIN) {
        return SPWF_E_ARGUMENT;
    }
    if (request->body == 0) {
        return SPWF_R_ZERO;
    }
    int error = spwf_certs_check(m, (enum spwf_slot)places[i].slot, places[i].flash, request->body);
    if (error != SPWF_OK) {
        return error;
    }
    m->job.subject = places[i].slot;
    m->job.flash = places[i].flash;
    m->job.await = gather;
    return SPWF_LATER;
}

int spwf_cmd_tls_cert2(struct spwf *m, const struct spwf_request *request) {
    if (!spwf_text_is(&request->args[0], "clean")) {
        return SPWF_E_ARGUMENT;
    }
    if (spwf_text_is(&request->args[1], "all")) { /* the RAM twins stay [design 10] */
        return spwf_certs_clean(m, ALL_FLASH_FILES, true);
    }
    int i = find(&request->args[1]);
    return i < 0 ? i : spwf_certs_clean(m, 1u << places[i].slot, places[i].flash);
}

int spwf_cmd_tls_domain(struct spwf *m, const struct spwf_request *request) {
    const struct spwf_argument *name = &request->args[1];
    int i = find(&request->args[0]);
    if (i < 0 || places[i].slot != SPWF_SLOT_DOMAIN) {
        return SPWF_E_ARGUMENT;
    }
    if (name->length == 0) {
        return SPWF_R_MISSING;
    }
    if (memchr(name->text, '\0', name->length) != NULL) { /* no host name holds a NUL */
        return SPWF_E_ARGUMENT;
    }
    return spwf_certs_put(m, SPWF_SLOT_DOMAIN, places[i].flash, name->text, name->length);
}
