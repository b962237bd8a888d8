/*
 * resolver.c - the module's DNS. Called by the core through the port: one lookup at a time. Dotted
 * addresses and routed names are answered at once; only other names ask the host's resolver, and on
 * the in-memory network there is none to ask.
 */
#include <errno.h>

#include "world.h"

static void resolve_cancel(void *ctx) {
    struct resolver *r = &((struct world *)ctx)->resolver;
    if (r->lookup != NULL) {
        spwf_lookup_drop(r->lookup);
    }
    *r = (struct resolver){.answer = SPWF_E_STATE};
}

static int resolve_start(void *ctx, const char *name) {
    struct world *w = ctx;
    struct resolver *r = &w->resolver;
    resolve_cancel(ctx);
    if (spwf_routes_name(&w->routes, name, r->ip) || spwf_routes_literal(name, r->ip)) {
        r->answer = 1;
        return SPWF_OK;
    }
    if (w->port.net != &spwf_net_posix_port) {
        r->answer = SPWF_E_RESOLVE;
        return SPWF_OK;
    }
    r->lookup = spwf_lookup_start(w->pool, name);
    if (r->lookup == NULL) {
        w->error = errno;
        return SPWF_E_RESOLVE;
    }
    if (!spwf_watch_add(w, spwf_lookup_fd(r->lookup))) {
        resolve_cancel(ctx);
        return SPWF_E_RESOLVE;
    }
    return SPWF_OK;
}

static int resolve_result(void *ctx, uint8_t ip[4]) {
    struct resolver *r = &((struct world *)ctx)->resolver;
    if (r->lookup != NULL) {
        int answer = spwf_lookup_result(r->lookup, r->ip);
        if (answer == 0) {
            return 0;
        }
        spwf_lookup_drop(r->lookup);
        r->lookup = NULL;
        r->answer = answer;
    }
    for (int i = 0; i < 4; i++) {
        ip[i] = r->ip[i];
    }
    return r->answer;
}

const struct spwf_resolve_port spwf_resolver_port = {
    .start = resolve_start,
    .result = resolve_result,
    .cancel = resolve_cancel,
};
