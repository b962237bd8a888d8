/*
 * wifi.c - joining and losing the access point, told as the module tells it [at-ref 8]. The port's
 * link group does the work and says how far it is; this file follows with one indication per step.
 * Called by module.c (load, start, poll), status.c and opening.c; posts to wind.c, asks the port.
 *
 *     21 scanning - 35 scan complete - 19 joined - 25 associated - [51 WPA] - 24 up
 *     refused: 21 35 19 25 40, three times; lost: 33, and from the start again.
 */
#include "inner.h"

enum { STEP_MS = 20, AGAIN_MS = 1000, REFUSALS = 3 };
enum { STATION_MODE = 1, WPA = 2 }; /* wifi_mode, wifi_priv_mode */

/* What must have been reached before a step can be told. */
enum reach { NOWHERE, STARTED, SCANNED, ASSOCIATED, KEYED, ADDRESSED };

static const struct {
    uint8_t wind, needs;
    bool wpa_only;
} steps[] = {
    {21, STARTED, false},    {35, SCANNED, false}, {19, ASSOCIATED, false},
    {25, ASSOCIATED, false}, {51, KEYED, true},    {24, ADDRESSED, false},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

static enum reach reached(uint8_t state) {
    switch ((enum spwf_link_state)state) {
    case SPWF_LINK_SEARCHING:
    case SPWF_LINK_LOST:
        return STARTED;
    case SPWF_LINK_ABSENT:
        return SCANNED;
    case SPWF_LINK_REFUSED:
        return ASSOCIATED;
    case SPWF_LINK_JOINED:
        return KEYED;
    case SPWF_LINK_UP:
        return ADDRESSED;
    case SPWF_LINK_IDLE:
        break;
    }
    return NOWHERE;
}

void spwf_wifi_load(struct spwf *m) {
    const struct spwf_settings *s = &m->settings;
    struct spwf_link_request *request = &m->wifi.request;
    if (s->wifi_mode != STATION_MODE) {
        return;
    }
    request->privacy = (uint8_t)s->wifi_priv_mode;
    request->dhcp = s->ip_use_dhcp != 0;
    memcpy(request->ssid, s->wifi_ssid, s->wifi_ssid_len);
    memcpy(request->passphrase, s->wifi_wpa_psk_text, sizeof request->passphrase);
    memcpy(request->ip, s->ip_ipaddr, sizeof request->ip);
    memcpy(request->mask, s->ip_netmask, sizeof request->mask);
    memcpy(request->gw, s->ip_gw, sizeof request->gw);
    memcpy(request->dns, s->ip_dns, sizeof request->dns);
}

static bool join(struct spwf *m) {
    return m->config.port->link->join(m->config.ctx, &m->wifi.request) == SPWF_OK;
}

void spwf_wifi_start(struct spwf *m) {
    m->wifi.shown = 0;
    m->wifi.next_at = spwf_module_now(m) + STEP_MS;
    m->wifi.running = m->wifi.request.ssid[0] != '\0' && m->config.port->link != NULL;
    m->wifi.asked = m->wifi.running && join(m);
}

void spwf_wifi_stop(struct spwf *m) {
    if (m->wifi.asked) {
        m->config.port->link->leave(m->config.ctx);
    }
    spwf_wipe(&m->wifi, sizeof m->wifi);
}

static void lose(struct spwf *m) {
    spwf_wind_post(m, 33);
    m->wifi.up = false;
    m->wifi.shown = 0;
}

/* The passphrase was wrong: tells, and tries again as often as the module does. */
static void refuse(struct spwf *m) {
    const struct spwf_link_port *link = m->config.port->link;
    spwf_wind_post_value(m, 40, 0, m->wifi.link.reason);
    link->leave(m->config.ctx);
    m->wifi.refusals++;
    m->wifi.shown = 0;
    m->wifi.running = m->wifi.refusals < REFUSALS;
    m->wifi.asked = m->wifi.running && join(m);
}

/* The next step that concerns this network; STEPS where all was told. */
static int next_step(const struct spwf *m) {
    int i = m->wifi.shown;
    while (i < STEPS && steps[i].wpa_only && m->wifi.request.privacy != WPA) {
        i++;
    }
    return i;
}

static bool step_is_due(const struct spwf *m) {
    int i = next_step(m);
    uint8_t state = m->wifi.link.state;
    return (i < STEPS && steps[i].needs <= reached(state)) || state == SPWF_LINK_REFUSED ||
           (m->wifi.up && state != SPWF_LINK_UP);
}

/* A port that had no room for the request may have some later; no indication tells of it. */
static bool ask_again(struct spwf *m) {
    if (spwf_module_now(m) < m->wifi.next_at) {
        return false;
    }
    m->wifi.asked = join(m);
    m->wifi.next_at = spwf_module_now(m) + (m->wifi.asked ? 0 : AGAIN_MS);
    return m->wifi.asked;
}

bool spwf_wifi_poll(struct spwf *m) {
    if (!m->wifi.asked) {
        return m->wifi.running && ask_again(m);
    }
    if (!spwf_wind_has_room(m) ||
        m->config.port->link->info(m->config.ctx, &m->wifi.link) != SPWF_OK) {
        return false;
    }
    if (!step_is_due(m) || spwf_module_now(m) < m->wifi.next_at) {
        return false;
    }
    int i = next_step(m);
    if (m->wifi.up && m->wifi.link.state != SPWF_LINK_UP) {
        lose(m);
    } else if (i < STEPS && steps[i].needs <= reached(m->wifi.link.state)) {
        spwf_wind_post(m, steps[i].wind);
        m->wifi.shown = (uint8_t)(i + 1);
        m->wifi.up = m->wifi.shown == STEPS;
        m->wifi.refusals = m->wifi.up ? 0 : m->wifi.refusals;
    } else {
        refuse(m);
    }
    m->wifi.next_at = spwf_module_now(m) + STEP_MS;
    return true;
}

bool spwf_wifi_up(const struct spwf *m) {
    return m->wifi.up;
}

uint64_t spwf_wifi_pace(const struct spwf *m) {
    return m->wifi.asked && spwf_wind_has_room(m) && step_is_due(m) ? m->wifi.next_at : UINT64_MAX;
}

uint64_t spwf_wifi_deadline(const struct spwf *m) {
    return m->wifi.running && !m->wifi.asked ? m->wifi.next_at : UINT64_MAX;
}

int spwf_wifi_state(const struct spwf *m) {
    enum { IDLE = 3, SCANNING = 4, JOINING = 6, ASSOCIATED_UP = 10, NETWORK_LOST = 14 };
    if (m->wifi.up) {
        return ASSOCIATED_UP;
    }
    if (!m->wifi.running) {
        return IDLE;
    }
    if (m->wifi.link.state == SPWF_LINK_LOST) {
        return NETWORK_LOST;
    }
    return m->wifi.shown < 2 ? SCANNING : JOINING;
}
