/*
 * test_tls.c - the TLS client against a recorded server [tls_tape.h] and against noise; files that
 * cannot be used have causes of their own. What is less than the whole record: test_sweep_bytes.c.
 */
#include "check.h"
#include "tls_tape.h"

static bool recorded;             /* and its echo heard */
static struct spwf_outcome first; /* of the recorded session */

static void the_recorded_session_is_mutual(void) {
    check(recorded);
    check_equal(first.cause, SPWF_CAUSE_NONE);
    check_equal(first.mode, SPWF_MUTUAL);
    check_equal(first.version, SPWF_TLS1_2);
    check_equal(first.suite, 0xC023);
    check_equal(first.group, 23);
    check_equal(first.notes, SPWF_NOTE_CERT_REQUESTED | SPWF_NOTE_CERT_SENT);
    check_text(first.subject, "C=IT, O=STM, CN=server domain");
    check_equal(first.sent, (long long)tape_recorded.sent);
    check_equal(first.received, (long long)tape_recorded.said);
}

/* ------------------------------------------------------------------ played again -------------- */

static void a_seeded_client_repeats_its_bytes(void) {
    struct spwf_tls_setup setup = tape_mutual();
    tape_power_on();
    check_equal(tape_connect(&setup), SPWF_CAUSE_NONE);
    check(tape_echo());
    check(!tape_world.wire.differs);
    check(tape_power_off());
}

static void single_bytes_make_no_difference(void) {
    struct spwf_tls_setup setup = tape_mutual();
    tape_power_on();
    tape_world.wire.grain = 1;
    check_equal(tape_connect(&setup), SPWF_CAUSE_NONE);
    check(tape_echo());
    check(!tape_world.wire.differs);
    check(tape_power_off());
}

static void a_step_begins_one_record_at_most(void) {
    struct spwf_tls_setup setup = tape_mutual();
    struct spwf *m = tape_power_on();
    int steps = 0, records = 0;
    check_equal(spwf_tls_open(m, 0, &setup), SPWF_OK);
    do {
        steps++;
        tape_last_record(&tape_recorded, tape_world.wire.at, &records);
        check(records < steps);
    } while (spwf_tls_handshake(m) == 0);
    check(records > 5);
    check(tape_power_off());
}

/* Everything but the echo, of which the handshake knows nothing. */
static size_t handshake_size(void) {
    struct spwf_tls_setup setup = tape_mutual();
    tape_power_on();
    check_equal(tape_connect(&setup), SPWF_CAUSE_NONE);
    size_t size = tape_world.wire.at;
    check(tape_power_off());
    return size;
}

/* ------------------------------------------------------------------ the secrets --------------- */

static struct {
    int count;
    size_t sent; /* of the client's bytes by then */
    struct spwf_keylog secrets;
} heard;

static void listen(void *ctx, int kind, const void *data, size_t len) {
    (void)ctx;
    check_equal(kind, SPWF_REPORT_KEYLOG);
    check(len == sizeof heard.secrets);
    memcpy(&heard.secrets, data, sizeof heard.secrets);
    heard.sent = tape_world.wire.sent;
    heard.count++;
}

/* Connects to so much of the record; whether secrets were told, once at most. */
static bool secrets_told(size_t until) {
    struct spwf_tls_setup setup = tape_mutual();
    memset(&heard, 0, sizeof heard);
    tape_power_on();
    tape_world.fake.port.report = listen;
    tape_world.wire.until = until;
    (void)tape_connect(&setup);
    check(tape_power_off());
    check_case(heard.count <= 1, "%zu bytes came", until);
    return heard.count > 0;
}

static void the_secrets_are_told_before_what_they_protect(void) {
    enum { HELLO = 9, RANDOM = HELLO + 2 }; /* after the heads of record and message */
    static const uint8_t nothing[48];
    check(secrets_told(tape_recorded.said));
    check(memcmp(heard.secrets.client_random, tape_recorded.client + RANDOM, 32) == 0);
    check(memcmp(heard.secrets.master_secret, nothing, sizeof nothing) != 0);
    size_t hello = (size_t)(tape_recorded.client[3] << 8 | tape_recorded.client[4]) + 5;
    check(heard.sent == hello);
}

