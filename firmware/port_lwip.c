/*
 * port_lwip.c - the network of a board: lwIP over the Ethernet driver, and the link and resolve
 * groups. Called by main.c (poll), by the core through the port, and by lwIP.
 *
 * The board's cable stands for the air: joining a network is getting an address from DHCP. What a
 * radio would tell, and networks that refuse, come from points.c. Where semihosting is there QEMU's
 * gateway is the host itself, so connections to 127.0.0.0/8 go to it: the addresses that tests use
 * on the host hold on the board.
 */
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <string.h>

#include "cm3/cpu.h"
#include "cm3/semihosting.h"
#include "drivers/eth.h"
#include "port.h"

static struct netif card;
static struct spwf_link_request wanted;
static bool joining, was_up;

u32_t sys_now(void) {
    return (u32_t)(cpu_ns() / 1000000);
}

/* Not the one after which lwIP, which counts on from it, would find port 0 and not connect. */
uint32_t port_lwip_random(void) {
    const uint32_t last_port = 0x3FFF; /* of those from 0xC000 on */
    uint32_t value = 0;
    port_random(&value, sizeof value);
    return (value & last_port) == last_port ? value - 1 : value;
}

/* ------------------------------------------------------------------ frames -------------------- */

/* Both ends of a frame move as words; a chain's pieces are of any length. */
static err_t send_frame(struct netif *netif, struct pbuf *p) {
    (void)netif;
    uint32_t word = 0;
    unsigned bytes = 0;
    if (!eth_send(p->tot_len)) {
        return ERR_WOULDBLOCK; /* TCP sends it again, and so do the others */
    }
    for (const struct pbuf *part = p; part != NULL; part = part->next) {
        const uint8_t *from = part->payload;
        for (u16_t i = 0; i < part->len; i++) {
            word |= (uint32_t)from[i] << 8 * bytes;
            if (++bytes == 4) {
                eth_put(word);
                word = bytes = 0;
            }
        }
    }
    if (bytes > 0) {
        eth_put(word);
    }
    eth_sent();
    return ERR_OK;
}

/* The pool's buffers hold whole words, so only a chain's last piece may end within one. */
static struct pbuf *take_frame(size_t len) {
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);
    for (const struct pbuf *part = p; part != NULL; part = part->next) {
        eth_take(part->payload, (part->len + 3u) / 4u);
    }
    eth_drop();
    return p;
}

static void follow_cable(void) {
    if (eth_link() && !netif_is_link_up(&card)) {
        netif_set_link_up(&card);
    } else if (!eth_link() && netif_is_link_up(&card)) {
        netif_set_link_down(&card);
    }
}

bool port_lwip_poll(void) {
    bool moved = false;
    follow_cable();
    for (size_t len = eth_receive(); len > 0; len = eth_receive()) {
        struct pbuf *p = take_frame(len);
        moved = true;
        if (p != NULL && card.input(p, &card) != ERR_OK) {
            (void)pbuf_free(p);
        }
    }
    sys_check_timeouts();
    return moved;
}

static err_t start_card(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    netif->mtu = ETH_MTU;
    netif->hwaddr_len = ETHARP_HWADDR_LEN;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    return ERR_OK;
}

void port_lwip_start(const uint8_t mac[6]) {
    eth_start(mac);
    lwip_init();
    (void)netif_add(&card, NULL, NULL, NULL, NULL, start_card, netif_input);
    memcpy(card.hwaddr, mac, ETHARP_HWADDR_LEN);
    netif_set_default(&card);
}

/* ------------------------------------------------------------------ link ---------------------- */

static ip4_addr_t from_bytes(const uint8_t ip[4]) {
    ip4_addr_t address;
    memcpy(&address, ip, 4);
    return address;
}

static int link_join(void *ctx, const struct spwf_link_request *request) {
    (void)ctx;
    wanted = *request;
    joining = true;
    was_up = false;
    netif_set_up(&card);
    if (request->dhcp) {
        return dhcp_start(&card) == ERR_OK ? SPWF_OK : SPWF_E_NO_ROOM;
    }
    ip4_addr_t ip = from_bytes(request->ip), mask = from_bytes(request->mask);
    ip4_addr_t gw = from_bytes(request->gw), dns = from_bytes(request->dns);
    netif_set_addr(&card, &ip, &mask, &gw);
    dns_setserver(0, &dns);
    return SPWF_OK;
}

