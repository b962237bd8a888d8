/* Power, boot, indications and time [at-ref 1.6, 1.7, 1.14, 1.15, 5, 8]. */
#include "driver.h"
#include "inner.h"

#define OK "\r\nOK\r\n"
#define BOOT \
    "\r\n+WIND:1:Poweron (160129-c5bf5ce-SPWF01S)\r\n" \
    "\r\n+WIND:13:ST SPWF01SA1 IWM: Copyright (c) 2012-2014 STMicroelectronics, Inc. All rights " \
    "Reserved.\r\n" \
    "\r\n+WIND:3:Watchdog Running\r\n" \
    "\r\n+WIND:0:Console active\r\n"
#define STARTED "\r\n+WIND:32:WiFi Hardware Started\r\n"
#define JOINED \
    "\r\n+WIND:21:WiFi Scanning\r\n" \
    "\r\n+WIND:35:Scan Complete:0x0\r\n" \
    "\r\n+WIND:19:WiFi Join:00:11:22:33:44:55\r\n" \
    "\r\n+WIND:25:WiFi Association with 'lab' successful\r\n" \
    "\r\n+WIND:51:WPA Handshake Complete\r\n" \
    "\r\n+WIND:24:WiFi Up:192.168.1.5\r\n"

static struct driver d;

static void says(const char *sent, const char *wanted) {
    check_text(driver_say(&d, sent), wanted);
}

static void power_on_tells_the_boot_sequence(void) {
    driver_init(&d);
    check_text(d.output, BOOT STARTED);
    check(d.fake.millis >= 100); /* [at-ref 1.18] */
    driver_free(&d);
}

static void the_join_of_the_note_comes_up(void) {
    driver_init(&d);
    says("AT+S.SCFG=wifi_mode,0\rAT+S.SCFG=wifi_priv_mode,2\rAT+S.SSIDTXT=lab\r"
         "AT+S.SCFG=wifi_wpa_psk_text,pass,phrase\rAT+S.SCFG=wifi_mode,1\rAT&W\r",
         OK OK OK OK OK OK);
    says("AT+CFUN=1\r",
         "\r\n+WIND:2:RESET\r\n" BOOT "\r\n+WIND:46:WPA: Crunching PSK...\r\n" STARTED JOINED);
    says("AT+S.GCFG=wifi_wpa_psk_text\r", "\r\n#  wifi_wpa_psk_text = pass,phrase\r\n" OK);
    says("AT+S.STS=ip_ipaddr\r", "\r\n#  ip_ipaddr = 192.168.1.5\r\n" OK);
    says("AT+S.STS=wifi_state\r", "\r\n#  wifi_state = 10\r\n" OK);
    says("AT+CFUN=0\r", "\r\n+WIND:2:RESET\r\n" BOOT STARTED JOINED); /* no new passphrase */
    driver_free(&d);
}

static void what_was_not_saved_is_gone_after_a_reset(void) {
    driver_init(&d);
    says("AT+S.SCFG=ip_mtu,1400\rAT&W\rAT+S.SCFG=ip_mtu,1300\r", OK OK OK);
    driver_say(&d, "AT+CFUN=1\r");
    says("AT+S.GCFG=ip_mtu\r", "\r\n#  ip_mtu = 1400\r\n" OK);
    says("AT&F\rAT+S.GCFG=ip_mtu\r", OK "\r\n#  ip_mtu = 1500\r\n" OK);
    driver_say(&d, "AT+CFUN=1\r");
    says("AT+S.GCFG=ip_mtu\r", "\r\n#  ip_mtu = 1400\r\n" OK);
    driver_free(&d);
}

static void commands_sent_while_it_boots_wait_for_the_console(void) {
    driver_init(&d);
    says("AT+CFUN=1\rAT\r", "\r\n+WIND:2:RESET\r\n" BOOT OK STARTED);
    driver_free(&d);
}

/* What the boot saves after a new passphrase must not touch the data of a command. */
static void a_file_that_comes_while_it_boots_is_stored_as_it_came(void) {
    char file[8];
    driver_init(&d);
    driver_say(&d, "AT+S.SCFG=wifi_wpa_psk_text,passphrase\rAT&W\r");
    driver_say(&d, "AT+CFUN=1\rAT+S.TLSCERT=f_ca,8\rhalf");
    says("done", OK "\r\n+WIND:46:WPA: Crunching PSK...\r\n" STARTED);
    check_equal(spwf_store_read(&d.module, SPWF_RECORD_CA, file, sizeof file), 8);
    check(memcmp(file, "halfdone", sizeof file) == 0);
    driver_free(&d);
}

static void no_indication_between_the_first_a_and_the_end_of_the_reply(void) {
    driver_init(&d);
    driver_join(&d);
    says("A", "");
    d.air.state = SPWF_LINK_LOST;
    driver_run(&d);
    says("T", "");
    says("+S.GCFG=ip_mtu", "");
    says("\r", "\r\n#  ip_mtu = 1500\r\n" OK "\r\n+WIND:33:WiFi Network Lost\r\n"
               "\r\n+WIND:21:WiFi Scanning\r\n");
    driver_free(&d);
}

