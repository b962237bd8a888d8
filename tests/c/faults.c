/* faults.c - see faults.h. */
#include "faults.h"

const struct fault faults_table[] = {
    {"console() fails", FAULT_CONSOLE, .result = SPWF_E_ARGUMENT, .harmless = true},
    {"entropy() has none", FAULT_ENTROPY, .result = SPWF_E_ABSENT},
    {"alloc() has no room", FAULT_ALLOC, .result = 0},
    {"alloc() has no room any more", FAULT_ALLOC, .lasts = true},
    {"net.open() has no route", FAULT_NET_OPEN, .result = SPWF_E_UNREACHABLE},
    {"net.info() fails", FAULT_NET_INFO, .result = SPWF_E_ABSENT},
    {"net.info() tells a reset", FAULT_NET_INFO, .phase = SPWF_NET_FAILED},
    {"net.send() fails", FAULT_NET_SEND, .result = SPWF_E_RESET},
    {"net.send() takes nothing", FAULT_NET_SEND, .harmless = true},
    {"net.send() takes nothing any more", FAULT_NET_SEND, .lasts = true},
    {"net.send() takes a byte", FAULT_NET_SEND, .result = 1, .harmless = true},
    {"net.recv() fails", FAULT_NET_RECV, .result = SPWF_E_RESET},
    {"net.recv() tells the end", FAULT_NET_RECV, .result = SPWF_E_CLOSED},
    {"net.recv() has nothing", FAULT_NET_RECV, .harmless = true},
    {"net.recv() has nothing any more", FAULT_NET_RECV, .lasts = true},
    {"net.recv() has a byte", FAULT_NET_RECV, .result = 1, .harmless = true},
    {"resolve.start() fails", FAULT_RESOLVE_START, .result = SPWF_E_RESOLVE},
    {"resolve.result() has no address", FAULT_RESOLVE_RESULT, .result = SPWF_E_RESOLVE},
    {"resolve.result() is not there yet", FAULT_RESOLVE_RESULT, .harmless = true},
    {"resolve.result() never is", FAULT_RESOLVE_RESULT, .lasts = true},
    {"link.join() has no room", FAULT_LINK_JOIN, .result = SPWF_E_NO_ROOM, .harmless = true},
    {"link.info() fails", FAULT_LINK_INFO, .result = SPWF_E_ABSENT, .harmless = true},
    {"link.info() tells a loss", FAULT_LINK_INFO, .phase = SPWF_LINK_LOST},
    {"nv.read() fails", FAULT_NV_READ, .result = SPWF_E_NV},
    {"nv.program() fails", FAULT_NV_PROGRAM, .result = SPWF_E_NV},
    {"nv.program() fails from now on", FAULT_NV_PROGRAM, .result = SPWF_E_NV, .lasts = true},
    {"nv.erase() fails", FAULT_NV_ERASE, .result = SPWF_E_NV},
    {"nv.erase() fails from now on", FAULT_NV_ERASE, .result = SPWF_E_NV, .lasts = true},
};

const size_t faults_count = sizeof faults_table / sizeof *faults_table;

/* Whether this is the call that goes wrong. */
static bool strikes(struct faults *f, enum fault_call call) {
    f->seen[call]++;
    bool due = f->at != 0 && f->fault->call == call && f->seen[call] >= f->at;
    bool now = due && (f->fault->lasts || f->seen[call] == f->at);
    f->struck = f->struck || now;
    return now;
}

/* ---------------------------------------------------------------- the module itself ----------- */

static uint64_t millis(void *ctx) {
    struct faults *f = ctx;
    return f->inner->millis(f->ctx);
}

static int entropy(void *ctx, void *data, size_t len) {
    struct faults *f = ctx;
    return strikes(f, FAULT_ENTROPY) ? f->fault->result : f->inner->entropy(f->ctx, data, len);
}

static void *take(void *ctx, size_t size) {
    struct faults *f = ctx;
    return strikes(f, FAULT_ALLOC) ? NULL : f->inner->alloc(f->ctx, size);
}

static void release(void *ctx, void *memory) {
    struct faults *f = ctx;
    f->inner->release(f->ctx, memory);
}

static int console(void *ctx, uint32_t baud, bool flow_control) {
    (void)baud, (void)flow_control;
    return strikes(ctx, FAULT_CONSOLE) ? ((struct faults *)ctx)->fault->result : SPWF_OK;
}

/* ---------------------------------------------------------------- net, resolve ---------------- */

static int net_open(void *ctx, int id, enum spwf_net_kind kind, const struct spwf_addr *to) {
    struct faults *f = ctx;
    return strikes(f, FAULT_NET_OPEN) ? f->fault->result
                                      : f->inner->net->open(f->ctx, id, kind, to);
}

