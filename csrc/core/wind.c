/*
 * wind.c - the sink of indications: +WIND:n:text [at-ref 5]. Services post numbers; this file alone
 * knows the texts, the masks wind_off_*, and what may be dropped when a command holds them back.
 * Called by module.c (drain) and by every service that posts; writes through reply.c.
 *
 * When the queue is full the oldest entry that stands again later in it goes first; 24, 33 and 58 are
 * never dropped: who posts those asks spwf_wind_has_room() before and comes back otherwise.
 */
#include "inner.h"

enum { RESERVE = 8 }; /* entries kept for what must not be dropped */

enum shape { PLAIN, BUILD, NUMBER, ADDRESS, STATION, NETWORK, PENDING };

static const struct {
    uint8_t number;
    uint8_t shape; /* enum shape: what follows the text */
    const char *text;
} indications[] = {
    {0, PLAIN, "Console active"},
    {1, BUILD, "Poweron ("},
    {2, PLAIN, "RESET"},
    {3, PLAIN, "Watchdog Running"},
    {8, PLAIN, "Hard Fault"},
    {13, PLAIN,
     "ST SPWF01SA1 IWM: Copyright (c) 2012-2014 STMicroelectronics, Inc. All rights Reserved."},
    {19, STATION, "WiFi Join:"},
    {21, PLAIN, "WiFi Scanning"},
    {24, ADDRESS, "WiFi Up:"},
    {25, NETWORK, "WiFi Association with '"},
    {32, PLAIN, "WiFi Hardware Started"},
    {33, PLAIN, "WiFi Network Lost"},
    {35, PLAIN, "Scan Complete:0x0"},
    {40, NUMBER, "WiFi Deauthentication: "},
    {46, PLAIN, "WPA: Crunching PSK..."},
    {51, PLAIN, "WPA Handshake Complete"},
    {55, PENDING, "Pending Data:"},
    {58, NUMBER, "Socket Closed:"},
};

static bool masked(const struct spwf *m, unsigned number) {
    const uint32_t masks[] = {m->settings.wind_off_low, m->settings.wind_off_medium,
                              m->settings.wind_off_high};
    return number < 96 && (masks[number / 32] >> (number % 32) & 1u) != 0;
}

static bool must_stay(unsigned number) {
    return number == 24 || number == 33 || number == 58;
}

static bool stands_again(const struct spwf_wind *wind, int i) {
    for (int k = i + 1; k < wind->used; k++) {
        if (wind->queue[k].number == wind->queue[i].number &&
            wind->queue[k].id == wind->queue[i].id) {
            return true;
        }
    }
    return false;
}

static void take_out(struct spwf_wind *wind, int i) {
    wind->used--;
    memmove(&wind->queue[i], &wind->queue[i + 1], (size_t)(wind->used - i) * sizeof wind->queue[0]);
}

/* Frees a place for a lesser indication; false where only ones that must stay are left. */
static bool make_room(struct spwf_wind *wind) {
    for (int repeats = 1; repeats >= 0; repeats--) {
        for (int i = 0; i < wind->used; i++) {
            if (!must_stay(wind->queue[i].number) && (!repeats || stands_again(wind, i))) {
                take_out(wind, i);
                return true;
            }
        }
    }
    return false;
}

bool spwf_wind_has_room(const struct spwf *m) {
    return m->wind.used < SPWF_WINDS;
}

void spwf_wind_post_value(struct spwf *m, int number, int id, uint32_t value) {
    struct spwf_wind *wind = &m->wind;
    int limit = must_stay((unsigned)number) ? SPWF_WINDS : SPWF_WINDS - RESERVE;
    if (wind->used >= limit && !make_room(wind)) {
        return;
    }
    wind->queue[wind->used++] =
        (struct spwf_wind_entry){.number = (uint8_t)number, .id = (uint8_t)id, .value = value};
}

void spwf_wind_post(struct spwf *m, int number) {
    spwf_wind_post_value(m, number, 0, 0);
}

static void write_detail(struct spwf *m, enum shape shape, const struct spwf_wind_entry *e) {
    switch (shape) {
    case PLAIN:
        break;
    case BUILD:
        spwf_reply_text(m, SPWF_BUILD ")");
        break;
    case NUMBER:
        spwf_reply_decimal(m, e->value, 1);
        break;
    case ADDRESS: /* no space before it [at-ref 1.16] */
        spwf_reply_ip(m, m->wifi.link.ip);
        break;
    case STATION:
        spwf_reply_octets(m, m->wifi.link.bssid, sizeof m->wifi.link.bssid);
        break;
    case NETWORK:
        spwf_reply_text(m, m->wifi.request.ssid);
        spwf_reply_text(m, "' successful");
        break;
    case PENDING: /* value 0: a secure socket, whose length is not known yet [note 3.3] */
        spwf_reply_decimal(m, e->id, 1);
        spwf_reply_text(m, ":");
        if (e->value == 0) {
            spwf_reply_text(m, "ENC");
        } else {
            spwf_reply_decimal(m, e->value, 1);
        }
        break;
    }
}

bool spwf_wind_drain(struct spwf *m) {
    enum { LONGEST = 128 };
    if (m->wind.used == 0 || spwf_reply_room(m) < LONGEST) {
        return false;
    }
    struct spwf_wind_entry entry = m->wind.queue[0];
    take_out(&m->wind, 0);
    if (masked(m, entry.number)) {
        return true;
    }
    for (size_t i = 0; i < sizeof indications / sizeof indications[0]; i++) {
        if (indications[i].number == entry.number) {
            spwf_reply_text(m, "\r\n+WIND:");
            spwf_reply_decimal(m, entry.number, 1);
            spwf_reply_text(m, ":");
            spwf_reply_text(m, indications[i].text);
            write_detail(m, (enum shape)indications[i].shape, &entry);
            spwf_reply_text(m, "\r\n");
        }
    }
    return true;
}
