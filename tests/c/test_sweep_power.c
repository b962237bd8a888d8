/*
 * test_sweep_power.c - the power fails at every operation of the flash while a host provisions a module
 * by AT commands, over the files and settings of a former life; and then again at every operation
 * of the boot and of the command that the host repeats. Each file is the old or the new one, as its
 * command has got, and whole; and then the host can finish. All pairs of operations are cut; of the
 * 25 ways that two cuts can leave the flash, each pair in five that have each way first and second.
 */
#include "driver.h"
#include "inner.h"
#include "sweep.h"

#define OK "\r\nOK\r\n"

enum {
    FLASH = 16384,
    PAGE = FLASH / 2,
    UNIT = 16
}; /* the fewest pages: fewest erases to wait for */
enum { OLD, NEW, LIVES, LARGEST = 240 };

/* What the host says. A body is one letter (see below) so many times; the last command saves a setting. */
static const struct command {
    const char *line[LIVES];
    enum spwf_record record;
    uint8_t size[LIVES], body; /* of the record; whether it follows the line */
} commands[] = {
    {{"AT+S.TLSCERT=f_ca,210\r", "AT+S.TLSCERT=f_ca,200\r"}, SPWF_RECORD_CA, {210, 200}, true},
    {{"AT+S.TLSCERT=f_cert,170\r", "AT+S.TLSCERT=f_cert,180\r"},
     SPWF_RECORD_CERT,
     {170, 180},
     true},
    {{"AT+S.TLSCERT=f_key,96\r", "AT+S.TLSCERT=f_key,100\r"}, SPWF_RECORD_KEY, {96, 100}, true},
    {{"AT+S.TLSDOMAIN=f_domain,dddddddd\r", "AT+S.TLSDOMAIN=f_domain,DDDDDDDDD\r"},
     SPWF_RECORD_DOMAIN,
     {8, 9},
     false},
    {{"AT+S.SCFG=wifi_wpa_psk_text,eeeeeeee\rAT&W\r",
      "AT+S.SCFG=wifi_wpa_psk_text,EEEEEEEE\rAT&W\r"},
     SPWF_RECORD_CONFIG,
     {0, 0},
     false},
};
enum { COMMANDS = sizeof commands / sizeof *commands, THE_KEY = 2 };

static struct driver d;

struct state { /* of the flash without power */
    uint8_t bytes[FLASH], used[FLASH];
};

static uint8_t letter(int i, int life) {
    return (uint8_t)((life == OLD ? 'a' : 'A') + i);
}

static void power_on(const struct state *state, uint32_t cut_at, enum fake_tear tear) {
    if (state != NULL) {
        fake_flash_load(&d.fake, state->bytes, state->used);
    }
    fake_power_on(&d.fake);
    d.fake.flash.cut_at = cut_at;
    d.fake.flash.tear = tear;
    d.length = 0;
    struct spwf_config config = fake_config(&d.fake);
    driver_power_on(&d, &config);
}

static void power_off(void) {
    spwf_deinit(&d.module);
    check(d.fake.live_blocks == 0);
}

/* Whether the module says that it is done. */
static bool give(int i, int life) {
    uint8_t body[LARGEST];
    size_t size = commands[i].body ? commands[i].size[life] : 0;
    memset(body, letter(i, life), size);
    driver_say(&d, commands[i].line[life]);
    driver_send(&d, body, size);
    return strstr(d.output, OK) != NULL && strstr(d.output, "ERROR") == NULL;
}

/* Whether the module, which has booted, has what this command gave it in this life. */
static bool has(int i, int life) {
    uint8_t data[LARGEST];
    if (commands[i].record == SPWF_RECORD_CONFIG) {
        return strcmp(driver_say(&d, "AT+S.GCFG=wifi_wpa_psk_text\r"),
                      life == OLD ? "\r\n#  wifi_wpa_psk_text = eeeeeeee\r\n" OK
                                  : "\r\n#  wifi_wpa_psk_text = EEEEEEEE\r\n" OK) == 0;
    }
    int size = spwf_store_read(&d.module, commands[i].record, data, sizeof data);
    bool same = size == commands[i].size[life];
    for (int k = 0; same && k < size; k++) {
        same = data[k] == letter(i, life);
    }
    return same;
}

