/*
 * faults.h - a port around another one, in which one chosen call goes wrong: call number `at` of one
 * function, alone or with all that follow, in one of the ways that spwf.h allows that function.
 * Everything else passes through.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "spwf.h"

enum fault_call {
    FAULT_CONSOLE,
    FAULT_ENTROPY,
    FAULT_ALLOC,
    FAULT_NET_OPEN,
    FAULT_NET_INFO,
    FAULT_NET_SEND,
    FAULT_NET_RECV,
    FAULT_RESOLVE_START,
    FAULT_RESOLVE_RESULT,
    FAULT_LINK_JOIN,
    FAULT_LINK_INFO,
    FAULT_NV_READ,
    FAULT_NV_PROGRAM,
    FAULT_NV_ERASE,
    FAULT_CALLS
};

struct fault { /* a way to go wrong */
    const char *name;
    uint8_t call;  /* enum fault_call */
    uint8_t phase; /* info() says that things stand so, with SPWF_E_RESET; 0: it returns `result` */
    int result;    /* 0: "not now"; above: send() and recv() move so many bytes at most */
    bool lasts;    /* and so do all after it */
    bool harmless; /* it may change nothing */
};

extern const struct fault faults_table[];
extern const size_t faults_count;

struct faults {
    struct spwf_port port; /* &faults.port with the faults as ctx */
    struct spwf_net_port net;
    struct spwf_resolve_port resolve;
    struct spwf_link_port link;
    struct spwf_nv_port nv;
    const struct spwf_port *inner;
    void *ctx; /* of the inner port */
    const struct fault *fault;
    uint32_t at; /* which call, from 1; 0: none */
    uint32_t seen[FAULT_CALLS];
    bool struck; /* it has gone wrong */
};

/* Around `inner`, which has all its groups; without a fault. */
void faults_wrap(struct faults *f, const struct spwf_port *inner, void *ctx);

/* Call number `at` from now on goes wrong so; 0: none does. */
void faults_set(struct faults *f, const struct fault *fault, uint32_t at);

#endif
