/*
 * config.c - the settings of AT+S.SCFG, GCFG, AT&V, AT&F and AT&W as one table [at-ref 6].
 * Called by cmd_general.c, cmd_wifi.c and module.c; keeps what AT&W saves in store.c and prints
 * through reply.c.
 *
 * Saved is what differs from the factory values, by name, so that a later table can still read it:
 * name NUL, one byte of length, the value's bytes; and so on.
 */
#include "inner.h"

/* clang-format off */
#define AT(field) .offset = offsetof(struct spwf_settings, field)
#define INT(key, lowest, highest, value) \
    {.name = #key, .type = SPWF_INT, .size = 4, AT(key), .min = (lowest), .max = (highest), \
     .factory = (value)}
#define MASK(key, value) {.name = #key, .type = SPWF_MASK, .size = 4, AT(key), .factory = (value)}
#define SIZED(key, kind, value) \
    {.name = #key, .type = (kind), .size = sizeof(((struct spwf_settings *)0)->key), AT(key), \
     .factory = (value)}
#define MAKER(key, value) \
    {.name = #key, .type = SPWF_TEXT, .size = sizeof(((struct spwf_settings *)0)->key), AT(key), \
     .transient = true, .factory = (value)}
#define WEP_KEY(i) \
    {.name = "wifi_wep_keys[" #i "]", .type = SPWF_OCTETS, .size = 16, \
     .offset = offsetof(struct spwf_settings, wifi_wep_keys) + (i) * 16, .factory = ""}
/* clang-format on */

enum { ANY = 0xFFFFFFFFu, WORD = 0xFFFF };

static const struct spwf_variable table[] = {
    MAKER(nv_manuf, "ST"), /* the maker's: AT+S.NVW saves them, AT&W does not */
    MAKER(nv_model, "SPWF01SA1"),
    MAKER(nv_serial, "3214A000"),
    SIZED(nv_wifi_macaddr, SPWF_OCTETS, ""), /* the instance's own: factory_value() */
    INT(blink_led, 0, 1, "0"),
    MASK(wind_off_low, "0"),
    MASK(wind_off_medium, "0"),
    MASK(wind_off_high, "0"),
    SIZED(user_desc, SPWF_TEXT, "anonymous"),
    SIZED(escape_seq, SPWF_TEXT, "at+s."),
    INT(localecho1, 0, 1, "0"),
    INT(console1_speed, 9600, 921600, "115200"),
    INT(console1_hwfc, 0, 1, "0"),
    INT(console1_enabled, 0, 1, "1"),
    INT(console1_delimiter, 0, ANY, "0"),
    INT(console1_errs, 0, 2, "0"),
    INT(sleep_enabled, 0, 1, "0"),
    INT(standby_enabled, 0, 1, "0"),
    INT(standby_time, 0, ANY, "10"),
    INT(wifi_tx_msdu_lifetime, 0, ANY, "0"),
    INT(wifi_rx_msdu_lifetime, 0, ANY, "0"),
    MASK(wifi_operational_mode, "0x11"),
    INT(wifi_beacon_wakeup, 0, WORD, "1"), /* 0 is what a driver sends */
    INT(wifi_beacon_interval, 0, WORD, "100"),
    INT(wifi_listen_interval, 0, WORD, "0"),
    INT(wifi_rts_threshold, 0, 3000, "3000"),
    SIZED(wifi_ssid, SPWF_OCTETS, ""),
    INT(wifi_ssid_len, 0, SPWF_SSID_MAX, "0"),
    INT(wifi_channelnum, 0, 14, "6"),
    MASK(wifi_opr_rate_mask, "0xFFFFFFFF"),
    MASK(wifi_bas_rate_mask, "0x0000000F"),
    INT(wifi_ht_mode, 0, 1, "0"),
    INT(wifi_mode, 0, 3, "1"),
    INT(wifi_auth_type, 0, 1, "0"),
    INT(wifi_powersave, 0, 2, "1"),
    INT(wifi_tx_power, 0, 18, "18"),
    {.name = "wifi_rssi_thresh",
     .type = SPWF_SIGNED,
     .size = 4,
     AT(wifi_rssi_thresh),
     .factory = "-50"},
    INT(wifi_rssi_hyst, 0, 255, "10"),
    INT(wifi_ap_idle_timeout, 0, ANY, "120"),
    INT(wifi_beacon_loss_thresh, 0, 255, "10"),
    INT(wifi_priv_mode, 0, 2, "2"),
    WEP_KEY(0),
    WEP_KEY(1),
    WEP_KEY(2),
    WEP_KEY(3),
    SIZED(wifi_wep_key_lens, SPWF_OCTETS, ""),
    INT(wifi_wep_default_key, 0, 3, "0"),
    SIZED(wifi_wpa_psk_raw, SPWF_OCTETS, ""),
    SIZED(wifi_wpa_psk_text, SPWF_TEXT, ""),
    INT(wifi_reg_country, 0, ANY, "0"),
    INT(ip_use_dhcp, 0, 2, "1"),
    INT(ip_use_httpd, 0, 1, "1"),
    INT(ip_mtu, 634, 2412, "1500"),
    SIZED(ip_hostname, SPWF_TEXT, "iwm-00-00-00"), /* likewise */
    SIZED(ip_apdomainname, SPWF_TEXT, "captiveportal.net"),
    SIZED(ip_apredirect, SPWF_TEXT, "firstset.html"),
    SIZED(ip_ipaddr, SPWF_IP, "192.168.0.50"),
    SIZED(ip_netmask, SPWF_IP, "255.255.255.0"),
    SIZED(ip_gw, SPWF_IP, "192.168.0.1"),
    SIZED(ip_dns, SPWF_IP, "192.168.0.1"),
    INT(ip_http_get_recv_timeout, 0, ANY, "1000"),
    INT(ip_dhcp_timeout, 0, ANY, "20"),
    INT(ip_sockd_timeout, 5, 250, "250"),
    INT(ip_use_cgis, 0, ANY, "0"),
    INT(ip_use_decoder, 0, ANY, "0"),
    INT(ip_use_ssis, 0, ANY, "0"),
    /* A new passphrase was set and WIND 46 has not told of its derivation yet. */
    {.name = "", .type = SPWF_INT, .size = 4, AT(psk_to_crunch), .max = 1, .factory = "0"},
};

