/*
 * routes.c - NAME:PORT of the module's network to HOST:PORT of the host's. Called by resolver.c and
 * net_posix.c. A routed name resolves to an address of 198.18.0.0/15, a block that is kept for
 * measurements [RFC 2544] and so belongs to nobody; each name has one, whatever ports it is routed
 * on.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "world.h"

bool spwf_routes_literal(const char *text, uint8_t ip[4]) {
    return inet_pton(AF_INET, text, ip) == 1;
}

bool spwf_routes_synthetic(const uint8_t ip[4]) {
    return ip[0] == 198 && (ip[1] & 0xFE) == 18;
}

bool spwf_routes_name(const struct routes *r, const char *name, uint8_t ip[4]) {
    for (size_t i = 0; i < r->count; i++) {
        if (strcasecmp(r->list[i].name, name) == 0) {
            memcpy(ip, r->list[i].from.ip, 4);
            return true;
        }
    }
    return false;
}

void spwf_routes_number(struct routes *r) {
    size_t count = r->count;
    for (size_t i = 0; i < count; i++) {
        struct route *route = &r->list[i];
        r->count = i; /* spwf_routes_name() looks among those before this one */
        if (!spwf_routes_literal(route->name, route->from.ip) &&
            !spwf_routes_name(r, route->name, route->from.ip)) {
            size_t n = i + 1;
            memcpy(route->from.ip, (uint8_t[]){198, 18, (uint8_t)(n >> 8), (uint8_t)n}, 4);
        }
    }
    r->count = count;
}

const struct route *spwf_routes_find(const struct routes *r, const struct spwf_addr *to) {
    for (size_t i = 0; i < r->count; i++) {
        const struct spwf_addr *from = &r->list[i].from;
        if (from->port == to->port && memcmp(from->ip, to->ip, 4) == 0) {
            return &r->list[i];
        }
    }
    return NULL;
}
