/* How long a module waits for a world that says nothing [design 10]: no less and no more. */
#include "driver.h"

#define OK "\r\nOK\r\n"

static struct driver d;

/* A world without words: a resolver that goes on looking, and one server. */
static struct {
    uint8_t phase; /* enum spwf_net_phase of every connection */
    bool takes;    /* what is sent to it */
} world;

static int lookup(void *ctx, const char *name) {
    (void)ctx, (void)name;
    return SPWF_OK;
}

static int found(void *ctx, uint8_t ip[4]) {
    (void)ctx, (void)ip;
    return 0;
}

static void cancel(void *ctx) {
    (void)ctx;
}

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    (void)ctx, (void)id, (void)kind, (void)to;
    return SPWF_OK;
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    (void)ctx, (void)id;
    *out = (struct spwf_net_info){.phase = world.phase};
    return SPWF_OK;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    (void)ctx, (void)id, (void)data;
    return world.takes ? (int)len : 0;
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    (void)ctx, (void)id, (void)data, (void)size;
    return 0;
}

static void net_close(void *ctx, int id, bool abort) {
    (void)ctx, (void)id, (void)abort;
}

static const struct spwf_net_port net = {
    .open = net_open, .info = net_info, .send = net_send, .recv = net_recv, .close = net_close};
static const struct spwf_resolve_port resolve = {lookup, found, cancel};

/* In the network. `handshake_s`: the limit of a handshake; 0: the module's own. */
static void power_on(uint16_t handshake_s) {
    driver_place(&d);
    d.fake.port.net = &net;
    d.fake.port.resolve = &resolve;
    struct spwf_config config = fake_config(&d.fake);
    config.tls_timeout_s = handshake_s;
    driver_power_on(&d, &config);
    driver_join(&d);
}

/* The command is answered after so many seconds, to the millisecond. */
static void is_answered(const char *command, uint64_t seconds, const char *answer) {
    check_text(driver_say(&d, command), "");
    uint32_t left = spwf_wait(&d.module).world_ms;
    check_case(left == seconds * 1000, "%s may sleep %u ms", command, left);
    d.fake.millis += seconds * 1000 - 1;
    driver_run(&d);
    check_text(d.output, "");
    d.fake.millis++;
    driver_run(&d);
    check_text(d.output, answer);
}

static void a_server_that_says_nothing_is_given_up(void) {
    static const struct {
        const char *command;
        uint8_t phase;
        uint16_t handshake_s;
        uint64_t seconds;
        const char *answer;
    } cases[] = {
        {"AT+S.SOCKON=host,80,t\r", SPWF_NET_CONNECTING, 0, 5, "Failed to resolve name"},
        {"AT+S.SOCKON=host,443,s\r", SPWF_NET_CONNECTING, 0, 5, "Failed to resolve name"},
        {"AT+S.SOCKON=10.0.0.1,80,t\r", SPWF_NET_CONNECTING, 0, 5, "Failed to connect"},
        {"AT+S.SOCKON=10.0.0.1,443,s\r", SPWF_NET_CONNECTING, 0, 5, "Failed to connect"},
        {"AT+S.SOCKON=10.0.0.1,443,s\r", SPWF_NET_OPEN, 0, 10, "SSL/TLS unable to connect"},
        {"AT+S.SOCKON=10.0.0.1,443,s\r", SPWF_NET_OPEN, 3, 3, "SSL/TLS unable to connect"},
    };
    world.takes = true;
    for (size_t i = 0; i < CHECK_COUNT(cases); i++) {
        char answer[64];
        snprintf(answer, sizeof answer, "\r\nERROR: %s\r\n", cases[i].answer);
        power_on(cases[i].handshake_s);
        world.phase = cases[i].phase;
        is_answered(cases[i].command, cases[i].seconds, answer);
        check_text(driver_say(&d, "AT\r"), OK);
        driver_free(&d);
    }
}

static void a_server_that_takes_nothing_is_given_up(void) {
    power_on(0);
    world.phase = SPWF_NET_OPEN;
    world.takes = false;
    check_text(driver_say(&d, "AT+S.SOCKON=10.0.0.1,80,t\r"), "\r\n ID: 00\r\n" OK);
    is_answered("AT+S.SOCKW=00,5\rhello", 10, "\r\nERROR: Write failed\r\n");
    check_text(driver_say(&d, "AT\r"), OK);
    driver_free(&d);
}

static void a_host_that_stops_in_a_body_is_waited_for(void) {
    power_on(0);
    world.phase = SPWF_NET_OPEN;
    world.takes = true;
    driver_say(&d, "AT+S.SOCKON=10.0.0.1,80,t\r");
    check_text(driver_say(&d, "AT+S.SOCKW=00,5\rhel"), "");
    d.fake.millis += 3600 * 1000;
    check_text(driver_say(&d, "lo"), OK);
    driver_free(&d);
}

static const struct check_test tests[] = {
    {"a server that says nothing is given up", a_server_that_says_nothing_is_given_up},
    {"a server that takes nothing is given up", a_server_that_takes_nothing_is_given_up},
    {"a host that stops in a body is waited for", a_host_that_stops_in_a_body_is_waited_for},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