enum { COUNT = sizeof table / sizeof table[0] };

size_t spwf_config_count(void) {
    return COUNT;
}

const struct spwf_variable *spwf_config_variable(size_t i) {
    return &table[i];
}

const struct spwf_variable *spwf_config_find(const char *name) {
    struct spwf_argument wanted = {name, strlen(name)};
    for (size_t i = 0; i < COUNT; i++) {
        if (wanted.length > 0 && spwf_text_is(&wanted, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

static uint8_t *value_of(struct spwf_settings *settings, const struct spwf_variable *v) {
    return (uint8_t *)settings + v->offset;
}

/* Octets as aa:bb:.. or aabb.. [at-ref 2.2]; those that are not given are 0. */
static int parse_octets(const char *text, size_t length, uint8_t *out, size_t size) {
    memset(out, 0, size);
    size_t used = 0;
    for (size_t i = 0; i < length; used++) {
        uint64_t octet;
        size_t digits = length - i < 2 ? length - i : 2;
        struct spwf_argument pair = {text + i, digits};
        char prefixed[4] = {'0', 'x', pair.text[0], digits == 2 ? pair.text[1] : '\0'};
        pair = (struct spwf_argument){prefixed, 2 + digits};
        if (digits < 2 || used == size || spwf_text_number(&pair, true, 255, &octet) != SPWF_OK) {
            return SPWF_E_ARGUMENT;
        }
        out[used] = (uint8_t)octet;
        i += 2;
        if (i < length && text[i] == ':') {
            i++;
        }
    }
    return SPWF_OK;
}

static int parse_signed(const char *text, size_t length, int32_t *out) {
    bool minus = length > 0 && text[0] == '-';
    struct spwf_argument digits = {text + minus, length - minus};
    uint64_t value;
    if (spwf_text_number(&digits, false, 128, &value) != SPWF_OK) { /* dBm: -128 to 128 */
        return SPWF_E_ARGUMENT;
    }
    *out = minus ? -(int32_t)value : (int32_t)value;
    return SPWF_OK;
}

/* Into a copy of the value, so that a refused text leaves the old one. */
static int parse(const struct spwf_variable *v, const char *text, size_t length, uint8_t *out) {
    struct spwf_argument argument = {text, length};
    uint64_t number;
    switch ((enum spwf_type)v->type) {
    case SPWF_INT:
    case SPWF_MASK:
        if (spwf_text_number(&argument, true, ANY, &number) != SPWF_OK ||
            (v->type == SPWF_INT && (number < v->min || number > v->max))) {
            return SPWF_E_ARGUMENT;
        }
        memcpy(out, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
        return SPWF_OK;
    case SPWF_SIGNED: {
        int32_t level = 0;
        int error = parse_signed(text, length, &level);
        memcpy(out, &level, sizeof level);
        return error;
    }
    case SPWF_OCTETS:
        return parse_octets(text, length, out, v->size);
    case SPWF_IP:
        return spwf_text_ip(text, out) ? SPWF_OK : SPWF_E_ARGUMENT;
    case SPWF_TEXT:
        if (length >= v->size) {
            return SPWF_R_SIZE;
        }
        memset(out, 0, v->size);
        memcpy(out, text, length);
        return SPWF_OK;
    }
    return SPWF_E_ARGUMENT;
}

enum { LARGEST_VALUE = 65 };

int spwf_config_set(struct spwf *m, const struct spwf_variable *v, const char *text,
                    size_t length) {
    uint8_t value[LARGEST_VALUE];
    uint8_t *now = value_of(&m->settings, v);
    int error = parse(v, text, length, value);
    if (error == SPWF_OK) {
        bool passphrase = v->offset == offsetof(struct spwf_settings, wifi_wpa_psk_text);
        if (passphrase && length > 0 && memcmp(now, value, v->size) != 0) {
            m->settings.psk_to_crunch = 1;
        }
        memcpy(now, value, v->size);
    }
    spwf_wipe(value, sizeof value);
    return error;
}

int spwf_config_set_ssid(struct spwf *m, const char *text, size_t length) {
    if (length > SPWF_SSID_MAX) {
        return SPWF_R_SIZE;
    }
    memset(m->settings.wifi_ssid, 0, sizeof m->settings.wifi_ssid);
    memcpy(m->settings.wifi_ssid, text, length);
    m->settings.wifi_ssid_len = (uint32_t)length;
    return SPWF_OK;
}

/* The factory value, where it is this instance's own too. */
static void factory_value(const struct spwf *m, const struct spwf_variable *v, uint8_t *out) {
    static const uint8_t no_mac[6] = {0}, st_mac[6] = {0x00, 0x80, 0xE1, 0x00, 0x00, 0x01};
    const uint8_t *mac = memcmp(m->config.mac, no_mac, sizeof no_mac) != 0 ? m->config.mac : st_mac;
    (void)parse(v, v->factory, strlen(v->factory), out);
    switch (v->offset) {
    case offsetof(struct spwf_settings, localecho1):
        memcpy(out, &(uint32_t){m->config.echo}, sizeof(uint32_t));
        break;
    case offsetof(struct spwf_settings, nv_wifi_macaddr):
        memcpy(out, mac, sizeof st_mac);
        break;
    case offsetof(struct spwf_settings, ip_hostname): /* iwm-XX-YY-ZZ, the MAC's lower half */
        for (size_t i = 0; i < 3; i++) {
            out[4 + 3 * i] = (uint8_t)"0123456789ABCDEF"[mac[3 + i] >> 4];
            out[5 + 3 * i] = (uint8_t)"0123456789ABCDEF"[mac[3 + i] & 15];
        }
        break;
    default:
        break;
    }
}

static void set_all(struct spwf *m) {
    for (size_t i = 0; i < COUNT; i++) {
        factory_value(m, &table[i], value_of(&m->settings, &table[i]));
    }
}

void spwf_config_factory(struct spwf *m) {
    uint32_t echo = m->settings.localecho1; /* AT&F leaves the echo alone [at-ref 2.4] */
    set_all(m);
    m->settings.localecho1 = echo;
}

/* Whether SCFG could have set it: a checksum that is right does not say who wrote the value. */
static bool plausible(const struct spwf_variable *v, const uint8_t *value) {
    uint32_t number;
    switch ((enum spwf_type)v->type) {
    case SPWF_INT:
        memcpy(&number, value, sizeof number);
        return number >= v->min && number <= v->max;
    case SPWF_TEXT:
        return memchr(value, '\0', v->size) != NULL;
    case SPWF_SIGNED:
    case SPWF_MASK:
    case SPWF_OCTETS:
    case SPWF_IP:
        break;
    }
    return true;
}

/* Takes one saved value; the length of its entry, 0 where the rest makes no sense. */
static size_t restore(struct spwf *m, const uint8_t *entry, size_t left) {
    const uint8_t *end = memchr(entry, '\0', left);
    size_t head = end != NULL ? (size_t)(end - entry) + 2 : left + 1;
    if (head > left || entry[head - 1] > left - head) {
        return 0;
    }
    size_t size = entry[head - 1];
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp((const char *)entry, table[i].name) == 0 && size == table[i].size &&
            plausible(&table[i], entry + head)) {
            memcpy(value_of(&m->settings, &table[i]), entry + head, size);
        }
    }
    return head + size;
}

void spwf_config_load(struct spwf *m) {
    set_all(m);
    int length = spwf_store_read(m, SPWF_RECORD_CONFIG, m->body, sizeof m->body);
    size_t step = 1;
    for (size_t at = 0; length > 0 && step > 0 && at < (size_t)length; at += step) {
        step = restore(m, m->body + at, (size_t)length - at);
    }
    spwf_wipe(m->body, sizeof m->body);
}

int spwf_config_save(struct spwf *m) {
    uint8_t factory[LARGEST_VALUE];
    size_t used = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const struct spwf_variable *v = &table[i];
        const uint8_t *now = value_of(&m->settings, v);
        factory_value(m, v, factory);
        if (v->transient || memcmp(now, factory, v->size) == 0) {
            continue;
        }
        size_t name = strlen(v->name) + 1;
        if (sizeof m->body - used < name + 1 + v->size) {
            return SPWF_E_NO_ROOM;
        }
        memcpy(m->body + used, v->name, name);
        m->body[used + name] = v->size;
        memcpy(m->body + used + name + 1, now, v->size);
        used += name + 1 + v->size;
    }
    int error = spwf_store_write(m, SPWF_RECORD_CONFIG, m->body, used);
    spwf_wipe(m->body, sizeof m->body);
    return error;
}

void spwf_config_print(struct spwf *m, const struct spwf_variable *v) {
    const uint8_t *value = value_of(&m->settings, v);
    uint32_t number = 0;
    if (v->type == SPWF_INT || v->type == SPWF_MASK || v->type == SPWF_SIGNED) {
        memcpy(&number, value, sizeof number);
    }
    switch ((enum spwf_type)v->type) {
    case SPWF_INT:
        spwf_reply_decimal(m, number, 1);
        break;
    case SPWF_SIGNED:
        spwf_reply_text(m, (int32_t)number < 0 ? "-" : "");
        spwf_reply_decimal(m, (int32_t)number < 0 ? 0u - number : number, 1);
        break;
    case SPWF_MASK:
        spwf_reply_text(m, "0x");
        spwf_reply_hex(m, number, 8);
        break;
    case SPWF_OCTETS:
        spwf_reply_octets(m, value, v->size);
        break;
    case SPWF_TEXT:
        spwf_reply_text(m, (const char *)value);
        break;
    case SPWF_IP:
        spwf_reply_ip(m, value);
        break;
    }
}
