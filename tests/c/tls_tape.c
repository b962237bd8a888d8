/*
 * tls_tape.c - see tls_tape.h. The only C test file that knows what s_server prints.
 */
#include "tls_tape.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 20000, PATIENCE_MS = 20000 };

struct tape_world tape_world;
struct tape_material tape_material;
struct tape tape_recorded;

/* ------------------------------------------------------------------ the network --------------- */

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    struct tape_world *w = ctx;
    struct pollfd live = {.fd = w->live, .events = POLLIN};
    (void)id;
    *out = (struct spwf_net_info){.phase = SPWF_NET_OPEN};
    if (w->live >= 0) {
        out->readable = (uint32_t)poll(&live, 1, 0);
    } else {
        out->readable = (uint32_t)(w->until - w->at);
        out->phase = out->readable > 0 ? SPWF_NET_OPEN : SPWF_NET_ENDED;
    }
    return SPWF_OK;
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    struct tape_world *w = ctx;
    (void)id;
    if (w->live >= 0) {
        size_t room = least(size, TAPE_SIZE - w->tape->said);
        ssize_t n = recv(w->live, w->tape->server + w->tape->said, room, MSG_DONTWAIT);
        if (n <= 0) {
            return n < 0 && errno == EAGAIN ? 0 : SPWF_E_CLOSED;
        }
        memcpy(data, w->tape->server + w->tape->said, (size_t)n);
        w->tape->said += (size_t)n;
        return (int)n;
    }
    size_t n = least(least(size, w->grain), w->until - w->at);
    memcpy(data, w->tape->server + w->at, n);
    if (w->change - w->at < n) {
        ((uint8_t *)data)[w->change - w->at] ^= 0x10;
    }
    w->at += n;
    return n > 0 ? (int)n : SPWF_E_CLOSED;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    struct tape_world *w = ctx;
    (void)id;
    if (w->live >= 0) {
        ssize_t n = send(w->live, data, least(len, TAPE_SIZE - w->tape->sent), MSG_NOSIGNAL);
        memcpy(w->tape->client + w->tape->sent, data, n > 0 ? (size_t)n : 0);
        w->tape->sent += n > 0 ? (size_t)n : 0;
        return n > 0 ? (int)n : SPWF_E_RESET;
    }
    size_t n = least(len, w->grain);
    w->differs |= w->sent + n > w->tape->sent || memcmp(w->tape->client + w->sent, data, n) != 0;
    w->sent += n;
    return (int)n;
}

/* ------------------------------------------------------------------ material ------------------ */

static char folder[] = "/tmp/spwf-test-tls-XXXXXX";

static const char commands[] =
    "set -e; exec 2>openssl.log;"
    "new() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; };"
    "issue() { new $1; openssl req -new -key $1.key -subj \"/C=IT/O=STM/CN=$2\" -out $1.csr;"
    " openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -set_serial $3 -days 9 -out $1.pem; };"
    "new ca; openssl req -x509 -new -key ca.key -subj /CN=CA -days 9 -out ca.pem;"
    "openssl req -x509 -new -key ca.key -subj /CN=CA -days 1 -out brief.pem;"
    "issue server 'server domain' 1; issue client client 2; new other;"
    "openssl ec -in other.key -aes128 -passout pass:secret -out locked.key";

static bool read_file(const char *name, struct tape_file *file) {
    FILE *stream = fopen(name, "rb");
    if (stream != NULL) {
        file->size = fread(file->bytes, 1, sizeof file->bytes, stream);
        fclose(stream);
    }
    return stream != NULL && file->size > 0;
}

static bool make_material(void) {
    struct tape_material *m = &tape_material;
    m->now = (uint64_t)time(NULL) + 60;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && system(commands) == 0 &&
           read_file("ca.pem", &m->ca) && read_file("client.pem", &m->cert) &&
           read_file("client.key", &m->key) && read_file("other.key", &m->other_key) &&
           read_file("locked.key", &m->locked_key) && read_file("brief.pem", &m->brief_ca);
}

void tape_remove(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (chdir("/") != 0 || system(command) != 0) {
        printf("%s is left behind\n", folder);
    }
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

/* ------------------------------------------------------------------ one session --------------- */

struct spwf *tape_power_on(void) {
    struct tape_world *w = &tape_world;
    fake_init(&w->fake, 0, 0, 0);
    w->fake.random = 1;
    w->net = (struct spwf_net_port){.info = net_info, .send = net_send, .recv = net_recv};
    w->fake.port.net = &w->net;
    w->tape = &tape_recorded;
    w->live = -1;
    w->at = w->sent = 0;
    w->until = tape_recorded.said;
    w->grain = TAPE_SIZE;
    w->change = SIZE_MAX;
    w->differs = false;
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

static void wait_live(void) {
    struct pollfd live = {.fd = tape_world.live, .events = POLLIN};
    if (tape_world.live >= 0) {
        poll(&live, 1, PATIENCE_MS);
    }
}

int tape_connect(const struct spwf_tls_setup *setup) {
    struct spwf *m = &tape_world.module;
    int done = spwf_tls_open(m, 0, setup);
    for (int step = 0; done == 0 && step < STEPS; step++) {
        done = spwf_tls_handshake(m);
        if (done == 0) {
            wait_live();
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
        wait_live();
    }
    return spwf_tls_readable(m) == strlen(pong) &&
           spwf_tls_read(m, answer, sizeof answer) == strlen(pong) && strcmp(answer, pong) == 0;
}

size_t tape_last_record(size_t end, int *count) {
    size_t at = 0, last = 0;
    for (*count = 0; at < end; (*count)++) {
        last = at;
        at += 5 + (size_t)(tape_recorded.server[at + 3] << 8 | tape_recorded.server[at + 4]);
    }
    return last;
}

/* ------------------------------------------------------------------ recording ----------------- */

/* Starts the server; its port, 0 where it does not tell one. */
static int start_server(pid_t *server) {
    extern char **environ;
    char *const argv[] = {
        "openssl", "s_server",   "-accept",    "127.0.0.1:0", "-naccept",
        "1",       "-cert",      "server.pem", "-key",        "server.key",
        "-Verify", "2",          "-CAfile",    "ca.pem",      "-verify_return_error",
        "-rev",    "-no_tls1_3", NULL};
    int ends[2];
    int port = 0;
    char line[256];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0) {
        return 0;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int error = posix_spawnp(server, "openssl", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r"); /* stays open: the server goes on talking to it */
    while (error == 0 && port == 0 && fgets(line, sizeof line, output) != NULL) {
        sscanf(line, "ACCEPT %*[^:]:%d", &port);
    }
    return port;
}

bool tape_record(void) {
    pid_t server = 0;
    bool echoed = false;
    int port = make_material() ? start_server(&server) : 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct spwf_tls_setup setup = tape_mutual();
    tape_power_on();
    int live = tape_world.live = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (port != 0 && connect(live, (struct sockaddr *)&address, sizeof address) == 0 &&
        tape_connect(&setup) == SPWF_CAUSE_NONE) {
        echoed = tape_echo();
    }
    bool clean = tape_power_off();
    close(live);
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    return echoed && clean;
}
