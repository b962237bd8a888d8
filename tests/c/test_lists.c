/* The three lists, row by row [at-ref 3.1, 6, 7]: AT&V with its factory values, AT+S.STS, and the
 * names of AT+S.HELP. */
#include "driver.h"

#define OK "\r\nOK\r\n"
#define ZEROS_4 "00:00:00:00"
#define ZEROS_16 ZEROS_4 ":" ZEROS_4 ":" ZEROS_4 ":" ZEROS_4
#define ZEROS_32 ZEROS_16 ":" ZEROS_16

struct row {
    const char *name, *value; /* NULL: whatever it is, as the time */
};

static const struct row settings[] = {
    {"nv_manuf", "ST"},
    {"nv_model", "SPWF01SA1"},
    {"nv_serial", "3214A000"},
    {"nv_wifi_macaddr", "00:80:E1:00:00:01"},
    {"blink_led", "0"},
    {"wind_off_low", "0x00000000"},
    {"wind_off_medium", "0x00000000"},
    {"wind_off_high", "0x00000000"},
    {"user_desc", "anonymous"},
    {"escape_seq", "at+s."},
    {"localecho1", "0"},
    {"console1_speed", "115200"},
    {"console1_hwfc", "0"},
    {"console1_enabled", "1"},
    {"console1_delimiter", "0"},
    {"console1_errs", "0"},
    {"sleep_enabled", "0"},
    {"standby_enabled", "0"},
    {"standby_time", "10"},
    {"wifi_tx_msdu_lifetime", "0"},
    {"wifi_rx_msdu_lifetime", "0"},
    {"wifi_operational_mode", "0x00000011"},
    {"wifi_beacon_wakeup", "1"},
    {"wifi_beacon_interval", "100"},
    {"wifi_listen_interval", "0"},
    {"wifi_rts_threshold", "3000"},
    {"wifi_ssid", ZEROS_32},
    {"wifi_ssid_len", "0"},
    {"wifi_channelnum", "6"},
    {"wifi_opr_rate_mask", "0xFFFFFFFF"},
    {"wifi_bas_rate_mask", "0x0000000F"},
    {"wifi_ht_mode", "0"},
    {"wifi_mode", "1"},
    {"wifi_auth_type", "0"},
    {"wifi_powersave", "1"},
    {"wifi_tx_power", "18"},
    {"wifi_rssi_thresh", "-50"},
    {"wifi_rssi_hyst", "10"},
    {"wifi_ap_idle_timeout", "120"},
    {"wifi_beacon_loss_thresh", "10"},
    {"wifi_priv_mode", "2"},
    {"wifi_wep_keys[0]", ZEROS_16},
    {"wifi_wep_keys[1]", ZEROS_16},
    {"wifi_wep_keys[2]", ZEROS_16},
    {"wifi_wep_keys[3]", ZEROS_16},
    {"wifi_wep_key_lens", ZEROS_4},
    {"wifi_wep_default_key", "0"},
    {"wifi_wpa_psk_raw", ZEROS_32},
    {"wifi_wpa_psk_text", ""},
    {"wifi_reg_country", "0"},
    {"ip_use_dhcp", "1"},
    {"ip_use_httpd", "1"},
    {"ip_mtu", "1500"},
    {"ip_hostname", "iwm-00-00-01"},
    {"ip_apdomainname", "captiveportal.net"},
    {"ip_apredirect", "firstset.html"},
    {"ip_ipaddr", "192.168.0.50"},
    {"ip_netmask", "255.255.255.0"},
    {"ip_gw", "192.168.0.1"},
    {"ip_dns", "192.168.0.1"},
    {"ip_http_get_recv_timeout", "1000"},
    {"ip_dhcp_timeout", "20"},
    {"ip_sockd_timeout", "250"},
    {"ip_use_cgis", "0"},
    {"ip_use_decoder", "0"},
    {"ip_use_ssis", "0"},
};

/* In the network of driver.c. */
static const struct row status[] = {
    {"version", "160129-c5bf5ce-SPWF01S"},
    {"reset_reason", "1"},
    {"conf_flag", "0"},
    {"system_uptime", NULL},
    {"system_sleeptime", "0"},
    {"gpio_enable", "0"},
    {"captiveportal", "0"},
    {"wifi_state", "10"},
    {"wifi_bssid", "00:11:22:33:44:55"},
    {"wifi_aid", "1"},
    {"wifi_channelnum", "6"},
    {"wifi_sup_rate_mask", "0xFFFFFFFF"},
    {"wifi_bas_rate_mask", "0x0000000F"},
    {"wifi_chan_activity2", "0x00000000"},
    {"wifi_max_tx_power", "30"},
    {"wifi_reg_country", "0"},
    {"wifi_dtim_period", "0"},
    {"wifi_sleeping", "0"},
    {"wifi_num_assoc", "0"},
    {"ip_ipaddr", "192.168.1.5"},
    {"ip_netmask", "255.255.255.0"},
    {"ip_gw", "192.168.1.1"},
    {"ip_dns", "192.168.1.1"},
    {"ip_sock_open", "0"},
    {"ip_sockd_port", "0"},
    {"free_heap", NULL},
    {"min_heap", NULL},
    {"current_time", NULL},
};

