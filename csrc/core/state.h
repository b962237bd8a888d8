/*
 * state.h - what a module is made of. Complete so that a caller can place a struct spwf anywhere;
 * "complete but not yours to read": only csrc/core uses the fields. Included by spwf.h alone.
 *
 * One part per file: a part is written only by the functions of the file that it is named after.
 */
#ifndef SPWF_STATE_H
#define SPWF_STATE_H

enum {
    SPWF_LINE_MAX = 512,     /* command line without its CR [at-ref 2.2] */
    SPWF_INPUT_SIZE = 512,   /* bytes from the host that no command has taken yet; a power of two */
    SPWF_OUTPUT_SIZE = 1024, /* bytes for the host; a power of two, holds the longest single line */
    SPWF_WINDS = 32          /* indications held back during a command */
};

struct spwf;
struct spwf_tls;

/* What a command that must wait leaves behind: called at each poll until it returns anything but
 * SPWF_LATER or SPWF_AGAIN (inner.h). */
typedef int spwf_await(struct spwf *m);

struct spwf_ring {
    uint16_t head, used; /* oldest byte, bytes in use */
};

struct spwf_line { /* line.c */
    uint8_t state;
    bool overlong; /* longer than text: an error, once its CR has come */
    uint16_t length;
    char text[SPWF_LINE_MAX + 1]; /* from the A of AT on, as it came, without the CR */
};

struct spwf_job {          /* module.c: the command in hand */
    spwf_await *await;     /* NULL: none */
    bool pending;          /* a line is complete and waits for run_at */
    uint64_t run_at;       /* ms: the module takes its time between CR and reply [at-ref 1.18] */
    uint64_t deadline;     /* ms: when a stalled peer is given up; UINT64_MAX: never */
    uint32_t wanted;       /* declared size of the body */
    uint32_t taken;        /* bytes of it that have come */
    int verdict;           /* what to answer once the body is swallowed */
    uint16_t row;          /* progress of a long reply */
    uint16_t staged, sent; /* bytes in m->body, and how many of them have gone on */
    uint8_t subject;       /* the socket or TLS file that the command is about */
    bool flash;            /* the TLS file's place */
};

struct spwf_wind_entry {
    uint8_t number, id;
    uint32_t value;
};

struct spwf_wind { /* wind.c */
    uint8_t used;
    struct spwf_wind_entry queue[SPWF_WINDS];
};

struct spwf_boot_state { /* module.c */
    uint8_t stage, why;
    bool crunch; /* a new passphrase was saved */
    uint64_t next_at;
};

struct spwf_clock {           /* clock.c */
    bool set, lost;           /* lost: by the last reset; it was set before */
    uint64_t seconds, set_at; /* UTC at the moment set_at (ms) */
};

struct spwf_wifi {    /* wifi.c */
    uint8_t shown;    /* how many steps of the join the indications have told */
    uint8_t refusals; /* in a row */
    bool running, asked,
        up;           /* a network is wanted; join() took the request; the address is there */
    uint64_t next_at; /* ms: nothing is told, or asked again, before */
    struct spwf_link_request request; /* as saved at the boot; ssid "": none is wanted */
    struct spwf_link_info link;
};

struct spwf_socket { /* sockets.c */
    char kind;       /* 0 free, 't' or 's' as in SOCKON */
    bool open, indicate, told_closed;
    uint8_t outstanding;  /* WIND 55 since the last SOCKR, secure sockets */
    uint16_t unannounced; /* records that had no WIND 55 because four were outstanding */
    uint32_t announced;   /* bytes that WIND 55 has told of, plain sockets */
};

struct spwf_opening { /* opening.c: the SOCKON in hand */
    uint8_t phase, id;
    struct spwf_addr to;
    uint64_t deadline;
    char host[SPWF_NAME_MAX + 1];
};

struct spwf_settings { /* config.c, whose table gives each its name, range and factory value */
    uint32_t blink_led, wind_off_low, wind_off_medium, wind_off_high, localecho1, console1_speed,
        console1_hwfc, console1_enabled, console1_delimiter, console1_errs, sleep_enabled,
        standby_enabled, standby_time, wifi_tx_msdu_lifetime, wifi_rx_msdu_lifetime,
        wifi_operational_mode, wifi_beacon_wakeup, wifi_beacon_interval, wifi_listen_interval,
        wifi_rts_threshold, wifi_ssid_len, wifi_channelnum, wifi_opr_rate_mask, wifi_bas_rate_mask,
        wifi_ht_mode, wifi_mode, wifi_auth_type, wifi_powersave, wifi_tx_power, wifi_rssi_hyst,
        wifi_ap_idle_timeout, wifi_beacon_loss_thresh, wifi_priv_mode, wifi_wep_default_key,
        wifi_reg_country, ip_use_dhcp, ip_use_httpd, ip_mtu, ip_http_get_recv_timeout,
        ip_dhcp_timeout, ip_sockd_timeout, ip_use_cgis, ip_use_decoder, ip_use_ssis, psk_to_crunch;
    int32_t wifi_rssi_thresh;
    uint8_t ip_ipaddr[4], ip_netmask[4], ip_gw[4], ip_dns[4];
    uint8_t nv_wifi_macaddr[6], wifi_ssid[SPWF_SSID_MAX], wifi_wep_keys[4][16],
        wifi_wep_key_lens[4], wifi_wpa_psk_raw[32];
    char nv_manuf[33], nv_model[33], nv_serial[33], user_desc[65], escape_seq[9],
        wifi_wpa_psk_text[65], ip_hostname[33], ip_apdomainname[65], ip_apredirect[65];
};

struct spwf_store { /* store.c */
    bool mounted;
    bool blank;         /* holds nothing, and no bank has begun */
    bool clean;         /* the rest of the bank and the whole other bank are known to be erased */
    uint8_t bank;       /* the one that counts: 0 or 1 */
    uint32_t sequence;  /* of that bank */
    uint32_t end;       /* where the next record goes, bytes from the bank's start; while `clean` */
    uint32_t at[6];     /* by enum spwf_record: where the record is in the bank; 0: absent */
    uint32_t crc[6];    /* of its content */
    uint16_t length[6]; /* its bytes */
};

struct spwf_certs { /* certs.c: the RAM twins of the TLS files; memory from port->alloc */
    void *ram[4];
    uint16_t size[4];
};

struct spwf { /* order: small and hot first, buffers last */
    struct spwf_config config;
    struct spwf_job job;
    struct spwf_boot_state boot;
    struct spwf_clock clock;
    struct spwf_wifi wifi;
    struct spwf_store store;
    struct spwf_certs certs;
    struct spwf_opening opening;
    struct spwf_socket sockets[SPWF_SOCKETS];
    struct spwf_tls *tls; /* of the one secure socket; NULL: none */
    struct spwf_outcome outcome;
    struct spwf_wind wind;
    struct spwf_ring input, output;
    bool wants_reset;
    uint64_t started_at;
    struct spwf_line line;
    struct spwf_settings settings;
    uint8_t input_bytes[SPWF_INPUT_SIZE];
    uint8_t output_bytes[SPWF_OUTPUT_SIZE];
    uint8_t body[SPWF_BODY_MAX]; /* TLSCERT and secure SOCKW gather here; wiped after use */
};

/* 64 KB boards hold one of these beside lwIP and the TLS heap; pointers there have 4 bytes. */
_Static_assert(sizeof(void *) != 4 || sizeof(struct spwf) <= 10240, "struct spwf over 10 KB");

#endif