/* Its own 46 is all that a boot may change in flash. */
static void the_boot_saves_nothing_of_what_the_host_sets_meanwhile(void) {
    driver_init(&d);
    driver_say(&d, "AT+S.SCFG=wifi_wpa_psk_text,secret123\rAT&W\r");
    driver_say(&d, "AT+CFUN=1\rAT+S.SCFG=user_desc,unsaved\r");
    check(strstr(d.output, "+WIND:46:") != NULL);
    says("AT+S.GCFG=user_desc\r", "\r\n#  user_desc = unsaved\r\n" OK);
    check(strstr(driver_say(&d, "AT+CFUN=1\r"), "+WIND:46:") == NULL);
    says("AT+S.GCFG=user_desc\r", "\r\n#  user_desc = anonymous\r\n" OK);
    driver_free(&d);
}

static void a_join_goes_by_what_was_saved(void) {
    driver_init(&d);
    driver_join(&d);
    d.air.state = SPWF_LINK_LOST;
    driver_run(&d);
    driver_say(&d, "AT+S.SSIDTXT=other\rAT+S.SCFG=wifi_priv_mode,0\r");
    driver_forget(&d);
    d.air.state = SPWF_LINK_UP;
    driver_run(&d);
    check(strstr(d.output, "+WIND:25:WiFi Association with 'lab' successful\r\n") != NULL);
    check(strstr(d.output, "+WIND:51:") != NULL);
    driver_free(&d);
}

static void a_lost_network_is_told_and_joined_again(void) {
    driver_init(&d);
    driver_join(&d);
    d.air.state = SPWF_LINK_LOST;
    says("", "\r\n+WIND:33:WiFi Network Lost\r\n\r\n+WIND:21:WiFi Scanning\r\n");
    says("AT+S.SOCKON=10.0.0.1,80,t\r", "\r\nERROR: IP not ready to send\r\n");
    d.air.state = SPWF_LINK_UP;
    driver_forget(&d);
    driver_run(&d);
    check_text(d.output, strstr(JOINED, "\r\n+WIND:35"));
    driver_free(&d);
}

static int refuse(void *ctx, const struct spwf_link_request *request) {
    struct driver *driver = (struct driver *)((char *)ctx - offsetof(struct driver, fake));
    (void)request;
    driver->air.state = SPWF_LINK_REFUSED;
    driver->air.reason = 15;
    return 0;
}

static void a_wrong_passphrase_is_told_three_times(void) {
    driver_init(&d);
    d.link.join = refuse;
    driver_say(&d, "AT+S.SSIDTXT=lab\rAT&W\rAT+CFUN=1\r");
    int told = 0;
    for (const char *at = d.output; (at = strstr(at, "+WIND:40:WiFi Deauthentication: 15\r\n"));
         at++) {
        told++;
    }
    check_equal(told, 3);
    check(strstr(d.output, "+WIND:24:") == NULL);
    driver_free(&d);
}

static void masks_act_at_once(void) {
    driver_init(&d);
    driver_join(&d);
    says("AT+S.SCFG=wind_off_medium,0x2\r", OK); /* 33 */
    d.air.state = SPWF_LINK_LOST;
    says("", "\r\n+WIND:21:WiFi Scanning\r\n");
    driver_free(&d);
}

static void held_back_indications_keep_the_last_loss_and_return(void) {
    driver_init(&d);
    driver_join(&d);
    says("A", "");
    for (int i = 0; i < 100; i++) {
        d.air.state = i % 2 == 0 ? SPWF_LINK_LOST : SPWF_LINK_UP;
        driver_run(&d);
    }
    says("T\r", d.output);
    int lost = 0, up = 0;
    for (const char *at = d.output; (at = strstr(at, "+WIND:33:")) != NULL; at++) {
        lost++;
    }
    for (const char *at = d.output; (at = strstr(at, "+WIND:24:")) != NULL; at++) {
        up++;
    }
    check(lost == up && lost >= 8); /* 16 at least are held, and none of these is dropped */
    check(strstr(d.output, OK) == d.output);
    driver_free(&d);
}

static void one_socket_s_data_is_not_hidden_by_another_s(void) {
    driver_init(&d);
    driver_say(&d, "A");
    spwf_wind_post_value(&d.module, 55, 0, 5);
    for (uint32_t bytes = 1; bytes <= 40; bytes++) {
        spwf_wind_post_value(&d.module, 55, 1, bytes);
    }
    driver_say(&d, "T\r");
    check(strstr(d.output, "+WIND:55:Pending Data:0:5\r\n") != NULL);
    check(strstr(d.output, "+WIND:55:Pending Data:1:40\r\n") != NULL);
    driver_free(&d);
}

