/*
 * test_policy.c - tls_policy.c: modes, Table 2, versions and names, without any TLS.
 */
#include "check.h"
#include "inner.h"

static void mode_follows_from_what_is_loaded(void) {
    check_equal(spwf_tls_policy_mode(false, false, false), SPWF_ANONYMOUS);
    check_equal(spwf_tls_policy_mode(false, true, true), SPWF_ANONYMOUS);
    check_equal(spwf_tls_policy_mode(true, false, false), SPWF_ONE_WAY);
    check_equal(spwf_tls_policy_mode(true, true, false), SPWF_ONE_WAY);
    check_equal(spwf_tls_policy_mode(true, false, true), SPWF_ONE_WAY);
    check_equal(spwf_tls_policy_mode(true, true, true), SPWF_MUTUAL);
}

/* The codes as the note prints them, row by row. */
static void table_2_is_complete_and_in_order(void) {
    static const uint16_t codes[27] = {
        0xC027, 0xC023, 0xC029, 0xC025, 0xC00A, 0xC005, 0xC009, 0xC004, 0xC007,
        0xC002, 0xC008, 0xC003, 0xC014, 0xC00F, 0xC013, 0xC00E, 0xC011, 0xC00C,
        0xC012, 0xC00D, 0x003D, 0x003C, 0x0035, 0x002F, 0x0005, 0x0004, 0x000A,
    };
    for (int i = 0; i < 27; i++) {
        check_equal(spwf_tls_policy_suites[i].code, codes[i]);
    }
}

/* 6 rows of TLS 1.2 alone, 18 from TLS 1.0 on, 3 from SSL 3.0 on, and two downgrades. */
static void pairs_outside_table_2_are_refused(void) {
    int stand = 0, noted = 0;
    for (uint16_t version = SPWF_SSL3; version <= SPWF_TLS1_2; version++) {
        for (uint32_t suite = 0; suite <= UINT16_MAX; suite++) {
            uint32_t notes = 0;
            stand +=
                spwf_tls_policy_verdict(version, (uint16_t)suite, 0, &notes) == SPWF_CAUSE_NONE;
            noted += notes == SPWF_NOTE_OUTSIDE_TABLE_2;
        }
    }
    check_equal(stand, 6 * 1 + 18 * 3 + 3 * 4 + 2);
    check_equal(noted, 2);
}

static void verdict_names_what_is_wrong(void) {
    uint32_t notes = 0;
    check_equal(spwf_tls_policy_verdict(SPWF_TLS1_1, 0x003C, 0, &notes), SPWF_CAUSE_SUITE);
    check_equal(spwf_tls_policy_verdict(SPWF_SSL3, 0xC013, 0, &notes), SPWF_CAUSE_SUITE);
    check_equal(spwf_tls_policy_verdict(SPWF_TLS1_2, 0xC02F, 0, &notes), SPWF_CAUSE_SUITE);
    check_equal(spwf_tls_policy_verdict(SPWF_TLS1, 0x002F, SPWF_TLS1_1, &notes),
                SPWF_CAUSE_VERSION);
    check_equal(spwf_tls_policy_verdict(0x0304, 0x002F, 0, &notes), SPWF_CAUSE_VERSION);
    check_equal(spwf_tls_policy_verdict(0x0200, 0x0004, 0, &notes), SPWF_CAUSE_VERSION);
    check_equal(notes, 0);
    check_equal(spwf_tls_policy_verdict(SPWF_SSL3, 0x0035, 0, &notes), SPWF_CAUSE_NONE);
    check_equal(notes, SPWF_NOTE_OUTSIDE_TABLE_2);
}

static void p256_is_offered_first(void) {
    static const uint16_t groups[5] = {23, 24, 25, 21, 19};
    check(memcmp(spwf_tls_policy_groups, groups, sizeof groups) == 0);
}

/* ------------------------------------------------------------------ names --------------------- */

#define LITERAL(text) text, sizeof(text) - 1