static const char *const commands[] = {
    "AT",           "AT&F",         "AT&V",          "AT&W",           "AT+CFUN",
    "AT+S.HELP",    "AT+S.GCFG",    "AT+S.SCFG",     "AT+S.SSIDTXT",   "AT+S.STS",
    "AT+S.SETTIME", "AT+S.TLSCERT", "AT+S.TLSCERT2", "AT+S.TLSDOMAIN", "AT+S.SOCKON",
    "AT+S.SOCKW",   "AT+S.SOCKQ",   "AT+S.SOCKR",    "AT+S.SOCKC",
};

static struct driver d;

/* The next row of the list in d.output, without its end; "" after the last one. */
static const char *next_row(char **at) {
    char *row = *at, *end = strstr(row, "\r\n");
    if (end == NULL || strncmp(row, "#  ", 3) != 0) {
        return "";
    }
    *end = '\0';
    *at = end + 2;
    return row;
}

/* Where the rows of this list begin. */
static char *list(const char *command) {
    driver_say(&d, command);
    bool framed = check(strncmp(d.output, "\r\n", 2) == 0);
    return d.output + (framed ? 2 : 0);
}

static void is_made_of(const char *command, const struct row *rows, size_t count) {
    char *at = list(command), wanted[160];
    for (size_t i = 0; i < count; i++) {
        const char *row = next_row(&at);
        int size = snprintf(wanted, sizeof wanted, "#  %s = ", rows[i].name);
        if (rows[i].value != NULL) {
            snprintf(wanted + size, sizeof wanted - (size_t)size, "%s", rows[i].value);
            check_text(row, wanted);
        } else {
            const char *digits = row + size;
            check_case(strncmp(row, wanted, (size_t)size) == 0 && *digits != '\0' &&
                           strspn(digits, "0123456789") == strlen(digits),
                       "%s is %s", rows[i].name, row);
        }
    }
    check_text(at, OK);
}

static void at_v_shows_the_factory_values(void) {
    driver_init(&d);
    is_made_of("AT&V\r", settings, CHECK_COUNT(settings));
    driver_free(&d);
}

static void at_f_brings_them_all_back(void) {
    driver_init(&d);
    driver_say(&d, "AT+S.SCFG=nv_manuf,x\rAT+S.SSIDTXT=x\rAT+S.SCFG=wifi_wep_keys[3],ff\r"
                   "AT+S.SCFG=wifi_rssi_thresh,-1\rAT+S.SCFG=ip_dns,1.1.1.1\r"
                   "AT+S.SCFG=ip_use_ssis,1\rAT+S.SCFG=wind_off_high,1\rAT&F\r");
    check(strstr(d.output, "ERROR") == NULL);
    is_made_of("AT&V\r", settings, CHECK_COUNT(settings));
    driver_free(&d);
}

static void sts_shows_the_state_in_the_network(void) {
    driver_init(&d);
    driver_join(&d);
    is_made_of("AT+S.STS\r", status, CHECK_COUNT(status));
    driver_free(&d);
}

static void help_names_every_command(void) {
    driver_init(&d);
    char *at = list("AT+S.HELP\r");
    for (size_t i = 0; i < CHECK_COUNT(commands); i++) {
        const char *row = next_row(&at);
        size_t size = strlen(commands[i]);
        check_case(strncmp(row, "#  ", 3) == 0 && strncmp(row + 3, commands[i], size) == 0 &&
                       strchr(" =[", row[3 + size]) != NULL && strstr(row, " -- ") != NULL,
                   "%s is %s", commands[i], row);
    }
    check_text(at, OK);
    driver_free(&d);
}

static const struct check_test tests[] = {
    {"AT&V shows the factory values", at_v_shows_the_factory_values},
    {"AT&F brings them all back", at_f_brings_them_all_back},
    {"STS shows the state in the network", sts_shows_the_state_in_the_network},
    {"HELP names every command", help_names_every_command},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
