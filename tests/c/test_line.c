/* Lines [at-ref 1.11, 1.12, 2.2, 2.4]: bytes in, bytes out. */
#include "driver.h"

#define OK "\r\nOK\r\n"

static struct driver d;

static void says(const char *sent, const char *wanted) {
    check_text(driver_say(&d, sent), wanted);
}

static void a_line_ends_with_cr(void) {
    driver_init(&d);
    says("AT\r", OK);
    says("AT\n", ""); /* LF ends nothing: still the same line */
    says("\r", "\r\nERROR: Command not found\r\n");
    driver_free(&d);
}

static void line_ends_between_commands_say_nothing(void) {
    driver_init(&d);
    says("\r\r\n\n\r", "");
    says("AT\r\nAT\r\r\nAT\r\n", OK OK OK);
    driver_free(&d);
}

static void noise_before_a_command_is_silent(void) {
    driver_init(&d);
    driver_send(&d, "\0\0\0", 3);
    says("FLUSH\r\n", "");
    says("-----\r\n  AT\r", OK);
    driver_free(&d);
}

static void an_a_without_t_is_silent(void) {
    driver_init(&d);
    says("A\r", "");
    says("AB\r", "");
    says("AAT\r", OK);
    says("ABAT\r", OK);
    driver_free(&d);
}

static void names_are_taken_in_any_case(void) {
    driver_init(&d);
    says("at\r", OK);
    says("aT+s.GcFg=LOCALECHO1\r", "\r\n#  localecho1 = 0\r\n" OK);
    driver_free(&d);
}

static void a_line_of_512_bytes_is_taken_and_a_longer_one_refused(void) {
    char line[600];
    driver_init(&d);
    memset(line, 'x', sizeof line);
    memcpy(line, "AT+S.SCFG=user_desc,", 20);
    line[512] = '\r';
    line[513] = '\0';
    says(line, "\r\nERROR: Argument exceeds allowed size\r\n"); /* by the variable */
    memcpy(line, "AT+S.GCFG=xxxxxxxxxx", 20);
    says(line, "\r\nERROR: Variable not found\r\n"); /* the whole line was read */
    line[512] = line[513] = 'x';
    line[590] = '\r';
    line[591] = '\0';
    says(line, "\r\nERROR: Argument exceeds allowed size\r\n"); /* by the line */
    says("AT\r", OK);
    driver_free(&d);
}

static void pipelined_commands_run_in_order(void) {
    driver_init(&d);
    says("AT\rAT+S.GCFG=ip_mtu\rAT+X\rAT\r",
         OK "\r\n#  ip_mtu = 1500\r\n" OK "\r\nERROR: Command not found\r\n" OK);
    driver_free(&d);
}

static void echo_repeats_the_line_with_its_cr_before_the_reply(void) {
    driver_init(&d);
    says("AT+S.SCFG=localecho1,1\r", OK);
    says("noise\r\nat\r", "at\r" OK);
    says("AB\r", "");
    says("AT+S.TLSCERT=f_ca,5\rhello", "AT+S.TLSCERT=f_ca,5\r" OK);
    says("AT&F\r", "AT&F\r" OK); /* leaves the echo alone */
    says("AT\r", "AT\r" OK);
    says("AT+S.SCFG=localecho1,0\r", "AT+S.SCFG=localecho1,0\r" OK);
    says("AT\r", OK);
    driver_free(&d);
}

static void a_transcript_cut_at_every_byte_says_the_same(void) {
    static const char script[] = "\nAT\rAT+S.SCFG=localecho1,1\rAT+S.TLSCERT=f_ca,7\rAT\r\nx\rzAT+"
                                 "S.GCFG=ip_mtu\rAT+S.SOCKW=3,4\r"
                                 "AT\r\rAT+S.TLSCERT=f_content,0\rAT+S.STS=version\rAT+NONE\rAT&"
                                 "F\rAT+S.SCFG=localecho1,0\rAT\r";
    size_t length = sizeof script - 1;
    char *whole = NULL;
    for (size_t cut = 0; cut <= length; cut++) {
        driver_init(&d);
        driver_forget(&d);
        driver_send(&d, script, cut);
        driver_send(&d, script + cut, length - cut);
        if (whole == NULL) {
            whole = strdup(d.output);
        }
        check_case(strcmp(d.output, whole) == 0, "it is cut at byte %zu: %s", cut, d.output);
        driver_free(&d);
    }
    check(whole != NULL && strstr(whole, "#  f_ca = 7") != NULL);
    free(whole);
}

static const struct check_test tests[] = {
    {"a line ends with CR", a_line_ends_with_cr},
    {"line ends between commands say nothing", line_ends_between_commands_say_nothing},
    {"noise before a command is silent", noise_before_a_command_is_silent},
    {"an A without T is silent", an_a_without_t_is_silent},
    {"names are taken in any case", names_are_taken_in_any_case},
    {"a line of 512 bytes is taken and a longer one refused",
     a_line_of_512_bytes_is_taken_and_a_longer_one_refused},
    {"pipelined commands run in order", pipelined_commands_run_in_order},
    {"echo repeats the line with its CR before the reply",
     echo_repeats_the_line_with_its_cr_before_the_reply},
    {"a transcript cut at every byte says the same", a_transcript_cut_at_every_byte_says_the_same},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