static const struct name_case {
    const char *domain, *presented;
    size_t length;
    bool matches;
} names[] = {
    {"server domain", LITERAL("server domain"), true}, /* the note's own example */
    {"Server Domain", LITERAL("sERVER dOMAIN"), true},
    {"server domain", LITERAL("server domai"), false},
    {"server domain", LITERAL("server domain2"), false},
    {"server domain", LITERAL("server\0domain"), false},
    {"www.example.com", LITERAL("www.example.com\0.evil.org"), false},
    {"www.example.com", LITERAL("www.example.com\0"), false},
    {"www.example.com.", LITERAL("www.example.com"), true},
    {"www.example.com", LITERAL("www.example.com."), false},
    {"", LITERAL(""), false},
    {".", LITERAL(""), false},
    {"a", LITERAL(""), false},
    {"www.example.com", LITERAL("*.example.com"), true},
    {"WWW.example.com.", LITERAL("*.EXAMPLE.com"), true},
    {"a.b.example.com", LITERAL("*.example.com"), false}, /* exactly one label */
    {"example.com", LITERAL("*.example.com"), false},
    {".example.com", LITERAL("*.example.com"), false},
    {"www.example.com", LITERAL("w*.example.com"), false}, /* only as the whole label */
    {"www.example.com", LITERAL("*w.example.com"), false},
    {"www.example.com", LITERAL("www.*.com"), false},
    {"www.example.com", LITERAL("*.*.com"), false},
    {"www.example.com", LITERAL("*"), false},
    {"localhost", LITERAL("*"), false},
    {"localhost", LITERAL("*."), false},
    {"www.", LITERAL("*."), false},
    {"127.0.0.1", LITERAL("127.0.0.1"), false}, /* an address is no DNS name */
    {"127001", LITERAL("127001"), true},
    {"127.0.0.1", LITERAL("*.0.0.1"), false}, /* never for an address */
    {"127.0.0.1", LITERAL("127.0.0.10"), false},
};

static void names_match_as_rfc_6125_says(void) {
    for (size_t i = 0; i < CHECK_COUNT(names); i++) {
        const struct name_case *c = &names[i];
        char presented[64];
        memcpy(presented, c->presented, c->length); /* without a NUL behind it */
        memset(presented + c->length, 'x', sizeof presented - c->length);
        check_case(spwf_tls_policy_name_matches(c->domain, presented, c->length) == c->matches,
                   "the domain is \"%s\", the name \"%s\"", c->domain, c->presented);
    }
}

static void constraints_end_at_labels(void) {
    static const struct name_case bases[] = {
        {"www.example.com", LITERAL("example.com"), true},
        {"www.example.com.", LITERAL("EXAMPLE.com"), true},
        {"www.example.com", LITERAL("www.example.com"), true},
        {"www.example.com", LITERAL(""), true},
        {"www.example.com", LITERAL(".example.com"), true},
        {"example.com", LITERAL(".example.com"), false},
        {"www.example.com", LITERAL("ample.com"), false},
        {"example.com", LITERAL("www.example.com"), false},
        {"www.example.com", LITERAL("example.org"), false},
    };
    for (size_t i = 0; i < CHECK_COUNT(bases); i++) {
        const struct name_case *c = &bases[i];
        check_case(spwf_tls_policy_is_within(c->domain, c->presented, c->length) == c->matches,
                   "the domain is \"%s\", the constraint \"%s\"", c->domain, c->presented);
    }
}

static void addresses_are_told_from_names(void) {
    check(spwf_tls_policy_is_ip("192.168.0.50"));
    check(spwf_tls_policy_is_ip("::1"));
    check(!spwf_tls_policy_is_ip("my.st.com"));
    check(!spwf_tls_policy_is_ip("3com"));
    check(!spwf_tls_policy_is_ip("12345"));
    check(!spwf_tls_policy_is_ip("server domain"));
}

static const struct check_test tests[] = {
    {"the mode follows from what is loaded", mode_follows_from_what_is_loaded},
    {"Table 2 is complete and in order", table_2_is_complete_and_in_order},
    {"pairs outside Table 2 are refused", pairs_outside_table_2_are_refused},
    {"the verdict names what is wrong", verdict_names_what_is_wrong},
    {"P-256 is offered first", p256_is_offered_first},
    {"names match as RFC 6125 says", names_match_as_rfc_6125_says},
    {"constraints end at labels", constraints_end_at_labels},
    {"addresses are told from names", addresses_are_told_from_names},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
