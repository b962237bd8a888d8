/*
 * world.h - the host's world of one module: what the callbacks of struct spwf_port find behind
 * `ctx`.
 *
 * One struct world per module, one part per file of csrc/port; a part is changed only by the file
 * that it is named after. host.c runs a module in its world. Nothing here knows Python, and nothing
 * but host.c calls the core.
 *
 * Everything below is called under the lock of the module's host (host.h), and nothing blocks.
 */
#ifndef SPWF_WORLD_H
#define SPWF_WORLD_H

#include "points.h"
#include "sequence.h"
#include "spwf.h"

enum { WORLD_NV_PAGE = 1024, WORLD_NV_PAGES = 32, WORLD_NV_UNIT = 4 };
enum { WORLD_NV_SIZE = WORLD_NV_PAGE * WORLD_NV_PAGES };

enum world_network {
    WORLD_POSIX = 0,  /* real sockets */
    WORLD_MEMORY = 1, /* peers are functions of this process: net_memory.c */
    WORLD_TRICKLE = 2 /* the same, and each send() and recv() moves one byte */
};

/* ---------------------------------------------------------------- queue.c --------------------- */

/* A growing byte queue in one piece; it owns no memory while it is empty, and wipes what it frees.
 */
struct queue {
    uint8_t *bytes;
    size_t head, used, size;
};

bool spwf_queue_push(struct queue *q, const void *data, size_t len); /* false: no memory */
const uint8_t *spwf_queue_front(const struct queue *q); /* `used` bytes; NULL where that is 0 */
void spwf_queue_drop(struct queue *q, size_t len);
void spwf_queue_clear(struct queue *q);

/* ---------------------------------------------------------------- pace.c ---------------------- */

struct pace {
    uint64_t started, skipped; /* ns */
};

uint64_t spwf_pace_real(void); /* ns, monotonic: what real waiting is measured by */
void spwf_pace_start(struct pace *p);
uint64_t spwf_pace_now(const struct pace *p); /* ns of the module's own clock */
uint64_t spwf_pace_millis(void *ctx);

/* ---------------------------------------------------------------- heap.c ---------------------- */

struct heap {
    size_t live, peak, blocks; /* bytes, bytes, count: of what the module has not released */
    size_t limit;              /* the most that `live` may be */
};

void *spwf_heap_alloc(void *ctx, size_t size);
void spwf_heap_release(void *ctx, void *memory); /* wipes */

/* ---------------------------------------------------------------- entropy.c ------------------- */

struct entropy {
    bool seeded;
    struct sequence sequence;
};

void spwf_entropy_seed(struct entropy *e, const void *seed, size_t len);
int spwf_entropy_fill(void *ctx, void *data, size_t len);

/* ---------------------------------------------------------------- nv_file.c, nv_memory.c ------ */

struct nv {
    int fd;                         /* -1: in memory */
    uint8_t *pages[WORLD_NV_PAGES]; /* in memory; NULL: erased */
    uint64_t programs, erases;      /* calls so far: what a real flash would have borne */
};

extern const struct spwf_nv_port spwf_nv_file_port, spwf_nv_memory_port;

/* Opens or creates the image and locks it. 0 or an errno: EWOULDBLOCK where another process has it,
 * EINVAL where the file is no image of WORLD_NV_SIZE bytes. */
int spwf_nv_file_open(struct nv *nv, const char *path);
void spwf_nv_file_close(struct nv *nv);
void spwf_nv_memory_close(struct nv *nv);

/* What program() may do to flash that holds `old`; false where a unit is not blank. */
bool spwf_nv_memory_blank(const uint8_t *old, const uint8_t *data, size_t len);

/* ---------------------------------------------------------------- air.c ----------------------- */

struct air {
    struct access_point *points; /* owned; none: any network can be joined with anything */
    size_t count;
    bool down;    /* every access point has vanished */
    bool joining; /* join() was called, leave() was not */
    bool was_up;
    struct spwf_link_request request;
};

