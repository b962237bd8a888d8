/*
 * status.c - the read-only variables of AT+S.STS as one table [at-ref 7]. Called by cmd_general.c;
 * asks the services and prints through reply.c.
 */
#include "inner.h"

static void version(struct spwf *m) {
    spwf_reply_text(m, SPWF_BUILD);
}

static void reset_reason(struct spwf *m) {
    spwf_reply_decimal(m, m->boot.why, 1);
}

static void zero(struct spwf *m) {
    spwf_reply_text(m, "0");
}

static void uptime(struct spwf *m) {
    spwf_reply_decimal(m, (spwf_module_now(m) - m->started_at) / 1000, 1);
}

static void wifi_state(struct spwf *m) {
    spwf_reply_decimal(m, (uint64_t)spwf_wifi_state(m), 1);
}

static void bssid(struct spwf *m) {
    spwf_reply_octets(m, m->wifi.link.bssid, sizeof m->wifi.link.bssid);
}

static void aid(struct spwf *m) {
    spwf_reply_decimal(m, spwf_wifi_up(m), 1);
}

static void channel(struct spwf *m) {
    spwf_reply_decimal(m, m->wifi.link.channel, 1);
}

static void operational_rates(struct spwf *m) {
    spwf_reply_text(m, "0x");
    spwf_reply_hex(m, m->settings.wifi_opr_rate_mask, 8);
}

static void basic_rates(struct spwf *m) {
    spwf_reply_text(m, "0x");
    spwf_reply_hex(m, m->settings.wifi_bas_rate_mask, 8);
}

static void activity(struct spwf *m) {
    spwf_reply_text(m, "0x00000000");
}

static void max_power(struct spwf *m) {
    spwf_reply_text(m, "30");
}

static void country(struct spwf *m) {
    spwf_reply_decimal(m, m->settings.wifi_reg_country, 1);
}

static void address(struct spwf *m) {
    spwf_reply_ip(m, m->wifi.link.ip);
}

static void netmask(struct spwf *m) {
    spwf_reply_ip(m, m->wifi.link.mask);
}

static void gateway(struct spwf *m) {
    spwf_reply_ip(m, m->wifi.link.gw);
}

static void dns(struct spwf *m) {
    spwf_reply_ip(m, m->wifi.link.dns);
}

static void sockets(struct spwf *m) {
    spwf_reply_decimal(m, spwf_sockets_open_mask(m), 1);
}

/* The figures that logs of real modules show: the true ones are beside the wire, in the outcome. */
static void free_heap(struct spwf *m) {
    spwf_reply_text(m, "29024");
}

static void min_heap(struct spwf *m) {
    spwf_reply_text(m, "28200");
}

static void current_time(struct spwf *m) {
    spwf_reply_decimal(m, spwf_clock_now(m), 1);
}

static const struct {
    const char *name;
    void (*print)(struct spwf *m);
} table[] = {
    {"version", version},
    {"reset_reason", reset_reason},
    {"conf_flag", zero},
    {"system_uptime", uptime},
    {"system_sleeptime", zero},
    {"gpio_enable", zero},
    {"captiveportal", zero},
    {"wifi_state", wifi_state},
    {"wifi_bssid", bssid},
    {"wifi_aid", aid},
    {"wifi_channelnum", channel},
    {"wifi_sup_rate_mask", operational_rates},
    {"wifi_bas_rate_mask", basic_rates},
    {"wifi_chan_activity2", activity},
    {"wifi_max_tx_power", max_power},
    {"wifi_reg_country", country},
    {"wifi_dtim_period", zero},
    {"wifi_sleeping", zero},
    {"wifi_num_assoc", zero},
    {"ip_ipaddr", address},
    {"ip_netmask", netmask},
    {"ip_gw", gateway},
    {"ip_dns", dns},
    {"ip_sock_open", sockets},
    {"ip_sockd_port", zero},
    {"free_heap", free_heap},
    {"min_heap", min_heap},
    {"current_time", current_time},
};

size_t spwf_status_count(void) {
    return sizeof table / sizeof table[0];
}

const char *spwf_status_name(size_t i) {
    return table[i].name;
}

int spwf_status_find(const char *name) {
    struct spwf_argument wanted = {name, strlen(name)};
    for (size_t i = 0; i < spwf_status_count(); i++) {
        if (spwf_text_is(&wanted, table[i].name)) {
            return (int)i;
        }
    }
    return SPWF_R_VARIABLE;
}

void spwf_status_print(struct spwf *m, size_t i) {
    table[i].print(m);
}