static void repeats_of_one_do_not_push_out_another(void) {
    driver_init(&d);
    driver_say(&d, "A");
    spwf_wind_post_value(&d.module, 40, 0, 15);
    for (uint32_t bytes = 1; bytes <= 40; bytes++) {
        spwf_wind_post_value(&d.module, 55, 0, bytes);
    }
    driver_say(&d, "T\r");
    check(strstr(d.output, OK "\r\n+WIND:40:WiFi Deauthentication: 15\r\n") == d.output);
    check(strstr(d.output, "+WIND:55:Pending Data:0:40\r\n") != NULL);
    driver_free(&d);
}

/* Each socket ends once: all eight may, before, amid and after more data than there is room for. */
static void the_end_of_a_socket_is_never_dropped(void) {
    driver_init(&d);
    driver_say(&d, "A");
    for (int i = 0; i < SPWF_SOCKETS; i++) {
        spwf_wind_post_value(&d.module, 58, 0, (uint32_t)i);
        for (int id = 0; id < SPWF_WINDS; id++) { /* none of them a repeat */
            spwf_wind_post_value(&d.module, 55, SPWF_WINDS * i + id, 1);
        }
    }
    driver_say(&d, "T\r");
    for (int i = 0; i < SPWF_SOCKETS; i++) {
        char wanted[40];
        snprintf(wanted, sizeof wanted, "\r\n+WIND:58:Socket Closed:%d\r\n", i);
        check_case(strstr(d.output, wanted) != NULL, "it is socket %d", i);
    }
    driver_free(&d);
}

static void the_clock_is_set_once_per_reset(void) {
    driver_init(&d);
    says("AT+S.SETTIME=1427791696\rAT+S.SETTIME=1427791697\r",
         OK "\r\nERROR: Cannot update DateTime\r\n");
    d.fake.millis += 5000;
    driver_say(&d, "AT+S.STS=current_time\r");
    unsigned long now = strtoul(strstr(d.output, " = ") + 3, NULL, 10);
    check(now >= 1427791701 && now <= 1427791702);
    driver_say(&d, "AT+CFUN=1\r");
    says("AT+S.SETTIME=4102444800\r", OK); /* the year 2100 */
    says("AT+S.STS=current_time\r", "\r\n#  current_time = 4102444800\r\n" OK);
    driver_free(&d);
}

static void a_full_output_stops_the_module_and_loses_nothing(void) {
    driver_init(&d);
    driver_forget(&d);
    spwf_input(&d.module, "AT&V\r", 5);
    for (int i = 0; i < 10000; i++) { /* nobody reads */
        spwf_poll(&d.module);
        d.fake.millis++;
    }
    check(spwf_wait(&d.module).pace_ms == SPWF_NEVER);
    driver_run(&d);
    char *slow = strdup(d.output);
    check_text(driver_say(&d, "AT&V\r"), slow);
    check(strstr(slow, "#  ip_use_ssis = 0\r\n" OK) != NULL);
    free(slow);
    driver_free(&d);
}

static void a_port_without_its_essentials_is_refused(void) {
    static struct spwf module;
    struct spwf_config config = {0};
    check_equal(spwf_init(&module, &config), SPWF_E_ARGUMENT);
}

static const struct check_test tests[] = {
    {"power on tells the boot sequence", power_on_tells_the_boot_sequence},
    {"the join of the note comes up", the_join_of_the_note_comes_up},
    {"what was not saved is gone after a reset", what_was_not_saved_is_gone_after_a_reset},
    {"commands sent while it boots wait for the console",
     commands_sent_while_it_boots_wait_for_the_console},
    {"a file that comes while it boots is stored as it came",
     a_file_that_comes_while_it_boots_is_stored_as_it_came},
    {"no indication between the first A and the end of the reply",
     no_indication_between_the_first_a_and_the_end_of_the_reply},
    {"the boot saves nothing of what the host sets meanwhile",
     the_boot_saves_nothing_of_what_the_host_sets_meanwhile},
    {"a join goes by what was saved", a_join_goes_by_what_was_saved},
    {"a lost network is told and joined again", a_lost_network_is_told_and_joined_again},
    {"a wrong passphrase is told three times", a_wrong_passphrase_is_told_three_times},
    {"masks act at once", masks_act_at_once},
    {"held back indications keep the last loss and return",
     held_back_indications_keep_the_last_loss_and_return},
    {"one socket's data is not hidden by another's", one_socket_s_data_is_not_hidden_by_another_s},
    {"repeats of one do not push out another", repeats_of_one_do_not_push_out_another},
    {"the end of a socket is never dropped", the_end_of_a_socket_is_never_dropped},
    {"the clock is set once per reset", the_clock_is_set_once_per_reset},
    {"a full output stops the module and loses nothing",
     a_full_output_stops_the_module_and_loses_nothing},
    {"a port without its essentials is refused", a_port_without_its_essentials_is_refused},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
