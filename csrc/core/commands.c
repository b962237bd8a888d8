/*
 * commands.c - THE table: every AT command of the module [at-ref 3], in the order of AT+S.HELP.
 * Called by at.c (lookup) and cmd_general.c (help). A row is all there is to a command besides its
 * handler: how many arguments, whether the last one keeps its commas, which one declares a body.
 */
#include "inner.h"

const struct spwf_command spwf_commands_table[] = {
    {"", 0, 0, false, 0, spwf_cmd_general_attention, "", "Null command, answers OK"},
    {"&F", 0, 0, false, 0, spwf_cmd_general_factory, "", "Restore factory default settings"},
    {"&V", 0, 0, false, 0, spwf_cmd_general_view, "", "View current settings"},
    {"&W", 0, 0, false, 0, spwf_cmd_general_write, "", "Save current settings to flash"},
    {"+CFUN", 1, 1, false, 0, spwf_cmd_general_cfun, "=<0|1|2|3|4>",
     "Reset (0, 1), or change the power state"},
    {"+S.HELP", 0, 0, false, 0, spwf_cmd_general_help, "", "This help"},
    {"+S.GCFG", 1, 1, false, 0, spwf_cmd_general_gcfg, "=<key>", "Get a setting"},
    {"+S.SCFG", 2, 2, true, 0, spwf_cmd_general_scfg, "=<key>,<value>", "Set a setting"},
    {"+S.SSIDTXT", 0, 1, true, 0, spwf_cmd_wifi_ssidtxt, "[=<ssid>]",
     "Set the network name, or show it"},
    {"+S.STS", 0, 1, false, 0, spwf_cmd_general_sts, "[=<var>]", "Report status variables"},
    {"+S.SETTIME", 1, 1, false, 0, spwf_cmd_general_settime, "=<seconds>",
     "Set the UTC time, once after each reset"},
    {"+S.TLSCERT", 2, 2, false, 2, spwf_cmd_tls_cert,
     "=<f_ca|f_cert|f_key|ca|cert|key>,<size><CR><data>", "Store a PEM file for TLS"},
    {"+S.TLSCERT2", 2, 2, false, 0, spwf_cmd_tls_cert2,
     "=clean,<f_ca|f_cert|f_key|f_domain|ca|cert|key|domain|all>", "Remove TLS files"},
    {"+S.TLSDOMAIN", 2, 2, true, 0, spwf_cmd_tls_domain, "=<f_domain|domain>,<name>",
     "Store the name that the server's certificate must bear"},
    {"+S.SOCKON", 3, 4, false, 0, spwf_cmd_sockets_on, "=<hostname>,<port>,<t|s>[,ind]",
     "Open a TCP (t) or a TLS (s) socket"},
    {"+S.SOCKW", 2, 2, false, 2, spwf_cmd_sockets_write, "=<id>,<len><CR><data>",
     "Write to a socket"},
    {"+S.SOCKQ", 1, 1, false, 0, spwf_cmd_sockets_query, "=<id>",
     "How many bytes wait on a socket"},
    {"+S.SOCKR", 2, 2, false, 0, spwf_cmd_sockets_read, "=<id>,<len>", "Read from a socket"},
    {"+S.SOCKC", 1, 1, false, 0, spwf_cmd_sockets_close, "=<id>", "Close a socket"},
};

const size_t spwf_commands_count = sizeof spwf_commands_table / sizeof spwf_commands_table[0];

const struct spwf_command *spwf_commands_find(const char *name, size_t length) {
    struct spwf_argument wanted = {name, length};
    for (size_t i = 0; i < spwf_commands_count; i++) {
        if (spwf_text_is(&wanted, spwf_commands_table[i].name)) {
            return &spwf_commands_table[i];
        }
    }
    return NULL;
}
