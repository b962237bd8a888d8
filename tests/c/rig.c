/* rig.c - see rig.h. */
#include "rig.h"

#include "inner.h"

#define OK "\r\nOK\r\n"
#define UP "+WIND:24:WiFi Up:192.168.1.5\r\n"

enum { PATIENCE = 40, AT_FIRST = 8 }; /* looks until the host gives up; a ms each, at first */
enum { FLASH = 16384 };               /* bytes of the driver's */

struct rig rig;
static struct {
    bool made;
    uint8_t bytes[FLASH], used[FLASH];
} former; /* the flash after a life in another network */
const char *const rig_modes[RIG_MODES] = {"anonymous", "one-way", "mutual"};

/* ------------------------------------------------------------------ the world ----------------- */

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    (void)ctx, (void)id, (void)kind, (void)to;
    rig.open = true;
    rig.wire.at = rig.wire.sent = 0;
    return SPWF_OK;
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    (void)ctx, (void)id;
    *out = (struct spwf_net_info){.phase = SPWF_NET_CLOSED};
    return rig.open ? tape_info(&rig.wire, out) : SPWF_OK;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    (void)ctx, (void)id;
    return rig.open ? tape_send(&rig.wire, data, len) : SPWF_E_RESET;
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    (void)ctx, (void)id;
    return rig.open ? tape_recv(&rig.wire, data, size) : SPWF_E_RESET;
}

static void net_close(void *ctx, int id, bool abort) {
    (void)ctx, (void)id, (void)abort;
    rig.open = false;
}

static int resolve_start(void *ctx, const char *name) {
    (void)ctx;
    return strcmp(name, "server") == 0 ? SPWF_OK : SPWF_E_RESOLVE;
}

static int resolve_result(void *ctx, uint8_t ip[4]) {
    (void)ctx;
    memcpy(ip, (const uint8_t[]){10, 0, 0, 1}, 4);
    return 1;
}

static void resolve_cancel(void *ctx) {
    (void)ctx;
}

static const struct spwf_net_port net = {
    .open = net_open, .info = net_info, .send = net_send, .recv = net_recv, .close = net_close};

static const struct spwf_resolve_port resolve = {
    .start = resolve_start, .result = resolve_result, .cancel = resolve_cancel};

void rig_power_on(enum spwf_mode mode, const struct fault *fault, uint32_t at) {
    struct driver *d = &rig.driver;
    driver_place(d);
    d->fake.port.net = &net;
    d->fake.port.resolve = &resolve;
    faults_wrap(&rig.faults, &d->fake.port, &d->fake);
    faults_set(&rig.faults, fault, at);
    rig.mode = mode;
    rig.open = rig.saved = false;
    if (former.made) {
        fake_flash_load(&d->fake, former.bytes, former.used);
    }
    tape_play(&rig.wire, &rig.tapes[mode]);
    const struct spwf_config config = {.port = &rig.faults.port, .ctx = &rig.faults};
    driver_power_on(d, &config);
}

bool rig_power_off(void) {
    struct fake *f = &rig.driver.fake;
    spwf_deinit(&rig.driver.module);
    bool clean = f->live_blocks == 0 && !f->dirty_release;
    f->live_blocks = 0; /* the caller knows which fault it was, and goes on */
    fake_free(f);
    return clean;
}

/* ------------------------------------------------------------------ one command --------------- */

const char *rig_heard(void) {
    static char text[DRIVER_OUTPUT];
    const char *from = rig.driver.output + rig.asked, *wind;
    char *to = text;
    while ((wind = strstr(from, "\r\n+WIND:")) != NULL && strstr(wind + 2, "\r\n") != NULL) {
        memcpy(to, from, (size_t)(wind - from));
        to += wind - from;
        from = strstr(wind + 2, "\r\n") + 2;
    }
    strcpy(to, from);
    return text;
}

static bool indicated(const char *wind) {
    return strstr(rig.driver.output + rig.asked, wind) != NULL;
}