extern const struct spwf_link_port spwf_air_port;

/* ---------------------------------------------------------------- routes.c -------------------- */

/* Where a name (or dotted address) and port of the module's network lie on the host's network. */
struct route {
    char name[SPWF_NAME_MAX + 1];
    char host[256];        /* name or IPv4 address, on the host's network */
    struct spwf_addr from; /* what the module connects to */
    uint16_t port;         /* on the host's network */
};

struct routes {
    struct route *list; /* owned */
    size_t count;
};

void spwf_routes_number(
    struct routes *r); /* fills `from.ip`: dotted names as such, others 198.18.x.y */
bool spwf_routes_name(const struct routes *r, const char *name, uint8_t ip[4]);
const struct route *spwf_routes_find(const struct routes *r, const struct spwf_addr *to);
bool spwf_routes_synthetic(
    const uint8_t ip[4]); /* in 198.18.0.0/15, which no network has [RFC 2544] */
bool spwf_routes_literal(const char *text, uint8_t ip[4]); /* a dotted quad */

/* ---------------------------------------------------------------- lookup.c -------------------- */

struct lookup_pool; /* a bounded number of threads that call getaddrinfo() */
struct lookup;

struct lookup_pool *spwf_lookup_pool_new(void);          /* NULL: no memory */
void spwf_lookup_pool_release(struct lookup_pool *pool); /* its threads end by themselves */

/* Starts one; NULL with errno set. Its descriptor becomes readable when the result is there. */
struct lookup *spwf_lookup_start(struct lookup_pool *pool, const char *name);
int spwf_lookup_fd(const struct lookup *l);
int spwf_lookup_result(struct lookup *l, uint8_t ip[4]); /* 0 running, 1, or SPWF_E_RESOLVE */
void spwf_lookup_drop(struct lookup *l); /* whether it is done or not; the descriptor is gone */

/* ---------------------------------------------------------------- resolver.c ------------------ */

struct resolver {
    struct lookup *lookup; /* NULL: `answer` holds */
    int answer;
    uint8_t ip[4];
};

extern const struct spwf_resolve_port spwf_resolver_port;

/* ---------------------------------------------------------------- net_posix.c ----------------- */

struct net_socket {
    int fd; /* -1: closed; while `lookup` is set the lookup's own */
    uint8_t phase;
    int error;
    struct lookup *lookup; /* a route's HOST is being resolved */
    struct spwf_addr local, peer;
    uint16_t port;     /* for connect(), once the lookup is done */
    uint64_t seen;     /* world.turn in which the kernel was asked how it is */
    uint32_t readable; /* bytes that were there then, less what has been received since */
};

extern const struct spwf_net_port spwf_net_posix_port;

void spwf_net_posix_close_all(struct net_socket *sockets); /* says nothing to the peers */

/* ---------------------------------------------------------------- net_memory.c ---------------- */

struct net_pipe {
    uint8_t phase; /* enum spwf_net_phase, as the module sees it */
    int error;
    bool left; /* the module has closed its end */
    struct spwf_addr to;
    struct queue to_module, to_peer;
};

struct net_memory {
    size_t step;            /* bytes that one send() or recv() moves at most */
    struct net_pipe *pipes; /* SPWF_SOCKETS of them, made at the first open() */
};

extern const struct spwf_net_port spwf_net_memory_port;

/* The other ends. false: there is no such connection (or, for push, no memory). */
bool spwf_net_memory_accept(struct net_memory *n, int id, bool accept, struct spwf_addr *to);
bool spwf_net_memory_push(struct net_memory *n, int id, const void *data, size_t len);
struct net_pipe *spwf_net_memory_pipe(struct net_memory *n, int id); /* NULL: never opened */
bool spwf_net_memory_end(struct net_memory *n, int id, bool reset);
void spwf_net_memory_free(struct net_memory *n);

