/* driver.c - see driver.h. */
#include "driver.h"

enum { POLLS = 100000 }; /* more than any command takes */

static struct driver *owner(void *ctx) {
    return (struct driver *)((char *)ctx - offsetof(struct driver, fake));
}

static int join(void *ctx, const struct spwf_link_request *request) {
    owner(ctx)->request = *request;
    owner(ctx)->air.state = SPWF_LINK_UP;
    return 0;
}

static void leave(void *ctx) {
    owner(ctx)->air.state = SPWF_LINK_IDLE;
}

static int info(void *ctx, struct spwf_link_info *out) {
    *out = owner(ctx)->air;
    return 0;
}

void driver_place(struct driver *d) {
    memset(d, 0, sizeof *d);
    fake_init(&d->fake, 1024, 16, 4);
    d->link = (struct spwf_link_port){.join = join, .leave = leave, .info = info};
    d->fake.port.link = &d->link;
    d->air = (struct spwf_link_info){.rssi = -40,
                                     .channel = 6,
                                     .bssid = {0, 0x11, 0x22, 0x33, 0x44, 0x55},
                                     .ip = {192, 168, 1, 5},
                                     .mask = {255, 255, 255, 0},
                                     .gw = {192, 168, 1, 1},
                                     .dns = {192, 168, 1, 1}};
}

void driver_power_on(struct driver *d, const struct spwf_config *config) {
    check(spwf_init(&d->module, config) == SPWF_OK);
    driver_run(d);
}

void driver_init(struct driver *d) {
    driver_place(d);
    struct spwf_config config = fake_config(&d->fake);
    driver_power_on(d, &config);
}

void driver_free(struct driver *d) {
    spwf_deinit(&d->module);
    fake_free(&d->fake);
}

static bool drain(struct driver *d) {
    size_t len, before = d->length;
    const void *bytes = spwf_output(&d->module, &len);
    while (len > 0) {
        if (d->length + len >= sizeof d->output) {
            abort(); /* a test that expects so much is wrong */
        }
        memcpy(d->output + d->length, bytes, len);
        d->length += len;
        spwf_output_ack(&d->module, len);
        bytes = spwf_output(&d->module, &len);
    }
    d->output[d->length] = '\0';
    return d->length > before;
}

void driver_run(struct driver *d) {
    for (int polls = 0; check_case(polls < POLLS, "it never comes to rest"); polls++) {
        unsigned flags = spwf_poll(&d->module);
        bool drained = drain(d);
        if (flags & SPWF_WANTS_RESET) {
            spwf_restart(&d->module, SPWF_BOOT_SOFT);
        } else if (!(flags & SPWF_BUSY) && !drained) {
            uint32_t pace = spwf_wait(&d->module).pace_ms;
            if (pace == SPWF_NEVER) {
                return;
            }
            d->fake.millis += pace;
        }
    }
}

void driver_forget(struct driver *d) {
    d->length = 0;
    d->output[0] = '\0';
}

void driver_send(struct driver *d, const void *data, size_t len) {
    while (len > 0) {
        size_t n = spwf_input(&d->module, data, len);
        data = (const char *)data + n;
        len -= n;
        driver_run(d);
    }
}

const char *driver_say(struct driver *d, const char *text) {
    driver_forget(d);
    driver_run(d);
    driver_send(d, text, strlen(text));
    return d->output;
}

void driver_join(struct driver *d) {
    driver_say(d, "AT+S.SSIDTXT=lab\rAT+S.SCFG=wifi_wpa_psk_text,passphrase\rAT&W\rAT+CFUN=1\r");
    driver_forget(d);
}
