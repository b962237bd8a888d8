/* Requests [at-ref 2.2, 4]: names, arguments, declared bodies, and every bad input's answer. */
#include "driver.h"

#define OK "\r\nOK\r\n"
#define ERROR(text) "\r\nERROR: " text "\r\n"

static struct driver d;

struct exchange {
    const char *sent, *wanted;
};

/* Each in turn to one module, which must still work after each. */
static void exchange(const struct exchange *table, size_t count) {
    driver_init(&d);
    driver_join(&d);
    for (size_t i = 0; i < count; i++) {
        const char *said = driver_say(&d, table[i].sent);
        check_case(strcmp(said, table[i].wanted) == 0, "%s is answered with %s", table[i].sent,
                   said);
        check_case(strcmp(driver_say(&d, "AT\r"), OK) == 0, "%s came before", table[i].sent);
    }
    driver_free(&d);
}

static void bad_input_is_answered_and_leaves_the_module_working(void) {
    static const struct exchange table[] = {
        {"AT+S.NONSENSE\r", ERROR("Command not found")},
        {"AT+S.\r", ERROR("Command not found")},
        {"ATX\r", ERROR("Command not found")},
        {"AT=1\r", ERROR("Too many argument(s)")},
        {"AT&W=1\r", ERROR("Too many argument(s)")},
        {"AT+CFUN\r", ERROR("Missing argument(s)")},
        {"AT+CFUN=5\r", ERROR("Invalid argument(s)")},
        {"AT+CFUN=x\r", ERROR("Invalid argument(s)")},
        {"AT+CFUN=1,2\r", ERROR("Too many argument(s)")},
        {"AT+S.GCFG\r", ERROR("Missing argument(s)")},
        {"AT+S.GCFG=\r", ERROR("Missing argument(s)")},
        {"AT+S.GCFG=nothing\r", ERROR("Variable not found")},
        {"AT+S.SCFG=ip_mtu\r", ERROR("Missing argument(s)")},
        {"AT+S.SCFG=,1\r", ERROR("Missing argument(s)")},
        {"AT+S.SCFG=nothing,1\r", ERROR("Variable not found")},
        {"AT+S.SCFG=ip_mtu,\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_mtu,12a\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_mtu,633\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_mtu,4294968796\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_mtu,-1\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_ipaddr,1.2.3\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=ip_ipaddr,1.2.3.256\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=escape_seq,123456789\r", ERROR("Argument exceeds allowed size")},
        {"AT+S.SCFG=wifi_wep_key_lens,0D:0D:0D:0D:0D\r", ERROR("Invalid argument(s)")},
        {"AT+S.SCFG=wifi_wep_key_lens,0G\r", ERROR("Invalid argument(s)")},
        {"AT+S.SSIDTXT=123456789012345678901234567890123\r",
         ERROR("Argument exceeds allowed size")},
        {"AT+S.STS=nothing\r", ERROR("Variable not found")},
        {"AT+S.SETTIME\r", ERROR("Missing argument(s)")},
        {"AT+S.SETTIME=\r", ERROR("Missing argument(s)")},
        {"AT+S.SETTIME=now\r", ERROR("Invalid argument(s)")},
        {"AT+S.SETTIME=253402300800\r", ERROR("Invalid argument(s)")},
        {"AT+S.TLSCERT2=clean\r", ERROR("Missing argument(s)")},
        {"AT+S.TLSCERT2=wash,all\r", ERROR("Invalid argument(s)")},
        {"AT+S.TLSCERT2=clean,f_dh\r", ERROR("Invalid argument(s)")},
        {"AT+S.TLSDOMAIN=f_ca,name\r", ERROR("Invalid argument(s)")},
        {"AT+S.TLSDOMAIN=f_domain,\r", ERROR("Missing argument(s)")},
        {"AT+S.SOCKON=host,80\r", ERROR("Missing argument(s)")},
        {"AT+S.SOCKON=host,0,t\r", ERROR("Invalid argument(s)")},
        {"AT+S.SOCKON=host,65536,t\r", ERROR("Invalid argument(s)")},
        {"AT+S.SOCKON=host,http,t\r", ERROR("Invalid argument(s)")},
        {"AT+S.SOCKON=host,80,x\r", ERROR("Invalid argument(s)")},
        {"AT+S.SOCKON=host,80,t,ind,more\r", ERROR("Too many argument(s)")},
        {"AT+S.SOCKQ=0\r", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKQ=8\r", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKQ=x\r", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKQ=4294967296\r", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKR=0,10\r", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKC= 00\r", ERROR("Illegal Socket ID")},
    };
    exchange(table, CHECK_COUNT(table));
}

static void the_data_of_a_refused_command_is_consumed(void) {
    static const struct exchange table[] = {
        {"AT+S.SOCKW=00,4\rAT\r\n", ERROR("Illegal Socket ID")},
        {"AT+S.SOCKW=00,0\r", ERROR("Illegal Socket ID")},
        {"AT+S.TLSCERT=f_dh,4\rAT\r\n", ERROR("Invalid argument(s)")},
        {"AT+S.TLSCERT=f_domain,4\rAT\r\n", ERROR("Invalid argument(s)")},
        {"AT+S.TLSCERT=f_content,4\rAT\r\n", ERROR("Invalid argument(s)")},
        {"AT+S.TLSCERT=f_ca,4,9\rAT\r\n", ERROR("Too many argument(s)")},
        {"AT+S.TLSCERT=f_ca,0\r", ERROR("Argument evaluated to zero")},
        /* These declare nothing that could be swallowed: what follows is a command. */
        {"AT+S.TLSCERT=f_ca\rAT\r", ERROR("Missing argument(s)") OK},
        {"AT+S.TLSCERT=f_ca,x4\rAT\r", ERROR("Invalid argument(s)") OK},
        {"AT+S.TLSCERT=f_ca,4097\rAT\r", ERROR("Argument exceeds allowed size") OK},
        {"AT+S.SOCKW=00,4097\rAT\r", ERROR("Argument exceeds allowed size") OK},
    };
    exchange(table, CHECK_COUNT(table));
}

static void a_body_over_the_limit_is_swallowed_and_the_old_file_stays(void) {
    char line[5000];
    driver_init(&d);
    check_text(driver_say(&d, "AT+S.TLSCERT=f_ca,3\rold"), OK);
    int head = sprintf(line, "AT+S.TLSCERT=f_ca,4096\r");
    for (int i = 0; i < 4096; i++) {
        line[head + i] = "AT\r"[i % 3];
    }
    line[head + 4096] = '\0';
    check_text(driver_say(&d, line), ERROR("Argument exceeds allowed size"));
    check_text(driver_say(&d, "AT+S.TLSCERT=f_content,0\r"), "\r\n#  f_ca = 3\r\n" OK);
    driver_free(&d);
}

static void values_are_taken_as_drivers_send_them(void) {
    static const struct exchange table[] = {
        {"AT+S.SCFG=wind_off_low,0x00000F00\r", OK},
        {"AT+S.GCFG=wind_off_low\r", "\r\n#  wind_off_low = 0x00000F00\r\n" OK},
        {"AT+S.SCFG=wind_off_low,0\r", OK},
        {"AT+S.SCFG=wifi_operational_mode,12\r", OK},
        {"AT+S.GCFG=wifi_operational_mode\r", "\r\n#  wifi_operational_mode = 0x0000000C\r\n" OK},
        {"AT+S.SCFG=wifi_beacon_wakeup,0\r", OK},
        {"AT+S.SCFG=nv_manuf,ACME\r", OK},
        {"AT+S.SCFG=nv_model,X1\r", OK},
        {"AT+S.SCFG=wifi_rssi_thresh,-70\r", OK},
        {"AT+S.GCFG=wifi_rssi_thresh\r", "\r\n#  wifi_rssi_thresh = -70\r\n" OK},
        {"AT+S.SCFG=nv_wifi_macaddr,02:4D:53:4d:00:01\r", OK},
        {"AT+S.GCFG=nv_wifi_macaddr\r", "\r\n#  nv_wifi_macaddr = 02:4D:53:4D:00:01\r\n" OK},
        {"AT+S.SCFG=wifi_wep_keys[0],31323334353637383930313233\r", OK},
        {"AT+S.GCFG=wifi_wep_keys[0]\r",
         "\r\n#  wifi_wep_keys[0] = 31:32:33:34:35:36:37:38:39:30:31:32:33:00:00:00\r\n" OK},
        {"AT+S.SCFG=wifi_wpa_psk_text,\r", OK},
        {"AT+S.GCFG=wifi_wpa_psk_text\r", "\r\n#  wifi_wpa_psk_text = \r\n" OK},
        {"AT+S.SCFG=wifi_wpa_psk_text,a,b=c, d\r", OK},
        {"AT+S.GCFG=wifi_wpa_psk_text\r", "\r\n#  wifi_wpa_psk_text = a,b=c, d\r\n" OK},
        {"AT+S.SSIDTXT=my, network\r", OK},
        {"AT+S.SSIDTXT\r", "\r\nmy, network\r\n" OK},
        {"AT+S.GCFG=wifi_ssid_len\r", "\r\n#  wifi_ssid_len = 11\r\n" OK},
        {"AT+S.SSIDTXT=\r", OK},
        {"AT+S.SSIDTXT\r", "\r\n\r\n" OK},
        {"AT+S.SCFG=ip_ipaddr,10.1.2.3\r", OK},
        {"AT+S.GCFG=ip_ipaddr\r", "\r\n#  ip_ipaddr = 10.1.2.3\r\n" OK},
        {"AT+CFUN=3\r", OK},
    };
    exchange(table, CHECK_COUNT(table));
}

static const struct check_test tests[] = {
    {"bad input is answered and leaves the module working",
     bad_input_is_answered_and_leaves_the_module_working},
    {"the data of a refused command is consumed", the_data_of_a_refused_command_is_consumed},
    {"a body over the limit is swallowed and the old file stays",
     a_body_over_the_limit_is_swallowed_and_the_old_file_stays},
    {"values are taken as drivers send them", values_are_taken_as_drivers_send_them},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