static void link_leave(void *ctx) {
    (void)ctx;
    dhcp_release_and_stop(&card);
    netif_set_addr(&card, NULL, NULL, NULL);
    netif_set_down(&card);
    joining = false;
    memset(&wanted, 0, sizeof wanted);
}

static bool has_address(void) {
    return wanted.dhcp ? dhcp_supplied_address(&card) != 0 : true;
}

static int link_info(void *ctx, struct spwf_link_info *out) {
    (void)ctx;
    *out = (struct spwf_link_info){.state = SPWF_LINK_IDLE};
    if (!joining) {
        return SPWF_OK;
    }
    spwf_points_answer(options.point, options.points, &wanted, out);
    if (!netif_is_link_up(&card) || out->state == SPWF_LINK_ABSENT) {
        *out = (struct spwf_link_info){.state = was_up ? SPWF_LINK_LOST : SPWF_LINK_ABSENT};
    } else if (out->state == SPWF_LINK_JOINED && has_address()) {
        memcpy(out->ip, netif_ip4_addr(&card), 4);
        memcpy(out->mask, netif_ip4_netmask(&card), 4);
        memcpy(out->gw, netif_ip4_gw(&card), 4);
        memcpy(out->dns, dns_getserver(0), 4);
        out->state = SPWF_LINK_UP;
        was_up = true;
    }
    return SPWF_OK;
}

const struct spwf_link_port port_link = {
    .join = link_join,
    .leave = link_leave,
    .info = link_info,
};

/* ------------------------------------------------------------------ names and routes ---------- */

static struct {
    int answer; /* as result() gives it */
    uint8_t ip[4];
    uint32_t serial; /* of the lookup in hand: answers to older ones are not heard */
} lookup = {.answer = SPWF_E_STATE};

int port_lwip_route(const struct spwf_addr *to, struct spwf_addr *real) {
    *real = *to;
    bool synthetic = to->ip[0] == 198 && (to->ip[1] & 0xFE) == 18, routed = false;
    for (size_t i = 0; i < options.routes && !routed; i++) {
        const struct option_route *r = &options.route[i];
        routed = r->from.port == to->port && memcmp(r->from.ip, to->ip, 4) == 0;
        *real = routed ? r->to : *to;
    }
    if (synthetic && !routed) {
        return SPWF_E_UNREACHABLE; /* a routed name on a port that is not routed */
    }
    if (real->ip[0] == 127 && semihosting_present()) {
        memcpy(real->ip, netif_ip4_gw(&card), 4);
    }
    return SPWF_OK;
}

static void found(const char *name, const ip_addr_t *address, void *arg) {
    (void)name;
    if ((uint32_t)(uintptr_t)arg != lookup.serial || lookup.answer != 0) {
        return;
    }
    lookup.answer = address != NULL ? 1 : SPWF_E_RESOLVE;
    if (address != NULL) {
        memcpy(lookup.ip, address, 4);
    }
}

static bool routed_name(const char *name, uint8_t ip[4]) {
    for (size_t i = 0; i < options.routes; i++) {
        if (lwip_stricmp(options.route[i].name, name) == 0) {
            memcpy(ip, options.route[i].from.ip, 4);
            return true;
        }
    }
    return false;
}

static int resolve_start(void *ctx, const char *name) {
    ip_addr_t address;
    (void)ctx;
    lookup.serial++;
    lookup.answer = 1;
    if (routed_name(name, lookup.ip) || options_address(name, lookup.ip)) {
        return SPWF_OK;
    }
    switch (dns_gethostbyname(name, &address, found, (void *)(uintptr_t)lookup.serial)) {
    case ERR_OK:
        memcpy(lookup.ip, &address, 4);
        return SPWF_OK;
    case ERR_INPROGRESS:
        lookup.answer = 0;
        return SPWF_OK;
    default:
        lookup.answer = SPWF_E_RESOLVE;
        return SPWF_E_RESOLVE;
    }
}

static int resolve_result(void *ctx, uint8_t ip[4]) {
    (void)ctx;
    memcpy(ip, lookup.ip, 4);
    return lookup.answer;
}

static void resolve_cancel(void *ctx) {
    (void)ctx;
    lookup.answer = SPWF_E_STATE;
}

const struct spwf_resolve_port port_resolve = {
    .start = resolve_start,
    .result = resolve_result,
    .cancel = resolve_cancel,
};