static void a_handshake_that_fails_tells_its_secrets_once_it_has_some(void) {
    size_t whole = handshake_size();
    bool before = false;
    for (size_t until = 0; until < whole; until++) {
        bool told = secrets_told(until);
        check_case(told || !before, "%zu bytes came", until);
        before = told;
    }
    check(before);
}

/* After the handshake there may be nothing left to decrypt ahead with: that is not an end. */
static void what_waits_outlives_the_servers_end(void) {
    struct spwf_tls_setup setup = tape_mutual();
    static const char pong[] = "gnip\n";
    char answer[sizeof pong] = "";
    struct spwf *m = tape_power_on();
    check_equal(tape_connect(&setup), SPWF_CAUSE_NONE);
    check_equal(spwf_tls_write(m, "ping\n", 5), 1);
    check_equal(spwf_tls_pump(m), SPWF_TLS_RECORD);
    tape_world.fake.fail_alloc_at = tape_world.fake.allocations + 1;
    check_equal(spwf_tls_pump(m), SPWF_TLS_NOTHING);
    check_equal(spwf_tls_pump(m), SPWF_TLS_ENDED);
    check_equal(spwf_tls_pump(m), SPWF_TLS_ENDED);
    check((m->outcome.notes & SPWF_NOTE_FIN) != 0);
    check_equal((long long)spwf_tls_readable(m), (long long)strlen(pong));
    check_equal((long long)spwf_tls_read(m, answer, 2), 2);
    check_equal((long long)spwf_tls_read(m, answer + 2, sizeof answer), 3);
    check_text(answer, pong);
    check_equal((long long)spwf_tls_readable(m), 0);
    check(tape_power_off());
}

/* ------------------------------------------------------------------ other wires --------------- */

static int hear(const void *bytes, size_t size) {
    static struct tape other;
    struct spwf_tls_setup setup = {.clock_set = true, .now = tape_material.now};
    tape_power_on();
    memcpy(other.server, bytes, size);
    other.turns[0].said = size;
    other.count = 1;
    tape_world.wire.tape = &other;
    tape_world.wire.until = size;
    int cause = tape_connect(&setup);
    check(tape_power_off());
    return cause;
}

static void what_is_not_tls_is_told_at_once(void) {
    check_equal(hear("HTTP/1.1 400 Bad Request\r\n", 26), SPWF_CAUSE_NOT_TLS);
    check_equal(hear("2", 1), SPWF_CAUSE_NOT_TLS);
    check_equal(hear("\x16\x02", 2), SPWF_CAUSE_NOT_TLS);
    check_equal(hear("\x16\x03", 2), SPWF_CAUSE_CLOSED);
    check_equal(hear("", 0), SPWF_CAUSE_CLOSED);
}

