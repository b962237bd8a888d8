/*
 * air.c - the access points in reach of one module. Called by the core through the port, and by
 * host.c (the caller lets them vanish). A join ends at once: what it takes on the air is paced by
 * the core, which can be skipped. What the network's addresses are is fixed, so that transcripts
 * repeat.
 */
#include <string.h>

#include "world.h"

static const struct spwf_link_info addresses = {
    .ip = {192, 168, 0, 50},
    .mask = {255, 255, 255, 0},
    .gw = {192, 168, 0, 1},
    .dns = {192, 168, 0, 1},
};

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
    spwf_points_answer(air->points, air->count, &air->request, out);
    if (air->down || out->state == SPWF_LINK_ABSENT) {
        *out = (struct spwf_link_info){.state = air->was_up ? SPWF_LINK_LOST : SPWF_LINK_ABSENT};
        return SPWF_OK;
    }
    if (out->state == SPWF_LINK_REFUSED) {
        return SPWF_OK;
    }
    memcpy(out->ip, addresses.ip, sizeof out->ip);
    memcpy(out->mask, addresses.mask, sizeof out->mask);
    memcpy(out->gw, addresses.gw, sizeof out->gw);
    memcpy(out->dns, addresses.dns, sizeof out->dns);
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