static bool is_error(const char *reply) {
    static const char begin[] = "\r\nERROR: ";
    const char *end = strstr(reply + 2 * (reply[0] != '\0'), "\r\n");
    return strncmp(reply, begin, strlen(begin)) == 0 && end != NULL && end[2] == '\0';
}

static bool is_reply(const char *heard) {
    size_t len = strlen(heard), ok = strlen(OK);
    return is_error(heard) || (len >= ok && strcmp(heard + len - ok, OK) == 0);
}

/* For the network at first, then for as long as the module itself would wait. */
static void wait_a_little(int look) {
    struct spwf_wait wait = spwf_wait(&rig.driver.module);
    tape_wait(&rig.wire);
    bool long_time = rig.wire.live < 0 && look > AT_FIRST && wait.world_ms != SPWF_NEVER;
    rig.driver.fake.millis += long_time ? wait.world_ms : 1;
    driver_run(&rig.driver);
}

static void send(const char *line, const struct tape_file *body) {
    struct driver *d = &rig.driver;
    driver_forget(d);
    driver_run(d); /* what was to be indicated is, before the A */
    rig.asked = d->length;
    driver_send(d, line, strlen(line));
    driver_send(d, "\r", 1);
    if (body != NULL) {
        driver_send(d, body->bytes, body->size);
    }
}

bool rig_ask(const char *line, const char *reply) {
    send(line, NULL);
    for (int look = 0; look < PATIENCE && !is_reply(rig_heard()); look++) {
        wait_a_little(look);
    }
    return strcmp(rig_heard(), reply) == 0;
}

bool rig_reset(void) {
    send("AT+CFUN=1", NULL);
    tape_play(&rig.wire, &rig.tapes[rig.mode]); /* the end of the last session is not on it */
    return indicated("+WIND:0:Console active\r\n") && indicated("+WIND:32:") &&
           (!rig.saved || indicated(UP));
}

/* ------------------------------------------------------------------ what is so ---------------- */

static const struct tape_file ping = {"ping\n", 5}, domain = {"server domain", 13},
                              former_domain = {"elsewhere", 9};

static const struct {
    enum spwf_record record;
    const struct tape_file *former, *now;
} files[] = {
    {SPWF_RECORD_CA, &tape_material.brief_ca, &tape_material.ca},
    {SPWF_RECORD_CERT, &tape_material.ca, &tape_material.cert},
    {SPWF_RECORD_KEY, &tape_material.other_key, &tape_material.key},
    {SPWF_RECORD_DOMAIN, &former_domain, &domain},
};

enum { FILES = sizeof files / sizeof *files };

static bool is(const struct tape_file *file, const uint8_t *data, int size) {
    return size == (int)file->size && memcmp(data, file->bytes, file->size) == 0;
}

/* The flash as whoever is powered on next will find it: the first `now` files are the new ones; the
 * others are none, or where it `may` be anything whole. The flash itself stays as it is. */
static bool flash_holds(int now, bool may) {
    static struct spwf reader;
    static uint8_t data[TAPE_FILE], bytes[FLASH], used[FLASH];
    struct fake *f = &rig.driver.fake;
    bool all = true;
    fake_flash_save(f, bytes, used);
    memset(&reader, 0, sizeof reader);
    reader.config = fake_config(f);
    (void)spwf_store_mount(&reader);
    for (int i = 0; i < FILES; i++) {
        int size = spwf_store_read(&reader, files[i].record, data, sizeof data);
        bool none = size == SPWF_E_ABSENT, new = is(files[i].now, data, size);
        bool whole = none || new || is(files[i].former, data, size);
        all = all && (may ? whole : i < now ? new : none);
    }
    fake_flash_load(f, bytes, used);
    return all;
}

bool rig_flash_is_whole(void) {
    return flash_holds(0, true);
}

static bool cleaned(void) {
    return flash_holds(0, false);
}

static bool has_ca(void) {
    return flash_holds(1, false);
}

