/* tls_tape.c - see tls_tape.h. */
#include "tls_tape.h"

enum { STEPS = 20000 };

struct tape_world tape_world;
struct tape tape_recorded;

/* ------------------------------------------------------------------ one session --------------- */

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    (void)id;
    return tape_info(&((struct tape_world *)ctx)->wire, out);
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    (void)id;
    return tape_recv(&((struct tape_world *)ctx)->wire, data, size);
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    (void)id;
    return tape_send(&((struct tape_world *)ctx)->wire, data, len);
}

struct spwf_tls_file tape_file(const struct tape_file *file) {
    return file == NULL ? (struct spwf_tls_file){NULL, 0}
                        : (struct spwf_tls_file){(const uint8_t *)file->bytes, file->size};
}

struct spwf_tls_setup tape_mutual(void) {
    return (struct spwf_tls_setup){.ca = tape_file(&tape_material.ca),
                                   .cert = tape_file(&tape_material.cert),
                                   .key = tape_file(&tape_material.key),
                                   .domain = "server domain",
                                   .host = "localhost",
                                   .clock_set = true,
                                   .now = tape_material.now};
}

struct spwf *tape_power_on(void) {
    struct tape_world *w = &tape_world;
    fake_init(&w->fake, 0, 0, 0);
    w->fake.random = 1;
    w->net = (struct spwf_net_port){.info = net_info, .send = net_send, .recv = net_recv};
    w->fake.port.net = &w->net;
    tape_play(&w->wire, &tape_recorded);
    w->wire.until = tape_recorded.said;
    w->module = (struct spwf){.config = fake_config(&w->fake)};
    return &w->module;
}

bool tape_power_off(void) {
    struct fake *f = &tape_world.fake;
    spwf_tls_close(&tape_world.module);
    bool clean = tape_world.module.tls == NULL && f->live_blocks == 0 && !f->dirty_release;
    fake_free(f);
    return clean;
}

int tape_connect(const struct spwf_tls_setup *setup) {
    struct spwf *m = &tape_world.module;
    int done = spwf_tls_open(m, 0, setup);
    for (int step = 0; done == 0 && step < STEPS; step++) {
        done = spwf_tls_handshake(m);
        if (done == 0) {
            tape_wait(&tape_world.wire);
        }
    }
    if (done == 0) {
        return SPWF_CAUSE_TIMEOUT;
    }
    return (done == 1) == (m->outcome.cause == SPWF_CAUSE_NONE) ? m->outcome.cause : -1;
}

bool tape_echo(void) {
    static const char ping[] = "ping\n", pong[] = "gnip\n"; /* s_server -rev answers backwards */
    struct spwf *m = &tape_world.module;
    char answer[sizeof pong] = "";
    int done = 0;
    for (int step = 0; done == 0 && step < STEPS; step++) {
        done = spwf_tls_write(m, ping, strlen(ping));
    }
    for (int step = 0; done > 0 && step < STEPS && spwf_tls_pump(m) == SPWF_TLS_NOTHING; step++) {
        tape_wait(&tape_world.wire);
    }
    return spwf_tls_readable(m) == strlen(pong) &&
           spwf_tls_read(m, answer, sizeof answer) == strlen(pong) && strcmp(answer, pong) == 0;
}

bool tape_record_mutual(void) {
    struct tape_server server = {.connection = -1};
    struct spwf_tls_setup setup;
    tape_power_on();
    bool echoed = tape_material_make() && tape_server_start(&server, true);
    if (echoed) {
        setup = tape_mutual();
        tape_record(&tape_world.wire, &tape_recorded, server.connection);
        echoed = tape_connect(&setup) == SPWF_CAUSE_NONE && tape_echo();
    }
    bool clean = tape_power_off();
    tape_server_stop(&server);
    return echoed && clean;
}
