/* Keys and passphrases are wiped: what has passed is nowhere in the module any more [design 8]. */
#include "driver.h"

#define OK "\r\nOK\r\n"
#define MARK "S3cret" /* eleven bytes of a body, left anywhere, hold one */

enum { BODY = 1500 }; /* more than any ring holds */

static struct driver d;
static char body[BODY + 1];

static int marks(const void *where, size_t size) {
    int count = 0;
    const char *at = where, *end = at + size;
    while ((at = memchr(at, MARK[0], (size_t)(end - at))) != NULL) {
        count += (size_t)(end - at) >= strlen(MARK) && memcmp(at, MARK, strlen(MARK)) == 0;
        at++;
    }
    return count;
}

static int in_module(void) {
    return marks(&d.module, sizeof d.module);
}

static int in_flash(void) {
    return marks(d.fake.flash.bytes, d.fake.flash.size);
}

/* With the echo on, so that command lines come back through the output. */
static void power_on(void) {
    for (size_t i = 0; i < BODY; i++) {
        body[i] = MARK[i % strlen(MARK)];
    }
    driver_init(&d);
    driver_say(&d, "AT+S.SCFG=localecho1,1\r");
}

static void power_off(void) {
    spwf_restart(&d.module, SPWF_BOOT_SOFT);
    driver_run(&d);
    check_equal(in_module(), 0);
    check_equal((long long)d.fake.live_blocks, 0);
    check(!d.fake.dirty_release);
    driver_free(&d);
}

static void what_a_command_has_told_is_wiped_after_its_answer(void) {
    static const struct {
        const char *line;
        bool body;
        int kept; /* marks that stay: a setting that is set */
        const char *answer;
    } cases[] = {
        {"AT+S.TLSCERT=f_key,1500\r", true, 0, OK},
        {"AT+S.TLSCERT=key,1500\r", true, 0, OK},
        {"AT+S.TLSCERT=ca,1500\r", true, 0, OK},
        {"AT+S.TLSCERT=f_nothing,1500\r", true, 0, "\r\nERROR: Invalid argument(s)\r\n"},
        {"AT+S.SOCKW=00,1500\r", true, 0, "\r\nERROR: Illegal Socket ID\r\n"},
        {"AT+S.SCFG=wifi_wpa_psk_text," MARK "\r", false, 1, OK},
        {"AT+S.SCFG=wifi_wpa_psk_text," MARK "\rAT+S.GCFG=wifi_wpa_psk_text\r", false, 1, OK},
        {"AT+S.SCFG=wifi_wpa_psk_text," MARK "\rAT&V\r", false, 1, OK},
        {"AT+S.SCFG=wifi_wpa_psk_raw," MARK "\r", false, 0, "\r\nERROR: Invalid argument(s)\r\n"},
        {"AT+S.NOTHING=" MARK "\r", false, 0, "\r\nERROR: Command not found\r\n"},
    };
    for (size_t i = 0; i < CHECK_COUNT(cases); i++) {
        power_on();
        driver_say(&d, cases[i].line);
        driver_send(&d, body, cases[i].body ? BODY : 0);
        size_t size = strlen(cases[i].answer);
        check_case(d.length > size && strcmp(d.output + d.length - size, cases[i].answer) == 0,
                   "%s is answered: %s", cases[i].line, d.output);
        check_case(in_module() == cases[i].kept, "%s: %d marks", cases[i].line, in_module());
        power_off();
    }
}

static void what_a_reset_cuts_short_is_wiped(void) {
    static const char *const lines[] = {"AT+S.TLSCERT=f_key,1500\r", "AT+S.TLSCERT=key,1500\r",
                                        "AT+S.TLSCERT=f_nothing,1500\r", "AT+S.SCFG=user_desc,"};
    for (size_t i = 0; i < CHECK_COUNT(lines); i++) {
        power_on();
        driver_say(&d, lines[i]);
        driver_send(&d, body, BODY / 3);
        check_equal(in_flash(), 0);
        power_off();
    }
}

static void a_key_leaves_the_flash_when_it_is_cleaned_or_another_comes(void) {
    static const char *const ends[] = {"AT+S.TLSCERT2=clean,f_key\r", "AT+S.TLSCERT2=clean,all\r",
                                       "AT+S.TLSCERT=f_key,1\rx",
                                       "AT+CFUN=1\rAT+S.TLSCERT2=clean,f_key\r"};
    for (size_t i = 0; i < CHECK_COUNT(ends); i++) {
        power_on();
        driver_say(&d, "AT+S.TLSCERT=f_ca,2\rabAT+S.TLSCERT=f_key,1500\r");
        driver_send(&d, body, BODY);
        check_equal(in_flash(), BODY / (int)strlen(MARK));
        driver_say(&d, ends[i]);
        check_case(in_flash() == 0, "%s leaves %d marks", ends[i], in_flash());
        check_equal(in_module(), 0);
        power_off();
    }
}

static const struct check_test tests[] = {
    {"what a command has told is wiped after its answer",
     what_a_command_has_told_is_wiped_after_its_answer},
    {"what a reset cuts short is wiped", what_a_reset_cuts_short_is_wiped},
    {"a key leaves the flash when it is cleaned or another comes",
     a_key_leaves_the_flash_when_it_is_cleaned_or_another_comes},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
