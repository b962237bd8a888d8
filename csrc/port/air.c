/*
 * air.c - the access points in reach of one module. Called by the core through the port, and by
 * host.c (the caller lets them vanish). A join ends at once: what it takes on the air is paced by
 * the core, which can be skipped. What an access point says is fixed, so that transcripts repeat.
 *
 * A wrong passphrase shows as on the air: the 4-way handshake times out (IEEE 802.11 reason 15).
 * Where privacy itself differs the access point refuses the request's security element (reason 13).
 */
#include <string.h>

#include "world.h"

enum { REASON_INVALID_ELEMENT = 13, REASON_HANDSHAKE_TIMEOUT = 15 };
enum { PRIVACY_NONE = 0, PRIVACY_WPA = 2 }; /* wifi_priv_mode [at-ref 6] */

static const struct spwf_link_info signal = {
    .channel = 6,
    .rssi = -45,
    .bssid = {0x02, 0x53, 0x50, 0x57, 0x46, 0x01},
    .ip = {192, 168, 0, 50},
    .mask = {255, 255, 255, 0},
    .gw = {192, 168, 0, 1},
    .dns = {192, 168, 0, 1},
};

static const struct access_point *find(const struct air *air, const char *ssid) {
    for (size_t i = 0; i < air->count; i++) {
        if (strcmp(air->points[i].ssid, ssid) == 0) {
            return &air->points[i];
        }
    }
    return NULL;
}

/* 0, or the reason code of the refusal. */
static uint8_t refusal(const struct access_point *point, const struct spwf_link_request *request) {
    bool secure = point->passphrase[0] != '\0';
    if (request->privacy != (secure ? PRIVACY_WPA : PRIVACY_NONE)) {
        return REASON_INVALID_ELEMENT;
    }
    if (secure && strcmp(point->passphrase, request->passphrase) != 0) {
        return REASON_HANDSHAKE_TIMEOUT;
    }
    return 0;
}

static int link_join(void *ctx, const struct spwf_link_request *request) {
    struct air *air = &((struct world *)ctx)->air;
    air->request = *request;
    air->joining = true;
    air->was_up = false;
    return SPWF_OK;
}

static void link_leave(void *ctx) {
    struct air *air = &((struct world *)ctx)->air;
    air->joining = false;
    explicit_bzero(&air->request, sizeof air->request);
}

static int link_info(void *ctx, struct spwf_link_info *out) {
    struct air *air = &((struct world *)ctx)->air;
    *out = (struct spwf_link_info){.state = SPWF_LINK_IDLE};
    if (!air->joining) {
        return SPWF_OK;
    }
    const struct access_point *point = find(air, air->request.ssid);
    if (air->down || (point == NULL && air->count > 0)) {
        out->state = air->was_up ? SPWF_LINK_LOST : SPWF_LINK_ABSENT;
        return SPWF_OK;
    }
    *out = signal;
    if (point != NULL) {
        out->bssid[5] = (uint8_t)(point - air->points + 1);
        out->reason = refusal(point, &air->request);
    }
    if (out->reason != 0) {
        out->state = SPWF_LINK_REFUSED;
        return SPWF_OK;
    }
    if (!air->request.dhcp) {
        memcpy(out->ip, air->request.ip, sizeof out->ip);
        memcpy(out->mask, air->request.mask, sizeof out->mask);
        memcpy(out->gw, air->request.gw, sizeof out->gw);
        memcpy(out->dns, air->request.dns, sizeof out->dns);
    }
    out->state = SPWF_LINK_UP;
    air->was_up = true;
    return SPWF_OK;
}

const struct spwf_link_port spwf_air_port = {
    .join = link_join,
    .leave = link_leave,
    .info = link_info,
};
