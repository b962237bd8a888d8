/*
 * reply.c - the sink of answers: the output queue, number formats, OK, and the one table from what
 * happened to the text on the wire [at-ref 2.3, 4]. Called by the handlers, config.c, status.c,
 * wind.c and module.c; calls nobody. Who writes has asked for spwf_reply_room() before.
 */
#include <assert.h>

#include "inner.h"

size_t spwf_reply_room(const struct spwf *m) {
    return (size_t)SPWF_OUTPUT_SIZE - m->output.used;
}

void spwf_reply_bytes(struct spwf *m, const void *data, size_t len) {
    assert(len <= spwf_reply_room(m));
    size_t tail = (m->output.head + (size_t)m->output.used) % SPWF_OUTPUT_SIZE;
    size_t first = SPWF_OUTPUT_SIZE - tail < len ? SPWF_OUTPUT_SIZE - tail : len;
    memcpy(m->output_bytes + tail, data, first);
    memcpy(m->output_bytes, (const uint8_t *)data + first, len - first);
    m->output.used = (uint16_t)(m->output.used + len);
}

void spwf_reply_text(struct spwf *m, const char *text) {
    spwf_reply_bytes(m, text, strlen(text));
}

static void number(struct spwf *m, uint64_t value, unsigned base, int digits) {
    char text[20]; /* 2^64 has 20 decimal digits */
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789ABCDEF"[value % base];
        value /= base;
        digits--;
    } while (value > 0 || digits > 0);
    spwf_reply_bytes(m, text + at, sizeof text - at);
}

void spwf_reply_decimal(struct spwf *m, uint64_t value, int digits) {
    number(m, value, 10, digits);
}

void spwf_reply_hex(struct spwf *m, uint32_t value, int digits) {
    number(m, value, 16, digits);
}

void spwf_reply_ip(struct spwf *m, const uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        spwf_reply_decimal(m, ip[i], 1);
        if (i < 3) {
            spwf_reply_text(m, ".");
        }
    }
}

void spwf_reply_octets(struct spwf *m, const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (i > 0) {
            spwf_reply_text(m, ":");
        }
        spwf_reply_hex(m, data[i], 2);
    }
}

void spwf_reply_ok(struct spwf *m) {
    spwf_reply_text(m, "\r\nOK\r\n");
}

/* Texts marked "inferred" in at-ref 4 are the successor module's words for the same event. */
static const struct {
    int error;
    const char *text;
} texts[] = {
    {SPWF_R_COMMAND, "Command not found"},
    {SPWF_R_MISSING, "Missing argument(s)"},
    {SPWF_R_TOO_MANY, "Too many argument(s)"},
    {SPWF_E_ARGUMENT, "Invalid argument(s)"},
    {SPWF_E_SYNTAX, "Invalid argument(s)"},
    {SPWF_R_VARIABLE, "Variable not found"},
    {SPWF_R_SIZE, "Argument exceeds allowed size"},
    {SPWF_R_ZERO, "Argument evaluated to zero"},
    {SPWF_R_DATETIME, "Cannot update DateTime"},
    {SPWF_E_TLS, "SSL/TLS unable to connect"},
    {SPWF_R_CA_FILE, "Unable to load CA certificate"},
    {SPWF_R_CERT_FILE, "Unable to load certificate"},
    {SPWF_R_KEY_FILE, "Unable to load key"},
    {SPWF_E_RESOLVE, "Failed to resolve name"},
    {SPWF_R_CONNECT, "Failed to connect"},
    {SPWF_R_SOCKETS, "Too many sockets"},
    {SPWF_R_SOCKET_ID, "Illegal Socket ID"},
    {SPWF_R_NOT_ENOUGH, "Not enough data in buffer"},
    {SPWF_R_PENDING, "Pending data"},
    {SPWF_R_NO_IP, "IP not ready to send"},
    {SPWF_R_WRITE, "Write failed"},
    {SPWF_R_NOT_CONNECTED, "Socket not connected"},
    {SPWF_E_NO_ROOM, "Low Memory"},
    {SPWF_E_NV, "Unable to open file"},
    {SPWF_E_ABSENT, "Unable to open file"},
};

void spwf_reply_error(struct spwf *m, int error) {
    const char *text = "Request failed";
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].error == error) {
            text = texts[i].text;
            break;
        }
    }
    spwf_reply_text(m, "\r\nERROR: ");
    spwf_reply_text(m, text);
    spwf_reply_text(m, "\r\n");
}
