/*
 * port.h - the firmware's port: what stands behind struct spwf_port on a board. There is one module,
 * so the parts are statics and no function looks at its ctx.
 */
#ifndef PORT_H
#define PORT_H

#include "arena.h"
#include "options.h"

/* ---- port.c: the table, time, memory, entropy ---- */
extern struct spwf_arena port_heap;
void port_start(struct spwf_config *config); /* after board_start(); fills port, ctx and mac */
uint64_t port_millis(void *ctx);             /* the module's clock */
void port_skip(uint32_t ms);                 /* moves the module's clock, not the network's */
void port_random(void *data, size_t len);    /* for lwIP: not the module's sequence */

/* ---- port_lwip.c: the network below TCP, the link and resolve groups ---- */
extern const struct spwf_link_port port_link;
extern const struct spwf_resolve_port port_resolve;
void port_lwip_start(const uint8_t mac[6]);
bool port_lwip_poll(void); /* takes frames and runs timers; whether a frame came */
/* Where connections to `to` go. SPWF_OK, or SPWF_E_UNREACHABLE. */
int port_lwip_route(const struct spwf_addr *to, struct spwf_addr *real);

/* ---- port_tcp.c: the net group ---- */
extern const struct spwf_net_port port_net;

/* ---- nv_semihosted.c: flash in a file of the host; NULL where the options name none ---- */
const struct spwf_nv_port *port_nv_semihosted(void);

#endif
