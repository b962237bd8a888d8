/*
 * points.c - points.h. Called by air.c and by the firmware's port; calls nobody. What an access
 * point says is fixed, so that transcripts repeat.
 *
 * A wrong passphrase shows as on the air: the 4-way handshake times out (IEEE 802.11 reason 15).
 * Where privacy itself differs the access point refuses the request's security element (reason 13).
 */
#include "points.h"

#include <string.h>

enum { REASON_INVALID_ELEMENT = 13, REASON_HANDSHAKE_TIMEOUT = 15 };
enum { PRIVACY_NONE = 0, PRIVACY_WPA = 2 }; /* wifi_priv_mode [at-ref 6] */

static const struct spwf_link_info signal = {
    .state = SPWF_LINK_JOINED,
    .channel = 6,
    .rssi = -45,
    .bssid = {0x02, 0x53, 0x50, 0x57, 0x46, 0x01},
};

static const struct access_point *find(const struct access_point *points, size_t count,
                                       const char *ssid) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(points[i].ssid, ssid) == 0) {
            return &points[i];
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

void spwf_points_answer(const struct access_point *points, size_t count,
                        const struct spwf_link_request *request, struct spwf_link_info *out) {
    const struct access_point *point = find(points, count, request->ssid);
    if (point == NULL && count > 0) {
        *out = (struct spwf_link_info){.state = SPWF_LINK_ABSENT};
        return;
    }
    *out = signal;
    if (point != NULL) {
        out->bssid[5] = (uint8_t)(point - points + 1);
        out->reason = refusal(point, request);
    }
    if (out->reason != 0) {
        out->state = SPWF_LINK_REFUSED;
    }
}
