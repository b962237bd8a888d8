/* Replies [at-ref 2.3, 3.1, 7, 15]: frames and formats, byte for byte. */
#include "driver.h"

#define OK "\r\nOK\r\n"

static struct driver d;

static void says(const char *sent, const char *wanted) {
    check_text(driver_say(&d, sent), wanted);
}

/* A list: CRLF, rows that begin with "#  ", OK; returns how many rows. */
static int rows(const char *sent) {
    const char *at = driver_say(&d, sent);
    int count = 0;
    check(strncmp(at, "\r\n#  ", 5) == 0);
    for (at += 2; strncmp(at, "#  ", 3) == 0; count++) {
        const char *end = strstr(at, "\r\n");
        if (!check(end != NULL && end - at < 256)) { /* drivers read lines into 512 bytes */
            return -1;
        }
        at = end + 2;
    }
    check_text(at, OK);
    return count;
}

static void one_value_has_the_frame_that_drivers_count_on(void) {
    driver_init(&d);
    says("AT+S.GCFG=console1_speed\r", "\r\n#  console1_speed = 115200\r\n" OK);
    says("AT+S.STS=version\r", "\r\n#  version = 160129-c5bf5ce-SPWF01S\r\n" OK);
    says("AT+S.GCFG=nv_wifi_macaddr\r", "\r\n#  nv_wifi_macaddr = 00:80:E1:00:00:01\r\n" OK);
    says("AT+S.GCFG=wind_off_high\r", "\r\n#  wind_off_high = 0x00000000\r\n" OK);
    says("AT+S.GCFG=ip_hostname\r", "\r\n#  ip_hostname = iwm-00-00-01\r\n" OK);
    driver_free(&d);
}

static void lists_are_one_frame_of_rows(void) {
    driver_init(&d);
    check_equal(rows("AT&V\r"), 66);
    check(strstr(d.output, "psk_to_crunch") == NULL);
    check_equal(rows("AT+S.STS\r"), 28);
    check_equal(rows("AT+S.HELP\r"), 19);
    check(strstr(d.output, "#  AT+S.GCFG=<key> -- Get a setting\r\n") != NULL);
    driver_free(&d);
}

static void the_tls_files_are_listed_with_their_sizes(void) {
    driver_init(&d);
    says("AT+S.TLSCERT=f_content,0\r", "\r\n" OK);
    says("AT+S.TLSCERT=f_ca,4\rabcdAT+S.TLSDOMAIN=f_domain,server domain\r", OK OK);
    says("AT+S.TLSCERT=ca,2\rab", OK);
    says("AT+S.TLSCERT=f_content,0\r", "\r\n#  f_ca = 4\r\n#  f_domain = 13\r\n" OK);
    says("AT+S.TLSCERT2=clean,f_ca\r", OK);
    says("AT+S.TLSCERT=f_content,0\r", "\r\n#  f_domain = 13\r\n" OK);
    says("AT+S.TLSCERT2=clean,all\rAT+S.TLSCERT=f_content,0\r", OK "\r\n" OK);
    says("AT+S.TLSCERT2=clean,ca\r", OK);
    driver_free(&d);
}

static void cleaning_keeps_the_time_and_a_reset_keeps_the_flash_files(void) {
    driver_init(&d);
    says("AT+S.SETTIME=1427791696\rAT+S.TLSCERT2=clean,all\r", OK OK);
    driver_say(&d, "AT+S.STS=current_time\r");
    check(strstr(d.output, " = 14277916") != NULL);
    says("AT+S.TLSCERT=f_ca,4\rabcd", OK);
    driver_say(&d, "AT+CFUN=1\r");
    says("AT+S.TLSCERT=f_content,0\r", "\r\n#  f_ca = 4\r\n" OK);
    says("AT&F\rAT+S.TLSCERT=f_content,0\r", OK "\r\n#  f_ca = 4\r\n" OK);
    driver_free(&d);
}

static void a_port_without_a_network_answers_its_error(void) {
    driver_init(&d);
    driver_join(&d);
    says("AT+S.SOCKON=host,80,t\r", "\r\nERROR: IP not ready to send\r\n"); /* no net group */
    driver_free(&d);
}

static const struct check_test tests[] = {
    {"one value has the frame that drivers count on",
     one_value_has_the_frame_that_drivers_count_on},
    {"lists are one frame of rows", lists_are_one_frame_of_rows},
    {"the TLS files are listed with their sizes", the_tls_files_are_listed_with_their_sizes},
    {"cleaning keeps the time and a reset keeps the flash files",
     cleaning_keeps_the_time_and_a_reset_keeps_the_flash_files},
    {"a port without a network answers its error", a_port_without_a_network_answers_its_error},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