static void a_pair_outside_table_2_is_the_cause_of_what_follows(void) {
    static const struct {
        uint8_t version, suite[2];
        int cause;
    } cases[] = {
        {0, {0xC0, 0x27}, SPWF_CAUSE_SUITE},  {0, {0x00, 0x3D}, SPWF_CAUSE_SUITE},
        {2, {0x00, 0x3D}, SPWF_CAUSE_SUITE},  {3, {0x00, 0x3D}, SPWF_CAUSE_CLOSED},
        {0, {0x00, 0x2F}, SPWF_CAUSE_CLOSED}, {0, {0x00, 0x05}, SPWF_CAUSE_CLOSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t hello[47] = {0x16, 3, cases[i].version, 0, 42, 2, 0, 0, 38, 3, cases[i].version};
        memcpy(hello + 44, cases[i].suite, 2); /* behind the random, and no session id */
        check_equal(hear(hello, sizeof hello), cases[i].cause);
    }
}

static void a_servers_alert_names_the_cause(void) {
    check_equal(hear("\x15\3\3\0\2\2\x28", 7), SPWF_CAUSE_SUITE);
    check_equal(hear("\x15\3\3\0\2\2\x47", 7), SPWF_CAUSE_SUITE);
    check_equal(hear("\x15\3\3\0\2\2\x46", 7), SPWF_CAUSE_VERSION);
    check_equal(hear("\x15\3\3\0\2\2\x50", 7), SPWF_CAUSE_ALERT);
    check_equal(hear("\x15\3\3\0\2\1\0", 7), SPWF_CAUSE_CLOSED); /* close_notify */
}

static void noise_in_records_never_connects(void) {
    uint32_t random = 99;
    for (int round = 0; round < 3000; round++) {
        uint8_t noise[256];
        for (size_t i = 0; i < sizeof noise; i++) {
            noise[i] = (uint8_t)(fake_random(&random) >> 24);
        }
        size_t size = fake_random(&random) % (sizeof noise - 5);
        uint8_t header[] = {(uint8_t)(20 + fake_random(&random) % 4), 3, noise[0] & 3, 0,
                            (uint8_t)size};
        memcpy(noise, header, sizeof header);
        noise[5] &= 0x0F; /* a type of handshake message */
        noise[6] = 0;
        check_case(hear(noise, sizeof noise) != SPWF_CAUSE_NONE, "round %d", round);
    }
}

/* ------------------------------------------------------------------ files --------------------- */

static int open_with(const struct spwf_tls_setup *setup) {
    struct spwf *m = tape_power_on();
    uint32_t count = m->outcome.count = 6;
    int result = spwf_tls_open(m, 0, setup);
    check_equal(result, m->outcome.cause == SPWF_CAUSE_NONE ? SPWF_OK : SPWF_E_TLS);
    check((m->tls != NULL) == (result == SPWF_OK));
    check_equal(m->outcome.count, count + 1);
    check_equal(m->outcome.alert_sent, -1);
    check_equal(m->outcome.depth, -1);
    check_equal((long long)tape_world.wire.sent, 0);
    check(tape_power_off());
    return m->outcome.cause;
}

static void files_that_cannot_be_used_have_causes_of_their_own(void) {
    struct tape_file words = {.bytes = "no certificate at all", .size = 21};
    const struct tape_material *t = &tape_material;
    const struct {
        enum spwf_cause cause;
        const struct tape_file *ca, *cert, *key;
    } cases[] = {
        {SPWF_CAUSE_NONE, NULL, NULL, NULL},
        {SPWF_CAUSE_NONE, NULL, &t->cert, &t->key},
        {SPWF_CAUSE_NONE, &t->ca, &t->cert, NULL},
        {SPWF_CAUSE_CA_FILE, &words, NULL, NULL},
        {SPWF_CAUSE_CA_FILE, &t->key, &t->cert, &t->key},
        {SPWF_CAUSE_CERT_FILE, &t->ca, &words, &t->key},
        {SPWF_CAUSE_CERT_FILE, NULL, &t->key, &t->key},
        {SPWF_CAUSE_KEY_FILE, &t->ca, &t->cert, &words},
        {SPWF_CAUSE_KEY_FILE, &t->ca, &t->cert, &t->cert},
        {SPWF_CAUSE_KEY_FILE, &t->ca, &t->cert, &t->locked_key},
        {SPWF_CAUSE_PAIR, &t->ca, &t->cert, &t->other_key},
        {SPWF_CAUSE_PAIR, NULL, &t->cert, &t->other_key},
    };
    for (size_t i = 0; i < CHECK_COUNT(cases); i++) {
        struct spwf_tls_setup setup = tape_mutual();
        setup.ca = tape_file(cases[i].ca);
        setup.cert = tape_file(cases[i].cert);
        setup.key = tape_file(cases[i].key);
        check_case(open_with(&setup) == (int)cases[i].cause, "row %zu", i);
    }
}

static void a_file_cut_short_is_no_file(void) {
    for (size_t size = 1; size < tape_material.ca.size - 1;
         size += 13) { /* the last byte only ends a line */
        struct spwf_tls_setup setup = tape_mutual();
        setup.ca.size = size;
        check_case(open_with(&setup) == SPWF_CAUSE_CA_FILE, "%zu bytes of CA", size);
    }
    for (size_t size = 1; size < tape_material.key.size - 1; size += 13) {
        struct spwf_tls_setup setup = tape_mutual();
        setup.key.size = size;
        check_case(open_with(&setup) == SPWF_CAUSE_KEY_FILE, "%zu bytes of key", size);
    }
}

static void the_dates_of_the_ca_need_a_clock(void) {
    const struct {
        uint64_t now;
        bool clock_set, clock_lost;
        enum spwf_cause cause;
    } cases[] = {
        {tape_material.now, true, false, SPWF_CAUSE_NONE},
        {tape_material.now, false, false, SPWF_CAUSE_CLOCK},
        {tape_material.now, false, true, SPWF_CAUSE_CLOCK_LOST},
        {1000000000, true, false, SPWF_CAUSE_CA_NOT_YET_VALID},
        {tape_material.now + 3 * 86400, true, false, SPWF_CAUSE_CA_EXPIRED},
    };
    for (size_t i = 0; i < CHECK_COUNT(cases); i++) {
        struct spwf_tls_setup setup = tape_mutual();
        setup.ca = tape_file(&tape_material.brief_ca);
        setup.now = cases[i].now;
        setup.clock_set = cases[i].clock_set;
        setup.clock_lost = cases[i].clock_lost;
        check_case(open_with(&setup) == (int)cases[i].cause, "row %zu", i);
    }
}

static void half_a_pair_is_noted_and_not_used(void) {
    struct spwf_tls_setup setup = tape_mutual();
    setup.key = tape_file(NULL);
    setup.domain = NULL;
    open_with(&setup);
    check_equal(tape_world.module.outcome.mode, SPWF_ONE_WAY);
    check_equal(tape_world.module.outcome.notes,
                SPWF_NOTE_CERT_WITHOUT_KEY | SPWF_NOTE_NAME_UNCHECKED);
    setup = tape_mutual();
    setup.cert = tape_file(NULL);
    open_with(&setup);
    check_equal(tape_world.module.outcome.notes, SPWF_NOTE_KEY_WITHOUT_CERT);
}

static const struct check_test tests[] = {
    {"the recorded session is mutual", the_recorded_session_is_mutual},
    {"a seeded client repeats its bytes", a_seeded_client_repeats_its_bytes},
    {"single bytes make no difference", single_bytes_make_no_difference},
    {"a step begins one record at most", a_step_begins_one_record_at_most},
    {"the secrets are told before what they protect",
     the_secrets_are_told_before_what_they_protect},
    {"a handshake that fails tells its secrets once it has some",
     a_handshake_that_fails_tells_its_secrets_once_it_has_some},
    {"what waits outlives the server's end", what_waits_outlives_the_servers_end},
    {"what is not TLS is told at once", what_is_not_tls_is_told_at_once},
    {"a pair outside Table 2 is the cause of what follows",
     a_pair_outside_table_2_is_the_cause_of_what_follows},
    {"a server's alert names the cause", a_servers_alert_names_the_cause},
    {"noise in records never connects", noise_in_records_never_connects},
    {"files that cannot be used have causes of their own",
     files_that_cannot_be_used_have_causes_of_their_own},
    {"a file cut short is no file", a_file_cut_short_is_no_file},
    {"the dates of the CA need a clock", the_dates_of_the_ca_need_a_clock},
    {"half a pair is noted and not used", half_a_pair_is_noted_and_not_used},
};

int main(int argc, char **argv) {
    recorded = tape_record_mutual();
    first = tape_world.module.outcome;
    int failed = check_main(tests, CHECK_COUNT(tests), argc, argv);
    tape_material_remove();
    return failed;
}