static bool has_cert(void) {
    return flash_holds(2, false);
}

static bool has_key(void) {
    return flash_holds(3, false);
}

static bool has_domain(void) {
    return flash_holds(4, false);
}

static bool saved(void) {
    return rig.saved = true; /* rig_reset() finds out */
}

static bool joined(void) {
    return !indicated(UP) || (strcmp(rig.driver.request.ssid, "lab") == 0 &&
                              strcmp(rig.driver.request.passphrase, "passphrase") == 0);
}

static bool connected(void) {
    const struct spwf_outcome *o = spwf_outcome(&rig.driver.module);
    return o->connected && o->mode == rig.mode && !rig.wire.differs;
}

/* All that the server had before it answered. */
static bool written(void) {
    const struct tape *tape = rig.wire.tape;
    return rig.wire.live >= 0 || rig.wire.sent >= tape->turns[tape->count - 1].sent;
}

/* ------------------------------------------------------------------ the script ---------------- */

enum { IN_FLASH = 1 << SPWF_MUTUAL, IN_RAM = 1 << SPWF_ONE_WAY, ALL = IN_FLASH | IN_RAM | 1 };

struct step {
    uint8_t modes;                /* bits 1 << mode */
    const char *line;             /* %llu: the size of the body, or the time */
    const struct tape_file *body; /* NULL: none */
    const char *reply;            /* "": none */
    const char *wind;             /* which is indicated then; NULL: nothing need be */
    bool (*is_so)(void);          /* whether the module may reply so; NULL: it may */
};

static const struct step preparation[] = {
    {ALL, "AT+S.SCFG=wifi_wpa_psk_text,passphrase", NULL, OK, NULL, NULL},
    {ALL, "AT+S.SSIDTXT=lab", NULL, OK, NULL, NULL},
    {ALL, "AT+S.TLSCERT2=clean,all", NULL, OK, NULL, cleaned},
    {IN_FLASH, "AT+S.TLSCERT=f_ca,%llu", &tape_material.ca, OK, NULL, has_ca},
    {IN_FLASH, "AT+S.TLSCERT=f_cert,%llu", &tape_material.cert, OK, NULL, has_cert},
    {IN_FLASH, "AT+S.TLSCERT=f_key,%llu", &tape_material.key, OK, NULL, has_key},
    {IN_FLASH, "AT+S.TLSDOMAIN=f_domain,server domain", NULL, OK, NULL, has_domain},
    {ALL, "AT&W", NULL, OK, NULL, saved},
    {ALL, "AT+CFUN=1", NULL, "", UP, joined},
    {ALL, "AT+S.SETTIME=%llu", NULL, OK, NULL, NULL},
    {IN_RAM, "AT+S.TLSCERT=ca,%llu", &tape_material.ca, OK, NULL, NULL},
    {IN_RAM, "AT+S.TLSDOMAIN=domain,server domain", NULL, OK, NULL, NULL},
};

static const struct step session[] = {
    {ALL, "AT+S.SOCKON=server,4433,s,ind", NULL, "\r\n ID: 00\r\n" OK, NULL, connected},
    {ALL, "AT+S.SOCKW=00,%llu", &ping, OK, "+WIND:55:Pending Data:0:ENC\r\n", written},
    {ALL, "AT+S.SOCKQ=00", NULL, "\r\n DATALEN: 5\r\n" OK, NULL, NULL},
    {ALL, "AT+S.SOCKR=00,5", NULL, "gnip\n" OK, NULL, NULL},
    {ALL, "AT+S.SOCKC=00", NULL, OK, NULL, NULL},
};

/* Flash that cannot be read is told by a module that shows no more than its factory settings. */
static bool forgot(void) {
    return rig_ask("AT+S.GCFG=wifi_wpa_psk_text", "\r\n#  wifi_wpa_psk_text = \r\n" OK);
}