static int net_info(void *ctx, int id, struct spwf_net_info *out) {
    struct faults *f = ctx;
    int error = f->inner->net->info(f->ctx, id, out);
    if (!strikes(f, FAULT_NET_INFO)) {
        return error;
    }
    *out = (struct spwf_net_info){.phase = f->fault->phase, .error = SPWF_E_RESET};
    return f->fault->result;
}

static int net_send(void *ctx, int id, const void *data, size_t len) {
    struct faults *f = ctx;
    if (strikes(f, FAULT_NET_SEND)) {
        if (f->fault->result <= 0) {
            return f->fault->result;
        }
        len = (size_t)f->fault->result;
    }
    return f->inner->net->send(f->ctx, id, data, len);
}

static int net_recv(void *ctx, int id, void *data, size_t size) {
    struct faults *f = ctx;
    if (strikes(f, FAULT_NET_RECV)) {
        if (f->fault->result <= 0) {
            return f->fault->result;
        }
        size = (size_t)f->fault->result;
    }
    return f->inner->net->recv(f->ctx, id, data, size);
}

static void net_close(void *ctx, int id, bool abort) {
    struct faults *f = ctx;
    f->inner->net->close(f->ctx, id, abort);
}

static int resolve_start(void *ctx, const char *name) {
    struct faults *f = ctx;
    return strikes(f, FAULT_RESOLVE_START) ? f->fault->result
                                           : f->inner->resolve->start(f->ctx, name);
}

static int resolve_result(void *ctx, uint8_t ip[4]) {
    struct faults *f = ctx;
    return strikes(f, FAULT_RESOLVE_RESULT) ? f->fault->result
                                            : f->inner->resolve->result(f->ctx, ip);
}

static void resolve_cancel(void *ctx) {
    struct faults *f = ctx;
    f->inner->resolve->cancel(f->ctx);
}

/* ---------------------------------------------------------------- link, nv -------------------- */

static int link_join(void *ctx, const struct spwf_link_request *request) {
    struct faults *f = ctx;
    return strikes(f, FAULT_LINK_JOIN) ? f->fault->result : f->inner->link->join(f->ctx, request);
}

static void link_leave(void *ctx) {
    struct faults *f = ctx;
    f->inner->link->leave(f->ctx);
}

static int link_info(void *ctx, struct spwf_link_info *out) {
    struct faults *f = ctx;
    int error = f->inner->link->info(f->ctx, out);
    if (!strikes(f, FAULT_LINK_INFO)) {
        return error;
    }
    out->state = f->fault->phase;
    return f->fault->result;
}

static int nv_read(void *ctx, uint32_t offset, void *data, size_t len) {
    struct faults *f = ctx;
    return strikes(f, FAULT_NV_READ) ? f->fault->result
                                     : f->inner->nv->read(f->ctx, offset, data, len);
}

static int nv_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    struct faults *f = ctx;
    return strikes(f, FAULT_NV_PROGRAM) ? f->fault->result
                                        : f->inner->nv->program(f->ctx, offset, data, len);
}

static int nv_erase(void *ctx, uint32_t page) {
    struct faults *f = ctx;
    return strikes(f, FAULT_NV_ERASE) ? f->fault->result : f->inner->nv->erase(f->ctx, page);
}

/* ---------------------------------------------------------------- the port -------------------- */

void faults_wrap(struct faults *f, const struct spwf_port *inner, void *ctx) {
    *f = (struct faults){
        .inner = inner,
        .ctx = ctx,
        .net = {.open = net_open,
                .info = net_info,
                .send = net_send,
                .recv = net_recv,
                .close = net_close},
        .resolve = {.start = resolve_start, .result = resolve_result, .cancel = resolve_cancel},
        .link = {.join = link_join, .leave = link_leave, .info = link_info},
        .nv = *inner->nv,
    };
    f->nv.read = nv_read;
    f->nv.program = nv_program;
    f->nv.erase = nv_erase;
    f->port = (struct spwf_port){.millis = millis,
                                 .entropy = entropy,
                                 .alloc = take,
                                 .release = release,
                                 .console = console,
                                 .net = &f->net,
                                 .resolve = &f->resolve,
                                 .link = &f->link,
                                 .nv = &f->nv};
}

void faults_set(struct faults *f, const struct fault *fault, uint32_t at) {
    f->fault = fault;
    f->at = at;
    f->struck = false;
    for (int call = 0; call < FAULT_CALLS; call++) {
        f->seen[call] = 0;
    }
}