/* The commands before number `at` have been done, that one may have been, and no other. */
static bool stands(int at) {
    bool all = true;
    for (int i = 0; i < COMMANDS; i++) {
        all = all && ((i <= at && has(i, NEW)) || (i >= at && has(i, OLD)));
    }
    return all;
}

/* The former key may not linger once the new one counts. */
static bool former_key_is_gone(void) {
    int run = 0;
    for (size_t i = 0; i < FLASH && run < UNIT; i++) {
        run = d.fake.flash.bytes[i] == letter(THE_KEY, OLD) ? run + 1 : 0;
    }
    return run < UNIT;
}

static void save(struct state *state) {
    fake_flash_save(&d.fake, state->bytes, state->used);
}

static void make_former_life(struct state *state) {
    memset(&d, 0, sizeof d);
    fake_init(&d.fake, PAGE, FLASH / PAGE, UNIT);
    power_on(NULL, 0, FAKE_TEAR_NOTHING);
    for (int i = 0; i < COMMANDS; i++) {
        check(give(i, OLD));
    }
    power_off();
    save(state);
}

struct cut {
    int at; /* the command in hand, or 0 in the boot */
    uint32_t first, second;
    enum fake_tear tear, tear_again;
};

/* Boots; then the host repeats the command and goes on, and nothing fails any more. */
static void recovers(const struct cut *cut, bool done) {
    power_on(NULL, 0, FAKE_TEAR_NOTHING);
    bool whole = stands(cut->at) && (!done || has(cut->at, NEW)) &&
                 (!has(THE_KEY, NEW) || former_key_is_gone());
    bool finished = true;
    for (int i = cut->at; i < COMMANDS; i++) {
        finished = finished && give(i, NEW);
    }
    finished = finished && stands(COMMANDS) && former_key_is_gone();
    power_off();
    check_case(whole && finished,
               "whole %d, finished %d; command %d, cut at %u (tear %d), then at %u (tear %d)",
               whole, finished, cut->at, (unsigned)cut->first, (int)cut->tear,
               (unsigned)cut->second, (int)cut->tear_again);
}

/* The power fails again: in the boot, or in the command that is repeated. */
static void recovers_again(struct cut *cut, const struct state *torn) {
    bool dead = true;
    for (cut->second = 1; dead; cut->second++) {
        cut->tear_again = (enum fake_tear)((cut->first + cut->second + cut->tear) % FAKE_TEARS);
        power_on(torn, cut->second, cut->tear_again);
        bool done = give(cut->at, NEW);
        dead = d.fake.flash.dead;
        power_off();
        check_case(done || dead, "command %d is refused after a cut at %u", cut->at,
                   (unsigned)cut->first);
        recovers(cut, done);
        sweep_faults += dead;
    }
}

/* Whether the power failed before the host was through. */
static bool cut_once(const struct state *former, struct cut cut) {
    static struct state torn;
    power_on(former, cut.first, cut.tear);
    while (cut.at < COMMANDS && give(cut.at, NEW)) {
        cut.at++;
    }
    bool dead = d.fake.flash.dead;
    power_off();
    if (!dead) {
        check_equal(cut.at, COMMANDS);
        return false;
    }
    cut.at -= cut.at == COMMANDS;
    save(&torn);
    recovers(&cut, false);
    recovers_again(&cut, &torn);
    sweep_faults++;
    return true;
}

static void power_may_fail_twice_while_a_module_is_provisioned(void) {
    static struct state former;
    make_former_life(&former);
    bool dead = true;
    for (uint32_t n = 1; dead; n++) {
        for (int tear = 0; tear < FAKE_TEARS; tear++) {
            dead = cut_once(&former, (struct cut){.first = n, .tear = (enum fake_tear)tear});
        }
    }
    fake_free(&d.fake);
}

static const struct check_test tests[] = {
    {"power may fail twice while a module is provisioned",
     power_may_fail_twice_while_a_module_is_provisioned},
};

int main(int argc, char **argv) {
    return sweep_main(tests, CHECK_COUNT(tests), argc, argv);
}