/* How things stand when the right reply did not come. */
static enum rig_verdict failure(const struct step *step) {
    const char *reply = rig_heard();
    if (is_error(reply)) {
        bool contradicts = step == session && spwf_outcome(&rig.driver.module)->connected;
        return contradicts ? RIG_FALSE : RIG_REFUSED;
    }
    if (is_reply(reply) && strcmp(reply, step->reply) != 0) {
        return RIG_FALSE;
    }
    bool told = indicated("+WIND:58:") || (step->is_so == joined && forgot());
    return told ? RIG_REFUSED : RIG_SILENT;
}

static enum rig_verdict take(const struct step *step) {
    char line[64];
    unsigned long long number = step->body != NULL ? step->body->size : tape_material.now;
    snprintf(line, sizeof line, step->line, number);
    rig.step = step->line;
    rig.driver.fake.random = 1; /* entropy repeats from here */
    send(line, step->body);
    for (int look = 0; look < PATIENCE; look++) {
        bool right = strcmp(rig_heard(), step->reply) == 0;
        if (right && step->is_so != NULL && !step->is_so()) {
            return RIG_FALSE;
        }
        if (right && (step->wind == NULL || indicated(step->wind))) {
            return RIG_PASSED;
        }
        if (indicated("+WIND:58:") || (!right && is_reply(rig_heard()))) {
            break;
        }
        wait_a_little(look);
    }
    return failure(step);
}

static enum rig_verdict run(const struct step *steps, size_t count) {
    enum rig_verdict verdict = RIG_PASSED;
    for (size_t i = 0; i < count && verdict == RIG_PASSED; i++) {
        if ((steps[i].modes & 1 << rig.mode) != 0) {
            verdict = take(&steps[i]);
        }
    }
    return verdict;
}

enum rig_verdict rig_prepare(void) {
    return run(preparation, CHECK_COUNT(preparation));
}

enum rig_verdict rig_session(void) {
    return run(session, CHECK_COUNT(session));
}

enum rig_verdict rig_script(void) {
    enum rig_verdict verdict = rig_prepare();
    return verdict == RIG_PASSED ? rig_session() : verdict;
}

/* ------------------------------------------------------------------ the tapes ----------------- */

static bool make_former_life(void) {
    static const struct step steps[] = {
        {ALL, "AT+S.SCFG=wifi_wpa_psk_text,another one", NULL, OK, NULL, NULL},
        {ALL, "AT+S.SSIDTXT=home", NULL, OK, NULL, NULL},
        {ALL, "AT+S.TLSCERT=f_ca,%llu", &tape_material.brief_ca, OK, NULL, NULL},
        {ALL, "AT+S.TLSCERT=f_cert,%llu", &tape_material.ca, OK, NULL, NULL},
        {ALL, "AT+S.TLSCERT=f_key,%llu", &tape_material.other_key, OK, NULL, NULL},
        {ALL, "AT+S.TLSDOMAIN=f_domain,elsewhere", NULL, OK, NULL, NULL},
        {ALL, "AT&W", NULL, OK, NULL, NULL},
        {ALL, "AT+CFUN=1", NULL, "", UP, NULL},
    };
    rig_power_on(SPWF_ANONYMOUS, NULL, 0);
    former.made = run(steps, CHECK_COUNT(steps)) == RIG_PASSED;
    fake_flash_save(&rig.driver.fake, former.bytes, former.used);
    return rig_power_off() && former.made;
}

static bool record(enum spwf_mode mode) {
    struct tape_server server;
    rig_power_on(mode, NULL, 0);
    bool passed = tape_server_start(&server, mode == SPWF_MUTUAL);
    if (passed) {
        tape_record(&rig.wire, &rig.tapes[mode], server.connection);
        passed = rig_script() == RIG_PASSED;
    }
    tape_server_stop(&server);
    return rig_power_off() && passed;
}

bool rig_record(void) {
    bool passed = tape_material_make() && make_former_life();
    for (int mode = 0; mode < RIG_MODES && passed; mode++) {
        passed = record((enum spwf_mode)mode);
    }
    tape_material_remove();
    return passed;
}
