/*
 * world.c - puts the parts of a world together and chooses its port table. Called by host.c.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

int spwf_world_open(struct world *w, const char *nv, enum world_network network,
                    struct lookup_pool *pool) {
    w->pool = pool;
    w->nv.fd = -1;
    w->heap.limit = SIZE_MAX;
    w->memory.step = network == WORLD_TRICKLE ? 1 : SIZE_MAX;
    for (int i = 0; i < SPWF_SOCKETS; i++) {
        w->sockets[i].fd = -1;
    }
    spwf_watch_start(&w->watch);
    spwf_pace_start(&w->pace);
    w->net = network == WORLD_POSIX ? &spwf_net_posix_port : &spwf_net_memory_port;
    w->port = (struct spwf_port){
        .millis = spwf_pace_millis,
        .entropy = spwf_entropy_fill,
        .alloc = spwf_heap_alloc,
        .release = spwf_heap_release,
        .net = w->net,
        .resolve = &spwf_resolver_port,
        .link = &spwf_air_port,
        .nv = nv != NULL ? &spwf_nv_file_port : &spwf_nv_memory_port,
    };
    return nv != NULL ? spwf_nv_file_open(&w->nv, nv) : 0;
}

void spwf_world_close(struct world *w) {
    spwf_resolver_port.cancel(w);
    spwf_net_posix_close_all(w->sockets);
    spwf_net_memory_free(&w->memory);
    spwf_watch_close(w);
    spwf_nv_file_close(&w->nv);
    spwf_nv_memory_close(&w->nv);
    for (size_t i = 0; i < w->air.count; i++) {
        explicit_bzero(&w->air.points[i], sizeof w->air.points[i]);
    }
    spwf_air_port.leave(w);
    free(w->air.points);
    free(w->routes.list);
    w->air.points = NULL;
    w->air.count = 0;
    w->routes = (struct routes){0};
}