/* ---------------------------------------------------------------- tap.c ----------------------- */

enum { TAP_LIMIT = 1 << 20 }; /* bytes of records that wait, after which nothing moves */

enum tap_kind {
    TAP_OPENED = 1,    /* the module asked for a connection */
    TAP_CONNECTED = 2, /* the peer agreed */
    TAP_SENT = 3,      /* by the module; so many bytes follow */
    TAP_RECEIVED = 4,  /* likewise */
    TAP_ENDED = 5,     /* the peer's FIN, behind its last byte */
    TAP_FAILED = 6,    /* refused, unreachable or reset: `error` */
    TAP_CLOSED = 7,    /* by the module, with FIN */
    TAP_ABORTED = 8,   /* by the module, with RST */
    TAP_SECRETS = 9    /* struct spwf_keylog follows, of a session whose bytes come later */
};

/* What waits to be taken: these, in this machine's byte order, each with `size` bytes behind it. */
struct tap_record {
    uint64_t time; /* ns since 1970 */
    uint32_t size;
    int32_t error; /* enum spwf_error */
    uint8_t local_ip[4], peer_ip[4];
    uint16_t local_port, peer_port; /* a local one of 0 is not known (yet) */
    uint8_t kind, id;               /* enum tap_kind; the socket */
    uint8_t unused[2];
};

struct tap {
    bool on;
    bool opened[SPWF_SOCKETS];                /* TAP_OPENED was told */
    struct spwf_net_info known[SPWF_SOCKETS]; /* as told last */
    struct queue records;
};

struct world;
void spwf_tap_start(struct world *w);
void spwf_tap_stop(struct world *w); /* what waits can still be taken */

/* ---------------------------------------------------------------- watch.c --------------------- */

/*
 * The descriptors of a world (its sockets, its lookup) are watched edge-triggered by up to two
 * epolls: its own, made at the first real wait, and that of the loop it belongs to. Edges suffice
 * because each socket is looked at anew in every turn, after the edges that led to it were taken;
 * so data that waits for AT+S.SOCKR wakes nobody twice.
 */
struct watch {
    int own, wake; /* an epoll and an eventfd inside it; -1: not made */
    int loop;      /* -1: none */
    uint64_t tag;  /* epoll_data in the loop */
};

void spwf_watch_start(struct watch *w);
bool spwf_watch_needed(const struct world *w); /* is any descriptor open */
int spwf_watch_open(struct world *w);          /* makes `own` and `wake`; 0 or an errno */
bool spwf_watch_add(struct world *w, int fd);  /* false: world.error is set */
int spwf_watch_join(struct world *w, int loop, uint64_t tag); /* 0 or an errno */
void spwf_watch_leave(struct world *w);
void spwf_watch_close(struct world *w);

/* ---------------------------------------------------------------- world.c --------------------- */

struct world {
    struct spwf_port port;           /* what spwf_config.port points to */
    const struct spwf_net_port *net; /* the one behind the tap */
    struct pace pace;
    struct heap heap;
    struct entropy entropy;
    struct nv nv;
    struct air air;
    struct routes routes;
    struct lookup_pool *pool; /* borrowed */
    struct resolver resolver;
    struct watch watch;
    uint64_t turn; /* counts from 1 the turns in which the module runs */
    struct net_socket sockets[SPWF_SOCKETS];
    struct net_memory memory;
    struct tap tap;
    int error; /* errno of a descriptor that could not be had; whoever reports it clears it */
};

/* Makes a world on zeroed memory: `nv` is a path or NULL. `pool` outlives it. 0, or the errno of
 * spwf_nv_file_open(). Routes, access points and seed are then set by the caller, before any use.
 */
int spwf_world_open(struct world *w, const char *nv, enum world_network network,
                    struct lookup_pool *pool);
void spwf_world_close(struct world *w);

#endif
